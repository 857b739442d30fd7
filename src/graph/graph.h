/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The graph of a model: values, and nodes that make values from values.
 *
 * One graph whatever file it came from. Each value is written once (readers
 * rename); nodes stand in an order in which they can run. Operators are named
 * canonically (see docs/internals/graph.md); which ones can run is the ops
 * room's business. Shapes are logical (images: N, C, H, W), declared ones are
 * hints: -1 is unknown, and what is fed decides.
 *
 * Everything a graph holds lives in its arena, except constant data, which may
 * point into a mapped parameter file and must outlive the graph. Such data is
 * not aligned.
 *
 * One thread at a time while it is built; immutable afterwards.
 */
#ifndef RMT_GRAPH_H
#define RMT_GRAPH_H

#include "base/base.h"
#include "ramet/tensor.h"

#define RMT_MAX_RANK RAMET_MAX_RANK
#define RMT_MAX_ELEMENTS (INT64_C(1) << 31)

/* ---- shapes ------------------------------------------------------------------------------------------ */

typedef struct rmt_shape {
    int32_t rank;
    int64_t dims[RMT_MAX_RANK];
} rmt_shape;

/* Product of dims, -1 when a dim is negative or the product passes RMT_MAX_ELEMENTS. */
int64_t rmt_shape_elements(const rmt_shape *shape);
bool rmt_shape_equal(const rmt_shape *a, const rmt_shape *b);
/* "[1,3,-1,-1]" into text; always terminated. */
void rmt_shape_print(const rmt_shape *shape, char *text, size_t size);

/* ---- views --------------------------------------------------------------------------------------------- */

/*
 * Elements of a tensor in memory: logical shape, physical strides. Element (i, j, ...) lies at data + (i * strides[0] +
 * j * strides[1] + ...) elements. An image tensor of shape N, C, H, W kept channels last has strides (h*w*p, 1, w*p, p)
 * with pixel stride p >= C. A stride of 0 repeats one element. Strides of dimensions of size 1 mean nothing.
 */
typedef struct rmt_view {
    ramet_dtype dtype;
    rmt_shape shape;
    int64_t strides[RMT_MAX_RANK]; /* elements */
    void *data;
} rmt_view;

/* A dense row-major view of data. The shape has fewer than RMT_MAX_ELEMENTS elements. */
rmt_view rmt_view_dense(ramet_dtype dtype, const rmt_shape *shape, void *data);
bool rmt_view_is_dense(const rmt_view *view);
/* Rank 4 with channels next to each other (or one channel) and pixels that follow each other at one stride. */
bool rmt_view_is_channels_last(const rmt_view *view);

/* ---- attributes ---------------------------------------------------------------------------------------- */

typedef enum rmt_attr_type {
    RMT_ATTR_INT,    /* count 1; also booleans */
    RMT_ATTR_FLOAT,  /* count 1 */
    RMT_ATTR_STRING, /* count 1 */
    RMT_ATTR_INTS,
    RMT_ATTR_FLOATS,
    RMT_ATTR_STRINGS
} rmt_attr_type;

typedef struct rmt_attr {
    const char *name;
    rmt_attr_type type;
    int32_t count;
    union {
        const int64_t *ints;
        const double *floats;
        const char *const *strings;
    } as; /* count entries; one for the single types */
} rmt_attr;

/* ---- values and nodes ------------------------------------------------------------------------------------ */

#define RMT_NO_VALUE (-1)

typedef struct rmt_value {
    const char *name; /* unique within the graph */
    ramet_dtype dtype;
    rmt_shape shape;   /* constants: exact; others: the declared hint (rank -1: nothing declared) */
    int32_t producer;  /* node index; -1: a graph input or a constant */
    const void *data;  /* constants: dense row-major bytes, any alignment; otherwise NULL */
    size_t data_bytes; /* of a constant */
} rmt_value;

#define RMT_NODE_BLOCKS 2
#define RMT_MAX_BLOCK_DEPTH 16

typedef struct rmt_node {
    const char *op;   /* canonical operator name */
    const char *name; /* for messages: "conv2d_12" or the file's name */
    int32_t input_count, output_count;
    int32_t *inputs;  /* value indices, RMT_NO_VALUE for an absent optional one */
    int32_t *outputs; /* value indices, RMT_NO_VALUE for a result nobody asked for */
    int32_t attr_count;
    rmt_attr *attrs;
    int32_t block;                   /* whose node this is; 0: the main block */
    int32_t blocks[RMT_NODE_BLOCKS]; /* that it runs (if, while); 0: none */
    bool dead;                       /* removed by a pass; skipped by everyone */
} rmt_node;

/*
 * Nodes that an operator runs as often as it likes. They stand before that operator, and read the block's parameters and
 * whatever the blocks around it have written before.
 */
typedef struct rmt_block {
    int32_t param_count, result_count;
    int32_t *params;  /* values that the operator sets before each run */
    int32_t *results; /* values that it takes from each run */
    int32_t parent;   /* the block in which it stands */
} rmt_block;

typedef struct rmt_graph {
    rmt_arena arena;
    rmt_value *values;
    size_t value_count, value_capacity;
    rmt_node *nodes;
    size_t node_count, node_capacity;
    rmt_block *blocks; /* [0] is the main one, and empty here: inputs and outputs are its own */
    size_t block_count, block_capacity;
    int32_t open_block; /* whose nodes are being added */
    int32_t *inputs;    /* value indices in the program's feed order */
    size_t input_count;
    int32_t *outputs; /* value indices in the program's fetch order */
    size_t output_count;
} rmt_graph;

/* ---- building ------------------------------------------------------------------------------------------- */

void rmt_graph_init(rmt_graph *graph);
void rmt_graph_clear(rmt_graph *graph);

/*
 * Each returns an index, or -1 when memory is exhausted. Names and shapes are copied. A value starts without
 * producer and data; rmt_graph_add_node sets itself as the producer of its outputs. The tables move when they grow:
 * keep indices, not pointers, across these calls. A constant's shape is exact; empty ones may pass data NULL.
 */
int32_t rmt_graph_add_value(rmt_graph *graph, const char *name, ramet_dtype dtype, const rmt_shape *shape);
int32_t rmt_graph_add_constant(rmt_graph *graph, const char *name, ramet_dtype dtype, const rmt_shape *shape,
                               const void *data);
int32_t rmt_graph_add_node(rmt_graph *graph, const char *op, const char *name, const int32_t *inputs,
                           size_t input_count, const int32_t *outputs, size_t output_count);

/*
 * Nodes that follow belong to the block that is set: begin sets a new one (its index, -1 when memory is exhausted); end
 * copies its lists and sets the block in which it stands again. False when memory is exhausted.
 */
int32_t rmt_graph_begin_block(rmt_graph *graph);
bool rmt_graph_end_block(rmt_graph *graph, int32_t block, const int32_t *params, size_t param_count,
                         const int32_t *results, size_t result_count);

/* Lists of inputs / outputs; copied. False when memory is exhausted. */
bool rmt_graph_set_inputs(rmt_graph *graph, const int32_t *values, size_t count);
bool rmt_graph_set_outputs(rmt_graph *graph, const int32_t *values, size_t count);

/* Sets or replaces an attribute of node; the value is copied into the arena. False when memory is exhausted. */
bool rmt_node_set_int(rmt_graph *graph, int32_t node, const char *name, int64_t value);
bool rmt_node_set_float(rmt_graph *graph, int32_t node, const char *name, double value);
bool rmt_node_set_string(rmt_graph *graph, int32_t node, const char *name, const char *value);
bool rmt_node_set_ints(rmt_graph *graph, int32_t node, const char *name, const int64_t *values, size_t count);
bool rmt_node_set_floats(rmt_graph *graph, int32_t node, const char *name, const double *values, size_t count);
bool rmt_node_set_strings(rmt_graph *graph, int32_t node, const char *name, const char *const *values, size_t count);

/* Appends one more input (a fused residual, say). False when memory is exhausted. */
bool rmt_node_add_input(rmt_graph *graph, int32_t node, int32_t value);

/* ---- reading --------------------------------------------------------------------------------------------- */

/* NULL when absent. Ints and floats stand in for each other in the getters below. */
const rmt_attr *rmt_node_attr(const rmt_node *node, const char *name);
int64_t rmt_node_int(const rmt_node *node, const char *name, int64_t otherwise);
double rmt_node_float(const rmt_node *node, const char *name, double otherwise);
bool rmt_node_bool(const rmt_node *node, const char *name, bool otherwise);
const char *rmt_node_string(const rmt_node *node, const char *name, const char *otherwise);
/* Copies at most `capacity` numbers; a single int counts as a list of one. Returns how many the attribute has, 0 if absent. */
size_t rmt_node_ints(const rmt_node *node, const char *name, int64_t *values, size_t capacity);
size_t rmt_node_floats(const rmt_node *node, const char *name, double *values, size_t capacity);

bool rmt_value_is_constant(const rmt_graph *graph, int32_t value);
int32_t rmt_graph_find_value(const rmt_graph *graph, const char *name); /* -1: none; linear */

/* Number of live nodes that read value, plus one for each time it is an output of the graph or a result of a block. */
size_t rmt_graph_uses(const rmt_graph *graph, int32_t value);
/* Makes every live reader of `from` (and the lists of outputs and results) read `to`. */
void rmt_graph_replace_uses(rmt_graph *graph, int32_t from, int32_t to);

/*
 * Checks what everyone relies on: indices in range, each value written at most once and before it is read, unique
 * names, constants whose bytes match their shape, blocks that nest. The reader's last step.
 */
ramet_status rmt_graph_check(const rmt_graph *graph, ramet_error *error);

/* ---- storing ---------------------------------------------------------------------------------------------- */

/* The data of constants whose numbers are not there (yet): an address that faults. */
#define rmt_graph_elsewhere ((const void *)(uintptr_t)1)

/*
 * Appends the graph without the numbers of its constants; constant[]: for each value whether it is one, whatever its data.
 * False when memory is exhausted.
 */
bool rmt_graph_write(const rmt_graph *graph, const bool *constant, rmt_buffer *bytes);

/* The graph again, all constants elsewhere. BAD_FORMAT for bytes that are none; *graph is then empty. */
ramet_status rmt_graph_read(const void *bytes, size_t count, rmt_graph *graph, ramet_error *error);

/* ---- printing --------------------------------------------------------------------------------------------- */

/* The graph as text, one node a line: "%12 = conv2d(%11, conv0.w[8,3,3,3]) strides=[2,2] ...". */
bool rmt_graph_print(const rmt_graph *graph, rmt_buffer *text);

#endif

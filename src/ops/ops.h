/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operators that ramet can run: one file a family, one table for all.
 *
 * An operator is five small functions over plain data. `load` reads attributes
 * and claims room for packed weights, once a model; `pack` fills that room;
 * `infer` derives output shapes, once a shape; `place` says which memory layout
 * it needs and makes; `run` does the arithmetic. Nothing else in the library
 * knows an operator by name, except passes that rewrite graphs.
 *
 * Adding an operator: write its file, name its rmt_op in ops_table.c; docs/internals/ops.md shows how.
 */
#ifndef RMT_OPS_H
#define RMT_OPS_H

#include "graph/graph.h"
#include "kernels/kernels.h"
#include "threads/threads.h"

#define RMT_PACK_ALIGN 64 /* bytes; of packed weights, constants and arena offsets */

/* Inputs of conv2d and conv2d_transpose. Passes add the last two: SCALE multiplies the filter per output channel. */
enum { RMT_CONV_X, RMT_CONV_FILTER, RMT_CONV_BIAS, RMT_CONV_RESIDUAL, RMT_CONV_SCALE };

/* Inputs of matmul. Passes add the last two: one number for each column, and a tensor of the shape of the result. */
enum { RMT_MATMUL_X, RMT_MATMUL_Y, RMT_MATMUL_BIAS, RMT_MATMUL_ADD };

/* Inputs of interp. Passes add the last one: an image of the size of the result that is added to it. */
enum { RMT_INTERP_X, RMT_INTERP_SIZE, RMT_INTERP_SCALE, RMT_INTERP_ADD };

/* ---- what each function gets --------------------------------------------------------------------------- */

/*
 * Once a model, and again when its packed weights come from a file: attributes are from a file, check them here; numbers of
 * constants must not be read, they may be elsewhere.
 */
typedef struct rmt_op_load {
    const rmt_graph *graph;
    const rmt_node *node;
    void *params; /* rmt_op.params_bytes, zeroed: the operator's own struct, filled here */
    /*
     * set: room for weights in panels, as kernels->gemm reads them, and how they are kept: preset to what the model is
     * opened with, and an operator may insist on FLOAT32. All else that is packed has a room of its own.
     */
    int64_t panel_floats;
    rmt_weight_type panel_type;
    size_t packed_bytes;
    uint64_t packed_inputs; /* set: bit i: the constant input i lives on in packed form only (i < 64) */
    ramet_error *error;
} rmt_op_load;

/* Fills the rooms that load claimed; panels are rounded to their type afterwards. Constants may be unaligned: read them with rmt_constant_floats(). */
typedef struct rmt_op_pack {
    const rmt_graph *graph;
    const rmt_node *node;
    const void *params;
    const rmt_kernels *kernels;
    float *panels; /* both aligned to RMT_PACK_ALIGN and zeroed */
    unsigned char *packed;
} rmt_op_pack;

/*
 * Once a shape: from in[] (dtype and shape; an absent input has rank -1) to the dtype and shape of out[]. in[i].data is
 * not NULL when the numbers are known before the run (dense): shapes that are computed by the graph are read there. An
 * operator that needs such numbers and does not get them fails with rmt_infer_unknown(); it and all that depends on it is
 * then inferred in the middle of the run, when all numbers are there. DYNAMIC: the shapes are upper bounds.
 */
typedef struct rmt_op_infer {
    const void *params;
    int32_t in_count, out_count;
    const rmt_view *in;
    rmt_view *out;
    ramet_error *error;
    bool needs_numbers; /* set on failure: it would do with the numbers of inputs that are not known yet */
} rmt_op_infer;

typedef enum rmt_form {
    RMT_FORM_ANY,          /* whatever strides */
    RMT_FORM_DENSE,        /* row-major, no gaps */
    RMT_FORM_ROWS,         /* the last dimension has stride 1, no stride is 0 */
    RMT_FORM_CHANNELS_LAST /* rank 4, pixels of neighbouring channels, rmt_view_is_channels_last() */
} rmt_form;

typedef struct rmt_output_place {
    int32_t view_of;     /* >= 0: the output is input view_of seen through out[].strides, starting at view_offset */
    int64_t view_offset; /* elements */
    int32_t
        in_place_of; /* >= 0: may take over that input's memory when nobody else needs it (same strides and dtype) */
    bool any_pixel_stride; /* channels-last output that may be a slice of a wider tensor (run honours out strides) */
} rmt_output_place;

/*
 * Once a shape, after infer. `place` sets form[i] for each input. When every input already has its form it sets, for
 * each output, out[o].strides (rmt_strides_*() help) and place[o] (preset: fresh memory), and scratch_bytes; else
 * the planner puts copies in front and calls again. in[].data and out[].data are NULL.
 */
typedef struct rmt_op_place {
    const void *params;
    int32_t in_count, out_count;
    const rmt_view *in;
    rmt_view *out;
    rmt_form *form; /* preset: ANY */
    rmt_output_place *place;
    size_t scratch_bytes; /* for the whole run, all threads together */
    int32_t threads;      /* of the team that will run it */
} rmt_op_place;

/* Pixels of an image: rows [top, bottom), columns [left, right). */
typedef struct rmt_area {
    int64_t top, bottom, left, right;
} rmt_area;

/* Arithmetic. Everything has been checked. Must not allocate. Work is split over the team by data only. */
typedef struct rmt_op_run {
    const void *params;
    const void *panels; /* what pack filled */
    rmt_weight_type panel_type;
    const unsigned char *packed;
    int32_t in_count, out_count;
    const rmt_view *in;     /* an absent input has data NULL and rank -1 */
    const rmt_view *out;    /* out[o] overlaps in[i] only where place allowed it */
    rmt_shape *out_shapes;  /* DYNAMIC: preset to those of out[]; run sets what it made, never more elements */
    unsigned char *scratch; /* aligned to RMT_PACK_ALIGN */
    const rmt_kernels *kernels;
    rmt_team *team;
    rmt_area area; /* of out[0], for operators with `area`: what is to be made; all zero: the whole */
} rmt_op_run;

enum {
    RMT_OP_SHAPE_ONLY = 1, /* run reads the shapes of its inputs, never their numbers */
    RMT_OP_DYNAMIC = 2,    /* the numbers decide the shapes of the outputs, which are made dense from their start */
    RMT_OP_CONTROL = 4,    /* the executor's own: runs blocks or holds lists of tensors; has load only */
    RMT_OP_PIXELWISE = 8   /* a pixel of the result needs that pixel of in[0] and no other */
};

typedef struct rmt_op {
    const char *name;
    size_t params_bytes;
    unsigned flags;
    ramet_status (*load)(rmt_op_load *load); /* NULL: nothing to read */
    void (*pack)(const rmt_op_pack *pack);   /* NULL: nothing to pack */
    ramet_status (*infer)(rmt_op_infer *infer);
    void (*place)(rmt_op_place *place); /* NULL: all inputs and outputs dense */
    void (*run)(const rmt_op_run *run); /* NULL: outputs are views only */
    /*
     * For operators on images that can make a part of out[0], NULL for others: `made` grows to what is made at once (whole
     * tiles), `needed` becomes what that reads of in[0]. False: these images are made as a whole only.
     */
    bool (*area)(const void *params, const rmt_view *in, const rmt_view *out, rmt_area *made, rmt_area *needed);
} rmt_op;

/* NULL for an operator that ramet does not know. */
const rmt_op *rmt_op_find(const char *name);

/* The operator that copies its one input into its one output, whatever their strides: the planner's own. */
extern const rmt_op rmt_op_copy;

/* Operators that the executor runs itself; what their attributes say stands in rmt_control_params. */
extern const rmt_op rmt_op_if, rmt_op_while, rmt_op_select, rmt_op_array_create, rmt_op_array_write, rmt_op_array_read,
    rmt_op_array_length, rmt_op_array_join;

typedef struct rmt_control_params {
    int64_t axis;  /* array_join */
    bool stacked;  /* array_join: along a new axis */
    int64_t index; /* array_read without an index input */
} rmt_control_params;

/*
 * A chain: operators on images that read what others before them have made. They take turns, an area at a time, so that
 * what passes between them is small and stays in the cache: a window of each image, that slides down.
 */
enum { RMT_MOST_LINKS = 12, RMT_LINK_INPUTS = 5 };

typedef enum rmt_link_source {
    RMT_LINK_FIXED, /* a constant, or absent: as it stands */
    RMT_LINK_OUTER, /* input `index` of the chain */
    RMT_LINK_WINDOW /* of the chain; channels from `offset` on */
} rmt_link_source;

typedef struct rmt_link_input {
    rmt_view view; /* of the whole image, with the strides of the window */
    rmt_link_source source;
    int32_t index;
    int64_t offset; /* floats */
} rmt_link_input;

typedef struct rmt_link {
    const rmt_op *op;
    const void *params;
    const void *panels;
    rmt_weight_type panel_type;
    const unsigned char *packed;
    int32_t in_count;
    rmt_link_input in[RMT_LINK_INPUTS];
    rmt_view out;
    int32_t window; /* that out is written to, at `offset` floats of a pixel; -1: the chain's output */
    int64_t offset;
} rmt_link;

typedef struct rmt_chain_window {
    int64_t pixel, row; /* floats from one to the next */
    size_t at;          /* in a thread's scratch */
} rmt_chain_window;

typedef struct rmt_chain {
    rmt_link *links;
    rmt_chain_window windows[RMT_MOST_LINKS];
    int32_t count, window_count;
    int64_t rows, columns; /* of the last link's image, at a time */
    size_t room_at;        /* scratch of the link that runs, behind the windows */
    size_t thread_bytes;
} rmt_chain;

bool rmt_area_is_empty(const rmt_area *area);
void rmt_area_add(rmt_area *area, const rmt_area *more); /* area becomes the least that holds both */

/* What a link makes for `made` of its image (which may grow), and needs of in[0]; of others it needs what it makes. */
bool rmt_link_area(const rmt_link *link, rmt_area *made, rmt_area *needed);
/* Adds that to what is wanted of each window. */
void rmt_link_want(const rmt_link *link, const rmt_area *made, const rmt_area *needed, rmt_area *wanted);

/* Its params are an rmt_chain; outer inputs of all links, then one output. Scratch: thread_bytes for each thread. */
extern const rmt_op rmt_op_chain;

/* Calls op->place with everything preset; an operator without one gets dense inputs and makes dense outputs. */
void rmt_op_place_views(const rmt_op *op, rmt_op_place *place);

/* Gives an evaluation memory, aligned to RMT_PACK_ALIGN, also for 0 bytes. NULL: exhausted. */
typedef struct rmt_op_memory rmt_op_memory;
struct rmt_op_memory {
    void *(*take)(rmt_op_memory *memory, size_t bytes, int32_t output);
};
#define RMT_OP_TEMPORARY (-1) /* for `output`: no result's own, though a result may be a view of it */

/*
 * Runs one operator at once on inputs whose numbers are there, whatever their strides (an absent input has data NULL and
 * rank -1). out[] has been inferred; it gets strides and data, and DYNAMIC ones their final shapes. A result may be a view
 * of an input. False when memory is exhausted.
 */
bool rmt_op_perform(const rmt_op *op, const rmt_op_run *known, rmt_view *out, rmt_op_memory *memory);

/* The same with memory of an arena; out[] is dense. */
bool rmt_op_evaluate(const rmt_op *op, const rmt_op_run *known, rmt_view *out, rmt_arena *arena);

/* ---- for other rooms: layouts, constants, activations ------------------------------------------------------- */

/* Fills strides of view for its shape. */
void rmt_strides_dense(rmt_view *view);
void rmt_strides_channels_last(rmt_view *view); /* rank 4, pixel stride by rmt_pixel_stride() */

/* The same shape and, where a dimension is longer than 1, the same strides. */
bool rmt_strides_equal(const rmt_view *a, const rmt_view *b);

/* Does the view have the form? */
bool rmt_view_has_form(const rmt_view *view, rmt_form form);

/* Elements from the first to one behind the last that the view reaches. */
int64_t rmt_view_span(const rmt_view *view);

/* axis in [-rank, rank) -> [0, rank); -1 when it is out of range. */
int32_t rmt_axis_normalize(int64_t axis, int32_t rank);

/* `count` float32 from a constant of any dtype at element `first`; its data may be unaligned. */
void rmt_constant_floats(const rmt_value *constant, int64_t first, int64_t count, float *floats);

/* The activation that an operator name and attributes with `prefix` ("" or "act.") describe; false: not an activation. */
bool rmt_activation_read(const rmt_node *node, const char *name, const char *prefix, rmt_activation *activation);

/* The activation that a pass fused behind node (attribute "act", with "act.*", "act_scale", "act_shift"). */
rmt_activation rmt_activation_fused(const rmt_node *node);

#endif

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
 * Adding an operator: write its file, declare its rmt_op in ops_table.c.
 */
#ifndef RMT_OPS_H
#define RMT_OPS_H

#include "graph/graph.h"
#include "kernels/kernels.h"
#include "threads/threads.h"

#define RMT_PACK_ALIGN 64 /* bytes; of packed weights, constants and arena offsets */

/* ---- what each function gets --------------------------------------------------------------------------- */

/* Once a model. Attributes are from a file: check them here. */
typedef struct rmt_op_load {
    const rmt_graph *graph;
    const rmt_node *node;
    void *params;           /* rmt_op.params_bytes, zeroed: the operator's own struct, filled here */
    size_t packed_bytes;    /* set: room for packed weights, 0 for none */
    uint64_t packed_inputs; /* set: bit i: the constant input i lives on in packed form only (i < 64) */
    ramet_error *error;
} rmt_op_load;

/* Fills the room that load claimed. Constants may be unaligned: read them with rmt_constant_floats(). */
typedef struct rmt_op_pack {
    const rmt_graph *graph;
    const rmt_node *node;
    const void *params;
    const rmt_kernels *kernels;
    unsigned char *packed; /* aligned to RMT_PACK_ALIGN, zeroed */
} rmt_op_pack;

/*
 * Once a shape: from in[] (dtype and shape; an absent input has rank -1) to the dtype and shape of out[]. in[i].data is
 * not NULL when the numbers are known before the run (dense): shapes that are computed by the graph are read there.
 */
typedef struct rmt_op_infer {
    const void *params;
    int32_t in_count, out_count;
    const rmt_view *in;
    rmt_view *out;
    ramet_error *error;
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

/* Arithmetic. Everything has been checked. Must not allocate. Work is split over the team by data only. */
typedef struct rmt_op_run {
    const void *params;
    const unsigned char *packed;
    int32_t in_count, out_count;
    const rmt_view *in;     /* an absent input has data NULL and rank -1 */
    const rmt_view *out;    /* out[o] overlaps in[i] only where place allowed it */
    unsigned char *scratch; /* aligned to RMT_PACK_ALIGN */
    const rmt_kernels *kernels;
    rmt_team *team;
} rmt_op_run;

enum {
    RMT_OP_SHAPE_ONLY = 1 /* run reads the shapes of its inputs, never their numbers */
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
} rmt_op;

/* NULL for an operator that ramet does not know. */
const rmt_op *rmt_op_find(const char *name);

/* The operator that copies its one input into its one output, whatever their strides: the planner's own. */
extern const rmt_op rmt_op_copy;

/* Calls op->place with everything preset; an operator without one gets dense inputs and makes dense outputs. */
void rmt_op_place_views(const rmt_op *op, rmt_op_place *place);

/*
 * Runs one operator at once on inputs whose numbers are known: constants of a graph, shapes of a plan. in[] is dense (an
 * absent input has data NULL and rank -1); out[] has been inferred and gets dense data from `memory`, aligned to
 * RMT_PACK_ALIGN. False when memory is exhausted.
 */
bool rmt_op_evaluate(const rmt_op *op, const rmt_op_run *known, rmt_view *out, rmt_arena *memory);

/* ---- help for writing operators --------------------------------------------------------------------------- */

/* Fills strides of view for its shape. */
void rmt_strides_dense(rmt_view *view);
void rmt_strides_channels_last(rmt_view *view); /* rank 4, pixel stride by rmt_pixel_stride() */
/* The order of dimensions of `like` (same rank), without gaps, channels last where `like` is so. */
void rmt_strides_like(rmt_view *view, const rmt_view *like);

/* The same shape and, where a dimension is longer than 1, the same strides. */
bool rmt_strides_equal(const rmt_view *a, const rmt_view *b);

/* The view of its first element along `count` dimensions from `first`: those dimensions are gone. */
rmt_view rmt_view_without(const rmt_view *view, int32_t first, int32_t count);

/* Does the view have the form? */
bool rmt_view_has_form(const rmt_view *view, rmt_form form);

/* Elements from the first to one behind the last that the view reaches. */
int64_t rmt_view_span(const rmt_view *view);

/* load: the first `required` inputs are there, and at least one output. BAD_FORMAT otherwise. */
ramet_status rmt_load_inputs(rmt_op_load *load, int32_t required);
ramet_status rmt_load_one_input(rmt_op_load *load); /* the whole load of an operator without attributes */

/* load / pack: input `index` when it is there and a constant, NULL otherwise. */
const rmt_value *rmt_node_constant(const rmt_graph *graph, const rmt_node *node, int32_t index);

/* infer: every output has a shape within RMT_MAX_ELEMENTS: the last step. BAD_SHAPE otherwise. */
ramet_status rmt_infer_done(rmt_op_infer *infer);

/* infer: input i is float32. UNSUPPORTED otherwise. */
ramet_status rmt_infer_float32(rmt_op_infer *infer, int32_t i);

/* infer: out[0] gets dtype and shape of in[0]. */
ramet_status rmt_infer_same(rmt_op_infer *infer);

/* place: any strides in, out[0] like in[0] and in its place if possible. For operators that work element by element. */
void rmt_place_like_input(rmt_op_place *place);

/* numpy's broadcast of two shapes, y aligned at `axis` of x (PaddlePaddle; -1: at the end). False when they do not fit. */
bool rmt_broadcast_shapes(const rmt_shape *x, const rmt_shape *y, int64_t axis, rmt_shape *out);

/* view repeated by strides of 0 to a shape that rmt_broadcast_shapes() gave. */
rmt_view rmt_view_broadcast(const rmt_view *view, int64_t axis, const rmt_shape *shape);

/* The product of dims [first, end), RMT_MAX_ELEMENTS + 1 where it is larger. */
int64_t rmt_dims_product(const rmt_shape *shape, int32_t first, int32_t end);

/* axis in [-rank, rank) -> [0, rank); -1 when it is out of range. */
int32_t rmt_axis_normalize(int64_t axis, int32_t rank);

/* Reads known numbers of an integer (or float) view in[i] as int64. Returns the count, at most capacity; -1: unknown or too many. */
int64_t rmt_view_read_ints(const rmt_view *view, int64_t *values, int64_t capacity);

/* n numbers of any dtype, `step` elements apart and aligned or not, to and from int64 or double. A float becomes an
 * integer towards zero, saturated to int64; an integer wraps into a narrower one; BOOL is 0 or 1. */
void rmt_numbers_to_ints(ramet_dtype dtype, const void *from, int64_t step, int64_t *to, int64_t n);
void rmt_numbers_to_doubles(ramet_dtype dtype, const void *from, int64_t step, double *to, int64_t n);
void rmt_numbers_from_ints(ramet_dtype dtype, const int64_t *from, void *to, int64_t step, int64_t n);
void rmt_numbers_from_doubles(ramet_dtype dtype, const double *from, void *to, int64_t step, int64_t n);
bool rmt_dtype_is_float(ramet_dtype dtype);

/* load / pack: `count` float32 from a constant of any float dtype at element `first`. */
void rmt_constant_floats(const rmt_value *constant, int64_t first, int64_t count, float *floats);

/*
 * load / pack: panels as kernels->gemm reads them, B(q, j) = factor * m[q][j] of a constant m [k, n], or factor * m[j][q]
 * of m [n, k] when transposed. What pads the last panel is left as it is.
 */
void rmt_constant_panels(const rmt_value *m, bool transposed, int64_t k, int64_t n, float factor, float *panels);

/* The activation that an operator name and attributes with `prefix` ("" or "act.") describe; false: not an activation. */
bool rmt_activation_read(const rmt_node *node, const char *name, const char *prefix, rmt_activation *activation);

/* The activation that a pass fused behind node (attribute "act", with "act.*", "act_scale", "act_shift"). */
rmt_activation rmt_activation_fused(const rmt_node *node);

static inline bool rmt_activation_is_none(const rmt_activation *activation)
{
    return activation->function == RMT_UNARY_NONE && activation->scale == 1.0f && activation->shift == 0.0f;
}

/* A parallel loop over [0, count) cut into chunks of `grain`: calls task(context, first, last, thread). */
typedef void (*rmt_range_task)(void *context, int64_t first, int64_t last, int thread);
void rmt_for_range(rmt_team *team, int64_t count, int64_t grain, rmt_range_task task, void *context);

/*
 * A loop over up to four views of one shape. Dimensions are ordered as the first view lies in memory and joined where
 * every view allows it; the last one is the row. Rows longer than `piece` elements are handed out in pieces.
 */
#define RMT_NEST_VIEWS 4
typedef struct rmt_nest {
    int count;    /* of views */
    int32_t rank; /* >= 1 */
    int64_t dims[RMT_MAX_RANK];
    int64_t strides[RMT_NEST_VIEWS][RMT_MAX_RANK]; /* elements */
    void *data[RMT_NEST_VIEWS];
    int64_t bytes[RMT_NEST_VIEWS]; /* of an element */
    int64_t piece;
} rmt_nest;

typedef struct rmt_row {
    void *at[RMT_NEST_VIEWS];     /* the first element in each view */
    int64_t step[RMT_NEST_VIEWS]; /* elements */
    int64_t n;                    /* >= 1 */
    int thread;
} rmt_row;

typedef void (*rmt_row_task)(void *context, const rmt_row *row);

rmt_nest rmt_nest_of(const rmt_view *const *views, int count);
void rmt_nest_make_row(rmt_nest *nest, int32_t dim); /* makes dim the last dimension */
int64_t rmt_nest_rows(const rmt_nest *nest);
int64_t rmt_nest_row_offset(const rmt_nest *nest, int v,
                            int64_t row); /* elements of view v from its start to a row's */
void rmt_nest_run(const rmt_nest *nest, rmt_team *team, rmt_row_task task, void *context);

/*
 * Float rows of any step for kernels that want them together: after rmt_nest_gathers() rows are at most RMT_ROW_ROOM
 * elements long wherever a step is not 1. rmt_row_floats: view v's row where it is, or gathered in `room`;
 * rmt_row_result: where to put view v's row; rmt_row_scatter: brings it home.
 */
#define RMT_ROW_ROOM 256
void rmt_nest_gathers(rmt_nest *nest);
const float *rmt_row_floats(const rmt_row *row, int v, float room[RMT_ROW_ROOM]);
float *rmt_row_result(const rmt_row *row, int v, float room[RMT_ROW_ROOM]);
void rmt_row_scatter(const rmt_row *row, int v, const float *result);

/* out = activation(x), float32, one shape, any strides; out may be x. */
void rmt_activate_view(const rmt_op_run *run, const rmt_activation *activation, const rmt_view *x, const rmt_view *out);

/* Copies an input view to an output view of the same shape and dtype, whatever the strides. */
void rmt_copy_view(const rmt_kernels *kernels, const rmt_view *from, const rmt_view *to);
void rmt_run_copy(const rmt_op_run *run, const rmt_view *from, const rmt_view *to); /* by the team of a run */

/* The address of the element that lies `elements` behind the first. */
static inline void *rmt_view_at(const rmt_view *view, int64_t elements)
{
    return (unsigned char *)view->data + elements * (int64_t)ramet_dtype_bytes(view->dtype);
}

/* BAD_SHAPE with a printf text, behind which the shapes of the inputs are put. */
ramet_status rmt_infer_fail(rmt_op_infer *infer, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif

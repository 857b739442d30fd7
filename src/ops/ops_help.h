/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What operators are written with; for the files of this room only. In the
 * order in which an operator needs it: load, infer, place, run.
 */
#ifndef RMT_OPS_HELP_H
#define RMT_OPS_HELP_H

#include "ops/ops.h"

/* ---- load, pack ------------------------------------------------------------------------------------------- */

/* load: the first `required` inputs are there, and at least one output. BAD_FORMAT otherwise. */
ramet_status rmt_load_inputs(rmt_op_load *load, int32_t required);
ramet_status rmt_load_one_input(rmt_op_load *load); /* the whole load of an operator without attributes */

/* Input `index` when it is there and a constant, NULL otherwise. */
const rmt_value *rmt_node_constant(const rmt_graph *graph, const rmt_node *node, int32_t index);

/*
 * Panels as kernels->gemm reads them, B(q, j) = factor * m[q][j] of a constant m [k, n], or factor * m[j][q] of m [n, k]
 * when transposed. What pads the last panel is left as it is.
 */
void rmt_constant_panels(const rmt_value *m, bool transposed, int64_t k, int64_t n, float factor, float *panels);

static inline bool rmt_activation_is_none(const rmt_activation *activation)
{
    return activation->function == RMT_UNARY_NONE && activation->scale == 1.0f && activation->shift == 0.0f;
}

/* ---- infer ------------------------------------------------------------------------------------------------ */

/* BAD_SHAPE with a printf text, behind which the shapes of the inputs are put. */
ramet_status rmt_infer_fail(rmt_op_infer *infer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for an operator that would need the numbers of an input which are not known (data NULL). */
ramet_status rmt_infer_unknown(rmt_op_infer *infer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Input i is float32. UNSUPPORTED otherwise. */
ramet_status rmt_infer_float32(rmt_op_infer *infer, int32_t i);

/* The last step: every output has a shape within RMT_MAX_ELEMENTS. BAD_SHAPE otherwise. */
ramet_status rmt_infer_done(rmt_op_infer *infer);

/* out[0] gets dtype and shape of in[0]. */
ramet_status rmt_infer_same(rmt_op_infer *infer);

/* numpy's broadcast of two shapes, y aligned at `axis` of x (PaddlePaddle; -1: at the end). False when they do not fit. */
bool rmt_broadcast_shapes(const rmt_shape *x, const rmt_shape *y, int64_t axis, rmt_shape *out);

/* The product of dims [first, end), RMT_MAX_ELEMENTS + 1 where it is larger. */
int64_t rmt_dims_product(const rmt_shape *shape, int32_t first, int32_t end);

/* The numbers of a known view, dense, as integers. Returns the count, at most capacity; -1: unknown or too many. */
int64_t rmt_view_read_ints(const rmt_view *view, int64_t *values, int64_t capacity);

/* ---- place ------------------------------------------------------------------------------------------------ */

/* Any strides in, out[0] like in[0] and in its place if possible. For operators that work element by element. */
void rmt_place_like_input(rmt_op_place *place);

/* The same for operands that are repeated to the shape of out[0], which lies as one of that shape does. */
void rmt_place_like_operands(rmt_op_place *place);

/* The order of dimensions of `like` (same rank), without gaps, channels last where `like` is so. */
void rmt_strides_like(rmt_view *view, const rmt_view *like);

/* ---- run: views ------------------------------------------------------------------------------------------- */

/* view repeated by strides of 0 to a shape that rmt_broadcast_shapes() gave. */
rmt_view rmt_view_broadcast(const rmt_view *view, int64_t axis, const rmt_shape *shape);

/* The view of its first element along `count` dimensions from `first`: those dimensions are gone. */
rmt_view rmt_view_without(const rmt_view *view, int32_t first, int32_t count);

/* Which of `rank` dimensions a reduction names, `all` or a list from a file. False when one of them does not exist. */
bool rmt_dims_mask(const int64_t *dims, int32_t count, bool all, int32_t rank, bool mask[RMT_MAX_RANK]);

/* The view along the dimensions whose mask is `wanted`. */
rmt_view rmt_view_pick(const rmt_view *view, const bool mask[RMT_MAX_RANK], bool wanted);

/* The address of the element that lies `elements` behind the first. */
static inline void *rmt_view_at(const rmt_view *view, int64_t elements)
{
    return (unsigned char *)view->data + elements * (int64_t)ramet_dtype_bytes(view->dtype);
}

/* Copies a view to a view of the same shape and dtype, whatever the strides; the second by the team of a run. */
void rmt_copy_view(const rmt_kernels *kernels, const rmt_view *from, const rmt_view *to);
void rmt_run_copy(const rmt_op_run *run, const rmt_view *from, const rmt_view *to);

/* out = activation(x), float32, one shape, any strides; out may be x. */
void rmt_activate_view(const rmt_op_run *run, const rmt_activation *activation, const rmt_view *x, const rmt_view *out);

/*
 * The product of views [..., m, k] and [..., k, n] into a dense one: its scratch for a whole team, and the run. With k = 0
 * the product is 0.
 */
size_t rmt_matmul_scratch(const rmt_view in[2], const rmt_view *out, int32_t threads);
void rmt_matmul_run(const rmt_op_run *run, const rmt_view in[2], const rmt_view *out, unsigned char *scratch);

/* ---- run: numbers of any dtype ---------------------------------------------------------------------------- */

/*
 * n numbers, `step` elements apart and aligned or not, to and from int64 or double. A float becomes an integer towards
 * zero, saturated to int64; an integer wraps into a narrower one; BOOL is 0 or 1.
 */
void rmt_numbers_to_ints(ramet_dtype dtype, const void *from, int64_t step, int64_t *to, int64_t n);
void rmt_numbers_to_doubles(ramet_dtype dtype, const void *from, int64_t step, double *to, int64_t n);
void rmt_numbers_from_ints(ramet_dtype dtype, const int64_t *from, void *to, int64_t step, int64_t n);
void rmt_numbers_from_doubles(ramet_dtype dtype, const double *from, void *to, int64_t step, int64_t n);
bool rmt_dtype_is_float(ramet_dtype dtype);

/* ---- run: loops ------------------------------------------------------------------------------------------- */

#define RMT_CHUNK_WORK (1 << 17) /* multiply-adds that are worth a chunk of work */

/* A parallel loop over [0, count) cut evenly into chunks of at most `grain`: calls task(context, first, last, thread). */
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
void rmt_nest_run(const rmt_nest *nest, rmt_team *team, rmt_row_task task, void *context);

/* Without running: the number of rows, and the elements of view v from its start to a row's. */
int64_t rmt_nest_rows(const rmt_nest *nest);
int64_t rmt_nest_row_offset(const rmt_nest *nest, int v, int64_t row);

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

#endif

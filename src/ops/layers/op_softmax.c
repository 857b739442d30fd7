/* SPDX-License-Identifier: Apache-2.0 */
/*
 * softmax, log_softmax and l2_normalize along one axis. Up to 32 numbers (the
 * classes of a pixel) are taken as columns, many side by side in a vector.
 * Longer rows run one by one: where they are if the axis lies together in
 * memory (the last one; the channels of a channels-last image), otherwise
 * gathered into scratch and put back.
 */
#include "ops/ops_help.h"

#include <math.h>
#include <string.h>

enum {
    MOST_IN_COLUMN = 32,
    COLUMNS = 64 /* that are gathered at a time */
};

typedef enum row_function { SOFTMAX, LOG_SOFTMAX, L2_NORMALIZE } row_function;

typedef struct softmax_params {
    int64_t axis;
    row_function function;
    double epsilon; /* of L2_NORMALIZE */
} softmax_params;

static ramet_status softmax_load(rmt_op_load *load)
{
    softmax_params *params = load->params;
    params->axis = rmt_node_int(load->node, "axis", -1);
    params->epsilon = rmt_node_float(load->node, "epsilon", 1e-10);
    if (strcmp(load->node->op, "log_softmax") == 0)
        params->function = LOG_SOFTMAX;
    if (strcmp(load->node->op, "l2_normalize") == 0)
        params->function = L2_NORMALIZE;
    return rmt_load_inputs(load, 1);
}

/* A scalar is a row of one: it has axis -1 and 0. */
static int32_t axis_of(const softmax_params *params, const rmt_shape *shape)
{
    return rmt_axis_normalize(params->axis, shape->rank == 0 ? 1 : shape->rank);
}

static ramet_status softmax_infer(rmt_op_infer *infer)
{
    const softmax_params *params = infer->params;
    ramet_status status = rmt_infer_float32(infer, 0);
    if (status != RAMET_STATUS_OK)
        return status;
    if (axis_of(params, &infer->in[0].shape) < 0)
        return rmt_infer_fail(infer, "there is no axis %lld", (long long)params->axis);
    return rmt_infer_same(infer);
}

static bool in_columns(const softmax_params *params, int64_t n)
{
    return params->function != L2_NORMALIZE && n <= MOST_IN_COLUMN;
}

/* Of a gathered row, and of its squares. */
static size_t scratch_floats(int64_t n) { return 2 * rmt_round_up((size_t)n, RMT_PACK_ALIGN / sizeof(float)); }

static void softmax_place(rmt_op_place *place)
{
    const rmt_shape *shape = &place->in[0].shape;
    int64_t n = shape->rank == 0 ? 1 : shape->dims[axis_of(place->params, shape)];
    rmt_place_like_input(place);
    if (rmt_shape_elements(shape) > 0 && !in_columns(place->params, n))
        place->scratch_bytes = scratch_floats(n) * sizeof(float) * (size_t)place->threads;
}

/* ---- columns --------------------------------------------------------------------------------------------------- */

typedef struct softmax_loop {
    const rmt_op_run *run;
    const softmax_params *params;
    int64_t n, x_step, y_step;
} softmax_loop;

/* room[k][i] of `count` columns that lie `step` apart in x. */
static void gather_columns(const softmax_loop *loop, const float *x, int64_t step, int64_t count, float *room)
{
    if (loop->x_step == 1) {
        loop->run->kernels->transpose(x, step, room, COLUMNS, loop->n, count);
        return;
    }
    for (int64_t k = 0; k < loop->n; k++)
        for (int64_t i = 0; i < count; i++)
            room[k * COLUMNS + i] = x[k * loop->x_step + i * step];
}

static void scatter_columns(const softmax_loop *loop, const float *room, float *y, int64_t step, int64_t count)
{
    if (loop->y_step == 1) {
        loop->run->kernels->transpose(room, COLUMNS, y, step, count, loop->n);
        return;
    }
    for (int64_t k = 0; k < loop->n; k++)
        for (int64_t i = 0; i < count; i++)
            y[k * loop->y_step + i * step] = room[k * COLUMNS + i];
}

/* A row of the loop is a run of columns. */
static void softmax_columns(void *context, const rmt_row *row)
{
    const softmax_loop *loop = context;
    const rmt_kernels *kernels = loop->run->kernels;
    bool logarithm = loop->params->function == LOG_SOFTMAX;
    float room[MOST_IN_COLUMN * COLUMNS], *y = row->at[0];
    const float *x = row->at[1];
    if (row->step[0] == 1 && row->step[1] == 1) {
        kernels->softmax_columns(x, loop->x_step, y, loop->y_step, (int32_t)loop->n, row->n, logarithm);
        return;
    }
    for (int64_t i = 0; i < row->n; i += COLUMNS) {
        int64_t count = rmt_min_i64(COLUMNS, row->n - i);
        gather_columns(loop, x + i * row->step[1], row->step[1], count, room);
        kernels->softmax_columns(room, COLUMNS, room, COLUMNS, (int32_t)loop->n, count, logarithm);
        scatter_columns(loop, room, y + i * row->step[0], row->step[0], count);
    }
}

/* ---- rows ------------------------------------------------------------------------------------------------------ */

/* squares: room for a row. */
static void run_row(const softmax_loop *loop, const float *x, float *y, float *squares)
{
    const rmt_kernels *kernels = loop->run->kernels;
    if (loop->params->function != L2_NORMALIZE) {
        kernels->softmax(x, y, loop->n, loop->params->function == LOG_SOFTMAX);
        return;
    }
    kernels->binary(RMT_BINARY_MULTIPLY, x, 1, x, 1, squares, loop->n);
    double sum = (double)kernels->reduce(RMT_REDUCE_SUM, squares, loop->n);
    rmt_activation times = rmt_activation_none();
    times.scale = (float)(1 / sqrt(sum + loop->params->epsilon));
    kernels->unary(x, y, loop->n, &times);
}

/* A row of the loop is a row of rows. */
static void softmax_rows(void *context, const rmt_row *row)
{
    const softmax_loop *loop = context;
    float *room = (float *)loop->run->scratch + (size_t)row->thread * scratch_floats(loop->n);
    float *squares = room + scratch_floats(loop->n) / 2;
    for (int64_t i = 0; i < row->n; i++) {
        const float *x = (const float *)row->at[1] + i * row->step[1];
        float *y = (float *)row->at[0] + i * row->step[0];
        if (loop->x_step == 1 && loop->y_step == 1) {
            run_row(loop, x, y, squares);
            continue;
        }
        for (int64_t k = 0; k < loop->n; k++)
            room[k] = x[k * loop->x_step];
        run_row(loop, room, room, squares);
        for (int64_t k = 0; k < loop->n; k++)
            y[k * loop->y_step] = room[k];
    }
}

static void softmax_run(const rmt_op_run *run)
{
    const softmax_params *params = run->params;
    const rmt_view *x = &run->in[0], *y = &run->out[0];
    softmax_loop loop = {run, params, 1, 1, 1};
    rmt_view x_rows = *x, y_rows = *y;
    if (x->shape.rank > 0) {
        int32_t axis = axis_of(params, &x->shape);
        loop.n = x->shape.dims[axis];
        loop.x_step = x->strides[axis];
        loop.y_step = y->strides[axis];
        x_rows = rmt_view_without(x, axis, 1);
        y_rows = rmt_view_without(y, axis, 1);
    }
    if (loop.n == 0)
        return;
    rmt_nest nest = rmt_nest_of((const rmt_view *const[]){&y_rows, &x_rows}, 2);
    nest.piece = rmt_max_i64(1, nest.piece / loop.n);
    rmt_nest_run(&nest, run->team, in_columns(params, loop.n) ? softmax_columns : softmax_rows, &loop);
}

const rmt_op rmt_op_softmax = {.name = "softmax",
                               .params_bytes = sizeof(softmax_params),
                               .load = softmax_load,
                               .infer = softmax_infer,
                               .place = softmax_place,
                               .run = softmax_run};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * softmax and log_softmax along one axis. Where the axis lies together in
 * memory (the last one; the channels of a channels-last image) rows run in
 * place; otherwise each is gathered into scratch and put back.
 */
#include "ops/ops_help.h"

#include <string.h>

typedef struct softmax_params {
    int64_t axis;
    bool logarithm;
} softmax_params;

static ramet_status softmax_load(rmt_op_load *load)
{
    softmax_params *params = load->params;
    params->axis = rmt_node_int(load->node, "axis", -1);
    params->logarithm = strcmp(load->node->op, "log_softmax") == 0;
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

static size_t scratch_floats(int64_t n) { return rmt_round_up((size_t)n, RMT_PACK_ALIGN / sizeof(float)); }

static void softmax_place(rmt_op_place *place)
{
    const rmt_shape *shape = &place->in[0].shape;
    int64_t n = shape->rank == 0 ? 1 : shape->dims[axis_of(place->params, shape)];
    rmt_place_like_input(place);
    if (rmt_shape_elements(shape) > 0)
        place->scratch_bytes = scratch_floats(n) * sizeof(float) * (size_t)place->threads;
}

typedef struct softmax_loop {
    const rmt_op_run *run;
    int64_t n, x_step, y_step;
    bool logarithm;
} softmax_loop;

static void gathered_row(const softmax_loop *loop, const float *x, float *y, int thread)
{
    float *room = (float *)loop->run->scratch + (size_t)thread * scratch_floats(loop->n);
    for (int64_t i = 0; i < loop->n; i++)
        room[i] = x[i * loop->x_step];
    loop->run->kernels->softmax(room, room, loop->n, loop->logarithm);
    for (int64_t i = 0; i < loop->n; i++)
        y[i * loop->y_step] = room[i];
}

/* A row of the loop is a row of rows. */
static void softmax_rows(void *context, const rmt_row *row)
{
    const softmax_loop *loop = context;
    for (int64_t i = 0; i < row->n; i++) {
        const float *x = (const float *)row->at[1] + i * row->step[1];
        float *y = (float *)row->at[0] + i * row->step[0];
        if (loop->x_step == 1 && loop->y_step == 1)
            loop->run->kernels->softmax(x, y, loop->n, loop->logarithm);
        else
            gathered_row(loop, x, y, row->thread);
    }
}

static void softmax_run(const rmt_op_run *run)
{
    const softmax_params *params = run->params;
    const rmt_view *x = &run->in[0], *y = &run->out[0];
    softmax_loop loop = {run, 1, 1, 1, params->logarithm};
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
    rmt_nest_run(&nest, run->team, softmax_rows, &loop);
}

const rmt_op rmt_op_softmax = {.name = "softmax",
                               .params_bytes = sizeof(softmax_params),
                               .load = softmax_load,
                               .infer = softmax_infer,
                               .place = softmax_place,
                               .run = softmax_run};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch_norm where no convolution before it could take it in: x * s + t with
 * two numbers a channel, computed from the four constants at load; and
 * affine_channel, which has but the first two. x is [n, c, ...] in any layout.
 *
 * Packed: s [c], t [c].
 */
#include "ops/ops_help.h"

#include <math.h>
#include <string.h>

enum { X, SCALE, BIAS, MEAN, VARIANCE, INPUTS };

typedef struct batch_norm_params {
    int64_t channels;
    double epsilon;
    int32_t inputs; /* x and constants */
    rmt_activation act;
} batch_norm_params;

static ramet_status batch_norm_load(rmt_op_load *load)
{
    batch_norm_params *params = load->params;
    params->inputs = strcmp(load->node->op, "affine_channel") == 0 ? MEAN : INPUTS;
    ramet_status status = rmt_load_inputs(load, params->inputs);
    if (status != RAMET_STATUS_OK)
        return status;
    for (int32_t i = SCALE; i < params->inputs; i++) {
        const rmt_value *value = rmt_node_constant(load->graph, load->node, i);
        int64_t count = value != NULL ? rmt_shape_elements(&value->shape) : -1;
        params->channels = i == SCALE ? count : params->channels;
        if (count < 1 || count != params->channels)
            return rmt_fail(load->error, RAMET_STATUS_UNSUPPORTED,
                            "scale and bias, mean and variance must be constants of one number for each channel");
    }
    params->epsilon = rmt_node_float(load->node, "epsilon", 1e-5);
    params->act = rmt_activation_fused(load->node);
    load->packed_bytes = 2 * (size_t)params->channels * sizeof(float);
    load->packed_inputs = 1u << SCALE | 1u << BIAS | 1u << MEAN | 1u << VARIANCE;
    return RAMET_STATUS_OK;
}

static void batch_norm_pack(const rmt_op_pack *pack)
{
    const batch_norm_params *params = pack->params;
    float *packed = (float *)pack->packed;
    for (int64_t c = 0; c < params->channels; c++) {
        float number[INPUTS] = {[VARIANCE] = 1};
        for (int32_t i = SCALE; i < params->inputs; i++)
            rmt_constant_floats(rmt_node_constant(pack->graph, pack->node, i), c, 1, &number[i]);
        double epsilon = params->inputs == INPUTS ? params->epsilon : 0;
        double scale = (double)number[SCALE] / sqrt((double)number[VARIANCE] + epsilon);
        packed[c] = (float)scale;
        packed[params->channels + c] = (float)((double)number[BIAS] - (double)number[MEAN] * scale);
    }
}

static ramet_status batch_norm_infer(rmt_op_infer *infer)
{
    const batch_norm_params *params = infer->params;
    const rmt_shape *shape = &infer->in[X].shape;
    ramet_status status = rmt_infer_float32(infer, X);
    if (status != RAMET_STATUS_OK)
        return status;
    if (shape->rank < 2 || shape->dims[1] != params->channels)
        return rmt_infer_fail(infer, "the input has not %lld channels", (long long)params->channels);
    return rmt_infer_same(infer);
}

typedef struct batch_norm_loop {
    const rmt_kernels *kernels;
    const rmt_activation *act;
} batch_norm_loop;

/* A row runs over the channels, or stays in one. */
static void batch_norm_row(void *context, const rmt_row *row)
{
    const batch_norm_loop *loop = context;
    float x_room[RMT_ROW_ROOM], y_room[RMT_ROW_ROOM];
    const float *x = rmt_row_floats(row, 1, x_room), *scale = row->at[2], *shift = row->at[3];
    float *y = rmt_row_result(row, 0, y_room);
    rmt_activation line = {.function = RMT_UNARY_NONE, .scale = *scale, .shift = *shift};
    if (row->step[2] == 1)
        loop->kernels->scale_shift(x, scale, shift, y, row->n);
    else
        loop->kernels->unary(x, y, row->n, &line);
    if (!rmt_activation_is_none(loop->act))
        loop->kernels->unary(y, y, row->n, loop->act);
    rmt_row_scatter(row, 0, y);
}

static void batch_norm_run(const rmt_op_run *run)
{
    const batch_norm_params *params = run->params;
    batch_norm_loop loop = {run->kernels, &params->act};
    float *packed = (float *)run->packed;
    rmt_view scale = {.dtype = RAMET_DTYPE_FLOAT32, .shape = run->in[X].shape, .strides = {0, 1}, .data = packed};
    rmt_view shift = scale;
    shift.data = packed + params->channels;
    rmt_nest nest = rmt_nest_of((const rmt_view *const[]){&run->out[0], &run->in[X], &scale, &shift}, 4);
    int32_t last = nest.rank - 1;
    if (nest.strides[0][last] != 1 || nest.strides[1][last] != 1)
        nest.piece = RMT_ROW_ROOM;
    rmt_nest_run(&nest, run->team, batch_norm_row, &loop);
}

const rmt_op rmt_op_batch_norm = {.name = "batch_norm",
                                  .params_bytes = sizeof(batch_norm_params),
                                  .load = batch_norm_load,
                                  .pack = batch_norm_pack,
                                  .infer = batch_norm_infer,
                                  .place = rmt_place_like_input,
                                  .run = batch_norm_run};

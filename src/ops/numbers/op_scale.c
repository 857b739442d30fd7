/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scale: x * scale + bias, or (x + bias) * scale. The scale is an attribute or
 * a tensor of one number. Integers are computed as PaddlePaddle does: with
 * both numbers cut to the type of x first.
 */
#include "ops/ops_help.h"

typedef struct scale_params {
    double scale, bias;
    bool bias_first;
} scale_params;

static ramet_status scale_load(rmt_op_load *load)
{
    scale_params *params = load->params;
    params->scale = rmt_node_float(load->node, "scale", 1);
    params->bias = rmt_node_float(load->node, "bias", 0);
    params->bias_first = !rmt_node_bool(load->node, "bias_after_scale", true);
    return rmt_load_inputs(load, 1);
}

static ramet_status scale_infer(rmt_op_infer *infer)
{
    if (infer->in_count > 1 && infer->in[1].shape.rank >= 0 && rmt_shape_elements(&infer->in[1].shape) != 1)
        return rmt_infer_fail(infer, "the scale is not one number");
    return rmt_infer_same(infer);
}

typedef struct scale_loop {
    scale_params params;
    ramet_dtype dtype;
} scale_loop;

static void double_row(void *context, const rmt_row *row)
{
    const scale_loop *loop = context;
    const scale_params *p = &loop->params;
    double x[RMT_ROW_ROOM];
    rmt_numbers_to_doubles(loop->dtype, row->at[1], row->step[1], x, row->n);
    for (int64_t i = 0; i < row->n; i++)
        x[i] = p->bias_first ? (x[i] + p->bias) * p->scale : x[i] * p->scale + p->bias;
    rmt_numbers_from_doubles(loop->dtype, x, row->at[0], row->step[0], row->n);
}

static void integer_row(void *context, const rmt_row *row)
{
    const scale_loop *loop = context;
    int64_t x[RMT_ROW_ROOM], numbers[2];
    rmt_numbers_to_ints(RAMET_DTYPE_FLOAT64, (const double[]){loop->params.scale, loop->params.bias}, 1, numbers, 2);
    uint64_t scale = (uint64_t)numbers[0], bias = (uint64_t)numbers[1];
    rmt_numbers_to_ints(loop->dtype, row->at[1], row->step[1], x, row->n);
    for (int64_t i = 0; i < row->n; i++) {
        uint64_t number = (uint64_t)x[i];
        x[i] = (int64_t)(loop->params.bias_first ? (number + bias) * scale : number * scale + bias);
    }
    rmt_numbers_from_ints(loop->dtype, x, row->at[0], row->step[0], row->n);
}

static void run_float32(const rmt_op_run *run, const scale_params *params)
{
    rmt_activation line = rmt_activation_none();
    line.scale = (float)params->scale;
    line.shift = (float)(params->bias_first ? params->bias * params->scale : params->bias);
    rmt_activate_view(run, &line, &run->in[0], &run->out[0]);
}

static void scale_run(const rmt_op_run *run)
{
    scale_loop loop = {*(const scale_params *)run->params, run->in[0].dtype};
    if (run->in_count > 1 && run->in[1].data != NULL)
        rmt_numbers_to_doubles(run->in[1].dtype, run->in[1].data, 1, &loop.params.scale, 1);
    if (loop.dtype == RAMET_DTYPE_FLOAT32) {
        run_float32(run, &loop.params);
        return;
    }
    rmt_nest nest = rmt_nest_of((const rmt_view *const[]){&run->out[0], &run->in[0]}, 2);
    nest.piece = RMT_ROW_ROOM;
    rmt_nest_run(&nest, run->team, rmt_dtype_is_float(loop.dtype) ? double_row : integer_row, &loop);
}

const rmt_op rmt_op_scale = {.name = "scale",
                             .params_bytes = sizeof(scale_params),
                             .load = scale_load,
                             .infer = scale_infer,
                             .place = rmt_place_like_input,
                             .run = scale_run};

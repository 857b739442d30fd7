/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layer_norm: each run of trailing dimensions brought to mean 0 and variance 1,
 * then scaled and shifted. Rows of the last dimension may lie anywhere; longer
 * runs must be dense.
 */
#include "ops/ops_help.h"

enum { X, SCALE, BIAS };

typedef struct layer_norm_params {
    int64_t axis;
    float epsilon;
} layer_norm_params;

static ramet_status layer_norm_load(rmt_op_load *load)
{
    layer_norm_params *params = load->params;
    params->axis = rmt_node_int(load->node, "begin_norm_axis", 1);
    params->epsilon = (float)rmt_node_float(load->node, "epsilon", 1e-5);
    return rmt_load_inputs(load, 1);
}

static ramet_status layer_norm_infer(rmt_op_infer *infer)
{
    const layer_norm_params *params = infer->params;
    const rmt_shape *shape = &infer->in[X].shape;
    ramet_status status = rmt_infer_float32(infer, X);
    if (status != RAMET_STATUS_OK)
        return status;
    int32_t axis = rmt_axis_normalize(params->axis, shape->rank);
    if (axis < 0)
        return rmt_infer_fail(infer, "there is no dimension %lld to normalize from", (long long)params->axis);
    status = rmt_infer_same(infer);
    for (int32_t i = SCALE; i <= BIAS && i < infer->in_count && status == RAMET_STATUS_OK; i++) {
        if (infer->in[i].shape.rank < 0)
            continue;
        status = rmt_infer_float32(infer, i);
        if (status == RAMET_STATUS_OK &&
            rmt_shape_elements(&infer->in[i].shape) != rmt_dims_product(shape, axis, shape->rank))
            status = rmt_infer_fail(infer, "scale and bias have not one number for each element of a row");
    }
    return status;
}

static void layer_norm_place(rmt_op_place *place)
{
    const layer_norm_params *params = place->params;
    int32_t last = place->in[X].shape.rank - 1;
    bool rows = rmt_axis_normalize(params->axis, last + 1) == last;
    rmt_place_like_input(place);
    place->place[0].any_pixel_stride = false; /* rows are written together */
    for (int32_t i = 0; i < place->in_count; i++)
        place->form[i] = i == X && rows ? RMT_FORM_ROWS : RMT_FORM_DENSE;
}

typedef struct layer_norm_loop {
    const rmt_kernels *kernels;
    const float *scale, *bias;
    int64_t n;
    float epsilon;
} layer_norm_loop;

/* A row of the loop is a row of rows. */
static void layer_norm_rows(void *context, const rmt_row *row)
{
    const layer_norm_loop *loop = context;
    const float *x = row->at[1];
    float *y = row->at[0];
    for (int64_t i = 0; i < row->n; i++)
        loop->kernels->layer_norm(x + i * row->step[1], y + i * row->step[0], loop->n, loop->epsilon, loop->scale,
                                  loop->bias);
}

static void layer_norm_run(const rmt_op_run *run)
{
    const layer_norm_params *params = run->params;
    const rmt_view *x = &run->in[X];
    int32_t axis = rmt_axis_normalize(params->axis, x->shape.rank);
    layer_norm_loop loop = {.kernels = run->kernels, .epsilon = params->epsilon};
    loop.n = rmt_dims_product(&x->shape, axis, x->shape.rank);
    loop.scale = run->in_count > SCALE ? run->in[SCALE].data : NULL;
    loop.bias = run->in_count > BIAS ? run->in[BIAS].data : NULL;
    if (loop.n == 0)
        return;
    rmt_view x_rows = rmt_view_without(x, axis, x->shape.rank - axis);
    rmt_view y_rows = rmt_view_without(&run->out[0], axis, x->shape.rank - axis);
    rmt_nest nest = rmt_nest_of((const rmt_view *const[]){&y_rows, &x_rows}, 2);
    nest.piece = rmt_max_i64(1, nest.piece / loop.n);
    rmt_nest_run(&nest, run->team, layer_norm_rows, &loop);
}

const rmt_op rmt_op_layer_norm = {.name = "layer_norm",
                                  .params_bytes = sizeof(layer_norm_params),
                                  .load = layer_norm_load,
                                  .infer = layer_norm_infer,
                                  .place = layer_norm_place,
                                  .run = layer_norm_run};

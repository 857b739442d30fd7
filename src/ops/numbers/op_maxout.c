/* SPDX-License-Identifier: Apache-2.0 */
/*
 * maxout: the largest of each `groups` neighbours along an axis. The neighbours
 * of one place in their group are a view of the input; the views are folded one
 * after the other.
 */
#include "ops/ops_help.h"

typedef struct maxout_params {
    int64_t groups, axis;
} maxout_params;

static ramet_status maxout_load(rmt_op_load *load)
{
    maxout_params *params = load->params;
    params->groups = rmt_node_int(load->node, "groups", 1);
    params->axis = rmt_node_int(load->node, "axis", 1);
    if (params->groups < 1 || params->groups > RMT_MAX_ELEMENTS)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "attribute groups is %lld", (long long)params->groups);
    return rmt_load_inputs(load, 1);
}

static ramet_status maxout_infer(rmt_op_infer *infer)
{
    const maxout_params *params = infer->params;
    const rmt_shape *x = &infer->in[0].shape;
    int32_t axis = rmt_axis_normalize(params->axis, x->rank);
    ramet_status status = rmt_infer_float32(infer, 0);
    if (status != RAMET_STATUS_OK)
        return status;
    if (axis < 0 || x->dims[axis] % params->groups != 0)
        return rmt_infer_fail(infer, "axis %lld does not make groups of %lld", (long long)params->axis,
                              (long long)params->groups);
    infer->out[0].dtype = RAMET_DTYPE_FLOAT32;
    infer->out[0].shape = *x;
    infer->out[0].shape.dims[axis] = x->dims[axis] / params->groups;
    return rmt_infer_done(infer);
}

static void maxout_place(rmt_op_place *place)
{
    rmt_strides_like(&place->out[0], &place->in[0]);
    place->place[0].any_pixel_stride = rmt_view_is_channels_last(&place->out[0]);
}

static void fold_row(void *context, const rmt_row *row)
{
    const rmt_kernels *kernels = context;
    float x_room[RMT_ROW_ROOM], y_room[RMT_ROW_ROOM], out_room[RMT_ROW_ROOM];
    float *out = rmt_row_result(row, 0, out_room);
    const float *so_far = rmt_row_floats(row, 1, y_room);
    kernels->binary(RMT_BINARY_MAXIMUM, so_far, 1, rmt_row_floats(row, 2, x_room), 1, out, row->n);
    rmt_row_scatter(row, 0, out);
}

static void maxout_run(const rmt_op_run *run)
{
    const maxout_params *params = run->params;
    const rmt_view *x = &run->in[0], *out = &run->out[0];
    int32_t axis = rmt_axis_normalize(params->axis, x->shape.rank);
    if (rmt_shape_elements(&out->shape) == 0)
        return;
    for (int64_t g = 0; g < params->groups; g++) {
        rmt_view part = *x;
        part.shape = out->shape;
        part.strides[axis] *= params->groups;
        part.data = rmt_view_at(x, g * x->strides[axis]);
        if (g == 0) {
            rmt_run_copy(run, &part, out);
            continue;
        }
        rmt_nest nest = rmt_nest_of((const rmt_view *const[]){out, out, &part}, 3);
        rmt_nest_gathers(&nest);
        rmt_nest_run(&nest, run->team, fold_row, (void *)run->kernels);
    }
}

const rmt_op rmt_op_maxout = {.name = "maxout",
                              .params_bytes = sizeof(maxout_params),
                              .load = maxout_load,
                              .infer = maxout_infer,
                              .place = maxout_place,
                              .run = maxout_run};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * concat along an axis that is there, stack along a new one. An input that
 * already lies in its slice of the output, because the planner placed it
 * there, costs nothing.
 */
#include "ops/ops_help.h"

#include <string.h>

typedef struct concat_params {
    int64_t axis;
    bool stack;
} concat_params;

static ramet_status concat_load(rmt_op_load *load)
{
    concat_params *params = load->params;
    params->axis = rmt_node_int(load->node, "axis", 0);
    params->stack = strcmp(load->node->op, "stack") == 0;
    return rmt_load_inputs(load, load->node->input_count > 0 ? load->node->input_count : 1);
}

static bool fits_beside(const rmt_view *a, const rmt_view *b, int32_t but_axis)
{
    if (a->dtype != b->dtype || a->shape.rank != b->shape.rank)
        return false;
    for (int32_t i = 0; i < a->shape.rank; i++)
        if (i != but_axis && a->shape.dims[i] != b->shape.dims[i])
            return false;
    return true;
}

static ramet_status concat_infer(rmt_op_infer *infer)
{
    const concat_params *params = infer->params;
    const rmt_view *first = &infer->in[0];
    rmt_shape *out = &infer->out[0].shape;
    int32_t rank = first->shape.rank + (params->stack ? 1 : 0);
    int32_t axis = rmt_axis_normalize(params->axis, rank);
    if (axis < 0 || rank > RMT_MAX_RANK)
        return rmt_infer_fail(infer, "there is no axis %lld to join along", (long long)params->axis);
    int64_t sum = 0;
    for (int32_t i = 0; i < infer->in_count; i++) {
        if (!fits_beside(first, &infer->in[i], params->stack ? -1 : axis))
            return rmt_infer_fail(infer, "input %d does not fit the first along axis %d", (int)i, (int)axis);
        if (__builtin_add_overflow(sum, params->stack ? 1 : infer->in[i].shape.dims[axis], &sum))
            return rmt_infer_fail(infer, "the inputs are too long together");
    }
    *out = first->shape;
    if (params->stack)
        memmove(out->dims + axis + 1, out->dims + axis, (size_t)(first->shape.rank - axis) * sizeof *out->dims);
    out->rank = rank;
    out->dims[axis] = sum;
    infer->out[0].dtype = first->dtype;
    return rmt_infer_done(infer);
}

static void concat_place(rmt_op_place *place)
{
    const concat_params *params = place->params;
    rmt_view *out = &place->out[0];
    rmt_strides_dense(out);
    for (int32_t i = 0; i < place->in_count && out->shape.rank == 4 && !params->stack; i++)
        if (rmt_view_is_channels_last(&place->in[i]) && !rmt_view_is_dense(&place->in[i]))
            rmt_strides_channels_last(out);
    place->place[0].any_pixel_stride = rmt_view_is_channels_last(out);
}

static void concat_run(const rmt_op_run *run)
{
    const concat_params *params = run->params;
    const rmt_view *out = &run->out[0];
    int32_t axis = rmt_axis_normalize(params->axis, out->shape.rank);
    int64_t at = 0;
    for (int32_t i = 0; i < run->in_count && rmt_shape_elements(&out->shape) > 0; i++) {
        const rmt_view *in = &run->in[i];
        rmt_view slice = params->stack ? rmt_view_without(out, axis, 1) : *out;
        slice.data = rmt_view_at(out, at * out->strides[axis]);
        slice.shape = in->shape;
        at += params->stack ? 1 : in->shape.dims[axis];
        if (in->data != slice.data || !rmt_strides_equal(in, &slice))
            rmt_run_copy(run, in, &slice);
    }
}

const rmt_op rmt_op_concat = {.name = "concat",
                              .flags = RMT_OP_PIXELWISE,
                              .params_bytes = sizeof(concat_params),
                              .load = concat_load,
                              .infer = concat_infer,
                              .place = concat_place,
                              .run = concat_run};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slice and strided_slice: parts of some axes, counted from the end where
 * negative and clamped to what is there. A view, unless a step goes backwards
 * or the bounds are tensors, which place cannot see: then the part is copied.
 */
#include "ops/ops_help.h"

#include <string.h>

enum { X, STARTS, ENDS };

typedef struct slice_params {
    int32_t count, decrease_count;
    int64_t axes[RMT_MAX_RANK], starts[RMT_MAX_RANK], ends[RMT_MAX_RANK], steps[RMT_MAX_RANK];
    int64_t decrease[RMT_MAX_RANK];
    bool bounds_are_tensors, backwards;
} slice_params;

static bool is_given(const rmt_node *node, int32_t index)
{
    return node->input_count > index && node->inputs[index] != RMT_NO_VALUE;
}

static ramet_status slice_load(rmt_op_load *load)
{
    slice_params *params = load->params;
    const rmt_node *node = load->node;
    size_t count = rmt_node_ints(node, "axes", params->axes, RMT_MAX_RANK);
    size_t starts = rmt_node_ints(node, "starts", params->starts, RMT_MAX_RANK);
    size_t ends = rmt_node_ints(node, "ends", params->ends, RMT_MAX_RANK);
    size_t decrease = rmt_node_ints(node, "decrease_axis", params->decrease, RMT_MAX_RANK);
    size_t steps = 0;
    if (strcmp(node->op, "strided_slice") == 0)
        steps = rmt_node_ints(node, "strides", params->steps, RMT_MAX_RANK);
    for (size_t i = steps; i < RMT_MAX_RANK; i++)
        params->steps[i] = 1;
    bool fits = count <= RMT_MAX_RANK && decrease <= RMT_MAX_RANK && (steps == 0 || steps == count) &&
                (starts == count || is_given(node, STARTS)) && (ends == count || is_given(node, ENDS));
    for (size_t i = 0; i < count && fits; i++) {
        fits = params->steps[i] != 0 && params->steps[i] > INT32_MIN && params->steps[i] <= INT32_MAX;
        params->backwards = params->backwards || params->steps[i] < 0;
    }
    if (!fits)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "axes, starts, ends and strides do not fit together");
    params->count = (int32_t)count;
    params->decrease_count = (int32_t)decrease;
    params->bounds_are_tensors = is_given(node, STARTS) || is_given(node, ENDS);
    return rmt_load_inputs(load, 1);
}

/* ---- the part ---------------------------------------------------------------------------------------------------- */

/* One axis: `count` elements from `start`, `step` apart. */
typedef struct part {
    int64_t start, step, count;
} part;

static int64_t clamp(int64_t value, int64_t low, int64_t high) { return rmt_min_i64(rmt_max_i64(value, low), high); }

/* An end of -1 behind a backward step means: up to and with the first element. */
static part part_of(int64_t start, int64_t end, int64_t step, int64_t size)
{
    bool back = step < 0, to_the_first = back && end == -1;
    int64_t first = clamp(start < 0 ? start + size : start, 0, back ? size - 1 : size);
    int64_t last = to_the_first ? -1 : clamp(end < 0 ? end + size : end, 0, size);
    int64_t length = back ? first - last : last - first, stride = back ? -step : step;
    return (part){first, step, length > 0 && size > 0 ? (length - 1) / stride + 1 : 0};
}

/* The part of each dimension. False when the bounds are not known, or name what is not there. */
static bool parts_of(const slice_params *params, const rmt_view *in, int32_t in_count, part parts[RMT_MAX_RANK])
{
    int64_t starts[RMT_MAX_RANK], ends[RMT_MAX_RANK];
    memcpy(starts, params->starts, sizeof starts);
    memcpy(ends, params->ends, sizeof ends);
    if (in_count > STARTS && in[STARTS].shape.rank >= 0 &&
        rmt_view_read_ints(&in[STARTS], starts, RMT_MAX_RANK) != params->count)
        return false;
    if (in_count > ENDS && in[ENDS].shape.rank >= 0 &&
        rmt_view_read_ints(&in[ENDS], ends, RMT_MAX_RANK) != params->count)
        return false;
    const rmt_shape *shape = &in[X].shape;
    for (int32_t i = 0; i < shape->rank; i++)
        parts[i] = (part){0, 1, shape->dims[i]};
    for (int32_t i = 0; i < params->count; i++) {
        int32_t axis = rmt_axis_normalize(params->axes[i], shape->rank);
        if (axis < 0)
            return false;
        parts[axis] = part_of(starts[i], ends[i], params->steps[i], shape->dims[axis]);
    }
    return true;
}

/* Drops the dimensions of decrease_axis. False when one is not there or not 1. */
static bool decrease(const slice_params *params, rmt_view *view)
{
    bool gone[RMT_MAX_RANK] = {false};
    for (int32_t i = 0; i < params->decrease_count; i++) {
        int32_t axis = rmt_axis_normalize(params->decrease[i], view->shape.rank);
        if (axis < 0 || view->shape.dims[axis] != 1)
            return false;
        gone[axis] = true;
    }
    for (int32_t i = view->shape.rank - 1; i >= 0; i--)
        if (gone[i])
            *view = rmt_view_without(view, i, 1);
    return true;
}

/* x seen through parts, before dimensions are dropped; *offset: elements to its first. */
static rmt_view see_parts(const rmt_view *x, const part *parts, int64_t *offset)
{
    rmt_view seen = *x;
    *offset = 0;
    for (int32_t i = 0; i < x->shape.rank; i++) {
        *offset += parts[i].start * x->strides[i];
        seen.shape.dims[i] = parts[i].count;
        seen.strides[i] = parts[i].step * x->strides[i];
    }
    return seen;
}

/* ---- infer, place, run ---------------------------------------------------------------------------------------------- */

static ramet_status slice_infer(rmt_op_infer *infer)
{
    const slice_params *params = infer->params;
    part parts[RMT_MAX_RANK];
    if (!parts_of(params, infer->in, infer->in_count, parts))
        return rmt_infer_unknown(infer, "the part is not known before the run, or names axes that are not there");
    rmt_view seen = infer->in[X];
    for (int32_t i = 0; i < seen.shape.rank; i++)
        seen.shape.dims[i] = parts[i].count;
    if (!decrease(params, &seen))
        return rmt_infer_fail(infer, "attribute decrease_axis names an axis that is not 1 long");
    infer->out[0].dtype = seen.dtype;
    infer->out[0].shape = seen.shape;
    return rmt_infer_done(infer);
}

static void slice_place(rmt_op_place *place)
{
    const slice_params *params = place->params;
    part parts[RMT_MAX_RANK];
    if (params->bounds_are_tensors || params->backwards || rmt_shape_elements(&place->out[0].shape) == 0) {
        rmt_strides_dense(&place->out[0]);
        return;
    }
    (void)parts_of(params, place->in, 1, parts);
    rmt_view seen = see_parts(&place->in[X], parts, &place->place[0].view_offset);
    (void)decrease(params, &seen);
    memcpy(place->out[0].strides, seen.strides, sizeof seen.strides);
    place->place[0].view_of = X;
}

static void slice_run(const rmt_op_run *run)
{
    const slice_params *params = run->params;
    part parts[RMT_MAX_RANK];
    int64_t offset;
    if (rmt_shape_elements(&run->out[0].shape) == 0)
        return;
    (void)parts_of(params, run->in, run->in_count, parts);
    rmt_view seen = see_parts(&run->in[X], parts, &offset);
    (void)decrease(params, &seen);
    seen.data = rmt_view_at(&run->in[X], offset);
    rmt_run_copy(run, &seen, &run->out[0]);
}

const rmt_op rmt_op_slice = {.name = "slice",
                             .params_bytes = sizeof(slice_params),
                             .load = slice_load,
                             .infer = slice_infer,
                             .place = slice_place,
                             .run = slice_run};

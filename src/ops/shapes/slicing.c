/* SPDX-License-Identifier: Apache-2.0 */
/* Bounds of slices -> parts of dimensions -> views. */
#include "ops/shapes/slicing.h"

#include <string.h>

static bool is_given(const rmt_node *node, int32_t index)
{
    return node->input_count > index && node->inputs[index] != RMT_NO_VALUE;
}

static bool step_is_sound(int64_t step) { return step != 0 && step > INT32_MIN && step <= INT32_MAX; }

/* Attribute `name` as bound b: one for each axis, or none where an input gives it. */
static bool load_bound(const rmt_node *node, const char *name, int b, rmt_slicing *slicing)
{
    size_t count = rmt_node_ints(node, name, slicing->bounds[b], RMT_MAX_RANK);
    bool input = is_given(node, slicing->first_bound + b);
    slicing->bounds_are_inputs = slicing->bounds_are_inputs || input;
    return input || count == (size_t)slicing->count;
}

/* No steps are steps of 1. */
static bool load_steps(const rmt_node *node, const char *name, rmt_slicing *slicing)
{
    int64_t *steps = slicing->bounds[RMT_SLICING_STEPS];
    size_t count = name == NULL ? 0 : rmt_node_ints(node, name, steps, RMT_MAX_RANK);
    bool input = is_given(node, slicing->first_bound + RMT_SLICING_STEPS);
    bool fits = input || count == 0 || count == (size_t)slicing->count;
    for (int32_t i = 0; i < slicing->count; i++) {
        steps[i] = (size_t)i < count ? steps[i] : 1;
        fits = fits && (input || step_is_sound(steps[i]));
        slicing->backwards = slicing->backwards || steps[i] < 0;
    }
    slicing->bounds_are_inputs = slicing->bounds_are_inputs || input;
    return fits;
}

ramet_status rmt_slicing_load(rmt_op_load *load, const char *steps, const char *decrease, int32_t first_bound,
                              rmt_slicing *slicing)
{
    const rmt_node *node = load->node;
    size_t count = rmt_node_ints(node, "axes", slicing->axes, RMT_MAX_RANK);
    size_t dropped = rmt_node_ints(node, decrease, slicing->decrease, RMT_MAX_RANK);
    bool fits = count <= RMT_MAX_RANK && dropped <= RMT_MAX_RANK;
    slicing->count = fits ? (int32_t)count : 0;
    slicing->decrease_count = fits ? (int32_t)dropped : 0;
    slicing->first_bound = first_bound;
    slicing->numpy = rmt_node_bool(node, "numpy", false);
    if (!fits || !load_bound(node, "starts", RMT_SLICING_STARTS, slicing) ||
        !load_bound(node, "ends", RMT_SLICING_ENDS, slicing) || !load_steps(node, steps, slicing))
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "axes, starts, ends and steps do not fit together");
    return RAMET_STATUS_OK;
}

/* ---- parts ---------------------------------------------------------------------------------------------------------- */

static int64_t clamp(int64_t value, int64_t low, int64_t high) { return rmt_min_i64(rmt_max_i64(value, low), high); }

/* Behind a backward step PaddlePaddle's end of -1, and any of numpy's from before the first, keep the first element. */
static rmt_part part_of(int64_t start, int64_t end, int64_t step, int64_t size, bool numpy)
{
    bool back = step < 0, to_the_first = back && !numpy && end == -1;
    int64_t first = clamp(start < 0 ? start + size : start, back && numpy ? -1 : 0, back ? size - 1 : size);
    int64_t last = to_the_first ? -1 : clamp(end < 0 ? end + size : end, back && numpy ? -1 : 0, size);
    int64_t length = back ? first - last : last - first, stride = back ? -step : step;
    return (rmt_part){first, step, length > 0 && size > 0 ? (length - 1) / stride + 1 : 0};
}

rmt_slicing_result rmt_slicing_parts(const rmt_slicing *slicing, const rmt_shape *x, const rmt_view *in,
                                     int32_t in_count, rmt_part parts[RMT_MAX_RANK])
{
    int64_t bounds[RMT_SLICING_BOUNDS][RMT_MAX_RANK];
    memcpy(bounds, slicing->bounds, sizeof bounds);
    for (int b = 0; b < RMT_SLICING_BOUNDS; b++) {
        int32_t index = slicing->first_bound + b;
        if (index < in_count && in[index].shape.rank >= 0 &&
            rmt_view_read_ints(&in[index], bounds[b], RMT_MAX_RANK) != slicing->count)
            return in[index].data == NULL ? RMT_SLICING_UNKNOWN : RMT_SLICING_WRONG;
    }
    for (int32_t i = 0; i < x->rank; i++)
        parts[i] = (rmt_part){0, 1, x->dims[i]};
    for (int32_t i = 0; i < slicing->count; i++) {
        int32_t axis = rmt_axis_normalize(slicing->axes[i], x->rank);
        int64_t step = bounds[RMT_SLICING_STEPS][i];
        if (axis < 0 || !step_is_sound(step))
            return RMT_SLICING_WRONG;
        parts[axis] =
            part_of(bounds[RMT_SLICING_STARTS][i], bounds[RMT_SLICING_ENDS][i], step, x->dims[axis], slicing->numpy);
    }
    return RMT_SLICING_OK;
}

bool rmt_slicing_decrease(const rmt_slicing *slicing, rmt_view *view)
{
    bool gone[RMT_MAX_RANK] = {false};
    for (int32_t i = 0; i < slicing->decrease_count; i++) {
        int32_t axis = rmt_axis_normalize(slicing->decrease[i], view->shape.rank);
        if (axis < 0 || view->shape.dims[axis] != 1)
            return false;
        gone[axis] = true;
    }
    for (int32_t i = view->shape.rank - 1; i >= 0; i--)
        if (gone[i])
            *view = rmt_view_without(view, i, 1);
    return true;
}

rmt_view rmt_slicing_see(const rmt_view *x, const rmt_part *parts, int64_t *offset)
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

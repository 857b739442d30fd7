/* SPDX-License-Identifier: Apache-2.0 */
/*
 * split along an axis: into sections whose sizes are an attribute or a tensor,
 * or into equal parts; unstack: into single entries without that axis. Views.
 */
#include "ops/ops_help.h"

#include <string.h>

enum { X, SECTIONS };

typedef struct split_params {
    int64_t axis;
    bool uneven;             /* the last of equal parts may be smaller */
    const int64_t *sections; /* one for each output, in the graph's arena; NULL: equal parts */
} split_params;

static ramet_status split_load(rmt_op_load *load)
{
    split_params *params = load->params;
    const rmt_attr *sections = rmt_node_attr(load->node, "sections");
    params->axis = rmt_node_int(load->node, "axis", 0);
    params->uneven = rmt_node_bool(load->node, "uneven", false);
    bool given = sections != NULL && sections->type == RMT_ATTR_INTS && sections->count > 0;
    if (given && (load->node->input_count <= SECTIONS || load->node->inputs[SECTIONS] == RMT_NO_VALUE)) {
        if (sections->count != load->node->output_count)
            return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "%d sections for %d outputs", (int)sections->count,
                            (int)load->node->output_count);
        params->sections = sections->as.ints;
    }
    return rmt_load_inputs(load, 1);
}

static bool has_tensor(const rmt_op_infer *infer)
{
    return infer->in_count > SECTIONS && infer->in[SECTIONS].shape.rank >= 0;
}

/* Section i: an attribute, a number of the tensor, or -1, which stands for what the others leave. */
static int64_t section_at(const rmt_op_infer *infer, int32_t i)
{
    const split_params *params = infer->params;
    int64_t section = params->sections != NULL ? params->sections[i] : -1;
    if (has_tensor(infer))
        rmt_numbers_to_ints(infer->in[SECTIONS].dtype, rmt_view_at(&infer->in[SECTIONS], i), 1, &section, 1);
    return section;
}

/* What is left of `size` for the one section of -1; -1 when the sections do not fill it. */
static int64_t open_section(const rmt_op_infer *infer, int64_t size)
{
    int64_t sum = 0;
    bool open = false;
    for (int32_t i = 0; i < infer->out_count; i++) {
        int64_t section = section_at(infer, i);
        if (section < -1 || section > size || (section == -1 && open))
            return -1;
        open = open || section == -1;
        sum += section == -1 ? 0 : section;
        if (sum > size)
            return -1;
    }
    return open || sum == size ? size - sum : -1;
}

/* A tensor of sections has one number for each output, known before the run. */
static bool tensor_fits(const rmt_op_infer *infer)
{
    return !has_tensor(infer) ||
           (infer->in[SECTIONS].data != NULL && rmt_shape_elements(&infer->in[SECTIONS].shape) == infer->out_count);
}

static ramet_status split_infer(rmt_op_infer *infer)
{
    const split_params *params = infer->params;
    const rmt_view *x = &infer->in[X];
    int32_t axis = rmt_axis_normalize(params->axis, x->shape.rank), count = infer->out_count;
    if (axis < 0 || !tensor_fits(infer))
        return rmt_infer_unknown(infer, "no axis %lld, or not one known section for each of %d outputs",
                                 (long long)params->axis, (int)count);
    int64_t size = x->shape.dims[axis];
    bool equal = params->sections == NULL && !has_tensor(infer);
    int64_t rest = equal ? (size + count - 1) / count : open_section(infer, size);
    int64_t last = size - (count - 1) * rest; /* of equal parts */
    if (rest < 0 || (equal && (params->uneven ? last < 0 : last != rest)))
        return rmt_infer_fail(infer, "%lld along axis %d do not split into these %d sections", (long long)size,
                              (int)axis, (int)count);
    for (int32_t o = 0; o < count; o++) {
        int64_t section = section_at(infer, o);
        infer->out[o].dtype = x->dtype;
        infer->out[o].shape = x->shape;
        infer->out[o].shape.dims[axis] = section >= 0 ? section : equal && o == count - 1 ? last : rest;
    }
    return rmt_infer_done(infer);
}

static void split_place(rmt_op_place *place)
{
    const split_params *params = place->params;
    const rmt_view *x = &place->in[X];
    int32_t axis = rmt_axis_normalize(params->axis, x->shape.rank);
    int64_t at = 0;
    for (int32_t o = 0; o < place->out_count; o++) {
        for (int32_t i = 0; i < x->shape.rank; i++)
            place->out[o].strides[i] = x->strides[i];
        place->place[o].view_of = X;
        place->place[o].view_offset = at * x->strides[axis];
        at += place->out[o].shape.dims[axis];
    }
}

const rmt_op rmt_op_split = {.name = "split",
                             .params_bytes = sizeof(split_params),
                             .load = split_load,
                             .infer = split_infer,
                             .place = split_place};

/* ---- unstack ------------------------------------------------------------------------------------------------------ */

static ramet_status unstack_load(rmt_op_load *load)
{
    split_params *params = load->params;
    params->axis = rmt_node_int(load->node, "axis", 0);
    return rmt_load_inputs(load, 1);
}

static ramet_status unstack_infer(rmt_op_infer *infer)
{
    const split_params *params = infer->params;
    const rmt_view *x = &infer->in[X];
    int32_t axis = rmt_axis_normalize(params->axis, x->shape.rank);
    if (axis < 0 || x->shape.dims[axis] != infer->out_count)
        return rmt_infer_fail(infer, "axis %lld does not have an entry for each of %d outputs", (long long)params->axis,
                              (int)infer->out_count);
    for (int32_t o = 0; o < infer->out_count; o++) {
        infer->out[o].dtype = x->dtype;
        infer->out[o].shape = rmt_view_without(x, axis, 1).shape;
    }
    return rmt_infer_done(infer);
}

static void unstack_place(rmt_op_place *place)
{
    const split_params *params = place->params;
    const rmt_view *x = &place->in[X];
    int32_t axis = rmt_axis_normalize(params->axis, x->shape.rank);
    rmt_view entry = rmt_view_without(x, axis, 1);
    for (int32_t o = 0; o < place->out_count; o++) {
        memcpy(place->out[o].strides, entry.strides, sizeof entry.strides);
        place->place[o].view_of = X;
        place->place[o].view_offset = rmt_shape_elements(&entry.shape) == 0 ? 0 : o * x->strides[axis];
    }
}

const rmt_op rmt_op_unstack = {.name = "unstack",
                               .params_bytes = sizeof(split_params),
                               .load = unstack_load,
                               .infer = unstack_infer,
                               .place = unstack_place};

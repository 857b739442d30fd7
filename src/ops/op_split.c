/* SPDX-License-Identifier: Apache-2.0 */
/* split along an axis, into sections of given sizes or into equal parts: views. */
#include "ops/ops.h"

typedef struct split_params {
    int64_t axis;
    const int64_t *sections; /* one for each output, in the graph's arena; NULL: equal parts */
} split_params;

static ramet_status split_load(rmt_op_load *load)
{
    split_params *params = load->params;
    const rmt_attr *sections = rmt_node_attr(load->node, "sections");
    params->axis = rmt_node_int(load->node, "axis", 0);
    if (sections != NULL && sections->type == RMT_ATTR_INTS && sections->count > 0) {
        if (sections->count != load->node->output_count)
            return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "%d sections for %d outputs", (int)sections->count,
                            (int)load->node->output_count);
        params->sections = sections->as.ints;
    }
    return rmt_load_inputs(load, 1);
}

/* What is left of `size` for the one section of -1; -1 when the sections do not fill it. */
static int64_t open_section(const split_params *params, int32_t count, int64_t size)
{
    int64_t sum = 0;
    bool open = false;
    for (int32_t i = 0; i < count; i++) {
        int64_t section = params->sections[i];
        if (section < -1 || section > size || (section == -1 && open))
            return -1;
        open = open || section == -1;
        sum += section == -1 ? 0 : section;
        if (sum > size)
            return -1;
    }
    return open || sum == size ? size - sum : -1;
}

static ramet_status split_infer(rmt_op_infer *infer)
{
    const split_params *params = infer->params;
    const rmt_view *x = &infer->in[0];
    int32_t axis = rmt_axis_normalize(params->axis, x->shape.rank), count = infer->out_count;
    if (axis < 0)
        return rmt_infer_fail(infer, "there is no axis %lld", (long long)params->axis);
    int64_t size = x->shape.dims[axis];
    int64_t part = params->sections != NULL ? open_section(params, count, size) : size / count;
    if (part < 0 || (params->sections == NULL && size % count != 0))
        return rmt_infer_fail(infer, "%lld along axis %d do not split into these %d sections", (long long)size,
                              (int)axis, (int)count);
    for (int32_t o = 0; o < count; o++) {
        bool given = params->sections != NULL && params->sections[o] >= 0;
        infer->out[o].dtype = x->dtype;
        infer->out[o].shape = x->shape;
        infer->out[o].shape.dims[axis] = given ? params->sections[o] : part;
    }
    return rmt_infer_done(infer);
}

static void split_place(rmt_op_place *place)
{
    const split_params *params = place->params;
    const rmt_view *x = &place->in[0];
    int32_t axis = rmt_axis_normalize(params->axis, x->shape.rank);
    int64_t at = 0;
    for (int32_t o = 0; o < place->out_count; o++) {
        for (int32_t i = 0; i < x->shape.rank; i++)
            place->out[o].strides[i] = x->strides[i];
        place->place[o].view_of = 0;
        place->place[o].view_offset = at * x->strides[axis];
        at += place->out[o].shape.dims[axis];
    }
}

const rmt_op rmt_op_split = {.name = "split",
                             .params_bytes = sizeof(split_params),
                             .load = split_load,
                             .infer = split_infer,
                             .place = split_place};

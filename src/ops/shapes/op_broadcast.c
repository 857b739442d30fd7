/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expand_as, broadcast_tensors, meshgrid: inputs repeated to a shape that
 * other inputs have or give together. Views with strides of 0.
 */
#include "ops/ops_help.h"

#include <string.h>

typedef enum broadcast_kind { EXPAND_AS, BROADCAST_TENSORS, MESHGRID } broadcast_kind;

typedef struct broadcast_params {
    broadcast_kind kind;
    rmt_shape target; /* expand_as without a second input */
} broadcast_params;

static ramet_status broadcast_load(rmt_op_load *load)
{
    broadcast_params *params = load->params;
    const rmt_node *node = load->node;
    bool mesh = strcmp(node->op, "meshgrid") == 0;
    params->kind = strcmp(node->op, "expand_as") == 0 ? EXPAND_AS : mesh ? MESHGRID : BROADCAST_TENSORS;
    size_t rank = rmt_node_ints(node, "target_shape", params->target.dims, RMT_MAX_RANK);
    params->target.rank = (int32_t)rank;
    if (rank > RMT_MAX_RANK || node->output_count != (params->kind == EXPAND_AS ? 1 : node->input_count))
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "not one result for each input, or a shape too long");
    return rmt_load_inputs(load, params->kind == EXPAND_AS ? 1 : node->input_count);
}

/* Input i as it is repeated: one of a mesh stands along dimension i. */
static rmt_view operand(const broadcast_params *params, const rmt_view *in, int32_t i, int32_t rank)
{
    rmt_view view = in[i];
    if (params->kind != MESHGRID)
        return view;
    view.shape = (rmt_shape){.rank = rank};
    memset(view.strides, 0, sizeof view.strides);
    for (int32_t d = 0; d < rank; d++)
        view.shape.dims[d] = 1;
    view.shape.dims[i] = rmt_shape_elements(&in[i].shape);
    view.strides[i] = in[i].shape.rank > 0 ? in[i].strides[0] : 0;
    return view;
}

static bool common_shape(const broadcast_params *params, const rmt_op_infer *infer, rmt_shape *out)
{
    if (params->kind == EXPAND_AS) {
        bool given = infer->in_count > 1 && infer->in[1].shape.rank >= 0;
        const rmt_shape *target = given ? &infer->in[1].shape : &params->target;
        return rmt_broadcast_shapes(target, &infer->in[0].shape, -1, out) && rmt_shape_equal(out, target);
    }
    rmt_view first = operand(params, infer->in, 0, infer->in_count);
    *out = first.shape;
    for (int32_t i = 1; i < infer->in_count; i++) {
        rmt_shape so_far = *out;
        rmt_view next = operand(params, infer->in, i, infer->in_count);
        if (!rmt_broadcast_shapes(&so_far, &next.shape, -1, out))
            return false;
    }
    return true;
}

static ramet_status broadcast_infer(rmt_op_infer *infer)
{
    const broadcast_params *params = infer->params;
    rmt_shape shape;
    if (params->kind == MESHGRID && infer->in_count > RMT_MAX_RANK)
        return rmt_infer_fail(infer, "a mesh of %d dimensions", (int)infer->in_count);
    for (int32_t i = 0; i < infer->in_count && params->kind == MESHGRID; i++)
        if (infer->in[i].shape.rank > 1)
            return rmt_infer_fail(infer, "a mesh is made from lists");
    if (!common_shape(params, infer, &shape))
        return rmt_infer_fail(infer, "shapes do not fit together");
    for (int32_t o = 0; o < infer->out_count; o++) {
        infer->out[o].dtype = infer->in[o].dtype;
        infer->out[o].shape = shape;
    }
    return rmt_infer_done(infer);
}

static void broadcast_place(rmt_op_place *place)
{
    for (int32_t o = 0; o < place->out_count; o++) {
        rmt_view *out = &place->out[o];
        rmt_view seen = operand(place->params, place->in, o, place->in_count);
        seen = rmt_view_broadcast(&seen, -1, &out->shape);
        if (rmt_shape_elements(&out->shape) == 0)
            rmt_strides_dense(out);
        else
            memcpy(out->strides, seen.strides, sizeof out->strides);
        place->place[o].view_of = o;
    }
}

const rmt_op rmt_op_broadcast = {.name = "broadcast",
                                 .params_bytes = sizeof(broadcast_params),
                                 .load = broadcast_load,
                                 .infer = broadcast_infer,
                                 .place = broadcast_place};

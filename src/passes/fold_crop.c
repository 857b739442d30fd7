/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A slice that cuts the first rows and columns off a convolution becomes less padding in front: output o reads the
 * input at o * stride - padding, so `a` outputs fewer are a * stride less of it. So exporters spell a stride of 2 with
 * padding at the end only (EfficientNet), and what follows can then join the convolution.
 */
#include "passes/rewrite.h"

#include <string.h>

/* What the slice cuts off the front of rows and columns; false when it does anything else. */
static bool read_crop(const rmt_node *slice, int64_t crop[2])
{
    int64_t axes[2], starts[2], ends[2], decrease[1];
    size_t count = rmt_node_ints(slice, "axes", axes, 2);
    if (strcmp(slice->op, "slice") != 0 || slice->input_count != 1 || count < 1 || count > 2 ||
        rmt_node_ints(slice, "starts", starts, 2) != count || rmt_node_ints(slice, "ends", ends, 2) != count ||
        rmt_node_ints(slice, "decrease_axis", decrease, 1) != 0)
        return false;
    crop[0] = crop[1] = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t side = (axes[i] < 0 ? axes[i] + 4 : axes[i]) - 2;
        if (side < 0 || side > 1 || starts[i] < 0 || ends[i] < INT32_MAX)
            return false;
        crop[side] = starts[i];
    }
    return true;
}

/* top, bottom, left, right; false where the file leaves them to the shape. */
static bool read_paddings(const rmt_node *conv, int64_t pads[4])
{
    if (strcmp(rmt_node_string(conv, "padding_algorithm", "EXPLICIT"), "EXPLICIT") != 0)
        return false;
    size_t count = rmt_node_ints(conv, "paddings", pads, 4);
    if (count == 2) {
        pads[2] = pads[3] = pads[1];
        pads[1] = pads[0];
    }
    return count == 2 || count == 4;
}

/* False when memory is exhausted. */
static bool fold_into(rmt_graph *graph, int32_t node, int32_t *changes)
{
    const rmt_node *conv = &graph->nodes[node];
    int32_t reader = rmt_only_reader(graph, conv->outputs[0]);
    int64_t crop[2], pads[4], strides[2] = {1, 1};
    if (reader < 0 || !read_crop(&graph->nodes[reader], crop) || !read_paddings(conv, pads))
        return true;
    size_t count = rmt_node_ints(conv, "strides", strides, 2);
    if (count != 0 && count != 2)
        return true;
    for (int side = 0; side < 2; side++) {
        if (strides[side] < 1 || crop[side] > pads[2 * side] / strides[side])
            return true;
        pads[2 * side] -= crop[side] * strides[side];
    }
    if (!rmt_node_set_ints(graph, node, "paddings", pads, 4))
        return false;
    rmt_absorb_reader(graph, node, reader);
    ++*changes;
    return true;
}

static ramet_status fold_crop(rmt_graph *graph, const rmt_kernels *kernels, int32_t *changes, ramet_error *error)
{
    (void)kernels;
    for (int32_t i = 0; i < (int32_t)graph->node_count; i++) {
        const rmt_node *node = &graph->nodes[i];
        bool plain = !node->dead && strcmp(node->op, "conv2d") == 0 && !rmt_has_activation(node) &&
                     rmt_input_at(node, RMT_CONV_RESIDUAL) == RMT_NO_VALUE;
        if (plain && !fold_into(graph, i, changes))
            return rmt_fail_memory(error, graph->arena.bytes);
    }
    return RAMET_STATUS_OK;
}

const rmt_pass rmt_pass_fold_crop = {"fold-crop", "rows and columns cut off a convolution become less padding",
                                     fold_crop};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What follows a resize is done while its pixels are in the cache: the sum of a
 * small and a large map (feature pyramids), and the choice of a class for each
 * pixel at the end of a segmentation.
 */
#include "passes/rewrite.h"

#include <string.h>

/* ---- sums ----------------------------------------------------------------------------------------------------------- */

static bool is_resize_of(const rmt_graph *graph, int32_t value, int32_t reader)
{
    int32_t producer = graph->values[value].producer;
    return producer >= 0 && !graph->nodes[producer].dead && strcmp(graph->nodes[producer].op, "interp") == 0 &&
           rmt_input_at(&graph->nodes[producer], RMT_INTERP_ADD) == RMT_NO_VALUE &&
           rmt_only_reader(graph, value) == reader;
}

static ramet_status fuse_resize_sum(rmt_graph *graph, const rmt_kernels *kernels, int32_t *changes, ramet_error *error)
{
    (void)kernels;
    for (int32_t i = 0; i < (int32_t)graph->node_count; i++) {
        const rmt_node *node = &graph->nodes[i];
        if (node->dead || strcmp(node->op, "add") != 0 || rmt_has_activation(node))
            continue;
        int32_t a = node->inputs[0], b = node->inputs[1];
        int32_t small = is_resize_of(graph, b, i) ? b : a, large = small == b ? a : b;
        if (a == b || !rmt_same_images(graph, a, b) || !is_resize_of(graph, small, i))
            continue;
        if (!rmt_move_to_sum(graph, graph->values[small].producer, i, RMT_INTERP_ADD, large))
            return rmt_fail_memory(error, graph->arena.bytes);
        ++*changes;
    }
    return RAMET_STATUS_OK;
}

const rmt_pass rmt_pass_fuse_resize_sum = {"fuse-resize-sum", "a resized map is added to another as it is made",
                                           fuse_resize_sum};

/* ---- classes -------------------------------------------------------------------------------------------------------- */

static bool chooses_class(const rmt_node *node)
{
    int64_t axis = rmt_node_int(node, "axis", -1);
    return strcmp(node->op, "arg_max") == 0 && (axis == 1 || axis == -3) && !rmt_node_bool(node, "flatten", false) &&
           !rmt_node_bool(node, "last", false);
}

/* interp, then arg_max over channels, become interp_arg_max in the place of the second. */
static bool join(rmt_graph *graph, int32_t resize, int32_t arg)
{
    const rmt_node chosen = graph->nodes[arg];
    graph->nodes[resize].op = "interp_arg_max";
    rmt_absorb_reader(graph, resize, arg);
    return rmt_node_set_int(graph, resize, "arg.dtype", rmt_node_int(&chosen, "dtype", RAMET_DTYPE_INT64)) &&
           rmt_node_set_int(graph, resize, "arg.keepdims", rmt_node_bool(&chosen, "keepdims", false));
}

static ramet_status fuse_resize_arg(rmt_graph *graph, const rmt_kernels *kernels, int32_t *changes, ramet_error *error)
{
    (void)kernels;
    for (int32_t i = 0; i < (int32_t)graph->node_count; i++) {
        const rmt_node *node = &graph->nodes[i];
        if (node->dead || strcmp(node->op, "interp") != 0 || rmt_input_at(node, RMT_INTERP_ADD) != RMT_NO_VALUE)
            continue;
        int32_t reader = rmt_only_reader(graph, node->outputs[0]);
        if (reader < 0 || !chooses_class(&graph->nodes[reader]) || graph->values[node->outputs[0]].shape.rank != 4)
            continue;
        if (!join(graph, i, reader))
            return rmt_fail_memory(error, graph->arena.bytes);
        ++*changes;
    }
    return RAMET_STATUS_OK;
}

const rmt_pass rmt_pass_fuse_resize_arg = {"fuse-resize-arg", "pixels get their class as they are resized",
                                           fuse_resize_arg};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What follows a sum is done while the sum is still in the cache: the shortcut
 * is added and the activation applied by the convolution or product itself.
 */
#include "passes/rewrite.h"

#include <string.h>

/* ---- activations ---------------------------------------------------------------------------------------------------- */

static bool can_carry_activation(const rmt_node *node)
{
    static const char *const names[] = {"conv2d", "conv2d_transpose", "matmul", "add", "subtract", "multiply", NULL};
    return rmt_is_op(node, names) && !rmt_has_activation(node);
}

/* Attributes of the activation as attributes "act.NAME" of the node in front. */
static bool take_attributes(rmt_graph *graph, int32_t node, int32_t activation)
{
    for (int32_t i = 0; i < graph->nodes[activation].attr_count; i++) {
        const rmt_attr *attr = &graph->nodes[activation].attrs[i];
        if (attr->type != RMT_ATTR_INT && attr->type != RMT_ATTR_FLOAT)
            continue;
        rmt_buffer name;
        rmt_buffer_init(&name, 256);
        bool good = rmt_buffer_printf(&name, "act.%.64s", attr->name) &&
                    rmt_node_set_float(graph, node, (const char *)name.data,
                                       rmt_node_float(&graph->nodes[activation], attr->name, 0));
        rmt_buffer_clear(&name);
        if (!good)
            return false;
    }
    return rmt_node_set_string(graph, node, "act", graph->nodes[activation].op);
}

/* From the node through operators that only see their input otherwise: the last node before something that works on it. */
static int32_t last_view(const rmt_graph *graph, int32_t node)
{
    static const char *const views[] = {"transpose", "reshape", "flatten", "squeeze", "unsqueeze", NULL};
    for (;;) {
        int32_t reader = rmt_only_reader(graph, graph->nodes[node].outputs[0]);
        if (reader < 0 || !rmt_is_op(&graph->nodes[reader], views) ||
            graph->nodes[reader].inputs[0] != graph->nodes[node].outputs[0])
            return node;
        node = reader;
    }
}

static ramet_status fuse_activation(rmt_graph *graph, const rmt_kernels *kernels, int32_t *changes, ramet_error *error)
{
    (void)kernels;
    for (int32_t i = 0; i < (int32_t)graph->node_count; i++) {
        if (graph->nodes[i].dead || !can_carry_activation(&graph->nodes[i]))
            continue;
        int32_t last = last_view(graph, i), out = graph->nodes[last].outputs[0];
        int32_t reader = rmt_only_reader(graph, out);
        rmt_activation activation;
        if (reader < 0 || graph->values[out].dtype != RAMET_DTYPE_FLOAT32 || graph->nodes[reader].input_count != 1 ||
            !rmt_activation_read(&graph->nodes[reader], graph->nodes[reader].op, "", &activation))
            continue;
        if (!take_attributes(graph, i, reader))
            return rmt_fail_memory(error, graph->arena.bytes);
        rmt_absorb_reader(graph, last, reader);
        ++*changes;
    }
    return RAMET_STATUS_OK;
}

const rmt_pass rmt_pass_fuse_activation = {"fuse-activation", "activations run while the sum in front is in the cache",
                                           fuse_activation};

/* ---- shortcuts -------------------------------------------------------------------------------------------------------- */

static bool is_depthwise(const rmt_graph *graph, const rmt_node *node)
{
    const rmt_shape *filter = &graph->values[node->inputs[RMT_CONV_FILTER]].shape;
    return filter->rank != 4 || (filter->dims[1] == 1 && rmt_node_int(node, "groups", 1) > 1);
}

/* The convolution that makes value for reader only and has room for a shortcut; -1: there is none. */
static int32_t convolution_behind(const rmt_graph *graph, int32_t value, int32_t reader)
{
    int32_t producer = graph->values[value].producer;
    if (producer < 0 || rmt_only_reader(graph, value) != reader)
        return -1;
    const rmt_node *node = &graph->nodes[producer];
    bool good = !node->dead && rmt_is_convolution(node) && !rmt_has_activation(node) &&
                rmt_input_at(node, RMT_CONV_RESIDUAL) == RMT_NO_VALUE && !is_depthwise(graph, node);
    return good ? producer : -1;
}

static ramet_status fuse_residual(rmt_graph *graph, const rmt_kernels *kernels, int32_t *changes, ramet_error *error)
{
    (void)kernels;
    for (int32_t i = 0; i < (int32_t)graph->node_count; i++) {
        const rmt_node *node = &graph->nodes[i];
        if (node->dead || strcmp(node->op, "add") != 0 || rmt_has_activation(node))
            continue;
        int32_t a = node->inputs[0], b = node->inputs[1];
        if (a == b || !rmt_same_images(graph, a, b))
            continue;
        int32_t first = convolution_behind(graph, a, i), second = convolution_behind(graph, b, i);
        int32_t conv = first > second ? first : second; /* the later one: its output is still in the cache */
        if (conv < 0)
            continue;
        if (!rmt_move_to_sum(graph, conv, i, RMT_CONV_RESIDUAL, conv == first ? b : a))
            return rmt_fail_memory(error, graph->arena.bytes);
        ++*changes;
    }
    return RAMET_STATUS_OK;
}

const rmt_pass rmt_pass_fuse_residual = {"fuse-residual", "shortcuts are added by the convolution they join",
                                         fuse_residual};

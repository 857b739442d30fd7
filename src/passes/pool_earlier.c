/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mean over an image of a 1x1 convolution without an activation is that convolution of the mean: it is taken of the
 * image in front where this has fewer channels (the gates in the necks of PP-OCR). The convolution's map is then read by one
 * node less, and often by none but the next.
 */
#include "passes/rewrite.h"

#include <stdio.h>
#include <string.h>

#define MOST_WEIGHTS (64 * 1024) /* the filter is packed twice */

static bool is_global_mean(const rmt_node *node)
{
    int64_t size[2] = {0, 0};
    bool global = rmt_node_bool(node, "global_pooling", false);
    if (strcmp(node->op, "pool2d") != 0 || node->output_count != 1 ||
        strcmp(rmt_node_string(node, "pooling_type", "max"), "avg") != 0)
        return false;
    size_t count = rmt_node_ints(node, "ksize", size, 2);
    bool one = count >= 1 && count <= 2 && size[0] == 1 && (count == 1 || size[1] == 1);
    return global || (one && rmt_node_bool(node, "adaptive", false));
}

/* The 1x1 convolution that makes the pool's image from fewer channels; -1: something else does. */
static int32_t find_convolution(const rmt_graph *graph, int32_t pool)
{
    const rmt_value *image = &graph->values[graph->nodes[pool].inputs[0]];
    const int32_t conv = image->producer;
    if (conv < 0 || graph->nodes[conv].block != graph->nodes[pool].block || image->shape.rank != 4)
        return -1;
    const rmt_node *node = &graph->nodes[conv];
    if (!rmt_is_pointwise(graph, node) || rmt_has_activation(node) ||
        rmt_input_at(node, RMT_CONV_RESIDUAL) != RMT_NO_VALUE)
        return -1;
    const rmt_shape *filter = &graph->values[node->inputs[RMT_CONV_FILTER]].shape;
    const int64_t weights = filter->dims[0] * filter->dims[1];
    return filter->dims[1] < filter->dims[0] && weights <= MOST_WEIGHTS ? conv : -1;
}

/* pool: conv's map -> mean becomes pool: conv's image -> small, and behind it the convolution again: small -> mean. */
static bool swap(rmt_graph *graph, int32_t pool, int32_t conv)
{
    char name[160];
    int32_t inputs[RMT_CONV_SCALE + 1], count = graph->nodes[conv].input_count, mean = graph->nodes[pool].outputs[0];
    rmt_shape shape = graph->values[mean].shape;
    if (count > RMT_CONV_SCALE + 1)
        return true;
    memcpy(inputs, graph->nodes[conv].inputs, (size_t)count * sizeof *inputs);
    shape.dims[1] = graph->values[inputs[RMT_CONV_FILTER]].shape.dims[1];
    snprintf(name, sizeof name, "%.96s.small.%zu", graph->nodes[pool].name, graph->value_count);
    const int32_t small = rmt_graph_add_value(graph, name, RAMET_DTYPE_FLOAT32, &shape);
    if (small < 0)
        return false;
    graph->nodes[pool].inputs[0] = inputs[RMT_CONV_X];
    graph->nodes[pool].outputs[0] = small;
    graph->values[small].producer = pool;
    inputs[RMT_CONV_X] = small;
    snprintf(name, sizeof name, "%.96s.behind", graph->nodes[pool].name);
    return rmt_insert_node(graph, pool + 1, "conv2d", name, inputs, (size_t)count, mean) >= 0;
}

static ramet_status pool_earlier(rmt_graph *graph, const rmt_kernels *kernels, int32_t *changes, ramet_error *error)
{
    (void)kernels;
    for (int32_t i = 0; i < (int32_t)graph->node_count; i++) {
        if (graph->nodes[i].dead || !is_global_mean(&graph->nodes[i]))
            continue;
        int32_t conv = find_convolution(graph, i);
        if (conv < 0)
            continue;
        if (!swap(graph, i, conv))
            return rmt_fail_memory(error, graph->arena.bytes);
        ++*changes;
    }
    return RAMET_STATUS_OK;
}

const rmt_pass rmt_pass_pool_earlier = {"pool-earlier", "a mean comes before the 1x1 convolution that widens its image",
                                        pool_earlier};

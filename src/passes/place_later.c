/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What makes a larger image of a smaller one, and a product or sum with an image made so, stands right before its first
 * reader. The larger image lives no longer than it must, and the planner finds in a row what it can run in turns.
 */
#include "passes/rewrite.h"

#include <string.h>

static int32_t first_reader(const rmt_graph *graph, int32_t node)
{
    const int32_t value = graph->nodes[node].outputs[0];
    for (int32_t i = node + 1; i < (int32_t)graph->node_count; i++)
        for (int32_t k = 0; !graph->nodes[i].dead && k < graph->nodes[i].input_count; k++)
            if (graph->nodes[i].inputs[k] == value)
                return i;
    return -1;
}

/* A 1x1 convolution to more channels, or a resize. */
static bool widens(const rmt_graph *graph, const rmt_node *node)
{
    if (strcmp(node->op, "interp") == 0)
        return true;
    if (!rmt_is_pointwise(graph, node))
        return false;
    const rmt_shape *filter = &graph->values[node->inputs[RMT_CONV_FILTER]].shape;
    return filter->dims[0] > filter->dims[1];
}

static bool can_wait(const rmt_graph *graph, int32_t index)
{
    const rmt_node *node = &graph->nodes[index];
    if (node->dead || node->output_count != 1 || graph->values[node->outputs[0]].shape.rank != 4)
        return false;
    if (widens(graph, node))
        return true;
    if (!rmt_is_op(node, (const char *const[]){"add", "multiply", NULL}) || node->input_count != 2)
        return false;
    const int32_t maker = graph->values[node->inputs[0]].producer;
    return maker >= 0 && widens(graph, &graph->nodes[maker]) && rmt_only_reader(graph, node->inputs[0]) == index;
}

/* Alive nodes stand between them. */
static bool are_apart(const rmt_graph *graph, int32_t node, int32_t reader)
{
    for (int32_t i = node + 1; i < reader; i++)
        if (!graph->nodes[i].dead)
            return true;
    return false;
}

static ramet_status place_later(rmt_graph *graph, const rmt_kernels *kernels, int32_t *changes, ramet_error *error)
{
    (void)kernels;
    (void)error;
    if (graph->block_count > 1) /* blocks read what stands before them */
        return RAMET_STATUS_OK;
    for (int32_t i = (int32_t)graph->node_count - 1; i >= 0; i--) {
        const int32_t reader = can_wait(graph, i) ? first_reader(graph, i) : -1;
        if (reader < 0 || graph->nodes[reader].block != graph->nodes[i].block || !are_apart(graph, i, reader))
            continue;
        rmt_move_node(graph, i, reader - 1);
        ++*changes;
    }
    return RAMET_STATUS_OK;
}

const rmt_pass rmt_pass_place_later = {"place-later", "what makes a larger image stands right before its reader",
                                       place_later};

/* SPDX-License-Identifier: Apache-2.0 */
/* Who reads a value: counting and redirecting. All linear in the graph; passes call them a few times per node. */
#include <string.h>

#include "graph/graph.h"

bool rmt_value_is_constant(const rmt_graph *graph, int32_t value)
{
    return value != RMT_NO_VALUE && graph->values[value].data != NULL;
}

int32_t rmt_graph_find_value(const rmt_graph *graph, const char *name)
{
    for (size_t i = 0; i < graph->value_count; i++)
        if (strcmp(graph->values[i].name, name) == 0)
            return (int32_t)i;
    return -1;
}

static bool reads(const rmt_node *node, int32_t value)
{
    for (int32_t i = 0; i < node->input_count; i++)
        if (node->inputs[i] == value)
            return true;
    return false;
}

static size_t count(const int32_t *list, size_t length, int32_t value)
{
    size_t found = 0;
    for (size_t i = 0; i < length; i++)
        found += list[i] == value;
    return found;
}

size_t rmt_graph_uses(const rmt_graph *graph, int32_t value)
{
    size_t uses = 0;
    for (size_t i = 0; i < graph->node_count; i++)
        uses += !graph->nodes[i].dead && reads(&graph->nodes[i], value);
    for (size_t b = 1; b < graph->block_count; b++)
        uses += count(graph->blocks[b].results, (size_t)graph->blocks[b].result_count, value);
    return uses + count(graph->outputs, graph->output_count, value);
}

static void replace(int32_t *list, size_t count, int32_t from, int32_t to)
{
    for (size_t i = 0; i < count; i++)
        list[i] = list[i] == from ? to : list[i];
}

void rmt_graph_replace_uses(rmt_graph *graph, int32_t from, int32_t to)
{
    for (size_t i = 0; i < graph->node_count; i++)
        if (!graph->nodes[i].dead)
            replace(graph->nodes[i].inputs, (size_t)graph->nodes[i].input_count, from, to);
    for (size_t b = 1; b < graph->block_count; b++)
        replace(graph->blocks[b].results, (size_t)graph->blocks[b].result_count, from, to);
    replace(graph->outputs, graph->output_count, from, to);
}

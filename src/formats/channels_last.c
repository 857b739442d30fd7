/* SPDX-License-Identifier: Apache-2.0 */
/* Transpositions around operators whose file has channels last. */
#include "formats/channels_last.h"

#include <string.h>

int32_t rmt_channels_last_rank(const char *layout)
{
    static const char *const layouts[] = {"NLC", "NHWC", "NDHWC"};
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++)
        if (strcmp(layouts[i], layout) == 0)
            return (int32_t)strlen(layout);
    return 0;
}

/* A value for what `value` is with channels first; its name tells the nodes before it, and so is unique. -1: no memory. */
static int32_t add_first(rmt_graph *graph, int32_t value)
{
    const rmt_shape unknown = {.rank = -1};
    rmt_buffer name;
    int32_t made = -1;
    rmt_buffer_init(&name, (size_t)1 << 20);
    if (rmt_buffer_printf(&name, "%s.first_%zu", graph->values[value].name, graph->node_count))
        made = rmt_graph_add_value(graph, (const char *)name.data, graph->values[value].dtype, &unknown);
    rmt_buffer_clear(&name);
    return made;
}

static bool add_transpose(rmt_graph *graph, int32_t from, int32_t to, const int64_t *perm, int32_t rank)
{
    int32_t node = rmt_graph_add_node(graph, "transpose", graph->values[to].name, &from, 1, &to, 1);
    return node >= 0 && rmt_node_set_ints(graph, node, "perm", perm, (size_t)rank);
}

bool rmt_channels_first_input(rmt_graph *graph, int32_t *value, int32_t *rank)
{
    int64_t perm[RMT_MAX_RANK] = {0};
    int32_t declared = graph->values[*value].shape.rank, first = add_first(graph, *value);
    *rank = declared >= 2 ? declared : *rank;
    for (int32_t i = 1; i < *rank; i++)
        perm[i] = i == 1 ? *rank - 1 : i - 1;
    bool good = first >= 0 && add_transpose(graph, *value, first, perm, *rank);
    *value = first;
    return good;
}

bool rmt_channels_first_outputs(rmt_graph *graph, int32_t node, int32_t rank)
{
    int64_t perm[RMT_MAX_RANK] = {0};
    for (int32_t i = 1; i < rank; i++)
        perm[i] = i + 1 < rank ? i + 1 : 1;
    for (int32_t i = 0; i < graph->nodes[node].output_count; i++) {
        int32_t value = graph->nodes[node].outputs[i];
        if (value == RMT_NO_VALUE)
            continue;
        int32_t first = add_first(graph, value);
        if (first < 0 || !add_transpose(graph, first, value, perm, rank))
            return false;
        graph->nodes[node].outputs[i] = first;
        graph->values[first].producer = node;
    }
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which nodes a block has, and with which node each value dies: settled once a
 * model, for nodes that run one by one. A value dies in the block that wrote
 * it, with the last node there that reads it, itself or in a block that it
 * runs. Outputs of the graph and results of blocks do not die.
 */
#include "plan/model.h"

#define NEVER INT32_MAX

/* The block in which each value is written, and the node that runs each block. */
typedef struct homes {
    int32_t *of_value;
    int32_t *owner;
    int32_t *last; /* for each value: the node that reads it last, or writes it if nobody does */
} homes;

static void find_homes(const rmt_graph *graph, homes *h)
{
    for (size_t n = 0; n < graph->node_count; n++) {
        const rmt_node *node = &graph->nodes[n];
        for (int32_t o = 0; !node->dead && o < node->output_count; o++) {
            h->of_value[node->outputs[o]] = node->block;
            h->last[node->outputs[o]] = (int32_t)n;
        }
        for (int k = 0; !node->dead && k < RMT_NODE_BLOCKS; k++)
            if (node->blocks[k] != 0)
                h->owner[node->blocks[k]] = (int32_t)n;
    }
    for (size_t b = 1; b < graph->block_count; b++)
        for (int32_t i = 0; i < graph->blocks[b].param_count; i++)
            h->of_value[graph->blocks[b].params[i]] = (int32_t)b;
}

/* node reads value: so does, in the value's own block, whatever node runs the block of node. */
static void read_by(const rmt_graph *graph, homes *h, int32_t value, int32_t node)
{
    if (value == RMT_NO_VALUE || h->last[value] == NEVER)
        return;
    while (graph->nodes[node].block != h->of_value[value])
        node = h->owner[graph->nodes[node].block];
    if (node > h->last[value])
        h->last[value] = node;
}

static void find_last_readers(const rmt_graph *graph, homes *h)
{
    for (size_t n = 0; n < graph->node_count; n++)
        for (int32_t i = 0; !graph->nodes[n].dead && i < graph->nodes[n].input_count; i++)
            read_by(graph, h, graph->nodes[n].inputs[i], (int32_t)n);
    for (size_t i = 0; i < graph->output_count; i++)
        h->last[graph->outputs[i]] = NEVER;
    for (size_t b = 1; b < graph->block_count; b++) {
        for (int32_t i = 0; i < graph->blocks[b].result_count; i++) {
            int32_t value = graph->blocks[b].results[i];
            if (value == RMT_NO_VALUE)
                continue;
            if (h->of_value[value] == (int32_t)b)
                h->last[value] = NEVER;
            else if (h->owner[b] >= 0)
                read_by(graph, h, value, h->owner[b]);
        }
    }
}

/* Lists of the indices [0, count) by their key; a key outside [0, keys) puts an index in no list. */
static bool make_lists(rmt_arena *arena, const int32_t *key, size_t count, size_t keys, rmt_index_lists *lists)
{
    lists->first = rmt_arena_alloc(arena, keys + 2, sizeof(int32_t));
    lists->items = rmt_arena_alloc(arena, count, sizeof(int32_t));
    if (lists->first == NULL || lists->items == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        if (key[i] >= 0 && (size_t)key[i] < keys)
            lists->first[key[i] + 2]++;
    for (size_t k = 2; k < keys + 2; k++)
        lists->first[k] += lists->first[k - 1];
    for (size_t i = 0; i < count; i++)
        if (key[i] >= 0 && (size_t)key[i] < keys)
            lists->items[lists->first[key[i] + 1]++] = (int32_t)i;
    return true;
}

static bool list_block_nodes(rmt_model *model, int32_t *key)
{
    const rmt_graph *graph = &model->graph;
    for (size_t n = 0; n < graph->node_count; n++)
        key[n] = graph->nodes[n].dead ? -1 : graph->nodes[n].block;
    size_t blocks = graph->block_count > 0 ? graph->block_count : 1;
    return make_lists(&model->graph.arena, key, graph->node_count, blocks, &model->block_nodes);
}

static bool find_lifetimes(rmt_model *model, rmt_arena *scratch)
{
    const rmt_graph *graph = &model->graph;
    homes h = {.of_value = rmt_arena_alloc(scratch, graph->value_count, sizeof(int32_t)),
               .owner = rmt_arena_alloc(scratch, graph->block_count + 1, sizeof(int32_t)),
               .last = rmt_arena_alloc(scratch, graph->value_count, sizeof(int32_t))};
    int32_t *key = rmt_arena_alloc(scratch, graph->node_count, sizeof(int32_t));
    if (h.of_value == NULL || h.owner == NULL || h.last == NULL || key == NULL)
        return false;
    for (size_t i = 0; i < graph->value_count; i++)
        h.last[i] = -1;
    for (size_t b = 0; b < graph->block_count; b++)
        h.owner[b] = -1;
    find_homes(graph, &h);
    find_last_readers(graph, &h);
    return make_lists(&model->graph.arena, h.last, graph->value_count, graph->node_count, &model->deaths) &&
           list_block_nodes(model, key);
}

bool rmt_model_find_lifetimes(rmt_model *model)
{
    rmt_arena scratch;
    rmt_arena_init(&scratch, 0);
    bool good = find_lifetimes(model, &scratch);
    rmt_arena_clear(&scratch);
    return good;
}

static rmt_indices list_of(const rmt_index_lists *lists, int32_t key)
{
    return (rmt_indices){lists->items + lists->first[key], lists->first[key + 1] - lists->first[key]};
}

rmt_indices rmt_model_deaths(const rmt_model *model, int32_t node) { return list_of(&model->deaths, node); }

rmt_indices rmt_model_block_nodes(const rmt_model *model, int32_t block) { return list_of(&model->block_nodes, block); }

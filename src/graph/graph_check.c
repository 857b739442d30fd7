/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The invariants of a graph, checked once after reading (and by tests after every pass): indices in range, unique
 * names, exact constants, each value written at most once and before it is read. Linear in the graph.
 */
#include <stdlib.h>
#include <string.h>

#include "graph/graph.h"

#define NOT_WRITTEN (-1)

/* What the walk over the nodes needs: for each value the block in which it can be read by now, for each block its owner. */
typedef struct order_walk {
    const rmt_graph *graph;
    int32_t *home;
    int32_t *owner; /* the node that runs the block, -1: none yet */
    ramet_error *error;
} order_walk;

static bool index_valid(const rmt_graph *graph, int32_t index)
{
    return index >= 0 && (size_t)index < graph->value_count;
}

/* ---- values ------------------------------------------------------------------------------------------- */

static bool dims_valid(const rmt_shape *shape)
{
    if (shape->rank < -1 || shape->rank > RMT_MAX_RANK)
        return false;
    for (int32_t i = 0; i < shape->rank; i++)
        if (shape->dims[i] < -1)
            return false;
    return true;
}

static ramet_status check_value(const rmt_value *value, ramet_error *error)
{
    if (ramet_dtype_bytes(value->dtype) == 0 || !dims_valid(&value->shape))
        return rmt_fail(error, RAMET_STATUS_BAD_FORMAT, "value '%.64s' has an impossible type or shape", value->name);
    if (value->data == NULL)
        return RAMET_STATUS_OK;
    int64_t elements = rmt_shape_elements(&value->shape);
    if (elements < 0 || value->data_bytes != (size_t)elements * ramet_dtype_bytes(value->dtype)) {
        return rmt_fail(error, RAMET_STATUS_BAD_FORMAT, "constant '%.64s' has %zu bytes, which its shape does not need",
                        value->name, value->data_bytes);
    }
    if (value->producer >= 0)
        return rmt_fail(error, RAMET_STATUS_BAD_FORMAT, "constant '%.64s' is written by a node", value->name);
    return RAMET_STATUS_OK;
}

static int by_text(const void *a, const void *b)
{
    const char *const *left = a;
    const char *const *right = b;
    return strcmp(*left, *right);
}

/* By sorting, not hashing: names come from files, and nothing in a file may make this slow. */
static ramet_status check_names(const rmt_graph *graph, ramet_error *error)
{
    const char **names = calloc(graph->value_count + 1, sizeof(char *));
    if (names == NULL)
        return rmt_fail_memory(error, graph->value_count * sizeof(char *));
    for (size_t i = 0; i < graph->value_count; i++)
        names[i] = graph->values[i].name;
    qsort(names, graph->value_count, sizeof(char *), by_text);
    ramet_status status = RAMET_STATUS_OK;
    for (size_t i = 1; i < graph->value_count && status == RAMET_STATUS_OK; i++)
        if (strcmp(names[i - 1], names[i]) == 0)
            status = rmt_fail(error, RAMET_STATUS_BAD_FORMAT, "two values are named '%.64s'", names[i]);
    free(names);
    return status;
}

static ramet_status check_values(const rmt_graph *graph, ramet_error *error)
{
    for (size_t i = 0; i < graph->value_count; i++) {
        ramet_status status = check_value(&graph->values[i], error);
        if (status != RAMET_STATUS_OK)
            return status;
    }
    return check_names(graph, error);
}

/* ---- blocks -------------------------------------------------------------------------------------------- */

/* A block stands in an earlier one, and not too deep. */
static bool block_nested_well(const rmt_graph *graph, size_t index)
{
    int32_t depth = 0;
    for (size_t b = index; b > 0; b = (size_t)graph->blocks[b].parent)
        if (graph->blocks[b].parent < 0 || (size_t)graph->blocks[b].parent >= b || ++depth > RMT_MAX_BLOCK_DEPTH)
            return false;
    return true;
}

static ramet_status check_params(order_walk *walk, size_t index)
{
    const rmt_graph *graph = walk->graph;
    const rmt_block *block = &graph->blocks[index];
    for (int32_t i = 0; i < block->param_count; i++) {
        int32_t param = block->params[i];
        bool good = index_valid(graph, param) && walk->home[param] == NOT_WRITTEN && graph->values[param].producer < 0;
        if (!good)
            return rmt_fail(walk->error, RAMET_STATUS_BAD_FORMAT, "parameter %d of block %zu is written elsewhere",
                            (int)i, index);
        walk->home[param] = (int32_t)index;
    }
    return RAMET_STATUS_OK;
}

static ramet_status check_blocks(order_walk *walk)
{
    ramet_status status = RAMET_STATUS_OK;
    for (size_t b = 1; b < walk->graph->block_count && status == RAMET_STATUS_OK; b++) {
        walk->owner[b] = -1;
        status = block_nested_well(walk->graph, b)
                     ? check_params(walk, b)
                     : rmt_fail(walk->error, RAMET_STATUS_BAD_FORMAT, "block %zu is nested impossibly, or too deep", b);
    }
    return status;
}

/* What is written in a block can be read there and in the blocks inside. */
static bool visible_in(const order_walk *walk, int32_t value, int32_t block)
{
    int32_t home = walk->home[value];
    while (home != NOT_WRITTEN && block > home)
        block = walk->graph->blocks[block].parent;
    return block == home;
}

/* Each block has one owner, which comes behind its nodes and in whose sight its results are. */
static ramet_status check_owned(order_walk *walk, size_t index)
{
    const rmt_graph *graph = walk->graph;
    const rmt_node *node = &graph->nodes[index];
    for (int k = 0; k < RMT_NODE_BLOCKS; k++) {
        int32_t b = node->blocks[k];
        if (b == 0)
            continue;
        if (b < 0 || (size_t)b >= graph->block_count || walk->owner[b] >= 0 || graph->blocks[b].parent != node->block)
            return rmt_fail(walk->error, RAMET_STATUS_BAD_FORMAT, "%.64s runs a block that is not its own", node->name);
        walk->owner[b] = (int32_t)index;
        for (int32_t i = 0; i < graph->blocks[b].result_count; i++) {
            int32_t result = graph->blocks[b].results[i];
            if (result != RMT_NO_VALUE && !(index_valid(graph, result) && visible_in(walk, result, b)))
                return rmt_fail(walk->error, RAMET_STATUS_BAD_FORMAT, "%.64s: nothing writes result %d of its block",
                                node->name, (int)i);
        }
    }
    return RAMET_STATUS_OK;
}

static bool block_valid(const order_walk *walk, const rmt_node *node)
{
    if (node->block == 0)
        return true;
    return node->block > 0 && (size_t)node->block < walk->graph->block_count && walk->owner[node->block] < 0;
}

/* ---- order --------------------------------------------------------------------------------------------- */

static ramet_status check_sources(order_walk *walk)
{
    const rmt_graph *graph = walk->graph;
    for (size_t i = 0; i < graph->value_count; i++)
        walk->home[i] = graph->values[i].data != NULL ? 0 : NOT_WRITTEN;
    for (size_t i = 0; i < graph->input_count; i++) {
        int32_t input = graph->inputs[i];
        if (!index_valid(graph, input) || walk->home[input] != NOT_WRITTEN || graph->values[input].producer >= 0) {
            return rmt_fail(walk->error, RAMET_STATUS_BAD_FORMAT,
                            "graph input %zu is listed twice, a constant, or written by a node", i);
        }
        walk->home[input] = 0;
    }
    return RAMET_STATUS_OK;
}

static ramet_status check_inputs(const order_walk *walk, const rmt_node *node)
{
    for (int32_t i = 0; i < node->input_count; i++) {
        int32_t input = node->inputs[i];
        if (input == RMT_NO_VALUE)
            continue;
        if (!index_valid(walk->graph, input))
            return rmt_fail(walk->error, RAMET_STATUS_BAD_FORMAT, "%.64s: input %d has no value", node->name, (int)i);
        if (!visible_in(walk, input, node->block)) {
            return rmt_fail(walk->error, RAMET_STATUS_BAD_FORMAT, "%.64s reads '%.64s' before it is written",
                            node->name, walk->graph->values[input].name);
        }
    }
    return RAMET_STATUS_OK;
}

static ramet_status check_outputs(order_walk *walk, size_t index)
{
    const rmt_node *node = &walk->graph->nodes[index];
    for (int32_t i = 0; i < node->output_count; i++) {
        int32_t output = node->outputs[i];
        if (output == RMT_NO_VALUE)
            continue;
        if (!index_valid(walk->graph, output))
            return rmt_fail(walk->error, RAMET_STATUS_BAD_FORMAT, "%.64s: output %d has no value", node->name, (int)i);
        const rmt_value *value = &walk->graph->values[output];
        if (walk->home[output] != NOT_WRITTEN || value->producer != (int32_t)index)
            return rmt_fail(walk->error, RAMET_STATUS_BAD_FORMAT, "value '%.64s' is written twice", value->name);
        walk->home[output] = node->block;
    }
    return RAMET_STATUS_OK;
}

static ramet_status check_node(order_walk *walk, size_t index)
{
    const rmt_node *node = &walk->graph->nodes[index];
    if (!block_valid(walk, node))
        return rmt_fail(walk->error, RAMET_STATUS_BAD_FORMAT, "%.64s stands in no open block", node->name);
    ramet_status status = check_inputs(walk, node);
    if (status == RAMET_STATUS_OK)
        status = check_owned(walk, index);
    return status == RAMET_STATUS_OK ? check_outputs(walk, index) : status;
}

static ramet_status check_order(order_walk *walk)
{
    const rmt_graph *graph = walk->graph;
    ramet_status status = check_sources(walk);
    if (status == RAMET_STATUS_OK)
        status = check_blocks(walk);
    for (size_t i = 0; i < graph->node_count && status == RAMET_STATUS_OK; i++)
        if (!graph->nodes[i].dead)
            status = check_node(walk, i);
    for (size_t i = 0; i < graph->output_count && status == RAMET_STATUS_OK; i++)
        if (!index_valid(graph, graph->outputs[i]) || !visible_in(walk, graph->outputs[i], 0))
            status = rmt_fail(walk->error, RAMET_STATUS_BAD_FORMAT, "nothing writes graph output %zu", i);
    return status;
}

ramet_status rmt_graph_check(const rmt_graph *graph, ramet_error *error)
{
    ramet_status status = check_values(graph, error);
    if (status != RAMET_STATUS_OK)
        return status;
    order_walk walk = {.graph = graph, .error = error};
    walk.home = calloc(graph->value_count + 1, sizeof *walk.home);
    walk.owner = calloc(graph->block_count + 1, sizeof *walk.owner);
    status = walk.home != NULL && walk.owner != NULL ? check_order(&walk)
                                                     : rmt_fail_memory(error, graph->value_count * sizeof *walk.home);
    free(walk.home);
    free(walk.owner);
    return status;
}

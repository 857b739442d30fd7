/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making a graph: values, constants, nodes, and the lists of inputs and outputs. The two tables grow by doubling
 * (so a pointer into them dies with the next addition; an index never does); all that hangs on their entries lives
 * in the arena. A failed call leaves the graph as it was, up to bytes lost in the arena.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "graph/graph.h"

#define MAX_ENTRIES ((size_t)1 << 24) /* values, and nodes; keeps every index well inside int32 */

void rmt_graph_init(rmt_graph *graph)
{
    *graph = (rmt_graph){0};
    rmt_arena_init(&graph->arena, 0);
}

void rmt_graph_clear(rmt_graph *graph)
{
    free(graph->values);
    free(graph->nodes);
    free(graph->blocks);
    rmt_arena_clear(&graph->arena);
    *graph = (rmt_graph){0};
}

int32_t rmt_graph_add_value(rmt_graph *graph, const char *name, ramet_dtype dtype, const rmt_shape *shape)
{
    void *values = graph->values;
    if (!rmt_grow(&values, &graph->value_capacity, graph->value_count, sizeof(rmt_value), MAX_ENTRIES))
        return -1;
    graph->values = values;
    char *copy = rmt_arena_copy_text(&graph->arena, name, strlen(name));
    if (copy == NULL)
        return -1;
    graph->values[graph->value_count] = (rmt_value){.name = copy, .dtype = dtype, .shape = *shape, .producer = -1};
    return (int32_t)graph->value_count++;
}

int32_t rmt_graph_add_constant(rmt_graph *graph, const char *name, ramet_dtype dtype, const rmt_shape *shape,
                               const void *data)
{
    static const unsigned char nothing[1]; /* an empty constant is still one: its data is not NULL */
    int64_t elements = rmt_shape_elements(shape);
    assert(elements >= 0 && (data != NULL || elements == 0));
    int32_t index = rmt_graph_add_value(graph, name, dtype, shape);
    if (index >= 0) {
        graph->values[index].data = data != NULL ? data : nothing;
        graph->values[index].data_bytes = (size_t)elements * ramet_dtype_bytes(dtype);
    }
    return index;
}

static int32_t *copy_indices(rmt_graph *graph, const int32_t *indices, size_t count)
{
    int32_t *copy = rmt_arena_alloc(&graph->arena, count, sizeof(int32_t));
    if (copy != NULL && count > 0)
        memcpy(copy, indices, count * sizeof(int32_t));
    return copy;
}

int32_t rmt_graph_add_node(rmt_graph *graph, const char *op, const char *name, const int32_t *inputs,
                           size_t input_count, const int32_t *outputs, size_t output_count)
{
    void *nodes = graph->nodes;
    if (input_count > MAX_ENTRIES || output_count > MAX_ENTRIES ||
        !rmt_grow(&nodes, &graph->node_capacity, graph->node_count, sizeof(rmt_node), MAX_ENTRIES))
        return -1;
    graph->nodes = nodes;
    rmt_node node = {
        .op = rmt_arena_copy_text(&graph->arena, op, strlen(op)),
        .name = rmt_arena_copy_text(&graph->arena, name, strlen(name)),
        .input_count = (int32_t)input_count,
        .output_count = (int32_t)output_count,
        .inputs = copy_indices(graph, inputs, input_count),
        .outputs = copy_indices(graph, outputs, output_count),
        .block = graph->open_block,
    };
    if (node.op == NULL || node.name == NULL || node.inputs == NULL || node.outputs == NULL)
        return -1;
    int32_t index = (int32_t)graph->node_count;
    for (size_t i = 0; i < output_count; i++)
        if (outputs[i] != RMT_NO_VALUE)
            graph->values[outputs[i]].producer = index;
    graph->nodes[graph->node_count++] = node;
    return index;
}

static bool append_block(rmt_graph *graph)
{
    void *blocks = graph->blocks;
    if (!rmt_grow(&blocks, &graph->block_capacity, graph->block_count, sizeof(rmt_block), MAX_ENTRIES))
        return false;
    graph->blocks = blocks;
    graph->blocks[graph->block_count++] = (rmt_block){.parent = graph->open_block};
    return true;
}

int32_t rmt_graph_begin_block(rmt_graph *graph)
{
    if ((graph->block_count == 0 && !append_block(graph)) || !append_block(graph))
        return -1;
    graph->open_block = (int32_t)graph->block_count - 1;
    return graph->open_block;
}

bool rmt_graph_end_block(rmt_graph *graph, int32_t block, const int32_t *params, size_t param_count,
                         const int32_t *results, size_t result_count)
{
    rmt_block *b = &graph->blocks[block];
    b->params = copy_indices(graph, params, param_count);
    b->results = copy_indices(graph, results, result_count);
    if (b->params == NULL || b->results == NULL)
        return false;
    b->param_count = (int32_t)param_count;
    b->result_count = (int32_t)result_count;
    graph->open_block = b->parent;
    return true;
}

bool rmt_graph_set_inputs(rmt_graph *graph, const int32_t *values, size_t count)
{
    int32_t *copy = copy_indices(graph, values, count);
    if (copy == NULL)
        return false;
    graph->inputs = copy;
    graph->input_count = count;
    return true;
}

bool rmt_graph_set_outputs(rmt_graph *graph, const int32_t *values, size_t count)
{
    int32_t *copy = copy_indices(graph, values, count);
    if (copy == NULL)
        return false;
    graph->outputs = copy;
    graph->output_count = count;
    return true;
}

bool rmt_node_add_input(rmt_graph *graph, int32_t node, int32_t value)
{
    rmt_node *target = &graph->nodes[node];
    int32_t *inputs = rmt_arena_alloc(&graph->arena, (size_t)target->input_count + 1, sizeof(int32_t));
    if (inputs == NULL)
        return false;
    if (target->input_count > 0)
        memcpy(inputs, target->inputs, (size_t)target->input_count * sizeof(int32_t));
    inputs[target->input_count++] = value;
    target->inputs = inputs;
    return true;
}

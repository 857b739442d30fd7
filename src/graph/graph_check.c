/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The invariants of a graph, checked once after reading (and by tests after every pass): indices in range, unique
 * names, exact constants, each value written at most once and before it is read. Linear in the graph.
 */
#include <stdlib.h>
#include <string.h>

#include "graph/graph.h"

/* What the walk over the nodes needs: for each value, whether it can be read by now. */
typedef struct order_walk {
    const rmt_graph *graph;
    bool *ready;
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

/* ---- order --------------------------------------------------------------------------------------------- */

static ramet_status check_sources(order_walk *walk)
{
    const rmt_graph *graph = walk->graph;
    for (size_t i = 0; i < graph->value_count; i++)
        walk->ready[i] = graph->values[i].data != NULL;
    for (size_t i = 0; i < graph->input_count; i++) {
        int32_t input = graph->inputs[i];
        if (!index_valid(graph, input) || walk->ready[input] || graph->values[input].producer >= 0) {
            return rmt_fail(walk->error, RAMET_STATUS_BAD_FORMAT,
                            "graph input %zu is listed twice, a constant, or written by a node", i);
        }
        walk->ready[input] = true;
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
        if (!walk->ready[input]) {
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
        if (walk->ready[output] || value->producer != (int32_t)index)
            return rmt_fail(walk->error, RAMET_STATUS_BAD_FORMAT, "value '%.64s' is written twice", value->name);
        walk->ready[output] = true;
    }
    return RAMET_STATUS_OK;
}

static ramet_status check_order(order_walk *walk)
{
    const rmt_graph *graph = walk->graph;
    ramet_status status = check_sources(walk);
    for (size_t i = 0; i < graph->node_count && status == RAMET_STATUS_OK; i++) {
        if (graph->nodes[i].dead)
            continue;
        status = check_inputs(walk, &graph->nodes[i]);
        if (status == RAMET_STATUS_OK)
            status = check_outputs(walk, i);
    }
    for (size_t i = 0; i < graph->output_count && status == RAMET_STATUS_OK; i++)
        if (!index_valid(graph, graph->outputs[i]) || !walk->ready[graph->outputs[i]])
            status = rmt_fail(walk->error, RAMET_STATUS_BAD_FORMAT, "nothing writes graph output %zu", i);
    return status;
}

ramet_status rmt_graph_check(const rmt_graph *graph, ramet_error *error)
{
    ramet_status status = check_values(graph, error);
    if (status != RAMET_STATUS_OK)
        return status;
    order_walk walk = {.graph = graph, .error = error};
    walk.ready = calloc(graph->value_count + 1, sizeof(bool));
    if (walk.ready == NULL)
        return rmt_fail_memory(error, graph->value_count + 1);
    status = check_order(&walk);
    free(walk.ready);
    return status;
}

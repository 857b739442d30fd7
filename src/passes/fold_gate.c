/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x + x * gate becomes x * (1 + gate): the 1 goes into the activation that makes the gate (squeeze-and-excitation with a
 * shortcut, as in the necks of PP-OCR), and one pass over a large map is saved.
 */
#include "passes/rewrite.h"

#include <string.h>

/* The multiplication that only `sum` reads, as value; -1: it is none. */
static int32_t product_behind(const rmt_graph *graph, int32_t value, int32_t sum)
{
    int32_t producer = graph->values[value].producer;
    if (producer < 0 || strcmp(graph->nodes[producer].op, "multiply") != 0 ||
        rmt_has_activation(&graph->nodes[producer]) || rmt_only_reader(graph, value) != sum)
        return -1;
    return producer;
}

/* The node that makes the gate for `product` only, with an activation; -1: there is none. */
static int32_t gate_behind(const rmt_graph *graph, int32_t value, int32_t product)
{
    int32_t producer = graph->values[value].producer;
    if (producer < 0 || rmt_node_attr(&graph->nodes[producer], "act") == NULL ||
        graph->values[value].dtype != RAMET_DTYPE_FLOAT32 || rmt_only_reader(graph, value) != product)
        return -1;
    return producer;
}

/* sum = add(x, multiply(x, gate)), in whatever order. */
static bool fold(rmt_graph *graph, int32_t sum, int32_t x, int32_t product, int32_t *changes)
{
    rmt_node *multiply = product < 0 ? NULL : &graph->nodes[product];
    if (multiply == NULL || (multiply->inputs[0] == x) == (multiply->inputs[1] == x))
        return true;
    int32_t gate = gate_behind(graph, multiply->inputs[multiply->inputs[0] == x], product);
    if (gate < 0)
        return true;
    memcpy(graph->nodes[sum].inputs, multiply->inputs, 2 * sizeof *multiply->inputs);
    graph->nodes[sum].op = multiply->op;
    multiply->dead = true;
    ++*changes;
    return rmt_node_set_int(graph, sum, "axis", rmt_node_int(&graph->nodes[product], "axis", -1)) &&
           rmt_node_set_float(graph, gate, "act_shift", rmt_node_float(&graph->nodes[gate], "act_shift", 0) + 1);
}

static ramet_status fold_gate(rmt_graph *graph, const rmt_kernels *kernels, int32_t *changes, ramet_error *error)
{
    (void)kernels;
    for (int32_t i = 0; i < (int32_t)graph->node_count; i++) {
        const rmt_node *node = &graph->nodes[i];
        if (node->dead || strcmp(node->op, "add") != 0 || node->input_count != 2 ||
            !rmt_same_images(graph, node->inputs[0], node->inputs[1]))
            continue;
        int32_t a = node->inputs[0], b = node->inputs[1];
        int32_t product = product_behind(graph, b, i);
        if (!fold(graph, i, product < 0 ? b : a, product < 0 ? product_behind(graph, a, i) : product, changes))
            return rmt_fail_memory(error, graph->arena.bytes);
    }
    return RAMET_STATUS_OK;
}

const rmt_pass rmt_pass_fold_gate = {"fold-gate", "x + x * gate takes one pass: the gate is made larger by 1",
                                     fold_gate};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A layer norm that a file spells out: d = x - mean(x), d / sqrt(mean(d * d) + epsilon), over the last dimension, then
 * times and plus a vector. The division becomes the layer_norm; what it was made of dies with its last reader.
 */
#include "passes/rewrite.h"

#include <string.h>

static const rmt_node *maker_of(const rmt_graph *graph, int32_t value, const char *op)
{
    int32_t producer = value == RMT_NO_VALUE ? -1 : graph->values[value].producer;
    const rmt_node *node = producer < 0 ? NULL : &graph->nodes[producer];
    return node != NULL && !node->dead && strcmp(node->op, op) == 0 ? node : NULL;
}

/* The input of a mean over the last dimension, which stays as 1; -1: it is none. */
static int32_t averaged(const rmt_graph *graph, int32_t value)
{
    const rmt_node *mean = maker_of(graph, value, "reduce_mean");
    int64_t dim[2] = {0, 0};
    if (mean == NULL || !rmt_node_bool(mean, "keep_dim", false) || rmt_node_bool(mean, "reduce_all", false) ||
        rmt_node_ints(mean, "dim", dim, 2) != 1)
        return -1;
    int32_t rank = graph->values[mean->inputs[0]].shape.rank;
    return dim[0] == -1 || (rank > 0 && dim[0] == rank - 1) ? mean->inputs[0] : -1;
}

static bool is_number(const rmt_graph *graph, int32_t value, float wanted)
{
    float number = wanted + 1;
    if (graph->values[value].data != NULL && rmt_shape_elements(&graph->values[value].shape) == 1)
        rmt_constant_floats(&graph->values[value], 0, 1, &number);
    return number == wanted;
}

static bool is_square_of(const rmt_graph *graph, int32_t value, int32_t d)
{
    const rmt_node *node = maker_of(graph, value, "square");
    if (node != NULL)
        return node->inputs[0] == d;
    node = maker_of(graph, value, "pow");
    if (node != NULL)
        return node->inputs[0] == d && node->input_count == 1 && rmt_node_float(node, "factor", 1) == 2;
    node = maker_of(graph, value, "pow_elementwise");
    if (node != NULL)
        return node->inputs[0] == d && is_number(graph, node->inputs[1], 2);
    node = maker_of(graph, value, "multiply");
    return node != NULL && node->inputs[0] == d && node->inputs[1] == d;
}

/* deviation = sqrt(mean(d * d) + *epsilon), or the root of its inverse. */
static bool is_deviation(rmt_graph *graph, int32_t value, const char *root, int32_t d, double *epsilon)
{
    const rmt_node *node = maker_of(graph, value, root);
    if (node == NULL)
        return false;
    int32_t producer = graph->values[node->inputs[0]].producer;
    const rmt_node *sum = producer < 0 ? NULL : &graph->nodes[producer];
    for (int32_t i = 0; sum != NULL && i < sum->input_count && i < 2; i++) {
        int32_t variance = sum->inputs[i], squares;
        rmt_affine affine;
        if (variance == RMT_NO_VALUE || (squares = averaged(graph, variance)) < 0 || !is_square_of(graph, squares, d) ||
            !rmt_affine_read(graph, sum, variance, 0, &affine) || affine.scale[0] != 1.0f)
            continue;
        *epsilon = (double)affine.shift[0];
        return true;
    }
    return false;
}

/* node = d / sqrt(...) or d * rsqrt(...); x, or -1. */
static int32_t normalized(rmt_graph *graph, const rmt_node *node, double *epsilon)
{
    bool divides = strcmp(node->op, "divide") == 0;
    if ((!divides && strcmp(node->op, "multiply") != 0) || rmt_has_activation(node))
        return -1;
    for (int side = 0; side < (divides ? 1 : 2); side++) {
        int32_t d = node->inputs[side];
        const rmt_node *distance = maker_of(graph, d, "subtract");
        if (distance != NULL && averaged(graph, distance->inputs[1]) == distance->inputs[0] &&
            is_deviation(graph, node->inputs[!side], divides ? "sqrt" : "rsqrt", d, epsilon))
            return distance->inputs[0];
    }
    return -1;
}

/* The constant with one number for each of the last dimension's elements, by which the only reader works; else -1. */
static int32_t vector_behind(const rmt_graph *graph, int32_t node, const char *op, int32_t *reader)
{
    int32_t out = graph->nodes[node].outputs[0];
    const rmt_shape *x = &graph->values[out].shape;
    *reader = rmt_only_reader(graph, out);
    if (*reader < 0 || strcmp(graph->nodes[*reader].op, op) != 0 || rmt_has_activation(&graph->nodes[*reader]))
        return -1;
    const rmt_node *behind = &graph->nodes[*reader];
    int32_t vector = behind->inputs[behind->inputs[0] == out];
    const rmt_value *v = &graph->values[vector];
    bool fits = v->data != NULL && v->dtype == RAMET_DTYPE_FLOAT32 && v->shape.rank == 1 && v->shape.dims[0] > 1 &&
                (x->rank <= 0 || v->shape.dims[0] == x->dims[x->rank - 1]) &&
                (rmt_node_int(behind, "axis", -1) == -1 || rmt_node_int(behind, "axis", -1) == x->rank - 1);
    return fits ? vector : -1;
}

static bool rewrite(rmt_graph *graph, int32_t node, int32_t x, double epsilon)
{
    rmt_node *n = &graph->nodes[node];
    n->op = "layer_norm";
    n->input_count = 1;
    n->inputs[0] = x;
    n->attr_count = 0;
    if (!rmt_node_set_float(graph, node, "epsilon", epsilon) || !rmt_node_set_int(graph, node, "begin_norm_axis", -1))
        return false;
    int32_t reader, scale = vector_behind(graph, node, "multiply", &reader);
    if (scale >= 0) {
        rmt_absorb_reader(graph, node, reader);
        if (!rmt_set_input(graph, node, 1, scale))
            return false;
    }
    int32_t bias = vector_behind(graph, node, "add", &reader);
    if (bias >= 0) {
        rmt_absorb_reader(graph, node, reader);
        if (!rmt_set_input(graph, node, 2, bias))
            return false;
    }
    return true;
}

static ramet_status read_norms(rmt_graph *graph, const rmt_kernels *kernels, int32_t *changes, ramet_error *error)
{
    (void)kernels;
    for (int32_t i = 0; i < (int32_t)graph->node_count; i++) {
        double epsilon;
        if (graph->nodes[i].dead || graph->nodes[i].input_count != 2)
            continue;
        int32_t x = normalized(graph, &graph->nodes[i], &epsilon);
        if (x < 0 || graph->values[x].dtype != RAMET_DTYPE_FLOAT32)
            continue;
        if (!rewrite(graph, i, x, epsilon))
            return rmt_fail_memory(error, graph->arena.bytes);
        ++*changes;
    }
    return RAMET_STATUS_OK;
}

const rmt_pass rmt_pass_read_norms = {"read-norms", "layer norms that the file spells out in small operators",
                                      read_norms};

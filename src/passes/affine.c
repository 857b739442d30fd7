/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes that multiply and add numbers that never change, read as one scale and
 * one shift for each channel, or one for all.
 */
#include "passes/rewrite.h"

#include <math.h>
#include <string.h>

static bool affine_init(rmt_graph *graph, int64_t count, rmt_affine *affine)
{
    affine->count = count;
    affine->scale = rmt_arena_alloc(&graph->arena, (size_t)count, sizeof(float));
    affine->shift = rmt_arena_alloc(&graph->arena, (size_t)count, sizeof(float));
    for (int64_t i = 0; affine->scale != NULL && i < count; i++)
        affine->scale[i] = 1;
    return affine->scale != NULL && affine->shift != NULL;
}

static bool is_float_constant(const rmt_graph *graph, int32_t value)
{
    return value != RMT_NO_VALUE && graph->values[value].data != NULL &&
           graph->values[value].dtype == RAMET_DTYPE_FLOAT32;
}

/* Numbers of a constant that is one number, or one for each of `channels` along dimension 1 of a tensor of rank `rank`. */
static int64_t constant_count(const rmt_value *constant, int64_t axis, int32_t rank, int64_t channels)
{
    const rmt_shape *shape = &constant->shape;
    int64_t elements = rmt_shape_elements(shape);
    if (elements == 1)
        return shape->rank <= (rank < 0 ? 0 : rank) ? 1 : 0; /* nothing declared: a scalar never changes the rank */
    if (elements != channels || channels == 0 || rank < 2)
        return 0;
    int64_t start = axis < 0 ? rank - shape->rank : axis; /* dimension of x at which the constant's first one stands */
    for (int32_t i = 0; i < shape->rank; i++)
        if (shape->dims[i] == channels)
            return start + i == 1 && start >= 0 ? channels : 0;
    return 0;
}

static bool read_batch_norm(rmt_graph *graph, const rmt_node *node, int64_t channels, rmt_affine *affine)
{
    for (int32_t i = 1; i < 5; i++) {
        int32_t value = rmt_input_at(node, i);
        bool optional = i < 3 && value == RMT_NO_VALUE;
        if (!optional && !is_float_constant(graph, value))
            return false;
        if (!optional && rmt_shape_elements(&graph->values[value].shape) != channels)
            return false;
    }
    if (channels == 0 || !affine_init(graph, channels, affine))
        return false;
    double epsilon = rmt_node_float(node, "epsilon", 1e-5);
    for (int64_t c = 0; c < channels; c++) {
        float gamma = 1, beta = 0, mean, variance;
        if (node->inputs[1] != RMT_NO_VALUE)
            rmt_constant_floats(&graph->values[node->inputs[1]], c, 1, &gamma);
        if (node->inputs[2] != RMT_NO_VALUE)
            rmt_constant_floats(&graph->values[node->inputs[2]], c, 1, &beta);
        rmt_constant_floats(&graph->values[node->inputs[3]], c, 1, &mean);
        rmt_constant_floats(&graph->values[node->inputs[4]], c, 1, &variance);
        double scale = gamma / sqrt((double)variance + epsilon);
        affine->scale[c] = (float)scale;
        affine->shift[c] = (float)(beta - mean * scale);
    }
    return true;
}

static bool read_binary(rmt_graph *graph, const rmt_node *node, int32_t x, int64_t channels, rmt_affine *affine)
{
    int32_t other = node->inputs[0] == x ? node->inputs[1] : node->inputs[0];
    bool x_first = node->inputs[0] == x;
    bool add = strcmp(node->op, "add") == 0, subtract = strcmp(node->op, "subtract") == 0;
    bool divide = strcmp(node->op, "divide") == 0;
    if (!is_float_constant(graph, other) || ((subtract || divide) && !x_first) || rmt_has_activation(node))
        return false;
    const rmt_shape *shape = &graph->values[x].shape;
    int64_t axis = x_first ? rmt_node_int(node, "axis", -1) : -1;
    int64_t count = constant_count(&graph->values[other], axis, shape->rank, channels);
    if (count == 0 || !affine_init(graph, count, affine))
        return false;
    float *numbers = add || subtract ? affine->shift : affine->scale;
    rmt_constant_floats(&graph->values[other], 0, count, numbers);
    for (int64_t i = 0; i < count; i++) {
        if (subtract)
            numbers[i] = -numbers[i];
        if (divide)
            numbers[i] = 1 / numbers[i];
    }
    return true;
}

static bool read_scale(rmt_graph *graph, const rmt_node *node, rmt_affine *affine)
{
    if (rmt_input_at(node, 1) != RMT_NO_VALUE || !affine_init(graph, 1, affine))
        return false;
    double scale = rmt_node_float(node, "scale", 1), bias = rmt_node_float(node, "bias", 0);
    bool after = rmt_node_bool(node, "bias_after_scale", true);
    affine->scale[0] = (float)scale;
    affine->shift[0] = (float)(after ? bias : bias * scale);
    return true;
}

bool rmt_affine_read(rmt_graph *graph, const rmt_node *node, int32_t x, int64_t channels, rmt_affine *affine)
{
    if (graph->values[x].dtype != RAMET_DTYPE_FLOAT32)
        return false;
    if (strcmp(node->op, "batch_norm") == 0)
        return node->inputs[0] == x && read_batch_norm(graph, node, channels, affine);
    if (strcmp(node->op, "scale") == 0)
        return node->inputs[0] == x && read_scale(graph, node, affine);
    if (rmt_is_op(node, (const char *const[]){"add", "subtract", "multiply", "divide", NULL}))
        return read_binary(graph, node, x, channels, affine);
    return false;
}

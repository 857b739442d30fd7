/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batch norms, biases and scales behind a convolution become its scale and
 * bias: weights are multiplied when they are packed, nothing is left to do at
 * run time. A bias behind a product with constant weights becomes its bias.
 *
 * Behind an activation, one scale and one shift for all channels stay with the
 * activation (the learnable affine blocks of PP-LCNetV3 and PP-HGNetV2).
 */
#include "passes/rewrite.h"

#include <string.h>

/* ---- in front of an activation ------------------------------------------------------------------------------------- */

static int64_t channels_of(const rmt_graph *graph, const rmt_node *node)
{
    const rmt_shape *filter = &graph->values[node->inputs[RMT_CONV_FILTER]].shape;
    if (filter->rank != 4)
        return 0;
    if (strcmp(node->op, "conv2d") == 0)
        return filter->dims[0];
    return filter->dims[1] * rmt_node_int(node, "groups", 1);
}

/* Numbers of an optional constant input, or `otherwise`; in the arena, to be written to. */
static float *vector_of(rmt_graph *graph, const rmt_node *node, int32_t index, int64_t count, float otherwise)
{
    float *numbers = rmt_arena_alloc(&graph->arena, (size_t)count, sizeof(float));
    int32_t value = rmt_input_at(node, index);
    for (int64_t i = 0; numbers != NULL && i < count; i++)
        numbers[i] = otherwise;
    if (numbers != NULL && value != RMT_NO_VALUE)
        rmt_constant_floats(&graph->values[value], 0, count, numbers);
    return numbers;
}

static bool set_vector(rmt_graph *graph, int32_t node, int32_t index, const char *what, const float *numbers,
                       int64_t count)
{
    char name[160];
    rmt_buffer text;
    rmt_buffer_init(&text, sizeof name);
    bool good = rmt_buffer_printf(&text, "%.96s.%s.%zu", graph->nodes[node].name, what, graph->value_count);
    int32_t value = !good ? -1
                          : rmt_graph_add_constant(graph, (const char *)text.data, RAMET_DTYPE_FLOAT32,
                                                   &(rmt_shape){1, {count}}, numbers);
    rmt_buffer_clear(&text);
    return value >= 0 && rmt_set_input(graph, node, index, value);
}

/* (w * s + b) * a + t = w * (s * a) + (b * a + t) */
static bool fold_into(rmt_graph *graph, int32_t node, const rmt_affine *affine, int64_t channels)
{
    float *scale = vector_of(graph, &graph->nodes[node], RMT_CONV_SCALE, channels, 1);
    float *bias = vector_of(graph, &graph->nodes[node], RMT_CONV_BIAS, channels, 0);
    if (scale == NULL || bias == NULL)
        return false;
    for (int64_t c = 0; c < channels; c++) {
        int64_t k = affine->count == 1 ? 0 : c;
        scale[c] *= affine->scale[k];
        bias[c] = bias[c] * affine->scale[k] + affine->shift[k];
    }
    return set_vector(graph, node, RMT_CONV_SCALE, "scale", scale, channels) &&
           set_vector(graph, node, RMT_CONV_BIAS, "bias", bias, channels);
}

static bool has_constant_filter(const rmt_graph *graph, const rmt_node *node)
{
    int32_t bias = rmt_input_at(node, RMT_CONV_BIAS);
    return rmt_value_is_constant(graph, node->inputs[RMT_CONV_FILTER]) &&
           (bias == RMT_NO_VALUE || rmt_value_is_constant(graph, bias));
}

/* Takes in whatever affine nodes follow. False when memory is exhausted. */
static bool fold_behind_convolution(rmt_graph *graph, int32_t node, int32_t *changes)
{
    for (;;) {
        int32_t out = graph->nodes[node].outputs[0], reader = rmt_only_reader(graph, out);
        int64_t channels = channels_of(graph, &graph->nodes[node]);
        rmt_affine affine;
        if (reader < 0 || !rmt_affine_read(graph, &graph->nodes[reader], out, channels, &affine))
            return true;
        if (!fold_into(graph, node, &affine, channels))
            return false;
        rmt_absorb_reader(graph, node, reader);
        ++*changes;
    }
}

/* x * W + b: b has one number for each column of a constant matrix W. */
static bool fold_matmul_bias(rmt_graph *graph, int32_t node, int32_t *changes)
{
    rmt_node *matmul = &graph->nodes[node];
    int32_t weights = matmul->inputs[1], reader = rmt_only_reader(graph, matmul->outputs[0]);
    if (reader < 0 || rmt_input_at(matmul, 2) != RMT_NO_VALUE || !rmt_value_is_constant(graph, weights))
        return true;
    const rmt_node *add = &graph->nodes[reader];
    const rmt_shape *w = &graph->values[weights].shape;
    if (strcmp(add->op, "add") != 0 || w->rank != 2 || add->inputs[0] != matmul->outputs[0])
        return true;
    int32_t bias = add->inputs[1];
    int64_t columns = w->dims[rmt_node_bool(matmul, "transpose_y", false) ? 0 : 1];
    const rmt_value *b = &graph->values[bias];
    bool fits = rmt_value_is_constant(graph, bias) && b->dtype == RAMET_DTYPE_FLOAT32 && b->shape.rank >= 1 &&
                b->shape.dims[b->shape.rank - 1] == columns && rmt_shape_elements(&b->shape) == columns;
    int64_t axis = rmt_node_int(add, "axis", -1), rank = graph->values[matmul->outputs[0]].shape.rank;
    bool unknown = rank <= 0 && axis < 0 && b->shape.rank == 1; /* nothing declared: columns are the last dimension */
    if (!fits || (!unknown && ((axis >= 0 && axis != rank - b->shape.rank) || b->shape.rank > rank)))
        return true;
    if (!rmt_set_input(graph, node, 2, bias))
        return false;
    rmt_absorb_reader(graph, node, reader);
    ++*changes;
    return true;
}

static ramet_status fold_affine(rmt_graph *graph, const rmt_kernels *kernels, int32_t *changes, ramet_error *error)
{
    (void)kernels;
    for (int32_t i = 0; i < (int32_t)graph->node_count; i++) {
        const rmt_node *node = &graph->nodes[i];
        bool good = true;
        if (!node->dead && rmt_is_convolution(node) && has_constant_filter(graph, node))
            good = fold_behind_convolution(graph, i, changes);
        if (!node->dead && strcmp(node->op, "matmul") == 0)
            good = fold_matmul_bias(graph, i, changes);
        if (!good)
            return rmt_fail_memory(error, graph->arena.bytes);
    }
    return RAMET_STATUS_OK;
}

const rmt_pass rmt_pass_fold_affine = {"fold-affine",
                                       "batch norms, biases and scales go into the weights in front of them",
                                       fold_affine};

/* ---- behind an activation ---------------------------------------------------------------------------------------------- */

/* act(x) * s + t, then * a + b: act(x) * (s * a) + (t * a + b). */
static bool fold_behind_activation(rmt_graph *graph, int32_t node, int32_t *changes)
{
    for (;;) {
        int32_t out = graph->nodes[node].outputs[0], reader = rmt_only_reader(graph, out);
        rmt_affine affine;
        if (reader < 0 || !rmt_affine_read(graph, &graph->nodes[reader], out, 0, &affine))
            return true;
        double scale = rmt_node_float(&graph->nodes[node], "act_scale", 1) * affine.scale[0];
        double shift = rmt_node_float(&graph->nodes[node], "act_shift", 0) * affine.scale[0] + affine.shift[0];
        if (!rmt_node_set_float(graph, node, "act_scale", scale) ||
            !rmt_node_set_float(graph, node, "act_shift", shift))
            return false;
        rmt_absorb_reader(graph, node, reader);
        ++*changes;
    }
}

static ramet_status fold_output_scale(rmt_graph *graph, const rmt_kernels *kernels, int32_t *changes,
                                      ramet_error *error)
{
    (void)kernels;
    for (int32_t i = 0; i < (int32_t)graph->node_count; i++) {
        const rmt_node *node = &graph->nodes[i];
        if (node->dead || rmt_node_attr(node, "act") == NULL)
            continue;
        if (!fold_behind_activation(graph, i, changes))
            return rmt_fail_memory(error, graph->arena.bytes);
    }
    return RAMET_STATUS_OK;
}

const rmt_pass rmt_pass_fold_output_scale = {"fold-output-scale",
                                             "one scale and shift behind a fused activation go into it",
                                             fold_output_scale};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chains of steps: the bits of a model whose layers run area by area are those of the same layers one by one, for any number
 * of threads. Layers run one by one where every one of them is an output.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "exec/exec.h"

enum { MOST_LAYERS = 8, MOST_WEIGHTS = 1 << 17 };

typedef struct layer {
    char
        kind; /* 'c': conv2d, 'd': depthwise, 't': conv2d_transpose, 'i': the input, resized, is added, 's': with the layer before side by side */
    int64_t kernel, stride, padding, channels;
    bool shortcut; /* what the layer before reads is added */
} layer;

typedef struct chain_case {
    const char *name;
    rmt_shape input;
    layer layers[MOST_LAYERS];
} chain_case;

static const chain_case cases[] = {
    {"stem of a text detector",
     {4, {1, 3, 250, 322}},
     {{'c', 3, 2, 1, 16, 0},
      {'d', 3, 1, 1, 16, 0},
      {'c', 1, 1, 0, 32, 0},
      {'d', 3, 2, 1, 32, 0},
      {'c', 1, 1, 0, 48, 0}}},
    {"depthwise in strips", {4, {2, 240, 8, 240}}, {{'d', 5, 1, 2, 240, 0}, {'c', 1, 1, 0, 240, 0}}},
    {"three by three in tiles",
     {4, {1, 24, 67, 101}},
     {{'c', 3, 1, 1, 24, 0}, {'c', 3, 1, 1, 32, 0}, {'c', 1, 1, 0, 8, 0}}},
    {"strided tiles, and a row and a column that no window sees",
     {4, {1, 8, 66, 194}},
     {{'c', 1, 1, 0, 64, 0}, {'c', 3, 2, 0, 64, 0}}},
    {"head of a text detector",
     {4, {2, 24, 40, 90}},
     {{'c', 3, 1, 1, 24, 0}, {'t', 2, 2, 0, 24, 0}, {'t', 2, 2, 0, 1, 0}}},
    {"a shortcut", {4, {1, 32, 80, 80}}, {{'c', 1, 1, 0, 32, 0}, {'d', 3, 1, 1, 32, 0}, {'c', 1, 1, 0, 32, 1}}},
    {"windows that skip rows",
     {4, {1, 20, 99, 81}},
     {{'c', 1, 1, 0, 40, 0}, {'c', 2, 3, 0, 24, 0}, {'d', 5, 2, 2, 24, 0}}},
    {"a pyramid", {4, {2, 24, 40, 56}}, {{'t', 2, 2, 0, 24, 0}, {'i', 0, 0, 0, 24, 0}, {'c', 3, 1, 1, 40, 0}}},
    {"side by side",
     {4, {1, 32, 70, 90}},
     {{'c', 1, 1, 0, 24, 0}, {'c', 3, 1, 1, 24, 0}, {'s', 0, 0, 0, 48, 0}, {'c', 3, 1, 1, 24, 0}}},
    {"uneven padding", {4, {1, 40, 61, 97}}, {{'d', 5, 1, 3, 40, 0}, {'d', 7, 1, 3, 40, 0}, {'c', 3, 2, 0, 24, 0}}},
};

static float weights[MOST_WEIGHTS];

static void make_weights(void)
{
    uint32_t seed = 7;
    for (size_t i = 0; i < MOST_WEIGHTS; i++) {
        seed = seed * 1664525u + 1013904223u;
        weights[i] = (float)(seed >> 8) / (1 << 23) - 1.0f;
    }
}

static int32_t add_value(rmt_graph *graph, const char *what, int at, int64_t channels)
{
    char name[32];
    snprintf(name, sizeof name, "%s%d", what, at);
    return rmt_graph_add_value(graph, name, RAMET_DTYPE_FLOAT32, &(rmt_shape){4, {-1, channels, -1, -1}});
}

static void add_filter_attributes(rmt_graph *graph, int32_t node, const layer *l, int64_t groups)
{
    assert_true(node >= 0);
    assert_true(rmt_node_set_ints(graph, node, "strides", (int64_t[]){l->stride, l->stride}, 2));
    assert_true(rmt_node_set_ints(graph, node, "paddings", (int64_t[]){l->padding, l->padding}, 2));
    assert_true(rmt_node_set_int(graph, node, "groups", groups));
}

static int32_t add_convolution(rmt_graph *graph, const layer *l, const int32_t *values, int at)
{
    char name[32];
    const int64_t in = graph->values[values[at]].shape.dims[1];
    rmt_shape filter = {4, {l->channels, in, l->kernel, l->kernel}};
    if (l->kind == 'd')
        filter.dims[1] = 1;
    if (l->kind == 't')
        filter = (rmt_shape){4, {in, l->channels, l->kernel, l->kernel}};
    assert_true(rmt_shape_elements(&filter) <= MOST_WEIGHTS);
    snprintf(name, sizeof name, "filter%d", at);
    const int32_t w = rmt_graph_add_constant(graph, name, RAMET_DTYPE_FLOAT32, &filter, weights);
    const int32_t y = add_value(graph, "layer", at, l->channels);
    const int32_t inputs[] = {values[at], w, RMT_NO_VALUE, l->shortcut ? values[at - 1] : RMT_NO_VALUE};
    const int32_t node = rmt_graph_add_node(graph, l->kind == 't' ? "conv2d_transpose" : "conv2d", "layer", inputs,
                                            l->shortcut ? 4 : 2, &y, 1);
    add_filter_attributes(graph, node, l, l->kind == 'd' ? in : 1);
    return y;
}

/* The input grows to twice its size and is added to the layer before. */
static int32_t add_resized(rmt_graph *graph, const layer *l, const int32_t *values, int at)
{
    const int32_t y = add_value(graph, "layer", at, l->channels);
    const int32_t inputs[] = {values[0], RMT_NO_VALUE, RMT_NO_VALUE, values[at]};
    const int32_t node = rmt_graph_add_node(graph, "interp", "layer", inputs, 4, &y, 1);
    assert_true(node >= 0 && RMT_INTERP_ADD == 3);
    assert_true(rmt_node_set_string(graph, node, "method", "nearest"));
    assert_true(rmt_node_set_floats(graph, node, "scale", (const double[]){2, 2}, 2));
    return y;
}

static int32_t add_beside(rmt_graph *graph, const layer *l, const int32_t *values, int at)
{
    const int32_t y = add_value(graph, "layer", at, l->channels);
    const int32_t inputs[] = {values[at - 1], values[at]};
    const int32_t node = rmt_graph_add_node(graph, "concat", "layer", inputs, 2, &y, 1);
    assert_true(node >= 0 && rmt_node_set_int(graph, node, "axis", 1));
    return y;
}

static int32_t add_layer(rmt_graph *graph, const layer *l, const int32_t *values, int at)
{
    switch (l->kind) {
    case 'i': return add_resized(graph, l, values, at);
    case 's': return add_beside(graph, l, values, at);
    default: return add_convolution(graph, l, values, at);
    }
}

static rmt_model *make_model(const chain_case *c, int32_t threads, bool apart)
{
    rmt_graph graph;
    ramet_error error;
    rmt_model *model;
    int32_t values[MOST_LAYERS + 1], count = 0;
    rmt_graph_init(&graph);
    values[0] = rmt_graph_add_value(&graph, "x", RAMET_DTYPE_FLOAT32, &c->input);
    assert_true(rmt_graph_set_inputs(&graph, values, 1));
    for (; count < MOST_LAYERS && c->layers[count].kind != 0; count++)
        values[count + 1] = add_layer(&graph, &c->layers[count], values, count);
    assert_true(rmt_graph_set_outputs(&graph, apart ? values + 1 : values + count, apart ? (size_t)count : 1));
    const rmt_model_option option = {.kernels = rmt_kernels_best(),
                                     .threads = threads,
                                     .plan_capacity = 1,
                                     .memory_budget_bytes = UINT64_C(1) << 30};
    assert_int_equal(rmt_model_create(&graph, &option, &model, &error), RAMET_STATUS_OK);
    return model;
}

/* The last layer's numbers; *links: how many layers and copies are in chains. */
static float *run_model(const chain_case *c, int32_t threads, bool apart, size_t *bytes, int *links)
{
    ramet_error error;
    rmt_exec exec;
    rmt_plan *plan;
    rmt_view outputs[MOST_LAYERS], input = rmt_view_dense(RAMET_DTYPE_FLOAT32, &c->input, NULL);
    const int64_t count = rmt_shape_elements(&c->input);
    float *numbers = malloc((size_t)count * sizeof *numbers);
    for (int64_t i = 0; i < count; i++)
        numbers[i] = weights[i * 31 % MOST_WEIGHTS];
    input.data = numbers;
    rmt_model *model = make_model(c, threads, apart);
    assert_int_equal(rmt_exec_init(&exec, threads, &error), RAMET_STATUS_OK);
    assert_int_equal(rmt_model_get_plan(model, &input, &plan, &error), RAMET_STATUS_OK);
    *links = 0;
    for (int32_t i = 0; i < plan->step_count; i++)
        if (plan->steps[i].op == &rmt_op_chain)
            *links += ((const rmt_chain *)plan->steps[i].params)->count;
    for (int round = 0; round < 2; round++)
        assert_int_equal(rmt_exec_run(&exec, model, plan, &input, outputs, &error), RAMET_STATUS_OK);
    const rmt_view *last = &outputs[plan->output_count - 1];
    *bytes = (size_t)rmt_shape_elements(&last->shape) * sizeof(float);
    float *result = malloc(*bytes);
    memcpy(result, last->data, *bytes);
    rmt_plan_release(plan);
    rmt_exec_clear(&exec);
    rmt_model_release(model);
    free(numbers);
    return result;
}

static void chained_layers_have_the_bits_of_single_ones(void **state)
{
    (void)state;
    make_weights();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t bytes, chained_bytes;
        int links;
        float *wanted = run_model(&cases[i], 1, true, &bytes, &links);
        for (int32_t threads = 1; threads <= 3; threads++) {
            float *got = run_model(&cases[i], threads, false, &chained_bytes, &links);
            if (links == 0 || bytes != chained_bytes || memcmp(wanted, got, bytes) != 0)
                fail_msg("%s, %d threads: %d links, other bits", cases[i].name, threads, links);
            free(got);
        }
        free(wanted);
    }
}

/* Few rows of wide pixels fit at a time, and tiles of them would be too few for each weight that is read. */
static void layers_with_few_tiles_at_a_time_stay_apart(void **state)
{
    (void)state;
    const chain_case few = {"few tiles", {4, {1, 256, 56, 56}}, {{'c', 1, 1, 0, 64, 0}, {'c', 3, 1, 1, 64, 0}}};
    size_t bytes;
    int links;
    free(run_model(&few, 1, false, &bytes, &links));
    assert_int_equal(links, 2); /* the copy of the input and the first layer */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(chained_layers_have_the_bits_of_single_ones),
                                       cmocka_unit_test(layers_with_few_tiles_at_a_time_stay_apart)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passes: small graphs, rewritten, compared as text. Each case is a chain
 * behind one convolution, described by a word a node.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "passes/passes.h"

static const float numbers[64] = {1, 2, 3, 4, 5, 6, 7, 8};
static const rmt_shape image = {4, {1, 4, -1, -1}};

typedef struct chain {
    rmt_graph graph;
    int32_t input, last; /* values */
    rmt_pass_report report;
} chain;

static int32_t constant(chain *c, const char *name, rmt_shape shape)
{
    return rmt_graph_add_constant(&c->graph, name, RAMET_DTYPE_FLOAT32, &shape, numbers);
}

static int32_t append(chain *c, const char *op, const int32_t *inputs, size_t count)
{
    char name[64] = "v";
    size_t n = c->graph.value_count;
    name[1] = (char)('a' + (char)(n % 26));
    name[2] = (char)('a' + (char)(n / 26));
    int32_t out = rmt_graph_add_value(&c->graph, name, RAMET_DTYPE_FLOAT32, &image);
    int32_t node = rmt_graph_add_node(&c->graph, op, name, inputs, count, &out, 1);
    c->last = out;
    return node;
}

static void start(chain *c)
{
    memset(c, 0, sizeof *c);
    rmt_graph_init(&c->graph);
    c->input = rmt_graph_add_value(&c->graph, "x", RAMET_DTYPE_FLOAT32, &image);
    int32_t filter = constant(c, "w", (rmt_shape){4, {4, 4, 1, 1}});
    assert_true(rmt_graph_set_inputs(&c->graph, &c->input, 1));
    append(c, "conv2d", (int32_t[]){c->input, filter}, 2);
}

static void unary(chain *c, const char *op) { append(c, op, &c->last, 1); }

static void binary(chain *c, const char *op, int32_t other) { append(c, op, (int32_t[]){c->last, other}, 2); }

static void finish(chain *c)
{
    ramet_error error;
    assert_true(rmt_graph_set_outputs(&c->graph, &c->last, 1));
    assert_int_equal(rmt_passes_apply(&c->graph, rmt_kernels_get(RMT_LEVEL_BASE), &c->report, &error), RAMET_STATUS_OK);
    assert_int_equal(rmt_graph_check(&c->graph, &error), RAMET_STATUS_OK);
}

/* The one node that is left. */
static const rmt_node *only_node(const chain *c)
{
    const rmt_node *only = NULL;
    for (size_t i = 0; i < c->graph.node_count; i++) {
        if (c->graph.nodes[i].dead)
            continue;
        assert_null(only);
        only = &c->graph.nodes[i];
    }
    assert_non_null(only);
    return only;
}

static void vector(const chain *c, int32_t input, float out[4])
{
    const rmt_node *node = only_node(c);
    assert_true(input < node->input_count);
    rmt_constant_floats(&c->graph.values[node->inputs[input]], 0, 4, out);
}

/* A slice of rows and columns behind the convolution, which has these strides and paddings. */
static void crop(chain *c, const int64_t start[2], int64_t end, int64_t stride, int64_t padding)
{
    int32_t conv = c->graph.values[c->last].producer;
    assert_true(rmt_node_set_ints(&c->graph, conv, "strides", (int64_t[]){stride, stride}, 2));
    assert_true(rmt_node_set_ints(&c->graph, conv, "paddings", (int64_t[]){padding, padding}, 2));
    int32_t slice = append(c, "slice", &c->last, 1);
    assert_true(rmt_node_set_ints(&c->graph, slice, "axes", (int64_t[]){2, -1}, 2));
    assert_true(rmt_node_set_ints(&c->graph, slice, "starts", start, 2));
    assert_true(rmt_node_set_ints(&c->graph, slice, "ends", (int64_t[]){end, end}, 2));
}

static void a_crop_becomes_less_padding_where_there_is_enough(void **state)
{
    (void)state;
    static const struct {
        int64_t start[2], end, stride, padding, left[4]; /* left[0] < 0: the slice stays */
    } cases[] = {
        {{1, 1}, INT32_MAX, 2, 2, {0, 2, 0, 2}},
        {{1, 1}, INT64_MAX, 2, 3, {1, 3, 1, 3}},
        {{0, 2}, INT32_MAX, 1, 2, {2, 2, 0, 2}},
        {{1, 1}, INT32_MAX, 2, 1, {-1}},
        {{1, 1}, -1, 2, 2, {-1}},
        {{-3, 1}, INT32_MAX, 2, 2, {-1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        chain c;
        start(&c);
        crop(&c, cases[i].start, cases[i].end, cases[i].stride, cases[i].padding);
        finish(&c);
        if (cases[i].left[0] < 0) {
            assert_string_equal(c.graph.nodes[c.graph.values[c.last].producer].op, "slice");
        } else {
            int64_t pads[4];
            assert_int_equal(rmt_node_ints(only_node(&c), "paddings", pads, 4), 4);
            assert_memory_equal(pads, cases[i].left, sizeof pads);
        }
        rmt_graph_clear(&c.graph);
    }
}

static void a_bias_is_folded_for_each_channel(void **state)
{
    (void)state;
    chain c;
    start(&c);
    binary(&c, "add", constant(&c, "b", (rmt_shape){4, {1, 4, 1, 1}}));
    finish(&c);
    float bias[4];
    vector(&c, 2, bias);
    assert_memory_equal(bias, numbers, sizeof bias);
    rmt_graph_clear(&c.graph);
}

static void a_constant_along_the_width_is_no_bias(void **state)
{
    (void)state;
    chain c;
    start(&c);
    binary(&c, "add", constant(&c, "b", (rmt_shape){1, {4}})); /* aligned with the last dimension */
    finish(&c);
    size_t live = 0;
    for (size_t i = 0; i < c.graph.node_count; i++)
        live += !c.graph.nodes[i].dead;
    assert_int_equal(live, 2);
    rmt_graph_clear(&c.graph);
}

static void scale_then_bias_multiply_in_order(void **state)
{
    (void)state;
    chain c;
    start(&c);
    binary(&c, "add", constant(&c, "b", (rmt_shape){4, {1, 4, 1, 1}}));
    binary(&c, "multiply", constant(&c, "s", (rmt_shape){4, {1, 4, 1, 1}}));
    finish(&c);
    float bias[4], scale[4];
    vector(&c, 2, bias);
    vector(&c, 4, scale);
    for (int i = 0; i < 4; i++) {
        assert_float_equal(scale[i], numbers[i], 0);
        assert_float_equal(bias[i], numbers[i] * numbers[i], 0);
    }
    rmt_graph_clear(&c.graph);
}

/* conv -> * s -> + b -> hard_swish -> * s -> + b, the learnable affine block. */
static void a_learnable_affine_block_becomes_one_node(void **state)
{
    (void)state;
    chain c;
    start(&c);
    int32_t two = constant(&c, "two", (rmt_shape){1, {1}});
    binary(&c, "multiply", two);
    binary(&c, "add", two);
    unary(&c, "hard_swish");
    binary(&c, "multiply", two);
    binary(&c, "add", two);
    finish(&c);
    const rmt_node *node = only_node(&c);
    rmt_activation act = rmt_activation_fused(node);
    assert_int_equal(act.function, RMT_UNARY_HARD_SWISH);
    assert_float_equal(act.p0, 6, 0);
    assert_float_equal(act.scale, numbers[0], 0);
    assert_float_equal(act.shift, numbers[0], 0);
    rmt_graph_clear(&c.graph);
}

static void a_shortcut_joins_the_later_convolution(void **state)
{
    (void)state;
    chain c;
    start(&c);
    int32_t first = c.last;
    append(&c, "conv2d", (int32_t[]){first, constant(&c, "w2", (rmt_shape){4, {4, 4, 1, 1}})}, 2);
    binary(&c, "add", first);
    unary(&c, "relu");
    finish(&c);
    const rmt_node *last = NULL;
    size_t live = 0;
    for (size_t i = 0; i < c.graph.node_count; i++) {
        live += !c.graph.nodes[i].dead;
        last = c.graph.nodes[i].dead ? last : &c.graph.nodes[i];
    }
    assert_int_equal(live, 2);
    assert_string_equal(last->op, "conv2d");
    assert_int_equal(last->inputs[3], first);
    assert_int_equal(rmt_activation_fused(last).function, RMT_UNARY_RELU);
    rmt_graph_clear(&c.graph);
}

static void a_value_read_twice_is_not_absorbed(void **state)
{
    (void)state;
    chain c;
    start(&c);
    int32_t conv = c.last;
    unary(&c, "relu");
    binary(&c, "multiply", conv);
    finish(&c);
    for (size_t i = 0; i < c.graph.node_count; i++)
        assert_false(c.graph.nodes[i].dead);
    rmt_graph_clear(&c.graph);
}

static void a_visible_output_keeps_its_name(void **state)
{
    (void)state;
    chain c;
    start(&c);
    unary(&c, "identity");
    const char *name = c.graph.values[c.last].name;
    char before[64];
    strncpy(before, name, sizeof before - 1);
    before[sizeof before - 1] = 0;
    finish(&c);
    assert_string_equal(c.graph.values[c.graph.outputs[0]].name, before);
    only_node(&c);
    rmt_graph_clear(&c.graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crop_becomes_less_padding_where_there_is_enough),
        cmocka_unit_test(a_bias_is_folded_for_each_channel),
        cmocka_unit_test(a_constant_along_the_width_is_no_bias),
        cmocka_unit_test(scale_then_bias_multiply_in_order),
        cmocka_unit_test(a_learnable_affine_block_becomes_one_node),
        cmocka_unit_test(a_shortcut_joins_the_later_convolution),
        cmocka_unit_test(a_value_read_twice_is_not_absorbed),
        cmocka_unit_test(a_visible_output_keeps_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

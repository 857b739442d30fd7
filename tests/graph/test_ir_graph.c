/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The graph: its text, its uses, and its invariants. One small graph, `x -> relu -> add(., w) -> out`, is printed,
 * rewired, and broken in every way that the check must notice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "graph/graph.h"

typedef struct fixture {
    rmt_graph graph;
    int32_t x, w, y, out;
    int32_t relu, add;
} fixture;

static const float weights[2] = {1.0F, 2.0F};

static int set_up(void **state)
{
    static fixture f;
    const rmt_shape image = {2, {-1, 2}};
    const rmt_shape pair = {1, {2}};
    rmt_graph *graph = &f.graph;
    rmt_graph_init(graph);
    f.x = rmt_graph_add_value(graph, "x", RAMET_DTYPE_FLOAT32, &image);
    f.w = rmt_graph_add_constant(graph, "w", RAMET_DTYPE_FLOAT32, &pair, weights);
    f.y = rmt_graph_add_value(graph, "y", RAMET_DTYPE_FLOAT32, &image);
    f.out = rmt_graph_add_value(graph, "out", RAMET_DTYPE_FLOAT32, &image);
    f.relu = rmt_graph_add_node(graph, "relu", "relu_0", &f.x, 1, &f.y, 1);
    f.add = rmt_graph_add_node(graph, "add", "add_0", (int32_t[]){f.y, f.w, RMT_NO_VALUE}, 3,
                               (int32_t[]){f.out, RMT_NO_VALUE}, 2);
    *state = &f;
    return rmt_graph_set_inputs(graph, &f.x, 1) && rmt_graph_set_outputs(graph, &f.out, 1) ? 0 : -1;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    rmt_graph_clear(&f->graph);
    return 0;
}

static void assert_text(const rmt_graph *graph, const char *expected)
{
    rmt_buffer text;
    rmt_buffer_init(&text, 1 << 16);
    assert_true(rmt_graph_print(graph, &text));
    assert_string_equal((const char *)text.data, expected);
    rmt_buffer_clear(&text);
}

static void text_shows_inputs_nodes_and_outputs_in_order(void **state)
{
    fixture *f = *state;
    const double scales[] = {0.5, 2.0};
    const char *const words[] = {"a", "b\n"};
    assert_true(rmt_node_set_int(&f->graph, f->add, "axis", -1));
    assert_true(rmt_node_set_ints(&f->graph, f->add, "none", NULL, 0));
    assert_true(rmt_node_set_floats(&f->graph, f->add, "scale", scales, 2));
    assert_true(rmt_node_set_strings(&f->graph, f->add, "words", words, 2));
    assert_text(&f->graph, "input %0 x float32[-1,2]\n"
                           "%2 = relu(%0)\n"
                           "%3, _ = add(%2, w[2], _) axis=-1 none=[] scale=[0.5,2] words=[\"a\",\"b?\"]\n"
                           "output %3 out float32[-1,2]\n");
}

static void text_shortens_long_lists(void **state)
{
    fixture *f = *state;
    const int64_t many[17] = {0};
    assert_true(rmt_node_set_ints(&f->graph, f->relu, "l", many, 17));
    f->graph.nodes[f->add].dead = true;
    f->graph.outputs[0] = f->y;
    assert_text(&f->graph, "input %0 x float32[-1,2]\n"
                           "%2 = relu(%0) l=[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,...]\n"
                           "output %2 y float32[-1,2]\n");
}

static void text_stops_at_the_limit_of_its_buffer(void **state)
{
    const fixture *f = *state;
    for (size_t limit = 1; limit < 80; limit++) {
        rmt_buffer text;
        rmt_buffer_init(&text, limit);
        assert_false(rmt_graph_print(&f->graph, &text));
        assert_true(text.bytes <= limit);
        rmt_buffer_clear(&text);
    }
}

static void uses_count_live_nodes_and_outputs(void **state)
{
    fixture *f = *state;
    assert_int_equal(rmt_graph_uses(&f->graph, f->x), 1);
    assert_int_equal(rmt_graph_uses(&f->graph, f->out), 1);
    assert_true(rmt_node_add_input(&f->graph, f->add, f->y));
    assert_int_equal(rmt_graph_uses(&f->graph, f->y), 1);
    f->graph.nodes[f->add].dead = true;
    assert_int_equal(rmt_graph_uses(&f->graph, f->y), 0);
}

static void replaced_uses_reach_nodes_and_outputs(void **state)
{
    fixture *f = *state;
    rmt_graph_replace_uses(&f->graph, f->y, f->x);
    rmt_graph_replace_uses(&f->graph, f->out, f->y);
    assert_int_equal(f->graph.nodes[f->add].inputs[0], f->x);
    assert_int_equal(f->graph.outputs[0], f->y);
}

static void values_are_found_by_name(void **state)
{
    const fixture *f = *state;
    assert_int_equal(rmt_graph_find_value(&f->graph, "w"), f->w);
    assert_int_equal(rmt_graph_find_value(&f->graph, "v"), -1);
    assert_true(rmt_value_is_constant(&f->graph, f->w));
    assert_false(rmt_value_is_constant(&f->graph, f->x));
    assert_false(rmt_value_is_constant(&f->graph, RMT_NO_VALUE));
}

static void an_empty_constant_is_a_constant(void **state)
{
    fixture *f = *state;
    const rmt_shape none = {1, {0}};
    int32_t value = rmt_graph_add_constant(&f->graph, "none", RAMET_DTYPE_INT64, &none, NULL);
    assert_true(rmt_value_is_constant(&f->graph, value));
    assert_int_equal(f->graph.values[value].data_bytes, 0);
    assert_int_equal(rmt_graph_check(&f->graph, NULL), RAMET_STATUS_OK);
}

/* ---- one way each to break an invariant ------------------------------------------------------------------ */

static void reverse_order(fixture *f)
{
    rmt_node first = f->graph.nodes[0];
    f->graph.nodes[0] = f->graph.nodes[1];
    f->graph.nodes[1] = first;
}
static void bury_a_producer(fixture *f) { f->graph.nodes[f->relu].dead = true; }
static void write_twice(fixture *f) { f->graph.nodes[f->add].outputs[0] = f->y; }
static void write_an_input(fixture *f) { f->graph.nodes[f->relu].outputs[0] = f->x; }
static void write_a_constant(fixture *f) { f->graph.values[f->w].producer = f->relu; }
static void read_past_the_table(fixture *f) { f->graph.nodes[f->add].inputs[1] = 4; }
static void read_a_negative_index(fixture *f) { f->graph.nodes[f->add].inputs[1] = -2; }
static void write_past_the_table(fixture *f) { f->graph.nodes[f->add].outputs[0] = 4; }
static void repeat_a_name(fixture *f) { f->graph.values[f->y].name = "x"; }
static void shorten_a_constant(fixture *f) { f->graph.values[f->w].data_bytes--; }
static void open_a_constant(fixture *f) { f->graph.values[f->w].shape.dims[0] = -1; }
static void leave_the_dtypes(fixture *f) { f->graph.values[f->y].dtype = (ramet_dtype)99; }
static void leave_the_ranks(fixture *f) { f->graph.values[f->y].shape.rank = RMT_MAX_RANK + 1; }
static void leave_the_dims(fixture *f) { f->graph.values[f->y].shape.dims[0] = -2; }
static void output_the_unwritten(fixture *f) { f->graph.nodes[f->add].dead = true; }
static void output_past_the_table(fixture *f) { f->graph.outputs[0] = 4; }
static void input_a_constant(fixture *f) { f->graph.inputs[0] = f->w; }

/* ---- blocks ------------------------------------------------------------------------------------------------- */

typedef struct block_fixture {
    rmt_graph graph;
    int32_t x, inside, out, block, body, loop;
} block_fixture;

/* A loop over a block of one node, which reads the parameter and a value from outside. */
static void make_loop(block_fixture *f)
{
    rmt_shape shape = {1, {3}};
    rmt_graph *graph = &f->graph;
    rmt_graph_init(graph);
    f->x = rmt_graph_add_value(graph, "x", RAMET_DTYPE_FLOAT32, &shape);
    int32_t param = rmt_graph_add_value(graph, "param", RAMET_DTYPE_FLOAT32, &shape);
    f->inside = rmt_graph_add_value(graph, "inside", RAMET_DTYPE_FLOAT32, &shape);
    f->out = rmt_graph_add_value(graph, "out", RAMET_DTYPE_FLOAT32, &shape);
    assert_true(rmt_graph_set_inputs(graph, &f->x, 1));
    f->block = rmt_graph_begin_block(graph);
    f->body = rmt_graph_add_node(graph, "add", "body", (const int32_t[]){param, f->x}, 2, &f->inside, 1);
    assert_true(rmt_graph_end_block(graph, f->block, &param, 1, (const int32_t[]){f->x, f->inside}, 2));
    f->loop = rmt_graph_add_node(graph, "while", "loop", (const int32_t[]){f->x, f->x}, 2, &f->out, 1);
    graph->nodes[f->loop].blocks[0] = f->block;
    assert_true(rmt_graph_set_outputs(graph, &f->out, 1));
}

static void leave_the_block(block_fixture *f) { f->graph.outputs[0] = f->inside; }
static void run_no_block(block_fixture *f) { f->graph.nodes[f->loop].blocks[0] = 2; }
static void run_the_main_block(block_fixture *f) { f->graph.nodes[f->loop].blocks[1] = f->block; }
static void stand_in_no_block(block_fixture *f) { f->graph.nodes[f->body].block = 7; }
static void nest_in_itself(block_fixture *f) { f->graph.blocks[f->block].parent = f->block; }
static void give_the_unwritten(block_fixture *f) { f->graph.blocks[f->block].results[1] = f->out; }
static void take_what_is_written(block_fixture *f) { f->graph.blocks[f->block].params[0] = f->x; }

static void check_notices_broken_blocks(void **state)
{
    (void)state;
    static void (*const breaks[])(block_fixture *) = {
        leave_the_block, run_no_block,       run_the_main_block,   stand_in_no_block,
        nest_in_itself,  give_the_unwritten, take_what_is_written,
    };
    for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++) {
        block_fixture f;
        ramet_error error = {0};
        make_loop(&f);
        assert_int_equal(rmt_graph_check(&f.graph, &error), RAMET_STATUS_OK);
        breaks[i](&f);
        assert_int_equal(rmt_graph_check(&f.graph, &error), RAMET_STATUS_BAD_FORMAT);
        rmt_graph_clear(&f.graph);
    }
}

static void text_names_blocks(void **state)
{
    (void)state;
    block_fixture f;
    rmt_buffer text;
    make_loop(&f);
    rmt_buffer_init(&text, 1 << 16);
    assert_true(rmt_graph_print(&f.graph, &text));
    assert_string_equal((const char *)text.data, "input %0 x float32[3]\n"
                                                 "block 1: %2 = add(%1, %0)\n"
                                                 "%3 = while(%0, %0) block 1 (%1) -> (%0, %2)\n"
                                                 "output %3 out float32[3]\n");
    rmt_buffer_clear(&text);
    rmt_graph_clear(&f.graph);
}

static void check_notices_every_broken_invariant(void **state)
{
    static void (*const breaks[])(fixture *) = {
        reverse_order,       bury_a_producer,       write_twice,          write_an_input, write_a_constant,
        read_past_the_table, read_a_negative_index, write_past_the_table, repeat_a_name,  shorten_a_constant,
        open_a_constant,     leave_the_dtypes,      leave_the_ranks,      leave_the_dims, output_the_unwritten,
        input_a_constant,    output_past_the_table,
    };
    for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++) {
        ramet_error error = {0};
        assert_int_equal(set_up(state), 0);
        fixture *f = *state;
        assert_int_equal(rmt_graph_check(&f->graph, &error), RAMET_STATUS_OK);
        breaks[i](f);
        assert_int_equal(rmt_graph_check(&f->graph, &error), RAMET_STATUS_BAD_FORMAT);
        assert_int_not_equal(error.message[0], '\0');
        assert_int_equal(tear_down(state), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(text_shows_inputs_nodes_and_outputs_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(text_shortens_long_lists, set_up, tear_down),
        cmocka_unit_test_setup_teardown(text_stops_at_the_limit_of_its_buffer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(uses_count_live_nodes_and_outputs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(replaced_uses_reach_nodes_and_outputs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(values_are_found_by_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_empty_constant_is_a_constant, set_up, tear_down),
        cmocka_unit_test(check_notices_every_broken_invariant),
        cmocka_unit_test(check_notices_broken_blocks),
        cmocka_unit_test(text_names_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

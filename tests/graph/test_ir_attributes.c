/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes: what is set can be read back, also as the other number type; nothing is read out of a wrong type. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "graph/graph.h"

typedef struct fixture {
    rmt_graph graph;
    int32_t node;
} fixture;

static const rmt_node *node_of(const fixture *f) { return &f->graph.nodes[f->node]; }

static int set_up(void **state)
{
    static fixture f;
    rmt_graph_init(&f.graph);
    f.node = rmt_graph_add_node(&f.graph, "op", "op_0", NULL, 0, NULL, 0);
    *state = &f;
    return f.node == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    rmt_graph_clear(&f->graph);
    return 0;
}

static void absent_attributes_give_the_default(void **state)
{
    const fixture *f = *state;
    int64_t ints[1] = {77};
    assert_int_equal(rmt_node_int(node_of(f), "a", -5), -5);
    assert_true(rmt_node_float(node_of(f), "a", 0.5) == 0.5);
    assert_true(rmt_node_bool(node_of(f), "a", true));
    assert_string_equal(rmt_node_string(node_of(f), "a", "none"), "none");
    assert_int_equal(rmt_node_ints(node_of(f), "a", ints, 1), 0);
    assert_int_equal(ints[0], 77);
}

static void numbers_stand_in_for_each_other(void **state)
{
    fixture *f = *state;
    assert_true(rmt_node_set_int(&f->graph, f->node, "i", 3));
    assert_true(rmt_node_set_float(&f->graph, f->node, "f", 2.75));
    assert_true(rmt_node_float(node_of(f), "i", 0) == 3.0);
    assert_int_equal(rmt_node_int(node_of(f), "f", 0), 2);
    assert_true(rmt_node_bool(node_of(f), "i", false));
    double floats[2] = {0};
    assert_int_equal(rmt_node_floats(node_of(f), "i", floats, 2), 1);
    assert_true(floats[0] == 3.0);
}

static void floats_beyond_integers_saturate(void **state)
{
    fixture *f = *state;
    static const struct {
        double value;
        int64_t integer;
    } cases[] = {{1e300, INT64_MAX}, {-1e300, INT64_MIN}, {9223372036854775808.0, INT64_MAX}, {-0.5, 0}, {NAN, 0}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(rmt_node_set_float(&f->graph, f->node, "f", cases[i].value));
        assert_int_equal(rmt_node_int(node_of(f), "f", 1), cases[i].integer);
    }
}

static void lists_are_copied_up_to_the_capacity(void **state)
{
    fixture *f = *state;
    const int64_t values[] = {1, -2, INT64_MAX};
    int64_t read[4] = {9, 9, 9, 9};
    assert_true(rmt_node_set_ints(&f->graph, f->node, "l", values, 3));
    assert_int_equal(rmt_node_ints(node_of(f), "l", read, 2), 3);
    assert_int_equal(read[1], -2);
    assert_int_equal(read[2], 9);
    assert_int_equal(rmt_node_ints(node_of(f), "l", read, 4), 3);
    assert_int_equal(read[2], INT64_MAX);
    assert_int_equal(read[3], 9);
    assert_int_equal(rmt_node_int(node_of(f), "l", 5), 5);
}

static void setting_again_replaces_value_and_type(void **state)
{
    fixture *f = *state;
    assert_true(rmt_node_set_int(&f->graph, f->node, "a", 1));
    assert_true(rmt_node_set_string(&f->graph, f->node, "a", "SAME"));
    assert_int_equal(node_of(f)->attr_count, 1);
    assert_string_equal(rmt_node_string(node_of(f), "a", ""), "SAME");
    assert_int_equal(rmt_node_int(node_of(f), "a", 8), 8);
}

static void many_attributes_keep_their_values(void **state)
{
    fixture *f = *state;
    char name[16];
    for (int i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof(name), "a%d", i);
        assert_true(rmt_node_set_int(&f->graph, f->node, name, 3 * i));
    }
    for (int i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof(name), "a%d", i);
        assert_int_equal(rmt_node_int(node_of(f), name, -1), 3 * i);
    }
}

static void an_exhausted_arena_is_reported(void **state)
{
    fixture *f = *state;
    const int64_t values[1024] = {0};
    f->graph.arena.limit_bytes = f->graph.arena.bytes + 512;
    assert_false(rmt_node_set_ints(&f->graph, f->node, "a", values, 1024));
    assert_null(rmt_node_attr(node_of(f), "a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(absent_attributes_give_the_default, set_up, tear_down),
        cmocka_unit_test_setup_teardown(numbers_stand_in_for_each_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(floats_beyond_integers_saturate, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lists_are_copied_up_to_the_capacity, set_up, tear_down),
        cmocka_unit_test_setup_teardown(setting_again_replaces_value_and_type, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_attributes_keep_their_values, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_exhausted_arena_is_reported, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

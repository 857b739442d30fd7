/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes: element counts at their limits, equality, text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "graph/graph.h"

static void elements_are_counted_or_refused(void **state)
{
    (void)state;
    static const struct {
        rmt_shape shape;
        int64_t elements;
    } cases[] = {
        {{0, {0}}, 1},
        {{1, {7}}, 7},
        {{4, {2, 3, 4, 5}}, 120},
        {{2, {1 << 16, 1 << 15}}, RMT_MAX_ELEMENTS},
        {{2, {RMT_MAX_ELEMENTS, 2}}, -1},
        {{3, {INT64_MAX, INT64_MAX, 3}}, -1},
        {{3, {INT64_MAX, INT64_MAX, 0}}, 0},
        {{2, {0, INT64_MAX}}, 0},
        {{2, {0, -1}}, -1},
        {{2, {-1, 3}}, -1},
        {{1, {INT64_MIN}}, -1},
        {{-1, {0}}, -1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(rmt_shape_elements(&cases[i].shape), cases[i].elements);
}

static void shapes_are_equal_up_to_their_rank(void **state)
{
    (void)state;
    const rmt_shape a = {2, {3, 4, 9}};
    const rmt_shape b = {2, {3, 4, 8}};
    const rmt_shape c = {3, {3, 4, 9}};
    const rmt_shape d = {2, {3, 5}};
    assert_true(rmt_shape_equal(&a, &b));
    assert_false(rmt_shape_equal(&a, &c));
    assert_false(rmt_shape_equal(&a, &d));
}

static void text_shows_every_dim(void **state)
{
    (void)state;
    static const struct {
        rmt_shape shape;
        const char *text;
    } cases[] = {
        {{0, {0}}, "[]"},
        {{-1, {0}}, "[?]"},
        {{4, {1, 3, -1, -1}}, "[1,3,-1,-1]"},
        {{1, {INT64_MIN}}, "[-9223372036854775808]"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[64];
        rmt_shape_print(&cases[i].shape, text, sizeof(text));
        assert_string_equal(text, cases[i].text);
    }
}

static void text_stays_in_its_room(void **state)
{
    (void)state;
    const rmt_shape shape = {4, {11, 22, 33, 44}};
    for (size_t size = 0; size < 16; size++) {
        char text[17];
        for (size_t i = 0; i < sizeof(text); i++)
            text[i] = 'x';
        rmt_shape_print(&shape, text, size);
        assert_int_equal(text[size], 'x');
        if (size > 0)
            assert_true(strlen(text) < size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_are_counted_or_refused),
        cmocka_unit_test(shapes_are_equal_up_to_their_rank),
        cmocka_unit_test(text_shows_every_dim),
        cmocka_unit_test(text_stays_in_its_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

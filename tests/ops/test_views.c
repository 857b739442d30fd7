/* SPDX-License-Identifier: Apache-2.0 */
/* Strides, forms, broadcasts, and loops over views. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "ops/ops_help.h"

static rmt_view view_of(int32_t rank, const int64_t *dims, const int64_t *strides)
{
    rmt_view view = {.dtype = RAMET_DTYPE_FLOAT32, .shape = {.rank = rank}};
    memcpy(view.shape.dims, dims, (size_t)rank * sizeof *dims);
    if (strides != NULL)
        memcpy(view.strides, strides, (size_t)rank * sizeof *strides);
    else
        rmt_strides_dense(&view);
    return view;
}

#define DIMS(...) ((const int64_t[]){__VA_ARGS__})

/* ---- layouts ------------------------------------------------------------------------------------------------------ */

static void assert_strides(const rmt_view *view, const int64_t *strides)
{
    for (int32_t i = 0; i < view->shape.rank; i++)
        assert_int_equal(view->strides[i], strides[i]);
}

static void shapes_get_the_strides_asked_for(void **state)
{
    (void)state;
    rmt_view view = view_of(4, DIMS(2, 3, 4, 5), NULL);
    assert_strides(&view, DIMS(60, 20, 5, 1));
    rmt_strides_channels_last(&view);
    assert_strides(&view, DIMS(60, 1, 15, 3));
    view = view_of(4, DIMS(2, 20, 4, 5), NULL);
    rmt_strides_channels_last(&view);
    assert_strides(&view, DIMS(480, 1, 120, 24));
}

static void strides_follow_a_model(void **state)
{
    (void)state;
    rmt_view like = view_of(3, DIMS(2, 3, 4), DIMS(100, 1, 10)); /* gaps fall away */
    rmt_view view = view_of(3, DIMS(2, 3, 4), NULL);
    rmt_strides_like(&view, &like);
    assert_strides(&view, DIMS(12, 1, 3));

    like = view_of(4, DIMS(2, 20, 4, 5), DIMS(1200, 1, 300, 60)); /* a slice of a wider tensor */
    view = view_of(4, DIMS(2, 20, 4, 5), NULL);
    rmt_strides_like(&view, &like);
    assert_strides(&view, DIMS(480, 1, 120, 24));

    like = view_of(3, DIMS(2, 3, 4), DIMS(4, 0, 1)); /* what is repeated gives no order */
    view = view_of(3, DIMS(2, 3, 4), NULL);
    rmt_strides_like(&view, &like);
    assert_strides(&view, DIMS(12, 4, 1));
}

static void forms_are_recognised(void **state)
{
    (void)state;
    static const struct {
        int32_t rank;
        int64_t dims[4], strides[4];
        bool dense, rows, channels_last;
    } cases[] = {
        {4, {2, 3, 4, 5}, {60, 20, 5, 1}, true, true, false},
        {4, {2, 3, 4, 5}, {60, 1, 15, 3}, false, false, true},
        {4, {2, 3, 4, 5}, {160, 1, 40, 8}, false, false, true},
        {4, {2, 3, 4, 5}, {160, 1, 41, 8}, false, false, false}, /* rows of pixels do not follow each other */
        {4, {2, 3, 4, 5}, {40, 1, 10, 2}, false, false, false},  /* pixels overlap */
        {4, {2, 1, 4, 5}, {20, 7, 5, 1}, true, true, true},      /* one channel */
        {4, {2, 3, 1, 1}, {3, 1, 9, 9}, true, true, true},       /* one pixel */
        {3, {2, 3, 4}, {100, 30, 1, 0}, false, true, false},
        {3, {2, 3, 4}, {0, 4, 1, 0}, false, false, false},
        {3, {1, 3, 4}, {0, 4, 1, 0}, true, true, false}, /* strides of ones mean nothing */
        {3, {2, 3, 1}, {3, 1, 8, 0}, true, true, false},
        {0, {0}, {0}, true, true, false},
        {3, {0, 3, 4}, {7, 7, 7, 0}, true, true, true}, /* nothing has every form */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rmt_view view = view_of(cases[i].rank, cases[i].dims, cases[i].strides);
        assert_int_equal(rmt_view_has_form(&view, RMT_FORM_DENSE), cases[i].dense);
        assert_int_equal(rmt_view_has_form(&view, RMT_FORM_ROWS), cases[i].rows);
        assert_int_equal(rmt_view_has_form(&view, RMT_FORM_CHANNELS_LAST), cases[i].channels_last);
        assert_true(rmt_view_has_form(&view, RMT_FORM_ANY));
    }
}

static void spans_reach_the_last_element(void **state)
{
    (void)state;
    rmt_view view = view_of(2, DIMS(3, 4), DIMS(10, 2));
    assert_int_equal(rmt_view_span(&view), 27);
    view = view_of(2, DIMS(3, 4), DIMS(0, 1));
    assert_int_equal(rmt_view_span(&view), 4);
    view = view_of(0, DIMS(0), NULL);
    assert_int_equal(rmt_view_span(&view), 1);
    view = view_of(3, DIMS(0, INT64_MAX, INT64_MAX), NULL);
    assert_int_equal(rmt_view_span(&view), 0);
}

static void equal_strides_ignore_ones(void **state)
{
    (void)state;
    rmt_view a = view_of(3, DIMS(2, 1, 3), DIMS(3, 5, 1)), b = view_of(3, DIMS(2, 1, 3), DIMS(3, 9, 1));
    assert_true(rmt_strides_equal(&a, &b));
    b.strides[0] = 4;
    assert_false(rmt_strides_equal(&a, &b));
}

static void dimensions_can_be_taken_out(void **state)
{
    (void)state;
    rmt_view view = view_of(4, DIMS(2, 3, 4, 5), NULL);
    rmt_view rest = rmt_view_without(&view, 1, 2);
    assert_int_equal(rest.shape.rank, 2);
    assert_strides(&rest, DIMS(60, 1));
    assert_int_equal(rest.shape.dims[1], 5);
}

static void products_of_dimensions_do_not_wrap(void **state)
{
    (void)state;
    rmt_shape shape = {4, {0, INT64_MAX, INT64_MAX, 3}};
    assert_int_equal(rmt_dims_product(&shape, 1, 3), RMT_MAX_ELEMENTS + 1);
    assert_int_equal(rmt_dims_product(&shape, 0, 4), 0);
    assert_int_equal(rmt_dims_product(&shape, 2, 2), 1);
}

static void axes_count_from_either_end(void **state)
{
    (void)state;
    assert_int_equal(rmt_axis_normalize(-4, 4), 0);
    assert_int_equal(rmt_axis_normalize(3, 4), 3);
    assert_int_equal(rmt_axis_normalize(4, 4), -1);
    assert_int_equal(rmt_axis_normalize(-5, 4), -1);
    assert_int_equal(rmt_axis_normalize(INT64_MIN, 0), -1);
}

/* ---- broadcast ------------------------------------------------------------------------------------------------------ */

static void broadcast_follows_numpy_and_axis(void **state)
{
    (void)state;
    static const struct {
        rmt_shape x, y;
        int64_t axis;
        bool fits;
        rmt_shape out;
    } cases[] = {
        {{2, {3, 4}}, {2, {3, 4}}, -1, true, {2, {3, 4}}},
        {{2, {3, 1}}, {2, {1, 4}}, -1, true, {2, {3, 4}}},
        {{3, {2, 3, 4}}, {1, {4}}, -1, true, {3, {2, 3, 4}}},
        {{1, {4}}, {3, {2, 3, 4}}, -1, true, {3, {2, 3, 4}}},
        {{3, {2, 3, 4}}, {1, {3}}, 1, true, {3, {2, 3, 4}}},
        {{3, {2, 3, 4}}, {2, {2, 3}}, 0, true, {3, {2, 3, 4}}},
        {{3, {2, 3, 4}}, {3, {3, 1, 1}}, -1, false, {0, {0}}},
        {{4, {2, 3, 4, 5}}, {3, {3, 1, 1}}, 1, true, {4, {2, 3, 4, 5}}}, /* ones at the end count for nothing */
        {{3, {2, 3, 4}}, {0, {0}}, -1, true, {3, {2, 3, 4}}},
        {{3, {2, 0, 4}}, {1, {1}}, -1, true, {3, {2, 0, 4}}},
        {{3, {2, 3, 4}}, {1, {3}}, -1, false, {0, {0}}},
        {{3, {2, 3, 4}}, {1, {3}}, 3, false, {0, {0}}},
        {{3, {2, 3, 4}}, {1, {3}}, -2, false, {0, {0}}},
        {{3, {2, 3, 4}}, {-1, {0}}, -1, false, {0, {0}}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rmt_shape out;
        assert_int_equal(rmt_broadcast_shapes(&cases[i].x, &cases[i].y, cases[i].axis, &out), cases[i].fits);
        if (cases[i].fits)
            assert_true(rmt_shape_equal(&out, &cases[i].out));
    }
}

static void broadcast_views_repeat_by_strides_of_zero(void **state)
{
    (void)state;
    rmt_shape shape = {4, {2, 3, 4, 5}};
    rmt_view y = view_of(2, DIMS(3, 1), NULL);
    rmt_view seen = rmt_view_broadcast(&y, 1, &shape);
    assert_strides(&seen, DIMS(0, 1, 0, 0));
    y = view_of(2, DIMS(4, 5), NULL);
    seen = rmt_view_broadcast(&y, -1, &shape);
    assert_strides(&seen, DIMS(0, 0, 5, 1));
}

/* ---- loops ------------------------------------------------------------------------------------------------------------ */

static void loops_join_what_lies_together(void **state)
{
    (void)state;
    rmt_view dense = view_of(4, DIMS(2, 3, 4, 5), NULL), image = dense, channel = dense;
    rmt_strides_channels_last(&image);
    rmt_nest nest = rmt_nest_of((const rmt_view *const[]){&dense, &dense}, 2);
    assert_int_equal(nest.rank, 1);
    assert_int_equal(nest.dims[0], 120);
    nest = rmt_nest_of((const rmt_view *const[]){&image}, 1);
    assert_int_equal(nest.rank, 1);
    nest = rmt_nest_of((const rmt_view *const[]){&image, &dense}, 2); /* images, pixels, channels */
    assert_int_equal(nest.rank, 3);
    assert_int_equal(nest.dims[1], 20);
    assert_int_equal(nest.dims[2], 3);
    memcpy(channel.strides, DIMS(0, 1, 0, 0), 4 * sizeof(int64_t));
    nest = rmt_nest_of((const rmt_view *const[]){&image, &channel}, 2);
    assert_int_equal(nest.rank, 2);
    assert_int_equal(nest.dims[0], 40);
    assert_int_equal(nest.dims[1], 3);
}

enum { MOST = 1 << 17 };
static int visits[MOST];

/* Counts the elements that rows reach, by the place that view 1 has for them. */
static void count_row(void *context, const rmt_row *row)
{
    const float *base = context;
    for (int64_t i = 0; i < row->n; i++) {
        const float *x = (const float *)row->at[1] + i * row->step[1];
        __atomic_fetch_add(&visits[x - base], 1, __ATOMIC_RELAXED);
    }
}

static void loops_visit_each_element_once(void **state)
{
    (void)state;
    static float memory[MOST];
    static const struct {
        int32_t rank;
        int64_t dims[4], strides[4];
    } cases[] = {
        {1, {100000}, {1}},
        {0, {0}, {0}},
        {2, {70, 1000}, {1, 70}},
        {4, {2, 3, 40, 50}, {6000, 1, 150, 3}},
        {4, {2, 3, 40, 50}, {16000, 2, 400, 8}},
        {3, {0, 3, 4}, {12, 4, 1}},
        {4, {1, 3, 1, 5}, {0, 5, 0, 1}},
    };
    rmt_team *team;
    assert_int_equal(rmt_team_create(3, &team, NULL), RAMET_STATUS_OK);
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        size_t c = i / 2;
        rmt_view x = view_of(cases[c].rank, cases[c].dims, cases[c].strides), dense = x;
        rmt_strides_dense(&dense);
        x.data = dense.data = memory;
        memset(visits, 0, sizeof visits);
        rmt_nest nest = rmt_nest_of((const rmt_view *const[]){&dense, &x}, 2);
        nest.piece = i % 2 == 0 ? 7 : 100000;
        rmt_nest_run(&nest, team, count_row, memory);
        int64_t seen = 0;
        for (size_t k = 0; k < MOST; k++) {
            assert_true(visits[k] <= 1);
            seen += visits[k];
        }
        assert_int_equal(seen, rmt_shape_elements(&x.shape));
    }
    rmt_team_destroy(team);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_get_the_strides_asked_for),
        cmocka_unit_test(strides_follow_a_model),
        cmocka_unit_test(forms_are_recognised),
        cmocka_unit_test(spans_reach_the_last_element),
        cmocka_unit_test(equal_strides_ignore_ones),
        cmocka_unit_test(dimensions_can_be_taken_out),
        cmocka_unit_test(products_of_dimensions_do_not_wrap),
        cmocka_unit_test(axes_count_from_either_end),
        cmocka_unit_test(broadcast_follows_numpy_and_axis),
        cmocka_unit_test(broadcast_views_repeat_by_strides_of_zero),
        cmocka_unit_test(loops_join_what_lies_together),
        cmocka_unit_test(loops_visit_each_element_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of every dtype: conversions, sixteen-bit floats, panels of constants, copies of views. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/one_op.h"

/* ---- conversions ---------------------------------------------------------------------------------------------------- */

static int64_t int_through(ramet_dtype dtype, int64_t number)
{
    unsigned char room[9];
    int64_t back;
    rmt_numbers_from_ints(dtype, &number, room + 1, 1, 1); /* unaligned */
    rmt_numbers_to_ints(dtype, room + 1, 1, &back, 1);
    return back;
}

static void integers_wrap_into_narrower_types(void **state)
{
    (void)state;
    static const struct {
        ramet_dtype dtype;
        int64_t number, back;
    } cases[] = {
        {RAMET_DTYPE_INT8, 200, -56},
        {RAMET_DTYPE_UINT8, -1, 255},
        {RAMET_DTYPE_INT16, 40000, -25536},
        {RAMET_DTYPE_INT32, INT64_C(1) << 31, INT32_MIN},
        {RAMET_DTYPE_INT64, INT64_MIN, INT64_MIN},
        {RAMET_DTYPE_BOOL, 256, 1},
        {RAMET_DTYPE_BOOL, 0, 0},
        {RAMET_DTYPE_FLOAT32, -7, -7},
        {RAMET_DTYPE_FLOAT64, INT64_C(1) << 40, INT64_C(1) << 40},
        {RAMET_DTYPE_FLOAT16, 2049, 2048},
        {RAMET_DTYPE_BFLOAT16, 256, 256},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(int_through(cases[i].dtype, cases[i].number), cases[i].back);
}

static void floats_become_integers_towards_zero(void **state)
{
    (void)state;
    const double numbers[] = {1.9, -1.9, 1e300, -1e300, (double)NAN, (double)INFINITY};
    const int64_t want[] = {1, -1, INT64_MAX, INT64_MIN, 0, INT64_MAX};
    int64_t got[6];
    bool truth[6];
    rmt_numbers_to_ints(RAMET_DTYPE_FLOAT64, numbers, 1, got, 6);
    assert_memory_equal(got, want, sizeof want);
    rmt_numbers_from_doubles(RAMET_DTYPE_BOOL, (const double[]){0.5, 0, -0.0, -3, 1, 2}, truth, 1, 6);
    assert_memory_equal(truth, ((const bool[]){true, false, false, true, true, true}), sizeof truth);
}

static void an_integer_is_rounded_once(void **state)
{
    (void)state;
    /* By way of a double this would become 2^60. */
    int64_t number = (INT64_C(1) << 60) + (INT64_C(1) << 36) + 1;
    float got;
    rmt_numbers_from_ints(RAMET_DTYPE_FLOAT32, &number, &got, 1, 1);
    assert_true(got == (float)number);
    assert_true(got > 1152921504606846976.0f);
}

static void sixteen_bit_floats_come_back(void **state)
{
    (void)state;
    static const ramet_dtype dtypes[] = {RAMET_DTYPE_FLOAT16, RAMET_DTYPE_BFLOAT16};
    for (int d = 0; d < 2; d++) {
        for (uint32_t bits = 0; bits <= UINT16_MAX; bits++) {
            uint16_t half = (uint16_t)bits, back;
            double wide;
            rmt_numbers_to_doubles(dtypes[d], &half, 1, &wide, 1);
            rmt_numbers_from_doubles(dtypes[d], &wide, &back, 1, 1);
            if (!isnan(wide))
                assert_int_equal(back, half);
            else
                assert_true((back & 0x7fff) > (d == 0 ? 0x7c00 : 0x7f80));
        }
    }
}

static uint16_t half_of(double number)
{
    uint16_t half;
    rmt_numbers_from_doubles(RAMET_DTYPE_FLOAT16, &number, &half, 1, 1);
    return half;
}

static void sixteen_bit_floats_round_to_even(void **state)
{
    (void)state;
    assert_int_equal(half_of(1), 0x3c00);
    assert_int_equal(half_of(1 + ldexp(1, -11)), 0x3c00);
    assert_int_equal(half_of(1 + 3 * ldexp(1, -11)), 0x3c02);
    assert_int_equal(half_of(2047.5), 0x6800);
    assert_int_equal(half_of(65519), 0x7bff);
    assert_int_equal(half_of(-65520), 0xfc00);
    assert_int_equal(half_of(ldexp(1, -25)), 0x0000);
    assert_int_equal(half_of(ldexp(3, -26)), 0x0001);
    assert_int_equal(half_of(ldexp(2047, -25)), 0x0400); /* the largest subnormal and a half */
}

/* ---- constants ------------------------------------------------------------------------------------------------------- */

static void constants_of_any_float_type_are_read(void **state)
{
    (void)state;
    unsigned char bytes[1 + 100 * sizeof(double)];
    double numbers[100];
    float got[100];
    for (int i = 0; i < 100; i++)
        numbers[i] = i * 0.5 - 20;
    static const ramet_dtype dtypes[] = {RAMET_DTYPE_FLOAT32, RAMET_DTYPE_FLOAT64, RAMET_DTYPE_FLOAT16,
                                         RAMET_DTYPE_BFLOAT16};
    for (size_t d = 0; d < 4; d++) {
        rmt_numbers_from_doubles(dtypes[d], numbers, bytes + 1, 1, 100);
        rmt_value constant = {.dtype = dtypes[d], .shape = {1, {100}}, .data = bytes + 1};
        rmt_constant_floats(&constant, 3, 90, got);
        for (int i = 0; i < 90; i++)
            assert_true(got[i] == (float)numbers[i + 3]);
    }
}

static void panels_hold_a_matrix_or_its_transpose(void **state)
{
    (void)state;
    enum { K = 300, N = 21, PANELS = 2 };
    static float panels[PANELS * K * RMT_PANEL];
    const float *m = one_op_numbers(0, K * N, 1);
    for (int transposed = 0; transposed < 2; transposed++) {
        rmt_value constant = {.dtype = RAMET_DTYPE_FLOAT32, .shape = {2, {K, N}}, .data = m};
        memset(panels, 0, sizeof panels);
        rmt_constant_panels(&constant, transposed != 0, K, N, 2, panels);
        for (int q = 0; q < K; q++)
            for (int j = 0; j < PANELS * RMT_PANEL; j++) {
                float want = j >= N ? 0 : 2 * m[transposed ? j * K + q : q * N + j];
                assert_true(panels[(j / RMT_PANEL * K + q) * RMT_PANEL + j % RMT_PANEL] == want);
            }
    }
}

static void shapes_are_read_from_known_tensors(void **state)
{
    (void)state;
    int32_t numbers[] = {3, -1, 0};
    int64_t got[4];
    rmt_view view = rmt_view_dense(RAMET_DTYPE_INT32, &(rmt_shape){1, {3}}, numbers);
    assert_int_equal(rmt_view_read_ints(&view, got, 4), 3);
    assert_int_equal(got[1], -1);
    assert_int_equal(rmt_view_read_ints(&view, got, 2), -1);
    view.data = NULL;
    assert_int_equal(rmt_view_read_ints(&view, got, 4), -1);
}

/* ---- copies ------------------------------------------------------------------------------------------------------------ */

/* Strides for the dimensions in the order of `order`, the last innermost, with `gap` elements behind each. */
static void set_strides(rmt_view *view, const int *order, int64_t gap)
{
    int64_t stride = 1 + gap;
    for (int i = view->shape.rank - 1; i >= 0; i--) {
        view->strides[order[i]] = stride;
        stride = stride * view->shape.dims[order[i]] + gap;
    }
}

static const unsigned char *element(const rmt_view *view, const int64_t *index)
{
    int64_t offset = 0;
    for (int i = 0; i < view->shape.rank; i++)
        offset += index[i] * view->strides[i];
    return rmt_view_at(view, offset);
}

static void assert_same_elements(const rmt_view *a, const rmt_view *b)
{
    size_t bytes = ramet_dtype_bytes(a->dtype);
    const int64_t *d = a->shape.dims;
    for (int64_t i = 0; i < d[0]; i++)
        for (int64_t j = 0; j < d[1]; j++)
            for (int64_t k = 0; k < d[2]; k++)
                for (int64_t l = 0; l < d[3]; l++) {
                    const int64_t index[] = {i, j, k, l};
                    assert_memory_equal(element(a, index), element(b, index), bytes);
                }
}

static void copies_keep_every_element(void **state)
{
    (void)state;
    static const int orders[][4] = {{0, 1, 2, 3}, {0, 2, 3, 1}, {3, 2, 1, 0}, {0, 1, 3, 2}, {1, 0, 2, 3}};
    static const ramet_dtype dtypes[] = {RAMET_DTYPE_UINT8, RAMET_DTYPE_INT16, RAMET_DTYPE_FLOAT32, RAMET_DTYPE_INT64};
    static const rmt_shape shapes[] = {{4, {2, 3, 5, 7}}, {4, {1, 37, 9, 31}}, {4, {2, 1, 5, 1}}, {4, {1, 300, 1, 2}}};
    static unsigned char a[1 << 20], b[1 << 20];
    for (size_t i = 0; i < sizeof a; i++)
        a[i] = (unsigned char)(i * 31 + i / 256 * 7);
    for (size_t c = 0; c < 4 * 4 * 5 * 5 * 4; c++) {
        rmt_view from = rmt_view_dense(dtypes[c % 4], &shapes[c / 4 % 4], a), to = from;
        to.data = b;
        set_strides(&from, orders[c / 16 % 5], (int64_t)(c / 400 % 2));
        set_strides(&to, orders[c / 80 % 5], (int64_t)(c / 800 % 2));
        memset(b, 0x7e, sizeof b);
        rmt_copy_view(rmt_kernels_get(RMT_LEVEL_BASE), &from, &to);
        assert_same_elements(&from, &to);
        size_t end = (size_t)rmt_view_span(&to) * ramet_dtype_bytes(to.dtype);
        assert_int_equal(b[end], 0x7e);
    }
}

/* ---- chance --------------------------------------------------------------------------------------------------------- */

enum { BATCH = 3, DRAWN = 16 * 4096 };

static void draw(int threads, float numbers[BATCH * DRAWN])
{
    one_op o;
    one_op_init(&o, "uniform shape=[3,16,4096] min=-1.0 max=3.0", 1);
    assert_int_equal(one_op_load(&o), RAMET_STATUS_OK);
    one_op_run(&o, &(one_op_style){.threads = threads});
    memcpy(numbers, o.result[0].data, BATCH * DRAWN * sizeof *numbers);
    one_op_clear(&o);
}

static void chance_is_even_and_the_same_for_each_of_a_batch(void **state)
{
    (void)state;
    static float numbers[BATCH * DRAWN], again[BATCH * DRAWN];
    double sum = 0;
    int quarters[4] = {0};
    draw(1, numbers);
    draw(3, again);
    assert_memory_equal(numbers, again, sizeof numbers);
    for (int i = 1; i < BATCH; i++)
        assert_memory_equal(numbers, numbers + i * DRAWN, DRAWN * sizeof *numbers);
    for (int i = 0; i < DRAWN; i++) {
        assert_true(numbers[i] >= -1 && numbers[i] < 3);
        quarters[(int)(numbers[i] + 1)]++;
        sum += (double)numbers[i];
    }
    assert_true(fabs(sum / DRAWN - 1) < 0.02);
    for (int i = 0; i < 4; i++)
        assert_true(abs(quarters[i] - DRAWN / 4) < DRAWN / 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_wrap_into_narrower_types),
        cmocka_unit_test(floats_become_integers_towards_zero),
        cmocka_unit_test(an_integer_is_rounded_once),
        cmocka_unit_test(sixteen_bit_floats_come_back),
        cmocka_unit_test(sixteen_bit_floats_round_to_even),
        cmocka_unit_test(constants_of_any_float_type_are_read),
        cmocka_unit_test(panels_hold_a_matrix_or_its_transpose),
        cmocka_unit_test(shapes_are_read_from_known_tensors),
        cmocka_unit_test(copies_keep_every_element),
        cmocka_unit_test(chance_is_even_and_the_same_for_each_of_a_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

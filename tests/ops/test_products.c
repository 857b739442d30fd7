/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Products of matrices and recurrent layers: near the exact result by a bound
 * that follows from the data, and the same for a row whatever stands beside it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/one_op.h"

/* ---- the exact result --------------------------------------------------------------------------------------------------- */

typedef struct product_case {
    int64_t m, k, n;
    bool transpose_x, transpose_y, constant, bias;
} product_case;

static void run_product(const product_case *c, one_op *o, const one_op_style *style)
{
    char text[96];
    snprintf(text, sizeof text, "matmul transpose_x=%d transpose_y=%d alpha=0.75", c->transpose_x, c->transpose_y);
    const float *x = one_op_numbers(0, (size_t)(c->m * c->k), 1), *y = one_op_numbers(1, (size_t)(c->k * c->n), 2);
    rmt_shape x_shape = {2, {c->m, c->k}}, y_shape = {2, {c->k, c->n}};
    if (c->transpose_x)
        x_shape = (rmt_shape){2, {c->k, c->m}};
    if (c->transpose_y)
        y_shape = (rmt_shape){2, {c->n, c->k}};
    one_op_init(o, text, 1);
    one_op_input(o, x_shape, x);
    if (c->constant)
        one_op_constant(o, y_shape, y);
    else
        one_op_input(o, y_shape, y);
    if (c->bias)
        one_op_constant(o, (rmt_shape){1, {c->n}}, one_op_numbers(2, (size_t)c->n, 3));
    assert_int_equal(one_op_load(o), RAMET_STATUS_OK);
    one_op_run(o, style);
}

/* One rounding a multiplication and an addition: gamma(k) times the sum of magnitudes, twice. */
static void check_product(const product_case *c, const one_op *o)
{
    const float *x = o->input[0].data, *y = o->input[1].data, *got = o->result[0].data;
    for (int64_t i = 0; i < c->m; i++) {
        for (int64_t j = 0; j < c->n; j++) {
            double sum = c->bias ? (double)((const float *)o->input[2].data)[j] : 0, magnitude = fabs(sum);
            for (int64_t q = 0; q < c->k; q++) {
                double a = (double)x[c->transpose_x ? q * c->m + i : i * c->k + q];
                double b = (double)y[c->transpose_y ? j * c->k + q : q * c->n + j];
                sum += 0.75 * a * b;
                magnitude += fabs(0.75 * a * b);
            }
            double bound = 2 * (double)(c->k + 3) * (double)FLT_EPSILON / 2 * magnitude;
            if (!(fabs((double)got[i * c->n + j] - sum) <= bound))
                fail_msg("%lldx%lldx%lld: element (%lld,%lld) is %g, not %g", (long long)c->m, (long long)c->k,
                         (long long)c->n, (long long)i, (long long)j, (double)got[i * c->n + j], sum);
        }
    }
}

static void products_are_near_the_exact_ones(void **state)
{
    (void)state;
    static const product_case cases[] = {
        {1, 33, 1, false, false, true, false},  {1, 700, 300, false, true, true, true},
        {97, 20, 17, false, false, true, true}, {200, 5, 257, false, false, false, false},
        {5, 64, 48, true, false, true, false},  {100, 3, 600, true, true, false, true},
        {2, 1, 16, false, false, true, false},  {3, 30, 15, true, false, false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (rmt_level level = RMT_LEVEL_BASE; level < RMT_LEVEL_COUNT; level++) {
            one_op o;
            if (rmt_kernels_get(level) == NULL)
                continue;
            run_product(&cases[i], &o, &(one_op_style){.kernels = rmt_kernels_get(level), .threads = 2});
            check_product(&cases[i], &o);
            one_op_clear(&o);
        }
    }
}

/* ---- neighbours --------------------------------------------------------------------------------------------------------- */

/* An operator on a batch of 5, and on its second entry alone: x has the batch as dimension `axis`. */
typedef struct mates_case {
    const char *text;
    rmt_shape x, constants[4];
    int32_t batched; /* inputs with the batch: x and, of the same shape, y */
    int32_t constant_count, outputs;
} mates_case;

static void run_part(const mates_case *c, one_op *o, const rmt_kernels *kernels, int64_t first, int64_t count)
{
    rmt_shape shape = c->x;
    int64_t stride = rmt_dims_product(&c->x, 1, c->x.rank);
    shape.dims[0] = count;
    one_op_init(o, c->text, c->outputs);
    for (int32_t i = 0; i < c->batched; i++)
        one_op_input(o, shape, one_op_numbers(i, (size_t)rmt_shape_elements(&c->x), (uint32_t)i + 1) + first * stride);
    for (int32_t i = 0; i < c->constant_count; i++)
        one_op_constant(o, c->constants[i],
                        one_op_numbers(4, (size_t)rmt_shape_elements(&c->constants[i]), (uint32_t)i + 20));
    assert_int_equal(one_op_load(o), RAMET_STATUS_OK);
    one_op_run(o, &(one_op_style){.kernels = kernels});
}

static void results_do_not_depend_on_batch_mates(void **state)
{
    (void)state;
    enum { BATCH = 5 };
    static const mates_case cases[] = {
        {"matmul", {2, {BATCH, 600}}, {{2, {600, 50}}}, 1, 1, 1},
        {"matmul", {3, {BATCH, 7, 90}}, {{2, {90, 50}}}, 1, 1, 1},
        {"matmul transpose_y=1", {4, {BATCH, 2, 9, 30}}, {{0}}, 2, 0, 1},
        {"matmul_flatten", {2, {BATCH, 600}}, {{2, {600, 5}}}, 1, 1, 1},
        {"reduce_mean dim=[2,3]", {4, {BATCH, 20, 9, 11}}, {{0}}, 1, 0, 1},
        {"reduce_sum dim=[1]", {3, {BATCH, 200, 3}}, {{0}}, 1, 0, 1},
        {"softmax axis=1", {3, {BATCH, 20, 3}}, {{0}}, 1, 0, 1},
        {"layer_norm begin_norm_axis=1", {3, {BATCH, 20, 3}}, {{0}}, 1, 0, 1},
        {"interp out_h=7 out_w=5", {4, {BATCH, 3, 4, 4}}, {{0}}, 1, 0, 1},
    };
    const rmt_kernels *kernels = rmt_kernels_best();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        one_op all, one;
        run_part(&cases[i], &all, kernels, 0, BATCH);
        run_part(&cases[i], &one, kernels, 1, 1);
        size_t bytes = (size_t)rmt_shape_elements(&one.result[0].shape) * sizeof(float);
        if (memcmp((const unsigned char *)all.result[0].data + bytes, one.result[0].data, bytes) != 0)
            fail_msg("%s", cases[i].text);
        one_op_clear(&all);
        one_op_clear(&one);
    }
}

enum { STEPS = 3, FEATURES = 4, HIDDEN = 6, MOST_BATCH = 19 };

/* A bidirectional layer on `batch` sequences, from sequence `first` of a fixed set on. */
static void run_recurrent(const char *mode, int gates, int64_t first, int64_t batch, one_op *o)
{
    static float x[STEPS * MOST_BATCH * FEATURES], h[2 * MOST_BATCH * HIDDEN];
    const float *all_x = one_op_numbers(0, STEPS * MOST_BATCH * FEATURES, 1);
    const float *all_h = one_op_numbers(1, (size_t)2 * MOST_BATCH * HIDDEN, 2);
    for (int64_t t = 0; t < STEPS; t++)
        memcpy(x + t * batch * FEATURES, all_x + (t * MOST_BATCH + first) * FEATURES,
               (size_t)(batch * FEATURES) * sizeof *x);
    for (int64_t d = 0; d < 2; d++)
        memcpy(h + d * batch * HIDDEN, all_h + (d * MOST_BATCH + first) * HIDDEN, (size_t)(batch * HIDDEN) * sizeof *h);
    char text[96];
    snprintf(text, sizeof text, "rnn mode=\"%s\" hidden_size=%d num_layers=1 is_bidirec=1", mode, HIDDEN);
    one_op_init(o, text, 2);
    one_op_input(o, (rmt_shape){3, {STEPS, batch, FEATURES}}, x);
    for (int i = 0; i < (strcmp(mode, "LSTM") == 0 ? 2 : 1); i++)
        one_op_input(o, (rmt_shape){3, {2, batch, HIDDEN}}, h);
    for (uint32_t d = 0; d < 2; d++) {
        one_op_constant(o, (rmt_shape){2, {gates * HIDDEN, FEATURES}},
                        one_op_numbers(2, (size_t)(gates * HIDDEN * FEATURES), 30 + d));
        one_op_constant(o, (rmt_shape){2, {gates * HIDDEN, HIDDEN}},
                        one_op_numbers(2, (size_t)(gates * HIDDEN * HIDDEN), 40 + d));
    }
    for (uint32_t i = 0; i < 4; i++)
        one_op_constant(o, (rmt_shape){1, {gates * HIDDEN}}, one_op_numbers(2, (size_t)(gates * HIDDEN), 50 + i));
    assert_int_equal(one_op_load(o), RAMET_STATUS_OK);
    one_op_run(o, &(one_op_style){.kernels = rmt_kernels_best(), .threads = 2});
}

static void sequences_do_not_depend_on_batch_mates(void **state)
{
    (void)state;
    static const struct {
        const char *mode;
        int gates;
    } cases[] = {{"LSTM", 4}, {"GRU", 3}, {"RNN_TANH", 1}, {"RNN_RELU", 1}};
    const int64_t lone = 13;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        one_op all, one;
        run_recurrent(cases[i].mode, cases[i].gates, 0, MOST_BATCH, &all);
        run_recurrent(cases[i].mode, cases[i].gates, lone, 1, &one);
        const float *a = all.result[0].data, *b = one.result[0].data;
        for (int64_t t = 0; t < STEPS; t++)
            assert_memory_equal(a + (t * MOST_BATCH + lone) * 2 * HIDDEN, b + t * 2 * HIDDEN,
                                2 * HIDDEN * sizeof(float));
        /* The last state is that of the last step forward, and of the first backward. */
        const float *state_out = one.result[1].data;
        assert_memory_equal(state_out, b + (STEPS - 1) * 2 * HIDDEN, HIDDEN * sizeof(float));
        assert_memory_equal(state_out + HIDDEN, b + HIDDEN, HIDDEN * sizeof(float));
        one_op_clear(&all);
        one_op_clear(&one);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_are_near_the_exact_ones),
        cmocka_unit_test(results_do_not_depend_on_batch_mates),
        cmocka_unit_test(sequences_do_not_depend_on_batch_mates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

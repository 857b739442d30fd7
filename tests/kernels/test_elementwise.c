/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions of one and of two numbers, against double precision over the whole range of floats, special values
 * included, and over lengths at guarded ends.
 */
#include "check.h"

typedef struct unary_case {
    const char *name;
    rmt_activation act;
    int64_t ulps;      /* allowed distance to the rounded value, */
    double absolute;   /* or an absolute error, */
    double relative_x; /* or one relative to |x|, where a difference of like terms cancels */
} unary_case;

static const unary_case unary_cases[] = {
    {"none", {RMT_UNARY_NONE, 0, 0, 0, 1, 0}, 0, 0, 0},
    {"relu", {RMT_UNARY_RELU, 0, 0, 0, 1, 0}, 0, 0, 0},
    {"clip", {RMT_UNARY_CLIP, -2, 3, 0, 1, 0}, 0, 0, 0},
    {"hard_swish", {RMT_UNARY_HARD_SWISH, 6, 6, 3, 1, 0}, 4, 0, 1e-7},
    {"hard_sigmoid", {RMT_UNARY_HARD_SIGMOID, 0.2f, 0.5f, 0, 1, 0}, 1, 6e-8, 0},
    {"sigmoid", {RMT_UNARY_SIGMOID, 0, 0, 0, 1, 0}, 2, 1.2e-38, 0},
    {"swish", {RMT_UNARY_SWISH, 2, 0, 0, 1, 0}, 4, 0, 1.2e-38},
    {"tanh", {RMT_UNARY_TANH, 0, 0, 0, 1, 0}, 2, 0, 0},
    {"gelu", {RMT_UNARY_GELU, 0, 0, 0, 1, 0}, 2, 0, 2e-7},
    {"gelu_tanh", {RMT_UNARY_GELU_TANH, 0, 0, 0, 1, 0}, 2, 0, 1.3e-7},
    {"leaky_relu", {RMT_UNARY_LEAKY_RELU, 0.01f, 0, 0, 1, 0}, 0, 0, 0},
    {"elu", {RMT_UNARY_ELU, 1, 0, 0, 1, 0}, 1, 1.2e-7, 0},
    {"mish", {RMT_UNARY_MISH, 0, 0, 0, 1, 0}, 5, 0, 1e-38},
    {"softplus", {RMT_UNARY_SOFTPLUS, 1, 20, 0, 1, 0}, 3, 0, 0},
    {"exp", {RMT_UNARY_EXP, 0, 0, 0, 1, 0}, 1, 0, 0},
    {"log", {RMT_UNARY_LOG, 0, 0, 0, 1, 0}, 1, 0, 0},
    {"sqrt", {RMT_UNARY_SQRT, 0, 0, 0, 1, 0}, 0, 0, 0},
    {"rsqrt", {RMT_UNARY_RSQRT, 0, 0, 0, 1, 0}, 1, 0, 0},
    {"square", {RMT_UNARY_SQUARE, 0, 0, 0, 1, 0}, 0, 0, 0},
    {"abs", {RMT_UNARY_ABS, 0, 0, 0, 1, 0}, 0, 0, 0},
    {"floor", {RMT_UNARY_FLOOR, 0, 0, 0, 1, 0}, 0, 0, 0},
    {"ceil", {RMT_UNARY_CEIL, 0, 0, 0, 1, 0}, 0, 0, 0},
    {"round", {RMT_UNARY_ROUND, 0, 0, 0, 1, 0}, 0, 0, 0},
    {"erf", {RMT_UNARY_ERF, 0, 0, 0, 1, 0}, 2, 0, 0},
    {"pow", {RMT_UNARY_POW, 2.5f, 0, 0, 1, 0}, 1, 0, 0},
    {"pow", {RMT_UNARY_POW, -1, 0, 0, 1, 0}, 1, 0, 0},
    {"reciprocal", {RMT_UNARY_RECIPROCAL, 0, 0, 0, 1, 0}, 0, 0, 0},
    {"sign", {RMT_UNARY_SIGN, 0, 0, 0, 1, 0}, 0, 0, 0},
    {"softsign", {RMT_UNARY_SOFTSIGN, 0, 0, 0, 1, 0}, 1, 0, 0},
    {"logsigmoid", {RMT_UNARY_LOGSIGMOID, 0, 0, 0, 1, 0}, 3, 0, 0},
    {"selu", {RMT_UNARY_SELU, 1.0507010f, 1.6732632f, 0, 1, 0}, 2, 3e-7, 0},
    {"celu", {RMT_UNARY_CELU, 1.5f, 0, 0, 1, 0}, 2, 3e-7, 0},
    {"hard_shrink", {RMT_UNARY_HARD_SHRINK, 0.5f, 0, 0, 1, 0}, 0, 0, 0},
    {"soft_shrink", {RMT_UNARY_SOFT_SHRINK, 0.5f, 0, 0, 1, 0}, 0, 0, 0},
    {"thresholded_relu", {RMT_UNARY_THRESHOLDED_RELU, 1, 0, 0, 1, 0}, 0, 0, 0},
    {"tanh_shrink", {RMT_UNARY_TANH_SHRINK, 0, 0, 0, 1, 0}, 2, 0, 3e-7},
    {"sin scaled", {RMT_UNARY_SIN, 0, 0, 0, 2, -1}, 2, 3e-7, 0},
    {"log2", {RMT_UNARY_LOG2, 0, 0, 0, 1, 0}, 0, 0, 0},
    {"round even", {RMT_UNARY_ROUND_EVEN, 0, 0, 0, 1, 0}, 0, 0, 0},
    {"stanh", {RMT_UNARY_STANH, 0.67f, 1.7159f, 0, 1, 0}, 0, 0, 0},
    {"relu scaled", {RMT_UNARY_RELU, 0, 0, 0, 0.5f, 1}, 1, 0, 0},
    {"sigmoid scaled", {RMT_UNARY_SIGMOID, 0, 0, 0, 2, -1}, 2, 3e-7, 0},
};

static void compare_unary(const rmt_kernels *kernels, const unary_case *test, const float *x, int64_t n)
{
    static float got[4096], want[4096];
    kernels->unary(x, got, n, &test->act);
    rmt_kernels_reference()->unary(x, want, n, &test->act);
    for (int64_t i = 0; i < n; i++) {
        double error = fabs((double)got[i] - want[i]);
        if (ulps_between(got[i], want[i]) <= test->ulps || error <= test->absolute)
            continue;
        if (error <= test->relative_x * fabs((double)x[i]))
            continue;
        fail_msg("%s %s(%.9g): %.9g instead of %.9g", kernels->name, test->name, (double)x[i], (double)got[i],
                 (double)want[i]);
    }
}

/* Every 1999th float of all, so that each binade is met thousands of times. */
static void check_sweep(const rmt_kernels *kernels)
{
    static float x[4096];
    for (size_t f = 0; f < COUNT(unary_cases); f++)
        for (uint64_t bits = 0; bits <= UINT32_MAX;) {
            int64_t n = 0;
            for (; n < (int64_t)COUNT(x) && bits <= UINT32_MAX; n++, bits += 1999) {
                uint32_t word = (uint32_t)bits;
                memcpy(&x[n], &word, sizeof word);
            }
            compare_unary(kernels, &unary_cases[f], x, n);
        }
}

static void unary_functions_are_accurate_everywhere(void **state)
{
    (void)state;
    on_each_level(check_sweep);
}

static void check_special(const rmt_kernels *kernels)
{
    const float x[] = {0.0f,       -0.0f,   INFINITY, -INFINITY,  NAN,       FLT_MIN, -FLT_MIN, FLT_MAX,
                       -FLT_MAX,   1e-45f,  0.5f,     -0.5f,      1.5f,      2.5f,    -2.5f,    0.49999997f,
                       8388607.5f, 8388609, 1,        -1,         88.72283f, 88.73f,  -87.4f,   -103.9f,
                       -104.1f,    20,      -20,      4194304.5f, 0.625f,    0.875f};
    for (size_t f = 0; f < COUNT(unary_cases); f++)
        compare_unary(kernels, &unary_cases[f], x, (int64_t)COUNT(x));
}

static void unary_functions_treat_special_values_as_the_reference(void **state)
{
    (void)state;
    on_each_level(check_special);
}

/* All lengths up to a few vectors at both guards, out of place and in place, equal to the element alone. */
static void check_unary_lengths(const rmt_kernels *kernels)
{
    for (size_t f = 0; f < COUNT(unary_cases); f++)
        for (int64_t n = 0; n <= 35; n++) {
            float *x = guarded_floats(n, (int)(n % 2)), *y = guarded_floats(n, (int)(n % 2)), one;
            kernels->unary(x, y, n, &unary_cases[f].act);
            for (int64_t i = 0; i < n; i++) {
                kernels->unary(x + i, &one, 1, &unary_cases[f].act);
                assert_int_equal(ulps_between(one, y[i]), 0);
            }
            kernels->unary(x, x, n, &unary_cases[f].act);
            if (n > 0)
                assert_memory_equal(x, y, (size_t)n * sizeof(float));
            guarded_free_all();
        }
}

static void unary_elements_do_not_depend_on_their_place(void **state)
{
    (void)state;
    on_each_level(check_unary_lengths);
}

static void compare_binary(const rmt_kernels *kernels, rmt_binary f, int64_t n, int32_t x_step, int32_t y_step)
{
    float *x = guarded_floats(x_step ? n : 1, 1), *y = guarded_floats(y_step ? n : 1, 1);
    const float special[] = {0.0f, -0.0f, INFINITY, -INFINITY, NAN, 7, -7, 3, -3, 0.5f};
    for (int64_t i = 0; i < (x_step ? n : 1); i++)
        x[i] = random_below(3) ? 9 * x[i] : special[random_below((int32_t)COUNT(special))];
    for (int64_t i = 0; i < (y_step ? n : 1); i++)
        y[i] = random_below(3) ? 9 * y[i] : special[random_below((int32_t)COUNT(special))];
    float *got = guarded_floats(n, 1), *want = guarded_floats(n, 1);
    kernels->binary(f, x, x_step, y, y_step, got, n);
    rmt_kernels_reference()->binary(f, x, x_step, y, y_step, want, n);
    for (int64_t i = 0; i < n; i++)
        if (ulps_between(got[i], want[i]) > (f == RMT_BINARY_POW || f == RMT_BINARY_REMAINDER ? 1 : 0))
            fail_msg("%s binary %d (%.9g, %.9g): %.9g instead of %.9g", kernels->name, (int)f, (double)x[x_step * i],
                     (double)y[y_step * i], (double)got[i], (double)want[i]);
    if (x_step)
        kernels->binary(f, x, 1, y, y_step, x, n);
    if (x_step)
        assert_memory_equal(x, got, (size_t)n * sizeof(float));
    guarded_free_all();
}

static void check_binary(const rmt_kernels *kernels)
{
    for (int f = 0; f < RMT_BINARY_COUNT; f++)
        for (int64_t n = 1; n <= 40; n++)
            for (int32_t steps = 0; steps < 4; steps++)
                compare_binary(kernels, (rmt_binary)f, n, steps & 1, steps >> 1);
}

static void binary_functions_match_the_reference(void **state)
{
    (void)state;
    on_each_level(check_binary);
}

static void check_scale_shift(const rmt_kernels *kernels)
{
    for (int64_t n = 1; n <= 40; n++) {
        float *x = guarded_floats(n, 1), *s = guarded_floats(n, 1), *t = guarded_floats(n, 1);
        float *got = guarded_floats(n, 1), *want = guarded_floats(n, 1);
        kernels->scale_shift(x, s, t, got, n);
        rmt_kernels_reference()->scale_shift(x, s, t, want, n);
        for (int64_t i = 0; i < n; i++)
            assert_near(got[i], want[i], 2 * gamma_bound(2), "scale_shift", kernels->name);
        guarded_free_all();
    }
}

static void scale_shift_matches_the_reference(void **state)
{
    (void)state;
    on_each_level(check_scale_shift);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unary_functions_treat_special_values_as_the_reference),
        cmocka_unit_test(unary_functions_are_accurate_everywhere),
        cmocka_unit_test(unary_elements_do_not_depend_on_their_place),
        cmocka_unit_test(binary_functions_match_the_reference),
        cmocka_unit_test(scale_shift_matches_the_reference),
    };
    return cmocka_run_group_tests(tests, print_levels, NULL);
}

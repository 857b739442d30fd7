/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernels over a row or a few: reductions, softmax, layer norm, pooling, resize, transposition, recurrent cells; and
 * the tables themselves.
 */
#include "check.h"

static const rmt_kernels *reference(void) { return rmt_kernels_reference(); }

/* ---- tables ------------------------------------------------------------------------------------------------- */

static void check_table(const rmt_kernels *kernels)
{
    /* all that follows `lanes` are pointers */
    const size_t begin = offsetof(rmt_kernels, gemm), entries = (sizeof *kernels - begin) / sizeof(void (*)(void));
    for (size_t i = 0; i < entries; i++) {
        void (*entry)(void);
        memcpy(&entry, (const unsigned char *)kernels + begin + i * sizeof entry, sizeof entry);
        assert_non_null(entry);
    }
}

static void every_table_is_complete(void **state)
{
    (void)state;
    on_each_level(check_table);
    check_table(reference());
}

static void the_best_level_is_the_highest_there_is(void **state)
{
    (void)state;
    assert_non_null(rmt_kernels_get(RMT_LEVEL_BASE));
    for (int level = RMT_LEVEL_BASE; level < RMT_LEVEL_COUNT; level++) {
        const rmt_kernels *kernels = rmt_kernels_get((rmt_level)level);
        if (kernels == NULL)
            continue;
        assert_int_equal(kernels->level, level);
        assert_true(rmt_kernels_best()->level >= kernels->level);
    }
}

/* ---- reduce --------------------------------------------------------------------------------------------------- */

static void check_reduce(const rmt_kernels *kernels)
{
    for (int64_t n = 1; n < 200; n += n < 40 ? 1 : 13)
        for (int f = 0; f < RMT_REDUCE_COUNT; f++) {
            float *x = guarded_floats(n, (int)(n % 2)), *into = guarded_floats(n, 1), *want = guarded_floats(n, 1);
            if (f == RMT_REDUCE_PROD)
                for (int64_t i = 0; i < n; i++)
                    x[i] += 1.5f;
            float exact = reference()->reduce((rmt_reduce)f, x, n), got = kernels->reduce((rmt_reduce)f, x, n);
            double bound = f == RMT_REDUCE_SUM    ? gamma_bound(n) * (double)n
                           : f == RMT_REDUCE_PROD ? gamma_bound(n) * fabs((double)exact)
                                                  : 0;
            assert_near(got, exact, bound, "reduce", kernels->name);
            const float *base = &(float){rmt_kernels_get(RMT_LEVEL_BASE)->reduce((rmt_reduce)f, x, n)};
            assert_memory_equal(&got, base, sizeof got); /* one order at all levels */
            memcpy(want, into, (size_t)n * sizeof(float));
            kernels->reduce_into((rmt_reduce)f, into, x, n);
            reference()->reduce_into((rmt_reduce)f, want, x, n);
            assert_memory_equal(into, want, (size_t)n * sizeof(float));
            guarded_free_all();
        }
}

static void reductions_match_the_reference_and_the_base_level(void **state)
{
    (void)state;
    on_each_level(check_reduce);
}

static void check_arg_max(const rmt_kernels *kernels)
{
    for (int64_t n = 1; n < 1200; n += n < 120 ? 1 : 97) {
        float *x = guarded_floats(n, (int)(n % 2));
        for (int64_t i = 0; i < n; i++)
            x[i] = floorf(8 * x[i]); /* many equals */
        if (n % 3 == 0)
            x[n / 2] = NAN;
        if (n % 7 == 0)
            x[n / 3] = -INFINITY;
        assert_int_equal(kernels->arg_max(x, n), reference()->arg_max(x, n));
        for (int64_t i = 0; i < n; i++)
            x[i] = NAN;
        assert_int_equal(kernels->arg_max(x, n), 0);
        guarded_free_all();
    }
}

static void arg_max_takes_the_first_of_equals_and_never_nan(void **state)
{
    (void)state;
    on_each_level(check_arg_max);
}

static void check_arg_max_columns(const rmt_kernels *kernels)
{
    enum { GAP = 3, MOST = 40 };
    for (int32_t rows = 1; rows <= 7; rows += 2)
        for (int64_t n = 1; n < MOST; n++) {
            int64_t count = (rows - 1) * (n + GAP) + n;
            float *x = guarded_floats(count, (int)(n % 2));
            int32_t places[MOST + 1], want[MOST];
            for (int64_t i = 0; i < count; i++)
                x[i] = i % 11 == 0 ? NAN : i % 7 == 0 ? -INFINITY : floorf(4 * x[i]);
            places[n] = -1;
            kernels->arg_max_columns(x, n + GAP, rows, n, places);
            reference()->arg_max_columns(x, n + GAP, rows, n, want);
            assert_memory_equal(places, want, (size_t)n * sizeof *places);
            assert_int_equal(places[n], -1);
            guarded_free_all();
        }
}

static void arg_max_columns_matches_the_reference(void **state)
{
    (void)state;
    on_each_level(check_arg_max_columns);
}

/* ---- normalize --------------------------------------------------------------------------------------------------- */

static void check_softmax(const rmt_kernels *kernels)
{
    for (int64_t n = 1; n < 300; n += n < 40 ? 1 : 37)
        for (int logarithm = 0; logarithm < 2; logarithm++) {
            float *x = guarded_floats(n, (int)(n % 2)), *y = guarded_floats(n, 1), *want = guarded_floats(n, 1);
            for (int64_t i = 0; i < n; i++)
                x[i] *= 30;
            if (n % 5 == 0)
                x[n / 2] = -INFINITY;
            kernels->softmax(x, y, n, logarithm);
            reference()->softmax(x, want, n, logarithm);
            for (int64_t i = 0; i < n; i++) {
                /* distances to the maximum are below 64, and a rounding of one is relative in its exponential */
                double distance = 64 * FLT_EPSILON;
                double bound = logarithm ? 4 * distance : (gamma_bound(n + 8) + distance) * (double)want[i] + FLT_MIN;
                assert_near(y[i], want[i], bound, "softmax", kernels->name);
            }
            kernels->softmax(x, x, n, logarithm);
            assert_memory_equal(x, y, (size_t)n * sizeof(float));
            guarded_free_all();
        }
}

static void softmax_matches_the_reference(void **state)
{
    (void)state;
    on_each_level(check_softmax);
}

static void check_softmax_columns(const rmt_kernels *kernels)
{
    enum { GAP = 3, MOST = 40 };
    for (int32_t rows = 1; rows <= 7; rows += 2)
        for (int64_t n = 1; n < MOST; n++) {
            int64_t count = (rows - 1) * (n + GAP) + n;
            float *x = guarded_floats(count, (int)(n % 2)), *y = guarded_floats(count, 1), want[7 * (MOST + GAP)];
            bool logarithm = n % 3 == 0;
            for (int64_t i = 0; i < count; i++)
                x[i] *= 30;
            kernels->softmax_columns(x, n + GAP, y, n + GAP, rows, n, logarithm);
            reference()->softmax_columns(x, n + GAP, want, n + GAP, rows, n, logarithm);
            kernels->softmax_columns(x, n + GAP, x, n + GAP, rows, n, logarithm);
            for (int64_t i = 0; i < count; i++) {
                if (i % (n + GAP) >= n) /* between columns nothing is written */
                    continue;
                double distance = 64 * FLT_EPSILON;
                double bound =
                    logarithm ? 4 * distance : (gamma_bound(rows + 8) + distance) * (double)want[i] + FLT_MIN;
                assert_near(y[i], want[i], bound, "softmax_columns", kernels->name);
                assert_true(x[i] == y[i]);
            }
            guarded_free_all();
        }
}

static void softmax_columns_matches_the_reference(void **state)
{
    (void)state;
    on_each_level(check_softmax_columns);
}

static void check_moments(const rmt_kernels *kernels)
{
    for (int32_t channels = 1; channels <= 40; channels++) {
        int64_t pixels = 1 + channels % 5, pixel = channels + channels % 3;
        float *x = guarded_floats((pixels - 1) * pixel + channels, channels % 2), *center = guarded_floats(channels, 1);
        float *sums = guarded_floats(channels, 1), *squares = guarded_floats(channels, 1), want[2][40];
        kernels->moments(x, pixel, pixels, center, sums, squares, channels);
        reference()->moments(x, pixel, pixels, center, want[0], want[1], channels);
        for (int32_t c = 0; c < channels; c++) {
            assert_near(sums[c], want[0][c], gamma_bound(pixels + 1) * 2 * (double)pixels, "moments", kernels->name);
            assert_near(squares[c], want[1][c], gamma_bound(pixels + 2) * 4 * (double)pixels, "moments", kernels->name);
        }
        guarded_free_all();
    }
}

static void moments_match_the_reference(void **state)
{
    (void)state;
    on_each_level(check_moments);
}

static void check_blend(const rmt_kernels *kernels)
{
    for (int32_t channels = 1; channels <= 40; channels++) {
        const float *pixels[16];
        int32_t count = 1 + channels % 16;
        for (int i = 0; i < count; i++)
            pixels[i] = guarded_floats(channels, channels % 2);
        float *weights = guarded_floats(count, 1), *y = guarded_floats(channels, 1),
              *want = guarded_floats(channels, 1);
        kernels->blend(pixels, weights, count, y, channels);
        reference()->blend(pixels, weights, count, want, channels);
        for (int32_t c = 0; c < channels; c++)
            assert_near(y[c], want[c], gamma_bound(count + 1) * count, "blend", kernels->name);
        guarded_free_all();
    }
}

static void blend_matches_the_reference(void **state)
{
    (void)state;
    on_each_level(check_blend);
}

static void check_layer_norm(const rmt_kernels *kernels)
{
    for (int64_t n = 2; n < 400; n += n < 40 ? 1 : 41) {
        float *x = guarded_floats(n, (int)(n % 2)), *y = guarded_floats(n, 1), *want = guarded_floats(n, 1);
        float *scale = n % 3 ? guarded_floats(n, 1) : NULL, *bias = n % 4 ? guarded_floats(n, 1) : NULL;
        float offset = n % 5 == 0 ? 100 : 0; /* a mean far from zero: the distances are still exact to a few bits */
        for (int64_t i = 0; i < n; i++)
            x[i] += offset;
        kernels->layer_norm(x, y, n, 1e-5f, scale, bias);
        reference()->layer_norm(x, want, n, 1e-5f, scale, bias);
        double bound = gamma_bound(n + 8) * ((double)offset + 4) * sqrt((double)n) * 2;
        for (int64_t i = 0; i < n; i++)
            assert_near(y[i], want[i], bound, "layer_norm", kernels->name);
        guarded_free_all();
    }
}

static void layer_norm_matches_the_reference(void **state)
{
    (void)state;
    on_each_level(check_layer_norm);
}

/* ---- pool, resize ----------------------------------------------------------------------------------------------- */

static void check_pool(const rmt_kernels *kernels)
{
    for (int32_t channels = 1; channels <= 40; channels++)
        for (int f = 0; f < RMT_REDUCE_COUNT; f++) {
            const float *pixels[9];
            const int32_t width = 1 + random_below(4), step = channels + random_below(20), gap = random_below(3);
            rmt_pool run = {(rmt_reduce)f, pixels, 1 + random_below(9), width, channels, step, channels + gap, 0, NULL};
            run.factor = 1.0f / (float)run.count;
            const int32_t floats = (width - 1) * (channels + gap) + channels;
            for (int32_t i = 0; i < run.count; i++)
                pixels[i] = guarded_floats((width - 1) * step + channels, channels % 2);
            float *y = run.out = guarded_floats(floats, 1), *want = guarded_floats(floats, 1);
            memcpy(want, y, (size_t)floats * sizeof *y); /* gaps must stay */
            kernels->pool(&run);
            run.out = want;
            reference()->pool(&run);
            bool exact = f == RMT_REDUCE_MAX || f == RMT_REDUCE_MIN;
            for (int32_t c = 0; c < floats; c++)
                assert_near(y[c], want[c], exact ? 0 : gamma_bound(run.count + 1), "pool", kernels->name);
            guarded_free_all();
        }
}

static void pool_matches_the_reference(void **state)
{
    (void)state;
    on_each_level(check_pool);
}

static void check_lerp(const rmt_kernels *kernels)
{
    for (int32_t channels = 1; channels <= 40; channels++) {
        const float *p[4];
        for (int i = 0; i < 4; i++)
            p[i] = guarded_floats(channels, channels % 2);
        float wx = 0.5f + 0.5f * random_float(), wy = channels % 8 == 0 ? 0 : 0.5f + 0.5f * random_float();
        float *y = guarded_floats(channels, 1), *want = guarded_floats(channels, 1);
        kernels->lerp(p, wx, wy, y, channels);
        reference()->lerp(p, wx, wy, want, channels);
        for (int32_t c = 0; c < channels; c++)
            assert_near(y[c], want[c], gamma_bound(6), "lerp", kernels->name);
        guarded_free_all();
    }
}

static void lerp_matches_the_reference(void **state)
{
    (void)state;
    on_each_level(check_lerp);
}

static void check_lerp_row(const rmt_kernels *kernels)
{
    enum { WIDTH = 7, SIZE = 5, GAP = 3 };
    for (int32_t channels = 1; channels <= 40; channels++) {
        const int32_t pixel = channels + GAP;
        rmt_lerp_tap taps[WIDTH];
        for (int i = 0; i < WIDTH; i++)
            taps[i] = (rmt_lerp_tap){i * SIZE / WIDTH, (i * SIZE + SIZE) / WIDTH - (i + 1) / WIDTH, (float)i / WIDTH};
        float *out = guarded_floats((WIDTH - 1) * pixel + channels, channels % 2);
        float *want = guarded_floats((WIDTH - 1) * pixel + channels, 1);
        memcpy(want, out, (size_t)((WIDTH - 1) * pixel + channels) * sizeof(float));
        rmt_lerp_row row = {.from = guarded_floats((SIZE - 1) * pixel + channels, 1),
                            .taps = taps,
                            .width = WIDTH,
                            .channels = channels,
                            .add = channels % 3 == 0 ? out : NULL,
                            .in_pixel = pixel,
                            .add_pixel = pixel,
                            .out_pixel = pixel,
                            .out = out};
        kernels->lerp_row(&row);
        row.out = want;
        row.add = row.add == NULL ? NULL : want;
        reference()->lerp_row(&row);
        for (int32_t i = 0; i < (WIDTH - 1) * pixel + channels; i++)
            assert_near(out[i], want[i], gamma_bound(5) * 2, "lerp_row", kernels->name);
        guarded_free_all();
    }
}

static void lerp_row_matches_the_reference(void **state)
{
    (void)state;
    on_each_level(check_lerp_row);
}

/* ---- copy, recurrent ----------------------------------------------------------------------------------------------- */

static void check_transpose(const rmt_kernels *kernels)
{
    for (int64_t rows = 0; rows <= 37; rows += rows < 9 ? 1 : 7)
        for (int64_t columns = 0; columns <= 37; columns += columns < 9 ? 1 : 7) {
            if (rows == 0 || columns == 0)
                continue;
            int64_t from = rows + random_below(3), to = columns + random_below(3);
            float *x = guarded_floats((columns - 1) * from + rows, 1);
            int64_t floats = (rows - 1) * to + columns;
            float *y = guarded_floats(floats, (int)(rows % 2)), *want = guarded_floats(floats, 1);
            memcpy(want, y, (size_t)floats * sizeof(float));
            for (int64_t i = 0; i < columns * from && i < (columns - 1) * from + rows; i++) {
                uint32_t bits = random_bits(); /* any bits: signalling NaN too */
                memcpy(&x[i], &bits, sizeof bits);
            }
            kernels->transpose(x, from, y, to, rows, columns);
            reference()->transpose(x, from, want, to, rows, columns);
            assert_memory_equal(y, want, (size_t)floats * sizeof(float));
            guarded_free_all();
        }
}

static void transpose_moves_all_bits(void **state)
{
    (void)state;
    on_each_level(check_transpose);
}

static void check_cells(const rmt_kernels *kernels)
{
    for (int32_t hidden = 1; hidden <= 40; hidden++) {
        float *gates = guarded_floats(4 * hidden, 1), *before = guarded_floats(hidden, 1);
        float *c = guarded_floats(hidden, 1), *h = guarded_floats(hidden, 1);
        float *want_c = guarded_floats(hidden, 1), *want_h = guarded_floats(hidden, 1);
        for (int32_t i = 0; i < 4 * hidden; i++)
            gates[i] *= 6;
        kernels->lstm_cell(gates, before, c, h, hidden);
        reference()->lstm_cell(gates, before, want_c, want_h, hidden);
        for (int32_t i = 0; i < hidden; i++) {
            assert_near(c[i], want_c[i], 1e-6, "lstm c", kernels->name);
            assert_near(h[i], want_h[i], 1e-6, "lstm h", kernels->name);
        }
        float *gates_h = guarded_floats(3 * hidden, 1), *gates_x = guarded_floats(3 * hidden, 1);
        kernels->gru_cell(gates_x, gates_h, before, h, hidden);
        reference()->gru_cell(gates_x, gates_h, before, want_h, hidden);
        for (int32_t i = 0; i < hidden; i++)
            assert_near(h[i], want_h[i], 1e-6, "gru h", kernels->name);
        guarded_free_all();
    }
}

static void recurrent_cells_match_the_reference(void **state)
{
    (void)state;
    on_each_level(check_cells);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_table_is_complete),
        cmocka_unit_test(the_best_level_is_the_highest_there_is),
        cmocka_unit_test(reductions_match_the_reference_and_the_base_level),
        cmocka_unit_test(arg_max_takes_the_first_of_equals_and_never_nan),
        cmocka_unit_test(arg_max_columns_matches_the_reference),
        cmocka_unit_test(softmax_matches_the_reference),
        cmocka_unit_test(layer_norm_matches_the_reference),
        cmocka_unit_test(pool_matches_the_reference),
        cmocka_unit_test(lerp_matches_the_reference),
        cmocka_unit_test(lerp_row_matches_the_reference),
        cmocka_unit_test(softmax_columns_matches_the_reference),
        cmocka_unit_test(moments_match_the_reference),
        cmocka_unit_test(blend_matches_the_reference),
        cmocka_unit_test(transpose_moves_all_bits),
        cmocka_unit_test(recurrent_cells_match_the_reference),
    };
    return cmocka_run_group_tests(tests, print_levels, NULL);
}

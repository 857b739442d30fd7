/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernels over rows of pixels: every level gives the bytes and the bits of the reference, and touches what it may.
 */
#include "check.h"

static const rmt_kernels *reference(void) { return rmt_kernels_reference(); }

/* n bytes that end (side 1) or begin at a page that faults. */
static uint8_t *guarded_bytes(int64_t n, int side)
{
    int64_t floats = (n + 3) / 4;
    uint8_t *bytes = (uint8_t *)guarded_floats(floats, side) + (side ? 4 * floats - n : 0);
    for (int64_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)random_bits();
    return bytes;
}

static int32_t some_count(int32_t i) { return i < 40 ? i + 1 : 7 * i; }

/* ---- numbers ------------------------------------------------------------------------------------------------------- */

static void check_numbers(const rmt_kernels *kernels)
{
    enum { WIDER = 5 };
    for (int32_t i = 0; i < 44; i++)
        for (int layout = 0; layout < 6; layout++) {
            int32_t width = some_count(i);
            ptrdiff_t pixel = layout / 2 == 0 ? 3 : layout / 2 == 1 ? 1 : WIDER;
            ptrdiff_t channel = pixel == 1 ? width + 2 : 1;
            int64_t count = (width - 1) * pixel + 2 * channel + 1;
            float *got = guarded_floats(count, i % 2), *want = guarded_floats(count, 1);
            memcpy(want, got, (size_t)count * sizeof *got); /* what lies between stays */
            rmt_pixel_numbers row = {.pixels = guarded_bytes(3 * width, 1 - i % 2),
                                     .width = width,
                                     .swap_rb = layout % 2,
                                     .pixel_stride = pixel,
                                     .channel_stride = channel};
            fill_random(row.scale, 3);
            fill_random(row.shift, 3);
            row.out = want;
            reference()->pixel_numbers(&row);
            row.out = got;
            kernels->pixel_numbers(&row);
            assert_memory_equal(got, want, (size_t)count * sizeof *got);
            guarded_free_all();
        }
}

static void numbers_have_the_bits_of_the_reference(void **state)
{
    (void)state;
    on_each_level(check_numbers);
}

/* ---- pairs --------------------------------------------------------------------------------------------------------- */

static void fill_pair(int16_t weight[2])
{
    weight[0] = (int16_t)random_below(2049);
    weight[1] = (int16_t)(2048 - weight[0]);
}

static void check_pairs(const rmt_kernels *kernels)
{
    enum { MOST = 400, SOURCE = 3 * 50 };
    for (int32_t i = 0; i < 44; i++) {
        int32_t count = some_count(i), at[MOST];
        int16_t weight[MOST][2];
        uint8_t *in = guarded_bytes(SOURCE, i % 2);
        for (int32_t x = 0; x < count; x++) {
            at[x] = random_below(SOURCE - 8 + 1); /* the last one ends with the row */
            fill_pair(weight[x]);
        }
        at[count - 1] = SOURCE - 8;
        int16_t *got = (int16_t *)(void *)guarded_bytes(6 * count, 1),
                *want = (int16_t *)(void *)guarded_bytes(6 * count, 1);
        kernels->blend_pairs(in, at, (const int16_t(*)[2])weight, count, got);
        reference()->blend_pairs(in, at, (const int16_t(*)[2])weight, count, want);
        assert_memory_equal(got, want, 6 * (size_t)count);

        int16_t share[2];
        fill_pair(share);
        uint8_t *mixed = guarded_bytes(3 * count, i % 2), *mixed_want = guarded_bytes(3 * count, 1);
        kernels->mix_pair(got, want, share[0], share[1], 3 * count, mixed);
        reference()->mix_pair(got, want, share[0], share[1], 3 * count, mixed_want);
        assert_memory_equal(mixed, mixed_want, 3 * (size_t)count);

        const uint8_t *above = guarded_bytes(6 * count, 1 - i % 2), *below = guarded_bytes(6 * count, 1);
        kernels->halve_rows(above, below, count, mixed);
        reference()->halve_rows(above, below, count, mixed_want);
        assert_memory_equal(mixed, mixed_want, 3 * (size_t)count);
        guarded_free_all();
    }
}

static void pairs_have_the_bytes_of_the_reference(void **state)
{
    (void)state;
    on_each_level(check_pairs);
}

/* ---- taps ---------------------------------------------------------------------------------------------------------- */

static void check_taps(const rmt_kernels *kernels)
{
    enum { MOST = 400, SOURCE = 3 * 50, MOST_TAPS = 8 };
    for (int32_t i = 0; i < 44; i++)
        for (int32_t taps = 4; taps <= MOST_TAPS; taps += 4) {
            int32_t count = some_count(i), at[MOST], last = SOURCE - 3 * taps - 2;
            int16_t weight[MOST * MOST_TAPS];
            uint8_t *in = guarded_bytes(SOURCE, i % 2);
            for (int32_t x = 0; x < count; x++)
                at[x] = random_below(last + 1);
            at[count - 1] = last;
            for (int32_t k = 0; k < count * taps; k++)
                weight[k] = (int16_t)(random_below(4096) - 1024);
            int32_t *rows[4];
            for (int k = 0; k < 4; k++)
                rows[k] = (int32_t *)(void *)guarded_floats(3 * count, k % 2);
            kernels->blend_taps(in, at, weight, taps, count, rows[0]);
            reference()->blend_taps(in, at, weight, taps, count, rows[1]);
            assert_memory_equal(rows[0], rows[1], 3 * (size_t)count * sizeof **rows);

            const float share[4] = {random_float(), random_float(), random_float(), random_float()};
            for (int k = 0; k < 4; k++)
                for (int32_t x = 0; x < 3 * count; x++)
                    rows[k][x] = k == 0 && x % 5 == 0 ? 0 : random_below(1 << 10) - (1 << 8);
            uint8_t *got = guarded_bytes(3 * count, i % 2), *want = guarded_bytes(3 * count, 1);
            kernels->mix_four((const int32_t *const *)rows, share, 3 * count, got);
            reference()->mix_four((const int32_t *const *)rows, share, 3 * count, want);
            assert_memory_equal(got, want, 3 * (size_t)count);
            guarded_free_all();
        }
}

static void taps_have_the_bytes_of_the_reference(void **state)
{
    (void)state;
    on_each_level(check_taps);
}

/* ---- warps --------------------------------------------------------------------------------------------------------- */

static void check_positions(const rmt_kernels *kernels)
{
    enum { MOST = 400 };
    for (int32_t i = 0; i < 44; i++) {
        int32_t count = some_count(i), x[MOST], y[MOST], want_x[MOST], want_y[MOST];
        double map[9], start[3];
        for (int k = 0; k < 9; k++)
            map[k] = (double)random_float() * (k >= 6 ? 0.01 : 2);
        for (int k = 0; k < 3; k++)
            start[k] = (double)random_float() * (k == 2 ? 1 : 300);
        if (i % 4 == 0) /* through a pole, where zero counts as no scale and its neighbours leave the range */
            map[6] = 0.25, start[2] = -0.25 * (i / 2);
        kernels->warp_positions(map, start, 3, count, x, y);
        reference()->warp_positions(map, start, 3, count, want_x, want_y);
        assert_memory_equal(x, want_x, (size_t)count * sizeof *x);
        assert_memory_equal(y, want_y, (size_t)count * sizeof *y);
    }
}

static void check_warp(const rmt_kernels *kernels)
{
    enum { CELLS = 32 * 32 * 16, MOST = 400, GAP = 2 };
    int16_t *weights = (int16_t *)(void *)guarded_floats(CELLS / 2, 1);
    for (int32_t i = 0; i < CELLS; i++)
        weights[i] = (int16_t)(i % 16 == 15 ? 8192 : random_below(6000) - 2000);
    for (int32_t i = 0; i < 44; i++) {
        int32_t count = some_count(i), x[MOST], y[MOST], width = 1 + random_below(12), height = 1 + random_below(12);
        ptrdiff_t pitch = 3 * width + GAP;
        int64_t bytes = (height - 1) * pitch + 3 * width;
        for (int32_t k = 0; k < count; k++) {
            x[k] = k % 9 == 0 ? INT32_MAX : random_below(32 * (width + 8)) - 128;
            y[k] = k % 11 == 0 ? -INT32_MAX : random_below(32 * (height + 8)) - 128;
        }
        uint8_t *got = guarded_bytes(3 * count, i % 2), *want = guarded_bytes(3 * count, 1);
        rmt_warp_row row = {.pixels = guarded_bytes(bytes, 1 - i % 2),
                            .pitch = pitch,
                            .width = width,
                            .height = height,
                            .x = x,
                            .y = y,
                            .weights = weights,
                            .count = count};
        row.out = got;
        kernels->warp_row(&row);
        row.out = want;
        reference()->warp_row(&row);
        assert_memory_equal(got, want, 3 * (size_t)count);
    }
}

static void warps_have_the_bytes_of_the_reference(void **state)
{
    (void)state;
    on_each_level(check_positions);
    on_each_level(check_warp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_have_the_bits_of_the_reference),
        cmocka_unit_test(pairs_have_the_bytes_of_the_reference),
        cmocka_unit_test(taps_have_the_bytes_of_the_reference),
        cmocka_unit_test(warps_have_the_bytes_of_the_reference),
    };
    return cmocka_run_group_tests(tests, print_levels, NULL);
}

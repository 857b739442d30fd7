/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Perspective warps: where destination pixels lie in the source, and the 16 source pixels around each blended.
 */
#include "kernels/pixels/pixel_simd.h"

enum { STEPS = 32, TAPS = 4, HALF = 1 << 14 };

/* ---- positions ------------------------------------------------------------------------------------------------------- */

/* Nearest integer, halves to even; beyond the range its nearer end; what is no number goes to the lower end. */
RMT_INLINE int32_t round_position(double value)
{
    const double most = INT32_MAX;
    value = value > -most ? value : -most;
    value = value < most ? value : most;
    union {
        double number;
        int64_t bits;
    } sum = {value + 0x1.8p52}; /* has no bits below one */
    return (int32_t)sum.bits;
}

void RMT_NAME(warp_positions)(const double map[9], const double start[3], int32_t first, int32_t count, int32_t *x,
                              int32_t *y)
{
    const double x0 = start[0], y0 = start[1], w0 = start[2], dx = map[0], dy = map[3], dw = map[6];
    for (int32_t i = 0; i < count; i++) {
        double at = first + i, w = w0 + dw * at, scale = STEPS / w;
        scale = w != 0 ? scale : 0;
        x[i] = round_position((x0 + dx * at) * scale);
        y[i] = round_position((y0 + dy * at) * scale);
    }
}

/* ---- pixels ---------------------------------------------------------------------------------------------------------- */

RMT_INLINE int64_t clamp_index(int64_t index, int32_t count)
{
    return index < 0 ? 0 : index >= count ? count - 1 : index;
}

/* Any pixel: rows and columns outside become the nearest inside. */
static void take_clamped(const rmt_warp_row *row, int64_t left, int64_t top, const int16_t *weight, uint8_t *out)
{
    int32_t sums[3] = {HALF, HALF, HALF};
    for (int y = 0; y < TAPS; y++) {
        const uint8_t *in = row->pixels + clamp_index(top + y, row->height) * row->pitch;
        for (int x = 0; x < TAPS; x++, weight++) {
            const uint8_t *pixel = in + 3 * clamp_index(left + x, row->width);
            for (int c = 0; c < 3; c++)
                sums[c] += pixel[c] * *weight;
        }
    }
    for (int c = 0; c < 3; c++)
        out[c] = clamp_byte(sums[c] >> 15);
}

/* Bytes that are read of each of the four rows. */
#define READ_BYTES (RMT_VL > 4 ? 16 : 14)

RMT_INLINE pixel_sums blend_inner(const uint8_t *in, ptrdiff_t pitch, const int16_t *weight)
{
#if RMT_VL > 4
    const __m128i side_by_side = _mm_setr_epi8(0, 3, 1, 4, 2, 5, -1, -1, 6, 9, 7, 10, 8, 11, -1, -1);
    const __m256i next = _mm256_set1_epi32(2);
    __m256i weights = _mm256_loadu_si256((const __m256i *)weight), sums = _mm256_setzero_si256();
    __m256i which = _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1);
    for (int y = 0; y < TAPS; y++, in += pitch) {
        __m128i bytes = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)in), side_by_side);
        __m256i pairs = _mm256_cvtepu8_epi16(bytes);
        sums = _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_permutevar8x32_epi32(weights, which)));
        which = _mm256_add_epi32(which, next);
    }
    return (pixel_sums)_mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
#else
    pixel_sums sums = {0};
    for (int y = 0; y < TAPS; y++, in += pitch, weight += TAPS)
        sums += sum_pair(in, weight) + sum_pair(in + 6, weight + 2);
    return sums;
#endif
}

/* A pixel whose neighbours, and what is read beyond them, lie within the source. */
RMT_INLINE void take_inner(const rmt_warp_row *row, int64_t left, int64_t top, const int16_t *weight, uint8_t *out)
{
    pixel_sums sums = blend_inner(row->pixels + top * row->pitch + 3 * left, row->pitch, weight);
    store_pixel((sums + HALF) >> 15, out);
}

void RMT_NAME(warp_row)(const rmt_warp_row *row)
{
    const rmt_warp_row r = *row; /* a store of bytes could change what lies behind the pointer */
    const int64_t last_byte = 3 * (int64_t)r.width - READ_BYTES, last_top = (int64_t)r.height - TAPS;
    uint8_t *out = r.out;
    for (int32_t i = 0; i < r.count; i++, out += 3) {
        int64_t left = (r.x[i] >> 5) - 1, top = (r.y[i] >> 5) - 1;
        const int16_t *weight = r.weights + ((r.y[i] & (STEPS - 1)) * STEPS + (r.x[i] & (STEPS - 1))) * TAPS * TAPS;
        if (left >= 0 && top >= 0 && 3 * left <= last_byte && top <= last_top)
            take_inner(&r, left, top, weight, out);
        else
            take_clamped(&r, left, top, weight, out);
    }
}

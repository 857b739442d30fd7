/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two halves of cubic resizing in fixed point, and the first one of Lanczos: a row of four or eight neighbours each,
 * and four such rows.
 */
#include "kernels/pixels/pixel_simd.h"

/* `taps` pixels side by side; reads up to the byte behind the last two and 2 more. */
RMT_INLINE pixel_sums sum_taps(const uint8_t *in, const int16_t *weight, int32_t taps)
{
#if RMT_VL > 4
    __m256i sums = sum_two_pairs(in, in + 6, weight);
    for (int32_t k = 4; k < taps; k += 4)
        sums = _mm256_add_epi32(sums, sum_two_pairs(in + 3 * k, in + 3 * k + 6, weight + k));
    return (pixel_sums)_mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
#else
    pixel_sums sums = {0};
    for (int32_t k = 0; k < taps; k += 2)
        sums += sum_pair(in + 3 * k, weight + k);
    return sums;
#endif
}

RMT_INLINE void blend(const uint8_t *in, const int32_t *at, const int16_t *weight, int32_t taps, int32_t count,
                      int32_t *out)
{
    pixel_sums sums;
    for (int32_t x = 0; x < count - 1; x++, weight += taps, out += 3) {
        sums = sum_taps(in + at[x], weight, taps);
        memcpy(out, &sums, sizeof sums); /* the fourth is the next pixel's first */
    }
    if (count < 1)
        return;
    sums = sum_taps(in + at[count - 1], weight, taps);
    memcpy(out, &sums, 3 * sizeof *out);
}

void RMT_NAME(blend_taps)(const uint8_t *in, const int32_t *at, const int16_t *weight, int32_t taps, int32_t count,
                          int32_t *out)
{
    if (taps == 4)
        blend(in, at, weight, 4, count, out);
    else
        blend(in, at, weight, 8, count, out);
}

/* Nearest integer, halves to even, for |value| < 2^22: the sum has no bits below one. */
RMT_INLINE int32_t round_small(float value)
{
    union {
        float number;
        int32_t bits;
    } sum = {value + 12582912.0f};
    return sum.bits - 0x4B400000;
}

void RMT_NAME(mix_four)(const int32_t *const rows[4], const float weight[4], int64_t n, uint8_t *out)
{
    const int32_t *a = rows[0], *b = rows[1], *c = rows[2], *d = rows[3];
    const float wa = weight[0], wb = weight[1], wc = weight[2], wd = weight[3];
    for (int64_t i = 0; i < n; i++) {
        float low = (float)c[i] * wc + (float)d[i] * wd;
        out[i] = clamp_byte(round_small((float)a[i] * wa + ((float)b[i] * wb + low)));
    }
}

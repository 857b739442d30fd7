/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two halves of bilinear resizing in fixed point, a row of pairs of pixels and two such rows; and two rows halved.
 */
#include "kernels/pixels/pixel_simd.h"

#if RMT_VL > 4

/* Four pixels; writes 13 numbers of which 12 count. */
RMT_INLINE void blend_four(const uint8_t *in, const int32_t at[4], const int16_t (*weight)[2], int16_t *out)
{
    __m256i front = _mm256_srai_epi32(sum_two_pairs(in + at[0], in + at[1], weight[0]), 4);
    __m256i back = _mm256_srai_epi32(sum_two_pairs(in + at[2], in + at[3], weight[2]), 4);
    __m256i halves = _mm256_packs_epi32(front, back); /* pixels 0, 2 and 1, 3 */
    __m128i even = _mm256_castsi256_si128(halves), odd = _mm256_extracti128_si256(halves, 1);
    _mm_storel_epi64((__m128i *)out, even);
    _mm_storel_epi64((__m128i *)(out + 3), odd);
    _mm_storel_epi64((__m128i *)(out + 6), _mm_unpackhi_epi64(even, even));
    _mm_storel_epi64((__m128i *)(out + 9), _mm_unpackhi_epi64(odd, odd));
}

#endif

RMT_INLINE void blend_one(const uint8_t *in, const int16_t weight[2], int16_t *out)
{
    pixel_sums sums = sum_pair(in, weight) >> 4;
    for (int c = 0; c < 3; c++)
        out[c] = (int16_t)sums[c];
}

void RMT_NAME(blend_pairs)(const uint8_t *in, const int32_t *at, const int16_t (*weight)[2], int32_t count,
                           int16_t *out)
{
    int32_t x = 0;
#if RMT_VL > 4
    for (; x + 5 <= count; x += 4)
        blend_four(in, at + x, weight + x, out + 3 * (size_t)x);
#endif
    for (; x < count; x++)
        blend_one(in + at[x], weight[x], out + 3 * (size_t)x);
}

void RMT_NAME(mix_pair)(const int16_t *above, const int16_t *below, int16_t over, int16_t under, int64_t n,
                        uint8_t *out)
{
    for (int64_t i = 0; i < n; i++) {
        int16_t upper = (int16_t)(above[i] * over >> 16), lower = (int16_t)(below[i] * under >> 16);
        out[i] = (uint8_t)((int16_t)(upper + lower + 2) >> 2);
    }
}

void RMT_NAME(halve_rows)(const uint8_t *above, const uint8_t *below, int32_t count, uint8_t *out)
{
    const int16_t both[2] = {1, 1};
    for (int32_t x = 0; x < count - 1; x++, above += 6, below += 6, out += 3)
        store_pixel((sum_pair(above, both) + sum_pair(below, both) + 2) >> 2, out);
    for (int c = 0; c < 3 && count > 0; c++) /* the vectors would read beyond the last pair */
        out[c] = (uint8_t)((above[c] + above[3 + c] + below[c] + below[3 + c] + 2) >> 2);
}

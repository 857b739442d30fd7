/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Weighted sums of neighbouring pixels of three bytes, the three channels at once: exact, so all levels agree.
 *
 * Two pixels that stand side by side are blended by one multiply-add of pairs. A sum has four lanes: blue, green, red and
 * one that holds nothing of meaning. The intrinsics of bytes appear here and in the files of this folder.
 */
#ifndef RMT_PIXEL_SIMD_H
#define RMT_PIXEL_SIMD_H

#include "kernels/simd.h"

typedef int32_t pixel_sums __attribute__((vector_size(16)));

RMT_INLINE uint8_t clamp_byte(int value) { return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value); }

/* weight[0] * the pixel at `in` + weight[1] * its right neighbour; reads 8 bytes */
RMT_INLINE pixel_sums sum_pair(const uint8_t *in, const int16_t weight[2])
{
#if RMT_VL > 4 || defined(__SSE2__)
    int32_t both;
    memcpy(&both, weight, sizeof both);
    __m128i pixels = _mm_loadl_epi64((const __m128i *)in);
    __m128i pairs = _mm_unpacklo_epi8(pixels, _mm_srli_epi64(pixels, 24)); /* left, right of blue, green, red */
    return (pixel_sums)_mm_madd_epi16(_mm_unpacklo_epi8(pairs, _mm_setzero_si128()), _mm_set1_epi32(both));
#else
    return (pixel_sums){in[0] * weight[0] + in[3] * weight[1], in[1] * weight[0] + in[4] * weight[1],
                        in[2] * weight[0] + in[5] * weight[1], 0};
#endif
}

/* Writes 3 bytes, each sum clamped to 0..255; sums fit 16 bits. */
RMT_INLINE void store_pixel(pixel_sums sums, uint8_t out[3])
{
#if RMT_VL > 4 || defined(__SSE2__)
    __m128i halves = _mm_packs_epi32((__m128i)sums, (__m128i)sums);
    int32_t pixel = _mm_cvtsi128_si32(_mm_packus_epi16(halves, halves));
    memcpy(out, &pixel, 3);
#else
    for (int c = 0; c < 3; c++)
        out[c] = clamp_byte(sums[c]);
#endif
}

#if RMT_VL > 4

/* Two such pairs: lanes 0 to 3 with weight[0], [1], lanes 4 to 7 with weight[2], [3]. */
RMT_INLINE __m256i sum_two_pairs(const uint8_t *first, const uint8_t *second, const int16_t weight[4])
{
    const __m128i side_by_side = _mm_setr_epi8(0, 3, 1, 4, 2, 5, -1, -1, 8, 11, 9, 12, 10, 13, -1, -1);
    __m128i bytes =
        _mm_unpacklo_epi64(_mm_loadl_epi64((const __m128i *)first), _mm_loadl_epi64((const __m128i *)second));
    __m256i pairs = _mm256_cvtepu8_epi16(_mm_shuffle_epi8(bytes, side_by_side));
    __m256i weights = _mm256_castsi128_si256(_mm_loadl_epi64((const __m128i *)weight));
    return _mm256_madd_epi16(pairs, _mm256_permutevar8x32_epi32(weights, _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1)));
}

#endif

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Weighted sums of neighbouring pixels, the three channels at once.
 *
 * Two pixels that stand side by side are blended by one multiply-add of pairs.
 * Sums are 32-bit, exact, and the same with and without SSE2. The fourth lane
 * holds nothing of meaning.
 */
#ifndef RMT_IMAGE_PIXELS_H
#define RMT_IMAGE_PIXELS_H

#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* What rmt_blend_pair() reads, of which it uses 6. */
enum { RMT_PAIR_BYTES = 8 };

typedef int32_t rmt_sums __attribute__((vector_size(16))); /* blue, green, red, - */

static inline uint8_t rmt_clamp_byte(int value) { return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value); }

/* weight[0] * the pixel at `in` + weight[1] * its right neighbour */
static inline rmt_sums rmt_blend_pair(const uint8_t *in, const int16_t weight[2])
{
#if defined(__SSE2__)
    int32_t both;
    memcpy(&both, weight, sizeof both);
    __m128i pixels = _mm_loadl_epi64((const __m128i *)in);
    __m128i pairs = _mm_unpacklo_epi8(pixels, _mm_srli_epi64(pixels, 24)); /* left, right of blue, green, red */
    return (rmt_sums)_mm_madd_epi16(_mm_unpacklo_epi8(pairs, _mm_setzero_si128()), _mm_set1_epi32(both));
#else
    return (rmt_sums){in[0] * weight[0] + in[3] * weight[1], in[1] * weight[0] + in[4] * weight[1],
                      in[2] * weight[0] + in[5] * weight[1], 0};
#endif
}

/* Writes 3 bytes, each sum clamped to 0..255. */
static inline void rmt_store_pixel(rmt_sums sums, uint8_t out[3])
{
#if defined(__SSE2__)
    __m128i halves = _mm_packs_epi32((__m128i)sums, (__m128i)sums);
    int32_t pixel = _mm_cvtsi128_si32(_mm_packus_epi16(halves, halves));
    memcpy(out, &pixel, 3);
#else
    for (int c = 0; c < 3; c++)
        out[c] = rmt_clamp_byte(sums[c]);
#endif
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes to floats: a row of pixels, its channels put in order, as numbers side by side or in planes. This folder is
 * compiled without fused multiply-add, so that the product is rounded at every level.
 */
#include "kernels/pixels/pixel_simd.h"

RMT_INLINE void write_pixel(const rmt_pixel_numbers *row, int32_t x)
{
    const uint8_t *pixel = row->pixels + 3 * (ptrdiff_t)x;
    float *out = row->out + x * row->pixel_stride;
    for (int c = 0; c < 3; c++)
        out[c * row->channel_stride] = (float)pixel[row->swap_rb ? 2 - c : c] * row->scale[c] + row->shift[c];
}

#if RMT_VL > 4

enum { GROUP = 8, VECTORS = 3 }; /* eight pixels are three vectors of eight numbers */

/* Which of the 24 bytes become which lane, as shuffles of bytes 0 to 15 and of bytes 8 to 23, and what is done to them. */
typedef struct group_plan {
    uint8_t low[VECTORS][16], high[VECTORS][16];
    float scale[VECTORS][GROUP], shift[VECTORS][GROUP];
} group_plan;

static void plan_group(const rmt_pixel_numbers *row, bool planes, group_plan *plan)
{
    memset(plan->low, 0x80, sizeof plan->low);
    memset(plan->high, 0x80, sizeof plan->high);
    for (int k = 0; k < VECTORS; k++)
        for (int i = 0; i < GROUP; i++) {
            int channel = planes ? k : (k * GROUP + i) % 3, pixel = planes ? i : (k * GROUP + i) / 3;
            int byte = 3 * pixel + (row->swap_rb ? 2 - channel : channel);
            if (byte < 16)
                plan->low[k][i] = (uint8_t)byte;
            else
                plan->high[k][i] = (uint8_t)(byte - 8);
            plan->scale[k][i] = row->scale[channel];
            plan->shift[k][i] = row->shift[channel];
        }
}

/* Writes the whole groups, vector k of a group at out + k * vector_stride; returns how many pixels that were. */
RMT_INLINE int32_t write_groups(const rmt_pixel_numbers *row, const group_plan *plan, ptrdiff_t group_stride,
                                ptrdiff_t vector_stride)
{
    __m128i low[VECTORS], high[VECTORS];
    __m256 scale[VECTORS], shift[VECTORS];
    for (int k = 0; k < VECTORS; k++) {
        low[k] = _mm_loadu_si128((const __m128i *)plan->low[k]);
        high[k] = _mm_loadu_si128((const __m128i *)plan->high[k]);
        scale[k] = _mm256_loadu_ps(plan->scale[k]);
        shift[k] = _mm256_loadu_ps(plan->shift[k]);
    }
    const uint8_t *in = row->pixels;
    float *out = row->out;
    int32_t x = 0;
    for (; x + GROUP <= row->width; x += GROUP, in += 3 * GROUP, out += group_stride) {
        __m128i front = _mm_loadu_si128((const __m128i *)in), back = _mm_loadu_si128((const __m128i *)(in + 8));
        for (int k = 0; k < VECTORS; k++) {
            __m128i bytes = _mm_or_si128(_mm_shuffle_epi8(front, low[k]), _mm_shuffle_epi8(back, high[k]));
            __m256 numbers = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
            _mm256_storeu_ps(out + k * vector_stride, numbers * scale[k] + shift[k]);
        }
    }
    return x;
}

#endif

void RMT_NAME(pixel_numbers)(const rmt_pixel_numbers *row)
{
    int32_t x = 0;
#if RMT_VL > 4
    bool dense = row->pixel_stride == 3 && row->channel_stride == 1, planes = row->pixel_stride == 1;
    if (dense || planes) {
        group_plan plan;
        plan_group(row, planes, &plan);
        x = dense ? write_groups(row, &plan, 3 * GROUP, GROUP) : write_groups(row, &plan, GROUP, row->channel_stride);
    }
#endif
    for (; x < row->width; x++)
        write_pixel(row, x);
}

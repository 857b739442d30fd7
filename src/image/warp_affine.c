/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Affine warps: a destination pixel is mapped into the source in fixed point,
 * to 1/32 of a pixel, and blended from the four pixels around. Beyond its
 * borders the source is black. All as cv2.warpAffine.
 */
#include "image/resizer.h"

#include <math.h>

enum { POSITION_BITS = 10, FRACTION_BITS = 5, STEPS = 1 << FRACTION_BITS, BLEND_BITS = 2 * FRACTION_BITS };

/* Nearest integer, halves to even; beyond the range its nearer end. */
static int64_t fixed(double value)
{
    const double most = INT32_MAX;
    value *= 1 << POSITION_BITS;
    return lrint(value < -most ? -most : value > most ? most : value);
}

/* Channel c of a source pixel; 0 where there is none. */
static int32_t tap(const ramet_image *src, int64_t x, int64_t y, int c)
{
    bool inside = x >= 0 && y >= 0 && x < src->width && y < src->height;
    return inside ? src->data[(ptrdiff_t)y * src->pitch + 3 * (ptrdiff_t)x + c] : 0;
}

static void blend(const ramet_image *src, int64_t x, int64_t y, uint8_t out[3])
{
    int32_t fx = (int32_t)(x & (STEPS - 1)), fy = (int32_t)(y & (STEPS - 1));
    x >>= FRACTION_BITS, y >>= FRACTION_BITS;
    for (int c = 0; c < 3; c++) {
        int32_t upper = tap(src, x, y, c) * (STEPS - fx) + tap(src, x + 1, y, c) * fx;
        int32_t lower = tap(src, x, y + 1, c) * (STEPS - fx) + tap(src, x + 1, y + 1, c) * fx;
        out[c] = (uint8_t)((upper * (STEPS - fy) + lower * fy + (1 << (BLEND_BITS - 1))) >> BLEND_BITS);
    }
}

void rmt_image_warp_affine(const ramet_image *src, const double map[6], ramet_image *dst)
{
    const int64_t half = 1 << (POSITION_BITS - FRACTION_BITS - 1);
    for (int32_t y = 0; y < dst->height; y++) {
        int64_t row_x = fixed(map[1] * y + map[2]) + half, row_y = fixed(map[4] * y + map[5]) + half;
        uint8_t *out = dst->data + y * dst->pitch;
        for (int32_t x = 0; x < dst->width; x++, out += 3) {
            int64_t at_x = row_x + fixed(map[0] * x), at_y = row_y + fixed(map[3] * x);
            blend(src, at_x >> (POSITION_BITS - FRACTION_BITS), at_y >> (POSITION_BITS - FRACTION_BITS), out);
        }
    }
}

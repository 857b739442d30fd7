/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row of pixels of a linear resize, from one row that has been blended of two already. Where a row grows, neighbouring
 * results share their two pixels, so all is read from the first-level cache.
 */
#include "kernels/simd.h"

/* Whole vectors of channels; the last one is cut where channels end. */
RMT_INLINE void lerp_pixel(const rmt_lerp_row *r, int32_t x, const float *add, float *out)
{
    const float *left = r->from + r->taps[x].left * r->in_pixel, *right = r->from + r->taps[x].right * r->in_pixel;
    const vf to_right = v_set(r->taps[x].weight), to_left = v_set(1.0f - r->taps[x].weight);
    const int32_t channels = r->channels;
    for (int32_t c = 0; c < channels; c += RMT_VL) {
        const int32_t rest = channels - c;
        vf y = v_load_upto(left + c, rest) * to_left + v_load_upto(right + c, rest) * to_right;
        if (add != NULL)
            y = y + v_load_upto(add + c, rest);
        v_store_upto(out + c, y, rest);
    }
}

void RMT_NAME(lerp_row)(const rmt_lerp_row *row)
{
    const rmt_lerp_row r = *row; /* a copy that the compiler knows stores to leave alone */
    for (int32_t x = 0; x < r.width; x++)
        lerp_pixel(&r, x, r.add == NULL ? NULL : r.add + x * r.add_pixel, r.out + x * r.out_pixel);
}

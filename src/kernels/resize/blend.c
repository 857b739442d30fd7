/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A weighted sum of pixels given by pointer: one point of a cubic resize, of a deformed kernel, of a region.
 */
#include "kernels/simd.h"

void RMT_NAME(blend)(const float *const *pixels, const float *weights, int32_t count, float *y, int32_t channels)
{
    for (int32_t c = 0; c < channels; c += RMT_VL) {
        vf sum = v_set(0);
        for (int32_t i = 0; i < count; i++)
            sum = v_load_upto(pixels[i] + c, channels - c) * weights[i] + sum;
        v_store_upto(y + c, sum, channels - c);
    }
}

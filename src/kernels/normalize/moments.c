/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sums and sums of squares for each channel of a run of pixels, as distances from a center, so that a large mean costs
 * no accuracy.
 */
#include "kernels/simd.h"

void RMT_NAME(moments)(const float *x, ptrdiff_t pixel, int64_t pixels, const float *center, float *sums,
                       float *squares, int32_t channels)
{
    for (int32_t c = 0; c < channels; c += RMT_VL) {
        int32_t left = channels - c;
        vf middle = v_load_upto(center + c, left), sum = v_set(0), square = v_set(0);
        for (int64_t p = 0; p < pixels; p++) {
            vf distance = v_load_upto(x + p * pixel + c, left) - middle;
            sum = sum + distance;
            square = distance * distance + square;
        }
        v_store_upto(sums + c, sum, left);
        v_store_upto(squares + c, square, left);
    }
}

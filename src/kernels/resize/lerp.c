/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One output pixel of a bilinear resize from its four neighbours.
 */
#include "kernels/simd.h"

void RMT_NAME(lerp)(const float *const p[4], float wx, float wy, float *y, int32_t channels)
{
    const vf right = v_set(wx), left = v_set(1.0f - wx);
    const vf lower = v_set(wy), upper = v_set(1.0f - wy);
    for (int32_t c = 0; c < channels; c += RMT_VL) {
        int32_t rest = channels - c;
        vf above = v_load_upto(p[0] + c, rest) * left + v_load_upto(p[1] + c, rest) * right;
        vf below = v_load_upto(p[2] + c, rest) * left + v_load_upto(p[3] + c, rest) * right;
        v_store_upto(y + c, above * upper + below * lower, rest);
    }
}

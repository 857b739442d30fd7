/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One row to mean 0 and variance 1, then scaled and shifted where there is a scale and a bias. The mean is subtracted
 * before squares are summed, so that a large mean costs no accuracy.
 */
#include "kernels/lanes.h"

RMT_INLINE lanes squares(lanes sum, lanes x, vf mean)
{
    for (int j = 0; j < RMT_PARTS; j++) {
        vf distance = x.part[j] - mean;
        sum.part[j] = distance * distance + sum.part[j];
    }
    return sum;
}

static float variance(const float *x, int64_t n, float mean)
{
    lanes sum = lanes_make(RMT_REDUCE_SUM);
    int64_t i = 0;
    for (; i + RMT_PANEL <= n; i += RMT_PANEL)
        sum = squares(sum, lanes_load(x + i), v_set(mean));
    if (i < n)
        sum = squares(sum, lanes_load_part(x + i, n - i, mean), v_set(mean));
    return lanes_fold(RMT_REDUCE_SUM, sum) / (float)n;
}

void RMT_NAME(layer_norm)(const float *x, float *y, int64_t n, float epsilon, const float *scale, const float *bias)
{
    float mean = lanes_reduce_row(RMT_REDUCE_SUM, x, n) / (float)n;
    float factor = 1.0f / sqrtf(variance(x, n, mean) + epsilon);
    for (int64_t i = 0; i < n; i += RMT_VL) {
        int64_t left = n - i;
        vf z = (v_load_upto(x + i, left) - mean) * factor;
        if (scale != NULL)
            z = z * v_load_upto(scale + i, left);
        if (bias != NULL)
            z = z + v_load_upto(bias + i, left);
        v_store_upto(y + i, z, left);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One output pixel of a pooling: the sum times a factor, or an extreme, over pixels given by pointer, in their order.
 */
#include "kernels/lanes.h"

RMT_INLINE void fold(rmt_reduce f, const float *const *pixels, int32_t count, float factor, float *y, int32_t channels)
{
    for (int32_t c = 0; c < channels; c += RMT_VL) {
        vf sum = v_set(reduce_identity(f));
        for (int32_t i = 0; i < count; i++)
            sum = reduce_vectors(f, sum, v_load_upto(pixels[i] + c, channels - c));
        if (f == RMT_REDUCE_SUM)
            sum = sum * factor;
        v_store_upto(y + c, sum, channels - c);
    }
}

void RMT_NAME(pool)(rmt_reduce function, const float *const *pixels, int32_t count, float factor, float *y,
                    int32_t channels)
{
    switch (function) {
    case RMT_REDUCE_MAX: fold(RMT_REDUCE_MAX, pixels, count, factor, y, channels); break;
    case RMT_REDUCE_MIN: fold(RMT_REDUCE_MIN, pixels, count, factor, y, channels); break;
    case RMT_REDUCE_PROD: fold(RMT_REDUCE_PROD, pixels, count, factor, y, channels); break;
    default: fold(RMT_REDUCE_SUM, pixels, count, factor, y, channels); break;
    }
}

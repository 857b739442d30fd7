/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Output pixels of a pooling: the sum times a factor, or an extreme, over pixels given by pointer, in their order.
 */
#include "kernels/lanes.h"

/* count is a constant for the usual windows. */
RMT_INLINE void fold(const rmt_pool *run, rmt_reduce f, const int32_t count)
{
    const rmt_pool r = *run; /* a copy that the compiler knows stores to leave alone */
    for (int32_t x = 0; x < r.width; x++) {
        float *out = r.out + x * r.out_pixel;
        const ptrdiff_t from = x * r.in_step;
        for (int32_t c = 0; c < r.channels; c += RMT_VL) {
            vf sum = v_set(reduce_identity(f));
            for (int32_t i = 0; i < count; i++)
                sum = reduce_vectors(f, sum, v_load_upto(r.pixels[i] + (from + c), r.channels - c));
            if (f == RMT_REDUCE_SUM)
                sum = sum * r.factor;
            v_store_upto(out + c, sum, r.channels - c);
        }
    }
}

RMT_INLINE void fold_usual(const rmt_pool *run, rmt_reduce f)
{
    switch (run->count) {
    case 4: fold(run, f, 4); break;
    case 9: fold(run, f, 9); break;
    default: fold(run, f, run->count); break;
    }
}

void RMT_NAME(pool)(const rmt_pool *run)
{
    switch (run->function) {
    case RMT_REDUCE_MAX: fold_usual(run, RMT_REDUCE_MAX); break;
    case RMT_REDUCE_MIN: fold(run, RMT_REDUCE_MIN, run->count); break;
    case RMT_REDUCE_PROD: fold(run, RMT_REDUCE_PROD, run->count); break;
    default: fold_usual(run, RMT_REDUCE_SUM); break;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sums, products and extremes over a row, in one order for all levels: element i belongs to lane i % 16, each lane is
 * folded in ascending order, and the sixteen lanes meet in a fixed tree (lane i with i + 8, then 4, 2, 1).
 */
#ifndef RMT_LANES_H
#define RMT_LANES_H

#include "kernels/simd.h"

typedef struct lanes {
    vf part[RMT_PARTS];
} lanes;

RMT_INLINE float reduce_identity(rmt_reduce f)
{
    switch (f) {
    case RMT_REDUCE_MAX: return -INFINITY;
    case RMT_REDUCE_MIN: return INFINITY;
    case RMT_REDUCE_PROD: return 1.0f;
    default: return 0.0f;
    }
}

/* NaN in x is passed over by maximum and minimum. */
RMT_INLINE vf reduce_vectors(rmt_reduce f, vf sum, vf x)
{
    switch (f) {
    case RMT_REDUCE_MAX: return v_max(x, sum);
    case RMT_REDUCE_MIN: return v_min(x, sum);
    case RMT_REDUCE_PROD: return sum * x;
    default: return sum + x;
    }
}

RMT_INLINE lanes lanes_make(rmt_reduce f)
{
    lanes l;
    for (int j = 0; j < RMT_PARTS; j++)
        l.part[j] = v_set(reduce_identity(f));
    return l;
}

/* The next sixteen elements. */
RMT_INLINE lanes lanes_load(const float *x)
{
    lanes l;
    for (int j = 0; j < RMT_PARTS; j++)
        l.part[j] = v_load(x + j * RMT_VL);
    return l;
}

/* The last `left` < 16 elements, the other lanes filled. */
RMT_INLINE lanes lanes_load_part(const float *x, int64_t left, float fill)
{
    float all[RMT_PANEL];
    for (int64_t i = 0; i < RMT_PANEL; i++)
        all[i] = i < left ? x[i] : fill;
    return lanes_load(all);
}

RMT_INLINE lanes lanes_reduce(rmt_reduce f, lanes sum, lanes x)
{
    for (int j = 0; j < RMT_PARTS; j++)
        sum.part[j] = reduce_vectors(f, sum.part[j], x.part[j]);
    return sum;
}

/* Lane i becomes lane i + by; what moves in from behind does not matter. */
RMT_INLINE vf lanes_shift(vf v, const int by)
{
    vi from;
    for (int i = 0; i < RMT_VL; i++)
        from[i] = (i + by) % RMT_VL;
    return __builtin_shuffle(v, from);
}

RMT_INLINE float lanes_fold(rmt_reduce f, lanes sum)
{
    for (int half = RMT_PARTS / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++)
            sum.part[i] = reduce_vectors(f, sum.part[i], sum.part[i + half]);
    vf v = sum.part[0];
#if RMT_VL == 16
    v = reduce_vectors(f, v, lanes_shift(v, 8));
#endif
#if RMT_VL >= 8
    v = reduce_vectors(f, v, lanes_shift(v, 4));
#endif
    v = reduce_vectors(f, v, lanes_shift(v, 2));
    v = reduce_vectors(f, v, lanes_shift(v, 1));
    return v[0];
}

RMT_INLINE float lanes_reduce_row(rmt_reduce f, const float *x, int64_t n)
{
    lanes sum = lanes_make(f);
    int64_t i = 0;
    for (; i + RMT_PANEL <= n; i += RMT_PANEL)
        sum = lanes_reduce(f, sum, lanes_load(x + i));
    if (i < n)
        sum = lanes_reduce(f, sum, lanes_load_part(x + i, n - i, reduce_identity(f)));
    return lanes_fold(f, sum);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row to one number, a row into a row, and the place of the largest element.
 */
#include "kernels/lanes.h"

#define BLOCK 256 /* floats, few enough to be searched one by one */

float RMT_NAME(reduce)(rmt_reduce function, const float *x, int64_t n)
{
    switch (function) {
    case RMT_REDUCE_MAX: return lanes_reduce_row(RMT_REDUCE_MAX, x, n);
    case RMT_REDUCE_MIN: return lanes_reduce_row(RMT_REDUCE_MIN, x, n);
    case RMT_REDUCE_PROD: return lanes_reduce_row(RMT_REDUCE_PROD, x, n);
    default: return lanes_reduce_row(RMT_REDUCE_SUM, x, n);
    }
}

RMT_INLINE void combine(rmt_reduce f, float *into, const float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i += RMT_VL) {
        vf y = reduce_vectors(f, v_load_upto(into + i, n - i), v_load_upto(x + i, n - i));
        v_store_upto(into + i, y, n - i);
    }
}

void RMT_NAME(reduce_into)(rmt_reduce function, float *into, const float *x, int64_t n)
{
    switch (function) {
    case RMT_REDUCE_MAX: combine(RMT_REDUCE_MAX, into, x, n); break;
    case RMT_REDUCE_MIN: combine(RMT_REDUCE_MIN, into, x, n); break;
    case RMT_REDUCE_PROD: combine(RMT_REDUCE_PROD, into, x, n); break;
    default: combine(RMT_REDUCE_SUM, into, x, n); break;
    }
}

/* The first block with the largest maximum, then the element in it; none is found where all are NaN. */
int64_t RMT_NAME(arg_max)(const float *x, int64_t n)
{
    float largest = -INFINITY;
    int64_t start = 0;
    for (int64_t i = 0; i < n; i += BLOCK) {
        float maximum = lanes_reduce_row(RMT_REDUCE_MAX, x + i, rmt_min_i64(BLOCK, n - i));
        if (maximum > largest) {
            largest = maximum;
            start = i;
        }
    }
    for (int64_t i = start; i < n; i++)
        if (x[i] == largest)
            return i;
    return 0;
}

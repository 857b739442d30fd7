/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Softmax of one row, or its logarithm: the maximum, the exponentials with their sum, the division. y may equal x.
 */
#include "kernels/lanes.h"
#include "kernels/vector_math.h"

static void subtract(const float *x, float *y, int64_t n, vf amount)
{
    for (int64_t i = 0; i < n; i += RMT_VL)
        v_store_upto(y + i, v_load_upto(x + i, n - i) - amount, n - i);
}

static void multiply(float *y, int64_t n, vf factor)
{
    for (int64_t i = 0; i < n; i += RMT_VL)
        v_store_upto(y + i, v_load_upto(y + i, n - i) * factor, n - i);
}

/* Elements past the end of the row are -infinity, whose exponential is 0. */
RMT_INLINE lanes exponentials(lanes x, vf largest)
{
    for (int j = 0; j < RMT_PARTS; j++)
        x.part[j] = v_exp_negative(x.part[j] - largest);
    return x;
}

static float sum_of_exponentials(const float *x, int64_t n, float largest)
{
    lanes sum = lanes_make(RMT_REDUCE_SUM);
    int64_t i = 0;
    for (; i + RMT_PANEL <= n; i += RMT_PANEL)
        sum = lanes_reduce(RMT_REDUCE_SUM, sum, exponentials(lanes_load(x + i), v_set(largest)));
    if (i < n) {
        lanes rest = lanes_load_part(x + i, n - i, -INFINITY);
        sum = lanes_reduce(RMT_REDUCE_SUM, sum, exponentials(rest, v_set(largest)));
    }
    return lanes_fold(RMT_REDUCE_SUM, sum);
}

RMT_INLINE void store_upto(float *y, lanes x, int64_t left)
{
    for (int j = 0; j < RMT_PARTS && j * RMT_VL < left; j++)
        v_store_upto(y + j * RMT_VL, x.part[j], left - j * RMT_VL);
}

/* Stores the exponentials and returns their sum. */
static float exponentiate(const float *x, float *y, int64_t n, float largest)
{
    lanes sum = lanes_make(RMT_REDUCE_SUM);
    int64_t i = 0;
    for (; i + RMT_PANEL <= n; i += RMT_PANEL) {
        lanes e = exponentials(lanes_load(x + i), v_set(largest));
        store_upto(y + i, e, RMT_PANEL);
        sum = lanes_reduce(RMT_REDUCE_SUM, sum, e);
    }
    if (i < n) {
        lanes e = exponentials(lanes_load_part(x + i, n - i, -INFINITY), v_set(largest));
        store_upto(y + i, e, n - i);
        sum = lanes_reduce(RMT_REDUCE_SUM, sum, e);
    }
    return lanes_fold(RMT_REDUCE_SUM, sum);
}

void RMT_NAME(softmax)(const float *x, float *y, int64_t n, bool logarithm)
{
    float largest = lanes_reduce_row(RMT_REDUCE_MAX, x, n);
    if (logarithm) {
        vf sum = v_set(sum_of_exponentials(x, n, largest));
        subtract(x, y, n, v_set(largest));
        subtract(y, y, n, v_log(sum));
        return;
    }
    multiply(y, n, v_set(1.0f / exponentiate(x, y, n, largest)));
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * out = f(x, y), element by element; a step of 0 stands for one number against a whole row. Broadcasting over axes is
 * the caller's loop over rows.
 */
#include "kernels/vector_math.h"

typedef vf vector_function(vf x, vf y);

RMT_INLINE void map(vector_function *f, const float *x, int32_t x_step, const float *y, int32_t y_step, float *out,
                    int64_t n)
{
    const vf x_all = v_set(x_step == 0 && n > 0 ? *x : 0.0f);
    const vf y_all = v_set(y_step == 0 && n > 0 ? *y : 0.0f);
    for (int64_t i = 0; i < n; i += RMT_VL) {
        vf a = x_step == 0 ? x_all : v_load_upto(x + i, n - i);
        vf b = y_step == 0 ? y_all : v_load_upto(y + i, n - i);
        v_store_upto(out + i, f(a, b), n - i);
    }
}

RMT_INLINE vf add(vf x, vf y) { return x + y; }

RMT_INLINE vf subtract(vf x, vf y) { return x - y; }

RMT_INLINE vf multiply(vf x, vf y) { return x * y; }

RMT_INLINE vf divide(vf x, vf y) { return x / y; }

RMT_INLINE vf floor_divide(vf x, vf y) { return v_floor(x / y); }

RMT_INLINE vf prelu(vf x, vf y) { return v_select(x < v_set(0), y * x, x); }

void RMT_NAME(binary)(rmt_binary function, const float *x, int32_t x_step, const float *y, int32_t y_step, float *out,
                      int64_t n)
{
    switch (function) {
    case RMT_BINARY_ADD: map(add, x, x_step, y, y_step, out, n); break;
    case RMT_BINARY_SUBTRACT: map(subtract, x, x_step, y, y_step, out, n); break;
    case RMT_BINARY_MULTIPLY: map(multiply, x, x_step, y, y_step, out, n); break;
    case RMT_BINARY_DIVIDE: map(divide, x, x_step, y, y_step, out, n); break;
    case RMT_BINARY_MAXIMUM: map(v_max, x, x_step, y, y_step, out, n); break;
    case RMT_BINARY_MINIMUM: map(v_min, x, x_step, y, y_step, out, n); break;
    case RMT_BINARY_POW: map(v_pow, x, x_step, y, y_step, out, n); break;
    case RMT_BINARY_REMAINDER: map(v_remainder, x, x_step, y, y_step, out, n); break;
    case RMT_BINARY_FLOOR_DIVIDE: map(floor_divide, x, x_step, y, y_step, out, n); break;
    case RMT_BINARY_PRELU: map(prelu, x, x_step, y, y_step, out, n); break;
    case RMT_BINARY_COUNT: break;
    }
}

void RMT_NAME(scale_shift)(const float *x, const float *scale, const float *shift, float *out, int64_t n)
{
    for (int64_t i = 0; i < n; i += RMT_VL) {
        int64_t left = n - i;
        vf y = v_load_upto(x + i, left) * v_load_upto(scale + i, left) + v_load_upto(shift + i, left);
        v_store_upto(out + i, y, left);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * y = f(x) * scale + shift, element by element. Each function is written on a vector; one loop serves them all and is
 * compiled into each case.
 */
#include "kernels/epilogue.h"
#include "kernels/vector_math.h"

#define BLOCK 2048 /* floats: what the second pass of scale and shift finds in the first-level cache */

/* The parameters of a function, the same in all lanes. */
typedef struct params {
    vf p0, p1, p2;
} params;

typedef vf vector_function(vf x, const params *p);

RMT_INLINE void map(vector_function *f, const float *x, float *y, int64_t n, const params *p)
{
    const params local = *p; /* the compiler knows that stores leave a copy alone */
    int64_t i = 0;
    for (; i + RMT_VL <= n; i += RMT_VL)
        v_store(y + i, f(v_load(x + i), &local));
    if (i < n)
        v_store_part(y + i, f(v_load_part(x + i, (int32_t)(n - i)), &local), (int32_t)(n - i));
}

RMT_INLINE vf relu(vf x, const params *p)
{
    (void)p;
    return v_max(v_set(0), x);
}

RMT_INLINE vf clip(vf x, const params *p) { return v_clamp(x, p->p0, p->p1); }

RMT_INLINE vf hard_swish(vf x, const params *p) { return v_hard_swish(x, p->p0, p->p1, p->p2); }

RMT_INLINE vf hard_sigmoid(vf x, const params *p) { return v_clamp(p->p0 * x + p->p1, v_set(0), v_set(1)); }

RMT_INLINE vf sigmoid(vf x, const params *p)
{
    (void)p;
    return v_sigmoid(x);
}

RMT_INLINE vf swish(vf x, const params *p) { return x * v_sigmoid(p->p0 * x); }

RMT_INLINE vf hyperbolic_tangent(vf x, const params *p)
{
    (void)p;
    return v_tanh(x);
}

RMT_INLINE vf gelu(vf x, const params *p)
{
    (void)p;
    return 0.5f * x * (v_erf_coarse(x * 0.707106781f) + 1.0f);
}

RMT_INLINE vf gelu_tanh(vf x, const params *p)
{
    (void)p;
    vf inner = 0.797884561f * (0.044715f * x * x * x + x);
    return 0.5f * x * (v_tanh(inner) + 1.0f);
}

RMT_INLINE vf leaky_relu(vf x, const params *p) { return v_select(x < v_set(0), p->p0 * x, x); }

RMT_INLINE vf elu(vf x, const params *p) { return v_select(x < v_set(0), p->p0 * (v_exp(x) - 1.0f), x); }

/* x * tanh(ln(1 + e^x)), where tanh(ln(1 + e)) = e (e + 2) / (e (e + 2) + 2); the factor is 1 from 20 on */
RMT_INLINE vf mish(vf x, const params *p)
{
    (void)p;
    vf e = v_exp(v_min(v_set(20), x));
    vf n = e * (e + 2.0f);
    return x * (n / (n + 2.0f));
}

RMT_INLINE vf softplus(vf x, const params *p)
{
    vf z = p->p0 * x;
    vf y = (v_max(v_set(0), z) + v_log1p(v_exp(-v_abs(z)))) / p->p0;
    return v_select(z > p->p1, x, y);
}

RMT_INLINE vf exponential(vf x, const params *p)
{
    (void)p;
    return v_exp(x);
}

RMT_INLINE vf logarithm(vf x, const params *p)
{
    (void)p;
    return v_log(x);
}

RMT_INLINE vf square_root(vf x, const params *p)
{
    (void)p;
    return v_sqrt(x);
}

RMT_INLINE vf inverse_square_root(vf x, const params *p)
{
    (void)p;
    return 1.0f / v_sqrt(x);
}

RMT_INLINE vf square(vf x, const params *p)
{
    (void)p;
    return x * x;
}

RMT_INLINE vf absolute(vf x, const params *p)
{
    (void)p;
    return v_abs(x);
}

RMT_INLINE vf round_down(vf x, const params *p)
{
    (void)p;
    return v_floor(x);
}

RMT_INLINE vf round_up(vf x, const params *p)
{
    (void)p;
    return -v_floor(-x);
}

/* half away from zero; the difference to the whole part is exact */
RMT_INLINE vf round_half_away(vf x, const params *p)
{
    (void)p;
    vf whole = v_trunc(x);
    vf step = v_select(v_abs(x - whole) >= v_set(0.5f), v_set(1), v_set(0));
    return v_copysign(v_abs(whole) + step, x);
}

RMT_INLINE vf error_function(vf x, const params *p)
{
    (void)p;
    return v_erf(x);
}

RMT_INLINE vf power(vf x, const params *p) { return v_pow(x, p->p0); }

RMT_INLINE vf reciprocal(vf x, const params *p)
{
    (void)p;
    return 1.0f / x;
}

RMT_INLINE vf sign(vf x, const params *p)
{
    (void)p;
    vf ones = v_copysign(v_set(1), x);
    return v_select(v_abs(x) > v_set(0), ones, v_set(0));
}

RMT_INLINE vf softsign(vf x, const params *p)
{
    (void)p;
    return x / (v_abs(x) + 1.0f);
}

RMT_INLINE vf logarithm_of_sigmoid(vf x, const params *p)
{
    (void)p;
    return v_min(v_set(0), x) - v_log1p(v_exp(-v_abs(x)));
}

RMT_INLINE vf selu(vf x, const params *p)
{
    return p->p0 * v_select(x > v_set(0), x, p->p1 * (v_exp(v_min(v_set(0), x)) - 1.0f));
}

RMT_INLINE vf celu(vf x, const params *p) { return v_select(x > v_set(0), x, p->p0 * (v_exp(x / p->p0) - 1.0f)); }

RMT_INLINE vf hard_shrink(vf x, const params *p) { return v_select((x > p->p0) | (x < -p->p0), x, v_set(0)); }

RMT_INLINE vf soft_shrink(vf x, const params *p)
{
    vf below = v_select(x < -p->p0, x + p->p0, v_set(0));
    return v_select(x > p->p0, x - p->p0, below);
}

RMT_INLINE vf thresholded_relu(vf x, const params *p) { return v_select(x > p->p0, x, v_set(0)); }

RMT_INLINE vf tanh_shrink(vf x, const params *p)
{
    (void)p;
    return x - v_tanh(x);
}

static void map_rare(const float *x, float *y, int64_t n, const rmt_activation *act)
{
    const rmt_activation plain = {act->function, act->p0, act->p1, act->p2, 1, 0};
    for (int64_t i = 0; i < n; i++)
        y[i] = (float)rmt_unary_double((double)x[i], &plain);
}

static void apply(const float *x, float *y, int64_t n, const rmt_activation *act)
{
    params p = {v_set(act->p0), v_set(act->p1), v_set(act->p2)};
    switch (act->function) {
    case RMT_UNARY_NONE:
    case RMT_UNARY_COUNT:
        if (x != y)
            memmove(y, x, (size_t)n * sizeof(float));
        break;
    case RMT_UNARY_RELU: map(relu, x, y, n, &p); break;
    case RMT_UNARY_CLIP: map(clip, x, y, n, &p); break;
    case RMT_UNARY_HARD_SWISH:
        p = (params){v_set(act->p0 / act->p1), v_set(1.0f / act->p1), v_set(act->p2 / act->p1)};
        map(hard_swish, x, y, n, &p);
        break;
    case RMT_UNARY_HARD_SIGMOID: map(hard_sigmoid, x, y, n, &p); break;
    case RMT_UNARY_SIGMOID: map(sigmoid, x, y, n, &p); break;
    case RMT_UNARY_SWISH: map(swish, x, y, n, &p); break;
    case RMT_UNARY_TANH: map(hyperbolic_tangent, x, y, n, &p); break;
    case RMT_UNARY_GELU: map(gelu, x, y, n, &p); break;
    case RMT_UNARY_GELU_TANH: map(gelu_tanh, x, y, n, &p); break;
    case RMT_UNARY_LEAKY_RELU: map(leaky_relu, x, y, n, &p); break;
    case RMT_UNARY_ELU: map(elu, x, y, n, &p); break;
    case RMT_UNARY_MISH: map(mish, x, y, n, &p); break;
    case RMT_UNARY_SOFTPLUS: map(softplus, x, y, n, &p); break;
    case RMT_UNARY_EXP: map(exponential, x, y, n, &p); break;
    case RMT_UNARY_LOG: map(logarithm, x, y, n, &p); break;
    case RMT_UNARY_SQRT: map(square_root, x, y, n, &p); break;
    case RMT_UNARY_RSQRT: map(inverse_square_root, x, y, n, &p); break;
    case RMT_UNARY_SQUARE: map(square, x, y, n, &p); break;
    case RMT_UNARY_ABS: map(absolute, x, y, n, &p); break;
    case RMT_UNARY_FLOOR: map(round_down, x, y, n, &p); break;
    case RMT_UNARY_CEIL: map(round_up, x, y, n, &p); break;
    case RMT_UNARY_ROUND: map(round_half_away, x, y, n, &p); break;
    case RMT_UNARY_ERF: map(error_function, x, y, n, &p); break;
    case RMT_UNARY_POW: map(power, x, y, n, &p); break;
    case RMT_UNARY_RECIPROCAL: map(reciprocal, x, y, n, &p); break;
    case RMT_UNARY_SIGN: map(sign, x, y, n, &p); break;
    case RMT_UNARY_SOFTSIGN: map(softsign, x, y, n, &p); break;
    case RMT_UNARY_LOGSIGMOID: map(logarithm_of_sigmoid, x, y, n, &p); break;
    case RMT_UNARY_SELU: map(selu, x, y, n, &p); break;
    case RMT_UNARY_CELU: map(celu, x, y, n, &p); break;
    case RMT_UNARY_HARD_SHRINK: map(hard_shrink, x, y, n, &p); break;
    case RMT_UNARY_SOFT_SHRINK: map(soft_shrink, x, y, n, &p); break;
    case RMT_UNARY_THRESHOLDED_RELU: map(thresholded_relu, x, y, n, &p); break;
    case RMT_UNARY_TANH_SHRINK: map(tanh_shrink, x, y, n, &p); break;
    default: map_rare(x, y, n, act); break;
    }
}

static void scale_and_shift(float *y, int64_t n, float scale, float shift)
{
    for (int64_t i = 0; i < n; i += RMT_VL)
        v_store_upto(y + i, v_load_upto(y + i, n - i) * scale + shift, n - i);
}

void RMT_NAME(unary)(const float *x, float *y, int64_t n, const rmt_activation *act)
{
    if (act->scale == 1.0f && act->shift == 0.0f) {
        apply(x, y, n, act);
        return;
    }
    for (int64_t i = 0; i < n; i += BLOCK) {
        int64_t part = rmt_min_i64(BLOCK, n - i);
        apply(x + i, y + i, part, act);
        scale_and_shift(y + i, part, act->scale, act->shift);
    }
}

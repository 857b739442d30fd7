/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Elementary functions of a vector, by reduction to a short interval and a polynomial (minimax fits of this project).
 * No table, no branch, no call. Errors were measured over all floats of the stated range against double precision;
 * NaN gives NaN, infinities give the limits.
 */
#ifndef RMT_VECTOR_MATH_H
#define RMT_VECTOR_MATH_H

#include "kernels/simd.h"

/* x = n ln 2 + r: n in the low bits, and e^r. Takes what is at least -104 and at most 88.8. */
typedef struct exp_parts {
    vi n;
    vf rest;
} exp_parts;

RMT_INLINE exp_parts v_exp_split(vf x)
{
    const vf magic = v_set(12582912.0f); /* 1.5 * 2^23: a sum with it is rounded to a whole number */
    vf shifted = x * 1.44269504f + magic;
    vf whole = shifted - magic;
    vf r = x - whole * 0.693359375f; /* ln 2 in two parts, the first exact in few bits */
    r = r + whole * 2.12194440e-4f;
    vf p = r * 0.00138144672f + 0.00836878084f;
    p = p * r + 0.0416683927f;
    p = p * r + 0.166665196f;
    p = p * r + 0.49999994f;
    p = (r * r) * p + r + 1.0f;
    return (exp_parts){(vi)((vu)shifted - (vu)magic), p};
}

/* e^x; at most 1 ulp, overflows to infinity and fades through the subnormals to 0. */
RMT_INLINE vf v_exp(vf x)
{
    exp_parts e = v_exp_split(v_clamp(x, v_set(-104.0f), v_set(88.8f)));
    vi half = e.n >> 1; /* two factors, since 2^n itself may not be a normal number */
    return e.rest * v_power_of_two(half) * v_power_of_two(e.n - half);
}

/* e^x of x <= 0; at most 1 ulp where the result is a normal number, 0 below. */
RMT_INLINE vf v_exp_negative(vf x)
{
    const vf least = v_set(-87.3365f);
    exp_parts e = v_exp_split(v_max(least, x));
    return v_select(x < least, v_set(0), e.rest * v_power_of_two(e.n));
}

/* e^x between e^-87.3 and infinity, which begins at 88.4 already; at most 1 ulp. */
RMT_INLINE vf v_exp_normal(vf x)
{
    exp_parts e = v_exp_split(v_clamp(x, v_set(-87.3f), v_set(89.0f)));
    return e.rest * v_power_of_two(e.n);
}

/* Natural logarithm; at most 1 ulp, also of subnormals; -infinity of 0, NaN below. */
RMT_INLINE vf v_log(vf x)
{
    vi tiny = x < v_set(1.17549435e-38f);
    vi bits = (vi)((vu)v_select(tiny, x * 8388608.0f, x) - 0x3f3504f3); /* counted from sqrt(1/2) */
    vf f = (vf)((bits & 0x007fffff) + 0x3f3504f3) - 1.0f;               /* in [sqrt(1/2), sqrt(2)) - 1 */
    vf exponent = __builtin_convertvector((bits >> 23) - (tiny & 23), vf);
    vf p = f * 0.0674664006f - 0.116756521f;
    p = p * f + 0.11888162f;
    p = p * f - 0.124055892f;
    p = p * f + 0.142195523f;
    p = p * f - 0.166679963f;
    p = p * f + 0.200021192f;
    p = p * f - 0.250000089f;
    p = p * f + 0.333333135f;
    vf square = f * f;
    vf low = (p * f) * square - exponent * 2.12194440e-4f - 0.5f * square;
    vf y = exponent * 0.693359375f + (low + f);
    y = v_select(x < v_set(INFINITY), y, x); /* infinity and NaN stay */
    y = v_select(x == v_set(0), v_set(-INFINITY), y);
    return v_select(x < v_set(0), v_set(NAN), y);
}

/* ln(1 + x) for x >= 0 */
RMT_INLINE vf v_log1p(vf x)
{
    vf sum = x + 1.0f;
    return v_log(sum) + (x - (sum - 1.0f)) / sum;
}

/* 1 / (1 + e^-x); at most 2 ulp where that is a normal number, 0 below */
RMT_INLINE vf v_sigmoid(vf x) { return v_set(1) / (v_exp_normal(-x) + 1.0f); }

/* At most 2 ulp. */
RMT_INLINE vf v_tanh(vf x)
{
    vf a = v_abs(x);
    vf u = x * x;
    vf p = u * -0.00570498686f + 0.0206390861f;
    p = p * u - 0.0537397154f;
    p = p * u + 0.133314416f;
    p = p * u - 0.333332807f;
    vf near = (x * u) * p + x;
    vf far = 1.0f - 2.0f / (v_exp(a + a) + 1.0f);
    return v_select(a < v_set(0.625f), near, v_copysign(far, x));
}

/* At most 2 ulp. */
RMT_INLINE vf v_erf(vf x)
{
    vf u = x * x;
    vf p = u * 8.67539202e-05f - 0.000821110385f;
    p = p * u + 0.00520674745f;
    p = p * u - 0.0268615838f;
    p = p * u + 0.11283733f;
    p = p * u - 0.376126349f;
    p = p * u + 0.128379196f; /* 2 / sqrt(pi) - 1 */
    vf near = p * x + x;
    vf a = v_min(v_set(4.0f), v_abs(x));          /* erf(4) rounds to 1 */
    vf q = a * 2.04513562e-05f - 0.000427082938f; /* -ln(1 - erf(a)) */
    q = q * a + 0.00413564499f;
    q = q * a - 0.0250271428f;
    q = q * a + 0.108139031f;
    q = q * a + 0.633473456f;
    q = q * a + 1.12945318f;
    q = q * a - 0.000162024677f;
    vf far = 1.0f - v_exp(-q);
    return v_select(v_abs(x) < v_set(0.875f), near, v_copysign(far, x));
}

/* erf within 4e-7 absolutely, at a third of the price: enough where 1 is added to it. x * p(x^2) / q(x^2), and 1 from 3.9 on. */
RMT_INLINE vf v_erf_coarse(vf x)
{
    const vf most = v_set(3.9f);
    vf z = v_clamp(x, -most, most);
    vf u = z * z;
    vf p = u * 2.05039078e-06f + 0.000287457224f;
    p = p * u + 0.00383686763f;
    p = p * u + 0.0529668927f;
    p = p * u + 0.191940799f;
    p = p * u + 1.12837899f;
    vf q = u * 3.82307735e-05f + 0.00118173275f;
    q = q * u + 0.015109187f;
    q = q * u + 0.114758112f;
    q = q * u + 0.503434896f;
    q = q * u + 1.0f;
    return v_select(v_abs(x) >= most, v_copysign(v_set(1), x), z * (p / q));
}

/* x^y lane by lane through the C library: rare in models, and its special cases are many. */
RMT_INLINE vf v_pow(vf x, vf y)
{
    for (int i = 0; i < RMT_VL; i++)
        x[i] = powf(x[i], y[i]);
    return x;
}

/* x - y * floor(x / y), exact for any quotient and with the sign of y, lane by lane as above. */
RMT_INLINE vf v_remainder(vf x, vf y)
{
    for (int i = 0; i < RMT_VL; i++) {
        float rest = fmodf(x[i], y[i]);
        x[i] = rest != 0.0f && (rest < 0.0f) != (y[i] < 0.0f) ? rest + y[i] : rest;
    }
    return x;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions of one element as they are defined, in double precision: the judge of the vector forms, what float64
 * tensors are computed with, and the only form of functions too rare to deserve a vector.
 */
#include "kernels/kernels.h"

#include <math.h>

static double clamp(double x, double low, double high) { return x < low ? low : x > high ? high : x; }

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

static double softplus(double x, double beta, double threshold)
{
    return beta * x > threshold ? x : log1p(exp(beta * x)) / beta;
}

static double unary_value(double x, const rmt_activation *act)
{
    const double p0 = (double)act->p0, p1 = (double)act->p1, p2 = (double)act->p2;
    switch (act->function) {
    case RMT_UNARY_RELU: return x < 0 ? 0 : x;
    case RMT_UNARY_CLIP: return clamp(x, p0, p1);
    case RMT_UNARY_HARD_SWISH: return x * clamp(x + p2, 0, p0) / p1;
    case RMT_UNARY_HARD_SIGMOID: return clamp(p0 * x + p1, 0, 1);
    case RMT_UNARY_SIGMOID: return sigmoid(x);
    case RMT_UNARY_SWISH: return x * sigmoid(p0 * x);
    case RMT_UNARY_TANH: return tanh(x);
    case RMT_UNARY_GELU: return x * 0.5 * (1 + erf(x * 0.70710678118654752));
    case RMT_UNARY_GELU_TANH: return x * 0.5 * (1 + tanh(0.79788456080286536 * (x + 0.044715 * x * x * x)));
    case RMT_UNARY_LEAKY_RELU: return x < 0 ? p0 * x : x;
    case RMT_UNARY_ELU: return x < 0 ? p0 * (exp(x) - 1) : x;
    case RMT_UNARY_MISH: return x * tanh(softplus(x, 1, 20));
    case RMT_UNARY_SOFTPLUS: return softplus(x, p0, p1);
    case RMT_UNARY_EXP: return exp(x);
    case RMT_UNARY_LOG: return log(x);
    case RMT_UNARY_SQRT: return sqrt(x);
    case RMT_UNARY_RSQRT: return 1 / sqrt(x);
    case RMT_UNARY_SQUARE: return x * x;
    case RMT_UNARY_ABS: return fabs(x);
    case RMT_UNARY_FLOOR: return floor(x);
    case RMT_UNARY_CEIL: return ceil(x);
    case RMT_UNARY_ROUND: return round(x);
    case RMT_UNARY_ERF: return erf(x);
    case RMT_UNARY_POW: return pow(x, p0);
    case RMT_UNARY_RECIPROCAL: return 1 / x;
    case RMT_UNARY_SIGN: return x > 0 ? 1 : x < 0 ? -1 : 0;
    case RMT_UNARY_SOFTSIGN: return x / (1 + fabs(x));
    case RMT_UNARY_LOGSIGMOID: return fmin(x, 0) - log1p(exp(-fabs(x)));
    case RMT_UNARY_SELU: return p0 * (x > 0 ? x : p1 * expm1(x));
    case RMT_UNARY_CELU: return x > 0 ? x : p0 * expm1(x / p0);
    case RMT_UNARY_HARD_SHRINK: return x < -p0 || x > p0 ? x : 0;
    case RMT_UNARY_SOFT_SHRINK: return x > p0 ? x - p0 : x < -p0 ? x + p0 : 0;
    case RMT_UNARY_THRESHOLDED_RELU: return x > p0 ? x : 0;
    case RMT_UNARY_TANH_SHRINK: return x - tanh(x);
    case RMT_UNARY_SIN: return sin(x);
    case RMT_UNARY_COS: return cos(x);
    case RMT_UNARY_TAN: return tan(x);
    case RMT_UNARY_ASIN: return asin(x);
    case RMT_UNARY_ACOS: return acos(x);
    case RMT_UNARY_ATAN: return atan(x);
    case RMT_UNARY_SINH: return sinh(x);
    case RMT_UNARY_COSH: return cosh(x);
    case RMT_UNARY_ASINH: return asinh(x);
    case RMT_UNARY_ACOSH: return acosh(x);
    case RMT_UNARY_ATANH: return atanh(x);
    case RMT_UNARY_LOG2: return log2(x);
    case RMT_UNARY_LOG10: return log10(x);
    case RMT_UNARY_LOG1P: return log1p(x);
    case RMT_UNARY_EXPM1: return expm1(x);
    case RMT_UNARY_TRUNC: return trunc(x);
    case RMT_UNARY_ROUND_EVEN: return nearbyint(x);
    case RMT_UNARY_STANH: return p1 * tanh(p0 * x);
    case RMT_UNARY_NONE:
    case RMT_UNARY_COUNT: break;
    }
    return x;
}

double rmt_unary_double(double x, const rmt_activation *act)
{
    return unary_value(x, act) * (double)act->scale + (double)act->shift;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Operators of ONNX that compute numbers from numbers: element by element, along axes, and products of matrices. */
#include "formats/onnx_op.h"

#include <math.h>
#include <string.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* ---- element by element ----------------------------------------------------------------------------------------- */

static int32_t add_scale(rmt_onnx_op *op, int32_t x, double scale, double bias)
{
    int32_t out = rmt_onnx_add(op, "scale", x);
    rmt_onnx_set_float(op, "scale", scale);
    rmt_onnx_set_float(op, "bias", bias);
    return out;
}

static void build_neg(rmt_onnx_op *op) { rmt_onnx_give(op, 0, add_scale(op, rmt_onnx_in(op, 0), -1.0, 0.0)); }

/* The node of the rule, whose attributes here are bounds that older versions give as attributes. */
static void build_clip(rmt_onnx_op *op)
{
    const int32_t inputs[] = {rmt_onnx_in(op, 0), rmt_onnx_in(op, 1), rmt_onnx_in(op, 2)};
    double bounds[2] = {rmt_onnx_float(op, "min", -INFINITY), rmt_onnx_float(op, "max", INFINITY)};
    bool known = true;
    for (size_t i = 0; i < 2; i++) {
        double number = rmt_onnx_value_number(op, inputs[i + 1]);
        known = known && (inputs[i + 1] == RMT_NO_VALUE || !isnan(number));
        bounds[i] = isnan(number) ? bounds[i] : number;
    }
    int32_t out = rmt_onnx_add_list(op, "clip", inputs, known ? 1 : 3);
    rmt_onnx_set_float(op, "min", bounds[0]);
    rmt_onnx_set_float(op, "max", bounds[1]);
    rmt_onnx_give(op, 0, out);
}

static void build_hard_swish(rmt_onnx_op *op)
{
    int32_t out = rmt_onnx_add(op, "hard_swish", rmt_onnx_in(op, 0));
    rmt_onnx_set_float(op, "threshold", 6.0);
    rmt_onnx_set_float(op, "scale", 6.0);
    rmt_onnx_set_float(op, "offset", 3.0);
    rmt_onnx_give(op, 0, out);
}

static void build_gelu(rmt_onnx_op *op)
{
    int32_t out = rmt_onnx_add(op, "gelu", rmt_onnx_in(op, 0));
    rmt_onnx_set_int(op, "approximate", rmt_onnx_text_is(op, "approximate", "tanh", false));
    rmt_onnx_give(op, 0, out);
}

static void build_shrink(rmt_onnx_op *op)
{
    double threshold = rmt_onnx_float(op, "lambd", 0.5), bias = rmt_onnx_float(op, "bias", 0.0);
    if (bias != 0.0 && bias != threshold)
        rmt_onnx_refuse(op, "bias");
    int32_t out = rmt_onnx_add(op, bias == 0.0 ? "hard_shrink" : "soft_shrink", rmt_onnx_in(op, 0));
    rmt_onnx_set_float(op, bias == 0.0 ? "threshold" : "lambda", threshold);
    rmt_onnx_give(op, 0, out);
}

static void build_isinf(rmt_onnx_op *op)
{
    if (rmt_onnx_int(op, "detect_negative", 1) == 0 || rmt_onnx_int(op, "detect_positive", 1) == 0)
        rmt_onnx_refuse(op, "one sign");
    rmt_onnx_give(op, 0, rmt_onnx_add(op, "isinf", rmt_onnx_in(op, 0)));
}

/* A constant of one number for each channel, [c, 1, 1] behind any number of ones. */
static bool is_channel_list(const rmt_value *constant)
{
    const rmt_shape *shape = &constant->shape;
    if (shape->rank < 3 || shape->dims[shape->rank - 1] != 1 || shape->dims[shape->rank - 2] != 1)
        return false;
    return rmt_shape_elements(shape) == shape->dims[shape->rank - 3];
}

/* relu(x) - slope * relu(-x), for slopes of any shape. */
static int32_t add_general_prelu(rmt_onnx_op *op, int32_t x, int32_t slope)
{
    int32_t above = rmt_onnx_add(op, "relu", x);
    int32_t below = rmt_onnx_add(op, "relu", add_scale(op, x, -1.0, 0.0));
    return rmt_onnx_add2(op, "subtract", above, rmt_onnx_add2(op, "multiply", below, slope));
}

static void build_prelu(rmt_onnx_op *op)
{
    int32_t x = rmt_onnx_in(op, 0), slope = rmt_onnx_in(op, 1);
    const rmt_value *constant = rmt_onnx_constant(op, slope);
    double number = rmt_onnx_value_number(op, slope);
    int32_t out = RMT_NO_VALUE;
    if (!isnan(number)) {
        out = rmt_onnx_add(op, "leaky_relu", x);
        rmt_onnx_set_float(op, "alpha", number);
    } else if (constant != NULL && is_channel_list(constant)) {
        const rmt_shape list = {.rank = 1, .dims = {rmt_shape_elements(&constant->shape)}};
        out = rmt_onnx_add2(op, "prelu", x, rmt_onnx_add_view(op, constant, &list, constant->data));
        rmt_onnx_set_text(op, "mode", "channel");
    } else {
        out = add_general_prelu(op, x, slope);
    }
    rmt_onnx_give(op, 0, out);
}

/* The remainder has the sign of the divisor, or as C's fmod() that of the dividend. */
static void build_mod(rmt_onnx_op *op)
{
    int32_t x = rmt_onnx_in(op, 0), y = rmt_onnx_in(op, 1);
    if (rmt_onnx_int(op, "fmod", 0) == 0) {
        rmt_onnx_give(op, 0, rmt_onnx_add2(op, "remainder", x, y));
        return;
    }
    int32_t times = rmt_onnx_add(op, "trunc", rmt_onnx_add2(op, "divide", x, y));
    rmt_onnx_give(op, 0, rmt_onnx_add2(op, "subtract", x, rmt_onnx_add2(op, "multiply", times, y)));
}

/* An exponent that is known needs no tensor; small whole ones keep integers what they are. */
static void build_pow(rmt_onnx_op *op)
{
    int32_t x = rmt_onnx_in(op, 0);
    double exponent = rmt_onnx_value_number(op, rmt_onnx_in(op, 1));
    int32_t out = RMT_NO_VALUE;
    if (exponent == 2.0) {
        out = rmt_onnx_add2(op, "multiply", x, x);
    } else if (!isnan(exponent)) {
        out = rmt_onnx_add(op, "pow", x);
        rmt_onnx_set_float(op, "factor", exponent);
    } else {
        out = rmt_onnx_add2(op, "pow_elementwise", x, rmt_onnx_in(op, 1));
    }
    rmt_onnx_give(op, 0, out);
}

/* Any number of inputs, two by two; Mean divides in the end. */
static void build_variadic(rmt_onnx_op *op)
{
    int32_t out = rmt_onnx_in(op, 0);
    if (op->inputs.count == 1)
        out = rmt_onnx_add(op, "identity", out);
    for (size_t i = 1; i < op->inputs.count; i++)
        out = rmt_onnx_add2(op, op->rule->to, out, rmt_onnx_in(op, i));
    if (rmt_span_is(op->node.type, "Mean"))
        out = add_scale(op, out, 1.0 / (double)op->inputs.count, 0.0);
    rmt_onnx_give(op, 0, out);
}

static void build_where(rmt_onnx_op *op)
{
    int32_t out = rmt_onnx_add_list(op, "where", op->inputs.items, op->inputs.count);
    rmt_onnx_set_int(op, "broadcast", 1);
    rmt_onnx_give(op, 0, out);
}

static void build_cast(rmt_onnx_op *op)
{
    ramet_dtype dtype = RAMET_DTYPE_FLOAT32;
    if (!rmt_onnx_dtype(rmt_onnx_int(op, "to", 0), &dtype))
        rmt_onnx_refuse(op, "to");
    int32_t out = rmt_onnx_add(op, "cast", rmt_onnx_in(op, 0));
    rmt_onnx_set_int(op, "dtype", (int64_t)dtype);
    rmt_onnx_give(op, 0, out);
}

/* ---- along axes ------------------------------------------------------------------------------------------------- */

/* What a reduction does before and after the sum. */
typedef struct reduction {
    const char *from, *before, *after;
} reduction;

static const reduction *composed_reduction(const rmt_onnx_op *op)
{
    static const reduction composed[] = {
        {"ReduceL1", "abs", NULL},
        {"ReduceL2", "square", "sqrt"},
        {"ReduceSumSquare", "square", NULL},
        {"ReduceLogSum", NULL, "log"},
    };
    for (size_t i = 0; i < COUNT(composed); i++)
        if (rmt_span_is(op->node.type, composed[i].from))
            return &composed[i];
    return NULL;
}

/* No axes at all mean all of them, unless noop_with_empty_axes says: none. */
static int32_t add_reduction(rmt_onnx_op *op, int32_t x, const rmt_onnx_ints *axes)
{
    if (axes->count == 0 && rmt_onnx_int(op, "noop_with_empty_axes", 0) != 0)
        return rmt_onnx_add(op, "identity", x);
    int32_t out = rmt_onnx_add(op, op->rule->to, x);
    rmt_onnx_set_ints(op, "dim", axes->at, axes->count);
    rmt_onnx_set_int(op, "keep_dim", rmt_onnx_int(op, "keepdims", 1));
    rmt_onnx_set_int(op, "reduce_all", axes->count == 0);
    return out;
}

static void build_reduce(rmt_onnx_op *op)
{
    rmt_onnx_ints axes = rmt_onnx_either_ints(op, "axes", 1);
    const reduction *composed = composed_reduction(op);
    int32_t x = rmt_onnx_in(op, 0);
    if (!axes.known && rmt_onnx_in(op, 1) != RMT_NO_VALUE)
        rmt_onnx_refuse(op, "axes");
    if (composed != NULL && composed->before != NULL)
        x = rmt_onnx_add(op, composed->before, x);
    x = add_reduction(op, x, &axes);
    if (composed != NULL && composed->after != NULL)
        x = rmt_onnx_add(op, composed->after, x);
    rmt_onnx_give(op, 0, x);
}

static void build_arg(rmt_onnx_op *op)
{
    int32_t out = rmt_onnx_add(op, op->rule->to, rmt_onnx_in(op, 0));
    rmt_onnx_set_int(op, "axis", rmt_onnx_int(op, "axis", 0));
    rmt_onnx_set_int(op, "keepdims", rmt_onnx_int(op, "keepdims", 1));
    rmt_onnx_set_int(op, "dtype", RAMET_DTYPE_INT64);
    if (rmt_onnx_int(op, "select_last_index", 0) != 0)
        rmt_onnx_set_int(op, "last", 1);
    rmt_onnx_give(op, 0, out);
}

static int32_t add_softmax(rmt_onnx_op *op, int32_t x, int64_t axis)
{
    int32_t out = rmt_onnx_add(op, op->rule->to, x);
    rmt_onnx_set_int(op, "axis", axis);
    return out;
}

/* Before version 13 all dims from the axis on are one. */
static int32_t add_flat_softmax(rmt_onnx_op *op, int32_t x, int64_t axis)
{
    int32_t shape = rmt_onnx_add(op, "shape", x);
    int32_t flat = rmt_onnx_add(op, "flatten", x);
    rmt_onnx_set_int(op, "start_axis", axis);
    rmt_onnx_set_int(op, "stop_axis", -1);
    return rmt_onnx_add2(op, "reshape", add_softmax(op, flat, -1), shape);
}

static void build_softmax(rmt_onnx_op *op)
{
    int32_t x = rmt_onnx_in(op, 0), rank = rmt_onnx_rank(op, x);
    bool along_one = op->reader->opset >= 13;
    int64_t axis = rmt_onnx_int(op, "axis", along_one ? -1 : 1);
    bool is_last = axis == -1 || (rank > 0 && axis == rank - 1);
    rmt_onnx_give(op, 0, along_one || is_last ? add_softmax(op, x, axis) : add_flat_softmax(op, x, axis));
}

static void build_lp_norm(rmt_onnx_op *op)
{
    int32_t x = rmt_onnx_in(op, 0);
    int32_t norm = rmt_onnx_add(op, "p_norm", x);
    rmt_onnx_set_float(op, "porder", (double)rmt_onnx_int(op, "p", 2));
    rmt_onnx_set_int(op, "axis", rmt_onnx_int(op, "axis", -1));
    rmt_onnx_set_float(op, "epsilon", 0.0);
    rmt_onnx_set_int(op, "keepdim", 1);
    int32_t positive = rmt_onnx_add(op, "clip", norm); /* nothing divided by nothing stays nothing */
    rmt_onnx_set_float(op, "min", 1e-30);
    rmt_onnx_set_float(op, "max", INFINITY);
    rmt_onnx_give(op, 0, rmt_onnx_add2(op, "divide", x, positive));
}

static void build_cumsum(rmt_onnx_op *op)
{
    rmt_onnx_ints axis = rmt_onnx_value_ints(op, rmt_onnx_in(op, 1));
    bool known = axis.known && axis.count == 1;
    int32_t out = rmt_onnx_add_list(op, "cumsum", op->inputs.items, known ? 1 : 2);
    if (known)
        rmt_onnx_set_int(op, "axis", axis.at[0]);
    rmt_onnx_set_int(op, "exclusive", rmt_onnx_int(op, "exclusive", 0));
    rmt_onnx_set_int(op, "reverse", rmt_onnx_int(op, "reverse", 0));
    rmt_onnx_give(op, 0, out);
}

/* ---- products --------------------------------------------------------------------------------------------------- */

static void build_gemm(rmt_onnx_op *op)
{
    double beta = rmt_onnx_float(op, "beta", 1.0);
    int32_t bias = rmt_onnx_in(op, 2);
    int32_t out = rmt_onnx_add2(op, "matmul", rmt_onnx_in(op, 0), rmt_onnx_in(op, 1));
    rmt_onnx_set_int(op, "transpose_x", rmt_onnx_int(op, "transA", 0));
    rmt_onnx_set_int(op, "transpose_y", rmt_onnx_int(op, "transB", 0));
    rmt_onnx_set_float(op, "alpha", rmt_onnx_float(op, "alpha", 1.0));
    if (bias != RMT_NO_VALUE && beta != 1.0)
        bias = add_scale(op, bias, beta, 0.0);
    if (bias != RMT_NO_VALUE)
        out = rmt_onnx_add2(op, "add", out, bias);
    rmt_onnx_give(op, 0, out);
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

enum { MANY = 1 << 16 };

#define REDUCE_ATTRS "axes keepdims noop_with_empty_axes"
#define ARG_ATTRS "axis keepdims select_last_index"

static const rmt_onnx_rule rules[] = {
    {"Relu", "relu", 1, 1, "", NULL},
    {"Sigmoid", "sigmoid", 1, 1, "", NULL},
    {"Tanh", "tanh", 1, 1, "", NULL},
    {"Exp", "exp", 1, 1, "", NULL},
    {"Log", "log", 1, 1, "", NULL},
    {"Sqrt", "sqrt", 1, 1, "", NULL},
    {"Abs", "abs", 1, 1, "", NULL},
    {"Floor", "floor", 1, 1, "", NULL},
    {"Ceil", "ceil", 1, 1, "", NULL},
    {"Erf", "erf", 1, 1, "", NULL},
    {"Sin", "sin", 1, 1, "", NULL},
    {"Cos", "cos", 1, 1, "", NULL},
    {"Tan", "tan", 1, 1, "", NULL},
    {"Asin", "asin", 1, 1, "", NULL},
    {"Acos", "acos", 1, 1, "", NULL},
    {"Atan", "atan", 1, 1, "", NULL},
    {"Sinh", "sinh", 1, 1, "", NULL},
    {"Cosh", "cosh", 1, 1, "", NULL},
    {"Sign", "sign", 1, 1, "", NULL},
    {"Reciprocal", "reciprocal", 1, 1, "", NULL},
    {"Softsign", "softsign", 1, 1, "", NULL},
    {"Softplus", "softplus", 1, 1, "", NULL},
    {"Mish", "mish", 1, 1, "", NULL},
    {"Not", "logical_not", 1, 1, "", NULL},
    {"BitwiseNot", "bitwise_not", 1, 1, "", NULL},
    {"IsNaN", "isnan", 1, 1, "", NULL},
    {"IsInf", "isinf", 1, 1, "detect_negative detect_positive", build_isinf},
    {"Neg", "scale", 1, 1, "", build_neg},
    {"Round", "round", 1, 1, "half_to_even:1", NULL},
    {"LeakyRelu", "leaky_relu", 1, 1, "alpha:0.01", NULL},
    {"Elu", "elu", 1, 1, "alpha:1.0", NULL},
    {"Celu", "celu", 1, 1, "alpha:1.0", NULL},
    {"Selu", "selu", 1, 1, "alpha:1.67326319217681884765625 scale=gamma:1.05070102214813232421875", NULL},
    {"ThresholdedRelu", "thresholded_relu", 1, 1, "threshold=alpha:1.0", NULL},
    {"HardSigmoid", "hard_sigmoid", 1, 1, "slope=alpha:0.2 offset=beta:0.5", NULL},
    {"HardSwish", "hard_swish", 1, 1, "", build_hard_swish},
    {"Gelu", "gelu", 1, 1, "approximate", build_gelu},
    {"Shrink", "soft_shrink", 1, 1, "lambd bias", build_shrink},
    {"Clip", "clip", 1, 3, "min max", build_clip},
    {"PRelu", "prelu", 2, 2, "", build_prelu},
    {"Cast", "cast", 1, 1, "to saturate", build_cast},

    {"Add", "add", 2, 2, "", NULL},
    {"Sub", "subtract", 2, 2, "", NULL},
    {"Mul", "multiply", 2, 2, "", NULL},
    {"Div", "divide", 2, 2, "", NULL},
    {"Pow", "pow_elementwise", 2, 2, "", build_pow},
    {"Mod", "remainder", 2, 2, "fmod", build_mod},
    {"Equal", "equal", 2, 2, "", NULL},
    {"Less", "less_than", 2, 2, "", NULL},
    {"LessOrEqual", "less_equal", 2, 2, "", NULL},
    {"Greater", "greater_than", 2, 2, "", NULL},
    {"GreaterOrEqual", "greater_equal", 2, 2, "", NULL},
    {"And", "logical_and", 2, 2, "", NULL},
    {"Or", "logical_or", 2, 2, "", NULL},
    {"Xor", "logical_xor", 2, 2, "", NULL},
    {"BitwiseAnd", "bitwise_and", 2, 2, "", NULL},
    {"BitwiseOr", "bitwise_or", 2, 2, "", NULL},
    {"BitwiseXor", "bitwise_xor", 2, 2, "", NULL},
    {"Where", "where", 3, 3, "", build_where},
    {"Sum", "add", 1, MANY, "", build_variadic},
    {"Mean", "add", 1, MANY, "", build_variadic},
    {"Max", "maximum", 1, MANY, "", build_variadic},
    {"Min", "minimum", 1, MANY, "", build_variadic},

    {"ReduceMean", "reduce_mean", 1, 2, REDUCE_ATTRS, build_reduce},
    {"ReduceSum", "reduce_sum", 1, 2, REDUCE_ATTRS, build_reduce},
    {"ReduceMax", "reduce_max", 1, 2, REDUCE_ATTRS, build_reduce},
    {"ReduceMin", "reduce_min", 1, 2, REDUCE_ATTRS, build_reduce},
    {"ReduceProd", "reduce_prod", 1, 2, REDUCE_ATTRS, build_reduce},
    {"ReduceLogSumExp", "reduce_logsumexp", 1, 2, REDUCE_ATTRS, build_reduce},
    {"ReduceL1", "reduce_sum", 1, 2, REDUCE_ATTRS, build_reduce},
    {"ReduceL2", "reduce_sum", 1, 2, REDUCE_ATTRS, build_reduce},
    {"ReduceSumSquare", "reduce_sum", 1, 2, REDUCE_ATTRS, build_reduce},
    {"ReduceLogSum", "reduce_sum", 1, 2, REDUCE_ATTRS, build_reduce},
    {"ArgMax", "arg_max", 1, 1, ARG_ATTRS, build_arg},
    {"ArgMin", "arg_min", 1, 1, ARG_ATTRS, build_arg},
    {"Softmax", "softmax", 1, 1, "axis", build_softmax},
    {"LogSoftmax", "log_softmax", 1, 1, "axis", build_softmax},
    {"LpNormalization", "p_norm", 1, 1, "axis p", build_lp_norm},
    {"CumSum", "cumsum", 2, 2, "exclusive reverse", build_cumsum},

    {"MatMul", "matmul", 2, 2, "", NULL},
    {"Gemm", "matmul", 2, 3, "alpha beta transA transB", build_gemm},
    {"Einsum", "einsum", 1, MANY, "equation", NULL},
};

const rmt_onnx_rules rmt_onnx_rules_math = {rules, COUNT(rules)};

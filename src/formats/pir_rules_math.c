/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators of PIR -> canonical operators of the graph (docs/internals/graph.md): one line an operator, and a small
 * function where renaming is not enough. An operand or attribute that is not listed here is not read.
 *
 * Here: what works element by element, and reductions.
 */
#include "formats/pir_table.h"

#include <string.h>

/* ---- special cases ---------------------------------------------------------------------------------------- */

/* At inference the older form of dropout scales by the share that was kept. */
static bool adapt_dropout(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    if (strcmp(rmt_node_string(raw, "mode", "downgrade_in_infer"), "upscale_in_train") == 0)
        return true;
    float kept = 1.0F - (float)rmt_node_float(raw, "p", 0.5);
    graph->nodes[node].op = "scale";
    return rmt_node_set_float(graph, node, "scale", (double)kept);
}

/* No axes are all of them. */
static bool adapt_reduce(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    bool all = rmt_node_bool(raw, "reduce_all", false) || rmt_node_ints(raw, "axis", NULL, 0) == 0;
    return rmt_node_set_int(graph, node, "reduce_all", all);
}

static bool adapt_increment(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    return rmt_node_set_float(graph, node, "bias", rmt_node_float(raw, "value", 1.0));
}

/* ---- the table -------------------------------------------------------------------------------------------- */

#define REDUCE_ATTRS "dim=axis keep_dim=keepdim"

const rmt_pir_rule rmt_pir_rules_math[] = {
    {"add", "add", "x y", "out", "", NULL},
    {"subtract", "subtract", "x y", "out", "", NULL},
    {"multiply", "multiply", "x y", "out", "", NULL},
    {"divide", "divide", "x y", "out", "", NULL},
    {"maximum", "maximum", "x y", "out", "", NULL},
    {"minimum", "minimum", "x y", "out", "", NULL},
    {"elementwise_pow", "pow_elementwise", "x y", "out", "", NULL},
    {"remainder", "remainder", "x y", "out", "", NULL},
    {"floor_divide", "floor_divide", "x y", "out", "", NULL},
    {"add_n", "add_n", "x*", "out", "", NULL},

    {"relu", "relu", "x", "out", "", NULL},
    {"relu6", "relu6", "x", "out", "", NULL},
    {"sigmoid", "sigmoid", "x", "out", "", NULL},
    {"tanh", "tanh", "x", "out", "", NULL},
    {"silu", "silu", "x", "out", "", NULL},
    {"swish", "swish", "x", "out", "", NULL},
    {"mish", "mish", "x", "out", "", NULL},
    {"gelu", "gelu", "x", "out", "approximate", NULL},
    {"elu", "elu", "x", "out", "alpha", NULL},
    {"selu", "selu", "x", "out", "scale alpha", NULL},
    {"celu", "celu", "x", "out", "alpha", NULL},
    {"hardswish", "hard_swish", "x", "out", "", NULL},
    {"hardsigmoid", "hard_sigmoid", "x", "out", "slope offset", NULL},
    {"hardtanh", "hard_tanh", "x", "out", "t_min t_max", NULL},
    {"hardshrink", "hard_shrink", "x", "out", "threshold", NULL},
    {"softshrink", "soft_shrink", "x", "out", "lambda=threshold", NULL},
    {"tanh_shrink", "tanh_shrink", "x", "out", "", NULL},
    {"leaky_relu", "leaky_relu", "x", "out", "alpha=negative_slope", NULL},
    {"thresholded_relu", "thresholded_relu", "x", "out", "threshold", NULL},
    {"softplus", "softplus", "x", "out", "beta threshold", NULL},
    {"softsign", "softsign", "x", "out", "", NULL},
    {"logsigmoid", "logsigmoid", "x", "out", "", NULL},
    {"stanh", "stanh", "x", "out", "scale_a scale_b", NULL},

    {"exp", "exp", "x", "out", "", NULL},
    {"expm1", "expm1", "x", "out", "", NULL},
    {"log", "log", "x", "out", "", NULL},
    {"log2", "log2", "x", "out", "", NULL},
    {"log10", "log10", "x", "out", "", NULL},
    {"log1p", "log1p", "x", "out", "", NULL},
    {"sqrt", "sqrt", "x", "out", "", NULL},
    {"rsqrt", "rsqrt", "x", "out", "", NULL},
    {"square", "square", "x", "out", "", NULL},
    {"abs", "abs", "x", "out", "", NULL},
    {"sign", "sign", "x", "out", "", NULL},
    {"floor", "floor", "x", "out", "", NULL},
    {"round", "round", "x", "out", "", NULL},
    {"ceil", "ceil", "x", "out", "", NULL},
    {"trunc", "trunc", "x", "out", "", NULL},
    {"reciprocal", "reciprocal", "x", "out", "", NULL},
    {"erf", "erf", "x", "out", "", NULL},
    {"sin", "sin", "x", "out", "", NULL},
    {"cos", "cos", "x", "out", "", NULL},
    {"tan", "tan", "x", "out", "", NULL},
    {"asin", "asin", "x", "out", "", NULL},
    {"acos", "acos", "x", "out", "", NULL},
    {"atan", "atan", "x", "out", "", NULL},
    {"sinh", "sinh", "x", "out", "", NULL},
    {"cosh", "cosh", "x", "out", "", NULL},
    {"asinh", "asinh", "x", "out", "", NULL},
    {"acosh", "acosh", "x", "out", "", NULL},
    {"atanh", "atanh", "x", "out", "", NULL},
    {"pow", "pow", "x y!?", "out", "factor=y", NULL},
    {"clip", "clip", "x min~ max~", "out", "min max", NULL},
    {"scale", "scale", "x scale~", "out", "scale bias bias_after_scale", NULL},
    {"increment", "scale", "&x", "out", "", adapt_increment},
    {"dropout", "identity", "x 2:p!?", "out", "", adapt_dropout},

    {"equal", "equal", "x y", "out", "", NULL},
    {"equal_all", "equal_all", "x y", "out", "", NULL},
    {"not_equal", "not_equal", "x y", "out", "", NULL},
    {"less_than", "less_than", "x y", "out", "", NULL},
    {"less_equal", "less_equal", "x y", "out", "", NULL},
    {"greater_than", "greater_than", "x y", "out", "", NULL},
    {"greater_equal", "greater_equal", "x y", "out", "", NULL},
    {"logical_and", "logical_and", "x y", "out", "", NULL},
    {"logical_or", "logical_or", "x y", "out", "", NULL},
    {"logical_xor", "logical_xor", "x y", "out", "", NULL},
    {"logical_not", "logical_not", "x", "out", "", NULL},
    {"bitwise_and", "bitwise_and", "x y", "out", "", NULL},
    {"bitwise_or", "bitwise_or", "x y", "out", "", NULL},
    {"bitwise_xor", "bitwise_xor", "x y", "out", "", NULL},
    {"bitwise_not", "bitwise_not", "x", "out", "", NULL},
    {"isnan", "isnan", "x", "out", "", NULL},
    {"isinf", "isinf", "x", "out", "", NULL},
    {"isfinite", "isfinite", "x", "out", "", NULL},
    {"where", "where", "condition x y", "out", "", NULL},
    {"masked_fill", "where", "1:mask 2:value 0:x", "out", "", NULL},

    {"mean", "reduce_mean", "x axis!*", "out", REDUCE_ATTRS, adapt_reduce},
    {"sum", "reduce_sum", "x^ axis!*", "out", REDUCE_ATTRS, adapt_reduce},
    {"prod", "reduce_prod", "x^ axis!*", "out", REDUCE_ATTRS, adapt_reduce},
    {"max", "reduce_max", "x axis!*", "out", REDUCE_ATTRS, adapt_reduce},
    {"min", "reduce_min", "x axis!*", "out", REDUCE_ATTRS, adapt_reduce},
    {"amax", "reduce_max", "x", "out", REDUCE_ATTRS, adapt_reduce},
    {"amin", "reduce_min", "x", "out", REDUCE_ATTRS, adapt_reduce},
    {"any", "reduce_any", "x", "out", REDUCE_ATTRS, adapt_reduce},
    {"all", "reduce_all", "x", "out", REDUCE_ATTRS, adapt_reduce},
    {"logsumexp", "reduce_logsumexp", "x", "out", REDUCE_ATTRS, adapt_reduce},
    {"var", "reduce_variance", "x", "out", REDUCE_ATTRS " correction", adapt_reduce},
    {"std", "reduce_deviation", "x", "out", REDUCE_ATTRS " correction", adapt_reduce},
    {"mean_all", "reduce_mean", "x", "out", "", adapt_reduce},
    {"cumsum", "cumsum", "x^ axis~", "out", "axis flatten exclusive reverse", NULL},
    {"argmax", "arg_max", "x axis!", "out", "axis keepdims flatten dtype", NULL},
    {"argmin", "arg_min", "x axis!", "out", "axis keepdims flatten dtype", NULL},
    {0},
};

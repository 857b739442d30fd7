/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators of ProgramDesc -> canonical operators of the graph (docs/internals/graph.md): one line an operator, and a
 * small function where renaming is not enough. A slot or attribute that is not listed here is not read.
 *
 * Here: what works element by element, and reductions.
 */
#include "formats/desc_table.h"

#include <string.h>

/* At inference the older form of dropout scales by the share that was kept. */
static bool adapt_dropout(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    const char *form = rmt_node_string(raw, "dropout_implementation", "downgrade_in_infer");
    if (strcmp(form, "upscale_in_train") == 0)
        return true;
    float kept = 1.0F - (float)rmt_node_float(raw, "dropout_prob", 0.5);
    graph->nodes[node].op = "scale";
    return rmt_node_set_float(graph, node, "scale", (double)kept);
}

static bool adapt_mean(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    (void)raw;
    return rmt_node_set_int(graph, node, "reduce_all", 1);
}

#define REDUCE_ATTRS "dim keep_dim reduce_all dtype=out_dtype#"
#define ARG_ATTRS "axis keepdims flatten dtype=dtype#"

const rmt_op_rule rmt_op_rules_math[] = {
    {"elementwise_add", "add", "X Y", "Out", "axis", NULL},
    {"elementwise_sub", "subtract", "X Y", "Out", "axis", NULL},
    {"elementwise_mul", "multiply", "X Y", "Out", "axis", NULL},
    {"elementwise_div", "divide", "X Y", "Out", "axis", NULL},
    {"elementwise_max", "maximum", "X Y", "Out", "axis", NULL},
    {"elementwise_min", "minimum", "X Y", "Out", "axis", NULL},
    {"elementwise_pow", "pow_elementwise", "X Y", "Out", "axis", NULL},
    {"elementwise_mod", "remainder", "X Y", "Out", "axis", NULL},
    {"elementwise_floordiv", "floor_divide", "X Y", "Out", "axis", NULL},
    {"equal", "equal", "X Y", "Out", "axis", NULL},
    {"equal_all", "equal_all", "X Y", "Out", "", NULL},
    {"not_equal", "not_equal", "X Y", "Out", "axis", NULL},
    {"less_than", "less_than", "X Y", "Out", "axis", NULL},
    {"less_equal", "less_equal", "X Y", "Out", "axis", NULL},
    {"greater_than", "greater_than", "X Y", "Out", "axis", NULL},
    {"greater_equal", "greater_equal", "X Y", "Out", "axis", NULL},
    {"logical_and", "logical_and", "X Y", "Out", "", NULL},
    {"logical_or", "logical_or", "X Y", "Out", "", NULL},
    {"logical_xor", "logical_xor", "X Y", "Out", "", NULL},
    {"bitwise_and", "bitwise_and", "X Y", "Out", "", NULL},
    {"bitwise_or", "bitwise_or", "X Y", "Out", "", NULL},
    {"bitwise_xor", "bitwise_xor", "X Y", "Out", "", NULL},
    {"logical_not", "logical_not", "X", "Out", "", NULL},
    {"bitwise_not", "bitwise_not", "X", "Out", "", NULL},
    {"isnan_v2", "isnan", "X", "Out", "", NULL},
    {"isinf_v2", "isinf", "X", "Out", "", NULL},
    {"isfinite_v2", "isfinite", "X", "Out", "", NULL},
    {"sum", "add_n", "X*", "Out", "", NULL},

    {"relu", "relu", "X", "Out", "", NULL},
    {"relu6", "relu6", "X", "Out", "threshold", NULL},
    {"sigmoid", "sigmoid", "X", "Out", "", NULL},
    {"tanh", "tanh", "X", "Out", "", NULL},
    {"hard_swish", "hard_swish", "X", "Out", "threshold scale offset", NULL},
    {"hard_sigmoid", "hard_sigmoid", "X", "Out", "slope offset", NULL},
    {"swish", "swish", "X", "Out", "beta", NULL},
    {"silu", "silu", "X", "Out", "", NULL},
    {"gelu", "gelu", "X", "Out", "approximate", NULL},
    {"leaky_relu", "leaky_relu", "X", "Out", "alpha", NULL},
    {"elu", "elu", "X", "Out", "alpha", NULL},
    {"exp", "exp", "X", "Out", "", NULL},
    {"log", "log", "X", "Out", "", NULL},
    {"sqrt", "sqrt", "X", "Out", "", NULL},
    {"rsqrt", "rsqrt", "X", "Out", "", NULL},
    {"square", "square", "X", "Out", "", NULL},
    {"abs", "abs", "X", "Out", "", NULL},
    {"floor", "floor", "X", "Out", "", NULL},
    {"round", "round", "X", "Out", "", NULL},
    {"ceil", "ceil", "X", "Out", "", NULL},
    {"mish", "mish", "X", "Out", "", NULL},
    {"softplus", "softplus", "X", "Out", "beta threshold", NULL},
    {"pow", "pow", "X", "Out", "factor", NULL},
    {"clip", "clip", "X Min? Max?", "Out", "min max", NULL},
    {"erf", "erf", "X", "Out", "", NULL},
    {"brelu", "hard_tanh", "X", "Out", "t_min t_max", NULL},
    {"reciprocal", "reciprocal", "X", "Out", "", NULL},
    {"sign", "sign", "X", "Out", "", NULL},
    {"softsign", "softsign", "X", "Out", "", NULL},
    {"logsigmoid", "logsigmoid", "X", "Out", "", NULL},
    {"selu", "selu", "X", "Out", "scale alpha", NULL},
    {"celu", "celu", "X", "Out", "alpha", NULL},
    {"hard_shrink", "hard_shrink", "X", "Out", "threshold", NULL},
    {"softshrink", "soft_shrink", "X", "Out", "lambda", NULL},
    {"thresholded_relu", "thresholded_relu", "X", "Out", "threshold", NULL},
    {"tanh_shrink", "tanh_shrink", "X", "Out", "", NULL},
    {"sin", "sin", "X", "Out", "", NULL},
    {"cos", "cos", "X", "Out", "", NULL},
    {"tan", "tan", "X", "Out", "", NULL},
    {"asin", "asin", "X", "Out", "", NULL},
    {"acos", "acos", "X", "Out", "", NULL},
    {"atan", "atan", "X", "Out", "", NULL},
    {"sinh", "sinh", "X", "Out", "", NULL},
    {"cosh", "cosh", "X", "Out", "", NULL},
    {"asinh", "asinh", "X", "Out", "", NULL},
    {"acosh", "acosh", "X", "Out", "", NULL},
    {"atanh", "atanh", "X", "Out", "", NULL},
    {"log2", "log2", "X", "Out", "", NULL},
    {"log10", "log10", "X", "Out", "", NULL},
    {"log1p", "log1p", "X", "Out", "", NULL},
    {"expm1", "expm1", "X", "Out", "", NULL},
    {"trunc", "trunc", "X", "Out", "", NULL},
    {"stanh", "stanh", "X", "Out", "scale_a scale_b", NULL},
    {"scale", "scale", "X ScaleTensor?", "Out", "scale bias bias_after_scale", NULL},
    {"assign", "identity", "X", "Out", "", NULL},
    {"dropout", "identity", "X", "Out", "", adapt_dropout},
    {"reduce_mean", "reduce_mean", "X", "Out", REDUCE_ATTRS, NULL},
    {"reduce_sum", "reduce_sum", "X", "Out", REDUCE_ATTRS, NULL},
    {"reduce_max", "reduce_max", "X", "Out", REDUCE_ATTRS, NULL},
    {"reduce_min", "reduce_min", "X", "Out", REDUCE_ATTRS, NULL},
    {"reduce_prod", "reduce_prod", "X", "Out", REDUCE_ATTRS, NULL},
    {"logsumexp", "reduce_logsumexp", "X", "Out", "dim=axis keep_dim=keepdim reduce_all", NULL},
    {"frobenius_norm", "p_norm", "X", "Out", "axis=dim keepdim=keep_dim asvector=reduce_all", NULL},
    {"p_norm", "p_norm", "X", "Out", "porder axis epsilon keepdim asvector", NULL},
    {"reduce_any", "reduce_any", "X", "Out", REDUCE_ATTRS, NULL},
    {"reduce_all", "reduce_all", "X", "Out", REDUCE_ATTRS, NULL},
    {"mean", "reduce_mean", "X", "Out", "", adapt_mean},
    {"arg_max", "arg_max", "X", "Out", ARG_ATTRS, NULL},
    {"arg_min", "arg_min", "X", "Out", ARG_ATTRS, NULL},
    {0},
};

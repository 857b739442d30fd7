/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Activations: from an operator's name and attributes to the numbers that
 * kernels take. One table, for operators that stand alone and for those that a
 * pass has fused behind another.
 */
#include "ops/ops_help.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct activation_facts {
    const char *name;
    rmt_unary function;
    struct {
        const char *attribute; /* NULL: always the default */
        double otherwise;
    } p[3];
} activation_facts;

static const activation_facts table[] = {
    {"relu", RMT_UNARY_RELU, {{0}}},
    {"relu6", RMT_UNARY_CLIP, {{NULL, 0}, {"threshold", 6}}},
    {"clip", RMT_UNARY_CLIP, {{"min", -(double)INFINITY}, {"max", (double)INFINITY}}},
    {"sigmoid", RMT_UNARY_SIGMOID, {{0}}},
    {"tanh", RMT_UNARY_TANH, {{0}}},
    {"hard_swish", RMT_UNARY_HARD_SWISH, {{"threshold", 6}, {"scale", 6}, {"offset", 3}}},
    {"hard_sigmoid", RMT_UNARY_HARD_SIGMOID, {{"slope", 0.2}, {"offset", 0.5}}},
    {"swish", RMT_UNARY_SWISH, {{"beta", 1}}},
    {"silu", RMT_UNARY_SWISH, {{NULL, 1}}},
    {"gelu", RMT_UNARY_GELU, {{0}}},
    {"leaky_relu", RMT_UNARY_LEAKY_RELU, {{"alpha", 0.02}}},
    {"elu", RMT_UNARY_ELU, {{"alpha", 1}}},
    {"mish", RMT_UNARY_MISH, {{0}}},
    {"softplus", RMT_UNARY_SOFTPLUS, {{"beta", 1}, {"threshold", 20}}},
    {"exp", RMT_UNARY_EXP, {{0}}},
    {"log", RMT_UNARY_LOG, {{0}}},
    {"sqrt", RMT_UNARY_SQRT, {{0}}},
    {"rsqrt", RMT_UNARY_RSQRT, {{0}}},
    {"square", RMT_UNARY_SQUARE, {{0}}},
    {"abs", RMT_UNARY_ABS, {{0}}},
    {"floor", RMT_UNARY_FLOOR, {{0}}},
    {"ceil", RMT_UNARY_CEIL, {{0}}},
    {"round", RMT_UNARY_ROUND, {{0}}},
    {"erf", RMT_UNARY_ERF, {{0}}},
    {"pow", RMT_UNARY_POW, {{"factor", 1}}},
    {"hard_tanh", RMT_UNARY_CLIP, {{"t_min", -1}, {"t_max", 1}}},
    {"reciprocal", RMT_UNARY_RECIPROCAL, {{0}}},
    {"sign", RMT_UNARY_SIGN, {{0}}},
    {"softsign", RMT_UNARY_SOFTSIGN, {{0}}},
    {"logsigmoid", RMT_UNARY_LOGSIGMOID, {{0}}},
    {"selu",
     RMT_UNARY_SELU,
     {{"scale", 1.0507009873554804934193349852946}, {"alpha", 1.6732632423543772848170429916717}}},
    {"celu", RMT_UNARY_CELU, {{"alpha", 1}}},
    {"hard_shrink", RMT_UNARY_HARD_SHRINK, {{"threshold", 0.5}}},
    {"soft_shrink", RMT_UNARY_SOFT_SHRINK, {{"lambda", 0.5}}},
    {"thresholded_relu", RMT_UNARY_THRESHOLDED_RELU, {{"threshold", 1}}},
    {"tanh_shrink", RMT_UNARY_TANH_SHRINK, {{0}}},
    {"sin", RMT_UNARY_SIN, {{0}}},
    {"cos", RMT_UNARY_COS, {{0}}},
    {"tan", RMT_UNARY_TAN, {{0}}},
    {"asin", RMT_UNARY_ASIN, {{0}}},
    {"acos", RMT_UNARY_ACOS, {{0}}},
    {"atan", RMT_UNARY_ATAN, {{0}}},
    {"sinh", RMT_UNARY_SINH, {{0}}},
    {"cosh", RMT_UNARY_COSH, {{0}}},
    {"asinh", RMT_UNARY_ASINH, {{0}}},
    {"acosh", RMT_UNARY_ACOSH, {{0}}},
    {"atanh", RMT_UNARY_ATANH, {{0}}},
    {"log2", RMT_UNARY_LOG2, {{0}}},
    {"log10", RMT_UNARY_LOG10, {{0}}},
    {"log1p", RMT_UNARY_LOG1P, {{0}}},
    {"expm1", RMT_UNARY_EXPM1, {{0}}},
    {"trunc", RMT_UNARY_TRUNC, {{0}}},
    {"stanh", RMT_UNARY_STANH, {{"scale_a", 0.67}, {"scale_b", 1.7159}}},
};

static const activation_facts *facts_of(const char *name)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

/* The number of attribute PREFIX NAME. */
static double read_number(const rmt_node *node, const char *prefix, const char *name, double otherwise)
{
    char full[64];
    if (name == NULL)
        return otherwise;
    (void)snprintf(full, sizeof full, "%s%s", prefix, name);
    return rmt_node_float(node, full, otherwise);
}

bool rmt_activation_read(const rmt_node *node, const char *name, const char *prefix, rmt_activation *activation)
{
    const activation_facts *facts = facts_of(name);
    if (facts == NULL)
        return false;
    float p[3];
    for (int i = 0; i < 3; i++)
        p[i] = (float)read_number(node, prefix, facts->p[i].attribute, facts->p[i].otherwise);
    *activation = (rmt_activation){facts->function, p[0], p[1], p[2], 1, 0};
    if (facts->function == RMT_UNARY_GELU && read_number(node, prefix, "approximate", 0) != 0)
        activation->function = RMT_UNARY_GELU_TANH;
    if (facts->function == RMT_UNARY_ROUND && read_number(node, prefix, "half_to_even", 0) != 0)
        activation->function = RMT_UNARY_ROUND_EVEN;
    return true;
}

rmt_activation rmt_activation_fused(const rmt_node *node)
{
    rmt_activation activation = rmt_activation_none();
    const char *name = rmt_node_string(node, "act", NULL);
    if (name != NULL)
        (void)rmt_activation_read(node, name, "act.", &activation);
    activation.scale = (float)rmt_node_float(node, "act_scale", 1);
    activation.shift = (float)rmt_node_float(node, "act_shift", 0);
    return activation;
}

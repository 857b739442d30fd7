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

/* SPDX-License-Identifier: Apache-2.0 */
/* Every operator that a graph may hold, by name; names of one family share an operator. */
#include "ops/ops.h"

#include <string.h>

extern const rmt_op rmt_op_arg, rmt_op_batch_norm, rmt_op_binary, rmt_op_cast, rmt_op_concat, rmt_op_conv2d,
    rmt_op_conv2d_transpose, rmt_op_expand, rmt_op_full, rmt_op_identity, rmt_op_interp, rmt_op_layer_norm,
    rmt_op_matmul, rmt_op_pool2d, rmt_op_reduce, rmt_op_reshape, rmt_op_rnn, rmt_op_scale, rmt_op_shape, rmt_op_slice,
    rmt_op_softmax, rmt_op_split, rmt_op_stack_scalars, rmt_op_transpose, rmt_op_unary;

static const struct {
    const char *name;
    const rmt_op *op;
} table[] = {
    {"conv2d", &rmt_op_conv2d},
    {"conv2d_transpose", &rmt_op_conv2d_transpose},
    {"pool2d", &rmt_op_pool2d},
    {"matmul", &rmt_op_matmul},
    {"matmul_flatten", &rmt_op_matmul},
    {"batch_norm", &rmt_op_batch_norm},
    {"layer_norm", &rmt_op_layer_norm},
    {"softmax", &rmt_op_softmax},
    {"log_softmax", &rmt_op_softmax},
    {"rnn", &rmt_op_rnn},
    {"interp", &rmt_op_interp},
    {"relu", &rmt_op_unary},
    {"relu6", &rmt_op_unary},
    {"clip", &rmt_op_unary},
    {"sigmoid", &rmt_op_unary},
    {"tanh", &rmt_op_unary},
    {"hard_swish", &rmt_op_unary},
    {"hard_sigmoid", &rmt_op_unary},
    {"swish", &rmt_op_unary},
    {"silu", &rmt_op_unary},
    {"gelu", &rmt_op_unary},
    {"leaky_relu", &rmt_op_unary},
    {"elu", &rmt_op_unary},
    {"mish", &rmt_op_unary},
    {"softplus", &rmt_op_unary},
    {"exp", &rmt_op_unary},
    {"log", &rmt_op_unary},
    {"sqrt", &rmt_op_unary},
    {"rsqrt", &rmt_op_unary},
    {"square", &rmt_op_unary},
    {"abs", &rmt_op_unary},
    {"floor", &rmt_op_unary},
    {"ceil", &rmt_op_unary},
    {"round", &rmt_op_unary},
    {"erf", &rmt_op_unary},
    {"pow", &rmt_op_unary},
    {"scale", &rmt_op_scale},
    {"add", &rmt_op_binary},
    {"subtract", &rmt_op_binary},
    {"multiply", &rmt_op_binary},
    {"divide", &rmt_op_binary},
    {"maximum", &rmt_op_binary},
    {"minimum", &rmt_op_binary},
    {"pow_elementwise", &rmt_op_binary},
    {"remainder", &rmt_op_binary},
    {"floor_divide", &rmt_op_binary},
    {"reduce_sum", &rmt_op_reduce},
    {"reduce_mean", &rmt_op_reduce},
    {"reduce_max", &rmt_op_reduce},
    {"reduce_min", &rmt_op_reduce},
    {"reduce_prod", &rmt_op_reduce},
    {"arg_max", &rmt_op_arg},
    {"arg_min", &rmt_op_arg},
    {"reshape", &rmt_op_reshape},
    {"flatten", &rmt_op_reshape},
    {"squeeze", &rmt_op_reshape},
    {"unsqueeze", &rmt_op_reshape},
    {"transpose", &rmt_op_transpose},
    {"concat", &rmt_op_concat},
    {"stack", &rmt_op_concat},
    {"split", &rmt_op_split},
    {"slice", &rmt_op_slice},
    {"strided_slice", &rmt_op_slice},
    {"expand", &rmt_op_expand},
    {"tile", &rmt_op_expand},
    {"shape", &rmt_op_shape},
    {"stack_scalars", &rmt_op_stack_scalars},
    {"full", &rmt_op_full},
    {"cast", &rmt_op_cast},
    {"identity", &rmt_op_identity},
};

const rmt_op *rmt_op_find(const char *name)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].name, name) == 0)
            return table[i].op;
    return NULL;
}

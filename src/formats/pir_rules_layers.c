/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators of PIR -> canonical operators of the graph (docs/internals/graph.md): one line an operator, and a small
 * function where renaming is not enough. An operand or attribute that is not listed here is not read.
 *
 * Here: the layers of networks.
 */
#include "formats/build.h"
#include "formats/pir_table.h"

#define CONV_ATTRS "strides paddings padding_algorithm dilations groups"
#define CONV_TRANSPOSE_ATTRS CONV_ATTRS " output_padding output_size"
#define POOL_ATTRS \
    "ksize=kernel_size strides paddings ceil_mode exclusive pooling_type global_pooling adaptive padding_algorithm"
#define POOL_INDEX_ATTRS "ksize=kernel_size strides paddings ceil_mode global_pooling adaptive"
#define INTERP_INPUTS "x 2:size_tensor+|1:out_size? 3:scale_tensor?"
#define INTERP_ATTRS "method=interp_method out_d out_h out_w scale align_corners align_mode"

static bool adapt_max_pool(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    (void)raw;
    return rmt_node_set_string(graph, node, "pooling_type", "max") && rmt_node_set_int(graph, node, "indexed", 1);
}

const rmt_pir_rule rmt_pir_rules_layers[] = {
    {"conv2d", "conv2d", "x filter", "y", CONV_ATTRS, NULL},
    {"depthwise_conv2d", "conv2d", "x filter", "y", CONV_ATTRS, NULL},
    {"conv2d_transpose", "conv2d_transpose", "x filter - output_size~*?", "y", CONV_TRANSPOSE_ATTRS,
     rmt_build_output_size},
    {"conv2d_transpose_bias", "conv2d_transpose", "x filter bias? output_size~*?", "y", CONV_TRANSPOSE_ATTRS,
     rmt_build_output_size},
    {"depthwise_conv2d_transpose", "conv2d_transpose", "x filter - output_size~*?", "y", CONV_TRANSPOSE_ATTRS,
     rmt_build_output_size},
    {"deformable_conv", "deformable_conv", "x offset filter mask?", "y",
     "strides paddings dilations groups deformable_groups", NULL},
    {"pool2d", "pool2d", "x kernel_size~*", "y", POOL_ATTRS, NULL},
    {"max_pool2d_with_index", "pool2d", "x", "y index", POOL_INDEX_ATTRS, adapt_max_pool},

    {"pool3d", "pool3d", "x", "y", POOL_ATTRS, NULL},
    {"unpool", "unpool", "x indices output_size~*?", "y", "ksize strides paddings=padding output_size", NULL},

    {"batch_norm", "batch_norm", "x 3:scale? bias? 1:mean variance", "y", "epsilon", rmt_build_batch_norm},
    {"sync_batch_norm", "batch_norm", "x 3:scale? bias? 1:mean variance", "y", "epsilon", rmt_build_batch_norm},
    {"layer_norm", "layer_norm", "x scale? bias?", "y", "epsilon begin_norm_axis", NULL},
    {"group_norm", "group_norm", "x scale? bias?", "y", "epsilon groups", NULL},
    {"instance_norm", "instance_norm", "x scale? bias?", "y", "epsilon", NULL},
    {"affine_channel", "affine_channel", "x scale bias", "y", "", NULL},

    {"matmul", "matmul", "x y", "out", "transpose_x transpose_y", NULL},
    {"bmm", "matmul", "x y", "out", "", NULL},
    {"mv", "matmul", "x y", "out", "", NULL},
    {"linear_v2", "matmul", "input weight bias?", "out", "transpose_y=transpose_weight", rmt_build_linear},
    {"matmul_with_flatten", "matmul_flatten", "x y", "out", "x_num_col_dims y_num_col_dims", NULL},
    {"einsum", "einsum", "x*", "out", "equation", NULL},
    {"rnn", "rnn", "x pre_state* weights* 4:_", "out 2:state*", "mode hidden_size num_layers is_bidirec", NULL},
    {"embedding", "embedding", "ids weight", "out", "padding_idx", NULL},

    {"norm", "l2_normalize", "x", "out", "axis epsilon", NULL},
    {"lrn", "lrn", "x", "out", "n k alpha beta", NULL},
    {"maxout", "maxout", "x", "out", "groups axis", NULL},
    {"softmax", "softmax", "x", "out", "axis", NULL},
    {"log_softmax", "log_softmax", "x", "out", "axis", NULL},
    {"prelu", "prelu", "x alpha", "out", "mode", NULL},
    {"p_norm", "p_norm", "x", "out", "porder axis epsilon keepdim asvector", NULL},

    {"nearest_interp", "interp", INTERP_INPUTS, "y", INTERP_ATTRS, NULL},
    {"bilinear_interp", "interp", INTERP_INPUTS, "y", INTERP_ATTRS, NULL},
    {"bicubic_interp", "interp", INTERP_INPUTS, "y", INTERP_ATTRS, NULL},
    {"linear_interp", "interp", INTERP_INPUTS, "y", INTERP_ATTRS, NULL},
    {"trilinear_interp", "interp", INTERP_INPUTS, "y", INTERP_ATTRS, NULL},
    {"grid_sample", "grid_sample", "x grid", "y", "mode padding_mode align_corners", NULL},
    {"pixel_shuffle", "pixel_shuffle", "x", "y", "factor=upscale_factor", NULL},
    {"pixel_unshuffle", "pixel_unshuffle", "x", "y", "factor=downscale_factor", NULL},
    {"channel_shuffle", "channel_shuffle", "x", "y", "groups", NULL},
    {"shuffle_channel", "channel_shuffle", "x", "y", "groups=group", NULL},
    {"unfold", "unfold", "x", "y", "kernel_sizes strides paddings dilations", NULL},
    {"fold", "fold", "x", "y", "output_sizes kernel_sizes strides paddings dilations", NULL},
    {0},
};

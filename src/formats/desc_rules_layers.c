/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators of ProgramDesc -> canonical operators of the graph (docs/internals/graph.md): one line an operator, and a
 * small function where renaming is not enough. A slot or attribute that is not listed here is not read.
 *
 * Here: the layers of networks.
 */
#include "formats/build.h"
#include "formats/desc_table.h"

#include <string.h>

/* The first version of the resizing operators has one scale for both sides, 0 for none, and samples by sizes alone. */
static bool adapt_interp_v1(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    double scale = rmt_node_float(raw, "scale", 0.0);
    return rmt_node_set_floats(graph, node, "scale", &scale, scale > 0.0 ? 1 : 0) &&
           rmt_node_set_int(graph, node, "by_sizes", 1);
}

/* With channels last, a number for each channel is one for each entry of the last dimension. */
static bool adapt_prelu(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    bool last = strcmp(rmt_node_string(raw, "data_format", "NCHW"), "NHWC") == 0;
    bool channels = strcmp(rmt_node_string(raw, "mode", "all"), "channel") == 0;
    return !last || !channels || rmt_node_set_string(graph, node, "mode", "element");
}

static bool adapt_indexed(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    (void)raw;
    return rmt_node_set_int(graph, node, "indexed", 1);
}

#define CONV_ATTRS "strides paddings padding_algorithm dilations groups data_format^"
#define CONV_TRANSPOSE_SLOTS "Input Filter Bias? output_size+?"
#define CONV_TRANSPOSE_ATTRS CONV_ATTRS " output_padding output_size"
#define POOL_ATTRS \
    "ksize strides paddings ceil_mode exclusive pooling_type global_pooling adaptive padding_algorithm data_format^"
#define INTERP_SLOTS "X SizeTensor+|OutSize? Scale?"
#define INTERP_V1_ATTRS "method=interp_method out_d out_h out_w align_corners align_mode data_layout^"
#define INTERP_ATTRS INTERP_V1_ATTRS " scale"
#define DEFORMABLE_ATTRS "strides paddings dilations groups deformable_groups"

const rmt_op_rule rmt_op_rules_layers[] = {
    {"conv2d", "conv2d", "Input Filter Bias?", "Output", CONV_ATTRS, NULL},
    {"depthwise_conv2d", "conv2d", "Input Filter Bias?", "Output", CONV_ATTRS, NULL},
    {"conv2d_transpose", "conv2d_transpose", CONV_TRANSPOSE_SLOTS, "Output", CONV_TRANSPOSE_ATTRS,
     rmt_build_output_size},
    {"depthwise_conv2d_transpose", "conv2d_transpose", CONV_TRANSPOSE_SLOTS, "Output", CONV_TRANSPOSE_ATTRS,
     rmt_build_output_size},
    {"batch_norm", "batch_norm", "X Scale? Bias? Mean Variance", "Y", "epsilon data_layout^", rmt_build_batch_norm},
    {"sync_batch_norm", "batch_norm", "X Scale? Bias? Mean Variance", "Y", "epsilon data_layout^",
     rmt_build_batch_norm},
    {"layer_norm", "layer_norm", "X Scale? Bias?", "Y", "epsilon begin_norm_axis", NULL},
    {"pool2d", "pool2d", "X ksize+?", "Out", POOL_ATTRS, NULL},
    {"max_pool2d_with_index", "pool2d", "X", "Out Mask", "ksize strides paddings global_pooling adaptive",
     adapt_indexed},
    {"matmul_v2", "matmul", "X Y", "Out", "transpose_x=trans_x transpose_y=trans_y", NULL},
    {"matmul", "matmul", "X Y", "Out", "transpose_x=transpose_X transpose_y=transpose_Y alpha", NULL},
    {"bmm", "matmul", "X Y", "Out", "", NULL},
    {"mul", "matmul_flatten", "X Y", "Out", "x_num_col_dims y_num_col_dims", NULL},
    {"softmax", "softmax", "X", "Out", "axis", NULL},
    {"log_softmax", "log_softmax", "X", "Out", "axis", NULL},
    {"nearest_interp_v2", "interp", INTERP_SLOTS, "Out", INTERP_ATTRS, NULL},
    {"linear_interp_v2", "interp", INTERP_SLOTS, "Out", INTERP_ATTRS, NULL},
    {"bilinear_interp_v2", "interp", INTERP_SLOTS, "Out", INTERP_ATTRS, NULL},
    {"bicubic_interp_v2", "interp", INTERP_SLOTS, "Out", INTERP_ATTRS, NULL},
    {"trilinear_interp_v2", "interp", INTERP_SLOTS, "Out", INTERP_ATTRS, NULL},
    {"nearest_interp", "interp", INTERP_SLOTS, "Out", INTERP_V1_ATTRS, adapt_interp_v1},
    {"linear_interp", "interp", INTERP_SLOTS, "Out", INTERP_V1_ATTRS, adapt_interp_v1},
    {"bilinear_interp", "interp", INTERP_SLOTS, "Out", INTERP_V1_ATTRS, adapt_interp_v1},
    {"bicubic_interp", "interp", INTERP_SLOTS, "Out", INTERP_V1_ATTRS, adapt_interp_v1},
    {"trilinear_interp", "interp", INTERP_SLOTS, "Out", INTERP_V1_ATTRS, adapt_interp_v1},
    {"rnn", "rnn", "Input PreState* WeightList*", "Out State*", "mode hidden_size num_layers is_bidirec", NULL},
    {"group_norm", "group_norm", "X Scale? Bias?", "Y", "groups epsilon data_layout^", NULL},
    {"instance_norm", "instance_norm", "X Scale? Bias?", "Y", "epsilon", NULL},
    {"prelu", "prelu", "X Alpha", "Out", "mode data_format", adapt_prelu},
    {"norm", "l2_normalize", "X", "Out", "axis epsilon", NULL},
    {"deformable_conv", "deformable_conv", "Input Offset Filter Mask", "Output", DEFORMABLE_ATTRS, NULL},
    {"deformable_conv_v1", "deformable_conv", "Input Offset Filter", "Output", DEFORMABLE_ATTRS, NULL},
    {"grid_sampler", "grid_sample", "X Grid", "Output", "mode padding_mode align_corners", NULL},
    {"pixel_shuffle", "pixel_shuffle", "X", "Out", "factor=upscale_factor data_format^", NULL},
    {"pixel_unshuffle", "pixel_unshuffle", "X", "Out", "factor=downscale_factor data_format^", NULL},
    {"shuffle_channel", "channel_shuffle", "X", "Out", "groups=group", NULL},
    {"channel_shuffle", "channel_shuffle", "X", "Out", "groups data_format^", NULL},
    {"unfold", "unfold", "X", "Y", "kernel_sizes strides paddings dilations", NULL},
    {"pool3d", "pool3d", "X", "Out", POOL_ATTRS, NULL},
    {"unpool", "unpool", "X Indices output_size+?", "Out", "ksize strides paddings output_size data_format^", NULL},
    {"fold", "fold", "X", "Y", "output_sizes kernel_sizes strides paddings dilations", NULL},
    {"affine_channel", "affine_channel", "X Scale Bias", "Out", "data_layout^", NULL},
    {"fc", "matmul_flatten", "Input W Bias?", "Out", "x_num_col_dims=in_num_col_dims act=activation_type", NULL},
    {"lrn", "lrn", "X", "Out", "n k alpha beta data_format^", NULL},
    {"maxout", "maxout", "X", "Out", "groups axis", NULL},
    {"einsum", "einsum", "Operands*", "Out", "equation", NULL},
    {0},
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators of ProgramDesc -> canonical operators of the graph (docs/internals/graph.md): one line an operator, and a
 * small function where renaming is not enough. A slot or attribute that is not listed here is not read.
 *
 * Here: the layers of networks.
 */
#include "formats/desc_table.h"

/* The first version of the resizing operators has one scale for both sides, and 0 for none. */
static bool adapt_interp_v1(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    double scale = rmt_node_float(raw, "scale", 0.0);
    return rmt_node_set_floats(graph, node, "scale", &scale, scale > 0.0 ? 1 : 0);
}

#define CONV_ATTRS "strides paddings padding_algorithm dilations groups"
#define CONV_TRANSPOSE_ATTRS CONV_ATTRS " output_padding output_size"
#define POOL_ATTRS "ksize strides paddings ceil_mode exclusive pooling_type global_pooling adaptive padding_algorithm"
#define INTERP_ATTRS "method=interp_method out_h out_w scale align_corners align_mode"
#define INTERP_V1_ATTRS "method=interp_method out_h out_w align_corners align_mode"

const rmt_op_rule rmt_op_rules_layers[] = {
    {"conv2d", "conv2d", "Input Filter Bias?", "Output", CONV_ATTRS, NULL},
    {"depthwise_conv2d", "conv2d", "Input Filter Bias?", "Output", CONV_ATTRS, NULL},
    {"conv2d_transpose", "conv2d_transpose", "Input Filter Bias?", "Output", CONV_TRANSPOSE_ATTRS, NULL},
    {"depthwise_conv2d_transpose", "conv2d_transpose", "Input Filter Bias?", "Output", CONV_TRANSPOSE_ATTRS, NULL},
    {"batch_norm", "batch_norm", "X Scale Bias Mean Variance", "Y", "epsilon", NULL},
    {"layer_norm", "layer_norm", "X Scale? Bias?", "Y", "epsilon begin_norm_axis", NULL},
    {"pool2d", "pool2d", "X", "Out", POOL_ATTRS, NULL},
    {"matmul_v2", "matmul", "X Y", "Out", "transpose_x=trans_x transpose_y=trans_y", NULL},
    {"matmul", "matmul", "X Y", "Out", "transpose_x=transpose_X transpose_y=transpose_Y alpha", NULL},
    {"bmm", "matmul", "X Y", "Out", "", NULL},
    {"mul", "matmul_flatten", "X Y", "Out", "x_num_col_dims y_num_col_dims", NULL},
    {"softmax", "softmax", "X", "Out", "axis", NULL},
    {"log_softmax", "log_softmax", "X", "Out", "axis", NULL},
    {"nearest_interp_v2", "interp", "X SizeTensor+|OutSize?", "Out", INTERP_ATTRS, NULL},
    {"bilinear_interp_v2", "interp", "X SizeTensor+|OutSize?", "Out", INTERP_ATTRS, NULL},
    {"nearest_interp", "interp", "X SizeTensor+|OutSize?", "Out", INTERP_V1_ATTRS, adapt_interp_v1},
    {"bilinear_interp", "interp", "X SizeTensor+|OutSize?", "Out", INTERP_V1_ATTRS, adapt_interp_v1},
    {"rnn", "rnn", "Input PreState* WeightList*", "Out State*", "mode hidden_size num_layers is_bidirec", NULL},
    {0},
};

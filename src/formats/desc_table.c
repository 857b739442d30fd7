/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators of ProgramDesc -> canonical operators of the graph (docs/internals/graph.md): one line an operator, and a
 * small function where renaming is not enough. A slot or attribute that is not listed here is not read.
 */
#include "formats/desc_table.h"

#include <string.h>

#include "formats/numbers.h"

/* ---- special cases ---------------------------------------------------------------------------------------- */

/* The value stands in the file twice; the text is exact and wins. */
static bool adapt_fill_constant(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    double value = rmt_node_float(raw, "value", 0.0);
    const char *text = rmt_node_string(raw, "str_value", "");
    (void)rmt_number_read(text, &value);
    return rmt_node_set_float(graph, node, "value", value);
}

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

/* The first version of the resizing operators has one scale for both sides, and 0 for none. */
static bool adapt_interp_v1(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    double scale = rmt_node_float(raw, "scale", 0.0);
    return rmt_node_set_floats(graph, node, "scale", &scale, scale > 0.0 ? 1 : 0);
}

/* ---- the table -------------------------------------------------------------------------------------------- */

#define CONV_ATTRS "strides paddings padding_algorithm dilations groups"
#define CONV_TRANSPOSE_ATTRS CONV_ATTRS " output_padding output_size"
#define POOL_ATTRS "ksize strides paddings ceil_mode exclusive pooling_type global_pooling adaptive padding_algorithm"
#define INTERP_ATTRS "method=interp_method out_h out_w scale align_corners align_mode"
#define INTERP_V1_ATTRS "method=interp_method out_h out_w align_corners align_mode"
#define REDUCE_ATTRS "dim keep_dim reduce_all"
#define ARG_ATTRS "axis keepdims flatten dtype=dtype#"

static const rmt_op_rule rules[] = {
    {"conv2d", "conv2d", "Input Filter Bias?", "Output", CONV_ATTRS, NULL},
    {"depthwise_conv2d", "conv2d", "Input Filter Bias?", "Output", CONV_ATTRS, NULL},
    {"conv2d_transpose", "conv2d_transpose", "Input Filter Bias?", "Output", CONV_TRANSPOSE_ATTRS, NULL},
    {"depthwise_conv2d_transpose", "conv2d_transpose", "Input Filter Bias?", "Output", CONV_TRANSPOSE_ATTRS, NULL},
    {"batch_norm", "batch_norm", "X Scale Bias Mean Variance", "Y", "epsilon", NULL},
    {"layer_norm", "layer_norm", "X Scale? Bias?", "Y", "epsilon begin_norm_axis", NULL},

    {"elementwise_add", "add", "X Y", "Out", "axis", NULL},
    {"elementwise_sub", "subtract", "X Y", "Out", "axis", NULL},
    {"elementwise_mul", "multiply", "X Y", "Out", "axis", NULL},
    {"elementwise_div", "divide", "X Y", "Out", "axis", NULL},
    {"elementwise_max", "maximum", "X Y", "Out", "axis", NULL},
    {"elementwise_min", "minimum", "X Y", "Out", "axis", NULL},
    {"elementwise_pow", "pow_elementwise", "X Y", "Out", "axis", NULL},
    {"elementwise_mod", "remainder", "X Y", "Out", "axis", NULL},
    {"elementwise_floordiv", "floor_divide", "X Y", "Out", "axis", NULL},

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
    {"scale", "scale", "X ScaleTensor?", "Out", "scale bias bias_after_scale", NULL},
    {"assign", "identity", "X", "Out", "", NULL},
    {"dropout", "identity", "X", "Out", "", adapt_dropout},

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

    {"reshape", "reshape", "X ShapeTensor+|Shape?", "Out", "shape", NULL},
    {"reshape2", "reshape", "X ShapeTensor+|Shape?", "Out", "shape", NULL},
    {"flatten_contiguous_range", "flatten", "X", "Out", "start_axis stop_axis", NULL},
    {"squeeze", "squeeze", "X", "Out", "axes", NULL},
    {"squeeze2", "squeeze", "X", "Out", "axes", NULL},
    {"unsqueeze", "unsqueeze", "X", "Out", "axes", NULL},
    {"unsqueeze2", "unsqueeze", "X", "Out", "axes", NULL},
    {"transpose", "transpose", "X", "Out", "perm=axis", NULL},
    {"transpose2", "transpose", "X", "Out", "perm=axis", NULL},
    {"concat", "concat", "X*", "Out", "axis", NULL},
    {"stack", "stack", "X*", "Y", "axis", NULL},
    {"split", "split", "X SectionsTensorList+?", "Out*", "sections num axis", NULL},
    {"slice", "slice", "Input StartsTensorList+|StartsTensor? EndsTensorList+|EndsTensor?", "Out",
     "axes starts ends decrease_axis", NULL},
    {"strided_slice", "strided_slice", "Input", "Out", "axes starts ends strides decrease_axis", NULL},
    {"expand_v2", "expand", "X expand_shapes_tensor+|Shape?", "Out", "shape", NULL},
    {"expand", "tile", "X expand_times_tensor+|ExpandTimes?", "Out", "repeat_times=expand_times", NULL},
    {"tile", "tile", "X repeat_times_tensor+|RepeatTimes?", "Out", "repeat_times", NULL},

    {"shape", "shape", "Input", "Out", "", NULL},
    {"cast", "cast", "X", "Out", "dtype=out_dtype#", NULL},
    {"fill_constant", "full", "ShapeTensorList+|ShapeTensor?", "Out", "shape dtype=dtype#", adapt_fill_constant},
    {"reduce_mean", "reduce_mean", "X", "Out", REDUCE_ATTRS, NULL},
    {"reduce_sum", "reduce_sum", "X", "Out", REDUCE_ATTRS, NULL},
    {"reduce_max", "reduce_max", "X", "Out", REDUCE_ATTRS, NULL},
    {"reduce_min", "reduce_min", "X", "Out", REDUCE_ATTRS, NULL},
    {"reduce_prod", "reduce_prod", "X", "Out", REDUCE_ATTRS, NULL},
    {"mean", "reduce_mean", "X", "Out", "", adapt_mean},
    {"arg_max", "arg_max", "X", "Out", ARG_ATTRS, NULL},
    {"arg_min", "arg_min", "X", "Out", ARG_ATTRS, NULL},
};

const rmt_op_rule *rmt_op_rule_find(rmt_span type)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (rmt_span_is(type, rules[i].from))
            return &rules[i];
    return NULL;
}

bool rmt_op_name_is_canonical(rmt_span name)
{
    bool taken = rmt_span_is(name, "stack_scalars");
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]) && !taken; i++)
        taken = rmt_span_is(name, rules[i].to);
    return taken;
}

/* ---- words of the table -------------------------------------------------------------------------------------- */

bool rmt_op_rule_lists_slot(const rmt_op_rule *rule, rmt_span slot)
{
    rmt_span rest = rmt_span_of(rule->inputs);
    rmt_span word;
    rmt_span name;
    while (rmt_span_cut(&rest, ' ', &word)) {
        (void)rmt_span_drop_last(&word, '?');
        while (rmt_span_cut(&word, '|', &name)) {
            (void)(rmt_span_drop_last(&name, '+') || rmt_span_drop_last(&name, '*'));
            if (rmt_span_compare(name, slot) == 0)
                return true;
        }
    }
    return false;
}

bool rmt_op_rule_next_attr(rmt_span *rest, rmt_op_attr *attr)
{
    rmt_span word;
    if (!rmt_span_cut(rest, ' ', &word))
        return false;
    attr->is_type = rmt_span_drop_last(&word, '#');
    (void)rmt_span_cut(&word, '=', &attr->to);
    attr->from = word.bytes > 0 ? word : attr->to;
    return true;
}

bool rmt_op_rule_lists_attr(const rmt_op_rule *rule, const char *name)
{
    rmt_span rest = rmt_span_of(rule->attrs);
    rmt_op_attr attr;
    while (rmt_op_rule_next_attr(&rest, &attr))
        if (rmt_span_is(attr.from, name))
            return true;
    return false;
}

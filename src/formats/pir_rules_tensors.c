/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators of PIR -> canonical operators of the graph (docs/internals/graph.md): one line an operator, and a small
 * function where renaming is not enough. An operand or attribute that is not listed here is not read.
 *
 * Here: making, moving and choosing tensors; lists of them.
 */
#include "formats/build.h"
#include "formats/pir_table.h"

/* ---- special cases ---------------------------------------------------------------------------------------- */

static bool adapt_shape64(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    (void)raw;
    return rmt_node_set_int(graph, node, "dtype", RAMET_DTYPE_INT64);
}

static bool adapt_triangle(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    (void)raw;
    return rmt_node_set_int(graph, node, "lower", 1);
}

static bool adapt_index_sample(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    (void)raw;
    return rmt_node_set_int(graph, node, "axis", 1);
}

/* Pairs of pad3d start at the last dim. */
static bool adapt_pad3d(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    (void)raw;
    return rmt_node_set_int(graph, node, "from_last", 1);
}

/* PaddlePaddle 3 counts backwards as numpy does. */
static bool adapt_strided_slice(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    (void)raw;
    return rmt_node_set_int(graph, node, "numpy", 1);
}

static bool adapt_put_along_axis(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    return rmt_build_reduction(graph, node, rmt_node_string(raw, "reduce", "assign"));
}

static bool adapt_unique(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    return rmt_node_set_int(graph, node, "sorted", rmt_node_bool(raw, "is_sorted", false));
}

/* ---- the table -------------------------------------------------------------------------------------------- */

#define SET_VALUE_ATTRS "axes starts ends steps decrease_axes none_axes"

const rmt_pir_rule rmt_pir_rules_tensors[] = {
    {"assign", "identity", "x", "out", "", NULL},
    {"assign_out", "identity", "x &_", "out", "", NULL},
    {"share_data", "identity", "x", "out", "", NULL},
    {"cast", "cast", "x", "out", "dtype", NULL},
    {"shape", "shape", "x", "out", "", NULL},
    {"shape64", "shape", "x", "out", "", adapt_shape64},
    {"numel", "numel", "x", "out", "", NULL},
    {"full", "full", "", "out", "shape value dtype", NULL},
    {"full_like", "full_like", "x value~", "out", "value dtype", NULL},
    {"full_with_tensor", "full_with_tensor", "value shape~*", "out", "shape dtype", NULL},
    {"full_batch_size_like", "full_batch_size_like", "x", "out", "shape value dtype input_dim_idx output_dim_idx",
     NULL},
    {"arange", "range", "start end step", "out", "dtype", NULL},
    {"linspace", "linspace", "start stop number", "out", "dtype", NULL},
    {"uniform", "uniform", "shape~* min! max!", "out", "shape min max dtype", NULL},
    {"eye", "eye", "num_rows~ num_columns~", "out", "rows=num_rows columns=num_columns dtype", NULL},
    {"one_hot", "one_hot", "x num_classes~", "out", "depth=num_classes", NULL},
    {"meshgrid", "meshgrid", "x*", "out*", "", NULL},

    {"reshape", "reshape", "x shape~*", "out", "shape", NULL},
    {"flatten", "flatten", "x", "out", "start_axis stop_axis", NULL},
    {"squeeze", "squeeze", "x axis!*", "out", "axes=axis", NULL},
    {"unsqueeze", "unsqueeze", "x axis!*", "out", "axes=axis", NULL},
    {"transpose", "transpose", "x", "out", "perm", NULL},
    {"concat", "concat", "x* axis!", "out", "axis", NULL},
    {"stack", "stack", "x*", "out", "axis", NULL},
    {"split", "split", "x sections~* axis!", "out*", "sections axis", NULL},
    {"split_with_num", "split", "x axis!", "out*", "num axis", NULL},
    {"unbind", "unstack", "x", "out*", "axis", NULL},
    {"unstack", "unstack", "x", "out*", "axis", NULL},
    {"slice", "slice", "x starts~* ends~*", "out", "axes starts ends decrease_axis", NULL},
    {"strided_slice", "strided_slice", "x starts~* ends~* strides!*", "out", "axes starts ends strides",
     adapt_strided_slice},
    {"expand", "expand", "x shape~*", "out", "shape", NULL},
    {"expand_as", "expand_as", "x y?", "out", "target_shape", NULL},
    {"broadcast_tensors", "broadcast_tensors", "x*", "out*", "", NULL},
    {"tile", "tile", "x repeat_times~*", "out", "repeat_times", NULL},
    {"flip", "flip", "x", "out", "axis", NULL},
    {"reverse", "flip", "x axis!*", "out", "axis", NULL},
    {"roll", "roll", "x shifts~*", "out", "shifts axis", NULL},
    {"repeat_interleave", "repeat_interleave", "x", "out", "repeats axis", NULL},
    {"repeat_interleave_with_tensor_index", "repeat_interleave", "x repeats", "out", "axis", NULL},
    {"tril", "triangle", "x", "out", "diagonal", adapt_triangle},
    {"triu", "triangle", "x", "out", "diagonal", NULL},
    {"diag", "diag", "x", "out", "offset padding_value", NULL},
    {"inverse", "inverse", "x", "out", "", NULL},
    {"pad", "pad", "x - pad_value~", "out", "paddings value=pad_value", NULL},
    {"pad3d", "pad", "x paddings~*", "out", "paddings mode value=pad_value", adapt_pad3d},

    {"gather", "gather", "x index axis~", "out", "axis", NULL},
    {"index_select", "gather", "x index", "out", "axis", NULL},
    {"index_sample", "take_along_axis", "x index", "out", "", adapt_index_sample},
    {"take_along_axis", "take_along_axis", "x index", "out", "axis", NULL},
    {"put_along_axis", "put_along_axis", "x index updates", "out", "axis", adapt_put_along_axis},
    {"gather_nd", "gather_nd", "x index", "out", "", NULL},
    {"masked_select", "masked_select", "x mask", "out", "", NULL},
    {"nonzero", "nonzero", "x", "out", "", NULL},
    {"unique", "unique", "x", "out indices inverse counts", "axis dtype", adapt_unique},
    {"topk", "top_k", "x k~", "out indices", "k axis largest sorted", NULL},
    {"argsort", "argsort", "x", "out indices", "axis descending", NULL},
    {"scatter", "scatter", "x index updates", "out", "overwrite", NULL},
    {"scatter_nd_add", "scatter_nd_add", "x index updates", "out", "", NULL},
    {"index_put", "index_put", "x 2:value 1:indices*", "out", "accumulate", NULL},
    {"set_value", "set_value", "&x - starts~* ends~* steps~*", "out", SET_VALUE_ATTRS " values shape", NULL},
    {"set_value_with_tensor", "set_value", "&x value starts~* ends~* steps~*", "out", SET_VALUE_ATTRS, NULL},

    {"create_array", "array_create", "", "array", "", NULL},
    {"array_write", "array_write", "&array x i", "array", "", NULL},
    {"array_read", "array_read", "array i", "x", "", NULL},
    {"slice_array_dense", "array_read", "array i", "x", "", NULL},
    {"array_length", "array_length", "array", "n", "", NULL},
    {"array_to_tensor", "array_join", "array", "out sizes", "axis use_stack", NULL},
    {0},
};

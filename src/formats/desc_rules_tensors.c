/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators of ProgramDesc -> canonical operators of the graph (docs/internals/graph.md): one line an operator, and a
 * small function where renaming is not enough. A slot or attribute that is not listed here is not read.
 *
 * Here: what makes, moves, picks and orders the entries of tensors.
 */
#include "formats/build.h"
#include "formats/desc_table.h"

#include <string.h>

#include "formats/numbers.h"

/* The value stands in the file twice; the text is exact and wins. */
static bool adapt_fill_constant(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    double value = rmt_node_float(raw, "value", 0.0);
    const char *text = rmt_node_string(raw, "str_value", "");
    (void)rmt_number_read(text, &value);
    return rmt_node_set_float(graph, node, "value", value);
}

/* Numbers of a list stand under the name of their type, and since 2.5 under one name. The one that is not empty counts. */
static bool adapt_values(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    static const char *const names[] = {"values",       "bool_values", "fp32_values", "int32_values",
                                        "int64_values", "fp64_values", "fp16_values"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const rmt_attr *attr = rmt_node_attr(raw, names[i]);
        if (attr == NULL || attr->count == 0)
            continue;
        if (attr->type == RMT_ATTR_INTS)
            return rmt_node_set_ints(graph, node, "values", attr->as.ints, (size_t)attr->count);
        if (attr->type == RMT_ATTR_FLOATS)
            return rmt_node_set_floats(graph, node, "values", attr->as.floats, (size_t)attr->count);
    }
    return true;
}

/* A list without numbers is still a list. */
static bool adapt_assign_value(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    return rmt_node_set_ints(graph, node, "values", NULL, 0) && adapt_values(raw, graph, node);
}

static bool adapt_increment(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    return rmt_node_set_float(graph, node, "bias", rmt_node_float(raw, "step", 1.0));
}

/* Operators of the first generation take ids as a column, whose last dimension of 1 is no part of them. */
static bool adapt_column(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    (void)raw;
    return rmt_node_set_int(graph, node, "column", 1);
}

static bool adapt_index_sample(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    (void)raw;
    return rmt_node_set_int(graph, node, "axis", 1);
}

static bool adapt_unique(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    return rmt_node_set_int(graph, node, "sorted", rmt_node_bool(raw, "is_sorted", false));
}

static bool adapt_put_along_axis(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    return rmt_build_reduction(graph, node, rmt_node_string(raw, "Reduce", "assign"));
}

/* ---- padding ------------------------------------------------------------------------------------------------------ */

/* Pairs for height, then width; none for the dimensions before. */
static bool adapt_pad2d(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    int64_t paddings[8] = {0};
    (void)rmt_node_ints(raw, "paddings", paddings + 4, 4);
    return rmt_node_set_ints(graph, node, "paddings", paddings, 8);
}

/* Pairs from the last dimension backwards. */
static bool adapt_pad3d(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    (void)raw;
    return rmt_node_set_int(graph, node, "from_last", 1);
}

/* ---- cutting ------------------------------------------------------------------------------------------------------ */

/* crop: from `offsets` on, `shape` entries, or all that follow. */
static bool adapt_crop(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    int64_t offsets[RMT_MAX_RANK] = {0};
    int64_t shape[RMT_MAX_RANK];
    int64_t axes[RMT_MAX_RANK];
    size_t rank = rmt_node_ints(raw, "shape", shape, RMT_MAX_RANK);
    (void)rmt_node_ints(raw, "offsets", offsets, RMT_MAX_RANK);
    rank = rank < RMT_MAX_RANK ? rank : RMT_MAX_RANK;
    for (size_t i = 0; i < rank; i++) {
        axes[i] = (int64_t)i;
        if (shape[i] < 0 || __builtin_add_overflow(offsets[i], shape[i], &shape[i]))
            shape[i] = INT64_MAX;
    }
    return rmt_node_set_ints(graph, node, "axes", axes, rank) &&
           rmt_node_set_ints(graph, node, "starts", offsets, rank) &&
           rmt_node_set_ints(graph, node, "ends", shape, rank);
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

#define SET_VALUE_INPUTS "Input ValueTensor? StartsTensorList+? EndsTensorList+? StepsTensorList+?"
#define SET_VALUE_ATTRS "axes starts ends steps decrease_axes none_axes shape"

const rmt_op_rule rmt_op_rules_tensors[] = {
    {"reshape", "reshape", "X ShapeTensor+|Shape?", "Out", "shape", NULL},
    {"reshape2", "reshape", "X ShapeTensor+|Shape?", "Out", "shape", NULL},
    {"flatten", "flatten_matrix", "X", "Out", "axis", NULL},
    {"flatten2", "flatten_matrix", "X", "Out", "axis", NULL},
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
    {"strided_slice", "strided_slice",
     "Input StartsTensorList+|StartsTensor? EndsTensorList+|EndsTensor? StridesTensorList+|StridesTensor?", "Out",
     "axes starts ends strides decrease_axis", NULL},
    {"crop", "slice", "X", "Out", "", adapt_crop},
    {"crop_tensor", "slice", "X", "Out", "", adapt_crop},
    {"unstack", "unstack", "X", "Y*", "axis", NULL},
    {"unbind", "unstack", "X", "Out*", "axis", NULL},
    {"expand_v2", "expand", "X expand_shapes_tensor+|Shape?", "Out", "shape", NULL},
    {"expand", "tile", "X expand_times_tensor+|ExpandTimes?", "Out", "repeat_times=expand_times", NULL},
    {"tile", "tile", "X repeat_times_tensor+|RepeatTimes?", "Out", "repeat_times", NULL},
    {"expand_as_v2", "expand_as", "X Y?", "Out", "target_shape", NULL},
    {"expand_as", "expand_as", "X target_tensor", "Out", "", NULL},
    {"broadcast_tensors", "broadcast_tensors", "X*", "Out*", "", NULL},
    {"meshgrid", "meshgrid", "X*", "Out*", "", NULL},

    {"shape", "shape", "Input", "Out", "", NULL},
    {"size", "numel", "Input", "Out", "", NULL},
    {"cast", "cast", "X", "Out", "dtype=out_dtype#", NULL},
    {"fill_constant", "full", "ShapeTensorList+|ShapeTensor? ValueTensor?", "Out", "shape dtype=dtype#",
     adapt_fill_constant},
    {"fill_any_like", "full_like", "X", "Out", "value dtype=dtype#", NULL},
    {"fill_zeros_like", "full_like", "X", "Out", "", NULL},
    {"fill_zeros_like2", "full_like", "X", "Out", "dtype=dtype#", NULL},
    {"fill_constant_batch_size_like", "full_batch_size_like", "Input", "Out",
     "shape dtype=dtype# input_dim_idx output_dim_idx", adapt_fill_constant},
    {"assign_value", "full", "", "Out", "shape dtype=dtype#", adapt_assign_value},
    {"range", "range", "Start End Step", "Out", "dtype=dtype#", NULL},
    {"linspace", "linspace", "Start Stop Num", "Out", "dtype=dtype#", NULL},
    {"uniform_random", "uniform", "ShapeTensorList+|ShapeTensor?", "Out", "shape min max dtype=dtype#", NULL},
    {"eye", "eye", "", "Out", "rows=num_rows columns=num_columns dtype=dtype#", NULL},
    {"one_hot", "one_hot", "X depth_tensor?", "Out", "depth dtype=dtype#", adapt_column},
    {"one_hot_v2", "one_hot", "X depth_tensor?", "Out", "depth dtype=dtype#", NULL},
    {"increment", "scale", "X", "Out", "", adapt_increment},
    {"tril_triu", "triangle", "X", "Out", "diagonal lower", NULL},

    {"gather", "gather", "X Index Axis?", "Out", "axis", NULL},
    {"index_select", "gather", "X Index", "Out", "axis=dim", NULL},
    {"index_sample", "take_along_axis", "X Index", "Out", "", adapt_index_sample},
    {"take_along_axis", "take_along_axis", "Input Index", "Result", "axis=Axis", NULL},
    {"gather_nd", "gather_nd", "X Index", "Out", "", NULL},
    {"lookup_table", "embedding", "Ids W", "Out", "padding_idx", adapt_column},
    {"lookup_table_v2", "embedding", "Ids W", "Out", "padding_idx", NULL},
    {"scatter", "scatter", "X Ids Updates", "Out", "overwrite", NULL},
    {"scatter_nd_add", "scatter_nd_add", "X Index Updates", "Out", "", NULL},
    {"put_along_axis", "put_along_axis", "Input Index Value", "Result", "axis=Axis", adapt_put_along_axis},
    {"index_put", "index_put", "x value indices*", "out", "accumulate", NULL},
    {"set_value", "set_value", SET_VALUE_INPUTS, "Out", SET_VALUE_ATTRS, adapt_values},
    {"where", "where", "Condition X Y", "Out", "", NULL},
    {"where_index", "nonzero", "Condition", "Out", "", NULL},
    {"masked_select", "masked_select", "X Mask", "Y", "", NULL},
    {"unique", "unique", "X", "Out Indices Index Counts", "axis dtype=dtype#", adapt_unique},

    {"top_k", "top_k", "X K?", "Out Indices", "k", NULL},
    {"top_k_v2", "top_k", "X K?", "Out Indices", "k axis largest sorted", NULL},
    {"argsort", "argsort", "X", "Out Indices", "axis descending", NULL},
    {"cumsum", "cumsum", "X AxisTensor?", "Out", "axis flatten exclusive reverse", NULL},
    {"flip", "flip", "X", "Out", "axis", NULL},
    {"reverse", "flip", "X", "Out", "axis", NULL},
    {"roll", "roll", "X ShiftsTensor?", "Out", "shifts axis", NULL},
    {"repeat_interleave", "repeat_interleave", "X RepeatsTensor?", "Out", "repeats=Repeats axis=dim", NULL},
    {"pad", "pad", "X", "Out", "paddings value=pad_value", NULL},
    {"pad2d", "pad", "X", "Out", "mode value=pad_value data_format^", adapt_pad2d},
    {"pad3d", "pad", "X Paddings?", "Out", "paddings mode value data_format^", adapt_pad3d},
    {"diag_v2", "diag", "X", "Out", "offset padding_value", NULL},
    {"inverse", "inverse", "Input", "Output", "", NULL},
    {0},
};

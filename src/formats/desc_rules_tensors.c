/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators of ProgramDesc -> canonical operators of the graph (docs/internals/graph.md): one line an operator, and a
 * small function where renaming is not enough. A slot or attribute that is not listed here is not read.
 *
 * Here: what makes, moves, picks and orders the entries of tensors.
 */
#include "formats/desc_table.h"

#include "formats/numbers.h"

/* The value stands in the file twice; the text is exact and wins. */
static bool adapt_fill_constant(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    double value = rmt_node_float(raw, "value", 0.0);
    const char *text = rmt_node_string(raw, "str_value", "");
    (void)rmt_number_read(text, &value);
    return rmt_node_set_float(graph, node, "value", value);
}

const rmt_op_rule rmt_op_rules_tensors[] = {
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
    {0},
};

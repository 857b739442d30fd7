/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators of ProgramDesc that choose, and that hold lists of tensors -> canonical operators (see desc_rules_tensors.c for
 * the manner). Those that run blocks stand in desc_control.c.
 */
#include "formats/desc_table.h"

/* A slice of a list is the entry at which it starts. */
static bool adapt_array_slice(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    int64_t start = 0;
    (void)rmt_node_ints(raw, "starts", &start, 1);
    return rmt_node_set_int(graph, node, "index", start);
}

const rmt_op_rule rmt_op_rules_control[] = {
    {"select_input", "select", "Mask X*", "Out", "", NULL},
    {"write_to_array", "array_write", "Out= X I", "Out", "", NULL},
    {"read_from_array", "array_read", "X I", "Out", "", NULL},
    {"slice(array)", "array_read", "Input StartsTensorList+|StartsTensor?", "Out", "", adapt_array_slice},
    {"lod_array_length", "array_length", "X", "Out", "", NULL},
    {"tensor_array_to_tensor", "array_join", "X", "Out OutIndex", "axis use_stack", NULL},
    {0},
};

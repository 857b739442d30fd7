/* SPDX-License-Identifier: Apache-2.0 */
/* What each operator of ProgramDesc becomes: the lines of desc_rules_*.c, and how to read their words. */
#ifndef RMT_FORMATS_DESC_TABLE_H
#define RMT_FORMATS_DESC_TABLE_H

#include "formats/source.h"
#include "formats/wire.h"
#include "graph/graph.h"

/*
 * inputs: one word a position. "X" names a slot of one tensor; "X*" a slot whose tensors all become inputs; "X+" a slot
 *   whose tensors are the entries of one integer tensor; "A+|B" whichever slot is filled, the first first; "Out=" what
 *   the variable of an output held before; a "?" at the end allows the position to be empty.
 * outputs: one word a slot; "Out*" takes all its tensors. Slots that are not listed are results nobody reads.
 * attrs: "name" is kept, "new=old" renamed; a "#" at the end turns a number of VarType.Type into a ramet_dtype; "name^" is
 *   the layout: where it has channels last, the first input and all outputs are transposed.
 */
typedef struct rmt_op_rule {
    const char *from, *to;
    const char *inputs, *outputs, *attrs;
    /* Attributes as the file has them (raw) -> attributes of the node. False: memory is exhausted. May be NULL. */
    bool (*adapt)(const rmt_node *raw, rmt_graph *graph, int32_t node);
} rmt_op_rule;

/* Lists by kind, each ended by an empty rule. */
extern const rmt_op_rule rmt_op_rules_control[], rmt_op_rules_layers[], rmt_op_rules_math[], rmt_op_rules_tensors[],
    rmt_op_rules_boxes[];

/* NULL when the operator is not listed. */
const rmt_op_rule *rmt_op_rule_find(rmt_span type);

/* The name has a meaning in the graph already, perhaps another one than in the file. */
bool rmt_op_name_is_canonical(rmt_span name);

bool rmt_op_rule_lists_slot(const rmt_op_rule *rule, rmt_span slot);
bool rmt_op_rule_lists_attr(const rmt_op_rule *rule, const char *name);

/* One word of `attrs`. */
typedef struct rmt_op_attr {
    rmt_span from, to;
    bool is_type, is_layout;
} rmt_op_attr;

/* Cuts a word off the front of rest (rmt_span_of(rule->attrs) at first). False at the end. */
bool rmt_op_rule_next_attr(rmt_span *rest, rmt_op_attr *attr);

#endif

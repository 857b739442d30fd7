/* SPDX-License-Identifier: Apache-2.0 */
/* The operators of ProgramDesc by name (desc_rules_*.c hold their lines), and the words of a line. */
#include "formats/desc_table.h"

static const rmt_op_rule *const tables[] = {rmt_op_rules_control, rmt_op_rules_layers, rmt_op_rules_math,
                                            rmt_op_rules_tensors, rmt_op_rules_boxes};

const rmt_op_rule *rmt_op_rule_find(rmt_span type)
{
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        for (const rmt_op_rule *rule = tables[i]; rule->from; rule++)
            if (rmt_span_is(type, rule->from))
                return rule;
    return NULL;
}

bool rmt_op_name_is_canonical(rmt_span name)
{
    bool taken = rmt_span_is(name, "stack_scalars");
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        for (const rmt_op_rule *rule = tables[i]; rule->from && !taken; rule++)
            taken = rmt_span_is(name, rule->to);
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
    attr->is_layout = rmt_span_drop_last(&word, '^');
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

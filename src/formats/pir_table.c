/* SPDX-License-Identifier: Apache-2.0 */
/* The operators of PIR by name (pir_rules_*.c hold their lines), and the words of a line. */
#include "formats/pir_table.h"

static const rmt_pir_rule *const tables[] = {rmt_pir_rules_layers, rmt_pir_rules_math, rmt_pir_rules_tensors,
                                             rmt_pir_rules_boxes};

const rmt_pir_rule *rmt_pir_rule_find(rmt_span name)
{
    (void)rmt_span_drop_last(&name, '_');
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        for (const rmt_pir_rule *rule = tables[i]; rule->from; rule++)
            if (rmt_span_is(name, rule->from))
                return rule;
    return NULL;
}

/* ---- words of the table -------------------------------------------------------------------------------------- */

bool rmt_pir_next_word(rmt_span *rest, rmt_span *word) { return rmt_span_cut(rest, ' ', word); }

bool rmt_pir_next_choice(rmt_span *word, size_t *position, rmt_pir_word *choice)
{
    rmt_span text;
    if (!rmt_span_cut(word, '|', &text))
        return false;
    *choice = (rmt_pir_word){.is_gap = rmt_span_is(text, "-"), .is_written = text.data[0] == '&'};
    text.data += choice->is_written;
    text.bytes -= choice->is_written;
    if (text.bytes > 2 && text.data[1] == ':') {
        *position = (size_t)(text.data[0] - '0');
        text.data += 2;
        text.bytes -= 2;
    }
    choice->is_optional = rmt_span_drop_last(&text, '?');
    choice->is_list = rmt_span_drop_last(&text, '*');
    choice->is_stacked = rmt_span_drop_last(&text, '+');
    choice->is_cast = rmt_span_drop_last(&text, '^');
    choice->or_input = rmt_span_drop_last(&text, '~');
    choice->is_number = rmt_span_drop_last(&text, '!') || choice->or_input;
    choice->is_skipped = rmt_span_is(text, "_");
    choice->name = text;
    choice->position = *position;
    *position += choice->is_gap ? 0 : 1;
    return true;
}

bool rmt_pir_words_take(const char *words, size_t position)
{
    rmt_span rest = rmt_span_of(words);
    rmt_span word;
    rmt_pir_word choice;
    size_t next = 0;
    while (rmt_pir_next_word(&rest, &word))
        while (rmt_pir_next_choice(&word, &next, &choice))
            if (!choice.is_gap && choice.position == position)
                return true;
    return false;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What each operator of the pd_op dialect becomes: the lines of pir_rules_*.c, and how to read their words. */
#ifndef RMT_FORMATS_PIR_TABLE_H
#define RMT_FORMATS_PIR_TABLE_H

#include "formats/source.h"
#include "graph/graph.h"

/*
 * A line's name has no "_" at its end: an operator that works in place is the same operator.
 *
 * inputs: one word an input of the node, named as PaddlePaddle names the operand. Operands count up from 0 as the words
 *   do; "2:name" takes operand 2, and counting goes on from there.
 *   "x"    a tensor               "x?"  one that may be absent      "x^"  one that is cast to the result's type before
 *   "x*"   all tensors of a list  "x*?" likewise                    "x+?" a list whose tensors are entries of one tensor
 *   "n!"   a number that the file must say, "n!*" a list of them: no input, but as if it were attribute n
 *   "n~"   the same when the file says it, otherwise an input; "n~*" likewise
 *   "_"    an operand that is not read   "-" an input that no operand gives
 *   "a|b"  whichever is there, the first first
 *   A "&" in front: the operator in its form with "_" writes this operand, too, and it becomes result 0.
 * outputs: likewise; "y", "y*" (a list), "1:y".
 * attrs: "name" is kept, "new=old" renamed.
 */
typedef struct rmt_pir_rule {
    const char *from, *to;
    const char *inputs, *outputs, *attrs;
    /* Attributes as the file has them (raw) -> attributes of the node. False: memory is exhausted. May be NULL. */
    bool (*adapt)(const rmt_node *raw, rmt_graph *graph, int32_t node);
} rmt_pir_rule;

/* Lists by kind, each ended by an empty rule. */
extern const rmt_pir_rule rmt_pir_rules_layers[], rmt_pir_rules_math[], rmt_pir_rules_tensors[], rmt_pir_rules_boxes[];

/* NULL when the operator is not listed. name: without dialect. */
const rmt_pir_rule *rmt_pir_rule_find(rmt_span name);

/* One alternative of a word. */
typedef struct rmt_pir_word {
    rmt_span name;
    size_t position; /* the operand or result it takes */
    bool is_list, is_optional, is_number, or_input, is_stacked, is_cast, is_written, is_skipped, is_gap;
} rmt_pir_word;

/* Cuts a word off the front of rest, an alternative off the front of a word. False at the end. */
bool rmt_pir_next_word(rmt_span *rest, rmt_span *word);
bool rmt_pir_next_choice(rmt_span *word, size_t *position, rmt_pir_word *choice);

/* Whether `words` say anything about an operand or result. */
bool rmt_pir_words_take(const char *words, size_t position);

#endif

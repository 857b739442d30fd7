/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One operator of ONNX by its rule. An operator, or a use of one, that no rule covers is kept under a name that no
 * canonical operator has: "QuantizeLinear", "Conv(3d)", "com.microsoft::Attention". Loading the graph into an engine then
 * names all of them at once.
 */
#include "formats/onnx_op.h"

#include <string.h>

#include "formats/limits.h"
#include "formats/numbers.h"
#include "formats/raw_attr.h"

static const rmt_onnx_rules *const all_rules[] = {&rmt_onnx_rules_math, &rmt_onnx_rules_layers,
                                                  &rmt_onnx_rules_tensors};

const rmt_onnx_rule *rmt_onnx_rule_find(rmt_span type)
{
    for (size_t i = 0; i < sizeof(all_rules) / sizeof(all_rules[0]); i++)
        for (size_t k = 0; k < all_rules[i]->count; k++)
            if (rmt_span_is(type, all_rules[i]->rules[k].from))
                return &all_rules[i]->rules[k];
    return NULL;
}

/* ---- words of the table --------------------------------------------------------------------------------------- */

/* One word of `attrs`. */
typedef struct attr_word {
    rmt_span to, from, otherwise;
} attr_word;

static bool next_word(rmt_span *rest, attr_word *word)
{
    rmt_span text;
    if (!rmt_span_cut(rest, ' ', &text))
        return false;
    rmt_span names = {0};
    (void)rmt_span_cut(&text, ':', &names);
    word->otherwise = text;
    (void)rmt_span_cut(&names, '=', &word->to);
    word->from = names.bytes > 0 ? names : word->to;
    return true;
}

static bool lists_attr(const rmt_onnx_rule *rule, const char *name)
{
    rmt_span rest = rmt_span_of(rule->attrs);
    attr_word word;
    while (next_word(&rest, &word))
        if (rmt_span_is(word.from, name))
            return true;
    return false;
}

static void set_default(rmt_onnx_op *op, const char *name, rmt_span otherwise)
{
    enum { MOST_DIGITS = 32 };
    char text[MOST_DIGITS] = {0};
    double number = 0.0;
    int64_t whole = 0;
    memcpy(text, otherwise.data, otherwise.bytes < MOST_DIGITS ? otherwise.bytes : MOST_DIGITS - 1);
    if (rmt_number_read_int(text, &whole))
        rmt_onnx_set_int(op, name, whole);
    else if (rmt_number_read(text, &number))
        rmt_onnx_set_float(op, name, number);
    else
        rmt_onnx_set_text(op, name, text);
}

static const rmt_attr *find_raw(const rmt_onnx_op *op, rmt_span name)
{
    const rmt_node *raw = &op->raw.nodes[0];
    for (int32_t i = 0; i < raw->attr_count; i++)
        if (rmt_span_is(name, raw->attrs[i].name))
            return &raw->attrs[i];
    return NULL;
}

static void copy_attr(rmt_onnx_op *op, const char *name, const rmt_attr *attr)
{
    if (op->status == RAMET_STATUS_OK && !rmt_raw_attr_copy(op->reader->graph, op->last, name, attr))
        op->status = rmt_fail_memory(op->reader->error, sizeof(*attr));
}

void rmt_onnx_keep_attrs(rmt_onnx_op *op)
{
    enum { NAME_BYTES = 64 };
    rmt_span rest = rmt_span_of(op->rule->attrs);
    attr_word word;
    while (op->status == RAMET_STATUS_OK && op->variant == NULL && next_word(&rest, &word)) {
        char name[NAME_BYTES] = {0};
        const rmt_attr *attr = find_raw(op, word.from);
        memcpy(name, word.to.data, word.to.bytes < NAME_BYTES ? word.to.bytes : NAME_BYTES - 1);
        if (attr != NULL)
            copy_attr(op, name, attr);
        else if (word.otherwise.bytes > 0)
            set_default(op, name, word.otherwise);
    }
}

/* ---- operators -------------------------------------------------------------------------------------------------- */

static ramet_status refuse_inputs(rmt_onnx_op *op)
{
    rmt_span type = op->node.type;
    ramet_status status =
        rmt_fail(op->reader->error, RAMET_STATUS_BAD_FORMAT, "operator %.*s_%zu has not as many inputs as it takes",
                 rmt_span_shown(type), (const char *)type.data, op->index);
    return rmt_onnx_place(op->reader, status);
}

static bool inputs_fit(const rmt_onnx_op *op)
{
    size_t least = (size_t)op->rule->least;
    bool fit = op->inputs.count >= least && op->inputs.count <= (size_t)op->rule->most;
    for (size_t i = 0; i < least && fit; i++)
        fit = rmt_onnx_in(op, i) != RMT_NO_VALUE;
    return fit;
}

static void add_by_rule(rmt_onnx_op *op)
{
    if (!inputs_fit(op)) {
        op->status = refuse_inputs(op);
    } else if (op->rule->build != NULL) {
        op->rule->build(op);
    } else {
        int32_t out = rmt_onnx_add_list(op, op->rule->to, op->inputs.items, op->inputs.count);
        rmt_onnx_keep_attrs(op);
        rmt_onnx_give(op, 0, out);
    }
}

/* The name of an attribute that the rule does not know; NULL when it knows all. */
static const char *unknown_attr(const rmt_onnx_op *op)
{
    const rmt_node *raw = &op->raw.nodes[0];
    for (int32_t i = 0; i < raw->attr_count; i++)
        if (!lists_attr(op->rule, raw->attrs[i].name))
            return raw->attrs[i].name;
    return NULL;
}

/* "domain::Type(variant)"; the capital or the brackets keep it apart from canonical names. */
static ramet_status unknown_name(const rmt_onnx_op *op, bool standard, rmt_buffer *name)
{
    bool fits = standard || (rmt_buffer_append(name, op->node.domain.data, op->node.domain.bytes) &&
                             rmt_buffer_append(name, "::", 2));
    fits = fits && rmt_buffer_append(name, op->node.type.data, op->node.type.bytes);
    if (op->variant != NULL)
        fits = fits && rmt_buffer_printf(name, "(%s)", op->variant);
    else if (fits && standard && name->data[0] >= 'a')
        fits = rmt_buffer_append(name, "(ONNX)", 6);
    return fits ? RAMET_STATUS_OK : rmt_fail_memory(op->reader->error, name->bytes);
}

static bool is_standard(const rmt_onnx_op *op)
{
    return op->node.domain.bytes == 0 || rmt_span_is(op->node.domain, "ai.onnx");
}

void rmt_onnx_add_unknown(rmt_onnx_op *op)
{
    rmt_list outputs = {0};
    rmt_buffer name;
    rmt_buffer_init(&name, 4 * RMT_LIMIT_TEXT_BYTES);
    op->status = unknown_name(op, is_standard(op), &name);
    op->variant = NULL; /* named now: the words work again */
    for (size_t i = 0; i < op->node.outputs.count && op->status == RAMET_STATUS_OK; i++) {
        int32_t value = rmt_onnx_wants(op, i) ? rmt_onnx_new_value(op) : RMT_NO_VALUE;
        if (!rmt_list_push(&outputs, &value, sizeof(value), RMT_LIMIT_ARGUMENTS))
            op->status = rmt_fail_memory(op->reader->error, sizeof(value));
    }
    rmt_onnx_add_node(op, (const char *)name.data, op->inputs.items, op->inputs.count, outputs.items, outputs.count);
    const rmt_node *raw = &op->raw.nodes[0];
    for (int32_t i = 0; i < raw->attr_count; i++)
        copy_attr(op, raw->attrs[i].name, &raw->attrs[i]);
    const int32_t *values = outputs.items;
    for (size_t i = 0; i < outputs.count; i++)
        rmt_onnx_give(op, i, values[i]);
    rmt_list_clear(&outputs);
    rmt_buffer_clear(&name);
}

void rmt_onnx_add_operator(rmt_onnx_op *op)
{
    op->rule = is_standard(op) ? rmt_onnx_rule_find(op->node.type) : NULL;
    if (op->rule != NULL && op->variant == NULL)
        op->variant = unknown_attr(op);
    if (op->rule != NULL && op->variant == NULL)
        add_by_rule(op);
    if (op->status == RAMET_STATUS_OK && (op->rule == NULL || op->variant != NULL))
        rmt_onnx_add_unknown(op);
}

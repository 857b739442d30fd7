/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One operator of a PIR program -> a node of the graph, as its line in pir_rules_*.c says.
 *
 * An operator, or a use of one, that the table does not cover is kept under a name that no canonical operator has:
 * "pd_op.nms", "concat(axis)", "cast(complex64)". Loading the graph into an engine then names all of them at once.
 */
#include "formats/pir.h"

#include <string.h>

#include "formats/channels_last.h"
#include "formats/limits.h"
#include "formats/pir_table.h"
#include "formats/raw_attr.h"

/* One operator on its way into the graph. */
typedef struct op_maker {
    rmt_pir_reader *reader;
    const rmt_pir_rule *rule;
    rmt_graph *raw;
    rmt_span variant; /* what the table does not cover about this use of the operator; empty if nothing */
} op_maker;

/* ---- what the table does not cover --------------------------------------------------------------------------- */

static bool is_layout(const rmt_attr *attr)
{
    return attr->type == RMT_ATTR_STRING &&
           (strcmp(attr->name, "data_format") == 0 || strcmp(attr->name, "data_layout") == 0);
}

/* Dimensions of a layout with channels last, 0 when they are not. */
static int32_t find_channels_last(const op_maker *maker)
{
    const rmt_node *raw = &maker->raw->nodes[0];
    int32_t rank = 0;
    for (int32_t i = 0; i < raw->attr_count && rank == 0; i++)
        rank = is_layout(&raw->attrs[i]) ? rmt_channels_last_rank(raw->attrs[i].as.strings[0]) : 0;
    return rank;
}

/* A layout that is strange, an element type that ramet does not have, a form of the operator that is rare. */
static bool changes_meaning(const rmt_attr *attr)
{
    if (is_layout(attr))
        return !rmt_text_starts(attr->as.strings[0], "NC") && strcmp(attr->as.strings[0], "AnyLayout") != 0 &&
               rmt_channels_last_rank(attr->as.strings[0]) == 0;
    if (strcmp(attr->name, "decimals") == 0)
        return attr->type != RMT_ATTR_INT || attr->as.ints[0] != 0;
    if (strcmp(attr->name, "include_self") == 0)
        return attr->type != RMT_ATTR_INT || attr->as.ints[0] != 1;
    return strcmp(attr->name, "dtype") == 0 &&
           (attr->type != RMT_ATTR_INT || attr->as.ints[0] < 0 || attr->as.ints[0] > RAMET_DTYPE_BOOL);
}

static bool is_filled(const rmt_pir_reader *reader, uint32_t entry)
{
    int64_t id = 0;
    return rmt_json_int(&reader->json, rmt_json_get(&reader->json, entry, "%"), &id) && id != 0;
}

static rmt_span find_variant(const op_maker *maker)
{
    const rmt_node *raw = &maker->raw->nodes[0];
    size_t operands = rmt_pir_operand_count(maker->reader);
    for (size_t i = 0; i < operands; i++)
        if (!rmt_pir_words_take(maker->rule->inputs, i) &&
            is_filled(maker->reader, rmt_pir_operand_at(maker->reader, i)))
            return rmt_span_of("a further operand");
    for (int32_t i = 0; i < raw->attr_count; i++) {
        const rmt_attr *attr = &raw->attrs[i];
        if (changes_meaning(attr))
            return rmt_span_of(attr->type == RMT_ATTR_STRING ? attr->as.strings[0] : attr->name);
    }
    if (find_channels_last(maker) > 0 && strcmp(rmt_node_string(raw, "mode", ""), "element") == 0)
        return rmt_span_of("element, channels last"); /* a slope for each element lies as the image does */
    return maker->variant;
}

static const rmt_attr *find_raw(const op_maker *maker, rmt_span name)
{
    const rmt_node *raw = &maker->raw->nodes[0];
    for (int32_t i = 0; i < raw->attr_count; i++)
        if (rmt_span_is(name, raw->attrs[i].name))
            return &raw->attrs[i];
    return NULL;
}

/* ---- inputs --------------------------------------------------------------------------------------------------- */

static ramet_status push_input(const op_maker *maker, int32_t value)
{
    return rmt_pir_push(maker->reader, &maker->reader->inputs, value);
}

/* The tensors of a list as the entries of one tensor of integers. */
static ramet_status push_stacked(const op_maker *maker, rmt_pir_binding list, size_t position)
{
    rmt_pir_reader *reader = maker->reader;
    char ending[] = {'i', 'n', (char)('0' + position % 10), '\0'};
    const int32_t *values = reader->lists.items;
    const char *name = rmt_pir_value_name(reader, rmt_pir_first_id(reader), ending);
    int32_t stacked = name == NULL ? RMT_NO_VALUE
                                   : rmt_build_stack(reader->graph, name, list.count > 0 ? values + list.value : NULL,
                                                     (size_t)list.count);
    return stacked >= 0 ? push_input(maker, stacked) : rmt_pir_no_memory(reader);
}

/* The tensor in the element type of the first result. */
static ramet_status push_cast(const op_maker *maker, int32_t value)
{
    rmt_pir_reader *reader = maker->reader;
    rmt_graph *graph = reader->graph;
    rmt_pir_type type;
    uint32_t result = rmt_json_get(&reader->json, rmt_pir_result_at(reader, 0), "TT");
    ramet_status status = rmt_pir_read_type(reader, result, &type);
    if (status != RAMET_STATUS_OK || !type.has_dtype || type.dtype == graph->values[value].dtype)
        return status == RAMET_STATUS_OK ? push_input(maker, value) : status;
    const char *name = rmt_pir_value_name(reader, rmt_pir_first_id(reader), "cast");
    rmt_shape shape = graph->values[value].shape;
    int32_t made = name != NULL ? rmt_graph_add_value(graph, name, type.dtype, &shape) : RMT_NO_VALUE;
    int32_t node = made >= 0 ? rmt_graph_add_node(graph, "cast", name, &value, 1, &made, 1) : -1;
    if (node < 0 || !rmt_node_set_int(graph, node, "dtype", (int64_t)type.dtype))
        return rmt_pir_no_memory(reader);
    return push_input(maker, made);
}

/* A number that the file says becomes an attribute. */
static ramet_status take_number(op_maker *maker, const rmt_pir_word *word, rmt_pir_binding operand)
{
    bool done = false;
    ramet_status status = RAMET_STATUS_OK;
    if (operand.kind == RMT_PIR_TENSOR)
        status = rmt_pir_read_constant(maker->reader, maker->raw, word->name, operand.value, word->is_list, &done);
    if (status != RAMET_STATUS_OK)
        return status;
    if (!word->or_input) {
        maker->variant = done ? maker->variant : word->name;
        return RAMET_STATUS_OK;
    }
    if (done)
        return push_input(maker, RMT_NO_VALUE);
    return operand.kind == RMT_PIR_LIST ? push_stacked(maker, operand, word->position)
                                        : push_input(maker, operand.value);
}

static ramet_status take_operand(op_maker *maker, const rmt_pir_word *word, rmt_pir_binding operand)
{
    if (word->is_number)
        return take_number(maker, word, operand);
    if (word->is_stacked && operand.kind == RMT_PIR_LIST)
        return push_stacked(maker, operand, word->position);
    if (word->is_list != (operand.kind == RMT_PIR_LIST) && !word->is_stacked) {
        return rmt_pir_refuse(maker->reader, RAMET_STATUS_BAD_FORMAT, maker->reader->op,
                              word->is_list ? "has a tensor where a list must be"
                                            : "has a list where a tensor must be");
    }
    return word->is_cast ? push_cast(maker, operand.value)
                         : rmt_pir_push_all(maker->reader, &maker->reader->inputs, operand);
}

/* *taken: the operand is there. */
static ramet_status take_choice(op_maker *maker, const rmt_pir_word *word, bool *taken)
{
    rmt_pir_reader *reader = maker->reader;
    rmt_pir_binding operand = {0};
    uint32_t entry = rmt_pir_operand_at(reader, word->position);
    *taken = word->is_skipped;
    if (word->is_skipped || !is_filled(reader, entry))
        return RAMET_STATUS_OK;
    *taken = true;
    ramet_status status = rmt_pir_read_operand(reader, entry, &operand);
    return status == RAMET_STATUS_OK ? take_operand(maker, word, operand) : status;
}

/* One word: the first of its alternatives that is there. */
static ramet_status take_word(op_maker *maker, rmt_span text, size_t *position)
{
    rmt_pir_word word = {0};
    bool taken = false;
    while (rmt_pir_next_choice(&text, position, &word)) {
        if (word.is_gap || taken)
            continue;
        ramet_status status = take_choice(maker, &word, &taken);
        if (status != RAMET_STATUS_OK)
            return status;
    }
    bool is_attribute = word.is_number && !word.or_input;
    if (taken || (is_attribute && (word.is_optional || find_raw(maker, word.name) != NULL)))
        return RAMET_STATUS_OK;
    if (word.is_gap || word.is_optional || word.or_input)
        return word.is_list && !word.is_number ? RAMET_STATUS_OK : push_input(maker, RMT_NO_VALUE);
    return rmt_pir_refuse(maker->reader, RAMET_STATUS_BAD_FORMAT, maker->reader->op, "lacks an operand");
}

static ramet_status take_inputs(op_maker *maker)
{
    rmt_list *inputs = &maker->reader->inputs;
    rmt_span rest = rmt_span_of(maker->rule->inputs);
    rmt_span word;
    size_t position = 0;
    ramet_status status = RAMET_STATUS_OK;
    inputs->count = 0;
    while (status == RAMET_STATUS_OK && rmt_pir_next_word(&rest, &word))
        status = take_word(maker, word, &position);
    const int32_t *values = inputs->items;
    while (inputs->count > 0 && values[inputs->count - 1] == RMT_NO_VALUE)
        inputs->count--;
    return status;
}

/* ---- results -------------------------------------------------------------------------------------------------- */

static ramet_status make_output(rmt_pir_reader *reader, size_t position)
{
    rmt_pir_binding made = {0};
    uint32_t entry = rmt_pir_result_at(reader, position);
    ramet_status status = entry != 0 ? rmt_pir_make_result(reader, entry, NULL, &made) : RAMET_STATUS_OK;
    if (status != RAMET_STATUS_OK)
        return status;
    return made.kind == RMT_PIR_NONE ? rmt_pir_push(reader, &reader->outputs, RMT_NO_VALUE)
                                     : rmt_pir_push_all(reader, &reader->outputs, made);
}

/* Results that no word takes get a meaning, too: that there is no such value. */
static ramet_status bind_others(rmt_pir_reader *reader, const char *words)
{
    size_t count = rmt_pir_result_count(reader);
    ramet_status status = RAMET_STATUS_OK;
    for (size_t i = 0; i < count && status == RAMET_STATUS_OK; i++) {
        uint32_t entry = rmt_pir_result_at(reader, i);
        if (!rmt_pir_words_take(words, i) && is_filled(reader, entry))
            status = rmt_pir_bind(reader, entry, (rmt_pir_binding){.kind = RMT_PIR_UNMADE});
    }
    return status;
}

static ramet_status make_outputs(rmt_pir_reader *reader, const char *words)
{
    rmt_span rest = rmt_span_of(words);
    rmt_span text;
    rmt_pir_word word;
    size_t position = 0;
    ramet_status status = RAMET_STATUS_OK;
    reader->outputs.count = 0;
    while (status == RAMET_STATUS_OK && rmt_pir_next_word(&rest, &text)) {
        (void)rmt_pir_next_choice(&text, &position, &word);
        status = make_output(reader, word.position);
    }
    return status == RAMET_STATUS_OK ? bind_others(reader, words) : status;
}

bool rmt_pir_writes(const rmt_pir_reader *reader, size_t position)
{
    bool in_place = reader->name.bytes > 0 && reader->name.data[reader->name.bytes - 1] == '_';
    if (reader->dialect != RMT_PIR_PD || !in_place)
        return false;
    if (rmt_span_is(reader->name, "assign_value_") || rmt_span_is(reader->name, "full_"))
        return position == 0;
    const rmt_pir_rule *rule = rmt_pir_rule_find(reader->name);
    rmt_span rest = rmt_span_of(rule != NULL ? rule->inputs : "");
    rmt_span text;
    rmt_pir_word word;
    size_t next = 0;
    while (rmt_pir_next_word(&rest, &text))
        if (rmt_pir_next_choice(&text, &next, &word) && word.is_written && word.position == position)
            return true;
    return false;
}

/* What the operator writes in place means the result from now on. */
static ramet_status rebind_written(rmt_pir_reader *reader)
{
    size_t operands = rmt_pir_operand_count(reader);
    ramet_status status = RAMET_STATUS_OK;
    for (size_t i = 0; i < operands && status == RAMET_STATUS_OK; i++)
        if (rmt_pir_writes(reader, i))
            status = rmt_pir_write_operand(reader, rmt_pir_operand_at(reader, i));
    return status;
}

/* ---- nodes ---------------------------------------------------------------------------------------------------- */

static ramet_status add_node(rmt_pir_reader *reader, rmt_span op, rmt_span variant, int32_t *node)
{
    rmt_buffer text;
    rmt_buffer_init(&text, 0);
    *node = -1;
    bool fits = rmt_buffer_append(&text, op.data, op.bytes);
    if (variant.bytes > 0)
        fits = fits && rmt_buffer_append(&text, "(", 1) && rmt_buffer_append(&text, variant.data, variant.bytes) &&
               rmt_buffer_append(&text, ")", 1);
    const char *name = fits ? rmt_pir_node_name(reader) : NULL;
    if (name != NULL)
        *node = rmt_graph_add_node(reader->graph, (const char *)text.data, name, reader->inputs.items,
                                   reader->inputs.count, reader->outputs.items, reader->outputs.count);
    rmt_buffer_clear(&text);
    return *node >= 0 ? RAMET_STATUS_OK : rmt_pir_no_memory(reader);
}

static ramet_status keep_attrs(const op_maker *maker, int32_t node)
{
    rmt_pir_reader *reader = maker->reader;
    rmt_span rest = rmt_span_of(maker->rule->attrs);
    rmt_span from;
    while (rmt_span_cut(&rest, ' ', &from)) {
        rmt_span to;
        (void)rmt_span_cut(&from, '=', &to);
        const rmt_attr *attr = find_raw(maker, from.bytes > 0 ? from : to);
        reader->text.bytes = 0;
        if (attr == NULL)
            continue;
        if (!rmt_buffer_append(&reader->text, to.data, to.bytes) ||
            !rmt_raw_attr_copy(reader->graph, node, (const char *)reader->text.data, attr))
            return rmt_pir_no_memory(reader);
    }
    return RAMET_STATUS_OK;
}

/* The node, between transpositions where the file has channels last. */
static ramet_status add_image_node(const op_maker *maker, int32_t *node)
{
    rmt_pir_reader *reader = maker->reader;
    int32_t *x = reader->inputs.items;
    int32_t rank = reader->inputs.count > 0 && x[0] != RMT_NO_VALUE ? find_channels_last(maker) : 0;
    if (rank > 0 && !rmt_channels_first_input(reader->graph, x, &rank))
        return rmt_pir_no_memory(reader);
    ramet_status status = add_node(reader, rmt_span_of(maker->rule->to), (rmt_span){0}, node);
    if (status == RAMET_STATUS_OK && rank > 0 && !rmt_channels_first_outputs(reader->graph, *node, rank))
        status = rmt_pir_no_memory(reader);
    return status;
}

static ramet_status add_canonical(const op_maker *maker)
{
    rmt_pir_reader *reader = maker->reader;
    int32_t node = -1;
    ramet_status status = make_outputs(reader, maker->rule->outputs);
    if (status == RAMET_STATUS_OK)
        status = add_image_node(maker, &node);
    if (status == RAMET_STATUS_OK)
        status = keep_attrs(maker, node);
    if (status == RAMET_STATUS_OK && maker->rule->adapt != NULL &&
        !maker->rule->adapt(&maker->raw->nodes[0], reader->graph, node))
        status = rmt_pir_no_memory(reader);
    return status == RAMET_STATUS_OK ? rebind_written(reader) : status;
}

/* ---- what is kept as it is ------------------------------------------------------------------------------------ */

static ramet_status take_all(rmt_pir_reader *reader)
{
    ramet_status status = RAMET_STATUS_OK;
    reader->inputs.count = reader->outputs.count = 0;
    size_t operands = rmt_pir_operand_count(reader);
    for (size_t i = 0; i < operands && status == RAMET_STATUS_OK; i++) {
        rmt_pir_binding operand = {0};
        status = rmt_pir_read_operand(reader, rmt_pir_operand_at(reader, i), &operand);
        if (status == RAMET_STATUS_OK)
            status = operand.kind == RMT_PIR_NONE ? rmt_pir_push(reader, &reader->inputs, RMT_NO_VALUE)
                                                  : rmt_pir_push_all(reader, &reader->inputs, operand);
    }
    size_t results = rmt_pir_result_count(reader);
    for (size_t i = 0; i < results && status == RAMET_STATUS_OK; i++)
        status = make_output(reader, i);
    return status;
}

static ramet_status add_unknown(const op_maker *maker)
{
    rmt_pir_reader *reader = maker->reader;
    const rmt_node *raw = &maker->raw->nodes[0];
    int32_t node = -1;
    rmt_span name = reader->name;
    rmt_buffer full;
    rmt_buffer_init(&full, 0);
    ramet_status status = take_all(reader);
    if (maker->rule == NULL && status == RAMET_STATUS_OK) {
        bool fits = rmt_pir_full_name(reader, &full);
        name = (rmt_span){full.data, full.bytes};
        status = fits ? RAMET_STATUS_OK : rmt_pir_no_memory(reader);
    }
    if (status == RAMET_STATUS_OK)
        status = add_node(reader, name, maker->variant, &node);
    rmt_buffer_clear(&full);
    for (int32_t i = 0; i < raw->attr_count && status == RAMET_STATUS_OK; i++)
        if (!rmt_raw_attr_copy(reader->graph, node, raw->attrs[i].name, &raw->attrs[i]))
            status = rmt_pir_no_memory(reader);
    return status;
}

ramet_status rmt_pir_add_operator(rmt_pir_reader *reader, rmt_graph *raw)
{
    op_maker maker = {.reader = reader, .raw = raw};
    if (rmt_pir_operand_count(reader) > RMT_LIMIT_SLOTS || rmt_pir_result_count(reader) > RMT_LIMIT_SLOTS)
        return rmt_pir_refuse(reader, RAMET_STATUS_BAD_FORMAT, reader->op, "has too many operands or results");
    maker.rule = reader->dialect == RMT_PIR_PD ? rmt_pir_rule_find(reader->name) : NULL;
    ramet_status status = RAMET_STATUS_OK;
    if (maker.rule != NULL) {
        status = take_inputs(&maker);
        maker.variant = find_variant(&maker);
    }
    if (status != RAMET_STATUS_OK)
        return status;
    return maker.rule != NULL && maker.variant.bytes == 0 ? add_canonical(&maker) : add_unknown(&maker);
}

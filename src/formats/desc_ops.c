/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One operator of a program -> a node of the graph, as its line in desc_rules_*.c says.
 *
 * An operator, or a use of one, that the table does not cover is kept under a name that no canonical operator has:
 * "grid_sampler", "concat(AxisTensor)", "conv2d(NHWC)". Loading the graph into an engine then names all of them at once.
 */
#include "formats/desc.h"

#include <string.h>

#include "formats/build.h"
#include "formats/channels_last.h"
#include "formats/desc_table.h"
#include "formats/limits.h"
#include "formats/raw_attr.h"

/* ---- raw attributes ------------------------------------------------------------------------------------------ */

/* One operator on its way into the graph. */
typedef struct op_reader {
    rmt_desc_program *program;
    rmt_graph raw;    /* one node that holds the attributes as they are in the file */
    rmt_span variant; /* what the table does not cover about this use of the operator; empty if nothing */
} op_reader;

static ramet_status no_memory(const op_reader *reader)
{
    return rmt_fail_memory(reader->program->error, sizeof(rmt_node));
}

static ramet_status refuse(const op_reader *reader, ramet_status status, const char *why, rmt_span what)
{
    const rmt_desc_program *program = reader->program;
    return rmt_desc_place(program, rmt_fail(program->error, status, "operator %.*s_%zu %s %.*s",
                                            rmt_span_shown(program->op.type), (const char *)program->op.type.data,
                                            program->op_index, why, rmt_span_shown(what), (const char *)what.data));
}

/* The span as NUL-terminated text, until the next call; NULL when memory is exhausted. */
static const char *text_of(const op_reader *reader, rmt_span span)
{
    rmt_buffer *text = &reader->program->text;
    text->bytes = 0;
    return rmt_buffer_append(text, span.data, span.bytes) ? (const char *)text->data : NULL;
}

/* Book-keeping of the writer and hints for other back ends: no part of what the operator computes. */
static bool is_noise(rmt_span name)
{
    static const char *const noise[] = {
        "op_role",    "op_role_var", "op_namescope", "op_callstack",     "op_device",     "with_quant_attr",
        "use_mkldnn", "use_cudnn",   "is_test",      "mkldnn_data_type", "use_quantizer", "name",
    };
    for (size_t i = 0; i < sizeof(noise) / sizeof(noise[0]); i++)
        if (rmt_span_is(name, noise[i]))
            return true;
    return false;
}

static ramet_status read_raw_attr(op_reader *reader, rmt_span message)
{
    rmt_desc_program *program = reader->program;
    rmt_wire_attr *attr = &program->attr;
    ramet_status status = rmt_wire_read_attr(program->source, message, attr, program->error);
    if (status != RAMET_STATUS_OK || is_noise(attr->name))
        return status;
    if (attr->kind == RMT_WIRE_ATTR_TENSOR)
        return rmt_wire_add_slot(&program->op, attr, program->error);
    if (attr->kind == RMT_WIRE_ATTR_BLOCK)
        reader->variant = attr->name;
    const char *name = text_of(reader, attr->name);
    return name != NULL && rmt_raw_attr_set(&reader->raw, name, attr) ? RAMET_STATUS_OK : no_memory(reader);
}

static ramet_status read_raw_attrs(op_reader *reader)
{
    const rmt_span *messages = reader->program->op.attrs.items;
    if (rmt_graph_add_node(&reader->raw, "raw", "raw", NULL, 0, NULL, 0) < 0)
        return no_memory(reader);
    ramet_status status = RAMET_STATUS_OK;
    for (size_t i = 0; i < reader->program->op.attrs.count && status == RAMET_STATUS_OK; i++)
        status = read_raw_attr(reader, messages[i]);
    return status;
}

/* ---- what the table does not cover --------------------------------------------------------------------------- */

static bool is_filled(const rmt_desc_program *program, const rmt_wire_slot *slot)
{
    const rmt_span *arguments = program->op.arguments.items;
    return slot->count > 1 || (slot->count == 1 && !rmt_span_is(arguments[slot->first], "@EMPTY@"));
}

static bool is_set(const rmt_attr *attr)
{
    switch (attr->type) {
    case RMT_ATTR_INT: return attr->as.ints[0] != 0;
    case RMT_ATTR_STRING: return attr->as.strings[0][0] != '\0';
    case RMT_ATTR_INTS:
    case RMT_ATTR_STRINGS: return attr->count > 0;
    case RMT_ATTR_FLOAT:
    case RMT_ATTR_FLOATS: break; /* parameters of a fusion, not the fusion */
    }
    return false;
}

/* A layout other than NCHW that is not looked at, something fused into the operator, a result of another type. */
static bool changes_meaning(const rmt_op_rule *rule, const rmt_attr *attr)
{
    if (strcmp(attr->name, "data_format") == 0 || strcmp(attr->name, "data_layout") == 0) {
        return attr->type == RMT_ATTR_STRING && !rmt_op_rule_lists_attr(rule, attr->name) &&
               strcmp(attr->as.strings[0], "NCHW") != 0 && strcmp(attr->as.strings[0], "AnyLayout") != 0;
    }
    if (rmt_text_starts(attr->name, "fuse"))
        return is_set(attr);
    return strcmp(attr->name, "out_dtype") == 0 && !rmt_op_rule_lists_attr(rule, attr->name) &&
           attr->type == RMT_ATTR_INT && attr->as.ints[0] >= 0;
}

static rmt_span find_variant(const op_reader *reader, const rmt_op_rule *rule)
{
    const rmt_wire_op *op = &reader->program->op;
    const rmt_wire_slot *slots = op->slots.items;
    for (size_t i = 0; i < op->input_count; i++)
        if (is_filled(reader->program, &slots[i]) && !rmt_op_rule_lists_slot(rule, slots[i].name))
            return slots[i].name;
    const rmt_node *raw = &reader->raw.nodes[0];
    for (int32_t i = 0; i < raw->attr_count; i++) {
        if (changes_meaning(rule, &raw->attrs[i])) {
            const rmt_attr *attr = &raw->attrs[i];
            return rmt_span_of(attr->type == RMT_ATTR_STRING ? attr->as.strings[0] : attr->name);
        }
    }
    return reader->variant;
}

/* ---- inputs and outputs -------------------------------------------------------------------------------------- */

static ramet_status push(const op_reader *reader, rmt_list *list, int32_t value)
{
    return rmt_list_push(list, &value, sizeof(value), RMT_LIMIT_ARGUMENTS + RMT_LIMIT_SLOTS) ? RAMET_STATUS_OK
                                                                                             : no_memory(reader);
}

/* Reads all arguments of a slot onto a list. */
static ramet_status read_slot(const op_reader *reader, const rmt_wire_slot *slot, rmt_list *list)
{
    const rmt_span *arguments = reader->program->op.arguments.items;
    ramet_status status = RAMET_STATUS_OK;
    for (size_t i = slot->first; i < slot->first + slot->count && status == RAMET_STATUS_OK; i++) {
        int32_t value = RMT_NO_VALUE;
        status = rmt_desc_read_variable(reader->program, arguments[i], &value);
        if (status == RAMET_STATUS_OK)
            status = push(reader, list, value);
    }
    return status;
}

/* "conv2d_12", with ".SLOT" behind it for a node that stands for that slot. */
static const char *node_name(const op_reader *reader, const rmt_wire_slot *slot)
{
    const rmt_desc_program *program = reader->program;
    rmt_buffer *text = &reader->program->text;
    text->bytes = 0;
    bool fits = rmt_buffer_append(text, program->op.type.data, program->op.type.bytes) &&
                rmt_buffer_printf(text, "_%zu", program->op_index);
    if (slot != NULL)
        fits = fits && rmt_buffer_append(text, ".", 1) && rmt_buffer_append(text, slot->name.data, slot->name.bytes);
    return fits ? (const char *)text->data : NULL;
}

/* One integer tensor whose entries are the tensors of a slot. */
static ramet_status stack_slot(const op_reader *reader, const rmt_wire_slot *slot)
{
    rmt_list scalars = {0};
    ramet_status status = read_slot(reader, slot, &scalars);
    const char *name = status == RAMET_STATUS_OK ? node_name(reader, slot) : NULL;
    if (name != NULL) {
        int32_t stacked = rmt_build_stack(reader->program->graph, name, scalars.items, scalars.count);
        status = stacked >= 0 ? push(reader, &reader->program->inputs, stacked) : no_memory(reader);
    } else if (status == RAMET_STATUS_OK) {
        status = no_memory(reader);
    }
    rmt_list_clear(&scalars);
    return status;
}

static const rmt_wire_slot *find_slot(const op_reader *reader, rmt_span name, size_t first, size_t end)
{
    const rmt_wire_slot *slots = reader->program->op.slots.items;
    for (size_t i = first; i < end; i++)
        if (rmt_span_compare(slots[i].name, name) == 0 && is_filled(reader->program, &slots[i]))
            return &slots[i];
    return NULL;
}

static ramet_status add_position(const op_reader *reader, rmt_span word)
{
    rmt_desc_program *program = reader->program;
    bool optional = rmt_span_drop_last(&word, '?');
    rmt_span name = {0};
    while (rmt_span_cut(&word, '|', &name)) {
        bool stacked = rmt_span_drop_last(&name, '+');
        bool all = rmt_span_drop_last(&name, '*');
        size_t inputs = program->op.input_count;
        bool before = rmt_span_drop_last(&name, '=');
        const rmt_wire_slot *slot =
            before ? find_slot(reader, name, inputs, program->op.slots.count) : find_slot(reader, name, 0, inputs);
        if (slot == NULL)
            continue;
        if (!stacked && !all && slot->count != 1)
            return refuse(reader, RAMET_STATUS_BAD_FORMAT, "has more than one tensor in slot", name);
        return stacked && !slot->is_whole ? stack_slot(reader, slot) : read_slot(reader, slot, &program->inputs);
    }
    return optional ? push(reader, &program->inputs, RMT_NO_VALUE)
                    : refuse(reader, RAMET_STATUS_BAD_FORMAT, "lacks the input", name);
}

static ramet_status add_inputs(const op_reader *reader, const rmt_op_rule *rule)
{
    rmt_list *inputs = &reader->program->inputs;
    rmt_span rest = rmt_span_of(rule->inputs);
    rmt_span word;
    ramet_status status = RAMET_STATUS_OK;
    inputs->count = 0;
    while (status == RAMET_STATUS_OK && rmt_span_cut(&rest, ' ', &word))
        status = add_position(reader, word);
    const int32_t *values = inputs->items;
    while (inputs->count > 0 && values[inputs->count - 1] == RMT_NO_VALUE)
        inputs->count--;
    return status;
}

/* New values for all arguments of a slot. */
static ramet_status write_slot(const op_reader *reader, const rmt_wire_slot *slot)
{
    const rmt_span *arguments = reader->program->op.arguments.items;
    ramet_status status = RAMET_STATUS_OK;
    for (size_t i = slot->first; i < slot->first + slot->count && status == RAMET_STATUS_OK; i++) {
        int32_t value = RMT_NO_VALUE;
        status = rmt_desc_write_variable(reader->program, arguments[i], &value);
        if (status == RAMET_STATUS_OK)
            status = push(reader, &reader->program->outputs, value);
    }
    return status;
}

static ramet_status add_outputs(const op_reader *reader, const rmt_op_rule *rule)
{
    const rmt_wire_op *op = &reader->program->op;
    rmt_span rest = rmt_span_of(rule->outputs);
    rmt_span word;
    ramet_status status = RAMET_STATUS_OK;
    reader->program->outputs.count = 0;
    while (status == RAMET_STATUS_OK && rmt_span_cut(&rest, ' ', &word)) {
        bool all = rmt_span_drop_last(&word, '*');
        const rmt_wire_slot *slot = find_slot(reader, word, op->input_count, op->slots.count);
        if (slot != NULL && !all && slot->count != 1)
            status = refuse(reader, RAMET_STATUS_BAD_FORMAT, "has more than one tensor in slot", word);
        else if (slot != NULL)
            status = write_slot(reader, slot);
        else
            status = push(reader, &reader->program->outputs, RMT_NO_VALUE);
    }
    return status;
}

static ramet_status add_node(const op_reader *reader, const char *op, int32_t *node)
{
    rmt_desc_program *program = reader->program;
    const char *name = node_name(reader, NULL);
    *node = name == NULL ? -1
                         : rmt_graph_add_node(program->graph, op, name, program->inputs.items, program->inputs.count,
                                              program->outputs.items, program->outputs.count);
    return *node >= 0 ? RAMET_STATUS_OK : no_memory(reader);
}

/* ---- attributes ------------------------------------------------------------------------------------------------ */

static const rmt_attr *find_raw(const op_reader *reader, rmt_span name)
{
    const rmt_node *raw = &reader->raw.nodes[0];
    for (int32_t i = 0; i < raw->attr_count; i++)
        if (rmt_span_is(name, raw->attrs[i].name))
            return &raw->attrs[i];
    return NULL;
}

static ramet_status keep_type(const op_reader *reader, int32_t node, const char *name, const rmt_attr *attr)
{
    ramet_dtype dtype = RAMET_DTYPE_FLOAT32;
    if (attr->type == RMT_ATTR_INT && attr->as.ints[0] < 0) /* that of the input */
        return RAMET_STATUS_OK;
    if (attr->type != RMT_ATTR_INT || !rmt_wire_dtype(attr->as.ints[0], &dtype)) {
        return refuse(reader, RAMET_STATUS_UNSUPPORTED, "makes an element type that ramet does not have: attribute",
                      rmt_span_of(attr->name));
    }
    return rmt_node_set_int(reader->program->graph, node, name, (int64_t)dtype) ? RAMET_STATUS_OK : no_memory(reader);
}

static ramet_status keep_attrs(const op_reader *reader, const rmt_op_rule *rule, int32_t node)
{
    rmt_span rest = rmt_span_of(rule->attrs);
    rmt_op_attr word;
    ramet_status status = RAMET_STATUS_OK;
    while (status == RAMET_STATUS_OK && rmt_op_rule_next_attr(&rest, &word)) {
        const rmt_attr *attr = find_raw(reader, word.from);
        if (attr == NULL || word.is_layout)
            continue;
        const char *name = text_of(reader, word.to);
        if (name == NULL)
            status = no_memory(reader);
        else if (word.is_type)
            status = keep_type(reader, node, name, attr);
        else
            status = rmt_raw_attr_copy(reader->program->graph, node, name, attr) ? RAMET_STATUS_OK : no_memory(reader);
    }
    return status;
}

/* ---- channels last ------------------------------------------------------------------------------------------------ */

/* The rank of the layout where the rule looks at one and it has channels last, else 0. */
static int32_t find_channels_last(const op_reader *reader, const rmt_op_rule *rule)
{
    rmt_span rest = rmt_span_of(rule->attrs);
    rmt_op_attr word;
    while (rmt_op_rule_next_attr(&rest, &word)) {
        const rmt_attr *attr = word.is_layout ? find_raw(reader, word.from) : NULL;
        if (attr != NULL && attr->type == RMT_ATTR_STRING)
            return rmt_channels_last_rank(attr->as.strings[0]);
    }
    return 0;
}

/* ---- operators -------------------------------------------------------------------------------------------------- */

static ramet_status add_canonical(const op_reader *reader, const rmt_op_rule *rule)
{
    rmt_graph *graph = reader->program->graph;
    int32_t node = -1, channels_last = find_channels_last(reader, rule);
    ramet_status status = add_inputs(reader, rule);
    int32_t *x = reader->program->inputs.items;
    if (reader->program->inputs.count == 0 || *x == RMT_NO_VALUE)
        channels_last = 0; /* the operator will refuse */
    if (status == RAMET_STATUS_OK && channels_last > 0 && !rmt_channels_first_input(graph, x, &channels_last))
        status = no_memory(reader);
    if (status == RAMET_STATUS_OK)
        status = add_outputs(reader, rule);
    if (status == RAMET_STATUS_OK)
        status = add_node(reader, rule->to, &node);
    if (status == RAMET_STATUS_OK && channels_last > 0 && !rmt_channels_first_outputs(graph, node, channels_last))
        status = no_memory(reader);
    if (status == RAMET_STATUS_OK)
        status = keep_attrs(reader, rule, node);
    if (status == RAMET_STATUS_OK && rule->adapt != NULL &&
        !rule->adapt(&reader->raw.nodes[0], reader->program->graph, node))
        status = no_memory(reader);
    return status;
}

static ramet_status copy_raw_attrs(const op_reader *reader, int32_t node)
{
    const rmt_node *raw = &reader->raw.nodes[0];
    for (int32_t i = 0; i < raw->attr_count; i++)
        if (!rmt_raw_attr_copy(reader->program->graph, node, raw->attrs[i].name, &raw->attrs[i]))
            return no_memory(reader);
    return RAMET_STATUS_OK;
}

/* All inputs and all outputs in file order. */
static ramet_status add_all_slots(const op_reader *reader)
{
    rmt_desc_program *program = reader->program;
    const rmt_wire_slot *slots = program->op.slots.items;
    ramet_status status = RAMET_STATUS_OK;
    program->inputs.count = program->outputs.count = 0;
    for (size_t i = 0; i < program->op.slots.count && status == RAMET_STATUS_OK; i++) {
        if (is_filled(program, &slots[i])) {
            status = i < program->op.input_count ? read_slot(reader, &slots[i], &program->inputs)
                                                 : write_slot(reader, &slots[i]);
        }
    }
    return status;
}

static ramet_status add_unknown(const op_reader *reader, rmt_span variant)
{
    rmt_desc_program *program = reader->program;
    int32_t node = -1;
    ramet_status status = add_all_slots(reader);
    rmt_buffer op;
    rmt_buffer_init(&op, 4 * RMT_LIMIT_TEXT_BYTES);
    bool fits = rmt_buffer_append(&op, program->op.type.data, program->op.type.bytes);
    if (variant.bytes > 0) {
        fits = fits && rmt_buffer_append(&op, "(", 1) && rmt_buffer_append(&op, variant.data, variant.bytes) &&
               rmt_buffer_append(&op, ")", 1);
    }
    if (status == RAMET_STATUS_OK)
        status = fits ? add_node(reader, (const char *)op.data, &node) : no_memory(reader);
    rmt_buffer_clear(&op);
    return status == RAMET_STATUS_OK ? copy_raw_attrs(reader, node) : status;
}

/* A slice of a list of tensors is one of its entries: a line of its own in the table. */
static bool slices_array(const op_reader *reader)
{
    const rmt_desc_program *program = reader->program;
    const rmt_span *arguments = program->op.arguments.items;
    const rmt_wire_slot *input = find_slot(reader, rmt_span_of("Input"), 0, program->op.input_count);
    if (!rmt_span_is(program->op.type, "slice") || input == NULL)
        return false;
    const rmt_desc_variable *variable = rmt_desc_find_variable(reader->program, arguments[input->first]);
    return variable != NULL && variable->is_array;
}

ramet_status rmt_desc_add_operator(rmt_desc_program *program)
{
    op_reader reader = {.program = program};
    const rmt_op_rule *rule = rmt_op_rule_find(slices_array(&reader) ? rmt_span_of("slice(array)") : program->op.type);
    rmt_graph_init(&reader.raw);
    ramet_status status = read_raw_attrs(&reader);
    if (status == RAMET_STATUS_OK) {
        rmt_span variant = {0};
        if (rule != NULL)
            variant = find_variant(&reader, rule);
        else if (rmt_op_name_is_canonical(program->op.type))
            variant = rmt_span_of("ProgramDesc");
        bool covered = rule != NULL && variant.bytes == 0;
        status = covered ? add_canonical(&reader, rule) : add_unknown(&reader, variant);
    }
    rmt_graph_clear(&reader.raw);
    return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The protocol buffer side of ProgramDesc. Every string, sub-message and list goes through a callback that notes where
 * it is; nanopb itself decodes the plain fields.
 */
#include "formats/wire.h"

#include <string.h>

#include "formats/limits.h"
#include "formats/wire_capture.h"
#include "program.pb.h"

/* ---- messages ------------------------------------------------------------------------------------------- */

ramet_status rmt_wire_read_program(const rmt_source *source, rmt_list *blocks, ramet_error *error)
{
    rmt_decoding decoder = {.source = source};
    rmt_capture to = {.decoder = &decoder, .list = blocks, .limit = RMT_LIMIT_BLOCKS};
    rmt_desc_ProgramDesc message = {.blocks = rmt_capture_spans(&to)};
    rmt_span file = {source->data, source->bytes};
    return rmt_wire_decode(&decoder, file, rmt_desc_ProgramDesc_fields, &message, error);
}

ramet_status rmt_wire_read_block(const rmt_source *source, rmt_span block, rmt_list *vars, rmt_list *ops,
                                 ramet_error *error)
{
    rmt_decoding decoder = {.source = source};
    rmt_capture to_vars = {.decoder = &decoder, .list = vars, .limit = RMT_LIMIT_VARS};
    rmt_capture to_ops = {.decoder = &decoder, .list = ops, .limit = RMT_LIMIT_OPS};
    rmt_desc_BlockDesc message = {.vars = rmt_capture_spans(&to_vars), .ops = rmt_capture_spans(&to_ops)};
    return rmt_wire_decode(&decoder, block, rmt_desc_BlockDesc_fields, &message, error);
}

static rmt_wire_tensor tensor_of(const rmt_desc_TensorDesc *message)
{
    rmt_wire_tensor tensor = {.type = message->has_data_type ? message->data_type : -1};
    tensor.shape.rank = (int32_t)message->dims_count;
    memcpy(tensor.shape.dims, message->dims, message->dims_count * sizeof(message->dims[0]));
    return tensor;
}

ramet_status rmt_wire_read_tensor(const rmt_source *source, rmt_span span, rmt_wire_tensor *tensor, ramet_error *error)
{
    rmt_decoding decoder = {.source = source};
    rmt_desc_TensorDesc message = rmt_desc_TensorDesc_init_zero;
    ramet_status status = rmt_wire_decode(&decoder, span, rmt_desc_TensorDesc_fields, &message, error);
    if (status == RAMET_STATUS_OK)
        *tensor = tensor_of(&message);
    return status;
}

ramet_status rmt_wire_read_var(const rmt_source *source, rmt_span span, rmt_wire_var *var, ramet_error *error)
{
    *var = (rmt_wire_var){0};
    rmt_decoding decoder = {.source = source};
    rmt_capture to_name = {.decoder = &decoder, .span = &var->name};
    rmt_desc_VarDesc message = rmt_desc_VarDesc_init_zero;
    message.name = rmt_capture_spans(&to_name);
    ramet_status status = rmt_wire_decode(&decoder, span, rmt_desc_VarDesc_fields, &message, error);
    if (status != RAMET_STATUS_OK)
        return status;
    var->type = message.has_type && message.type.has_type ? message.type.type : -1;
    var->persistable = message.has_persistable && message.persistable;
    var->has_tensor = message.has_type && message.type.has_lod_tensor && message.type.lod_tensor.has_tensor;
    if (var->has_tensor)
        var->tensor = tensor_of(&message.type.lod_tensor.tensor);
    return rmt_wire_check_name(source, var->name, span, error);
}

/* One slot: its name, and its arguments behind those that the operator has already. */
static ramet_status read_slot(const rmt_source *source, rmt_span span, rmt_wire_op *op, ramet_error *error)
{
    rmt_wire_slot slot = {.first = op->arguments.count};
    rmt_decoding decoder = {.source = source};
    rmt_capture to_name = {.decoder = &decoder, .span = &slot.name};
    rmt_capture to_arguments = {.decoder = &decoder, .list = &op->arguments, .limit = RMT_LIMIT_ARGUMENTS};
    rmt_desc_Slot message = {.parameter = rmt_capture_spans(&to_name), .arguments = rmt_capture_spans(&to_arguments)};
    ramet_status status = rmt_wire_decode(&decoder, span, rmt_desc_Slot_fields, &message, error);
    if (status == RAMET_STATUS_OK)
        status = rmt_wire_check_name(source, slot.name, span, error);
    slot.count = op->arguments.count - slot.first;
    if (status == RAMET_STATUS_OK && !rmt_list_push(&op->slots, &slot, sizeof(slot), 2 * RMT_LIMIT_SLOTS))
        return rmt_fail_memory(error, sizeof(slot));
    return status;
}

static ramet_status read_slots(const rmt_source *source, const rmt_list *messages, rmt_wire_op *op, ramet_error *error)
{
    const rmt_span *spans = messages->items;
    ramet_status status = RAMET_STATUS_OK;
    for (size_t i = 0; i < messages->count && status == RAMET_STATUS_OK; i++)
        status = read_slot(source, spans[i], op, error);
    return status;
}

ramet_status rmt_wire_read_op(const rmt_source *source, rmt_span span, rmt_wire_op *op, ramet_error *error)
{
    op->type = (rmt_span){0};
    op->slots.count = op->arguments.count = op->attrs.count = op->inputs.count = op->outputs.count = 0;
    rmt_decoding decoder = {.source = source};
    rmt_capture to_inputs = {.decoder = &decoder, .list = &op->inputs, .limit = RMT_LIMIT_SLOTS};
    rmt_capture to_outputs = {.decoder = &decoder, .list = &op->outputs, .limit = RMT_LIMIT_SLOTS};
    rmt_capture to_type = {.decoder = &decoder, .span = &op->type};
    rmt_capture to_attrs = {.decoder = &decoder, .list = &op->attrs, .limit = RMT_LIMIT_ATTRS};
    rmt_desc_OpDesc message = {.inputs = rmt_capture_spans(&to_inputs),
                               .outputs = rmt_capture_spans(&to_outputs),
                               .type = rmt_capture_spans(&to_type),
                               .attrs = rmt_capture_spans(&to_attrs)};
    ramet_status status = rmt_wire_decode(&decoder, span, rmt_desc_OpDesc_fields, &message, error);
    if (status == RAMET_STATUS_OK)
        status = rmt_wire_check_name(source, op->type, span, error);
    if (status == RAMET_STATUS_OK) {
        status = read_slots(source, &op->inputs, op, error);
        op->input_count = op->slots.count;
    }
    return status == RAMET_STATUS_OK ? read_slots(source, &op->outputs, op, error) : status;
}

ramet_status rmt_wire_add_slot(rmt_wire_op *op, const rmt_wire_attr *attr, ramet_error *error)
{
    rmt_wire_slot slot = {attr->name, op->arguments.count, attr->strings.count, attr->i == 1};
    const rmt_span *names = attr->strings.items;
    bool fits = rmt_list_push(&op->slots, &slot, sizeof(slot), 2 * RMT_LIMIT_SLOTS + RMT_LIMIT_ATTRS);
    for (size_t i = 0; i < slot.count && fits; i++)
        fits = rmt_list_push(&op->arguments, &names[i], sizeof(names[i]), RMT_LIMIT_ARGUMENTS);
    if (!fits)
        return rmt_fail_memory(error, sizeof(slot));
    rmt_wire_slot *slots = op->slots.items;
    memmove(&slots[op->input_count + 1], &slots[op->input_count],
            (op->slots.count - 1 - op->input_count) * sizeof(slot));
    slots[op->input_count++] = slot;
    return RAMET_STATUS_OK;
}

void rmt_wire_op_clear(rmt_wire_op *op)
{
    rmt_list_clear(&op->slots);
    rmt_list_clear(&op->arguments);
    rmt_list_clear(&op->attrs);
    rmt_list_clear(&op->inputs);
    rmt_list_clear(&op->outputs);
}

/* ---- attributes ------------------------------------------------------------------------------------------ */

/* AttrType in the files' numbers, and where ramet finds the value. */
enum {
    TYPE_INT,
    TYPE_FLOAT,
    TYPE_STRING,
    TYPE_INTS,
    TYPE_FLOATS,
    TYPE_STRINGS,
    TYPE_BOOLEAN,
    TYPE_BOOLEANS,
    TYPE_BLOCK,
    TYPE_LONG,
    TYPE_BLOCKS,
    TYPE_LONGS,
    TYPE_FLOAT64S,
    TYPE_VAR,
    TYPE_VARS,
    TYPE_FLOAT64,
    TYPE_SCALAR,
    TYPE_SCALARS
};

enum { SCALAR_BOOLEAN = 1, SCALAR_LONG = 2, SCALAR_FLOAT64 = 3 };

static ramet_status refuse_attr(const rmt_source *source, rmt_span span, const char *why, int32_t type,
                                ramet_error *error)
{
    ramet_status status = rmt_fail(error, RAMET_STATUS_UNSUPPORTED, "an attribute %s (number %d)", why, (int)type);
    return rmt_source_place(source, span.data, error, status);
}

static ramet_status take_scalar(const rmt_source *source, rmt_span span, const rmt_desc_Scalar *scalar,
                                rmt_wire_attr *attr, ramet_error *error)
{
    attr->kind = scalar->type == SCALAR_FLOAT64 ? RMT_WIRE_ATTR_FLOAT : RMT_WIRE_ATTR_INT;
    attr->f = scalar->r;
    attr->i = scalar->type == SCALAR_BOOLEAN ? (int64_t)scalar->b : scalar->i;
    bool real = scalar->type >= SCALAR_BOOLEAN && scalar->type <= SCALAR_FLOAT64;
    return real ? RAMET_STATUS_OK : refuse_attr(source, span, "is a scalar of unknown type", scalar->type, error);
}

/* A list of scalars becomes a list of floats. */
static ramet_status take_scalars(const rmt_source *source, rmt_wire_attr *attr, ramet_error *error)
{
    const rmt_span *spans = attr->scalars.items;
    for (size_t i = 0; i < attr->scalars.count; i++) {
        rmt_decoding decoder = {.source = source};
        rmt_desc_Scalar scalar = rmt_desc_Scalar_init_zero;
        ramet_status status = rmt_wire_decode(&decoder, spans[i], rmt_desc_Scalar_fields, &scalar, error);
        if (status == RAMET_STATUS_OK)
            status = take_scalar(source, spans[i], &scalar, attr, error);
        if (status != RAMET_STATUS_OK)
            return status;
        double value = attr->kind == RMT_WIRE_ATTR_FLOAT ? attr->f : (double)attr->i;
        if (!rmt_list_push(&attr->floats, &value, sizeof(value), RMT_LIMIT_ATTR_ENTRIES))
            return rmt_fail_memory(error, sizeof(value));
    }
    attr->kind = RMT_WIRE_ATTR_FLOATS;
    return RAMET_STATUS_OK;
}

/* The type, not the fields that are set, says what an attribute is. */
static ramet_status take_value(const rmt_source *source, rmt_span span, const rmt_desc_Attr *message,
                               rmt_wire_attr *attr, ramet_error *error)
{
    static const rmt_wire_attr_kind kinds[] = {
        [TYPE_INT] = RMT_WIRE_ATTR_INT,         [TYPE_FLOAT] = RMT_WIRE_ATTR_FLOAT,
        [TYPE_STRING] = RMT_WIRE_ATTR_STRING,   [TYPE_INTS] = RMT_WIRE_ATTR_INTS,
        [TYPE_FLOATS] = RMT_WIRE_ATTR_FLOATS,   [TYPE_STRINGS] = RMT_WIRE_ATTR_STRINGS,
        [TYPE_BOOLEAN] = RMT_WIRE_ATTR_INT,     [TYPE_BOOLEANS] = RMT_WIRE_ATTR_INTS,
        [TYPE_BLOCK] = RMT_WIRE_ATTR_BLOCK,     [TYPE_LONG] = RMT_WIRE_ATTR_INT,
        [TYPE_BLOCKS] = RMT_WIRE_ATTR_BLOCK,    [TYPE_LONGS] = RMT_WIRE_ATTR_INTS,
        [TYPE_FLOAT64S] = RMT_WIRE_ATTR_FLOATS, [TYPE_VAR] = RMT_WIRE_ATTR_TENSOR,
        [TYPE_VARS] = RMT_WIRE_ATTR_TENSOR,     [TYPE_FLOAT64] = RMT_WIRE_ATTR_FLOAT,
    };
    switch (message->type) {
    case TYPE_BOOLEAN: attr->i = message->b; break;
    case TYPE_LONG: attr->i = message->l; break;
    case TYPE_FLOAT64: attr->f = message->float64; break;
    case TYPE_BLOCK: attr->i = message->block_idx; break;
    case TYPE_BLOCKS: attr->i = -1; break;
    case TYPE_VAR:
    case TYPE_VARS: attr->i = message->type == TYPE_VAR; break;
    case TYPE_SCALAR: return take_scalar(source, span, &message->scalar, attr, error);
    case TYPE_SCALARS: return take_scalars(source, attr, error);
    default: attr->i = message->i; attr->f = (double)message->f;
    }
    if (message->type < TYPE_INT || message->type > TYPE_FLOAT64)
        return refuse_attr(source, span, "is of unknown type", message->type, error);
    attr->kind = kinds[message->type];
    return RAMET_STATUS_OK;
}

static ramet_status check_attr_texts(const rmt_source *source, rmt_span span, const rmt_wire_attr *attr,
                                     ramet_error *error)
{
    ramet_status status = rmt_wire_check_name(source, attr->name, span, error);
    if (status == RAMET_STATUS_OK)
        status = rmt_wire_check_text(source, attr->s, error);
    const rmt_span *strings = attr->strings.items;
    for (size_t i = 0; i < attr->strings.count && status == RAMET_STATUS_OK; i++)
        status = rmt_wire_check_text(source, strings[i], error);
    return status;
}

/* Three kinds of integers, two of floats and three of texts share a list each: only one of them is set in a sane file. */
ramet_status rmt_wire_read_attr(const rmt_source *source, rmt_span span, rmt_wire_attr *attr, ramet_error *error)
{
    attr->name = attr->s = (rmt_span){0};
    attr->ints.count = attr->floats.count = attr->strings.count = attr->scalars.count = 0;
    rmt_decoding decoder = {.source = source};
    rmt_capture to_name = {.decoder = &decoder, .span = &attr->name};
    rmt_capture to_s = {.decoder = &decoder, .span = &attr->s};
    rmt_capture to_ints = {.decoder = &decoder, .list = &attr->ints, .limit = RMT_LIMIT_ATTR_ENTRIES};
    rmt_capture to_floats = {.decoder = &decoder, .list = &attr->floats, .limit = RMT_LIMIT_ATTR_ENTRIES};
    rmt_capture to_strings = {.decoder = &decoder, .list = &attr->strings, .limit = RMT_LIMIT_ATTR_ENTRIES};
    rmt_capture to_scalars = {.decoder = &decoder, .list = &attr->scalars, .limit = RMT_LIMIT_ATTR_ENTRIES};
    rmt_desc_Attr message = rmt_desc_Attr_init_zero;
    message.name = rmt_capture_spans(&to_name);
    message.s = rmt_capture_spans(&to_s);
    message.ints = message.bools = message.longs = rmt_capture_varints(&to_ints);
    message.floats = rmt_capture_floats(&to_floats);
    message.float64s = rmt_capture_doubles(&to_floats);
    message.strings = message.var_name = message.vars_name = rmt_capture_spans(&to_strings);
    message.scalars = rmt_capture_spans(&to_scalars);
    ramet_status status = rmt_wire_decode(&decoder, span, rmt_desc_Attr_fields, &message, error);
    if (status == RAMET_STATUS_OK)
        status = check_attr_texts(source, span, attr, error);
    return status == RAMET_STATUS_OK ? take_value(source, span, &message, attr, error) : status;
}

void rmt_wire_attr_clear(rmt_wire_attr *attr)
{
    rmt_list_clear(&attr->ints);
    rmt_list_clear(&attr->floats);
    rmt_list_clear(&attr->strings);
    rmt_list_clear(&attr->scalars);
}

/* ---- element types --------------------------------------------------------------------------------------- */

bool rmt_wire_dtype(int64_t type, ramet_dtype *dtype)
{
    static const struct {
        int64_t type;
        ramet_dtype dtype;
    } types[] = {
        {0, RAMET_DTYPE_BOOL},    {1, RAMET_DTYPE_INT16},     {2, RAMET_DTYPE_INT32},   {3, RAMET_DTYPE_INT64},
        {4, RAMET_DTYPE_FLOAT16}, {5, RAMET_DTYPE_FLOAT32},   {6, RAMET_DTYPE_FLOAT64}, {20, RAMET_DTYPE_UINT8},
        {21, RAMET_DTYPE_INT8},   {22, RAMET_DTYPE_BFLOAT16},
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (types[i].type == type) {
            *dtype = types[i].dtype;
            return true;
        }
    }
    return false;
}

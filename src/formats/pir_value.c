/* SPDX-License-Identifier: Apache-2.0 */
/* Types of a PIR program, and what its numbers stand for. */
#include "formats/pir.h"

#include <stdio.h>
#include <string.h>

#include "formats/limits.h"

/* A number's meaning before it was changed in a block. */
typedef struct change {
    int64_t id;
    rmt_pir_binding before;
} change;

/* ---- types -------------------------------------------------------------------------------------------------- */

/* "0.t_f32" -> "t_f32": the dialect says nothing that the rest does not. */
static rmt_span tag_of(const rmt_json *json, uint32_t at)
{
    rmt_span tag = rmt_json_text(json, rmt_json_get(json, at, "#"));
    const unsigned char *dot = tag.bytes > 0 ? memchr(tag.data, '.', tag.bytes) : NULL;
    if (dot == NULL)
        return tag;
    return (rmt_span){dot + 1, tag.bytes - (size_t)(dot + 1 - tag.data)};
}

static bool element_type(rmt_span tag, ramet_dtype *dtype)
{
    static const struct {
        const char *tag;
        ramet_dtype dtype;
    } types[] = {
        {"t_f32", RAMET_DTYPE_FLOAT32}, {"t_f64", RAMET_DTYPE_FLOAT64},   {"t_f16", RAMET_DTYPE_FLOAT16},
        {"t_i64", RAMET_DTYPE_INT64},   {"t_bf16", RAMET_DTYPE_BFLOAT16}, {"t_i32", RAMET_DTYPE_INT32},
        {"t_i16", RAMET_DTYPE_INT16},   {"t_i8", RAMET_DTYPE_INT8},       {"t_ui8", RAMET_DTYPE_UINT8},
        {"t_bool", RAMET_DTYPE_BOOL},   {"t_index", RAMET_DTYPE_INT64},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (rmt_span_is(tag, types[i].tag)) {
            *dtype = types[i].dtype;
            return true;
        }
    }
    return false;
}

static ramet_status read_dims(const rmt_pir_reader *reader, uint32_t list, rmt_shape *shape)
{
    const rmt_json *json = &reader->json;
    if (!rmt_json_is(json, list, RMT_JSON_LIST))
        return rmt_pir_refuse(reader, RAMET_STATUS_BAD_FORMAT, list, "has a type without dims");
    if (rmt_json_length(json, list) > RMT_MAX_RANK)
        return RAMET_STATUS_OK; /* said by whoever makes such a tensor */
    shape->rank = 0;
    for (uint32_t at = list + 1; at < json->nodes[list].next; at = json->nodes[at].next) {
        int64_t dim = 0;
        if (!rmt_json_int(json, at, &dim) || dim < -1)
            return rmt_pir_refuse(reader, RAMET_STATUS_BAD_FORMAT, at, "has a dim that is none");
        shape->dims[shape->rank++] = dim;
    }
    return RAMET_STATUS_OK;
}

ramet_status rmt_pir_read_type(const rmt_pir_reader *reader, uint32_t at, rmt_pir_type *type)
{
    const rmt_json *json = &reader->json;
    uint32_t data = rmt_json_get(json, at, "D");
    *type = (rmt_pir_type){.dtype = RAMET_DTYPE_FLOAT32, .shape = {.rank = -1}};
    type->is_absent = rmt_json_get(json, at, "NULL") != 0;
    if (rmt_span_is(tag_of(json, at), "t_vec")) {
        type->entries = data;
        return rmt_json_is(json, data, RMT_JSON_LIST)
                   ? RAMET_STATUS_OK
                   : rmt_pir_refuse(reader, RAMET_STATUS_BAD_FORMAT, at, "has a list type without entries");
    }
    if (rmt_json_length(json, data) < 2)
        return RAMET_STATUS_OK;
    uint32_t element = data + 1;
    type->has_dtype = element_type(tag_of(json, element), &type->dtype);
    return read_dims(reader, json->nodes[element].next, &type->shape);
}

/* ---- operands and results --------------------------------------------------------------------------------------- */

static uint32_t entry_at(const rmt_json *json, uint32_t list, size_t index)
{
    if (!rmt_json_is(json, list, RMT_JSON_LIST))
        return 0;
    uint32_t at = list + 1;
    for (; index > 0 && at < json->nodes[list].next; index--)
        at = json->nodes[at].next;
    return at < json->nodes[list].next ? at : 0;
}

static uint32_t operands(const rmt_pir_reader *reader) { return rmt_json_get(&reader->json, reader->op, "I"); }

static uint32_t results(const rmt_pir_reader *reader) { return rmt_json_get(&reader->json, reader->op, "O"); }

uint32_t rmt_pir_operand_at(const rmt_pir_reader *reader, size_t index)
{
    return entry_at(&reader->json, operands(reader), index);
}

uint32_t rmt_pir_result_at(const rmt_pir_reader *reader, size_t index)
{
    return entry_at(&reader->json, results(reader), index);
}

size_t rmt_pir_operand_count(const rmt_pir_reader *reader) { return rmt_json_length(&reader->json, operands(reader)); }

size_t rmt_pir_result_count(const rmt_pir_reader *reader) { return rmt_json_length(&reader->json, results(reader)); }

ramet_status rmt_pir_read_id(const rmt_pir_reader *reader, uint32_t entry, int64_t *id)
{
    const rmt_json *json = &reader->json;
    uint32_t at = rmt_json_get(json, entry, "%");
    if (at == 0)
        at = rmt_json_get(json, entry, "#"); /* arguments of blocks */
    if (rmt_json_int(json, at, id) && *id >= -reader->id_limit && *id <= reader->id_limit)
        return RAMET_STATUS_OK;
    return rmt_pir_refuse(reader, RAMET_STATUS_BAD_FORMAT, entry, "has a value without a number, or with a wild one");
}

int64_t rmt_pir_first_id(const rmt_pir_reader *reader)
{
    uint32_t entry = rmt_pir_result_at(reader, 0);
    int64_t id = 0;
    (void)rmt_json_int(&reader->json, rmt_json_get(&reader->json, entry, "%"), &id);
    return entry != 0 ? id : 0;
}

/* ---- meanings ------------------------------------------------------------------------------------------------ */

static rmt_pir_binding *binding_of(const rmt_pir_reader *reader, int64_t id)
{
    return &reader->bindings[id + reader->id_limit];
}

ramet_status rmt_pir_read_operand(const rmt_pir_reader *reader, uint32_t entry, rmt_pir_binding *binding)
{
    int64_t id = 0;
    *binding = (rmt_pir_binding){0};
    ramet_status status = rmt_pir_read_id(reader, entry, &id);
    if (status != RAMET_STATUS_OK || id == 0)
        return status;
    *binding = *binding_of(reader, id);
    if (binding->kind == RMT_PIR_NONE)
        return rmt_pir_refuse(reader, RAMET_STATUS_BAD_FORMAT, entry, "reads a value before anything writes it");
    if (binding->kind == RMT_PIR_UNMADE)
        return rmt_pir_refuse(reader, RAMET_STATUS_UNSUPPORTED, entry, "reads a result that only training has");
    return RAMET_STATUS_OK;
}

ramet_status rmt_pir_read_tensor(const rmt_pir_reader *reader, uint32_t entry, int32_t *value)
{
    rmt_pir_binding binding = {0};
    ramet_status status = rmt_pir_read_operand(reader, entry, &binding);
    *value = binding.value;
    if (status != RAMET_STATUS_OK || binding.kind == RMT_PIR_TENSOR)
        return status;
    return rmt_pir_refuse(reader, RAMET_STATUS_BAD_FORMAT, entry, "has no tensor where one must be");
}

/* In the main block nothing needs to be undone. */
ramet_status rmt_pir_rebind(rmt_pir_reader *reader, int64_t id, rmt_pir_binding binding)
{
    rmt_pir_binding *at = binding_of(reader, id);
    change former = {id, *at};
    if (reader->depth > 0 && !rmt_list_push(&reader->changes, &former, sizeof(former), RMT_LIMIT_JSON_NODES))
        return rmt_pir_no_memory(reader);
    *at = binding;
    return RAMET_STATUS_OK;
}

ramet_status rmt_pir_bind(rmt_pir_reader *reader, uint32_t entry, rmt_pir_binding binding)
{
    int64_t id = 0;
    ramet_status status = rmt_pir_read_id(reader, entry, &id);
    if (status != RAMET_STATUS_OK)
        return status;
    if (id == 0 || (id > 0 && binding_of(reader, id)->kind != RMT_PIR_NONE))
        return rmt_pir_refuse(reader, RAMET_STATUS_BAD_FORMAT, entry, "writes a value that is written already");
    return rmt_pir_rebind(reader, id, binding);
}

ramet_status rmt_pir_write_operand(rmt_pir_reader *reader, uint32_t entry)
{
    int64_t id = 0;
    int64_t result = 0;
    uint32_t made = rmt_pir_result_at(reader, 0);
    ramet_status status = rmt_pir_read_id(reader, entry, &id);
    if (status == RAMET_STATUS_OK && made != 0)
        status = rmt_pir_read_id(reader, made, &result);
    if (status != RAMET_STATUS_OK || id == 0 || binding_of(reader, result)->kind != RMT_PIR_TENSOR)
        return status;
    return rmt_pir_rebind(reader, id, *binding_of(reader, result));
}

void rmt_pir_undo(rmt_pir_reader *reader, size_t first_change)
{
    const change *changes = reader->changes.items;
    while (reader->changes.count > first_change) {
        const change *last = &changes[--reader->changes.count];
        *binding_of(reader, last->id) = last->before;
    }
}

/* ---- making values ---------------------------------------------------------------------------------------------- */

ramet_status rmt_pir_push(const rmt_pir_reader *reader, rmt_list *list, int32_t value)
{
    bool fits = rmt_list_push(list, &value, sizeof(value), RMT_LIMIT_JSON_NODES);
    return fits ? RAMET_STATUS_OK : rmt_pir_no_memory(reader);
}

ramet_status rmt_pir_push_all(const rmt_pir_reader *reader, rmt_list *list, rmt_pir_binding binding)
{
    if (binding.kind == RMT_PIR_TENSOR)
        return rmt_pir_push(reader, list, binding.value);
    ramet_status status = RAMET_STATUS_OK;
    for (int32_t i = 0; i < binding.count && status == RAMET_STATUS_OK; i++) {
        const int32_t *values = reader->lists.items;
        status = rmt_pir_push(reader, list, values[binding.value + i]);
    }
    return status;
}

const char *rmt_pir_value_name(rmt_pir_reader *reader, int64_t id, const char *ending)
{
    rmt_buffer *text = &reader->text;
    text->bytes = 0;
    bool dotted = ending[0] != '\0';
    bool fits = rmt_buffer_printf(text, "#%lld%s%s", (long long)id, dotted ? "." : "", ending);
    return fits ? (const char *)text->data : NULL;
}

static ramet_status add_value(rmt_pir_reader *reader, const char *name, const rmt_pir_type *type, int32_t *value)
{
    *value = name != NULL ? rmt_graph_add_value(reader->graph, name, type->dtype, &type->shape) : RMT_NO_VALUE;
    return *value >= 0 ? RAMET_STATUS_OK : rmt_pir_no_memory(reader);
}

/* One value for each entry of a list type. */
static ramet_status add_entries(rmt_pir_reader *reader, int64_t id, uint32_t entries, rmt_pir_binding *made)
{
    const rmt_json *json = &reader->json;
    *made = (rmt_pir_binding){.kind = RMT_PIR_LIST, .value = (int32_t)reader->lists.count};
    ramet_status status = RAMET_STATUS_OK;
    for (uint32_t at = entries + 1; at < json->nodes[entries].next && status == RAMET_STATUS_OK;
         at = json->nodes[at].next) {
        rmt_pir_type type;
        char ending[16];
        int32_t value = RMT_NO_VALUE;
        (void)snprintf(ending, sizeof(ending), "%d", (int)made->count++);
        status = rmt_pir_read_type(reader, at, &type);
        if (status == RAMET_STATUS_OK && type.entries != 0)
            status = rmt_pir_refuse(reader, RAMET_STATUS_UNSUPPORTED, at, "makes a list of lists");
        if (status == RAMET_STATUS_OK)
            status = add_value(reader, rmt_pir_value_name(reader, id, ending), &type, &value);
        if (status == RAMET_STATUS_OK)
            status = rmt_pir_push(reader, &reader->lists, value);
    }
    return status;
}

ramet_status rmt_pir_make_result(rmt_pir_reader *reader, uint32_t entry, const char *name, rmt_pir_binding *made)
{
    rmt_pir_type type;
    int64_t id = 0;
    *made = (rmt_pir_binding){0};
    ramet_status status = rmt_pir_read_id(reader, entry, &id);
    if (status == RAMET_STATUS_OK)
        status = rmt_pir_read_type(reader, rmt_json_get(&reader->json, entry, "TT"), &type);
    if (status != RAMET_STATUS_OK || id == 0 || type.is_absent)
        return status;
    made->kind = RMT_PIR_TENSOR;
    if (type.entries != 0)
        status = add_entries(reader, id, type.entries, made);
    else
        status = add_value(reader, name != NULL ? name : rmt_pir_value_name(reader, id, ""), &type, &made->value);
    return status == RAMET_STATUS_OK ? rmt_pir_bind(reader, entry, *made) : status;
}

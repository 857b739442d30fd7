/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes of a PIR operator: {"N": name, "AT": {"#": type, "D": data}}. Writers of different versions disagree on the
 * width of numbers, so only integer, float, text and list are told apart.
 */
#include "formats/pir.h"

#include <string.h>

#include "formats/limits.h"
#include "formats/numbers.h"

/* The entries of a list, or one entry, on their way into an attribute. */
typedef struct entries {
    rmt_list ints, floats, texts; /* int64_t, double (one for each int, too), uint32_t (values of the file) */
    bool has_float;
} entries;

static bool type_ends(const rmt_json *json, uint32_t at, const char *type)
{
    rmt_span tag = rmt_json_text(json, rmt_json_get(json, at, "#"));
    size_t length = strlen(type);
    return tag.bytes >= length && memcmp(tag.data + tag.bytes - length, type, length) == 0;
}

static bool is_any(const rmt_json *json, uint32_t at, const char *const *types)
{
    bool found = false;
    for (size_t i = 0; types[i] != NULL && !found; i++)
        found = type_ends(json, at, types[i]);
    return found;
}

/* ---- entries -------------------------------------------------------------------------------------------------- */

static bool push_int(entries *e, int64_t number)
{
    double as_float = (double)number;
    return rmt_list_push(&e->ints, &number, sizeof(number), RMT_LIMIT_ATTR_ENTRIES) &&
           rmt_list_push(&e->floats, &as_float, sizeof(as_float), RMT_LIMIT_ATTR_ENTRIES);
}

static bool push_float(entries *e, double number)
{
    e->has_float = true;
    return rmt_list_push(&e->floats, &number, sizeof(number), RMT_LIMIT_ATTR_ENTRIES);
}

static bool push_text(entries *e, uint32_t at)
{
    return rmt_list_push(&e->texts, &at, sizeof(at), RMT_LIMIT_ATTR_ENTRIES);
}

/* What has no digits is written as text: INF, -INF, NaN. */
static bool read_special(const rmt_json *json, uint32_t at, double *number)
{
    rmt_span text = rmt_json_text(json, at);
    char copy[16] = {0};
    if (text.bytes == 0 || text.bytes >= sizeof(copy))
        return false;
    memcpy(copy, text.data, text.bytes);
    return rmt_number_read(copy, number);
}

/* Data of a single type: a number, a text. */
static ramet_status read_entry(const rmt_pir_reader *reader, uint32_t typed, uint32_t data, entries *e)
{
    const rmt_json *json = &reader->json;
    static const char *const floats[] = {"a_f32", "a_f64", NULL};
    int64_t integer = 0;
    double number = 0.0;
    bool is_float = is_any(json, typed, floats);
    bool fits = true;
    if (is_float && (rmt_json_float(json, data, &number) || read_special(json, data, &number)))
        fits = push_float(e, number);
    else if (!is_float && rmt_json_int(json, data, &integer))
        fits = push_int(e, integer);
    else if (!is_float && rmt_json_float(json, data, &number))
        fits = push_float(e, number);
    else if (!is_float && rmt_json_is(json, data, RMT_JSON_TEXT))
        fits = push_text(e, data);
    else
        return rmt_pir_refuse(reader, RAMET_STATUS_BAD_FORMAT, typed, "has an attribute that is not of its type");
    return fits ? RAMET_STATUS_OK : rmt_pir_no_memory(reader);
}

/* The data of a type; of a scalar [type, number] the number. */
static uint32_t data_of(const rmt_json *json, uint32_t typed)
{
    uint32_t data = rmt_json_get(json, typed, "D");
    if (data == 0)
        data = rmt_json_get(json, typed, "VD");
    if (type_ends(json, typed, "a_scalar") && rmt_json_length(json, data) == 2)
        data = json->nodes[data + 1].next;
    return data;
}

/* [1, 2]; or typed entries: [{"#": "0.a_i32", "D": 1}, ...]. */
static ramet_status read_list(const rmt_pir_reader *reader, uint32_t typed, uint32_t list, entries *e)
{
    const rmt_json *json = &reader->json;
    ramet_status status = RAMET_STATUS_OK;
    for (uint32_t at = list + 1; at < json->nodes[list].next && status == RAMET_STATUS_OK; at = json->nodes[at].next) {
        bool is_typed = rmt_json_is(json, at, RMT_JSON_OBJECT);
        status = read_entry(reader, is_typed ? at : typed, is_typed ? data_of(json, at) : at, e);
    }
    return status;
}

/* ---- attributes ------------------------------------------------------------------------------------------------ */

const char *rmt_pir_text(rmt_pir_reader *reader, uint32_t at)
{
    reader->text.bytes = 0;
    return rmt_json_decode(&reader->json, at, &reader->text) ? (const char *)reader->text.data : NULL;
}

static bool set_texts(rmt_pir_reader *reader, rmt_graph *raw, const char *name, const entries *e, bool is_list)
{
    const uint32_t *at = e->texts.items;
    const char **texts = rmt_arena_alloc(&raw->arena, e->texts.count, sizeof(char *));
    for (size_t i = 0; texts != NULL && i < e->texts.count; i++) {
        const char *text = rmt_pir_text(reader, at[i]);
        texts[i] = text != NULL ? rmt_arena_copy_text(&raw->arena, text, strlen(text)) : NULL;
        if (texts[i] == NULL)
            return false;
    }
    if (texts == NULL)
        return false;
    return is_list ? rmt_node_set_strings(raw, 0, name, texts, e->texts.count)
                   : rmt_node_set_string(raw, 0, name, texts[0]);
}

static bool set_numbers(rmt_graph *raw, const char *name, const entries *e, bool is_list)
{
    const int64_t *ints = e->ints.items;
    const double *floats = e->floats.items;
    if (is_list)
        return e->has_float ? rmt_node_set_floats(raw, 0, name, floats, e->floats.count)
                            : rmt_node_set_ints(raw, 0, name, ints, e->ints.count);
    return e->has_float ? rmt_node_set_float(raw, 0, name, floats[0]) : rmt_node_set_int(raw, 0, name, ints[0]);
}

static ramet_status set_entries(rmt_pir_reader *reader, rmt_graph *raw, const char *name, uint32_t typed, uint32_t data)
{
    entries e = {0};
    bool is_list = rmt_json_is(&reader->json, data, RMT_JSON_LIST);
    ramet_status status = is_list ? read_list(reader, typed, data, &e) : read_entry(reader, typed, data, &e);
    if (status == RAMET_STATUS_OK && e.texts.count > 0 && e.floats.count > 0)
        status = rmt_pir_refuse(reader, RAMET_STATUS_BAD_FORMAT, typed, "has a list of texts and numbers");
    if (status == RAMET_STATUS_OK) {
        bool fits = e.texts.count > 0 ? set_texts(reader, raw, name, &e, is_list) : set_numbers(raw, name, &e, is_list);
        status = fits ? RAMET_STATUS_OK : rmt_pir_no_memory(reader);
    }
    rmt_list_clear(&e.ints);
    rmt_list_clear(&e.floats);
    rmt_list_clear(&e.texts);
    return status;
}

/* "float32", as a ramet_dtype; nothing when the writer left it open, a text when ramet has no such type. */
static ramet_status set_dtype(rmt_pir_reader *reader, rmt_graph *raw, const char *name, uint32_t data)
{
    rmt_span text = rmt_json_text(&reader->json, data);
    if (text.bytes >= 9 && memcmp(text.data, "Undefined", 9) == 0)
        return RAMET_STATUS_OK;
    for (ramet_dtype dtype = RAMET_DTYPE_FLOAT32; dtype <= RAMET_DTYPE_BOOL; dtype++)
        if (rmt_span_is(text, ramet_dtype_name(dtype)))
            return rmt_node_set_int(raw, 0, name, (int64_t)dtype) ? RAMET_STATUS_OK : rmt_pir_no_memory(reader);
    const char *other = rmt_pir_text(reader, data);
    bool fits = other != NULL && rmt_node_set_string(raw, 0, name, other);
    return fits ? RAMET_STATUS_OK : rmt_pir_no_memory(reader);
}

/* Where a tensor lies, what a layer of the model was called: no part of what the operator computes. */
static bool is_noise(const rmt_json *json, uint32_t name, uint32_t typed)
{
    static const char *const types[] = {"a_place", "a_type", "a_tensorname", "a_c64", "a_c128", "a_pointer", NULL};
    static const char *const names[] = {"struct_name", "op_callstack", "is_test", "stop_gradient", "persistable"};
    bool noise = is_any(json, typed, types);
    for (size_t i = 0; i < sizeof names / sizeof *names && !noise; i++)
        noise = rmt_span_is(rmt_json_text(json, name), names[i]);
    return noise;
}

static ramet_status read_attr(rmt_pir_reader *reader, rmt_graph *raw, uint32_t at)
{
    const rmt_json *json = &reader->json;
    uint32_t name = rmt_json_get(json, at, "N");
    uint32_t typed = rmt_json_get(json, at, "AT");
    if (!rmt_json_is(json, name, RMT_JSON_TEXT) || !rmt_json_is(json, typed, RMT_JSON_OBJECT))
        return rmt_pir_refuse(reader, RAMET_STATUS_BAD_FORMAT, at, "has an attribute without name or type");
    if (is_noise(json, name, typed))
        return RAMET_STATUS_OK;
    const char *text = rmt_pir_text(reader, name);
    const char *copy = text != NULL ? rmt_arena_copy_text(&raw->arena, text, strlen(text)) : NULL;
    if (copy == NULL)
        return rmt_pir_no_memory(reader);
    if (type_ends(json, typed, "a_dtype"))
        return set_dtype(reader, raw, copy, data_of(json, typed));
    return set_entries(reader, raw, copy, typed, data_of(json, typed));
}

ramet_status rmt_pir_read_attrs(rmt_pir_reader *reader, rmt_graph *raw)
{
    const rmt_json *json = &reader->json;
    uint32_t list = rmt_json_get(json, reader->op, "A");
    if (rmt_graph_add_node(raw, "raw", "raw", NULL, 0, NULL, 0) < 0)
        return rmt_pir_no_memory(reader);
    if (rmt_json_length(json, list) > RMT_LIMIT_ATTRS)
        return rmt_pir_refuse(reader, RAMET_STATUS_BAD_FORMAT, list, "has too many attributes");
    ramet_status status = RAMET_STATUS_OK;
    if (rmt_json_is(json, list, RMT_JSON_LIST))
        for (uint32_t at = list + 1; at < json->nodes[list].next && status == RAMET_STATUS_OK;
             at = json->nodes[at].next)
            status = read_attr(reader, raw, at);
    return status;
}

/* ---- constants as attributes ------------------------------------------------------------------------------------ */

/* Element i of a constant; false for types that no attribute has. */
static bool push_element(const rmt_value *constant, int64_t i, entries *e)
{
    const unsigned char *at = (const unsigned char *)constant->data + (size_t)i * ramet_dtype_bytes(constant->dtype);
    int64_t i64 = 0;
    int32_t i32 = 0;
    double f64 = 0.0;
    float f32 = 0.0F;
    switch (constant->dtype) {
    case RAMET_DTYPE_INT64: memcpy(&i64, at, sizeof(i64)); return push_int(e, i64);
    case RAMET_DTYPE_INT32: memcpy(&i32, at, sizeof(i32)); return push_int(e, i32);
    case RAMET_DTYPE_BOOL: return push_int(e, *at != 0);
    case RAMET_DTYPE_FLOAT64: memcpy(&f64, at, sizeof(f64)); return push_float(e, f64);
    case RAMET_DTYPE_FLOAT32: memcpy(&f32, at, sizeof(f32)); return push_float(e, (double)f32);
    default: return false;
    }
}

static bool is_readable(const rmt_value *value, bool is_list)
{
    int64_t elements = value->data != NULL ? rmt_shape_elements(&value->shape) : -1;
    bool has_type = value->dtype == RAMET_DTYPE_INT64 || value->dtype == RAMET_DTYPE_INT32 ||
                    value->dtype == RAMET_DTYPE_BOOL || value->dtype == RAMET_DTYPE_FLOAT64 ||
                    value->dtype == RAMET_DTYPE_FLOAT32;
    return has_type && (is_list ? elements >= 0 && elements <= RMT_LIMIT_PIR_CONSTANT : elements == 1);
}

ramet_status rmt_pir_read_constant(rmt_pir_reader *reader, rmt_graph *raw, rmt_span name, int32_t value, bool is_list,
                                   bool *done)
{
    const rmt_value *constant = &reader->graph->values[value];
    *done = is_readable(constant, is_list);
    if (!*done)
        return RAMET_STATUS_OK;
    entries e = {0};
    bool fits = true;
    int64_t elements = rmt_shape_elements(&constant->shape);
    for (int64_t i = 0; i < elements && fits; i++)
        fits = push_element(constant, i, &e);
    char *text = rmt_arena_copy_text(&raw->arena, (const char *)name.data, name.bytes);
    fits = fits && text != NULL && set_numbers(raw, text, &e, is_list);
    rmt_list_clear(&e.ints);
    rmt_list_clear(&e.floats);
    return fits ? RAMET_STATUS_OK : rmt_pir_no_memory(reader);
}

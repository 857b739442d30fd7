/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators of a PIR program that are no operators of a network: inputs and outputs, constants, and lists of tensors,
 * which only exist in the file.
 */
#include "formats/pir.h"

#include <stdlib.h>
#include <string.h>

#include "formats/limits.h"

/* ---- inputs and outputs ------------------------------------------------------------------------------------------ */

static ramet_status refuse(const rmt_pir_reader *reader, const char *why)
{
    return rmt_pir_refuse(reader, RAMET_STATUS_BAD_FORMAT, reader->op, why);
}

static ramet_status add_border(const rmt_pir_reader *reader, rmt_list *list, int64_t col, int32_t value)
{
    rmt_border border = {col, value};
    if (reader->depth > 0)
        return refuse(reader, "stands in a block");
    return rmt_list_push(list, &border, sizeof(border), RMT_LIMIT_OPS) ? RAMET_STATUS_OK : rmt_pir_no_memory(reader);
}

static ramet_status add_input(rmt_pir_reader *reader, const rmt_node *raw)
{
    const char *name = rmt_node_string(raw, "name", NULL);
    rmt_pir_binding made = {0};
    rmt_pir_type type;
    uint32_t entry = rmt_pir_result_at(reader, 0);
    if (name == NULL || entry == 0)
        return refuse(reader, "has no name or no result");
    ramet_status status = rmt_pir_read_type(reader, rmt_json_get(&reader->json, entry, "TT"), &type);
    if (status == RAMET_STATUS_OK && (!type.has_dtype || type.entries != 0))
        status =
            rmt_pir_refuse(reader, RAMET_STATUS_UNSUPPORTED, entry, "has an element type that ramet does not have");
    if (status == RAMET_STATUS_OK)
        status = rmt_pir_make_result(reader, entry, name, &made);
    if (status == RAMET_STATUS_OK && made.kind != RMT_PIR_TENSOR)
        status = refuse(reader, "has no result");
    int64_t col = rmt_node_int(raw, "col", (int64_t)reader->feeds.count);
    return status == RAMET_STATUS_OK ? add_border(reader, &reader->feeds, col, made.value) : status;
}

static bool rename_value(rmt_graph *graph, int32_t value, const char *name)
{
    const char *copy = rmt_arena_copy_text(&graph->arena, name, strlen(name));
    graph->values[value].name = copy != NULL ? copy : graph->values[value].name;
    return copy != NULL;
}

/* A value of that name: the one at hand when it has only a number for a name, a copy otherwise. */
static int32_t name_output(rmt_pir_reader *reader, int32_t value, const char *name)
{
    rmt_graph *graph = reader->graph;
    const rmt_value *at = &graph->values[value];
    if (at->producer >= 0 && at->name[0] == '#')
        return rename_value(graph, value, name) ? value : RMT_NO_VALUE;
    if (strcmp(at->name, name) == 0) { /* a parameter under its own name */
        if (at->data == NULL)
            return value;
        reader->text.bytes = 0;
        if (!rmt_buffer_printf(&reader->text, "%s@file", name) ||
            !rename_value(graph, value, (const char *)reader->text.data))
            return RMT_NO_VALUE;
    }
    rmt_shape shape = graph->values[value].shape;
    int32_t made = rmt_graph_add_value(graph, name, graph->values[value].dtype, &shape);
    bool added = made >= 0 && rmt_graph_add_node(graph, "identity", name, &value, 1, &made, 1) >= 0;
    return added ? made : RMT_NO_VALUE;
}

static ramet_status add_output(rmt_pir_reader *reader, const rmt_node *raw)
{
    int32_t value = RMT_NO_VALUE;
    int64_t col = rmt_node_int(raw, "col", (int64_t)reader->fetches.count);
    const char *name = rmt_node_string(raw, "name", NULL);
    uint32_t entry = rmt_pir_operand_at(reader, 0);
    if (name == NULL || entry == 0)
        return refuse(reader, "has no name or no operand");
    ramet_status status = rmt_pir_read_tensor(reader, entry, &value);
    if (status != RAMET_STATUS_OK)
        return status;
    value = name_output(reader, value, name);
    return value >= 0 ? add_border(reader, &reader->fetches, col, value) : rmt_pir_no_memory(reader);
}

/* Parameters are read before all operators, from the main block alone. */
static ramet_status pass_parameter(rmt_pir_reader *reader, const rmt_node *raw)
{
    (void)raw;
    return reader->depth == 0 ? RAMET_STATUS_OK : refuse(reader, "stands in a block");
}

/* ---- constants ---------------------------------------------------------------------------------------------------- */

/* One number in any type but the 16-bit floats. */
static void store(ramet_dtype dtype, int64_t integer, double number, unsigned char *at)
{
    float single = (float)number;
    int32_t i32 = (int32_t)integer;
    int16_t i16 = (int16_t)integer;
    switch (dtype) {
    case RAMET_DTYPE_FLOAT32: memcpy(at, &single, sizeof(single)); break;
    case RAMET_DTYPE_FLOAT64: memcpy(at, &number, sizeof(number)); break;
    case RAMET_DTYPE_INT64: memcpy(at, &integer, sizeof(integer)); break;
    case RAMET_DTYPE_INT32: memcpy(at, &i32, sizeof(i32)); break;
    case RAMET_DTYPE_INT16: memcpy(at, &i16, sizeof(i16)); break;
    case RAMET_DTYPE_INT8:
    case RAMET_DTYPE_UINT8: *at = (unsigned char)integer; break;
    default: *at = number != 0.0; break;
    }
}

/* The first result as a constant whose elements are the numbers of an attribute, or all the only one. */
static ramet_status add_constant(rmt_pir_reader *reader, ramet_dtype dtype, const rmt_shape *shape,
                                 const int64_t *integers, const double *numbers, size_t count)
{
    rmt_graph *graph = reader->graph;
    uint32_t entry = rmt_pir_result_at(reader, 0);
    size_t elements = (size_t)rmt_shape_elements(shape);
    size_t bytes = ramet_dtype_bytes(dtype);
    unsigned char *data = rmt_arena_alloc(&graph->arena, elements, bytes);
    for (size_t i = 0; i < elements && data != NULL; i++) {
        size_t from = count > 1 ? i : 0;
        store(dtype, integers[from], numbers[from], data + i * bytes);
    }
    if (entry == 0)
        return refuse(reader, "has no result");
    const char *name = data != NULL ? rmt_pir_value_name(reader, rmt_pir_first_id(reader), "") : NULL;
    int32_t value = name != NULL ? rmt_graph_add_constant(graph, name, dtype, shape, data) : RMT_NO_VALUE;
    if (value < 0)
        return rmt_pir_no_memory(reader);
    ramet_status status = rmt_pir_bind(reader, entry, (rmt_pir_binding){.kind = RMT_PIR_TENSOR, .value = value});
    uint32_t written = rmt_pir_operand_at(reader, 0);
    return status == RAMET_STATUS_OK && written != 0 ? rmt_pir_write_operand(reader, written) : status;
}

static bool read_shape(const rmt_node *raw, const char *name, rmt_shape *shape)
{
    size_t rank = rmt_node_ints(raw, name, shape->dims, RMT_MAX_RANK);
    shape->rank = (int32_t)rank;
    return rank <= RMT_MAX_RANK && rmt_shape_elements(shape) >= 0;
}

/* Of a constant that is made here: no 16-bit floats. */
static bool read_dtype(const rmt_node *raw, ramet_dtype otherwise, ramet_dtype *dtype)
{
    const rmt_attr *attr = rmt_node_attr(raw, "dtype");
    int64_t number = rmt_node_int(raw, "dtype", (int64_t)otherwise);
    bool known = (attr == NULL || attr->type == RMT_ATTR_INT) && number >= 0 && number <= RAMET_DTYPE_BOOL;
    *dtype = known ? (ramet_dtype)number : otherwise;
    return known && *dtype != RAMET_DTYPE_FLOAT16 && *dtype != RAMET_DTYPE_BFLOAT16;
}

/* One number in every element. A large one stays an operator: it can be said in fewer bytes than it has. */
static ramet_status add_full(rmt_pir_reader *reader, const rmt_graph *raw, bool *done)
{
    const rmt_node *node = &raw->nodes[0];
    rmt_shape shape = {0};
    ramet_dtype dtype;
    int64_t integer = rmt_node_int(node, "value", 0);
    double number = rmt_node_float(node, "value", 0.0);
    *done = read_shape(node, "shape", &shape) && read_dtype(node, RAMET_DTYPE_FLOAT32, &dtype) &&
            rmt_shape_elements(&shape) <= RMT_LIMIT_PIR_CONSTANT;
    return *done ? add_constant(reader, dtype, &shape, &integer, &number, 1) : RAMET_STATUS_OK;
}

/* The numbers of attribute `name` in the shape, which has as many elements. */
static ramet_status add_numbers(rmt_pir_reader *reader, const rmt_graph *raw, const char *name, ramet_dtype dtype,
                                const rmt_shape *shape)
{
    const rmt_node *node = &raw->nodes[0];
    size_t count = rmt_node_ints(node, name, NULL, 0);
    if ((int64_t)count != rmt_shape_elements(shape))
        return refuse(reader, "has more or fewer numbers than its shape has elements");
    int64_t *integers = calloc(count + 1, sizeof(int64_t));
    double *numbers = calloc(count + 1, sizeof(double));
    ramet_status status = rmt_pir_no_memory(reader);
    if (integers != NULL && numbers != NULL) {
        (void)rmt_node_ints(node, name, integers, count);
        (void)rmt_node_floats(node, name, numbers, count);
        status = add_constant(reader, dtype, shape, integers, numbers, count);
    }
    free(integers);
    free(numbers);
    return status;
}

static ramet_status add_int_array(rmt_pir_reader *reader, const rmt_graph *raw, bool *done)
{
    ramet_dtype dtype;
    rmt_shape shape = {.rank = 1, .dims = {(int64_t)rmt_node_ints(&raw->nodes[0], "value", NULL, 0)}};
    *done = read_dtype(&raw->nodes[0], RAMET_DTYPE_INT64, &dtype);
    return *done ? add_numbers(reader, raw, "value", dtype, &shape) : RAMET_STATUS_OK;
}

static ramet_status assign_value(rmt_pir_reader *reader, const rmt_graph *raw, bool *done)
{
    ramet_dtype dtype;
    rmt_shape shape = {0};
    *done = read_dtype(&raw->nodes[0], RAMET_DTYPE_FLOAT32, &dtype) && read_shape(&raw->nodes[0], "shape", &shape);
    return *done ? add_numbers(reader, raw, "values", dtype, &shape) : RAMET_STATUS_OK;
}

/* ---- lists of tensors --------------------------------------------------------------------------------------------- */

static ramet_status combine(rmt_pir_reader *reader, const rmt_node *raw)
{
    (void)raw;
    const rmt_json *json = &reader->json;
    uint32_t list = rmt_json_get(json, reader->op, "I");
    uint32_t result = rmt_pir_result_at(reader, 0);
    rmt_pir_binding made = {.kind = RMT_PIR_LIST, .value = (int32_t)reader->lists.count};
    ramet_status status = RAMET_STATUS_OK;
    if (!rmt_json_is(json, list, RMT_JSON_LIST) || result == 0)
        return refuse(reader, "has no operands or no result");
    for (uint32_t at = list + 1; at < json->nodes[list].next && status == RAMET_STATUS_OK; at = json->nodes[at].next) {
        int32_t value = RMT_NO_VALUE;
        status = rmt_pir_read_tensor(reader, at, &value);
        if (status == RAMET_STATUS_OK)
            status = rmt_pir_push(reader, &reader->lists, value);
        made.count++;
    }
    return status == RAMET_STATUS_OK ? rmt_pir_bind(reader, result, made) : status;
}

static ramet_status read_list(const rmt_pir_reader *reader, rmt_pir_binding *list)
{
    uint32_t entry = rmt_pir_operand_at(reader, 0);
    ramet_status status = entry != 0 ? rmt_pir_read_operand(reader, entry, list) : refuse(reader, "lacks an operand");
    return status == RAMET_STATUS_OK && list->kind != RMT_PIR_LIST ? refuse(reader, "has no list as its operand")
                                                                   : status;
}

static ramet_status bind_entry(rmt_pir_reader *reader, uint32_t result, rmt_pir_binding list, int64_t index)
{
    const int32_t *values = reader->lists.items;
    if (index < 0 || index >= list.count)
        return refuse(reader, "takes an entry that its list does not have");
    return rmt_pir_bind(reader, result, (rmt_pir_binding){.kind = RMT_PIR_TENSOR, .value = values[list.value + index]});
}

static ramet_status split(rmt_pir_reader *reader, const rmt_node *raw)
{
    (void)raw;
    const rmt_json *json = &reader->json;
    uint32_t results = rmt_json_get(json, reader->op, "O");
    rmt_pir_binding list = {0};
    ramet_status status = read_list(reader, &list);
    if (!rmt_json_is(json, results, RMT_JSON_LIST))
        return status == RAMET_STATUS_OK ? refuse(reader, "has no results") : status;
    int64_t index = 0;
    for (uint32_t at = results + 1; at < json->nodes[results].next && status == RAMET_STATUS_OK;
         at = json->nodes[at].next, index++) {
        int64_t id = 0;
        status = rmt_pir_read_id(reader, at, &id);
        if (status == RAMET_STATUS_OK && id != 0)
            status = bind_entry(reader, at, list, index);
    }
    return status;
}

static ramet_status slice(rmt_pir_reader *reader, const rmt_node *raw)
{
    rmt_pir_binding list = {0};
    uint32_t result = rmt_pir_result_at(reader, 0);
    ramet_status status = read_list(reader, &list);
    if (status == RAMET_STATUS_OK && result == 0)
        status = refuse(reader, "has no result");
    return status == RAMET_STATUS_OK ? bind_entry(reader, result, list, rmt_node_int(raw, "index", -1)) : status;
}

/* ---- by name ------------------------------------------------------------------------------------------------------ */

static ramet_status enter(rmt_pir_reader *reader, const rmt_node *raw)
{
    (void)raw;
    return rmt_pir_enter(reader);
}

static ramet_status yield(rmt_pir_reader *reader, const rmt_node *raw)
{
    (void)raw;
    return rmt_pir_yield(reader);
}

ramet_status rmt_pir_add_special(rmt_pir_reader *reader, const rmt_graph *raw, bool *done)
{
    static const struct {
        rmt_pir_dialect dialect;
        const char *name;
        ramet_status (*add)(rmt_pir_reader *reader, const rmt_node *raw);
    } always[] = {
        {RMT_PIR_BUILTIN, "parameter", pass_parameter},
        {RMT_PIR_BUILTIN, "combine", combine},
        {RMT_PIR_BUILTIN, "split", split},
        {RMT_PIR_BUILTIN, "slice", slice},
        {RMT_PIR_PD, "data", add_input},
        {RMT_PIR_PD, "feed", add_input},
        {RMT_PIR_PD, "fetch", add_output},
        {RMT_PIR_PD, "if", enter},
        {RMT_PIR_PD, "while", enter},
        {RMT_PIR_CF, "yield", yield},
    };
    static const struct {
        const char *name;
        ramet_status (*add)(rmt_pir_reader *reader, const rmt_graph *raw, bool *done);
    } constants[] = {{"full", add_full},
                     {"full_", add_full},
                     {"full_int_array", add_int_array},
                     {"assign_value", assign_value},
                     {"assign_value_", assign_value}};
    *done = true;
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        if (reader->dialect == always[i].dialect && rmt_span_is(reader->name, always[i].name))
            return always[i].add(reader, &raw->nodes[0]);
    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++)
        if (reader->dialect == RMT_PIR_PD && rmt_span_is(reader->name, constants[i].name))
            return constants[i].add(reader, raw, done);
    *done = false;
    return RAMET_STATUS_OK;
}

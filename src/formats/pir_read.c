/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PIR program, front to back: its header, the parameters (sorted, because so they stand in their file), then the
 * operators of the main block and of the blocks inside, in the order of the file.
 */
#include "formats/pir.h"

#include <stdlib.h>
#include <string.h>

#include "formats/limits.h"

/* A parameter and the result that stands for it. */
typedef struct parameter {
    const char *name;
    uint32_t entry;
} parameter;

/* ---- errors, names ------------------------------------------------------------------------------------------- */

ramet_status rmt_pir_refuse(const rmt_pir_reader *reader, ramet_status status, uint32_t at, const char *why)
{
    const rmt_json *json = &reader->json;
    status = rmt_fail(reader->error, status, "operator %.*s (value %lld) %s", rmt_span_shown(reader->type),
                      (const char *)reader->type.data, (long long)rmt_pir_first_id(reader), why);
    return rmt_source_place(reader->source, reader->source->data + json->nodes[at].start, reader->error, status);
}

ramet_status rmt_pir_no_memory(const rmt_pir_reader *reader)
{
    return rmt_fail_memory(reader->error, sizeof(rmt_node));
}

const char *rmt_pir_node_name(rmt_pir_reader *reader)
{
    rmt_buffer *text = &reader->text;
    text->bytes = 0;
    bool fits = rmt_buffer_append(text, reader->name.data, reader->name.bytes) &&
                rmt_buffer_printf(text, "_%lld", (long long)rmt_pir_first_id(reader));
    return fits ? (const char *)text->data : NULL;
}

/* The dialects, as writers shorten them. */
static const struct {
    const char *number, *name;
    rmt_pir_dialect dialect;
} dialects[] = {
    {"0", "builtin", RMT_PIR_BUILTIN}, {"1", "pd_op", RMT_PIR_PD},      {"2", "cf", RMT_PIR_CF},
    {"3", "custom_op", RMT_PIR_OTHER}, {"4", "pd_dist", RMT_PIR_OTHER},
};

bool rmt_pir_full_name(const rmt_pir_reader *reader, rmt_buffer *text)
{
    rmt_span rest = reader->type;
    rmt_span dialect = {0};
    bool dotted = rest.bytes > reader->name.bytes && rmt_span_cut(&rest, '.', &dialect);
    for (size_t i = 0; dotted && i < sizeof dialects / sizeof *dialects; i++)
        if (rmt_span_is(dialect, dialects[i].number))
            return rmt_buffer_printf(text, "%s.", dialects[i].name) && rmt_buffer_append(text, rest.data, rest.bytes);
    return (dotted || rmt_buffer_append(text, "?.", 2)) &&
           rmt_buffer_append(text, reader->type.data, reader->type.bytes);
}

static rmt_pir_dialect dialect_of(rmt_span dialect)
{
    for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++)
        if (rmt_span_is(dialect, dialects[i].number) || rmt_span_is(dialect, dialects[i].name))
            return dialects[i].dialect;
    return RMT_PIR_OTHER;
}

ramet_status rmt_pir_set_op(rmt_pir_reader *reader, uint32_t op)
{
    rmt_span dialect;
    reader->op = op;
    reader->type = reader->name = rmt_json_text(&reader->json, rmt_json_get(&reader->json, op, "#"));
    reader->dialect = RMT_PIR_OTHER;
    if (reader->type.bytes == 0 || memchr(reader->type.data, '\\', reader->type.bytes) != NULL)
        return rmt_pir_refuse(reader, RAMET_STATUS_BAD_FORMAT, op, "has no name, or a strange one");
    if (rmt_span_is(reader->type, "p")) {
        reader->dialect = RMT_PIR_BUILTIN;
        reader->name = rmt_span_of("parameter");
    } else if (memchr(reader->type.data, '.', reader->type.bytes) != NULL) {
        (void)rmt_span_cut(&reader->name, '.', &dialect);
        reader->dialect = dialect_of(dialect);
    }
    return RAMET_STATUS_OK;
}

/* ---- parameters ------------------------------------------------------------------------------------------------ */

/* The flag "persistable" of a parameter; without any word on it, it is. */
static bool is_persistable(const rmt_json *json, uint32_t op)
{
    uint32_t flags = rmt_json_get(json, op, "OA");
    int64_t flag = 1;
    if (rmt_json_length(json, flags) == 0)
        return true;
    if (!rmt_json_is(json, flags + 1, RMT_JSON_OBJECT))
        return !rmt_json_int(json, flags + 1, &flag) || flag != 0;
    for (uint32_t at = flags + 1; at < json->nodes[flags].next; at = json->nodes[at].next) {
        uint32_t values = rmt_json_get(json, rmt_json_get(json, at, "AT"), "D");
        if (rmt_span_is(rmt_json_text(json, rmt_json_get(json, at, "N")), "persistable") &&
            rmt_json_length(json, values) > 0)
            (void)rmt_json_int(json, rmt_json_get(json, values + 1, "D"), &flag);
    }
    return flag != 0;
}

/* The name: last of four bare entries, or attribute parameter_name. */
static uint32_t parameter_name(const rmt_json *json, uint32_t op)
{
    uint32_t attrs = rmt_json_get(json, op, "A");
    uint32_t name = 0;
    if (!rmt_json_is(json, attrs, RMT_JSON_LIST))
        return 0;
    for (uint32_t at = attrs + 1; at < json->nodes[attrs].next; at = json->nodes[at].next)
        if (rmt_json_is(json, at, RMT_JSON_TEXT))
            name = at;
        else if (rmt_span_is(rmt_json_text(json, rmt_json_get(json, at, "N")), "parameter_name"))
            name = rmt_json_get(json, rmt_json_get(json, at, "AT"), "D");
    return rmt_json_is(json, name, RMT_JSON_TEXT) ? name : 0;
}

/* "O" is one object in the short form of the operator, a list in the long one. */
static uint32_t parameter_entry(const rmt_pir_reader *reader)
{
    uint32_t result = rmt_json_get(&reader->json, reader->op, "O");
    return rmt_json_is(&reader->json, result, RMT_JSON_OBJECT) ? result : rmt_pir_result_at(reader, 0);
}

static ramet_status note_parameter(rmt_pir_reader *reader, rmt_list *parameters)
{
    const rmt_json *json = &reader->json;
    uint32_t name = parameter_name(json, reader->op);
    uint32_t entry = parameter_entry(reader);
    if (name == 0 || entry == 0)
        return rmt_pir_refuse(reader, RAMET_STATUS_BAD_FORMAT, reader->op, "has no name or no result");
    if (!is_persistable(json, reader->op))
        return rmt_pir_bind(reader, entry, (rmt_pir_binding){.kind = RMT_PIR_UNMADE});
    const char *text = rmt_pir_text(reader, name);
    parameter made = {.entry = entry};
    made.name = text != NULL ? rmt_arena_copy_text(&reader->graph->arena, text, strlen(text)) : NULL;
    bool fits = made.name != NULL && rmt_list_push(parameters, &made, sizeof(made), RMT_LIMIT_VARS);
    return fits ? RAMET_STATUS_OK : rmt_pir_no_memory(reader);
}

static int by_name(const void *a, const void *b)
{
    const parameter *left = a;
    const parameter *right = b;
    return strcmp(left->name, right->name);
}

/* The next record of the file as a constant. */
static ramet_status add_parameter(rmt_pir_reader *reader, rmt_params *params, const char *name, int32_t *value)
{
    rmt_param param = {0};
    ramet_status status = rmt_params_next(params, name, &param, reader->error);
    if (status != RAMET_STATUS_OK)
        return status;
    *value = rmt_graph_add_constant(reader->graph, name, param.dtype, &param.shape, param.data);
    return *value >= 0 ? RAMET_STATUS_OK : rmt_pir_no_memory(reader);
}

/* Operators that name the same parameter share its record. */
static ramet_status add_parameters(rmt_pir_reader *reader, rmt_params *params, const rmt_list *parameters)
{
    const parameter *items = parameters->items;
    rmt_pir_binding made = {.kind = RMT_PIR_TENSOR};
    ramet_status status = RAMET_STATUS_OK;
    for (size_t i = 0; i < parameters->count && status == RAMET_STATUS_OK; i++) {
        if (i == 0 || strcmp(items[i - 1].name, items[i].name) != 0)
            status = add_parameter(reader, params, items[i].name, &made.value);
        if (status == RAMET_STATUS_OK)
            status = rmt_pir_bind(reader, items[i].entry, made);
    }
    return status == RAMET_STATUS_OK ? rmt_params_end(params, reader->error) : status;
}

static ramet_status read_parameters(rmt_pir_reader *reader, rmt_params *params)
{
    const rmt_json *json = &reader->json;
    const rmt_pir_frame *main_block = &reader->frames[0];
    rmt_list parameters = {0};
    ramet_status status = RAMET_STATUS_OK;
    for (uint32_t at = main_block->next; at < main_block->end && status == RAMET_STATUS_OK; at = json->nodes[at].next) {
        status = rmt_pir_set_op(reader, at);
        if (status == RAMET_STATUS_OK && reader->dialect == RMT_PIR_BUILTIN && rmt_span_is(reader->name, "parameter"))
            status = note_parameter(reader, &parameters);
    }
    if (status == RAMET_STATUS_OK && parameters.count > 0)
        qsort(parameters.items, parameters.count, sizeof(parameter), by_name);
    if (status == RAMET_STATUS_OK)
        status = add_parameters(reader, params, &parameters);
    rmt_list_clear(&parameters);
    return status;
}

/* ---- operators ------------------------------------------------------------------------------------------------- */

static ramet_status read_operator(rmt_pir_reader *reader, uint32_t op)
{
    rmt_graph raw;
    bool done = false;
    ramet_status status = rmt_pir_set_op(reader, op);
    if (status != RAMET_STATUS_OK)
        return status;
    bool is_parameter = rmt_span_is(reader->type, "p");
    rmt_graph_init(&raw);
    if (!is_parameter || reader->depth > 0)
        status = rmt_pir_read_attrs(reader, &raw);
    if (status == RAMET_STATUS_OK && (!is_parameter || reader->depth > 0))
        status = rmt_pir_add_special(reader, &raw, &done);
    if (status == RAMET_STATUS_OK && !done && !is_parameter)
        status = rmt_pir_add_operator(reader, &raw);
    rmt_graph_clear(&raw);
    return status;
}

/* Blocks inside are entered and left on the way. */
static ramet_status read_operators(rmt_pir_reader *reader)
{
    ramet_status status = RAMET_STATUS_OK;
    while (status == RAMET_STATUS_OK) {
        rmt_pir_frame *frame = &reader->frames[reader->depth];
        if (frame->next < frame->end) {
            uint32_t op = frame->next;
            frame->next = reader->json.nodes[op].next;
            status = read_operator(reader, op);
        } else if (reader->depth > 0) {
            status = rmt_pir_leave(reader);
        } else {
            break;
        }
    }
    return status;
}

/* ---- the program ------------------------------------------------------------------------------------------------ */

static ramet_status refuse_file(const rmt_pir_reader *reader, uint32_t at, const char *why)
{
    ramet_status status = rmt_fail(reader->error, RAMET_STATUS_BAD_FORMAT, "%s", why);
    return rmt_source_place(reader->source, reader->source->data + reader->json.nodes[at].start, reader->error, status);
}

/* root.program.regions[0].blocks[0].ops, the main block. */
static ramet_status find_main_block(rmt_pir_reader *reader)
{
    const rmt_json *json = &reader->json;
    uint32_t header = rmt_json_get(json, 0, "base_code");
    if (!rmt_span_is(rmt_json_text(json, rmt_json_get(json, header, "magic")), "pir"))
        return refuse_file(reader, header, "this JSON file is no PIR program: it does not say \"magic\": \"pir\"");
    uint32_t regions = rmt_json_get(json, rmt_json_get(json, 0, "program"), "regions");
    uint32_t blocks = rmt_json_length(json, regions) == 1 ? rmt_json_get(json, regions + 1, "blocks") : 0;
    uint32_t ops = rmt_json_length(json, blocks) == 1 ? rmt_json_get(json, blocks + 1, "ops") : 0;
    if (!rmt_json_is(json, ops, RMT_JSON_LIST))
        return refuse_file(reader, 0, "the program is damaged: it does not consist of one region with one block");
    reader->frames[0].next = ops + 1;
    reader->frames[0].end = json->nodes[ops].next;
    return RAMET_STATUS_OK;
}

/* Each number of a value takes more than two entries of the index. */
static ramet_status make_bindings(rmt_pir_reader *reader)
{
    reader->id_limit = (int64_t)(reader->json.count / 2);
    reader->bindings = calloc((size_t)reader->id_limit * 2 + 1, sizeof(rmt_pir_binding));
    return reader->bindings != NULL ? RAMET_STATUS_OK : rmt_fail_memory(reader->error, reader->json.count);
}

static ramet_status read_program(rmt_pir_reader *reader, rmt_params *params)
{
    ramet_status status = rmt_json_read(reader->source, &reader->json, reader->error);
    if (status == RAMET_STATUS_OK)
        status = find_main_block(reader);
    if (status == RAMET_STATUS_OK)
        status = make_bindings(reader);
    if (status == RAMET_STATUS_OK)
        status = read_parameters(reader, params);
    if (status == RAMET_STATUS_OK)
        status = read_operators(reader);
    if (status == RAMET_STATUS_OK)
        status = rmt_build_borders(reader->graph, &reader->feeds, &reader->fetches, reader->error);
    return status == RAMET_STATUS_OK ? rmt_build_drop_unread(reader->graph, reader->error) : status;
}

static void reader_clear(rmt_pir_reader *reader)
{
    for (size_t i = 0; i <= RMT_MAX_BLOCK_DEPTH; i++)
        rmt_pir_frame_clear(&reader->frames[i]);
    rmt_json_clear(&reader->json);
    free(reader->bindings);
    rmt_list_clear(&reader->changes);
    rmt_list_clear(&reader->lists);
    rmt_list_clear(&reader->feeds);
    rmt_list_clear(&reader->fetches);
    rmt_list_clear(&reader->inputs);
    rmt_list_clear(&reader->outputs);
    rmt_buffer_clear(&reader->text);
}

ramet_status rmt_pir_read(const rmt_source *source, rmt_params *params, rmt_graph *graph, ramet_error *error)
{
    rmt_pir_reader *reader = calloc(1, sizeof(rmt_pir_reader));
    if (reader == NULL)
        return rmt_fail_memory(error, sizeof(rmt_pir_reader));
    reader->source = source;
    reader->graph = graph;
    reader->error = error;
    rmt_buffer_init(&reader->text, 0);
    ramet_status status = read_program(reader, params);
    reader_clear(reader);
    free(reader);
    return status;
}

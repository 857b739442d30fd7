/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML -> tree, from the events of libyaml. The nesting that is open stands on an explicit stack; the depth, the number
 * of nodes and the bytes are bounded. Aliases are refused: no configuration of these models needs them, and they let a
 * small file describe a huge tree.
 */
#include "formats/formats.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "formats/limits.h"

/* A list or map that is open, and where its next child goes. */
typedef struct level {
    rmt_yaml *node;
    const rmt_yaml **tail;
    const char *key; /* of a map: read, and waiting for its value */
} level;

typedef struct tree_builder {
    rmt_yaml_file *file;
    ramet_error *error;
    yaml_parser_t parser;
    level levels[RMT_LIMIT_CONFIG_DEPTH];
    size_t depth;
    size_t node_count;
} tree_builder;

static ramet_status refuse(const tree_builder *builder, ramet_status status, const char *why, size_t line)
{
    status = rmt_fail(builder->error, status, "%s", why);
    return rmt_fail_at(builder->error, status, "%.160s: line %zu", builder->file->path, line + 1);
}

static ramet_status refuse_event(const tree_builder *builder, const yaml_event_t *event, const char *why)
{
    return refuse(builder, RAMET_STATUS_BAD_FORMAT, why, event->start_mark.line);
}

/* ---- nodes ------------------------------------------------------------------------------------------------- */

static ramet_status copy_scalar(const tree_builder *builder, const yaml_event_t *event, const char **text)
{
    const char *value = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    if (memchr(value, '\0', length) != NULL)
        return refuse_event(builder, event, "a text holds a NUL character");
    *text = rmt_arena_copy_text(&builder->file->arena, value, length);
    return *text != NULL ? RAMET_STATUS_OK : rmt_fail_memory(builder->error, length);
}

/* Hangs a node under what is open, or makes it the root. */
static ramet_status attach(tree_builder *builder, const yaml_event_t *event, rmt_yaml *node)
{
    if (builder->depth == 0) {
        if (builder->file->root != NULL)
            return refuse_event(builder, event, "the file holds more than one document");
        builder->file->root = node;
        return RAMET_STATUS_OK;
    }
    level *parent = &builder->levels[builder->depth - 1];
    node->key = parent->key;
    parent->key = NULL;
    *parent->tail = node;
    parent->tail = &node->next;
    return RAMET_STATUS_OK;
}

static ramet_status add_node(tree_builder *builder, const yaml_event_t *event, rmt_yaml_kind kind, rmt_yaml **made)
{
    if (++builder->node_count > RMT_LIMIT_CONFIG_NODES)
        return refuse(builder, RAMET_STATUS_OVER_BUDGET, "too many entries", event->start_mark.line);
    rmt_yaml *node = rmt_arena_alloc(&builder->file->arena, 1, sizeof(rmt_yaml));
    if (node == NULL)
        return rmt_fail_memory(builder->error, sizeof(rmt_yaml));
    node->kind = kind;
    node->line = (int32_t)(event->start_mark.line + 1);
    *made = node;
    return attach(builder, event, node);
}

/* ---- events ------------------------------------------------------------------------------------------------ */

static bool wants_key(const tree_builder *builder)
{
    const level *open = builder->depth > 0 ? &builder->levels[builder->depth - 1] : NULL;
    return open != NULL && open->node->kind == RMT_YAML_MAP && open->key == NULL;
}

static ramet_status on_scalar(tree_builder *builder, const yaml_event_t *event)
{
    if (wants_key(builder))
        return copy_scalar(builder, event, &builder->levels[builder->depth - 1].key);
    rmt_yaml *node = NULL;
    ramet_status status = add_node(builder, event, RMT_YAML_SCALAR, &node);
    if (status == RAMET_STATUS_OK) {
        node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
        status = copy_scalar(builder, event, &node->text);
    }
    return status;
}

static ramet_status on_open(tree_builder *builder, const yaml_event_t *event, rmt_yaml_kind kind)
{
    if (wants_key(builder))
        return refuse_event(builder, event, "a key is a list or a map");
    if (builder->depth == RMT_LIMIT_CONFIG_DEPTH)
        return refuse_event(builder, event, "lists and maps are nested too deeply");
    rmt_yaml *node = NULL;
    ramet_status status = add_node(builder, event, kind, &node);
    if (status == RAMET_STATUS_OK)
        builder->levels[builder->depth++] = (level){.node = node, .tail = &node->first};
    return status;
}

static ramet_status on_event(tree_builder *builder, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT: return on_scalar(builder, event);
    case YAML_SEQUENCE_START_EVENT: return on_open(builder, event, RMT_YAML_LIST);
    case YAML_MAPPING_START_EVENT: return on_open(builder, event, RMT_YAML_MAP);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: builder->depth--; return RAMET_STATUS_OK;
    case YAML_ALIAS_EVENT: return refuse_event(builder, event, "an alias (*name); write the value out");
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_START_EVENT:
    case YAML_DOCUMENT_END_EVENT: break;
    }
    return RAMET_STATUS_OK;
}

static ramet_status refuse_syntax(const tree_builder *builder)
{
    const yaml_parser_t *parser = &builder->parser;
    if (parser->error == YAML_MEMORY_ERROR)
        return rmt_fail_memory(builder->error, RMT_LIMIT_CONFIG_BYTES);
    ramet_status status = rmt_fail(builder->error, RAMET_STATUS_BAD_FORMAT, "this is no valid YAML: %s",
                                   parser->problem != NULL ? parser->problem : "unknown problem");
    return rmt_fail_at(builder->error, status, "%.160s: line %zu", builder->file->path, parser->problem_mark.line + 1);
}

static ramet_status read_events(tree_builder *builder)
{
    ramet_status status = RAMET_STATUS_OK;
    bool more = true;
    while (more && status == RAMET_STATUS_OK) {
        yaml_event_t event;
        if (!yaml_parser_parse(&builder->parser, &event))
            return refuse_syntax(builder);
        status = on_event(builder, &event);
        more = event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    if (status == RAMET_STATUS_OK && builder->file->root == NULL)
        status = refuse(builder, RAMET_STATUS_BAD_FORMAT, "the configuration is empty", 0);
    return status;
}

/* ---- opening ------------------------------------------------------------------------------------------------ */

static ramet_status build(rmt_yaml_file *file, const void *bytes, size_t count, ramet_error *error)
{
    tree_builder builder = {.file = file, .error = error};
    if (!yaml_parser_initialize(&builder.parser))
        return rmt_fail_memory(error, sizeof(yaml_parser_t));
    yaml_parser_set_input_string(&builder.parser, bytes, count);
    ramet_status status = read_events(&builder);
    yaml_parser_delete(&builder.parser);
    return status;
}

ramet_status rmt_yaml_open_memory(const void *bytes, size_t count, const char *name, rmt_yaml_file *file,
                                  ramet_error *error)
{
    *file = (rmt_yaml_file){0};
    if (count > RMT_LIMIT_CONFIG_BYTES) {
        return rmt_fail(error, RAMET_STATUS_OVER_BUDGET, "a configuration of %zu bytes; at most %zu are allowed", count,
                        RMT_LIMIT_CONFIG_BYTES);
    }
    rmt_arena_init(&file->arena, RMT_LIMIT_CONFIG_ARENA_BYTES);
    file->path = rmt_arena_copy_text(&file->arena, name, strlen(name));
    ramet_status status =
        file->path != NULL ? build(file, count > 0 ? bytes : "", count, error) : rmt_fail_memory(error, strlen(name));
    if (status != RAMET_STATUS_OK)
        rmt_yaml_close(file);
    return status;
}

ramet_status rmt_yaml_open(const char *config, rmt_yaml_file *file, ramet_error *error)
{
    if (strchr(config, '\n') != NULL)
        return rmt_yaml_open_memory(config, strlen(config), "configuration", file, error);
    *file = (rmt_yaml_file){0};
    unsigned char *bytes = NULL;
    size_t count = 0;
    int failed = rmt_os_read_file(config, RMT_LIMIT_CONFIG_BYTES, &bytes, &count);
    if (failed != 0)
        return rmt_fail_errno(error, failed, "read", config);
    ramet_status status = rmt_yaml_open_memory(bytes, count, config, file, error);
    free(bytes);
    return status;
}

void rmt_yaml_close(rmt_yaml_file *file)
{
    rmt_arena_clear(&file->arena);
    *file = (rmt_yaml_file){0};
}

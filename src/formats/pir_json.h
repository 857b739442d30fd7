/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An index of a JSON file: one small entry for each value, in the order of the file; texts and numbers stay in the file
 * and are read when somebody asks. The entries of a container follow it; `next` skips a whole value:
 *   for (at = container + 1; at < nodes[container].next; at = nodes[at].next)
 * In an object they are key, value, key, value. Entry 0 is the whole file; as an answer it means "none".
 */
#ifndef RMT_FORMATS_PIR_JSON_H
#define RMT_FORMATS_PIR_JSON_H

#include "formats/source.h"

typedef enum rmt_json_kind {
    RMT_JSON_NULL,
    RMT_JSON_FALSE,
    RMT_JSON_TRUE,
    RMT_JSON_NUMBER,
    RMT_JSON_TEXT,
    RMT_JSON_LIST,
    RMT_JSON_OBJECT
} rmt_json_kind;

typedef struct rmt_json_node {
    uint32_t start, end; /* offsets in the file: of a text without its quotes */
    uint32_t next;       /* the entry behind this value and all that is in it */
    rmt_json_kind kind;
} rmt_json_node;

typedef struct rmt_json {
    const rmt_source *source;
    rmt_json_node *nodes;
    size_t count, capacity;
} rmt_json;

/* Checks the whole file's grammar. It must be an object; no object may have the same key twice. Clear it whatever the answer. */
ramet_status rmt_json_read(const rmt_source *source, rmt_json *json, ramet_error *error);
void rmt_json_clear(rmt_json *json);

/* The value of a key; 0 when it is absent or `object` is none. */
uint32_t rmt_json_get(const rmt_json *json, uint32_t object, const char *key);

bool rmt_json_is(const rmt_json *json, uint32_t at, rmt_json_kind kind);

/* How many entries a list has; 0 for anything else. */
size_t rmt_json_length(const rmt_json *json, uint32_t list);

/* True and false count as 1 and 0, a number like 2.0 as 2. False when it is something else, or does not fit. */
bool rmt_json_int(const rmt_json *json, uint32_t at, int64_t *value);
bool rmt_json_float(const rmt_json *json, uint32_t at, double *value);

/* A text as it stands in the file, escapes and all; empty when it is none. */
rmt_span rmt_json_text(const rmt_json *json, uint32_t at);

/* Appends a text, escapes decoded; a character that is none becomes U+FFFD. False when memory is exhausted. */
bool rmt_json_decode(const rmt_json *json, uint32_t at, rmt_buffer *text);

#endif

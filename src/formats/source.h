/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file in memory that is being read, spans of it, and growing lists: what
 * the readers of this room share. Spans point into the file and are not
 * NUL-terminated.
 */
#ifndef RMT_FORMATS_SOURCE_H
#define RMT_FORMATS_SOURCE_H

#include "base/base.h"

typedef struct rmt_source {
    const unsigned char *data;
    size_t bytes;
    const char *name; /* for messages: the path, or "program" */
} rmt_source;

typedef struct rmt_span {
    const unsigned char *data;
    size_t bytes;
} rmt_span;

/* Sets the place of an error to where `at` (a pointer into the file) is; returns status. */
ramet_status rmt_source_place(const rmt_source *source, const void *at, ramet_error *error, ramet_status status);

bool rmt_span_is(rmt_span span, const char *text);
int rmt_span_compare(rmt_span a, rmt_span b); /* bytewise, as strcmp */

/* How many bytes of it to show in a message: the length for a "%.*s". */
int rmt_span_shown(rmt_span span);

rmt_span rmt_span_of(const char *text);

/* Cuts the part before the next separator off the front of rest, and the separator. False when rest is empty. */
bool rmt_span_cut(rmt_span *rest, char separator, rmt_span *part);

/* Drops the last character if it is this one; tells whether it was. */
bool rmt_span_drop_last(rmt_span *span, char last);

/* A growing array; what its entries are is said where it stands. Zeroed: empty. */
typedef struct rmt_list {
    void *items;
    size_t count, capacity;
} rmt_list;

/* Appends a copy of an entry. False when memory or the limit is exhausted. */
bool rmt_list_push(rmt_list *list, const void *entry, size_t entry_bytes, size_t limit);
void rmt_list_clear(rmt_list *list);

#endif

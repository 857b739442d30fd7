/* SPDX-License-Identifier: Apache-2.0 */
/* Places in files, spans, lists. */
#include "formats/source.h"

#include <stdlib.h>
#include <string.h>

ramet_status rmt_source_place(const rmt_source *source, const void *at, ramet_error *error, ramet_status status)
{
    enum { NAME_ROOM = 128 }; /* the end of a long path says more than its start, and the offset must fit too */
    size_t length = strlen(source->name);
    const char *name = length > NAME_ROOM ? source->name + length - NAME_ROOM : source->name;
    size_t offset = source->data != NULL ? (size_t)((const unsigned char *)at - source->data) : 0;
    return rmt_fail_at(error, status, "%s%s: offset %zu", length > NAME_ROOM ? "..." : "", name, offset);
}

bool rmt_span_is(rmt_span span, const char *text)
{
    return span.bytes == strlen(text) && memcmp(span.data, text, span.bytes) == 0;
}

int rmt_span_compare(rmt_span a, rmt_span b)
{
    size_t common = a.bytes < b.bytes ? a.bytes : b.bytes;
    int order = common > 0 ? memcmp(a.data, b.data, common) : 0;
    return order != 0 ? order : (a.bytes > b.bytes) - (a.bytes < b.bytes);
}

rmt_span rmt_span_of(const char *text) { return (rmt_span){(const unsigned char *)text, strlen(text)}; }

bool rmt_span_cut(rmt_span *rest, char separator, rmt_span *part)
{
    if (rest->bytes == 0)
        return false;
    const unsigned char *end = memchr(rest->data, separator, rest->bytes);
    part->data = rest->data;
    part->bytes = end != NULL ? (size_t)(end - rest->data) : rest->bytes;
    size_t used = part->bytes + (end != NULL ? 1 : 0);
    rest->data += used;
    rest->bytes -= used;
    return true;
}

bool rmt_span_drop_last(rmt_span *span, char last)
{
    bool there = span->bytes > 0 && span->data[span->bytes - 1] == (unsigned char)last;
    span->bytes -= there ? 1 : 0;
    return there;
}

int rmt_span_shown(rmt_span span)
{
    enum { SHOWN_BYTES = 80 };
    return span.bytes < SHOWN_BYTES ? (int)span.bytes : SHOWN_BYTES;
}

bool rmt_list_push(rmt_list *list, const void *entry, size_t entry_bytes, size_t limit)
{
    if (!rmt_grow(&list->items, &list->capacity, list->count, entry_bytes, limit))
        return false;
    memcpy((char *)list->items + list->count * entry_bytes, entry, entry_bytes);
    list->count++;
    return true;
}

void rmt_list_clear(rmt_list *list)
{
    free(list->items);
    *list = (rmt_list){0};
}

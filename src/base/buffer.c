/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growing arrays with a ceiling: bytes and typed elements.
 *
 * Capacity doubles, so n appends cost O(n). Where memory or the ceiling ends,
 * the call returns false and what was there stays as it was.
 */
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rmt_buffer_init(rmt_buffer *buffer, size_t limit_bytes) { *buffer = (rmt_buffer){.limit_bytes = limit_bytes}; }

void rmt_buffer_clear(rmt_buffer *buffer)
{
    free(buffer->data);
    rmt_buffer_init(buffer, buffer->limit_bytes);
}

/* Room for `more` bytes and the closing NUL; capacity counts the NUL's byte too. */
static bool reserve(rmt_buffer *buffer, size_t more)
{
    size_t bytes, needed, capacity = buffer->capacity ? buffer->capacity : 64;
    if (!rmt_add_size(buffer->bytes, more, &bytes) || !rmt_add_size(bytes, 1, &needed))
        return false;
    if (buffer->limit_bytes && bytes > buffer->limit_bytes)
        return false;
    if (needed <= buffer->capacity)
        return true;
    while (capacity < needed)
        if (!rmt_mul_size(capacity, 2, &capacity))
            capacity = needed;
    unsigned char *data = realloc(buffer->data, capacity);
    if (!data)
        return false;
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

bool rmt_buffer_append(rmt_buffer *buffer, const void *data, size_t bytes)
{
    if (!reserve(buffer, bytes))
        return false;
    if (bytes)
        memcpy(buffer->data + buffer->bytes, data, bytes);
    buffer->bytes += bytes;
    buffer->data[buffer->bytes] = 0;
    return true;
}

static bool append_printed(rmt_buffer *buffer, const char *format, va_list measured, va_list printed)
{
    int length = vsnprintf(NULL, 0, format, measured);
    if (length < 0 || !reserve(buffer, (size_t)length))
        return false;
    vsnprintf((char *)buffer->data + buffer->bytes, (size_t)length + 1, format, printed);
    buffer->bytes += (size_t)length;
    return true;
}

bool rmt_buffer_printf(rmt_buffer *buffer, const char *format, ...)
{
    va_list measured, printed;
    va_start(measured, format);
    va_copy(printed, measured);
    bool done = append_printed(buffer, format, measured, printed);
    va_end(printed);
    va_end(measured);
    return done;
}

bool rmt_grow(void **items, size_t *capacity, size_t count, size_t size, size_t limit)
{
    if (count < *capacity && count < limit)
        return true;
    size_t more, bytes;
    if (count >= limit || !rmt_mul_size(*capacity, 2, &more))
        return false;
    if (more < 8)
        more = 8;
    if (more > limit)
        more = limit;
    if (!rmt_mul_size(more, size, &bytes))
        return false;
    void *grown = realloc(*items, bytes);
    if (!grown)
        return false;
    *items = grown;
    *capacity = more;
    return true;
}

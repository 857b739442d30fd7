/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one file that speaks to nanopb's streams. A span that is noted lies inside the file, whatever the file says; lists
 * end at their limit, and memory that runs out is told apart from a file that lies.
 */
#include "formats/wire_capture.h"

#include <string.h>

#include "formats/limits.h"

static bool refuse(pb_istream_t *stream, const char *why)
{
    PB_SET_ERROR(stream, why);
    return false;
}

static bool push(pb_istream_t *stream, const rmt_capture *to, const void *entry, size_t entry_bytes)
{
    if (rmt_list_push(to->list, entry, entry_bytes, to->limit))
        return true;
    to->decoder->no_memory = to->list->count < to->limit;
    return refuse(stream, "too many entries");
}

/*
 * A string or sub-message. nanopb hands a number that stands in the place of one over in a buffer of its own; the range
 * check tells the two apart.
 */
static bool take_span(pb_istream_t *stream, const pb_field_t *field, void **argument)
{
    (void)field;
    const rmt_capture *to = *argument;
    const rmt_source *source = to->decoder->source;
    rmt_span span = {stream->state, stream->bytes_left};
    uintptr_t at = (uintptr_t)span.data;
    uintptr_t start = (uintptr_t)source->data;
    if (at < start || !rmt_range_fits(at - start, span.bytes, source->bytes))
        return refuse(stream, "wrong wire type");
    if (to->span != NULL)
        *to->span = span;
    else if (!push(stream, to, &span, sizeof(span)))
        return false;
    return pb_read(stream, NULL, stream->bytes_left);
}

/* The next three take one number a call; an empty packed list calls once with nothing. */
static bool take_varint(pb_istream_t *stream, const pb_field_t *field, void **argument)
{
    (void)field;
    uint64_t bits = 0;
    if (stream->bytes_left == 0)
        return true;
    if (!pb_decode_varint(stream, &bits))
        return false;
    int64_t value = (int64_t)bits;
    return push(stream, *argument, &value, sizeof(value));
}

static bool take_float(pb_istream_t *stream, const pb_field_t *field, void **argument)
{
    (void)field;
    float number = 0.0F;
    if (stream->bytes_left == 0)
        return true;
    if (!pb_decode_fixed32(stream, &number))
        return false;
    double value = (double)number;
    return push(stream, *argument, &value, sizeof(value));
}

static bool take_double(pb_istream_t *stream, const pb_field_t *field, void **argument)
{
    (void)field;
    double value = 0.0;
    if (stream->bytes_left == 0)
        return true;
    return pb_decode_fixed64(stream, &value) && push(stream, *argument, &value, sizeof(value));
}

static pb_callback_t calls(bool (*decode)(pb_istream_t *, const pb_field_t *, void **), rmt_capture *to)
{
    return (pb_callback_t){.funcs = {.decode = decode}, .arg = to};
}

pb_callback_t rmt_capture_spans(rmt_capture *to) { return calls(take_span, to); }
pb_callback_t rmt_capture_varints(rmt_capture *to) { return calls(take_varint, to); }
pb_callback_t rmt_capture_floats(rmt_capture *to) { return calls(take_float, to); }
pb_callback_t rmt_capture_doubles(rmt_capture *to) { return calls(take_double, to); }

ramet_status rmt_wire_decode(rmt_decoding *decoder, rmt_span span, const pb_msgdesc_t *fields, void *message,
                             ramet_error *error)
{
    pb_istream_t stream = pb_istream_from_buffer(span.data, span.bytes);
    if (pb_decode(&stream, fields, message))
        return RAMET_STATUS_OK;
    if (decoder->no_memory)
        return rmt_fail_memory(error, span.bytes);
    ramet_status status =
        rmt_fail(error, RAMET_STATUS_BAD_FORMAT, "damaged, or not what it claims to be: %s", PB_GET_ERROR(&stream));
    return rmt_source_place(decoder->source, span.data + span.bytes - stream.bytes_left, error, status);
}

ramet_status rmt_wire_check_text(const rmt_source *source, rmt_span text, ramet_error *error)
{
    ramet_status status = RAMET_STATUS_OK;
    if (text.bytes > RMT_LIMIT_TEXT_BYTES) {
        status = rmt_fail(error, RAMET_STATUS_BAD_FORMAT, "a text of %zu bytes; at most %zu are allowed", text.bytes,
                          RMT_LIMIT_TEXT_BYTES);
    } else if (text.bytes > 0 && memchr(text.data, '\0', text.bytes) != NULL) {
        status = rmt_fail(error, RAMET_STATUS_BAD_FORMAT, "a text holds a NUL character");
    }
    return status == RAMET_STATUS_OK ? status : rmt_source_place(source, text.data, error, status);
}

ramet_status rmt_wire_check_name(const rmt_source *source, rmt_span name, rmt_span message, ramet_error *error)
{
    if (name.bytes > 0)
        return rmt_wire_check_text(source, name, error);
    ramet_status status = rmt_fail(error, RAMET_STATUS_BAD_FORMAT, "a variable, operator or attribute has no name");
    return rmt_source_place(source, message.data, error, status);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the readers of protocol buffers share: callbacks that note where a
 * string, a sub-message or a number is, and the decoding of one message with
 * them. nanopb decodes plain fields, skips unknown ones and bounds every
 * length by its parent.
 */
#ifndef RMT_FORMATS_WIRE_CAPTURE_H
#define RMT_FORMATS_WIRE_CAPTURE_H

#include <pb_decode.h>

#include "formats/source.h"

/* One message being decoded. */
typedef struct rmt_decoding {
    const rmt_source *source;
    bool no_memory;
} rmt_decoding;

/* Where a callback puts what it finds: one span, or a list of at most `limit` entries. */
typedef struct rmt_capture {
    rmt_decoding *decoder;
    rmt_span *span;
    rmt_list *list;
    size_t limit;
} rmt_capture;

/* Strings and sub-messages (rmt_span); integers (int64_t); float and double (double). */
pb_callback_t rmt_capture_spans(rmt_capture *to);
pb_callback_t rmt_capture_varints(rmt_capture *to);
pb_callback_t rmt_capture_floats(rmt_capture *to);
pb_callback_t rmt_capture_doubles(rmt_capture *to);

/* Decodes one message; what is wrong with it is told with its place. */
ramet_status rmt_wire_decode(rmt_decoding *decoder, rmt_span span, const pb_msgdesc_t *fields, void *message,
                             ramet_error *error);

/* A text is of bounded length and holds no NUL; a name of a message is not empty either. */
ramet_status rmt_wire_check_text(const rmt_source *source, rmt_span text, ramet_error *error);
ramet_status rmt_wire_check_name(const rmt_source *source, rmt_span name, rmt_span message, ramet_error *error);

#endif

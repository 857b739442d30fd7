/* SPDX-License-Identifier: Apache-2.0 */
/* Messages with bytes beside them, and the sink that gathers such bytes. */
#include "fleet/mail.h"

#include <errno.h>
#include <stdlib.h>

ramet_status ramet_fleet_sink_write(ramet_fleet_sink *sink, const void *data, size_t bytes)
{
    sink->full = sink->full || !rmt_buffer_append(&sink->buffer, data, bytes);
    return sink->full ? RAMET_STATUS_OUT_OF_MEMORY : RAMET_STATUS_OK;
}

int rmt_mail_send(const rmt_os_line *line, rmt_mail_kind kind, size_t index, const void *data, size_t bytes)
{
    rmt_mail mail = {.kind = kind, .index = index, .bytes = bytes};
    int failed = rmt_os_line_write(line, data, bytes);
    return failed ? failed : rmt_os_line_send(line, &mail, sizeof mail);
}

int rmt_mail_announce(const rmt_os_line *line, rmt_mail_kind kind, size_t index)
{
    rmt_mail mail = {.kind = kind, .index = index};
    return rmt_os_line_send(line, &mail, sizeof mail);
}

int rmt_mail_receive(const rmt_os_line *line, rmt_mail *mail) { return rmt_os_line_receive(line, mail, sizeof *mail); }

int rmt_mail_read(const rmt_os_line *line, const rmt_mail *mail, void **data)
{
    *data = NULL;
    unsigned char *bytes = mail->bytes < SIZE_MAX ? malloc((size_t)mail->bytes + 1) : NULL;
    if (!bytes)
        return ENOMEM;
    int failed = rmt_os_line_read(line, bytes, (size_t)mail->bytes);
    if (failed) {
        free(bytes);
        return failed;
    }
    bytes[mail->bytes] = 0;
    *data = bytes;
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a fleet and its worker processes say to each other.
 *
 * A mail is a short message over the line, and bytes in the line's memory file.
 * The fleet sends PARCEL (an input); a worker sends READY once, then for each
 * input BEGUN, before it has read the bytes, and PARCEL (its result) or FAILURE (a
 * ramet_error instead); FAILURE in place of READY means that it could not open.
 */
#ifndef RMT_MAIL_H
#define RMT_MAIL_H

#include "base/base.h"
#include "os/os.h"
#include "ramet/fleet.h"

typedef enum rmt_mail_kind { RMT_MAIL_READY = 1, RMT_MAIL_PARCEL, RMT_MAIL_FAILURE, RMT_MAIL_BEGUN } rmt_mail_kind;

typedef struct rmt_mail {
    rmt_mail_kind kind;
    uint64_t index; /* of the input */
    uint64_t bytes; /* in the memory file */
} rmt_mail;

struct ramet_fleet_sink {
    rmt_buffer buffer;
    bool full; /* memory was exhausted; what was written is not whole */
};

/* 0 or errno; EPIPE when the other end is gone. */
int rmt_mail_send(const rmt_os_line *line, rmt_mail_kind kind, size_t index, const void *data, size_t bytes);
/* A message alone; the memory file stays as it is. */
int rmt_mail_announce(const rmt_os_line *line, rmt_mail_kind kind, size_t index);

/* Waits for the message, and then reads the bytes. *data: mail->bytes of them and a NUL byte, from malloc, the caller's to free. */
int rmt_mail_receive(const rmt_os_line *line, rmt_mail *mail);
int rmt_mail_read(const rmt_os_line *line, const rmt_mail *mail, void **data);

/* The worker's side: opens, then works until the other end is gone. */
ramet_status rmt_fleet_serve(const ramet_fleet_process_job *job, const rmt_os_line *line, ramet_error *error);

#endif

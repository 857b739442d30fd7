/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker process: opens once, then an input at a time until the fleet is
 * gone. The buffer of results keeps its size from one input to the next.
 */
#include "fleet/mail.h"

#include <errno.h>
#include <stdlib.h>

static int send_failure(const rmt_os_line *line, size_t index, const ramet_error *problem)
{
    return rmt_mail_send(line, RMT_MAIL_FAILURE, index, problem, sizeof *problem);
}

/* Works on one input and sends what came of it. 0 or errno. */
static int answer(const ramet_fleet_process_job *job, const rmt_os_line *line, const ramet_fleet_parcel *input,
                  ramet_fleet_sink *sink)
{
    ramet_error problem = {0};
    sink->buffer.bytes = 0;
    sink->full = false;
    ramet_status status = job->work(job->context, input, sink, &problem);
    if (!status && sink->full)
        status = rmt_fail_memory(&problem, sink->buffer.bytes);
    problem.status = status;
    return status ? send_failure(line, input->index, &problem)
                  : rmt_mail_send(line, RMT_MAIL_PARCEL, input->index, sink->buffer.data, sink->buffer.bytes);
}

static int serve_inputs(const ramet_fleet_process_job *job, const rmt_os_line *line)
{
    ramet_fleet_sink sink = {0};
    rmt_buffer_init(&sink.buffer, 0);
    int failed = rmt_mail_send(line, RMT_MAIL_READY, 0, NULL, 0);
    while (!failed) {
        rmt_mail mail;
        void *data;
        failed = rmt_mail_receive(line, &mail);
        if (!failed) /* first of all: what becomes of us from here on may be the input's doing */
            failed = rmt_mail_announce(line, RMT_MAIL_BEGUN, (size_t)mail.index);
        if (!failed)
            failed = rmt_mail_read(line, &mail, &data);
        if (failed)
            break;
        ramet_fleet_parcel input = {(size_t)mail.index, data, (size_t)mail.bytes};
        failed = answer(job, line, &input, &sink);
        free(data);
    }
    rmt_buffer_clear(&sink.buffer);
    return failed;
}

ramet_status rmt_fleet_serve(const ramet_fleet_process_job *job, const rmt_os_line *line, ramet_error *error)
{
    ramet_error problem = {0};
    ramet_status status = job->open ? job->open(job->context, &problem) : RAMET_STATUS_OK;
    if (status) {
        problem.status = status;
        send_failure(line, 0, &problem);
        if (error)
            *error = problem;
        return status;
    }
    int failed = serve_inputs(job, line);
    return failed == EPIPE ? RAMET_STATUS_OK : rmt_fail_errno(error, failed, "speak to", "the fleet");
}

ramet_status ramet_fleet_serve(const ramet_fleet_process_job *job, ramet_error *error)
{
    rmt_os_line line;
    if (!job || !job->work)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "a fleet needs a job with a work function");
    if (rmt_os_inherited_line(&line)) {
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT,
                        "no fleet has started this process; ramet_fleet_run_processes() does, with `command`");
    }
    ramet_status status = rmt_fleet_serve(job, &line, error);
    rmt_os_line_close(&line);
    return status;
}

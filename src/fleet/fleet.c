/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Worker threads around a window of inputs.
 *
 * Enters: a job and a number of inputs. Leaves: each input worked on once and
 * delivered in order. The calling thread is worker 0; the others live for one
 * call. A thread that cannot be started is one worker fewer, not a failure.
 */
#include "fleet/fleet.h"

#include <stdlib.h>

#include "os/os.h"

enum { FLEET_MAX_WORKERS = 1024, WINDOW_PER_WORKER = 4, WINDOW_EXTRA = 16 };

typedef struct worker {
    const ramet_fleet_job *job;
    rmt_window *window;
    int32_t index;
    pthread_t thread; /* not of worker 0 */
} worker;

void ramet_fleet_option_init(ramet_fleet_option *option)
{
    if (option)
        *option = (ramet_fleet_option){.struct_bytes = sizeof *option};
}

ramet_status rmt_crew_size_read(const ramet_fleet_option *option, size_t count, bool processes, rmt_crew_size *size,
                                ramet_error *error)
{
    ramet_fleet_option asked;
    ramet_status status = rmt_option_read(&asked, sizeof asked, option, error);
    if (status)
        return status;
    int32_t workers = processes ? asked.processes : asked.threads;
    if (workers < 0 || workers > FLEET_MAX_WORKERS) {
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "%d %s asked for; 1 to %d can be had", (int)workers,
                        processes ? "processes" : "threads", FLEET_MAX_WORKERS);
    }
    if (asked.window < 0) {
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "a window of %d inputs; it must hold at least 1",
                        (int)asked.window);
    }
    if (workers == 0)
        workers = 1;
    size->window = asked.window ? (size_t)asked.window : (size_t)(WINDOW_PER_WORKER * workers + WINDOW_EXTRA);
    if (size->window > count && count > 0)
        size->window = count;
    size->workers = (size_t)workers > count ? (int32_t)count : workers;
    return RAMET_STATUS_OK;
}

static void worker_main(void *context)
{
    worker *self = context;
    size_t index;
    while (rmt_window_take(self->window, &index)) {
        self->job->work(self->job->context, index, self->index);
        rmt_window_finish(self->window, index, self->job);
    }
}

/* Runs workers[0] here and the others beside it, as many as the system gives; returns when all have ended. */
static void run_workers(worker *workers, int32_t count)
{
    int32_t started = 1;
    while (started < count && !rmt_os_thread_start(&workers[started].thread, worker_main, &workers[started]))
        started++;
    worker_main(&workers[0]);
    while (started > 1)
        rmt_os_thread_join(workers[--started].thread);
}

static ramet_status run_fleet(const ramet_fleet_job *job, size_t count, const rmt_crew_size *size, size_t *done,
                              ramet_error *error)
{
    worker *workers = calloc((size_t)size->workers, sizeof *workers);
    if (!workers)
        return rmt_fail_memory(error, (size_t)size->workers * sizeof *workers);
    rmt_window window;
    ramet_status status = rmt_window_init(&window, count, size->window, error);
    if (!status) {
        for (int32_t i = 0; i < size->workers; i++)
            workers[i] = (worker){.job = job, .window = &window, .index = i};
        run_workers(workers, size->workers);
        *done = window.delivered;
        rmt_window_clear(&window);
    }
    free(workers);
    return status;
}

ramet_status ramet_fleet_run(const ramet_fleet_job *job, size_t count, const ramet_fleet_option *option, size_t *done,
                             ramet_error *error)
{
    size_t delivered = 0;
    rmt_crew_size size;
    ramet_status status = RAMET_STATUS_OK;
    if (!job || !job->work)
        status = rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "a fleet needs a job with a work function");
    else
        status = rmt_crew_size_read(option, count, false, &size, error);
    if (!status && count > 0)
        status = run_fleet(job, count, &size, &delivered, error);
    if (done)
        *done = delivered;
    return status;
}

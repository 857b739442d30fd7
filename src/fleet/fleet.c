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

enum { FLEET_MAX_THREADS = 1024, WINDOW_PER_THREAD = 4, WINDOW_EXTRA = 16 };

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

/* Puts the defaults in; cuts the threads to what `count` inputs can use. */
static ramet_status settle_option(ramet_fleet_option *settled, const ramet_fleet_option *option, size_t count,
                                  ramet_error *error)
{
    ramet_status status = rmt_option_read(settled, sizeof *settled, option, error);
    if (status)
        return status;
    if (settled->threads < 0 || settled->threads > FLEET_MAX_THREADS) {
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "%d threads asked for; 1 to %d can be had",
                        (int)settled->threads, FLEET_MAX_THREADS);
    }
    if (settled->window < 0) {
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "a window of %d inputs; it must hold at least 1",
                        (int)settled->window);
    }
    if (settled->threads == 0)
        settled->threads = 1;
    if (settled->window == 0)
        settled->window = WINDOW_PER_THREAD * settled->threads + WINDOW_EXTRA;
    if ((size_t)settled->threads > count)
        settled->threads = (int32_t)count;
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

static ramet_status run_fleet(const ramet_fleet_job *job, size_t count, const ramet_fleet_option *option, size_t *done,
                              ramet_error *error)
{
    size_t threads = (size_t)option->threads;
    worker *workers = calloc(threads, sizeof *workers);
    if (!workers)
        return rmt_fail_memory(error, threads * sizeof *workers);
    rmt_window window;
    ramet_status status = rmt_window_init(&window, count, (size_t)option->window, error);
    if (!status) {
        for (int32_t i = 0; i < option->threads; i++)
            workers[i] = (worker){.job = job, .window = &window, .index = i};
        run_workers(workers, option->threads);
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
    ramet_fleet_option settled;
    ramet_status status = RAMET_STATUS_OK;
    if (!job || !job->work)
        status = rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "a fleet needs a job with a work function");
    else
        status = settle_option(&settled, option, count, error);
    if (!status && count > 0)
        status = run_fleet(job, count, &settled, &delivered, error);
    if (done)
        *done = delivered;
    return status;
}

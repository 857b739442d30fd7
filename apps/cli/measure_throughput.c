/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much a number of workers gets done: runs of the model, waits, results of
 * some size. Workers are threads of this process or processes of their own; the
 * same endless job is given to both and stopped when the time is over. The rate
 * is counted from the delivery with which every worker has surely begun.
 */
#include "measure.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ENDLESS = 1 << 28, PARCEL_BYTES = 1 << 20, WARM_PER_WORKER = 3 };

typedef enum duty { TASK_RUN, TASK_WAIT, TASK_HAND_OVER, TASK_NOTHING } duty;

typedef struct shift {
    const measure_point *point;
    duty task;
    measure_model origin;
    measure_model *clones; /* of threads, [workers] */
    measure_model own;     /* of a worker process */
    unsigned char *parcel; /* of TASK_HAND_OVER */
    size_t warm, delivered;
    double begun, ended;
    ramet_error error; /* of the first run that failed */
} shift;

static bool needs_model(const shift *s) { return s->task == TASK_RUN; }

static ramet_status do_task(shift *s, measure_model *model, ramet_error *error)
{
    if (s->task == TASK_RUN)
        return measure_model_run(model, error);
    if (s->task == TASK_WAIT)
        usleep(MEASURE_WAIT_MS * 1000);
    if (s->task == TASK_HAND_OVER)
        memset(s->parcel, 1, PARCEL_BYTES);
    return RAMET_STATUS_OK;
}

/* Non-zero when the time is over. */
static int note_delivery(shift *s)
{
    double now = cli_now_seconds();
    if (++s->delivered == s->warm)
        s->begun = now;
    s->ended = now;
    return s->delivered > s->warm && now - s->begun > (double)s->point->setting->seconds;
}

/* ---- threads --------------------------------------------------------------------------------------------- */

static void thread_work(void *context, size_t index, int32_t worker)
{
    (void)index;
    shift *s = context;
    ramet_error error = {0};
    if (do_task(s, s->clones ? &s->clones[worker] : NULL, &error) && worker == 0)
        s->error = error;
}

static int thread_deliver(void *context, size_t index)
{
    (void)index;
    return note_delivery(context);
}

static ramet_status run_threads(shift *s, ramet_error *error)
{
    int32_t workers = s->point->workers;
    ramet_status status = RAMET_STATUS_OK;
    if (needs_model(s))
        s->clones = cli_must(calloc((size_t)workers, sizeof *s->clones));
    for (int32_t i = 0; s->clones && i < workers && !status; i++)
        status = measure_model_clone(&s->origin, &s->clones[i], error);
    ramet_fleet_option option;
    ramet_fleet_option_init(&option);
    option.threads = workers;
    ramet_fleet_job job = {s, thread_work, thread_deliver};
    if (!status)
        status = ramet_fleet_run(&job, ENDLESS, &option, NULL, error);
    for (int32_t i = 0; s->clones && i < workers; i++)
        measure_model_close(&s->clones[i]);
    free(s->clones);
    return status;
}

/* ---- processes ------------------------------------------------------------------------------------------- */

static ramet_status process_open(void *context, ramet_error *error)
{
    shift *s = context;
    if (!needs_model(s))
        return RAMET_STATUS_OK;
    return s->origin.runtime ? measure_model_clone(&s->origin, &s->own, error)
                             : measure_model_open(s->point, &s->own, error);
}

static ramet_status process_work(void *context, const ramet_fleet_parcel *input, ramet_fleet_sink *sink,
                                 ramet_error *error)
{
    (void)input;
    shift *s = context;
    ramet_status status = do_task(s, &s->own, error);
    return status || s->task != TASK_HAND_OVER ? status : ramet_fleet_sink_write(sink, s->parcel, PARCEL_BYTES);
}

static int process_deliver(void *context, const ramet_fleet_parcel *result, const ramet_error *lost)
{
    (void)result;
    shift *s = context;
    if (lost)
        s->error = *lost;
    return note_delivery(s) || lost;
}

static ramet_status run_processes(shift *s, ramet_error *error)
{
    ramet_fleet_option option;
    ramet_fleet_option_init(&option);
    option.processes = s->point->workers;
    ramet_fleet_process_job job = {.context = s,
                                   .open = process_open,
                                   .work = process_work,
                                   .deliver = process_deliver};
    return ramet_fleet_run_processes(&job, ENDLESS, &option, NULL, error);
}

/* ---- figures --------------------------------------------------------------------------------------------- */

static json_t *measure_task(const measure_point *point, duty task, ramet_error *error)
{
    shift s = {.point = point, .task = task, .warm = (size_t)(WARM_PER_WORKER * point->workers)};
    ramet_status status = RAMET_STATUS_OK;
    s.parcel = cli_must(calloc(1, PARCEL_BYTES));
    if (needs_model(&s) && point->kind != MEASURE_PROCESSES_APART)
        status = measure_model_open(point, &s.origin, error);
    if (!status)
        status = point->kind == MEASURE_THREADS ? run_threads(&s, error) : run_processes(&s, error);
    if (!status && s.error.status) {
        *error = s.error;
        status = s.error.status;
    }
    measure_model_close(&s.origin);
    free(s.parcel);
    return status ? NULL : cli_json_real((float)((double)(s.delivered - s.warm) / (s.ended - s.begun)));
}

json_t *measure_throughput(const measure_point *point, ramet_error *error)
{
    return measure_task(point, TASK_RUN, error);
}

json_t *measure_waiting(const measure_point *point, ramet_error *error)
{
    return measure_task(point, TASK_WAIT, error);
}

json_t *measure_handing_over(const measure_point *point, ramet_error *error)
{
    return measure_task(point, TASK_HAND_OVER, error);
}

json_t *measure_starting(const measure_point *point, ramet_error *error)
{
    enum { TIMES = 21 };
    double times[TIMES];
    shift s = {.point = point, .task = TASK_NOTHING, .warm = SIZE_MAX};
    ramet_fleet_option option;
    ramet_fleet_option_init(&option);
    option.threads = option.processes = 2;
    ramet_fleet_job threads = {&s, thread_work, NULL};
    ramet_fleet_process_job processes = {.context = &s, .work = process_work};
    for (int i = 0; i < TIMES; i++) {
        double start = cli_now_seconds();
        ramet_status status = point->kind == MEASURE_THREADS
                                  ? ramet_fleet_run(&threads, 2, &option, NULL, error)
                                  : ramet_fleet_run_processes(&processes, 2, &option, NULL, error);
        if (status)
            return NULL;
        times[i] = (cli_now_seconds() - start) / (point->kind == MEASURE_THREADS ? 1 : 2);
    }
    cli_sort_values(times, TIMES);
    return cli_json_real((float)cli_quantile(times, TIMES, 0.5));
}

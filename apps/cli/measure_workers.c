/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workers that do one duty over and over: threads of this process, processes
 * forked from it, or this very command started anew. Each time they tell when
 * they were done; so the rate of each is known by its own clock, in whatever
 * order results are delivered. To programs the duty goes over with each input.
 */
#include "measure.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ENDLESS = 1 << 28, PARCEL_BYTES = 1 << 20, LOAD_MS = 5, PATIENCE_SECONDS = 60 };

/* What one worker has. */
typedef struct hand {
    const measure_point *point;
    const measure_model *origin; /* to clone; NULL: it opens the model */
    measure_model own;
    unsigned char *parcel; /* of MEASURE_HAND_OVER */
} hand;

typedef struct piece {
    measure_stamp stamp;
    ramet_error error;
} piece;

typedef struct work {
    measure_crew *crew;
    measure_model origin;
    hand *hands; /* of threads, [workers]; of processes, the one */
    piece *ring; /* of threads, [window] */
    size_t window;
    double started;
    ramet_error error; /* of the first piece that failed */
} work;

static bool needs_model(measure_duty duty) { return duty == MEASURE_LOAD || duty == MEASURE_RUN; }

static ramet_status open_own(hand *h, ramet_error *error)
{
    return h->origin ? measure_model_clone(h->origin, &h->own, error) : measure_model_open(h->point, &h->own, error);
}

static ramet_status do_duty(hand *h, measure_duty duty, ramet_error *error)
{
    ramet_status status = needs_model(duty) && !h->own.runtime ? open_own(h, error) : RAMET_STATUS_OK;
    if (!status && duty == MEASURE_RUN)
        status = measure_model_run(&h->own, error);
    if (duty == MEASURE_WAIT || duty == MEASURE_LOAD)
        usleep((duty == MEASURE_WAIT ? MEASURE_WAIT_MS : LOAD_MS) * 1000);
    if (duty == MEASURE_HAND_OVER && !h->parcel)
        h->parcel = cli_must(malloc(PARCEL_BYTES));
    if (duty == MEASURE_HAND_OVER)
        memset(h->parcel, 1, PARCEL_BYTES);
    return status;
}

static measure_stamp make_stamp(const hand *h, int64_t worker)
{
    return (measure_stamp){worker, cli_now_seconds(), h->own.runtime ? measure_model_arena(&h->own) : 0};
}

static void clear_hand(hand *h)
{
    measure_model_close(&h->own);
    free(h->parcel);
}

/* ---- accounts -------------------------------------------------------------------------------------------- */

bool measure_all_have_done(const measure_crew *crew, size_t times)
{
    bool all = crew->mate_count == (size_t)crew->point->workers;
    for (size_t i = 0; i < crew->mate_count; i++)
        all = all && crew->mates[i].done >= times;
    return all;
}

/* False when there are more workers than were asked for: one has died. */
static bool note_stamp(measure_crew *crew, const measure_stamp *stamp)
{
    size_t at = 0;
    while (at < crew->mate_count && crew->mates[at].worker != stamp->worker)
        at++;
    if (at == (size_t)crew->point->workers)
        return false;
    if (at == crew->mate_count)
        crew->mates[crew->mate_count++] = (measure_mate){.worker = stamp->worker};
    crew->mates[at].done++;
    crew->mates[at].last = stamp->finished;
    return true;
}

/* Non-zero when the work is over. */
static int take_stamp(work *w, const measure_stamp *stamp)
{
    measure_crew *crew = w->crew;
    if (!note_stamp(crew, stamp))
        cli_fail(&w->error, RAMET_STATUS_INTERNAL, "a worker process died while it was measured");
    else if (!measure_all_have_done(crew, 0) && stamp->finished - w->started > PATIENCE_SECONDS)
        cli_fail(&w->error, RAMET_STATUS_IO, "of %d workers only %zu have begun in %d seconds", crew->point->workers,
                 crew->mate_count, PATIENCE_SECONDS);
    return w->error.status || !crew->goes_on(crew, stamp);
}

/* ---- threads --------------------------------------------------------------------------------------------- */

static void thread_work(void *context, size_t index, int32_t worker)
{
    work *w = context;
    piece *made = &w->ring[index % w->window];
    made->error.status = do_duty(&w->hands[worker], w->crew->duty, &made->error);
    made->stamp = make_stamp(&w->hands[worker], worker);
}

static int thread_deliver(void *context, size_t index)
{
    work *w = context;
    const piece *made = &w->ring[index % w->window];
    if (made->error.status)
        w->error = made->error;
    return made->error.status ? 1 : take_stamp(w, &made->stamp);
}

static ramet_status run_threads(work *w, ramet_error *error)
{
    ramet_fleet_option option;
    ramet_fleet_option_init(&option);
    option.threads = w->crew->point->workers;
    option.window = 4 * option.threads;
    w->window = (size_t)option.window;
    w->ring = cli_must(calloc(w->window, sizeof *w->ring));
    ramet_fleet_job job = {w, thread_work, thread_deliver};
    ramet_status status = RAMET_STATUS_OK;
    for (int32_t i = 0; i < option.threads && needs_model(w->crew->duty) && !status; i++)
        status = open_own(&w->hands[i], error); /* here, because one thread at a time may clone a handle */
    if (!status)
        status = ramet_fleet_run(&job, ENDLESS, &option, NULL, error);
    free(w->ring);
    return status;
}

/* ---- processes ------------------------------------------------------------------------------------------- */

static ramet_status process_work(void *context, const ramet_fleet_parcel *input, ramet_fleet_sink *sink,
                                 ramet_error *error)
{
    hand *h = ((work *)context)->hands;
    measure_duty duty;
    memcpy(&duty, input->data, sizeof duty);
    ramet_status status = do_duty(h, duty, error);
    measure_stamp stamp = make_stamp(h, (int64_t)getpid());
    if (!status)
        status = ramet_fleet_sink_write(sink, &stamp, sizeof stamp);
    return status || duty != MEASURE_HAND_OVER ? status : ramet_fleet_sink_write(sink, h->parcel, PARCEL_BYTES);
}

static void process_describe(void *context, size_t index, ramet_fleet_sink *sink)
{
    (void)index;
    const work *w = context;
    ramet_fleet_sink_write(sink, &w->crew->duty, sizeof w->crew->duty);
}

static int process_deliver(void *context, const ramet_fleet_parcel *result, const ramet_error *lost)
{
    work *w = context;
    measure_stamp stamp;
    if (lost) {
        w->error = *lost;
        return 1;
    }
    memcpy(&stamp, result->data, sizeof stamp);
    return take_stamp(w, &stamp);
}

/* This command with what tells a worker where its weights are; no words for workers that are forked. */
static ramet_status make_command(const work *w, cli_texts *words, ramet_error *error)
{
    const measure_point *point = w->crew->point;
    const char *cached[] = {"--worker_cache", point->setting->cache_dir}, *handed[] = {"--worker_weights"};
    if (point->kind == MEASURE_CACHED)
        return cli_own_command(words, cached, CLI_COUNT(cached), error);
    return point->kind == MEASURE_HANDED ? cli_own_command(words, handed, CLI_COUNT(handed), error) : RAMET_STATUS_OK;
}

static ramet_status run_processes(work *w, ramet_error *error)
{
    cli_texts words = {0};
    int32_t weights = -1;
    ramet_fleet_option option;
    ramet_fleet_option_init(&option);
    option.processes = w->crew->point->workers;
    ramet_fleet_process_job job = {.context = w,
                                   .describe = process_describe,
                                   .work = process_work,
                                   .deliver = process_deliver,
                                   .descriptors = &weights};
    ramet_status status = make_command(w, &words, error);
    if (!status && w->crew->point->kind == MEASURE_HANDED && w->origin.runtime) {
        status = ramet_runtime_weights_fd(w->origin.runtime, &weights, error);
        job.descriptor_count = 1;
    }
    job.command = (const char *const *)words.items;
    if (!status)
        status = ramet_fleet_run_processes(&job, ENDLESS, &option, NULL, error);
    cli_texts_clear(&words);
    return status;
}

/* ---- both ------------------------------------------------------------------------------------------------ */

/* Threads and forked processes clone it; programs are handed its weights. */
static ramet_status open_origin(work *w, ramet_error *error)
{
    measure_kind kind = w->crew->point->kind;
    bool wanted = kind == MEASURE_THREADS || kind == MEASURE_FORKED || kind == MEASURE_HANDED;
    return wanted && needs_model(w->crew->duty) ? measure_model_open(w->crew->point, &w->origin, error)
                                                : RAMET_STATUS_OK;
}

ramet_status measure_work(measure_crew *crew, ramet_error *error)
{
    work w = {.crew = crew, .started = cli_now_seconds()};
    size_t workers = (size_t)crew->point->workers;
    crew->mates = cli_must(calloc(workers, sizeof *crew->mates));
    w.hands = cli_must(calloc(workers, sizeof *w.hands));
    ramet_status status = open_origin(&w, error);
    for (size_t i = 0; i < workers; i++)
        w.hands[i] = (hand){.point = crew->point, .origin = w.origin.runtime ? &w.origin : NULL};
    if (!status)
        status = crew->point->kind == MEASURE_THREADS ? run_threads(&w, error) : run_processes(&w, error);
    if (!status && w.error.status) {
        *error = w.error;
        status = w.error.status;
    }
    for (size_t i = 0; i < workers; i++)
        clear_hand(&w.hands[i]);
    measure_model_close(&w.origin);
    free(w.hands);
    free(crew->mates);
    return status;
}

ramet_status measure_serve(const measure_setting *setting, ramet_error *error)
{
    measure_kind kind = setting->has_given_weights ? MEASURE_HANDED : MEASURE_CACHED;
    measure_point point = {setting, &setting->engines[0], kind, 1};
    hand own = {.point = &point};
    work w = {.hands = &own};
    ramet_fleet_process_job job = {.context = &w, .work = process_work};
    ramet_status status = ramet_fleet_serve(&job, error);
    clear_hand(&own);
    return status;
}

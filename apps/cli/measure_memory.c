/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What handles of a model hold, as the system counts it: the PSS of all
 * processes that take part, added up. PSS divides a page by the number of
 * processes that map it, so nothing is counted twice.
 */
#include "measure.h"

#include <stdlib.h>
#include <unistd.h>

enum { PATIENCE_MS = 50 };

static json_t *describe(const cli_process_memory *loaded, const cli_process_memory *predicted)
{
    json_t *value = cli_must(json_object());
    cli_json_set(value, "after_load_bytes", cli_json_int((int64_t)loaded->pss_bytes));
    cli_json_set(value, "after_predict_bytes", cli_json_int((int64_t)predicted->pss_bytes));
    cli_json_set(value, "rss_bytes", cli_json_int((int64_t)predicted->rss_bytes));
    return value;
}

static void add_memory(cli_process_memory *sum, int64_t process_id)
{
    cli_process_memory held = cli_process_memory_read(process_id);
    sum->pss_bytes += held.pss_bytes;
    sum->rss_bytes += held.rss_bytes;
}

static cli_process_memory own_memory(void) { return cli_process_memory_read((int64_t)getpid()); }

/* ---- handles in one process ------------------------------------------------------------------------------ */

static json_t *measure_handles(const measure_point *point, bool clones, ramet_error *error)
{
    size_t count = (size_t)point->workers, opened = 0;
    measure_model *models = cli_must(calloc(count, sizeof *models));
    ramet_status status = RAMET_STATUS_OK;
    while (opened < count && !status) {
        status = clones && opened > 0 ? measure_model_clone(&models[0], &models[opened], error)
                                      : measure_model_open(point, &models[opened], error);
        opened += !status;
    }
    cli_process_memory loaded = own_memory();
    for (size_t i = 0; i < opened && !status; i++)
        status = measure_model_run(&models[i], error);
    cli_process_memory predicted = own_memory();
    json_t *value = status ? NULL : describe(&loaded, &predicted);
    while (opened > 0)
        measure_model_close(&models[--opened]);
    free(models);
    return value;
}

json_t *measure_memory_opened(const measure_point *point, ramet_error *error)
{
    return measure_handles(point, false, error);
}

/* ---- a handle in each of several processes --------------------------------------------------------------- */

typedef struct crowd {
    const measure_point *point;
    measure_model origin, own;
    bool runs;
    cli_process_memory held;
    ramet_error error;
} crowd;

static ramet_status open_own(void *context, ramet_error *error)
{
    crowd *c = context;
    return c->origin.runtime ? measure_model_clone(&c->origin, &c->own, error)
                             : measure_model_open(c->point, &c->own, error);
}

/* Slow enough that every process gets its turn. */
static ramet_status run_own(void *context, const ramet_fleet_parcel *input, ramet_fleet_sink *sink, ramet_error *error)
{
    (void)input;
    (void)sink;
    crowd *c = context;
    usleep(PATIENCE_MS * 1000);
    return c->runs ? measure_model_run(&c->own, error) : RAMET_STATUS_OK;
}

static int note_loss(void *context, const ramet_fleet_parcel *result, const ramet_error *lost)
{
    (void)result;
    crowd *c = context;
    if (lost)
        c->error = *lost;
    return lost != NULL;
}

static void add_worker(void *context, int64_t process_id)
{
    crowd *c = context;
    if (c->held.rss_bytes == 0)
        add_memory(&c->held, (int64_t)getpid());
    add_memory(&c->held, process_id);
}

static ramet_status gather(crowd *c, bool runs, cli_process_memory *held, ramet_error *error)
{
    ramet_fleet_option option;
    ramet_fleet_option_init(&option);
    option.processes = c->point->workers;
    ramet_fleet_process_job job = {
        .context = c, .open = open_own, .work = run_own, .deliver = note_loss, .leaving = add_worker};
    c->runs = runs;
    c->held = (cli_process_memory){0};
    ramet_status status = ramet_fleet_run_processes(&job, 4 * (size_t)c->point->workers, &option, NULL, error);
    if (!status && c->error.status) {
        *error = c->error;
        status = c->error.status;
    }
    *held = c->held;
    return status;
}

json_t *measure_memory(const measure_point *point, ramet_error *error)
{
    if (point->kind == MEASURE_THREADS)
        return measure_handles(point, true, error);
    crowd c = {.point = point};
    cli_process_memory loaded = {0}, predicted = {0};
    ramet_status status = RAMET_STATUS_OK;
    if (point->kind == MEASURE_PROCESSES)
        status = measure_model_open(point, &c.origin, error);
    if (!status)
        status = gather(&c, false, &loaded, error);
    if (!status)
        status = gather(&c, true, &predicted, error);
    measure_model_close(&c.origin);
    return status ? NULL : describe(&loaded, &predicted);
}

json_t *measure_memory_held(const measure_point *point, ramet_error *error)
{
    json_t *value = measure_memory(point, error), *held = NULL;
    if (value)
        held = cli_json_real((float)(json_number_value(json_object_get(value, "after_predict_bytes")) / (1 << 20)));
    json_decref(value);
    return held;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What handles of a model hold, as the system counts it: the PSS of all
 * processes that take part, added up. PSS divides a page by the number of
 * processes that map it, so nothing is counted twice.
 */
#include "measure.h"

#include <stdlib.h>
#include <unistd.h>

static json_t *describe(const cli_process_memory *loaded, const cli_process_memory *predicted, uint64_t arena_bytes)
{
    json_t *value = cli_must(json_object());
    cli_json_set(value, "after_load_bytes", cli_json_int((int64_t)loaded->pss_bytes));
    cli_json_set(value, "after_predict_bytes", cli_json_int((int64_t)predicted->pss_bytes));
    cli_json_set(value, "rss_after_load_bytes", cli_json_int((int64_t)loaded->rss_bytes));
    cli_json_set(value, "rss_after_predict_bytes", cli_json_int((int64_t)predicted->rss_bytes));
    cli_json_set(value, "arena_bytes", cli_json_int((int64_t)arena_bytes));
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
    json_t *value = status ? NULL : describe(&loaded, &predicted, measure_model_arena(&models[0]));
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

typedef struct look {
    cli_process_memory held;
    uint64_t arena_bytes;
} look;

/* Looks once every worker has done its duty; they hold then what they will hold. */
static bool look_when_all_have(measure_crew *crew, const measure_stamp *stamp)
{
    look *l = crew->context;
    if (!measure_all_have_done(crew, 1))
        return true;
    l->arena_bytes = stamp->arena_bytes;
    add_memory(&l->held, (int64_t)getpid());
    for (size_t i = 0; i < crew->mate_count; i++)
        add_memory(&l->held, crew->mates[i].worker);
    return false;
}

json_t *measure_memory(const measure_point *point, ramet_error *error)
{
    if (point->kind == MEASURE_THREADS)
        return measure_handles(point, true, error);
    look looks[2] = {0};
    const measure_duty duties[] = {MEASURE_LOAD, MEASURE_RUN};
    for (int i = 0; i < 2; i++) {
        measure_crew crew = {.point = point, .duty = duties[i], .context = &looks[i], .goes_on = look_when_all_have};
        if (measure_work(&crew, error))
            return NULL;
    }
    return describe(&looks[0].held, &looks[1].held, looks[1].arena_bytes);
}

json_t *measure_memory_held(const measure_point *point, ramet_error *error)
{
    json_t *value = measure_memory(point, error), *held = NULL;
    if (value)
        held = cli_json_real((float)(json_number_value(json_object_get(value, "after_predict_bytes")) / (1 << 20)));
    json_decref(value);
    return held;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Engines in turn, one handle each, one process: what a single run takes. The
 * first engine has a second handle; the ratio of the two is the noise.
 */
#include "measure.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_RUNNERS = MEASURE_MOST_ENGINES + 1, FEWEST_ROUNDS = 11, WARM_RUNS = 2 };

/* times: [runner][round], milliseconds. */
typedef struct race {
    const char *names[MOST_RUNNERS];
    measure_model models[MOST_RUNNERS];
    double *times[MOST_RUNNERS];
    size_t count, rounds, capacity;
} race;

static ramet_status open_runner(race *r, const measure_point *point, const measure_engine *engine, const char *name,
                                ramet_error *error)
{
    measure_point own = *point;
    own.engine = engine;
    ramet_status status = measure_model_open(&own, &r->models[r->count], error);
    r->names[r->count] = name;
    r->count += !status;
    return status;
}

static ramet_status open_race(race *r, const measure_point *point, ramet_error *error)
{
    const measure_setting *setting = point->setting;
    ramet_status status = open_runner(r, point, &setting->engines[0], setting->engines[0].name, error);
    if (!status)
        status = open_runner(r, point, &setting->engines[0], "again", error);
    for (size_t i = 1; i < setting->engine_count && !status; i++)
        status = open_runner(r, point, &setting->engines[i], setting->engines[i].name, error);
    return status;
}

static void make_room(race *r)
{
    if (r->rounds < r->capacity)
        return;
    r->capacity = r->capacity ? 2 * r->capacity : 64;
    for (size_t i = 0; i < r->count; i++)
        r->times[i] = cli_must(reallocarray(r->times[i], r->capacity, sizeof *r->times[i]));
}

/* Each runner takes a turn at going first. */
static ramet_status run_round(race *r, ramet_error *error)
{
    ramet_status status = RAMET_STATUS_OK;
    make_room(r);
    for (size_t k = 0; k < r->count && !status; k++) {
        size_t runner = (k + r->rounds) % r->count;
        double start = cli_now_seconds();
        status = measure_model_run(&r->models[runner], error);
        r->times[runner][r->rounds] = (cli_now_seconds() - start) * 1000;
    }
    r->rounds += !status;
    return status;
}

static ramet_status run_race(race *r, double seconds, ramet_error *error)
{
    ramet_status status = RAMET_STATUS_OK;
    for (int i = 0; i < WARM_RUNS && !status; i++)
        status = run_round(r, error);
    r->rounds = 0;
    double end = cli_now_seconds() + seconds * (double)r->count;
    while (!status && (r->rounds < FEWEST_ROUNDS || cli_now_seconds() < end))
        status = run_round(r, error);
    return status;
}

static json_t *quartiles(double *values, size_t count)
{
    json_t *list = cli_must(json_array());
    cli_sort_values(values, count);
    for (int quarter = 1; quarter < 4; quarter++)
        cli_json_append(list, cli_json_real((float)cli_quantile(values, count, 0.25 * quarter)));
    return list;
}

static json_t *describe_runner(const race *r, size_t runner)
{
    json_t *entry = cli_must(json_object());
    double *ratios = cli_must(calloc(r->rounds, sizeof *ratios));
    for (size_t i = 0; i < r->rounds; i++)
        ratios[i] = r->times[0][i] / r->times[runner][i];
    cli_json_set(entry, "engine", cli_json_text(r->names[runner]));
    cli_json_set(entry, "rounds", cli_json_int((int64_t)r->rounds));
    cli_json_set(entry, "ratio", quartiles(ratios, r->rounds));
    double *sorted = cli_must(calloc(r->rounds, sizeof *sorted));
    memcpy(sorted, r->times[runner], r->rounds * sizeof *sorted);
    cli_sort_values(sorted, r->rounds);
    cli_json_set(entry, "median_ms", cli_json_real((float)cli_quantile(sorted, r->rounds, 0.5)));
    cli_json_set(entry, "p95_ms", cli_json_real((float)cli_quantile(sorted, r->rounds, 0.95)));
    free(sorted);
    free(ratios);
    return entry;
}

json_t *measure_latency(const measure_point *point, ramet_error *error)
{
    race r = {.count = 0};
    json_t *list = NULL;
    ramet_status status = open_race(&r, point, error);
    if (!status)
        status = run_race(&r, (double)point->setting->seconds, error);
    if (!status) {
        list = cli_must(json_array());
        for (size_t i = 0; i < r.count; i++)
            cli_json_append(list, describe_runner(&r, i));
    }
    for (size_t i = 0; i < r.count; i++) {
        measure_model_close(&r.models[i]);
        free(r.times[i]);
    }
    return list;
}

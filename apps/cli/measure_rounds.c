/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Throughputs in rounds over all numbers and kinds of workers. The clock of a
 * processor wanders, so one thread is measured between any two figures, and a
 * figure is compared with the mean of the one before it and the one after it.
 * No round is left out; what else the machine did meanwhile is told.
 */
#include "measure.h"

#include <stdlib.h>
#include <string.h>

/* A setting and what its rounds have given; gains: against one thread around the same moment. */
typedef struct series {
    measure_point point;
    const char *name;
    double *values, *gains;
    size_t count;
    measure_machine machine;
} series;

static void list_point(const measure_point *point, const char *name, size_t values, series *list, size_t *count)
{
    list[(*count)++] = (series){.point = *point,
                                .name = name,
                                .values = cli_must(calloc(values, sizeof(double))),
                                .gains = cli_must(calloc(values, sizeof(double)))};
}

/* Of processes those that share the weights, or, where none can, those that do not. */
static size_t list_kinds(const measure_setting *setting, const measure_engine *engine, measure_kind *kinds)
{
    size_t count = 0;
    for (measure_kind kind = MEASURE_THREADS; kind < MEASURE_APART; kind++)
        if (measure_can(setting, engine, kind))
            kinds[count++] = kind;
    if (count == 1)
        kinds[count++] = MEASURE_APART;
    return count;
}

/* One thread stands first of its engine; a second time at its end, as one of those that it is compared with: the noise. */
static size_t list_points(const measure_setting *setting, const measure_engine *engine, series *list)
{
    size_t count = 0, rounds = (size_t)setting->rounds;
    measure_kind kinds[MEASURE_KINDS];
    size_t kind_count = list_kinds(setting, engine, kinds);
    size_t between = rounds * (kind_count * (size_t)setting->workers + 2);
    for (size_t k = 0; k < kind_count; k++) {
        for (int32_t workers = 1; workers <= setting->workers; workers++) {
            measure_point point = {setting, engine, kinds[k], workers};
            list_point(&point, measure_kind_names[kinds[k]], count ? rounds : between, list, &count);
        }
    }
    measure_point again = {setting, engine, MEASURE_THREADS, 1};
    list_point(&again, "threads again", rounds, list, &count);
    return count;
}

/* One figure more of a series. */
static bool take(series *s, measure_machine *all, ramet_error *error)
{
    measure_machine before = measure_machine_read();
    json_t *value = measure_apart(measure_throughput, &s->point, error);
    measure_machine after = measure_machine_read();
    measure_machine_add(&s->machine, &before, &after);
    measure_machine_add(all, &before, &after);
    if (value)
        s->values[s->count++] = json_number_value(value);
    json_decref(value);
    return value != NULL;
}

/* list[0] is the one thread. */
static bool run_round(series *list, size_t count, measure_machine *all, ramet_error *error)
{
    series *one = &list[0];
    bool good = take(one, all, error);
    for (size_t i = 1; i < count && good; i++) {
        good = take(&list[i], all, error) && take(one, all, error);
        size_t at = list[i].count - 1;
        if (good)
            list[i].gains[at] = 2 * list[i].values[at] / (one->values[one->count - 2] + one->values[one->count - 1]);
    }
    return good;
}

static json_t *describe_series(series *s)
{
    json_t *row = cli_must(json_object()), *gain = cli_must(json_array());
    cli_sort_values(s->values, s->count);
    cli_sort_values(s->gains, s->count);
    cli_json_set(row, "engine", cli_json_text(s->point.engine->name));
    cli_json_set(row, "workers", cli_json_text(s->name));
    cli_json_set(row, "count", cli_json_int(s->point.workers));
    cli_json_set(row, "per_second", cli_json_real((float)cli_quantile(s->values, s->count, 0.5)));
    cli_json_set(row, "lower_quartile", cli_json_real((float)cli_quantile(s->values, s->count, 0.25)));
    cli_json_set(row, "upper_quartile", cli_json_real((float)cli_quantile(s->values, s->count, 0.75)));
    for (int quarter = 1; quarter < 4; quarter++)
        cli_json_append(gain, cli_json_real((float)cli_quantile(s->gains, s->count, 0.25 * quarter)));
    cli_json_set(row, "gain", gain);
    measure_machine_describe(&s->machine, row);
    return row;
}

static bool measure_engine_rounds(const measure_setting *setting, const measure_engine *engine, measure_machine *all,
                                  json_t *rows, ramet_error *error)
{
    series *list = cli_must(calloc(MEASURE_KINDS * (size_t)setting->workers + 1, sizeof *list));
    size_t count = list_points(setting, engine, list);
    bool good = true;
    for (int32_t round = 0; round < setting->rounds && good; round++)
        good = run_round(list, count, all, error);
    for (size_t i = 0; i < list[0].count; i++)
        list[0].gains[i] = 1;
    for (size_t i = 0; i < count; i++) {
        if (good)
            cli_json_append(rows, describe_series(&list[i]));
        free(list[i].values);
        free(list[i].gains);
    }
    free(list);
    return good;
}

bool measure_add_throughput(const measure_setting *setting, json_t *document, ramet_error *error)
{
    json_t *rows = cli_must(json_array()), *machine = cli_must(json_object());
    measure_machine all = {.known = false};
    bool good = true;
    cli_json_set(document, "machine", machine);
    cli_json_set(document, "throughput", rows);
    for (size_t e = 0; e < setting->engine_count && good; e++)
        good = measure_engine_rounds(setting, &setting->engines[e], &all, rows, error);
    measure_machine_describe(&all, machine);
    return good;
}

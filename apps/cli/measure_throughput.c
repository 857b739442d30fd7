/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much a number of workers gets done: runs of the model, waits, results of
 * some size. It is counted once every worker has done some; the rate is the sum
 * of those of the workers, each from a finish of its own to its last.
 */
#include "measure.h"

enum { WARM_TIMES = 2 };

typedef struct count {
    bool begun;
    double since, per_second;
} count;

static void begin(measure_crew *crew, count *c, double now)
{
    for (size_t i = 0; i < crew->mate_count; i++) {
        crew->mates[i].from = crew->mates[i].last;
        crew->mates[i].done = 0;
    }
    c->begun = true;
    c->since = now;
}

static double sum_rates(const measure_crew *crew)
{
    double sum = 0;
    for (size_t i = 0; i < crew->mate_count; i++)
        sum += (double)crew->mates[i].done / (crew->mates[i].last - crew->mates[i].from);
    return sum;
}

static bool count_on(measure_crew *crew, const measure_stamp *stamp)
{
    count *c = crew->context;
    if (!c->begun) {
        if (measure_all_have_done(crew, WARM_TIMES))
            begin(crew, c, stamp->finished);
        return true;
    }
    if (stamp->finished - c->since < (double)crew->point->setting->seconds || !measure_all_have_done(crew, 1))
        return true;
    c->per_second = sum_rates(crew);
    return false;
}

static json_t *measure_duty_rate(const measure_point *point, measure_duty duty, ramet_error *error)
{
    count c = {.begun = false};
    measure_crew crew = {.point = point, .duty = duty, .context = &c, .goes_on = count_on};
    return measure_work(&crew, error) ? NULL : cli_json_real((float)c.per_second);
}

json_t *measure_throughput(const measure_point *point, ramet_error *error)
{
    return measure_duty_rate(point, MEASURE_RUN, error);
}

json_t *measure_waiting(const measure_point *point, ramet_error *error)
{
    return measure_duty_rate(point, MEASURE_WAIT, error);
}

json_t *measure_handing_over(const measure_point *point, ramet_error *error)
{
    return measure_duty_rate(point, MEASURE_HAND_OVER, error);
}

/* ---- starting -------------------------------------------------------------------------------------------- */

static bool until_all_have_begun(measure_crew *crew, const measure_stamp *stamp)
{
    (void)stamp;
    return !measure_all_have_done(crew, 1);
}

json_t *measure_starting(const measure_point *point, ramet_error *error)
{
    enum { TIMES = 21 };
    double times[TIMES];
    int32_t started = point->workers - (point->kind == MEASURE_THREADS); /* the calling thread is there already */
    for (int i = 0; i < TIMES; i++) {
        measure_crew crew = {.point = point, .duty = MEASURE_NOTHING, .goes_on = until_all_have_begun};
        double start = cli_now_seconds();
        if (measure_work(&crew, error))
            return NULL;
        times[i] = (cli_now_seconds() - start) / started;
    }
    cli_sort_values(times, TIMES);
    return cli_json_real((float)cli_quantile(times, TIMES, 0.5));
}

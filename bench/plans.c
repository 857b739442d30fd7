/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a shape costs that was not seen before: the time to plan it, by operators of the model.
 *
 *     bench_plans MODEL [NAME=1x3x224x224...] [--rounds N]
 *
 * Plans of the given shapes and of the same with one more in the batch take turns in a model that remembers only one, so that
 * each is made anew. An input that is not named keeps its declared shape, with 1 for what is open.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/formats.h"
#include "os/os.h"
#include "plan/plan.h"

enum { MOST_INPUTS = 8 };

static void stop(const char *what, const char *more)
{
    fprintf(stderr, "bench_plans: %s %s\n", what, more);
    exit(2);
}

static void check(ramet_status status, const ramet_error *error)
{
    if (status != RAMET_STATUS_OK)
        stop(error->message, error->place);
}

/* NAME=AxBxC among the words, or what the model declares. */
static rmt_shape read_shape(char **words, int count, const rmt_value *value)
{
    rmt_shape shape = value->shape;
    const size_t length = strlen(value->name);
    for (int i = 0; i < count; i++) {
        if (strncmp(words[i], value->name, length) != 0 || words[i][length] != '=')
            continue;
        shape.rank = 0;
        for (char *end = words[i] + length; *end != '\0' && shape.rank < RMT_MAX_RANK;)
            shape.dims[shape.rank++] = strtoll(end + 1, &end, 10);
    }
    for (int32_t i = 0; i < shape.rank; i++)
        if (shape.dims[i] < 1)
            shape.dims[i] = 1;
    return shape;
}

static rmt_view make_input(const rmt_value *value, rmt_shape shape, int more)
{
    if (shape.rank > 0)
        shape.dims[0] += more;
    void *data = calloc((size_t)rmt_shape_elements(&shape) + 1, sizeof(int64_t));
    if (data == NULL)
        stop("out of memory", "");
    return rmt_view_dense(value->dtype, &shape, data);
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(rmt_model *model, rmt_view inputs[2][MOST_INPUTS], int rounds)
{
    ramet_error error;
    rmt_plan *plan;
    double *us = calloc((size_t)rounds, sizeof *us);
    int32_t steps = 0;
    for (int i = -2; us != NULL && i < rounds; i++) {
        const uint64_t start = rmt_os_now_ns();
        check(rmt_model_get_plan(model, inputs[i & 1], &plan, &error), &error);
        if (i >= 0)
            us[i] = (double)(rmt_os_now_ns() - start) / 1e3;
        steps = plan->step_count;
        rmt_plan_release(plan);
    }
    if (us == NULL)
        stop("out of memory", "");
    qsort(us, (size_t)rounds, sizeof *us, compare);
    printf("%zu operators, %d steps: least %.1f us, median %.1f us\n", rmt_model_graph(model)->node_count, steps, us[0],
           us[rounds / 2]);
    free(us);
}

static void bench(const char *path, char **words, int count, int rounds)
{
    ramet_error error;
    rmt_model_files files;
    rmt_program program;
    rmt_model *model;
    check(rmt_model_files_find(path, NULL, NULL, &files, &error), &error);
    check(rmt_program_open(files.program, files.params, &program, &error), &error);
    const rmt_model_option option = {.kernels = rmt_kernels_best(),
                                     .threads = 1,
                                     .plan_capacity = 1,
                                     .memory_budget_bytes = UINT64_C(8) << 30};
    check(rmt_model_create(&program.graph, &option, &model, &error), &error);
    rmt_program_close(&program);
    const rmt_graph *graph = rmt_model_graph(model);
    if (graph->input_count > MOST_INPUTS)
        stop("too many inputs", "");
    rmt_view inputs[2][MOST_INPUTS];
    for (size_t i = 0; i < graph->input_count; i++)
        for (int more = 0; more < 2; more++) {
            const rmt_value *value = &graph->values[graph->inputs[i]];
            inputs[more][i] = make_input(value, read_shape(words, count, value), more);
        }
    measure(model, inputs, rounds);
    for (size_t i = 0; i < graph->input_count; i++)
        for (int more = 0; more < 2; more++)
            free(inputs[more][i].data);
    rmt_model_release(model);
}

int main(int count, char **words)
{
    int rounds = 201;
    if (count < 2 || words[1][0] == '-')
        stop("usage: bench_plans MODEL [NAME=1x3x224x224...] [--rounds N]", "");
    for (int i = 2; i + 1 < count; i++)
        if (strcmp(words[i], "--rounds") == 0)
            rounds = atoi(words[i + 1]);
    if (rounds < 1)
        stop("rounds are at least 1", "");
    bench(words[1], words + 2, count - 2, rounds);
    return 0;
}

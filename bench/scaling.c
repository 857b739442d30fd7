/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What more threads bring: one run on 1..N threads, and as many clones on as many threads against one.
 *
 *     bench_scaling MODEL [x=1x3x224x224...] [--threads N] [--seconds S]
 *
 * All settings take turns in one process. Speed-ups are medians, with quartiles, of ratios to the one thread of the same
 * turn, whose twin tells the noise. Outputs are compared byte by byte with those of one thread.
 */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/os.h"
#include "ramet/runtime.h"

enum { MOST_THREADS = 64, MOST_INPUTS = 8, MOST_OUTPUTS = 64, MOST_TURNS = 10000, CLONE_RUNS = 2 };

typedef struct setting {
    const char *model;
    int threads, shape_count;
    double seconds;
    char **shapes; /* NAME=AxBxC */
} setting;

static ramet_tensor inputs[MOST_INPUTS];
static size_t input_count;

static void stop(const char *what, const char *more)
{
    fprintf(stderr, "bench_scaling: %s %s\n", what, more);
    exit(2);
}

static void check(ramet_status status, const ramet_error *error)
{
    if (status != RAMET_STATUS_OK)
        stop(error->message, error->place);
}

/* ---- models and inputs --------------------------------------------------------------------------------------- */

static ramet_runtime *open_model(const setting *s, int threads)
{
    ramet_error error;
    ramet_runtime *runtime;
    ramet_runtime_option option;
    ramet_runtime_option_init(&option);
    option.cpu_thread_num = threads;
    check(ramet_runtime_open(s->model, &option, &runtime, &error), &error);
    return runtime;
}

static void read_shape(const setting *s, ramet_tensor *input)
{
    size_t length = strlen(input->name);
    for (int i = 0; i < s->shape_count; i++) {
        char *text = s->shapes[i];
        if (strncmp(text, input->name, length) != 0 || text[length] != '=')
            continue;
        input->rank = 0;
        for (char *at = text + length; *at != '\0' && input->rank < RAMET_MAX_RANK;)
            input->dims[input->rank++] = strtoll(at + 1, &at, 10);
    }
    for (int32_t i = 0; i < input->rank; i++)
        if (input->dims[i] < 1)
            input->dims[i] = 1;
}

static void make_inputs(const setting *s, const ramet_runtime *runtime)
{
    input_count = ramet_runtime_input_count(runtime);
    if (input_count > MOST_INPUTS || ramet_runtime_output_count(runtime) > MOST_OUTPUTS)
        stop("too many inputs or outputs", "");
    for (size_t i = 0; i < input_count; i++) {
        ramet_runtime_input_info(runtime, i, &inputs[i]);
        read_shape(s, &inputs[i]);
        size_t count = 1;
        for (int32_t d = 0; d < inputs[i].rank; d++)
            count *= (size_t)inputs[i].dims[d];
        inputs[i].data = calloc(count, sizeof(int64_t));
        if (inputs[i].data == NULL)
            stop("out of memory", "");
        for (size_t e = 0; inputs[i].dtype == RAMET_DTYPE_FLOAT32 && e < count; e++)
            ((float *)inputs[i].data)[e] = sinf((float)e * 0.01f) + (inputs[i].rank < 3 ? 1.5f : 0.0f);
    }
}

static void predict(ramet_runtime *runtime, ramet_tensor *outputs)
{
    ramet_error error;
    check(ramet_runtime_run(runtime, inputs, input_count, outputs, MOST_OUTPUTS, &error), &error);
}

static void compare_outputs(ramet_runtime *one, ramet_runtime *many, int threads)
{
    ramet_tensor a[MOST_OUTPUTS], b[MOST_OUTPUTS];
    predict(one, a);
    predict(many, b);
    for (size_t o = 0; o < ramet_runtime_output_count(one); o++) {
        size_t bytes = ramet_dtype_bytes(a[o].dtype);
        for (int32_t d = 0; d < a[o].rank; d++)
            bytes *= (size_t)a[o].dims[d];
        if (a[o].rank != b[o].rank || memcmp(a[o].dims, b[o].dims, (size_t)a[o].rank * sizeof *a[o].dims) != 0 ||
            memcmp(a[o].data, b[o].data, bytes) != 0)
            printf("OUTPUT %zu OF %d THREADS DIFFERS\n", o, threads);
    }
}

/* ---- clones -------------------------------------------------------------------------------------------------- */

/* Threads that each run a clone some times whenever the main thread says so. */
static struct {
    pthread_barrier_t begin, end;
    bool over;
} crew;

static void run_clone(ramet_runtime *clone)
{
    ramet_tensor outputs[MOST_OUTPUTS];
    for (int i = 0; i < CLONE_RUNS; i++)
        predict(clone, outputs);
}

static void clone_main(void *clone)
{
    for (;;) {
        pthread_barrier_wait(&crew.begin);
        if (crew.over)
            return;
        run_clone(clone);
        pthread_barrier_wait(&crew.end);
    }
}

/* ---- measuring ------------------------------------------------------------------------------------------------ */

/* Columns: 0 one thread, 1 its twin, t: t threads (2..N), N + 1: clones of one thread, a run each. */
static double *times[MOST_THREADS + 2];
static int turns;

static double since(uint64_t start) { return (double)(rmt_os_now_ns() - start) / 1e6; }

static double time_one(ramet_runtime *runtime)
{
    ramet_tensor outputs[MOST_OUTPUTS];
    uint64_t start = rmt_os_now_ns();
    predict(runtime, outputs);
    return since(start);
}

static double time_clones(ramet_runtime *mine)
{
    uint64_t start = rmt_os_now_ns();
    pthread_barrier_wait(&crew.begin);
    run_clone(mine);
    pthread_barrier_wait(&crew.end);
    return since(start) / CLONE_RUNS;
}

static void take_turns(const setting *s, ramet_runtime **runtimes)
{
    uint64_t start = rmt_os_now_ns();
    for (turns = -2; turns < MOST_TURNS && (turns < 5 || since(start) < s->seconds * 1e3); turns++) {
        size_t at = turns < 0 ? 0 : (size_t)turns;
        for (int c = 0; c <= s->threads; c++) {
            int column = (c + turns + 2) % (s->threads + 1);
            times[column][at] = time_one(runtimes[column]);
        }
        times[s->threads + 1][at] = time_clones(runtimes[0]);
    }
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(const double *values, double part)
{
    static double sorted[MOST_TURNS];
    memcpy(sorted, values, (size_t)turns * sizeof *values);
    qsort(sorted, (size_t)turns, sizeof *sorted, compare_doubles);
    return sorted[(size_t)(part * (turns - 1) + 0.5)];
}

static void print_line(const char *name, int count, int column, double factor)
{
    static double ratios[MOST_TURNS];
    for (int i = 0; i < turns; i++)
        ratios[i] = factor * times[0][i] / times[column][i];
    printf("%d %-8s %9.3f %9.3f   %6.3f  (%.3f .. %.3f)   of minima %.3f\n", count, name, quantile(times[column], 0),
           quantile(times[column], 0.5), quantile(ratios, 0.5), quantile(ratios, 0.25), quantile(ratios, 0.75),
           factor * quantile(times[0], 0) / quantile(times[column], 0));
}

static void report(const setting *s)
{
    printf("%s, %d turns\n           least ms median ms  speed-up (quartiles)\n", s->model, turns);
    print_line("thread", 1, 1, 1);
    for (int t = 2; t <= s->threads; t++)
        print_line("threads", t, t, 1);
    print_line("clones", s->threads, s->threads + 1, s->threads);
}

static void bench(const setting *s)
{
    ramet_error error;
    ramet_runtime *runtimes[MOST_THREADS + 1], *clones[MOST_THREADS];
    pthread_t threads[MOST_THREADS];
    for (int t = 0; t <= s->threads; t++)
        runtimes[t] = open_model(s, t < 2 ? 1 : t);
    for (int t = 0; t <= s->threads + 1; t++)
        if ((times[t] = calloc(MOST_TURNS, sizeof(double))) == NULL)
            stop("out of memory", "");
    make_inputs(s, runtimes[0]);
    for (int t = 1; t <= s->threads; t++)
        compare_outputs(runtimes[0], runtimes[t], t);
    pthread_barrier_init(&crew.begin, NULL, (unsigned)s->threads);
    pthread_barrier_init(&crew.end, NULL, (unsigned)s->threads);
    for (int t = 1; t < s->threads; t++) {
        check(ramet_runtime_clone(runtimes[0], &clones[t], &error), &error);
        if (rmt_os_thread_start(&threads[t], clone_main, clones[t]) != 0)
            stop("no more threads", "");
    }
    take_turns(s, runtimes);
    report(s);
    crew.over = true;
    pthread_barrier_wait(&crew.begin);
    for (int t = 1; t < s->threads; t++) {
        rmt_os_thread_join(threads[t]);
        ramet_runtime_close(clones[t]);
    }
    for (int t = 0; t <= s->threads; t++)
        ramet_runtime_close(runtimes[t]);
    for (int t = 0; t <= s->threads + 1; t++)
        free(times[t]);
    for (size_t i = 0; i < input_count; i++)
        free(inputs[i].data);
}

int main(int count, char **words)
{
    setting s = {.threads = 2, .seconds = 5};
    if (count < 2 || words[1][0] == '-')
        stop("usage: bench_scaling MODEL [NAME=1x3x224x224...] [--threads N] [--seconds S]", "");
    s.model = words[1];
    s.shapes = words; /* those that were read already are overwritten */
    for (int i = 2; i < count; i++)
        if (strcmp(words[i], "--threads") == 0 && i + 1 < count)
            s.threads = atoi(words[++i]);
        else if (strcmp(words[i], "--seconds") == 0 && i + 1 < count)
            s.seconds = atof(words[++i]);
        else
            s.shapes[s.shape_count++] = words[i];
    if (s.threads < 2 || s.threads > MOST_THREADS)
        stop("--threads must be 2..64", "");
    bench(&s);
    return 0;
}

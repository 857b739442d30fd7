/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of several handles on one model: clones against separately opened
 * models, used one after the other and by one thread each. Every figure is
 * taken in a process of its own from /proc/self/smaps_rollup.
 *
 *     bench_memory [MODEL [N,C,H,W]]
 *
 * Without words: the PP-OCRv4 recogniser that tools/fetch_models fetches.
 */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/os.h"
#include "ramet/runtime.h"

#define MOST_HANDLES 3

typedef struct figures {
    uint64_t before, after_init, after_predict; /* resident bytes */
} figures;

typedef struct setting {
    const char *model;
    int64_t dims[4];
    bool clones, threads;
    int handles;
} setting;

static void stop(const char *what)
{
    fprintf(stderr, "bench_memory: %s\n", what);
    _exit(2);
}

static uint64_t resident(void)
{
    uint64_t rss = 0, pss = 0;
    if (rmt_os_memory_used(&rss, &pss) != 0)
        stop("cannot read /proc/self/smaps_rollup");
    return rss;
}

typedef struct predict_job {
    ramet_runtime *runtime;
    const setting *s;
} predict_job;

static void *predict(void *context)
{
    const predict_job *job = context;
    ramet_error error;
    ramet_tensor input, output[8];
    ramet_runtime_input_info(job->runtime, 0, &input);
    int64_t count = 1;
    input.rank = 4;
    for (int i = 0; i < 4; i++)
        count *= input.dims[i] = job->s->dims[i];
    float *numbers = malloc((size_t)count * sizeof *numbers);
    for (int64_t i = 0; numbers != NULL && i < count; i++)
        numbers[i] = sinf((float)i);
    input.data = numbers;
    if (ramet_runtime_run(job->runtime, &input, 1, output, 8, &error) != RAMET_STATUS_OK)
        stop(error.message);
    free(numbers);
    return NULL;
}

static void predict_all(ramet_runtime *const *handles, const setting *s)
{
    pthread_t threads[MOST_HANDLES];
    predict_job jobs[MOST_HANDLES];
    for (int i = 0; i < s->handles; i++) {
        jobs[i] = (predict_job){handles[i], s};
        if (!s->threads)
            predict(&jobs[i]);
        else if (pthread_create(&threads[i], NULL, predict, &jobs[i]) != 0)
            stop("cannot start a thread");
    }
    for (int i = 0; s->threads && i < s->handles; i++)
        pthread_join(threads[i], NULL);
}

static figures measure(const setting *s)
{
    ramet_runtime *handles[MOST_HANDLES];
    ramet_error error;
    figures f = {.before = resident()};
    for (int i = 0; i < s->handles; i++) {
        ramet_status status = i > 0 && s->clones ? ramet_runtime_clone(handles[0], &handles[i], &error)
                                                 : ramet_runtime_open(s->model, NULL, &handles[i], &error);
        if (status != RAMET_STATUS_OK)
            stop(error.message);
    }
    f.after_init = resident();
    predict_all(handles, s);
    f.after_predict = resident();
    for (int i = 0; i < s->handles; i++)
        ramet_runtime_close(handles[i]);
    return f;
}

/* In a child, so that nothing of an earlier measurement is counted. */
static figures measure_apart(const setting *s)
{
    figures f = {0};
    int ends[2], status = -1;
    if (pipe(ends) != 0)
        stop("cannot make a pipe");
    pid_t child = fork();
    if (child == 0) {
        f = measure(s);
        _exit(write(ends[1], &f, sizeof f) == (ssize_t)sizeof f ? 0 : 2);
    }
    ssize_t got = child < 0 ? -1 : read(ends[0], &f, sizeof f);
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0 || got != (ssize_t)sizeof f)
        stop("a measurement failed");
    close(ends[0]);
    close(ends[1]);
    return f;
}

static double mib(uint64_t bytes) { return (double)bytes / (1 << 20); }

static void print_row(setting s)
{
    s.clones = true;
    figures clones = measure_apart(&s);
    s.clones = false;
    figures opened = measure_apart(&s);
    printf("| %s %d | %.1f / %.1f | %.1f / %.1f |\n", s.threads ? "threads" : "models", s.handles,
           mib(clones.after_init), mib(clones.after_predict), mib(opened.after_init), mib(opened.after_predict));
    fflush(stdout);
}

int main(int count, char **words)
{
    setting s = {.model = RAMET_MODELS_DIR "/ch_PP-OCRv4_rec_infer", .dims = {1, 3, 48, 320}};
    long long d[4];
    if (count > 3) {
        fprintf(stderr, "usage: bench_memory [MODEL [N,C,H,W]]\n");
        return 2;
    }
    if (count > 1) {
        s.model = words[1];
        s.dims[2] = s.dims[3] = 224;
    }
    if (count == 3 && sscanf(words[2], "%lld,%lld,%lld,%lld", &d[0], &d[1], &d[2], &d[3]) == 4)
        for (int i = 0; i < 4; i++)
            s.dims[i] = d[i];
    printf("resident MiB after init / after predict; the bare process has %.1f\n", mib(resident()));
    printf("| | clones | opened separately |\n|---|---|---|\n");
    for (int threads = 0; threads < 2; threads++) {
        for (int handles = 1; handles <= MOST_HANDLES; handles++) {
            s.threads = threads != 0;
            s.handles = handles;
            print_row(s);
        }
    }
    return 0;
}

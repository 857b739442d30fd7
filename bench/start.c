/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the start of a process to its first result:
 *
 *   bench_start MODEL 1x3x224x224 [ROUNDS]
 *
 * Each round starts this program anew, once without a cache, once with an empty cache, once with a warm one, and once
 * with a sealed memory file of this process. A child opens the model, runs it once, says so, and then runs it a few
 * times more. Told are medians: start of the process to main(), opening, the first run, a run, all up to the first
 * result, and what of that is more than a run.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "os/os.h"
#include "ramet/runtime.h"

enum { FURTHER_RUNS = 9, MOST_ROUNDS = 100, REPORT = 3, WEIGHTS = 4 };

typedef enum way { WAY_WITHOUT, WAY_COLD, WAY_WARM, WAY_MEMORY, WAY_COUNT } way;

static const char *const way_names[] = {"without a cache", "cold cache", "warm cache", "memory file"};

static void fail(const char *what, const ramet_error *error)
{
    fprintf(stderr, "bench_start: %s: %s\n", what, error != NULL ? error->message : strerror(errno));
    exit(1);
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static double median_ms(uint64_t *ns, size_t count)
{
    qsort(ns, count, sizeof *ns, compare);
    return (double)ns[count / 2] * 1e-6;
}

/* ---- the child --------------------------------------------------------------------------------------------- */

static ramet_tensor make_input(const char *shape)
{
    ramet_tensor tensor = {.dtype = RAMET_DTYPE_FLOAT32};
    size_t count = 1;
    for (char *at = (char *)(uintptr_t)shape; *at != 0 && tensor.rank < RAMET_MAX_RANK; at += *at == 'x') {
        int64_t dim = strtoll(at, &at, 10);
        tensor.dims[tensor.rank++] = dim;
        count *= (size_t)dim;
    }
    tensor.data = calloc(count, sizeof(float));
    return tensor;
}

static void run_once(ramet_runtime *runtime, const ramet_tensor *input)
{
    ramet_tensor outputs[8];
    ramet_error error;
    if (ramet_runtime_run(runtime, input, 1, outputs, 8, &error))
        fail("run", &error);
}

/* What a child tells: moments, and what the runs after the first took. ns. */
typedef struct child_times {
    uint64_t main, opened, first, runs[FURTHER_RUNS];
} child_times;

static int child_main(const char *model, const char *shape, const char *cache)
{
    ramet_runtime_option option;
    ramet_runtime *runtime;
    ramet_error error;
    static const int32_t given = WEIGHTS;
    ramet_runtime_option_init(&option);
    option.cache_dir = cache[0] != 0 && strcmp(cache, "-") != 0 ? cache : NULL;
    option.weights_fds = &given;
    option.weights_fd_count = strcmp(cache, "-") == 0;
    child_times times = {.main = rmt_os_now_ns()};
    if (ramet_runtime_open(model, &option, &runtime, &error))
        fail("open", &error);
    times.opened = rmt_os_now_ns();
    ramet_tensor input = make_input(shape);
    run_once(runtime, &input);
    times.first = rmt_os_now_ns();
    for (int i = 0; i < FURTHER_RUNS; i++) {
        uint64_t before = rmt_os_now_ns();
        run_once(runtime, &input);
        times.runs[i] = rmt_os_now_ns() - before;
    }
    return write(REPORT, &times, sizeof times) == (ssize_t)sizeof times ? 0 : 1;
}

/* ---- the parent -------------------------------------------------------------------------------------------- */

enum { SPAN_START, SPAN_OPEN, SPAN_FIRST_RUN, SPAN_RUN, SPAN_ALL, SPAN_BEYOND, SPAN_COUNT };

/* ns, for each span. */
typedef struct sample {
    uint64_t spans[SPAN_COUNT];
} sample;

static sample start_child(const char *const *command, int weights)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC))
        fail("pipe", NULL);
    child_times times;
    uint64_t before = rmt_os_now_ns();
    pid_t child = fork();
    if (child == 0) {
        int report = fcntl(ends[1], F_DUPFD, WEIGHTS + 1),
            given = weights >= 0 ? fcntl(weights, F_DUPFD, WEIGHTS + 1) : -1;
        dup2(report, REPORT);
        if (given >= 0)
            dup2(given, WEIGHTS);
        execv("/proc/self/exe", (char *const *)(uintptr_t)command);
        _exit(127);
    }
    close(ends[1]);
    if (read(ends[0], &times, sizeof times) != (ssize_t)sizeof times)
        fail("a child said nothing", NULL);
    close(ends[0]);
    waitpid(child, NULL, 0);
    uint64_t run = (uint64_t)(median_ms(times.runs, FURTHER_RUNS) * 1e6), all = times.first - before;
    return (sample){{times.main - before, times.opened - times.main, times.first - times.opened, run, all,
                     all > run ? all - run : 0}};
}

static bool drop(void *context, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", (const char *)context, name);
    unlink(path);
    return true;
}

static void measure(way w, const char *model, const char *shape, int rounds, int weights)
{
    char folder[] = "/tmp/ramet-start-XXXXXX";
    if (mkdtemp(folder) == NULL)
        fail("mkdtemp", NULL);
    const char *cache = w == WAY_WITHOUT ? "" : w == WAY_MEMORY ? "-" : folder;
    const char *const command[] = {"bench_start", "--child", model, shape, cache, NULL};
    uint64_t spans[SPAN_COUNT][MOST_ROUNDS];
    if (w == WAY_WARM) { /* once to pack, and once, when the file has come to rest, to note that it is whole */
        start_child(command, -1);
        sleep(3);
        start_child(command, -1);
    }
    for (int i = 0; i < rounds; i++) {
        if (w == WAY_COLD)
            (void)rmt_os_each_name(folder, drop, folder);
        sample s = start_child(command, w == WAY_MEMORY ? weights : -1);
        for (int k = 0; k < SPAN_COUNT; k++)
            spans[k][i] = s.spans[k];
    }
    printf("%-16s", way_names[w]);
    for (int k = 0; k < SPAN_COUNT; k++)
        printf(" %9.2f", median_ms(spans[k], (size_t)rounds));
    printf("\n");
    fflush(stdout);
    (void)rmt_os_each_name(folder, drop, folder);
    rmdir(folder);
}

static int share_weights(const char *model)
{
    ramet_runtime *runtime;
    ramet_error error;
    int32_t fd;
    if (ramet_runtime_open(model, NULL, &runtime, &error) || ramet_runtime_weights_fd(runtime, &fd, &error))
        fail("share", &error);
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    ramet_runtime_close(runtime);
    return copy;
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "--child") == 0)
        return child_main(argv[2], argv[3], argv[4]);
    if (argc < 3) {
        fprintf(stderr, "usage: bench_start MODEL 1x3x224x224 [ROUNDS]\n");
        return 2;
    }
    int rounds = argc > 3 ? atoi(argv[3]) : 11;
    if (rounds < 1 || rounds > MOST_ROUNDS)
        rounds = 11;
    int weights = share_weights(argv[1]);
    printf("%-16s %9s %9s %9s %9s %9s %9s\n", "ms, medians", "start", "open", "first run", "a run", "all", "beyond");
    for (way w = WAY_WITHOUT; w < WAY_COUNT; w++)
        measure(w, argv[1], argv[2], rounds, weights);
    return 0;
}

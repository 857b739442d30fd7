/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What memory does over a long time.
 *
 *     bench_soak random DETECTOR RECOGNIZER [PREDICTIONS [SEED]]
 *     bench_soak cycles MODEL [CYCLES]
 *
 * random: predictions of random sizes and batches, as text detection and recognition have them; resident memory after
 * 100 of them and at the end, and its peak against what was forecast for the largest sizes. cycles: opening and closing a
 * model; resident memory, descriptors and mappings after the first ten and at the end. Exit 1: they grew by more than 1 MiB,
 * or at all, or the peak was higher than the forecast.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/os.h"
#include "ramet/runtime.h"

enum { WARM_UP = 100, ALLOWED_BYTES = 1 << 20, MOST_OUTPUTS = 8, SIDE = 160, WIDTH = 240, BATCH = 4 };

static void stop(const char *what, const char *more)
{
    fprintf(stderr, "bench_soak: %s %s\n", what, more);
    exit(2);
}

static void check(ramet_status status, const ramet_error *error)
{
    if (status != RAMET_STATUS_OK)
        stop(error->message, error->place);
}

/* ---- what the system says ------------------------------------------------------------------------------------ */

typedef struct state {
    uint64_t rss, peak; /* bytes */
    int descriptors, mappings;
} state;

static uint64_t find_kilobytes(const char *text, const char *name)
{
    const char *line = strstr(text, name);
    return line == NULL ? 0 : strtoull(line + strlen(name), NULL, 10) * 1024;
}

static int count_entries(const char *folder)
{
    int count = 0;
    DIR *open = opendir(folder);
    while (open != NULL && readdir(open) != NULL)
        count++;
    if (open != NULL)
        closedir(open);
    return count;
}

static int count_lines(const char *path)
{
    int count = 0;
    FILE *file = fopen(path, "r");
    for (int c; file != NULL && (c = fgetc(file)) != EOF;)
        count += c == '\n';
    if (file != NULL)
        fclose(file);
    return count;
}

static state look(void)
{
    static char text[8192];
    state now = {.descriptors = count_entries("/proc/self/fd"), .mappings = count_lines("/proc/self/maps")};
    uint64_t pss;
    if (rmt_os_memory_used(&now.rss, &pss) != 0 || rmt_os_read_text("/proc/self/status", text, sizeof text) != 0)
        stop("cannot read /proc/self", "");
    now.peak = find_kilobytes(text, "VmHWM:");
    return now;
}

static double mib(uint64_t bytes) { return (double)bytes / (1 << 20); }

static int judge(const state *before, const state *after, bool all)
{
    printf("resident %.2f MiB -> %.2f MiB", mib(before->rss), mib(after->rss));
    bool good = after->rss <= before->rss + ALLOWED_BYTES;
    if (all) {
        printf(", descriptors %d -> %d, mappings %d -> %d", before->descriptors, after->descriptors, before->mappings,
               after->mappings);
        good = good && before->descriptors == after->descriptors && before->mappings == after->mappings;
    }
    printf(": %s\n", good ? "good" : "GROWN");
    return good ? 0 : 1;
}

/* ---- random sizes --------------------------------------------------------------------------------------------- */

static ramet_runtime *open_model(const char *path)
{
    ramet_error error;
    ramet_runtime *runtime;
    check(ramet_runtime_open(path, NULL, &runtime, &error), &error);
    return runtime;
}

static uint32_t pick(uint32_t *seed, uint32_t choices)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % choices;
}

static void predict(ramet_runtime *runtime, float *numbers, int64_t n, int64_t h, int64_t w)
{
    ramet_error error;
    ramet_tensor outputs[MOST_OUTPUTS];
    ramet_tensor input = {.dtype = RAMET_DTYPE_FLOAT32, .rank = 4, .dims = {n, 3, h, w}, .data = numbers};
    check(ramet_runtime_run(runtime, &input, 1, outputs, MOST_OUTPUTS, &error), &error);
}

/* The first is as large as any will be. */
static void predict_some(ramet_runtime *detector, ramet_runtime *recognizer, float *numbers, int i, uint32_t *seed)
{
    uint32_t h = 32 + 32 * pick(seed, SIDE / 32), w = 32 + 32 * pick(seed, SIDE / 32), n = 1 + pick(seed, BATCH);
    uint32_t width = 16 + pick(seed, WIDTH - 16);
    if (i < 2)
        h = w = SIDE, n = BATCH, width = WIDTH;
    if (i % 2 == 0)
        predict(detector, numbers, 1, h, w);
    else
        predict(recognizer, numbers, n, 48, width);
}

static uint64_t held(ramet_runtime *runtime)
{
    ramet_memory memory;
    (void)ramet_runtime_memory(runtime, &memory);
    return memory.weights_bytes + memory.program_bytes + memory.plans_bytes + memory.arena_bytes;
}

/* What a model will hold beside another one: while it is opened, and later. */
typedef struct needs {
    uint64_t opening, running;
} needs;

static needs forecast(ramet_runtime *runtime, int64_t n, int64_t h, int64_t w)
{
    ramet_error error;
    ramet_memory_forecast f;
    ramet_tensor largest = {.dtype = RAMET_DTYPE_FLOAT32, .rank = 4, .dims = {n, 3, h, w}};
    check(ramet_runtime_forecast_memory(runtime, &largest, 1, &f, &error), &error);
    uint64_t shared = f.weights_bytes + f.program_bytes;
    return (needs){shared + f.source_bytes, shared + f.plans_bytes + f.arena_bytes};
}

/* Of both, opened one after the other and then used. */
static uint64_t forecast_peak(ramet_runtime *detector, ramet_runtime *recognizer)
{
    needs d = forecast(detector, 1, SIDE, SIDE), r = forecast(recognizer, BATCH, 48, WIDTH);
    uint64_t running = d.running + r.running, opening = d.running + r.opening;
    if (d.opening > opening)
        opening = d.opening;
    return running > opening ? running : opening;
}

static int soak(const char *detector_path, const char *recognizer_path, int count, uint32_t seed)
{
    size_t floats = (size_t)3 * BATCH * 48 * WIDTH + (size_t)3 * SIDE * SIDE;
    float *numbers = malloc(floats * sizeof *numbers);
    if (numbers == NULL)
        stop("out of memory", "");
    for (size_t i = 0; i < floats; i++)
        numbers[i] = (float)(i % 255) / 127 - 1;
    uint64_t empty = look().rss, most = 0;
    ramet_runtime *detector = open_model(detector_path), *recognizer = open_model(recognizer_path);
    uint64_t expected = empty + forecast_peak(detector, recognizer);
    state before = {0};
    for (int i = 0; i < count + WARM_UP; i++) {
        if (i == WARM_UP)
            before = look();
        predict_some(detector, recognizer, numbers, i, &seed);
        uint64_t now = held(detector) + held(recognizer);
        most = now > most ? now : most;
        if (i >= WARM_UP && (i - WARM_UP) % 1000 == 0)
            printf("%6d  resident %.2f MiB, handles hold %.2f MiB\n", i - WARM_UP, mib(look().rss), mib(now));
    }
    state after = look();
    bool within = after.peak <= expected;
    printf("peak %.2f MiB, of which %.2f before; the handles have held %.2f\n", mib(after.peak), mib(empty), mib(most));
    printf("forecast %.2f MiB: %s\n", mib(expected), within ? "good" : "EXCEEDED");
    ramet_runtime_close(detector);
    ramet_runtime_close(recognizer);
    free(numbers);
    return judge(&before, &after, false) || !within;
}

/* ---- opening and closing -------------------------------------------------------------------------------------- */

static int cycle(const char *path, int count)
{
    state before = {0};
    for (int i = 0; i < count + 10; i++) {
        if (i == 10)
            before = look();
        ramet_runtime_close(open_model(path));
    }
    state after = look();
    return judge(&before, &after, true);
}

int main(int count, char **words)
{
    if (count >= 4 && strcmp(words[1], "random") == 0)
        return soak(words[2], words[3], count > 4 ? atoi(words[4]) : 10000, count > 5 ? (uint32_t)atoi(words[5]) : 1);
    if (count >= 3 && strcmp(words[1], "cycles") == 0)
        return cycle(words[2], count > 3 ? atoi(words[3]) : 1000);
    stop("usage: bench_soak random DETECTOR RECOGNIZER [PREDICTIONS [SEED]] | cycles MODEL [CYCLES]", "");
}

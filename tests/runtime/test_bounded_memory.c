/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of a handle over its life: a known shape maps nothing (test_known_shapes.c counts calls of the allocator), random
 * shapes end where they began, a large image gives back what it took, a budget refuses before anything is allocated, and
 * closing leaves nothing behind.
 */
#include <dirent.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "os/os.h"
#include "ramet/runtime.h"

#define MODEL RAMET_TEST_DATA "/operators/network_text_recogniser_block"

enum { HEIGHT = 8, MOST_BATCH = 4, MOST_WIDTH = 640, ALLOWED_BYTES = 1 << 20 };

/* A sanitizer brings an allocator of its own, which keeps memory as it likes: nothing is counted then. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

/* ---- runs ------------------------------------------------------------------------------------------------------ */

static float numbers[MOST_BATCH * 64 * HEIGHT * MOST_WIDTH];

static ramet_runtime *open_model(int32_t threads, uint64_t budget_bytes)
{
    ramet_runtime *runtime;
    ramet_runtime_option option;
    ramet_error error = {0};
    ramet_runtime_option_init(&option);
    option.cpu_thread_num = threads;
    option.memory_budget_bytes = budget_bytes;
    if (ramet_runtime_open(MODEL, &option, &runtime, &error) != RAMET_STATUS_OK)
        fail_msg("%s (%s)", error.message, error.place);
    return runtime;
}

static ramet_status run(ramet_runtime *runtime, int64_t batch, int64_t width, ramet_tensor *output, ramet_error *error)
{
    ramet_tensor input;
    ramet_runtime_input_info(runtime, 0, &input);
    input.dims[0] = batch;
    size_t count = (size_t)batch;
    for (int32_t i = 1; i < input.rank; i++) {
        if (input.dims[i] < 0)
            input.dims[i] = i == input.rank - 1 ? width : HEIGHT;
        count *= (size_t)input.dims[i];
    }
    assert_true(count <= sizeof numbers / sizeof *numbers);
    input.data = numbers;
    return ramet_runtime_run(runtime, &input, 1, output, 1, error);
}

static void run_well(ramet_runtime *runtime, int64_t batch, int64_t width)
{
    ramet_tensor output;
    ramet_error error = {0};
    if (run(runtime, batch, width, &output, &error) != RAMET_STATUS_OK)
        fail_msg("%s (%s)", error.message, error.place);
}

static uint64_t arena_bytes(const ramet_runtime *runtime)
{
    ramet_memory memory;
    assert_int_equal(ramet_runtime_memory(runtime, &memory), RAMET_STATUS_OK);
    return memory.arena_bytes;
}

/* ---- what the system says -------------------------------------------------------------------------------------- */

typedef struct state {
    uint64_t rss;
    int descriptors, mappings;
} state;

static int count_descriptors(void)
{
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (folder != NULL && readdir(folder) != NULL)
        count++;
    if (folder != NULL)
        closedir(folder);
    return count;
}

static int count_mappings(void)
{
    static char text[1 << 20];
    int count = 0;
    assert_int_equal(rmt_os_read_text("/proc/self/maps", text, sizeof text), 0);
    for (const char *c = text; *c != 0; c++)
        count += *c == '\n';
    return count;
}

static state look(void)
{
    state now = {.descriptors = count_descriptors(), .mappings = count_mappings()};
    uint64_t pss;
    assert_int_equal(rmt_os_memory_used(&now.rss, &pss), 0);
    return now;
}

static uint32_t pick(uint32_t *seed, uint32_t choices)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % choices;
}

/* ---- tests ----------------------------------------------------------------------------------------------------- */

static void a_known_shape_maps_nothing(void **unused)
{
    (void)unused;
    ramet_runtime *runtime = open_model(1, 0);
    run_well(runtime, 2, 40);
    run_well(runtime, 1, 24);
    int mappings = count_mappings();
    for (int i = 0; i < 20; i++)
        run_well(runtime, 1 + i % 2, i % 2 ? 40 : 24);
    if (!SANITIZED)
        assert_int_equal(count_mappings(), mappings);
    ramet_runtime_close(runtime);
}

static void random_shapes_end_where_they_began(void **unused)
{
    (void)unused;
    uint32_t seed = 7;
    state before = {0};
    ramet_runtime *runtime = open_model(2, 0);
    run_well(runtime, MOST_BATCH, MOST_WIDTH);
    for (int i = 0; i < 1100; i++) {
        if (i == 100)
            before = look();
        run_well(runtime, 1 + pick(&seed, MOST_BATCH), 8 * (1 + pick(&seed, MOST_WIDTH / 8)));
    }
    state after = look();
    if (!SANITIZED && after.rss > before.rss + ALLOWED_BYTES)
        fail_msg("%llu bytes became %llu", (unsigned long long)before.rss, (unsigned long long)after.rss);
    ramet_runtime_close(runtime);
}

static uint64_t peak_bytes(void)
{
    static char text[8192];
    assert_int_equal(rmt_os_read_text("/proc/self/status", text, sizeof text), 0);
    const char *line = strstr(text, "VmHWM:");
    assert_non_null(line);
    return strtoull(line + strlen("VmHWM:"), NULL, 10) * 1024;
}

static ramet_memory_forecast forecast_of(ramet_runtime *runtime, int64_t batch, int64_t width)
{
    ramet_tensor largest;
    ramet_memory_forecast forecast;
    ramet_error error = {0};
    ramet_runtime_input_info(runtime, 0, &largest);
    largest.dims[0] = batch;
    for (int32_t i = 1; i < largest.rank; i++)
        if (largest.dims[i] < 0)
            largest.dims[i] = i == largest.rank - 1 ? width : HEIGHT;
    if (ramet_runtime_forecast_memory(runtime, &largest, 1, &forecast, &error) != RAMET_STATUS_OK)
        fail_msg("%s (%s)", error.message, error.place);
    assert_int_equal(forecast.open_operators, 0);
    return forecast;
}

/* One plan, and the room that it was made in, which stays. */
static void what_plans_take_is_forecast(void **unused)
{
    (void)unused;
    ramet_runtime *runtime;
    ramet_runtime_option option;
    ramet_memory memory;
    ramet_runtime_option_init(&option);
    option.plan_capacity = 1;
    assert_int_equal(ramet_runtime_open(MODEL, &option, &runtime, NULL), RAMET_STATUS_OK);
    ramet_memory_forecast forecast = forecast_of(runtime, 2, 40);
    run_well(runtime, 2, 40);
    assert_int_equal(ramet_runtime_memory(runtime, &memory), RAMET_STATUS_OK);
    assert_int_equal(memory.plans_bytes, forecast.plans_bytes);
    ramet_runtime_close(runtime);
}

/* After a first life of the model, so that code and what the C library keeps are there already. */
static void the_peak_stays_under_the_forecast(void **unused)
{
    (void)unused;
    ramet_runtime *runtime = open_model(1, 0);
    run_well(runtime, 1, 8);
    ramet_runtime_close(runtime);
    memset(numbers, 0, sizeof numbers); /* resident before, as the caller's own */
    FILE *file = fopen("/proc/self/clear_refs", "w");
    bool cleared = file != NULL && fputs("5", file) >= 0; /* the peak begins anew */
    if (file == NULL || fclose(file) != 0 || !cleared) {
        print_message("the system does not let its record of the peak be cleared: not judged\n");
        skip();
    }
    uint64_t before = look().rss;
    uint32_t seed = 11;
    runtime = open_model(1, 0);
    uint64_t forecast = forecast_of(runtime, MOST_BATCH, MOST_WIDTH).peak_bytes;
    uint64_t arena = 0;
    for (int i = 0; i < 400; i++) {
        run_well(runtime, 1 + pick(&seed, MOST_BATCH), 8 * (1 + pick(&seed, MOST_WIDTH / 8)));
        arena = arena_bytes(runtime) > arena ? arena_bytes(runtime) : arena;
    }
    run_well(runtime, MOST_BATCH, MOST_WIDTH);
    arena = arena_bytes(runtime) > arena ? arena_bytes(runtime) : arena;
    uint64_t peak = peak_bytes();
    print_message("forecast %.2f MiB, peak %.2f\n", (double)forecast / 1048576,
                  ((double)peak - (double)before) / 1048576);
    assert_true(arena <= forecast);
    if (!SANITIZED)
        assert_true(peak <= before + forecast + ALLOWED_BYTES / 2);         /* what the C library keeps */
    assert_true(forecast <= 4 * (uint64_t)(peak - before) + ALLOWED_BYTES); /* it says something */
    ramet_runtime_close(runtime);
}

static void a_large_image_gives_back_what_it_took(void **unused)
{
    (void)unused;
    static float expected[64];
    ramet_tensor output;
    ramet_runtime *runtime = open_model(1, 0);
    assert_int_equal(run(runtime, MOST_BATCH, MOST_WIDTH, &output, NULL), RAMET_STATUS_OK);
    memcpy(expected, output.data, sizeof expected);
    uint64_t large = arena_bytes(runtime);
    for (int i = 0; i < 99; i++)
        run_well(runtime, 1, 8 + 8 * (i % 2));
    assert_int_equal(arena_bytes(runtime), large); /* not at once */
    run_well(runtime, 1, 16);
    assert_true(arena_bytes(runtime) < large / 2);
    run_well(runtime, 1, 24);
    assert_int_equal(run(runtime, MOST_BATCH, MOST_WIDTH, &output, NULL), RAMET_STATUS_OK);
    assert_int_equal(arena_bytes(runtime), large);
    assert_memory_equal(output.data, expected, sizeof expected);
    ramet_runtime_close(runtime);
}

static void a_budget_refuses_before_anything_is_allocated(void **unused)
{
    (void)unused;
    enum { BUDGET = 300000 };
    ramet_tensor output;
    ramet_error error = {0};
    ramet_runtime *runtime = open_model(1, BUDGET);
    run_well(runtime, 1, 8);
    uint64_t before = arena_bytes(runtime);
    assert_int_equal(run(runtime, MOST_BATCH, MOST_WIDTH, &output, &error), RAMET_STATUS_OVER_BUDGET);
    assert_non_null(strstr(error.message, "300000"));
    assert_int_equal(arena_bytes(runtime), before);
    run_well(runtime, 1, 8);
    assert_true(arena_bytes(runtime) <= BUDGET + rmt_os_page_bytes());
    ramet_runtime_close(runtime);
}

static void opening_and_closing_leaves_nothing(void **unused)
{
    (void)unused;
    state before = {0};
    for (int i = 0; i < 60; i++) {
        if (i == 10)
            before = look();
        ramet_runtime *clone, *runtime = open_model(1 + i % 3, 0);
        assert_int_equal(ramet_runtime_clone(runtime, &clone, NULL), RAMET_STATUS_OK);
        run_well(runtime, 1, 40);
        run_well(clone, 2, 40);
        ramet_runtime_close(runtime);
        ramet_runtime_close(clone);
    }
    state after = look();
    assert_int_equal(after.descriptors, before.descriptors);
    if (!SANITIZED) {
        assert_int_equal(after.mappings, before.mappings);
        assert_true(after.rss <= before.rss + ALLOWED_BYTES);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_shape_maps_nothing),
        cmocka_unit_test(random_shapes_end_where_they_began),
        cmocka_unit_test(what_plans_take_is_forecast),
        cmocka_unit_test(the_peak_stays_under_the_forecast),
        cmocka_unit_test(a_large_image_gives_back_what_it_took),
        cmocka_unit_test(a_budget_refuses_before_anything_is_allocated),
        cmocka_unit_test(opening_and_closing_leaves_nothing),
    };
    mallopt(M_ARENA_MAX, 1); /* the C library may map a heap for each thread, when it likes */
    return cmocka_run_group_tests(tests, NULL, NULL);
}

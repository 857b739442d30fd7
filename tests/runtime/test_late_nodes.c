/* SPDX-License-Identifier: Apache-2.0 */
/* Runs that numbers decide: their memory, and their failures. The arithmetic is checked by the recorded operators. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "ramet/ramet.h"

#define FOLDER RAMET_TEST_DATA "/operators/"

static ramet_runtime *open_model(const char *name, uint64_t budget)
{
    char path[512];
    ramet_runtime *runtime = NULL;
    ramet_error error = {0};
    ramet_runtime_option option;
    ramet_runtime_option_init(&option);
    option.memory_budget_bytes = budget;
    snprintf(path, sizeof path, FOLDER "%s", name);
    if (ramet_runtime_open(path, &option, &runtime, &error) != RAMET_STATUS_OK)
        fail_msg("%s: %s", path, error.message);
    return runtime;
}

/* control_loop_grows_a_tensor: `rounds` rows are appended to a tensor of one row. */
static ramet_status grow(ramet_runtime *runtime, int64_t rounds, ramet_tensor *output, ramet_error *error)
{
    static const float row[4] = {1, 2, 3, 4};
    const ramet_tensor inputs[] = {
        {.name = "x", .dtype = RAMET_DTYPE_FLOAT32, .rank = 2, .dims = {1, 4}, .data = (void *)(uintptr_t)row},
        {.name = "rounds", .dtype = RAMET_DTYPE_INT64, .rank = 1, .dims = {1}, .data = &rounds}};
    return ramet_runtime_run(runtime, inputs, 2, output, 1, error);
}

static void numbers_decide_each_run(void **state)
{
    (void)state;
    ramet_runtime *runtime = open_model("control_loop_grows_a_tensor", 0);
    for (int64_t rounds = 0; rounds < 40; rounds = rounds * 2 + 1) {
        ramet_tensor output;
        assert_int_equal(grow(runtime, rounds, &output, NULL), RAMET_STATUS_OK);
        assert_int_equal(output.dims[0], rounds + 1);
        const float *rows = output.data;
        for (int64_t i = 0; i <= rounds; i++)
            assert_true(rows[4 * i + 3] == (i == 0 ? 4 : 4 * (float)(i - 1)));
    }
    ramet_runtime_close(runtime);
}

static uint64_t memory_of(ramet_runtime *runtime)
{
    ramet_memory memory;
    assert_int_equal(ramet_runtime_memory(runtime, &memory), RAMET_STATUS_OK);
    return memory.arena_bytes;
}

static void memory_stops_growing(void **state)
{
    (void)state;
    ramet_runtime *runtime = open_model("control_loop_grows_a_tensor", 0);
    ramet_tensor output;
    assert_int_equal(grow(runtime, 1000, &output, NULL), RAMET_STATUS_OK);
    uint64_t before = memory_of(runtime);
    for (int64_t i = 0; i < 300; i++)
        assert_int_equal(grow(runtime, i * 617 % 1000, &output, NULL), RAMET_STATUS_OK);
    assert_int_equal(memory_of(runtime), before);
    ramet_runtime_close(runtime);
}

static void a_run_past_the_budget_fails_and_the_next_works(void **state)
{
    (void)state;
    ramet_runtime *runtime = open_model("control_loop_grows_a_tensor", 64 << 10);
    ramet_tensor output;
    ramet_error error = {0};
    assert_int_equal(grow(runtime, 60000, &output, &error), RAMET_STATUS_OVER_BUDGET);
    assert_non_null(strstr(error.message, "budget"));
    assert_true(memory_of(runtime) <= (64 << 10) + 4096); /* an arena is whole pages */
    assert_int_equal(grow(runtime, 3, &output, &error), RAMET_STATUS_OK);
    assert_int_equal(output.dims[0], 4);
    ramet_runtime_close(runtime);
}

static void a_loop_without_end_is_an_error(void **state)
{
    (void)state;
    ramet_runtime *runtime = open_model("control_loop_swaps_what_it_carries", 0);
    static const float three[3] = {1, 2, 3};
    int64_t rounds = INT64_MAX;
    const ramet_tensor inputs[] = {
        {.name = "x", .dtype = RAMET_DTYPE_FLOAT32, .rank = 1, .dims = {3}, .data = (void *)(uintptr_t)three},
        {.name = "y", .dtype = RAMET_DTYPE_FLOAT32, .rank = 1, .dims = {3}, .data = (void *)(uintptr_t)three},
        {.name = "rounds", .dtype = RAMET_DTYPE_INT64, .rank = 1, .dims = {1}, .data = &rounds}};
    ramet_tensor outputs[2];
    ramet_error error = {0};
    assert_int_not_equal(ramet_runtime_run(runtime, inputs, 3, outputs, 2, &error), RAMET_STATUS_OK);
    assert_non_null(strstr(error.message, "has not ended"));
    ramet_runtime_close(runtime);
}

static void an_entry_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    ramet_runtime *runtime = open_model("control_loop_makes_a_list_to_read", 0);
    static const float rows[24];
    for (int64_t rounds = 0; rounds < 3; rounds++) {
        const ramet_tensor inputs[] = {
            {.name = "x", .dtype = RAMET_DTYPE_FLOAT32, .rank = 2, .dims = {6, 4}, .data = (void *)(uintptr_t)rows},
            {.name = "rounds", .dtype = RAMET_DTYPE_INT64, .rank = 1, .dims = {1}, .data = &rounds}};
        ramet_tensor outputs[2];
        ramet_error error = {0};
        ramet_status status = ramet_runtime_run(runtime, inputs, 2, outputs, 2, &error);
        assert_int_equal(status, rounds < 2 ? RAMET_STATUS_BAD_SHAPE : RAMET_STATUS_OK);
    }
    ramet_runtime_close(runtime);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_decide_each_run),
        cmocka_unit_test(memory_stops_growing),
        cmocka_unit_test(a_run_past_the_budget_fails_and_the_next_works),
        cmocka_unit_test(a_loop_without_end_is_an_error),
        cmocka_unit_test(an_entry_that_is_not_there_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

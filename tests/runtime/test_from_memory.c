/* SPDX-License-Identifier: Apache-2.0 */
/* Models that are opened from bytes: the same numbers as from files, and nothing of the bytes needed afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ramet/ramet.h"

#define FOLDER RAMET_TEST_DATA "/operators/conv2d_k3_p1"

typedef struct bytes {
    void *data;
    size_t count;
} bytes;

static bytes read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    bytes b = {.data = malloc(1 << 20)};
    assert_non_null(b.data);
    b.count = fread(b.data, 1, 1 << 20, file);
    fclose(file);
    return b;
}

static void run(ramet_runtime *runtime, float *sum, float *first)
{
    ramet_tensor input, output;
    assert_int_equal(ramet_runtime_input_info(runtime, 0, &input), RAMET_STATUS_OK);
    size_t count = 1;
    for (int i = 0; i < input.rank; i++) {
        input.dims[i] = input.dims[i] < 0 ? 4 : input.dims[i];
        count *= (size_t)input.dims[i];
    }
    float *numbers = calloc(count, sizeof *numbers);
    assert_non_null(numbers);
    for (size_t i = 0; i < count; i++)
        numbers[i] = (float)(i % 7) - 3;
    input.data = numbers;
    assert_int_equal(ramet_runtime_run(runtime, &input, 1, &output, 1, NULL), RAMET_STATUS_OK);
    const float *got = output.data;
    size_t made = 1;
    for (int i = 0; i < output.rank; i++)
        made *= (size_t)output.dims[i];
    *first = got[0];
    *sum = 0;
    for (size_t i = 0; i < made; i++)
        *sum += got[i];
    free(numbers);
}

static void bytes_give_what_files_give(void **state)
{
    (void)state;
    bytes program = read_file(FOLDER "/inference.pdmodel"), params = read_file(FOLDER "/inference.pdiparams");
    ramet_runtime *from_file, *from_memory;
    ramet_error error = {0};
    ramet_runtime_option option;
    ramet_runtime_option_init(&option);
    option.program_bytes = program.data;
    option.program_count = program.count;
    option.params_bytes = params.data;
    option.params_count = params.count;
    assert_int_equal(ramet_runtime_open(FOLDER, NULL, &from_file, &error), RAMET_STATUS_OK);
    assert_int_equal(ramet_runtime_open("a convolution", &option, &from_memory, &error), RAMET_STATUS_OK);
    memset(program.data, 0xff, program.count);
    memset(params.data, 0xff, params.count);
    free(program.data);
    free(params.data);
    float sums[2], firsts[2];
    run(from_file, &sums[0], &firsts[0]);
    run(from_memory, &sums[1], &firsts[1]);
    assert_true(sums[0] == sums[1] && firsts[0] == firsts[1]);
    ramet_runtime_close(from_file);
    ramet_runtime_close(from_memory);
}

static void sources_that_contradict_each_other_are_refused(void **state)
{
    (void)state;
    static const char nothing[1] = "";
    const ramet_runtime_option wrong[] = {
        {.struct_bytes = sizeof wrong[0], .program_count = 1},
        {.struct_bytes = sizeof wrong[0], .params_bytes = nothing, .params_count = 1},
        {.struct_bytes = sizeof wrong[0], .program_bytes = nothing, .program_count = 1, .params_file = "x"},
        {.struct_bytes = sizeof wrong[0], .config_text = "a: 1", .config_file = "x"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ramet_runtime *runtime;
        ramet_error error = {0};
        assert_int_equal(ramet_runtime_open(FOLDER, &wrong[i], &runtime, &error), RAMET_STATUS_INVALID_ARGUMENT);
        assert_true(error.message[0] != '\0');
    }
}

static void damaged_bytes_are_named_as_they_were(void **state)
{
    (void)state;
    ramet_runtime *runtime;
    ramet_error error = {0};
    ramet_runtime_option option;
    ramet_runtime_option_init(&option);
    option.program_bytes = "\x0a\x05";
    option.program_count = 2;
    assert_int_equal(ramet_runtime_open("my model", &option, &runtime, &error), RAMET_STATUS_BAD_FORMAT);
    assert_null(runtime);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_give_what_files_give),
        cmocka_unit_test(sources_that_contradict_each_other_are_refused),
        cmocka_unit_test(damaged_bytes_are_named_as_they_were),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

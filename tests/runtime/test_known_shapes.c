/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shape that was run before is run without taking memory: this program counts the calls of the allocator and of mmap,
 * in whatever thread, and finds none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "ramet/runtime.h"

#define NETWORKS RAMET_TEST_DATA "/operators/network_"

enum { MOST_NUMBERS = 1 << 18, MOST_OUTPUTS = 8 };

static atomic_int calls;

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
void *__real_mmap(void *address, size_t bytes, int protection, int flags, int file, off_t offset);

void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);
void *__wrap_mmap(void *address, size_t bytes, int protection, int flags, int file, off_t offset);

void *__wrap_malloc(size_t bytes)
{
    atomic_fetch_add(&calls, 1);
    return __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    atomic_fetch_add(&calls, 1);
    return __real_calloc(count, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
    atomic_fetch_add(&calls, 1);
    return __real_realloc(old, bytes);
}

void *__wrap_aligned_alloc(size_t alignment, size_t bytes)
{
    atomic_fetch_add(&calls, 1);
    return __real_aligned_alloc(alignment, bytes);
}

void *__wrap_mmap(void *address, size_t bytes, int protection, int flags, int file, off_t offset)
{
    atomic_fetch_add(&calls, 1);
    return __real_mmap(address, bytes, protection, flags, file, offset);
}

/* Runs the network with `batch` inputs of its declared size, 32 where that is open; how often memory was taken. */
static int count_calls(ramet_runtime *runtime, int64_t batch)
{
    static float numbers[MOST_NUMBERS];
    ramet_tensor input, outputs[MOST_OUTPUTS];
    ramet_error error = {0};
    ramet_runtime_input_info(runtime, 0, &input);
    size_t count = 1;
    for (int32_t i = 0; i < input.rank; i++) {
        input.dims[i] = i == 0 ? batch : input.dims[i] < 0 ? 32 : input.dims[i];
        count *= (size_t)input.dims[i];
    }
    assert_true(count <= MOST_NUMBERS);
    input.data = numbers;
    atomic_store(&calls, 0);
    if (ramet_runtime_run(runtime, &input, 1, outputs, ramet_runtime_output_count(runtime), &error) != RAMET_STATUS_OK)
        fail_msg("%s (%s)", error.message, error.place);
    return atomic_load(&calls);
}

static void check_network(const char *network, int32_t threads)
{
    ramet_runtime *runtime;
    ramet_runtime_option option;
    ramet_error error = {0};
    ramet_runtime_option_init(&option);
    option.cpu_thread_num = threads;
    if (ramet_runtime_open(network, &option, &runtime, &error) != RAMET_STATUS_OK)
        fail_msg("%s (%s)", error.message, error.place);
    assert_int_equal(ramet_runtime_input_count(runtime), 1);
    assert_true(count_calls(runtime, 2) > 0); /* the counter counts */
    (void)count_calls(runtime, 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(count_calls(runtime, 2), 0);
        assert_int_equal(count_calls(runtime, 1), 0);
    }
    ramet_runtime_close(runtime);
}

static void known_shapes_take_no_memory(void **state)
{
    (void)state;
    for (int32_t threads = 1; threads <= 2; threads++) {
        check_network(NETWORKS "lcnet_block", threads);
        check_network(NETWORKS "text_recogniser_block", threads);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(known_shapes_take_no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

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

enum { MOST_NUMBERS = 1 << 18, MOST_OUTPUTS = 8, SHAPES = 4, ROUNDS = 10, MOST_THREADS = 3 };

/* Inputs of a run: how many, and the size of what the network leaves open. */
typedef struct case_shape {
    int64_t batch, open;
} case_shape;

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

/* Runs the network once; how often memory was taken. */
static int count_calls(ramet_runtime *runtime, const case_shape *shape)
{
    static float numbers[MOST_NUMBERS];
    ramet_tensor input, outputs[MOST_OUTPUTS];
    ramet_error error = {0};
    ramet_runtime_input_info(runtime, 0, &input);
    size_t count = 1;
    for (int32_t i = 0; i < input.rank; i++) {
        input.dims[i] = i == 0 ? shape->batch : input.dims[i] < 0 ? shape->open : input.dims[i];
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
    static const case_shape shapes[SHAPES] = {{2, 32}, {1, 32}, {2, 40}, {1, 24}};
    ramet_runtime *runtime;
    ramet_runtime_option option;
    ramet_error error = {0};
    ramet_runtime_option_init(&option);
    option.cpu_thread_num = threads;
    if (ramet_runtime_open(network, &option, &runtime, &error) != RAMET_STATUS_OK)
        fail_msg("%s (%s)", error.message, error.place);
    assert_int_equal(ramet_runtime_input_count(runtime), 1);
    assert_true(count_calls(runtime, &shapes[0]) > 0); /* the counter counts */
    for (int i = 1; i < SHAPES; i++)
        (void)count_calls(runtime, &shapes[i]);
    for (int i = 0; i < ROUNDS * SHAPES; i++)
        if (count_calls(runtime, &shapes[i % SHAPES]) != 0)
            fail_msg("%s, %d threads, shape %d takes memory", network, (int)threads, i % SHAPES);
    ramet_runtime_close(runtime);
}

static void known_shapes_take_no_memory(void **state)
{
    (void)state;
    for (int32_t threads = 1; threads <= MOST_THREADS; threads++) {
        check_network(NETWORKS "lcnet_block", threads);
        check_network(NETWORKS "text_recogniser_block", threads);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(known_shapes_take_no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

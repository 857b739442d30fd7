/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clones: any number, from any thread, closed in any order, all with the bytes
 * of a single thread; a handle in two hands is refused; a forked child goes on.
 */
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "ramet/runtime.h"

#define MODEL RAMET_TEST_DATA "/operators/network_text_recogniser_block"
#define MOST_ELEMENTS (1 << 16)

typedef struct answer {
    size_t bytes;
    int64_t dims[RAMET_MAX_RANK];
    float numbers[MOST_ELEMENTS];
} answer;

/* Sizes that differ in batch and width; the values depend on the position alone. out NULL: the answer is not read. */
static ramet_status ask(ramet_runtime *runtime, int64_t batch, int64_t width, answer *out, ramet_error *error)
{
    ramet_tensor input, output;
    ramet_runtime_input_info(runtime, 0, &input);
    input.dims[0] = batch;
    for (int32_t i = 1; i < input.rank; i++)
        if (input.dims[i] < 0)
            input.dims[i] = i == input.rank - 1 ? width : 8;
    int64_t count = 1;
    for (int32_t i = 0; i < input.rank; i++)
        count *= input.dims[i];
    float *numbers = malloc((size_t)count * sizeof *numbers);
    for (int64_t i = 0; i < count; i++)
        numbers[i] = sinf((float)(i % (count / batch)));
    input.data = numbers;
    ramet_status status = ramet_runtime_run(runtime, &input, 1, &output, 1, error);
    if (status == RAMET_STATUS_OK && out != NULL) {
        size_t elements = 1;
        for (int32_t i = 0; i < output.rank; i++)
            elements *= (size_t)output.dims[i];
        out->bytes = elements * sizeof(float);
        if (elements <= MOST_ELEMENTS)
            memcpy(out->numbers, output.data, out->bytes);
    }
    free(numbers);
    return status;
}

static ramet_runtime *open_model(int32_t threads)
{
    ramet_runtime *runtime;
    ramet_runtime_option option;
    ramet_error error = {0};
    ramet_runtime_option_init(&option);
    option.cpu_thread_num = threads;
    if (ramet_runtime_open(MODEL, &option, &runtime, &error) != RAMET_STATUS_OK)
        fail_msg("%s (%s)", error.message, error.place);
    return runtime;
}

static void clones_outlive_their_origin(void **state)
{
    (void)state;
    static answer first, second;
    ramet_runtime *origin = open_model(1), *clone, *clone_of_clone;
    assert_int_equal(ask(origin, 1, 16, &first, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_runtime_clone(origin, &clone, NULL), RAMET_STATUS_OK);
    ramet_runtime_close(origin);
    assert_int_equal(ramet_runtime_clone(clone, &clone_of_clone, NULL), RAMET_STATUS_OK);
    ramet_runtime_close(clone);
    assert_int_equal(ask(clone_of_clone, 1, 16, &second, NULL), RAMET_STATUS_OK);
    assert_int_equal(first.bytes, second.bytes);
    assert_memory_equal(first.numbers, second.numbers, first.bytes);
    ramet_runtime_close(clone_of_clone);
}

static void clones_share_weights_and_plans(void **state)
{
    (void)state;
    static answer out;
    ramet_runtime *origin = open_model(1), *clone;
    ramet_memory before, after;
    assert_int_equal(ask(origin, 1, 16, &out, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_runtime_memory(origin, &before), RAMET_STATUS_OK);
    assert_int_equal(ramet_runtime_clone(origin, &clone, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_runtime_memory(clone, &after), RAMET_STATUS_OK);
    assert_int_equal(after.arena_bytes, 0);
    assert_int_equal(after.clones, 2);
    assert_int_equal(ask(clone, 1, 16, &out, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_runtime_memory(clone, &after), RAMET_STATUS_OK);
    assert_int_equal(after.weights_bytes, before.weights_bytes);
    assert_int_equal(after.plans_bytes, before.plans_bytes);
    assert_int_equal(after.arena_bytes, before.arena_bytes);
    ramet_runtime_close(origin);
    ramet_runtime_close(clone);
}

static void runs_are_timed_for_each_handle(void **state)
{
    (void)state;
    static answer out;
    ramet_runtime *origin = open_model(1), *clone;
    ramet_run_times times, later;
    ramet_tensor none = {0}, output;
    assert_int_equal(ask(origin, 1, 16, &out, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_runtime_run_times(origin, &times), RAMET_STATUS_OK);
    assert_int_equal(times.runs, 1);
    assert_true(times.total_ns > 0);
    assert_int_equal(ramet_runtime_clone(origin, &clone, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_runtime_run_times(clone, &times), RAMET_STATUS_OK);
    assert_true(times.runs == 0 && times.total_ns == 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(ask(clone, 1, 16, &out, NULL), RAMET_STATUS_OK);
    assert_int_not_equal(ramet_runtime_run(clone, &none, 1, &output, 1, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_runtime_run_times(clone, &later), RAMET_STATUS_OK);
    assert_int_equal(later.runs, 3);
    assert_int_equal(ramet_runtime_run_times(NULL, &times), RAMET_STATUS_INVALID_ARGUMENT);
    ramet_runtime_close(origin);
    ramet_runtime_close(clone);
}

static void batch_mates_change_no_byte(void **state)
{
    (void)state;
    static answer one, three;
    ramet_runtime *runtime = open_model(1);
    assert_int_equal(ask(runtime, 1, 24, &one, NULL), RAMET_STATUS_OK);
    assert_int_equal(ask(runtime, 3, 24, &three, NULL), RAMET_STATUS_OK);
    assert_int_equal(three.bytes, 3 * one.bytes);
    for (size_t i = 0; i < 3; i++)
        assert_memory_equal((char *)three.numbers + i * one.bytes, one.numbers, one.bytes);
    ramet_runtime_close(runtime);
}

static void threads_inside_a_run_change_no_byte(void **state)
{
    (void)state;
    static answer one, four;
    ramet_runtime *single = open_model(1), *team = open_model(4);
    for (int64_t width = 8; width <= 40; width += 8) {
        assert_int_equal(ask(single, 2, width, &one, NULL), RAMET_STATUS_OK);
        assert_int_equal(ask(team, 2, width, &four, NULL), RAMET_STATUS_OK);
        assert_int_equal(one.bytes, four.bytes);
        assert_memory_equal(one.numbers, four.numbers, one.bytes);
    }
    ramet_runtime_close(single);
    ramet_runtime_close(team);
}

#define WORKERS 4
#define ROUNDS 40

typedef struct worker {
    ramet_runtime *runtime;
    const answer *expected; /* one for each width */
    int wrong;
} worker;

static void *work(void *context)
{
    worker *w = context;
    answer *out = malloc(sizeof *out);
    for (int i = 0; i < ROUNDS; i++) {
        int64_t k = i % 5;
        bool good = ask(w->runtime, 1, 8 + 8 * k, out, NULL) == RAMET_STATUS_OK;
        w->wrong += !good || memcmp(out->numbers, w->expected[k].numbers, w->expected[k].bytes) != 0;
    }
    free(out);
    return NULL;
}

/* More shapes than one thread would meet, planned by whoever comes first, on clones at once. */
static void threads_on_clones_give_the_bytes_of_one(void **state)
{
    (void)state;
    answer *expected = calloc(5, sizeof *expected);
    ramet_runtime *origin = open_model(1);
    ramet_runtime *reference = open_model(1);
    for (int64_t k = 0; k < 5; k++)
        assert_int_equal(ask(reference, 1, 8 + 8 * k, &expected[k], NULL), RAMET_STATUS_OK);
    worker workers[WORKERS];
    pthread_t threads[WORKERS];
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = (worker){.expected = expected};
        assert_int_equal(ramet_runtime_clone(origin, &workers[i].runtime, NULL), RAMET_STATUS_OK);
    }
    ramet_runtime_close(origin);
    for (int i = 0; i < WORKERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(workers[i].wrong, 0);
        ramet_runtime_close(workers[i].runtime);
    }
    ramet_runtime_close(reference);
    free(expected);
}

typedef struct hammer {
    ramet_runtime *runtime;
    atomic_int good, busy, other;
} hammer;

/* Answers are not read: they belong to the handle, and the other thread may run it again meanwhile. */
static void *strike(void *context)
{
    hammer *h = context;
    for (int i = 0; i < 200; i++) {
        ramet_status status = ask(h->runtime, 1, 32, NULL, NULL);
        atomic_fetch_add(status == RAMET_STATUS_OK ? &h->good : status == RAMET_STATUS_BUSY ? &h->busy : &h->other, 1);
    }
    return NULL;
}

static void one_handle_in_two_threads_is_refused_not_undefined(void **state)
{
    (void)state;
    hammer h = {.runtime = open_model(1)};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, strike, &h), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&h.other), 0);
    assert_int_equal(atomic_load(&h.good) + atomic_load(&h.busy), 400);
    assert_true(atomic_load(&h.good) > 0);
    ramet_runtime_close(h.runtime);
}

static void a_forked_child_goes_on(void **state)
{
    (void)state;
    static answer parent, child;
    ramet_runtime *runtime = open_model(1);
    assert_int_equal(ask(runtime, 1, 16, &parent, NULL), RAMET_STATUS_OK);
    pid_t pid = fork();
    if (pid == 0) {
        bool same = ask(runtime, 1, 16, &child, NULL) == RAMET_STATUS_OK &&
                    memcmp(parent.numbers, child.numbers, parent.bytes) == 0;
        _exit(same ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ramet_runtime_close(runtime);
}

static void shapes_beyond_the_capacity_keep_memory_flat(void **state)
{
    (void)state;
    static answer out;
    ramet_runtime *runtime = open_model(1);
    ramet_memory memory;
    uint64_t most = 0;
    for (int64_t i = 0; i < 200; i++) {
        assert_int_equal(ask(runtime, 1, 8 + 8 * (i * 7 % 50), &out, NULL), RAMET_STATUS_OK);
        assert_int_equal(ramet_runtime_memory(runtime, &memory), RAMET_STATUS_OK);
        if (i == 99)
            most = memory.plans_bytes;
    }
    assert_true(memory.plans_bytes <= most + most / 10);
    ramet_runtime_close(runtime);
}

static void a_budget_is_kept_before_memory_is_taken(void **state)
{
    (void)state;
    static answer out;
    ramet_runtime *runtime;
    ramet_runtime_option option;
    ramet_error error;
    ramet_runtime_option_init(&option);
    option.memory_budget_bytes = 4096;
    assert_int_equal(ramet_runtime_open(MODEL, &option, &runtime, &error), RAMET_STATUS_OK);
    assert_int_equal(ask(runtime, 8, 160, &out, &error), RAMET_STATUS_OVER_BUDGET);
    assert_non_null(strstr(error.message, "4096"));
    ramet_memory memory;
    assert_int_equal(ramet_runtime_memory(runtime, &memory), RAMET_STATUS_OK);
    assert_int_equal(memory.arena_bytes, 0);
    ramet_runtime_close(runtime);
}

static void a_shape_that_does_not_fit_is_told_with_the_inputs(void **state)
{
    (void)state;
    static const float numbers[64];
    ramet_runtime *runtime = open_model(1);
    ramet_tensor input, output;
    ramet_error error = {0};
    assert_int_equal(ramet_runtime_input_info(runtime, 0, &input), RAMET_STATUS_OK);
    ramet_tensor flat = {.name = input.name, .dtype = input.dtype, .rank = 2, .dims = {4, 16}, .data = (void *)numbers};
    assert_int_equal(ramet_runtime_run(runtime, &flat, 1, &output, 1, &error), RAMET_STATUS_BAD_SHAPE);
    assert_non_null(strstr(error.message, input.name));
    assert_non_null(strstr(error.message, "[4,16] (declared [-1,"));
    assert_non_null(strstr(error.place, "operator "));
    assert_int_equal(ramet_runtime_run(runtime, &flat, 1, &output, 1, NULL), RAMET_STATUS_BAD_SHAPE);
    ramet_runtime_close(runtime);
}

static void wrong_calls_are_told_so(void **state)
{
    (void)state;
    ramet_runtime *runtime = open_model(1);
    ramet_tensor input, output;
    ramet_error error;
    assert_int_equal(ramet_runtime_input_info(runtime, 0, &input), RAMET_STATUS_OK);
    assert_int_equal(ramet_runtime_input_info(runtime, 99, &input), RAMET_STATUS_INVALID_ARGUMENT);
    assert_int_equal(ramet_runtime_run(runtime, &input, 0, &output, 1, &error), RAMET_STATUS_INVALID_ARGUMENT);
    assert_int_equal(ramet_runtime_run(runtime, &input, 1, &output, 0, &error), RAMET_STATUS_INVALID_ARGUMENT);
    assert_int_equal(ramet_runtime_run(runtime, &input, 1, &output, 1, &error), RAMET_STATUS_BAD_SHAPE); /* -1 in it */
    ramet_tensor named = input;
    named.name = "no such input";
    assert_int_equal(ramet_runtime_run(runtime, &named, 1, &output, 1, &error), RAMET_STATUS_NOT_FOUND);
    ramet_tensor typed = input;
    typed.dtype = RAMET_DTYPE_INT64;
    assert_int_equal(ramet_runtime_run(runtime, &typed, 1, &output, 1, &error), RAMET_STATUS_INVALID_ARGUMENT);
    ramet_runtime_option option = {0}; /* not initialised */
    ramet_runtime *other = runtime;
    assert_int_equal(ramet_runtime_open(MODEL, &option, &other, &error), RAMET_STATUS_INVALID_ARGUMENT);
    assert_null(other);
    ramet_runtime_close(runtime);
    ramet_runtime_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clones_outlive_their_origin),
        cmocka_unit_test(clones_share_weights_and_plans),
        cmocka_unit_test(runs_are_timed_for_each_handle),
        cmocka_unit_test(batch_mates_change_no_byte),
        cmocka_unit_test(threads_inside_a_run_change_no_byte),
        cmocka_unit_test(threads_on_clones_give_the_bytes_of_one),
        cmocka_unit_test(one_handle_in_two_threads_is_refused_not_undefined),
        cmocka_unit_test(a_forked_child_goes_on),
        cmocka_unit_test(shapes_beyond_the_capacity_keep_memory_flat),
        cmocka_unit_test(a_budget_is_kept_before_memory_is_taken),
        cmocka_unit_test(a_shape_that_does_not_fit_is_told_with_the_inputs),
        cmocka_unit_test(wrong_calls_are_told_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A fleet works on every input once, delivers in order, keeps to its window, and stops when it is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "os/os.h"
#include "ramet/fleet.h"

enum { MOST_INPUTS = 2000, MOST_WORKERS = 32, NEVER = -1 };

/* What a run did. Entries that one thread writes at a time are plain: a race on them is a defect of the fleet. */
typedef struct record {
    int works[MOST_INPUTS];
    int finished[MOST_INPUTS];
    int busy[MOST_WORKERS];
    bool called_twice[MOST_WORKERS]; /* a worker had two calls at once */
    int worked_by[MOST_WORKERS];
    pthread_t first_thread; /* of worker 0 */
    size_t delivered;
    long long stop_at; /* the input whose delivery stops the fleet, or NEVER */
    size_t window, furthest;
    int delivering;
    bool disordered, delivered_twice_at_once, unfinished;
    pthread_mutex_t mutex; /* guards furthest */
    atomic_size_t delivered_seen;
    atomic_bool outran_window, strange_worker;
} record;

static record *new_record(void)
{
    record *made = calloc(1, sizeof *made);
    assert_non_null(made);
    made->stop_at = NEVER;
    pthread_mutex_init(&made->mutex, NULL);
    return made;
}

static void note_start(record *r, size_t index)
{
    if (r->window && index >= atomic_load(&r->delivered_seen) + r->window)
        atomic_store(&r->outran_window, true);
    pthread_mutex_lock(&r->mutex);
    r->furthest = index > r->furthest ? index : r->furthest;
    pthread_mutex_unlock(&r->mutex);
}

static void work(void *context, size_t index, int32_t worker)
{
    record *r = context;
    if (worker < 0 || worker >= MOST_WORKERS) {
        atomic_store(&r->strange_worker, true);
        return;
    }
    if (worker == 0)
        r->first_thread = pthread_self();
    r->called_twice[worker] |= r->busy[worker] != 0;
    r->busy[worker] = 1;
    note_start(r, index);
    r->works[index]++;
    r->worked_by[worker]++;
    r->finished[index] = 1;
    r->busy[worker] = 0;
}

static int deliver(void *context, size_t index)
{
    record *r = context;
    r->delivered_twice_at_once |= r->delivering != 0;
    r->delivering = 1;
    r->disordered |= index != r->delivered;
    r->unfinished |= !r->finished[index];
    r->delivered++;
    atomic_store(&r->delivered_seen, index + 1);
    r->delivering = 0;
    return (long long)index == r->stop_at;
}

static ramet_status run(record *r, size_t count, int32_t threads, int32_t window, size_t *done)
{
    ramet_fleet_option option;
    ramet_fleet_option_init(&option);
    option.threads = threads;
    option.window = window;
    ramet_fleet_job job = {r, work, deliver};
    return ramet_fleet_run(&job, count, &option, done, NULL);
}

static void check_complete(const record *r, size_t count)
{
    assert_int_equal(r->delivered, count);
    for (size_t i = 0; i < MOST_INPUTS; i++)
        assert_int_equal(r->works[i], i < count);
    assert_false(r->disordered);
    assert_false(r->unfinished);
    for (int worker = 0; worker < MOST_WORKERS; worker++)
        assert_false(r->called_twice[worker]);
    assert_false(r->delivered_twice_at_once);
    assert_false(atomic_load(&r->strange_worker));
    assert_false(atomic_load(&r->outran_window));
}

static void every_input_is_worked_on_once_and_delivered_in_order(void **state)
{
    (void)state;
    static const struct {
        size_t count;
        int32_t threads, window;
    } cases[] = {{0, 1, 0},    {0, 4, 0},    {1, 1, 1},    {1, 8, 0},     {2, 3, 1},       {7, 3, 2},
                 {8, 8, 8},    {16, 17, 0},  {5, 32, 100}, {100, 2, 1},   {1000, 3, 5},    {1999, 8, 3},
                 {2000, 1, 0}, {2000, 4, 0}, {2000, 7, 7}, {2000, 16, 2}, {2000, 32, 2000}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        record *r = new_record();
        r->window = (size_t)cases[i].window;
        size_t done = 12345;
        assert_int_equal(run(r, cases[i].count, cases[i].threads, cases[i].window, &done), RAMET_STATUS_OK);
        assert_int_equal(done, cases[i].count);
        check_complete(r, cases[i].count);
        free(r);
    }
}

static void the_caller_is_worker_zero(void **state)
{
    (void)state;
    record *r = new_record();
    assert_int_equal(run(r, 50, 1, 0, NULL), RAMET_STATUS_OK);
    assert_int_equal(r->worked_by[0], 50);
    assert_true(pthread_equal(r->first_thread, pthread_self()));
    free(r);
}

/* Input 0 finishes last of the first `late` inputs; which only works when they run beside it. */
typedef struct latecomer {
    pthread_mutex_t mutex;
    pthread_cond_t change;
    size_t finished, late, delivered;
    bool disordered, early;
} latecomer;

static void work_with_late_first(void *context, size_t index, int32_t worker)
{
    (void)worker;
    latecomer *l = context;
    pthread_mutex_lock(&l->mutex);
    while (index == 0 && l->finished < l->late)
        pthread_cond_wait(&l->change, &l->mutex);
    l->finished++;
    pthread_cond_broadcast(&l->change);
    pthread_mutex_unlock(&l->mutex);
}

static int deliver_after_first(void *context, size_t index)
{
    latecomer *l = context;
    pthread_mutex_lock(&l->mutex);
    l->disordered |= index != l->delivered;
    l->early |= l->finished <= l->late;
    l->delivered++;
    pthread_mutex_unlock(&l->mutex);
    return 0;
}

static void a_slow_input_holds_up_delivery_but_not_work(void **state)
{
    (void)state;
    latecomer l = {.late = 11, .mutex = PTHREAD_MUTEX_INITIALIZER, .change = PTHREAD_COND_INITIALIZER};
    ramet_fleet_option option;
    ramet_fleet_option_init(&option);
    option.threads = 2;
    option.window = 12;
    ramet_fleet_job job = {&l, work_with_late_first, deliver_after_first};
    assert_int_equal(ramet_fleet_run(&job, 40, &option, NULL, NULL), RAMET_STATUS_OK);
    assert_int_equal(l.delivered, 40);
    assert_false(l.disordered);
    assert_false(l.early);
}

static void delivery_may_stop_the_fleet(void **state)
{
    (void)state;
    static const int32_t thread_counts[] = {1, 2, 8};
    for (size_t i = 0; i < 3; i++) {
        record *r = new_record();
        r->stop_at = 10;
        r->window = 6;
        size_t done;
        assert_int_equal(run(r, MOST_INPUTS, thread_counts[i], 6, &done), RAMET_STATUS_OK);
        assert_int_equal(done, 11);
        assert_int_equal(r->delivered, 11);
        assert_true(r->furthest <= 10 + 6);
        free(r);
    }
}

static void results_need_not_be_delivered(void **state)
{
    (void)state;
    record *r = new_record();
    ramet_fleet_option option;
    ramet_fleet_option_init(&option);
    option.threads = 3;
    ramet_fleet_job job = {r, work, NULL};
    size_t done;
    assert_int_equal(ramet_fleet_run(&job, 500, &option, &done, NULL), RAMET_STATUS_OK);
    assert_int_equal(done, 500);
    for (size_t i = 0; i < 500; i++)
        assert_int_equal(r->works[i], 1);
    free(r);
}

static void no_option_means_one_thread(void **state)
{
    (void)state;
    record *r = new_record();
    ramet_fleet_job job = {r, work, deliver};
    assert_int_equal(ramet_fleet_run(&job, 30, NULL, NULL, NULL), RAMET_STATUS_OK);
    assert_int_equal(r->worked_by[0], 30);
    check_complete(r, 30);
    free(r);
}

static void wrong_arguments_are_refused(void **state)
{
    (void)state;
    record *r = new_record();
    size_t done = 5;
    assert_int_equal(run(r, 3, -1, 0, &done), RAMET_STATUS_INVALID_ARGUMENT);
    assert_int_equal(done, 0);
    assert_int_equal(run(r, 3, 1025, 0, NULL), RAMET_STATUS_INVALID_ARGUMENT);
    assert_int_equal(run(r, 3, 1, -2, NULL), RAMET_STATUS_INVALID_ARGUMENT);
    ramet_fleet_job job = {r, NULL, deliver};
    ramet_error error;
    assert_int_equal(ramet_fleet_run(&job, 3, NULL, NULL, &error), RAMET_STATUS_INVALID_ARGUMENT);
    assert_true(strlen(error.message) > 0);
    assert_int_equal(ramet_fleet_run(NULL, 3, NULL, NULL, NULL), RAMET_STATUS_INVALID_ARGUMENT);
    ramet_fleet_option option = {0};
    job.work = work;
    assert_int_equal(ramet_fleet_run(&job, 3, &option, NULL, NULL), RAMET_STATUS_INVALID_ARGUMENT);
    assert_int_equal(r->delivered, 0);
    free(r);
}

/* ---- failures, one after the other ---- */

static int threads_left = INT32_MAX;     /* that may still start */
static int allocations_left = INT32_MAX; /* that may still succeed */

int __real_rmt_os_thread_start(pthread_t *thread, rmt_os_thread_main entry, void *context);
int __wrap_rmt_os_thread_start(pthread_t *thread, rmt_os_thread_main entry, void *context);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

int __wrap_rmt_os_thread_start(pthread_t *thread, rmt_os_thread_main entry, void *context)
{
    return threads_left-- > 0 ? __real_rmt_os_thread_start(thread, entry, context) : 11;
}

void *__wrap_calloc(size_t count, size_t size) { return allocations_left-- > 0 ? __real_calloc(count, size) : NULL; }

static void missing_threads_lose_no_input(void **state)
{
    (void)state;
    for (int possible = 0; possible < 4; possible++) {
        record *r = new_record();
        threads_left = possible;
        assert_int_equal(run(r, 200, 5, 3, NULL), RAMET_STATUS_OK);
        threads_left = INT32_MAX;
        check_complete(r, 200);
        for (int worker = possible + 1; worker < MOST_WORKERS; worker++)
            assert_int_equal(r->worked_by[worker], 0);
        free(r);
    }
}

static void exhausted_memory_is_reported(void **state)
{
    (void)state;
    ramet_status status = RAMET_STATUS_OUT_OF_MEMORY;
    int failures = 0;
    while (status == RAMET_STATUS_OUT_OF_MEMORY) {
        record *r = new_record();
        size_t done = 7;
        allocations_left = failures;
        status = run(r, 20, 1, 0, &done);
        allocations_left = INT32_MAX;
        assert_int_equal(done, status ? 0 : 20);
        assert_int_equal(r->delivered, done);
        free(r);
        failures++;
    }
    assert_int_equal(status, RAMET_STATUS_OK);
    assert_true(failures > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_input_is_worked_on_once_and_delivered_in_order),
        cmocka_unit_test(the_caller_is_worker_zero),
        cmocka_unit_test(a_slow_input_holds_up_delivery_but_not_work),
        cmocka_unit_test(delivery_may_stop_the_fleet),
        cmocka_unit_test(results_need_not_be_delivered),
        cmocka_unit_test(no_option_means_one_thread),
        cmocka_unit_test(wrong_arguments_are_refused),
        cmocka_unit_test(missing_threads_lose_no_input),
        cmocka_unit_test(exhausted_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Worker processes: every input once and in order, whatever dies; nothing is left behind.
 *
 * What a worker does to an input is decided by its number: see work(). How often workers met an input is counted
 * in memory that all processes share.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/os.h"
#include "ramet/fleet.h"

enum { MOST_INPUTS = 4000, LARGE_BYTES = 3 << 20, NEVER = -1, IDLE_KILLS = 20 };

typedef struct shared {
    atomic_int met[MOST_INPUTS];
    atomic_int opened, workers[16];
} shared;

typedef enum trouble { NO_TROUBLE, DIES_ONCE, DIES_ALWAYS, FAILS, LARGE, SLEEPS, DIES_OPENING, FAILS_OPENING } trouble;

typedef struct record {
    shared *shared;
    trouble trouble;
    size_t delivered, lost;
    long long stop_at;
    bool disordered, wrong;
    int leaving;
    ramet_error last_lost;
} record;

static record new_record(trouble kind)
{
    void *memory = mmap(NULL, sizeof(shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(memory != MAP_FAILED);
    return (record){.shared = memory, .trouble = kind, .stop_at = NEVER};
}

static void free_record(record *r) { munmap(r->shared, sizeof *r->shared); }

/* ---- in a worker ----------------------------------------------------------------------------------------------- */

static ramet_status open_worker(void *context, ramet_error *error)
{
    record *r = context;
    int number = atomic_fetch_add(&r->shared->opened, 1);
    if (number < 16)
        atomic_store(&r->shared->workers[number], (int)getpid());
    if (r->trouble == DIES_OPENING)
        raise(SIGKILL);
    if (r->trouble == FAILS_OPENING) {
        snprintf(error->message, sizeof error->message, "no model here");
        return RAMET_STATUS_NOT_FOUND;
    }
    return RAMET_STATUS_OK;
}

static ramet_status write_large(size_t index, ramet_fleet_sink *sink)
{
    unsigned char *large = malloc(LARGE_BYTES);
    memset(large, (int)(index & 0xff), LARGE_BYTES);
    ramet_status status = ramet_fleet_sink_write(sink, large, LARGE_BYTES);
    free(large);
    return status;
}

static ramet_status work(void *context, const ramet_fleet_parcel *input, ramet_fleet_sink *sink, ramet_error *error)
{
    record *r = context;
    int before = atomic_fetch_add(&r->shared->met[input->index], 1);
    bool chosen = input->index % 7 == 3;
    if (chosen && (r->trouble == DIES_ALWAYS || (r->trouble == DIES_ONCE && before == 0)))
        raise(SIGKILL);
    if (r->trouble == SLEEPS)
        pause();
    if (chosen && r->trouble == FAILS) {
        snprintf(error->message, sizeof error->message, "input %zu is no good", input->index);
        return RAMET_STATUS_BAD_FORMAT;
    }
    if (chosen && r->trouble == LARGE)
        return write_large(input->index, sink);
    ramet_fleet_sink_write(sink, &input->index, sizeof input->index);
    return ramet_fleet_sink_write(sink, input->data, input->bytes);
}

/* ---- in the caller --------------------------------------------------------------------------------------------- */

static void describe(void *context, size_t index, ramet_fleet_sink *sink)
{
    (void)context;
    char text[32];
    int length = snprintf(text, sizeof text, "input %zu", index);
    ramet_fleet_sink_write(sink, text, (size_t)length);
}

static bool is_right(const record *r, const ramet_fleet_parcel *result)
{
    const unsigned char *bytes = result->data;
    if (r->trouble == LARGE && result->index % 7 == 3)
        return result->bytes == LARGE_BYTES && bytes[0] == (result->index & 0xff) &&
               memcmp(bytes, bytes + 1, LARGE_BYTES - 1) == 0;
    char text[32];
    size_t length = (size_t)snprintf(text, sizeof text, "input %zu", result->index);
    return result->bytes == sizeof(size_t) + length && memcmp(bytes, &result->index, sizeof(size_t)) == 0 &&
           memcmp(bytes + sizeof(size_t), text, length) == 0;
}

static int deliver(void *context, const ramet_fleet_parcel *result, const ramet_error *lost)
{
    record *r = context;
    r->disordered |= result->index != r->delivered;
    r->delivered++;
    if (lost)
        r->last_lost = *lost;
    else
        r->wrong |= !is_right(r, result);
    r->lost += lost != NULL;
    return (long long)result->index == r->stop_at;
}

static void leaving(void *context, int64_t process_id)
{
    record *r = context;
    r->leaving += kill((pid_t)process_id, 0) == 0;
}

static size_t count_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    size_t count = 0;
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static ramet_status run_command(record *r, size_t count, int processes, const char *const *command, ramet_error *error)
{
    ramet_fleet_option option;
    ramet_fleet_option_init(&option);
    option.processes = processes;
    ramet_fleet_process_job job = {
        .context = r,
        .describe = describe,
        .deliver = deliver,
        .leaving = leaving,
        .open = open_worker,
        .work = work,
        .command = command,
    };
    size_t done = 0, descriptors = count_descriptors();
    ramet_status status = ramet_fleet_run_processes(&job, count, &option, &done, error);
    assert_int_equal(done, r->delivered);
    assert_int_equal(count_descriptors(), descriptors);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    return status;
}

static ramet_status run(record *r, size_t count, int processes, ramet_error *error)
{
    return run_command(r, count, processes, NULL, error);
}

static size_t chosen_of(size_t count) { return (count + 3) / 7; }

static void check_all(const record *r, size_t count)
{
    assert_int_equal(r->delivered, count);
    assert_false(r->disordered);
    assert_false(r->wrong);
}

static void every_input_is_worked_on_once_and_delivered_in_order(void **state)
{
    (void)state;
    for (int processes = 1; processes <= 4; processes++) {
        record r = new_record(NO_TROUBLE);
        assert_int_equal(run(&r, 300, processes, NULL), RAMET_STATUS_OK);
        check_all(&r, 300);
        for (size_t i = 0; i < 300; i++)
            assert_int_equal(r.shared->met[i], 1);
        assert_in_range(r.shared->opened, 1, processes); /* the last ones may come when all is done */
        assert_in_range(r.leaving, 1, processes);
        free_record(&r);
    }
}

static void large_results_arrive_whole(void **state)
{
    (void)state;
    record r = new_record(LARGE);
    assert_int_equal(run(&r, 30, 3, NULL), RAMET_STATUS_OK);
    check_all(&r, 30);
    free_record(&r);
}

static void a_killed_worker_is_replaced_and_its_input_given_once_more(void **state)
{
    (void)state;
    record r = new_record(DIES_ONCE);
    assert_int_equal(run(&r, 60, 3, NULL), RAMET_STATUS_OK);
    check_all(&r, 60);
    assert_int_equal(r.lost, 0);
    for (size_t i = 0; i < 60; i++)
        assert_int_equal(r.shared->met[i], i % 7 == 3 ? 2 : 1);
    free_record(&r);
}

static void a_poisonous_input_is_given_up_and_the_rest_unharmed(void **state)
{
    (void)state;
    record r = new_record(DIES_ALWAYS);
    assert_int_equal(run(&r, 60, 3, NULL), RAMET_STATUS_OK);
    check_all(&r, 60);
    assert_int_equal(r.lost, chosen_of(60));
    assert_non_null(strstr(r.last_lost.message, "signal 9"));
    for (size_t i = 0; i < 60; i++)
        assert_int_equal(r.shared->met[i], i % 7 == 3 ? 2 : 1);
    free_record(&r);
}

/* The caller kills the one worker, which is idle, when an input has been chosen for it and is about to be sent. */
typedef struct ambush {
    record record;
    size_t killed;
} ambush;

static void describe_to_the_dying(void *context, size_t index, ramet_fleet_sink *sink)
{
    ambush *a = context;
    shared *s = a->record.shared;
    describe(&a->record, index, sink);
    int last = atomic_load(&s->opened) - 1;
    if (a->killed == IDLE_KILLS || last < 0)
        return;
    a->killed++;
    kill(atomic_load(&s->workers[last % 16]), SIGKILL);
}

static int deliver_of_the_dying(void *context, const ramet_fleet_parcel *result, const ramet_error *lost)
{
    return deliver(&((ambush *)context)->record, result, lost);
}

static ramet_status open_to_die(void *context, ramet_error *error)
{
    record *r = &((ambush *)context)->record;
    int number = atomic_fetch_add(&r->shared->opened, 1);
    atomic_store(&r->shared->workers[number % 16], (int)getpid());
    (void)error;
    return RAMET_STATUS_OK;
}

static ramet_status work_until_death(void *context, const ramet_fleet_parcel *input, ramet_fleet_sink *sink,
                                     ramet_error *error)
{
    return work(&((ambush *)context)->record, input, sink, error);
}

static void an_input_that_no_worker_has_begun_is_not_held_to_be_poisonous(void **state)
{
    (void)state;
    ambush a = {.record = new_record(NO_TROUBLE)};
    ramet_fleet_option option;
    ramet_fleet_option_init(&option);
    option.processes = 1;
    ramet_fleet_process_job job = {.context = &a,
                                   .describe = describe_to_the_dying,
                                   .deliver = deliver_of_the_dying,
                                   .open = open_to_die,
                                   .work = work_until_death};
    assert_int_equal(ramet_fleet_run_processes(&job, 5, &option, NULL, NULL), RAMET_STATUS_OK);
    check_all(&a.record, 5);
    assert_int_equal(a.killed, IDLE_KILLS);
    assert_int_equal(a.record.lost, 0);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(a.record.shared->met[i], 1);
    assert_int_equal(a.record.shared->opened, IDLE_KILLS + 1);
    free_record(&a.record);
}

static void a_failing_input_is_lost_with_its_error(void **state)
{
    (void)state;
    record r = new_record(FAILS);
    assert_int_equal(run(&r, 60, 2, NULL), RAMET_STATUS_OK);
    check_all(&r, 60);
    assert_int_equal(r.lost, chosen_of(60));
    assert_int_equal(r.last_lost.status, RAMET_STATUS_BAD_FORMAT);
    assert_string_equal(r.last_lost.message, "input 59 is no good");
    assert_in_range(r.shared->opened, 1, 2); /* nobody dies of it, so nobody is replaced */
    free_record(&r);
}

static void a_worker_that_cannot_open_ends_the_fleet_with_its_error(void **state)
{
    (void)state;
    ramet_error error = {0};
    record r = new_record(FAILS_OPENING);
    assert_int_equal(run(&r, 60, 2, &error), RAMET_STATUS_NOT_FOUND);
    assert_string_equal(error.message, "no model here");
    assert_int_equal(r.delivered, 0);
    free_record(&r);
}

static void workers_that_die_opening_are_not_replaced_for_ever(void **state)
{
    (void)state;
    ramet_error error = {0};
    record r = new_record(DIES_OPENING);
    assert_int_equal(run(&r, 60, 2, &error), RAMET_STATUS_IO);
    assert_non_null(strstr(error.message, "before they were ready"));
    assert_true(r.shared->opened < 8);
    free_record(&r);
}

static void delivery_may_stop_the_fleet(void **state)
{
    (void)state;
    record r = new_record(NO_TROUBLE);
    r.stop_at = 10;
    assert_int_equal(run(&r, MOST_INPUTS, 3, NULL), RAMET_STATUS_OK);
    assert_int_equal(r.delivered, 11);
    free_record(&r);
}

/* Whether a process is there and is more than a corpse that waits for its parent. */
static bool is_alive(int process)
{
    char path[64], line[256] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", process);
    FILE *file = fopen(path, "r");
    const char *state = file && fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
    if (file)
        fclose(file);
    return state && state[2] != 'Z';
}

static void workers_end_with_the_process_that_started_them(void **state)
{
    (void)state;
    record r = new_record(SLEEPS);
    pid_t middle = fork();
    if (middle == 0) {
        ramet_fleet_option option;
        ramet_fleet_option_init(&option);
        option.processes = 3;
        ramet_fleet_process_job job = {.context = &r, .open = open_worker, .work = work};
        ramet_fleet_run_processes(&job, 10, &option, NULL, NULL);
        _exit(1);
    }
    while (r.shared->met[0] + r.shared->met[1] + r.shared->met[2] < 3)
        usleep(1000);
    kill(middle, SIGKILL);
    waitpid(middle, NULL, 0);
    usleep(500000);
    for (int i = 0; i < 3; i++)
        assert_false(is_alive(r.shared->workers[i]));
    free_record(&r);
}

/* ---- programs instead of forks --------------------------------------------------------------------------------- */

static const char *own_path;

/* What this program does when a fleet has started it: the counts in its record are its own. */
static int serve(trouble kind)
{
    record r = new_record(kind);
    ramet_fleet_process_job job = {.context = &r, .open = open_worker, .work = work};
    return ramet_fleet_serve(&job, NULL) ? 1 : 0;
}

static void a_program_can_be_the_worker(void **state)
{
    (void)state;
    record r = new_record(NO_TROUBLE);
    assert_int_equal(run_command(&r, 100, 2, (const char *const[]){own_path, "serve", NULL}, NULL), RAMET_STATUS_OK);
    check_all(&r, 100);
    free_record(&r);
}

static void a_program_that_dies_is_started_again(void **state)
{
    (void)state;
    record r = new_record(NO_TROUBLE);
    assert_int_equal(run_command(&r, 20, 2, (const char *const[]){own_path, "die", NULL}, NULL), RAMET_STATUS_OK);
    check_all(&r, 20);
    assert_int_equal(r.lost, chosen_of(20));
    free_record(&r);
}

static void a_program_that_is_not_there_is_named(void **state)
{
    (void)state;
    ramet_error error = {0};
    record r = new_record(NO_TROUBLE);
    assert_int_equal(run_command(&r, 20, 2, (const char *const[]){"/no/such/program", NULL}, &error),
                     RAMET_STATUS_NOT_FOUND);
    assert_non_null(strstr(error.message, "/no/such/program"));
    assert_int_equal(run_command(&r, 20, 2, (const char *const[]){"/bin/true", NULL}, &error), RAMET_STATUS_IO);
    free_record(&r);
}

static void wrong_arguments_are_refused(void **state)
{
    (void)state;
    record r = new_record(NO_TROUBLE);
    assert_int_equal(ramet_fleet_run_processes(NULL, 1, NULL, NULL, NULL), RAMET_STATUS_INVALID_ARGUMENT);
    assert_int_equal(run(&r, 1, -1, NULL), RAMET_STATUS_INVALID_ARGUMENT);
    assert_int_equal(run(&r, 1, 5000, NULL), RAMET_STATUS_INVALID_ARGUMENT);
    assert_int_equal(run_command(&r, 1, 1, (const char *const[]){NULL}, NULL), RAMET_STATUS_INVALID_ARGUMENT);
    assert_int_equal(run(&r, 0, 2, NULL), RAMET_STATUS_OK);
    ramet_fleet_process_job job = {.context = &r, .work = work};
    assert_int_equal(ramet_fleet_serve(&job, NULL), RAMET_STATUS_INVALID_ARGUMENT);
    free_record(&r);
}

int main(int count, char **words)
{
    if (count > 1)
        return serve(strcmp(words[1], "die") == 0 ? DIES_ALWAYS : NO_TROUBLE);
    own_path = "/proc/self/exe";
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_input_is_worked_on_once_and_delivered_in_order),
        cmocka_unit_test(large_results_arrive_whole),
        cmocka_unit_test(a_killed_worker_is_replaced_and_its_input_given_once_more),
        cmocka_unit_test(a_poisonous_input_is_given_up_and_the_rest_unharmed),
        cmocka_unit_test(an_input_that_no_worker_has_begun_is_not_held_to_be_poisonous),
        cmocka_unit_test(a_failing_input_is_lost_with_its_error),
        cmocka_unit_test(a_worker_that_cannot_open_ends_the_fleet_with_its_error),
        cmocka_unit_test(workers_that_die_opening_are_not_replaced_for_ever),
        cmocka_unit_test(delivery_may_stop_the_fleet),
        cmocka_unit_test(workers_end_with_the_process_that_started_them),
        cmocka_unit_test(a_program_can_be_the_worker),
        cmocka_unit_test(a_program_that_dies_is_started_again),
        cmocka_unit_test(a_program_that_is_not_there_is_named),
        cmocka_unit_test(wrong_arguments_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

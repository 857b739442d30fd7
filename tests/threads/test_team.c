/* SPDX-License-Identifier: Apache-2.0 */
/* A team runs every chunk once, ends every loop, survives fork() and ends its threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/os.h"
#include "threads/threads.h"

/* The thread sanitizer refuses threads started in a child of a process with threads; there the child only destroys. */
#if defined(__SANITIZE_THREAD__)
enum { THREADS_AFTER_THREADED_FORK = 0 };
#else
enum { THREADS_AFTER_THREADED_FORK = 1 };
#endif

enum { MOST_CHUNKS = 1000 };

typedef struct tally {
    int runs[MOST_CHUNKS]; /* each chunk writes its own entry: a data race here is a defect of the team */
    int team_size;
    atomic_int strangers; /* chunks that were given a thread index outside the team */
} tally;

static void count_run(void *context, int chunk, int thread)
{
    tally *t = context;
    t->runs[chunk]++;
    if (thread < 0 || thread >= t->team_size)
        atomic_fetch_add(&t->strangers, 1);
}

static rmt_team *new_team(int threads)
{
    rmt_team *team;
    assert_int_equal(rmt_team_create(threads, &team, NULL), RAMET_STATUS_OK);
    assert_int_equal(rmt_team_size(team), threads);
    return team;
}

static bool each_chunk_runs_once(rmt_team *team, int count)
{
    tally t = {.team_size = rmt_team_size(team)};
    rmt_team_run(team, count, count_run, &t);
    bool right = atomic_load(&t.strangers) == 0;
    for (int i = 0; i < MOST_CHUNKS; i++)
        right = right && t.runs[i] == (i < count);
    return right;
}

static void every_chunk_runs_exactly_once(void **state)
{
    (void)state;
    static const int sizes[] = {1, 2, 3, 8, 17};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        rmt_team *team = new_team(sizes[s]);
        for (int count = 0; count <= MOST_CHUNKS; count = count * 3 / 2 + 1)
            assert_true(each_chunk_runs_once(team, count));
        rmt_team_destroy(team);
    }
}

static void no_team_runs_inline(void **state)
{
    (void)state;
    assert_int_equal(rmt_team_size(NULL), 1);
    assert_true(each_chunk_runs_once(NULL, 10));
    rmt_team_destroy(NULL);
}

static void sizes_outside_1_to_256_are_refused(void **state)
{
    (void)state;
    static const int sizes[] = {0, -1, 257, INT32_MAX, INT32_MIN};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        rmt_team *team = (rmt_team *)state;
        ramet_error error;
        assert_int_equal(rmt_team_create(sizes[s], &team, &error), RAMET_STATUS_INVALID_ARGUMENT);
        assert_null(team);
        assert_true(strlen(error.message) > 0);
    }
}

/* Very many short loops: a lost wake-up would hang, a late worker would touch a loop that is over. */
static void many_short_loops_all_end(void **state)
{
    (void)state;
    for (int threads = 2; threads <= 5; threads++) {
        rmt_team *team = new_team(threads);
        for (int i = 0; i < 3000; i++)
            assert_true(each_chunk_runs_once(team, 1 + i % 7));
        rmt_team_destroy(team);
    }
}

/* Loops after pauses longer than any spin: workers have gone to sleep. */
static void sleeping_teams_wake(void **state)
{
    (void)state;
    rmt_team *team = new_team(3);
    for (int i = 0; i < 20; i++) {
        nanosleep(&(struct timespec){0, 1000000}, NULL);
        assert_true(each_chunk_runs_once(team, 50));
    }
    rmt_team_destroy(team);
}

typedef struct rendezvous {
    atomic_int arrived;
    int expected;
} rendezvous;

/* Ends only when all chunks run at the same time, or after ten seconds. */
static void meet(void *context, int chunk, int thread)
{
    (void)chunk, (void)thread;
    rendezvous *r = context;
    atomic_fetch_add(&r->arrived, 1);
    for (int i = 0; i < 100000 && atomic_load(&r->arrived) < r->expected; i++)
        nanosleep(&(struct timespec){0, 100000}, NULL);
}

static void chunks_run_on_all_threads_at_once(void **state)
{
    (void)state;
    rmt_team *team = new_team(4);
    rendezvous r = {.expected = 4};
    uint64_t start = rmt_os_now_ns();
    rmt_team_run(team, 4, meet, &r);
    assert_true(rmt_os_now_ns() - start < UINT64_C(5000000000));
    assert_int_equal(atomic_load(&r.arrived), 4);
    rmt_team_destroy(team);
}

static uint64_t process_cpu_ns(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * UINT64_C(1000000000) + (uint64_t)used.tv_nsec;
}

static void idle_teams_use_no_processor(void **state)
{
    (void)state;
    rmt_team *team = new_team(2);
    assert_true(each_chunk_runs_once(team, 10));
    nanosleep(&(struct timespec){0, 5000000}, NULL);
    uint64_t before = process_cpu_ns();
    nanosleep(&(struct timespec){0, 200000000}, NULL);
    assert_true(process_cpu_ns() - before < UINT64_C(20000000));
    rmt_team_destroy(team);
}

/* The exit code of a child that uses the parent's team (if `use`) and destroys it; the alarm ends one that hangs. */
static int run_child(rmt_team *team, bool use)
{
    pid_t child = fork();
    if (child == 0) {
        alarm(60);
        bool right = !use || (each_chunk_runs_once(team, 100) && each_chunk_runs_once(team, 3));
        rmt_team_destroy(team);
        _exit(right ? 42 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void a_forked_child_uses_and_destroys_the_team(void **state)
{
    (void)state;
    rmt_team *team = new_team(3);
    assert_int_equal(run_child(team, true), 42); /* no thread has started yet */
    for (int i = 0; i < 20; i++) {
        assert_true(each_chunk_runs_once(team, 20));
        assert_int_equal(run_child(team, THREADS_AFTER_THREADED_FORK), 42);
        assert_int_equal(run_child(team, false), 42);
    }
    assert_true(each_chunk_runs_once(team, 20));
    rmt_team_destroy(team);
}

static void several_teams_work_side_by_side(void **state)
{
    (void)state;
    rmt_team *teams[3] = {new_team(2), new_team(3), new_team(4)};
    for (int i = 0; i < 300; i++)
        assert_true(each_chunk_runs_once(teams[i % 3], 10));
    for (int i = 0; i < 3; i++)
        rmt_team_destroy(teams[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_chunk_runs_exactly_once),
        cmocka_unit_test(no_team_runs_inline),
        cmocka_unit_test(sizes_outside_1_to_256_are_refused),
        cmocka_unit_test(many_short_loops_all_end),
        cmocka_unit_test(sleeping_teams_wake),
        cmocka_unit_test(chunks_run_on_all_threads_at_once),
        cmocka_unit_test(idle_teams_use_no_processor),
        cmocka_unit_test(a_forked_child_uses_and_destroys_the_team),
        cmocka_unit_test(several_teams_work_side_by_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

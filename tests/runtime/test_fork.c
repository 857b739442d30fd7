/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fork() at any moment: while other threads plan and run, and after runs with teams of threads. A child clones the handles
 * and gives the same numbers; one that hangs is ended by its alarm. The allocators of sanitizers do not survive a fork()
 * while another thread is in them: there the other threads stand between two runs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/os.h"
#include "ramet/runtime.h"

#define MODEL RAMET_TEST_DATA "/operators/network_text_recogniser_block"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

#if defined(__SANITIZE_THREAD__)
/* A child may start threads; that is what is tested. */
__attribute__((visibility("default"))) const char *__tsan_default_options(void);
const char *__tsan_default_options(void) { return "die_after_fork=0"; }
#endif

enum { HEIGHT = 8, MOST_WIDTH = 320, FORKS = SANITIZED ? 20 : 150, RUNNERS = 2, OUTPUTS = 32 };

static float numbers[64 * HEIGHT * MOST_WIDTH];

typedef struct result {
    float first[OUTPUTS];
} result;

static bool run(ramet_runtime *runtime, int64_t width, result *made)
{
    ramet_tensor input, output;
    ramet_runtime_input_info(runtime, 0, &input);
    input.dims[0] = 1;
    for (int32_t i = 1; i < input.rank; i++)
        if (input.dims[i] < 0)
            input.dims[i] = i == input.rank - 1 ? width : HEIGHT;
    input.data = numbers;
    if (ramet_runtime_run(runtime, &input, 1, &output, 1, NULL) != RAMET_STATUS_OK)
        return false;
    memcpy(made->first, output.data, sizeof made->first);
    return true;
}

static ramet_runtime *open_model(int32_t threads)
{
    ramet_runtime *runtime;
    ramet_runtime_option option;
    ramet_runtime_option_init(&option);
    option.cpu_thread_num = threads;
    option.plan_capacity = 4; /* plans come and go */
    assert_int_equal(ramet_runtime_open(MODEL, &option, &runtime, NULL), RAMET_STATUS_OK);
    return runtime;
}

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        numbers[i] = (float)(i % 17) / 8 - 1;
    return 0;
}

typedef struct runner {
    ramet_runtime *handle;
    pthread_t thread;
    pthread_mutex_t running; /* held during a run */
    atomic_bool *stop;
    atomic_int runs;
} runner;

static void keep_planning(void *context)
{
    runner *r = context;
    result ignored;
    for (int64_t width = 8; !atomic_load(r->stop); width = width % MOST_WIDTH + 8) {
        pthread_mutex_lock(&r->running);
        (void)run(r->handle, width, &ignored);
        pthread_mutex_unlock(&r->running);
        r->runs++;
    }
}

/* In a child: clones of handles that a thread was at work with, of one that nobody used, and that one itself. */
static int try_all(ramet_runtime *origin, const runner *runners, const result *expected)
{
    alarm(30);
    for (int i = 0; i < RUNNERS + 1; i++) {
        ramet_runtime *clone;
        result made;
        if (ramet_runtime_clone(i < RUNNERS ? runners[i].handle : origin, &clone, NULL) != RAMET_STATUS_OK)
            return 2;
        for (int k = 0; k < 2; k++)
            if (!run(clone, k == 0 ? 40 : 48, &made) || (k == 0 && memcmp(&made, expected, sizeof made) != 0))
                return 3;
        ramet_runtime_close(clone);
    }
    result made;
    return run(origin, 40, &made) && memcmp(&made, expected, sizeof made) == 0 ? 0 : 4;
}

static pid_t fork_among(runner *runners)
{
    for (int i = 0; SANITIZED && i < RUNNERS; i++)
        pthread_mutex_lock(&runners[i].running);
    pid_t child = fork();
    for (int i = 0; SANITIZED && child != 0 && i < RUNNERS; i++)
        pthread_mutex_unlock(&runners[i].running);
    return child;
}

static void a_child_goes_on_whatever_other_threads_were_at(void **state)
{
    (void)state;
    atomic_bool stop = false;
    runner runners[RUNNERS] = {{0}};
    ramet_runtime *origin = open_model(1);
    result expected;
    assert_true(run(origin, 40, &expected));
    for (int i = 0; i < RUNNERS; i++) {
        runners[i].stop = &stop;
        pthread_mutex_init(&runners[i].running, NULL);
        assert_int_equal(ramet_runtime_clone(origin, &runners[i].handle, NULL), RAMET_STATUS_OK);
        assert_int_equal(rmt_os_thread_start(&runners[i].thread, keep_planning, &runners[i]), 0);
    }
    for (int i = 0; i < RUNNERS; i++)
        while (runners[i].runs < 3)
            usleep(100);
    for (int i = 0; i < FORKS; i++) {
        pid_t child = fork_among(runners);
        if (child == 0)
            _exit(try_all(origin, runners, &expected));
        int how = -1;
        assert_int_equal(waitpid(child, &how, 0), child);
        if (how != 0)
            fail_msg("fork %d: %s %d", i, WIFSIGNALED(how) ? "signal" : "exit",
                     WIFSIGNALED(how) ? WTERMSIG(how) : WEXITSTATUS(how));
    }
    stop = true;
    for (int i = 0; i < RUNNERS; i++) {
        rmt_os_thread_join(runners[i].thread);
        pthread_mutex_destroy(&runners[i].running);
        ramet_runtime_close(runners[i].handle);
    }
    ramet_runtime_close(origin);
}

static void a_child_starts_its_own_team(void **state)
{
    (void)state;
    ramet_runtime *runtime = open_model(3);
    result expected, made;
    assert_true(run(runtime, 40, &expected));
    for (int i = 0; i < 50; i++) {
        pid_t child = fork();
        if (child == 0) {
            alarm(30);
            _exit(run(runtime, 40, &made) && memcmp(&made, &expected, sizeof made) == 0 ? 0 : 1);
        }
        int how = -1;
        assert_int_equal(waitpid(child, &how, 0), child);
        assert_int_equal(how, 0);
        assert_true(run(runtime, 40, &made));
    }
    ramet_runtime_close(runtime);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_goes_on_whatever_other_threads_were_at),
        cmocka_unit_test(a_child_starts_its_own_team),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}

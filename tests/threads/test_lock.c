/* SPDX-License-Identifier: Apache-2.0 */
/* A lock is free in a child, whoever had it when the parent forked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/os.h"
#include "threads/threads.h"

typedef struct holder {
    rmt_lock lock;
    atomic_int stage;
} holder;

static void wait_for_stage(holder *h, int stage)
{
    while (atomic_load(&h->stage) < stage)
        usleep(100);
}

static void hold(void *context)
{
    holder *h = context;
    (void)rmt_lock_take(&h->lock);
    h->stage = 1;
    wait_for_stage(h, 2);
    rmt_lock_give(&h->lock);
}

static int wait_for(pid_t child)
{
    int how = -1;
    assert_int_equal(waitpid(child, &how, 0), child);
    return how;
}

static void a_lock_is_taken_and_given(void **state)
{
    (void)state;
    rmt_lock lock;
    rmt_lock_init(&lock);
    for (int i = 0; i < 3; i++) {
        assert_false(rmt_lock_take(&lock));
        rmt_lock_give(&lock);
    }
    rmt_lock_clear(&lock);
}

static void a_child_finds_it_free_and_is_told_that_it_was_held(void **state)
{
    (void)state;
    holder h = {.stage = 0};
    pthread_t thread;
    rmt_lock_init(&h.lock);
    assert_int_equal(rmt_os_thread_start(&thread, hold, &h), 0);
    wait_for_stage(&h, 1);
    pid_t child = fork();
    if (child == 0) {
        alarm(20);
        bool broken = rmt_lock_take(&h.lock);
        rmt_lock_give(&h.lock);
        bool again = rmt_lock_take(&h.lock);
        rmt_lock_give(&h.lock);
        _exit(broken && !again ? 0 : 1);
    }
    assert_int_equal(wait_for(child), 0);
    h.stage = 2;
    rmt_os_thread_join(thread);
    assert_false(rmt_lock_take(&h.lock)); /* the parent knows nothing of it */
    rmt_lock_give(&h.lock);
    rmt_lock_clear(&h.lock);
}

static void a_child_of_a_child_is_not_told_of_what_is_long_over(void **state)
{
    (void)state;
    rmt_lock lock;
    rmt_lock_init(&lock);
    pid_t child = fork();
    if (child == 0) {
        pid_t grandchild = fork();
        if (grandchild == 0)
            _exit(rmt_lock_take(&lock) ? 1 : 0);
        int how = -1;
        waitpid(grandchild, &how, 0);
        _exit(how == 0 && !rmt_lock_take(&lock) ? 0 : 1);
    }
    assert_int_equal(wait_for(child), 0);
    rmt_lock_clear(&lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lock_is_taken_and_given),
        cmocka_unit_test(a_child_finds_it_free_and_is_told_that_it_was_held),
        cmocka_unit_test(a_child_of_a_child_is_not_told_of_what_is_long_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting, joining, sleeping and waking threads, and knowing which process
 * this is.
 *
 * A thread starts with every signal blocked: the host's handlers never run on
 * ramet's stacks, and its signal mask is as before afterwards.
 */
#include "os/os.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef struct thread_start {
    rmt_os_thread_main entry;
    void *context;
} thread_start;

static void *thread_main(void *argument)
{
    thread_start start = *(thread_start *)argument;
    free(argument);
    start.entry(start.context);
    return NULL;
}

int rmt_os_thread_start(pthread_t *thread, rmt_os_thread_main entry, void *context)
{
    thread_start *start = malloc(sizeof *start);
    if (!start)
        return ENOMEM;
    *start = (thread_start){entry, context};
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(thread, NULL, thread_main, start);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed)
        free(start);
    return failed;
}

void rmt_os_thread_join(pthread_t thread) { pthread_join(thread, NULL); }

void rmt_os_sleep_while(_Atomic(unsigned) *word, unsigned value)
{
    (void)syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

void rmt_os_wake(_Atomic(unsigned) *word, int count)
{
    (void)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

uint64_t rmt_os_process_id(void) { return (uint64_t)getpid(); }

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mutex that knows its process.
 *
 * fork() copies a mutex as it is; the thread that would have given it back
 * exists in the parent only. So the first who wants it in the child makes it
 * anew, and the others who come meanwhile wait for that.
 */
#include <sched.h>
#include <stdatomic.h>

#include "os/os.h"
#include "threads/threads.h"

void rmt_lock_init(rmt_lock *lock)
{
    lock->held = lock->broken = false;
    pthread_mutex_init(&lock->mutex, NULL);
    atomic_store_explicit(&lock->process, 2 * rmt_os_process_id(), memory_order_release);
}

void rmt_lock_clear(rmt_lock *lock) { pthread_mutex_destroy(&lock->mutex); }

/* A mark of being made anew that another process has left behind counts like any other of its marks. */
static void make_own(rmt_lock *lock)
{
    uint64_t own = 2 * rmt_os_process_id(), seen = atomic_load_explicit(&lock->process, memory_order_acquire);
    while (seen != own) {
        if (seen == own + 1)
            sched_yield();
        else if (atomic_compare_exchange_strong(&lock->process, &seen, own + 1)) {
            lock->broken = lock->broken || lock->held;
            lock->held = false;
            pthread_mutex_init(&lock->mutex, NULL);
            atomic_store_explicit(&lock->process, own, memory_order_release);
        }
        seen = atomic_load_explicit(&lock->process, memory_order_acquire);
    }
}

bool rmt_lock_take(rmt_lock *lock)
{
    make_own(lock);
    pthread_mutex_lock(&lock->mutex);
    lock->held = true;
    bool broken = lock->broken;
    lock->broken = false;
    return broken;
}

void rmt_lock_give(rmt_lock *lock)
{
    lock->held = false;
    pthread_mutex_unlock(&lock->mutex);
}

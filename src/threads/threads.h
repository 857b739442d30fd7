/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A team of threads and one parallel loop; a lock that survives fork().
 *
 * A loop has `count` chunks; each runs exactly once, on some thread of the
 * team. Results must not depend on which: callers split work by data, never by
 * thread. A team of one, or NULL, runs everything inline and starts no thread.
 * Threads start at the first loop that needs them, sleep between loops, and
 * are started afresh in a child after fork().
 */
#ifndef RMT_THREADS_H
#define RMT_THREADS_H

#include <pthread.h>

#include "base/base.h"

typedef struct rmt_team rmt_team;

/* chunk in [0, count); thread in [0, team size): an index for per-thread scratch. */
typedef void (*rmt_team_task)(void *context, int chunk, int thread);

/* A team of `threads` (1..256), the caller of rmt_team_run included. One thread at a time may use a team. */
ramet_status rmt_team_create(int threads, rmt_team **team, ramet_error *error);
void rmt_team_destroy(rmt_team *team);   /* NULL is allowed */
int rmt_team_size(const rmt_team *team); /* 1 for NULL */

/* Returns when all chunks have run. Where no thread can be started the caller runs them all. */
void rmt_team_run(rmt_team *team, int count, rmt_team_task task, void *context);

/*
 * A mutex that is free in a child after fork(), whoever had it in the parent. Any thread; the owner makes it and clears
 * it when nobody uses it.
 */
typedef struct rmt_lock {
    pthread_mutex_t mutex;
    _Atomic(uint64_t) process; /* whose the mutex is, twice its id; one more while it is being made anew */
    bool held, broken;         /* guarded by the mutex */
} rmt_lock;

void rmt_lock_init(rmt_lock *lock);
void rmt_lock_clear(rmt_lock *lock);
/* True once in a child whose parent forked while another of its threads had the lock: what is guarded may be half changed. */
bool rmt_lock_take(rmt_lock *lock);
void rmt_lock_give(rmt_lock *lock);

#endif

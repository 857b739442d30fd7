/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A team of threads around one loop at a time.
 *
 * The caller opens a loop and takes part; workers that see it in time join,
 * claim chunks and leave. When the caller finds no chunk left it closes the
 * loop and waits for those inside only: a worker that wakes late finds nothing
 * to join and delays nobody. Who waits is awake for a moment, then sleeps.
 * Workers live from the first loop that needs them until destroy; after
 * fork() the child forgets them and starts its own.
 *
 * Each thread begins with a share of neighbouring chunks, the same for every
 * loop, so that it finds in its caches what it made in the loop before; who is
 * done early helps the others.
 */
#include "threads/threads.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "os/os.h"

enum { TEAM_MAX = 256, SPIN_NS = 50000, LINE_BYTES = 64 };

/* The gate of a loop: how many workers are inside, and */
enum { GATE_OPEN = 1 << 16, GATE_AWAITED = 1 << 17 }; /* the caller sleeps until nobody is */

/* A thread of the team and its share of the current loop; in a cache line of its own. */
typedef struct member {
    _Alignas(LINE_BYTES) atomic_llong next; /* wider than int, as each thread may overshoot by one */
    long long end;
    rmt_team *team;
    pthread_t thread; /* not of member 0, the caller */
} member;

struct rmt_team {
    _Alignas(LINE_BYTES) atomic_uint loops; /* opened so far; workers wait for it to change */
    atomic_uint sleepers;                   /* workers that may sleep */
    atomic_uint stopping;
    _Alignas(LINE_BYTES) atomic_uint gate;
    _Alignas(LINE_BYTES)
        rmt_team_task task; /* of the current loop; this and what follows change while the gate is shut */
    void *context;
    uint64_t process;  /* whose threads these are */
    int size, started; /* started: workers that run */
    bool spins;        /* a processor for each thread: waiting awake for a moment hurts nobody */
    member members[];  /* size */
};

/* ---- chunks ---------------------------------------------------------------------------------------------------- */

static void deal_chunks(rmt_team *team, int count)
{
    for (long long t = 0; t < team->size; t++) {
        atomic_store_explicit(&team->members[t].next, t * count / team->size, memory_order_relaxed);
        team->members[t].end = (t + 1) * count / team->size;
    }
}

/* The thread's own share, then what is left of the others'. */
static void run_chunks(rmt_team *team, int thread)
{
    for (int i = 0; i < team->size; i++) {
        member *of = &team->members[(thread + i) % team->size];
        long long chunk = atomic_load_explicit(&of->next, memory_order_relaxed);
        while (chunk < of->end && (chunk = atomic_fetch_add_explicit(&of->next, 1, memory_order_relaxed)) < of->end)
            team->task(team->context, (int)chunk, thread);
    }
}

/* ---- waiting --------------------------------------------------------------------------------------------------- */

static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

/* Waits until a loop after number `seen` was opened; its number. */
static unsigned wait_for_loop(rmt_team *team, unsigned seen)
{
    uint64_t end = team->spins ? rmt_os_now_ns() + SPIN_NS : 0;
    while (atomic_load_explicit(&team->loops, memory_order_relaxed) == seen && rmt_os_now_ns() < end)
        relax();
    while (atomic_load(&team->loops) == seen) {
        atomic_fetch_add(&team->sleepers, 1);
        rmt_os_sleep_while(&team->loops, seen);
        atomic_fetch_sub(&team->sleepers, 1);
    }
    return atomic_load(&team->loops);
}

/* Shuts the gate and waits until no worker is inside. */
static void wait_for_workers(rmt_team *team)
{
    if (atomic_fetch_and(&team->gate, ~(unsigned)GATE_OPEN) == GATE_OPEN)
        return;
    uint64_t end = team->spins ? rmt_os_now_ns() + SPIN_NS : 0;
    while (atomic_load_explicit(&team->gate, memory_order_relaxed) != 0 && rmt_os_now_ns() < end)
        relax();
    unsigned inside = atomic_load(&team->gate);
    while (inside != 0 && inside != GATE_AWAITED) {
        if (atomic_compare_exchange_weak(&team->gate, &inside, inside | GATE_AWAITED))
            rmt_os_sleep_while(&team->gate, inside | GATE_AWAITED);
        inside = atomic_load(&team->gate);
    }
    atomic_store(&team->gate, 0);
}

/* ---- workers --------------------------------------------------------------------------------------------------- */

static bool enter(rmt_team *team)
{
    unsigned inside = atomic_load(&team->gate);
    while ((inside & GATE_OPEN) != 0)
        if (atomic_compare_exchange_weak(&team->gate, &inside, inside + 1))
            return true;
    return false;
}

static void leave(rmt_team *team)
{
    if (atomic_fetch_sub(&team->gate, 1) == (GATE_AWAITED | 1))
        rmt_os_wake(&team->gate, 1);
}

static void worker_main(void *context)
{
    const member *self = context;
    rmt_team *team = self->team;
    for (unsigned seen = 0; !atomic_load(&team->stopping); seen = wait_for_loop(team, seen)) {
        if (!enter(team))
            continue;
        run_chunks(team, (int)(self - team->members));
        leave(team);
    }
}

/* The state of a team without threads, for this process. */
static void reset(rmt_team *team)
{
    team->process = rmt_os_process_id();
    team->started = 0;
    atomic_init(&team->loops, 0);
    atomic_init(&team->sleepers, 0);
    atomic_init(&team->stopping, 0);
    atomic_init(&team->gate, 0);
}

/* Starts the workers that are missing, as many as the system gives. */
static void start_workers(rmt_team *team)
{
    while (team->started < team->size - 1) {
        member *next = &team->members[team->started + 1];
        next->team = team;
        if (rmt_os_thread_start(&next->thread, worker_main, next) != 0)
            return;
        team->started++;
    }
}

static void call_workers(rmt_team *team, int count)
{
    atomic_fetch_add(&team->loops, 1);
    if (atomic_load(&team->sleepers) > 0)
        rmt_os_wake(&team->loops, count);
}

static void stop_workers(rmt_team *team)
{
    atomic_store(&team->stopping, 1);
    call_workers(team, team->started);
    for (int i = 1; i <= team->started; i++)
        rmt_os_thread_join(team->members[i].thread);
}

ramet_status rmt_team_create(int threads, rmt_team **team, ramet_error *error)
{
    *team = NULL;
    if (threads < 1 || threads > TEAM_MAX) {
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "%d threads asked for; 1 to %d can be had", threads,
                        TEAM_MAX);
    }
    size_t bytes = sizeof(rmt_team) + (size_t)threads * sizeof(member);
    rmt_team *made = aligned_alloc(LINE_BYTES, bytes);
    if (!made)
        return rmt_fail_memory(error, bytes);
    memset(made, 0, bytes);
    rmt_os_processors processors;
    rmt_os_processors_get("", &processors);
    made->size = threads;
    made->spins = threads <= processors.usable;
    reset(made);
    *team = made;
    return RAMET_STATUS_OK;
}

void rmt_team_destroy(rmt_team *team)
{
    if (!team)
        return;
    if (team->process == rmt_os_process_id()) /* in a forked child there are no threads to be ended */
        stop_workers(team);
    free(team);
}

int rmt_team_size(const rmt_team *team) { return team ? team->size : 1; }

void rmt_team_run(rmt_team *team, int count, rmt_team_task task, void *context)
{
    if (!team || team->size == 1 || count <= 1) {
        for (int chunk = 0; chunk < count; chunk++)
            task(context, chunk, 0);
        return;
    }
    if (team->process != rmt_os_process_id())
        reset(team);
    start_workers(team);
    assert(atomic_load(&team->gate) == 0); /* one thread at a time, and no loop within a loop */
    deal_chunks(team, count);
    team->task = task;
    team->context = context;
    atomic_store(&team->gate, GATE_OPEN);
    call_workers(team, count - 1);
    run_chunks(team, 0);
    wait_for_workers(team);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A team of threads around one loop at a time.
 *
 * The caller publishes a loop under the mutex; workers that see it in time
 * join (`active`), claim chunks from an atomic counter and leave. When the
 * caller finds no chunk left it withdraws the loop and waits for those inside
 * only: a worker that wakes late finds nothing to join and delays nobody.
 * Workers live from the first loop that needs them until destroy; after
 * fork() the child forgets them and starts its own.
 */
#include "threads/threads.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "os/os.h"

enum { TEAM_MAX = 256, SPIN_NS = 50000 };

typedef struct worker {
    rmt_team *team;
    pthread_t thread;
    int index; /* 1 .. team size - 1 */
} worker;

/* What a thread needs to take part in a loop. */
typedef struct loop {
    rmt_team_task task; /* NULL: no loop to join */
    void *context;
    int count;
} loop;

struct rmt_team {
    int size;
    bool spins; /* a processor for each thread: waiting awake for a moment hurts nobody */
    pthread_mutex_t mutex;
    pthread_cond_t work, done;
    uint64_t process;     /* whose threads these are */
    int started;          /* workers that run */
    loop current;         /* under mutex */
    bool stopping;        /* under mutex */
    atomic_uint loops;    /* loops published; written under mutex */
    atomic_int active;    /* workers inside the current loop; written under mutex */
    atomic_llong claimed; /* chunks taken; wider than int, as each thread overshoots by one */
    worker workers[];     /* size - 1 */
};

static void run_chunks(rmt_team *team, const loop *work, int thread)
{
    for (;;) {
        long long chunk = atomic_fetch_add_explicit(&team->claimed, 1, memory_order_relaxed);
        if (chunk >= work->count)
            return;
        work->task(work->context, (int)chunk, thread);
    }
}

static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

/* Waits awake, for a moment only, until a loop other than `seen` is published. */
static void spin_for_loop(rmt_team *team, unsigned seen)
{
    if (!team->spins)
        return;
    uint64_t end = rmt_os_now_ns() + SPIN_NS;
    while (atomic_load_explicit(&team->loops, memory_order_relaxed) == seen && rmt_os_now_ns() < end)
        relax();
}

static void spin_for_workers(rmt_team *team)
{
    if (!team->spins)
        return;
    uint64_t end = rmt_os_now_ns() + SPIN_NS;
    while (atomic_load_explicit(&team->active, memory_order_relaxed) > 0 && rmt_os_now_ns() < end)
        relax();
}

/* Joins the next loop after *seen; false when the team stops. */
static bool join_loop(rmt_team *team, unsigned *seen, loop *work)
{
    pthread_mutex_lock(&team->mutex);
    while (!team->stopping && (!team->current.task || atomic_load(&team->loops) == *seen))
        pthread_cond_wait(&team->work, &team->mutex);
    bool joined = !team->stopping;
    if (joined) {
        *work = team->current;
        *seen = atomic_load(&team->loops);
        atomic_fetch_add(&team->active, 1);
    }
    pthread_mutex_unlock(&team->mutex);
    return joined;
}

static void leave_loop(rmt_team *team)
{
    pthread_mutex_lock(&team->mutex);
    if (atomic_fetch_sub(&team->active, 1) == 1)
        pthread_cond_signal(&team->done);
    pthread_mutex_unlock(&team->mutex);
}

static void worker_main(void *context)
{
    worker *self = context;
    rmt_team *team = self->team;
    loop work;
    unsigned seen = 0;
    while (join_loop(team, &seen, &work)) {
        run_chunks(team, &work, self->index);
        leave_loop(team);
        spin_for_loop(team, seen);
    }
}

/* The state of a team without threads, for this process. */
static void reset(rmt_team *team)
{
    pthread_mutex_init(&team->mutex, NULL);
    pthread_cond_init(&team->work, NULL);
    pthread_cond_init(&team->done, NULL);
    team->process = rmt_os_process_id();
    team->started = 0;
    team->current = (loop){0};
    team->stopping = false;
    atomic_init(&team->loops, 0);
    atomic_init(&team->active, 0);
}

/* Starts the workers that are missing, as many as the system gives. */
static void start_workers(rmt_team *team)
{
    while (team->started < team->size - 1) {
        worker *next = &team->workers[team->started];
        *next = (worker){.team = team, .index = team->started + 1};
        if (rmt_os_thread_start(&next->thread, worker_main, next) != 0)
            return;
        team->started++;
    }
}

static void publish(rmt_team *team, const loop *work)
{
    pthread_mutex_lock(&team->mutex);
    assert(!team->current.task); /* one thread at a time, and no loop within a loop */
    team->current = *work;
    atomic_store(&team->claimed, 0);
    atomic_fetch_add(&team->loops, 1);
    pthread_mutex_unlock(&team->mutex);
    int helpers = work->count - 1 < team->started ? work->count - 1 : team->started;
    for (int i = 0; i < helpers; i++)
        pthread_cond_signal(&team->work);
}

/* Takes the loop back, then waits for the workers that are inside. */
static void withdraw(rmt_team *team)
{
    pthread_mutex_lock(&team->mutex);
    team->current.task = NULL;
    pthread_mutex_unlock(&team->mutex);
    spin_for_workers(team);
    pthread_mutex_lock(&team->mutex);
    while (atomic_load(&team->active) > 0)
        pthread_cond_wait(&team->done, &team->mutex);
    pthread_mutex_unlock(&team->mutex);
}

static void stop_workers(rmt_team *team)
{
    pthread_mutex_lock(&team->mutex);
    team->stopping = true;
    pthread_cond_broadcast(&team->work);
    pthread_mutex_unlock(&team->mutex);
    for (int i = 0; i < team->started; i++)
        rmt_os_thread_join(team->workers[i].thread);
}

ramet_status rmt_team_create(int threads, rmt_team **team, ramet_error *error)
{
    *team = NULL;
    if (threads < 1 || threads > TEAM_MAX) {
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "%d threads asked for; 1 to %d can be had", threads,
                        TEAM_MAX);
    }
    size_t bytes = sizeof(rmt_team) + (size_t)(threads - 1) * sizeof(worker);
    rmt_team *made = calloc(1, bytes);
    if (!made)
        return rmt_fail_memory(error, bytes);
    rmt_os_cpu cpu;
    rmt_os_cpu_get(&cpu);
    made->size = threads;
    made->spins = threads <= cpu.online;
    reset(made);
    *team = made;
    return RAMET_STATUS_OK;
}

void rmt_team_destroy(rmt_team *team)
{
    if (!team)
        return;
    if (team->process == rmt_os_process_id()) { /* in a forked child neither threads nor waiters exist to be ended */
        stop_workers(team);
        pthread_cond_destroy(&team->done);
        pthread_cond_destroy(&team->work);
        pthread_mutex_destroy(&team->mutex);
    }
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
    loop work = {task, context, count};
    publish(team, &work);
    run_chunks(team, &work, 0);
    withdraw(team);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fleet: many clones at work on many inputs.
 *
 * The fleet knows nothing of models. It takes a number of inputs and a number
 * of workers and calls back: each input is worked on exactly once, results are
 * delivered in input order, a failing input does not stop the others.
 */
#ifndef RAMET_FLEET_H
#define RAMET_FLEET_H

#include "ramet/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Set with ramet_fleet_option_init(); zero means the default. */
typedef struct ramet_fleet_option {
    size_t struct_bytes;
    int32_t threads; /* 1..1024; default 1. More threads than inputs are not started. */
    /*
     * Inputs that may be under way, or finished but not delivered yet; default 4 * threads + 16. Bounds memory: input i
     * starts only when input i - window is delivered, so the caller may keep results in a ring of `window` slots.
     */
    int32_t window;
} ramet_fleet_option;

/*
 * Fills an option struct with defaults: always the first thing to do with one.
 *
 * Threads: any. Memory: none. Errors: none.
 */
RAMET_API void ramet_fleet_option_init(ramet_fleet_option *option);

/*
 * What the caller does. All are called with `context`.
 *
 * work: input `index` on worker `worker` (0..threads-1; one call at a time for a worker, so a worker may own a clone).
 *   Its result is stored by the caller under `index`. A failure is a result like any other: note it and return.
 * deliver: result `index` is finished; called in input order, one call at a time, on some worker thread. May be NULL.
 *   Returning non-zero stops the fleet early: no new input is started.
 */
typedef struct ramet_fleet_job {
    void *context;
    void (*work)(void *context, size_t index, int32_t worker);
    int (*deliver)(void *context, size_t index);
} ramet_fleet_job;

/*
 * Works through inputs 0..count-1 and returns when all are done (or deliver asked to stop).
 *
 * option: may be NULL. *done: how many were delivered; may be NULL.
 * Threads: any; the calling thread is worker 0. Where fewer threads can be started than asked for, fewer work.
 * Memory: O(threads + window). Errors: INVALID_ARGUMENT, OUT_OF_MEMORY; a stop asked for by deliver is no error.
 */
RAMET_API ramet_status ramet_fleet_run(const ramet_fleet_job *job, size_t count, const ramet_fleet_option *option,
                                       size_t *done, ramet_error *error);

#ifdef __cplusplus
}
#endif

#endif

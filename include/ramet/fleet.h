/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fleet: many clones at work on many inputs.
 *
 * The fleet knows nothing of models. It takes a number of inputs and a number
 * of workers and calls back: each input is worked on exactly once, results are
 * delivered in input order, a failing input does not stop the others. Workers
 * are threads (ramet_fleet_run) or processes (ramet_fleet_run_processes).
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
     * Inputs that may be under way, or finished but not delivered yet; default 4 * workers + 16. Bounds memory: input i
     * starts only when input i - window is delivered, so the caller may keep results in a ring of `window` slots.
     */
    int32_t window;
    int32_t processes; /* as threads, for ramet_fleet_run_processes(), which does not read threads */
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

/* ---- worker processes ------------------------------------------------------------------------------------------ */

/* Takes the bytes that are to go to another process. */
typedef struct ramet_fleet_sink ramet_fleet_sink;

/*
 * Appends to what goes over.
 *
 * Threads: the one that was handed the sink, during that callback. Memory: copied. Errors: OUT_OF_MEMORY; the input is
 * then lost with that error, so a caller need not look.
 */
RAMET_API ramet_status ramet_fleet_sink_write(ramet_fleet_sink *sink, const void *data, size_t bytes);

/* What came over about one input. */
typedef struct ramet_fleet_parcel {
    size_t index;
    const void *data; /* valid during the callback */
    size_t bytes;
} ramet_fleet_parcel;

/*
 * What the caller does. All are called with `context`; of a forked worker that is its own copy of the caller's memory,
 * a worker that was started from `command` brings its own.
 *
 * In the calling process, on the calling thread:
 * describe: writes what a worker needs to know about input `index` beyond its number. May be NULL.
 * deliver: the result of input result->index, in input order; or, with `lost` not NULL, why there is none. May be NULL.
 *   Returning non-zero stops the fleet early.
 * leaving: the worker process `process_id` is idle and will be let go once all have been looked at; a last look at
 *   /proc. May be NULL.
 *
 * In a worker process:
 * open: once, before its first input; a failure ends the fleet, with this error. May be NULL.
 * work: writes the result of an input. What is left over in `error` after RAMET_STATUS_OK is not read.
 *
 * command: NULL: workers are forked from the calling thread and share its memory until they write to it, so a model
 *   that was opened before is there already. Otherwise the words of a command line, ended by NULL, of a program that
 *   calls ramet_fleet_serve(); the first word is its path.
 * descriptors: up to 16 files for workers that are started from `command`, such as ramet_runtime_weights_fd() gives; a
 *   worker finds them at descriptors 5, 6, ... in this order.
 */
typedef struct ramet_fleet_process_job {
    void *context;
    void (*describe)(void *context, size_t index, ramet_fleet_sink *sink);
    int (*deliver)(void *context, const ramet_fleet_parcel *result, const ramet_error *lost);
    void (*leaving)(void *context, int64_t process_id);
    ramet_status (*open)(void *context, ramet_error *error);
    ramet_status (*work)(void *context, const ramet_fleet_parcel *input, ramet_fleet_sink *sink, ramet_error *error);
    const char *const *command;
    const int32_t *descriptors;
    size_t descriptor_count;
} ramet_fleet_process_job;

/*
 * Works through inputs 0..count-1 in worker processes and returns when all are done (or deliver asked to stop).
 *
 * A worker that dies is replaced, and its input is given once more; when that worker dies too, the input is lost with an
 * error that says how. A worker that dies before it has begun on its input does not count. Bytes go over in memory files without a name. Workers end with the calling thread, at once,
 * however it ends; nothing is left behind.
 *
 * option: may be NULL. *done: how many were delivered; may be NULL.
 * Threads: any, but see fork(2): locks that other threads hold stay locked in forked workers, and handles that other
 * threads are using must not be used there; cloning them is right. Memory: O(processes + window), and each result until
 * its turn. Errors: INVALID_ARGUMENT, OUT_OF_MEMORY, IO (no process can be started, or none becomes ready), what open
 * says; a stop asked for by deliver is no error.
 */
RAMET_API ramet_status ramet_fleet_run_processes(const ramet_fleet_process_job *job, size_t count,
                                                 const ramet_fleet_option *option, size_t *done, ramet_error *error);

/*
 * The other side, in a program that was started from `command`: opens, works on what comes, and returns when there is no
 * more. Takes over descriptors 3 and 4, which the fleet has put there. Of the job only context, open and work are read.
 *
 * Threads: any, once a process. Memory: the largest input and result. Errors: INVALID_ARGUMENT (not started by a fleet), what open
 * says, IO.
 */
RAMET_API ramet_status ramet_fleet_serve(const ramet_fleet_process_job *job, ramet_error *error);

#ifdef __cplusplus
}
#endif

#endif

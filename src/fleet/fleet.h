/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What threads and processes of a fleet share, and the order of the work of threads.
 *
 * A window lies over the inputs 0..count-1: input i is handed out only when
 * input i - size has been delivered, so at most `size` results exist at a time
 * and the caller may keep them in a ring. Results are delivered in input order
 * by whichever thread closes the gap.
 */
#ifndef RMT_FLEET_H
#define RMT_FLEET_H

#include <pthread.h>

#include "base/base.h"
#include "ramet/fleet.h"

/* What an option comes to for `count` inputs. */
typedef struct rmt_crew_size {
    int32_t workers; /* at most count */
    size_t window;   /* at least 1, at most count when there are any */
} rmt_crew_size;

/* processes: which of the two kinds of workers is asked for. Errors: INVALID_ARGUMENT. */
ramet_status rmt_crew_size_read(const ramet_fleet_option *option, size_t count, bool processes, rmt_crew_size *size,
                                ramet_error *error);

typedef struct rmt_window {
    size_t count;          /* inputs */
    size_t size;           /* inputs that may be under way or undelivered at a time, at least 1 */
    bool *finished;        /* [size]; of input i at i % size; false again once delivered */
    pthread_mutex_t mutex; /* guards finished and all below */
    pthread_cond_t room;   /* an input may be taken, or none ever will */
    size_t taken;          /* inputs 0..taken-1 were handed out */
    size_t delivered;      /* inputs 0..delivered-1 were delivered */
    bool delivering;       /* a thread is inside deliver() */
    bool stopped;          /* deliver() asked to stop */
} rmt_window;

/* size is cut to count. Errors: OUT_OF_MEMORY. */
ramet_status rmt_window_init(rmt_window *window, size_t count, size_t size, ramet_error *error);
void rmt_window_clear(rmt_window *window);

/* Hands out the next input, waiting for room; false when there is none left or the fleet was stopped. Any thread. */
bool rmt_window_take(rmt_window *window, size_t *index);

/* Input `index` is finished; delivers all that is due, unless another thread is doing so. Any thread. */
void rmt_window_finish(rmt_window *window, size_t index, const ramet_fleet_job *job);

#endif

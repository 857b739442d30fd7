/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handing out inputs and delivering results in order.
 *
 * Everything happens under one mutex, except deliver() itself: the thread that
 * delivers holds the `delivering` mark instead, so that the others go on
 * working. A result that is finished meanwhile is seen by that thread before
 * it takes the mark down; nobody waits to deliver.
 */
#include "fleet/fleet.h"

#include <stdlib.h>

ramet_status rmt_window_init(rmt_window *window, size_t count, size_t size, ramet_error *error)
{
    *window = (rmt_window){.count = count, .size = size < count ? size : count};
    window->finished = calloc(window->size ? window->size : 1, sizeof *window->finished);
    if (!window->finished)
        return rmt_fail_memory(error, window->size);
    pthread_mutex_init(&window->mutex, NULL);
    pthread_cond_init(&window->room, NULL);
    return RAMET_STATUS_OK;
}

void rmt_window_clear(rmt_window *window)
{
    pthread_cond_destroy(&window->room);
    pthread_mutex_destroy(&window->mutex);
    free(window->finished);
    *window = (rmt_window){0};
}

static bool has_ended(const rmt_window *window) { return window->stopped || window->taken == window->count; }

static bool has_room(const rmt_window *window) { return window->taken - window->delivered < window->size; }

/* Wakes one thread for a slot that came free, all of them when there is nothing left to wait for. */
static void announce(rmt_window *window)
{
    if (has_ended(window))
        pthread_cond_broadcast(&window->room);
    else
        pthread_cond_signal(&window->room);
}

bool rmt_window_take(rmt_window *window, size_t *index)
{
    pthread_mutex_lock(&window->mutex);
    while (!has_ended(window) && !has_room(window))
        pthread_cond_wait(&window->room, &window->mutex);
    bool took = !has_ended(window);
    if (took) {
        *index = window->taken++;
        if (has_ended(window))
            announce(window);
    }
    pthread_mutex_unlock(&window->mutex);
    return took;
}

/* Called and left with the mutex held. */
static void deliver_due(rmt_window *window, const ramet_fleet_job *job)
{
    window->delivering = true;
    while (!window->stopped && window->finished[window->delivered % window->size]) {
        size_t index = window->delivered;
        pthread_mutex_unlock(&window->mutex);
        int stop = job->deliver ? job->deliver(job->context, index) : 0;
        pthread_mutex_lock(&window->mutex);
        window->finished[index % window->size] = false;
        window->delivered++;
        window->stopped = stop != 0;
        announce(window);
    }
    window->delivering = false;
}

void rmt_window_finish(rmt_window *window, size_t index, const ramet_fleet_job *job)
{
    pthread_mutex_lock(&window->mutex);
    window->finished[index % window->size] = true;
    if (!window->delivering)
        deliver_due(window, job);
    pthread_mutex_unlock(&window->mutex);
}

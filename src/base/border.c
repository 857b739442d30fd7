/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public border: option structs that may grow, and the guard that finds
 * one handle in the hands of two threads.
 */
#include "base/base.h"

#include <stdatomic.h>
#include <string.h>

#include "os/os.h"

#define OPTION_MAX_BYTES 65536

ramet_status rmt_option_read(void *into, size_t into_bytes, const void *from, ramet_error *error)
{
    memset(into, 0, into_bytes);
    if (from != NULL) {
        size_t from_bytes;
        memcpy(&from_bytes, from, sizeof from_bytes);
        if (from_bytes < sizeof from_bytes || from_bytes > OPTION_MAX_BYTES)
            return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT,
                            "an option struct was not initialised; call its ramet_..._option_init() first");
        memcpy(into, from, from_bytes < into_bytes ? from_bytes : into_bytes);
    }
    memcpy(into, &into_bytes, sizeof into_bytes);
    return RAMET_STATUS_OK;
}

/* Takes a guard that is free; else says which process has it. */
static uint64_t take(rmt_guard *guard, uint64_t own)
{
    uint64_t found = 0;
    (void)atomic_compare_exchange_strong_explicit(&guard->taken, &found, own, memory_order_acquire,
                                                  memory_order_relaxed);
    return found;
}

static ramet_status refuse(ramet_error *error)
{
    return rmt_fail(error, RAMET_STATUS_BUSY,
                    "this handle is at work on another thread; give each thread its own clone");
}

ramet_status rmt_guard_enter(rmt_guard *guard, ramet_error *error)
{
    return take(guard, rmt_os_process_id()) == 0 ? RAMET_STATUS_OK : refuse(error);
}

ramet_status rmt_guard_enter_to_clone(rmt_guard *guard, ramet_error *error)
{
    uint64_t own = rmt_os_process_id(), found = take(guard, own);
    return found != own ? RAMET_STATUS_OK : refuse(error);
}

void rmt_guard_leave(rmt_guard *guard)
{
    uint64_t own = rmt_os_process_id();
    (void)atomic_compare_exchange_strong_explicit(&guard->taken, &own, 0, memory_order_release, memory_order_relaxed);
}

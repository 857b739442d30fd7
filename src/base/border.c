/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public border: option structs that may grow, and the guard that finds
 * one handle in the hands of two threads.
 */
#include "base/base.h"

#include <stdatomic.h>
#include <string.h>

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

ramet_status rmt_guard_enter(rmt_guard *guard, ramet_error *error)
{
    if (!atomic_exchange_explicit(&guard->taken, true, memory_order_acquire))
        return RAMET_STATUS_OK;
    return rmt_fail(error, RAMET_STATUS_BUSY,
                    "this handle is at work on another thread; give each thread its own clone");
}

void rmt_guard_leave(rmt_guard *guard) { atomic_store_explicit(&guard->taken, false, memory_order_release); }

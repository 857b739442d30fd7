/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that a handle keeps between calls: a call on sizes seen before
 * allocates nothing.
 */
#include "vision/vision.h"

#include <stdlib.h>

void *rmt_scratch_take(rmt_scratch *scratch, size_t count, size_t size)
{
    size_t bytes;
    if (!rmt_mul_size(count, size, &bytes))
        return NULL;
    if (scratch->data != NULL && bytes <= scratch->bytes)
        return scratch->data;
    rmt_scratch_clear(scratch);
    scratch->data = malloc(bytes > 0 ? bytes : 1);
    scratch->bytes = scratch->data != NULL ? bytes : 0;
    return scratch->data;
}

void rmt_scratch_clear(rmt_scratch *scratch)
{
    free(scratch->data);
    *scratch = (rmt_scratch){0};
}

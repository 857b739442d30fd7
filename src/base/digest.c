/* SPDX-License-Identifier: Apache-2.0 */
/* Digests: XXH3 of 128 bits, which tells apart what happens to be different, not what somebody has made to collide. */
#include "base/base.h"

#include <xxhash.h>

rmt_digest rmt_digest_of(const void *data, size_t bytes)
{
    static const char nothing[1]; /* XXH3 wants an address */
    XXH128_hash_t hash = XXH3_128bits(data != NULL ? data : nothing, bytes);
    return (rmt_digest){.low = hash.low64, .high = hash.high64};
}

bool rmt_digest_equal(const rmt_digest *a, const rmt_digest *b) { return a->low == b->low && a->high == b->high; }

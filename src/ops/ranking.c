/* SPDX-License-Identifier: Apache-2.0 */
/* Choosing and sorting keys by their bytes: time that depends on how many there are, not on what they are. */
#include "ops/ranking.h"

#include <stdbool.h>

enum { BYTE_VALUES = 256, FEW = 24 };

static unsigned byte_of(uint64_t key, int shift) { return (unsigned)(key >> shift & (BYTE_VALUES - 1)); }

/* The k-th smallest key (k >= 1), byte by byte from the top: keys that agree with `found` so far are counted. */
static uint64_t find_kth(const uint64_t *keys, int64_t n, int64_t k)
{
    uint64_t found = 0;
    for (int shift = 56; shift >= 0; shift -= 8) {
        int64_t counts[BYTE_VALUES] = {0};
        uint64_t above = shift == 56 ? 0 : ~UINT64_C(0) << (shift + 8);
        for (int64_t i = 0; i < n; i++)
            counts[byte_of(keys[i], shift)] += (keys[i] & above) == found;
        unsigned value = 0;
        while (counts[value] < k)
            k -= counts[value++];
        found |= (uint64_t)value << shift;
        if (counts[value] == k) /* all that begin like this */
            return found | ((UINT64_C(1) << shift) - 1);
    }
    return found;
}

int64_t rmt_rank_first(uint64_t *keys, int64_t n, int64_t k)
{
    if (n <= k)
        return n;
    if (k <= 0)
        return 0;
    uint64_t last = find_kth(keys, n, k);
    int64_t left = 0;
    for (int64_t i = 0; i < n; i++) {
        keys[left] = keys[i];
        left += keys[i] <= last;
    }
    return left;
}

static void sort_few(uint64_t *keys, int64_t n)
{
    for (int64_t i = 1; i < n; i++) {
        uint64_t key = keys[i];
        int64_t at = i;
        for (; at > 0 && keys[at - 1] > key; at--)
            keys[at] = keys[at - 1];
        keys[at] = key;
    }
}

/* Moves keys to `to` in the order of one byte. False, and nothing moves, where they all have the same. */
static bool sort_by_byte(const uint64_t *keys, int64_t n, int shift, uint64_t *to)
{
    int64_t starts[BYTE_VALUES + 1] = {0};
    for (int64_t i = 0; i < n; i++)
        starts[byte_of(keys[i], shift) + 1]++;
    if (starts[byte_of(keys[0], shift) + 1] == n)
        return false;
    for (int value = 1; value < BYTE_VALUES; value++)
        starts[value] += starts[value - 1];
    for (int64_t i = 0; i < n; i++)
        to[starts[byte_of(keys[i], shift)]++] = keys[i];
    return true;
}

void rmt_rank_sort(uint64_t *keys, int64_t n, uint64_t *room)
{
    if (n <= FEW) {
        sort_few(keys, n);
        return;
    }
    uint64_t *from = keys, *to = room;
    for (int shift = 32; shift < 64; shift += 8) {
        if (sort_by_byte(from, n, shift, to)) {
            uint64_t *swap = from;
            from = to;
            to = swap;
        }
    }
    if (from != keys)
        memcpy(keys, from, (size_t)n * sizeof *keys);
}

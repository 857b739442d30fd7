/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scores in descending order, equal ones by number: each pair is one 64-bit
 * key, so that order is that of integers, no two keys are equal, and a NaN
 * (which comes last) cannot upset anything.
 */
#ifndef RMT_RANKING_H
#define RMT_RANKING_H

#include <stdint.h>
#include <string.h>

/* Smaller keys come first. */
static inline uint64_t rmt_rank_key(float score, int64_t number)
{
    uint32_t bits;
    score += 0.0f; /* -0 is 0 */
    memcpy(&bits, &score, sizeof bits);
    uint32_t descending = bits >> 31 != 0 ? bits : ~bits & UINT32_C(0x7fffffff);
    return (uint64_t)(score != score ? UINT32_MAX : descending) << 32 | (uint32_t)number;
}

static inline int64_t rmt_rank_number(uint64_t key) { return (int64_t)(key & UINT32_MAX); }

/* Drops all but the k smallest keys; those keep their order. Returns how many are left. */
int64_t rmt_rank_first(uint64_t *keys, int64_t n, int64_t k);

/* Sorts n keys whose numbers ascend; room is as large as keys. */
void rmt_rank_sort(uint64_t *keys, int64_t n, uint64_t *room);

#endif

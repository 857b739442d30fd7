/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which images may share a run: those that measure the same. Sorted by extent
 * they stand next to each other, in the caller's order among themselves.
 */
#include "vision/vision.h"

#include <stdlib.h>

static int64_t extent_key(rmt_extent extent) { return ((int64_t)extent.width << 32) | extent.height; }

static int by_extent(const void *a, const void *b)
{
    const rmt_place *left = a, *right = b;
    int64_t left_key = extent_key(left->extent), right_key = extent_key(right->extent);
    if (left_key != right_key)
        return left_key < right_key ? -1 : 1;
    return (left->index > right->index) - (left->index < right->index);
}

void rmt_places_sort(rmt_place *places, size_t count) { qsort(places, count, sizeof *places, by_extent); }

size_t rmt_places_alike(const rmt_place *places, size_t count, size_t limit)
{
    size_t alike = 1, most = limit > 0 && limit < count ? limit : count;
    while (alike < most && extent_key(places[alike].extent) == extent_key(places[0].extent))
        alike++;
    return alike;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of this folder share: recorded packs and their cases. A case
 * is the part of a record's name before its last dot.
 */
#ifndef RAMET_TEST_VISION_PACKS_H
#define RAMET_TEST_VISION_PACKS_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ramet/image.h"
#include "support/tensorpack.h"

static inline tensorpack open_pack(const char *name)
{
    char path[512];
    tensorpack pack;
    snprintf(path, sizeof path, "%s/%s.rmtp", RAMET_TEST_DATA, name);
    if (!tensorpack_open(path, &pack))
        fail_msg("cannot read %s", path);
    return pack;
}

/* The case of record `index` when its part is `part` ("map" of "bars_0.map"); false otherwise. */
static inline bool case_of(const tensorpack *pack, size_t index, const char *part, char name[TENSORPACK_MAX_NAME])
{
    const char *whole = pack->records[index].name, *dot = strrchr(whole, '.');
    if (dot == NULL || strcmp(dot + 1, part) != 0)
        return false;
    snprintf(name, TENSORPACK_MAX_NAME, "%.*s", (int)(dot - whole), whole);
    return true;
}

static inline const tensorpack_record *part_of(const tensorpack *pack, const char *name, const char *part)
{
    const tensorpack_record *record = tensorpack_find(pack, "%s.%s", name, part);
    if (record == NULL)
        fail_msg("the pack has no %s.%s", name, part);
    return record;
}

/* A view of a record [height, width, 3] of bytes. */
static inline ramet_image image_of(const tensorpack_record *record)
{
    assert_non_null(record);
    assert_int_equal(record->rank, 3);
    return (ramet_image){.data = record->data,
                         .width = (int32_t)record->dims[1],
                         .height = (int32_t)record->dims[0],
                         .pitch = (ptrdiff_t)(3 * record->dims[1])};
}

static inline float largest_difference(const float *a, const float *b, size_t count)
{
    float most = 0;
    for (size_t i = 0; i < count; i++) {
        float difference = fabsf(a[i] - b[i]);
        most = difference > most || isnan(difference) ? difference : most;
    }
    return most;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recorded tensors (*.rmtp), as the scripts of tools/fixtures write them.
 *
 * A pack is read whole; its records point into that one block, data aligned to
 * 8 bytes. The layout is in tests/data/README.md.
 */
#ifndef RAMET_TEST_TENSORPACK_H
#define RAMET_TEST_TENSORPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers of a program's tensor types. */
typedef enum tensorpack_dtype {
    TENSORPACK_BOOL = 0,
    TENSORPACK_INT32 = 2,
    TENSORPACK_INT64 = 3,
    TENSORPACK_FP32 = 5,
    TENSORPACK_FP64 = 6,
    TENSORPACK_UINT8 = 20
} tensorpack_dtype;

enum { TENSORPACK_MAX_RANK = 16, TENSORPACK_MAX_NAME = 256 };

typedef struct tensorpack_record {
    char name[TENSORPACK_MAX_NAME];
    int dtype, rank;
    int64_t dims[TENSORPACK_MAX_RANK];
    size_t elements, bytes;
    void *data;
} tensorpack_record;

typedef struct tensorpack {
    size_t count;
    tensorpack_record *records;
    void *block;
} tensorpack;

/* False when the file is absent or not exactly a pack; then there is nothing to close. */
bool tensorpack_open(const char *path, tensorpack *pack);
void tensorpack_close(tensorpack *pack);

/* The record of that name (printf); NULL when there is none. */
const tensorpack_record *tensorpack_find(const tensorpack *pack, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Bytes of one element; 0 for a number that is no dtype of a pack. */
size_t tensorpack_element_bytes(int dtype);

#endif

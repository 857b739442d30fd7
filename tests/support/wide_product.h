/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model with as many weights as a test wants: y = x * w, x [1, rows], w [rows, columns], as an ONNX file made here.
 */
#ifndef RAMET_TEST_WIDE_PRODUCT_H
#define RAMET_TEST_WIDE_PRODUCT_H

#include <stddef.h>
#include <stdint.h>

#include "ramet/runtime.h"

typedef struct wide_product {
    unsigned char *bytes; /* from malloc */
    size_t count;
    int64_t rows, columns;
} wide_product;

/* The numbers are the same for the same seed. */
wide_product wide_product_make(int64_t rows, int64_t columns, uint32_t seed);
void wide_product_free(wide_product *model);

/* Writes it to a file. */
void wide_product_write(const wide_product *model, const char *path);

/* A folder of a test's own under /tmp, with such a model in it. */
typedef struct wide_product_place {
    char root[64], model[128]; /* the folder; a file in it */
} wide_product_place;

/* Makes the folder, and in it a model with the numbers of seed 1. */
void wide_product_place_make(wide_product_place *place, int64_t rows, int64_t columns);
/* Removes the folder with all that is in it. 0, or 1 when that fails: as a tear-down of a test. */
int wide_product_place_remove(const wide_product_place *place);

/* Runs it on numbers that depend on nothing else; a digest of the result. Fails the test where that fails. */
uint64_t wide_product_run(ramet_runtime *runtime);

#endif

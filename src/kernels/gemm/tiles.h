/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inner part of the matrix product: tiles of a few rows by a few vectors of columns whose sums stay in registers.
 */
#ifndef RMT_TILES_H
#define RMT_TILES_H

#include "kernels/epilogue.h"

/* The tallest tile, and the widest in vectors. */
#if RMT_VL == 16
#define RMT_TILE_ROWS 12
#elif RMT_VL == 8
#define RMT_TILE_ROWS 6
#else
#define RMT_TILE_ROWS 4
#endif
#define RMT_TILE_VECTORS 8

/*
 * One stretch of the sum over (tap, q) for one group of columns. Sums start at zero in the first pass, are finished and
 * stored to c in the last, and wait between passes as they are, so that cutting a sum does not change it.
 */
typedef struct gemm_pass {
    /* the product, as in rmt_gemm */
    const float *const *a, *const *add;
    float *const *c;
    ptrdiff_t m, panel_stride; /* panel_stride in weights */
    int32_t k;
    epilogue end;
    /* the group */
    ptrdiff_t column;  /* its first */
    int32_t columns;   /* how many of them are in c */
    const float *bias; /* from its first column on, rounded up to whole vectors */
    /* the stretch */
    int32_t tap, q, steps; /* where it begins, and its length */
    rmt_weight_type type;
    const void *b;           /* B(tap, q, column) */
    const char *prefetch;    /* what the next pass will read: moves on with every step */
    ptrdiff_t prefetch_step; /* bytes */
    bool first, last;
} gemm_pass;

/* The number of rows up to which a tile of so many vectors stays in registers. */
int32_t RMT_NAME(tile_rows)(int32_t vectors);

/* `count` tiles of `rows` rows by `vectors` vectors, from row `row` on; sums: count * rows * vectors vectors. */
void RMT_NAME(tiles)(gemm_pass *pass, ptrdiff_t row, int32_t count, int32_t rows, int32_t vectors, vf *sums);

#endif

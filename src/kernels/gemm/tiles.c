/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One loop nest, compiled for each shape of a tile: with rows and vectors constant all inner loops unroll and `sum`
 * becomes registers. Two things keep it so, and the object check in the tests watches them: the work goes row by row
 * (a broadcast, then its products), and the nest stands inside the loop over tiles, since GCC unrolls no outermost loop
 * before it splits arrays into registers.
 */
#include "kernels/gemm/tiles.h"

/*
 * Bias, add and activation of a tile's sums, and the store. What the rows share is loaded before the first store, since
 * the compiler cannot know that stores leave it alone.
 */
RMT_INLINE void finish_whole(const gemm_pass *pass, int32_t row, const vf *sums, int32_t rows, const int32_t vectors)
{
    const epilogue_vectors end = epilogue_load(&pass->end);
    const float *const *add = pass->block->add;
    float *const *c = pass->block->c;
    const ptrdiff_t column = pass->column;
    vf bias[RMT_TILE_VECTORS];
    for (int32_t j = 0; j < vectors; j++)
        bias[j] = v_load(pass->bias + j * RMT_VL);
    for (int32_t i = row; i < row + rows; i++, sums += vectors) {
        float *to = c[i] + column;
        for (int32_t j = 0; j < vectors; j++) {
            vf x = sums[j] + bias[j];
            if (add != NULL)
                x += v_load(add[i] + column + j * RMT_VL);
            v_store(to + j * RMT_VL, epilogue_apply(&end, x));
        }
    }
}

/* The same where the group reaches past the last column. */
static void finish_part(const gemm_pass *pass, int32_t row, const vf *sums, int32_t rows, int32_t vectors)
{
    const epilogue_vectors end = epilogue_load(&pass->end);
    for (int32_t i = row; i < row + rows; i++, sums += vectors) {
        for (int32_t j = 0; j < pass->columns; j += RMT_VL) {
            const int32_t left = pass->columns - j;
            vf x = sums[j / RMT_VL] + v_load(pass->bias + j);
            if (pass->block->add != NULL)
                x += v_load_upto(pass->block->add[i] + pass->column + j, left);
            v_store_upto(pass->block->c[i] + pass->column + j, epilogue_apply(&end, x), left);
        }
    }
}

static __attribute__((noinline)) void finish(const gemm_pass *pass, int32_t row, const vf *sums, int32_t rows,
                                             int32_t vectors)
{
    if (pass->columns < vectors * RMT_VL)
        finish_part(pass, row, sums, rows, vectors);
    else if (vectors == RMT_PARTS)
        finish_whole(pass, row, sums, rows, RMT_PARTS);
    else
        finish_whole(pass, row, sums, rows, vectors);
}

typedef vf tile_sums[RMT_TILE_ROWS][RMT_TILE_VECTORS];

/* Vector j of a group's columns: a panel has RMT_PARTS of them. */
RMT_INLINE const float *vector_at(const float *b, ptrdiff_t panel_stride, int32_t j)
{
    return b + j / RMT_PARTS * panel_stride + j % RMT_PARTS * RMT_VL;
}

RMT_INLINE void multiply(gemm_pass *pass, int32_t row, tile_sums sum, const int32_t rows, const int32_t vectors)
{
    const rmt_gemm *block = pass->block;
    const ptrdiff_t panel_stride = block->panel_stride, prefetch_step = pass->prefetch_step;
    const float *b = pass->b;
    const char *next = pass->prefetch;
    const float *const *taps = block->a + (ptrdiff_t)pass->tap * block->m + row;
    int32_t q = pass->q;
    for (int32_t left = pass->steps; left > 0; taps += block->m) {
        const int32_t length = left < block->k - q ? left : block->k - q;
        const float *a[RMT_TILE_ROWS];
        for (int32_t i = 0; i < rows; i++)
            a[i] = taps[i] + q;
        for (ptrdiff_t s = 0; s < length; s++) {
            __builtin_prefetch(next);
            next += prefetch_step;
            for (int32_t i = 0; i < rows; i++) {
                vf x = v_set(a[i][s]);
                for (int32_t j = 0; j < vectors; j++)
                    sum[i][j] += x * v_load(vector_at(b, panel_stride, j));
            }
            b += RMT_PANEL;
        }
        left -= length;
        q = 0;
    }
    pass->prefetch = next;
}

/* Sums wait in memory between passes, and for a moment behind the last. */
RMT_INLINE void run(gemm_pass *pass, int32_t row, int32_t count, vf *sums, const int32_t rows, const int32_t vectors)
{
    for (; count > 0; count--, row += rows) {
        tile_sums sum;
        for (int32_t i = 0; i < rows; i++)
            for (int32_t j = 0; j < vectors; j++)
                sum[i][j] = pass->first ? v_set(0) : sums[i * vectors + j];
        multiply(pass, row, sum, rows, vectors);
        for (int32_t i = 0; i < rows; i++)
            for (int32_t j = 0; j < vectors; j++)
                sums[i * vectors + j] = sum[i][j];
        if (pass->last)
            finish(pass, row, sums, rows, vectors);
        if (!pass->first || !pass->last)
            sums += rows * vectors;
    }
}

typedef void tile_run(gemm_pass *pass, int32_t row, int32_t count, vf *sums);

#define TILE(rows, vectors)                                                                    \
    static void tile_##rows##x##vectors(gemm_pass *pass, int32_t row, int32_t count, vf *sums) \
    {                                                                                          \
        run(pass, row, count, sums, rows, vectors);                                            \
    }

/* The shapes that the registers of a level hold: [vectors][rows]. */
/* clang-format off */
#if RMT_VL == 16
TILE(1, 1) TILE(2, 1) TILE(3, 1) TILE(4, 1) TILE(5, 1) TILE(6, 1)
TILE(7, 1) TILE(8, 1) TILE(9, 1) TILE(10, 1) TILE(11, 1) TILE(12, 1)
TILE(1, 2) TILE(2, 2) TILE(3, 2) TILE(4, 2) TILE(5, 2) TILE(6, 2)
TILE(7, 2) TILE(8, 2) TILE(9, 2) TILE(10, 2) TILE(11, 2) TILE(12, 2)
TILE(1, 3) TILE(2, 3) TILE(3, 3) TILE(4, 3) TILE(5, 3) TILE(6, 3) TILE(7, 3) TILE(8, 3)
TILE(1, 4) TILE(2, 4) TILE(3, 4) TILE(4, 4) TILE(5, 4) TILE(6, 4)
TILE(1, 8)
static tile_run *const table[RMT_TILE_VECTORS + 1][RMT_TILE_ROWS + 1] = {
    [1] = {NULL, tile_1x1, tile_2x1, tile_3x1, tile_4x1, tile_5x1, tile_6x1,
           tile_7x1, tile_8x1, tile_9x1, tile_10x1, tile_11x1, tile_12x1},
    [2] = {NULL, tile_1x2, tile_2x2, tile_3x2, tile_4x2, tile_5x2, tile_6x2,
           tile_7x2, tile_8x2, tile_9x2, tile_10x2, tile_11x2, tile_12x2},
    [3] = {NULL, tile_1x3, tile_2x3, tile_3x3, tile_4x3, tile_5x3, tile_6x3, tile_7x3, tile_8x3},
    [4] = {NULL, tile_1x4, tile_2x4, tile_3x4, tile_4x4, tile_5x4, tile_6x4},
    [8] = {NULL, tile_1x8},
};
#elif RMT_VL == 8
TILE(1, 1) TILE(2, 1) TILE(3, 1) TILE(4, 1) TILE(5, 1) TILE(6, 1)
TILE(1, 2) TILE(2, 2) TILE(3, 2) TILE(4, 2) TILE(5, 2) TILE(6, 2)
TILE(1, 3) TILE(2, 3) TILE(3, 3) TILE(4, 3)
TILE(1, 4) TILE(2, 4)
TILE(1, 8)
static tile_run *const table[RMT_TILE_VECTORS + 1][RMT_TILE_ROWS + 1] = {
    [1] = {NULL, tile_1x1, tile_2x1, tile_3x1, tile_4x1, tile_5x1, tile_6x1},
    [2] = {NULL, tile_1x2, tile_2x2, tile_3x2, tile_4x2, tile_5x2, tile_6x2},
    [3] = {NULL, tile_1x3, tile_2x3, tile_3x3, tile_4x3},
    [4] = {NULL, tile_1x4, tile_2x4},
    [8] = {NULL, tile_1x8},
};
#else
TILE(1, 1) TILE(2, 1) TILE(3, 1) TILE(4, 1)
TILE(1, 2) TILE(2, 2) TILE(3, 2) TILE(4, 2)
TILE(1, 4) TILE(2, 4)
TILE(1, 8)
static tile_run *const table[RMT_TILE_VECTORS + 1][RMT_TILE_ROWS + 1] = {
    [1] = {NULL, tile_1x1, tile_2x1, tile_3x1, tile_4x1},
    [2] = {NULL, tile_1x2, tile_2x2, tile_3x2, tile_4x2},
    [4] = {NULL, tile_1x4, tile_2x4},
    [8] = {NULL, tile_1x8},
};
#endif
/* clang-format on */

int32_t RMT_NAME(tile_rows)(int32_t vectors)
{
    int32_t rows = RMT_TILE_ROWS;
    while (table[vectors][rows] == NULL)
        rows--;
    return rows;
}

void RMT_NAME(tiles)(gemm_pass *pass, int32_t row, int32_t count, int32_t rows, int32_t vectors, vf *sums)
{
    if (count > 0)
        table[vectors][rows](pass, row, count, sums);
}

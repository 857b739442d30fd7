/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The matrix product around its tiles. From outside in: blocks of rows; groups of columns, as wide as registers
 * allow; passes over the sum, so that a panel's stretch stays in the first-level cache; tiles down the rows.
 *
 * Every element is one chain of multiply-adds over tap and q ascending that starts at zero; then come bias, add and the
 * activation. No cut into blocks, groups, passes or tiles enters a chain, so none changes a result.
 */
#include "kernels/gemm/tiles.h"

#define BLOCK_ROWS 240 /* bounds the sums that wait between passes */
#define PASS_STEPS 512 /* 32 KiB of a panel, 16 KiB of one in bfloat16 */

static const float zeros[RMT_TILE_VECTORS * RMT_VL];

/* The columns of a group, in vectors: a tall block is best served by square tiles, a single row by many columns. */
static int32_t group_vectors(int32_t rows, int32_t columns)
{
    int32_t vectors = (columns + RMT_VL - 1) / RMT_VL;
    if (rows == 1 && vectors >= 8)
        return 8;
#if RMT_VL == 16
    if (vectors <= 4)
        return vectors;
    return vectors == 5 || vectors == 6 || vectors == 9 ? 3 : 4;
#else
    if (rows <= 2 && vectors >= 4)
        return 4;
    if (vectors <= RMT_PARTS / 2)
        return vectors <= 2 ? vectors : RMT_PARTS;
    return RMT_VL == 8 && vectors == 3 ? 3 : RMT_PARTS;
#endif
}

static int32_t ceil_divide(int32_t a, int32_t b) { return (a + b - 1) / b; }

/* Tiles whose heights differ by one at most, over `rows` rows. */
static void run_pass(gemm_pass *pass, ptrdiff_t row, int32_t rows, int32_t vectors, vf *sums)
{
    const int32_t tiles = ceil_divide(rows, RMT_NAME(tile_rows)(vectors));
    const int32_t low = rows / tiles, high_tiles = rows % tiles, high_rows = high_tiles * (low + 1);
    pass->prefetch_step = vectors <= RMT_PARTS ? RMT_PANEL * rmt_weight_bytes(pass->type) / tiles : 0;
    RMT_NAME(tiles)(pass, row, high_tiles, low + 1, vectors, sums);
    RMT_NAME(tiles)(pass, row + high_rows, tiles - high_tiles, low, vectors, sums + high_rows * vectors);
}

/* Where pass i of a sum begins: at an even step, so that no pair of a dot product is cut. */
static int32_t pass_begin(int32_t steps, int32_t i, int32_t passes)
{
    return i == passes ? steps : (int32_t)((int64_t)steps * i / passes) / 2 * 2;
}

static void run_group(gemm_pass *pass, const rmt_gemm *block, int32_t row, int32_t rows, int32_t vectors)
{
    const int64_t panel = pass->column / RMT_PANEL * block->panel_stride;
    const void *behind = block->next != NULL ? block->next : block->b;
    const void *next = pass->column + pass->columns < block->n
                           ? rmt_weight_at(block->b, block->type, panel + block->panel_stride)
                           : behind;
    vf sums[BLOCK_ROWS * 4];
    const int32_t steps = block->taps * block->k, passes = steps > 0 ? ceil_divide(steps, PASS_STEPS) : 1;
    for (int32_t i = 0; i < passes; i++) {
        const int32_t begin = pass_begin(steps, i, passes), end = pass_begin(steps, i + 1, passes);
        pass->tap = steps > 0 ? begin / block->k : 0;
        pass->q = steps > 0 ? begin % block->k : 0;
        pass->steps = end - begin;
        pass->first = i == 0;
        pass->last = i == passes - 1;
        pass->b = rmt_weight_at(block->b, block->type, panel + (ptrdiff_t)begin * RMT_PANEL);
        pass->prefetch = pass->last ? next : rmt_weight_at(block->b, block->type, panel + (ptrdiff_t)end * RMT_PANEL);
        run_pass(pass, row, rows, vectors, sums);
    }
}

/* Rows that lie one behind the other are one row. */
static void activate_rows(const rmt_gemm *block, int32_t row, int32_t rows)
{
    for (int32_t i = row, count; i < row + rows; i += count) {
        float *c = block->c[i];
        for (count = 1; i + count < row + rows && block->c[i + count] == c + (ptrdiff_t)count * block->n;)
            count++;
        RMT_NAME(unary)(c, c, (int64_t)count * block->n, &block->act);
    }
}

static void run_rows(const rmt_gemm *block, int32_t row, int32_t rows)
{
    gemm_pass pass = {.a = block->a,
                      .add = block->add,
                      .c = block->c,
                      .m = block->m,
                      .panel_stride = block->panel_stride,
                      .type = block->type,
                      .k = block->k,
                      .end = epilogue_make(&block->act)};
    for (int32_t column = 0; column < block->n;) {
        int32_t vectors = group_vectors(rows, block->n - column);
        pass.column = column;
        pass.columns = (int32_t)rmt_min_i64(vectors * RMT_VL, block->n - column);
        pass.bias = block->bias != NULL ? block->bias + column : zeros;
        run_group(&pass, block, row, rows, vectors);
        column += pass.columns;
    }
    if (pass.end.behind)
        activate_rows(block, row, rows);
}

void RMT_NAME(gemm)(const rmt_gemm *block)
{
    int32_t blocks = (block->m + BLOCK_ROWS - 1) / BLOCK_ROWS;
    for (int32_t i = 0; i < blocks; i++) {
        int32_t begin = (int32_t)((int64_t)block->m * i / blocks);
        int32_t end = (int32_t)((int64_t)block->m * (i + 1) / blocks);
        run_rows(block, begin, end - begin);
    }
}

void RMT_NAME(gemv)(const float *x, int32_t k, const float *panels, int32_t n, const float *bias, float *y,
                    const rmt_activation *act)
{
    rmt_gemm block = {.a = &x,
                      .m = 1,
                      .taps = 1,
                      .k = k,
                      .b = panels,
                      .panel_stride = (ptrdiff_t)k * RMT_PANEL,
                      .n = n,
                      .bias = bias,
                      .c = &y,
                      .act = *act};
    RMT_NAME(gemm)(&block);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One loop nest, compiled for each shape of a tile: with rows and vectors constant all inner loops unroll and `sum`
 * becomes registers. Three things keep it so, and tests/kernels/test_objects.py watches them: the work goes row by row
 * (a broadcast, then its products); the nest stands inside the loop over tiles, since GCC unrolls no outermost loop
 * before it splits arrays into registers; and loops that unroll to much code ask for it by a pragma.
 */
#include "kernels/gemm/tiles.h"

#define RUN 32 /* steps of the sum between prefetches, of as many lines as the panel needs */

typedef vf tile_sums[RMT_TILE_ROWS][RMT_TILE_VECTORS];

/* Vector j of one step of a group's columns: a panel has RMT_PARTS of them. */
RMT_INLINE vf weights_at(const void *b, ptrdiff_t panel_stride, int32_t j, const rmt_weight_type type)
{
    const ptrdiff_t panel = j / RMT_PARTS * panel_stride;
    if (type == RMT_WEIGHT_BFLOAT16)
        return v_load_bfloat16((const uint16_t *)b + panel, j % RMT_PARTS);
    return v_load((const float *)b + panel + j % RMT_PARTS * RMT_VL);
}

#if RMT_VL < 16
/* Steps from .. to of the sum; b: the weights of the first. */
typedef struct stretch {
    ptrdiff_t from, to;
    const char *b;
} stretch;

/*
 * A stretch, four steps in a turn of the loop: a counter takes as much of the processor's front end as a product, and a
 * neighbour on the same core leaves half of it.
 */
RMT_INLINE void multiply_steps(const float *const *a, stretch at, ptrdiff_t panel_stride, tile_sums sum,
                               const int32_t rows, const int32_t vectors, const rmt_weight_type type)
{
#pragma GCC unroll 4
    for (ptrdiff_t s = at.from; s < at.to; s++) {
#pragma GCC unroll 12
        for (int32_t i = 0; i < rows; i++) {
            vf x = v_set(a[i][s]);
            for (int32_t j = 0; j < vectors; j++)
                sum[i][j] += x * weights_at(at.b, panel_stride, j, type);
        }
        at.b += RMT_PANEL * rmt_weight_bytes(type);
    }
}
#endif

/*
 * taps: the pointers to the tile's rows of a, of the first tap. Tiles of vectors with 16 lanes have more products for each
 * counter, and GCC keeps fewer of their sums in registers when the loop is cut: there it goes step by step.
 */
RMT_INLINE void multiply(const gemm_pass *p, const float *const *taps, const char **prefetch, tile_sums sum,
                         const int32_t rows, const int32_t vectors, const rmt_weight_type type)
{
    const ptrdiff_t width = RMT_PANEL * rmt_weight_bytes(type);
    const char *b = p->b, *next = *prefetch;
    int32_t q = p->q;
    for (int32_t left = p->steps; left > 0; taps += p->m) {
        const int32_t length = left < p->k - q ? left : p->k - q;
        const float *a[RMT_TILE_ROWS];
        for (int32_t i = 0; i < rows; i++)
            a[i] = taps[i] + q;
#if RMT_VL == 16
        for (ptrdiff_t s = 0; s < length; s++, b += width) {
            __builtin_prefetch(next);
            next += p->prefetch_step;
            for (int32_t i = 0; i < rows; i++) {
                vf x = v_set(a[i][s]);
                for (int32_t j = 0; j < vectors; j++)
                    sum[i][j] += x * weights_at(b, p->panel_stride, j, type);
            }
        }
#else
        for (ptrdiff_t s = 0, count; s < length; s += count, b += count * width) {
            count = length - s < RUN ? length - s : RUN;
            for (const char *line = next, *end = next + count * p->prefetch_step; line < end; line += 64)
                __builtin_prefetch(line);
            next += count * p->prefetch_step;
            multiply_steps(a, (stretch){s, s + count, b}, p->panel_stride, sum, rows, vectors, type);
        }
#endif
        left -= length;
        q = 0;
    }
    *prefetch = next;
}

#if RMT_HAS_DOT
/* Steps of A that wait to be multiplied, rounded, and where the next come from. */
typedef struct rounded_rows {
    uint16_t x[RMT_TILE_ROWS][RUN];
    const float *const *taps;
    int32_t q;
} rounded_rows;

/* Rounds the next `count` <= RUN steps of A, over the ends of taps; a zero makes a pair of an odd last one. */
RMT_INLINE void round_steps(const gemm_pass *p, rounded_rows *a, int32_t count, const int32_t rows)
{
    for (int32_t done = 0, length; done < count; done += length) {
        length = count - done < p->k - a->q ? count - done : p->k - a->q;
        for (int32_t i = 0; i < rows; i++)
            v_round_to_bfloat16(a->taps[i] + a->q, a->x[i] + done, length);
        a->q += length;
        if (a->q == p->k) {
            a->q = 0;
            a->taps += p->m;
        }
    }
    for (int32_t i = 0; i < rows && count % 2 != 0; i++)
        a->x[i][count] = 0;
}

/* One pair of steps, or the last one alone. */
RMT_INLINE void add_dots(const rounded_rows *a, int32_t s, const uint16_t *b, ptrdiff_t panel_stride, const bool last,
                         tile_sums sum, const int32_t rows, const int32_t vectors)
{
    for (int32_t i = 0; i < rows; i++)
        for (int32_t j = 0; j < vectors; j++)
            sum[i][j] = v_add_dot(sum[i][j], a->x[i] + s, v_load_pairs(b + j * panel_stride, last));
}

/* multiply() with A in bfloat16 too: pairs of steps from the beginning of the sum, wherever taps end. */
RMT_INLINE void multiply_pairs(const gemm_pass *p, const float *const *taps, const char **prefetch, tile_sums sum,
                               const int32_t rows, const int32_t vectors)
{
    const uint16_t *b = p->b;
    const char *next = *prefetch;
    rounded_rows a;
    a.taps = taps;
    a.q = p->q;
    for (int32_t left = p->steps, count; left > 0; left -= count) {
        count = left < RUN ? left : RUN;
        round_steps(p, &a, count, rows);
#pragma GCC unroll 1
        for (int32_t s = 0; s + 1 < count; s += 2, b += 2 * RMT_PANEL) {
            __builtin_prefetch(next);
            next += 2 * p->prefetch_step;
            add_dots(&a, s, b, p->panel_stride, false, sum, rows, vectors);
        }
        if (count % 2 != 0)
            add_dots(&a, count - 1, b, p->panel_stride, true, sum, rows, vectors);
    }
    *prefetch = next;
}
#endif

RMT_INLINE void activate_tile(epilogue_function *f, const epilogue_vectors *end, tile_sums sum, const int32_t rows,
                              const int32_t vectors)
{
#pragma GCC unroll 8
    for (int32_t i = 0; i < rows; i++)
        for (int32_t j = 0; j < vectors; j++)
            sum[i][j] = f(end, sum[i][j]);
}

/* Bias, addend and activation in registers, and the store of whole vectors. */
RMT_INLINE void finish(const gemm_pass *p, ptrdiff_t row, tile_sums sum, const int32_t rows, const int32_t vectors)
{
    const epilogue_vectors end = epilogue_load(&p->end);
#pragma GCC unroll 8
    for (int32_t i = 0; i < rows; i++)
        for (int32_t j = 0; j < vectors; j++)
            sum[i][j] += v_load(p->bias + j * RMT_VL);
    if (p->add != NULL)
#pragma GCC unroll 8
        for (int32_t i = 0; i < rows; i++)
            for (int32_t j = 0; j < vectors; j++)
                sum[i][j] += v_load(p->add[row + i] + p->column + j * RMT_VL);
    if (end.kind == EPILOGUE_HARD_SWISH)
        activate_tile(epilogue_hard_swish, &end, sum, rows, vectors);
    else if (end.kind == EPILOGUE_CLAMP)
        activate_tile(epilogue_clamp, &end, sum, rows, vectors);
    else if (end.kind == EPILOGUE_SCALED_CLAMP)
        activate_tile(epilogue_scaled_clamp, &end, sum, rows, vectors);
#pragma GCC unroll 8
    for (int32_t i = 0; i < rows; i++)
        for (int32_t j = 0; j < vectors; j++)
            v_store(p->c[row + i] + p->column + j * RMT_VL, sum[i][j]);
}

/* The same from memory, where the group reaches past the last column. */
static void finish_part(const gemm_pass *p, ptrdiff_t row, const vf *sums, int32_t rows, int32_t vectors)
{
    const epilogue_vectors end = epilogue_load(&p->end);
    for (ptrdiff_t i = row; i < row + rows; i++, sums += vectors) {
        for (int32_t j = 0; j < p->columns; j += RMT_VL) {
            const int32_t left = p->columns - j;
            vf x = sums[j / RMT_VL] + v_load(p->bias + j);
            if (p->add != NULL)
                x += v_load_upto(p->add[i] + p->column + j, left);
            v_store_upto(p->c[i] + p->column + j, epilogue_apply(&end, x), left);
        }
    }
}

/* Fetches what finish() will add while the sums are made: its rows lie too far apart for the processor to foresee. */
RMT_INLINE void expect(const gemm_pass *p, ptrdiff_t row, const int32_t rows)
{
    for (int32_t i = 0; i < rows; i++)
        __builtin_prefetch(p->add[row + i] + p->column);
}

RMT_INLINE void run(gemm_pass *pass, ptrdiff_t row, int32_t count, vf *sums, const int32_t rows, const int32_t vectors,
                    const rmt_weight_type type)
{
    const gemm_pass p = *pass; /* a copy that the compiler knows stores to leave alone */
    const float *const *taps = p.a + p.tap * p.m + row;
    const bool direct = p.last && p.columns == vectors * RMT_VL;
    const char *prefetch = p.prefetch;
    for (; count > 0; count--, row += rows, taps += rows) {
        tile_sums sum;
        for (int32_t i = 0; i < rows; i++)
            for (int32_t j = 0; j < vectors; j++)
                sum[i][j] = p.first ? v_set(0) : sums[i * vectors + j];
        if (direct && p.add != NULL)
            expect(&p, row, rows);
#if RMT_HAS_DOT
        if (type == RMT_WEIGHT_BFLOAT16)
            multiply_pairs(&p, taps, &prefetch, sum, rows, vectors);
        else
#endif
            multiply(&p, taps, &prefetch, sum, rows, vectors, type);
        if (direct) {
            finish(&p, row, sum, rows, vectors);
        } else {
            for (int32_t i = 0; i < rows; i++)
                for (int32_t j = 0; j < vectors; j++)
                    sums[i * vectors + j] = sum[i][j];
            if (p.last)
                finish_part(pass, row, sums, rows, vectors);
        }
        sums += rows * vectors;
    }
    pass->prefetch = prefetch;
}

typedef void tile_run(gemm_pass *pass, ptrdiff_t row, int32_t count, vf *sums);

/* The shapes that the registers of a level hold. */
/* clang-format off */
#if RMT_VL == 16
#define SHAPES(DO)                                                                          \
    DO(1, 1) DO(2, 1) DO(3, 1) DO(4, 1) DO(5, 1) DO(6, 1) DO(7, 1) DO(8, 1)                 \
    DO(1, 2) DO(2, 2) DO(3, 2) DO(4, 2) DO(5, 2) DO(6, 2) DO(7, 2) DO(8, 2)                 \
    DO(1, 3) DO(2, 3) DO(3, 3) DO(4, 3) DO(5, 3) DO(6, 3) DO(7, 3) DO(8, 3)                 \
    DO(1, 4) DO(2, 4) DO(3, 4) DO(4, 4) DO(5, 4) DO(6, 4)                                   \
    DO(1, 8)
#elif RMT_VL == 8
#define SHAPES(DO)                                                                          \
    DO(1, 1) DO(2, 1) DO(3, 1) DO(4, 1) DO(5, 1) DO(6, 1)                                   \
    DO(1, 2) DO(2, 2) DO(3, 2) DO(4, 2) DO(5, 2) DO(6, 2)                                   \
    DO(1, 3) DO(2, 3) DO(3, 3) DO(4, 3)                                                     \
    DO(1, 4) DO(2, 4)                                                                       \
    DO(1, 8)
#else
#define SHAPES(DO)                                                                          \
    DO(1, 1) DO(2, 1) DO(3, 1) DO(4, 1)                                                     \
    DO(1, 2) DO(2, 2) DO(3, 2) DO(4, 2)                                                     \
    DO(1, 4) DO(2, 4)                                                                       \
    DO(1, 8)
#endif
/* clang-format on */

#define TILE(rows, vectors)                                                                           \
    static void tile_##rows##x##vectors(gemm_pass *pass, ptrdiff_t row, int32_t count, vf *sums)      \
    {                                                                                                 \
        run(pass, row, count, sums, rows, vectors, RMT_WEIGHT_FLOAT32);                               \
    }                                                                                                 \
    static void tile_half_##rows##x##vectors(gemm_pass *pass, ptrdiff_t row, int32_t count, vf *sums) \
    {                                                                                                 \
        run(pass, row, count, sums, rows, vectors, RMT_WEIGHT_BFLOAT16);                              \
    }
SHAPES(TILE)

/* [type][vectors][rows] */
#define FLOAT_ENTRY(rows, vectors) [RMT_WEIGHT_FLOAT32][vectors][rows] = tile_##rows##x##vectors,
#define HALF_ENTRY(rows, vectors) [RMT_WEIGHT_BFLOAT16][vectors][rows] = tile_half_##rows##x##vectors,
static tile_run *const table[2][RMT_TILE_VECTORS + 1][RMT_TILE_ROWS + 1] = {SHAPES(FLOAT_ENTRY) SHAPES(HALF_ENTRY)};

int32_t RMT_NAME(tile_rows)(int32_t vectors)
{
    int32_t rows = RMT_TILE_ROWS;
    while (table[RMT_WEIGHT_FLOAT32][vectors][rows] == NULL)
        rows--;
    return rows;
}

void RMT_NAME(tiles)(gemm_pass *pass, ptrdiff_t row, int32_t count, int32_t rows, int32_t vectors, vf *sums)
{
    if (count > 0)
        table[pass->type][vectors][rows](pass, row, count, sums);
}

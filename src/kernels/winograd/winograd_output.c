/* SPDX-License-Identifier: Apache-2.0 */
/*
 * y = A' m A for the tiles of a run, with bias, addend and activation: down the columns of a tile's sums, along its rows,
 * one vector of channels after the other. Pixels past the end of the run and rows that are NULL are not stored.
 */
#include "kernels/epilogue.h"

#define SIDE 9 /* of the largest tile's sums */
#define TILE 4

/* Points 0, +-3/4, +-3/2, infinity. */
RMT_INLINE void transform_4(const vf m[SIDE], vf y[TILE])
{
    vf sum_near = m[1] + m[2], difference_near = m[1] - m[2];
    vf sum_far = m[3] + m[4], difference_far = m[3] - m[4];
    y[0] = m[0] + sum_near + sum_far;
    y[1] = 0.75f * difference_near + 1.5f * difference_far;
    y[2] = 0.5625f * sum_near + 2.25f * sum_far;
    y[3] = 0.421875f * difference_near + (3.375f * difference_far + m[5]);
}

/* Points 0, +-1, infinity. */
RMT_INLINE void transform_2(const vf m[SIDE], vf y[TILE])
{
    y[0] = m[0] + m[1] + m[2];
    y[1] = m[1] - m[2] + m[3];
}

/* Stride 2. Points +-1/2, +-5/4, infinity for the outer taps; then a sum of the middle tap for each pixel. */
RMT_INLINE void transform_strided_4(const vf m[SIDE], vf y[TILE])
{
    vf sum_near = m[0] + m[1], difference_near = m[0] - m[1];
    vf sum_far = m[2] + m[3], difference_far = m[2] - m[3];
    y[0] = sum_near + sum_far + m[5];
    y[1] = 0.5f * difference_near + (1.25f * difference_far + m[6]);
    y[2] = 0.25f * sum_near + (1.5625f * sum_far + m[7]);
    y[3] = 0.125f * difference_near + (1.953125f * difference_far + (m[4] + m[8]));
}

/* Points 0, 1, infinity. */
RMT_INLINE void transform_strided_2(const vf m[SIDE], vf y[TILE])
{
    y[0] = m[0] + m[1] + m[3];
    y[1] = m[1] + m[2] + m[4];
}

RMT_INLINE void transform(const vf m[SIDE], vf y[TILE], const int32_t side)
{
    if (side == 9)
        transform_strided_4(m, y);
    else if (side == 5)
        transform_strided_2(m, y);
    else if (side == 6)
        transform_4(m, y);
    else
        transform_2(m, y);
}

/* One tile and vector of channels, of which `left` exist. */
RMT_INLINE void run_vector(const rmt_winograd_output *run, const epilogue_vectors *end, int32_t t, int32_t c,
                           const int32_t tile, const int32_t side, const bool whole)
{
    const int32_t left = whole ? RMT_VL : run->channels - c;
    const int32_t columns = (int32_t)rmt_min_i64(tile, run->columns - t * tile);
    const float *m = run->m + t * run->tile_stride + c;
    const vf bias = run->bias == NULL ? v_set(0) : v_load(run->bias + c);
    vf half[TILE][SIDE];
    for (int32_t j = 0; j < side; j++) {
        vf d[SIDE], y[TILE];
        for (int32_t i = 0; i < side; i++)
            d[i] = v_load_upto(m + (i * side + j) * run->xi_stride, left);
        transform(d, y, side);
        for (int32_t i = 0; i < tile; i++)
            half[i][j] = y[i];
    }
    for (int32_t i = 0; i < tile; i++) {
        if (run->rows[i] == NULL)
            continue;
        const int32_t x = t * tile;
        vf y[TILE];
        transform(half[i], y, side);
        for (int32_t j = 0; j < tile; j++) {
            if (j >= columns)
                break;
            y[j] += bias;
            if (run->add != NULL)
                y[j] += v_load_upto(run->add[i] + (x + j) * run->add_pixel + c, left);
            v_store_upto(run->rows[i] + (x + j) * run->out_pixel + c, epilogue_apply(end, y[j]), left);
        }
    }
}

RMT_INLINE void run_tiles(const rmt_winograd_output *run, const epilogue_vectors *end, const int32_t tile,
                          const int32_t side)
{
    for (int32_t t = 0; t < run->tiles; t++) {
        int32_t c = 0;
        for (; c + RMT_VL <= run->channels; c += RMT_VL)
            run_vector(run, end, t, c, tile, side, true);
        if (c < run->channels)
            run_vector(run, end, t, c, tile, side, false);
    }
}

void RMT_NAME(winograd_output)(const rmt_winograd_output *caller)
{
    const rmt_winograd_output copy = *caller, *run = &copy; /* the compiler knows that stores leave a copy alone */
    const epilogue end = epilogue_make(&run->act);
    const epilogue_vectors vectors = epilogue_load(&end);
    if (run->stride == 2 && run->tile == 4)
        run_tiles(run, &vectors, 4, 9);
    else if (run->stride == 2)
        run_tiles(run, &vectors, 2, 5);
    else if (run->tile == 4)
        run_tiles(run, &vectors, 4, 6);
    else
        run_tiles(run, &vectors, 2, 4);
    for (int32_t i = 0; end.behind && i < run->tile; i++)
        if (run->rows[i] != NULL)
            epilogue_pixels(run->rows[i], run->out_pixel, run->columns, run->channels, &run->act);
}

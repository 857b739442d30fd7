/* SPDX-License-Identifier: Apache-2.0 */
/*
 * V = B' d B for the tiles of a run: first down the columns of a tile's input, then along its rows, one vector of
 * channels after the other. Only tiles that reach over the border test their pixels.
 */
#include "kernels/simd.h"

#define SIDE 6 /* of the larger tile's input */

/* Points 0, +-3/4, +-3/2, infinity. */
RMT_INLINE void transform_4(const vf d[SIDE], vf r[SIDE])
{
    vf even_near = d[4] - 2.25f * d[2], odd_near = d[3] - 2.25f * d[1];
    vf even_far = d[4] - 0.5625f * d[2], odd_far = d[3] - 0.5625f * d[1];
    r[0] = 1.265625f * d[0] + (d[4] - 2.8125f * d[2]);
    r[1] = even_near + 0.75f * odd_near;
    r[2] = even_near - 0.75f * odd_near;
    r[3] = even_far + 1.5f * odd_far;
    r[4] = even_far - 1.5f * odd_far;
    r[5] = 1.265625f * d[1] + (d[5] - 2.8125f * d[3]);
}

/* Points 0, +-1, infinity. */
RMT_INLINE void transform_2(const vf d[SIDE], vf r[SIDE])
{
    r[0] = d[0] - d[2];
    r[1] = d[1] + d[2];
    r[2] = d[2] - d[1];
    r[3] = d[3] - d[1];
}

RMT_INLINE void transform(const vf d[SIDE], vf r[SIDE], const int32_t side)
{
    if (side == 6)
        transform_4(d, r);
    else
        transform_2(d, r);
}

/* One tile and vector of channels. inside: all its pixels exist; whole: so do all channels of the vector. */
RMT_INLINE void run_vector(const rmt_winograd_input *run, int32_t t, int32_t c, const int32_t side, const bool inside,
                           const bool whole)
{
    const int32_t column = run->column + t * (side - 2), left = whole ? RMT_VL : run->channels - c;
    const float *in[SIDE];
    vf half[SIDE][SIDE];
    for (int32_t i = 0; i < side; i++)
        in[i] = run->rows[i] == NULL ? NULL : run->rows[i] + column * run->in_pixel + c;
    for (int32_t j = 0; j < side; j++) {
        const bool exists = inside || (column + j >= 0 && column + j < run->in_width);
        vf d[SIDE], r[SIDE];
        for (int32_t i = 0; i < side; i++)
            d[i] = inside || (exists && in[i] != NULL) ? v_load_upto(in[i] + j * run->in_pixel, left) : v_set(0);
        transform(d, r, side);
        for (int32_t i = 0; i < side; i++)
            half[i][j] = r[i];
    }
    float *v = run->v + t * run->tile_stride + c;
    for (int32_t i = 0; i < side; i++) {
        vf r[SIDE];
        transform(half[i], r, side);
        for (int32_t j = 0; j < side; j++, v += run->xi_stride)
            v_store_upto(v, r[j], left);
    }
}

static bool is_inside(const rmt_winograd_input *run, int32_t t, int32_t side)
{
    const int32_t column = run->column + t * (side - 2);
    bool inside = column >= 0 && column + side <= run->in_width;
    for (int32_t i = 0; i < side; i++)
        inside = inside && run->rows[i] != NULL;
    return inside;
}

RMT_INLINE void run_tiles(const rmt_winograd_input *run, const int32_t side)
{
    for (int32_t t = 0; t < run->tiles; t++) {
        const bool inside = is_inside(run, t, side);
        int32_t c = 0;
        if (inside)
            for (; c + RMT_VL <= run->channels; c += RMT_VL)
                run_vector(run, t, c, side, true, true);
        for (; c + RMT_VL <= run->channels; c += RMT_VL)
            run_vector(run, t, c, side, false, true);
        if (c < run->channels)
            run_vector(run, t, c, side, false, false);
    }
}

void RMT_NAME(winograd_input)(const rmt_winograd_input *caller)
{
    const rmt_winograd_input copy = *caller, *run = &copy; /* the compiler knows that stores leave a copy alone */
    if (run->tile == 4)
        run_tiles(run, 6);
    else
        run_tiles(run, 4);
}

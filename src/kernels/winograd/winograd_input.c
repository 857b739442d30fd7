/* SPDX-License-Identifier: Apache-2.0 */
/*
 * V = B' d B for the tiles of a run: first down the columns of a tile's input, then along its rows, one vector of
 * channels after the other. Only tiles that reach over the border test their pixels.
 *
 * With stride 2 only every other pixel of an axis, those at the outer taps of windows, is transformed along it.
 */
#include "kernels/simd.h"

#define SIDE 6  /* of the larger tile's input, stride 1 */
#define OUTER 5 /* of its pixels along an axis, stride 2, those at outer taps */

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

RMT_INLINE void transform(const vf d[SIDE], vf r[SIDE], const int32_t tile)
{
    if (tile == 4)
        transform_4(d, r);
    else
        transform_2(d, r);
}

/* Points +-1/2, +-5/4, infinity, for two taps. */
RMT_INLINE void transform_outer_4(const vf d[OUTER], vf r[OUTER])
{
    vf even_near = d[2] - 1.5625f * d[0], odd_near = d[3] - 1.5625f * d[1];
    vf even_far = d[2] - 0.25f * d[0], odd_far = d[3] - 0.25f * d[1];
    r[0] = odd_near + 0.5f * even_near;
    r[1] = odd_near - 0.5f * even_near;
    r[2] = odd_far + 1.25f * even_far;
    r[3] = odd_far - 1.25f * even_far;
    r[4] = 0.390625f * d[0] + (d[4] - 1.8125f * d[2]);
}

/* Points 0, 1, infinity. */
RMT_INLINE void transform_outer_2(const vf d[OUTER], vf r[OUTER])
{
    r[0] = d[0] - d[1];
    r[1] = d[1];
    r[2] = d[2] - d[1];
}

RMT_INLINE void transform_outer(const vf d[OUTER], vf r[OUTER], const int32_t tile)
{
    if (tile == 4)
        transform_outer_4(d, r);
    else
        transform_outer_2(d, r);
}

/* The pixels of one tile, and one vector of their channels. */
typedef struct tile_pixels {
    const float *rows[2 * OUTER - 1]; /* NULL: does not exist */
    ptrdiff_t pixel;
    int32_t column, width; /* of the input: the tile's first, and how many there are */
    int32_t left;          /* channels that exist */
    bool inside;           /* so do all pixels */
} tile_pixels;

RMT_INLINE vf load_pixel(const tile_pixels *p, int32_t i, int32_t j)
{
    const bool exists = p->inside || (p->rows[i] != NULL && p->column + j >= 0 && p->column + j < p->width);
    return exists ? v_load_upto(p->rows[i] + j * p->pixel, p->left) : v_set(0);
}

/* v: of the vector's first channel at xi = 0. */
RMT_INLINE void run_plain(const tile_pixels *p, float *v, ptrdiff_t xi_stride, const int32_t tile)
{
    const int32_t side = tile + 2;
    vf half[SIDE][SIDE];
    for (int32_t j = 0; j < side; j++) {
        vf d[SIDE], r[SIDE];
        for (int32_t i = 0; i < side; i++)
            d[i] = load_pixel(p, i, j);
        transform(d, r, tile);
        for (int32_t i = 0; i < side; i++)
            half[i][j] = r[i];
    }
    for (int32_t i = 0; i < side; i++) {
        vf r[SIDE];
        transform(half[i], r, tile);
        for (int32_t j = 0; j < side; j++, v += xi_stride)
            v_store_upto(v, r[j], p->left);
    }
}

RMT_INLINE void run_strided(const tile_pixels *p, float *v, ptrdiff_t xi_stride, const int32_t tile)
{
    const int32_t outer = tile + 1, side = outer + tile;
    vf half[OUTER][OUTER], d[OUTER], r[OUTER];
    for (int32_t j = 0; j < side; j++) {
        for (int32_t i = 0; i < outer; i++)
            d[i] = load_pixel(p, 2 * i, j);
        transform_outer(d, r, tile);
        for (int32_t i = 0; i < outer; i++)
            if (j % 2 == 0)
                half[i][j / 2] = r[i];
            else
                v_store_upto(v + (i * side + outer + j / 2) * xi_stride, r[i], p->left);
    }
    for (int32_t i = 0; i < outer; i++) {
        transform_outer(half[i], r, tile);
        for (int32_t j = 0; j < outer; j++)
            v_store_upto(v + (i * side + j) * xi_stride, r[j], p->left);
    }
    for (int32_t i = 0; i < tile; i++) {
        for (int32_t j = 0; j < outer; j++)
            d[j] = load_pixel(p, 2 * i + 1, 2 * j);
        transform_outer(d, r, tile);
        for (int32_t j = 0; j < outer; j++)
            v_store_upto(v + ((outer + i) * side + j) * xi_stride, r[j], p->left);
    }
}

/* One tile and vector of channels. inside: all its pixels exist; whole: so do all channels of the vector. */
RMT_INLINE void run_vector(const rmt_winograd_input *run, int32_t t, int32_t c, const int32_t tile,
                           const int32_t stride, const bool inside, const bool whole)
{
    tile_pixels p = {.pixel = run->in_pixel,
                     .column = run->column + t * tile * stride,
                     .width = run->in_width,
                     .left = whole ? RMT_VL : run->channels - c,
                     .inside = inside};
    for (int32_t i = 0; i < rmt_winograd_side(tile, stride); i++)
        p.rows[i] = run->rows[i] == NULL ? NULL : run->rows[i] + p.column * run->in_pixel + c;
    float *v = run->v + t * run->tile_stride + c;
    if (stride == 2)
        run_strided(&p, v, run->xi_stride, tile);
    else
        run_plain(&p, v, run->xi_stride, tile);
}

static bool is_inside(const rmt_winograd_input *run, int32_t t, int32_t side)
{
    const int32_t column = run->column + t * run->tile * run->stride;
    bool inside = column >= 0 && column + side <= run->in_width;
    for (int32_t i = 0; i < side; i++)
        inside = inside && run->rows[i] != NULL;
    return inside;
}

RMT_INLINE void run_tiles(const rmt_winograd_input *run, const int32_t tile, const int32_t stride)
{
    for (int32_t t = 0; t < run->tiles; t++) {
        const bool inside = is_inside(run, t, rmt_winograd_side(tile, stride));
        int32_t c = 0;
        if (inside)
            for (; c + RMT_VL <= run->channels; c += RMT_VL)
                run_vector(run, t, c, tile, stride, true, true);
        for (; c + RMT_VL <= run->channels; c += RMT_VL)
            run_vector(run, t, c, tile, stride, false, true);
        if (c < run->channels)
            run_vector(run, t, c, tile, stride, false, false);
    }
}

void RMT_NAME(winograd_input)(const rmt_winograd_input *caller)
{
    const rmt_winograd_input copy = *caller, *run = &copy; /* the compiler knows that stores leave a copy alone */
    if (run->stride == 2 && run->tile == 4)
        run_tiles(run, 4, 2);
    else if (run->stride == 2)
        run_tiles(run, 2, 2);
    else if (run->tile == 4)
        run_tiles(run, 4, 1);
    else
        run_tiles(run, 2, 1);
}

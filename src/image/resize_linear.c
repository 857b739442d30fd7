/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bilinear resizing in fixed point, the same bytes as cv2.
 *
 * A source row is blended horizontally once, to 16 bits (a pixel's value times
 * 128), and kept; a destination row blends two of these. Weights have 11 bits.
 * The last row's neighbour is the row itself.
 */
#include "image/resizer.h"

#include <string.h>

typedef struct linear {
    int32_t *at;          /* [width]: byte of the left pixel in a source row */
    int16_t (*weight)[2]; /* [width]: of the left and of the right pixel */
    int32_t inner;        /* destination pixels that may be blended as a pair */
    int16_t *rows[2];     /* [3 * width]: blended source rows; row y is in slot y % 2 */
    int32_t row_of[2];    /* the source row in a slot; -1: none */
} linear;

static void blend_row(const rmt_resizer *r, const uint8_t *in, int16_t *out)
{
    const linear *s = r->state;
    r->kernels->blend_pairs(in, s->at, (const int16_t(*)[2])s->weight, s->inner, out);
    for (int32_t x = s->inner; x < r->width; x++) {
        const uint8_t *left = in + s->at[x];
        const uint8_t *right =
            s->weight[x][1] ? left + 3 : left; /* the last pixel has no neighbour and no weight for it */
        for (int c = 0; c < 3; c++)
            out[3 * (size_t)x + (size_t)c] = (int16_t)((left[c] * s->weight[x][0] + right[c] * s->weight[x][1]) >> 4);
    }
}

/* Source row y (clamped into the image), blended. */
static const int16_t *blended(const rmt_resizer *r, int64_t y)
{
    linear *s = r->state;
    int32_t row = rmt_clamp_index(y, r->src->height), slot = row % 2;
    if (s->row_of[slot] != row) {
        blend_row(r, rmt_image_row(r->src, row), s->rows[slot]);
        s->row_of[slot] = row;
    }
    return s->rows[slot];
}

static void linear_row(rmt_resizer *r, int32_t y, uint8_t *out)
{
    float fraction;
    int32_t row = rmt_resizer_position(r->interpolation, y, r->step_y, &fraction);
    const int16_t *above = blended(r, row), *below = blended(r, (int64_t)row + 1);
    int16_t over = rmt_resizer_weight(1.0f - fraction), under = rmt_resizer_weight(fraction);
    r->kernels->mix_pair(above, below, over, under, 3 * (int64_t)r->width, out);
}

static void set_columns(const rmt_resizer *r, linear *s)
{
    for (int32_t x = 0; x < r->width; x++) {
        float fraction;
        int32_t left = rmt_resizer_position(r->interpolation, x, r->step_x, &fraction);
        if (left < 0 || left >= r->src->width - 1)
            fraction = 0;
        s->at[x] = 3 * rmt_clamp_index(left, r->src->width);
        s->weight[x][0] = rmt_resizer_weight(1.0f - fraction);
        s->weight[x][1] = rmt_resizer_weight(fraction);
        if (s->at[x] + RMT_PAIR_BYTES <= 3 * r->src->width)
            s->inner = x + 1;
    }
}

bool rmt_resizer_open_linear(rmt_resizer *r)
{
    size_t width = (size_t)r->width;
    linear *s = rmt_arena_alloc(&r->memory, 1, sizeof *s);
    if (!s)
        return false;
    s->at = rmt_arena_alloc(&r->memory, width, sizeof *s->at);
    s->weight = rmt_arena_alloc(&r->memory, width, sizeof *s->weight);
    for (int slot = 0; slot < 2; slot++) {
        s->rows[slot] = rmt_arena_alloc(&r->memory, 3 * width, sizeof *s->rows[slot]);
        s->row_of[slot] = -1;
    }
    if (!s->at || !s->weight || !s->rows[0] || !s->rows[1])
        return false;
    set_columns(r, s);
    r->state = s;
    r->row = linear_row;
    return true;
}

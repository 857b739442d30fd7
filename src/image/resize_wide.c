/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resizing with four (cubic) or eight (lanczos4) source pixels a direction.
 *
 * Weights have 11 bits. A source row is blended horizontally once, to 32 bits,
 * and kept; a destination row blends four or eight of these. Beyond its borders
 * the source repeats its last pixel.
 */
#include "image/resizer.h"

#include <math.h>
#include <string.h>

enum { MOST_TAPS = 8 };

typedef struct wide {
    int32_t taps;              /* 4 or 8 */
    int32_t *at;               /* [width]: byte of the first pixel in a source row; may lie outside */
    int32_t inner, outer;      /* destination pixels [inner, outer) may be blended pair by pair */
    int16_t *weight;           /* [width][taps] */
    int32_t *rows[MOST_TAPS];  /* [3 * width]: blended source rows; row y is in slot y % taps */
    int32_t row_of[MOST_TAPS]; /* the source row in a slot; -1: none */
} wide;

void rmt_cubic_weights(float x, float weight[4])
{
    const float a = -0.75f;
    weight[0] = ((a * (x + 1) - 5 * a) * (x + 1) + 8 * a) * (x + 1) - 4 * a;
    weight[1] = ((a + 2) * x - (a + 3)) * x * x + 1;
    weight[2] = ((a + 2) * (1 - x) - (a + 3)) * (1 - x) * (1 - x) + 1;
    weight[3] = 1.0f - weight[0] - weight[1] - weight[2];
}

/* sin(pi d) sin(pi d / 4) / d^2 at distances d = x + 3 - i, made to sum to 1. */
static void lanczos_weights(float x, float weight[8])
{
    static const double half = 0.70710678118654752440, turn = 0.78539816339744830962; /* sqrt(1/2), pi/4 */
    const double turned[8][2] = {{1, 0},  {-half, -half}, {0, 1},  {half, -half},
                                 {-1, 0}, {half, half},   {0, -1}, {-half, half}};
    double start = -(x + 3) * turn, s = sin(start), c = cos(start);
    float sum = 0;
    for (int i = 0; i < 8; i++) {
        float distance = x + 3 - (float)i;
        double y = -distance * turn;
        /* a weight that towers over the others: exactly on a pixel */
        weight[i] = fabsf(distance) < 1e-6f ? 1e30f : (float)((turned[i][0] * s + turned[i][1] * c) / (y * y));
        sum += weight[i];
    }
    sum = 1.0f / sum;
    for (int i = 0; i < 8; i++)
        weight[i] *= sum;
}

static void fixed_weights(int32_t taps, float fraction, int16_t *fixed)
{
    float weight[MOST_TAPS];
    if (taps == 4)
        rmt_cubic_weights(fraction, weight);
    else
        lanczos_weights(fraction, weight);
    for (int32_t k = 0; k < taps; k++)
        fixed[k] = rmt_resizer_weight(weight[k]);
}

/* Pixels near the borders: columns outside become the nearest inside. */
static void blend_clamped(const rmt_resizer *r, const uint8_t *in, int32_t x, int32_t out[3])
{
    const wide *s = r->state;
    const int16_t *weight = s->weight + (size_t)x * (size_t)s->taps;
    out[0] = out[1] = out[2] = 0;
    for (int32_t k = 0; k < s->taps; k++) {
        const uint8_t *pixel = in + 3 * (ptrdiff_t)rmt_clamp_index((int64_t)s->at[x] / 3 + k, r->src->width);
        for (int c = 0; c < 3; c++)
            out[c] += pixel[c] * weight[k];
    }
}

static void blend_row(const rmt_resizer *r, const uint8_t *in, int32_t *out)
{
    const wide *s = r->state;
    for (int32_t x = 0; x < s->inner; x++)
        blend_clamped(r, in, x, out + 3 * (size_t)x);
    r->kernels->blend_taps(in, s->at + s->inner, s->weight + (ptrdiff_t)s->inner * s->taps, s->taps,
                           s->outer - s->inner, out + 3 * (ptrdiff_t)s->inner);
    for (int32_t x = s->outer; x < r->width; x++)
        blend_clamped(r, in, x, out + 3 * (size_t)x);
}

static const int32_t *blended(const rmt_resizer *r, int64_t y)
{
    wide *s = r->state;
    int32_t row = rmt_clamp_index(y, r->src->height), slot = row % s->taps;
    if (s->row_of[slot] != row) {
        blend_row(r, rmt_image_row(r->src, row), s->rows[slot]);
        s->row_of[slot] = row;
    }
    return s->rows[slot];
}

/* In float, the sum taken from the last row to the first, as cv2 does for whole vectors. */
static void mix_cubic(const rmt_resizer *r, const int32_t *const rows[4], const int16_t fixed[4], uint8_t *out)
{
    const float unit = 1.0f / (2048 * 2048);
    float weight[4];
    for (int k = 0; k < 4; k++)
        weight[k] = fixed[k] * unit;
    r->kernels->mix_four(rows, weight, 3 * (int64_t)r->width, out);
}

static void mix_lanczos(const int32_t *const rows[8], const int16_t fixed[8], size_t count, uint8_t *out)
{
    for (size_t i = 0; i < count; i++) {
        int sum = 1 << 21;
        for (int k = 0; k < 8; k++)
            sum += rows[k][i] * fixed[k];
        out[i] = rmt_clamp_byte(sum >> 22);
    }
}

static void wide_row(rmt_resizer *r, int32_t y, uint8_t *out)
{
    const wide *s = r->state;
    float fraction;
    int64_t first = (int64_t)rmt_resizer_position(r->interpolation, y, r->step_y, &fraction) - (s->taps / 2 - 1);
    const int32_t *rows[MOST_TAPS];
    int16_t fixed[MOST_TAPS];
    fixed_weights(s->taps, fraction, fixed);
    for (int32_t k = 0; k < s->taps; k++)
        rows[k] = blended(r, first + k);
    if (s->taps == 4)
        mix_cubic(r, rows, fixed, out);
    else
        mix_lanczos(rows, fixed, 3 * (size_t)r->width, out);
}

static void set_columns(const rmt_resizer *r, wide *s)
{
    for (int32_t x = 0; x < r->width; x++) {
        float fraction;
        int32_t first = rmt_resizer_position(r->interpolation, x, r->step_x, &fraction) - (s->taps / 2 - 1);
        s->at[x] = 3 * first;
        fixed_weights(s->taps, fraction, s->weight + (size_t)x * (size_t)s->taps);
        if (first < 0)
            s->inner = s->outer = x + 1;
        else if (3 * (int64_t)(first + s->taps - 2) + RMT_PAIR_BYTES <= 3 * (int64_t)r->src->width)
            s->outer = x + 1;
    }
}

bool rmt_resizer_open_wide(rmt_resizer *r)
{
    wide *s = rmt_arena_alloc(&r->memory, 1, sizeof *s);
    if (!s)
        return false;
    s->taps = r->interpolation == RMT_INTERPOLATION_CUBIC ? 4 : 8;
    size_t width = (size_t)r->width;
    s->at = rmt_arena_alloc(&r->memory, width, sizeof *s->at);
    s->weight = rmt_arena_alloc(&r->memory, width * (size_t)s->taps, sizeof *s->weight);
    if (!s->at || !s->weight)
        return false;
    for (int32_t slot = 0; slot < s->taps; slot++) {
        s->rows[slot] = rmt_arena_alloc(&r->memory, 3 * width, sizeof *s->rows[slot]);
        s->row_of[slot] = -1;
        if (!s->rows[slot])
            return false;
    }
    set_columns(r, s);
    r->state = s;
    r->row = wide_row;
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resizing as Pillow does it: Image.resize, 8 bits a channel, the same bytes.
 *
 * A filter is as wide as the source pixels that one destination pixel covers,
 * so shrinking averages. Weights have 22 bits. One direction is filtered and
 * rounded to bytes, then the other; one that keeps its size is left out. Which
 * goes first shows in a last bit; here it is as in Pillow 13, while Pillow 12
 * and before it always go along the rows first. Nearest adds up its steps, as
 * Pillow does, and leaves black what thereby falls outside.
 */
#include "image/resizer.h"

#include <math.h>
#include <string.h>

enum { WEIGHT_BITS = 22, HALF = 1 << (WEIGHT_BITS - 1) };

/* ---- filters ----------------------------------------------------------------------------------------------------- */

static double filter_box(double x) { return x > -0.5 && x <= 0.5 ? 1.0 : 0.0; }

static double filter_bilinear(double x)
{
    x = fabs(x);
    return x < 1.0 ? 1.0 - x : 0.0;
}

static double filter_hamming(double x)
{
    x = fabs(x);
    if (x == 0.0)
        return 1.0;
    if (x >= 1.0)
        return 0.0;
    x *= 3.14159265358979323846;
    return sin(x) / x * (0.54f + 0.46f * cos(x));
}

static double filter_bicubic(double x)
{
    const double a = -0.5;
    x = fabs(x);
    if (x < 1.0)
        return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
    return x < 2.0 ? (((x - 5) * x + 8) * x - 4) * a : 0.0;
}

static double sinc(double x)
{
    if (x == 0.0)
        return 1.0;
    x *= 3.14159265358979323846;
    return sin(x) / x;
}

static double filter_lanczos(double x) { return x >= -3.0 && x < 3.0 ? sinc(x) * sinc(x / 3) : 0.0; }

typedef struct pillow_filter {
    double (*weight)(double distance);
    double support; /* no weight beyond this distance */
} pillow_filter;

static pillow_filter filter_of(rmt_interpolation interpolation)
{
    switch (interpolation) {
    case RMT_INTERPOLATION_PILLOW_LANCZOS: return (pillow_filter){filter_lanczos, 3.0};
    case RMT_INTERPOLATION_PILLOW_BICUBIC: return (pillow_filter){filter_bicubic, 2.0};
    case RMT_INTERPOLATION_PILLOW_BOX: return (pillow_filter){filter_box, 0.5};
    case RMT_INTERPOLATION_PILLOW_HAMMING: return (pillow_filter){filter_hamming, 1.0};
    default: return (pillow_filter){filter_bilinear, 1.0};
    }
}

/* ---- weights ----------------------------------------------------------------------------------------------------- */

/* What each destination index of a direction takes: source indices first..first + count - 1, at most `most`. */
typedef struct pillow_taps {
    int32_t most;
    int32_t *first, *count; /* [destination] */
    int32_t *weight;        /* [destination][most] */
} pillow_taps;

static int32_t fixed_weight(double weight)
{
    return (int32_t)((weight < 0 ? -0.5 : 0.5) + weight * (1 << WEIGHT_BITS));
}

/* The taps of destination index i; numbers: room for taps->most. */
static void set_tap(const pillow_taps *taps, pillow_filter filter, int32_t i, double scale, int32_t source,
                    double *numbers)
{
    double width = fmax(scale, 1.0), reach = filter.support * width, inverse = 1.0 / width, sum = 0;
    double centre = (i + 0.5) * scale;
    int32_t first = (int32_t)(centre - reach + 0.5), end = (int32_t)fmin(centre + reach + 0.5, source);
    first = first < 0 ? 0 : first;
    for (int32_t k = 0; k < end - first; k++) {
        numbers[k] = filter.weight((k + first - centre + 0.5) * inverse);
        sum += numbers[k];
    }
    for (int32_t k = 0; k < end - first; k++)
        taps->weight[(size_t)i * (size_t)taps->most + (size_t)k] =
            fixed_weight(sum != 0.0 ? numbers[k] / sum : numbers[k]);
    taps->first[i] = first;
    taps->count[i] = end - first;
}

/* NULL when memory is exhausted. */
static pillow_taps *taps_create(rmt_arena *memory, pillow_filter filter, int32_t source, int32_t destination)
{
    size_t count = (size_t)destination;
    double scale = (double)source / destination;
    pillow_taps *taps = rmt_arena_alloc(memory, 1, sizeof *taps);
    if (taps == NULL)
        return NULL;
    taps->most = (int32_t)ceil(filter.support * fmax(scale, 1.0)) * 2 + 1;
    taps->first = rmt_arena_alloc(memory, count, sizeof *taps->first);
    taps->count = rmt_arena_alloc(memory, count, sizeof *taps->count);
    taps->weight = rmt_arena_alloc(memory, count, (size_t)taps->most * sizeof *taps->weight);
    double *numbers = rmt_arena_alloc(memory, (size_t)taps->most, sizeof *numbers);
    if (taps->first == NULL || taps->count == NULL || taps->weight == NULL || numbers == NULL)
        return NULL;
    for (int32_t i = 0; i < destination; i++)
        set_tap(taps, filter, i, scale, source, numbers);
    return taps;
}

/* ---- rows -------------------------------------------------------------------------------------------------------- */

typedef struct pillow {
    pillow_taps *columns, *lines; /* NULL: the direction keeps its size */
    bool lines_first;
    int32_t *sums; /* of a row of bytes, before they are rounded */
    uint8_t
        *rows; /* columns first: [lines->most][3 * width], source row y, filtered, in slot y % most; lines first: one
                      row of the source's width */
    int32_t *row_of; /* columns first: [lines->most], the source row in a slot; -1: none */
} pillow;

static inline uint8_t byte_of(int32_t sum) { return rmt_clamp_byte(sum >> WEIGHT_BITS); }

/* A row of the source's width becomes one of the destination's. */
static void filter_columns(const rmt_resizer *r, const uint8_t *in, uint8_t *out)
{
    const pillow_taps *taps = ((const pillow *)r->state)->columns;
    if (taps == NULL) {
        memcpy(out, in, 3 * (size_t)r->width);
        return;
    }
    for (int32_t x = 0; x < r->width; x++, out += 3) {
        const int32_t *weight = taps->weight + (size_t)x * (size_t)taps->most;
        const uint8_t *pixel = in + 3 * (ptrdiff_t)taps->first[x];
        int32_t sum[3] = {HALF, HALF, HALF};
        for (int32_t k = 0; k < taps->count[x]; k++, pixel += 3)
            for (int c = 0; c < 3; c++)
                sum[c] += pixel[c] * weight[k];
        for (int c = 0; c < 3; c++)
            out[c] = byte_of(sum[c]);
    }
}

static const uint8_t *filtered(const rmt_resizer *r, int32_t row)
{
    const pillow *s = r->state;
    if (s->lines_first)
        return rmt_image_row(r->src, row);
    size_t slot = (size_t)(row % s->lines->most);
    uint8_t *out = s->rows + slot * 3 * (size_t)r->width;
    if (s->row_of[slot] != row) {
        filter_columns(r, rmt_image_row(r->src, row), out);
        s->row_of[slot] = row;
    }
    return out;
}

/* Destination line y, of `count` bytes, from source rows that are filtered horizontally or not at all. */
static void filter_lines(const rmt_resizer *r, int32_t y, size_t count, uint8_t *out)
{
    const pillow *s = r->state;
    const int32_t *weight = s->lines->weight + (size_t)y * (size_t)s->lines->most;
    for (size_t i = 0; i < count; i++)
        s->sums[i] = HALF;
    for (int32_t k = 0; k < s->lines->count[y]; k++) {
        const uint8_t *in = filtered(r, s->lines->first[y] + k);
        for (size_t i = 0; i < count; i++)
            s->sums[i] += in[i] * weight[k];
    }
    for (size_t i = 0; i < count; i++)
        out[i] = byte_of(s->sums[i]);
}

static void pillow_row(rmt_resizer *r, int32_t y, uint8_t *out)
{
    const pillow *s = r->state;
    if (s->lines == NULL) {
        filter_columns(r, rmt_image_row(r->src, y), out);
    } else if (s->lines_first) {
        filter_lines(r, y, 3 * (size_t)r->src->width, s->rows);
        filter_columns(r, s->rows, out);
    } else {
        filter_lines(r, y, 3 * (size_t)r->width, out);
    }
}

/* Pillow 13's choice: where lines are lost, and twice as many of them as columns. */
static bool goes_along_lines_first(const rmt_resizer *r)
{
    int64_t lost_columns = (int64_t)r->src->width - r->width, lost_lines = (int64_t)r->src->height - r->height;
    return lost_lines > 0 && lost_lines > 2 * lost_columns;
}

/* Memory for a resizer that changes the number of lines. */
static bool take_rows(rmt_resizer *r, pillow *s)
{
    size_t row_bytes = 3 * (size_t)(s->lines_first ? r->src->width : r->width);
    size_t slots = s->lines_first ? 1 : (size_t)s->lines->most;
    s->sums = rmt_arena_alloc(&r->memory, row_bytes, sizeof *s->sums);
    s->rows = rmt_arena_alloc(&r->memory, slots, row_bytes);
    s->row_of = rmt_arena_alloc(&r->memory, slots, sizeof *s->row_of);
    if (s->sums == NULL || s->rows == NULL || s->row_of == NULL)
        return false;
    for (size_t slot = 0; slot < slots; slot++)
        s->row_of[slot] = -1;
    return true;
}

static bool open_filter(rmt_resizer *r)
{
    pillow_filter filter = filter_of(r->interpolation);
    pillow *s = rmt_arena_alloc(&r->memory, 1, sizeof *s);
    if (s == NULL)
        return false;
    r->state = s;
    r->row = pillow_row;
    s->lines_first = goes_along_lines_first(r);
    if (r->width != r->src->width && (s->columns = taps_create(&r->memory, filter, r->src->width, r->width)) == NULL)
        return false;
    if (r->height == r->src->height)
        return true;
    s->lines = taps_create(&r->memory, filter, r->src->height, r->height);
    return s->lines != NULL && take_rows(r, s);
}

/* ---- nearest ----------------------------------------------------------------------------------------------------- */

typedef struct pillow_nearest {
    int32_t *columns, *lines; /* source index of each destination index; -1: outside */
} pillow_nearest;

static int32_t *nearest_indices(rmt_arena *memory, int32_t source, int32_t destination)
{
    int32_t *indices = rmt_arena_alloc(memory, (size_t)destination, sizeof *indices);
    double step = (double)source / destination, at = step * 0.5;
    for (int32_t i = 0; indices != NULL && i < destination; i++, at += step)
        indices[i] = at < source ? (int32_t)at : -1;
    return indices;
}

static void nearest_row(rmt_resizer *r, int32_t y, uint8_t *out)
{
    const pillow_nearest *s = r->state;
    if (s->lines[y] < 0) {
        memset(out, 0, 3 * (size_t)r->width);
        return;
    }
    const uint8_t *in = rmt_image_row(r->src, s->lines[y]);
    for (int32_t x = 0; x < r->width; x++, out += 3) {
        static const uint8_t black[3] = {0, 0, 0};
        memcpy(out, s->columns[x] >= 0 ? in + 3 * (ptrdiff_t)s->columns[x] : black, 3);
    }
}

static bool open_nearest(rmt_resizer *r)
{
    pillow_nearest *s = rmt_arena_alloc(&r->memory, 1, sizeof *s);
    if (s == NULL)
        return false;
    s->columns = nearest_indices(&r->memory, r->src->width, r->width);
    s->lines = nearest_indices(&r->memory, r->src->height, r->height);
    r->state = s;
    r->row = nearest_row;
    return s->columns != NULL && s->lines != NULL;
}

bool rmt_resizer_open_pillow(rmt_resizer *r)
{
    return r->interpolation == RMT_INTERPOLATION_PILLOW_NEAREST ? open_nearest(r) : open_filter(r);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shrinking by averaging: each destination pixel is the mean of the source
 * area under it.
 *
 * Whole factors ("block") sum integers; a block that leaves the image averages
 * what is inside. Other factors ("area") weight the partly covered pixels, in
 * float32 and in cv2's order of additions.
 */
#include "image/resizer.h"

#include <math.h>
#include <string.h>

/* What one destination index covers in one direction; a weight of 0 means that there is no such pixel. */
typedef struct span {
    int32_t first, count;   /* wholly covered source indices */
    float head, body, tail; /* weights of index first - 1, of each of these, of index first + count */
} span;

static span cover(int32_t i, double step, int32_t source)
{
    double start = i * step, end = start + step, covered = fmin(step, source - start);
    int32_t last = (int32_t)fmin(floor(end), source - 1);
    int32_t first = (int32_t)fmin(ceil(start), last);
    span s = {.first = first, .count = last - first, .body = (float)(1.0 / covered)};
    if (first - start > 1e-3)
        s.head = (float)((first - start) / covered);
    if (end - last > 1e-3)
        s.tail = (float)(fmin(fmin(end - last, 1.0), covered) / covered);
    return s;
}

typedef struct area {
    span *columns; /* [width] */
    float *sum;    /* [3 * width] */
} area;

static inline void add_pixel(float sum[3], const uint8_t *pixel, float weight)
{
    for (int c = 0; c < 3; c++)
        sum[c] += pixel[c] * weight;
}

/* sum (+)= weight * the horizontal means of a source row */
static void add_row(const area *s, const uint8_t *in, int32_t width, float weight, bool first)
{
    float *out = s->sum;
    for (int32_t x = 0; x < width; x++, out += 3) {
        const span *column = &s->columns[x];
        const uint8_t *pixel = in + 3 * (ptrdiff_t)column->first;
        float mean[3] = {0};
        if (column->head > 0)
            add_pixel(mean, pixel - 3, column->head);
        for (int32_t k = 0; k < column->count; k++, pixel += 3)
            add_pixel(mean, pixel, column->body);
        if (column->tail > 0)
            add_pixel(mean, pixel, column->tail);
        for (int c = 0; c < 3; c++)
            out[c] = first ? weight * mean[c] : out[c] + weight * mean[c];
    }
}

static void area_row(rmt_resizer *r, int32_t y, uint8_t *out)
{
    const area *s = r->state;
    span rows = cover(y, r->step_y, r->src->height);
    bool first = true;
    if (rows.head > 0) {
        add_row(s, rmt_image_row(r->src, rows.first - 1), r->width, rows.head, true);
        first = false;
    }
    for (int32_t k = 0; k < rows.count; k++, first = false)
        add_row(s, rmt_image_row(r->src, rows.first + k), r->width, rows.body, first);
    if (rows.tail > 0)
        add_row(s, rmt_image_row(r->src, rows.first + rows.count), r->width, rows.tail, first);
    for (size_t i = 0; i < 3 * (size_t)r->width; i++)
        out[i] = rmt_clamp_byte(rmt_round_small(s->sum[i]));
}

bool rmt_resizer_open_area(rmt_resizer *r)
{
    size_t width = (size_t)r->width;
    area *s = rmt_arena_alloc(&r->memory, 1, sizeof *s);
    if (!s)
        return false;
    s->columns = rmt_arena_alloc(&r->memory, width, sizeof *s->columns);
    s->sum = rmt_arena_alloc(&r->memory, 3 * width, sizeof *s->sum);
    if (!s->columns || !s->sum)
        return false;
    for (int32_t x = 0; x < r->width; x++)
        s->columns[x] = cover(x, r->step_x, r->src->width);
    r->state = s;
    r->row = area_row;
    return true;
}

typedef struct block {
    int32_t columns, rows; /* of source pixels for one destination pixel */
} block;

/* Sums of `columns` pixels in each of `rows` rows from `in` on. */
static void sum_block(const uint8_t *in, ptrdiff_t pitch, int32_t columns, int32_t rows, int sum[3])
{
    sum[0] = sum[1] = sum[2] = 0;
    for (int32_t y = 0; y < rows; y++, in += pitch) {
        const uint8_t *pixel = in;
        for (int32_t x = 0; x < columns; x++, pixel += 3) {
            sum[0] += pixel[0];
            sum[1] += pixel[1];
            sum[2] += pixel[2];
        }
    }
}

/* `width` whole blocks */
static void average_row(const block *b, const uint8_t *in, ptrdiff_t pitch, int32_t width, uint8_t *out)
{
    float scale = 1.0f / (float)(b->columns * b->rows);
    for (int32_t x = 0; x < width; x++, in += 3 * (ptrdiff_t)b->columns, out += 3) {
        int sum[3];
        sum_block(in, pitch, b->columns, b->rows, sum);
        for (int c = 0; c < 3; c++)
            out[c] = rmt_clamp_byte((int)lrintf((float)sum[c] * scale));
    }
}

/* Blocks x .. width - 1, of which only a part, or nothing, lies within the image. */
static void average_rest(const rmt_resizer *r, int32_t x, int64_t top, int32_t rows, uint8_t *out)
{
    const block *b = r->state;
    for (; x < r->width; x++) {
        int64_t left = (int64_t)x * b->columns;
        int32_t columns = (int32_t)rmt_min_i64(b->columns, r->src->width - left);
        int sum[3] = {0}, count = columns > 0 && rows > 0 ? columns * rows : 0;
        if (count)
            sum_block(rmt_image_row(r->src, (int32_t)top) + 3 * left, r->src->pitch, columns, rows, sum);
        for (int c = 0; c < 3; c++)
            out[3 * (size_t)x + (size_t)c] = count ? rmt_clamp_byte((int)lrintf((float)sum[c] / (float)count)) : 0;
    }
}

static void block_row(rmt_resizer *r, int32_t y, uint8_t *out)
{
    const block *b = r->state;
    int64_t top = (int64_t)y * b->rows;
    int32_t rows = (int32_t)rmt_min_i64(b->rows, r->src->height - top);
    int32_t whole = rows == b->rows ? (int32_t)rmt_min_i64(r->src->width / b->columns, r->width) : 0;
    if (whole > 0) {
        const uint8_t *in = rmt_image_row(r->src, (int32_t)top);
        if (b->columns == 2 && b->rows == 2)
            r->kernels->halve_rows(in, in + r->src->pitch, whole, out);
        else
            average_row(b, in, r->src->pitch, whole, out);
    }
    average_rest(r, whole, top, rows, out);
}

bool rmt_resizer_open_block(rmt_resizer *r)
{
    block *b = rmt_arena_alloc(&r->memory, 1, sizeof *b);
    if (!b)
        return false;
    *b = (block){.columns = (int32_t)nearbyint(r->step_x), .rows = (int32_t)nearbyint(r->step_y)};
    r->state = b;
    r->row = block_row;
    return true;
}

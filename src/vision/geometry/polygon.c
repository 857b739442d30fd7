/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A polygon's mask, cell for cell that of cv2.fillPoly: the outline as lines
 * of neighbouring cells, the inside by the even-odd rule between crossings in
 * 16.16 fixed point, taken at the height of the cells.
 *
 * A side that leaves the mask is cut at its edges first, as cv2 does it; the
 * cut ends are whole cells, which bends the side a little.
 */
#include "vision/geometry/geometry.h"

#include <stdlib.h>
#include <string.h>

#define FRACTION_BITS 16
#define ONE (INT64_C(1) << FRACTION_BITS)

typedef struct fill_mask {
    uint8_t *cells;
    int32_t width, height;
} fill_mask;

typedef struct segment {
    rmt_point from, to;
} segment;

/* A side that crosses rows first_row..end_row-1; x is where, in the next row to be filled. */
typedef struct crossing {
    int32_t first_row, end_row;
    int64_t x, step;
} crossing;

void rmt_polygon_filler_clear(rmt_polygon_filler *filler)
{
    rmt_scratch_clear(&filler->mask);
    rmt_scratch_clear(&filler->edges);
    rmt_scratch_clear(&filler->active);
}

/* ---- cutting ----------------------------------------------------------------------------------------------------- */

enum { INSIDE = 0, BEFORE_LEFT = 1, AFTER_RIGHT = 2, ABOVE = 4, BELOW = 8 };

static int side_of(const fill_mask *mask, rmt_point p)
{
    int horizontal = p.x < 0 ? BEFORE_LEFT : p.x >= mask->width ? AFTER_RIGHT : INSIDE;
    int vertical = p.y < 0 ? ABOVE : p.y >= mask->height ? BELOW : INSIDE;
    return horizontal | vertical;
}

/* `other` * `part` / `whole` cut towards zero. */
static int32_t share(int32_t other, int32_t part, int32_t whole) { return (int32_t)((int64_t)other * part / whole); }

static void cut_rows(const fill_mask *mask, rmt_point *end, rmt_point other)
{
    int32_t row = end->y < 0 ? 0 : mask->height - 1;
    end->x += share(other.x - end->x, row - end->y, other.y - end->y);
    end->y = row;
}

static void cut_columns(const fill_mask *mask, rmt_point *end, rmt_point other)
{
    int32_t column = end->x < 0 ? 0 : mask->width - 1;
    end->y += share(other.y - end->y, column - end->x, other.x - end->x);
    end->x = column;
}

/* Cuts a segment to the mask. False when nothing of it is inside; it may have been cut then all the same. */
static bool segment_cut(const fill_mask *mask, segment *s)
{
    int from = side_of(mask, s->from), to = side_of(mask, s->to);
    if (from & to)
        return false;
    if (from & (ABOVE | BELOW))
        cut_rows(mask, &s->from, s->to);
    if (to & (ABOVE | BELOW))
        cut_rows(mask, &s->to, s->from);
    from = side_of(mask, s->from), to = side_of(mask, s->to);
    if (from & to)
        return false;
    if (from != INSIDE)
        cut_columns(mask, &s->from, s->to);
    if (to != INSIDE)
        cut_columns(mask, &s->to, s->from);
    return true;
}

/* ---- outline ----------------------------------------------------------------------------------------------------- */

/* Bresenham's line from its left end; both ends inside. */
static void draw_line(const fill_mask *mask, segment s)
{
    if (s.from.x > s.to.x)
        s = (segment){s.to, s.from};
    int32_t dx = s.to.x - s.from.x, dy = s.to.y - s.from.y;
    ptrdiff_t down = dy < 0 ? -(ptrdiff_t)mask->width : mask->width;
    dy = abs(dy);
    int32_t longer = dx > dy ? dx : dy, shorter = dx > dy ? dy : dx;
    ptrdiff_t along = dx > dy ? 1 : down, aside = dx > dy ? down : 1;
    uint8_t *cell = mask->cells + (ptrdiff_t)s.from.y * mask->width + s.from.x;
    int32_t error = longer - 2 * shorter;
    for (int32_t i = 0; i <= longer; i++) {
        *cell = 1;
        bool step_aside = error < 0;
        error += (step_aside ? 2 * longer : 0) - 2 * shorter;
        if (i < longer)
            cell += along + (step_aside ? aside : 0);
    }
}

/* Draws a side and notes where it crosses rows; false for one that crosses none. */
static bool add_side(const fill_mask *mask, segment side, crossing *out)
{
    segment cut = side;
    if (side_of(mask, side.from) == INSIDE && side_of(mask, side.to) == INSIDE)
        draw_line(mask, side);
    else if (segment_cut(mask, &cut))
        draw_line(mask, cut);
    if (side.from.y == side.to.y)
        return false;
    if (cut.from.y == cut.to.y)
        cut.from.y = side.from.y, cut.to.y = side.to.y;
    out->step = (cut.to.x - cut.from.x) * ONE / (cut.to.y - cut.from.y);
    rmt_point top = side.from.y < side.to.y ? side.from : side.to;
    rmt_point cut_top = side.from.y < side.to.y ? cut.from : cut.to;
    out->first_row = top.y;
    out->end_row = side.from.y < side.to.y ? side.to.y : side.from.y;
    out->x = cut_top.x * ONE + (top.y - cut_top.y) * out->step;
    return true;
}

/* ---- inside ------------------------------------------------------------------------------------------------------ */

static int by_first_row(const void *a, const void *b)
{
    const crossing *left = a, *right = b;
    return (left->first_row > right->first_row) - (left->first_row < right->first_row);
}

/* Keeps the list sorted by x; it nearly is, row after row. */
static void sort_active(crossing *active, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        crossing moved = active[i];
        size_t j = i;
        for (; j > 0 && active[j - 1].x > moved.x; j--)
            active[j] = active[j - 1];
        active[j] = moved;
    }
}

static size_t drop_ended(crossing *active, size_t count, int32_t row)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (active[i].end_row > row)
            active[kept++] = active[i];
    return kept;
}

static void fill_span(const fill_mask *mask, int32_t row, int64_t left, int64_t right)
{
    int64_t first = (left + ONE - 1) >> FRACTION_BITS, last = right >> FRACTION_BITS;
    first = rmt_max_i64(first, 0), last = rmt_min_i64(last, mask->width - 1);
    if (first <= last)
        memset(mask->cells + (ptrdiff_t)row * mask->width + first, 1, (size_t)(last - first + 1));
}

static void fill_inside(const fill_mask *mask, crossing *crossings, size_t count, crossing *active)
{
    qsort(crossings, count, sizeof *crossings, by_first_row);
    size_t next = 0, active_count = 0;
    for (int32_t row = crossings[0].first_row; row < mask->height; row++) {
        active_count = drop_ended(active, active_count, row);
        while (next < count && crossings[next].first_row == row)
            active[active_count++] = crossings[next++];
        sort_active(active, active_count);
        for (size_t i = 0; row >= 0 && i + 1 < active_count; i += 2)
            fill_span(mask, row, active[i].x, active[i + 1].x);
        for (size_t i = 0; i < active_count; i++)
            active[i].x += active[i].step;
    }
}

const uint8_t *rmt_polygon_fill(rmt_polygon_filler *filler, const rmt_point *points, size_t count, int32_t width,
                                int32_t height)
{
    fill_mask mask = {rmt_scratch_take(&filler->mask, (size_t)width, (size_t)height), width, height};
    crossing *crossings = rmt_scratch_take(&filler->edges, count, sizeof *crossings);
    crossing *active = rmt_scratch_take(&filler->active, count, sizeof *active);
    if (mask.cells == NULL || crossings == NULL || active == NULL)
        return NULL;
    memset(mask.cells, 0, (size_t)width * (size_t)height);
    size_t crossing_count = 0;
    for (size_t i = 0; i < count; i++) {
        segment side = {points[i > 0 ? i - 1 : count - 1], points[i]};
        crossing_count += add_side(&mask, side, &crossings[crossing_count]);
    }
    if (crossing_count > 0)
        fill_inside(&mask, crossings, crossing_count, active);
    return mask.cells;
}

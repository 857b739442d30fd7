/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bitmaps and their borders (Suzuki and Abe, 1985), as cv2.findContours lists them.
 *
 * A scan meets each border once, at its uppermost, then leftmost cell, and
 * walks around it leaving marks: VISITED, and CLOSED where the walk has seen
 * the empty cell on the right, so that the scan does not start a hole there.
 * Cells never become empty, so a border can be walked again later; only its
 * start is kept, which bounds memory whatever the bitmap looks like.
 */
#include "vision/geometry/geometry.h"

#include <stdlib.h>
#include <string.h>

enum { EMPTY = 0, FRESH = 1, VISITED = 2, CLOSED = 4 };

/* ---- points ------------------------------------------------------------------------------------------------------ */

bool rmt_points_add(rmt_points *points, int32_t x, int32_t y)
{
    if (!rmt_grow((void **)&points->items, &points->capacity, points->count, sizeof(rmt_point), SIZE_MAX))
        return false;
    points->items[points->count++] = (rmt_point){x, y};
    return true;
}

void rmt_points_clear(rmt_points *points)
{
    free(points->items);
    *points = (rmt_points){0};
}

/* ---- bitmap ------------------------------------------------------------------------------------------------------ */

bool rmt_bitmap_threshold(rmt_bitmap *bitmap, const rmt_map *map, float thresh)
{
    size_t pitch = (size_t)map->width + 2, rows = (size_t)map->height + 2;
    const float *values = map->values;
    bitmap->cells = rmt_scratch_take(&bitmap->memory, rows, pitch);
    if (bitmap->cells == NULL)
        return false;
    bitmap->width = map->width, bitmap->height = map->height, bitmap->pitch = (ptrdiff_t)pitch;
    memset(bitmap->cells, EMPTY, pitch);
    memset(bitmap->cells + (rows - 1) * pitch, EMPTY, pitch);
    for (size_t y = 1; y + 1 < rows; y++, values += map->width) {
        uint8_t *row = bitmap->cells + y * pitch;
        row[0] = row[pitch - 1] = EMPTY;
        for (int32_t x = 0; x < map->width; x++)
            row[x + 1] = values[x] > thresh ? FRESH : EMPTY;
    }
    return true;
}

void rmt_bitmap_dilate(rmt_bitmap *bitmap)
{
    for (int32_t y = bitmap->height; y >= 1; y--) {
        uint8_t *row = bitmap->cells + y * bitmap->pitch;
        const uint8_t *above = row - bitmap->pitch;
        for (int32_t x = bitmap->width; x >= 1; x--)
            row[x] |= row[x - 1] | above[x] | above[x - 1];
    }
}

/* ---- walking ----------------------------------------------------------------------------------------------------- */

/* The eight neighbours, counter-clockwise from the right one. */
static const rmt_point DIRECTIONS[8] = {{1, 0}, {1, -1}, {0, -1}, {-1, -1}, {-1, 0}, {-1, 1}, {0, 1}, {1, 1}};
enum { RIGHT = 0, LEFT = 4, NOWHERE = -1 };

typedef struct border_walk {
    ptrdiff_t steps[8];   /* DIRECTIONS as distances between cells */
    const uint8_t *start; /* the border's first cell */
    const uint8_t *last;  /* the cell from which the walk enters `start` for the last time */
    const uint8_t *at;
    int came; /* direction from `at` to the cell before it */
} border_walk;

static const uint8_t *cell_of(const rmt_bitmap *bitmap, const rmt_border *border)
{
    return bitmap->cells + (border->y + 1) * bitmap->pitch + border->x + 1;
}

/* Finds the first set neighbour clockwise from the empty side; false for a region of one cell. */
static bool walk_begin(border_walk *walk, const rmt_bitmap *bitmap, const rmt_border *border)
{
    for (int d = 0; d < 8; d++)
        walk->steps[d] = DIRECTIONS[d].y * bitmap->pitch + DIRECTIONS[d].x;
    walk->start = walk->at = cell_of(bitmap, border);
    int from = border->hole ? RIGHT : LEFT;
    for (int turn = 1; turn < 8; turn++) {
        walk->came = (from - turn) & 7;
        walk->last = walk->at + walk->steps[walk->came];
        if (*walk->last != EMPTY)
            return true;
    }
    return false;
}

/* The direction of the next cell: the first set one counter-clockwise from where the walk came. */
static int walk_direction(const border_walk *walk)
{
    int direction = walk->came;
    do
        direction = (direction + 1) & 7;
    while (walk->at[walk->steps[direction]] == EMPTY);
    return direction;
}

/* Moves on; false when the border is closed. */
static bool walk_on(border_walk *walk, int direction)
{
    const uint8_t *next = walk->at + walk->steps[direction];
    if (next == walk->start && walk->at == walk->last)
        return false;
    walk->at = next;
    walk->came = (direction + 4) & 7;
    return true;
}

/* Turning from `came` to `direction` the walk has looked at the cell on the right and found it empty. */
static bool saw_right(int came, int direction) { return direction != RIGHT && direction - 1 < came; }

static void mark_border(rmt_bitmap *bitmap, const rmt_border *border)
{
    border_walk walk;
    if (!walk_begin(&walk, bitmap, border)) {
        bitmap->cells[walk.at - bitmap->cells] = VISITED | CLOSED;
        return;
    }
    for (;;) {
        int direction = walk_direction(&walk);
        uint8_t *cell = bitmap->cells + (walk.at - bitmap->cells);
        if (saw_right(walk.came, direction))
            *cell = VISITED | CLOSED;
        else if (*cell == FRESH)
            *cell = VISITED;
        if (!walk_on(&walk, direction))
            return;
    }
}

bool rmt_border_trace(const rmt_bitmap *bitmap, const rmt_border *border, rmt_points *points)
{
    border_walk walk;
    points->count = 0;
    if (!walk_begin(&walk, bitmap, border))
        return rmt_points_add(points, border->x, border->y);
    int32_t x = border->x, y = border->y;
    for (int before = (walk.came + 4) & 7;;) {
        int direction = walk_direction(&walk);
        if (direction != before && !rmt_points_add(points, x, y))
            return false;
        x += DIRECTIONS[direction].x, y += DIRECTIONS[direction].y;
        before = direction;
        if (!walk_on(&walk, direction))
            return true;
    }
}

/* ---- finding ----------------------------------------------------------------------------------------------------- */

/* Whether a border starts between the cells `left` and `right` of a row. */
static bool border_starts(uint8_t left, uint8_t right)
{
    return right == EMPTY ? left != EMPTY && !(left & CLOSED) : left == EMPTY && right == FRESH;
}

/* The first index from x on where eight cells are not all empty, or fewer than eight are left. */
static int32_t skip_empty(const uint8_t *row, int32_t x, int32_t width)
{
    for (uint64_t cells; x + (int32_t)sizeof cells <= width; x += (int32_t)sizeof cells) {
        memcpy(&cells, row + x, sizeof cells);
        if (cells != 0)
            break;
    }
    return x;
}

void rmt_borders_find(rmt_bitmap *bitmap, rmt_borders *borders)
{
    borders->found = 0;
    for (int32_t y = 0; y < bitmap->height; y++) {
        const uint8_t *row = bitmap->cells + (y + 1) * bitmap->pitch + 1;
        for (int32_t x = 0; x < bitmap->width; x++) {
            if (row[x - 1] == EMPTY && row[x] == EMPTY)
                x = skip_empty(row, x, bitmap->width);
            if (x == bitmap->width || !border_starts(row[x - 1], row[x]))
                continue;
            bool hole = row[x] == EMPTY;
            rmt_border border = {x - hole, y, hole};
            mark_border(bitmap, &border);
            borders->ring[borders->found++ % borders->capacity] = border;
        }
    }
}

size_t rmt_borders_count(const rmt_borders *borders)
{
    return borders->found < borders->capacity ? borders->found : borders->capacity;
}

const rmt_border *rmt_borders_get(const rmt_borders *borders, size_t index)
{
    return &borders->ring[(borders->found - 1 - index) % borders->capacity];
}

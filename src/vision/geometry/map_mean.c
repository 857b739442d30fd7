/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How sure a map is of a region: the mean of its cells inside a rectangle or a
 * polygon, as cv2.fillPoly and cv2.mean give it. What is not a number makes
 * the mean one that is none.
 */
#include "vision/geometry/geometry.h"

#include <math.h>

/* Columns and rows of the map, both ends included. */
typedef struct map_window {
    int32_t left, right, top, bottom;
} map_window;

static int32_t clamp_index(float value, int32_t size)
{
    return (int32_t)(value < 0 ? 0 : value > (float)(size - 1) ? (float)(size - 1) : value);
}

/* The cells that a rectangle touches. */
static map_window window_of_rectangle(const rmt_map *map, const rmt_rectangle *rectangle)
{
    const float(*corners)[2] = rectangle->corners;
    float least[2] = {corners[0][0], corners[0][1]}, most[2] = {least[0], least[1]};
    for (int i = 1; i < 4; i++) {
        for (int axis = 0; axis < 2; axis++) {
            least[axis] = fminf(least[axis], corners[i][axis]);
            most[axis] = fmaxf(most[axis], corners[i][axis]);
        }
    }
    return (map_window){clamp_index(floorf(least[0]), map->width), clamp_index(ceilf(most[0]), map->width),
                        clamp_index(floorf(least[1]), map->height), clamp_index(ceilf(most[1]), map->height)};
}

static map_window window_of_points(const rmt_points *points)
{
    rmt_point first = points->items[0];
    map_window window = {first.x, first.x, first.y, first.y};
    for (size_t i = 1; i < points->count; i++) {
        rmt_point at = points->items[i];
        window.left = at.x < window.left ? at.x : window.left;
        window.right = at.x > window.right ? at.x : window.right;
        window.top = at.y < window.top ? at.y : window.top;
        window.bottom = at.y > window.bottom ? at.y : window.bottom;
    }
    return window;
}

/* The polygon is given within the window. */
static bool mean_inside(const rmt_map *map, const map_window *window, const rmt_point *points, size_t count,
                        rmt_polygon_filler *filler, double *mean)
{
    int32_t width = window->right - window->left + 1, height = window->bottom - window->top + 1;
    const uint8_t *mask = rmt_polygon_fill(filler, points, count, width, height);
    if (mask == NULL)
        return false;
    double sum = 0;
    size_t covered = 0;
    for (int32_t y = 0; y < height; y++, mask += width) {
        const float *row = map->values + (ptrdiff_t)(window->top + y) * map->width + window->left;
        for (int32_t x = 0; x < width; x++) {
            sum += mask[x] ? (double)row[x] : 0.0;
            covered += mask[x];
        }
    }
    *mean = covered > 0 ? sum / (double)covered : 0.0;
    return true;
}

bool rmt_map_mean_rectangle(const rmt_map *map, const rmt_rectangle *rectangle, rmt_polygon_filler *filler,
                            double *mean)
{
    map_window window = window_of_rectangle(map, rectangle);
    rmt_point corners[4];
    for (int i = 0; i < 4; i++)
        corners[i] = (rmt_point){(int32_t)(rectangle->corners[i][0] - (float)window.left),
                                 (int32_t)(rectangle->corners[i][1] - (float)window.top)};
    return mean_inside(map, &window, corners, 4, filler, mean);
}

bool rmt_map_mean_polygon(const rmt_map *map, rmt_points *polygon, rmt_polygon_filler *filler, double *mean)
{
    map_window window = window_of_points(polygon);
    for (size_t i = 0; i < polygon->count; i++) {
        polygon->items[i].x -= window.left;
        polygon->items[i].y -= window.top;
    }
    return mean_inside(map, &window, polygon->items, polygon->count, filler, mean);
}

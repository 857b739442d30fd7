/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plane geometry of text regions: borders of a bitmap, smallest rectangles,
 * filled polygons, grown quads.
 *
 * Each function gives what its cv2 or pyclipper namesake gives, ties included
 * where the comment says so, because PaddleOCR's boxes are what those
 * libraries make of a probability map. Whole coordinates lie within
 * +-RMT_GEOMETRY_LIMIT; memory comes from the caller's structs and is reused.
 */
#ifndef RMT_GEOMETRY_H
#define RMT_GEOMETRY_H

#include "vision/vision.h"

#define RMT_GEOMETRY_LIMIT (1 << 26)

typedef struct rmt_point {
    int32_t x, y;
} rmt_point;

/* A growing list; zeroed is empty. */
typedef struct rmt_points {
    rmt_point *items;
    size_t count, capacity;
} rmt_points;

bool rmt_points_add(rmt_points *points, int32_t x, int32_t y); /* false when memory is exhausted */
void rmt_points_clear(rmt_points *points);

/* A dense map of probabilities: cell (x, y) is values[y * width + x]. */
typedef struct rmt_map {
    const float *values;
    int32_t width, height;
} rmt_map;

/* ---- bitmap ------------------------------------------------------------------------------------------------------ */

/* width x height cells within a frame of one empty cell on each side: cell (x, y) is cells[(y + 1) * pitch + x + 1]. */
typedef struct rmt_bitmap {
    int32_t width, height;
    ptrdiff_t pitch;
    uint8_t *cells; /* 0 empty, 1 set; finding borders leaves marks on set cells, which stay non-zero */
    rmt_scratch memory;
} rmt_bitmap;

/* Sets the cells above thresh; what is not a number is not. False when memory is exhausted. */
bool rmt_bitmap_threshold(rmt_bitmap *bitmap, const rmt_map *map, float thresh);
/* cv2.dilate with a kernel of 2x2 ones: a cell is set when it or its left, upper or upper left neighbour is. */
void rmt_bitmap_dilate(rmt_bitmap *bitmap);

/* ---- borders ----------------------------------------------------------------------------------------------------- */

/* Where the border of a region, or of a hole in one, starts. */
typedef struct rmt_border {
    int32_t x, y;
    bool hole;
} rmt_border;

/* The newest borders of a bitmap: at most `capacity` of the `found` ones, in the caller's ring. */
typedef struct rmt_borders {
    rmt_border *ring;
    size_t capacity, found;
} rmt_borders;

/* cv2.findContours(RETR_LIST): the bitmap gets its marks, the ring the newest borders. */
void rmt_borders_find(rmt_bitmap *bitmap, rmt_borders *borders);
size_t rmt_borders_count(const rmt_borders *borders);
/* Border `index` in the order that cv2 lists them, which is the last found first. */
const rmt_border *rmt_borders_get(const rmt_borders *borders, size_t index);

/* The points where a border turns (CHAIN_APPROX_SIMPLE), from its start on. False when memory is exhausted. */
bool rmt_border_trace(const rmt_bitmap *bitmap, const rmt_border *border, rmt_points *points);

/* ---- rectangles -------------------------------------------------------------------------------------------------- */

/* tl, tr, br, bl: of the two left corners the upper one is tl, of the two right ones the upper one is tr. */
typedef struct rmt_rectangle {
    float corners[4][2];
    float short_side;
} rmt_rectangle;

typedef struct rmt_hull {
    rmt_scratch columns, vertices, edges;
} rmt_hull;

void rmt_hull_clear(rmt_hull *hull);

/*
 * cv2.boxPoints(cv2.minAreaRect(points)), count >= 1, in cv2's float32 arithmetic. Points on one line give a rectangle
 * of short side 0 whose corners are undefined. False when memory is exhausted.
 */
bool rmt_rectangle_smallest(const rmt_point *points, size_t count, rmt_hull *hull, rmt_rectangle *rectangle);

/* ---- polygons ---------------------------------------------------------------------------------------------------- */

typedef struct rmt_polygon_filler {
    rmt_scratch mask, edges, active;
} rmt_polygon_filler;

void rmt_polygon_filler_clear(rmt_polygon_filler *filler);

/*
 * Marks with 1 what cv2.fillPoly(mask, [points], 1) marks, in a zeroed mask of width x height: the inside (even-odd)
 * and the outline; points may lie outside. The mask belongs to the filler; NULL when memory is exhausted.
 */
const uint8_t *rmt_polygon_fill(rmt_polygon_filler *filler, const rmt_point *points, size_t count, int32_t width,
                                int32_t height);

/* Mean of the map's cells in a rectangle, its corners cut to whole cells. False when memory is exhausted. */
bool rmt_map_mean_rectangle(const rmt_map *map, const rmt_rectangle *rectangle, rmt_polygon_filler *filler,
                            double *mean);
/* The same of a polygon of the map; its points are moved. */
bool rmt_map_mean_polygon(const rmt_map *map, rmt_points *polygon, rmt_polygon_filler *filler, double *mean);

/*
 * pyclipper's offset of a quad by `distance` > 0, round joins, as the points before they are joined: their convex hull
 * is that of pyclipper's polygon. Corners are cut to whole pixels first. No points when fewer than three corners
 * remain. False when memory is exhausted.
 */
bool rmt_quad_grow(const float corners[4][2], double distance, rmt_points *grown);

#endif

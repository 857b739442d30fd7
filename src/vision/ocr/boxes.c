/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boxes of the map to boxes of the image, and their reading order, with
 * PaddleOCR's rounding, naming of corners and swaps.
 */
#include "vision/ocr/ocr.h"

#include <math.h>
#include <stdlib.h>

#define ROW_PIXELS 10 /* boxes whose first corners are nearer than this in height stand in one row */
#define LEAST_SIDE 3  /* a box must be longer and higher than this */

/* ---- corners ----------------------------------------------------------------------------------------------------- */

static float clamp(float value, float most) { return value < 0 ? 0 : value > most ? most : value; }

/* A coordinate of `from` pixels in `to` pixels, rounded with halves to even. */
static float rescale(float value, int32_t from, int32_t to)
{
    return clamp(rintf(value / (float)from * (float)to), (float)to);
}

/* The corners with the least and the greatest x + y; the first of equals. */
static void find_ends(const ramet_quad *quad, int *first, int *last)
{
    *first = *last = 0;
    for (int i = 1; i < 4; i++) {
        const float *at = quad->points[i], *least = quad->points[*first], *greatest = quad->points[*last];
        if (at[0] + at[1] < least[0] + least[1])
            *first = i;
        if (at[0] + at[1] > greatest[0] + greatest[1])
            *last = i;
    }
}

static float difference(const ramet_quad *quad, int corner)
{
    return quad->points[corner][1] - quad->points[corner][0];
}

/*
 * Corners as tl, tr, br, bl: the ends by x + y; of the other two tr has the lesser y - x. Where that does not tell them
 * apart, as in a square that stands on its corner, the corners keep their turn and only start anew.
 */
static ramet_quad clockwise(const ramet_quad *quad)
{
    int first, last, others[2] = {0, 0}, count = 0;
    find_ends(quad, &first, &last);
    for (int i = 0; i < 4; i++)
        if (i != first && i != last && count < 2)
            others[count++] = i;
    float a = difference(quad, others[0]), b = difference(quad, others[1]);
    int order[4] = {first, (first + 1) % 4, (first + 2) % 4, (first + 3) % 4};
    if (a < b || a > b)
        order[1] = others[a > b], order[2] = last, order[3] = others[a < b];
    ramet_quad ordered;
    for (int i = 0; i < 4; i++) {
        ordered.points[i][0] = quad->points[order[i]][0];
        ordered.points[i][1] = quad->points[order[i]][1];
    }
    return ordered;
}

ramet_quad rmt_box_to_image(const float corners[4][2], const ramet_det_geometry *geometry)
{
    ramet_quad quad;
    for (int i = 0; i < 4; i++) {
        quad.points[i][0] = rescale(corners[i][0], geometry->resized_width, geometry->image_width);
        quad.points[i][1] = rescale(corners[i][1], geometry->resized_height, geometry->image_height);
    }
    quad = clockwise(&quad);
    for (int i = 0; i < 4; i++) {
        quad.points[i][0] = clamp(quad.points[i][0], (float)(geometry->image_width - 1));
        quad.points[i][1] = clamp(quad.points[i][1], (float)(geometry->image_height - 1));
    }
    return quad;
}

static int whole_length(const float from[2], const float to[2])
{
    float x = to[0] - from[0], y = to[1] - from[1];
    return (int)sqrtf(x * x + y * y);
}

bool rmt_box_is_usable(const ramet_quad *quad)
{
    return whole_length(quad->points[0], quad->points[1]) > LEAST_SIDE &&
           whole_length(quad->points[0], quad->points[3]) > LEAST_SIDE;
}

/* ---- reading order ----------------------------------------------------------------------------------------------- */

static int by_first_corner(const void *a, const void *b)
{
    const rmt_det_box *left = a, *right = b;
    const float *p = left->quad.points[0], *q = right->quad.points[0];
    if (p[1] < q[1] || p[1] > q[1])
        return p[1] < q[1] ? -1 : 1;
    if (p[0] < q[0] || p[0] > q[0])
        return p[0] < q[0] ? -1 : 1;
    return (left->index > right->index) - (left->index < right->index);
}

static bool stands_before(const rmt_det_box *lower, const rmt_det_box *upper)
{
    const float *p = lower->quad.points[0], *q = upper->quad.points[0];
    return fabsf(p[1] - q[1]) < ROW_PIXELS && p[0] < q[0];
}

void rmt_boxes_sort(rmt_det_box *boxes, size_t count)
{
    qsort(boxes, count, sizeof *boxes, by_first_corner);
    for (size_t i = 1; i < count; i++) {
        for (size_t j = i; j > 0 && stands_before(&boxes[j], &boxes[j - 1]); j--) {
            rmt_det_box swap = boxes[j];
            boxes[j] = boxes[j - 1];
            boxes[j - 1] = swap;
        }
    }
}

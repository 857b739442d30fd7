/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much two polygons overlap, convex or not. The plane is cut into slabs at
 * every height where an edge ends or two edges cross; inside a slab no edges
 * cross, so the common part is a row of trapezoids between neighbours.
 */
#include "ops/boxes/nms.h"

#include <math.h>

enum { MOST_POINTS = 16, MOST_EDGES = 2 * MOST_POINTS, MOST_HEIGHTS = MOST_EDGES + MOST_EDGES * (MOST_EDGES - 1) / 2 };

typedef struct edge {
    double x0, y0, x1, y1; /* y0 < y1 */
    bool second;           /* of the second polygon */
} edge;

typedef struct arrangement {
    edge edges[MOST_EDGES];
    int edge_count;
    double heights[MOST_HEIGHTS];
    int height_count;
} arrangement;

/* float32 all through, as PaddlePaddle. */
static float polygon_area(const float *points, int32_t n)
{
    float twice = 0;
    for (int32_t i = 0; i < n; i++) {
        const float *a = points + 2 * i, *b = points + 2 * ((i + 1) % n);
        twice += a[0] * b[1] - a[1] * b[0];
    }
    return (float)fabs((double)twice / 2.0);
}

typedef struct extent {
    float low[2], high[2];
} extent;

static extent extent_of(const float *points, int32_t n)
{
    extent e = {{points[0], points[1]}, {points[0], points[1]}};
    for (int32_t i = 0; i < 2 * n; i++) {
        e.low[i % 2] = fminf(e.low[i % 2], points[i]);
        e.high[i % 2] = fmaxf(e.high[i % 2], points[i]);
    }
    return e;
}

/* Level edges bound no trapezoid. */
static void add_edges(arrangement *all, const float *points, int32_t n, bool second)
{
    for (int32_t i = 0; i < n; i++) {
        const float *a = points + 2 * i, *b = points + 2 * ((i + 1) % n);
        all->heights[all->height_count++] = (double)a[1];
        if (a[1] < b[1])
            all->edges[all->edge_count++] = (edge){(double)a[0], (double)a[1], (double)b[0], (double)b[1], second};
        else if (b[1] < a[1])
            all->edges[all->edge_count++] = (edge){(double)b[0], (double)b[1], (double)a[0], (double)a[1], second};
    }
}

static double edge_x(const edge *e, double y) { return e->x0 + (y - e->y0) * ((e->x1 - e->x0) / (e->y1 - e->y0)); }

/* The height at which two edges cross, where both are there and change sides. */
static void add_crossing(arrangement *all, const edge *a, const edge *b)
{
    double low = fmax(a->y0, b->y0), high = fmin(a->y1, b->y1);
    if (!(low < high))
        return;
    double before = edge_x(a, low) - edge_x(b, low), after = edge_x(a, high) - edge_x(b, high);
    if ((before < 0 && after > 0) || (before > 0 && after < 0))
        all->heights[all->height_count++] = low + (high - low) * (before / (before - after));
}

static void sort_heights(double *heights, int n)
{
    for (int i = 1; i < n; i++) {
        double height = heights[i];
        int at = i;
        for (; at > 0 && heights[at - 1] > height; at--)
            heights[at] = heights[at - 1];
        heights[at] = height;
    }
}

typedef struct border {
    double x;
    bool second;
} border;

/* The common part of one line: where both polygons have been entered an odd number of times. */
static double common_width(const arrangement *all, double y)
{
    border borders[MOST_EDGES];
    int count = 0;
    for (int i = 0; i < all->edge_count; i++) {
        const edge *e = &all->edges[i];
        if (!(e->y0 < y && y < e->y1))
            continue;
        border b = {edge_x(e, y), e->second};
        int at = count++;
        for (; at > 0 && borders[at - 1].x > b.x; at--)
            borders[at] = borders[at - 1];
        borders[at] = b;
    }
    double width = 0;
    bool inside[2] = {false, false};
    for (int i = 0; i + 1 < count; i++) {
        inside[borders[i].second] = !inside[borders[i].second];
        width += inside[0] && inside[1] ? borders[i + 1].x - borders[i].x : 0;
    }
    return width;
}

static double common_area(const float *a, const float *b, int32_t points)
{
    arrangement all;
    all.edge_count = all.height_count = 0;
    add_edges(&all, a, points, false);
    add_edges(&all, b, points, true);
    for (int i = 0; i < all.edge_count; i++)
        for (int j = i + 1; j < all.edge_count; j++)
            add_crossing(&all, &all.edges[i], &all.edges[j]);
    sort_heights(all.heights, all.height_count);
    double area = 0;
    for (int i = 0; i + 1 < all.height_count; i++) {
        double low = all.heights[i], high = all.heights[i + 1];
        if (low < high)
            area += common_width(&all, low + (high - low) / 2) * (high - low);
    }
    return area;
}

float rmt_polygon_overlap(const float *a, const float *b, int32_t points)
{
    extent first = extent_of(a, points), second = extent_of(b, points);
    if (first.low[0] > second.high[0] || first.high[0] < second.low[0] || first.low[1] > second.high[1] ||
        first.high[1] < second.low[1])
        return 0;
    float a_area = polygon_area(a, points), b_area = polygon_area(b, points);
    float both = (float)common_area(a, b, points);
    return a_area == 0 || b_area == 0 || both == 0 ? 0 : both / (a_area + b_area - both);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The smallest rectangle about points: convex hull, then rotating calipers.
 *
 * The box that PaddleOCR goes on with is cut to whole pixels twice, so the
 * last bit of a corner counts. The calipers therefore calculate in float32 in
 * cv2's order, through centre, size and angle in degrees.
 */
#include "vision/geometry/geometry.h"

#include <float.h>
#include <math.h>

#define PI 3.1415926535897932384626433832795

void rmt_hull_clear(rmt_hull *hull)
{
    rmt_scratch_clear(&hull->columns);
    rmt_scratch_clear(&hull->vertices);
    rmt_scratch_clear(&hull->edges);
}

/* ---- convex hull ------------------------------------------------------------------------------------------------- */

/* The points of one column that can be on a hull, as indices; -1 in an empty column. */
typedef struct column {
    int32_t upper, lower; /* least and greatest y; the first of equals */
} column;

static void bounds_of(const rmt_point *points, size_t count, int32_t *left, int32_t *right)
{
    *left = *right = points[0].x;
    for (size_t i = 1; i < count; i++) {
        *left = points[i].x < *left ? points[i].x : *left;
        *right = points[i].x > *right ? points[i].x : *right;
    }
}

static void columns_fill(column *columns, size_t column_count, int32_t left, const rmt_point *points, size_t count)
{
    for (size_t i = 0; i < column_count; i++)
        columns[i] = (column){-1, -1};
    for (size_t i = 0; i < count; i++) {
        column *here = &columns[points[i].x - left];
        if (here->upper < 0 || points[i].y < points[here->upper].y)
            here->upper = (int32_t)i;
        if (here->lower < 0 || points[i].y > points[here->lower].y)
            here->lower = (int32_t)i;
    }
}

/* Positive where the way a, b, c turns to the right as seen in an image. */
static int64_t turn(rmt_point a, rmt_point b, rmt_point c)
{
    return ((int64_t)b.x - a.x) * ((int64_t)c.y - a.y) - ((int64_t)b.y - a.y) * ((int64_t)c.x - a.x);
}

/* A chain of hull vertices, as indices, from its `base` on. */
typedef struct hull_chain {
    int32_t *items;
    size_t base, count;
} hull_chain;

/* Adds a vertex after dropping those that the way would no longer turn right at. */
static void chain_add(hull_chain *chain, const rmt_point *points, int32_t next)
{
    while (chain->count >= chain->base + 2 &&
           turn(points[chain->items[chain->count - 2]], points[chain->items[chain->count - 1]], points[next]) <= 0)
        chain->count--;
    chain->items[chain->count++] = next;
}

/* The hull clockwise in the image from its rightmost, then lowest vertex; vertices: room for 2 * columns + 2. */
static size_t hull_walk(const column *columns, size_t column_count, const rmt_point *points, int32_t *vertices)
{
    hull_chain chain = {vertices, 0, 0};
    for (size_t i = column_count; i-- > 0;)
        if (columns[i].lower >= 0)
            chain_add(&chain, points, columns[i].lower);
    int32_t first = vertices[0], corner = columns[0].upper;
    if (vertices[chain.count - 1] == corner)
        chain.count--;
    chain.base = chain.count;
    for (size_t i = 0; i < column_count; i++)
        if (columns[i].upper >= 0)
            chain_add(&chain, points, columns[i].upper);
    bool closed = chain.count > 1 && vertices[chain.count - 1] == first;
    return closed ? chain.count - 1 : chain.count;
}

/*
 * Where cv2 starts a hull: where its vertices are in the points' own order, forwards or backwards, at the end of that
 * order. Among rectangles of one area the start decides.
 */
static size_t hull_start(const int32_t *vertices, size_t count)
{
    size_t rises = 0, least = 0, greatest = 0;
    for (size_t i = 0; i < count; i++) {
        rises += vertices[i] < vertices[(i + 1) % count];
        least = vertices[i] < vertices[least] ? i : least;
        greatest = vertices[i] > vertices[greatest] ? i : greatest;
    }
    if (rises == count - 1)
        return least;
    return rises == 1 ? greatest : 0;
}

/* ---- rotating calipers ------------------------------------------------------------------------------------------- */

typedef struct vector {
    float x, y;
} vector;

/* A vertex and the edge that leaves it. */
typedef struct edge {
    vector from, along;
    float inverse_length;
} edge;

/* Four vertices that touch the sides of a rectangle, and the direction of its first side. */
typedef struct caliper_grip {
    const edge *edges;
    size_t count;
    size_t at[4]; /* least y, greatest x, greatest y, least x: each side follows the one before by a right angle */
    vector base;
} caliper_grip;

/* The best position so far. */
typedef struct caliper_fit {
    float area, width, height;
    vector base;
    size_t bottom, left;
} caliper_fit;

static void edges_fill(edge *edges, const int32_t *vertices, size_t start, size_t count, const rmt_point *points)
{
    for (size_t i = 0; i < count; i++) {
        rmt_point from = points[vertices[(start + i) % count]], to = points[vertices[(start + i + 1) % count]];
        double x = (float)to.x - (float)from.x, y = (float)to.y - (float)from.y;
        edges[i] = (edge){{(float)from.x, (float)from.y}, {(float)x, (float)y}, (float)(1. / sqrt(x * x + y * y))};
    }
}

static caliper_grip calipers_place(const edge *edges, size_t count)
{
    caliper_grip grip = {edges, count, {0, 0, 0, 0}, {1.0F, 0.0F}};
    for (size_t i = 1; i < count; i++) {
        vector at = edges[i].from;
        if (at.y < edges[grip.at[0]].from.y)
            grip.at[0] = i;
        if (at.x > edges[grip.at[1]].from.x)
            grip.at[1] = i;
        if (at.y > edges[grip.at[2]].from.y)
            grip.at[2] = i;
        if (at.x < edges[grip.at[3]].from.x)
            grip.at[3] = i;
    }
    return grip;
}

/* v turned back by `side` right angles. */
static vector turned_back(vector v, int side)
{
    switch (side) {
    case 1: return (vector){v.y, -v.x};
    case 2: return (vector){-v.x, -v.y};
    case 3: return (vector){-v.y, v.x};
    default: return v;
    }
}

/* Turns the calipers onto the next edge that any side meets. */
static void calipers_turn(caliper_grip *grip)
{
    int first = 0;
    vector least = grip->edges[grip->at[0]].along;
    for (int side = 1; side < 4; side++) {
        vector along = turned_back(grip->edges[grip->at[side]].along, side);
        if (along.y * least.x - along.x * least.y < 0)
            first = side, least = along;
    }
    float inverse_length = grip->edges[grip->at[first]].inverse_length;
    grip->base = (vector){least.x * inverse_length, least.y * inverse_length};
    grip->at[first] = grip->at[first] + 1 == grip->count ? 0 : grip->at[first] + 1;
}

static vector between(const caliper_grip *grip, int from, int to)
{
    vector a = grip->edges[grip->at[from]].from, b = grip->edges[grip->at[to]].from;
    return (vector){b.x - a.x, b.y - a.y};
}

/* Of equal areas the last one counts. */
static void calipers_measure(const caliper_grip *grip, caliper_fit *best)
{
    vector base = grip->base, across = between(grip, 3, 1), up = between(grip, 0, 2);
    float width = across.x * base.x + across.y * base.y, height = -up.x * base.y + up.y * base.x;
    if (width * height <= best->area)
        *best = (caliper_fit){width * height, width, height, base, grip->at[0], grip->at[3]};
}

/* ---- the rectangle ----------------------------------------------------------------------------------------------- */

typedef struct oriented_box {
    vector centre;
    float width, height, degrees;
} oriented_box;

static float length_of(vector v) { return (float)sqrt((double)v.x * v.x + (double)v.y * v.y); }

static oriented_box box_of_fit(const caliper_fit *fit, const edge *edges)
{
    vector base = fit->base, normal = {-base.y, base.x}, left = edges[fit->left].from, bottom = edges[fit->bottom].from;
    float c1 = base.x * left.x + left.y * base.y, c2 = normal.x * bottom.x + bottom.y * normal.y;
    float inverse = 1.0F / (base.x * normal.y - normal.x * base.y);
    vector corner = {(c1 * normal.y - c2 * base.y) * inverse, (base.x * c2 - normal.x * c1) * inverse};
    vector along = {base.x * fit->width, base.y * fit->width};
    vector up = {normal.x * fit->height, normal.y * fit->height};
    float radians = (float)atan2((double)along.y, (double)along.x);
    return (oriented_box){{corner.x + (along.x + up.x) * 0.5F, corner.y + (along.y + up.y) * 0.5F},
                          length_of(along),
                          length_of(up),
                          (float)(radians * 180 / PI)};
}

static void box_corners(const oriented_box *box, vector corners[4])
{
    double radians = box->degrees * PI / 180.;
    float b = (float)cos(radians) * 0.5F, a = (float)sin(radians) * 0.5F;
    vector centre = box->centre;
    corners[0] = (vector){centre.x - a * box->height - b * box->width, centre.y + b * box->height - a * box->width};
    corners[1] = (vector){centre.x + a * box->height - b * box->width, centre.y - b * box->height - a * box->width};
    corners[2] = (vector){2 * centre.x - corners[0].x, 2 * centre.y - corners[0].y};
    corners[3] = (vector){2 * centre.x - corners[1].x, 2 * centre.y - corners[1].y};
}

/* Stable, by x. */
static void sort_by_x(vector corners[4])
{
    for (int i = 1; i < 4; i++) {
        vector moved = corners[i];
        int j = i;
        for (; j > 0 && corners[j - 1].x > moved.x; j--)
            corners[j] = corners[j - 1];
        corners[j] = moved;
    }
}

static void rectangle_of_box(const oriented_box *box, rmt_rectangle *rectangle)
{
    vector corners[4];
    box_corners(box, corners);
    sort_by_x(corners);
    int top_left = corners[1].y > corners[0].y ? 0 : 1, top_right = corners[3].y > corners[2].y ? 2 : 3;
    int order[4] = {top_left, top_right, 5 - top_right, 1 - top_left};
    for (int i = 0; i < 4; i++) {
        rectangle->corners[i][0] = corners[order[i]].x;
        rectangle->corners[i][1] = corners[order[i]].y;
    }
    rectangle->short_side = box->width < box->height ? box->width : box->height;
}

bool rmt_rectangle_smallest(const rmt_point *points, size_t count, rmt_hull *hull, rmt_rectangle *rectangle)
{
    int32_t left, right;
    bounds_of(points, count, &left, &right);
    size_t column_count = (size_t)(right - left) + 1;
    column *columns = rmt_scratch_take(&hull->columns, column_count, sizeof *columns);
    int32_t *vertices = rmt_scratch_take(&hull->vertices, 2 * column_count + 2, sizeof *vertices);
    if (columns == NULL || vertices == NULL)
        return false;
    columns_fill(columns, column_count, left, points, count);
    size_t vertex_count = hull_walk(columns, column_count, points, vertices);
    *rectangle = (rmt_rectangle){0};
    if (vertex_count < 3)
        return true;

    edge *edges = rmt_scratch_take(&hull->edges, vertex_count, sizeof *edges);
    if (edges == NULL)
        return false;
    edges_fill(edges, vertices, hull_start(vertices, vertex_count), vertex_count, points);
    caliper_grip grip = calipers_place(edges, vertex_count);
    caliper_fit best = {.area = FLT_MAX};
    for (size_t i = 0; i < vertex_count; i++) {
        calipers_turn(&grip);
        calipers_measure(&grip, &best);
    }
    oriented_box box = box_of_fit(&best, edges);
    rectangle_of_box(&box, rectangle);
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growing a quad: each side moves outwards by a distance, each corner becomes
 * an arc, as Clipper 6 does it (round joins, arcs of at most a quarter of a
 * pixel's error, everything cut or rounded to whole pixels).
 *
 * A quad needs no polygon clipping: the points of its arcs stand in closed
 * form, and only their hull is asked for.
 */
#include "vision/geometry/geometry.h"

#include <math.h>

#define PI 3.141592653589793238
#define ARC_TOLERANCE 0.25

typedef struct vector {
    double x, y;
} vector;

/* A polygon of up to four whole corners, positively oriented (clockwise in the image). */
typedef struct cut_quad {
    rmt_point corners[4];
    vector normals[4]; /* outward, of the side from corner i to the next */
    int count;
} cut_quad;

/* The arc of a full circle, in steps. */
typedef struct arc_shape {
    double distance, steps_per_radian;
    vector step; /* cosine and sine of one step */
} arc_shape;

static bool same_point(rmt_point a, rmt_point b) { return a.x == b.x && a.y == b.y; }

static void drop_repeated(cut_quad *quad)
{
    int kept = 0;
    for (int i = 0; i < quad->count; i++)
        if (kept == 0 || !same_point(quad->corners[i], quad->corners[kept - 1]))
            quad->corners[kept++] = quad->corners[i];
    while (kept > 1 && same_point(quad->corners[kept - 1], quad->corners[0]))
        kept--;
    quad->count = kept;
}

static void orient(cut_quad *quad)
{
    int64_t doubled_area = 0;
    for (int i = 0; i < quad->count; i++) {
        rmt_point a = quad->corners[i], b = quad->corners[(i + 1) % quad->count];
        doubled_area += (int64_t)a.x * b.y - (int64_t)b.x * a.y;
    }
    if (doubled_area >= 0)
        return;
    for (int i = 0, j = quad->count - 1; i < j; i++, j--) {
        rmt_point swap = quad->corners[i];
        quad->corners[i] = quad->corners[j];
        quad->corners[j] = swap;
    }
}

static cut_quad quad_cut(const float corners[4][2])
{
    cut_quad quad = {.count = 4};
    for (int i = 0; i < 4; i++)
        quad.corners[i] = (rmt_point){(int32_t)corners[i][0], (int32_t)corners[i][1]};
    drop_repeated(&quad);
    orient(&quad);
    for (int i = 0; i < quad.count; i++) {
        rmt_point a = quad.corners[i], b = quad.corners[(i + 1) % quad.count];
        double x = b.x - a.x, y = b.y - a.y, inverse = 1.0 / sqrt(x * x + y * y);
        quad.normals[i] = (vector){y * inverse, -x * inverse};
    }
    return quad;
}

static arc_shape arc_of(double distance)
{
    double tolerance = ARC_TOLERANCE > distance * ARC_TOLERANCE ? distance * ARC_TOLERANCE : ARC_TOLERANCE;
    double steps = fmin(PI / acos(1 - tolerance / distance), distance * PI);
    return (arc_shape){distance, steps / (PI * 2), {cos(PI * 2 / steps), sin(PI * 2 / steps)}};
}

static int32_t rounded(double value) { return (int32_t)(value < 0 ? value - 0.5 : value + 0.5); }

static bool add_moved(rmt_points *grown, rmt_point corner, vector direction, double distance)
{
    return rmt_points_add(grown, rounded(corner.x + direction.x * distance),
                          rounded(corner.y + direction.y * distance));
}

/* The arc about a corner from the direction of one normal to that of the next. */
static bool add_arc(rmt_points *grown, const arc_shape *arc, rmt_point corner, vector from, vector to)
{
    double angle = atan2(from.x * to.y - to.x * from.y, from.x * to.x + from.y * to.y);
    int32_t steps = rounded(arc->steps_per_radian * fabs(angle));
    vector at = from;
    for (int32_t i = 0; i < (steps > 1 ? steps : 1); i++) {
        if (!add_moved(grown, corner, at, arc->distance))
            return false;
        at = (vector){at.x * arc->step.x - arc->step.y * at.y, at.x * arc->step.y + at.y * arc->step.x};
    }
    return add_moved(grown, corner, to, arc->distance);
}

/* The corner between sides *before and i. A corner that hardly turns keeps *before: the next one turns from there. */
static bool add_corner(rmt_points *grown, const cut_quad *quad, const arc_shape *arc, int i, int *before)
{
    vector from = quad->normals[*before], to = quad->normals[i];
    double sine = from.x * to.y - to.x * from.y;
    if (fabs(sine * arc->distance) < 1.0 && from.x * to.x + from.y * to.y > 0)
        return add_moved(grown, quad->corners[i], from, arc->distance);
    *before = i;
    if (sine * arc->distance >= 0)
        return add_arc(grown, arc, quad->corners[i], from, to);
    return add_moved(grown, quad->corners[i], from, arc->distance) &&
           rmt_points_add(grown, quad->corners[i].x, quad->corners[i].y) &&
           add_moved(grown, quad->corners[i], to, arc->distance);
}

bool rmt_quad_grow(const float corners[4][2], double distance, rmt_points *grown)
{
    grown->count = 0;
    cut_quad quad = quad_cut(corners);
    if (quad.count < 3)
        return true;
    arc_shape arc = arc_of(distance);
    for (int i = 0, before = quad.count - 1; i < quad.count; i++)
        if (!add_corner(grown, &quad, &arc, i, &before))
            return false;
    return true;
}

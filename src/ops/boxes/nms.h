/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What operators that suppress overlapping boxes share: a box may stay when it
 * overlaps none that stays already by more than a threshold; and lists of what
 * was detected, cut to the best ones. All memory is scratch of the caller.
 */
#ifndef RMT_NMS_H
#define RMT_NMS_H

#include "ops/ops_help.h"
#include "ops/ranking.h"

/* Hands out parts of scratch, each aligned for vectors; with base NULL it only counts. */
typedef struct rmt_rooms {
    unsigned char *base;
    size_t bytes;
} rmt_rooms;

void *rmt_rooms_take(rmt_rooms *rooms, int64_t count, size_t size);

/* An attribute of which any negative number means: without limit (-1). */
int64_t rmt_count_limit(const rmt_node *node, const char *name);

/* Entry i of a dense tensor of counts that share out rows, of which `left` are left. */
int64_t rmt_image_rows(const rmt_view *counts, int64_t i, int64_t left);

/* ---- boxes that stay ------------------------------------------------------------------------------------------ */

/* Coordinates of a box: 4 are two corners; 8, 16, 24, 32 a polygon of 4, 8, 12, 16 points. */
bool rmt_box_size_is_known(int64_t coordinates);

/* The area of a box of two corners; not normalized: of pixels, whose corners belong to the box. */
static inline float rmt_box_area(const float box[4], bool normalized)
{
    if (box[2] < box[0] || box[3] < box[1])
        return 0;
    float w = box[2] - box[0], h = box[3] - box[1];
    return normalized ? w * h : (w + 1.0f) * (h + 1.0f);
}

typedef struct rmt_kept {
    int32_t coordinates;
    bool normalized;
    float threshold, eta; /* eta < 1: the threshold shrinks with each box that stays, while it is above 0.5 */
    int64_t count, capacity;
    float *areas;      /* [capacity] */
    float *coordinate; /* 4: [4][capacity], so that many boxes are compared at once; else [capacity][coordinates] */
} rmt_kept;

/* Takes room for `capacity` boxes; nothing is kept yet. */
void rmt_kept_init(rmt_kept *kept, rmt_rooms *rooms, int64_t capacity, int32_t coordinates, bool normalized);

/* Empties it. */
void rmt_kept_begin(rmt_kept *kept, float threshold, float eta);

/* Keeps the box, true, if it overlaps none that is kept. */
bool rmt_kept_try(rmt_kept *kept, const float *box);

/* Overlaps of box with kept ones [0, count) of two corners: intersection over union. */
void rmt_kept_overlaps(const rmt_kept *kept, const float box[4], float *overlaps);
void rmt_kept_add(rmt_kept *kept, const float *box);

/* Intersection over union of two polygons with `points` (at most 16) points each; an even-odd fill where they cross. */
float rmt_polygon_overlap(const float *a, const float *b, int32_t points);

/* ---- what was detected ---------------------------------------------------------------------------------------- */

typedef struct rmt_detection {
    float score;
    int32_t label, index;
} rmt_detection;

/*
 * Detections in the order in which they were found, of which the best `keep` matter (-1: all): when the room is full it is
 * cut to them. `least` is then a score that a further one must exceed.
 */
typedef struct rmt_detections {
    rmt_detection *items;
    int64_t count, capacity, keep;
    float least;
    uint64_t *keys; /* [capacity] */
} rmt_detections;

/* Room for the best `keep` of at most `most`. */
void rmt_detections_init(rmt_detections *list, rmt_rooms *rooms, int64_t most, int64_t keep);
void rmt_detections_begin(rmt_detections *list, float least);
void rmt_detections_add(rmt_detections *list, rmt_detection item);

/* Cuts to the best `keep`; equal scores: the first found stay. The order stays. */
void rmt_detections_cut(rmt_detections *list);

#endif

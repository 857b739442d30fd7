/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segmentation inside the library: what a configuration says, and the way from
 * a pixel of the image to its place in the network's map.
 */
#ifndef RMT_SEGMENT_H
#define RMT_SEGMENT_H

#include "ramet/segment.h"
#include "vision/transform/transform.h"

/* What a configuration says. Plain data. */
typedef struct rmt_segment_config {
    rmt_transform transform;
    bool gives_classes;       /* output_op: argmax */
    bool gives_probabilities; /* output_op: softmax */
} rmt_segment_config;

/* Reads Deploy. UNSUPPORTED names the transform or option, and its line. */
ramet_status rmt_segment_config_open(const char *config_file, rmt_segment_config *config, ramet_error *error);

/* Whether the first Resize stands its size upright. */
void rmt_segment_set_vertical(rmt_transform *transform, bool vertical);

/*
 * One direction of an image in a map: index i of the image has its middle at (i + 0.5) * step + start of the map. Of the
 * map, first..end - 1 belong to the image; what lies outside counts as the nearest of these.
 */
typedef struct rmt_map_axis {
    double step, start;
    int32_t first, end;
} rmt_map_axis;

typedef struct rmt_map_place {
    rmt_map_axis x, y;
} rmt_map_place;

/* Where an image of extent `image` lies in a map that the network made of it. */
ramet_status rmt_map_trace(const rmt_transform *transform, rmt_extent image, rmt_extent map, rmt_map_place *place,
                           ramet_error *error);
/* The map itself as the image. */
rmt_map_place rmt_map_whole(rmt_extent map);

/* Index i of the image -> the nearest of the map, as cv2's INTER_NEAREST. */
int32_t rmt_map_nearest(const rmt_map_axis *axis, int32_t i);
/* -> the index before its place, which may lie outside, and the weight of the next one, as cv2's INTER_LINEAR. */
int32_t rmt_map_linear(const rmt_map_axis *axis, int32_t i, float *fraction);

/* Scores of one image: float32 [classes][height][width]. */
typedef struct rmt_score_map {
    const float *data;
    int32_t classes;
    rmt_extent extent;
} rmt_score_map;

/* The best class of each of `count` columns of scores [classes][pitch]; best: their scores. */
void rmt_scores_best(const float *scores, size_t pitch, int32_t classes, size_t count, uint16_t *labels, float *best);

/*
 * Enlarges (or shrinks) all scores bilinearly to result's size and takes the best class of each pixel, row by row:
 * memory for two rows of all classes. softmax: over the classes of each pixel of the map, before that.
 */
ramet_status rmt_scores_resize(const rmt_score_map *map, const rmt_map_place *place, bool softmax, rmt_scratch *scratch,
                               ramet_segment_result *result, ramet_error *error);

#endif

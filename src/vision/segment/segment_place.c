/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an image lies in its map. The steps that made the network's input of
 * the image are followed once, in coordinates: a resize stretches, a padding
 * or crop moves. Undoing a padding cuts the map, so that what was added never
 * blends into the image; whatever came before the last resize is part of it.
 */
#include "vision/segment/segment.h"

#include <math.h>

/* An axis on its way; the step is a quotient to the end, so that one resize gives exactly cv2's. */
typedef struct axis_walk {
    double numerator, denominator, start;
    double first, end;
} axis_walk;

static void stretch(axis_walk *walk, int32_t from, int32_t to)
{
    if (from == to)
        return;
    walk->numerator *= to;
    walk->denominator *= from;
    walk->start = walk->start * to / from;
    walk->first = 0;
    walk->end = to;
}

/* A padding (offset >= 0) or a crop (offset <= 0) to `to`. */
static void move(axis_walk *walk, int32_t offset, int32_t to)
{
    walk->start += offset;
    walk->first = fmax(walk->first + offset, 0);
    walk->end = fmin(walk->end + offset, to);
}

static axis_walk begin(int32_t side) { return (axis_walk){1, 1, 0, 0, side}; }

/* From the network's input, of `side`, to its map. */
static rmt_map_axis finish(const axis_walk *walk, int32_t side, int32_t map)
{
    double scale = (double)map / side;
    rmt_map_axis axis = {.start = walk->start * scale};
    axis.step = 1.0 / ((walk->denominator * side) / (walk->numerator * map));
    axis.first = (int32_t)fmin(floor(walk->first * scale), map - 1);
    axis.end = (int32_t)fmin(ceil(walk->end * scale), map);
    if (axis.end <= axis.first)
        axis.end = axis.first + 1;
    return axis;
}

ramet_status rmt_map_trace(const rmt_transform *transform, rmt_extent image, rmt_extent map, rmt_map_place *place,
                           ramet_error *error)
{
    axis_walk x = begin(image.width), y = begin(image.height);
    for (size_t i = 0; i < transform->count; i++) {
        rmt_step_effect effect;
        ramet_status status = rmt_step_measure(&transform->steps[i], image, &effect, error);
        if (status != RAMET_STATUS_OK)
            return status;
        if (transform->steps[i].kind < RMT_STEP_CROP) {
            stretch(&x, image.width, effect.extent.width);
            stretch(&y, image.height, effect.extent.height);
        } else {
            move(&x, effect.left, effect.extent.width);
            move(&y, effect.top, effect.extent.height);
        }
        image = effect.extent;
    }
    *place = (rmt_map_place){finish(&x, image.width, map.width), finish(&y, image.height, map.height)};
    return RAMET_STATUS_OK;
}

rmt_map_place rmt_map_whole(rmt_extent map) { return (rmt_map_place){{1, 0, 0, map.width}, {1, 0, 0, map.height}}; }

int32_t rmt_map_nearest(const rmt_map_axis *axis, int32_t i)
{
    double at = floor(i * axis->step + axis->start);
    return at < axis->first ? axis->first : at < axis->end ? (int32_t)at : axis->end - 1;
}

int32_t rmt_map_linear(const rmt_map_axis *axis, int32_t i, float *fraction)
{
    float at = (float)((i + 0.5) * axis->step + (axis->start - 0.5)), index = floorf(at);
    *fraction = at - index;
    return (int32_t)index;
}

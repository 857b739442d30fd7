/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text detection: a probability map to boxes (differentiable binarisation).
 *
 * threshold -> borders -> smallest rectangle -> score -> grown rectangle ->
 * box of the image -> reading order. A candidate falls out where one of these
 * steps finds it too small or too unsure; what is left is never an error.
 */
#include "vision/geometry/geometry.h"
#include "vision/ocr/ocr.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GROWTH_MARGIN 2 /* a grown box must be this much longer than min_box_side */

struct ramet_det_postprocessor {
    rmt_postprocessor base;
    ramet_det_option option;
    rmt_bitmap bitmap;
    rmt_points contour, grown;
    rmt_hull hull;
    rmt_polygon_filler filler;
    rmt_scratch ring, boxes;
};

void ramet_det_result_clear(ramet_det_result *result)
{
    if (result == NULL)
        return;
    free(result->owner);
    *result = (ramet_det_result){0};
}

/* ---- growth ------------------------------------------------------------------------------------------------------ */

/* area * ratio / perimeter: by this far the training shrank the box. */
static double growth_of(const rmt_rectangle *box, double ratio)
{
    double doubled_area = 0, perimeter = 0;
    for (int i = 0; i < 4; i++) {
        const float *a = box->corners[i], *b = box->corners[(i + 1) % 4];
        double x = (double)b[0] - (double)a[0], y = (double)b[1] - (double)a[1];
        doubled_area += (double)a[0] * (double)b[1] - (double)b[0] * (double)a[1];
        perimeter += sqrt(x * x + y * y);
    }
    return fabs(doubled_area) * 0.5 * ratio / perimeter;
}

/* ---- candidates -------------------------------------------------------------------------------------------------- */

typedef enum candidate_fate { DROPPED, KEPT, NO_MEMORY } candidate_fate;

static candidate_fate read_candidate(ramet_det_postprocessor *self, const rmt_map *map, const rmt_border *border,
                                     const ramet_det_geometry *geometry, rmt_det_box *box)
{
    const ramet_det_option *option = &self->option;
    rmt_rectangle rectangle;
    double score;
    if (!rmt_border_trace(&self->bitmap, border, &self->contour) ||
        !rmt_rectangle_smallest(self->contour.items, self->contour.count, &self->hull, &rectangle))
        return NO_MEMORY;
    if (rectangle.short_side < (float)option->min_box_side)
        return DROPPED;
    bool slow = option->db_score_mode == RAMET_DET_SCORE_MODE_SLOW;
    if (slow ? !rmt_map_mean_polygon(map, &self->contour, &self->filler, &score)
             : !rmt_map_mean_rectangle(map, &rectangle, &self->filler, &score))
        return NO_MEMORY;
    if (!(score >= (double)option->db_box_thresh))
        return DROPPED;
    double growth = growth_of(&rectangle, (double)option->db_unclip_ratio);
    if (!rmt_quad_grow(rectangle.corners, growth, &self->grown))
        return NO_MEMORY;
    if (self->grown.count == 0)
        return DROPPED;
    if (!rmt_rectangle_smallest(self->grown.items, self->grown.count, &self->hull, &rectangle))
        return NO_MEMORY;
    if (rectangle.short_side < (float)(option->min_box_side + GROWTH_MARGIN))
        return DROPPED;
    box->quad = rmt_box_to_image(rectangle.corners, geometry);
    box->score = (float)score;
    return rmt_box_is_usable(&box->quad) ? KEPT : DROPPED;
}

/* All boxes in reading order into self->boxes. */
static bool read_candidates(ramet_det_postprocessor *self, const rmt_map *map, const ramet_det_geometry *geometry,
                            size_t *count)
{
    size_t capacity = (size_t)self->option.max_candidates;
    rmt_borders borders = {rmt_scratch_take(&self->ring, capacity, sizeof(rmt_border)), capacity, 0};
    rmt_det_box *boxes = rmt_scratch_take(&self->boxes, capacity, sizeof *boxes);
    if (borders.ring == NULL || boxes == NULL)
        return false;
    rmt_borders_find(&self->bitmap, &borders);
    *count = 0;
    for (size_t i = 0; i < rmt_borders_count(&borders); i++) {
        rmt_det_box *box = &boxes[*count];
        candidate_fate fate = read_candidate(self, map, rmt_borders_get(&borders, i), geometry, box);
        if (fate == NO_MEMORY)
            return false;
        box->index = i;
        *count += fate == KEPT;
    }
    rmt_boxes_sort(boxes, *count);
    return true;
}

/* ---- results ----------------------------------------------------------------------------------------------------- */

static ramet_status fill_result(const rmt_det_box *boxes, size_t count, ramet_det_result *result, ramet_error *error)
{
    if (count == 0)
        return RAMET_STATUS_OK;
    size_t bytes = count * (sizeof(ramet_quad) + sizeof(float));
    ramet_quad *block = malloc(bytes);
    if (block == NULL)
        return rmt_fail_memory(error, bytes);
    *result = (ramet_det_result){.count = count, .boxes = block, .scores = (float *)(block + count), .owner = block};
    for (size_t i = 0; i < count; i++) {
        result->boxes[i] = boxes[i].quad;
        result->scores[i] = boxes[i].score;
    }
    return RAMET_STATUS_OK;
}

static ramet_status check_geometry(const ramet_tensor *output, const ramet_det_geometry *geometry, ramet_error *error)
{
    bool positive = geometry->image_width > 0 && geometry->image_height > 0 && geometry->resized_width > 0 &&
                    geometry->resized_height > 0;
    if (positive && geometry->resized_width <= output->dims[3] && geometry->resized_height <= output->dims[2])
        return RAMET_STATUS_OK;
    return rmt_fail(error, RAMET_STATUS_BAD_SHAPE, "a map of %d x %d does not fit an image resized to %d x %d",
                    (int)output->dims[3], (int)output->dims[2], (int)geometry->resized_width,
                    (int)geometry->resized_height);
}

static ramet_status read_map(ramet_det_postprocessor *self, const ramet_tensor *output, size_t row,
                             const ramet_det_geometry *geometry, ramet_det_result *result, ramet_error *error)
{
    ramet_status status = check_geometry(output, geometry, error);
    if (status != RAMET_STATUS_OK)
        return status;
    rmt_map map = {NULL, (int32_t)output->dims[3], (int32_t)output->dims[2]};
    map.values = (const float *)output->data + row * (size_t)map.width * (size_t)map.height;
    size_t count;
    if (!rmt_bitmap_threshold(&self->bitmap, &map, self->option.db_thresh))
        return rmt_fail_memory(error, (size_t)map.width * (size_t)map.height);
    if (self->option.use_dilation)
        rmt_bitmap_dilate(&self->bitmap);
    if (!read_candidates(self, &map, geometry, &count))
        return rmt_fail(error, RAMET_STATUS_OUT_OF_MEMORY, "no memory left for the text boxes of an image");
    return fill_result(self->boxes.data, count, result, error);
}

static ramet_status accept_output(const rmt_postprocessor *base, const ramet_tensor *output, ramet_error *error)
{
    (void)base;
    ramet_status status = rmt_tensor_check(output, 4, "the map of a text detector", error);
    if (status != RAMET_STATUS_OK)
        return status;
    if (output->dims[1] != 1 || output->dims[2] < 1 || output->dims[3] < 1 || output->dims[2] > RMT_GEOMETRY_LIMIT ||
        output->dims[3] > RMT_GEOMETRY_LIMIT)
        return rmt_fail(error, RAMET_STATUS_BAD_SHAPE, "the map of a text detector must be [n, 1, h, w]");
    return RAMET_STATUS_OK;
}

static ramet_status read_row(rmt_postprocessor *base, const ramet_tensor *output, size_t row, const ramet_image *image,
                             void *result, ramet_error *error)
{
    ramet_det_postprocessor *self = (ramet_det_postprocessor *)base;
    rmt_det_plan plan = rmt_det_plan_make(&self->option, (rmt_extent){image->height, image->width});
    return read_map(self, output, row, &plan.geometry, result, error);
}

static void clear_result(void *result) { ramet_det_result_clear(result); }

/* ---- the object -------------------------------------------------------------------------------------------------- */

static void configure(rmt_postprocessor *base, const rmt_postprocessor *from)
{
    ((ramet_det_postprocessor *)base)->option = ((const ramet_det_postprocessor *)from)->option;
}

static void release(rmt_postprocessor *base)
{
    ramet_det_postprocessor *self = (ramet_det_postprocessor *)base;
    rmt_scratch_clear(&self->bitmap.memory);
    rmt_points_clear(&self->contour);
    rmt_points_clear(&self->grown);
    rmt_hull_clear(&self->hull);
    rmt_polygon_filler_clear(&self->filler);
    rmt_scratch_clear(&self->ring);
    rmt_scratch_clear(&self->boxes);
}

static const rmt_postprocessor_kind KIND = {
    .bytes = sizeof(ramet_det_postprocessor),
    .result_bytes = sizeof(ramet_det_result),
    .accept = accept_output,
    .read = read_row,
    .clear = clear_result,
    .configure = configure,
    .release = release,
};

ramet_status ramet_det_postprocessor_create(const ramet_det_option *option, ramet_det_postprocessor **postprocessor,
                                            ramet_error *error)
{
    ramet_det_option resolved;
    if (postprocessor == NULL)
        return rmt_fail_no_place(error);
    *postprocessor = NULL;
    ramet_status status = rmt_det_option_resolve(option, &resolved, error);
    if (status != RAMET_STATUS_OK)
        return status;
    *postprocessor = (ramet_det_postprocessor *)rmt_postprocessor_create(&KIND, error);
    if (*postprocessor == NULL)
        return RAMET_STATUS_OUT_OF_MEMORY;
    rmt_det_postprocessor_set_option(*postprocessor, &resolved);
    return RAMET_STATUS_OK;
}

void rmt_det_postprocessor_set_option(ramet_det_postprocessor *self, const ramet_det_option *option)
{
    self->option = *option;
}

void ramet_det_postprocessor_destroy(ramet_det_postprocessor *postprocessor)
{
    rmt_postprocessor_destroy((rmt_postprocessor *)postprocessor);
}

ramet_status ramet_det_postprocessor_run(ramet_det_postprocessor *postprocessor, const ramet_tensor *map,
                                         const ramet_det_geometry *geometry, ramet_det_result *result,
                                         ramet_error *error)
{
    if (postprocessor == NULL || map == NULL || geometry == NULL || result == NULL)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT,
                        "a text postprocessor needs a map, geometry and a result");
    *result = (ramet_det_result){0};
    ramet_status status = rmt_guard_enter(&postprocessor->base.guard, error);
    if (status != RAMET_STATUS_OK)
        return status;
    status = accept_output(&postprocessor->base, map, error);
    if (status == RAMET_STATUS_OK && map->dims[0] != 1)
        status = rmt_fail(error, RAMET_STATUS_BAD_SHAPE, "a map of one image is wanted, not of %lld",
                          (long long)map->dims[0]);
    if (status == RAMET_STATUS_OK)
        status = read_map(postprocessor, map, 0, geometry, result, error);
    rmt_guard_leave(&postprocessor->base.guard);
    return status;
}

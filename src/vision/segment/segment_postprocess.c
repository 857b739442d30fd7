/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segmentation: a map of classes or of scores to a result in the size of the
 * image. Classes, and the best of scores that nobody wants to keep, are taken
 * nearest; scores to be kept are enlarged first and compared then.
 */
#include "vision/segment/segment.h"

#include <stdlib.h>
#include <string.h>

#define CLASSES_MAX 65536 /* what a label of 16 bits can say */

struct ramet_segment_postprocessor {
    rmt_postprocessor base;
    rmt_segment_config config;
    ramet_segment_option option;
    rmt_scratch rows;
};

void ramet_segment_result_clear(ramet_segment_result *result)
{
    if (result == NULL)
        return;
    free(result->owner);
    *result = (ramet_segment_result){0};
}

ramet_status ramet_segment_result_save(const ramet_segment_result *result, const char *path, ramet_error *error)
{
    if (result == NULL || result->label_map == NULL || path == NULL)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "there is no label map to save, or no path");
    rmt_class_map map = {result->label_map, result->width, result->height};
    return rmt_class_map_save(&map, path, error);
}

/* ---- maps -------------------------------------------------------------------------------------------------------- */

/* The map of one image: classes, or scores [classes][height][width]. */
typedef struct output_map {
    const void *data;
    ramet_dtype dtype;
    int32_t classes; /* 0: the map holds classes */
    rmt_extent extent;
} output_map;

static bool is_scores(const ramet_segment_postprocessor *self, const ramet_tensor *output)
{
    bool one_channel = output->dims[1] == 1 && (self->config.gives_classes || output->dtype != RAMET_DTYPE_FLOAT32);
    return output->rank == 4 && !one_channel;
}

/* Of an accepted output. */
static output_map map_of(const ramet_segment_postprocessor *self, const ramet_tensor *output, size_t row)
{
    const int64_t *sides = &output->dims[output->rank - 2];
    output_map map = {.dtype = output->dtype, .extent = {(int32_t)sides[0], (int32_t)sides[1]}};
    map.classes = is_scores(self, output) ? (int32_t)output->dims[1] : 0;
    size_t planes = map.classes > 0 ? (size_t)map.classes : 1;
    size_t bytes = planes * (size_t)(sides[0] * sides[1]) * ramet_dtype_bytes(output->dtype);
    map.data = (const char *)output->data + row * bytes;
    return map;
}

static bool is_side(int64_t side) { return side >= 1 && side <= RMT_IMAGE_MAX_PIXELS; }

static ramet_status accept_output(const rmt_postprocessor *base, const ramet_tensor *output, ramet_error *error)
{
    const ramet_segment_postprocessor *self = (const ramet_segment_postprocessor *)base;
    if (output->rank != 3 && output->rank != 4)
        return rmt_fail(error, RAMET_STATUS_BAD_SHAPE, "the maps of a segmentation have rank 3 or 4, not %d",
                        (int)output->rank);
    rmt_shape shape = {.rank = output->rank};
    memcpy(shape.dims, output->dims, sizeof shape.dims);
    const int64_t *sides = &output->dims[output->rank - 2];
    if (rmt_shape_elements(&shape) < 0 || !is_side(sides[0]) || !is_side(sides[1]) ||
        sides[0] * sides[1] > RMT_IMAGE_MAX_PIXELS || ramet_dtype_bytes(output->dtype) == 0)
        return rmt_fail(error, RAMET_STATUS_BAD_SHAPE, "the maps of a segmentation are no images, or are too large");
    if (is_scores(self, output) &&
        (output->dtype != RAMET_DTYPE_FLOAT32 || output->dims[1] < 1 || output->dims[1] > CLASSES_MAX))
        return rmt_fail(error, RAMET_STATUS_BAD_SHAPE, "scores must be float32 of 1 to %d classes, not %s of %lld",
                        CLASSES_MAX, ramet_dtype_name(output->dtype), (long long)output->dims[1]);
    if (output->dims[0] > 0 && output->data == NULL)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "the maps of a segmentation have no data");
    return RAMET_STATUS_OK;
}

/* ---- classes ----------------------------------------------------------------------------------------------------- */

static int64_t class_of_number(double number)
{
    return number >= 0 && number < CLASSES_MAX ? (int64_t)number : -1; /* also what is not a number */
}

/* Element i; -1 for what is no class. */
static int64_t class_at(const output_map *map, size_t i)
{
    switch (map->dtype) {
    case RAMET_DTYPE_UINT8:
    case RAMET_DTYPE_BOOL: return ((const uint8_t *)map->data)[i];
    case RAMET_DTYPE_INT8: return ((const int8_t *)map->data)[i];
    case RAMET_DTYPE_INT16: return ((const int16_t *)map->data)[i];
    case RAMET_DTYPE_INT32: return ((const int32_t *)map->data)[i];
    case RAMET_DTYPE_INT64: return ((const int64_t *)map->data)[i];
    case RAMET_DTYPE_FLOAT32: return class_of_number((double)((const float *)map->data)[i]);
    case RAMET_DTYPE_FLOAT64: return class_of_number(((const double *)map->data)[i]);
    default: return -1;
    }
}

/* Row y of the map as classes; best: room for scores. */
static ramet_status read_row(const output_map *map, int32_t y, uint16_t *labels, float *best, ramet_error *error)
{
    size_t width = (size_t)map->extent.width, start = (size_t)y * width;
    if (map->classes > 0) {
        size_t plane = width * (size_t)map->extent.height;
        rmt_scores_best((const float *)map->data + start, plane, map->classes, width, labels, best);
        return RAMET_STATUS_OK;
    }
    for (size_t x = 0; x < width; x++) {
        int64_t label = class_at(map, start + x);
        if (label < 0 || label >= CLASSES_MAX)
            return rmt_fail(error, RAMET_STATUS_UNSUPPORTED, "the map holds a class outside of 0..%d", CLASSES_MAX - 1);
        labels[x] = (uint16_t)label;
    }
    return RAMET_STATUS_OK;
}

/* Each pixel of the result gets the class that lies nearest. */
static ramet_status take_nearest(ramet_segment_postprocessor *self, const output_map *map, const rmt_map_place *place,
                                 ramet_segment_result *result, ramet_error *error)
{
    size_t width = (size_t)result->width, map_width = (size_t)map->extent.width;
    size_t bytes = width * sizeof(int32_t) + map_width * (sizeof(float) + sizeof(uint16_t));
    int32_t *columns = rmt_scratch_take(&self->rows, bytes, 1);
    if (columns == NULL)
        return rmt_fail_memory(error, bytes);
    float *best = (float *)(columns + width);
    uint16_t *row = (uint16_t *)(best + map_width);
    for (size_t x = 0; x < width; x++)
        columns[x] = rmt_map_nearest(&place->x, (int32_t)x);
    for (int32_t y = 0, before = -1; y < result->height; y++) {
        uint16_t *out = result->label_map + (size_t)y * width;
        int32_t at = rmt_map_nearest(&place->y, y);
        if (at == before) {
            memcpy(out, out - width, width * sizeof *out);
            continue;
        }
        ramet_status status = read_row(map, at, row, best, error);
        if (status != RAMET_STATUS_OK)
            return status;
        for (size_t x = 0; x < width; x++)
            out[x] = row[columns[x]];
        before = at;
    }
    return RAMET_STATUS_OK;
}

/* ---- results ----------------------------------------------------------------------------------------------------- */

static ramet_status make_result(rmt_extent extent, bool scores, ramet_segment_result *result, ramet_error *error)
{
    size_t pixels = (size_t)extent.height * (size_t)extent.width; /* at most RMT_IMAGE_MAX_PIXELS */
    size_t score_bytes = scores ? pixels * sizeof(float) : 0, bytes = score_bytes + pixels * sizeof(uint16_t);
    char *block = malloc(bytes);
    if (block == NULL)
        return rmt_fail_memory(error, bytes);
    *result = (ramet_segment_result){
        .height = extent.height,
        .width = extent.width,
        .label_map = (uint16_t *)(block + score_bytes),
        .score_map = scores ? (float *)block : NULL,
        .contain_score_map = scores,
        .owner = block,
    };
    return RAMET_STATUS_OK;
}

static ramet_status read_map(rmt_postprocessor *base, const ramet_tensor *output, size_t row, const ramet_image *image,
                             void *into, ramet_error *error)
{
    ramet_segment_postprocessor *self = (ramet_segment_postprocessor *)base;
    output_map map = map_of(self, output, row);
    rmt_extent extent = image != NULL ? (rmt_extent){image->height, image->width} : map.extent;
    rmt_map_place place = rmt_map_whole(map.extent);
    bool scores = map.classes > 0 && self->option.store_score_map != 0;
    ramet_status status = RAMET_STATUS_OK;
    if (image != NULL)
        status = rmt_map_trace(&self->config.transform, extent, map.extent, &place, error);
    if (status == RAMET_STATUS_OK)
        status = make_result(extent, scores, into, error);
    if (status != RAMET_STATUS_OK)
        return status;
    if (!scores)
        return take_nearest(self, &map, &place, into, error);
    rmt_score_map score_map = {map.data, map.classes, map.extent};
    bool softmax = self->option.apply_softmax != 0 && !self->config.gives_probabilities;
    return rmt_scores_resize(&score_map, &place, softmax, &self->rows, into, error);
}

static void clear_result(void *result) { ramet_segment_result_clear(result); }

/* ---- the object -------------------------------------------------------------------------------------------------- */

static void configure(rmt_postprocessor *base, const rmt_postprocessor *from)
{
    ramet_segment_postprocessor *self = (ramet_segment_postprocessor *)base;
    self->config = ((const ramet_segment_postprocessor *)from)->config;
    self->option = ((const ramet_segment_postprocessor *)from)->option;
}

static void release(rmt_postprocessor *base) { rmt_scratch_clear(&((ramet_segment_postprocessor *)base)->rows); }

static const rmt_postprocessor_kind KIND = {
    .bytes = sizeof(ramet_segment_postprocessor),
    .result_bytes = sizeof(ramet_segment_result),
    .accept = accept_output,
    .read = read_map,
    .clear = clear_result,
    .configure = configure,
    .release = release,
};

ramet_status ramet_segment_postprocessor_create(const char *config_file, ramet_segment_postprocessor **postprocessor,
                                                ramet_error *error)
{
    rmt_segment_config config;
    if (postprocessor == NULL)
        return rmt_fail_no_place(error);
    *postprocessor = NULL;
    ramet_status status = rmt_segment_config_open(config_file, &config, error);
    if (status != RAMET_STATUS_OK)
        return status;
    ramet_segment_postprocessor *self = (ramet_segment_postprocessor *)rmt_postprocessor_create(&KIND, error);
    if (self == NULL)
        return RAMET_STATUS_OUT_OF_MEMORY;
    self->config = config;
    *postprocessor = self;
    return RAMET_STATUS_OK;
}

void ramet_segment_postprocessor_destroy(ramet_segment_postprocessor *postprocessor)
{
    rmt_postprocessor_destroy((rmt_postprocessor *)postprocessor);
}

ramet_status ramet_segment_postprocessor_set_option(ramet_segment_postprocessor *postprocessor,
                                                    const ramet_segment_option *option, ramet_error *error)
{
    ramet_segment_option read;
    ramet_status status = rmt_option_read(&read, sizeof read, option, error);
    if (status == RAMET_STATUS_OK && postprocessor == NULL)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "there is no postprocessor to set options of");
    if (status == RAMET_STATUS_OK)
        status = rmt_guard_enter(&postprocessor->base.guard, error);
    if (status != RAMET_STATUS_OK)
        return status;
    postprocessor->option = read;
    rmt_segment_set_vertical(&postprocessor->config.transform, read.is_vertical_screen != 0);
    rmt_guard_leave(&postprocessor->base.guard);
    return RAMET_STATUS_OK;
}

/* A caller's images lend their sizes only. */
static ramet_status check_extents(const ramet_image *images, size_t count, ramet_error *error)
{
    for (size_t i = 0; images != NULL && i < count; i++)
        if (!is_side(images[i].width) || !is_side(images[i].height) ||
            (int64_t)images[i].width * images[i].height > RMT_IMAGE_MAX_PIXELS)
            return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "image %zu has %d x %d pixels", i,
                            (int)images[i].width, (int)images[i].height);
    return RAMET_STATUS_OK;
}

ramet_status ramet_segment_postprocessor_run(ramet_segment_postprocessor *postprocessor, const ramet_tensor *maps,
                                             const ramet_image *images, ramet_segment_result *results, size_t count,
                                             ramet_error *error)
{
    if (postprocessor == NULL || maps == NULL || (results == NULL && count > 0))
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "a postprocessor needs a tensor and room for results");
    if (count > 0)
        memset(results, 0, count * sizeof *results);
    rmt_selection selection = {.images = images, .count = count};
    rmt_outputs outputs = {maps, 1};
    ramet_status status = check_extents(images, count, error);
    if (status == RAMET_STATUS_OK)
        status = rmt_postprocessor_run(&postprocessor->base, &outputs, &selection, results, error);
    for (size_t i = 0; status != RAMET_STATUS_OK && i < count; i++)
        ramet_segment_result_clear(&results[i]);
    return status;
}

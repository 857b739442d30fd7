/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text detection: an image to the detector's input. Both sides become
 * multiples of 32 near the limited size; channels stay B, G, R. The steps and
 * their rounding are PaddleOCR's, since a side that is 32 off moves every box.
 */
#include "vision/ocr/ocr.h"

#include <math.h>
#include <string.h>

#define GRID 32            /* sides are multiples of this */
#define TINY_HALF_GIRTH 64 /* images whose sides sum to less are padded to 32 first */

struct ramet_det_preprocessor {
    rmt_preprocessor base;
    ramet_det_option option;
    rmt_scratch padded; /* a tiny image and its padding */
};

/* ---- sizes ------------------------------------------------------------------------------------------------------- */

static double limiting_ratio(const ramet_det_option *option, rmt_extent image)
{
    int32_t longer = image.width > image.height ? image.width : image.height;
    int32_t shorter = image.width > image.height ? image.height : image.width;
    double limit = option->limit_side_len;
    switch (option->limit_type) {
    case RAMET_LIMIT_TYPE_MIN: return shorter < limit ? limit / shorter : 1.0;
    case RAMET_LIMIT_TYPE_RESIZE_LONG: return limit / longer;
    case RAMET_LIMIT_TYPE_MAX: break;
    }
    return longer > limit ? limit / longer : 1.0;
}

static rmt_extent scaled(rmt_extent extent, double ratio)
{
    double most = INT32_MAX;
    return (rmt_extent){(int32_t)fmin(extent.height * ratio, most), (int32_t)fmin(extent.width * ratio, most)};
}

/* The nearest multiple of 32, of two the one whose 32nd is even; at least 32. */
static int32_t on_grid(int32_t side)
{
    int32_t steps = (int32_t)rint(side / (double)GRID);
    return steps > 1 ? steps * GRID : GRID;
}

static int32_t at_least(int32_t side, int32_t least) { return side > least ? side : least; }

rmt_det_plan rmt_det_plan_make(const ramet_det_option *option, rmt_extent image)
{
    bool tiny = (int64_t)image.height + image.width < TINY_HALF_GIRTH;
    rmt_extent padded = tiny ? (rmt_extent){at_least(image.height, GRID), at_least(image.width, GRID)} : image;
    rmt_extent limited = scaled(padded, limiting_ratio(option, padded));
    int32_t longer = at_least(limited.height, limited.width);
    if (longer > option->max_side_limit)
        limited = scaled(limited, (double)option->max_side_limit / longer);
    rmt_extent input = {on_grid(limited.height), on_grid(limited.width)};
    ramet_det_geometry geometry = {
        .image_width = image.width,
        .image_height = image.height,
        .resized_width = (int32_t)((int64_t)input.width * image.width / padded.width),
        .resized_height = (int32_t)((int64_t)input.height * image.height / padded.height),
    };
    return (rmt_det_plan){padded, input, geometry};
}

static ramet_status measure(const rmt_preprocessor *base, const ramet_image *image, rmt_extent *extent,
                            ramet_error *error)
{
    (void)error;
    const ramet_det_preprocessor *self = (const ramet_det_preprocessor *)base;
    *extent = rmt_det_plan_make(&self->option, (rmt_extent){image->height, image->width}).input;
    return RAMET_STATUS_OK;
}

/* ---- pixels ------------------------------------------------------------------------------------------------------ */

/* Black to the right and below. */
static ramet_status pad(ramet_det_preprocessor *self, const ramet_image *image, rmt_extent extent, ramet_image *padded,
                        ramet_error *error)
{
    size_t row_bytes = 3 * (size_t)extent.width, bytes = row_bytes * (size_t)extent.height;
    uint8_t *data = rmt_scratch_take(&self->padded, bytes, 1);
    if (data == NULL)
        return rmt_fail_memory(error, bytes);
    memset(data, 0, bytes);
    for (int32_t y = 0; y < image->height; y++)
        memcpy(data + (size_t)y * row_bytes, image->data + y * image->pitch, 3 * (size_t)image->width);
    *padded =
        (ramet_image){.data = data, .width = extent.width, .height = extent.height, .pitch = (ptrdiff_t)row_bytes};
    return RAMET_STATUS_OK;
}

/* (pixel / 255 - mean) / std */
static rmt_pixel_transform pixels_of(const ramet_det_option *option)
{
    rmt_pixel_transform pixels = {.swap_rb = false};
    for (int c = 0; c < 3; c++) {
        pixels.scale[c] = (float)(1.0 / 255.0 / (double)option->std[c]);
        pixels.shift[c] = (float)(-(double)option->mean[c] / (double)option->std[c]);
    }
    return pixels;
}

static ramet_status write_slot(rmt_preprocessor *base, const ramet_image *image, const rmt_view *slot,
                               ramet_error *error)
{
    ramet_det_preprocessor *self = (ramet_det_preprocessor *)base;
    rmt_extent extent = {image->height, image->width};
    rmt_det_plan plan = rmt_det_plan_make(&self->option, extent);
    ramet_image whole = *image;
    if (plan.padded.height != extent.height || plan.padded.width != extent.width) {
        ramet_status status = pad(self, image, plan.padded, &whole, error);
        if (status != RAMET_STATUS_OK)
            return status;
    }
    rmt_pixel_transform normal = pixels_of(&self->option), pixels = rmt_preprocessor_numbers(base, &normal);
    rmt_pixel_target target = {slot->data, slot->strides[2], slot->strides[3], slot->strides[1]};
    rmt_resize resize = {plan.input.width, plan.input.height, RMT_INTERPOLATION_LINEAR, 0, 0};
    return rmt_image_resize_normalize(&whole, &resize, &pixels, &target, error);
}

/* ---- the object -------------------------------------------------------------------------------------------------- */

static void configure(rmt_preprocessor *base, const rmt_preprocessor *from)
{
    ((ramet_det_preprocessor *)base)->option = ((const ramet_det_preprocessor *)from)->option;
}

static void release(rmt_preprocessor *base) { rmt_scratch_clear(&((ramet_det_preprocessor *)base)->padded); }

static const rmt_preprocessor_kind KIND = {
    .bytes = sizeof(ramet_det_preprocessor),
    .measure = measure,
    .write = write_slot,
    .configure = configure,
    .release = release,
};

ramet_status ramet_det_preprocessor_create(const ramet_det_option *option, ramet_det_preprocessor **preprocessor,
                                           ramet_error *error)
{
    ramet_det_option resolved;
    if (preprocessor == NULL)
        return rmt_fail_no_place(error);
    *preprocessor = NULL;
    ramet_status status = rmt_det_option_resolve(option, &resolved, error);
    if (status != RAMET_STATUS_OK)
        return status;
    *preprocessor = (ramet_det_preprocessor *)rmt_preprocessor_create(&KIND, error);
    if (*preprocessor == NULL)
        return RAMET_STATUS_OUT_OF_MEMORY;
    rmt_det_preprocessor_set_option(*preprocessor, &resolved);
    return RAMET_STATUS_OK;
}

void rmt_det_preprocessor_set_option(ramet_det_preprocessor *self, const ramet_det_option *option)
{
    self->option = *option;
}

void ramet_det_preprocessor_destroy(ramet_det_preprocessor *preprocessor)
{
    rmt_preprocessor_destroy((rmt_preprocessor *)preprocessor);
}

ramet_status ramet_det_preprocessor_disable(ramet_det_preprocessor *preprocessor, int32_t steps, ramet_error *error)
{
    return rmt_preprocessor_disable((rmt_preprocessor *)preprocessor, steps, error);
}

ramet_status ramet_det_preprocessor_run(ramet_det_preprocessor *preprocessor, const ramet_image *image,
                                        ramet_tensor *tensor, ramet_det_geometry *geometry, ramet_error *error)
{
    ramet_status status = rmt_preprocessor_run_tensor((rmt_preprocessor *)preprocessor, image, 1, tensor, error);
    if (status == RAMET_STATUS_OK && geometry != NULL)
        *geometry = rmt_det_plan_make(&preprocessor->option, (rmt_extent){image->height, image->width}).geometry;
    return status;
}

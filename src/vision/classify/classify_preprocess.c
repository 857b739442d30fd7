/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classification: an image through the steps of its configuration into the
 * input tensor. Steps work on 8-bit pixels in two buffers that take turns; a
 * crop is only a view; a last linear resize and the numbers are one pass.
 */
#include "vision/classify/classify.h"

#include <math.h>

struct ramet_classify_preprocessor {
    rmt_preprocessor base;
    rmt_transform transform;
    rmt_scratch buffers[2];
};

static const ramet_classify_preprocessor *self_of(const rmt_preprocessor *base)
{
    return (const ramet_classify_preprocessor *)base;
}

/* ---- sizes ------------------------------------------------------------------------------------------------------- */

/* round(side * ratio) as Python rounds: halves to the even neighbour. */
static ramet_status resized_side(int32_t side, double ratio, int32_t *resized, ramet_error *error)
{
    double value = rint(side * ratio);
    if (!(value >= 1 && value <= RMT_IMAGE_MAX_PIXELS))
        return rmt_fail(error, RAMET_STATUS_OVER_BUDGET, "an image side of %d pixels cannot be resized to %.0f",
                        (int)side, value);
    *resized = (int32_t)value;
    return RAMET_STATUS_OK;
}

static ramet_status measure_resize(const rmt_transform_step *step, rmt_extent *extent, ramet_error *error)
{
    rmt_extent from = *extent;
    if (step->kind == RMT_TRANSFORM_RESIZE) {
        *extent = (rmt_extent){step->height, step->width};
    } else {
        double ratio = (double)step->width / (from.width < from.height ? from.width : from.height);
        ramet_status status = resized_side(from.width, ratio, &extent->width, error);
        if (status == RAMET_STATUS_OK)
            status = resized_side(from.height, ratio, &extent->height, error);
        if (status != RAMET_STATUS_OK)
            return status;
    }
    if ((int64_t)extent->width * extent->height <= RMT_IMAGE_MAX_PIXELS)
        return RAMET_STATUS_OK;
    return rmt_fail(error, RAMET_STATUS_OVER_BUDGET, "an image of %d x %d pixels would be resized to %d x %d",
                    (int)from.width, (int)from.height, (int)extent->width, (int)extent->height);
}

/* The extent of an image after a step. */
static ramet_status measure_step(const rmt_transform_step *step, rmt_extent *extent, ramet_error *error)
{
    if (step->kind != RMT_TRANSFORM_CROP)
        return measure_resize(step, extent, error);
    if (extent->width < step->width || extent->height < step->height)
        return rmt_fail(error, RAMET_STATUS_BAD_SHAPE, "an image of %d x %d pixels is smaller than the crop of %d x %d",
                        (int)extent->width, (int)extent->height, (int)step->width, (int)step->height);
    *extent = (rmt_extent){step->height, step->width};
    return RAMET_STATUS_OK;
}

static ramet_status measure(const rmt_preprocessor *base, const ramet_image *image, rmt_extent *extent,
                            ramet_error *error)
{
    const rmt_transform *transform = &self_of(base)->transform;
    ramet_status status = RAMET_STATUS_OK;
    *extent = (rmt_extent){image->height, image->width};
    for (size_t i = 0; status == RAMET_STATUS_OK && i < transform->count; i++)
        status = measure_step(&transform->steps[i], extent, error);
    return status;
}

/* ---- pixels ------------------------------------------------------------------------------------------------------ */

static ramet_status resize_into(rmt_scratch *buffer, const ramet_image *image, rmt_extent extent,
                                rmt_interpolation interpolation, ramet_image *resized, ramet_error *error)
{
    size_t row_bytes = 3 * (size_t)extent.width;
    uint8_t *data = rmt_scratch_take(buffer, (size_t)extent.height, row_bytes);
    if (data == NULL)
        return rmt_fail_memory(error, (size_t)extent.height * row_bytes);
    *resized =
        (ramet_image){.data = data, .width = extent.width, .height = extent.height, .pitch = (ptrdiff_t)row_bytes};
    return rmt_image_resize(image, resized, interpolation, 0, 0, error);
}

static ramet_status apply_step(ramet_classify_preprocessor *self, size_t index, const ramet_image *image,
                               ramet_image *after, ramet_error *error)
{
    const rmt_transform_step *step = &self->transform.steps[index];
    rmt_extent extent = {image->height, image->width};
    ramet_status status = measure_step(step, &extent, error);
    if (status != RAMET_STATUS_OK)
        return status;
    if (step->kind != RMT_TRANSFORM_CROP)
        return resize_into(&self->buffers[index % 2], image, extent, step->interpolation, after, error);
    *after = rmt_image_view(image, (image->width - step->width) / 2, (image->height - step->height) / 2, step->width,
                            step->height);
    return RAMET_STATUS_OK;
}

/* The last step is one that the image room does together with the numbers. */
static bool ends_in_linear_resize(const rmt_transform *transform)
{
    if (transform->count == 0)
        return false;
    const rmt_transform_step *last = &transform->steps[transform->count - 1];
    return last->kind != RMT_TRANSFORM_CROP && last->interpolation == RMT_INTERPOLATION_LINEAR;
}

static ramet_status write_slot(rmt_preprocessor *base, const ramet_image *image, const rmt_view *slot,
                               ramet_error *error)
{
    ramet_classify_preprocessor *self = (ramet_classify_preprocessor *)base;
    const rmt_transform *transform = &self->transform;
    rmt_pixel_target target = {slot->data, slot->strides[2], slot->strides[3], slot->strides[1]};
    bool fused = ends_in_linear_resize(transform);
    ramet_image now = *image;
    for (size_t i = 0; i < transform->count - fused; i++) {
        ramet_image after;
        ramet_status status = apply_step(self, i, &now, &after, error);
        if (status != RAMET_STATUS_OK)
            return status;
        now = after;
    }
    if (fused)
        return rmt_image_resize_normalize(&now, (int32_t)slot->shape.dims[3], (int32_t)slot->shape.dims[2],
                                          &transform->pixels, &target, error);
    rmt_image_normalize(&now, &transform->pixels, &target);
    return RAMET_STATUS_OK;
}

/* ---- the object -------------------------------------------------------------------------------------------------- */

static void configure(rmt_preprocessor *base, const rmt_preprocessor *from)
{
    ((ramet_classify_preprocessor *)base)->transform = self_of(from)->transform;
}

static void release(rmt_preprocessor *base)
{
    ramet_classify_preprocessor *self = (ramet_classify_preprocessor *)base;
    rmt_scratch_clear(&self->buffers[0]);
    rmt_scratch_clear(&self->buffers[1]);
}

static const rmt_preprocessor_kind KIND = {
    .bytes = sizeof(ramet_classify_preprocessor),
    .measure = measure,
    .write = write_slot,
    .configure = configure,
    .release = release,
};

ramet_status ramet_classify_preprocessor_create(const char *config_file, ramet_classify_preprocessor **preprocessor,
                                                ramet_error *error)
{
    rmt_transform transform;
    rmt_yaml_file file;
    if (preprocessor == NULL)
        return rmt_fail_no_place(error);
    *preprocessor = NULL;
    if (config_file == NULL)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "a preprocessor needs a configuration file");
    ramet_status status = rmt_yaml_open(config_file, &file, error);
    if (status != RAMET_STATUS_OK)
        return status;
    status = rmt_transform_read(&file, &transform, error);
    rmt_yaml_close(&file);
    if (status != RAMET_STATUS_OK)
        return status;
    *preprocessor = (ramet_classify_preprocessor *)rmt_preprocessor_create(&KIND, error);
    if (*preprocessor == NULL)
        return RAMET_STATUS_OUT_OF_MEMORY;
    (*preprocessor)->transform = transform;
    return RAMET_STATUS_OK;
}

void ramet_classify_preprocessor_destroy(ramet_classify_preprocessor *preprocessor)
{
    rmt_preprocessor_destroy((rmt_preprocessor *)preprocessor);
}

ramet_status ramet_classify_preprocessor_run(ramet_classify_preprocessor *preprocessor, const ramet_image *images,
                                             size_t count, ramet_tensor *tensor, ramet_error *error)
{
    return rmt_preprocessor_run_tensor((rmt_preprocessor *)preprocessor, images, count, tensor, error);
}

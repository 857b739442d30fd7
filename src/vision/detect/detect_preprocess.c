/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Detection: an image through the steps of its configuration into the input
 * tensor, and what a model may ask about it: im_shape and scale_factor.
 */
#include "vision/detect/detect.h"

#include <string.h>

struct ramet_detect_preprocessor {
    rmt_preprocessor base;
    rmt_transform transform;
    rmt_scratch buffers[2];
};

static const ramet_detect_preprocessor *self_of(const rmt_preprocessor *base)
{
    return (const ramet_detect_preprocessor *)base;
}

const rmt_transform *rmt_detect_preprocessor_transform(const ramet_detect_preprocessor *preprocessor)
{
    return &preprocessor->transform;
}

/* ---- what a model is told about an image ---------------------------------------------------------------------------- */

static ramet_status geometry_of(const rmt_preprocessor *base, const ramet_image *image, ramet_detect_geometry *geometry,
                                ramet_error *error)
{
    rmt_extent extent = {image->height, image->width};
    return rmt_detect_geometry_make(&self_of(base)->transform, extent, geometry, error);
}

static ramet_status measure(const rmt_preprocessor *base, const ramet_image *image, rmt_extent *extent,
                            ramet_error *error)
{
    ramet_detect_geometry geometry;
    ramet_status status = geometry_of(base, image, &geometry, error);
    *extent = (rmt_extent){geometry.input_height, geometry.input_width};
    return status;
}

static void write_im_shape(const rmt_preprocessor *base, const ramet_image *image, float *values)
{
    ramet_detect_geometry geometry;
    geometry_of(base, image, &geometry, NULL);
    memcpy(values, geometry.im_shape, sizeof geometry.im_shape);
}

static void write_scale_factor(const rmt_preprocessor *base, const ramet_image *image, float *values)
{
    ramet_detect_geometry geometry;
    geometry_of(base, image, &geometry, NULL);
    memcpy(values, geometry.scale_factor, sizeof geometry.scale_factor);
}

static const rmt_side_input SIDES[] = {{"im_shape", 2, write_im_shape}, {"scale_factor", 2, write_scale_factor}};

static ramet_status write_slot(rmt_preprocessor *base, const ramet_image *image, const rmt_view *slot,
                               ramet_error *error)
{
    ramet_detect_preprocessor *self = (ramet_detect_preprocessor *)base;
    return rmt_transform_write(&self->transform, base, self->buffers, image, slot, error);
}

/* ---- the object --------------------------------------------------------------------------------------------------------- */

static void configure(rmt_preprocessor *base, const rmt_preprocessor *from)
{
    ((ramet_detect_preprocessor *)base)->transform = self_of(from)->transform;
}

static void release(rmt_preprocessor *base)
{
    ramet_detect_preprocessor *self = (ramet_detect_preprocessor *)base;
    rmt_scratch_clear(&self->buffers[0]);
    rmt_scratch_clear(&self->buffers[1]);
}

static const rmt_preprocessor_kind KIND = {
    .bytes = sizeof(ramet_detect_preprocessor),
    .measure = measure,
    .write = write_slot,
    .configure = configure,
    .release = release,
    .sides = SIDES,
    .side_count = sizeof SIDES / sizeof SIDES[0],
};

static ramet_status read_config(const char *config_file, rmt_transform *transform, ramet_error *error)
{
    rmt_yaml_file file;
    ramet_status status = rmt_yaml_open(config_file, &file, error);
    if (status != RAMET_STATUS_OK)
        return status;
    status = rmt_detect_transform_read(&file, transform, error);
    rmt_yaml_close(&file);
    return status;
}

static ramet_status choose_transform(const char *config_file, const ramet_detect_option *option,
                                     rmt_transform *transform, ramet_error *error)
{
    if (config_file != NULL)
        return read_config(config_file, transform, error);
    if (option->input_width == 0 || option->input_height == 0)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT,
                        "without a configuration input_width and input_height must be given");
    rmt_detect_transform_plain(option, transform);
    return RAMET_STATUS_OK;
}

ramet_status ramet_detect_preprocessor_create(const char *config_file, const ramet_detect_option *option,
                                              ramet_detect_preprocessor **preprocessor, ramet_error *error)
{
    ramet_detect_option resolved;
    rmt_transform transform;
    if (preprocessor == NULL)
        return rmt_fail_no_place(error);
    *preprocessor = NULL;
    ramet_status status = rmt_detect_option_resolve(option, &resolved, error);
    if (status == RAMET_STATUS_OK)
        status = choose_transform(config_file, &resolved, &transform, error);
    if (status != RAMET_STATUS_OK)
        return status;
    *preprocessor = (ramet_detect_preprocessor *)rmt_preprocessor_create(&KIND, error);
    if (*preprocessor == NULL)
        return RAMET_STATUS_OUT_OF_MEMORY;
    (*preprocessor)->transform = transform;
    return RAMET_STATUS_OK;
}

void ramet_detect_preprocessor_destroy(ramet_detect_preprocessor *preprocessor)
{
    rmt_preprocessor_destroy((rmt_preprocessor *)preprocessor);
}

ramet_status ramet_detect_preprocessor_disable(ramet_detect_preprocessor *preprocessor, int32_t steps,
                                               ramet_error *error)
{
    return rmt_preprocessor_disable((rmt_preprocessor *)preprocessor, steps, error);
}

ramet_status ramet_detect_preprocessor_run(ramet_detect_preprocessor *preprocessor, const ramet_image *images,
                                           size_t count, ramet_tensor *tensor, ramet_detect_geometry *geometries,
                                           ramet_error *error)
{
    ramet_status status = rmt_preprocessor_run_tensor((rmt_preprocessor *)preprocessor, images, count, tensor, error);
    for (size_t i = 0; status == RAMET_STATUS_OK && geometries != NULL && i < count; i++)
        status = geometry_of(&preprocessor->base, &images[i], &geometries[i], error);
    return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text recognition: a crop to an input of fixed height. The width follows from
 * the crop alone, never from batch mates: at least image_width, wider for a
 * long text, at most max_image_width.
 */
#include "vision/ocr/ocr.h"

#include <math.h>

struct ramet_rec_preprocessor {
    rmt_preprocessor base;
    ramet_rec_option option;
};

static const ramet_rec_option *option_of(const rmt_preprocessor *base)
{
    return &((const ramet_rec_preprocessor *)base)->option;
}

/* height * max(image_width / height, ratio of the crop), cut to whole pixels. */
static int32_t input_width(const ramet_rec_option *option, int32_t width, int32_t height)
{
    double least = option->image_width / (double)option->image_height, ratio = width / (double)height;
    double columns = floor(option->image_height * fmax(least, ratio));
    return (int32_t)fmax(1, fmin(columns, option->max_image_width));
}

static ramet_status measure(const rmt_preprocessor *base, const ramet_image *image, rmt_extent *extent,
                            ramet_error *error)
{
    (void)error;
    const ramet_rec_option *option = option_of(base);
    *extent = (rmt_extent){option->image_height, input_width(option, image->width, image->height)};
    return RAMET_STATUS_OK;
}

static ramet_status write_slot(rmt_preprocessor *base, const ramet_image *image, const rmt_view *slot,
                               ramet_error *error)
{
    double columns = ceil(option_of(base)->image_height * (image->width / (double)image->height));
    return rmt_line_write(base, image, (int32_t)fmin(columns, (double)slot->shape.dims[3]), slot, error);
}

/* ---- the object -------------------------------------------------------------------------------------------------- */

static void configure(rmt_preprocessor *base, const rmt_preprocessor *from)
{
    ((ramet_rec_preprocessor *)base)->option = ((const ramet_rec_preprocessor *)from)->option;
}

static const rmt_preprocessor_kind KIND = {
    .bytes = sizeof(ramet_rec_preprocessor),
    .measure = measure,
    .write = write_slot,
    .configure = configure,
};

ramet_status ramet_rec_preprocessor_create(const ramet_rec_option *option, ramet_rec_preprocessor **preprocessor,
                                           ramet_error *error)
{
    ramet_rec_option resolved;
    if (preprocessor == NULL)
        return rmt_fail_no_place(error);
    *preprocessor = NULL;
    ramet_status status = rmt_rec_option_resolve(option, &resolved, error);
    if (status != RAMET_STATUS_OK)
        return status;
    *preprocessor = (ramet_rec_preprocessor *)rmt_preprocessor_create(&KIND, error);
    if (*preprocessor == NULL)
        return RAMET_STATUS_OUT_OF_MEMORY;
    rmt_rec_preprocessor_set_option(*preprocessor, &resolved);
    return RAMET_STATUS_OK;
}

void rmt_rec_preprocessor_set_option(ramet_rec_preprocessor *self, const ramet_rec_option *option)
{
    self->option = *option;
    self->option.dictionary = NULL; /* the caller's memory */
}

void ramet_rec_preprocessor_destroy(ramet_rec_preprocessor *preprocessor)
{
    rmt_preprocessor_destroy((rmt_preprocessor *)preprocessor);
}

int32_t ramet_rec_preprocessor_width(const ramet_rec_preprocessor *preprocessor, int32_t image_width,
                                     int32_t image_height)
{
    if (preprocessor == NULL || image_width < 1 || image_height < 1)
        return 0;
    return input_width(&preprocessor->option, image_width, image_height);
}

ramet_status ramet_rec_preprocessor_disable(ramet_rec_preprocessor *preprocessor, int32_t steps, ramet_error *error)
{
    return rmt_preprocessor_disable((rmt_preprocessor *)preprocessor, steps, error);
}

ramet_status ramet_rec_preprocessor_run(ramet_rec_preprocessor *preprocessor, const ramet_image *images, size_t count,
                                        ramet_tensor *tensor, ramet_error *error)
{
    return rmt_preprocessor_run_tensor((rmt_preprocessor *)preprocessor, images, count, tensor, error);
}

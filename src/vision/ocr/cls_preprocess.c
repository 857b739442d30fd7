/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text direction: a crop to an input of fixed size, its ratio kept where it is
 * narrow enough.
 */
#include "vision/ocr/ocr.h"

#include <math.h>

struct ramet_cls_preprocessor {
    rmt_preprocessor base;
    ramet_cls_option option;
};

static ramet_status measure(const rmt_preprocessor *base, const ramet_image *image, rmt_extent *extent,
                            ramet_error *error)
{
    (void)image, (void)error;
    const ramet_cls_option *option = &((const ramet_cls_preprocessor *)base)->option;
    *extent = (rmt_extent){option->image_height, option->image_width};
    return RAMET_STATUS_OK;
}

static ramet_status write_slot(rmt_preprocessor *base, const ramet_image *image, const rmt_view *slot,
                               ramet_error *error)
{
    const ramet_cls_option *option = &((const ramet_cls_preprocessor *)base)->option;
    double columns = ceil(option->image_height * (image->width / (double)image->height));
    return rmt_line_write(image, (int32_t)fmin(columns, option->image_width), slot, error);
}

static void configure(rmt_preprocessor *base, const rmt_preprocessor *from)
{
    ((ramet_cls_preprocessor *)base)->option = ((const ramet_cls_preprocessor *)from)->option;
}

static const rmt_preprocessor_kind KIND = {
    .bytes = sizeof(ramet_cls_preprocessor),
    .measure = measure,
    .write = write_slot,
    .configure = configure,
};

ramet_status ramet_cls_preprocessor_create(const ramet_cls_option *option, ramet_cls_preprocessor **preprocessor,
                                           ramet_error *error)
{
    ramet_cls_option resolved;
    if (preprocessor == NULL)
        return rmt_fail_no_place(error);
    *preprocessor = NULL;
    ramet_status status = rmt_cls_option_resolve(option, &resolved, error);
    if (status != RAMET_STATUS_OK)
        return status;
    *preprocessor = (ramet_cls_preprocessor *)rmt_preprocessor_create(&KIND, error);
    if (*preprocessor == NULL)
        return RAMET_STATUS_OUT_OF_MEMORY;
    (*preprocessor)->option = resolved;
    return RAMET_STATUS_OK;
}

void ramet_cls_preprocessor_destroy(ramet_cls_preprocessor *preprocessor)
{
    rmt_preprocessor_destroy((rmt_preprocessor *)preprocessor);
}

ramet_status ramet_cls_preprocessor_run(ramet_cls_preprocessor *preprocessor, const ramet_image *images, size_t count,
                                        ramet_tensor *tensor, ramet_error *error)
{
    return rmt_preprocessor_run_tensor((rmt_preprocessor *)preprocessor, images, count, tensor, error);
}

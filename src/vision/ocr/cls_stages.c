/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text direction: a crop to an input of fixed size, its ratio kept where it is
 * narrow enough; a row of two scores to the better one. What is not a number
 * never wins; a row of nothing else gives label 0 and score 0.
 */
#include "vision/ocr/ocr.h"

#include <math.h>

/* ---- preprocessor ------------------------------------------------------------------------------------------------ */

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
    return rmt_line_write(base, image, (int32_t)fmin(columns, option->image_width), slot, error);
}

static void configure_pre(rmt_preprocessor *base, const rmt_preprocessor *from)
{
    ((ramet_cls_preprocessor *)base)->option = ((const ramet_cls_preprocessor *)from)->option;
}

static const rmt_preprocessor_kind PRE_KIND = {
    .bytes = sizeof(ramet_cls_preprocessor),
    .measure = measure,
    .write = write_slot,
    .configure = configure_pre,
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
    *preprocessor = (ramet_cls_preprocessor *)rmt_preprocessor_create(&PRE_KIND, error);
    if (*preprocessor == NULL)
        return RAMET_STATUS_OUT_OF_MEMORY;
    rmt_cls_preprocessor_set_option(*preprocessor, &resolved);
    return RAMET_STATUS_OK;
}

void rmt_cls_preprocessor_set_option(ramet_cls_preprocessor *self, const ramet_cls_option *option)
{
    self->option = *option;
}

float rmt_cls_preprocessor_thresh(const ramet_cls_preprocessor *self) { return self->option.thresh; }

void ramet_cls_preprocessor_destroy(ramet_cls_preprocessor *preprocessor)
{
    rmt_preprocessor_destroy((rmt_preprocessor *)preprocessor);
}

ramet_status ramet_cls_preprocessor_disable(ramet_cls_preprocessor *preprocessor, int32_t steps, ramet_error *error)
{
    return rmt_preprocessor_disable((rmt_preprocessor *)preprocessor, steps, error);
}

ramet_status ramet_cls_preprocessor_run(ramet_cls_preprocessor *preprocessor, const ramet_image *images, size_t count,
                                        ramet_tensor *tensor, ramet_error *error)
{
    return rmt_preprocessor_run_tensor((rmt_preprocessor *)preprocessor, images, count, tensor, error);
}

/* ---- postprocessor ----------------------------------------------------------------------------------------------- */

struct ramet_cls_postprocessor {
    rmt_postprocessor base;
};

static ramet_status accept_output(const rmt_postprocessor *base, const ramet_tensor *output, ramet_error *error)
{
    (void)base;
    ramet_status status = rmt_tensor_check(output, 2, "the scores of a direction classifier", error);
    if (status == RAMET_STATUS_OK && output->dims[1] != 2)
        status = rmt_fail(error, RAMET_STATUS_BAD_SHAPE, "a direction classifier has 2 classes, not %lld",
                          (long long)output->dims[1]);
    return status;
}

static ramet_status read_row(rmt_postprocessor *base, const ramet_tensor *output, size_t row, const ramet_image *image,
                             void *result, ramet_error *error)
{
    (void)base, (void)image, (void)error;
    const float *scores = (const float *)output->data + row * 2;
    ramet_cls_result *best = result;
    for (int32_t label = 0; label < 2; label++)
        if (scores[label] > best->score)
            *best = (ramet_cls_result){label, scores[label]};
    return RAMET_STATUS_OK;
}

static void clear_result(void *result) { *(ramet_cls_result *)result = (ramet_cls_result){0}; }

static void configure_post(rmt_postprocessor *base, const rmt_postprocessor *from) { (void)base, (void)from; }

static const rmt_postprocessor_kind POST_KIND = {
    .bytes = sizeof(ramet_cls_postprocessor),
    .result_bytes = sizeof(ramet_cls_result),
    .accept = accept_output,
    .read = read_row,
    .clear = clear_result,
    .configure = configure_post,
};

ramet_status ramet_cls_postprocessor_create(const ramet_cls_option *option, ramet_cls_postprocessor **postprocessor,
                                            ramet_error *error)
{
    ramet_cls_option resolved;
    if (postprocessor == NULL)
        return rmt_fail_no_place(error);
    *postprocessor = NULL;
    ramet_status status = rmt_cls_option_resolve(option, &resolved, error);
    if (status != RAMET_STATUS_OK)
        return status;
    *postprocessor = (ramet_cls_postprocessor *)rmt_postprocessor_create(&POST_KIND, error);
    return *postprocessor != NULL ? RAMET_STATUS_OK : RAMET_STATUS_OUT_OF_MEMORY;
}

void ramet_cls_postprocessor_destroy(ramet_cls_postprocessor *postprocessor)
{
    rmt_postprocessor_destroy((rmt_postprocessor *)postprocessor);
}

ramet_status ramet_cls_postprocessor_run(ramet_cls_postprocessor *postprocessor, const ramet_tensor *scores,
                                         ramet_cls_result *results, size_t count, ramet_error *error)
{
    return rmt_postprocessor_run_tensor((rmt_postprocessor *)postprocessor, scores, results, count, error);
}

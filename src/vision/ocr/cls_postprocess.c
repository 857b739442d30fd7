/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text direction: the better of a row's scores. What is not a number never
 * wins; a row of nothing else gives label 0 and score 0.
 */
#include "vision/ocr/ocr.h"

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
    for (int32_t label = 0; label < 2; label++) {
        if (scores[label] > best->score)
            *best = (ramet_cls_result){label, scores[label]};
    }
    return RAMET_STATUS_OK;
}

static void clear_result(void *result) { *(ramet_cls_result *)result = (ramet_cls_result){0}; }

static void configure(rmt_postprocessor *base, const rmt_postprocessor *from) { (void)base, (void)from; }

static const rmt_postprocessor_kind KIND = {
    .bytes = sizeof(ramet_cls_postprocessor),
    .result_bytes = sizeof(ramet_cls_result),
    .accept = accept_output,
    .read = read_row,
    .clear = clear_result,
    .configure = configure,
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
    *postprocessor = (ramet_cls_postprocessor *)rmt_postprocessor_create(&KIND, error);
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

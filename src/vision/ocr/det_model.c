/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text detection: the three stages joined; each image runs alone, at its own size.
 */
#include "vision/ocr/ocr.h"

static rmt_task *task_of(ramet_det_model *handle) { return (rmt_task *)handle; }

static ramet_status add_stages(rmt_task *task, const void *option, ramet_error *error)
{
    ramet_det_preprocessor *pre = NULL;
    ramet_det_postprocessor *post = NULL;
    ramet_status status = ramet_det_preprocessor_create(option, &pre, error);
    task->pre = (rmt_preprocessor *)pre;
    if (status == RAMET_STATUS_OK)
        status = ramet_det_postprocessor_create(option, &post, error);
    task->post = (rmt_postprocessor *)post;
    task->batch_size = 1;
    return status;
}

ramet_status ramet_det_model_open(const char *model, const ramet_runtime_option *runtime_option,
                                  const ramet_det_option *option, ramet_det_model **handle, ramet_error *error)
{
    if (handle == NULL)
        return rmt_fail_no_place(error);
    ramet_status status;
    *handle = (ramet_det_model *)rmt_task_open(model, runtime_option, add_stages, option, &status, error);
    return status;
}

ramet_status ramet_det_model_clone(ramet_det_model *handle, ramet_det_model **clone, ramet_error *error)
{
    if (clone == NULL)
        return rmt_fail_no_place(error);
    ramet_status status;
    *clone = (ramet_det_model *)rmt_task_clone(task_of(handle), &status, error);
    return status;
}

void ramet_det_model_close(ramet_det_model *handle) { rmt_task_close(task_of(handle)); }

static ramet_status set_option(rmt_task *task, const void *option, ramet_error *error)
{
    ramet_det_option resolved;
    ramet_status status = rmt_det_option_resolve(option, &resolved, error);
    if (status != RAMET_STATUS_OK)
        return status;
    rmt_det_preprocessor_set_option((ramet_det_preprocessor *)task->pre, &resolved);
    rmt_det_postprocessor_set_option((ramet_det_postprocessor *)task->post, &resolved);
    return RAMET_STATUS_OK;
}

ramet_status ramet_det_model_set_option(ramet_det_model *handle, const ramet_det_option *option, ramet_error *error)
{
    return rmt_task_set_option(task_of(handle), set_option, option, error);
}

ramet_runtime *ramet_det_model_runtime(ramet_det_model *handle) { return rmt_task_runtime(task_of(handle)); }

ramet_det_preprocessor *ramet_det_model_preprocessor(ramet_det_model *handle)
{
    return (ramet_det_preprocessor *)rmt_task_preprocessor(task_of(handle));
}

ramet_det_postprocessor *ramet_det_model_postprocessor(ramet_det_model *handle)
{
    return (ramet_det_postprocessor *)rmt_task_postprocessor(task_of(handle));
}

ramet_status ramet_det_model_predict(ramet_det_model *handle, const ramet_image *images, size_t count,
                                     ramet_det_result *results, ramet_error *error)
{
    return rmt_task_predict(task_of(handle), images, count, results, error);
}

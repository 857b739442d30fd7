/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text direction: the three stages joined; crops run in batches, all of one size.
 */
#include "vision/ocr/ocr.h"

static rmt_task *task_of(ramet_cls_model *handle) { return (rmt_task *)handle; }

static ramet_status add_stages(rmt_task *task, const void *option, ramet_error *error)
{
    ramet_cls_preprocessor *pre = NULL;
    ramet_cls_postprocessor *post = NULL;
    ramet_cls_option resolved;
    ramet_status status = rmt_cls_option_resolve(option, &resolved, error);
    if (status != RAMET_STATUS_OK)
        return status;
    task->batch_size = rmt_batch_limit(resolved.batch_size);
    status = ramet_cls_preprocessor_create(&resolved, &pre, error);
    task->pre = (rmt_preprocessor *)pre;
    if (status == RAMET_STATUS_OK)
        status = ramet_cls_postprocessor_create(&resolved, &post, error);
    task->post = (rmt_postprocessor *)post;
    return status;
}

ramet_status ramet_cls_model_open(const char *model, const ramet_runtime_option *runtime_option,
                                  const ramet_cls_option *option, ramet_cls_model **handle, ramet_error *error)
{
    if (handle == NULL)
        return rmt_fail_no_place(error);
    ramet_status status;
    *handle = (ramet_cls_model *)rmt_task_open(model, runtime_option, add_stages, option, &status, error);
    return status;
}

ramet_status ramet_cls_model_clone(ramet_cls_model *handle, ramet_cls_model **clone, ramet_error *error)
{
    if (clone == NULL)
        return rmt_fail_no_place(error);
    ramet_status status;
    *clone = (ramet_cls_model *)rmt_task_clone(task_of(handle), &status, error);
    return status;
}

void ramet_cls_model_close(ramet_cls_model *handle) { rmt_task_close(task_of(handle)); }

static ramet_status set_option(rmt_task *task, const void *option, ramet_error *error)
{
    ramet_cls_option resolved;
    ramet_status status = rmt_cls_option_resolve(option, &resolved, error);
    if (status != RAMET_STATUS_OK)
        return status;
    rmt_cls_preprocessor_set_option((ramet_cls_preprocessor *)task->pre, &resolved);
    rmt_task_set_batch_size(task, rmt_batch_limit(resolved.batch_size));
    return RAMET_STATUS_OK;
}

ramet_status ramet_cls_model_set_option(ramet_cls_model *handle, const ramet_cls_option *option, ramet_error *error)
{
    return rmt_task_set_option(task_of(handle), set_option, option, error);
}

ramet_runtime *ramet_cls_model_runtime(ramet_cls_model *handle) { return rmt_task_runtime(task_of(handle)); }

ramet_cls_preprocessor *ramet_cls_model_preprocessor(ramet_cls_model *handle)
{
    return (ramet_cls_preprocessor *)rmt_task_preprocessor(task_of(handle));
}

ramet_cls_postprocessor *ramet_cls_model_postprocessor(ramet_cls_model *handle)
{
    return (ramet_cls_postprocessor *)rmt_task_postprocessor(task_of(handle));
}

ramet_status ramet_cls_model_predict(ramet_cls_model *handle, const ramet_image *images, size_t count,
                                     ramet_cls_result *results, ramet_error *error)
{
    return rmt_task_predict(task_of(handle), images, count, results, error);
}

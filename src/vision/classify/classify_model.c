/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classification: the three stages joined. The configuration beside the
 * program says what the outer two do.
 */
#include "vision/classify/classify.h"

#define BATCH_SIZE 8 /* images a run: bounds memory; the answers are the same with any other number */

static rmt_task *task_of(ramet_classify_model *handle) { return (rmt_task *)handle; }

static ramet_status add_stages(rmt_task *task, const void *model, ramet_error *error)
{
    const char *config_file = rmt_runtime_config(task->runtime);
    ramet_classify_preprocessor *pre = NULL;
    ramet_classify_postprocessor *post = NULL;
    task->batch_size = BATCH_SIZE;
    if (config_file[0] == '\0')
        return rmt_fail(error, RAMET_STATUS_NOT_FOUND,
                        "there is no inference.yml or inference_cls.yaml beside '%.160s'; name one in config_file",
                        (const char *)model);
    ramet_status status = ramet_classify_preprocessor_create(config_file, &pre, error);
    task->pre = (rmt_preprocessor *)pre;
    if (status == RAMET_STATUS_OK)
        status = ramet_classify_postprocessor_create(config_file, &post, error);
    task->post = (rmt_postprocessor *)post;
    return status;
}

ramet_status ramet_classify_model_open(const char *model, const ramet_runtime_option *option,
                                       ramet_classify_model **handle, ramet_error *error)
{
    if (handle == NULL)
        return rmt_fail_no_place(error);
    ramet_status status;
    *handle = (ramet_classify_model *)rmt_task_open(model, option, add_stages, model, &status, error);
    return status;
}

ramet_status ramet_classify_model_clone(ramet_classify_model *handle, ramet_classify_model **clone, ramet_error *error)
{
    if (clone == NULL)
        return rmt_fail_no_place(error);
    ramet_status status;
    *clone = (ramet_classify_model *)rmt_task_clone(task_of(handle), &status, error);
    return status;
}

void ramet_classify_model_close(ramet_classify_model *handle) { rmt_task_close(task_of(handle)); }

ramet_classify_preprocessor *ramet_classify_model_preprocessor(ramet_classify_model *handle)
{
    return (ramet_classify_preprocessor *)rmt_task_preprocessor(task_of(handle));
}

ramet_classify_postprocessor *ramet_classify_model_postprocessor(ramet_classify_model *handle)
{
    return (ramet_classify_postprocessor *)rmt_task_postprocessor(task_of(handle));
}

ramet_runtime *ramet_classify_model_runtime(ramet_classify_model *handle) { return rmt_task_runtime(task_of(handle)); }

ramet_status ramet_classify_model_predict(ramet_classify_model *handle, const ramet_image *images, size_t count,
                                          ramet_classify_result *results, ramet_error *error)
{
    return rmt_task_predict(task_of(handle), images, count, results, error);
}

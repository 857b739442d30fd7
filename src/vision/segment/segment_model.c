/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segmentation: the three stages joined. The configuration beside the
 * program says what the outer two do.
 */
#include "vision/segment/segment.h"

#define BATCH_SIZE 4 /* images a run: bounds memory; the answers are the same with any other number */

static rmt_task *task_of(ramet_segment_model *handle) { return (rmt_task *)handle; }

static ramet_status add_stages(rmt_task *task, const void *model, ramet_error *error)
{
    const char *config_file = rmt_runtime_config(task->runtime);
    ramet_segment_preprocessor *pre = NULL;
    ramet_segment_postprocessor *post = NULL;
    task->batch_size = BATCH_SIZE;
    if (config_file[0] == '\0')
        return rmt_fail(error, RAMET_STATUS_NOT_FOUND,
                        "there is no deploy.yaml or inference.yml beside '%.160s'; name one in config_file",
                        (const char *)model);
    ramet_status status = ramet_segment_preprocessor_create(config_file, &pre, error);
    task->pre = (rmt_preprocessor *)pre;
    if (status == RAMET_STATUS_OK)
        status = ramet_segment_postprocessor_create(config_file, &post, error);
    task->post = (rmt_postprocessor *)post;
    return status;
}

ramet_status ramet_segment_model_open(const char *model, const ramet_runtime_option *option,
                                      ramet_segment_model **handle, ramet_error *error)
{
    if (handle == NULL)
        return rmt_fail_no_place(error);
    ramet_status status;
    *handle = (ramet_segment_model *)rmt_task_open(model, option, add_stages, model, &status, error);
    return status;
}

ramet_status ramet_segment_model_clone(ramet_segment_model *handle, ramet_segment_model **clone, ramet_error *error)
{
    if (clone == NULL)
        return rmt_fail_no_place(error);
    ramet_status status;
    *clone = (ramet_segment_model *)rmt_task_clone(task_of(handle), &status, error);
    return status;
}

void ramet_segment_model_close(ramet_segment_model *handle) { rmt_task_close(task_of(handle)); }

static ramet_status set_option(rmt_task *task, const void *option, ramet_error *error)
{
    ramet_status status = ramet_segment_preprocessor_set_option((ramet_segment_preprocessor *)task->pre, option, error);
    if (status == RAMET_STATUS_OK)
        status = ramet_segment_postprocessor_set_option((ramet_segment_postprocessor *)task->post, option, error);
    return status;
}

ramet_status ramet_segment_model_set_option(ramet_segment_model *handle, const ramet_segment_option *option,
                                            ramet_error *error)
{
    return rmt_task_set_option(task_of(handle), set_option, option, error);
}

ramet_segment_preprocessor *ramet_segment_model_preprocessor(ramet_segment_model *handle)
{
    return (ramet_segment_preprocessor *)rmt_task_preprocessor(task_of(handle));
}

ramet_segment_postprocessor *ramet_segment_model_postprocessor(ramet_segment_model *handle)
{
    return (ramet_segment_postprocessor *)rmt_task_postprocessor(task_of(handle));
}

ramet_runtime *ramet_segment_model_runtime(ramet_segment_model *handle) { return rmt_task_runtime(task_of(handle)); }

ramet_status ramet_segment_model_predict(ramet_segment_model *handle, const ramet_image *images, size_t count,
                                         ramet_segment_result *results, ramet_error *error)
{
    return rmt_task_predict(task_of(handle), images, count, results, error);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Detection: the three stages joined. The configuration beside the program
 * says what the outer two do; without one, the caller's option.
 */
#include "vision/detect/detect.h"

#include <string.h>

static rmt_task *task_of(ramet_detect_model *handle) { return (rmt_task *)handle; }

static bool takes(const ramet_runtime *runtime, const char *name)
{
    ramet_tensor input;
    for (size_t i = 0; ramet_runtime_input_info(runtime, i, &input) == RAMET_STATUS_OK; i++)
        if (strcmp(input.name, name) == 0)
            return true;
    return false;
}

/* The size of the input, where the caller has not said it and the model has. */
static void take_declared_size(const ramet_runtime *runtime, ramet_detect_option *option)
{
    ramet_tensor input;
    for (size_t i = 0; ramet_runtime_input_info(runtime, i, &input) == RAMET_STATUS_OK; i++) {
        if (input.rank != 4 || input.dims[2] < 1 || input.dims[3] < 1 || input.dims[2] > RMT_CONFIG_MAX_SIDE ||
            input.dims[3] > RMT_CONFIG_MAX_SIDE)
            continue;
        option->input_height = option->input_height == 0 ? (int32_t)input.dims[2] : option->input_height;
        option->input_width = option->input_width == 0 ? (int32_t)input.dims[3] : option->input_width;
    }
}

static ramet_status add_stages(rmt_task *task, const void *from, ramet_error *error)
{
    ramet_detect_preprocessor *pre = NULL;
    ramet_detect_postprocessor *post = NULL;
    ramet_detect_option option;
    const char *config_file = rmt_runtime_config(task->runtime);
    config_file = config_file[0] != '\0' ? config_file : NULL;
    ramet_status status = rmt_detect_option_resolve(from, &option, error);
    if (status != RAMET_STATUS_OK)
        return status;
    task->batch_size = option.batch_size > 0 ? (size_t)option.batch_size : 1;
    take_declared_size(task->runtime, &option);
    status = ramet_detect_preprocessor_create(config_file, &option, &pre, error);
    task->pre = (rmt_preprocessor *)pre;
    if (status == RAMET_STATUS_OK)
        status = ramet_detect_postprocessor_create(config_file, &option, &post, error);
    task->post = (rmt_postprocessor *)post;
    if (status != RAMET_STATUS_OK)
        return status;
    rmt_detect_postprocessor_follow(post, rmt_detect_preprocessor_transform(pre));
    return ramet_detect_postprocessor_set_rescale(post, !takes(task->runtime, "scale_factor"));
}

ramet_status ramet_detect_model_open(const char *model, const ramet_runtime_option *runtime_option,
                                     const ramet_detect_option *option, ramet_detect_model **handle, ramet_error *error)
{
    if (handle == NULL)
        return rmt_fail_no_place(error);
    ramet_status status;
    *handle = (ramet_detect_model *)rmt_task_open(model, runtime_option, add_stages, option, &status, error);
    return status;
}

ramet_status ramet_detect_model_clone(ramet_detect_model *handle, ramet_detect_model **clone, ramet_error *error)
{
    if (clone == NULL)
        return rmt_fail_no_place(error);
    ramet_status status;
    *clone = (ramet_detect_model *)rmt_task_clone(task_of(handle), &status, error);
    return status;
}

void ramet_detect_model_close(ramet_detect_model *handle) { rmt_task_close(task_of(handle)); }

ramet_detect_preprocessor *ramet_detect_model_preprocessor(ramet_detect_model *handle)
{
    return (ramet_detect_preprocessor *)rmt_task_preprocessor(task_of(handle));
}

ramet_detect_postprocessor *ramet_detect_model_postprocessor(ramet_detect_model *handle)
{
    return (ramet_detect_postprocessor *)rmt_task_postprocessor(task_of(handle));
}

ramet_runtime *ramet_detect_model_runtime(ramet_detect_model *handle) { return rmt_task_runtime(task_of(handle)); }

ramet_status ramet_detect_model_predict(ramet_detect_model *handle, const ramet_image *images, size_t count,
                                        ramet_detect_result *results, ramet_error *error)
{
    return rmt_task_predict(task_of(handle), images, count, results, error);
}

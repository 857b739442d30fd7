/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A task model: images in, results out, through the three stages. Images that
 * measure the same run together, the others apart, so that nothing about one
 * image can be seen in the result of another.
 */
#include "vision/vision.h"

#include <stdlib.h>
#include <string.h>

ramet_status rmt_fail_no_place(ramet_error *error)
{
    return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "the place for what is to be made is NULL");
}

ramet_status rmt_task_open(const char *model, const ramet_runtime_option *option, rmt_task **task, ramet_error *error)
{
    rmt_task *made = calloc(1, sizeof *made);
    if (made == NULL)
        return rmt_fail_memory(error, sizeof *made);
    ramet_status status = ramet_runtime_open(model, option, &made->runtime, error);
    if (status == RAMET_STATUS_OK &&
        (ramet_runtime_input_count(made->runtime) != 1 || ramet_runtime_output_count(made->runtime) != 1))
        status = rmt_fail(error, RAMET_STATUS_UNSUPPORTED,
                          "'%s' has %zu inputs and %zu outputs where this task needs one of each", model,
                          ramet_runtime_input_count(made->runtime), ramet_runtime_output_count(made->runtime));
    if (status != RAMET_STATUS_OK) {
        rmt_task_close(made);
        return status;
    }
    *task = made;
    return RAMET_STATUS_OK;
}

/* A program that was exported for single images gets them one by one. */
static void respect_declared_batch(rmt_task *task)
{
    ramet_tensor input;
    if (ramet_runtime_input_info(task->runtime, 0, &input) == RAMET_STATUS_OK && input.rank > 0 && input.dims[0] == 1)
        task->batch_size = 1;
}

ramet_status rmt_task_finish(rmt_task *task, ramet_status status)
{
    if (status == RAMET_STATUS_OK)
        respect_declared_batch(task);
    else
        rmt_task_close(task);
    return status;
}

static ramet_status clone_stages(const rmt_task *task, rmt_task *clone, ramet_error *error)
{
    clone->batch_size = task->batch_size;
    ramet_status status = ramet_runtime_clone(task->runtime, &clone->runtime, error);
    if (status != RAMET_STATUS_OK)
        return status;
    clone->pre = rmt_preprocessor_clone(task->pre, error);
    clone->post = clone->pre != NULL ? rmt_postprocessor_clone(task->post, error) : NULL;
    return clone->post != NULL ? RAMET_STATUS_OK : RAMET_STATUS_OUT_OF_MEMORY;
}

ramet_status rmt_task_clone(rmt_task *task, rmt_task **clone, ramet_error *error)
{
    *clone = NULL;
    if (task == NULL)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "there is no model to clone");
    ramet_status status = rmt_guard_enter(&task->guard, error);
    if (status != RAMET_STATUS_OK)
        return status;
    rmt_task *made = calloc(1, sizeof *made);
    status = made != NULL ? clone_stages(task, made, error) : rmt_fail_memory(error, sizeof *made);
    rmt_guard_leave(&task->guard);
    if (status == RAMET_STATUS_OK)
        *clone = made;
    else
        rmt_task_close(made);
    return status;
}

void rmt_task_close(rmt_task *task)
{
    if (task == NULL)
        return;
    ramet_runtime_close(task->runtime);
    rmt_preprocessor_destroy(task->pre);
    rmt_postprocessor_destroy(task->post);
    rmt_scratch_clear(&task->places);
    free(task);
}

/* ---- prediction -------------------------------------------------------------------------------------------------- */

/* One run on images that measure the same. */
static ramet_status run_alike(rmt_task *task, const rmt_selection *selection, void *results, ramet_error *error)
{
    rmt_view input;
    ramet_tensor output;
    ramet_status status = rmt_preprocessor_run(task->pre, selection, RMT_LAYOUT_NHWC, &input, error);
    if (status == RAMET_STATUS_OK)
        status = rmt_runtime_run(task->runtime, &input, 1, &output, 1, error);
    if (status == RAMET_STATUS_OK)
        status = rmt_postprocessor_run(task->post, &output, selection, results, error);
    return status;
}

static ramet_status run_all(rmt_task *task, const ramet_image *images, size_t count, void *results, ramet_error *error)
{
    rmt_place *places = rmt_scratch_take(&task->places, count, sizeof *places);
    if (places == NULL)
        return rmt_fail_memory(error, count * sizeof *places);
    ramet_status status = rmt_preprocessor_measure(task->pre, images, count, places, error);
    if (status == RAMET_STATUS_OK)
        rmt_places_sort(places, count);
    for (size_t done = 0, alike; status == RAMET_STATUS_OK && done < count; done += alike) {
        alike = rmt_places_alike(places + done, count - done, task->batch_size);
        rmt_selection selection = {images, places + done, alike};
        status = run_alike(task, &selection, results, error);
    }
    return status;
}

ramet_status rmt_task_predict(rmt_task *task, const ramet_image *images, size_t count, void *results,
                              ramet_error *error)
{
    if (task == NULL || (count > 0 && (images == NULL || results == NULL)))
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT,
                        "a prediction needs a model, images and room for results");
    if (count == 0)
        return RAMET_STATUS_OK;
    size_t bytes = task->post->kind->result_bytes;
    memset(results, 0, count * bytes);
    ramet_status status = rmt_guard_enter(&task->guard, error);
    if (status != RAMET_STATUS_OK)
        return status;
    status = run_all(task, images, count, results, error);
    rmt_guard_leave(&task->guard);
    for (size_t i = 0; status != RAMET_STATUS_OK && i < count; i++)
        task->post->kind->clear((char *)results + i * bytes);
    return status;
}

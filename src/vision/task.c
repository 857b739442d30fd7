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

/* A program that was exported for single images gets them one by one. */
static void respect_declared_batch(rmt_task *task)
{
    ramet_tensor input;
    for (size_t i = 0; ramet_runtime_input_info(task->runtime, i, &input) == RAMET_STATUS_OK; i++)
        if (input.rank > 0 && input.dims[0] == 1)
            task->batch_size = 1;
}

void rmt_task_set_batch_size(rmt_task *task, size_t batch_size)
{
    task->batch_size = batch_size;
    respect_declared_batch(task);
}

/* The task, or NULL and the task closed. */
static rmt_task *keep_if(ramet_status status, rmt_task *task)
{
    if (status == RAMET_STATUS_OK)
        return task;
    rmt_task_close(task);
    return NULL;
}

static ramet_status take_arrays(rmt_task *task, ramet_error *error)
{
    size_t inputs = ramet_runtime_input_count(task->runtime), outputs = ramet_runtime_output_count(task->runtime);
    rmt_arena_init(&task->arena, 0);
    task->sides = rmt_arena_alloc(&task->arena, inputs, sizeof *task->sides);
    task->inputs = rmt_arena_alloc(&task->arena, inputs, sizeof *task->inputs);
    task->outputs = rmt_arena_alloc(&task->arena, outputs, sizeof *task->outputs);
    if (task->sides == NULL || task->inputs == NULL || task->outputs == NULL)
        return rmt_fail_memory(error, inputs * sizeof *task->inputs + outputs * sizeof *task->outputs);
    return RAMET_STATUS_OK;
}

static const rmt_side_input *find_side(const rmt_preprocessor_kind *kind, const char *name)
{
    for (size_t i = 0; i < kind->side_count; i++)
        if (strcmp(kind->sides[i].name, name) == 0)
            return &kind->sides[i];
    return NULL;
}

/* Inputs by name: the one that is nothing else takes the images. */
static ramet_status match_inputs(rmt_task *task, ramet_error *error)
{
    ramet_tensor input;
    size_t images = 0;
    for (size_t i = 0; ramet_runtime_input_info(task->runtime, i, &input) == RAMET_STATUS_OK; i++) {
        task->sides[i] = find_side(task->pre->kind, input.name);
        images += task->sides[i] == NULL;
        if (images > 1)
            return rmt_fail(error, RAMET_STATUS_UNSUPPORTED, "this task has nothing to give to the input '%s'",
                            input.name);
    }
    if (images == 0)
        return rmt_fail(error, RAMET_STATUS_UNSUPPORTED, "the model has no input for images");
    return RAMET_STATUS_OK;
}

static ramet_status match_outputs(const rmt_task *task, ramet_error *error)
{
    size_t count = ramet_runtime_output_count(task->runtime);
    if (count == 1 || (count > 0 && task->post->kind->read_all != NULL))
        return RAMET_STATUS_OK;
    return rmt_fail(error, RAMET_STATUS_UNSUPPORTED, "the model has %zu outputs where this task needs one", count);
}

static ramet_status open_stages(rmt_task *task, const char *model, const ramet_runtime_option *runtime_option,
                                rmt_task_stages *add, const void *option, ramet_error *error)
{
    ramet_status status = ramet_runtime_open(model, runtime_option, &task->runtime, error);
    if (status == RAMET_STATUS_OK)
        status = add(task, option, error);
    if (status == RAMET_STATUS_OK)
        status = take_arrays(task, error);
    if (status == RAMET_STATUS_OK)
        status = match_inputs(task, error);
    if (status == RAMET_STATUS_OK)
        status = match_outputs(task, error);
    if (status == RAMET_STATUS_OK)
        respect_declared_batch(task);
    return status;
}

rmt_task *rmt_task_open(const char *model, const ramet_runtime_option *runtime_option, rmt_task_stages *add,
                        const void *option, ramet_status *status, ramet_error *error)
{
    rmt_task *task = calloc(1, sizeof *task);
    *status = task != NULL ? open_stages(task, model, runtime_option, add, option, error)
                           : rmt_fail_memory(error, sizeof *task);
    return keep_if(*status, task);
}

static ramet_status clone_stages(const rmt_task *task, rmt_task *clone, ramet_error *error)
{
    clone->batch_size = task->batch_size;
    ramet_status status = ramet_runtime_clone(task->runtime, &clone->runtime, error);
    if (status != RAMET_STATUS_OK)
        return status;
    clone->pre = rmt_preprocessor_clone(task->pre, error);
    clone->post = clone->pre != NULL ? rmt_postprocessor_clone(task->post, error) : NULL;
    if (clone->post == NULL)
        return RAMET_STATUS_OUT_OF_MEMORY;
    status = take_arrays(clone, error);
    if (status == RAMET_STATUS_OK)
        memcpy(clone->sides, task->sides, ramet_runtime_input_count(task->runtime) * sizeof *task->sides);
    return status;
}

rmt_task *rmt_task_clone(rmt_task *task, ramet_status *status, ramet_error *error)
{
    if (task == NULL)
        *status = rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "there is no model to clone");
    else
        *status = rmt_guard_enter_to_clone(&task->guard, error);
    if (*status != RAMET_STATUS_OK)
        return NULL;
    rmt_task *clone = calloc(1, sizeof *clone);
    *status = clone != NULL ? clone_stages(task, clone, error) : rmt_fail_memory(error, sizeof *clone);
    rmt_guard_leave(&task->guard);
    return keep_if(*status, clone);
}

ramet_status rmt_task_set_option(rmt_task *task, rmt_task_stages *set, const void *option, ramet_error *error)
{
    if (task == NULL)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "there is no model to set options of");
    ramet_status status = rmt_guard_enter(&task->guard, error);
    if (status != RAMET_STATUS_OK)
        return status;
    status = set(task, option, error);
    rmt_guard_leave(&task->guard);
    return status;
}

ramet_runtime *rmt_task_runtime(rmt_task *task) { return task != NULL ? task->runtime : NULL; }

rmt_preprocessor *rmt_task_preprocessor(rmt_task *task) { return task != NULL ? task->pre : NULL; }

rmt_postprocessor *rmt_task_postprocessor(rmt_task *task) { return task != NULL ? task->post : NULL; }

void rmt_task_close(rmt_task *task)
{
    if (task == NULL)
        return;
    ramet_runtime_close(task->runtime);
    rmt_preprocessor_destroy(task->pre);
    rmt_postprocessor_destroy(task->post);
    rmt_scratch_clear(&task->places);
    rmt_scratch_clear(&task->numbers);
    rmt_arena_clear(&task->arena);
    free(task);
}

/* ---- prediction -------------------------------------------------------------------------------------------------- */

/* What the model asks for besides the images, into task->inputs. */
static ramet_status fill_sides(rmt_task *task, const rmt_selection *selection, ramet_error *error)
{
    size_t inputs = ramet_runtime_input_count(task->runtime), total = 0;
    for (size_t i = 0; i < inputs; i++)
        total += task->sides[i] != NULL ? task->sides[i]->width : 0;
    if (total == 0)
        return RAMET_STATUS_OK;
    float *next = rmt_scratch_take(&task->numbers, selection->count, total * sizeof *next);
    if (next == NULL)
        return rmt_fail_memory(error, selection->count * total * sizeof *next);
    for (size_t i = 0; i < inputs; i++) {
        const rmt_side_input *side = task->sides[i];
        if (side == NULL)
            continue;
        rmt_shape shape = {2, {(int64_t)selection->count, (int64_t)side->width}};
        task->inputs[i] = rmt_view_dense(RAMET_DTYPE_FLOAT32, &shape, next);
        for (size_t row = 0; row < selection->count; row++, next += side->width)
            side->write(task->pre, &selection->images[selection->places[row].index], next);
    }
    return RAMET_STATUS_OK;
}

/* One run on images that measure the same. */
static ramet_status run_alike(rmt_task *task, const rmt_selection *selection, void *results, ramet_error *error)
{
    size_t image_input = 0;
    rmt_outputs outputs = {task->outputs, ramet_runtime_output_count(task->runtime)};
    while (task->sides[image_input] != NULL)
        image_input++;
    ramet_status status =
        rmt_preprocessor_run(task->pre, selection, RMT_LAYOUT_NHWC, &task->inputs[image_input], error);
    if (status == RAMET_STATUS_OK)
        status = fill_sides(task, selection, error);
    if (status == RAMET_STATUS_OK)
        status = rmt_runtime_run(task->runtime, task->inputs, ramet_runtime_input_count(task->runtime), task->outputs,
                                 outputs.count, error);
    if (status == RAMET_STATUS_OK)
        status = rmt_postprocessor_run(task->post, &outputs, selection, results, error);
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

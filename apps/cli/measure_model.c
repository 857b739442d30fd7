/* SPDX-License-Identifier: Apache-2.0 */
/* A model and inputs for it: floats are a wave, whole numbers zeros; shapes as named, or as declared with 1 for -1. */
#include "measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void fill(ramet_tensor *tensor)
{
    size_t count = 1;
    for (int32_t i = 0; i < tensor->rank; i++)
        count *= (size_t)tensor->dims[i];
    tensor->data = cli_must(calloc(count + 1, ramet_dtype_bytes(tensor->dtype)));
    float *values = tensor->data;
    for (size_t i = 0; tensor->dtype == RAMET_DTYPE_FLOAT32 && i < count; i++)
        values[i] = 1.0f + 0.5f * sinf(0.01f * (float)i);
}

/* The shape that was named for this input, or what is declared. */
static ramet_status settle_input(const measure_model *model, const cli_texts *named, size_t index, ramet_tensor *tensor,
                                 ramet_error *error)
{
    ramet_status status = ramet_runtime_input_info(model->runtime, index, tensor);
    for (size_t i = 0; i < named->count && !status; i++) {
        ramet_tensor read;
        status = cli_shape_read(model->runtime, named->items[i], i, &read, error);
        bool meant = !status && (read.name ? !strcmp(read.name, tensor->name) : i == index);
        if (meant) {
            memcpy(tensor->dims, read.dims, sizeof read.dims);
            tensor->rank = read.rank;
        }
        if (!status)
            free((char *)read.name);
    }
    for (int32_t i = 0; i < tensor->rank; i++)
        if (tensor->dims[i] < 0)
            tensor->dims[i] = 1;
    return status;
}

/* Where weights are to be shared, nothing else would be worth measuring. */
static ramet_status check_shared(ramet_runtime *runtime, ramet_error *error)
{
    ramet_memory memory;
    char *why;
    ramet_runtime_memory(runtime, &memory);
    if (memory.shared_bytes > 0)
        return RAMET_STATUS_OK;
    ramet_status status = ramet_runtime_describe(runtime, RAMET_DESCRIBE_WEIGHTS, NULL, 0, &why, error);
    if (!status) {
        status = cli_fail(error, RAMET_STATUS_IO, "the packed weights are not shared: %s", why);
        ramet_text_free(why);
    }
    return status;
}

static ramet_status open_runtime(const measure_point *point, ramet_runtime **runtime, ramet_error *error)
{
    static const int32_t given = 5; /* where a fleet puts the first */
    ramet_runtime_option option = point->engine->option;
    bool cached = point->kind == MEASURE_CACHED, handed = point->setting->has_given_weights;
    if (option.num_streams == 0)
        option.num_streams = point->kind == MEASURE_THREADS ? point->workers : 1;
    option.cache_dir = cached ? point->setting->cache_dir : NULL;
    option.weights_fds = &given;
    option.weights_fd_count = handed;
    ramet_status status = ramet_runtime_open(point->setting->model, &option, runtime, error);
    if (!status && (cached || handed) && (status = check_shared(*runtime, error))) {
        ramet_runtime_close(*runtime);
        *runtime = NULL;
    }
    return status;
}

ramet_status measure_model_open(const measure_point *point, measure_model *model, ramet_error *error)
{
    *model = (measure_model){0};
    ramet_status status = open_runtime(point, &model->runtime, error);
    if (status)
        return status;
    model->input_count = ramet_runtime_input_count(model->runtime);
    model->output_count = ramet_runtime_output_count(model->runtime);
    model->inputs = model->own_inputs = cli_must(calloc(model->input_count + 1, sizeof *model->own_inputs));
    model->outputs = cli_must(calloc(model->output_count + 1, sizeof *model->outputs));
    for (size_t i = 0; i < model->input_count && !status; i++) {
        status = settle_input(model, point->setting->inputs, i, &model->own_inputs[i], error);
        if (!status)
            fill(&model->own_inputs[i]);
    }
    if (status)
        measure_model_close(model);
    return status;
}

ramet_status measure_model_clone(const measure_model *origin, measure_model *clone, ramet_error *error)
{
    *clone = *origin;
    clone->runtime = NULL;
    clone->own_inputs = NULL;
    clone->outputs = cli_must(calloc(clone->output_count + 1, sizeof *clone->outputs));
    ramet_status status = ramet_runtime_clone(origin->runtime, &clone->runtime, error);
    if (status)
        measure_model_close(clone);
    return status;
}

void measure_model_close(measure_model *model)
{
    ramet_runtime_close(model->runtime);
    for (size_t i = 0; model->own_inputs && i < model->input_count; i++)
        free(model->own_inputs[i].data);
    free(model->own_inputs);
    free(model->outputs);
    *model = (measure_model){0};
}

ramet_status measure_model_run(measure_model *model, ramet_error *error)
{
    return ramet_runtime_run(model->runtime, model->inputs, model->input_count, model->outputs, model->output_count,
                             error);
}

uint64_t measure_model_arena(const measure_model *model)
{
    ramet_memory memory = {0};
    ramet_runtime_memory(model->runtime, &memory);
    return memory.arena_bytes;
}

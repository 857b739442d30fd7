/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public Runtime: options and their defaults, tensors to views, one guard
 * a handle; everything else is the engine's.
 */
#include "runtime/runtime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/os.h"
#include "runtime/engine.h"

#define DEFAULT_PLAN_CAPACITY 16
#define MOST_PLANS 4096
#define MOST_THREADS 256
#define DEFAULT_BUDGET_BYTES (UINT64_C(4) << 30)
#define TEXT_LIMIT_BYTES ((size_t)256 << 20)

struct ramet_runtime {
    const rmt_engine *engine;
    void *state;      /* of the engine */
    char *config;     /* as rmt_runtime_config() */
    rmt_view *inputs; /* room for one view an input */
    ramet_run_times times;
    rmt_guard guard;
};

/* ---- options -------------------------------------------------------------------------------------------------- */

void ramet_runtime_option_init(ramet_runtime_option *option)
{
    *option = (ramet_runtime_option){.struct_bytes = sizeof *option};
}

/* Each part of a model comes from one place. */
static ramet_status check_sources(const ramet_runtime_option *option, ramet_error *error)
{
    const char *wrong = NULL;
    if ((option->program_count > 0 && option->program_bytes == NULL) ||
        (option->params_count > 0 && option->params_bytes == NULL))
        wrong = "bytes are counted that are NULL";
    else if (option->fixed_input_count > 0 && option->fixed_inputs == NULL)
        wrong = "fixed_inputs are counted that are NULL";
    else if (option->params_bytes != NULL && option->program_bytes == NULL)
        wrong = "params_bytes need program_bytes";
    else if (option->params_file != NULL && option->program_bytes != NULL)
        wrong = "params_file and program_bytes exclude each other";
    else if (option->weights_fd_count > 0 && option->weights_fds == NULL)
        wrong = "weights_fds are counted that are NULL";
    else if (option->config_file != NULL && option->config_text != NULL)
        wrong = "config_file and config_text exclude each other";
    return wrong == NULL ? RAMET_STATUS_OK : rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "%s", wrong);
}

static ramet_status check_range(const char *name, int64_t value, int64_t least, int64_t most, ramet_error *error)
{
    if (value >= least && value <= most)
        return RAMET_STATUS_OK;
    return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "%s %lld is not in %lld..%lld", name, (long long)value,
                    (long long)least, (long long)most);
}

static ramet_status check_numbers(const ramet_runtime_option *option, ramet_error *error)
{
    const struct {
        const char *name;
        int64_t value, least, most;
    } numbers[] = {
        {"cpu_thread_num", option->cpu_thread_num, 1, MOST_THREADS},
        {"plan_capacity", option->plan_capacity, 1, MOST_PLANS},
        {"num_streams", option->num_streams, 0, MOST_THREADS},
        {"cpu_level", (int64_t)option->cpu_level, 0, RAMET_CPU_LEVEL_AVX512_BF16},
        {"precision", (int64_t)option->precision, 0, RAMET_PRECISION_BFLOAT16},
        {"hint", (int64_t)option->hint, 0, RAMET_HINT_THROUGHPUT},
    };
    ramet_status status = RAMET_STATUS_OK;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers && status == RAMET_STATUS_OK; i++)
        status = check_range(numbers[i].name, numbers[i].value, numbers[i].least, numbers[i].most, error);
    return status;
}

static ramet_status settle_option(const ramet_runtime_option *given, ramet_runtime_option *option, ramet_error *error)
{
    ramet_status status = rmt_option_read(option, sizeof *option, given, error);
    if (status != RAMET_STATUS_OK)
        return status;
    if (option->cpu_thread_num == 0)
        option->cpu_thread_num = 1;
    if (option->plan_capacity == 0)
        option->plan_capacity = DEFAULT_PLAN_CAPACITY;
    if (option->memory_budget_bytes == 0)
        option->memory_budget_bytes = DEFAULT_BUDGET_BYTES;
    status = check_numbers(option, error);
    return status == RAMET_STATUS_OK ? check_sources(option, error) : status;
}

ramet_status rmt_engine_choose(ramet_backend backend, const rmt_engine **engine, ramet_error *error)
{
    static const rmt_engine *const engines[] = {[RAMET_BACKEND_DEFAULT] = &rmt_engine_native,
                                                [RAMET_BACKEND_NATIVE] = &rmt_engine_native,
                                                [RAMET_BACKEND_OPENVINO] = &rmt_engine_openvino};
    if ((size_t)backend >= sizeof engines / sizeof *engines)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "backend %d does not exist; use native", (int)backend);
    *engine = engines[backend];
    return RAMET_STATUS_OK;
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

/* A copy that ends with a line break, by which a text is told from a path. */
static char *copy_of_text(const char *text)
{
    size_t bytes = strlen(text);
    char *copy = malloc(bytes + 2);
    if (copy != NULL) {
        memcpy(copy, text, bytes);
        memcpy(copy + bytes, "\n", 2);
    }
    return copy;
}

/* A handle around an engine's state, which it takes over, also on failure; and config, from malloc or NULL: exhausted. */
static ramet_status wrap(const rmt_engine *engine, void *state, char *config, ramet_runtime **out, ramet_error *error)
{
    ramet_runtime *runtime = calloc(1, sizeof *runtime);
    size_t count = engine->input_count(state);
    if (runtime != NULL) {
        runtime->config = config;
        runtime->inputs = calloc(count + 1, sizeof *runtime->inputs);
    }
    if (runtime == NULL || config == NULL || runtime->inputs == NULL) {
        engine->close(state);
        if (runtime == NULL)
            free(config);
        ramet_runtime_close(runtime);
        return rmt_fail_memory(error, sizeof *runtime);
    }
    runtime->engine = engine;
    runtime->state = state;
    *out = runtime;
    return RAMET_STATUS_OK;
}

/* Without files to find, `model` is a name. */
static ramet_status name_files(const char *model, const ramet_runtime_option *option, rmt_model_files *files)
{
    (void)snprintf(files->program, sizeof files->program, "%s", model);
    if (option->config_file != NULL)
        (void)snprintf(files->config, sizeof files->config, "%s", option->config_file);
    return RAMET_STATUS_OK;
}

static ramet_status open_files(const char *model, const ramet_runtime_option *option, rmt_model_files *files,
                               ramet_runtime **runtime, ramet_error *error)
{
    const rmt_engine *engine = NULL;
    ramet_status status = rmt_engine_choose(option->backend, &engine, error);
    if (status == RAMET_STATUS_OK)
        status = option->program_bytes != NULL
                     ? name_files(model, option, files)
                     : rmt_model_files_find(model, option->params_file, option->config_file, files, error);
    void *state = NULL;
    if (status == RAMET_STATUS_OK)
        status = engine->open(files, option, &state, error);
    if (status != RAMET_STATUS_OK)
        return status;
    char *config = option->config_text != NULL ? copy_of_text(option->config_text) : strdup(files->config);
    return wrap(engine, state, config, runtime, error);
}

ramet_status ramet_runtime_open(const char *model, const ramet_runtime_option *given, ramet_runtime **runtime,
                                ramet_error *error)
{
    if (runtime == NULL)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "runtime is NULL");
    *runtime = NULL;
    if (model == NULL)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "model is NULL");
    ramet_runtime_option option;
    ramet_status status = settle_option(given, &option, error);
    if (status != RAMET_STATUS_OK)
        return status;
    rmt_model_files *files = calloc(1, sizeof *files);
    if (files == NULL)
        return rmt_fail_memory(error, sizeof *files);
    status = open_files(model, &option, files, runtime, error);
    free(files);
    return status;
}

ramet_status ramet_runtime_clone(ramet_runtime *runtime, ramet_runtime **clone, ramet_error *error)
{
    if (runtime == NULL || clone == NULL)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "a handle is NULL");
    *clone = NULL;
    ramet_status status = rmt_guard_enter_to_clone(&runtime->guard, error);
    if (status != RAMET_STATUS_OK)
        return status;
    void *state;
    status = runtime->engine->clone(runtime->state, &state, error);
    if (status == RAMET_STATUS_OK)
        status = wrap(runtime->engine, state, strdup(runtime->config), clone, error);
    rmt_guard_leave(&runtime->guard);
    return status;
}

void ramet_runtime_close(ramet_runtime *runtime)
{
    if (runtime == NULL)
        return;
    if (runtime->state != NULL)
        runtime->engine->close(runtime->state);
    free(runtime->config);
    free(runtime->inputs);
    free(runtime);
}

/* ---- what it is -------------------------------------------------------------------------------------------------- */

size_t ramet_runtime_input_count(const ramet_runtime *runtime)
{
    return runtime == NULL ? 0 : runtime->engine->input_count(runtime->state);
}

size_t ramet_runtime_output_count(const ramet_runtime *runtime)
{
    return runtime == NULL ? 0 : runtime->engine->output_count(runtime->state);
}

ramet_status ramet_runtime_input_info(const ramet_runtime *runtime, size_t index, ramet_tensor *info)
{
    if (info == NULL || index >= ramet_runtime_input_count(runtime))
        return RAMET_STATUS_INVALID_ARGUMENT;
    runtime->engine->input_info(runtime->state, index, info);
    return RAMET_STATUS_OK;
}

ramet_status ramet_runtime_output_info(const ramet_runtime *runtime, size_t index, ramet_tensor *info)
{
    if (info == NULL || index >= ramet_runtime_output_count(runtime))
        return RAMET_STATUS_INVALID_ARGUMENT;
    runtime->engine->output_info(runtime->state, index, info);
    return RAMET_STATUS_OK;
}

ramet_status ramet_runtime_run_times(const ramet_runtime *runtime, ramet_run_times *times)
{
    if (runtime == NULL || times == NULL)
        return RAMET_STATUS_INVALID_ARGUMENT;
    *times = runtime->times;
    return RAMET_STATUS_OK;
}

const char *rmt_runtime_config(const ramet_runtime *runtime) { return runtime->config; }

ramet_status ramet_runtime_memory(const ramet_runtime *runtime, ramet_memory *memory)
{
    if (runtime == NULL || memory == NULL)
        return RAMET_STATUS_INVALID_ARGUMENT;
    runtime->engine->measure(runtime->state, memory);
    return RAMET_STATUS_OK;
}

ramet_status ramet_runtime_weights_fd(ramet_runtime *runtime, int32_t *fd, ramet_error *error)
{
    if (runtime == NULL || fd == NULL)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "runtime or fd is NULL");
    *fd = -1;
    if (runtime->engine->share == NULL)
        return rmt_fail(error, RAMET_STATUS_UNSUPPORTED, "the engine %s keeps no packed weights that could be shared",
                        runtime->engine->name);
    ramet_status status = rmt_guard_enter(&runtime->guard, error);
    if (status != RAMET_STATUS_OK)
        return status;
    status = runtime->engine->share(runtime->state, fd, error);
    rmt_guard_leave(&runtime->guard);
    return status;
}

/* ---- running ------------------------------------------------------------------------------------------------------- */

/* Which input a tensor is meant for: by its name, or by its position where it has none. */
static ramet_status find_input(const ramet_runtime *runtime, const ramet_tensor *tensor, size_t position, size_t *index,
                               ramet_tensor *info, ramet_error *error)
{
    size_t count = ramet_runtime_input_count(runtime);
    *info = (ramet_tensor){.name = ""};
    for (*index = 0; *index < count; ++*index) {
        size_t i = *index;
        runtime->engine->input_info(runtime->state, i, info);
        if (tensor->name == NULL ? i == position : strcmp(tensor->name, info->name) == 0)
            return RAMET_STATUS_OK;
    }
    return rmt_fail(error, RAMET_STATUS_NOT_FOUND,
                    "the model has no input '%s'; ramet_runtime_input_info() tells what it takes",
                    tensor->name == NULL ? "" : tensor->name);
}

static ramet_status check_shape(const rmt_shape *shape, const char *name, ramet_error *error)
{
    char text[160];
    bool good = shape->rank >= 0 && shape->rank <= RMT_MAX_RANK && rmt_shape_elements(shape) > 0;
    if (good)
        return RAMET_STATUS_OK;
    if (shape->rank < 0 || shape->rank > RMT_MAX_RANK)
        return rmt_fail(error, RAMET_STATUS_BAD_SHAPE, "input '%s' has rank %d; 0 to %d are possible", name,
                        shape->rank, RMT_MAX_RANK);
    rmt_shape_print(shape, text, sizeof text);
    return rmt_fail(error, RAMET_STATUS_BAD_SHAPE, "input '%s' has the impossible shape %s", name, text);
}

static ramet_status check_view(const rmt_view *view, const ramet_tensor *info, bool shape_only, ramet_error *error)
{
    if (view->dtype != info->dtype)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "input '%s' is %s, but the model takes %s", info->name,
                        ramet_dtype_name(view->dtype), ramet_dtype_name(info->dtype));
    ramet_status status = check_shape(&view->shape, info->name, error);
    if (status != RAMET_STATUS_OK)
        return status;
    if (view->data == NULL && !shape_only)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "input '%s' has no data", info->name);
    return RAMET_STATUS_OK;
}

/* Public tensors -> runtime->inputs, one for each input of the model. */
static ramet_status take_tensors(ramet_runtime *runtime, const ramet_tensor *tensors, size_t count, bool shape_only,
                                 ramet_error *error)
{
    size_t expected = ramet_runtime_input_count(runtime);
    if (count != expected || (tensors == NULL && count > 0))
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "the model takes %zu input%s, not %zu", expected,
                        expected == 1 ? "" : "s", count);
    memset(runtime->inputs, 0, expected * sizeof *runtime->inputs);
    for (size_t i = 0; i < expected; i++)
        runtime->inputs[i].shape.rank = -1;
    for (size_t i = 0; i < count; i++) {
        size_t index = 0;
        ramet_tensor info;
        ramet_status status = find_input(runtime, &tensors[i], i, &index, &info, error);
        if (status != RAMET_STATUS_OK)
            return status;
        if (runtime->inputs[index].shape.rank >= 0)
            return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "input '%s' is given twice", info.name);
        rmt_shape shape = {.rank = tensors[i].rank};
        memcpy(shape.dims, tensors[i].dims, sizeof shape.dims);
        rmt_view view = {.dtype = tensors[i].dtype, .shape = shape, .data = tensors[i].data};
        status = check_view(&view, &info, shape_only, error);
        if (status != RAMET_STATUS_OK)
            return status;
        runtime->inputs[index] = rmt_view_dense(view.dtype, &shape, view.data);
    }
    return RAMET_STATUS_OK;
}

/* Inputs are checked, the guard is held. */
static ramet_status run_engine(ramet_runtime *runtime, const rmt_view *inputs, ramet_tensor *outputs,
                               ramet_error *error)
{
    uint64_t start_ns = rmt_os_now_ns();
    ramet_status status = runtime->engine->run(runtime->state, inputs, outputs, error);
    if (status == RAMET_STATUS_OK) {
        runtime->times.runs++;
        runtime->times.total_ns += rmt_os_now_ns() - start_ns;
    }
    return status;
}

ramet_status ramet_runtime_run(ramet_runtime *runtime, const ramet_tensor *inputs, size_t input_count,
                               ramet_tensor *outputs, size_t output_count, ramet_error *error)
{
    if (runtime == NULL || outputs == NULL)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "runtime or outputs is NULL");
    if (output_count < ramet_runtime_output_count(runtime))
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "the model gives %zu outputs, there is room for %zu",
                        ramet_runtime_output_count(runtime), output_count);
    ramet_status status = rmt_guard_enter(&runtime->guard, error);
    if (status != RAMET_STATUS_OK)
        return status;
    status = take_tensors(runtime, inputs, input_count, false, error);
    if (status == RAMET_STATUS_OK)
        status = run_engine(runtime, runtime->inputs, outputs, error);
    rmt_guard_leave(&runtime->guard);
    return status;
}

static ramet_status check_views(const ramet_runtime *runtime, const rmt_view *inputs, size_t count, ramet_error *error)
{
    size_t expected = ramet_runtime_input_count(runtime);
    if (count != expected)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "the model takes %zu input%s, this task feeds %zu",
                        expected, expected == 1 ? "" : "s", count);
    for (size_t i = 0; i < count; i++) {
        ramet_tensor info;
        runtime->engine->input_info(runtime->state, i, &info);
        ramet_status status = check_view(&inputs[i], &info, false, error);
        if (status != RAMET_STATUS_OK)
            return status;
    }
    return RAMET_STATUS_OK;
}

ramet_status rmt_runtime_run(ramet_runtime *runtime, const rmt_view *inputs, size_t input_count, ramet_tensor *outputs,
                             size_t output_count, ramet_error *error)
{
    size_t made = ramet_runtime_output_count(runtime);
    if (output_count < made)
        return rmt_fail(error, RAMET_STATUS_UNSUPPORTED, "the model gives %zu outputs, this task knows %zu", made,
                        output_count);
    ramet_status status = rmt_guard_enter(&runtime->guard, error);
    if (status != RAMET_STATUS_OK)
        return status;
    status = check_views(runtime, inputs, input_count, error);
    if (status == RAMET_STATUS_OK)
        status = run_engine(runtime, inputs, outputs, error);
    rmt_guard_leave(&runtime->guard);
    return status;
}

/* ---- texts ------------------------------------------------------------------------------------------------------------ */

ramet_status ramet_runtime_describe(ramet_runtime *runtime, ramet_describe what, const ramet_tensor *inputs,
                                    size_t input_count, char **text, ramet_error *error)
{
    if (runtime == NULL || text == NULL)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "runtime or text is NULL");
    *text = NULL;
    ramet_status status = rmt_guard_enter(&runtime->guard, error);
    if (status != RAMET_STATUS_OK)
        return status;
    if (what == RAMET_DESCRIBE_PLAN)
        status = take_tensors(runtime, inputs, input_count, true, error);
    rmt_buffer buffer;
    rmt_buffer_init(&buffer, TEXT_LIMIT_BYTES);
    if (status == RAMET_STATUS_OK)
        status = runtime->engine->describe(runtime->state, what, runtime->inputs, &buffer, error);
    if (status == RAMET_STATUS_OK && !rmt_buffer_append(&buffer, "", 0))
        status = rmt_fail_memory(error, 1);
    if (status == RAMET_STATUS_OK)
        *text = (char *)buffer.data;
    else
        rmt_buffer_clear(&buffer);
    rmt_guard_leave(&runtime->guard);
    return status;
}

ramet_status ramet_runtime_forecast_memory(ramet_runtime *runtime, const ramet_tensor *inputs, size_t input_count,
                                           ramet_memory_forecast *forecast, ramet_error *error)
{
    if (runtime == NULL || forecast == NULL)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "runtime or forecast is NULL");
    *forecast = (ramet_memory_forecast){0};
    if (runtime->engine->forecast == NULL)
        return rmt_fail(error, RAMET_STATUS_UNSUPPORTED, "the engine %s does not tell what it will hold",
                        runtime->engine->name);
    ramet_status status = rmt_guard_enter(&runtime->guard, error);
    if (status != RAMET_STATUS_OK)
        return status;
    status = take_tensors(runtime, inputs, input_count, true, error);
    if (status == RAMET_STATUS_OK)
        status = runtime->engine->forecast(runtime->state, runtime->inputs, forecast, error);
    rmt_guard_leave(&runtime->guard);
    return status;
}

void ramet_text_free(char *text) { free(text); }

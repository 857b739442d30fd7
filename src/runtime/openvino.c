/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine OpenVINO, as far as it lies in this library: the program's inputs
 * and outputs in its order, dense inputs, clones, and what fork() does. The
 * plug-in (plugin.h) compiles and runs.
 *
 * One compiled model is shared by all clones; a handle is one request on it.
 * OpenVINO keeps inputs and outputs in an order of its own, so they are known
 * by name. Its threads are gone in a forked child: a handle works only in the
 * process that opened it.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"
#include "os/os.h"
#include "runtime/engine.h"
#include "runtime/plugin_load.h"

enum { MOST_DEFAULT_STREAMS = 8 };

/* Of all clones; immutable but for the count. */
typedef struct compiled_model {
    const rmt_plugin *plugin;
    void *compiled;
    uint64_t process; /* where it was opened */
    rmt_arena arena;  /* of the names */
    ramet_tensor *inputs, *outputs;
    size_t input_count, output_count;
    atomic_size_t references;
} compiled_model;

/* Where a strided input is made dense; grows to the largest. */
typedef struct dense_room {
    void *data;
    size_t bytes;
} dense_room;

typedef struct openvino_state {
    compiled_model *model;
    void *request;
    ramet_tensor *inputs; /* dense, for a run */
    dense_room *rooms;    /* [input_count] */
} openvino_state;

static ramet_status load_plugin(const ramet_runtime_option *option, const rmt_plugin **plugin, ramet_error *error)
{
    return rmt_plugin_load("openvino", "libopenvino_c.so", option, plugin, error);
}

static ramet_status openvino_version(const ramet_runtime_option *option, char *text, size_t room, ramet_error *error)
{
    const rmt_plugin *plugin;
    char own[128] = "";
    ramet_status status = load_plugin(option, &plugin, error);
    if (status == RAMET_STATUS_OK)
        status = plugin->version(own, sizeof own, error);
    if (status == RAMET_STATUS_OK)
        (void)snprintf(text, room, "openvino %s", own);
    return status;
}

/* ---- what goes in and out ---------------------------------------------------------------------------------------- */

static bool copy_ports(const rmt_graph *graph, const int32_t *values, size_t count, rmt_arena *arena,
                       ramet_tensor **out)
{
    ramet_tensor *ports = rmt_arena_alloc(arena, count, sizeof *ports);
    *out = ports;
    for (size_t i = 0; ports != NULL && i < count; i++) {
        const rmt_value *value = &graph->values[values[i]];
        ports[i] = (ramet_tensor){.name = rmt_arena_copy_text(arena, value->name, strlen(value->name)),
                                  .dtype = value->dtype,
                                  .rank = value->shape.rank};
        for (int32_t d = 0; d < value->shape.rank; d++)
            ports[i].dims[d] = value->shape.dims[d];
        if (ports[i].name == NULL)
            return false;
    }
    return ports != NULL;
}

static ramet_status read_ports(const rmt_model_files *files, const ramet_runtime_option *option, compiled_model *model,
                               ramet_error *error)
{
    rmt_program program;
    ramet_status status = option->program_bytes == NULL
                              ? rmt_program_open(files->program, files->params, &program, error)
                              : rmt_program_open_memory(option->program_bytes, option->program_count,
                                                        option->params_bytes, option->params_count, &program, error);
    if (status != RAMET_STATUS_OK)
        return status;
    const rmt_graph *graph = &program.graph;
    model->input_count = graph->input_count;
    model->output_count = graph->output_count;
    bool copied = copy_ports(graph, graph->inputs, graph->input_count, &model->arena, &model->inputs) &&
                  copy_ports(graph, graph->outputs, graph->output_count, &model->arena, &model->outputs);
    rmt_program_close(&program);
    return copied ? RAMET_STATUS_OK : rmt_fail_memory(error, sizeof(ramet_tensor));
}

/* ---- compiling --------------------------------------------------------------------------------------------------- */

/* Any size of everything but the channels of images, which kernels are chosen by. */
static void free_sizes(ramet_tensor *input)
{
    for (int32_t d = 0; d < input->rank; d++)
        if (input->rank != 4 || d != 1)
            input->dims[d] = -1;
}

static ramet_status fix_size(const ramet_runtime_option *option, size_t index, ramet_tensor *input, ramet_error *error)
{
    for (size_t i = 0; i < option->fixed_input_count; i++) {
        const ramet_tensor *fixed = &option->fixed_inputs[i];
        if (fixed->name == NULL ? i != index : strcmp(fixed->name, input->name) != 0)
            continue;
        if (fixed->rank < 0 || fixed->rank > RAMET_MAX_RANK)
            return rmt_fail(error, RAMET_STATUS_BAD_SHAPE, "fixed_inputs: '%s' has rank %d; 0 to %d are possible",
                            input->name, fixed->rank, RAMET_MAX_RANK);
        input->rank = fixed->rank;
        memcpy(input->dims, fixed->dims, sizeof input->dims);
    }
    return RAMET_STATUS_OK;
}

static ramet_status check_fixed_names(const compiled_model *model, const ramet_runtime_option *option,
                                      ramet_error *error)
{
    for (size_t i = 0; i < option->fixed_input_count; i++) {
        const char *name = option->fixed_inputs[i].name;
        bool known = name == NULL && i < model->input_count;
        for (size_t k = 0; name != NULL && k < model->input_count; k++)
            known = known || strcmp(name, model->inputs[k].name) == 0;
        if (!known)
            return rmt_fail(error, RAMET_STATUS_NOT_FOUND, "fixed_inputs: the model has no input '%s'",
                            name == NULL ? "" : name);
    }
    return RAMET_STATUS_OK;
}

static int32_t default_streams(int32_t threads)
{
    rmt_os_processors processors;
    rmt_os_processors_get("", &processors);
    int32_t share = processors.usable / threads;
    return share < 1 ? 1 : share > MOST_DEFAULT_STREAMS ? MOST_DEFAULT_STREAMS : share;
}

static ramet_status compile(compiled_model *model, rmt_plugin_model *wanted, const ramet_runtime_option *option,
                            bool as_declared, ramet_error *error)
{
    ramet_tensor *inputs = calloc(model->input_count + 1, sizeof *inputs);
    if (inputs == NULL)
        return rmt_fail_memory(error, model->input_count * sizeof *inputs);
    ramet_status status = RAMET_STATUS_OK;
    for (size_t i = 0; i < model->input_count && status == RAMET_STATUS_OK; i++) {
        inputs[i] = model->inputs[i];
        if (!as_declared)
            free_sizes(&inputs[i]);
        status = fix_size(option, i, &inputs[i], error);
    }
    wanted->inputs = inputs;
    if (status == RAMET_STATUS_OK)
        status = model->plugin->open(wanted, &model->compiled, error);
    free(inputs);
    return status;
}

/* OpenVINO goes by the ends of names; what it would not know by its name is handed over as bytes. */
static bool has_known_name(const char *program)
{
    return rmt_text_ends(program, ".pdmodel") || rmt_text_ends(program, ".onnx");
}

/* Programs whose shapes hold numbers of their own may not be open to every size: those are compiled as they are declared. */
static ramet_status compile_from(compiled_model *model, const rmt_model_files *files,
                                 const ramet_runtime_option *option, const rmt_os_map maps[2], ramet_error *error)
{
    rmt_plugin_model wanted = {.program = files->program,
                               .params = files->params,
                               .outputs = model->outputs,
                               .input_count = model->input_count,
                               .output_count = model->output_count,
                               .threads = option->cpu_thread_num,
                               .streams = option->num_streams != 0 ? option->num_streams
                                                                   : default_streams(option->cpu_thread_num),
                               .hint = (rmt_plugin_hint)option->hint,
                               .bfloat16 = option->precision == RAMET_PRECISION_BFLOAT16};
    wanted.program_bytes = option->program_bytes != NULL ? option->program_bytes : maps[0].data;
    wanted.program_count = option->program_bytes != NULL ? option->program_count : maps[0].bytes;
    wanted.params_bytes = option->program_bytes != NULL ? option->params_bytes : maps[1].data;
    wanted.params_count = option->program_bytes != NULL ? option->params_count : maps[1].bytes;
    ramet_error first = {.status = RAMET_STATUS_OK};
    ramet_status status = compile(model, &wanted, option, false, &first);
    if (status == RAMET_STATUS_UNSUPPORTED)
        status = compile(model, &wanted, option, true, &first);
    return status == RAMET_STATUS_OK ? status : rmt_fail(error, status, "%s", first.message);
}

static ramet_status compile_model(compiled_model *model, const rmt_model_files *files,
                                  const ramet_runtime_option *option, ramet_error *error)
{
    rmt_os_map maps[2] = {{NULL, 0}, {NULL, 0}};
    ramet_status status = check_fixed_names(model, option, error);
    bool by_bytes = option->program_bytes == NULL && !has_known_name(files->program);
    for (size_t i = 0; by_bytes && i < 2 && status == RAMET_STATUS_OK; i++) {
        const char *path = i == 0 ? files->program : files->params;
        int failed = path[0] != '\0' ? rmt_os_map_file(path, SIZE_MAX, &maps[i]) : 0;
        if (failed)
            status = rmt_fail_errno(error, failed, "map", path);
    }
    if (status == RAMET_STATUS_OK)
        status = compile_from(model, files, option, maps, error);
    for (size_t i = 0; i < 2; i++)
        rmt_os_unmap(&maps[i]);
    return status == RAMET_STATUS_OK ? status : rmt_fail_at(error, status, "%s", files->program);
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

/* Not this process's: its threads are gone, and to close it would be to wait for them. */
static bool is_inherited(const compiled_model *model) { return model->process != rmt_os_process_id(); }

static ramet_status check_process(const compiled_model *model, ramet_error *error)
{
    if (!is_inherited(model))
        return RAMET_STATUS_OK;
    return rmt_fail(
        error, RAMET_STATUS_UNSUPPORTED,
        "this handle was opened before fork(), and OpenVINO's threads do not survive that: open the model in "
        "the child, or use the native engine");
}

static void release_model(compiled_model *model)
{
    if (model == NULL || atomic_fetch_sub_explicit(&model->references, 1, memory_order_acq_rel) > 1)
        return;
    if (model->compiled != NULL && !is_inherited(model))
        model->plugin->close(model->compiled);
    rmt_arena_clear(&model->arena);
    free(model);
}

static void openvino_close(void *opaque)
{
    openvino_state *state = opaque;
    if (state == NULL)
        return;
    if (state->request != NULL && !is_inherited(state->model))
        state->model->plugin->request_close(state->request);
    for (size_t i = 0; state->rooms != NULL && i < state->model->input_count; i++)
        free(state->rooms[i].data);
    free(state->rooms);
    free(state->inputs);
    release_model(state->model);
    free(state);
}

/* A handle on model, whose reference it takes over, also on failure. */
static ramet_status new_handle(compiled_model *model, void **out, ramet_error *error)
{
    openvino_state *state = calloc(1, sizeof *state);
    if (state == NULL) {
        release_model(model);
        return rmt_fail_memory(error, sizeof *state);
    }
    state->model = model;
    state->inputs = calloc(model->input_count + 1, sizeof *state->inputs);
    state->rooms = calloc(model->input_count + 1, sizeof *state->rooms);
    ramet_status status = state->inputs == NULL || state->rooms == NULL
                              ? rmt_fail_memory(error, model->input_count * sizeof *state->inputs)
                              : model->plugin->request_open(model->compiled, &state->request, error);
    if (status != RAMET_STATUS_OK) {
        openvino_close(state);
        return status;
    }
    *out = state;
    return RAMET_STATUS_OK;
}

static ramet_status refuse_json(const rmt_model_files *files, const ramet_runtime_option *option, ramet_error *error)
{
    const char *start = option->program_bytes;
    size_t count = option->program_count;
    while (start != NULL && count > 0 && strchr(" \t\r\n", *start) != NULL) {
        start++;
        count--;
    }
    bool json = start == NULL ? rmt_text_ends(files->program, ".json") : count > 0 && *start == '{';
    if (!json)
        return RAMET_STATUS_OK;
    (void)rmt_fail(error, RAMET_STATUS_UNSUPPORTED,
                   "OpenVINO does not read PIR programs (.json); the native engine does: --backend native");
    return rmt_fail_at(error, RAMET_STATUS_UNSUPPORTED, "%s", files->program);
}

static ramet_status openvino_open(const rmt_model_files *files, const ramet_runtime_option *option, void **state,
                                  ramet_error *error)
{
    const rmt_plugin *plugin;
    ramet_status status = refuse_json(files, option, error);
    if (status == RAMET_STATUS_OK)
        status = load_plugin(option, &plugin, error);
    if (status != RAMET_STATUS_OK)
        return status;
    compiled_model *model = calloc(1, sizeof *model);
    if (model == NULL)
        return rmt_fail_memory(error, sizeof *model);
    model->plugin = plugin;
    model->process = rmt_os_process_id();
    rmt_arena_init(&model->arena, 0);
    atomic_init(&model->references, 1);
    status = read_ports(files, option, model, error);
    if (status == RAMET_STATUS_OK)
        status = compile_model(model, files, option, error);
    if (status == RAMET_STATUS_OK)
        return new_handle(model, state, error);
    release_model(model);
    return status;
}

static ramet_status openvino_clone(void *opaque, void **clone, ramet_error *error)
{
    openvino_state *state = opaque;
    ramet_status status = check_process(state->model, error);
    if (status != RAMET_STATUS_OK)
        return status;
    atomic_fetch_add_explicit(&state->model->references, 1, memory_order_relaxed);
    return new_handle(state->model, clone, error);
}

/* ---- what it is -------------------------------------------------------------------------------------------------- */

static size_t openvino_input_count(const void *opaque) { return ((const openvino_state *)opaque)->model->input_count; }
static size_t openvino_output_count(const void *opaque)
{
    return ((const openvino_state *)opaque)->model->output_count;
}

static void port_info(const ramet_tensor *port, ramet_tensor *info)
{
    *info = *port;
    if (info->rank < 0)
        info->rank = 0;
}

static void openvino_input_info(const void *opaque, size_t index, ramet_tensor *info)
{
    port_info(&((const openvino_state *)opaque)->model->inputs[index], info);
}

static void openvino_output_info(const void *opaque, size_t index, ramet_tensor *info)
{
    port_info(&((const openvino_state *)opaque)->model->outputs[index], info);
}

static ramet_status openvino_describe(void *opaque, ramet_describe what, const rmt_view *inputs, rmt_buffer *text,
                                      ramet_error *error)
{
    (void)inputs;
    const openvino_state *state = opaque;
    char said[512] = "";
    if (what == RAMET_DESCRIBE_WEIGHTS)
        return rmt_buffer_printf(text, "memory of OpenVINO, which tells no more\n")
                   ? RAMET_STATUS_OK
                   : rmt_fail_memory(error, sizeof said);
    if (what != RAMET_DESCRIBE_GRAPH)
        return rmt_fail(error, RAMET_STATUS_UNSUPPORTED,
                        "OpenVINO does not show its passes and plans; those of the native engine are there to see");
    ramet_status status = check_process(state->model, error);
    if (status != RAMET_STATUS_OK)
        return status;
    state->model->plugin->describe(state->model->compiled, said, sizeof said);
    return rmt_buffer_printf(text, "%s", said) ? RAMET_STATUS_OK : rmt_fail_memory(error, sizeof said);
}

/* What OpenVINO holds it does not tell. */
static void openvino_measure(void *opaque, ramet_memory *memory)
{
    const openvino_state *state = opaque;
    *memory = (ramet_memory){.program_bytes = state->model->arena.bytes,
                             .clones = atomic_load_explicit(&state->model->references, memory_order_relaxed)};
    for (size_t i = 0; i < state->model->input_count; i++)
        memory->arena_bytes += state->rooms[i].bytes;
}

/* ---- running ----------------------------------------------------------------------------------------------------- */

/* Channels last to channels first, an image at a time. */
static void split_channels(const rmt_view *view, float *out)
{
    int64_t channels = view->shape.dims[1], pixels = view->shape.dims[2] * view->shape.dims[3];
    int64_t pitch = view->shape.dims[3] > 1 ? view->strides[3] : view->shape.dims[2] > 1 ? view->strides[2] : channels;
    for (int64_t n = 0; n < view->shape.dims[0]; n++)
        rmt_kernels_best()->transpose((const float *)view->data + n * view->strides[0], pitch,
                                      out + n * channels * pixels, pixels, channels, pixels);
}

/* Any strides: the index of every element is counted up as an odometer. */
static void gather(const rmt_view *view, unsigned char *out)
{
    int64_t at[RMT_MAX_RANK] = {0}, count = rmt_shape_elements(&view->shape);
    size_t bytes = ramet_dtype_bytes(view->dtype);
    for (int64_t i = 0; i < count; i++) {
        int64_t offset = 0;
        for (int32_t d = 0; d < view->shape.rank; d++)
            offset += at[d] * view->strides[d];
        memcpy(out + (size_t)i * bytes, (const unsigned char *)view->data + offset * (int64_t)bytes, bytes);
        for (int32_t d = view->shape.rank - 1; d >= 0 && ++at[d] == view->shape.dims[d]; d--)
            at[d] = 0;
    }
}

static ramet_status make_room(dense_room *room, size_t bytes, ramet_error *error)
{
    if (bytes <= room->bytes)
        return RAMET_STATUS_OK;
    void *data = malloc(bytes);
    if (data == NULL)
        return rmt_fail_memory(error, bytes);
    free(room->data);
    *room = (dense_room){data, bytes};
    return RAMET_STATUS_OK;
}

static ramet_status make_dense(const rmt_view *view, dense_room *room, ramet_tensor *input, ramet_error *error)
{
    size_t bytes = (size_t)rmt_shape_elements(&view->shape) * ramet_dtype_bytes(view->dtype);
    ramet_status status = make_room(room, bytes, error);
    if (status != RAMET_STATUS_OK)
        return status;
    if (view->dtype == RAMET_DTYPE_FLOAT32 && rmt_view_is_channels_last(view))
        split_channels(view, room->data);
    else
        gather(view, room->data);
    input->data = room->data;
    return RAMET_STATUS_OK;
}

static ramet_status take_input(openvino_state *state, size_t index, const rmt_view *view, ramet_error *error)
{
    ramet_tensor *input = &state->inputs[index];
    *input = (ramet_tensor){.name = state->model->inputs[index].name,
                            .dtype = view->dtype,
                            .rank = view->shape.rank,
                            .data = view->data};
    memcpy(input->dims, view->shape.dims, sizeof input->dims);
    return rmt_view_is_dense(view) ? RAMET_STATUS_OK : make_dense(view, &state->rooms[index], input, error);
}

static ramet_status openvino_run(void *opaque, const rmt_view *inputs, ramet_tensor *outputs, ramet_error *error)
{
    openvino_state *state = opaque;
    const compiled_model *model = state->model;
    ramet_status status = check_process(model, error);
    for (size_t i = 0; i < model->input_count && status == RAMET_STATUS_OK; i++)
        status = take_input(state, i, &inputs[i], error);
    for (size_t i = 0; i < model->output_count; i++)
        openvino_output_info(state, i, &outputs[i]);
    return status == RAMET_STATUS_OK ? model->plugin->run(state->request, state->inputs, outputs, error) : status;
}

const rmt_engine rmt_engine_openvino = {.name = "openvino",
                                        .version = openvino_version,
                                        .open = openvino_open,
                                        .clone = openvino_clone,
                                        .close = openvino_close,
                                        .input_count = openvino_input_count,
                                        .output_count = openvino_output_count,
                                        .input_info = openvino_input_info,
                                        .output_info = openvino_output_info,
                                        .run = openvino_run,
                                        .describe = openvino_describe,
                                        .measure = openvino_measure};

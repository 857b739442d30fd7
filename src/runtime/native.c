/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The native engine: a model (weights.c) that handles share, and one rmt_exec a handle.
 */
#include "exec/exec.h"
#include "runtime/engine.h"
#include "runtime/weights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct native_state {
    rmt_weights *weights; /* shared, counted; they keep the model */
    rmt_model *model;
    rmt_exec exec; /* of this handle alone */
    int32_t threads;
    rmt_view *outputs; /* one for each, for a run */
} native_state;

static void native_close(void *opaque)
{
    native_state *state = opaque;
    if (state == NULL)
        return;
    rmt_exec_clear(&state->exec);
    rmt_weights_release(state->weights);
    free(state->outputs);
    free(state);
}

/* A handle on weights, whose reference it takes over, also on failure. */
static ramet_status new_handle(rmt_weights *weights, int32_t threads, void **out, ramet_error *error)
{
    native_state *state = calloc(1, sizeof *state);
    if (state == NULL) {
        rmt_weights_release(weights);
        return rmt_fail_memory(error, sizeof *state);
    }
    state->weights = weights;
    state->model = rmt_weights_model(weights);
    state->threads = threads;
    size_t count = rmt_model_graph(state->model)->output_count;
    state->outputs = calloc(count + 1, sizeof *state->outputs);
    ramet_status status = state->outputs == NULL ? rmt_fail_memory(error, count * sizeof *state->outputs)
                                                 : rmt_exec_init(&state->exec, threads, error);
    if (status != RAMET_STATUS_OK) {
        native_close(state);
        return status;
    }
    *out = state;
    return RAMET_STATUS_OK;
}

static ramet_status native_version(const ramet_runtime_option *option, char *text, size_t room, ramet_error *error)
{
    (void)option;
    (void)error;
    (void)snprintf(text, room, "native %s", ramet_version());
    return RAMET_STATUS_OK;
}

static ramet_status choose_kernels(ramet_cpu_level level, const rmt_kernels **kernels, ramet_error *error)
{
    static const rmt_level levels[] = {[RAMET_CPU_LEVEL_BASE] = RMT_LEVEL_BASE,
                                       [RAMET_CPU_LEVEL_AVX2] = RMT_LEVEL_AVX2,
                                       [RAMET_CPU_LEVEL_AVX512] = RMT_LEVEL_AVX512,
                                       [RAMET_CPU_LEVEL_AVX512_BF16] = RMT_LEVEL_AVX512_BF16};
    *kernels = level == RAMET_CPU_LEVEL_AUTO ? rmt_kernels_best() : rmt_kernels_get(levels[level]);
    if (*kernels != NULL)
        return RAMET_STATUS_OK;
    return rmt_fail(error, RAMET_STATUS_UNSUPPORTED, "this processor lacks the chosen cpu_level; use auto");
}

static ramet_status native_open(const rmt_model_files *files, const ramet_runtime_option *option, void **state,
                                ramet_error *error)
{
    static const rmt_weight_type types[] = {
        [RAMET_PRECISION_FLOAT32] = RMT_WEIGHT_FLOAT32, [RAMET_PRECISION_BFLOAT16] = RMT_WEIGHT_BFLOAT16};
    rmt_model_option model_option = {.weights = types[option->precision],
                                     .threads = option->cpu_thread_num,
                                     .plan_capacity = option->plan_capacity,
                                     .memory_budget_bytes = option->memory_budget_bytes};
    ramet_status status = choose_kernels(option->cpu_level, &model_option.kernels, error);
    if (status != RAMET_STATUS_OK)
        return status;
    rmt_weights *weights;
    status = rmt_weights_open(files, option, &model_option, &weights, error);
    return status == RAMET_STATUS_OK ? new_handle(weights, option->cpu_thread_num, state, error) : status;
}

static ramet_status native_clone(void *opaque, void **clone, ramet_error *error)
{
    native_state *state = opaque;
    return new_handle(rmt_weights_retain(state->weights), state->threads, clone, error);
}

static ramet_status native_share(void *opaque, int32_t *fd, ramet_error *error)
{
    native_state *state = opaque;
    return rmt_weights_share(state->weights, fd, error);
}

static size_t native_input_count(const void *opaque)
{
    const native_state *state = opaque;
    return rmt_model_graph(state->model)->input_count;
}

static size_t native_output_count(const void *opaque)
{
    const native_state *state = opaque;
    return rmt_model_graph(state->model)->output_count;
}

static void value_info(const rmt_value *value, ramet_tensor *info)
{
    *info = (ramet_tensor){.name = value->name, .dtype = value->dtype};
    if (value->shape.rank < 0)
        return;
    info->rank = value->shape.rank;
    for (int32_t i = 0; i < info->rank; i++)
        info->dims[i] = value->shape.dims[i];
}

static void native_input_info(const void *opaque, size_t index, ramet_tensor *info)
{
    const native_state *state = opaque;
    const rmt_graph *graph = rmt_model_graph(state->model);
    value_info(&graph->values[graph->inputs[index]], info);
}

static void native_output_info(const void *opaque, size_t index, ramet_tensor *info)
{
    const native_state *state = opaque;
    const rmt_graph *graph = rmt_model_graph(state->model);
    value_info(&graph->values[graph->outputs[index]], info);
}

/* " x [1,3,33,50] (declared [-1,3,-1,-1])" for each input, as far as it fits. */
static void print_shapes(const native_state *state, const rmt_view *inputs, char *text, size_t size)
{
    enum { ROOM = 80 };
    char given[ROOM], declared[ROOM];
    size_t used = 0;
    for (size_t i = 0; i < native_input_count(state); i++) {
        const rmt_graph *graph = rmt_model_graph(state->model);
        const rmt_value *value = &graph->values[graph->inputs[i]];
        rmt_shape_print(&inputs[i].shape, given, sizeof given);
        rmt_shape_print(&value->shape, declared, sizeof declared);
        int written = snprintf(text + used, size - used, " %s %s (declared %s)", value->name, given, declared);
        if (written < 0 || (size_t)written >= size - used)
            break;
        used += (size_t)written;
    }
    text[used] = '\0';
}

/* A size that a network cannot work with shows deep inside of it; the error says which inputs it is about. */
static ramet_status get_plan(native_state *state, const rmt_view *inputs, rmt_plan **plan, ramet_error *error)
{
    char reason[sizeof error->message], shapes[120];
    ramet_status status = rmt_model_get_plan(state->model, inputs, plan, error);
    if (status != RAMET_STATUS_BAD_SHAPE || error == NULL)
        return status;
    print_shapes(state, inputs, shapes, sizeof shapes);
    memcpy(reason, error->message, sizeof reason);
    (void)snprintf(error->message, sizeof error->message,
                   "%.190s; inputs:%s: give sides as declared, open ones as multiples of 32", reason, shapes);
    return status;
}

static ramet_status native_run(void *opaque, const rmt_view *inputs, ramet_tensor *outputs, ramet_error *error)
{
    native_state *state = opaque;
    rmt_plan *plan;
    ramet_status status = get_plan(state, inputs, &plan, error);
    if (status != RAMET_STATUS_OK)
        return status;
    status = rmt_exec_run(&state->exec, state->model, plan, inputs, state->outputs, error);
    rmt_plan_release(plan);
    if (status != RAMET_STATUS_OK)
        return status;
    for (size_t i = 0; i < native_output_count(state); i++) {
        native_output_info(state, i, &outputs[i]);
        outputs[i].dtype = state->outputs[i].dtype;
        outputs[i].rank = state->outputs[i].shape.rank;
        for (int32_t d = 0; d < outputs[i].rank; d++)
            outputs[i].dims[d] = state->outputs[i].shape.dims[d];
        outputs[i].data = state->outputs[i].data;
    }
    return RAMET_STATUS_OK;
}

static ramet_status describe_plan(native_state *state, const rmt_view *inputs, rmt_buffer *text, ramet_error *error)
{
    rmt_plan *plan;
    ramet_status status = get_plan(state, inputs, &plan, error);
    if (status != RAMET_STATUS_OK)
        return status;
    bool good = rmt_plan_print(state->model, plan, text);
    rmt_plan_release(plan);
    return good ? RAMET_STATUS_OK : rmt_fail_memory(error, text->bytes);
}

static ramet_status native_describe(void *opaque, ramet_describe what, const rmt_view *inputs, rmt_buffer *text,
                                    ramet_error *error)
{
    native_state *state = opaque;
    if (what == RAMET_DESCRIBE_PLAN)
        return describe_plan(state, inputs, text, error);
    if (what == RAMET_DESCRIBE_WEIGHTS)
        return rmt_weights_describe(state->weights, text) ? RAMET_STATUS_OK : rmt_fail_memory(error, text->bytes);
    bool good = what == RAMET_DESCRIBE_PASSES ? rmt_pass_report_print(rmt_model_passes(state->model), text)
                                              : rmt_graph_print(rmt_model_graph(state->model), text);
    return good ? RAMET_STATUS_OK : rmt_fail_memory(error, text->bytes);
}

static void native_measure(void *opaque, ramet_memory *memory)
{
    native_state *state = opaque;
    rmt_model_sizes sizes = rmt_model_measure(state->model);
    *memory = (ramet_memory){.weights_bytes = sizes.weights_bytes,
                             .program_bytes = sizes.program_bytes,
                             .plans_bytes = sizes.plans_bytes,
                             .arena_bytes = state->exec.arena_bytes + state->exec.late.pool.bytes,
                             .clones = rmt_weights_handles(state->weights),
                             .shared_bytes = sizes.shared_bytes};
}

static uint64_t larger_of(uint64_t a, uint64_t b) { return a > b ? a : b; }

static ramet_status native_forecast(void *opaque, const rmt_view *inputs, ramet_memory_forecast *forecast,
                                    ramet_error *error)
{
    native_state *state = opaque;
    rmt_plan *plan;
    ramet_status status = get_plan(state, inputs, &plan, error);
    if (status != RAMET_STATUS_OK)
        return status;
    rmt_model_sizes sizes = rmt_model_measure(state->model);
    uint64_t plans = (uint64_t)rmt_model_option_of(state->model)->plan_capacity;
    *forecast = (ramet_memory_forecast){.weights_bytes = sizes.weights_bytes,
                                        .program_bytes = sizes.program_bytes,
                                        .plans_bytes = plans * plan->memory.bytes + sizes.planning_bytes,
                                        .arena_bytes = rmt_round_up(plan->arena_bytes, rmt_os_page_bytes()),
                                        .source_bytes = rmt_weights_source_bytes(state->weights),
                                        .open_operators = (uint64_t)plan->late_count};
    rmt_plan_release(plan);
    forecast->peak_bytes = forecast->weights_bytes + forecast->program_bytes +
                           larger_of(forecast->source_bytes, forecast->plans_bytes + forecast->arena_bytes);
    return RAMET_STATUS_OK;
}

const rmt_engine rmt_engine_native = {.name = "native",
                                      .version = native_version,
                                      .open = native_open,
                                      .clone = native_clone,
                                      .close = native_close,
                                      .input_count = native_input_count,
                                      .output_count = native_output_count,
                                      .input_info = native_input_info,
                                      .output_info = native_output_info,
                                      .run = native_run,
                                      .describe = native_describe,
                                      .measure = native_measure,
                                      .forecast = native_forecast,
                                      .share = native_share};

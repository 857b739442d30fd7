/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program compiled by OpenVINO for the CPU.
 *
 * Enters: files or bytes, names in the program's order, shapes. Leaves: one
 * compiled model, with its inputs and outputs found by name. Arithmetic is in
 * float32, threads are not bound to processors.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "openvino_plugin.h"

/* ---- reading --------------------------------------------------------------------------------------------------- */

static ov_status_e read_bytes(ov_core_t *core, const rmt_plugin_model *wanted, ov_model_t **model)
{
    ov_tensor_t *params = NULL;
    int64_t count = (int64_t)wanted->params_count;
    ov_shape_t shape = {.rank = 1, .dims = &count};
    ov_status_e code = OK;
    if (wanted->params_bytes != NULL)
        code = ov_tensor_create_from_host_ptr(U8, shape, (void *)(uintptr_t)wanted->params_bytes, &params);
    if (code == OK)
        code = ov_core_read_model_from_memory_buffer(core, wanted->program_bytes, wanted->program_count, params, model);
    ov_tensor_free(params);
    return code;
}

static ramet_status read_program(ov_core_t *core, const rmt_plugin_model *wanted, ov_model_t **model,
                                 ramet_error *error)
{
    const char *params = wanted->params != NULL && wanted->params[0] != '\0' ? wanted->params : NULL;
    ov_status_e code = wanted->program_bytes != NULL ? read_bytes(core, wanted, model)
                                                     : ov_core_read_model(core, wanted->program, params, model);
    return plugin_check(code, RAMET_STATUS_UNSUPPORTED, "cannot read this program, the native engine may", error);
}

/* ---- shapes ---------------------------------------------------------------------------------------------------- */

static ov_status_e make_shape(const ramet_tensor *input, ov_partial_shape_t *shape)
{
    ov_dimension_t dims[RAMET_MAX_RANK];
    for (int32_t d = 0; d < input->rank; d++)
        dims[d] = (ov_dimension_t){.min = input->dims[d], .max = input->dims[d]};
    return ov_partial_shape_create(input->rank, dims, shape);
}

static ramet_status set_shapes(ov_model_t *model, const rmt_plugin_model *wanted, ramet_error *error)
{
    size_t count = wanted->input_count, made = 0;
    const char **names = calloc(count + 1, sizeof *names);
    ov_partial_shape_t *shapes = calloc(count + 1, sizeof *shapes);
    ov_status_e code = names == NULL || shapes == NULL ? GENERAL_ERROR : OK;
    for (size_t i = 0; i < count && code == OK; i++) {
        if (wanted->inputs[i].rank <= 0) /* any rank, or nothing to set */
            continue;
        names[made] = wanted->inputs[i].name;
        code = make_shape(&wanted->inputs[i], &shapes[made]);
        made += code == OK;
    }
    if (code == OK && made > 0)
        code = ov_model_reshape(model, names, shapes, made);
    ramet_status status = plugin_check(code, RAMET_STATUS_UNSUPPORTED, "cannot take these shapes", error);
    for (size_t i = 0; i < made; i++)
        ov_partial_shape_free(&shapes[i]);
    free(shapes);
    free(names);
    return status;
}

/* ---- compiling ------------------------------------------------------------------------------------------------- */

static ramet_status compile(ov_core_t *core, ov_model_t *model, const rmt_plugin_model *wanted,
                            ov_compiled_model_t **compiled, ramet_error *error)
{
    static const char *const hints[] = {
        [RMT_PLUGIN_HINT_LATENCY] = "LATENCY", [RMT_PLUGIN_HINT_THROUGHPUT] = "THROUGHPUT"};
    char streams[16], threads[16];
    (void)snprintf(streams, sizeof streams, "%d", (int)wanted->streams);
    (void)snprintf(threads, sizeof threads, "%d", (int)(wanted->streams * wanted->threads));
    ov_property_t properties[4] = {{ov_property_key_hint_inference_precision, wanted->bfloat16 ? "bf16" : "f32"},
                                   {ov_property_key_hint_enable_cpu_pinning, "NO"}};
    size_t count = 2;
    if (wanted->hint != RMT_PLUGIN_HINT_NONE) {
        properties[count++] = (ov_property_t){ov_property_key_hint_performance_mode, hints[wanted->hint]};
    } else {
        properties[count++] = (ov_property_t){ov_property_key_num_streams, streams};
        properties[count++] = (ov_property_t){ov_property_key_inference_num_threads, threads};
    }
    return plugin_check(ov_core_compile_model_props(core, model, "CPU", count, properties, compiled),
                        RAMET_STATUS_UNSUPPORTED, "cannot compile this program, the native engine may", error);
}

static ramet_status check_input(const ov_output_const_port_t *port, const ramet_tensor *input, ramet_error *error)
{
    ov_element_type_e type = DYNAMIC;
    ramet_dtype dtype;
    ramet_status status =
        plugin_check(ov_port_get_element_type(port, &type), RAMET_STATUS_UNSUPPORTED, "does not tell a type", error);
    if (status != RAMET_STATUS_OK)
        return status;
    if (plugin_dtype_from(type, &dtype) && dtype == input->dtype)
        return RAMET_STATUS_OK;
    return plugin_fail(error, RAMET_STATUS_UNSUPPORTED,
                       "OpenVINO takes input '%.100s' as type %d, the program does not", input->name, (int)type);
}

/*
 * A program whose outputs have another number of dimensions than it declares has been read wrongly. None at all may just
 * not be declared.
 */
static ramet_status check_output(const ov_output_const_port_t *port, const ramet_tensor *output, ramet_error *error)
{
    ov_partial_shape_t shape = {0};
    ramet_status status =
        plugin_check(ov_port_get_partial_shape(port, &shape), RAMET_STATUS_UNSUPPORTED, "does not tell a shape", error);
    bool known = status == RAMET_STATUS_OK && output->rank > 0 && shape.rank.min == shape.rank.max;
    if (known && shape.rank.min != output->rank)
        status = plugin_fail(error, RAMET_STATUS_UNSUPPORTED,
                             "OpenVINO misreads this program: output '%.100s' gets %d dimensions, not the %d that are "
                             "declared; the native engine reads it",
                             output->name, (int)shape.rank.min, (int)output->rank);
    ov_partial_shape_free(&shape);
    return status;
}

static ramet_status find_output(plugin_compiled *made, size_t index, const ramet_tensor *output, ramet_error *error)
{
    ramet_status status =
        plugin_check(ov_compiled_model_output_by_name(made->compiled, output->name, &made->outputs[index]),
                     RAMET_STATUS_UNSUPPORTED, "has lost an output", error);
    return status == RAMET_STATUS_OK ? check_output(made->outputs[index], output, error) : status;
}

static ramet_status find_input(plugin_compiled *made, size_t index, const ramet_tensor *input, ramet_error *error)
{
    ramet_status status =
        plugin_check(ov_compiled_model_input_by_name(made->compiled, input->name, &made->inputs[index]),
                     RAMET_STATUS_UNSUPPORTED, "has lost an input", error);
    return status == RAMET_STATUS_OK ? check_input(made->inputs[index], input, error) : status;
}

static ramet_status find_ports(plugin_compiled *made, const rmt_plugin_model *wanted, ramet_error *error)
{
    made->inputs = calloc(wanted->input_count + 1, sizeof *made->inputs);
    made->outputs = calloc(wanted->output_count + 1, sizeof *made->outputs);
    if (made->inputs == NULL || made->outputs == NULL)
        return plugin_fail(error, RAMET_STATUS_OUT_OF_MEMORY, "no memory left for the ports of a model");
    made->input_count = wanted->input_count;
    made->output_count = wanted->output_count;
    ramet_status status = RAMET_STATUS_OK;
    for (size_t i = 0; i < made->input_count && status == RAMET_STATUS_OK; i++)
        status = find_input(made, i, &wanted->inputs[i], error);
    for (size_t i = 0; i < made->output_count && status == RAMET_STATUS_OK; i++)
        status = find_output(made, i, &wanted->outputs[i], error);
    return status;
}

ramet_status plugin_open(const rmt_plugin_model *wanted, void **out, ramet_error *error)
{
    ov_core_t *core = NULL;
    ov_model_t *model = NULL;
    plugin_compiled *made = calloc(1, sizeof *made);
    if (made == NULL)
        return plugin_fail(error, RAMET_STATUS_OUT_OF_MEMORY, "no memory left for a model");
    ramet_status status = plugin_check(ov_core_create(&core), RAMET_STATUS_UNSUPPORTED, "does not start", error);
    if (status == RAMET_STATUS_OK)
        status = read_program(core, wanted, &model, error);
    if (status == RAMET_STATUS_OK)
        status = set_shapes(model, wanted, error);
    if (status == RAMET_STATUS_OK)
        status = compile(core, model, wanted, &made->compiled, error);
    if (status == RAMET_STATUS_OK)
        status = find_ports(made, wanted, error);
    ov_model_free(model);
    ov_core_free(core); /* the compiled model keeps what it needs */
    if (status != RAMET_STATUS_OK)
        plugin_close(made);
    else
        *out = made;
    return status;
}

void plugin_close(void *opaque)
{
    plugin_compiled *made = opaque;
    for (size_t i = 0; i < made->input_count; i++)
        ov_output_const_port_free(made->inputs[i]);
    for (size_t i = 0; i < made->output_count; i++)
        ov_output_const_port_free(made->outputs[i]);
    free(made->inputs);
    free(made->outputs);
    ov_compiled_model_free(made->compiled);
    free(made);
}

void plugin_describe(void *opaque, char *text, size_t room)
{
    const char *const keys[] = {ov_property_key_model_name,
                                ov_property_key_num_streams,
                                ov_property_key_inference_num_threads,
                                ov_property_key_hint_inference_precision,
                                ov_property_key_hint_performance_mode,
                                ov_property_key_hint_enable_cpu_pinning};
    const plugin_compiled *made = opaque;
    size_t length = 0;
    text[0] = '\0';
    for (size_t i = 0; i < sizeof keys / sizeof *keys && length < room; i++) {
        char *value = NULL;
        if (ov_compiled_model_get_property(made->compiled, keys[i], &value) != OK)
            continue;
        int written = snprintf(text + length, room - length, "%s %s\n", keys[i], value);
        length += written > 0 ? (size_t)written : 0;
        ov_free(value);
    }
}

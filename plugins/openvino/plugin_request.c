/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request on a compiled model: tensors in, tensors out, without a copy on
 * either side. Output tensors are held until the next run.
 */
#include <stdlib.h>

#include "openvino_plugin.h"

typedef struct plugin_request {
    const plugin_compiled *model;
    ov_infer_request_t *request;
    ov_tensor_t **outputs; /* of the last run */
} plugin_request;

/* ---- types ----------------------------------------------------------------------------------------------------- */

static const ov_element_type_e types[] = {
    [RAMET_DTYPE_FLOAT32] = F32,   [RAMET_DTYPE_FLOAT64] = F64, [RAMET_DTYPE_FLOAT16] = F16,
    [RAMET_DTYPE_BFLOAT16] = BF16, [RAMET_DTYPE_INT8] = I8,     [RAMET_DTYPE_UINT8] = U8,
    [RAMET_DTYPE_INT16] = I16,     [RAMET_DTYPE_INT32] = I32,   [RAMET_DTYPE_INT64] = I64,
    [RAMET_DTYPE_BOOL] = BOOLEAN,
};

enum { TYPE_COUNT = sizeof types / sizeof *types };

bool plugin_dtype_from(ov_element_type_e type, ramet_dtype *dtype)
{
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if (types[i] == type) {
            *dtype = (ramet_dtype)i;
            return true;
        }
    }
    return false;
}

bool plugin_dtype_to(ramet_dtype dtype, ov_element_type_e *type)
{
    if ((size_t)dtype >= TYPE_COUNT)
        return false;
    *type = types[dtype];
    return true;
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

ramet_status plugin_request_open(void *compiled, void **out, ramet_error *error)
{
    plugin_request *made = calloc(1, sizeof *made);
    if (made != NULL) {
        made->model = compiled;
        made->outputs = calloc(made->model->output_count + 1, sizeof(ov_tensor_t *));
    }
    if (made == NULL || made->outputs == NULL) {
        free(made);
        return plugin_fail(error, RAMET_STATUS_OUT_OF_MEMORY, "no memory left for a request");
    }
    ramet_status status = plugin_check(ov_compiled_model_create_infer_request(made->model->compiled, &made->request),
                                       RAMET_STATUS_OUT_OF_MEMORY, "gives no further request", error);
    if (status != RAMET_STATUS_OK)
        plugin_request_close(made);
    else
        *out = made;
    return status;
}

static void free_outputs(plugin_request *request)
{
    for (size_t i = 0; i < request->model->output_count; i++) {
        ov_tensor_free(request->outputs[i]);
        request->outputs[i] = NULL;
    }
}

void plugin_request_close(void *opaque)
{
    plugin_request *request = opaque;
    free_outputs(request);
    ov_infer_request_free(request->request);
    free(request->outputs);
    free(request);
}

/* ---- running --------------------------------------------------------------------------------------------------- */

static ramet_status set_input(plugin_request *request, size_t index, const ramet_tensor *input, ramet_error *error)
{
    ov_element_type_e type;
    ov_tensor_t *tensor = NULL;
    ov_shape_t shape = {.rank = input->rank, .dims = (int64_t *)(uintptr_t)input->dims};
    if (!plugin_dtype_to(input->dtype, &type))
        return plugin_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "input '%.100s' has no type", input->name);
    ov_status_e code = ov_tensor_create_from_host_ptr(type, shape, input->data, &tensor);
    if (code == OK)
        code = ov_infer_request_set_tensor_by_const_port(request->request, request->model->inputs[index], tensor);
    ramet_status status = plugin_check(code, RAMET_STATUS_BAD_SHAPE, "refuses an input", error);
    ov_tensor_free(tensor);
    return status;
}

/* The C interface refuses to speak of shapes without dimensions: those have one element and a shape it cannot tell. */
static ov_status_e get_shape(const ov_tensor_t *tensor, ov_shape_t *shape)
{
    size_t count = 0;
    ov_status_e code = ov_tensor_get_shape(tensor, shape);
    if (code == INVALID_C_PARAM && ov_tensor_get_size(tensor, &count) == OK && count == 1)
        code = OK;
    return code;
}

static ramet_status describe_output(ov_tensor_t *tensor, ramet_tensor *output, ramet_error *error)
{
    ov_element_type_e type = DYNAMIC;
    ov_shape_t shape = {0};
    ov_status_e code = ov_tensor_get_element_type(tensor, &type);
    if (code == OK)
        code = get_shape(tensor, &shape);
    if (code == OK)
        code = ov_tensor_data(tensor, &output->data);
    ramet_status status = plugin_check(code, RAMET_STATUS_INTERNAL, "does not describe an output", error);
    if (status == RAMET_STATUS_OK && (!plugin_dtype_from(type, &output->dtype) || shape.rank > RAMET_MAX_RANK))
        status = plugin_fail(error, RAMET_STATUS_UNSUPPORTED, "output '%.100s' has type %d and rank %d", output->name,
                             (int)type, (int)shape.rank);
    if (status == RAMET_STATUS_OK) {
        output->rank = (int32_t)shape.rank;
        for (int32_t d = 0; d < output->rank; d++)
            output->dims[d] = shape.dims[d];
    }
    ov_shape_free(&shape);
    return status;
}

static ramet_status get_output(plugin_request *request, size_t index, ramet_tensor *output, ramet_error *error)
{
    ramet_status status =
        plugin_check(ov_infer_request_get_tensor_by_const_port(request->request, request->model->outputs[index],
                                                               &request->outputs[index]),
                     RAMET_STATUS_INTERNAL, "does not hand out an output", error);
    return status == RAMET_STATUS_OK ? describe_output(request->outputs[index], output, error) : status;
}

ramet_status plugin_run(void *opaque, const ramet_tensor *inputs, ramet_tensor *outputs, ramet_error *error)
{
    plugin_request *request = opaque;
    free_outputs(request);
    ramet_status status = RAMET_STATUS_OK;
    for (size_t i = 0; i < request->model->input_count && status == RAMET_STATUS_OK; i++)
        status = set_input(request, i, &inputs[i], error);
    if (status == RAMET_STATUS_OK)
        status = plugin_check(ov_infer_request_infer(request->request), RAMET_STATUS_BAD_SHAPE,
                              "cannot run this on the shapes given", error);
    for (size_t i = 0; i < request->model->output_count && status == RAMET_STATUS_OK; i++)
        status = get_output(request, i, &outputs[i], error);
    return status;
}

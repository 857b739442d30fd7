/* SPDX-License-Identifier: Apache-2.0 */
/* The protocol buffer side of ONNX, with the captures that all such readers share. */
#include "formats/onnx_wire.h"

#include <string.h>

#include "formats/limits.h"
#include "formats/wire_capture.h"
#include "onnx.pb.h"

static ramet_status check_texts(const rmt_source *source, const rmt_list *texts, ramet_error *error)
{
    const rmt_span *spans = texts->items;
    ramet_status status = RAMET_STATUS_OK;
    for (size_t i = 0; i < texts->count && status == RAMET_STATUS_OK; i++)
        status = rmt_wire_check_text(source, spans[i], error);
    return status;
}

/* ---- models and graphs -------------------------------------------------------------------------------------- */

static ramet_status read_opset(const rmt_source *source, rmt_span span, rmt_onnx_model *model, ramet_error *error)
{
    rmt_decoding decoder = {.source = source};
    rmt_span domain = {0};
    rmt_capture to_domain = {.decoder = &decoder, .span = &domain};
    rmt_onnx_Opset message = rmt_onnx_Opset_init_zero;
    message.domain = rmt_capture_spans(&to_domain);
    ramet_status status = rmt_wire_decode(&decoder, span, rmt_onnx_Opset_fields, &message, error);
    if (status == RAMET_STATUS_OK && (domain.bytes == 0 || rmt_span_is(domain, "ai.onnx"))) {
        model->has_opset = true;
        model->opset = message.version;
    }
    return status;
}

ramet_status rmt_onnx_read_model(const rmt_source *source, rmt_onnx_model *model, ramet_error *error)
{
    rmt_decoding decoder = {.source = source};
    rmt_capture to_graph = {.decoder = &decoder, .span = &model->graph};
    rmt_capture to_opsets = {.decoder = &decoder, .list = &model->opsets, .limit = RMT_LIMIT_SLOTS};
    rmt_capture to_properties = {.decoder = &decoder, .list = &model->properties, .limit = RMT_LIMIT_ARGUMENTS};
    rmt_onnx_Model message = rmt_onnx_Model_init_zero;
    message.graph = rmt_capture_spans(&to_graph);
    message.opset_import = rmt_capture_spans(&to_opsets);
    message.metadata_props = rmt_capture_spans(&to_properties);
    rmt_span file = {source->data, source->bytes};
    ramet_status status = rmt_wire_decode(&decoder, file, rmt_onnx_Model_fields, &message, error);
    const rmt_span *opsets = model->opsets.items;
    for (size_t i = 0; i < model->opsets.count && status == RAMET_STATUS_OK; i++)
        status = read_opset(source, opsets[i], model, error);
    return status;
}

void rmt_onnx_model_clear(rmt_onnx_model *model)
{
    rmt_list_clear(&model->opsets);
    rmt_list_clear(&model->properties);
}

bool rmt_onnx_read_property(const rmt_source *source, const rmt_onnx_model *model, const char *key, rmt_span *value)
{
    const rmt_span *spans = model->properties.items;
    for (size_t i = 0; i < model->properties.count; i++) {
        rmt_decoding decoder = {.source = source};
        rmt_span name = {0};
        rmt_span text = {0};
        rmt_capture to_name = {.decoder = &decoder, .span = &name};
        rmt_capture to_text = {.decoder = &decoder, .span = &text};
        rmt_onnx_Entry message = rmt_onnx_Entry_init_zero;
        message.key = rmt_capture_spans(&to_name);
        message.value = rmt_capture_spans(&to_text);
        if (rmt_wire_decode(&decoder, spans[i], rmt_onnx_Entry_fields, &message, NULL) == RAMET_STATUS_OK &&
            rmt_span_is(name, key)) {
            *value = text;
            return true;
        }
    }
    return false;
}

ramet_status rmt_onnx_read_graph(const rmt_source *source, rmt_span span, rmt_onnx_graph *graph, ramet_error *error)
{
    rmt_decoding decoder = {.source = source};
    rmt_capture to_nodes = {.decoder = &decoder, .list = &graph->nodes, .limit = RMT_LIMIT_OPS};
    rmt_capture to_initializers = {.decoder = &decoder, .list = &graph->initializers, .limit = RMT_LIMIT_VARS};
    rmt_capture to_inputs = {.decoder = &decoder, .list = &graph->inputs, .limit = RMT_LIMIT_VARS};
    rmt_capture to_outputs = {.decoder = &decoder, .list = &graph->outputs, .limit = RMT_LIMIT_ARGUMENTS};
    rmt_capture to_hints = {.decoder = &decoder, .list = &graph->hints, .limit = RMT_LIMIT_VARS};
    rmt_capture to_sparse = {.decoder = &decoder, .list = &graph->sparse, .limit = RMT_LIMIT_VARS};
    rmt_onnx_Graph message = {.node = rmt_capture_spans(&to_nodes),
                              .initializer = rmt_capture_spans(&to_initializers),
                              .input = rmt_capture_spans(&to_inputs),
                              .output = rmt_capture_spans(&to_outputs),
                              .value_info = rmt_capture_spans(&to_hints),
                              .sparse_initializer = rmt_capture_spans(&to_sparse)};
    return rmt_wire_decode(&decoder, span, rmt_onnx_Graph_fields, &message, error);
}

void rmt_onnx_graph_clear(rmt_onnx_graph *graph)
{
    rmt_list_clear(&graph->nodes);
    rmt_list_clear(&graph->initializers);
    rmt_list_clear(&graph->inputs);
    rmt_list_clear(&graph->outputs);
    rmt_list_clear(&graph->hints);
    rmt_list_clear(&graph->sparse);
}

/* ---- nodes ---------------------------------------------------------------------------------------------------- */

ramet_status rmt_onnx_read_node(const rmt_source *source, rmt_span span, rmt_onnx_node *node, ramet_error *error)
{
    node->name = node->type = node->domain = (rmt_span){0};
    node->inputs.count = node->outputs.count = node->attrs.count = 0;
    rmt_decoding decoder = {.source = source};
    rmt_capture to_inputs = {.decoder = &decoder, .list = &node->inputs, .limit = RMT_LIMIT_ARGUMENTS};
    rmt_capture to_outputs = {.decoder = &decoder, .list = &node->outputs, .limit = RMT_LIMIT_ARGUMENTS};
    rmt_capture to_name = {.decoder = &decoder, .span = &node->name};
    rmt_capture to_type = {.decoder = &decoder, .span = &node->type};
    rmt_capture to_attrs = {.decoder = &decoder, .list = &node->attrs, .limit = RMT_LIMIT_ATTRS};
    rmt_capture to_domain = {.decoder = &decoder, .span = &node->domain};
    rmt_onnx_Node message = {.input = rmt_capture_spans(&to_inputs),
                             .output = rmt_capture_spans(&to_outputs),
                             .name = rmt_capture_spans(&to_name),
                             .op_type = rmt_capture_spans(&to_type),
                             .attribute = rmt_capture_spans(&to_attrs),
                             .domain = rmt_capture_spans(&to_domain)};
    ramet_status status = rmt_wire_decode(&decoder, span, rmt_onnx_Node_fields, &message, error);
    if (status == RAMET_STATUS_OK)
        status = rmt_wire_check_name(source, node->type, span, error);
    if (status == RAMET_STATUS_OK)
        status = rmt_wire_check_text(source, node->name, error);
    if (status == RAMET_STATUS_OK)
        status = rmt_wire_check_text(source, node->domain, error);
    if (status == RAMET_STATUS_OK)
        status = check_texts(source, &node->inputs, error);
    return status == RAMET_STATUS_OK ? check_texts(source, &node->outputs, error) : status;
}

void rmt_onnx_node_clear(rmt_onnx_node *node)
{
    rmt_list_clear(&node->inputs);
    rmt_list_clear(&node->outputs);
    rmt_list_clear(&node->attrs);
}

/* ---- attributes ------------------------------------------------------------------------------------------------ */

/* AttributeProto.AttributeType. */
enum { TYPE_FLOAT = 1, TYPE_INT, TYPE_STRING, TYPE_TENSOR, TYPE_GRAPH, TYPE_FLOATS, TYPE_INTS, TYPE_STRINGS };

static ramet_status take_kind(const rmt_source *source, rmt_span span, int32_t type, rmt_wire_attr *attr,
                              ramet_error *error)
{
    static const rmt_wire_attr_kind kinds[] = {
        [TYPE_FLOAT] = RMT_WIRE_ATTR_FLOAT,   [TYPE_INT] = RMT_WIRE_ATTR_INT,
        [TYPE_STRING] = RMT_WIRE_ATTR_STRING, [TYPE_TENSOR] = RMT_WIRE_ATTR_TENSOR,
        [TYPE_GRAPH] = RMT_WIRE_ATTR_BLOCK,   [TYPE_FLOATS] = RMT_WIRE_ATTR_FLOATS,
        [TYPE_INTS] = RMT_WIRE_ATTR_INTS,     [TYPE_STRINGS] = RMT_WIRE_ATTR_STRINGS,
    };
    if (type >= TYPE_FLOAT && type <= TYPE_STRINGS) {
        attr->kind = kinds[type];
        return RAMET_STATUS_OK;
    }
    ramet_status status =
        rmt_fail(error, RAMET_STATUS_UNSUPPORTED, "attribute '%.*s' is of a type that ramet does not read, %d",
                 rmt_span_shown(attr->name), (const char *)attr->name.data, (int)type);
    return rmt_source_place(source, span.data, error, status);
}

static ramet_status check_attr(const rmt_source *source, rmt_span span, const rmt_wire_attr *attr, ramet_error *error)
{
    ramet_status status = rmt_wire_check_name(source, attr->name, span, error);
    if (status == RAMET_STATUS_OK && attr->kind == RMT_WIRE_ATTR_STRING)
        status = rmt_wire_check_text(source, attr->s, error);
    return status == RAMET_STATUS_OK ? check_texts(source, &attr->strings, error) : status;
}

ramet_status rmt_onnx_read_attr(const rmt_source *source, rmt_span span, rmt_wire_attr *attr, ramet_error *error)
{
    rmt_span tensor = {0};
    rmt_span graph = {0};
    attr->name = attr->s = (rmt_span){0};
    attr->ints.count = attr->floats.count = attr->strings.count = 0;
    rmt_decoding decoder = {.source = source};
    rmt_capture to_name = {.decoder = &decoder, .span = &attr->name};
    rmt_capture to_s = {.decoder = &decoder, .span = &attr->s};
    rmt_capture to_t = {.decoder = &decoder, .span = &tensor};
    rmt_capture to_g = {.decoder = &decoder, .span = &graph};
    rmt_capture to_ints = {.decoder = &decoder, .list = &attr->ints, .limit = RMT_LIMIT_ATTR_ENTRIES};
    rmt_capture to_floats = {.decoder = &decoder, .list = &attr->floats, .limit = RMT_LIMIT_ATTR_ENTRIES};
    rmt_capture to_strings = {.decoder = &decoder, .list = &attr->strings, .limit = RMT_LIMIT_ATTR_ENTRIES};
    rmt_onnx_Attribute message = rmt_onnx_Attribute_init_zero;
    message.name = rmt_capture_spans(&to_name);
    message.s = rmt_capture_spans(&to_s);
    message.t = rmt_capture_spans(&to_t);
    message.g = rmt_capture_spans(&to_g);
    message.ints = rmt_capture_varints(&to_ints);
    message.floats = rmt_capture_floats(&to_floats);
    message.strings = rmt_capture_spans(&to_strings);
    ramet_status status = rmt_wire_decode(&decoder, span, rmt_onnx_Attribute_fields, &message, error);
    attr->i = message.i;
    attr->f = (double)message.f;
    if (status == RAMET_STATUS_OK)
        status = take_kind(source, span, message.type, attr, error);
    if (attr->kind == RMT_WIRE_ATTR_TENSOR || attr->kind == RMT_WIRE_ATTR_BLOCK)
        attr->s = attr->kind == RMT_WIRE_ATTR_TENSOR ? tensor : graph;
    return status == RAMET_STATUS_OK ? check_attr(source, span, attr, error) : status;
}

/* ---- tensors --------------------------------------------------------------------------------------------------- */

enum {
    DATA_FLOAT = 1,
    DATA_UINT8,
    DATA_INT8,
    DATA_INT16 = 5,
    DATA_INT32,
    DATA_INT64,
    DATA_BOOL = 9,
    DATA_FLOAT16,
    DATA_DOUBLE,
    DATA_BFLOAT16 = 16
};

bool rmt_onnx_dtype(int64_t type, ramet_dtype *dtype)
{
    static const struct {
        int64_t type;
        ramet_dtype dtype;
    } types[] = {
        {DATA_FLOAT, RAMET_DTYPE_FLOAT32},     {DATA_DOUBLE, RAMET_DTYPE_FLOAT64}, {DATA_FLOAT16, RAMET_DTYPE_FLOAT16},
        {DATA_BFLOAT16, RAMET_DTYPE_BFLOAT16}, {DATA_INT8, RAMET_DTYPE_INT8},      {DATA_UINT8, RAMET_DTYPE_UINT8},
        {DATA_INT16, RAMET_DTYPE_INT16},       {DATA_INT32, RAMET_DTYPE_INT32},    {DATA_INT64, RAMET_DTYPE_INT64},
        {DATA_BOOL, RAMET_DTYPE_BOOL},
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (types[i].type == type) {
            *dtype = types[i].dtype;
            return true;
        }
    }
    return false;
}

/* Which typed field holds the numbers follows from the type; everything short stands in int32_data. */
static void choose_numbers(rmt_onnx_tensor *tensor)
{
    const rmt_list *chosen = &tensor->ints32;
    if (tensor->type == DATA_FLOAT)
        chosen = &tensor->floats;
    else if (tensor->type == DATA_DOUBLE)
        chosen = &tensor->doubles;
    else if (tensor->type == DATA_INT64)
        chosen = &tensor->ints64;
    tensor->packed = *chosen; /* borrowed: cleared with its owner */
    tensor->is_varint = tensor->type != DATA_FLOAT && tensor->type != DATA_DOUBLE;
}

static void take_tensor(const rmt_onnx_Tensor *message, rmt_onnx_tensor *tensor)
{
    tensor->type = message->data_type;
    tensor->shape.rank = (int32_t)message->dims_count;
    memcpy(tensor->shape.dims, message->dims, message->dims_count * sizeof(message->dims[0]));
    tensor->has_raw = tensor->raw.data != NULL;
    tensor->is_external = message->data_location != 0 || tensor->external.count > 0;
    choose_numbers(tensor);
}

ramet_status rmt_onnx_read_tensor(const rmt_source *source, rmt_span span, rmt_onnx_tensor *tensor, ramet_error *error)
{
    tensor->name = tensor->raw = (rmt_span){0};
    tensor->floats.count = tensor->ints32.count = tensor->ints64.count = 0;
    tensor->doubles.count = tensor->external.count = 0;
    rmt_decoding decoder = {.source = source};
    rmt_capture to_name = {.decoder = &decoder, .span = &tensor->name};
    rmt_capture to_raw = {.decoder = &decoder, .span = &tensor->raw};
    rmt_capture to_floats = {.decoder = &decoder, .list = &tensor->floats, .limit = RMT_LIMIT_ARGUMENTS};
    rmt_capture to_ints32 = {.decoder = &decoder, .list = &tensor->ints32, .limit = RMT_LIMIT_ARGUMENTS};
    rmt_capture to_ints64 = {.decoder = &decoder, .list = &tensor->ints64, .limit = RMT_LIMIT_ARGUMENTS};
    rmt_capture to_doubles = {.decoder = &decoder, .list = &tensor->doubles, .limit = RMT_LIMIT_ARGUMENTS};
    rmt_capture to_external = {.decoder = &decoder, .list = &tensor->external, .limit = RMT_LIMIT_ARGUMENTS};
    rmt_onnx_Tensor message = rmt_onnx_Tensor_init_zero;
    message.name = rmt_capture_spans(&to_name);
    message.raw_data = rmt_capture_spans(&to_raw);
    message.float_data = rmt_capture_spans(&to_floats);
    message.int32_data = rmt_capture_spans(&to_ints32);
    message.int64_data = rmt_capture_spans(&to_ints64);
    message.double_data = rmt_capture_spans(&to_doubles);
    message.external_data = rmt_capture_spans(&to_external);
    ramet_status status = rmt_wire_decode(&decoder, span, rmt_onnx_Tensor_fields, &message, error);
    if (status != RAMET_STATUS_OK)
        return status;
    take_tensor(&message, tensor);
    return rmt_wire_check_text(source, tensor->name, error);
}

void rmt_onnx_tensor_clear(rmt_onnx_tensor *tensor)
{
    rmt_list_clear(&tensor->floats);
    rmt_list_clear(&tensor->ints32);
    rmt_list_clear(&tensor->ints64);
    rmt_list_clear(&tensor->doubles);
    rmt_list_clear(&tensor->external);
}

/* ---- what is declared of a value --------------------------------------------------------------------------------- */

static ramet_status read_dim(const rmt_source *source, rmt_span span, int64_t *dim, ramet_error *error)
{
    rmt_decoding decoder = {.source = source};
    rmt_onnx_Dim message = rmt_onnx_Dim_init_zero;
    ramet_status status = rmt_wire_decode(&decoder, span, rmt_onnx_Dim_fields, &message, error);
    *dim = message.has_dim_value && message.dim_value > 0 ? message.dim_value : -1;
    return status;
}

/* More dims than a tensor can have say nothing. */
static ramet_status read_shape(const rmt_source *source, const rmt_list *dims, rmt_shape *shape, ramet_error *error)
{
    const rmt_span *spans = dims->items;
    ramet_status status = RAMET_STATUS_OK;
    shape->rank = dims->count <= RMT_MAX_RANK ? (int32_t)dims->count : -1;
    for (int32_t i = 0; i < shape->rank && status == RAMET_STATUS_OK; i++)
        status = read_dim(source, spans[i], &shape->dims[i], error);
    return status;
}

ramet_status rmt_onnx_read_value_info(const rmt_source *source, rmt_span span, rmt_onnx_value_info *info,
                                      ramet_error *error)
{
    *info = (rmt_onnx_value_info){.shape.rank = -1};
    rmt_list dims = {0};
    rmt_decoding decoder = {.source = source};
    rmt_capture to_name = {.decoder = &decoder, .span = &info->name};
    rmt_capture to_dims = {.decoder = &decoder, .list = &dims, .limit = RMT_LIMIT_ARGUMENTS};
    rmt_onnx_ValueInfo message = rmt_onnx_ValueInfo_init_zero;
    message.name = rmt_capture_spans(&to_name);
    message.type.tensor_type.shape.dim = rmt_capture_spans(&to_dims);
    ramet_status status = rmt_wire_decode(&decoder, span, rmt_onnx_ValueInfo_fields, &message, error);
    if (status == RAMET_STATUS_OK) {
        info->is_tensor = message.has_type && message.type.has_tensor_type;
        info->type = message.type.tensor_type.elem_type;
    }
    if (status == RAMET_STATUS_OK && info->is_tensor && message.type.tensor_type.has_shape)
        status = read_shape(source, &dims, &info->shape, error);
    if (status == RAMET_STATUS_OK)
        status = rmt_wire_check_name(source, info->name, span, error);
    rmt_list_clear(&dims);
    return status;
}

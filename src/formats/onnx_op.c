/* SPDX-License-Identifier: Apache-2.0 */
/* The words of rules: what an operator has, and what becomes of it. */
#include "formats/onnx_op.h"

#include <math.h>
#include <string.h>

#include "formats/limits.h"

/* ---- asking --------------------------------------------------------------------------------------------------- */

int32_t rmt_onnx_in(const rmt_onnx_op *op, size_t index)
{
    const int32_t *inputs = op->inputs.items;
    return index < op->inputs.count ? inputs[index] : RMT_NO_VALUE;
}

bool rmt_onnx_wants(const rmt_onnx_op *op, size_t index)
{
    const rmt_span *names = op->node.outputs.items;
    return index < op->node.outputs.count && names[index].bytes > 0;
}

int64_t rmt_onnx_int(const rmt_onnx_op *op, const char *name, int64_t otherwise)
{
    return rmt_node_int(&op->raw.nodes[0], name, otherwise);
}

double rmt_onnx_float(const rmt_onnx_op *op, const char *name, double otherwise)
{
    return rmt_node_float(&op->raw.nodes[0], name, otherwise);
}

const char *rmt_onnx_text(const rmt_onnx_op *op, const char *name, const char *otherwise)
{
    return rmt_node_string(&op->raw.nodes[0], name, otherwise);
}

bool rmt_onnx_text_is(const rmt_onnx_op *op, const char *name, const char *text, bool otherwise)
{
    const char *given = rmt_onnx_text(op, name, NULL);
    return given != NULL ? strcmp(given, text) == 0 : otherwise;
}

bool rmt_onnx_has(const rmt_onnx_op *op, const char *name) { return rmt_node_attr(&op->raw.nodes[0], name) != NULL; }

rmt_onnx_ints rmt_onnx_attr_ints(const rmt_onnx_op *op, const char *name)
{
    rmt_onnx_ints ints = {0};
    size_t room = sizeof(ints.at) / sizeof(ints.at[0]);
    ints.count = rmt_node_ints(&op->raw.nodes[0], name, ints.at, room);
    ints.known = rmt_onnx_has(op, name) && ints.count <= room;
    return ints;
}

const rmt_value *rmt_onnx_constant(const rmt_onnx_op *op, int32_t value)
{
    const rmt_graph *graph = op->reader->graph;
    return value != RMT_NO_VALUE && graph->values[value].data != NULL ? &graph->values[value] : NULL;
}

static bool keeps_numbers(const char *op)
{
    static const char *const names[] = {"identity", "cast", "reshape", "flatten", "squeeze", "unsqueeze"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(op, names[i]) == 0)
            return true;
    return false;
}

/* The constant whose numbers a value has. Producers stand before their readers, so the way ends. */
static const rmt_value *origin_of(const rmt_onnx_op *op, int32_t value)
{
    const rmt_graph *graph = op->reader->graph;
    while (value != RMT_NO_VALUE && graph->values[value].producer >= 0) {
        const rmt_node *node = &graph->nodes[graph->values[value].producer];
        value = keeps_numbers(node->op) && node->input_count > 0 ? node->inputs[0] : RMT_NO_VALUE;
    }
    return rmt_onnx_constant(op, value);
}

static bool read_element(const rmt_value *constant, size_t index, int64_t *number)
{
    int32_t narrow = 0;
    const unsigned char *data = constant->data;
    if (constant->dtype == RAMET_DTYPE_INT64) {
        memcpy(number, data + index * sizeof(*number), sizeof(*number));
    } else if (constant->dtype == RAMET_DTYPE_INT32) {
        memcpy(&narrow, data + index * sizeof(narrow), sizeof(narrow));
        *number = narrow;
    }
    return constant->dtype == RAMET_DTYPE_INT64 || constant->dtype == RAMET_DTYPE_INT32;
}

rmt_onnx_ints rmt_onnx_value_ints(const rmt_onnx_op *op, int32_t value)
{
    rmt_onnx_ints ints = {0};
    const rmt_value *constant = origin_of(op, value);
    int64_t count = constant != NULL ? rmt_shape_elements(&constant->shape) : -1;
    ints.known = count >= 0 && (size_t)count <= sizeof(ints.at) / sizeof(ints.at[0]);
    ints.count = ints.known ? (size_t)count : 0;
    for (size_t i = 0; i < ints.count && ints.known; i++)
        ints.known = read_element(constant, i, &ints.at[i]);
    return ints;
}

rmt_onnx_ints rmt_onnx_either_ints(const rmt_onnx_op *op, const char *name, size_t index)
{
    return rmt_onnx_in(op, index) != RMT_NO_VALUE ? rmt_onnx_value_ints(op, rmt_onnx_in(op, index))
                                                  : rmt_onnx_attr_ints(op, name);
}

double rmt_onnx_value_number(const rmt_onnx_op *op, int32_t value)
{
    const rmt_value *constant = rmt_onnx_constant(op, value);
    rmt_onnx_ints ints = rmt_onnx_value_ints(op, value);
    if (ints.known && ints.count == 1)
        return (double)ints.at[0];
    double number = (double)NAN;
    float single = NAN;
    if (constant == NULL || rmt_shape_elements(&constant->shape) != 1)
        return number;
    if (constant->dtype == RAMET_DTYPE_FLOAT64) {
        memcpy(&number, constant->data, sizeof(number));
    } else if (constant->dtype == RAMET_DTYPE_FLOAT32) {
        memcpy(&single, constant->data, sizeof(single));
        number = (double)single;
    }
    return number;
}

int32_t rmt_onnx_rank(const rmt_onnx_op *op, int32_t value)
{
    return value != RMT_NO_VALUE ? op->reader->graph->values[value].shape.rank : -1;
}

/* ---- failing ---------------------------------------------------------------------------------------------------- */

static bool fine(const rmt_onnx_op *op) { return op->status == RAMET_STATUS_OK && op->variant == NULL; }

static void check_memory(rmt_onnx_op *op, bool good)
{
    if (!good && op->status == RAMET_STATUS_OK)
        op->status = rmt_fail_memory(op->reader->error, sizeof(rmt_node));
}

void rmt_onnx_refuse(rmt_onnx_op *op, const char *why)
{
    if (op->variant == NULL)
        op->variant = why;
}

/* ---- values ------------------------------------------------------------------------------------------------------ */

/* "OUTPUT@7": of values that have no name in the file. */
static const char *unnamed(rmt_onnx_op *op)
{
    rmt_onnx_reader *reader = op->reader;
    const rmt_span *outputs = op->node.outputs.items;
    rmt_span base = op->node.outputs.count > 0 ? outputs[0] : op->node.type;
    reader->text.bytes = 0;
    bool fits = rmt_buffer_append(&reader->text, base.data, base.bytes) &&
                rmt_buffer_printf(&reader->text, "@%zu", reader->unnamed++);
    return fits ? (const char *)reader->text.data : NULL;
}

int32_t rmt_onnx_new_value(rmt_onnx_op *op)
{
    const rmt_shape nothing = {.rank = -1};
    const char *name = fine(op) ? unnamed(op) : NULL;
    int32_t value =
        name != NULL ? rmt_graph_add_value(op->reader->graph, name, RAMET_DTYPE_FLOAT32, &nothing) : RMT_NO_VALUE;
    check_memory(op, value >= 0 || !fine(op));
    return value;
}

int32_t rmt_onnx_add_view(rmt_onnx_op *op, const rmt_value *constant, const rmt_shape *shape, const void *data)
{
    ramet_dtype dtype = constant->dtype;
    const char *name = fine(op) ? unnamed(op) : NULL;
    int32_t value = name != NULL ? rmt_graph_add_constant(op->reader->graph, name, dtype, shape, data) : RMT_NO_VALUE;
    check_memory(op, value >= 0 || !fine(op));
    return value;
}

static int32_t add_copy(rmt_onnx_op *op, ramet_dtype dtype, const rmt_shape *shape, const void *bytes, size_t count)
{
    const rmt_value like = {.dtype = dtype};
    void *copy = rmt_arena_alloc(&op->reader->graph->arena, count, ramet_dtype_bytes(dtype));
    check_memory(op, copy != NULL);
    if (copy == NULL)
        return RMT_NO_VALUE;
    if (count > 0)
        memcpy(copy, bytes, count * ramet_dtype_bytes(dtype));
    return rmt_onnx_add_view(op, &like, shape, copy);
}

int32_t rmt_onnx_add_ints(rmt_onnx_op *op, const int64_t *values, size_t count)
{
    const rmt_shape shape = {.rank = 1, .dims = {(int64_t)count}};
    return add_copy(op, RAMET_DTYPE_INT64, &shape, values, count);
}

int32_t rmt_onnx_add_scalar(rmt_onnx_op *op, ramet_dtype dtype, const void *bytes)
{
    const rmt_shape shape = {.rank = 0};
    return add_copy(op, dtype, &shape, bytes, 1);
}

int32_t rmt_onnx_add_tensor(rmt_onnx_op *op)
{
    int32_t value = RMT_NO_VALUE;
    const char *name = fine(op) ? unnamed(op) : NULL;
    check_memory(op, name != NULL || !fine(op));
    if (name != NULL)
        op->status = rmt_onnx_add_constant(op->reader, op->tensor, name, &value);
    return value;
}

/* ---- nodes -------------------------------------------------------------------------------------------------------- */

/* The file's name of the operator, else "Conv_12". */
static const char *node_name(rmt_onnx_op *op)
{
    rmt_buffer *text = &op->reader->text;
    rmt_span name = op->node.name.bytes > 0 ? op->node.name : op->node.type;
    text->bytes = 0;
    bool fits = rmt_buffer_append(text, name.data, name.bytes) &&
                (op->node.name.bytes > 0 || rmt_buffer_printf(text, "_%zu", op->index));
    return fits ? (const char *)text->data : NULL;
}

void rmt_onnx_add_node(rmt_onnx_op *op, const char *to, const int32_t *inputs, size_t input_count, int32_t *outputs,
                       size_t count)
{
    const char *name = fine(op) ? node_name(op) : NULL;
    if (!fine(op))
        return;
    while (input_count > 0 && inputs[input_count - 1] == RMT_NO_VALUE)
        input_count--;
    op->last = name != NULL ? rmt_graph_add_node(op->reader->graph, to, name, inputs, input_count, outputs, count) : -1;
    check_memory(op, op->last >= 0);
}

int32_t rmt_onnx_add_list(rmt_onnx_op *op, const char *to, const int32_t *inputs, size_t count)
{
    int32_t output = rmt_onnx_new_value(op);
    rmt_onnx_add_node(op, to, inputs, count, &output, 1);
    return output;
}

int32_t rmt_onnx_add(rmt_onnx_op *op, const char *to, int32_t x) { return rmt_onnx_add_list(op, to, &x, 1); }

int32_t rmt_onnx_add2(rmt_onnx_op *op, const char *to, int32_t x, int32_t y)
{
    const int32_t inputs[] = {x, y};
    return rmt_onnx_add_list(op, to, inputs, 2);
}

/* ---- attributes ----------------------------------------------------------------------------------------------------- */

void rmt_onnx_set_int(rmt_onnx_op *op, const char *name, int64_t value)
{
    if (fine(op))
        check_memory(op, rmt_node_set_int(op->reader->graph, op->last, name, value));
}

void rmt_onnx_set_float(rmt_onnx_op *op, const char *name, double value)
{
    if (fine(op))
        check_memory(op, rmt_node_set_float(op->reader->graph, op->last, name, value));
}

void rmt_onnx_set_text(rmt_onnx_op *op, const char *name, const char *value)
{
    if (fine(op))
        check_memory(op, rmt_node_set_string(op->reader->graph, op->last, name, value));
}

void rmt_onnx_set_ints(rmt_onnx_op *op, const char *name, const int64_t *values, size_t count)
{
    if (fine(op))
        check_memory(op, rmt_node_set_ints(op->reader->graph, op->last, name, values, count));
}

void rmt_onnx_set_floats(rmt_onnx_op *op, const char *name, const double *values, size_t count)
{
    if (fine(op))
        check_memory(op, rmt_node_set_floats(op->reader->graph, op->last, name, values, count));
}

/* ---- results ---------------------------------------------------------------------------------------------------------- */

/* The entry of output `index`; NULL when nobody wants it, or something has failed. */
static rmt_onnx_name *output_entry(rmt_onnx_op *op, size_t index)
{
    const rmt_span *names = op->node.outputs.items;
    rmt_onnx_name *entry = NULL;
    if (op->status == RAMET_STATUS_OK && rmt_onnx_wants(op, index))
        op->status = rmt_onnx_write_name(op->reader, names[index], &entry);
    return op->status == RAMET_STATUS_OK ? entry : NULL;
}

/* A value that this operator made gets the output's name, and what the file declares of it. */
static void name_value(rmt_onnx_op *op, const rmt_onnx_name *entry, rmt_value *value)
{
    const char *name = rmt_onnx_graph_name(op->reader, entry->name);
    char *copy = name != NULL ? rmt_arena_copy_text(&op->reader->graph->arena, name, strlen(name)) : NULL;
    check_memory(op, copy != NULL);
    if (copy == NULL)
        return;
    value->name = copy;
    if (value->data != NULL)
        return;
    value->dtype = entry->dtype;
    if (entry->shape.rank >= 0)
        value->shape = entry->shape;
}

void rmt_onnx_give(rmt_onnx_op *op, size_t index, int32_t value)
{
    rmt_onnx_name *entry = op->variant == NULL ? output_entry(op, index) : NULL;
    if (entry == NULL || value == RMT_NO_VALUE)
        return;
    if (value >= op->first_value)
        name_value(op, entry, &op->reader->graph->values[value]);
    entry->value = value;
}

void rmt_onnx_leave(rmt_onnx_op *op, size_t index)
{
    rmt_onnx_name *entry = op->variant == NULL ? output_entry(op, index) : NULL;
    if (entry != NULL)
        entry->is_unmade = true;
}

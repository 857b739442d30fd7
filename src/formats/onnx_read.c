/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model, front to back. Graphs inside operators are read where they stand: a stack of scopes, not of calls, so that a
 * file that nests without end meets a limit. The names of a scope are sorted, so that they are found by bisection.
 */
#include "formats/onnx.h"

#include <stdlib.h>
#include <string.h>

#include "formats/limits.h"
#include "formats/onnx_op.h"
#include "formats/raw_attr.h"

ramet_status rmt_onnx_place(rmt_onnx_reader *reader, ramet_status status)
{
    const unsigned char *at = rmt_onnx_top(reader)->op.node.type.data;
    return rmt_source_place(reader->source, at != NULL ? at : reader->source->data, reader->error, status);
}

/* ---- names -------------------------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    const rmt_onnx_name *left = a;
    const rmt_onnx_name *right = b;
    return rmt_span_compare(left->name, right->name);
}

static rmt_onnx_name *find_name(const rmt_onnx_scope *scope, rmt_span name)
{
    rmt_onnx_name key = {.name = name};
    return scope->names.count == 0
               ? NULL
               : bsearch(&key, scope->names.items, scope->names.count, sizeof(rmt_onnx_name), by_name);
}

static ramet_status refuse_name(rmt_onnx_reader *reader, ramet_status status, rmt_span name, const char *why)
{
    status = rmt_fail(reader->error, status, "tensor '%.*s' %s", rmt_span_shown(name), (const char *)name.data, why);
    return rmt_source_place(reader->source, name.data, reader->error, status);
}

ramet_status rmt_onnx_read_name(rmt_onnx_reader *reader, rmt_span name, int32_t *value)
{
    const rmt_onnx_name *entry = NULL;
    for (size_t i = reader->depth; i > 0 && entry == NULL; i--)
        entry = find_name(&reader->scopes[i - 1], name);
    if (entry == NULL)
        return refuse_name(reader, RAMET_STATUS_BAD_FORMAT, name, "is read, but nothing makes it");
    if (entry->is_unmade)
        return refuse_name(reader, RAMET_STATUS_UNSUPPORTED, name, "is a result that ramet does not make");
    if (entry->value == RMT_NO_VALUE)
        return refuse_name(reader, RAMET_STATUS_BAD_FORMAT, name,
                           "is read before it is made; the nodes are not in an order in which they can run");
    *value = entry->value;
    return RAMET_STATUS_OK;
}

ramet_status rmt_onnx_write_name(rmt_onnx_reader *reader, rmt_span name, rmt_onnx_name **entry)
{
    *entry = find_name(rmt_onnx_top(reader), name);
    if (*entry != NULL && (*entry)->value == RMT_NO_VALUE && !(*entry)->is_unmade)
        return RAMET_STATUS_OK;
    return refuse_name(reader, RAMET_STATUS_BAD_FORMAT, name, "is made twice");
}

const char *rmt_onnx_graph_name(rmt_onnx_reader *reader, rmt_span name)
{
    int32_t block = rmt_onnx_top(reader)->block;
    reader->text.bytes = 0;
    bool fits = rmt_buffer_append(&reader->text, name.data, name.bytes) &&
                (block == 0 || rmt_buffer_printf(&reader->text, "@block%d", (int)block));
    return fits ? (const char *)reader->text.data : NULL;
}

static ramet_status push_name(rmt_onnx_reader *reader, rmt_span name)
{
    const rmt_onnx_name entry = {.name = name,
                                 .value = RMT_NO_VALUE,
                                 .dtype = RAMET_DTYPE_FLOAT32,
                                 .shape = {.rank = -1}};
    if (name.bytes == 0 || rmt_list_push(&rmt_onnx_top(reader)->names, &entry, sizeof(entry), RMT_LIMIT_VARS))
        return RAMET_STATUS_OK;
    return rmt_fail_memory(reader->error, sizeof(entry));
}

static ramet_status collect_tensor(rmt_onnx_reader *reader, rmt_span message)
{
    ramet_status status = rmt_onnx_read_tensor(reader->source, message, &reader->tensor, reader->error);
    return status == RAMET_STATUS_OK ? push_name(reader, reader->tensor.name) : status;
}

static ramet_status collect_input(rmt_onnx_reader *reader, rmt_span message)
{
    rmt_onnx_value_info info = {0};
    ramet_status status = rmt_onnx_read_value_info(reader->source, message, &info, reader->error);
    return status == RAMET_STATUS_OK ? push_name(reader, info.name) : status;
}

static ramet_status collect_node(rmt_onnx_reader *reader, rmt_span message)
{
    rmt_onnx_node *node = &rmt_onnx_top(reader)->op.node;
    ramet_status status = rmt_onnx_read_node(reader->source, message, node, reader->error);
    const rmt_span *outputs = node->outputs.items;
    for (size_t i = 0; i < node->outputs.count && status == RAMET_STATUS_OK; i++)
        status = push_name(reader, outputs[i]);
    return status;
}

static ramet_status for_each(rmt_onnx_reader *reader, const rmt_list *messages,
                             ramet_status (*take)(rmt_onnx_reader *reader, rmt_span message))
{
    const rmt_span *spans = messages->items;
    ramet_status status = RAMET_STATUS_OK;
    for (size_t i = 0; i < messages->count && status == RAMET_STATUS_OK; i++)
        status = take(reader, spans[i]);
    return status;
}

static void drop_repeated(rmt_list *names)
{
    rmt_onnx_name *entries = names->items;
    size_t kept = 0;
    for (size_t i = 0; i < names->count; i++)
        if (kept == 0 || rmt_span_compare(entries[kept - 1].name, entries[i].name) != 0)
            entries[kept++] = entries[i];
    names->count = kept;
}

/* All names that the graph itself writes, each once. */
static ramet_status collect_names(rmt_onnx_reader *reader)
{
    rmt_onnx_scope *scope = rmt_onnx_top(reader);
    ramet_status status = for_each(reader, &scope->parts.initializers, collect_tensor);
    if (status == RAMET_STATUS_OK)
        status = for_each(reader, &scope->parts.inputs, collect_input);
    if (status == RAMET_STATUS_OK)
        status = for_each(reader, &scope->parts.nodes, collect_node);
    if (scope->names.count > 0)
        qsort(scope->names.items, scope->names.count, sizeof(rmt_onnx_name), by_name);
    drop_repeated(&scope->names);
    return status;
}

/* ---- what a graph declares ------------------------------------------------------------------------------------ */

static ramet_status take_hint(rmt_onnx_reader *reader, rmt_span message)
{
    rmt_onnx_value_info info = {0};
    ramet_status status = rmt_onnx_read_value_info(reader->source, message, &info, reader->error);
    rmt_onnx_name *entry = status == RAMET_STATUS_OK ? find_name(rmt_onnx_top(reader), info.name) : NULL;
    if (entry != NULL && info.is_tensor) {
        entry->has_dtype = rmt_onnx_dtype(info.type, &entry->dtype);
        entry->shape = info.shape;
    }
    return status;
}

static ramet_status take_initializer(rmt_onnx_reader *reader, rmt_span message)
{
    rmt_onnx_name *entry = NULL;
    ramet_status status = rmt_onnx_read_tensor(reader->source, message, &reader->tensor, reader->error);
    if (status == RAMET_STATUS_OK && reader->tensor.name.bytes == 0) {
        status = rmt_fail(reader->error, RAMET_STATUS_BAD_FORMAT, "a constant of the graph has no name");
        return rmt_source_place(reader->source, message.data, reader->error, status);
    }
    if (status == RAMET_STATUS_OK)
        status = rmt_onnx_write_name(reader, reader->tensor.name, &entry);
    if (status != RAMET_STATUS_OK)
        return status;
    const char *name = rmt_onnx_graph_name(reader, entry->name);
    return name != NULL ? rmt_onnx_add_constant(reader, message, name, &entry->value)
                        : rmt_fail_memory(reader->error, entry->name.bytes);
}

/* Weights may be listed among the inputs, too. */
static ramet_status take_input(rmt_onnx_reader *reader, rmt_span message)
{
    rmt_onnx_scope *scope = rmt_onnx_top(reader);
    rmt_onnx_value_info info = {0};
    ramet_status status = rmt_onnx_read_value_info(reader->source, message, &info, reader->error);
    rmt_onnx_name *entry = status == RAMET_STATUS_OK ? find_name(scope, info.name) : NULL;
    if (entry == NULL || rmt_value_is_constant(reader->graph, entry->value))
        return status;
    status = rmt_onnx_write_name(reader, info.name, &entry);
    if (status == RAMET_STATUS_OK && scope->block == 0 && !entry->has_dtype)
        return refuse_name(reader, RAMET_STATUS_UNSUPPORTED, info.name,
                           "is an input that is no tensor, or of an element type that ramet does not have");
    if (status != RAMET_STATUS_OK)
        return status;
    const char *name = rmt_onnx_graph_name(reader, info.name);
    if (name != NULL)
        entry->value = rmt_graph_add_value(reader->graph, name, entry->dtype, &entry->shape);
    bool good = entry->value >= 0 && rmt_list_push(&scope->params, &entry->value, sizeof(int32_t), RMT_LIMIT_VARS);
    return good ? RAMET_STATUS_OK : rmt_fail_memory(reader->error, sizeof(rmt_value));
}

static ramet_status read_declarations(rmt_onnx_reader *reader)
{
    const rmt_onnx_graph *parts = &rmt_onnx_top(reader)->parts;
    if (parts->sparse.count > 0) {
        const rmt_span *sparse = parts->sparse.items;
        ramet_status status = rmt_fail(reader->error, RAMET_STATUS_UNSUPPORTED, "ramet reads no sparse constants");
        return rmt_source_place(reader->source, sparse[0].data, reader->error, status);
    }
    ramet_status status = collect_names(reader);
    if (status == RAMET_STATUS_OK)
        status = for_each(reader, &parts->hints, take_hint);
    if (status == RAMET_STATUS_OK)
        status = for_each(reader, &parts->inputs, take_hint);
    if (status == RAMET_STATUS_OK)
        status = for_each(reader, &parts->outputs, take_hint);
    if (status == RAMET_STATUS_OK)
        status = for_each(reader, &parts->initializers, take_initializer);
    return status == RAMET_STATUS_OK ? for_each(reader, &parts->inputs, take_input) : status;
}

/* ---- scopes ----------------------------------------------------------------------------------------------------- */

static void clear_op(rmt_onnx_op *op)
{
    rmt_onnx_node_clear(&op->node);
    rmt_graph_clear(&op->raw);
    rmt_list_clear(&op->inputs);
    rmt_list_clear(&op->carried);
}

static void pop_scope(rmt_onnx_reader *reader)
{
    rmt_onnx_scope *scope = rmt_onnx_top(reader);
    rmt_onnx_graph_clear(&scope->parts);
    rmt_list_clear(&scope->names);
    clear_op(&scope->op);
    rmt_list_clear(&scope->params);
    rmt_list_clear(&scope->results);
    reader->depth--;
}

static ramet_status push_scope(rmt_onnx_reader *reader, rmt_span message)
{
    if (reader->depth > RMT_MAX_BLOCK_DEPTH) {
        ramet_status status = rmt_fail(reader->error, RAMET_STATUS_UNSUPPORTED, "graphs inside graphs, deeper than %d",
                                       RMT_MAX_BLOCK_DEPTH);
        return rmt_source_place(reader->source, message.data, reader->error, status);
    }
    rmt_onnx_scope *scope = &reader->scopes[reader->depth];
    *scope = (rmt_onnx_scope){0};
    if (reader->depth > 0) {
        scope->block = rmt_graph_begin_block(reader->graph);
        if (scope->block < 0)
            return rmt_fail_memory(reader->error, sizeof(rmt_block));
    }
    reader->depth++;
    ramet_status status = rmt_onnx_read_graph(reader->source, message, &scope->parts, reader->error);
    return status == RAMET_STATUS_OK ? read_declarations(reader) : status;
}

static ramet_status take_result(rmt_onnx_reader *reader, rmt_span message)
{
    rmt_onnx_value_info info = {0};
    int32_t value = RMT_NO_VALUE;
    ramet_status status = rmt_onnx_read_value_info(reader->source, message, &info, reader->error);
    if (status == RAMET_STATUS_OK)
        status = rmt_onnx_read_name(reader, info.name, &value);
    if (status == RAMET_STATUS_OK &&
        !rmt_list_push(&rmt_onnx_top(reader)->results, &value, sizeof(value), RMT_LIMIT_VARS))
        status = rmt_fail_memory(reader->error, sizeof(value));
    return status;
}

/* The graph on top is at its end: its operator goes on. */
static ramet_status close_scope(rmt_onnx_reader *reader)
{
    rmt_onnx_scope *scope = rmt_onnx_top(reader);
    ramet_status status = for_each(reader, &scope->parts.outputs, take_result);
    if (status != RAMET_STATUS_OK || reader->depth == 1)
        return status;
    rmt_onnx_op *op = &reader->scopes[reader->depth - 2].op;
    status = rmt_onnx_leave_block(reader, op);
    if (status == RAMET_STATUS_OK &&
        !rmt_graph_end_block(reader->graph, scope->block, scope->params.items, scope->params.count,
                             scope->results.items, scope->results.count))
        status = rmt_fail_memory(reader->error, sizeof(rmt_block));
    op->blocks[op->graphs_read++] = scope->block;
    pop_scope(reader);
    return status;
}

/* ---- operators ---------------------------------------------------------------------------------------------------- */

static ramet_status read_attr(rmt_onnx_reader *reader, rmt_onnx_op *op, rmt_span message)
{
    rmt_wire_attr *attr = &reader->attr;
    ramet_status status = rmt_onnx_read_attr(reader->source, message, attr, reader->error);
    if (status != RAMET_STATUS_OK)
        return status;
    if (attr->kind == RMT_WIRE_ATTR_TENSOR && rmt_span_is(attr->name, "value"))
        op->tensor = attr->s;
    else if (attr->kind == RMT_WIRE_ATTR_TENSOR)
        op->variant = "tensor attribute";
    reader->text.bytes = 0;
    bool good = rmt_buffer_append(&reader->text, attr->name.data, attr->name.bytes) &&
                rmt_raw_attr_set(&op->raw, (const char *)reader->text.data, attr);
    return good ? RAMET_STATUS_OK : rmt_fail_memory(reader->error, attr->name.bytes);
}

static ramet_status read_attrs(rmt_onnx_reader *reader, rmt_onnx_op *op)
{
    rmt_graph_clear(&op->raw);
    rmt_graph_init(&op->raw);
    if (rmt_graph_add_node(&op->raw, "raw", "raw", NULL, 0, NULL, 0) < 0)
        return rmt_fail_memory(reader->error, sizeof(rmt_node));
    const rmt_span *messages = op->node.attrs.items;
    ramet_status status = RAMET_STATUS_OK;
    for (size_t i = 0; i < op->node.attrs.count && status == RAMET_STATUS_OK; i++)
        status = read_attr(reader, op, messages[i]);
    return status;
}

static ramet_status read_inputs(rmt_onnx_reader *reader, rmt_onnx_op *op)
{
    const rmt_span *names = op->node.inputs.items;
    ramet_status status = RAMET_STATUS_OK;
    for (size_t i = 0; i < op->node.inputs.count && status == RAMET_STATUS_OK; i++) {
        int32_t value = RMT_NO_VALUE;
        if (names[i].bytes > 0)
            status = rmt_onnx_read_name(reader, names[i], &value);
        if (status == RAMET_STATUS_OK && !rmt_list_push(&op->inputs, &value, sizeof(value), RMT_LIMIT_ARGUMENTS))
            status = rmt_fail_memory(reader->error, sizeof(value));
    }
    while (op->inputs.count > 0 && rmt_onnx_in(op, op->inputs.count - 1) == RMT_NO_VALUE)
        op->inputs.count--;
    return status;
}

static ramet_status open_operator(rmt_onnx_reader *reader, rmt_span message)
{
    rmt_onnx_scope *scope = rmt_onnx_top(reader);
    rmt_onnx_op *op = &scope->op;
    ramet_status status = rmt_onnx_read_node(reader->source, message, &op->node, reader->error);
    op->reader = reader;
    op->index = scope->next;
    op->inputs.count = op->carried.count = 0;
    op->variant = NULL;
    op->tensor = (rmt_span){0};
    op->status = RAMET_STATUS_OK;
    op->first_value = (int32_t)reader->graph->value_count;
    op->graph_count = op->graphs_read = 0;
    if (status == RAMET_STATUS_OK)
        status = read_attrs(reader, op);
    if (status == RAMET_STATUS_OK)
        status = read_inputs(reader, op);
    return status == RAMET_STATUS_OK ? rmt_onnx_find_blocks(op) : status;
}

/* The operator at hand becomes nodes, or first opens the next graph inside it. */
static ramet_status advance_operator(rmt_onnx_reader *reader)
{
    rmt_onnx_scope *scope = rmt_onnx_top(reader);
    rmt_onnx_op *op = &scope->op;
    if (op->graphs_read < op->graph_count) {
        ramet_status status = push_scope(reader, op->graphs[op->graphs_read]);
        return status == RAMET_STATUS_OK ? rmt_onnx_enter_block(reader, op) : status;
    }
    if (op->graph_count > 0)
        rmt_onnx_add_control(op);
    else
        rmt_onnx_add_operator(op);
    scope->next++;
    op->index = SIZE_MAX; /* done */
    return op->status;
}

static ramet_status read_nodes(rmt_onnx_reader *reader)
{
    ramet_status status = RAMET_STATUS_OK;
    while (status == RAMET_STATUS_OK) {
        rmt_onnx_scope *scope = rmt_onnx_top(reader);
        const rmt_span *nodes = scope->parts.nodes.items;
        bool at_end = scope->next == scope->parts.nodes.count, is_main = reader->depth == 1;
        if (at_end)
            status = close_scope(reader);
        else if (scope->op.reader == NULL || scope->op.index != scope->next)
            status = open_operator(reader, nodes[scope->next]);
        else
            status = advance_operator(reader);
        if (at_end && is_main)
            break;
    }
    return status;
}

/* ---- models ------------------------------------------------------------------------------------------------------- */

static ramet_status check_model(const rmt_source *source, const rmt_onnx_model *model, ramet_error *error)
{
    ramet_status status = RAMET_STATUS_OK;
    if (model->graph.data == NULL) {
        status = rmt_fail(error, RAMET_STATUS_BAD_FORMAT, "the model has no graph");
    } else if (!model->has_opset) {
        status = rmt_fail(error, RAMET_STATUS_BAD_FORMAT, "the model does not say which operators it means (opset)");
    } else if (model->opset < RMT_ONNX_OLDEST_OPSET || model->opset > RMT_ONNX_NEWEST_OPSET) {
        status = rmt_fail(error, RAMET_STATUS_UNSUPPORTED, "the model is of opset %lld; ramet reads %d to %d",
                          (long long)model->opset, RMT_ONNX_OLDEST_OPSET, RMT_ONNX_NEWEST_OPSET);
    }
    return status == RAMET_STATUS_OK ? status : rmt_source_place(source, source->data, error, status);
}

static ramet_status set_borders(rmt_onnx_reader *reader)
{
    const rmt_onnx_scope *scope = rmt_onnx_top(reader);
    if (scope->results.count == 0) {
        ramet_status status = rmt_fail(reader->error, RAMET_STATUS_BAD_FORMAT, "the model has no output");
        return rmt_source_place(reader->source, reader->source->data, reader->error, status);
    }
    bool good = rmt_graph_set_inputs(reader->graph, scope->params.items, scope->params.count) &&
                rmt_graph_set_outputs(reader->graph, scope->results.items, scope->results.count);
    return good ? RAMET_STATUS_OK : rmt_fail_memory(reader->error, sizeof(int32_t));
}

static ramet_status read_main(rmt_onnx_reader *reader, rmt_span message)
{
    rmt_buffer_init(&reader->text, 4 * RMT_LIMIT_TEXT_BYTES);
    ramet_status status = push_scope(reader, message);
    if (status == RAMET_STATUS_OK)
        status = read_nodes(reader);
    if (status == RAMET_STATUS_OK)
        status = set_borders(reader);
    while (reader->depth > 0)
        pop_scope(reader);
    rmt_wire_attr_clear(&reader->attr);
    rmt_onnx_tensor_clear(&reader->tensor);
    rmt_buffer_clear(&reader->text);
    return status;
}

ramet_status rmt_onnx_read(const rmt_source *source, rmt_params *params, rmt_graph *graph, ramet_error *error)
{
    (void)params;
    rmt_onnx_model model = {0};
    rmt_onnx_reader *reader = calloc(1, sizeof(*reader));
    if (reader == NULL)
        return rmt_fail_memory(error, sizeof(*reader));
    ramet_status status = rmt_onnx_read_model(source, &model, error);
    if (status == RAMET_STATUS_OK)
        status = check_model(source, &model, error);
    reader->source = source;
    reader->graph = graph;
    reader->error = error;
    reader->opset = model.opset;
    if (status == RAMET_STATUS_OK)
        status = read_main(reader, model.graph);
    rmt_onnx_model_clear(&model);
    free(reader);
    return status;
}

bool rmt_onnx_find_property(const rmt_source *source, const char *key, rmt_span *value)
{
    rmt_onnx_model model = {0};
    bool found = rmt_onnx_read_model(source, &model, NULL) == RAMET_STATUS_OK &&
                 rmt_onnx_read_property(source, &model, key, value);
    rmt_onnx_model_clear(&model);
    return found;
}

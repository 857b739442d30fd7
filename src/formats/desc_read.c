/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ProgramDesc's main block, front to back: its variables (sorted, so that names are found by bisection and persistable
 * ones stand in the order of the parameter file), the parameters, then the operators. Control flow, which lives in
 * further blocks, is refused where an operator refers to one.
 */
#include "formats/desc.h"

#include <stdlib.h>
#include <string.h>

#include "formats/build.h"
#include "formats/limits.h"

ramet_status rmt_desc_place(const rmt_desc_block *block, ramet_status status)
{
    return rmt_source_place(block->source, block->op.type.data, block->error, status);
}

/* ---- variables -------------------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    const rmt_desc_variable *left = a;
    const rmt_desc_variable *right = b;
    return rmt_span_compare(left->name, right->name);
}

static bool holds_parameter(const rmt_wire_var *var)
{
    return var->persistable && var->type != RMT_DESC_FEED_HOLDER && var->type != RMT_DESC_FETCH_HOLDER &&
           var->type != RMT_DESC_RAW;
}

static bool dims_sane(const rmt_shape *shape)
{
    bool sane = true;
    for (int32_t i = 0; i < shape->rank; i++)
        sane = sane && shape->dims[i] >= -1;
    return sane;
}

static ramet_status read_variable(rmt_desc_block *block, rmt_span message, rmt_desc_variable *variable)
{
    rmt_wire_var var = {0};
    ramet_status status = rmt_wire_read_var(block->source, message, &var, block->error);
    if (status != RAMET_STATUS_OK)
        return status;
    *variable = (rmt_desc_variable){.name = var.name, .is_parameter = holds_parameter(&var), .value = RMT_NO_VALUE};
    variable->dtype = RAMET_DTYPE_FLOAT32;
    variable->has_dtype = var.has_tensor && rmt_wire_dtype(var.tensor.type, &variable->dtype);
    variable->shape = var.has_tensor ? var.tensor.shape : (rmt_shape){.rank = -1};
    if (dims_sane(&variable->shape))
        return RAMET_STATUS_OK;
    status = rmt_fail(block->error, RAMET_STATUS_BAD_FORMAT, "a variable declares a dim below -1");
    return rmt_source_place(block->source, message.data, block->error, status);
}

static ramet_status check_distinct(const rmt_desc_block *block)
{
    for (size_t i = 1; i < block->variable_count; i++) {
        rmt_span name = block->variables[i].name;
        if (rmt_span_compare(block->variables[i - 1].name, name) == 0) {
            ramet_status status = rmt_fail(block->error, RAMET_STATUS_BAD_FORMAT, "variable '%.*s' is declared twice",
                                           rmt_span_shown(name), (const char *)name.data);
            return rmt_source_place(block->source, name.data, block->error, status);
        }
    }
    return RAMET_STATUS_OK;
}

static ramet_status read_variables(rmt_desc_block *block, const rmt_list *messages)
{
    const rmt_span *spans = messages->items;
    block->variables = calloc(messages->count + 1, sizeof(rmt_desc_variable));
    if (block->variables == NULL)
        return rmt_fail_memory(block->error, messages->count * sizeof(rmt_desc_variable));
    for (size_t i = 0; i < messages->count; i++) {
        ramet_status status = read_variable(block, spans[i], &block->variables[block->variable_count++]);
        if (status != RAMET_STATUS_OK)
            return status;
    }
    qsort(block->variables, block->variable_count, sizeof(rmt_desc_variable), by_name);
    return check_distinct(block);
}

static rmt_desc_variable *find_variable(rmt_desc_block *block, rmt_span name)
{
    rmt_desc_variable key = {.name = name};
    return bsearch(&key, block->variables, block->variable_count, sizeof(rmt_desc_variable), by_name);
}

static ramet_status refuse_name(rmt_desc_block *block, ramet_status status, rmt_span name, const char *why)
{
    status = rmt_fail(block->error, status, "operator %.*s: variable '%.*s' %s", rmt_span_shown(block->op.type),
                      (const char *)block->op.type.data, rmt_span_shown(name), (const char *)name.data, why);
    return rmt_desc_place(block, status);
}

ramet_status rmt_desc_read_variable(rmt_desc_block *block, rmt_span name, int32_t *value)
{
    const rmt_desc_variable *variable = find_variable(block, name);
    if (variable == NULL)
        return refuse_name(block, RAMET_STATUS_BAD_FORMAT, name, "is not declared");
    if (variable->value == RMT_NO_VALUE)
        return refuse_name(block, RAMET_STATUS_BAD_FORMAT, name, "is read before anything is written to it");
    *value = variable->value;
    return RAMET_STATUS_OK;
}

/* "x", then "x@1", "x@2": each value has a name of its own. */
static const char *next_name(rmt_desc_block *block, const rmt_desc_variable *variable)
{
    block->text.bytes = 0;
    bool fits = rmt_buffer_append(&block->text, variable->name.data, variable->name.bytes) &&
                (variable->writes == 0 || rmt_buffer_printf(&block->text, "@%u", variable->writes));
    return fits ? (const char *)block->text.data : NULL;
}

/* Makes the variable's next value; constant when there are data for it. */
static ramet_status write_value(rmt_desc_block *block, rmt_desc_variable *variable, const rmt_param *param)
{
    const char *name = next_name(block, variable);
    int32_t value = RMT_NO_VALUE;
    if (name != NULL && param != NULL)
        value = rmt_graph_add_constant(block->graph, name, param->dtype, &param->shape, param->data);
    else if (name != NULL)
        value = rmt_graph_add_value(block->graph, name, variable->dtype, &variable->shape);
    if (value < 0)
        return rmt_fail_memory(block->error, sizeof(rmt_value));
    variable->value = value;
    variable->writes++;
    return RAMET_STATUS_OK;
}

ramet_status rmt_desc_write_variable(rmt_desc_block *block, rmt_span name, int32_t *value)
{
    rmt_desc_variable *variable = find_variable(block, name);
    if (variable == NULL)
        return refuse_name(block, RAMET_STATUS_BAD_FORMAT, name, "is not declared");
    ramet_status status = write_value(block, variable, NULL);
    *value = variable->value;
    return status;
}

/* ---- parameters -------------------------------------------------------------------------------------------- */

static ramet_status read_parameters(rmt_desc_block *block, rmt_params *params)
{
    for (size_t i = 0; i < block->variable_count; i++) {
        rmt_desc_variable *variable = &block->variables[i];
        if (!variable->is_parameter)
            continue;
        const char *name = next_name(block, variable);
        if (name == NULL)
            return rmt_fail_memory(block->error, variable->name.bytes);
        rmt_param param = {0};
        ramet_status status = rmt_params_next(params, name, &param, block->error);
        if (status == RAMET_STATUS_OK)
            status = write_value(block, variable, &param);
        if (status != RAMET_STATUS_OK)
            return status;
    }
    return rmt_params_end(params, block->error);
}

/* ---- inputs and outputs ------------------------------------------------------------------------------------ */

/* The number in attribute `col`: which input or output. */
static ramet_status read_col(rmt_desc_block *block, int64_t *col)
{
    const rmt_span *messages = block->op.attrs.items;
    *col = -1;
    for (size_t i = 0; i < block->op.attrs.count; i++) {
        ramet_status status = rmt_wire_read_attr(block->source, messages[i], &block->attr, block->error);
        if (status != RAMET_STATUS_OK)
            return status;
        if (rmt_span_is(block->attr.name, "col") && block->attr.kind == RMT_WIRE_ATTR_INT)
            *col = block->attr.i;
    }
    if (*col >= 0)
        return RAMET_STATUS_OK;
    return rmt_desc_place(block, rmt_fail(block->error, RAMET_STATUS_BAD_FORMAT,
                                          "a feed or fetch operator does not say which input or output it is"));
}

/* The only argument of the first or of the last slot. */
static ramet_status only_argument(rmt_desc_block *block, bool of_outputs, rmt_span *name)
{
    const rmt_wire_slot *slots = block->op.slots.items;
    const rmt_span *arguments = block->op.arguments.items;
    size_t first = of_outputs ? block->op.input_count : 0;
    size_t end = of_outputs ? block->op.slots.count : block->op.input_count;
    if (end - first != 1 || slots[first].count != 1) {
        return rmt_desc_place(block, rmt_fail(block->error, RAMET_STATUS_BAD_FORMAT,
                                              "a feed or fetch operator does not name exactly one tensor"));
    }
    *name = arguments[slots[first].first];
    return RAMET_STATUS_OK;
}

static ramet_status add_border(rmt_desc_block *block, rmt_list *list, int32_t value)
{
    rmt_border entry = {.value = value};
    ramet_status status = read_col(block, &entry.col);
    if (status == RAMET_STATUS_OK && !rmt_list_push(list, &entry, sizeof(entry), RMT_LIMIT_OPS))
        status = rmt_fail_memory(block->error, sizeof(entry));
    return status;
}

static ramet_status add_feed(rmt_desc_block *block)
{
    rmt_span name;
    int32_t value = RMT_NO_VALUE;
    ramet_status status = only_argument(block, true, &name);
    if (status == RAMET_STATUS_OK)
        status = rmt_desc_write_variable(block, name, &value);
    if (status != RAMET_STATUS_OK)
        return status;
    if (!find_variable(block, name)->has_dtype)
        return refuse_name(block, RAMET_STATUS_UNSUPPORTED, name,
                           "is an input of an element type that ramet does not have");
    return add_border(block, &block->feeds, value);
}

static ramet_status add_fetch(rmt_desc_block *block)
{
    rmt_span name;
    int32_t value = RMT_NO_VALUE;
    ramet_status status = only_argument(block, false, &name);
    if (status == RAMET_STATUS_OK)
        status = rmt_desc_read_variable(block, name, &value);
    return status == RAMET_STATUS_OK ? add_border(block, &block->fetches, value) : status;
}

/* ---- operators --------------------------------------------------------------------------------------------- */

static ramet_status read_operators(rmt_desc_block *block, const rmt_list *messages)
{
    const rmt_span *spans = messages->items;
    ramet_status status = RAMET_STATUS_OK;
    for (size_t i = 0; i < messages->count && status == RAMET_STATUS_OK; i++) {
        block->op_index = i;
        status = rmt_wire_read_op(block->source, spans[i], &block->op, block->error);
        if (status != RAMET_STATUS_OK)
            break;
        if (rmt_span_is(block->op.type, "feed"))
            status = add_feed(block);
        else if (rmt_span_is(block->op.type, "fetch"))
            status = add_fetch(block);
        else
            status = rmt_desc_add_operator(block);
    }
    return status;
}

static ramet_status read_block(rmt_desc_block *block, rmt_span message, rmt_params *params)
{
    rmt_list vars = {0};
    rmt_list ops = {0};
    ramet_status status = rmt_wire_read_block(block->source, message, &vars, &ops, block->error);
    if (status == RAMET_STATUS_OK)
        status = read_variables(block, &vars);
    if (status == RAMET_STATUS_OK)
        status = read_parameters(block, params);
    if (status == RAMET_STATUS_OK)
        status = read_operators(block, &ops);
    if (status == RAMET_STATUS_OK)
        status = rmt_build_borders(block->graph, &block->feeds, &block->fetches, block->error);
    rmt_list_clear(&vars);
    rmt_list_clear(&ops);
    return status;
}

static void block_clear(rmt_desc_block *block)
{
    free(block->variables);
    rmt_list_clear(&block->feeds);
    rmt_list_clear(&block->fetches);
    rmt_list_clear(&block->inputs);
    rmt_list_clear(&block->outputs);
    rmt_buffer_clear(&block->text);
    rmt_wire_op_clear(&block->op);
    rmt_wire_attr_clear(&block->attr);
}

ramet_status rmt_desc_read(const rmt_source *source, rmt_params *params, rmt_graph *graph, ramet_error *error)
{
    rmt_list blocks = {0};
    ramet_status status = rmt_wire_read_program(source, &blocks, error);
    if (status == RAMET_STATUS_OK && blocks.count == 0)
        status = rmt_fail(error, RAMET_STATUS_BAD_FORMAT, "the program has no block");
    if (status == RAMET_STATUS_OK) {
        rmt_desc_block block = {.source = source, .graph = graph, .error = error};
        rmt_buffer_init(&block.text, 4 * RMT_LIMIT_TEXT_BYTES);
        status = read_block(&block, *(const rmt_span *)blocks.items, params);
        block_clear(&block);
    }
    rmt_list_clear(&blocks);
    return status == RAMET_STATUS_OK ? rmt_build_drop_unread(graph, error) : status;
}

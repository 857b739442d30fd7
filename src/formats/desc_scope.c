/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Variables of a ProgramDesc: those of a block, sorted, so that names are found by bisection and persistable ones stand in
 * the order of the parameter file. An inner block sees the variables around it. What it writes to them is seen inside
 * only; the operator that runs the block says what comes out.
 */
#include "formats/desc.h"

#include <stdlib.h>
#include <string.h>

#include "formats/limits.h"

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

static ramet_status read_variable(rmt_desc_program *program, rmt_span message, rmt_desc_variable *variable)
{
    rmt_wire_var var = {0};
    ramet_status status = rmt_wire_read_var(program->source, message, &var, program->error);
    if (status != RAMET_STATUS_OK)
        return status;
    *variable = (rmt_desc_variable){.name = var.name,
                                    .is_parameter = holds_parameter(&var),
                                    .is_array = var.type == RMT_DESC_TENSOR_ARRAY,
                                    .block = (uint32_t)program->graph->open_block,
                                    .value = RMT_NO_VALUE};
    variable->dtype = RAMET_DTYPE_FLOAT32;
    variable->has_dtype = var.has_tensor && rmt_wire_dtype(var.tensor.type, &variable->dtype);
    variable->shape = var.has_tensor ? var.tensor.shape : (rmt_shape){.rank = -1};
    if (dims_sane(&variable->shape))
        return RAMET_STATUS_OK;
    status = rmt_fail(program->error, RAMET_STATUS_BAD_FORMAT, "a variable declares a dim below -1");
    return rmt_source_place(program->source, message.data, program->error, status);
}

static ramet_status check_distinct(const rmt_desc_program *program, const rmt_desc_scope *scope)
{
    for (size_t i = 1; i < scope->variable_count; i++) {
        rmt_span name = scope->variables[i].name;
        if (rmt_span_compare(scope->variables[i - 1].name, name) == 0) {
            ramet_status status = rmt_fail(program->error, RAMET_STATUS_BAD_FORMAT, "variable '%.*s' is declared twice",
                                           rmt_span_shown(name), (const char *)name.data);
            return rmt_source_place(program->source, name.data, program->error, status);
        }
    }
    return RAMET_STATUS_OK;
}

static ramet_status read_variables(rmt_desc_program *program, const rmt_list *messages, rmt_desc_scope *scope)
{
    const rmt_span *spans = messages->items;
    scope->variables = calloc(messages->count + 1, sizeof(rmt_desc_variable));
    if (scope->variables == NULL)
        return rmt_fail_memory(program->error, messages->count * sizeof(rmt_desc_variable));
    for (size_t i = 0; i < messages->count; i++) {
        ramet_status status = read_variable(program, spans[i], &scope->variables[scope->variable_count++]);
        if (status != RAMET_STATUS_OK)
            return status;
    }
    qsort(scope->variables, scope->variable_count, sizeof(rmt_desc_variable), by_name);
    return check_distinct(program, scope);
}

ramet_status rmt_desc_open_scope(rmt_desc_program *program, const rmt_list *vars)
{
    rmt_desc_scope *scope = &program->scopes[program->scope_count++];
    *scope = (rmt_desc_scope){0};
    return read_variables(program, vars, scope);
}

void rmt_desc_close_scope(rmt_desc_program *program)
{
    rmt_desc_scope *scope = &program->scopes[--program->scope_count];
    const rmt_desc_change *changes = scope->changes.items;
    for (size_t i = scope->changes.count; i-- > 0;)
        changes[i].variable->value = changes[i].before;
    rmt_list_clear(&scope->changes);
    free(scope->variables);
    *scope = (rmt_desc_scope){0};
}

/* ---- their values -------------------------------------------------------------------------------------------- */

static rmt_desc_variable *find_in(const rmt_desc_scope *scope, rmt_span name)
{
    rmt_desc_variable key = {.name = name};
    return bsearch(&key, scope->variables, scope->variable_count, sizeof(rmt_desc_variable), by_name);
}

rmt_desc_variable *rmt_desc_find_variable(rmt_desc_program *program, rmt_span name)
{
    rmt_desc_variable *found = NULL;
    for (size_t i = program->scope_count; i-- > 0 && found == NULL;)
        found = find_in(&program->scopes[i], name);
    return found;
}

ramet_status rmt_desc_refuse_name(rmt_desc_program *program, ramet_status status, rmt_span name, const char *why)
{
    status = rmt_fail(program->error, status, "operator %.*s: variable '%.*s' %s", rmt_span_shown(program->op.type),
                      (const char *)program->op.type.data, rmt_span_shown(name), (const char *)name.data, why);
    return rmt_desc_place(program, status);
}

/* "x", then "x@1", "x@2", and "x#4" for one of block 4: each value has a name of its own. */
static const char *next_name(rmt_desc_program *program, const rmt_desc_variable *variable)
{
    rmt_buffer *text = &program->text;
    text->bytes = 0;
    bool fits = rmt_buffer_append(text, variable->name.data, variable->name.bytes) &&
                (variable->block == 0 || rmt_buffer_printf(text, "#%u", variable->block)) &&
                (variable->writes == 0 || rmt_buffer_printf(text, "@%u", variable->writes));
    return fits ? (const char *)text->data : NULL;
}

/* What the variable held before is remembered where an inner block changes it. */
static bool remember(rmt_desc_program *program, rmt_desc_variable *variable)
{
    rmt_desc_scope *top = &program->scopes[program->scope_count - 1];
    bool own = variable >= top->variables && variable < top->variables + top->variable_count;
    rmt_desc_change change = {.variable = variable, .before = variable->value};
    return own || rmt_list_push(&top->changes, &change, sizeof change, RMT_LIMIT_OPS);
}

ramet_status rmt_desc_give_value(rmt_desc_program *program, rmt_desc_variable *variable, const rmt_param *param)
{
    const char *name = next_name(program, variable);
    int32_t value = RMT_NO_VALUE;
    if (name != NULL && param != NULL)
        value = rmt_graph_add_constant(program->graph, name, param->dtype, &param->shape, param->data);
    else if (name != NULL)
        value = rmt_graph_add_value(program->graph, name, variable->dtype, &variable->shape);
    if (value < 0 || !remember(program, variable))
        return rmt_fail_memory(program->error, sizeof(rmt_value));
    variable->value = value;
    variable->writes++;
    return RAMET_STATUS_OK;
}

/* A list of tensors needs no one who writes it first: it starts empty. */
static ramet_status start_array(rmt_desc_program *program, rmt_desc_variable *variable)
{
    ramet_status status = rmt_desc_give_value(program, variable, NULL);
    if (status == RAMET_STATUS_OK &&
        rmt_graph_add_node(program->graph, "array_create", program->graph->values[variable->value].name, NULL, 0,
                           &variable->value, 1) < 0)
        status = rmt_fail_memory(program->error, sizeof(rmt_node));
    return status;
}

ramet_status rmt_desc_read_variable(rmt_desc_program *program, rmt_span name, int32_t *value)
{
    rmt_desc_variable *variable = rmt_desc_find_variable(program, name);
    ramet_status status = RAMET_STATUS_OK;
    if (variable == NULL)
        return rmt_desc_refuse_name(program, RAMET_STATUS_BAD_FORMAT, name, "is not declared");
    if (variable->value == RMT_NO_VALUE && variable->is_array)
        status = start_array(program, variable);
    else if (variable->value == RMT_NO_VALUE)
        status =
            rmt_desc_refuse_name(program, RAMET_STATUS_BAD_FORMAT, name, "is read before anything is written to it");
    *value = variable->value;
    return status;
}

ramet_status rmt_desc_write_variable(rmt_desc_program *program, rmt_span name, int32_t *value)
{
    rmt_desc_variable *variable = rmt_desc_find_variable(program, name);
    if (variable == NULL)
        return rmt_desc_refuse_name(program, RAMET_STATUS_BAD_FORMAT, name, "is not declared");
    ramet_status status = rmt_desc_give_value(program, variable, NULL);
    *value = variable->value;
    return status;
}

ramet_status rmt_desc_read_parameters(rmt_desc_program *program, rmt_params *params)
{
    rmt_desc_scope *scope = &program->scopes[0];
    for (size_t i = 0; i < scope->variable_count; i++) {
        rmt_desc_variable *variable = &scope->variables[i];
        if (!variable->is_parameter)
            continue;
        const char *name = next_name(program, variable);
        if (name == NULL)
            return rmt_fail_memory(program->error, variable->name.bytes);
        rmt_param param = {0};
        ramet_status status = rmt_params_next(params, name, &param, program->error);
        if (status == RAMET_STATUS_OK)
            status = rmt_desc_give_value(program, variable, &param);
        if (status != RAMET_STATUS_OK)
            return status;
    }
    return rmt_params_end(params, program->error);
}

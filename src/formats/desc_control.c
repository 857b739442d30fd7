/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control flow of ProgramDesc -> blocks of the graph. A program's block writes variables of the blocks around it; a block
 * of the graph has parameters and results. So what `while` lists as its outputs is carried from round to round, and what
 * `conditional_block` lists is a result, or stays what it was.
 *
 * Frames stand for blocks that are being read, each inside the one before.
 */
#include "formats/desc.h"

#include <stdlib.h>

#include "formats/limits.h"

static ramet_status refuse(const rmt_desc_program *program, ramet_status status, const char *why)
{
    return rmt_desc_place(program,
                          rmt_fail(program->error, status, "operator %.*s_%zu %s", rmt_span_shown(program->op.type),
                                   (const char *)program->op.type.data, program->op_index, why));
}

/* ---- frames ----------------------------------------------------------------------------------------------------- */

/* Each block is read once: nothing that refers to it again could be a sound program. */
ramet_status rmt_desc_open_frame(rmt_desc_program *program, int64_t block)
{
    if (program->is_read == NULL)
        program->is_read = calloc(program->blocks.count, sizeof(bool));
    if (program->is_read == NULL)
        return rmt_fail_memory(program->error, program->blocks.count);
    if (block < 0 || (uint64_t)block >= program->blocks.count || program->is_read[block])
        return refuse(program, RAMET_STATUS_BAD_FORMAT, "runs a block that is not there, or another's");
    if (program->frame_count > RMT_MAX_BLOCK_DEPTH)
        return refuse(program, RAMET_STATUS_UNSUPPORTED, "is nested too deep");
    program->is_read[block] = true;
    rmt_desc_frame *frame = &program->frames[program->frame_count++];
    *frame = (rmt_desc_frame){0};
    rmt_list vars = {0};
    const rmt_span *blocks = program->blocks.items;
    ramet_status status = rmt_wire_read_block(program->source, blocks[block], &vars, &frame->ops, program->error);
    ramet_status scope = rmt_desc_open_scope(program, &vars);
    rmt_list_clear(&vars);
    return status == RAMET_STATUS_OK ? scope : status;
}

ramet_status rmt_desc_close_frame(rmt_desc_program *program)
{
    rmt_desc_frame *frame = &program->frames[--program->frame_count];
    rmt_list_clear(&frame->ops);
    rmt_list_clear(&frame->carried);
    rmt_list_clear(&frame->inputs);
    rmt_list_clear(&frame->params);
    rmt_desc_close_scope(program);
    return RAMET_STATUS_OK;
}

/* ---- opening ------------------------------------------------------------------------------------------------------ */

bool rmt_desc_runs_block(const rmt_desc_program *program)
{
    return rmt_span_is(program->op.type, "while") || rmt_span_is(program->op.type, "conditional_block");
}

/* The number of the block, and whether one number decides. */
static ramet_status read_attrs(rmt_desc_program *program, int64_t *block, bool *scalar)
{
    const rmt_span *messages = program->op.attrs.items;
    *block = -1;
    *scalar = rmt_span_is(program->op.type, "while");
    for (size_t i = 0; i < program->op.attrs.count; i++) {
        rmt_wire_attr *attr = &program->attr;
        ramet_status status = rmt_wire_read_attr(program->source, messages[i], attr, program->error);
        if (status != RAMET_STATUS_OK)
            return status;
        if (rmt_span_is(attr->name, "sub_block") && attr->kind == RMT_WIRE_ATTR_BLOCK)
            *block = attr->i;
        if (rmt_span_is(attr->name, "is_scalar_condition") && attr->i != 0)
            *scalar = true;
    }
    return RAMET_STATUS_OK;
}

static const rmt_wire_slot *find_slot(const rmt_desc_program *program, const char *name, size_t first, size_t end)
{
    const rmt_wire_slot *slots = program->op.slots.items;
    for (size_t i = first; i < end; i++)
        if (rmt_span_is(slots[i].name, name))
            return &slots[i];
    return NULL;
}

static bool push_index(rmt_list *list, int32_t index)
{
    return rmt_list_push(list, &index, sizeof index, RMT_LIMIT_ARGUMENTS + 1);
}

static bool is_carried(const rmt_desc_frame *frame, const rmt_desc_variable *variable)
{
    rmt_desc_variable *const *carried = frame->carried.items;
    for (size_t i = 0; i < frame->carried.count; i++)
        if (carried[i] == variable)
            return true;
    return false;
}

/* The variables that the operator says it writes, and what they hold now. Those that nobody outside declares are none. */
static ramet_status read_carried(rmt_desc_program *program, rmt_desc_frame *frame)
{
    const rmt_wire_op *op = &program->op;
    const rmt_wire_slot *slot = find_slot(program, "Out", op->input_count, op->slots.count);
    const rmt_span *arguments = op->arguments.items;
    for (size_t i = 0; slot != NULL && i < slot->count; i++) {
        rmt_desc_variable *variable = rmt_desc_find_variable(program, arguments[slot->first + i]);
        if (variable == NULL || is_carried(frame, variable))
            continue;
        int32_t before = variable->value;
        ramet_status status = RAMET_STATUS_OK;
        if (before == RMT_NO_VALUE && variable->is_array)
            status = rmt_desc_read_variable(program, variable->name, &before);
        if (status != RAMET_STATUS_OK)
            return status;
        if (!rmt_list_push(&frame->carried, &variable, sizeof(rmt_desc_variable *), RMT_LIMIT_ARGUMENTS) ||
            !push_index(&frame->inputs, before))
            return rmt_fail_memory(program->error, sizeof variable);
    }
    return RAMET_STATUS_OK;
}

static ramet_status read_condition(rmt_desc_program *program, rmt_desc_frame *frame)
{
    const char *name = rmt_span_is(program->op.type, "while") ? "Condition" : "Cond";
    const rmt_wire_slot *slot = find_slot(program, name, 0, program->op.input_count);
    if (slot == NULL || slot->count != 1)
        return refuse(program, RAMET_STATUS_BAD_FORMAT, "has not exactly one condition");
    rmt_span condition = ((const rmt_span *)program->op.arguments.items)[slot->first];
    int32_t value = RMT_NO_VALUE;
    ramet_status status = rmt_desc_read_variable(program, condition, &value);
    frame->condition = rmt_desc_find_variable(program, condition);
    if (status == RAMET_STATUS_OK && !push_index(&frame->inputs, value))
        status = rmt_fail_memory(program->error, sizeof value);
    return status;
}

/* In a loop, what is carried comes in as a parameter. */
static ramet_status make_params(rmt_desc_program *program, rmt_desc_frame *frame)
{
    rmt_desc_variable *const *carried = frame->carried.items;
    for (size_t i = 0; frame->loops && i < frame->carried.count; i++) {
        ramet_status status = rmt_desc_give_value(program, carried[i], NULL);
        if (status == RAMET_STATUS_OK && !push_index(&frame->params, carried[i]->value))
            status = rmt_fail_memory(program->error, sizeof(int32_t));
        if (status != RAMET_STATUS_OK)
            return status;
    }
    return RAMET_STATUS_OK;
}

ramet_status rmt_desc_open_control(rmt_desc_program *program)
{
    int64_t block = -1;
    bool scalar = false;
    rmt_desc_frame control = {.op_index = program->op_index, .loops = rmt_span_is(program->op.type, "while")};
    ramet_status status = read_attrs(program, &block, &scalar);
    if (status == RAMET_STATUS_OK && !scalar)
        status = refuse(program, RAMET_STATUS_UNSUPPORTED, "decides by more than one number");
    if (status == RAMET_STATUS_OK)
        status = read_condition(program, &control);
    if (status == RAMET_STATUS_OK)
        status = read_carried(program, &control);
    if (status == RAMET_STATUS_OK) {
        control.graph_block = rmt_graph_begin_block(program->graph);
        status = control.graph_block > 0 ? rmt_desc_open_frame(program, block)
                                         : rmt_fail_memory(program->error, sizeof(rmt_block));
    }
    if (status != RAMET_STATUS_OK) {
        rmt_list_clear(&control.carried);
        rmt_list_clear(&control.inputs);
        return status;
    }
    rmt_desc_frame *frame = &program->frames[program->frame_count - 1];
    control.ops = frame->ops;
    *frame = control;
    return make_params(program, frame);
}

/* ---- closing -------------------------------------------------------------------------------------------------------- */

/* What the block leaves in the variables: in a loop the condition first. */
static bool take_results(rmt_desc_program *program, const rmt_desc_frame *frame)
{
    rmt_desc_variable *const *carried = frame->carried.items;
    program->outputs.count = 0;
    bool good = !frame->loops || push_index(&program->outputs, frame->condition->value);
    for (size_t i = 0; good && i < frame->carried.count; i++)
        good = push_index(&program->outputs, carried[i]->value);
    return good && rmt_graph_end_block(program->graph, frame->graph_block, frame->params.items, frame->params.count,
                                       program->outputs.items, program->outputs.count);
}

static ramet_status add_control(rmt_desc_program *program, const rmt_desc_frame *frame)
{
    rmt_desc_variable *const *carried = frame->carried.items;
    program->outputs.count = 0;
    for (size_t i = 0; i < frame->carried.count; i++) {
        ramet_status status = rmt_desc_give_value(program, carried[i], NULL);
        if (status == RAMET_STATUS_OK && !push_index(&program->outputs, carried[i]->value))
            status = rmt_fail_memory(program->error, sizeof(int32_t));
        if (status != RAMET_STATUS_OK)
            return status;
    }
    const char *op = frame->loops ? "while" : "if";
    program->text.bytes = 0;
    int32_t node = -1;
    if (rmt_buffer_printf(&program->text, "%s_%zu", op, frame->op_index))
        node = rmt_graph_add_node(program->graph, op, (const char *)program->text.data, frame->inputs.items,
                                  frame->inputs.count, program->outputs.items, program->outputs.count);
    if (node < 0)
        return rmt_fail_memory(program->error, sizeof(rmt_node));
    program->graph->nodes[node].blocks[0] = frame->graph_block;
    return RAMET_STATUS_OK;
}

ramet_status rmt_desc_close_control(rmt_desc_program *program)
{
    rmt_desc_frame control = program->frames[program->frame_count - 1];
    if (!take_results(program, &control))
        return rmt_fail_memory(program->error, sizeof(rmt_block));
    rmt_desc_frame *frame = &program->frames[program->frame_count - 1];
    frame->carried = frame->inputs = frame->params = (rmt_list){0};
    (void)rmt_desc_close_frame(program);
    ramet_status status = add_control(program, &control);
    rmt_list_clear(&control.carried);
    rmt_list_clear(&control.inputs);
    rmt_list_clear(&control.params);
    return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ProgramDesc from front to back: the variables of its main block, the parameters, then the operators. An operator that
 * runs a block (desc_control.c) puts that block's operators in front of itself.
 */
#include "formats/desc.h"

#include <stdlib.h>
#include <string.h>

#include "formats/build.h"
#include "formats/limits.h"

ramet_status rmt_desc_place(const rmt_desc_program *program, ramet_status status)
{
    return rmt_source_place(program->source, program->op.type.data, program->error, status);
}

/* ---- inputs and outputs ------------------------------------------------------------------------------------ */

/* The number in attribute `col`: which input or output. */
static ramet_status read_col(rmt_desc_program *program, int64_t *col)
{
    const rmt_span *messages = program->op.attrs.items;
    *col = -1;
    for (size_t i = 0; i < program->op.attrs.count; i++) {
        ramet_status status = rmt_wire_read_attr(program->source, messages[i], &program->attr, program->error);
        if (status != RAMET_STATUS_OK)
            return status;
        if (rmt_span_is(program->attr.name, "col") && program->attr.kind == RMT_WIRE_ATTR_INT)
            *col = program->attr.i;
    }
    if (*col >= 0)
        return RAMET_STATUS_OK;
    return rmt_desc_place(program, rmt_fail(program->error, RAMET_STATUS_BAD_FORMAT,
                                            "a feed or fetch operator does not say which input or output it is"));
}

/* The only argument of the first or of the last slot. */
static ramet_status only_argument(rmt_desc_program *program, bool of_outputs, rmt_span *name)
{
    const rmt_wire_slot *slots = program->op.slots.items;
    const rmt_span *arguments = program->op.arguments.items;
    size_t first = of_outputs ? program->op.input_count : 0;
    size_t end = of_outputs ? program->op.slots.count : program->op.input_count;
    if (end - first != 1 || slots[first].count != 1) {
        return rmt_desc_place(program, rmt_fail(program->error, RAMET_STATUS_BAD_FORMAT,
                                                "a feed or fetch operator does not name exactly one tensor"));
    }
    *name = arguments[slots[first].first];
    return RAMET_STATUS_OK;
}

static ramet_status add_border(rmt_desc_program *program, rmt_list *list, int32_t value)
{
    rmt_border entry = {.value = value};
    ramet_status status = read_col(program, &entry.col);
    if (status == RAMET_STATUS_OK && !rmt_list_push(list, &entry, sizeof(entry), RMT_LIMIT_OPS))
        status = rmt_fail_memory(program->error, sizeof(entry));
    return status;
}

static ramet_status add_feed(rmt_desc_program *program)
{
    rmt_span name;
    int32_t value = RMT_NO_VALUE;
    ramet_status status = only_argument(program, true, &name);
    if (status == RAMET_STATUS_OK)
        status = rmt_desc_write_variable(program, name, &value);
    if (status != RAMET_STATUS_OK)
        return status;
    if (!rmt_desc_find_variable(program, name)->has_dtype)
        return rmt_desc_refuse_name(program, RAMET_STATUS_UNSUPPORTED, name,
                                    "is an input of an element type that ramet does not have");
    return add_border(program, &program->feeds, value);
}

static ramet_status add_fetch(rmt_desc_program *program)
{
    rmt_span name;
    int32_t value = RMT_NO_VALUE;
    ramet_status status = only_argument(program, false, &name);
    if (status == RAMET_STATUS_OK)
        status = rmt_desc_read_variable(program, name, &value);
    return status == RAMET_STATUS_OK ? add_border(program, &program->fetches, value) : status;
}

/* ---- operators --------------------------------------------------------------------------------------------- */

static ramet_status add_operator(rmt_desc_program *program)
{
    if (rmt_span_is(program->op.type, "feed"))
        return add_feed(program);
    if (rmt_span_is(program->op.type, "fetch"))
        return add_fetch(program);
    return rmt_desc_runs_block(program) ? rmt_desc_open_control(program) : rmt_desc_add_operator(program);
}

/* The next operator of the innermost open block, or the end of that block. */
static ramet_status read_next(rmt_desc_program *program)
{
    rmt_desc_frame *frame = &program->frames[program->frame_count - 1];
    if (frame->next == frame->ops.count)
        return program->frame_count > 1 ? rmt_desc_close_control(program) : rmt_desc_close_frame(program);
    const rmt_span *messages = frame->ops.items;
    program->op_index = program->ops_read++;
    ramet_status status = rmt_wire_read_op(program->source, messages[frame->next++], &program->op, program->error);
    return status == RAMET_STATUS_OK ? add_operator(program) : status;
}

static ramet_status read_blocks(rmt_desc_program *program, rmt_params *params)
{
    ramet_status status = rmt_desc_open_frame(program, 0);
    if (status == RAMET_STATUS_OK)
        status = rmt_desc_read_parameters(program, params);
    while (status == RAMET_STATUS_OK && program->frame_count > 0)
        status = read_next(program);
    if (status == RAMET_STATUS_OK)
        status = rmt_build_borders(program->graph, &program->feeds, &program->fetches, program->error);
    return status;
}

static void program_clear(rmt_desc_program *program)
{
    while (program->frame_count > 0)
        (void)rmt_desc_close_frame(program);
    free(program->is_read);
    rmt_list_clear(&program->blocks);
    rmt_list_clear(&program->feeds);
    rmt_list_clear(&program->fetches);
    rmt_list_clear(&program->inputs);
    rmt_list_clear(&program->outputs);
    rmt_buffer_clear(&program->text);
    rmt_wire_op_clear(&program->op);
    rmt_wire_attr_clear(&program->attr);
}

ramet_status rmt_desc_read(const rmt_source *source, rmt_params *params, rmt_graph *graph, ramet_error *error)
{
    rmt_desc_program program = {.source = source, .graph = graph, .error = error};
    rmt_buffer_init(&program.text, 4 * RMT_LIMIT_TEXT_BYTES);
    ramet_status status = rmt_wire_read_program(source, &program.blocks, error);
    if (status == RAMET_STATUS_OK && program.blocks.count == 0)
        status = rmt_fail(error, RAMET_STATUS_BAD_FORMAT, "the program has no block");
    if (status == RAMET_STATUS_OK)
        status = read_blocks(&program, params);
    program_clear(&program);
    return status == RAMET_STATUS_OK ? rmt_build_drop_unread(graph, error) : status;
}

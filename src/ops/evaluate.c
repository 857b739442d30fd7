/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One operator, run on the spot through the same place and run as in a plan:
 * by a pass that folds constants, by the planner for shapes, and by the
 * executor for all that can only be known in the middle of a run.
 */
#include "ops/ops_help.h"

#include <string.h>

static bool give_memory(rmt_op_memory *memory, int32_t output, rmt_view *view)
{
    size_t bytes = (size_t)rmt_view_span(view) * ramet_dtype_bytes(view->dtype);
    view->data = memory->take(memory, bytes, output);
    return view->data != NULL;
}

/* Copies view into fresh memory of the form. */
static bool change_form(const rmt_op_run *known, rmt_op_memory *memory, rmt_form form, int32_t output, rmt_view *view)
{
    rmt_view to = *view;
    if (form == RMT_FORM_CHANNELS_LAST)
        rmt_strides_channels_last(&to);
    else
        rmt_strides_dense(&to);
    if (!give_memory(memory, output, &to))
        return false;
    rmt_copy_view(known->kernels, view, &to);
    *view = to;
    return true;
}

typedef struct evaluation {
    const rmt_op *op;
    rmt_op_run run;
    rmt_op_place place;
    rmt_view *in, *out;
    rmt_form *form;
    rmt_output_place *outputs;
    rmt_shape *shapes;
} evaluation;

static bool evaluation_init(evaluation *e, const rmt_op *op, const rmt_op_run *known, rmt_view *out,
                            rmt_op_memory *memory)
{
    size_t in_count = (size_t)known->in_count, out_count = (size_t)known->out_count;
    *e = (evaluation){.op = op, .run = *known, .out = out};
    e->in = memory->take(memory, in_count * sizeof *e->in, RMT_OP_TEMPORARY);
    e->form = memory->take(memory, in_count * sizeof *e->form, RMT_OP_TEMPORARY);
    e->outputs = memory->take(memory, out_count * sizeof *e->outputs, RMT_OP_TEMPORARY);
    e->shapes = memory->take(memory, out_count * sizeof *e->shapes, RMT_OP_TEMPORARY);
    if (e->in == NULL || e->form == NULL || e->outputs == NULL || e->shapes == NULL)
        return false;
    memcpy(e->in, known->in, in_count * sizeof *e->in);
    for (size_t o = 0; o < out_count; o++)
        e->shapes[o] = out[o].shape;
    e->run.in = e->in;
    e->run.out = out;
    e->run.out_shapes = e->shapes;
    e->place = (rmt_op_place){.params = known->params,
                              .in_count = known->in_count,
                              .out_count = known->out_count,
                              .in = e->in,
                              .out = out,
                              .form = e->form,
                              .place = e->outputs,
                              .threads = rmt_team_size(known->team)};
    return true;
}

void rmt_op_place_views(const rmt_op *op, rmt_op_place *place)
{
    for (int32_t o = 0; o < place->out_count; o++)
        place->place[o] = (rmt_output_place){.view_of = -1, .in_place_of = -1};
    for (int32_t i = 0; i < place->in_count; i++)
        place->form[i] = RMT_FORM_ANY;
    place->scratch_bytes = 0;
    if (op->place != NULL) {
        op->place(place);
        return;
    }
    for (int32_t i = 0; i < place->in_count; i++)
        place->form[i] = RMT_FORM_DENSE;
    for (int32_t o = 0; o < place->out_count; o++)
        rmt_strides_dense(&place->out[o]);
}

static bool settle_inputs(evaluation *e, rmt_op_memory *memory)
{
    rmt_op_place_views(e->op, &e->place);
    for (int32_t i = 0; i < e->run.in_count; i++)
        if (e->in[i].shape.rank >= 0 && !rmt_view_has_form(&e->in[i], e->form[i]) &&
            !change_form(&e->run, memory, e->form[i], RMT_OP_TEMPORARY, &e->in[i]))
            return false;
    rmt_op_place_views(e->op, &e->place);
    return true;
}

static bool settle_outputs(evaluation *e, rmt_op_memory *memory, bool *fresh)
{
    for (int32_t o = 0; o < e->run.out_count; o++) {
        const rmt_output_place *p = &e->outputs[o];
        *fresh = *fresh || p->view_of < 0;
        if (p->view_of >= 0)
            e->out[o].data = rmt_view_at(&e->in[p->view_of], p->view_offset);
        else if (!give_memory(memory, o, &e->out[o]))
            return false;
    }
    return true;
}

bool rmt_op_perform(const rmt_op *op, const rmt_op_run *known, rmt_view *out, rmt_op_memory *memory)
{
    evaluation e;
    bool fresh = false;
    if (!evaluation_init(&e, op, known, out, memory) || !settle_inputs(&e, memory) ||
        !settle_outputs(&e, memory, &fresh))
        return false;
    e.run.scratch = memory->take(memory, e.place.scratch_bytes, RMT_OP_TEMPORARY);
    if (e.run.scratch == NULL)
        return false;
    if (fresh)
        op->run(&e.run);
    for (int32_t o = 0; (op->flags & RMT_OP_DYNAMIC) != 0 && o < known->out_count; o++) {
        out[o].shape = e.shapes[o];
        rmt_strides_dense(&out[o]);
    }
    return true;
}

/* ---- in an arena ------------------------------------------------------------------------------------------- */

typedef struct arena_memory {
    rmt_op_memory head;
    rmt_arena *arena;
} arena_memory;

static void *take_from_arena(rmt_op_memory *memory, size_t bytes, int32_t output)
{
    (void)output;
    unsigned char *room = rmt_arena_alloc(((arena_memory *)memory)->arena, 1, bytes + RMT_PACK_ALIGN);
    return room == NULL ? NULL : room + (RMT_PACK_ALIGN - (uintptr_t)room % RMT_PACK_ALIGN) % RMT_PACK_ALIGN;
}

bool rmt_op_evaluate(const rmt_op *op, const rmt_op_run *known, rmt_view *out, rmt_arena *arena)
{
    arena_memory memory = {.head.take = take_from_arena, .arena = arena};
    if (!rmt_op_perform(op, known, out, &memory.head))
        return false;
    for (int32_t o = 0; o < known->out_count; o++)
        if (!rmt_view_is_dense(&out[o]) && !change_form(known, &memory.head, RMT_FORM_DENSE, o, &out[o]))
            return false;
    return true;
}

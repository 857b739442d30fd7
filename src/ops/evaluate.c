/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One operator, run on the spot: the planner computes shapes with it and a
 * pass folds constants with it, through the same place and run as any other
 * run. Known numbers in, known numbers out.
 */
#include "ops/ops_help.h"

#include <string.h>

static void *aligned_memory(rmt_arena *memory, size_t bytes)
{
    unsigned char *room = rmt_arena_alloc(memory, 1, bytes + RMT_PACK_ALIGN);
    if (room == NULL)
        return NULL;
    return room + (RMT_PACK_ALIGN - (uintptr_t)room % RMT_PACK_ALIGN) % RMT_PACK_ALIGN;
}

static bool give_memory(rmt_arena *memory, rmt_view *view)
{
    view->data = aligned_memory(memory, (size_t)rmt_view_span(view) * ramet_dtype_bytes(view->dtype));
    return view->data != NULL;
}

/* Copies view into fresh memory of the form. */
static bool change_form(const rmt_kernels *kernels, rmt_arena *memory, rmt_form form, rmt_view *view)
{
    rmt_view to = *view;
    if (form == RMT_FORM_CHANNELS_LAST)
        rmt_strides_channels_last(&to);
    else
        rmt_strides_dense(&to);
    if (!give_memory(memory, &to))
        return false;
    rmt_copy_view(kernels, view, &to);
    *view = to;
    return true;
}

typedef struct evaluation {
    rmt_op_place place;
    rmt_view *in;
    rmt_form *form;
    rmt_output_place *outputs;
} evaluation;

static bool evaluation_init(evaluation *e, const rmt_op_run *known, rmt_view *out, rmt_arena *memory)
{
    e->in = rmt_arena_alloc(memory, (size_t)known->in_count, sizeof *e->in);
    e->form = rmt_arena_alloc(memory, (size_t)known->in_count, sizeof *e->form);
    e->outputs = rmt_arena_alloc(memory, (size_t)known->out_count, sizeof *e->outputs);
    if (e->in == NULL || e->form == NULL || e->outputs == NULL)
        return false;
    memcpy(e->in, known->in, (size_t)known->in_count * sizeof *e->in);
    e->place = (rmt_op_place){.params = known->params,
                              .in_count = known->in_count,
                              .out_count = known->out_count,
                              .in = e->in,
                              .out = out,
                              .form = e->form,
                              .place = e->outputs,
                              .threads = 1};
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

bool rmt_op_evaluate(const rmt_op *op, const rmt_op_run *known, rmt_view *out, rmt_arena *memory)
{
    evaluation e;
    if (!evaluation_init(&e, known, out, memory))
        return false;
    rmt_op_place_views(op, &e.place);
    for (int32_t i = 0; i < known->in_count; i++)
        if (e.in[i].shape.rank >= 0 && !rmt_view_has_form(&e.in[i], e.form[i]) &&
            !change_form(known->kernels, memory, e.form[i], &e.in[i]))
            return false;
    rmt_op_place_views(op, &e.place);
    bool fresh = false;
    for (int32_t o = 0; o < known->out_count; o++) {
        const rmt_output_place *p = &e.outputs[o];
        fresh = fresh || p->view_of < 0;
        if (p->view_of >= 0)
            out[o].data =
                (unsigned char *)e.in[p->view_of].data + p->view_offset * (int64_t)ramet_dtype_bytes(out[o].dtype);
        else if (!give_memory(memory, &out[o]))
            return false;
    }
    rmt_op_run run = *known;
    run.in = e.in;
    run.out = out;
    run.scratch = aligned_memory(memory, e.place.scratch_bytes);
    if (run.scratch == NULL)
        return false;
    if (fresh)
        op->run(&run);
    for (int32_t o = 0; o < known->out_count; o++)
        if (!rmt_view_is_dense(&out[o]) && !change_form(known->kernels, memory, RMT_FORM_DENSE, &out[o]))
            return false;
    return true;
}

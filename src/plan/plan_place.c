/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Places for a plan's values, in two walks. Aim: values that a concatenation
 * along the channels will join are aimed at their slice of its output. Place:
 * strides, buffers, and copies where an operator needs another layout.
 */
#include "plan/builder.h"

#include <string.h>

/* ---- uses, and slices of concatenations -------------------------------------------------------------- */

static void count_uses(rmt_builder *b)
{
    const rmt_graph *graph = &b->model->graph;
    for (size_t n = 0; n < graph->node_count; n++) {
        const rmt_node *node = &graph->nodes[n];
        for (int32_t i = 0; b->nodes[n] == RMT_NODE_STEP && i < node->input_count; i++)
            if (node->inputs[i] != RMT_NO_VALUE)
                b->values[node->inputs[i]].uses++;
    }
    for (int32_t i = 0; i < b->plan->kept_count; i++)
        b->values[b->plan->kept[i].value].uses++; /* never counted off */
    for (size_t i = 0; i < graph->output_count; i++)
        b->values[graph->outputs[i]].uses++;
}

/* Values along channels of images are aimed at their slice; whether they can lie there is for their makers to say. */
static void aim_at_slices(rmt_builder *b, const rmt_node *node)
{
    int32_t out = node->outputs[0];
    if (strcmp(node->op, "concat") != 0)
        return;
    const rmt_shape *shape = &b->values[out].at.view.shape;
    if (shape->rank != 4 || rmt_axis_normalize(rmt_node_int(node, "axis", 0), 4) != 1)
        return;
    int64_t channel = 0;
    for (int32_t i = 0; i < node->input_count; i++) {
        rmt_value_state *in = &b->values[node->inputs[i]];
        if (in->at.kind == RMT_PLACE_ABSENT && in->slice_of < 0) {
            in->slice_of = out;
            in->slice_at = channel;
        }
        channel += in->at.view.shape.dims[1];
    }
}

/* ---- places ---------------------------------------------------------------------------------------------- */

static int32_t new_buffer(rmt_builder *b, int64_t bytes)
{
    int32_t index = b->plan->buffer_count++;
    int64_t rounded = (int64_t)rmt_round_up((size_t)rmt_max_i64(bytes, 1), RMT_PACK_ALIGN);
    b->plan->buffers[index] = (rmt_plan_buffer){.bytes = rounded, .first = INT32_MAX, .last = -1};
    return index;
}

/* A buffer of its own for a view whose strides are set. */
static rmt_operand new_place(rmt_builder *b, const rmt_view *view)
{
    int64_t bytes = rmt_view_span(view) * (int64_t)ramet_dtype_bytes(view->dtype);
    rmt_operand operand = {.view = *view, .kind = RMT_PLACE_ARENA, .index = new_buffer(b, bytes)};
    operand.view.data = NULL;
    return operand;
}

static void touch(rmt_builder *b, const rmt_operand *operand, int32_t step)
{
    if (operand->kind != RMT_PLACE_ARENA)
        return;
    rmt_plan_buffer *buffer = &b->plan->buffers[operand->index];
    if (step < buffer->first)
        buffer->first = step;
    if (step > buffer->last)
        buffer->last = step;
}

static bool add_step(rmt_builder *b, const rmt_step *step, const rmt_operand *in, const rmt_operand *out)
{
    int32_t index = b->plan->step_count++;
    rmt_step *s = &b->plan->steps[index];
    *s = *step;
    s->in = rmt_arena_alloc(&b->plan->memory, (size_t)step->in_count, sizeof *in);
    s->out = rmt_arena_alloc(&b->plan->memory, (size_t)step->out_count, sizeof *out);
    if (s->in == NULL || s->out == NULL)
        return false;
    memcpy(s->in, in, (size_t)step->in_count * sizeof *in);
    memcpy(s->out, out, (size_t)step->out_count * sizeof *out);
    for (int32_t i = 0; i < step->in_count; i++)
        touch(b, &in[i], index);
    for (int32_t o = 0; o < step->out_count; o++)
        touch(b, &out[o], index);
    if (s->scratch_buffer >= 0)
        b->plan->buffers[s->scratch_buffer].first = b->plan->buffers[s->scratch_buffer].last = index;
    return true;
}

/* Makes state->copy: the operand's numbers in the form, by a step of its own. */
static bool add_copy(rmt_builder *b, rmt_value_state *state, rmt_form form, const rmt_operand *operand)
{
    rmt_view view = operand->view;
    if (form == RMT_FORM_CHANNELS_LAST)
        rmt_strides_channels_last(&view);
    else
        rmt_strides_dense(&view);
    state->copy = new_place(b, &view);
    b->buffers[state->copy.index].shared = true;
    rmt_step step = {.op = &rmt_op_copy, .node = -1, .in_count = 1, .out_count = 1, .scratch_buffer = -1};
    return add_step(b, &step, operand, &state->copy);
}

/* The operand in the wanted form: itself, a copy made before, or a copy made now. */
static bool give_form(rmt_builder *b, rmt_value_state *state, rmt_form form, rmt_operand *operand)
{
    if (rmt_view_has_form(&operand->view, form))
        return true;
    bool there = state->copy.kind != RMT_PLACE_ABSENT && rmt_view_has_form(&state->copy.view, form);
    if (!there && !add_copy(b, state, form, operand))
        return false;
    *operand = state->copy;
    return true;
}

/* The node at hand, while its inputs and outputs get their places. */
typedef struct placing {
    const rmt_node *node;
    const rmt_bound_node *bound;
    rmt_op_place place;
    rmt_operand *in, *out;
} placing;

static bool settle_inputs(rmt_builder *b, placing *p)
{
    rmt_op_place_views(p->bound->op, &p->place);
    bool changed = false;
    for (int32_t i = 0; i < p->node->input_count; i++) {
        if (p->in[i].kind == RMT_PLACE_ABSENT)
            continue;
        rmt_operand before = p->in[i];
        if (!give_form(b, &b->values[p->node->inputs[i]], b->form[i], &p->in[i]))
            return false;
        changed = changed || before.index != p->in[i].index || before.kind != p->in[i].kind;
        b->in[i] = p->in[i].view;
        b->in[i].data = NULL;
    }
    if (changed)
        rmt_op_place_views(p->bound->op, &p->place);
    return true;
}

/* Nobody else needs input i, now or later, and it lies as the output will. The reads of this node are counted off before. */
static bool can_take_over(const rmt_builder *b, const placing *p, int32_t i, const rmt_view *out)
{
    const rmt_operand *in = &p->in[i];
    if (in->kind != RMT_PLACE_ARENA || b->buffers[in->index].pending > 0 || b->buffers[in->index].shared)
        return false;
    for (int32_t j = 0; j < p->node->input_count; j++)
        if (j != i && p->in[j].kind == RMT_PLACE_ARENA && p->in[j].index == in->index)
            return false;
    return ramet_dtype_bytes(in->view.dtype) == ramet_dtype_bytes(out->dtype) && rmt_strides_equal(&in->view, out);
}

/* The slice of a concatenation's output, which gets its buffer when the first slice is placed. */
static rmt_operand slice_place(rmt_builder *b, const rmt_value_state *state, const rmt_view *view)
{
    rmt_value_state *whole = &b->values[state->slice_of];
    if (whole->at.kind == RMT_PLACE_ABSENT) {
        rmt_strides_channels_last(&whole->at.view);
        whole->at = new_place(b, &whole->at.view);
        b->buffers[whole->at.index].shared = true;
    }
    rmt_operand slice = whole->at;
    slice.view.shape = view->shape;
    slice.offset += state->slice_at * (int64_t)ramet_dtype_bytes(view->dtype);
    return slice;
}

static rmt_operand output_place(rmt_builder *b, placing *p, int32_t o)
{
    const rmt_output_place *wish = &b->place[o];
    const rmt_value_state *state = &b->values[p->node->outputs[o]];
    if (wish->view_of >= 0) {
        rmt_operand seen = p->in[wish->view_of];
        int64_t bytes = wish->view_offset * (int64_t)ramet_dtype_bytes(b->out[o].dtype);
        seen.offset += bytes;
        if (seen.view.data != NULL)
            b->out[o].data = (unsigned char *)seen.view.data + bytes;
        seen.view = b->out[o];
        return seen;
    }
    if (state->at.kind == RMT_PLACE_ARENA)
        return state->at; /* a concatenation with slices in place */
    if (state->slice_of >= 0 && wish->any_pixel_stride && rmt_view_is_channels_last(&b->out[o]))
        return slice_place(b, state, &b->out[o]);
    if (wish->in_place_of >= 0 && can_take_over(b, p, wish->in_place_of, &b->out[o])) {
        rmt_operand taken = p->in[wish->in_place_of];
        taken.view = b->out[o];
        return taken;
    }
    return new_place(b, &b->out[o]);
}

static void count_off_reads(rmt_builder *b, const rmt_node *node)
{
    for (int32_t i = 0; i < node->input_count; i++) {
        if (node->inputs[i] == RMT_NO_VALUE)
            continue;
        const rmt_operand *at = &b->values[node->inputs[i]].at;
        if (at->kind == RMT_PLACE_ARENA)
            b->buffers[at->index].pending--;
    }
}

static bool settle_outputs(rmt_builder *b, placing *p)
{
    count_off_reads(b, p->node);
    bool runs = false;
    for (int32_t o = 0; o < p->node->output_count; o++) {
        p->out[o] = output_place(b, p, o);
        runs = runs || b->place[o].view_of < 0;
        rmt_value_state *state = &b->values[p->node->outputs[o]];
        state->at = p->out[o];
        if (p->out[o].kind == RMT_PLACE_ARENA)
            b->buffers[p->out[o].index].pending += state->uses;
    }
    if (!runs)
        return true;
    rmt_step step = {.op = p->bound->op,
                     .params = p->bound->params,
                     .panels = p->bound->panels,
                     .panel_type = p->bound->panel_type,
                     .packed = p->bound->packed,
                     .node = (int32_t)(p->node - b->model->graph.nodes),
                     .in_count = p->node->input_count,
                     .out_count = p->node->output_count,
                     .scratch_buffer = -1};
    if (p->place.scratch_bytes > 0)
        step.scratch_buffer = new_buffer(b, (int64_t)p->place.scratch_bytes);
    return add_step(b, &step, p->in, p->out);
}

static bool place_node(rmt_builder *b, size_t index)
{
    placing p = {.node = &b->model->graph.nodes[index], .bound = &b->model->nodes[index]};
    p.in = rmt_arena_alloc(b->scratch, (size_t)p.node->input_count, sizeof *p.in);
    p.out = rmt_arena_alloc(b->scratch, (size_t)p.node->output_count, sizeof *p.out);
    if (p.in == NULL || p.out == NULL)
        return false;
    for (int32_t i = 0; i < p.node->input_count; i++) {
        p.in[i] = (rmt_operand){.view = rmt_absent_view};
        if (p.node->inputs[i] != RMT_NO_VALUE)
            p.in[i] = b->values[p.node->inputs[i]].at;
        b->in[i] = p.in[i].view;
        b->in[i].data = NULL;
    }
    for (int32_t o = 0; o < p.node->output_count; o++)
        b->out[o] = b->values[p.node->outputs[o]].at.view;
    p.place = (rmt_op_place){.params = p.bound->params,
                             .in_count = p.node->input_count,
                             .out_count = p.node->output_count,
                             .in = b->in,
                             .out = b->out,
                             .form = b->form,
                             .place = b->place,
                             .threads = b->model->option.threads};
    return settle_inputs(b, &p) && settle_outputs(b, &p);
}

/* What is fed or never changes is copied: an output lies in the arena. */
static bool place_output(rmt_builder *b, int32_t index)
{
    rmt_value_state *state = &b->values[b->model->graph.outputs[index]];
    rmt_operand at = state->at, *output = &b->plan->outputs[index];
    if (at.kind == RMT_PLACE_LATE) {
        *output = at;
        return true;
    }
    bool good =
        at.kind == RMT_PLACE_ARENA ? give_form(b, state, RMT_FORM_DENSE, &at) : add_copy(b, state, RMT_FORM_DENSE, &at);
    if (!good)
        return false;
    *output = at.kind == RMT_PLACE_ARENA ? at : state->copy;
    output->view.data = NULL;
    touch(b, output, INT32_MAX);
    return true;
}

bool rmt_builder_place(rmt_builder *b)
{
    const rmt_graph *graph = &b->model->graph;
    count_uses(b);
    for (size_t i = 0; i < graph->node_count; i++)
        if (b->nodes[i] == RMT_NODE_STEP)
            aim_at_slices(b, &graph->nodes[i]);
    for (size_t i = 0; i < graph->node_count; i++)
        if (b->nodes[i] == RMT_NODE_STEP && !place_node(b, i))
            return false;
    for (int32_t i = 0; i < b->plan->output_count; i++)
        if (!place_output(b, i))
            return false;
    for (int32_t i = 0; i < b->plan->kept_count; i++) {
        rmt_kept *kept = &b->plan->kept[i];
        kept->at = b->values[kept->value].at;
        touch(b, &kept->at, INT32_MAX);
    }
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making a plan, in three walks over the graph. Infer: shapes of all values;
 * what is computed from shapes alone is computed now. Aim: values that a
 * concatenation along the channels will join are aimed at their slice of its
 * output. Place: strides, buffers, copies where an operator needs another
 * layout; then the buffers get their offsets in the arena.
 */
#include "plan/model.h"

#include <stdatomic.h>
#include <string.h>

#define KNOWN_INPUT_ELEMENTS 4096   /* a node is computed while planning when its known inputs are at most this large */
#define KNOWN_OUTPUT_ELEMENTS 65536 /* and so are its outputs */

typedef struct value_state {
    rmt_operand at;   /* kind ABSENT until it has a place; the view is there from the first walk on */
    rmt_operand copy; /* the same numbers in another form; kind ABSENT: none yet */
    int32_t uses;     /* by nodes that run, and as outputs */
    int32_t slice_of; /* the value whose slice this should be, -1: none */
    int64_t slice_at; /* first channel */
} value_state;

typedef struct buffer_state {
    int32_t pending; /* uses to come of all values that lie in it */
    bool shared;     /* several values lie in it, or readers that are not counted: never overwritten in place */
} buffer_state;

typedef struct builder {
    rmt_model *model;
    rmt_plan *plan;
    rmt_arena scratch; /* dies with the builder */
    value_state *values;
    bool *computed; /* for each node: its outputs are known, it does not run */
    buffer_state *buffers;
    rmt_view *in, *out; /* of the node at hand */
    rmt_form *form;
    rmt_output_place *place;
    ramet_error *error;
} builder;

/* ---- room ---------------------------------------------------------------------------------------------------- */

typedef struct graph_extent {
    size_t operands, steps;
    int32_t most_in, most_out;
} graph_extent;

/* Upper bounds: every input of every node may need a copy, every output a buffer, every node scratch. */
static graph_extent measure(const rmt_graph *graph)
{
    graph_extent e = {.steps = graph->output_count, .operands = graph->output_count, .most_in = 1, .most_out = 1};
    for (size_t i = 0; i < graph->node_count; i++) {
        const rmt_node *node = &graph->nodes[i];
        e.steps += 1 + (size_t)node->input_count;
        e.operands += 1 + (size_t)node->input_count + (size_t)node->output_count;
        if (node->input_count > e.most_in)
            e.most_in = node->input_count;
        if (node->output_count > e.most_out)
            e.most_out = node->output_count;
    }
    return e;
}

static bool builder_init(builder *b)
{
    const rmt_graph *graph = &b->model->graph;
    rmt_plan *plan = b->plan;
    graph_extent e = measure(graph);
    b->values = rmt_arena_alloc(&b->scratch, graph->value_count, sizeof *b->values);
    b->computed = rmt_arena_alloc(&b->scratch, graph->node_count, sizeof *b->computed);
    b->buffers = rmt_arena_alloc(&b->scratch, e.operands, sizeof *b->buffers);
    b->in = rmt_arena_alloc(&b->scratch, (size_t)e.most_in, sizeof *b->in);
    b->out = rmt_arena_alloc(&b->scratch, (size_t)e.most_out, sizeof *b->out);
    b->form = rmt_arena_alloc(&b->scratch, (size_t)e.most_in, sizeof *b->form);
    b->place = rmt_arena_alloc(&b->scratch, (size_t)e.most_out, sizeof *b->place);
    plan->most_operands = e.most_in + e.most_out;
    plan->input_count = (int32_t)graph->input_count;
    plan->output_count = (int32_t)graph->output_count;
    plan->inputs = rmt_arena_alloc(&plan->memory, graph->input_count, sizeof *plan->inputs);
    plan->outputs = rmt_arena_alloc(&plan->memory, graph->output_count, sizeof *plan->outputs);
    plan->steps = rmt_arena_alloc(&plan->memory, e.steps, sizeof *plan->steps);
    plan->buffers = rmt_arena_alloc(&plan->memory, e.operands, sizeof *plan->buffers);
    return b->values && b->computed && b->buffers && b->in && b->out && b->form && b->place && plan->inputs &&
           plan->outputs && plan->steps && plan->buffers;
}

static const rmt_view absent_view = {.shape = {.rank = -1}};

static void start_values(builder *b, const rmt_view *inputs)
{
    const rmt_graph *graph = &b->model->graph;
    for (size_t i = 0; i < graph->value_count; i++) {
        const rmt_value *value = &graph->values[i];
        b->values[i] = (value_state){.slice_of = -1, .at.view = absent_view};
        if (!b->model->constant[i])
            continue;
        b->values[i].at.view = rmt_view_dense(value->dtype, &value->shape, (void *)(uintptr_t)value->data);
        b->values[i].at.kind = RMT_PLACE_FIXED;
    }
    for (int32_t i = 0; i < b->plan->input_count; i++) {
        rmt_operand *at = &b->values[graph->inputs[i]].at;
        *at = (rmt_operand){.view = inputs[i], .kind = RMT_PLACE_INPUT, .index = i};
        at->view.data = NULL;
        b->plan->inputs[i] = at->view;
    }
}

/* ---- first walk: shapes ---------------------------------------------------------------------------------------- */

static void load_views(builder *b, const rmt_node *node)
{
    for (int32_t i = 0; i < node->input_count; i++)
        b->in[i] = node->inputs[i] == RMT_NO_VALUE ? absent_view : b->values[node->inputs[i]].at.view;
    for (int32_t o = 0; o < node->output_count; o++)
        b->out[o] = absent_view;
}

static ramet_status fail_at_node(builder *b, const rmt_node *node, ramet_status status)
{
    return rmt_fail_at(b->error, status, "operator %s (%s)", node->name, node->op);
}

static bool outputs_make_sense(const builder *b, const rmt_node *node)
{
    for (int32_t o = 0; o < node->output_count; o++)
        if (b->out[o].shape.rank < 0 || rmt_shape_elements(&b->out[o].shape) < 0)
            return false;
    return true;
}

/* All inputs known and small, or only their shapes matter. */
static bool can_compute(const builder *b, const rmt_node *node, const rmt_op *op)
{
    int64_t known = 0, made = 0;
    for (int32_t o = 0; o < node->output_count; o++)
        made += rmt_shape_elements(&b->out[o].shape);
    if ((op->flags & RMT_OP_SHAPE_ONLY) != 0)
        return true;
    for (int32_t i = 0; i < node->input_count; i++) {
        if (b->in[i].shape.rank < 0)
            continue;
        if (b->in[i].data == NULL)
            return false;
        known += rmt_shape_elements(&b->in[i].shape);
    }
    return known <= KNOWN_INPUT_ELEMENTS && made <= KNOWN_OUTPUT_ELEMENTS;
}

static bool compute(builder *b, const rmt_node *node, const rmt_bound_node *bound)
{
    rmt_op_run known = {.params = bound->params,
                        .packed = bound->packed,
                        .in_count = node->input_count,
                        .out_count = node->output_count,
                        .in = b->in,
                        .kernels = b->model->option.kernels};
    return rmt_op_evaluate(bound->op, &known, b->out, &b->plan->memory);
}

static ramet_status infer_node(builder *b, size_t index)
{
    const rmt_node *node = &b->model->graph.nodes[index];
    const rmt_bound_node *bound = &b->model->nodes[index];
    load_views(b, node);
    rmt_op_infer infer = {bound->params, node->input_count, node->output_count, b->in, b->out, b->error};
    ramet_status status = bound->op->infer(&infer);
    if (status != RAMET_STATUS_OK)
        return fail_at_node(b, node, status);
    if (!outputs_make_sense(b, node)) {
        rmt_fail(b->error, RAMET_STATUS_OVER_BUDGET, "a result would have more than %lld elements",
                 (long long)RMT_MAX_ELEMENTS);
        return fail_at_node(b, node, RAMET_STATUS_OVER_BUDGET);
    }
    b->computed[index] = can_compute(b, node, bound->op);
    if (b->computed[index] && !compute(b, node, bound))
        return rmt_fail_memory(b->error, KNOWN_OUTPUT_ELEMENTS);
    for (int32_t o = 0; o < node->output_count; o++) {
        rmt_operand *at = &b->values[node->outputs[o]].at;
        at->view = b->out[o];
        at->kind = b->computed[index] ? RMT_PLACE_FIXED : RMT_PLACE_ABSENT;
    }
    return RAMET_STATUS_OK;
}

static ramet_status infer_all(builder *b)
{
    const rmt_graph *graph = &b->model->graph;
    for (size_t i = 0; i < graph->node_count; i++) {
        if (graph->nodes[i].dead)
            continue;
        ramet_status status = infer_node(b, i);
        if (status != RAMET_STATUS_OK)
            return status;
    }
    return RAMET_STATUS_OK;
}

/* ---- second walk: uses, and slices of concatenations -------------------------------------------------------------- */

static void count_uses(builder *b)
{
    const rmt_graph *graph = &b->model->graph;
    for (size_t n = 0; n < graph->node_count; n++) {
        const rmt_node *node = &graph->nodes[n];
        for (int32_t i = 0; !node->dead && !b->computed[n] && i < node->input_count; i++)
            if (node->inputs[i] != RMT_NO_VALUE)
                b->values[node->inputs[i]].uses++;
    }
    for (size_t i = 0; i < graph->output_count; i++)
        b->values[graph->outputs[i]].uses++;
}

/* Values along channels of images are aimed at their slice; whether they can lie there is for their makers to say. */
static void aim_at_slices(builder *b, const rmt_node *node)
{
    int32_t out = node->outputs[0];
    if (strcmp(node->op, "concat") != 0)
        return;
    const rmt_shape *shape = &b->values[out].at.view.shape;
    if (shape->rank != 4 || rmt_axis_normalize(rmt_node_int(node, "axis", 0), 4) != 1)
        return;
    int64_t channel = 0;
    for (int32_t i = 0; i < node->input_count; i++) {
        value_state *in = &b->values[node->inputs[i]];
        if (in->at.kind == RMT_PLACE_ABSENT && in->slice_of < 0) {
            in->slice_of = out;
            in->slice_at = channel;
        }
        channel += in->at.view.shape.dims[1];
    }
}

/* ---- third walk: places ---------------------------------------------------------------------------------------------- */

static int32_t new_buffer(builder *b, int64_t bytes)
{
    int32_t index = b->plan->buffer_count++;
    int64_t rounded = (int64_t)rmt_round_up((size_t)rmt_max_i64(bytes, 1), RMT_PACK_ALIGN);
    b->plan->buffers[index] = (rmt_plan_buffer){.bytes = rounded, .first = INT32_MAX, .last = -1};
    return index;
}

/* A buffer of its own for a view whose strides are set. */
static rmt_operand new_place(builder *b, const rmt_view *view)
{
    int64_t bytes = rmt_view_span(view) * (int64_t)ramet_dtype_bytes(view->dtype);
    rmt_operand operand = {.view = *view, .kind = RMT_PLACE_ARENA, .index = new_buffer(b, bytes)};
    operand.view.data = NULL;
    return operand;
}

static void touch(builder *b, const rmt_operand *operand, int32_t step)
{
    if (operand->kind != RMT_PLACE_ARENA)
        return;
    rmt_plan_buffer *buffer = &b->plan->buffers[operand->index];
    if (step < buffer->first)
        buffer->first = step;
    if (step > buffer->last)
        buffer->last = step;
}

static bool add_step(builder *b, const rmt_step *step, const rmt_operand *in, const rmt_operand *out)
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
static bool add_copy(builder *b, value_state *state, rmt_form form, const rmt_operand *operand)
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
static bool give_form(builder *b, value_state *state, rmt_form form, rmt_operand *operand)
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

static bool settle_inputs(builder *b, placing *p)
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
static bool can_take_over(const builder *b, const placing *p, int32_t i, const rmt_view *out)
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
static rmt_operand slice_place(builder *b, const value_state *state, const rmt_view *view)
{
    value_state *whole = &b->values[state->slice_of];
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

static rmt_operand output_place(builder *b, placing *p, int32_t o)
{
    const rmt_output_place *wish = &b->place[o];
    const value_state *state = &b->values[p->node->outputs[o]];
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

static void count_off_reads(builder *b, const rmt_node *node)
{
    for (int32_t i = 0; i < node->input_count; i++) {
        if (node->inputs[i] == RMT_NO_VALUE)
            continue;
        const rmt_operand *at = &b->values[node->inputs[i]].at;
        if (at->kind == RMT_PLACE_ARENA)
            b->buffers[at->index].pending--;
    }
}

static bool settle_outputs(builder *b, placing *p)
{
    count_off_reads(b, p->node);
    bool runs = false;
    for (int32_t o = 0; o < p->node->output_count; o++) {
        p->out[o] = output_place(b, p, o);
        runs = runs || b->place[o].view_of < 0;
        value_state *state = &b->values[p->node->outputs[o]];
        state->at = p->out[o];
        if (p->out[o].kind == RMT_PLACE_ARENA)
            b->buffers[p->out[o].index].pending += state->uses;
    }
    if (!runs)
        return true;
    rmt_step step = {.op = p->bound->op,
                     .params = p->bound->params,
                     .packed = p->bound->packed,
                     .node = (int32_t)(p->node - b->model->graph.nodes),
                     .in_count = p->node->input_count,
                     .out_count = p->node->output_count,
                     .scratch_buffer = -1};
    if (p->place.scratch_bytes > 0)
        step.scratch_buffer = new_buffer(b, (int64_t)p->place.scratch_bytes);
    return add_step(b, &step, p->in, p->out);
}

static bool place_node(builder *b, size_t index)
{
    placing p = {.node = &b->model->graph.nodes[index], .bound = &b->model->nodes[index]};
    p.in = rmt_arena_alloc(&b->scratch, (size_t)p.node->input_count, sizeof *p.in);
    p.out = rmt_arena_alloc(&b->scratch, (size_t)p.node->output_count, sizeof *p.out);
    if (p.in == NULL || p.out == NULL)
        return false;
    for (int32_t i = 0; i < p.node->input_count; i++) {
        p.in[i] = (rmt_operand){.view = absent_view};
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

static bool place_all(builder *b)
{
    const rmt_graph *graph = &b->model->graph;
    for (size_t i = 0; i < graph->node_count; i++)
        if (!graph->nodes[i].dead && !b->computed[i] && !place_node(b, i))
            return false;
    for (size_t i = 0; i < graph->output_count; i++) {
        value_state *state = &b->values[graph->outputs[i]];
        rmt_operand at = state->at;
        /* What is fed or never changes is copied: an output lies in the arena. */
        bool good = at.kind == RMT_PLACE_ARENA ? give_form(b, state, RMT_FORM_DENSE, &at)
                                               : add_copy(b, state, RMT_FORM_DENSE, &at);
        if (!good)
            return false;
        b->plan->outputs[i] = at.kind == RMT_PLACE_ARENA ? at : state->copy;
        b->plan->outputs[i].view.data = NULL;
        touch(b, &b->plan->outputs[i], INT32_MAX);
    }
    return true;
}

/* ---- the whole --------------------------------------------------------------------------------------------------------- */

static void resolve(const rmt_plan *plan, rmt_operand *operands, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        if (operands[i].kind == RMT_PLACE_ARENA)
            operands[i].offset += plan->buffers[operands[i].index].offset;
}

static ramet_status settle_memory(builder *b)
{
    rmt_plan *plan = b->plan;
    int64_t bytes = rmt_plan_pack_buffers(plan->buffers, plan->buffer_count, &b->scratch);
    if (bytes < 0)
        return rmt_fail_memory(b->error, (size_t)plan->buffer_count * sizeof *plan->buffers);
    if ((uint64_t)bytes > b->model->option.memory_budget_bytes)
        return rmt_fail(b->error, RAMET_STATUS_OVER_BUDGET,
                        "these input shapes need %lld bytes of working memory, the budget is %llu", (long long)bytes,
                        (unsigned long long)b->model->option.memory_budget_bytes);
    plan->arena_bytes = (size_t)bytes;
    for (int32_t i = 0; i < plan->step_count; i++) {
        rmt_step *step = &plan->steps[i];
        resolve(plan, step->in, step->in_count);
        resolve(plan, step->out, step->out_count);
        if (step->scratch_buffer >= 0)
            step->scratch_offset = plan->buffers[step->scratch_buffer].offset;
    }
    resolve(plan, plan->outputs, plan->output_count);
    return RAMET_STATUS_OK;
}

static ramet_status build(builder *b, const rmt_view *inputs)
{
    const rmt_graph *graph = &b->model->graph;
    if (!builder_init(b))
        return rmt_fail_memory(b->error, graph->value_count * sizeof(value_state));
    start_values(b, inputs);
    ramet_status status = infer_all(b);
    if (status != RAMET_STATUS_OK)
        return status;
    count_uses(b);
    for (size_t i = 0; i < graph->node_count; i++)
        if (!graph->nodes[i].dead && !b->computed[i])
            aim_at_slices(b, &graph->nodes[i]);
    if (!place_all(b))
        return rmt_fail_memory(b->error, graph->value_count * sizeof(rmt_operand));
    return settle_memory(b);
}

ramet_status rmt_plan_create(rmt_model *model, const rmt_view *inputs, rmt_plan **out, ramet_error *error)
{
    rmt_arena memory;
    rmt_arena_init(&memory, 0);
    rmt_plan *plan = rmt_arena_alloc(&memory, 1, sizeof *plan);
    if (plan == NULL)
        return rmt_fail_memory(error, sizeof *plan);
    plan->memory = memory;
    plan->references = 1;
    builder b = {.model = model, .plan = plan, .error = error};
    rmt_arena_init(&b.scratch, 0);
    ramet_status status = build(&b, inputs);
    rmt_arena_clear(&b.scratch);
    if (status == RAMET_STATUS_OK)
        *out = plan;
    else
        rmt_plan_release(plan);
    return status;
}

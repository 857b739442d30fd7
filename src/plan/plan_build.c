/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making a plan: shapes of all values first, and what is computed from shapes
 * alone is computed now; then places for everything (plan_place.c); then the
 * buffers get their offsets in the arena.
 *
 * A node is late when its results' shapes depend on numbers that are not known
 * yet, and so is every node that reads what a late one makes.
 */
#include "plan/builder.h"

#include <stdatomic.h>

#define KNOWN_INPUT_ELEMENTS 4096   /* a node is computed while planning when its known inputs are at most this large */
#define KNOWN_OUTPUT_ELEMENTS 65536 /* and so are its outputs */

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

static bool builder_init(rmt_builder *b)
{
    const rmt_graph *graph = &b->model->graph;
    rmt_plan *plan = b->plan;
    graph_extent e = measure(graph);
    b->values = rmt_arena_alloc(b->scratch, graph->value_count, sizeof *b->values);
    b->nodes = rmt_arena_alloc(b->scratch, graph->node_count, sizeof *b->nodes);
    b->buffers = rmt_arena_alloc(b->scratch, e.operands, sizeof *b->buffers);
    b->in = rmt_arena_alloc(b->scratch, (size_t)e.most_in, sizeof *b->in);
    b->out = rmt_arena_alloc(b->scratch, (size_t)e.most_out, sizeof *b->out);
    b->form = rmt_arena_alloc(b->scratch, (size_t)e.most_in, sizeof *b->form);
    b->place = rmt_arena_alloc(b->scratch, (size_t)e.most_out, sizeof *b->place);
    plan->most_operands = e.most_in + e.most_out;
    plan->input_count = (int32_t)graph->input_count;
    plan->output_count = (int32_t)graph->output_count;
    plan->inputs = rmt_arena_alloc(&plan->memory, graph->input_count, sizeof *plan->inputs);
    plan->outputs = rmt_arena_alloc(&plan->memory, graph->output_count, sizeof *plan->outputs);
    plan->steps = rmt_arena_alloc(&plan->memory, e.steps, sizeof *plan->steps);
    plan->buffers = rmt_arena_alloc(&plan->memory, e.operands, sizeof *plan->buffers);
    return b->values && b->nodes && b->buffers && b->in && b->out && b->form && b->place && plan->inputs &&
           plan->outputs && plan->steps && plan->buffers;
}

const rmt_view rmt_absent_view = {.shape = {.rank = -1}};

static void start_values(rmt_builder *b, const rmt_view *inputs)
{
    const rmt_graph *graph = &b->model->graph;
    for (size_t i = 0; i < graph->value_count; i++) {
        const rmt_value *value = &graph->values[i];
        b->values[i] = (rmt_value_state){.slice_of = -1, .at.view = rmt_absent_view};
        if (!b->model->constant[i])
            continue;
        b->values[i].at.view = rmt_view_dense(value->dtype, &value->shape, (void *)(uintptr_t)value->data);
        b->values[i].at.kind = RMT_PLACE_FIXED;
    }
    for (int32_t i = 0; i < b->plan->input_count; i++) {
        rmt_operand *at = &b->values[graph->inputs[i]].at;
        *at = (rmt_operand){.view = inputs[i], .kind = RMT_PLACE_INPUT, .index = i};
        b->values[graph->inputs[i]].planned = true;
        at->view.data = NULL;
        b->plan->inputs[i] = at->view;
    }
}

/* ---- first walk: shapes ---------------------------------------------------------------------------------------- */

static void load_views(rmt_builder *b, const rmt_node *node)
{
    for (int32_t i = 0; i < node->input_count; i++)
        b->in[i] = node->inputs[i] == RMT_NO_VALUE ? rmt_absent_view : b->values[node->inputs[i]].at.view;
    for (int32_t o = 0; o < node->output_count; o++)
        b->out[o] = rmt_absent_view;
}

static ramet_status fail_at_node(rmt_builder *b, const rmt_node *node, ramet_status status)
{
    return rmt_fail_at(b->error, status, "operator %s (%s)", node->name, node->op);
}

static bool outputs_make_sense(const rmt_builder *b, const rmt_node *node)
{
    for (int32_t o = 0; o < node->output_count; o++)
        if (b->out[o].shape.rank < 0 || rmt_shape_elements(&b->out[o].shape) < 0)
            return false;
    return true;
}

/* All inputs known and small, or only their shapes matter. */
static bool can_compute(const rmt_builder *b, const rmt_node *node, const rmt_op *op)
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

static bool compute(rmt_builder *b, const rmt_node *node, const rmt_bound_node *bound)
{
    rmt_op_run known = {.params = bound->params,
                        .panels = bound->panels,
                        .panel_type = bound->panel_type,
                        .packed = bound->packed,
                        .in_count = node->input_count,
                        .out_count = node->output_count,
                        .in = b->in,
                        .kernels = b->model->option.kernels};
    return rmt_op_evaluate(bound->op, &known, b->out, &b->plan->memory);
}

static bool reads_late(const rmt_builder *b, const rmt_node *node)
{
    for (int32_t i = 0; i < node->input_count; i++)
        if (node->inputs[i] != RMT_NO_VALUE && b->values[node->inputs[i]].at.kind == RMT_PLACE_LATE)
            return true;
    return false;
}

static ramet_status make_late(rmt_builder *b, size_t index)
{
    const rmt_node *node = &b->model->graph.nodes[index];
    b->nodes[index] = RMT_NODE_LATE;
    b->plan->late_count++;
    for (int32_t o = 0; o < node->output_count; o++)
        b->values[node->outputs[o]].at =
            (rmt_operand){.view = rmt_absent_view, .kind = RMT_PLACE_LATE, .index = node->outputs[o]};
    return RAMET_STATUS_OK;
}

static ramet_status infer_node(rmt_builder *b, size_t index)
{
    const rmt_node *node = &b->model->graph.nodes[index];
    const rmt_bound_node *bound = &b->model->nodes[index];
    if ((bound->op->flags & RMT_OP_CONTROL) != 0 || reads_late(b, node))
        return make_late(b, index);
    load_views(b, node);
    rmt_op_infer infer = {.params = bound->params,
                          .in_count = node->input_count,
                          .out_count = node->output_count,
                          .in = b->in,
                          .out = b->out,
                          .error = b->error};
    ramet_status status = bound->op->infer(&infer);
    if (status != RAMET_STATUS_OK)
        return infer.needs_numbers ? make_late(b, index) : fail_at_node(b, node, status);
    if (!outputs_make_sense(b, node)) {
        rmt_fail(b->error, RAMET_STATUS_OVER_BUDGET, "a result would have more than %lld elements",
                 (long long)RMT_MAX_ELEMENTS);
        return fail_at_node(b, node, RAMET_STATUS_OVER_BUDGET);
    }
    bool computed = can_compute(b, node, bound->op);
    if (!computed && (bound->op->flags & RMT_OP_DYNAMIC) != 0)
        return make_late(b, index);
    if (computed && !compute(b, node, bound))
        return rmt_fail_memory(b->error, KNOWN_OUTPUT_ELEMENTS);
    b->nodes[index] = computed ? RMT_NODE_COMPUTED : RMT_NODE_STEP;
    for (int32_t o = 0; o < node->output_count; o++) {
        rmt_value_state *state = &b->values[node->outputs[o]];
        state->planned = true;
        state->at.view = b->out[o];
        state->at.kind = computed ? RMT_PLACE_FIXED : RMT_PLACE_ABSENT;
    }
    return RAMET_STATUS_OK;
}

static ramet_status infer_all(rmt_builder *b)
{
    const rmt_graph *graph = &b->model->graph;
    for (size_t i = 0; i < graph->node_count; i++) {
        b->nodes[i] = RMT_NODE_ELSEWHERE;
        if (graph->nodes[i].dead || graph->nodes[i].block != 0)
            continue;
        ramet_status status = infer_node(b, i);
        if (status != RAMET_STATUS_OK)
            return status;
    }
    return RAMET_STATUS_OK;
}

/* ---- what late nodes read ------------------------------------------------------------------------------------------ */

static void keep(rmt_builder *b, int32_t value)
{
    if (value == RMT_NO_VALUE || !b->values[value].planned || b->values[value].kept)
        return;
    b->values[value].kept = true;
    b->plan->kept_count++;
}

/* Late nodes may run any block, so whatever a node of one reads, or gives as it is, is kept. */
static void keep_all(rmt_builder *b)
{
    const rmt_graph *graph = &b->model->graph;
    for (size_t n = 0; n < graph->node_count; n++) {
        const rmt_node *node = &graph->nodes[n];
        bool late = !node->dead && (node->block != 0 || b->nodes[n] == RMT_NODE_LATE);
        for (int32_t i = 0; late && i < node->input_count; i++)
            keep(b, node->inputs[i]);
    }
    for (size_t k = 1; k < graph->block_count; k++)
        for (int32_t i = 0; i < graph->blocks[k].result_count; i++)
            keep(b, graph->blocks[k].results[i]);
}

static bool list_late(rmt_builder *b)
{
    rmt_plan *plan = b->plan;
    if (plan->late_count == 0)
        return true;
    keep_all(b);
    plan->late = rmt_arena_alloc(&plan->memory, (size_t)plan->late_count, sizeof *plan->late);
    plan->kept = rmt_arena_alloc(&plan->memory, (size_t)plan->kept_count, sizeof *plan->kept);
    if (plan->late == NULL || plan->kept == NULL)
        return false;
    int32_t late = 0, kept = 0;
    for (size_t n = 0; n < b->model->graph.node_count; n++)
        if (b->nodes[n] == RMT_NODE_LATE)
            plan->late[late++] = (int32_t)n;
    for (size_t v = 0; v < b->model->graph.value_count; v++)
        if (b->values[v].kept)
            plan->kept[kept++].value = (int32_t)v;
    return true;
}

/* ---- the whole --------------------------------------------------------------------------------------------------------- */

static void resolve(const rmt_plan *plan, rmt_operand *operands, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        if (operands[i].kind == RMT_PLACE_ARENA)
            operands[i].offset += plan->buffers[operands[i].index].offset;
}

static ramet_status settle_memory(rmt_builder *b)
{
    rmt_plan *plan = b->plan;
    int64_t bytes = rmt_plan_pack_buffers(plan->buffers, plan->buffer_count, b->scratch);
    if (bytes < 0)
        return rmt_fail_memory(b->error, (size_t)plan->buffer_count * sizeof *plan->buffers);
    if ((uint64_t)bytes > b->model->option.memory_budget_bytes)
        return rmt_fail(b->error, RAMET_STATUS_OVER_BUDGET,
                        "these input shapes need %lld bytes of working memory, the budget is %llu", (long long)bytes,
                        (unsigned long long)b->model->option.memory_budget_bytes);
    plan->arena_bytes = (size_t)bytes;
    plan->late_budget_bytes = (size_t)(b->model->option.memory_budget_bytes - (uint64_t)bytes);
    for (int32_t i = 0; i < plan->step_count; i++) {
        rmt_step *step = &plan->steps[i];
        resolve(plan, step->in, step->in_count);
        resolve(plan, step->out, step->out_count);
        if (step->scratch_buffer >= 0)
            step->scratch_offset = plan->buffers[step->scratch_buffer].offset;
    }
    resolve(plan, plan->outputs, plan->output_count);
    for (int32_t i = 0; i < plan->kept_count; i++)
        resolve(plan, &plan->kept[i].at, 1);
    return RAMET_STATUS_OK;
}

static ramet_status build(rmt_builder *b, const rmt_view *inputs)
{
    const rmt_graph *graph = &b->model->graph;
    if (!builder_init(b))
        return rmt_fail_memory(b->error, graph->value_count * sizeof(rmt_value_state));
    start_values(b, inputs);
    ramet_status status = infer_all(b);
    if (status != RAMET_STATUS_OK)
        return status;
    if (!list_late(b) || !rmt_builder_place(b) || !rmt_builder_chain(b))
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
    rmt_builder b = {.model = model, .plan = plan, .scratch = &model->planning, .error = error};
    ramet_status status = build(&b, inputs);
    rmt_arena_recycle(b.scratch);
    if (status == RAMET_STATUS_OK)
        *out = plan;
    else
        rmt_plan_release(plan);
    return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running late nodes, one by one: infer with all numbers at hand, place and
 * run through rmt_op_perform(), hold the results, let go of what nobody reads
 * any more.
 */
#include "exec/late.h"

#include <stdlib.h>
#include <string.h>

#define SMALL_ELEMENTS 4096 /* a tensor up to here is made dense for the eyes of infer */

/* ---- memory for one node --------------------------------------------------------------------------------------- */

/* What a node takes while it runs: results by their number, everything else in a list. All of it is held once by this. */
typedef struct node_memory {
    rmt_op_memory head;
    rmt_late *late;
    rmt_late_memory **results;
    rmt_late_memory *others;
    ramet_status status; /* why there was no memory */
} node_memory;

static void *take(rmt_op_memory *head, size_t bytes, int32_t output)
{
    node_memory *m = (node_memory *)head;
    rmt_late_memory *memory = rmt_late_take(&m->late->pool, bytes);
    if (memory == NULL) {
        m->status = rmt_late_fail_memory(m->late, bytes);
        return NULL;
    }
    if (output == RMT_OP_TEMPORARY || m->results[output] != NULL) {
        memory->next = m->others;
        m->others = memory;
    } else {
        m->results[output] = memory;
    }
    return rmt_late_bytes(memory);
}

static void give_back(node_memory *m, int32_t results)
{
    for (int32_t o = 0; o < results; o++)
        rmt_late_release(&m->late->pool, m->results[o]);
    while (m->others != NULL) {
        rmt_late_memory *memory = m->others;
        m->others = memory->next;
        rmt_late_release(&m->late->pool, memory);
    }
}

static bool lies_in(const void *data, rmt_late_memory *memory)
{
    uintptr_t at = (uintptr_t)data, start = (uintptr_t)rmt_late_bytes(memory);
    return at >= start && at <= start + memory->bytes;
}

/* The memory in which a result lies: its own, a temporary copy's, or that of an input of which it is a view. */
static rmt_late_memory *home_of(const node_memory *m, const rmt_node *node, int32_t output, const void *data)
{
    if (m->results[output] != NULL && lies_in(data, m->results[output]))
        return m->results[output];
    for (rmt_late_memory *other = m->others; other != NULL; other = other->next)
        if (lies_in(data, other))
            return other;
    for (int32_t i = 0; i < node->input_count; i++) {
        rmt_late_memory *memory = node->inputs[i] == RMT_NO_VALUE ? NULL : m->late->values[node->inputs[i]].memory;
        if (memory != NULL && lies_in(data, memory))
            return memory;
    }
    return NULL;
}

/* ---- one node ---------------------------------------------------------------------------------------------------- */

/* A small tensor with gaps, made dense: infer reads numbers only where they follow each other. */
static bool make_dense(node_memory *m, rmt_view *view)
{
    int64_t elements = rmt_shape_elements(&view->shape);
    if (elements > SMALL_ELEMENTS || rmt_view_is_dense(view))
        return true;
    rmt_view to = rmt_view_dense(view->dtype, &view->shape, NULL);
    to.data = take(&m->head, (size_t)elements * ramet_dtype_bytes(view->dtype), RMT_OP_TEMPORARY);
    if (to.data == NULL)
        return false;
    rmt_late_copy(m->late, view, &to);
    *view = to;
    return true;
}

static bool is_there(const rmt_late *late, int32_t index, const rmt_late_value *value)
{
    return value->view.data != NULL || rmt_model_constant(late->model, index).shape.rank >= 0;
}

static ramet_status load_inputs(node_memory *m, const rmt_node *node, rmt_view *in)
{
    for (int32_t i = 0; i < node->input_count; i++) {
        int32_t index = node->inputs[i];
        in[i] = (rmt_view){.shape = {.rank = -1}};
        if (index == RMT_NO_VALUE)
            continue;
        const rmt_late_value *value = rmt_late_get(m->late, index);
        if (value->array != NULL || !is_there(m->late, index, value))
            return rmt_fail(m->late->error, RAMET_STATUS_BAD_FORMAT, "input %d, '%.64s', %s", (int)i,
                            rmt_late_name(m->late, index),
                            value->array != NULL ? "is a list of tensors" : "was not written on the way here");
        in[i] = value->view;
        if (in[i].data != NULL && !make_dense(m, &in[i]))
            return m->status;
    }
    return RAMET_STATUS_OK;
}

static ramet_status infer(const rmt_late *late, const rmt_node *node, const rmt_bound_node *bound, rmt_view *in,
                          rmt_view *out)
{
    for (int32_t o = 0; o < node->output_count; o++)
        out[o] = (rmt_view){.shape = {.rank = -1}};
    rmt_op_infer ask = {.params = bound->params,
                        .in_count = node->input_count,
                        .out_count = node->output_count,
                        .in = in,
                        .out = out,
                        .error = late->error};
    ramet_status status = bound->op->infer(&ask);
    for (int32_t o = 0; status == RAMET_STATUS_OK && o < node->output_count; o++)
        if (out[o].shape.rank < 0 || rmt_shape_elements(&out[o].shape) < 0)
            status = rmt_fail(late->error, RAMET_STATUS_OVER_BUDGET, "a result would have more than %lld elements",
                              (long long)RMT_MAX_ELEMENTS);
    return status;
}

/* Tensors with gaps are hidden from infer, which would read them as dense, and shown to the run. */
static ramet_status infer_seen(const rmt_late *late, const rmt_node *node, const rmt_bound_node *bound, rmt_view *in,
                               rmt_view *out)
{
    rmt_view *seen = late->operands + node->input_count + node->output_count;
    for (int32_t i = 0; i < node->input_count; i++) {
        seen[i] = in[i];
        if (!rmt_view_is_dense(&in[i]))
            seen[i].data = NULL;
    }
    return infer(late, node, bound, seen, out);
}

static ramet_status perform(node_memory *m, const rmt_node *node, const rmt_bound_node *bound)
{
    rmt_late *late = m->late;
    rmt_view *in = late->operands, *out = in + node->input_count;
    ramet_status status = load_inputs(m, node, in);
    if (status == RAMET_STATUS_OK)
        status = infer_seen(late, node, bound, in, out);
    if (status != RAMET_STATUS_OK)
        return status;
    rmt_op_run run = {.params = bound->params,
                      .panels = bound->panels,
                      .panel_type = bound->panel_type,
                      .packed = bound->packed,
                      .in_count = node->input_count,
                      .out_count = node->output_count,
                      .in = in,
                      .kernels = rmt_model_kernels(late->model),
                      .team = late->team};
    if (!rmt_op_perform(bound->op, &run, out, &m->head))
        return m->status;
    for (int32_t o = 0; o < node->output_count; o++) {
        rmt_late_value made = {.view = out[o], .memory = home_of(m, node, o, out[o].data)};
        rmt_late_set(late, node->outputs[o], &made);
    }
    return RAMET_STATUS_OK;
}

static ramet_status grow_operands(rmt_late *late, const rmt_node *node)
{
    int32_t count = 2 * node->input_count + node->output_count;
    if (count <= late->operand_capacity)
        return RAMET_STATUS_OK;
    free(late->operands);
    free(late->taken);
    late->operands = calloc((size_t)count, sizeof *late->operands);
    late->taken = calloc((size_t)count, sizeof(rmt_late_memory *));
    late->operand_capacity = late->operands != NULL && late->taken != NULL ? count : 0;
    return late->operand_capacity > 0 ? RAMET_STATUS_OK
                                      : rmt_fail_memory(late->error, (size_t)count * sizeof *late->operands);
}

static ramet_status run_plain(rmt_late *late, const rmt_node *node, const rmt_bound_node *bound)
{
    ramet_status status = grow_operands(late, node);
    if (status != RAMET_STATUS_OK)
        return status;
    node_memory m = {.head.take = take, .late = late, .results = late->taken};
    memset(m.results, 0, (size_t)node->output_count * sizeof(rmt_late_memory *));
    status = perform(&m, node, bound);
    give_back(&m, node->output_count);
    return status;
}

ramet_status rmt_late_run_nodes(rmt_late *late, rmt_indices nodes)
{
    for (int32_t i = 0; i < nodes.count; i++) {
        const rmt_node *node = &rmt_model_graph(late->model)->nodes[nodes.items[i]];
        const rmt_bound_node *bound = rmt_model_node(late->model, nodes.items[i]);
        bool control = (bound->op->flags & RMT_OP_CONTROL) != 0;
        ramet_status status = control ? rmt_late_run_control(late, node, bound) : run_plain(late, node, bound);
        if (status != RAMET_STATUS_OK)
            return rmt_fail_at(late->error, status, "operator %s (%s)", node->name, node->op);
        rmt_indices dead = rmt_model_deaths(late->model, nodes.items[i]);
        for (int32_t d = 0; d < dead.count; d++)
            rmt_late_drop(late, dead.items[d]);
    }
    return RAMET_STATUS_OK;
}

/* ---- a run ----------------------------------------------------------------------------------------------------------- */

static ramet_status start(rmt_late *late, size_t value_count)
{
    for (size_t i = 0; i < late->value_count; i++)
        rmt_late_drop(late, (int32_t)i);
    if (late->value_count == value_count)
        return RAMET_STATUS_OK;
    late->values = calloc(value_count, sizeof *late->values);
    if (late->values == NULL)
        return rmt_fail_memory(late->error, value_count * sizeof *late->values);
    late->value_count = value_count;
    return RAMET_STATUS_OK;
}

ramet_status rmt_late_run(rmt_late *late, const rmt_model *model, const rmt_plan *plan, const rmt_view *kept,
                          rmt_team *team, ramet_error *error)
{
    late->model = model;
    late->team = team;
    late->error = error;
    late->pool.budget = plan->late_budget_bytes;
    ramet_status status = start(late, rmt_model_graph(model)->value_count);
    if (status != RAMET_STATUS_OK)
        return status;
    for (int32_t i = 0; i < plan->kept_count; i++)
        late->values[plan->kept[i].value] = (rmt_late_value){.view = kept[i]};
    return rmt_late_run_nodes(late, (rmt_indices){plan->late, plan->late_count});
}

ramet_status rmt_late_output(rmt_late *late, int32_t value, rmt_view *output, ramet_error *error)
{
    const rmt_late_value *v = rmt_late_get(late, value);
    late->error = error;
    if (v->view.data == NULL)
        return rmt_fail(error, RAMET_STATUS_BAD_FORMAT, "output '%.64s' %s", rmt_late_name(late, value),
                        v->array != NULL ? "is a list of tensors" : "was not written in this run");
    if (v->memory == NULL || !rmt_view_is_dense(&v->view)) {
        rmt_late_value dense;
        ramet_status status = rmt_late_make(late, v->view.dtype, &v->view.shape, &dense);
        if (status != RAMET_STATUS_OK)
            return status;
        rmt_late_copy(late, &v->view, &dense.view);
        rmt_late_let_go(late, &late->values[value]);
        late->values[value] = dense;
    }
    *output = late->values[value].view;
    return RAMET_STATUS_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cleaning: nodes that change nothing go, what can be computed once is
 * computed now, and what nobody reads dies.
 */
#include "passes/rewrite.h"

#include <string.h>

/* ---- identities ------------------------------------------------------------------------------------------------------- */

static bool changes_nothing(const rmt_node *node)
{
    if (strcmp(node->op, "identity") == 0)
        return true;
    return strcmp(node->op, "scale") == 0 && rmt_input_at(node, 1) == RMT_NO_VALUE &&
           rmt_node_float(node, "scale", 1) == 1 && rmt_node_float(node, "bias", 0) == 0;
}

static bool is_graph_output(const rmt_graph *graph, int32_t value)
{
    for (size_t i = 0; i < graph->output_count; i++)
        if (graph->outputs[i] == value)
            return true;
    return false;
}

static bool is_graph_input(const rmt_graph *graph, int32_t value) { return graph->values[value].producer < 0; }

/* The output's name is what users see: the value that takes its place takes the name too. */
static void swap_names(rmt_graph *graph, int32_t a, int32_t b)
{
    const char *name = graph->values[a].name;
    graph->values[a].name = graph->values[b].name;
    graph->values[b].name = name;
}

static ramet_status drop_identities(rmt_graph *graph, const rmt_kernels *kernels, int32_t *changes, ramet_error *error)
{
    (void)kernels;
    (void)error;
    for (size_t i = 0; i < graph->node_count; i++) {
        rmt_node *node = &graph->nodes[i];
        if (node->dead || !changes_nothing(node))
            continue;
        int32_t in = node->inputs[0], out = node->outputs[0];
        bool visible = is_graph_output(graph, out);
        if (visible && (is_graph_input(graph, in) || is_graph_output(graph, in)))
            continue;
        rmt_graph_replace_uses(graph, out, in);
        if (visible)
            swap_names(graph, in, out);
        node->dead = true;
        ++*changes;
    }
    return RAMET_STATUS_OK;
}

const rmt_pass rmt_pass_drop_identities = {"drop-identities", "nodes that change nothing", drop_identities};

/* ---- constants --------------------------------------------------------------------------------------------------------- */

#define MOST_FOLDED_ELEMENTS (1 << 22) /* larger results would cost more memory than they save time */

/* A node's views while it is folded; in the graph's arena. */
typedef struct folding {
    rmt_op_run known;
    rmt_view *in, *out;
} folding;

/* The dense, aligned view of a constant; parameter files hold them unaligned. */
static bool constant_view(rmt_graph *graph, int32_t value, rmt_view *view)
{
    *view = (rmt_view){.shape = {.rank = -1}};
    if (value == RMT_NO_VALUE)
        return true;
    const rmt_value *constant = &graph->values[value];
    void *data = rmt_arena_alloc(&graph->arena, 1, constant->data_bytes);
    if (data == NULL)
        return false;
    memcpy(data, constant->data, constant->data_bytes);
    *view = rmt_view_dense(constant->dtype, &constant->shape, data);
    return true;
}

static bool all_constant(const rmt_graph *graph, const rmt_node *node)
{
    int64_t elements = 0;
    for (int32_t i = 0; i < node->input_count; i++) {
        int32_t value = node->inputs[i];
        if (value == RMT_NO_VALUE)
            continue;
        if (graph->values[value].data == NULL)
            return false;
        elements += rmt_shape_elements(&graph->values[value].shape);
    }
    return elements <= MOST_FOLDED_ELEMENTS;
}

/* load and infer; false: leave the node alone, loading the model will tell what is wrong with it. */
static bool prepare(rmt_graph *graph, const rmt_node *node, const rmt_op *op, folding *f)
{
    void *params = rmt_arena_alloc(&graph->arena, 1, op->params_bytes);
    f->in = rmt_arena_alloc(&graph->arena, (size_t)node->input_count, sizeof *f->in);
    f->out = rmt_arena_alloc(&graph->arena, (size_t)node->output_count, sizeof *f->out);
    if (params == NULL || f->in == NULL || f->out == NULL)
        return false;
    rmt_op_load load = {.graph = graph, .node = node, .params = params};
    if (op->load != NULL && (op->load(&load) != RAMET_STATUS_OK || load.panel_floats > 0 || load.packed_bytes > 0))
        return false;
    for (int32_t i = 0; i < node->input_count; i++)
        if (!constant_view(graph, node->inputs[i], &f->in[i]))
            return false;
    rmt_op_infer infer = {
        .params = params, .in_count = node->input_count, .out_count = node->output_count, .in = f->in, .out = f->out};
    if (op->infer(&infer) != RAMET_STATUS_OK)
        return false;
    f->known =
        (rmt_op_run){.params = params, .in_count = node->input_count, .out_count = node->output_count, .in = f->in};
    for (int32_t o = 0; o < node->output_count; o++) {
        int64_t elements = rmt_shape_elements(&f->out[o].shape);
        if (elements < 0 || elements > MOST_FOLDED_ELEMENTS)
            return false;
    }
    return true;
}

static bool fold_node(rmt_graph *graph, size_t index, const rmt_op *op, const rmt_kernels *kernels)
{
    folding f = {0};
    const rmt_node *node = &graph->nodes[index];
    if (!prepare(graph, node, op, &f))
        return false;
    f.known.kernels = kernels;
    if (!rmt_op_evaluate(op, &f.known, f.out, &graph->arena))
        return false;
    for (int32_t o = 0; o < node->output_count; o++) {
        if (node->outputs[o] == RMT_NO_VALUE)
            continue;
        rmt_value *value = &graph->values[node->outputs[o]];
        value->dtype = f.out[o].dtype;
        value->shape = f.out[o].shape;
        value->data = f.out[o].data;
        value->data_bytes = (size_t)rmt_shape_elements(&value->shape) * ramet_dtype_bytes(value->dtype);
        value->producer = -1;
    }
    graph->nodes[index].dead = true;
    return true;
}

static ramet_status fold_constants(rmt_graph *graph, const rmt_kernels *kernels, int32_t *changes, ramet_error *error)
{
    (void)error;
    for (size_t i = 0; i < graph->node_count; i++) {
        const rmt_op *op = graph->nodes[i].dead ? NULL : rmt_op_find(graph->nodes[i].op);
        if (op != NULL && op->infer != NULL && all_constant(graph, &graph->nodes[i]) &&
            fold_node(graph, i, op, kernels))
            ++*changes;
    }
    return RAMET_STATUS_OK;
}

const rmt_pass rmt_pass_fold_constants = {"fold-constants", "nodes whose inputs never change", fold_constants};

/* ---- the dead ------------------------------------------------------------------------------------------------------------ */

static ramet_status drop_dead(rmt_graph *graph, const rmt_kernels *kernels, int32_t *changes, ramet_error *error)
{
    (void)kernels;
    (void)error;
    for (size_t i = graph->node_count; i-- > 0;) {
        rmt_node *node = &graph->nodes[i];
        bool needed = false;
        for (int32_t o = 0; o < node->output_count; o++)
            needed = needed || (node->outputs[o] != RMT_NO_VALUE && rmt_graph_uses(graph, node->outputs[o]) > 0);
        if (node->dead || needed)
            continue;
        node->dead = true;
        for (int k = 0; k < RMT_NODE_BLOCKS; k++)
            if (node->blocks[k] != 0)
                graph->blocks[node->blocks[k]].result_count = 0;
        ++*changes;
    }
    return RAMET_STATUS_OK;
}

const rmt_pass rmt_pass_drop_dead = {"drop-dead", "nodes whose results nobody reads", drop_dead};

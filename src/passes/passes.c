/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of passes, in the order in which they run, and what they share.
 */
#include "passes/rewrite.h"

#include <string.h>

static const rmt_pass *const passes[] = {
    &rmt_pass_drop_identities,  &rmt_pass_fold_constants,  &rmt_pass_read_activations,   &rmt_pass_read_norms,
    &rmt_pass_fold_crop,        &rmt_pass_fold_affine,     &rmt_pass_fold_product_scale, &rmt_pass_fuse_residual,
    &rmt_pass_fuse_product_sum, &rmt_pass_fuse_activation, &rmt_pass_fold_output_scale,  &rmt_pass_fold_gate,
    &rmt_pass_pool_earlier,     &rmt_pass_resize_later,    &rmt_pass_join_products,      &rmt_pass_fuse_resize_sum,
    &rmt_pass_fuse_resize_arg,  &rmt_pass_drop_dead,       &rmt_pass_place_later,
};

ramet_status rmt_passes_apply(rmt_graph *graph, const rmt_kernels *kernels, rmt_pass_report *report, ramet_error *error)
{
    *report = (rmt_pass_report){0};
    for (size_t i = 0; i < sizeof passes / sizeof *passes; i++) {
        report->pass[i] = passes[i];
        ramet_status status = passes[i]->apply(graph, kernels, &report->changes[i], error);
        if (status != RAMET_STATUS_OK)
            return rmt_fail_at(error, status, "pass %s", passes[i]->name);
        report->count++;
    }
    return RAMET_STATUS_OK;
}

bool rmt_pass_report_restore(const int32_t *changes, size_t count, rmt_pass_report *report)
{
    *report = (rmt_pass_report){0};
    if (count != sizeof passes / sizeof *passes)
        return false;
    for (size_t i = 0; i < count; i++) {
        report->pass[i] = passes[i];
        report->changes[i] = changes[i];
    }
    report->count = (int32_t)count;
    return true;
}

bool rmt_pass_report_print(const rmt_pass_report *report, rmt_buffer *text)
{
    bool good = true;
    for (int32_t i = 0; good && i < report->count; i++)
        good = rmt_buffer_printf(text, "%-18s %5d  %s\n", report->pass[i]->name, report->changes[i],
                                 report->pass[i]->purpose);
    return good;
}

/* ---- shared by the passes ----------------------------------------------------------------------------------------- */

bool rmt_same_block(const rmt_graph *graph, int32_t value, int32_t node)
{
    int32_t producer = graph->values[value].producer;
    return (producer < 0 ? 0 : graph->nodes[producer].block) == graph->nodes[node].block;
}

int32_t rmt_only_reader(const rmt_graph *graph, int32_t value)
{
    int32_t reader = -1;
    if (rmt_graph_uses(graph, value) != 1)
        return -1;
    for (size_t i = 0; i < graph->node_count; i++) {
        const rmt_node *node = &graph->nodes[i];
        for (int32_t k = 0; !node->dead && k < node->input_count; k++)
            if (node->inputs[k] == value)
                reader = (int32_t)i;
    }
    return reader >= 0 && rmt_same_block(graph, value, reader) ? reader : -1;
}

void rmt_absorb_reader(rmt_graph *graph, int32_t node, int32_t reader)
{
    int32_t taken = graph->nodes[reader].outputs[0];
    graph->nodes[node].outputs[0] = taken;
    graph->values[taken].producer = node;
    graph->nodes[reader].dead = true;
}

int32_t rmt_insert_node(rmt_graph *graph, int32_t at, const char *op, const char *name, const int32_t *inputs,
                        size_t input_count, int32_t output)
{
    int32_t last = rmt_graph_add_node(graph, op, name, inputs, input_count, &output, 1);
    if (last < 0)
        return -1;
    rmt_node node = graph->nodes[last];
    node.block = graph->nodes[at].block;
    memmove(&graph->nodes[at + 1], &graph->nodes[at], (size_t)(last - at) * sizeof node);
    graph->nodes[at] = node;
    for (size_t i = 0; i < graph->value_count; i++)
        if (graph->values[i].producer >= at)
            graph->values[i].producer++;
    graph->values[output].producer = at;
    return at;
}

void rmt_move_node(rmt_graph *graph, int32_t from, int32_t to)
{
    const rmt_node node = graph->nodes[from];
    memmove(&graph->nodes[from], &graph->nodes[from + 1], (size_t)(to - from) * sizeof node);
    graph->nodes[to] = node;
    for (size_t i = 0; i < graph->value_count; i++) {
        int32_t *producer = &graph->values[i].producer;
        if (*producer == from)
            *producer = to;
        else if (*producer > from && *producer <= to)
            --*producer;
    }
}

bool rmt_move_to_sum(rmt_graph *graph, int32_t node, int32_t sum, int32_t index, int32_t addend)
{
    if (!rmt_set_input(graph, node, index, addend))
        return false;
    int32_t *outputs = graph->nodes[sum].outputs;
    graph->nodes[sum] = graph->nodes[node];
    graph->nodes[sum].outputs = outputs;
    graph->nodes[node].dead = true;
    return true;
}

bool rmt_same_images(const rmt_graph *graph, int32_t a, int32_t b)
{
    const rmt_value *x = &graph->values[a], *y = &graph->values[b];
    return x->shape.rank == 4 && x->dtype == RAMET_DTYPE_FLOAT32 && y->dtype == x->dtype && x->shape.dims[1] > 0 &&
           rmt_shape_equal(&x->shape, &y->shape);
}

bool rmt_is_op(const rmt_node *node, const char *const *names)
{
    for (; *names != NULL; names++)
        if (strcmp(node->op, *names) == 0)
            return true;
    return false;
}

bool rmt_is_convolution(const rmt_node *node)
{
    return rmt_is_op(node, (const char *const[]){"conv2d", "conv2d_transpose", NULL});
}

static bool are_all(const rmt_node *node, const char *name, int64_t wanted)
{
    int64_t values[4] = {wanted, wanted, wanted, wanted};
    size_t count = rmt_node_ints(node, name, values, 4);
    return count <= 4 && values[0] == wanted && values[1] == wanted && values[2] == wanted && values[3] == wanted;
}

bool rmt_is_pointwise(const rmt_graph *graph, const rmt_node *node)
{
    const rmt_value *filter = strcmp(node->op, "conv2d") == 0 ? &graph->values[node->inputs[RMT_CONV_FILTER]] : NULL;
    const char *padding = rmt_node_string(node, "padding_algorithm", "EXPLICIT");
    return filter != NULL && filter->data != NULL && filter->dtype == RAMET_DTYPE_FLOAT32 && filter->shape.rank == 4 &&
           filter->shape.dims[2] == 1 && filter->shape.dims[3] == 1 && rmt_node_int(node, "groups", 1) == 1 &&
           are_all(node, "strides", 1) && (strcmp(padding, "EXPLICIT") != 0 || are_all(node, "paddings", 0));
}

bool rmt_has_activation(const rmt_node *node)
{
    return rmt_node_attr(node, "act") != NULL || rmt_node_attr(node, "act_scale") != NULL;
}

bool rmt_set_input(rmt_graph *graph, int32_t node, int32_t index, int32_t value)
{
    while (graph->nodes[node].input_count <= index)
        if (!rmt_node_add_input(graph, node, RMT_NO_VALUE))
            return false;
    graph->nodes[node].inputs[index] = value;
    return true;
}

int32_t rmt_input_at(const rmt_node *node, int32_t index)
{
    return index < node->input_count ? node->inputs[index] : RMT_NO_VALUE;
}

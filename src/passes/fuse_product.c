/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands around a product of matrices: a factor for all elements goes into
 * its own factor, whether it stands in front of an operand (attention scales its
 * queries) or behind the result, and a shortcut is added as the sums are made.
 */
#include "passes/rewrite.h"

#include <string.h>

/* ---- factors -------------------------------------------------------------------------------------------------------- */

/* y = x * *factor, with nothing added. */
static bool is_factor(const rmt_graph *graph, const rmt_node *node, double *factor)
{
    *factor = rmt_node_float(node, "scale", 1);
    return strcmp(node->op, "scale") == 0 && rmt_input_at(node, 1) == RMT_NO_VALUE &&
           rmt_node_float(node, "bias", 0) == 0 && graph->values[node->inputs[0]].dtype == RAMET_DTYPE_FLOAT32;
}

static bool multiply_alpha(rmt_graph *graph, int32_t node, double factor, int32_t *changes)
{
    ++*changes;
    return rmt_node_set_float(graph, node, "alpha", rmt_node_float(&graph->nodes[node], "alpha", 1) * factor);
}

static bool take_factor_in_front(rmt_graph *graph, int32_t node, int32_t operand, int32_t *changes)
{
    int32_t value = graph->nodes[node].inputs[operand], producer = graph->values[value].producer;
    double factor;
    if (producer < 0 || rmt_only_reader(graph, value) != node || !is_factor(graph, &graph->nodes[producer], &factor))
        return true;
    graph->nodes[node].inputs[operand] = graph->nodes[producer].inputs[0];
    graph->nodes[producer].dead = true;
    return multiply_alpha(graph, node, factor, changes);
}

static bool take_factor_behind(rmt_graph *graph, int32_t node, int32_t *changes)
{
    int32_t reader = rmt_only_reader(graph, graph->nodes[node].outputs[0]);
    double factor;
    if (reader < 0 || rmt_has_activation(&graph->nodes[node]) ||
        rmt_input_at(&graph->nodes[node], RMT_MATMUL_BIAS) != RMT_NO_VALUE ||
        rmt_input_at(&graph->nodes[node], RMT_MATMUL_ADD) != RMT_NO_VALUE ||
        !is_factor(graph, &graph->nodes[reader], &factor))
        return true;
    rmt_absorb_reader(graph, node, reader);
    return multiply_alpha(graph, node, factor, changes);
}

static ramet_status fold_product_scale(rmt_graph *graph, const rmt_kernels *kernels, int32_t *changes,
                                       ramet_error *error)
{
    (void)kernels;
    for (int32_t i = 0; i < (int32_t)graph->node_count; i++) {
        if (graph->nodes[i].dead || strcmp(graph->nodes[i].op, "matmul") != 0)
            continue;
        if (!take_factor_in_front(graph, i, RMT_MATMUL_X, changes) ||
            !take_factor_in_front(graph, i, RMT_MATMUL_Y, changes) || !take_factor_behind(graph, i, changes))
            return rmt_fail_memory(error, graph->arena.bytes);
    }
    return RAMET_STATUS_OK;
}

const rmt_pass rmt_pass_fold_product_scale = {"fold-product-scale",
                                              "a factor before or behind a product becomes its own",
                                              fold_product_scale};

/* ---- shortcuts ------------------------------------------------------------------------------------------------------ */

/* Both have one shape, as far as the file tells. */
static bool same_rows(const rmt_graph *graph, int32_t a, int32_t b)
{
    const rmt_value *x = &graph->values[a], *y = &graph->values[b];
    return x->shape.rank >= 2 && x->dtype == RAMET_DTYPE_FLOAT32 && y->dtype == x->dtype &&
           x->shape.dims[x->shape.rank - 1] > 1 && rmt_shape_equal(&x->shape, &y->shape);
}

/* The product with constant weights that makes value for reader only and has room for a shortcut; -1: there is none. */
static int32_t product_behind(const rmt_graph *graph, int32_t value, int32_t reader)
{
    int32_t producer = graph->values[value].producer;
    if (producer < 0 || rmt_only_reader(graph, value) != reader)
        return -1;
    const rmt_node *node = &graph->nodes[producer];
    bool good = strcmp(node->op, "matmul") == 0 && !rmt_has_activation(node) &&
                rmt_value_is_constant(graph, node->inputs[RMT_MATMUL_Y]) &&
                graph->values[node->inputs[RMT_MATMUL_Y]].shape.rank == 2 &&
                rmt_input_at(node, RMT_MATMUL_ADD) == RMT_NO_VALUE;
    return good ? producer : -1;
}

static ramet_status fuse_product_sum(rmt_graph *graph, const rmt_kernels *kernels, int32_t *changes, ramet_error *error)
{
    (void)kernels;
    for (int32_t i = 0; i < (int32_t)graph->node_count; i++) {
        const rmt_node *node = &graph->nodes[i];
        if (node->dead || strcmp(node->op, "add") != 0 || rmt_has_activation(node))
            continue;
        int32_t a = node->inputs[0], b = node->inputs[RMT_MATMUL_Y];
        if (a == b || !same_rows(graph, a, b))
            continue;
        int32_t first = product_behind(graph, a, i), second = product_behind(graph, b, i);
        int32_t product = first > second ? first : second;
        if (product < 0)
            continue;
        if (!rmt_move_to_sum(graph, product, i, RMT_MATMUL_ADD, product == first ? b : a))
            return rmt_fail_memory(error, graph->arena.bytes);
        ++*changes;
    }
    return RAMET_STATUS_OK;
}

const rmt_pass rmt_pass_fuse_product_sum = {"fuse-product-sum", "shortcuts are added by the product they join",
                                            fuse_product_sum};

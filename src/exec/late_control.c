/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Branches and loops. Nothing is copied: values are handed over by holding the
 * memory in which they lie. Blocks nest at most RMT_MAX_BLOCK_DEPTH deep, so
 * that the stack is bounded.
 */
#include "exec/late.h"

#include <stdlib.h>

#define MOST_ROUNDS (1 << 16) /* of a loop */

/* ---- branches ------------------------------------------------------------------------------------------------------- */

/* output becomes what value is, or nothing. */
static void hand_over(rmt_late *late, int32_t value, int32_t output)
{
    if (value == RMT_NO_VALUE)
        rmt_late_drop(late, output);
    else
        rmt_late_set(late, output, rmt_late_get(late, value));
}

/* Results that a block wrote itself are held by whoever took them, and no longer by the block. */
static void drop_results(rmt_late *late, int32_t block)
{
    const rmt_graph *graph = rmt_model_graph(late->model);
    const rmt_block *b = &graph->blocks[block];
    for (int32_t i = 0; i < b->result_count; i++) {
        int32_t producer = b->results[i] == RMT_NO_VALUE ? -1 : graph->values[b->results[i]].producer;
        if (producer >= 0 && graph->nodes[producer].block == block)
            rmt_late_drop(late, b->results[i]);
    }
}

static ramet_status run_if(rmt_late *late, const rmt_node *node, const rmt_bound_node *bound)
{
    (void)bound;
    int64_t taken = 0;
    ramet_status status = rmt_late_number(late, node->inputs[0], &taken);
    if (status != RAMET_STATUS_OK)
        return status;
    int32_t block = node->blocks[taken != 0 ? 0 : 1];
    if (block == 0) {
        for (int32_t o = 0; o < node->output_count; o++)
            hand_over(late, o + 1 < node->input_count ? node->inputs[o + 1] : RMT_NO_VALUE, node->outputs[o]);
        return RAMET_STATUS_OK;
    }
    status = rmt_late_run_nodes(late, rmt_model_block_nodes(late->model, block));
    if (status != RAMET_STATUS_OK)
        return status;
    for (int32_t o = 0; o < node->output_count; o++)
        hand_over(late, rmt_model_graph(late->model)->blocks[block].results[o], node->outputs[o]);
    drop_results(late, block);
    return RAMET_STATUS_OK;
}

static ramet_status run_select(rmt_late *late, const rmt_node *node, const rmt_bound_node *bound)
{
    (void)bound;
    int64_t which = 0;
    ramet_status status = rmt_late_number(late, node->inputs[0], &which);
    if (status != RAMET_STATUS_OK)
        return status;
    if (which < 0 || which >= node->input_count - 1)
        return rmt_fail(late->error, RAMET_STATUS_BAD_FORMAT, "there is no choice %lld of %d", (long long)which,
                        (int)node->input_count - 1);
    hand_over(late, node->inputs[which + 1], node->outputs[0]);
    return RAMET_STATUS_OK;
}

/* ---- loops ------------------------------------------------------------------------------------------------------------ */

/* Between two rounds all results are held before the first parameter changes: a result may be another one's parameter. */
static void next_round(rmt_late *late, const rmt_block *body, rmt_late_value *carried)
{
    for (int32_t i = 0; i < body->param_count; i++) {
        int32_t result = body->results[i + 1];
        carried[i] = result == RMT_NO_VALUE ? (rmt_late_value){0} : rmt_late_hold(rmt_late_get(late, result));
    }
    for (int32_t i = 0; i < body->param_count; i++) {
        rmt_late_set(late, body->params[i], &carried[i]);
        rmt_late_let_go(late, &carried[i]);
    }
}

static ramet_status run_rounds(rmt_late *late, const rmt_node *node, rmt_late_value *carried)
{
    const rmt_block *body = &rmt_model_graph(late->model)->blocks[node->blocks[0]];
    int32_t condition = node->inputs[0];
    for (int32_t round = 0; round < MOST_ROUNDS; round++) {
        int64_t again = 0;
        ramet_status status = rmt_late_number(late, condition, &again);
        if (status != RAMET_STATUS_OK || again == 0)
            return status;
        status = rmt_late_run_nodes(late, rmt_model_block_nodes(late->model, node->blocks[0]));
        if (status != RAMET_STATUS_OK)
            return status;
        condition = body->results[0];
        if (condition == RMT_NO_VALUE)
            return rmt_fail(late->error, RAMET_STATUS_BAD_FORMAT, "the loop does not say when to end");
        next_round(late, body, carried);
    }
    return rmt_fail(late->error, RAMET_STATUS_BAD_FORMAT, "the loop has not ended after %d rounds", MOST_ROUNDS);
}

static ramet_status run_while(rmt_late *late, const rmt_node *node, const rmt_bound_node *bound)
{
    (void)bound;
    const rmt_block *body = &rmt_model_graph(late->model)->blocks[node->blocks[0]];
    rmt_late_value *carried = calloc((size_t)body->param_count + 1, sizeof *carried);
    if (carried == NULL)
        return rmt_fail_memory(late->error, (size_t)body->param_count * sizeof *carried);
    for (int32_t i = 0; i < body->param_count; i++)
        hand_over(late, node->inputs[i + 1], body->params[i]);
    ramet_status status = run_rounds(late, node, carried);
    for (int32_t i = 0; i < body->param_count; i++) {
        hand_over(late, body->params[i], node->outputs[i]);
        rmt_late_drop(late, body->params[i]);
    }
    drop_results(late, node->blocks[0]);
    free(carried);
    return status;
}

/* ---- the table ----------------------------------------------------------------------------------------------------------- */

ramet_status rmt_late_run_control(rmt_late *late, const rmt_node *node, const rmt_bound_node *bound)
{
    static const struct {
        const rmt_op *op;
        ramet_status (*run)(rmt_late *late, const rmt_node *node, const rmt_bound_node *bound);
    } table[] = {
        {&rmt_op_if, run_if},
        {&rmt_op_while, run_while},
        {&rmt_op_select, run_select},
        {&rmt_op_array_create, rmt_late_array_create},
        {&rmt_op_array_write, rmt_late_array_write},
        {&rmt_op_array_read, rmt_late_array_read},
        {&rmt_op_array_length, rmt_late_array_length},
        {&rmt_op_array_join, rmt_late_array_join},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].op == bound->op)
            return table[i].run(late, node, bound);
    return rmt_fail(late->error, RAMET_STATUS_UNSUPPORTED, "the executor does not know this operator");
}

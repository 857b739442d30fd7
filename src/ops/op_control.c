/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators that run blocks of the graph, or hold lists of tensors. The
 * executor runs them; here their attributes are read, and blocks, parameters
 * and results are checked against inputs and outputs once and for all.
 */
#include "ops/ops_help.h"

static const rmt_block *block_of(const rmt_op_load *load, int k)
{
    int32_t index = load->node->blocks[k];
    return index == 0 ? NULL : &load->graph->blocks[index];
}

static ramet_status refuse(const rmt_op_load *load, const char *why)
{
    return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "%s", why);
}

static ramet_status if_load(rmt_op_load *load)
{
    const rmt_block *then = block_of(load, 0), *other = block_of(load, 1);
    int32_t outputs = load->node->output_count;
    bool good = then != NULL && then->param_count == 0 && then->result_count == outputs &&
                (other == NULL || (other->param_count == 0 && other->result_count == outputs));
    if (!good || load->node->input_count < 1 || load->node->inputs[0] == RMT_NO_VALUE)
        return refuse(load, "its blocks do not give what it promises");
    return RAMET_STATUS_OK;
}

static ramet_status while_load(rmt_op_load *load)
{
    const rmt_block *body = block_of(load, 0);
    int32_t carried = load->node->input_count - 1;
    bool good = body != NULL && carried >= 0 && load->node->inputs[0] != RMT_NO_VALUE && body->param_count == carried &&
                body->result_count == carried + 1 && load->node->output_count == carried;
    return good ? RAMET_STATUS_OK : refuse(load, "its block does not take and give what it carries");
}

static ramet_status list_load(rmt_op_load *load)
{
    rmt_control_params *params = load->params;
    params->axis = rmt_node_int(load->node, "axis", 0);
    params->stacked = rmt_node_bool(load->node, "use_stack", false);
    params->index = rmt_node_int(load->node, "index", 0);
    return load->node->output_count >= 1 ? RAMET_STATUS_OK : refuse(load, "it has no output");
}

static ramet_status first_input_load(rmt_op_load *load)
{
    ramet_status status = rmt_load_inputs(load, 1);
    return status == RAMET_STATUS_OK ? list_load(load) : status;
}

static ramet_status select_load(rmt_op_load *load)
{
    if (load->node->input_count < 2 || load->node->inputs[0] == RMT_NO_VALUE)
        return refuse(load, "it has nothing to select from");
    return list_load(load);
}

static ramet_status write_load(rmt_op_load *load)
{
    const rmt_node *node = load->node;
    if (node->input_count < 3 || node->inputs[1] == RMT_NO_VALUE || node->inputs[2] == RMT_NO_VALUE)
        return refuse(load, "it has no tensor, or no index, to write");
    return list_load(load);
}

#define CONTROL(NAME, LOAD)                                                                             \
    {                                                                                                   \
        .name = NAME, .params_bytes = sizeof(rmt_control_params), .flags = RMT_OP_CONTROL, .load = LOAD \
    }

const rmt_op rmt_op_if = CONTROL("if", if_load);
const rmt_op rmt_op_while = CONTROL("while", while_load);
const rmt_op rmt_op_select = CONTROL("select", select_load);
const rmt_op rmt_op_array_create = CONTROL("array_create", list_load);
const rmt_op rmt_op_array_write = CONTROL("array_write", write_load);
const rmt_op rmt_op_array_read = CONTROL("array_read", first_input_load);
const rmt_op rmt_op_array_length = CONTROL("array_length", first_input_load);
const rmt_op rmt_op_array_join = CONTROL("array_join", first_input_load);

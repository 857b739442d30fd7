/* SPDX-License-Identifier: Apache-2.0 */
/*
 * If and Loop: operators with graphs inside them.
 *
 * If becomes `if` as it stands. Loop becomes `while`, which carries the number
 * of the round, the loop's own values, and for each result that collects one
 * tensor a round an array, which is joined behind the loop.
 */
#include "formats/onnx_op.h"

#include <string.h>

#include "formats/limits.h"

enum { LOOP_MOST, LOOP_CONDITION, LOOP_VALUES };  /* inputs of Loop */
enum { BODY_ROUND, BODY_CONDITION, BODY_VALUES }; /* inputs of its graph */
enum { RESULT_CONDITION, RESULT_VALUES };         /* outputs of its graph */

static bool is_loop(const rmt_onnx_op *op) { return rmt_span_is(op->node.type, "Loop"); }

static size_t value_count(const rmt_onnx_op *op)
{
    return op->inputs.count > LOOP_VALUES ? op->inputs.count - LOOP_VALUES : 0;
}

static ramet_status refuse(rmt_onnx_op *op, ramet_status status, const char *why)
{
    rmt_span type = op->node.type;
    status = rmt_fail(op->reader->error, status, "operator %.*s_%zu %s", rmt_span_shown(type), (const char *)type.data,
                      op->index, why);
    return rmt_source_place(op->reader->source, type.data, op->reader->error, status);
}

static ramet_status keep(rmt_onnx_op *op, rmt_list *list, int32_t value)
{
    if (op->status == RAMET_STATUS_OK && !rmt_list_push(list, &value, sizeof(value), RMT_LIMIT_ARGUMENTS))
        op->status = rmt_fail_memory(op->reader->error, sizeof(value));
    return op->status;
}

/* ---- finding ---------------------------------------------------------------------------------------------------- */

/* The message of a graph attribute. */
static ramet_status find_graph(rmt_onnx_op *op, const char *name, rmt_span *graph)
{
    const rmt_span *messages = op->node.attrs.items;
    rmt_wire_attr *attr = &op->reader->attr;
    for (size_t i = 0; i < op->node.attrs.count; i++) {
        ramet_status status = rmt_onnx_read_attr(op->reader->source, messages[i], attr, op->reader->error);
        if (status != RAMET_STATUS_OK)
            return status;
        if (attr->kind == RMT_WIRE_ATTR_BLOCK && rmt_span_is(attr->name, name) && attr->s.data != NULL) {
            *graph = attr->s;
            return RAMET_STATUS_OK;
        }
    }
    return refuse(op, RAMET_STATUS_BAD_FORMAT, "lacks a graph");
}

/* Rounds, and what is carried, as they are before the first. */
static ramet_status start_loop(rmt_onnx_op *op)
{
    const int64_t zero = 0;
    const int32_t *values = op->inputs.items;
    (void)keep(op, &op->carried, rmt_onnx_add_scalar(op, RAMET_DTYPE_INT64, &zero));
    for (size_t i = LOOP_VALUES; i < op->inputs.count; i++)
        (void)keep(op, &op->carried, values[i]);
    for (size_t i = value_count(op); i < op->node.outputs.count; i++)
        (void)keep(op, &op->carried, rmt_onnx_add_list(op, "array_create", NULL, 0));
    return op->status;
}

ramet_status rmt_onnx_find_blocks(rmt_onnx_op *op)
{
    if (op->node.domain.bytes > 0 && !rmt_span_is(op->node.domain, "ai.onnx"))
        return RAMET_STATUS_OK;
    if (is_loop(op)) {
        op->graph_count = 1;
        ramet_status status = find_graph(op, "body", &op->graphs[0]);
        return status == RAMET_STATUS_OK ? start_loop(op) : status;
    }
    if (!rmt_span_is(op->node.type, "If"))
        return RAMET_STATUS_OK;
    op->graph_count = 2;
    ramet_status status = find_graph(op, "then_branch", &op->graphs[0]);
    return status == RAMET_STATUS_OK ? find_graph(op, "else_branch", &op->graphs[1]) : status;
}

/* ---- inside ----------------------------------------------------------------------------------------------------- */

/* A loop is inside its graph only as long as the condition holds, so there it is true. */
static ramet_status enter_loop(rmt_onnx_reader *reader, rmt_onnx_op *op)
{
    static const bool yes = true;
    rmt_onnx_scope *body = rmt_onnx_top(reader);
    int32_t *params = body->params.items;
    if (body->params.count != body->parts.inputs.count || body->params.count != value_count(op) + BODY_VALUES)
        return refuse(op, RAMET_STATUS_BAD_FORMAT, "has a graph whose inputs are not those of the loop");
    int32_t condition = params[BODY_CONDITION];
    reader->graph->values[condition].dtype = RAMET_DTYPE_BOOL;
    reader->graph->values[condition].shape = (rmt_shape){.rank = 0};
    reader->graph->values[condition].data = &yes;
    reader->graph->values[condition].data_bytes = sizeof(yes);
    memmove(params + BODY_CONDITION, params + BODY_VALUES, value_count(op) * sizeof(*params));
    body->params.count--;
    for (size_t i = value_count(op); i < op->node.outputs.count; i++)
        (void)keep(op, &body->params, rmt_onnx_new_value(op));
    return op->status;
}

ramet_status rmt_onnx_enter_block(rmt_onnx_reader *reader, rmt_onnx_op *op)
{
    if (is_loop(op))
        return enter_loop(reader, op);
    return rmt_onnx_top(reader)->params.count == 0 ? RAMET_STATUS_OK
                                                   : refuse(op, RAMET_STATUS_BAD_FORMAT, "has a graph with inputs");
}

/* Whether another round follows: `round` of at most as many as the loop's first input says, and its own condition. */
static int32_t goes_on(rmt_onnx_op *op, int32_t round, int32_t condition)
{
    static const bool yes = true;
    int32_t most = rmt_onnx_in(op, LOOP_MOST);
    int32_t own = rmt_onnx_in(op, LOOP_CONDITION) != RMT_NO_VALUE ? condition : RMT_NO_VALUE;
    if (most == RMT_NO_VALUE && own == RMT_NO_VALUE)
        return rmt_onnx_add_scalar(op, RAMET_DTYPE_BOOL, &yes);
    int32_t counted = most != RMT_NO_VALUE ? rmt_onnx_add2(op, "less_than", round, most) : RMT_NO_VALUE;
    if (own == RMT_NO_VALUE)
        return counted;
    return counted != RMT_NO_VALUE ? rmt_onnx_add2(op, "logical_and", counted, own) : own;
}

/* Results of the body become those of `while`: the condition, the round, the values, the arrays. */
static ramet_status leave_loop(rmt_onnx_reader *reader, rmt_onnx_op *op)
{
    static const int64_t one = 1;
    rmt_onnx_scope *body = rmt_onnx_top(reader);
    int32_t *results = body->results.items;
    const int32_t *params = body->params.items;
    if (body->results.count != op->node.outputs.count + RESULT_VALUES || op->node.outputs.count < value_count(op))
        return refuse(op, RAMET_STATUS_BAD_FORMAT, "has a graph whose outputs are not those of the loop");
    int32_t round = params[BODY_ROUND];
    for (size_t i = value_count(op); i < op->node.outputs.count; i++) {
        const int32_t inputs[] = {params[i + 1], results[i + RESULT_VALUES], round};
        results[i + RESULT_VALUES] = rmt_onnx_add_list(op, "array_write", inputs, 3);
    }
    int32_t next = rmt_onnx_add2(op, "add", round, rmt_onnx_add_scalar(op, RAMET_DTYPE_INT64, &one));
    int32_t condition = goes_on(op, next, results[RESULT_CONDITION]);
    (void)keep(op, &body->results, RMT_NO_VALUE);
    results = body->results.items;
    memmove(results + 2, results + 1, (body->results.count - 2) * sizeof(*results));
    results[0] = condition;
    results[1] = next;
    return op->status;
}

ramet_status rmt_onnx_leave_block(rmt_onnx_reader *reader, rmt_onnx_op *op)
{
    if (is_loop(op))
        return leave_loop(reader, op);
    return rmt_onnx_top(reader)->results.count == op->node.outputs.count
               ? RAMET_STATUS_OK
               : refuse(op, RAMET_STATUS_BAD_FORMAT, "has a graph whose outputs are not its own");
}

/* ---- behind ------------------------------------------------------------------------------------------------------- */

static void set_blocks(rmt_onnx_op *op)
{
    if (op->status == RAMET_STATUS_OK)
        memcpy(op->reader->graph->nodes[op->last].blocks, op->blocks, sizeof(op->blocks));
}

static void add_if(rmt_onnx_op *op)
{
    rmt_list outputs = {0};
    for (size_t i = 0; i < op->node.outputs.count; i++)
        (void)keep(op, &outputs, rmt_onnx_wants(op, i) ? rmt_onnx_new_value(op) : RMT_NO_VALUE);
    rmt_onnx_add_node(op, "if", op->inputs.items, op->inputs.count, outputs.items, outputs.count);
    set_blocks(op);
    const int32_t *values = outputs.items;
    for (size_t i = 0; i < outputs.count; i++)
        rmt_onnx_give(op, i, values[i]);
    rmt_list_clear(&outputs);
}

static int32_t join_rounds(rmt_onnx_op *op, int32_t array)
{
    int32_t joined = rmt_onnx_add(op, "array_join", array);
    rmt_onnx_set_int(op, "axis", 0);
    rmt_onnx_set_int(op, "use_stack", 1);
    return joined;
}

static void add_loop(rmt_onnx_op *op)
{
    rmt_list inputs = {0};
    rmt_list outputs = {0};
    const int32_t *carried = op->carried.items;
    (void)keep(op, &inputs, goes_on(op, carried[0], rmt_onnx_in(op, LOOP_CONDITION)));
    for (size_t i = 0; i < op->carried.count; i++) {
        (void)keep(op, &inputs, carried[i]);
        (void)keep(op, &outputs, i > 0 ? rmt_onnx_new_value(op) : RMT_NO_VALUE);
    }
    rmt_onnx_add_node(op, "while", inputs.items, inputs.count, outputs.items, outputs.count);
    set_blocks(op);
    const int32_t *values = outputs.items;
    for (size_t i = 0; i < op->node.outputs.count && op->status == RAMET_STATUS_OK; i++)
        rmt_onnx_give(op, i, i < value_count(op) ? values[i + 1] : join_rounds(op, values[i + 1]));
    rmt_list_clear(&inputs);
    rmt_list_clear(&outputs);
}

void rmt_onnx_add_control(rmt_onnx_op *op)
{
    if (is_loop(op))
        add_loop(op);
    else
        add_if(op);
}

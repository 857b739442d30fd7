/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `if` and `while` of a PIR program: their regions become blocks of the graph. The blocks that are being read stand on a
 * stack; while one is, its operators are added as any others.
 *
 * A block may write a value of a block around it in place (arrays are filled so). In the graph a value is written once,
 * so what a block writes in this way becomes one more result of its operator, and of a loop one more variable.
 */
#include "formats/pir.h"

#include <stdio.h>
#include <string.h>

#include "formats/limits.h"

static rmt_pir_frame *innermost(rmt_pir_reader *reader) { return &reader->frames[reader->depth]; }

static bool is_loop(const rmt_pir_reader *reader) { return rmt_span_is(reader->name, "while"); }

static ramet_status refuse(const rmt_pir_reader *reader, const char *why)
{
    return rmt_pir_refuse(reader, RAMET_STATUS_BAD_FORMAT, reader->op, why);
}

/* ---- what a block writes in place -------------------------------------------------------------------------------- */

/* Value `id` has a meaning where the operator stands, so the block around it does, too. */
static ramet_status note_written(rmt_pir_reader *reader, int64_t id)
{
    rmt_list *written = &innermost(reader)->written;
    const int64_t *ids = written->items;
    rmt_pir_binding meaning = reader->bindings[id + reader->id_limit];
    bool known = meaning.kind != RMT_PIR_TENSOR;
    for (size_t i = 0; i < written->count && !known; i++)
        known = ids[i] == id;
    if (known)
        return RAMET_STATUS_OK;
    if (written->count == RMT_LIMIT_SLOTS)
        return refuse(reader, "writes too many values of the blocks around it");
    return rmt_list_push(written, &id, sizeof(id), RMT_LIMIT_SLOTS) ? RAMET_STATUS_OK : rmt_pir_no_memory(reader);
}

/* The operands that the operator at hand, which stands inside, writes in place. */
static ramet_status scan_operator(rmt_pir_reader *reader)
{
    enum { MOST_OPERANDS = 4 }; /* that a table line lets an operator write among */
    ramet_status status = RAMET_STATUS_OK;
    for (size_t i = 0; i < MOST_OPERANDS && status == RAMET_STATUS_OK; i++) {
        uint32_t entry = rmt_pir_operand_at(reader, i);
        int64_t id = 0;
        if (entry == 0 || !rmt_pir_writes(reader, i))
            continue;
        status = rmt_pir_read_id(reader, entry, &id);
        if (status == RAMET_STATUS_OK)
            status = note_written(reader, id);
    }
    return status;
}

static ramet_status scan_regions(rmt_pir_reader *reader)
{
    const rmt_json *json = &reader->json;
    uint32_t owner = reader->op;
    uint32_t regions = rmt_json_get(json, owner, "regions");
    ramet_status status = RAMET_STATUS_OK;
    for (uint32_t at = regions; at < json->nodes[regions].next && status == RAMET_STATUS_OK; at++) {
        if (rmt_json_get(json, at, "I") == 0) /* no operator */
            continue;
        status = rmt_pir_set_op(reader, at);
        if (status == RAMET_STATUS_OK)
            status = scan_operator(reader);
    }
    return status == RAMET_STATUS_OK ? rmt_pir_set_op(reader, owner) : status;
}

/* ---- entering ---------------------------------------------------------------------------------------------------- */

/* The value's type, with what is known of its shape left out: a block may change it. */
static ramet_status add_like(rmt_pir_reader *reader, int64_t id, const char *ending, int32_t *made)
{
    const rmt_shape shape = {.rank = -1};
    rmt_pir_binding meaning = reader->bindings[id + reader->id_limit];
    char unique[48];
    (void)snprintf(unique, sizeof(unique), "%s%u", ending, (unsigned)reader->op);
    const char *name = rmt_pir_value_name(reader, id, unique);
    ramet_dtype dtype = reader->graph->values[meaning.value].dtype;
    *made = name != NULL ? rmt_graph_add_value(reader->graph, name, dtype, &shape) : RMT_NO_VALUE;
    return *made >= 0 ? RAMET_STATUS_OK : rmt_pir_no_memory(reader);
}

/* Parameters of a loop's body: its arguments, then what it writes in place. */
static ramet_status add_params(rmt_pir_reader *reader, uint32_t block)
{
    const rmt_json *json = &reader->json;
    rmt_pir_frame *frame = innermost(reader);
    uint32_t args = rmt_json_get(json, block, "args");
    ramet_status status = RAMET_STATUS_OK;
    if (rmt_json_length(json, args) + 1 != rmt_pir_operand_count(reader))
        return refuse(reader, "has a body whose arguments are not its variables");
    if (rmt_json_is(json, args, RMT_JSON_LIST))
        for (uint32_t at = args + 1; at < json->nodes[args].next && status == RAMET_STATUS_OK;
             at = json->nodes[at].next) {
            rmt_pir_binding made = {0};
            status = rmt_pir_make_result(reader, at, NULL, &made);
            if (status == RAMET_STATUS_OK && made.kind != RMT_PIR_TENSOR)
                status = refuse(reader, "has a variable that is no tensor");
            if (status == RAMET_STATUS_OK)
                status = rmt_pir_push(reader, &frame->params, made.value);
        }
    for (size_t i = 0; i < frame->written.count && status == RAMET_STATUS_OK; i++) {
        int64_t id = ((const int64_t *)frame->written.items)[i];
        rmt_pir_binding made = {.kind = RMT_PIR_TENSOR};
        status = add_like(reader, id, "in", &made.value);
        if (status == RAMET_STATUS_OK)
            status = rmt_pir_rebind(reader, id, made);
        if (status == RAMET_STATUS_OK)
            status = rmt_pir_push(reader, &frame->params, made.value);
    }
    return status;
}

/* The only block of region `index`; 0 when it has none. */
static ramet_status find_block(const rmt_pir_reader *reader, size_t index, uint32_t *block)
{
    const rmt_json *json = &reader->json;
    uint32_t at = rmt_json_get(json, reader->op, "regions") + 1;
    for (; index > 0; index--)
        at = json->nodes[at].next;
    uint32_t blocks = rmt_json_get(json, at, "blocks");
    *block = rmt_json_length(json, blocks) > 0 ? blocks + 1 : 0;
    return rmt_json_length(json, blocks) <= 1 ? RAMET_STATUS_OK : refuse(reader, "has more than one block in a region");
}

static ramet_status enter_region(rmt_pir_reader *reader)
{
    const rmt_json *json = &reader->json;
    rmt_pir_frame *frame = innermost(reader);
    uint32_t block = 0;
    ramet_status status = find_block(reader, frame->region, &block);
    if (status != RAMET_STATUS_OK)
        return status;
    uint32_t ops = block != 0 ? rmt_json_get(json, block, "ops") : 0;
    frame->next = frame->end = 0;
    if (rmt_json_is(json, ops, RMT_JSON_LIST)) {
        frame->next = ops + 1;
        frame->end = json->nodes[ops].next;
    }
    frame->has_yielded = false;
    frame->first_change = reader->changes.count;
    frame->params.count = frame->results.count = 0;
    frame->block = rmt_graph_begin_block(reader->graph);
    if (frame->block < 0)
        return rmt_pir_no_memory(reader);
    frame->blocks[frame->region] = frame->block;
    return is_loop(reader) ? add_params(reader, block) : RAMET_STATUS_OK;
}

static size_t region_count(const rmt_pir_reader *reader)
{
    return rmt_json_length(&reader->json, rmt_json_get(&reader->json, reader->op, "regions"));
}

ramet_status rmt_pir_enter(rmt_pir_reader *reader)
{
    size_t operands = rmt_pir_operand_count(reader);
    size_t regions = region_count(reader);
    bool fits = is_loop(reader) ? operands > 0 && regions == 1 && rmt_pir_result_count(reader) + 1 == operands
                                : operands == 1 && regions == 2;
    if (!fits)
        return refuse(reader, "has operands, results and blocks that do not fit together");
    if (reader->depth == RMT_MAX_BLOCK_DEPTH)
        return rmt_pir_refuse(reader, RAMET_STATUS_UNSUPPORTED, reader->op, "is nested too deeply");
    reader->depth++;
    *innermost(reader) = (rmt_pir_frame){.owner = reader->op};
    ramet_status status = scan_regions(reader);
    return status == RAMET_STATUS_OK ? enter_region(reader) : status;
}

/* ---- leaving ----------------------------------------------------------------------------------------------------- */

ramet_status rmt_pir_yield(rmt_pir_reader *reader)
{
    const rmt_json *json = &reader->json;
    rmt_pir_frame *frame = innermost(reader);
    uint32_t operands = rmt_json_get(json, reader->op, "I");
    if (reader->depth == 0 || frame->next < frame->end)
        return refuse(reader, "does not stand at the end of a block");
    ramet_status status = RAMET_STATUS_OK;
    frame->has_yielded = true;
    if (rmt_json_is(json, operands, RMT_JSON_LIST))
        for (uint32_t at = operands + 1; at < json->nodes[operands].next && status == RAMET_STATUS_OK;
             at = json->nodes[at].next) {
            int32_t value = RMT_NO_VALUE;
            status = rmt_pir_read_tensor(reader, at, &value);
            if (status == RAMET_STATUS_OK)
                status = rmt_pir_push(reader, &frame->results, value);
        }
    return status;
}

/* What the values that are written in place mean now, onto a list. */
static ramet_status push_written(rmt_pir_reader *reader, rmt_list *list)
{
    const rmt_list *written = &innermost(reader)->written;
    const int64_t *ids = written->items;
    ramet_status status = RAMET_STATUS_OK;
    for (size_t i = 0; i < written->count && status == RAMET_STATUS_OK; i++)
        status = rmt_pir_push_all(reader, list, reader->bindings[ids[i] + reader->id_limit]);
    return status;
}

static ramet_status leave_region(rmt_pir_reader *reader)
{
    rmt_pir_frame *frame = innermost(reader);
    size_t wanted = rmt_pir_result_count(reader) + (is_loop(reader) ? 1 : 0);
    if (frame->results.count != wanted)
        return refuse(reader, "has a block that yields more or fewer values than it has results");
    ramet_status status = push_written(reader, &frame->results);
    if (status == RAMET_STATUS_OK &&
        !rmt_graph_end_block(reader->graph, frame->block, frame->params.items, frame->params.count,
                             frame->results.items, frame->results.count))
        status = rmt_pir_no_memory(reader);
    rmt_pir_undo(reader, frame->first_change);
    return status;
}

static ramet_status read_inputs(rmt_pir_reader *reader)
{
    const rmt_json *json = &reader->json;
    uint32_t operands = rmt_json_get(json, reader->op, "I");
    ramet_status status = RAMET_STATUS_OK;
    reader->inputs.count = 0;
    for (uint32_t at = operands + 1; at < json->nodes[operands].next && status == RAMET_STATUS_OK;
         at = json->nodes[at].next) {
        int32_t value = RMT_NO_VALUE;
        status = rmt_pir_read_tensor(reader, at, &value);
        if (status == RAMET_STATUS_OK)
            status = rmt_pir_push(reader, &reader->inputs, value);
    }
    return status == RAMET_STATUS_OK && is_loop(reader) ? push_written(reader, &reader->inputs) : status;
}

static ramet_status make_outputs(rmt_pir_reader *reader)
{
    const rmt_json *json = &reader->json;
    uint32_t results = rmt_json_get(json, reader->op, "O");
    ramet_status status = RAMET_STATUS_OK;
    reader->outputs.count = 0;
    if (!rmt_json_is(json, results, RMT_JSON_LIST))
        return RAMET_STATUS_OK;
    for (uint32_t at = results + 1; at < json->nodes[results].next && status == RAMET_STATUS_OK;
         at = json->nodes[at].next) {
        rmt_pir_binding made = {0};
        status = rmt_pir_make_result(reader, at, NULL, &made);
        if (status == RAMET_STATUS_OK && made.kind == RMT_PIR_LIST)
            status = rmt_pir_refuse(reader, RAMET_STATUS_UNSUPPORTED, at, "makes a list");
        if (status == RAMET_STATUS_OK)
            status = rmt_pir_push(reader, &reader->outputs, made.kind == RMT_PIR_TENSOR ? made.value : RMT_NO_VALUE);
    }
    return status;
}

/* Outside, what the blocks have written in place means the operator's further results. */
static ramet_status rebind_written(rmt_pir_reader *reader, const rmt_list *written)
{
    const int64_t *ids = written->items;
    ramet_status status = RAMET_STATUS_OK;
    for (size_t i = 0; i < written->count && status == RAMET_STATUS_OK; i++) {
        rmt_pir_binding made = {.kind = RMT_PIR_TENSOR};
        status = add_like(reader, ids[i], "out", &made.value);
        if (status == RAMET_STATUS_OK)
            status = rmt_pir_rebind(reader, ids[i], made);
        if (status == RAMET_STATUS_OK)
            status = rmt_pir_push(reader, &reader->outputs, made.value);
    }
    return status;
}

static ramet_status add_node(rmt_pir_reader *reader, const rmt_pir_frame *frame)
{
    rmt_graph *graph = reader->graph;
    const char *op = is_loop(reader) ? "while" : "if";
    const char *name = rmt_pir_node_name(reader);
    int32_t node = name == NULL ? -1
                                : rmt_graph_add_node(graph, op, name, reader->inputs.items, reader->inputs.count,
                                                     reader->outputs.items, reader->outputs.count);
    if (node < 0)
        return rmt_pir_no_memory(reader);
    memcpy(graph->nodes[node].blocks, frame->blocks, sizeof(frame->blocks));
    return RAMET_STATUS_OK;
}

ramet_status rmt_pir_leave(rmt_pir_reader *reader)
{
    rmt_pir_frame *frame = innermost(reader);
    ramet_status status = rmt_pir_set_op(reader, frame->owner);
    if (status == RAMET_STATUS_OK)
        status = leave_region(reader);
    if (status == RAMET_STATUS_OK && ++frame->region < region_count(reader))
        return enter_region(reader);
    if (status == RAMET_STATUS_OK)
        status = read_inputs(reader);
    if (status != RAMET_STATUS_OK)
        return status;
    reader->depth--;
    status = make_outputs(reader);
    if (status == RAMET_STATUS_OK)
        status = rebind_written(reader, &frame->written);
    if (status == RAMET_STATUS_OK)
        status = add_node(reader, frame);
    rmt_pir_frame_clear(frame);
    return status;
}

void rmt_pir_frame_clear(rmt_pir_frame *frame)
{
    rmt_list_clear(&frame->params);
    rmt_list_clear(&frame->results);
    rmt_list_clear(&frame->written);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A graph as bytes, and back: for the same build of the library on the same
 * machine, so numbers are as they lie in memory, one behind the other.
 *
 *   counts; values: name, dtype, rank, dims, producer, is it a constant; nodes: dead, or operator, name, inputs, outputs,
 *   attributes, blocks; blocks: params, results, parent; inputs, outputs
 *
 * A text or a list is its count (u32) and its entries. The numbers of constants are not among the bytes. What is read is
 * distrusted: no entry is believed that its bytes do not cover, indices are checked before they are used, and the whole
 * graph is checked at the end.
 */
#include <string.h>

#include "graph/graph.h"

/* ---- writing ------------------------------------------------------------------------------------------- */

/* Stops at the first failure, which only want of memory can bring. */
typedef struct writer {
    rmt_buffer *bytes;
    bool good;
} writer;

static void put(writer *w, const void *data, size_t bytes)
{
    w->good = w->good && rmt_buffer_append(w->bytes, data, bytes);
}

static void put_number(writer *w, int64_t number)
{
    int32_t narrow = (int32_t)number;
    put(w, &narrow, sizeof narrow);
}

static void put_text(writer *w, const char *text)
{
    size_t bytes = strlen(text);
    put_number(w, (int64_t)bytes);
    put(w, text, bytes);
}

static void put_indices(writer *w, const int32_t *indices, size_t count)
{
    put_number(w, (int64_t)count);
    put(w, indices, count * sizeof *indices);
}

static void put_value(writer *w, const rmt_value *value, bool constant)
{
    put_text(w, value->name);
    put_number(w, value->dtype);
    put_number(w, value->shape.rank);
    for (int32_t i = 0; i < value->shape.rank; i++)
        put(w, &value->shape.dims[i], sizeof value->shape.dims[i]);
    put_number(w, value->producer);
    put_number(w, constant);
}

static void put_attr(writer *w, const rmt_attr *attr)
{
    put_text(w, attr->name);
    put_number(w, attr->type);
    put_number(w, attr->count);
    bool texts = attr->type == RMT_ATTR_STRING || attr->type == RMT_ATTR_STRINGS;
    for (int32_t i = 0; texts && i < attr->count; i++)
        put_text(w, attr->as.strings[i]);
    if (!texts)
        put(w, attr->as.ints, (size_t)attr->count * sizeof(int64_t)); /* doubles are as wide */
}

static void put_node(writer *w, const rmt_node *node)
{
    put_number(w, node->dead);
    if (node->dead)
        return;
    put_text(w, node->op);
    put_text(w, node->name);
    put_indices(w, node->inputs, (size_t)node->input_count);
    put_indices(w, node->outputs, (size_t)node->output_count);
    put_number(w, node->attr_count);
    for (int32_t i = 0; i < node->attr_count; i++)
        put_attr(w, &node->attrs[i]);
    put_number(w, node->block);
    for (int k = 0; k < RMT_NODE_BLOCKS; k++)
        put_number(w, node->blocks[k]);
}

bool rmt_graph_write(const rmt_graph *graph, const bool *constant, rmt_buffer *bytes)
{
    writer w = {.bytes = bytes, .good = true};
    put_number(&w, (int64_t)graph->value_count);
    put_number(&w, (int64_t)graph->node_count);
    put_number(&w, (int64_t)graph->block_count);
    for (size_t i = 0; i < graph->value_count; i++)
        put_value(&w, &graph->values[i], constant[i]);
    for (size_t i = 0; i < graph->node_count; i++)
        put_node(&w, &graph->nodes[i]);
    for (size_t b = 1; b < graph->block_count; b++) {
        const rmt_block *block = &graph->blocks[b];
        put_indices(&w, block->params, (size_t)block->param_count);
        put_indices(&w, block->results, (size_t)block->result_count);
        put_number(&w, block->parent);
    }
    put_indices(&w, graph->inputs, graph->input_count);
    put_indices(&w, graph->outputs, graph->output_count);
    return w.good;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

/* Once something was missing or impossible, everything further reads as nothing. */
typedef struct reader {
    const unsigned char *at;
    size_t left;
    bool good;
    rmt_graph *graph;
    rmt_arena scratch; /* lists and texts on their way into the graph */
    int32_t value_count, node_count, block_count;
    int32_t *producers; /* for each value, as stored */
} reader;

static bool claim(reader *r, bool holds)
{
    r->good = r->good && holds;
    return r->good;
}

/* The next bytes, or NULL. */
static const unsigned char *take(reader *r, size_t count, size_t size)
{
    size_t bytes;
    if (!claim(r, rmt_mul_size(count, size, &bytes) && bytes <= r->left))
        return NULL;
    const unsigned char *data = r->at;
    r->at += bytes;
    r->left -= bytes;
    return data;
}

/* A number from least to most; else least. */
static int32_t take_number(reader *r, int32_t least, int32_t most)
{
    int32_t number = least;
    const unsigned char *data = take(r, 1, sizeof number);
    if (data != NULL)
        memcpy(&number, data, sizeof number);
    return claim(r, number >= least && number <= most) ? number : least;
}

/* A list of entries in memory that is aligned. Never NULL while all is good. */
static void *take_list(reader *r, size_t size, size_t *count)
{
    size_t entries = (size_t)take_number(r, 0, INT32_MAX);
    const unsigned char *data = take(r, entries, size);
    void *copy = data != NULL ? rmt_arena_alloc(&r->scratch, entries, size) : NULL;
    if (claim(r, copy != NULL) && entries > 0)
        memcpy(copy, data, entries * size);
    *count = r->good ? entries : 0;
    return copy;
}

static const char *take_text(reader *r)
{
    size_t bytes = (size_t)take_number(r, 0, INT32_MAX);
    const unsigned char *data = take(r, bytes, 1);
    const char *text = data != NULL ? rmt_arena_copy_text(&r->scratch, (const char *)data, bytes) : NULL;
    return claim(r, text != NULL) ? text : "";
}

static int32_t *take_indices(reader *r, size_t *count)
{
    int32_t *indices = take_list(r, sizeof *indices, count);
    for (size_t i = 0; i < *count; i++)
        claim(r, indices[i] >= RMT_NO_VALUE && indices[i] < r->value_count);
    return indices;
}

static void take_value(reader *r, int32_t index)
{
    const char *name = take_text(r);
    int32_t dtype = take_number(r, 0, INT32_MAX);
    rmt_shape shape = {.rank = take_number(r, -1, RMT_MAX_RANK)};
    for (int32_t i = 0; i < shape.rank; i++) {
        const unsigned char *dim = take(r, 1, sizeof shape.dims[i]);
        if (dim != NULL)
            memcpy(&shape.dims[i], dim, sizeof shape.dims[i]);
    }
    r->producers[index] = take_number(r, -1, r->node_count - 1);
    bool constant = take_number(r, 0, 1) == 1;
    claim(r, ramet_dtype_bytes((ramet_dtype)dtype) > 0 && (!constant || rmt_shape_elements(&shape) >= 0));
    if (!r->good)
        return;
    int32_t added = constant ? rmt_graph_add_constant(r->graph, name, (ramet_dtype)dtype, &shape, rmt_graph_elsewhere)
                             : rmt_graph_add_value(r->graph, name, (ramet_dtype)dtype, &shape);
    claim(r, added == index);
}

static bool set_texts(reader *r, int32_t node, const char *name, bool single)
{
    int32_t count = take_number(r, 0, INT32_MAX);
    claim(r, (size_t)count <= r->left); /* each takes four bytes at least */
    const char **texts = r->good ? rmt_arena_alloc(&r->scratch, (size_t)count, sizeof *texts) : NULL;
    for (int32_t i = 0; claim(r, texts != NULL) && i < count; i++)
        texts[i] = take_text(r);
    if (!claim(r, !single || count == 1))
        return false;
    return single ? rmt_node_set_string(r->graph, node, name, texts[0])
                  : rmt_node_set_strings(r->graph, node, name, texts, (size_t)count);
}

static bool set_numbers(reader *r, int32_t node, const char *name, rmt_attr_type type)
{
    size_t count;
    bool single = type == RMT_ATTR_INT || type == RMT_ATTR_FLOAT;
    const void *numbers = take_list(r, sizeof(int64_t), &count);
    if (!claim(r, !single || count == 1))
        return false;
    switch (type) {
    case RMT_ATTR_INT: return rmt_node_set_int(r->graph, node, name, *(const int64_t *)numbers);
    case RMT_ATTR_FLOAT: return rmt_node_set_float(r->graph, node, name, *(const double *)numbers);
    case RMT_ATTR_INTS: return rmt_node_set_ints(r->graph, node, name, numbers, count);
    default: return rmt_node_set_floats(r->graph, node, name, numbers, count);
    }
}

static void take_attr(reader *r, int32_t node)
{
    const char *name = take_text(r);
    rmt_attr_type type = (rmt_attr_type)take_number(r, RMT_ATTR_INT, RMT_ATTR_STRINGS);
    if (!r->good)
        return;
    bool texts = type == RMT_ATTR_STRING || type == RMT_ATTR_STRINGS;
    claim(r, texts ? set_texts(r, node, name, type == RMT_ATTR_STRING) : set_numbers(r, node, name, type));
}

static void take_live_node(reader *r, int32_t index)
{
    size_t input_count, output_count;
    const char *op = take_text(r), *name = take_text(r);
    const int32_t *inputs = take_indices(r, &input_count), *outputs = take_indices(r, &output_count);
    if (!r->good ||
        !claim(r, rmt_graph_add_node(r->graph, op, name, inputs, input_count, outputs, output_count) == index))
        return;
    int32_t attr_count = take_number(r, 0, INT32_MAX);
    for (int32_t i = 0; r->good && i < attr_count; i++)
        take_attr(r, index);
    rmt_node *node = &r->graph->nodes[index];
    int32_t last_block = r->block_count > 0 ? r->block_count - 1 : 0;
    node->block = take_number(r, 0, last_block);
    for (int k = 0; k < RMT_NODE_BLOCKS; k++)
        node->blocks[k] = take_number(r, 0, last_block);
}

static void take_node(reader *r, int32_t index)
{
    if (take_number(r, 0, 1) == 0)
        take_live_node(r, index);
    else if (claim(r, r->good && rmt_graph_add_node(r->graph, "", "", NULL, 0, NULL, 0) == index))
        r->graph->nodes[index].dead = true;
}

static void take_block(reader *r, int32_t index)
{
    size_t param_count, result_count;
    const int32_t *params = take_indices(r, &param_count), *results = take_indices(r, &result_count);
    int32_t parent = take_number(r, 0, index - 1);
    if (r->good && claim(r, rmt_graph_begin_block(r->graph) == index))
        claim(r, rmt_graph_end_block(r->graph, index, params, param_count, results, result_count));
    if (r->good)
        r->graph->blocks[index].parent = parent;
}

static void take_graph(reader *r)
{
    r->value_count = take_number(r, 0, INT32_MAX);
    r->node_count = take_number(r, 0, INT32_MAX);
    r->block_count = take_number(r, 0, INT32_MAX);
    claim(r, (size_t)r->value_count <= r->left); /* each takes some bytes */
    r->producers = r->good ? rmt_arena_alloc(&r->scratch, (size_t)r->value_count, sizeof *r->producers) : NULL;
    claim(r, r->producers != NULL);
    for (int32_t i = 0; r->good && i < r->value_count; i++)
        take_value(r, i);
    for (int32_t i = 0; r->good && i < r->node_count; i++)
        take_node(r, i);
    for (int32_t b = 1; r->good && b < r->block_count; b++)
        take_block(r, b);
    size_t input_count, output_count;
    const int32_t *inputs = take_indices(r, &input_count), *outputs = take_indices(r, &output_count);
    claim(r, r->good && rmt_graph_set_inputs(r->graph, inputs, input_count) &&
                 rmt_graph_set_outputs(r->graph, outputs, output_count) && r->left == 0);
    for (int32_t i = 0; r->good && i < r->value_count; i++)
        r->graph->values[i].producer = r->producers[i];
}

ramet_status rmt_graph_read(const void *bytes, size_t count, rmt_graph *graph, ramet_error *error)
{
    rmt_graph_init(graph);
    reader r = {.at = bytes, .left = count, .good = true, .graph = graph};
    rmt_arena_init(&r.scratch, 0);
    take_graph(&r);
    rmt_arena_clear(&r.scratch);
    ramet_status status = r.good ? rmt_graph_check(graph, error)
                                 : rmt_fail(error, RAMET_STATUS_BAD_FORMAT, "the stored graph is damaged");
    if (status != RAMET_STATUS_OK)
        rmt_graph_clear(graph);
    return status;
}

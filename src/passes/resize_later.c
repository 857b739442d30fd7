/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A 1x1 convolution of maps that were resized and joined (the heads of
 * segmentation networks): each pixel of a resized map is a weighted sum of pixels,
 * so the convolution may come first, while the map is still small:
 *
 *   conv(concat(resize(a), resize(b), c)) = conv_c(c) + (resize(conv_b(b)) + resize(conv_a(a)))
 *
 * The sum goes on as shortcuts: of a resize to the next, of the last one to the convolution of what was never resized.
 */
#include "passes/rewrite.h"

#include <stdio.h>
#include <string.h>

#define LEAST_CHANNELS 32 /* of a map: with fewer, resizing the results costs more than the convolution saves */

/* ---- what fits ------------------------------------------------------------------------------------------------------ */

/* The file says that the map shrinks: then the convolution would have more to do. */
static bool shrinks(const rmt_shape *from, const rmt_shape *to)
{
    for (int32_t i = 2; i < 4; i++)
        if (from->dims[i] > 0 && to->dims[i] > 0 && from->dims[i] > to->dims[i])
            return true;
    return false;
}

static bool has_shrinking_scale(const rmt_node *node)
{
    double scale[4] = {1, 1, 1, 1};
    size_t count = rmt_node_floats(node, "scale", scale, 4);
    for (size_t i = 0; i < count && i < 4; i++)
        if (scale[i] > 0 && scale[i] < 1)
            return true;
    return false;
}

/* The resize of a map, for concat only, that the convolution may overtake; -1: it is something else. */
static int32_t resize_behind(const rmt_graph *graph, int32_t value, int32_t concat)
{
    int32_t producer = graph->values[value].producer;
    if (producer < 0 || rmt_only_reader(graph, value) != concat)
        return -1;
    const rmt_node *node = &graph->nodes[producer];
    const rmt_shape *from = &graph->values[node->inputs[0]].shape, *to = &graph->values[value].shape;
    if (strcmp(node->op, "interp") != 0 || rmt_input_at(node, RMT_INTERP_ADD) != RMT_NO_VALUE || from->rank != 4 ||
        to->rank != 4 || from->dims[1] < LEAST_CHANNELS || from->dims[1] != to->dims[1] || shrinks(from, to) ||
        has_shrinking_scale(node))
        return -1;
    return producer;
}

/* All parts of the concatenation have known channels, as many as the filter takes together; how many are resized. */
static int32_t count_resized(const rmt_graph *graph, int32_t concat, int64_t channels)
{
    const rmt_node *node = &graph->nodes[concat];
    int32_t resized = 0;
    for (int32_t i = 0; i < node->input_count; i++) {
        const rmt_value *part = &graph->values[node->inputs[i]];
        if (part->shape.rank != 4 || part->shape.dims[1] < 1 || part->data != NULL)
            return 0;
        channels -= part->shape.dims[1];
        resized += resize_behind(graph, node->inputs[i], concat) >= 0;
    }
    return channels == 0 && resized < node->input_count ? resized : 0;
}

/* ---- rewriting ------------------------------------------------------------------------------------------------------- */

/* A run of input channels of a filter. */
typedef struct channel_run {
    int64_t first, count;
} channel_run;

/* Constant [co, count, 1, 1]: the runs of `filter` one behind the other. */
static int32_t cut_filter(rmt_graph *graph, int32_t filter, const channel_run *runs, int32_t run_count)
{
    const rmt_value *whole = &graph->values[filter];
    int64_t outs = whole->shape.dims[0], channels = whole->shape.dims[1], count = 0, at = 0;
    for (int32_t r = 0; r < run_count; r++)
        count += runs[r].count;
    float *numbers = rmt_arena_alloc(&graph->arena, (size_t)(outs * count), sizeof *numbers);
    if (numbers == NULL)
        return -1;
    for (int64_t o = 0; o < outs; o++)
        for (int32_t r = 0; r < run_count; r++) {
            rmt_constant_floats(whole, o * channels + runs[r].first, runs[r].count, numbers + at);
            at += runs[r].count;
        }
    char name[160];
    snprintf(name, sizeof name, "%.96s.cut.%zu", whole->name, graph->value_count);
    return rmt_graph_add_constant(graph, name, RAMET_DTYPE_FLOAT32, &(rmt_shape){4, {outs, count, 1, 1}}, numbers);
}

static int32_t add_value(rmt_graph *graph, int32_t like, int64_t channels, const char *what)
{
    char name[160];
    rmt_shape shape = graph->values[like].shape;
    shape.dims[1] = channels;
    snprintf(name, sizeof name, "%.96s.%s.%zu", graph->values[like].name, what, graph->value_count);
    return rmt_graph_add_value(graph, name, RAMET_DTYPE_FLOAT32, &shape);
}

/* resize(x) becomes resize(conv(x)) + sum; returns what it makes, -1 when memory is exhausted. *conv moves by one node. */
static int32_t overtake(rmt_graph *graph, int32_t *conv, int32_t resize, channel_run run, int32_t sum)
{
    int32_t filter = cut_filter(graph, graph->nodes[*conv].inputs[RMT_CONV_FILTER], &run, 1);
    int64_t outs = filter < 0 ? 0 : graph->values[filter].shape.dims[0];
    int32_t x = graph->nodes[resize].inputs[0];
    int32_t small = filter < 0 ? -1 : add_value(graph, x, outs, "product");
    int32_t large = small < 0 ? -1 : add_value(graph, graph->nodes[resize].outputs[0], outs, "product");
    if (large < 0)
        return -1;
    const int32_t scale = rmt_input_at(&graph->nodes[*conv], RMT_CONV_SCALE);
    const int32_t inputs[] = {x, filter, RMT_NO_VALUE, RMT_NO_VALUE, scale};
    int32_t early = rmt_insert_node(graph, resize, "conv2d", graph->nodes[*conv].name, inputs, 5, small);
    if (early < 0)
        return -1;
    ++*conv;
    rmt_node *node = &graph->nodes[early + 1];
    node->inputs[0] = small;
    node->outputs[0] = large;
    graph->values[large].producer = early + 1;
    return sum == RMT_NO_VALUE || rmt_set_input(graph, early + 1, RMT_INTERP_ADD, sum) ? large : -1;
}

/* The parts of a concatenation, as the convolution behind it sees them. */
typedef struct parts {
    int32_t count, rest_count;
    int32_t *values, *resizes; /* -1: not resized */
    channel_run *runs, *rest_runs;
    int32_t *rest; /* the values that are not resized */
} parts;

static bool find_parts(rmt_graph *graph, int32_t concat, parts *p)
{
    const rmt_node *node = &graph->nodes[concat];
    const size_t count = (size_t)node->input_count;
    *p = (parts){.count = node->input_count,
                 .values = rmt_arena_alloc(&graph->arena, count, sizeof *p->values),
                 .resizes = rmt_arena_alloc(&graph->arena, count, sizeof *p->resizes),
                 .runs = rmt_arena_alloc(&graph->arena, count, sizeof *p->runs),
                 .rest_runs = rmt_arena_alloc(&graph->arena, count, sizeof *p->runs),
                 .rest = rmt_arena_alloc(&graph->arena, count, sizeof *p->rest)};
    if (!p->values || !p->resizes || !p->runs || !p->rest_runs || !p->rest)
        return false;
    int64_t channel = 0;
    for (int32_t i = 0; i < p->count; i++) {
        p->values[i] = node->inputs[i];
        p->resizes[i] = resize_behind(graph, p->values[i], concat);
        p->runs[i] = (channel_run){channel, graph->values[p->values[i]].shape.dims[1]};
        channel += p->runs[i].count;
        if (p->resizes[i] >= 0)
            continue;
        p->rest_runs[p->rest_count] = p->runs[i];
        p->rest[p->rest_count++] = p->values[i];
    }
    return true;
}

/* The resized part whose node comes first of those that are left; -1: none is left. */
static int32_t first_resized(const rmt_graph *graph, const parts *p)
{
    int32_t first = -1;
    for (int32_t i = 0; i < p->count; i++)
        if (p->resizes[i] >= 0 &&
            (first < 0 || graph->values[p->values[i]].producer < graph->values[p->values[first]].producer))
            first = i;
    return first;
}

/* What is left of the concatenation: nothing when it had one part that was not resized. The convolution's input. */
static int32_t join_rest(rmt_graph *graph, int32_t concat, const parts *p)
{
    rmt_node *node = &graph->nodes[concat];
    node->dead = p->rest_count == 1;
    if (node->dead)
        return p->rest[0];
    memcpy(node->inputs, p->rest, (size_t)p->rest_count * sizeof *p->rest);
    node->input_count = p->rest_count;
    rmt_shape *shape = &graph->values[node->outputs[0]].shape;
    shape->dims[1] = 0;
    for (int32_t i = 0; i < p->rest_count; i++)
        shape->dims[1] += p->rest_runs[i].count;
    return node->outputs[0];
}

static bool rewrite(rmt_graph *graph, int32_t *conv, int32_t concat_out)
{
    parts p;
    int32_t sum = RMT_NO_VALUE;
    if (!find_parts(graph, graph->values[concat_out].producer, &p))
        return false;
    for (int32_t i = first_resized(graph, &p); i >= 0; i = first_resized(graph, &p)) {
        sum = overtake(graph, conv, graph->values[p.values[i]].producer, p.runs[i], sum);
        if (sum < 0)
            return false;
        p.resizes[i] = -1;
    }
    int32_t filter = cut_filter(graph, graph->nodes[*conv].inputs[RMT_CONV_FILTER], p.rest_runs, p.rest_count);
    if (filter < 0 || !rmt_set_input(graph, *conv, RMT_CONV_RESIDUAL, sum))
        return false;
    graph->nodes[*conv].inputs[RMT_CONV_FILTER] = filter;
    graph->nodes[*conv].inputs[RMT_CONV_X] = join_rest(graph, graph->values[concat_out].producer, &p);
    return true;
}

static ramet_status resize_later(rmt_graph *graph, const rmt_kernels *kernels, int32_t *changes, ramet_error *error)
{
    (void)kernels;
    for (int32_t i = 0; i < (int32_t)graph->node_count; i++) {
        const rmt_node *node = &graph->nodes[i];
        if (node->dead || !rmt_is_pointwise(graph, node) || rmt_input_at(node, RMT_CONV_RESIDUAL) != RMT_NO_VALUE)
            continue;
        int32_t x = node->inputs[RMT_CONV_X], concat = graph->values[x].producer;
        if (concat < 0 || strcmp(graph->nodes[concat].op, "concat") != 0 || rmt_only_reader(graph, x) != i ||
            graph->values[x].shape.rank != 4 ||
            rmt_axis_normalize(rmt_node_int(&graph->nodes[concat], "axis", 0), 4) != 1)
            continue;
        int32_t resized = count_resized(graph, concat, graph->values[node->inputs[RMT_CONV_FILTER]].shape.dims[1]);
        if (resized == 0)
            continue;
        if (!rewrite(graph, &i, x))
            return rmt_fail_memory(error, graph->arena.bytes);
        *changes += resized;
    }
    return RAMET_STATUS_OK;
}

const rmt_pass rmt_pass_resize_later = {"resize-later", "1x1 convolutions of maps before they are resized and joined",
                                        resize_later};

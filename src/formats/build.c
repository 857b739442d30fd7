/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs and outputs in their order, results that nobody reads, stacked scalars. */
#include "formats/build.h"

#include <stdlib.h>
#include <string.h>

#include "formats/limits.h"

/* ---- inputs and outputs ------------------------------------------------------------------------------------ */

static int by_col(const void *a, const void *b)
{
    const rmt_border *left = a;
    const rmt_border *right = b;
    return (left->col > right->col) - (left->col < right->col);
}

/* Sorts the borders by col and appends their values to a list. */
static ramet_status order_borders(rmt_list *list, const char *what, rmt_list *values, ramet_error *error)
{
    rmt_border *borders = list->items;
    if (list->count > 0)
        qsort(borders, list->count, sizeof(rmt_border), by_col);
    for (size_t i = 0; i < list->count; i++) {
        if (i > 0 && borders[i].col == borders[i - 1].col) {
            return rmt_fail(error, RAMET_STATUS_BAD_FORMAT, "two %s operators have the same number, %lld", what,
                            (long long)borders[i].col);
        }
        if (!rmt_list_push(values, &borders[i].value, sizeof(int32_t), RMT_LIMIT_OPS))
            return rmt_fail_memory(error, list->count * sizeof(int32_t));
    }
    return RAMET_STATUS_OK;
}

ramet_status rmt_build_borders(rmt_graph *graph, rmt_list *feeds, rmt_list *fetches, ramet_error *error)
{
    rmt_list inputs = {0};
    rmt_list outputs = {0};
    ramet_status status = order_borders(feeds, "feed", &inputs, error);
    if (status == RAMET_STATUS_OK)
        status = order_borders(fetches, "fetch", &outputs, error);
    if (status == RAMET_STATUS_OK && (!rmt_graph_set_inputs(graph, inputs.items, inputs.count) ||
                                      !rmt_graph_set_outputs(graph, outputs.items, outputs.count)))
        status = rmt_fail_memory(error, (inputs.count + outputs.count) * sizeof(int32_t));
    if (status == RAMET_STATUS_OK && outputs.count == 0)
        status = rmt_fail(error, RAMET_STATUS_BAD_FORMAT, "the program has no output (no fetch operator)");
    rmt_list_clear(&inputs);
    rmt_list_clear(&outputs);
    return status;
}

/* ---- results that nobody reads ------------------------------------------------------------------------------- */

static void mark(bool *read, const int32_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (values[i] != RMT_NO_VALUE)
            read[values[i]] = true;
}

ramet_status rmt_build_drop_unread(rmt_graph *graph, ramet_error *error)
{
    bool *read = calloc(graph->value_count + 1, sizeof(bool));
    if (read == NULL)
        return rmt_fail_memory(error, graph->value_count + 1);
    mark(read, graph->outputs, graph->output_count);
    for (size_t i = 0; i < graph->block_count; i++)
        mark(read, graph->blocks[i].results, (size_t)graph->blocks[i].result_count);
    for (size_t i = graph->node_count; i-- > 0;) {
        const rmt_node *node = &graph->nodes[i];
        mark(read, node->inputs, (size_t)node->input_count);
        for (int32_t k = 0; k < node->output_count && node->output_count > 1; k++) {
            int32_t output = node->outputs[k];
            if (output != RMT_NO_VALUE && !read[output]) {
                graph->values[output].producer = -1;
                node->outputs[k] = RMT_NO_VALUE;
            }
        }
    }
    free(read);
    return RAMET_STATUS_OK;
}

/* ---- nodes --------------------------------------------------------------------------------------------------- */

int32_t rmt_build_stack(rmt_graph *graph, const char *name, const int32_t *scalars, size_t count)
{
    rmt_shape shape = {.rank = 1, .dims = {(int64_t)count}};
    int32_t stacked = rmt_graph_add_value(graph, name, RAMET_DTYPE_INT64, &shape);
    bool added = stacked >= 0 && rmt_graph_add_node(graph, "stack_scalars", name, scalars, count, &stacked, 1) >= 0;
    return added ? stacked : RMT_NO_VALUE;
}

bool rmt_build_levels(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    (void)raw;
    const rmt_node *made = &graph->nodes[node];
    int64_t levels = 0;
    for (int32_t i = 0; i < made->input_count; i++)
        levels += made->inputs[i] != RMT_NO_VALUE && graph->values[made->inputs[i]].dtype == RAMET_DTYPE_FLOAT32;
    return rmt_node_set_int(graph, node, "levels", levels / 2);
}

bool rmt_build_reduction(rmt_graph *graph, int32_t node, const char *name)
{
    static const char *const names[][2] = {{"assign", "none"}, {"multiply", "mul"}, {"amax", "max"}, {"amin", "min"}};
    const char *reduction = name;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(name, names[i][0]) == 0)
            reduction = names[i][1];
    return rmt_node_set_string(graph, node, "reduction", reduction);
}

/* The result of a node, as it is before something else is done to it. */
static int32_t add_before(rmt_graph *graph, int32_t value, const rmt_shape *shape)
{
    rmt_buffer name;
    int32_t made = -1;
    rmt_buffer_init(&name, (size_t)1 << 20);
    if (rmt_buffer_printf(&name, "%s.whole", graph->values[value].name))
        made = rmt_graph_add_value(graph, (const char *)name.data, graph->values[value].dtype, shape);
    rmt_buffer_clear(&name);
    return made;
}

bool rmt_build_output_size(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    enum { BIAS = 2, SIZE };
    static const int64_t axes[] = {2, 3}, starts[] = {0, 0};
    const rmt_node *made = &graph->nodes[node];
    int64_t strides[2] = {1, 1};
    if (made->input_count <= SIZE || made->output_count < 1 || made->outputs[0] == RMT_NO_VALUE)
        return true;                            /* without a result it is refused later */
    if ((size_t)node + 1 < graph->node_count) { /* with channels last, a transposition reads the result already */
        graph->nodes[node].op = "conv2d_transpose(output_size, channels last)";
        return true;
    }
    size_t count = rmt_node_ints(raw, "strides", strides, 2);
    if (strides[0] < 1 || strides[1] < 1)
        return true; /* likewise */
    int64_t more[] = {strides[0] - 1, strides[count > 1] - 1};
    const rmt_shape unknown = {.rank = -1};
    int32_t size = made->inputs[SIZE], out = made->outputs[0], whole = add_before(graph, out, &unknown);
    if (whole < 0)
        return false;
    int32_t inputs[] = {whole, RMT_NO_VALUE, size};
    graph->nodes[node].input_count = graph->nodes[node].inputs[BIAS] == RMT_NO_VALUE ? BIAS : SIZE;
    graph->nodes[node].outputs[0] = whole;
    graph->values[whole].producer = node;
    int32_t slice = rmt_graph_add_node(graph, "slice", graph->values[out].name, inputs, 3, &out, 1);
    return slice >= 0 && rmt_node_set_ints(graph, slice, "axes", axes, 2) &&
           rmt_node_set_ints(graph, slice, "starts", starts, 2) &&
           rmt_node_set_ints(graph, node, "output_size", NULL, 0) &&
           rmt_node_set_ints(graph, node, "output_padding", more, 2);
}

bool rmt_build_linear(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    enum { BIAS = 2 };
    (void)raw;
    const rmt_node *made = &graph->nodes[node];
    if (made->input_count <= BIAS || made->output_count < 1 || made->outputs[0] == RMT_NO_VALUE)
        return true;
    int32_t bias = made->inputs[BIAS], out = made->outputs[0];
    const rmt_shape shape = graph->values[out].shape;
    int32_t product = add_before(graph, out, &shape);
    if (product < 0)
        return false;
    graph->nodes[node].input_count = BIAS;
    graph->nodes[node].outputs[0] = product;
    graph->values[product].producer = node;
    return rmt_graph_add_node(graph, "add", graph->values[out].name, (int32_t[]){product, bias}, 2, &out, 1) >= 0;
}

static bool add_missing(rmt_graph *graph, int32_t node, int32_t input, const rmt_shape *shape, float number)
{
    rmt_buffer name;
    size_t count = (size_t)shape->dims[0];
    float *numbers = rmt_arena_alloc(&graph->arena, count, sizeof *numbers);
    int32_t made = -1;
    rmt_buffer_init(&name, (size_t)1 << 20);
    for (size_t i = 0; i < count && numbers != NULL; i++)
        numbers[i] = number;
    if (numbers != NULL && rmt_buffer_printf(&name, "%s.%d", graph->nodes[node].name, (int)input))
        made = rmt_graph_add_constant(graph, (const char *)name.data, RAMET_DTYPE_FLOAT32, shape, numbers);
    rmt_buffer_clear(&name);
    graph->nodes[node].inputs[input] = made;
    return made >= 0;
}

bool rmt_build_batch_norm(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    enum { SCALE = 1, BIAS, MEAN };
    (void)raw;
    const rmt_node *made = &graph->nodes[node];
    if (made->input_count <= MEAN || made->inputs[MEAN] == RMT_NO_VALUE)
        return true;
    const rmt_shape shape = graph->values[made->inputs[MEAN]].shape;
    if (shape.rank != 1 || shape.dims[0] < 1 || shape.dims[0] > RMT_LIMIT_CHANNELS)
        return true;
    return (made->inputs[SCALE] != RMT_NO_VALUE || add_missing(graph, node, SCALE, &shape, 1.0F)) &&
           (made->inputs[BIAS] != RMT_NO_VALUE || add_missing(graph, node, BIAS, &shape, 0.0F));
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two linear layers in a row are one: a product with a constant matrix whose
 * rows, seen as pixels, go straight into a 1x1 convolution (the heads of
 * transformers for segmentation). The convolution takes both:
 *
 *   conv(image(x * W + b)) = conv'(image(x)), filter' = filter * W', bias' = filter * b + bias
 *
 * Done where the joined filter has less to multiply than the two.
 */
#include "passes/rewrite.h"

#include <stdio.h>
#include <string.h>

/* ---- what fits ------------------------------------------------------------------------------------------------------ */

/* From rows to pixels: matmul [n, l, c], transpose [n, c, l], reshape [n, c, h, w], convolution. */
typedef struct row_image {
    int32_t matmul, transpose, reshape, conv;
} row_image;

static int32_t maker_for(const rmt_graph *graph, int32_t value, int32_t reader, const char *op)
{
    int32_t producer = graph->values[value].producer;
    bool good = producer >= 0 && strcmp(graph->nodes[producer].op, op) == 0 && rmt_only_reader(graph, value) == reader;
    return good ? producer : -1;
}

static bool swaps_last_dims(const rmt_node *node)
{
    int64_t perm[4];
    return rmt_node_ints(node, "perm", perm, 4) == 3 && perm[0] == 0 && perm[1] == 2 && perm[2] == 1;
}

static bool is_zero(const rmt_graph *graph, int32_t value)
{
    const rmt_value *v = value == RMT_NO_VALUE ? NULL : &graph->values[value];
    int64_t number = 0;
    if (v == NULL || v->data == NULL || rmt_shape_elements(&v->shape) != 1 || v->data_bytes > sizeof number)
        return false;
    memcpy(&number, v->data, v->data_bytes);
    return number == 0 && (v->dtype == RAMET_DTYPE_INT32 || v->dtype == RAMET_DTYPE_INT64);
}

/* The reshape keeps the first two dimensions whatever they are, and makes four. */
static bool keeps_channels(const rmt_graph *graph, const rmt_node *node)
{
    int64_t shape[8];
    int32_t list = rmt_input_at(node, 1);
    if (list == RMT_NO_VALUE)
        return rmt_node_ints(node, "shape", shape, 8) == 4 && shape[0] == 0 && shape[1] == 0;
    int32_t producer = graph->values[list].producer;
    const rmt_node *scalars = producer < 0 ? NULL : &graph->nodes[producer];
    return scalars != NULL && strcmp(scalars->op, "stack_scalars") == 0 && scalars->input_count == 4 &&
           is_zero(graph, scalars->inputs[0]) && is_zero(graph, scalars->inputs[1]);
}

static bool is_linear(const rmt_graph *graph, const rmt_node *matmul)
{
    const rmt_value *w = &graph->values[matmul->inputs[RMT_MATMUL_Y]];
    int32_t bias = rmt_input_at(matmul, RMT_MATMUL_BIAS);
    return w->data != NULL && w->dtype == RAMET_DTYPE_FLOAT32 && w->shape.rank == 2 &&
           graph->values[matmul->inputs[RMT_MATMUL_X]].shape.rank == 3 &&
           !rmt_node_bool(matmul, "transpose_x", false) && !rmt_has_activation(matmul) &&
           rmt_input_at(matmul, RMT_MATMUL_ADD) == RMT_NO_VALUE && rmt_node_float(matmul, "alpha", 1) == 1 &&
           (bias == RMT_NO_VALUE || (graph->values[bias].data != NULL && graph->values[bias].dtype == w->dtype));
}

static bool find_rows(const rmt_graph *graph, int32_t conv, row_image *r)
{
    r->conv = conv;
    r->reshape = maker_for(graph, graph->nodes[conv].inputs[RMT_CONV_X], conv, "reshape");
    if (r->reshape < 0 || !keeps_channels(graph, &graph->nodes[r->reshape]))
        return false;
    r->transpose = maker_for(graph, graph->nodes[r->reshape].inputs[0], r->reshape, "transpose");
    if (r->transpose < 0 || !swaps_last_dims(&graph->nodes[r->transpose]))
        return false;
    r->matmul = maker_for(graph, graph->nodes[r->transpose].inputs[0], r->transpose, "matmul");
    return r->matmul >= 0 && is_linear(graph, &graph->nodes[r->matmul]);
}

/* ---- joining --------------------------------------------------------------------------------------------------------- */

/* Both layers' numbers: w [k][mid] and b [mid] of the product, filter [outs][mid], scale and bias [outs] of the convolution. */
typedef struct layers {
    int64_t k, mid, outs;
    float *w, *b, *filter, *scale, *bias;
} layers;

static float *read_vector(rmt_graph *graph, int32_t value, int64_t count, float otherwise)
{
    float *numbers = rmt_arena_alloc(&graph->arena, (size_t)count, sizeof *numbers);
    for (int64_t i = 0; numbers != NULL && i < count; i++)
        numbers[i] = otherwise;
    if (numbers != NULL && value != RMT_NO_VALUE)
        rmt_constant_floats(&graph->values[value], 0, count, numbers);
    return numbers;
}

static bool read_layers(rmt_graph *graph, const row_image *r, layers *l)
{
    const rmt_node *matmul = &graph->nodes[r->matmul], *conv = &graph->nodes[r->conv];
    l->w = read_vector(graph, matmul->inputs[RMT_MATMUL_Y], l->k * l->mid, 0);
    l->b = read_vector(graph, rmt_input_at(matmul, RMT_MATMUL_BIAS), l->mid, 0);
    l->filter = read_vector(graph, conv->inputs[RMT_CONV_FILTER], l->outs * l->mid, 0);
    l->scale = read_vector(graph, rmt_input_at(conv, RMT_CONV_SCALE), l->outs, 1);
    l->bias = read_vector(graph, rmt_input_at(conv, RMT_CONV_BIAS), l->outs, 0);
    return l->w && l->b && l->filter && l->scale && l->bias;
}

/* Element (q, m) of the product's matrix. */
static float weight_at(const layers *l, bool transposed, int64_t q, int64_t m)
{
    return transposed ? l->w[m * l->k + q] : l->w[q * l->mid + m];
}

/* joined [outs][k]; the bias takes in what the product's bias brings. */
static void multiply(const layers *l, bool transposed, float *joined)
{
    for (int64_t o = 0; o < l->outs; o++) {
        const float *filter = l->filter + o * l->mid;
        double shift = 0;
        for (int64_t m = 0; m < l->mid; m++)
            shift += (double)filter[m] * (double)l->b[m];
        l->bias[o] = (float)((double)l->bias[o] + shift * (double)l->scale[o]);
        for (int64_t q = 0; q < l->k; q++) {
            double sum = 0;
            for (int64_t m = 0; m < l->mid; m++)
                sum += (double)filter[m] * (double)weight_at(l, transposed, q, m);
            joined[o * l->k + q] = (float)sum;
        }
    }
}

static int32_t add_constant(rmt_graph *graph, const rmt_node *node, const char *what, rmt_shape shape,
                            const float *data)
{
    char name[160];
    snprintf(name, sizeof name, "%.96s.%s.%zu", node->name, what, graph->value_count);
    return rmt_graph_add_constant(graph, name, RAMET_DTYPE_FLOAT32, &shape, data);
}

/* The views in between carry the product's input instead of its result. */
static void bypass(rmt_graph *graph, const row_image *r, int64_t k)
{
    rmt_node *transpose = &graph->nodes[r->transpose];
    transpose->inputs[0] = graph->nodes[r->matmul].inputs[RMT_MATMUL_X];
    graph->nodes[r->matmul].dead = true;
    graph->values[transpose->outputs[0]].shape.dims[1] = k;
    graph->values[graph->nodes[r->reshape].outputs[0]].shape.dims[1] = k;
}

static bool join(rmt_graph *graph, const row_image *r, layers *l)
{
    float *joined = rmt_arena_alloc(&graph->arena, (size_t)(l->outs * l->k), sizeof *joined);
    if (joined == NULL || !read_layers(graph, r, l))
        return false;
    multiply(l, rmt_node_bool(&graph->nodes[r->matmul], "transpose_y", false), joined);
    int32_t filter =
        add_constant(graph, &graph->nodes[r->conv], "joined", (rmt_shape){4, {l->outs, l->k, 1, 1}}, joined);
    int32_t bias = add_constant(graph, &graph->nodes[r->conv], "joined_bias", (rmt_shape){1, {l->outs}}, l->bias);
    if (filter < 0 || bias < 0 || !rmt_set_input(graph, r->conv, RMT_CONV_BIAS, bias))
        return false;
    graph->nodes[r->conv].inputs[RMT_CONV_FILTER] = filter;
    bypass(graph, r, l->k);
    return true;
}

static layers measure(const rmt_graph *graph, const row_image *r)
{
    const rmt_shape *w = &graph->values[graph->nodes[r->matmul].inputs[RMT_MATMUL_Y]].shape;
    const rmt_shape *filter = &graph->values[graph->nodes[r->conv].inputs[RMT_CONV_FILTER]].shape;
    bool transposed = rmt_node_bool(&graph->nodes[r->matmul], "transpose_y", false);
    return (layers){.k = w->dims[transposed], .mid = w->dims[!transposed], .outs = filter->dims[0]};
}

static bool is_worth_it(const rmt_graph *graph, const row_image *r, const layers *l)
{
    int32_t bias = rmt_input_at(&graph->nodes[r->matmul], RMT_MATMUL_BIAS);
    bool fits = graph->values[graph->nodes[r->conv].inputs[RMT_CONV_FILTER]].shape.dims[1] == l->mid &&
                (bias == RMT_NO_VALUE || rmt_shape_elements(&graph->values[bias].shape) == l->mid) &&
                graph->values[graph->nodes[r->transpose].outputs[0]].shape.rank == 3 &&
                graph->values[graph->nodes[r->reshape].outputs[0]].shape.rank == 4;
    return fits && l->k * l->outs < l->k * l->mid + l->mid * l->outs;
}

static ramet_status join_products(rmt_graph *graph, const rmt_kernels *kernels, int32_t *changes, ramet_error *error)
{
    (void)kernels;
    for (int32_t i = 0; i < (int32_t)graph->node_count; i++) {
        row_image r;
        if (graph->nodes[i].dead || !rmt_is_pointwise(graph, &graph->nodes[i]) || !find_rows(graph, i, &r))
            continue;
        layers l = measure(graph, &r);
        if (!is_worth_it(graph, &r, &l))
            continue;
        if (!join(graph, &r, &l))
            return rmt_fail_memory(error, graph->arena.bytes);
        ++*changes;
    }
    return RAMET_STATUS_OK;
}

const rmt_pass rmt_pass_join_products = {"join-products", "a product and the 1x1 convolution behind it become one",
                                         join_products};

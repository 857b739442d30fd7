/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LSTM, GRU and RNN -> rnn. ONNX has the weights of both directions in one tensor and the gates in another order, so
 * nodes pick the rows that each needs, which are folded like all arithmetic on constants; its result keeps the directions
 * apart: [t, d, n, h], where rnn gives [t, n, d * h].
 */
#include "formats/onnx_recurrent.h"

#include <string.h>

enum { X, W, R, B, LENGTHS, STATE, CELL, PEEPHOLES, MOST_GATES = 4, MOST_INPUTS = 3 + 2 * 4 };

/* gates: gate i of rnn is gate order[i] of ONNX. */
typedef struct cell_kind {
    const char *type;
    int32_t gates;
    int32_t order[MOST_GATES];
    const char *activations[3]; /* that rnn knows */
} cell_kind;

static const cell_kind kinds[] = {
    {"LSTM", 4, {0, 2, 3, 1}, {"Sigmoid", "Tanh", "Tanh"}},
    {"GRU", 3, {1, 0, 2}, {"Sigmoid", "Tanh", NULL}},
    {"RNN", 1, {0}, {"Tanh", NULL, NULL}},
};

typedef struct layer {
    const cell_kind *kind;
    const char *mode;
    int64_t directions, hidden;
    bool backwards, batch_first;
} layer;

/* ---- what is covered ---------------------------------------------------------------------------------------------- */

static const cell_kind *kind_of(const rmt_onnx_op *op)
{
    const cell_kind *kind = kinds;
    while (!rmt_span_is(op->node.type, kind->type))
        kind++;
    return kind;
}

/* The usual functions, in each direction; a plain cell may use Relu. */
static void check_activations(rmt_onnx_op *op, layer *l)
{
    const rmt_attr *given = rmt_node_attr(&op->raw.nodes[0], "activations");
    size_t usual = l->kind->activations[1] == NULL ? 1 : l->kind->activations[2] == NULL ? 2 : 3;
    if (given == NULL)
        return;
    bool good = given->type == RMT_ATTR_STRINGS && given->count == (int32_t)usual * (int32_t)l->directions;
    bool relu = good && l->kind->gates == 1 && rmt_text_equal_nocase(given->as.strings[0], "Relu");
    for (int32_t i = 0; good && i < given->count; i++)
        good = rmt_text_equal_nocase(given->as.strings[i], relu ? "Relu" : l->kind->activations[(size_t)i % usual]);
    if (!good)
        rmt_onnx_refuse(op, "activations");
    if (relu)
        l->mode = "RNN_RELU";
}

/* The attribute, or what the weights tell. */
static void read_hidden_size(rmt_onnx_op *op, layer *l)
{
    const rmt_value *r = rmt_onnx_constant(op, rmt_onnx_in(op, R));
    int64_t told = r != NULL && r->shape.rank == 3 ? r->shape.dims[2] : 0;
    l->hidden = rmt_onnx_int(op, "hidden_size", told);
    if (l->hidden < 1 || l->hidden > UINT16_MAX)
        rmt_onnx_refuse(op, "hidden_size");
}

static void read_layer(rmt_onnx_op *op, layer *l)
{
    static const char *const modes[] = {"LSTM", "GRU", "RNN_TANH"};
    const char *direction = rmt_onnx_text(op, "direction", "forward");
    l->kind = kind_of(op);
    l->mode = modes[l->kind - kinds];
    l->directions = strcmp(direction, "bidirectional") == 0 ? 2 : 1;
    l->backwards = strcmp(direction, "reverse") == 0;
    l->batch_first = rmt_onnx_int(op, "layout", 0) != 0;
    if (rmt_onnx_in(op, LENGTHS) != RMT_NO_VALUE)
        rmt_onnx_refuse(op, "sequence_lens");
    if (rmt_onnx_in(op, PEEPHOLES) != RMT_NO_VALUE)
        rmt_onnx_refuse(op, "peepholes");
    if (rmt_onnx_has(op, "clip"))
        rmt_onnx_refuse(op, "clip");
    if (rmt_onnx_int(op, "input_forget", 0) != 0)
        rmt_onnx_refuse(op, "input_forget");
    if (strcmp(l->mode, "GRU") == 0 && rmt_onnx_int(op, "linear_before_reset", 0) == 0)
        rmt_onnx_refuse(op, "linear_before_reset");
    check_activations(op, l);
    read_hidden_size(op, l);
}

/* ---- weights ------------------------------------------------------------------------------------------------------ */

/* The rows of all gates in rnn's order, as indices. */
static int32_t add_row_numbers(rmt_onnx_op *op, const layer *l)
{
    const rmt_value like = {.dtype = RAMET_DTYPE_INT64};
    const rmt_shape shape = {.rank = 1, .dims = {l->kind->gates * l->hidden}};
    int64_t *rows = rmt_arena_alloc(&op->reader->graph->arena, (size_t)shape.dims[0], sizeof *rows);
    if (rows == NULL) {
        op->status = rmt_fail_memory(op->reader->error, (size_t)shape.dims[0] * sizeof *rows);
        return RMT_NO_VALUE;
    }
    for (int64_t i = 0; i < shape.dims[0]; i++)
        rows[i] = l->kind->order[i / l->hidden] * l->hidden + i % l->hidden;
    return rmt_onnx_add_view(op, &like, &shape, rows);
}

/* One direction of a tensor of weights; of the biases, which come behind each other, part 0 or 1. */
static int32_t add_gates(rmt_onnx_op *op, const layer *l, size_t input, int64_t direction, int64_t part, int32_t rows)
{
    const int64_t count = l->kind->gates * l->hidden, axes[] = {0, 1}, dropped = 0;
    const int64_t starts[] = {direction, part * count}, ends[] = {direction + 1, (part + 1) * count};
    int32_t picked = rmt_onnx_add(op, "slice", rmt_onnx_in(op, input));
    rmt_onnx_set_ints(op, "axes", axes, 2);
    rmt_onnx_set_ints(op, "starts", starts, 2);
    rmt_onnx_set_ints(op, "ends", ends, 2);
    rmt_onnx_set_ints(op, "decrease_axis", &dropped, 1);
    int32_t sorted = rmt_onnx_add2(op, "gather", picked, rows);
    rmt_onnx_set_int(op, "axis", 0);
    return sorted;
}

static int32_t add_zeros(rmt_onnx_op *op, int64_t count)
{
    const rmt_value like = {.dtype = RAMET_DTYPE_FLOAT32};
    const rmt_shape shape = {.rank = 1, .dims = {count}};
    void *data = rmt_arena_alloc(&op->reader->graph->arena, (size_t)count, sizeof(float));
    if (data == NULL)
        op->status = rmt_fail_memory(op->reader->error, (size_t)count * sizeof(float));
    return data != NULL ? rmt_onnx_add_view(op, &like, &shape, data) : RMT_NO_VALUE;
}

/* For each direction w_ih, w_hh; then for each b_ih, b_hh. Returns how many. */
static size_t add_weights(rmt_onnx_op *op, const layer *l, int32_t *inputs)
{
    size_t count = 0;
    int32_t rows = add_row_numbers(op, l);
    bool biased = rmt_onnx_in(op, B) != RMT_NO_VALUE;
    for (int64_t d = 0; d < l->directions && op->status == RAMET_STATUS_OK; d++) {
        inputs[count++] = add_gates(op, l, W, d, 0, rows);
        inputs[count++] = add_gates(op, l, R, d, 0, rows);
    }
    for (int64_t i = 0; i < 2 * l->directions && op->status == RAMET_STATUS_OK; i++)
        inputs[count++] = biased ? add_gates(op, l, B, i / 2, i % 2, rows) : add_zeros(op, l->kind->gates * l->hidden);
    return count;
}

/* ---- the layer ---------------------------------------------------------------------------------------------------- */

static int32_t transposed(rmt_onnx_op *op, int32_t x, const int64_t *perm, size_t rank)
{
    int32_t out = rmt_onnx_add(op, "transpose", x);
    rmt_onnx_set_ints(op, "perm", perm, rank);
    return out;
}

static int32_t with_batch_second(rmt_onnx_op *op, const layer *l, int32_t x)
{
    static const int64_t perm[] = {1, 0, 2};
    return l->batch_first ? transposed(op, x, perm, 3) : x;
}

static int32_t turned(rmt_onnx_op *op, const layer *l, int32_t x)
{
    static const int64_t steps = 0;
    if (!l->backwards)
        return x;
    int32_t out = rmt_onnx_add(op, "flip", x);
    rmt_onnx_set_ints(op, "axis", &steps, 1);
    return out;
}

/* The first state: input `index`, or zeros of x's batch. */
static int32_t first_state(rmt_onnx_op *op, const layer *l, int32_t x, size_t index)
{
    const int64_t shape[] = {l->directions, 1, l->hidden};
    if (rmt_onnx_in(op, index) != RMT_NO_VALUE)
        return with_batch_second(op, l, rmt_onnx_in(op, index));
    int32_t zeros = rmt_onnx_add(op, "full_batch_size_like", x);
    rmt_onnx_set_ints(op, "shape", shape, 3);
    rmt_onnx_set_float(op, "value", 0.0);
    rmt_onnx_set_int(op, "dtype", RAMET_DTYPE_FLOAT32);
    rmt_onnx_set_int(op, "input_dim_idx", 1);
    rmt_onnx_set_int(op, "output_dim_idx", 1);
    return zeros;
}

static void add_rnn(rmt_onnx_op *op, const layer *l, int32_t x, int32_t *results, size_t count)
{
    int32_t inputs[MOST_INPUTS] = {x, first_state(op, l, x, STATE)};
    bool has_cell = strcmp(l->mode, "LSTM") == 0;
    if (has_cell)
        inputs[2] = first_state(op, l, x, CELL);
    size_t first = has_cell ? 3 : 2;
    size_t weights = add_weights(op, l, inputs + first);
    rmt_onnx_add_node(op, "rnn", inputs, first + weights, results, count);
    rmt_onnx_set_text(op, "mode", l->mode);
    rmt_onnx_set_int(op, "hidden_size", l->hidden);
    rmt_onnx_set_int(op, "num_layers", 1);
    rmt_onnx_set_int(op, "is_bidirec", l->directions == 2);
}

/* [t, n, d * h] -> [t, d, n, h], or [n, t, d, h]. */
static int32_t apart(rmt_onnx_op *op, const layer *l, int32_t x)
{
    static const int64_t perms[2][4] = {{0, 2, 1, 3}, {1, 0, 2, 3}};
    const int64_t shape[] = {0, 0, l->directions, l->hidden};
    int32_t split = rmt_onnx_add(op, "reshape", x);
    rmt_onnx_set_ints(op, "shape", shape, 4);
    return transposed(op, split, perms[l->batch_first], 4);
}

void rmt_onnx_build_recurrent(rmt_onnx_op *op)
{
    layer l = {0};
    read_layer(op, &l);
    if (op->variant != NULL || op->status != RAMET_STATUS_OK)
        return;
    int32_t results[3] = {rmt_onnx_new_value(op), RMT_NO_VALUE, RMT_NO_VALUE};
    size_t count = strcmp(l.mode, "LSTM") == 0 ? 3 : 2;
    for (size_t i = 1; i < count; i++)
        results[i] = rmt_onnx_wants(op, i) ? rmt_onnx_new_value(op) : RMT_NO_VALUE;
    add_rnn(op, &l, turned(op, &l, with_batch_second(op, &l, rmt_onnx_in(op, X))), results, count);
    if (rmt_onnx_wants(op, 0))
        rmt_onnx_give(op, 0, apart(op, &l, turned(op, &l, results[0])));
    for (size_t i = 1; i < count; i++)
        if (results[i] != RMT_NO_VALUE)
            rmt_onnx_give(op, i, with_batch_second(op, &l, results[i]));
}

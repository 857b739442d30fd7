/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rnn: layers of LSTM, GRU or plain cells over x [t, b, i], forward or in both
 * directions. A layer is one product for the inputs of all steps, then the
 * steps: a product with the state before, and the cell. Directions and blocks
 * of the batch run side by side; no element's sums depend on how many.
 *
 * For each layer and direction, gates g = cells' gates * hidden, each part
 * rounded up to 16 columns. Panels: input weights [g / 16][i][16], state weights
 * [g / 16][hidden][16]. Packed: bias of the input part, bias of the state part
 * (0 but for GRU, whose state part stands under a gate).
 */
#include "ops/ops_help.h"

#include <string.h>

enum {
    X,
    H0,
    C0,
    BLOCK_ROWS = 64, /* of the input product */
    BLOCK_BATCH = 8, /* sequences that step together */
    MOST_HIDDEN = 65536,
    MOST_LAYERS = 256
};

typedef enum rnn_mode { LSTM, GRU, RNN_TANH, RNN_RELU } rnn_mode;

typedef struct rnn_params {
    rnn_mode mode;
    int32_t gates; /* columns of a product: of one cell, all gates */
    int32_t hidden, layers, directions;
    int32_t first_weight; /* input index */
    int32_t input;        /* features of x */
} rnn_params;

static int64_t columns_of(const rnn_params *params) { return ((int64_t)params->gates + 15) / 16 * 16; }

static int64_t features_of(const rnn_params *params, int32_t layer)
{
    return layer == 0 ? params->input : (int64_t)params->hidden * params->directions;
}

/* Where the numbers of one layer and direction begin: weights in the panels, biases in the packed room. */
typedef struct cell_place {
    int64_t x, h, x_bias, h_bias;
} cell_place;

static int64_t cell_floats(const rnn_params *params, int32_t layer)
{
    return columns_of(params) * (features_of(params, layer) + params->hidden);
}

static cell_place place_of(const rnn_params *params, int32_t layer, int32_t direction)
{
    int64_t before =
        layer == 0 ? 0 : params->directions * (cell_floats(params, 0) + (layer - 1) * cell_floats(params, 1));
    cell_place p = {.x = before + direction * cell_floats(params, layer)};
    p.h = p.x + columns_of(params) * features_of(params, layer);
    p.x_bias = ((int64_t)layer * params->directions + direction) * 2 * columns_of(params);
    p.h_bias = p.x_bias + columns_of(params);
    return p;
}

/* ---- load ------------------------------------------------------------------------------------------------------ */

static ramet_status read_mode(rmt_op_load *load, rnn_params *params)
{
    static const struct {
        const char *name;
        int32_t gates;
    } modes[] = {[LSTM] = {"LSTM", 4}, [GRU] = {"GRU", 3}, [RNN_TANH] = {"RNN_TANH", 1}, [RNN_RELU] = {"RNN_RELU", 1}};
    const char *mode = rmt_node_string(load->node, "mode", "");
    int64_t hidden = rmt_node_int(load->node, "hidden_size", 0), layers = rmt_node_int(load->node, "num_layers", 1);
    while (params->mode < RNN_RELU && strcmp(modes[params->mode].name, mode) != 0)
        params->mode++;
    if (strcmp(modes[params->mode].name, mode) != 0)
        return rmt_fail(load->error, RAMET_STATUS_UNSUPPORTED, "mode '%s'", mode);
    if (hidden < 1 || hidden > MOST_HIDDEN || layers < 1 || layers > MOST_LAYERS)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "hidden_size or num_layers is out of range");
    params->hidden = (int32_t)hidden;
    params->layers = (int32_t)layers;
    params->gates = modes[params->mode].gates * params->hidden;
    params->directions = rmt_node_bool(load->node, "is_bidirec", false) ? 2 : 1;
    params->first_weight = params->mode == LSTM ? C0 + 1 : C0;
    return RAMET_STATUS_OK;
}

static bool is_matrix(const rmt_value *value, int64_t rows, int64_t columns)
{
    return value != NULL && rmt_dtype_is_float(value->dtype) && value->shape.rank == 2 &&
           value->shape.dims[0] == rows && value->shape.dims[1] == columns;
}

static bool is_vector(const rmt_value *value, int64_t count)
{
    return value != NULL && rmt_dtype_is_float(value->dtype) && rmt_shape_elements(&value->shape) == count;
}

/* The four constants of a cell: weights of x and h of all cells come first, then the biases of all. */
static const rmt_value *cell_constant(const rmt_graph *graph, const rmt_node *node, const rnn_params *params,
                                      int32_t cell, int32_t which)
{
    int32_t cells = params->layers * params->directions;
    int32_t index = params->first_weight + 2 * cell + which % 2 + (which < 2 ? 0 : 2 * cells);
    return rmt_node_constant(graph, node, index);
}

static ramet_status check_weights(rmt_op_load *load, const rnn_params *params)
{
    for (int32_t cell = 0; cell < params->layers * params->directions; cell++) {
        const rmt_value *part[4];
        for (int32_t i = 0; i < 4; i++)
            part[i] = cell_constant(load->graph, load->node, params, cell, i);
        if (!is_matrix(part[0], params->gates, features_of(params, cell / params->directions)) ||
            !is_matrix(part[1], params->gates, params->hidden) || !is_vector(part[2], params->gates) ||
            !is_vector(part[3], params->gates))
            return rmt_fail(load->error, RAMET_STATUS_UNSUPPORTED,
                            "weights and biases must be constants that fit hidden_size and num_layers");
    }
    return RAMET_STATUS_OK;
}

static ramet_status rnn_load(rmt_op_load *load)
{
    rnn_params *params = load->params;
    ramet_status status = read_mode(load, params);
    if (status == RAMET_STATUS_OK)
        status = rmt_load_inputs(load, params->first_weight + 4 * params->layers * params->directions);
    if (status != RAMET_STATUS_OK)
        return status;
    const rmt_value *first = cell_constant(load->graph, load->node, params, 0, 0);
    if (first != NULL && first->shape.rank == 2 && first->shape.dims[1] <= INT32_MAX / 16)
        params->input = (int32_t)first->shape.dims[1];
    status = check_weights(load, params);
    if (status != RAMET_STATUS_OK)
        return status;
    int64_t floats = params->directions * (cell_floats(params, 0) + (params->layers - 1) * cell_floats(params, 1));
    if (floats > RMT_MAX_ELEMENTS)
        return rmt_fail(load->error, RAMET_STATUS_OVER_BUDGET, "the weights would pack to more than 8 GiB");
    load->panel_floats = floats;
    load->packed_bytes = 2 * (size_t)(params->layers * params->directions * columns_of(params)) * sizeof(float);
    load->packed_inputs = ~UINT64_C(0) << params->first_weight;
    return RAMET_STATUS_OK;
}

static void rnn_pack(const rmt_op_pack *pack)
{
    const rnn_params *params = pack->params;
    for (int32_t cell = 0; cell < params->layers * params->directions; cell++) {
        int32_t layer = cell / params->directions;
        cell_place at = place_of(params, layer, cell % params->directions);
        float *x_bias = (float *)pack->packed + at.x_bias, *h_bias = (float *)pack->packed + at.h_bias;
        const rmt_value *part[4];
        for (int32_t i = 0; i < 4; i++)
            part[i] = cell_constant(pack->graph, pack->node, params, cell, i);
        rmt_constant_panels(part[0], true, features_of(params, layer), params->gates, 1, pack->panels + at.x);
        rmt_constant_panels(part[1], true, params->hidden, params->gates, 1, pack->panels + at.h);
        rmt_constant_floats(part[2], 0, params->gates, x_bias);
        rmt_constant_floats(part[3], 0, params->gates, h_bias);
        for (int32_t j = 0; j < params->gates && params->mode != GRU; j++) {
            x_bias[j] += h_bias[j];
            h_bias[j] = 0;
        }
    }
}

/* ---- infer, place ---------------------------------------------------------------------------------------------- */

static ramet_status rnn_infer(rmt_op_infer *infer)
{
    const rnn_params *params = infer->params;
    const rmt_shape *x = &infer->in[X].shape;
    for (int32_t i = X; i < params->first_weight; i++) {
        ramet_status status = rmt_infer_float32(infer, i);
        if (status != RAMET_STATUS_OK)
            return status;
    }
    if (x->rank != 3 || x->dims[2] != params->input || x->dims[0] > INT32_MAX || x->dims[1] > INT32_MAX)
        return rmt_infer_fail(infer, "the input is not [steps,batch,%d]", (int)params->input);
    rmt_shape state = {3, {params->layers * params->directions, x->dims[1], params->hidden}};
    for (int32_t i = H0; i < params->first_weight; i++)
        if (!rmt_shape_equal(&infer->in[i].shape, &state))
            return rmt_infer_fail(infer, "the first state is not [%lld,%lld,%lld]", (long long)state.dims[0],
                                  (long long)state.dims[1], (long long)state.dims[2]);
    for (int32_t o = 0; o < infer->out_count; o++)
        infer->out[o] = (rmt_view){.dtype = RAMET_DTYPE_FLOAT32, .shape = state};
    infer->out[0].shape = (rmt_shape){3, {x->dims[0], x->dims[1], (int64_t)params->hidden * params->directions}};
    return rmt_infer_done(infer);
}

/* Scratch, in floats: gates of the inputs of all steps, gates of one step, cell states, outputs of two layers. */
typedef struct rnn_room {
    int64_t x_gates, h_gates, cells, outputs, all;
} rnn_room;

static rnn_room room_of(const rnn_params *params, const rmt_shape *x)
{
    int64_t sequences = params->directions * x->dims[1], columns = columns_of(params);
    rnn_room room = {.x_gates = 0};
    room.h_gates = room.x_gates + x->dims[0] * sequences * columns;
    room.cells = room.h_gates + sequences * columns;
    room.outputs = room.cells + sequences * params->hidden;
    int64_t output = params->layers > 1 ? x->dims[0] * sequences * params->hidden : 0;
    room.all = room.outputs + (params->layers > 2 ? 2 : 1) * output;
    return room;
}

static void rnn_place(rmt_op_place *place)
{
    place->form[X] = RMT_FORM_ROWS;
    for (int32_t i = H0; i < place->in_count; i++)
        place->form[i] = RMT_FORM_DENSE;
    for (int32_t o = 0; o < place->out_count; o++)
        rmt_strides_dense(&place->out[o]);
    place->scratch_bytes = (size_t)room_of(place->params, &place->in[X].shape).all * sizeof(float);
}

/* ---- run ------------------------------------------------------------------------------------------------------- */

/* One layer at work. in, out: views [t, b, features] whose last stride is 1. */
typedef struct rnn_layer {
    const rmt_op_run *run;
    const rnn_params *params;
    int32_t layer, steps, batch;
    rmt_view in, out;
    float *x_gates; /* [direction][t * b][columns] */
    float *h_gates; /* [direction][b][columns] */
    float *cells;   /* [direction][b][hidden] */
} rnn_layer;

static float *row_of(const rmt_view *view, int64_t step, int64_t sequence)
{
    return (float *)view->data + step * view->strides[0] + sequence * view->strides[1];
}

/* A block of rows of the input product: blocks of all directions, one after the other. */
static void project_block(const rnn_layer *l, int32_t direction, int64_t first, int64_t rows)
{
    const float *in[BLOCK_ROWS];
    float *out[BLOCK_ROWS];
    int64_t columns = columns_of(l->params), all = (int64_t)l->steps * l->batch;
    cell_place at = place_of(l->params, l->layer, direction);
    for (int64_t i = 0; i < rows; i++) {
        in[i] = row_of(&l->in, (first + i) / l->batch, (first + i) % l->batch);
        out[i] = l->x_gates + (direction * all + first + i) * columns;
    }
    int32_t features = (int32_t)features_of(l->params, l->layer);
    rmt_gemm block = {.a = in,
                      .m = (int32_t)rows,
                      .taps = 1,
                      .k = features,
                      .b = rmt_weight_at(l->run->panels, l->run->panel_type, at.x),
                      .type = l->run->panel_type,
                      .panel_stride = (ptrdiff_t)features * RMT_PANEL,
                      .n = l->params->gates,
                      .bias = (const float *)l->run->packed + at.x_bias,
                      .c = out,
                      .act = rmt_activation_none()};
    l->run->kernels->gemm(&block);
}

static void project_blocks(void *context, int64_t first, int64_t last, int thread)
{
    (void)thread;
    const rnn_layer *l = context;
    int64_t rows = (int64_t)l->steps * l->batch, blocks = (rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
    for (int64_t i = first; i < last; i++) {
        int64_t row = i % blocks * BLOCK_ROWS;
        project_block(l, (int32_t)(i / blocks), row, rmt_min_i64(BLOCK_ROWS, rows - row));
    }
}

/* Sequences [first, first + count) of one direction, which step together. */
typedef struct rnn_block {
    const rnn_layer *layer;
    int32_t direction, first, count;
    const float *before[BLOCK_BATCH]; /* states before the step */
    float *state[BLOCK_BATCH];        /* states it makes: in the output */
    const float *x_gates[BLOCK_BATCH];
    float *h_gates[BLOCK_BATCH];
} rnn_block;

static void point_at_step(rnn_block *b, int32_t step)
{
    const rnn_layer *l = b->layer;
    int64_t columns = columns_of(l->params);
    int64_t time = b->direction == 0 ? step : l->steps - 1 - step;
    for (int32_t i = 0; i < b->count; i++) {
        int64_t sequence = b->first + i;
        b->state[i] = row_of(&l->out, time, sequence) + (int64_t)b->direction * l->params->hidden;
        b->x_gates[i] = l->x_gates + ((b->direction * (int64_t)l->steps + time) * l->batch + sequence) * columns;
        b->h_gates[i] = l->h_gates + ((int64_t)b->direction * l->batch + sequence) * columns;
    }
}

/* The product with the states before: for LSTM and GRU into gates, for plain cells straight into the new states. */
static void multiply_states(const rnn_block *b)
{
    const rnn_layer *l = b->layer;
    const rnn_params *params = l->params;
    cell_place at = place_of(params, l->layer, b->direction);
    rmt_gemm block = {.a = b->before,
                      .m = b->count,
                      .taps = 1,
                      .k = params->hidden,
                      .b = rmt_weight_at(l->run->panels, l->run->panel_type, at.h),
                      .type = l->run->panel_type,
                      .panel_stride = (ptrdiff_t)params->hidden * RMT_PANEL,
                      .n = params->gates,
                      .bias = params->mode == GRU ? (const float *)l->run->packed + at.h_bias : NULL,
                      .add = params->mode == GRU ? NULL : b->x_gates,
                      .c = params->mode == LSTM || params->mode == GRU ? b->h_gates : b->state,
                      .act = rmt_activation_none()};
    if (params->mode == RNN_TANH)
        block.act.function = RMT_UNARY_TANH;
    if (params->mode == RNN_RELU)
        block.act.function = RMT_UNARY_RELU;
    l->run->kernels->gemm(&block);
}

static void run_cells(rnn_block *b)
{
    const rnn_layer *l = b->layer;
    int32_t hidden = l->params->hidden;
    for (int32_t i = 0; i < b->count; i++) {
        float *cell = l->cells + ((int64_t)b->direction * l->batch + b->first + i) * hidden;
        if (l->params->mode == LSTM)
            l->run->kernels->lstm_cell(b->h_gates[i], cell, cell, b->state[i], hidden);
        else if (l->params->mode == GRU)
            l->run->kernels->gru_cell(b->x_gates[i], b->h_gates[i], b->before[i], b->state[i], hidden);
        b->before[i] = b->state[i];
    }
}

/* Row of state input or output `view` [layers * directions, b, hidden]. */
static float *state_row(const rnn_layer *l, const rmt_view *view, int32_t direction, int32_t sequence)
{
    int64_t cell = (int64_t)l->layer * l->params->directions + direction;
    return (float *)view->data + (cell * l->batch + sequence) * l->params->hidden;
}

static void run_block(const rnn_layer *l, int32_t direction, int32_t first)
{
    rnn_block b = {.layer = l, .direction = direction, .first = first};
    const rmt_op_run *run = l->run;
    size_t bytes = (size_t)l->params->hidden * sizeof(float);
    b.count = (int32_t)rmt_min_i64(BLOCK_BATCH, l->batch - first);
    for (int32_t i = 0; i < b.count; i++) {
        b.before[i] = state_row(l, &run->in[H0], direction, first + i);
        float *cell = l->cells + ((int64_t)direction * l->batch + first + i) * l->params->hidden;
        if (l->params->mode == LSTM)
            memcpy(cell, state_row(l, &run->in[C0], direction, first + i), bytes);
    }
    for (int32_t step = 0; step < l->steps; step++) {
        point_at_step(&b, step);
        multiply_states(&b);
        run_cells(&b);
    }
    for (int32_t i = 0; i < b.count; i++) {
        float *cell = l->cells + ((int64_t)direction * l->batch + first + i) * l->params->hidden;
        if (run->out_count > 1)
            memcpy(state_row(l, &run->out[1], direction, first + i), b.before[i], bytes);
        if (run->out_count > 2 && l->params->mode == LSTM)
            memcpy(state_row(l, &run->out[2], direction, first + i), cell, bytes);
    }
}

static void run_blocks(void *context, int64_t first, int64_t last, int thread)
{
    (void)thread;
    const rnn_layer *l = context;
    int64_t blocks = ((int64_t)l->batch + BLOCK_BATCH - 1) / BLOCK_BATCH;
    for (int64_t i = first; i < last; i++)
        run_block(l, (int32_t)(i / blocks), (int32_t)(i % blocks) * BLOCK_BATCH);
}

static void rnn_run(const rmt_op_run *run)
{
    const rnn_params *params = run->params;
    const rmt_shape *x = &run->in[X].shape;
    rnn_room room = room_of(params, x);
    float *scratch = (float *)run->scratch;
    rnn_layer l = {.run = run, .params = params, .steps = (int32_t)x->dims[0], .batch = (int32_t)x->dims[1]};
    l.x_gates = scratch + room.x_gates;
    l.h_gates = scratch + room.h_gates;
    l.cells = scratch + room.cells;
    rmt_view between[2] = {run->out[0], run->out[0]};
    between[0].data = scratch + room.outputs;
    between[1].data = scratch + room.outputs + rmt_shape_elements(&run->out[0].shape);
    int64_t rows = (int64_t)l.steps * l.batch, blocks = (rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
    int64_t batch_blocks = ((int64_t)l.batch + BLOCK_BATCH - 1) / BLOCK_BATCH;
    for (; l.layer < params->layers; l.layer++) {
        l.in = l.layer == 0 ? run->in[X] : l.out;
        l.out = l.layer == params->layers - 1 ? run->out[0] : between[l.layer % 2];
        rmt_for_range(run->team, params->directions * blocks, 1, project_blocks, &l);
        rmt_for_range(run->team, params->directions * batch_blocks, 1, run_blocks, &l);
    }
}

const rmt_op rmt_op_rnn = {.name = "rnn",
                           .params_bytes = sizeof(rnn_params),
                           .load = rnn_load,
                           .pack = rnn_pack,
                           .infer = rnn_infer,
                           .place = rnn_place,
                           .run = rnn_run};

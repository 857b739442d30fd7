/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions of two elements with broadcast: add, multiply, maximum, prelu ... One
 * operator for all. The output lies as the input of its shape does, so images
 * stay channels last; a fused activation follows. Integers are exact: they
 * wrap, divide towards zero (divide) or downwards (floor_divide, remainder),
 * and a division by 0 gives 0.
 */
#include "ops/ops_help.h"

#include <math.h>
#include <string.h>

#define REPEATED_ROOM 512 /* floats */

typedef struct binary_params {
    rmt_binary function;
    int64_t axis;
    rmt_activation act;
} binary_params;

static ramet_status binary_load(rmt_op_load *load)
{
    static const char *const names[RMT_BINARY_COUNT] = {
        [RMT_BINARY_ADD] = "add",
        [RMT_BINARY_SUBTRACT] = "subtract",
        [RMT_BINARY_MULTIPLY] = "multiply",
        [RMT_BINARY_DIVIDE] = "divide",
        [RMT_BINARY_MAXIMUM] = "maximum",
        [RMT_BINARY_MINIMUM] = "minimum",
        [RMT_BINARY_POW] = "pow_elementwise",
        [RMT_BINARY_REMAINDER] = "remainder",
        [RMT_BINARY_FLOOR_DIVIDE] = "floor_divide",
        [RMT_BINARY_PRELU] = "prelu",
    };
    binary_params *params = load->params;
    int function = 0;
    while (function < RMT_BINARY_COUNT && strcmp(names[function], load->node->op) != 0)
        function++;
    if (function == RMT_BINARY_COUNT)
        return rmt_fail(load->error, RAMET_STATUS_INTERNAL, "%s is not a function of two elements", load->node->op);
    params->function = (rmt_binary)function;
    params->axis = rmt_node_int(load->node, "axis", -1);
    if (function == RMT_BINARY_PRELU && strcmp(rmt_node_string(load->node, "mode", "all"), "channel") == 0)
        params->axis = 1;
    params->act = rmt_activation_fused(load->node);
    return rmt_load_inputs(load, 2);
}

static ramet_status binary_infer(rmt_op_infer *infer)
{
    const binary_params *params = infer->params;
    const rmt_view *x = &infer->in[0], *y = &infer->in[1];
    if (x->dtype != y->dtype)
        return rmt_infer_fail(infer, "%s and %s do not mix", ramet_dtype_name(x->dtype), ramet_dtype_name(y->dtype));
    if (params->function == RMT_BINARY_PRELU && !rmt_dtype_is_float(x->dtype))
        return rmt_infer_float32(infer, 0);
    infer->out[0].dtype = x->dtype;
    if (!rmt_broadcast_shapes(&x->shape, &y->shape, params->axis, &infer->out[0].shape))
        return rmt_infer_fail(infer, "shapes do not fit together at axis %lld", (long long)params->axis);
    return rmt_infer_done(infer);
}

/* ---- run ------------------------------------------------------------------------------------------------------- */

typedef struct binary_loop {
    const binary_params *params;
    const rmt_kernels *kernels;
    ramet_dtype dtype;
    int64_t repeated; /* of repeated_row: floats of the short operand */
} binary_loop;

/* The row of view v and its step, 1 or 0. */
static const float *operand(const rmt_row *row, int v, float room[RMT_ROW_ROOM], int32_t *step)
{
    *step = row->step[v] == 0 ? 0 : 1;
    return row->step[v] == 0 ? row->at[v] : rmt_row_floats(row, v, room);
}

static void float_row(void *context, const rmt_row *row)
{
    const binary_loop *loop = context;
    float x_room[RMT_ROW_ROOM], y_room[RMT_ROW_ROOM], out_room[RMT_ROW_ROOM];
    int32_t x_step, y_step;
    const float *x = operand(row, 1, x_room, &x_step), *y = operand(row, 2, y_room, &y_step);
    float *out = rmt_row_result(row, 0, out_room);
    loop->kernels->binary(loop->params->function, x, x_step, y, y_step, out, row->n);
    if (!rmt_activation_is_none(&loop->params->act))
        loop->kernels->unary(out, out, row->n, &loop->params->act);
    rmt_row_scatter(row, 0, out);
}

/*
 * One operand is a short row that meets every pixel of the other, and pixels lie without gaps (a factor for each channel of
 * an image): it is written several times in a row, so that many pixels are one call.
 */
static void repeated_row(void *context, const rmt_row *row)
{
    const binary_loop *loop = context;
    float room[REPEATED_ROOM];
    const int32_t shorter = row->step[1] == 0 ? 1 : 2;
    const int64_t n = loop->repeated, most = REPEATED_ROOM / n * n;
    for (int64_t i = 0; i < rmt_min_i64(most, row->n); i += n)
        memcpy(room + i, row->at[shorter], (size_t)n * sizeof(float));
    const float *longer = row->at[3 - shorter];
    float *out = row->at[0];
    for (int64_t i = 0; i < row->n; i += most) {
        const int64_t part = rmt_min_i64(most, row->n - i);
        const float *x = shorter == 1 ? room : longer + i, *y = shorter == 1 ? longer + i : room;
        loop->kernels->binary(loop->params->function, x, 1, y, 1, out + i, part);
        if (!rmt_activation_is_none(&loop->params->act))
            loop->kernels->unary(out + i, out + i, part, &loop->params->act);
    }
}

/* Makes the last two dimensions one when repeated_row() can take it; the short operand's step becomes 0. */
static bool join_repeated(rmt_nest *nest, binary_loop *loop)
{
    const int32_t last = nest->rank - 1, outer = last - 1;
    if (nest->rank < 2 || nest->dims[last] > REPEATED_ROOM / 2)
        return false;
    const int32_t shorter = nest->strides[1][outer] == 0 ? 1 : 2, longer = 3 - shorter;
    const int64_t n = nest->dims[last];
    for (int v = 0; v < 3; v++)
        if (nest->strides[v][last] != 1)
            return false;
    if (nest->strides[0][outer] != n || nest->strides[longer][outer] != n || nest->strides[shorter][outer] != 0)
        return false;
    nest->rank--;
    nest->dims[outer] *= n;
    nest->strides[0][outer] = nest->strides[longer][outer] = 1;
    nest->piece = nest->piece / n * n;
    loop->repeated = n;
    return true;
}

static double double_function(rmt_binary function, double x, double y)
{
    double rest;
    switch (function) {
    case RMT_BINARY_ADD: return x + y;
    case RMT_BINARY_SUBTRACT: return x - y;
    case RMT_BINARY_MULTIPLY: return x * y;
    case RMT_BINARY_DIVIDE: return x / y;
    case RMT_BINARY_MAXIMUM: return x > y ? x : y;
    case RMT_BINARY_MINIMUM: return x < y ? x : y;
    case RMT_BINARY_POW: return pow(x, y);
    case RMT_BINARY_REMAINDER: rest = fmod(x, y); return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
    case RMT_BINARY_PRELU: return x < 0 ? y * x : x;
    default: return floor(x / y);
    }
}

static void double_row(void *context, const rmt_row *row)
{
    const binary_loop *loop = context;
    double x[RMT_ROW_ROOM], y[RMT_ROW_ROOM];
    rmt_numbers_to_doubles(loop->dtype, row->at[1], row->step[1], x, row->n);
    rmt_numbers_to_doubles(loop->dtype, row->at[2], row->step[2], y, row->n);
    for (int64_t i = 0; i < row->n; i++)
        x[i] = double_function(loop->params->function, x[i], y[i]);
    rmt_numbers_from_doubles(loop->dtype, x, row->at[0], row->step[0], row->n);
}

static uint64_t integer_pow(int64_t x, int64_t y)
{
    if (y < 0)
        return x == 1 ? 1 : x == -1 ? (y % 2 == 0 ? 1 : UINT64_MAX) : 0;
    uint64_t power = 1, base = (uint64_t)x;
    for (; y > 0; y >>= 1) {
        power *= y & 1 ? base : 1;
        base *= base;
    }
    return power;
}

/* What division leaves for the quotients that C does not define: none by 0, a wrapped one by -1. */
static int64_t integer_divide(rmt_binary function, int64_t x, int64_t y)
{
    if (y == 0)
        return 0;
    if (y == -1)
        return function == RMT_BINARY_REMAINDER ? 0 : (int64_t)(0 - (uint64_t)x);
    int64_t quotient = x / y, rest = x % y;
    bool down = rest != 0 && (rest < 0) != (y < 0);
    if (function == RMT_BINARY_REMAINDER)
        return down ? rest + y : rest;
    return quotient - (function == RMT_BINARY_FLOOR_DIVIDE && down ? 1 : 0);
}

static int64_t integer_function(rmt_binary function, int64_t x, int64_t y)
{
    uint64_t a = (uint64_t)x, b = (uint64_t)y;
    switch (function) {
    case RMT_BINARY_ADD: return (int64_t)(a + b);
    case RMT_BINARY_SUBTRACT: return (int64_t)(a - b);
    case RMT_BINARY_MULTIPLY: return (int64_t)(a * b);
    case RMT_BINARY_MAXIMUM: return rmt_max_i64(x, y);
    case RMT_BINARY_MINIMUM: return rmt_min_i64(x, y);
    case RMT_BINARY_POW: return (int64_t)integer_pow(x, y);
    default: return integer_divide(function, x, y);
    }
}

static void integer_row(void *context, const rmt_row *row)
{
    const binary_loop *loop = context;
    int64_t x[RMT_ROW_ROOM], y[RMT_ROW_ROOM];
    rmt_numbers_to_ints(loop->dtype, row->at[1], row->step[1], x, row->n);
    rmt_numbers_to_ints(loop->dtype, row->at[2], row->step[2], y, row->n);
    for (int64_t i = 0; i < row->n; i++)
        x[i] = integer_function(loop->params->function, x[i], y[i]);
    rmt_numbers_from_ints(loop->dtype, x, row->at[0], row->step[0], row->n);
}

/* Rows may be long where kernels take them: steps of 1 and, for an operand, 0. */
static bool kernels_take(const rmt_nest *nest)
{
    int32_t last = nest->rank - 1;
    return nest->strides[0][last] == 1 && (uint64_t)nest->strides[1][last] <= 1 &&
           (uint64_t)nest->strides[2][last] <= 1;
}

/* out[0] = function(left, right), whose shapes fit that of the result; one of them may be the result. */
static void run_pair(const rmt_op_run *run, const rmt_view *left, const rmt_view *right)
{
    binary_loop loop = {run->params, run->kernels, left->dtype, 0};
    const rmt_view *out = &run->out[0];
    rmt_view x = rmt_view_broadcast(left, loop.params->axis, &out->shape);
    rmt_view y = rmt_view_broadcast(right, loop.params->axis, &out->shape);
    rmt_nest nest = rmt_nest_of((const rmt_view *const[]){out, &x, &y}, 3);
    rmt_row_task task = rmt_dtype_is_float(loop.dtype) ? double_row : integer_row;
    if (loop.dtype == RAMET_DTYPE_FLOAT32)
        task = float_row;
    if (task == float_row && join_repeated(&nest, &loop))
        task = repeated_row;
    else if (task != float_row || !kernels_take(&nest))
        nest.piece = RMT_ROW_ROOM;
    rmt_nest_run(&nest, run->team, task, &loop);
}

static void binary_run(const rmt_op_run *run) { run_pair(run, &run->in[0], &run->in[1]); }

const rmt_op rmt_op_binary = {.name = "binary",
                              .flags = RMT_OP_PIXELWISE,
                              .params_bytes = sizeof(binary_params),
                              .load = binary_load,
                              .infer = binary_infer,
                              .place = rmt_place_like_operands,
                              .run = binary_run};

/* ---- add_n ------------------------------------------------------------------------------------------------------- */

static ramet_status add_n_load(rmt_op_load *load)
{
    binary_params *params = load->params;
    params->function = RMT_BINARY_ADD;
    params->axis = -1;
    params->act = rmt_activation_none();
    return rmt_load_inputs(load, load->node->input_count > 0 ? load->node->input_count : 1);
}

static ramet_status add_n_infer(rmt_op_infer *infer)
{
    for (int32_t i = 1; i < infer->in_count; i++)
        if (infer->in[i].dtype != infer->in[0].dtype || !rmt_shape_equal(&infer->in[i].shape, &infer->in[0].shape))
            return rmt_infer_fail(infer, "input %d is not like the first", (int)i);
    return rmt_infer_same(infer);
}

/* Only the first two have been read when the result is first written. */
static void add_n_place(rmt_op_place *place)
{
    rmt_place_like_operands(place);
    if (place->place[0].in_place_of > 1)
        place->place[0].in_place_of = -1;
}

static void add_n_run(const rmt_op_run *run)
{
    const rmt_view *in = run->in, *out = &run->out[0];
    if (run->in_count > 1)
        run_pair(run, &in[0], &in[1]);
    else if (in[0].data != out->data)
        rmt_run_copy(run, &in[0], out);
    for (int32_t i = 2; i < run->in_count; i++)
        run_pair(run, out, &in[i]);
}

const rmt_op rmt_op_add_n = {.name = "add_n",
                             .params_bytes = sizeof(binary_params),
                             .load = add_n_load,
                             .infer = add_n_infer,
                             .place = add_n_place,
                             .run = add_n_run};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions of one element: relu, sigmoid, gelu, ... One operator for all; the
 * name and attributes of the node choose the function. Any strides, in place
 * where the memory allows. Those that keep whole numbers whole also run on
 * integers, exactly; other floats go through double precision. The bounds of
 * clip may be tensors of one number.
 */
#include "ops/ops_help.h"

enum { X, LOW, HIGH };

static ramet_status unary_load(rmt_op_load *load)
{
    rmt_activation *act = load->params;
    ramet_status status = rmt_load_inputs(load, 1);
    if (status != RAMET_STATUS_OK)
        return status;
    if (!rmt_activation_read(load->node, load->node->op, "", act))
        return rmt_fail(load->error, RAMET_STATUS_INTERNAL, "%s is not a function of one element", load->node->op);
    act->scale = (float)rmt_node_float(load->node, "act_scale", 1);
    act->shift = (float)rmt_node_float(load->node, "act_shift", 0);
    return RAMET_STATUS_OK;
}

static bool runs_on_integers(const rmt_activation *act)
{
    if (act->scale != 1.0f || act->shift != 0.0f)
        return false;
    switch (act->function) {
    case RMT_UNARY_RELU:
    case RMT_UNARY_CLIP:
    case RMT_UNARY_ABS:
    case RMT_UNARY_SQUARE:
    case RMT_UNARY_SIGN:
    case RMT_UNARY_FLOOR:
    case RMT_UNARY_CEIL:
    case RMT_UNARY_ROUND:
    case RMT_UNARY_ROUND_EVEN:
    case RMT_UNARY_TRUNC: return true;
    default: return false;
    }
}

static ramet_status unary_infer(rmt_op_infer *infer)
{
    if (!rmt_dtype_is_float(infer->in[X].dtype) && !runs_on_integers(infer->params))
        return rmt_infer_float32(infer, X);
    for (int32_t i = LOW; i < infer->in_count; i++)
        if (infer->in[i].shape.rank >= 0 && rmt_shape_elements(&infer->in[i].shape) != 1)
            return rmt_infer_fail(infer, "a bound is not one number");
    return rmt_infer_same(infer);
}

typedef struct unary_loop {
    const rmt_activation *act;
    const rmt_kernels *kernels;
    ramet_dtype dtype;
    int64_t low, high; /* of clip on integers */
} unary_loop;

static void float_row(void *context, const rmt_row *row)
{
    const unary_loop *loop = context;
    float x_room[RMT_ROW_ROOM], y_room[RMT_ROW_ROOM];
    float *y = rmt_row_result(row, 0, y_room);
    loop->kernels->unary(rmt_row_floats(row, 1, x_room), y, row->n, loop->act);
    rmt_row_scatter(row, 0, y);
}

void rmt_activate_view(const rmt_op_run *run, const rmt_activation *activation, const rmt_view *x, const rmt_view *out)
{
    unary_loop loop = {.act = activation, .kernels = run->kernels};
    rmt_nest nest = rmt_nest_of((const rmt_view *const[]){out, x}, 2);
    rmt_nest_gathers(&nest);
    rmt_nest_run(&nest, run->team, float_row, &loop);
}

static int64_t integer_function(const unary_loop *loop, int64_t x)
{
    switch (loop->act->function) {
    case RMT_UNARY_RELU: return rmt_max_i64(x, 0);
    case RMT_UNARY_ABS: return x < 0 ? (int64_t)(0 - (uint64_t)x) : x;
    case RMT_UNARY_SQUARE: return (int64_t)((uint64_t)x * (uint64_t)x);
    case RMT_UNARY_SIGN: return x > 0 ? 1 : x < 0 ? -1 : 0;
    case RMT_UNARY_CLIP: return rmt_min_i64(rmt_max_i64(x, loop->low), loop->high);
    default: return x; /* rounding */
    }
}

static void integer_row(void *context, const rmt_row *row)
{
    const unary_loop *loop = context;
    int64_t numbers[RMT_ROW_ROOM];
    rmt_numbers_to_ints(loop->dtype, row->at[1], row->step[1], numbers, row->n);
    for (int64_t i = 0; i < row->n; i++)
        numbers[i] = integer_function(loop, numbers[i]);
    rmt_numbers_from_ints(loop->dtype, numbers, row->at[0], row->step[0], row->n);
}

static void double_row(void *context, const rmt_row *row)
{
    const unary_loop *loop = context;
    double numbers[RMT_ROW_ROOM];
    rmt_numbers_to_doubles(loop->dtype, row->at[1], row->step[1], numbers, row->n);
    for (int64_t i = 0; i < row->n; i++)
        numbers[i] = rmt_unary_double(numbers[i], loop->act);
    rmt_numbers_from_doubles(loop->dtype, numbers, row->at[0], row->step[0], row->n);
}

/* A bound of clip: input `index` when it is there, the attribute otherwise. As an integer, and as a float. */
static int64_t read_bound(const rmt_op_run *run, int32_t index, float *bound)
{
    double number = (double)*bound;
    int64_t integer;
    bool given = run->in_count > index && run->in[index].data != NULL;
    if (given)
        rmt_numbers_to_doubles(run->in[index].dtype, run->in[index].data, 1, &number, 1);
    *bound = (float)number;
    if (given)
        rmt_numbers_to_ints(run->in[index].dtype, run->in[index].data, 1, &integer, 1);
    else
        rmt_numbers_to_ints(RAMET_DTYPE_FLOAT64, &number, 1, &integer, 1);
    return integer;
}

static void unary_run(const rmt_op_run *run)
{
    rmt_activation act = *(const rmt_activation *)run->params;
    unary_loop loop = {.act = &act, .kernels = run->kernels, .dtype = run->in[X].dtype};
    if (act.function == RMT_UNARY_CLIP) {
        loop.low = read_bound(run, LOW, &act.p0);
        loop.high = read_bound(run, HIGH, &act.p1);
    }
    if (loop.dtype == RAMET_DTYPE_FLOAT32) {
        rmt_activate_view(run, &act, &run->in[X], &run->out[0]);
        return;
    }
    rmt_nest nest = rmt_nest_of((const rmt_view *const[]){&run->out[0], &run->in[X]}, 2);
    nest.piece = RMT_ROW_ROOM;
    rmt_nest_run(&nest, run->team, rmt_dtype_is_float(loop.dtype) ? double_row : integer_row, &loop);
}

const rmt_op rmt_op_unary = {.name = "unary",
                             .flags = RMT_OP_PIXELWISE,
                             .params_bytes = sizeof(rmt_activation),
                             .load = unary_load,
                             .infer = unary_infer,
                             .place = rmt_place_like_input,
                             .run = unary_run};

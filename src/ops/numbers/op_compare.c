/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What yields truths or works on bits: equal, less_than, ..., logical_and, ...,
 * bitwise_and, ..., logical_not, isnan, ... Operands of any dtype, repeated to
 * one shape. Integers are compared as int64, floats as double, which is exact;
 * rows of float32 directly.
 */
#include "ops/ops_help.h"

#include <math.h>
#include <string.h>

typedef enum compare_function {
    EQUAL,
    NOT_EQUAL,
    LESS_THAN,
    LESS_EQUAL,
    GREATER_THAN,
    GREATER_EQUAL,
    LOGICAL_AND,
    LOGICAL_OR,
    LOGICAL_XOR,
    BITWISE_AND,
    BITWISE_OR,
    BITWISE_XOR,
    LOGICAL_NOT, /* from here on of one operand */
    ISNAN,
    ISINF,
    ISFINITE,
    BITWISE_NOT,
    FUNCTIONS
} compare_function;

typedef struct compare_params {
    compare_function function;
    int64_t axis;
} compare_params;

static ramet_status compare_load(rmt_op_load *load)
{
    static const char *const names[FUNCTIONS] = {
        "equal",       "not_equal",  "less_than",   "less_equal",  "greater_than", "greater_equal",
        "logical_and", "logical_or", "logical_xor", "bitwise_and", "bitwise_or",   "bitwise_xor",
        "logical_not", "isnan",      "isinf",       "isfinite",    "bitwise_not",
    };
    compare_params *params = load->params;
    while (params->function + 1 < FUNCTIONS && strcmp(names[params->function], load->node->op) != 0)
        params->function++;
    params->axis = rmt_node_int(load->node, "axis", -1);
    return rmt_load_inputs(load, params->function < LOGICAL_NOT ? 2 : 1);
}

static bool is_bitwise(compare_function function)
{
    return function == BITWISE_NOT || (function >= BITWISE_AND && function <= BITWISE_XOR);
}

static ramet_status compare_infer(rmt_op_infer *infer)
{
    const compare_params *params = infer->params;
    const rmt_view *x = &infer->in[0];
    bool two = params->function < LOGICAL_NOT, bits = is_bitwise(params->function);
    if (bits && (rmt_dtype_is_float(x->dtype) || (two && infer->in[1].dtype != x->dtype)))
        return rmt_infer_fail(infer, "bits are those of integers of one type");
    infer->out[0].dtype = bits ? x->dtype : RAMET_DTYPE_BOOL;
    infer->out[0].shape = x->shape;
    if (two && !rmt_broadcast_shapes(&x->shape, &infer->in[1].shape, params->axis, &infer->out[0].shape))
        return rmt_infer_fail(infer, "shapes do not fit together at axis %lld", (long long)params->axis);
    return rmt_infer_done(infer);
}

/* ---- run ------------------------------------------------------------------------------------------------------- */

typedef struct compare_loop {
    compare_function function;
    ramet_dtype x, y, out;
} compare_loop;

static bool compare_doubles(compare_function function, double x, double y)
{
    switch (function) {
    case EQUAL: return x == y;
    case NOT_EQUAL: return x != y;
    case LESS_THAN: return x < y;
    case LESS_EQUAL: return x <= y;
    case GREATER_THAN: return x > y;
    case GREATER_EQUAL: return x >= y;
    case LOGICAL_AND: return x != 0 && y != 0;
    case LOGICAL_OR: return x != 0 || y != 0;
    case LOGICAL_XOR: return (x != 0) != (y != 0);
    case LOGICAL_NOT: return x == 0;
    case ISNAN: return isnan(x);
    case ISINF: return isinf(x);
    default: return isfinite(x);
    }
}

static int64_t compare_ints(const compare_loop *loop, int64_t x, int64_t y)
{
    switch (loop->function) {
    case EQUAL: return x == y;
    case NOT_EQUAL: return x != y;
    case LESS_THAN: return x < y;
    case LESS_EQUAL: return x <= y;
    case GREATER_THAN: return x > y;
    case GREATER_EQUAL: return x >= y;
    case LOGICAL_AND: return x != 0 && y != 0;
    case LOGICAL_OR: return x != 0 || y != 0;
    case LOGICAL_XOR: return (x != 0) != (y != 0);
    case LOGICAL_NOT: return x == 0;
    case BITWISE_AND: return x & y;
    case BITWISE_OR: return x | y;
    case BITWISE_XOR: return x ^ y;
    case BITWISE_NOT: return loop->out == RAMET_DTYPE_BOOL ? x == 0 : ~x;
    case ISFINITE: return 1;
    default: return 0;
    }
}

/* Row 1 is x; row 2 is y, or x again where there is one operand. */
static void double_row(void *context, const rmt_row *row)
{
    const compare_loop *loop = context;
    double x[RMT_ROW_ROOM], y[RMT_ROW_ROOM];
    uint8_t *out = row->at[0];
    rmt_numbers_to_doubles(loop->x, row->at[1], row->step[1], x, row->n);
    rmt_numbers_to_doubles(loop->y, row->at[2], row->step[2], y, row->n);
    for (int64_t i = 0; i < row->n; i++)
        out[i * row->step[0]] = compare_doubles(loop->function, x[i], y[i]);
}

static void integer_row(void *context, const rmt_row *row)
{
    const compare_loop *loop = context;
    int64_t x[RMT_ROW_ROOM], y[RMT_ROW_ROOM];
    rmt_numbers_to_ints(loop->x, row->at[1], row->step[1], x, row->n);
    rmt_numbers_to_ints(loop->y, row->at[2], row->step[2], y, row->n);
    for (int64_t i = 0; i < row->n; i++)
        x[i] = compare_ints(loop, x[i], y[i]);
    rmt_numbers_from_ints(loop->out, x, row->at[0], row->step[0], row->n);
}

/* float32, the result dense; y_step is 0 or 1. The loops without a choice inside become vectors. */
static void float_row(void *context, const rmt_row *row)
{
    const compare_loop *loop = context;
    const float *x = row->at[1], *y = row->at[2];
    uint8_t *out = row->at[0];
    int64_t n = row->n, x_step = row->step[1], y_step = row->step[2];
    switch (loop->function) {
    case EQUAL:
        for (int64_t i = 0; i < n; i++)
            out[i] = x[i * x_step] == y[i * y_step];
        break;
    case NOT_EQUAL:
        for (int64_t i = 0; i < n; i++)
            out[i] = x[i * x_step] != y[i * y_step];
        break;
    case LESS_THAN:
        for (int64_t i = 0; i < n; i++)
            out[i] = x[i * x_step] < y[i * y_step];
        break;
    case LESS_EQUAL:
        for (int64_t i = 0; i < n; i++)
            out[i] = x[i * x_step] <= y[i * y_step];
        break;
    case GREATER_THAN:
        for (int64_t i = 0; i < n; i++)
            out[i] = x[i * x_step] > y[i * y_step];
        break;
    default:
        for (int64_t i = 0; i < n; i++)
            out[i] = x[i * x_step] >= y[i * y_step];
        break;
    }
}

static void compare_run(const rmt_op_run *run)
{
    const compare_params *params = run->params;
    const rmt_view *out = &run->out[0], *second = &run->in[params->function < LOGICAL_NOT ? 1 : 0];
    compare_loop loop = {params->function, run->in[0].dtype, second->dtype, out->dtype};
    rmt_view x = rmt_view_broadcast(&run->in[0], params->axis, &out->shape);
    rmt_view y = rmt_view_broadcast(second, params->axis, &out->shape);
    rmt_nest nest = rmt_nest_of((const rmt_view *const[]){out, &x, &y}, 3);
    bool direct = loop.x == RAMET_DTYPE_FLOAT32 && loop.y == RAMET_DTYPE_FLOAT32 && loop.function <= GREATER_EQUAL &&
                  nest.strides[0][nest.rank - 1] == 1;
    bool floats = rmt_dtype_is_float(loop.x) || rmt_dtype_is_float(loop.y);
    if (!direct)
        nest.piece = RMT_ROW_ROOM;
    rmt_nest_run(&nest, run->team, direct ? float_row : floats ? double_row : integer_row, &loop);
}

const rmt_op rmt_op_compare = {.name = "compare",
                               .params_bytes = sizeof(compare_params),
                               .load = compare_load,
                               .infer = compare_infer,
                               .place = rmt_place_like_operands,
                               .run = compare_run};

/* ---- equal_all ---------------------------------------------------------------------------------------------------- */

static ramet_status equal_all_load(rmt_op_load *load) { return rmt_load_inputs(load, 2); }

static ramet_status equal_all_infer(rmt_op_infer *infer)
{
    infer->out[0].dtype = RAMET_DTYPE_BOOL;
    infer->out[0].shape = (rmt_shape){0, {0}};
    return rmt_infer_done(infer);
}

typedef struct equal_loop {
    ramet_dtype x, y;
    bool differ;
} equal_loop;

static void equal_row(void *context, const rmt_row *row)
{
    equal_loop *loop = context;
    double x[RMT_ROW_ROOM], y[RMT_ROW_ROOM];
    int64_t i[RMT_ROW_ROOM], j[RMT_ROW_ROOM];
    if (rmt_dtype_is_float(loop->x) || rmt_dtype_is_float(loop->y)) {
        rmt_numbers_to_doubles(loop->x, row->at[0], row->step[0], x, row->n);
        rmt_numbers_to_doubles(loop->y, row->at[1], row->step[1], y, row->n);
        for (int64_t k = 0; k < row->n; k++)
            loop->differ = loop->differ || x[k] != y[k];
    } else {
        rmt_numbers_to_ints(loop->x, row->at[0], row->step[0], i, row->n);
        rmt_numbers_to_ints(loop->y, row->at[1], row->step[1], j, row->n);
        loop->differ = loop->differ || memcmp(i, j, (size_t)row->n * sizeof *i) != 0;
    }
}

/* Tensors of different shapes are not equal. */
static void equal_all_run(const rmt_op_run *run)
{
    const rmt_view *x = &run->in[0], *y = &run->in[1];
    equal_loop loop = {x->dtype, y->dtype, !rmt_shape_equal(&x->shape, &y->shape)};
    if (!loop.differ) {
        rmt_nest nest = rmt_nest_of((const rmt_view *const[]){x, y}, 2);
        nest.piece = RMT_ROW_ROOM;
        rmt_nest_run(&nest, NULL, equal_row, &loop);
    }
    *(uint8_t *)run->out[0].data = !loop.differ;
}

static void equal_all_place(rmt_op_place *place) { rmt_strides_dense(&place->out[0]); }

const rmt_op rmt_op_equal_all = {.name = "equal_all",
                                 .load = equal_all_load,
                                 .infer = equal_all_infer,
                                 .place = equal_all_place,
                                 .run = equal_all_run};

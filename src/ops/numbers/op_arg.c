/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arg_max and arg_min along an axis, or over everything: the place of the
 * first (or last) largest or smallest element; NaN never wins.
 */
#include "ops/ops_help.h"

#include <string.h>

enum {
    COLUMNS = 64,       /* searched side by side */
    MOST_IN_COLUMN = 64 /* numbers of a column that is gathered for it */
};

typedef struct arg_params {
    int64_t axis;
    bool minimum, keep, flatten;
    bool last;         /* of equal entries the last one counts */
    ramet_dtype dtype; /* of the result */
} arg_params;

static ramet_status arg_load(rmt_op_load *load)
{
    arg_params *params = load->params;
    int64_t dtype = rmt_node_int(load->node, "dtype", RAMET_DTYPE_INT64);
    if (dtype != RAMET_DTYPE_INT32 && dtype != RAMET_DTYPE_INT64)
        return rmt_fail(load->error, RAMET_STATUS_UNSUPPORTED, "a place is an int32 or int64");
    params->dtype = (ramet_dtype)dtype;
    params->minimum = strcmp(load->node->op, "arg_min") == 0;
    params->axis = rmt_node_int(load->node, "axis", -1);
    params->keep = rmt_node_bool(load->node, "keepdims", false);
    params->last = rmt_node_bool(load->node, "last", false);
    params->flatten = rmt_node_bool(load->node, "flatten", false);
    return rmt_load_inputs(load, 1);
}

static ramet_status arg_infer(rmt_op_infer *infer)
{
    const arg_params *params = infer->params;
    const rmt_shape *x = &infer->in[0].shape;
    rmt_shape *out = &infer->out[0].shape;
    int32_t axis = params->flatten ? 0 : rmt_axis_normalize(params->axis, x->rank);
    if (axis < 0)
        return rmt_infer_fail(infer, "there is no axis %lld", (long long)params->axis);
    if (params->flatten ? rmt_shape_elements(x) == 0 : x->dims[axis] == 0)
        return rmt_infer_fail(infer, "there is nothing to choose from");
    infer->out[0].dtype = params->dtype;
    if (params->keep) {
        *out = *x;
        for (int32_t i = 0; i < x->rank; i++)
            out->dims[i] = params->flatten || i == axis ? 1 : x->dims[i];
    } else if (params->flatten) {
        out->rank = 0;
    } else {
        *out = rmt_view_without(&infer->in[0], axis, 1).shape;
    }
    return rmt_infer_done(infer);
}

static void arg_place(rmt_op_place *place)
{
    const arg_params *params = place->params;
    place->form[0] = params->flatten ? RMT_FORM_DENSE : RMT_FORM_ANY;
    rmt_strides_dense(&place->out[0]);
}

typedef struct arg_loop {
    const arg_params *params;
    const rmt_kernels *kernels;
    ramet_dtype dtype;
    int64_t n, step;
} arg_loop;

static int64_t find_double(const arg_loop *loop, const unsigned char *x)
{
    int64_t bytes = loop->step * (int64_t)ramet_dtype_bytes(loop->dtype), found = -1;
    double best = 0, value;
    for (int64_t i = 0; i < loop->n; i++) {
        rmt_numbers_to_doubles(loop->dtype, x + i * bytes, 1, &value, 1);
        bool better = loop->params->minimum ? value < best : value > best;
        if (found < 0 ? value == value : better || (loop->params->last && value == best)) {
            found = i;
            best = value;
        }
    }
    return rmt_max_i64(found, 0);
}

static int64_t find_int(const arg_loop *loop, const unsigned char *x)
{
    int64_t bytes = loop->step * (int64_t)ramet_dtype_bytes(loop->dtype), found = 0, best = 0, value;
    for (int64_t i = 0; i < loop->n; i++) {
        rmt_numbers_to_ints(loop->dtype, x + i * bytes, 1, &value, 1);
        bool better = loop->params->minimum ? value < best : value > best;
        if (i == 0 || better || (loop->params->last && value == best)) {
            found = i;
            best = value;
        }
    }
    return found;
}

static int64_t find(const arg_loop *loop, const unsigned char *x)
{
    if (loop->dtype == RAMET_DTYPE_FLOAT32 && loop->step == 1 && !loop->params->minimum && !loop->params->last)
        return loop->kernels->arg_max((const float *)(const void *)x, loop->n);
    return rmt_dtype_is_float(loop->dtype) ? find_double(loop, x) : find_int(loop, x);
}

/* The best of each column is found for many at a time where columns lie side by side, or are short. */
static bool in_columns(const arg_loop *loop, const rmt_row *row)
{
    return loop->dtype == RAMET_DTYPE_FLOAT32 && !loop->params->minimum && !loop->params->last && row->n > 1 &&
           loop->n < INT32_MAX && (row->step[1] == 1 || (loop->step == 1 && loop->n <= MOST_IN_COLUMN));
}

static void store_places(const arg_loop *loop, const int32_t *places, int64_t count, void *out, int64_t step)
{
    int64_t wide[COLUMNS];
    for (int64_t i = 0; i < count; i++)
        wide[i] = places[i];
    rmt_numbers_from_ints(loop->params->dtype, wide, out, step, count);
}

static void arg_columns(const arg_loop *loop, const rmt_row *row)
{
    float room[MOST_IN_COLUMN * COLUMNS];
    int32_t places[COLUMNS];
    int64_t out_bytes = row->step[0] * (int64_t)ramet_dtype_bytes(loop->params->dtype);
    for (int64_t i = 0; i < row->n; i += COLUMNS) {
        int64_t count = rmt_min_i64(COLUMNS, row->n - i);
        const float *x = (const float *)row->at[1] + i * row->step[1];
        ptrdiff_t x_row = loop->step;
        if (row->step[1] != 1) {
            loop->kernels->transpose(x, row->step[1], room, COLUMNS, loop->n, count);
            x = room;
            x_row = COLUMNS;
        }
        loop->kernels->arg_max_columns(x, x_row, (int32_t)loop->n, count, places);
        store_places(loop, places, count, (unsigned char *)row->at[0] + i * out_bytes, row->step[0]);
    }
}

static void arg_rows(void *context, const rmt_row *row)
{
    const arg_loop *loop = context;
    if (in_columns(loop, row)) {
        arg_columns(loop, row);
        return;
    }
    int64_t x_bytes = row->step[1] * (int64_t)ramet_dtype_bytes(loop->dtype);
    int64_t out_bytes = row->step[0] * (int64_t)ramet_dtype_bytes(loop->params->dtype);
    for (int64_t i = 0; i < row->n; i++) {
        int64_t found = find(loop, (const unsigned char *)row->at[1] + i * x_bytes);
        rmt_numbers_from_ints(loop->params->dtype, &found, (unsigned char *)row->at[0] + i * out_bytes, 1, 1);
    }
}

static void arg_run(const rmt_op_run *run)
{
    const arg_params *params = run->params;
    rmt_view x = run->in[0], out = run->out[0];
    int32_t axis = params->flatten ? 0 : rmt_axis_normalize(params->axis, x.shape.rank);
    arg_loop loop = {params, run->kernels, x.dtype, rmt_shape_elements(&x.shape), 1};
    if (!params->flatten) {
        loop.n = x.shape.dims[axis];
        loop.step = x.strides[axis];
    }
    int32_t gone = params->flatten ? x.shape.rank : 1;
    if (params->keep)
        out = rmt_view_without(&out, axis, gone);
    x = rmt_view_without(&x, axis, gone);
    rmt_nest nest = rmt_nest_of((const rmt_view *const[]){&out, &x}, 2);
    nest.piece = rmt_max_i64(1, nest.piece / loop.n);
    rmt_nest_run(&nest, run->team, arg_rows, &loop);
}

const rmt_op rmt_op_arg = {.name = "arg",
                           .params_bytes = sizeof(arg_params),
                           .load = arg_load,
                           .infer = arg_infer,
                           .place = arg_place,
                           .run = arg_run};

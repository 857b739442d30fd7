/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cumsum: running sums along an axis, or over everything in a row; without the
 * entry itself (exclusive), or from the end (reverse). float32 is added up as
 * float32, like PaddlePaddle's; neighbouring columns go together.
 */
#include "ops/ops_help.h"

#include <string.h>

enum { X, AXIS };

typedef struct cumsum_params {
    int64_t axis;
    bool flatten, exclusive, reverse;
} cumsum_params;

static ramet_status cumsum_load(rmt_op_load *load)
{
    cumsum_params *params = load->params;
    params->axis = rmt_node_int(load->node, "axis", -1);
    params->flatten = rmt_node_bool(load->node, "flatten", false);
    params->exclusive = rmt_node_bool(load->node, "exclusive", false);
    params->reverse = rmt_node_bool(load->node, "reverse", false);
    return rmt_load_inputs(load, 1);
}

/* A number is a list of one, and so is everything that is flattened. */
static rmt_view as_summed(const cumsum_params *params, const rmt_view *view)
{
    rmt_view summed = *view;
    if (params->flatten || view->shape.rank == 0) {
        summed.shape = (rmt_shape){1, {rmt_shape_elements(&view->shape)}};
        summed.strides[0] = 1;
    }
    return summed;
}

static bool read_axis(const cumsum_params *params, const rmt_view *in, int32_t in_count, int64_t *axis)
{
    *axis = params->flatten ? 0 : params->axis;
    return params->flatten || in_count <= AXIS || in[AXIS].shape.rank < 0 ||
           rmt_view_read_ints(&in[AXIS], axis, 1) == 1;
}

static ramet_status cumsum_infer(rmt_op_infer *infer)
{
    const cumsum_params *params = infer->params;
    rmt_view x = as_summed(params, &infer->in[X]);
    int64_t axis;
    if (!read_axis(params, infer->in, infer->in_count, &axis))
        return rmt_infer_unknown(infer, "the axis is not known before the run");
    if (rmt_axis_normalize(axis, x.shape.rank) < 0)
        return rmt_infer_fail(infer, "there is no axis %lld", (long long)axis);
    infer->out[0].dtype = x.dtype == RAMET_DTYPE_BOOL ? RAMET_DTYPE_INT64 : x.dtype;
    infer->out[0].shape = params->flatten ? x.shape : infer->in[X].shape;
    return rmt_infer_done(infer);
}

static void cumsum_place(rmt_op_place *place)
{
    const cumsum_params *params = place->params;
    for (int32_t i = 0; i < place->in_count; i++)
        place->form[i] = i > X || params->flatten ? RMT_FORM_DENSE : RMT_FORM_ANY;
    if (params->flatten)
        rmt_strides_dense(&place->out[0]);
    else
        rmt_strides_like(&place->out[0], &place->in[X]);
}

/* ---- run ------------------------------------------------------------------------------------------------------------ */

typedef struct cumsum_loop {
    ramet_dtype from, to;
    int64_t n, x_step, out_step; /* along the axis; negative steps where it goes backwards */
    bool exclusive;
} cumsum_loop;

/* Columns of the row stand side by side; each of up to RMT_ROW_ROOM has its own total. */
static void float_columns(void *context, const rmt_row *row)
{
    const cumsum_loop *loop = context;
    float total[RMT_ROW_ROOM] = {0};
    for (int64_t i = 0; i < loop->n; i++) {
        float *out = (float *)row->at[0] + i * loop->out_step;
        const float *x = (const float *)row->at[1] + i * loop->x_step;
        for (int64_t c = 0; c < row->n; c++) {
            float before = total[c];
            total[c] += x[c * row->step[1]];
            out[c * row->step[0]] = loop->exclusive ? before : total[c];
        }
    }
}

static void double_columns(void *context, const rmt_row *row)
{
    const cumsum_loop *loop = context;
    int64_t bytes = (int64_t)ramet_dtype_bytes(loop->from);
    double total[RMT_ROW_ROOM] = {0}, x[RMT_ROW_ROOM], before[RMT_ROW_ROOM];
    for (int64_t i = 0; i < loop->n; i++) {
        rmt_numbers_to_doubles(loop->from, (const unsigned char *)row->at[1] + i * loop->x_step * bytes, row->step[1],
                               x, row->n);
        memcpy(before, total, sizeof before);
        for (int64_t c = 0; c < row->n; c++)
            total[c] += x[c];
        rmt_numbers_from_doubles(loop->to, loop->exclusive ? before : total,
                                 (unsigned char *)row->at[0] + i * loop->out_step * bytes, row->step[0], row->n);
    }
}

static void integer_columns(void *context, const rmt_row *row)
{
    const cumsum_loop *loop = context;
    int64_t x_bytes = (int64_t)ramet_dtype_bytes(loop->from), out_bytes = (int64_t)ramet_dtype_bytes(loop->to);
    int64_t total[RMT_ROW_ROOM] = {0}, x[RMT_ROW_ROOM], before[RMT_ROW_ROOM];
    for (int64_t i = 0; i < loop->n; i++) {
        rmt_numbers_to_ints(loop->from, (const unsigned char *)row->at[1] + i * loop->x_step * x_bytes, row->step[1], x,
                            row->n);
        memcpy(before, total, sizeof before);
        for (int64_t c = 0; c < row->n; c++)
            total[c] = (int64_t)((uint64_t)total[c] + (uint64_t)x[c]);
        rmt_numbers_from_ints(loop->to, loop->exclusive ? before : total,
                              (unsigned char *)row->at[0] + i * loop->out_step * out_bytes, row->step[0], row->n);
    }
}

/* The view without its axis, at the end where sums begin. *step: from there on. */
static rmt_view start_view(const rmt_view *view, int32_t axis, bool reverse, int64_t *step)
{
    int64_t n = view->shape.dims[axis], stride = view->strides[axis];
    rmt_view start = rmt_view_without(view, axis, 1);
    start.data = rmt_view_at(view, reverse ? (n - 1) * stride : 0);
    *step = reverse ? -stride : stride;
    return start;
}

static void cumsum_run(const rmt_op_run *run)
{
    const cumsum_params *params = run->params;
    rmt_view x = as_summed(params, &run->in[X]), out = as_summed(params, &run->out[0]);
    int64_t given;
    if (rmt_shape_elements(&out.shape) == 0)
        return;
    (void)read_axis(params, run->in, run->in_count, &given);
    int32_t axis = rmt_axis_normalize(given, x.shape.rank);
    cumsum_loop loop = {.from = x.dtype, .to = out.dtype, .n = x.shape.dims[axis], .exclusive = params->exclusive};
    rmt_view from = start_view(&x, axis, params->reverse, &loop.x_step);
    rmt_view to = start_view(&out, axis, params->reverse, &loop.out_step);
    rmt_nest nest = rmt_nest_of((const rmt_view *const[]){&to, &from}, 2);
    nest.piece = rmt_min_i64(RMT_ROW_ROOM, rmt_max_i64(16, nest.piece / loop.n));
    rmt_row_task task = rmt_dtype_is_float(x.dtype) ? double_columns : integer_columns;
    rmt_nest_run(&nest, run->team, x.dtype == RAMET_DTYPE_FLOAT32 ? float_columns : task, &loop);
}

const rmt_op rmt_op_cumsum = {.name = "cumsum",
                              .params_bytes = sizeof(cumsum_params),
                              .load = cumsum_load,
                              .infer = cumsum_infer,
                              .place = cumsum_place,
                              .run = cumsum_run};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * p_norm along one axis (or of all numbers); reduce_logsumexp, reduce_variance
 * and reduce_deviation over any dimensions: a few passes over what becomes one
 * number, in double precision.
 */
#include "ops/ops_help.h"

#include <math.h>
#include <string.h>

typedef enum norm_kind { P_NORM, LOGSUMEXP, VARIANCE, DEVIATION } norm_kind;

typedef struct p_norm_params {
    norm_kind kind;
    bool all, keep;
    double order;
    double correction; /* of a variance: squares are divided by how many they are, less this */
    int64_t dims[RMT_MAX_RANK];
    int32_t dim_count;
} p_norm_params;

static norm_kind kind_of(const char *op)
{
    static const char *const names[] = {"p_norm", "reduce_logsumexp", "reduce_variance", "reduce_deviation"};
    norm_kind kind = P_NORM;
    while (kind < DEVIATION && strcmp(names[kind], op) != 0)
        kind++;
    return kind;
}

static ramet_status p_norm_load(rmt_op_load *load)
{
    p_norm_params *params = load->params;
    const rmt_node *node = load->node;
    params->kind = kind_of(node->op);
    bool reduces = params->kind != P_NORM;
    params->keep = rmt_node_bool(node, reduces ? "keep_dim" : "keepdim", false);
    params->order = rmt_node_float(node, "porder", 2);
    params->correction = rmt_node_float(node, "correction", 1);
    size_t count = rmt_node_ints(node, reduces ? "dim" : "axis", params->dims, RMT_MAX_RANK);
    if (count > RMT_MAX_RANK)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "attribute dim has %zu entries", count);
    params->dim_count = (int32_t)count;
    params->all = count == 0 || rmt_node_bool(node, reduces ? "reduce_all" : "asvector", false);
    return rmt_load_inputs(load, 1);
}

static ramet_status p_norm_infer(rmt_op_infer *infer)
{
    const p_norm_params *params = infer->params;
    const rmt_view *x = &infer->in[0];
    rmt_view *out = &infer->out[0];
    bool mask[RMT_MAX_RANK];
    if (!rmt_dtype_is_float(x->dtype))
        return rmt_infer_float32(infer, 0);
    if (!rmt_dims_mask(params->dims, params->dim_count, params->all, x->shape.rank, mask))
        return rmt_infer_fail(infer, "there is no such dimension to reduce");
    rmt_view reduced = rmt_view_pick(x, mask, true), kept = rmt_view_pick(x, mask, false);
    if (rmt_shape_elements(&reduced.shape) < 1)
        return rmt_infer_fail(infer, "there is nothing to reduce");
    out->dtype = x->dtype;
    out->shape = params->keep ? x->shape : kept.shape;
    for (int32_t i = 0; i < out->shape.rank && params->keep; i++)
        out->shape.dims[i] = mask[i] ? 1 : x->shape.dims[i];
    return rmt_infer_done(infer);
}

static void p_norm_place(rmt_op_place *place) { rmt_strides_dense(&place->out[0]); }

/* ---- run ------------------------------------------------------------------------------------------------------- */

typedef struct p_norm_loop {
    const p_norm_params *params;
    ramet_dtype dtype;
    rmt_nest reduced; /* the view is x at the element that is computed */
    int64_t count;    /* of numbers that become one */
} p_norm_loop;

/* What a pass over all numbers gathers. */
typedef enum pass {
    COUNT_PASS,
    LARGEST_PASS,
    SMALLEST_PASS,
    POWER_PASS,
    TOP_PASS,
    EXPONENTIAL_PASS,
    SUM_PASS,
    SQUARE_PASS
} pass;

static double gather(pass kind, double total, double x, double number)
{
    switch (kind) {
    case COUNT_PASS: return total + (x != 0 ? 1 : 0);
    case LARGEST_PASS: return fmax(total, fabs(x));
    case SMALLEST_PASS: return fmin(total, fabs(x));
    case POWER_PASS: return total + (number == 2 ? x * x : number == 1 ? fabs(x) : pow(fabs(x), number));
    case TOP_PASS: return fmax(total, x);
    case SUM_PASS: return total + x;
    case SQUARE_PASS: return total + (x - number) * (x - number);
    default: return total + exp(x - number);
    }
}

static double run_pass(const p_norm_loop *loop, pass kind, const unsigned char *x, double total, double number)
{
    const rmt_nest *nest = &loop->reduced;
    int64_t rows = rmt_nest_rows(nest), columns = nest->dims[nest->rank - 1], step = nest->strides[0][nest->rank - 1];
    double values[RMT_ROW_ROOM];
    for (int64_t r = 0; r < rows; r++) {
        int64_t offset = rmt_nest_row_offset(nest, 0, r);
        for (int64_t c = 0; c < columns; c += RMT_ROW_ROOM) {
            int64_t n = rmt_min_i64(RMT_ROW_ROOM, columns - c);
            rmt_numbers_to_doubles(loop->dtype, x + (offset + c * step) * nest->bytes[0], step, values, n);
            for (int64_t i = 0; i < n; i++)
                total = gather(kind, total, values[i], number);
        }
    }
    return total;
}

static double variance_of(const p_norm_loop *loop, const unsigned char *x)
{
    double count = (double)loop->count, mean = run_pass(loop, SUM_PASS, x, 0, 0) / count;
    return run_pass(loop, SQUARE_PASS, x, 0, mean) / fmax(count - loop->params->correction, 0);
}

static double norm_of(const p_norm_loop *loop, const unsigned char *x)
{
    double order = loop->params->order;
    if (loop->params->kind >= VARIANCE) {
        double variance = variance_of(loop, x);
        return loop->params->kind == VARIANCE ? variance : sqrt(variance);
    }
    if (loop->params->kind == LOGSUMEXP) {
        double largest = run_pass(loop, TOP_PASS, x, -(double)INFINITY, 0);
        return isfinite(largest) ? largest + log(run_pass(loop, EXPONENTIAL_PASS, x, 0, largest)) : largest;
    }
    if (order == 0)
        return run_pass(loop, COUNT_PASS, x, 0, 0);
    if (isinf(order))
        return order > 0 ? run_pass(loop, LARGEST_PASS, x, 0, 0)
                         : run_pass(loop, SMALLEST_PASS, x, (double)INFINITY, 0);
    double sum = run_pass(loop, POWER_PASS, x, 0, order);
    return order == 2 ? sqrt(sum) : order == 1 ? sum : pow(sum, 1 / order);
}

/* A row of kept elements. */
static void norm_row(void *context, const rmt_row *row)
{
    const p_norm_loop *loop = context;
    int64_t bytes = loop->reduced.bytes[0];
    for (int64_t i = 0; i < row->n; i++) {
        double norm = norm_of(loop, (const unsigned char *)row->at[0] + i * row->step[0] * bytes);
        rmt_numbers_from_doubles(loop->dtype, &norm, (unsigned char *)row->at[1] + i * row->step[1] * bytes, 1, 1);
    }
}

static void p_norm_run(const rmt_op_run *run)
{
    const p_norm_params *params = run->params;
    const rmt_view *x = &run->in[0], *out = &run->out[0];
    bool mask[RMT_MAX_RANK];
    if (rmt_shape_elements(&out->shape) == 0)
        return;
    (void)rmt_dims_mask(params->dims, params->dim_count, params->all, x->shape.rank, mask);
    rmt_view reduced = rmt_view_pick(x, mask, true), kept = rmt_view_pick(x, mask, false);
    rmt_view kept_out = params->keep ? rmt_view_pick(out, mask, false) : *out;
    p_norm_loop loop = {params, x->dtype, rmt_nest_of((const rmt_view *const[]){&reduced}, 1),
                        rmt_shape_elements(&reduced.shape)};
    rmt_nest nest = rmt_nest_of((const rmt_view *const[]){&kept, &kept_out}, 2);
    nest.piece = rmt_max_i64(1, nest.piece / loop.count);
    rmt_nest_run(&nest, run->team, norm_row, &loop);
}

const rmt_op rmt_op_p_norm = {.name = "p_norm",
                              .params_bytes = sizeof(p_norm_params),
                              .load = p_norm_load,
                              .infer = p_norm_infer,
                              .place = p_norm_place,
                              .run = p_norm_run};

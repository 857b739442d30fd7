/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reduce_sum, reduce_mean, reduce_max, reduce_min, reduce_prod, and
 * reduce_any, reduce_all of truths, over any dimensions of any layout. Two ways
 * are fast: what is reduced lies together (a row becomes a number), or what is
 * kept does (rows are added into a row: the mean over the pixels of a
 * channels-last image). Everything else, and every dtype but float32, goes
 * through int64 or double, one result after the other.
 *
 * The order of a sum follows from the layout alone, never from how the kept
 * elements are split among threads.
 */
#include "ops/ops_help.h"

#include <math.h>
#include <string.h>

enum { GROUP = 64 }; /* rows that are added up before they are added to the total: bounds the rounding of long sums */

typedef struct reduce_params {
    rmt_reduce function;
    bool mean, keep, all;
    bool truths; /* numbers count as 0 or 1, and so does the result */
    bool own_dtype;
    ramet_dtype dtype; /* of the result, where own_dtype */
    int64_t dims[RMT_MAX_RANK];
    int32_t dim_count;
} reduce_params;

static ramet_status reduce_load(rmt_op_load *load)
{
    static const struct {
        const char *name;
        rmt_reduce function;
        bool mean, truths;
    } kinds[] = {
        {"reduce_sum", RMT_REDUCE_SUM, false, false},   {"reduce_mean", RMT_REDUCE_SUM, true, false},
        {"reduce_max", RMT_REDUCE_MAX, false, false},   {"reduce_min", RMT_REDUCE_MIN, false, false},
        {"reduce_prod", RMT_REDUCE_PROD, false, false}, {"reduce_any", RMT_REDUCE_MAX, false, true},
        {"reduce_all", RMT_REDUCE_MIN, false, true},
    };
    reduce_params *params = load->params;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].name, load->node->op) == 0) {
            params->function = kinds[i].function;
            params->mean = kinds[i].mean;
            params->truths = kinds[i].truths;
        }
    }
    size_t count = rmt_node_ints(load->node, "dim", params->dims, RMT_MAX_RANK);
    if (count > RMT_MAX_RANK)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "attribute dim has %zu entries", count);
    params->own_dtype = rmt_node_attr(load->node, "dtype") != NULL;
    params->dtype = (ramet_dtype)rmt_node_int(load->node, "dtype", RAMET_DTYPE_FLOAT32);
    if (ramet_dtype_bytes(params->dtype) == 0)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "attribute dtype names no element type");
    params->dim_count = (int32_t)count;
    params->keep = rmt_node_bool(load->node, "keep_dim", false);
    params->all = rmt_node_bool(load->node, "reduce_all", false) || count == 0;
    return rmt_load_inputs(load, 1);
}

/* Sums of truths are counts; those of int32 PaddlePaddle makes as int64. */
static ramet_dtype result_dtype(const reduce_params *params, ramet_dtype dtype)
{
    bool sum = params->function == RMT_REDUCE_SUM && !params->mean;
    bool counts = dtype == RAMET_DTYPE_BOOL && (sum || params->function == RMT_REDUCE_PROD);
    if (params->truths)
        return RAMET_DTYPE_BOOL;
    if (params->own_dtype)
        return params->dtype;
    return counts || (sum && dtype == RAMET_DTYPE_INT32) ? RAMET_DTYPE_INT64 : dtype;
}

static ramet_status reduce_infer(rmt_op_infer *infer)
{
    const reduce_params *params = infer->params;
    const rmt_view *x = &infer->in[0];
    rmt_view *out = &infer->out[0];
    bool mask[RMT_MAX_RANK];
    if (!rmt_dims_mask(params->dims, params->dim_count, params->all, x->shape.rank, mask))
        return rmt_infer_fail(infer, "attribute dim names a dimension that is not there");
    rmt_view reduced = rmt_view_pick(x, mask, true), kept = rmt_view_pick(x, mask, false);
    bool sums = params->function == RMT_REDUCE_SUM && !params->mean;
    bool needs_one = !sums && !params->truths && params->function != RMT_REDUCE_PROD;
    if (rmt_shape_elements(&reduced.shape) < 1 && needs_one && rmt_shape_elements(&kept.shape) != 0)
        return rmt_infer_fail(infer, "there is nothing to reduce");
    out->dtype = result_dtype(params, x->dtype);
    out->shape = params->keep ? x->shape : kept.shape;
    for (int32_t i = 0; i < out->shape.rank && params->keep; i++)
        out->shape.dims[i] = mask[i] ? 1 : x->shape.dims[i];
    return rmt_infer_done(infer);
}

static void reduce_place(rmt_op_place *place)
{
    const reduce_params *params = place->params;
    if (params->keep)
        rmt_strides_like(&place->out[0], &place->in[0]);
    else
        rmt_strides_dense(&place->out[0]);
}

/* ---- run ------------------------------------------------------------------------------------------------------- */

typedef struct reduce_loop {
    const rmt_op_run *run;
    const reduce_params *params;
    rmt_nest reduced;            /* what becomes one element: the view is x at that element */
    int64_t rows, columns, step; /* of it, outer to inner; the step between columns */
    double count;
} reduce_loop;

static float combine(rmt_reduce function, float a, float b)
{
    switch (function) {
    case RMT_REDUCE_MAX: return a > b ? a : b;
    case RMT_REDUCE_MIN: return a < b ? a : b;
    case RMT_REDUCE_PROD: return a * b;
    default: return a + b;
    }
}

/* A row of kept elements; what is reduced for each lies together. */
static void reduce_together(void *context, const rmt_row *row)
{
    const reduce_loop *loop = context;
    rmt_reduce function = loop->params->function;
    float factor = loop->params->mean ? (float)(1.0 / loop->count) : 1.0f;
    for (int64_t i = 0; i < row->n; i++) {
        const float *x = (const float *)row->at[0] + i * row->step[0];
        float total = loop->run->kernels->reduce(function, x, loop->columns);
        for (int64_t r = 1; r < loop->rows; r++) {
            const float *more = x + rmt_nest_row_offset(&loop->reduced, 0, r);
            total = combine(function, total, loop->run->kernels->reduce(function, more, loop->columns));
        }
        ((float *)row->at[1])[i * row->step[1]] = total * factor;
    }
}

/* A row of kept elements that lie together, and so do those that are reduced into them. */
static void reduce_rows(void *context, const rmt_row *row)
{
    const reduce_loop *loop = context;
    const rmt_kernels *kernels = loop->run->kernels;
    rmt_reduce function = loop->params->function;
    float total[RMT_ROW_ROOM], group[RMT_ROW_ROOM];
    size_t bytes = (size_t)row->n * sizeof(float);
    int64_t done = 0;
    for (int64_t r = 0; r < loop->rows; r++) {
        const float *x = (const float *)row->at[0] + rmt_nest_row_offset(&loop->reduced, 0, r);
        for (int64_t c = 0; c < loop->columns; c++, done++, x += loop->step) {
            if (done % GROUP != 0) {
                kernels->reduce_into(function, group, x, row->n);
                continue;
            }
            if (done == GROUP)
                memcpy(total, group, bytes);
            else if (done > GROUP)
                kernels->reduce_into(function, total, group, row->n);
            memcpy(group, x, bytes);
        }
    }
    if (done > GROUP)
        kernels->reduce_into(function, total, group, row->n);
    rmt_activation mean = rmt_activation_none();
    mean.scale = loop->params->mean ? (float)(1.0 / loop->count) : 1.0f;
    kernels->unary(done > GROUP ? total : group, total, row->n, &mean);
    for (int64_t i = 0; i < row->n; i++)
        ((float *)row->at[1])[i * row->step[1]] = total[i];
}

/* ---- any dtype, any strides -------------------------------------------------------------------------------------- */

static double fold_double(rmt_reduce function, double total, double value)
{
    switch (function) {
    case RMT_REDUCE_MAX: return value > total || isnan(value) ? value : total;
    case RMT_REDUCE_MIN: return value < total || isnan(value) ? value : total;
    case RMT_REDUCE_PROD: return total * value;
    default: return total + value;
    }
}

static int64_t fold_int(rmt_reduce function, int64_t total, int64_t value)
{
    switch (function) {
    case RMT_REDUCE_MAX: return rmt_max_i64(total, value);
    case RMT_REDUCE_MIN: return rmt_min_i64(total, value);
    case RMT_REDUCE_PROD: return (int64_t)((uint64_t)total * (uint64_t)value);
    default: return (int64_t)((uint64_t)total + (uint64_t)value);
    }
}

/* Reads what is reduced into one element, row by row in pieces: [first, first + count) of row r, as truths if wanted. */
static void read_doubles(const reduce_loop *loop, const unsigned char *x, int64_t r, int64_t first, int64_t count,
                         double *values)
{
    int64_t offset = rmt_nest_row_offset(&loop->reduced, 0, r) + first * loop->step;
    rmt_numbers_to_doubles(loop->run->in[0].dtype, x + offset * loop->reduced.bytes[0], loop->step, values, count);
    for (int64_t i = 0; i < count && loop->params->truths; i++)
        values[i] = values[i] != 0;
}

static void read_ints(const reduce_loop *loop, const unsigned char *x, int64_t r, int64_t first, int64_t count,
                      int64_t *values)
{
    int64_t offset = rmt_nest_row_offset(&loop->reduced, 0, r) + first * loop->step;
    rmt_numbers_to_ints(loop->run->in[0].dtype, x + offset * loop->reduced.bytes[0], loop->step, values, count);
    for (int64_t i = 0; i < count && loop->params->truths; i++)
        values[i] = values[i] != 0;
}

static double reduce_doubles(const reduce_loop *loop, const unsigned char *x)
{
    static const double start[RMT_REDUCE_COUNT] = {
        [RMT_REDUCE_MAX] = (double)-INFINITY, [RMT_REDUCE_MIN] = (double)INFINITY, [RMT_REDUCE_PROD] = 1};
    rmt_reduce function = loop->params->function;
    double values[RMT_ROW_ROOM], total = loop->params->truths ? function == RMT_REDUCE_MIN : start[function];
    for (int64_t r = 0; r < loop->rows; r++) {
        for (int64_t first = 0; first < loop->columns; first += RMT_ROW_ROOM) {
            int64_t count = rmt_min_i64(RMT_ROW_ROOM, loop->columns - first);
            read_doubles(loop, x, r, first, count, values);
            for (int64_t i = 0; i < count; i++)
                total = fold_double(function, total, values[i]);
        }
    }
    return loop->params->mean ? total / loop->count : total;
}

static int64_t reduce_ints(const reduce_loop *loop, const unsigned char *x)
{
    static const int64_t start[RMT_REDUCE_COUNT] = {
        [RMT_REDUCE_MAX] = INT64_MIN, [RMT_REDUCE_MIN] = INT64_MAX, [RMT_REDUCE_PROD] = 1};
    rmt_reduce function = loop->params->function;
    int64_t values[RMT_ROW_ROOM], total = loop->params->truths ? function == RMT_REDUCE_MIN : start[function];
    for (int64_t r = 0; r < loop->rows; r++) {
        for (int64_t first = 0; first < loop->columns; first += RMT_ROW_ROOM) {
            int64_t count = rmt_min_i64(RMT_ROW_ROOM, loop->columns - first);
            read_ints(loop, x, r, first, count, values);
            for (int64_t i = 0; i < count; i++)
                total = fold_int(function, total, values[i]);
        }
    }
    return loop->params->mean ? total / (int64_t)loop->count : total;
}

static void reduce_one_by_one(void *context, const rmt_row *row)
{
    const reduce_loop *loop = context;
    ramet_dtype to = loop->run->out[0].dtype;
    int64_t x_bytes = loop->reduced.bytes[0], out_bytes = (int64_t)ramet_dtype_bytes(to);
    for (int64_t i = 0; i < row->n; i++) {
        const unsigned char *x = (const unsigned char *)row->at[0] + i * row->step[0] * x_bytes;
        unsigned char *out = (unsigned char *)row->at[1] + i * row->step[1] * out_bytes;
        if (rmt_dtype_is_float(loop->run->in[0].dtype))
            rmt_numbers_from_doubles(to, (const double[]){reduce_doubles(loop, x)}, out, 1, 1);
        else
            rmt_numbers_from_ints(to, (const int64_t[]){reduce_ints(loop, x)}, out, 1, 1);
    }
}

static void reduce_run(const rmt_op_run *run)
{
    const reduce_params *params = run->params;
    const rmt_view *x = &run->in[0], *out = &run->out[0];
    bool mask[RMT_MAX_RANK];
    if (rmt_shape_elements(&out->shape) == 0)
        return;
    (void)rmt_dims_mask(params->dims, params->dim_count, params->all, x->shape.rank, mask);
    rmt_view reduced = rmt_view_pick(x, mask, true), kept = rmt_view_pick(x, mask, false);
    rmt_view kept_out = params->keep ? rmt_view_pick(out, mask, false) : *out;
    reduce_loop loop = {.run = run, .params = params, .reduced = rmt_nest_of((const rmt_view *const[]){&reduced}, 1)};
    rmt_nest nest = rmt_nest_of((const rmt_view *const[]){&kept, &kept_out}, 2);
    int32_t last = loop.reduced.rank - 1;
    loop.rows = rmt_nest_rows(&loop.reduced);
    loop.columns = loop.reduced.dims[last];
    loop.step = loop.reduced.strides[0][last];
    loop.count = (double)(loop.rows * loop.columns);
    nest.piece = rmt_max_i64(1, rmt_min_i64(RMT_ROW_ROOM, nest.piece / rmt_max_i64(1, loop.rows * loop.columns)));
    rmt_row_task task = reduce_one_by_one;
    bool floats = x->dtype == RAMET_DTYPE_FLOAT32 && out->dtype == RAMET_DTYPE_FLOAT32 && loop.count > 0;
    if (floats && loop.step == 1) {
        task = reduce_together;
    } else if (floats && nest.strides[0][nest.rank - 1] == 1) {
        task = reduce_rows;
        nest.piece = rmt_max_i64(nest.piece, 64);
    }
    rmt_nest_run(&nest, run->team, task, &loop);
}

const rmt_op rmt_op_reduce = {.name = "reduce",
                              .params_bytes = sizeof(reduce_params),
                              .load = reduce_load,
                              .infer = reduce_infer,
                              .place = reduce_place,
                              .run = reduce_run};

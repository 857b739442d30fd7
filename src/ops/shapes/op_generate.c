/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers by rule: range, linspace, eye; and triangle, which keeps a triangle
 * of each matrix. Floats follow PaddlePaddle to the bit: range adds its step
 * again and again, linspace counts from both ends.
 */
#include "ops/ops_help.h"

#include <math.h>
#include <string.h>

typedef struct generate_params {
    ramet_dtype dtype;
    bool own_dtype;
    int64_t rows, columns;
    int64_t diagonal;
    bool lower;
} generate_params;

static ramet_status generate_load(rmt_op_load *load, int32_t required)
{
    generate_params *params = load->params;
    const rmt_node *node = load->node;
    params->own_dtype = rmt_node_attr(node, "dtype") != NULL;
    params->dtype = (ramet_dtype)rmt_node_int(node, "dtype", RAMET_DTYPE_FLOAT32);
    params->rows = rmt_node_int(node, "rows", 0);
    params->columns = rmt_node_int(node, "columns", -1);
    params->diagonal = rmt_node_int(node, "diagonal", 0);
    params->lower = rmt_node_bool(node, "lower", false);
    if (ramet_dtype_bytes(params->dtype) == 0)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "attribute dtype names no element type");
    return rmt_load_inputs(load, required);
}

static ramet_status three_inputs_load(rmt_op_load *load) { return generate_load(load, 3); }
static ramet_status one_input_load(rmt_op_load *load) { return generate_load(load, 1); }
static ramet_status no_input_load(rmt_op_load *load) { return generate_load(load, 0); }

static ramet_dtype result_dtype(const generate_params *params, const rmt_view *in)
{
    return params->own_dtype ? params->dtype : in[0].dtype;
}

/* ---- range ----------------------------------------------------------------------------------------------------------- */

enum { START, END, STEP };

/* The three numbers, as the type of the result has them. */
typedef struct range_numbers {
    double d[3];
    int64_t i[3];
    bool is_float;
} range_numbers;

static bool read_numbers(const rmt_view *in, int32_t count, ramet_dtype dtype, range_numbers *numbers)
{
    numbers->is_float = rmt_dtype_is_float(dtype);
    for (int32_t i = 0; i < count; i++) {
        if (in[i].data == NULL || rmt_shape_elements(&in[i].shape) != 1)
            return false;
        rmt_numbers_to_doubles(in[i].dtype, in[i].data, 1, &numbers->d[i], 1);
        rmt_numbers_to_ints(in[i].dtype, in[i].data, 1, &numbers->i[i], 1);
        if (dtype == RAMET_DTYPE_FLOAT32)
            numbers->d[i] = (double)(float)numbers->d[i];
    }
    return true;
}

/* How many numbers a range has; -1: none can say. */
static int64_t range_count(const range_numbers *n, ramet_dtype dtype)
{
    if (!n->is_float) {
        int64_t length, step = n->i[STEP];
        if (step == 0 || step == INT64_MIN || __builtin_sub_overflow(n->i[END], n->i[START], &length))
            return -1;
        if (length == 0 || (length > 0) != (step > 0))
            return 0;
        return step > 0 ? (length - 1) / step + 1 : (length + 1) / step + 1;
    }
    double count = (n->d[END] - n->d[START]) / n->d[STEP];
    if (dtype == RAMET_DTYPE_FLOAT32)
        count = (double)(((float)n->d[END] - (float)n->d[START]) / (float)n->d[STEP]);
    if (!isfinite(count) || count > (double)RMT_MAX_ELEMENTS)
        return -1;
    return count > 0 ? (int64_t)ceil(count) : 0;
}

static bool any_unknown(const rmt_op_infer *infer, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        if (infer->in[i].data == NULL)
            return true;
    return false;
}

static ramet_status range_infer(rmt_op_infer *infer)
{
    ramet_dtype dtype = result_dtype(infer->params, infer->in);
    range_numbers numbers;
    if (any_unknown(infer, 3))
        return rmt_infer_unknown(infer, "the ends of the range are not known before the run");
    int64_t count = read_numbers(infer->in, 3, dtype, &numbers) ? range_count(&numbers, dtype) : -1;
    if (count < 0)
        return rmt_infer_fail(infer, "there is no such range");
    infer->out[0].dtype = dtype;
    infer->out[0].shape = (rmt_shape){1, {count}};
    return rmt_infer_done(infer);
}

static void range_run(const rmt_op_run *run)
{
    const rmt_view *out = &run->out[0];
    range_numbers n;
    (void)read_numbers(run->in, 3, out->dtype, &n);
    double value = n.d[START];
    for (int64_t i = 0; i < out->shape.dims[0]; i++) {
        int64_t integer = (int64_t)((uint64_t)n.i[START] + (uint64_t)i * (uint64_t)n.i[STEP]);
        if (n.is_float)
            rmt_numbers_from_doubles(out->dtype, &value, rmt_view_at(out, i), 1, 1);
        else
            rmt_numbers_from_ints(out->dtype, &integer, rmt_view_at(out, i), 1, 1);
        value += n.d[STEP];
        if (out->dtype == RAMET_DTYPE_FLOAT32)
            value = (double)(float)value;
    }
}

const rmt_op rmt_op_range = {.name = "range",
                             .params_bytes = sizeof(generate_params),
                             .load = three_inputs_load,
                             .infer = range_infer,
                             .run = range_run};

/* ---- linspace ---------------------------------------------------------------------------------------------------------- */

enum { STOP = 1, NUMBER = 2 };

static ramet_status linspace_infer(rmt_op_infer *infer)
{
    int64_t number;
    if (rmt_view_read_ints(&infer->in[NUMBER], &number, 1) != 1)
        return rmt_infer_unknown(infer, "how many numbers is not known before the run");
    for (int32_t i = START; i <= STOP; i++)
        if (rmt_shape_elements(&infer->in[i].shape) != 1)
            return rmt_infer_fail(infer, "an end is not one number");
    if (number < 1)
        return rmt_infer_fail(infer, "a list of %lld numbers", (long long)number);
    infer->out[0].dtype = result_dtype(infer->params, infer->in);
    infer->out[0].shape = (rmt_shape){1, {number}};
    return rmt_infer_done(infer);
}

static void linspace_run(const rmt_op_run *run)
{
    const rmt_view *out = &run->out[0];
    int64_t count = out->shape.dims[0];
    range_numbers n;
    (void)read_numbers(run->in, 2, out->dtype, &n);
    double start = n.is_float ? n.d[START] : (double)n.i[START], stop = n.is_float ? n.d[STOP] : (double)n.i[STOP];
    double length = out->dtype == RAMET_DTYPE_FLOAT32 ? (double)((float)stop - (float)start) : stop - start;
    double step = count > 1 ? length / (double)(count - 1) : 0;
    for (int64_t i = 0; i < count; i++) {
        double value = i < count / 2 || count == 1 ? start + step * (double)i : stop - step * (double)(count - 1 - i);
        rmt_numbers_from_doubles(out->dtype, &value, rmt_view_at(out, i), 1, 1);
    }
}

const rmt_op rmt_op_linspace = {.name = "linspace",
                                .params_bytes = sizeof(generate_params),
                                .load = three_inputs_load,
                                .infer = linspace_infer,
                                .run = linspace_run};

/* ---- eye --------------------------------------------------------------------------------------------------------------- */

static ramet_status eye_infer(rmt_op_infer *infer)
{
    const generate_params *params = infer->params;
    int64_t size[2] = {params->rows, params->columns};
    for (int32_t i = 0; i < 2; i++)
        if (infer->in_count > i && infer->in[i].shape.rank >= 0 && rmt_view_read_ints(&infer->in[i], &size[i], 1) != 1)
            return rmt_infer_unknown(infer, "the size is not known before the run");
    infer->out[0].dtype = params->dtype;
    infer->out[0].shape = (rmt_shape){2, {size[0], size[1] == -1 ? size[0] : size[1]}};
    return rmt_infer_done(infer);
}

static void eye_run(const rmt_op_run *run)
{
    const rmt_view *out = &run->out[0];
    int64_t rows = out->shape.dims[0], columns = out->shape.dims[1], one = 1;
    if (rows * columns == 0)
        return;
    memset(out->data, 0, (size_t)(rows * columns) * ramet_dtype_bytes(out->dtype));
    for (int64_t i = 0; i < rmt_min_i64(rows, columns); i++)
        rmt_numbers_from_ints(out->dtype, &one, rmt_view_at(out, i * columns + i), 1, 1);
}

const rmt_op rmt_op_eye = {
    .name = "eye", .params_bytes = sizeof(generate_params), .load = no_input_load, .infer = eye_infer, .run = eye_run};

/* ---- triangle ----------------------------------------------------------------------------------------------------------- */

static ramet_status triangle_infer(rmt_op_infer *infer)
{
    if (infer->in[0].shape.rank < 2)
        return rmt_infer_fail(infer, "triangles are those of matrices");
    return rmt_infer_same(infer);
}

typedef struct triangle_loop {
    const rmt_op_run *run;
    int64_t rows, columns;
} triangle_loop;

static int64_t clamp(int64_t value, int64_t high) { return rmt_min_i64(rmt_max_i64(value, 0), high); }

/* Of row r are kept the columns up to r + diagonal, or those from there. */
static void triangle_rows(void *context, int64_t first, int64_t last, int thread)
{
    const triangle_loop *loop = context;
    const generate_params *params = loop->run->params;
    const rmt_view *x = &loop->run->in[0], *out = &loop->run->out[0];
    int64_t n = loop->columns, diagonal = rmt_max_i64(rmt_min_i64(params->diagonal, n), -loop->rows);
    size_t bytes = ramet_dtype_bytes(x->dtype);
    (void)thread;
    for (int64_t r = first; r < last; r++) {
        int64_t cut = clamp(r % loop->rows + diagonal + (params->lower ? 1 : 0), n);
        int64_t from = params->lower ? 0 : cut, to = params->lower ? cut : n;
        memset(rmt_view_at(out, r * n), 0, (size_t)from * bytes);
        memcpy(rmt_view_at(out, r * n + from), rmt_view_at(x, r * n + from), (size_t)(to - from) * bytes);
        memset(rmt_view_at(out, r * n + to), 0, (size_t)(n - to) * bytes);
    }
}

static void triangle_run(const rmt_op_run *run)
{
    const rmt_shape *shape = &run->out[0].shape;
    int64_t elements = rmt_shape_elements(shape);
    if (elements == 0)
        return;
    triangle_loop loop = {run, shape->dims[shape->rank - 2], shape->dims[shape->rank - 1]};
    rmt_for_range(run->team, elements / loop.columns, 16384 / loop.columns + 1, triangle_rows, &loop);
}

const rmt_op rmt_op_triangle = {.name = "triangle",
                                .params_bytes = sizeof(generate_params),
                                .load = one_input_load,
                                .infer = triangle_infer,
                                .run = triangle_run};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diag: a list becomes the diagonal of a matrix, or a matrix gives its
 * diagonal. inverse: of square matrices, by Gauss-Jordan elimination with
 * partial pivoting, in double precision; a singular matrix gives infinities
 * and NaNs, never a trap.
 */
#include "ops/ops_help.h"

#include <math.h>
#include <string.h>

/* ---- diag ---------------------------------------------------------------------------------------------------- */

typedef struct diag_params {
    int64_t offset; /* of the diagonal: positive ones lie above the main one */
    double padding_value;
} diag_params;

static ramet_status diag_load(rmt_op_load *load)
{
    diag_params *params = load->params;
    params->offset = rmt_node_int(load->node, "offset", 0);
    params->padding_value = rmt_node_float(load->node, "padding_value", 0);
    if (params->offset < -RMT_MAX_ELEMENTS || params->offset > RMT_MAX_ELEMENTS)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "no matrix has a diagonal %lld",
                        (long long)params->offset);
    return rmt_load_one_input(load);
}

static ramet_status diag_infer(rmt_op_infer *infer)
{
    const diag_params *params = infer->params;
    const rmt_shape *x = &infer->in[0].shape;
    rmt_shape *out = &infer->out[0].shape;
    int64_t down = rmt_max_i64(-params->offset, 0), right = rmt_max_i64(params->offset, 0);
    infer->out[0].dtype = infer->in[0].dtype;
    if (x->rank == 1)
        *out = (rmt_shape){2, {x->dims[0] + down + right, x->dims[0] + down + right}};
    else if (x->rank == 2)
        *out = (rmt_shape){1, {rmt_max_i64(0, rmt_min_i64(x->dims[0] - down, x->dims[1] - right))}};
    else
        return rmt_infer_fail(infer, "only lists and matrices have a diagonal");
    return rmt_infer_done(infer);
}

/* The diagonal of a dense matrix as a list with a stride. */
static rmt_view diagonal_of(const rmt_view *matrix, int64_t offset, int64_t count)
{
    int64_t columns = matrix->shape.dims[1];
    int64_t first = offset >= 0 ? offset : -offset * columns;
    rmt_view list = {.dtype = matrix->dtype, .shape = {1, {count}}, .strides = {columns + 1}};
    list.data = rmt_view_at(matrix, count > 0 ? first : 0);
    return list;
}

static void diag_run(const rmt_op_run *run)
{
    const diag_params *params = run->params;
    const rmt_view *x = &run->in[0], *out = &run->out[0];
    if (x->shape.rank == 2) {
        rmt_view list = diagonal_of(x, params->offset, out->shape.dims[0]);
        rmt_copy_view(run->kernels, &list, out);
        return;
    }
    for (int64_t i = 0; i < rmt_shape_elements(&out->shape); i++)
        rmt_numbers_from_doubles(out->dtype, &params->padding_value, rmt_view_at(out, i), 1, 1);
    rmt_view list = diagonal_of(out, params->offset, x->shape.dims[0]);
    rmt_copy_view(run->kernels, x, &list);
}

const rmt_op rmt_op_diag = {
    .name = "diag", .params_bytes = sizeof(diag_params), .load = diag_load, .infer = diag_infer, .run = diag_run};

/* ---- inverse --------------------------------------------------------------------------------------------------- */

static ramet_status inverse_infer(rmt_op_infer *infer)
{
    const rmt_view *x = &infer->in[0];
    int32_t rank = x->shape.rank;
    if (rank < 2 || x->shape.dims[rank - 1] != x->shape.dims[rank - 2] || !rmt_dtype_is_float(x->dtype))
        return rmt_infer_fail(infer, "only square matrices of floating-point numbers have an inverse");
    return rmt_infer_same(infer);
}

static void inverse_place(rmt_op_place *place)
{
    int64_t n = place->in[0].shape.dims[place->in[0].shape.rank - 1];
    place->form[0] = RMT_FORM_DENSE;
    rmt_strides_dense(&place->out[0]);
    place->scratch_bytes = (size_t)(2 * n * n) * sizeof(double);
}

/* rows: [n, 2 n], a matrix and the unit matrix beside it. */
static void start_rows(const rmt_view *x, int64_t matrix, int64_t n, double *rows)
{
    for (int64_t i = 0; i < n; i++) {
        double *row = rows + i * 2 * n;
        memset(row, 0, (size_t)(2 * n) * sizeof *row);
        rmt_numbers_to_doubles(x->dtype, rmt_view_at(x, (matrix * n + i) * n), 1, row, n);
        row[n + i] = 1;
    }
}

static void swap_rows(double *a, double *b, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        double kept = a[i];
        a[i] = b[i];
        b[i] = kept;
    }
}

/* Column k becomes that of the unit matrix. */
static void eliminate(double *rows, int64_t n, int64_t k)
{
    int64_t pivot = k;
    for (int64_t i = k + 1; i < n; i++)
        if (fabs(rows[i * 2 * n + k]) > fabs(rows[pivot * 2 * n + k]))
            pivot = i;
    double *row = rows + k * 2 * n;
    if (pivot != k)
        swap_rows(row, rows + pivot * 2 * n, 2 * n);
    double factor = 1 / row[k];
    for (int64_t j = 0; j < 2 * n; j++)
        row[j] *= factor;
    for (int64_t i = 0; i < n; i++) {
        double share = rows[i * 2 * n + k];
        for (int64_t j = 0; i != k && share != 0 && j < 2 * n; j++)
            rows[i * 2 * n + j] -= share * row[j];
    }
}

static void inverse_run(const rmt_op_run *run)
{
    const rmt_view *x = &run->in[0], *out = &run->out[0];
    int64_t n = x->shape.dims[x->shape.rank - 1];
    int64_t matrices = rmt_dims_product(&x->shape, 0, x->shape.rank - 2);
    double *rows = (double *)(void *)run->scratch;
    for (int64_t m = 0; m < matrices; m++) {
        start_rows(x, m, n, rows);
        for (int64_t k = 0; k < n; k++)
            eliminate(rows, n, k);
        for (int64_t i = 0; i < n; i++)
            rmt_numbers_from_doubles(out->dtype, rows + i * 2 * n + n, rmt_view_at(out, (m * n + i) * n), 1, n);
    }
}

const rmt_op rmt_op_inverse = {
    .name = "inverse", .load = rmt_load_one_input, .infer = inverse_infer, .place = inverse_place, .run = inverse_run};

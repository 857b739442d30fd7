/* SPDX-License-Identifier: Apache-2.0 */
/* Reading indices, from the end where negative and never outside; putting numbers. */
#include "ops/index/indices.h"

#include <string.h>

int64_t rmt_index_at(const rmt_view *index, int64_t i, int64_t size)
{
    int64_t at;
    rmt_numbers_to_ints(index->dtype, rmt_view_at(index, i), 1, &at, 1);
    at += at < 0 ? size : 0;
    return at >= 0 && at < size ? at : -1;
}

int32_t rmt_index_tuple_length(const rmt_view *index, const rmt_shape *x)
{
    int32_t rank = index->shape.rank;
    if (rank < 1 || rmt_dtype_is_float(index->dtype) || index->shape.dims[rank - 1] > x->rank)
        return -1;
    return (int32_t)index->shape.dims[rank - 1];
}

int64_t rmt_index_tuple(const rmt_view *index, int64_t i, const rmt_shape *x)
{
    int32_t length = (int32_t)index->shape.dims[index->shape.rank - 1];
    int64_t slice = 0;
    for (int32_t d = 0; d < length; d++) {
        int64_t at = rmt_index_at(index, i * length + d, x->dims[d]);
        if (at < 0)
            return -1;
        slice = slice * x->dims[d] + at;
    }
    return slice;
}

rmt_shape rmt_index_list_shape(const rmt_view *index)
{
    rmt_shape shape = index->shape;
    if (shape.rank == 2 && shape.dims[1] == 1)
        shape.rank = 1;
    return shape;
}

/* ---- putting ------------------------------------------------------------------------------------------------------- */

bool rmt_reduction_read(const rmt_node *node, rmt_reduction *reduction)
{
    static const char *const names[RMT_REDUCTIONS] = {"none", "add", "mul", "max", "min"};
    const char *name = rmt_node_string(node, "reduction", "none");
    for (int i = 0; i < RMT_REDUCTIONS; i++) {
        *reduction = (rmt_reduction)i;
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

void rmt_put_place(rmt_op_place *place)
{
    for (int32_t i = 0; i < place->in_count; i++)
        place->form[i] = RMT_FORM_DENSE;
    rmt_strides_dense(&place->out[0]);
    place->place[0].in_place_of = 0;
}

bool rmt_put_start(const rmt_op_run *run)
{
    const rmt_view *x = &run->in[0], *out = &run->out[0];
    if (rmt_shape_elements(&out->shape) == 0)
        return false;
    if (x->data != out->data)
        rmt_run_copy(run, x, out);
    return true;
}

static double reduce_double(rmt_reduction reduction, double a, double b)
{
    switch (reduction) {
    case RMT_REDUCTION_ADD: return a + b;
    case RMT_REDUCTION_MUL: return a * b;
    case RMT_REDUCTION_MAX: return a > b ? a : b;
    case RMT_REDUCTION_MIN: return a < b ? a : b;
    default: return b;
    }
}

static int64_t reduce_int(rmt_reduction reduction, int64_t a, int64_t b)
{
    switch (reduction) {
    case RMT_REDUCTION_ADD: return (int64_t)((uint64_t)a + (uint64_t)b);
    case RMT_REDUCTION_MUL: return (int64_t)((uint64_t)a * (uint64_t)b);
    case RMT_REDUCTION_MAX: return rmt_max_i64(a, b);
    case RMT_REDUCTION_MIN: return rmt_min_i64(a, b);
    default: return b;
    }
}

/* At most RMT_ROW_ROOM numbers. */
static void reduce_numbers(ramet_dtype dtype, unsigned char *to, const unsigned char *from, int64_t n,
                           rmt_reduction reduction)
{
    double a[RMT_ROW_ROOM], b[RMT_ROW_ROOM];
    int64_t p[RMT_ROW_ROOM], q[RMT_ROW_ROOM];
    if (rmt_dtype_is_float(dtype)) {
        rmt_numbers_to_doubles(dtype, to, 1, a, n);
        rmt_numbers_to_doubles(dtype, from, 1, b, n);
        for (int64_t i = 0; i < n; i++)
            a[i] = reduce_double(reduction, a[i], b[i]);
        rmt_numbers_from_doubles(dtype, a, to, 1, n);
    } else {
        rmt_numbers_to_ints(dtype, to, 1, p, n);
        rmt_numbers_to_ints(dtype, from, 1, q, n);
        for (int64_t i = 0; i < n; i++)
            p[i] = reduce_int(reduction, p[i], q[i]);
        rmt_numbers_from_ints(dtype, p, to, 1, n);
    }
}

void rmt_put(const rmt_op_run *run, int64_t at, const void *from, int64_t count, rmt_reduction reduction)
{
    const rmt_view *out = &run->out[0];
    int64_t bytes = (int64_t)ramet_dtype_bytes(out->dtype);
    unsigned char *to = rmt_view_at(out, at);
    if (reduction == RMT_REDUCTION_NONE) {
        memcpy(to, from, (size_t)(count * bytes));
        return;
    }
    for (int64_t done = 0; done < count; done += RMT_ROW_ROOM)
        reduce_numbers(out->dtype, to + done * bytes, (const unsigned char *)from + done * bytes,
                       rmt_min_i64(RMT_ROW_ROOM, count - done), reduction);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * index_put: values put at lists of indices that are repeated to one shape, one
 * list for each of the first dimensions of x, or where a mask over them holds.
 * Where indices repeat, the last one counts, or all are added. An index that
 * points outside writes nothing.
 */
#include "ops/index/indices.h"

enum { X, VALUE, FIRST_INDEX };

typedef struct index_put_params {
    rmt_reduction reduction;
} index_put_params;

static ramet_status index_put_load(rmt_op_load *load)
{
    index_put_params *params = load->params;
    params->reduction = rmt_node_bool(load->node, "accumulate", false) ? RMT_REDUCTION_ADD : RMT_REDUCTION_NONE;
    return rmt_load_inputs(load, load->node->input_count > FIRST_INDEX ? load->node->input_count : FIRST_INDEX + 1);
}

static bool is_mask(const rmt_view *view) { return view->dtype == RAMET_DTYPE_BOOL; }

/* The shape that all lists of indices are repeated to. */
static bool common_shape(const rmt_view *in, int32_t in_count, rmt_shape *common)
{
    *common = in[FIRST_INDEX].shape;
    for (int32_t i = FIRST_INDEX; i < in_count; i++) {
        rmt_shape so_far = *common;
        if (rmt_dtype_is_float(in[i].dtype) || is_mask(&in[i]) != is_mask(&in[FIRST_INDEX]) ||
            !rmt_broadcast_shapes(&so_far, &in[i].shape, -1, common))
            return false;
    }
    return true;
}

/* What the value is repeated to: a slice of x for each entry of the lists. */
static bool target_shape(const rmt_view *in, int32_t in_count, rmt_shape *target)
{
    const rmt_shape *x = &in[X].shape;
    int32_t named = in_count - FIRST_INDEX;
    if (named > x->rank || !common_shape(in, in_count, target) || target->rank + x->rank - named > RMT_MAX_RANK)
        return false;
    for (int32_t i = named; i < x->rank; i++)
        target->dims[target->rank++] = x->dims[i];
    return rmt_shape_elements(target) >= 0;
}

/* A mask stands alone over the first dimensions of x; its value is one slice for all, or one for each place that holds. */
static bool mask_fits(const rmt_op_infer *infer)
{
    const rmt_shape *x = &infer->in[X].shape, *mask = &infer->in[FIRST_INDEX].shape;
    const rmt_shape *value = &infer->in[VALUE].shape;
    int32_t rest = x->rank - mask->rank;
    if (infer->in_count != FIRST_INDEX + 1 || mask->rank < 1 || rest < 0 || value->rank > rest + 1)
        return false;
    for (int32_t i = 0; i < mask->rank; i++)
        if (mask->dims[i] != x->dims[i])
            return false;
    for (int32_t i = 0; i < rest && i < value->rank; i++)
        if (value->dims[value->rank - 1 - i] != x->dims[x->rank - 1 - i] && value->dims[value->rank - 1 - i] != 1)
            return false;
    return true;
}

static ramet_status index_put_infer(rmt_op_infer *infer)
{
    rmt_shape target, both;
    const rmt_view *in = infer->in;
    if (in[VALUE].dtype != in[X].dtype)
        return rmt_infer_fail(infer, "the value is not of the type of the input");
    bool fits = is_mask(&in[FIRST_INDEX])
                    ? mask_fits(infer)
                    : target_shape(in, infer->in_count, &target) &&
                          rmt_broadcast_shapes(&target, &in[VALUE].shape, -1, &both) && rmt_shape_equal(&target, &both);
    if (!fits)
        return rmt_infer_fail(infer, "indices and value do not fit the input");
    return rmt_infer_same(infer);
}

/* Element `at` of target (row-major) in a view that is repeated to it. */
static int64_t repeated_offset(const rmt_view *view, int64_t at)
{
    int64_t offset = 0;
    for (int32_t d = view->shape.rank - 1; d >= 0; d--) {
        offset += at % view->shape.dims[d] * view->strides[d];
        at /= view->shape.dims[d];
    }
    return offset;
}

/* The slice of x that entry i of the lists names; -1: outside. */
static int64_t listed_slice(const rmt_op_run *run, const rmt_shape *common, int64_t i)
{
    int64_t slice = 0;
    for (int32_t k = FIRST_INDEX; k < run->in_count; k++) {
        rmt_view list = rmt_view_broadcast(&run->in[k], -1, common);
        int64_t size = run->in[X].shape.dims[k - FIRST_INDEX];
        int64_t at = rmt_index_at(&list, repeated_offset(&list, i), size);
        if (at < 0)
            return -1;
        slice = slice * size + at;
    }
    return slice;
}

/* Slice number i of the value, element by element: dimensions of it may be repeated. */
static void put_repeated(const rmt_op_run *run, const rmt_view *value, int64_t elements, int64_t to, int64_t i)
{
    const index_put_params *params = run->params;
    for (int64_t e = 0; e < elements; e++)
        rmt_put(run, to * elements + e, rmt_view_at(value, repeated_offset(value, i * elements + e)), 1,
                params->reduction);
}

static void put_listed(const rmt_op_run *run)
{
    rmt_shape common, target;
    const rmt_shape *x = &run->in[X].shape;
    (void)common_shape(run->in, run->in_count, &common);
    (void)target_shape(run->in, run->in_count, &target);
    rmt_view value = rmt_view_broadcast(&run->in[VALUE], -1, &target);
    int64_t elements = rmt_dims_product(x, run->in_count - FIRST_INDEX, x->rank), count = rmt_shape_elements(&common);
    for (int64_t i = 0; i < count; i++) {
        int64_t to = listed_slice(run, &common, i);
        if (to >= 0)
            put_repeated(run, &value, elements, to, i);
    }
}

static void put_masked(const rmt_op_run *run)
{
    const rmt_view *mask = &run->in[FIRST_INDEX], *x = &run->in[X];
    const uint8_t *truths = mask->data;
    int64_t count = rmt_shape_elements(&mask->shape), found = 0;
    rmt_shape target = {.rank = 1 + x->shape.rank - mask->shape.rank};
    for (int32_t d = 1; d < target.rank; d++)
        target.dims[d] = x->shape.dims[mask->shape.rank + d - 1];
    target.dims[0] = run->in[VALUE].shape.rank == target.rank ? run->in[VALUE].shape.dims[0] : count;
    rmt_view value = rmt_view_broadcast(&run->in[VALUE], -1, &target);
    int64_t elements = rmt_dims_product(&target, 1, target.rank);
    for (int64_t i = 0; i < count; i++)
        if (truths[i] != 0 && (value.strides[0] == 0 || found < target.dims[0]))
            put_repeated(run, &value, elements, i, value.strides[0] == 0 ? 0 : found++);
}

static void index_put_run(const rmt_op_run *run)
{
    if (!rmt_put_start(run) || rmt_shape_elements(&run->in[VALUE].shape) == 0)
        return;
    if (is_mask(&run->in[FIRST_INDEX]))
        put_masked(run);
    else
        put_listed(run);
}

const rmt_op rmt_op_index_put = {.name = "index_put",
                                 .params_bytes = sizeof(index_put_params),
                                 .load = index_put_load,
                                 .infer = index_put_infer,
                                 .place = rmt_put_place,
                                 .run = index_put_run};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries put at indices: scatter (slices along the first dimension), put_nd
 * and scatter_nd_add (slices at tuples of indices), put_along_axis (one entry
 * each). All start from a copy of x, or in its place, and write in order: where
 * indices repeat, the last one counts, or all are added, multiplied, compared.
 * An index that points outside, which PaddlePaddle refuses, writes nothing.
 */
#include "ops/index/indices.h"

#include <string.h>

enum { X, INDEX, UPDATES };

/* The dimensions of `slices`, then those of x from `first`. */
static bool updates_fit(const rmt_view *updates, const rmt_shape *slices, const rmt_shape *x, int32_t first)
{
    if (updates->shape.rank != slices->rank + x->rank - first)
        return false;
    for (int32_t i = 0; i < updates->shape.rank; i++) {
        int64_t wanted = i < slices->rank ? slices->dims[i] : x->dims[first + i - slices->rank];
        if (updates->shape.dims[i] != wanted)
            return false;
    }
    return true;
}

static bool same_types(const rmt_op_infer *infer, int32_t values, int32_t index)
{
    return infer->in[values].dtype == infer->in[X].dtype && !rmt_dtype_is_float(infer->in[index].dtype);
}

/* ---- scatter -------------------------------------------------------------------------------------------------------- */

typedef struct scatter_params {
    bool add;
} scatter_params;

static ramet_status scatter_load(rmt_op_load *load)
{
    scatter_params *params = load->params;
    params->add = !rmt_node_bool(load->node, "overwrite", true);
    return rmt_load_inputs(load, 3);
}

static ramet_status scatter_infer(rmt_op_infer *infer)
{
    rmt_shape slices = rmt_index_list_shape(&infer->in[INDEX]);
    const rmt_shape *x = &infer->in[X].shape;
    if (!same_types(infer, UPDATES, INDEX) || x->rank < 1 || slices.rank > 1 ||
        !updates_fit(&infer->in[UPDATES], &slices, x, 1))
        return rmt_infer_fail(infer, "the updates are not one slice of the input for each index");
    return rmt_infer_same(infer);
}

/* Adding starts from zeros at the indices. */
static void clear_slices(const rmt_op_run *run, int64_t elements, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        int64_t to = rmt_index_at(&run->in[INDEX], i, run->out[0].shape.dims[0]);
        if (to >= 0)
            memset(rmt_view_at(&run->out[0], to * elements), 0,
                   (size_t)elements * ramet_dtype_bytes(run->out[0].dtype));
    }
}

static void scatter_run(const rmt_op_run *run)
{
    const scatter_params *params = run->params;
    const rmt_shape *x = &run->in[X].shape;
    int64_t count = rmt_shape_elements(&run->in[INDEX].shape);
    int64_t elements = rmt_dims_product(x, 1, x->rank);
    if (!rmt_put_start(run))
        return;
    if (params->add)
        clear_slices(run, elements, count);
    for (int64_t i = 0; i < count; i++) {
        int64_t to = rmt_index_at(&run->in[INDEX], i, x->dims[0]);
        if (to >= 0)
            rmt_put(run, to * elements, rmt_view_at(&run->in[UPDATES], i * elements), elements,
                    params->add ? RMT_REDUCTION_ADD : RMT_REDUCTION_NONE);
    }
}

const rmt_op rmt_op_scatter = {.name = "scatter",
                               .params_bytes = sizeof(scatter_params),
                               .load = scatter_load,
                               .infer = scatter_infer,
                               .place = rmt_put_place,
                               .run = scatter_run};

/* ---- put_nd, scatter_nd_add ---------------------------------------------------------------------------------------------- */

typedef struct put_params {
    rmt_reduction reduction;
    int64_t axis; /* put_along_axis */
} put_params;

static ramet_status put_load(rmt_op_load *load)
{
    put_params *params = load->params;
    params->axis = rmt_node_int(load->node, "axis", 0);
    if (!rmt_reduction_read(load->node, &params->reduction))
        return rmt_fail(load->error, RAMET_STATUS_UNSUPPORTED, "reduction %s",
                        rmt_node_string(load->node, "reduction", ""));
    if (strcmp(load->node->op, "scatter_nd_add") == 0)
        params->reduction = RMT_REDUCTION_ADD;
    return rmt_load_inputs(load, 3);
}

static ramet_status scatter_nd_infer(rmt_op_infer *infer)
{
    const rmt_view *index = &infer->in[INDEX];
    int32_t length = rmt_index_tuple_length(index, &infer->in[X].shape);
    rmt_shape slices = index->shape;
    slices.rank--;
    if (length < 0 || !same_types(infer, UPDATES, INDEX) ||
        !updates_fit(&infer->in[UPDATES], &slices, &infer->in[X].shape, length))
        return rmt_infer_fail(infer, "the updates are not one slice of the input for each tuple of indices");
    return rmt_infer_same(infer);
}

static void scatter_nd_run(const rmt_op_run *run)
{
    const put_params *params = run->params;
    const rmt_view *index = &run->in[INDEX];
    const rmt_shape *x = &run->in[X].shape;
    int32_t length = rmt_index_tuple_length(index, x);
    int64_t count = rmt_dims_product(&index->shape, 0, index->shape.rank - 1);
    int64_t elements = rmt_dims_product(x, length, x->rank);
    if (!rmt_put_start(run))
        return;
    for (int64_t i = 0; i < count; i++) {
        int64_t to = rmt_index_tuple(index, i, x);
        if (to >= 0)
            rmt_put(run, to * elements, rmt_view_at(&run->in[UPDATES], i * elements), elements, params->reduction);
    }
}

const rmt_op rmt_op_scatter_nd = {.name = "scatter_nd",
                                  .params_bytes = sizeof(put_params),
                                  .load = put_load,
                                  .infer = scatter_nd_infer,
                                  .place = rmt_put_place,
                                  .run = scatter_nd_run};

/* ---- put_along_axis --------------------------------------------------------------------------------------------------- */

/* Updates are repeated to the shape of the indices. */
static ramet_status along_infer(rmt_op_infer *infer)
{
    const put_params *params = infer->params;
    const rmt_shape *x = &infer->in[X].shape, *index = &infer->in[INDEX].shape;
    rmt_shape both;
    int32_t axis = rmt_axis_normalize(params->axis, x->rank);
    if (axis < 0 || !same_types(infer, UPDATES, INDEX) || index->rank != x->rank ||
        !rmt_broadcast_shapes(index, &infer->in[UPDATES].shape, -1, &both) || !rmt_shape_equal(&both, index))
        return rmt_infer_fail(infer, "indices and updates do not fit the input along axis %lld",
                              (long long)params->axis);
    for (int32_t i = 0; i < x->rank; i++)
        if (i != axis && index->dims[i] > x->dims[i])
            return rmt_infer_fail(infer, "more indices than entries along dimension %d", (int)i);
    return rmt_infer_same(infer);
}

static void along_run(const rmt_op_run *run)
{
    const put_params *params = run->params;
    const rmt_view *index = &run->in[INDEX], *out = &run->out[0];
    int32_t axis = rmt_axis_normalize(params->axis, out->shape.rank);
    int64_t count = rmt_shape_elements(&index->shape);
    if (!rmt_put_start(run) || count == 0)
        return;
    rmt_view updates = rmt_view_broadcast(&run->in[UPDATES], -1, &index->shape);
    for (int64_t i = 0; i < count; i++) {
        int64_t rest = i, to = 0, from = 0;
        int64_t entry = rmt_index_at(index, i, out->shape.dims[axis]);
        for (int32_t d = index->shape.rank - 1; d >= 0; d--) {
            int64_t at = rest % index->shape.dims[d];
            to += (d == axis ? entry : at) * out->strides[d];
            from += at * updates.strides[d];
            rest /= index->shape.dims[d];
        }
        if (entry >= 0)
            rmt_put(run, to, rmt_view_at(&updates, from), 1, params->reduction);
    }
}

const rmt_op rmt_op_put_along_axis = {.name = "put_along_axis",
                                      .params_bytes = sizeof(put_params),
                                      .load = put_load,
                                      .infer = along_infer,
                                      .place = rmt_put_place,
                                      .run = along_run};

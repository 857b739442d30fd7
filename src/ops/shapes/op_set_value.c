/* SPDX-License-Identifier: Apache-2.0 */
/*
 * set_value: x with a part of it replaced. The value is an input or a list of
 * numbers, repeated to the shape of the part. Written in the place of x where
 * nobody else needs it.
 */
#include "ops/shapes/slicing.h"

#include <string.h>

enum { X, VALUE, STARTS };

typedef struct set_params {
    rmt_slicing slicing;
    int64_t new_axes[RMT_MAX_RANK]; /* of the part, where the value has a dimension more: before dimension i of x */
    int32_t new_count;
    const rmt_attr *values; /* NULL: the value is an input */
    rmt_shape shape;        /* of values */
} set_params;

static ramet_status load_values(rmt_op_load *load, set_params *params)
{
    const rmt_node *node = load->node;
    params->values = rmt_node_attr(node, "values");
    size_t rank = rmt_node_ints(node, "shape", params->shape.dims, RMT_MAX_RANK);
    params->shape.rank = (int32_t)rank;
    bool numbers =
        params->values != NULL && (params->values->type == RMT_ATTR_INTS || params->values->type == RMT_ATTR_FLOATS);
    if (!numbers || rank > RMT_MAX_RANK || rmt_shape_elements(&params->shape) != params->values->count)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "attributes values and shape do not fit together");
    return RAMET_STATUS_OK;
}

static ramet_status set_load(rmt_op_load *load)
{
    set_params *params = load->params;
    const rmt_node *node = load->node;
    ramet_status status = rmt_slicing_load(load, "steps", "decrease_axes", STARTS, &params->slicing);
    size_t count = rmt_node_ints(node, "none_axes", params->new_axes, RMT_MAX_RANK);
    if (status == RAMET_STATUS_OK && count > RMT_MAX_RANK)
        status = rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "attribute none_axes has %zu entries", count);
    params->new_count = count > RMT_MAX_RANK ? 0 : (int32_t)count;
    if (status == RAMET_STATUS_OK && (node->input_count <= VALUE || node->inputs[VALUE] == RMT_NO_VALUE))
        status = load_values(load, params);
    return status == RAMET_STATUS_OK ? rmt_load_inputs(load, 1) : status;
}

/* ---- the part ------------------------------------------------------------------------------------------------------- */

static bool is_dropped(const rmt_slicing *slicing, int32_t dim, int32_t rank)
{
    for (int32_t i = 0; i < slicing->decrease_count; i++)
        if (rmt_axis_normalize(slicing->decrease[i], rank) == dim)
            return true;
    return false;
}

static bool add_dim(rmt_view *view, int64_t size, int64_t stride)
{
    if (view->shape.rank == RMT_MAX_RANK)
        return false;
    view->strides[view->shape.rank] = stride;
    view->shape.dims[view->shape.rank++] = size;
    return true;
}

/* The part as the value meets it: without dimensions that are dropped, with new ones of size 1. False when it cannot be. */
static bool reshape_part(const set_params *params, const rmt_view *seen, rmt_view *part)
{
    int32_t next = 0, rank = seen->shape.rank;
    bool fits = true;
    *part = (rmt_view){.dtype = seen->dtype, .data = seen->data};
    for (int32_t i = 0; i <= rank; i++) {
        for (; next < params->new_count && (i == rank || params->new_axes[next] <= i); next++)
            fits = fits && add_dim(part, 1, 0);
        bool dropped = i < rank && is_dropped(&params->slicing, i, rank);
        fits = fits && (!dropped || seen->shape.dims[i] == 1);
        if (i < rank && !dropped)
            fits = fits && add_dim(part, seen->shape.dims[i], seen->strides[i]);
    }
    return fits;
}

/* The value without leading dimensions of 1 that the part does not have. */
static rmt_view fit_rank(const rmt_view *value, int32_t rank)
{
    rmt_view fitted = *value;
    while (fitted.shape.rank > rank && fitted.shape.dims[0] == 1)
        fitted = rmt_view_without(&fitted, 0, 1);
    return fitted;
}

static ramet_status set_infer(rmt_op_infer *infer)
{
    const set_params *params = infer->params;
    rmt_part parts[RMT_MAX_RANK];
    rmt_view seen = infer->in[X], part, value = {.shape = params->shape};
    switch (rmt_slicing_parts(&params->slicing, &seen.shape, infer->in, infer->in_count, parts)) {
    case RMT_SLICING_UNKNOWN: return rmt_infer_unknown(infer, "the part is not known before the run");
    case RMT_SLICING_WRONG: return rmt_infer_fail(infer, "the part names axes that are not there, or has a step of 0");
    case RMT_SLICING_OK: break;
    }
    for (int32_t i = 0; i < seen.shape.rank; i++)
        seen.shape.dims[i] = parts[i].count;
    if (params->values == NULL)
        value = infer->in[VALUE];
    if (params->values == NULL && value.dtype != seen.dtype)
        return rmt_infer_fail(infer, "the value is not of the type of the input");
    rmt_shape both;
    bool fits = reshape_part(params, &seen, &part);
    value = fit_rank(&value, part.shape.rank);
    if (!fits || !rmt_broadcast_shapes(&part.shape, &value.shape, -1, &both) || !rmt_shape_equal(&both, &part.shape))
        return rmt_infer_fail(infer, "the value does not fit the part");
    return rmt_infer_same(infer);
}

static void set_place(rmt_op_place *place)
{
    const set_params *params = place->params;
    rmt_place_like_input(place);
    for (int32_t i = STARTS; i < place->in_count; i++)
        place->form[i] = RMT_FORM_DENSE;
    if (params->values != NULL)
        place->scratch_bytes = (size_t)params->values->count * ramet_dtype_bytes(place->out[0].dtype);
}

/* ---- run ------------------------------------------------------------------------------------------------------------ */

static rmt_view read_value(const rmt_op_run *run, const set_params *params)
{
    if (params->values == NULL)
        return run->in[VALUE];
    ramet_dtype dtype = run->out[0].dtype;
    if (params->values->type == RMT_ATTR_INTS)
        rmt_numbers_from_ints(dtype, params->values->as.ints, run->scratch, 1, params->values->count);
    else
        rmt_numbers_from_doubles(dtype, params->values->as.floats, run->scratch, 1, params->values->count);
    return rmt_view_dense(dtype, &params->shape, run->scratch);
}

static void set_run(const rmt_op_run *run)
{
    const set_params *params = run->params;
    const rmt_view *out = &run->out[0];
    rmt_part parts[RMT_MAX_RANK];
    int64_t offset;
    rmt_view part;
    if (rmt_shape_elements(&out->shape) == 0)
        return;
    if (run->in[X].data != out->data)
        rmt_run_copy(run, &run->in[X], out);
    (void)rmt_slicing_parts(&params->slicing, &out->shape, run->in, run->in_count, parts);
    rmt_view seen = rmt_slicing_see(out, parts, &offset);
    if (rmt_shape_elements(&seen.shape) == 0)
        return;
    seen.data = rmt_view_at(out, offset);
    (void)reshape_part(params, &seen, &part);
    rmt_view value = read_value(run, params);
    value = fit_rank(&value, part.shape.rank);
    value = rmt_view_broadcast(&value, -1, &part.shape);
    rmt_run_copy(run, &value, &part);
}

const rmt_op rmt_op_set_value = {.name = "set_value",
                                 .params_bytes = sizeof(set_params),
                                 .load = set_load,
                                 .infer = set_infer,
                                 .place = set_place,
                                 .run = set_run};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reshape, flatten, flatten_matrix, squeeze, unsqueeze: the same numbers under another shape.
 * Where the strides allow it the result is a view (channels-last [n, c, h, w]
 * as [n, c, h * w], say); where not, the input is first made dense, and then
 * it is one.
 */
#include "ops/ops_help.h"

#include <string.h>

typedef enum reshape_kind { RESHAPE, FLATTEN, FLATTEN_MATRIX, SQUEEZE, UNSQUEEZE } reshape_kind;

typedef struct reshape_params {
    reshape_kind kind;
    int64_t list[RMT_MAX_RANK]; /* the shape, or the axes */
    int32_t count;
    int64_t start, stop;
} reshape_params;

static ramet_status reshape_load(rmt_op_load *load)
{
    static const struct {
        const char *name, *attribute;
    } kinds[] = {[RESHAPE] = {"reshape", "shape"},
                 [FLATTEN] = {"flatten", ""},
                 [FLATTEN_MATRIX] = {"flatten_matrix", ""},
                 [SQUEEZE] = {"squeeze", "axes"},
                 [UNSQUEEZE] = {"unsqueeze", "axes"}};
    reshape_params *params = load->params;
    while (params->kind < UNSQUEEZE && strcmp(kinds[params->kind].name, load->node->op) != 0)
        params->kind++;
    const char *attribute = kinds[params->kind].attribute;
    size_t count = rmt_node_ints(load->node, attribute, params->list, RMT_MAX_RANK);
    if (count > RMT_MAX_RANK)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "attribute %s has %zu entries", attribute, count);
    params->count = (int32_t)count;
    params->start = rmt_node_int(load->node, params->kind == FLATTEN ? "start_axis" : "axis", 1);
    params->stop = rmt_node_int(load->node, "stop_axis", -1);
    return rmt_load_inputs(load, 1);
}

/* ---- shapes ---------------------------------------------------------------------------------------------------- */

/* Elements of the shape without its open dimension; -1: too many. */
static int64_t fixed_elements(const rmt_shape *shape, int32_t open)
{
    rmt_shape fixed = *shape;
    if (open >= 0)
        fixed.dims[open] = 1;
    return rmt_shape_elements(&fixed);
}

/* 0 takes the dimension of x, one -1 takes what is left. */
static bool reshape(const int64_t *list, int32_t count, const rmt_shape *x, rmt_shape *out)
{
    int32_t open = -1;
    out->rank = count;
    for (int32_t i = 0; i < count; i++) {
        bool is_open = list[i] == -1, copies = list[i] == 0;
        if (list[i] < -1 || (is_open && open >= 0) || (copies && i >= x->rank))
            return false;
        open = is_open ? i : open;
        out->dims[i] = copies ? x->dims[i] : list[i];
    }
    int64_t elements = rmt_shape_elements(x), fixed = fixed_elements(out, open);
    if (open >= 0 && fixed > 0)
        out->dims[open] = elements / fixed;
    else if (open >= 0)
        out->dims[open] = 0;
    return fixed >= 0 && rmt_shape_elements(out) == elements;
}

static bool flatten(const reshape_params *params, const rmt_shape *x, rmt_shape *out)
{
    if (x->rank == 0) {
        *out = (rmt_shape){1, {1}};
        return true;
    }
    int32_t start = rmt_axis_normalize(params->start, x->rank), stop = rmt_axis_normalize(params->stop, x->rank);
    if (start < 0 || stop < start)
        return false;
    out->rank = 0;
    for (int32_t i = 0; i < start; i++)
        out->dims[out->rank++] = x->dims[i];
    out->dims[out->rank++] = rmt_dims_product(x, start, stop + 1);
    for (int32_t i = stop + 1; i < x->rank; i++)
        out->dims[out->rank++] = x->dims[i];
    return true;
}

/* The dimensions before an axis as one, those from there on as another. */
static bool flatten_matrix(const reshape_params *params, const rmt_shape *x, rmt_shape *out)
{
    int64_t axis = params->start + (params->start < 0 ? x->rank : 0);
    if (axis < 0 || axis > x->rank)
        return false;
    *out = (rmt_shape){2, {rmt_dims_product(x, 0, (int32_t)axis), rmt_dims_product(x, (int32_t)axis, x->rank)}};
    return true;
}

/* Drops the listed dimensions that are 1, or all that are when none is listed. */
static bool squeeze(const reshape_params *params, const rmt_shape *x, rmt_shape *out)
{
    bool listed[RMT_MAX_RANK] = {false};
    for (int32_t i = 0; i < params->count; i++) {
        int32_t axis = rmt_axis_normalize(params->list[i], x->rank);
        if (axis < 0)
            return false;
        listed[axis] = true;
    }
    out->rank = 0;
    for (int32_t i = 0; i < x->rank; i++)
        if (x->dims[i] != 1 || (params->count > 0 && !listed[i]))
            out->dims[out->rank++] = x->dims[i];
    return true;
}

/* Puts a 1 at each axis in turn. */
static bool unsqueeze(const reshape_params *params, const rmt_shape *x, rmt_shape *out)
{
    *out = *x;
    for (int32_t i = 0; i < params->count; i++) {
        int32_t axis = rmt_axis_normalize(params->list[i], out->rank + 1);
        if (axis < 0 || out->rank == RMT_MAX_RANK)
            return false;
        memmove(out->dims + axis + 1, out->dims + axis, (size_t)(out->rank - axis) * sizeof *out->dims);
        out->dims[axis] = 1;
        out->rank++;
    }
    return true;
}

static ramet_status reshape_infer(rmt_op_infer *infer)
{
    const reshape_params *params = infer->params;
    const rmt_shape *x = &infer->in[0].shape;
    rmt_shape *out = &infer->out[0].shape;
    int64_t list[RMT_MAX_RANK];
    const int64_t *shape = params->list;
    int64_t count = params->count;
    if (params->kind == RESHAPE && infer->in_count > 1 && infer->in[1].shape.rank >= 0) {
        shape = list;
        count = rmt_view_read_ints(&infer->in[1], list, RMT_MAX_RANK);
        if (count < 0)
            return rmt_infer_unknown(infer, "the new shape is not known before the run, or too long");
    }
    bool fits = false;
    switch (params->kind) {
    case RESHAPE: fits = reshape(shape, (int32_t)count, x, out); break;
    case FLATTEN: fits = flatten(params, x, out); break;
    case FLATTEN_MATRIX: fits = flatten_matrix(params, x, out); break;
    case SQUEEZE: fits = squeeze(params, x, out); break;
    case UNSQUEEZE: fits = unsqueeze(params, x, out); break;
    }
    if (!fits)
        return rmt_infer_fail(infer, "the input does not have the new shape's number of elements or axes");
    infer->out[0].dtype = infer->in[0].dtype;
    return rmt_infer_done(infer);
}

/* ---- strides --------------------------------------------------------------------------------------------------- */

/* Dimensions of a view that can be walked as one, last first: so many elements at one stride. */
typedef struct stretch {
    int64_t elements, stride;
} stretch;

static int32_t stretches_of(const rmt_view *x, stretch found[RMT_MAX_RANK])
{
    int32_t count = 0;
    for (int32_t i = x->shape.rank - 1; i >= 0; i--) {
        int64_t dim = x->shape.dims[i];
        if (dim == 1)
            continue;
        if (count > 0 && x->strides[i] == found[count - 1].stride * found[count - 1].elements)
            found[count - 1].elements *= dim;
        else
            found[count++] = (stretch){dim, x->strides[i]};
    }
    return count;
}

/* Strides of out, so that it sees x's elements in x's order. False when there are none. */
static bool see_through(const rmt_view *x, rmt_view *out)
{
    stretch all[RMT_MAX_RANK], here = {1, 1};
    int32_t count = stretches_of(x, all), next = 0;
    for (int32_t i = out->shape.rank - 1; i >= 0; i--) {
        int64_t dim = out->shape.dims[i];
        if (dim > 1 && here.elements == 1 && next < count)
            here = all[next++];
        if (here.elements % dim != 0)
            return false;
        out->strides[i] = here.stride;
        here = (stretch){here.elements / dim, here.stride * dim};
    }
    return true;
}

static void reshape_place(rmt_op_place *place)
{
    rmt_view *out = &place->out[0];
    rmt_strides_dense(out);
    if (rmt_shape_elements(&out->shape) != 0 && !see_through(&place->in[0], out)) {
        place->form[0] = RMT_FORM_DENSE;
        rmt_strides_dense(out);
    }
    place->place[0].view_of = 0;
}

const rmt_op rmt_op_reshape = {.name = "reshape",
                               .params_bytes = sizeof(reshape_params),
                               .load = reshape_load,
                               .infer = reshape_infer,
                               .place = reshape_place};

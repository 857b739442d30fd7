/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strides: laying out a shape, asking what a view looks like, repeating it
 * along broadcast dimensions. Strides of dimensions of size 1 mean nothing and
 * are never compared; an empty view has every form.
 */
#include "ops/ops_help.h"

static bool is_empty(const rmt_view *view) { return rmt_shape_elements(&view->shape) == 0; }

/* The dimensions of an empty view may have any product: no stride is computed from them. */
static void fill_ones(rmt_view *view)
{
    for (int32_t i = 0; i < view->shape.rank; i++)
        view->strides[i] = 1;
}

void rmt_strides_dense(rmt_view *view)
{
    if (is_empty(view)) {
        fill_ones(view);
        return;
    }
    int64_t stride = 1;
    for (int32_t i = view->shape.rank - 1; i >= 0; i--) {
        view->strides[i] = stride;
        stride *= view->shape.dims[i];
    }
}

void rmt_strides_channels_last(rmt_view *view)
{
    if (is_empty(view)) {
        fill_ones(view);
        return;
    }
    const int64_t *dims = view->shape.dims;
    int64_t pixel = rmt_pixel_stride(dims[1]);
    view->strides[0] = dims[2] * dims[3] * pixel;
    view->strides[1] = 1;
    view->strides[2] = dims[3] * pixel;
    view->strides[3] = pixel;
}

/* order: the dimensions of view by falling stride, equals as they stand. False when one of them is repeated. */
static bool order_dims(const rmt_view *view, int32_t order[RMT_MAX_RANK])
{
    for (int32_t i = 0; i < view->shape.rank; i++) {
        if (view->shape.dims[i] > 1 && view->strides[i] == 0)
            return false;
        int32_t at = i;
        for (; at > 0 && view->strides[order[at - 1]] < view->strides[i]; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    return true;
}

void rmt_strides_like(rmt_view *view, const rmt_view *like)
{
    int32_t order[RMT_MAX_RANK];
    bool same = rmt_shape_equal(&view->shape, &like->shape);
    if (is_empty(view) || (same && rmt_view_is_dense(like)) || !order_dims(like, order)) {
        rmt_strides_dense(view);
    } else if (rmt_view_is_channels_last(like)) {
        rmt_strides_channels_last(view);
    } else {
        int64_t stride = 1;
        for (int32_t i = view->shape.rank - 1; i >= 0; i--) {
            view->strides[order[i]] = stride;
            stride *= view->shape.dims[order[i]];
        }
    }
}

bool rmt_strides_equal(const rmt_view *a, const rmt_view *b)
{
    if (!rmt_shape_equal(&a->shape, &b->shape))
        return false;
    for (int32_t i = 0; i < a->shape.rank; i++)
        if (a->shape.dims[i] > 1 && a->strides[i] != b->strides[i])
            return false;
    return true;
}

rmt_view rmt_view_without(const rmt_view *view, int32_t first, int32_t count)
{
    rmt_view rest = *view;
    rest.shape.rank -= count;
    for (int32_t i = first; i < rest.shape.rank; i++) {
        rest.shape.dims[i] = view->shape.dims[i + count];
        rest.strides[i] = view->strides[i + count];
    }
    return rest;
}

static bool has_rows(const rmt_view *view)
{
    int32_t last = view->shape.rank - 1;
    for (int32_t i = 0; i < last; i++)
        if (view->shape.dims[i] > 1 && view->strides[i] == 0)
            return false;
    return last < 0 || view->shape.dims[last] == 1 || view->strides[last] == 1;
}

bool rmt_view_has_form(const rmt_view *view, rmt_form form)
{
    if (is_empty(view))
        return true;
    switch (form) {
    case RMT_FORM_DENSE: return rmt_view_is_dense(view);
    case RMT_FORM_ROWS: return has_rows(view);
    case RMT_FORM_CHANNELS_LAST: return rmt_view_is_channels_last(view);
    default: return true;
    }
}

int64_t rmt_view_span(const rmt_view *view)
{
    if (is_empty(view))
        return 0;
    int64_t span = 1;
    for (int32_t i = 0; i < view->shape.rank; i++)
        span += (view->shape.dims[i] - 1) * view->strides[i];
    return span;
}

/* ---- dimensions that are reduced, and those that are kept --------------------------------------------------- */

bool rmt_dims_mask(const int64_t *dims, int32_t count, bool all, int32_t rank, bool mask[RMT_MAX_RANK])
{
    for (int32_t i = 0; i < rank; i++)
        mask[i] = all;
    for (int32_t i = 0; i < count && !all; i++) {
        int32_t dim = rmt_axis_normalize(dims[i], rank);
        if (dim < 0)
            return false;
        mask[dim] = true;
    }
    return true;
}

rmt_view rmt_view_pick(const rmt_view *view, const bool mask[RMT_MAX_RANK], bool wanted)
{
    rmt_view picked = {.dtype = view->dtype, .data = view->data};
    for (int32_t i = 0; i < view->shape.rank; i++) {
        if (mask[i] != wanted)
            continue;
        picked.strides[picked.shape.rank] = view->strides[i];
        picked.shape.dims[picked.shape.rank++] = view->shape.dims[i];
    }
    return picked;
}

/* ---- broadcast ------------------------------------------------------------------------------------------- */

/* The dimension of the wider shape at which the narrower one starts. Its ones at the end count for nothing. */
static int32_t broadcast_start(int32_t wide_rank, int32_t *narrow_rank, const int64_t *narrow_dims, int64_t axis)
{
    if (axis < 0 || *narrow_rank == wide_rank)
        return wide_rank - *narrow_rank;
    while (*narrow_rank > 0 && narrow_dims[*narrow_rank - 1] == 1)
        --*narrow_rank;
    return axis <= wide_rank - *narrow_rank ? (int32_t)axis : -1;
}

bool rmt_broadcast_shapes(const rmt_shape *x, const rmt_shape *y, int64_t axis, rmt_shape *out)
{
    const rmt_shape *wide = x->rank >= y->rank ? x : y, *narrow = wide == x ? y : x;
    if (narrow->rank < 0 || axis < -1)
        return false;
    int32_t rank = narrow->rank;
    int32_t start = broadcast_start(wide->rank, &rank, narrow->dims, axis);
    if (start < 0)
        return false;
    *out = *wide;
    for (int32_t i = 0; i < rank; i++) {
        int64_t a = wide->dims[start + i], b = narrow->dims[i];
        if (a != b && a != 1 && b != 1)
            return false;
        out->dims[start + i] = a == 1 ? b : a;
    }
    return true;
}

rmt_view rmt_view_broadcast(const rmt_view *view, int64_t axis, const rmt_shape *shape)
{
    rmt_view out = {.dtype = view->dtype, .shape = *shape, .data = view->data};
    int32_t rank = view->shape.rank;
    int32_t start = broadcast_start(shape->rank, &rank, view->shape.dims, axis);
    for (int32_t i = 0; i < rank; i++)
        out.strides[start + i] = view->shape.dims[i] == 1 ? 0 : view->strides[i];
    return out;
}

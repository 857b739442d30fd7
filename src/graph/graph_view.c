/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Views: how the elements of a logical shape lie in memory. Strides of
 * dimensions of size 1 are never looked at, nor those of a view without
 * elements, whose other dimensions may have any product.
 */
#include "graph/graph.h"

rmt_view rmt_view_dense(ramet_dtype dtype, const rmt_shape *shape, void *data)
{
    rmt_view view = {.dtype = dtype, .shape = *shape, .data = data};
    bool empty = rmt_shape_elements(shape) == 0;
    int64_t stride = 1;
    for (int32_t i = shape->rank - 1; i >= 0; i--) {
        view.strides[i] = stride;
        stride *= empty ? 1 : shape->dims[i];
    }
    return view;
}

bool rmt_view_is_dense(const rmt_view *view)
{
    if (rmt_shape_elements(&view->shape) == 0)
        return true;
    int64_t stride = 1;
    for (int32_t i = view->shape.rank - 1; i >= 0; i--) {
        if (view->shape.dims[i] != 1 && view->strides[i] != stride)
            return false;
        stride *= view->shape.dims[i];
    }
    return true;
}

bool rmt_view_is_channels_last(const rmt_view *view)
{
    const int64_t *dims = view->shape.dims, *strides = view->strides;
    if (view->shape.rank != 4)
        return false;
    if (rmt_shape_elements(&view->shape) == 0)
        return true;
    if (dims[1] > 1 && strides[1] != 1)
        return false;
    if (dims[2] == 1 && dims[3] == 1)
        return true;
    int64_t pixel = dims[3] > 1 ? strides[3] : strides[2];
    bool in_rows = dims[2] == 1 || dims[3] == 1 || strides[2] == dims[3] * pixel;
    return in_rows && pixel >= dims[1];
}

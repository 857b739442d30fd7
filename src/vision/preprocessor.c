/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images to one input tensor: what is the same for every task. The tensor's
 * memory belongs to the preprocessor and is taken once for a size; strides say
 * whether channels or pixels lie next to each other.
 */
#include "vision/vision.h"

#include <stdlib.h>

rmt_preprocessor *rmt_preprocessor_create(const rmt_preprocessor_kind *kind, ramet_error *error)
{
    rmt_preprocessor *self = calloc(1, kind->bytes);
    if (self == NULL)
        rmt_fail_memory(error, kind->bytes);
    else
        self->kind = kind;
    return self;
}

rmt_preprocessor *rmt_preprocessor_clone(const rmt_preprocessor *self, ramet_error *error)
{
    rmt_preprocessor *clone = rmt_preprocessor_create(self->kind, error);
    if (clone != NULL)
        self->kind->configure(clone, self);
    if (clone != NULL)
        clone->disabled = self->disabled;
    return clone;
}

void rmt_preprocessor_destroy(rmt_preprocessor *self)
{
    if (self == NULL)
        return;
    if (self->kind->release != NULL)
        self->kind->release(self);
    rmt_scratch_clear(&self->pixels);
    rmt_scratch_clear(&self->places);
    free(self);
}

ramet_status rmt_preprocessor_disable(rmt_preprocessor *self, int32_t steps, ramet_error *error)
{
    const int32_t all = RAMET_PREPROCESS_STEP_NORMALIZE | RAMET_PREPROCESS_STEP_PERMUTE;
    if (self == NULL || (steps & ~all) != 0)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "no preprocessor, or steps that it does not have");
    ramet_status status = rmt_guard_enter(&self->guard, error);
    if (status != RAMET_STATUS_OK)
        return status;
    self->disabled |= steps;
    rmt_guard_leave(&self->guard);
    return RAMET_STATUS_OK;
}

rmt_pixel_transform rmt_preprocessor_numbers(const rmt_preprocessor *self, const rmt_pixel_transform *pixels)
{
    const rmt_pixel_transform plain = {.scale = {1, 1, 1}, .swap_rb = pixels->swap_rb};
    return (self->disabled & RAMET_PREPROCESS_STEP_NORMALIZE) != 0 ? plain : *pixels;
}

ramet_status rmt_preprocessor_measure(const rmt_preprocessor *self, const ramet_image *images, size_t count,
                                      rmt_place *places, ramet_error *error)
{
    ramet_status status = RAMET_STATUS_OK;
    for (size_t i = 0; status == RAMET_STATUS_OK && i < count; i++) {
        places[i].index = i;
        status = rmt_image_check(&images[i], error);
        if (status == RAMET_STATUS_OK)
            status = self->kind->measure(self, &images[i], &places[i].extent, error);
    }
    return status;
}

static ramet_status pixels_take(rmt_preprocessor *self, size_t count, rmt_extent extent, rmt_layout layout,
                                rmt_view *view, ramet_error *error)
{
    int64_t h = extent.height, w = extent.width;
    rmt_shape shape = {4, {count > INT32_MAX ? INT32_MAX : (int64_t)count, 3, h, w}};
    int64_t elements = rmt_shape_elements(&shape);
    if (elements < 0)
        return rmt_fail(error, RAMET_STATUS_OVER_BUDGET, "%zu images of %d x %d pixels are too many for one tensor",
                        count, (int)w, (int)h);
    void *data = rmt_scratch_take(&self->pixels, (size_t)elements, sizeof(float));
    if (data == NULL)
        return rmt_fail_memory(error, (size_t)elements * sizeof(float));
    *view = rmt_view_dense(RAMET_DTYPE_FLOAT32, &shape, data);
    if (layout == RMT_LAYOUT_NHWC) {
        view->strides[1] = 1;
        view->strides[2] = w * 3;
        view->strides[3] = 3;
    }
    return RAMET_STATUS_OK;
}

/* [n, 3, h, w] that lies channels last, as the [n, h, w, 3] that it is. */
static void name_channels_last(rmt_view *view)
{
    rmt_shape shape = {4, {view->shape.dims[0], view->shape.dims[2], view->shape.dims[3], 3}};
    *view = rmt_view_dense(view->dtype, &shape, view->data);
}

/* run without the guard. */
static ramet_status fill(rmt_preprocessor *self, const rmt_selection *selection, rmt_layout layout, rmt_view *view,
                         ramet_error *error)
{
    const rmt_place *places = selection->places;
    bool unpermuted = (self->disabled & RAMET_PREPROCESS_STEP_PERMUTE) != 0;
    if (unpermuted)
        layout = RMT_LAYOUT_NHWC;
    ramet_status status = pixels_take(self, selection->count, places[0].extent, layout, view, error);
    rmt_view slot = *view;
    slot.shape.dims[0] = 1;
    for (size_t i = 0; status == RAMET_STATUS_OK && i < selection->count; i++) {
        slot.data = (float *)view->data + (int64_t)i * view->strides[0];
        status = self->kind->write(self, &selection->images[places[i].index], &slot, error);
    }
    if (status == RAMET_STATUS_OK && unpermuted)
        name_channels_last(view);
    return status;
}

ramet_status rmt_preprocessor_run(rmt_preprocessor *self, const rmt_selection *selection, rmt_layout layout,
                                  rmt_view *view, ramet_error *error)
{
    ramet_status status = rmt_guard_enter(&self->guard, error);
    if (status != RAMET_STATUS_OK)
        return status;
    status = fill(self, selection, layout, view, error);
    rmt_guard_leave(&self->guard);
    return status;
}

static ramet_status fill_in_order(rmt_preprocessor *self, const ramet_image *images, size_t count, rmt_view *view,
                                  ramet_error *error)
{
    rmt_place *places = rmt_scratch_take(&self->places, count, sizeof *places);
    if (places == NULL)
        return rmt_fail_memory(error, count * sizeof *places);
    ramet_status status = rmt_preprocessor_measure(self, images, count, places, error);
    if (status != RAMET_STATUS_OK)
        return status;
    size_t alike = rmt_places_alike(places, count, 0);
    if (alike < count)
        return rmt_fail(error, RAMET_STATUS_BAD_SHAPE,
                        "image %zu gives an input of %d x %d pixels but image 0 one of %d x %d; give them apart", alike,
                        (int)places[alike].extent.width, (int)places[alike].extent.height, (int)places[0].extent.width,
                        (int)places[0].extent.height);
    rmt_selection selection = {images, places, count};
    return fill(self, &selection, RMT_LAYOUT_NCHW, view, error);
}

ramet_status rmt_preprocessor_run_tensor(rmt_preprocessor *self, const ramet_image *images, size_t count,
                                         ramet_tensor *tensor, ramet_error *error)
{
    if (self == NULL || images == NULL || count == 0 || tensor == NULL)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "a preprocessor needs images and room for a tensor");
    ramet_status status = rmt_guard_enter(&self->guard, error);
    if (status != RAMET_STATUS_OK)
        return status;
    rmt_view view;
    status = fill_in_order(self, images, count, &view, error);
    rmt_guard_leave(&self->guard);
    if (status != RAMET_STATUS_OK)
        return status;
    *tensor = (ramet_tensor){.dtype = view.dtype, .rank = view.shape.rank, .data = view.data};
    for (int i = 0; i < view.shape.rank; i++)
        tensor->dims[i] = view.shape.dims[i];
    return RAMET_STATUS_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A transform carried out. Steps work on 8-bit pixels in two buffers that take
 * turns; a crop is only a view, and so is a step that changes nothing. A resize
 * that comes last and the numbers are one pass. A margin is written around them.
 */
#include "vision/transform/transform.h"

#include <math.h>
#include <string.h>

/* ---- steps ------------------------------------------------------------------------------------------------------- */

static bool is_resize(const rmt_step *step) { return step->kind < RMT_STEP_CROP; }

static rmt_resize resize_of(const rmt_step *step, const rmt_step_effect *effect)
{
    return (rmt_resize){
        .width = effect->extent.width,
        .height = effect->extent.height,
        .interpolation = step->interpolation,
        .step_x = step->by_factor ? 1 / effect->factor_x : 0,
        .step_y = step->by_factor ? 1 / effect->factor_y : 0,
    };
}

/* cv2's rounding of a border's value; in the order of the bytes. */
static void fill_pixel(const rmt_transform *transform, const rmt_step *step, uint8_t pixel[3])
{
    for (int c = 0; c < 3; c++)
        pixel[transform->pixels.swap_rb ? 2 - c : c] = (uint8_t)fmax(0, fmin(255, rint(step->fill[c])));
}

/* image at left, top of `after`, whose other pixels become `fill`. */
static void pad_image(const ramet_image *image, int32_t left, int32_t top, const uint8_t fill[3], ramet_image *after)
{
    for (int32_t y = 0; y < after->height; y++) {
        uint8_t *out = after->data + y * after->pitch;
        for (int32_t x = 0; x < after->width; x++)
            memcpy(out + 3 * (ptrdiff_t)x, fill, 3);
        if (y >= top && y - top < image->height)
            memcpy(out + 3 * (ptrdiff_t)left, image->data + (y - top) * image->pitch, 3 * (size_t)image->width);
    }
}

/* An image on its way through the steps. */
typedef struct transform_walk {
    const rmt_transform *transform;
    rmt_scratch *buffers; /* [2] */
    int turn;             /* the buffer that does not hold the image */
    ramet_image image;    /* the caller's, a buffer's, or a view of one of these */
} transform_walk;

static ramet_status take_buffer(transform_walk *walk, rmt_extent extent, ramet_image *image, ramet_error *error)
{
    size_t row_bytes = 3 * (size_t)extent.width;
    uint8_t *data = rmt_scratch_take(&walk->buffers[walk->turn], (size_t)extent.height, row_bytes);
    if (data == NULL)
        return rmt_fail_memory(error, (size_t)extent.height * row_bytes);
    *image = (ramet_image){.data = data, .width = extent.width, .height = extent.height, .pitch = (ptrdiff_t)row_bytes};
    walk->turn = 1 - walk->turn;
    return RAMET_STATUS_OK;
}

/* cv2's arithmetic of the middle: of an image that keeps its size it is a whole pixel. */
static void warp_image(const rmt_step *step, const ramet_image *image, ramet_image *after)
{
    bool kept = step->width == 0;
    double centre_x = kept ? image->width / 2 : image->width / 2.0;
    double centre_y = kept ? image->height / 2 : image->height / 2.0;
    double scale = kept ? 1 : (double)rmt_max_i64(image->width, image->height) / after->width;
    const double map[6] = {
        scale, 0, centre_x - scale * after->width / 2.0, 0, scale, centre_y - scale * after->height / 2.0,
    };
    rmt_image_warp_affine(image, map, after);
}

static ramet_status apply_step(transform_walk *walk, const rmt_step *step, ramet_error *error)
{
    ramet_image *image = &walk->image, after;
    rmt_step_effect effect;
    ramet_status status = rmt_step_measure(step, (rmt_extent){image->height, image->width}, &effect, error);
    if (status != RAMET_STATUS_OK || (effect.extent.width == image->width && effect.extent.height == image->height))
        return status;
    if (step->kind == RMT_STEP_CROP) {
        *image = rmt_image_view(image, -effect.left, -effect.top, effect.extent.width, effect.extent.height);
        return RAMET_STATUS_OK;
    }
    status = take_buffer(walk, effect.extent, &after, error);
    if (status != RAMET_STATUS_OK)
        return status;
    if (is_resize(step)) {
        rmt_resize resize = resize_of(step, &effect);
        status = rmt_image_resize(image, &after, resize.interpolation, resize.step_x, resize.step_y, error);
    } else if (step->kind == RMT_STEP_WARP) {
        warp_image(step, image, &after);
    } else {
        uint8_t fill[3];
        fill_pixel(walk->transform, step, fill);
        pad_image(image, effect.left, effect.top, fill, &after);
    }
    *image = after;
    return status;
}

/* ---- numbers ----------------------------------------------------------------------------------------------------- */

static void fill_rectangle(const float fill[3], const rmt_pixel_target *target, rmt_extent extent)
{
    for (int c = 0; c < 3; c++) {
        for (int32_t y = 0; y < extent.height; y++) {
            float *out = target->data + c * target->channel_stride + y * target->row_stride;
            for (int32_t x = 0; x < extent.width; x++)
                out[x * target->pixel_stride] = fill[c];
        }
    }
}

static rmt_pixel_target target_at(const rmt_pixel_target *target, int32_t left, int32_t top)
{
    rmt_pixel_target moved = *target;
    moved.data += left * target->pixel_stride + top * target->row_stride;
    return moved;
}

/* Everything of `whole` outside of the rectangle `inner` at left, top. */
static void fill_margin(const rmt_step *step, const rmt_pixel_target *target, rmt_extent whole, rmt_extent inner,
                        int32_t left, int32_t top)
{
    int32_t right = left + inner.width, bottom = top + inner.height;
    rmt_pixel_target below = target_at(target, 0, bottom), before = target_at(target, 0, top);
    rmt_pixel_target behind = target_at(target, right, top);
    fill_rectangle(step->fill, target, (rmt_extent){top, whole.width});
    fill_rectangle(step->fill, &below, (rmt_extent){whole.height - bottom, whole.width});
    fill_rectangle(step->fill, &before, (rmt_extent){inner.height, left});
    fill_rectangle(step->fill, &behind, (rmt_extent){inner.height, whole.width - right});
}

/* Where the numbers of an image that became `extent` by the steps on pixels go; fills the margins around them. */
static ramet_status place_numbers(const rmt_transform *transform, rmt_extent extent, rmt_pixel_target *target,
                                  ramet_error *error)
{
    const rmt_step *margins = &transform->steps[transform->count - transform->margins];
    rmt_step_effect effects[RMT_TRANSFORM_MAX_STEPS];
    for (size_t i = 0; i < transform->margins; i++) {
        rmt_extent inner = i == 0 ? extent : effects[i - 1].extent;
        ramet_status status = rmt_step_measure(&margins[i], inner, &effects[i], error);
        if (status != RAMET_STATUS_OK)
            return status;
    }
    for (size_t i = transform->margins; i-- > 0;) {
        rmt_extent inner = i == 0 ? extent : effects[i - 1].extent;
        fill_margin(&margins[i], target, effects[i].extent, inner, effects[i].left, effects[i].top);
        *target = target_at(target, effects[i].left, effects[i].top);
    }
    return RAMET_STATUS_OK;
}

ramet_status rmt_transform_write(const rmt_transform *transform, const rmt_preprocessor *self, rmt_scratch buffers[2],
                                 const ramet_image *image, const rmt_view *slot, ramet_error *error)
{
    const rmt_pixel_transform pixels = rmt_preprocessor_numbers(self, &transform->pixels);
    size_t steps = transform->count - transform->margins;
    const rmt_step *last = steps > 0 && is_resize(&transform->steps[steps - 1]) ? &transform->steps[steps - 1] : NULL;
    rmt_pixel_target target = {slot->data, slot->strides[2], slot->strides[3], slot->strides[1]};
    transform_walk walk = {transform, buffers, 0, *image};
    ramet_status status = RAMET_STATUS_OK;
    for (size_t i = 0; status == RAMET_STATUS_OK && i < steps - (last != NULL); i++)
        status = apply_step(&walk, &transform->steps[i], error);
    rmt_step_effect effect = {.extent = {walk.image.height, walk.image.width}, .factor_x = 1, .factor_y = 1};
    if (status == RAMET_STATUS_OK && last != NULL)
        status = rmt_step_measure(last, effect.extent, &effect, error);
    if (status == RAMET_STATUS_OK)
        status = place_numbers(transform, effect.extent, &target, error);
    if (status != RAMET_STATUS_OK)
        return status;
    if (last != NULL) {
        rmt_resize resize = resize_of(last, &effect);
        return rmt_image_resize_normalize(&walk.image, &resize, &pixels, &target, error);
    }
    rmt_image_normalize(&walk.image, &pixels, &target);
    return RAMET_STATUS_OK;
}

/* ---- a preprocessor of nothing else ------------------------------------------------------------------------------ */

typedef struct transformer {
    rmt_preprocessor base;
    rmt_transform transform;
    rmt_scratch buffers[2];
} transformer;

static ramet_status measure(const rmt_preprocessor *base, const ramet_image *image, rmt_extent *extent,
                            ramet_error *error)
{
    *extent = (rmt_extent){image->height, image->width};
    return rmt_transform_measure(&((const transformer *)base)->transform, extent, error);
}

static ramet_status write_slot(rmt_preprocessor *base, const ramet_image *image, const rmt_view *slot,
                               ramet_error *error)
{
    transformer *self = (transformer *)base;
    return rmt_transform_write(&self->transform, base, self->buffers, image, slot, error);
}

static void configure(rmt_preprocessor *base, const rmt_preprocessor *from)
{
    ((transformer *)base)->transform = ((const transformer *)from)->transform;
}

static void release(rmt_preprocessor *base)
{
    rmt_scratch_clear(&((transformer *)base)->buffers[0]);
    rmt_scratch_clear(&((transformer *)base)->buffers[1]);
}

static const rmt_preprocessor_kind KIND = {
    .bytes = sizeof(transformer),
    .measure = measure,
    .write = write_slot,
    .configure = configure,
    .release = release,
};

rmt_preprocessor *rmt_transformer_create(const rmt_transform *transform, ramet_error *error)
{
    transformer *self = (transformer *)rmt_preprocessor_create(&KIND, error);
    if (self != NULL)
        self->transform = *transform;
    return (rmt_preprocessor *)self;
}

rmt_transform *rmt_transformer_transform(rmt_preprocessor *base) { return &((transformer *)base)->transform; }

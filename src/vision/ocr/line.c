/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line of text as a network's input: resized, normalised to -1..1, and 0
 * (which is the middle grey) to its right.
 */
#include "vision/ocr/ocr.h"

static const rmt_pixel_transform PIXELS = {
    .scale = {2.0F / 255.0F, 2.0F / 255.0F, 2.0F / 255.0F},
    .shift = {-1.0F, -1.0F, -1.0F},
    .swap_rb = false,
};

ramet_status rmt_line_write(const rmt_preprocessor *self, const ramet_image *image, int32_t columns,
                            const rmt_view *slot, ramet_error *error)
{
    const rmt_pixel_transform pixels = rmt_preprocessor_numbers(self, &PIXELS);
    int32_t height = (int32_t)slot->shape.dims[2], width = (int32_t)slot->shape.dims[3];
    rmt_pixel_target target = {slot->data, slot->strides[2], slot->strides[3], slot->strides[1]};
    for (int32_t y = 0; columns < width && y < height; y++) {
        for (int32_t x = columns; x < width; x++) {
            float *at = target.data + y * target.row_stride + x * target.pixel_stride;
            at[0] = at[target.channel_stride] = at[2 * target.channel_stride] = 0.0F;
        }
    }
    rmt_resize resize = {.width = columns, .height = height, .interpolation = RMT_INTERPOLATION_LINEAR};
    return rmt_image_resize_normalize(image, &resize, &pixels, &target, error);
}

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

ramet_status rmt_line_write(const ramet_image *image, int32_t columns, const rmt_view *slot, ramet_error *error)
{
    int32_t height = (int32_t)slot->shape.dims[2], width = (int32_t)slot->shape.dims[3];
    int64_t channel = slot->strides[1], row = slot->strides[2], pixel = slot->strides[3];
    float *data = slot->data;
    for (int32_t y = 0; columns < width && y < height; y++) {
        for (int32_t x = columns; x < width; x++) {
            float *at = data + y * row + x * pixel;
            at[0] = at[channel] = at[2 * channel] = 0.0F;
        }
    }
    return rmt_image_resize_normalize(image, columns, height, &PIXELS, data, row, pixel, channel, error);
}

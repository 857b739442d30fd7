/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pixels to numbers, row by row, wherever the strides say.
 */
#include "image/resizer.h"

#include <string.h>

/* A row of the target; the pixels are still missing. */
static rmt_pixel_numbers first_row(const rmt_pixel_transform *transform, const rmt_pixel_target *target, int32_t width)
{
    rmt_pixel_numbers row = {
        .width = width,
        .swap_rb = transform->swap_rb,
        .out = target->data,
        .pixel_stride = target->pixel_stride,
        .channel_stride = target->channel_stride,
    };
    memcpy(row.scale, transform->scale, sizeof row.scale);
    memcpy(row.shift, transform->shift, sizeof row.shift);
    return row;
}

void rmt_image_normalize(const ramet_image *image, const rmt_pixel_transform *transform, const rmt_pixel_target *target)
{
    const rmt_kernels *kernels = rmt_kernels_best();
    rmt_pixel_numbers row = first_row(transform, target, image->width);
    for (int32_t y = 0; y < image->height; y++) {
        row.out = target->data + y * target->row_stride;
        row.pixels = rmt_image_row(image, y);
        kernels->pixel_numbers(&row);
    }
}

ramet_status rmt_image_resize_normalize(const ramet_image *src, const rmt_resize *resize,
                                        const rmt_pixel_transform *transform, const rmt_pixel_target *target,
                                        ramet_error *error)
{
    rmt_resizer resizer;
    ramet_status status = rmt_resizer_open(&resizer, src, resize->width, resize->height, resize->interpolation,
                                           resize->step_x, resize->step_y, error);
    if (status != RAMET_STATUS_OK)
        return status;
    rmt_pixel_numbers row = first_row(transform, target, resize->width);
    uint8_t *pixels = rmt_arena_alloc(&resizer.memory, (size_t)resize->width, 3);
    row.pixels = pixels;
    for (int32_t y = 0; pixels && y < resize->height; y++) {
        row.out = target->data + y * target->row_stride;
        resizer.row(&resizer, y, pixels);
        resizer.kernels->pixel_numbers(&row);
    }
    rmt_resizer_close(&resizer);
    return pixels ? RAMET_STATUS_OK : rmt_fail_memory(error, 3 * (size_t)resize->width);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pixels to numbers. A byte has 256 values, so each output channel is one
 * table; a pixel costs three look-ups and lands wherever the strides say.
 */
#include "image/resizer.h"

/* The number of each byte value, for the three output channels. */
typedef struct number_tables {
    float of[3][256];
    int from[3]; /* the byte of a BGR pixel that output channel c takes */
} number_tables;

static void fill_tables(const rmt_pixel_transform *transform, number_tables *tables)
{
    for (int c = 0; c < 3; c++) {
        tables->from[c] = transform->swap_rb ? 2 - c : c;
        for (int value = 0; value < 256; value++)
            tables->of[c][value] = (float)value * transform->scale[c] + transform->shift[c];
    }
}

static void normalize_row(const number_tables *tables, const uint8_t *bgr, int32_t width, int32_t y,
                          const rmt_pixel_target *target)
{
    const uint8_t *first = bgr + tables->from[0], *second = bgr + 1, *third = bgr + tables->from[2];
    ptrdiff_t pixel_stride = target->pixel_stride, channel_stride = target->channel_stride;
    float *out = target->data + y * target->row_stride;
    for (int32_t x = 0; x < width; x++, out += pixel_stride) {
        size_t at = 3 * (size_t)x;
        out[0] = tables->of[0][first[at]];
        out[channel_stride] = tables->of[1][second[at]];
        out[2 * channel_stride] = tables->of[2][third[at]];
    }
}

void rmt_image_normalize(const ramet_image *image, const rmt_pixel_transform *transform, const rmt_pixel_target *target)
{
    number_tables tables;
    fill_tables(transform, &tables);
    for (int32_t y = 0; y < image->height; y++)
        normalize_row(&tables, rmt_image_row(image, y), image->width, y, target);
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
    number_tables tables;
    fill_tables(transform, &tables);
    uint8_t *row = rmt_arena_alloc(&resizer.memory, (size_t)resize->width, 3);
    for (int32_t y = 0; row && y < resize->height; y++) {
        resizer.row(&resizer, y, row);
        normalize_row(&tables, row, resize->width, y, target);
    }
    rmt_resizer_close(&resizer);
    return row ? RAMET_STATUS_OK : rmt_fail_memory(error, 3 * (size_t)resize->width);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A text quad laid flat: as wide as its longer long side, as high as its
 * longer short side. A column of text is turned so that it reads as a line.
 */
#include "vision/ocr/ocr.h"

#include <math.h>
#include <string.h>

#define COLUMN_RATIO 1.5 /* height / width from which a crop is a column */

/* A crop before a column is turned. */
static rmt_extent flat_extent(const ramet_quad *quad)
{
    float sides[4];
    for (int i = 0; i < 4; i++) {
        const float *from = quad->points[i], *to = quad->points[(i + 1) % 4];
        float x = to[0] - from[0], y = to[1] - from[1];
        sides[i] = sqrtf(x * x + y * y);
    }
    int32_t width = (int32_t)fmaxf(sides[0], sides[2]), height = (int32_t)fmaxf(sides[1], sides[3]);
    return (rmt_extent){height > 1 ? height : 1, width > 1 ? width : 1};
}

static bool is_column(rmt_extent flat) { return flat.height / (double)flat.width >= COLUMN_RATIO; }

rmt_extent rmt_crop_measure(const ramet_quad *quad)
{
    rmt_extent flat = flat_extent(quad);
    return is_column(flat) ? (rmt_extent){flat.width, flat.height} : flat;
}

void rmt_crop_clear(rmt_crop *crop)
{
    ramet_image_clear(&crop->image);
    rmt_scratch_clear(&crop->pixels);
}

static ramet_status turn(rmt_crop *crop, int quarter_turns, ramet_error *error)
{
    ramet_image turned;
    ramet_status status = rmt_image_rotate(&crop->image, quarter_turns, &turned, error);
    if (status != RAMET_STATUS_OK)
        return status;
    ramet_image_clear(&crop->image);
    crop->image = turned;
    return RAMET_STATUS_OK;
}

ramet_status rmt_crop_take(rmt_crop *crop, const ramet_image *image, const ramet_quad *quad, ramet_error *error)
{
    rmt_extent flat = flat_extent(quad);
    size_t row_bytes = 3 * (size_t)flat.width;
    ramet_image_clear(&crop->image);
    uint8_t *data = rmt_scratch_take(&crop->pixels, (size_t)flat.height, row_bytes);
    if (data == NULL)
        return rmt_fail_memory(error, (size_t)flat.height * row_bytes);
    crop->image =
        (ramet_image){.data = data, .width = flat.width, .height = flat.height, .pitch = (ptrdiff_t)row_bytes};
    float corners[8];
    memcpy(corners, quad->points, sizeof corners);
    ramet_status status = rmt_image_warp_quad(image, corners, &crop->image, error);
    return status == RAMET_STATUS_OK && is_column(flat) ? turn(crop, 1, error) : status;
}

ramet_status rmt_crop_flip(rmt_crop *crop, ramet_error *error) { return turn(crop, 2, error); }

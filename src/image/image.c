/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ramet_image as a thing: made, checked, viewed, turned, freed.
 *
 * Turning is one strided copy: the source pixel of a destination pixel (x, y)
 * is a start plus x and y times a step, for each of the eight ways an image
 * can lie.
 */
#include "image/image.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { TILE = 32 }; /* pixels a side: a turned copy then stays within the cache */

ramet_status rmt_image_create(int32_t width, int32_t height, ramet_image *image, ramet_error *error)
{
    *image = (ramet_image){0};
    size_t row, bytes;
    if (width < 1 || height < 1 || !rmt_mul_size((size_t)width, 3, &row) || !rmt_mul_size(row, (size_t)height, &bytes))
        return rmt_fail(error, RAMET_STATUS_BAD_SHAPE, "an image of %d x %d pixels cannot be made", width, height);
    uint8_t *data = malloc(bytes);
    if (!data)
        return rmt_fail_memory(error, bytes);
    *image = (ramet_image){.data = data, .width = width, .height = height, .pitch = (ptrdiff_t)row, .owner = data};
    return RAMET_STATUS_OK;
}

void ramet_image_clear(ramet_image *image)
{
    if (!image)
        return;
    free(image->owner);
    *image = (ramet_image){0};
}

ramet_status rmt_image_check(const ramet_image *image, ramet_error *error)
{
    if (!image || !image->data)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "the image has no pixels: its data pointer is NULL");
    int64_t width = image->width, height = image->height;
    if (width < 1 || height < 1)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "the image is %d x %d pixels; both must be at least 1",
                        image->width, image->height);
    if (width * height > RMT_IMAGE_MAX_PIXELS)
        return rmt_fail(error, RAMET_STATUS_OVER_BUDGET, "the image is %d x %d pixels; at most %d pixels are taken",
                        image->width, image->height, RMT_IMAGE_MAX_PIXELS);
    if (image->pitch < 3 * width && image->pitch > -3 * width)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "the pitch is %td bytes; a row has %lld", image->pitch,
                        (long long)(3 * width));
    return RAMET_STATUS_OK;
}

ramet_image rmt_image_view(const ramet_image *image, int32_t x, int32_t y, int32_t width, int32_t height)
{
    assert(x >= 0 && y >= 0 && width >= 1 && height >= 1);
    assert(x <= image->width - width && y <= image->height - height);
    return (ramet_image){
        .data = image->data + y * image->pitch + 3 * (ptrdiff_t)x,
        .width = width,
        .height = height,
        .pitch = image->pitch,
    };
}

/* Where destination pixel (x, y) comes from: start + x * step_x + y * step_y. */
typedef struct turn {
    const uint8_t *start;
    ptrdiff_t step_x, step_y;
} turn;

static void copy_tile(const turn *from, ramet_image *dst, int32_t x0, int32_t y0)
{
    int32_t x1 = (int32_t)rmt_min_i64(dst->width, (int64_t)x0 + TILE);
    int32_t y1 = (int32_t)rmt_min_i64(dst->height, (int64_t)y0 + TILE);
    for (int32_t y = y0; y < y1; y++) {
        const uint8_t *in = from->start + x0 * from->step_x + y * from->step_y;
        uint8_t *out = dst->data + y * dst->pitch + 3 * (ptrdiff_t)x0;
        for (int32_t x = x0; x < x1; x++, in += from->step_x, out += 3) {
            out[0] = in[0];
            out[1] = in[1];
            out[2] = in[2];
        }
    }
}

ramet_status rmt_image_orient(const ramet_image *src, int orientation, ramet_image *dst, ramet_error *error)
{
    assert(orientation >= 1 && orientation <= 8);
    bool sideways = orientation >= 5; /* rows become columns */
    bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8; /* of the source */
    bool from_bottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    int32_t width = sideways ? src->height : src->width, height = sideways ? src->width : src->height;
    ramet_status status = rmt_image_create(width, height, dst, error);
    if (status != RAMET_STATUS_OK)
        return status;
    ptrdiff_t column = from_right ? -3 : 3, row = from_bottom ? -src->pitch : src->pitch;
    turn from = {
        .start = src->data + (from_right ? 3 * (ptrdiff_t)(src->width - 1) : 0) +
                 (from_bottom ? (src->height - 1) * src->pitch : 0),
        .step_x = sideways ? row : column,
        .step_y = sideways ? column : row,
    };
    for (int32_t y = 0; y < height; y += TILE)
        for (int32_t x = 0; x < width; x += TILE)
            copy_tile(&from, dst, x, y);
    return RAMET_STATUS_OK;
}

ramet_status rmt_image_rotate(const ramet_image *src, int quarter_turns, ramet_image *dst, ramet_error *error)
{
    static const int orientations[4] = {1, 8, 3, 6};
    assert(quarter_turns >= 0 && quarter_turns <= 3);
    return rmt_image_orient(src, orientations[quarter_turns], dst, error);
}

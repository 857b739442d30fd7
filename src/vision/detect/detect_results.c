/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of an image to a result in one block: pointers, numbers, names, and
 * the part of each mask that lies within its box and the image.
 */
#include "vision/detect/detect.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void ramet_detect_result_clear(ramet_detect_result *result)
{
    if (result == NULL)
        return;
    free(result->owner);
    *result = (ramet_detect_result){0};
}

/* ---- masks ----------------------------------------------------------------------------------------------------------------- */

/* One of the planes, as far as the image reaches. */
typedef struct plane {
    const ramet_tensor *tensor;
    int64_t start, pitch; /* elements */
    int32_t width, height;
} plane;

static plane plane_of(const rmt_detect_reading *reading, size_t image, int64_t index)
{
    const ramet_tensor *masks = reading->masks;
    const ramet_detect_geometry *geometry = &reading->geometries[image];
    return (plane){
        .tensor = masks,
        .start = index * masks->dims[1] * masks->dims[2],
        .pitch = masks->dims[2],
        .width = (int32_t)rmt_min_i64(masks->dims[2], geometry->image_width),
        .height = (int32_t)rmt_min_i64(masks->dims[1], geometry->image_height),
    };
}

static bool is_set(const plane *p, int32_t x, int32_t y)
{
    return rmt_detect_integer(p->tensor, p->start + y * p->pitch + x) > 0;
}

static int32_t cut(float value, int32_t most) { return (int32_t)fmaxf(0, fminf(rintf(value), (float)most)); }

/* The whole pixels of a box within the plane. */
static ramet_detect_mask window_of_box(const plane *p, const float box[4])
{
    int32_t left = cut(box[0], p->width), right = cut(box[2], p->width);
    int32_t top = cut(box[1], p->height), bottom = cut(box[3], p->height);
    if (right <= left || bottom <= top)
        return (ramet_detect_mask){.x = left, .y = top};
    return (ramet_detect_mask){.x = left, .y = top, .width = right - left, .height = bottom - top};
}

/* The smallest window around all that is set. */
static ramet_detect_mask window_of_pixels(const plane *p)
{
    int32_t left = p->width, right = 0, top = p->height, bottom = 0;
    for (int32_t y = 0; y < p->height; y++) {
        for (int32_t x = 0; x < p->width; x++) {
            if (!is_set(p, x, y))
                continue;
            left = x < left ? x : left;
            right = x >= right ? x + 1 : right;
            top = y < top ? y : top;
            bottom = y + 1;
        }
    }
    return right <= left ? (ramet_detect_mask){0} : (ramet_detect_mask){left, top, right - left, bottom - top, NULL};
}

/* The windows of all rows; rows without boxes get those of their masks, and go where these are empty. */
static ramet_status find_windows(const rmt_detect_reading *reading, size_t image, ramet_detect_mask **windows,
                                 ramet_error *error)
{
    rmt_detect_rows *rows = &reading->rows[image];
    size_t kept = 0;
    *windows = rmt_arena_alloc(reading->arena, rows->count, sizeof **windows);
    if (*windows == NULL)
        return rmt_fail_memory(error, rows->count * sizeof **windows);
    for (size_t i = 0; i < rows->count; i++) {
        rmt_detect_row row = rows->items[i];
        plane p = plane_of(reading, image, row.mask);
        ramet_detect_mask window = rows->has_boxes ? window_of_box(&p, row.box) : window_of_pixels(&p);
        if (!rows->has_boxes && window.width == 0)
            continue;
        if (!rows->has_boxes) {
            row.box[0] = (float)window.x, row.box[2] = (float)(window.x + window.width);
            row.box[1] = (float)window.y, row.box[3] = (float)(window.y + window.height);
        }
        rows->items[kept] = row;
        (*windows)[kept++] = window;
    }
    rows->count = kept;
    return RAMET_STATUS_OK;
}

static uint8_t *copy_mask(const plane *p, ramet_detect_mask *mask, uint8_t *to)
{
    mask->data = to;
    for (int32_t y = 0; y < mask->height; y++)
        for (int32_t x = 0; x < mask->width; x++)
            *to++ = is_set(p, mask->x + x, mask->y + y);
    return to;
}

/* ---- the block --------------------------------------------------------------------------------------------------------------- */

static const char *name_of(const rmt_texts *labels, int32_t label)
{
    return (size_t)label < labels->count ? labels->items[label] : "";
}

static size_t block_bytes(const rmt_detect_rows *rows, const rmt_texts *labels, const ramet_detect_mask *windows)
{
    size_t count = rows->count, bytes = count * (4 * sizeof(float) + sizeof(float) + sizeof(int32_t));
    if (rows->coordinates == 8)
        bytes += count * 8 * sizeof(float);
    for (size_t i = 0; labels != NULL && i < count; i++)
        bytes += sizeof(char *) + strlen(name_of(labels, rows->items[i].label)) + 1;
    for (size_t i = 0; windows != NULL && i < count; i++)
        bytes += sizeof *windows + (size_t)windows[i].width * (size_t)windows[i].height;
    return bytes;
}

/* Sets the arrays of a result in its block, the widest first; returns what is left for characters and masks. */
static uint8_t *lay_out(const rmt_detect_rows *rows, bool names, bool masks, ramet_detect_result *result)
{
    uint8_t *at = result->owner;
    size_t count = rows->count;
    result->count = count;
    result->contain_masks = masks;
    result->masks = masks ? (void *)at : NULL;
    at += masks ? count * sizeof *result->masks : 0;
    result->label_names = names ? (void *)at : NULL;
    at += names ? count * sizeof *result->label_names : 0;
    result->boxes = (void *)at;
    at += count * sizeof *result->boxes;
    result->rotated_boxes = rows->coordinates == 8 ? (void *)at : NULL;
    at += rows->coordinates == 8 ? count * sizeof *result->rotated_boxes : 0;
    result->scores = (void *)at;
    at += count * sizeof *result->scores;
    result->label_ids = (void *)at;
    return at + count * sizeof *result->label_ids;
}

/* Four corners to the box around them. */
static void surround(const float corners[8], float box[4])
{
    memcpy(box, corners, 2 * sizeof *box);
    memcpy(box + 2, corners, 2 * sizeof *box);
    for (int k = 2; k < 8; k++) {
        box[k % 2] = fminf(box[k % 2], corners[k]);
        box[2 + k % 2] = fmaxf(box[2 + k % 2], corners[k]);
    }
}

static void fill_numbers(const rmt_detect_rows *rows, ramet_detect_result *result)
{
    for (size_t i = 0; i < rows->count; i++) {
        const rmt_detect_row *row = &rows->items[i];
        result->scores[i] = row->score;
        result->label_ids[i] = row->label;
        if (result->rotated_boxes != NULL) {
            memcpy(result->rotated_boxes[i], row->box, sizeof result->rotated_boxes[i]);
            surround(row->box, result->boxes[i]);
        } else {
            memcpy(result->boxes[i], row->box, sizeof result->boxes[i]);
        }
    }
}

ramet_status rmt_detect_result_fill(const rmt_detect_reading *reading, size_t image, ramet_detect_result *result,
                                    ramet_error *error)
{
    const rmt_texts *labels = reading->settings->labels;
    ramet_detect_mask *windows = NULL;
    ramet_status status = reading->masks != NULL ? find_windows(reading, image, &windows, error) : RAMET_STATUS_OK;
    if (status != RAMET_STATUS_OK)
        return status;
    const rmt_detect_rows *rows = &reading->rows[image];
    size_t bytes = block_bytes(rows, labels, windows);
    result->owner = malloc(bytes > 0 ? bytes : 1);
    if (result->owner == NULL)
        return rmt_fail_memory(error, bytes);
    uint8_t *rest = lay_out(rows, labels != NULL, windows != NULL, result);
    fill_numbers(rows, result);
    for (size_t i = 0; labels != NULL && i < rows->count; i++) {
        result->label_names[i] = (const char *)rest;
        rest = (uint8_t *)stpcpy((char *)rest, name_of(labels, rows->items[i].label)) + 1;
    }
    for (size_t i = 0; windows != NULL && i < rows->count; i++) {
        plane p = plane_of(reading, image, rows->items[i].mask);
        result->masks[i] = windows[i];
        rest = copy_mask(&p, &result->masks[i], rest);
    }
    return RAMET_STATUS_OK;
}

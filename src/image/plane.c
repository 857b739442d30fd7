/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resizing of one float32 plane, as cv2.resize: nearest, and linear with its
 * rule for exact halves. A source row is blended once and kept while needed.
 */
#include "image/resizer.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct plane_column {
    int32_t left, right; /* source indices */
    float weight;        /* of the right one */
} plane_column;

typedef struct plane_resizer {
    const float *src;
    int32_t src_width, src_height, width, height;
    double step_x, step_y;
    rmt_arena memory;
    plane_column *columns; /* [width] */
    float *rows[2];        /* [width]: blended source rows; row y is in slot y % 2 */
    int32_t row_of[2];
} plane_resizer;

static void nearest_plane(const plane_resizer *p, float *dst)
{
    for (int32_t y = 0; y < p->height; y++) {
        int32_t row = rmt_clamp_index((int64_t)floor(y * p->step_y), p->src_height);
        const float *in = p->src + (size_t)row * (size_t)p->src_width;
        for (int32_t x = 0; x < p->width; x++)
            *dst++ = in[rmt_clamp_index((int64_t)floor(x * p->step_x), p->src_width)];
    }
}

static void halve_plane(const plane_resizer *p, float *dst)
{
    size_t pitch = (size_t)p->src_width;
    for (int32_t y = 0; y < p->height; y++) {
        const float *in = p->src + 2 * (size_t)y * pitch, *below = in + pitch;
        for (int32_t x = 0; x < p->width; x++, in += 2, below += 2)
            *dst++ = ((in[0] + in[1]) + (below[0] + below[1])) * 0.25f;
    }
}

static const float *blended(plane_resizer *p, int64_t y)
{
    int32_t row = rmt_clamp_index(y, p->src_height), slot = row % 2;
    const float *in = p->src + (size_t)row * (size_t)p->src_width;
    if (p->row_of[slot] != row) {
        for (int32_t x = 0; x < p->width; x++) {
            const plane_column *c = &p->columns[x];
            p->rows[slot][x] = in[c->left] * (1.0f - c->weight) + in[c->right] * c->weight;
        }
        p->row_of[slot] = row;
    }
    return p->rows[slot];
}

static void linear_plane(plane_resizer *p, float *dst)
{
    for (int32_t y = 0; y < p->height; y++, dst += p->width) {
        float under;
        int32_t row = rmt_resizer_position(RMT_INTERPOLATION_LINEAR, y, p->step_y, &under);
        const float *above = blended(p, row), *below = blended(p, (int64_t)row + 1);
        for (int32_t x = 0; x < p->width; x++)
            dst[x] = above[x] * (1.0f - under) + below[x] * under;
    }
}

static bool set_columns(plane_resizer *p)
{
    size_t width = (size_t)p->width;
    p->columns = rmt_arena_alloc(&p->memory, width, sizeof *p->columns);
    for (int slot = 0; slot < 2; slot++) {
        p->rows[slot] = rmt_arena_alloc(&p->memory, width, sizeof *p->rows[slot]);
        p->row_of[slot] = -1;
    }
    if (!p->columns || !p->rows[0] || !p->rows[1])
        return false;
    for (int32_t x = 0; x < p->width; x++) {
        float fraction;
        int32_t left = rmt_resizer_position(RMT_INTERPOLATION_LINEAR, x, p->step_x, &fraction);
        bool inside = left >= 0 && left < p->src_width - 1;
        left = rmt_clamp_index(left, p->src_width);
        p->columns[x] = (plane_column){left, inside ? left + 1 : left, inside ? fraction : 0};
    }
    return true;
}

ramet_status rmt_plane_resize(const float *src, int32_t src_width, int32_t src_height, float *dst, int32_t dst_width,
                              int32_t dst_height, rmt_interpolation interpolation, ramet_error *error)
{
    assert(src_width >= 1 && src_height >= 1 && dst_width >= 1 && dst_height >= 1);
    plane_resizer p = {
        .src = src, .src_width = src_width, .src_height = src_height, .width = dst_width, .height = dst_height};
    p.step_x = 1.0 / ((double)dst_width / src_width);
    p.step_y = 1.0 / ((double)dst_height / src_height);
    ramet_status status = RAMET_STATUS_OK;
    rmt_arena_init(&p.memory, 0);
    if (dst_width == src_width && dst_height == src_height)
        memcpy(dst, src, (size_t)src_width * (size_t)src_height * sizeof *src);
    else if (interpolation == RMT_INTERPOLATION_NEAREST)
        nearest_plane(&p, dst);
    else if (src_width == 2 * (int64_t)dst_width && src_height == 2 * (int64_t)dst_height)
        halve_plane(&p, dst);
    else if (set_columns(&p))
        linear_plane(&p, dst);
    else
        status = rmt_fail(error, RAMET_STATUS_OUT_OF_MEMORY, "no memory left to resize a plane to %d x %d", dst_width,
                          dst_height);
    rmt_arena_clear(&p.memory);
    return status;
}

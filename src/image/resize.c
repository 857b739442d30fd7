/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resizing of images: which way cv2.resize would go, and the two ways that
 * need no arithmetic (copy, nearest).
 */
#include "image/resizer.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

int32_t rmt_resizer_position(rmt_interpolation interpolation, int32_t i, double step, float *fraction)
{
    if (interpolation == RMT_INTERPOLATION_AREA) { /* where it enlarges: mostly flat, blended across borders only */
        double index = floor(i * step);
        float f = (float)((i + 1) - (index + 1) * (1.0 / step));
        *fraction = f <= 0 ? 0 : f - floorf(f);
        return (int32_t)index;
    }
    float position = (float)((i + 0.5) * step - 0.5);
    float index = floorf(position);
    *fraction = position - index;
    return (int32_t)index;
}

int16_t rmt_resizer_weight(float weight) { return (int16_t)lrintf(weight * 2048.0f); }

static void copy_row(rmt_resizer *r, int32_t y, uint8_t *out)
{
    memcpy(out, rmt_image_row(r->src, y), 3 * (size_t)r->width);
}

static bool open_copy(rmt_resizer *r)
{
    r->row = copy_row;
    return true;
}

static void nearest_row(rmt_resizer *r, int32_t y, uint8_t *out)
{
    const int32_t *at = r->state;
    const uint8_t *in = rmt_image_row(r->src, rmt_clamp_index((int64_t)floor(y * r->step_y), r->src->height));
    for (int32_t x = 0; x < r->width; x++, out += 3) {
        const uint8_t *pixel = in + at[x];
        out[0] = pixel[0];
        out[1] = pixel[1];
        out[2] = pixel[2];
    }
}

static bool open_nearest(rmt_resizer *r)
{
    int32_t *at = rmt_arena_alloc(&r->memory, (size_t)r->width, sizeof *at);
    if (!at)
        return false;
    for (int32_t x = 0; x < r->width; x++)
        at[x] = 3 * rmt_clamp_index((int64_t)floor(x * r->step_x), r->src->width);
    r->state = at;
    r->row = nearest_row;
    return true;
}

static bool is_whole(double step) { return fabs(step - nearbyint(step)) < DBL_EPSILON; }

typedef bool (*opener)(rmt_resizer *resizer);

static opener choose(const rmt_resizer *r)
{
    bool whole = is_whole(r->step_x) && is_whole(r->step_y);
    bool halves = whole && nearbyint(r->step_x) == 2 && nearbyint(r->step_y) == 2;
    if (r->width == r->src->width && r->height == r->src->height)
        return open_copy;
    switch (r->interpolation) {
    case RMT_INTERPOLATION_NEAREST: return open_nearest;
    case RMT_INTERPOLATION_CUBIC:
    case RMT_INTERPOLATION_LANCZOS4: return rmt_resizer_open_wide;
    case RMT_INTERPOLATION_AREA:
        if (r->step_x >= 1 && r->step_y >= 1)
            return whole ? rmt_resizer_open_block : rmt_resizer_open_area;
        return rmt_resizer_open_linear;
    case RMT_INTERPOLATION_LINEAR: break;
    default: return rmt_resizer_open_pillow;
    }
    return halves ? rmt_resizer_open_block : rmt_resizer_open_linear;
}

static double default_step(double step, int32_t src, int32_t dst)
{
    return step > 0 ? step : 1.0 / ((double)dst / src);
}

ramet_status rmt_resizer_open(rmt_resizer *resizer, const ramet_image *src, int32_t width, int32_t height,
                              rmt_interpolation interpolation, double step_x, double step_y, ramet_error *error)
{
    assert(width >= 1 && height >= 1 && src->width >= 1 && src->height >= 1);
    *resizer = (rmt_resizer){
        .src = src,
        .width = width,
        .height = height,
        .step_x = default_step(step_x, src->width, width),
        .step_y = default_step(step_y, src->height, height),
        .interpolation = interpolation,
        .kernels = rmt_kernels_best(),
    };
    rmt_arena_init(&resizer->memory, 0);
    if (choose(resizer)(resizer))
        return RAMET_STATUS_OK;
    rmt_resizer_close(resizer);
    return rmt_fail(error, RAMET_STATUS_OUT_OF_MEMORY, "no memory left to resize an image to %d x %d pixels", width,
                    height);
}

void rmt_resizer_close(rmt_resizer *resizer) { rmt_arena_clear(&resizer->memory); }

ramet_status rmt_image_resize(const ramet_image *src, ramet_image *dst, rmt_interpolation interpolation, double step_x,
                              double step_y, ramet_error *error)
{
    rmt_resizer resizer;
    ramet_status status =
        rmt_resizer_open(&resizer, src, dst->width, dst->height, interpolation, step_x, step_y, error);
    if (status != RAMET_STATUS_OK)
        return status;
    for (int32_t y = 0; y < dst->height; y++)
        resizer.row(&resizer, y, dst->data + y * dst->pitch);
    rmt_resizer_close(&resizer);
    return RAMET_STATUS_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grid_sample: each output pixel is the input at a place that a grid names, by
 * the four pixels around it or the nearest one. x [n, c, h, w] and the result
 * [n, c, gh, gw] are channels last; the grid [n, gh, gw, 2] holds x and y from
 * -1 to 1. Places outside read zeros, the border, or the image mirrored.
 *
 * Scratch: a row of zeros.
 */
#include "ops/convolution/sliding_window.h"

#include <math.h>
#include <string.h>

enum { X, GRID };

typedef enum outside { OUTSIDE_ZEROS, OUTSIDE_BORDER, OUTSIDE_REFLECTION } outside;

typedef struct grid_params {
    bool nearest, align_corners;
    outside outside;
} grid_params;

static ramet_status grid_load(rmt_op_load *load)
{
    static const char *const names[] = {"zeros", "border", "reflection"};
    grid_params *params = load->params;
    const char *mode = rmt_node_string(load->node, "mode", "bilinear");
    const char *padding = rmt_node_string(load->node, "padding_mode", "zeros");
    while (params->outside < OUTSIDE_REFLECTION && strcmp(names[params->outside], padding) != 0)
        params->outside++;
    params->nearest = strcmp(mode, "nearest") == 0;
    if ((!params->nearest && strcmp(mode, "bilinear") != 0) || strcmp(names[params->outside], padding) != 0)
        return rmt_fail(load->error, RAMET_STATUS_UNSUPPORTED, "mode '%s', padding_mode '%s'", mode, padding);
    params->align_corners = rmt_node_bool(load->node, "align_corners", true);
    return rmt_load_inputs(load, 2);
}

static ramet_status grid_infer(rmt_op_infer *infer)
{
    const rmt_shape *x = &infer->in[X].shape, *grid = &infer->in[GRID].shape;
    for (int32_t i = X; i <= GRID; i++) {
        ramet_status status = rmt_infer_float32(infer, i);
        if (status != RAMET_STATUS_OK)
            return status;
    }
    if (x->rank != 4 || grid->rank != 4 || grid->dims[3] != 2 || x->dims[0] != grid->dims[0])
        return rmt_infer_fail(infer, "not an image tensor [n,c,h,w] and a grid [n,h,w,2]");
    infer->out[0].dtype = RAMET_DTYPE_FLOAT32;
    infer->out[0].shape = (rmt_shape){4, {x->dims[0], x->dims[1], grid->dims[1], grid->dims[2]}};
    bool empty = x->dims[2] == 0 || x->dims[3] == 0;
    if (empty || x->dims[2] > INT32_MAX / 4 || x->dims[3] > INT32_MAX / 4)
        return rmt_infer_fail(infer, "there are no pixels to sample");
    return rmt_infer_done(infer);
}

static void grid_place(rmt_op_place *place)
{
    place->form[X] = RMT_FORM_CHANNELS_LAST;
    rmt_strides_channels_last(&place->out[0]);
    place->place[0].any_pixel_stride = true;
    if (rmt_shape_elements(&place->out[0].shape) > 0)
        place->scratch_bytes = rmt_round_up((size_t)place->in[X].shape.dims[1] * sizeof(float), RMT_PACK_ALIGN);
}

typedef struct grid_loop {
    const rmt_op_run *run;
    const grid_params *params;
    const rmt_view *grid;
    const float *zeros;
    rmt_pixels x, y;
} grid_loop;

/* A place mirrored into [0, size - 1], at the centers or at the edges of the outer pixels. */
static float reflect(float at, int32_t size, bool align_corners)
{
    float shift = align_corners ? 0 : 0.5f, period = 2 * (align_corners ? (float)(size - 1) : (float)size);
    if (period == 0)
        return 0;
    float distance = fabsf(at + shift);
    float rest = distance - floorf(distance / period) * period;
    return fminf(rest, period - rest) - shift;
}

/* Where along a side of `size` pixels a grid coordinate points. What is far outside, or no number, comes just outside. */
static float place_of(const grid_params *params, float coordinate, int32_t size)
{
    float last = (float)(size - 1);
    float at = params->align_corners ? (coordinate + 1) * (last * 0.5f) : (coordinate + 1) * ((last + 1) * 0.5f) - 0.5f;
    if (params->outside == OUTSIDE_REFLECTION)
        at = reflect(at, size, params->align_corners);
    if (params->outside != OUTSIDE_ZEROS)
        return fminf(fmaxf(at, 0), last);
    return fminf(fmaxf(at, -2), (float)size + 1);
}

static const float *pixel_or_zeros(const grid_loop *loop, int32_t n, int32_t y, int32_t x)
{
    bool inside = y >= 0 && y < loop->x.h && x >= 0 && x < loop->x.w;
    return inside ? rmt_pixel_at(&loop->x, n, y, x) : loop->zeros;
}

static void sample_pixel(const grid_loop *loop, int32_t n, const float *place, float *out)
{
    float x = place_of(loop->params, place[0], loop->x.w);
    float y = place_of(loop->params, place[loop->grid->strides[3]], loop->x.h);
    if (loop->params->nearest) {
        memcpy(out, pixel_or_zeros(loop, n, (int32_t)roundf(y), (int32_t)roundf(x)), (size_t)loop->x.c * sizeof *out);
        return;
    }
    int32_t left = (int32_t)floorf(x), top = (int32_t)floorf(y);
    const float *const corners[4] = {pixel_or_zeros(loop, n, top, left), pixel_or_zeros(loop, n, top, left + 1),
                                     pixel_or_zeros(loop, n, top + 1, left),
                                     pixel_or_zeros(loop, n, top + 1, left + 1)};
    loop->run->kernels->lerp(corners, x - (float)left, y - (float)top, out, loop->x.c);
}

static void sample_rows(void *context, int64_t first, int64_t last, int thread)
{
    (void)thread;
    const grid_loop *loop = context;
    const int64_t *strides = loop->grid->strides;
    for (int64_t i = first; i < last; i++) {
        int32_t n = (int32_t)(i / loop->y.h), row = (int32_t)(i % loop->y.h);
        const float *places = (const float *)loop->grid->data + n * strides[0] + row * strides[1];
        for (int32_t column = 0; column < loop->y.w; column++)
            sample_pixel(loop, n, places + column * strides[2], rmt_pixel_at(&loop->y, n, row, column));
    }
}

static void grid_run(const rmt_op_run *run)
{
    grid_loop loop = {run, run->params, &run->in[GRID], (const float *)run->scratch, {0}, {0}};
    if (rmt_shape_elements(&run->out[0].shape) == 0)
        return;
    loop.x = rmt_pixels_of(&run->in[X]);
    loop.y = rmt_pixels_of(&run->out[0]);
    memset(run->scratch, 0, (size_t)loop.x.c * sizeof(float));
    rmt_for_range(run->team, (int64_t)loop.y.n * loop.y.h, rmt_max_i64(1, 256 / loop.y.w), sample_rows, &loop);
}

const rmt_op rmt_op_grid_sample = {.name = "grid_sample",
                                   .params_bytes = sizeof(grid_params),
                                   .load = grid_load,
                                   .infer = grid_infer,
                                   .place = grid_place,
                                   .run = grid_run};

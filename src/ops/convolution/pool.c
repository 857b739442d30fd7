/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool2d: maximum or mean over windows, over everything (global), or over a
 * given number of windows that cover the image (adaptive), which a second input may give. The kernel gets the
 * pixels of one window by pointer, and how many windows beside it are like it; padding takes no part in a maximum, and in
 * a mean only where `exclusive` is off.
 */
#include "ops/convolution/sliding_window.h"

#include <float.h>
#include <string.h>

typedef struct pool_params {
    rmt_window window;
    rmt_reduce function; /* RMT_REDUCE_SUM stands for the mean */
    bool exclusive, global, adaptive;
    bool indexed; /* max_pool2d_with_index: adaptive windows fit, and a second result says where the maxima lie */
    int32_t adaptive_h, adaptive_w;
} pool_params;

static ramet_status pool_load(rmt_op_load *load)
{
    pool_params *params = load->params;
    int64_t size[2] = {1, 1};
    size_t count = rmt_node_ints(load->node, "ksize", size, 2);
    if (count == 1)
        size[1] = size[0];
    if (count > 2 || size[0] < 1 || size[1] < 1 || size[0] > 65536 || size[1] > 65536)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "attribute ksize is not one or two sizes of at least 1");
    const char *type = rmt_node_string(load->node, "pooling_type", "max");
    if (strcmp(type, "max") != 0 && strcmp(type, "avg") != 0)
        return rmt_fail(load->error, RAMET_STATUS_UNSUPPORTED, "pooling_type '%s'", type);
    params->function = strcmp(type, "max") == 0 ? RMT_REDUCE_MAX : RMT_REDUCE_SUM;
    params->exclusive = rmt_node_bool(load->node, "exclusive", true);
    params->global = rmt_node_bool(load->node, "global_pooling", false);
    params->adaptive = rmt_node_bool(load->node, "adaptive", false);
    params->indexed = rmt_node_bool(load->node, "indexed", false);
    params->adaptive_h = (int32_t)size[0];
    params->adaptive_w = (int32_t)size[1];
    ramet_status status = rmt_load_inputs(load, 1);
    return status == RAMET_STATUS_OK
               ? rmt_window_read(load->node, (int32_t)size[0], (int32_t)size[1], &params->window, load->error)
               : status;
}

/* How many windows an adaptive pool has. */
static ramet_status count_windows(rmt_op_infer *infer, rmt_geometry *geometry)
{
    const pool_params *params = infer->params;
    int64_t size[2] = {params->adaptive_h, params->adaptive_w};
    if (infer->in_count > 1 && rmt_view_read_ints(&infer->in[1], size, 2) != 2)
        return rmt_infer_unknown(infer, "the size is not known before the run, or not two numbers");
    if (size[0] < 1 || size[1] < 1 || size[0] > INT32_MAX || size[1] > INT32_MAX)
        return rmt_infer_fail(infer, "%lld x %lld windows", (long long)size[0], (long long)size[1]);
    geometry->out_h = (int32_t)size[0];
    geometry->out_w = (int32_t)size[1];
    return RAMET_STATUS_OK;
}

static ramet_status pool_infer(rmt_op_infer *infer)
{
    const pool_params *params = infer->params;
    const rmt_view *x = &infer->in[0];
    rmt_view *out = &infer->out[0];
    if (x->shape.rank != 4 || x->dtype != RAMET_DTYPE_FLOAT32 || x->shape.dims[2] < 1 || x->shape.dims[3] < 1)
        return rmt_infer_fail(infer, "the input is not a float32 image tensor [n,c,h,w]");
    out->dtype = x->dtype;
    out->shape = x->shape;
    rmt_geometry geometry = {.out_h = 1, .out_w = 1};
    if (infer->in_count > 1 && !params->adaptive)
        return rmt_infer_fail(infer, "a window whose size the graph computes");
    if (params->adaptive && !params->global) {
        ramet_status status = count_windows(infer, &geometry);
        if (status != RAMET_STATUS_OK)
            return status;
    } else if (!params->global &&
               !rmt_window_geometry(&params->window, x->shape.dims[2], x->shape.dims[3], &geometry)) {
        return rmt_infer_fail(infer, "an image of %lld x %lld is too small for the window", (long long)x->shape.dims[3],
                              (long long)x->shape.dims[2]);
    }
    out->shape.dims[2] = geometry.out_h;
    out->shape.dims[3] = geometry.out_w;
    if (infer->out_count > 1) {
        infer->out[1].dtype = RAMET_DTYPE_INT32;
        infer->out[1].shape = out->shape;
    }
    return rmt_infer_done(infer);
}

/* The pixels [y0, y1) x [x0, x1) of a window; `all` counts the padding too. */
typedef struct pool_window {
    int32_t y0, y1, x0, x1, all;
} pool_window;

static int32_t clamp(int32_t value, int32_t low, int32_t high)
{
    return value < low ? low : value > high ? high : value;
}

static pool_window window_at(const pool_params *params, const rmt_geometry *g, int32_t oy, int32_t ox)
{
    const rmt_window *w = &params->window;
    if (params->global)
        return (pool_window){0, g->in_h, 0, g->in_w, g->in_h * g->in_w};
    if (params->adaptive && (params->function == RMT_REDUCE_SUM || params->indexed)) { /* pool2d's maximum slides */
        pool_window p = {(int32_t)((int64_t)oy * g->in_h / g->out_h),
                         (int32_t)(((int64_t)(oy + 1) * g->in_h + g->out_h - 1) / g->out_h),
                         (int32_t)((int64_t)ox * g->in_w / g->out_w),
                         (int32_t)(((int64_t)(ox + 1) * g->in_w + g->out_w - 1) / g->out_w), 0};
        p.all = (p.y1 - p.y0) * (p.x1 - p.x0);
        return p;
    }
    int32_t y = oy * w->stride_h - g->pad_top, x = ox * w->stride_w - g->pad_left;
    int32_t y_end = clamp(y + w->kernel_h, y, g->in_h + g->pad_top); /* the front padding, as PaddlePaddle */
    int32_t x_end = clamp(x + w->kernel_w, x, g->in_w + g->pad_left);
    return (pool_window){clamp(y, 0, g->in_h), clamp(y_end, 0, g->in_h), clamp(x, 0, g->in_w), clamp(x_end, 0, g->in_w),
                         (y_end - y) * (x_end - x)};
}

static size_t thread_scratch(const pool_params *params, int64_t h, int64_t w)
{
    size_t pixels = params->global || params->adaptive
                        ? (size_t)(h * w)
                        : (size_t)params->window.kernel_h * (size_t)params->window.kernel_w;
    return rmt_round_up(pixels * sizeof(void *), RMT_PACK_ALIGN);
}

static void pool_place(rmt_op_place *place)
{
    place->form[0] = RMT_FORM_CHANNELS_LAST;
    rmt_strides_channels_last(&place->out[0]);
    place->place[0].any_pixel_stride = true;
    if (place->out_count > 1)
        rmt_strides_dense(&place->out[1]);
    const int64_t *dims = place->in[0].shape.dims;
    if (rmt_shape_elements(&place->out[0].shape) > 0)
        place->scratch_bytes = thread_scratch(place->params, dims[2], dims[3]) * (size_t)place->threads;
}

typedef struct pool_run_state {
    const rmt_op_run *run;
    const pool_params *params;
    rmt_geometry geometry;
    rmt_pixels x, y;
} pool_run_state;

/* `width` output pixels from ox on, whose windows are like the first one. */
static void pool_pixels(const pool_run_state *d, int32_t n, int32_t oy, int32_t ox, int32_t width, const float **pixels)
{
    pool_window w = window_at(d->params, &d->geometry, oy, ox);
    float *out = rmt_pixel_at(&d->y, n, oy, ox);
    int32_t count = 0;
    for (int32_t y = w.y0; y < w.y1; y++)
        for (int32_t x = w.x0; x < w.x1; x++)
            pixels[count++] = rmt_pixel_at(&d->x, n, y, x);
    bool mean = d->params->function == RMT_REDUCE_SUM;
    for (int32_t i = 0; count == 0 && i < width; i++) /* windows beside the image */
        for (int32_t c = 0; c < d->y.c; c++)
            out[i * d->y.pixel + c] = mean ? 0 : -FLT_MAX;
    if (count == 0)
        return;
    float factor = !mean ? 1.0f : 1.0f / (float)(d->params->exclusive ? count : w.all);
    d->run->kernels->pool(&(rmt_pool){.function = d->params->function,
                                      .pixels = pixels,
                                      .count = count,
                                      .width = width,
                                      .channels = d->y.c,
                                      .in_step = d->params->window.stride_w * d->x.pixel,
                                      .out_pixel = d->y.pixel,
                                      .factor = factor,
                                      .out = out});
}

/* How many output pixels of a row from ox on have windows that lie in the image from left to right; at least 1. */
static int32_t like_windows(const pool_run_state *d, int32_t ox)
{
    const rmt_window *w = &d->params->window;
    int32_t x = ox * w->stride_w - d->geometry.pad_left, room = d->geometry.in_w - w->kernel_w - x;
    if (d->params->global || d->params->adaptive || x < 0 || room < 0)
        return 1;
    int32_t windows = room / w->stride_w + 1;
    return windows < d->y.w - ox ? windows : d->y.w - ox;
}

static void pool_row(const pool_run_state *d, int32_t n, int32_t oy, const float **pixels)
{
    for (int32_t ox = 0, width; ox < d->y.w; ox += width) {
        width = like_windows(d, ox);
        pool_pixels(d, n, oy, ox, width, pixels);
    }
}

/* Where in [h, w] the first of the largest numbers of a window lies, for each channel. */
static void index_pixel(const pool_run_state *d, int32_t n, int32_t oy, int32_t ox)
{
    pool_window w = window_at(d->params, &d->geometry, oy, ox);
    const rmt_view *out = &d->run->out[1];
    int32_t *index = (int32_t *)out->data + n * out->strides[0] + oy * out->strides[2] + ox * out->strides[3];
    for (int32_t c = 0; c < d->x.c; c++) {
        int32_t best = -1;
        float largest = -FLT_MAX;
        for (int32_t y = w.y0; y < w.y1; y++) {
            for (int32_t x = w.x0; x < w.x1; x++) {
                float value = rmt_pixel_at(&d->x, n, y, x)[c];
                best = value > largest ? y * d->x.w + x : best;
                largest = value > largest ? value : largest;
            }
        }
        index[c * out->strides[1]] = best;
    }
}

static void pool_rows(void *context, int64_t first, int64_t last, int thread)
{
    const pool_run_state *d = context;
    size_t scratch = thread_scratch(d->params, d->x.h, d->x.w) * (size_t)thread;
    const float **pixels = (const float **)(d->run->scratch + scratch);
    for (int64_t i = first; i < last; i++)
        pool_row(d, (int32_t)(i / d->y.h), (int32_t)(i % d->y.h), pixels);
    for (int64_t i = first; i < last && d->run->out_count > 1; i++)
        for (int32_t ox = 0; ox < d->y.w; ox++)
            index_pixel(d, (int32_t)(i / d->y.h), (int32_t)(i % d->y.h), ox);
}

static void pool_run(const rmt_op_run *run)
{
    const pool_params *params = run->params;
    if (rmt_shape_elements(&run->out[0].shape) == 0)
        return;
    pool_run_state d = {run, params, {0}, rmt_pixels_of(&run->in[0]), rmt_pixels_of(&run->out[0])};
    if (!params->global && !params->adaptive)
        rmt_window_geometry(&params->window, d.x.h, d.x.w, &d.geometry);
    d.geometry.in_h = d.x.h;
    d.geometry.in_w = d.x.w;
    d.geometry.out_h = d.y.h;
    d.geometry.out_w = d.y.w;
    rmt_for_range(run->team, (int64_t)d.y.n * d.y.h, 2, pool_rows, &d);
}

const rmt_op rmt_op_pool2d = {.name = "pool2d",
                              .params_bytes = sizeof(pool_params),
                              .load = pool_load,
                              .infer = pool_infer,
                              .place = pool_place,
                              .run = pool_run};

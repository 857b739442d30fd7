/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fold, what unfold undoes: columns x [n, c * kh * kw, windows] added up where
 * their windows lie in an image y [n, c, h, w]. Both dense.
 */
#include "ops/convolution/sliding_window.h"

#include <string.h>

typedef struct fold_params {
    rmt_window window;
    int64_t h, w;
} fold_params;

static ramet_status fold_load(rmt_op_load *load)
{
    fold_params *params = load->params;
    int64_t size[2], kernel[2];
    if (rmt_node_ints(load->node, "output_sizes", size, 2) != 2 ||
        rmt_node_ints(load->node, "kernel_sizes", kernel, 2) != 2)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT,
                        "attributes output_sizes and kernel_sizes need two sizes");
    for (int i = 0; i < 2; i++)
        if (size[i] < 1 || size[i] > INT32_MAX || kernel[i] < 1 || kernel[i] > 65536)
            return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "output_sizes or kernel_sizes makes no sense");
    params->h = size[0];
    params->w = size[1];
    ramet_status status =
        rmt_window_read(load->node, (int32_t)kernel[0], (int32_t)kernel[1], &params->window, load->error);
    if (status == RAMET_STATUS_OK)
        rmt_window_turn_paddings(load->node, &params->window);
    return status == RAMET_STATUS_OK ? rmt_load_inputs(load, 1) : status;
}

static int64_t taps_of(const fold_params *params) { return (int64_t)params->window.kernel_h * params->window.kernel_w; }

static ramet_status fold_infer(rmt_op_infer *infer)
{
    const fold_params *params = infer->params;
    const rmt_shape *x = &infer->in[0].shape;
    rmt_geometry g;
    ramet_status status = rmt_infer_float32(infer, 0);
    if (status != RAMET_STATUS_OK)
        return status;
    if (!rmt_window_geometry(&params->window, params->h, params->w, &g) || x->rank != 3 ||
        x->dims[1] % taps_of(params) != 0 || x->dims[2] != (int64_t)g.out_h * g.out_w)
        return rmt_infer_fail(infer, "the columns do not fill an image of %lld x %lld", (long long)params->w,
                              (long long)params->h);
    infer->out[0].dtype = RAMET_DTYPE_FLOAT32;
    infer->out[0].shape = (rmt_shape){4, {x->dims[0], x->dims[1] / taps_of(params), params->h, params->w}};
    return rmt_infer_done(infer);
}

typedef struct fold_loop {
    const rmt_op_run *run;
    const fold_params *params;
    rmt_geometry g;
} fold_loop;

/* Adds the column of one tap to a plane. */
static void add_tap(const fold_loop *loop, const float *column, int32_t ky, int32_t kx, float *plane)
{
    const rmt_window *w = &loop->params->window;
    const rmt_geometry *g = &loop->g;
    for (int32_t oy = 0; oy < g->out_h; oy++) {
        int64_t y = (int64_t)oy * w->stride_h - g->pad_top + (int64_t)ky * g->dilation_h;
        for (int32_t ox = 0; ox < g->out_w; ox++, column++) {
            int64_t x = (int64_t)ox * w->stride_w - g->pad_left + (int64_t)kx * g->dilation_w;
            if (y >= 0 && y < g->in_h && x >= 0 && x < g->in_w)
                plane[y * g->in_w + x] += *column;
        }
    }
}

static void fold_planes(void *context, int64_t first, int64_t last, int thread)
{
    (void)thread;
    const fold_loop *loop = context;
    const rmt_window *w = &loop->params->window;
    int64_t windows = loop->run->in[0].shape.dims[2], pixels = (int64_t)loop->g.in_h * loop->g.in_w;
    for (int64_t i = first; i < last; i++) {
        float *plane = (float *)loop->run->out[0].data + i * pixels;
        const float *columns = (const float *)loop->run->in[0].data + i * taps_of(loop->params) * windows;
        memset(plane, 0, (size_t)pixels * sizeof *plane);
        for (int32_t t = 0; t < (int32_t)taps_of(loop->params); t++)
            add_tap(loop, columns + t * windows, t / w->kernel_w, t % w->kernel_w, plane);
    }
}

static void fold_run(const rmt_op_run *run)
{
    fold_loop loop = {.run = run, .params = run->params};
    const int64_t *dims = run->out[0].shape.dims;
    if (rmt_shape_elements(&run->out[0].shape) == 0)
        return;
    rmt_window_geometry(&loop.params->window, loop.params->h, loop.params->w, &loop.g);
    rmt_for_range(run->team, dims[0] * dims[1], 1, fold_planes, &loop);
}

const rmt_op rmt_op_fold = {
    .name = "fold", .params_bytes = sizeof(fold_params), .load = fold_load, .infer = fold_infer, .run = fold_run};

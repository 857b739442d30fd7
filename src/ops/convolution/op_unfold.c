/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unfold: the windows of an image as columns, x [n, c, h, w] -> y [n, c * kh * kw,
 * windows], zeros where a window sticks out. x in any layout, y dense.
 */
#include "ops/convolution/sliding_window.h"

#include <string.h>

static ramet_status unfold_load(rmt_op_load *load)
{
    int64_t kernel[2] = {1, 1};
    size_t count = rmt_node_ints(load->node, "kernel_sizes", kernel, 2);
    if (count == 1)
        kernel[1] = kernel[0];
    if (count > 2 || kernel[0] < 1 || kernel[1] < 1 || kernel[0] > 65536 || kernel[1] > 65536)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "attribute kernel_sizes makes no sense");
    ramet_status status =
        rmt_window_read(load->node, (int32_t)kernel[0], (int32_t)kernel[1], load->params, load->error);
    if (status == RAMET_STATUS_OK)
        rmt_window_turn_paddings(load->node, load->params);
    return status == RAMET_STATUS_OK ? rmt_load_inputs(load, 1) : status;
}

static ramet_status unfold_infer(rmt_op_infer *infer)
{
    const rmt_window *window = infer->params;
    const rmt_shape *x = &infer->in[0].shape;
    rmt_geometry g;
    if (x->rank != 4)
        return rmt_infer_fail(infer, "the input is not an image tensor [n,c,h,w]");
    if (!rmt_window_geometry(window, x->dims[2], x->dims[3], &g))
        return rmt_infer_fail(infer, "the image is too small for the window");
    rmt_shape *out = &infer->out[0].shape;
    int64_t taps = (int64_t)window->kernel_h * window->kernel_w;
    if (x->dims[1] > RMT_MAX_ELEMENTS)
        return rmt_infer_fail(infer, "the result is too large");
    infer->out[0].dtype = infer->in[0].dtype;
    *out = (rmt_shape){3, {x->dims[0], x->dims[1] * (taps < RMT_MAX_ELEMENTS ? taps : RMT_MAX_ELEMENTS), 0}};
    out->dims[2] = (int64_t)g.out_h * g.out_w;
    return rmt_infer_done(infer);
}

static void unfold_place(rmt_op_place *place) { rmt_strides_dense(&place->out[0]); }

typedef struct unfold_loop {
    const rmt_op_run *run;
    const rmt_window *window;
    rmt_geometry g;
} unfold_loop;

/* Row (n, c, tap) of the result. */
static void unfold_row(const unfold_loop *loop, int64_t index)
{
    const rmt_view *x = &loop->run->in[0];
    const rmt_geometry *g = &loop->g;
    const rmt_window *w = loop->window;
    int64_t taps = (int64_t)w->kernel_h * w->kernel_w, tap = index % taps, plane = index / taps;
    int64_t base = plane / x->shape.dims[1] * x->strides[0] + plane % x->shape.dims[1] * x->strides[1];
    size_t bytes = ramet_dtype_bytes(x->dtype);
    unsigned char *to = rmt_view_at(&loop->run->out[0], index * loop->run->out[0].shape.dims[2]);
    for (int32_t oy = 0; oy < g->out_h; oy++) {
        int64_t y = (int64_t)oy * w->stride_h - g->pad_top + tap / w->kernel_w * g->dilation_h;
        for (int32_t ox = 0; ox < g->out_w; ox++, to += bytes) {
            int64_t column = (int64_t)ox * w->stride_w - g->pad_left + tap % w->kernel_w * g->dilation_w;
            if (y >= 0 && y < g->in_h && column >= 0 && column < g->in_w)
                memcpy(to, rmt_view_at(x, base + y * x->strides[2] + column * x->strides[3]), bytes);
            else
                memset(to, 0, bytes);
        }
    }
}

static void unfold_rows(void *context, int64_t first, int64_t last, int thread)
{
    (void)thread;
    for (int64_t i = first; i < last; i++)
        unfold_row(context, i);
}

static void unfold_run(const rmt_op_run *run)
{
    unfold_loop loop = {.run = run, .window = run->params};
    const rmt_shape *x = &run->in[0].shape, *out = &run->out[0].shape;
    if (rmt_shape_elements(out) == 0)
        return;
    rmt_window_geometry(loop.window, x->dims[2], x->dims[3], &loop.g);
    rmt_for_range(run->team, out->dims[0] * out->dims[1], rmt_max_i64(1, 4096 / out->dims[2]), unfold_rows, &loop);
}

const rmt_op rmt_op_unfold = {.name = "unfold",
                              .params_bytes = sizeof(rmt_window),
                              .load = unfold_load,
                              .infer = unfold_infer,
                              .place = unfold_place,
                              .run = unfold_run};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise convolution: one kernel call for each output row; rows above and
 * below the image are NULL, which the kernel takes as zeros.
 */
#include "ops/convolution/conv.h"

typedef struct depthwise_run {
    const rmt_op_run *run;
    const rmt_conv *conv;
    rmt_geometry geometry;
    rmt_pixels x, y;
} depthwise_run;

static void run_row(const depthwise_run *d, int32_t n, int32_t oy)
{
    const rmt_conv *conv = d->conv;
    const float *rows[RMT_DEPTHWISE_MAX_KERNEL];
    for (int32_t r = 0; r < conv->window.kernel_h; r++) {
        int32_t iy = oy * conv->window.stride_h - d->geometry.pad_top + r * d->geometry.dilation_h;
        rows[r] = iy >= 0 && iy < d->x.h ? rmt_pixel_at(&d->x, n, iy, 0) : NULL;
    }
    const float *packed = (const float *)d->run->packed;
    d->run->kernels->depthwise(&(rmt_depthwise){.rows = rows,
                                                .kh = conv->window.kernel_h,
                                                .kw = conv->window.kernel_w,
                                                .stride = conv->window.stride_w,
                                                .dilation = d->geometry.dilation_w,
                                                .pad_left = d->geometry.pad_left,
                                                .in_width = d->x.w,
                                                .out_width = d->y.w,
                                                .channels = d->y.c,
                                                .in_pixel = d->x.pixel,
                                                .out_pixel = d->y.pixel,
                                                .weight = packed,
                                                .weight_stride = rmt_round16(d->y.c),
                                                .bias = packed + conv->bias_at,
                                                .out = rmt_pixel_at(&d->y, n, oy, 0),
                                                .act = conv->act});
}

static void run_rows(void *context, int64_t first, int64_t last, int thread)
{
    (void)thread;
    const depthwise_run *d = context;
    for (int64_t i = first; i < last; i++)
        run_row(d, (int32_t)(i / d->y.h), (int32_t)(i % d->y.h));
}

void rmt_conv_run_depthwise(const rmt_op_run *run)
{
    const rmt_conv *conv = run->params;
    depthwise_run d = {.run = run,
                       .conv = conv,
                       .x = rmt_pixels_of(&run->in[RMT_CONV_X]),
                       .y = rmt_pixels_of(&run->out[0])};
    rmt_window_geometry(&conv->window, d.x.h, d.x.w, &d.geometry);
    rmt_for_range(run->team, (int64_t)d.y.n * d.y.h, 4, run_rows, &d);
}

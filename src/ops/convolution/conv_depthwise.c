/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise convolution: one kernel call for each output row, or part of its
 * channels where rows are few; rows above and below the image are NULL, which
 * the kernel takes as zeros.
 */
#include "ops/convolution/conv.h"

#define LARGE_IMAGE (384 * 1024) /* bytes: more than a second-level cache has left */

typedef struct depthwise_run {
    const rmt_op_run *run;
    const rmt_conv *conv;
    rmt_geometry geometry;
    rmt_pixels x, y;
    rmt_conv_blocks columns; /* channels of a row */
    bool far;                /* the input has to be fetched ahead */
} depthwise_run;

static void run_row(const depthwise_run *d, int32_t n, int32_t oy, int32_t channel)
{
    const rmt_conv *conv = d->conv;
    const float *rows[RMT_DEPTHWISE_MAX_KERNEL];
    for (int32_t r = 0; r < conv->window.kernel_h; r++) {
        int32_t iy = oy * conv->window.stride_h - d->geometry.pad_top + r * d->geometry.dilation_h;
        rows[r] = iy >= 0 && iy < d->x.h ? rmt_pixel_at(&d->x, n, iy, 0) + channel : NULL;
    }
    const float *ahead[2] = {NULL, NULL};
    for (int32_t i = 0, iy = oy * conv->window.stride_h - d->geometry.pad_top + conv->window.kernel_h; d->far && i < 2;
         i++, iy++)
        ahead[i] = i < conv->window.stride_h && iy < d->x.h ? rmt_pixel_at(&d->x, n, iy, 0) + channel : NULL;
    const float *packed = (const float *)d->run->packed + channel;
    d->run->kernels->depthwise(
        &(rmt_depthwise){.rows = rows,
                         .kh = conv->window.kernel_h,
                         .kw = conv->window.kernel_w,
                         .stride = conv->window.stride_w,
                         .dilation = d->geometry.dilation_w,
                         .pad_left = d->geometry.pad_left,
                         .in_width = d->x.w,
                         .out_width = d->y.w,
                         .channels = d->y.c - channel < d->columns.size ? d->y.c - channel : d->columns.size,
                         .in_pixel = d->x.pixel,
                         .out_pixel = d->y.pixel,
                         .weight = packed,
                         .weight_stride = rmt_round16(d->y.c),
                         .bias = packed + conv->bias_at,
                         .out = rmt_pixel_at(&d->y, n, oy, 0) + channel,
                         .act = conv->act,
                         .ahead = {ahead[0], ahead[1]}});
}

static void run_parts(void *context, int64_t first, int64_t last, int thread)
{
    (void)thread;
    const depthwise_run *d = context;
    for (int64_t i = first; i < last; i++) {
        int64_t row = i / d->columns.count;
        run_row(d, (int32_t)(row / d->y.h), (int32_t)(row % d->y.h), (int32_t)(i % d->columns.count) * d->columns.size);
    }
}

void rmt_conv_run_depthwise(const rmt_op_run *run)
{
    const rmt_conv *conv = run->params;
    depthwise_run d = {.run = run,
                       .conv = conv,
                       .x = rmt_pixels_of(&run->in[RMT_CONV_X]),
                       .y = rmt_pixels_of(&run->out[0])};
    rmt_window_geometry(&conv->window, d.x.h, d.x.w, &d.geometry);
    d.columns = rmt_conv_share_columns(run->team, d.y.n * d.y.h, d.y.c);
    d.far = d.x.h * d.x.row * (ptrdiff_t)sizeof(float) > LARGE_IMAGE;
    int64_t work = (int64_t)d.y.w * d.columns.size * conv->window.kernel_h * conv->window.kernel_w;
    rmt_for_range(run->team, (int64_t)d.y.n * d.y.h * d.columns.count, 2 * RMT_CHUNK_WORK / work + 1, run_parts, &d);
}

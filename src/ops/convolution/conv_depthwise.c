/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise convolution: one kernel call for each output row, or part of its
 * channels where rows are few; rows above and below the image are NULL, which
 * the kernel takes as zeros. Wide images go strip by strip, so that the rows that
 * a window reaches over stay in the second-level cache until the next row needs them.
 */
#include "ops/convolution/conv.h"

enum {
    LARGE_IMAGE = 384 * 1024, /* bytes: more than a second-level cache has left */
    STRIP_BYTES = 224 * 1024, /* of input under the windows of a strip's row */
    LEAST_STRIP = 16          /* pixels */
};

typedef struct depthwise_run {
    const rmt_op_run *run;
    const rmt_conv *conv;
    rmt_geometry geometry;
    rmt_pixels x, y;
    rmt_area area;
    rmt_conv_blocks strips;  /* of pixels of a row */
    rmt_conv_blocks columns; /* channels of a row */
    bool far;                /* the input has to be fetched ahead */
} depthwise_run;

static rmt_conv_blocks cut_strips(const depthwise_run *d)
{
    const rmt_window *w = &d->conv->window;
    const int64_t width = d->area.right - d->area.left, pixel = (int64_t)w->kernel_h * w->stride_w * d->x.c;
    const int64_t most = rmt_max_i64(STRIP_BYTES / (int64_t)sizeof(float) / pixel, LEAST_STRIP);
    const int64_t size = (width - 1) / ((width - 1) / most + 1) / 8 * 8 + 8;
    return (rmt_conv_blocks){(int32_t)size, (int32_t)((width - 1) / size + 1)};
}

/* Row oy of a strip from column ox on. */
static void run_row(const depthwise_run *d, int32_t n, int32_t oy, int32_t ox, int32_t channel)
{
    const int32_t right = (int32_t)d->area.right;
    const rmt_conv *conv = d->conv;
    const float *rows[RMT_DEPTHWISE_MAX_KERNEL];
    for (int32_t r = 0; r < conv->window.kernel_h; r++) {
        int32_t iy = oy * conv->window.stride_h - d->geometry.pad_top + r * d->geometry.dilation_h;
        rows[r] = iy >= 0 && iy < d->x.h ? rmt_pixel_at(&d->x, n, iy, 0) + channel : NULL;
    }
    const float *ahead[2] = {NULL, NULL};
    for (int32_t i = 0, iy = oy * conv->window.stride_h - d->geometry.pad_top + conv->window.kernel_h; d->far && i < 2;
         i++, iy++)
        ahead[i] = i < conv->window.stride_h && iy < d->x.h
                       ? rmt_pixel_at(&d->x, n, iy, ox * conv->window.stride_w) + channel
                       : NULL;
    const float *packed = (const float *)d->run->packed + channel;
    d->run->kernels->depthwise(
        &(rmt_depthwise){.rows = rows,
                         .kh = conv->window.kernel_h,
                         .kw = conv->window.kernel_w,
                         .stride = conv->window.stride_w,
                         .dilation = d->geometry.dilation_w,
                         .pad_left = d->geometry.pad_left - ox * conv->window.stride_w,
                         .in_width = d->x.w,
                         .out_width = right - ox < d->strips.size ? right - ox : d->strips.size,
                         .channels = d->y.c - channel < d->columns.size ? d->y.c - channel : d->columns.size,
                         .in_pixel = d->x.pixel,
                         .out_pixel = d->y.pixel,
                         .weight = packed,
                         .weight_stride = rmt_round16(d->y.c),
                         .bias = packed + conv->bias_at,
                         .out = rmt_pixel_at(&d->y, n, oy, ox) + channel,
                         .act = conv->act,
                         .ahead = {ahead[0], ahead[1]}});
}

/* Parts of the channels, of rows, of images, of strips. */
static void run_parts(void *context, int64_t first, int64_t last, int thread)
{
    (void)thread;
    const depthwise_run *d = context;
    const int64_t rows = d->area.bottom - d->area.top;
    for (int64_t i = first; i < last; i++) {
        const int64_t row = i / d->columns.count, image = row / rows, strip = image / d->y.n;
        run_row(d, (int32_t)(image % d->y.n), (int32_t)(d->area.top + row % rows),
                (int32_t)(d->area.left + strip * d->strips.size), (int32_t)(i % d->columns.count) * d->columns.size);
    }
}

void rmt_conv_run_depthwise(const rmt_op_run *run)
{
    const rmt_conv *conv = run->params;
    depthwise_run d = {.run = run,
                       .conv = conv,
                       .x = rmt_pixels_of(&run->in[RMT_CONV_X]),
                       .y = rmt_pixels_of(&run->out[0]),
                       .area = rmt_conv_run_area(run)};
    rmt_window_geometry(&conv->window, d.x.h, d.x.w, &d.geometry);
    d.strips = cut_strips(&d);
    d.far = run->area.bottom == 0 && d.x.h * d.x.row * (ptrdiff_t)sizeof(float) > LARGE_IMAGE;
    const int64_t rows = d.y.n * (d.area.bottom - d.area.top) * d.strips.count;
    d.columns = rmt_conv_share_columns(run->team, (int32_t)rmt_min_i64(rows, INT32_MAX), d.y.c);
    int64_t work = (int64_t)d.strips.size * d.columns.size * conv->window.kernel_h * conv->window.kernel_w;
    rmt_for_range(run->team, rows * d.columns.count, 2 * RMT_CHUNK_WORK / work + 1, run_parts, &d);
}

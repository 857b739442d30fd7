/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Convolution as a product of gathered rows: for a block of output pixels a
 * table of pointers, one for each tap and pixel, tells the gemm kernel where
 * its rows lie; a tap outside the image points to a row of zeros. Stride,
 * dilation and padding cost nothing in the kernel, and nothing is copied.
 *
 * An image whose pixels lie without gaps (the three channels of a picture) is
 * read by kernel rows instead of taps: kw * ci floats in one run, in the same
 * order of summation.
 */
#include "ops/convolution/conv.h"

#include <string.h>

#define LEAST_BLOCK 48 /* pixels: with fewer the weights are read too often */

typedef struct indirect_run {
    const rmt_op_run *run;
    const rmt_conv *conv;
    rmt_geometry geometry;
    rmt_pixels x, y, residual; /* residual.data NULL: none */
    rmt_area area;             /* to be made, numbered row by row */
    int32_t channels;          /* of one group of x */
    int32_t group_out;
    rmt_conv_blocks pixels;  /* of an image */
    rmt_conv_blocks columns; /* output channels of a group */
    bool by_rows;            /* kernel rows instead of taps */
    size_t scratch_bytes;    /* of one thread */
} indirect_run;

/* The pointer tables of one block, and room for kernel rows that stick out of the image. */
typedef struct block_tables {
    const float **a;
    const float **add;
    float **c;
    float *edges; /* by_rows: [block][kh][kw * ci] */
} block_tables;

static int64_t edge_floats(const rmt_conv *conv)
{
    return conv->in_channels <= 4 ? (int64_t)conv->window.kernel_h * conv->window.kernel_w * conv->in_channels : 0;
}

static size_t thread_scratch(const rmt_conv *conv, int32_t block)
{
    size_t taps = (size_t)conv->window.kernel_h * (size_t)conv->window.kernel_w;
    size_t bytes =
        (taps + 2) * (size_t)block * sizeof(void *) + (size_t)edge_floats(conv) * (size_t)block * sizeof(float);
    return rmt_round_up(bytes, RMT_PACK_ALIGN);
}

static int32_t block_of(const rmt_conv *conv)
{
    return rmt_conv_block((int64_t)conv->window.kernel_h * conv->window.kernel_w, conv->in_channels / conv->groups);
}

size_t rmt_conv_scratch_indirect(const rmt_conv *conv, int32_t threads)
{
    return thread_scratch(conv, block_of(conv)) * (size_t)threads;
}

static block_tables tables_of(const indirect_run *d, int thread)
{
    size_t taps = (size_t)d->conv->window.kernel_h * (size_t)d->conv->window.kernel_w, block = (size_t)d->pixels.size;
    unsigned char *scratch = d->run->scratch + d->scratch_bytes * (size_t)thread;
    const float **a = (const float **)scratch;
    return (block_tables){.a = a,
                          .add = a + taps * block,
                          .c = (float **)(a + (taps + 1) * block),
                          .edges = (float *)(a + (taps + 2) * block)};
}

/* Pixels first .. first + count of the area of image n, as they follow each other in rows. */
typedef struct pixel_range {
    int32_t n, first, count;
} pixel_range;

/* Neighbouring pixels of one row, from the `at`-th of a range on. */
typedef struct pixel_run {
    int32_t y, x, count, at;
} pixel_run;

/* The first run of a range, and the next one; count 0: there is none. */
static pixel_run run_from(const indirect_run *d, pixel_range range, int32_t at)
{
    const int32_t width = (int32_t)(d->area.right - d->area.left), pixel = range.first + at, x = pixel % width;
    const int32_t left = range.count - at;
    return (pixel_run){(int32_t)d->area.top + pixel / width, (int32_t)d->area.left + x,
                       left < width - x ? left : width - x, at};
}

static pixel_run next_run(const indirect_run *d, pixel_range range, pixel_run run)
{
    return run_from(d, range, run.at + run.count);
}

/* Which of `count` windows, whose tap lies at column ix and `stride` columns further on each, find it inside. */
typedef struct inside_run {
    int32_t first, end;
} inside_run;

static inside_run find_inside(int32_t ix, int32_t stride, int32_t count, int32_t width)
{
    int32_t first = ix < 0 ? (-ix + stride - 1) / stride : 0, end = ix < width ? (width - 1 - ix) / stride + 1 : 0;
    first = first < count ? first : count;
    end = end < count ? end : count;
    return (inside_run){first, end > first ? end : first};
}

/* Pointers of one tap for the pixels of a run; zeros where it falls outside. */
static void gather_tap(const indirect_run *d, int32_t n, int32_t iy, int32_t ix, int32_t channel, int32_t count,
                       const float **a)
{
    const float *zeros = (const float *)d->run->packed + d->conv->zeros_at;
    const int32_t stride = d->conv->window.stride_w;
    inside_run inside = {count, count};
    if (iy >= 0 && iy < d->x.h)
        inside = find_inside(ix, stride, count, d->x.w);
    const float *pixel = rmt_pixel_at(&d->x, n, iy, ix + inside.first * stride) + channel;
    int32_t i = 0;
    for (; i < inside.first; i++)
        a[i] = zeros;
    for (; i < inside.end; i++, pixel += stride * d->x.pixel)
        a[i] = pixel;
    for (; i < count; i++)
        a[i] = zeros;
}

/* a[t][i] for every tap t and pixel i of the range. */
static void gather_taps(const indirect_run *d, pixel_range range, int32_t channel, const float **a)
{
    const rmt_window *w = &d->conv->window;
    const rmt_geometry *g = &d->geometry;
    for (pixel_run run = run_from(d, range, 0); run.count > 0; run = next_run(d, range, run)) {
        const float **to = a + run.at;
        for (int32_t r = 0; r < w->kernel_h; r++)
            for (int32_t s = 0; s < w->kernel_w; s++, to += range.count)
                gather_tap(d, range.n, run.y * w->stride_h - g->pad_top + r * g->dilation_h,
                           run.x * w->stride_w - g->pad_left + s * g->dilation_w, channel, run.count, to);
    }
}

/* A kernel row at (iy, ix) that sticks out of the image: a copy with zeros around. */
static const float *copy_edge(const indirect_run *d, int32_t n, int32_t iy, int32_t ix, float *edge)
{
    int32_t kw = d->conv->window.kernel_w, c = d->x.c;
    memset(edge, 0, (size_t)(kw * c) * sizeof(float));
    int32_t from = ix < 0 ? 0 : ix, to = ix + kw < d->x.w ? ix + kw : d->x.w;
    if (from < to)
        memcpy(edge + (from - ix) * c, rmt_pixel_at(&d->x, n, iy, from), (size_t)((to - from) * c) * sizeof(float));
    return edge;
}

/* Pointers to a kernel row for the pixels of a run: in place where it lies inside. edges: room for each of them. */
static void gather_kernel_row(const indirect_run *d, int32_t n, int32_t iy, int32_t ix, int32_t count, float *edges,
                              const float **a)
{
    const int32_t stride = d->conv->window.stride_w, kw = d->conv->window.kernel_w, edge = kw * d->x.c;
    if (iy < 0 || iy >= d->x.h) {
        for (int32_t i = 0; i < count; i++)
            a[i] = (const float *)d->run->packed + d->conv->zeros_at;
        return;
    }
    const inside_run inside = find_inside(ix, stride, count, d->x.w - kw + 1);
    const float *pixel = rmt_pixel_at(&d->x, n, iy, ix + inside.first * stride);
    for (int32_t i = 0; i < inside.first; i++)
        a[i] = copy_edge(d, n, iy, ix + i * stride, edges + i * edge);
    for (int32_t i = inside.first; i < inside.end; i++, pixel += stride * d->x.pixel)
        a[i] = pixel;
    for (int32_t i = inside.end; i < count; i++)
        a[i] = copy_edge(d, n, iy, ix + i * stride, edges + i * edge);
}

/* a[r][i] for every kernel row r and pixel i of the range. */
static void gather_rows(const indirect_run *d, pixel_range range, const block_tables *tables)
{
    const rmt_window *w = &d->conv->window;
    for (pixel_run run = run_from(d, range, 0); run.count > 0; run = next_run(d, range, run))
        for (int32_t r = 0; r < w->kernel_h; r++) {
            const int32_t to = r * range.count + run.at;
            gather_kernel_row(d, range.n, run.y * w->stride_h - d->geometry.pad_top + r * d->geometry.dilation_h,
                              run.x * w->stride_w - d->geometry.pad_left, run.count,
                              tables->edges + to * w->kernel_w * d->x.c, tables->a + to);
        }
}

static void point_pixels(const indirect_run *d, const rmt_pixels *pixels, pixel_range range, int32_t channel,
                         float **pointers)
{
    for (pixel_run run = run_from(d, range, 0); run.count > 0; run = next_run(d, range, run)) {
        float *pixel = rmt_pixel_at(pixels, range.n, run.y, run.x) + channel;
        for (int32_t i = 0; i < run.count; i++, pixel += pixels->pixel)
            pointers[run.at + i] = pixel;
    }
}

static void run_group(const indirect_run *d, const block_tables *tables, pixel_range range, int32_t group, int32_t part)
{
    const rmt_conv *conv = d->conv;
    const float *packed = (const float *)d->run->packed;
    int64_t taps = (int64_t)conv->window.kernel_h * conv->window.kernel_w, panel = taps * d->channels * RMT_PANEL;
    int32_t first = part * d->columns.size, base = group * d->group_out + first;
    int32_t n = d->group_out - first < d->columns.size ? d->group_out - first : d->columns.size;
    int64_t padded = (int64_t)group * rmt_round16(d->group_out) + first;
    point_pixels(d, &d->y, range, base, tables->c);
    if (d->residual.data != NULL)
        point_pixels(d, &d->residual, range, base, (float **)tables->add);
    d->run->kernels->gemm(
        &(rmt_gemm){.a = tables->a,
                    .m = range.count,
                    .taps = d->by_rows ? conv->window.kernel_h : (int32_t)taps,
                    .k = d->by_rows ? conv->window.kernel_w * d->channels : d->channels,
                    .b = rmt_weight_at(d->run->panels, d->run->panel_type, padded / RMT_PANEL * panel),
                    .type = d->run->panel_type,
                    .panel_stride = panel,
                    .n = n,
                    .bias = packed + conv->bias_at + padded,
                    .add = d->residual.data != NULL ? tables->add : NULL,
                    .c = tables->c,
                    .act = conv->act});
}

static int32_t pixels_of(const rmt_area *area)
{
    return (int32_t)((area->bottom - area->top) * (area->right - area->left));
}

/* One part of the channels of one block of pixels. */
static void run_part(const indirect_run *d, int32_t block, int32_t part, int thread)
{
    int32_t count = d->pixels.count, pixels = pixels_of(&d->area);
    pixel_range range = {block / count, block % count * d->pixels.size, d->pixels.size};
    if (range.count > pixels - range.first)
        range.count = pixels - range.first;
    block_tables tables = tables_of(d, thread);
    for (int32_t g = 0; g < d->conv->groups; g++) {
        if (d->by_rows)
            gather_rows(d, range, &tables);
        else
            gather_taps(d, range, g * d->channels, tables.a);
        run_group(d, &tables, range, g, part);
    }
}

static void run_parts(void *context, int64_t first, int64_t last, int thread)
{
    const indirect_run *d = context;
    for (int64_t i = first; i < last; i++)
        run_part(d, (int32_t)(i / d->columns.count), (int32_t)(i % d->columns.count), thread);
}

static int32_t ceil_divide(int32_t a, int32_t b) { return (a + b - 1) / b; }

rmt_conv_blocks rmt_conv_share_pixels(const rmt_team *team, int32_t images, int32_t pixels, int32_t most, int32_t least)
{
    int32_t threads = rmt_team_size(team), blocks = ceil_divide(pixels, most);
    int32_t shared = ceil_divide(ceil_divide(images * blocks, threads) * threads, images); /* as many for each thread */
    if (pixels / shared >= least)
        blocks = shared;
    int32_t size = ceil_divide(pixels, blocks);
    return (rmt_conv_blocks){size, ceil_divide(pixels, size)};
}

rmt_conv_blocks rmt_conv_share_columns(const rmt_team *team, int32_t blocks, int32_t channels)
{
    int32_t threads = rmt_team_size(team), panels = (int32_t)(rmt_round16(channels) / RMT_PANEL), parts = 1;
    while (blocks < 2 * threads && blocks * parts % threads != 0 && parts < panels)
        parts++;
    int32_t size = ceil_divide(panels, parts) * RMT_PANEL;
    return (rmt_conv_blocks){size, ceil_divide(channels, size)};
}

void rmt_conv_run_indirect(const rmt_op_run *run)
{
    const rmt_conv *conv = run->params;
    indirect_run d = {.run = run,
                      .conv = conv,
                      .x = rmt_pixels_of(&run->in[RMT_CONV_X]),
                      .y = rmt_pixels_of(&run->out[0]),
                      .area = rmt_conv_run_area(run)};
    if (run->in_count > RMT_CONV_RESIDUAL && run->in[RMT_CONV_RESIDUAL].shape.rank == 4)
        d.residual = rmt_pixels_of(&run->in[RMT_CONV_RESIDUAL]);
    rmt_window_geometry(&conv->window, d.x.h, d.x.w, &d.geometry);
    d.channels = conv->in_channels / conv->groups;
    d.group_out = conv->out_channels / conv->groups;
    d.pixels = rmt_conv_share_pixels(run->team, d.y.n, pixels_of(&d.area), block_of(conv), LEAST_BLOCK);
    d.by_rows = conv->groups == 1 && edge_floats(conv) > 0 && d.x.pixel == d.x.c && d.geometry.dilation_w == 1;
    d.scratch_bytes = thread_scratch(conv, block_of(conv));
    int32_t blocks = d.y.n * d.pixels.count;
    d.columns = rmt_conv_share_columns(run->team, blocks, d.group_out);
    int64_t work = (int64_t)d.pixels.size * d.columns.size * conv->groups * d.channels * conv->window.kernel_h *
                   conv->window.kernel_w;
    rmt_for_range(run->team, (int64_t)blocks * d.columns.count, RMT_CHUNK_WORK / work + 1, run_parts, &d);
}

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

/* Output pixels first .. first + count of image n, as they follow each other in rows. */
typedef struct pixel_range {
    int32_t n, first, count;
} pixel_range;

/* Neighbouring pixels of one row: the part of a range that lies in output row y, from column x on. */
typedef struct row_part {
    int32_t y, x, count;
} row_part;

static row_part first_part(pixel_range range, int32_t width)
{
    row_part part = {range.first / width, range.first % width, range.count};
    if (part.count > width - part.x)
        part.count = width - part.x;
    return part;
}

/* The part behind `part`, of which `left` pixels are still to come. */
static row_part next_part(row_part part, int32_t left, int32_t width)
{
    return (row_part){part.y + 1, 0, left < width ? left : width};
}

/* pointers[i] = first + i * step */
static void point_along(const float *first, ptrdiff_t step, int32_t count, const float **pointers)
{
    for (int32_t i = 0; i < count; i++)
        pointers[i] = first + i * step;
}

/* The columns [first, end) of a row part whose input column, from `column` on in steps of `stride`, is followed by `reach` - 1 more inside. */
typedef struct inside_columns {
    int32_t first, end;
} inside_columns;

static inside_columns find_inside(int32_t column, int32_t stride, int32_t reach, int32_t count, int32_t width)
{
    int32_t first = column < 0 ? (-column + stride - 1) / stride : 0, room = width - reach - column;
    int32_t end = room < 0 ? 0 : room / stride + 1;
    first = first < count ? first : count;
    return (inside_columns){first, end < first ? first : end < count ? end : count};
}

/* One tap of a row part. */
static void gather_part(const indirect_run *d, int32_t n, row_part part, int32_t r, int32_t s, int32_t channel,
                        const float **a)
{
    const rmt_window *w = &d->conv->window;
    const rmt_geometry *g = &d->geometry;
    const float *zeros = (const float *)d->run->packed + d->conv->zeros_at;
    const int32_t iy = part.y * w->stride_h - g->pad_top + r * g->dilation_h;
    const int32_t ix = part.x * w->stride_w - g->pad_left + s * g->dilation_w;
    inside_columns in = {0, 0};
    if (iy >= 0 && iy < d->x.h)
        in = find_inside(ix, w->stride_w, 1, part.count, d->x.w);
    point_along(zeros, 0, in.first, a);
    if (in.first < in.end)
        point_along(rmt_pixel_at(&d->x, n, iy, ix + in.first * w->stride_w) + channel, w->stride_w * d->x.pixel,
                    in.end - in.first, a + in.first);
    point_along(zeros, 0, part.count - in.end, a + in.end);
}

/* a[t][i] for every tap t and pixel i of the range. */
static void gather_taps(const indirect_run *d, pixel_range range, int32_t channel, const float **a)
{
    const rmt_window *w = &d->conv->window;
    for (int32_t r = 0; r < w->kernel_h; r++) {
        for (int32_t s = 0; s < w->kernel_w; s++) {
            row_part part = first_part(range, d->y.w);
            for (int32_t left = range.count; left > 0; part = next_part(part, left, d->y.w)) {
                gather_part(d, range.n, part, r, s, channel, a);
                a += part.count;
                left -= part.count;
            }
        }
    }
}

/* A kernel row at (iy, ix) that sticks out of the image: a copy with zeros around. */
static const float *copy_kernel_row(const indirect_run *d, int32_t n, int32_t iy, int32_t ix, float *edge)
{
    int32_t kw = d->conv->window.kernel_w, c = d->x.c;
    memset(edge, 0, (size_t)(kw * c) * sizeof(float));
    int32_t from = ix < 0 ? 0 : ix, to = ix + kw < d->x.w ? ix + kw : d->x.w;
    if (from < to)
        memcpy(edge + (from - ix) * c, rmt_pixel_at(&d->x, n, iy, from), (size_t)((to - from) * c) * sizeof(float));
    return edge;
}

/* One kernel row of a row part; edges: room for a copy for each of its pixels. */
static void gather_part_row(const indirect_run *d, int32_t n, row_part part, int32_t r, const float **a, float *edges)
{
    const rmt_window *w = &d->conv->window;
    const float *zeros = (const float *)d->run->packed + d->conv->zeros_at;
    const int32_t iy = part.y * w->stride_h - d->geometry.pad_top + r * d->geometry.dilation_h;
    const int32_t ix = part.x * w->stride_w - d->geometry.pad_left;
    if (iy < 0 || iy >= d->x.h) {
        point_along(zeros, 0, part.count, a);
        return;
    }
    const inside_columns in = find_inside(ix, w->stride_w, w->kernel_w, part.count, d->x.w);
    if (in.first < in.end)
        point_along(rmt_pixel_at(&d->x, n, iy, ix + in.first * w->stride_w), w->stride_w * d->x.pixel,
                    in.end - in.first, a + in.first);
    for (int32_t i = 0; i < part.count; i++)
        if (i < in.first || i >= in.end)
            a[i] = copy_kernel_row(d, n, iy, ix + i * w->stride_w, edges + i * w->kernel_w * d->x.c);
}

/* a[r][i] for every kernel row r and pixel i of the range. */
static void gather_rows(const indirect_run *d, pixel_range range, const block_tables *tables)
{
    const rmt_window *w = &d->conv->window;
    const float **a = tables->a;
    float *edges = tables->edges;
    for (int32_t r = 0; r < w->kernel_h; r++) {
        row_part part = first_part(range, d->y.w);
        for (int32_t left = range.count; left > 0; part = next_part(part, left, d->y.w)) {
            gather_part_row(d, range.n, part, r, a, edges);
            a += part.count;
            edges += part.count * w->kernel_w * d->x.c;
            left -= part.count;
        }
    }
}

/* The pixels of a range, from channel `channel` on. */
static void point_pixels(const rmt_pixels *pixels, pixel_range range, int32_t channel, const float **pointers)
{
    row_part part = first_part(range, pixels->w);
    for (int32_t left = range.count; left > 0; part = next_part(part, left, pixels->w)) {
        point_along(rmt_pixel_at(pixels, range.n, part.y, part.x) + channel, pixels->pixel, part.count, pointers);
        pointers += part.count;
        left -= part.count;
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
    point_pixels(&d->y, range, base, (const float **)tables->c);
    if (d->residual.data != NULL)
        point_pixels(&d->residual, range, base, tables->add);
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

/* One part of the channels of one block of pixels. */
static void run_part(const indirect_run *d, int32_t block, int32_t part, int thread)
{
    int32_t count = d->pixels.count, pixels = d->y.h * d->y.w;
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
                      .y = rmt_pixels_of(&run->out[0])};
    if (run->in_count > RMT_CONV_RESIDUAL && run->in[RMT_CONV_RESIDUAL].shape.rank == 4)
        d.residual = rmt_pixels_of(&run->in[RMT_CONV_RESIDUAL]);
    rmt_window_geometry(&conv->window, d.x.h, d.x.w, &d.geometry);
    d.channels = conv->in_channels / conv->groups;
    d.group_out = conv->out_channels / conv->groups;
    d.pixels = rmt_conv_share_pixels(run->team, d.y.n, d.y.h * d.y.w, block_of(conv), LEAST_BLOCK);
    d.by_rows = conv->groups == 1 && edge_floats(conv) > 0 && d.x.pixel == d.x.c && d.geometry.dilation_w == 1;
    d.scratch_bytes = thread_scratch(conv, block_of(conv));
    int32_t blocks = d.y.n * d.pixels.count;
    d.columns = rmt_conv_share_columns(run->team, blocks, d.group_out);
    int64_t work = (int64_t)d.pixels.size * d.columns.size * conv->groups * d.channels * conv->window.kernel_h *
                   conv->window.kernel_w;
    rmt_for_range(run->team, (int64_t)blocks * d.columns.count, RMT_CHUNK_WORK / work + 1, run_parts, &d);
}

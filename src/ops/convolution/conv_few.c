/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Convolution to very few channels (the centerness of a detector, one channel of a 5x5 kernel). As gathered rows it would
 * leave most columns of the kernel empty. Instead all numbers that come of an input pixel, one for each output
 * channel and tap, are columns of one product; each output then adds up those of the pixels around it.
 *
 * Products live in a ring of as many rows as the kernel reaches over. Every output is bias, shortcut, then the taps
 * inside the image, ascending. Panels: [co * kh * kw / 16][ci][16]. Packed: bias and zeros as in conv.h.
 */
#include "ops/convolution/conv.h"

#include <string.h>

enum {
    MOST_CHANNELS = 4,
    MOST_COLUMNS = 64, /* channels times taps */
    LEAST_INPUTS = 16, /* channels */
    BLOCK = 96         /* input pixels of a product */
};

static int32_t taps_of(const rmt_conv *conv) { return conv->window.kernel_h * conv->window.kernel_w; }

static int32_t columns_of(const rmt_conv *conv) { return conv->out_channels * taps_of(conv); }

bool rmt_conv_is_few(const rmt_conv *conv)
{
    const rmt_window *w = &conv->window;
    return conv->groups == 1 && w->stride_h == 1 && w->stride_w == 1 && w->dilation_h == 1 && w->dilation_w == 1 &&
           taps_of(conv) > 1 && conv->out_channels <= MOST_CHANNELS && columns_of(conv) <= MOST_COLUMNS &&
           conv->in_channels >= LEAST_INPUTS;
}

int64_t rmt_conv_few_floats(const rmt_conv *conv) { return rmt_round16(columns_of(conv)) * conv->in_channels; }

void rmt_conv_pack_few(const rmt_op_pack *pack)
{
    const rmt_conv *conv = pack->params;
    const rmt_value *filter = &pack->graph->values[pack->node->inputs[RMT_CONV_FILTER]];
    const int64_t channels = conv->in_channels, taps = taps_of(conv);
    for (int64_t o = 0; o < conv->out_channels; o++) {
        float scale, kernel[MOST_COLUMNS];
        rmt_conv_pack_scale(pack, o, 1, &scale);
        for (int64_t c = 0; c < channels; c++) {
            rmt_constant_floats(filter, (o * channels + c) * taps, taps, kernel);
            for (int64_t t = 0, j = o * taps; t < taps; t++, j++)
                pack->panels[(j / RMT_PANEL * channels + c) * RMT_PANEL + j % RMT_PANEL] = kernel[t] * scale;
        }
    }
}

/* ---- run ------------------------------------------------------------------------------------------------------- */

typedef struct few_run {
    const rmt_op_run *run;
    const rmt_conv *conv;
    rmt_geometry geometry;
    rmt_pixels x, y, residual; /* residual.data NULL: none */
    size_t thread_bytes;
} few_run;

/* Pointers to rows of a product; the ring [row][pixel][column]. */
typedef struct few_scratch {
    const float **a;
    float **c, *ring;
} few_scratch;

static size_t thread_scratch(const rmt_conv *conv, int64_t width)
{
    size_t floats = (size_t)conv->window.kernel_h * (size_t)width * (size_t)columns_of(conv);
    return rmt_round_up(BLOCK * 2 * sizeof(void *) + floats * sizeof(float), RMT_PACK_ALIGN);
}

size_t rmt_conv_scratch_few(const rmt_conv *conv, int64_t width, int32_t threads)
{
    return thread_scratch(conv, width) * (size_t)threads;
}

static few_scratch scratch_of(const few_run *d, int thread)
{
    const float **a = (const float **)(void *)(d->run->scratch + d->thread_bytes * (size_t)thread);
    float **c = (float **)(a + BLOCK);
    return (few_scratch){a, c, (float *)(c + BLOCK)};
}

static float *ring_row(const few_run *d, const few_scratch *s, int32_t iy)
{
    return s->ring + (ptrdiff_t)(iy % d->conv->window.kernel_h) * d->x.w * columns_of(d->conv);
}

/* All products of input row iy. */
static void multiply_row(const few_run *d, const few_scratch *s, int32_t n, int32_t iy)
{
    const int32_t columns = columns_of(d->conv);
    float *products = ring_row(d, s, iy);
    for (int32_t first = 0; first < d->x.w; first += BLOCK) {
        const int32_t count = d->x.w - first < BLOCK ? d->x.w - first : BLOCK;
        for (int32_t i = 0; i < count; i++) {
            s->a[i] = rmt_pixel_at(&d->x, n, iy, first + i);
            s->c[i] = products + (ptrdiff_t)(first + i) * columns;
        }
        d->run->kernels->gemm(&(rmt_gemm){.a = s->a,
                                          .m = count,
                                          .taps = 1,
                                          .k = d->conv->in_channels,
                                          .b = d->run->panels,
                                          .type = d->run->panel_type,
                                          .panel_stride = (ptrdiff_t)d->conv->in_channels * RMT_PANEL,
                                          .n = columns,
                                          .c = s->c,
                                          .act = rmt_activation_none()});
    }
}

static void start_row(const few_run *d, int32_t n, int32_t oy, int32_t o)
{
    const float bias = ((const float *)d->run->packed)[d->conv->bias_at + o];
    float *out = rmt_pixel_at(&d->y, n, oy, 0) + o;
    const float *add = d->residual.data == NULL ? NULL : rmt_pixel_at(&d->residual, n, oy, 0) + o;
    for (int32_t x = 0; x < d->y.w; x++)
        out[x * d->y.pixel] = add == NULL ? bias : bias + add[x * d->residual.pixel];
}

/* One tap of a whole output row, where it lies inside the input. products: of the tap's input row and column 0. */
static void add_tap(const few_run *d, const float *products, int32_t shift, float *out)
{
    const int32_t columns = columns_of(d->conv);
    const int32_t begin = shift < 0 ? -shift : 0, end = d->x.w - shift < d->y.w ? d->x.w - shift : d->y.w;
    for (ptrdiff_t x = begin; x < end; x++)
        out[x * d->y.pixel] += products[(x + shift) * columns];
}

static void add_taps(const few_run *d, const few_scratch *s, int32_t n, int32_t oy, int32_t o)
{
    const rmt_window *w = &d->conv->window;
    float *out = rmt_pixel_at(&d->y, n, oy, 0) + o;
    for (int32_t r = 0; r < w->kernel_h; r++) {
        const int32_t iy = oy - d->geometry.pad_top + r;
        for (int32_t t = 0; iy >= 0 && iy < d->x.h && t < w->kernel_w; t++)
            add_tap(d, ring_row(d, s, iy) + o * taps_of(d->conv) + r * w->kernel_w + t, t - d->geometry.pad_left, out);
    }
}

static void activate_row(const few_run *d, int32_t n, int32_t oy)
{
    const int32_t pieces = d->y.pixel == d->y.c ? 1 : d->y.w;
    float *out = rmt_pixel_at(&d->y, n, oy, 0);
    if (rmt_activation_is_none(&d->conv->act))
        return;
    for (int32_t i = 0; i < pieces; i++, out += d->y.pixel)
        d->run->kernels->unary(out, out, (int64_t)d->y.w / pieces * d->y.c, &d->conv->act);
}

/* Neighbouring output rows; what the ring already holds is used again. */
static void run_rows(void *context, int64_t first, int64_t last, int thread)
{
    const few_run *d = context;
    const few_scratch s = scratch_of(d, thread);
    int64_t image = -1;
    for (int32_t next = 0; first < last; first++) {
        const int32_t n = (int32_t)(first / d->y.h), oy = (int32_t)(first % d->y.h), top = oy - d->geometry.pad_top;
        if (n != image || next < top)
            next = top < 0 ? 0 : top;
        image = n;
        for (; next < top + d->conv->window.kernel_h && next < d->x.h; next++)
            multiply_row(d, &s, n, next);
        for (int32_t o = 0; o < d->y.c; o++) {
            start_row(d, n, oy, o);
            add_taps(d, &s, n, oy, o);
        }
        activate_row(d, n, oy);
    }
}

void rmt_conv_run_few(const rmt_op_run *run)
{
    const rmt_conv *conv = run->params;
    few_run d = {.run = run, .conv = conv, .x = rmt_pixels_of(&run->in[RMT_CONV_X]), .y = rmt_pixels_of(&run->out[0])};
    if (run->in_count > RMT_CONV_RESIDUAL && run->in[RMT_CONV_RESIDUAL].shape.rank == 4)
        d.residual = rmt_pixels_of(&run->in[RMT_CONV_RESIDUAL]);
    (void)rmt_window_geometry(&conv->window, d.x.h, d.x.w, &d.geometry);
    d.thread_bytes = thread_scratch(conv, d.x.w);
    int64_t rows = (int64_t)d.y.n * d.y.h, threads = rmt_team_size(run->team);
    rmt_for_range(run->team, rows, (rows + threads - 1) / threads, run_rows, &d);
}

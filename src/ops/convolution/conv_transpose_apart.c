/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conv2d_transpose whose kernel is its stride, to few channels: the last layer of
 * a text detector, which makes a map of one channel four times as large. Windows
 * lie side by side, so all numbers that come of an input pixel are columns of one
 * product; they are put where they belong while they are in the cache, and the
 * activation runs over whole rows.
 *
 * Packed: panels [kh * kw * co / 16][ci][16], then the bias of each column; after that bias and zeros as in conv.h.
 */
#include "ops/convolution/conv.h"

#include <string.h>

enum {
    BLOCK = 96,      /* input pixels */
    MOST_IN_ROW = 15 /* numbers of a window's row: with more, phases fill the kernel's columns */
};

bool rmt_conv_windows_apart(const rmt_conv *conv)
{
    const rmt_window *w = &conv->window;
    bool padded = w->padding == RMT_PADDING_EXPLICIT ? (w->pad_top | w->pad_bottom | w->pad_left | w->pad_right) != 0
                                                     : w->padding != RMT_PADDING_VALID;
    return !padded && w->kernel_h == w->stride_h && w->kernel_w == w->stride_w && w->dilation_h == 1 &&
           w->dilation_w == 1;
}

bool rmt_conv_is_apart(const rmt_conv *conv)
{
    return rmt_conv_windows_apart(conv) && conv->groups == 1 &&
           (int64_t)conv->window.kernel_w * conv->out_channels <= MOST_IN_ROW;
}

static int32_t columns_of(const rmt_conv *conv)
{
    return conv->window.kernel_h * conv->window.kernel_w * conv->out_channels;
}

ramet_status rmt_conv_claim_apart(rmt_op_load *load, rmt_conv *conv)
{
    int64_t columns = rmt_round16(columns_of(conv));
    return rmt_conv_claim(load, conv, columns * conv->in_channels, columns);
}

void rmt_conv_pack_apart(const rmt_op_pack *pack)
{
    const rmt_conv *conv = pack->params;
    const rmt_value *filter = &pack->graph->values[pack->node->inputs[RMT_CONV_FILTER]];
    const int64_t channels = conv->in_channels, outs = conv->out_channels;
    const int64_t taps = (int64_t)conv->window.kernel_h * conv->window.kernel_w;
    float *biases = (float *)pack->packed;
    rmt_conv_pack_bias(pack);
    for (int64_t j = 0; j < taps * outs; j++) {
        const int64_t tap = j / outs, o = j % outs;
        float *column = pack->panels + j / RMT_PANEL * channels * RMT_PANEL + j % RMT_PANEL, scale;
        rmt_conv_pack_scale(pack, o, 1, &scale);
        biases[j] = biases[conv->bias_at + o];
        for (int64_t c = 0; c < channels; c++) {
            float w;
            rmt_constant_floats(filter, (c * outs + o) * taps + tap, 1, &w);
            column[c * RMT_PANEL] = w * scale;
        }
    }
}

/* ---- run ------------------------------------------------------------------------------------------------------- */

typedef struct apart_run {
    const rmt_op_run *run;
    const rmt_conv *conv;
    rmt_pixels x, y;
    int32_t top, rows, left, right; /* of the input pixels whose windows are to be made */
    size_t thread_bytes;
} apart_run;

/* Pointers to rows of the product, and the product. */
static size_t thread_scratch(const rmt_conv *conv)
{
    return rmt_round_up(BLOCK * (2 * sizeof(void *) + (size_t)columns_of(conv) * sizeof(float)), RMT_PACK_ALIGN);
}

size_t rmt_conv_scratch_apart(const rmt_conv *conv, int32_t threads) { return thread_scratch(conv) * (size_t)threads; }

/* Row r of each of `count` windows: from the product to the image. */
static void put_row(const apart_run *d, const float *product, int32_t r, float *out, int32_t count)
{
    const int32_t outs = d->conv->out_channels, kw = d->conv->window.kernel_w, columns = columns_of(d->conv);
    product += r * kw * outs;
    for (int32_t i = 0; i < count; i++, product += columns)
        for (int32_t s = 0; s < kw; s++, out += d->y.pixel)
            for (int32_t o = 0; o < outs; o++)
                out[o] = product[s * outs + o];
}

static void activate_row(const apart_run *d, float *out, int32_t count)
{
    const int32_t outs = d->conv->out_channels, pieces = d->y.pixel == outs ? 1 : count;
    if (rmt_activation_is_none(&d->conv->act))
        return;
    for (int32_t i = 0; i < pieces; i++, out += d->y.pixel)
        d->run->kernels->unary(out, out, (int64_t)count / pieces * outs, &d->conv->act);
}

static void run_block(const apart_run *d, int32_t n, int32_t row, int32_t first, int32_t count, int thread)
{
    const rmt_conv *conv = d->conv;
    const int32_t columns = columns_of(conv), kh = conv->window.kernel_h, kw = conv->window.kernel_w;
    const float **a = (const float **)(void *)(d->run->scratch + d->thread_bytes * (size_t)thread);
    float **c = (float **)(a + BLOCK), *product = (float *)(c + BLOCK);
    for (int32_t i = 0; i < count; i++) {
        a[i] = rmt_pixel_at(&d->x, n, row, first + i);
        c[i] = product + i * columns;
    }
    d->run->kernels->gemm(&(rmt_gemm){.a = a,
                                      .m = count,
                                      .taps = 1,
                                      .k = conv->in_channels,
                                      .b = d->run->panels,
                                      .type = d->run->panel_type,
                                      .panel_stride = (ptrdiff_t)conv->in_channels * RMT_PANEL,
                                      .n = columns,
                                      .bias = (const float *)d->run->packed,
                                      .c = c,
                                      .act = rmt_activation_none()});
    for (int32_t r = 0; r < kh; r++) {
        float *out = rmt_pixel_at(&d->y, n, row * kh + r, first * kw);
        put_row(d, product, r, out, count);
        activate_row(d, out, count * kw);
    }
}

static void run_rows(void *context, int64_t first, int64_t last, int thread)
{
    const apart_run *d = context;
    for (int64_t i = first; i < last; i++)
        for (int32_t x = d->left; x < d->right; x += BLOCK)
            run_block(d, (int32_t)(i / d->rows), d->top + (int32_t)(i % d->rows), x,
                      (int32_t)rmt_min_i64(BLOCK, d->right - x), thread);
}

void rmt_conv_run_apart(const rmt_op_run *run)
{
    const rmt_conv *conv = run->params;
    apart_run d = {.run = run,
                   .conv = conv,
                   .x = rmt_pixels_of(&run->in[RMT_CONV_X]),
                   .y = rmt_pixels_of(&run->out[0]),
                   .thread_bytes = thread_scratch(conv)};
    const rmt_area area = rmt_conv_run_area(run);
    d.top = (int32_t)area.top / conv->window.kernel_h;
    d.rows = (int32_t)area.bottom / conv->window.kernel_h - d.top;
    d.left = (int32_t)area.left / conv->window.kernel_w;
    d.right = (int32_t)area.right / conv->window.kernel_w;
    rmt_for_range(run->team, (int64_t)d.x.n * d.rows, 1, run_rows, &d);
}

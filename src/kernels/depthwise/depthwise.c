/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row of a depthwise convolution: several neighbouring pixels at a time, one vector of channels after the other, so
 * that a weight is loaded once for all of them. Pixels near the ends of the row, which miss taps, go one by one.
 *
 * Every output is one chain of multiply-adds over the rows and columns of the kernel, ascending, without the taps that
 * fall outside; how pixels are grouped does not enter it.
 */
#include "kernels/epilogue.h"

#define PIXELS 8

/* Output pixels from x on that see the kernel's columns [first, last). */
typedef struct group {
    const rmt_depthwise *d;
    const epilogue *end;
    int32_t x, first, last;
} group;

/* One vector of channels, `left` of them valid, of `pixels` output pixels. */
RMT_INLINE void convolve(const group *g, int32_t c, int32_t left, const int32_t pixels, const int32_t kw)
{
    const rmt_depthwise *d = g->d;
    const ptrdiff_t step = d->stride * d->in_pixel, tap = d->dilation * d->in_pixel;
    const ptrdiff_t from = (g->x * d->stride - d->pad_left) * d->in_pixel + c;
    const int32_t first = kw > 0 ? 0 : g->first, last = kw > 0 ? kw : g->last;
    vf sum[PIXELS];
    for (int32_t i = 0; i < pixels; i++)
        sum[i] = v_set(0);
    for (int32_t r = 0; r < d->kh; r++) {
        if (d->rows[r] == NULL)
            continue;
        const float *weight = d->weight + r * d->kw * d->weight_stride + c;
        for (int32_t s = first; s < last; s++) {
            const float *in = d->rows[r] + from + s * tap;
            vf w = v_load(weight + s * d->weight_stride);
            for (int32_t i = 0; i < pixels; i++)
                sum[i] += v_load_upto(in + i * step, left) * w;
        }
    }
    for (int32_t i = 0; i < pixels; i++) {
        const ptrdiff_t to = (g->x + i) * d->out_pixel + c;
        if (d->bias != NULL)
            sum[i] += v_load(d->bias + c);
        if (d->add != NULL)
            sum[i] += v_load_upto(d->add + to, left);
        v_store_upto(d->out + to, epilogue_apply(g->end, sum[i]), left);
    }
}

RMT_INLINE void all_channels(const group *g, const int32_t pixels, const int32_t kw)
{
    int32_t c = 0;
    for (; c + RMT_VL <= g->d->channels; c += RMT_VL)
        convolve(g, c, RMT_VL, pixels, kw);
    for (; c < g->d->channels; c += RMT_VL)
        convolve(g, c, g->d->channels - c, pixels, kw);
}

static void run(const group *g, int32_t pixels)
{
    switch (pixels) {
    case 8: all_channels(g, 8, 0); break;
    case 7: all_channels(g, 7, 0); break;
    case 6: all_channels(g, 6, 0); break;
    case 5: all_channels(g, 5, 0); break;
    case 4: all_channels(g, 4, 0); break;
    case 3: all_channels(g, 3, 0); break;
    case 2: all_channels(g, 2, 0); break;
    default: all_channels(g, 1, 0); break;
    }
}

static void border(const rmt_depthwise *d, const epilogue *end, int32_t x_begin, int32_t x_end)
{
    for (int32_t x = x_begin; x < x_end; x++) {
        int32_t at = x * d->stride - d->pad_left;
        group g = {.d = d, .end = end, .x = x, .first = 0, .last = d->kw};
        while (g.first < d->kw && at + g.first * d->dilation < 0)
            g.first++;
        while (g.last > g.first && at + (g.last - 1) * d->dilation >= d->in_width)
            g.last--;
        run(&g, 1);
    }
}

void RMT_NAME(depthwise)(const rmt_depthwise *d)
{
    const epilogue end = epilogue_make(&d->act);
    /* [begin, end): output pixels all of whose taps lie in the row */
    int32_t reach = (d->kw - 1) * d->dilation, room = d->in_width - 1 - reach + d->pad_left;
    int32_t inner_end = room < 0 ? 0 : (int32_t)rmt_min_i64(room / d->stride + 1, d->out_width);
    int32_t inner = d->pad_left <= 0 ? 0 : (d->pad_left + d->stride - 1) / d->stride;
    if (inner > inner_end)
        inner = inner_end;
    border(d, &end, 0, inner);
    int32_t groups = (inner_end - inner + PIXELS - 1) / PIXELS;
    for (int32_t i = 0; i < groups; i++) {
        int32_t from = inner + (inner_end - inner) * i / groups, to = inner + (inner_end - inner) * (i + 1) / groups;
        group g = {.d = d, .end = &end, .x = from, .first = 0, .last = d->kw};
        run(&g, to - from);
    }
    border(d, &end, inner_end, d->out_width);
    if (!end.behind)
        return;
    for (int32_t x = 0; x < d->out_width; x++)
        RMT_NAME(unary)(d->out + x * d->out_pixel, d->out + x * d->out_pixel, d->channels, &d->act);
}

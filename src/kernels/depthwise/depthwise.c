/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row of a depthwise convolution. For kernels 3 and 5 wide a group of neighbouring pixels shares the weights and the
 * input columns that it has in registers. Other kernels, and the channels behind the last whole vector, go pixel by pixel.
 *
 * Every output is one chain of multiply-adds that starts at the bias and goes over the rows and columns of the kernel,
 * ascending, without the taps that fall outside; how pixels and channels are grouped does not enter it.
 */
#include "kernels/epilogue.h"

#define PIXELS 8  /* of a group at most */
#define KERNEL 5  /* columns of a kernel that has its own code, */
#define ROWS 5    /* and rows */
#define VECTORS 4 /* of channels, for a single pixel */

/* The kernel's rows that are there, from column 0 on, with their weights. */
typedef struct kernel_rows {
    const float *in[ROWS], *weight[ROWS];
    int32_t count;
} kernel_rows;

/* A row, and what all its pixels share. */
typedef struct task {
    const rmt_depthwise *d;
    epilogue_vectors end;
    kernel_rows rows;
} task;

/* Add and activation, and the store, of one vector of channels (`left` of them are in the row). */
RMT_INLINE void finish(const task *t, int32_t x, int32_t c, int32_t left, vf sum)
{
    const ptrdiff_t to = x * t->d->out_pixel + c;
    if (t->d->add != NULL)
        sum += v_load_upto(t->d->add + to, left);
    v_store_upto(t->d->out + to, epilogue_apply(&t->end, sum), left);
}

/* ---- single pixels ---------------------------------------------------------------------------------------- */

/* Output pixel x, of whose kernel the columns [first, end) lie in the row; whole vectors, or one that is cut. */
RMT_INLINE void convolve_vectors(const task *t, int32_t x, int32_t first, int32_t end, int32_t c, const int32_t vectors,
                                 const bool whole)
{
    const rmt_depthwise *d = t->d;
    const ptrdiff_t from = ((ptrdiff_t)x * d->stride - d->pad_left) * d->in_pixel + c;
    const int32_t left = whole ? RMT_VL : d->channels - c;
    vf sum[VECTORS];
    for (int32_t v = 0; v < vectors; v++)
        sum[v] = d->bias == NULL ? v_set(0) : v_load(d->bias + c + v * RMT_VL);
    for (int32_t r = 0; r < d->kh; r++) {
        if (d->rows[r] == NULL)
            continue;
        for (int32_t s = first; s < end; s++) {
            const float *in = d->rows[r] + from + s * d->dilation * d->in_pixel;
            const float *weight = d->weight + (r * d->kw + s) * d->weight_stride + c;
            for (int32_t v = 0; v < vectors; v++)
                sum[v] += v_load_upto(in + v * RMT_VL, left) * v_load(weight + v * RMT_VL);
        }
    }
    for (int32_t v = 0; v < vectors; v++)
        finish(t, x, c + v * RMT_VL, left, sum[v]);
}

/* Channels from c on. */
static void convolve_pixel(const task *t, int32_t x, int32_t c)
{
    const rmt_depthwise *d = t->d;
    const int32_t column = x * d->stride - d->pad_left;
    int32_t first = 0, end = d->kw;
    while (first < end && column + first * d->dilation < 0)
        first++;
    while (end > first && column + (end - 1) * d->dilation >= d->in_width)
        end--;
    for (; c + VECTORS * RMT_VL <= d->channels; c += VECTORS * RMT_VL)
        convolve_vectors(t, x, first, end, c, VECTORS, true);
    for (; c + RMT_VL <= d->channels; c += RMT_VL)
        convolve_vectors(t, x, first, end, c, 1, true);
    if (c < d->channels)
        convolve_vectors(t, x, first, end, c, 1, false);
}

/* ---- groups of pixels ---------------------------------------------------------------------------------------- */

static kernel_rows find_rows(const rmt_depthwise *d)
{
    kernel_rows rows = {.count = 0};
    for (int32_t r = 0; r < d->kh; r++) {
        if (d->rows[r] == NULL)
            continue;
        rows.in[rows.count] = d->rows[r];
        rows.weight[rows.count++] = d->weight + r * d->kw * d->weight_stride;
    }
    return rows;
}

/* What the compiler knows of a group. */
typedef struct shape {
    int32_t pixels, kw, stride;
} shape;

RMT_INLINE int32_t columns_of(const shape s) { return (s.pixels - 1) * s.stride + s.kw; }

/* How many input columns of a group lie before the row's first, and behind its last. */
typedef struct missing_columns {
    int32_t left, right;
} missing_columns;

RMT_INLINE missing_columns find_missing(const rmt_depthwise *d, int32_t first, int32_t count)
{
    return (missing_columns){first < 0 ? -first : 0, first + count > d->in_width ? first + count - d->in_width : 0};
}

/* One row of the kernel: an input column after the other, each into the pixels that see it. Up to kw / 2 may be missing. */
RMT_INLINE void add_row(const float *row, ptrdiff_t from, ptrdiff_t in_pixel, const missing_columns missing,
                        const float *weight, ptrdiff_t weight_stride, const shape s, vf sum[PIXELS])
{
    vf w[KERNEL];
    for (int32_t t = 0; t < s.kw; t++)
        w[t] = v_load(weight + t * weight_stride);
#pragma GCC unroll 19
    for (int32_t j = 0; j < columns_of(s); j++) {
        if (j < s.kw / 2 && j < missing.left)
            continue;
        if (j >= columns_of(s) - s.kw / 2 && j >= columns_of(s) - missing.right)
            continue;
        const vf x = v_load(row + (from + j * in_pixel));
        for (int32_t t = 0; t < s.kw; t++) {
            const int32_t i = (j - t) / s.stride;
            if (j >= t && (j - t) % s.stride == 0 && i < s.pixels)
                sum[i] += x * w[t];
        }
    }
}

RMT_INLINE void activate_pixels(epilogue_function *f, const epilogue_vectors *end, vf sum[PIXELS], const int32_t pixels)
{
    for (int32_t i = 0; i < pixels; i++)
        sum[i] = f(end, sum[i]);
}

/* One decision for all pixels. */
RMT_INLINE void activate(const epilogue_vectors *end, vf sum[PIXELS], const int32_t pixels)
{
    if (end->kind == EPILOGUE_HARD_SWISH)
        activate_pixels(epilogue_hard_swish, end, sum, pixels);
    else if (end->kind == EPILOGUE_CLAMP)
        activate_pixels(epilogue_clamp, end, sum, pixels);
    else if (end->kind == EPILOGUE_SCALED_CLAMP)
        activate_pixels(epilogue_scaled_clamp, end, sum, pixels);
}

/* The part of a row that lies beside a group, where a cache line begins. */
RMT_INLINE void fetch(const float *row, ptrdiff_t from, ptrdiff_t in_pixel, const shape s)
{
    if (row == NULL)
        return;
    for (int32_t j = 0; j < s.pixels * s.stride; j++)
        __builtin_prefetch(row + (from + j * in_pixel));
}

/* All whole vectors of channels of a group. Nothing is read from the task in the loop, since its stores might alias. */
RMT_INLINE void convolve_group(const task *t, int32_t x, const shape s)
{
    const rmt_depthwise *d = t->d;
    const kernel_rows rows = t->rows;
    const epilogue_vectors end = t->end;
    const ptrdiff_t in_pixel = d->in_pixel, out_pixel = d->out_pixel, weight_stride = d->weight_stride;
    const float *bias = d->bias, *add = d->add == NULL ? NULL : d->add + x * out_pixel;
    const float *const ahead[2] = {d->ahead[0], d->ahead[1]};
    float *out = d->out + x * out_pixel;
    const int32_t channels = d->channels / RMT_VL * RMT_VL, first = x * s.stride - d->pad_left;
    const missing_columns missing = find_missing(d, first, columns_of(s));
    for (ptrdiff_t c = 0; c < channels; c += RMT_VL) {
        const vf start = bias == NULL ? v_set(0) : v_load(bias + c);
        vf sum[PIXELS];
        for (int32_t i = 0; i < s.pixels; i++)
            sum[i] = start;
        for (int32_t r = 0; r < rows.count; r++)
            add_row(rows.in[r], first * in_pixel + c, in_pixel, missing, rows.weight[r] + c, weight_stride, s, sum);
        if (c % RMT_PANEL == 0) {
            fetch(ahead[0], x * s.stride * in_pixel + c, in_pixel, s);
            fetch(ahead[1], x * s.stride * in_pixel + c, in_pixel, s);
        }
        if (add != NULL)
            for (int32_t i = 0; i < s.pixels; i++)
                sum[i] += v_load(add + i * out_pixel + c);
        activate(&end, sum, s.pixels);
        for (int32_t i = 0; i < s.pixels; i++)
            v_store(out + i * out_pixel + c, sum[i]);
    }
}

RMT_INLINE void run_pixels(const task *t, int32_t x, const int32_t pixels, const int32_t kw, const int32_t stride)
{
    const rmt_depthwise *d = t->d;
    convolve_group(t, x, (shape){pixels, kw, stride});
    if (d->channels % RMT_VL == 0)
        return;
    for (int32_t i = 0; i < pixels; i++)
        convolve_pixel(t, x + i, d->channels / RMT_VL * RMT_VL);
}

RMT_INLINE void run_group(const task *t, int32_t x, int32_t pixels, const int32_t kw, const int32_t stride)
{
    switch (pixels) {
    case 8: run_pixels(t, x, 8, kw, stride); break;
    case 7: run_pixels(t, x, 7, kw, stride); break;
    case 6: run_pixels(t, x, 6, kw, stride); break;
    case 5: run_pixels(t, x, 5, kw, stride); break;
    case 4: run_pixels(t, x, 4, kw, stride); break;
    case 3: run_pixels(t, x, 3, kw, stride); break;
    case 2: run_pixels(t, x, 2, kw, stride); break;
    default: run_pixels(t, x, 1, kw, stride); break;
    }
}

static void run_group_3_1(const task *t, int32_t x, int32_t pixels) { run_group(t, x, pixels, 3, 1); }
static void run_group_3_2(const task *t, int32_t x, int32_t pixels) { run_group(t, x, pixels, 3, 2); }
static void run_group_5_1(const task *t, int32_t x, int32_t pixels) { run_group(t, x, pixels, 5, 1); }
static void run_group_5_2(const task *t, int32_t x, int32_t pixels) { run_group(t, x, pixels, 5, 2); }

/* ---- the row ---------------------------------------------------------------------------------------------------- */

typedef void group_run(const task *t, int32_t x, int32_t pixels);

/* NULL: no code of its own. */
static group_run *choose_group(const rmt_depthwise *d)
{
    const int32_t end = (d->out_width - 1) * d->stride + d->kw - d->pad_left; /* of the last window */
    if (d->dilation != 1 || d->pad_left > d->kw / 2 || end > d->in_width + d->kw / 2)
        return NULL;
    if (d->kw == 3)
        return d->stride == 1 ? run_group_3_1 : d->stride == 2 ? run_group_3_2 : NULL;
    if (d->kw == 5)
        return d->stride == 1 ? run_group_5_1 : d->stride == 2 ? run_group_5_2 : NULL;
    return NULL;
}

void RMT_NAME(depthwise)(const rmt_depthwise *d)
{
    const epilogue end = epilogue_make(&d->act);
    group_run *run = choose_group(d);
    if (run != NULL) {
        const task t = {d, epilogue_load(&end), find_rows(d)};
        const int32_t groups = (d->out_width + PIXELS - 1) / PIXELS; /* whose sizes differ by one at most */
        for (int32_t i = 0; i < groups; i++) {
            const int32_t from = (int32_t)((int64_t)d->out_width * i / groups);
            run(&t, from, (int32_t)((int64_t)d->out_width * (i + 1) / groups) - from);
        }
    } else {
        const task t = {.d = d, .end = epilogue_load(&end)};
        for (int32_t x = 0; x < d->out_width; x++)
            convolve_pixel(&t, x, 0);
    }
    if (end.behind)
        epilogue_pixels(d->out, d->out_pixel, d->out_width, d->channels, &d->act);
}

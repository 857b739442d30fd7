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
#define KERNEL 5  /* most columns of a kernel that has its own code, */
#define ROWS 5    /* rows, */
#define STRIDE 2  /* and step */
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
                sum[v] = v_multiply_add(v_load_upto(in + v * RMT_VL, left), v_load(weight + v * RMT_VL), sum[v]);
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

/*
 * `by` floats further on. That the place comes from an addition is hidden from the compiler: it would keep a counter for each of
 * many places that lie as far apart, most of them on the stack.
 */
RMT_INLINE float *step(const float *at, ptrdiff_t by)
{
    at += by;
    __asm__("" : "+r"(at));
    return (float *)at;
}

/*
 * One row of the kernel: an input column after the other, from `row` on, each into the pixels that see it. Up to kw / 2 may be
 * missing on either side.
 */
RMT_INLINE void add_row(const float *row, ptrdiff_t in_pixel, const missing_columns missing, const float *weight,
                        ptrdiff_t weight_stride, const shape s, vf sum[PIXELS])
{
    vf w[KERNEL];
    for (int32_t t = 0; t < s.kw; t++, weight = step(weight, weight_stride))
        w[t] = v_load(weight);
#pragma GCC unroll 19
    for (int32_t j = 0; j < columns_of(s); j++) {
        if (j > 0 && j % 4 == 0)
            row = step(row, 4 * in_pixel);
        if (j < s.kw / 2 && j < missing.left)
            continue;
        if (j >= columns_of(s) - s.kw / 2 && j >= columns_of(s) - missing.right)
            break;
        const vf x = v_load(row + j % 4 * in_pixel);
        for (int32_t t = 0; t < s.kw; t++) {
            const int32_t i = (j - t) / s.stride;
            if (j >= t && (j - t) % s.stride == 0 && i < s.pixels)
                sum[i] = v_multiply_add(x, w[t], sum[i]);
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
RMT_INLINE void fetch(const float *row, ptrdiff_t in_pixel, const shape s)
{
    for (int32_t j = 0; j < s.pixels * s.stride; j++, row = step(row, in_pixel))
        __builtin_prefetch(row);
}

/* One vector of channels of a group: `in` floats from where a row begins, to `out`. */
RMT_INLINE void convolve_vector(const rmt_depthwise *d, const kernel_rows *rows, const epilogue_vectors *end,
                                const missing_columns missing, ptrdiff_t in, ptrdiff_t out, ptrdiff_t c, const shape s)
{
    const vf start = d->bias == NULL ? v_set(0) : v_load(d->bias + c);
    vf sum[PIXELS];
    for (int32_t i = 0; i < s.pixels; i++)
        sum[i] = start;
    for (int32_t r = 0; r < rows->count; r++)
        add_row(step(rows->in[r], in), d->in_pixel, missing, rows->weight[r] + c, d->weight_stride, s, sum);
    if (d->add != NULL) {
        const float *add = d->add + out;
        for (int32_t i = 0; i < s.pixels; i++, add = step(add, d->out_pixel))
            sum[i] += v_load(add);
    }
    activate(end, sum, s.pixels);
    float *to = d->out + out;
    for (int32_t i = 0; i < s.pixels; i++, to = step(to, d->out_pixel))
        v_store(to, sum[i]);
}

/*
 * All whole vectors of channels of `count` groups, the first of which begins at pixel x. What the loops read lies in copies,
 * which the compiler knows stores to leave alone; but for the activation's numbers, which would push sums out of registers.
 */
RMT_INLINE void convolve_groups(const task *t, int32_t x, int32_t count, const shape s)
{
    const rmt_depthwise d = *t->d;
    const kernel_rows rows = t->rows;
    const ptrdiff_t channels = d.channels / RMT_VL * RMT_VL;
    for (; count > 0; count--, x += s.pixels) {
        const int32_t first = x * s.stride - d.pad_left;
        const missing_columns missing = find_missing(&d, first, columns_of(s));
        const ptrdiff_t in = first * d.in_pixel, out = x * d.out_pixel;
        for (ptrdiff_t c = 0; c < channels; c += RMT_VL) {
            for (int32_t i = 0; c % RMT_PANEL == 0 && i < 2; i++)
                if (d.ahead[i] != NULL)
                    fetch(d.ahead[i] + x * s.stride * d.in_pixel + c, d.in_pixel, s);
            convolve_vector(&d, &rows, &t->end, missing, in + c, out + c, c, s);
        }
    }
}

typedef void group_run(const task *t, int32_t x, int32_t count);

/* clang-format off */
#define SIZES(DO, kw, stride)                                                                                   \
    DO(1, kw, stride) DO(2, kw, stride) DO(3, kw, stride) DO(4, kw, stride)                                     \
    DO(5, kw, stride) DO(6, kw, stride) DO(7, kw, stride) DO(8, kw, stride)
#define SHAPES(DO) SIZES(DO, 3, 1) SIZES(DO, 3, 2) SIZES(DO, 5, 1) SIZES(DO, 5, 2)
/* clang-format on */

#define GROUPS(pixels, kw, stride)                                                         \
    static void groups_##pixels##_##kw##_##stride(const task *t, int32_t x, int32_t count) \
    {                                                                                      \
        convolve_groups(t, x, count, (shape){pixels, kw, stride});                         \
    }
SHAPES(GROUPS)

#define ENTRY(pixels, kw, stride) [kw][stride][pixels] = groups_##pixels##_##kw##_##stride,
static group_run *const table[KERNEL + 1][STRIDE + 1][PIXELS + 1] = {SHAPES(ENTRY)};

/* ---- the row ---------------------------------------------------------------------------------------------------- */

/* Whether there is code for groups. */
static bool goes_in_groups(const rmt_depthwise *d)
{
    const int32_t end = (d->out_width - 1) * d->stride + d->kw - d->pad_left; /* of the last window */
    return d->dilation == 1 && d->pad_left <= d->kw / 2 && end <= d->in_width + d->kw / 2 && d->kh <= ROWS &&
           d->kw <= KERNEL && d->stride <= STRIDE && table[d->kw][d->stride][PIXELS] != NULL;
}

/* The row in groups whose sizes differ by one at most. */
static void run_groups(const task *t)
{
    group_run *const *run = table[t->d->kw][t->d->stride];
    const int32_t width = t->d->out_width, groups = (width + PIXELS - 1) / PIXELS;
    const int32_t low = width / groups, high_groups = width % groups;
    if (high_groups > 0)
        run[low + 1](t, 0, high_groups);
    run[low](t, high_groups * (low + 1), groups - high_groups);
}

void RMT_NAME(depthwise)(const rmt_depthwise *d)
{
    const epilogue end = epilogue_make(&d->act);
    const bool grouped = goes_in_groups(d);
    const task t = {d, epilogue_load(&end), grouped ? find_rows(d) : (kernel_rows){.count = 0}};
    const int32_t done = grouped ? d->channels / RMT_VL * RMT_VL : 0;
    if (done > 0 && d->out_width > 0)
        run_groups(&t);
    for (int32_t x = 0; done < d->channels && x < d->out_width; x++)
        convolve_pixel(&t, x, done);
    if (end.behind)
        epilogue_pixels(d->out, d->out_pixel, d->out_width, d->channels, &d->act);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The depthwise convolution of every level against the reference, over kernels, strides, dilations, paddings, missing
 * rows, widths and channel tails, with every row flush against a page that faults.
 */
#include "check.h"

typedef struct problem {
    int32_t kh, kw, stride, dilation, pad, in_width, out_width, channels;
    int32_t in_gap, out_gap; /* floats between pixels */
    rmt_activation act;
} problem;

typedef struct data {
    rmt_depthwise d;
    const float *rows[8];
    int64_t out_floats;
} data;

static int32_t out_width(const problem *p)
{
    int32_t reach = (p->kw - 1) * p->dilation + 1;
    return (p->in_width + 2 * p->pad - reach) / p->stride + 1;
}

static void make(data *x, const problem *p, int side)
{
    const int32_t wide = (p->channels + 15) / 16 * 16;
    const int32_t in_pixel = p->channels + p->in_gap, out_pixel = p->channels + p->out_gap;
    for (int32_t r = 0; r < p->kh; r++)
        x->rows[r] = random_below(4) == 0 ? NULL : guarded_floats((p->in_width - 1) * in_pixel + p->channels, side);
    float *weight = guarded_floats(p->kh * p->kw * wide, side);
    for (int32_t i = 0; i < p->kh * p->kw; i++)
        for (int32_t c = p->channels; c < wide; c++)
            weight[i * wide + c] = 0;
    x->out_floats = (p->out_width - 1) * out_pixel + p->channels;
    x->d = (rmt_depthwise){.rows = x->rows,
                           .kh = p->kh,
                           .kw = p->kw,
                           .stride = p->stride,
                           .dilation = p->dilation,
                           .pad_left = p->pad,
                           .in_width = p->in_width,
                           .out_width = p->out_width,
                           .channels = p->channels,
                           .in_pixel = in_pixel,
                           .out_pixel = out_pixel,
                           .weight = weight,
                           .weight_stride = wide,
                           .bias = random_below(2) ? guarded_floats(wide, side) : NULL,
                           .add = random_below(2) ? guarded_floats(x->out_floats, side) : NULL,
                           .out = guarded_floats(x->out_floats, side),
                           .act = p->act};
}

static void check_problem(const rmt_kernels *kernels, const problem *p, int side)
{
    data x;
    make(&x, p, side);
    rmt_depthwise reference = x.d;
    reference.out = guarded_floats(x.out_floats, 1);
    memcpy(reference.out, x.d.out, (size_t)x.out_floats * sizeof(float)); /* gaps must stay */
    rmt_kernels_reference()->depthwise(&reference);
    kernels->depthwise(&x.d);
    /* data and weights are below 1, so are bias and add; the slopes of the activations below 2 */
    const double bound = 2 * gamma_bound(p->kh * p->kw + 4) * (p->kh * p->kw + 2) + 4e-7;
    for (int64_t i = 0; i < x.out_floats; i++)
        assert_near(x.d.out[i], reference.out[i], bound, "depthwise", kernels->name);
    for (int64_t i = 0; i < x.out_floats; i++)
        if (i % (p->channels + p->out_gap) >= p->channels)
            assert_true(x.d.out[i] == reference.out[i]);
    guarded_free_all();
}

static void check_all(const rmt_kernels *kernels)
{
    const int32_t kernel_sizes[][2] = {{3, 3}, {5, 5}, {1, 3}, {7, 7}, {3, 1}, {2, 2}, {7, 3}};
    const int32_t widths[] = {1, 2, 3, 5, 7, 8, 9, 14, 17, 23, 40};
    const int32_t channels[] = {1, 3, 8, 13, 16, 24, 40};
    const rmt_activation acts[] = {{RMT_UNARY_NONE, 0, 0, 0, 1, 0},
                                   {RMT_UNARY_RELU, 0, 0, 0, 1, 0},
                                   {RMT_UNARY_HARD_SWISH, 6, 6, 3, 1, 0},
                                   {RMT_UNARY_SWISH, 1, 0, 0, 1, 0},
                                   {RMT_UNARY_CLIP, 0, 6, 0, 0.5f, 1}};
    for (size_t k = 0; k < COUNT(kernel_sizes); k++)
        for (size_t w = 0; w < COUNT(widths); w++)
            for (size_t c = 0; c < COUNT(channels); c++)
                for (int32_t stride = 1; stride <= 2; stride++) {
                    problem p = {.kh = kernel_sizes[k][0],
                                 .kw = kernel_sizes[k][1],
                                 .stride = stride,
                                 .dilation = random_below(4) == 0 ? 2 : 1,
                                 .in_width = widths[w],
                                 .channels = channels[c],
                                 .in_gap = random_below(3),
                                 .out_gap = random_below(3),
                                 .act = acts[random_below((int32_t)COUNT(acts))]};
                    p.pad = random_below(4) == 0 ? 0 : (p.kw - 1) * p.dilation / 2;
                    p.out_width = out_width(&p) + random_below(2); /* a right border may be wider than the left */
                    if (p.out_width > 0)
                        check_problem(kernels, &p, random_below(2));
                }
}

static void depthwise_matches_the_reference(void **state)
{
    (void)state;
    on_each_level(check_all);
}

/* Channels are independent: a part of them gives the same bits. */
static void check_channels(const rmt_kernels *kernels)
{
    for (int32_t stride = 1; stride <= 2; stride++)
        for (int32_t kw = 3; kw <= 5; kw += 2) {
            problem p = {.kh = kw,
                         .kw = kw,
                         .stride = stride,
                         .dilation = 1,
                         .pad = kw / 2,
                         .in_width = 29,
                         .channels = 40,
                         .act = rmt_activation_none()};
            p.out_width = out_width(&p);
            data x;
            make(&x, &p, 1);
            x.d.add = NULL;
            kernels->depthwise(&x.d);
            rmt_depthwise part = x.d;
            part.channels = 19;
            part.out = guarded_floats(x.out_floats, 0);
            kernels->depthwise(&part);
            for (int32_t i = 0; i < p.out_width; i++)
                assert_memory_equal(part.out + i * 40, x.d.out + i * 40, 19 * sizeof(float));
            guarded_free_all();
        }
}

static void channels_do_not_depend_on_their_neighbours(void **state)
{
    (void)state;
    on_each_level(check_channels);
}

/* A pixel has the same bits in whichever group it is made: the row is begun later. */
static void check_shift(const rmt_kernels *kernels)
{
    for (int32_t stride = 1; stride <= 2; stride++)
        for (int32_t kw = 3; kw <= 5; kw += 2) {
            problem p = {.kh = kw,
                         .kw = kw,
                         .stride = stride,
                         .dilation = 1,
                         .pad = kw / 2,
                         .in_width = 61,
                         .channels = 21,
                         .act = rmt_activation_none()};
            p.out_width = out_width(&p);
            data x;
            make(&x, &p, 1);
            x.d.add = NULL;
            kernels->depthwise(&x.d);
            for (int32_t shift = 1; shift < 9; shift++) {
                rmt_depthwise part = x.d;
                part.pad_left -= shift * stride;
                part.out_width -= shift;
                part.out = guarded_floats(part.out_width * 21, 1);
                kernels->depthwise(&part);
                assert_memory_equal(part.out, x.d.out + shift * 21, (size_t)part.out_width * 21 * sizeof(float));
            }
            guarded_free_all();
        }
}

static void pixels_do_not_depend_on_their_place(void **state)
{
    (void)state;
    on_each_level(check_shift);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(depthwise_matches_the_reference),
        cmocka_unit_test(channels_do_not_depend_on_their_neighbours),
        cmocka_unit_test(pixels_do_not_depend_on_their_place),
    };
    return cmocka_run_group_tests(tests, print_levels, NULL);
}

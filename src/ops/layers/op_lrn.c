/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lrn: x / (k + alpha * the sum of squares over n neighbouring channels) ^ beta,
 * pixel by pixel of a channels-last image.
 *
 * Scratch, each thread: squares [c], divisors [c].
 */
#include "ops/convolution/sliding_window.h"

typedef struct lrn_params {
    int64_t n;
    double k, alpha, beta;
} lrn_params;

static ramet_status lrn_load(rmt_op_load *load)
{
    lrn_params *params = load->params;
    params->n = rmt_node_int(load->node, "n", 5);
    params->k = rmt_node_float(load->node, "k", 2);
    params->alpha = rmt_node_float(load->node, "alpha", 1e-4);
    params->beta = rmt_node_float(load->node, "beta", 0.75);
    if (params->n < 1 || params->n > INT32_MAX / 4)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "attribute n is %lld", (long long)params->n);
    return rmt_load_inputs(load, 1);
}

static ramet_status lrn_infer(rmt_op_infer *infer)
{
    ramet_status status = rmt_infer_float32(infer, 0);
    if (status == RAMET_STATUS_OK && infer->in[0].shape.rank != 4)
        status = rmt_infer_fail(infer, "the input is not an image tensor [n,c,h,w]");
    return status == RAMET_STATUS_OK ? rmt_infer_same(infer) : status;
}

static size_t room_floats(int64_t channels) { return rmt_round_up((size_t)channels, RMT_PANEL); }

static void lrn_place(rmt_op_place *place)
{
    place->form[0] = RMT_FORM_CHANNELS_LAST;
    rmt_strides_channels_last(&place->out[0]);
    place->place[0].any_pixel_stride = true;
    if (rmt_shape_elements(&place->out[0].shape) == 0)
        return;
    place->scratch_bytes = 2 * room_floats(place->in[0].shape.dims[1]) * sizeof(float) * (size_t)place->threads;
}

typedef struct lrn_loop {
    const rmt_op_run *run;
    const lrn_params *params;
    rmt_pixels x, y;
} lrn_loop;

static void lrn_pixel(const lrn_loop *loop, const float *x, float *y, float *squares, float *divisors)
{
    const lrn_params *params = loop->params;
    const rmt_kernels *kernels = loop->run->kernels;
    int64_t c = loop->x.c, before = (params->n - 1) / 2;
    rmt_activation power = {RMT_UNARY_POW, (float)params->beta, 0, 0, 1, 0};
    kernels->binary(RMT_BINARY_MULTIPLY, x, 1, x, 1, squares, c);
    for (int64_t i = 0; i < c; i++) {
        double sum = 0;
        for (int64_t k = rmt_max_i64(0, i - before); k < rmt_min_i64(c, i - before + params->n); k++)
            sum += (double)squares[k];
        divisors[i] = (float)(params->k + params->alpha * sum);
    }
    kernels->unary(divisors, divisors, c, &power);
    kernels->binary(RMT_BINARY_DIVIDE, x, 1, divisors, 1, y, c);
}

static void lrn_rows(void *context, int64_t first, int64_t last, int thread)
{
    const lrn_loop *loop = context;
    float *squares = (float *)loop->run->scratch + (size_t)thread * 2 * room_floats(loop->x.c);
    for (int64_t i = first; i < last; i++) {
        int32_t n = (int32_t)(i / loop->x.h), row = (int32_t)(i % loop->x.h);
        for (int32_t column = 0; column < loop->x.w; column++)
            lrn_pixel(loop, rmt_pixel_at(&loop->x, n, row, column), rmt_pixel_at(&loop->y, n, row, column), squares,
                      squares + room_floats(loop->x.c));
    }
}

static void lrn_run(const rmt_op_run *run)
{
    lrn_loop loop = {.run = run, .params = run->params};
    if (rmt_shape_elements(&run->out[0].shape) == 0)
        return;
    loop.x = rmt_pixels_of(&run->in[0]);
    loop.y = rmt_pixels_of(&run->out[0]);
    rmt_for_range(run->team, (int64_t)loop.x.n * loop.x.h, 1, lrn_rows, &loop);
}

const rmt_op rmt_op_lrn = {.name = "lrn",
                           .params_bytes = sizeof(lrn_params),
                           .load = lrn_load,
                           .infer = lrn_infer,
                           .place = lrn_place,
                           .run = lrn_run};

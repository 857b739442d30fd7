/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interp: images to another size by the nearest pixel or the four around it,
 * channels last. Sizes and sample points are computed as PaddlePaddle computes
 * them, in float32 where it does, so that the same pixels are chosen.
 */
#include "ops/sliding_window.h"

#include <string.h>

enum { X, SIZE };

typedef struct interp_params {
    bool nearest, align_corners, centers; /* centers: pixels are sampled at their centers, not their corners */
    int64_t out_h, out_w;                 /* 0: not given */
    float scale_h, scale_w;               /* 0: not given */
    bool size_is_tensor;
} interp_params;

static ramet_status interp_load(rmt_op_load *load)
{
    interp_params *params = load->params;
    const rmt_node *node = load->node;
    const char *method = rmt_node_string(node, "method", "bilinear");
    double scale[2] = {0, 0};
    size_t scales = rmt_node_floats(node, "scale", scale, 2);
    if (strcmp(method, "nearest") != 0 && strcmp(method, "bilinear") != 0)
        return rmt_fail(load->error, RAMET_STATUS_UNSUPPORTED, "method '%s'", method);
    if (scales > 2)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "attribute scale has %zu entries", scales);
    params->nearest = strcmp(method, "nearest") == 0;
    params->align_corners = rmt_node_bool(node, "align_corners", true);
    params->centers = rmt_node_int(node, "align_mode", 1) == 0 && !params->align_corners;
    params->out_h = rmt_node_int(node, "out_h", 0);
    params->out_w = rmt_node_int(node, "out_w", 0);
    params->size_is_tensor = node->input_count > SIZE && node->inputs[SIZE] != RMT_NO_VALUE;
    bool scaled = !params->size_is_tensor && scale[0] > 0 && (scales == 1 || scale[1] > 0);
    params->scale_h = scaled ? (float)scale[0] : 0;
    params->scale_w = scaled ? (float)scale[scales - 1] : 0;
    return rmt_load_inputs(load, 1);
}

/* A size that is out of range becomes 0. */
static int64_t scaled_size(int64_t size, float scale)
{
    float scaled = (float)size * scale;
    return scaled < (float)INT32_MAX ? (int64_t)scaled : 0;
}

static ramet_status interp_infer(rmt_op_infer *infer)
{
    const interp_params *params = infer->params;
    const rmt_shape *x = &infer->in[X].shape;
    ramet_status status = rmt_infer_float32(infer, X);
    if (status != RAMET_STATUS_OK)
        return status;
    if (x->rank != 4 || x->dims[2] < 1 || x->dims[3] < 1)
        return rmt_infer_fail(infer, "the input is not an image tensor [n,c,h,w]");
    int64_t size[2] = {params->out_h, params->out_w};
    if (params->size_is_tensor && rmt_view_read_ints(&infer->in[SIZE], size, 2) != 2)
        return rmt_infer_unknown(infer, "the size is not two numbers known before the run");
    if (params->scale_h > 0) {
        size[0] = scaled_size(x->dims[2], params->scale_h);
        size[1] = scaled_size(x->dims[3], params->scale_w);
    }
    if (size[0] < 1 || size[1] < 1 || size[0] > INT32_MAX || size[1] > INT32_MAX)
        return rmt_infer_fail(infer, "an image cannot become %lld x %lld", (long long)size[1], (long long)size[0]);
    infer->out[0].dtype = RAMET_DTYPE_FLOAT32;
    infer->out[0].shape = (rmt_shape){4, {x->dims[0], x->dims[1], size[0], size[1]}};
    return rmt_infer_done(infer);
}

static void interp_place(rmt_op_place *place)
{
    const rmt_view *x = &place->in[X];
    rmt_view *out = &place->out[0];
    if (rmt_shape_equal(&x->shape, &out->shape)) {
        memcpy(out->strides, x->strides, sizeof out->strides);
        place->place[0].view_of = X;
        return;
    }
    place->form[X] = RMT_FORM_CHANNELS_LAST;
    rmt_strides_channels_last(out);
    place->place[0].any_pixel_stride = true;
}

/* ---- run ------------------------------------------------------------------------------------------------------- */

/* Along one side: pixels low and high, and the weight of high. */
typedef struct sample {
    int32_t low, high;
    float weight;
} sample;

/* Pixels of the input for one of the output. */
static float ratio_of(const interp_params *params, int32_t in, int32_t out, float scale)
{
    if (out <= 1)
        return 0;
    if (params->align_corners)
        return (float)(in - 1) / (float)(out - 1);
    return scale > 0 ? 1.0f / scale : (float)in / (float)out;
}

static sample sample_at(const interp_params *params, float ratio, int32_t index, int32_t size)
{
    double exact = params->centers ? (double)ratio * (index + 0.5) - 0.5 : (double)(ratio * (float)index);
    if (params->nearest)
        exact = (double)(ratio * (float)index) + (params->align_corners ? 0.5 : 0.0);
    float at = exact > 0 ? (float)exact : 0;
    sample s = {.low = (int32_t)rmt_min_i64((int64_t)exact, size - 1)};
    s.low = s.low > 0 ? s.low : 0;
    s.high = s.low < size - 1 ? s.low + 1 : size - 1;
    s.weight = at - (float)s.low;
    return s;
}

typedef struct interp_loop {
    const rmt_op_run *run;
    const interp_params *params;
    rmt_pixels x, y;
    float ratio_h, ratio_w;
} interp_loop;

static void interp_pixel(const interp_loop *loop, int32_t n, const sample *v, const sample *h, float *out)
{
    const rmt_pixels *x = &loop->x;
    if (loop->params->nearest) {
        memcpy(out, rmt_pixel_at(x, n, v->low, h->low), (size_t)x->c * sizeof *out);
        return;
    }
    const float *const corners[4] = {rmt_pixel_at(x, n, v->low, h->low), rmt_pixel_at(x, n, v->low, h->high),
                                     rmt_pixel_at(x, n, v->high, h->low), rmt_pixel_at(x, n, v->high, h->high)};
    loop->run->kernels->lerp(corners, h->weight, v->weight, out, x->c);
}

static void interp_rows(void *context, int64_t first, int64_t last, int thread)
{
    (void)thread;
    const interp_loop *loop = context;
    const rmt_pixels *y = &loop->y;
    for (int64_t i = first; i < last; i++) {
        int32_t n = (int32_t)(i / y->h), row = (int32_t)(i % y->h);
        sample v = sample_at(loop->params, loop->ratio_h, row, loop->x.h);
        for (int32_t column = 0; column < y->w; column++) {
            sample h = sample_at(loop->params, loop->ratio_w, column, loop->x.w);
            interp_pixel(loop, n, &v, &h, rmt_pixel_at(y, n, row, column));
        }
    }
}

static void interp_run(const rmt_op_run *run)
{
    const interp_params *params = run->params;
    interp_loop loop = {.run = run,
                        .params = params,
                        .x = rmt_pixels_of(&run->in[X]),
                        .y = rmt_pixels_of(&run->out[0])};
    loop.ratio_h = ratio_of(params, loop.x.h, loop.y.h, params->scale_h);
    loop.ratio_w = ratio_of(params, loop.x.w, loop.y.w, params->scale_w);
    rmt_for_range(run->team, (int64_t)loop.y.n * loop.y.h, 4, interp_rows, &loop);
}

const rmt_op rmt_op_interp = {.name = "interp",
                              .params_bytes = sizeof(interp_params),
                              .load = interp_load,
                              .infer = interp_infer,
                              .place = interp_place,
                              .run = interp_run};

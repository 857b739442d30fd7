/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group_norm and instance_norm (a group for each channel): all numbers of a
 * group of channels brought to mean 0 and variance 1, then scaled and shifted
 * by channel. Images stay channels last: runs of pixels give sums for each
 * channel, these meet in double precision, and one line x * a + b a channel
 * remains. Tensors of other ranks are dense: a group is one run of memory.
 *
 * Scratch of images: for each image and run of pixels sums [c], squares [c];
 * then for each image a [c], b [c].
 */
#include "ops/convolution/sliding_window.h"

#include <math.h>
#include <string.h>

enum { X, SCALE, BIAS, RUN = 256 /* pixels whose sums stay in single precision */ };

typedef struct group_norm_params {
    bool each; /* instance_norm */
    int64_t groups;
    double epsilon;
} group_norm_params;

static ramet_status group_norm_load(rmt_op_load *load)
{
    group_norm_params *params = load->params;
    params->each = strcmp(load->node->op, "instance_norm") == 0;
    params->groups = rmt_node_int(load->node, "groups", 1);
    params->epsilon = rmt_node_float(load->node, "epsilon", 1e-5);
    if (params->groups < 1)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "attribute groups is %lld", (long long)params->groups);
    return rmt_load_inputs(load, 1);
}

static int64_t group_channels(const group_norm_params *params, int64_t channels)
{
    return params->each ? 1 : channels / params->groups;
}

static ramet_status group_norm_infer(rmt_op_infer *infer)
{
    const group_norm_params *params = infer->params;
    const rmt_shape *shape = &infer->in[X].shape;
    ramet_status status = rmt_infer_float32(infer, X);
    if (status != RAMET_STATUS_OK)
        return status;
    if (shape->rank < 2 || (!params->each && shape->dims[1] % params->groups != 0))
        return rmt_infer_fail(infer, "the channels do not make %lld groups", (long long)params->groups);
    for (int32_t i = SCALE; i <= BIAS && i < infer->in_count; i++) {
        if (infer->in[i].shape.rank < 0)
            continue;
        status = rmt_infer_float32(infer, i);
        if (status != RAMET_STATUS_OK)
            return status;
        if (rmt_shape_elements(&infer->in[i].shape) != shape->dims[1])
            return rmt_infer_fail(infer, "scale and bias have not one number for each channel");
    }
    return rmt_infer_same(infer);
}

static size_t run_floats(int64_t channels) { return 2 * rmt_round_up((size_t)channels, RMT_PANEL); }

static int64_t runs_of(int64_t pixels) { return (pixels + RUN - 1) / RUN; }

static void group_norm_place(rmt_op_place *place)
{
    const rmt_view *x = &place->in[X];
    bool image = x->shape.rank == 4;
    for (int32_t i = 0; i < place->in_count; i++)
        place->form[i] = RMT_FORM_DENSE;
    rmt_strides_dense(&place->out[0]);
    if (image) {
        place->form[X] = RMT_FORM_CHANNELS_LAST;
        rmt_strides_channels_last(&place->out[0]);
        place->place[0].any_pixel_stride = true;
        if (rmt_shape_elements(&x->shape) > 0)
            place->scratch_bytes = (size_t)(x->shape.dims[0] * (runs_of(x->shape.dims[2] * x->shape.dims[3]) + 1)) *
                                   run_floats(x->shape.dims[1]) * sizeof(float);
    }
    if (rmt_strides_equal(x, &place->out[0]))
        place->place[0].in_place_of = X;
}

/* ---- images ---------------------------------------------------------------------------------------------------- */

typedef struct image_run {
    const rmt_kernels *kernels;
    const group_norm_params *params;
    const float *scale, *bias; /* or NULL */
    rmt_pixels x, y;
    int64_t runs;  /* of one image */
    size_t floats; /* of one run */
    float *sums;   /* [n][runs][2][c] */
    float *lines;  /* [n][2][c]: a, b */
} image_run;

static float *sums_at(const image_run *d, int64_t n, int64_t run)
{
    return d->sums + (size_t)(n * d->runs + run) * d->floats;
}

static void add_runs(void *context, int64_t first, int64_t last, int thread)
{
    (void)thread;
    const image_run *d = context;
    int64_t pixels = (int64_t)d->x.h * d->x.w;
    for (int64_t i = first; i < last; i++) {
        int64_t n = i / d->runs, run = i % d->runs;
        const float *image = d->x.data + n * d->x.image;
        float *sums = sums_at(d, n, run);
        d->kernels->moments(image + run * RUN * d->x.pixel, d->x.pixel, rmt_min_i64(RUN, pixels - run * RUN), image,
                            sums, sums + d->floats / 2, d->x.c);
    }
}

/* Mean of channel c of image n, and the sum of squares of distances from it. */
static double channel_moments(const image_run *d, int64_t n, int32_t c, double *squares)
{
    double sum = 0, square = 0, count = (double)d->x.h * d->x.w;
    for (int64_t run = 0; run < d->runs; run++) {
        const float *sums = sums_at(d, n, run);
        sum += (double)sums[c];
        square += (double)sums[d->floats / 2 + (size_t)c];
    }
    *squares = fmax(square - sum * sum / count, 0);
    return (double)d->x.data[n * d->x.image + c] + sum / count;
}

/* a and b of the channels of a group that starts at channel c. */
static void settle_group(const image_run *d, int64_t n, int32_t c, int32_t channels)
{
    double mean = 0, squares = 0, own, count = (double)d->x.h * d->x.w;
    for (int32_t i = 0; i < channels; i++)
        mean += channel_moments(d, n, c + i, &own) / channels;
    for (int32_t i = 0; i < channels; i++) {
        double distance = channel_moments(d, n, c + i, &own) - mean;
        squares += own + count * distance * distance;
    }
    double factor = 1 / sqrt(squares / (count * channels) + d->params->epsilon);
    float *a = d->lines + (size_t)n * d->floats + c, *b = a + d->floats / 2;
    for (int32_t i = 0; i < channels; i++) {
        double scale = d->scale != NULL ? (double)d->scale[c + i] * factor : factor;
        a[i] = (float)scale;
        b[i] = (float)((d->bias != NULL ? (double)d->bias[c + i] : 0) - mean * scale);
    }
}

static void settle_images(void *context, int64_t first, int64_t last, int thread)
{
    (void)thread;
    const image_run *d = context;
    int32_t channels = (int32_t)group_channels(d->params, d->x.c), groups = d->x.c / channels;
    for (int64_t i = first; i < last; i++)
        settle_group(d, i / groups, (int32_t)(i % groups) * channels, channels);
}

static void apply_lines(void *context, int64_t first, int64_t last, int thread)
{
    (void)thread;
    const image_run *d = context;
    int64_t pixels = (int64_t)d->x.h * d->x.w;
    for (int64_t i = first; i < last; i++) {
        int64_t n = i / pixels, pixel = i % pixels;
        const float *a = d->lines + (size_t)n * d->floats;
        d->kernels->scale_shift(d->x.data + n * d->x.image + pixel * d->x.pixel, a, a + d->floats / 2,
                                d->y.data + n * d->y.image + pixel * d->y.pixel, d->x.c);
    }
}

static void run_images(const rmt_op_run *run, const float *scale, const float *bias)
{
    const group_norm_params *params = run->params;
    image_run d = {.kernels = run->kernels,
                   .params = params,
                   .scale = scale,
                   .bias = bias,
                   .x = rmt_pixels_of(&run->in[X]),
                   .y = rmt_pixels_of(&run->out[0])};
    int64_t pixels = (int64_t)d.x.h * d.x.w;
    d.runs = runs_of(pixels);
    d.floats = run_floats(d.x.c);
    d.sums = (float *)run->scratch;
    d.lines = sums_at(&d, d.x.n, 0);
    rmt_for_range(run->team, d.x.n * d.runs, 4, add_runs, &d);
    rmt_for_range(run->team, d.x.n * (d.x.c / group_channels(params, d.x.c)), 16, settle_images, &d);
    rmt_for_range(run->team, d.x.n * pixels, 64, apply_lines, &d);
}

/* ---- other ranks ----------------------------------------------------------------------------------------------- */

typedef struct dense_run {
    const rmt_op_run *run;
    const float *scale, *bias;
    int64_t channels, group, size; /* of one channel */
} dense_run;

static void run_groups(void *context, int64_t first, int64_t last, int thread)
{
    (void)thread;
    const dense_run *d = context;
    const rmt_kernels *kernels = d->run->kernels;
    const group_norm_params *params = d->run->params;
    int64_t n = d->group * d->size;
    for (int64_t i = first; i < last; i++) {
        float *y = (float *)d->run->out[0].data + i * n;
        kernels->layer_norm((const float *)d->run->in[X].data + i * n, y, n, (float)params->epsilon, NULL, NULL);
        for (int64_t k = 0; k < d->group; k++) {
            int64_t c = (i * d->group + k) % d->channels;
            rmt_activation line = rmt_activation_none();
            line.scale = d->scale != NULL ? d->scale[c] : 1;
            line.shift = d->bias != NULL ? d->bias[c] : 0;
            kernels->unary(y + k * d->size, y + k * d->size, d->size, &line);
        }
    }
}

static void group_norm_run(const rmt_op_run *run)
{
    const rmt_shape *shape = &run->in[X].shape;
    const float *scale = run->in_count > SCALE ? run->in[SCALE].data : NULL;
    const float *bias = run->in_count > BIAS ? run->in[BIAS].data : NULL;
    if (rmt_shape_elements(shape) == 0)
        return;
    if (shape->rank == 4) {
        run_images(run, scale, bias);
        return;
    }
    dense_run d = {run,
                   scale,
                   bias,
                   shape->dims[1],
                   group_channels(run->params, shape->dims[1]),
                   rmt_dims_product(shape, 2, shape->rank)};
    rmt_for_range(run->team, shape->dims[0] * (d.channels / d.group), 1, run_groups, &d);
}

const rmt_op rmt_op_group_norm = {.name = "group_norm",
                                  .params_bytes = sizeof(group_norm_params),
                                  .load = group_norm_load,
                                  .infer = group_norm_infer,
                                  .place = group_norm_place,
                                  .run = group_norm_run};

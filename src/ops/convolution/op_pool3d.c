/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool3d: maximum or mean over windows of [n, c, d, h, w], plane by plane and
 * dense. Sides are cut as by PaddlePaddle: SAME splits what is missing with the
 * smaller half in front, adaptive windows cover the side, padding takes no part
 * in a maximum, and in a mean only where `exclusive` is off.
 */
#include "ops/ops_help.h"

#include <float.h>
#include <string.h>

enum { SIDES = 3 };

typedef struct pool3d_params {
    int64_t kernel[SIDES], stride[SIDES], front[SIDES], back[SIDES];
    bool mean, exclusive, ceil_mode, global, adaptive, same;
} pool3d_params;

static bool read_sides(const rmt_node *node, const char *name, int64_t least, int64_t sides[SIDES])
{
    size_t count = rmt_node_ints(node, name, sides, SIDES);
    for (size_t i = 1; count == 1 && i < SIDES; i++)
        sides[i] = sides[0];
    for (int i = 0; i < SIDES; i++)
        if (sides[i] < least || sides[i] > 65536)
            return false;
    return count <= SIDES;
}

static bool read_paddings(const rmt_node *node, pool3d_params *params)
{
    int64_t pads[2 * SIDES] = {0};
    size_t count = rmt_node_ints(node, "paddings", pads, 2 * SIDES);
    for (int i = 0; i < SIDES; i++) {
        params->front[i] = count == 2 * SIDES ? pads[2 * i] : count == 1 ? pads[0] : pads[i];
        params->back[i] = count == 2 * SIDES ? pads[2 * i + 1] : params->front[i];
        if (params->front[i] < 0 || params->front[i] > 65536 || params->back[i] < 0 || params->back[i] > 65536)
            return false;
    }
    return count <= 1 || count == SIDES || count == 2 * SIDES;
}

static ramet_status pool3d_load(rmt_op_load *load)
{
    pool3d_params *params = load->params;
    const rmt_node *node = load->node;
    for (int i = 0; i < SIDES; i++)
        params->kernel[i] = params->stride[i] = 1;
    if (!read_sides(node, "ksize", 1, params->kernel) || !read_sides(node, "strides", 1, params->stride) ||
        !read_paddings(node, params))
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "ksize, strides or paddings makes no sense");
    const char *type = rmt_node_string(node, "pooling_type", "max");
    const char *algorithm = rmt_node_string(node, "padding_algorithm", "EXPLICIT");
    params->mean = strcmp(type, "avg") == 0;
    if (!params->mean && strcmp(type, "max") != 0)
        return rmt_fail(load->error, RAMET_STATUS_UNSUPPORTED, "pooling_type '%s'", type);
    params->same = strcmp(algorithm, "SAME") == 0;
    for (int i = 0; i < SIDES && strcmp(algorithm, "VALID") == 0; i++)
        params->front[i] = params->back[i] = 0;
    params->exclusive = rmt_node_bool(node, "exclusive", true);
    params->ceil_mode = rmt_node_bool(node, "ceil_mode", false);
    params->global = rmt_node_bool(node, "global_pooling", false);
    params->adaptive = rmt_node_bool(node, "adaptive", false);
    return rmt_load_inputs(load, 1);
}

/* Padding in front of and behind a side of `in`. */
static void settle_padding(const pool3d_params *params, int side, int64_t in, int64_t *front, int64_t *back)
{
    *front = params->front[side];
    *back = params->back[side];
    if (!params->same)
        return;
    int64_t out = (in + params->stride[side] - 1) / params->stride[side];
    int64_t sum = rmt_max_i64((out - 1) * params->stride[side] + params->kernel[side] - in, 0);
    *front = sum / 2;
    *back = sum - sum / 2;
}

/* 0: no window fits. */
static int64_t windows_along(const pool3d_params *params, int side, int64_t in)
{
    int64_t front, back;
    if (params->global)
        return 1;
    if (params->adaptive)
        return params->kernel[side];
    settle_padding(params, side, in, &front, &back);
    int64_t room = in + front + back - params->kernel[side] + (params->ceil_mode ? params->stride[side] - 1 : 0);
    return room < 0 ? 0 : room / params->stride[side] + 1;
}

static ramet_status pool3d_infer(rmt_op_infer *infer)
{
    const rmt_shape *x = &infer->in[0].shape;
    ramet_status status = rmt_infer_float32(infer, 0);
    if (status != RAMET_STATUS_OK)
        return status;
    if (x->rank != 2 + SIDES)
        return rmt_infer_fail(infer, "the input is not [n,c,d,h,w]");
    infer->out[0].dtype = RAMET_DTYPE_FLOAT32;
    infer->out[0].shape = *x;
    for (int side = 0; side < SIDES; side++) {
        int64_t in = x->dims[2 + side];
        int64_t windows = in < 1 || in > INT32_MAX ? 0 : windows_along(infer->params, side, in);
        if (windows < 1)
            return rmt_infer_fail(infer, "a side of %lld is too small for the window", (long long)in);
        infer->out[0].shape.dims[2 + side] = windows;
    }
    return rmt_infer_done(infer);
}

/* Along one side: the entries [from, to), and the width that counts where padding counts. */
typedef struct span {
    int64_t from, to, all;
} span;

static span span_at(const pool3d_params *params, int side, int64_t in, int64_t out, int64_t i)
{
    if (params->global)
        return (span){0, in, in};
    if (params->adaptive) {
        span s = {i * in / out, ((i + 1) * in + out - 1) / out, 0};
        s.all = s.to - s.from;
        return s;
    }
    int64_t front, back;
    settle_padding(params, side, in, &front, &back);
    int64_t from = i * params->stride[side] - front, to = rmt_min_i64(from + params->kernel[side], in + front);
    return (span){rmt_max_i64(from, 0), rmt_min_i64(to, in), to - from};
}

typedef struct pool3d_loop {
    const pool3d_params *params;
    const rmt_op_run *run;
} pool3d_loop;

static float fold_window(const pool3d_params *params, const float *plane, const int64_t *in, const span s[SIDES])
{
    int64_t count = 0;
    float total = params->mean ? 0 : -FLT_MAX;
    for (int64_t z = s[0].from; z < s[0].to; z++) {
        for (int64_t y = s[1].from; y < s[1].to; y++) {
            for (int64_t x = s[2].from; x < s[2].to; x++, count++) {
                float value = plane[(z * in[1] + y) * in[2] + x];
                total = params->mean ? total + value : value > total ? value : total;
            }
        }
    }
    int64_t divisor = params->exclusive ? count : s[0].all * s[1].all * s[2].all;
    return params->mean && divisor > 0 ? total / (float)divisor : total;
}

static void pool_planes(void *context, int64_t first, int64_t last, int thread)
{
    (void)thread;
    const pool3d_loop *loop = context;
    const int64_t *in = &loop->run->in[0].shape.dims[2], *out = &loop->run->out[0].shape.dims[2];
    for (int64_t i = first; i < last; i++) {
        const float *plane = (const float *)loop->run->in[0].data + i * in[0] * in[1] * in[2];
        float *y = (float *)loop->run->out[0].data + i * out[0] * out[1] * out[2];
        for (int64_t at = 0; at < out[0] * out[1] * out[2]; at++) {
            int64_t index[SIDES] = {at / out[2] / out[1], at / out[2] % out[1], at % out[2]};
            span s[SIDES];
            for (int side = 0; side < SIDES; side++)
                s[side] = span_at(loop->params, side, in[side], out[side], index[side]);
            y[at] = fold_window(loop->params, plane, in, s);
        }
    }
}

static void pool3d_run(const rmt_op_run *run)
{
    pool3d_loop loop = {run->params, run};
    const int64_t *dims = run->out[0].shape.dims;
    if (rmt_shape_elements(&run->out[0].shape) > 0)
        rmt_for_range(run->team, dims[0] * dims[1], 1, pool_planes, &loop);
}

const rmt_op rmt_op_pool3d = {.name = "pool3d",
                              .params_bytes = sizeof(pool3d_params),
                              .load = pool3d_load,
                              .infer = pool3d_infer,
                              .run = pool3d_run};

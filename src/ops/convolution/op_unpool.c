/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unpool, what pool2d with indices undoes: each number of x [n, c, h, w] goes to
 * the place in its plane of y [n, c, oh, ow] that an index names, the rest is 0.
 * Indices outside of the plane name none. A third input may give oh and ow, or the whole shape. All dense.
 */
#include "ops/ops_help.h"

#include <string.h>

enum { X, INDEX, SIZE };

typedef struct unpool_params {
    int64_t kernel[2], stride[2], pad[2], size[2]; /* size 0: follows from the others */
} unpool_params;

static bool read_pair(const rmt_node *node, const char *name, int64_t otherwise, int64_t pair[2])
{
    pair[0] = pair[1] = otherwise;
    size_t count = rmt_node_ints(node, name, pair, 2);
    if (count == 1)
        pair[1] = pair[0];
    return pair[0] >= 0 && pair[1] >= 0 && pair[0] <= INT32_MAX && pair[1] <= INT32_MAX;
}

static ramet_status unpool_load(rmt_op_load *load)
{
    unpool_params *params = load->params;
    const rmt_node *node = load->node;
    int64_t size[4] = {0};
    size_t sizes = rmt_node_ints(node, "output_size", size, 4);
    bool good = read_pair(node, "ksize", 1, params->kernel) && read_pair(node, "strides", 1, params->stride) &&
                read_pair(node, "paddings", 0, params->pad);
    for (int i = 0; i < 2 && (sizes == 2 || sizes == 4); i++)
        params->size[i] = size[sizes - 2 + (size_t)i];
    if (!good || params->size[0] < 0 || params->size[1] < 0)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "ksize, strides, paddings or output_size makes no sense");
    return rmt_load_inputs(load, 2);
}

static ramet_status unpool_infer(rmt_op_infer *infer)
{
    const unpool_params *params = infer->params;
    const rmt_view *x = &infer->in[X], *index = &infer->in[INDEX];
    ramet_status status = rmt_infer_float32(infer, X);
    if (status != RAMET_STATUS_OK)
        return status;
    if (x->shape.rank != 4 || !rmt_shape_equal(&x->shape, &index->shape) || rmt_dtype_is_float(index->dtype))
        return rmt_infer_fail(infer, "not an image tensor [n,c,h,w] and as many integers");
    int64_t given[4], count = infer->in_count > SIZE ? rmt_view_read_ints(&infer->in[SIZE], given, 4) : 0;
    if (infer->in_count > SIZE && count != 2 && count != 4)
        return rmt_infer_unknown(infer, "the size is not known before the run, or not two or four numbers");
    infer->out[0].dtype = RAMET_DTYPE_FLOAT32;
    infer->out[0].shape = x->shape;
    for (int i = 0; i < 2; i++) {
        int64_t in = x->shape.dims[2 + i], size = count > 0 ? given[count - 2 + i] : params->size[i];
        if (in > INT32_MAX || size < 0)
            return rmt_infer_fail(infer, "the image or what it becomes is too large or too small");
        infer->out[0].shape.dims[2 + i] =
            size > 0 ? size : (in - 1) * params->stride[i] - 2 * params->pad[i] + params->kernel[i];
    }
    return rmt_infer_done(infer);
}

static void unpool_planes(void *context, int64_t first, int64_t last, int thread)
{
    (void)thread;
    const rmt_op_run *run = context;
    const rmt_view *x = &run->in[X], *index = &run->in[INDEX], *out = &run->out[0];
    int64_t pixels = x->shape.dims[2] * x->shape.dims[3], room = out->shape.dims[2] * out->shape.dims[3];
    for (int64_t i = first; i < last; i++) {
        float *plane = (float *)out->data + i * room;
        const float *numbers = (const float *)x->data + i * pixels;
        memset(plane, 0, (size_t)room * sizeof *plane);
        for (int64_t p = 0; p < pixels; p++) {
            int64_t at;
            rmt_numbers_to_ints(index->dtype, rmt_view_at(index, i * pixels + p), 1, &at, 1);
            if (at >= 0 && at < room)
                plane[at] = numbers[p];
        }
    }
}

static void unpool_run(const rmt_op_run *run)
{
    const int64_t *dims = run->out[0].shape.dims;
    if (rmt_shape_elements(&run->out[0].shape) > 0)
        rmt_for_range(run->team, dims[0] * dims[1], 1, unpool_planes, (void *)run);
}

const rmt_op rmt_op_unpool = {.name = "unpool",
                              .params_bytes = sizeof(unpool_params),
                              .load = unpool_load,
                              .infer = unpool_infer,
                              .run = unpool_run};

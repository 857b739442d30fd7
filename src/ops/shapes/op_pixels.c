/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rearrangements of channels and pixels: pixel_shuffle, pixel_unshuffle,
 * space_to_depth, channel_shuffle. Splitting dimensions changes strides only,
 * so each is one copy between two views of six dimensions, whatever the layout.
 */
#include "ops/ops_help.h"

#include <string.h>

typedef enum rearrangement { PIXEL_SHUFFLE, PIXEL_UNSHUFFLE, SPACE_TO_DEPTH, CHANNEL_SHUFFLE } rearrangement;

typedef struct pixels_params {
    rearrangement kind;
    int64_t factor; /* or groups */
} pixels_params;

static ramet_status pixels_load(rmt_op_load *load)
{
    static const char *const names[] = {"pixel_shuffle", "pixel_unshuffle", "space_to_depth", "channel_shuffle"};
    pixels_params *params = load->params;
    while (params->kind < CHANNEL_SHUFFLE && strcmp(names[params->kind], load->node->op) != 0)
        params->kind++;
    params->factor = rmt_node_int(load->node, params->kind == CHANNEL_SHUFFLE ? "groups" : "factor", 1);
    if (params->factor < 1 || params->factor > 4096)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "factor or groups %lld", (long long)params->factor);
    return rmt_load_inputs(load, 1);
}

static ramet_status pixels_infer(rmt_op_infer *infer)
{
    const pixels_params *params = infer->params;
    const rmt_shape *x = &infer->in[0].shape;
    int64_t f = params->factor, c = x->dims[1], h = x->dims[2], w = x->dims[3];
    if (x->rank != 4)
        return rmt_infer_fail(infer, "the input is not an image tensor [n,c,h,w]");
    bool fits = params->kind == PIXEL_SHUFFLE     ? c % (f * f) == 0
                : params->kind == CHANNEL_SHUFFLE ? c % f == 0
                                                  : h % f == 0 && w % f == 0;
    if (!fits)
        return rmt_infer_fail(infer, "the sizes do not divide by %lld", (long long)f);
    infer->out[0].dtype = infer->in[0].dtype;
    infer->out[0].shape = *x;
    int64_t *out = infer->out[0].shape.dims;
    if (params->kind == PIXEL_SHUFFLE) {
        if (h > RMT_MAX_ELEMENTS || w > RMT_MAX_ELEMENTS)
            return rmt_infer_fail(infer, "the result is too large");
        out[1] = c / (f * f);
        out[2] = h * f;
        out[3] = w * f;
    } else if (params->kind != CHANNEL_SHUFFLE) {
        if (c > RMT_MAX_ELEMENTS)
            return rmt_infer_fail(infer, "the result is too large");
        out[1] = c * f * f;
        out[2] = h / f;
        out[3] = w / f;
    }
    return rmt_infer_done(infer);
}

static void pixels_place(rmt_op_place *place)
{
    rmt_strides_like(&place->out[0], &place->in[0]);
    if (rmt_view_is_channels_last(&place->in[0]))
        rmt_strides_channels_last(&place->out[0]);
    place->place[0].any_pixel_stride = rmt_view_is_channels_last(&place->out[0]);
}

/* One more dimension, count entries `stride` apart. */
static void push(rmt_view *view, int64_t count, int64_t stride)
{
    view->strides[view->shape.rank] = stride;
    view->shape.dims[view->shape.rank++] = count;
}

/*
 * An image whose channels are finer[0] x finer[1] x c to the coarse image of `f` times larger pixels: dims [n, c, f, f, h, w]
 * where (c, f, f) are channels in the order that channel_strides give, in units of one channel.
 */
static rmt_view deep_view(const rmt_view *deep, int64_t f, const int64_t channel_strides[3])
{
    rmt_view view = {.dtype = deep->dtype, .data = deep->data};
    push(&view, deep->shape.dims[0], deep->strides[0]);
    push(&view, deep->shape.dims[1] / (f * f), deep->strides[1] * channel_strides[0]);
    push(&view, f, deep->strides[1] * channel_strides[1]);
    push(&view, f, deep->strides[1] * channel_strides[2]);
    push(&view, deep->shape.dims[2], deep->strides[2]);
    push(&view, deep->shape.dims[3], deep->strides[3]);
    return view;
}

/* The wide image [n, c, h * f, w * f] in the same order of dimensions. */
static rmt_view wide_view(const rmt_view *wide, int64_t f)
{
    rmt_view view = {.dtype = wide->dtype, .data = wide->data};
    push(&view, wide->shape.dims[0], wide->strides[0]);
    push(&view, wide->shape.dims[1], wide->strides[1]);
    push(&view, f, wide->strides[2]);
    push(&view, f, wide->strides[3]);
    push(&view, wide->shape.dims[2] / f, wide->strides[2] * f);
    push(&view, wide->shape.dims[3] / f, wide->strides[3] * f);
    return view;
}

static rmt_view grouped_view(const rmt_view *image, int64_t outer, int64_t inner, bool swapped)
{
    rmt_view view = {.dtype = image->dtype, .data = image->data};
    push(&view, image->shape.dims[0], image->strides[0]);
    push(&view, swapped ? inner : outer, swapped ? image->strides[1] : image->strides[1] * inner);
    push(&view, swapped ? outer : inner, swapped ? image->strides[1] * inner : image->strides[1]);
    push(&view, image->shape.dims[2], image->strides[2]);
    push(&view, image->shape.dims[3], image->strides[3]);
    return view;
}

static void pixels_run(const rmt_op_run *run)
{
    const pixels_params *params = run->params;
    const rmt_view *x = &run->in[0], *out = &run->out[0];
    int64_t f = params->factor, c = x->shape.dims[1];
    if (rmt_shape_elements(&out->shape) == 0)
        return;
    rmt_view from, to;
    if (params->kind == CHANNEL_SHUFFLE) { /* x [g, c / g] becomes out [c / g, g] */
        from = grouped_view(x, f, c / f, false);
        to = grouped_view(out, c / f, f, true);
    } else if (params->kind == PIXEL_SHUFFLE) {
        from = deep_view(x, f, (const int64_t[]){f * f, f, 1});
        to = wide_view(out, f);
    } else {
        from = wide_view(x, f);
        to = deep_view(out, f,
                       params->kind == PIXEL_UNSHUFFLE ? (const int64_t[]){f * f, f, 1}
                                                       : (const int64_t[]){1, f * c, c});
    }
    rmt_run_copy(run, &from, &to);
}

const rmt_op rmt_op_pixels = {.name = "pixels",
                              .params_bytes = sizeof(pixels_params),
                              .load = pixels_load,
                              .infer = pixels_infer,
                              .place = pixels_place,
                              .run = pixels_run};

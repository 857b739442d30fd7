/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expand to a shape, and tile by counts. A dimension of size 1 is repeated by a
 * stride of 0; only tiles of longer ones are copied.
 */
#include "ops/ops_help.h"

#include <string.h>

typedef struct expand_params {
    bool tile;
    bool two_way;               /* a wanted 1 keeps the dimension, and so does one that is not wanted at all */
    int64_t list[RMT_MAX_RANK]; /* the shape, or the counts */
    int32_t count;
} expand_params;

static ramet_status expand_load(rmt_op_load *load)
{
    expand_params *params = load->params;
    params->tile = strcmp(load->node->op, "tile") == 0;
    params->two_way = rmt_node_bool(load->node, "two_way", false);
    const char *name = params->tile ? "repeat_times" : "shape";
    size_t count = rmt_node_ints(load->node, name, params->list, RMT_MAX_RANK);
    if (count > RMT_MAX_RANK)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "attribute %s has %zu entries", name, count);
    params->count = (int32_t)count;
    return rmt_load_inputs(load, 1);
}

/* The size of one dimension of the result; -1: it does not fit. `wanted` -1 keeps. */
static int64_t expand_dim(const expand_params *params, int64_t dim, int64_t wanted)
{
    int64_t product;
    if (params->tile)
        return wanted >= 0 && rmt_mul_i64(dim, wanted, &product) ? product : -1;
    if (wanted == -1 || wanted == dim || (wanted == 1 && params->two_way))
        return dim;
    return dim == 1 ? wanted : -1;
}

static ramet_status expand_infer(rmt_op_infer *infer)
{
    const expand_params *params = infer->params;
    const rmt_shape *x = &infer->in[0].shape;
    rmt_shape *out = &infer->out[0].shape;
    int64_t list[RMT_MAX_RANK], count = params->count;
    memcpy(list, params->list, sizeof list);
    if (infer->in_count > 1 && infer->in[1].shape.rank >= 0)
        count = rmt_view_read_ints(&infer->in[1], list, RMT_MAX_RANK);
    if (count < 0 || (!params->tile && !params->two_way && count < x->rank))
        return rmt_infer_unknown(infer, "the shape is not known before the run, or too short or long");
    out->rank = (int32_t)rmt_max_i64(count, x->rank);
    for (int32_t i = 0; i < out->rank; i++) {
        int32_t from_end = out->rank - i;
        int64_t dim = from_end <= x->rank ? x->dims[x->rank - from_end] : 1;
        int64_t wanted = from_end <= count ? list[count - from_end] : 1;
        out->dims[i] = expand_dim(params, dim, wanted);
        if (out->dims[i] < 0 || (from_end > x->rank && wanted == -1))
            return rmt_infer_fail(infer, "dimension %d cannot become %lld", (int)i, (long long)wanted);
    }
    infer->out[0].dtype = infer->in[0].dtype;
    return rmt_infer_done(infer);
}

/* x with the rank of out, in front of repetition; false when a repeated dimension is longer than 1. */
static bool repeats_by_stride(const rmt_view *x, const rmt_shape *out, rmt_view *seen)
{
    bool by_stride = true;
    *seen = (rmt_view){.dtype = x->dtype, .shape = *out, .data = x->data};
    int32_t more = out->rank - x->shape.rank;
    for (int32_t i = 0; i < out->rank; i++) {
        int64_t dim = i < more ? 1 : x->shape.dims[i - more];
        seen->strides[i] = i < more || dim == 1 ? 0 : x->strides[i - more];
        by_stride = by_stride && (dim == 1 || dim == out->dims[i]);
        seen->shape.dims[i] = dim == 1 ? out->dims[i] : dim;
    }
    return by_stride;
}

static void expand_place(rmt_op_place *place)
{
    rmt_view *out = &place->out[0], seen;
    rmt_strides_dense(out);
    if (!repeats_by_stride(&place->in[0], &out->shape, &seen) || rmt_shape_elements(&out->shape) == 0)
        return;
    memcpy(out->strides, seen.strides, sizeof out->strides);
    place->place[0].view_of = 0;
}

/* Copies of `seen`, each repeated dimension an odometer's wheel. */
static void expand_run(const rmt_op_run *run)
{
    const rmt_view *out = &run->out[0];
    rmt_view seen, tile;
    if (rmt_shape_elements(&out->shape) == 0)
        return;
    (void)repeats_by_stride(&run->in[0], &out->shape, &seen);
    int64_t tiles = 1;
    for (int32_t i = 0; i < out->shape.rank; i++)
        tiles *= out->shape.dims[i] / seen.shape.dims[i];
    for (int64_t t = 0; t < tiles; t++) {
        int64_t rest = t, offset = 0;
        tile = *out;
        tile.shape = seen.shape;
        for (int32_t i = 0; i < out->shape.rank; i++) {
            int64_t times = out->shape.dims[i] / seen.shape.dims[i];
            offset += rest % times * seen.shape.dims[i] * out->strides[i];
            rest /= times;
        }
        tile.data = rmt_view_at(out, offset);
        rmt_run_copy(run, &seen, &tile);
    }
}

const rmt_op rmt_op_expand = {.name = "expand",
                              .params_bytes = sizeof(expand_params),
                              .load = expand_load,
                              .infer = expand_infer,
                              .place = expand_place,
                              .run = expand_run};

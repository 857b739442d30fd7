/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries picked by indices: gather (whole slices along an axis), gather_nd
 * (slices at tuples of indices), take_along_axis (one entry each), embedding
 * (rows of a table). Everything dense; slices that lie together are copied as
 * one. A negative index counts from the end; one that points outside, which
 * PaddlePaddle refuses, picks zeros.
 */
#include "ops/index/indices.h"

#include <string.h>

enum { CHUNK_BYTES = 1 << 16 }; /* of the result, that make a piece of work */

static void copy_slice(unsigned char *to, const unsigned char *from, size_t bytes)
{
    switch (bytes) { /* constant sizes become single moves */
    case 4: memcpy(to, from, 4); break;
    case 8: memcpy(to, from, 8); break;
    default: memcpy(to, from, bytes); break;
    }
}

/* A loop over slices of the result, each of so many bytes. */
typedef struct gather_loop {
    const rmt_op_run *run;
    int64_t size, count; /* entries along the axis: of x, of the result */
    size_t bytes;        /* of a slice */
    int64_t step;        /* take_along_axis: elements from one entry of x to the next */
} gather_loop;

static void for_slices(gather_loop *loop, int64_t slices, rmt_range_task task)
{
    int64_t grain = rmt_max_i64(1, CHUNK_BYTES / rmt_max_i64(1, (int64_t)loop->bytes));
    rmt_for_range(loop->run->team, slices, grain, task, loop);
}

/* Nothing to do, or nothing to pick from. */
static bool picks_nothing(const rmt_op_run *run, const rmt_view *from)
{
    const rmt_view *out = &run->out[0];
    int64_t elements = rmt_shape_elements(&out->shape);
    bool nothing = rmt_shape_elements(&from->shape) == 0;
    if (nothing && elements > 0)
        memset(out->data, 0, (size_t)elements * ramet_dtype_bytes(out->dtype));
    return nothing || elements == 0;
}

static bool is_index(const rmt_view *view) { return !rmt_dtype_is_float(view->dtype); }

/* The slice that index i picks goes to place i; `base`: the first byte of what it picks from. */
static void pick_slice(const gather_loop *loop, const unsigned char *base, int64_t index, int64_t place)
{
    unsigned char *to = (unsigned char *)loop->run->out[0].data + (size_t)place * loop->bytes;
    if (index < 0)
        memset(to, 0, loop->bytes);
    else
        copy_slice(to, base + (size_t)index * loop->bytes, loop->bytes);
}

/* ---- gather ------------------------------------------------------------------------------------------------------- */

enum { X, INDEX, AXIS };

typedef struct gather_params {
    int64_t axis;
} gather_params;

static ramet_status gather_load(rmt_op_load *load)
{
    gather_params *params = load->params;
    params->axis = rmt_node_int(load->node, "axis", 0);
    return rmt_load_inputs(load, 2);
}

/* The axis, from the third input where there is one; -1 when it is not there or not known. */
static int32_t gather_axis(const gather_params *params, const rmt_view *in, int32_t in_count)
{
    int64_t axis = params->axis;
    if (in_count > AXIS && in[AXIS].shape.rank >= 0 && rmt_view_read_ints(&in[AXIS], &axis, 1) != 1)
        return -1;
    return rmt_axis_normalize(axis, in[X].shape.rank);
}

static ramet_status gather_infer(rmt_op_infer *infer)
{
    const rmt_view *x = &infer->in[X], *index = &infer->in[INDEX];
    rmt_shape *out = &infer->out[0].shape;
    int32_t axis = gather_axis(infer->params, infer->in, infer->in_count);
    if (axis < 0)
        return rmt_infer_unknown(infer, "the axis is not there, or not known before the run");
    rmt_shape list = rmt_index_list_shape(index);
    int32_t rank = list.rank;
    if (!is_index(index) || x->shape.rank + rank - 1 > RMT_MAX_RANK)
        return rmt_infer_fail(infer, "the indices are no integers, or the result has too many dimensions");
    out->rank = x->shape.rank + rank - 1;
    memcpy(out->dims, x->shape.dims, (size_t)axis * sizeof *out->dims);
    memcpy(out->dims + axis, list.dims, (size_t)rank * sizeof *out->dims);
    memcpy(out->dims + axis + rank, x->shape.dims + axis + 1, (size_t)(x->shape.rank - axis - 1) * sizeof *out->dims);
    infer->out[0].dtype = x->dtype;
    return rmt_infer_done(infer);
}

static void gather_range(void *context, int64_t first, int64_t last, int thread)
{
    const gather_loop *loop = context;
    (void)thread;
    for (int64_t i = first; i < last; i++) {
        const unsigned char *base = loop->run->in[X].data;
        base += (size_t)(i / loop->count * loop->size) * loop->bytes;
        pick_slice(loop, base, rmt_index_at(&loop->run->in[INDEX], i % loop->count, loop->size), i);
    }
}

static void gather_run(const rmt_op_run *run)
{
    const rmt_view *x = &run->in[X];
    int32_t axis = gather_axis(run->params, run->in, run->in_count);
    if (picks_nothing(run, x))
        return;
    gather_loop loop = {.run = run, .size = x->shape.dims[axis]};
    loop.count = rmt_shape_elements(&run->in[INDEX].shape);
    loop.bytes = (size_t)rmt_dims_product(&x->shape, axis + 1, x->shape.rank) * ramet_dtype_bytes(x->dtype);
    for_slices(&loop, rmt_dims_product(&x->shape, 0, axis) * loop.count, gather_range);
}

const rmt_op rmt_op_gather = {.name = "gather",
                              .params_bytes = sizeof(gather_params),
                              .load = gather_load,
                              .infer = gather_infer,
                              .run = gather_run};

/* ---- gather_nd ------------------------------------------------------------------------------------------------------ */

static ramet_status two_inputs_load(rmt_op_load *load) { return rmt_load_inputs(load, 2); }

static ramet_status gather_nd_infer(rmt_op_infer *infer)
{
    const rmt_view *x = &infer->in[X], *index = &infer->in[INDEX];
    rmt_shape *out = &infer->out[0].shape;
    int32_t lead = index->shape.rank - 1, length = rmt_index_tuple_length(index, &x->shape);
    if (length < 0)
        return rmt_infer_fail(infer, "the indices are no integer tuples within the rank of the input");
    if (lead + x->shape.rank - length > RMT_MAX_RANK)
        return rmt_infer_fail(infer, "the result has too many dimensions");
    *out = index->shape;
    out->rank = lead;
    for (int32_t i = length; i < x->shape.rank; i++)
        out->dims[out->rank++] = x->shape.dims[i];
    infer->out[0].dtype = x->dtype;
    return rmt_infer_done(infer);
}

static void gather_nd_range(void *context, int64_t first, int64_t last, int thread)
{
    const gather_loop *loop = context;
    const rmt_view *x = &loop->run->in[X], *index = &loop->run->in[INDEX];
    (void)thread;
    for (int64_t i = first; i < last; i++)
        pick_slice(loop, x->data, rmt_index_tuple(index, i, &x->shape), i);
}

static void gather_nd_run(const rmt_op_run *run)
{
    const rmt_view *x = &run->in[X];
    int32_t length = rmt_index_tuple_length(&run->in[INDEX], &x->shape);
    if (picks_nothing(run, x))
        return;
    gather_loop loop = {.run = run};
    loop.bytes = (size_t)rmt_dims_product(&x->shape, length, x->shape.rank) * ramet_dtype_bytes(x->dtype);
    for_slices(&loop, rmt_dims_product(&run->out[0].shape, 0, run->in[INDEX].shape.rank - 1), gather_nd_range);
}

const rmt_op rmt_op_gather_nd = {.name = "gather_nd",
                                 .load = two_inputs_load,
                                 .infer = gather_nd_infer,
                                 .run = gather_nd_run};

/* ---- take_along_axis ------------------------------------------------------------------------------------------------- */

static ramet_status take_infer(rmt_op_infer *infer)
{
    const gather_params *params = infer->params;
    const rmt_view *x = &infer->in[X], *index = &infer->in[INDEX];
    int32_t axis = rmt_axis_normalize(params->axis, x->shape.rank);
    if (axis < 0 || !is_index(index) || index->shape.rank != x->shape.rank)
        return rmt_infer_fail(infer, "no axis %lld, or indices that are no integers of the input's rank",
                              (long long)params->axis);
    for (int32_t i = 0; i < x->shape.rank; i++)
        if (i != axis && index->shape.dims[i] > x->shape.dims[i])
            return rmt_infer_fail(infer, "more indices than entries along dimension %d", (int)i);
    infer->out[0].dtype = x->dtype;
    infer->out[0].shape = index->shape;
    return rmt_infer_done(infer);
}

/* Rows: the result, the indices, x at the start of its axis. */
static void take_row(void *context, const rmt_row *row)
{
    const gather_loop *loop = context;
    const rmt_view *index = &loop->run->in[INDEX];
    int64_t bytes = (int64_t)loop->bytes;
    for (int64_t i = 0; i < row->n; i++) {
        rmt_view at = {.dtype = index->dtype, .data = row->at[1]};
        int64_t entry = rmt_index_at(&at, i * row->step[1], loop->size);
        unsigned char *to = (unsigned char *)row->at[0] + i * row->step[0] * bytes;
        const unsigned char *from = (const unsigned char *)row->at[2] + i * row->step[2] * bytes;
        if (entry < 0)
            memset(to, 0, loop->bytes);
        else
            copy_slice(to, from + entry * loop->step * bytes, loop->bytes);
    }
}

static void take_run(const rmt_op_run *run)
{
    const gather_params *params = run->params;
    const rmt_view *x = &run->in[X];
    int32_t axis = rmt_axis_normalize(params->axis, x->shape.rank);
    if (picks_nothing(run, x))
        return;
    gather_loop loop = {.run = run,
                        .size = x->shape.dims[axis],
                        .bytes = ramet_dtype_bytes(x->dtype),
                        .step = x->strides[axis]};
    rmt_view start = *x;
    start.shape = run->in[INDEX].shape;
    start.strides[axis] = 0;
    rmt_nest nest = rmt_nest_of((const rmt_view *const[]){&run->out[0], &run->in[INDEX], &start}, 3);
    rmt_nest_run(&nest, run->team, take_row, &loop);
}

static void take_place(rmt_op_place *place)
{
    place->form[X] = RMT_FORM_ANY;
    rmt_strides_dense(&place->out[0]);
}

const rmt_op rmt_op_take_along_axis = {.name = "take_along_axis",
                                       .params_bytes = sizeof(gather_params),
                                       .load = gather_load,
                                       .infer = take_infer,
                                       .place = take_place,
                                       .run = take_run};

/* ---- embedding ------------------------------------------------------------------------------------------------------- */

enum { IDS, WEIGHT };

typedef struct embedding_params {
    int64_t padding; /* the id whose row is zeros; -1: none */
    bool column;     /* a last dimension of 1 of the ids is dropped */
} embedding_params;

static ramet_status embedding_load(rmt_op_load *load)
{
    embedding_params *params = load->params;
    params->padding = rmt_node_int(load->node, "padding_idx", -1);
    params->column = rmt_node_bool(load->node, "column", false);
    return rmt_load_inputs(load, 2);
}

static ramet_status embedding_infer(rmt_op_infer *infer)
{
    const embedding_params *params = infer->params;
    const rmt_view *ids = &infer->in[IDS], *weight = &infer->in[WEIGHT];
    rmt_shape *out = &infer->out[0].shape;
    *out = ids->shape;
    if (params->column && out->rank > 0 && out->dims[out->rank - 1] == 1)
        out->rank--;
    if (!is_index(ids) || weight->shape.rank != 2 || out->rank >= RMT_MAX_RANK)
        return rmt_infer_fail(infer, "the ids are no integers, or the table is no matrix");
    out->dims[out->rank++] = weight->shape.dims[1];
    infer->out[0].dtype = weight->dtype;
    return rmt_infer_done(infer);
}

static void embedding_range(void *context, int64_t first, int64_t last, int thread)
{
    const gather_loop *loop = context;
    const embedding_params *params = loop->run->params;
    (void)thread;
    for (int64_t i = first; i < last; i++) {
        int64_t id = rmt_index_at(&loop->run->in[IDS], i, loop->size);
        pick_slice(loop, loop->run->in[WEIGHT].data, id == params->padding ? -1 : id, i);
    }
}

static void embedding_run(const rmt_op_run *run)
{
    const rmt_view *weight = &run->in[WEIGHT];
    if (picks_nothing(run, weight))
        return;
    gather_loop loop = {.run = run, .size = weight->shape.dims[0]};
    loop.bytes = (size_t)weight->shape.dims[1] * ramet_dtype_bytes(weight->dtype);
    for_slices(&loop, rmt_shape_elements(&run->in[IDS].shape), embedding_range);
}

const rmt_op rmt_op_embedding = {.name = "embedding",
                                 .params_bytes = sizeof(embedding_params),
                                 .load = embedding_load,
                                 .infer = embedding_infer,
                                 .run = embedding_run};

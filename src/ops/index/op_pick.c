/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the numbers themselves decide the size of: nonzero (the places that are
 * not 0), masked_select (the entries where a mask holds), unique (each entry
 * once). Memory is made for the most there can be.
 */
#include "ops/ops_help.h"

#include <math.h>
#include <string.h>

/* The numbers [first, first + count) of a dense view that are not 0; count at most RMT_ROW_ROOM. */
static void read_truths(const rmt_view *view, int64_t first, int64_t count, bool truths[RMT_ROW_ROOM])
{
    double doubles[RMT_ROW_ROOM];
    int64_t ints[RMT_ROW_ROOM];
    const void *at = rmt_view_at(view, first);
    if (rmt_dtype_is_float(view->dtype)) {
        rmt_numbers_to_doubles(view->dtype, at, 1, doubles, count);
        for (int64_t i = 0; i < count; i++)
            truths[i] = doubles[i] != 0;
    } else {
        rmt_numbers_to_ints(view->dtype, at, 1, ints, count);
        for (int64_t i = 0; i < count; i++)
            truths[i] = ints[i] != 0;
    }
}

/* ---- nonzero ---------------------------------------------------------------------------------------------------------- */

static ramet_status nonzero_infer(rmt_op_infer *infer)
{
    const rmt_shape *x = &infer->in[0].shape;
    infer->out[0].dtype = RAMET_DTYPE_INT64;
    infer->out[0].shape = (rmt_shape){2, {rmt_shape_elements(x), x->rank}};
    return rmt_infer_done(infer);
}

static void write_place(const rmt_shape *shape, int64_t element, int64_t *place)
{
    for (int32_t d = shape->rank - 1; d >= 0; d--) {
        place[d] = element % shape->dims[d];
        element /= shape->dims[d];
    }
}

static void nonzero_run(const rmt_op_run *run)
{
    const rmt_view *x = &run->in[0];
    int64_t *out = run->out[0].data, elements = rmt_shape_elements(&x->shape), found = 0;
    bool truths[RMT_ROW_ROOM];
    for (int64_t first = 0; first < elements; first += RMT_ROW_ROOM) {
        int64_t count = rmt_min_i64(RMT_ROW_ROOM, elements - first);
        read_truths(x, first, count, truths);
        for (int64_t i = 0; i < count; i++)
            if (truths[i])
                write_place(&x->shape, first + i, out + found++ * x->shape.rank);
    }
    run->out_shapes[0].dims[0] = found;
}

const rmt_op rmt_op_nonzero = {
    .name = "nonzero", .flags = RMT_OP_DYNAMIC, .load = rmt_load_one_input, .infer = nonzero_infer, .run = nonzero_run};

/* ---- masked_select ------------------------------------------------------------------------------------------------------ */

enum { X, MASK };

static ramet_status select_load(rmt_op_load *load) { return rmt_load_inputs(load, 2); }

static ramet_status select_infer(rmt_op_infer *infer)
{
    rmt_shape both;
    if (!rmt_broadcast_shapes(&infer->in[X].shape, &infer->in[MASK].shape, -1, &both) || rmt_shape_elements(&both) < 0)
        return rmt_infer_fail(infer, "the mask does not fit");
    infer->out[0].dtype = infer->in[X].dtype;
    infer->out[0].shape = (rmt_shape){1, {rmt_shape_elements(&both)}};
    return rmt_infer_done(infer);
}

/* Elements from the first of a view to number `at` of its shape, row-major. */
static int64_t offset_of(const rmt_view *view, int64_t at)
{
    int64_t offset = 0;
    for (int32_t d = view->shape.rank - 1; d >= 0; d--) {
        offset += at % view->shape.dims[d] * view->strides[d];
        at /= view->shape.dims[d];
    }
    return offset;
}

static void select_run(const rmt_op_run *run)
{
    rmt_shape both;
    unsigned char *out = run->out[0].data;
    size_t bytes = ramet_dtype_bytes(run->out[0].dtype);
    int64_t elements = run->out[0].shape.dims[0], found = 0, truth;
    (void)rmt_broadcast_shapes(&run->in[X].shape, &run->in[MASK].shape, -1, &both);
    rmt_view x = rmt_view_broadcast(&run->in[X], -1, &both), mask = rmt_view_broadcast(&run->in[MASK], -1, &both);
    for (int64_t i = 0; i < elements; i++) {
        rmt_numbers_to_ints(mask.dtype, rmt_view_at(&mask, offset_of(&mask, i)), 1, &truth, 1);
        if (truth != 0)
            memcpy(out + (size_t)found++ * bytes, rmt_view_at(&x, offset_of(&x, i)), bytes);
    }
    run->out_shapes[0].dims[0] = found;
}

const rmt_op rmt_op_masked_select = {
    .name = "masked_select", .flags = RMT_OP_DYNAMIC, .load = select_load, .infer = select_infer, .run = select_run};

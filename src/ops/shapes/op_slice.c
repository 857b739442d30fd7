/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slice and strided_slice. A view, unless a step goes backwards or the bounds
 * are inputs, which place cannot see: then the part is copied.
 */
#include "ops/shapes/slicing.h"

#include <string.h>

enum { X, STARTS };

static ramet_status slice_load(rmt_op_load *load)
{
    bool strided = strcmp(load->node->op, "strided_slice") == 0;
    ramet_status status = rmt_slicing_load(load, strided ? "strides" : NULL, "decrease_axis", STARTS, load->params);
    return status == RAMET_STATUS_OK ? rmt_load_inputs(load, 1) : status;
}

static ramet_status slice_infer(rmt_op_infer *infer)
{
    rmt_part parts[RMT_MAX_RANK];
    rmt_view seen = infer->in[X];
    switch (rmt_slicing_parts(infer->params, &seen.shape, infer->in, infer->in_count, parts)) {
    case RMT_SLICING_UNKNOWN: return rmt_infer_unknown(infer, "the part is not known before the run");
    case RMT_SLICING_WRONG: return rmt_infer_fail(infer, "the part names axes that are not there, or has a step of 0");
    case RMT_SLICING_OK: break;
    }
    for (int32_t i = 0; i < seen.shape.rank; i++)
        seen.shape.dims[i] = parts[i].count;
    if (!rmt_slicing_decrease(infer->params, &seen))
        return rmt_infer_fail(infer, "attribute decrease_axis names an axis that is not 1 long");
    infer->out[0].dtype = seen.dtype;
    infer->out[0].shape = seen.shape;
    return rmt_infer_done(infer);
}

static void slice_place(rmt_op_place *place)
{
    const rmt_slicing *slicing = place->params;
    rmt_part parts[RMT_MAX_RANK];
    for (int32_t i = STARTS; i < place->in_count; i++)
        place->form[i] = RMT_FORM_DENSE;
    if (slicing->bounds_are_inputs || slicing->backwards || rmt_shape_elements(&place->out[0].shape) == 0) {
        rmt_strides_dense(&place->out[0]);
        return;
    }
    (void)rmt_slicing_parts(slicing, &place->in[X].shape, place->in, 1, parts);
    rmt_view seen = rmt_slicing_see(&place->in[X], parts, &place->place[0].view_offset);
    (void)rmt_slicing_decrease(slicing, &seen);
    memcpy(place->out[0].strides, seen.strides, sizeof seen.strides);
    place->place[0].view_of = X;
}

static void slice_run(const rmt_op_run *run)
{
    rmt_part parts[RMT_MAX_RANK];
    int64_t offset;
    if (rmt_shape_elements(&run->out[0].shape) == 0)
        return;
    (void)rmt_slicing_parts(run->params, &run->in[X].shape, run->in, run->in_count, parts);
    rmt_view seen = rmt_slicing_see(&run->in[X], parts, &offset);
    (void)rmt_slicing_decrease(run->params, &seen);
    seen.data = rmt_view_at(&run->in[X], offset);
    rmt_run_copy(run, &seen, &run->out[0]);
}

const rmt_op rmt_op_slice = {.name = "slice",
                             .params_bytes = sizeof(rmt_slicing),
                             .load = slice_load,
                             .infer = slice_infer,
                             .place = slice_place,
                             .run = slice_run};

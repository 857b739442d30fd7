/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What shape arithmetic starts from: shape (of a tensor, as integers),
 * stack_scalars (integers into one tensor), full (one number everywhere); and
 * identity.
 */
#include "ops/ops_help.h"

/* ---- shape ------------------------------------------------------------------------------------------------------- */

static ramet_status shape_infer(rmt_op_infer *infer)
{
    infer->out[0].dtype = RAMET_DTYPE_INT32;
    infer->out[0].shape = (rmt_shape){1, {infer->in[0].shape.rank}};
    return rmt_infer_done(infer);
}

static void shape_place(rmt_op_place *place) { rmt_strides_dense(&place->out[0]); }

static void shape_run(const rmt_op_run *run)
{
    const rmt_shape *shape = &run->in[0].shape;
    rmt_numbers_from_ints(RAMET_DTYPE_INT32, shape->dims, run->out[0].data, 1, shape->rank);
}

const rmt_op rmt_op_shape = {.name = "shape",
                             .flags = RMT_OP_SHAPE_ONLY,
                             .load = rmt_load_one_input,
                             .infer = shape_infer,
                             .place = shape_place,
                             .run = shape_run};

/* ---- stack_scalars ------------------------------------------------------------------------------------------------- */

static ramet_status stack_load(rmt_op_load *load) { return rmt_load_inputs(load, load->node->input_count); }

static ramet_status stack_infer(rmt_op_infer *infer)
{
    for (int32_t i = 0; i < infer->in_count; i++)
        if (rmt_shape_elements(&infer->in[i].shape) != 1)
            return rmt_infer_fail(infer, "input %d is not one number", (int)i);
    infer->out[0].dtype = RAMET_DTYPE_INT64;
    infer->out[0].shape = (rmt_shape){1, {infer->in_count}};
    return rmt_infer_done(infer);
}

static void stack_run(const rmt_op_run *run)
{
    int64_t *out = run->out[0].data;
    for (int32_t i = 0; i < run->in_count; i++)
        rmt_numbers_to_ints(run->in[i].dtype, run->in[i].data, 1, &out[i], 1);
}

const rmt_op rmt_op_stack_scalars = {.name = "stack_scalars",
                                     .load = stack_load,
                                     .infer = stack_infer,
                                     .run = stack_run};

/* ---- full ---------------------------------------------------------------------------------------------------------- */

typedef struct full_params {
    rmt_shape shape;
    double value;
    ramet_dtype dtype;
} full_params;

static ramet_status full_load(rmt_op_load *load)
{
    full_params *params = load->params;
    size_t rank = rmt_node_ints(load->node, "shape", params->shape.dims, RMT_MAX_RANK);
    params->shape.rank = (int32_t)rank;
    params->value = rmt_node_float(load->node, "value", 0);
    params->dtype = (ramet_dtype)rmt_node_int(load->node, "dtype", RAMET_DTYPE_FLOAT32);
    if (rank > RMT_MAX_RANK || ramet_dtype_bytes(params->dtype) == 0)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "attribute shape or dtype is impossible");
    return rmt_load_inputs(load, 0);
}

static ramet_status full_infer(rmt_op_infer *infer)
{
    const full_params *params = infer->params;
    rmt_shape *out = &infer->out[0].shape;
    *out = params->shape;
    infer->out[0].dtype = params->dtype;
    if (infer->in_count > 0 && infer->in[0].shape.rank >= 0) {
        int64_t rank = rmt_view_read_ints(&infer->in[0], out->dims, RMT_MAX_RANK);
        if (rank < 0)
            return rmt_infer_unknown(infer, "the shape is not known before the run, or too long");
        out->rank = (int32_t)rank;
    }
    return rmt_infer_done(infer);
}

static void full_run(const rmt_op_run *run)
{
    const full_params *params = run->params;
    const rmt_view *out = &run->out[0];
    unsigned char first[8];
    rmt_numbers_from_doubles(params->dtype, &params->value, first, 1, 1);
    rmt_view repeated = {.dtype = params->dtype, .shape = out->shape, .data = first};
    rmt_run_copy(run, &repeated, out);
}

const rmt_op rmt_op_full = {
    .name = "full", .params_bytes = sizeof(full_params), .load = full_load, .infer = full_infer, .run = full_run};

/* ---- identity ------------------------------------------------------------------------------------------------------ */

static void identity_place(rmt_op_place *place)
{
    for (int32_t i = 0; i < place->in[0].shape.rank; i++)
        place->out[0].strides[i] = place->in[0].strides[i];
    place->place[0].view_of = 0;
}

const rmt_op rmt_op_identity = {.name = "identity",
                                .load = rmt_load_one_input,
                                .infer = rmt_infer_same,
                                .place = identity_place};

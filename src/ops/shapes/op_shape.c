/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What shape arithmetic starts from: shape and numel (of a tensor, as
 * integers), stack_scalars (integers into one tensor); and identity.
 */
#include "ops/ops_help.h"

/* ---- shape ------------------------------------------------------------------------------------------------------- */

typedef struct shape_params {
    ramet_dtype dtype;
} shape_params;

static ramet_status shape_load(rmt_op_load *load)
{
    shape_params *params = load->params;
    params->dtype = (ramet_dtype)rmt_node_int(load->node, "dtype", RAMET_DTYPE_INT32);
    if (params->dtype != RAMET_DTYPE_INT32 && params->dtype != RAMET_DTYPE_INT64)
        return rmt_fail(load->error, RAMET_STATUS_UNSUPPORTED, "a shape is of int32 or int64");
    return rmt_load_inputs(load, 1);
}

static ramet_status shape_infer(rmt_op_infer *infer)
{
    const shape_params *params = infer->params;
    infer->out[0].dtype = params->dtype;
    infer->out[0].shape = (rmt_shape){1, {infer->in[0].shape.rank}};
    return rmt_infer_done(infer);
}

static void dense_place(rmt_op_place *place) { rmt_strides_dense(&place->out[0]); }

static void shape_run(const rmt_op_run *run)
{
    const rmt_shape *shape = &run->in[0].shape;
    rmt_numbers_from_ints(run->out[0].dtype, shape->dims, run->out[0].data, 1, shape->rank);
}

const rmt_op rmt_op_shape = {.name = "shape",
                             .params_bytes = sizeof(shape_params),
                             .flags = RMT_OP_SHAPE_ONLY,
                             .load = shape_load,
                             .infer = shape_infer,
                             .place = dense_place,
                             .run = shape_run};

/* ---- numel --------------------------------------------------------------------------------------------------------- */

static ramet_status numel_infer(rmt_op_infer *infer)
{
    infer->out[0].dtype = RAMET_DTYPE_INT64;
    infer->out[0].shape = (rmt_shape){0, {0}};
    return rmt_infer_done(infer);
}

static void numel_run(const rmt_op_run *run) { *(int64_t *)run->out[0].data = rmt_shape_elements(&run->in[0].shape); }

const rmt_op rmt_op_numel = {.name = "numel",
                             .flags = RMT_OP_SHAPE_ONLY,
                             .load = rmt_load_one_input,
                             .infer = numel_infer,
                             .place = dense_place,
                             .run = numel_run};

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

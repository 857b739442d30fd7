/* SPDX-License-Identifier: Apache-2.0 */
/* cast between all dtypes; to its own, a view. */
#include "ops/ops_help.h"

typedef struct cast_params {
    ramet_dtype dtype;
} cast_params;

static ramet_status cast_load(rmt_op_load *load)
{
    cast_params *params = load->params;
    params->dtype = (ramet_dtype)rmt_node_int(load->node, "dtype", -1);
    if (ramet_dtype_bytes(params->dtype) == 0)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "attribute dtype names no element type");
    return rmt_load_inputs(load, 1);
}

static ramet_status cast_infer(rmt_op_infer *infer)
{
    const cast_params *params = infer->params;
    ramet_status status = rmt_infer_same(infer);
    infer->out[0].dtype = params->dtype;
    return status;
}

static void cast_place(rmt_op_place *place)
{
    const cast_params *params = place->params;
    const rmt_view *x = &place->in[0];
    rmt_strides_like(&place->out[0], x);
    if (params->dtype != x->dtype)
        return;
    for (int32_t i = 0; i < x->shape.rank; i++)
        place->out[0].strides[i] = x->strides[i];
    place->place[0].view_of = 0;
}

typedef struct cast_loop {
    ramet_dtype from, to;
} cast_loop;

static void cast_row(void *context, const rmt_row *row)
{
    const cast_loop *loop = context;
    if (rmt_dtype_is_float(loop->from)) {
        double numbers[RMT_ROW_ROOM];
        rmt_numbers_to_doubles(loop->from, row->at[1], row->step[1], numbers, row->n);
        rmt_numbers_from_doubles(loop->to, numbers, row->at[0], row->step[0], row->n);
    } else {
        int64_t numbers[RMT_ROW_ROOM];
        rmt_numbers_to_ints(loop->from, row->at[1], row->step[1], numbers, row->n);
        rmt_numbers_from_ints(loop->to, numbers, row->at[0], row->step[0], row->n);
    }
}

static void cast_run(const rmt_op_run *run)
{
    cast_loop loop = {run->in[0].dtype, run->out[0].dtype};
    rmt_nest nest = rmt_nest_of((const rmt_view *const[]){&run->out[0], &run->in[0]}, 2);
    nest.piece = RMT_ROW_ROOM;
    rmt_nest_run(&nest, run->team, cast_row, &loop);
}

const rmt_op rmt_op_cast = {.name = "cast",
                            .params_bytes = sizeof(cast_params),
                            .load = cast_load,
                            .infer = cast_infer,
                            .place = cast_place,
                            .run = cast_run};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * where: x where the condition holds, y elsewhere. All three are repeated to
 * one shape; elements of any dtype move by their size. The result lies as the
 * operand of its shape does.
 */
#include "ops/ops_help.h"

enum { CONDITION, X, Y, OPERANDS };

static ramet_status where_load(rmt_op_load *load) { return rmt_load_inputs(load, OPERANDS); }

static ramet_status where_infer(rmt_op_infer *infer)
{
    const rmt_view *in = infer->in;
    rmt_shape both;
    if (in[X].dtype != in[Y].dtype)
        return rmt_infer_fail(infer, "%s and %s do not mix", ramet_dtype_name(in[X].dtype),
                              ramet_dtype_name(in[Y].dtype));
    if (in[CONDITION].dtype != RAMET_DTYPE_BOOL)
        return rmt_infer_fail(infer, "the condition is not of bool");
    if (!rmt_broadcast_shapes(&in[X].shape, &in[Y].shape, -1, &both) ||
        !rmt_broadcast_shapes(&both, &in[CONDITION].shape, -1, &infer->out[0].shape))
        return rmt_infer_fail(infer, "shapes do not fit together");
    infer->out[0].dtype = in[X].dtype;
    return rmt_infer_done(infer);
}

/* ---- run ------------------------------------------------------------------------------------------------------- */

/* Rows: the result, the condition, x, y. Loads of both sides let the choice become a blend. */
static void choose_32(const rmt_row *row)
{
    uint32_t *out = row->at[0];
    const uint8_t *condition = row->at[1];
    const uint32_t *x = row->at[2], *y = row->at[3];
    for (int64_t i = 0; i < row->n; i++) {
        uint32_t a = x[i * row->step[2]], b = y[i * row->step[3]];
        out[i * row->step[0]] = condition[i * row->step[1]] != 0 ? a : b;
    }
}

static void choose_64(const rmt_row *row)
{
    uint64_t *out = row->at[0];
    const uint8_t *condition = row->at[1];
    const uint64_t *x = row->at[2], *y = row->at[3];
    for (int64_t i = 0; i < row->n; i++)
        out[i * row->step[0]] = condition[i * row->step[1]] != 0 ? x[i * row->step[2]] : y[i * row->step[3]];
}

static void choose_16(const rmt_row *row)
{
    uint16_t *out = row->at[0];
    const uint8_t *condition = row->at[1];
    const uint16_t *x = row->at[2], *y = row->at[3];
    for (int64_t i = 0; i < row->n; i++)
        out[i * row->step[0]] = condition[i * row->step[1]] != 0 ? x[i * row->step[2]] : y[i * row->step[3]];
}

static void choose_8(const rmt_row *row)
{
    uint8_t *out = row->at[0];
    const uint8_t *condition = row->at[1], *x = row->at[2], *y = row->at[3];
    for (int64_t i = 0; i < row->n; i++)
        out[i * row->step[0]] = condition[i * row->step[1]] != 0 ? x[i * row->step[2]] : y[i * row->step[3]];
}

static void where_row(void *context, const rmt_row *row)
{
    switch (*(const size_t *)context) {
    case 8: choose_64(row); break;
    case 4: choose_32(row); break;
    case 2: choose_16(row); break;
    default: choose_8(row); break;
    }
}

static void where_run(const rmt_op_run *run)
{
    const rmt_view *out = &run->out[0];
    rmt_view operand[OPERANDS];
    for (int32_t i = 0; i < OPERANDS; i++)
        operand[i] = rmt_view_broadcast(&run->in[i], -1, &out->shape);
    size_t bytes = ramet_dtype_bytes(out->dtype);
    rmt_nest nest = rmt_nest_of((const rmt_view *const[]){out, &operand[CONDITION], &operand[X], &operand[Y]}, 4);
    rmt_nest_run(&nest, run->team, where_row, &bytes);
}

const rmt_op rmt_op_where = {
    .name = "where", .load = where_load, .infer = where_infer, .place = rmt_place_like_operands, .run = where_run};

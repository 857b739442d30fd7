/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One number everywhere: full (a shape that is an attribute or an input),
 * full_like (the shape of another tensor), full_batch_size_like (one dimension
 * of it), full_with_tensor. The number is an attribute or an input; of full it
 * may be a list, one number for each element.
 */
#include "ops/ops_help.h"

#include <string.h>

typedef struct full_params {
    rmt_shape shape;
    double value;
    const rmt_attr *values; /* one for each element; NULL: all are value */
    ramet_dtype dtype;
    bool own_dtype;                               /* dtype counts; else that of the first input */
    int32_t shape_input, value_input, like_input; /* -1: none */
    int64_t in_dim, out_dim;                      /* full_batch_size_like: what is taken, and what it becomes */
    bool one_dim;
} full_params;

/* Which input is what. */
static void read_roles(const char *op, full_params *params)
{
    static const struct {
        const char *name;
        int32_t shape, value, like;
    } roles[] = {{"full", 0, 1, -1},
                 {"full_like", -1, 1, 0},
                 {"full_batch_size_like", -1, -1, 0},
                 {"full_with_tensor", 1, 0, -1}};
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        if (strcmp(roles[i].name, op) == 0) {
            params->shape_input = roles[i].shape;
            params->value_input = roles[i].value;
            params->like_input = roles[i].like;
        }
    }
    params->one_dim = strcmp(op, "full_batch_size_like") == 0;
}

/* Attribute values, where there is one, has a number for each element of the shape. */
static bool load_values(const rmt_node *node, full_params *params)
{
    params->values = params->like_input < 0 ? rmt_node_attr(node, "values") : NULL;
    if (params->values == NULL)
        return true;
    bool numbers = params->values->type == RMT_ATTR_INTS || params->values->type == RMT_ATTR_FLOATS;
    return numbers && node->input_count == 0 && params->values->count == rmt_shape_elements(&params->shape);
}

static ramet_status full_load(rmt_op_load *load)
{
    full_params *params = load->params;
    const rmt_node *node = load->node;
    read_roles(node->op, params);
    size_t rank = rmt_node_ints(node, "shape", params->shape.dims, RMT_MAX_RANK);
    params->shape.rank = (int32_t)rank;
    params->value = rmt_node_float(node, "value", 0);
    params->own_dtype = params->like_input < 0 || params->one_dim || rmt_node_attr(node, "dtype") != NULL;
    params->dtype = (ramet_dtype)rmt_node_int(node, "dtype", RAMET_DTYPE_FLOAT32);
    params->in_dim = rmt_node_int(node, "input_dim_idx", 0);
    params->out_dim = rmt_node_int(node, "output_dim_idx", 0);
    if (rank > RMT_MAX_RANK || ramet_dtype_bytes(params->dtype) == 0 || !load_values(node, params))
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "attributes shape, dtype or values are impossible");
    return rmt_load_inputs(load, params->like_input == 0 || params->value_input == 0 ? 1 : 0);
}

static bool is_given(const rmt_view *in, int32_t in_count, int32_t index)
{
    return index >= 0 && index < in_count && in[index].shape.rank >= 0;
}

/* The shape of the attribute with one dimension taken from `like`. False when one of the two is not there. */
static bool take_dim(const full_params *params, const rmt_shape *like, rmt_shape *out)
{
    int32_t from = rmt_axis_normalize(params->in_dim, like->rank);
    int32_t to = rmt_axis_normalize(params->out_dim, params->shape.rank);
    *out = params->shape;
    if (from >= 0 && to >= 0)
        out->dims[to] = like->dims[from];
    return from >= 0 && to >= 0;
}

static ramet_status full_infer(rmt_op_infer *infer)
{
    const full_params *params = infer->params;
    const rmt_view *in = infer->in;
    rmt_shape *out = &infer->out[0].shape;
    *out = params->shape;
    if (params->one_dim && !take_dim(params, &in[0].shape, out))
        return rmt_infer_fail(infer, "a dimension to take is not there");
    if (params->like_input == 0 && !params->one_dim)
        *out = in[0].shape;
    if (is_given(in, infer->in_count, params->shape_input)) {
        int64_t rank = rmt_view_read_ints(&in[params->shape_input], out->dims, RMT_MAX_RANK);
        if (rank < 0)
            return rmt_infer_unknown(infer, "the shape is not known before the run, or too long");
        out->rank = (int32_t)rank;
    }
    if (is_given(in, infer->in_count, params->value_input) && rmt_shape_elements(&in[params->value_input].shape) != 1)
        return rmt_infer_fail(infer, "the value is not one number");
    infer->out[0].dtype = params->own_dtype ? params->dtype : in[0].dtype;
    return rmt_infer_done(infer);
}

static void full_place(rmt_op_place *place)
{
    const full_params *params = place->params;
    for (int32_t i = 0; i < place->in_count; i++)
        place->form[i] = i == params->like_input ? RMT_FORM_ANY : RMT_FORM_DENSE;
    if (params->like_input == 0 && !params->one_dim)
        rmt_strides_like(&place->out[0], &place->in[0]);
    else
        rmt_strides_dense(&place->out[0]);
    place->place[0].any_pixel_stride = rmt_view_is_channels_last(&place->out[0]);
}

/* The number in the type of the result. */
static void read_number(const rmt_op_run *run, const full_params *params, unsigned char number[8])
{
    ramet_dtype dtype = run->out[0].dtype;
    double value = params->value;
    int64_t integer;
    if (!is_given(run->in, run->in_count, params->value_input)) {
        rmt_numbers_from_doubles(dtype, &value, number, 1, 1);
        return;
    }
    const rmt_view *given = &run->in[params->value_input];
    if (rmt_dtype_is_float(given->dtype)) {
        rmt_numbers_to_doubles(given->dtype, given->data, 1, &value, 1);
        rmt_numbers_from_doubles(dtype, &value, number, 1, 1);
    } else {
        rmt_numbers_to_ints(given->dtype, given->data, 1, &integer, 1);
        rmt_numbers_from_ints(dtype, &integer, number, 1, 1);
    }
}

static void write_values(const rmt_attr *values, const rmt_view *out)
{
    if (values->type == RMT_ATTR_INTS)
        rmt_numbers_from_ints(out->dtype, values->as.ints, out->data, 1, values->count);
    else
        rmt_numbers_from_doubles(out->dtype, values->as.floats, out->data, 1, values->count);
}

static void full_run(const rmt_op_run *run)
{
    const full_params *params = run->params;
    unsigned char number[8];
    if (params->values != NULL) {
        write_values(params->values, &run->out[0]);
        return;
    }
    read_number(run, run->params, number);
    rmt_view repeated = {.dtype = run->out[0].dtype, .shape = run->out[0].shape, .data = number};
    rmt_run_copy(run, &repeated, &run->out[0]);
}

const rmt_op rmt_op_full = {.name = "full",
                            .params_bytes = sizeof(full_params),
                            .load = full_load,
                            .infer = full_infer,
                            .place = full_place,
                            .run = full_run};

const rmt_op rmt_op_full_batch_size_like = {.name = "full_batch_size_like",
                                            .params_bytes = sizeof(full_params),
                                            .flags = RMT_OP_SHAPE_ONLY,
                                            .load = full_load,
                                            .infer = full_infer,
                                            .place = full_place,
                                            .run = full_run};

/* SPDX-License-Identifier: Apache-2.0 */
/* transpose by a permutation, or of all dimensions where none is given: always a view. */
#include "ops/ops_help.h"

typedef struct transpose_params {
    int32_t perm[RMT_MAX_RANK];
    int32_t rank;
    bool reverse; /* no permutation is given */
} transpose_params;

static ramet_status transpose_load(rmt_op_load *load)
{
    transpose_params *params = load->params;
    int64_t perm[RMT_MAX_RANK];
    size_t rank = rmt_node_ints(load->node, "perm", perm, RMT_MAX_RANK);
    bool good = rank <= RMT_MAX_RANK, seen[RMT_MAX_RANK] = {false};
    for (size_t i = 0; i < rank && good; i++) {
        int32_t dim = rmt_axis_normalize(perm[i], (int32_t)rank);
        good = dim >= 0 && !seen[dim];
        if (good)
            seen[dim] = true;
        params->perm[i] = dim;
    }
    params->rank = (int32_t)rank;
    params->reverse = rmt_node_attr(load->node, "perm") == NULL;
    if (!good)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "attribute perm is not a permutation");
    return rmt_load_inputs(load, 1);
}

/* The dimension of x that becomes dimension i. */
static int32_t source_dim(const transpose_params *params, int32_t rank, int32_t i)
{
    return params->reverse ? rank - 1 - i : params->perm[i];
}

static ramet_status transpose_infer(rmt_op_infer *infer)
{
    const transpose_params *params = infer->params;
    const rmt_shape *x = &infer->in[0].shape;
    if (!params->reverse && x->rank != params->rank)
        return rmt_infer_fail(infer, "a permutation of %d dimensions", (int)params->rank);
    infer->out[0].dtype = infer->in[0].dtype;
    infer->out[0].shape.rank = x->rank;
    for (int32_t i = 0; i < x->rank; i++)
        infer->out[0].shape.dims[i] = x->dims[source_dim(params, x->rank, i)];
    return rmt_infer_done(infer);
}

static void transpose_place(rmt_op_place *place)
{
    const transpose_params *params = place->params;
    int32_t rank = place->in[0].shape.rank;
    for (int32_t i = 0; i < rank; i++)
        place->out[0].strides[i] = place->in[0].strides[source_dim(params, rank, i)];
    place->place[0].view_of = 0;
}

const rmt_op rmt_op_transpose = {.name = "transpose",
                                 .params_bytes = sizeof(transpose_params),
                                 .load = transpose_load,
                                 .infer = transpose_infer,
                                 .place = transpose_place};

/* SPDX-License-Identifier: Apache-2.0 */
/* one_hot: a row of zeros with a 1 at each index; none where the index points outside. */
#include "ops/ops_help.h"

#include <string.h>

enum { X, DEPTH };

typedef struct one_hot_params {
    int64_t depth;
    ramet_dtype dtype;
    bool column; /* a last dimension of 1 is replaced, not followed */
} one_hot_params;

static ramet_status one_hot_load(rmt_op_load *load)
{
    one_hot_params *params = load->params;
    params->depth = rmt_node_int(load->node, "depth", -1);
    params->dtype = (ramet_dtype)rmt_node_int(load->node, "dtype", RAMET_DTYPE_FLOAT32);
    params->column = rmt_node_bool(load->node, "column", false);
    if (ramet_dtype_bytes(params->dtype) == 0)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "attribute dtype names no element type");
    return rmt_load_inputs(load, 1);
}

static ramet_status one_hot_infer(rmt_op_infer *infer)
{
    const one_hot_params *params = infer->params;
    rmt_shape *out = &infer->out[0].shape;
    int64_t depth = params->depth;
    if (infer->in_count > DEPTH && infer->in[DEPTH].shape.rank >= 0 &&
        rmt_view_read_ints(&infer->in[DEPTH], &depth, 1) != 1)
        return rmt_infer_unknown(infer, "the depth is not known before the run");
    *out = infer->in[X].shape;
    if (params->column && out->rank > 0 && out->dims[out->rank - 1] == 1)
        out->rank--;
    if (depth < 0 || out->rank == RMT_MAX_RANK || rmt_dtype_is_float(infer->in[X].dtype))
        return rmt_infer_fail(infer, "no depth of %lld for these", (long long)depth);
    out->dims[out->rank++] = depth;
    infer->out[0].dtype = params->dtype;
    return rmt_infer_done(infer);
}

static void one_hot_run(const rmt_op_run *run)
{
    const rmt_view *x = &run->in[X], *out = &run->out[0];
    int64_t elements = rmt_shape_elements(&out->shape), depth = out->shape.dims[out->shape.rank - 1], hot, one = 1;
    if (elements == 0)
        return;
    memset(out->data, 0, (size_t)elements * ramet_dtype_bytes(out->dtype));
    for (int64_t i = 0; i < elements / depth; i++) {
        rmt_numbers_to_ints(x->dtype, rmt_view_at(x, i), 1, &hot, 1);
        if (hot >= 0 && hot < depth)
            rmt_numbers_from_ints(out->dtype, &one, rmt_view_at(out, i * depth + hot), 1, 1);
    }
}

const rmt_op rmt_op_one_hot = {.name = "one_hot",
                               .params_bytes = sizeof(one_hot_params),
                               .load = one_hot_load,
                               .infer = one_hot_infer,
                               .run = one_hot_run};

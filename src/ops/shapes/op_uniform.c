/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uniform: numbers of chance between min and max, as a decoder's factorisation
 * begins with (SegNeXt). A number follows from its place alone, so a result is
 * the same in each run; and each entry of the first dimension, which is the
 * batch, gets the same numbers, so that it does not depend on the others. The
 * name of the node makes other numbers of each operator of a model.
 */
#include "ops/ops_help.h"

typedef struct uniform_params {
    rmt_shape shape; /* where no input gives one */
    float min, max;
    uint64_t start; /* of the counter */
} uniform_params;

static ramet_status uniform_load(rmt_op_load *load)
{
    uniform_params *params = load->params;
    const rmt_node *node = load->node;
    size_t rank = rmt_node_ints(node, "shape", params->shape.dims, RMT_MAX_RANK);
    int64_t dtype = rmt_node_int(node, "dtype", RAMET_DTYPE_FLOAT32);
    if (dtype != RAMET_DTYPE_FLOAT32)
        return rmt_fail(load->error, RAMET_STATUS_UNSUPPORTED, "numbers of chance are of float32 only");
    if (rank > RMT_MAX_RANK)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "attribute shape has %zu entries", rank);
    params->shape.rank = (int32_t)rank;
    params->min = (float)rmt_node_float(node, "min", 0);
    params->max = (float)rmt_node_float(node, "max", 1);
    for (const char *c = node->name; *c != '\0'; c++)
        params->start = params->start * 31 + (unsigned char)*c;
    return rmt_load_inputs(load, 0);
}

static ramet_status uniform_infer(rmt_op_infer *infer)
{
    rmt_shape *out = &infer->out[0].shape;
    *out = ((const uniform_params *)infer->params)->shape;
    infer->out[0].dtype = RAMET_DTYPE_FLOAT32;
    if (infer->in_count > 0 && infer->in[0].shape.rank >= 0) {
        int64_t rank = rmt_view_read_ints(&infer->in[0], out->dims, RMT_MAX_RANK);
        if (rank < 0)
            return rmt_infer_unknown(infer, "the shape is not known before the run, or too long");
        out->rank = (int32_t)rank;
    }
    return rmt_infer_done(infer);
}

static void uniform_place(rmt_op_place *place)
{
    for (int32_t i = 0; i < place->in_count; i++)
        place->form[i] = RMT_FORM_DENSE;
    rmt_strides_dense(&place->out[0]);
}

/* Steele, Lea and Flood's mixing of a counter; [0, 1). */
static float chance(uint64_t count)
{
    uint64_t x = (count + 1) * UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (float)((x ^ (x >> 31)) >> 40) * 0x1p-24F;
}

typedef struct uniform_loop {
    const uniform_params *params;
    float *out;
    int64_t period; /* elements of an entry of the first dimension */
} uniform_loop;

static void write_numbers(void *context, int64_t first, int64_t last, int thread)
{
    (void)thread;
    const uniform_loop *loop = context;
    float width = loop->params->max - loop->params->min;
    for (int64_t i = first; i < last; i++)
        loop->out[i] = loop->params->min + chance(loop->params->start + (uint64_t)(i % loop->period)) * width;
}

static void uniform_run(const rmt_op_run *run)
{
    const rmt_shape *shape = &run->out[0].shape;
    int64_t elements = rmt_shape_elements(shape);
    if (elements == 0)
        return;
    uniform_loop loop = {run->params, run->out[0].data, shape->rank > 1 ? elements / shape->dims[0] : elements};
    rmt_for_range(run->team, elements, 1 << 14, write_numbers, &loop);
}

const rmt_op rmt_op_uniform = {.name = "uniform",
                               .params_bytes = sizeof(uniform_params),
                               .load = uniform_load,
                               .infer = uniform_infer,
                               .place = uniform_place,
                               .run = uniform_run};

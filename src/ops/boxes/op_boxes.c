/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators on boxes of two corners: box_coder (boxes to and from offsets to
 * prior boxes), box_clip (into the image), iou_similarity (each with each),
 * polygon_box_transform (offsets of a geometry map to coordinates). Float32,
 * with PaddlePaddle's roundings.
 */
#include "ops/ops_help.h"

#include <math.h>
#include <string.h>

enum { CORNERS = 4, ROWS_AT_ONCE = 64 };

static bool is_boxes(const rmt_view *view, int32_t rank)
{
    return view->dtype == RAMET_DTYPE_FLOAT32 && view->shape.rank == rank && view->shape.dims[rank - 1] == CORNERS;
}

/* ---- box_coder --------------------------------------------------------------------------------------------------- */

enum { PRIOR, PRIOR_VARIANCE, TARGET };

typedef struct coder_params {
    bool decode, normalized, has_variance;
    int64_t axis;
    float variance[CORNERS]; /* ones without has_variance */
} coder_params;

static ramet_status coder_load(rmt_op_load *load)
{
    coder_params *params = load->params;
    const rmt_node *node = load->node;
    const char *type = rmt_node_string(node, "code_type", "encode_center_size");
    double variance[CORNERS] = {1, 1, 1, 1};
    size_t count = rmt_node_floats(node, "variance", variance, CORNERS);
    params->decode = strcmp(type, "decode_center_size") == 0;
    params->normalized = rmt_node_bool(node, "box_normalized", true);
    params->axis = rmt_node_int(node, "axis", 0);
    params->has_variance = count > 0;
    if (!params->decode && strcmp(type, "encode_center_size") != 0)
        return rmt_fail(load->error, RAMET_STATUS_UNSUPPORTED, "code_type '%s'", type);
    if ((count != 0 && count != CORNERS) || params->axis < 0 || params->axis > 1)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "%zu variances, or axis %lld", count,
                        (long long)params->axis);
    for (int i = 0; i < CORNERS; i++)
        params->variance[i] = (float)variance[i];
    if (node->input_count <= TARGET || node->inputs[PRIOR] == RMT_NO_VALUE || node->inputs[TARGET] == RMT_NO_VALUE)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "prior and target boxes are wanted");
    return rmt_load_inputs(load, 1);
}

static ramet_status coder_infer(rmt_op_infer *infer)
{
    const coder_params *params = infer->params;
    const rmt_view *prior = &infer->in[PRIOR], *variance = &infer->in[PRIOR_VARIANCE], *target = &infer->in[TARGET];
    if (!is_boxes(prior, 2) || !is_boxes(target, params->decode ? 3 : 2) ||
        (variance->shape.rank >= 0 && (!is_boxes(variance, 2) || !rmt_shape_equal(&variance->shape, &prior->shape))))
        return rmt_infer_fail(infer, "float32 priors [m,4], variances like them, and targets %s are wanted",
                              params->decode ? "[n,m,4]" : "[n,4]");
    if (params->decode && target->shape.dims[1 - params->axis] != prior->shape.dims[0])
        return rmt_infer_fail(infer, "the targets are not as many as the priors");
    infer->out[0].dtype = RAMET_DTYPE_FLOAT32;
    infer->out[0].shape = (rmt_shape){3, {target->shape.dims[0], prior->shape.dims[0], CORNERS}};
    if (params->decode)
        infer->out[0].shape = target->shape;
    return rmt_infer_done(infer);
}

typedef struct coder_loop {
    const coder_params *params;
    const float *priors, *variances, *targets; /* variances: NULL: those of params */
    float *out;
    int64_t columns;
} coder_loop;

/* Side 0 is x, side 1 is y: corners side and side + 2. */
static void decode_side(const float *prior, const float *target, const float *variance, float pixel, int side,
                        float *out)
{
    float size = prior[side + 2] - prior[side] + pixel;
    float center = prior[side] + size / 2;
    float moved = variance[side] * target[side] * size + center;
    float grown = expf(variance[side + 2] * target[side + 2]) * size;
    out[side] = moved - grown / 2;
    out[side + 2] = moved + grown / 2 - pixel;
}

static void encode_side(const float *prior, const float *target, const float *variance, float pixel, int side,
                        float *out)
{
    float size = prior[side + 2] - prior[side] + pixel;
    float center = prior[side] + size / 2;
    float target_size = target[side + 2] - target[side] + pixel;
    float target_center = (target[side + 2] + target[side]) / 2;
    out[side] = (target_center - center) / size / variance[side];
    out[side + 2] = logf(fabsf(target_size / size)) / variance[side + 2];
}

static void coder_boxes(void *context, int64_t first, int64_t last, int thread)
{
    (void)thread;
    const coder_loop *loop = context;
    const coder_params *params = loop->params;
    float pixel = params->normalized ? 0.0f : 1.0f;
    for (int64_t i = first; i < last; i++) {
        int64_t row = i / loop->columns, column = i % loop->columns;
        int64_t prior = params->decode && params->axis == 1 ? row : column, target = params->decode ? i : row;
        const float *variance = loop->variances != NULL ? loop->variances + prior * CORNERS : params->variance;
        for (int side = 0; side < 2; side++)
            (params->decode ? decode_side : encode_side)(loop->priors + prior * CORNERS,
                                                         loop->targets + target * CORNERS, variance, pixel, side,
                                                         loop->out + i * CORNERS);
    }
}

static void coder_run(const rmt_op_run *run)
{
    const rmt_view *out = &run->out[0];
    coder_loop loop = {.params = run->params,
                       .priors = run->in[PRIOR].data,
                       .variances = run->in[PRIOR_VARIANCE].shape.rank >= 0 ? run->in[PRIOR_VARIANCE].data : NULL,
                       .targets = run->in[TARGET].data,
                       .out = out->data,
                       .columns = out->shape.dims[1]};
    rmt_for_range(run->team, out->shape.dims[0] * out->shape.dims[1], ROWS_AT_ONCE, coder_boxes, &loop);
}

const rmt_op rmt_op_box_coder = {.name = "box_coder",
                                 .params_bytes = sizeof(coder_params),
                                 .load = coder_load,
                                 .infer = coder_infer,
                                 .run = coder_run};

/* ---- box_clip ---------------------------------------------------------------------------------------------------- */

enum { CLIP_X, CLIP_INFO, INFO_NUMBERS = 3 };

static ramet_status clip_load(rmt_op_load *load) { return rmt_load_inputs(load, 2); }

/* [n, ..., 4] has the boxes of image i at i; with one image any list of boxes is its. */
static ramet_status clip_infer(rmt_op_infer *infer)
{
    const rmt_view *x = &infer->in[CLIP_X], *info = &infer->in[CLIP_INFO];
    if (x->shape.rank < 1 || !is_boxes(x, x->shape.rank) || info->dtype != RAMET_DTYPE_FLOAT32 ||
        info->shape.rank != 2 || info->shape.dims[1] != INFO_NUMBERS)
        return rmt_infer_fail(infer, "float32 boxes [..,4] and im_info [n,3] are wanted");
    if (info->shape.dims[0] != 1 && (x->shape.rank < 3 || x->shape.dims[0] != info->shape.dims[0]))
        return rmt_infer_fail(infer, "it is not known which boxes belong to which of %lld images",
                              (long long)info->shape.dims[0]);
    return rmt_infer_same(infer);
}

static void clip_run(const rmt_op_run *run)
{
    const rmt_shape *shape = &run->in[CLIP_X].shape;
    int64_t images = run->in[CLIP_INFO].shape.dims[0];
    int64_t numbers = images == 0 ? 0 : rmt_shape_elements(shape) / images;
    for (int64_t n = 0; n < images; n++) {
        const float *info = (const float *)run->in[CLIP_INFO].data + n * INFO_NUMBERS;
        const float *from = (const float *)run->in[CLIP_X].data + n * numbers;
        float *to = (float *)run->out[0].data + n * numbers;
        const float most[2] = {roundf(info[1] / info[2]) - 1.0f, roundf(info[0] / info[2]) - 1.0f};
        for (int64_t i = 0; i < numbers; i++) {
            float value = most[i % 2] < from[i] ? most[i % 2] : from[i];
            to[i] = value < 0 ? 0 : value;
        }
    }
}

const rmt_op rmt_op_box_clip = {.name = "box_clip", .load = clip_load, .infer = clip_infer, .run = clip_run};

/* ---- iou_similarity ------------------------------------------------------------------------------------------------ */

typedef struct similarity_params {
    bool normalized;
} similarity_params;

static ramet_status similarity_load(rmt_op_load *load)
{
    ((similarity_params *)load->params)->normalized = rmt_node_bool(load->node, "box_normalized", true);
    return rmt_load_inputs(load, 2);
}

static ramet_status similarity_infer(rmt_op_infer *infer)
{
    if (!is_boxes(&infer->in[0], 2) || !is_boxes(&infer->in[1], 2))
        return rmt_infer_fail(infer, "float32 boxes [n,4] and [m,4] are wanted");
    infer->out[0].dtype = RAMET_DTYPE_FLOAT32;
    infer->out[0].shape = (rmt_shape){2, {infer->in[0].shape.dims[0], infer->in[1].shape.dims[0]}};
    return rmt_infer_done(infer);
}

static float similarity(const float *a, const float *b, float pixel)
{
    float a_area = (a[3] - a[1] + pixel) * (a[2] - a[0] + pixel),
          b_area = (b[3] - b[1] + pixel) * (b[2] - b[0] + pixel);
    float w = (a[2] > b[2] ? b[2] : a[2]) - (a[0] > b[0] ? a[0] : b[0]) + pixel;
    float h = (a[3] > b[3] ? b[3] : a[3]) - (a[1] > b[1] ? a[1] : b[1]) + pixel;
    float both = (w > 0 ? w : 0) * (h > 0 ? h : 0);
    return both / (a_area + b_area - both + 1e-10f);
}

static void similarity_rows(void *context, int64_t first, int64_t last, int thread)
{
    (void)thread;
    const rmt_op_run *run = context;
    const float *x = run->in[0].data, *y = run->in[1].data;
    int64_t columns = run->in[1].shape.dims[0];
    float pixel = ((const similarity_params *)run->params)->normalized ? 0.0f : 1.0f;
    for (int64_t i = first; i < last; i++)
        for (int64_t j = 0; j < columns; j++)
            ((float *)run->out[0].data)[i * columns + j] = similarity(x + i * CORNERS, y + j * CORNERS, pixel);
}

static void similarity_run(const rmt_op_run *run)
{
    rmt_for_range(run->team, run->in[0].shape.dims[0], ROWS_AT_ONCE, similarity_rows, (void *)(uintptr_t)run);
}

const rmt_op rmt_op_iou_similarity = {.name = "iou_similarity",
                                      .params_bytes = sizeof(similarity_params),
                                      .load = similarity_load,
                                      .infer = similarity_infer,
                                      .run = similarity_run};

/* ---- polygon_box_transform ------------------------------------------------------------------------------------------ */

static ramet_status transform_load(rmt_op_load *load) { return rmt_load_one_input(load); }

static ramet_status transform_infer(rmt_op_infer *infer)
{
    const rmt_shape *x = &infer->in[0].shape;
    ramet_status status = rmt_infer_float32(infer, 0);
    if (status != RAMET_STATUS_OK)
        return status;
    if (x->rank != 4 || x->dims[1] % 2 != 0)
        return rmt_infer_fail(infer, "[n,2*points,h,w] is wanted");
    return rmt_infer_same(infer);
}

/* Coordinates are four times those of the map, whose even channels are offsets of x. */
static void transform_run(const rmt_op_run *run)
{
    const rmt_shape *x = &run->in[0].shape;
    const float *from = run->in[0].data;
    float *to = run->out[0].data;
    for (int64_t plane = 0; plane < x->dims[0] * x->dims[1]; plane++)
        for (int64_t row = 0; row < x->dims[2]; row++)
            for (int64_t column = 0; column < x->dims[3]; column++, from++, to++)
                *to = (float)(plane % 2 == 0 ? column : row) * 4.0f - *from;
}

const rmt_op rmt_op_polygon_box_transform = {.name = "polygon_box_transform",
                                             .load = transform_load,
                                             .infer = transform_infer,
                                             .run = transform_run};

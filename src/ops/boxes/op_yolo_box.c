/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yolo_box: the predictions of one feature map as boxes in pixels of the
 * original image, and as scores. x [n, anchors * (5 + classes), h, w], with
 * `iou_aware` one channel for each anchor before them; img_size [n, 2] has
 * height and width. Boxes [n, anchors * h * w, 4] and scores [.., classes] of
 * low confidence are zeros.
 */
#include "ops/convolution/sliding_window.h"

#include <math.h>
#include <string.h>

enum { X, IMG_SIZE };
enum { BOXES, SCORES };
enum { CORNERS = 4, CONFIDENCE = 4, FIRST_CLASS = 5, MOST_ANCHORS = 64 };

typedef struct yolo_params {
    int32_t anchor_count, classes;
    float anchors[2 * MOST_ANCHORS]; /* width, height */
    int64_t downsample;
    float least, scale, iou_factor;
    bool clip, iou_aware;
} yolo_params;

static bool read_anchors(const rmt_node *node, yolo_params *params)
{
    int64_t anchors[2 * MOST_ANCHORS];
    size_t count = rmt_node_ints(node, "anchors", anchors, 2 * MOST_ANCHORS);
    if (count == 0 || count % 2 != 0 || count > 2 * MOST_ANCHORS)
        return false;
    for (size_t i = 0; i < count; i++)
        params->anchors[i] = (float)anchors[i];
    params->anchor_count = (int32_t)(count / 2);
    return true;
}

static ramet_status yolo_load(rmt_op_load *load)
{
    yolo_params *params = load->params;
    const rmt_node *node = load->node;
    int64_t classes = rmt_node_int(node, "class_num", 0), downsample = rmt_node_int(node, "downsample_ratio", 0);
    if (!read_anchors(node, params) || classes < 1 || classes > 1000000 || downsample < 1 || downsample > 65536)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT,
                        "anchors are not 1 to %d pairs, or %lld classes, or a downsample_ratio of %lld",
                        (int)MOST_ANCHORS, (long long)classes, (long long)downsample);
    params->classes = (int32_t)classes;
    params->downsample = downsample;
    params->least = (float)rmt_node_float(node, "conf_thresh", 0);
    params->scale = (float)rmt_node_float(node, "scale_x_y", 1);
    params->clip = rmt_node_bool(node, "clip_bbox", true);
    params->iou_aware = rmt_node_bool(node, "iou_aware", false);
    params->iou_factor = (float)rmt_node_float(node, "iou_aware_factor", 0.5);
    return rmt_load_inputs(load, 2);
}

static ramet_status yolo_infer(rmt_op_infer *infer)
{
    const yolo_params *params = infer->params;
    const rmt_shape *x = &infer->in[X].shape, *size = &infer->in[IMG_SIZE].shape;
    ramet_dtype dtype = infer->in[IMG_SIZE].dtype;
    ramet_status status = rmt_infer_float32(infer, X);
    if (status != RAMET_STATUS_OK)
        return status;
    int64_t channels = (int64_t)params->anchor_count * (FIRST_CLASS + params->classes + (params->iou_aware ? 1 : 0));
    if (x->rank != 4 || x->dims[1] != channels)
        return rmt_infer_fail(infer, "[n,%lld,h,w] is wanted", (long long)channels);
    if (size->rank != 2 || size->dims[0] != x->dims[0] || size->dims[1] != 2 ||
        (dtype != RAMET_DTYPE_INT32 && dtype != RAMET_DTYPE_INT64))
        return rmt_infer_fail(infer, "image sizes [n,2] of integers are wanted");
    int64_t boxes = params->anchor_count * x->dims[2] * x->dims[3];
    const int64_t wide[] = {CORNERS, params->classes};
    for (int32_t o = 0; o < infer->out_count && o <= SCORES; o++) {
        infer->out[o].dtype = RAMET_DTYPE_FLOAT32;
        infer->out[o].shape = (rmt_shape){3, {x->dims[0], boxes, wide[o]}};
    }
    return rmt_infer_done(infer);
}

static void yolo_place(rmt_op_place *place)
{
    place->form[X] = RMT_FORM_CHANNELS_LAST;
    place->form[IMG_SIZE] = RMT_FORM_DENSE;
    for (int32_t o = 0; o < place->out_count; o++)
        rmt_strides_dense(&place->out[o]);
}

/* ---- run ------------------------------------------------------------------------------------------------------- */

typedef struct yolo_loop {
    const rmt_op_run *run;
    const yolo_params *params;
    rmt_pixels x;
} yolo_loop;

/* One prediction: its numbers, which anchor, where, and the image's height and width. */
typedef struct prediction {
    const float *entry;
    int32_t anchor, y, x;
    int64_t image[2];
} prediction;

/* float32 where PaddlePaddle has it, and double where it has that. */
static float sigmoid(float x) { return (float)(1.0 / (1.0 + (double)expf(-x))); }

static float confidence(const yolo_params *params, float own, float overlap)
{
    float sure = sigmoid(own);
    if (!params->iou_aware)
        return sure;
    double own_share = pow((double)sure, (double)(float)(1.0 - (double)params->iou_factor));
    return (float)(own_share * pow((double)sigmoid(overlap), (double)params->iou_factor));
}

static void write_box(const yolo_loop *loop, const prediction *p, float box[CORNERS])
{
    const yolo_params *params = loop->params;
    const int32_t at[2] = {p->x, p->y}, grid[2] = {loop->x.w, loop->x.h};
    float bias = -0.5f * (params->scale - 1.0f);
    for (int side = 0; side < 2; side++) {
        float image = (float)p->image[1 - side];
        float center = ((float)at[side] + sigmoid(p->entry[side]) * params->scale + bias) * image / (float)grid[side];
        float size = expf(p->entry[2 + side]) * params->anchors[2 * p->anchor + side] * image /
                     (float)(params->downsample * grid[side]);
        box[side] = center - size / 2;
        box[2 + side] = center + size / 2;
        if (params->clip) {
            float most = (float)(p->image[1 - side] - 1);
            box[side] = box[side] > 0 ? box[side] : 0;
            box[2 + side] = box[2 + side] < most ? box[2 + side] : most;
        }
    }
}

static void predict(const yolo_loop *loop, const prediction *p, float overlap, int64_t row)
{
    int32_t classes = loop->params->classes;
    float *box = (float *)loop->run->out[BOXES].data + row * CORNERS;
    float *scores = (float *)loop->run->out[SCORES].data + row * classes;
    float sure = confidence(loop->params, p->entry[CONFIDENCE], overlap);
    if (sure < loop->params->least) {
        memset(box, 0, CORNERS * sizeof *box);
        memset(scores, 0, (size_t)classes * sizeof *scores);
        return;
    }
    write_box(loop, p, box);
    for (int32_t c = 0; c < classes; c++)
        scores[c] = sure * sigmoid(p->entry[FIRST_CLASS + c]);
}

/* Rows of pixels of all images; the boxes of an anchor lie together. */
static void yolo_rows(void *context, int64_t first, int64_t last, int thread)
{
    (void)thread;
    const yolo_loop *loop = context;
    const yolo_params *params = loop->params;
    const rmt_pixels *x = &loop->x;
    for (int64_t i = first; i < last; i++) {
        int32_t n = (int32_t)(i / x->h);
        prediction p = {.y = (int32_t)(i % x->h)};
        rmt_numbers_to_ints(loop->run->in[IMG_SIZE].dtype, rmt_view_at(&loop->run->in[IMG_SIZE], n * 2), 1, p.image, 2);
        for (p.x = 0; p.x < x->w; p.x++) {
            const float *pixel = rmt_pixel_at(x, n, p.y, p.x);
            const float *entries = pixel + (params->iou_aware ? params->anchor_count : 0);
            for (p.anchor = 0; p.anchor < params->anchor_count; p.anchor++) {
                int64_t row = (((int64_t)n * params->anchor_count + p.anchor) * x->h + p.y) * x->w + p.x;
                p.entry = entries + (ptrdiff_t)p.anchor * (FIRST_CLASS + params->classes);
                predict(loop, &p, pixel[p.anchor], row);
            }
        }
    }
}

static void yolo_run(const rmt_op_run *run)
{
    yolo_loop loop = {run, run->params, rmt_pixels_of(&run->in[X])};
    rmt_for_range(run->team, (int64_t)loop.x.n * loop.x.h, 1, yolo_rows, &loop);
}

const rmt_op rmt_op_yolo_box = {.name = "yolo_box",
                                .params_bytes = sizeof(yolo_params),
                                .load = yolo_load,
                                .infer = yolo_infer,
                                .place = yolo_place,
                                .run = yolo_run};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nms: the numbers of those boxes [m, 4], best first, that overlap no earlier
 * one that stays by more than a threshold.
 */
#include "ops/boxes/nms.h"

enum { CORNERS = 4 };

typedef struct nms_params {
    float threshold;
} nms_params;

static ramet_status nms_load(rmt_op_load *load)
{
    ((nms_params *)load->params)->threshold = (float)rmt_node_float(load->node, "iou_threshold", 1);
    return rmt_load_one_input(load);
}

static ramet_status nms_infer(rmt_op_infer *infer)
{
    const rmt_shape *boxes = &infer->in[0].shape;
    ramet_status status = rmt_infer_float32(infer, 0);
    if (status != RAMET_STATUS_OK)
        return status;
    if (boxes->rank != 2 || boxes->dims[1] != CORNERS)
        return rmt_infer_fail(infer, "boxes [m,4] are wanted");
    infer->out[0].dtype = RAMET_DTYPE_INT64;
    infer->out[0].shape = (rmt_shape){1, {boxes->dims[0]}};
    return rmt_infer_done(infer);
}

/* Intersection over union is above the threshold; not so for a NaN. */
static bool is_over(const float a[CORNERS], const float b[CORNERS], float threshold)
{
    float x0 = a[0] > b[0] ? a[0] : b[0], y0 = a[1] > b[1] ? a[1] : b[1];
    float x1 = a[2] < b[2] ? a[2] : b[2], y1 = a[3] < b[3] ? a[3] : b[3];
    float both = (x1 - x0 > 0 ? x1 - x0 : 0) * (y1 - y0 > 0 ? y1 - y0 : 0);
    float all = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both;
    return both / all > threshold;
}

static void nms_run(const rmt_op_run *run)
{
    const nms_params *params = run->params;
    const float *boxes = run->in[0].data;
    int64_t *kept = run->out[0].data, count = 0;
    for (int64_t i = 0; i < run->in[0].shape.dims[0]; i++) {
        bool stays = true;
        for (int64_t j = 0; j < count && stays; j++)
            stays = !is_over(boxes + kept[j] * CORNERS, boxes + i * CORNERS, params->threshold);
        if (stays)
            kept[count++] = i;
    }
    run->out_shapes[0].dims[0] = count;
}

const rmt_op rmt_op_nms = {.name = "nms",
                           .params_bytes = sizeof(nms_params),
                           .flags = RMT_OP_DYNAMIC,
                           .load = nms_load,
                           .infer = nms_infer,
                           .run = nms_run};

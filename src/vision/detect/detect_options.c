/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options of detection: held against their limits once. What is zero stays so:
 * the configuration may have a say, and after it the default.
 */
#include "vision/detect/detect.h"

#include <math.h>

#define MAX_SIDE 65536
#define MAX_BATCH_SIZE 4096

void ramet_detect_option_init(ramet_detect_option *option)
{
    *option = (ramet_detect_option){.struct_bytes = sizeof *option, .nms.background_label = -1};
}

static ramet_status refuse(const char *name, double value, double least, double most, ramet_error *error)
{
    return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "%s is %g; it must be %g..%g", name, value, least, most);
}

typedef struct limit {
    const char *name;
    double value, least, most;
} limit;

static ramet_status check_limits(const limit *limits, size_t count, ramet_error *error)
{
    for (size_t i = 0; i < count; i++)
        if (!(limits[i].value >= limits[i].least && limits[i].value <= limits[i].most))
            return refuse(limits[i].name, limits[i].value, limits[i].least, limits[i].most, error);
    return RAMET_STATUS_OK;
}

static ramet_status check_pixels(const ramet_detect_option *option, ramet_error *error)
{
    bool given = false;
    for (int c = 0; c < 3; c++)
        given |= option->mean[c] != 0 || option->std[c] != 0;
    for (int c = 0; given && c < 3; c++)
        if (!isfinite(option->mean[c]) || !(option->std[c] > 0) || !isfinite(option->std[c]))
            return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT,
                            "mean and std must be finite, and std above 0 for each channel");
    for (int i = 0; i < RAMET_DETECT_MAX_LEVELS; i++)
        if (option->fpn_stride[i] < 0 || option->fpn_stride[i] > MAX_SIDE)
            return refuse("fpn_stride", option->fpn_stride[i], 0, MAX_SIDE, error);
    return RAMET_STATUS_OK;
}

ramet_status rmt_detect_option_resolve(const ramet_detect_option *from, ramet_detect_option *option, ramet_error *error)
{
    ramet_detect_option defaults;
    ramet_detect_option_init(&defaults);
    ramet_status status = rmt_option_read(option, sizeof *option, from != NULL ? from : &defaults, error);
    if (status != RAMET_STATUS_OK)
        return status;
    const ramet_detect_nms_option *nms = &option->nms;
    const limit limits[] = {
        {"score_threshold", (double)option->score_threshold, 0, 1},
        {"batch_size", option->batch_size, 0, MAX_BATCH_SIZE},
        {"nms.score_threshold", (double)nms->score_threshold, 0, 1},
        {"nms.nms_threshold", (double)nms->nms_threshold, 0, 1},
        {"nms.nms_eta", (double)nms->nms_eta, 0, 1},
        {"nms.nms_top_k", nms->nms_top_k, -1, INT32_MAX},
        {"nms.keep_top_k", nms->keep_top_k, -1, INT32_MAX},
        {"nms.background_label", nms->background_label, -1, INT32_MAX},
        {"input_width", option->input_width, 0, MAX_SIDE},
        {"input_height", option->input_height, 0, MAX_SIDE},
        {"channel_order", (double)option->channel_order, RAMET_CHANNEL_ORDER_RGB, RAMET_CHANNEL_ORDER_BGR},
    };
    status = check_limits(limits, sizeof limits / sizeof limits[0], error);
    return status == RAMET_STATUS_OK ? check_pixels(option, error) : status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options of OCR: zero becomes the default, everything else is held against
 * its limits, once, so that the stages need not ask again.
 */
#include "vision/ocr/ocr.h"

#include <math.h>

#define MAX_SIDE (1 << 20)
#define MAX_CANDIDATES 100000
#define MAX_UNCLIP_RATIO 100.0F
#define MAX_BATCH_SIZE 4096

void ramet_det_option_init(ramet_det_option *option) { *option = (ramet_det_option){.struct_bytes = sizeof *option}; }
void ramet_cls_option_init(ramet_cls_option *option) { *option = (ramet_cls_option){.struct_bytes = sizeof *option}; }
void ramet_rec_option_init(ramet_rec_option *option) { *option = (ramet_rec_option){.struct_bytes = sizeof *option}; }

void ramet_ocr_option_init(ramet_ocr_option *option)
{
    *option = (ramet_ocr_option){.struct_bytes = sizeof *option};
    ramet_runtime_option_init(&option->runtime);
    ramet_det_option_init(&option->det);
    ramet_cls_option_init(&option->cls);
    ramet_rec_option_init(&option->rec);
}

size_t rmt_batch_limit(int32_t batch_size) { return batch_size < 0 ? 0 : (size_t)batch_size; }

/* ---- fields ------------------------------------------------------------------------------------------------------ */

/* Zero means otherwise. */
static ramet_status resolve_int(int32_t *value, const char *name, int32_t otherwise, int32_t most, ramet_error *error)
{
    if (*value == 0)
        *value = otherwise;
    if (*value >= 1 && *value <= most)
        return RAMET_STATUS_OK;
    return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "%s is %d; it must be 1..%d", name, (int)*value, (int)most);
}

static ramet_status resolve_float(float *value, const char *name, float otherwise, float most, ramet_error *error)
{
    if (*value == 0.0F)
        *value = otherwise;
    if (*value > 0.0F && *value <= most)
        return RAMET_STATUS_OK;
    return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "%s is %g; it must be above 0 and at most %g", name,
                    (double)*value, (double)most);
}

static ramet_status resolve_batch(int32_t *value, const char *name, ramet_error *error)
{
    return *value == -1 ? RAMET_STATUS_OK : resolve_int(value, name, 6, MAX_BATCH_SIZE, error);
}

static ramet_status check_range(int value, int most, const char *name, ramet_error *error)
{
    if (value >= 0 && value <= most)
        return RAMET_STATUS_OK;
    return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "%s has no value %d", name, value);
}

static bool is_zero(const float values[3]) { return values[0] == 0 && values[1] == 0 && values[2] == 0; }

static ramet_status resolve_normalization(ramet_det_option *option, ramet_error *error)
{
    static const float mean[3] = {0.485F, 0.456F, 0.406F}, deviation[3] = {0.229F, 0.224F, 0.225F};
    bool defaults = is_zero(option->mean) && is_zero(option->std);
    for (int c = 0; c < 3; c++) {
        if (defaults)
            option->mean[c] = mean[c], option->std[c] = deviation[c];
        if (!isfinite(option->mean[c]) || !isfinite(option->std[c]) || !(option->std[c] > 0))
            return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT,
                            "mean and std must be numbers, and each std above 0, where one of them is set");
    }
    return RAMET_STATUS_OK;
}

/* ---- structs ----------------------------------------------------------------------------------------------------- */

static ramet_status resolve_boxes(ramet_det_option *option, ramet_error *error)
{
    ramet_status status = resolve_float(&option->db_thresh, "db_thresh", 0.3F, 1.0F, error);
    if (status == RAMET_STATUS_OK)
        status = resolve_float(&option->db_box_thresh, "db_box_thresh", 0.6F, 1.0F, error);
    if (status == RAMET_STATUS_OK)
        status = resolve_float(&option->db_unclip_ratio, "db_unclip_ratio", 1.5F, MAX_UNCLIP_RATIO, error);
    if (status == RAMET_STATUS_OK)
        status = check_range((int)option->db_score_mode, RAMET_DET_SCORE_MODE_SLOW, "db_score_mode", error);
    if (status == RAMET_STATUS_OK)
        status = resolve_int(&option->max_candidates, "max_candidates", 1000, MAX_CANDIDATES, error);
    if (status == RAMET_STATUS_OK)
        status = resolve_int(&option->min_box_side, "min_box_side", 3, MAX_SIDE, error);
    return status;
}

ramet_status rmt_det_option_resolve(const ramet_det_option *from, ramet_det_option *option, ramet_error *error)
{
    ramet_status status = rmt_option_read(option, sizeof *option, from, error);
    if (status == RAMET_STATUS_OK)
        status = resolve_int(&option->limit_side_len, "limit_side_len", 960, MAX_SIDE, error);
    if (status == RAMET_STATUS_OK)
        status = check_range((int)option->limit_type, RAMET_LIMIT_TYPE_RESIZE_LONG, "limit_type", error);
    if (status == RAMET_STATUS_OK)
        status = resolve_int(&option->max_side_limit, "max_side_limit", 4000, MAX_SIDE, error);
    if (status == RAMET_STATUS_OK)
        status = resolve_boxes(option, error);
    if (status == RAMET_STATUS_OK)
        status = resolve_normalization(option, error);
    return status;
}

ramet_status rmt_cls_option_resolve(const ramet_cls_option *from, ramet_cls_option *option, ramet_error *error)
{
    ramet_status status = rmt_option_read(option, sizeof *option, from, error);
    if (status == RAMET_STATUS_OK)
        status = resolve_int(&option->image_height, "image_height", 48, MAX_SIDE, error);
    if (status == RAMET_STATUS_OK)
        status = resolve_int(&option->image_width, "image_width", 192, MAX_SIDE, error);
    if (status == RAMET_STATUS_OK)
        status = resolve_float(&option->thresh, "thresh", 0.9F, 1.0F, error);
    if (status == RAMET_STATUS_OK)
        status = resolve_batch(&option->batch_size, "batch_size", error);
    return status;
}

ramet_status rmt_rec_option_resolve(const ramet_rec_option *from, ramet_rec_option *option, ramet_error *error)
{
    ramet_status status = rmt_option_read(option, sizeof *option, from, error);
    if (status == RAMET_STATUS_OK)
        status = resolve_int(&option->image_height, "image_height", 48, MAX_SIDE, error);
    if (status == RAMET_STATUS_OK)
        status = resolve_int(&option->image_width, "image_width", 320, MAX_SIDE, error);
    if (status == RAMET_STATUS_OK)
        status = resolve_int(&option->max_image_width, "max_image_width", 3200, MAX_SIDE, error);
    if (status == RAMET_STATUS_OK && option->max_image_width < option->image_width)
        status = rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "max_image_width %d is below image_width %d",
                          (int)option->max_image_width, (int)option->image_width);
    if (status == RAMET_STATUS_OK)
        status = resolve_batch(&option->batch_size, "batch_size", error);
    return status;
}

ramet_status rmt_ocr_option_resolve(const ramet_ocr_option *from, ramet_ocr_option *option, ramet_error *error)
{
    ramet_ocr_option defaults;
    ramet_ocr_option_init(&defaults);
    ramet_status status = rmt_option_read(option, sizeof *option, from != NULL ? from : &defaults, error);
    if (status == RAMET_STATUS_OK && !(option->drop_score >= 0 && option->drop_score <= 1))
        status = rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "drop_score is %g; it must be 0..1",
                          (double)option->drop_score);
    option->runtime.params_file = option->runtime.config_file = option->runtime.config_text = NULL;
    option->runtime.program_bytes = option->runtime.params_bytes = NULL;
    option->runtime.program_count = option->runtime.params_count = 0;
    return status;
}

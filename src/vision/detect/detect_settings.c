/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the caller and the configuration say about outputs: names of labels
 * (label_list), suppression (NMS) and the strides of heads (fpn_stride).
 */
#include "vision/detect/detect.h"

#include <float.h>
#include <string.h>

/* Zero means "not said", so a threshold that lets everything pass is the smallest number above. */
static float said(double threshold) { return threshold > 0 ? (float)threshold : FLT_MIN; }

static ramet_status read_share(const rmt_config *config, const rmt_yaml *map, const char *key, float *value)
{
    double number = -1;
    ramet_status status = rmt_config_real(config, map, key, &number);
    if (status == RAMET_STATUS_OK && number >= 0)
        *value = said(number);
    return status;
}

static ramet_status read_nms(const rmt_config *config, const rmt_yaml *map, ramet_detect_nms_option *nms)
{
    bool normalized = true;
    ramet_status status = read_share(config, map, "score_threshold", &nms->score_threshold);
    if (status == RAMET_STATUS_OK)
        status = read_share(config, map, "nms_threshold", &nms->nms_threshold);
    if (status == RAMET_STATUS_OK)
        status = read_share(config, map, "nms_eta", &nms->nms_eta);
    if (status == RAMET_STATUS_OK)
        status = rmt_config_int(config, map, "nms_top_k", -1, INT32_MAX, &nms->nms_top_k);
    if (status == RAMET_STATUS_OK)
        status = rmt_config_int(config, map, "keep_top_k", -1, INT32_MAX, &nms->keep_top_k);
    if (status == RAMET_STATUS_OK)
        status = rmt_config_int(config, map, "background_label", -1, INT32_MAX, &nms->background_label);
    if (status == RAMET_STATUS_OK)
        status = rmt_config_bool(config, map, "normalized", &normalized);
    nms->pixel_boxes = !normalized;
    return status;
}

static ramet_status read_strides(const rmt_config *config, const rmt_yaml *list, int32_t *strides)
{
    double values[RAMET_DETECT_MAX_LEVELS];
    if (rmt_yaml_is_null(list))
        return RAMET_STATUS_OK;
    size_t count = rmt_yaml_read_floats(list, values, RAMET_DETECT_MAX_LEVELS);
    if (count == 0 || count > RAMET_DETECT_MAX_LEVELS)
        return rmt_config_bad_value(config, list, "fpn_stride");
    for (size_t i = 0; i < count; i++) {
        if (!(values[i] >= 1 && values[i] <= RMT_CONFIG_MAX_SIDE))
            return rmt_config_bad_value(config, list, "fpn_stride");
        strides[i] = (int32_t)values[i];
    }
    return RAMET_STATUS_OK;
}

static ramet_status read_file(const rmt_yaml_file *file, rmt_detect_settings *settings, ramet_error *error)
{
    const rmt_config config = {file, error};
    const rmt_yaml *labels = rmt_yaml_get(file->root, "label_list"), *nms = rmt_yaml_get(file->root, "NMS");
    ramet_status status = RAMET_STATUS_OK;
    if (labels != NULL && labels->kind == RMT_YAML_LIST)
        status = rmt_texts_from_yaml(labels, file->path, &settings->labels, error);
    if (status == RAMET_STATUS_OK && nms != NULL && nms->kind == RMT_YAML_MAP)
        status = read_nms(&config, nms, &settings->nms);
    if (status == RAMET_STATUS_OK)
        status = read_strides(&config, rmt_yaml_get(file->root, "fpn_stride"), settings->fpn_stride);
    return status;
}

/* The caller's word before the configuration's. */
static ramet_status add_option(const ramet_detect_option *option, rmt_detect_settings *settings, ramet_error *error)
{
    const ramet_detect_nms_option *from = &option->nms;
    ramet_detect_nms_option *nms = &settings->nms;
    nms->score_threshold = from->score_threshold > 0 ? from->score_threshold : nms->score_threshold;
    nms->nms_threshold = from->nms_threshold > 0 ? from->nms_threshold : nms->nms_threshold;
    nms->nms_eta = from->nms_eta > 0 ? from->nms_eta : nms->nms_eta;
    nms->nms_top_k = from->nms_top_k != 0 ? from->nms_top_k : nms->nms_top_k;
    nms->keep_top_k = from->keep_top_k != 0 ? from->keep_top_k : nms->keep_top_k;
    nms->background_label = from->background_label >= 0 ? from->background_label : nms->background_label;
    nms->pixel_boxes |= from->pixel_boxes != 0;
    if (option->fpn_stride[0] != 0)
        memcpy(settings->fpn_stride, option->fpn_stride, sizeof settings->fpn_stride);
    settings->score_threshold = option->score_threshold;
    if (option->label_file == NULL)
        return RAMET_STATUS_OK;
    rmt_texts_release(settings->labels);
    settings->labels = NULL;
    return rmt_texts_from_file(option->label_file, &settings->labels, error);
}

ramet_status rmt_detect_settings_read(const char *config_file, const ramet_detect_option *option,
                                      rmt_detect_settings *settings, ramet_error *error)
{
    *settings = (rmt_detect_settings){.nms.background_label = -1, .rescale = true};
    ramet_status status = RAMET_STATUS_OK;
    if (config_file != NULL) {
        rmt_yaml_file file;
        status = rmt_yaml_open(config_file, &file, error);
        if (status != RAMET_STATUS_OK)
            return status;
        status = read_file(&file, settings, error);
        rmt_yaml_close(&file);
    }
    if (status == RAMET_STATUS_OK)
        status = add_option(option, settings, error);
    if (status != RAMET_STATUS_OK) {
        rmt_texts_release(settings->labels);
        settings->labels = NULL;
    }
    return status;
}

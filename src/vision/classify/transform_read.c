/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PreProcess.transform_ops of a PaddleClas configuration -> steps.
 *
 * Geometry comes first, then NormalizeImage, and ToCHWImage before or after
 * that. What an option does that is not known here cannot be guessed, so it is
 * refused by name; options that change nothing on this way are let pass.
 */
#include "vision/classify/classify.h"
#include "vision/config.h"

#include <string.h>

/* How far the list has been read. */
typedef struct transform_reader {
    rmt_config config;
    rmt_transform *transform;
    bool rgb, normalized, channels_first;
    double scale[3], shift[3]; /* value = pixel * scale + shift, in the order of the list */
} transform_reader;

/* ---- options ----------------------------------------------------------------------------------------------------- */

/* One side or [width, height]; *found tells whether it is there. */
static ramet_status read_size(const transform_reader *reader, const rmt_yaml *options, const char *key,
                              rmt_transform_step *step, bool *found)
{
    int32_t sides[2];
    ramet_status status = rmt_config_sides(&reader->config, options, key, sides, found);
    if (status == RAMET_STATUS_OK && *found)
        step->width = sides[0], step->height = sides[1];
    return status;
}

/* A name of cv2's or its number. */
static ramet_status read_interpolation(const transform_reader *reader, const rmt_yaml *options,
                                       rmt_interpolation *interpolation)
{
    static const char *const names[] = {"nearest", "bilinear", "bicubic", "area", "lanczos"};
    const rmt_yaml *node = rmt_yaml_get(options, "interpolation");
    int64_t number;
    *interpolation = RMT_INTERPOLATION_LINEAR;
    if (rmt_yaml_is_null(node))
        return RAMET_STATUS_OK;
    if (rmt_yaml_read_int(node, &number) && number >= 0 && number <= RMT_INTERPOLATION_LANCZOS4) {
        *interpolation = (rmt_interpolation)number;
        return RAMET_STATUS_OK;
    }
    for (int i = 0; node->kind == RMT_YAML_SCALAR && i <= RMT_INTERPOLATION_LANCZOS4; i++) {
        if (rmt_text_equal_nocase(node->text, names[i])) {
            *interpolation = (rmt_interpolation)i;
            return RAMET_STATUS_OK;
        }
    }
    return rmt_config_refuse(&reader->config, node, RAMET_STATUS_UNSUPPORTED, "ResizeImage cannot do the interpolation",
                             node->kind == RMT_YAML_SCALAR ? node->text : "a list");
}

/* ---- operators --------------------------------------------------------------------------------------------------- */

static ramet_status add_step(transform_reader *reader, const rmt_yaml *node, const rmt_transform_step *step)
{
    if (reader->normalized || reader->channels_first)
        return rmt_config_refuse(&reader->config, node, RAMET_STATUS_UNSUPPORTED,
                                 "after NormalizeImage or ToCHWImage ramet cannot do", node->key);
    if (reader->transform->count == RMT_TRANSFORM_MAX_STEPS)
        return rmt_config_refuse(&reader->config, node, RAMET_STATUS_UNSUPPORTED, "too many steps, from", node->key);
    reader->transform->steps[reader->transform->count++] = *step;
    return RAMET_STATUS_OK;
}

static ramet_status read_decode(transform_reader *reader, const rmt_yaml *options)
{
    bool channels_first = false;
    const rmt_yaml *mode = rmt_yaml_get(options, "img_mode");
    ramet_status status = rmt_config_bool(&reader->config, options, "to_rgb", &reader->rgb);
    if (status == RAMET_STATUS_OK)
        status = rmt_config_bool(&reader->config, options, "channel_first", &channels_first);
    if (status == RAMET_STATUS_OK)
        status = rmt_config_expect(&reader->config, options, "img_mode", "RGB", "BGR");
    if (status == RAMET_STATUS_OK && channels_first)
        return rmt_config_refuse(&reader->config, options, RAMET_STATUS_UNSUPPORTED, "DecodeImage cannot do",
                                 "channel_first");
    if (status == RAMET_STATUS_OK && !rmt_yaml_is_null(mode))
        reader->rgb = rmt_text_equal_nocase(mode->text, "RGB");
    return status;
}

static ramet_status read_resize(transform_reader *reader, const rmt_yaml *options)
{
    rmt_transform_step step = {.kind = RMT_TRANSFORM_RESIZE_SHORT};
    bool found;
    ramet_status status = rmt_config_expect(&reader->config, options, "backend", "cv2", "cv2");
    if (status == RAMET_STATUS_OK)
        status = read_interpolation(reader, options, &step.interpolation);
    if (status == RAMET_STATUS_OK)
        status = read_size(reader, options, "resize_short", &step, &found);
    if (status == RAMET_STATUS_OK && !found) {
        step.kind = RMT_TRANSFORM_RESIZE;
        status = read_size(reader, options, "size", &step, &found);
        if (status == RAMET_STATUS_OK && !found)
            return rmt_config_refuse(&reader->config, options, RAMET_STATUS_BAD_FORMAT,
                                     "neither size nor resize_short in", options->key);
    }
    return status == RAMET_STATUS_OK ? add_step(reader, options, &step) : status;
}

static ramet_status read_crop(transform_reader *reader, const rmt_yaml *options)
{
    rmt_transform_step step = {.kind = RMT_TRANSFORM_CROP};
    bool found;
    ramet_status status = read_size(reader, options, "size", &step, &found);
    if (status == RAMET_STATUS_OK && !found)
        return rmt_config_refuse(&reader->config, options, RAMET_STATUS_BAD_FORMAT, "there is no size in",
                                 options->key);
    return status == RAMET_STATUS_OK ? add_step(reader, options, &step) : status;
}

/* (pixel * scale - mean) / std */
static ramet_status read_normalize(transform_reader *reader, const rmt_yaml *options)
{
    double scale = 1.0 / 255.0, mean[3] = {0.485, 0.456, 0.406}, deviation[3] = {0.229, 0.224, 0.225};
    const rmt_yaml *scale_node = rmt_yaml_get(options, "scale"), *channels = rmt_yaml_get(options, "channel_num");
    int64_t channel_count = 3;
    if (reader->normalized)
        return rmt_config_refuse(&reader->config, options, RAMET_STATUS_UNSUPPORTED, "ramet cannot do a second",
                                 options->key);
    if (!rmt_yaml_is_null(scale_node) && !rmt_yaml_read_float(scale_node, &scale))
        return rmt_config_bad_value(&reader->config, scale_node, "scale");
    if (!rmt_yaml_is_null(channels) && (!rmt_yaml_read_int(channels, &channel_count) || channel_count != 3))
        return rmt_config_refuse(&reader->config, channels, RAMET_STATUS_UNSUPPORTED, "other than 3 channels in",
                                 "channel_num");
    ramet_status status = rmt_config_expect(&reader->config, options, "order", "hwc", "chw");
    if (status == RAMET_STATUS_OK)
        status = rmt_config_triple(&reader->config, options, "mean", mean);
    if (status == RAMET_STATUS_OK)
        status = rmt_config_triple(&reader->config, options, "std", deviation);
    for (int c = 0; status == RAMET_STATUS_OK && c < 3; c++) {
        if (!(deviation[c] > 0))
            return rmt_config_bad_value(&reader->config, options, "std");
        reader->scale[c] = scale / deviation[c];
        reader->shift[c] = -mean[c] / deviation[c];
    }
    reader->normalized = true;
    return status;
}

static ramet_status read_channels_first(transform_reader *reader, const rmt_yaml *options)
{
    (void)options;
    reader->channels_first = true;
    return RAMET_STATUS_OK;
}

static ramet_status read_operator(transform_reader *reader, const rmt_yaml *node)
{
    static const struct {
        const char *name;
        ramet_status (*read)(transform_reader *reader, const rmt_yaml *options);
    } operators[] = {
        {"DecodeImage", read_decode},       {"ResizeImage", read_resize},        {"CropImage", read_crop},
        {"NormalizeImage", read_normalize}, {"ToCHWImage", read_channels_first},
    };
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++)
        if (strcmp(node->key, operators[i].name) == 0)
            return operators[i].read(reader, node);
    return rmt_config_refuse(&reader->config, node, RAMET_STATUS_UNSUPPORTED,
                             "ramet does not know the preprocessing operator", node->key);
}

/* ---- the list ---------------------------------------------------------------------------------------------------- */

static ramet_status read_list(transform_reader *reader, const rmt_yaml *list)
{
    ramet_status status = RAMET_STATUS_OK;
    for (const rmt_yaml *item = list->first; status == RAMET_STATUS_OK && item != NULL; item = item->next) {
        if (item->kind != RMT_YAML_MAP || item->first == NULL)
            return rmt_config_refuse(&reader->config, item, RAMET_STATUS_BAD_FORMAT, "an operator without a name in",
                                     "transform_ops");
        for (const rmt_yaml *op = item->first; status == RAMET_STATUS_OK && op != NULL; op = op->next)
            status = read_operator(reader, op);
    }
    if (status == RAMET_STATUS_OK && !reader->channels_first)
        return rmt_config_refuse(&reader->config, list, RAMET_STATUS_UNSUPPORTED,
                                 "ramet gives channels first; there is no", "ToCHWImage");
    return status;
}

ramet_status rmt_transform_read(const rmt_yaml_file *file, rmt_transform *transform, ramet_error *error)
{
    *transform = (rmt_transform){0};
    transform_reader reader = {
        .config = {file, error}, .transform = transform, .rgb = true, .scale = {1, 1, 1}, .shift = {0, 0, 0}};
    const rmt_yaml *list = rmt_yaml_get(rmt_yaml_get(file->root, "PreProcess"), "transform_ops");
    if (list == NULL || list->kind != RMT_YAML_LIST) {
        rmt_fail(error, RAMET_STATUS_BAD_FORMAT, "the configuration has no list PreProcess.transform_ops");
        return rmt_fail_at(error, RAMET_STATUS_BAD_FORMAT, "%.160s", file->path);
    }
    ramet_status status = read_list(&reader, list);
    for (int c = 0; c < 3; c++) {
        transform->pixels.scale[c] = (float)reader.scale[c];
        transform->pixels.shift[c] = (float)reader.shift[c];
    }
    transform->pixels.swap_rb = reader.rgb;
    return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PreProcess.transform_ops of a PaddleClas configuration -> steps.
 *
 * Geometry comes first, then NormalizeImage, and ToCHWImage before or after
 * that. What an option does that is not known here cannot be guessed, so it is
 * refused by name; options that change nothing on this way are let pass.
 */
#include "vision/classify/classify.h"

#include <string.h>

/* How far the list has been read. */
typedef struct transform_reader {
    rmt_config config;
    rmt_transform *transform;
    bool normalized, channels_first;
} transform_reader;

static ramet_status refuse(const transform_reader *reader, const rmt_yaml *node, const char *text, const char *subject)
{
    return rmt_config_refuse(&reader->config, node, RAMET_STATUS_UNSUPPORTED, text, subject);
}

/* ---- options ----------------------------------------------------------------------------------------------------- */

/* What a library calls its interpolations: names by its numbers, and where these begin among ours. */
typedef struct backend {
    const char *const *names;
    int64_t count;
    rmt_interpolation first, standard;
} backend;

static backend backend_of(const rmt_yaml *options)
{
    static const char *const cv2[] = {"nearest", "bilinear", "bicubic", "area", "lanczos"};
    static const char *const pillow[] = {"nearest", "lanczos", "bilinear", "bicubic", "box", "hamming"};
    const rmt_yaml *name = rmt_yaml_get(options, "backend");
    if (name != NULL && name->kind == RMT_YAML_SCALAR && rmt_text_equal_nocase(name->text, "pil"))
        return (backend){pillow, 6, RMT_INTERPOLATION_PILLOW_NEAREST, RMT_INTERPOLATION_PILLOW_BILINEAR};
    return (backend){cv2, 5, RMT_INTERPOLATION_NEAREST, RMT_INTERPOLATION_LINEAR};
}

/* A name of the backend's or its number. */
static ramet_status read_interpolation(const transform_reader *reader, const rmt_yaml *options,
                                       rmt_interpolation *interpolation)
{
    backend library = backend_of(options);
    const rmt_yaml *node = rmt_yaml_get(options, "interpolation");
    int64_t number = -1;
    *interpolation = library.standard;
    if (rmt_yaml_is_null(node))
        return RAMET_STATUS_OK;
    if (!rmt_yaml_read_int(node, &number))
        for (int64_t i = 0; node->kind == RMT_YAML_SCALAR && i < library.count; i++)
            number = rmt_text_equal_nocase(node->text, library.names[i]) ? i : number;
    if (number < 0 || number >= library.count)
        return refuse(reader, node, "ResizeImage cannot do the interpolation",
                      node->kind == RMT_YAML_SCALAR ? node->text : "a list");
    *interpolation = (rmt_interpolation)(library.first + number);
    return RAMET_STATUS_OK;
}

/* size: one side or [width, height], which must be there. */
static ramet_status read_size(const transform_reader *reader, const rmt_yaml *options, rmt_step *step)
{
    int32_t sides[2];
    bool found;
    ramet_status status = rmt_config_sides(&reader->config, options, "size", sides, &found);
    if (status == RAMET_STATUS_OK && !found)
        return rmt_config_refuse(&reader->config, options, RAMET_STATUS_BAD_FORMAT, "there is no size in",
                                 options->key);
    if (status == RAMET_STATUS_OK)
        step->width = sides[0], step->height = sides[1];
    return status;
}

/* ---- operators --------------------------------------------------------------------------------------------------- */

static ramet_status add_step(transform_reader *reader, const rmt_yaml *node, const rmt_step *step)
{
    if (reader->channels_first)
        return refuse(reader, node, "after ToCHWImage ramet cannot do", node->key);
    return rmt_transform_add(reader->transform, step, reader->normalized, &reader->config, node);
}

static ramet_status read_decode(transform_reader *reader, const rmt_yaml *options)
{
    bool channels_first = false;
    const rmt_yaml *mode = rmt_yaml_get(options, "img_mode");
    ramet_status status = rmt_config_bool(&reader->config, options, "to_rgb", &reader->transform->pixels.swap_rb);
    if (status == RAMET_STATUS_OK)
        status = rmt_config_bool(&reader->config, options, "channel_first", &channels_first);
    if (status == RAMET_STATUS_OK)
        status = rmt_config_expect(&reader->config, options, "img_mode", "RGB", "BGR");
    if (status == RAMET_STATUS_OK && channels_first)
        return refuse(reader, options, "DecodeImage cannot do", "channel_first");
    if (status == RAMET_STATUS_OK && !rmt_yaml_is_null(mode))
        reader->transform->pixels.swap_rb = rmt_text_equal_nocase(mode->text, "RGB");
    return status;
}

static ramet_status read_resize(transform_reader *reader, const rmt_yaml *options)
{
    rmt_step step = {.kind = RMT_STEP_RESIZE_SHORT};
    ramet_status status = rmt_config_expect(&reader->config, options, "backend", "cv2", "pil");
    if (status == RAMET_STATUS_OK)
        status = read_interpolation(reader, options, &step.interpolation);
    if (status == RAMET_STATUS_OK)
        status = rmt_config_int(&reader->config, options, "size_divisor", 1, RMT_CONFIG_MAX_SIDE, &step.divisor);
    if (status == RAMET_STATUS_OK)
        status = rmt_config_int(&reader->config, options, "resize_short", -1, RMT_CONFIG_MAX_SIDE, &step.least);
    if (status == RAMET_STATUS_OK && step.least <= 0) {
        step.kind = RMT_STEP_RESIZE;
        status = read_size(reader, options, &step);
    }
    return status == RAMET_STATUS_OK ? add_step(reader, options, &step) : status;
}

static ramet_status read_crop(transform_reader *reader, const rmt_yaml *options)
{
    rmt_step step = {.kind = RMT_STEP_CROP};
    ramet_status status = read_size(reader, options, &step);
    return status == RAMET_STATUS_OK ? add_step(reader, options, &step) : status;
}

/* (pixel * scale - mean) / std */
static ramet_status read_normalize(transform_reader *reader, const rmt_yaml *options)
{
    double scale = 1.0 / 255.0, mean[3] = {0.485, 0.456, 0.406}, deviation[3] = {0.229, 0.224, 0.225};
    int32_t channels = 3;
    const rmt_yaml *count = rmt_yaml_get(options, "channel_num");
    if (reader->normalized)
        return refuse(reader, options, "ramet cannot do a second", options->key);
    ramet_status status = rmt_config_int(&reader->config, options, "channel_num", 1, INT32_MAX, &channels);
    if (status == RAMET_STATUS_OK && channels != 3)
        return refuse(reader, count, "other than 3 channels in", "channel_num");
    if (status == RAMET_STATUS_OK)
        status = rmt_config_expect(&reader->config, options, "order", "hwc", "chw");
    if (status == RAMET_STATUS_OK)
        status = rmt_config_real(&reader->config, options, "scale", &scale);
    if (status == RAMET_STATUS_OK)
        status = rmt_config_triple(&reader->config, options, "mean", mean);
    if (status == RAMET_STATUS_OK)
        status = rmt_config_triple(&reader->config, options, "std", deviation);
    for (int c = 0; status == RAMET_STATUS_OK && c < 3; c++)
        if (deviation[c] == 0)
            return rmt_config_bad_value(&reader->config, options, "std");
    rmt_transform_set_numbers(reader->transform, scale, mean, deviation);
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
    return refuse(reader, node, "ramet does not know the preprocessing operator", node->key);
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
        return refuse(reader, list, "ramet gives channels first; there is no", "ToCHWImage");
    return status;
}

ramet_status rmt_classify_transform_read(const rmt_yaml_file *file, rmt_transform *transform, ramet_error *error)
{
    transform_reader reader = {.config = {file, error}, .transform = transform};
    const rmt_yaml *list = rmt_yaml_get(rmt_yaml_get(file->root, "PreProcess"), "transform_ops");
    if (list == NULL || list->kind != RMT_YAML_LIST) {
        rmt_fail(error, RAMET_STATUS_BAD_FORMAT, "the configuration has no list PreProcess.transform_ops");
        return rmt_fail_at(error, RAMET_STATUS_BAD_FORMAT, "%.160s", file->path);
    }
    rmt_transform_init(transform);
    return read_list(&reader, list);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preprocess of a PaddleDetection configuration -> steps.
 *
 * Steps on bytes come first, then NormalizeImage; padding may stand before or
 * after that, and is filled with numbers accordingly. What an operator or one
 * of its keys does that is not known here cannot be guessed, so it is refused
 * by name.
 */
#include "vision/detect/detect.h"

#include <string.h>

#define PAD_VALUE 114.0
#define GREY 128.0F /* 127.5, halves to even */
#define MAX_WARP_PAD 1023
#define LACKS "a preprocessing operator lacks its"

static const double IMAGENET_MEAN[3] = {0.485, 0.456, 0.406}, IMAGENET_STD[3] = {0.229, 0.224, 0.225};

/* How far the list has been read. */
typedef struct transform_reader {
    rmt_config config;
    rmt_transform *transform;
    bool rgb, normalized;
    bool raw_fill[RMT_TRANSFORM_MAX_STEPS]; /* the step pads pixels that are still to be normalised */
} transform_reader;

static ramet_status refuse(const transform_reader *reader, const rmt_yaml *node, ramet_status status, const char *text,
                           const char *subject)
{
    return rmt_config_refuse(&reader->config, node, status, text, subject);
}

/* Padding is done on numbers, wherever it stands: its fill need not be a pixel. */
static ramet_status add_step(transform_reader *reader, const rmt_yaml *options, const rmt_step *step)
{
    reader->raw_fill[reader->transform->count % RMT_TRANSFORM_MAX_STEPS] = !reader->normalized;
    return rmt_transform_add(reader->transform, step, reader->normalized || step->kind >= RMT_STEP_PAD, &reader->config,
                             options);
}

/* ---- operators --------------------------------------------------------------------------------------------------- */

/* One of OpenCV's numbers. */
static ramet_status read_interpolation(transform_reader *reader, const rmt_yaml *options, rmt_step *step)
{
    int32_t number = RMT_INTERPOLATION_LINEAR;
    ramet_status status = rmt_config_int(&reader->config, options, "interp", 0, RMT_INTERPOLATION_LANCZOS4, &number);
    step->interpolation = (rmt_interpolation)number;
    return status;
}

/* One side or [rows, columns]. */
static ramet_status read_sides(transform_reader *reader, const rmt_yaml *options, const char *key, rmt_step *step)
{
    int32_t sides[2] = {0};
    bool found;
    ramet_status status = rmt_config_sides(&reader->config, options, key, sides, &found);
    if (status == RAMET_STATUS_OK && !found)
        return refuse(reader, options, RAMET_STATUS_BAD_FORMAT, LACKS, key);
    step->height = sides[0], step->width = sides[1];
    return status;
}

static ramet_status read_decode(transform_reader *reader, const rmt_yaml *options)
{
    const rmt_yaml *mode = rmt_yaml_get(options, "img_mode");
    ramet_status status = rmt_config_bool(&reader->config, options, "to_rgb", &reader->rgb);
    if (status == RAMET_STATUS_OK)
        status = rmt_config_expect(&reader->config, options, "img_mode", "RGB", "BGR");
    if (status == RAMET_STATUS_OK && !rmt_yaml_is_null(mode))
        reader->rgb = rmt_text_equal_nocase(mode->text, "RGB");
    return status;
}

static ramet_status read_resize(transform_reader *reader, const rmt_yaml *options)
{
    rmt_step step = {.kind = RMT_STEP_RESIZE, .by_factor = true};
    bool keep_ratio = true;
    ramet_status status = read_sides(reader, options, "target_size", &step);
    if (status == RAMET_STATUS_OK)
        status = rmt_config_bool(&reader->config, options, "keep_ratio", &keep_ratio);
    if (status == RAMET_STATUS_OK)
        status = read_interpolation(reader, options, &step);
    if (keep_ratio)
        step.kind = RMT_STEP_RESIZE_NEAR;
    return status == RAMET_STATUS_OK ? add_step(reader, options, &step) : status;
}

static ramet_status read_resize_mult32(transform_reader *reader, const rmt_yaml *options)
{
    rmt_step step = {.kind = RMT_STEP_RESIZE_MULTIPLE, .by_factor = true, .divisor = 32};
    const rmt_yaml *type = rmt_yaml_get(options, "limit_type");
    int32_t limit = 0;
    ramet_status status = rmt_config_int(&reader->config, options, "limit_side_len", 1, RMT_CONFIG_MAX_SIDE, &limit);
    if (status == RAMET_STATUS_OK && limit == 0)
        status = rmt_config_refuse(&reader->config, options, RAMET_STATUS_BAD_FORMAT, LACKS, "limit_side_len");
    if (status == RAMET_STATUS_OK)
        status = read_interpolation(reader, options, &step);
    if (status != RAMET_STATUS_OK)
        return status;
    bool known = type != NULL && type->kind == RMT_YAML_SCALAR;
    if (known && strcmp(type->text, "min") == 0)
        step.least = limit;
    else if (known && (strcmp(type->text, "max") == 0 || strcmp(type->text, "resize_long") == 0))
        step.most = limit;
    else
        return rmt_config_refuse(&reader->config, options, RAMET_STATUS_UNSUPPORTED,
                                 "max, min or resize_long is wanted for", "limit_type");
    return add_step(reader, options, &step);
}

static ramet_status read_letter_box(transform_reader *reader, const rmt_yaml *options)
{
    rmt_step fit = {.kind = RMT_STEP_RESIZE_FIT, .interpolation = RMT_INTERPOLATION_AREA};
    rmt_step pad = {.kind = RMT_STEP_PAD_CENTRE, .fill = {GREY, GREY, GREY}};
    ramet_status status = read_sides(reader, options, "target_size", &fit);
    pad.width = fit.width, pad.height = fit.height;
    if (status == RAMET_STATUS_OK)
        status = add_step(reader, options, &fit);
    return status == RAMET_STATUS_OK ? add_step(reader, options, &pad) : status;
}

/* Swaps the channels too, as the official code does. */
static ramet_status read_warp(transform_reader *reader, const rmt_yaml *options)
{
    rmt_step step = {.kind = RMT_STEP_WARP, .width = 512, .height = 512, .most = 31};
    bool keep_resolution = false;
    ramet_status status = rmt_config_bool(&reader->config, options, "keep_res", &keep_resolution);
    if (status == RAMET_STATUS_OK)
        status = rmt_config_int(&reader->config, options, "pad", 0, MAX_WARP_PAD, &step.most);
    if (status == RAMET_STATUS_OK)
        status = rmt_config_int(&reader->config, options, "input_h", 1, RMT_CONFIG_MAX_SIDE, &step.height);
    if (status == RAMET_STATUS_OK)
        status = rmt_config_int(&reader->config, options, "input_w", 1, RMT_CONFIG_MAX_SIDE, &step.width);
    if (keep_resolution)
        step.width = step.height = 0;
    reader->rgb = !reader->rgb;
    return status == RAMET_STATUS_OK ? add_step(reader, options, &step) : status;
}

static ramet_status read_pad(transform_reader *reader, const rmt_yaml *options)
{
    rmt_step step = {.kind = RMT_STEP_PAD};
    double fill[3] = {PAD_VALUE, PAD_VALUE, PAD_VALUE};
    ramet_status status = read_sides(reader, options, "size", &step);
    if (status == RAMET_STATUS_OK)
        status = rmt_config_triple(&reader->config, options, "fill_value", fill);
    for (int c = 0; c < 3; c++)
        step.fill[c] = (float)fill[c];
    return status == RAMET_STATUS_OK ? add_step(reader, options, &step) : status;
}

static ramet_status read_pad_stride(transform_reader *reader, const rmt_yaml *options)
{
    rmt_step step = {.kind = RMT_STEP_PAD_MULTIPLE};
    ramet_status status = rmt_config_int(&reader->config, options, "stride", -1, RMT_CONFIG_MAX_SIDE, &step.divisor);
    return status == RAMET_STATUS_OK && step.divisor > 0 ? add_step(reader, options, &step) : status;
}

/* (pixel / 255 - mean) / std; parts of it can be left out. */
static ramet_status read_normalize(transform_reader *reader, const rmt_yaml *options)
{
    const rmt_yaml *type = rmt_yaml_get(options, "norm_type");
    double mean[3], deviation[3];
    bool scaled = true;
    memcpy(mean, IMAGENET_MEAN, sizeof mean);
    memcpy(deviation, IMAGENET_STD, sizeof deviation);
    if (reader->normalized)
        return refuse(reader, options, RAMET_STATUS_UNSUPPORTED, "ramet cannot do a second", "NormalizeImage");
    ramet_status status = rmt_config_bool(&reader->config, options, "is_scale", &scaled);
    if (status == RAMET_STATUS_OK)
        status = rmt_config_expect(&reader->config, options, "norm_type", "mean_std", "none");
    if (status == RAMET_STATUS_OK)
        status = rmt_config_triple(&reader->config, options, "mean", mean);
    if (status == RAMET_STATUS_OK)
        status = rmt_config_triple(&reader->config, options, "std", deviation);
    if (status != RAMET_STATUS_OK)
        return status;
    bool none = type != NULL && type->kind == RMT_YAML_SCALAR && rmt_text_equal_nocase(type->text, "none");
    for (int c = 0; c < 3; c++) {
        if (!(deviation[c] > 0))
            return rmt_config_bad_value(&reader->config, options, "std");
        mean[c] = none ? 0 : mean[c];
        deviation[c] = none ? 1 : deviation[c];
    }
    rmt_transform_set_numbers(reader->transform, scaled ? 1.0 / 255.0 : 1.0, mean, deviation);
    reader->normalized = true;
    return RAMET_STATUS_OK;
}

static ramet_status read_permute(transform_reader *reader, const rmt_yaml *options)
{
    bool to_bgr = false;
    ramet_status status = rmt_config_bool(&reader->config, options, "to_bgr", &to_bgr);
    reader->rgb ^= to_bgr;
    return status;
}

/* ---- the list ---------------------------------------------------------------------------------------------------- */

typedef struct operator_entry {
    const char *name;
    const char *keys; /* that it understands, each with a blank behind */
    ramet_status (*read)(transform_reader *reader, const rmt_yaml *options);
} operator_entry;

static const operator_entry OPERATORS[] = {
    {"Decode", "to_rgb img_mode ", read_decode},
    {"DecodeImage", "to_rgb img_mode channel_first ", read_decode},
    {"Resize", "target_size keep_ratio interp ", read_resize},
    {"Resize_Mult32", "limit_side_len limit_type interp ", read_resize_mult32},
    {"LetterBoxResize", "target_size ", read_letter_box},
    {"WarpAffine", "keep_res pad input_h input_w scale shift down_ratio ", read_warp},
    {"Pad", "size fill_value ", read_pad},
    {"PadStride", "stride ", read_pad_stride},
    {"NormalizeImage", "mean std is_scale norm_type is_channel_first ", read_normalize},
    {"Permute", "to_bgr channel_first ", read_permute},
};

static bool knows_key(const operator_entry *entry, const char *key)
{
    size_t length = strlen(key);
    for (const char *at = entry->keys; (at = strstr(at, key)) != NULL; at++)
        if ((at == entry->keys || at[-1] == ' ') && at[length] == ' ')
            return true;
    return strcmp(key, "type") == 0;
}

static ramet_status read_operator(transform_reader *reader, const rmt_yaml *options, const char *name)
{
    for (size_t i = 0; i < sizeof OPERATORS / sizeof OPERATORS[0]; i++) {
        if (strcmp(name, OPERATORS[i].name) != 0)
            continue;
        bool is_map = options->kind == RMT_YAML_MAP;
        for (const rmt_yaml *key = is_map ? options->first : NULL; key != NULL; key = key->next)
            if (!knows_key(&OPERATORS[i], key->key))
                return refuse(reader, key, RAMET_STATUS_UNSUPPORTED,
                              "ramet does not know this key of an operator:", key->key);
        return OPERATORS[i].read(reader, options);
    }
    return refuse(reader, options, RAMET_STATUS_UNSUPPORTED, "ramet does not know the preprocessing operator", name);
}

/* {type: Resize, ...}, or {Resize: {...}}. */
static ramet_status read_item(transform_reader *reader, const rmt_yaml *item)
{
    const rmt_yaml *type = rmt_yaml_get(item, "type");
    if (type != NULL && type->kind == RMT_YAML_SCALAR)
        return read_operator(reader, item, type->text);
    if (item->kind == RMT_YAML_MAP && item->first != NULL && item->first->next == NULL)
        return read_operator(reader, item->first, item->first->key);
    return refuse(reader, item, RAMET_STATUS_BAD_FORMAT, "an operator without a type in", "Preprocess");
}

/* What fills pixels is normalised with them. */
static void finish(transform_reader *reader)
{
    rmt_transform *transform = reader->transform;
    const rmt_pixel_transform *pixels = &transform->pixels;
    for (size_t i = 0; i < transform->count; i++)
        for (int c = 0; reader->raw_fill[i] && c < 3; c++)
            transform->steps[i].fill[c] = transform->steps[i].fill[c] * pixels->scale[c] + pixels->shift[c];
    transform->pixels.swap_rb = reader->rgb;
}

ramet_status rmt_detect_transform_read(const rmt_yaml_file *file, rmt_transform *transform, ramet_error *error)
{
    rmt_transform_init(transform);
    transform_reader reader = {.config = {file, error}, .transform = transform, .rgb = true};
    const rmt_yaml *list = rmt_yaml_get(file->root, "Preprocess");
    if (list == NULL || list->kind != RMT_YAML_LIST) {
        rmt_fail(error, RAMET_STATUS_BAD_FORMAT, "the configuration has no list Preprocess");
        return rmt_fail_at(error, RAMET_STATUS_BAD_FORMAT, "%.160s", file->path);
    }
    for (const rmt_yaml *item = list->first; item != NULL; item = item->next) {
        ramet_status status = read_item(&reader, item);
        if (status != RAMET_STATUS_OK)
            return status;
    }
    finish(&reader);
    return RAMET_STATUS_OK;
}

void rmt_detect_transform_plain(const ramet_detect_option *option, rmt_transform *transform)
{
    double mean[3], deviation[3];
    bool given = option->std[0] > 0; /* all of them are, then */
    for (int c = 0; c < 3; c++) {
        mean[c] = given ? (double)option->mean[c] : IMAGENET_MEAN[c];
        deviation[c] = given ? (double)option->std[c] : IMAGENET_STD[c];
    }
    rmt_transform_init(transform);
    rmt_transform_set_numbers(transform, 1.0 / 255.0, mean, deviation);
    transform->pixels.swap_rb = option->channel_order == RAMET_CHANNEL_ORDER_RGB;
    transform->count = 1;
    transform->steps[0] = (rmt_step){.kind = RMT_STEP_RESIZE,
                                     .height = option->input_height,
                                     .width = option->input_width,
                                     .interpolation = RMT_INTERPOLATION_LINEAR};
}

/* ---- what a model is told about an image ---------------------------------------------------------------------------- */

ramet_status rmt_detect_geometry_make(const rmt_transform *transform, rmt_extent image, ramet_detect_geometry *geometry,
                                      ramet_error *error)
{
    rmt_extent now = image;
    *geometry = (ramet_detect_geometry){
        .image_width = image.width,
        .image_height = image.height,
        .im_shape = {(float)image.height, (float)image.width},
        .scale_factor = {1, 1},
    };
    for (size_t i = 0; i < transform->count; i++) {
        rmt_step_effect effect;
        ramet_status status = rmt_step_measure(&transform->steps[i], now, &effect, error);
        if (status != RAMET_STATUS_OK)
            return status;
        now = effect.extent;
        geometry->left += effect.left, geometry->top += effect.top;
        if (transform->steps[i].kind >= RMT_STEP_CROP)
            continue;
        geometry->im_shape[0] = (float)now.height, geometry->im_shape[1] = (float)now.width;
        geometry->scale_factor[0] = (float)effect.factor_y, geometry->scale_factor[1] = (float)effect.factor_x;
    }
    geometry->input_width = now.width, geometry->input_height = now.height;
    return RAMET_STATUS_OK;
}

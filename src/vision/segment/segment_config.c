/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deploy of a PaddleSeg configuration: transforms, output_op, input_shape.
 *
 * Each transform is a map with its `type`. Those that training leaves to chance
 * are refused unless their options leave it none; Resize with a random
 * interpolation is done bilinearly. A model of a fixed size whose list resizes
 * nothing gets its images stretched to that size, as FastDeploy does.
 */
#include "vision/segment/segment.h"

#include <math.h>
#include <string.h>

/* How far the list has been read. */
typedef struct segment_reader {
    rmt_config config;
    rmt_segment_config *into;
    bool normalized;
} segment_reader;

static ramet_status refuse(const segment_reader *reader, const rmt_yaml *node, const char *text, const char *subject)
{
    return rmt_config_refuse(&reader->config, node, RAMET_STATUS_UNSUPPORTED, text, subject);
}

static ramet_status bad_value(const segment_reader *reader, const rmt_yaml *map, const char *key)
{
    const rmt_yaml *node = rmt_yaml_get(map, key);
    return rmt_config_bad_value(&reader->config, node != NULL ? node : map, key);
}

static ramet_status add_step(segment_reader *reader, const rmt_yaml *map, const rmt_step *step)
{
    return rmt_transform_add(&reader->into->transform, step, reader->normalized, &reader->config,
                             rmt_yaml_get(map, "type"));
}

/* ---- options ----------------------------------------------------------------------------------------------------- */

/* A side in pixels, or, as older files write it, -1 for none; absent: *side stays. */
static ramet_status read_side(const segment_reader *reader, const rmt_yaml *map, const char *key, int32_t *side)
{
    return rmt_config_int(&reader->config, map, key, -1, RMT_CONFIG_MAX_SIDE, side);
}

/* target_size: one side or [width, height]; absent: what stands in step, which is an error when that is nothing. */
static ramet_status read_target(const segment_reader *reader, const rmt_yaml *map, rmt_step *step)
{
    int32_t sides[2];
    bool found;
    ramet_status status = rmt_config_sides(&reader->config, map, "target_size", sides, &found);
    if (status == RAMET_STATUS_OK && found)
        step->width = sides[0], step->height = sides[1];
    if (status == RAMET_STATUS_OK && step->width == 0)
        return bad_value(reader, map, "target_size");
    return status;
}

static ramet_status read_interpolation(const segment_reader *reader, const rmt_yaml *map,
                                       rmt_interpolation *interpolation)
{
    static const char *const names[] = {"NEAREST", "LINEAR", "CUBIC", "AREA", "LANCZOS4"};
    const rmt_yaml *node = rmt_yaml_get(map, "interp");
    if (rmt_yaml_is_null(node))
        return RAMET_STATUS_OK;
    if (node->kind == RMT_YAML_SCALAR && rmt_text_equal_nocase(node->text, "RANDOM"))
        return RAMET_STATUS_OK;
    for (int i = 0; node->kind == RMT_YAML_SCALAR && i <= RMT_INTERPOLATION_LANCZOS4; i++) {
        if (rmt_text_equal_nocase(node->text, names[i])) {
            *interpolation = (rmt_interpolation)i;
            return RAMET_STATUS_OK;
        }
    }
    return refuse(reader, node, "Resize cannot do the interpolation",
                  node->kind == RMT_YAML_SCALAR ? node->text : "a list");
}

/*
 * The value of a padding: one for all channels, 127.5 by default. As a number it stays as it is; pixels get it rounded,
 * or cut off where `whole`.
 */
static ramet_status read_fill(const segment_reader *reader, const rmt_yaml *map, bool whole, float fill[3])
{
    double values[3] = {127.5, 127.5, 127.5};
    ramet_status status = rmt_config_triple(&reader->config, map, "im_padding_value", values);
    for (int c = 0; c < 3; c++)
        fill[c] = (float)(whole ? trunc(values[c]) : values[c]);
    return status;
}

/* ---- transforms -------------------------------------------------------------------------------------------------- */

static ramet_status read_normalize(segment_reader *reader, const rmt_yaml *map)
{
    double mean[3] = {0.5, 0.5, 0.5}, deviation[3] = {0.5, 0.5, 0.5};
    if (reader->normalized)
        return refuse(reader, map, "ramet cannot do a second", "Normalize");
    ramet_status status = rmt_config_triple(&reader->config, map, "mean", mean);
    if (status == RAMET_STATUS_OK)
        status = rmt_config_triple(&reader->config, map, "std", deviation);
    for (int c = 0; status == RAMET_STATUS_OK && c < 3; c++)
        if (deviation[c] == 0)
            return bad_value(reader, map, "std");
    rmt_transform_set_numbers(&reader->into->transform, 1.0 / 255.0, mean, deviation);
    reader->normalized = true;
    return status;
}

static ramet_status read_resize(segment_reader *reader, const rmt_yaml *map)
{
    rmt_step step = {.width = 512, .height = 512, .interpolation = RMT_INTERPOLATION_LINEAR};
    bool keep_ratio = false;
    ramet_status status = read_target(reader, map, &step);
    if (status == RAMET_STATUS_OK)
        status = rmt_config_bool(&reader->config, map, "keep_ratio", &keep_ratio);
    if (status == RAMET_STATUS_OK)
        status = rmt_config_int(&reader->config, map, "size_divisor", 0, RMT_CONFIG_MAX_SIDE, &step.divisor);
    if (status == RAMET_STATUS_OK)
        status = read_interpolation(reader, map, &step.interpolation);
    step.kind = keep_ratio ? RMT_STEP_RESIZE_INSIDE : RMT_STEP_RESIZE;
    return status == RAMET_STATUS_OK ? add_step(reader, map, &step) : status;
}

static ramet_status read_by_long(segment_reader *reader, const rmt_yaml *map)
{
    rmt_step step = {.kind = RMT_STEP_RESIZE_LONG, .interpolation = RMT_INTERPOLATION_LINEAR};
    ramet_status status = read_side(reader, map, "long_size", &step.most);
    if (status == RAMET_STATUS_OK && step.most < 1)
        return bad_value(reader, map, "long_size");
    return status == RAMET_STATUS_OK ? add_step(reader, map, &step) : status;
}

static ramet_status read_by_short(segment_reader *reader, const rmt_yaml *map)
{
    rmt_step step = {.kind = RMT_STEP_RESIZE_SHORT, .interpolation = RMT_INTERPOLATION_LINEAR};
    const rmt_yaml *sides = rmt_yaml_get(map, "short_size");
    double most = 0;
    if (sides != NULL && sides->kind == RMT_YAML_LIST)
        return refuse(reader, sides, "ramet leaves nothing to chance: several sizes for", "short_size");
    ramet_status status = read_side(reader, map, "short_size", &step.least);
    if (status == RAMET_STATUS_OK && step.least < 1)
        return bad_value(reader, map, "short_size");
    if (status == RAMET_STATUS_OK)
        status = rmt_config_real(&reader->config, map, "max_size", &most);
    step.most = most >= 1 && most <= RMT_CONFIG_MAX_SIDE ? (int32_t)most : 0;
    return status == RAMET_STATUS_OK ? add_step(reader, map, &step) : status;
}

static ramet_status read_limits(segment_reader *reader, const rmt_yaml *map, rmt_step step, const char *least,
                                const char *most)
{
    ramet_status status = read_side(reader, map, least, &step.least);
    if (status == RAMET_STATUS_OK)
        status = read_side(reader, map, most, &step.most);
    if (status == RAMET_STATUS_OK && step.most > 0 && step.least > step.most)
        return bad_value(reader, map, least);
    return status == RAMET_STATUS_OK ? add_step(reader, map, &step) : status;
}

static ramet_status read_limit_long(segment_reader *reader, const rmt_yaml *map)
{
    rmt_step step = {.kind = RMT_STEP_LIMIT_LONG, .interpolation = RMT_INTERPOLATION_LINEAR};
    return read_limits(reader, map, step, "min_long", "max_long");
}

static ramet_status read_limit_short(segment_reader *reader, const rmt_yaml *map)
{
    rmt_step step = {.kind = RMT_STEP_LIMIT_SHORT, .interpolation = RMT_INTERPOLATION_LINEAR};
    return read_limits(reader, map, step, "min_short", "max_short");
}

/* Training picks the longer side between two values; here they must be one. */
static ramet_status read_range_scaling(segment_reader *reader, const rmt_yaml *map)
{
    rmt_step step = {.kind = RMT_STEP_RESIZE_LONG, .interpolation = RMT_INTERPOLATION_LINEAR};
    int32_t least = 400;
    step.most = 600;
    ramet_status status = rmt_config_int(&reader->config, map, "min_value", 1, RMT_CONFIG_MAX_SIDE, &least);
    if (status == RAMET_STATUS_OK)
        status = rmt_config_int(&reader->config, map, "max_value", 1, RMT_CONFIG_MAX_SIDE, &step.most);
    if (status == RAMET_STATUS_OK && least != step.most)
        return refuse(reader, map, "ramet leaves nothing to chance: two sizes for", "ResizeRangeScaling");
    return status == RAMET_STATUS_OK ? add_step(reader, map, &step) : status;
}

/* The same of a factor. */
static ramet_status read_step_scaling(segment_reader *reader, const rmt_yaml *map)
{
    rmt_step step = {.kind = RMT_STEP_RESIZE_BY, .ratio = 1.25, .interpolation = RMT_INTERPOLATION_LINEAR};
    double least = 0.75;
    ramet_status status = rmt_config_real(&reader->config, map, "min_scale_factor", &least);
    if (status == RAMET_STATUS_OK)
        status = rmt_config_real(&reader->config, map, "max_scale_factor", &step.ratio);
    if (status == RAMET_STATUS_OK && least != step.ratio)
        return refuse(reader, map, "ramet leaves nothing to chance: two factors for", "ResizeStepScaling");
    if (status == RAMET_STATUS_OK && !(step.ratio > 0))
        return bad_value(reader, map, "max_scale_factor");
    return status == RAMET_STATUS_OK ? add_step(reader, map, &step) : status;
}

static ramet_status read_padding(segment_reader *reader, const rmt_yaml *map)
{
    rmt_step step = {.kind = RMT_STEP_PAD};
    ramet_status status = read_target(reader, map, &step);
    if (status == RAMET_STATUS_OK)
        status = read_fill(reader, map, false, step.fill);
    return status == RAMET_STATUS_OK ? add_step(reader, map, &step) : status;
}

static ramet_status read_padding_ratio(segment_reader *reader, const rmt_yaml *map)
{
    rmt_step step = {.kind = RMT_STEP_PAD_RATIO, .ratio = 1};
    ramet_status status = rmt_config_real(&reader->config, map, "aspect_ratio", &step.ratio);
    if (status == RAMET_STATUS_OK && !(step.ratio > 0))
        return bad_value(reader, map, "aspect_ratio");
    if (status == RAMET_STATUS_OK)
        status = read_fill(reader, map, false, step.fill);
    return status == RAMET_STATUS_OK ? add_step(reader, map, &step) : status;
}

/* A square around the image, then a cubic resize. */
static ramet_status read_scale_padding(segment_reader *reader, const rmt_yaml *map)
{
    rmt_step square = {.kind = RMT_STEP_PAD_SQUARE};
    rmt_step resize = {.width = 512, .height = 512, .interpolation = RMT_INTERPOLATION_CUBIC};
    ramet_status status = read_target(reader, map, &resize);
    if (status == RAMET_STATUS_OK)
        status = read_fill(reader, map, true, square.fill);
    if (status == RAMET_STATUS_OK)
        status = add_step(reader, map, &square);
    return status == RAMET_STATUS_OK ? add_step(reader, map, &resize) : status;
}

static ramet_status read_transform(segment_reader *reader, const rmt_yaml *map)
{
    static const struct {
        const char *name;
        ramet_status (*read)(segment_reader *reader, const rmt_yaml *map);
    } transforms[] = {
        {"Normalize", read_normalize},
        {"Resize", read_resize},
        {"ResizeByLong", read_by_long},
        {"ResizeByShort", read_by_short},
        {"LimitLong", read_limit_long},
        {"LimitShort", read_limit_short},
        {"ResizeRangeScaling", read_range_scaling},
        {"ResizeStepScaling", read_step_scaling},
        {"Padding", read_padding},
        {"PaddingByAspectRatio", read_padding_ratio},
        {"ScalePadding", read_scale_padding},
    };
    const rmt_yaml *type = rmt_yaml_get(map, "type");
    if (type == NULL || type->kind != RMT_YAML_SCALAR)
        return rmt_config_refuse(&reader->config, map, RAMET_STATUS_BAD_FORMAT, "a transform without its", "type");
    for (size_t i = 0; i < sizeof transforms / sizeof transforms[0]; i++)
        if (strcmp(type->text, transforms[i].name) == 0)
            return transforms[i].read(reader, map);
    return refuse(reader, type, "ramet does not know the transform", type->text);
}

/* ---- the file ---------------------------------------------------------------------------------------------------- */

/* Whether the program was exported for one size; then a list without geometry gets a stretch to it. */
static ramet_status read_input_shape(segment_reader *reader, const rmt_yaml *deploy)
{
    const rmt_yaml *node = rmt_yaml_get(deploy, "input_shape");
    double shape[4];
    rmt_transform *transform = &reader->into->transform;
    if (rmt_yaml_is_null(node) || transform->count > 0)
        return RAMET_STATUS_OK;
    if (rmt_yaml_read_floats(node, shape, 4) != 4 || shape[2] > RMT_CONFIG_MAX_SIDE || shape[3] > RMT_CONFIG_MAX_SIDE)
        return rmt_config_bad_value(&reader->config, node, "input_shape");
    if (!(shape[2] >= 1 && shape[3] >= 1))
        return RAMET_STATUS_OK;
    rmt_step step = {.kind = RMT_STEP_RESIZE,
                     .width = (int32_t)shape[3],
                     .height = (int32_t)shape[2],
                     .interpolation = RMT_INTERPOLATION_LINEAR};
    return rmt_transform_add(transform, &step, false, &reader->config, node);
}

static ramet_status read_output_op(segment_reader *reader, const rmt_yaml *deploy)
{
    const rmt_yaml *node = rmt_yaml_get(deploy, "output_op");
    const char *name = node != NULL && node->kind == RMT_YAML_SCALAR ? node->text : "";
    reader->into->gives_probabilities = rmt_text_equal_nocase(name, "softmax");
    reader->into->gives_classes = node == NULL || rmt_text_equal_nocase(name, "argmax");
    if (reader->into->gives_probabilities || reader->into->gives_classes || rmt_yaml_is_null(node) ||
        rmt_text_equal_nocase(name, "none"))
        return RAMET_STATUS_OK;
    return refuse(reader, node, "ramet does not know the output_op", name);
}

static ramet_status read_deploy(segment_reader *reader, const rmt_yaml *deploy)
{
    const rmt_yaml *list = rmt_yaml_get(deploy, "transforms");
    if (list == NULL || list->kind != RMT_YAML_LIST) {
        rmt_fail(reader->config.error, RAMET_STATUS_BAD_FORMAT, "the configuration has no list Deploy.transforms");
        return rmt_fail_at(reader->config.error, RAMET_STATUS_BAD_FORMAT, "%.160s", reader->config.file->path);
    }
    rmt_transform_init(&reader->into->transform);
    ramet_status status = RAMET_STATUS_OK;
    for (const rmt_yaml *item = list->first; status == RAMET_STATUS_OK && item != NULL; item = item->next)
        status = read_transform(reader, item);
    if (status == RAMET_STATUS_OK)
        status = read_input_shape(reader, deploy);
    return status == RAMET_STATUS_OK ? read_output_op(reader, deploy) : status;
}

ramet_status rmt_segment_config_open(const char *config_file, rmt_segment_config *config, ramet_error *error)
{
    rmt_yaml_file file;
    *config = (rmt_segment_config){0};
    if (config_file == NULL)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "segmentation needs a configuration file");
    ramet_status status = rmt_yaml_open(config_file, &file, error);
    if (status != RAMET_STATUS_OK)
        return status;
    segment_reader reader = {.config = {&file, error}, .into = config};
    status = read_deploy(&reader, rmt_yaml_get(file.root, "Deploy"));
    rmt_yaml_close(&file);
    return status;
}

void rmt_segment_set_vertical(rmt_transform *transform, bool vertical)
{
    for (size_t i = 0; i < transform->count; i++) {
        if (transform->steps[i].kind == RMT_STEP_RESIZE) {
            transform->steps[i].portrait = vertical;
            return;
        }
    }
}

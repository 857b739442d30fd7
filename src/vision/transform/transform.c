/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transforms as data: put together by the readers of configurations, measured
 * without pixels. Each kind of step has one function that says what it makes
 * of an extent.
 */
#include "vision/transform/transform.h"

#include <math.h>

void rmt_transform_init(rmt_transform *transform)
{
    *transform = (rmt_transform){.pixels = {.scale = {1, 1, 1}, .swap_rb = true}};
}

static bool is_padding(const rmt_step *step) { return step->kind >= RMT_STEP_PAD; }

/* What the configuration calls a step: {NAME: {...}} or {type: NAME, ...}. */
static const char *name_of(const rmt_yaml *node)
{
    const rmt_yaml *type = rmt_yaml_get(node, "type");
    if (node->key != NULL)
        return node->key;
    return type != NULL && type->kind == RMT_YAML_SCALAR ? type->text : "another step";
}

ramet_status rmt_transform_add(rmt_transform *transform, const rmt_step *step, bool after_numbers,
                               const rmt_config *config, const rmt_yaml *node)
{
    bool late = after_numbers || transform->margins > 0;
    if (late && !is_padding(step))
        return rmt_config_refuse(config, node, RAMET_STATUS_UNSUPPORTED,
                                 "after the pixels are normalised or padded ramet cannot do", name_of(node));
    if (transform->count == RMT_TRANSFORM_MAX_STEPS)
        return rmt_config_refuse(config, node, RAMET_STATUS_UNSUPPORTED, "too many steps, from", name_of(node));
    transform->steps[transform->count++] = *step;
    transform->margins += late;
    return RAMET_STATUS_OK;
}

void rmt_transform_set_numbers(rmt_transform *transform, double scale, const double mean[3], const double deviation[3])
{
    for (int c = 0; c < 3; c++) {
        transform->pixels.scale[c] = (float)(scale / deviation[c]);
        transform->pixels.shift[c] = (float)(-mean[c] / deviation[c]);
    }
}

/* ---- extents ----------------------------------------------------------------------------------------------------- */

static int32_t longer(rmt_extent extent) { return extent.width > extent.height ? extent.width : extent.height; }
static int32_t shorter(rmt_extent extent) { return extent.width < extent.height ? extent.width : extent.height; }

/* As many pixels as a resize could ask for; rmt_step_measure() finds out whether they are too many. */
static int32_t whole_side(double side)
{
    double rounded = rint(side);
    return rounded < 1 ? 1 : rounded < INT32_MAX ? (int32_t)rounded : INT32_MAX;
}

static void resize_by(rmt_extent from, double factor, rmt_step_effect *effect)
{
    effect->extent = (rmt_extent){whole_side(from.height * factor), whole_side(from.width * factor)};
    effect->factor_x = effect->factor_y = factor;
}

static void measure_resize(const rmt_step *step, rmt_extent from, rmt_step_effect *effect)
{
    bool turn = step->portrait && step->width > step->height;
    effect->extent = turn ? (rmt_extent){step->width, step->height} : (rmt_extent){step->height, step->width};
    effect->factor_x = (double)effect->extent.width / from.width;
    effect->factor_y = (double)effect->extent.height / from.height;
}

static void measure_inside(const rmt_step *step, rmt_extent from, rmt_step_effect *effect)
{
    rmt_extent room = {step->height, step->width};
    resize_by(from, fmin((double)longer(room) / longer(from), (double)shorter(room) / shorter(from)), effect);
}

/* What decides is the longer side as it would be rounded. */
static void measure_near(const rmt_step *step, rmt_extent from, rmt_step_effect *effect)
{
    rmt_extent room = {step->height, step->width};
    double factor = (double)shorter(room) / shorter(from);
    resize_by(from, rint(factor * longer(from)) > longer(room) ? (double)longer(room) / longer(from) : factor, effect);
}

static void measure_fit(const rmt_step *step, rmt_extent from, rmt_step_effect *effect)
{
    resize_by(from, fmin((double)step->height / from.height, (double)step->width / from.width), effect);
}

/* A side after scaling, at the nearest multiple that is one. */
static int32_t near_multiple(int32_t side, double factor, int32_t divisor)
{
    return whole_side(fmax(rint(trunc(side * factor) / divisor), 1) * divisor);
}

static void measure_multiple(const rmt_step *step, rmt_extent from, rmt_step_effect *effect)
{
    double factor = step->least > 0 ? (double)step->least / shorter(from) : (double)step->most / longer(from);
    effect->extent.height = near_multiple(from.height, factor, step->divisor);
    effect->extent.width = near_multiple(from.width, factor, step->divisor);
    effect->factor_x = (double)effect->extent.width / from.width;
    effect->factor_y = (double)effect->extent.height / from.height;
}

static void measure_short(const rmt_step *step, rmt_extent from, rmt_step_effect *effect)
{
    int32_t side = step->least;
    if (step->most > 0 && (double)side / shorter(from) * longer(from) > step->most)
        side = (int32_t)((double)step->most / longer(from) * shorter(from));
    resize_by(from, (double)side / shorter(from), effect);
}

static void measure_long(const rmt_step *step, rmt_extent from, rmt_step_effect *effect)
{
    resize_by(from, (double)step->most / longer(from), effect);
}

static void measure_by(const rmt_step *step, rmt_extent from, rmt_step_effect *effect)
{
    resize_by(from, step->ratio, effect);
}

static void limit_side(const rmt_step *step, rmt_extent from, int32_t side, rmt_step_effect *effect)
{
    int32_t limited = step->most > 0 && side > step->most ? step->most : side;
    if (limited == side && side < step->least)
        limited = step->least;
    resize_by(from, (double)limited / side, effect);
}

static void measure_limit_short(const rmt_step *step, rmt_extent from, rmt_step_effect *effect)
{
    limit_side(step, from, shorter(from), effect);
}

static void measure_limit_long(const rmt_step *step, rmt_extent from, rmt_step_effect *effect)
{
    limit_side(step, from, longer(from), effect);
}

static void measure_crop(const rmt_step *step, rmt_extent from, rmt_step_effect *effect)
{
    effect->extent = (rmt_extent){step->height, step->width};
    effect->left = -((from.width - step->width) / 2);
    effect->top = -((from.height - step->height) / 2);
}

static void measure_warp(const rmt_step *step, rmt_extent from, rmt_step_effect *effect)
{
    effect->extent = (rmt_extent){step->height, step->width};
    if (step->width == 0)
        effect->extent = (rmt_extent){(from.height | step->most) + 1, (from.width | step->most) + 1};
}

static void measure_pad(const rmt_step *step, rmt_extent from, rmt_step_effect *effect)
{
    (void)from;
    effect->extent = (rmt_extent){step->height, step->width};
}

/* An odd pixel goes to the right and below. */
static void measure_pad_centre(const rmt_step *step, rmt_extent from, rmt_step_effect *effect)
{
    effect->extent = (rmt_extent){step->height, step->width};
    effect->left = (step->width - from.width) / 2;
    effect->top = (step->height - from.height) / 2;
}

static void measure_pad_ratio(const rmt_step *step, rmt_extent from, rmt_step_effect *effect)
{
    double ratio = (double)from.width / from.height;
    double height = ratio > step->ratio ? trunc(from.width / step->ratio) : from.height;
    double width = ratio < step->ratio ? trunc(from.height * step->ratio) : from.width;
    effect->extent = (rmt_extent){whole_side(height), whole_side(width)};
}

static int32_t multiple_of(int32_t side, int32_t divisor)
{
    int64_t grown = ((int64_t)side + divisor - 1) / divisor * divisor;
    return grown < INT32_MAX ? (int32_t)grown : INT32_MAX;
}

static rmt_extent extent_multiple(rmt_extent extent, int32_t divisor)
{
    return (rmt_extent){multiple_of(extent.height, divisor), multiple_of(extent.width, divisor)};
}

static void measure_pad_multiple(const rmt_step *step, rmt_extent from, rmt_step_effect *effect)
{
    effect->extent = extent_multiple(from, step->divisor);
}

static void measure_pad_square(const rmt_step *step, rmt_extent from, rmt_step_effect *effect)
{
    (void)step;
    effect->extent = (rmt_extent){longer(from), longer(from)};
    effect->left = (longer(from) - from.width) / 2;
    effect->top = (longer(from) - from.height) / 2;
}

/* What the step itself makes impossible: a crop of more, or a padding to less, than there is. */
static ramet_status check_room(const rmt_step *step, rmt_extent from, rmt_extent to, ramet_error *error)
{
    if (step->kind == RMT_STEP_CROP && (to.width > from.width || to.height > from.height))
        return rmt_fail(error, RAMET_STATUS_BAD_SHAPE, "an image of %d x %d pixels is smaller than the crop of %d x %d",
                        (int)from.width, (int)from.height, (int)to.width, (int)to.height);
    if (is_padding(step) && (to.width < from.width || to.height < from.height))
        return rmt_fail(error, RAMET_STATUS_BAD_SHAPE,
                        "an image of %d x %d pixels is larger than the padding to %d x %d", (int)from.width,
                        (int)from.height, (int)to.width, (int)to.height);
    if ((int64_t)to.width * to.height > RMT_IMAGE_MAX_PIXELS)
        return rmt_fail(error, RAMET_STATUS_OVER_BUDGET, "an image of %d x %d pixels would become one of %d x %d",
                        (int)from.width, (int)from.height, (int)to.width, (int)to.height);
    return RAMET_STATUS_OK;
}

ramet_status rmt_step_measure(const rmt_step *step, rmt_extent extent, rmt_step_effect *effect, ramet_error *error)
{
    static void (*const measures[])(const rmt_step *step, rmt_extent from, rmt_step_effect *effect) = {
        [RMT_STEP_RESIZE] = measure_resize,
        [RMT_STEP_RESIZE_INSIDE] = measure_inside,
        [RMT_STEP_RESIZE_NEAR] = measure_near,
        [RMT_STEP_RESIZE_FIT] = measure_fit,
        [RMT_STEP_RESIZE_MULTIPLE] = measure_multiple,
        [RMT_STEP_RESIZE_SHORT] = measure_short,
        [RMT_STEP_RESIZE_LONG] = measure_long,
        [RMT_STEP_RESIZE_BY] = measure_by,
        [RMT_STEP_LIMIT_SHORT] = measure_limit_short,
        [RMT_STEP_LIMIT_LONG] = measure_limit_long,
        [RMT_STEP_CROP] = measure_crop,
        [RMT_STEP_WARP] = measure_warp,
        [RMT_STEP_PAD] = measure_pad,
        [RMT_STEP_PAD_CENTRE] = measure_pad_centre,
        [RMT_STEP_PAD_RATIO] = measure_pad_ratio,
        [RMT_STEP_PAD_MULTIPLE] = measure_pad_multiple,
        [RMT_STEP_PAD_SQUARE] = measure_pad_square,
    };
    *effect = (rmt_step_effect){.factor_x = 1, .factor_y = 1};
    measures[step->kind](step, extent, effect);
    if (step->divisor > 0)
        effect->extent = extent_multiple(effect->extent, step->divisor);
    return check_room(step, extent, effect->extent, error);
}

ramet_status rmt_transform_measure(const rmt_transform *transform, rmt_extent *extent, ramet_error *error)
{
    ramet_status status = RAMET_STATUS_OK;
    rmt_step_effect effect;
    for (size_t i = 0; status == RAMET_STATUS_OK && i < transform->count; i++) {
        status = rmt_step_measure(&transform->steps[i], *extent, &effect, error);
        *extent = effect.extent;
    }
    return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Detection: outputs to objects. All that reading them takes lies in an arena
 * that lives as long as the call.
 */
#include "vision/detect/detect.h"

#include <string.h>

struct ramet_detect_postprocessor {
    rmt_postprocessor base;
    rmt_detect_settings settings;
    rmt_transform transform; /* of the model's images; used for selections of images only */
};

/* ---- reading -------------------------------------------------------------------------------------------------------------- */

/* Outputs -> the results of `images` images; indices: which of results each is, NULL: in their order. */
static ramet_status read_outputs(const ramet_detect_postprocessor *self, const rmt_outputs *outputs,
                                 const ramet_detect_geometry *geometries, const rmt_place *places, size_t images,
                                 ramet_detect_result *results, ramet_error *error)
{
    rmt_arena arena;
    rmt_arena_init(&arena, 0);
    rmt_detect_reading reading = {.settings = &self->settings,
                                  .geometries = geometries,
                                  .images = images,
                                  .arena = &arena,
                                  .rows = rmt_arena_alloc(&arena, images, sizeof *reading.rows),
                                  .error = error};
    ramet_status status = reading.rows != NULL ? rmt_detect_read(&reading, outputs)
                                               : rmt_fail_memory(error, images * sizeof *reading.rows);
    for (size_t i = 0; status == RAMET_STATUS_OK && i < images; i++)
        status = rmt_detect_result_fill(&reading, i, &results[places != NULL ? places[i].index : i], error);
    rmt_arena_clear(&arena);
    return status;
}

static ramet_status read_all(rmt_postprocessor *base, const rmt_outputs *outputs, const rmt_selection *selection,
                             void *results, ramet_error *error)
{
    const ramet_detect_postprocessor *self = (const ramet_detect_postprocessor *)base;
    rmt_arena arena;
    rmt_arena_init(&arena, 0);
    ramet_detect_geometry *geometries = rmt_arena_alloc(&arena, selection->count, sizeof *geometries);
    ramet_status status =
        geometries != NULL ? RAMET_STATUS_OK : rmt_fail_memory(error, selection->count * sizeof *geometries);
    for (size_t i = 0; status == RAMET_STATUS_OK && i < selection->count; i++) {
        const ramet_image *image = &selection->images[selection->places[i].index];
        rmt_extent extent = {image->height, image->width};
        status = rmt_detect_geometry_make(&self->transform, extent, &geometries[i], error);
    }
    if (status == RAMET_STATUS_OK)
        status = read_outputs(self, outputs, geometries, selection->places, selection->count, results, error);
    rmt_arena_clear(&arena);
    return status;
}

/* ---- the object ------------------------------------------------------------------------------------------------------------- */

static void clear_result(void *result) { ramet_detect_result_clear(result); }

static void configure(rmt_postprocessor *base, const rmt_postprocessor *from)
{
    ramet_detect_postprocessor *self = (ramet_detect_postprocessor *)base;
    self->settings = ((const ramet_detect_postprocessor *)from)->settings;
    self->transform = ((const ramet_detect_postprocessor *)from)->transform;
    rmt_texts_retain(self->settings.labels);
}

static void release(rmt_postprocessor *base)
{
    rmt_texts_release(((ramet_detect_postprocessor *)base)->settings.labels);
}

static const rmt_postprocessor_kind KIND = {
    .bytes = sizeof(ramet_detect_postprocessor),
    .result_bytes = sizeof(ramet_detect_result),
    .read_all = read_all,
    .clear = clear_result,
    .configure = configure,
    .release = release,
};

ramet_status ramet_detect_postprocessor_create(const char *config_file, const ramet_detect_option *option,
                                               ramet_detect_postprocessor **postprocessor, ramet_error *error)
{
    ramet_detect_option resolved;
    if (postprocessor == NULL)
        return rmt_fail_no_place(error);
    *postprocessor = NULL;
    ramet_status status = rmt_detect_option_resolve(option, &resolved, error);
    if (status != RAMET_STATUS_OK)
        return status;
    ramet_detect_postprocessor *self = (ramet_detect_postprocessor *)rmt_postprocessor_create(&KIND, error);
    if (self == NULL)
        return RAMET_STATUS_OUT_OF_MEMORY;
    status = rmt_detect_settings_read(config_file, &resolved, &self->settings, error);
    if (status == RAMET_STATUS_OK)
        *postprocessor = self;
    else
        rmt_postprocessor_destroy(&self->base);
    return status;
}

void ramet_detect_postprocessor_destroy(ramet_detect_postprocessor *postprocessor)
{
    rmt_postprocessor_destroy((rmt_postprocessor *)postprocessor);
}

void rmt_detect_postprocessor_follow(ramet_detect_postprocessor *postprocessor, const rmt_transform *transform)
{
    postprocessor->transform = *transform;
}

ramet_status ramet_detect_postprocessor_set_score_threshold(ramet_detect_postprocessor *postprocessor,
                                                            float score_threshold)
{
    if (postprocessor == NULL || !(score_threshold >= 0 && score_threshold <= 1))
        return RAMET_STATUS_INVALID_ARGUMENT;
    ramet_status status = rmt_guard_enter(&postprocessor->base.guard, NULL);
    if (status != RAMET_STATUS_OK)
        return status;
    postprocessor->settings.score_threshold = score_threshold;
    rmt_guard_leave(&postprocessor->base.guard);
    return RAMET_STATUS_OK;
}

ramet_status ramet_detect_postprocessor_set_nms(ramet_detect_postprocessor *postprocessor,
                                                const ramet_detect_nms_option *nms, ramet_error *error)
{
    ramet_detect_option option, resolved;
    if (postprocessor == NULL || nms == NULL)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT,
                        "setting suppression needs a postprocessor and an option");
    ramet_detect_option_init(&option);
    option.nms = *nms;
    ramet_status status = rmt_detect_option_resolve(&option, &resolved, error);
    if (status == RAMET_STATUS_OK)
        status = rmt_guard_enter(&postprocessor->base.guard, error);
    if (status != RAMET_STATUS_OK)
        return status;
    postprocessor->settings.nms = resolved.nms;
    rmt_guard_leave(&postprocessor->base.guard);
    return RAMET_STATUS_OK;
}

ramet_status ramet_detect_postprocessor_set_rescale(ramet_detect_postprocessor *postprocessor, int32_t rescale)
{
    if (postprocessor == NULL)
        return RAMET_STATUS_INVALID_ARGUMENT;
    ramet_status status = rmt_guard_enter(&postprocessor->base.guard, NULL);
    if (status != RAMET_STATUS_OK)
        return status;
    postprocessor->settings.rescale = rescale != 0;
    rmt_guard_leave(&postprocessor->base.guard);
    return RAMET_STATUS_OK;
}

/* ---- the public run ----------------------------------------------------------------------------------------------------------- */

/* Boxes are divided by what stands here, and images that ran together had inputs of one size. */
static ramet_status check_geometries(const ramet_detect_geometry *geometries, size_t count, ramet_error *error)
{
    for (size_t i = 0; i < count; i++) {
        const ramet_detect_geometry *g = &geometries[i];
        if (g->image_width < 1 || g->image_height < 1 || g->input_width < 1 || g->input_height < 1 ||
            !(g->scale_factor[0] > 0) || !(g->scale_factor[1] > 0))
            return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "geometry %zu has sizes or factors of nothing", i);
        if (g->input_width != geometries[0].input_width || g->input_height != geometries[0].input_height)
            return rmt_fail(error, RAMET_STATUS_BAD_SHAPE, "geometry %zu is of an input of another size", i);
    }
    return RAMET_STATUS_OK;
}

ramet_status ramet_detect_postprocessor_run(ramet_detect_postprocessor *postprocessor, const ramet_tensor *outputs,
                                            size_t output_count, const ramet_detect_geometry *geometries,
                                            ramet_detect_result *results, size_t count, ramet_error *error)
{
    if (postprocessor == NULL || outputs == NULL || output_count == 0 || geometries == NULL || results == NULL ||
        count == 0)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT,
                        "a postprocessor needs outputs, geometries and room for results");
    memset(results, 0, count * sizeof *results);
    ramet_status status = check_geometries(geometries, count, error);
    if (status == RAMET_STATUS_OK)
        status = rmt_guard_enter(&postprocessor->base.guard, error);
    if (status != RAMET_STATUS_OK)
        return status;
    const rmt_outputs given = {outputs, output_count};
    status = read_outputs(postprocessor, &given, geometries, NULL, count, results, error);
    rmt_guard_leave(&postprocessor->base.guard);
    for (size_t i = 0; status != RAMET_STATUS_OK && i < count; i++)
        ramet_detect_result_clear(&results[i]);
    return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* ramet detect: the objects in each image. */
#include "cli.h"

#include <stdlib.h>

typedef struct detect_settings {
    cli_image_settings images;
    cli_model_settings model;
    ramet_detect_option option;
    const char *fpn_stride;
} detect_settings;

static ramet_status open_model(const void *context, void **worker, ramet_error *error)
{
    const detect_settings *settings = context;
    ramet_detect_model *model = NULL;
    ramet_status status =
        ramet_detect_model_open(settings->model.model, &settings->model.runtime, &settings->option, &model, error);
    *worker = model;
    return status;
}

static ramet_status clone_model(void *worker, void **clone, ramet_error *error)
{
    ramet_detect_model *made = NULL;
    ramet_status status = ramet_detect_model_clone(worker, &made, error);
    *clone = made;
    return status;
}

static void close_model(void *worker) { ramet_detect_model_close(worker); }

/* ---- results --------------------------------------------------------------------------------------------- */

/* A list of lists of `width` numbers. */
static json_t *rows_of(const float *values, size_t count, size_t width)
{
    json_t *array = cli_must(json_array());
    for (size_t i = 0; i < count; i++)
        cli_json_append(array, cli_json_reals(values + i * width, width));
    return array;
}

static bool is_set(const ramet_detect_mask *mask, int32_t x, int32_t y)
{
    bool inside = x >= mask->x && y >= mask->y && x - mask->x < mask->width && y - mask->y < mask->height;
    return inside && mask->data[(ptrdiff_t)(y - mask->y) * mask->width + (x - mask->x)];
}

/* COCO's form without compression: lengths of runs in the whole image, column by column, beginning with what is not set. */
static json_t *runs_of(const ramet_detect_mask *mask, int32_t width, int32_t height)
{
    json_t *counts = cli_must(json_array()), *size = cli_must(json_array()), *object = cli_must(json_object());
    bool now = false;
    int64_t length = 0;
    for (int32_t x = 0; x < width; x++) {
        for (int32_t y = 0; y < height; y++, length++) {
            if (is_set(mask, x, y) != now) {
                cli_json_append(counts, cli_json_int(length));
                now = !now;
                length = 0;
            }
        }
    }
    cli_json_append(counts, cli_json_int(length));
    cli_json_append(size, cli_json_int(height));
    cli_json_append(size, cli_json_int(width));
    cli_json_set(object, "size", size);
    cli_json_set(object, "counts", counts);
    return object;
}

static void add_result(const ramet_detect_result *found, const ramet_image *image, json_t *result)
{
    cli_json_set(result, "boxes", rows_of(found->count ? found->boxes[0] : NULL, found->count, 4));
    if (found->rotated_boxes)
        cli_json_set(result, "rotated_boxes", rows_of(found->rotated_boxes[0], found->count, 8));
    cli_json_set(result, "scores", cli_json_reals(found->scores, found->count));
    cli_json_set(result, "label_ids", cli_json_ints(found->label_ids, found->count));
    if (found->label_names)
        cli_json_set(result, "label_names", cli_json_texts(found->label_names, found->count));
    if (!found->contain_masks)
        return;
    json_t *masks = cli_must(json_array());
    for (size_t i = 0; i < found->count; i++)
        cli_json_append(masks, runs_of(&found->masks[i], image->width, image->height));
    cli_json_set(result, "masks", masks);
}

static ramet_status predict_image(void *worker, const ramet_image *image, json_t *result, ramet_error *error)
{
    ramet_detect_result found = {0};
    ramet_status status = ramet_detect_model_predict(worker, image, 1, &found, error);
    if (!status)
        add_result(&found, image, result);
    ramet_detect_result_clear(&found);
    return status;
}

static size_t list_runtimes(void *worker, ramet_runtime *list[CLI_MOST_RUNTIMES])
{
    list[0] = ramet_detect_model_runtime(worker);
    return 1;
}

static int run_task(const detect_settings *settings)
{
    static const char *const shown[] = {"label_ids", "scores", "boxes", "rotated_boxes", "label_names", NULL};
    const cli_task task = {
        .name = "detect",
        .noun = "object",
        .shown = shown,
        .settings = settings,
        .open = open_model,
        .clone = clone_model,
        .close = close_model,
        .predict = predict_image,
        .runtimes = list_runtimes,
    };
    return cli_images_run(&task, &settings->images);
}

/* ---- flags ----------------------------------------------------------------------------------------------- */

/* The least positive number stands for "above 0": 0 means the default in the option structs. */
#define ABOVE_ZERO 1e-6

static const cli_flag object_flags[] = {
    {"score_threshold", CLI_KIND_REAL, offsetof(detect_settings, option.score_threshold), "X",
     "leave out objects that do not score above this (default 0: keep all)", 0, 1},
    {"labels", CLI_KIND_TEXT, offsetof(detect_settings, option.label_file), "FILE",
     "names, one a line; default: label_list of the configuration", 0, 0},
};

static const cli_flag nms_flags[] = {
    {"nms_score_threshold", CLI_KIND_REAL, offsetof(detect_settings, option.nms.score_threshold), "X",
     "boxes with a score above take part (default: configuration, else 0.3)", ABOVE_ZERO, 1},
    {"nms_threshold", CLI_KIND_REAL, offsetof(detect_settings, option.nms.nms_threshold), "X",
     "of two boxes that overlap by more, the lower score goes (default: configuration, else 0.5)", ABOVE_ZERO, 1},
    {"nms_eta", CLI_KIND_REAL, offsetof(detect_settings, option.nms.nms_eta), "X",
     "below 1 the threshold shrinks by it with each box kept (default 1)", ABOVE_ZERO, 1},
    {"nms_top_k", CLI_KIND_INT, offsetof(detect_settings, option.nms.nms_top_k), "N",
     "boxes of a class that take part (default: configuration, else 1000; -1: all)", -1, INT32_MAX},
    {"keep_top_k", CLI_KIND_INT, offsetof(detect_settings, option.nms.keep_top_k), "N",
     "boxes of an image that are kept (default: configuration, else 100; -1: all)", -1, INT32_MAX},
    {"background_label", CLI_KIND_INT, offsetof(detect_settings, option.nms.background_label), "N",
     "a class that is no object (default -1: none)", -1, INT32_MAX},
};

static const cli_flag input_flags[] = {
    {"input_width", CLI_KIND_INT, offsetof(detect_settings, option.input_width), "N",
     "pixels (default: what the model declares)", 1, 65536},
    {"input_height", CLI_KIND_INT, offsetof(detect_settings, option.input_height), "N", "likewise", 1, 65536},
    {"mean", CLI_KIND_REAL3, offsetof(detect_settings, option.mean), "A,B,C",
     "of pixel / 255, in the order of the channels; with --std (default: ImageNet's)", 0, 0},
    {"std", CLI_KIND_REAL3, offsetof(detect_settings, option.std), "A,B,C", "standard deviation", ABOVE_ZERO, 1000},
    {"channel_order", CLI_KIND_CHOICE, offsetof(detect_settings, option.channel_order), "rgb|bgr",
     "what the model was trained with", 0, 0},
    {"fpn_stride", CLI_KIND_TEXT, offsetof(detect_settings, fpn_stride), "8,16,32,64",
     "pixels a cell of each bare head (default: configuration, or from the number of cells)", 0, 0},
};

/* "8,16,32,64" */
static bool read_strides(const char *text, int32_t *strides)
{
    for (size_t i = 0; text && i < RAMET_DETECT_MAX_LEVELS; i++) {
        char *end;
        long value = strtol(text, &end, 10);
        if (end == text || value < 1 || value > 65536 || (*end && *end != ','))
            return false;
        strides[i] = (int32_t)value;
        text = *end ? end + 1 : NULL;
    }
    return text == NULL;
}

static int run_settled(detect_settings *settings)
{
    if (read_strides(settings->fpn_stride, settings->option.fpn_stride))
        return run_task(settings);
    cli_complain("--fpn_stride: '%s' is refused, 8,16,32,64 is wanted", settings->fpn_stride);
    return CLI_EXIT_USAGE;
}

static int run(int argc, char **argv)
{
    detect_settings settings = {0};
    cli_image_settings_init(&settings.images);
    cli_model_settings_init(&settings.model);
    ramet_detect_option_init(&settings.option);
    const cli_group groups[] = {
        cli_model_group(&settings.model),
        cli_images_group(&settings.images),
        cli_output_group(&settings.images),
        {"Objects", object_flags, CLI_COUNT(object_flags), &settings},
        {"Overlapping boxes, where the model leaves them", nms_flags, CLI_COUNT(nms_flags), &settings},
        {"Input of a model without a configuration", input_flags, CLI_COUNT(input_flags), &settings},
        cli_engine_group(&settings.model.runtime),
        cli_compatible_group(),
    };
    const cli_syntax syntax = {
        .verb = &cli_verb_detect,
        .usage = "--model DIR --image_path PATH [FLAGS] [IMAGE...]",
        .example = "ramet detect --model ppyoloe_plus_crn_s_80e_coco --image_path photos/ --score_threshold 0.5"
                   " --thread_num 4",
        .groups = groups,
        .group_count = CLI_COUNT(groups),
        .words = &settings.images.image_path,
    };
    int exit_code;
    if (cli_arguments_read(&syntax, argc, argv, &exit_code) && cli_model_take(&syntax, &settings.model, NULL)) {
        cli_engine_settle(&settings.model.runtime, &settings.images);
        exit_code = run_settled(&settings);
    }
    cli_image_settings_clear(&settings.images);
    return exit_code;
}

const cli_verb cli_verb_detect = {"detect", "the objects in each image (PaddleDetection models)", run};

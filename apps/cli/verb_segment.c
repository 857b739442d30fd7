/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ramet segment: the class of each pixel. The result counts the pixels of each
 * class; the maps themselves go to files.
 */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

typedef struct segment_settings {
    cli_image_settings images;
    cli_model_settings model;
    ramet_segment_option option;
    const char *output_dir; /* NULL: maps are not kept */
} segment_settings;

/* A model, and where its maps go. */
typedef struct segment_worker {
    ramet_segment_model *model;
    const segment_settings *settings;
} segment_worker;

static segment_worker *make_worker(const segment_settings *settings)
{
    segment_worker *worker = cli_must(calloc(1, sizeof *worker));
    worker->settings = settings;
    return worker;
}

static void close_model(void *worker)
{
    ramet_segment_model_close(((segment_worker *)worker)->model);
    free(worker);
}

/* The worker when its model is there. */
static ramet_status keep_worker(segment_worker *made, ramet_status status, void **worker)
{
    if (status)
        close_model(made);
    else
        *worker = made;
    return status;
}

static ramet_status open_model(const void *context, void **worker, ramet_error *error)
{
    const segment_settings *settings = context;
    segment_worker *made = make_worker(settings);
    ramet_status status =
        ramet_segment_model_open(settings->model.model, &settings->model.runtime, &made->model, error);
    if (!status)
        status = ramet_segment_model_set_option(made->model, &settings->option, error);
    return keep_worker(made, status, worker);
}

static ramet_status clone_model(void *worker, void **clone, ramet_error *error)
{
    segment_worker *from = worker, *made = make_worker(from->settings);
    return keep_worker(made, ramet_segment_model_clone(from->model, &made->model, error), clone);
}

/* ---- results ------------------------------------------------------------------------------------------- */

/* {"0": pixels of class 0, ...}: classes that occur */
static json_t *count_classes(const ramet_segment_result *found)
{
    size_t pixels = (size_t)found->height * (size_t)found->width;
    size_t *counts = cli_must(calloc(UINT16_MAX + 1, sizeof *counts));
    for (size_t i = 0; i < pixels; i++)
        counts[found->label_map[i]]++;
    json_t *object = cli_must(json_object());
    for (int label = 0; label <= UINT16_MAX; label++) {
        char key[16];
        snprintf(key, sizeof key, "%d", label);
        if (counts[label])
            cli_json_set(object, key, cli_json_int((int64_t)counts[label]));
    }
    free(counts);
    return object;
}

/* "DIR/PATH.png": the image's path below the folder, whatever it leads to; from malloc. */
static char *map_path(const char *folder, const char *image)
{
    while (*image == '/' || !strncmp(image, "./", 2))
        image += *image == '/' ? 1 : 2;
    size_t start = strlen(folder) + 1, bytes = start + strlen(image) + sizeof ".png";
    char *path = cli_must(malloc(bytes));
    snprintf(path, bytes, "%s/%s.png", folder, image);
    for (char *at = path + start; (at = strstr(at, "../")) != NULL; at += 3)
        at[0] = at[1] = '_';
    return path;
}

static ramet_status save_map(const segment_settings *settings, const ramet_segment_result *found, json_t *result,
                             ramet_error *error)
{
    char *path = map_path(settings->output_dir, json_string_value(json_object_get(result, "image")));
    char *slash = strrchr(path, '/');
    *slash = 0;
    ramet_status status = cli_make_folder(path, error);
    *slash = '/';
    if (!status)
        status = ramet_segment_result_save(found, path, error);
    if (!status)
        cli_json_set(result, "label_map", cli_json_text(path));
    free(path);
    return status;
}

static ramet_status predict_image(void *worker, const ramet_image *image, json_t *result, ramet_error *error)
{
    segment_worker *self = worker;
    ramet_segment_result found = {0};
    ramet_status status = ramet_segment_model_predict(self->model, image, 1, &found, error);
    if (!status) {
        const int32_t shape[2] = {found.height, found.width};
        cli_json_set(result, "shape", cli_json_ints(shape, 2));
        cli_json_set(result, "counts", count_classes(&found));
        if (self->settings->output_dir)
            status = save_map(self->settings, &found, result, error);
    }
    ramet_segment_result_clear(&found);
    return status;
}

static size_t list_runtimes(void *worker, ramet_runtime *list[CLI_MOST_RUNTIMES])
{
    list[0] = ramet_segment_model_runtime(((segment_worker *)worker)->model);
    return 1;
}

/* ---- the verb ------------------------------------------------------------------------------------------ */

static int run_task(const segment_settings *settings)
{
    static const char *const shown[] = {"counts", NULL};
    const cli_task task = {
        .name = "segment",
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

static const cli_flag segment_flags[] = {
    {"output_dir", CLI_KIND_TEXT, offsetof(segment_settings, output_dir), "DIR",
     "write the classes of each image to DIR/IMAGE.png, a palette with the class as index", 0, 0},
    {"is_vertical_screen", CLI_KIND_BOOL, offsetof(segment_settings, option.is_vertical_screen), "",
     "upright pictures: turn the size that the configuration resizes to", 0, 0},
    {"store_score_map", CLI_KIND_BOOL, offsetof(segment_settings, option.store_score_map), "",
     "enlarge scores to the image before the best class is taken, where the model gives scores", 0, 0},
    {"apply_softmax", CLI_KIND_BOOL, offsetof(segment_settings, option.apply_softmax), "",
     "with --store_score_map: make probabilities of scores first", 0, 0},
};

static int run(int argc, char **argv)
{
    segment_settings settings = {0};
    cli_image_settings_init(&settings.images);
    cli_model_settings_init(&settings.model);
    ramet_segment_option_init(&settings.option);
    const cli_group groups[] = {
        cli_model_group(&settings.model),          {"Maps", segment_flags, CLI_COUNT(segment_flags), &settings},
        cli_images_group(&settings.images),        cli_output_group(&settings.images),
        cli_engine_group(&settings.model.runtime), cli_compatible_group(),
    };
    const cli_syntax syntax = {
        .verb = &cli_verb_segment,
        .usage = "--model DIR --image_path PATH [FLAGS] [IMAGE...]",
        .example = "ramet segment --model PP_LiteSeg_infer --image_path photos/ --output_dir maps",
        .groups = groups,
        .group_count = CLI_COUNT(groups),
        .words = &settings.images.image_path,
    };
    int exit_code;
    if (cli_arguments_read(&syntax, argc, argv, &exit_code) && cli_model_take(&syntax, &settings.model, NULL)) {
        cli_engine_settle(&settings.model.runtime, &settings.images);
        exit_code = run_task(&settings);
    }
    cli_image_settings_clear(&settings.images);
    return exit_code;
}

const cli_verb cli_verb_segment = {"segment", "the class of each pixel of each image (PaddleSeg models)", run};

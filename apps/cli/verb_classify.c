/* SPDX-License-Identifier: Apache-2.0 */
/* ramet classify: the best classes of each image. */
#include "cli.h"

typedef struct classify_settings {
    cli_image_settings images;
    cli_model_settings model;
    int32_t topk; /* 0: as the model's configuration says */
} classify_settings;

static ramet_status open_model(const void *context, void **worker, ramet_error *error)
{
    const classify_settings *settings = context;
    ramet_classify_model *model = NULL;
    ramet_status status = ramet_classify_model_open(settings->model.model, &settings->model.runtime, &model, error);
    if (!status && settings->topk)
        status = ramet_classify_postprocessor_set_topk(ramet_classify_model_postprocessor(model), settings->topk);
    *worker = model;
    return status;
}

static ramet_status clone_model(void *worker, void **clone, ramet_error *error)
{
    ramet_classify_model *made = NULL;
    ramet_status status = ramet_classify_model_clone(worker, &made, error);
    *clone = made;
    return status;
}

static void close_model(void *worker) { ramet_classify_model_close(worker); }

static ramet_status predict_image(void *worker, const ramet_image *image, json_t *result, ramet_error *error)
{
    ramet_classify_result found = {0};
    ramet_status status = ramet_classify_model_predict(worker, image, 1, &found, error);
    if (!status) {
        cli_json_set(result, "label_ids", cli_json_ints(found.label_ids, found.count));
        cli_json_set(result, "scores", cli_json_reals(found.scores, found.count));
        if (found.label_names)
            cli_json_set(result, "label_names", cli_json_texts(found.label_names, found.count));
        if (found.attributes)
            cli_json_set(result, "attributes", cli_json_texts(found.attributes, found.attribute_count));
        if (found.feature)
            cli_json_set(result, "feature", cli_json_reals(found.feature, found.feature_count));
    }
    ramet_classify_result_clear(&found);
    return status;
}

static size_t list_runtimes(void *worker, ramet_runtime *list[CLI_MOST_RUNTIMES])
{
    list[0] = ramet_classify_model_runtime(worker);
    return 1;
}

static int run_task(const classify_settings *settings)
{
    static const char *const shown[] = {"label_ids", "scores", "label_names", NULL};
    static const char *const lists[] = {"attributes", "feature", NULL};
    const cli_task task = {
        .name = "classify",
        .shown = shown,
        .lists = lists,
        .settings = settings,
        .open = open_model,
        .clone = clone_model,
        .close = close_model,
        .predict = predict_image,
        .runtimes = list_runtimes,
    };
    return cli_images_run(&task, &settings->images);
}

static const cli_flag classify_flags[] = {
    {"topk", CLI_KIND_INT, offsetof(classify_settings, topk), "N", "classes shown of each image (default 1)", 1,
     1000000},
};

static int run(int argc, char **argv)
{
    classify_settings settings = {0};
    cli_image_settings_init(&settings.images);
    cli_model_settings_init(&settings.model);
    const cli_group groups[] = {
        cli_model_group(&settings.model),          {"Classes", classify_flags, CLI_COUNT(classify_flags), &settings},
        cli_images_group(&settings.images),        cli_output_group(&settings.images),
        cli_engine_group(&settings.model.runtime), cli_compatible_group(),
    };
    const cli_syntax syntax = {
        .verb = &cli_verb_classify,
        .usage = "--model DIR --image_path PATH [FLAGS] [IMAGE...]",
        .example = "ramet classify --model ResNet50_vd_infer --image_path photos/ --topk 5 --thread_num 4",
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

const cli_verb cli_verb_classify = {"classify", "the best classes of each image (PaddleClas models)", run};

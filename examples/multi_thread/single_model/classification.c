/* SPDX-License-Identifier: Apache-2.0 */
/* Classifies images on threads: classification --model MODEL_DIR --image_path IMAGES [--topk N] [--thread_num N] */
#include "../multi_thread.h"

static ramet_status open_model(const flag *flags, const ramet_runtime_option *option, void **model, ramet_error *error)
{
    ramet_classify_model *opened;
    ramet_status status = ramet_classify_model_open(text_of(flags, "--model"), option, &opened, error);
    *model = opened;
    if (!status) {
        /* Clones take it over. */
        ramet_classify_postprocessor_set_topk(ramet_classify_model_postprocessor(opened), number_of(flags, "--topk"));
    }
    return status;
}

static ramet_status clone_model(void *model, void **clone, ramet_error *error)
{
    ramet_classify_model *made;
    ramet_status status = ramet_classify_model_clone(model, &made, error);
    *clone = made;
    return status;
}

static void close_model(void *model) { ramet_classify_model_close(model); }

static void print(const ramet_classify_result *result, FILE *out)
{
    fprintf(out, "ClassifyResult(\nlabel_ids: ");
    for (size_t i = 0; i < result->count; i++) {
        fprintf(out, "%d, ", (int)result->label_ids[i]);
    }
    fprintf(out, "\nscores: ");
    for (size_t i = 0; i < result->count; i++) {
        fprintf(out, "%f, ", result->scores[i]);
    }
    fprintf(out, "\n)");
}

static ramet_status predict(void *model, const ramet_image *image, FILE *out, ramet_error *error)
{
    ramet_classify_result result = {0};
    ramet_status status = ramet_classify_model_predict(model, image, 1, &result, error);
    if (!status) {
        print(&result, out);
    }
    ramet_classify_result_clear(&result);
    return status;
}

int main(int argc, char **argv)
{
    (void)argc;
    const model_task classification = {open_model, clone_model, close_model, predict};
    flag flags[] = {{"--model", "FOLDER", NULL}, {"--topk", "N", "1"}, COMMON_FLAGS};
    return run_program(&classification, flags, argv);
}

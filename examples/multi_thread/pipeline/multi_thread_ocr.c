/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads text in images on threads, each with a clone of the whole pipeline:
 * multi_thread_ocr --det_model DIR --cls_model DIR --rec_model DIR --rec_label_file FILE --image_path IMAGES
 *     [--cls_bs N] [--rec_bs N] [--thread_num N]
 */
#include "../multi_thread.h"

static ramet_status open_model(const flag *flags, const ramet_runtime_option *option, void **model, ramet_error *error)
{
    ramet_ocr_files files = {.detector = text_of(flags, "--det_model"),
                             .classifier = text_of(flags, "--cls_model"),
                             .recognizer = text_of(flags, "--rec_model"),
                             .dictionary = text_of(flags, "--rec_label_file")};
    ramet_ocr_option ocr_option;
    ramet_ocr_option_init(&ocr_option);
    ocr_option.runtime = *option;
    ocr_option.det.db_score_mode = RAMET_DET_SCORE_MODE_SLOW; /* as in FastDeploy */
    ocr_option.cls.batch_size = number_of(flags, "--cls_bs");
    ocr_option.rec.batch_size = number_of(flags, "--rec_bs");
    ramet_ocr *opened;
    ramet_status status = ramet_ocr_open(&files, &ocr_option, &opened, error);
    *model = opened;
    return status;
}

static ramet_status clone_model(void *model, void **clone, ramet_error *error)
{
    ramet_ocr *made;
    ramet_status status = ramet_ocr_clone(model, &made, error);
    *clone = made;
    return status;
}

static void close_model(void *model) { ramet_ocr_close(model); }

static void print_box(const ramet_quad *box, FILE *out)
{
    fprintf(out, "det boxes: [");
    for (size_t i = 0; i < 4; i++) {
        fprintf(out, "%s[%d,%d]", i > 0 ? "," : "", (int)box->points[i][0], (int)box->points[i][1]);
    }
    fprintf(out, "]");
}

static void print(const ramet_ocr_result *result, FILE *out)
{
    for (size_t i = 0; i < result->count; i++) {
        print_box(&result->boxes[i], out);
        fprintf(out, "rec text: %s rec score:%f ", result->texts[i], result->rec_scores[i]);
        fprintf(out, "cls label: %d cls score: %f\n", (int)result->cls_labels[i], result->cls_scores[i]);
    }
    if (result->count == 0) {
        fprintf(out, "No Results!");
    }
}

static ramet_status predict(void *model, const ramet_image *image, FILE *out, ramet_error *error)
{
    ramet_ocr_result result = {0};
    ramet_status status = ramet_ocr_predict(model, image, 1, &result, error);
    if (!status) {
        print(&result, out);
    }
    ramet_ocr_result_clear(&result);
    return status;
}

int main(int argc, char **argv)
{
    (void)argc;
    const model_task reading = {open_model, clone_model, close_model, predict};
    flag flags[] = {{"--det_model", "FOLDER", NULL},
                    {"--cls_model", "FOLDER", NULL},
                    {"--rec_model", "FOLDER", NULL},
                    {"--rec_label_file", "FILE", NULL},
                    {"--cls_bs", "N|-1", "1"},
                    {"--rec_bs", "N|-1", "6"},
                    COMMON_FLAGS};
    return run_program(&reading, flags, argv);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* ramet ocr: the text in each image, by a detector, an optional direction classifier and a recogniser. */
#include "cli.h"

typedef struct ocr_settings {
    cli_image_settings images;
    ramet_ocr_files files;
    ramet_ocr_option option;
} ocr_settings;

static ramet_status open_pipeline(const void *context, void **worker, ramet_error *error)
{
    const ocr_settings *settings = context;
    ramet_ocr *pipeline = NULL;
    ramet_status status = ramet_ocr_open(&settings->files, &settings->option, &pipeline, error);
    *worker = pipeline;
    return status;
}

static ramet_status clone_pipeline(void *worker, void **clone, ramet_error *error)
{
    ramet_ocr *made = NULL;
    ramet_status status = ramet_ocr_clone(worker, &made, error);
    *clone = made;
    return status;
}

static void close_pipeline(void *worker) { ramet_ocr_close(worker); }

/* A coordinate as a whole number where it is one. */
static json_t *coordinate(float value)
{
    bool whole = value >= -1e9f && value <= 1e9f && (float)(int64_t)value == value;
    return whole ? cli_json_int((int64_t)value) : cli_json_real(value);
}

/* x, y of the four corners in one list. */
static json_t *quads(const ramet_quad *boxes, size_t count)
{
    json_t *array = cli_must(json_array());
    for (size_t i = 0; i < count; i++) {
        json_t *corners = cli_must(json_array());
        for (int corner = 0; corner < 4; corner++) {
            cli_json_append(corners, coordinate(boxes[i].points[corner][0]));
            cli_json_append(corners, coordinate(boxes[i].points[corner][1]));
        }
        cli_json_append(array, corners);
    }
    return array;
}

/* Without a detector or a classifier its arrays are left out; with them they are there, be they empty. */
static void add_result(const ramet_ocr_result *found, ramet_ocr *pipeline, json_t *result)
{
    if (ramet_ocr_det_model(pipeline))
        cli_json_set(result, "boxes", quads(found->boxes, found->count));
    cli_json_set(result, "text", cli_json_texts((const char *const *)found->texts, found->count));
    cli_json_set(result, "rec_scores", cli_json_reals(found->rec_scores, found->count));
    if (ramet_ocr_cls_model(pipeline)) {
        cli_json_set(result, "cls_labels", cli_json_ints(found->cls_labels, found->count));
        cli_json_set(result, "cls_scores", cli_json_reals(found->cls_scores, found->count));
    }
}

static ramet_status predict_image(void *worker, const ramet_image *image, json_t *result, ramet_error *error)
{
    ramet_ocr_result found = {0};
    ramet_status status = ramet_ocr_predict(worker, image, 1, &found, error);
    if (!status)
        add_result(&found, worker, result);
    ramet_ocr_result_clear(&found);
    return status;
}

static size_t list_runtimes(void *worker, ramet_runtime *list[CLI_MOST_RUNTIMES])
{
    ramet_det_model *det = ramet_ocr_det_model(worker);
    ramet_cls_model *cls = ramet_ocr_cls_model(worker);
    size_t count = 0;
    if (det)
        list[count++] = ramet_det_model_runtime(det);
    if (cls)
        list[count++] = ramet_cls_model_runtime(cls);
    list[count++] = ramet_rec_model_runtime(ramet_ocr_rec_model(worker));
    return count;
}

static int run_task(const ocr_settings *settings)
{
    static const char *const shown[] = {"rec_scores", "boxes", "text", NULL};
    const cli_task task = {
        .name = "ocr",
        .noun = "text",
        .shown = shown,
        .settings = settings,
        .open = open_pipeline,
        .clone = clone_pipeline,
        .close = close_pipeline,
        .predict = predict_image,
        .runtimes = list_runtimes,
    };
    return cli_images_run(&task, &settings->images);
}

/* ---- flags ----------------------------------------------------------------------------------------------- */

static const cli_flag file_flags[] = {
    {"det_model", CLI_KIND_TEXT, offsetof(ramet_ocr_files, detector), "DIR",
     "text detector: folder or program; without one the whole image is one text", 0, 0},
    {"cls_model", CLI_KIND_TEXT, offsetof(ramet_ocr_files, classifier), "DIR",
     "direction classifier; without one no text is turned", 0, 0},
    {"rec_model", CLI_KIND_TEXT, offsetof(ramet_ocr_files, recognizer), "DIR", "text recogniser", 0, 0},
    {"rec_label_file", CLI_KIND_TEXT, offsetof(ramet_ocr_files, dictionary), "FILE",
     "its dictionary, one character a line; default: from its inference.yml", 0, 0},
    {"det_model_file", CLI_KIND_TEXT, offsetof(ramet_ocr_files, detector), "FILE", "the same as --det_model", 0, 0},
    {"det_params_file", CLI_KIND_TEXT, offsetof(ramet_ocr_files, detector_params), "FILE",
     "its parameters, when they do not stand beside the program", 0, 0},
    {"cls_model_file", CLI_KIND_TEXT, offsetof(ramet_ocr_files, classifier), "FILE", "the same as --cls_model", 0, 0},
    {"cls_params_file", CLI_KIND_TEXT, offsetof(ramet_ocr_files, classifier_params), "FILE", "likewise", 0, 0},
    {"rec_model_file", CLI_KIND_TEXT, offsetof(ramet_ocr_files, recognizer), "FILE", "the same as --rec_model", 0, 0},
    {"rec_params_file", CLI_KIND_TEXT, offsetof(ramet_ocr_files, recognizer_params), "FILE", "likewise", 0, 0},
    {"rec_config_file", CLI_KIND_TEXT, offsetof(ramet_ocr_files, recognizer_config), "FILE",
     "its inference.yml, likewise", 0, 0},
};

/* The least positive number stands for "above 0": 0 means the default in the option structs. */
#define ABOVE_ZERO 1e-6

static const cli_flag det_flags[] = {
    {"det_limit_side_len", CLI_KIND_INT, offsetof(ramet_det_option, limit_side_len), "N",
     "pixels that --det_limit_type speaks of (default 960)", 1, 65536},
    {"det_limit_type", CLI_KIND_CHOICE, offsetof(ramet_det_option, limit_type), "max|min|resize_long",
     "longer side at most, shorter side at least, or longer side exactly so many pixels", 0, 0},
    {"det_max_side_limit", CLI_KIND_INT, offsetof(ramet_det_option, max_side_limit), "N",
     "no side is longer, whatever --det_limit_type says (default 4000)", 1, 65536},
    {"det_db_thresh", CLI_KIND_REAL, offsetof(ramet_det_option, db_thresh), "X",
     "a pixel is text above this probability (default 0.3)", ABOVE_ZERO, 1},
    {"det_db_box_thresh", CLI_KIND_REAL, offsetof(ramet_det_option, db_box_thresh), "X",
     "a box counts from this score on (default 0.6)", ABOVE_ZERO, 1},
    {"det_db_unclip_ratio", CLI_KIND_REAL, offsetof(ramet_det_option, db_unclip_ratio), "X",
     "how far a found box grows (default 1.5)", ABOVE_ZERO, 100},
    {"det_db_score_mode", CLI_KIND_CHOICE, offsetof(ramet_det_option, db_score_mode), "fast|slow",
     "score of a box: mean inside the box (PaddleOCR) or inside the outline (FastDeploy)", 0, 0},
    {"use_dilation", CLI_KIND_BOOL, offsetof(ramet_det_option, use_dilation), "",
     "thicken the found pixels by one before outlining", 0, 0},
    {"det_max_candidates", CLI_KIND_INT, offsetof(ramet_det_option, max_candidates), "N",
     "outlines looked at in an image (default 1000)", 1, 1000000},
    {"det_min_box_side", CLI_KIND_INT, offsetof(ramet_det_option, min_box_side), "N",
     "pixels: smaller boxes are dropped (default 3)", 1, 65536},
    {"det_mean", CLI_KIND_REAL3, offsetof(ramet_det_option, mean), "B,G,R",
     "mean of pixel / 255 (default 0.485,0.456,0.406)", 0, 0},
    {"det_std", CLI_KIND_REAL3, offsetof(ramet_det_option, std), "B,G,R",
     "standard deviation (default 0.229,0.224,0.225)", ABOVE_ZERO, 1000},
};

static const cli_flag cls_flags[] = {
    {"cls_thresh", CLI_KIND_REAL, offsetof(ramet_cls_option, thresh), "X",
     "turn a text by 180 degrees above this score (default 0.9)", ABOVE_ZERO, 1},
    {"cls_bs", CLI_KIND_INT, offsetof(ramet_cls_option, batch_size), "N", "crops a run (default 6; -1: all at once)",
     -1, 4096},
    {"cls_batch_size", CLI_KIND_INT, offsetof(ramet_cls_option, batch_size), "N", "the same as --cls_bs", -1, 4096},
    {"cls_image_height", CLI_KIND_INT, offsetof(ramet_cls_option, image_height), "N", "pixels (default 48)", 1, 4096},
    {"cls_image_width", CLI_KIND_INT, offsetof(ramet_cls_option, image_width), "N", "pixels (default 192)", 1, 65536},
};

static const cli_flag rec_flags[] = {
    {"rec_bs", CLI_KIND_INT, offsetof(ramet_rec_option, batch_size), "N",
     "crops of one width a run (default 6; -1: all of them)", -1, 4096},
    {"rec_batch_size", CLI_KIND_INT, offsetof(ramet_rec_option, batch_size), "N", "the same as --rec_bs", -1, 4096},
    {"rec_image_height", CLI_KIND_INT, offsetof(ramet_rec_option, image_height), "N",
     "pixels (default 48; 32 for PP-OCRv2 and earlier)", 1, 4096},
    {"rec_image_width", CLI_KIND_INT, offsetof(ramet_rec_option, image_width), "N",
     "pixels: the least width, filled up with grey (default 320)", 1, 65536},
    {"rec_max_image_width", CLI_KIND_INT, offsetof(ramet_rec_option, max_image_width), "N",
     "pixels: wider text is squeezed (default 3200)", 1, 65536},
    {"rec_no_space_char", CLI_KIND_BOOL, offsetof(ramet_rec_option, no_space_char), "",
     "the dictionary holds the space itself", 0, 0},
};

static const cli_flag pipeline_flags[] = {
    {"drop_score", CLI_KIND_REAL, offsetof(ramet_ocr_option, drop_score), "X",
     "leave out texts below this score (default 0: keep all)", 0, 1},
};

static int run(int argc, char **argv)
{
    ocr_settings settings = {0};
    cli_image_settings_init(&settings.images);
    ramet_ocr_option_init(&settings.option);
    cli_runtime_option_init(&settings.option.runtime);
    const cli_group groups[] = {
        {"Models", file_flags, CLI_COUNT(file_flags), &settings.files},
        cli_images_group(&settings.images),
        cli_output_group(&settings.images),
        {"Detection", det_flags, CLI_COUNT(det_flags), &settings.option.det},
        {"Direction", cls_flags, CLI_COUNT(cls_flags), &settings.option.cls},
        {"Recognition", rec_flags, CLI_COUNT(rec_flags), &settings.option.rec},
        {"Pipeline", pipeline_flags, CLI_COUNT(pipeline_flags), &settings.option},
        cli_engine_group(&settings.option.runtime),
        cli_compatible_group(),
    };
    const cli_syntax syntax = {
        .verb = &cli_verb_ocr,
        .usage = "--det_model DIR --rec_model DIR --rec_label_file FILE --image_path PATH [FLAGS] [IMAGE...]",
        .details = "Without --det_model each image is one text; without --cls_model no text is turned.\n",
        .example = "ramet ocr --det_model ch_PP-OCRv4_det_infer --cls_model ch_ppocr_mobile_v2_cls_infer"
                   " --rec_model ch_PP-OCRv4_rec_infer --rec_label_file ppocr_keys_v1.txt"
                   " --image_path scans/ --thread_num 2",
        .groups = groups,
        .group_count = CLI_COUNT(groups),
        .words = &settings.images.image_path,
    };
    int exit_code;
    if (cli_arguments_read(&syntax, argc, argv, &exit_code)) {
        cli_engine_settle(&settings.option.runtime, &settings.images);
        if (settings.files.recognizer)
            exit_code = run_task(&settings);
        else
            cli_complain("--rec_model is missing; `ramet help ocr` shows an example");
    }
    cli_image_settings_clear(&settings.images);
    return exit_code;
}

const cli_verb cli_verb_ocr = {"ocr", "the text in each image (PaddleOCR models)", run};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PP-OCRv4 on the demo images: the lines, boxes and scores that PaddleOCR's own steps on Paddle Inference gave
 * (tests/data/ocr/expected.json), and the same bytes whatever the batch, the clone and the thread.
 */
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "formats/formats.h"
#include "ramet/ramet.h"

#define CORNER_BOUND 1.0 /* pixels */
#define SCORE_BOUND 1e-3

static const ramet_ocr_files FILES = {
    .detector = RAMET_MODELS_DIR "/ch_PP-OCRv4_det_infer",
    .classifier = RAMET_MODELS_DIR "/ch_ppocr_mobile_v2_cls_infer",
    .recognizer = RAMET_MODELS_DIR "/ch_PP-OCRv4_rec_infer",
    .dictionary = RAMET_MODELS_DIR "/ppocr_keys_v1.txt",
};

static ramet_ocr *open_pipeline(const ramet_ocr_files *files, const ramet_ocr_option *option)
{
    ramet_ocr *ocr;
    ramet_error error = {0};
    ramet_status status = ramet_ocr_open(files, option, &ocr, &error);
    if (status == RAMET_STATUS_NOT_FOUND)
        fail_msg("%s. The models are not here: run tools/fetch_models first", error.message);
    if (status != RAMET_STATUS_OK)
        fail_msg("%s (%s)", error.message, error.place);
    return ocr;
}

static ramet_image load(const char *name)
{
    char path[512];
    ramet_image image;
    ramet_error error = {0};
    snprintf(path, sizeof path, "%s/../../examples/images/%s", RAMET_TEST_DATA, name);
    if (ramet_image_load(path, NULL, &image, &error) != RAMET_STATUS_OK)
        fail_msg("%s", error.message);
    return image;
}

static ramet_ocr_result read_image(ramet_ocr *ocr, const ramet_image *image)
{
    ramet_ocr_result result;
    ramet_error error = {0};
    if (ramet_ocr_predict(ocr, image, 1, &result, &error) != RAMET_STATUS_OK)
        fail_msg("%s (%s)", error.message, error.place);
    return result;
}

/* ---- against the official numbers -------------------------------------------------------------------------------- */

static double number(const rmt_yaml *line, const char *key)
{
    double value = NAN;
    assert_true(rmt_yaml_read_float(rmt_yaml_get(line, key), &value));
    return value;
}

static double largest_corner_difference(const ramet_quad *got, const rmt_yaml *box)
{
    double most = 0;
    const rmt_yaml *corner = box->first;
    for (int i = 0; i < 4; i++, corner = corner->next) {
        double point[2];
        assert_non_null(corner);
        assert_int_equal(rmt_yaml_read_floats(corner, point, 2), 2);
        most = fmax(most, fmax(fabs((double)got->points[i][0] - point[0]), fabs((double)got->points[i][1] - point[1])));
    }
    return most;
}

static void check_line(const char *name, const ramet_ocr_result *got, size_t i, const rmt_yaml *line)
{
    const char *text = rmt_yaml_get(line, "text")->text;
    double corner = largest_corner_difference(&got->boxes[i], rmt_yaml_get(line, "box"));
    double rec = fabs((double)got->rec_scores[i] - number(line, "rec_score"));
    double cls = fabs((double)got->cls_scores[i] - number(line, "cls_score"));
    if (strcmp(got->texts[i], text) != 0)
        fail_msg("%s, line %zu: '%s', not '%s'", name, i, got->texts[i], text);
    if (!(corner <= CORNER_BOUND))
        fail_msg("%s, line %zu '%s': a corner is off by %g pixels", name, i, text, corner);
    if (!(rec <= SCORE_BOUND && cls <= SCORE_BOUND))
        fail_msg("%s, line %zu '%s': scores are off by %g and %g", name, i, text, rec, cls);
    assert_int_equal(got->cls_labels[i], (int)number(line, "cls_label"));
}

static void check_image(ramet_ocr *ocr, const rmt_yaml *expected)
{
    ramet_image image = load(expected->key);
    ramet_ocr_result got = read_image(ocr, &image);
    size_t count = 0;
    for (const rmt_yaml *line = rmt_yaml_get(expected, "lines")->first; line != NULL; line = line->next, count++)
        if (count < got.count)
            check_line(expected->key, &got, count, line);
    if (got.count != count)
        fail_msg("%s: %zu lines, not %zu", expected->key, got.count, count);
    ramet_ocr_result_clear(&got);
    ramet_image_clear(&image);
}

/* JSON is YAML. */
static void demo_images_read_as_officially(void **state)
{
    (void)state;
    rmt_yaml_file file;
    int images = 0, empty = 0;
    assert_int_equal(rmt_yaml_open(RAMET_TEST_DATA "/ocr/expected.json", &file, NULL), RAMET_STATUS_OK);
    ramet_ocr *ocr = open_pipeline(&FILES, NULL);
    for (const rmt_yaml *image = file.root->first; image != NULL; image = image->next, images++) {
        check_image(ocr, image);
        empty += rmt_yaml_get(image, "lines")->first == NULL;
    }
    assert_true(images >= 12);
    assert_true(empty >= 1);
    ramet_ocr_close(ocr);
    rmt_yaml_close(&file);
}

/* ---- the same bytes ---------------------------------------------------------------------------------------------- */

static void check_same(const ramet_ocr_result *a, const ramet_ocr_result *b)
{
    assert_int_equal(a->count, b->count);
    assert_memory_equal(a->boxes, b->boxes, a->count * sizeof *a->boxes);
    assert_memory_equal(a->rec_scores, b->rec_scores, a->count * sizeof *a->rec_scores);
    assert_memory_equal(a->cls_scores, b->cls_scores, a->count * sizeof *a->cls_scores);
    assert_memory_equal(a->cls_labels, b->cls_labels, a->count * sizeof *a->cls_labels);
    for (size_t i = 0; i < a->count; i++)
        assert_string_equal(a->texts[i], b->texts[i]);
}

static void batches_do_not_show(void **state)
{
    (void)state;
    static const int32_t sizes[] = {1, 4, -1};
    ramet_image image = load("mixed_receipt.png");
    ramet_ocr *ocr = open_pipeline(&FILES, NULL);
    ramet_ocr_result want = read_image(ocr, &image);
    ramet_ocr_close(ocr);
    assert_true(want.count > 6);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        ramet_ocr_option option;
        ramet_ocr_option_init(&option);
        option.cls.batch_size = option.rec.batch_size = sizes[i];
        ocr = open_pipeline(&FILES, &option);
        ramet_ocr_result got = read_image(ocr, &image);
        check_same(&got, &want);
        ramet_ocr_result_clear(&got);
        ramet_ocr_close(ocr);
    }
    ramet_ocr_result_clear(&want);
    ramet_image_clear(&image);
}

typedef struct page_reader {
    ramet_ocr *ocr;
    const ramet_image *images;
    ramet_ocr_result results[3];
    ramet_status status;
} page_reader;

static void *read_on_a_thread(void *argument)
{
    page_reader *reader = argument;
    reader->status = ramet_ocr_predict(reader->ocr, reader->images, 3, reader->results, NULL);
    return NULL;
}

/* The clone of a clone outlives both. Two threads read at once; images together read as they do alone. */
static void clones_and_threads_do_not_show(void **state)
{
    (void)state;
    ramet_image images[3] = {load("vertical_column.bmp"), load("no_text.jpg"), load("exif_turned.jpg")};
    ramet_ocr *ocr = open_pipeline(&FILES, NULL), *middle;
    ramet_ocr_result want[3];
    for (int i = 0; i < 3; i++)
        want[i] = read_image(ocr, &images[i]);
    page_reader readers[2] = {{.images = images}, {.images = images}};
    pthread_t threads[2];
    assert_int_equal(ramet_ocr_clone(ocr, &middle, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_ocr_clone(middle, &readers[0].ocr, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_ocr_clone(ocr, &readers[1].ocr, NULL), RAMET_STATUS_OK);
    ramet_ocr_close(ocr);
    ramet_ocr_close(middle);
    for (int t = 0; t < 2; t++)
        assert_int_equal(pthread_create(&threads[t], NULL, read_on_a_thread, &readers[t]), 0);
    for (int t = 0; t < 2; t++) {
        assert_int_equal(pthread_join(threads[t], NULL), 0);
        assert_int_equal(readers[t].status, RAMET_STATUS_OK);
        for (int i = 0; i < 3; i++) {
            check_same(&readers[t].results[i], &want[i]);
            ramet_ocr_result_clear(&readers[t].results[i]);
        }
        ramet_ocr_close(readers[t].ocr);
    }
    for (int i = 0; i < 3; i++) {
        ramet_ocr_result_clear(&want[i]);
        ramet_image_clear(&images[i]);
    }
}

/* ---- parts ------------------------------------------------------------------------------------------------------- */

/* The part of an image that a quad's bounding box covers. */
static ramet_image window_of(const ramet_image *image, const ramet_quad *quad)
{
    int32_t left = (int32_t)quad->points[0][0], top = (int32_t)quad->points[0][1];
    int32_t right = (int32_t)quad->points[2][0], bottom = (int32_t)quad->points[2][1];
    return (ramet_image){.data = image->data + top * image->pitch + 3 * left,
                         .width = right - left,
                         .height = bottom - top,
                         .pitch = image->pitch};
}

static void without_a_detector_an_image_is_one_line(void **state)
{
    (void)state;
    ramet_ocr_files files = FILES;
    files.detector = NULL;
    ramet_image image = load("upside_down.png");
    ramet_ocr *whole = open_pipeline(&FILES, NULL), *line = open_pipeline(&files, NULL);
    assert_null(ramet_ocr_det_model(line));
    ramet_ocr_result found = read_image(whole, &image);
    assert_true(found.count > 0);
    for (size_t i = 0; i < found.count; i++) {
        ramet_image window = window_of(&image, &found.boxes[i]);
        ramet_ocr_result got = read_image(line, &window);
        assert_int_equal(got.count, 1);
        assert_null(got.boxes);
        assert_int_equal(got.cls_labels[0], found.cls_labels[i]);
        assert_int_equal(strlen(got.texts[0]) > 0, 1);
        ramet_ocr_result_clear(&got);
    }
    ramet_ocr_result_clear(&found);
    ramet_ocr_close(whole);
    ramet_ocr_close(line);
    ramet_image_clear(&image);
}

static void without_a_classifier_no_text_is_turned(void **state)
{
    (void)state;
    ramet_ocr_files files = FILES;
    files.classifier = NULL;
    ramet_image image = load("exif_turned.jpg");
    ramet_ocr *with = open_pipeline(&FILES, NULL), *without = open_pipeline(&files, NULL);
    ramet_ocr_result want = read_image(with, &image), got = read_image(without, &image);
    assert_null(ramet_ocr_cls_model(without));
    assert_null(got.cls_labels);
    assert_null(got.cls_scores);
    assert_int_equal(got.count, want.count);
    for (size_t i = 0; i < got.count; i++) {
        assert_int_equal(want.cls_labels[i], 0);
        assert_string_equal(got.texts[i], want.texts[i]);
    }
    ramet_ocr_result_clear(&want);
    ramet_ocr_result_clear(&got);
    ramet_ocr_close(with);
    ramet_ocr_close(without);
    ramet_image_clear(&image);
}

static void unsure_lines_are_dropped_when_asked(void **state)
{
    (void)state;
    ramet_ocr_option option;
    ramet_ocr_option_init(&option);
    ramet_image image = load("small_text.png");
    ramet_ocr *ocr = open_pipeline(&FILES, NULL);
    ramet_ocr_result all = read_image(ocr, &image);
    ramet_ocr_close(ocr);
    option.drop_score = all.rec_scores[0];
    for (size_t i = 1; i < all.count; i++)
        option.drop_score = fmaxf(option.drop_score, all.rec_scores[i]);
    ocr = open_pipeline(&FILES, &option);
    ramet_ocr_result best = read_image(ocr, &image);
    assert_true(all.count > 1);
    assert_int_equal(best.count, 1);
    assert_true(best.rec_scores[0] == option.drop_score);
    ramet_ocr_result_clear(&all);
    ramet_ocr_result_clear(&best);
    ramet_ocr_close(ocr);
    ramet_image_clear(&image);
}

static void odd_images_are_read(void **state)
{
    (void)state;
    static const int32_t sizes[][2] = {{1, 1}, {1, 300}, {300, 1}, {31, 32}, {2000, 7}};
    ramet_ocr *ocr = open_pipeline(&FILES, NULL);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        int32_t width = sizes[i][0], height = sizes[i][1];
        uint8_t *pixels = calloc((size_t)width * (size_t)height, 3);
        assert_non_null(pixels);
        ramet_image image = {.data = pixels, .width = width, .height = height, .pitch = 3 * width};
        ramet_ocr_result result = read_image(ocr, &image);
        ramet_ocr_result_clear(&result);
        free(pixels);
    }
    ramet_image none = {0};
    ramet_ocr_result result;
    assert_int_equal(ramet_ocr_predict(ocr, &none, 1, &result, NULL), RAMET_STATUS_INVALID_ARGUMENT);
    assert_int_equal(result.count, 0);
    ramet_ocr_close(ocr);
}

/* A list of five characters for a model of some thousand classes. */
static void a_foreign_dictionary_is_refused_at_open(void **state)
{
    (void)state;
    ramet_ocr_files files = FILES;
    files.dictionary = RAMET_TEST_DATA "/classify/short.yml";
    ramet_ocr *ocr;
    ramet_error error = {0};
    ramet_ocr_close(open_pipeline(&FILES, NULL));
    assert_int_equal(ramet_ocr_open(&files, NULL, &ocr, &error), RAMET_STATUS_BAD_SHAPE);
    assert_null(ocr);
    assert_non_null(strstr(error.message, "dictionary"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(demo_images_read_as_officially),
        cmocka_unit_test(batches_do_not_show),
        cmocka_unit_test(clones_and_threads_do_not_show),
        cmocka_unit_test(without_a_detector_an_image_is_one_line),
        cmocka_unit_test(without_a_classifier_no_text_is_turned),
        cmocka_unit_test(unsure_lines_are_dropped_when_asked),
        cmocka_unit_test(odd_images_are_read),
        cmocka_unit_test(a_foreign_dictionary_is_refused_at_open),
    };
    return cmocka_run_group_tests_name("texts of the demo images", tests, NULL, NULL);
}

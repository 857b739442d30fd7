/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stages joined, on models of a few bytes (tests/data/command): batch mates, clones, threads and failing calls do
 * not show in an answer.
 */
#include "vision/packs.h"

#include <pthread.h>

#include "ramet/ramet.h"
#include "vision/vision.h"

#define DATA RAMET_TEST_DATA "/command"

/* ---- pictures ---------------------------------------------------------------------------------------------------- */

typedef struct colour {
    uint8_t b, g, r;
} colour;

static const colour WHITE = {255, 255, 255}, DARK = {0, 0, 0}, RED = {0, 0, 255}, BLUE = {255, 0, 0};

static void paint(ramet_image *image, int32_t left, int32_t top, int32_t width, int32_t height, colour fill)
{
    for (int32_t y = top; y < top + height; y++)
        for (int32_t x = left; x < left + width; x++)
            memcpy(image->data + y * image->pitch + 3 * x, &fill, 3);
}

static ramet_image picture(int32_t width, int32_t height, colour background)
{
    ramet_image image;
    assert_int_equal(rmt_image_create(width, height, &image, NULL), RAMET_STATUS_OK);
    paint(&image, 0, 0, width, height, background);
    return image;
}

/* Bars of text in `rows` lines, each of another length; every third is redder on its left half: upside down. */
static ramet_image page(int32_t rows)
{
    ramet_image image = picture(480, 40 + 40 * rows, WHITE);
    for (int32_t row = 0; row < rows; row++) {
        int32_t width = 130 + row * 53 % 310;
        paint(&image, 20, 20 + 40 * row, width, 16, DARK);
        if (row % 3 == 0)
            paint(&image, 20, 20 + 40 * row, width / 2, 16, RED);
    }
    return image;
}

/* ---- segmentation ------------------------------------------------------------------------------------------------ */

static ramet_segment_model *open_segmenter(void)
{
    ramet_segment_model *model;
    ramet_segment_option option;
    ramet_error error = {0};
    if (ramet_segment_model_open(DATA "/segmenter", NULL, &model, &error) != RAMET_STATUS_OK)
        fail_msg("%s (%s)", error.message, error.place);
    ramet_segment_option_init(&option);
    option.store_score_map = option.apply_softmax = 1;
    assert_int_equal(ramet_segment_model_set_option(model, &option, NULL), RAMET_STATUS_OK);
    return model;
}

/* Seven sizes, more than one run takes; a clone has its model's options. */
static void maps_do_not_depend_on_batch_mates_or_clones(void **state)
{
    (void)state;
    enum { COUNT = 7 };
    ramet_image images[COUNT];
    ramet_segment_result together[COUNT];
    ramet_segment_model *model = open_segmenter(), *clone;
    assert_int_equal(ramet_segment_model_clone(model, &clone, NULL), RAMET_STATUS_OK);
    for (int i = 0; i < COUNT; i++) {
        images[i] = picture(9 + 4 * i, 31 - 3 * i, i % 2 ? RED : DARK);
        paint(&images[i], i, 2, 5, 9, BLUE);
    }
    assert_int_equal(ramet_segment_model_predict(model, images, COUNT, together, NULL), RAMET_STATUS_OK);
    for (int i = 0; i < COUNT; i++) {
        ramet_segment_result alone;
        assert_int_equal(ramet_segment_model_predict(clone, &images[i], 1, &alone, NULL), RAMET_STATUS_OK);
        size_t pixels = (size_t)images[i].width * (size_t)images[i].height;
        assert_int_equal(together[i].width, images[i].width);
        assert_int_equal(together[i].height, images[i].height);
        assert_memory_equal(alone.label_map, together[i].label_map, pixels * sizeof *alone.label_map);
        assert_memory_equal(alone.score_map, together[i].score_map, pixels * sizeof *alone.score_map);
        ramet_segment_result_clear(&alone);
        ramet_segment_result_clear(&together[i]);
        ramet_image_clear(&images[i]);
    }
    ramet_segment_model_close(model);
    ramet_segment_model_close(clone);
}

/* ---- classification ---------------------------------------------------------------------------------------------- */

static ramet_classify_model *open_classifier(void)
{
    ramet_classify_model *model;
    ramet_error error = {0};
    if (ramet_classify_model_open(DATA "/classifier", NULL, &model, &error) != RAMET_STATUS_OK)
        fail_msg("%s (%s)", error.message, error.place);
    return model;
}

static void check_same_classes(const ramet_classify_result *a, const ramet_classify_result *b)
{
    assert_int_equal(a->count, b->count);
    assert_memory_equal(a->label_ids, b->label_ids, a->count * sizeof *a->label_ids);
    assert_memory_equal(a->scores, b->scores, a->count * sizeof *a->scores);
    for (size_t i = 0; i < a->count; i++)
        assert_string_equal(a->label_names[i], b->label_names[i]);
}

static void a_classification_does_not_show_its_mates(void **state)
{
    (void)state;
    enum { COUNT = 20 };
    ramet_image images[COUNT];
    ramet_classify_result alone[COUNT], together[COUNT];
    ramet_classify_model *model = open_classifier();
    assert_int_equal(ramet_classify_postprocessor_set_topk(ramet_classify_model_postprocessor(model), 3),
                     RAMET_STATUS_OK);
    for (int i = 0; i < COUNT; i++) {
        images[i] = picture(3 + i, 40 - i, i % 2 ? RED : BLUE);
        assert_int_equal(ramet_classify_model_predict(model, &images[i], 1, &alone[i], NULL), RAMET_STATUS_OK);
        assert_int_equal(alone[i].count, 3);
        assert_string_equal(alone[i].label_names[0], i % 2 ? "red" : "blue");
    }
    assert_int_equal(ramet_classify_model_predict(model, images, COUNT, together, NULL), RAMET_STATUS_OK);
    for (int i = 0; i < COUNT; i++) {
        check_same_classes(&alone[i], &together[i]);
        ramet_classify_result_clear(&alone[i]);
        ramet_classify_result_clear(&together[i]);
        ramet_image_clear(&images[i]);
    }
    ramet_classify_model_close(model);
}

static void a_clone_takes_over_the_settings(void **state)
{
    (void)state;
    ramet_image image = picture(9, 9, RED);
    ramet_classify_model *model = open_classifier(), *clone;
    ramet_classify_result result;
    ramet_classify_postprocessor_set_topk(ramet_classify_model_postprocessor(model), 4);
    assert_int_equal(ramet_classify_model_clone(model, &clone, NULL), RAMET_STATUS_OK);
    ramet_classify_postprocessor_set_topk(ramet_classify_model_postprocessor(model), 1);
    ramet_classify_model_close(model);
    assert_int_equal(ramet_classify_model_predict(clone, &image, 1, &result, NULL), RAMET_STATUS_OK);
    ramet_classify_model_close(clone);
    assert_int_equal(result.count, 4);
    assert_string_equal(result.label_names[0], "red"); /* the result outlives the model */
    ramet_classify_result_clear(&result);
    ramet_image_clear(&image);
}

static void a_failed_prediction_leaves_zeroed_results(void **state)
{
    (void)state;
    ramet_image images[2] = {picture(9, 9, RED), {0}};
    ramet_classify_model *model = open_classifier(), *clone = model;
    ramet_classify_result results[2];
    memset(results, 0x55, sizeof results);
    assert_int_equal(ramet_classify_model_predict(model, images, 2, results, NULL), RAMET_STATUS_INVALID_ARGUMENT);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(results[i].count, 0);
        assert_null(results[i].owner);
    }
    assert_int_equal(ramet_classify_model_predict(model, NULL, 0, NULL, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_classify_model_predict(NULL, images, 1, results, NULL), RAMET_STATUS_INVALID_ARGUMENT);
    rmt_task *task = (rmt_task *)model;
    assert_int_equal(rmt_guard_enter(&task->guard, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_classify_model_predict(model, images, 1, results, NULL), RAMET_STATUS_BUSY);
    assert_int_equal(ramet_classify_model_clone(model, &clone, NULL), RAMET_STATUS_BUSY);
    assert_null(clone);
    rmt_guard_leave(&task->guard);
    ramet_classify_model_close(model);
    ramet_image_clear(&images[0]);
}

static void a_model_without_a_configuration_says_so(void **state)
{
    (void)state;
    ramet_classify_model *model;
    ramet_error error = {0};
    assert_int_equal(ramet_classify_model_open(DATA "/direction", NULL, &model, &error), RAMET_STATUS_NOT_FOUND);
    assert_null(model);
    assert_non_null(strstr(error.message, "inference.yml"));
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static const ramet_ocr_files FILES = {.detector = DATA "/detector",
                                      .classifier = DATA "/direction",
                                      .recognizer = DATA "/recognizer",
                                      .dictionary = DATA "/dictionary.txt"};

static ramet_ocr *open_reader(int32_t batch_size)
{
    ramet_ocr_option option;
    ramet_ocr *ocr;
    ramet_error error = {0};
    ramet_ocr_option_init(&option);
    option.cls.batch_size = option.rec.batch_size = batch_size;
    if (ramet_ocr_open(&FILES, &option, &ocr, &error) != RAMET_STATUS_OK)
        fail_msg("%s (%s)", error.message, error.place);
    return ocr;
}

static void check_same_texts(const ramet_ocr_result *a, const ramet_ocr_result *b)
{
    assert_int_equal(a->count, b->count);
    assert_memory_equal(a->boxes, b->boxes, a->count * sizeof *a->boxes);
    assert_memory_equal(a->rec_scores, b->rec_scores, a->count * sizeof *a->rec_scores);
    assert_memory_equal(a->cls_scores, b->cls_scores, a->count * sizeof *a->cls_scores);
    assert_memory_equal(a->cls_labels, b->cls_labels, a->count * sizeof *a->cls_labels);
    for (size_t i = 0; i < a->count; i++)
        assert_string_equal(a->texts[i], b->texts[i]);
}

static void a_page_reads_from_top_to_bottom(void **state)
{
    (void)state;
    ramet_image image = page(20);
    ramet_ocr *ocr = open_reader(0);
    ramet_ocr_result result;
    assert_int_equal(ramet_ocr_predict(ocr, &image, 1, &result, NULL), RAMET_STATUS_OK);
    assert_int_equal(result.count, 20);
    for (size_t i = 0; i < result.count; i++) {
        float top = result.boxes[i].points[0][1], bottom = result.boxes[i].points[2][1];
        assert_true(top <= 20 + 40 * (float)i && bottom >= 36 + 40 * (float)i - 1);
        assert_int_equal(result.cls_labels[i], i % 3 == 0);
        assert_string_equal(result.texts[i], i % 3 == 0 ? "ar" : "a"); /* a turned line reads from its other end */
    }
    ramet_ocr_result_clear(&result);
    ramet_ocr_close(ocr);
    ramet_image_clear(&image);
}

static void batches_do_not_show(void **state)
{
    (void)state;
    static const int32_t sizes[] = {1, 2, 7, -1};
    ramet_image image = page(25);
    ramet_ocr_result want, got;
    ramet_ocr *ocr = open_reader(0);
    assert_int_equal(ramet_ocr_predict(ocr, &image, 1, &want, NULL), RAMET_STATUS_OK);
    ramet_ocr_close(ocr);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        ocr = open_reader(sizes[i]);
        assert_int_equal(ramet_ocr_predict(ocr, &image, 1, &got, NULL), RAMET_STATUS_OK);
        check_same_texts(&got, &want);
        ramet_ocr_result_clear(&got);
        ramet_ocr_close(ocr);
    }
    ramet_ocr_result_clear(&want);
    ramet_image_clear(&image);
}

typedef struct page_reader {
    ramet_ocr *ocr;
    const ramet_image *images;
    ramet_ocr_result results[4];
    ramet_status status;
} page_reader;

static void *read_on_a_thread(void *argument)
{
    page_reader *reader = argument;
    for (int run = 0; run < 3; run++) {
        reader->status = ramet_ocr_predict(reader->ocr, reader->images, 4, reader->results, NULL);
        if (run < 2)
            for (int i = 0; i < 4; i++)
                ramet_ocr_result_clear(&reader->results[i]);
    }
    return NULL;
}

static void clones_and_threads_do_not_show(void **state)
{
    (void)state;
    enum { THREADS = 4 };
    ramet_image images[4] = {page(3), picture(70, 50, WHITE), page(7), page(1)};
    ramet_ocr *origin = open_reader(0);
    ramet_ocr_result want[4];
    page_reader readers[THREADS];
    pthread_t threads[THREADS];
    for (int i = 0; i < 4; i++)
        assert_int_equal(ramet_ocr_predict(origin, &images[i], 1, &want[i], NULL), RAMET_STATUS_OK);
    assert_int_equal(want[1].count, 0);
    for (int t = 0; t < THREADS; t++) {
        readers[t] = (page_reader){.images = images};
        assert_int_equal(ramet_ocr_clone(t == 0 ? origin : readers[t - 1].ocr, &readers[t].ocr, NULL), RAMET_STATUS_OK);
    }
    ramet_ocr_close(origin);
    for (int t = 0; t < THREADS; t++)
        assert_int_equal(pthread_create(&threads[t], NULL, read_on_a_thread, &readers[t]), 0);
    for (int t = 0; t < THREADS; t++) {
        assert_int_equal(pthread_join(threads[t], NULL), 0);
        assert_int_equal(readers[t].status, RAMET_STATUS_OK);
        for (int i = 0; i < 4; i++) {
            check_same_texts(&readers[t].results[i], &want[i]);
            ramet_ocr_result_clear(&readers[t].results[i]);
        }
        ramet_ocr_close(readers[t].ocr);
    }
    for (int i = 0; i < 4; i++) {
        ramet_ocr_result_clear(&want[i]);
        ramet_image_clear(&images[i]);
    }
}

static void a_line_without_a_detector_leaves_the_image_alone(void **state)
{
    (void)state;
    ramet_ocr_files files = FILES;
    files.detector = NULL;
    ramet_image image = picture(96, 16, DARK);
    paint(&image, 0, 0, 40, 16, RED);
    uint8_t before[3 * 96 * 16];
    memcpy(before, image.data, sizeof before);
    ramet_ocr *ocr;
    ramet_ocr_result result;
    assert_int_equal(ramet_ocr_open(&files, NULL, &ocr, NULL), RAMET_STATUS_OK);
    for (int run = 0; run < 2; run++) {
        assert_int_equal(ramet_ocr_predict(ocr, &image, 1, &result, NULL), RAMET_STATUS_OK);
        assert_int_equal(result.count, 1);
        assert_int_equal(result.cls_labels[0], 1);
        assert_string_equal(result.texts[0], "ar");
        ramet_ocr_result_clear(&result);
    }
    assert_memory_equal(image.data, before, sizeof before);
    ramet_ocr_close(ocr);
    ramet_image_clear(&image);
}

/* The models of FILES, opened one by one. */
typedef struct ocr_parts {
    ramet_det_model *det;
    ramet_cls_model *cls;
    ramet_rec_model *rec;
} ocr_parts;

static ocr_parts open_parts(void)
{
    ocr_parts parts;
    ramet_rec_option option;
    ramet_rec_option_init(&option);
    option.dictionary = FILES.dictionary;
    assert_int_equal(ramet_det_model_open(FILES.detector, NULL, NULL, &parts.det, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_cls_model_open(FILES.classifier, NULL, NULL, &parts.cls, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_rec_model_open(FILES.recognizer, NULL, &option, &parts.rec, NULL), RAMET_STATUS_OK);
    return parts;
}

static void close_parts(ocr_parts *parts)
{
    ramet_det_model_close(parts->det);
    ramet_cls_model_close(parts->cls);
    ramet_rec_model_close(parts->rec);
}

/* The models may be closed before the pipeline that was made of them. */
static void joined_models_read_as_opened_ones(void **state)
{
    (void)state;
    ramet_image image = page(9);
    ramet_ocr *opened = open_reader(0), *joined;
    ramet_ocr_result want, got;
    ramet_memory memory;
    ocr_parts parts = open_parts();
    assert_int_equal(ramet_ocr_join(parts.det, parts.cls, parts.rec, 0, &joined, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_runtime_memory(ramet_rec_model_runtime(parts.rec), &memory), RAMET_STATUS_OK);
    assert_int_equal(memory.clones, 2);
    close_parts(&parts);
    assert_int_equal(ramet_ocr_predict(opened, &image, 1, &want, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_ocr_predict(joined, &image, 1, &got, NULL), RAMET_STATUS_OK);
    check_same_texts(&got, &want);
    ramet_ocr_result_clear(&want);
    ramet_ocr_result_clear(&got);
    ramet_ocr_close(opened);
    ramet_ocr_close(joined);
    ramet_image_clear(&image);
}

static size_t count_found(ramet_det_model *det, const ramet_image *image)
{
    ramet_det_result found;
    assert_int_equal(ramet_det_model_predict(det, image, 1, &found, NULL), RAMET_STATUS_OK);
    size_t count = found.count;
    ramet_det_result_clear(&found);
    return count;
}

/* What is set counts for the model and what is joined of it later, not for its clones. */
static void options_may_change_after_opening(void **state)
{
    (void)state;
    ramet_image image = page(6);
    ramet_det_option det;
    ramet_cls_option cls;
    ramet_ocr *ocr;
    ramet_ocr_result result;
    ramet_error error = {0};
    ocr_parts parts = open_parts();
    ramet_det_model *clone;
    ramet_det_option_init(&det);
    ramet_cls_option_init(&cls);
    assert_int_equal(ramet_det_model_clone(parts.det, &clone, NULL), RAMET_STATUS_OK);
    assert_int_equal(count_found(parts.det, &image), 6);
    det.min_box_side = 200;
    assert_int_equal(ramet_det_model_set_option(parts.det, &det, NULL), RAMET_STATUS_OK);
    assert_true(count_found(parts.det, &image) < 6);
    assert_int_equal(count_found(clone, &image), 6);
    assert_int_equal(ramet_det_model_set_option(parts.det, NULL, NULL), RAMET_STATUS_OK);
    cls.thresh = 1; /* no score is above */
    assert_int_equal(ramet_cls_model_set_option(parts.cls, &cls, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_rec_model_set_option(parts.rec, NULL, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_ocr_join(parts.det, parts.cls, parts.rec, 0, &ocr, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_ocr_predict(ocr, &image, 1, &result, NULL), RAMET_STATUS_OK);
    assert_int_equal(result.count, 6);
    assert_int_equal(result.cls_labels[0], 1);
    assert_string_equal(result.texts[0], "ra"); /* not turned */
    ramet_ocr_result_clear(&result);
    ramet_ocr_close(ocr);
    det.db_thresh = 2;
    assert_int_equal(ramet_det_model_set_option(parts.det, &det, &error), RAMET_STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "db_thresh"));
    assert_int_equal(ramet_ocr_join(NULL, NULL, NULL, 0, &ocr, NULL), RAMET_STATUS_INVALID_ARGUMENT);
    assert_int_equal(ramet_ocr_join(NULL, NULL, parts.rec, 2, &ocr, NULL), RAMET_STATUS_INVALID_ARGUMENT);
    ramet_det_model_close(clone);
    close_parts(&parts);
    ramet_image_clear(&image);
}

static void a_pipeline_needs_a_recogniser(void **state)
{
    (void)state;
    ramet_ocr_files files = FILES;
    ramet_ocr *ocr;
    ramet_error error = {0};
    files.recognizer = NULL;
    assert_int_equal(ramet_ocr_open(&files, NULL, &ocr, NULL), RAMET_STATUS_INVALID_ARGUMENT);
    files.recognizer = DATA "/nowhere";
    assert_int_equal(ramet_ocr_open(&files, NULL, &ocr, &error), RAMET_STATUS_NOT_FOUND);
    assert_null(ocr);
    files = FILES;
    files.dictionary = NULL;
    assert_int_equal(ramet_ocr_open(&files, NULL, &ocr, &error), RAMET_STATUS_NOT_FOUND);
    assert_non_null(strstr(error.message, "dictionary"));
    files.dictionary = RAMET_TEST_DATA "/classify/short.yml";
    assert_int_equal(ramet_ocr_open(&files, NULL, &ocr, &error), RAMET_STATUS_BAD_SHAPE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maps_do_not_depend_on_batch_mates_or_clones),
        cmocka_unit_test(a_classification_does_not_show_its_mates),
        cmocka_unit_test(a_clone_takes_over_the_settings),
        cmocka_unit_test(a_failed_prediction_leaves_zeroed_results),
        cmocka_unit_test(a_model_without_a_configuration_says_so),
        cmocka_unit_test(a_page_reads_from_top_to_bottom),
        cmocka_unit_test(batches_do_not_show),
        cmocka_unit_test(clones_and_threads_do_not_show),
        cmocka_unit_test(a_line_without_a_detector_leaves_the_image_alone),
        cmocka_unit_test(joined_models_read_as_opened_ones),
        cmocka_unit_test(options_may_change_after_opening),
        cmocka_unit_test(a_pipeline_needs_a_recogniser),
    };
    return cmocka_run_group_tests_name("joined models", tests, NULL, NULL);
}

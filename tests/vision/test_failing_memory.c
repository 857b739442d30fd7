/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that runs out under stages and models: the n-th allocation fails, for n = 1, 2, ... until a whole scenario succeeds.
 * Each failure must be reported as such, leave nothing allocated and not spoil the next call.
 */
#include "vision/packs.h"

#include "ramet/ramet.h"
#include "vision/ocr/ocr.h"

/* ---- the allocator ----------------------------------------------------------------------------------------------- */

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
void __real_free(void *old);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);
void __wrap_free(void *old);
char *__wrap_strdup(const char *text);

static long calls_left; /* 0: none fails; 1: the next one fails, and only that one */
static long live, failed;

static bool fails(void)
{
    if (calls_left == 0 || --calls_left > 0)
        return false;
    failed++;
    return true;
}

void *__wrap_malloc(size_t bytes)
{
    void *made = fails() ? NULL : __real_malloc(bytes);
    live += made != NULL;
    return made;
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    void *made = fails() ? NULL : __real_calloc(count, bytes);
    live += made != NULL;
    return made;
}

void *__wrap_realloc(void *old, size_t bytes)
{
    void *made = fails() ? NULL : __real_realloc(old, bytes);
    live += made != NULL && old == NULL;
    return made;
}

void *__wrap_aligned_alloc(size_t alignment, size_t bytes)
{
    void *made = fails() ? NULL : __real_aligned_alloc(alignment, bytes);
    live += made != NULL;
    return made;
}

void __wrap_free(void *old)
{
    live -= old != NULL;
    __real_free(old);
}

char *__wrap_strdup(const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *made = __wrap_malloc(bytes);
    return made != NULL ? memcpy(made, text, bytes) : NULL;
}

/* ---- scenarios --------------------------------------------------------------------------------------------------- */

static uint8_t pixels[3 * 80 * 50];
static const ramet_image image = {.data = pixels, .width = 80, .height = 50, .pitch = 240};
static float map_values[64 * 96];

static ramet_status run_detector_input(ramet_error *error)
{
    ramet_image tiny = {.data = pixels, .width = 20, .height = 10, .pitch = 240};
    ramet_det_preprocessor *pre;
    ramet_tensor tensor;
    ramet_status status = ramet_det_preprocessor_create(NULL, &pre, error);
    if (status == RAMET_STATUS_OK)
        status = ramet_det_preprocessor_run(pre, &tiny, &tensor, NULL, error);
    if (status == RAMET_STATUS_OK)
        status = ramet_det_preprocessor_run(pre, &image, &tensor, NULL, error);
    ramet_det_preprocessor_destroy(pre);
    return status;
}

static ramet_status read_map(ramet_det_score_mode mode, ramet_error *error)
{
    ramet_tensor map = {.dtype = RAMET_DTYPE_FLOAT32, .rank = 4, .dims = {1, 1, 64, 96}, .data = map_values};
    ramet_det_geometry geometry = {96, 64, 96, 64};
    ramet_det_option option;
    ramet_det_postprocessor *post;
    ramet_det_result result = {0};
    ramet_det_option_init(&option);
    option.db_score_mode = mode;
    ramet_status status = ramet_det_postprocessor_create(&option, &post, error);
    if (status == RAMET_STATUS_OK)
        status = ramet_det_postprocessor_run(post, &map, &geometry, &result, error);
    assert_int_equal(result.count, status == RAMET_STATUS_OK ? 2 : 0);
    ramet_det_result_clear(&result);
    ramet_det_postprocessor_destroy(post);
    return status;
}

static ramet_status read_map_fast(ramet_error *error) { return read_map(RAMET_DET_SCORE_MODE_FAST, error); }
static ramet_status read_map_slow(ramet_error *error) { return read_map(RAMET_DET_SCORE_MODE_SLOW, error); }

static ramet_status run_recogniser_input(ramet_error *error)
{
    ramet_rec_preprocessor *pre;
    ramet_tensor tensor;
    ramet_status status = ramet_rec_preprocessor_create(NULL, &pre, error);
    if (status == RAMET_STATUS_OK)
        status = ramet_rec_preprocessor_run(pre, &image, 1, &tensor, error);
    ramet_rec_preprocessor_destroy(pre);
    return status;
}

/* The lines of the recorded configuration stand for characters. */
static ramet_status read_texts(ramet_error *error)
{
    float values[2 * 3 * 64] = {0};
    ramet_rec_option option;
    ramet_rec_postprocessor *post;
    ramet_rec_result results[2] = {{0}};
    ramet_rec_option_init(&option);
    option.dictionary = RAMET_TEST_DATA "/classify/no_resize.yml";
    ramet_status status = ramet_rec_postprocessor_create(NULL, &option, &post, error);
    for (int64_t classes = 20; status == RAMET_STATUS_OK && classes < 64; classes++) {
        ramet_tensor tensor = {.dtype = RAMET_DTYPE_FLOAT32, .rank = 3, .dims = {2, 3, classes}, .data = values};
        status = ramet_rec_postprocessor_run(post, &tensor, results, 2, error);
        if (status != RAMET_STATUS_BAD_SHAPE)
            break;
        status = RAMET_STATUS_OK; /* not the number of lines */
    }
    assert_int_equal(results[0].text != NULL && results[1].text != NULL, status == RAMET_STATUS_OK);
    ramet_rec_result_clear(&results[0]);
    ramet_rec_result_clear(&results[1]);
    ramet_rec_postprocessor_destroy(post);
    return status;
}

static ramet_status take_column(ramet_error *error)
{
    ramet_quad quad = {{{10, 5}, {20, 5}, {20, 45}, {10, 45}}};
    rmt_crop crop = {0};
    ramet_status status = rmt_crop_take(&crop, &image, &quad, error);
    if (status == RAMET_STATUS_OK)
        status = rmt_crop_flip(&crop, error);
    rmt_crop_clear(&crop);
    return status;
}

static ramet_status run_classification_input(ramet_error *error)
{
    ramet_classify_preprocessor *pre;
    ramet_tensor tensor;
    ramet_status status = ramet_classify_preprocessor_create(RAMET_TEST_DATA "/classify/crop_pair.yml", &pre, error);
    if (status == RAMET_STATUS_OK)
        status = ramet_classify_preprocessor_run(pre, &image, 1, &tensor, error);
    ramet_classify_preprocessor_destroy(pre);
    return status;
}

static ramet_status read_classes(ramet_error *error)
{
    float scores[2 * 3] = {0.5F, 0.25F, 0.25F, 0, 0, 1};
    ramet_tensor tensor = {.dtype = RAMET_DTYPE_FLOAT32, .rank = 2, .dims = {2, 3}, .data = scores};
    ramet_classify_postprocessor *post;
    ramet_classify_result results[2] = {{0}};
    ramet_status status = ramet_classify_postprocessor_create(RAMET_TEST_DATA "/classify/short.yml", &post, error);
    if (status == RAMET_STATUS_OK)
        status = ramet_classify_postprocessor_run(post, &tensor, results, 2, error);
    assert_int_equal(results[0].count + results[1].count, status == RAMET_STATUS_OK ? 2 : 0);
    ramet_classify_result_clear(&results[0]);
    ramet_classify_result_clear(&results[1]);
    ramet_classify_postprocessor_destroy(post);
    return status;
}

static ramet_status classify_with_a_clone(ramet_error *error)
{
    ramet_classify_model *model, *clone = NULL;
    ramet_classify_result result = {0};
    ramet_status status = ramet_classify_model_open(RAMET_TEST_DATA "/command/classifier", NULL, &model, error);
    if (status == RAMET_STATUS_OK)
        status = ramet_classify_model_clone(model, &clone, error);
    ramet_classify_model_close(model);
    if (status == RAMET_STATUS_OK)
        status = ramet_classify_model_predict(clone, &image, 1, &result, error);
    assert_int_equal(result.count, status == RAMET_STATUS_OK);
    ramet_classify_result_clear(&result);
    ramet_classify_model_close(clone);
    return status;
}

static ramet_status run_pillow_input(ramet_error *error)
{
    ramet_classify_preprocessor *pre;
    ramet_tensor input;
    ramet_status status = ramet_classify_preprocessor_create(RAMET_TEST_DATA "/classify/pil_bicubic.yml", &pre, error);
    if (status == RAMET_STATUS_OK)
        status = ramet_classify_preprocessor_run(pre, &image, 1, &input, error);
    ramet_classify_preprocessor_destroy(pre);
    return status;
}

/* Both ways of a result: classes alone, and scores. */
static ramet_status segment_with_a_clone(ramet_error *error)
{
    ramet_segment_option option;
    ramet_segment_model *model, *clone = NULL;
    ramet_segment_result results[2] = {{0}};
    ramet_segment_option_init(&option);
    option.store_score_map = option.apply_softmax = 1;
    ramet_status status = ramet_segment_model_open(RAMET_TEST_DATA "/command/segmenter", NULL, &model, error);
    if (status == RAMET_STATUS_OK)
        status = ramet_segment_model_clone(model, &clone, error);
    ramet_segment_model_close(model);
    if (status == RAMET_STATUS_OK)
        status = ramet_segment_model_predict(clone, &image, 1, &results[0], error);
    if (status == RAMET_STATUS_OK)
        status = ramet_segment_model_set_option(clone, &option, error);
    if (status == RAMET_STATUS_OK)
        status = ramet_segment_model_predict(clone, &image, 1, &results[1], error);
    assert_int_equal(results[1].contain_score_map, status == RAMET_STATUS_OK);
    ramet_segment_result_clear(&results[0]);
    ramet_segment_result_clear(&results[1]);
    ramet_segment_model_close(clone);
    return status;
}

/* Boxes before suppression, of which one stays. */
static ramet_status read_objects(ramet_error *error)
{
    static const float boxes[3][4] = {{0, 0, 10, 10}, {1, 0, 10, 10}, {0, 1, 10, 10}};
    static const float scores[3] = {0.5F, 0.9F, 0.4F};
    const ramet_tensor outputs[] = {
        {.dtype = RAMET_DTYPE_FLOAT32, .rank = 3, .dims = {1, 3, 4}, .data = (void *)boxes},
        {.dtype = RAMET_DTYPE_FLOAT32, .rank = 3, .dims = {1, 1, 3}, .data = (void *)scores}};
    const ramet_detect_geometry geometry = {80, 50, 80, 50, 0, 0, {50, 80}, {1, 1}};
    ramet_detect_postprocessor *post;
    ramet_detect_result result = {0};
    ramet_status status =
        ramet_detect_postprocessor_create(RAMET_TEST_DATA "/detect/stretched.yml", NULL, &post, error);
    if (status == RAMET_STATUS_OK)
        status = ramet_detect_postprocessor_run(post, outputs, 2, &geometry, &result, 1, error);
    assert_int_equal(result.count, status == RAMET_STATUS_OK);
    ramet_detect_result_clear(&result);
    ramet_detect_postprocessor_destroy(post);
    return status;
}

static ramet_status detect_with_a_clone(ramet_error *error)
{
    ramet_detect_model *model, *clone = NULL;
    ramet_detect_result result = {0};
    ramet_status status = ramet_detect_model_open(RAMET_TEST_DATA "/command/objects", NULL, NULL, &model, error);
    if (status == RAMET_STATUS_OK)
        status = ramet_detect_model_clone(model, &clone, error);
    ramet_detect_model_close(model);
    if (status == RAMET_STATUS_OK)
        status = ramet_detect_model_predict(clone, &image, 1, &result, error);
    assert_int_equal(result.owner != NULL, status == RAMET_STATUS_OK);
    ramet_detect_result_clear(&result);
    ramet_detect_model_close(clone);
    return status;
}

/* Two dark bars on white, of which the model makes two texts. */
static ramet_image bars(void)
{
    static uint8_t bytes[3 * 96 * 64];
    memset(bytes, 255, sizeof bytes);
    for (int y = 0; y < 64; y++)
        if (y % 32 >= 8 && y % 32 < 24)
            memset(bytes + 3 * (96 * y + 8), 0, 3 * 70);
    return (ramet_image){.data = bytes, .width = 96, .height = 64, .pitch = 288};
}

static ramet_status read_with_a_clone(ramet_error *error)
{
    static const ramet_ocr_files files = {.detector = RAMET_TEST_DATA "/command/detector",
                                          .classifier = RAMET_TEST_DATA "/command/direction",
                                          .recognizer = RAMET_TEST_DATA "/command/recognizer",
                                          .dictionary = RAMET_TEST_DATA "/command/dictionary.txt"};
    ramet_image page = bars();
    ramet_ocr *ocr, *clone = NULL;
    ramet_ocr_result result = {0};
    ramet_status status = ramet_ocr_open(&files, NULL, &ocr, error);
    if (status == RAMET_STATUS_OK)
        status = ramet_ocr_clone(ocr, &clone, error);
    ramet_ocr_close(ocr);
    if (status == RAMET_STATUS_OK)
        status = ramet_ocr_predict(clone, &page, 1, &result, error);
    assert_int_equal(result.count, status == RAMET_STATUS_OK ? 2 : 0);
    ramet_ocr_result_clear(&result);
    ramet_ocr_close(clone);
    return status;
}

/* ---- the sweep --------------------------------------------------------------------------------------------------- */

static void sweep(ramet_status (*scenario)(ramet_error *error), long least)
{
    for (long n = 1;; n++) {
        ramet_error error = {0};
        long before = live, failures = failed;
        calls_left = n;
        ramet_status status = scenario(&error);
        calls_left = 0;
        assert_int_equal(live, before);
        if (failed == failures) {
            assert_int_equal(status, RAMET_STATUS_OK);
            assert_true(n > least);
            return;
        }
        if (status != RAMET_STATUS_OK) { /* a library's spare buffer may do without */
            assert_int_equal(status, RAMET_STATUS_OUT_OF_MEMORY);
            assert_int_equal(error.status, RAMET_STATUS_OUT_OF_MEMORY);
        }
        assert_int_equal(scenario(NULL), RAMET_STATUS_OK);
        assert_int_equal(live, before);
    }
}

static void detection_survives_every_failure(void **state)
{
    (void)state;
    for (int i = 0; i < 64 * 96; i++) {
        int row = i / 96, column = i % 96;
        map_values[i] = column >= 10 && column < 80 && row % 32 >= 8 && row % 32 < 24 ? 0.9F : 0.1F;
    }
    sweep(run_detector_input, 3);
    sweep(read_map_fast, 8);
    sweep(read_map_slow, 8);
}

static void recognition_survives_every_failure(void **state)
{
    (void)state;
    sweep(run_recogniser_input, 2);
    sweep(read_texts, 5);
    sweep(take_column, 2);
}

static void classification_survives_every_failure(void **state)
{
    (void)state;
    sweep(run_classification_input, 5);
    sweep(run_pillow_input, 5);
    sweep(read_classes, 5);
}

static void objects_survive_every_failure(void **state)
{
    (void)state;
    sweep(read_objects, 10);
    sweep(detect_with_a_clone, 40);
}

static void models_survive_every_failure(void **state)
{
    (void)state;
    sweep(classify_with_a_clone, 30);
    sweep(segment_with_a_clone, 30);
    sweep(read_with_a_clone, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(detection_survives_every_failure),      cmocka_unit_test(recognition_survives_every_failure),
        cmocka_unit_test(classification_survives_every_failure), cmocka_unit_test(objects_survive_every_failure),
        cmocka_unit_test(models_survive_every_failure),
    };
    return cmocka_run_group_tests_name("failing memory", tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A whole detection model: inputs found by name, images apart from each other, clones that go on alone. */
#include "vision/packs.h"

#include "ramet/detect.h"

enum { IMAGES = 4 };

/* Image i is i + 1 times as large, with its left upper quarter red and, in every other one, its right lower one blue. */
typedef struct gallery {
    ramet_image images[IMAGES];
    uint8_t *pixels;
} gallery;

static gallery gallery_of(void)
{
    gallery g = {.pixels = calloc(IMAGES, 3 * 64 * 32)};
    assert_non_null(g.pixels);
    for (int i = 0; i < IMAGES; i++) {
        int32_t width = 16 * (i / 2 + 1), height = 8 * (i / 2 + 1);
        uint8_t *data = g.pixels + (size_t)i * 3 * 64 * 32;
        for (int32_t y = 0; y < height; y++) {
            for (int32_t x = 0; x < width; x++) {
                uint8_t *pixel = data + 3 * (y * width + x);
                pixel[2] = x < width / 2 && y < height / 2 ? 255 : 0;
                pixel[0] = i % 2 == 0 && x >= width / 2 && y >= height / 2 ? 255 : 0;
            }
        }
        g.images[i] = (ramet_image){.data = data, .width = width, .height = height, .pitch = 3 * width};
    }
    return g;
}

static ramet_detect_model *open_model(int32_t batch_size)
{
    char path[512];
    ramet_detect_option option;
    ramet_detect_model *model;
    ramet_error error = {0};
    ramet_detect_option_init(&option);
    option.batch_size = batch_size;
    snprintf(path, sizeof path, "%s/command/objects", RAMET_TEST_DATA);
    if (ramet_detect_model_open(path, NULL, &option, &model, &error) != RAMET_STATUS_OK)
        fail_msg("%s (%s)", error.message, error.place);
    return model;
}

static void check_result(const gallery *g, int i, ramet_detect_result *result)
{
    float width = (float)g->images[i].width, height = (float)g->images[i].height;
    const float left_upper[4] = {0, 0, width / 2, height / 2}, right_lower[4] = {width / 2, height / 2, width, height};
    assert_int_equal(result->count, i % 2 == 0 ? 2 : 1);
    assert_memory_equal(result->boxes[0], left_upper, sizeof left_upper);
    assert_string_equal(result->label_names[0], "red");
    if (i % 2 == 0) {
        assert_memory_equal(result->boxes[1], right_lower, sizeof right_lower);
        assert_int_equal(result->label_ids[1], 2);
    }
    ramet_detect_result_clear(result);
    assert_null(result->owner);
}

static void an_image_has_its_own_answer_in_any_company(void **state)
{
    (void)state;
    gallery g = gallery_of();
    for (int32_t batch_size = 1; batch_size <= IMAGES; batch_size++) {
        ramet_detect_result results[IMAGES];
        ramet_error error = {0};
        ramet_detect_model *model = open_model(batch_size);
        if (ramet_detect_model_predict(model, g.images, IMAGES, results, &error) != RAMET_STATUS_OK)
            fail_msg("%s", error.message);
        for (int i = 0; i < IMAGES; i++)
            check_result(&g, i, &results[i]);
        ramet_detect_model_close(model);
    }
    free(g.pixels);
}

static void clones_outlive_their_origin(void **state)
{
    (void)state;
    gallery g = gallery_of();
    ramet_detect_result result;
    ramet_detect_model *model = open_model(1), *clone, *second;
    assert_int_equal(ramet_detect_postprocessor_set_score_threshold(ramet_detect_model_postprocessor(model), 1),
                     RAMET_STATUS_OK);
    assert_int_equal(ramet_detect_model_clone(model, &clone, NULL), RAMET_STATUS_OK);
    ramet_detect_model_close(model);
    assert_int_equal(ramet_detect_model_clone(clone, &second, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_detect_model_predict(clone, g.images, 1, &result, NULL), RAMET_STATUS_OK);
    assert_int_equal(result.count, 0); /* the setting came along */
    ramet_detect_result_clear(&result);
    ramet_detect_model_close(clone);
    assert_int_equal(ramet_detect_postprocessor_set_score_threshold(ramet_detect_model_postprocessor(second), 0),
                     RAMET_STATUS_OK);
    assert_int_equal(ramet_detect_model_predict(second, g.images, 1, &result, NULL), RAMET_STATUS_OK);
    check_result(&g, 0, &result);
    ramet_detect_model_close(second);
    free(g.pixels);
}

static void stages_that_are_used_alone_give_the_same(void **state)
{
    (void)state;
    gallery g = gallery_of();
    ramet_detect_model *model = open_model(1);
    ramet_detect_preprocessor *pre = ramet_detect_model_preprocessor(model);
    ramet_detect_postprocessor *post = ramet_detect_model_postprocessor(model);
    ramet_detect_geometry geometry[2];
    ramet_detect_result results[2];
    ramet_tensor inputs[2], outputs[2];
    float factors[2][2];
    assert_int_equal(ramet_detect_preprocessor_run(pre, g.images, 2, &inputs[0], geometry, NULL), RAMET_STATUS_OK);
    for (int i = 0; i < 2; i++)
        memcpy(factors[i], geometry[i].scale_factor, sizeof factors[i]);
    inputs[0].name = "image";
    inputs[1] = (ramet_tensor){.name = "scale_factor", .rank = 2, .dims = {2, 2}, .data = factors};
    assert_int_equal(ramet_runtime_run(ramet_detect_model_runtime(model), inputs, 2, outputs, 2, NULL),
                     RAMET_STATUS_OK);
    assert_int_equal(ramet_detect_postprocessor_run(post, outputs, 2, geometry, results, 2, NULL), RAMET_STATUS_OK);
    for (int i = 0; i < 2; i++)
        check_result(&g, i, &results[i]);
    ramet_detect_model_close(model);
    free(g.pixels);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    gallery g = gallery_of();
    ramet_detect_result result;
    ramet_detect_model *model = open_model(1), *none;
    ramet_error error = {0};
    char path[512];
    assert_int_equal(ramet_detect_model_predict(model, NULL, 1, &result, NULL), RAMET_STATUS_INVALID_ARGUMENT);
    assert_int_equal(ramet_detect_model_predict(NULL, g.images, 1, &result, NULL), RAMET_STATUS_INVALID_ARGUMENT);
    g.images[0].width = 0;
    assert_int_equal(ramet_detect_model_predict(model, g.images, 1, &result, NULL), RAMET_STATUS_INVALID_ARGUMENT);
    assert_null(result.owner);
    ramet_detect_model_close(model);
    ramet_detect_model_close(NULL);
    assert_int_equal(ramet_detect_model_open("/nonexistent", NULL, NULL, &none, &error), RAMET_STATUS_NOT_FOUND);
    assert_null(none);
    snprintf(path, sizeof path, "%s/command/detector", RAMET_TEST_DATA); /* no configuration, no declared size */
    assert_int_equal(ramet_detect_model_open(path, NULL, NULL, &none, &error), RAMET_STATUS_INVALID_ARGUMENT);
    free(g.pixels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_image_has_its_own_answer_in_any_company),
        cmocka_unit_test(clones_outlive_their_origin),
        cmocka_unit_test(stages_that_are_used_alone_give_the_same),
        cmocka_unit_test(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Images become the inputs that PaddleDetection's own preprocessing gives, and what is not known is refused by name. */
#include "vision/packs.h"

#include <unistd.h>

#include "vision/detect/detect.h"

#define ONE_LEVEL (1.0F / 255.0F / 0.224F + 1e-5F) /* what a step of one of 255 becomes at most */

static ramet_detect_preprocessor *preprocessor_of(const char *name)
{
    char path[512];
    ramet_error error = {0};
    ramet_detect_preprocessor *pre;
    snprintf(path, sizeof path, "%s/detect/%s.yml", RAMET_TEST_DATA, name);
    if (ramet_detect_preprocessor_create(path, NULL, &pre, &error) != RAMET_STATUS_OK)
        fail_msg("%s: %s (%s)", name, error.message, error.place);
    return pre;
}

static void check_image(const char *name, ramet_detect_preprocessor *pre, const tensorpack *pack,
                        const tensorpack_record *record, float bound)
{
    const char *key = record->name;
    const tensorpack_record *want = part_of(pack, key, "tensor");
    const float *im_shape = part_of(pack, key, "im_shape")->data, *factor = part_of(pack, key, "scale_factor")->data;
    ramet_image image = image_of(record);
    ramet_detect_geometry geometry;
    ramet_tensor got;
    ramet_error error = {0};
    if (ramet_detect_preprocessor_run(pre, &image, 1, &got, &geometry, &error) != RAMET_STATUS_OK)
        fail_msg("%s, %s: %s", name, key, error.message);
    for (int i = 0; i < 4; i++)
        if (got.dims[i] != want->dims[i])
            fail_msg("%s, %s: side %d is %d, not %d", name, key, i, (int)got.dims[i], (int)want->dims[i]);
    for (int i = 0; i < 2; i++) {
        assert_float_equal(geometry.im_shape[i], im_shape[i], 0);
        assert_float_equal(geometry.scale_factor[i], factor[i], 0);
    }
    assert_int_equal(geometry.input_height, want->dims[2]);
    assert_int_equal(geometry.input_width, want->dims[3]);
    float difference = largest_difference(got.data, want->data, want->elements);
    if (!(difference <= bound))
        fail_msg("%s, %s: off by %g", name, key, (double)difference);
}

/* Every image that the official operators take; at least `least` of them. */
static void check_configuration(const char *name, float bound, int least)
{
    char pack_name[128];
    snprintf(pack_name, sizeof pack_name, "detect/%s", name);
    tensorpack images = open_pack("detect/images"), pack = open_pack(pack_name);
    ramet_detect_preprocessor *pre = preprocessor_of(name);
    int checked = 0;
    for (size_t i = 0; i < images.count; i++) {
        if (tensorpack_find(&pack, "%s.tensor", images.records[i].name) == NULL)
            continue;
        check_image(name, pre, &pack, &images.records[i], bound);
        checked++;
    }
    if (checked < least)
        fail_msg("%s: only %d images", name, checked);
    ramet_detect_preprocessor_destroy(pre);
    tensorpack_close(&images);
    tensorpack_close(&pack);
}

static void inputs_equal_those_of_paddledetection(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        float bound;
        int least;
    } configurations[] = {
        {"stretched", 1e-5F, 7},
        {"cubic", ONE_LEVEL, 7},
        {"nearest", 1e-5F, 7},
        {"area", 1e-5F, 7},
        {"lanczos", 1e-5F, 7},
        {"kept", 1e-5F, 6},
        {"kept_cubic", ONE_LEVEL, 6},
        {"kept_square", 1e-5F, 6},
        {"strided", 1e-5F, 6},
        {"no_stride", 1e-5F, 7},
        {"padded", 1e-4F, 6},
        {"padded_numbers", 1e-5F, 6},
        {"padded_twice", 1e-5F, 6},
        {"unscaled", 1e-5F, 7},
        {"norm_none", 1e-5F, 7},
        {"not_normalised", 1e-4F, 7},
        {"not_resized", 1e-5F, 3},
        {"letter_box", 1e-5F, 6},
        {"letter_box_square", 1e-5F, 6},
        {"warped", 1e-5F, 6},
        {"warped_kept", 1e-5F, 4},
        {"multiple_max", 1e-5F, 2},
        {"multiple_min", ONE_LEVEL, 1},
    };
    for (size_t i = 0; i < sizeof configurations / sizeof configurations[0]; i++)
        check_configuration(configurations[i].name, configurations[i].bound, configurations[i].least);
}

static void affine_warps_give_the_bytes_of_cv2(void **state)
{
    (void)state;
    tensorpack pack = open_pack("detect/affine");
    int cases = 0;
    for (size_t i = 0; i < pack.count; i++) {
        char name[TENSORPACK_MAX_NAME];
        if (!case_of(&pack, i, "image", name))
            continue;
        ramet_image image = image_of(&pack.records[i]), want = image_of(part_of(&pack, name, "warped")), got;
        assert_int_equal(rmt_image_create(want.width, want.height, &got, NULL), RAMET_STATUS_OK);
        rmt_image_warp_affine(&image, part_of(&pack, name, "map")->data, &got);
        assert_memory_equal(got.data, want.data, 3 * (size_t)want.width * (size_t)want.height);
        ramet_image_clear(&got);
        cases++;
    }
    assert_int_equal(cases, 12);
    tensorpack_close(&pack);
}

static void images_that_no_step_can_take_are_refused(void **state)
{
    (void)state;
    uint8_t pixels[3 * 40 * 4] = {0};
    ramet_image image = {.data = pixels, .width = 40, .height = 4, .pitch = 120};
    ramet_detect_preprocessor *pre = preprocessor_of("padded_numbers");
    ramet_tensor tensor;
    ramet_error error = {0};
    image.width = 1, image.height = 40, image.pitch = 3;
    assert_int_equal(ramet_detect_preprocessor_run(pre, &image, 1, &tensor, NULL, &error), RAMET_STATUS_OK);
    assert_int_equal(ramet_detect_preprocessor_run(pre, NULL, 1, &tensor, NULL, &error), RAMET_STATUS_INVALID_ARGUMENT);
    assert_int_equal(ramet_detect_preprocessor_run(pre, &image, 0, &tensor, NULL, &error),
                     RAMET_STATUS_INVALID_ARGUMENT);
    ramet_detect_preprocessor_destroy(pre);
}

/* ---- configurations ---------------------------------------------------------------------------------------------- */

static ramet_status create_from(const char *text, ramet_error *error)
{
    char path[64] = "/tmp/ramet-detect-XXXXXX";
    ramet_detect_preprocessor *pre = NULL;
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), (ssize_t)strlen(text));
    close(file);
    *error = (ramet_error){0};
    ramet_status status = ramet_detect_preprocessor_create(path, NULL, &pre, error);
    assert_int_equal(status == RAMET_STATUS_OK, pre != NULL);
    ramet_detect_preprocessor_destroy(pre);
    unlink(path);
    return status;
}

static void what_is_not_known_is_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        ramet_status status;
        const char *names;
    } cases[] = {
        {"Preprocess:\n- {type: Rotate}\n", RAMET_STATUS_UNSUPPORTED, "'Rotate'"},
        {"Preprocess:\n- {type: Resize, target_size: [4, 4], keep_ratio: true, antialias: 1}\n",
         RAMET_STATUS_UNSUPPORTED, "'antialias'"},
        {"Preprocess:\n- {type: Resize, target_size: [4, 4], interp: 7}\n", RAMET_STATUS_BAD_FORMAT, "'interp'"},
        {"Preprocess:\n- {type: Resize, target_size: [4, 4, 4]}\n", RAMET_STATUS_BAD_FORMAT, "'target_size'"},
        {"Preprocess:\n- {type: Resize, target_size: -1}\n", RAMET_STATUS_BAD_FORMAT, "'target_size'"},
        {"Preprocess:\n- {type: Resize}\n", RAMET_STATUS_BAD_FORMAT, "'target_size'"},
        {"Preprocess:\n- {type: NormalizeImage, std: [0, 1, 1]}\n", RAMET_STATUS_BAD_FORMAT, "'std'"},
        {"Preprocess:\n- {type: NormalizeImage, norm_type: min_max}\n", RAMET_STATUS_UNSUPPORTED, "'norm_type'"},
        {"Preprocess:\n- {type: NormalizeImage}\n- {type: NormalizeImage}\n", RAMET_STATUS_UNSUPPORTED,
         "'NormalizeImage'"},
        {"Preprocess:\n- {type: NormalizeImage}\n- {type: Resize, target_size: 4}\n", RAMET_STATUS_UNSUPPORTED,
         "'Resize'"},
        {"Preprocess:\n- {type: Pad, size: 4}\n- {type: Resize, target_size: 4}\n", RAMET_STATUS_UNSUPPORTED,
         "'Resize'"},
        {"Preprocess:\n- {type: Resize_Mult32, limit_side_len: 4, limit_type: short}\n", RAMET_STATUS_UNSUPPORTED,
         "'limit_type'"},
        {"Preprocess:\n- {type: Resize_Mult32, limit_type: max}\n", RAMET_STATUS_BAD_FORMAT, "'limit_side_len'"},
        {"Preprocess:\n- Resize\n", RAMET_STATUS_BAD_FORMAT, "'Preprocess'"},
        {"Preprocess: Resize\n", RAMET_STATUS_BAD_FORMAT, "Preprocess"},
        {"arch: YOLO\n", RAMET_STATUS_BAD_FORMAT, "Preprocess"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ramet_error error;
        assert_int_equal(create_from(cases[i].text, &error), cases[i].status);
        if (strstr(error.message, cases[i].names) == NULL)
            fail_msg("'%s' does not name %s", error.message, cases[i].names);
        assert_true(error.place[0] != '\0');
    }
}

static void heads_and_one_key_maps_are_understood(void **state)
{
    (void)state;
    ramet_error error;
    assert_int_equal(create_from("Preprocess:\n- DecodeImage: {to_rgb: true}\n- Resize: {target_size: 8}\n", &error),
                     RAMET_STATUS_OK);
    assert_int_equal(create_from("Preprocess: []\n", &error), RAMET_STATUS_OK);
}

static void without_a_configuration_the_option_decides(void **state)
{
    (void)state;
    ramet_detect_option option;
    ramet_detect_preprocessor *pre;
    ramet_error error = {0};
    uint8_t pixels[3 * 5 * 4];
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(10 * (i % 3 + 1));
    ramet_image image = {.data = pixels, .width = 5, .height = 4, .pitch = 15};
    ramet_tensor tensor;
    ramet_detect_option_init(&option);
    assert_int_equal(ramet_detect_preprocessor_create(NULL, &option, &pre, &error), RAMET_STATUS_INVALID_ARGUMENT);
    option.input_width = 6, option.input_height = 3;
    for (int c = 0; c < 3; c++)
        option.mean[c] = 0.1F * (float)c, option.std[c] = 0.5F;
    option.channel_order = RAMET_CHANNEL_ORDER_BGR;
    assert_int_equal(ramet_detect_preprocessor_create(NULL, &option, &pre, &error), RAMET_STATUS_OK);
    assert_int_equal(ramet_detect_preprocessor_run(pre, &image, 1, &tensor, NULL, &error), RAMET_STATUS_OK);
    assert_int_equal(tensor.dims[2], 3);
    assert_int_equal(tensor.dims[3], 6);
    for (int c = 0; c < 3; c++)
        assert_float_equal(((float *)tensor.data)[18 * c], ((float)(10 * (c + 1)) / 255.0F - 0.1F * (float)c) / 0.5F,
                           1e-6F);
    ramet_detect_preprocessor_destroy(pre);
    option.std[1] = 0;
    assert_int_equal(ramet_detect_preprocessor_create(NULL, &option, &pre, &error), RAMET_STATUS_INVALID_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inputs_equal_those_of_paddledetection),
        cmocka_unit_test(affine_warps_give_the_bytes_of_cv2),
        cmocka_unit_test(images_that_no_step_can_take_are_refused),
        cmocka_unit_test(what_is_not_known_is_refused_by_name),
        cmocka_unit_test(heads_and_one_key_maps_are_understood),
        cmocka_unit_test(without_a_configuration_the_option_decides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

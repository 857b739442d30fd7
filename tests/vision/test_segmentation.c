/* SPDX-License-Identifier: Apache-2.0 */
/* The stages of segmentation equal PaddleSeg's own, forwards and back, and a configuration that asks for more is refused. */
#include "vision/packs.h"

#include <unistd.h>

#include "vision/segment/segment.h"

static const char *path_of(const char *name, char path[512])
{
    snprintf(path, 512, "%s/segment/%s.yaml", RAMET_TEST_DATA, name);
    return path;
}

static ramet_segment_preprocessor *preprocessor_of(const char *name)
{
    char path[512];
    ramet_error error = {0};
    ramet_segment_preprocessor *pre;
    if (ramet_segment_preprocessor_create(path_of(name, path), &pre, &error) != RAMET_STATUS_OK)
        fail_msg("%s: %s (%s)", name, error.message, error.place);
    return pre;
}

static ramet_segment_postprocessor *postprocessor_of(const char *name)
{
    char path[512];
    ramet_segment_postprocessor *post;
    assert_int_equal(ramet_segment_postprocessor_create(path_of(name, path), &post, NULL), RAMET_STATUS_OK);
    return post;
}

/* Dtypes of the records and of the library have numbers of their own. */
static ramet_tensor tensor_of(const tensorpack_record *record)
{
    ramet_tensor tensor = {.rank = record->rank, .data = record->data};
    tensor.dtype = record->dtype == TENSORPACK_INT32 ? RAMET_DTYPE_INT32 : RAMET_DTYPE_FLOAT32;
    for (int i = 0; i < record->rank; i++)
        tensor.dims[i] = record->dims[i];
    return tensor;
}

/* ---- images to tensors ------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    float bound; /* an image of 2 x 2 pixels for one is averaged by cv2 in another rounding: none of these */
    bool traced;
} CONFIGS[] = {
    {"normalize", 1e-5F, true},       {"resize", 1e-5F, true},
    {"resize_ratio", 1e-5F, true},    {"resize_divisor", 1e-5F, true},
    {"resize_nearest", 1e-5F, true},  {"resize_area", 2.0F / 255 + 1e-5F, true},
    {"by_long", 1e-5F, true},         {"by_short", 1e-5F, true},
    {"limit_long", 1e-5F, true},      {"range_scaling", 1e-5F, false},
    {"step_scaling", 1e-5F, false},   {"padding", 1e-5F, true},
    {"padding_numbers", 1e-5F, true}, {"by_long_padding", 1e-5F, true},
    {"aspect_resize", 1e-5F, true},   {"scale_padding", 2.0F / 255 + 1e-5F, false},
};
enum { CONFIG_COUNT = sizeof CONFIGS / sizeof CONFIGS[0], IMAGE_COUNT = 5 };

static void tensors_are_official(void **state)
{
    (void)state;
    for (int c = 0; c < CONFIG_COUNT; c++) {
        char name[64];
        snprintf(name, sizeof name, "segment/%s", CONFIGS[c].name);
        tensorpack pack = open_pack(name);
        ramet_segment_preprocessor *pre = preprocessor_of(CONFIGS[c].name);
        for (int k = 0; k < IMAGE_COUNT; k++) {
            const tensorpack_record *want = tensorpack_find(&pack, "%d.tensor", k);
            ramet_image image = image_of(tensorpack_find(&pack, "%d.image", k));
            ramet_tensor got;
            assert_int_equal(ramet_segment_preprocessor_run(pre, &image, 1, &got, NULL), RAMET_STATUS_OK);
            for (int i = 0; i < 4; i++)
                assert_int_equal(got.dims[i], want->dims[i]);
            float difference = largest_difference(got.data, want->data, want->elements);
            if (!(difference <= CONFIGS[c].bound))
                fail_msg("%s: image %d is off by %g", CONFIGS[c].name, k, (double)difference);
        }
        ramet_segment_preprocessor_destroy(pre);
        tensorpack_close(&pack);
    }
}

/* The configuration resizes to 19 x 11; what is turned stands 19 high. */
static void vertical_screens_turn_the_size(void **state)
{
    (void)state;
    static uint8_t pixels[3 * 8 * 5];
    ramet_image image = {.data = pixels, .width = 5, .height = 8, .pitch = 15};
    ramet_segment_preprocessor *pre = preprocessor_of("resize");
    ramet_segment_option option;
    ramet_tensor tensor;
    ramet_segment_option_init(&option);
    option.is_vertical_screen = 1;
    assert_int_equal(ramet_segment_preprocessor_set_option(pre, &option, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_segment_preprocessor_run(pre, &image, 1, &tensor, NULL), RAMET_STATUS_OK);
    assert_int_equal(tensor.dims[2], 19);
    assert_int_equal(tensor.dims[3], 11);
    assert_int_equal(ramet_segment_preprocessor_set_option(pre, NULL, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_segment_preprocessor_run(pre, &image, 1, &tensor, NULL), RAMET_STATUS_OK);
    assert_int_equal(tensor.dims[2], 11);
    ramet_segment_preprocessor_destroy(pre);
}

static void images_larger_than_their_padding_are_refused(void **state)
{
    (void)state;
    static uint8_t pixels[3 * 40];
    ramet_image image = {.data = pixels, .width = 40, .height = 1, .pitch = 120};
    ramet_segment_preprocessor *pre = preprocessor_of("padding");
    ramet_tensor tensor;
    assert_int_equal(ramet_segment_preprocessor_run(pre, &image, 1, &tensor, NULL), RAMET_STATUS_BAD_SHAPE);
    ramet_segment_preprocessor_destroy(pre);
}

/* ---- maps to results --------------------------------------------------------------------------------------------- */

static void check_labels(const char *what, int k, const uint16_t *got, const tensorpack_record *want)
{
    const int32_t *labels = want->data;
    for (size_t i = 0; i < want->elements; i++)
        if (got[i] != labels[i])
            fail_msg("%s, image %d, pixel %zu: %d instead of %d", what, k, i, got[i], (int)labels[i]);
}

static void classes_come_back_as_paddleseg_brings_them(void **state)
{
    (void)state;
    for (int c = 0; c < CONFIG_COUNT; c++) {
        char name[64];
        if (!CONFIGS[c].traced)
            continue;
        snprintf(name, sizeof name, "segment/%s", CONFIGS[c].name);
        tensorpack pack = open_pack(name);
        ramet_segment_postprocessor *post = postprocessor_of(CONFIGS[c].name);
        for (int k = 0; k < IMAGE_COUNT; k++) {
            const tensorpack_record *classes = tensorpack_find(&pack, "%d.classes", k);
            ramet_image image = image_of(tensorpack_find(&pack, "%d.image", k));
            ramet_tensor map = tensor_of(classes);
            map.rank = 3 + k % 2; /* [1, h, w] and [1, 1, h, w] */
            for (int i = 0; i < map.rank; i++)
                map.dims[i] = i < map.rank - 2 ? 1 : classes->dims[i - (map.rank - 2)];
            ramet_segment_result result;
            assert_int_equal(ramet_segment_postprocessor_run(post, &map, &image, &result, 1, NULL), RAMET_STATUS_OK);
            assert_int_equal(result.height, image.height);
            assert_int_equal(result.width, image.width);
            assert_null(result.score_map);
            check_labels(CONFIGS[c].name, k, result.label_map, tensorpack_find(&pack, "%d.labels", k));
            ramet_segment_result_clear(&result);
        }
        ramet_segment_postprocessor_destroy(post);
        tensorpack_close(&pack);
    }
}

static void check_scores(const tensorpack *pack, const char *name, bool soft)
{
    ramet_segment_postprocessor *post = postprocessor_of(name);
    ramet_segment_option option;
    ramet_segment_option_init(&option);
    option.store_score_map = 1;
    option.apply_softmax = soft;
    assert_int_equal(ramet_segment_postprocessor_set_option(post, &option, NULL), RAMET_STATUS_OK);
    for (int k = 0; k < IMAGE_COUNT; k++) {
        const char *suffix = soft ? ".soft" : "";
        const tensorpack_record *scores = tensorpack_find(pack, "%d.scores%s", k, suffix);
        ramet_image image = image_of(tensorpack_find(pack, "%d.image", k));
        ramet_tensor maps = tensor_of(tensorpack_find(pack, "%d.maps", k));
        ramet_segment_result result;
        assert_int_equal(ramet_segment_postprocessor_run(post, &maps, &image, &result, 1, NULL), RAMET_STATUS_OK);
        assert_int_equal(result.contain_score_map, 1);
        float difference = largest_difference(result.score_map, scores->data, scores->elements);
        if (!(difference <= 1e-6F))
            fail_msg("%s%s: scores of image %d are off by %g", name, suffix, k, (double)difference);
        check_labels(name, k, result.label_map, tensorpack_find(pack, "%d.best%s", k, suffix));
        ramet_segment_result_clear(&result);
    }
    ramet_segment_postprocessor_destroy(post);
}

static void scores_are_enlarged_before_they_are_compared(void **state)
{
    (void)state;
    int soft = 0;
    for (int c = 0; c < CONFIG_COUNT; c++) {
        char name[64];
        if (!CONFIGS[c].traced)
            continue;
        snprintf(name, sizeof name, "segment/%s", CONFIGS[c].name);
        tensorpack pack = open_pack(name);
        check_scores(&pack, CONFIGS[c].name, false);
        if (tensorpack_find(&pack, "0.scores.soft") != NULL) {
            check_scores(&pack, CONFIGS[c].name, true);
            soft++;
        }
        tensorpack_close(&pack);
    }
    assert_int_equal(soft, 2);
}

/* Without images, results have the size of the map; without a wish for scores, the best class is taken in the map. */
static void maps_alone_keep_their_size(void **state)
{
    (void)state;
    float maps[2][2][6] = {{{0, 1, NAN, 3, NAN, 5}, {1, 0, 2, 3, NAN, INFINITY}},
                           {{-INFINITY, 9, 8, 7, 6, 5}, {0, 0, 0, 0, 0, 5}}};
    static const uint16_t want[2][6] = {{1, 0, 1, 0, 0, 1}, {1, 0, 0, 0, 0, 0}};
    ramet_tensor tensor = {.rank = 4, .dims = {2, 2, 2, 3}, .data = maps};
    for (int keep = 0; keep < 2; keep++) {
        ramet_segment_postprocessor *post = postprocessor_of("normalize");
        ramet_segment_option option;
        ramet_segment_result results[2];
        ramet_segment_option_init(&option);
        option.store_score_map = keep;
        assert_int_equal(ramet_segment_postprocessor_set_option(post, &option, NULL), RAMET_STATUS_OK);
        assert_int_equal(ramet_segment_postprocessor_run(post, &tensor, NULL, results, 2, NULL), RAMET_STATUS_OK);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(results[i].height, 2);
            assert_int_equal(results[i].width, 3);
            assert_memory_equal(results[i].label_map, want[i], sizeof want[i]);
            assert_int_equal(results[i].contain_score_map, keep);
            ramet_segment_result_clear(&results[i]);
        }
        ramet_segment_postprocessor_destroy(post);
    }
}

static void check_map(ramet_dtype dtype, void *data, ramet_status want, int label)
{
    ramet_segment_postprocessor *post = postprocessor_of("normalize");
    ramet_tensor tensor = {.dtype = dtype, .rank = 3, .dims = {1, 1, 1}, .data = data};
    ramet_segment_result result;
    assert_int_equal(ramet_segment_postprocessor_run(post, &tensor, NULL, &result, 1, NULL), want);
    if (want == RAMET_STATUS_OK)
        assert_int_equal(result.label_map[0], label);
    else
        assert_null(result.owner);
    ramet_segment_result_clear(&result);
    ramet_segment_postprocessor_destroy(post);
}

static void classes_of_every_dtype_are_read_and_never_wrap(void **state)
{
    (void)state;
    check_map(RAMET_DTYPE_UINT8, &(uint8_t){255}, RAMET_STATUS_OK, 255);
    check_map(RAMET_DTYPE_INT8, &(int8_t){-1}, RAMET_STATUS_UNSUPPORTED, 0);
    check_map(RAMET_DTYPE_INT16, &(int16_t){300}, RAMET_STATUS_OK, 300);
    check_map(RAMET_DTYPE_INT32, &(int32_t){65535}, RAMET_STATUS_OK, 65535);
    check_map(RAMET_DTYPE_INT32, &(int32_t){65536}, RAMET_STATUS_UNSUPPORTED, 0);
    check_map(RAMET_DTYPE_INT64, &(int64_t){257}, RAMET_STATUS_OK, 257);
    check_map(RAMET_DTYPE_INT64, &(int64_t){INT64_MIN}, RAMET_STATUS_UNSUPPORTED, 0);
    check_map(RAMET_DTYPE_FLOAT32, &(float){18}, RAMET_STATUS_OK, 18);
    check_map(RAMET_DTYPE_FLOAT32, &(float){NAN}, RAMET_STATUS_UNSUPPORTED, 0);
    check_map(RAMET_DTYPE_FLOAT64, &(double){1e300}, RAMET_STATUS_UNSUPPORTED, 0);
    check_map(RAMET_DTYPE_FLOAT16, &(uint16_t){0}, RAMET_STATUS_UNSUPPORTED, 0);
}

static void shapes_that_are_no_maps_are_refused(void **state)
{
    (void)state;
    static float data[8];
    static const ramet_tensor tensors[] = {
        {.rank = 2, .dims = {1, 8}, .data = data},
        {.rank = 5, .dims = {1, 1, 1, 1, 8}, .data = data},
        {.rank = 4, .dims = {1, 2, 0, 4}, .data = data},
        {.rank = 4, .dims = {1, 0, 2, 4}, .data = data},
        {.rank = 4, .dims = {1, 70000, 1, 1}, .data = data},
        {.rank = 4, .dims = {2, 1, 2, 2}, .data = data},
        {.rank = 3, .dims = {1, INT64_MAX, INT64_MAX}, .data = data},
        {.rank = 3, .dims = {1, -2, -4}, .data = data},
        {.rank = 4, .dims = {1, 2, 2, 2}, .data = data, .dtype = RAMET_DTYPE_INT32},
    };
    ramet_segment_postprocessor *post = postprocessor_of("normalize");
    ramet_segment_result result;
    for (size_t i = 0; i < sizeof tensors / sizeof tensors[0]; i++)
        assert_int_equal(ramet_segment_postprocessor_run(post, &tensors[i], NULL, &result, 1, NULL),
                         RAMET_STATUS_BAD_SHAPE);
    ramet_tensor good = {.rank = 3, .dims = {1, 2, 4}, .data = data};
    ramet_image image = {.width = 0, .height = 5};
    assert_int_equal(ramet_segment_postprocessor_run(post, &good, &image, &result, 1, NULL),
                     RAMET_STATUS_INVALID_ARGUMENT);
    good.data = NULL;
    assert_int_equal(ramet_segment_postprocessor_run(post, &good, NULL, &result, 1, NULL),
                     RAMET_STATUS_INVALID_ARGUMENT);
    ramet_segment_postprocessor_destroy(post);
}

/* ---- configurations ---------------------------------------------------------------------------------------------- */

static void write_file(char path[64], const char *bytes)
{
    strcpy(path, "/tmp/ramet-segment-XXXXXX");
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, bytes, strlen(bytes)), (ssize_t)strlen(bytes));
    close(file);
}

static ramet_status read_transforms(const char *transforms, rmt_segment_config *config, ramet_error *error)
{
    char path[64], text[1024];
    snprintf(text, sizeof text, "Deploy:\n  transforms:\n%s", transforms);
    write_file(path, text);
    ramet_status status = rmt_segment_config_open(path, config, error);
    remove(path);
    return status;
}

static void unknown_wishes_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *transforms;
        ramet_status status;
        const char *word, *line;
    } cases[] = {
        {"  - type: RandomBlur\n", RAMET_STATUS_UNSUPPORTED, "RandomBlur", "line 3"},
        {"  - type: Normalize\n  - type: Resize\n", RAMET_STATUS_UNSUPPORTED, "normalised", "line 4"},
        {"  - type: Normalize\n  - type: Normalize\n", RAMET_STATUS_UNSUPPORTED, "Normalize", "line 4"},
        {"  - {type: Normalize, std: [0.5, 0, 0.5]}\n", RAMET_STATUS_BAD_FORMAT, "std", "line 3"},
        {"  - {type: Normalize, mean: [1, 2]}\n", RAMET_STATUS_BAD_FORMAT, "mean", "line 3"},
        {"  - {type: Resize, target_size: [0, 4]}\n", RAMET_STATUS_BAD_FORMAT, "target_size", "line 3"},
        {"  - {type: Resize, interp: BEST}\n", RAMET_STATUS_UNSUPPORTED, "BEST", "line 3"},
        {"  - {type: ResizeByLong}\n", RAMET_STATUS_BAD_FORMAT, "long_size", "line 3"},
        {"  - {type: ResizeByShort, short_size: [4, 8]}\n", RAMET_STATUS_UNSUPPORTED, "short_size", "line 3"},
        {"  - {type: LimitLong, max_long: 4, min_long: 5}\n", RAMET_STATUS_BAD_FORMAT, "min_long", "line 3"},
        {"  - {type: ResizeRangeScaling}\n", RAMET_STATUS_UNSUPPORTED, "ResizeRangeScaling", "line 3"},
        {"  - {type: ResizeStepScaling}\n", RAMET_STATUS_UNSUPPORTED, "ResizeStepScaling", "line 3"},
        {"  - {type: Padding}\n", RAMET_STATUS_BAD_FORMAT, "target_size", "line 3"},
        {"  - {type: PaddingByAspectRatio, aspect_ratio: 0}\n", RAMET_STATUS_BAD_FORMAT, "aspect_ratio", "line 3"},
        {"  - {target_size: 4}\n", RAMET_STATUS_BAD_FORMAT, "type", "line 3"},
        {"  - 7\n", RAMET_STATUS_BAD_FORMAT, "type", "line 3"},
        {"    7\n", RAMET_STATUS_BAD_FORMAT, "transforms", ""},
        {"  - type: Normalize\n  output_op: sum\n", RAMET_STATUS_UNSUPPORTED, "sum", "line 4"},
        {"  - type: Normalize\n  input_shape: [3, 4]\n", RAMET_STATUS_BAD_FORMAT, "input_shape", "line 4"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ramet_error error = {0};
        rmt_segment_config config;
        ramet_status status = read_transforms(cases[i].transforms, &config, &error);
        if (status != cases[i].status || strstr(error.message, cases[i].word) == NULL ||
            strstr(error.place, cases[i].line) == NULL)
            fail_msg("%s-> %s: %s (%s)", cases[i].transforms, ramet_status_name(status), error.message, error.place);
    }
}

/* A random interpolation is bilinear; a fixed size without a resize stretches to it. */
static void what_is_left_open_is_decided(void **state)
{
    (void)state;
    rmt_segment_config config;
    assert_int_equal(read_transforms("  - {type: Resize, interp: RANDOM}\n  output_op: softmax\n", &config, NULL),
                     RAMET_STATUS_OK);
    assert_int_equal(config.transform.steps[0].interpolation, RMT_INTERPOLATION_LINEAR);
    assert_int_equal(config.transform.steps[0].width, 512);
    assert_true(config.gives_probabilities && !config.gives_classes);
    assert_int_equal(read_transforms("  - type: Normalize\n  input_shape: [1, 3, 20, 30]\n", &config, NULL),
                     RAMET_STATUS_OK);
    rmt_extent extent = {7, 3000};
    assert_int_equal(rmt_transform_measure(&config.transform, &extent, NULL), RAMET_STATUS_OK);
    assert_int_equal(extent.height, 20);
    assert_int_equal(extent.width, 30);
    assert_true(config.gives_classes);
    assert_int_equal(read_transforms("  - {type: LimitLong, max_long: 9}\n  input_shape: [1, 3, 20, 30]\n", &config,
                                     NULL),
                     RAMET_STATUS_OK);
    assert_int_equal(config.transform.count, 1);
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

static void saved_maps_are_images(void **state)
{
    (void)state;
    uint16_t labels[6] = {0, 1, 2, 3, 254, 255};
    ramet_segment_result result = {.height = 2, .width = 3, .label_map = labels};
    char path[64];
    ramet_image image;
    write_file(path, "");
    assert_int_equal(ramet_segment_result_save(&result, path, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_image_load(path, NULL, &image, NULL), RAMET_STATUS_OK);
    assert_int_equal(image.width, 3);
    assert_memory_equal(image.data, ((uint8_t[]){0, 0, 0, 0, 0, 128}), 6); /* black; class 1 is dark red */
    ramet_image_clear(&image);
    labels[5] = 256;
    assert_int_equal(ramet_segment_result_save(&result, path, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_image_load(path, NULL, &image, NULL), RAMET_STATUS_OK);
    assert_int_equal(image.data[15], 1); /* the high byte of 16 bits */
    ramet_image_clear(&image);
    remove(path);
    assert_int_equal(ramet_segment_result_save(&result, "/nowhere/map.png", NULL), RAMET_STATUS_NOT_FOUND);
    assert_int_equal(ramet_segment_result_save(&(ramet_segment_result){0}, path, NULL), RAMET_STATUS_INVALID_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_are_official),
        cmocka_unit_test(vertical_screens_turn_the_size),
        cmocka_unit_test(images_larger_than_their_padding_are_refused),
        cmocka_unit_test(classes_come_back_as_paddleseg_brings_them),
        cmocka_unit_test(scores_are_enlarged_before_they_are_compared),
        cmocka_unit_test(maps_alone_keep_their_size),
        cmocka_unit_test(classes_of_every_dtype_are_read_and_never_wrap),
        cmocka_unit_test(shapes_that_are_no_maps_are_refused),
        cmocka_unit_test(unknown_wishes_are_named),
        cmocka_unit_test(what_is_left_open_is_decided),
        cmocka_unit_test(saved_maps_are_images),
    };
    return cmocka_run_group_tests_name("segmentation", tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The stages of classification equal PaddleClas' own, and a configuration that asks for something else is refused. */
#include "vision/packs.h"

#include <unistd.h>

#include "vision/classify/classify.h"

/* A file of these bytes; the caller removes it. */
static void write_file(char path[64], const char *bytes)
{
    strcpy(path, "/tmp/ramet-classify-XXXXXX");
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, bytes, strlen(bytes)), (ssize_t)strlen(bytes));
    close(file);
}

/* ---- preprocessor ------------------------------------------------------------------------------------------------ */

#define ONE_LEVEL (1.0F / 255.0F / 0.224F + 1e-5F) /* what a step of one of 255 becomes at most */

static ramet_classify_preprocessor *preprocessor_of(const char *name)
{
    char path[512];
    ramet_error error = {0};
    ramet_classify_preprocessor *pre;
    snprintf(path, sizeof path, "%s/classify/%s.yml", RAMET_TEST_DATA, name);
    if (ramet_classify_preprocessor_create(path, &pre, &error) != RAMET_STATUS_OK)
        fail_msg("%s: %s (%s)", name, error.message, error.place);
    return pre;
}

static void check_configuration(const char *name, float bound)
{
    char pack_name[128], key[32];
    snprintf(pack_name, sizeof pack_name, "classify/%s", name);
    tensorpack pack = open_pack(pack_name);
    ramet_classify_preprocessor *pre = preprocessor_of(name);
    int images = 0;
    for (;; images++) {
        snprintf(key, sizeof key, "image.%d", images);
        const tensorpack_record *record = tensorpack_find(&pack, "%s", key);
        if (record == NULL)
            break;
        const tensorpack_record *want = tensorpack_find(&pack, "tensor.%d", images);
        ramet_image image = image_of(record);
        ramet_tensor got;
        ramet_status status = ramet_classify_preprocessor_run(pre, &image, 1, &got, NULL);
        assert_non_null(want);
        assert_int_equal(status, RAMET_STATUS_OK);
        for (int i = 0; i < 4; i++)
            assert_int_equal(got.dims[i], want->dims[i]);
        float difference = largest_difference(got.data, want->data, want->elements);
        if (!(difference <= bound))
            fail_msg("%s: image %d is off by %g", name, images, (double)difference);
    }
    assert_true(images >= 4);
    ramet_classify_preprocessor_destroy(pre);
    tensorpack_close(&pack);
}

static void tensors_are_official(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        float bound;
    } cases[] = {
        {"short", 1e-5F},        {"size", 1e-5F},        {"size_pair", 1e-5F}, {"crop_pair", 1e-5F},
        {"nearest", 1e-5F},      {"text_scale", 1e-5F},  {"chw_order", 1e-5F}, {"no_resize", 1e-5F},
        {"pil_bilinear", 1e-5F}, {"pil_bicubic", 1e-5F}, {"area", ONE_LEVEL},  {"bicubic", ONE_LEVEL},
        {"number", ONE_LEVEL},   {"lanczos", ONE_LEVEL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_configuration(cases[i].name, cases[i].bound);
}

/* `plain` and `last` are made of the image that `want` is the official tensor of. */
static void check_steps(const ramet_tensor *plain, const ramet_tensor *last, const float *want)
{
    static const float mean[3] = {0.485F, 0.456F, 0.406F}, std[3] = {0.229F, 0.224F, 0.225F};
    int64_t pixels = plain->dims[2] * plain->dims[3];
    const float *planes = plain->data, *rows = last->data;
    const int64_t dims[4] = {1, plain->dims[2], plain->dims[3], 3};
    for (int i = 0; i < 4; i++)
        assert_int_equal(last->dims[i], dims[i]);
    for (int c = 0; c < 3; c++) {
        for (int64_t i = 0; i < pixels; i++) {
            float number = planes[c * pixels + i];
            assert_true(number == rintf(number) && number >= 0 && number <= 255);
            assert_true(fabsf((number / 255.0F - mean[c]) / std[c] - want[c * pixels + i]) <= 1e-5F);
            assert_true(rows[i * 3 + c] == number);
        }
    }
}

static void steps_can_be_taken_out(void **state)
{
    (void)state;
    tensorpack pack = open_pack("classify/short");
    ramet_classify_preprocessor *pre = preprocessor_of("short"), *other = preprocessor_of("short");
    ramet_image image = image_of(tensorpack_find(&pack, "image.0"));
    ramet_tensor plain, last;
    const int32_t both = RAMET_PREPROCESS_STEP_NORMALIZE | RAMET_PREPROCESS_STEP_PERMUTE;
    assert_int_equal(ramet_classify_preprocessor_disable(pre, RAMET_PREPROCESS_STEP_NORMALIZE, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_classify_preprocessor_run(pre, &image, 1, &plain, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_classify_preprocessor_disable(other, both, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_classify_preprocessor_run(other, &image, 1, &last, NULL), RAMET_STATUS_OK);
    check_steps(&plain, &last, tensorpack_find(&pack, "tensor.0")->data);
    assert_int_equal(ramet_classify_preprocessor_disable(pre, 4, NULL), RAMET_STATUS_INVALID_ARGUMENT);
    assert_int_equal(ramet_classify_preprocessor_disable(NULL, both, NULL), RAMET_STATUS_INVALID_ARGUMENT);
    ramet_classify_preprocessor_destroy(pre);
    ramet_classify_preprocessor_destroy(other);
    tensorpack_close(&pack);
}

static void check_photo(const tensorpack *pack, const char *name, ramet_classify_preprocessor *pre)
{
    char path[512];
    snprintf(path, sizeof path, "%s/../../examples/images/photos/%s", RAMET_TEST_DATA, name);
    ramet_image image;
    ramet_tensor got;
    if (ramet_image_load(path, NULL, &image, NULL) != RAMET_STATUS_OK)
        fail_msg("cannot read %s", path);
    assert_int_equal(ramet_classify_preprocessor_run(pre, &image, 1, &got, NULL), RAMET_STATUS_OK);
    const tensorpack_record *positions = part_of(pack, name, "positions");
    const int64_t *position = positions->data;
    const float *want = part_of(pack, name, "values")->data;
    for (size_t i = 0; i < positions->elements; i++)
        assert_true(fabsf(((const float *)got.data)[position[i]] - want[i]) <= 1e-5F);
    ramet_image_clear(&image);
}

static void photographs_become_the_official_tensors(void **state)
{
    (void)state;
    char name[TENSORPACK_MAX_NAME];
    tensorpack pack = open_pack("classify/photos");
    ramet_classify_preprocessor *pre = preprocessor_of("imagenet");
    int photos = 0;
    for (size_t i = 0; i < pack.count; i++) {
        if (case_of(&pack, i, "positions", name)) {
            check_photo(&pack, name, pre);
            photos++;
        }
    }
    assert_true(photos >= 3);
    ramet_classify_preprocessor_destroy(pre);
    tensorpack_close(&pack);
}

static void images_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    static uint8_t pixels[3 * 64 * 64];
    ramet_image images[2] = {{.data = pixels, .width = 3, .height = 9, .pitch = 192}};
    ramet_classify_preprocessor *crop = preprocessor_of("no_resize"), *imagenet = preprocessor_of("imagenet");
    ramet_tensor tensor;
    assert_int_equal(ramet_classify_preprocessor_run(crop, images, 1, &tensor, NULL), RAMET_STATUS_BAD_SHAPE);
    assert_int_equal(ramet_classify_preprocessor_run(crop, images, 0, &tensor, NULL), RAMET_STATUS_INVALID_ARGUMENT);
    images[0] = (ramet_image){.data = pixels, .width = 1, .height = 1, .pitch = 192};
    images[1] = (ramet_image){.data = pixels, .width = 64, .height = 1, .pitch = 192};
    assert_int_equal(ramet_classify_preprocessor_run(imagenet, images, 2, &tensor, NULL), RAMET_STATUS_OK);
    assert_int_equal(tensor.dims[0], 2);
    images[1].width = 1 << 24, images[1].pitch = 3 << 24;
    assert_int_equal(ramet_classify_preprocessor_run(imagenet, images, 2, &tensor, NULL), RAMET_STATUS_OVER_BUDGET);
    ramet_classify_preprocessor_destroy(crop);
    ramet_classify_preprocessor_destroy(imagenet);
}

static ramet_status read_configuration(const char *operators, ramet_error *error)
{
    char path[64], text[1024];
    snprintf(text, sizeof text, "PreProcess:\n  transform_ops:\n%s", operators);
    write_file(path, text);
    ramet_classify_preprocessor *pre;
    ramet_status status = ramet_classify_preprocessor_create(path, &pre, error);
    ramet_classify_preprocessor_destroy(pre);
    remove(path);
    return status;
}

static void unknown_wishes_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *operators;
        ramet_status status;
        const char *word, *line;
    } cases[] = {
        {"  - ToCHWImage:\n  - RandomErasing:\n", RAMET_STATUS_UNSUPPORTED, "RandomErasing", "line 4"},
        {"  - ResizeImage: {size: 8, backend: magick}\n", RAMET_STATUS_UNSUPPORTED, "backend", "line 3"},
        {"  - ResizeImage: {size: 8, backend: pil, interpolation: area}\n", RAMET_STATUS_UNSUPPORTED, "area", "line 3"},
        {"  - ResizeImage: {size: 8, interpolation: 5}\n", RAMET_STATUS_UNSUPPORTED, "5", "line 3"},
        {"  - ResizeImage: {size: 8, interpolation: random}\n", RAMET_STATUS_UNSUPPORTED, "random", "line 3"},
        {"  - ResizeImage: {size: 0}\n", RAMET_STATUS_BAD_FORMAT, "size", "line 3"},
        {"  - ResizeImage: {size: [1, 2, 3]}\n", RAMET_STATUS_BAD_FORMAT, "size", "line 3"},
        {"  - ResizeImage: {size: 1.0e+9}\n", RAMET_STATUS_BAD_FORMAT, "size", "line 3"},
        {"  - ResizeImage:\n", RAMET_STATUS_BAD_FORMAT, "size", "line 3"},
        {"  - CropImage: {size: many}\n", RAMET_STATUS_BAD_FORMAT, "size", "line 3"},
        {"  - NormalizeImage: {channel_num: 4}\n", RAMET_STATUS_UNSUPPORTED, "channel_num", "line 3"},
        {"  - NormalizeImage: {std: [1, 0, 1]}\n", RAMET_STATUS_BAD_FORMAT, "std", "line 3"},
        {"  - NormalizeImage: {order: cwh}\n", RAMET_STATUS_UNSUPPORTED, "order", "line 3"},
        {"  - NormalizeImage: {scale: much}\n", RAMET_STATUS_BAD_FORMAT, "scale", "line 3"},
        {"  - DecodeImage: {channel_first: true}\n", RAMET_STATUS_UNSUPPORTED, "channel_first", "line 3"},
        {"  - ToCHWImage:\n  - CropImage: {size: 4}\n", RAMET_STATUS_UNSUPPORTED, "CropImage", "line 4"},
        {"  - CropImage: {size: 4}\n", RAMET_STATUS_UNSUPPORTED, "ToCHWImage", "line"},
        {"  - 7\n", RAMET_STATUS_BAD_FORMAT, "operator", "line 3"},
        {"    7\n", RAMET_STATUS_BAD_FORMAT, "transform_ops", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ramet_error error = {0};
        ramet_status status = read_configuration(cases[i].operators, &error);
        if (status != cases[i].status || strstr(error.message, cases[i].word) == NULL ||
            strstr(error.place, cases[i].line) == NULL)
            fail_msg("%s-> %s: %s (%s)", cases[i].operators, ramet_status_name(status), error.message, error.place);
    }
    ramet_classify_preprocessor *pre;
    assert_int_equal(ramet_classify_preprocessor_create("/nowhere.yml", &pre, NULL), RAMET_STATUS_NOT_FOUND);
    assert_int_equal(ramet_classify_preprocessor_create(NULL, &pre, NULL), RAMET_STATUS_INVALID_ARGUMENT);
    assert_int_equal(read_configuration("  - DecodeImage:\n  - ResizeImage: {size: [4, 2], interpolation: ''}\n", NULL),
                     RAMET_STATUS_UNSUPPORTED);
}

/* ---- postprocessor ----------------------------------------------------------------------------------------------- */

static ramet_classify_postprocessor *labels_of(const char *text, ramet_status want)
{
    char path[64];
    ramet_error error = {0};
    ramet_classify_postprocessor *post;
    write_file(path, text);
    ramet_status status = ramet_classify_postprocessor_create(path, &post, &error);
    remove(path);
    if (status != want)
        fail_msg("%s: %s: %s", text, ramet_status_name(status), error.message);
    return post;
}

static ramet_tensor scores_of(float *values, int64_t rows, int64_t classes)
{
    return (ramet_tensor){.dtype = RAMET_DTYPE_FLOAT32, .rank = 2, .dims = {rows, classes}, .data = values};
}

static void equal_scores_list_the_lower_class_first(void **state)
{
    (void)state;
    float values[2][6] = {{0.25F, NAN, 0.5F, 0.25F, 0.5F, NAN}, {-3, -1, -2, -1, -INFINITY, NAN}};
    static const int32_t want[2][4] = {{2, 4, 0, 3}, {1, 3, 2, 0}};
    ramet_tensor tensor = scores_of(values[0], 2, 6);
    ramet_classify_postprocessor *post;
    assert_int_equal(ramet_classify_postprocessor_create(NULL, &post, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_classify_postprocessor_topk(post), 1);
    for (int32_t topk = 1; topk <= 4; topk++) {
        ramet_classify_result results[2];
        assert_int_equal(ramet_classify_postprocessor_set_topk(post, topk), RAMET_STATUS_OK);
        assert_int_equal(ramet_classify_postprocessor_run(post, &tensor, results, 2, NULL), RAMET_STATUS_OK);
        for (int row = 0; row < 2; row++) {
            assert_int_equal(results[row].count, topk);
            assert_memory_equal(results[row].label_ids, want[row], (size_t)topk * sizeof(int32_t));
            assert_true(results[row].scores[0] == values[row][want[row][0]]);
            assert_null(results[row].label_names);
            ramet_classify_result_clear(&results[row]);
        }
    }
    ramet_classify_postprocessor_destroy(post);
}

static void topk_is_bounded_by_the_classes_that_are_numbers(void **state)
{
    (void)state;
    float values[3] = {NAN, 1, 0};
    ramet_tensor tensor = scores_of(values, 1, 3);
    ramet_classify_postprocessor *post;
    ramet_classify_result result;
    assert_int_equal(ramet_classify_postprocessor_create(NULL, &post, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_classify_postprocessor_set_topk(post, 0), RAMET_STATUS_INVALID_ARGUMENT);
    assert_int_equal(ramet_classify_postprocessor_set_topk(post, -5), RAMET_STATUS_INVALID_ARGUMENT);
    assert_int_equal(ramet_classify_postprocessor_set_topk(post, INT32_MAX), RAMET_STATUS_OK);
    assert_int_equal(ramet_classify_postprocessor_run(post, &tensor, &result, 1, NULL), RAMET_STATUS_OK);
    assert_int_equal(result.count, 2);
    ramet_classify_result_clear(&result);
    tensor.dims[1] = 0;
    assert_int_equal(ramet_classify_postprocessor_run(post, &tensor, &result, 1, NULL), RAMET_STATUS_OK);
    assert_int_equal(result.count, 0);
    ramet_classify_result_clear(&result);
    tensor.rank = 3;
    assert_int_equal(ramet_classify_postprocessor_run(post, &tensor, &result, 1, NULL), RAMET_STATUS_BAD_SHAPE);
    assert_null(result.owner);
    ramet_classify_postprocessor_destroy(post);
}

static void check_best_name(ramet_classify_postprocessor *post, size_t best, const char *want)
{
    float values[5] = {0};
    values[best] = 1;
    ramet_tensor tensor = scores_of(values, 1, 5);
    ramet_classify_result result;
    assert_int_equal(ramet_classify_postprocessor_run(post, &tensor, &result, 1, NULL), RAMET_STATUS_OK);
    if (want == NULL)
        assert_null(result.label_names);
    else
        assert_string_equal(result.label_names[0], want);
    ramet_classify_result_clear(&result);
}

static void names_come_from_the_configuration(void **state)
{
    (void)state;
    ramet_classify_postprocessor *post =
        labels_of("PostProcess:\n  main_indicator: Topk\n  Topk:\n    topk: 5\n    label_list: [tench, 'yes', 3, ~]\n  "
                  "SavePreLabel: {save_dir: x}\n",
                  RAMET_STATUS_OK);
    check_best_name(post, 0, "tench");
    check_best_name(post, 1, "yes");
    check_best_name(post, 2, "3");
    check_best_name(post, 4, ""); /* a class without a name */
    ramet_classify_postprocessor_destroy(post);
    post = labels_of("PostProcess:\n  Topk: {topk: 5, class_id_map_file: /nowhere/labels.txt}\n", RAMET_STATUS_OK);
    check_best_name(post, 0, NULL);
    ramet_classify_postprocessor_destroy(post);
    post = labels_of("Global: {}\n", RAMET_STATUS_OK);
    check_best_name(post, 0, NULL);
    ramet_classify_postprocessor_destroy(post);
}

static void names_come_from_a_file_of_ids(void **state)
{
    (void)state;
    char map_path[64], text[256];
    write_file(map_path, "1 great white shark\r\n0 tench, Tinca tinca\n\n3 x\n");
    snprintf(text, sizeof text, "PostProcess:\n  Topk: {topk: 5, class_id_map_file: %s}\n", map_path);
    ramet_classify_postprocessor *post = labels_of(text, RAMET_STATUS_OK);
    check_best_name(post, 0, "tench, Tinca tinca");
    check_best_name(post, 1, "great white shark");
    check_best_name(post, 2, "");
    check_best_name(post, 3, "x");
    ramet_classify_postprocessor_destroy(post);
    /* The same file, named as it stands beside the configuration. */
    snprintf(text, sizeof text, "PostProcess:\n  Topk: {class_id_map_file: %s}\n", strrchr(map_path, '/') + 1);
    post = labels_of(text, RAMET_STATUS_OK);
    check_best_name(post, 3, "x");
    ramet_classify_postprocessor_destroy(post);
    remove(map_path);
    write_file(map_path, "4000000000 bomb\n");
    snprintf(text, sizeof text, "PostProcess:\n  Topk: {class_id_map_file: %s}\n", map_path);
    labels_of(text, RAMET_STATUS_BAD_FORMAT);
    remove(map_path);
}

/* ---- forms of PostProcess ---------------------------------------------------------------------------------------- */

static char *append_list(char *at, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        at += sprintf(at, "%s%s", i > 0 ? ", " : "", texts[i]);
    return at;
}

/* A line: ids, names, attributes. */
static char *append_result(char *at, const ramet_classify_result *result)
{
    for (size_t i = 0; i < result->count; i++)
        at += sprintf(at, "%s%d", i > 0 ? ", " : "", (int)result->label_ids[i]);
    *at++ = '\t';
    at = append_list(at, result->label_names, result->label_names != NULL ? result->count : 0);
    *at++ = '\t';
    at = append_list(at, result->attributes, result->attribute_count);
    return stpcpy(at, "\n");
}

static ramet_classify_postprocessor *recorded_postprocessor(const tensorpack *pack, const char *name)
{
    const tensorpack_record *config = part_of(pack, name, "config");
    char text[1024];
    snprintf(text, sizeof text, "%.*s", (int)config->elements, (const char *)config->data);
    return labels_of(text, RAMET_STATUS_OK);
}

static void check_form(const tensorpack *pack, const char *name)
{
    const tensorpack_record *outputs = part_of(pack, name, "outputs"), *want = part_of(pack, name, "want");
    const float *score = part_of(pack, name, "scores")->data;
    ramet_classify_postprocessor *post = recorded_postprocessor(pack, name);
    ramet_classify_result results[6];
    ramet_tensor tensor = scores_of(outputs->data, outputs->dims[0], outputs->dims[1]);
    char got[8192], *at = got;
    assert_int_equal(outputs->dims[0], 6);
    assert_int_equal(ramet_classify_postprocessor_set_topk(post, 5), RAMET_STATUS_OK);
    assert_int_equal(ramet_classify_postprocessor_run(post, &tensor, results, 6, NULL), RAMET_STATUS_OK);
    for (int row = 0; row < 6; row++) {
        at = append_result(at, &results[row]);
        for (size_t i = 0; i < results[row].count; i++)
            assert_true(fabsf(results[row].scores[i] - *score++) <= 6e-6F);
        ramet_classify_result_clear(&results[row]);
    }
    if ((size_t)(at - got) != want->elements || memcmp(got, want->data, want->elements) != 0)
        fail_msg("%s: got\n%swanted\n%.*s", name, got, (int)want->elements, (const char *)want->data);
    ramet_classify_postprocessor_destroy(post);
}

static void forms_say_what_paddleclas_says(void **state)
{
    (void)state;
    char name[TENSORPACK_MAX_NAME];
    tensorpack pack = open_pack("classify/postprocess");
    int forms = 0;
    for (size_t i = 0; i < pack.count; i++) {
        if (case_of(&pack, i, "config", name)) {
            check_form(&pack, name);
            forms++;
        }
    }
    assert_true(forms >= 13);
    tensorpack_close(&pack);
}

static void features_have_length_one(void **state)
{
    (void)state;
    tensorpack pack = open_pack("classify/postprocess");
    const tensorpack_record *outputs = part_of(&pack, "features", "outputs");
    const float *want = part_of(&pack, "features", "want")->data;
    ramet_classify_postprocessor *post = labels_of("PostProcess:\n  NormalizeFeatures:\n", RAMET_STATUS_OK);
    ramet_tensor tensor = scores_of(outputs->data, 3, 7);
    ramet_classify_result results[3];
    assert_int_equal(ramet_classify_postprocessor_run(post, &tensor, results, 3, NULL), RAMET_STATUS_OK);
    for (int row = 0; row < 3; row++) {
        assert_int_equal(results[row].feature_count, 7);
        assert_int_equal(results[row].count, 0);
        assert_true(largest_difference(results[row].feature, want + 7 * (size_t)row, 7) <= 1e-6F);
        ramet_classify_result_clear(&results[row]);
    }
    float nothing[4] = {0};
    tensor = scores_of(nothing, 1, 4);
    assert_int_equal(ramet_classify_postprocessor_run(post, &tensor, results, 1, NULL), RAMET_STATUS_OK);
    assert_memory_equal(results[0].feature, nothing, sizeof nothing);
    ramet_classify_result_clear(&results[0]);
    ramet_classify_postprocessor_destroy(post);
    tensorpack_close(&pack);
}

static void check_status(const char *config, float *values, int64_t classes, ramet_status want)
{
    ramet_classify_postprocessor *post = labels_of(config, RAMET_STATUS_OK);
    ramet_tensor tensor = scores_of(values, 1, classes);
    ramet_classify_result result;
    ramet_status status = ramet_classify_postprocessor_run(post, &tensor, &result, 1, NULL);
    if (status != want)
        fail_msg("%s, %d outputs: %s", config, (int)classes, ramet_status_name(status));
    assert_true(status == RAMET_STATUS_OK || result.owner == NULL);
    ramet_classify_result_clear(&result);
    ramet_classify_postprocessor_destroy(post);
}

static void forms_take_any_numbers_of_the_right_count(void **state)
{
    (void)state;
    float nothing[40], huge[40];
    for (int i = 0; i < 40; i++)
        nothing[i] = NAN, huge[i] = i % 2 ? 3e38F : -3e38F;
    for (int pass = 0; pass < 2; pass++) {
        float *values = pass ? huge : nothing;
        check_status("PostProcess: {PersonAttribute: }\n", values, 26, RAMET_STATUS_OK);
        check_status("PostProcess: {VehicleAttribute: }\n", values, 19, RAMET_STATUS_OK);
        check_status("PostProcess: {FaceAttribute: }\n", values, 40, RAMET_STATUS_OK);
        check_status("PostProcess: {TableAttribute: }\n", values, 6, RAMET_STATUS_OK);
        check_status("PostProcess: {PersonAttribute: }\n", values, 25, RAMET_STATUS_BAD_SHAPE);
        check_status("PostProcess: {VehicleAttribute: }\n", values, 26, RAMET_STATUS_BAD_SHAPE);
        check_status("PostProcess: {ThreshOutput: {threshold: 0.5}}\n", values, 2, RAMET_STATUS_OK);
        check_status("PostProcess: {ThreshOutput: {threshold: 0.5}}\n", values, 1, RAMET_STATUS_OK);
        check_status("PostProcess: {ThreshOutput: {default_label_index: 9}}\n", nothing, 9, RAMET_STATUS_BAD_SHAPE);
        check_status("PostProcess: {ThreshOutput: }\n", values, 0, RAMET_STATUS_BAD_SHAPE);
        check_status("PostProcess: {MultiLabelThreshOutput: }\n", values, 40, RAMET_STATUS_OK);
        check_status("PostProcess: {NormalizeFeatures: }\n", values, 40, RAMET_STATUS_OK);
        check_status("PostProcess: {ScoreOutput: {decimal_places: 2}}\n", values, 3, RAMET_STATUS_OK);
    }
}

static void unknown_forms_are_refused(void **state)
{
    (void)state;
    labels_of("PostProcess:\n  Binarize: {method: round}\n", RAMET_STATUS_UNSUPPORTED);
    labels_of("PostProcess:\n  main_indicator: Binarize\n  Topk:\n  Binarize:\n", RAMET_STATUS_UNSUPPORTED);
    labels_of("PostProcess:\n  FaceAttribute: {convert_cn: true}\n", RAMET_STATUS_UNSUPPORTED);
    labels_of("PostProcess:\n  ThreshOutput: {threshold: much}\n", RAMET_STATUS_BAD_FORMAT);
    labels_of("PostProcess:\n  ThreshOutput: {default_label_index: -1}\n", RAMET_STATUS_BAD_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_are_official),
        cmocka_unit_test(steps_can_be_taken_out),
        cmocka_unit_test(photographs_become_the_official_tensors),
        cmocka_unit_test(images_that_do_not_fit_are_refused),
        cmocka_unit_test(unknown_wishes_are_named),
        cmocka_unit_test(equal_scores_list_the_lower_class_first),
        cmocka_unit_test(topk_is_bounded_by_the_classes_that_are_numbers),
        cmocka_unit_test(names_come_from_the_configuration),
        cmocka_unit_test(names_come_from_a_file_of_ids),
        cmocka_unit_test(forms_say_what_paddleclas_says),
        cmocka_unit_test(features_have_length_one),
        cmocka_unit_test(forms_take_any_numbers_of_the_right_count),
        cmocka_unit_test(unknown_forms_are_refused),
    };
    return cmocka_run_group_tests_name("classification", tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of text: crops, inputs of classifier and recogniser and decoded texts equal PaddleOCR's own. */
#include "vision/packs.h"

#include <unistd.h>

#include "vision/ocr/ocr.h"

/* ---- crops ------------------------------------------------------------------------------------------------------- */

static int largest_step(const ramet_image *a, const ramet_image *b)
{
    int most = 0;
    for (int32_t y = 0; y < a->height; y++) {
        for (int32_t x = 0; x < 3 * a->width; x++) {
            int step = abs(a->data[y * a->pitch + x] - b->data[y * b->pitch + x]);
            most = step > most ? step : most;
        }
    }
    return most;
}

static void crops_equal_cv2(void **state)
{
    (void)state;
    char name[TENSORPACK_MAX_NAME];
    tensorpack pack = open_pack("ocr/crop");
    ramet_image image = image_of(tensorpack_find(&pack, "image"));
    rmt_crop crop = {0};
    for (size_t i = 0; i < pack.count; i++) {
        if (!case_of(&pack, i, "quad", name))
            continue;
        const int32_t(*points)[2] = pack.records[i].data;
        ramet_image want = image_of(part_of(&pack, name, "out"));
        ramet_quad quad;
        for (int k = 0; k < 8; k++)
            quad.points[k / 2][k % 2] = (float)points[k / 2][k % 2];
        rmt_extent extent = rmt_crop_measure(&quad);
        assert_int_equal(rmt_crop_take(&crop, &image, &quad, NULL), RAMET_STATUS_OK);
        if (extent.width != want.width || extent.height != want.height || crop.image.width != want.width ||
            crop.image.height != want.height)
            fail_msg("%s: %d x %d, not %d x %d", name, crop.image.width, crop.image.height, want.width, want.height);
        if (largest_step(&crop.image, &want) > 1)
            fail_msg("%s: a pixel is off by %d", name, largest_step(&crop.image, &want));
    }
    rmt_crop_clear(&crop);
    tensorpack_close(&pack);
}

static void a_flipped_crop_stands_on_its_head(void **state)
{
    (void)state;
    uint8_t pixels[3 * 8 * 6];
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(i * 5);
    ramet_image image = {.data = pixels, .width = 8, .height = 6, .pitch = 24};
    ramet_quad whole = {{{0, 0}, {8, 0}, {8, 6}, {0, 6}}};
    rmt_crop crop = {0};
    assert_int_equal(rmt_crop_take(&crop, &image, &whole, NULL), RAMET_STATUS_OK);
    assert_int_equal(rmt_crop_flip(&crop, NULL), RAMET_STATUS_OK);
    for (int32_t y = 0; y < 6; y++)
        for (int32_t x = 0; x < 8; x++)
            assert_memory_equal(crop.image.data + y * crop.image.pitch + 3 * x, pixels + (5 - y) * 24 + (7 - x) * 3, 3);
    assert_int_equal(rmt_crop_take(&crop, &image, &whole, NULL), RAMET_STATUS_OK);
    assert_memory_equal(crop.image.data, pixels, 24);
    rmt_crop_clear(&crop);
}

/* ---- inputs ------------------------------------------------------------------------------------------------------ */

/* Rows 0, 23 and 47 of each channel. */
static void check_rows(const char *name, const ramet_tensor *tensor, const tensorpack_record *rows)
{
    const float *want = rows->data;
    assert_int_equal(tensor->dims[0], 1);
    assert_int_equal(tensor->dims[2], 48);
    if (tensor->dims[3] != rows->dims[2])
        fail_msg("%s: %d columns, not %d", name, (int)tensor->dims[3], (int)rows->dims[2]);
    for (int64_t c = 0; c < 3; c++) {
        for (int64_t row = 0; row < 3; row++, want += tensor->dims[3]) {
            int64_t y = row == 0 ? 0 : row == 1 ? 23 : 47;
            const float *got = (const float *)tensor->data + (c * tensor->dims[2] + y) * tensor->dims[3];
            if (!(largest_difference(got, want, (size_t)tensor->dims[3]) <= 1e-6F))
                fail_msg("%s: channel %d, row %d", name, (int)c, (int)y);
        }
    }
}

static void line_inputs_are_official(void **state)
{
    (void)state;
    char name[TENSORPACK_MAX_NAME];
    tensorpack pack = open_pack("ocr/line");
    ramet_rec_preprocessor *rec;
    ramet_cls_preprocessor *cls;
    assert_int_equal(ramet_rec_preprocessor_create(NULL, &rec, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_cls_preprocessor_create(NULL, &cls, NULL), RAMET_STATUS_OK);
    for (size_t i = 0; i < pack.count; i++) {
        if (!case_of(&pack, i, "crop", name))
            continue;
        ramet_image crop = image_of(&pack.records[i]);
        ramet_tensor tensor;
        assert_int_equal(ramet_rec_preprocessor_run(rec, &crop, 1, &tensor, NULL), RAMET_STATUS_OK);
        check_rows(name, &tensor, part_of(&pack, name, "rec"));
        assert_int_equal(ramet_rec_preprocessor_width(rec, crop.width, crop.height), tensor.dims[3]);
        assert_int_equal(ramet_cls_preprocessor_run(cls, &crop, 1, &tensor, NULL), RAMET_STATUS_OK);
        check_rows(name, &tensor, part_of(&pack, name, "cls"));
    }
    ramet_rec_preprocessor_destroy(rec);
    ramet_cls_preprocessor_destroy(cls);
    tensorpack_close(&pack);
}

/* A wide image first, so that memory in use holds something else where a narrow one is padded. */
static void an_input_does_not_depend_on_the_one_before(void **state)
{
    (void)state;
    tensorpack pack = open_pack("ocr/line");
    ramet_image wide = image_of(tensorpack_find(&pack, "24x160.crop"));
    ramet_image narrow = image_of(tensorpack_find(&pack, "24x9.crop"));
    ramet_rec_preprocessor *rec;
    ramet_tensor tensor;
    assert_int_equal(ramet_rec_preprocessor_create(NULL, &rec, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_rec_preprocessor_run(rec, &wide, 1, &tensor, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_rec_preprocessor_run(rec, &narrow, 1, &tensor, NULL), RAMET_STATUS_OK);
    check_rows("24x9", &tensor, tensorpack_find(&pack, "24x9.rec"));
    ramet_rec_preprocessor_destroy(rec);
    tensorpack_close(&pack);
}

static void only_lines_of_one_width_share_an_input(void **state)
{
    (void)state;
    static uint8_t pixels[3 * 900 * 48];
    ramet_image images[2] = {{.data = pixels, .width = 300, .height = 48, .pitch = 2700},
                             {.data = pixels, .width = 900, .height = 48, .pitch = 2700}};
    ramet_rec_preprocessor *rec;
    ramet_tensor tensor;
    assert_int_equal(ramet_rec_preprocessor_create(NULL, &rec, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_rec_preprocessor_run(rec, images, 2, &tensor, NULL), RAMET_STATUS_BAD_SHAPE);
    images[1].width = 10;
    assert_int_equal(ramet_rec_preprocessor_run(rec, images, 2, &tensor, NULL), RAMET_STATUS_OK);
    assert_int_equal(tensor.dims[0], 2);
    ramet_rec_preprocessor_destroy(rec);
}

static void widths_stay_within_their_limits(void **state)
{
    (void)state;
    ramet_rec_option option;
    ramet_rec_option_init(&option);
    option.max_image_width = 640;
    ramet_rec_preprocessor *rec;
    assert_int_equal(ramet_rec_preprocessor_create(&option, &rec, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_rec_preprocessor_width(rec, 1, 100000), 320);
    assert_int_equal(ramet_rec_preprocessor_width(rec, 321, 48), 321);
    assert_int_equal(ramet_rec_preprocessor_width(rec, 100000, 1), 640);
    assert_int_equal(ramet_rec_preprocessor_width(rec, 0, 1), 0);
    uint8_t pixels[3 * 2000] = {0};
    ramet_image thin = {.data = pixels, .width = 2000, .height = 1, .pitch = 6000};
    ramet_image tall = {.data = pixels, .width = 1, .height = 2000, .pitch = 3};
    ramet_tensor tensor;
    assert_int_equal(ramet_rec_preprocessor_run(rec, &thin, 1, &tensor, NULL), RAMET_STATUS_OK);
    assert_int_equal(tensor.dims[3], 640);
    assert_int_equal(ramet_rec_preprocessor_run(rec, &tall, 1, &tensor, NULL), RAMET_STATUS_OK);
    assert_int_equal(tensor.dims[3], 320);
    ramet_rec_preprocessor_destroy(rec);
    option.image_width = 700;
    assert_int_equal(ramet_rec_preprocessor_create(&option, &rec, NULL), RAMET_STATUS_INVALID_ARGUMENT);
}

/* ---- texts ------------------------------------------------------------------------------------------------------- */

/* A file of these bytes; the caller removes it. */
static void write_file(char path[64], const char *bytes)
{
    strcpy(path, "/tmp/ramet-lines-XXXXXX");
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, bytes, strlen(bytes)), (ssize_t)strlen(bytes));
    close(file);
}

static ramet_rec_postprocessor *reader_of(const char *dictionary, int32_t no_space_char)
{
    char path[64];
    write_file(path, dictionary);
    ramet_rec_option option;
    ramet_rec_option_init(&option);
    option.dictionary = path;
    option.no_space_char = no_space_char;
    ramet_rec_postprocessor *post;
    assert_int_equal(ramet_rec_postprocessor_create(NULL, &option, &post, NULL), RAMET_STATUS_OK);
    remove(path);
    return post;
}

static ramet_tensor steps_of(float *values, int64_t rows, int64_t steps, int64_t classes)
{
    return (ramet_tensor){.dtype = RAMET_DTYPE_FLOAT32, .rank = 3, .dims = {rows, steps, classes}, .data = values};
}

static void decoded_texts_are_official(void **state)
{
    (void)state;
    char name[TENSORPACK_MAX_NAME];
    tensorpack pack = open_pack("ocr/ctc");
    for (size_t i = 0; i < pack.count; i++) {
        if (!case_of(&pack, i, "probabilities", name))
            continue;
        const tensorpack_record *record = &pack.records[i], *classes = part_of(&pack, name, "classes");
        char dictionary[64] = "", want[64] = "";
        for (int64_t c = 1; c < record->dims[1]; c++)
            snprintf(dictionary + strlen(dictionary), 3, "%c\n", (char)('a' + c - 1));
        for (size_t k = 0; k < classes->elements; k++)
            want[k] = (char)('a' + ((const int32_t *)classes->data)[k] - 1);
        ramet_rec_postprocessor *post = reader_of(dictionary, 1);
        ramet_tensor tensor = steps_of(record->data, 1, record->dims[0], record->dims[1]);
        ramet_rec_result result;
        assert_int_equal(ramet_rec_postprocessor_run(post, &tensor, &result, 1, NULL), RAMET_STATUS_OK);
        assert_string_equal(result.text, want);
        assert_true(fabsf(result.score - *(const float *)part_of(&pack, name, "score")->data) <= 1e-6F);
        ramet_rec_result_clear(&result);
        ramet_rec_postprocessor_destroy(post);
    }
    tensorpack_close(&pack);
}

static void lines_of_a_dictionary_may_end_as_on_windows(void **state)
{
    (void)state;
    ramet_rec_postprocessor *post = reader_of("\xE5\x8C\x97\r\n\r\nx\r\n", 0);
    float values[4][5] = {{0, 1, 0, 0, 0}, {0, 0, 0, 1, 0}, {0, 0, 0, 0, 1}, {0, 0, 1, 0, 0}};
    ramet_tensor tensor = steps_of(values[0], 1, 4, 5);
    ramet_rec_result result;
    assert_int_equal(ramet_rec_postprocessor_run(post, &tensor, &result, 1, NULL), RAMET_STATUS_OK);
    assert_string_equal(result.text, "\xE5\x8C\x97x ");
    assert_true(result.score == 1.0F);
    ramet_rec_result_clear(&result);
    ramet_rec_postprocessor_destroy(post);
}

static void what_is_not_a_number_says_nothing(void **state)
{
    (void)state;
    ramet_rec_postprocessor *post = reader_of("a\nb\n", 1);
    float values[3][3] = {{NAN, NAN, NAN}, {NAN, 0.25F, NAN}, {0.1F, NAN, 0.5F}};
    ramet_tensor tensor = steps_of(values[0], 1, 3, 3);
    ramet_rec_result result;
    assert_int_equal(ramet_rec_postprocessor_run(post, &tensor, &result, 1, NULL), RAMET_STATUS_OK);
    assert_string_equal(result.text, "ab");
    assert_true(result.score == 0.375F);
    ramet_rec_result_clear(&result);
    ramet_rec_postprocessor_destroy(post);
}

static void a_line_without_steps_is_an_empty_text(void **state)
{
    (void)state;
    ramet_rec_postprocessor *post = reader_of("a\nb\n", 1);
    ramet_tensor tensor = steps_of(NULL, 2, 0, 3);
    ramet_rec_result results[2];
    assert_int_equal(ramet_rec_postprocessor_run(post, &tensor, results, 2, NULL), RAMET_STATUS_OK);
    for (int i = 0; i < 2; i++) {
        assert_string_equal(results[i].text, "");
        assert_true(results[i].score == 0);
        ramet_rec_result_clear(&results[i]);
    }
    ramet_rec_postprocessor_destroy(post);
}

/* n characters: n + 1 classes, or n + 2 when the space is one; anything else would read past the dictionary. */
static void a_foreign_dictionary_is_refused(void **state)
{
    (void)state;
    float values[8] = {0};
    for (int32_t no_space_char = 0; no_space_char < 2; no_space_char++) {
        ramet_rec_postprocessor *post = reader_of("a\nb\nc\n", no_space_char);
        for (int64_t classes = 1; classes < 8; classes++) {
            ramet_tensor tensor = steps_of(values, 1, 1, classes);
            ramet_rec_result result;
            bool fits = classes == 4 || (classes == 5 && !no_space_char);
            assert_int_equal(ramet_rec_postprocessor_run(post, &tensor, &result, 1, NULL),
                             fits ? RAMET_STATUS_OK : RAMET_STATUS_BAD_SHAPE);
            ramet_rec_result_clear(&result);
        }
        ramet_rec_postprocessor_destroy(post);
    }
}

static void a_recogniser_needs_a_dictionary(void **state)
{
    (void)state;
    ramet_rec_option option;
    ramet_rec_option_init(&option);
    ramet_rec_postprocessor *post;
    assert_int_equal(ramet_rec_postprocessor_create(NULL, &option, &post, NULL), RAMET_STATUS_INVALID_ARGUMENT);
    option.dictionary = "/nowhere/keys.txt";
    assert_int_equal(ramet_rec_postprocessor_create(NULL, &option, &post, NULL), RAMET_STATUS_NOT_FOUND);
    assert_null(post);
}

/* ---- direction --------------------------------------------------------------------------------------------------- */

static void the_better_direction_wins(void **state)
{
    (void)state;
    float values[5][2] = {{0.8F, 0.2F}, {0.25F, 0.75F}, {0.5F, 0.5F}, {NAN, 0.25F}, {NAN, NAN}};
    static const ramet_cls_result want[5] = {{0, 0.8F}, {1, 0.75F}, {0, 0.5F}, {1, 0.25F}, {0, 0}};
    ramet_tensor tensor = {.dtype = RAMET_DTYPE_FLOAT32, .rank = 2, .dims = {5, 2}, .data = values};
    ramet_cls_postprocessor *post;
    ramet_cls_result results[5];
    assert_int_equal(ramet_cls_postprocessor_create(NULL, &post, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_cls_postprocessor_run(post, &tensor, results, 5, NULL), RAMET_STATUS_OK);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(results[i].label, want[i].label);
        assert_true(results[i].score == want[i].score);
    }
    assert_int_equal(ramet_cls_postprocessor_run(post, &tensor, results, 4, NULL), RAMET_STATUS_BAD_SHAPE);
    tensor.dims[1] = 3;
    assert_int_equal(ramet_cls_postprocessor_run(post, &tensor, results, 3, NULL), RAMET_STATUS_BAD_SHAPE);
    ramet_cls_postprocessor_destroy(post);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crops_equal_cv2),
        cmocka_unit_test(a_flipped_crop_stands_on_its_head),
        cmocka_unit_test(line_inputs_are_official),
        cmocka_unit_test(an_input_does_not_depend_on_the_one_before),
        cmocka_unit_test(only_lines_of_one_width_share_an_input),
        cmocka_unit_test(widths_stay_within_their_limits),
        cmocka_unit_test(decoded_texts_are_official),
        cmocka_unit_test(lines_of_a_dictionary_may_end_as_on_windows),
        cmocka_unit_test(what_is_not_a_number_says_nothing),
        cmocka_unit_test(a_line_without_steps_is_an_empty_text),
        cmocka_unit_test(a_foreign_dictionary_is_refused),
        cmocka_unit_test(a_recogniser_needs_a_dictionary),
        cmocka_unit_test(the_better_direction_wins),
    };
    return cmocka_run_group_tests_name("text lines", tests, NULL, NULL);
}

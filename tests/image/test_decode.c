/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding equals cv2.imread for every kind of file, and refuses what is no image, damaged or too large. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/image.h"
#include "os/os.h"
#include "support/tensorpack.h"

enum { PATH_MAX_BYTES = 512 };

static void file_path(char path[PATH_MAX_BYTES], const char *name)
{
    snprintf(path, PATH_MAX_BYTES, "%s/image/files/%s", RAMET_TEST_DATA, name);
}

static unsigned char *read_file(const char *name, size_t *bytes)
{
    char path[PATH_MAX_BYTES];
    unsigned char *data;
    file_path(path, name);
    assert_int_equal(rmt_os_read_file(path, 1 << 24, &data, bytes), 0);
    return data;
}

static bool same_pixels(const ramet_image *image, const tensorpack_record *want)
{
    if (want->rank != 3 || want->dims[0] != image->height || want->dims[1] != image->width || want->dims[2] != 3)
        return false;
    for (int32_t y = 0; y < image->height; y++) {
        size_t row = 3 * (size_t)image->width;
        if (memcmp(image->data + y * image->pitch, (uint8_t *)want->data + (size_t)y * row, row) != 0)
            return false;
    }
    return true;
}

static void every_file_equals_cv2(void **state)
{
    (void)state;
    tensorpack pack;
    assert_true(tensorpack_open(RAMET_TEST_DATA "/image/decode.rmtp", &pack));
    assert_true(pack.count >= 50);
    for (size_t i = 0; i < pack.count; i++) {
        char path[PATH_MAX_BYTES];
        ramet_image image;
        ramet_error error;
        file_path(path, pack.records[i].name);
        if (ramet_image_load(path, NULL, &image, &error) != RAMET_STATUS_OK)
            fail_msg("%s: %s", pack.records[i].name, error.message);
        if (!same_pixels(&image, &pack.records[i]))
            fail_msg("%s: pixels differ from cv2's", pack.records[i].name);
        ramet_image_clear(&image);
        assert_null(image.data);
    }
    tensorpack_close(&pack);
}

static void orientation_is_left_alone_on_request(void **state)
{
    (void)state;
    static const char *const names[] = {"exif2.jpg", "exif6.jpg", "exif8.jpg", "exif6.png"};
    ramet_image_option option;
    ramet_image_option_init(&option);
    option.ignore_orientation = 1;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[PATH_MAX_BYTES];
        ramet_image stored, turned;
        file_path(path, names[i]);
        assert_int_equal(ramet_image_load(path, &option, &stored, NULL), RAMET_STATUS_OK);
        assert_int_equal(ramet_image_load(path, NULL, &turned, NULL), RAMET_STATUS_OK);
        bool sideways = strcmp(names[i], "exif2.jpg") != 0;
        assert_int_equal(stored.width, sideways ? turned.height : turned.width);
        assert_memory_not_equal(stored.data, turned.data, 3 * (size_t)stored.width);
        ramet_image_clear(&stored);
        ramet_image_clear(&turned);
    }
}

static ramet_status decode_text(const char *text, size_t bytes, int64_t max_pixels, ramet_error *error)
{
    ramet_image_option option;
    ramet_image_option_init(&option);
    option.max_pixels = max_pixels;
    ramet_image image = {.width = 77};
    ramet_status status = ramet_image_decode(text, bytes, &option, &image, error);
    if (status != RAMET_STATUS_OK) {
        assert_null(image.data);
        assert_int_equal(image.width, 0);
    }
    ramet_image_clear(&image);
    return status;
}

static void what_is_no_image_is_told_which_kinds_work(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t count;
    } cases[] = {{"hello, I am called photo.jpg", 28},
                 {"\xff\xd8", 2},
                 {"P7\n", 3},
                 {"P5", 2},
                 {"RIFFxxxxWAVE", 12},
                 {"\0\0\0\0\0\0\0\0", 8},
                 {"B", 1},
                 {"P5\0", 3}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ramet_error error;
        assert_int_equal(decode_text(cases[i].bytes, cases[i].count, 0, &error), RAMET_STATUS_BAD_FORMAT);
        static const char *const kinds[] = {"JPEG", "PNG", "BMP", "PNM", "WebP"};
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
            assert_non_null(strstr(error.message, kinds[k]));
    }
    ramet_error error;
    assert_int_equal(decode_text("", 0, 0, &error), RAMET_STATUS_BAD_FORMAT);
    assert_non_null(strstr(error.message, "empty"));
}

static void damaged_text_files_are_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "P5 2 2 255\n123", "P5 2 2 0\n1234", "P5 2 2 65536\n1234",       "P5 0 2 255\n",
        "P5 -1 2 255\n1",  "P5 2 2\n",       "P6 1 1 255\n12",           "P5 1 1 256\n1",
        "P2 2 1 255\n1 x", "P2 2 1 255\n1 ", "P2 2 1 255\n1 25",         "P1 3 1\n1 2 1",
        "P1 3 1\n1 1",     "P4 9 1\n1",      "P5 999999999999 1 255\n1", "P3 1 1 255\n1 2 # 3\n",
        "P5 1 1 255",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (decode_text(cases[i], strlen(cases[i]), 0, NULL) != RAMET_STATUS_BAD_FORMAT)
            fail_msg("accepted: %s", cases[i]);
}

static void correct_text_files_are_read_to_the_last_byte(void **state)
{
    (void)state;
    static const char *const cases[] = {"P5 2 2 255\n1234",        "P2 2 1 255\n1 2 ", "P1 3 1\n101",
                                        "P1 3 1\n1 0 1",           "P4 9 1\n12",       "P3 1 1 7\n1 2 3\n",
                                        "P6\n#x\n1 #y\n1 255\r123"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ramet_error error;
        if (decode_text(cases[i], strlen(cases[i]), 0, &error) != RAMET_STATUS_OK)
            fail_msg("%s: %s", cases[i], error.message);
    }
}

/* One file of each kind, 37 x 26 pixels. */
static void more_pixels_than_allowed_are_over_budget(void **state)
{
    (void)state;
    static const char *const names[] = {"sub420.jpg", "progressive.jpg", "rgb.png",   "interlaced.png",
                                        "lossy.webp", "lossless.webp",   "rgb24.bmp", "rgb.ppm"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t bytes;
        ramet_error error;
        unsigned char *file = read_file(names[i], &bytes);
        assert_int_equal(decode_text((char *)file, bytes, 37 * 26, &error), RAMET_STATUS_OK);
        assert_int_equal(decode_text((char *)file, bytes, 37 * 26 - 1, &error), RAMET_STATUS_OVER_BUDGET);
        assert_non_null(strstr(error.message, "961"));
        free(file);
    }
}

/* A bitmap of `body` bytes behind a palette of (10,20,30) (40,50,60) (70,80,90), or behind masks 5-6-5. */
static size_t make_bitmap(unsigned char *file, int width, int height, int bits, int kind, const char *body,
                          size_t bytes)
{
    static const char palette[] = "\x0a\x14\x1e\0\x28\x32\x3c\0\x46\x50\x5a",
                      masks[] = "\0\xf8\0\0\xe0\x07\0\0\x1f\0\0";
    memset(file, 0, 66);
    memcpy(file, "BM", 2);
    file[10] = 66;
    file[14] = 40;
    file[18] = (unsigned char)width;
    file[22] = (unsigned char)height;
    file[28] = (unsigned char)bits;
    file[30] = (unsigned char)kind;
    file[46] = 3;
    memcpy(file + 54, bits == 16 ? masks : palette, 12);
    memcpy(file + 66, body, bytes);
    return 66 + bytes;
}

/* What cv2 gives for the same bytes: as indices into the palette, top row first. */
static void runs_and_bit_fields_of_bitmaps_equal_cv2(void **state)
{
    (void)state;
    static const struct {
        int width, height, bits, kind;
        const char *body;
        size_t bytes;
        const char *want;
    } cases[] = {
        {5, 3, 8, 1, "\0\3\1\2\1\0\0\0\0\2\2\0\3\2\0\0\1\1\0\1", 20, "100000022212100"},
        {5, 2, 4, 2, "\0\5\x12\x01\x20\0\0\0\4\x12\0\1", 12, "1212012012"},
    };
    unsigned char file[128];
    ramet_image image;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t bytes = make_bitmap(file, cases[i].width, cases[i].height, cases[i].bits, cases[i].kind, cases[i].body,
                                   cases[i].bytes);
        assert_int_equal(ramet_image_decode(file, bytes, NULL, &image, NULL), RAMET_STATUS_OK);
        for (size_t k = 0; k < strlen(cases[i].want); k++) {
            int index = cases[i].want[k] - '0';
            for (int c = 0; c < 3; c++)
                assert_int_equal(image.data[3 * k + (size_t)c], 10 + 30 * index + 10 * c);
        }
        ramet_image_clear(&image);
    }
    size_t bytes = make_bitmap(file, 2, 1, 16, 3, "\x1f\xf8\xe0\x07", 4);
    assert_int_equal(ramet_image_decode(file, bytes, NULL, &image, NULL), RAMET_STATUS_OK);
    assert_memory_equal(image.data, "\xf8\0\xf8\0\xfc\0", 6);
    ramet_image_clear(&image);
}

static void huge_claims_cost_nothing(void **state)
{
    (void)state;
    static const char pnm[] = "P6 2147483647 2147483647 255\n", bitmap[] = "P4 99999 99999\n";
    assert_int_equal(decode_text(pnm, sizeof pnm - 1, 0, NULL), RAMET_STATUS_BAD_FORMAT);
    assert_int_equal(decode_text(bitmap, sizeof bitmap - 1, 0, NULL), RAMET_STATUS_OVER_BUDGET);
    assert_int_equal(decode_text(bitmap, sizeof bitmap - 1, INT64_MAX, NULL), RAMET_STATUS_BAD_FORMAT);
    size_t bytes;
    unsigned char *png = read_file("rgb.png", &bytes), *bmp = read_file("rgb24.bmp", &bytes);
    memcpy(png + 16, "\x7f\xff\xff\xff\x7f\xff\xff\xff", 8);
    assert_int_not_equal(decode_text((char *)png, 1978, INT64_MAX, NULL), RAMET_STATUS_OK);
    memcpy(bmp + 18, "\xff\xff\xff\x7f\x00\x00\x00\x80", 8);
    assert_int_equal(decode_text((char *)bmp, bytes, INT64_MAX, NULL), RAMET_STATUS_BAD_FORMAT);
    assert_int_equal(decode_text((char *)bmp, bytes, 0, NULL), RAMET_STATUS_BAD_FORMAT);
    free(png);
    free(bmp);
}

/* A cut file is an error, or nothing of its picture was in what was cut off. */
static void cut_files_are_refused_or_whole(void **state)
{
    (void)state;
    tensorpack pack;
    assert_true(tensorpack_open(RAMET_TEST_DATA "/image/decode.rmtp", &pack));
    for (size_t i = 0; i < pack.count; i++) {
        size_t bytes;
        unsigned char *file = read_file(pack.records[i].name, &bytes);
        for (size_t left = 0; left < bytes; left++) {
            ramet_image image;
            unsigned char *cut = malloc(left ? left : 1); /* of exactly this size: over-reads are seen */
            assert_non_null(cut);
            memcpy(cut, file, left);
            ramet_status status = ramet_image_decode(cut, left, NULL, &image, NULL);
            free(cut);
            if (status == RAMET_STATUS_OK && !same_pixels(&image, &pack.records[i]))
                fail_msg("%s, %zu of %zu bytes: other pixels without an error", pack.records[i].name, left, bytes);
            ramet_image_clear(&image);
        }
        free(file);
    }
    tensorpack_close(&pack);
}

static void jpegs_without_an_end_marker_lose_nothing(void **state)
{
    (void)state;
    size_t bytes;
    unsigned char *file = read_file("sub444.jpg", &bytes);
    assert_int_equal(decode_text((char *)file, bytes - 2, 0, NULL), RAMET_STATUS_OK);
    assert_int_equal(decode_text((char *)file, bytes - 20, 0, NULL), RAMET_STATUS_BAD_FORMAT);
    free(file);
    file = read_file("progressive.jpg", &bytes);
    assert_int_equal(decode_text((char *)file, bytes - 2, 0, NULL), RAMET_STATUS_BAD_FORMAT);
    free(file);
}

/* The next marker at or after `at`: 0xff and a byte that is no data. */
static size_t next_marker(const unsigned char *file, size_t at)
{
    while (file[at] != 0xff || file[at + 1] == 0)
        at++;
    return at;
}

/* A progressive JPEG whose first scan stands there again and again: each costs a walk over the whole picture. */
static void jpegs_of_very_many_scans_are_over_budget(void **state)
{
    (void)state;
    enum { TIMES = 200 };
    size_t bytes, scan = 0;
    unsigned char *file = read_file("progressive.jpg", &bytes);
    while (file[scan] != 0xff || file[scan + 1] != 0xda)
        scan++;
    size_t end = next_marker(file, scan + 2), length = end - scan, many_bytes = bytes + TIMES * length;
    unsigned char *many = malloc(many_bytes);
    assert_non_null(many);
    memcpy(many, file, end);
    for (size_t i = 0; i < TIMES; i++)
        memcpy(many + end + i * length, file + scan, length);
    memcpy(many + end + TIMES * length, file + end, bytes - end);
    assert_int_equal(decode_text((char *)many, many_bytes, 0, NULL), RAMET_STATUS_OVER_BUDGET);
    memcpy(many + end + 50 * length, file + end, bytes - end);
    assert_int_equal(decode_text((char *)many, bytes + 50 * length, 0, NULL), RAMET_STATUS_OK);
    free(many);
    free(file);
}

static void missing_files_and_wrong_calls_are_told(void **state)
{
    (void)state;
    ramet_error error;
    ramet_image image;
    assert_int_equal(ramet_image_load("/no/such/file.jpg", NULL, &image, &error), RAMET_STATUS_NOT_FOUND);
    assert_non_null(strstr(error.message, "/no/such/file.jpg"));
    assert_int_equal(ramet_image_load("/tmp", NULL, &image, &error), RAMET_STATUS_IO);
    assert_int_equal(ramet_image_load(NULL, NULL, &image, &error), RAMET_STATUS_INVALID_ARGUMENT);
    assert_int_equal(ramet_image_load("x", NULL, NULL, &error), RAMET_STATUS_INVALID_ARGUMENT);
    assert_int_equal(ramet_image_decode(NULL, 1, NULL, &image, &error), RAMET_STATUS_INVALID_ARGUMENT);
    assert_int_equal(decode_text("P5 1 1 255\n1", 12, -1, &error), RAMET_STATUS_INVALID_ARGUMENT);
    ramet_image_option uninitialised = {.max_pixels = 5};
    assert_int_equal(ramet_image_decode("P5 1 1 255\n1", 12, &uninitialised, &image, &error),
                     RAMET_STATUS_INVALID_ARGUMENT);
    ramet_image_clear(NULL);
    ramet_image_option_init(NULL);
}

static void errors_of_files_name_the_file(void **state)
{
    (void)state;
    ramet_error error;
    ramet_image image;
    char path[PATH_MAX_BYTES];
    snprintf(path, sizeof path, "%s/README.md", RAMET_TEST_DATA);
    assert_int_equal(ramet_image_load(path, NULL, &image, &error), RAMET_STATUS_BAD_FORMAT);
    assert_string_equal(error.place, path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_equals_cv2),
        cmocka_unit_test(orientation_is_left_alone_on_request),
        cmocka_unit_test(what_is_no_image_is_told_which_kinds_work),
        cmocka_unit_test(damaged_text_files_are_refused),
        cmocka_unit_test(correct_text_files_are_read_to_the_last_byte),
        cmocka_unit_test(more_pixels_than_allowed_are_over_budget),
        cmocka_unit_test(runs_and_bit_fields_of_bitmaps_equal_cv2),
        cmocka_unit_test(huge_claims_cost_nothing),
        cmocka_unit_test(cut_files_are_refused_or_whole),
        cmocka_unit_test(jpegs_without_an_end_marker_lose_nothing),
        cmocka_unit_test(jpegs_of_very_many_scans_are_over_budget),
        cmocka_unit_test(missing_files_and_wrong_calls_are_told),
        cmocka_unit_test(errors_of_files_name_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

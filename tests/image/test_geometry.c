/* SPDX-License-Identifier: Apache-2.0 */
/* Turning, cropping and checking of images: recorded pixels of cv2, and what is no image is refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/image.h"
#include "support/tensorpack.h"

/* A view of a record of shape height x width x 3. */
static ramet_image view_of(const tensorpack_record *record)
{
    assert_non_null(record);
    assert_int_equal(record->rank, 3);
    assert_int_equal(record->dims[2], 3);
    return (ramet_image){.data = record->data,
                         .width = (int32_t)record->dims[1],
                         .height = (int32_t)record->dims[0],
                         .pitch = (ptrdiff_t)(3 * record->dims[1])};
}

static bool same_pixels(const ramet_image *a, const ramet_image *b)
{
    bool same = a->width == b->width && a->height == b->height;
    for (int32_t y = 0; same && y < a->height; y++)
        same = memcmp(a->data + y * a->pitch, b->data + y * b->pitch, 3 * (size_t)a->width) == 0;
    return same;
}

static void quarter_turns_equal_cv2(void **state)
{
    (void)state;
    static const char *const names[4] = {"image", "counter_clockwise", "half", "clockwise"};
    tensorpack pack;
    assert_true(tensorpack_open(RAMET_TEST_DATA "/image/rotate.rmtp", &pack));
    ramet_image image = view_of(tensorpack_find(&pack, "image"));
    for (int turns = 0; turns < 4; turns++) {
        ramet_image want = view_of(tensorpack_find(&pack, "%s", names[turns])), got;
        assert_int_equal(rmt_image_rotate(&image, turns, &got, NULL), RAMET_STATUS_OK);
        assert_true(same_pixels(&got, &want));
        ramet_image_clear(&got);
    }
    tensorpack_close(&pack);
}

/* Large enough for several tiles, and no multiple of one. */
static void four_quarter_turns_are_none(void **state)
{
    (void)state;
    ramet_image image, turned;
    assert_int_equal(rmt_image_create(101, 67, &image, NULL), RAMET_STATUS_OK);
    for (int i = 0; i < 3 * 101 * 67; i++)
        image.data[i] = (uint8_t)(i * 7919 >> 3);
    ramet_image first = image;
    first.owner = NULL;
    ramet_image now = image;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(rmt_image_rotate(&now, 1, &turned, NULL), RAMET_STATUS_OK);
        if (i > 0)
            ramet_image_clear(&now);
        now = turned;
    }
    assert_true(same_pixels(&now, &first));
    ramet_image_clear(&now);
    ramet_image_clear(&image);
}

/* Orientation 7 and 5 are mirrored; doing an orientation and then its inverse gives the first image. */
static void every_orientation_has_its_inverse(void **state)
{
    (void)state;
    static const int inverse[9] = {0, 1, 2, 3, 4, 5, 8, 7, 6};
    uint8_t pixels[3 * 5 * 3];
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)i;
    ramet_image image = {.data = pixels, .width = 5, .height = 3, .pitch = 15}, there, back;
    for (int orientation = 1; orientation <= 8; orientation++) {
        assert_int_equal(rmt_image_orient(&image, orientation, &there, NULL), RAMET_STATUS_OK);
        assert_int_equal(rmt_image_orient(&there, inverse[orientation], &back, NULL), RAMET_STATUS_OK);
        assert_true(same_pixels(&back, &image));
        ramet_image_clear(&there);
        ramet_image_clear(&back);
    }
}

static void crops_equal_cv2(void **state)
{
    (void)state;
    tensorpack pack;
    int cases = 0;
    assert_true(tensorpack_open(RAMET_TEST_DATA "/image/warp.rmtp", &pack));
    ramet_image image = view_of(tensorpack_find(&pack, "image"));
    for (size_t i = 0; i < pack.count; i++) {
        const char *dot = strrchr(pack.records[i].name, '.');
        if (!dot || strcmp(dot, ".quad") != 0)
            continue;
        ramet_image want =
            view_of(tensorpack_find(&pack, "%.*s.out", (int)(dot - pack.records[i].name), pack.records[i].name));
        ramet_image got;
        assert_int_equal(rmt_image_create(want.width, want.height, &got, NULL), RAMET_STATUS_OK);
        assert_int_equal(rmt_image_warp_quad(&image, pack.records[i].data, &got, NULL), RAMET_STATUS_OK);
        if (!same_pixels(&got, &want))
            fail_msg("%s: pixels differ", pack.records[i].name);
        ramet_image_clear(&got);
        cases++;
    }
    assert_true(cases >= 10);
    tensorpack_close(&pack);
}

static void what_is_no_quadrangle_is_refused(void **state)
{
    (void)state;
    static const float quads[][8] = {
        {0, 0, 0, 0, 0, 0, 0, 0}, {0, 0, 5, 5, 10, 10, 3, 9},      {0, 0, 9, 0, 9, 9, 9, 9},
        {1, 1, 2, 2, 3, 3, 4, 4}, {0, 0, 9, 0, INFINITY, 9, 0, 9}, {0, NAN, 9, 0, 9, 9, 0, 9},
    };
    uint8_t pixel[3] = {1, 2, 3}, into[12];
    ramet_image image = {.data = pixel, .width = 1, .height = 1, .pitch = 3};
    ramet_image dst = {.data = into, .width = 2, .height = 2, .pitch = 6};
    for (size_t i = 0; i < sizeof quads / sizeof *quads; i++) {
        ramet_error error;
        assert_int_equal(rmt_image_warp_quad(&image, quads[i], &dst, &error), RAMET_STATUS_BAD_SHAPE);
    }
}

static void crops_far_outside_repeat_the_border(void **state)
{
    (void)state;
    static const float quads[][8] = {{-1e9f, -1e9f, -9e8f, -1e9f, -9e8f, -9e8f, -1e9f, -9e8f},
                                     {1e30f, 0, 2e30f, 0, 2e30f, 1e30f, 1e30f, 1e30f},
                                     {0, 0, 100, 0, 100, 100, 0, 100}};
    uint8_t pixel[3] = {1, 2, 3}, into[3 * 70 * 20];
    ramet_image image = {.data = pixel, .width = 1, .height = 1, .pitch = 3};
    ramet_image dst = {.data = into, .width = 70, .height = 20, .pitch = 210};
    for (size_t i = 0; i < sizeof quads / sizeof *quads; i++) {
        memset(into, 0, sizeof into);
        assert_int_equal(rmt_image_warp_quad(&image, quads[i], &dst, NULL), RAMET_STATUS_OK);
        for (size_t k = 0; k < sizeof into; k++)
            assert_int_equal(into[k], pixel[k % 3]);
    }
}

static void what_is_no_image_is_refused(void **state)
{
    (void)state;
    uint8_t pixels[64];
    const struct {
        ramet_image image;
        ramet_status status;
    } cases[] = {
        {{pixels, 4, 2, 12, NULL}, RAMET_STATUS_OK},
        {{pixels, 4, 2, -12, NULL}, RAMET_STATUS_OK},
        {{pixels, 4, 2, 13, NULL}, RAMET_STATUS_OK},
        {{pixels, 4, 2, 11, NULL}, RAMET_STATUS_INVALID_ARGUMENT},
        {{pixels, 4, 2, -11, NULL}, RAMET_STATUS_INVALID_ARGUMENT},
        {{pixels, 4, 2, 0, NULL}, RAMET_STATUS_INVALID_ARGUMENT},
        {{NULL, 4, 2, 12, NULL}, RAMET_STATUS_INVALID_ARGUMENT},
        {{pixels, 0, 2, 12, NULL}, RAMET_STATUS_INVALID_ARGUMENT},
        {{pixels, 4, -2, 12, NULL}, RAMET_STATUS_INVALID_ARGUMENT},
        {{pixels, INT32_MAX, INT32_MAX, PTRDIFF_MAX, NULL}, RAMET_STATUS_OVER_BUDGET},
        {{pixels, 10001, 10000, 30003, NULL}, RAMET_STATUS_OVER_BUDGET},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(rmt_image_check(&cases[i].image, NULL), cases[i].status);
    assert_int_equal(rmt_image_check(NULL, NULL), RAMET_STATUS_INVALID_ARGUMENT);
}

static void impossible_images_are_not_made(void **state)
{
    (void)state;
    static const int32_t impossible[][2] = {{0, 1}, {1, 0}, {-1, 5}, {5, INT32_MIN}};
    ramet_image image = {.width = 3};
    for (size_t i = 0; i < sizeof impossible / sizeof *impossible; i++) {
        assert_int_equal(rmt_image_create(impossible[i][0], impossible[i][1], &image, NULL), RAMET_STATUS_BAD_SHAPE);
        assert_null(image.data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quarter_turns_equal_cv2),           cmocka_unit_test(four_quarter_turns_are_none),
        cmocka_unit_test(every_orientation_has_its_inverse), cmocka_unit_test(crops_equal_cv2),
        cmocka_unit_test(what_is_no_quadrangle_is_refused),  cmocka_unit_test(crops_far_outside_repeat_the_border),
        cmocka_unit_test(what_is_no_image_is_refused),       cmocka_unit_test(impossible_images_are_not_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

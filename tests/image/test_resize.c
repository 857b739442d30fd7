/* SPDX-License-Identifier: Apache-2.0 */
/* Resizing equals cv2's recorded bytes, whatever lies around an image, and in one walk with normalising. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/image.h"
#include "support/tensorpack.h"

/* Both channel counts that the recordings hold beside three become three: one is repeated, of four the last is left. */
static ramet_image image_of(const tensorpack_record *record)
{
    int64_t channels = record->dims[2];
    const uint8_t *in = record->data;
    ramet_image image;
    assert_int_equal(record->rank, 3);
    assert_int_equal(rmt_image_create((int32_t)record->dims[1], (int32_t)record->dims[0], &image, NULL),
                     RAMET_STATUS_OK);
    for (int64_t i = 0; i < record->dims[0] * record->dims[1]; i++)
        for (int c = 0; c < 3; c++)
            image.data[3 * i + c] = in[i * channels + (channels == 1 ? 0 : c)];
    return image;
}

static int largest_difference(const ramet_image *a, const ramet_image *b)
{
    int largest = 0;
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->height, b->height);
    for (int32_t y = 0; y < a->height; y++) {
        for (int32_t i = 0; i < 3 * a->width; i++) {
            int difference = abs(a->data[y * a->pitch + i] - b->data[y * b->pitch + i]);
            largest = difference > largest ? difference : largest;
        }
    }
    return largest;
}

/* The case's name is the record's without ".in"; false for other records. */
static bool case_name(const tensorpack_record *record, char name[TENSORPACK_MAX_NAME])
{
    size_t length = strlen(record->name);
    if (length < 3 || strcmp(record->name + length - 3, ".in") != 0)
        return false;
    memcpy(name, record->name, length - 3);
    name[length - 3] = 0;
    return true;
}

static void check_case(const tensorpack *pack, const char *name, rmt_interpolation interpolation, int bound)
{
    ramet_image src = image_of(tensorpack_find(pack, "%s.in", name));
    ramet_image want = image_of(tensorpack_find(pack, "%s.out", name)), got;
    const tensorpack_record *factors = tensorpack_find(pack, "%s.factors", name);
    const double *factor = factors ? factors->data : NULL;
    assert_int_equal(rmt_image_create(want.width, want.height, &got, NULL), RAMET_STATUS_OK);
    assert_int_equal(rmt_image_resize(&src, &got, interpolation, factor ? 1 / factor[0] : 0, factor ? 1 / factor[1] : 0,
                                      NULL),
                     RAMET_STATUS_OK);
    if (largest_difference(&got, &want) > bound)
        fail_msg("interpolation %d, %s: differs by %d", (int)interpolation, name, largest_difference(&got, &want));
    ramet_image_clear(&src);
    ramet_image_clear(&want);
    ramet_image_clear(&got);
}

static void bytes_equal_cv2(void **state)
{
    (void)state;
    /* cubic: cv2 rounds the last few bytes of a row in another arithmetic than the others; so a tie may move */
    static const struct {
        const char *name;
        rmt_interpolation interpolation;
        int bound;
    } kinds[] = {{"nearest", RMT_INTERPOLATION_NEAREST, 0},
                 {"linear", RMT_INTERPOLATION_LINEAR, 0},
                 {"area", RMT_INTERPOLATION_AREA, 0},
                 {"cubic", RMT_INTERPOLATION_CUBIC, 1}};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        char path[512], name[TENSORPACK_MAX_NAME];
        tensorpack pack;
        int cases = 0;
        snprintf(path, sizeof path, "%s/image/resize_%s_u8.rmtp", RAMET_TEST_DATA, kinds[k].name);
        assert_true(tensorpack_open(path, &pack));
        for (size_t i = 0; i < pack.count; i++) {
            if (!case_name(&pack.records[i], name))
                continue;
            check_case(&pack, name, kinds[k].interpolation, kinds[k].bound);
            cases++;
        }
        assert_true(cases >= 25);
        tensorpack_close(&pack);
    }
}

static void check_pillow(const tensorpack *pack, const char *name, const char *filter, rmt_interpolation interpolation)
{
    ramet_image src = image_of(tensorpack_find(pack, "%s.in", name)), got;
    ramet_image want = image_of(tensorpack_find(pack, "%s.%s", name, filter));
    assert_int_equal(rmt_image_create(want.width, want.height, &got, NULL), RAMET_STATUS_OK);
    assert_int_equal(rmt_image_resize(&src, &got, interpolation, 0, 0, NULL), RAMET_STATUS_OK);
    if (largest_difference(&got, &want) > 0)
        fail_msg("%s, %s: differs by %d", filter, name, largest_difference(&got, &want));
    ramet_image_clear(&src);
    ramet_image_clear(&want);
    ramet_image_clear(&got);
}

static void bytes_equal_pillow(void **state)
{
    (void)state;
    static const char *const filters[] = {"nearest", "lanczos", "bilinear", "bicubic", "box", "hamming"};
    tensorpack pack;
    char name[TENSORPACK_MAX_NAME];
    int cases = 0;
    assert_true(tensorpack_open(RAMET_TEST_DATA "/image/resize_pillow_u8.rmtp", &pack));
    for (size_t i = 0; i < pack.count; i++) {
        if (!case_name(&pack.records[i], name))
            continue;
        for (int f = 0; f < 6; f++)
            check_pillow(&pack, name, filters[f], (rmt_interpolation)(RMT_INTERPOLATION_PILLOW_NEAREST + f));
        cases++;
    }
    assert_true(cases >= 14);
    tensorpack_close(&pack);
}

static void planes_equal_cv2(void **state)
{
    (void)state;
    tensorpack pack;
    char name[TENSORPACK_MAX_NAME];
    int cases = 0;
    assert_true(tensorpack_open(RAMET_TEST_DATA "/image/resize_linear_f32.rmtp", &pack));
    for (size_t i = 0; i < pack.count; i++) {
        const tensorpack_record *in = &pack.records[i], *out;
        if (!case_name(in, name) || tensorpack_find(&pack, "%s.factors", name))
            continue;
        out = tensorpack_find(&pack, "%s.out", name);
        int64_t channels = in->dims[2];
        float *plane = calloc(in->elements, sizeof *plane), *got = calloc(out->elements, sizeof *got);
        assert_true(plane && got);
        for (int64_t c = 0; c < channels; c++) {
            for (int64_t k = 0; k < in->dims[0] * in->dims[1]; k++)
                plane[k] = ((float *)in->data)[k * channels + c];
            assert_int_equal(rmt_plane_resize(plane, (int32_t)in->dims[1], (int32_t)in->dims[0], got,
                                              (int32_t)out->dims[1], (int32_t)out->dims[0], RMT_INTERPOLATION_LINEAR,
                                              NULL),
                             RAMET_STATUS_OK);
            for (int64_t k = 0; k < out->dims[0] * out->dims[1]; k++) {
                float want = ((float *)out->data)[k * channels + c];
                assert_true(fabsf(got[k] - want) <=
                            600 * 6e-8f); /* half an ulp of the largest value, several hundred */
            }
        }
        free(plane);
        free(got);
        cases++;
    }
    assert_true(cases >= 15);
    tensorpack_close(&pack);
}

static uint32_t noise_state;

static uint8_t noise(void)
{
    noise_state = noise_state * 1664525u + 1013904223u;
    return (uint8_t)(noise_state >> 24);
}

/* An image in a block of exactly its bytes. */
static ramet_image noise_image(int32_t width, int32_t height)
{
    ramet_image image;
    assert_int_equal(rmt_image_create(width, height, &image, NULL), RAMET_STATUS_OK);
    for (int64_t i = 0; i < (int64_t)3 * width * height; i++)
        image.data[i] = noise();
    return image;
}

/* As noise_image, upside down in its memory. */
static ramet_image flipped(const ramet_image *image)
{
    ramet_image view = *image;
    view.data += (image->height - 1) * image->pitch;
    view.pitch = -image->pitch;
    view.owner = NULL;
    return view;
}

static ramet_image copy_of(const ramet_image *view)
{
    ramet_image copy;
    assert_int_equal(rmt_image_rotate(view, 0, &copy, NULL), RAMET_STATUS_OK);
    return copy;
}

/* Sizes that reach every path: smaller, larger, halves, whole factors, single rows and columns. */
static const int32_t sizes[][4] = {
    {1, 1, 1, 1},     {1, 1, 9, 4},     {1, 40, 3, 7},    {40, 1, 7, 3},  {2, 2, 1, 1},
    {3, 3, 3, 1},     {5, 7, 50, 3},    {16, 12, 8, 6},   {15, 30, 5, 6}, {3000, 7, 64, 3},
    {7, 3000, 3, 64}, {33, 21, 34, 22}, {33, 21, 32, 20}, {8, 8, 8, 8},
};

static const rmt_interpolation all_kinds[] = {RMT_INTERPOLATION_NEAREST, RMT_INTERPOLATION_LINEAR,
                                              RMT_INTERPOLATION_CUBIC, RMT_INTERPOLATION_AREA,
                                              RMT_INTERPOLATION_LANCZOS4};

static void views_and_flipped_rows_give_what_copies_give(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int32_t width = sizes[i][0], height = sizes[i][1];
        ramet_image around = noise_image(width + 5, height + 3), upright = rmt_image_view(&around, 2, 1, width, height);
        ramet_image view = flipped(&upright), copy = copy_of(&view);
        ramet_image from_view = noise_image(sizes[i][2], sizes[i][3]),
                    from_copy = noise_image(sizes[i][2], sizes[i][3]);
        ramet_image into = flipped(&from_view);
        for (size_t k = 0; k < sizeof all_kinds / sizeof *all_kinds; k++) {
            assert_int_equal(rmt_image_resize(&view, &into, all_kinds[k], 0, 0, NULL), RAMET_STATUS_OK);
            assert_int_equal(rmt_image_resize(&copy, &from_copy, all_kinds[k], 0, 0, NULL), RAMET_STATUS_OK);
            assert_int_equal(largest_difference(&into, &from_copy), 0);
        }
        ramet_image_clear(&around);
        ramet_image_clear(&copy);
        ramet_image_clear(&from_view);
        ramet_image_clear(&from_copy);
    }
}

static void one_colour_stays_that_colour(void **state)
{
    (void)state;
    static const uint8_t colours[] = {0, 1, 127, 254, 255};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        ramet_image src = noise_image(sizes[i][0], sizes[i][1]), dst = noise_image(sizes[i][2], sizes[i][3]);
        for (size_t k = 0; k < sizeof all_kinds / sizeof *all_kinds; k++) {
            for (size_t c = 0; c < sizeof colours; c++) {
                memset(src.data, colours[c], 3 * (size_t)src.width * (size_t)src.height);
                assert_int_equal(rmt_image_resize(&src, &dst, all_kinds[k], 0, 0, NULL), RAMET_STATUS_OK);
                for (int64_t p = 0; p < (int64_t)3 * dst.width * dst.height; p++)
                    assert_int_equal(dst.data[p], colours[c]);
            }
        }
        ramet_image_clear(&src);
        ramet_image_clear(&dst);
    }
}

static const rmt_pixel_transform transform = {{0.017f, 0.0175f, 0.0174f}, {-2.1f, -2.03f, -1.8f}, true};

static void numbers_are_scaled_shifted_and_placed_by_strides(void **state)
{
    (void)state;
    ramet_image image = noise_image(17, 5);
    float planar[3 * 5 * 20], interleaved[5 * 60];
    for (int swap = 0; swap < 2; swap++) {
        rmt_pixel_transform t = transform;
        t.swap_rb = swap;
        memset(planar, 0xff, sizeof planar);
        rmt_image_normalize(&image, &t, &(rmt_pixel_target){planar, 20, 1, 100});
        rmt_image_normalize(&image, &t, &(rmt_pixel_target){interleaved, 60, 3, 1});
        for (int y = 0; y < 5; y++) {
            for (int x = 0; x < 17; x++) {
                for (int c = 0; c < 3; c++) {
                    float pixel = image.data[y * image.pitch + 3 * x + (swap ? 2 - c : c)];
                    float scaled = pixel * t.scale[c];
                    assert_true(planar[c * 100 + y * 20 + x] == scaled + t.shift[c]);
                    assert_true(interleaved[y * 60 + 3 * x + c] == scaled + t.shift[c]);
                }
            }
            for (int x = 17; x < 20; x++)
                assert_true(isnan(planar[y * 20 + x])); /* the caller's */
        }
    }
    ramet_image_clear(&image);
}

static void one_walk_gives_what_two_calls_give(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        ramet_image src = noise_image(sizes[i][0], sizes[i][1]), dst = noise_image(sizes[i][2], sizes[i][3]);
        ptrdiff_t plane = (ptrdiff_t)dst.width * dst.height;
        float *once = calloc((size_t)plane, 3 * sizeof *once), *twice = calloc((size_t)plane, 3 * sizeof *twice);
        assert_true(once && twice);
        assert_int_equal(rmt_image_resize(&src, &dst, RMT_INTERPOLATION_LINEAR, 0, 0, NULL), RAMET_STATUS_OK);
        rmt_image_normalize(&dst, &transform, &(rmt_pixel_target){twice, dst.width, 1, plane});
        rmt_resize resize = {dst.width, dst.height, RMT_INTERPOLATION_LINEAR, 0, 0};
        assert_int_equal(rmt_image_resize_normalize(&src, &resize, &transform,
                                                    &(rmt_pixel_target){once, dst.width, 1, plane}, NULL),
                         RAMET_STATUS_OK);
        assert_memory_equal(once, twice, 3 * (size_t)plane * sizeof *once);
        free(once);
        free(twice);
        ramet_image_clear(&src);
        ramet_image_clear(&dst);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_equal_cv2),
        cmocka_unit_test(bytes_equal_pillow),
        cmocka_unit_test(planes_equal_cv2),
        cmocka_unit_test(views_and_flipped_rows_give_what_copies_give),
        cmocka_unit_test(one_colour_stays_that_colour),
        cmocka_unit_test(numbers_are_scaled_shifted_and_placed_by_strides),
        cmocka_unit_test(one_walk_gives_what_two_calls_give),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

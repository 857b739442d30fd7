/* SPDX-License-Identifier: Apache-2.0 */
/* The stages of text detection equal PaddleOCR's own: input sizes and pixels, boxes, scores, reading order. */
#include "vision/packs.h"

#include "vision/ocr/ocr.h"

/* ---- preprocessor ------------------------------------------------------------------------------------------------ */

static void input_sizes_are_official(void **state)
{
    (void)state;
    tensorpack pack = open_pack("ocr/detector");
    const tensorpack_record *in = part_of(&pack, "sizes", "in"), *out = part_of(&pack, "sizes", "out");
    const int32_t(*given)[4] = in->data, (*want)[2] = out->data;
    for (int64_t i = 0; i < in->dims[0]; i++) {
        ramet_det_option option;
        ramet_det_option_init(&option);
        option.limit_side_len = given[i][2];
        option.limit_type = given[i][3] ? RAMET_LIMIT_TYPE_MIN : RAMET_LIMIT_TYPE_MAX;
        option.max_side_limit = 100000;
        rmt_det_plan plan = rmt_det_plan_make(&option, (rmt_extent){given[i][0], given[i][1]});
        assert_int_equal(plan.input.height, want[i][0]);
        assert_int_equal(plan.input.width, want[i][1]);
    }
    tensorpack_close(&pack);
}

static void no_side_passes_the_limit(void **state)
{
    (void)state;
    ramet_det_option option = {.limit_side_len = 736, .limit_type = RAMET_LIMIT_TYPE_MIN, .max_side_limit = 4000};
    rmt_det_plan plan = rmt_det_plan_make(&option, (rmt_extent){1, 100000});
    assert_int_equal(plan.input.height, 32);
    assert_int_equal(plan.input.width, 4000);
    option.limit_type = RAMET_LIMIT_TYPE_RESIZE_LONG;
    plan = rmt_det_plan_make(&option, (rmt_extent){100, 200});
    assert_int_equal(plan.input.height, 384); /* 100 * 736 / 200 = 368 = 11.5 * 32, and the even one is 12 */
    assert_int_equal(plan.input.width, 736);
}

static void input_pixels_are_official(void **state)
{
    (void)state;
    char name[TENSORPACK_MAX_NAME];
    tensorpack pack = open_pack("ocr/detector");
    ramet_det_preprocessor *pre;
    assert_int_equal(ramet_det_preprocessor_create(NULL, &pre, NULL), RAMET_STATUS_OK);
    int cases = 0;
    for (size_t i = 0; i < pack.count; i++) {
        if (!case_of(&pack, i, "image", name))
            continue;
        ramet_image image = image_of(&pack.records[i]);
        const tensorpack_record *rows = part_of(&pack, name, "rows");
        ramet_tensor tensor;
        ramet_det_geometry geometry;
        assert_int_equal(ramet_det_preprocessor_run(pre, &image, &tensor, &geometry, NULL), RAMET_STATUS_OK);
        assert_int_equal(tensor.rank, 4);
        assert_int_equal(tensor.dims[3], rows->dims[2]);
        const float *want = rows->data;
        for (int64_t c = 0; c < 3; c++) {
            for (int64_t row = 0; row < rows->dims[1]; row++, want += tensor.dims[3]) {
                const float *got = (const float *)tensor.data + (c * tensor.dims[2] + 9 * row) * tensor.dims[3];
                assert_true(largest_difference(got, want, (size_t)tensor.dims[3]) <= 2e-6F);
            }
        }
        cases++;
    }
    assert_true(cases >= 6);
    ramet_det_preprocessor_destroy(pre);
    tensorpack_close(&pack);
}

/* What the runtime gets without a further pass holds the same numbers. */
static void channels_last_holds_the_same_numbers(void **state)
{
    (void)state;
    tensorpack pack = open_pack("ocr/detector");
    ramet_image image = image_of(tensorpack_find(&pack, "33x95.image"));
    ramet_det_preprocessor *pre;
    ramet_tensor tensor;
    rmt_place place;
    rmt_view view;
    assert_int_equal(ramet_det_preprocessor_create(NULL, &pre, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_det_preprocessor_run(pre, &image, &tensor, NULL, NULL), RAMET_STATUS_OK);
    int64_t h = tensor.dims[2], w = tensor.dims[3];
    size_t bytes = (size_t)(3 * h * w) * sizeof(float);
    float *planes = malloc(bytes);
    assert_non_null(planes);
    memcpy(planes, tensor.data, bytes);
    rmt_preprocessor *base = (rmt_preprocessor *)pre;
    assert_int_equal(rmt_preprocessor_measure(base, &image, 1, &place, NULL), RAMET_STATUS_OK);
    rmt_selection selection = {&image, &place, 1};
    assert_int_equal(rmt_preprocessor_run(base, &selection, RMT_LAYOUT_NHWC, &view, NULL), RAMET_STATUS_OK);
    assert_true(rmt_view_is_channels_last(&view));
    for (int64_t i = 0; i < 3 * h * w; i++) {
        int64_t c = i / (h * w), y = i / w % h, x = i % w;
        const float *got = (const float *)view.data + c * view.strides[1] + y * view.strides[2] + x * view.strides[3];
        assert_true(*got == planes[i]);
    }
    free(planes);
    ramet_det_preprocessor_destroy(pre);
    tensorpack_close(&pack);
}

/* ---- postprocessor ----------------------------------------------------------------------------------------------- */

static ramet_det_option option_of(const double values[6])
{
    ramet_det_option option;
    ramet_det_option_init(&option);
    option.db_thresh = (float)values[0];
    option.db_box_thresh = (float)values[1];
    option.db_unclip_ratio = (float)values[2];
    option.max_candidates = (int32_t)values[3];
    option.db_score_mode = values[4] != 0 ? RAMET_DET_SCORE_MODE_SLOW : RAMET_DET_SCORE_MODE_FAST;
    option.use_dilation = values[5] != 0;
    return option;
}

static ramet_tensor map_of(const float *values, int64_t h, int64_t w)
{
    return (
        ramet_tensor){.dtype = RAMET_DTYPE_FLOAT32, .rank = 4, .dims = {1, 1, h, w}, .data = (void *)(uintptr_t)values};
}

static void check_same_quads(const char *name, const ramet_det_result *got, const tensorpack_record *final)
{
    const int32_t(*want)[4][2] = final->data;
    if ((int64_t)got->count != final->dims[0])
        fail_msg("%s: %zu boxes, not %d", name, got->count, (int) final->dims[0]);
    for (size_t i = 0; i < got->count; i++) {
        for (int k = 0; k < 8; k++) {
            if (got->boxes[i].points[k / 2][k % 2] != (float)want[i][k / 2][k % 2])
                fail_msg("%s: box %zu, number %d is %g, not %d", name, i, k, (double)got->boxes[i].points[k / 2][k % 2],
                         (int)want[i][k / 2][k % 2]);
        }
    }
}

/* Scores are recorded in another order: each must be there. */
static void check_scores(const char *name, const ramet_det_result *got, const tensorpack_record *scores)
{
    const float *want = scores->data;
    for (size_t i = 0; i < got->count; i++) {
        bool found = false;
        for (size_t k = 0; k < scores->elements; k++)
            found = found || fabsf(got->scores[i] - want[k]) <= 1e-6F;
        if (!found)
            fail_msg("%s: no recorded box has the score %g", name, (double)got->scores[i]);
    }
}

static void check_map(const tensorpack *pack, const char *name)
{
    const tensorpack_record *record = part_of(pack, name, "map");
    const int32_t *size = part_of(pack, name, "image")->data;
    const uint8_t *bytes = record->data;
    int64_t h = record->dims[0], w = record->dims[1];
    float *values = malloc(record->elements * sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < record->elements; i++)
        values[i] = (float)bytes[i] / 255.0F;
    ramet_tensor map = map_of(values, h, w);
    ramet_det_option option = option_of(part_of(pack, name, "options")->data);
    ramet_det_geometry geometry = {size[1], size[0], (int32_t)w, (int32_t)h};
    ramet_det_postprocessor *post;
    ramet_det_result result;
    assert_int_equal(ramet_det_postprocessor_create(&option, &post, NULL), RAMET_STATUS_OK);
    for (int run = 0; run < 2; run++) { /* the second run finds memory in use */
        assert_int_equal(ramet_det_postprocessor_run(post, &map, &geometry, &result, NULL), RAMET_STATUS_OK);
        check_same_quads(name, &result, part_of(pack, name, "final"));
        check_scores(name, &result, part_of(pack, name, "scores"));
        ramet_det_result_clear(&result);
    }
    ramet_det_postprocessor_destroy(post);
    free(values);
}

static void check_maps(const char *file)
{
    char name[TENSORPACK_MAX_NAME];
    tensorpack pack = open_pack(file);
    int cases = 0;
    for (size_t i = 0; i < pack.count; i++) {
        if (case_of(&pack, i, "map", name)) {
            check_map(&pack, name);
            cases++;
        }
    }
    assert_true(cases >= 3);
    tensorpack_close(&pack);
}

static void boxes_of_drawn_maps_are_official(void **state)
{
    (void)state;
    check_maps("ocr/db");
}

static void boxes_of_real_maps_are_official(void **state)
{
    (void)state;
    check_maps("ocr/db_maps");
}

/* A bar of sure text, with `middle` in its middle. */
static size_t boxes_of_bar(float middle)
{
    static float values[64 * 64];
    for (int i = 0; i < 64 * 64; i++)
        values[i] = i / 64 >= 20 && i / 64 < 36 && i % 64 >= 10 && i % 64 < 54 ? 0.9F : 0.0F;
    values[28 * 64 + 30] = middle;
    ramet_tensor map = map_of(values, 64, 64);
    ramet_det_geometry geometry = {64, 64, 64, 64};
    ramet_det_postprocessor *post;
    ramet_det_result result;
    assert_int_equal(ramet_det_postprocessor_create(NULL, &post, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_det_postprocessor_run(post, &map, &geometry, &result, NULL), RAMET_STATUS_OK);
    size_t count = result.count;
    ramet_det_result_clear(&result);
    ramet_det_postprocessor_destroy(post);
    return count;
}

static void a_box_whose_score_is_no_number_is_dropped(void **state)
{
    (void)state;
    assert_int_equal(boxes_of_bar(0.9F), 1);
    assert_int_equal(boxes_of_bar(NAN), 0);
}

static void a_map_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    float values[32 * 32] = {0};
    ramet_tensor map = map_of(values, 32, 32);
    ramet_det_geometry fits = {32, 32, 32, 32}, larger = {64, 64, 64, 64}, empty = {0};
    ramet_det_postprocessor *post;
    ramet_det_result result;
    assert_int_equal(ramet_det_postprocessor_create(NULL, &post, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_det_postprocessor_run(post, &map, &fits, &result, NULL), RAMET_STATUS_OK);
    assert_int_equal(result.count, 0);
    assert_int_equal(ramet_det_postprocessor_run(post, &map, &larger, &result, NULL), RAMET_STATUS_BAD_SHAPE);
    assert_int_equal(ramet_det_postprocessor_run(post, &map, &empty, &result, NULL), RAMET_STATUS_BAD_SHAPE);
    map.dims[1] = 2;
    assert_int_equal(ramet_det_postprocessor_run(post, &map, &fits, &result, NULL), RAMET_STATUS_BAD_SHAPE);
    map.rank = 2;
    assert_int_equal(ramet_det_postprocessor_run(post, &map, &fits, &result, NULL), RAMET_STATUS_BAD_SHAPE);
    map.rank = 4, map.dims[1] = 1, map.data = NULL;
    assert_int_equal(ramet_det_postprocessor_run(post, &map, &fits, &result, NULL), RAMET_STATUS_INVALID_ARGUMENT);
    ramet_det_postprocessor_destroy(post);
}

/* Pseudo-random, the same in every run. */
static uint32_t next_number(uint32_t *seed)
{
    *seed = *seed * 1664525U + 1013904223U;
    return *seed >> 16;
}

static void fill_any(float *values, size_t count, uint32_t *seed)
{
    static const float odd[4] = {NAN, INFINITY, -INFINITY, 1e38F};
    uint32_t kind = next_number(seed) % 4;
    for (size_t i = 0; i < count; i++) {
        uint32_t number = next_number(seed);
        values[i] = kind == 0 ? (float)(number % 1000) / 1000 : number % (3 * kind) == 0 ? 0.1F : 0.9F;
        if (number % 499 == 0)
            values[i] = odd[number % 4];
    }
}

static void boxes_of_any_map_lie_within_the_image(void **state)
{
    (void)state;
    static float values[90 * 70];
    uint32_t seed = 7;
    size_t boxes = 0;
    for (int trial = 0; trial < 600; trial++) {
        ramet_det_option option;
        ramet_det_option_init(&option);
        option.use_dilation = trial % 2;
        option.db_score_mode = trial % 3 ? RAMET_DET_SCORE_MODE_FAST : RAMET_DET_SCORE_MODE_SLOW;
        option.db_unclip_ratio = trial % 5 ? 1.5F : 100.0F;
        option.max_candidates = 1 + trial % 40;
        option.min_box_side = 1 + trial % 3;
        option.db_box_thresh = 0.1F;
        int64_t h = 1 + next_number(&seed) % (trial % 4 ? 70 : 3), w = 1 + next_number(&seed) % (trial % 7 ? 90 : 3);
        ramet_det_geometry geometry = {1 + (int32_t)(next_number(&seed) % 5000),
                                       1 + (int32_t)(next_number(&seed) % 5000), 1 + (int32_t)(next_number(&seed) % w),
                                       1 + (int32_t)(next_number(&seed) % h)};
        fill_any(values, (size_t)(h * w), &seed);
        ramet_tensor map = map_of(values, h, w);
        ramet_det_postprocessor *post;
        ramet_det_result result;
        assert_int_equal(ramet_det_postprocessor_create(&option, &post, NULL), RAMET_STATUS_OK);
        assert_int_equal(ramet_det_postprocessor_run(post, &map, &geometry, &result, NULL), RAMET_STATUS_OK);
        for (size_t i = 0; i < 4 * result.count; i++) {
            const float *corner = result.boxes[i / 4].points[i % 4];
            assert_true(corner[0] >= 0 && corner[0] <= (float)(geometry.image_width - 1));
            assert_true(corner[1] >= 0 && corner[1] <= (float)(geometry.image_height - 1));
            assert_true(corner[0] == rintf(corner[0]) && corner[1] == rintf(corner[1]));
        }
        boxes += result.count;
        ramet_det_result_clear(&result);
        ramet_det_postprocessor_destroy(post);
    }
    assert_true(boxes > 100);
}

/* The padding of a tiny image is no part of it: a text that fills the image fills the image. */
static void boxes_of_a_tiny_image_are_its_own_pixels(void **state)
{
    (void)state;
    static float values[32 * 32];
    for (int i = 0; i < 32 * 32; i++)
        values[i] = i / 32 >= 2 && i / 32 < 8 && i % 32 >= 2 && i % 32 < 18 ? 0.9F : 0.0F;
    ramet_det_option option;
    ramet_det_option_init(&option);
    option.limit_side_len = 960;
    option.max_side_limit = 4000;
    ramet_det_geometry geometry = rmt_det_plan_make(&option, (rmt_extent){10, 20}).geometry;
    assert_int_equal(geometry.resized_width, 20);
    assert_int_equal(geometry.resized_height, 10);
    ramet_tensor map = map_of(values, 32, 32);
    ramet_det_postprocessor *post;
    ramet_det_result result;
    assert_int_equal(ramet_det_postprocessor_create(NULL, &post, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_det_postprocessor_run(post, &map, &geometry, &result, NULL), RAMET_STATUS_OK);
    assert_int_equal(result.count, 1);
    assert_true(result.boxes[0].points[2][0] == 19.0F);
    assert_true(result.boxes[0].points[2][1] == 9.0F);
    ramet_det_result_clear(&result);
    ramet_det_postprocessor_destroy(post);
}

/* ---- order ------------------------------------------------------------------------------------------------------- */

static void reading_order_is_official(void **state)
{
    (void)state;
    char name[TENSORPACK_MAX_NAME];
    tensorpack pack = open_pack("ocr/order");
    for (size_t i = 0; i < pack.count; i++) {
        if (!case_of(&pack, i, "boxes", name))
            continue;
        const tensorpack_record *record = &pack.records[i];
        const int32_t(*points)[4][2] = record->data, *want = part_of(&pack, name, "order")->data;
        size_t count = (size_t)record->dims[0];
        rmt_det_box boxes[64];
        assert_true(count <= 64);
        for (size_t b = 0; b < count; b++) {
            boxes[b].index = b;
            for (int k = 0; k < 8; k++)
                boxes[b].quad.points[k / 2][k % 2] = (float)points[b][k / 2][k % 2];
        }
        rmt_boxes_sort(boxes, count);
        for (size_t b = 0; b < count; b++)
            assert_int_equal(boxes[b].index, want[b]);
    }
    tensorpack_close(&pack);
}

static void corners_are_named_as_officially(void **state)
{
    (void)state;
    char name[TENSORPACK_MAX_NAME];
    tensorpack pack = open_pack("ocr/clockwise");
    ramet_det_geometry same = {1000, 1000, 1000, 1000};
    for (size_t i = 0; i < pack.count; i++) {
        if (!case_of(&pack, i, "points", name))
            continue;
        const int32_t(*points)[2] = pack.records[i].data, (*want)[2] = part_of(&pack, name, "box")->data;
        float corners[4][2];
        for (int k = 0; k < 8; k++)
            corners[k / 2][k % 2] = (float)points[k / 2][k % 2];
        ramet_quad got = rmt_box_to_image((const float(*)[2])corners, &same);
        for (int k = 0; k < 8; k++)
            assert_true(got.points[k / 2][k % 2] == (float)want[k / 2][k % 2]);
    }
    tensorpack_close(&pack);
}

/* x + y and y - x tell no two corners of such a square apart; it must stay a square all the same. */
static void a_square_on_its_corner_keeps_its_corners(void **state)
{
    (void)state;
    static const float diamond[4][2] = {{50, 10}, {90, 50}, {50, 90}, {10, 50}};
    ramet_det_geometry same = {100, 100, 100, 100};
    ramet_quad got = rmt_box_to_image(diamond, &same);
    for (int i = 0; i < 4; i++) {
        const float *a = got.points[i], *b = got.points[(i + 1) % 4];
        assert_true(fabsf(a[0] - b[0]) == 40 && fabsf(a[1] - b[1]) == 40);
    }
}

/* ---- options ----------------------------------------------------------------------------------------------------- */

static void impossible_options_are_refused(void **state)
{
    (void)state;
    ramet_det_option zero = {0}, option;
    ramet_det_preprocessor *pre;
    ramet_det_postprocessor *post;
    assert_int_equal(ramet_det_preprocessor_create(&zero, &pre, NULL), RAMET_STATUS_INVALID_ARGUMENT);
    assert_null(pre);
    for (int field = 0; field < 9; field++) {
        ramet_det_option_init(&option);
        switch (field) {
        case 0: option.limit_side_len = -1; break;
        case 1: option.limit_type = (ramet_limit_type)7; break;
        case 2: option.max_side_limit = -4; break;
        case 3: option.db_thresh = NAN; break;
        case 4: option.db_box_thresh = 1.5F; break;
        case 5: option.db_unclip_ratio = INFINITY; break;
        case 6: option.db_score_mode = (ramet_det_score_mode)-1; break;
        case 7: option.max_candidates = 1 << 30; break;
        default: option.std[1] = 1; break; /* the others are 0 */
        }
        assert_int_equal(ramet_det_preprocessor_create(&option, &pre, NULL), RAMET_STATUS_INVALID_ARGUMENT);
        assert_int_equal(ramet_det_postprocessor_create(&option, &post, NULL), RAMET_STATUS_INVALID_ARGUMENT);
        assert_null(pre);
        assert_null(post);
    }
}

static void a_stage_in_use_is_busy(void **state)
{
    (void)state;
    uint8_t pixels[3 * 40 * 40] = {0};
    ramet_image image = {.data = pixels, .width = 40, .height = 40, .pitch = 120};
    ramet_det_preprocessor *pre;
    ramet_tensor tensor;
    assert_int_equal(ramet_det_preprocessor_create(NULL, &pre, NULL), RAMET_STATUS_OK);
    assert_int_equal(rmt_guard_enter(&((rmt_preprocessor *)pre)->guard, NULL), RAMET_STATUS_OK);
    assert_int_equal(ramet_det_preprocessor_run(pre, &image, &tensor, NULL, NULL), RAMET_STATUS_BUSY);
    rmt_guard_leave(&((rmt_preprocessor *)pre)->guard);
    assert_int_equal(ramet_det_preprocessor_run(pre, &image, &tensor, NULL, NULL), RAMET_STATUS_OK);
    ramet_det_preprocessor_destroy(pre);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(input_sizes_are_official),
        cmocka_unit_test(no_side_passes_the_limit),
        cmocka_unit_test(input_pixels_are_official),
        cmocka_unit_test(channels_last_holds_the_same_numbers),
        cmocka_unit_test(boxes_of_drawn_maps_are_official),
        cmocka_unit_test(boxes_of_real_maps_are_official),
        cmocka_unit_test(a_box_whose_score_is_no_number_is_dropped),
        cmocka_unit_test(a_map_that_does_not_fit_is_refused),
        cmocka_unit_test(boxes_of_any_map_lie_within_the_image),
        cmocka_unit_test(boxes_of_a_tiny_image_are_its_own_pixels),
        cmocka_unit_test(reading_order_is_official),
        cmocka_unit_test(corners_are_named_as_officially),
        cmocka_unit_test(a_square_on_its_corner_keeps_its_corners),
        cmocka_unit_test(impossible_options_are_refused),
        cmocka_unit_test(a_stage_in_use_is_busy),
    };
    return cmocka_run_group_tests_name("text detection", tests, NULL, NULL);
}

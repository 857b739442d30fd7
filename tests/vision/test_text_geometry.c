/* SPDX-License-Identifier: Apache-2.0 */
/* Borders, rectangles, filled polygons and grown quads equal what cv2 and pyclipper recorded. */
#include "vision/packs.h"

#include "vision/geometry/geometry.h"

static rmt_map map_of_bytes(const tensorpack_record *bitmap, float **values)
{
    const uint8_t *bytes = bitmap->data;
    *values = malloc((bitmap->elements + 1) * sizeof **values);
    assert_non_null(*values);
    for (size_t i = 0; i < bitmap->elements; i++)
        (*values)[i] = bytes[i] != 0;
    return (rmt_map){*values, (int32_t)bitmap->dims[1], (int32_t)bitmap->dims[0]};
}

/* ---- bitmaps ----------------------------------------------------------------------------------------------------- */

static void check_borders(const tensorpack *pack, const char *name)
{
    const tensorpack_record *lengths = part_of(pack, name, "lengths"), *points = part_of(pack, name, "points");
    const int32_t *length = lengths->data;
    const rmt_point *want = points->data;
    float *values;
    rmt_map map = map_of_bytes(part_of(pack, name, "bitmap"), &values);
    rmt_bitmap bitmap = {0};
    rmt_border ring[4096];
    rmt_borders borders = {ring, 4096, 0};
    rmt_points traced = {0};
    assert_true(rmt_bitmap_threshold(&bitmap, &map, 0.5F));
    rmt_borders_find(&bitmap, &borders);
    assert_int_equal(rmt_borders_count(&borders), lengths->elements);
    for (size_t i = 0; i < lengths->elements; i++) {
        assert_true(rmt_border_trace(&bitmap, rmt_borders_get(&borders, i), &traced));
        assert_int_equal(traced.count, length[i]);
        assert_memory_equal(traced.items, want, traced.count * sizeof *want);
        want += traced.count;
    }
    rmt_points_clear(&traced);
    rmt_scratch_clear(&bitmap.memory);
    free(values);
}

static void borders_equal_cv2(void **state)
{
    (void)state;
    char name[TENSORPACK_MAX_NAME];
    tensorpack pack = open_pack("image/contours");
    int cases = 0;
    for (size_t i = 0; i < pack.count; i++) {
        if (case_of(&pack, i, "bitmap", name)) {
            check_borders(&pack, name);
            cases++;
        }
    }
    assert_true(cases >= 10);
    tensorpack_close(&pack);
}

/* A chessboard has a border for each field; a ring of 5 keeps the last 5, the last found first. */
static void a_full_ring_keeps_the_newest_borders(void **state)
{
    (void)state;
    float values[7 * 9] = {0};
    rmt_map map = {values, 9, 7};
    for (int i = 0; i < 7 * 9; i++)
        values[i] = i / 9 % 2 == 0 && i % 9 % 2 == 0;
    rmt_bitmap bitmap = {0};
    rmt_border ring[5];
    rmt_borders borders = {ring, 5, 0};
    assert_true(rmt_bitmap_threshold(&bitmap, &map, 0.5F));
    rmt_borders_find(&bitmap, &borders);
    assert_int_equal(borders.found, 20);
    assert_int_equal(rmt_borders_count(&borders), 5);
    for (int i = 0; i < 5; i++) {
        const rmt_border *border = rmt_borders_get(&borders, (size_t)i);
        assert_int_equal(border->x, 8 - 2 * i);
        assert_int_equal(border->y, 6);
        assert_false(border->hole);
    }
    rmt_scratch_clear(&bitmap.memory);
}

static void what_is_not_a_number_is_not_set(void **state)
{
    (void)state;
    float values[4] = {NAN, 1.0F, INFINITY, -INFINITY};
    rmt_map map = {values, 4, 1};
    rmt_bitmap bitmap = {0};
    assert_true(rmt_bitmap_threshold(&bitmap, &map, 0.3F));
    const uint8_t *row = bitmap.cells + bitmap.pitch + 1;
    assert_int_equal(row[0], 0);
    assert_int_equal(row[1], 1);
    assert_int_equal(row[2], 1);
    assert_int_equal(row[3], 0);
    rmt_scratch_clear(&bitmap.memory);
}

static void dilation_equals_cv2(void **state)
{
    (void)state;
    char name[TENSORPACK_MAX_NAME];
    tensorpack pack = open_pack("image/dilate");
    for (size_t i = 0; i < pack.count; i++) {
        if (!case_of(&pack, i, "in", name))
            continue;
        const tensorpack_record *out = part_of(&pack, name, "out");
        const uint8_t *want = out->data;
        float *values;
        rmt_map map = map_of_bytes(&pack.records[i], &values);
        rmt_bitmap bitmap = {0};
        assert_true(rmt_bitmap_threshold(&bitmap, &map, 0.5F));
        rmt_bitmap_dilate(&bitmap);
        for (int32_t y = 0; y < map.height; y++)
            for (int32_t x = 0; x < map.width; x++)
                assert_int_equal(bitmap.cells[(y + 1) * bitmap.pitch + x + 1] != 0, want[y * map.width + x] != 0);
        rmt_scratch_clear(&bitmap.memory);
        free(values);
    }
    tensorpack_close(&pack);
}

/* ---- rectangles -------------------------------------------------------------------------------------------------- */

static void rectangles_equal_cv2(void **state)
{
    (void)state;
    char name[TENSORPACK_MAX_NAME];
    tensorpack pack = open_pack("image/min_area_rect");
    rmt_hull hull = {0};
    for (size_t i = 0; i < pack.count; i++) {
        if (!case_of(&pack, i, "points", name))
            continue;
        const tensorpack_record *points = &pack.records[i];
        float side = *(const float *)part_of(&pack, name, "side")->data;
        rmt_rectangle got;
        assert_true(rmt_rectangle_smallest(points->data, (size_t)points->dims[0], &hull, &got));
        if (fabsf(got.short_side - side) > 1e-3F)
            fail_msg("%s: short side %g, not %g", name, (double)got.short_side, (double)side);
        float difference = largest_difference(got.corners[0], part_of(&pack, name, "box")->data, 8);
        if (side > 0 && !(difference <= 1e-3F))
            fail_msg("%s: a corner is off by %g", name, (double)difference);
    }
    rmt_hull_clear(&hull);
    tensorpack_close(&pack);
}

static void points_on_a_line_have_no_short_side(void **state)
{
    (void)state;
    static const rmt_point upright[] = {{3, 1}, {3, 9}, {3, 4}}, level[] = {{-5, 2}, {7, 2}},
                           slope[] = {{0, 0}, {2, 2}, {9, 9}};
    rmt_hull hull = {0};
    rmt_rectangle got;
    assert_true(rmt_rectangle_smallest(upright, 3, &hull, &got));
    assert_true(got.short_side == 0);
    assert_true(rmt_rectangle_smallest(level, 2, &hull, &got));
    assert_true(got.short_side == 0);
    assert_true(rmt_rectangle_smallest(slope, 3, &hull, &got));
    assert_true(got.short_side == 0);
    assert_true(rmt_rectangle_smallest(slope, 1, &hull, &got));
    assert_true(got.short_side == 0);
    rmt_hull_clear(&hull);
}

/* ---- polygons ---------------------------------------------------------------------------------------------------- */

static void filled_polygons_equal_cv2(void **state)
{
    (void)state;
    char name[TENSORPACK_MAX_NAME];
    tensorpack pack = open_pack("image/fill_poly");
    rmt_polygon_filler filler = {0};
    for (size_t i = 0; i < pack.count; i++) {
        if (!case_of(&pack, i, "points", name))
            continue;
        const tensorpack_record *mask = part_of(&pack, name, "mask"), *points = &pack.records[i];
        const uint8_t *want = mask->data;
        const uint8_t *got = rmt_polygon_fill(&filler, points->data, (size_t)points->dims[0], (int32_t)mask->dims[1],
                                              (int32_t)mask->dims[0]);
        assert_non_null(got);
        for (size_t k = 0; k < mask->elements; k++)
            if ((got[k] != 0) != (want[k] != 0))
                fail_msg("%s: cell %zu", name, k);
    }
    rmt_polygon_filler_clear(&filler);
    tensorpack_close(&pack);
}

static double distance_of(const float box[4][2], double ratio)
{
    double area = 0, length = 0;
    for (int i = 0; i < 4; i++) {
        const float *a = box[i], *b = box[(i + 1) % 4];
        area += (double)a[0] * b[1] - (double)b[0] * a[1];
        length += hypot((double)b[0] - a[0], (double)b[1] - a[1]);
    }
    return fabs(area) / 2 * ratio / length;
}

static void grown_quads_equal_clipper(void **state)
{
    (void)state;
    char name[TENSORPACK_MAX_NAME];
    tensorpack pack = open_pack("ocr/unclip");
    rmt_points grown = {0};
    rmt_hull hull = {0};
    int cases = 0;
    for (size_t i = 0; i < pack.count; i++) {
        if (!case_of(&pack, i, "quad", name))
            continue;
        float quad[4][2];
        memcpy(quad, pack.records[i].data, sizeof quad);
        float ratio = *(const float *)part_of(&pack, name, "ratio")->data;
        rmt_rectangle got;
        assert_true(
            rmt_quad_grow((const float(*)[2])quad, distance_of((const float(*)[2])quad, (double)ratio), &grown));
        assert_true(rmt_rectangle_smallest(grown.items, grown.count, &hull, &got));
        float difference = largest_difference(got.corners[0], part_of(&pack, name, "box")->data, 8);
        if (!(difference <= 1e-3F))
            fail_msg("%s: a corner is off by %g", name, (double)difference);
        cases++;
    }
    assert_true(cases >= 20);
    rmt_points_clear(&grown);
    rmt_hull_clear(&hull);
    tensorpack_close(&pack);
}

static void a_quad_within_a_pixel_grows_to_nothing(void **state)
{
    (void)state;
    static const float quad[4][2] = {{5.1F, 5.2F}, {5.8F, 5.1F}, {5.9F, 5.9F}, {5.2F, 5.8F}};
    rmt_points grown = {0};
    assert_true(rmt_quad_grow(quad, 2.0, &grown));
    assert_int_equal(grown.count, 0);
    rmt_points_clear(&grown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(borders_equal_cv2),
        cmocka_unit_test(a_full_ring_keeps_the_newest_borders),
        cmocka_unit_test(what_is_not_a_number_is_not_set),
        cmocka_unit_test(dilation_equals_cv2),
        cmocka_unit_test(rectangles_equal_cv2),
        cmocka_unit_test(points_on_a_line_have_no_short_side),
        cmocka_unit_test(filled_polygons_equal_cv2),
        cmocka_unit_test(grown_quads_equal_clipper),
        cmocka_unit_test(a_quad_within_a_pixel_grows_to_nothing),
    };
    return cmocka_run_group_tests_name("text geometry", tests, NULL, NULL);
}

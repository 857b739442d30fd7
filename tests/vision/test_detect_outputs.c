/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs in every form become the same objects; what cannot be right is refused, and nothing is believed unchecked. */
#include "vision/packs.h"

#include <float.h>

#include "vision/detect/detect.h"

enum { MOST_OUTPUTS = 8, MOST_IMAGES = 3 };

static ramet_detect_postprocessor *postprocessor_of(const char *config, float score_threshold)
{
    char path[512];
    ramet_detect_option option;
    ramet_detect_postprocessor *post;
    ramet_detect_option_init(&option);
    option.score_threshold = score_threshold;
    snprintf(path, sizeof path, "%s/detect/%s.yml", RAMET_TEST_DATA, config != NULL ? config : "");
    assert_int_equal(ramet_detect_postprocessor_create(config != NULL ? path : NULL, &option, &post, NULL),
                     RAMET_STATUS_OK);
    return post;
}

/* An image of 100 x 80 in an input of the same size. */
static ramet_detect_geometry plain_geometry(void)
{
    return (ramet_detect_geometry){.image_width = 100,
                                   .image_height = 80,
                                   .input_width = 100,
                                   .input_height = 80,
                                   .im_shape = {80, 100},
                                   .scale_factor = {1, 1}};
}

static ramet_tensor tensor_of(ramet_dtype dtype, int32_t rank, const int64_t *dims, const void *data)
{
    ramet_tensor tensor = {.dtype = dtype, .rank = rank, .data = (void *)data};
    memcpy(tensor.dims, dims, (size_t)rank * sizeof *dims);
    return tensor;
}

#define DIMS(...) ((const int64_t[]){__VA_ARGS__})

/* ---- recorded outputs ------------------------------------------------------------------------------------------------ */

static void check_rows(const char *name, const ramet_detect_result *result, const float *rows, size_t count)
{
    if (result->count != count)
        fail_msg("%s: %zu objects, not %zu", name, result->count, count);
    for (size_t i = 0; i < count; i++, rows += 6) {
        assert_int_equal(result->label_ids[i], (int32_t)rows[0]);
        assert_float_equal(result->scores[i], rows[1], 0);
        for (int k = 0; k < 4; k++)
            if (!(fabsf(result->boxes[i][k] - rows[2 + k]) <= 2e-4F))
                fail_msg("%s: object %zu, side %d: %g, not %g", name, i, k, (double)result->boxes[i][k],
                         (double)rows[2 + k]);
    }
}

static void check_case(const tensorpack *pack, const char *name, const float *g)
{
    ramet_tensor outputs[MOST_OUTPUTS];
    ramet_detect_geometry geometries[MOST_IMAGES];
    ramet_detect_result results[MOST_IMAGES] = {0};
    ramet_error error = {0};
    size_t count = 0;
    const tensorpack_record *record;
    for (; (record = tensorpack_find(pack, "%s.output%d", name, (int)count)) != NULL; count++)
        outputs[count] = tensor_of(RAMET_DTYPE_FLOAT32, record->rank, record->dims, record->data);
    size_t images = part_of(pack, name, "row_counts")->elements;
    for (size_t i = 0; i < images; i++)
        geometries[i] = (ramet_detect_geometry){.input_height = (int32_t)g[0],
                                                .input_width = (int32_t)g[1],
                                                .image_height = (int32_t)g[2],
                                                .image_width = (int32_t)g[3],
                                                .im_shape = {g[0], g[1]},
                                                .scale_factor = {g[4], g[5]}};
    ramet_detect_postprocessor *post = postprocessor_of(NULL, 0);
    if (ramet_detect_postprocessor_run(post, outputs, count, geometries, results, images, &error) != RAMET_STATUS_OK)
        fail_msg("%s: %s", name, error.message);
    const float *rows = part_of(pack, name, "rows")->data;
    for (size_t i = 0; i < images; i++) {
        int32_t n = ((const int32_t *)part_of(pack, name, "row_counts")->data)[i];
        assert_true(n >= 4);
        check_rows(name, &results[i], rows, (size_t)n);
        rows += 6 * n;
        assert_null(results[i].label_names);
        assert_null(results[i].rotated_boxes);
        ramet_detect_result_clear(&results[i]);
    }
    ramet_detect_postprocessor_destroy(post);
}

static void outputs_before_suppression_give_the_official_objects(void **state)
{
    (void)state;
    tensorpack pack = open_pack("detect/outputs");
    int cases = 0;
    for (size_t i = 0; i < pack.count; i++) {
        char name[TENSORPACK_MAX_NAME];
        if (!case_of(&pack, i, "geometry", name))
            continue;
        check_case(&pack, name, pack.records[i].data);
        cases++;
    }
    assert_int_equal(cases, 7);
    tensorpack_close(&pack);
}

/* ---- rows ---------------------------------------------------------------------------------------------------------------- */

static const float ROWS[5][6] = {{1, 0.9F, 1, 2, 30, 40},
                                 {-1, 0.8F, 0, 0, 5, 5},
                                 {2, 0.4F, -7, -8, 120, 90},
                                 {0, 0.0F, 0, 0, 1, 1},
                                 {7, 0.2F, 3, 3, 9, 9}};

static ramet_status run_rows(ramet_detect_postprocessor *post, const ramet_tensor *outputs, size_t output_count,
                             ramet_detect_result *results, size_t images, ramet_error *error)
{
    ramet_detect_geometry geometries[MOST_IMAGES];
    for (size_t i = 0; i < images; i++)
        geometries[i] = plain_geometry();
    return ramet_detect_postprocessor_run(post, outputs, output_count, geometries, results, images, error);
}

static void rows_are_objects_unless_they_say_otherwise(void **state)
{
    (void)state;
    ramet_detect_postprocessor *post = postprocessor_of("stretched", 0);
    ramet_detect_result result;
    const int32_t count = 5;
    const ramet_tensor outputs[] = {tensor_of(RAMET_DTYPE_FLOAT32, 2, DIMS(5, 6), ROWS),
                                    tensor_of(RAMET_DTYPE_INT32, 1, DIMS(1), &count)};
    for (size_t given = 1; given <= 2; given++) { /* without counts all rows are of the one image */
        assert_int_equal(run_rows(post, outputs, given, &result, 1, NULL), RAMET_STATUS_OK);
        assert_int_equal(result.count, 3);
        assert_int_equal(result.label_ids[0], 1);
        assert_string_equal(result.label_names[0], "bicycle");
        assert_string_equal(result.label_names[1], "car");
        assert_string_equal(result.label_names[2], "");
        assert_float_equal(result.boxes[1][0], -7, 0);
        assert_float_equal(result.boxes[1][2], 120, 0);
        assert_int_equal(result.contain_masks, 0);
        assert_null(result.masks);
        ramet_detect_result_clear(&result);
    }
    assert_int_equal(ramet_detect_postprocessor_set_score_threshold(post, 0.4F), RAMET_STATUS_OK);
    assert_int_equal(run_rows(post, outputs, 2, &result, 1, NULL), RAMET_STATUS_OK);
    assert_int_equal(result.count, 1);
    ramet_detect_result_clear(&result);
    assert_int_equal(ramet_detect_postprocessor_set_score_threshold(post, NAN), RAMET_STATUS_INVALID_ARGUMENT);
    ramet_detect_postprocessor_destroy(post);
}

static void counts_share_rows_out(void **state)
{
    (void)state;
    ramet_detect_postprocessor *post = postprocessor_of(NULL, 0);
    ramet_detect_result results[2];
    const int64_t packed[2] = {1, 4}, apart[2] = {1, 2};
    float rows[4][6] = {{1, 0.5F, 0, 0, 9, 9}, {2, 0.5F, 0, 0, 9, 9}, {3, 0.5F, 0, 0, 9, 9}, {4, 0.5F, 0, 0, 9, 9}};
    ramet_tensor outputs[] = {tensor_of(RAMET_DTYPE_FLOAT32, 2, DIMS(5, 6), ROWS),
                              tensor_of(RAMET_DTYPE_INT64, 1, DIMS(2), packed)};
    assert_int_equal(run_rows(post, outputs, 2, results, 2, NULL), RAMET_STATUS_OK);
    assert_int_equal(results[0].count, 1);
    assert_int_equal(results[1].count, 2);
    for (int i = 0; i < 2; i++)
        ramet_detect_result_clear(&results[i]);
    outputs[0] = tensor_of(RAMET_DTYPE_FLOAT32, 2, DIMS(4, 6), rows); /* equal room for each image */
    outputs[1] = tensor_of(RAMET_DTYPE_INT64, 2, DIMS(2, 1), apart);
    for (int form = 0; form < 2; form++) {
        assert_int_equal(run_rows(post, outputs, 2, results, 2, NULL), RAMET_STATUS_OK);
        assert_int_equal(results[0].count, 1);
        assert_int_equal(results[0].label_ids[0], 1);
        assert_int_equal(results[1].count, 2);
        assert_int_equal(results[1].label_ids[0], 3);
        for (int i = 0; i < 2; i++)
            ramet_detect_result_clear(&results[i]);
        outputs[0] = tensor_of(RAMET_DTYPE_FLOAT32, 3, DIMS(2, 2, 6), rows);
    }
    ramet_detect_postprocessor_destroy(post);
}

static void nothing_found_is_an_empty_result(void **state)
{
    (void)state;
    ramet_detect_postprocessor *post = postprocessor_of("stretched", 0);
    ramet_detect_result results[2];
    const float nothing = -1;
    const int32_t counts[2] = {0, 0};
    const ramet_tensor forms[][2] = {
        {tensor_of(RAMET_DTYPE_FLOAT32, 2, DIMS(0, 6), NULL), tensor_of(RAMET_DTYPE_INT32, 1, DIMS(2), counts)},
        {tensor_of(RAMET_DTYPE_FLOAT32, 2, DIMS(1, 1), &nothing), tensor_of(RAMET_DTYPE_INT32, 1, DIMS(2), counts)},
    };
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(run_rows(post, forms[i], 2, results, 2, NULL), RAMET_STATUS_OK);
        for (int k = 0; k < 2; k++) {
            assert_int_equal(results[k].count, 0);
            ramet_detect_result_clear(&results[k]);
        }
    }
    ramet_detect_postprocessor_destroy(post);
}

static void what_is_no_number_is_no_object(void **state)
{
    (void)state;
    ramet_detect_postprocessor *post = postprocessor_of(NULL, 0);
    ramet_detect_result result;
    const float rows[6][6] = {{NAN, 0.5F, 0, 0, 1, 1},      {1, NAN, 0, 0, 1, 1},        {1, 0.5F, 0, NAN, 1, 1},
                              {1, 0.5F, 0, 0, INFINITY, 1}, {FLT_MAX, 0.5F, 0, 0, 1, 1}, {3, 0.5F, 0, 0, 1, 1}};
    const ramet_tensor output = tensor_of(RAMET_DTYPE_FLOAT32, 2, DIMS(6, 6), rows);
    assert_int_equal(run_rows(post, &output, 1, &result, 1, NULL), RAMET_STATUS_OK);
    assert_int_equal(result.count, 1);
    assert_int_equal(result.label_ids[0], 3);
    ramet_detect_result_clear(&result);
    ramet_detect_postprocessor_destroy(post);
}

static void rotated_rows_have_boxes_around_them(void **state)
{
    (void)state;
    ramet_detect_postprocessor *post = postprocessor_of(NULL, 0);
    ramet_detect_result result;
    const float row[10] = {4, 0.5F, 10, 0, 20, 10, 10, 20, 0, 10};
    const int32_t count = 1;
    const ramet_tensor outputs[] = {tensor_of(RAMET_DTYPE_FLOAT32, 2, DIMS(1, 10), row),
                                    tensor_of(RAMET_DTYPE_INT32, 1, DIMS(1), &count)};
    assert_int_equal(run_rows(post, outputs, 2, &result, 1, NULL), RAMET_STATUS_OK);
    assert_int_equal(result.count, 1);
    assert_memory_equal(result.rotated_boxes[0], row + 2, 8 * sizeof(float));
    const float around[4] = {0, 0, 20, 20};
    assert_memory_equal(result.boxes[0], around, sizeof around);
    ramet_detect_result_clear(&result);
    ramet_detect_postprocessor_destroy(post);
}

/* Two diamonds upon each other, one apart. */
static void rotated_boxes_are_suppressed_by_their_polygons(void **state)
{
    (void)state;
    ramet_detect_postprocessor *post = postprocessor_of(NULL, 0);
    ramet_detect_result result;
    const float boxes[3][8] = {{20, 0, 40, 20, 20, 40, 0, 20},
                               {21, 0, 41, 20, 21, 40, 1, 20},
                               {55, 40, 70, 55, 55, 70, 40, 55}};
    const float scores[3] = {0.5F, 0.9F, 0.4F};
    const ramet_tensor outputs[] = {tensor_of(RAMET_DTYPE_FLOAT32, 3, DIMS(1, 3, 8), boxes),
                                    tensor_of(RAMET_DTYPE_FLOAT32, 3, DIMS(1, 1, 3), scores)};
    assert_int_equal(run_rows(post, outputs, 2, &result, 1, NULL), RAMET_STATUS_OK);
    assert_int_equal(result.count, 2);
    assert_memory_equal(result.rotated_boxes[0], boxes[1], sizeof boxes[1]);
    assert_memory_equal(result.rotated_boxes[1], boxes[2], sizeof boxes[2]);
    ramet_detect_result_clear(&result);
    ramet_detect_postprocessor_destroy(post);
}

/* Two boxes that overlap by 0.6, and one beside them. */
static void suppression_may_be_set(void **state)
{
    (void)state;
    static const float boxes[3][4] = {{0, 0, 40, 40}, {0, 10, 40, 50}, {60, 0, 90, 30}};
    static const float scores[3] = {0.9F, 0.8F, 0.4F};
    ramet_detect_postprocessor *post = postprocessor_of(NULL, 0);
    ramet_detect_result result;
    ramet_detect_nms_option nms = {.nms_threshold = 0.7F, .background_label = -1};
    const ramet_tensor outputs[] = {tensor_of(RAMET_DTYPE_FLOAT32, 3, DIMS(1, 3, 4), boxes),
                                    tensor_of(RAMET_DTYPE_FLOAT32, 3, DIMS(1, 1, 3), scores)};
    const size_t want[] = {2, 3, 1};
    for (int step = 0; step < 3; step++) {
        if (step == 2)
            nms = (ramet_detect_nms_option){.score_threshold = 0.5F, .background_label = -1};
        if (step > 0)
            assert_int_equal(ramet_detect_postprocessor_set_nms(post, &nms, NULL), RAMET_STATUS_OK);
        assert_int_equal(run_rows(post, outputs, 2, &result, 1, NULL), RAMET_STATUS_OK);
        assert_int_equal(result.count, want[step]);
        ramet_detect_result_clear(&result);
    }
    nms.nms_threshold = 2;
    assert_int_equal(ramet_detect_postprocessor_set_nms(post, &nms, NULL), RAMET_STATUS_INVALID_ARGUMENT);
    assert_int_equal(ramet_detect_postprocessor_set_nms(post, NULL, NULL), RAMET_STATUS_INVALID_ARGUMENT);
    ramet_detect_postprocessor_destroy(post);
}

/* ---- masks ----------------------------------------------------------------------------------------------------------------- */

/* 80 x 100 planes, of which pixels x >= 50 belong to the object. */
static void fill_planes(uint8_t *planes, size_t count)
{
    for (size_t i = 0; i < count * 80 * 100; i++)
        planes[i] = i % 100 >= 50;
}

static void masks_are_cut_to_box_and_image(void **state)
{
    (void)state;
    ramet_detect_postprocessor *post = postprocessor_of("stretched", 0.1F);
    ramet_detect_result result;
    uint8_t *planes = malloc(5 * 80 * 100);
    const int32_t count = 5;
    fill_planes(planes, 5);
    const float rows[5][6] = {{0, 0.9F, 45.2F, -30, 55.4F, 20},
                              {-1, 0.9F, 0, 0, 9, 9},
                              {1, 0.9F, 90, 70, 200, 200},
                              {1, 0.9F, 300, 300, 400, 400},
                              {1, 0.9F, 8, 8, 2, 2}};
    const ramet_tensor outputs[] = {tensor_of(RAMET_DTYPE_FLOAT32, 2, DIMS(5, 6), rows),
                                    tensor_of(RAMET_DTYPE_INT32, 1, DIMS(1), &count),
                                    tensor_of(RAMET_DTYPE_UINT8, 3, DIMS(5, 80, 100), planes)};
    assert_int_equal(run_rows(post, outputs, 3, &result, 1, NULL), RAMET_STATUS_OK);
    assert_int_equal(result.count, 4);
    assert_int_equal(result.contain_masks, 1);
    const ramet_detect_mask *mask = &result.masks[0];
    assert_true(mask->x == 45 && mask->y == 0 && mask->width == 10 && mask->height == 20);
    for (int i = 0; i < 200; i++)
        assert_int_equal(mask->data[i], i % 10 >= 5);
    mask = &result.masks[1];
    assert_true(mask->x == 90 && mask->y == 70 && mask->width == 10 && mask->height == 10);
    assert_int_equal(result.masks[2].width * result.masks[2].height, 0);
    assert_int_equal(result.masks[3].width * result.masks[3].height, 0);
    ramet_detect_result_clear(&result);
    ramet_detect_postprocessor_destroy(post);
    free(planes);
}

static void instances_get_boxes_from_their_masks(void **state)
{
    (void)state;
    ramet_detect_postprocessor *post = postprocessor_of(NULL, 0);
    ramet_detect_result result;
    uint8_t *planes = calloc(3, 80 * 100);
    const int32_t count = 3;
    const int64_t labels[3] = {5, 6, 7};
    const float scores[3] = {0.01F, 0.8F, 0.7F};
    planes[3 * 100 + 7] = planes[9 * 100 + 4] = 1;
    planes[2 * 8000 + 79 * 100 + 99] = 1;
    const ramet_tensor outputs[] = {tensor_of(RAMET_DTYPE_INT32, 1, DIMS(1), &count),
                                    tensor_of(RAMET_DTYPE_INT64, 1, DIMS(3), labels),
                                    tensor_of(RAMET_DTYPE_FLOAT32, 1, DIMS(3), scores),
                                    tensor_of(RAMET_DTYPE_UINT8, 3, DIMS(3, 80, 100), planes)};
    assert_int_equal(run_rows(post, outputs, 4, &result, 1, NULL), RAMET_STATUS_OK);
    assert_int_equal(result.count, 2); /* the empty one is no object */
    const float first[4] = {4, 3, 8, 10}, second[4] = {99, 79, 100, 80};
    assert_memory_equal(result.boxes[0], first, sizeof first);
    assert_memory_equal(result.boxes[1], second, sizeof second);
    assert_int_equal(result.label_ids[1], 7);
    assert_int_equal(result.masks[0].data[3], 1);
    assert_int_equal(result.masks[1].data[0], 1);
    ramet_detect_result_clear(&result);
    ramet_detect_postprocessor_destroy(post);
    free(planes);
}

/* ---- what cannot be right ----------------------------------------------------------------------------------------------------- */

static void hostile_outputs_are_refused(void **state)
{
    (void)state;
    ramet_detect_postprocessor *post = postprocessor_of(NULL, 0);
    const int32_t negative[2] = {-1, 6}, many[2] = {6, 6}, uneven[2] = {3, 1}, one = 1;
    const int64_t huge[2] = {INT64_MAX, INT64_MAX};
    const float numbers[64] = {0};
    const struct {
        size_t count, images;
        ramet_tensor outputs[4];
    } cases[] = {
        {2,
         2,
         {tensor_of(RAMET_DTYPE_FLOAT32, 2, DIMS(5, 6), ROWS), tensor_of(RAMET_DTYPE_INT32, 1, DIMS(2), negative)}},
        {2, 2, {tensor_of(RAMET_DTYPE_FLOAT32, 2, DIMS(5, 6), ROWS), tensor_of(RAMET_DTYPE_INT32, 1, DIMS(2), many)}},
        {2, 2, {tensor_of(RAMET_DTYPE_FLOAT32, 2, DIMS(5, 6), ROWS), tensor_of(RAMET_DTYPE_INT32, 1, DIMS(2), uneven)}},
        {2, 2, {tensor_of(RAMET_DTYPE_FLOAT32, 2, DIMS(5, 6), ROWS), tensor_of(RAMET_DTYPE_INT64, 1, DIMS(2), huge)}},
        {1, 2, {tensor_of(RAMET_DTYPE_FLOAT32, 2, DIMS(5, 6), ROWS)}},
        {1, 1, {tensor_of(RAMET_DTYPE_FLOAT32, 2, DIMS(5, 6), NULL)}},
        {1, 1, {tensor_of(RAMET_DTYPE_FLOAT32, 2, DIMS(-5, 6), ROWS)}},
        {1, 1, {tensor_of(RAMET_DTYPE_FLOAT32, 2, DIMS(6, 5), ROWS)}},
        {1, 1, {tensor_of(RAMET_DTYPE_FLOAT32, 3, DIMS(INT64_MAX, INT64_MAX, 6), ROWS)}},
        {1, 1, {tensor_of(RAMET_DTYPE_INT32, 2, DIMS(5, 6), ROWS)}},
        {1, 1, {{.dtype = RAMET_DTYPE_FLOAT32, .rank = 99, .data = (void *)numbers}}},
        {1, 1, {{.dtype = RAMET_DTYPE_FLOAT32, .rank = -1, .data = (void *)numbers}}},
        {2,
         1,
         {tensor_of(RAMET_DTYPE_FLOAT32, 3, DIMS(1, 4, 4), numbers),
          tensor_of(RAMET_DTYPE_FLOAT32, 3, DIMS(1, 3, 5), numbers)}},
        {4,
         1,
         {tensor_of(RAMET_DTYPE_FLOAT32, 3, DIMS(1, 4, 1), numbers),
          tensor_of(RAMET_DTYPE_FLOAT32, 3, DIMS(1, 2, 1), numbers),
          tensor_of(RAMET_DTYPE_FLOAT32, 3, DIMS(1, 4, 7), numbers),
          tensor_of(RAMET_DTYPE_FLOAT32, 3, DIMS(1, 2, 7), numbers)}},
        {4,
         1,
         {tensor_of(RAMET_DTYPE_INT32, 1, DIMS(1), &uneven), tensor_of(RAMET_DTYPE_INT32, 1, DIMS(2), uneven),
          tensor_of(RAMET_DTYPE_FLOAT32, 1, DIMS(2), numbers),
          tensor_of(RAMET_DTYPE_FLOAT32, 3, DIMS(2, 2, 2), numbers)}},
        {1, 1, {tensor_of(RAMET_DTYPE_INT32, 0, DIMS(0), &one)}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ramet_detect_result results[2];
        ramet_error error = {0};
        ramet_status status = run_rows(post, cases[i].outputs, cases[i].count, results, cases[i].images, &error);
        if (status == RAMET_STATUS_OK || error.message[0] == '\0')
            fail_msg("case %zu is taken", i);
        assert_int_equal(results[0].count, 0);
        assert_null(results[0].owner);
    }
    ramet_detect_postprocessor_destroy(post);
}

static void geometries_and_options_are_checked(void **state)
{
    (void)state;
    ramet_detect_postprocessor *post = postprocessor_of(NULL, 0);
    ramet_detect_result results[2];
    ramet_detect_geometry geometries[2] = {plain_geometry(), plain_geometry()};
    const int32_t counts[2] = {5, 0};
    const ramet_tensor outputs[] = {tensor_of(RAMET_DTYPE_FLOAT32, 2, DIMS(5, 6), ROWS),
                                    tensor_of(RAMET_DTYPE_INT32, 1, DIMS(2), counts)};
    geometries[1].input_width = 7;
    assert_int_equal(ramet_detect_postprocessor_run(post, outputs, 2, geometries, results, 2, NULL),
                     RAMET_STATUS_BAD_SHAPE);
    geometries[1] = plain_geometry();
    geometries[1].scale_factor[0] = NAN;
    assert_int_equal(ramet_detect_postprocessor_run(post, outputs, 2, geometries, results, 2, NULL),
                     RAMET_STATUS_INVALID_ARGUMENT);
    assert_int_equal(ramet_detect_postprocessor_run(post, outputs, 2, NULL, results, 2, NULL),
                     RAMET_STATUS_INVALID_ARGUMENT);
    ramet_detect_postprocessor_destroy(post);
    ramet_detect_option option;
    ramet_detect_option_init(&option);
    option.nms.nms_threshold = 2;
    assert_int_equal(ramet_detect_postprocessor_create(NULL, &option, &post, NULL), RAMET_STATUS_INVALID_ARGUMENT);
    ramet_detect_option_init(&option);
    option.struct_bytes = 0;
    assert_int_equal(ramet_detect_postprocessor_create(NULL, &option, &post, NULL), RAMET_STATUS_INVALID_ARGUMENT);
    ramet_detect_option_init(&option);
    option.label_file = "/nonexistent";
    assert_int_equal(ramet_detect_postprocessor_create(NULL, &option, &post, NULL), RAMET_STATUS_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_before_suppression_give_the_official_objects),
        cmocka_unit_test(rows_are_objects_unless_they_say_otherwise),
        cmocka_unit_test(counts_share_rows_out),
        cmocka_unit_test(nothing_found_is_an_empty_result),
        cmocka_unit_test(what_is_no_number_is_no_object),
        cmocka_unit_test(rotated_rows_have_boxes_around_them),
        cmocka_unit_test(rotated_boxes_are_suppressed_by_their_polygons),
        cmocka_unit_test(suppression_may_be_set),
        cmocka_unit_test(masks_are_cut_to_box_and_image),
        cmocka_unit_test(instances_get_boxes_from_their_masks),
        cmocka_unit_test(hostile_outputs_are_refused),
        cmocka_unit_test(geometries_and_options_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

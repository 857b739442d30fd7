/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators of object detection: suppression against its definition, word for
 * word and slow; and every operator on numbers that no model means (NaN,
 * infinity, corners in the wrong order, counts that do not add up, nothing at
 * all), where it must stay within its buffers and not depend on threads.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/boxes/nms.h"
#include "support/one_op.h"

enum { MOST = 1 << 14, TEXT_ROOM = 256 };

static uint64_t state_of_random = 88172645463325252u;

static uint64_t next_random(void)
{
    state_of_random ^= state_of_random << 13;
    state_of_random ^= state_of_random >> 7;
    return state_of_random ^= state_of_random << 17;
}

static int64_t random_below(int64_t most) { return (int64_t)(next_random() % (uint64_t)most); }

/* ---- keys ------------------------------------------------------------------------------------------------------ */

static int compare_keys(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void keys_are_chosen_and_sorted_as_integers(void **state)
{
    (void)state;
    static uint64_t keys[3000], want[3000], room[3000];
    for (int run = 0; run < 200; run++) {
        int64_t n = random_below(run < 100 ? 40 : 3000), k = random_below(n + 2);
        int64_t levels = 1 + random_below(run % 2 == 0 ? 4 : 100000);
        for (int64_t i = 0; i < n; i++)
            keys[i] = rmt_rank_key((float)(random_below(levels) - levels / 2) / 7.0f, i);
        memcpy(want, keys, sizeof want);
        qsort(want, (size_t)n, sizeof *want, compare_keys);
        int64_t left = rmt_rank_first(keys, n, k);
        assert_int_equal(left, rmt_min_i64(n, k));
        for (int64_t i = 1; i < left; i++)
            assert_true(rmt_rank_number(keys[i - 1]) < rmt_rank_number(keys[i]));
        rmt_rank_sort(keys, left, room);
        assert_memory_equal(keys, want, (size_t)left * sizeof *keys);
    }
}

static void keys_put_high_scores_first_and_nan_last(void **state)
{
    (void)state;
    const float scores[] = {INFINITY, 2, 1, 0, -0.0f, -1, -INFINITY, NAN, -NAN};
    for (int64_t i = 1; i < 9; i++)
        assert_true(rmt_rank_key(scores[i - 1], i - 1) < rmt_rank_key(scores[i], i));
}

/* ---- suppression ------------------------------------------------------------------------------------------------- */

typedef struct plain_item {
    float score;
    int64_t class, box, order;
} plain_item;

static int by_score(const void *a, const void *b)
{
    const plain_item *x = a, *y = b;
    return x->score > y->score ? -1 : x->score < y->score ? 1 : x->order < y->order ? -1 : 1;
}

static int by_order(const void *a, const void *b)
{
    const plain_item *x = a, *y = b;
    return x->order < y->order ? -1 : 1;
}

static float plain_overlap(const float *a, const float *b)
{
    if (b[0] > a[2] || b[2] < a[0] || b[1] > a[3] || b[3] < a[1])
        return 0;
    float both = (fminf(a[2], b[2]) - fmaxf(a[0], b[0])) * (fminf(a[3], b[3]) - fmaxf(a[1], b[1]));
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both);
}

typedef struct plain_nms {
    int64_t boxes, classes, top, keep;
    float least, most;
} plain_nms;

/* One image of [classes, boxes] scores. Returns how many stay. */
static int64_t plain_suppress(const plain_nms *p, const float *boxes, const float *scores, plain_item *items)
{
    static plain_item candidates[MOST];
    int64_t count = 0;
    for (int64_t c = 0; c < p->classes; c++) {
        int64_t found = 0, first = count;
        for (int64_t i = 0; i < p->boxes; i++)
            if (scores[c * p->boxes + i] > p->least)
                candidates[found++] = (plain_item){scores[c * p->boxes + i], c, i, i};
        qsort(candidates, (size_t)found, sizeof *candidates, by_score);
        for (int64_t i = 0; i < found && (p->top < 0 || i < p->top); i++) {
            bool stays = true;
            for (int64_t j = first; j < count && stays; j++)
                stays = plain_overlap(boxes + candidates[i].box * 4, boxes + items[j].box * 4) <= p->most;
            candidates[i].order = count;
            if (stays)
                items[count++] = candidates[i];
        }
    }
    if (p->keep < 0 || count <= p->keep)
        return count;
    qsort(items, (size_t)count, sizeof *items, by_score);
    qsort(items, (size_t)p->keep, sizeof *items, by_order);
    return p->keep;
}

static void fill_image(const plain_nms *p, float *boxes, float *scores)
{
    for (int64_t i = 0; i < p->boxes; i++) {
        boxes[i * 4] = (float)random_below(64);
        boxes[i * 4 + 1] = (float)random_below(64);
        boxes[i * 4 + 2] = boxes[i * 4] + 1 + (float)random_below(40);
        boxes[i * 4 + 3] = boxes[i * 4 + 1] + 1 + (float)random_below(40);
    }
    for (int64_t i = 0; i < p->boxes * p->classes; i++)
        scores[i] = (float)random_below(50) / 50;
}

static void compare_suppression(const plain_nms *p, int threads)
{
    static float boxes[MOST], scores[MOST];
    static plain_item items[MOST];
    char text[TEXT_ROOM];
    one_op o;
    fill_image(p, boxes, scores);
    snprintf(
        text, sizeof text,
        "multiclass_nms3 score_threshold=%.2f nms_threshold=%.2f nms_top_k=%lld keep_top_k=%lld background_label=-1",
        (double)p->least, (double)p->most, (long long)p->top, (long long)p->keep);
    one_op_init(&o, text, 3);
    one_op_input(&o, (rmt_shape){3, {1, p->boxes, 4}}, boxes);
    one_op_input(&o, (rmt_shape){3, {1, p->classes, p->boxes}}, scores);
    assert_int_equal(one_op_load(&o), RAMET_STATUS_OK);
    one_op_run(&o, &(one_op_style){.threads = threads});
    int64_t count = plain_suppress(p, boxes, scores, items);
    assert_int_equal(o.result[0].shape.dims[0], count);
    assert_int_equal(o.result[1].shape.dims[0], count);
    assert_int_equal(*(const int32_t *)o.result[2].data, count);
    for (int64_t i = 0; i < count; i++) {
        const float *row = (const float *)o.result[0].data + i * 6;
        assert_int_equal((int64_t)row[0], items[i].class);
        assert_true(row[1] == items[i].score);
        assert_int_equal(((const int32_t *)o.result[1].data)[i], items[i].box);
        assert_memory_equal(row + 2, boxes + items[i].box * 4, 4 * sizeof *row);
    }
    one_op_clear(&o);
}

/* Few values of scores, so that most are equal; lists that are cut many times. */
static void suppression_is_its_definition(void **state)
{
    (void)state;
    for (int run = 0; run < 150; run++) {
        plain_nms p = {.boxes = random_below(60),
                       .classes = 1 + random_below(50),
                       .top = -1,
                       .keep = -1,
                       .least = 0.2f,
                       .most = run % 3 == 0 ? 0.1f : 0.5f};
        if (run % 2 == 0)
            p.keep = random_below(30);
        if (run % 5 == 0)
            p.top = random_below(20);
        compare_suppression(&p, 1 + run % 2);
    }
}

static void polygons_overlap_as_drawn(void **state)
{
    (void)state;
    const float square[] = {0, 0, 2, 0, 2, 2, 0, 2}, beside[] = {1, 0, 3, 0, 3, 2, 1, 2},
                turned[] = {2, 0, 2, 2, 0, 2, 0, 0};
    const float far[] = {5, 5, 6, 5, 6, 6, 5, 6}, diamond[] = {1, 0, 2, 1, 1, 2, 0, 1},
                arrow[] = {0, 0, 1, 1, 2, 0, 1, 2};
    assert_true(fabsf(rmt_polygon_overlap(square, square, 4) - 1) < 1e-6f);
    assert_true(fabsf(rmt_polygon_overlap(square, turned, 4) - 1) < 1e-6f);
    assert_true(fabsf(rmt_polygon_overlap(square, beside, 4) - 1.0f / 3) < 1e-6f);
    assert_true(rmt_polygon_overlap(square, far, 4) == 0);
    assert_true(fabsf(rmt_polygon_overlap(square, diamond, 4) - 0.5f) < 1e-6f);
    assert_true(fabsf(rmt_polygon_overlap(square, arrow, 4) - 0.25f) < 1e-6f);
    assert_true(fabsf(rmt_polygon_overlap(diamond, arrow, 4) - 5.0f / 13) < 1e-6f);
}

static void boxes_are_clipped_to_the_original_image(void **state)
{
    (void)state;
    const float boxes[] = {-3, 5, 900, 7, 2, -1, 3, 600}, info[] = {100, 300, 0.5f};
    const float want[] = {0, 5, 599, 7, 2, 0, 3, 199};
    one_op o;
    one_op_init(&o, "box_clip", 1);
    one_op_input(&o, (rmt_shape){2, {2, 4}}, boxes);
    one_op_input(&o, (rmt_shape){2, {1, 3}}, info);
    assert_int_equal(one_op_load(&o), RAMET_STATUS_OK);
    one_op_run(&o, &(one_op_style){0});
    assert_memory_equal(o.result[0].data, want, sizeof want);
    one_op_clear(&o);
}

/* ---- numbers that nobody means ------------------------------------------------------------------------------------ */

/* Inputs by letters: f float32, i int32, l int64; then dims, of which a..d are drawn anew for each run. */
typedef struct strange_case {
    const char *text, *inputs;
    int32_t outputs;
} strange_case;

static const strange_case strange_cases[] = {
    {"multiclass_nms3 nms_top_k=7 keep_top_k=5 background_label=0", "f:a,b,4 f:a,c,b", 3},
    {"multiclass_nms3 score_threshold=-9.0 nms_threshold=0.9 nms_eta=0.8 normalized=0", "f:a,b,4 f:a,c,b", 3},
    {"multiclass_nms3 score_threshold=-9.0 nms_threshold=0.3", "f:a,b,8 f:a,c,b", 2},
    {"multiclass_nms3 score_threshold=-9.0 nms_threshold=0.3 keep_top_k=9", "f:a,b,32 f:a,c,b", 3},
    {"multiclass_nms3 score_threshold=-9.0 keep_top_k=6", "f:b,c,4 f:b,c i:a", 3},
    {"multiclass_nms3 score_threshold=-9.0", "f:b,c,4 f:b,c l:a", 3},
    {"multiclass_nms3 score_threshold=-9.0 keep_top_k=0", "f:b,c,4 f:b,c", 3},
    {"multiclass_nms score_threshold=1.0", "f:a,b,4 f:a,c,b", 1},
    {"matrix_nms nms_top_k=4 keep_top_k=3", "f:a,b,4 f:a,c,b", 3},
    {"matrix_nms score_threshold=-9.0 post_threshold=-9.0 use_gaussian=1 background_label=-1", "f:a,b,8 f:a,c,b", 3},
    {"nms iou_threshold=0.5", "f:b,4", 1},
    {"yolo_box anchors=[3,4,5,6] class_num=2 downsample_ratio=8", "f:a,14,c,d i:a,2", 2},
    {"yolo_box anchors=[3,4] class_num=2 downsample_ratio=8 iou_aware=1", "f:a,8,c,d l:a,2", 2},
    {"prior_box min_sizes=[8.0] max_sizes=[16.0] aspect_ratios=[2.0]", "f:a,1,c,d f:a,3,b,b", 2},
    {"density_prior_box fixed_sizes=[8.0] fixed_ratios=[1.0] densities=[3]", "f:a,1,c,d f:a,3,b,b", 2},
    {"anchor_generator anchor_sizes=[8.0,16.0] aspect_ratios=[1.0] stride=[8.0,8.0]", "f:a,1,c,d", 2},
    {"box_coder code_type=\"encode_center_size\"", "f:b,4 f:b,4 f:c,4", 1},
    {"box_coder code_type=\"decode_center_size\" axis=1 box_normalized=0", "f:b,4 - f:b,c,4", 1},
    {"box_clip", "f:a,b,4 f:a,3", 1},
    {"iou_similarity", "f:b,4 f:c,4", 1},
    {"polygon_box_transform", "f:a,8,c,d", 1},
    {"generate_proposals pre_nms_top_n=9 post_nms_top_n=4 min_size=0.0",
     "f:a,2,c,d f:a,8,c,d f:a,2 f:c,d,2,4 f:c,d,2,4", 3},
    {"generate_proposals nms_thresh=0.0 pixel_offset=0", "f:a,1,c,d f:a,4,c,d f:a,2 f:c,d,1,4 f:c,d,1,4", 3},
    {"generate_proposals scaled=1 eta=0.5 nms_thresh=0.9", "f:a,1,c,d f:a,4,c,d f:a,3 f:c,d,1,4 f:c,d,1,4", 2},
    {"distribute_fpn_proposals min_level=2 max_level=4", "f:b,4 i:a", 7},
    {"distribute_fpn_proposals min_level=2 max_level=3 pixel_offset=0", "f:b,4", 4},
    {"collect_fpn_proposals levels=2 post_nms_top_n=5", "f:b,4 f:c,4 f:b,1 f:c,1 i:a i:a", 2},
    {"collect_fpn_proposals levels=2 post_nms_top_n=5", "f:b,4 f:c,4 f:b,1 f:c,1", 2},
    {"roi_align pooled_height=2 pooled_width=3", "f:a,5,c,d f:b,4 i:a", 1},
    {"roi_align pooled_height=2 pooled_width=1 sampling_ratio=3 aligned=1", "f:a,2,c,d f:b,4 l:a", 1},
    {"roi_align pooled_height=1 pooled_width=1 aligned=1 spatial_scale=100.0", "f:a,2,c,d f:b,4", 1},
    {"roi_pool pooled_height=2 pooled_width=3", "f:a,5,c,d f:b,4 i:a", 2},
};

static float strange_number(void)
{
    static const float numbers[] = {0,    1,     -1,    0.5f,   3,      7,   -7,       20,
                                    1e9f, -1e9f, 3e38f, -3e38f, 1e-40f, NAN, INFINITY, -INFINITY};
    return next_random() % 4 == 0 ? numbers[next_random() % 16] : (float)random_below(1000) / 50 - 2;
}

static void add_strange(one_op *o, const char *word, const int64_t dims[4])
{
    static float floats[MOST];
    static int32_t ints[MOST];
    static int64_t longs[MOST];
    rmt_shape shape = {0};
    if (*word == '-') {
        one_op_absent(o);
        return;
    }
    for (const char *at = word + 1; *at == ':' || *at == ',';) {
        char *end = NULL;
        int64_t fixed = strtoll(at + 1, &end, 10);
        shape.dims[shape.rank++] = end == at + 1 ? dims[at[1] - 'a'] : fixed;
        at = end == at + 1 ? at + 2 : end;
    }
    assert_true(rmt_shape_elements(&shape) <= MOST);
    for (int64_t i = 0; i < rmt_shape_elements(&shape); i++) {
        static const int64_t counts[] = {0, 1, 2, 3, 5, 100, -1, INT32_MAX, INT32_MIN};
        floats[i] = strange_number();
        longs[i] = counts[next_random() % 9];
        ints[i] = (int32_t)longs[i];
    }
    if (*word == 'f')
        one_op_add(o, RAMET_DTYPE_FLOAT32, shape, floats, false);
    else
        one_op_add(o, *word == 'i' ? RAMET_DTYPE_INT32 : RAMET_DTYPE_INT64, shape, *word == 'i' ? (void *)ints : longs,
                   false);
}

static bool is_empty_map(const strange_case *c, const int64_t dims[4])
{
    return strncmp(c->text, "roi", 3) == 0 && dims[1] > 0 && (dims[0] == 0 || dims[2] == 0 || dims[3] == 0);
}

static void run_strange(const strange_case *c)
{
    char inputs[TEXT_ROOM], *rest = NULL;
    int64_t dims[4];
    one_op o;
    for (int i = 0; i < 4; i++)
        dims[i] = random_below(i == 1 ? 30 : 5);
    one_op_init(&o, c->text, c->outputs);
    strcpy(inputs, c->inputs);
    for (char *word = strtok_r(inputs, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        add_strange(&o, word, dims);
    assert_int_equal(one_op_load(&o), RAMET_STATUS_OK);
    if (is_empty_map(c, dims)) {
        assert_int_equal(one_op_infer(&o), RAMET_STATUS_BAD_SHAPE);
        one_op_clear(&o);
        return;
    }
    rmt_view once[ONE_OP_MOST];
    one_op_run(&o, &(one_op_style){.layout = (one_op_layout)random_below(ONE_OP_LAYOUTS)});
    memcpy(once, o.result, sizeof once);
    one_op_run(&o, &(one_op_style){.threads = 2});
    for (int32_t i = 0; i < o.output_count; i++) {
        assert_true(rmt_shape_equal(&once[i].shape, &o.result[i].shape));
        int64_t elements = rmt_shape_elements(&once[i].shape);
        if (elements > 0)
            assert_memory_equal(once[i].data, o.result[i].data, (size_t)elements * ramet_dtype_bytes(once[i].dtype));
    }
    one_op_clear(&o);
}

static void strange_numbers_do_no_harm(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof strange_cases / sizeof *strange_cases; i++)
        for (int run = 0; run < 60; run++)
            run_strange(&strange_cases[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_chosen_and_sorted_as_integers),
        cmocka_unit_test(keys_put_high_scores_first_and_nan_last),
        cmocka_unit_test(suppression_is_its_definition),
        cmocka_unit_test(polygons_overlap_as_drawn),
        cmocka_unit_test(boxes_are_clipped_to_the_original_image),
        cmocka_unit_test(strange_numbers_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

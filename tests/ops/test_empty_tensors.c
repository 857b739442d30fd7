/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches of no images, as a detector makes them when it has found nothing, go
 * through every layer: shapes come out as for any other batch, and nothing is
 * read or written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/one_op.h"

enum { MOST_CONSTANTS = 4 };

#define VECTOR    \
    {             \
        1, { 20 } \
    }

typedef struct empty_case {
    const char *text;
    rmt_shape x;
    int32_t constants;
    rmt_shape constant[MOST_CONSTANTS];
    int64_t channels; /* dimension 1 of the result */
} empty_case;

#define NO_IMAGES            \
    {                        \
        4, { 0, 20, 14, 14 } \
    }

static const empty_case cases[] = {
    {"conv2d paddings=[1,1]", NO_IMAGES, 1, {{4, {19, 20, 3, 3}}}, 19},
    {"conv2d paddings=[1,1] strides=[2,2]", NO_IMAGES, 1, {{4, {40, 20, 3, 3}}}, 40},
    {"conv2d paddings=[1,1] groups=20", NO_IMAGES, 1, {{4, {20, 1, 3, 3}}}, 20},
    {"conv2d_transpose strides=[2,2]", NO_IMAGES, 1, {{4, {20, 3, 2, 2}}}, 3},
    {"pool2d ksize=[2,2] strides=[2,2]", NO_IMAGES, 0, {{0}}, 20},
    {"pool2d ksize=[1,1] pooling_type=\"avg\" adaptive=1", NO_IMAGES, 0, {{0}}, 20},
    {"pool2d ksize=[1,1] global_pooling=1", NO_IMAGES, 0, {{0}}, 20},
    {"interp out_h=28 out_w=28", NO_IMAGES, 0, {{0}}, 20},
    {"interp method=\"bicubic\" scale=[2.0]", NO_IMAGES, 0, {{0}}, 20},
    {"batch_norm", NO_IMAGES, 4, {VECTOR, VECTOR, VECTOR, VECTOR}, 20},
    {"group_norm groups=4", NO_IMAGES, 2, {VECTOR, VECTOR}, 20},
    {"instance_norm", NO_IMAGES, 0, {{0}}, 20},
    {"layer_norm begin_norm_axis=1", NO_IMAGES, 0, {{0}}, 20},
    {"softmax axis=1", NO_IMAGES, 0, {{0}}, 20},
    {"softmax axis=1", {2, {0, 81}}, 0, {{0}}, 81},
    {"l2_normalize axis=1", NO_IMAGES, 0, {{0}}, 20},
    {"relu", NO_IMAGES, 0, {{0}}, 20},
    {"sin", NO_IMAGES, 0, {{0}}, 20},
    {"prelu mode=\"channel\"", NO_IMAGES, 1, {VECTOR}, 20},
    {"add axis=1", NO_IMAGES, 1, {VECTOR}, 20},
    {"matmul", {2, {0, 20}}, 1, {{2, {20, 33}}}, 33},
    {"matmul_flatten x_num_col_dims=1", {2, {0, 20}}, 1, {{2, {20, 7}}}, 7},
    {"pixel_shuffle factor=2", NO_IMAGES, 0, {{0}}, 5},
    {"channel_shuffle groups=4", NO_IMAGES, 0, {{0}}, 20},
    {"unfold kernel_sizes=[2,2] strides=[2,2]", NO_IMAGES, 0, {{0}}, 80},
    {"lrn n=5", NO_IMAGES, 0, {{0}}, 20},
    {"maxout groups=4", NO_IMAGES, 0, {{0}}, 5},
    {"p_norm axis=2", NO_IMAGES, 0, {{0}}, 20},
    {"reduce_mean dim=[2,3]", NO_IMAGES, 0, {{0}}, 20},
};

static void try_case(const empty_case *c, int threads)
{
    one_op o;
    one_op_init(&o, c->text, 1);
    one_op_input(&o, c->x, one_op_numbers(0, 0, 1));
    for (int32_t i = 0; i < c->constants; i++)
        one_op_constant(&o, c->constant[i],
                        one_op_numbers(i + 1, (size_t)rmt_shape_elements(&c->constant[i]), (uint32_t)i + 3));
    if (one_op_load(&o) != RAMET_STATUS_OK || one_op_infer(&o) != RAMET_STATUS_OK)
        fail_msg("%s: %s", c->text, o.error.message);
    one_op_run(&o, &(one_op_style){.threads = threads});
    assert_int_equal(rmt_shape_elements(&o.result[0].shape), 0);
    assert_int_equal(o.result[0].shape.dims[0], 0);
    assert_int_equal(o.result[0].shape.dims[1], c->channels);
    one_op_clear(&o);
}

static void batches_of_nothing_pass(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int threads = 1; threads <= 3; threads += 2)
            try_case(&cases[i], threads);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_of_nothing_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

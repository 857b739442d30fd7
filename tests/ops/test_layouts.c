/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A result does not depend on how its inputs lie in memory, on whether it is
 * computed in place, in a slice of something wider, or by several threads.
 * (That the results are right is for the recorded operators to show.)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "support/one_op.h"

enum { MOST_INPUTS = 8 };

typedef struct layout_case {
    const char *text;
    int32_t outputs, inputs;
    rmt_shape shape[MOST_INPUTS];
    bool constant[MOST_INPUTS];
    bool sums; /* the order of additions follows the layout */
} layout_case;

#define IMAGE              \
    {                      \
        4, { 2, 20, 5, 7 } \
    }
#define CHANNEL            \
    {                      \
        4, { 2, 20, 1, 1 } \
    }
#define MAP               \
    {                     \
        4, { 2, 1, 5, 7 } \
    }
#define VECTOR    \
    {             \
        1, { 20 } \
    }

static const layout_case cases[] = {
    {"conv2d strides=[1,1] paddings=[1,1]", 1, 2, {IMAGE, {4, {19, 20, 3, 3}}}, {false, true}, false},
    {"conv2d strides=[2,2] paddings=[1,1] act=\"relu\"",
     1,
     5,
     {{4, {2, 64, 9, 12}}, {4, {70, 64, 3, 3}}, {1, {70}}, {4, {2, 70, 5, 6}}, {1, {70}}},
     {false, true, true, false, true},
     false},
    {"conv2d strides=[2,2] paddings=[0,2,1,0]",
     1,
     2,
     {{4, {1, 64, 36, 34}}, {4, {64, 64, 3, 3}}},
     {false, true},
     false},
    {"conv2d strides=[1,1] paddings=[2,2] act=\"sigmoid\"", 1, 2, {IMAGE, {4, {1, 20, 5, 5}}}, {false, true}, false},
    {"conv2d strides=[2,1] paddings=[0,0] groups=2 act=\"relu\"",
     1,
     2,
     {IMAGE, {4, {6, 10, 1, 1}}},
     {false, true},
     false},
    {"conv2d strides=[1,2] paddings=[1,1] groups=20",
     1,
     3,
     {IMAGE, {4, {20, 1, 3, 3}}, VECTOR},
     {false, true, true},
     false},
    {"conv2d_transpose strides=[2,2] paddings=[0,0]", 1, 2, {IMAGE, {4, {20, 3, 2, 2}}}, {false, true}, false},
    {"pool2d ksize=[3,3] strides=[2,2] paddings=[1,1] pooling_type=\"avg\"", 1, 1, {IMAGE}, {0}, false},
    {"pool2d ksize=[1,1] pooling_type=\"max\" adaptive=1", 1, 1, {IMAGE}, {0}, false},
    {"relu", 1, 1, {IMAGE}, {0}, false},
    {"hard_swish act_scale=0.5 act_shift=1.0", 1, 1, {{3, {3, 5, 300}}}, {0}, false},
    {"gelu approximate=1", 1, 1, {{2, {7, 33}}}, {0}, false},
    {"exp", 1, 1, {{0, {0}}}, {0}, false},
    {"clip min=-0.5 max=0.25", 1, 1, {{5, {2, 3, 2, 5, 3}}}, {0}, false},
    {"scale scale=2.5 bias=-1.0", 1, 1, {IMAGE}, {0}, false},
    {"add", 1, 2, {IMAGE, IMAGE}, {0}, false},
    {"add act=\"relu\"", 1, 2, {IMAGE, CHANNEL}, {0}, false},
    {"multiply", 1, 2, {CHANNEL, IMAGE}, {0}, false},
    {"multiply", 1, 2, {IMAGE, MAP}, {0}, false},
    {"multiply", 1, 2, {CHANNEL, MAP}, {0}, false},
    {"subtract axis=1", 1, 2, {IMAGE, VECTOR}, {0}, false},
    {"divide", 1, 2, {IMAGE, {0, {0}}}, {0}, false},
    {"maximum", 1, 2, {{3, {4, 1, 300}}, {2, {6, 1}}}, {0}, false},
    {"add axis=1", 1, 2, {IMAGE, VECTOR}, {false, true}, false},
    {"batch_norm epsilon=9.0", 1, 5, {IMAGE, VECTOR, VECTOR, VECTOR, VECTOR}, {false, true, true, true, true}, false},
    {"batch_norm epsilon=9.0 act=\"relu\"",
     1,
     5,
     {{2, {3, 20}}, VECTOR, VECTOR, VECTOR, VECTOR},
     {false, true, true, true, true},
     false},
    {"layer_norm begin_norm_axis=2", 1, 3, {{3, {2, 9, 20}}, VECTOR, VECTOR}, {false, true, true}, false},
    {"layer_norm begin_norm_axis=1", 1, 1, {IMAGE}, {0}, false},
    {"layer_norm begin_norm_axis=3", 1, 1, {MAP}, {0}, false},
    {"softmax axis=1", 1, 1, {IMAGE}, {0}, false},
    {"softmax axis=-1", 1, 1, {IMAGE}, {0}, false},
    {"softmax axis=-1", 1, 1, {MAP}, {0}, false},
    {"gelu", 1, 1, {MAP}, {0}, false},
    {"add", 1, 2, {MAP, {1, {7}}}, {0}, false},
    {"interp method=\"nearest\" out_h=3 out_w=9", 1, 1, {MAP}, {0}, false},
    {"log_softmax axis=2", 1, 1, {IMAGE}, {0}, false},
    {"softmax axis=0", 1, 1, {{1, {300}}}, {0}, false},
    {"matmul", 1, 2, {{3, {2, 100, 20}}, {2, {20, 33}}}, {false, true}, false},
    {"matmul transpose_y=1 alpha=0.5", 1, 3, {{2, {3, 20}}, {2, {300, 20}}, {1, {300}}}, {false, true, true}, false},
    {"matmul", 1, 2, {{4, {2, 3, 9, 20}}, {4, {2, 3, 20, 17}}}, {0}, false},
    {"matmul transpose_x=1 transpose_y=1 alpha=2.0", 1, 2, {{4, {2, 3, 20, 9}}, {4, {2, 1, 17, 20}}}, {0}, false},
    {"matmul", 1, 2, {{3, {1, 9, 20}}, {3, {4, 20, 5}}}, {0}, false},
    {"matmul", 1, 2, {{1, {20}}, {3, {4, 20, 5}}}, {0}, false},
    {"matmul", 1, 2, {{1, {20}}, {1, {20}}}, {0}, false},
    {"matmul_flatten x_num_col_dims=2 y_num_col_dims=1",
     1,
     2,
     {{4, {2, 3, 4, 5}}, {3, {20, 2, 3}}},
     {false, true},
     false},
    {"reduce_mean dim=[2,3] keep_dim=1", 1, 1, {IMAGE}, {0}, true},
    {"reduce_mean dim=[2,3]", 1, 1, {{4, {1, 300, 13, 11}}}, {0}, true},
    {"reduce_sum dim=[1]", 1, 1, {IMAGE}, {0}, true},
    {"reduce_sum reduce_all=1", 1, 1, {IMAGE}, {0}, true},
    {"reduce_max dim=[0,3]", 1, 1, {IMAGE}, {0}, false},
    {"reduce_min dim=[-1] keep_dim=1", 1, 1, {IMAGE}, {0}, false},
    {"reduce_prod dim=[1,2]", 1, 1, {{3, {5, 2, 3}}}, {0}, true},
    {"arg_max axis=1", 1, 1, {IMAGE}, {0}, false},
    {"arg_min axis=3 keepdims=1 dtype=7", 1, 1, {IMAGE}, {0}, false},
    {"arg_max flatten=1", 1, 1, {IMAGE}, {0}, false},
    {"reshape shape=[0,0,-1]", 1, 1, {IMAGE}, {0}, false},
    {"reshape shape=[2,-1]", 1, 1, {IMAGE}, {0}, false},
    {"reshape shape=[2,4,5,35]", 1, 1, {IMAGE}, {0}, false},
    {"flatten start_axis=1 stop_axis=2", 1, 1, {IMAGE}, {0}, false},
    {"squeeze axes=[2,3]", 1, 1, {CHANNEL}, {0}, false},
    {"unsqueeze axes=[0,-1]", 1, 1, {{2, {3, 4}}}, {0}, false},
    {"transpose perm=[0,2,3,1]", 1, 1, {IMAGE}, {0}, false},
    {"concat axis=1", 1, 3, {IMAGE, {4, {2, 3, 5, 7}}, {4, {2, 1, 5, 7}}}, {0}, false},
    {"concat axis=-1", 1, 2, {IMAGE, IMAGE}, {0}, false},
    {"stack axis=1", 1, 2, {{3, {2, 5, 7}}, {3, {2, 5, 7}}}, {0}, false},
    {"split axis=1 sections=[4,-1,2]", 3, 1, {IMAGE}, {0}, false},
    {"split axis=3 num=7", 7, 1, {IMAGE}, {0}, false},
    {"slice axes=[1,2] starts=[3,-4] ends=[1000,-1]", 1, 1, {IMAGE}, {0}, false},
    {"slice axes=[0] starts=[1] ends=[2] decrease_axis=[0]", 1, 1, {IMAGE}, {0}, false},
    {"strided_slice axes=[2,3] starts=[4,0] ends=[-1,7] strides=[-2,3]", 1, 1, {IMAGE}, {0}, false},
    {"expand shape=[4,-1,20,3]", 1, 1, {{3, {5, 20, 1}}}, {0}, false},
    {"tile repeat_times=[2,1,3]", 1, 1, {IMAGE}, {0}, false},
    {"cast dtype=8", 1, 1, {IMAGE}, {0}, false},
    {"identity", 1, 1, {IMAGE}, {0}, false},
    {"less_than", 1, 2, {IMAGE, IMAGE}, {0}, false},
    {"greater_equal", 1, 2, {IMAGE, CHANNEL}, {0}, false},
    {"logical_or axis=1", 1, 2, {IMAGE, VECTOR}, {0}, false},
    {"isfinite", 1, 1, {IMAGE}, {0}, false},
    {"reduce_any dim=[1]", 1, 1, {IMAGE}, {0}, false},
    {"reduce_max dim=[1,3] dtype=1", 1, 1, {IMAGE}, {0}, false},
    {"add_n", 1, 4, {IMAGE, IMAGE, IMAGE, IMAGE}, {0}, false},
    {"full_like value=2.5", 1, 1, {IMAGE}, {0}, false},
    {"expand_as", 1, 2, {CHANNEL, IMAGE}, {0}, false},
    {"broadcast_tensors", 3, 3, {CHANNEL, MAP, IMAGE}, {0}, false},
    {"meshgrid", 2, 2, {VECTOR, {1, {300}}}, {0}, false},
    {"cumsum axis=1", 1, 1, {IMAGE}, {0}, false},
    {"cumsum axis=3 exclusive=1 reverse=1", 1, 1, {IMAGE}, {0}, false},
    {"cumsum flatten=1", 1, 1, {IMAGE}, {0}, false},
    {"top_k k=3 axis=1", 2, 1, {IMAGE}, {0}, false},
    {"top_k k=5 largest=0", 2, 1, {{2, {7, 300}}}, {0}, false},
    {"argsort axis=2 descending=1", 2, 1, {IMAGE}, {0}, false},
    {"nonzero", 1, 1, {IMAGE}, {0}, false},
    {"unique axis=[3]", 4, 1, {IMAGE}, {0}, false},
    {"flip axis=[1,3]", 1, 1, {IMAGE}, {0}, false},
    {"roll shifts=[3,-2] axis=[1,3]", 1, 1, {IMAGE}, {0}, false},
    {"roll shifts=[33]", 1, 1, {IMAGE}, {0}, false},
    {"repeat_interleave repeats=3 axis=1", 1, 1, {IMAGE}, {0}, false},
    {"repeat_interleave repeats=2 axis=-1", 1, 1, {IMAGE}, {0}, false},
    {"pad paddings=[1,0,2,1,1,3] from_last=1 value=0.5", 1, 1, {IMAGE}, {0}, false},
    {"pad paddings=[0,0,3,1,1,2,4,0] mode=\"reflect\"", 1, 1, {IMAGE}, {0}, false},
    {"pad paddings=[0,0,0,0,1,9,4,0] mode=\"circular\"", 1, 1, {IMAGE}, {0}, false},
    {"set_value axes=[1,3] starts=[2,5] ends=[9,0] steps=[3,-2]", 1, 2, {IMAGE, {3, {3, 5, 1}}}, {0}, false},
    {"set_value axes=[2] starts=[1] ends=[3] steps=[1] values=[7.0] shape=[1]", 1, 1, {IMAGE}, {0}, false},
    {"unstack axis=2", 5, 1, {IMAGE}, {0}, false},
    {"triangle diagonal=1", 1, 1, {IMAGE}, {0}, false},
    {"flatten_matrix axis=2", 1, 1, {IMAGE}, {0}, false},
    {"interp method=\"nearest\" scale=[2.0] align_corners=0", 1, 1, {IMAGE}, {0}, false},
    {"interp method=\"bilinear\" out_h=9 out_w=4 align_corners=0 align_mode=0", 1, 1, {IMAGE}, {0}, false},
    {"interp method=\"bilinear\" out_h=5 out_w=7", 1, 1, {IMAGE}, {0}, false},
    {"interp method=\"bicubic\" out_h=9 out_w=4 align_corners=0", 1, 1, {IMAGE}, {0}, false},
    {"interp method=\"linear\" out_w=9 align_mode=0 align_corners=0", 1, 1, {{3, {2, 5, 7}}}, {0}, false},
    {"interp method=\"trilinear\" out_d=5 out_h=3 out_w=9", 1, 1, {{5, {1, 2, 3, 5, 7}}}, {0}, false},
    {"sin", 1, 1, {IMAGE}, {0}, false},
    {"selu", 1, 1, {MAP}, {0}, false},
    {"prelu mode=\"channel\"", 1, 2, {IMAGE, VECTOR}, {false, true}, false},
    {"prelu mode=\"element\"", 1, 2, {IMAGE, {4, {1, 20, 5, 7}}}, {false, true}, false},
    {"group_norm groups=5", 1, 3, {IMAGE, VECTOR, VECTOR}, {false, true, true}, false},
    {"group_norm groups=4", 1, 1, {{3, {2, 20, 9}}}, {0}, false},
    {"instance_norm", 1, 3, {IMAGE, VECTOR, VECTOR}, {false, true, true}, false},
    {"l2_normalize axis=1", 1, 1, {IMAGE}, {0}, false},
    {"l2_normalize axis=-1", 1, 1, {{2, {7, 33}}}, {0}, false},
    {"softmax axis=1", 1, 1, {{4, {2, 40, 5, 7}}}, {0}, false},
    {"softmax axis=1", 1, 1, {{4, {2, 3, 9, 17}}}, {0}, false},
    {"log_softmax axis=0", 1, 1, {{2, {6, 150}}}, {0}, false},
    {"p_norm axis=1 porder=2.0 keepdim=1", 1, 1, {IMAGE}, {0}, false},
    {"reduce_logsumexp dim=[1,3]", 1, 1, {IMAGE}, {0}, true},
    {"reduce_variance dim=[1,3] keep_dim=1", 1, 1, {IMAGE}, {0}, true},
    {"reduce_deviation dim=[2]", 1, 1, {IMAGE}, {0}, true},
    {"pixel_shuffle factor=2", 1, 1, {IMAGE}, {0}, false},
    {"pixel_unshuffle factor=5", 1, 1, {{4, {1, 3, 5, 10}}}, {0}, false},
    {"space_to_depth factor=5", 1, 1, {{4, {1, 3, 5, 10}}}, {0}, false},
    {"channel_shuffle groups=4", 1, 1, {IMAGE}, {0}, false},
    {"unfold kernel_sizes=[3,2] strides=[2,1] paddings=[1,0] dilations=[1,2]", 1, 1, {IMAGE}, {0}, false},
    {"fold output_sizes=[5,7] kernel_sizes=[3,3] paddings=[1,1]", 1, 1, {{3, {2, 18, 35}}}, {0}, false},
    {"grid_sample align_corners=0", 1, 2, {IMAGE, {4, {2, 3, 11, 2}}}, {0}, false},
    {"grid_sample mode=\"nearest\" padding_mode=\"border\"", 1, 2, {IMAGE, {4, {2, 3, 11, 2}}}, {0}, false},
    {"deformable_conv strides=[1,1] paddings=[1,1] groups=2 deformable_groups=4",
     1,
     4,
     {IMAGE, {4, {2, 72, 5, 7}}, {4, {6, 10, 3, 3}}, {4, {2, 36, 5, 7}}},
     {false, false, true, false},
     false},
    {"pool3d ksize=[2,3,2] strides=[1,2,1] paddings=[1,1,0] pooling_type=\"avg\"",
     1,
     1,
     {{5, {1, 2, 3, 5, 7}}},
     {0},
     false},
    {"lrn n=5 k=1.0 alpha=0.5", 1, 1, {IMAGE}, {0}, false},
    {"maxout groups=4", 1, 1, {IMAGE}, {0}, false},
    {"einsum equation=\"nchw,ndhw->ncd\"", 1, 2, {IMAGE, IMAGE}, {0}, false},
    {"einsum equation=\"...h,hw\"", 1, 2, {{3, {2, 3, 5}}, {2, {5, 7}}}, {0}, false},
    {"affine_channel", 1, 3, {IMAGE, VECTOR, VECTOR}, {false, true, true}, false},
    {"pool2d ksize=[2,3] strides=[2,2] paddings=[1,1] indexed=1", 2, 1, {IMAGE}, {0}, false},
    {"conv2d strides=[1,1] paddings=[1,1] groups=2", 1, 2, {IMAGE, {4, {6, 10, 3, 3}}}, {0}, false},
    {"rnn mode=\"GRU\" hidden_size=5 num_layers=1",
     2,
     6,
     {{3, {4, 19, 3}}, {3, {1, 19, 5}}, {2, {15, 3}}, {2, {15, 5}}, {1, {15}}, {1, {15}}},
     {false, false, true, true, true, true},
     false},
};

static void prepare(one_op *o, const layout_case *c)
{
    one_op_init(o, c->text, c->outputs);
    for (int32_t i = 0; i < c->inputs; i++) {
        const float *numbers = one_op_numbers(i, (size_t)rmt_shape_elements(&c->shape[i]), (uint32_t)i + 7);
        if (c->constant[i])
            one_op_constant(o, c->shape[i], numbers);
        else
            one_op_input(o, c->shape[i], numbers);
    }
    if (one_op_load(o) != RAMET_STATUS_OK)
        fail_msg("%s: %s", c->text, o->error.message);
}

static void compare(const layout_case *c, const rmt_view *got, const rmt_view *want)
{
    size_t count = (size_t)rmt_shape_elements(&want->shape);
    const float *a = got->data, *b = want->data;
    assert_true(got->dtype == want->dtype && rmt_shape_equal(&got->shape, &want->shape));
    if (memcmp(a, b, count * ramet_dtype_bytes(want->dtype)) == 0)
        return;
    if (!c->sums)
        fail_msg("%s: results differ", c->text);
    for (size_t i = 0; i < count; i++)
        if (!(fabsf(a[i] - b[i]) <= 1e-5f * fmaxf(1, fabsf(b[i]))))
            fail_msg("%s: element %zu is %g, not %g", c->text, i, (double)a[i], (double)b[i]);
}

static void check_styles(const one_op_style *styles, size_t count)
{
    static const one_op_style plain = {.layout = ONE_OP_DENSE};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t s = 0; s < count; s++) {
            one_op want, got;
            prepare(&want, &cases[i]);
            prepare(&got, &cases[i]);
            one_op_run(&want, &plain);
            one_op_run(&got, &styles[s]);
            for (int32_t k = 0; k < cases[i].outputs; k++)
                compare(&cases[i], &got.result[k], &want.result[k]);
            one_op_clear(&want);
            one_op_clear(&got);
        }
    }
}

static void results_do_not_depend_on_layout(void **state)
{
    (void)state;
    static const one_op_style styles[] = {{.layout = ONE_OP_CHANNELS_LAST},
                                          {.layout = ONE_OP_BACKWARDS},
                                          {.layout = ONE_OP_GAPPED}};
    check_styles(styles, sizeof styles / sizeof *styles);
}

static void results_may_take_over_inputs(void **state)
{
    (void)state;
    static const one_op_style styles[] = {{.layout = ONE_OP_DENSE, .in_place = true},
                                          {.layout = ONE_OP_CHANNELS_LAST, .in_place = true},
                                          {.layout = ONE_OP_BACKWARDS, .in_place = true}};
    check_styles(styles, sizeof styles / sizeof *styles);
}

static void results_may_be_slices_of_wider_tensors(void **state)
{
    (void)state;
    static const one_op_style styles[] = {{.layout = ONE_OP_CHANNELS_LAST, .wider = 5}};
    check_styles(styles, sizeof styles / sizeof *styles);
}

/* Threads split work by data: not even sums change. */
static void threads_change_no_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (one_op_layout layout = ONE_OP_DENSE; layout < ONE_OP_LAYOUTS; layout++) {
            one_op want, got;
            layout_case exact = cases[i];
            exact.sums = false;
            prepare(&want, &exact);
            prepare(&got, &exact);
            one_op_run(&want, &(one_op_style){.layout = layout});
            one_op_run(&got, &(one_op_style){.layout = layout, .threads = 3});
            for (int32_t k = 0; k < exact.outputs; k++)
                compare(&exact, &got.result[k], &want.result[k]);
            one_op_clear(&want);
            one_op_clear(&got);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_do_not_depend_on_layout),
        cmocka_unit_test(results_may_take_over_inputs),
        cmocka_unit_test(results_may_be_slices_of_wider_tensors),
        cmocka_unit_test(threads_change_no_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

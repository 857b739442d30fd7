/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators under shapes and attributes that nobody means: tens of thousands
 * of random ones, with empty, enormous and missing parts. Each is refused with
 * a text or gives shapes within the limits; what is small enough is run, in
 * buffers that end where they must. The sanitizers watch.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "support/one_op.h"

enum { TRIES = 300, MOST_RUN = 4000, TEXT_ROOM = 512 };

static uint64_t state_of_random = 88172645463325252u;

static uint64_t next_random(void)
{
    state_of_random ^= state_of_random << 13;
    state_of_random ^= state_of_random >> 7;
    return state_of_random ^= state_of_random << 17;
}

static int64_t pick(const int64_t *from, size_t count) { return from[next_random() % count]; }

static int64_t random_dim(void)
{
    static const int64_t dims[] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 17, 65536, INT32_MAX, INT64_C(1) << 40, INT64_MAX};
    return pick(dims, next_random() % 4 == 0 ? sizeof dims / sizeof *dims : 11);
}

static int64_t random_attribute(void)
{
    static const int64_t values[] = {0,  1, 1, 2,  2,         3,         -1,        -1,
                                     -2, 4, 9, -9, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};
    return pick(values, next_random() % 4 == 0 ? sizeof values / sizeof *values : 11);
}

/* A shape that the planner would let through. */
static rmt_shape random_shape(void)
{
    rmt_shape shape;
    do {
        shape.rank = (int32_t)(next_random() % (RMT_MAX_RANK + 1));
        if (next_random() % 2 == 0)
            shape.rank = 4;
        for (int32_t i = 0; i < shape.rank; i++)
            shape.dims[i] = random_dim();
    } while (rmt_shape_elements(&shape) < 0);
    return shape;
}

/* Operators with the attributes they read; "@" stands for a number, "@@" for a list of up to nine. */
static const char *const texts[] = {
    "relu",
    "clip",
    "scale bias=2.0",
    "add axis=@",
    "floor_divide axis=@",
    "softmax axis=@",
    "layer_norm begin_norm_axis=@",
    "matmul transpose_x=@ transpose_y=@",
    "matmul",
    "matmul_flatten x_num_col_dims=@ y_num_col_dims=@",
    "reduce_sum dim=@@ keep_dim=@",
    "reduce_max dim=@@ reduce_all=@",
    "reduce_mean dim=@@",
    "arg_max axis=@ keepdims=@ flatten=@",
    "arg_min axis=@",
    "reshape shape=@@",
    "reshape",
    "flatten start_axis=@ stop_axis=@",
    "squeeze axes=@@",
    "unsqueeze axes=@@",
    "transpose perm=@@",
    "transpose perm=[0,2,3,1]",
    "concat axis=@",
    "stack axis=@",
    "split axis=@ sections=@@",
    "split axis=@",
    "slice axes=@@ starts=@@ ends=@@",
    "slice axes=[@] starts=[@] ends=[@] decrease_axis=[@]",
    "strided_slice axes=[@,@] starts=[@,@] ends=[@,@] strides=[@,@]",
    "expand shape=@@",
    "tile repeat_times=@@",
    "shape",
    "stack_scalars",
    "full shape=@@ value=1.0 dtype=0",
    "cast dtype=@",
    "identity",
    "equal axis=@",
    "logical_xor",
    "bitwise_not",
    "isnan",
    "where",
    "reduce_any dim=@@ keep_dim=@",
    "reduce_sum dim=@@ dtype=@",
    "add_n",
    "full_like value=3.0",
    "full_like dtype=@",
    "full_batch_size_like shape=@@ dtype=0 input_dim_idx=@ output_dim_idx=@",
    "full_with_tensor shape=@@ dtype=0",
    "full shape=@@ values=@@ dtype=8",
    "range dtype=@",
    "linspace dtype=0",
    "eye rows=@ columns=@ dtype=0",
    "numel",
    "expand_as target_shape=@@",
    "broadcast_tensors",
    "meshgrid",
    "cumsum axis=@ exclusive=@ reverse=@",
    "cumsum flatten=1",
    "top_k k=@ axis=@ largest=@",
    "argsort axis=@ descending=@",
    "gather axis=@",
    "gather_nd",
    "take_along_axis axis=@",
    "embedding padding_idx=@ column=@",
    "scatter overwrite=@",
    "scatter_nd_add",
    "put_nd reduction=\"max\"",
    "put_along_axis axis=@ reduction=\"mul\"",
    "index_put accumulate=@",
    "one_hot depth=@ column=@",
    "nonzero",
    "masked_select",
    "unique axis=@@ sorted=@",
    "flip axis=@@",
    "roll shifts=@@ axis=@@",
    "roll shifts=[@]",
    "repeat_interleave repeats=@ axis=@",
    "uniform shape=@@ min=@ max=@",
    "reduce_variance dim=@@ correction=@",
    "pad paddings=@@ from_last=@ value=1.0",
    "pad paddings=[@,@,@,@] mode=\"reflect\"",
    "pad paddings=[@,@,@,@] mode=\"replicate\"",
    "pad paddings=[@,@,@,@] mode=\"circular\"",
    "set_value axes=[@,@] starts=[@,@] ends=[@,@] steps=[@,@] values=[1.0] shape=[1]",
    "set_value axes=@@ starts=@@ ends=@@ decrease_axes=[@] none_axes=[@]",
    "unstack axis=@",
    "triangle diagonal=@ lower=@",
    "flatten_matrix axis=@",
    "strided_slice axes=[@] starts=[@] ends=[@] strides=[@] numpy=1",
    "expand shape=@@ two_way=1",
    "interp method=\"nearest\" out_h=@ out_w=@",
    "interp scale=[1.5] align_corners=@ align_mode=@",
    "interp method=\"linear\" out_w=@ out_h=@ out_d=@ align_corners=@ align_mode=@",
    "interp method=\"bicubic\" scale=[2.5] align_corners=@ exclude_outside=@",
    "interp method=\"nearest\" coordinates=\"half_pixel_symmetric\" scale=[0.7] nearest_mode=\"ceil\"",
    "sin",
    "trunc",
    "prelu mode=\"channel\"",
    "l2_normalize axis=@",
    "log_softmax axis=@",
    "group_norm groups=@",
    "instance_norm",
    "p_norm axis=@ porder=@ keepdim=@ asvector=@",
    "reduce_logsumexp dim=@@ keep_dim=@",
    "pixel_shuffle factor=@",
    "pixel_unshuffle factor=@",
    "space_to_depth factor=@",
    "channel_shuffle groups=@",
    "unfold kernel_sizes=[@,@] strides=[@,@] paddings=[@,@,@,@] dilations=[@,@]",
    "fold output_sizes=[@,@] kernel_sizes=[@,@] strides=[@,@] paddings=[@,@] dilations=[@,@]",
    "grid_sample align_corners=@",
    "grid_sample mode=\"nearest\" padding_mode=\"reflection\"",
    "pool3d ksize=[@,@,@] strides=[@,@,@] paddings=[@,@,@] adaptive=@ global_pooling=@",
    "unpool ksize=[@,@] strides=[@,@] output_size=[@,@]",
    "lrn n=@ k=1.0 alpha=0.1",
    "maxout groups=@ axis=@",
    "einsum equation=\"abcd,abcd->ad\"",
    "einsum equation=\"...a,...b->ab...\"",
    "einsum equation=\"ab\"",
    "pool2d ksize=[@,@] strides=[@,@] paddings=[@,@] indexed=@ adaptive=@ ceil_mode=@",
    "conv2d strides=[@,@] paddings=[@,@] dilations=[@,@] groups=@",
    "multiclass_nms3 nms_top_k=@ keep_top_k=@ background_label=@",
    "multiclass_nms keep_top_k=@",
    "matrix_nms nms_top_k=@ keep_top_k=@ background_label=@",
    "nms iou_threshold=0.5",
    "yolo_box anchors=@@ class_num=@ downsample_ratio=@ iou_aware=@",
    "prior_box min_sizes=@@ max_sizes=@@ aspect_ratios=@@ flip=@ step_w=@ step_h=@",
    "density_prior_box fixed_sizes=@@ fixed_ratios=@@ densities=@@ flatten_to_2d=@ step_w=@ step_h=@",
    "anchor_generator anchor_sizes=@@ aspect_ratios=@@ stride=[@,@]",
    "box_coder axis=@ code_type=\"decode_center_size\"",
    "box_clip",
    "iou_similarity",
    "polygon_box_transform",
    "generate_proposals pre_nms_top_n=@ post_nms_top_n=@ scaled=@",
    "distribute_fpn_proposals min_level=@ max_level=@ refer_level=@ refer_scale=@",
    "collect_fpn_proposals levels=@ post_nms_top_n=@",
    "roi_align pooled_height=@ pooled_width=@ sampling_ratio=@",
    "roi_pool pooled_height=@ pooled_width=@",
};

static void append_number(char *text, const char *end)
{
    size_t used = strlen(text);
    snprintf(text + used, TEXT_ROOM - used, "%lld%s", (long long)random_attribute(), end);
}

static void fill_in(const char *pattern, char text[TEXT_ROOM])
{
    *text = '\0';
    for (const char *at = pattern; *at != '\0'; at++) {
        if (at[0] == '@' && at[1] == '@') {
            strcat(text, "[");
            for (uint64_t count = next_random() % 10; count > 0; count--)
                append_number(text, count > 1 ? "," : "");
            strcat(text, "]");
            at++;
        } else if (*at == '@') {
            append_number(text, "");
        } else {
            strncat(text, at, 1);
        }
    }
}

static bool is_small(const one_op *o)
{
    int64_t sum = 0;
    for (int32_t i = 0; i < o->input_count; i++)
        sum += rmt_shape_elements(&o->input[i].shape);
    for (int32_t i = 0; i < o->output_count; i++)
        sum += rmt_shape_elements(&o->result[i].shape);
    return sum <= MOST_RUN;
}

/* Strides and scratch of views that have no memory. */
static void place_only(one_op *o)
{
    rmt_form form[ONE_OP_MOST];
    rmt_op_place place = {.params = o->params,
                          .in_count = o->input_count,
                          .out_count = o->output_count,
                          .in = o->input,
                          .out = o->result,
                          .form = form,
                          .place = o->place,
                          .threads = 2};
    rmt_op_place_views(o->op, &place);
    for (int32_t i = 0; i < o->output_count; i++)
        assert_true(rmt_view_span(&o->result[i]) >= 0);
}

/* Mostly the same for all inputs. */
static ramet_dtype random_dtype(ramet_dtype usual)
{
    static const ramet_dtype others[] = {RAMET_DTYPE_BOOL, RAMET_DTYPE_INT32, RAMET_DTYPE_INT64, RAMET_DTYPE_FLOAT64,
                                         RAMET_DTYPE_UINT8};
    return next_random() % 4 == 0 ? others[next_random() % (sizeof others / sizeof *others)] : usual;
}

static void try_inputs(one_op *o, ramet_dtype dtype)
{
    static const int64_t numbers[MOST_RUN] = {3, 1, 2, -1, 4, 0, 1, 1};
    int32_t count = (int32_t)(next_random() % 4);
    rmt_shape shape = random_shape();
    for (int32_t i = 0; i < count; i++) {
        if (next_random() % 3 == 0)
            shape = random_shape();
        bool list = i > 0 && next_random() % 3 == 0;
        if (list)
            shape = (rmt_shape){1, {(int64_t)(next_random() % 10)}};
        bool small = rmt_shape_elements(&shape) <= MOST_RUN;
        one_op_add(o, list ? RAMET_DTYPE_INT64 : random_dtype(dtype), shape, small ? numbers : NULL, list);
    }
}

static void try_once(const char *pattern)
{
    char text[TEXT_ROOM];
    one_op o;
    fill_in(pattern, text);
    one_op_init(&o, text, next_random() % 8 == 0 ? 0 : (int32_t)(1 + next_random() % 3));
    try_inputs(&o, next_random() % 4 == 0 ? RAMET_DTYPE_INT64 : RAMET_DTYPE_FLOAT32);
    if (one_op_load(&o) != RAMET_STATUS_OK || one_op_infer(&o) != RAMET_STATUS_OK)
        assert_true(o.error.message[0] != '\0');
    else if (is_small(&o))
        one_op_run(&o, &(one_op_style){.layout = (one_op_layout)(next_random() % ONE_OP_LAYOUTS),
                                       .threads = next_random() % 16 == 0 ? 2 : 1});
    else
        place_only(&o);
    one_op_clear(&o);
}

static void random_shapes_and_attributes_do_no_harm(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (int n = 0; n < TRIES; n++)
            try_once(texts[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_shapes_and_attributes_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

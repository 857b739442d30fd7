/* SPDX-License-Identifier: Apache-2.0 */
/* Shape arithmetic is exact, reshapes are views where strides allow it, and what does not fit is refused in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "support/one_op.h"

/* ---- integers -------------------------------------------------------------------------------------------------------- */

enum { MOST = 8 };

typedef struct integer_case {
    const char *text;
    ramet_dtype dtype;
    int64_t count, x[MOST], y[MOST], want[MOST]; /* y: for functions of two */
} integer_case;

static const int64_t low = INT64_MIN, high = INT64_MAX;

static void run_integers(const integer_case *c, bool two)
{
    one_op o;
    unsigned char x[64], y[64], want[64];
    rmt_numbers_from_ints(c->dtype, c->x, x, 1, c->count);
    rmt_numbers_from_ints(c->dtype, c->y, y, 1, c->count);
    rmt_numbers_from_ints(c->dtype, c->want, want, 1, c->count);
    one_op_init(&o, c->text, 1);
    one_op_add(&o, c->dtype, (rmt_shape){1, {c->count}}, x, true);
    if (two)
        one_op_add(&o, c->dtype, (rmt_shape){1, {c->count}}, y, true);
    assert_int_equal(one_op_load(&o), RAMET_STATUS_OK);
    one_op_run(&o, &(one_op_style){0});
    assert_int_equal(o.result[0].dtype, c->dtype);
    if (memcmp(o.result[0].data, want, (size_t)c->count * ramet_dtype_bytes(c->dtype)) != 0)
        fail_msg("%s of %s is wrong", c->text, ramet_dtype_name(c->dtype));
    one_op_clear(&o);
}

static void functions_of_two_integers_are_exact(void **state)
{
    (void)state;
    const integer_case cases[] = {
        {"add", RAMET_DTYPE_INT64, 3, {1, high, low}, {2, 1, -1}, {3, low, high}},
        {"subtract", RAMET_DTYPE_INT32, 2, {5, INT32_MIN}, {7, 1}, {-2, INT32_MAX}},
        {"multiply",
         RAMET_DTYPE_INT64,
         2,
         {INT64_C(3037000500), high},
         {INT64_C(3037000500), 2},
         {INT64_C(-9223372036709301616), -2}},
        {"divide", RAMET_DTYPE_INT64, 6, {7, -7, 7, -7, low, 5}, {2, 2, -2, -2, -1, 0}, {3, -3, -3, 3, low, 0}},
        {"floor_divide", RAMET_DTYPE_INT64, 6, {7, -7, 7, -7, low, 5}, {2, 2, -2, -2, -1, 0}, {3, -4, -4, 3, low, 0}},
        {"remainder", RAMET_DTYPE_INT64, 6, {7, -7, 7, -7, low, 5}, {2, 2, -2, -2, -1, 0}, {1, 1, -1, -1, 0, 0}},
        {"remainder", RAMET_DTYPE_INT32, 2, {-1, 6}, {4, 4}, {3, 2}},
        {"maximum", RAMET_DTYPE_INT32, 2, {-1, 6}, {4, 4}, {4, 6}},
        {"minimum", RAMET_DTYPE_UINT8, 2, {200, 6}, {4, 4}, {4, 4}},
        {"pow_elementwise", RAMET_DTYPE_INT64, 6, {3, -2, 2, 1, -1, 0}, {4, 3, -1, -5, -3, 0}, {81, -8, 0, 1, -1, 1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        run_integers(&cases[i], true);
}

static void functions_of_one_integer_are_exact(void **state)
{
    (void)state;
    const integer_case cases[] = {
        {"scale scale=3.0 bias=1.0", RAMET_DTYPE_INT64, 2, {INT64_C(1) << 60, -5}, {0}, {(INT64_C(3) << 60) + 1, -14}},
        {"scale scale=3.0 bias=1.0 bias_after_scale=0", RAMET_DTYPE_INT32, 2, {4, -5}, {0}, {15, -12}},
        {"scale scale=0.5 bias=1.9",
         RAMET_DTYPE_INT32,
         2,
         {4, -5},
         {0},
         {1, 1}}, /* as PaddlePaddle: cut to integers first */
        {"relu", RAMET_DTYPE_INT64, 3, {-1, 0, high}, {0}, {0, 0, high}},
        {"abs", RAMET_DTYPE_INT32, 2, {-1, 7}, {0}, {1, 7}},
        {"square", RAMET_DTYPE_INT64, 2, {-3, INT64_C(1) << 31}, {0}, {9, INT64_C(1) << 62}},
        {"clip min=-2.0 max=5.0", RAMET_DTYPE_INT64, 4, {low, -2, 6, high}, {0}, {-2, -2, 5, 5}},
        {"identity", RAMET_DTYPE_INT64, 2, {low, high}, {0}, {low, high}},
        {"reduce_sum reduce_all=1 keep_dim=1", RAMET_DTYPE_INT64, 1, {7}, {0}, {7}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        run_integers(&cases[i], false);
}

static void integers_are_reduced_exactly(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t want[3];
    } cases[] = {
        {"reduce_sum dim=[1]", {INT64_C(6) + (INT64_C(1) << 60), 15, -3}},
        {"reduce_max dim=[1]", {(INT64_C(1) << 60) + 1, 6, 4}},
        {"reduce_min dim=[1]", {2, 4, -9}},
        {"reduce_prod dim=[1]", {INT64_C(6) * ((INT64_C(1) << 60) + 1), 120, -72}},
    };
    const int64_t x[] = {2, 3, (INT64_C(1) << 60) + 1, 4, 5, 6, -9, 2, 4};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        one_op o;
        one_op_init(&o, cases[i].text, 1);
        one_op_add(&o, RAMET_DTYPE_INT64, (rmt_shape){2, {3, 3}}, x, false);
        assert_int_equal(one_op_load(&o), RAMET_STATUS_OK);
        one_op_run(&o, &(one_op_style){.layout = ONE_OP_BACKWARDS});
        assert_memory_equal(o.result[0].data, cases[i].want, sizeof cases[i].want);
        one_op_clear(&o);
    }
}

static void doubles_keep_their_precision(void **state)
{
    (void)state;
    const double x[] = {0.1, -7.5}, y[] = {0.2, 2};
    static const struct {
        const char *text;
        double want[2];
    } cases[] = {{"add", {0.1 + 0.2, -5.5}}, {"remainder", {0.1, 0.5}}, {"floor_divide", {0, -4}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        one_op o;
        one_op_init(&o, cases[i].text, 1);
        one_op_add(&o, RAMET_DTYPE_FLOAT64, (rmt_shape){1, {2}}, x, false);
        one_op_add(&o, RAMET_DTYPE_FLOAT64, (rmt_shape){1, {2}}, y, false);
        assert_int_equal(one_op_load(&o), RAMET_STATUS_OK);
        one_op_run(&o, &(one_op_style){0});
        assert_memory_equal(o.result[0].data, cases[i].want, sizeof x);
        one_op_clear(&o);
    }
}

/* ---- shapes from shapes --------------------------------------------------------------------------------------------------- */

static void shapes_become_tensors_and_tensors_shapes(void **state)
{
    (void)state;
    one_op o;
    one_op_init(&o, "shape", 1);
    one_op_input(&o, (rmt_shape){3, {2, 3, 4}}, one_op_numbers(0, 24, 1));
    assert_int_equal(one_op_load(&o), RAMET_STATUS_OK);
    one_op_run(&o, &(one_op_style){0});
    assert_int_equal(o.result[0].dtype, RAMET_DTYPE_INT32);
    assert_memory_equal(o.result[0].data, ((const int32_t[]){2, 3, 4}), 12);
    one_op_clear(&o);

    one_op_init(&o, "stack_scalars", 1);
    one_op_add(&o, RAMET_DTYPE_INT32, (rmt_shape){1, {1}}, &(int32_t){-7}, true);
    one_op_add(&o, RAMET_DTYPE_INT64, (rmt_shape){0, {0}}, &(int64_t){9}, true);
    assert_int_equal(one_op_load(&o), RAMET_STATUS_OK);
    one_op_run(&o, &(one_op_style){0});
    assert_memory_equal(o.result[0].data, ((const int64_t[]){-7, 9}), 16);
    one_op_clear(&o);

    one_op_init(&o, "full shape=[9] value=2.5 dtype=0", 1);
    one_op_add(&o, RAMET_DTYPE_INT64, (rmt_shape){1, {2}}, ((const int64_t[]){1, 3}), true);
    assert_int_equal(one_op_load(&o), RAMET_STATUS_OK);
    one_op_run(&o, &(one_op_style){0});
    assert_int_equal(o.result[0].shape.rank, 2);
    assert_memory_equal(o.result[0].data, ((const float[]){2.5f, 2.5f, 2.5f}), 12);
    one_op_clear(&o);
}

typedef struct shape_case {
    const char *text;
    rmt_shape x;
    rmt_shape want; /* rank -1: refused */
    int32_t count;  /* numbers of a second, known input; 0: none */
    int64_t numbers[MOST];
} shape_case;

static void check_shape(const shape_case *c)
{
    one_op o;
    one_op_init(&o, c->text, 1);
    one_op_input(&o, c->x, one_op_numbers(0, (size_t)rmt_shape_elements(&c->x), 1));
    if (c->count > 0)
        one_op_add(&o, RAMET_DTYPE_INT64, (rmt_shape){1, {c->count}}, c->numbers, true);
    assert_int_equal(one_op_load(&o), RAMET_STATUS_OK);
    ramet_status status = one_op_infer(&o);
    if (c->want.rank < 0) {
        char shape[64];
        rmt_shape_print(&c->x, shape, sizeof shape);
        assert_int_equal(status, RAMET_STATUS_BAD_SHAPE);
        if (strstr(o.error.message, shape) == NULL)
            fail_msg("%s: '%s' does not show %s", c->text, o.error.message, shape);
    } else if (status != RAMET_STATUS_OK || !rmt_shape_equal(&o.result[0].shape, &c->want)) {
        char shape[64];
        rmt_shape_print(&o.result[0].shape, shape, sizeof shape);
        fail_msg("%s gives %s; %s", c->text, shape, status == RAMET_STATUS_OK ? "" : o.error.message);
    }
    one_op_clear(&o);
}

static void shapes_are_inferred_or_refused(void **state)
{
    (void)state;
    static const shape_case cases[] = {
        {"reshape shape=[0,-1]", {3, {2, 3, 4}}, {2, {2, 12}}, 0, {0}},
        {"reshape shape=[5]", {3, {2, 3, 4}}, {2, {6, 4}}, 2, {-1, 4}}, /* the tensor wins */
        {"reshape shape=[-1,-1]", {3, {2, 3, 4}}, {.rank = -1}, 0, {0}},
        {"reshape shape=[5,-1]", {3, {2, 3, 4}}, {.rank = -1}, 0, {0}},
        {"reshape shape=[2,12,0]", {2, {2, 12}}, {.rank = -1}, 0, {0}},
        {"reshape shape=[-2,12]", {2, {2, 12}}, {.rank = -1}, 0, {0}},
        {"reshape shape=[2147483647,2147483647,-1]", {2, {2, 12}}, {.rank = -1}, 0, {0}},
        {"reshape shape=[0,-1]", {2, {0, 5}}, {2, {0, 0}}, 0, {0}},
        {"reshape shape=[]", {2, {1, 1}}, {0, {0}}, 0, {0}},
        {"flatten start_axis=1 stop_axis=-2", {4, {2, 3, 4, 5}}, {3, {2, 12, 5}}, 0, {0}},
        {"flatten start_axis=0 stop_axis=-1", {0, {0}}, {1, {1}}, 0, {0}},
        {"flatten start_axis=3 stop_axis=1", {4, {2, 3, 4, 5}}, {.rank = -1}, 0, {0}},
        {"squeeze axes=[1,-1]", {4, {2, 1, 4, 5}}, {3, {2, 4, 5}}, 0, {0}},
        {"squeeze", {4, {1, 3, 1, 1}}, {1, {3}}, 0, {0}},
        {"squeeze axes=[4]", {4, {2, 1, 4, 5}}, {.rank = -1}, 0, {0}},
        {"unsqueeze axes=[0,2]", {2, {3, 4}}, {4, {1, 3, 1, 4}}, 0, {0}},
        {"unsqueeze axes=[0,0,0]", {6, {1, 1, 1, 1, 1, 1}}, {.rank = -1}, 0, {0}},
        {"transpose perm=[1,0]", {3, {2, 3, 4}}, {.rank = -1}, 0, {0}},
        {"slice axes=[0,1] starts=[0,0] ends=[100,100]",
         {2, {5, 6}},
         {2, {3, 1}},
         2,
         {-3, 5}}, /* starts from a tensor */
        {"slice axes=[1] starts=[2] ends=[1]", {2, {5, 6}}, {2, {5, 0}}, 0, {0}},
        {"slice axes=[1] starts=[-100] ends=[100]", {2, {5, 6}}, {2, {5, 6}}, 0, {0}},
        {"slice axes=[2] starts=[0] ends=[1]", {2, {5, 6}}, {.rank = -1}, 0, {0}},
        {"slice axes=[0,1] starts=[0,0] ends=[1,1] decrease_axis=[0,1]", {2, {5, 6}}, {0, {0}}, 0, {0}},
        {"slice axes=[0] starts=[0] ends=[2] decrease_axis=[0]", {2, {5, 6}}, {.rank = -1}, 0, {0}},
        {"strided_slice axes=[0] starts=[-1] ends=[-100] strides=[-2]", {1, {5}}, {1, {2}}, 0, {0}},
        {"strided_slice axes=[0] starts=[4] ends=[-1] strides=[-2]", {1, {5}}, {1, {3}}, 0, {0}},
        {"strided_slice axes=[0] starts=[0] ends=[5] strides=[2]", {1, {5}}, {1, {3}}, 0, {0}},
        {"expand shape=[2,-1,4]", {2, {3, 1}}, {3, {2, 3, 4}}, 0, {0}},
        {"expand shape=[2,2]", {2, {3, 1}}, {.rank = -1}, 0, {0}},
        {"expand shape=[4]", {2, {3, 1}}, {.rank = -1}, 0, {0}},
        {"expand shape=[-1,3,1]", {2, {3, 1}}, {.rank = -1}, 0, {0}},
        {"tile repeat_times=[2]", {2, {3, 4}}, {2, {3, 8}}, 0, {0}},
        {"tile repeat_times=[2,1,0]", {2, {3, 4}}, {3, {2, 3, 0}}, 0, {0}},
        {"tile repeat_times=[100000,100000]", {2, {3, 4}}, {.rank = -1}, 0, {0}},
        {"tile repeat_times=[-1]", {2, {3, 4}}, {.rank = -1}, 0, {0}},
        {"concat axis=2", {2, {3, 4}}, {.rank = -1}, 0, {0}},
        {"softmax axis=2", {2, {3, 4}}, {.rank = -1}, 0, {0}},
        {"layer_norm begin_norm_axis=2", {2, {3, 4}}, {.rank = -1}, 0, {0}},
        {"reduce_max dim=[2]", {2, {3, 4}}, {.rank = -1}, 0, {0}},
        {"reduce_max dim=[1]", {2, {3, 0}}, {.rank = -1}, 0, {0}},
        {"reduce_sum dim=[1]", {2, {3, 0}}, {1, {3}}, 0, {0}},
        {"arg_max axis=1", {2, {3, 0}}, {.rank = -1}, 0, {0}},
        {"arg_max axis=1", {2, {0, 3}}, {1, {0}}, 0, {0}},
        {"interp out_h=4", {4, {1, 2, 3, 4}}, {.rank = -1}, 0, {0}},
        {"interp scale=[3000000000.0]", {4, {1, 2, 3, 4}}, {.rank = -1}, 0, {0}},
        {"interp out_h=1 out_w=1", {4, {1, 2, 3, 4}}, {4, {1, 2, 6, 8}}, 2, {6, 8}},
        {"interp out_h=1 out_w=1", {3, {1, 2, 3}}, {.rank = -1}, 0, {0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_shape(&cases[i]);
}

static void what_is_not_known_before_the_run_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"reshape", "slice axes=[0] starts=[0] ends=[1]", "expand shape=[3]", "tile",
                                        "interp out_h=3 out_w=3"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        one_op o;
        one_op_init(&o, texts[i], 1);
        one_op_input(&o, (rmt_shape){4, {1, 1, 2, 2}}, one_op_numbers(0, 4, 1));
        one_op_add(&o, RAMET_DTYPE_INT64, (rmt_shape){1, {1}}, &(int64_t){1}, false);
        assert_int_equal(one_op_load(&o), RAMET_STATUS_OK);
        assert_int_equal(one_op_infer(&o), RAMET_STATUS_BAD_SHAPE);
        one_op_clear(&o);
    }
}

/* ---- attributes ---------------------------------------------------------------------------------------------------------- */

static void impossible_attributes_are_refused_at_load(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int32_t inputs;
        ramet_status status;
    } cases[] = {
        {"relu", 0, RAMET_STATUS_BAD_FORMAT},
        {"add", 1, RAMET_STATUS_BAD_FORMAT},
        {"concat axis=0", 0, RAMET_STATUS_BAD_FORMAT},
        {"reshape shape=[1,1,1,1,1,1,1,1,1]", 1, RAMET_STATUS_BAD_FORMAT},
        {"reduce_sum dim=[0,0,0,0,0,0,0,0,0]", 1, RAMET_STATUS_BAD_FORMAT},
        {"transpose perm=[0,0]", 1, RAMET_STATUS_BAD_FORMAT},
        {"transpose perm=[0,2]", 1, RAMET_STATUS_BAD_FORMAT},
        {"slice axes=[0,1] starts=[0] ends=[1,1]", 1, RAMET_STATUS_BAD_FORMAT},
        {"strided_slice axes=[0] starts=[0] ends=[1] strides=[0]", 1, RAMET_STATUS_BAD_FORMAT},
        {"split sections=[1,2] axis=0", 1, RAMET_STATUS_BAD_FORMAT},
        {"cast dtype=99", 1, RAMET_STATUS_BAD_FORMAT},
        {"full shape=[1] dtype=-1", 0, RAMET_STATUS_BAD_FORMAT},
        {"arg_max dtype=0", 1, RAMET_STATUS_UNSUPPORTED},
        {"interp method=\"lanczos\"", 1, RAMET_STATUS_UNSUPPORTED},
        {"rnn mode=\"QRNN\" hidden_size=3", 3, RAMET_STATUS_UNSUPPORTED},
        {"rnn mode=\"GRU\" hidden_size=0", 3, RAMET_STATUS_BAD_FORMAT},
        {"rnn mode=\"GRU\" hidden_size=3 num_layers=2", 3, RAMET_STATUS_BAD_FORMAT},
        {"batch_norm", 5, RAMET_STATUS_UNSUPPORTED}, /* channels that are not constants */
        {"matmul", 3, RAMET_STATUS_UNSUPPORTED},     /* nor is the bias */
        {"matmul_flatten x_num_col_dims=0", 2, RAMET_STATUS_BAD_FORMAT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        one_op o;
        one_op_init(&o, cases[i].text, 1);
        for (int32_t k = 0; k < cases[i].inputs; k++)
            one_op_input(&o, (rmt_shape){2, {3, 3}}, one_op_numbers(0, 9, 1));
        ramet_status status = one_op_load(&o);
        if (status != cases[i].status)
            fail_msg("%s: %s", cases[i].text, ramet_status_name(status));
        assert_true(o.error.message[0] != '\0');
        one_op_clear(&o);
    }
}

static void inputs_that_do_not_fit_each_other_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        rmt_shape x, y;
    } cases[] = {
        {"add", {2, {3, 4}}, {2, {3, 5}}},
        {"add axis=3", {2, {3, 4}}, {1, {4}}},
        {"matmul", {2, {3, 4}}, {2, {5, 4}}},
        {"matmul", {3, {2, 3, 4}}, {3, {3, 4, 5}}},
        {"matmul", {0, {0}}, {2, {4, 4}}},
        {"matmul_flatten", {2, {3, 4}}, {2, {5, 4}}},
        {"concat axis=0", {2, {3, 4}}, {2, {3, 5}}},
        {"stack axis=0", {2, {3, 4}}, {2, {3, 5}}},
        {"layer_norm begin_norm_axis=1", {2, {3, 4}}, {1, {3}}},
        {"scale", {2, {3, 4}}, {1, {2}}},
        {"clip", {2, {3, 4}}, {1, {2}}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        one_op o;
        one_op_init(&o, cases[i].text, 1);
        one_op_input(&o, cases[i].x, one_op_numbers(0, (size_t)rmt_shape_elements(&cases[i].x), 1));
        one_op_input(&o, cases[i].y, one_op_numbers(1, (size_t)rmt_shape_elements(&cases[i].y), 1));
        assert_int_equal(one_op_load(&o), RAMET_STATUS_OK);
        if (one_op_infer(&o) != RAMET_STATUS_BAD_SHAPE)
            fail_msg("%s takes inputs that do not fit", cases[i].text);
        one_op_clear(&o);
    }
}

static void types_that_cannot_be_computed_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"exp", "softmax", "layer_norm begin_norm_axis=1", "matmul",
                                        "relu act_scale=2.0"};
    const int64_t numbers[4] = {1, 2, 3, 4};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        one_op o;
        one_op_init(&o, texts[i], 1);
        for (int k = 0; k < 2; k++)
            one_op_add(&o, RAMET_DTYPE_INT64, (rmt_shape){2, {2, 2}}, numbers, false);
        assert_int_equal(one_op_load(&o), RAMET_STATUS_OK);
        assert_int_equal(one_op_infer(&o), RAMET_STATUS_UNSUPPORTED);
        one_op_clear(&o);
    }
}

/* ---- views --------------------------------------------------------------------------------------------------------------- */

static void reshapes_are_views_where_strides_allow(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        rmt_shape x;
        one_op_layout layout;
        bool copied;
    } cases[] = {
        {"reshape shape=[2,20,35]", {4, {2, 20, 5, 7}}, ONE_OP_CHANNELS_LAST, false},
        {"reshape shape=[2,4,5,5,7]", {4, {2, 20, 5, 7}}, ONE_OP_CHANNELS_LAST, false},
        {"reshape shape=[2,700]", {4, {2, 20, 5, 7}}, ONE_OP_CHANNELS_LAST, true},
        {"reshape shape=[2,700]", {4, {2, 20, 5, 7}}, ONE_OP_DENSE, false},
        {"reshape shape=[2,20]", {4, {2, 20, 1, 1}}, ONE_OP_CHANNELS_LAST, false},
        {"reshape shape=[12]", {2, {3, 4}}, ONE_OP_BACKWARDS, true},
        {"reshape shape=[3,2,2]", {2, {3, 4}}, ONE_OP_BACKWARDS, false},
        {"reshape shape=[3,1,4]", {2, {3, 4}}, ONE_OP_GAPPED, false},
        {"flatten start_axis=2 stop_axis=3", {4, {2, 20, 5, 7}}, ONE_OP_CHANNELS_LAST, false},
        {"flatten start_axis=1 stop_axis=3", {4, {2, 20, 5, 7}}, ONE_OP_CHANNELS_LAST, true},
        {"squeeze axes=[2]", {4, {2, 20, 1, 7}}, ONE_OP_CHANNELS_LAST, false},
        {"unsqueeze axes=[2]", {3, {2, 20, 7}}, ONE_OP_BACKWARDS, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        one_op o;
        one_op_init(&o, cases[i].text, 1);
        one_op_input(&o, cases[i].x, one_op_numbers(0, (size_t)rmt_shape_elements(&cases[i].x), 1));
        assert_int_equal(one_op_load(&o), RAMET_STATUS_OK);
        one_op_run(&o, &(one_op_style){.layout = cases[i].layout});
        assert_int_equal(o.place[0].view_of, 0);
        if (o.copies != (cases[i].copied ? 1 : 0))
            fail_msg("%s (case %zu) makes %d copies", cases[i].text, i, o.copies);
        assert_memory_equal(o.result[0].data, o.input[0].data, (size_t)rmt_shape_elements(&cases[i].x) * sizeof(float));
        one_op_clear(&o);
    }
}

static void parts_are_views_unless_they_run_backwards(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool view;
    } cases[] = {
        {"transpose perm=[1,0]", true},
        {"split axis=1 num=1", true},
        {"slice axes=[0] starts=[1] ends=[3]", true},
        {"strided_slice axes=[1] starts=[1] ends=[6] strides=[2]", true},
        {"strided_slice axes=[1] starts=[6] ends=[1] strides=[-2]", false},
        {"expand shape=[3,5,6]", true},
        {"tile repeat_times=[3,1,1]", true},
        {"tile repeat_times=[2,1]", false},
        {"cast dtype=0", true},
        {"cast dtype=7", false},
        {"identity", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        one_op o;
        one_op_init(&o, cases[i].text, 1);
        one_op_input(&o, (rmt_shape){2, {5, 6}}, one_op_numbers(0, 30, 1));
        assert_int_equal(one_op_load(&o), RAMET_STATUS_OK);
        one_op_run(&o, &(one_op_style){.layout = ONE_OP_GAPPED});
        assert_int_equal(o.copies, 0);
        if ((o.place[0].view_of == 0) != cases[i].view)
            fail_msg("%s", cases[i].text);
        one_op_clear(&o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_of_two_integers_are_exact),
        cmocka_unit_test(functions_of_one_integer_are_exact),
        cmocka_unit_test(integers_are_reduced_exactly),
        cmocka_unit_test(doubles_keep_their_precision),
        cmocka_unit_test(shapes_become_tensors_and_tensors_shapes),
        cmocka_unit_test(shapes_are_inferred_or_refused),
        cmocka_unit_test(what_is_not_known_before_the_run_is_refused),
        cmocka_unit_test(impossible_attributes_are_refused_at_load),
        cmocka_unit_test(inputs_that_do_not_fit_each_other_are_refused),
        cmocka_unit_test(types_that_cannot_be_computed_are_refused),
        cmocka_unit_test(reshapes_are_views_where_strides_allow),
        cmocka_unit_test(parts_are_views_unless_they_run_backwards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

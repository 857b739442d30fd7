/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What PaddlePaddle refuses or leaves open, and what only other files say:
 * indices that point outside or count from the end, the order of equal
 * entries, reductions where indices repeat, parts as numpy has them. Small
 * tables of whole numbers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/one_op.h"

enum { MOST_NUMBERS = 16, MOST_INPUTS = 3 };

#define F32 RAMET_DTYPE_FLOAT32
#define I64 RAMET_DTYPE_INT64
#define TRUTH RAMET_DTYPE_BOOL

typedef struct tensor {
    ramet_dtype dtype;
    rmt_shape shape;
    int64_t numbers[MOST_NUMBERS];
    bool known; /* to infer */
} tensor;

typedef struct table_case {
    const char *name, *text;
    int32_t inputs, output; /* which result is compared */
    tensor input[MOST_INPUTS], want;
} table_case;

#define LIST(n)  \
    {            \
        1, { n } \
    }
#define MATRIX(m, n) \
    {                \
        2, { m, n }  \
    }

static const table_case cases[] = {
    {.name = "gather counts from the end and picks zeros outside",
     .text = "gather axis=0",
     .inputs = 2,
     .input = {{.dtype = F32, .shape = MATRIX(3, 2), .numbers = {1, 2, 3, 4, 5, 6}},
               {.dtype = I64, .shape = LIST(4), .numbers = {-1, 3, 0, -4}}},
     .want = {.dtype = F32, .shape = MATRIX(4, 2), .numbers = {5, 6, 0, 0, 1, 2, 0, 0}}},
    {.name = "gather takes indices of any rank",
     .text = "gather axis=1",
     .inputs = 2,
     .input = {{.dtype = F32, .shape = MATRIX(2, 3), .numbers = {1, 2, 3, 4, 5, 6}},
               {.dtype = I64, .shape = MATRIX(2, 2), .numbers = {0, 2, 1, 1}}},
     .want = {.dtype = F32, .shape = {3, {2, 2, 2}}, .numbers = {1, 3, 2, 2, 4, 6, 5, 5}}},
    {.name = "gather from nothing picks zeros",
     .text = "gather axis=0",
     .inputs = 2,
     .input = {{.dtype = F32, .shape = MATRIX(0, 2)}, {.dtype = I64, .shape = LIST(2), .numbers = {0, 1}}},
     .want = {.dtype = F32, .shape = MATRIX(2, 2)}},
    {.name = "gather_nd counts from the end and picks zeros outside",
     .text = "gather_nd",
     .inputs = 2,
     .input = {{.dtype = I64, .shape = MATRIX(2, 2), .numbers = {1, 2, 3, 4}},
               {.dtype = I64, .shape = MATRIX(3, 2), .numbers = {-1, -2, 0, 2, 1, 1}}},
     .want = {.dtype = I64, .shape = LIST(3), .numbers = {3, 0, 4}}},
    {.name = "take_along_axis counts from the end and picks zeros outside",
     .text = "take_along_axis axis=1",
     .inputs = 2,
     .input = {{.dtype = F32, .shape = MATRIX(2, 3), .numbers = {1, 2, 3, 4, 5, 6}},
               {.dtype = I64, .shape = MATRIX(1, 2), .numbers = {-1, 7}}},
     .want = {.dtype = F32, .shape = MATRIX(1, 2), .numbers = {3, 0}}},
    {.name = "embedding drops the dimension of a column",
     .text = "embedding column=1 padding_idx=1",
     .inputs = 2,
     .input = {{.dtype = I64, .shape = MATRIX(3, 1), .numbers = {0, 1, 2}},
               {.dtype = F32, .shape = MATRIX(3, 2), .numbers = {1, 2, 3, 4, 5, 6}}},
     .want = {.dtype = F32, .shape = MATRIX(3, 2), .numbers = {1, 2, 0, 0, 5, 6}}},
    {.name = "scatter leaves out what points outside",
     .text = "scatter overwrite=1",
     .inputs = 3,
     .input = {{.dtype = F32, .shape = LIST(3), .numbers = {1, 2, 3}},
               {.dtype = I64, .shape = LIST(3), .numbers = {-1, 5, 0}},
               {.dtype = F32, .shape = LIST(3), .numbers = {7, 8, 9}}},
     .want = {.dtype = F32, .shape = LIST(3), .numbers = {9, 2, 7}}},
    {.name = "put_nd lets the last one count",
     .text = "put_nd",
     .inputs = 3,
     .input = {{.dtype = F32, .shape = LIST(3), .numbers = {1, 2, 3}},
               {.dtype = I64, .shape = MATRIX(3, 1), .numbers = {1, 1, 9}},
               {.dtype = F32, .shape = LIST(3), .numbers = {7, 8, 9}}},
     .want = {.dtype = F32, .shape = LIST(3), .numbers = {1, 8, 3}}},
    {.name = "put_nd multiplies",
     .text = "put_nd reduction=\"mul\"",
     .inputs = 3,
     .input = {{.dtype = I64, .shape = LIST(3), .numbers = {1, 2, 3}},
               {.dtype = I64, .shape = MATRIX(2, 1), .numbers = {1, 1}},
               {.dtype = I64, .shape = LIST(2), .numbers = {7, 8}}},
     .want = {.dtype = I64, .shape = LIST(3), .numbers = {1, 112, 3}}},
    {.name = "put_along_axis keeps the larger",
     .text = "put_along_axis axis=1 reduction=\"max\"",
     .inputs = 3,
     .input = {{.dtype = F32, .shape = MATRIX(2, 2), .numbers = {1, 2, 3, 4}},
               {.dtype = I64, .shape = MATRIX(2, 2), .numbers = {0, 0, 1, -1}},
               {.dtype = F32, .shape = MATRIX(2, 2), .numbers = {0, 5, 9, 3}}},
     .want = {.dtype = F32, .shape = MATRIX(2, 2), .numbers = {5, 2, 3, 9}}},
    {.name = "index_put by a mask takes a value for each place that holds",
     .text = "index_put",
     .inputs = 3,
     .input = {{.dtype = F32, .shape = LIST(4), .numbers = {1, 2, 3, 4}},
               {.dtype = F32, .shape = LIST(2), .numbers = {8, 9}},
               {.dtype = TRUTH, .shape = LIST(4), .numbers = {0, 1, 0, 1}}},
     .want = {.dtype = F32, .shape = LIST(4), .numbers = {1, 8, 3, 9}}},
    {.name = "one_hot of what points outside is zeros",
     .text = "one_hot depth=2 column=1",
     .inputs = 1,
     .input = {{.dtype = I64, .shape = MATRIX(3, 1), .numbers = {1, 2, -1}}},
     .want = {.dtype = F32, .shape = MATRIX(3, 2), .numbers = {0, 1, 0, 0, 0, 0}}},
    {.name = "equal entries keep their order when they fall",
     .text = "argsort descending=1",
     .inputs = 1,
     .output = 1,
     .input = {{.dtype = F32, .shape = LIST(6), .numbers = {2, 1, 2, 3, 1, 2}}},
     .want = {.dtype = I64, .shape = LIST(6), .numbers = {3, 0, 2, 5, 1, 4}}},
    {.name = "of equal entries the first are the best",
     .text = "top_k k=3",
     .inputs = 1,
     .output = 1,
     .input = {{.dtype = I64, .shape = LIST(6), .numbers = {2, -1, 2, 2, 3, 2}}},
     .want = {.dtype = I64, .shape = LIST(3), .numbers = {4, 0, 2}}},
    {.name = "none of many are nothing",
     .text = "top_k k=0",
     .inputs = 1,
     .output = 1,
     .input = {{.dtype = F32, .shape = LIST(6), .numbers = {2, 1, 2, 3, 1, 2}}},
     .want = {.dtype = I64, .shape = LIST(0)}},
    {.name = "the last of equal extremes",
     .text = "arg_max last=1",
     .inputs = 1,
     .input = {{.dtype = F32, .shape = LIST(5), .numbers = {1, 3, 2, 3, 0}}},
     .want = {.dtype = I64, .shape = {0, {0}}, .numbers = {3}}},
    {.name = "numpy walks backwards to the last element at -1",
     .text = "strided_slice axes=[0] starts=[-1] ends=[-1] strides=[-1] numpy=1",
     .inputs = 1,
     .input = {{.dtype = F32, .shape = LIST(3), .numbers = {1, 2, 3}}},
     .want = {.dtype = F32, .shape = LIST(0)}},
    {.name = "numpy walks backwards over the first element from far before it",
     .text = "strided_slice axes=[0] starts=[9] ends=[-9] strides=[-2] numpy=1",
     .inputs = 1,
     .input = {{.dtype = F32, .shape = LIST(3), .numbers = {1, 2, 3}}},
     .want = {.dtype = F32, .shape = LIST(2), .numbers = {3, 1}}},
    {.name = "expand both ways keeps what a 1 meets",
     .text = "expand shape=[1,2] two_way=1",
     .inputs = 1,
     .input = {{.dtype = F32, .shape = MATRIX(3, 1), .numbers = {1, 2, 3}}},
     .want = {.dtype = F32, .shape = MATRIX(3, 2), .numbers = {1, 1, 2, 2, 3, 3}}},
    {.name = "transpose without a permutation turns all around",
     .text = "transpose",
     .inputs = 1,
     .input = {{.dtype = F32, .shape = MATRIX(2, 3), .numbers = {1, 2, 3, 4, 5, 6}}},
     .want = {.dtype = F32, .shape = MATRIX(3, 2), .numbers = {1, 4, 2, 5, 3, 6}}},
    {.name = "negative paddings cut",
     .text = "pad paddings=[-1,0,1,-2] value=9",
     .inputs = 1,
     .input = {{.dtype = F32, .shape = MATRIX(2, 3), .numbers = {1, 2, 3, 4, 5, 6}}},
     .want = {.dtype = F32, .shape = MATRIX(1, 2), .numbers = {9, 4}}},
    {.name = "circular padding goes round more than once",
     .text = "pad paddings=[3,4] mode=\"circular\"",
     .inputs = 1,
     .input = {{.dtype = F32, .shape = LIST(2), .numbers = {1, 2}}},
     .want = {.dtype = F32, .shape = LIST(9), .numbers = {2, 1, 2, 1, 2, 1, 2, 1, 2}}},
    {.name = "an empty range has no numbers",
     .text = "range",
     .inputs = 3,
     .input = {{.dtype = I64, .shape = LIST(1), .numbers = {5}, .known = true},
               {.dtype = I64, .shape = LIST(1), .numbers = {2}, .known = true},
               {.dtype = I64, .shape = LIST(1), .numbers = {1}, .known = true}},
     .want = {.dtype = I64, .shape = LIST(0)}},
    {.name = "any of nothing does not hold",
     .text = "reduce_any dim=[1]",
     .inputs = 1,
     .input = {{.dtype = TRUTH, .shape = MATRIX(2, 0)}},
     .want = {.dtype = TRUTH, .shape = LIST(2), .numbers = {0, 0}}},
    {.name = "all of nothing holds",
     .text = "reduce_all dim=[1]",
     .inputs = 1,
     .input = {{.dtype = TRUTH, .shape = MATRIX(2, 0)}},
     .want = {.dtype = TRUTH, .shape = LIST(2), .numbers = {1, 1}}},
    {.name = "a mask selects from what it is repeated over",
     .text = "masked_select",
     .inputs = 2,
     .input = {{.dtype = F32, .shape = MATRIX(2, 2), .numbers = {1, 2, 3, 4}},
               {.dtype = TRUTH, .shape = LIST(2), .numbers = {0, 1}}},
     .want = {.dtype = F32, .shape = LIST(2), .numbers = {2, 4}}},
    {.name = "a value list fills a tensor",
     .text = "full shape=[2,2] dtype=8 values=[1,-2,3,4]",
     .inputs = 0,
     .want = {.dtype = I64, .shape = MATRIX(2, 2), .numbers = {1, -2, 3, 4}}},
};

static void add_input(one_op *o, const tensor *t)
{
    unsigned char data[MOST_NUMBERS * 8];
    rmt_numbers_from_ints(t->dtype, t->numbers, data, 1, MOST_NUMBERS);
    one_op_add(o, t->dtype, t->shape, data, t->known);
}

static void run_case(const table_case *c)
{
    one_op o;
    int64_t got[MOST_NUMBERS];
    one_op_init(&o, c->text, c->output + 1);
    for (int32_t i = 0; i < c->inputs; i++)
        add_input(&o, &c->input[i]);
    if (one_op_load(&o) != RAMET_STATUS_OK)
        fail_msg("%s: %s", c->name, o.error.message);
    one_op_run(&o, &(one_op_style){.layout = ONE_OP_DENSE});
    const rmt_view *out = &o.result[c->output];
    if (out->dtype != c->want.dtype || !rmt_shape_equal(&out->shape, &c->want.shape))
        fail_msg("%s: of another type or shape", c->name);
    int64_t count = rmt_view_read_ints(out, got, MOST_NUMBERS);
    for (int64_t i = 0; i < count; i++)
        if (got[i] != c->want.numbers[i])
            fail_msg("%s: number %d is %d, not %d", c->name, (int)i, (int)got[i], (int)c->want.numbers[i]);
    one_op_clear(&o);
}

static void small_tables_come_out_as_they_should(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        run_case(&cases[i]);
}

/* Where it stands does not matter: nan counts as larger than infinity, and -0 as no smaller than 0. */
static void order_knows_all_floats(void **state)
{
    (void)state;
    const float numbers[] = {0.0F, NAN, -INFINITY, -0.0F, INFINITY, -NAN, -1.5F};
    const int64_t rising[] = {2, 6, 0, 3, 4, 1, 5};
    one_op o;
    one_op_init(&o, "argsort", 2);
    one_op_input(&o, (rmt_shape){1, {7}}, numbers);
    assert_int_equal(one_op_load(&o), RAMET_STATUS_OK);
    one_op_run(&o, &(one_op_style){.layout = ONE_OP_DENSE});
    assert_memory_equal(o.result[1].data, rising, sizeof rising);
    one_op_clear(&o);
}

/* The best of 20000 are those that sorting them all would put first. */
static void best_of_many_are_first_in_order(void **state)
{
    (void)state;
    enum { COUNT = 20000, BEST = 300 };
    one_op all, best;
    const float *numbers = one_op_numbers(0, COUNT, 5);
    one_op_init(&all, "argsort descending=1", 2);
    one_op_init(&best, "top_k k=300", 2);
    one_op_input(&all, (rmt_shape){1, {COUNT}}, numbers);
    one_op_input(&best, (rmt_shape){1, {COUNT}}, numbers);
    assert_int_equal(one_op_load(&all), RAMET_STATUS_OK);
    assert_int_equal(one_op_load(&best), RAMET_STATUS_OK);
    one_op_run(&all, &(one_op_style){.layout = ONE_OP_DENSE});
    one_op_run(&best, &(one_op_style){.layout = ONE_OP_DENSE});
    assert_memory_equal(best.result[0].data, all.result[0].data, BEST * sizeof(float));
    assert_memory_equal(best.result[1].data, all.result[1].data, BEST * sizeof(int64_t));
    one_op_clear(&all);
    one_op_clear(&best);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_tables_come_out_as_they_should),
        cmocka_unit_test(order_knows_all_floats),
        cmocka_unit_test(best_of_many_are_first_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

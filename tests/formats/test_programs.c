/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that PaddlePaddle wrote (tests/data/operators) and programs made for the purpose (tests/data/formats), opened
 * and compared as text with the graph they must become.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "formats/formats.h"

#define DATA RAMET_TEST_DATA

static ramet_status open_named(const char *stem, rmt_program *program, ramet_error *error)
{
    char model[512];
    char params[512];
    (void)snprintf(model, sizeof(model), DATA "/%s.pdmodel", stem);
    (void)snprintf(params, sizeof(params), DATA "/%s.pdiparams", stem);
    return rmt_program_open(model, params, program, error);
}

static void open_or_fail(const char *stem, rmt_program *program)
{
    ramet_error error = {0};
    if (open_named(stem, program, &error) != RAMET_STATUS_OK)
        fail_msg("%s: %s [%s]", stem, error.message, error.place);
}

static void assert_text(const char *stem, const char *expected)
{
    rmt_program program;
    open_or_fail(stem, &program);
    rmt_buffer text;
    rmt_buffer_init(&text, 1 << 20);
    assert_true(rmt_graph_print(&program.graph, &text));
    assert_string_equal((const char *)text.data, expected);
    rmt_buffer_clear(&text);
    rmt_program_close(&program);
}

/* ---- the graph of a program ------------------------------------------------------------------------------- */

static void each_write_of_a_variable_is_a_value_of_its_own(void **state)
{
    (void)state;
    assert_text("formats/rewrites", "input %1 a float32[2,-1]\n"
                                    "input %0 b float32[-1,4]\n"
                                    "%2 = add(%1, %0) axis=-1\n"
                                    "%3 = relu(%2)\n"
                                    "%4 = sigmoid(%1)\n"
                                    "%5 = multiply(%3, %4) axis=-1\n"
                                    "output %5 b@1 float32[-1,4]\n"
                                    "output %3 c@1 float32[2,4]\n");
}

static void what_the_table_does_not_cover_keeps_a_name_of_its_own(void **state)
{
    (void)state;
    assert_text("formats/uncovered", "input %0 x float32[1,2,3,3]\n"
                                     "%1 = grid_sample(%0, %0) mode=\"bilinear\" align_corners=1\n"
                                     "%2 = clip(%1, _, %0) max=6\n"
                                     "%3 = transpose(%2) perm=[0,3,1,2]\n"
                                     "%5 = pool2d(%3)\n"
                                     "%4 = transpose(%5) perm=[0,2,3,1]\n"
                                     "%6 = matmul_v2(fused_reshape_X)(%4, %0) trans_x=0 fused_reshape_X=[0,3]\n"
                                     "%7 = reduce_sum(%6) dtype=8\n"
                                     "%8 = flatten_matrix(%7) axis=1\n"
                                     "%9 = softmax(axis)(%8, %0)\n"
                                     "output %9 s float32[1,2,3,3]\n");
}

static void attributes_of_every_type_are_read(void **state)
{
    (void)state;
    assert_text("formats/attributes",
                "input %0 x float32[1]\n"
                "%1 = everything(%0) an_int=-7 a_float=0.5 a_string=\"text\" ints=[-1,2147483647] floats=[0.25,-2] "
                "strings=[\"a\",\"\",\"b?\"] a_bool=1 bools=[1,0] a_long=-9223372036854775808 "
                "longs=[9223372036854775807,-1] float64s=[0.1] a_float64=0.1 no_ints=[] a_scalar=11 scalars=[1.5,1]\n"
                "output %1 y float32[1]\n");
}

static void decisions_by_more_than_one_number_are_refused_by_name(void **state)
{
    (void)state;
    rmt_program program;
    ramet_error error = {0};
    assert_int_equal(open_named("formats/control_flow", &program, &error), RAMET_STATUS_UNSUPPORTED);
    assert_non_null(strstr(error.message, "conditional_block_1"));
    assert_non_null(strstr(error.place, "control_flow.pdmodel: offset "));
}

static void impossible_programs_are_refused_with_the_reason(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        ramet_status status;
        const char *said;
    } cases[] = {
        {"undeclared", RAMET_STATUS_BAD_FORMAT, "'z' is not declared"},
        {"unwritten", RAMET_STATUS_BAD_FORMAT, "'z' is read before"},
        {"declared_twice", RAMET_STATUS_BAD_FORMAT, "'y' is declared twice"},
        {"lacking_input", RAMET_STATUS_BAD_FORMAT, "operator relu_1 lacks the input X"},
        {"crowded_slot", RAMET_STATUS_BAD_FORMAT, "more than one tensor in slot X"},
        {"column_twice", RAMET_STATUS_BAD_FORMAT, "two fetch operators have the same number, 0"},
        {"columnless", RAMET_STATUS_BAD_FORMAT, "does not say which"},
        {"strange_type", RAMET_STATUS_UNSUPPORTED, "operator cast_1 makes an element type"},
        {"strange_input", RAMET_STATUS_UNSUPPORTED, "'z' is an input of an element type"},
        {"low_dim", RAMET_STATUS_BAD_FORMAT, "a dim below -1"},
        {"missing_parameter", RAMET_STATUS_NOT_FOUND, "'w' is the first"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char stem[64];
        rmt_program program;
        ramet_error error = {0};
        (void)snprintf(stem, sizeof(stem), "formats/refused_%s", cases[i].name);
        assert_int_equal(open_named(stem, &program, &error), cases[i].status);
        if (strstr(error.message, cases[i].said) == NULL)
            fail_msg("%s says \"%s\", not \"%s\"", cases[i].name, error.message, cases[i].said);
        assert_non_null(strstr(error.place, ".pdmodel"));
    }
}

/* ---- canonical operators ---------------------------------------------------------------------------------- */

static bool has_line(const rmt_buffer *text, const char *line)
{
    const char *at = strstr((const char *)text->data, line);
    size_t length = strlen(line);
    return at != NULL && (at == (const char *)text->data || at[-1] == '\n') && (at[length] == '\n');
}

static void operators_become_canonical(void **state)
{
    (void)state;
    static const struct {
        const char *name, *line;
    } cases[] = {
        {"depthwise_conv2d_k3_p1", "%2 = conv2d(%1, param_8.w_0[16,1,3,3]) strides=[1,1] paddings=[1,1] "
                                   "padding_algorithm=\"EXPLICIT\" dilations=[1,1] groups=16"},
        {"conv2d_transpose_k2_s2",
         "%2 = conv2d_transpose(%1, param_8.w_0[24,16,2,2]) strides=[2,2] paddings=[0,0] "
         "padding_algorithm=\"EXPLICIT\" dilations=[1,1] groups=1 output_padding=[] output_size=[]"},
        {"layer_norm_bare", "%1 = layer_norm(%0) epsilon=9.99999975e-06 begin_norm_axis=2"},
        {"arg_max_flat", "%1 = arg_max(%0) axis=0 keepdims=0 flatten=1 dtype=8"},
        {"cast_f4_i8", "%1 = cast(%0) dtype=8"},
        {"transpose2_0231", "%1 = transpose(%0) perm=[0,2,3,1]"},
        {"matmul_v2_2x2_trans_x", "%2 = matmul(%1, %0) transpose_x=1 transpose_y=0"},
        {"mul_rank3", "%3 = matmul_flatten(%2, param_8.w_0[8,7]) x_num_col_dims=2 y_num_col_dims=1"},
        {"mean", "%1 = reduce_mean(%0) reduce_all=1"},
        {"dropout_identity", "%1 = identity(%0)"},
        {"dropout_downgrade", "%1 = scale(%0) scale=0.800000012"},
        {"assign", "%1 = identity(%0)"},
        {"scale_tensor", "%2 = scale(%0, %1) scale=1 bias=0.25 bias_after_scale=1"},
        {"fill_constant_forms", "%1 = full() shape=[2,3] dtype=8 value=-7"},
        {"fill_constant_forms", "%3 = full() shape=[2,2] dtype=0 value=1e-06"},
        {"fill_constant_shape_tensors", "%5 = stack_scalars(%1, %3, %4)"},
        {"fill_constant_shape_tensors", "%6 = full(%5) shape=[4,-1,3] dtype=0 value=0.5"},
        {"reshape2_shape_tensors", "%7 = reshape(%0, %6) shape=[-1,8,3,-1]"},
        {"reshape2_shape_input", "%3 = reshape(%1, %2) shape=[-1,5,3]"},
        {"slice_starts_ends_tensors", "%5 = slice(%0, %3, %4) axes=[0] starts=[-1] ends=[-1] decrease_axis=[0]"},
        {"slice_ends_tensor_only", "%5 = slice(%0, _, %4) axes=[1] starts=[1] ends=[-1] decrease_axis=[]"},
        {"bilinear_interp_v2_size_tensors",
         "%7 = interp(%0, %6) method=\"bilinear\" out_d=-1 out_h=-1 out_w=-1 align_corners=0 align_mode=0 scale=[]"},
        {"nearest_interp_v2_x2",
         "%1 = interp(%0) method=\"nearest\" out_d=-1 out_h=-1 out_w=-1 align_corners=0 align_mode=0 scale=[2,2]"},
        {"expand_v2_shape_tensors", "%7 = expand(%1, %6) shape=[-2,2,-1]"},
        {"tile_repeat_tensors", "%6 = tile(%1, %5) repeat_times=[-1,2]"},
        {"stack_last", "%2 = stack(%1, %0) axis=-1"},
        {"clip_tensor_min_max", "%3 = clip(%0, %1, %2) min=-100 max=100"},
        {"split_sections_tensors", "%4, %5 = split(%0, %3) sections=[-1,-1] num=0 axis=0"},
        {"split_infer", "%1, %2, %3 = split(%0) sections=[4,-1,2] num=0 axis=1"},
        {"rnn_gru", "%6, %7 = rnn(%4, %5, param_8.w_0[24,5], param_9.w_0[24,8], param_10.w_0[24], param_11.w_0[24]) "
                    "mode=\"GRU\" hidden_size=8 num_layers=1 is_bidirec=0"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char stem[128];
        (void)snprintf(stem, sizeof(stem), "operators/%s/inference", cases[i].name);
        rmt_program program;
        open_or_fail(stem, &program);
        rmt_buffer text;
        rmt_buffer_init(&text, 1 << 20);
        assert_true(rmt_graph_print(&program.graph, &text));
        if (!has_line(&text, cases[i].line))
            fail_msg("%s lacks the line\n%s\nin\n%s", stem, cases[i].line, (const char *)text.data);
        rmt_buffer_clear(&text);
        rmt_program_close(&program);
    }
}

static void results_nobody_reads_are_not_made(void **state)
{
    (void)state;
    rmt_program program;
    open_or_fail("operators/network_recurrent_head/inference", &program);
    size_t seen = 0;
    for (size_t i = 0; i < program.graph.node_count; i++) {
        const rmt_node *node = &program.graph.nodes[i];
        if (strcmp(node->op, "rnn") == 0) {
            assert_int_equal(node->output_count, 3);
            assert_int_not_equal(node->outputs[0], RMT_NO_VALUE);
            assert_int_equal(node->outputs[1], RMT_NO_VALUE);
            assert_int_equal(node->outputs[2], RMT_NO_VALUE);
            seen++;
        }
    }
    assert_true(seen > 0);
    rmt_program_close(&program);
}

/* Every model that PaddlePaddle wrote for the operators' tests: it opens, and its constants lie inside the mapping. */
static void every_recorded_program_opens_without_copies(void **state)
{
    (void)state;
    rmt_lines cases;
    ramet_error error = {0};
    assert_int_equal(rmt_lines_open(DATA "/operators/cases.txt", &cases, &error), RAMET_STATUS_OK);
    assert_true(cases.count > 100);
    for (size_t i = 0; i < cases.count; i++) {
        char stem[256];
        (void)snprintf(stem, sizeof(stem), "operators/%.*s/inference", (int)strcspn(cases.items[i], " "),
                       cases.items[i]);
        rmt_program program;
        open_or_fail(stem, &program);
        uintptr_t start = (uintptr_t)program.params_map.data;
        for (size_t k = 0; k < program.graph.value_count; k++) {
            const rmt_value *value = &program.graph.values[k];
            if (value->data != NULL)
                assert_in_range((uintptr_t)value->data, start, start + program.params_map.bytes - value->data_bytes);
        }
        rmt_program_close(&program);
    }
    rmt_lines_close(&cases);
}

/* ---- files that are something else ------------------------------------------------------------------------ */

static void foreign_content_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t count;
        ramet_status status;
        const char *said;
    } cases[] = {
        {"", 0, RAMET_STATUS_BAD_FORMAT, "empty"},
        {"{\"base_code\":{\"magic\":\"pir\"}}", 29, RAMET_STATUS_BAD_FORMAT, "one region"},
        {" \n{", 3, RAMET_STATUS_BAD_FORMAT, "damaged JSON"},
        {"\x08\x07\x12\x07pytorch", 11, RAMET_STATUS_BAD_FORMAT, "graph"},
        {"<?xml version=\"1.0\"?>", 21, RAMET_STATUS_BAD_FORMAT, "no program"},
        {"\x0a\x00", 2, RAMET_STATUS_BAD_FORMAT, "output"},
        {"\x0a\x05", 2, RAMET_STATUS_BAD_FORMAT, "damaged"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        rmt_program program;
        ramet_error error = {0};
        ramet_status status = rmt_program_open_memory(cases[i].bytes, cases[i].count, NULL, 0, &program, &error);
        assert_int_equal(status, cases[i].status);
        if (strstr(error.message, cases[i].said) == NULL)
            fail_msg("\"%s\" is not \"%s\"", error.message, cases[i].said);
        assert_non_null(strstr(error.place, "program"));
    }
}

static void absent_files_are_told_apart(void **state)
{
    (void)state;
    rmt_program program;
    ramet_error error = {0};
    assert_int_equal(rmt_program_open(DATA "/formats/none.pdmodel", NULL, &program, &error), RAMET_STATUS_NOT_FOUND);
    assert_non_null(strstr(error.message, "none.pdmodel"));

    /* Parameters are missed only by a program that has some. */
    assert_int_equal(rmt_program_open(DATA "/formats/rewrites.pdmodel", NULL, &program, &error), RAMET_STATUS_OK);
    rmt_program_close(&program);
    static const char *const absent[] = {NULL, "", DATA "/formats/none.pdiparams"};
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
        assert_int_equal(rmt_program_open(DATA "/formats/types.pdmodel", absent[i], &program, &error),
                         RAMET_STATUS_NOT_FOUND);
        assert_non_null(strstr(error.message, "param_10.w_0"));
    }
}

static void errors_keep_the_end_of_a_long_path(void **state)
{
    (void)state;
    char path[600] = DATA "/formats";
    while (strlen(path) < 400)
        (void)strcat(path, "/../formats");
    (void)strcat(path, "/control_flow.pdmodel");
    rmt_program program;
    ramet_error error = {0};
    assert_int_equal(rmt_program_open(path, NULL, &program, &error), RAMET_STATUS_UNSUPPORTED);
    assert_non_null(strstr(error.place, "/control_flow.pdmodel: offset "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_write_of_a_variable_is_a_value_of_its_own),
        cmocka_unit_test(what_the_table_does_not_cover_keeps_a_name_of_its_own),
        cmocka_unit_test(attributes_of_every_type_are_read),
        cmocka_unit_test(decisions_by_more_than_one_number_are_refused_by_name),
        cmocka_unit_test(impossible_programs_are_refused_with_the_reason),
        cmocka_unit_test(operators_become_canonical),
        cmocka_unit_test(results_nobody_reads_are_not_made),
        cmocka_unit_test(every_recorded_program_opens_without_copies),
        cmocka_unit_test(foreign_content_is_named),
        cmocka_unit_test(absent_files_are_told_apart),
        cmocka_unit_test(errors_keep_the_end_of_a_long_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

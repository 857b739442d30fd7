/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ONNX models that onnxruntime has run (tests/data/onnx) and models that must be refused (tests/data/formats), opened
 * and compared as text with the graph they must become. That the numbers are right is shown by the tests of the runtime.
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

static void open_case(const char *name, rmt_program *program)
{
    char path[512];
    ramet_error error = {0};
    (void)snprintf(path, sizeof(path), DATA "/onnx/%s/model.onnx", name);
    if (rmt_program_open(path, NULL, program, &error) != RAMET_STATUS_OK)
        fail_msg("%s: %s [%s]", name, error.message, error.place);
}

static void assert_text(const char *name, const char *expected)
{
    rmt_program program;
    open_case(name, &program);
    rmt_buffer text;
    rmt_buffer_init(&text, 1 << 20);
    assert_true(rmt_graph_print(&program.graph, &text));
    assert_string_equal((const char *)text.data, expected);
    rmt_buffer_clear(&text);
    rmt_program_close(&program);
}

/* ---- graphs ------------------------------------------------------------------------------------------------- */

static void a_constant_among_the_inputs_is_no_input(void **state)
{
    (void)state;
    assert_text("model_weights_among_inputs", "input %1 x float32[2,3]\n"
                                              "%2 = add(%1, w[3])\n"
                                              "output %2 y float32[?]\n");
}

static void attributes_get_the_defaults_of_onnx(void **state)
{
    (void)state;
    assert_text("hard_sigmoid_default", "input %0 x0 float32[2,3,4,5]\n"
                                        "%1 = hard_sigmoid(%0) slope=0.2 offset=0.5\n"
                                        "output %1 y0 float32[?]\n");
    assert_text("hard_sigmoid_own", "input %0 x0 float32[2,3,4,5]\n"
                                    "%1 = hard_sigmoid(%0) slope=0.166666672 offset=0.400000006\n"
                                    "output %1 y0 float32[?]\n");
}

static void constants_of_shapes_become_attributes(void **state)
{
    (void)state;
    assert_text("reshape_known", "input %1 x0 float32[2,3,4,5]\n"
                                 "%2 = reshape(%1) shape=[0,-1,5]\n"
                                 "output %2 y0 float32[?]\n");
    assert_text("reshape_tensor", "input %0 x0 float32[2,3,4,5]\n"
                                  "input %1 x1 int64[2]\n"
                                  "%2 = reshape(%0, %1)\n"
                                  "output %2 y0 float32[?]\n");
    assert_text("slice_axes", "input %3 x0 float32[2,3,4,5]\n"
                              "%4 = slice(%3) axes=[-1,2] starts=[1,-2] ends=[4611686018427387904,4]\n"
                              "output %4 y0 float32[?]\n");
}

static void one_operator_may_become_several(void **state)
{
    (void)state;
    assert_text("gemm_everything", "input %2 x0 float32[4,3]\n"
                                   "%3 = matmul(%2, c0[5,4]) transpose_x=1 transpose_y=1 alpha=0.5\n"
                                   "%4 = scale(c1[3,1]) scale=1.5 bias=0\n"
                                   "%5 = add(%3, %4)\n"
                                   "output %5 y0 float32[?]\n");
    assert_text("softmax_old_axis", "input %0 x0 float32[2,3,4,5]\n"
                                    "%1 = shape(%0)\n"
                                    "%2 = flatten(%0) start_axis=2 stop_axis=-1\n"
                                    "%3 = softmax(%2) axis=-1\n"
                                    "%4 = reshape(%3, %1)\n"
                                    "output %4 y0 float32[?]\n");
    assert_text("conv_line", "input %2 x0 float32[2,4,17]\n"
                             "%3 = unsqueeze(%2) axes=[2]\n"
                             "%5 = conv2d(%3, y0@1[6,4,1,3], c1[6]) strides=[1,2] paddings=[0,0,1,2] "
                             "padding_algorithm=\"EXPLICIT\" dilations=[1,1] groups=1\n"
                             "%6 = squeeze(%5) axes=[2]\n"
                             "output %6 y0 float32[?]\n");
}

static void graphs_inside_operators_become_blocks(void **state)
{
    (void)state;
    assert_text("model_if_true", "input %0 c bool[]\n"
                                 "input %1 x float32[2,3]\n"
                                 "%2 = relu(%1)\n"
                                 "block 1: %4 = add(%2, k@block1[1])\n"
                                 "block 2: %6 = multiply(%2, k@block2[1])\n"
                                 "%7 = if(%0) block 1 () -> (%4) block 2 () -> (%6)\n"
                                 "%8 = scale(%7) scale=-1 bias=0\n"
                                 "output %8 y float32[?]\n");
    assert_text("model_loop_collects",
                "input %1 m int64[]\n"
                "input %2 x float32[2,3]\n"
                "%4 = array_create()\n"
                "block 1: %10 = cast(%6) dtype=0\n"
                "block 1: %11 = add(%8, %10)\n"
                "block 1: %12 = less_than(%6, two@block1:int64[])\n"
                "block 1: %13 = multiply(%11, %11)\n"
                "block 1: %14 = array_write(%9, %13, %6)\n"
                "block 1: %16 = add(%6, l@8:int64[])\n"
                "block 1: %17 = less_than(%16, %1)\n"
                "block 1: %18 = logical_and(%17, %12)\n"
                "%19 = less_than(l@0:int64[], %1)\n"
                "%20 = logical_and(%19, yes:bool[])\n"
                "_, %21, %22 = while(%20, l@0:int64[], %2, %4) block 1 (%6, %8, %9) -> (%18, %16, %11, %14)\n"
                "%23 = array_join(%22) axis=0 use_stack=1\n"
                "%24 = scale(%21) scale=-1 bias=0\n"
                "output %24 y float32[?]\n"
                "output %23 z float32[?]\n");
}

/* ---- constants ------------------------------------------------------------------------------------------------- */

static bool lies_in(const rmt_value *value, const rmt_os_map *map)
{
    size_t offset = (uintptr_t)value->data - (uintptr_t)map->data;
    return rmt_range_fits(offset, value->data_bytes, map->bytes);
}

/* Numbers that stand in the file as in memory are not copied, wherever they begin. */
static void constants_lie_in_the_file(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool in_file;
    } cases[] = {{"f", true}, {"d", true}, {"z", true}, {"i", false}, {"b", false}, {"n", false}, {"u", false}};
    rmt_program program;
    open_case("model_typed_fields", &program);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int32_t value = rmt_graph_find_value(&program.graph, cases[i].name);
        assert_true(value >= 0);
        assert_int_equal(lies_in(&program.graph.values[value], &program.program_map), cases[i].in_file);
    }
    rmt_program_close(&program);
}

/* ---- refusals ---------------------------------------------------------------------------------------------------- */

static void impossible_models_are_refused_with_the_reason(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        ramet_status status;
        const char *said;
    } cases[] = {
        {"external_data", RAMET_STATUS_UNSUPPORTED, "'w' lies in a file of its own (external data)"},
        {"constant_twice", RAMET_STATUS_BAD_FORMAT, "'w' is made twice"},
        {"constant_negative_dim", RAMET_STATUS_BAD_FORMAT, "'w' has a negative dim"},
        {"constant_huge_dims", RAMET_STATUS_BAD_FORMAT, "too many elements"},
        {"constant_short", RAMET_STATUS_BAD_FORMAT, "'w' has not as many numbers as its dims say"},
        {"constant_nameless", RAMET_STATUS_BAD_FORMAT, "a constant of the graph has no name"},
        {"constant_type", RAMET_STATUS_UNSUPPORTED, "'w' has an element type"},
        {"strings", RAMET_STATUS_UNSUPPORTED, "'w' has an element type"},
        {"sparse", RAMET_STATUS_UNSUPPORTED, "no sparse constants"},
        {"sequence_input", RAMET_STATUS_UNSUPPORTED, "'s' is an input that is no tensor"},
        {"made_twice", RAMET_STATUS_BAD_FORMAT, "'y' is made twice"},
        {"unsorted", RAMET_STATUS_BAD_FORMAT, "'a' is read before it is made"},
        {"cycle", RAMET_STATUS_BAD_FORMAT, "'y' is read before it is made"},
        {"unknown_name", RAMET_STATUS_BAD_FORMAT, "'nothing' is read, but nothing makes it"},
        {"unmade_output", RAMET_STATUS_BAD_FORMAT, "'z' is read, but nothing makes it"},
        {"unmade_result", RAMET_STATUS_UNSUPPORTED, "'mask' is a result that ramet does not make"},
        {"too_many_inputs", RAMET_STATUS_BAD_FORMAT, "Relu_0 has not as many inputs as it takes"},
        {"lacking_input", RAMET_STATUS_BAD_FORMAT, "Add_0 has not as many inputs as it takes"},
        {"old_opset", RAMET_STATUS_UNSUPPORTED, "opset 6"},
        {"new_opset", RAMET_STATUS_UNSUPPORTED, "opset 99"},
        {"no_opset", RAMET_STATUS_BAD_FORMAT, "does not say which operators"},
        {"no_graph", RAMET_STATUS_BAD_FORMAT, "no graph"},
        {"no_output", RAMET_STATUS_BAD_FORMAT, "no output"},
        {"nested", RAMET_STATUS_UNSUPPORTED, "deeper than 16"},
        {"loop_of_other_values", RAMET_STATUS_BAD_FORMAT, "Loop_0 has a graph whose inputs are not those of the loop"},
        {"if_without_graph", RAMET_STATUS_BAD_FORMAT, "If_0 lacks a graph"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char path[512];
        rmt_program program;
        ramet_error error = {0};
        (void)snprintf(path, sizeof(path), DATA "/formats/onnx_refused_%s.onnx", cases[i].name);
        assert_int_equal(rmt_program_open(path, NULL, &program, &error), cases[i].status);
        if (strstr(error.message, cases[i].said) == NULL)
            fail_msg("%s says \"%s\", not \"%s\"", cases[i].name, error.message, cases[i].said);
        assert_non_null(strstr(error.place, ".onnx: offset "));
    }
}

static void what_no_rule_covers_keeps_a_name_of_its_own(void **state)
{
    (void)state;
    static const char *const names[] = {"QuantizeLinear", "DequantizeLinear", "com.example::Attention",
                                        "Conv(3d)",       "relu(ONNX)",       "Softmax(temperature)"};
    rmt_program program;
    assert_int_equal(rmt_program_open(DATA "/formats/onnx_uncovered.onnx", NULL, &program, NULL), RAMET_STATUS_OK);
    size_t found = 0;
    for (size_t i = 0; i < program.graph.node_count; i++)
        if (found < sizeof(names) / sizeof(names[0]) && strcmp(program.graph.nodes[i].op, names[found]) == 0)
            found++;
    assert_int_equal(found, sizeof(names) / sizeof(names[0]));
    assert_int_equal(rmt_node_int(&program.graph.nodes[2], "heads", 0), 4);
    rmt_program_close(&program);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_constant_among_the_inputs_is_no_input),
        cmocka_unit_test(attributes_get_the_defaults_of_onnx),
        cmocka_unit_test(constants_of_shapes_become_attributes),
        cmocka_unit_test(one_operator_may_become_several),
        cmocka_unit_test(graphs_inside_operators_become_blocks),
        cmocka_unit_test(constants_lie_in_the_file),
        cmocka_unit_test(impossible_models_are_refused_with_the_reason),
        cmocka_unit_test(what_no_rule_covers_keeps_a_name_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

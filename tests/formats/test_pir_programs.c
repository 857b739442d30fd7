/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PIR programs, written here operator by operator, and the graph, as text, that they must become; what is refused, and
 * with which words. Programs that PaddlePaddle wrote are run in tests/runtime.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "formats/formats.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

#define PROGRAM(ops)                                                                                                     \
    "{\"base_code\":{\"magic\":\"pir\",\"trainable\":true,\"version\":4},\"program\":{\"regions\":[{\"#\":\"region_0\"," \
    "\"blocks\":[{\"#\":\"block_0\",\"args\":[],\"ops\":[" ops "]}]}]}}"
#define TYPE(dims) "\"TT\":{\"#\":\"0.t_dtensor\",\"D\":[{\"#\":\"0.t_f32\"},[" dims "],\"NCHW\",[],0]}"
#define INT_TYPE(dims) "\"TT\":{\"#\":\"0.t_dtensor\",\"D\":[{\"#\":\"0.t_i64\"},[" dims "],\"NCHW\",[],0]}"
#define OUT(id) "\"O\":[{\"%\":" id "," TYPE("2,3") "}]"
#define TEXT_ATTR(name, text) "{\"N\":\"" name "\",\"AT\":{\"#\":\"0.a_str\",\"D\":\"" text "\"}}"
#define ATTR(name, type, data) "{\"N\":\"" name "\",\"AT\":{\"#\":\"" type "\",\"D\":" data "}}"
#define OP(name, in, out, attrs) "{\"#\":\"" name "\",\"I\":[" in "]," out ",\"A\":[" attrs "]}"
#define X OP("1.data", "", OUT("1"), TEXT_ATTR("name", "x"))
#define FETCH(id) OP("1.fetch", "{\"%\":" id "}", OUT("99"), TEXT_ATTR("name", "y") "," ATTR("col", "0.a_i32", "0"))
#define INTS(id, list) \
    OP("1.full_int_array", "", "\"O\":[{\"%\":" id "," INT_TYPE("-1") "}]", ATTR("value", "0.a_array", list))
#define FULL(id, dtype, value) \
    OP("1.full", "", OUT(id),  \
       ATTR("shape", "1.a_intarray", "[]") "," ATTR("value", "0.a_f64", value) "," ATTR("dtype", "1.a_dtype", dtype))

static ramet_status open_text(const char *text, rmt_program *program, ramet_error *error)
{
    return rmt_program_open_memory(text, strlen(text), NULL, 0, program, error);
}

static void assert_graph(const char *text, const char *expected)
{
    rmt_program program;
    ramet_error error = {0};
    if (open_text(text, &program, &error) != RAMET_STATUS_OK)
        fail_msg("%s [%s]", error.message, error.place);
    rmt_buffer printed;
    rmt_buffer_init(&printed, 1 << 20);
    assert_true(rmt_graph_print(&program.graph, &printed));
    assert_string_equal((const char *)printed.data, expected);
    rmt_buffer_clear(&printed);
    rmt_program_close(&program);
}

/* ---- graphs ------------------------------------------------------------------------------------------------------ */

static void an_operator_becomes_a_node(void **state)
{
    (void)state;
    assert_graph(PROGRAM(X "," OP("1.leaky_relu", "{\"%\":1}", OUT("2"),
                                  ATTR("negative_slope", "0.a_f64", "1")) "," FETCH("2")),
                 "input %0 x float32[2,3]\n"
                 "%1 = leaky_relu(%0) alpha=1\n"
                 "output %1 y float32[2,3]\n");
}

static void names_in_place_and_of_full_dialect_are_the_same_operator(void **state)
{
    (void)state;
    assert_graph(PROGRAM(X "," OP("pd_op.relu_", "{\"%\":1}", OUT("2"), "") "," FETCH("2")),
                 "input %0 x float32[2,3]\n"
                 "%1 = relu(%0)\n"
                 "output %1 y float32[2,3]\n");
}

static void constant_operands_become_attributes(void **state)
{
    (void)state;
    assert_graph(PROGRAM(X "," INTS("2", "[{\"#\":\"0.a_i64\",\"D\":3},{\"#\":\"0.a_i64\",\"D\":-1}]") "," OP(
                     "1.reshape", "{\"%\":1},{\"%\":2}", OUT("3"),
                     "") "," FULL("4", "\"int32\"", "1") "," OP("0.combine", "{\"%\":3},{\"%\":3}", OUT("5"),
                                                                "") "," OP("1.concat", "{\"%\":5},{\"%\":4}", OUT("6"),
                                                                           "") "," FETCH("6")),
                 "input %0 x float32[2,3]\n"
                 "%2 = reshape(%0) shape=[3,-1]\n"
                 "%4 = concat(%2, %2) axis=1\n"
                 "output %4 y float32[2,3]\n");
}

static void operands_that_are_no_constants_stay_inputs(void **state)
{
    (void)state;
    assert_graph(PROGRAM(X "," OP("1.shape64", "{\"%\":1}", "\"O\":[{\"%\":2," INT_TYPE("2") "}]",
                                  "") "," OP("1.expand", "{\"%\":1},{\"%\":2}", OUT("3"), "") "," FETCH("3")),
                 "input %0 x float32[2,3]\n"
                 "%1 = shape(%0) dtype=8\n"
                 "%2 = expand(%0, %1)\n"
                 "output %2 y float32[2,3]\n");
}

static void absent_operands_and_written_ones_are_understood(void **state)
{
    (void)state;
    static const char increments[] =
        PROGRAM(X "," OP("1.layer_norm", "{\"%\":1},{\"%\":0},{\"%\":0}", OUT("2"),
                         ATTR("epsilon", "0.a_f32", "0.5")) "," OP("1.increment_", "{\"%\":2}", OUT("3"),
                                                                   ATTR("value", "0.a_f32", "2.0")) "," FETCH("2"));
    assert_graph(increments, "input %0 x float32[2,3]\n"
                             "%1 = layer_norm(%0) epsilon=0.5\n"
                             "%2 = scale(%1) bias=2\n"
                             "output %2 y float32[2,3]\n");
}

static void only_forms_in_place_change_their_operand(void **state)
{
    (void)state;
    assert_graph(PROGRAM(X "," OP("1.increment", "{\"%\":1}", OUT("2"), "") "," OP("1.add", "{\"%\":1},{\"%\":2}",
                                                                                   OUT("3"), "") "," FETCH("3")),
                 "input %0 x float32[2,3]\n"
                 "%1 = scale(%0) bias=1\n"
                 "%2 = add(%0, %1)\n"
                 "output %2 y float32[2,3]\n");
}

static void what_the_table_does_not_cover_keeps_a_name_of_its_own(void **state)
{
    (void)state;
    assert_graph(PROGRAM(X "," OP("1.nothing", "{\"%\":1},{\"%\":0}", OUT("2"), ATTR("a", "0.a_i32", "3")) "," OP(
                     "3.mine", "{\"%\":2}", OUT("3"),
                     "") "," OP("1.squeeze", "{\"%\":3},{\"%\":1}", OUT("4"),
                                "") "," OP("1.pool2d", "{\"%\":4},{\"%\":1}", OUT("5"),
                                           TEXT_ATTR("data_format",
                                                     "CHWN")) "," OP("1.cast", "{\"%\":5}", OUT("6"),
                                                                     ATTR("dtype", "1.a_dtype",
                                                                          "\"complex64\"")) "," FETCH("6")),
                 "input %0 x float32[2,3]\n"
                 "%1 = pd_op.nothing(%0, _) a=3\n"
                 "%2 = custom_op.mine(%1)\n"
                 "%3 = squeeze(axis)(%2, %0)\n"
                 "%4 = pool2d(CHWN)(%3, %0) data_format=\"CHWN\"\n"
                 "%5 = cast(complex64)(%4) dtype=\"complex64\"\n"
                 "output %5 y float32[2,3]\n");
}

static void numbers_beyond_all_digits_are_read(void **state)
{
    (void)state;
    assert_graph(
        PROGRAM("{\"#\":\"1.full\",\"I\":[],\"A\":[{\"N\":\"value\",\"AT\":{\"#\":\"0.a_f64\",\"VD\":\"-INF\"}}," ATTR(
            "shape", "1.a_intarray", "[9,99]") "]," OUT("1") "}," FETCH("1")),
        "%0 = full() shape=[9,99] value=-inf\n"
        "output %0 y float32[2,3]\n");
}

static void what_a_block_writes_in_place_leaves_it(void **state)
{
    (void)state;
    assert_graph(
        PROGRAM(X "," FULL(
            "2", "\"bool\"",
            "1") ",{\"#\":\"1.if\",\"I\":[{\"%\":2}],\"O\":[],\"A\":[],\"regions\":["
                 "{\"#\":\"region_1\",\"blocks\":[{\"#\":\"block_1\",\"args\":[],\"ops\":[" OP(
                     "1.increment_", "{\"%\":1}", OUT("3"),
                     "") ",{\"#\":\"2.yield\",\"I\":[],\"O\":[],\"A\":[]}]}]},"
                         "{\"#\":\"region_2\",\"blocks\":[{\"#\":\"block_2\",\"args\":[],\"ops\":[]}]}]}," FETCH("1")),
        "input %0 x float32[2,3]\n"
        "block 1: %2 = scale(%0) bias=1\n"
        "%3 = if(#2:bool[]) block 1 () -> (%2) block 2 () -> (%0)\n"
        "output %3 y float32[?]\n");
}

/* ---- what is refused ----------------------------------------------------------------------------------------------- */

static void impossible_programs_are_refused_with_the_reason(void **state)
{
    (void)state;
    static const struct {
        const char *text, *said;
        ramet_status status;
    } cases[] = {
        {"{}", "no PIR program", RAMET_STATUS_BAD_FORMAT},
        {"{\"base_code\":{\"magic\":\"pir\"},\"program\":{\"regions\":[]}}", "one region", RAMET_STATUS_BAD_FORMAT},
        {PROGRAM(X), "no output", RAMET_STATUS_BAD_FORMAT},
        {PROGRAM(X "," FETCH("2")), "before anything writes it", RAMET_STATUS_BAD_FORMAT},
        {PROGRAM(X "," X "," FETCH("1")), "written already", RAMET_STATUS_BAD_FORMAT},
        {PROGRAM(X "," FETCH("123456")), "wild", RAMET_STATUS_BAD_FORMAT},
        {PROGRAM(X "," OP("1.relu", "", OUT("2"), "") "," FETCH("2")), "lacks an operand", RAMET_STATUS_BAD_FORMAT},
        {PROGRAM("{\"#\":\"p\",\"A\":[0,1,1,\"w\"],\"O\":{\"%\":1," TYPE("1") "},\"OA\":[1,0,1]}," FETCH("1")),
         "'w' is the first", RAMET_STATUS_NOT_FOUND},
        {PROGRAM("{\"#\":\"p\",\"A\":[0,1,1,\"w\"],\"O\":{\"%\":1," TYPE("1") "},\"OA\":[0,0,1]}," FETCH("1")),
         "only training", RAMET_STATUS_UNSUPPORTED},
        {PROGRAM(X ",{\"#\":\"1.if\",\"I\":[{\"%\":1}],\"O\":[],\"A\":[],\"regions\":[]}," FETCH("1")), "fit together",
         RAMET_STATUS_BAD_FORMAT},
        {PROGRAM(X "," OP("2.yield", "", "\"O\":[]", "") "," FETCH("1")), "end of a block", RAMET_STATUS_BAD_FORMAT},
        {PROGRAM(X "," OP("0.split", "{\"%\":1}", OUT("2"), "") "," FETCH("2")), "no list", RAMET_STATUS_BAD_FORMAT},
        {PROGRAM(X "," OP("1.elu", "{\"%\":1}", OUT("2"), ATTR("alpha", "0.a_f32", "[]")) "," OP(
             "1.elu", "{\"%\":1}", OUT("3"), ATTR("alpha", "0.a_f32", "\"a\"")) "," FETCH("2")),
         "not of its type", RAMET_STATUS_BAD_FORMAT},
        {PROGRAM(X "," INTS("2", "[\"a\",1]") "," FETCH("1")), "texts and numbers", RAMET_STATUS_BAD_FORMAT},
        {PROGRAM("7," FETCH("1")), "has no name", RAMET_STATUS_BAD_FORMAT},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        rmt_program program;
        ramet_error error = {0};
        assert_int_equal(open_text(cases[i].text, &program, &error), cases[i].status);
        if (strstr(error.message, cases[i].said) == NULL)
            fail_msg("case %zu says \"%s\", not \"%s\"", i, error.message, cases[i].said);
    }
}

static void an_error_tells_operator_and_offset(void **state)
{
    (void)state;
    static const char text[] = PROGRAM(X "," FETCH("2"));
    rmt_program program;
    ramet_error error = {0};
    char expected[64];
    (void)snprintf(expected, sizeof(expected), "program: offset %d", (int)(strstr(text, "{\"%\":2}") - text));
    assert_int_equal(open_text(text, &program, &error), RAMET_STATUS_BAD_FORMAT);
    assert_string_equal(error.message, "operator 1.fetch (value 99) reads a value before anything writes it");
    assert_string_equal(error.place, expected);
}

/* ---- JSON ---------------------------------------------------------------------------------------------------------- */

static void damaged_json_names_what_was_expected_and_where(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
        int offset;
    } cases[] = {
        {"{", "a key", 1},
        {"{\"a\"}", "':'", 4},
        {"{\"a\":}", "a value", 5},
        {"{\"a\":1,}", "a key", 7},
        {"{\"a\":[1,]}", "a value", 8},
        {"{\"a\":[1 2]}", "',' or ']'", 8},
        {"{\"a\":01}", "',' or '}'", 6},
        {"{\"a\":-}", "a digit", 6},
        {"{\"a\":1.}", "a digit", 7},
        {"{\"a\":1e}", "a digit", 7},
        {"{\"a\":tru}", "a value", 5},
        {"{\"a\":\"b", "the end of a text", 7},
        {"{\"a\":\"\\x\"}", "an escape", 7},
        {"{\"a\":\"\\u12g4\"}", "hexadecimal", 10},
        {"{\"a\":\"\n\"}", "the end of a text", 6},
        {"{} {}", "the end of the file", 3},
        {"{\"a\":1,\"a\":2}", "keys differ", 13},
        {"{\"a\":NaN}", "a value", 5},
        {"{'a':1}", "a key", 1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        rmt_program program;
        ramet_error error = {0};
        char place[64];
        (void)snprintf(place, sizeof(place), "program: offset %d", cases[i].offset);
        assert_int_equal(open_text(cases[i].text, &program, &error), RAMET_STATUS_BAD_FORMAT);
        if (strstr(error.message, cases[i].expected) == NULL || strcmp(error.place, place) != 0)
            fail_msg("%s: \"%s\" [%s]", cases[i].text, error.message, error.place);
    }
}

static void depth_is_bounded(void **state)
{
    (void)state;
    enum { DEEP = 200000 };
    static char text[DEEP + 8];
    rmt_program program;
    ramet_error error = {0};
    (void)strcpy(text, "{\"a\":");
    memset(text + 5, '[', DEEP);
    assert_int_equal(open_text(text, &program, &error), RAMET_STATUS_BAD_FORMAT);
    assert_non_null(strstr(error.message, "nested less deeply"));
}

static void escapes_in_names_are_decoded(void **state)
{
    (void)state;
    assert_graph(PROGRAM(OP("1.data", "", OUT("1"), TEXT_ATTR("name", "\\u00e9\\ud83d\\ude00\\n\\\"\\ud83d")) "," OP(
                     "1.relu", "{\"%\":1}", OUT("2"), "") "," FETCH("2")),
                 "input %0 \xc3\xa9\xf0\x9f\x98\x80?\"\xef\xbf\xbd float32[2,3]\n"
                 "%1 = relu(%0)\n"
                 "output %1 y float32[2,3]\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_operator_becomes_a_node),
        cmocka_unit_test(names_in_place_and_of_full_dialect_are_the_same_operator),
        cmocka_unit_test(constant_operands_become_attributes),
        cmocka_unit_test(operands_that_are_no_constants_stay_inputs),
        cmocka_unit_test(absent_operands_and_written_ones_are_understood),
        cmocka_unit_test(only_forms_in_place_change_their_operand),
        cmocka_unit_test(what_the_table_does_not_cover_keeps_a_name_of_its_own),
        cmocka_unit_test(numbers_beyond_all_digits_are_read),
        cmocka_unit_test(what_a_block_writes_in_place_leaves_it),
        cmocka_unit_test(impossible_programs_are_refused_with_the_reason),
        cmocka_unit_test(an_error_tells_operator_and_offset),
        cmocka_unit_test(damaged_json_names_what_was_expected_and_where),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(escapes_in_names_are_decoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

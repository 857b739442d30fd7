/* SPDX-License-Identifier: Apache-2.0 */
/* Engines that are loaded on request, with one that runs nothing (tests/plugins): what they are asked, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ramet/ramet.h"
#include "runtime/runtime.h"

#define PLUGINS RAMET_BUILD_DIR "/tests/plugins/"
#define ONE_INPUT RAMET_TEST_DATA "/operators/conv2d_k3_p1"
#define TWO_INPUTS RAMET_TEST_DATA "/onnx/add_broadcast"

static ramet_runtime_option option_for(const char *plugin)
{
    ramet_runtime_option option;
    ramet_runtime_option_init(&option);
    option.backend = RAMET_BACKEND_OPENVINO;
    option.plugin_file = plugin;
    return option;
}

static ramet_runtime *open_fake(const char *model, const ramet_runtime_option *option)
{
    ramet_runtime *runtime;
    ramet_error error = {0};
    if (ramet_runtime_open(model, option, &runtime, &error) != RAMET_STATUS_OK)
        fail_msg("%s (%s)", error.message, error.place);
    return runtime;
}

/* What the plug-in was asked for. */
static void assert_asked(const char *model, const ramet_runtime_option *option, const char *part)
{
    ramet_runtime *runtime = open_fake(model, option);
    char *text;
    assert_int_equal(ramet_runtime_describe(runtime, RAMET_DESCRIBE_GRAPH, NULL, 0, &text, NULL), RAMET_STATUS_OK);
    if (strstr(text, part) == NULL)
        fail_msg("'%s' lacks '%s'", text, part);
    ramet_text_free(text);
    ramet_runtime_close(runtime);
}

static void assert_refused(const char *model, const ramet_runtime_option *option, ramet_status status, const char *part)
{
    ramet_runtime *runtime;
    ramet_error error = {0};
    assert_int_equal(ramet_runtime_open(model, option, &runtime, &error), status);
    assert_null(runtime);
    if (strstr(error.message, part) == NULL)
        fail_msg("'%s' lacks '%s'", error.message, part);
}

/* ---- loading ----------------------------------------------------------------------------------------------------- */

static void what_cannot_be_loaded_says_why(void **state)
{
    (void)state;
    const struct {
        const char *plugin, *part;
        ramet_status status;
    } cases[] = {
        {PLUGINS "nowhere.so", "there is no file", RAMET_STATUS_NOT_FOUND},
        {PLUGINS "libfake_other_interface.so", "another version of ramet", RAMET_STATUS_UNSUPPORTED},
        {PLUGINS "libfake_other_name.so", "for something, not for openvino", RAMET_STATUS_UNSUPPORTED},
        {ONE_INPUT "/inference.pdmodel", "cannot be loaded", RAMET_STATUS_UNSUPPORTED},
        {NULL, "make openvino", RAMET_STATUS_UNSUPPORTED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ramet_runtime_option option = option_for(cases[i].plugin);
        assert_refused(ONE_INPUT, &option, cases[i].status, cases[i].part);
        char version[32] = "unchanged";
        assert_int_equal(ramet_host_check_engine(&option, version, sizeof version, NULL), cases[i].status);
        assert_string_equal(version, "unchanged");
    }
}

static void libraries_of_the_engine_are_looked_for_where_it_is_said(void **state)
{
    (void)state;
    ramet_runtime_option option = option_for(PLUGINS "libfake_engine.so");
    option.engine_libraries = PLUGINS;
    assert_refused(ONE_INPUT, &option, RAMET_STATUS_UNSUPPORTED, "no libopenvino_c.so*");
    option.engine_libraries = PLUGINS "nowhere";
    assert_refused(ONE_INPUT, &option, RAMET_STATUS_NOT_FOUND, "engine_libraries");
}

static void an_engine_tells_its_version(void **state)
{
    (void)state;
    char version[64];
    ramet_runtime_option option = option_for(PLUGINS "libfake_engine.so");
    assert_int_equal(ramet_host_check_engine(&option, version, sizeof version, NULL), RAMET_STATUS_OK);
    assert_string_equal(version, "openvino of no use");
    option.backend = RAMET_BACKEND_NATIVE;
    assert_int_equal(ramet_host_check_engine(&option, version, sizeof version, NULL), RAMET_STATUS_OK);
    assert_string_equal(version, "native 0.1.0");
    option.backend = (ramet_backend)77;
    assert_int_equal(ramet_host_check_engine(&option, version, sizeof version, NULL), RAMET_STATUS_INVALID_ARGUMENT);
    assert_int_equal(ramet_host_check_engine(&option, NULL, 0, NULL), RAMET_STATUS_INVALID_ARGUMENT);
}

/* ---- what is asked for ------------------------------------------------------------------------------------------- */

static void every_size_but_the_channels_is_asked_for(void **state)
{
    (void)state;
    ramet_runtime_option option = option_for(PLUGINS "libfake_engine.so");
    ramet_tensor info;
    ramet_runtime *runtime = open_fake(ONE_INPUT, &option);
    assert_int_equal(ramet_runtime_input_info(runtime, 0, &info), RAMET_STATUS_OK);
    char wanted[64];
    snprintf(wanted, sizeof wanted, "\n%s -1 %d -1 -1", info.name, (int)info.dims[1]);
    ramet_runtime_close(runtime);
    assert_asked(ONE_INPUT, &option, wanted);
}

static void a_program_that_is_not_open_to_every_size_is_taken_as_declared(void **state)
{
    (void)state;
    ramet_runtime_option option = option_for(PLUGINS "libfake_engine.so");
    assert_asked(TWO_INPUTS, &option, "\nx0 2 3 4 5");
}

static void numbers_reach_the_engine(void **state)
{
    (void)state;
    ramet_runtime_option option = option_for(PLUGINS "libfake_engine.so");
    option.cpu_thread_num = 3;
    option.num_streams = 5;
    option.hint = RAMET_HINT_THROUGHPUT;
    option.precision = RAMET_PRECISION_BFLOAT16;
    assert_asked(ONE_INPUT, &option, "threads 3 streams 5 hint 2 bytes 0 half 1");
    option.cpu_thread_num = 256; /* more than there are processors: one run at a time */
    option.num_streams = 0;
    assert_asked(ONE_INPUT, &option, "threads 256 streams 1 ");
}

static void fixed_shapes_reach_the_engine(void **state)
{
    (void)state;
    ramet_tensor fixed = {.rank = 4, .dims = {2, 3, 8, 9}};
    ramet_runtime_option option = option_for(PLUGINS "libfake_engine.so");
    option.fixed_inputs = &fixed;
    option.fixed_input_count = 1;
    assert_asked(ONE_INPUT, &option, " 2 3 8 9");
    fixed.name = "another";
    assert_refused(ONE_INPUT, &option, RAMET_STATUS_NOT_FOUND, "no input 'another'");
    fixed.name = NULL;
    fixed.rank = 9;
    assert_refused(ONE_INPUT, &option, RAMET_STATUS_BAD_SHAPE, "rank 9");
    option.fixed_inputs = NULL;
    assert_refused(ONE_INPUT, &option, RAMET_STATUS_INVALID_ARGUMENT, "fixed_inputs");
}

static void numbers_out_of_range_are_refused(void **state)
{
    (void)state;
    ramet_runtime_option option = option_for(PLUGINS "libfake_engine.so");
    option.num_streams = 257;
    assert_refused(ONE_INPUT, &option, RAMET_STATUS_INVALID_ARGUMENT, "num_streams 257 is not in 0..256");
    option.num_streams = -1;
    assert_refused(ONE_INPUT, &option, RAMET_STATUS_INVALID_ARGUMENT, "num_streams -1");
    option.num_streams = 1;
    option.hint = (ramet_hint)9;
    assert_refused(ONE_INPUT, &option, RAMET_STATUS_INVALID_ARGUMENT, "hint 9");
}

static void json_programs_are_refused_in_words(void **state)
{
    (void)state;
    static const char json[] = " \n{\"base_code\":{}}";
    ramet_runtime_option option = option_for(PLUGINS "libfake_engine.so");
    option.program_bytes = json;
    option.program_count = sizeof json - 1;
    assert_refused("model", &option, RAMET_STATUS_UNSUPPORTED, "the native engine does");
}

/* ---- running ----------------------------------------------------------------------------------------------------- */

/* The fake gives its input back. */
static void strided_inputs_arrive_dense(void **state)
{
    (void)state;
    enum { N = 2, C = 3, H = 4, W = 5, PIXEL = 4 };
    static float pixels[N * H * W * PIXEL];
    for (size_t i = 0; i < sizeof pixels / sizeof *pixels; i++)
        pixels[i] = (float)i;
    const int64_t layouts[][4] = {{(int64_t)H * W * PIXEL, 1, (int64_t)W * PIXEL, PIXEL}, /* channels last */
                                  {(int64_t)H * W * PIXEL, (int64_t)H * W, 1, H}};        /* columns of rows */
    ramet_runtime_option option = option_for(PLUGINS "libfake_engine.so");
    ramet_runtime *runtime = open_fake(ONE_INPUT, &option);
    for (size_t l = 0; l < sizeof layouts / sizeof *layouts; l++) {
        rmt_view view = {.shape = {.rank = 4, .dims = {N, C, H, W}}, .data = pixels};
        memcpy(view.strides, layouts[l], sizeof layouts[l]);
        ramet_tensor output;
        assert_int_equal(rmt_runtime_run(runtime, &view, 1, &output, 1, NULL), RAMET_STATUS_OK);
        for (int64_t i = 0; i < (int64_t)N * C * H * W; i++) {
            int64_t n = i / (C * H * W), c = i / (H * W) % C, h = i / W % H, w = i % W;
            float wanted = pixels[n * layouts[l][0] + c * layouts[l][1] + h * layouts[l][2] + w * layouts[l][3]];
            assert_true(((const float *)output.data)[i] == wanted);
        }
    }
    ramet_runtime_close(runtime);
}

static void clones_outlive_their_origin(void **state)
{
    (void)state;
    ramet_runtime_option option = option_for(PLUGINS "libfake_engine.so");
    ramet_runtime *origin = open_fake(ONE_INPUT, &option), *clone, *second;
    assert_int_equal(ramet_runtime_clone(origin, &clone, NULL), RAMET_STATUS_OK);
    ramet_runtime_close(origin);
    assert_int_equal(ramet_runtime_clone(clone, &second, NULL), RAMET_STATUS_OK);
    ramet_memory memory;
    assert_int_equal(ramet_runtime_memory(second, &memory), RAMET_STATUS_OK);
    assert_int_equal(memory.clones, 2);
    ramet_memory_forecast forecast;
    assert_int_equal(ramet_runtime_forecast_memory(second, NULL, 0, &forecast, NULL), RAMET_STATUS_UNSUPPORTED);
    ramet_runtime_close(clone);
    ramet_runtime_close(second);
}

/* 0 when run, clone and describe of an inherited handle are refused with a sentence about fork(). */
static int refuses_in_child(ramet_runtime *runtime)
{
    float values[3 * 8 * 8] = {0};
    ramet_tensor input = {.rank = 4, .dims = {1, 3, 8, 8}, .data = values}, output;
    ramet_runtime *clone;
    char *text;
    ramet_error error = {0};
    bool refused = ramet_runtime_run(runtime, &input, 1, &output, 1, &error) == RAMET_STATUS_UNSUPPORTED &&
                   strstr(error.message, "fork()") != NULL &&
                   ramet_runtime_clone(runtime, &clone, NULL) == RAMET_STATUS_UNSUPPORTED &&
                   ramet_runtime_describe(runtime, RAMET_DESCRIBE_GRAPH, NULL, 0, &text, NULL) != RAMET_STATUS_OK;
    ramet_runtime_close(runtime);
    return refused ? 0 : 1;
}

static void a_forked_child_is_told_to_open_anew(void **state)
{
    (void)state;
    ramet_runtime_option option = option_for(PLUGINS "libfake_engine.so");
    ramet_runtime *runtime = open_fake(ONE_INPUT, &option);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        _exit(refuses_in_child(runtime));
    int ending;
    assert_int_equal(waitpid(child, &ending, 0), child);
    assert_true(WIFEXITED(ending));
    assert_int_equal(WEXITSTATUS(ending), 0);
    ramet_runtime_close(runtime);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_loaded_says_why),
        cmocka_unit_test(libraries_of_the_engine_are_looked_for_where_it_is_said),
        cmocka_unit_test(an_engine_tells_its_version),
        cmocka_unit_test(every_size_but_the_channels_is_asked_for),
        cmocka_unit_test(a_program_that_is_not_open_to_every_size_is_taken_as_declared),
        cmocka_unit_test(numbers_reach_the_engine),
        cmocka_unit_test(fixed_shapes_reach_the_engine),
        cmocka_unit_test(numbers_out_of_range_are_refused),
        cmocka_unit_test(json_programs_are_refused_in_words),
        cmocka_unit_test(strided_inputs_arrive_dense),
        cmocka_unit_test(clones_outlive_their_origin),
        cmocka_unit_test(a_forked_child_is_told_to_open_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a model's files in folders made for the purpose, and reading text files line by line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "formats/formats.h"

static char folder[] = "/tmp/ramet-test-XXXXXX";

static const char *path_of(const char *name)
{
    static char path[256];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const char *bytes, size_t count)
{
    FILE *file = fopen(path_of(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
    (void)state;
    (void)strcpy(folder, "/tmp/ramet-test-XXXXXX");
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    static const char *const names[] = {
        "inference.json", "inference.pdmodel", "inference.pdiparams", "inference.yml", "inference_cls.yaml",
        "model.pdmodel",  "model.pdiparams",   "infer_cfg.yml",       "__model__",     "__params__",
        "lines.txt",      "other.pdmodel",     "other.pdiparams",     "deploy.yaml",   "model.json",
        "other.json",     "third.pdmodel",     "third.pdiparams",     "third.json",    "other.onnx",
        "model.onnx",     "inference.onnx",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        (void)unlink(path_of(names[i]));
    return rmdir(folder);
}

/* ---- discovery ------------------------------------------------------------------------------------------------ */

static void assert_found(const char *model, const char *const *expected)
{
    rmt_model_files files;
    ramet_error error = {0};
    if (rmt_model_files_find(model, NULL, NULL, &files, &error) != RAMET_STATUS_OK)
        fail_msg("%s", error.message);
    const char *found[] = {files.program, files.params, files.config};
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(found[i], expected[i] != NULL ? path_of(expected[i]) : "");
}

static void files_of_each_series_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *present[4];
        const char *expected[3];
    } cases[] = {
        {{"inference.pdmodel", "inference.pdiparams", "inference_cls.yaml"},
         {"inference.pdmodel", "inference.pdiparams", "inference_cls.yaml"}},
        {{"inference.pdmodel", "inference.pdiparams", "inference_cls.yaml", "inference.yml"},
         {"inference.pdmodel", "inference.pdiparams", "inference.yml"}},
        {{"model.pdmodel", "model.pdiparams", "infer_cfg.yml"}, {"model.pdmodel", "model.pdiparams", "infer_cfg.yml"}},
        {{"model.pdmodel", "model.pdiparams", "deploy.yaml"}, {"model.pdmodel", "model.pdiparams", "deploy.yaml"}},
        {{"__model__", "__params__"}, {"__model__", "__params__", NULL}},
        {{"inference.json", "inference.pdmodel", "inference.pdiparams"},
         {"inference.json", "inference.pdiparams", NULL}},
        {{"inference.pdmodel"}, {"inference.pdmodel", NULL, NULL}},
        {{"model.json", "model.pdiparams", "infer_cfg.yml"}, {"model.json", "model.pdiparams", "infer_cfg.yml"}},
        {{"model.json", "model.pdmodel", "model.pdiparams"}, {"model.json", "model.pdiparams", NULL}},
        {{"inference.onnx", "inference.yml"}, {"inference.onnx", NULL, "inference.yml"}},
        {{"other.json", "other.pdiparams", "inference.yml"}, {"other.json", "other.pdiparams", "inference.yml"}},
        {{"other.json", "third.pdmodel", "third.pdiparams"}, {"third.pdmodel", "third.pdiparams", NULL}},
        {{"other.json", "other.onnx", "third.json"}, {"other.onnx", NULL, NULL}},
        {{"other.json", "other.pdiparams", "other.pdmodel", "other.onnx"}, {"other.json", "other.pdiparams", NULL}},
        {{"inference.pdmodel", "model.pdiparams"}, {"inference.pdmodel", NULL, NULL}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t k = 0; k < 4 && cases[i].present[k] != NULL; k++)
            write_file(cases[i].present[k], "", 0);
        assert_found(folder, cases[i].expected);
        for (size_t k = 0; k < 4 && cases[i].present[k] != NULL; k++)
            assert_int_equal(unlink(path_of(cases[i].present[k])), 0);
    }
}

static void a_program_file_brings_its_neighbours(void **state)
{
    (void)state;
    write_file("other.pdmodel", "", 0);
    write_file("other.pdiparams", "", 0);
    write_file("inference.pdmodel", "", 0);
    write_file("inference.pdiparams", "", 0);
    write_file("inference.yml", "", 0);
    const char *const expected[] = {"other.pdmodel", "other.pdiparams", "inference.yml"};
    char model[256];
    (void)snprintf(model, sizeof(model), "%s", path_of("other.pdmodel"));
    assert_found(model, expected);
}

static void named_files_are_taken_or_missed(void **state)
{
    (void)state;
    rmt_model_files files;
    ramet_error error = {0};
    write_file("inference.pdmodel", "", 0);
    write_file("lines.txt", "", 0);
    assert_int_equal(rmt_model_files_find(folder, path_of("lines.txt"), NULL, &files, &error), RAMET_STATUS_OK);
    assert_string_equal(files.params, path_of("lines.txt"));
    assert_int_equal(rmt_model_files_find(folder, path_of("none"), NULL, &files, &error), RAMET_STATUS_NOT_FOUND);
    assert_non_null(strstr(error.message, "/none'"));
    assert_int_equal(rmt_model_files_find(folder, NULL, path_of("none"), &files, &error), RAMET_STATUS_NOT_FOUND);
}

static void an_absent_model_is_missed(void **state)
{
    (void)state;
    rmt_model_files files;
    ramet_error error = {0};
    assert_int_equal(rmt_model_files_find(folder, NULL, NULL, &files, &error), RAMET_STATUS_NOT_FOUND);
    assert_non_null(strstr(error.message, "inference.pdmodel"));
    assert_int_equal(rmt_model_files_find(path_of("none"), NULL, NULL, &files, &error), RAMET_STATUS_NOT_FOUND);
    assert_int_equal(rmt_model_files_find("", NULL, NULL, &files, &error), RAMET_STATUS_NOT_FOUND);
}

static void of_several_programs_none_is_guessed(void **state)
{
    (void)state;
    rmt_model_files files;
    ramet_error error = {0};
    write_file("other.pdmodel", "", 0);
    write_file("third.pdmodel", "", 0);
    assert_int_equal(rmt_model_files_find(folder, NULL, NULL, &files, &error), RAMET_STATUS_NOT_FOUND);
    assert_non_null(strstr(error.message, "more than one *.pdmodel"));
}

static void an_endless_path_is_refused(void **state)
{
    (void)state;
    static char model[RMT_PATH_BYTES + 64];
    rmt_model_files files;
    ramet_error error = {0};
    (void)strcpy(model, folder);
    while (strlen(model) < RMT_PATH_BYTES - 8)
        (void)strcat(model, "/.");
    assert_int_equal(rmt_model_files_find(model, NULL, NULL, &files, &error), RAMET_STATUS_INVALID_ARGUMENT);
}

/* ---- lines ------------------------------------------------------------------------------------------------------ */

static void text_is_cut_into_lines(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t count;
        const char *lines[4];
    } cases[] = {
        {"", 0, {NULL}},
        {"\n", 1, {""}},
        {"a", 1, {"a"}},
        {"a\nb\n", 2, {"a", "b"}},
        {"a\r\nb\r\n", 2, {"a", "b"}},
        {"a\n\n", 2, {"a", ""}},
        {" \n'\n\xe7\x96\x97\n#", 4, {" ", "'", "\xe7\x96\x97", "#"}},
        {"a\rb\n", 1, {"a\rb"}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        rmt_lines lines;
        write_file("lines.txt", cases[i].text, strlen(cases[i].text));
        assert_int_equal(rmt_lines_open(path_of("lines.txt"), &lines, NULL), RAMET_STATUS_OK);
        assert_int_equal(lines.count, cases[i].count);
        for (size_t k = 0; k < lines.count; k++)
            assert_string_equal(lines.items[k], cases[i].lines[k]);
        rmt_lines_close(&lines);
    }
}

static void text_that_is_no_utf8_names_its_line(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "a\n\xff\n",           "a\n\x80",     "a\n\xc0\xaf",    "a\n\xe0\x80\xaf", "a\n\xed\xa0\x80",
        "a\n\xf4\x90\x80\x80", "a\n\xe7\x96", "a\n\xe7\x96 \n",
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        rmt_lines lines;
        ramet_error error = {0};
        write_file("lines.txt", cases[i], strlen(cases[i]));
        assert_int_equal(rmt_lines_open(path_of("lines.txt"), &lines, &error), RAMET_STATUS_BAD_FORMAT);
        assert_non_null(strstr(error.place, "lines.txt: line 2"));
    }
    rmt_lines lines;
    write_file("lines.txt", "a\n\0b", 4);
    assert_int_equal(rmt_lines_open(path_of("lines.txt"), &lines, NULL), RAMET_STATUS_BAD_FORMAT);
    assert_int_equal(rmt_lines_open(path_of("none"), &lines, NULL), RAMET_STATUS_NOT_FOUND);
    assert_int_equal(rmt_lines_open(folder, &lines, NULL), RAMET_STATUS_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_of_each_series_are_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_program_file_brings_its_neighbours, set_up, tear_down),
        cmocka_unit_test_setup_teardown(named_files_are_taken_or_missed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_absent_model_is_missed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_several_programs_none_is_guessed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_endless_path_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(text_is_cut_into_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(text_that_is_no_utf8_names_its_line, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

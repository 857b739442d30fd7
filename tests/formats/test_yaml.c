/* SPDX-License-Identifier: Apache-2.0 */
/* Configurations: scalars mean what PyYAML makes of them, trees keep their order, and bad files name their line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "formats/formats.h"

static void open_text(const char *text, rmt_yaml_file *file)
{
    ramet_error error = {0};
    if (rmt_yaml_open_memory(text, strlen(text), "inference.yml", file, &error) != RAMET_STATUS_OK)
        fail_msg("%s [%s]", error.message, error.place);
}

static void a_classifier_configuration_is_read(void **state)
{
    (void)state;
    rmt_yaml_file file;
    open_text("PreProcess:\n"
              "  transform_ops:\n"
              "  - ResizeImage:\n"
              "      resize_short: 256\n"
              "  - NormalizeImage:\n"
              "      mean: [0.485, 0.456, 0.406]\n"
              "      order: ''\n"
              "      scale: 1.0/255.0\n"
              "  - ToCHWImage: null\n"
              "PostProcess:\n"
              "  Topk: {topk: 5, class_id_map_file: null}\n",
              &file);
    const rmt_yaml *ops = rmt_yaml_get(rmt_yaml_get(file.root, "PreProcess"), "transform_ops");
    assert_int_equal(ops->kind, RMT_YAML_LIST);
    assert_int_equal(ops->line, 3);

    int64_t size = 0;
    assert_true(rmt_yaml_read_int(rmt_yaml_get(rmt_yaml_get(ops->first, "ResizeImage"), "resize_short"), &size));
    assert_int_equal(size, 256);

    const rmt_yaml *normalize = rmt_yaml_get(ops->first->next, "NormalizeImage");
    double mean[3] = {0};
    double scale = 0.0;
    assert_int_equal(rmt_yaml_read_floats(rmt_yaml_get(normalize, "mean"), mean, 3), 3);
    assert_true(mean[2] == 0.406);
    assert_true(rmt_yaml_read_float(rmt_yaml_get(normalize, "scale"), &scale));
    assert_true(scale == 1.0 / 255.0);
    assert_string_equal(rmt_yaml_get(normalize, "order")->text, "");
    assert_false(rmt_yaml_is_null(rmt_yaml_get(normalize, "order")));

    const rmt_yaml *to_chw = ops->first->next->next->first;
    assert_string_equal(to_chw->key, "ToCHWImage");
    assert_true(rmt_yaml_is_null(to_chw));
    assert_null(ops->first->next->next->next);

    const rmt_yaml *topk = rmt_yaml_get(rmt_yaml_get(file.root, "PostProcess"), "Topk");
    assert_true(rmt_yaml_read_int(rmt_yaml_get(topk, "topk"), &size));
    assert_int_equal(size, 5);
    assert_true(rmt_yaml_is_null(rmt_yaml_get(topk, "class_id_map_file")));
    rmt_yaml_close(&file);
}

static void characters_of_a_dictionary_stay_text(void **state)
{
    (void)state;
    static const char *const expected[] = {"'", "\"", "\xe3\x80\x80", "~", "null",        "yes", "1",
                                           "",  " ",  "\\",           "#", "\xe7\x96\x97"};
    rmt_yaml_file file;
    open_text(
        "- ''''\n- '\"'\n- \"\\u3000\"\n- '~'\n- 'null'\n- 'yes'\n- '1'\n- ''\n- ' '\n- \\\n- '#'\n- \xe7\x96\x97\n",
        &file);
    const rmt_yaml *entry = file.root->first;
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++, entry = entry->next) {
        int64_t number = 0;
        bool truth = false;
        assert_string_equal(entry->text, expected[i]);
        assert_false(rmt_yaml_is_null(entry));
        assert_false(rmt_yaml_read_int(entry, &number));
        assert_false(rmt_yaml_read_bool(entry, &truth));
    }
    assert_null(entry);
    rmt_yaml_close(&file);
}

static void plain_scalars_have_their_types(void **state)
{
    (void)state;
    enum { NOTHING = 1, INT = 2, BOOL = 4, FLOAT = 8 };
    static const struct {
        const char *text;
        int kinds;
        double value;
    } cases[] = {
        {"~", NOTHING, 0},
        {"null", NOTHING, 0},
        {"", NOTHING, 0},
        {"7", INT | FLOAT, 7},
        {"-7", INT | FLOAT, -7},
        {"+7", INT | FLOAT, 7},
        {"0.5", FLOAT, 0.5},
        {".5", FLOAT, 0.5},
        {"1.", FLOAT, 1},
        {"1e-5", FLOAT, 1e-5},
        {"1./255.", FLOAT, 1 / 255.0},
        {"-1/2", FLOAT, -0.5},
        {"1/0", 0, 0},
        {"1/2/3", 0, 0},
        {"/2", 0, 0},
        {"0x10", 0, 0},
        {"1 2", 0, 0},
        {"12a", 0, 0},
        {"nan", 0, 0},
        {"inf", 0, 0},
        {"1e999", 0, 0},
        {"9223372036854775807", INT | FLOAT, 9223372036854775807.0},
        {"9223372036854775808", FLOAT, 9223372036854775808.0},
        {"true", BOOL, 1},
        {"False", BOOL, 0},
        {"yes", BOOL, 1},
        {"off", BOOL, 0},
        {"truE", 0, 0},
        {"NCHW", 0, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[64];
        (void)snprintf(text, sizeof(text), "key: %s\n", cases[i].text);
        rmt_yaml_file file;
        open_text(text, &file);
        const rmt_yaml *node = rmt_yaml_get(file.root, "key");
        int64_t integer = -1;
        double number = -1.0;
        bool truth = false;
        int kinds = (rmt_yaml_is_null(node) ? NOTHING : 0) | (rmt_yaml_read_int(node, &integer) ? INT : 0) |
                    (rmt_yaml_read_bool(node, &truth) ? BOOL : 0) | (rmt_yaml_read_float(node, &number) ? FLOAT : 0);
        if (kinds != cases[i].kinds)
            fail_msg("'%s' is of kinds %d, not %d", cases[i].text, kinds, cases[i].kinds);
        assert_true(number == ((kinds & FLOAT) != 0 ? cases[i].value : -1.0));
        assert_true((kinds & BOOL) == 0 || truth == (cases[i].value > 0.0));
        rmt_yaml_close(&file);
    }
}

static void lists_of_numbers_are_whole_or_nothing(void **state)
{
    (void)state;
    rmt_yaml_file file;
    double values[2] = {0};
    open_text("{three: [1, 2, 3], one: 0.25, none: [], mixed: [1, a], map: {a: 1}}", &file);
    assert_int_equal(rmt_yaml_read_floats(rmt_yaml_get(file.root, "three"), values, 2), 3);
    assert_true(values[1] == 2.0);
    assert_int_equal(rmt_yaml_read_floats(rmt_yaml_get(file.root, "one"), values, 2), 1);
    assert_true(values[0] == 0.25);
    assert_int_equal(rmt_yaml_read_floats(rmt_yaml_get(file.root, "none"), values, 2), 0);
    assert_int_equal(rmt_yaml_read_floats(rmt_yaml_get(file.root, "mixed"), values, 2), 0);
    assert_int_equal(rmt_yaml_read_floats(rmt_yaml_get(file.root, "map"), values, 2), 0);
    assert_int_equal(rmt_yaml_read_floats(NULL, values, 2), 0);
    rmt_yaml_close(&file);
}

static void of_equal_keys_the_last_counts(void **state)
{
    (void)state;
    rmt_yaml_file file;
    open_text("{a: 1, b: 2, a: 3}", &file);
    assert_string_equal(rmt_yaml_get(file.root, "a")->text, "3");
    assert_null(rmt_yaml_get(file.root, "c"));
    assert_null(rmt_yaml_get(rmt_yaml_get(file.root, "b"), "c"));
    rmt_yaml_close(&file);
}

static void bad_files_name_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *said, *place;
    } cases[] = {
        {"", "empty", "x.yml: line 1"},
        {"# nothing\n", "empty", "x.yml: line 1"},
        {"a: 1\nb: [1, 2\nc: 3\n", "valid YAML", "x.yml: line 3"},
        {"a: 1\n  b: 2\n", "valid YAML", "x.yml: line 2"},
        {"a: &x [1]\nb: *x\n", "alias", "x.yml: line 2"},
        {"a: 1\n---\nb: 2\n", "more than one document", "x.yml: line 3"},
        {"a: 1\n? [b]\n: 2\n", "key is a list", "x.yml: line 2"},
        {"a: \"\\0\"\n", "NUL", "x.yml: line 1"},
        {"a: \xff\n", "valid YAML", "x.yml: line "},
        {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "nested too deeply", "x.yml: line 1"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        rmt_yaml_file file;
        ramet_error error = {0};
        ramet_status status = rmt_yaml_open_memory(cases[i].text, strlen(cases[i].text), "x.yml", &file, &error);
        assert_int_equal(status, RAMET_STATUS_BAD_FORMAT);
        if (strstr(error.message, cases[i].said) == NULL || strstr(error.place, cases[i].place) == NULL)
            fail_msg("case %zu says \"%s\" at \"%s\"", i, error.message, error.place);
        assert_null(file.root);
    }
}

static void the_greatest_depth_is_allowed(void **state)
{
    (void)state;
    rmt_yaml_file file;
    open_text("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", &file);
    rmt_yaml_close(&file);
}

static void budgets_hold(void **state)
{
    (void)state;
    enum { TOO_MANY = (16 << 20) + 1, ENTRIES = 3 << 20 };
    rmt_yaml_file file;
    ramet_error error = {0};
    char *text = malloc(TOO_MANY);
    assert_non_null(text);
    memset(text, ' ', TOO_MANY);
    assert_int_equal(rmt_yaml_open_memory(text, TOO_MANY, "x.yml", &file, &error), RAMET_STATUS_OVER_BUDGET);
    text[0] = '[';
    for (size_t i = 1; i + 1 < ENTRIES; i += 2)
        memcpy(text + i, "1,", 2);
    assert_int_equal(rmt_yaml_open_memory(text, ENTRIES, "x.yml", &file, &error), RAMET_STATUS_OVER_BUDGET);
    assert_non_null(strstr(error.message, "too many entries"));
    free(text);
}

static void a_file_is_opened_or_missed(void **state)
{
    (void)state;
    rmt_yaml_file file;
    ramet_error error = {0};
    assert_int_equal(rmt_yaml_open(RAMET_TEST_DATA "/formats/none.yml", &file, &error), RAMET_STATUS_NOT_FOUND);
    assert_int_equal(rmt_yaml_open(RAMET_TEST_DATA "/formats/classifier.yaml", &file, &error), RAMET_STATUS_OK);
    assert_non_null(rmt_yaml_get(file.root, "PreProcess"));
    rmt_yaml_close(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_classifier_configuration_is_read), cmocka_unit_test(characters_of_a_dictionary_stay_text),
        cmocka_unit_test(plain_scalars_have_their_types),     cmocka_unit_test(lists_of_numbers_are_whole_or_nothing),
        cmocka_unit_test(of_equal_keys_the_last_counts),      cmocka_unit_test(bad_files_name_their_line),
        cmocka_unit_test(the_greatest_depth_is_allowed),      cmocka_unit_test(budgets_hold),
        cmocka_unit_test(a_file_is_opened_or_missed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

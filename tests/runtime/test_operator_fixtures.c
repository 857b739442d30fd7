/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every recorded operator, through the public API, against PaddlePaddle: each
 * case of the folders below is one test. It runs on every instruction level
 * of this processor, and once more with two threads, which must not change a
 * byte. How near a result must come stands in cases.txt.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ramet/ramet.h"
#include "support/recorded.h"

/* Folders of tests/data, and how many cases each has at least. */
static const struct {
    const char *name;
    size_t at_least;
} folders[] = {{"operators", 500}, {"pir", 20}, {"onnx", 280}};

enum { MOST_CASES = 4096, MOST_TENSORS = 64, NAME_ROOM = 96, PATH_ROOM = 512 };

typedef struct fixture {
    char name[NAME_ROOM], rule[NAME_ROOM];
    const char *folder;
} fixture;

/* ---- comparing -------------------------------------------------------------------------------------------------- */

static double number_at(ramet_dtype dtype, const void *numbers, size_t i)
{
    return dtype == RAMET_DTYPE_FLOAT64 ? ((const double *)numbers)[i] : (double)((const float *)numbers)[i];
}

static double largest_magnitude(ramet_dtype dtype, const void *numbers, size_t count)
{
    double largest = 0;
    for (size_t i = 0; i < count; i++)
        largest = fmax(largest, fabs(number_at(dtype, numbers, i)));
    return largest;
}

/* How far a number may lie from `want` in a tensor whose largest magnitude is `largest`. */
static double bound_of(const char *rule, double want, double largest)
{
    if (strcmp(rule, "rounding") == 0)
        return 2e-6 * fmax(fabs(want), 1);
    if (strcmp(rule, "sum") == 0)
        return fmax(1e-5 * largest, 1e-6);
    if (strcmp(rule, "network") == 0)
        return 1e-4 * largest;
    assert_string_equal(rule, "exact");
    return 0;
}

/* float32 or float64 */
static void compare_floats(const fixture *f, ramet_dtype dtype, const void *got, const void *want, size_t count)
{
    double largest = largest_magnitude(dtype, want, count);
    for (size_t i = 0; i < count; i++) {
        double x = number_at(dtype, got, i), y = number_at(dtype, want, i), bound = bound_of(f->rule, y, largest);
        bool same = x == y || (isnan(x) && isnan(y));
        if (!same && !(fabs(x - y) <= bound))
            fail_msg("element %zu is %.9g, not %.9g (bound %.3g)", i, x, y, bound);
    }
}

static void compare_tensor(const fixture *f, const ramet_tensor *got, const tensorpack_record *want)
{
    assert_int_equal(got->dtype, recorded_dtype(want->dtype));
    assert_int_equal(got->rank, want->rank);
    for (int i = 0; i < want->rank; i++)
        assert_int_equal(got->dims[i], want->dims[i]);
    if (want->elements == 0)
        return;
    assert_non_null(got->data);
    if (got->dtype == RAMET_DTYPE_FLOAT32 || got->dtype == RAMET_DTYPE_FLOAT64)
        compare_floats(f, got->dtype, got->data, want->data, want->elements);
    else
        assert_memory_equal(got->data, want->data, want->bytes);
}

/* ---- running ---------------------------------------------------------------------------------------------------- */

static void run_inputs(ramet_runtime *runtime, const tensorpack *pack, ramet_tensor *outputs, size_t count)
{
    ramet_tensor inputs[MOST_TENSORS];
    ramet_error error = {0};
    size_t in_count = recorded_inputs(pack, inputs, MOST_TENSORS);
    if (ramet_runtime_run(runtime, inputs, in_count, outputs, count, &error) != RAMET_STATUS_OK)
        fail_msg("%s (%s)", error.message, error.place);
}

static bool open_pack(const fixture *f, const char *file, tensorpack *pack)
{
    char path[PATH_ROOM];
    snprintf(path, sizeof path, RAMET_TEST_DATA "/%s/%s/%s", f->folder, f->name, file);
    return tensorpack_open(path, pack);
}

/* Runs one pack and compares. False when the file is not there. */
static bool run_pack(const fixture *f, ramet_runtime *runtime, const char *file)
{
    tensorpack pack;
    ramet_tensor outputs[MOST_TENSORS];
    if (!open_pack(f, file, &pack))
        return false;
    size_t count = ramet_runtime_output_count(runtime);
    assert_true(count <= MOST_TENSORS);
    run_inputs(runtime, &pack, outputs, count);
    for (size_t i = 0; i < count; i++) {
        const tensorpack_record *want = tensorpack_find(&pack, "out.%zu", i);
        assert_non_null(want);
        compare_tensor(f, &outputs[i], want);
    }
    assert_null(tensorpack_find(&pack, "out.%zu", count));
    tensorpack_close(&pack);
    return true;
}

/* Both runtimes give the same bytes; their results have been compared with the record before. */
static void compare_runtimes(const fixture *f, ramet_runtime *one, ramet_runtime *two)
{
    tensorpack pack;
    ramet_tensor a[MOST_TENSORS], b[MOST_TENSORS];
    size_t count = ramet_runtime_output_count(one);
    assert_true(open_pack(f, "io.rmtp", &pack));
    run_inputs(one, &pack, a, count);
    run_inputs(two, &pack, b, count);
    for (size_t i = 0; i < count; i++) {
        const tensorpack_record *want = tensorpack_find(&pack, "out.%zu", i);
        if (want->bytes > 0)
            assert_memory_equal(a[i].data, b[i].data, want->bytes);
    }
    tensorpack_close(&pack);
}

/* NULL when this processor lacks the level. */
static ramet_runtime *open_case(const fixture *f, ramet_cpu_level level, int threads)
{
    char path[PATH_ROOM];
    ramet_runtime_option option;
    ramet_runtime *runtime = NULL;
    ramet_error error = {0};
    ramet_runtime_option_init(&option);
    option.cpu_level = level;
    option.cpu_thread_num = threads;
    snprintf(path, sizeof path, RAMET_TEST_DATA "/%s/%s", f->folder, f->name);
    ramet_status status = ramet_runtime_open(path, &option, &runtime, &error);
    if (status == RAMET_STATUS_UNSUPPORTED && strstr(error.message, "cpu_level") != NULL)
        return NULL;
    if (status != RAMET_STATUS_OK)
        fail_msg("%s (%s)", error.message, error.place);
    return runtime;
}

static void matches_paddlepaddle(void **state)
{
    const fixture *f = *state;
    for (ramet_cpu_level level = RAMET_CPU_LEVEL_BASE; level <= RAMET_CPU_LEVEL_AVX512_BF16; level++) {
        ramet_runtime *one = open_case(f, level, 1);
        assert_true(one != NULL || level > RAMET_CPU_LEVEL_BASE);
        if (one == NULL)
            continue;
        assert_true(run_pack(f, one, "io.rmtp"));
        (void)run_pack(f, one, "io2.rmtp");
        assert_true(run_pack(f, one, "io.rmtp")); /* by a plan that is there, in an arena that is dirty */
        ramet_runtime *two = open_case(f, level, 2);
        compare_runtimes(f, one, two);
        ramet_runtime_close(two);
        ramet_runtime_close(one);
    }
}

/* Forms that cannot run are refused when the model is opened, by name. */
static const struct {
    const char *name, *says;
} refused[] = {{"concat_axis_tensor", "concat(AxisTensor)"}};

static void is_refused_by_name(void **state)
{
    const fixture *f = *state;
    char path[PATH_ROOM];
    ramet_runtime *runtime;
    ramet_error error = {0};
    snprintf(path, sizeof path, RAMET_TEST_DATA "/%s/%s", f->folder, f->name);
    assert_int_equal(ramet_runtime_open(path, NULL, &runtime, &error), RAMET_STATUS_UNSUPPORTED);
    assert_null(runtime);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (strcmp(refused[i].name, f->name) == 0)
            assert_non_null(strstr(error.message, refused[i].says));
}

static CMUnitTestFunction test_of(const fixture *f)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (strcmp(refused[i].name, f->name) == 0)
            return is_refused_by_name;
    return matches_paddlepaddle;
}

/* ---- the list --------------------------------------------------------------------------------------------------- */

/* Appends the cases of a folder to the lists; returns how many it has. */
static size_t read_cases(const char *folder, size_t first, fixture *fixtures, struct CMUnitTest *tests)
{
    char path[PATH_ROOM];
    snprintf(path, sizeof path, RAMET_TEST_DATA "/%s/cases.txt", folder);
    FILE *file = fopen(path, "r");
    size_t count = 0;
    for (fixture *f = &fixtures[first]; file != NULL && first + count < MOST_CASES; f++, count++) {
        if (fscanf(file, "%95s %95s", f->name, f->rule) != 2)
            break;
        f->folder = folder;
        tests[first + count] = (struct CMUnitTest){.name = f->name, .test_func = test_of(f), .initial_state = f};
    }
    if (file != NULL)
        fclose(file);
    return count;
}

int main(void)
{
    static fixture fixtures[MOST_CASES];
    static struct CMUnitTest tests[MOST_CASES];
    size_t count = 0;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        size_t added = read_cases(folders[i].name, count, fixtures, tests);
        count += added;
        if (added < folders[i].at_least) {
            fprintf(stderr, "%s/cases.txt lists only %zu cases\n", folders[i].name, added);
            return 1;
        }
    }
    return _cmocka_run_group_tests("operator_fixtures", tests, count, NULL, NULL);
}

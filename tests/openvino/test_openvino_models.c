/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine OpenVINO on small models: recorded operators, clones in threads,
 * bytes in memory, shapes, fork(). What OpenVINO refuses, and where it gives
 * other numbers than PaddlePaddle, is counted and bounded, not passed over.
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
#include <sys/wait.h>
#include <unistd.h>

#include "ramet/ramet.h"
#include "support/recorded.h"

#define PLUGIN RAMET_BUILD_DIR "/libramet_openvino.so"
#define NETWORK RAMET_TEST_DATA "/command/recognizer"

enum { MOST_TENSORS = 64, PATH_ROOM = 512, HANG_SECONDS = 60 };

static ramet_runtime_option openvino_option(void)
{
    ramet_runtime_option option;
    ramet_runtime_option_init(&option);
    option.backend = RAMET_BACKEND_OPENVINO;
    option.plugin_file = PLUGIN;
    return option;
}

static ramet_runtime *open_model(const char *model, const ramet_runtime_option *option)
{
    ramet_runtime *runtime;
    ramet_error error = {0};
    if (ramet_runtime_open(model, option, &runtime, &error) != RAMET_STATUS_OK)
        fail_msg("%s (%s)", error.message, error.place);
    return runtime;
}

/* ---- recorded operators ------------------------------------------------------------------------------------------ */

static double number_at(const ramet_tensor *tensor, size_t i)
{
    switch (tensor->dtype) {
    case RAMET_DTYPE_FLOAT32: return (double)((const float *)tensor->data)[i];
    case RAMET_DTYPE_FLOAT64: return ((const double *)tensor->data)[i];
    case RAMET_DTYPE_INT64: return (double)((const int64_t *)tensor->data)[i];
    case RAMET_DTYPE_INT32: return (double)((const int32_t *)tensor->data)[i];
    default: return (double)((const unsigned char *)tensor->data)[i];
    }
}

/* Dtype and shape are equal; numbers lie within 2e-4 of the largest, whole ones are equal. */
static bool is_near(const ramet_tensor *got, const ramet_tensor *want)
{
    size_t count = 1;
    if (got->dtype != want->dtype || got->rank != want->rank)
        return false;
    for (int32_t d = 0; d < want->rank; d++) {
        if (got->dims[d] != want->dims[d])
            return false;
        count *= (size_t)want->dims[d];
    }
    bool whole = want->dtype != RAMET_DTYPE_FLOAT32 && want->dtype != RAMET_DTYPE_FLOAT64;
    double largest = 0;
    for (size_t i = 0; i < count; i++)
        largest = fmax(largest, isfinite(number_at(want, i)) ? fabs(number_at(want, i)) : 0);
    for (size_t i = 0; i < count; i++) {
        double x = number_at(got, i), y = number_at(want, i);
        bool same = x == y || (isnan(x) && isnan(y));
        if (!same && (whole || !(fabs(x - y) <= 2e-4 * largest)))
            return false;
    }
    return true;
}

typedef enum outcome { EQUAL, DIFFERENT, REFUSED, OUTCOMES } outcome;

static outcome run_pack(ramet_runtime *runtime, const tensorpack *pack, char *why)
{
    ramet_tensor inputs[MOST_TENSORS], outputs[MOST_TENSORS];
    ramet_error error = {0};
    size_t count = ramet_runtime_output_count(runtime);
    assert_true(count <= MOST_TENSORS);
    if (ramet_runtime_run(runtime, inputs, recorded_inputs(pack, inputs, MOST_TENSORS), outputs, count, &error) !=
        RAMET_STATUS_OK) {
        assert_true(error.message[0] != 0);
        strcpy(why, error.message);
        return REFUSED;
    }
    for (size_t i = 0; i < count; i++) {
        const tensorpack_record *record = tensorpack_find(pack, "out.%zu", i);
        assert_non_null(record);
        ramet_tensor want = recorded_tensor(record, outputs[i].name);
        if (!is_near(&outputs[i], &want))
            return DIFFERENT;
    }
    return EQUAL;
}

static outcome run_case(const char *folder, const char *name, char *why)
{
    char path[PATH_ROOM];
    tensorpack pack;
    ramet_runtime *runtime;
    ramet_error error = {0};
    ramet_runtime_option option = openvino_option();
    snprintf(path, sizeof path, RAMET_TEST_DATA "/%s/%s", folder, name);
    if (ramet_runtime_open(path, &option, &runtime, &error) != RAMET_STATUS_OK) {
        assert_int_equal(error.status, RAMET_STATUS_UNSUPPORTED);
        strcpy(why, error.message);
        return REFUSED;
    }
    snprintf(path, sizeof path, RAMET_TEST_DATA "/%s/%s/io.rmtp", folder, name);
    assert_true(tensorpack_open(path, &pack));
    outcome result = run_pack(runtime, &pack, why);
    tensorpack_close(&pack);
    ramet_runtime_close(runtime);
    return result;
}

/* Whether a case is of those that are tried, one in `step`: its name decides, so no other case changes that. */
static bool is_tried(const char *name, unsigned step)
{
    unsigned sum = 0;
    for (; *name != 0; name++)
        sum = sum * 31 + (unsigned char)*name;
    return sum % step == 0;
}

/* One in `step` cases of a folder. */
static void count_cases(const char *folder, unsigned step, size_t *counts)
{
    static const char *const words[] = {"equal", "different", "refused"};
    char path[PATH_ROOM], name[96], rule[96], why[sizeof(ramet_error)] = "";
    snprintf(path, sizeof path, RAMET_TEST_DATA "/%s/cases.txt", folder);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fscanf(file, "%95s %95s", name, rule) == 2) {
        if (!is_tried(name, step))
            continue;
        outcome result = run_case(folder, name, why);
        counts[result]++;
        if (result != EQUAL)
            print_message("%s %s/%s %s\n", words[result], folder, name, result == REFUSED ? why : "");
    }
    fclose(file);
    print_message("%s: %zu equal, %zu different, %zu refused\n", folder, counts[EQUAL], counts[DIFFERENT],
                  counts[REFUSED]);
}

static void paddle_operators_are_equal_refused_or_few(void **state)
{
    (void)state;
    size_t counts[OUTCOMES] = {0};
    count_cases("operators", 5, counts);
    assert_true(counts[EQUAL] >= 170);
    assert_true(counts[DIFFERENT] <= 12); /* a clip by a tensor, reflected samples, ...: OpenVINO's own reading */
}

static void onnx_operators_are_equal_refused_or_few(void **state)
{
    (void)state;
    size_t counts[OUTCOMES] = {0};
    count_cases("onnx", 2, counts);
    assert_true(counts[EQUAL] >= 130);
    assert_true(counts[DIFFERENT] <= 6);
}

static void pir_programs_are_refused(void **state)
{
    (void)state;
    size_t counts[OUTCOMES] = {0};
    count_cases("pir", 1, counts);
    assert_true(counts[REFUSED] >= 20);
    assert_int_equal(counts[EQUAL] + counts[DIFFERENT], 0);
}

/* ---- one network ------------------------------------------------------------------------------------------------- */

typedef struct picture {
    ramet_tensor tensor;
    size_t count;
} picture;

static picture make_picture(int64_t batch, int64_t channels, int64_t height, int64_t width)
{
    picture p = {.tensor = {.rank = 4, .dims = {batch, channels, height, width}},
                 .count = (size_t)(batch * channels * height * width)};
    float *values = malloc(p.count * sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < p.count; i++)
        values[i] = sinf(0.05f * (float)i);
    p.tensor.data = values;
    return p;
}

static ramet_tensor run_picture(ramet_runtime *runtime, const picture *p)
{
    ramet_tensor output;
    ramet_error error = {0};
    if (ramet_runtime_run(runtime, &p->tensor, 1, &output, 1, &error) != RAMET_STATUS_OK)
        fail_msg("%s (%s)", error.message, error.place);
    return output;
}

static size_t bytes_of(const ramet_tensor *tensor)
{
    size_t bytes = ramet_dtype_bytes(tensor->dtype);
    for (int32_t d = 0; d < tensor->rank; d++)
        bytes *= (size_t)tensor->dims[d];
    return bytes;
}

static void every_batch_and_size_agrees_with_the_native_engine(void **state)
{
    (void)state;
    const int64_t sizes[][2] = {{1, 16}, {2, 16}, {3, 48}, {1, 16}};
    ramet_runtime_option option = openvino_option();
    ramet_runtime *runtime = open_model(NETWORK, &option), *native = open_model(NETWORK, NULL);
    ramet_tensor info;
    assert_int_equal(ramet_runtime_input_info(native, 0, &info), RAMET_STATUS_OK);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        picture p = make_picture(sizes[i][0], info.dims[1], info.dims[2], sizes[i][1]);
        ramet_tensor got = run_picture(runtime, &p), want = run_picture(native, &p);
        assert_string_equal(got.name, want.name);
        assert_true(is_near(&got, &want));
        free(p.tensor.data);
    }
    ramet_runtime_close(runtime);
    ramet_runtime_close(native);
}

static void a_wrong_number_of_channels_is_an_error_and_the_handle_stays_usable(void **state)
{
    (void)state;
    ramet_runtime_option option = openvino_option();
    ramet_runtime *runtime = open_model(NETWORK, &option);
    picture wrong = make_picture(1, 7, 48, 16), right = make_picture(1, 3, 48, 16);
    ramet_tensor output;
    ramet_error error = {0};
    assert_int_equal(ramet_runtime_run(runtime, &wrong.tensor, 1, &output, 1, &error), RAMET_STATUS_BAD_SHAPE);
    assert_non_null(strstr(error.message, "OpenVINO refuses an input"));
    (void)run_picture(runtime, &right);
    free(wrong.tensor.data);
    free(right.tensor.data);
    ramet_runtime_close(runtime);
}

static void a_fixed_shape_takes_no_other(void **state)
{
    (void)state;
    picture right = make_picture(2, 3, 48, 16), wrong = make_picture(1, 3, 48, 16);
    ramet_runtime_option option = openvino_option();
    ramet_runtime *free_one = open_model(NETWORK, &option);
    option.fixed_inputs = &right.tensor;
    option.fixed_input_count = 1;
    ramet_runtime *runtime = open_model(NETWORK, &option);
    ramet_tensor got = run_picture(runtime, &right), want = run_picture(free_one, &right), output;
    assert_true(is_near(&got, &want));
    assert_int_equal(ramet_runtime_run(runtime, &wrong.tensor, 1, &output, 1, NULL), RAMET_STATUS_BAD_SHAPE);
    free(right.tensor.data);
    free(wrong.tensor.data);
    ramet_runtime_close(runtime);
    ramet_runtime_close(free_one);
}

static void hints_are_taken(void **state)
{
    (void)state;
    const ramet_hint hints[] = {RAMET_HINT_LATENCY, RAMET_HINT_THROUGHPUT};
    const char *const words[] = {"LATENCY", "THROUGHPUT"};
    picture p = make_picture(1, 3, 48, 16);
    for (size_t i = 0; i < 2; i++) {
        char *text;
        ramet_runtime_option option = openvino_option();
        option.hint = hints[i];
        ramet_runtime *runtime = open_model(NETWORK, &option);
        (void)run_picture(runtime, &p);
        assert_int_equal(ramet_runtime_describe(runtime, RAMET_DESCRIBE_GRAPH, NULL, 0, &text, NULL), RAMET_STATUS_OK);
        assert_non_null(strstr(text, words[i]));
        assert_non_null(strstr(text, "INFERENCE_PRECISION_HINT f32"));
        ramet_text_free(text);
        ramet_runtime_close(runtime);
    }
    free(p.tensor.data);
}

static void *read_file(const char *path, size_t *count)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    void *data = malloc(1 << 20);
    assert_non_null(data);
    *count = fread(data, 1, 1 << 20, file);
    fclose(file);
    return data;
}

static void bytes_in_memory_and_files_of_other_names_give_the_same(void **state)
{
    (void)state;
    char folder[] = "/tmp/ramet_test_XXXXXX", program_path[64], params_path[64];
    ramet_runtime_option option = openvino_option();
    picture p = make_picture(1, 3, 48, 16);
    size_t program_count, params_count;
    void *program = read_file(NETWORK "/inference.pdmodel", &program_count);
    void *params = read_file(NETWORK "/inference.pdiparams", &params_count);
    ramet_runtime *from_files = open_model(NETWORK, &option);
    assert_non_null(mkdtemp(folder));
    snprintf(program_path, sizeof program_path, "%s/__model__", folder);
    snprintf(params_path, sizeof params_path, "%s/weights", folder);
    FILE *file = fopen(program_path, "wb");
    assert_int_equal(fwrite(program, 1, program_count, file), program_count);
    fclose(file);
    file = fopen(params_path, "wb");
    assert_int_equal(fwrite(params, 1, params_count, file), params_count);
    fclose(file);
    option.params_file = params_path;
    ramet_runtime *renamed = open_model(program_path, &option);
    option.params_file = NULL;
    option.program_bytes = program;
    option.program_count = program_count;
    option.params_bytes = params;
    option.params_count = params_count;
    ramet_runtime *from_bytes = open_model("a name", &option);
    free(program);
    free(params);
    unlink(program_path);
    unlink(params_path);
    rmdir(folder);
    ramet_tensor want = run_picture(from_files, &p), by_bytes = run_picture(from_bytes, &p);
    ramet_tensor by_name = run_picture(renamed, &p);
    assert_memory_equal(by_bytes.data, want.data, bytes_of(&want));
    assert_memory_equal(by_name.data, want.data, bytes_of(&want));
    free(p.tensor.data);
    ramet_runtime_close(from_files);
    ramet_runtime_close(renamed);
    ramet_runtime_close(from_bytes);
}

static void damaged_programs_are_refused(void **state)
{
    (void)state;
    ramet_runtime *runtime;
    ramet_error error = {0};
    ramet_runtime_option option = openvino_option();
    size_t count;
    char *program = read_file(NETWORK "/inference.pdmodel", &count);
    option.program_bytes = program;
    option.program_count = count; /* its parameters are missing */
    assert_true(ramet_runtime_open("a name", &option, &runtime, &error) != RAMET_STATUS_OK);
    assert_true(error.message[0] != 0);
    for (size_t i = 0; i < count; i += 17)
        program[i] ^= 0x5A;
    assert_true(ramet_runtime_open("a name", &option, &runtime, &error) != RAMET_STATUS_OK);
    free(program);
}

/* ---- clones ------------------------------------------------------------------------------------------------------ */

enum { CLONES = 4, INPUTS = 64 };

typedef struct crew {
    ramet_runtime *clones[CLONES];
    picture pictures[INPUTS];
    void *wanted[INPUTS];
    size_t bytes[INPUTS];
    _Atomic(int) wrong;
} crew;

static void work(void *context, size_t index, int32_t worker)
{
    crew *c = context;
    ramet_tensor output;
    bool good =
        ramet_runtime_run(c->clones[worker], &c->pictures[index].tensor, 1, &output, 1, NULL) == RAMET_STATUS_OK &&
        bytes_of(&output) == c->bytes[index] && memcmp(output.data, c->wanted[index], c->bytes[index]) == 0;
    c->wrong += !good;
}

static void clones_in_threads_give_the_same_bytes(void **state)
{
    (void)state;
    static crew c;
    ramet_runtime_option option = openvino_option();
    option.num_streams = CLONES;
    ramet_runtime *origin = open_model(NETWORK, &option);
    for (size_t i = 0; i < INPUTS; i++) {
        c.pictures[i] = make_picture(1 + (int64_t)i % 3, 3, 48, 16 + 8 * ((int64_t)i % 5));
        ramet_tensor output = run_picture(origin, &c.pictures[i]);
        c.bytes[i] = bytes_of(&output);
        c.wanted[i] = malloc(c.bytes[i]);
        assert_non_null(c.wanted[i]);
        memcpy(c.wanted[i], output.data, c.bytes[i]);
    }
    for (size_t i = 0; i < CLONES; i++)
        assert_int_equal(ramet_runtime_clone(i == 0 ? origin : c.clones[i - 1], &c.clones[i], NULL), RAMET_STATUS_OK);
    ramet_runtime_close(origin);
    ramet_fleet_option fleet;
    ramet_fleet_option_init(&fleet);
    fleet.threads = CLONES;
    ramet_fleet_job job = {&c, work, NULL};
    assert_int_equal(ramet_fleet_run(&job, INPUTS, &fleet, NULL, NULL), RAMET_STATUS_OK);
    assert_int_equal(c.wrong, 0);
    for (size_t i = 0; i < CLONES; i++)
        ramet_runtime_close(c.clones[i]);
    for (size_t i = 0; i < INPUTS; i++) {
        free(c.pictures[i].tensor.data);
        free(c.wanted[i]);
    }
}

/* Of each thread of this process the line of /proc that names its processors is that of the first. */
static void no_thread_is_bound_to_a_processor(void **state)
{
    (void)state;
    ramet_runtime_option option = openvino_option();
    option.num_streams = 2;
    ramet_runtime *runtime = open_model(NETWORK, &option);
    picture p = make_picture(1, 3, 48, 16);
    (void)run_picture(runtime, &p);
    FILE *lists = popen("grep -h Cpus_allowed: /proc/$PPID/task/*/status", "r");
    char first[256], line[256];
    int threads = 1;
    assert_non_null(lists);
    assert_non_null(fgets(first, sizeof first, lists));
    for (; fgets(line, sizeof line, lists) != NULL; threads++)
        assert_string_equal(line, first);
    pclose(lists);
    assert_true(threads > 1);
    free(p.tensor.data);
    ramet_runtime_close(runtime);
}

/* ---- fork() ------------------------------------------------------------------------------------------------------ */

/* 0: the inherited handle is refused, a new one gives the same first number. */
static int open_anew(ramet_runtime *inherited, const picture *p, float wanted)
{
    ramet_runtime_option option = openvino_option();
    ramet_runtime *runtime;
    ramet_tensor output;
    alarm(HANG_SECONDS);
    if (ramet_runtime_run(inherited, &p->tensor, 1, &output, 1, NULL) != RAMET_STATUS_UNSUPPORTED)
        return 1;
    ramet_runtime_close(inherited);
    if (ramet_runtime_open(NETWORK, &option, &runtime, NULL) != RAMET_STATUS_OK ||
        ramet_runtime_run(runtime, &p->tensor, 1, &output, 1, NULL) != RAMET_STATUS_OK)
        return 2;
    bool same = ((const float *)output.data)[0] == wanted;
    ramet_runtime_close(runtime);
    return same ? 0 : 3;
}

static void a_forked_child_opens_the_model_anew(void **state)
{
    (void)state;
    ramet_runtime_option option = openvino_option();
    ramet_runtime *runtime = open_model(NETWORK, &option);
    picture p = make_picture(1, 3, 48, 16);
    ramet_tensor output = run_picture(runtime, &p);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        _exit(open_anew(runtime, &p, ((const float *)output.data)[0]));
    int ending;
    assert_int_equal(waitpid(child, &ending, 0), child);
    assert_true(WIFEXITED(ending));
    assert_int_equal(WEXITSTATUS(ending), 0);
    (void)run_picture(runtime, &p);
    free(p.tensor.data);
    ramet_runtime_close(runtime);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paddle_operators_are_equal_refused_or_few),
        cmocka_unit_test(onnx_operators_are_equal_refused_or_few),
        cmocka_unit_test(pir_programs_are_refused),
        cmocka_unit_test(every_batch_and_size_agrees_with_the_native_engine),
        cmocka_unit_test(a_wrong_number_of_channels_is_an_error_and_the_handle_stays_usable),
        cmocka_unit_test(a_fixed_shape_takes_no_other),
        cmocka_unit_test(hints_are_taken),
        cmocka_unit_test(bytes_in_memory_and_files_of_other_names_give_the_same),
        cmocka_unit_test(damaged_programs_are_refused),
        cmocka_unit_test(clones_in_threads_give_the_same_bytes),
        cmocka_unit_test(no_thread_is_bound_to_a_processor),
        cmocka_unit_test(a_forked_child_opens_the_model_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

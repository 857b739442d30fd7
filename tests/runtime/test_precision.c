/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Weights in bfloat16: every kind of layer that has panels comes near what PaddlePaddle computed, at every level, with the
 * same bytes for any number of threads; layers without panels do not change at all; and the weights take half the room.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ramet/ramet.h"
#include "support/tensorpack.h"

enum { MOST_INPUTS = 8, PATH_ROOM = 512 };

/* Relative to the largest magnitude of the result; one weight is off by 2^-9 at most. */
#define NEAR_ONE_LAYER 0.005
#define NEAR_NETWORK 0.03

static const struct {
    const char *name;
    double near;
} cases[] = {{"conv2d_k1_c33_c17", NEAR_ONE_LAYER},
             {"conv2d_k3_p1_c48_batch3", NEAR_ONE_LAYER}, /* Winograd */
             {"conv2d_k7_s2_p3_c3", NEAR_ONE_LAYER},      /* by kernel rows */
             {"conv2d_groups2", NEAR_ONE_LAYER},
             {"conv2d_then_batch_norm_hard_swish", NEAR_ONE_LAYER},
             {"conv2d_transpose_k3_s2_p1_output1", NEAR_ONE_LAYER},
             {"conv2d_transpose_k2_s2_to_one", NEAR_ONE_LAYER}, /* windows side by side */
             {"deformable_conv_k3_p1", NEAR_ONE_LAYER},
             {"matmul_v2_linear", NEAR_ONE_LAYER},
             {"fc_bias", NEAR_ONE_LAYER},
             {"rnn_gru", NEAR_NETWORK},
             {"rnn_lstm_two_layers_both", NEAR_NETWORK},
             {"network_resnet_vd_block", NEAR_NETWORK},
             {"network_text_recogniser_block", NEAR_NETWORK}};

/* NULL when this processor lacks the level. */
static ramet_runtime *open_case(const char *name, ramet_precision precision, ramet_cpu_level level, int threads)
{
    char path[PATH_ROOM];
    ramet_runtime_option option;
    ramet_runtime *runtime = NULL;
    ramet_error error = {0};
    ramet_runtime_option_init(&option);
    option.precision = precision;
    option.cpu_level = level;
    option.cpu_thread_num = threads;
    snprintf(path, sizeof path, RAMET_TEST_DATA "/operators/%s", name);
    ramet_status status = ramet_runtime_open(path, &option, &runtime, &error);
    if (status != RAMET_STATUS_OK && (level <= RAMET_CPU_LEVEL_BASE || strstr(error.message, "cpu_level") == NULL))
        fail_msg("%s (%s)", error.message, error.place);
    return runtime;
}

/* The recorded inputs of a case and its first result. */
static void open_record(const char *name, tensorpack *pack)
{
    char path[PATH_ROOM];
    snprintf(path, sizeof path, RAMET_TEST_DATA "/operators/%s/io.rmtp", name);
    assert_true(tensorpack_open(path, pack));
}

/* Feeds what is recorded; the first result, which has `bytes` bytes. */
static const float *run(ramet_runtime *runtime, const tensorpack *pack, size_t bytes)
{
    ramet_tensor inputs[MOST_INPUTS], outputs[MOST_INPUTS];
    ramet_error error = {0};
    size_t count = 0;
    for (size_t i = 0; i < pack->count; i++) {
        const tensorpack_record *record = &pack->records[i];
        if (strncmp(record->name, "in.", 3) != 0)
            continue;
        assert_int_equal(record->dtype, TENSORPACK_FP32);
        ramet_tensor *input = &inputs[count++];
        *input = (ramet_tensor){.name = record->name + 3, .rank = record->rank, .data = record->data};
        input->dtype = RAMET_DTYPE_FLOAT32;
        for (int d = 0; d < record->rank; d++)
            input->dims[d] = record->dims[d];
    }
    if (ramet_runtime_run(runtime, inputs, count, outputs, MOST_INPUTS, &error) != RAMET_STATUS_OK)
        fail_msg("%s (%s)", error.message, error.place);
    size_t elements = 1;
    for (int32_t i = 0; i < outputs[0].rank; i++)
        elements *= (size_t)outputs[0].dims[i];
    assert_int_equal(elements * sizeof(float), bytes);
    return outputs[0].data;
}

/* The largest difference, relative to the largest magnitude of what is wanted. */
static double distance(const float *got, const float *want, size_t count)
{
    double largest = 0, error = 0;
    for (size_t i = 0; i < count; i++) {
        largest = fmax(largest, fabs((double)want[i]));
        error = isnan(got[i]) ? INFINITY : fmax(error, fabs((double)got[i] - (double)want[i]));
    }
    return error / largest;
}

static void check_case(const char *name, double near, ramet_cpu_level level)
{
    tensorpack pack;
    open_record(name, &pack);
    const tensorpack_record *want = tensorpack_find(&pack, "out.0");
    ramet_runtime *wide = open_case(name, RAMET_PRECISION_FLOAT32, level, 1);
    ramet_runtime *one = open_case(name, RAMET_PRECISION_BFLOAT16, level, 1);
    ramet_runtime *two = open_case(name, RAMET_PRECISION_BFLOAT16, level, 2);
    if (wide != NULL) {
        const float *got = run(one, &pack, want->bytes);
        double error = distance(got, want->data, want->elements);
        if (!(error <= near))
            fail_msg("%s: off by %g", name, error);
        assert_memory_not_equal(got, run(wide, &pack, want->bytes), want->bytes);
        assert_memory_equal(got, run(two, &pack, want->bytes), want->bytes);
    }
    ramet_runtime_close(two);
    ramet_runtime_close(one);
    ramet_runtime_close(wide);
    tensorpack_close(&pack);
}

static void rounded_weights_come_near(void **state)
{
    (void)state;
    for (ramet_cpu_level level = RAMET_CPU_LEVEL_BASE; level <= RAMET_CPU_LEVEL_AVX512_BF16; level++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
            check_case(cases[i].name, cases[i].near, level);
}

static void layers_without_panels_do_not_change(void **state)
{
    (void)state;
    static const char *const names[] = {"depthwise_conv2d_k3_p1", "depthwise_conv2d_k5_s2_p2", "conv2d_fed_filter_k3",
                                        "matmul_v2_2x2"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        tensorpack pack;
        open_record(names[i], &pack);
        const tensorpack_record *want = tensorpack_find(&pack, "out.0");
        ramet_runtime *wide = open_case(names[i], RAMET_PRECISION_FLOAT32, RAMET_CPU_LEVEL_AUTO, 1);
        ramet_runtime *narrow = open_case(names[i], RAMET_PRECISION_BFLOAT16, RAMET_CPU_LEVEL_AUTO, 1);
        assert_memory_equal(run(narrow, &pack, want->bytes), run(wide, &pack, want->bytes), want->bytes);
        ramet_runtime_close(narrow);
        ramet_runtime_close(wide);
        tensorpack_close(&pack);
    }
}

static uint64_t weights_of(const char *name, ramet_precision precision)
{
    ramet_memory memory;
    ramet_runtime *runtime = open_case(name, precision, RAMET_CPU_LEVEL_AUTO, 1);
    assert_int_equal(ramet_runtime_memory(runtime, &memory), RAMET_STATUS_OK);
    ramet_runtime_close(runtime);
    return memory.weights_bytes;
}

/* Nearly all weights of these are in panels; two pages may be lost to what is not. */
static void weights_take_half_the_room(void **state)
{
    (void)state;
    static const char *const names[] = {"conv2d_k9_p4", "network_text_detector_neck", "network_text_recogniser_block"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        uint64_t wide = weights_of(names[i], RAMET_PRECISION_FLOAT32);
        uint64_t narrow = weights_of(names[i], RAMET_PRECISION_BFLOAT16);
        assert_true(wide > 8 * 4096);
        assert_in_range(narrow, wide / 2, wide / 2 + 2 * 4096);
    }
}

static void an_unknown_precision_is_refused(void **state)
{
    (void)state;
    ramet_runtime_option option;
    ramet_runtime *runtime;
    ramet_error error = {0};
    ramet_runtime_option_init(&option);
    option.precision = (ramet_precision)7;
    assert_int_equal(ramet_runtime_open(RAMET_TEST_DATA "/operators/fc_bias", &option, &runtime, &error),
                     RAMET_STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "precision 7"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounded_weights_come_near),
        cmocka_unit_test(layers_without_panels_do_not_change),
        cmocka_unit_test(weights_take_half_the_room),
        cmocka_unit_test(an_unknown_precision_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

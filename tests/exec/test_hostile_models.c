/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Damaged models: cut, flipped and inflated programs and parameters are opened,
 * loaded, planned and run. Each ends in an error with a text or in a result,
 * never in a signal, and none takes longer than a second.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "exec/exec.h"
#include "formats/formats.h"

#define BUDGET_BYTES (UINT64_C(64) << 20)
#define MUTANTS 500        /* of each file of each model */
#define MOST_NS 1000000000 /* sanitizers included */

static const char *const models[] = {
    "network_lcnet_block",     "network_dense_stem",           "network_text_recogniser_block",
    "network_recurrent_head",  "network_squeeze_excite_block", "network_classifier_head",
    "network_resnet_vd_block",
};

typedef struct file {
    unsigned char *bytes;
    size_t count;
} file;

static file read_model_file(const char *model, const char *name)
{
    char path[1024];
    file f = {0};
    snprintf(path, sizeof path, "%s/operators/%s/%s", RAMET_TEST_DATA, model, name);
    assert_int_equal(rmt_os_read_file(path, 1 << 24, &f.bytes, &f.count), 0);
    return f;
}

static uint32_t next(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

/* One of: cut, a flipped bit, a byte set to an extreme, a run copied over another, a varint made long, bytes put in. */
static file mutate(const file *original, uint32_t seed)
{
    file m = {malloc(original->count + 16), original->count};
    memcpy(m.bytes, original->bytes, original->count);
    uint32_t kind = next(&seed) % 6;
    size_t at = next(&seed) % original->count, from = next(&seed) % original->count, run = 1 + next(&seed) % 16;
    static const unsigned char extremes[] = {0, 1, 0x7f, 0x80, 0xff};
    if (kind == 0)
        m.count = at;
    if (kind == 1)
        m.bytes[at] ^= (unsigned char)(1u << (next(&seed) % 8));
    if (kind == 2)
        m.bytes[at] = extremes[next(&seed) % sizeof extremes];
    for (size_t i = 0; kind == 3 && i < run && at + i < m.count && from + i < m.count; i++)
        m.bytes[at + i] = original->bytes[from + i];
    for (size_t i = 0; kind == 4 && i < 5 && at + i < m.count; i++)
        m.bytes[at + i] = i < 4 ? 0xff : 0x07;
    if (kind == 5) {
        memmove(m.bytes + at + run, m.bytes + at, m.count - at);
        m.count += run;
    }
    return m;
}

/* Every input at a small size, zero where the program does not say. */
static ramet_status run_once(rmt_model *model, ramet_error *error)
{
    const rmt_graph *graph = rmt_model_graph(model);
    size_t count = graph->input_count;
    rmt_view *inputs = calloc(count + 1, sizeof *inputs);
    rmt_view *outputs = calloc(graph->output_count + 1, sizeof *outputs);
    ramet_status status = RAMET_STATUS_OK;
    for (size_t i = 0; i < count && status == RAMET_STATUS_OK; i++) {
        const rmt_value *value = &graph->values[graph->inputs[i]];
        rmt_shape shape = value->shape;
        for (int32_t d = 0; d < shape.rank; d++)
            if (shape.dims[d] < 0)
                shape.dims[d] = d == 0 ? 1 : 16;
        int64_t elements = shape.rank < 0 ? -1 : rmt_shape_elements(&shape);
        if (elements < 1 || elements > 1 << 20)
            status = rmt_fail(error, RAMET_STATUS_BAD_SHAPE, "no sensible input");
        else
            inputs[i] = rmt_view_dense(value->dtype, &shape, calloc((size_t)elements, 8));
    }
    rmt_plan *plan = NULL;
    if (status == RAMET_STATUS_OK)
        status = rmt_model_get_plan(model, inputs, &plan, error);
    rmt_exec exec;
    if (status == RAMET_STATUS_OK && rmt_exec_init(&exec, 1, error) == RAMET_STATUS_OK) {
        status = rmt_exec_run(&exec, model, plan, inputs, outputs, error);
        rmt_exec_clear(&exec);
    }
    rmt_plan_release(plan);
    for (size_t i = 0; i < count; i++)
        free(inputs[i].data);
    free(inputs);
    free(outputs);
    return status;
}

static ramet_status open_and_run(const file *program_file, const file *params_file, ramet_error *error)
{
    rmt_program program;
    ramet_status status = rmt_program_open_memory(program_file->bytes, program_file->count, params_file->bytes,
                                                  params_file->count, &program, error);
    if (status != RAMET_STATUS_OK)
        return status;
    rmt_model_option option = {rmt_kernels_best(), RMT_WEIGHT_FLOAT32, 1, 4, BUDGET_BYTES};
    rmt_model *model;
    status = rmt_model_create(&program.graph, &option, &model, error);
    rmt_program_close(&program);
    if (status == RAMET_STATUS_OK)
        status = run_once(model, error);
    rmt_model_release(model);
    return status;
}

static int survive(const file *program, const file *params)
{
    ramet_error error = {0};
    uint64_t start = rmt_os_now_ns();
    ramet_status status = open_and_run(program, params, &error);
    assert_in_range(rmt_os_now_ns() - start, 0, MOST_NS);
    assert_true(status == RAMET_STATUS_OK || error.message[0] != 0);
    assert_true(status == RAMET_STATUS_OK || error.status == status);
    return status != RAMET_STATUS_OK;
}

static void assert_runs(const char *name, const file *program, const file *params)
{
    ramet_error error = {0};
    if (open_and_run(program, params, &error) != RAMET_STATUS_OK)
        fail_msg("%s: %s (%s)", name, error.message, error.place);
}

static void damaged_models_end_in_an_error_or_a_result(void **state)
{
    (void)state;
    int refused = 0;
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        file program = read_model_file(models[i], "inference.pdmodel");
        file params = read_model_file(models[i], "inference.pdiparams");
        assert_runs(models[i], &program, &params);
        for (uint32_t k = 0; k < MUTANTS; k++) {
            file bad_program = mutate(&program, 2 * k + 1), bad_params = mutate(&params, 2 * k + 2);
            refused += survive(&bad_program, &params);
            refused += survive(&program, &bad_params);
            free(bad_program.bytes);
            free(bad_params.bytes);
        }
        free(program.bytes);
        free(params.bytes);
    }
    assert_true(refused > MUTANTS); /* the mutants do hurt */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(damaged_models_end_in_an_error_or_a_result)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that runs out. This program brings its own malloc, which fails at the n-th call: for n = 1, 2, ... until a
 * whole opening succeeds, each failure must be reported as such, leave nothing allocated, and not spoil the next call.
 * Sanitizers bring a malloc of their own; under them the test is skipped.
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

/* ---- the allocator ------------------------------------------------------------------------------------------- */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ALLOCATOR_IS_OURS false
static long calls_left, live;
#else
#define ALLOCATOR_IS_OURS true
#define PUBLIC __attribute__((visibility("default"))) /* so that shared libraries use them too */

extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t count, size_t bytes);
extern void *__libc_realloc(void *old, size_t bytes);
extern void __libc_free(void *old);

static long calls_left; /* 0: never fails; 1: the next call fails, and all after it */
static long live;

static bool fails(void)
{
    calls_left -= calls_left > 1 ? 1 : 0;
    return calls_left == 1;
}

PUBLIC void *malloc(size_t bytes)
{
    void *made = fails() ? NULL : __libc_malloc(bytes);
    live += made != NULL;
    return made;
}

PUBLIC void *calloc(size_t count, size_t bytes)
{
    void *made = fails() ? NULL : __libc_calloc(count, bytes);
    live += made != NULL;
    return made;
}

PUBLIC void *realloc(void *old, size_t bytes)
{
    void *made = fails() ? NULL : __libc_realloc(old, bytes);
    live += made != NULL && old == NULL;
    return made;
}

PUBLIC void free(void *old)
{
    live -= old != NULL;
    __libc_free(old);
}

#endif

/* ---- the sweep ------------------------------------------------------------------------------------------------- */

static ramet_status open_program(ramet_error *error)
{
    rmt_program program;
    ramet_status status = rmt_program_open(DATA "/operators/network_lcnet_block/inference.pdmodel",
                                           DATA "/operators/network_lcnet_block/inference.pdiparams", &program, error);
    if (status == RAMET_STATUS_OK)
        rmt_program_close(&program);
    return status;
}

static ramet_status open_attributes(ramet_error *error)
{
    rmt_program program;
    ramet_status status = rmt_program_open(DATA "/formats/attributes.pdmodel", NULL, &program, error);
    if (status == RAMET_STATUS_OK)
        rmt_program_close(&program);
    return status;
}

static ramet_status open_stacked(ramet_error *error)
{
    rmt_program program;
    ramet_status status =
        rmt_program_open(DATA "/operators/slice_ends_tensor_only/inference.pdmodel", NULL, &program, error);
    if (status == RAMET_STATUS_OK)
        rmt_program_close(&program);
    return status;
}

static ramet_status open_pir(ramet_error *error)
{
    rmt_program program;
    ramet_status status = rmt_program_open(DATA "/pir/array_of_a_loop/inference.json", NULL, &program, error);
    if (status == RAMET_STATUS_OK)
        rmt_program_close(&program);
    return status;
}

static ramet_status open_pir_network(ramet_error *error)
{
    rmt_program program;
    ramet_status status =
        rmt_program_open(DATA "/pir/network/inference.json", DATA "/pir/network/inference.pdiparams", &program, error);
    if (status == RAMET_STATUS_OK)
        rmt_program_close(&program);
    return status;
}

static ramet_status open_yaml(ramet_error *error)
{
    rmt_yaml_file file;
    ramet_status status = rmt_yaml_open(DATA "/formats/classifier.yaml", &file, error);
    if (status == RAMET_STATUS_OK)
        rmt_yaml_close(&file);
    return status;
}

static ramet_status open_lines(ramet_error *error)
{
    rmt_lines lines;
    ramet_status status = rmt_lines_open(DATA "/operators/cases.txt", &lines, error);
    if (status == RAMET_STATUS_OK)
        rmt_lines_close(&lines);
    return status;
}

/* The calls of one opening, counted by failing each in turn. */
static long sweep(ramet_status (*open)(ramet_error *))
{
    for (long n = 1;; n++) {
        ramet_error error = {0};
        long before = live;
        calls_left = n;
        ramet_status status = open(&error);
        bool failed = calls_left == 1;
        calls_left = 0;
        assert_int_equal(live, before);
        if (!failed) {
            assert_int_equal(status, RAMET_STATUS_OK);
            return n - 1;
        }
        if (status != RAMET_STATUS_OK) { /* sorting does without memory when it must */
            assert_int_equal(status, RAMET_STATUS_OUT_OF_MEMORY);
            assert_int_equal(error.status, RAMET_STATUS_OUT_OF_MEMORY);
            assert_int_not_equal(error.message[0], '\0');
        }
    }
}

static void every_failed_allocation_is_reported_and_leaves_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        ramet_status (*open)(ramet_error *);
        long at_least;
    } cases[] = {
        {"a program", open_program, 50},
        {"attributes", open_attributes, 20},
        {"stacked scalars", open_stacked, 20},
        {"a PIR program with blocks", open_pir, 100},
        {"a PIR program with parameters", open_pir_network, 100},
        {"a configuration", open_yaml, 50},
        {"lines", open_lines, 2},
    };
    if (!ALLOCATOR_IS_OURS)
        skip();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        long calls = sweep(cases[i].open);
        print_message("%s: %ld allocations\n", cases[i].what, calls);
        assert_true(calls >= cases[i].at_least);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_failed_allocation_is_reported_and_leaves_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

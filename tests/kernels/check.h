/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel tests share: numbers that repeat, buffers that end at pages nobody may touch, and the round over all
 * levels that this processor has, lowest first.
 */
#ifndef CHECK_H
#define CHECK_H

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernels/kernels.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- numbers ---------------------------------------------------------------------------------------- */

static inline uint32_t random_bits(void)
{
    static uint64_t state = 0x9e3779b97f4a7c15u;
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 32);
}

/* in [-1, 1) */
static inline float random_float(void) { return (float)(int32_t)random_bits() * 0x1p-31f; }

static inline int32_t random_below(int32_t limit) { return (int32_t)(random_bits() % (uint32_t)limit); }

static inline void fill_random(float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        x[i] = random_float();
}

/* Distance in units of the last place; 0 for two NaN, huge for one. */
static inline int64_t ulps_between(float a, float b)
{
    if (isnan(a) || isnan(b))
        return isnan(a) && isnan(b) ? 0 : INT64_MAX;
    int32_t i, j;
    memcpy(&i, &a, sizeof i);
    memcpy(&j, &b, sizeof j);
    int64_t x = i < 0 ? -(int64_t)(i & INT32_MAX) : i, y = j < 0 ? -(int64_t)(j & INT32_MAX) : j;
    return x < y ? y - x : x - y;
}

/* The error of n float operations in a row, relative to the sum of the magnitudes: twice n roundings. */
static inline double gamma_bound(int64_t n) { return 2 * (double)n * (FLT_EPSILON / 2); }

static inline void assert_near(float got, float want, double bound, const char *what, const char *level)
{
    if (isnan(want) ? isnan(got) : got == want || fabs((double)got - want) <= bound)
        return;
    fail_msg("%s %s: %.9g instead of %.9g, bound %g", level, what, (double)got, (double)want, bound);
}

/* ---- guarded buffers: they end exactly at a page that faults (side 1) or begin right behind one (side 0) ----- */

typedef struct guarded {
    float *data;
    void *pages;
    size_t bytes;
} guarded;

#define GUARDED_LIMIT 4096
static guarded guarded_pool[GUARDED_LIMIT];
static int guarded_count;

static inline float *guarded_floats(int64_t n, int side)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = (size_t)n * sizeof(float);
    const size_t inner = (bytes + page - 1) / page * page;
    assert_true(guarded_count < GUARDED_LIMIT);
    unsigned char *pages = mmap(NULL, inner + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(pages != MAP_FAILED);
    assert_int_equal(mprotect(pages, page, PROT_NONE), 0);
    assert_int_equal(mprotect(pages + page + inner, page, PROT_NONE), 0);
    float *data = (float *)(void *)(pages + page + (side ? inner - bytes : 0));
    guarded_pool[guarded_count++] = (guarded){data, pages, inner + 2 * page};
    fill_random(data, n);
    return data;
}

static inline void guarded_free_all(void)
{
    while (guarded_count > 0) {
        guarded_count--;
        munmap(guarded_pool[guarded_count].pages, guarded_pool[guarded_count].bytes);
    }
}

/* ---- levels --------------------------------------------------------------------------------------------- */

static inline void on_each_level(void (*check)(const rmt_kernels *kernels))
{
    for (int level = RMT_LEVEL_BASE; level < RMT_LEVEL_COUNT; level++) {
        const rmt_kernels *kernels = rmt_kernels_get((rmt_level)level);
        if (kernels == NULL)
            continue;
        check(kernels);
        guarded_free_all();
    }
}

static inline int print_levels(void **state)
{
    (void)state;
    for (int level = RMT_LEVEL_BASE; level < RMT_LEVEL_COUNT; level++) {
        const rmt_kernels *kernels = rmt_kernels_get((rmt_level)level);
        if (kernels != NULL)
            print_message("level %s: checked\n", kernels->name);
        else
            print_message("level %d: not on this processor\n", level);
    }
    return 0;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sixteen processes that pack the same model at once, and are killed at any moment: the folder holds a whole file or none,
 * all that end by themselves have the right numbers, and what is left over is bounded.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "os/os.h"
#include "ramet/runtime.h"
#include "support/wide_product.h"

enum { PROCESSES = 16, ROWS = 512, COLUMNS = 1024, SECONDS = 8, RIGHT = 7 };

typedef struct place {
    wide_product_place place;
    char cache[128];
    uint64_t expected;
} place;

static place here;

static ramet_runtime *open_model(const char *cache)
{
    ramet_runtime_option option;
    ramet_runtime *runtime = NULL;
    ramet_runtime_option_init(&option);
    option.cache_dir = cache;
    (void)ramet_runtime_open(here.place.model, &option, &runtime, NULL);
    return runtime;
}

static int set_up(void **state)
{
    (void)state;
    wide_product_place_make(&here.place, ROWS, COLUMNS);
    snprintf(here.cache, sizeof here.cache, "%s/cache", here.place.root);
    ramet_runtime *runtime = open_model(NULL);
    assert_non_null(runtime);
    here.expected = wide_product_run(runtime);
    ramet_runtime_close(runtime);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return wide_product_place_remove(&here.place);
}

static bool drop(void *context, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", (const char *)context, name);
    unlink(path);
    return true;
}

typedef struct census {
    int packs, notes, news, others;
    char pack[512];
} census;

static bool count(void *context, const char *name)
{
    census *c = context;
    size_t length = strlen(name);
    if (length > 5 && strcmp(name + length - 5, ".pack") == 0) {
        c->packs++;
        snprintf(c->pack, sizeof c->pack, "%s/%s", here.cache, name);
    } else if (length > 5 && strcmp(name + length - 5, ".note") == 0) {
        c->notes++; /* once the packed file has come to rest */
    } else if (length > 4 && strcmp(name + length - 4, ".new") == 0) {
        c->news++;
    } else {
        c->others += name[0] != '.';
    }
    return true;
}

static census look(void)
{
    census c = {0};
    (void)rmt_os_each_name(here.cache, count, &c);
    return c;
}

static uint32_t pick(uint32_t *seed, uint32_t choices)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % choices;
}

/* The kernel kills this process when the time has come, be the machine as busy as it may. */
static void be_killed_in(uint32_t microseconds)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL};
    struct itimerspec when = {.it_value = {microseconds / 1000000, microseconds % 1000000 * 1000L}};
    timer_t timer;
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) || timer_settime(timer, 0, &when, NULL))
        _exit(1);
}

/* kill_us 0: it may live. */
static pid_t start(uint32_t kill_us)
{
    pid_t id = fork();
    if (id == 0) {
        if (kill_us > 0)
            be_killed_in(kill_us);
        ramet_runtime *runtime = open_model(here.cache);
        bool good = runtime != NULL && wide_product_run(runtime) == here.expected;
        _exit(good ? RIGHT : 1);
    }
    return id;
}

/* Starts all, kills some at random moments; how many ended by themselves. */
static int run_round(uint32_t *seed, bool kills)
{
    pid_t ids[PROCESSES];
    int ended = 0;
    for (int i = 0; i < PROCESSES; i++) /* a few live; the others die after 0.1 ms to 0.2 s, early as often as late */
        ids[i] = start(kills && i % 8 != 7 ? 50 + pick(seed, UINT32_C(100) << pick(seed, 12)) : 0);
    for (int i = 0; i < PROCESSES; i++) {
        int how = 0;
        assert_int_equal(waitpid(ids[i], &how, 0), ids[i]);
        if (WIFSIGNALED(how)) {
            assert_true(kills);
            assert_int_equal(WTERMSIG(how), SIGKILL);
        } else {
            assert_int_equal(WEXITSTATUS(how), RIGHT);
            ended++;
        }
    }
    return ended;
}

static void whoever_is_killed_leaves_a_whole_file_or_none(void **state)
{
    (void)state;
    uint32_t seed = (uint32_t)getpid();
    int rounds = 0, ended = 0, whole = 0, left = 0;
    unsigned char *first = NULL, *now;
    size_t first_bytes = 0, bytes;
    for (uint64_t end = rmt_os_now_ns() + SECONDS * UINT64_C(1000000000); rmt_os_now_ns() < end; rounds++) {
        census c = look();
        if (pick(&seed, 2) == 0)
            unlink(c.pack);
        ended += run_round(&seed, true);
        c = look();
        assert_true(c.packs <= 1 && c.notes <= 1 && c.news <= 2 && c.others == 0);
        left += c.news;
        whole += c.packs;
        if (c.packs == 0)
            continue;
        assert_int_equal(rmt_os_read_file(c.pack, (size_t)1 << 30, &now, &bytes), 0);
        if (first == NULL) {
            first = now;
            first_bytes = bytes;
            continue;
        }
        assert_int_equal(bytes, first_bytes);
        assert_memory_equal(now, first, bytes);
        free(now);
    }
    free(first);
    print_message("seed %u: %d rounds, %d processes ended by themselves, %d whole files, %d left over\n", seed, rounds,
                  ended, whole, left);
    assert_true(rounds > 0 && ended > 0 && ended < rounds * PROCESSES);
}

static void what_is_left_over_is_used_up(void **state)
{
    (void)state;
    uint32_t seed = 1;
    (void)rmt_os_each_name(here.cache, drop, here.cache);
    assert_int_equal(run_round(&seed, false), PROCESSES);
    census c = look();
    assert_int_equal(c.packs, 1);
    assert_int_equal(c.news, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_is_killed_leaves_a_whole_file_or_none),
        cmocka_unit_test(what_is_left_over_is_used_up),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

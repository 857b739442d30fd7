/* SPDX-License-Identifier: Apache-2.0 */
/* The memory map: buffers alive together never overlap, and memory is used again when it is free. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "plan/model.h"

static int64_t pack(rmt_plan_buffer *buffers, int32_t count)
{
    rmt_arena arena;
    rmt_arena_init(&arena, 0);
    int64_t bytes = rmt_plan_pack_buffers(buffers, count, &arena);
    rmt_arena_clear(&arena);
    return bytes;
}

static void assert_apart(const rmt_plan_buffer *buffers, int32_t count, int64_t bytes)
{
    for (int32_t i = 0; i < count; i++) {
        assert_in_range((uint64_t)buffers[i].offset, 0, (uint64_t)(bytes - buffers[i].bytes));
        for (int32_t j = 0; j < i; j++) {
            const rmt_plan_buffer *a = &buffers[i], *b = &buffers[j];
            bool together = a->first <= b->last && b->first <= a->last;
            assert_true(!together || a->offset + a->bytes <= b->offset || b->offset + b->bytes <= a->offset);
        }
    }
}

static void nothing_needs_nothing(void **state)
{
    (void)state;
    assert_int_equal(pack(NULL, 0), 0);
}

static void a_chain_needs_two_buffers(void **state)
{
    (void)state;
    rmt_plan_buffer buffers[10];
    for (int32_t i = 0; i < 10; i++)
        buffers[i] = (rmt_plan_buffer){.bytes = 64, .first = i, .last = i + 1};
    assert_int_equal(pack(buffers, 10), 128);
    assert_apart(buffers, 10, 128);
}

static void an_output_is_never_written_over(void **state)
{
    (void)state;
    rmt_plan_buffer buffers[] = {{64, 0, 0, INT32_MAX}, {64, 0, 1, 2}, {64, 0, 3, 4}, {64, 0, 4, INT32_MAX}};
    int64_t bytes = pack(buffers, 4);
    assert_int_equal(bytes, 192);
    assert_apart(buffers, 4, bytes);
}

/* Deterministic pseudo-random buffers: the map is always legal and never larger than all of them side by side. */
static void random_buffers_never_overlap(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (int round = 0; round < 200; round++) {
        rmt_plan_buffer buffers[60];
        int64_t sum = 0;
        for (int32_t i = 0; i < 60; i++) {
            seed = seed * 1664525u + 1013904223u;
            int32_t first = (int32_t)(seed >> 24) % 50, length = (int32_t)(seed >> 16 & 15);
            buffers[i] =
                (rmt_plan_buffer){.bytes = 64 * (1 + (seed >> 8 & 63)), .first = first, .last = first + length};
            sum += buffers[i].bytes;
        }
        int64_t bytes = pack(buffers, 60);
        assert_in_range((uint64_t)bytes, 1, (uint64_t)sum);
        assert_apart(buffers, 60, bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_needs_nothing),
        cmocka_unit_test(a_chain_needs_two_buffers),
        cmocka_unit_test(an_output_is_never_written_over),
        cmocka_unit_test(random_buffers_never_overlap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Errors, arena, buffer, growing arrays, texts: ceilings hold, failures change nothing, texts stay whole. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"

static void failing_fills_message_and_clears_place(void **state)
{
    (void)state;
    ramet_error error = {RAMET_STATUS_OK, "old", "old place"};
    assert_int_equal(rmt_fail(&error, RAMET_STATUS_BAD_FORMAT, "%d bytes", 7), RAMET_STATUS_BAD_FORMAT);
    assert_int_equal(error.status, RAMET_STATUS_BAD_FORMAT);
    assert_string_equal(error.message, "7 bytes");
    assert_string_equal(error.place, "");
    assert_int_equal(rmt_fail(NULL, RAMET_STATUS_BUSY, "%d", 1), RAMET_STATUS_BUSY);
}

static void the_inner_place_stays(void **state)
{
    (void)state;
    ramet_error error;
    rmt_fail(&error, RAMET_STATUS_BAD_FORMAT, "x");
    assert_int_equal(rmt_fail_at(&error, RAMET_STATUS_BAD_FORMAT, "offset %d", 4), RAMET_STATUS_BAD_FORMAT);
    assert_int_equal(rmt_fail_at(&error, RAMET_STATUS_BAD_FORMAT, "file"), RAMET_STATUS_BAD_FORMAT);
    assert_string_equal(error.place, "offset 4");
    assert_int_equal(rmt_fail_at(NULL, RAMET_STATUS_IO, "file"), RAMET_STATUS_IO);
}

static void long_messages_end_at_a_whole_character(void **state)
{
    (void)state;
    enum { ROOM = sizeof((ramet_error *)0)->message };
    static const struct {
        const char *character;
        size_t bytes;
    } cases[] = {{"a", 1}, {"\xc3\xa9", 2}, {"\xe6\x96\x87", 3}, {"\xf0\x9f\x98\x80", 4}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n = cases[i].bytes;
        for (size_t shift = 0; shift < 4; shift++) {
            char text[3 * ROOM];
            ramet_error error;
            memset(text, 'x', shift);
            for (size_t at = shift; at + n < sizeof text; at += n) {
                memcpy(text + at, cases[i].character, n);
                text[at + n] = 0;
            }
            rmt_fail(&error, RAMET_STATUS_IO, "%s", text);
            assert_int_equal(strlen(error.message), shift + (ROOM - 1 - shift) / n * n);
            assert_memory_equal(error.message, text, strlen(error.message));
        }
    }
}

static void errno_values_become_statuses(void **state)
{
    (void)state;
    static const struct {
        int errnum;
        ramet_status status;
    } cases[] = {
        {ENOENT, RAMET_STATUS_NOT_FOUND}, {ENOTDIR, RAMET_STATUS_NOT_FOUND},    {EACCES, RAMET_STATUS_IO},
        {EISDIR, RAMET_STATUS_IO},        {ENOMEM, RAMET_STATUS_OUT_OF_MEMORY}, {EFBIG, RAMET_STATUS_OVER_BUDGET}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ramet_error error;
        assert_int_equal(rmt_fail_errno(&error, cases[i].errnum, "open", "a/b"), cases[i].status);
        assert_true(rmt_text_starts(error.message, "cannot open 'a/b': "));
        assert_string_equal(error.message + strlen("cannot open 'a/b': "), strerror(cases[i].errnum));
    }
}

static void checked_arithmetic_refuses_what_does_not_fit(void **state)
{
    (void)state;
    size_t size;
    int64_t number;
    assert_true(rmt_add_size(SIZE_MAX - 1, 1, &size) && size == SIZE_MAX);
    assert_false(rmt_add_size(SIZE_MAX, 1, &size));
    assert_false(rmt_mul_size(SIZE_MAX / 2 + 1, 2, &size));
    assert_true(rmt_mul_i64(INT64_MIN, 1, &number) && number == INT64_MIN);
    assert_false(rmt_mul_i64(INT64_MIN, -1, &number));
    assert_true(rmt_range_fits(3, 4, 7));
    assert_false(rmt_range_fits(4, 4, 7));
    assert_false(rmt_range_fits(SIZE_MAX, 2, 7));
    assert_int_equal(rmt_round_up(17, 16), 32);
    assert_int_equal(rmt_round_up(0, 16), 0);
}

static void arena_objects_are_zero_aligned_and_apart(void **state)
{
    (void)state;
    enum { COUNT = 2000 };
    rmt_arena arena;
    unsigned char *objects[COUNT];
    rmt_arena_init(&arena, 0);
    for (size_t i = 0; i < COUNT; i++) {
        size_t bytes = i * 37 % 5000;
        objects[i] = rmt_arena_alloc(&arena, bytes, 1);
        assert_non_null(objects[i]);
        assert_int_equal((uintptr_t)objects[i] % 16, 0);
        for (size_t k = 0; k < bytes; k++)
            assert_int_equal(objects[i][k], 0);
        memset(objects[i], (int)(i % 251) + 1, bytes);
    }
    for (size_t i = 0; i < COUNT; i++)
        for (size_t k = 0; k < i * 37 % 5000; k++)
            assert_int_equal(objects[i][k], i % 251 + 1);
    rmt_arena_clear(&arena);
    assert_int_equal(arena.bytes, 0);
}

static void arena_stays_in_its_limit(void **state)
{
    (void)state;
    rmt_arena arena;
    rmt_arena_init(&arena, 1000);
    assert_non_null(rmt_arena_alloc(&arena, 1, 480));
    assert_non_null(rmt_arena_alloc(&arena, 30, 16));
    assert_null(rmt_arena_alloc(&arena, 1, 41));
    assert_non_null(rmt_arena_alloc(&arena, 1, 32));
    assert_int_equal(arena.bytes, 992);
    assert_null(rmt_arena_alloc(&arena, 1, 1));
    assert_int_equal(arena.bytes, 992);
    rmt_arena_clear(&arena);
    assert_null(rmt_arena_alloc(&arena, SIZE_MAX, 2));
    assert_null(rmt_arena_alloc(&arena, SIZE_MAX, 1));
    assert_null(rmt_arena_copy_text(&arena, "", SIZE_MAX));
    assert_non_null(rmt_arena_alloc(&arena, 0, 8));
    assert_string_equal(rmt_arena_copy_text(&arena, "abcdef", 3), "abc");
    rmt_arena_clear(&arena);
}

static void a_recycled_arena_gives_the_same_memory_zeroed(void **state)
{
    (void)state;
    enum { COUNT = 50, BYTES = 3000 };
    rmt_arena arena;
    rmt_arena_init(&arena, 0);
    rmt_arena_recycle(&arena);
    assert_int_equal(rmt_arena_capacity(&arena), 0);
    size_t capacity = 0;
    for (int round = 0; round < 4; round++) {
        for (size_t i = 0; i < COUNT; i++) {
            unsigned char *object = rmt_arena_alloc(&arena, BYTES, 1);
            assert_non_null(object);
            for (size_t k = 0; k < BYTES; k++)
                assert_int_equal(object[k], 0);
            memset(object, 0xff, BYTES);
        }
        assert_true(round < 2 || rmt_arena_capacity(&arena) == capacity);
        capacity = rmt_arena_capacity(&arena);
        assert_true(arena.bytes >= COUNT * BYTES && capacity >= arena.bytes);
        rmt_arena_recycle(&arena);
        assert_int_equal(arena.bytes, 0);
    }
    rmt_arena_clear(&arena);
    assert_int_equal(rmt_arena_capacity(&arena), 0);
}

static void buffer_grows_to_its_limit_and_not_past_it(void **state)
{
    (void)state;
    rmt_buffer buffer;
    rmt_buffer_init(&buffer, 1000);
    for (int i = 0; i < 100; i++) {
        assert_true(rmt_buffer_append(&buffer, "0123456789", 10));
        assert_int_equal(buffer.data[buffer.bytes], 0);
    }
    assert_int_equal(buffer.bytes, 1000);
    assert_false(rmt_buffer_append(&buffer, "x", 1));
    assert_false(rmt_buffer_printf(&buffer, "%d", 1));
    assert_true(rmt_buffer_append(&buffer, NULL, 0));
    assert_false(rmt_buffer_append(&buffer, "x", SIZE_MAX));
    assert_int_equal(buffer.bytes, 1000);
    assert_memory_equal(buffer.data + 990, "0123456789", 11);
    rmt_buffer_clear(&buffer);
    assert_null(buffer.data);
    rmt_buffer_init(&buffer, 0);
    for (int i = 0; i < 3; i++)
        assert_true(rmt_buffer_printf(&buffer, "%s-%0100d;", "a", i));
    assert_int_equal(buffer.bytes, 309);
    assert_memory_equal(buffer.data + 206, "a-00", 4);
    rmt_buffer_clear(&buffer);
}

static void typed_arrays_grow_to_their_limit_and_not_past_it(void **state)
{
    (void)state;
    int *items = NULL;
    size_t capacity = 0, count = 0;
    while (rmt_grow((void **)&items, &capacity, count, sizeof *items, 100)) {
        items[count] = (int)count;
        count++;
    }
    assert_int_equal(count, 100);
    assert_int_equal(capacity, 100);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(items[i], i);
    assert_false(rmt_grow((void **)&items, &capacity, count, SIZE_MAX / 4, SIZE_MAX));
    assert_int_equal(capacity, 100);
    free(items);
}

static void texts_compare_as_ascii(void **state)
{
    (void)state;
    assert_true(rmt_text_starts("model.pdmodel", "model"));
    assert_false(rmt_text_starts("mod", "model"));
    assert_true(rmt_text_starts("", ""));
    assert_true(rmt_text_ends("model.pdmodel", ".pdmodel"));
    assert_false(rmt_text_ends("l", ".pdmodel"));
    assert_true(rmt_text_equal_nocase("BiLinear", "bilinEAR"));
    assert_false(rmt_text_equal_nocase("linear", "linea"));
    assert_false(rmt_text_equal_nocase("linea", "linear"));
    assert_false(rmt_text_equal_nocase("\xc3\x89", "\xc3\xa9"));
}

static void hash_is_fnv1a_and_chains(void **state)
{
    (void)state;
    assert_true(rmt_hash(RMT_HASH_START, "", 0) == UINT64_C(0xcbf29ce484222325));
    assert_true(rmt_hash(RMT_HASH_START, "a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
    assert_true(rmt_hash(RMT_HASH_START, "foobar", 6) == UINT64_C(0x85944171f73967e8));
    assert_true(rmt_hash(rmt_hash(RMT_HASH_START, "foo", 3), "bar", 3) == UINT64_C(0x85944171f73967e8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failing_fills_message_and_clears_place),
        cmocka_unit_test(the_inner_place_stays),
        cmocka_unit_test(long_messages_end_at_a_whole_character),
        cmocka_unit_test(errno_values_become_statuses),
        cmocka_unit_test(checked_arithmetic_refuses_what_does_not_fit),
        cmocka_unit_test(arena_objects_are_zero_aligned_and_apart),
        cmocka_unit_test(arena_stays_in_its_limit),
        cmocka_unit_test(a_recycled_arena_gives_the_same_memory_zeroed),
        cmocka_unit_test(buffer_grows_to_its_limit_and_not_past_it),
        cmocka_unit_test(typed_arrays_grow_to_their_limit_and_not_past_it),
        cmocka_unit_test(texts_compare_as_ascii),
        cmocka_unit_test(hash_is_fnv1a_and_chains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every room needs and no model knows: error texts, checked arithmetic,
 * arenas, growing byte buffers, strings.
 *
 * Everything here is for one thread at a time unless it says otherwise.
 */
#ifndef RMT_BASE_H
#define RMT_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ramet/status.h"

/* ---- errors ------------------------------------------------------------------------------------ */

/* Fills `error` (may be NULL) with a printf text, clears its place, returns `status`: `return rmt_fail(...)`. */
ramet_status rmt_fail(ramet_error *error, ramet_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Sets the place of an error that is already filled; an inner place that is there stays. Returns error's status. */
ramet_status rmt_fail_at(ramet_error *error, ramet_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The fixed text for exhausted memory. */
ramet_status rmt_fail_memory(ramet_error *error, size_t bytes);

/* errno of the operating system -> status and text: "cannot open 'PATH': No such file or directory". */
ramet_status rmt_fail_errno(ramet_error *error, int errnum, const char *doing, const char *path);

/* ---- checked arithmetic: false when the result does not fit --------------------------------------- */

static inline bool rmt_add_size(size_t a, size_t b, size_t *sum) { return !__builtin_add_overflow(a, b, sum); }

static inline bool rmt_mul_size(size_t a, size_t b, size_t *product) { return !__builtin_mul_overflow(a, b, product); }

static inline bool rmt_mul_i64(int64_t a, int64_t b, int64_t *product)
{
    return !__builtin_mul_overflow(a, b, product);
}

/* [offset, offset + length) lies within `size` bytes. The only form of this test that is allowed. */
static inline bool rmt_range_fits(size_t offset, size_t length, size_t size)
{
    return length <= size && offset <= size - length;
}

/* The smallest multiple of `unit` (a power of two) that is >= n. The caller knows that it fits. */
static inline size_t rmt_round_up(size_t n, size_t unit) { return (n + unit - 1) & ~(unit - 1); }

static inline int64_t rmt_min_i64(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t rmt_max_i64(int64_t a, int64_t b) { return a > b ? a : b; }

/* ---- arena: many small objects that die together --------------------------------------------------- */

/* Chunks of growing size, freed at once. Zeroed memory, aligned to 16 bytes. init / clear by the owner. */
typedef struct rmt_arena {
    struct rmt_arena_chunk *chunks;
    size_t bytes;       /* handed out */
    size_t limit_bytes; /* 0: none; past it allocation fails */
} rmt_arena;

void rmt_arena_init(rmt_arena *arena, size_t limit_bytes);
void rmt_arena_clear(rmt_arena *arena);

/*
 * The objects are gone, their memory stays for those to come: in one chunk that holds as many bytes as there were (an empty
 * arena where memory for it is exhausted).
 */
void rmt_arena_recycle(rmt_arena *arena);

/* Bytes of all chunks, whether they are handed out or not. */
size_t rmt_arena_capacity(const rmt_arena *arena);

/* NULL when memory or the limit is exhausted, or count * size overflows. count 0 gives a valid pointer. */
void *rmt_arena_alloc(rmt_arena *arena, size_t count, size_t size);

/* A NUL-terminated copy of text[0..length); NULL when memory is exhausted. */
char *rmt_arena_copy_text(rmt_arena *arena, const char *text, size_t length);

/* ---- growing array of bytes with a ceiling ----------------------------------------------------------- */

typedef struct rmt_buffer {
    unsigned char *data;                 /* NULL while empty; always followed by a NUL byte */
    size_t bytes, capacity, limit_bytes; /* limit 0: none */
} rmt_buffer;

void rmt_buffer_init(rmt_buffer *buffer, size_t limit_bytes);
void rmt_buffer_clear(rmt_buffer *buffer);
bool rmt_buffer_append(rmt_buffer *buffer, const void *data, size_t bytes);
bool rmt_buffer_printf(rmt_buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- growing typed array ------------------------------------------------------------------------------ */

/*
 * Makes room for one more element of `size` bytes in *items (from malloc; count elements, capacity *capacity),
 * at most `limit` elements. False when memory or the limit is exhausted; then nothing has changed.
 */
bool rmt_grow(void **items, size_t *capacity, size_t count, size_t size, size_t limit);

/* ---- the public border ------------------------------------------------------------------------------- */

/*
 * Reads an option struct that starts with its size: copies what both sides know into `into` (of into_bytes, zeroed
 * first; its struct_bytes becomes into_bytes). from NULL: all defaults. INVALID_ARGUMENT when the size is 0 or absurd,
 * which means that the caller forgot ramet_..._option_init().
 */
ramet_status rmt_option_read(void *into, size_t into_bytes, const void *from, ramet_error *error);

/* Detects one handle in the hands of two threads. Zeroed is free. */
typedef struct rmt_guard {
    _Atomic(uint64_t) taken; /* the process whose thread has it, 0: none */
} rmt_guard;

/* OK, or BUSY with a text that tells to clone. */
ramet_status rmt_guard_enter(rmt_guard *guard, ramet_error *error);
/*
 * To read of the handle only what never changes, as a clone does: OK also in a child whose parent has forked while another
 * of its threads was at work with the handle, which then stays taken.
 */
ramet_status rmt_guard_enter_to_clone(rmt_guard *guard, ramet_error *error);
void rmt_guard_leave(rmt_guard *guard);

/* ---- strings ---------------------------------------------------------------------------------------- */

bool rmt_text_starts(const char *text, const char *prefix);
bool rmt_text_ends(const char *text, const char *suffix);
bool rmt_text_equal_nocase(const char *a, const char *b); /* ASCII only, no locale */

/* FNV-1a over bytes; chain by passing the former result. Start with RMT_HASH_START. */
#define RMT_HASH_START UINT64_C(14695981039346656037)
uint64_t rmt_hash(uint64_t hash, const void *data, size_t bytes);

/* ---- digests ---------------------------------------------------------------------------------------- */

/* Equal for equal bytes, and for no others that turn up by accident. */
typedef struct rmt_digest {
    uint64_t low, high;
} rmt_digest;

rmt_digest rmt_digest_of(const void *data, size_t bytes);
bool rmt_digest_equal(const rmt_digest *a, const rmt_digest *b);

#endif

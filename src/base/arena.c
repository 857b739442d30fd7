/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arena: many small objects that die together.
 *
 * Objects are cut from the newest chunk; a chunk is at least as large as the
 * object that asked for it, and chunks double from 4 KiB to 1 MiB. Memory is
 * zeroed and aligned to 16 bytes. A failed allocation changes nothing.
 *
 * Large chunks are whole pages of their own: plans come and go by the thousand
 * in all sizes, and would leave holes in the heap.
 */
#include "base/base.h"

#include <stdlib.h>
#include <string.h>

#include "os/os.h"

enum { ALIGNMENT = 16, FIRST_CHUNK = 4 << 10, LARGEST_CHUNK = 1 << 20, LEAST_PAGES = 64 << 10 };

struct rmt_arena_chunk {
    struct rmt_arena_chunk *next; /* older */
    size_t used, capacity;        /* of data, bytes */
    _Alignas(ALIGNMENT) unsigned char data[];
};

static size_t whole_bytes(size_t capacity) { return capacity + sizeof(struct rmt_arena_chunk); }

static struct rmt_arena_chunk *take_chunk(size_t capacity)
{
    return capacity < LEAST_PAGES ? calloc(1, whole_bytes(capacity)) : rmt_os_pages_alloc(whole_bytes(capacity));
}

static void give_chunk(struct rmt_arena_chunk *chunk)
{
    if (chunk->capacity < LEAST_PAGES)
        free(chunk);
    else
        rmt_os_pages_free(chunk, whole_bytes(chunk->capacity));
}

void rmt_arena_init(rmt_arena *arena, size_t limit_bytes) { *arena = (rmt_arena){.limit_bytes = limit_bytes}; }

void rmt_arena_clear(rmt_arena *arena)
{
    for (struct rmt_arena_chunk *chunk = arena->chunks, *next; chunk; chunk = next) {
        next = chunk->next;
        give_chunk(chunk);
    }
    rmt_arena_init(arena, arena->limit_bytes);
}

static size_t next_capacity(const rmt_arena *arena, size_t bytes)
{
    size_t capacity = arena->chunks ? 2 * arena->chunks->capacity : FIRST_CHUNK;
    if (capacity > LARGEST_CHUNK)
        capacity = LARGEST_CHUNK;
    return capacity > bytes ? capacity : bytes;
}

static bool add_chunk(rmt_arena *arena, size_t bytes)
{
    size_t capacity = next_capacity(arena, bytes), total;
    if (!rmt_add_size(capacity, sizeof(struct rmt_arena_chunk), &total))
        return false;
    struct rmt_arena_chunk *chunk = take_chunk(capacity);
    if (!chunk)
        return false;
    chunk->capacity = capacity;
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    return true;
}

/* count * size, at least one byte, rounded up to the alignment. */
static bool object_bytes(size_t count, size_t size, size_t *bytes)
{
    size_t padded;
    if (!rmt_mul_size(count, size, bytes))
        return false;
    if (*bytes == 0)
        *bytes = 1;
    if (!rmt_add_size(*bytes, ALIGNMENT - 1, &padded))
        return false;
    *bytes = rmt_round_up(*bytes, ALIGNMENT);
    return true;
}

void rmt_arena_recycle(rmt_arena *arena)
{
    struct rmt_arena_chunk *chunk = arena->chunks;
    const size_t bytes = arena->bytes;
    if (chunk != NULL && chunk->next == NULL) {
        memset(chunk->data, 0, chunk->used);
        chunk->used = 0;
        arena->bytes = 0;
        return;
    }
    rmt_arena_clear(arena);
    if (bytes > 0)
        (void)add_chunk(arena, bytes);
}

size_t rmt_arena_capacity(const rmt_arena *arena)
{
    size_t bytes = 0;
    for (const struct rmt_arena_chunk *chunk = arena->chunks; chunk != NULL; chunk = chunk->next)
        bytes += chunk->capacity;
    return bytes;
}

void *rmt_arena_alloc(rmt_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (!object_bytes(count, size, &bytes))
        return NULL;
    if (arena->limit_bytes && !rmt_range_fits(arena->bytes, bytes, arena->limit_bytes))
        return NULL;
    struct rmt_arena_chunk *chunk = arena->chunks;
    if (!chunk || bytes > chunk->capacity - chunk->used) {
        if (!add_chunk(arena, bytes))
            return NULL;
        chunk = arena->chunks;
    }
    void *object = chunk->data + chunk->used;
    chunk->used += bytes;
    arena->bytes += bytes;
    return object;
}

char *rmt_arena_copy_text(rmt_arena *arena, const char *text, size_t length)
{
    size_t bytes;
    char *copy = rmt_add_size(length, 1, &bytes) ? rmt_arena_alloc(arena, bytes, 1) : NULL;
    if (copy && length)
        memcpy(copy, text, length);
    return copy;
}

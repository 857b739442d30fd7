/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory map of a plan: buffers that are in use during the same step must
 * not overlap, others may share memory. Largest first, each at the lowest gap
 * that holds it (greedy by size; Pisarchyk and Lee, arXiv 2001.03288).
 */
#include "plan/model.h"

#include <stdlib.h>

/* A buffer that has its offset, in a list that is sorted by offset. */
typedef struct settled {
    const rmt_plan_buffer *buffer;
    struct settled *next;
} settled;

static bool in_use_together(const rmt_plan_buffer *a, const rmt_plan_buffer *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* The smallest gap between those that are in use with `buffer` and leave room for it; behind them all otherwise. */
static int64_t best_offset(const rmt_plan_buffer *buffer, const settled *list)
{
    int64_t end = 0, best = -1, best_gap = INT64_MAX;
    for (; list != NULL; list = list->next) {
        const rmt_plan_buffer *other = list->buffer;
        if (!in_use_together(buffer, other))
            continue;
        int64_t gap = other->offset - end;
        if (gap >= buffer->bytes && gap < best_gap) {
            best = end;
            best_gap = gap;
        }
        end = rmt_max_i64(end, other->offset + other->bytes);
    }
    return best >= 0 ? best : end;
}

static void insert(settled **list, settled *item)
{
    while (*list != NULL && (*list)->buffer->offset <= item->buffer->offset)
        list = &(*list)->next;
    item->next = *list;
    *list = item;
}

static int larger_first(const void *a, const void *b)
{
    const rmt_plan_buffer *x = *(rmt_plan_buffer *const *)a, *y = *(rmt_plan_buffer *const *)b;
    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    return x < y ? -1 : x > y; /* they lie in one array: a fixed order */
}

int64_t rmt_plan_pack_buffers(rmt_plan_buffer *buffers, int32_t count, rmt_arena *memory)
{
    rmt_plan_buffer **order = rmt_arena_alloc(memory, (size_t)count, sizeof *order);
    settled *items = rmt_arena_alloc(memory, (size_t)count, sizeof *items), *list = NULL;
    if (order == NULL || items == NULL)
        return -1;
    for (int32_t i = 0; i < count; i++)
        order[i] = &buffers[i];
    qsort(order, (size_t)count, sizeof *order, larger_first);
    int64_t total = 0;
    for (int32_t i = 0; i < count; i++) {
        order[i]->offset = best_offset(order[i], list);
        total = rmt_max_i64(total, order[i]->offset + order[i]->bytes);
        items[i].buffer = order[i];
        insert(&list, &items[i]);
    }
    return total;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of texts that clones share: label names and dictionaries. One count,
 * no lock: a list does not change once it is shared.
 */
#include "vision/vision.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define TEXTS_MAX_BYTES (64U << 20)

rmt_texts *rmt_texts_create(size_t count)
{
    rmt_texts *texts = calloc(1, sizeof *texts);
    if (texts == NULL)
        return NULL;
    rmt_arena_init(&texts->arena, TEXTS_MAX_BYTES);
    atomic_init(&texts->holders, 1);
    texts->items = rmt_arena_alloc(&texts->arena, count, sizeof *texts->items);
    if (texts->items == NULL) {
        rmt_texts_release(texts);
        return NULL;
    }
    texts->count = count;
    for (size_t i = 0; i < count; i++)
        texts->items[i] = "";
    return texts;
}

bool rmt_texts_set(rmt_texts *texts, size_t index, const char *text)
{
    const char *copy = rmt_arena_copy_text(&texts->arena, text, strlen(text));
    if (copy != NULL)
        texts->items[index] = copy;
    return copy != NULL;
}

ramet_status rmt_texts_from_file(const char *path, rmt_texts **texts, ramet_error *error)
{
    rmt_lines lines;
    ramet_status status = rmt_lines_open(path, &lines, error);
    if (status != RAMET_STATUS_OK)
        return status;
    rmt_texts *made = rmt_texts_create(lines.count);
    bool complete = made != NULL;
    for (size_t i = 0; complete && i < lines.count; i++)
        complete = rmt_texts_set(made, i, lines.items[i]);
    size_t bytes = lines.arena.bytes;
    rmt_lines_close(&lines);
    if (!complete) {
        rmt_texts_release(made);
        return rmt_fail_memory(error, bytes);
    }
    *texts = made;
    return RAMET_STATUS_OK;
}

static size_t count_children(const rmt_yaml *list)
{
    size_t count = 0;
    for (const rmt_yaml *item = list->first; item != NULL; item = item->next)
        count++;
    return count;
}

ramet_status rmt_texts_from_yaml(const rmt_yaml *list, const char *path, rmt_texts **texts, ramet_error *error)
{
    size_t count = count_children(list), index = 0;
    rmt_texts *made = rmt_texts_create(count);
    if (made == NULL)
        return rmt_fail_memory(error, count * sizeof(char *));
    for (const rmt_yaml *item = list->first; item != NULL; item = item->next, index++) {
        if (item->kind != RMT_YAML_SCALAR) {
            rmt_texts_release(made);
            rmt_fail(error, RAMET_STATUS_BAD_FORMAT, "a list of texts holds something that is no text");
            return rmt_fail_at(error, RAMET_STATUS_BAD_FORMAT, "%s: line %d", path, (int)item->line);
        }
        if (!rmt_texts_set(made, index, item->text)) {
            rmt_texts_release(made);
            return rmt_fail_memory(error, strlen(item->text));
        }
    }
    *texts = made;
    return RAMET_STATUS_OK;
}

rmt_texts *rmt_texts_retain(rmt_texts *texts)
{
    if (texts != NULL)
        atomic_fetch_add_explicit(&texts->holders, 1, memory_order_relaxed);
    return texts;
}

void rmt_texts_release(rmt_texts *texts)
{
    if (texts == NULL || atomic_fetch_sub_explicit(&texts->holders, 1, memory_order_acq_rel) > 1)
        return;
    rmt_arena_clear(&texts->arena);
    free(texts);
}

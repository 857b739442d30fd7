/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A text file as its lines: one copy of the text in the arena, cut in place, and a table of the pieces. The text must be
 * UTF-8, so that whoever prints a label or a recognised character need not ask again.
 */
#include "formats/formats.h"

#include <stdlib.h>
#include <string.h>

#include "formats/limits.h"

/* Bytes of the UTF-8 character at text, 0 when it is none (overlong, a surrogate, past U+10FFFF, cut off). */
static size_t character_bytes(const unsigned char *text, size_t left)
{
    unsigned char lead = text[0];
    if (lead < 0x80)
        return 1;
    size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || bytes > left)
        return 0;
    unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    bool valid = text[1] >= low && text[1] <= high;
    for (size_t i = 2; i < bytes; i++)
        valid = valid && (text[i] & 0xC0) == 0x80;
    return valid ? bytes : 0;
}

/* Counts the lines; a last one without a line feed counts when it is not empty. */
static ramet_status check_text(const char *path, const unsigned char *text, size_t bytes, size_t *lines,
                               ramet_error *error)
{
    size_t feeds = 0;
    for (size_t at = 0; at < bytes;) {
        size_t step = character_bytes(text + at, bytes - at);
        if (step == 0 || text[at] == '\0') {
            ramet_status status = rmt_fail(error, RAMET_STATUS_BAD_FORMAT, "this is no UTF-8 text");
            return rmt_fail_at(error, status, "%.160s: line %zu", path, feeds + 1);
        }
        feeds += text[at] == '\n';
        at += step;
    }
    *lines = feeds + (bytes > 0 && text[bytes - 1] != '\n' ? 1 : 0);
    return RAMET_STATUS_OK;
}

/* text ends in a NUL byte, which ends a last line without a line feed. */
static void cut(char *text, const char **items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t length = strcspn(text, "\n");
        char *next = text + length + 1;
        items[i] = text;
        while (length > 0 && text[length - 1] == '\r')
            length--;
        text[length] = '\0';
        text = next;
    }
}

static ramet_status fill(rmt_lines *lines, const char *path, const unsigned char *text, size_t bytes,
                         ramet_error *error)
{
    size_t count = 0;
    ramet_status status = check_text(path, text, bytes, &count, error);
    if (status != RAMET_STATUS_OK)
        return status;
    char *copy = rmt_arena_copy_text(&lines->arena, (const char *)text, bytes);
    lines->items = rmt_arena_alloc(&lines->arena, count, sizeof(char *));
    if (copy == NULL || lines->items == NULL)
        return rmt_fail_memory(error, bytes);
    cut(copy, lines->items, count);
    lines->count = count;
    return RAMET_STATUS_OK;
}

ramet_status rmt_lines_open(const char *path, rmt_lines *lines, ramet_error *error)
{
    *lines = (rmt_lines){0};
    unsigned char *text = NULL;
    size_t bytes = 0;
    int failed = rmt_os_read_file(path, RMT_LIMIT_LINES_BYTES, &text, &bytes);
    if (failed != 0)
        return rmt_fail_errno(error, failed, "read", path);
    rmt_arena_init(&lines->arena, 0);
    ramet_status status = fill(lines, path, text, bytes, error);
    free(text);
    if (status != RAMET_STATUS_OK)
        rmt_lines_close(lines);
    return status;
}

void rmt_lines_close(rmt_lines *lines)
{
    rmt_arena_clear(&lines->arena);
    *lines = (rmt_lines){0};
}

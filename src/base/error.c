/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filling a caller's ramet_error.
 *
 * Texts are cut at the size of their field, never within a UTF-8 character.
 * A NULL error is legal everywhere: only the status is returned then.
 */
#include "base/base.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Drops an incomplete UTF-8 character from the end of a text that was cut. */
static void trim_cut_character(char *text)
{
    size_t length = strlen(text), tail = 0;
    while (tail < 3 && tail < length && ((unsigned char)text[length - 1 - tail] & 0xC0) == 0x80)
        tail++;
    if (tail == length)
        return;
    unsigned char lead = (unsigned char)text[length - 1 - tail];
    size_t wanted = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
    if (tail < wanted)
        text[length - 1 - tail] = 0;
}

static void print_cut(char *text, size_t room, const char *format, va_list arguments)
{
    int wanted = vsnprintf(text, room, format, arguments);
    if (wanted < 0)
        text[0] = 0;
    if (wanted >= 0 && (size_t)wanted >= room)
        trim_cut_character(text);
}

ramet_status rmt_fail(ramet_error *error, ramet_status status, const char *format, ...)
{
    if (!error)
        return status;
    va_list arguments;
    va_start(arguments, format);
    print_cut(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    error->place[0] = 0;
    error->status = status;
    return status;
}

ramet_status rmt_fail_at(ramet_error *error, ramet_status status, const char *format, ...)
{
    if (!error || error->place[0])
        return status;
    va_list arguments;
    va_start(arguments, format);
    print_cut(error->place, sizeof error->place, format, arguments);
    va_end(arguments);
    return status;
}

ramet_status rmt_fail_memory(ramet_error *error, size_t bytes)
{
    return rmt_fail(error, RAMET_STATUS_OUT_OF_MEMORY, "no memory left for %zu bytes", bytes);
}

static ramet_status status_of_errno(int errnum)
{
    switch (errnum) {
    case ENOENT:
    case ENOTDIR: return RAMET_STATUS_NOT_FOUND;
    case ENOMEM: return RAMET_STATUS_OUT_OF_MEMORY;
    case EFBIG: return RAMET_STATUS_OVER_BUDGET;
    default: return RAMET_STATUS_IO;
    }
}

ramet_status rmt_fail_errno(ramet_error *error, int errnum, const char *doing, const char *path)
{
    char room[96];
    return rmt_fail(error, status_of_errno(errnum), "cannot %s '%s': %s", doing, path,
                    strerror_r(errnum, room, sizeof room));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What every part of the command needs: messages, lists of texts, the distance of words, a clock, folders. */
#include "cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

void cli_complain(const char *format, ...)
{
    flockfile(stderr);
    fputs("ramet: ", stderr);
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    funlockfile(stderr);
}

void cli_error_print(const ramet_error *error, char *text, size_t size)
{
    const char *message = error->message[0] ? error->message : ramet_status_name(error->status);
    if (error->place[0])
        snprintf(text, size, "%s (%s)", message, error->place);
    else
        snprintf(text, size, "%s", message);
}

int cli_complain_error(const ramet_error *error)
{
    char text[sizeof error->message + sizeof error->place + 4];
    cli_error_print(error, text, sizeof text);
    cli_complain("%s", text);
    return CLI_EXIT_USAGE;
}

ramet_status cli_fail(ramet_error *error, ramet_status status, const char *format, ...)
{
    *error = (ramet_error){.status = status};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    return status;
}

void *cli_must(void *pointer)
{
    if (!pointer) {
        cli_complain("no memory left");
        _Exit(CLI_EXIT_USAGE); /* other threads are at work: nothing is torn down under them */
    }
    return pointer;
}

void cli_texts_add(cli_texts *texts, const char *text)
{
    if (texts->count == texts->capacity) {
        texts->capacity = texts->capacity ? 2 * texts->capacity : 16;
        texts->items = cli_must(reallocarray(texts->items, texts->capacity, sizeof *texts->items));
    }
    texts->items[texts->count++] = cli_must(strdup(text));
}

void cli_texts_clear(cli_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++)
        free(texts->items[i]);
    free(texts->items);
    *texts = (cli_texts){0};
}

ramet_status cli_own_command(cli_texts *words, const char *const *more, size_t count, ramet_error *error)
{
    char *word = NULL;
    size_t room = 0;
    FILE *file = fopen("/proc/self/cmdline", "re");
    if (!file)
        return cli_fail(error, RAMET_STATUS_IO, "cannot read /proc/self/cmdline: %s", strerror(errno));
    while (getdelim(&word, &room, 0, file) > 0) {
        cli_texts_add(words, words->count == 0 ? "/proc/self/exe" : word);
        bool is_verb = words->count == 2;
        for (size_t i = 0; is_verb && i < count; i++)
            cli_texts_add(words, more[i]);
    }
    free(word);
    fclose(file);
    words->items = cli_must(reallocarray(words->items, words->count + 1, sizeof *words->items));
    words->items[words->count] = NULL;
    words->capacity = words->count + 1;
    return RAMET_STATUS_OK;
}

static size_t least_of(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

size_t cli_word_distance(const char *a, const char *b)
{
    enum { LONGEST = 63 };
    size_t length = strlen(b), row[LONGEST + 1]; /* row[j]: edits from the part of a read so far to b[0..j) */
    if (length > LONGEST)
        return SIZE_MAX;
    for (size_t j = 0; j <= length; j++)
        row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < length; j++) {
            size_t changed = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            row[j + 1] = least_of(row[j] + 1, diagonal + 1, changed);
        }
    }
    return row[length];
}

double cli_now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static ramet_status make_one_folder(const char *path, ramet_error *error)
{
    struct stat info;
    if (mkdir(path, 0777) == 0 || (errno == EEXIST && stat(path, &info) == 0 && S_ISDIR(info.st_mode)))
        return RAMET_STATUS_OK;
    return cli_fail(error, RAMET_STATUS_IO, "cannot make the folder '%s': %s", path, strerror(errno));
}

ramet_status cli_make_folder(const char *path, ramet_error *error)
{
    char *above = cli_must(strdup(path));
    ramet_status status = RAMET_STATUS_OK;
    for (char *slash = strchr(above + (*above == '/'), '/'); slash && !status; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        status = make_one_folder(above, error);
        *slash = '/';
    }
    free(above);
    return status ? status : make_one_folder(path, error);
}

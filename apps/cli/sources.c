/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what the user names to paths of images.
 *
 * A folder is walked by sorted names and gives the files whose extension is
 * that of an image; a file that is named itself is taken whatever it is called.
 * Nothing that was named is left out silently: what cannot be read stays in the
 * list and fails when its turn comes.
 */
#include "cli.h"

#include <errno.h>
#include <fts.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { DEEPEST_FOLDER = 32 };

static bool has_image_extension(const char *name)
{
    static const char *const extensions[] = {".jpg", ".jpeg", ".jpe", ".png", ".bmp", ".dib",
                                             ".pbm", ".pgm",  ".ppm", ".pnm", ".webp"};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < CLI_COUNT(extensions); i++)
        if (!strcasecmp(dot, extensions[i]))
            return true;
    return false;
}

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static bool exists(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0;
}

/* ---- folders --------------------------------------------------------------------------------------------- */

static int compare_names(const FTSENT **a, const FTSENT **b) { return strcmp((*a)->fts_name, (*b)->fts_name); }

static ramet_status add_entry(const FTSENT *entry, cli_texts *paths, ramet_error *error)
{
    switch (entry->fts_info) {
    case FTS_D:
        if (entry->fts_level > DEEPEST_FOLDER) {
            return cli_fail(error, RAMET_STATUS_OVER_BUDGET, "'%s' lies more than %d folders deep", entry->fts_path,
                            DEEPEST_FOLDER);
        }
        break;
    case FTS_DC: /* a link to a folder that is being walked */
    case FTS_DP: break;
    case FTS_DNR:
    case FTS_ERR: cli_texts_add(paths, entry->fts_path); break;
    default:
        if (has_image_extension(entry->fts_name))
            cli_texts_add(paths, entry->fts_path);
    }
    return RAMET_STATUS_OK;
}

static ramet_status add_folder(const char *path, cli_texts *paths, ramet_error *error)
{
    char *const roots[] = {cli_must(strdup(path)), NULL};
    FTS *walk = cli_must(fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, compare_names));
    ramet_status status = RAMET_STATUS_OK;
    errno = 0;
    for (FTSENT *entry = fts_read(walk); entry && !status; entry = fts_read(walk)) {
        status = add_entry(entry, paths, error);
        errno = 0;
    }
    if (!status && errno)
        status = cli_fail(error, RAMET_STATUS_IO, "cannot walk the folder '%s': %s", path, strerror(errno));
    fts_close(walk);
    free(roots[0]);
    return status;
}

static ramet_status add_path(const char *path, cli_texts *paths, ramet_error *error)
{
    if (is_folder(path))
        return add_folder(path, paths, error);
    cli_texts_add(paths, path);
    return RAMET_STATUS_OK;
}

/* ---- patterns -------------------------------------------------------------------------------------------- */

static ramet_status add_pattern(const char *pattern, cli_texts *paths, ramet_error *error)
{
    glob_t found;
    int failed = glob(pattern, 0, NULL, &found);
    if (failed == GLOB_NOMATCH)
        return cli_fail(error, RAMET_STATUS_NOT_FOUND, "no file matches '%s'", pattern);
    if (failed)
        return cli_fail(error, RAMET_STATUS_IO, "cannot look for '%s'", pattern);
    ramet_status status = RAMET_STATUS_OK;
    for (size_t i = 0; i < found.gl_pathc && !status; i++)
        status = add_path(found.gl_pathv[i], paths, error);
    globfree(&found);
    return status;
}

/* ---- lists ----------------------------------------------------------------------------------------------- */

static ramet_status add_lines(FILE *list, const char *name, cli_texts *paths, ramet_error *error)
{
    char *line = NULL;
    size_t capacity = 0;
    ramet_status status = RAMET_STATUS_OK;
    while (!status && getline(&line, &capacity, list) >= 0) {
        line[strcspn(line, "\r\n")] = 0;
        if (*line)
            status = add_path(line, paths, error);
    }
    if (!status && ferror(list))
        status = cli_fail(error, RAMET_STATUS_IO, "cannot read the list '%s': %s", name, strerror(errno));
    free(line);
    return status;
}

static ramet_status add_list(const char *name, cli_texts *paths, ramet_error *error)
{
    FILE *list = fopen(name, "re");
    if (!list)
        return cli_fail(error, RAMET_STATUS_NOT_FOUND, "cannot open the list '%s': %s", name, strerror(errno));
    ramet_status status = add_lines(list, name, paths, error);
    fclose(list);
    return status;
}

/* ---- all of them ----------------------------------------------------------------------------------------- */

static ramet_status add_source(const char *source, cli_texts *paths, ramet_error *error)
{
    if (!strcmp(source, "-"))
        return add_lines(stdin, "-", paths, error);
    if (exists(source))
        return add_path(source, paths, error);
    if (*source == '@')
        return add_list(source + 1, paths, error);
    if (strpbrk(source, "*?["))
        return add_pattern(source, paths, error);
    return add_path(source, paths, error);
}

ramet_status cli_sources_expand(const cli_texts *given, cli_texts *paths, ramet_error *error)
{
    ramet_status status = RAMET_STATUS_OK;
    for (size_t i = 0; i < given->count && !status; i++)
        status = add_source(given->items[i], paths, error);
    if (!status && !given->count) {
        status = cli_fail(error, RAMET_STATUS_NOT_FOUND,
                          "no image was named; --image_path takes a file, a folder, "
                          "a 'glob*.jpg', @list.txt or -");
    } else if (!status && !paths->count) {
        status = cli_fail(error, RAMET_STATUS_NOT_FOUND, "no image found in '%s'%s", given->items[0],
                          given->count > 1 ? " and the others" : "");
    }
    return status;
}

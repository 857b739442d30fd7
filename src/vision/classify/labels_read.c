/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The label names of a form of PostProcess.
 *
 * Names come from its label_list, in the order of the classes, or from the
 * lines "ID NAME" of its class_id_map_file, which may stand beside the
 * configuration. As in PaddleClas a file that is not there means no names.
 */
#include "vision/classify/classify.h"

#include <stdio.h>
#include <string.h>

#define MAX_LABELS 1000000

/* ---- a file of "ID NAME" ----------------------------------------------------------------------------------------- */

/* "12 tench": *id = 12; returns the name, NULL when the line has no number. */
static const char *split_line(const char *line, int64_t *id)
{
    const char *at = line;
    *id = 0;
    while (*at >= '0' && *at <= '9' && *id <= MAX_LABELS)
        *id = *id * 10 + (*at++ - '0');
    if (at == line || (*at != ' ' && *at != '\0'))
        return NULL;
    return *at == ' ' ? at + 1 : at;
}

static ramet_status bad_line(const char *path, size_t line, ramet_error *error)
{
    rmt_fail(error, RAMET_STATUS_BAD_FORMAT, "a line of a class map must be 'ID NAME' with an ID below %d", MAX_LABELS);
    return rmt_fail_at(error, RAMET_STATUS_BAD_FORMAT, "%.160s: line %zu", path, line + 1);
}

static ramet_status count_labels(const rmt_lines *lines, const char *path, size_t *count, ramet_error *error)
{
    *count = 0;
    for (size_t i = 0; i < lines->count; i++) {
        int64_t id;
        if (lines->items[i][0] == '\0')
            continue;
        if (split_line(lines->items[i], &id) == NULL || id >= MAX_LABELS)
            return bad_line(path, i, error);
        *count = (size_t)id >= *count ? (size_t)id + 1 : *count;
    }
    return RAMET_STATUS_OK;
}

static ramet_status labels_of_lines(const rmt_lines *lines, const char *path, rmt_texts **labels, ramet_error *error)
{
    size_t count;
    ramet_status status = count_labels(lines, path, &count, error);
    if (status != RAMET_STATUS_OK)
        return status;
    rmt_texts *made = rmt_texts_create(count);
    bool complete = made != NULL;
    for (size_t i = 0; complete && i < lines->count; i++) {
        int64_t id;
        const char *name = lines->items[i][0] != '\0' ? split_line(lines->items[i], &id) : NULL;
        complete = name == NULL || rmt_texts_set(made, (size_t)id, name);
    }
    if (!complete) {
        rmt_texts_release(made);
        return rmt_fail_memory(error, count * sizeof(char *));
    }
    *labels = made;
    return RAMET_STATUS_OK;
}

/* The path as it is written, or beside the configuration; NOT_FOUND is no failure. */
static ramet_status open_map_file(const rmt_yaml_file *file, const char *name, rmt_lines *lines, ramet_error *error)
{
    char beside[RMT_PATH_BYTES];
    const char *slash = strrchr(file->path, '/');
    int folder = slash != NULL ? (int)(slash - file->path) + 1 : 0;
    ramet_status status = rmt_lines_open(name, lines, error);
    if (status != RAMET_STATUS_NOT_FOUND || name[0] == '/')
        return status;
    int length = snprintf(beside, sizeof beside, "%.*s%s", folder, file->path, name);
    return length > 0 && (size_t)length < sizeof beside ? rmt_lines_open(beside, lines, error) : status;
}

static ramet_status labels_of_file(const rmt_yaml_file *file, const char *name, rmt_texts **labels, ramet_error *error)
{
    rmt_lines lines;
    ramet_error failure = {0};
    ramet_status status = open_map_file(file, name, &lines, &failure);
    if (status == RAMET_STATUS_NOT_FOUND)
        return RAMET_STATUS_OK;
    if (status != RAMET_STATUS_OK) {
        if (error != NULL)
            *error = failure;
        return status;
    }
    status = labels_of_lines(&lines, name, labels, error);
    rmt_lines_close(&lines);
    return status;
}

/* ---- a form of PostProcess --------------------------------------------------------------------------------------- */

ramet_status rmt_labels_read(const rmt_yaml_file *file, const rmt_yaml *form, rmt_texts **labels, ramet_error *error)
{
    const rmt_yaml *list = rmt_yaml_get(form, "label_list"), *map_file = rmt_yaml_get(form, "class_id_map_file");
    *labels = NULL;
    if (list != NULL && list->kind == RMT_YAML_LIST)
        return rmt_texts_from_yaml(list, file->path, labels, error);
    if (!rmt_yaml_is_null(map_file) && map_file->kind == RMT_YAML_SCALAR)
        return labels_of_file(file, map_file->text, labels, error);
    return RAMET_STATUS_OK;
}

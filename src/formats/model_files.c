/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a model's files are. The program is found first, by one of the usual names or as the only one of its kind; the
 * parameters carry its name with another ending; the configuration has one of a few names in the same folder. What the
 * caller names is taken as it is.
 */
#include "formats/formats.h"

#include <stdio.h>
#include <string.h>

static const char *const program_names[] = {"inference.json", "inference.pdmodel", "model.json", "model.pdmodel",
                                            "inference.onnx", "model.onnx",        "__model__",  NULL};
static const char *const program_endings[] = {".json", ".pdmodel", ".onnx", NULL};
static const char *const config_names[] = {"inference.yml", "inference_cls.yaml", "infer_cfg.yml", "deploy.yaml", NULL};

static ramet_status join(char *path, const char *folder, size_t folder_bytes, const char *name, ramet_error *error)
{
    bool separate = folder_bytes > 0 && folder[folder_bytes - 1] != '/';
    int wanted = folder_bytes < RMT_PATH_BYTES
                     ? snprintf(path, RMT_PATH_BYTES, "%.*s%s%s", (int)folder_bytes, folder, separate ? "/" : "", name)
                     : RMT_PATH_BYTES;
    if (wanted >= 0 && wanted < RMT_PATH_BYTES)
        return RAMET_STATUS_OK;
    path[0] = '\0';
    return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "a path of more than %d bytes", RMT_PATH_BYTES - 1);
}

/* The first of the names that is a file in the folder; an empty path when none is. */
static ramet_status find_first(char *path, const char *folder, size_t folder_bytes, const char *const *names,
                               ramet_error *error)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        ramet_status status = join(path, folder, folder_bytes, names[i], error);
        if (status != RAMET_STATUS_OK || rmt_os_is_file(path))
            return status;
    }
    path[0] = '\0';
    return RAMET_STATUS_OK;
}

/* The program of a folder whose files have names of their own. */
typedef struct search {
    const char *folder, *ending;
    size_t found;
    char *path; /* of the first that was found */
    ramet_status status;
    ramet_error *error;
} search;

/* Other things are written in JSON, too: a program of that kind has its parameters beside it. */
static bool is_program(const char *path, const char *ending)
{
    static const char params[] = ".pdiparams";
    char beside[RMT_PATH_BYTES + sizeof(params)];
    int stem_bytes = (int)(strlen(path) - strlen(ending));
    (void)snprintf(beside, sizeof(beside), "%.*s%s", stem_bytes, path, params);
    return rmt_os_is_file(path) && (strcmp(ending, ".json") != 0 || rmt_os_is_file(beside));
}

static bool see_name(void *context, const char *name)
{
    search *s = context;
    char path[RMT_PATH_BYTES];
    if (!rmt_text_ends(name, s->ending) || strlen(name) == strlen(s->ending))
        return true;
    s->status = join(path, s->folder, strlen(s->folder), name, s->error);
    if (s->status != RAMET_STATUS_OK || !is_program(path, s->ending))
        return s->status == RAMET_STATUS_OK;
    if (s->found++ == 0)
        memcpy(s->path, path, sizeof(path));
    return s->found < 2;
}

/* The only file with one of the endings, tried in their order; an empty path when there is none. */
static ramet_status find_only(const char *folder, char *path, ramet_error *error)
{
    search s = {.folder = folder, .path = path, .error = error};
    path[0] = '\0';
    for (size_t i = 0; program_endings[i] != NULL && s.found == 0 && s.status == RAMET_STATUS_OK; i++) {
        s.ending = program_endings[i];
        int failed = rmt_os_each_name(folder, see_name, &s);
        if (failed != 0)
            return rmt_fail_errno(error, failed, "read the folder", folder);
    }
    if (s.found < 2)
        return s.status;
    path[0] = '\0';
    return rmt_fail(error, RAMET_STATUS_NOT_FOUND, "more than one *%s in the folder '%s': name the one that is meant",
                    s.ending, folder);
}

static ramet_status find_program(const char *model, char *path, ramet_error *error)
{
    if (rmt_os_is_file(model))
        return join(path, "", 0, model, error);
    if (!rmt_os_is_folder(model))
        return rmt_fail(error, RAMET_STATUS_NOT_FOUND, "there is no model '%s'", model);
    ramet_status status = find_first(path, model, strlen(model), program_names, error);
    if (status == RAMET_STATUS_OK && path[0] == '\0')
        status = find_only(model, path, error);
    if (status == RAMET_STATUS_OK && path[0] == '\0') {
        status = rmt_fail(error, RAMET_STATUS_NOT_FOUND,
                          "no program in the folder '%s': neither inference.json, inference.pdmodel, model.pdmodel, "
                          "__model__, nor one *.json, *.pdmodel or *.onnx",
                          model);
    }
    return status;
}

static ramet_status take(const char *named, char *path, ramet_error *error)
{
    if (!rmt_os_is_file(named))
        return rmt_fail(error, RAMET_STATUS_NOT_FOUND, "there is no file '%s'", named);
    return join(path, "", 0, named, error);
}

/* "a/inference.pdmodel" -> "a/inference.pdiparams", "a/__model__" -> "a/__params__"; an empty path when that is none. */
static ramet_status find_params(const char *program, size_t folder_bytes, char *path, ramet_error *error)
{
    const char *name = program + folder_bytes;
    const char *dot = strrchr(name, '.');
    size_t stem_bytes = dot != NULL ? (size_t)(dot - program) : strlen(program);
    ramet_status status = RAMET_STATUS_OK;
    if (strcmp(name, "__model__") == 0) {
        status = join(path, program, folder_bytes, "__params__", error);
    } else {
        int wanted = snprintf(path, RMT_PATH_BYTES, "%.*s.pdiparams", (int)stem_bytes, program);
        if (wanted < 0 || wanted >= RMT_PATH_BYTES)
            path[0] = '\0';
    }
    if (!rmt_os_is_file(path))
        path[0] = '\0';
    return status;
}

ramet_status rmt_model_files_find(const char *model, const char *params, const char *config, rmt_model_files *files,
                                  ramet_error *error)
{
    memset(files, 0, sizeof(*files));
    ramet_status status = find_program(model, files->program, error);
    const char *slash = strrchr(files->program, '/');
    size_t folder_bytes = slash != NULL ? (size_t)(slash - files->program) + 1 : 0;
    if (status == RAMET_STATUS_OK) {
        status = params != NULL ? take(params, files->params, error)
                                : find_params(files->program, folder_bytes, files->params, error);
    }
    if (status == RAMET_STATUS_OK) {
        status = config != NULL ? take(config, files->config, error)
                                : find_first(files->config, files->program, folder_bytes, config_names, error);
    }
    return status;
}

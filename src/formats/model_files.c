/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a model's files are. The program is found first; the parameters carry its name with another ending; the
 * configuration has one of a few names in the same folder. What the caller names is taken as it is.
 */
#include "formats/formats.h"

#include <stdio.h>
#include <string.h>

static const char *const program_names[] = {"inference.json", "inference.pdmodel", "model.pdmodel", "__model__", NULL};
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

static ramet_status find_program(const char *model, char *path, ramet_error *error)
{
    if (rmt_os_is_file(model))
        return join(path, "", 0, model, error);
    if (!rmt_os_is_folder(model))
        return rmt_fail(error, RAMET_STATUS_NOT_FOUND, "there is no model '%s'", model);
    ramet_status status = find_first(path, model, strlen(model), program_names, error);
    if (status == RAMET_STATUS_OK && path[0] == '\0') {
        status = rmt_fail(error, RAMET_STATUS_NOT_FOUND,
                          "no program in the folder '%s': neither inference.json, inference.pdmodel, model.pdmodel nor "
                          "__model__",
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

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plug-ins: where they are looked for, and what is said when there is none.
 *
 * Nothing is kept here: the loader counts what is loaded, and loading again
 * gives the same library.
 */
#include "runtime/plugin_load.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "os/os.h"

enum { PATH_ROOM = 4096, REASON_ROOM = 512 };

static bool name_beside(const char *name, char *path, size_t room)
{
    char folder[PATH_ROOM];
    if (!rmt_os_own_folder(folder, sizeof folder))
        return false;
    int length = snprintf(path, room, "%slibramet_%s.so", folder, name);
    return length > 0 && (size_t)length < room && rmt_os_is_file(path);
}

bool rmt_plugin_is_beside(const char *name)
{
    char path[PATH_ROOM];
    return name_beside(name, path, sizeof path);
}

/* ---- the engine's own libraries ---------------------------------------------------------------------------------- */

typedef struct library_search {
    const char *begins;
    char found[256]; /* the last name that begins so; "": none */
} library_search;

static bool see_library(void *context, const char *name)
{
    library_search *search = context;
    if (rmt_text_starts(name, search->begins) && strlen(name) < sizeof search->found)
        memcpy(search->found, name, strlen(name) + 1);
    return true;
}

/* Once loaded from there, a library serves whoever needs one of its name. */
static ramet_status load_engine_libraries(const char *folder, const char *begins, ramet_error *error)
{
    library_search search = {.begins = begins};
    char path[PATH_ROOM], reason[REASON_ROOM];
    int failed = rmt_os_each_name(folder, see_library, &search);
    if (failed)
        return rmt_fail_errno(error, failed, "look into engine_libraries", folder);
    int length = snprintf(path, sizeof path, "%s/%s", folder, search.found);
    if (search.found[0] == '\0' || length < 0 || (size_t)length >= sizeof path)
        return rmt_fail(error, RAMET_STATUS_UNSUPPORTED, "engine_libraries: no %s* in '%.200s'", begins, folder);
    if (rmt_os_library_open(path, reason, sizeof reason) == NULL)
        return rmt_fail(error, RAMET_STATUS_UNSUPPORTED, "engine_libraries: %s", reason);
    return RAMET_STATUS_OK;
}

/* ---- the plug-in ------------------------------------------------------------------------------------------------- */

static ramet_status check_plugin(void *library, const char *name, const char *path, const rmt_plugin **plugin,
                                 ramet_error *error)
{
    void *symbol = rmt_os_library_symbol(library, RMT_PLUGIN_ENTRY);
    rmt_plugin_entry entry = NULL;
    memcpy(&entry, &symbol, sizeof entry);
    if (entry == NULL)
        return rmt_fail(error, RAMET_STATUS_UNSUPPORTED, "'%.200s' is no plug-in of ramet", path);
    const rmt_plugin *table = entry();
    if (table->interface != RMT_PLUGIN_INTERFACE)
        return rmt_fail(
            error, RAMET_STATUS_UNSUPPORTED,
            "'%.200s' is of another version of ramet (interface %u, this is %u); install the one that belongs "
            "to this library",
            path, (unsigned)table->interface, (unsigned)RMT_PLUGIN_INTERFACE);
    if (strcmp(table->name, name) != 0)
        return rmt_fail(error, RAMET_STATUS_UNSUPPORTED, "'%.200s' is a plug-in for %.60s, not for %s", path,
                        table->name, name);
    *plugin = table;
    return RAMET_STATUS_OK;
}

/* The loader names the file that it lacks, which may be one that the plug-in needs. */
static ramet_status fail_load(const char *name, const char *path, const char *reason, ramet_error *error)
{
    if (!rmt_text_starts(reason, path))
        return rmt_fail(error, RAMET_STATUS_UNSUPPORTED,
                        "the engine %s lacks its libraries: %.180s; `make %s` fetches them, engine_libraries names a "
                        "folder that has them",
                        name, reason, name);
    if (strchr(path, '/') != NULL)
        return rmt_fail(error, RAMET_STATUS_UNSUPPORTED, "the plug-in cannot be loaded: %.300s", reason);
    return rmt_fail(
        error, RAMET_STATUS_UNSUPPORTED,
        "the engine %s is not installed: there is no %s beside libramet.so; `make %s` builds it, plugin_file "
        "names one elsewhere, and the native engine needs nothing",
        name, path, name);
}

ramet_status rmt_plugin_load(const char *name, const char *first_library, const ramet_runtime_option *option,
                             const rmt_plugin **plugin, ramet_error *error)
{
    char path[PATH_ROOM], reason[REASON_ROOM] = "";
    ramet_status status = RAMET_STATUS_OK;
    if (option->engine_libraries != NULL)
        status = load_engine_libraries(option->engine_libraries, first_library, error);
    if (status != RAMET_STATUS_OK)
        return status;
    if (option->plugin_file != NULL) {
        if (!rmt_os_is_file(option->plugin_file))
            return rmt_fail(error, RAMET_STATUS_NOT_FOUND, "plugin_file: there is no file '%.200s'",
                            option->plugin_file);
        (void)snprintf(path, sizeof path, "%s%s", strchr(option->plugin_file, '/') != NULL ? "" : "./",
                       option->plugin_file);
    } else if (!name_beside(name, path, sizeof path)) {
        (void)snprintf(path, sizeof path, "libramet_%s.so", name);
    }
    void *library = rmt_os_library_open(path, reason, sizeof reason);
    if (library == NULL)
        return fail_load(name, path, reason, error);
    return check_plugin(library, name, path, plugin, error);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared libraries that are loaded on request, and where this code itself lies.
 *
 * A library that was loaded stays: engines have threads and thread-local
 * destructors of their own, which unloading would pull the ground from under.
 */
#include "os/os.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

void *rmt_os_library_open(const char *path, char *text, size_t room)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (library == NULL) {
        const char *said = dlerror();
        (void)snprintf(text, room, "%s", said != NULL ? said : "no reason given");
    }
    return library;
}

void *rmt_os_library_symbol(void *library, const char *name) { return dlsym(library, name); }

bool rmt_os_own_folder(char *path, size_t room)
{
    static const char anchor = 0;
    Dl_info info;
    if (dladdr(&anchor, &info) == 0 || info.dli_fname == NULL)
        return false;
    const char *slash = strrchr(info.dli_fname, '/');
    size_t length = slash != NULL ? (size_t)(slash - info.dli_fname) + 1 : 0;
    if (length == 0 || length >= room)
        return false;
    memcpy(path, info.dli_fname, length);
    path[length] = '\0';
    return true;
}

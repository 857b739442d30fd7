/* SPDX-License-Identifier: Apache-2.0 */
/* Finding and loading the plug-in of an engine. */
#ifndef RMT_PLUGIN_LOAD_H
#define RMT_PLUGIN_LOAD_H

#include <stdbool.h>

#include "ramet/runtime.h"
#include "runtime/plugin.h"

/*
 * Loads libramet_NAME.so: from option->plugin_file; or else from the folder of this library; or else wherever the loader
 * finds it. option->engine_libraries is searched first for what the engine itself is made of, in files that begin with
 * `first_library`.
 *
 * Errors: UNSUPPORTED, with what is missing and how to get it.
 */
ramet_status rmt_plugin_load(const char *name, const char *first_library, const ramet_runtime_option *option,
                             const rmt_plugin **plugin, ramet_error *error);

/* There is a file where rmt_plugin_load() looks second. Nothing is loaded. */
bool rmt_plugin_is_beside(const char *name);

#endif

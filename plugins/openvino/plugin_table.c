/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine OpenVINO as a plug-in: its table, and error texts.
 *
 * Everything goes through OpenVINO's C interface, which catches what its C++
 * throws and keeps the last message of each thread.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "openvino_plugin.h"

/* ---- errors ---------------------------------------------------------------------------------------------------- */

ramet_status plugin_fail(ramet_error *error, ramet_status status, const char *format, ...)
{
    if (error == NULL)
        return status;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    error->place[0] = '\0';
    error->status = status;
    return status;
}

/* "Exception from FILE:LINE:" and "Check '...' failed at FILE:LINE:" say nothing to a user. */
static bool is_internal(const char *line)
{
    static const char *const heads[] = {"Exception from ", "Check '", "FrontEnd API failed", "While validating node"};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        if (strncmp(line, heads[i], strlen(heads[i])) == 0)
            return true;
    return line[strspn(line, " \t")] == '\0';
}

/* The lines for users, on one line, cut to room. */
static void keep_reason(char *message, char *reason, size_t room)
{
    char *rest = NULL;
    size_t length = 0;
    reason[0] = '\0';
    for (char *line = strtok_r(message, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        if (is_internal(line) || length + 2 >= room)
            continue;
        int written = snprintf(reason + length, room - length, "%s%s", length > 0 ? " " : "", line);
        length += written > 0 ? (size_t)written : 0;
    }
}

ramet_status plugin_check(ov_status_e code, ramet_status status, const char *doing, ramet_error *error)
{
    if (code == OK)
        return RAMET_STATUS_OK;
    char message[4096], reason[300];
    const char *said = ov_get_last_err_msg(); /* a copy */
    (void)snprintf(message, sizeof message, "%s", said != NULL ? said : "");
    ov_free(said);
    keep_reason(message, reason, sizeof reason);
    return plugin_fail(error, status, "OpenVINO %s: %s", doing, reason[0] != '\0' ? reason : ov_get_error_info(code));
}

/* ---- the table ------------------------------------------------------------------------------------------------- */

static ramet_status plugin_version(char *text, size_t room, ramet_error *error)
{
    ov_version_t version = {0};
    ramet_status status =
        plugin_check(ov_get_openvino_version(&version), RAMET_STATUS_UNSUPPORTED, "does not tell its version", error);
    if (status == RAMET_STATUS_OK)
        (void)snprintf(text, room, "%s", version.buildNumber);
    ov_version_free(&version);
    return status;
}

__attribute__((visibility("default"))) const rmt_plugin *ramet_plugin_engine(void);

const rmt_plugin *ramet_plugin_engine(void)
{
    static const rmt_plugin table = {.interface = RMT_PLUGIN_INTERFACE,
                                     .name = "openvino",
                                     .version = plugin_version,
                                     .open = plugin_open,
                                     .close = plugin_close,
                                     .describe = plugin_describe,
                                     .request_open = plugin_request_open,
                                     .request_close = plugin_request_close,
                                     .run = plugin_run};
    return &table;
}

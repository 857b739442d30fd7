/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of the public interface that belong to no object: names of
 * statuses and the version.
 */
#include "ramet/status.h"

#define TEXT_OF_NUMBER(number) #number
#define TEXT_OF(number) TEXT_OF_NUMBER(number)

const char *ramet_status_name(ramet_status status)
{
    switch (status) {
    case RAMET_STATUS_OK: return "ok";
    case RAMET_STATUS_INVALID_ARGUMENT: return "invalid argument";
    case RAMET_STATUS_NOT_FOUND: return "not found";
    case RAMET_STATUS_IO: return "input/output error";
    case RAMET_STATUS_BAD_FORMAT: return "bad format";
    case RAMET_STATUS_UNSUPPORTED: return "unsupported";
    case RAMET_STATUS_BAD_SHAPE: return "bad shape";
    case RAMET_STATUS_OUT_OF_MEMORY: return "out of memory";
    case RAMET_STATUS_OVER_BUDGET: return "over budget";
    case RAMET_STATUS_BUSY: return "busy";
    case RAMET_STATUS_INTERNAL: return "internal error";
    }
    return "unknown status";
}

const char *ramet_version(void)
{
    return TEXT_OF(RAMET_VERSION_MAJOR) "." TEXT_OF(RAMET_VERSION_MINOR) "." TEXT_OF(RAMET_VERSION_PATCH);
}

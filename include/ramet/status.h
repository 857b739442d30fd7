/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Status codes and error texts, the same for every call of ramet.
 *
 * A fallible function returns a ramet_status and, when the caller passes a
 * ramet_error, fills it with a sentence and a place (file and offset, or
 * operator and tensor). The error belongs to the caller, has a fixed size and
 * is never allocated; NULL is always allowed. The library never prints, never
 * exits and never aborts.
 */
#ifndef RAMET_STATUS_H
#define RAMET_STATUS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define RAMET_API __attribute__((visibility("default")))
#else
#define RAMET_API
#endif

#define RAMET_VERSION_MAJOR 0
#define RAMET_VERSION_MINOR 1
#define RAMET_VERSION_PATCH 0

typedef enum ramet_status {
    RAMET_STATUS_OK = 0,
    RAMET_STATUS_INVALID_ARGUMENT, /* the call itself is wrong: a NULL, a negative size, an unknown name */
    RAMET_STATUS_NOT_FOUND,        /* no such file, folder, tensor or label */
    RAMET_STATUS_IO,               /* the system refused to read, write or map */
    RAMET_STATUS_BAD_FORMAT,       /* the bytes are not what they claim to be: damaged or foreign file */
    RAMET_STATUS_UNSUPPORTED,      /* understood, but ramet cannot do it: unknown operator, absent engine */
    RAMET_STATUS_BAD_SHAPE,        /* tensors or images whose sizes do not fit together */
    RAMET_STATUS_OUT_OF_MEMORY,    /* the system has no memory left */
    RAMET_STATUS_OVER_BUDGET,      /* refused before allocating: over a limit that the caller set or the default one */
    RAMET_STATUS_BUSY,             /* one handle used by two threads at once */
    RAMET_STATUS_INTERNAL          /* a defect in ramet */
} ramet_status;

/* Filled on failure. Plain data; copy it freely. After a success it is left untouched. */
typedef struct ramet_error {
    ramet_status status;
    char message[384]; /* one sentence, what is wrong and what to do next; UTF-8, NUL-terminated */
    char place[192];   /* "FILE: offset N", "operator conv2d_3, input Filter [8,3,3,3]", or empty */
} ramet_error;

/*
 * The name of a status, such as "bad format". Never NULL.
 *
 * Threads: any. Memory: static string. Errors: none.
 */
RAMET_API const char *ramet_status_name(ramet_status status);

/*
 * "0.1.0".
 *
 * Threads: any. Memory: static string. Errors: none.
 */
RAMET_API const char *ramet_version(void);

#ifdef __cplusplus
}
#endif

#endif

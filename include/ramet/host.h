/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine as ramet sees it: instructions, caches, and how many processors
 * this process may keep busy.
 *
 *     ramet_host host;
 *     ramet_host_get(&host);
 *     option.cpu_thread_num = host.processors / my_clones;
 *
 * Nothing is set or kept: the affinity of threads is the caller's alone.
 */
#ifndef RAMET_HOST_H
#define RAMET_HOST_H

#include "ramet/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ramet_host {
    char cpu[64];                           /* the processor's name, or "unknown" */
    ramet_cpu_level cpu_level;              /* what RAMET_CPU_LEVEL_AUTO takes here */
    uint64_t l1d_bytes, l2_bytes, l3_bytes; /* caches of one core; guesses where the system does not tell */
    int32_t affinity_processors;            /* in the affinity mask of the calling thread */
    int32_t cpuset_processors;              /* in the cpuset of the process's control group; 0: not told */
    double quota_processors;                /* processor time that control groups (v1, v2) grant; 0: no limit */
    int32_t processors;                     /* what follows: the least of them, rounded down, at least 1 */
    const char *engines, *image_formats;    /* of this build and the plug-ins beside it, words with blanks; static */
} ramet_host;

/*
 * Fills *host. Reads the files of the control groups anew each time: a quota may change while a process runs.
 *
 * Threads: any. Memory: none. Errors: INVALID_ARGUMENT for a NULL.
 */
RAMET_API ramet_status ramet_host_get(ramet_host *host);

/*
 * Whether an engine can be used here: loads what it is made of, as opening a model would.
 *
 * option: backend, plugin_file and engine_libraries are read. *version: what it is, as "native 0.1.0", cut to
 * version_bytes. Threads: any. Memory: a plug-in that was loaded stays. Errors: UNSUPPORTED (says what is missing and how
 * to get it), NOT_FOUND, INVALID_ARGUMENT.
 */
RAMET_API ramet_status ramet_host_check_engine(const ramet_runtime_option *option, char *version, size_t version_bytes,
                                               ramet_error *error);

#ifdef __cplusplus
}
#endif

#endif

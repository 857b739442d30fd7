/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is measured about this process: the time that passes and the memory it
 * holds. Nothing is kept between calls.
 */
#include "os/os.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

uint64_t rmt_os_now_ns(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* The number behind a line's name, in bytes: "Rss:    1234 kB". */
static int find_kilobytes(const char *text, const char *name, uint64_t *bytes)
{
    const char *line = strstr(text, name);
    if (!line)
        return ENODATA;
    *bytes = strtoull(line + strlen(name), NULL, 10) * 1024;
    return 0;
}

int rmt_os_memory_used(uint64_t *rss_bytes, uint64_t *pss_bytes)
{
    char text[4096];
    int failed = rmt_os_read_text("/proc/self/smaps_rollup", text, sizeof text);
    if (!failed)
        failed = find_kilobytes(text, "\nRss:", rss_bytes);
    if (!failed)
        failed = find_kilobytes(text, "\nPss:", pss_bytes);
    return failed;
}

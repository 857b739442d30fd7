/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole pages of private memory.
 *
 * What alloc returns is page-aligned, zeroed and taken physically on first
 * touch only. Addresses given to the other functions come from alloc (or lie
 * on its page borders).
 */
#include "os/os.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#define LARGE_BYTES ((size_t)4 << 20) /* worth large pages */

void *rmt_os_pages_alloc(size_t bytes)
{
    if (bytes == 0)
        return NULL;
    void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        return NULL;
    if (bytes >= LARGE_BYTES) /* fewer faults while it fills, fewer misses of the translation buffer afterwards */
        madvise(pages, bytes, MADV_HUGEPAGE);
    return pages;
}

void rmt_os_pages_free(void *pages, size_t bytes)
{
    if (pages)
        munmap(pages, bytes);
}

int rmt_os_pages_protect(void *pages, size_t bytes) { return mprotect(pages, bytes, PROT_READ) == 0 ? 0 : errno; }

void rmt_os_pages_discard(void *pages, size_t bytes)
{
    if (bytes)
        madvise(pages, bytes, MADV_DONTNEED);
}

size_t rmt_os_page_bytes(void)
{
    long bytes = sysconf(_SC_PAGESIZE);
    return bytes > 0 ? (size_t)bytes : 4096;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that many processes map: who wrote them, whether they have changed,
 * and their pages.
 *
 * Enters: paths and descriptors, of files that others may have laid out. What
 * is mapped here is never shortened by us: a file gets its name when it is
 * whole, and goes by losing the name.
 */
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SECOND INT64_C(1000000000)

static int64_t ns_of(struct timespec time) { return (int64_t)time.tv_sec * NS_PER_SECOND + time.tv_nsec; }

static rmt_os_identity identity_of(const struct stat *info)
{
    return (rmt_os_identity){.device = info->st_dev,
                             .inode = info->st_ino,
                             .bytes = (uint64_t)info->st_size,
                             .modified_ns = ns_of(info->st_mtim),
                             .changed_ns = ns_of(info->st_ctim)};
}

int rmt_os_identify(const char *path, rmt_os_identity *identity)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return errno;
    *identity = identity_of(&info);
    return 0;
}

int rmt_os_identify_open(int file, rmt_os_identity *identity)
{
    struct stat info;
    if (fstat(file, &info) != 0)
        return errno;
    *identity = identity_of(&info);
    return 0;
}

bool rmt_os_identity_equal(const rmt_os_identity *a, const rmt_os_identity *b)
{
    return a->device == b->device && a->inode == b->inode && a->bytes == b->bytes && a->modified_ns == b->modified_ns &&
           a->changed_ns == b->changed_ns;
}

bool rmt_os_identity_is_settled(const rmt_os_identity *identity)
{
    enum { SECONDS = 2 };
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t before = ns_of(now) - SECONDS * NS_PER_SECOND;
    return identity->modified_ns < before && identity->changed_ns < before;
}

static bool is_ours(const struct stat *info) { return info->st_uid == geteuid() || info->st_uid == 0; }

bool rmt_os_is_ours(int file)
{
    struct stat info;
    return fstat(file, &info) == 0 && is_ours(&info);
}

int rmt_os_open_trusted(const char *path, int *file)
{
    struct stat info;
    *file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (*file < 0)
        return errno == ELOOP ? EPERM : errno;
    int failed = fstat(*file, &info) != 0 ? errno : 0;
    if (!failed && (!is_ours(&info) || !S_ISREG(info.st_mode) || (info.st_mode & (S_IWGRP | S_IWOTH)) != 0))
        failed = EPERM;
    if (failed) {
        close(*file);
        *file = -1;
    }
    return failed;
}

int rmt_os_duplicate(int file, int *copy)
{
    *copy = fcntl(file, F_DUPFD_CLOEXEC, 0);
    return *copy < 0 ? errno : 0;
}

void rmt_os_close(int file)
{
    if (file >= 0)
        close(file);
}

enum { ALL_SEALS = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL };

bool rmt_os_is_sealed(int file)
{
    int seals = fcntl(file, F_GET_SEALS);
    return seals >= 0 && (seals & ALL_SEALS) == ALL_SEALS;
}

int rmt_os_seal(int file) { return fcntl(file, F_ADD_SEALS, ALL_SEALS) == 0 ? 0 : errno; }

int rmt_os_open_memory(const char *name, int *file)
{
    *file = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return *file < 0 ? errno : 0;
}

int rmt_os_read_at(int file, uint64_t offset, void *data, size_t bytes)
{
    for (size_t done = 0; done < bytes;) {
        ssize_t got = pread(file, (char *)data + done, bytes - done, (off_t)(offset + done));
        if (got == 0 || (got < 0 && errno != EINTR))
            return got == 0 ? EIO : errno;
        done += got > 0 ? (size_t)got : 0;
    }
    return 0;
}

int rmt_os_map_shared(int file, uint64_t offset, size_t bytes, void **pages)
{
    void *made = mmap(*pages, bytes, PROT_READ, MAP_SHARED | (*pages != NULL ? MAP_FIXED : 0), file, (off_t)offset);
    if (made == MAP_FAILED)
        return errno;
    *pages = made;
    return 0;
}

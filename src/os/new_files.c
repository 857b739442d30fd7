/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making files that others will map: one process writes at a time, under a
 * name that nobody maps, and a file gets its final name when it is whole and
 * on the disk.
 *
 * A process may be killed at any line here: its lock goes with it, and what it
 * has left is one file that the next one empties and uses.
 */
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int make_folder(const char *path)
{
    if (mkdir(path, S_IRWXU) == 0 || errno == EEXIST)
        return 0;
    return errno;
}

int rmt_os_make_folders(const char *path)
{
    if (rmt_os_is_folder(path))
        return 0;
    char *part = strdup(path);
    if (!part)
        return ENOMEM;
    int failed = 0;
    for (char *slash = strchr(part + 1, '/'); *part && slash && !failed; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (!rmt_os_is_folder(part))
            failed = make_folder(part);
        *slash = '/';
    }
    if (!failed)
        failed = make_folder(part);
    free(part);
    return !failed && !rmt_os_is_folder(path) ? ENOTDIR : failed;
}

static int wait_for_lock(int file, int wait_ms)
{
    enum { PAUSE_MS = 2, NS_PER_MS = 1000000 };
    uint64_t end = rmt_os_now_ns() + (uint64_t)wait_ms * NS_PER_MS;
    while (flock(file, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return errno;
        if (rmt_os_now_ns() >= end)
            return EBUSY;
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * NS_PER_MS}, NULL);
    }
    return 0;
}

/* A file of this user, under this one name. */
static int check_own(int file)
{
    struct stat info;
    if (fstat(file, &info) != 0)
        return errno;
    return S_ISREG(info.st_mode) && info.st_uid == geteuid() && info.st_nlink <= 1 ? 0 : EPERM;
}

/* Whoever had the lock before may have given the file another name. */
static bool still_has_name(int file, const char *path)
{
    rmt_os_identity open_one, named;
    return !rmt_os_identify_open(file, &open_one) && !rmt_os_identify(path, &named) && open_one.inode == named.inode &&
           open_one.device == named.device;
}

int rmt_os_open_locked(const char *path, int wait_ms, int *file)
{
    for (;;) {
        *file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, S_IRUSR | S_IWUSR);
        if (*file < 0)
            return errno == ELOOP ? EPERM : errno;
        int failed = check_own(*file);
        if (!failed)
            failed = wait_for_lock(*file, wait_ms);
        if (!failed && still_has_name(*file, path))
            return 0;
        close(*file);
        *file = -1;
        if (failed)
            return failed;
    }
}

int rmt_os_empty(int file)
{
    if (ftruncate(file, 0) != 0 || lseek(file, 0, SEEK_SET) != 0)
        return errno;
    return 0;
}

/* Past the limit of the process a write would be answered with a signal. */
static bool is_within_limit(int file, size_t bytes)
{
    struct rlimit limit;
    off_t at = lseek(file, 0, SEEK_CUR);
    return getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
           (at >= 0 && (rlim_t)at <= limit.rlim_cur && bytes <= limit.rlim_cur - (rlim_t)at);
}

int rmt_os_append(int file, const void *data, size_t bytes)
{
    if (!is_within_limit(file, bytes))
        return EFBIG;
    for (size_t done = 0; done < bytes;) {
        ssize_t wrote = write(file, (const char *)data + done, bytes - done);
        if (wrote < 0 && errno != EINTR)
            return errno;
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    return 0;
}

int rmt_os_publish(int file, const char *path, const char *final_path)
{
    if (fchmod(file, S_IRUSR | S_IRGRP | S_IROTH) != 0 || fsync(file) != 0 || rename(path, final_path) != 0)
        return errno;
    return 0;
}

int rmt_os_remove(const char *path) { return unlink(path) == 0 ? 0 : errno; }

int rmt_os_idle_seconds(const char *path, int64_t *seconds)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return errno;
    int64_t last = info.st_atime > info.st_mtime ? info.st_atime : info.st_mtime;
    *seconds = (int64_t)time(NULL) - last;
    return 0;
}

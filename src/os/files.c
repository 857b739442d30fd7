/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole files, read, mapped or written.
 *
 * Enters: a path and the most bytes the caller is ready for. Leaves: the bytes,
 * or an errno value and nothing to free. Only regular files are opened, and
 * opening never blocks (a FIFO is refused, not waited for).
 */
#include "os/os.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int regular_file_bytes(int fd, size_t limit_bytes, size_t *bytes)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return errno;
    if (S_ISDIR(info.st_mode))
        return EISDIR;
    if (!S_ISREG(info.st_mode))
        return EINVAL;
    if ((uintmax_t)info.st_size > limit_bytes)
        return EFBIG;
    *bytes = (size_t)info.st_size;
    return 0;
}

static int open_regular(const char *path, size_t limit_bytes, int *fd, size_t *bytes)
{
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (*fd < 0)
        return errno;
    int failed = regular_file_bytes(*fd, limit_bytes, bytes);
    if (failed)
        close(*fd);
    return failed;
}

int rmt_os_map_file(const char *path, size_t limit_bytes, rmt_os_map *map)
{
    *map = (rmt_os_map){0};
    int fd;
    size_t bytes = 0;
    int failed = open_regular(path, limit_bytes, &fd, &bytes);
    if (failed)
        return failed;
    void *data = bytes ? mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
    failed = data == MAP_FAILED ? errno : 0;
    close(fd);
    if (!failed)
        *map = (rmt_os_map){data, bytes};
    return failed;
}

void rmt_os_unmap(rmt_os_map *map)
{
    if (map->bytes)
        munmap((void *)(uintptr_t)map->data, map->bytes);
    *map = (rmt_os_map){0};
}

/* Reads until `bytes` are there or the file ends; *got tells how many came. */
static int read_fully(int fd, unsigned char *data, size_t bytes, size_t *got)
{
    *got = 0;
    while (*got < bytes) {
        ssize_t n = read(fd, data + *got, bytes - *got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        if (n == 0)
            break;
        *got += (size_t)n;
    }
    return 0;
}

int rmt_os_read_file(const char *path, size_t limit_bytes, unsigned char **data, size_t *bytes)
{
    *data = NULL;
    *bytes = 0;
    int fd;
    size_t size = 0;
    int failed = open_regular(path, limit_bytes, &fd, &size);
    if (failed)
        return failed;
    size_t got = 0;
    unsigned char *content = malloc(size + 1);
    failed = content ? read_fully(fd, content, size, &got) : ENOMEM;
    close(fd);
    if (failed) {
        free(content);
        return failed;
    }
    content[got] = 0;
    *data = content;
    *bytes = got;
    return 0;
}

int rmt_os_read_text(const char *path, char *text, size_t room)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    size_t used = 0;
    ssize_t n = 0;
    do {
        n = read(fd, text + used, room - 1 - used);
        if (n > 0)
            used += (size_t)n;
    } while (n > 0 || (n < 0 && errno == EINTR));
    int failed = n < 0 ? errno : 0;
    close(fd);
    text[used] = 0;
    return failed;
}

static int write_fully(int fd, const unsigned char *data, size_t bytes)
{
    while (bytes > 0) {
        ssize_t n = write(fd, data, bytes);
        if (n < 0 && errno != EINTR)
            return errno;
        if (n > 0)
            data += n, bytes -= (size_t)n;
    }
    return 0;
}

int rmt_os_write_file(const char *path, const unsigned char *data, size_t bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
    if (fd < 0)
        return errno;
    int failed = write_fully(fd, data, bytes);
    if (close(fd) != 0 && !failed)
        failed = errno;
    if (failed)
        unlink(path);
    return failed;
}

bool rmt_os_is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

bool rmt_os_is_file(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

int rmt_os_each_name(const char *folder, bool (*see)(void *context, const char *name), void *context)
{
    DIR *open_folder = opendir(folder);
    if (open_folder == NULL)
        return errno;
    const struct dirent *entry = NULL;
    do {
        errno = 0; /* the end of a folder is no error, and differs from one only here */
        entry = readdir(open_folder);
    } while (entry != NULL && see(context, entry->d_name));
    int failed = entry == NULL ? errno : 0;
    (void)closedir(open_folder);
    return failed;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Child processes and the lines to them.
 *
 * A line is a pair of sockets that keep messages whole, and a memory file that
 * belongs to both ends. Neither has a name, so nothing is left when all who
 * hold them are gone; and each end is held by one process only, so that the
 * end of that process is seen at once.
 */
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where a spawned program finds its line, above what dup2() may overwrite meanwhile, and what memory file is kept. */
enum {
    SPAWNED_CHANNEL = 3,
    SPAWNED_MEMORY = 4,
    ABOVE_SPAWNED = RMT_OS_FIRST_GIVEN + RMT_OS_MOST_GIVEN,
    KEPT_BYTES = 1 << 20,
    ENDING_BYTES = 64
};

void rmt_os_line_close(rmt_os_line *line)
{
    if (line->channel >= 0)
        close(line->channel);
    if (line->memory >= 0)
        close(line->memory);
    *line = (rmt_os_line){-1, -1};
}

/* Both ends of a new line. */
static int open_line(rmt_os_line *ours, rmt_os_line *theirs)
{
    int ends[2];
    *ours = *theirs = (rmt_os_line){-1, -1};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return errno;
    ours->channel = ends[0];
    theirs->channel = ends[1];
    ours->memory = memfd_create("ramet-line", MFD_CLOEXEC);
    theirs->memory = ours->memory < 0 ? -1 : fcntl(ours->memory, F_DUPFD_CLOEXEC, 0);
    if (theirs->memory >= 0)
        return 0;
    int failed = errno;
    rmt_os_line_close(ours);
    rmt_os_line_close(theirs);
    return failed;
}

/* In a child: die with the thread that made us. It may have died before we could ask for that. */
static void follow_parent(pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        _exit(1);
}

int rmt_os_fork(rmt_os_child *child, int (*entry)(void *context, rmt_os_line line), void *context)
{
    rmt_os_line theirs;
    pid_t parent = getpid();
    int failed = open_line(&child->line, &theirs);
    if (failed)
        return failed;
    pid_t id = fork();
    if (id == 0) {
        follow_parent(parent);
        rmt_os_line_close(&child->line);
        _exit(entry(context, theirs));
    }
    failed = id < 0 ? errno : 0;
    rmt_os_line_close(&theirs);
    if (failed)
        rmt_os_line_close(&child->line);
    child->id = id;
    return failed;
}

/* In a child: the files to their agreed places. */
static bool place_given(const int32_t *files, size_t count)
{
    int above[RMT_OS_MOST_GIVEN];
    for (size_t i = 0; i < count; i++)
        if ((above[i] = fcntl(files[i], F_DUPFD_CLOEXEC, ABOVE_SPAWNED)) < 0)
            return false;
    for (size_t i = 0; i < count; i++)
        if (dup2(above[i], RMT_OS_FIRST_GIVEN + (int)i) < 0)
            return false;
    return true;
}

/* What a program is to get beside its line. */
typedef struct gifts {
    const int32_t *files;
    size_t count;
} gifts;

/* In a child: the line to its agreed place, then the program. Returns only when that fails. */
static void become(const char *const *command, const rmt_os_line *line, const gifts *given, int complaints)
{
    int channel = fcntl(line->channel, F_DUPFD_CLOEXEC, ABOVE_SPAWNED);
    int memory = fcntl(line->memory, F_DUPFD_CLOEXEC, ABOVE_SPAWNED);
    int told = fcntl(complaints, F_DUPFD_CLOEXEC, ABOVE_SPAWNED);
    if (channel >= 0 && memory >= 0 && place_given(given->files, given->count) && dup2(channel, SPAWNED_CHANNEL) >= 0 &&
        dup2(memory, SPAWNED_MEMORY) >= 0)
        execv(command[0], (char *const *)command);
    int failed = errno;
    if (write(told, &failed, sizeof failed) != (ssize_t)sizeof failed)
        _exit(126);
}

int rmt_os_spawn(rmt_os_child *child, const char *const *command, const int32_t *files, size_t count)
{
    const gifts given = {files, count};
    if (count > RMT_OS_MOST_GIVEN)
        return EMFILE;
    rmt_os_line theirs;
    int complaints[2], failed = open_line(&child->line, &theirs);
    pid_t parent = getpid();
    if (failed)
        return failed;
    if (pipe2(complaints, O_CLOEXEC) != 0) {
        failed = errno;
        rmt_os_line_close(&theirs);
        rmt_os_line_close(&child->line);
        return failed;
    }
    pid_t id = fork();
    if (id == 0) {
        follow_parent(parent);
        become(command, &theirs, &given, complaints[1]);
        _exit(127);
    }
    failed = id < 0 ? errno : 0;
    rmt_os_line_close(&theirs);
    close(complaints[1]);
    ssize_t got = -1;
    while (id > 0 && (got = read(complaints[0], &failed, sizeof failed)) < 0 && errno == EINTR)
        continue;
    close(complaints[0]);
    child->id = id;
    if (got == 0)
        return 0; /* the program runs: exec has closed the pipe */
    if (id > 0)
        waitpid(id, NULL, 0);
    rmt_os_line_close(&child->line);
    return failed ? failed : EIO;
}

int rmt_os_inherited_line(rmt_os_line *line)
{
    int kind = 0;
    socklen_t bytes = sizeof kind;
    struct stat info;
    if (getsockopt(SPAWNED_CHANNEL, SOL_SOCKET, SO_TYPE, &kind, &bytes) != 0 || kind != SOCK_SEQPACKET ||
        fstat(SPAWNED_MEMORY, &info) != 0 || !S_ISREG(info.st_mode))
        return ENOTCONN;
    fcntl(SPAWNED_CHANNEL, F_SETFD, FD_CLOEXEC);
    fcntl(SPAWNED_MEMORY, F_SETFD, FD_CLOEXEC);
    *line = (rmt_os_line){SPAWNED_CHANNEL, SPAWNED_MEMORY};
    return 0;
}

void rmt_os_child_end(rmt_os_child *child, bool kill_it, char *text)
{
    int how = 0;
    pid_t got;
    if (kill_it)
        kill((pid_t)child->id, SIGKILL);
    rmt_os_line_close(&child->line);
    do
        got = waitpid((pid_t)child->id, &how, 0);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        snprintf(text, ENDING_BYTES, "the host has collected its exit status");
    else if (WIFSIGNALED(how))
        snprintf(text, ENDING_BYTES, "signal %d", WTERMSIG(how));
    else
        snprintf(text, ENDING_BYTES, "exit status %d", WEXITSTATUS(how));
}

int rmt_os_line_send(const rmt_os_line *line, const void *message, size_t bytes)
{
    ssize_t sent;
    do
        sent = send(line->channel, message, bytes, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? errno : 0;
}

int rmt_os_line_receive(const rmt_os_line *line, void *message, size_t bytes)
{
    ssize_t got;
    do
        got = recv(line->channel, message, bytes, 0);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return errno == ECONNRESET ? EPIPE : errno;
    return got == 0 ? EPIPE : (size_t)got == bytes ? 0 : EPROTO;
}

int rmt_os_lines_wait(const rmt_os_line *const *lines, size_t count, bool *ready)
{
    struct pollfd *polled = calloc(count, sizeof *polled);
    if (!polled)
        return ENOMEM;
    for (size_t i = 0; i < count; i++)
        polled[i] = (struct pollfd){.fd = lines[i]->channel, .events = POLLIN};
    int got;
    do
        got = poll(polled, (nfds_t)count, -1);
    while (got < 0 && errno == EINTR);
    int failed = got < 0 ? errno : 0;
    for (size_t i = 0; i < count; i++)
        ready[i] = polled[i].revents != 0;
    free(polled);
    return failed;
}

int rmt_os_line_write(const rmt_os_line *line, const void *data, size_t bytes)
{
    struct stat info;
    if (fstat(line->memory, &info) == 0 && info.st_size > KEPT_BYTES && bytes <= KEPT_BYTES &&
        ftruncate(line->memory, 0) != 0)
        return errno;
    for (size_t done = 0; done < bytes;) {
        ssize_t wrote = pwrite(line->memory, (const char *)data + done, bytes - done, (off_t)done);
        if (wrote < 0 && errno != EINTR)
            return errno;
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    return 0;
}

int rmt_os_line_read(const rmt_os_line *line, void *data, size_t bytes)
{
    for (size_t done = 0; done < bytes;) {
        ssize_t got = pread(line->memory, (char *)data + done, bytes - done, (off_t)done);
        if (got == 0 || (got < 0 && errno != EINTR))
            return got == 0 ? EIO : errno;
        done += got > 0 ? (size_t)got : 0;
    }
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folder that goes with the process: a child sleeps on a pipe whose other end
 * the process holds, wakes when it is closed, by will or by death, and removes the
 * folder with the files in it. An interrupt from the keyboard does not end it.
 */
#include "cli.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void remove_folder(const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    while (folder && (entry = readdir(folder)))
        (void)unlinkat(dirfd(folder), entry->d_name, 0);
    if (folder)
        closedir(folder);
    (void)rmdir(path);
}

static void guard(const char *path, int line)
{
    static const int endings[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    char byte;
    for (size_t i = 0; i < CLI_COUNT(endings); i++)
        signal(endings[i], SIG_IGN);
    for (int stream = 0; stream <= 2; stream++)
        close(stream); /* whoever reads our output need not wait for us */
    while (read(line, &byte, 1) < 0 && errno == EINTR)
        continue;
    remove_folder(path);
    _exit(0);
}

static ramet_status start_guard(cli_scratch *scratch, ramet_error *error)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC))
        return cli_fail(error, RAMET_STATUS_IO, "cannot make a pipe: %s", strerror(errno));
    pid_t child = fork();
    if (child == 0) {
        close(ends[1]);
        guard(scratch->path, ends[0]);
    }
    close(ends[0]);
    scratch->line = ends[1];
    scratch->guard = child;
    if (child > 0)
        return RAMET_STATUS_OK;
    close(ends[1]);
    return cli_fail(error, RAMET_STATUS_IO, "cannot start a process: %s", strerror(errno));
}

ramet_status cli_scratch_make(cli_scratch *scratch, ramet_error *error)
{
    const char *above = getenv("TMPDIR");
    int length =
        snprintf(scratch->path, sizeof scratch->path, "%s/ramet-XXXXXX", above && above[0] == '/' ? above : "/tmp");
    ramet_status status = RAMET_STATUS_OK;
    if ((size_t)length >= sizeof scratch->path || !mkdtemp(scratch->path)) {
        status = cli_fail(error, RAMET_STATUS_IO, "cannot make a folder in '%s': %s", above ? above : "/tmp",
                          strerror(errno));
    } else if ((status = start_guard(scratch, error))) {
        (void)rmdir(scratch->path);
    }
    if (status)
        scratch->path[0] = 0;
    return status;
}

void cli_scratch_remove(cli_scratch *scratch)
{
    if (!scratch->path[0])
        return;
    close(scratch->line);
    while (waitpid((pid_t)scratch->guard, NULL, 0) < 0 && errno == EINTR)
        continue;
    scratch->path[0] = 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many processors this process may keep busy: those of its affinity mask,
 * those of its control group's cpuset, and the processor time that control
 * groups grant it, its own and all above it, of the unified hierarchy as of
 * the older one.
 *
 * All files are looked for below a root folder, so that tests can make them. A
 * group that cannot be found there (a container shows its own group as the top
 * of the hierarchy, under another path) is looked for further up.
 */
#include "os/os.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_ROOM = 4096, TEXT_ROOM = 16384, MOST_PROCESSORS = 1 << 20 };

/* A hierarchy in which this process is in group `path` ("/" or "/a/b"). */
typedef struct hierarchy {
    const char *root, *mount;
    char path[PATH_ROOM / 2];
} hierarchy;

/* Sees a group, of which a file may be read by read_group_file(); answers whether to go on with the one above. */
typedef bool (*group_task)(const hierarchy *h, rmt_os_processors *found);

/* The file's text; false when it is not there. */
static bool read_group_file(const hierarchy *h, const char *name, char *text, size_t room)
{
    char path[PATH_ROOM];
    int length = snprintf(path, sizeof path, "%s/sys/fs/cgroup%s%s/%s", h->root, h->mount, h->path, name);
    return length > 0 && (size_t)length < sizeof path && rmt_os_read_text(path, text, room) == 0;
}

/* ---- quotas ------------------------------------------------------------------------------------------------------ */

static void take_quota(double quota, double period, rmt_os_processors *found)
{
    if (quota > 0 && period > 0 && (found->quota == 0 || quota / period < found->quota))
        found->quota = quota / period;
}

/* cpu.max: "max 100000" or "150000 100000". */
static bool see_unified_quota(const hierarchy *h, rmt_os_processors *found)
{
    char text[128], *end;
    if (read_group_file(h, "cpu.max", text, sizeof text)) {
        double quota = strtod(text, &end);
        take_quota(quota, strtod(end, NULL), found);
    }
    return true;
}

static bool see_older_quota(const hierarchy *h, rmt_os_processors *found)
{
    char quota[64], period[64];
    if (read_group_file(h, "cpu.cfs_quota_us", quota, sizeof quota) &&
        read_group_file(h, "cpu.cfs_period_us", period, sizeof period))
        take_quota(strtod(quota, NULL), strtod(period, NULL), found);
    return true;
}

/* ---- cpusets ----------------------------------------------------------------------------------------------------- */

/* "0-3,8": 5; 0 for what is no such list. */
static int count_list(const char *text)
{
    long count = 0;
    while (*text >= '0' && *text <= '9') {
        char *end;
        long first = strtol(text, &end, 10), last = *end == '-' ? strtol(end + 1, &end, 10) : first;
        if (first < 0 || last < first || last >= MOST_PROCESSORS)
            return 0;
        count += last - first + 1;
        text = *end == ',' ? end + 1 : end;
    }
    return count > MOST_PROCESSORS ? 0 : (int)count;
}

/* What holds for a group holds already for those below it: the first set is the answer. */
static bool see_cpuset(const hierarchy *h, rmt_os_processors *found)
{
    static const char *const names[] = {"cpuset.cpus.effective", "cpuset.effective_cpus", "cpuset.cpus"};
    char text[TEXT_ROOM];
    for (size_t i = 0; i < sizeof names / sizeof *names && found->cpuset == 0; i++)
        if (read_group_file(h, names[i], text, sizeof text))
            found->cpuset = count_list(text);
    return found->cpuset == 0;
}

/* ---- groups ------------------------------------------------------------------------------------------------------ */

/* The group of this process and those above it, the top one included. */
static void walk_up(hierarchy *h, group_task see, rmt_os_processors *found)
{
    while (see(h, found)) {
        char *slash = strrchr(h->path, '/');
        if (slash == NULL)
            return;
        *slash = 0;
    }
}

/* "cpu" is one of the names in "cpu,cpuacct". */
static bool lists_controller(const char *list, const char *name)
{
    size_t length = strlen(name);
    for (; list != NULL; list = strchr(list, ','), list = list != NULL ? list + 1 : NULL)
        if (strncmp(list, name, length) == 0 && (list[length] == ',' || list[length] == 0))
            return true;
    return false;
}

static void see_hierarchy(const char *root, const char *controllers, const char *path, rmt_os_processors *found)
{
    char mount[256] = "";
    hierarchy h = {.root = root, .mount = mount};
    group_task quota = see_unified_quota, cpuset = see_cpuset;
    if (controllers[0] != 0) {
        quota = lists_controller(controllers, "cpu") ? see_older_quota : NULL;
        cpuset = lists_controller(controllers, "cpuset") ? see_cpuset : NULL;
        (void)snprintf(mount, sizeof mount, "/%s", controllers);
    }
    group_task tasks[] = {quota, cpuset};
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(h.path, sizeof h.path, "%s", strcmp(path, "/") == 0 ? "" : path);
        if (tasks[i] != NULL)
            walk_up(&h, tasks[i], found);
    }
}

/* Each line: "4:cpu,cpuacct:/path", or "0::/path" of the unified hierarchy. */
static void see_groups(const char *root, rmt_os_processors *found)
{
    char path[PATH_ROOM], text[TEXT_ROOM], *rest = NULL;
    (void)snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    if (rmt_os_read_text(path, text, sizeof text) != 0)
        return;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        char *controllers = strchr(line, ':'), *group = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
        if (group == NULL || group[1] != '/')
            continue;
        *group = 0;
        see_hierarchy(root, controllers + 1, group + 1, found);
    }
}

static int affinity_processors(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return CPU_COUNT(&set);
    long online = sysconf(_SC_NPROCESSORS_ONLN); /* more processors than a cpu_set_t holds */
    return online > 0 ? (int)online : 1;
}

void rmt_os_processors_get(const char *root, rmt_os_processors *processors)
{
    *processors = (rmt_os_processors){.affinity = affinity_processors()};
    see_groups(root, processors);
    int usable = processors->affinity;
    if (processors->cpuset > 0 && processors->cpuset < usable)
        usable = processors->cpuset;
    if (processors->quota > 0 && processors->quota < usable)
        usable = (int)processors->quota;
    processors->usable = usable < 1 ? 1 : usable;
}

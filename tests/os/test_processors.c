/* SPDX-License-Identifier: Apache-2.0 */
/* How many processors a process may use, from files of control groups that are laid out in a folder. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/os.h"

typedef struct file {
    const char *path, *text;
} file;

typedef struct layout {
    const char *name;
    file files[6];
    double quota;
    int cpuset, usable; /* usable: with very many processors in the affinity mask */
} layout;

static const layout layouts[] = {
    {"no groups at all", {{NULL, NULL}}, 0, 0, 99},
    {"unified without limit", {{"proc/self/cgroup", "0::/a\n"}, {"sys/fs/cgroup/a/cpu.max", "max 100000\n"}}, 0, 0, 99},
    {"unified, two and a half",
     {{"proc/self/cgroup", "0::/a\n"}, {"sys/fs/cgroup/a/cpu.max", "250000 100000\n"}},
     2.5,
     0,
     2},
    {"less than one is one", {{"proc/self/cgroup", "0::/\n"}, {"sys/fs/cgroup/cpu.max", "20000 100000\n"}}, 0.2, 0, 1},
    {"the group above has less",
     {{"proc/self/cgroup", "0::/a/b/c\n"},
      {"sys/fs/cgroup/a/b/c/cpu.max", "800000 100000\n"},
      {"sys/fs/cgroup/a/b/cpu.max", "max 100000\n"},
      {"sys/fs/cgroup/a/cpu.max", "300000 100000\n"}},
     3,
     0,
     3},
    {"a path from outside of the container",
     {{"proc/self/cgroup", "0::/docker/0123\n"}, {"sys/fs/cgroup/cpu.max", "400000 200000\n"}},
     2,
     0,
     2},
    {"older hierarchy",
     {{"proc/self/cgroup", "5:cpu,cpuacct:/x\n4:memory:/x\n0::/\n"},
      {"sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_quota_us", "350000\n"},
      {"sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_period_us", "100000\n"}},
     3.5,
     0,
     3},
    {"older hierarchy without limit",
     {{"proc/self/cgroup", "5:cpu:/x\n"},
      {"sys/fs/cgroup/cpu/x/cpu.cfs_quota_us", "-1\n"},
      {"sys/fs/cgroup/cpu/x/cpu.cfs_period_us", "100000\n"}},
     0,
     0,
     99},
    {"older hierarchy from outside of the container",
     {{"proc/self/cgroup", "5:cpuacct,cpu:/docker/0123\n"},
      {"sys/fs/cgroup/cpuacct,cpu/cpu.cfs_quota_us", "100000\n"},
      {"sys/fs/cgroup/cpuacct,cpu/cpu.cfs_period_us", "50000\n"}},
     2,
     0,
     2},
    {"cpuset of a group",
     {{"proc/self/cgroup", "0::/a/b\n"},
      {"sys/fs/cgroup/a/b/cpuset.cpus.effective", "0-2,7,9-10\n"},
      {"sys/fs/cgroup/a/cpuset.cpus.effective", "0-63\n"}},
     0,
     6,
     6},
    {"cpuset of the older hierarchy, and a quota",
     {{"proc/self/cgroup", "3:cpuset:/x\n2:cpu:/x\n"},
      {"sys/fs/cgroup/cpuset/x/cpuset.cpus", "4,5,6,7\n"},
      {"sys/fs/cgroup/cpu/x/cpu.cfs_quota_us", "150000\n"},
      {"sys/fs/cgroup/cpu/x/cpu.cfs_period_us", "100000\n"}},
     1.5,
     4,
     1},
    {"nonsense",
     {{"proc/self/cgroup", "::\n0:\n\n0::nowhere\n0::/a\n7:cpuset:/\n"},
      {"sys/fs/cgroup/a/cpu.max", "-5 abc\n"},
      {"sys/fs/cgroup/cpuset/cpuset.cpus", "9-3,x\n"}},
     0,
     0,
     99},
    {"a period of nothing", {{"proc/self/cgroup", "0::/\n"}, {"sys/fs/cgroup/cpu.max", "100000 0\n"}}, 0, 0, 99},
};

/* Writes a file and makes the folders above it. */
static void lay_out(const char *root, const file *f)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", root, f->path);
    for (char *at = path + strlen(root) + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = 0;
        mkdir(path, 0700);
        *at = '/';
    }
    assert_int_equal(rmt_os_write_file(path, (const unsigned char *)f->text, strlen(f->text)), 0);
}

static void remove_folder(const char *root)
{
    char command[256];
    snprintf(command, sizeof command, "rm -r '%s'", root);
    assert_int_equal(system(command), 0);
}

static void groups_limit_processors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        const layout *l = &layouts[i];
        char root[] = "/tmp/ramet-processors-XXXXXX";
        assert_non_null(mkdtemp(root));
        for (const file *f = l->files; f->path != NULL; f++)
            lay_out(root, f);
        rmt_os_processors found;
        rmt_os_processors_get(root, &found);
        int expected = l->usable < found.affinity ? l->usable : found.affinity;
        if (found.quota != l->quota || found.cpuset != l->cpuset || found.usable != expected)
            fail_msg("%s: quota %g, cpuset %d, usable %d of %d", l->name, found.quota, found.cpuset, found.usable,
                     found.affinity);
        remove_folder(root);
    }
}

static void the_affinity_mask_limits_and_is_left_alone(void **state)
{
    (void)state;
    cpu_set_t before, one, after;
    rmt_os_processors found;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    rmt_os_processors_get("/nowhere", &found);
    assert_int_equal(found.affinity, CPU_COUNT(&before));
    assert_int_equal(found.usable, found.affinity);
    CPU_ZERO(&one);
    for (size_t i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
        if (CPU_ISSET(i, &before))
            CPU_SET(i, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    rmt_os_processors_get("", &found);
    assert_int_equal(found.affinity, 1);
    assert_int_equal(found.usable, 1);
    assert_int_equal(sched_getaffinity(0, sizeof after, &after), 0);
    assert_true(CPU_EQUAL(&after, &one));
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_limit_processors),
        cmocka_unit_test(the_affinity_mask_limits_and_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

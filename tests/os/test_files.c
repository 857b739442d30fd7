/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files: what is mapped or read equals what was written; what is no regular file is refused at once. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/os.h"

typedef struct scene {
    char folder[64], file[96], empty[96], fifo[96], absent[96];
} scene;

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static int make_scene(void **state)
{
    scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    snprintf(s->folder, sizeof s->folder, "/tmp/ramet-os-XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    snprintf(s->file, sizeof s->file, "%s/file", s->folder);
    snprintf(s->empty, sizeof s->empty, "%s/empty", s->folder);
    snprintf(s->fifo, sizeof s->fifo, "%s/fifo", s->folder);
    snprintf(s->absent, sizeof s->absent, "%s/absent", s->folder);
    write_file(s->file, "four pages of nothing");
    write_file(s->empty, "");
    assert_int_equal(mkfifo(s->fifo, 0600), 0);
    *state = s;
    return 0;
}

static int drop_scene(void **state)
{
    scene *s = *state;
    unlink(s->file);
    unlink(s->empty);
    unlink(s->fifo);
    rmdir(s->folder);
    free(s);
    return 0;
}

static void mapped_file_equals_written_file(void **state)
{
    scene *s = *state;
    rmt_os_map map;
    assert_int_equal(rmt_os_map_file(s->file, 21, &map), 0);
    assert_int_equal(map.bytes, 21);
    assert_memory_equal(map.data, "four pages of nothing", 21);
    rmt_os_unmap(&map);
    assert_null(map.data);
    assert_int_equal(rmt_os_map_file(s->empty, 100, &map), 0);
    assert_null(map.data);
    assert_int_equal(map.bytes, 0);
    rmt_os_unmap(&map);
}

static void read_file_equals_written_file(void **state)
{
    scene *s = *state;
    unsigned char *data;
    size_t bytes;
    assert_int_equal(rmt_os_read_file(s->file, 21, &data, &bytes), 0);
    assert_int_equal(bytes, 21);
    assert_string_equal((char *)data, "four pages of nothing");
    free(data);
    assert_int_equal(rmt_os_read_file(s->empty, 0, &data, &bytes), 0);
    assert_int_equal(bytes, 0);
    assert_int_equal(data[0], 0);
    free(data);
}

static void refusals_have_their_errno_and_leave_nothing(void **state)
{
    scene *s = *state;
    struct {
        const char *path;
        size_t limit;
        int expected;
    } cases[] = {
        {s->file, 20, EFBIG},      {s->folder, 1000, EISDIR},   {s->fifo, 1000, EINVAL},
        {s->absent, 1000, ENOENT}, {"/dev/zero", 1000, EINVAL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rmt_os_map map = {(const unsigned char *)"x", 1};
        unsigned char *data = (unsigned char *)s;
        size_t bytes = 1;
        assert_int_equal(rmt_os_map_file(cases[i].path, cases[i].limit, &map), cases[i].expected);
        assert_null(map.data);
        assert_int_equal(rmt_os_read_file(cases[i].path, cases[i].limit, &data, &bytes), cases[i].expected);
        assert_null(data);
        assert_int_equal(bytes, 0);
    }
}

static void kinds_of_paths_are_told_apart(void **state)
{
    scene *s = *state;
    assert_true(rmt_os_is_folder(s->folder));
    assert_false(rmt_os_is_folder(s->file));
    assert_true(rmt_os_is_file(s->file));
    assert_false(rmt_os_is_file(s->folder));
    assert_false(rmt_os_is_file(s->fifo));
    assert_false(rmt_os_is_file(s->absent));
    assert_false(rmt_os_is_folder(s->absent));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(mapped_file_equals_written_file, make_scene, drop_scene),
        cmocka_unit_test_setup_teardown(read_file_equals_written_file, make_scene, drop_scene),
        cmocka_unit_test_setup_teardown(refusals_have_their_errno_and_leave_nothing, make_scene, drop_scene),
        cmocka_unit_test_setup_teardown(kinds_of_paths_are_told_apart, make_scene, drop_scene),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder of packed weights: made by the first, used by the others, and never believed when it should not be. Whatever
 * lies in it, a model opens and gives the same numbers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/os.h"
#include "ramet/runtime.h"
#include "support/wide_product.h"

enum { ROWS = 48, COLUMNS = 80, HEADER_BYTES = 120, CUTS = 100 };

typedef struct place {
    wide_product_place place;
    char cache[128], pack[256];
    uint64_t expected;
} place;

static place here;

/* ---- folders and files ------------------------------------------------------------------------------------- */

/* The one entry with this ending; how many there are. */
static int find_entry(const char *folder, const char *ending, char *path, size_t room)
{
    int count = 0;
    DIR *open_folder = opendir(folder);
    for (struct dirent *e; open_folder != NULL && (e = readdir(open_folder)) != NULL;) {
        size_t length = strlen(e->d_name), tail = strlen(ending);
        if (length > tail && strcmp(e->d_name + length - tail, ending) == 0) {
            snprintf(path, room, "%s/%s", folder, e->d_name);
            count++;
        }
    }
    if (open_folder != NULL)
        closedir(open_folder);
    return count;
}

static bool drop(void *context, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", (const char *)context, name);
    unlink(path);
    return true;
}

static void empty_cache(void) { (void)rmt_os_each_name(here.cache, drop, here.cache); }

typedef struct content {
    unsigned char *data;
    size_t bytes;
} content;

static content read_content(const char *path)
{
    content c;
    assert_int_equal(rmt_os_read_file(path, (size_t)1 << 30, &c.data, &c.bytes), 0);
    return c;
}

/* As if somebody had put it there: a file of its own. */
static void put_content(const char *path, const unsigned char *data, size_t bytes)
{
    unlink(path);
    assert_int_equal(rmt_os_write_file(path, data, bytes), 0);
    chmod(path, 0444);
}

/* ---- models ------------------------------------------------------------------------------------------------ */

static ramet_runtime *open_level(const char *cache, ramet_cpu_level level)
{
    ramet_runtime_option option;
    ramet_runtime *runtime;
    ramet_error error = {0};
    ramet_runtime_option_init(&option);
    option.cache_dir = cache;
    option.cpu_level = level;
    if (ramet_runtime_open(here.place.model, &option, &runtime, &error) != RAMET_STATUS_OK)
        fail_msg("%s (%s)", error.message, error.place);
    return runtime;
}

static uint64_t shared_bytes(const ramet_runtime *runtime)
{
    ramet_memory memory;
    assert_int_equal(ramet_runtime_memory(runtime, &memory), RAMET_STATUS_OK);
    assert_true(memory.shared_bytes == 0 || memory.shared_bytes == memory.weights_bytes);
    return memory.shared_bytes;
}

static bool says(ramet_runtime *runtime, const char *words)
{
    char *text;
    assert_int_equal(ramet_runtime_describe(runtime, RAMET_DESCRIBE_WEIGHTS, NULL, 0, &text, NULL), RAMET_STATUS_OK);
    bool found = strstr(text, words) != NULL;
    if (!found)
        print_message("no '%s' in: %s", words, text);
    ramet_text_free(text);
    return found;
}

/* Opens, runs, closes. words: what it says of its weights; shared: whether they are a file's. */
static void check_open(const char *cache, const char *words, bool shared)
{
    ramet_runtime *runtime = open_level(cache, RAMET_CPU_LEVEL_AUTO);
    assert_true(wide_product_run(runtime) == here.expected);
    assert_true(says(runtime, words));
    assert_int_equal(shared_bytes(runtime) > 0, shared);
    ramet_runtime_close(runtime);
}

static void check_repaired(const char *what, size_t number, const content *whole)
{
    ramet_runtime *runtime = open_level(here.cache, RAMET_CPU_LEVEL_AUTO);
    if (!says(runtime, "refused") || !says(runtime, "made now") || wide_product_run(runtime) != here.expected)
        fail_msg("%s %zu", what, number);
    ramet_runtime_close(runtime);
    content again = read_content(here.pack);
    assert_int_equal(again.bytes, whole->bytes);
    assert_memory_equal(again.data, whole->data, whole->bytes);
    free(again.data);
}

static int set_up(void **state)
{
    (void)state;
    wide_product_place_make(&here.place, ROWS, COLUMNS);
    snprintf(here.cache, sizeof here.cache, "%s/a/b/cache", here.place.root);
    ramet_runtime *runtime = open_level(NULL, RAMET_CPU_LEVEL_AUTO);
    here.expected = wide_product_run(runtime);
    assert_int_equal(shared_bytes(runtime), 0);
    ramet_runtime_close(runtime);
    check_open(here.cache, "made now", true); /* the folders were not there */
    assert_int_equal(find_entry(here.cache, ".pack", here.pack, sizeof here.pack), 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return wide_product_place_remove(&here.place);
}

/* ---- tests ------------------------------------------------------------------------------------------------- */

static void a_packed_file_is_used_and_left_as_it_is(void **state)
{
    (void)state;
    struct stat before, after;
    assert_int_equal(stat(here.pack, &before), 0);
    assert_int_equal(before.st_mode & 07777, 0444);
    for (int i = 0; i < 3; i++)
        check_open(here.cache, "cache file /tmp/", true);
    assert_int_equal(stat(here.pack, &after), 0);
    assert_true(before.st_ino == after.st_ino);
    char path[256];
    assert_int_equal(find_entry(here.cache, ".new", path, sizeof path), 0);
}

static void a_clone_of_a_mapped_model_is_the_same(void **state)
{
    (void)state;
    ramet_runtime *clone, *runtime = open_level(here.cache, RAMET_CPU_LEVEL_AUTO);
    assert_int_equal(ramet_runtime_clone(runtime, &clone, NULL), RAMET_STATUS_OK);
    ramet_runtime_close(runtime);
    assert_true(wide_product_run(clone) == here.expected);
    ramet_runtime_close(clone);
}

static void each_level_of_instructions_has_a_file_of_its_own(void **state)
{
    (void)state;
    char path[256];
    ramet_runtime *runtime = open_level(here.cache, RAMET_CPU_LEVEL_BASE);
    (void)wide_product_run(runtime);
    ramet_runtime_close(runtime);
    assert_int_equal(find_entry(here.cache, ".pack", path, sizeof path), 2);
    if (strcmp(path, here.pack) == 0)
        return; /* which of the two was found is up to the file system */
    content other = read_content(path), own = read_content(here.pack);
    put_content(here.pack, other.data, other.bytes); /* a whole file, under the wrong name */
    check_repaired("a file of another level", 0, &own);
    free(other.data);
    free(own.data);
}

static void every_damaged_byte_of_a_header_is_noticed(void **state)
{
    (void)state;
    content whole = read_content(here.pack);
    for (size_t i = 0; i < HEADER_BYTES; i++) {
        whole.data[i] ^= (unsigned char)(1 << (i % 8));
        put_content(here.pack, whole.data, whole.bytes);
        whole.data[i] ^= (unsigned char)(1 << (i % 8));
        check_repaired("header byte", i, &whole);
    }
    free(whole.data);
}

static void damage_anywhere_is_noticed(void **state)
{
    (void)state;
    content whole = read_content(here.pack);
    size_t numbers = whole.bytes - (size_t)ROWS * COLUMNS * sizeof(float) / 2; /* within the weights */
    const size_t places[] = {HEADER_BYTES, HEADER_BYTES + 3, HEADER_BYTES + 40, numbers, whole.bytes - 1};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        whole.data[places[i]] ^= 0x10;
        put_content(here.pack, whole.data, whole.bytes);
        whole.data[places[i]] ^= 0x10;
        check_repaired("byte", places[i], &whole);
    }
    free(whole.data);
}

static void a_file_that_is_cut_or_longer_is_noticed(void **state)
{
    (void)state;
    content whole = read_content(here.pack);
    for (size_t i = 0; i < CUTS; i++) {
        put_content(here.pack, whole.data, whole.bytes * i / CUTS);
        check_repaired("cut", i, &whole);
    }
    put_content(here.pack, whole.data, whole.bytes + 1); /* the NUL behind what was read */
    check_repaired("one byte more", 0, &whole);
    free(whole.data);
}

static void what_others_could_have_written_is_not_believed(void **state)
{
    (void)state;
    content whole = read_content(here.pack);
    chmod(here.pack, 0466);
    check_repaired("writable by all", 0, &whole);
    char aside[300];
    snprintf(aside, sizeof aside, "%s/aside", here.place.root);
    assert_int_equal(rename(here.pack, aside), 0);
    assert_int_equal(symlink(aside, here.pack), 0);
    check_repaired("a symbolic link", 0, &whole);
    unlink(aside);
    if (geteuid() == 0) { /* only root can give files away */
        assert_int_equal(chown(here.pack, 12345, 12345), 0);
        check_repaired("of another user", 0, &whole);
    }
    free(whole.data);
}

/* Files come to rest, are noted as whole, and then one is changed behind our back without a new length. */
static void a_change_after_the_note_is_noticed(void **state)
{
    (void)state;
    char note[256];
    usleep(2200000);
    check_open(here.cache, "cache file", true);
    assert_true(find_entry(here.cache, ".note", note, sizeof note) >= 1);
    check_open(here.cache, "cache file", true);
    content whole = read_content(here.pack);
    chmod(here.pack, 0644);
    int file = open(here.pack, O_RDWR | O_CLOEXEC);
    unsigned char changed = (unsigned char)(whole.data[whole.bytes - 100] ^ 1);
    assert_int_equal(pwrite(file, &changed, 1, (off_t)whole.bytes - 100), 1);
    close(file);
    chmod(here.pack, 0444);
    check_repaired("after the note", 0, &whole);
    content kept = read_content(note);
    for (size_t i = 0; i < kept.bytes; i++) { /* a damaged note is no note */
        kept.data[i] ^= 4;
        put_content(note, kept.data, kept.bytes);
        kept.data[i] ^= 4;
        check_open(here.cache, "cache file", true);
    }
    put_content(note, kept.data, kept.bytes / 2);
    check_open(here.cache, "cache file", true);
    free(kept.data);
    free(whole.data);
}

/* A model that is replaced by another of the same size at the same path is another model, also when it was noted. */
static void a_changed_model_is_packed_anew(void **state)
{
    (void)state;
    usleep(2200000);
    check_open(here.cache, "cache file", true);
    wide_product other = wide_product_make(ROWS, COLUMNS, 2), first = wide_product_make(ROWS, COLUMNS, 1);
    wide_product_write(&other, here.place.model);
    ramet_runtime *fresh = open_level(NULL, RAMET_CPU_LEVEL_AUTO),
                  *cached = open_level(here.cache, RAMET_CPU_LEVEL_AUTO);
    uint64_t wanted = wide_product_run(fresh);
    assert_true(wanted != here.expected);
    assert_true(wide_product_run(cached) == wanted);
    ramet_runtime_close(fresh);
    ramet_runtime_close(cached);
    wide_product_write(&first, here.place.model);
    check_open(here.cache, "cache file", true);
    wide_product_free(&other);
    wide_product_free(&first);
}

static void a_cache_that_cannot_be_written_is_no_error(void **state)
{
    (void)state;
    char below[300];
    snprintf(below, sizeof below, "%s/cache", here.place.model); /* below a file */
    check_open(below, "cache not used", false);
    check_open("/proc/no/such/folder", "cache not used", false); /* nobody writes there, be it root */
    empty_cache();
    snprintf(below, sizeof below, "%s.new", here.pack);
    assert_int_equal(mkdir(below, 0700), 0); /* in the way */
    check_open(here.cache, "cache not used", false);
    rmdir(below);
    check_open(here.cache, "made now", true);
}

/* In a child, whose limits are its own. */
static void a_full_disk_is_no_error_and_leaves_nothing(void **state)
{
    (void)state;
    char path[256];
    empty_cache();
    for (rlim_t bytes = 0; bytes < 70000; bytes += 23000) {
        pid_t child = fork();
        if (child == 0) {
            setrlimit(RLIMIT_FSIZE, &(struct rlimit){bytes, bytes});
            ramet_runtime *runtime = open_level(here.cache, RAMET_CPU_LEVEL_AUTO);
            bool good = says(runtime, "cache not used") && says(runtime, "large") && shared_bytes(runtime) == 0 &&
                        wide_product_run(runtime) == here.expected;
            _exit(good ? 0 : 1);
        }
        int how = 0;
        assert_int_equal(waitpid(child, &how, 0), child);
        assert_int_equal(how, 0);
        assert_int_equal(find_entry(here.cache, ".pack", path, sizeof path), 0);
        assert_int_equal(find_entry(here.cache, ".new", path, sizeof path), 0);
    }
    check_open(here.cache, "made now", true);
}

static void models_from_memory_are_kept_too(void **state)
{
    (void)state;
    wide_product product = wide_product_make(ROWS, COLUMNS, 1);
    for (int i = 0; i < 2; i++) {
        ramet_runtime_option option;
        ramet_runtime *runtime;
        ramet_runtime_option_init(&option);
        option.cache_dir = here.cache;
        option.program_bytes = product.bytes;
        option.program_count = product.count;
        assert_int_equal(ramet_runtime_open("a product", &option, &runtime, NULL), RAMET_STATUS_OK);
        assert_true(says(runtime, here.pack)); /* the same bytes are the same model */
        assert_true(wide_product_run(runtime) == here.expected);
        ramet_runtime_close(runtime);
    }
    wide_product_free(&product);
}

static void nothing_that_is_mapped_can_be_written_and_executed(void **state)
{
    (void)state;
    static char text[1 << 20];
    ramet_runtime *runtime = open_level(here.cache, RAMET_CPU_LEVEL_AUTO);
    (void)wide_product_run(runtime);
    assert_int_equal(rmt_os_read_text("/proc/self/maps", text, sizeof text), 0);
    ramet_runtime_close(runtime);
    bool found = false;
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        char rights[5] = "";
        assert_int_equal(sscanf(line, "%*s %4s", rights), 1);
        assert_false(rights[1] == 'w' && rights[2] == 'x');
        if (strstr(line, ".pack") != NULL) {
            assert_string_equal(rights, "r--s");
            found = true;
        }
    }
    assert_true(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packed_file_is_used_and_left_as_it_is),
        cmocka_unit_test(a_clone_of_a_mapped_model_is_the_same),
        cmocka_unit_test(each_level_of_instructions_has_a_file_of_its_own),
        cmocka_unit_test(every_damaged_byte_of_a_header_is_noticed),
        cmocka_unit_test(damage_anywhere_is_noticed),
        cmocka_unit_test(a_file_that_is_cut_or_longer_is_noticed),
        cmocka_unit_test(what_others_could_have_written_is_not_believed),
        cmocka_unit_test(a_change_after_the_note_is_noticed),
        cmocka_unit_test(a_changed_model_is_packed_anew),
        cmocka_unit_test(a_cache_that_cannot_be_written_is_no_error),
        cmocka_unit_test(a_full_disk_is_no_error_and_leaves_nothing),
        cmocka_unit_test(models_from_memory_are_kept_too),
        cmocka_unit_test(nothing_that_is_mapped_can_be_written_and_executed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

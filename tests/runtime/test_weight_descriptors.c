/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packed weights handed from process to process as descriptors, and what a process with them costs. This program starts
 * itself anew as a process that knows nothing but a path and a descriptor.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/os.h"
#include "ramet/runtime.h"
#include "support/wide_product.h"

enum { ROWS = 2048, COLUMNS = 4096, GIVEN = 5, WEIGHTS_BYTES = ROWS * COLUMNS * 4, EXTRA_BYTES = 8 << 20 };

typedef struct seen {
    uint64_t result, shared_bytes, arena_bytes, pss_bytes;
    uint64_t opening_bytes; /* the most that was resident when the model was open */
    int32_t mapped;         /* a memory file, by what it says */
} seen;

static ramet_runtime *open_with(const char *model, const int32_t *fds, size_t count)
{
    ramet_runtime_option option;
    ramet_runtime *runtime;
    ramet_error error = {0};
    ramet_runtime_option_init(&option);
    option.weights_fds = fds;
    option.weights_fd_count = count;
    if (ramet_runtime_open(model, &option, &runtime, &error) != RAMET_STATUS_OK)
        fail_msg("%s (%s)", error.message, error.place);
    return runtime;
}

static int32_t share(ramet_runtime *runtime)
{
    int32_t fd;
    ramet_error error = {0};
    if (ramet_runtime_weights_fd(runtime, &fd, &error) != RAMET_STATUS_OK)
        fail_msg("%s", error.message);
    return fd;
}

static seen look(ramet_runtime *runtime)
{
    seen s = {.result = wide_product_run(runtime)};
    ramet_memory memory;
    char *text;
    uint64_t rss;
    ramet_runtime_memory(runtime, &memory);
    s.shared_bytes = memory.shared_bytes;
    s.arena_bytes = memory.arena_bytes;
    rmt_os_memory_used(&rss, &s.pss_bytes);
    ramet_runtime_describe(runtime, RAMET_DESCRIBE_WEIGHTS, NULL, 0, &text, NULL);
    s.mapped = strstr(text, "a sealed memory file") != NULL;
    ramet_text_free(text);
    return s;
}

static uint64_t peak_bytes(void)
{
    char text[8192];
    const char *line = rmt_os_read_text("/proc/self/status", text, sizeof text) ? NULL : strstr(text, "VmHWM:");
    return line ? strtoull(line + strlen("VmHWM:"), NULL, 10) * 1024 : 0;
}

/* A process that stays until `stay` is closed by its other end. */
static void tell_and_stay(ramet_runtime *runtime, int report, int stay)
{
    char nothing;
    uint64_t opening_bytes = peak_bytes();
    seen s = look(runtime);
    s.opening_bytes = opening_bytes;
    if (write(report, &s, sizeof s) != (ssize_t)sizeof s || read(stay, &nothing, 1) != 0)
        _exit(1);
    s = look(runtime); /* once more, now that all are there */
    if (write(report, &s, sizeof s) != (ssize_t)sizeof s)
        _exit(1);
    _exit(0);
}

static int spawned_main(const char *model)
{
    const int32_t given = GIVEN;
    tell_and_stay(open_with(model, &given, 1), 3, 4);
    return 1;
}

/* ---- starting them ------------------------------------------------------------------------------------------- */

typedef struct helper {
    pid_t id;
    int report, stay; /* our ends */
} helper;

static void become(const char *model, int report, int stay, int weights)
{
    int above[] = {fcntl(report, F_DUPFD, 20), fcntl(stay, F_DUPFD, 20), fcntl(weights, F_DUPFD, 20)};
    for (int i = 0; i < 3; i++) {
        dup2(above[i], 3 + i);
        close(above[i]);
    }
    execl("/proc/self/exe", "test", model, (char *)NULL);
    _exit(127);
}

/* weights >= 0: a program of its own, which gets them; else a fork that uses a clone. */
static helper start(const char *model, ramet_runtime *runtime, int weights)
{
    int report[2], stay[2];
    assert_int_equal(pipe2(report, O_CLOEXEC), 0);
    assert_int_equal(pipe2(stay, O_CLOEXEC), 0);
    pid_t id = fork();
    if (id == 0) {
        close(stay[1]);
        if (weights >= 0)
            become(model, report[1], stay[0], weights);
        ramet_runtime *clone;
        if (ramet_runtime_clone(runtime, &clone, NULL))
            _exit(1);
        tell_and_stay(clone, report[1], stay[0]);
    }
    close(report[1]);
    close(stay[0]);
    return (helper){id, report[0], stay[1]};
}

static seen hear(const helper *o)
{
    seen s;
    assert_int_equal(read(o->report, &s, sizeof s), sizeof s);
    return s;
}

static void end(const helper *o)
{
    int how;
    close(o->report);
    assert_int_equal(waitpid(o->id, &how, 0), o->id);
    assert_int_equal(how, 0);
}

/* ---- tests ------------------------------------------------------------------------------------------------------ */

typedef struct place {
    wide_product_place place;
    uint64_t expected;
} place;

static place here;

static int set_up(void **state)
{
    (void)state;
    wide_product_place_make(&here.place, ROWS, COLUMNS);
    ramet_runtime *runtime = open_with(here.place.model, NULL, 0);
    here.expected = wide_product_run(runtime);
    ramet_runtime_close(runtime);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return wide_product_place_remove(&here.place);
}

static void a_descriptor_is_sealed_and_stays_the_same(void **state)
{
    (void)state;
    ramet_runtime *clone, *runtime = open_with(here.place.model, NULL, 0);
    seen before = look(runtime);
    assert_int_equal(before.shared_bytes, 0);
    assert_int_equal(ramet_runtime_clone(runtime, &clone, NULL), RAMET_STATUS_OK);
    int32_t fd = share(runtime);
    assert_true(rmt_os_is_sealed(fd));
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(pwrite(fd, "x", 1, 0), -1);
    assert_int_equal(ftruncate(fd, 0), -1);
    assert_ptr_equal(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
    assert_int_equal(share(clone), fd);
    seen after = look(runtime);
    assert_true(after.mapped && after.shared_bytes >= WEIGHTS_BYTES);
    assert_true(after.result == here.expected && look(clone).result == here.expected);
    assert_true(after.pss_bytes <
                before.pss_bytes + EXTRA_BYTES / 4); /* its pages have taken the place of the others */
    ramet_runtime_close(runtime);
    assert_int_equal(share(clone), fd);
    ramet_runtime_close(clone);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
}

typedef struct runner {
    ramet_runtime *clone;
    atomic_bool stop;
    atomic_int runs, wrong;
} runner;

static void keep_running(void *context)
{
    runner *r = context;
    while (!atomic_load(&r->stop)) {
        r->wrong += wide_product_run(r->clone) != here.expected;
        r->runs++;
    }
}

static void clones_may_run_while_weights_change_their_home(void **state)
{
    (void)state;
    for (int round = 0; round < 3; round++) {
        ramet_runtime *runtime = open_with(here.place.model, NULL, 0);
        runner r = {0};
        pthread_t thread;
        assert_int_equal(ramet_runtime_clone(runtime, &r.clone, NULL), RAMET_STATUS_OK);
        assert_int_equal(rmt_os_thread_start(&thread, keep_running, &r), 0);
        while (r.runs < 2)
            usleep(100);
        (void)share(runtime);
        int so_far = r.runs;
        while (r.runs < so_far + 2)
            usleep(100);
        r.stop = true;
        rmt_os_thread_join(thread);
        assert_int_equal(r.wrong, 0);
        ramet_runtime_close(r.clone);
        ramet_runtime_close(runtime);
    }
}

static void the_right_one_of_several_is_used_and_others_are_passed_over(void **state)
{
    (void)state;
    char other_path[256];
    snprintf(other_path, sizeof other_path, "%s/other.onnx", here.place.root);
    wide_product product = wide_product_make(64, 64, 3);
    wide_product_write(&product, other_path);
    wide_product_free(&product);
    ramet_runtime *runtime = open_with(here.place.model, NULL, 0), *other = open_with(other_path, NULL, 0);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    const int32_t fds[] = {share(other), 999, ends[0], share(runtime)};
    ramet_runtime *found = open_with(here.place.model, fds, 4), *none = open_with(here.place.model, fds, 3);
    seen s = look(found), n = look(none);
    assert_true(s.mapped && s.result == here.expected);
    assert_true(!n.mapped && n.shared_bytes == 0 && n.result == here.expected);
    ramet_runtime_close(runtime); /* the finder has a descriptor of its own */
    assert_true(look(found).result == here.expected);
    const int32_t again = share(found);
    ramet_runtime *third = open_with(here.place.model, &again, 1);
    assert_true(look(third).mapped);
    ramet_runtime_close(found);
    ramet_runtime_close(none);
    ramet_runtime_close(other);
    ramet_runtime_close(third);
    close(ends[0]);
    close(ends[1]);
}

static void a_descriptor_of_a_file_is_checked_first(void **state)
{
    (void)state;
    ramet_runtime *runtime = open_with(here.place.model, NULL, 0);
    int32_t fd = share(runtime), copy;
    rmt_os_identity whole;
    assert_int_equal(rmt_os_identify_open(fd, &whole), 0);
    unsigned char *bytes = malloc((size_t)whole.bytes);
    assert_int_equal(rmt_os_read_at(fd, 0, bytes, (size_t)whole.bytes), 0);
    for (int damaged = 0; damaged < 2; damaged++) { /* no seals: the same bytes, then one of them changed */
        bytes[whole.bytes - 5000] ^= (unsigned char)damaged;
        assert_int_equal(rmt_os_open_memory("test", &copy), 0);
        assert_int_equal(rmt_os_append(copy, bytes, (size_t)whole.bytes), 0);
        ramet_runtime *other = open_with(here.place.model, &copy, 1);
        seen s = look(other);
        assert_true(s.result == here.expected);
        assert_int_equal(s.shared_bytes > 0, !damaged);
        ramet_runtime_close(other);
        close(copy);
    }
    free(bytes);
    ramet_runtime_close(runtime);
}

static void a_model_whose_files_have_changed_is_not_shared_under_their_name(void **state)
{
    (void)state;
    char path[256];
    snprintf(path, sizeof path, "%s/changing.onnx", here.place.root);
    wide_product first = wide_product_make(64, 64, 3), second = wide_product_make(64, 64, 4);
    wide_product_write(&first, path);
    ramet_runtime *runtime = open_with(path, NULL, 0);
    ramet_error error;
    int32_t fd;
    unlink(path);
    assert_int_not_equal(ramet_runtime_weights_fd(runtime, &fd, &error), RAMET_STATUS_OK);
    assert_int_equal(fd, -1);
    wide_product_write(&second, path);
    assert_int_equal(ramet_runtime_weights_fd(runtime, &fd, &error), RAMET_STATUS_IO);
    assert_non_null(strstr(error.message, "changed"));
    (void)wide_product_run(runtime);
    ramet_runtime_close(runtime);
    wide_product_free(&first);
    wide_product_free(&second);
}

static seen look_from_another_process(const char *model, int weights)
{
    helper other = start(model, NULL, weights);
    seen s = hear(&other);
    close(other.stay);
    (void)hear(&other);
    end(&other);
    return s;
}

/* With files that have been left alone for a while; hashing them would have them in memory. */
static void a_process_that_is_given_weights_does_not_read_the_files(void **state)
{
    (void)state;
    rmt_os_identity identity;
    do {
        usleep(10000);
        assert_int_equal(rmt_os_identify(here.place.model, &identity), 0);
    } while (!rmt_os_identity_is_settled(&identity));
    ramet_runtime *runtime = open_with(here.place.model, NULL, 0);
    int32_t fd = share(runtime);
    seen known = look_from_another_process(here.place.model, fd);
    wide_product same = wide_product_make(ROWS, COLUMNS, 1), other = wide_product_make(ROWS, COLUMNS, 2);
    wide_product_write(&same, here.place.model);
    seen hashed = look_from_another_process(here.place.model, fd); /* another identity, the same bytes */
    wide_product_write(&other, here.place.model);
    seen foreign = look_from_another_process(here.place.model, fd);
    wide_product_write(&same, here.place.model);
    assert_true(known.mapped && known.result == here.expected);
    assert_true(hashed.mapped && hashed.result == here.expected);
    assert_true(!foreign.mapped && foreign.result != here.expected);
    print_message("opening: %.1f MiB at most, %.1f with the files read\n", (double)known.opening_bytes / 1048576,
                  (double)hashed.opening_bytes / 1048576);
    assert_true(known.opening_bytes + WEIGHTS_BYTES / 2 < hashed.opening_bytes);
    wide_product_free(&same);
    wide_product_free(&other);
    ramet_runtime_close(runtime);
}

static void a_model_from_memory_can_be_shared(void **state)
{
    (void)state;
    wide_product product = wide_product_make(64, 64, 3);
    ramet_runtime_option option;
    ramet_runtime *runtime, *other;
    ramet_runtime_option_init(&option);
    option.program_bytes = product.bytes;
    option.program_count = product.count;
    assert_int_equal(ramet_runtime_open("a", &option, &runtime, NULL), RAMET_STATUS_OK);
    const int32_t fd = share(runtime);
    option.weights_fds = &fd;
    option.weights_fd_count = 1;
    assert_int_equal(ramet_runtime_open("b", &option, &other, NULL), RAMET_STATUS_OK);
    assert_true(look(other).mapped);
    assert_true(look(other).result == look(runtime).result);
    wide_product_free(&product);
    ramet_runtime_close(runtime);
    ramet_runtime_close(other);
}

/* Forked or started anew: a further process costs its arena, and little else. */
static void a_further_process_does_not_cost_the_weights_again(void **state)
{
    (void)state;
    enum { OTHERS = 4 };
    for (int spawned = 0; spawned < 2; spawned++) {
        ramet_runtime *runtime = open_with(here.place.model, NULL, 0);
        (void)wide_product_run(runtime); /* fork after load and run */
        int weights = spawned ? share(runtime) : -1;
        helper others[OTHERS];
        for (int i = 0; i < OTHERS; i++)
            others[i] = start(here.place.model, runtime, weights);
        uint64_t sum = 0;
        seen last[OTHERS];
        for (int i = 0; i < OTHERS; i++) {
            last[i] = hear(&others[i]);
            assert_true(last[i].result == here.expected);
            if (spawned)
                assert_true(last[i].mapped);
        }
        for (int i = 0; i < OTHERS; i++)
            close(others[i].stay);
        for (int i = 0; i < OTHERS; i++) {
            last[i] = hear(&others[i]);
            sum += last[i].pss_bytes - last[i].arena_bytes;
        }
        for (int i = 0; i < OTHERS; i++)
            end(&others[i]);
        print_message("%s: %.2f MiB each beside the arena, with weights of %.0f MiB\n", spawned ? "spawned" : "forked",
                      (double)sum / OTHERS / 1048576, (double)WEIGHTS_BYTES / 1048576);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
        /* The weights once, whoever holds them, and 8 MiB for each. */
        assert_true(sum <= WEIGHTS_BYTES + (uint64_t)OTHERS * EXTRA_BYTES);
#endif
        ramet_runtime_close(runtime);
    }
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return spawned_main(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_descriptor_is_sealed_and_stays_the_same),
        cmocka_unit_test(clones_may_run_while_weights_change_their_home),
        cmocka_unit_test(the_right_one_of_several_is_used_and_others_are_passed_over),
        cmocka_unit_test(a_descriptor_of_a_file_is_checked_first),
        cmocka_unit_test(a_model_whose_files_have_changed_is_not_shared_under_their_name),
        cmocka_unit_test(a_process_that_is_given_weights_does_not_read_the_files),
        cmocka_unit_test(a_model_from_memory_can_be_shared),
        cmocka_unit_test(a_further_process_does_not_cost_the_weights_again),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

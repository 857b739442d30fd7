/* SPDX-License-Identifier: Apache-2.0 */
/* Pages, clock, memory in use, threads and processor: what the host gives, within what must hold on any host. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/os.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

static void pages_are_zero_aligned_and_zero_again_after_discard(void **state)
{
    (void)state;
    size_t page = rmt_os_page_bytes(), bytes = 3 * page;
    unsigned char *pages = rmt_os_pages_alloc(bytes);
    assert_non_null(pages);
    assert_int_equal((uintptr_t)pages % page, 0);
    for (size_t i = 0; i < bytes; i++)
        assert_int_equal(pages[i], 0);
    memset(pages, 7, bytes);
    rmt_os_pages_discard(pages + page, page);
    assert_int_equal(pages[page - 1], 7);
    assert_int_equal(pages[page], 0);
    assert_int_equal(pages[2 * page - 1], 0);
    assert_int_equal(pages[2 * page], 7);
    rmt_os_pages_free(pages, bytes);
    rmt_os_pages_free(NULL, 0);
}

static void impossible_amounts_of_pages_are_null(void **state)
{
    (void)state;
    assert_null(rmt_os_pages_alloc(0));
    assert_null(rmt_os_pages_alloc(SIZE_MAX));
    assert_null(rmt_os_pages_alloc(SIZE_MAX / 2));
}

/* The write happens in a child: its fault is what is expected. */
static void protected_pages_fault_on_write_and_read_as_before(void **state)
{
    (void)state;
    size_t page = rmt_os_page_bytes();
    volatile unsigned char *pages = rmt_os_pages_alloc(page);
    assert_non_null(pages);
    pages[5] = 9;
    assert_int_equal(rmt_os_pages_protect((void *)(uintptr_t)pages, page), 0);
    assert_int_equal(pages[5], 9);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL);
        pages[5] = 1;
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    rmt_os_pages_free((void *)(uintptr_t)pages, page);
}

static void clock_never_goes_back(void **state)
{
    (void)state;
    uint64_t before = rmt_os_now_ns();
    for (int i = 0; i < 1000; i++) {
        uint64_t now = rmt_os_now_ns();
        assert_true(now >= before);
        before = now;
    }
}

static void memory_used_grows_by_touched_pages(void **state)
{
    (void)state;
    enum { BYTES = 32 << 20, SLACK = 1 << 20 }; /* pages of the libraries come and go meanwhile */
    uint64_t rss_before, pss_before, rss, pss;
    assert_int_equal(rmt_os_memory_used(&rss_before, &pss_before), 0);
    assert_true(pss_before > 0 && pss_before <= rss_before);
    unsigned char *pages = rmt_os_pages_alloc(BYTES);
    assert_non_null(pages);
    memset(pages, 1, BYTES);
    assert_int_equal(rmt_os_memory_used(&rss, &pss), 0);
    rmt_os_pages_free(pages, BYTES);
    if (!SANITIZED) { /* sanitizers move memory of their own meanwhile */
        assert_in_range(rss - rss_before, BYTES - SLACK, BYTES + SLACK);
        assert_in_range(pss - pss_before, BYTES - SLACK, BYTES + SLACK);
    }
}

static void report_signals(void *context)
{
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    *(int *)context = sigismember(&blocked, SIGINT) && sigismember(&blocked, SIGTERM) && sigismember(&blocked, SIGUSR1);
}

static void new_threads_block_signals_and_the_starter_does_not(void **state)
{
    (void)state;
    int all_blocked = 0;
    pthread_t thread;
    assert_int_equal(rmt_os_thread_start(&thread, report_signals, &all_blocked), 0);
    rmt_os_thread_join(thread);
    assert_true(all_blocked);
    report_signals(&all_blocked);
    assert_false(all_blocked);
}

static void a_forked_child_is_another_process(void **state)
{
    (void)state;
    uint64_t parent = rmt_os_process_id();
    assert_true(parent == rmt_os_process_id());
    pid_t child = fork();
    if (child == 0)
        _exit(rmt_os_process_id() != parent ? 42 : 0);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), 42);
}

static void processor_facts_are_sensible(void **state)
{
    (void)state;
    rmt_os_cpu cpu;
    memset(&cpu, 0xff, sizeof cpu);
    rmt_os_cpu_get(&cpu);
    assert_in_range(cpu.l1d_bytes, 8 << 10, 1 << 20);
    assert_in_range(cpu.l2_bytes, 64 << 10, 64 << 20);
    assert_true(cpu.l3_bytes > 0);
    assert_true(!cpu.features.avx512 || cpu.features.avx2_fma);
    assert_true(!cpu.features.avx512_bf16 || cpu.features.avx512);
    assert_non_null(memchr(cpu.name, 0, sizeof cpu.name));
    assert_true(cpu.name[0] != 0 && cpu.name[0] != ' ');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_are_zero_aligned_and_zero_again_after_discard),
        cmocka_unit_test(impossible_amounts_of_pages_are_null),
        cmocka_unit_test(protected_pages_fault_on_write_and_read_as_before),
        cmocka_unit_test(clock_never_goes_back),
        cmocka_unit_test(memory_used_grows_by_touched_pages),
        cmocka_unit_test(new_threads_block_signals_and_the_starter_does_not),
        cmocka_unit_test(a_forked_child_is_another_process),
        cmocka_unit_test(processor_facts_are_sensible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

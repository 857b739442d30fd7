/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only room that meets the operating system: files, mapping, pages,
 * clock, threads, CPU features. A port replaces this room and nothing else.
 *
 * Functions that can fail return 0 or an errno value; they know no error texts
 * (base/base.h turns an errno into one).
 */
#ifndef RMT_OS_H
#define RMT_OS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- files ---------------------------------------------------------------------------------------- */

/* A whole file, mapped read-only. An empty file has data NULL and bytes 0. */
typedef struct rmt_os_map {
    const unsigned char *data;
    size_t bytes;
} rmt_os_map;

/* Maps a regular file of at most limit_bytes (EFBIG above; EISDIR, EINVAL for what is no regular file). */
int rmt_os_map_file(const char *path, size_t limit_bytes, rmt_os_map *map);
void rmt_os_unmap(rmt_os_map *map);

/* Reads a whole regular file of at most limit_bytes into malloc'ed memory, NUL byte behind it. */
int rmt_os_read_file(const char *path, size_t limit_bytes, unsigned char **data, size_t *bytes);

/* Reads the start of a file of /proc or /sys as text. 0 or errno. */
int rmt_os_read_text(const char *path, char *text, size_t room);

/* Makes a file of these bytes, or replaces one; where that fails, no file is left. */
int rmt_os_write_file(const char *path, const unsigned char *data, size_t bytes);

bool rmt_os_is_folder(const char *path);
bool rmt_os_is_file(const char *path);

/* Shows the name of each entry of a folder, in no order; stops when `see` answers false. 0 or errno. */
int rmt_os_each_name(const char *folder, bool (*see)(void *context, const char *name), void *context);

/* ---- files that many processes map ------------------------------------------------------------------- */

/* What tells a file from all others, and from itself before a change: the kernel moves changed_ns with every write. */
typedef struct rmt_os_identity {
    uint64_t device, inode, bytes;
    int64_t modified_ns, changed_ns; /* since 1970 */
} rmt_os_identity;

int rmt_os_identify(const char *path, rmt_os_identity *identity);
int rmt_os_identify_open(int file, rmt_os_identity *identity);
bool rmt_os_identity_equal(const rmt_os_identity *a, const rmt_os_identity *b);
/*
 * Was the file left alone for so long that a further change cannot carry the same times? False while it is younger than
 * two seconds, which is more than the grain of any file system's clock.
 */
bool rmt_os_identity_is_settled(const rmt_os_identity *identity);

/*
 * A regular file that nobody but this user, or root, can have written: owned by one of them, writable by no group and no
 * others, no symbolic link. EPERM otherwise.
 */
int rmt_os_open_trusted(const char *path, int *file);
int rmt_os_duplicate(int file, int *copy); /* closed by exec */
void rmt_os_close(int file);
bool rmt_os_is_sealed(int file); /* a memory file that can neither change nor shrink any more */
bool rmt_os_is_ours(int file);   /* owned by this user or root */

/* All the bytes, or EIO when the file ends before. */
int rmt_os_read_at(int file, uint64_t offset, void *data, size_t bytes);
/*
 * Maps bytes of a file read-only, shared with all who map it. offset: of a page. *pages: NULL, or the pages of this
 * process that the mapping replaces at once.
 */
int rmt_os_map_shared(int file, uint64_t offset, size_t bytes, void **pages);

int rmt_os_make_folders(const char *path); /* the folder and those above it, for this user alone */
/*
 * Opens or makes a file for this user alone and locks it; where another process has the lock, waits up to wait_ms and
 * then fails with EBUSY. The lock goes with the descriptor, and with the process.
 */
int rmt_os_open_locked(const char *path, int wait_ms, int *file);
int rmt_os_empty(int file); /* drops all bytes */
int rmt_os_append(int file, const void *data, size_t bytes);
/* Read-only, on the disk, and then in one step under its final name in place of what had it. */
int rmt_os_publish(int file, const char *path, const char *final_path);
int rmt_os_remove(const char *path);
/* Seconds since a file was last read or written, as far as the file system keeps count. */
int rmt_os_idle_seconds(const char *path, int64_t *seconds);

int rmt_os_open_memory(const char *name, int *file); /* an empty file in memory, without a path; closed by exec */
int rmt_os_seal(int file);                           /* from now on it is_sealed */

/* ---- pages ---------------------------------------------------------------------------------------- */

/* Zeroed private pages, page-aligned; NULL when there are none. Physical memory is taken on first touch. */
void *rmt_os_pages_alloc(size_t bytes);
void rmt_os_pages_free(void *pages, size_t bytes);

/* Write-protects whole pages: a stray write faults instead of changing what all clones share. 0 or errno. */
int rmt_os_pages_protect(void *pages, size_t bytes);

/* Gives the physical memory of whole pages back; they read as zero afterwards. */
void rmt_os_pages_discard(void *pages, size_t bytes);

size_t rmt_os_page_bytes(void);

/* ---- clock, memory in use ---------------------------------------------------------------------------- */

uint64_t rmt_os_now_ns(void); /* monotonic */

/* This process, bytes: resident set and proportional set (/proc/self/smaps_rollup). 0 or errno. */
int rmt_os_memory_used(uint64_t *rss_bytes, uint64_t *pss_bytes);

/* ---- threads ----------------------------------------------------------------------------------------- */

typedef void (*rmt_os_thread_main)(void *context);

/* Threads are pthreads; mutex and condition are used as they are. Signals stay blocked in new threads. 0 or errno. */
int rmt_os_thread_start(pthread_t *thread, rmt_os_thread_main entry, void *context);
void rmt_os_thread_join(pthread_t thread);

/* Sleeps until woken, or not at all when *word is no longer `value`; may return early. Wakes at most `count` that sleep so. */
void rmt_os_sleep_while(_Atomic(unsigned) *word, unsigned value);
void rmt_os_wake(_Atomic(unsigned) *word, int count);

/* Changes in a child after fork(): handles compare it to know that their threads are gone. */
uint64_t rmt_os_process_id(void);

/* ---- processes --------------------------------------------------------------------------------------- */

/*
 * One end of a line to another process: whole messages, and a memory file without a name that both ends see. Each end
 * writes to the file only while the other waits for its message.
 */
typedef struct rmt_os_line {
    int channel, memory; /* descriptors, closed by exec */
} rmt_os_line;

/* A child that dies with the thread that started it. */
typedef struct rmt_os_child {
    int64_t id;
    rmt_os_line line; /* our end */
} rmt_os_child;

/* A copy of this process that runs entry() and ends with its answer; of its threads only the calling one is there. */
int rmt_os_fork(rmt_os_child *child, int (*entry)(void *context, rmt_os_line line), void *context);
/*
 * A program; it finds its end of the line at rmt_os_inherited_line(), and copies of these files, at most
 * RMT_OS_MOST_GIVEN, at descriptors RMT_OS_FIRST_GIVEN, RMT_OS_FIRST_GIVEN + 1, ...
 */
#define RMT_OS_FIRST_GIVEN 5
#define RMT_OS_MOST_GIVEN 16
int rmt_os_spawn(rmt_os_child *child, const char *const *command, const int32_t *files, size_t count);
/* The line of a program that rmt_os_spawn() has started; ENOTCONN when that is not how it was started. */
int rmt_os_inherited_line(rmt_os_line *line);

void rmt_os_line_close(rmt_os_line *line);
/* Closes the line, kills if asked to, and waits for the end; *text (of 64 bytes) says how it ended: "signal 9". */
void rmt_os_child_end(rmt_os_child *child, bool kill_it, char *text);

/* A message of at most some hundred bytes; EPIPE when the other end is gone. 0 or errno. */
int rmt_os_line_send(const rmt_os_line *line, const void *message, size_t bytes);
int rmt_os_line_receive(const rmt_os_line *line, void *message, size_t bytes);
/* Waits until a message, or the end, has come for at least one of the lines; ready[i]: for this one. */
int rmt_os_lines_wait(const rmt_os_line *const *lines, size_t count, bool *ready);

/* The first bytes of the memory file. EIO when it is shorter; a file that has grown large is given back on write. */
int rmt_os_line_write(const rmt_os_line *line, const void *data, size_t bytes);
int rmt_os_line_read(const rmt_os_line *line, void *data, size_t bytes);

/* ---- libraries loaded on request ------------------------------------------------------------------------ */

/* Loads a shared library, for good. A path without a slash is the loader's to find. NULL, and in text why. */
void *rmt_os_library_open(const char *path, char *text, size_t room);
/* NULL: it has no such symbol. */
void *rmt_os_library_symbol(void *library, const char *name);
/* The folder, with a slash behind it, of the library or program that this code is part of. False when it has none. */
bool rmt_os_own_folder(char *path, size_t room);

/* ---- processor ---------------------------------------------------------------------------------------- */

/* What both CPU and system let a program use; each implies those before it. */
typedef struct rmt_os_features {
    bool avx2_fma;    /* AVX2, FMA, F16C */
    bool avx512;      /* AVX-512 F, BW, DQ, VL */
    bool avx512_bf16; /* AVX-512 BF16 */
} rmt_os_features;

typedef struct rmt_os_cpu {
    rmt_os_features features;
    size_t l1d_bytes, l2_bytes, l3_bytes; /* of one core; sensible guesses when unknown */
    char name[64];
} rmt_os_cpu;

void rmt_os_cpu_get(rmt_os_cpu *cpu);

/* What one can afford to ask often: the processor itself is not asked, which takes microseconds. */
rmt_os_features rmt_os_cpu_features(void);

typedef struct rmt_os_processors {
    int affinity; /* of the mask of the calling thread */
    int cpuset;   /* of its control group; 0: not told */
    double quota; /* processors' worth of time that control groups grant; 0: no limit */
    int usable;   /* what follows: the least of them, rounded down, at least 1 */
} rmt_os_processors;

/* root: "", or the folder in which a test has laid out /proc/self/cgroup and /sys/fs/cgroup. */
void rmt_os_processors_get(const char *root, rmt_os_processors *processors);

#endif

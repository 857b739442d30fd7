/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder of packed weights: names, notes, and making entries.
 *
 * Only what this user or root has written is believed. A file gets its name in
 * one step when it is whole, so a reader sees a whole one or none; whoever is
 * killed while making one leaves a *.new, which the next one takes.
 */
#include "runtime/weight_cache.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { WAIT_MS = 20000, DAY_SECONDS = 24 * 60 * 60, KEPT_DAYS = 30 };

static const char note_magic[8] = "rametnt";

static bool print_names(const char *folder, const rmt_digest *name, const char *ending, rmt_cache_entry *entry)
{
    int length = snprintf(entry->path, sizeof entry->path, "%s/%016" PRIx64 "%016" PRIx64 ".%s", folder, name->high,
                          name->low, ending);
    int new_length = snprintf(entry->new_path, sizeof entry->new_path, "%s.new", entry->path);
    entry->file = RMT_NO_FILE;
    return length > 0 && new_length > length && (size_t)new_length < sizeof entry->new_path;
}

bool rmt_cache_name(const char *folder, const rmt_digest *key, rmt_cache_entry *entry)
{
    return print_names(folder, key, "pack", entry);
}

/* ---- notes ----------------------------------------------------------------------------------------------- */

/* One for a place on the disk and a set of options, so that a changed file replaces its note. */
static bool name_note(const char *folder, const rmt_source_identity *source, const rmt_model_option *option,
                      rmt_cache_entry *entry)
{
    uint64_t place[] = {source->program.device, source->program.inode, source->params.device, source->params.inode};
    rmt_digest where = rmt_digest_of(place, sizeof place);
    rmt_digest name = rmt_model_key(&where, option);
    return print_names(folder, &name, "note", entry);
}

static rmt_digest digest_of_note(const rmt_cache_note *note)
{
    return rmt_digest_of(note, offsetof(rmt_cache_note, digest));
}

static bool holds(const rmt_cache_note *note, const rmt_source_identity *source)
{
    rmt_digest digest = digest_of_note(note);
    return memcmp(note->magic, note_magic, sizeof note_magic) == 0 && rmt_digest_equal(&digest, &note->digest) &&
           rmt_os_identity_equal(&note->source.program, &source->program) &&
           rmt_os_identity_equal(&note->source.params, &source->params);
}

bool rmt_cache_recall(const char *folder, const rmt_source_identity *source, const rmt_model_option *option,
                      rmt_cache_note *note)
{
    rmt_cache_entry entry;
    int file;
    if (!name_note(folder, source, option, &entry) || rmt_os_open_trusted(entry.path, &file))
        return false;
    bool good = rmt_os_read_at(file, 0, note, sizeof *note) == 0 && holds(note, source);
    rmt_os_close(file);
    return good;
}

bool rmt_source_is_settled(const rmt_source_identity *source)
{
    return rmt_os_identity_is_settled(&source->program) && rmt_os_identity_is_settled(&source->params);
}

void rmt_cache_remember(const char *folder, const rmt_source_identity *source, const rmt_model_option *option,
                        const rmt_digest *key, const rmt_os_identity *pack)
{
    rmt_cache_entry entry;
    rmt_cache_note note = {.source = *source, .key = *key, .pack = *pack};
    memcpy(note.magic, note_magic, sizeof note_magic);
    note.digest = digest_of_note(&note);
    if (!rmt_source_is_settled(source) || !rmt_os_identity_is_settled(pack) ||
        !name_note(folder, source, option, &entry) || rmt_os_open_locked(entry.new_path, 0, &entry.file))
        return;
    if (rmt_os_empty(entry.file) || rmt_os_append(entry.file, &note, sizeof note) ||
        rmt_os_publish(entry.file, entry.new_path, entry.path))
        (void)rmt_os_remove(entry.new_path);
    rmt_os_close(entry.file);
}

/* ---- entries --------------------------------------------------------------------------------------------- */

int rmt_cache_begin(const char *folder, rmt_cache_entry *entry)
{
    int failed = rmt_os_make_folders(folder);
    return failed ? failed : rmt_os_open_locked(entry->new_path, WAIT_MS, &entry->file);
}

/* Drops what nobody has used for a month; whoever has it mapped keeps it. */
static bool drop_when_old(void *context, const char *name)
{
    char path[RMT_PATH_BYTES];
    int64_t seconds;
    bool ours = rmt_text_ends(name, ".pack") || rmt_text_ends(name, ".note") || rmt_text_ends(name, ".new");
    int length = snprintf(path, sizeof path, "%s/%s", (const char *)context, name);
    if (ours && length > 0 && (size_t)length < sizeof path && rmt_os_idle_seconds(path, &seconds) == 0 &&
        seconds > (int64_t)KEPT_DAYS * DAY_SECONDS)
        (void)rmt_os_remove(path);
    return true;
}

/*
 * The model's pages become those of the file: by a descriptor that cannot write, and has no lock that a process forked
 * meanwhile would keep.
 */
static void share_entry(const rmt_cache_entry *entry, rmt_model *model)
{
    rmt_os_identity written, named;
    int file;
    if (rmt_os_open_trusted(entry->path, &file))
        return;
    bool same = !rmt_os_identify_open(entry->file, &written) && !rmt_os_identify_open(file, &named) &&
                rmt_os_identity_equal(&written, &named);
    if (!same || rmt_model_share(model, file))
        rmt_os_close(file);
}

int rmt_cache_finish(const char *folder, rmt_cache_entry *entry, const rmt_digest *key, rmt_model *model)
{
    int failed = rmt_os_empty(entry->file);
    if (!failed)
        failed = rmt_model_store(model, &(rmt_model_names){.key = *key}, entry->file);
    if (!failed)
        failed = rmt_os_publish(entry->file, entry->new_path, entry->path);
    if (failed) {
        rmt_cache_abandon(entry);
        return failed;
    }
    (void)rmt_os_each_name(folder, drop_when_old, (void *)(uintptr_t)folder);
    share_entry(entry, model);
    rmt_os_close(entry->file);
    entry->file = RMT_NO_FILE;
    return 0;
}

void rmt_cache_abandon(rmt_cache_entry *entry)
{
    if (entry->file != RMT_NO_FILE) {
        (void)rmt_os_remove(entry->new_path); /* while the lock is ours */
        rmt_os_close(entry->file);
    }
    entry->file = RMT_NO_FILE;
}

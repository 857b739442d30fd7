/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folder of packed weights, used by any number of processes at once.
 *
 *   KEY.pack      a packed model (src/plan/model_store.c), named by all that decides it
 *   NAME.note     what was found out about the files of a model, so that it need not be found out again
 *   *.new         one of these while it is being made, locked by the process that makes it
 */
#ifndef RMT_WEIGHT_CACHE_H
#define RMT_WEIGHT_CACHE_H

#include "formats/formats.h"
#include "plan/plan.h"

/* The files of a model as they are now; all zero where there is none. */
typedef struct rmt_source_identity {
    rmt_os_identity program, params;
} rmt_source_identity;

/* Whether both had been left alone, so that any later write shows in their identity. */
bool rmt_source_is_settled(const rmt_source_identity *source);

/*
 * While the files of a model are the ones of a note, their digest is too, and need not be computed; while the packed file is
 * the one of a note, its numbers are whole. A note is made only of files that are settled, so that any later change shows.
 */
typedef struct rmt_cache_note {
    char magic[8];
    rmt_source_identity source;
    rmt_digest key;
    rmt_os_identity pack;
    rmt_digest digest; /* of all before */
} rmt_cache_note;

/* The note on these files for these options; false when there is none that holds. */
bool rmt_cache_recall(const char *folder, const rmt_source_identity *source, const rmt_model_option *option,
                      rmt_cache_note *note);
/* Makes or replaces a note, where all its files are settled; failing is no harm. */
void rmt_cache_remember(const char *folder, const rmt_source_identity *source, const rmt_model_option *option,
                        const rmt_digest *key, const rmt_os_identity *pack);

/* A packed model in the cache. */
typedef struct rmt_cache_entry {
    char path[RMT_PATH_BYTES], new_path[RMT_PATH_BYTES];
    int file; /* the one being made, RMT_NO_FILE: none */
} rmt_cache_entry;

/* False when the name is too long. */
bool rmt_cache_name(const char *folder, const rmt_digest *key, rmt_cache_entry *entry);
/* Makes the folder, and waits until nobody else makes this entry. 0 or errno. */
int rmt_cache_begin(const char *folder, rmt_cache_entry *entry);
/* Stores the model and gives the file its name; the file becomes the model's. 0 or errno; then nothing is left. */
int rmt_cache_finish(const char *folder, rmt_cache_entry *entry, const rmt_digest *key, rmt_model *model);
/* Makes nothing after all. */
void rmt_cache_abandon(rmt_cache_entry *entry);

#endif

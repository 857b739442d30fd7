/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the packed weights of a model come from: a descriptor that was handed
 * over, the cache, or the model's own files, tried in this order.
 *
 * What cannot be used is passed over, with a remark; only when the model's own
 * files fail does opening fail. Packed weights are named by a digest of the
 * model's files: the bytes that are hashed are the ones that are read, and what
 * was read from files that have changed meanwhile is not kept. Files that nobody can
 * have written to unseen need not be hashed again: a note of the cache, or a memory
 * file of our own, says what was found of files with the same identity.
 */
#include "runtime/weights.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/weight_cache.h"

struct rmt_weights {
    rmt_model *model;
    rmt_digest key;
    bool keyed;                 /* key is set */
    rmt_source_identity source; /* of the files, as they were opened; not for models from memory */
    bool settled;               /* they had been left alone: any write since then shows in their identity */
    char *program_path, *params_path;
    bool packed;       /* here and now */
    rmt_buffer remark; /* whole lines */
    _Atomic(uint64_t) references;
};

typedef struct opening {
    const rmt_model_files *files;
    const ramet_runtime_option *option;
    const rmt_model_option *model_option;
    rmt_weights *weights;
    bool from_memory;
    rmt_program program; /* its bytes, once they are needed */
    bool mapped;
    rmt_cache_note note;
    bool noted; /* note holds */
    ramet_error *error;
} opening;

/* ---- remarks --------------------------------------------------------------------------------------------- */

static void remark_errno(opening *o, const char *doing, int failed)
{
    ramet_error error = {0};
    (void)rmt_fail_errno(&error, failed, doing, o->option->cache_dir);
    (void)rmt_buffer_printf(&o->weights->remark, "cache not used: %s\n", error.message);
}

static void remark_refused(opening *o, const char *what, const ramet_error *why)
{
    (void)rmt_buffer_printf(&o->weights->remark, "%s refused: %s\n", what, why->message);
}

/* ---- the model's own files --------------------------------------------------------------------------------- */

/* As they are now; a file that is not there is all zero. */
static int identify(const char *program, const char *params, rmt_source_identity *source)
{
    *source = (rmt_source_identity){0};
    int failed = rmt_os_identify(program, &source->program);
    if (!failed && params[0] != '\0')
        failed = rmt_os_identify(params, &source->params);
    return failed == ENOENT ? 0 : failed;
}

static bool is_unchanged(const rmt_weights *weights)
{
    rmt_source_identity now;
    return weights->program_path == NULL || (identify(weights->program_path, weights->params_path, &now) == 0 &&
                                             rmt_os_identity_equal(&now.program, &weights->source.program) &&
                                             rmt_os_identity_equal(&now.params, &weights->source.params));
}

/* Names the files by their identity, for these options; zero when they may have been written to unseen. */
static rmt_digest origin_of(const rmt_weights *weights, const rmt_model_option *option)
{
    rmt_digest source = rmt_digest_of(&weights->source, sizeof weights->source);
    return weights->settled ? rmt_model_key(&source, option) : (rmt_digest){0};
}

static ramet_status map_program(opening *o)
{
    const ramet_runtime_option *option = o->option;
    if (o->mapped)
        return RAMET_STATUS_OK;
    o->mapped = true;
    if (!o->from_memory)
        return rmt_program_map(o->files->program, o->files->params, &o->program, o->error);
    rmt_program_borrow(option->program_bytes, option->program_count, option->params_bytes, option->params_count,
                       &o->program);
    return RAMET_STATUS_OK;
}

/* The files' bytes -> weights->key. */
static void compute_key(rmt_weights *weights, const rmt_program *program, const rmt_model_option *option)
{
    rmt_digest parts[] = {rmt_digest_of(program->program_map.data, program->program_map.bytes),
                          rmt_digest_of(program->params_map.data, program->params_map.bytes)};
    rmt_digest source = rmt_digest_of(parts, sizeof parts);
    weights->key = rmt_model_key(&source, option);
    weights->keyed = true;
}

/* A sealed memory file of ours among those that were handed over knows the key of files with this identity. */
static bool find_given_key(opening *o)
{
    rmt_weights *weights = o->weights;
    rmt_digest origin = origin_of(weights, o->model_option);
    for (size_t i = 0; weights->settled && !weights->keyed && i < o->option->weights_fd_count; i++) {
        int fd = o->option->weights_fds[i];
        weights->keyed = rmt_os_is_sealed(fd) && rmt_os_is_ours(fd) && rmt_model_has_origin(fd, &origin, &weights->key);
    }
    return weights->keyed;
}

static ramet_status find_key(opening *o)
{
    const char *folder = o->option->cache_dir;
    if (folder != NULL && !o->from_memory)
        o->noted = rmt_cache_recall(folder, &o->weights->source, o->model_option, &o->note);
    if (o->noted) {
        o->weights->key = o->note.key;
        o->weights->keyed = true;
        return RAMET_STATUS_OK;
    }
    if (find_given_key(o))
        return RAMET_STATUS_OK;
    ramet_status status = map_program(o);
    if (status == RAMET_STATUS_OK)
        compute_key(o->weights, &o->program, o->model_option);
    return status;
}

static ramet_status pack(opening *o)
{
    ramet_status status = map_program(o);
    if (status == RAMET_STATUS_OK)
        status = rmt_program_read(&o->program, o->from_memory ? "program" : o->files->program,
                                  o->from_memory ? "parameters" : o->files->params, o->error);
    if (status != RAMET_STATUS_OK)
        return status;
    o->weights->packed = true;
    status = rmt_model_create(&o->program.graph, o->model_option, &o->weights->model, o->error);
    return status == RAMET_STATUS_OK ? status : rmt_fail_at(o->error, status, "%s", o->files->program);
}

/* ---- packed before ------------------------------------------------------------------------------------------ */

/* Loads from a descriptor of the caller's. */
static bool load_given(opening *o, int32_t fd)
{
    int copy, failed = rmt_os_duplicate(fd, &copy);
    ramet_error why = {0};
    if (failed) {
        (void)rmt_fail_errno(&why, failed, "use", "a descriptor of weights_fds");
        remark_refused(o, "weights_fds", &why);
        return false;
    }
    ramet_status status =
        rmt_model_load(copy, &o->weights->key, rmt_os_is_sealed(copy), o->model_option, &o->weights->model, &why);
    if (status != RAMET_STATUS_OK)
        rmt_os_close(copy);
    return status == RAMET_STATUS_OK;
}

static bool load_any_given(opening *o)
{
    for (size_t i = 0; i < o->option->weights_fd_count; i++)
        if (load_given(o, o->option->weights_fds[i]))
            return true;
    if (o->option->weights_fd_count > 0)
        (void)rmt_buffer_printf(&o->weights->remark, "weights_fds: none of the %zu is of this model\n",
                                o->option->weights_fd_count);
    return false;
}

/* False also when there is no such file. */
static bool load_cached(opening *o, const rmt_cache_entry *entry)
{
    rmt_weights *weights = o->weights;
    rmt_os_identity found;
    int file, failed = rmt_os_open_trusted(entry->path, &file);
    if (failed == 0 && rmt_os_identify_open(file, &found))
        failed = EIO;
    bool checked = failed == 0 && o->noted && rmt_os_identity_equal(&found, &o->note.pack);
    ramet_error why = {0};
    if (failed)
        (void)rmt_fail_errno(&why, failed, "open", entry->path);
    else if (rmt_model_load(file, &weights->key, checked, o->model_option, &weights->model, &why))
        rmt_os_close(file);
    if (weights->model == NULL) {
        if (failed != ENOENT)
            remark_refused(o, "cache file", &why);
        return false;
    }
    (void)rmt_buffer_printf(&weights->remark, "cache file %s\n", entry->path);
    if (!checked && !o->from_memory && is_unchanged(weights))
        rmt_cache_remember(o->option->cache_dir, &weights->source, o->model_option, &weights->key, &found);
    return true;
}

/* ---- all of it ----------------------------------------------------------------------------------------------- */

static ramet_status pack_into_cache(opening *o, rmt_cache_entry *entry)
{
    const char *folder = o->option->cache_dir;
    int failed = rmt_cache_begin(folder, entry);
    if (failed)
        remark_errno(o, failed == EBUSY ? "wait any longer for another process that packs into" : "write to", failed);
    else if (load_cached(o, entry)) { /* somebody has made it while we waited */
        rmt_cache_abandon(entry);
        return RAMET_STATUS_OK;
    }
    ramet_status status = pack(o);
    if (failed)
        return status;
    if (status != RAMET_STATUS_OK || !is_unchanged(o->weights)) {
        rmt_cache_abandon(entry);
        return status;
    }
    failed = rmt_cache_finish(folder, entry, &o->weights->key, o->weights->model);
    if (failed)
        remark_errno(o, "write to", failed);
    else
        (void)rmt_buffer_printf(&o->weights->remark, "cache file %s, made now\n", entry->path);
    return RAMET_STATUS_OK;
}

static ramet_status open_shared(opening *o)
{
    ramet_status status = find_key(o);
    if (status != RAMET_STATUS_OK || load_any_given(o))
        return status;
    const char *folder = o->option->cache_dir;
    rmt_cache_entry *entry = folder != NULL ? malloc(sizeof *entry) : NULL;
    if (entry == NULL)
        return folder != NULL ? rmt_fail_memory(o->error, sizeof *entry) : pack(o);
    if (!rmt_cache_name(folder, &o->weights->key, entry)) {
        remark_errno(o, "name files in", ENAMETOOLONG);
        status = pack(o);
    } else if (!load_cached(o, entry)) {
        status = pack_into_cache(o, entry);
    }
    free(entry);
    return status;
}

static ramet_status open_model(opening *o)
{
    rmt_weights *weights = o->weights;
    if (!o->from_memory) {
        weights->program_path = strdup(o->files->program);
        weights->params_path = strdup(o->files->params);
        if (weights->program_path == NULL || weights->params_path == NULL)
            return rmt_fail_memory(o->error, sizeof *o->files);
        bool known =
            identify(o->files->program, o->files->params, &weights->source) == 0; /* mapping tells what is wrong */
        weights->settled = known && rmt_source_is_settled(&weights->source);
    }
    bool shares = o->option->cache_dir != NULL || o->option->weights_fd_count > 0;
    ramet_status status = shares ? open_shared(o) : pack(o);
    if (status == RAMET_STATUS_OK && o->from_memory && !weights->keyed)
        compute_key(weights, &o->program, o->model_option); /* later the bytes are gone */
    return status;
}

ramet_status rmt_weights_open(const rmt_model_files *files, const ramet_runtime_option *option,
                              const rmt_model_option *model_option, rmt_weights **out, ramet_error *error)
{
    opening o = {.files = files,
                 .option = option,
                 .model_option = model_option,
                 .from_memory = option->program_bytes != NULL,
                 .error = error};
    *out = NULL;
    o.weights = calloc(1, sizeof *o.weights);
    if (o.weights == NULL)
        return rmt_fail_memory(error, sizeof *o.weights);
    rmt_buffer_init(&o.weights->remark, 0);
    o.weights->references = 1;
    ramet_status status = open_model(&o);
    if (o.mapped)
        rmt_program_close(&o.program);
    if (status != RAMET_STATUS_OK) {
        rmt_weights_release(o.weights);
        return status;
    }
    *out = o.weights;
    return RAMET_STATUS_OK;
}

rmt_weights *rmt_weights_retain(rmt_weights *weights)
{
    atomic_fetch_add_explicit(&weights->references, 1, memory_order_relaxed);
    return weights;
}

void rmt_weights_release(rmt_weights *weights)
{
    if (weights == NULL || atomic_fetch_sub_explicit(&weights->references, 1, memory_order_acq_rel) > 1)
        return;
    rmt_model_release(weights->model);
    rmt_buffer_clear(&weights->remark);
    free(weights->program_path);
    free(weights->params_path);
    free(weights);
}

rmt_model *rmt_weights_model(const rmt_weights *weights) { return weights->model; }

uint64_t rmt_weights_handles(const rmt_weights *weights)
{
    return atomic_load_explicit(&weights->references, memory_order_relaxed);
}

uint64_t rmt_weights_source_bytes(const rmt_weights *weights)
{
    return weights->packed ? weights->source.program.bytes + weights->source.params.bytes : 0;
}

/* ---- giving them to others ----------------------------------------------------------------------------------- */

/* The key of a model that was packed from files without one. */
static ramet_status key_later(const rmt_weights *weights, rmt_digest *key, ramet_error *error)
{
    rmt_weights copy = {0};
    *key = weights->key;
    if (weights->keyed)
        return RAMET_STATUS_OK;
    rmt_program program;
    ramet_status status = rmt_program_map(weights->program_path, weights->params_path, &program, error);
    if (status != RAMET_STATUS_OK)
        return status;
    compute_key(&copy, &program, rmt_model_option_of(weights->model));
    rmt_program_close(&program);
    *key = copy.key;
    if (is_unchanged(weights))
        return RAMET_STATUS_OK;
    return rmt_fail(error, RAMET_STATUS_IO,
                    "the files of the model have changed since it was opened; open it again to share its weights");
}

static ramet_status share_in_memory(rmt_weights *weights, ramet_error *error)
{
    rmt_model_names names = {0};
    ramet_status status = key_later(weights, &names.key, error);
    if (status != RAMET_STATUS_OK)
        return status;
    int file, failed = rmt_os_open_memory("ramet-weights", &file);
    if (failed)
        return rmt_fail_errno(error, failed, "make", "a memory file");
    if (is_unchanged(weights))
        names.origin = origin_of(weights, rmt_model_option_of(weights->model));
    failed = rmt_model_store(weights->model, &names, file);
    if (!failed)
        failed = rmt_os_seal(file);
    if (!failed)
        failed = rmt_model_share(weights->model, file);
    if (failed)
        rmt_os_close(file);
    return failed ? rmt_fail_errno(error, failed, "fill", "a memory file") : RAMET_STATUS_OK;
}

ramet_status rmt_weights_share(rmt_weights *weights, int32_t *fd, ramet_error *error)
{
    ramet_status status = RAMET_STATUS_OK;
    if (rmt_model_file(weights->model) == RMT_NO_FILE)
        status = share_in_memory(weights, error);
    if (status == RAMET_STATUS_OK)
        *fd = rmt_model_file(weights->model);
    return status;
}

bool rmt_weights_describe(rmt_weights *weights, rmt_buffer *text)
{
    rmt_model_sizes sizes = rmt_model_measure(weights->model);
    int file = rmt_model_file(weights->model);
    const char *home = file == RMT_NO_FILE      ? "pages of this process"
                       : rmt_os_is_sealed(file) ? "a sealed memory file"
                                                : "a file that processes share";
    return rmt_buffer_printf(text, "%llu bytes in %s\n", (unsigned long long)sizes.weights_bytes, home) &&
           rmt_buffer_append(text, weights->remark.data, weights->remark.bytes);
}

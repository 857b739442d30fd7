/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A packed model in a file, and back.
 *
 *   header | tables: what the passes did, and the graph they left | padding | blob
 *
 * The blob begins at a page of any system, and is mapped as it is: nothing in it
 * is an address. Everything else is small, and is read and checked each time. A
 * file is believed only when its header, its tables and (unless the caller
 * knows better) its blob have the digests that the header names.
 */
#include "plan/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "build_digest.h"
#include "os/os.h"

enum { FORM = 2, BLOB_ALIGN = 65536, MOST_TABLES = 256 << 20 };

typedef struct file_header {
    char magic[8];
    uint32_t form, header_bytes;
    rmt_model_names names;
    uint64_t file_bytes, tables_bytes, blob_at, blob_bytes; /* the tables follow the header */
    rmt_digest tables, blob;
    rmt_digest header; /* of all before */
} file_header;

static const char magic[8] = "rametpk";

static rmt_digest digest_of_header(const file_header *header)
{
    return rmt_digest_of(header, offsetof(file_header, header));
}

/* Of these the level of the kernels and the type of weights decide what is packed. */
typedef struct options_known_here {
    const rmt_kernels *kernels;
    rmt_weight_type weights;
    int32_t threads, plan_capacity;
    uint64_t memory_budget_bytes;
} options_known_here;
_Static_assert(sizeof(rmt_model_option) == sizeof(options_known_here),
               "an option more: if it changes what is packed, rmt_model_key() must hash it");

rmt_digest rmt_model_key(const rmt_digest *source, const rmt_model_option *option)
{
    static const char build[] = RMT_BUILD_DIGEST;
    unsigned char all[sizeof *source + sizeof build + 16] = {0};
    memcpy(all, source, sizeof *source);
    memcpy(all + sizeof *source, build, sizeof build);
    all[sizeof *source + sizeof build] = (unsigned char)option->kernels->level;
    all[sizeof *source + sizeof build + 1] = (unsigned char)option->weights;
    return rmt_digest_of(all, sizeof all);
}

/* ---- storing --------------------------------------------------------------------------------------------- */

static bool write_tables(const rmt_model *model, rmt_buffer *tables)
{
    return rmt_buffer_append(tables, &model->passes.count, sizeof model->passes.count) &&
           rmt_buffer_append(tables, model->passes.changes,
                             (size_t)model->passes.count * sizeof *model->passes.changes) &&
           rmt_graph_write(&model->graph, model->constant, tables);
}

static file_header describe(const rmt_model *model, const rmt_model_names *names, const rmt_buffer *tables)
{
    file_header header = {.form = FORM, .header_bytes = sizeof header, .names = *names, .tables_bytes = tables->bytes};
    memcpy(header.magic, magic, sizeof magic);
    header.blob_at = rmt_round_up(sizeof header + tables->bytes, BLOB_ALIGN);
    header.blob_bytes = model->blob_bytes;
    header.file_bytes = header.blob_at + header.blob_bytes;
    header.tables = rmt_digest_of(tables->data, tables->bytes);
    header.blob = rmt_digest_of(model->blob, model->blob_bytes);
    header.header = digest_of_header(&header);
    return header;
}

static int write_file(const rmt_model *model, const file_header *header, const rmt_buffer *tables, int file)
{
    static const unsigned char zeros[BLOB_ALIGN];
    int failed = rmt_os_append(file, header, sizeof *header);
    if (!failed)
        failed = rmt_os_append(file, tables->data, tables->bytes);
    if (!failed)
        failed = rmt_os_append(file, zeros, (size_t)header->blob_at - sizeof *header - tables->bytes);
    return failed ? failed : rmt_os_append(file, model->blob, model->blob_bytes);
}

int rmt_model_store(const rmt_model *model, const rmt_model_names *names, int file)
{
    rmt_buffer tables;
    rmt_buffer_init(&tables, MOST_TABLES);
    int failed = ENOMEM;
    if (write_tables(model, &tables)) {
        file_header header = describe(model, names, &tables);
        failed = write_file(model, &header, &tables, file);
    }
    rmt_buffer_clear(&tables);
    return failed;
}

static int map_blob(int file, unsigned char *own, file_header *header, void **pages)
{
    int failed = rmt_os_read_at(file, 0, header, sizeof *header);
    *pages = own;
    return failed ? failed : rmt_os_map_shared(file, header->blob_at, (size_t)header->blob_bytes, pages);
}

int rmt_model_share(rmt_model *model, int file)
{
    file_header header;
    void *pages;
    int failed = 0;
    rmt_model_lock(model);
    if (model->file == RMT_NO_FILE) {
        failed = map_blob(file, model->blob, &header, &pages);
        model->file = failed ? RMT_NO_FILE : file;
    } else {
        rmt_os_close(file); /* somebody was faster */
    }
    rmt_lock_give(&model->lock);
    return failed;
}

int rmt_model_file(rmt_model *model)
{
    rmt_model_lock(model);
    int file = model->file;
    rmt_lock_give(&model->lock);
    return file;
}

/* ---- loading --------------------------------------------------------------------------------------------- */

static ramet_status refuse(ramet_error *error, const char *why)
{
    return rmt_fail(error, RAMET_STATUS_BAD_FORMAT, "the packed weights are not usable: %s", why);
}

static bool is_header(const file_header *header)
{
    rmt_digest digest = digest_of_header(header);
    return memcmp(header->magic, magic, sizeof magic) == 0 && header->form == FORM &&
           header->header_bytes == sizeof *header && rmt_digest_equal(&digest, &header->header);
}

bool rmt_model_has_origin(int file, const rmt_digest *origin, rmt_digest *key)
{
    file_header header;
    bool same = rmt_os_read_at(file, 0, &header, sizeof header) == 0 && is_header(&header) &&
                rmt_digest_equal(&header.names.origin, origin);
    if (same)
        *key = header.names.key;
    return same;
}

static ramet_status read_header(int file, const rmt_digest *key, file_header *header, ramet_error *error)
{
    rmt_os_identity found;
    int failed = rmt_os_identify_open(file, &found);
    if (failed)
        return rmt_fail_errno(error, failed, "look at", "packed weights");
    if (found.bytes < sizeof *header || rmt_os_read_at(file, 0, header, sizeof *header))
        return refuse(error, "the file is too short");
    if (!is_header(header))
        return refuse(error, "the header is damaged or of another kind");
    if (!rmt_digest_equal(&header->names.key, key))
        return refuse(error, "they are of another model, other options or another build");
    bool whole = header->file_bytes == found.bytes && header->tables_bytes <= MOST_TABLES &&
                 rmt_range_fits(sizeof *header, (size_t)header->tables_bytes, (size_t)header->blob_at) &&
                 header->blob_at % BLOB_ALIGN == 0 &&
                 rmt_range_fits((size_t)header->blob_at, (size_t)header->blob_bytes, (size_t)found.bytes) &&
                 header->blob_bytes > 0;
    return whole ? RAMET_STATUS_OK : refuse(error, "the file has been cut");
}

static ramet_status read_tables(const file_header *header, const unsigned char *tables, rmt_pass_report *passes,
                                rmt_graph *graph, ramet_error *error)
{
    int32_t count = 0, changes[RMT_PASS_LIMIT];
    size_t bytes = (size_t)header->tables_bytes;
    rmt_digest digest = rmt_digest_of(tables, bytes);
    if (!rmt_digest_equal(&digest, &header->tables) || bytes < sizeof count)
        return refuse(error, "their tables are damaged");
    memcpy(&count, tables, sizeof count);
    if (count < 0 || count > RMT_PASS_LIMIT || bytes - sizeof count < (size_t)count * sizeof *changes)
        return refuse(error, "their tables are damaged");
    memcpy(changes, tables + sizeof count, (size_t)count * sizeof *changes);
    size_t used = sizeof count + (size_t)count * sizeof *changes;
    if (!rmt_pass_report_restore(changes, (size_t)count, passes))
        return refuse(error, "their tables are damaged");
    return rmt_graph_read(tables + used, bytes - used, graph, error);
}

static ramet_status load_graph(int file, const file_header *header, rmt_pass_report *passes, rmt_graph *graph,
                               ramet_error *error)
{
    unsigned char *tables = malloc((size_t)header->tables_bytes + 1);
    if (tables == NULL)
        return rmt_fail_memory(error, (size_t)header->tables_bytes);
    ramet_status status = rmt_os_read_at(file, sizeof *header, tables, (size_t)header->tables_bytes)
                              ? refuse(error, "the file is too short")
                              : read_tables(header, tables, passes, graph, error);
    free(tables);
    return status;
}

static ramet_status map_checked(int file, const file_header *header, bool checked, rmt_model_packed *packed,
                                ramet_error *error)
{
    void *pages = NULL;
    size_t bytes = (size_t)header->blob_bytes;
    int failed = rmt_os_map_shared(file, header->blob_at, bytes, &pages);
    if (failed)
        return rmt_fail_errno(error, failed, "map", "packed weights");
    rmt_digest digest = checked ? header->blob : rmt_digest_of(pages, bytes);
    if (!rmt_digest_equal(&digest, &header->blob)) {
        rmt_os_pages_free(pages, bytes);
        return refuse(error, "their numbers are damaged");
    }
    packed->blob = pages;
    packed->bytes = bytes;
    return RAMET_STATUS_OK;
}

ramet_status rmt_model_load(int file, const rmt_digest *key, bool checked, const rmt_model_option *option,
                            rmt_model **model, ramet_error *error)
{
    file_header header;
    rmt_graph graph;
    rmt_model_packed packed = {0};
    *model = NULL;
    ramet_status status = read_header(file, key, &header, error);
    if (status == RAMET_STATUS_OK)
        status = map_checked(file, &header, checked, &packed, error);
    if (status != RAMET_STATUS_OK)
        return status;
    status = load_graph(file, &header, &packed.passes, &graph, error);
    if (status == RAMET_STATUS_OK)
        status = rmt_model_adopt(&graph, &packed, option, model, error);
    if (status == RAMET_STATUS_OK)
        (*model)->file = file;
    else
        rmt_os_pages_free(packed.blob, packed.bytes);
    return status;
}

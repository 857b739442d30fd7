/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening a model: map the files, see from the content what kind of program it is, hand it to that kind's reader. Every
 * reader leaves the same canonical graph, which is checked here once more before anyone else sees it.
 */
#include "formats/formats.h"

#include <errno.h>
#include <string.h>

#include "formats/desc.h"
#include "formats/limits.h"
#include "formats/onnx.h"
#include "formats/params.h"
#include "formats/pir.h"

/* ---- kinds of programs -------------------------------------------------------------------------------------- */

static bool looks_like_json(const rmt_source *source)
{
    size_t start = 0;
    while (start < source->bytes && strchr(" \t\r\n", source->data[start]) != NULL)
        start++;
    return start < source->bytes && source->data[start] == '{';
}

/* An ONNX file starts with its format version (field 1, a number), a ProgramDesc with a block (field 1, a message). */
static bool looks_like_onnx(const rmt_source *source)
{
    return source->bytes > 1 && source->data[0] == 0x08 && source->data[1] < 0x80;
}

static bool looks_like_desc(const rmt_source *source) { return source->bytes > 0 && source->data[0] == 0x0a; }

typedef struct program_kind {
    bool (*matches)(const rmt_source *source);
    ramet_status (*read)(const rmt_source *source, rmt_params *params, rmt_graph *graph, ramet_error *error);
} program_kind;

static const program_kind kinds[] = {
    {looks_like_desc, rmt_desc_read},
    {looks_like_json, rmt_pir_read},
    {looks_like_onnx, rmt_onnx_read},
};

static ramet_status read_program(const rmt_source *source, rmt_params *params, rmt_graph *graph, ramet_error *error)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (kinds[i].matches(source)) {
            ramet_status status = kinds[i].read(source, params, graph, error);
            return status == RAMET_STATUS_OK ? rmt_graph_check(graph, error) : status;
        }
    }
    ramet_status status = rmt_fail(error, RAMET_STATUS_BAD_FORMAT,
                                   source->bytes == 0 ? "the program file is empty" : "this is no program of a model");
    return rmt_source_place(source, source->data, error, status);
}

/* ---- opening ------------------------------------------------------------------------------------------------ */

ramet_status rmt_program_read(rmt_program *program, const char *program_name, const char *params_name,
                              ramet_error *error)
{
    const rmt_source source = {program->program_map.data, program->program_map.bytes, program_name};
    rmt_params params = {.source = {program->params_map.data, program->params_map.bytes, params_name}};
    ramet_status status = read_program(&source, &params, &program->graph, error);
    if (status != RAMET_STATUS_OK) {
        (void)rmt_fail_at(error, status, "%.180s", program_name);
        rmt_program_close(program);
    }
    return status;
}

/* A file that is not there is left out: whether it is needed only the program can tell. */
static ramet_status map_params(const char *path, rmt_os_map *map, ramet_error *error)
{
    if (path == NULL || path[0] == '\0')
        return RAMET_STATUS_OK;
    int failed = rmt_os_map_file(path, RMT_LIMIT_FILE_BYTES, map);
    return failed == 0 || failed == ENOENT ? RAMET_STATUS_OK : rmt_fail_errno(error, failed, "map", path);
}

ramet_status rmt_program_map(const char *program_path, const char *params_path, rmt_program *program,
                             ramet_error *error)
{
    *program = (rmt_program){0};
    rmt_graph_init(&program->graph);
    int failed = rmt_os_map_file(program_path, RMT_LIMIT_FILE_BYTES, &program->program_map);
    if (failed != 0)
        return rmt_fail_errno(error, failed, "map", program_path);
    ramet_status status = map_params(params_path, &program->params_map, error);
    if (status != RAMET_STATUS_OK)
        rmt_program_close(program);
    return status;
}

void rmt_program_borrow(const void *program_bytes, size_t program_count, const void *params_bytes, size_t params_count,
                        rmt_program *program)
{
    *program = (rmt_program){.borrowed = true,
                             .program_map = {program_bytes, program_count},
                             .params_map = {params_count > 0 ? params_bytes : NULL, params_count}};
    rmt_graph_init(&program->graph);
}

ramet_status rmt_program_open(const char *program_path, const char *params_path, rmt_program *program,
                              ramet_error *error)
{
    ramet_status status = rmt_program_map(program_path, params_path, program, error);
    return status == RAMET_STATUS_OK ? rmt_program_read(program, program_path, params_path, error) : status;
}

ramet_status rmt_program_open_memory(const void *program_bytes, size_t program_count, const void *params_bytes,
                                     size_t params_count, rmt_program *program, ramet_error *error)
{
    rmt_program_borrow(program_bytes, program_count, params_bytes, params_count, program);
    return rmt_program_read(program, "program", "parameters", error);
}

void rmt_program_close(rmt_program *program)
{
    rmt_graph_clear(&program->graph);
    if (!program->borrowed) {
        rmt_os_unmap(&program->program_map);
        rmt_os_unmap(&program->params_map);
    }
}

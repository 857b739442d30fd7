/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One record of a parameter file, all numbers little-endian:
 *   u32 version 0; u64 lod levels, for each: u64 bytes, bytes; u32 tensor version 0; i32 bytes of the description,
 *   the description (a TensorDesc message); the elements, row-major.
 */
#include "formats/params.h"

#include <string.h>

#include "formats/limits.h"
#include "formats/wire.h"

/* Reading stops at the first byte that is missing; `failed` then says what was expected there. */
typedef struct cursor {
    const rmt_source *source;
    size_t offset;
    const char *failed;
} cursor;

static const unsigned char *take(cursor *at, uint64_t bytes, const char *what)
{
    if (at->failed != NULL || bytes > SIZE_MAX || !rmt_range_fits(at->offset, (size_t)bytes, at->source->bytes)) {
        at->failed = at->failed != NULL ? at->failed : what;
        return NULL;
    }
    const unsigned char *data = at->source->data + at->offset;
    at->offset += (size_t)bytes;
    return data;
}

static uint64_t take_number(cursor *at, size_t bytes, const char *what)
{
    const unsigned char *data = take(at, bytes, what);
    uint64_t number = 0;
    for (size_t i = 0; data != NULL && i < bytes; i++)
        number |= (uint64_t)data[i] << (8 * i);
    return number;
}

static void expect(cursor *at, bool holds, const char *what)
{
    if (at->failed == NULL && !holds)
        at->failed = what;
}

static void skip_lod(cursor *at)
{
    uint64_t levels = take_number(at, 8, "the number of lod levels");
    expect(at, levels <= RMT_LIMIT_LOD_LEVELS, "a small number of lod levels");
    for (uint64_t i = 0; i < levels && at->failed == NULL; i++)
        (void)take(at, take_number(at, 8, "the bytes of a lod level"), "a lod level");
}

static rmt_span take_description(cursor *at)
{
    expect(at, take_number(at, 4, "a version") == 0, "version 0");
    skip_lod(at);
    expect(at, take_number(at, 4, "a tensor version") == 0, "tensor version 0");
    uint64_t bytes = take_number(at, 4, "the bytes of a description");
    expect(at, bytes <= RMT_LIMIT_TENSOR_DESC_BYTES, "a description of at most 4096 bytes");
    return (rmt_span){take(at, bytes, "a tensor description"), (size_t)bytes};
}

/* Dims are exact here: unknown ones have no place in a file of data. */
static bool take_elements(cursor *at, const rmt_wire_tensor *tensor, rmt_param *param)
{
    int64_t elements = rmt_shape_elements(&tensor->shape);
    expect(at, rmt_wire_dtype(tensor->type, &param->dtype), "an element type that ramet has");
    expect(at, elements >= 0, "dims that are not negative and not too many elements");
    if (at->failed == NULL) {
        uint64_t bytes = (uint64_t)elements * ramet_dtype_bytes(param->dtype);
        param->shape = tensor->shape;
        param->data = take(at, bytes, "the elements of a tensor");
    }
    return at->failed == NULL;
}

static ramet_status refuse(const rmt_params *params, const cursor *at, const char *name, ramet_error *error)
{
    ramet_status status =
        rmt_fail(error, RAMET_STATUS_BAD_FORMAT, "parameter '%.96s' (record %zu) is damaged: expected %s", name,
                 params->record, at->failed);
    return rmt_source_place(&params->source, params->source.data + at->offset, error, status);
}

static ramet_status refuse_absent(const rmt_params *params, const char *name, ramet_error *error)
{
    const char *file = params->source.name;
    return rmt_fail(error, RAMET_STATUS_NOT_FOUND,
                    "the program needs parameters ('%.96s' is the first), but %s%.160s %s", name,
                    file != NULL ? "their file " : "no file", file != NULL ? file : "",
                    file != NULL ? "is absent or empty" : "of them is given");
}

ramet_status rmt_params_next(rmt_params *params, const char *name, rmt_param *param, ramet_error *error)
{
    if (params->source.data == NULL)
        return refuse_absent(params, name, error);
    cursor at = {.source = &params->source, .offset = params->offset};
    rmt_span description = take_description(&at);
    if (at.failed != NULL)
        return refuse(params, &at, name, error);
    rmt_wire_tensor tensor = {0};
    ramet_status status = rmt_wire_read_tensor(&params->source, description, &tensor, error);
    if (status != RAMET_STATUS_OK)
        return status;
    if (!take_elements(&at, &tensor, param))
        return refuse(params, &at, name, error);
    params->offset = at.offset;
    params->record++;
    return RAMET_STATUS_OK;
}

ramet_status rmt_params_end(const rmt_params *params, ramet_error *error)
{
    if (params->offset == params->source.bytes)
        return RAMET_STATUS_OK;
    ramet_status status = rmt_fail(error, RAMET_STATUS_BAD_FORMAT,
                                   "%zu bytes are left after the program's %zu parameters; is this its parameter file?",
                                   params->source.bytes - params->offset, params->record);
    return rmt_source_place(&params->source, params->source.data + params->offset, error, status);
}

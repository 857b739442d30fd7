/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading packs. Fixtures are our own files, yet every length is checked: a
 * wrong pack must be an error of its test, not a puzzle.
 */
#include "support/tensorpack.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct cursor {
    unsigned char *bytes;
    size_t count, at;
} cursor;

size_t tensorpack_element_bytes(int dtype)
{
    switch (dtype) {
    case TENSORPACK_BOOL:
    case TENSORPACK_UINT8: return 1;
    case TENSORPACK_INT32:
    case TENSORPACK_FP32: return 4;
    case TENSORPACK_INT64:
    case TENSORPACK_FP64: return 8;
    default: return 0;
    }
}

static bool take(cursor *c, void *into, size_t bytes)
{
    if (bytes > c->count - c->at)
        return false;
    memcpy(into, c->bytes + c->at, bytes);
    c->at += bytes;
    return true;
}

static bool skip_padding(cursor *c)
{
    size_t padded = (c->at + 7) / 8 * 8;
    c->at = padded <= c->count ? padded : c->at;
    return c->at == padded;
}

static bool take_dims(cursor *c, tensorpack_record *record)
{
    record->elements = 1;
    for (int i = 0; i < record->rank; i++)
        if (!take(c, &record->dims[i], sizeof record->dims[i]) || record->dims[i] < 0 ||
            __builtin_mul_overflow(record->elements, (size_t)record->dims[i], &record->elements))
            return false;
    return true;
}

static bool take_record(cursor *c, tensorpack_record *record)
{
    uint16_t name_bytes;
    uint8_t dtype, rank;
    if (!take(c, &name_bytes, sizeof name_bytes) || name_bytes >= TENSORPACK_MAX_NAME ||
        !take(c, record->name, name_bytes) || !take(c, &dtype, 1) || !take(c, &rank, 1) || rank > TENSORPACK_MAX_RANK)
        return false;
    record->dtype = dtype;
    record->rank = rank;
    size_t each = tensorpack_element_bytes(dtype);
    if (each == 0 || !take_dims(c, record) || !skip_padding(c) ||
        __builtin_mul_overflow(record->elements, each, &record->bytes) || record->bytes > c->count - c->at)
        return false;
    record->data = c->bytes + c->at;
    c->at += record->bytes;
    return skip_padding(c);
}

static bool take_records(cursor *c, tensorpack *pack)
{
    char magic[8];
    uint32_t count;
    if (!take(c, magic, sizeof magic) || memcmp(magic, "RMTP1\0\0", sizeof magic) != 0 ||
        !take(c, &count, sizeof count) || count > c->count)
        return false;
    pack->records = calloc(count ? count : 1, sizeof *pack->records);
    if (!pack->records)
        return false;
    for (; pack->count < count; pack->count++)
        if (!take_record(c, &pack->records[pack->count]))
            return false;
    return c->at == c->count;
}

static bool read_block(FILE *file, cursor *c)
{
    if (fseek(file, 0, SEEK_END) != 0)
        return false;
    long bytes = ftell(file);
    rewind(file);
    c->bytes = bytes >= 0 ? malloc((size_t)bytes + 1) : NULL;
    c->count = (size_t)bytes;
    return c->bytes && fread(c->bytes, 1, c->count, file) == c->count;
}

bool tensorpack_open(const char *path, tensorpack *pack)
{
    *pack = (tensorpack){0};
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    cursor c = {0};
    bool opened = read_block(file, &c);
    fclose(file);
    pack->block = c.bytes;
    opened = opened && take_records(&c, pack);
    if (!opened)
        tensorpack_close(pack);
    return opened;
}

void tensorpack_close(tensorpack *pack)
{
    free(pack->records);
    free(pack->block);
    *pack = (tensorpack){0};
}

const tensorpack_record *tensorpack_find(const tensorpack *pack, const char *format, ...)
{
    char name[TENSORPACK_MAX_NAME];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);
    for (size_t i = 0; i < pack->count; i++)
        if (strcmp(pack->records[i].name, name) == 0)
            return &pack->records[i];
    return NULL;
}

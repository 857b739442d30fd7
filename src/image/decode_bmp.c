/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows bitmaps: 1, 4, 8, 16, 24 and 32 bits a pixel, run lengths of 4 and 8
 * bits, bottom-up and top-down.
 *
 * Every number of the header is distrusted; a row is read only after all rows
 * are known to lie within the file. Fields narrower than 8 bits are shifted up,
 * pixels that run lengths leave out take colour 0, both as cv2.imread does.
 */
#include "image/decoders.h"

#include <string.h>

enum { FILE_HEADER = 14, CORE_HEADER = 12, INFO_HEADER = 40 };

typedef enum compression { PLAIN = 0, RUNS_OF_8 = 1, RUNS_OF_4 = 2, BIT_FIELDS = 3, ALPHA_BIT_FIELDS = 6 } compression;

typedef struct bitmap {
    const rmt_encoded *file;
    size_t header_bytes; /* of the second header */
    size_t pixels_at;
    int64_t width, height; /* height positive */
    bool top_down;
    uint32_t bits, kind;
    uint32_t masks[3];       /* blue, green, red; 16 and 32 bits */
    uint8_t palette[256][3]; /* blue, green, red; up to 8 bits */
} bitmap;

static uint32_t little(const uint8_t *bytes, size_t count)
{
    uint32_t number = 0;
    for (size_t i = 0; i < count; i++)
        number |= (uint32_t)bytes[i] << 8 * i;
    return number;
}

static ramet_status fail_bmp(ramet_error *error, const char *what)
{
    return rmt_fail(error, RAMET_STATUS_BAD_FORMAT, "damaged BMP: %s", what);
}

/* Sizes, depth and kind, as the file tells them. */
static bool read_header(bitmap *b)
{
    const uint8_t *at = b->file->bytes;
    if (b->file->count < FILE_HEADER + CORE_HEADER)
        return false;
    b->pixels_at = little(at + 10, 4);
    b->header_bytes = little(at + 14, 4);
    if (b->header_bytes == CORE_HEADER) {
        b->width = little(at + 18, 2);
        b->height = little(at + 20, 2);
        b->bits = little(at + 24, 2);
        return true;
    }
    if (b->header_bytes < INFO_HEADER || !rmt_range_fits(FILE_HEADER, b->header_bytes, b->file->count))
        return false;
    int64_t height = (int32_t)little(at + 22, 4);
    b->top_down = height < 0;
    b->width = (int32_t)little(at + 18, 4);
    b->height = height < 0 ? -height : height;
    b->bits = little(at + 28, 2);
    b->kind = little(at + 30, 4);
    return true;
}

static bool kind_fits_depth(const bitmap *b)
{
    switch (b->kind) {
    case PLAIN: return b->bits == 1 || b->bits == 4 || b->bits == 8 || b->bits == 16 || b->bits == 24 || b->bits == 32;
    case RUNS_OF_8: return b->bits == 8;
    case RUNS_OF_4: return b->bits == 4;
    case BIT_FIELDS:
    case ALPHA_BIT_FIELDS: return b->bits == 16 || b->bits == 32;
    default: return false;
    }
}

/* Masks of blue, green and red: written behind the first 40 header bytes, or the usual ones. */
static bool read_masks(bitmap *b)
{
    static const uint32_t usual16[3] = {0x1f, 0x3e0, 0x7c00}, usual32[3] = {0xff, 0xff00, 0xff0000};
    if (b->kind == PLAIN) {
        memcpy(b->masks, b->bits == 16 ? usual16 : usual32, sizeof b->masks);
        return true;
    }
    if (!rmt_range_fits(FILE_HEADER + INFO_HEADER, 12, b->file->count))
        return false;
    for (size_t i = 0; i < 3; i++)
        b->masks[2 - i] = little(b->file->bytes + FILE_HEADER + INFO_HEADER + 4 * i, 4);
    return b->masks[0] && b->masks[1] && b->masks[2];
}

/* Colours that the file does not tell stay black. */
static bool read_palette(bitmap *b)
{
    bool core = b->header_bytes == CORE_HEADER;
    size_t colours = core ? 0 : little(b->file->bytes + 46, 4), entry = core ? 3 : 4;
    size_t start = FILE_HEADER + b->header_bytes;
    if (colours == 0)
        colours = (size_t)1 << b->bits;
    if (colours > 256 || !rmt_range_fits(start, colours * entry, b->file->count))
        return false;
    for (size_t i = 0; i < colours; i++)
        memcpy(b->palette[i], b->file->bytes + start + i * entry, 3);
    return true;
}

static uint8_t *destination_row(const bitmap *b, const ramet_image *image, int64_t row)
{
    return image->data + (b->top_down ? row : image->height - 1 - row) * image->pitch;
}

static void expand_indices(const bitmap *b, const uint8_t *in, int32_t width, uint8_t *out)
{
    uint32_t per_byte = 8 / b->bits, mask = (1u << b->bits) - 1;
    for (uint32_t x = 0; x < (uint32_t)width; x++) {
        uint32_t byte = in[x / per_byte], shift = 8 - b->bits * (x % per_byte + 1);
        memcpy(out + 3 * (size_t)x, b->palette[byte >> shift & mask], 3);
    }
}

/* The bits under `mask`, moved so that its highest bit becomes bit 7. */
static uint8_t take_field(uint32_t pixel, uint32_t mask)
{
    int shift = 24 - __builtin_clz(mask);
    uint32_t field = pixel & mask;
    return (uint8_t)(shift >= 0 ? field >> shift : field << -shift);
}

static void expand_fields(const bitmap *b, const uint8_t *in, int32_t width, uint8_t *out)
{
    size_t bytes = b->bits / 8;
    for (int32_t x = 0; x < width; x++, in += bytes, out += 3) {
        uint32_t pixel = little(in, bytes);
        for (int i = 0; i < 3; i++)
            out[i] = take_field(pixel, b->masks[i]);
    }
}

static ramet_status read_plain(const bitmap *b, ramet_image *image, ramet_error *error)
{
    size_t row_bytes = ((size_t)b->width * b->bits + 31) / 32 * 4, all;
    if (!rmt_mul_size(row_bytes, (size_t)b->height, &all) || !rmt_range_fits(b->pixels_at, all, b->file->count))
        return fail_bmp(error, "the file ends early");
    ramet_status status = rmt_decode_create(b->file, b->width, b->height, image, error);
    if (status != RAMET_STATUS_OK)
        return status;
    for (int32_t row = 0; row < image->height; row++) {
        const uint8_t *in = b->file->bytes + b->pixels_at + (size_t)row * row_bytes;
        uint8_t *out = destination_row(b, image, row);
        if (b->bits <= 8)
            expand_indices(b, in, image->width, out);
        else if (b->bits == 24)
            memcpy(out, in, 3 * (size_t)image->width);
        else
            expand_fields(b, in, image->width, out);
    }
    return RAMET_STATUS_OK;
}

/* Where the next run goes, and what is left of the file. */
typedef struct run_cursor {
    const uint8_t *at, *end;
    int64_t x, row;
} run_cursor;

/* Index number i of the indices packed at `in`, high half first where a byte holds two. */
static uint8_t packed_index(const bitmap *b, const uint8_t *in, int32_t i)
{
    if (b->bits == 8)
        return in[i];
    return i % 2 ? in[i / 2] & 15 : in[i / 2] >> 4;
}

/* `count` pixels from the indices at `in`, which repeat after `period`. False when they leave the row. */
static bool put_run(const bitmap *b, ramet_image *image, run_cursor *c, const uint8_t *in, int32_t count,
                    int32_t period)
{
    if (c->row >= image->height || count > image->width - c->x)
        return false;
    uint8_t *out = destination_row(b, image, c->row) + 3 * c->x;
    for (int32_t i = 0; i < count; i++)
        memcpy(out + 3 * (size_t)i, b->palette[packed_index(b, in, i % period)], 3);
    c->x += count;
    return true;
}

/* A literal run: `count` indices follow, padded to an even number of bytes. */
static bool take_literals(const bitmap *b, ramet_image *image, run_cursor *c, int32_t count)
{
    size_t bytes = rmt_round_up(((size_t)count * b->bits + 7) / 8, 2);
    if ((size_t)(c->end - c->at) < bytes || !put_run(b, image, c, c->at, count, count))
        return false;
    c->at += bytes;
    return true;
}

/* A jump: right and down by the next two bytes. */
static bool take_jump(const ramet_image *image, run_cursor *c)
{
    if (c->end - c->at < 2)
        return false;
    c->x += c->at[0];
    c->row += c->at[1];
    c->at += 2;
    return c->x <= image->width && c->row <= image->height;
}

/* All runs up to the end-of-bitmap code, or to the end of the last row. */
static bool take_runs(const bitmap *b, ramet_image *image, run_cursor *c)
{
    while (c->end - c->at >= 2) {
        uint8_t count = c->at[0], code = c->at[1];
        const uint8_t *index = c->at + 1;
        c->at += 2;
        bool taken = true;
        if (count)
            taken = put_run(b, image, c, index, count, b->bits == 8 ? 1 : 2);
        else if (code == 1)
            return true;
        else if (code == 2)
            taken = take_jump(image, c);
        else if (code > 2)
            taken = take_literals(b, image, c, code);
        else
            c->x = 0, c->row++;
        if (!taken)
            return false;
    }
    return c->row >= image->height || (c->row == image->height - 1 && c->x == image->width);
}

static ramet_status read_runs(const bitmap *b, ramet_image *image, ramet_error *error)
{
    if (b->pixels_at > b->file->count)
        return fail_bmp(error, "the file ends early");
    ramet_status status = rmt_decode_create(b->file, b->width, b->height, image, error);
    if (status != RAMET_STATUS_OK)
        return status;
    for (int64_t i = 0; i < b->width * b->height; i++)
        memcpy(image->data + 3 * i, b->palette[0], 3);
    run_cursor cursor = {.at = b->file->bytes + b->pixels_at, .end = b->file->bytes + b->file->count};
    if (!take_runs(b, image, &cursor))
        return fail_bmp(error, "a run of pixels leaves the image, or the file ends early");
    return RAMET_STATUS_OK;
}

ramet_status rmt_decode_bmp(const rmt_encoded *file, ramet_image *image, int *orientation, ramet_error *error)
{
    (void)orientation;
    bitmap b = {.file = file};
    if (!read_header(&b))
        return fail_bmp(error, "its header is incomplete");
    if (!kind_fits_depth(&b))
        return rmt_fail(error, RAMET_STATUS_UNSUPPORTED, "BMP with %u bits a pixel and compression %u is not read",
                        b.bits, b.kind);
    ramet_status status = rmt_decode_check(file, b.width, b.height, error);
    if (status != RAMET_STATUS_OK)
        return status;
    if (b.bits <= 8 ? !read_palette(&b) : !read_masks(&b))
        return fail_bmp(error, "its colours are incomplete");
    return b.kind == RUNS_OF_8 || b.kind == RUNS_OF_4 ? read_runs(&b, image, error) : read_plain(&b, image, error);
}

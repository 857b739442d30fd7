/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Portable bitmaps, greymaps and pixmaps, P1 to P6.
 *
 * Values follow cv2.imread: text files of up to 8 bits are scaled to 255,
 * binary ones are taken as they are, 16 bits lose their low byte. The file must
 * be long enough for the pixels it claims before these are allocated.
 */
#include "image/decoders.h"

#include <string.h>

typedef struct pnm_reader {
    const rmt_encoded *file;
    size_t position;
    int64_t width, height;
    uint32_t most; /* the largest value; 1 for bitmaps */
    bool text, colour, bitmap;
} pnm_reader;

static ramet_status fail_pnm(ramet_error *error, const char *what)
{
    return rmt_fail(error, RAMET_STATUS_BAD_FORMAT, "damaged PNM: %s", what);
}

static bool is_space(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
static bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }

/* The byte at the position, 0 behind the end. */
static uint8_t peek(const pnm_reader *r) { return r->position < r->file->count ? r->file->bytes[r->position] : 0; }

/* White space, and comments from # to the end of their line. */
static void skip_space(pnm_reader *r)
{
    bool comment = false;
    for (; r->position < r->file->count; r->position++) {
        uint8_t c = peek(r);
        if (c == '#')
            comment = true;
        if (comment ? c == '\n' || c == '\r' : !is_space(c)) {
            if (!comment)
                return;
            comment = false;
        }
    }
}

/* The next number, at most 9 digits long. */
static bool read_number(pnm_reader *r, uint32_t *number)
{
    skip_space(r);
    size_t start = r->position;
    *number = 0;
    for (; is_digit(peek(r)) && r->position - start < 9; r->position++)
        *number = *number * 10 + (uint32_t)(peek(r) - '0');
    return r->position > start && !is_digit(peek(r));
}

static bool read_header(pnm_reader *r)
{
    int kind = r->file->bytes[1] - '0';
    r->text = kind <= 3;
    r->bitmap = kind == 1 || kind == 4;
    r->colour = kind == 3 || kind == 6;
    r->position = 2;
    r->most = 1;
    uint32_t width, height;
    if (!read_number(r, &width) || !read_number(r, &height) || (!r->bitmap && !read_number(r, &r->most)))
        return false;
    r->width = width;
    r->height = height;
    bool separated = is_space(peek(r));
    r->position++; /* exactly one byte stands between the header and binary values */
    return separated && r->most >= 1 && r->most <= 65535;
}

/* The least number of bytes that the claimed pixels take. */
static bool needed_bytes(const pnm_reader *r, size_t *bytes)
{
    size_t samples = (size_t)r->width * (r->colour ? 3 : 1); /* below 2^32 */
    if (r->bitmap && !r->text)
        samples = (samples + 7) / 8;
    size_t each = r->bitmap ? 1 : r->text || r->most > 255 ? 2 : 1; /* text: a digit and what ends it */
    return rmt_mul_size(samples, (size_t)r->height, bytes) && rmt_mul_size(*bytes, each, bytes);
}

/* One value of a text file, as 0..255. */
static bool read_text_value(pnm_reader *r, uint8_t *value)
{
    uint32_t number;
    if (r->bitmap) {
        skip_space(r);
        uint8_t c = peek(r);
        r->position++;
        *value = c == '1' ? 0 : 255;
        return c == '0' || c == '1';
    }
    if (!read_number(r, &number) || !is_space(peek(r))) /* an end without white space may be a cut number */
        return false;
    if (number > r->most)
        number = r->most;
    *value = (uint8_t)(r->most > 255 ? number >> 8 : number * 255 / r->most);
    return true;
}

static bool read_text_row(pnm_reader *r, uint8_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!read_text_value(r, &values[i]))
            return false;
    return true;
}

/* The caller knows that the bytes are there. */
static void read_binary_row(pnm_reader *r, uint8_t *values, size_t count)
{
    const uint8_t *in = r->file->bytes + r->position;
    size_t each = r->most > 255 ? 2 : 1; /* high byte first */
    if (r->bitmap) {
        for (size_t i = 0; i < count; i++)
            values[i] = in[i / 8] >> (7 - i % 8) & 1 ? 0 : 255;
        r->position += (count + 7) / 8;
        return;
    }
    for (size_t i = 0; i < count; i++)
        values[i] = in[i * each];
    r->position += count * each;
}

/* In place: `count` values become `count` pixels, from the last to the first. */
static void spread_grey(uint8_t *row, int32_t count)
{
    for (int32_t x = count - 1; x >= 0; x--) {
        uint8_t value = row[x];
        memset(row + 3 * (size_t)x, value, 3);
    }
}

static void swap_red_blue(uint8_t *row, int32_t count)
{
    for (int32_t x = 0; x < count; x++, row += 3) {
        uint8_t red = row[0];
        row[0] = row[2];
        row[2] = red;
    }
}

static bool read_row(pnm_reader *r, uint8_t *row, int32_t width)
{
    size_t count = (size_t)width * (r->colour ? 3 : 1);
    if (!r->text)
        read_binary_row(r, row, count);
    else if (!read_text_row(r, row, count))
        return false;
    if (r->colour)
        swap_red_blue(row, width);
    else
        spread_grey(row, width);
    return true;
}

ramet_status rmt_decode_pnm(const rmt_encoded *file, ramet_image *image, int *orientation, ramet_error *error)
{
    (void)orientation;
    pnm_reader r = {.file = file};
    size_t needed;
    if (!read_header(&r))
        return fail_pnm(error, "its header is incomplete");
    ramet_status status = rmt_decode_check(file, r.width, r.height, error);
    if (status != RAMET_STATUS_OK)
        return status;
    if (!needed_bytes(&r, &needed) || !rmt_range_fits(r.position, needed, file->count))
        return fail_pnm(error, "the file ends early");
    status = rmt_decode_create(file, r.width, r.height, image, error);
    if (status != RAMET_STATUS_OK)
        return status;
    for (int32_t y = 0; y < image->height; y++)
        if (!read_row(&r, image->data + y * image->pitch, image->width))
            return fail_pnm(error, "a value is no number, or the file ends early");
    return RAMET_STATUS_OK;
}

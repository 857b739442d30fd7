/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one fact that is wanted of an EXIF segment: how the camera was held.
 *
 * Reads a TIFF block: byte order, 42, offset of the first directory, and there
 * tag 0x0112 as one SHORT. Whatever is not exactly that means "upright".
 */
#include "image/decoders.h"

#include <string.h>

enum { TAG_ORIENTATION = 0x0112, TYPE_SHORT = 3, ENTRY_BYTES = 12 };

typedef struct tiff {
    const uint8_t *bytes;
    size_t count;
    bool big_endian;
} tiff;

/* `width` bytes at `offset` as a number; false when they are not all there. */
static bool read_number(const tiff *t, size_t offset, size_t width, uint32_t *number)
{
    if (!rmt_range_fits(offset, width, t->count))
        return false;
    *number = 0;
    for (size_t i = 0; i < width; i++)
        *number = *number << 8 | t->bytes[offset + (t->big_endian ? i : width - 1 - i)];
    return true;
}

static bool is_tiff(tiff *t)
{
    uint32_t magic;
    t->big_endian = t->count >= 2 && memcmp(t->bytes, "MM", 2) == 0;
    return (t->big_endian || (t->count >= 2 && memcmp(t->bytes, "II", 2) == 0)) && read_number(t, 2, 2, &magic) &&
           magic == 42;
}

/* The orientation of the directory entry at `offset`; 0 when it is another entry or none. */
static int entry_orientation(const tiff *t, size_t offset)
{
    uint32_t tag, type, values, value;
    if (!read_number(t, offset, 2, &tag) || tag != TAG_ORIENTATION)
        return 0;
    if (!read_number(t, offset + 2, 2, &type) || type != TYPE_SHORT)
        return 0;
    if (!read_number(t, offset + 4, 4, &values) || values != 1)
        return 0;
    return read_number(t, offset + 8, 2, &value) && value <= 8 ? (int)value : 0;
}

int rmt_exif_orientation(const uint8_t *bytes, size_t count)
{
    tiff t = {bytes, count, false};
    uint32_t directory, entries;
    if (!is_tiff(&t) || !read_number(&t, 4, 4, &directory) || !read_number(&t, directory, 2, &entries))
        return 1;
    for (uint32_t i = 0; i < entries; i++) {
        int orientation = entry_orientation(&t, (size_t)directory + 2 + (size_t)i * ENTRY_BYTES);
        if (orientation)
            return orientation;
    }
    return 1;
}

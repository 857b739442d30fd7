/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Maps of classes to PNG files: a palette of 256 colours with the class as
 * index, or 16-bit grey where a class is above 255. Either way the numbers in
 * the file are the classes.
 *
 * libpng's one-call interface writes to memory; the file is written at the end,
 * so that a failure leaves none.
 */
#include "image/image.h"
#include "os/os.h"

#include <stdlib.h>
#include <string.h>

#include <png.h>

enum { COLOURS = 256 };

/* Three bits of the class at a time give a bit of red, green and blue, the highest first: 0 is black. */
static void set_palette(uint8_t palette[COLOURS][3])
{
    memset(palette, 0, COLOURS * sizeof palette[0]);
    for (int index = 0; index < COLOURS; index++)
        for (int bit = 0; bit < 8; bit++)
            palette[index][bit % 3] |= (uint8_t)((index >> bit & 1) << (7 - bit / 3));
}

static uint16_t largest(const rmt_class_map *map)
{
    uint16_t most = 0;
    for (size_t i = 0; i < (size_t)map->width * (size_t)map->height; i++)
        most = map->classes[i] > most ? map->classes[i] : most;
    return most;
}

/* Encodes pixels of the format that `header` names; *bytes: from malloc. */
static ramet_status encode(png_image *header, const void *pixels, const void *palette, uint8_t **bytes, size_t *count,
                           ramet_error *error)
{
    png_alloc_size_t room = PNG_IMAGE_PNG_SIZE_MAX(*header);
    *bytes = malloc(room);
    if (*bytes == NULL)
        return rmt_fail_memory(error, room);
    if (!png_image_write_to_memory(header, *bytes, &room, 0, pixels, 0, palette)) {
        free(*bytes);
        return rmt_fail(error, RAMET_STATUS_OUT_OF_MEMORY, "cannot make a PNG file: %s", header->message);
    }
    *count = room;
    return RAMET_STATUS_OK;
}

static ramet_status encode_indices(const rmt_class_map *map, png_image *header, uint8_t **bytes, size_t *count,
                                   ramet_error *error)
{
    size_t pixels = (size_t)map->width * (size_t)map->height;
    uint8_t palette[COLOURS][3], *indices = malloc(pixels);
    if (indices == NULL)
        return rmt_fail_memory(error, pixels);
    for (size_t i = 0; i < pixels; i++)
        indices[i] = (uint8_t)map->classes[i];
    set_palette(palette);
    header->format = PNG_FORMAT_RGB_COLORMAP;
    header->colormap_entries = COLOURS;
    ramet_status status = encode(header, indices, palette, bytes, count, error);
    free(indices);
    return status;
}

ramet_status rmt_class_map_save(const rmt_class_map *map, const char *path, ramet_error *error)
{
    png_image header = {.version = PNG_IMAGE_VERSION,
                        .width = (png_uint_32)map->width,
                        .height = (png_uint_32)map->height,
                        .format = PNG_FORMAT_LINEAR_Y};
    uint8_t *bytes;
    size_t count;
    ramet_status status = largest(map) < COLOURS ? encode_indices(map, &header, &bytes, &count, error)
                                                 : encode(&header, map->classes, NULL, &bytes, &count, error);
    if (status != RAMET_STATUS_OK)
        return status;
    int failed = rmt_os_write_file(path, bytes, count);
    free(bytes);
    return failed ? rmt_fail_errno(error, failed, "write", path) : RAMET_STATUS_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PNG through libpng, reduced to 8-bit BGR as cv2.imread does: 16 bits lose
 * their low byte, palette and grey are expanded, alpha is dropped, gamma is not
 * applied.
 *
 * libpng leaves its callbacks by longjmp, back into read_png() and no further.
 * Chunks that cannot change a pixel are not read; the others are bounded.
 */
#include "image/decoders.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

enum { CHUNK_MAX_BYTES = 8 << 20, CHUNKS_KEPT = 64 };

typedef struct png_reader {
    png_structp codec;
    png_infop info;
    const rmt_encoded *file;
    size_t position;
    ramet_image *image;
    int orientation;
    bool out_of_memory; /* libpng's texts tell it in several ways, and it goes on without optional chunks */
    ramet_status status;
    ramet_error *error;
} png_reader;

static png_voidp allocate(png_structp codec, png_alloc_size_t bytes)
{
    png_reader *reader = png_get_mem_ptr(codec);
    void *memory = malloc(bytes);
    reader->out_of_memory = reader->out_of_memory || !memory;
    return memory;
}

static void release(png_structp codec, png_voidp memory)
{
    (void)codec;
    free(memory);
}

static void fail_png(png_structp codec, png_const_charp message)
{
    png_reader *reader = png_get_error_ptr(codec);
    reader->status = rmt_fail(reader->error, RAMET_STATUS_BAD_FORMAT, "damaged PNG: %s", message);
    png_longjmp(codec, 1);
}

static void drop_warning(png_structp codec, png_const_charp message) { (void)codec, (void)message; }

static void read_bytes(png_structp codec, png_bytep into, size_t bytes)
{
    png_reader *reader = png_get_io_ptr(codec);
    if (!rmt_range_fits(reader->position, bytes, reader->file->count))
        png_error(codec, "the file ends early");
    memcpy(into, reader->file->bytes + reader->position, bytes);
    reader->position += bytes;
}

/* Limits and input; the size itself is checked once the header is read. */
static void set_up(png_reader *reader)
{
    static const png_byte unread[] = "iCCP\0iTXt\0tEXt\0zTXt\0sPLT\0hIST\0tIME\0pCAL\0sCAL";
    png_set_read_fn(reader->codec, reader, read_bytes);
    png_set_user_limits(reader->codec, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_chunk_malloc_max(reader->codec, CHUNK_MAX_BYTES);
    png_set_chunk_cache_max(reader->codec, CHUNKS_KEPT);
    png_set_keep_unknown_chunks(reader->codec, PNG_HANDLE_CHUNK_NEVER, unread, (int)(sizeof unread / 5));
}

/* Whatever the file holds, rows of width * 3 bytes come out. Returns the number of passes over the rows. */
static int ask_for_bgr(png_reader *reader)
{
    png_structp codec = reader->codec;
    png_set_strip_16(codec);
    png_set_strip_alpha(codec);
    png_set_palette_to_rgb(codec);
    png_set_expand_gray_1_2_4_to_8(codec);
    png_set_gray_to_rgb(codec);
    png_set_bgr(codec);
    int passes = png_set_interlace_handling(codec);
    png_read_update_info(codec, reader->info);
    if (png_get_rowbytes(codec, reader->info) != (size_t)reader->image->pitch)
        png_error(codec, "rows are not of three bytes a pixel");
    return passes;
}

static int stored_orientation(png_reader *reader)
{
    png_uint_32 bytes;
    png_bytep exif;
    if (!png_get_eXIf_1(reader->codec, reader->info, &bytes, &exif))
        return 1;
    return rmt_exif_orientation(exif, bytes);
}

static void read_png(png_reader *reader)
{
    ramet_image *image = reader->image;
    if (setjmp(png_jmpbuf(reader->codec)))
        return;
    set_up(reader);
    png_read_info(reader->codec, reader->info);
    reader->status = rmt_decode_create(reader->file, png_get_image_width(reader->codec, reader->info),
                                       png_get_image_height(reader->codec, reader->info), image, reader->error);
    if (reader->status != RAMET_STATUS_OK)
        return;
    for (int passes = ask_for_bgr(reader); passes > 0; passes--)
        for (int32_t y = 0; y < image->height; y++)
            png_read_row(reader->codec, image->data + y * image->pitch, NULL);
    png_read_end(reader->codec, reader->info);
    reader->orientation = stored_orientation(reader);
}

ramet_status rmt_decode_png(const rmt_encoded *file, ramet_image *image, int *orientation, ramet_error *error)
{
    png_reader reader = {.file = file, .image = image, .orientation = 1, .error = error};
    reader.codec =
        png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &reader, fail_png, drop_warning, &reader, allocate, release);
    reader.info = reader.codec ? png_create_info_struct(reader.codec) : NULL;
    bool ready = reader.info != NULL;
    if (ready)
        read_png(&reader);
    png_destroy_read_struct(&reader.codec, &reader.info, NULL);
    if (!ready || reader.out_of_memory)
        return rmt_fail(error, RAMET_STATUS_OUT_OF_MEMORY, "no memory left to decode a PNG image");
    if (reader.status == RAMET_STATUS_OK)
        *orientation = reader.orientation;
    return reader.status;
}

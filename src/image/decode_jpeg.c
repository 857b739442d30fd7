/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JPEG through libjpeg: exact integer IDCT and smooth chroma, as cv2.imread.
 *
 * libjpeg reports by callbacks; errors leave them by longjmp, back into
 * read_or_leave() and no further. Warnings that mean invented pixels (data
 * that ends early or cannot be decoded) are errors here. Memory and the number
 * of scans are bounded, so that a small file cannot cost much.
 */
#include "image/decoders.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

enum { MOST_SCANS = 100, EXIF_MARKER = JPEG_APP0 + 1 };

typedef struct jpeg_reader {
    struct jpeg_decompress_struct codec;
    struct jpeg_error_mgr report;
    struct jpeg_progress_mgr progress;
    jmp_buf leave;
    const rmt_encoded *file;
    ramet_image *image;
    int orientation;
    ramet_status status;
    ramet_error *error;
} jpeg_reader;

static _Noreturn void leave_with(jpeg_reader *reader, ramet_status status)
{
    reader->status = status;
    longjmp(reader->leave, 1);
}

/* libjpeg's text for its current message, as ours. */
static _Noreturn void leave_with_message(j_common_ptr codec)
{
    jpeg_reader *reader = codec->client_data;
    char text[JMSG_LENGTH_MAX];
    codec->err->format_message(codec, text);
    bool memory = codec->err->msg_code == JERR_OUT_OF_MEMORY;
    leave_with(reader, rmt_fail(reader->error, memory ? RAMET_STATUS_OUT_OF_MEMORY : RAMET_STATUS_BAD_FORMAT,
                                "damaged JPEG: %s", text));
}

/* Does this warning mean that pixels were made up? */
static bool is_loss(j_common_ptr codec)
{
    j_decompress_ptr decoder = (j_decompress_ptr)codec;
    switch (codec->err->msg_code) {
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC: return true;
    /* In a file of one Huffman scan a missing end marker alone loses nothing: missing data reports HIT_MARKER. */
    case JWRN_JPEG_EOF:
        return decoder->progressive_mode || decoder->arith_code || decoder->comps_in_scan < decoder->num_components;
    default: return false;
    }
}

static void take_message(j_common_ptr codec, int level)
{
    if (level < 0 && is_loss(codec))
        leave_with_message(codec);
}

static void drop_message(j_common_ptr codec) { (void)codec; }

static void count_scans(j_common_ptr codec)
{
    jpeg_reader *reader = codec->client_data;
    if (reader->codec.input_scan_number > MOST_SCANS)
        leave_with(reader, rmt_fail(reader->error, RAMET_STATUS_OVER_BUDGET,
                                    "the JPEG has more than %d scans, which only serves to cost time", MOST_SCANS));
}

static void open_codec(jpeg_reader *reader)
{
    reader->codec.err = jpeg_std_error(&reader->report);
    reader->report.error_exit = leave_with_message;
    reader->report.emit_message = take_message;
    reader->report.output_message = drop_message;
    reader->codec.client_data = reader;
    jpeg_create_decompress(&reader->codec);
    reader->progress.progress_monitor = count_scans;
    reader->codec.progress = &reader->progress;
    jpeg_mem_src(&reader->codec, reader->file->bytes, (unsigned long)reader->file->count);
    jpeg_save_markers(&reader->codec, EXIF_MARKER, 0xFFFF);
}

static int saved_orientation(const struct jpeg_decompress_struct *codec)
{
    for (jpeg_saved_marker_ptr marker = codec->marker_list; marker; marker = marker->next)
        if (marker->marker == EXIF_MARKER && marker->data_length >= 6 && memcmp(marker->data, "Exif\0\0", 6) == 0)
            return rmt_exif_orientation(marker->data + 6, marker->data_length - 6);
    return 1;
}

/* Coefficients of a progressive file are the largest thing libjpeg keeps: 2 bytes, 4 components, padded blocks. */
static long memory_for(const ramet_image *image)
{
    int64_t pixels = ((int64_t)image->width + 32) * ((int64_t)image->height + 32);
    return (long)rmt_min_i64(8 * pixels + (16 << 20), INT32_MAX);
}

/* Four components are ink, mostly stored inverted (Adobe): the less ink, the lighter, scaled by black. */
static void convert_inks(const uint8_t *cmyk, int32_t width, uint8_t *bgr)
{
    for (int32_t x = 0; x < width; x++, cmyk += 4, bgr += 3) {
        int black = cmyk[3];
        for (int i = 0; i < 3; i++)
            bgr[2 - i] = (uint8_t)(black - ((255 - cmyk[i]) * black >> 8));
    }
}

static void read_rows(jpeg_reader *reader)
{
    struct jpeg_decompress_struct *codec = &reader->codec;
    ramet_image *image = reader->image;
    bool inks = codec->out_color_space == JCS_CMYK;
    JSAMPARRAY ink_row =
        inks ? codec->mem->alloc_sarray((j_common_ptr)codec, JPOOL_IMAGE, (JDIMENSION)image->width * 4, 1) : NULL;
    while (codec->output_scanline < codec->output_height) {
        uint8_t *row = image->data + codec->output_scanline * image->pitch;
        jpeg_read_scanlines(codec, inks ? ink_row : &row, 1);
        if (inks)
            convert_inks(ink_row[0], image->width, row);
    }
}

static void read_jpeg(jpeg_reader *reader)
{
    struct jpeg_decompress_struct *codec = &reader->codec;
    open_codec(reader);
    jpeg_read_header(codec, TRUE);
    ramet_status status =
        rmt_decode_create(reader->file, codec->image_width, codec->image_height, reader->image, reader->error);
    if (status != RAMET_STATUS_OK)
        leave_with(reader, status);
    reader->orientation = saved_orientation(codec);
    codec->mem->max_memory_to_use = memory_for(reader->image);
    codec->out_color_space = codec->num_components == 4 ? JCS_CMYK : JCS_EXT_BGR;
    codec->dct_method = JDCT_ISLOW;
    jpeg_start_decompress(codec);
    read_rows(reader);
    jpeg_finish_decompress(codec);
}

/* The frame that longjmp returns to: it holds no variable of its own. */
static void read_or_leave(jpeg_reader *reader)
{
    if (setjmp(reader->leave) == 0)
        read_jpeg(reader);
}

ramet_status rmt_decode_jpeg(const rmt_encoded *file, ramet_image *image, int *orientation, ramet_error *error)
{
    jpeg_reader reader = {.file = file, .image = image, .error = error, .status = RAMET_STATUS_OK};
    read_or_leave(&reader);
    jpeg_destroy_decompress(&reader.codec);
    if (reader.status == RAMET_STATUS_OK)
        *orientation = reader.orientation;
    return reader.status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What decode.c and the decoders of the single kinds agree on.
 *
 * A decoder gets bytes that begin with its kind's signature and distrusts all
 * others. It asks rmt_decode_create() for its pixels once it knows the size.
 * Its caller frees a half-filled image, so it only frees what is its own.
 */
#ifndef RMT_IMAGE_DECODERS_H
#define RMT_IMAGE_DECODERS_H

#include "image/image.h"

/* An encoded file, and what it may claim. */
typedef struct rmt_encoded {
    const uint8_t *bytes;
    size_t count;
    int64_t max_pixels;
} rmt_encoded;

/* *image is zeroed and *orientation 1 on entry; orientation is EXIF's, 1..8. */
typedef ramet_status (*rmt_decoder)(const rmt_encoded *file, ramet_image *image, int *orientation, ramet_error *error);

ramet_status rmt_decode_jpeg(const rmt_encoded *file, ramet_image *image, int *orientation, ramet_error *error);
ramet_status rmt_decode_png(const rmt_encoded *file, ramet_image *image, int *orientation, ramet_error *error);
ramet_status rmt_decode_webp(const rmt_encoded *file, ramet_image *image, int *orientation, ramet_error *error);
ramet_status rmt_decode_bmp(const rmt_encoded *file, ramet_image *image, int *orientation, ramet_error *error);
ramet_status rmt_decode_pnm(const rmt_encoded *file, ramet_image *image, int *orientation, ramet_error *error);

/* What a file claims as its size: BAD_FORMAT when not positive, OVER_BUDGET above max_pixels. */
ramet_status rmt_decode_check(const rmt_encoded *file, int64_t width, int64_t height, ramet_error *error);

/* The same check, then the image. */
ramet_status rmt_decode_create(const rmt_encoded *file, int64_t width, int64_t height, ramet_image *image,
                               ramet_error *error);

/* The orientation 1..8 that a TIFF block (the body of an EXIF segment) tells; 1 where it tells none. */
int rmt_exif_orientation(const uint8_t *tiff, size_t bytes);

#endif

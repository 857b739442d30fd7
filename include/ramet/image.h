/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images: encoded bytes to pixels.
 *
 * ramet works on interleaved 8-bit BGR, as cv2.imread gives it. A ramet_image
 * is plain data: it may own its pixels (after a load) or borrow yours.
 */
#ifndef RAMET_IMAGE_H
#define RAMET_IMAGE_H

#include "ramet/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * height rows of width pixels of 3 bytes B, G, R. A pixel is at
 * data + y * pitch + 3 * x; pitch may be negative or larger than 3 * width.
 */
typedef struct ramet_image {
    uint8_t *data;
    int32_t width, height; /* pixels, both at least 1 in a valid image */
    ptrdiff_t pitch;       /* bytes between rows */
    void *owner;           /* for ramet_image_clear(); NULL when the pixels are borrowed */
} ramet_image;

/* Steps of a task's Preprocessor that ramet_*_preprocessor_disable() takes out: one, or several joined with |. */
typedef enum ramet_preprocess_step {
    RAMET_PREPROCESS_STEP_NORMALIZE = 1, /* numbers are the pixels as they are, 0 to 255, then */
    RAMET_PREPROCESS_STEP_PERMUTE = 2    /* the tensor is [count, height, width, 3], then */
} ramet_preprocess_step;

/* Limits for what a file may claim. Set with ramet_image_option_init(); zero means the default. */
typedef struct ramet_image_option {
    size_t struct_bytes;
    int64_t max_pixels;         /* width * height; default 100,000,000; checked before any pixel is allocated */
    int32_t ignore_orientation; /* non-zero: leave the EXIF orientation of a JPEG alone */
} ramet_image_option;

/*
 * Fills an option struct with defaults: always the first thing to do with one.
 *
 * Threads: any. Memory: none. Errors: none.
 */
RAMET_API void ramet_image_option_init(ramet_image_option *option);

/*
 * Reads a JPEG, PNG, BMP, PNM (P1-P6) or WebP file as BGR, equal to
 * cv2.imread(path): alpha dropped, grey and palette expanded, 16 bits reduced
 * to 8, the EXIF orientation applied. The kind is found from the bytes, never
 * from the name.
 *
 * option: may be NULL. image: overwritten; owns its pixels afterwards.
 * Threads: any. Memory: one allocation, freed by ramet_image_clear().
 * Errors: NOT_FOUND, IO, BAD_FORMAT (damaged, or none of these kinds),
 * OVER_BUDGET (more than max_pixels); then *image is zeroed.
 */
RAMET_API ramet_status ramet_image_load(const char *path, const ramet_image_option *option, ramet_image *image,
                                        ramet_error *error);

/* The same from memory. */
RAMET_API ramet_status ramet_image_decode(const void *bytes, size_t count, const ramet_image_option *option,
                                          ramet_image *image, ramet_error *error);

/*
 * Frees the pixels if the image owns them and zeroes the struct.
 *
 * Threads: any, one at a time for one image. NULL and a zeroed image are allowed.
 */
RAMET_API void ramet_image_clear(ramet_image *image);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pixels: decoding, and geometry that equals cv2's.
 *
 * Decoders turn bytes into BGR images (public header ramet/image.h); maps of
 * classes become PNG files. Geometry reads ramet_image views and writes where
 * the caller says. 8-bit bilinear resize gives cv2's bytes exactly; where
 * another operation may differ, its comment states the bound that the tests
 * hold.
 */
#ifndef RMT_IMAGE_H
#define RMT_IMAGE_H

#include "base/base.h"
#include "ramet/image.h"

/* The default of ramet_image_option.max_pixels, and the most that geometry takes from a caller. */
enum { RMT_IMAGE_MAX_PIXELS = 100000000 };

/* OpenCV's numbers, and from PILLOW_NEAREST on Pillow's; configuration files name them by either. */
typedef enum rmt_interpolation {
    RMT_INTERPOLATION_NEAREST = 0,
    RMT_INTERPOLATION_LINEAR = 1,
    RMT_INTERPOLATION_CUBIC = 2,
    RMT_INTERPOLATION_AREA = 3,
    RMT_INTERPOLATION_LANCZOS4 = 4,
    RMT_INTERPOLATION_PILLOW_NEAREST = 8,
    RMT_INTERPOLATION_PILLOW_LANCZOS,
    RMT_INTERPOLATION_PILLOW_BILINEAR,
    RMT_INTERPOLATION_PILLOW_BICUBIC,
    RMT_INTERPOLATION_PILLOW_BOX,
    RMT_INTERPOLATION_PILLOW_HAMMING
} rmt_interpolation;

/* A new image of width x height (3 bytes a pixel, rows of 3 * width), contents undefined. */
ramet_status rmt_image_create(int32_t width, int32_t height, ramet_image *image, ramet_error *error);

/* Pointer, sizes and pitch make sense (data, width, height >= 1, |pitch| >= 3 * width, below the default pixel cap). */
ramet_status rmt_image_check(const ramet_image *image, ramet_error *error);

/* A view of the rectangle x, y, width, height; the rectangle lies inside. Owns nothing. */
ramet_image rmt_image_view(const ramet_image *image, int32_t x, int32_t y, int32_t width, int32_t height);

/*
 * cv2.resize(src, (dst->width, dst->height), interpolation) into dst's pixels. step_x, step_y: source pixels for one
 * destination pixel; 0 means src/dst (cv2 with dsize), otherwise the caller's 1/fx, 1/fy (cv2 with fx, fy).
 * Same size: a copy. Linear, nearest, area and cubic equal cv2 byte for byte (area/cubic: one level, see tests); those
 * of Pillow equal Image.resize and know no steps.
 */
ramet_status rmt_image_resize(const ramet_image *src, ramet_image *dst, rmt_interpolation interpolation, double step_x,
                              double step_y, ramet_error *error);

/* Turns dst into a new image: src as EXIF's orientation 1..8 says it should be looked at. */
ramet_status rmt_image_orient(const ramet_image *src, int orientation, ramet_image *dst, ramet_error *error);

/* Turns dst into a new image: src turned counter-clockwise by quarter_turns * 90 degrees (0..3). */
ramet_status rmt_image_rotate(const ramet_image *src, int quarter_turns, ramet_image *dst, ramet_error *error);

/*
 * cv2.warpPerspective(src, M, dst size, INTER_CUBIC, BORDER_REPLICATE) with M mapping the quad's corners
 * (x0,y0, x1,y1, x2,y2, x3,y3 in source pixels) onto dst's corners (0,0) (W,0) (W,H) (0,H). Within one level of cv2.
 */
ramet_status rmt_image_warp_quad(const ramet_image *src, const float quad[8], ramet_image *dst, ramet_error *error);

/*
 * cv2.warpAffine(src, M, dst size, INTER_LINEAR) with a black border; map: the inverse of M, which takes destination
 * (x, y) to source (map[0] x + map[1] y + map[2], map[3] x + map[4] y + map[5]).
 */
void rmt_image_warp_affine(const ramet_image *src, const double map[6], ramet_image *dst);

/* How pixels become numbers: value = pixel * scale[c] + shift[c], in float32, for c = first, second, third channel. */
typedef struct rmt_pixel_transform {
    float scale[3], shift[3]; /* in the order of the output channels */
    bool swap_rb;             /* output channel 0 is R */
} rmt_pixel_transform;

/* Where numbers go: element (y, x, c) to data[y * row_stride + x * pixel_stride + c * channel_stride]. HWC and CHW alike. */
typedef struct rmt_pixel_target {
    float *data;
    ptrdiff_t row_stride, pixel_stride, channel_stride; /* in elements */
} rmt_pixel_target;

/* Writes pixels as float32. Rows and pixels beyond the image are the caller's to fill. */
void rmt_image_normalize(const ramet_image *image, const rmt_pixel_transform *transform,
                         const rmt_pixel_target *target);

/* What rmt_image_resize() is told. */
typedef struct rmt_resize {
    int32_t width, height;
    rmt_interpolation interpolation;
    double step_x, step_y;
} rmt_resize;

/* Resize and normalise in one walk over the destination rows; the same numbers as the two calls. */
ramet_status rmt_image_resize_normalize(const ramet_image *src, const rmt_resize *resize,
                                        const rmt_pixel_transform *transform, const rmt_pixel_target *target,
                                        ramet_error *error);

/* cv2.resize of one float32 plane (tests of segmentation maps; linear and nearest). */
ramet_status rmt_plane_resize(const float *src, int32_t src_width, int32_t src_height, float *dst, int32_t dst_width,
                              int32_t dst_height, rmt_interpolation interpolation, ramet_error *error);

/* One class for each pixel, row by row. */
typedef struct rmt_class_map {
    const uint16_t *classes; /* [height][width] */
    int32_t width, height;
} rmt_class_map;

/* A PNG file: a palette with the class as index, or 16-bit grey where a class is above 255. */
ramet_status rmt_class_map_save(const rmt_class_map *map, const char *path, ramet_error *error);

#endif

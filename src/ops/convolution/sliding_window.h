/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows that slide over images: what convolution, its transpose and pooling
 * have in common. Attributes to numbers once a model, numbers to a geometry
 * once a shape; and the way from a pixel number to its address.
 */
#ifndef RMT_SLIDING_WINDOW_H
#define RMT_SLIDING_WINDOW_H

#include "ops/ops_help.h"

typedef enum rmt_padding {
    RMT_PADDING_EXPLICIT,
    RMT_PADDING_SAME,
    RMT_PADDING_SAME_UPPER,
    RMT_PADDING_SAME_LOWER,
    RMT_PADDING_VALID
} rmt_padding;

typedef struct rmt_window {
    int32_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
    int32_t pad_top, pad_bottom, pad_left, pad_right; /* of EXPLICIT */
    rmt_padding padding;
    bool ceil_mode, starts_inside; /* starts_inside: no window starts behind the input */
} rmt_window;

/* A window on images of one size. */
typedef struct rmt_geometry {
    int32_t in_h, in_w, out_h, out_w;
    int32_t pad_top, pad_left, pad_bottom, pad_right;
    int32_t dilation_h, dilation_w;
} rmt_geometry;

/* Reads strides, paddings, padding_algorithm, dilations, ceil_mode; the kernel size is the caller's. */
ramet_status rmt_window_read(const rmt_node *node, int32_t kernel_h, int32_t kernel_w, rmt_window *window,
                             ramet_error *error);

/* For unfold and fold, whose four paddings stand as top, left, bottom, right. */
void rmt_window_turn_paddings(const rmt_node *node, rmt_window *window);

/*
 * Settles padding and dilation for images of one size and counts the windows. False when not even one window fits;
 * padding and dilation are set all the same (a transposed convolution needs no more).
 */
bool rmt_window_geometry(const rmt_window *window, int64_t in_h, int64_t in_w, rmt_geometry *geometry);

/* A channels-last view with names instead of indices. */
typedef struct rmt_pixels {
    float *data;
    int32_t n, h, w, c;
    ptrdiff_t pixel, row, image; /* floats */
} rmt_pixels;

rmt_pixels rmt_pixels_of(const rmt_view *view);

static inline float *rmt_pixel_at(const rmt_pixels *pixels, int32_t n, int32_t y, int32_t x)
{
    return pixels->data + n * pixels->image + y * pixels->row + x * pixels->pixel;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resizing, one destination row at a time.
 *
 * A resizer is opened for a source, a destination size and an interpolation,
 * then asked for rows 0, 1, 2, ... Each way of resizing is one opener that
 * fills `row` and `state`; all it needs lies in the resizer's arena, O(width)
 * bytes.
 */
#ifndef RMT_IMAGE_RESIZER_H
#define RMT_IMAGE_RESIZER_H

#include "image/image.h"
#include "kernels/kernels.h"

typedef struct rmt_resizer rmt_resizer;

struct rmt_resizer {
    const ramet_image *src;
    int32_t width, height; /* of the destination */
    double step_x, step_y; /* source pixels for one destination pixel */
    rmt_interpolation interpolation;
    void (*row)(rmt_resizer *resizer, int32_t y, uint8_t *out); /* writes 3 * width bytes */
    void *state;                                                /* the opener's own */
    const rmt_kernels *kernels;
    rmt_arena memory;
};

/* Chooses what cv2.resize would; steps as in rmt_image_resize(). After a failure there is nothing to close. */
ramet_status rmt_resizer_open(rmt_resizer *resizer, const ramet_image *src, int32_t width, int32_t height,
                              rmt_interpolation interpolation, double step_x, double step_y, ramet_error *error);
void rmt_resizer_close(rmt_resizer *resizer);

/* The openers: false when memory is exhausted. */
bool rmt_resizer_open_linear(rmt_resizer *resizer); /* linear; area where it enlarges */
bool rmt_resizer_open_wide(rmt_resizer *resizer);   /* cubic, lanczos4 */
bool rmt_resizer_open_area(rmt_resizer *resizer);   /* shrinking by any factors */
bool rmt_resizer_open_block(rmt_resizer *resizer);  /* shrinking by whole factors */
bool rmt_resizer_open_pillow(rmt_resizer *resizer); /* all of Pillow's */

/* Where destination index i lies in the source: the index at or before it, and the fraction behind that. */
int32_t rmt_resizer_position(rmt_interpolation interpolation, int32_t i, double step, float *fraction);

/* A weight as 11-bit fixed point, halves to even. */
int16_t rmt_resizer_weight(float weight);

/* Keys' kernel with a = -0.75, at distances 1 + x, x, 1 - x, 2 - x. */
void rmt_cubic_weights(float x, float weight[4]);

/* What a vector load of a pixel and its right neighbour reads, of which it uses 6. */
enum { RMT_PAIR_BYTES = 8 };

static inline uint8_t rmt_clamp_byte(int value) { return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value); }

static inline int32_t rmt_clamp_index(int64_t index, int32_t count)
{
    return index < 0 ? 0 : index >= count ? count - 1 : (int32_t)index;
}

/* Nearest integer, halves to even, for |value| < 2^22: the sum has no bits below one. */
static inline int rmt_round_small(float value)
{
    union {
        float number;
        int32_t bits;
    } sum = {value + 12582912.0f};
    return sum.bits - 0x4B400000;
}

static inline const uint8_t *rmt_image_row(const ramet_image *image, int32_t y)
{
    return image->data + y * image->pitch;
}

#endif

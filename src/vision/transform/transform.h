/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of an image before a network sees it: steps of geometry on
 * 8-bit pixels, then numbers, then perhaps a margin around the numbers.
 *
 * The operators of all configurations are put together from these steps. Each
 * step says of any extent what it turns it into, so that sizes are known before
 * a pixel is touched, and a map of the network can be traced back to the image.
 * A transform is plain data: it is copied, and shared by value.
 */
#ifndef RMT_TRANSFORM_H
#define RMT_TRANSFORM_H

#include "vision/config.h"
#include "vision/vision.h"

#define RMT_TRANSFORM_MAX_STEPS 16

/* Sides that follow from a factor are rounded as Python rounds, halves to even, to at least 1. */
typedef enum rmt_step_kind {
    RMT_STEP_RESIZE,          /* to width x height */
    RMT_STEP_RESIZE_INSIDE,   /* ratio kept; as large as both the longer and the shorter of width, height allow */
    RMT_STEP_RESIZE_NEAR,     /* the same, but the longer side may go past its limit by less than half a pixel */
    RMT_STEP_RESIZE_FIT,      /* ratio kept; as large as width x height allows */
    RMT_STEP_RESIZE_MULTIPLE, /* the shorter side near least, or the longer near most; to multiples of divisor */
    RMT_STEP_RESIZE_SHORT,    /* ratio kept; the shorter side becomes least, but the longer one at most most (0: any) */
    RMT_STEP_RESIZE_LONG,     /* ratio kept; the longer side becomes most */
    RMT_STEP_RESIZE_BY,       /* by the factor ratio */
    RMT_STEP_LIMIT_SHORT,     /* ratio kept; the shorter side comes to lie in least..most (0: no limit) */
    RMT_STEP_LIMIT_LONG,      /* the same of the longer side */
    RMT_STEP_CROP,            /* width x height from the middle */
    RMT_STEP_WARP,            /* about the middle, black around, to width x height, as large as the longer side is to
                               width; width 0: as large as it is, to sides of (side | most) + 1 */
    RMT_STEP_PAD,             /* to width x height, at the right and below */
    RMT_STEP_PAD_CENTRE,      /* to width x height, on all sides */
    RMT_STEP_PAD_RATIO,       /* until width / height is ratio, at the right or below */
    RMT_STEP_PAD_MULTIPLE,    /* sides to multiples of divisor, at the right and below */
    RMT_STEP_PAD_SQUARE       /* both sides to the longer one, on both sides of the image */
} rmt_step_kind;

typedef struct rmt_step {
    rmt_step_kind kind;
    int32_t width, height, least, most; /* as the kind says */
    double ratio;
    int32_t divisor; /* of a resize: sides are rounded up to multiples of this; 0: they are not */
    rmt_interpolation interpolation;
    bool portrait;  /* of RESIZE: the smaller of width and height is the width */
    bool by_factor; /* samples are 1 / factor apart (cv2.resize with fx, fy), not source / destination */
    float fill[3];  /* of a padding, in the order of the network's channels */
} rmt_step;

/* What a step does to an image of some extent. */
typedef struct rmt_step_effect {
    rmt_extent extent;         /* afterwards */
    double factor_x, factor_y; /* that it was resized by, before rounding; 1 for other steps */
    int32_t left, top;         /* where the image's first pixel comes to lie; below 0 when it is cut off */
} rmt_step_effect;

typedef struct rmt_transform {
    rmt_step steps[RMT_TRANSFORM_MAX_STEPS];
    size_t count;
    size_t margins; /* so many of the last steps are paddings of numbers: `fill` is a number, not a pixel */
    rmt_pixel_transform pixels;
} rmt_transform;

/* No steps; numbers equal pixels, channels are R, G, B. */
void rmt_transform_init(rmt_transform *transform);

/*
 * Adds a step that the configuration asks for at `node`. after_numbers: the pixels are numbers by now, which only
 * paddings can stand; UNSUPPORTED otherwise, and for too many steps.
 */
ramet_status rmt_transform_add(rmt_transform *transform, const rmt_step *step, bool after_numbers,
                               const rmt_config *config, const rmt_yaml *node);

/* Numbers are (pixel * scale - mean) / deviation, a deviation is not 0; in the order of the network's channels. */
void rmt_transform_set_numbers(rmt_transform *transform, double scale, const double mean[3], const double deviation[3]);

/* Fails where the step cannot be done: a crop that is larger than the image, too many pixels. */
ramet_status rmt_step_measure(const rmt_step *step, rmt_extent extent, rmt_step_effect *effect, ramet_error *error);

/* *extent: of an image; becomes that of the network's input. */
ramet_status rmt_transform_measure(const rmt_transform *transform, rmt_extent *extent, ramet_error *error);

/* Fills slot, a float32 view [1, 3, height, width] of what rmt_transform_measure() says. self: whose transform it is. */
ramet_status rmt_transform_write(const rmt_transform *transform, const rmt_preprocessor *self, rmt_scratch buffers[2],
                                 const ramet_image *image, const rmt_view *slot, ramet_error *error);

/* A preprocessor that does nothing but a transform; and its transform, which may be changed between runs. */
rmt_preprocessor *rmt_transformer_create(const rmt_transform *transform, ramet_error *error);
rmt_transform *rmt_transformer_transform(rmt_preprocessor *transformer);

#endif

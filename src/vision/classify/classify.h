/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Image classification inside the library: what a configuration says about
 * pixels and labels, ready to be carried out.
 */
#ifndef RMT_CLASSIFY_H
#define RMT_CLASSIFY_H

#include "ramet/classify.h"
#include "vision/vision.h"

#define RMT_TRANSFORM_MAX_STEPS 8

typedef enum rmt_transform_kind {
    RMT_TRANSFORM_RESIZE_SHORT, /* the shorter side becomes `width` */
    RMT_TRANSFORM_RESIZE,       /* to width x height, ratio not kept */
    RMT_TRANSFORM_CROP          /* width x height from the middle */
} rmt_transform_kind;

typedef struct rmt_transform_step {
    rmt_transform_kind kind;
    int32_t width, height;
    rmt_interpolation interpolation;
} rmt_transform_step;

/* What becomes of an image: steps in their order, then numbers. Plain data. */
typedef struct rmt_transform {
    rmt_transform_step steps[RMT_TRANSFORM_MAX_STEPS];
    size_t count;
    rmt_pixel_transform pixels;
} rmt_transform;

/* From PreProcess.transform_ops. UNSUPPORTED names the operator or option, and its line. */
ramet_status rmt_transform_read(const rmt_yaml_file *file, rmt_transform *transform, ramet_error *error);

/*
 * The label names of PostProcess, by class; NULL when it has none. UNSUPPORTED when it asks for something other than
 * the best classes.
 */
ramet_status rmt_labels_read(const rmt_yaml_file *file, rmt_texts **labels, ramet_error *error);

#endif

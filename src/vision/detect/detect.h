/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Object detection inside the library: what a configuration says, ready to be
 * carried out; and rows, the one form into which all outputs are brought
 * before they become results.
 */
#ifndef RMT_DETECT_H
#define RMT_DETECT_H

#include "ramet/detect.h"
#include "vision/transform/transform.h"

/* ---- options ------------------------------------------------------------------------------------------------------ */

/* The caller's option, or the defaults, held against the limits; zero still means: not said. */
ramet_status rmt_detect_option_resolve(const ramet_detect_option *from, ramet_detect_option *option,
                                       ramet_error *error);

/* ---- images to inputs ---------------------------------------------------------------------------------------------- */

/* From Preprocess. UNSUPPORTED names the operator or option, and its line. */
ramet_status rmt_detect_transform_read(const rmt_yaml_file *file, rmt_transform *transform, ramet_error *error);
/* Stretched to the option's input and normalised. */
void rmt_detect_transform_plain(const ramet_detect_option *option, rmt_transform *transform);

/* Fails as rmt_transform_measure(). */
ramet_status rmt_detect_geometry_make(const rmt_transform *transform, rmt_extent image, ramet_detect_geometry *geometry,
                                      ramet_error *error);

/* The postprocessor of the same model maps boxes back by the preprocessor's transform. */
const rmt_transform *rmt_detect_preprocessor_transform(const ramet_detect_preprocessor *preprocessor);
void rmt_detect_postprocessor_follow(ramet_detect_postprocessor *postprocessor, const rmt_transform *transform);

/* ---- outputs to rows ----------------------------------------------------------------------------------------------- */

/* What the configuration and the caller say about outputs; where both are silent, zero. */
typedef struct rmt_detect_settings {
    rmt_texts *labels; /* NULL without names */
    ramet_detect_nms_option nms;
    int32_t fpn_stride[RAMET_DETECT_MAX_LEVELS];
    float score_threshold;
    bool rescale; /* boxes before suppression are in pixels of the input */
} rmt_detect_settings;

/* What the caller says counts before what the configuration (NULL: none) says. */
ramet_status rmt_detect_settings_read(const char *config_file, const ramet_detect_option *option,
                                      rmt_detect_settings *settings, ramet_error *error);

/* One object. Its box has as many numbers as rmt_detect_rows says. */
typedef struct rmt_detect_row {
    int32_t label;
    float score;
    float box[8];
    int64_t mask; /* the plane that is its mask */
} rmt_detect_row;

/* The objects of one image. */
typedef struct rmt_detect_rows {
    rmt_detect_row *items;
    size_t count;
    int32_t coordinates; /* 4: two corners; 8: four */
    bool has_boxes;      /* false: they follow from the masks */
} rmt_detect_rows;

/* A reading of outputs: what it goes by, and what it gives. */
typedef struct rmt_detect_reading {
    const rmt_detect_settings *settings;
    const ramet_detect_geometry *geometries; /* [images] */
    size_t images;
    rmt_arena *arena;          /* takes all that is made */
    rmt_detect_rows *rows;     /* [images] */
    const ramet_tensor *masks; /* a plane above 0 for each mask, [n, height, width]; NULL: none */
    ramet_error *error;
} rmt_detect_reading;

/* Which form the outputs have follows from their shapes. */
ramet_status rmt_detect_read(rmt_detect_reading *reading, const rmt_outputs *outputs);

/* Boxes before suppression, of one image, dense. */
typedef struct rmt_detect_candidates {
    const float *boxes;  /* [count][coordinates] */
    const float *scores; /* [classes][count] */
    int64_t count, classes;
    int32_t coordinates;
} rmt_detect_candidates;

/* The best of them, in pixels as they come, by the operator that models with suppression contain. */
ramet_status rmt_detect_suppress(const rmt_detect_reading *reading, const rmt_detect_candidates *candidates,
                                 rmt_detect_rows *rows);

/* From pixels of the input to pixels of the image. */
void rmt_detect_rescale(const ramet_detect_geometry *geometry, rmt_detect_rows *rows);

/* Are these the bare heads of PicoDet, for inputs of this size? */
bool rmt_detect_are_heads(const rmt_detect_reading *reading, const rmt_outputs *outputs);
ramet_status rmt_detect_read_heads(rmt_detect_reading *reading, const rmt_outputs *outputs);

/* Element `index` of a tensor of whole numbers; of a float32 one, whether it is above 0. */
int64_t rmt_detect_integer(const ramet_tensor *tensor, int64_t index);

/* ---- rows to results ------------------------------------------------------------------------------------------------ */

ramet_status rmt_detect_result_fill(const rmt_detect_reading *reading, size_t image, ramet_detect_result *result,
                                    ramet_error *error);

#endif

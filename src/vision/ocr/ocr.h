/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OCR inside the library: options with their defaults filled in, and what the
 * three task models share with the pipeline that joins them.
 */
#ifndef RMT_OCR_H
#define RMT_OCR_H

#include "ramet/ocr.h"
#include "vision/vision.h"

/* A caller's option (may be NULL) -> every field set and within its limits, else INVALID_ARGUMENT. */
ramet_status rmt_det_option_resolve(const ramet_det_option *from, ramet_det_option *option, ramet_error *error);
ramet_status rmt_cls_option_resolve(const ramet_cls_option *from, ramet_cls_option *option, ramet_error *error);
ramet_status rmt_rec_option_resolve(const ramet_rec_option *from, ramet_rec_option *option, ramet_error *error);
ramet_status rmt_ocr_option_resolve(const ramet_ocr_option *from, ramet_ocr_option *option, ramet_error *error);

/* A batch_size option as rmt_task wants it: -1 becomes 0, no limit. */
size_t rmt_batch_limit(int32_t batch_size);

/*
 * A resolved option for a stage that exists. The caller sees to it that no run of the stage is under way. A recogniser
 * keeps its dictionary.
 */
void rmt_det_preprocessor_set_option(ramet_det_preprocessor *self, const ramet_det_option *option);
void rmt_det_postprocessor_set_option(ramet_det_postprocessor *self, const ramet_det_option *option);
void rmt_cls_preprocessor_set_option(ramet_cls_preprocessor *self, const ramet_cls_option *option);
void rmt_rec_preprocessor_set_option(ramet_rec_preprocessor *self, const ramet_rec_option *option);

/* What the pipeline goes by. */
float rmt_cls_preprocessor_thresh(const ramet_cls_preprocessor *self);
size_t rmt_rec_model_batch_size(const ramet_rec_model *handle); /* 0: no limit */

/* ---- text detection ---------------------------------------------------------------------------------------------- */

/* The detector's input for an image of this size. padded: the image after its padding, larger than it when tiny. */
typedef struct rmt_det_plan {
    rmt_extent padded, input;
    ramet_det_geometry geometry;
} rmt_det_plan;

rmt_det_plan rmt_det_plan_make(const ramet_det_option *option, rmt_extent image);

/* A text box of the image; index: when it was found. */
typedef struct rmt_det_box {
    ramet_quad quad;
    float score;
    size_t index;
} rmt_det_box;

/* A box of the map -> whole corners within the image, clockwise from the top left one. */
ramet_quad rmt_box_to_image(const float corners[4][2], const ramet_det_geometry *geometry);
/* Whether a box of the image is more than 3 pixels wide and high. */
bool rmt_box_is_usable(const ramet_quad *quad);
/* Into reading order: from top to bottom, within a row of 10 pixels from left to right. */
void rmt_boxes_sort(rmt_det_box *boxes, size_t count);

/* ---- lines of text ----------------------------------------------------------------------------------------------- */

/* Resizes a crop to columns x height, writes it as (pixel / 255 - 0.5) / 0.5, if self does, and fills the slot's rest with 0. */
ramet_status rmt_line_write(const rmt_preprocessor *self, const ramet_image *image, int32_t columns,
                            const rmt_view *slot, ramet_error *error);

/* The characters that a recogniser's classes stand for. */
typedef struct rmt_ctc_dictionary {
    rmt_texts *characters;
    bool add_space; /* a class more than blank and characters is the space */
} rmt_ctc_dictionary;

/* Whether a model of this many classes can be read. */
ramet_status rmt_ctc_check(const rmt_ctc_dictionary *dictionary, int64_t classes, ramet_error *error);

/* What a recogniser says of one line: values[step * classes + class]; the classes have been checked. */
typedef struct rmt_ctc_steps {
    const float *values;
    size_t steps, classes;
} rmt_ctc_steps;

/* scratch: memory for the work. */
ramet_status rmt_ctc_decode(const rmt_ctc_dictionary *dictionary, const rmt_ctc_steps *line, rmt_scratch *scratch,
                            ramet_rec_result *result, ramet_error *error);

/* config_file: "" for none; option: resolved. */
ramet_status rmt_rec_postprocessor_open(const char *config_file, const ramet_rec_option *option,
                                        ramet_rec_postprocessor **postprocessor, ramet_error *error);

/* The dictionary of a postprocessor fits its runtime's output, as far as that is declared. */
ramet_status rmt_rec_postprocessor_check_model(const ramet_rec_postprocessor *self, const ramet_runtime *runtime,
                                               ramet_error *error);

/* ---- crops ------------------------------------------------------------------------------------------------------- */

/* The size of a quad's crop as the recogniser sees it. */
rmt_extent rmt_crop_measure(const ramet_quad *quad);

/* A crop: its pixels lie in memory that is kept, or in the image's own once it has been turned. Zeroed is empty. */
typedef struct rmt_crop {
    ramet_image image;
    rmt_scratch pixels;
} rmt_crop;

void rmt_crop_clear(rmt_crop *crop);
/* The quad laid flat; a crop that is at least 1.5 times as high as wide is turned counter-clockwise. */
ramet_status rmt_crop_take(rmt_crop *crop, const ramet_image *image, const ramet_quad *quad, ramet_error *error);
/* Turns the crop by 180 degrees. */
ramet_status rmt_crop_flip(rmt_crop *crop, ramet_error *error);

#endif

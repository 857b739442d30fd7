/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Object detection: models exported by PaddleDetection, all architectures.
 *
 *     ramet_detect_model *model;
 *     ramet_detect_model_open("models/ppyoloe_plus_crn_s", NULL, NULL, &model, &error);
 *     ramet_detect_result result = {0};
 *     ramet_detect_model_predict(model, &image, 1, &result, &error);
 *
 * The model joins three parts that can be used alone: Preprocessor (images -> tensor, with what the model must know
 * of each image), Runtime (tensors -> tensors), Postprocessor (tensors -> objects). Pre- and post-processing follow
 * infer_cfg.yml / inference.yml as PaddleDetection's own Python deployment does. How the outputs of a model are to be
 * read follows from their shapes: boxes after suppression of overlapping ones, with masks or rotated; boxes and scores
 * before it; or the bare heads of PicoDet. Where the model has not done it, the Postprocessor does.
 *
 * What is said once for all calls: every handle is used by one thread at a time, a second one gets BUSY where the call
 * can tell; clone the model for more threads. After fork() a child may go on with its copies. A handle that a call
 * makes is overwritten (NULL on failure), belongs to the caller and is freed with the call named destroy or close,
 * which allows NULL. Options may be NULL. Exhausted memory is OUT_OF_MEMORY.
 */
#ifndef RAMET_DETECT_H
#define RAMET_DETECT_H

#include "ramet/image.h"
#include "ramet/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The pixels of an object within its box. Outside of it there are none. */
typedef struct ramet_detect_mask {
    int32_t x, y, width, height; /* in pixels of the image, wholly inside; width and height are 0 for an empty mask */
    const uint8_t *data;         /* [height][width], 1 for the object, 0 beside it */
} ramet_detect_mask;

/* The objects of one image, in the order of the model: as a rule class by class, each by descending score. */
typedef struct ramet_detect_result {
    size_t count;              /* how many of each of the following */
    float (*boxes)[4];         /* left, top, right, bottom in pixels of the image; may reach beyond it */
    float (*rotated_boxes)[8]; /* x, y of four corners; NULL unless the model gives them. boxes then surround them */
    float *scores;
    int32_t *label_ids;
    const char **label_names; /* NULL without names */
    ramet_detect_mask *masks; /* NULL unless contain_masks */
    int32_t contain_masks;    /* the model gives masks */
    void *owner;
} ramet_detect_result;

/*
 * Frees what a result holds and zeroes it; NULL and a zeroed result are allowed.
 *
 * Threads: any, one at a time for one result. Memory: freed. Errors: none.
 */
RAMET_API void ramet_detect_result_clear(ramet_detect_result *result);

/*
 * Suppression of overlapping boxes, where the model does not do it. Zero means: as the configuration says (NMS), else
 * the default.
 */
typedef struct ramet_detect_nms_option {
    float score_threshold;    /* boxes with a score above take part; default 0.3; rotated 0.1 */
    float nms_threshold;      /* of two that overlap by more, the lower score goes; default 0.5; rotated 0.1 */
    float nms_eta;            /* below 1 the threshold shrinks by it with each box kept; default 1 */
    int32_t nms_top_k;        /* boxes of a class that take part; default 1000; rotated 2000; -1: all */
    int32_t keep_top_k;       /* boxes of an image that are kept; default 100; rotated -1: all */
    int32_t background_label; /* a class that is no object; -1, as set by ramet_detect_option_init(): there is none */
    int32_t pixel_boxes;      /* non-zero: the last row and column belong to a box (FastDeploy: normalized = false) */
} ramet_detect_nms_option;

typedef enum ramet_channel_order { RAMET_CHANNEL_ORDER_RGB = 0, RAMET_CHANNEL_ORDER_BGR } ramet_channel_order;

#define RAMET_DETECT_MAX_LEVELS 8

/* Set with ramet_detect_option_init(); zero means the default. */
typedef struct ramet_detect_option {
    size_t struct_bytes;
    float score_threshold; /* leave out objects that do not score above this; default 0: all that the model gives */
    int32_t batch_size;    /* images of one input size that share a run; default 1 */
    ramet_detect_nms_option nms;
    const char *label_file; /* names, one a line; NULL: label_list of the configuration */
    /* For a model without a configuration: its image is stretched to the input and normalised. */
    int32_t input_width, input_height; /* pixels; default: what the model declares */
    float mean[3], std[3];             /* of pixel / 255, in the order of the channels; all zero: ImageNet's */
    ramet_channel_order channel_order;
    int32_t fpn_stride[RAMET_DETECT_MAX_LEVELS]; /* pixels a cell, of each bare head; default: configuration, or from
                                                    the number of cells */
} ramet_detect_option;

/*
 * Sets struct_bytes and background_label, and leaves the defaults.
 *
 * Threads: any. Memory: none. Errors: none.
 */
RAMET_API void ramet_detect_option_init(ramet_detect_option *option);

/* How an image became an input, and what the model is told about it. */
typedef struct ramet_detect_geometry {
    int32_t image_width, image_height; /* pixels of the image */
    int32_t input_width, input_height; /* of the model's input, with what was filled up */
    int32_t left, top;                 /* where the image begins in the input */
    float im_shape[2];                 /* rows, columns after resizing: the model's input im_shape */
    float scale_factor[2];             /* rows, columns, not rounded: the model's input scale_factor */
} ramet_detect_geometry;

/* ---- Preprocessor ---- */

typedef struct ramet_detect_preprocessor ramet_detect_preprocessor;

/*
 * From the configuration file (Preprocess: Resize, NormalizeImage, Permute, Pad, PadStride, LetterBoxResize,
 * WarpAffine, Resize_Mult32); NULL: from the option, which must say the size of the input then.
 *
 * Threads: any. Memory: owned by the caller.
 * Errors: NOT_FOUND, IO, BAD_FORMAT (names file and line), UNSUPPORTED (an operator or option it does not know),
 * INVALID_ARGUMENT.
 */
RAMET_API ramet_status ramet_detect_preprocessor_create(const char *config_file, const ramet_detect_option *option,
                                                        ramet_detect_preprocessor **preprocessor, ramet_error *error);

/*
 * Frees a preprocessor and the tensor it gave last. Not for one that belongs to a model.
 *
 * Threads: no other call on it. Memory: freed. Errors: none.
 */
RAMET_API void ramet_detect_preprocessor_destroy(ramet_detect_preprocessor *preprocessor);

/*
 * Takes steps out, for a model that does them itself; there is no way back. steps: of ramet_preprocess_step. Clones of a
 * model take it over.
 *
 * Threads: one at a time for a preprocessor, else BUSY. Memory: none. Errors: INVALID_ARGUMENT.
 */
RAMET_API ramet_status ramet_detect_preprocessor_disable(ramet_detect_preprocessor *preprocessor, int32_t steps,
                                                         ramet_error *error);

/*
 * images [count] -> *tensor float32 [count, 3, h, w], and geometries [count], which may be NULL.
 *
 * Threads: one at a time for a preprocessor, else BUSY.
 * Memory: the tensor's data belongs to the preprocessor and stays valid until its next run.
 * Errors: INVALID_ARGUMENT, BAD_SHAPE (images that end in different sizes: run them apart; an image that a step
 * cannot take), OVER_BUDGET (more than 100,000,000 pixels).
 */
RAMET_API ramet_status ramet_detect_preprocessor_run(ramet_detect_preprocessor *preprocessor, const ramet_image *images,
                                                     size_t count, ramet_tensor *tensor,
                                                     ramet_detect_geometry *geometries, ramet_error *error);

/* ---- Postprocessor ---- */

typedef struct ramet_detect_postprocessor ramet_detect_postprocessor;

/*
 * config_file: for label_list, NMS and fpn_stride; may be NULL.
 *
 * Threads: any. Memory: owned by the caller. Errors: NOT_FOUND, IO, BAD_FORMAT, INVALID_ARGUMENT.
 */
RAMET_API ramet_status ramet_detect_postprocessor_create(const char *config_file, const ramet_detect_option *option,
                                                         ramet_detect_postprocessor **postprocessor,
                                                         ramet_error *error);

/*
 * Frees a postprocessor; results stay valid. Not for one that belongs to a model.
 *
 * Threads: no other call on it. Memory: freed. Errors: none.
 */
RAMET_API void ramet_detect_postprocessor_destroy(ramet_detect_postprocessor *postprocessor);

/*
 * Objects score above this, or are left out: from 0 (all) to 1.
 *
 * Threads: one at a time, else BUSY. Memory: none. Errors: INVALID_ARGUMENT.
 */
RAMET_API ramet_status ramet_detect_postprocessor_set_score_threshold(ramet_detect_postprocessor *postprocessor,
                                                                      float score_threshold);

/*
 * Suppression from now on: all of it; here zero means the default, not the configuration's.
 *
 * Threads: one at a time, else BUSY. Memory: none. Errors: INVALID_ARGUMENT.
 */
RAMET_API ramet_status ramet_detect_postprocessor_set_nms(ramet_detect_postprocessor *postprocessor,
                                                          const ramet_detect_nms_option *nms, ramet_error *error);

/*
 * Non-zero, the default: boxes before suppression are in pixels of the input, and are brought back to the image. Zero:
 * the model had an input scale_factor and has done that.
 *
 * Threads: one at a time, else BUSY. Memory: none. Errors: INVALID_ARGUMENT for NULL.
 */
RAMET_API ramet_status ramet_detect_postprocessor_set_rescale(ramet_detect_postprocessor *postprocessor,
                                                              int32_t rescale);

/*
 * Outputs of a run, in the program's order -> results[count], for images of these geometries [count]. Results are
 * overwritten (clear them first if they hold something). The forms that are read:
 *
 *     rows [n, 6] of label, score, box; or [n, 10] with rotated boxes. Then int32 or int64 counts [images] (without
 *         them all rows are of one image), and masks [n, h, w]. Labels below 0 are no objects.
 *     SOLOv2: count, labels [n], scores [n], masks [n, h, w].
 *     boxes [images, n, 4 or 8] and scores [images, classes, n], before suppression; or both in [images, n, 4 + classes]
 *     bare heads of PicoDet: scores of each level, then distributions of each level.
 *
 * Threads: one at a time for a postprocessor, else BUSY.
 * Memory: each result owns one block. Errors: INVALID_ARGUMENT, BAD_SHAPE, UNSUPPORTED; then results are zeroed.
 */
RAMET_API ramet_status ramet_detect_postprocessor_run(ramet_detect_postprocessor *postprocessor,
                                                      const ramet_tensor *outputs, size_t output_count,
                                                      const ramet_detect_geometry *geometries,
                                                      ramet_detect_result *results, size_t count, ramet_error *error);

/* ---- Model ---- */

typedef struct ramet_detect_model ramet_detect_model;

/*
 * model: folder or program file, as ramet_runtime_open(); without a configuration beside it, the option says how
 * images become inputs.
 *
 * Threads: any. Memory: owned by the caller.
 * Errors: as the three parts; UNSUPPORTED for an input that is neither the image nor im_shape nor scale_factor.
 */
RAMET_API ramet_status ramet_detect_model_open(const char *model, const ramet_runtime_option *runtime_option,
                                               const ramet_detect_option *option, ramet_detect_model **handle,
                                               ramet_error *error);

/*
 * Another handle for another thread: shares weights and label names, copies the settings, costs well under 1 MiB.
 *
 * Threads: the origin must not be at work. Memory: owned by the caller. Errors: BUSY, OUT_OF_MEMORY.
 */
RAMET_API ramet_status ramet_detect_model_clone(ramet_detect_model *handle, ramet_detect_model **clone,
                                                ramet_error *error);

/*
 * Closes a model; its clones and results stay valid.
 *
 * Threads: no other call on it. Memory: freed. Errors: none.
 */
RAMET_API void ramet_detect_model_close(ramet_detect_model *handle);

/*
 * The first part; it belongs to the model. NULL for NULL.
 *
 * Threads: any. Memory: the model's. Errors: none.
 */
RAMET_API ramet_detect_preprocessor *ramet_detect_model_preprocessor(ramet_detect_model *handle);

/* The last part, likewise. */
RAMET_API ramet_detect_postprocessor *ramet_detect_model_postprocessor(ramet_detect_model *handle);

/* The middle part, likewise: for ramet_runtime_memory(). */
RAMET_API ramet_runtime *ramet_detect_model_runtime(ramet_detect_model *handle);

/*
 * images [count] -> results [count]. The answer for an image does not depend on the others; their sizes may differ.
 * Results are overwritten (clear them first if they hold something).
 *
 * Threads: one at a time for a model, else BUSY. Memory: each result owns one block.
 * Errors: as the three parts; then results are zeroed.
 */
RAMET_API ramet_status ramet_detect_model_predict(ramet_detect_model *handle, const ramet_image *images, size_t count,
                                                  ramet_detect_result *results, ramet_error *error);

#ifdef __cplusplus
}
#endif

#endif

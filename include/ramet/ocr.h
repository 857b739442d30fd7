/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OCR: text detection (DB), text direction, text recognition (CTC), and the
 * pipeline of the three; models exported by PaddleOCR.
 *
 *     ramet_ocr_files files = {.detector = "det", .recognizer = "rec", .dictionary = "keys.txt"};
 *     ramet_ocr *ocr;
 *     ramet_ocr_open(&files, NULL, &ocr, &error);
 *     ramet_ocr_result result = {0};
 *     ramet_ocr_predict(ocr, &image, 1, &result, &error);
 *
 * Each task model joins a Preprocessor, a Runtime and a Postprocessor that can
 * be used alone. Behaviour follows PaddleOCR's own Python; where FastDeploy 1.x
 * chose another default there is an option for it.
 *
 * What is said once for all calls: every handle is used by one thread at a time, a second one gets BUSY where the call
 * can tell; clone for more threads. After fork() a child may go on with its copies. Options may be NULL; ..._init()
 * sets struct_bytes and leaves the defaults. A handle that a call makes is overwritten (NULL on failure), belongs to
 * the caller and is freed with the call named destroy or close, which allows NULL. Results are overwritten (clear them
 * first if they hold something) and zeroed on failure. Exhausted memory is OUT_OF_MEMORY.
 */
#ifndef RAMET_OCR_H
#define RAMET_OCR_H

#include "ramet/image.h"
#include "ramet/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Four corners x, y in pixels of the image, from the top left of the text, clockwise as it is read. */
typedef struct ramet_quad {
    float points[4][2];
} ramet_quad;

/* ================================ text detection ================================ */

typedef enum ramet_limit_type {
    RAMET_LIMIT_TYPE_MAX = 0,    /* shrink until the longer side is at most the limit */
    RAMET_LIMIT_TYPE_MIN,        /* grow until the shorter side is at least the limit */
    RAMET_LIMIT_TYPE_RESIZE_LONG /* the longer side becomes the limit */
} ramet_limit_type;

typedef enum ramet_det_score_mode {
    RAMET_DET_SCORE_MODE_FAST = 0, /* mean probability inside the box (PaddleOCR's default) */
    RAMET_DET_SCORE_MODE_SLOW      /* mean probability inside the contour (FastDeploy's default) */
} ramet_det_score_mode;

/* Set with ramet_det_option_init(); zero means the default, which is PaddleOCR's. */
typedef struct ramet_det_option {
    size_t struct_bytes;
    int32_t limit_side_len; /* pixels; default 960 */
    ramet_limit_type limit_type;
    int32_t max_side_limit; /* pixels; whatever limit_type says, no side is longer; default 4000 */
    float db_thresh;        /* a pixel is text above this probability; default 0.3 */
    float db_box_thresh;    /* a box counts from this score on; default 0.6 */
    float db_unclip_ratio;  /* how far a shrunk box grows; default 1.5 */
    ramet_det_score_mode db_score_mode;
    int32_t use_dilation;   /* non-zero: dilate the bitmap by 2x2 */
    int32_t max_candidates; /* contours looked at; default 1000 */
    int32_t min_box_side;   /* pixels of the map; default 3 */
    float mean[3], std[3];  /* B, G, R of pixel / 255; all zero: 0.485 0.456 0.406, 0.229 0.224 0.225 */
} ramet_det_option;

/*
 * Sets struct_bytes and leaves the defaults.
 *
 * Threads: any. Memory: none. Errors: none.
 */
RAMET_API void ramet_det_option_init(ramet_det_option *option);

/* Text boxes of one image in reading order (top to bottom, left to right within a line). */
typedef struct ramet_det_result {
    size_t count;
    ramet_quad *boxes; /* whole pixels within the image */
    float *scores;
    void *owner;
} ramet_det_result;

/*
 * Frees what a result holds and zeroes it; NULL and a zeroed result are allowed.
 *
 * Threads: any, one at a time for one result. Memory: freed. Errors: none.
 */
RAMET_API void ramet_det_result_clear(ramet_det_result *result);

/* What the postprocessor needs to map a box back. */
typedef struct ramet_det_geometry {
    int32_t image_width, image_height;     /* pixels of the original */
    int32_t resized_width, resized_height; /* pixels of the network's input that the image fills */
} ramet_det_geometry;

typedef struct ramet_det_preprocessor ramet_det_preprocessor;
typedef struct ramet_det_postprocessor ramet_det_postprocessor;
typedef struct ramet_det_model ramet_det_model;

/*
 * The first stage of text detection.
 *
 * Threads: any. Memory: owned by the caller. Errors: INVALID_ARGUMENT (an option out of its range).
 */
RAMET_API ramet_status ramet_det_preprocessor_create(const ramet_det_option *option,
                                                     ramet_det_preprocessor **preprocessor, ramet_error *error);

/*
 * Frees a preprocessor and the tensor it gave last. Not for one that belongs to a model.
 *
 * Threads: no other call on it. Memory: freed. Errors: none.
 */
RAMET_API void ramet_det_preprocessor_destroy(ramet_det_preprocessor *preprocessor);

/*
 * Takes steps out, for a model that does them itself; there is no way back. steps: of ramet_preprocess_step. Clones of a
 * model take it over.
 *
 * Threads: one at a time for a preprocessor, else BUSY. Memory: none. Errors: INVALID_ARGUMENT.
 */
RAMET_API ramet_status ramet_det_preprocessor_disable(ramet_det_preprocessor *preprocessor, int32_t steps,
                                                      ramet_error *error);

/*
 * One image -> float32 [1, 3, h, w], h and w multiples of 32. geometry: for the postprocessor; may be NULL.
 *
 * Threads: one at a time, else BUSY. Memory: the tensor's data belongs to the preprocessor until its next run.
 * Errors: INVALID_ARGUMENT, OVER_BUDGET.
 */
RAMET_API ramet_status ramet_det_preprocessor_run(ramet_det_preprocessor *preprocessor, const ramet_image *image,
                                                  ramet_tensor *tensor, ramet_det_geometry *geometry,
                                                  ramet_error *error);

/*
 * The last stage of text detection.
 *
 * Threads: any. Memory: owned by the caller. Errors: INVALID_ARGUMENT (an option out of its range).
 */
RAMET_API ramet_status ramet_det_postprocessor_create(const ramet_det_option *option,
                                                      ramet_det_postprocessor **postprocessor, ramet_error *error);

/*
 * Frees a postprocessor; results stay valid. Not for one that belongs to a model.
 *
 * Threads: no other call on it. Memory: freed. Errors: none.
 */
RAMET_API void ramet_det_postprocessor_destroy(ramet_det_postprocessor *postprocessor);

/*
 * map: float32 [1, 1, h, w] of probabilities. No text is an empty result, not an error; nor is a probability that is no
 * number, which is no text.
 *
 * Threads: one at a time, else BUSY. Memory: the result owns one block.
 * Errors: INVALID_ARGUMENT, BAD_SHAPE (a map that is no such tensor, or smaller than the geometry says).
 */
RAMET_API ramet_status ramet_det_postprocessor_run(ramet_det_postprocessor *postprocessor, const ramet_tensor *map,
                                                   const ramet_det_geometry *geometry, ramet_det_result *result,
                                                   ramet_error *error);

/*
 * model: folder or program file, as ramet_runtime_open().
 *
 * Threads: any. Memory: owned by the caller.
 * Errors: as ramet_runtime_open(), INVALID_ARGUMENT (an option out of its range), UNSUPPORTED (several inputs or
 * outputs).
 */
RAMET_API ramet_status ramet_det_model_open(const char *model, const ramet_runtime_option *runtime_option,
                                            const ramet_det_option *option, ramet_det_model **handle,
                                            ramet_error *error);

/*
 * Another handle for another thread: shares what never changes, costs well under 1 MiB.
 *
 * Threads: the origin must not be at work. Memory: owned by the caller. Errors: BUSY, OUT_OF_MEMORY.
 */
RAMET_API ramet_status ramet_det_model_clone(ramet_det_model *handle, ramet_det_model **clone, ramet_error *error);

/*
 * Closes a model; its clones and results stay valid.
 *
 * Threads: no other call on it. Memory: freed. Errors: none.
 */
RAMET_API void ramet_det_model_close(ramet_det_model *handle);

/*
 * Sets all of the option, of both outer parts; clones keep theirs.
 *
 * Threads: one at a time for a model and its parts, else BUSY. Memory: none. Errors: INVALID_ARGUMENT.
 */
RAMET_API ramet_status ramet_det_model_set_option(ramet_det_model *handle, const ramet_det_option *option,
                                                  ramet_error *error);

/*
 * The middle part, for ramet_runtime_memory(); it belongs to the model. NULL for NULL.
 *
 * Threads: any. Memory: the model's. Errors: none.
 */
RAMET_API ramet_runtime *ramet_det_model_runtime(ramet_det_model *handle);

/* The first part, likewise. */
RAMET_API ramet_det_preprocessor *ramet_det_model_preprocessor(ramet_det_model *handle);

/* The last part, likewise. */
RAMET_API ramet_det_postprocessor *ramet_det_model_postprocessor(ramet_det_model *handle);

/*
 * images [count] -> results [count]. Images run one by one, each at its own size.
 *
 * Threads: one at a time, else BUSY. Memory: each result owns one block. Errors: as the three parts.
 */
RAMET_API ramet_status ramet_det_model_predict(ramet_det_model *handle, const ramet_image *images, size_t count,
                                               ramet_det_result *results, ramet_error *error);

/* ================================ text direction ================================ */

typedef struct ramet_cls_option {
    size_t struct_bytes;
    int32_t image_height, image_width; /* default 48, 192 */
    float thresh;                      /* turn the text by 180 degrees above this score; default 0.9 */
    int32_t batch_size;                /* crops a run; default 6, -1: all at once */
} ramet_cls_option;

/*
 * Sets struct_bytes and leaves the defaults.
 *
 * Threads: any. Memory: none. Errors: none.
 */
RAMET_API void ramet_cls_option_init(ramet_cls_option *option);

/* label 0: upright, 1: upside down. */
typedef struct ramet_cls_result {
    int32_t label;
    float score;
} ramet_cls_result;

typedef struct ramet_cls_preprocessor ramet_cls_preprocessor;
typedef struct ramet_cls_postprocessor ramet_cls_postprocessor;
typedef struct ramet_cls_model ramet_cls_model;

/*
 * The first stage of text direction.
 *
 * Threads: any. Memory: owned by the caller. Errors: INVALID_ARGUMENT (an option out of its range).
 */
RAMET_API ramet_status ramet_cls_preprocessor_create(const ramet_cls_option *option,
                                                     ramet_cls_preprocessor **preprocessor, ramet_error *error);

/*
 * Frees a preprocessor and the tensor it gave last. Not for one that belongs to a model.
 *
 * Threads: no other call on it. Memory: freed. Errors: none.
 */
RAMET_API void ramet_cls_preprocessor_destroy(ramet_cls_preprocessor *preprocessor);

/* As ramet_det_preprocessor_disable(). */
RAMET_API ramet_status ramet_cls_preprocessor_disable(ramet_cls_preprocessor *preprocessor, int32_t steps,
                                                      ramet_error *error);

/*
 * images [count] -> float32 [count, 3, image_height, image_width].
 *
 * Threads: one at a time, else BUSY. Memory: the tensor's data belongs to the preprocessor until its next run.
 * Errors: INVALID_ARGUMENT, OVER_BUDGET.
 */
RAMET_API ramet_status ramet_cls_preprocessor_run(ramet_cls_preprocessor *preprocessor, const ramet_image *images,
                                                  size_t count, ramet_tensor *tensor, ramet_error *error);

/*
 * The last stage of text direction.
 *
 * Threads: any. Memory: owned by the caller. Errors: INVALID_ARGUMENT (an option out of its range).
 */
RAMET_API ramet_status ramet_cls_postprocessor_create(const ramet_cls_option *option,
                                                      ramet_cls_postprocessor **postprocessor, ramet_error *error);

/*
 * Frees a postprocessor; results stay valid. Not for one that belongs to a model.
 *
 * Threads: no other call on it. Memory: freed. Errors: none.
 */
RAMET_API void ramet_cls_postprocessor_destroy(ramet_cls_postprocessor *postprocessor);

/*
 * scores: float32 [count, 2] -> results [count]; a score that is no number never wins.
 *
 * Threads: one at a time, else BUSY. Memory: none. Errors: INVALID_ARGUMENT, BAD_SHAPE.
 */
RAMET_API ramet_status ramet_cls_postprocessor_run(ramet_cls_postprocessor *postprocessor, const ramet_tensor *scores,
                                                   ramet_cls_result *results, size_t count, ramet_error *error);

/*
 * model: folder or program file, as ramet_runtime_open().
 *
 * Threads: any. Memory: owned by the caller.
 * Errors: as ramet_runtime_open(), INVALID_ARGUMENT (an option out of its range), UNSUPPORTED (several inputs or
 * outputs).
 */
RAMET_API ramet_status ramet_cls_model_open(const char *model, const ramet_runtime_option *runtime_option,
                                            const ramet_cls_option *option, ramet_cls_model **handle,
                                            ramet_error *error);

/*
 * Another handle for another thread: shares what never changes, costs well under 1 MiB.
 *
 * Threads: the origin must not be at work. Memory: owned by the caller. Errors: BUSY, OUT_OF_MEMORY.
 */
RAMET_API ramet_status ramet_cls_model_clone(ramet_cls_model *handle, ramet_cls_model **clone, ramet_error *error);

/*
 * Closes a model; its clones and results stay valid.
 *
 * Threads: no other call on it. Memory: freed. Errors: none.
 */
RAMET_API void ramet_cls_model_close(ramet_cls_model *handle);

/*
 * Sets all of the option, of both outer parts; clones keep theirs.
 *
 * Threads: one at a time for a model and its parts, else BUSY. Memory: none. Errors: INVALID_ARGUMENT.
 */
RAMET_API ramet_status ramet_cls_model_set_option(ramet_cls_model *handle, const ramet_cls_option *option,
                                                  ramet_error *error);

/*
 * The middle part, for ramet_runtime_memory(); it belongs to the model. NULL for NULL.
 *
 * Threads: any. Memory: the model's. Errors: none.
 */
RAMET_API ramet_runtime *ramet_cls_model_runtime(ramet_cls_model *handle);

/* The first part, likewise. */
RAMET_API ramet_cls_preprocessor *ramet_cls_model_preprocessor(ramet_cls_model *handle);

/* The last part, likewise. */
RAMET_API ramet_cls_postprocessor *ramet_cls_model_postprocessor(ramet_cls_model *handle);

/*
 * images [count] -> results [count]. Turning the images is the caller's: ramet_cls_option.thresh is the pipeline's.
 *
 * Threads: one at a time, else BUSY. Memory: none. Errors: as the three parts.
 */
RAMET_API ramet_status ramet_cls_model_predict(ramet_cls_model *handle, const ramet_image *images, size_t count,
                                               ramet_cls_result *results, ramet_error *error);

/* ================================ text recognition ================================ */

typedef struct ramet_rec_option {
    size_t struct_bytes;
    const char *dictionary;  /* file, one character a line; NULL: character_dict of the model's inference.yml */
    int32_t image_height;    /* default 48 (PP-OCRv3 and later); 32 for PP-OCRv2 */
    int32_t image_width;     /* the least width, padded with grey; default 320 */
    int32_t max_image_width; /* wider text is squeezed to this; default 3200 */
    int32_t batch_size;      /* crops of one width a run; default 6, -1: all of one width at once */
    int32_t no_space_char;   /* a class beyond the dictionary is the space; non-zero: there is none, refuse it */
} ramet_rec_option;

/*
 * Sets struct_bytes and leaves the defaults.
 *
 * Threads: any. Memory: none. Errors: none.
 */
RAMET_API void ramet_rec_option_init(ramet_rec_option *option);

/* text: UTF-8, possibly empty; score: mean probability of the characters that were kept, 0 when there are none. */
typedef struct ramet_rec_result {
    char *text;
    float score;
} ramet_rec_result;

/*
 * Frees what a result holds and zeroes it; NULL and a zeroed result are allowed.
 *
 * Threads: any, one at a time for one result. Memory: freed. Errors: none.
 */
RAMET_API void ramet_rec_result_clear(ramet_rec_result *result);

typedef struct ramet_rec_preprocessor ramet_rec_preprocessor;
typedef struct ramet_rec_postprocessor ramet_rec_postprocessor;
typedef struct ramet_rec_model ramet_rec_model;

/*
 * The first stage of text recognition.
 *
 * Threads: any. Memory: owned by the caller. Errors: INVALID_ARGUMENT (an option out of its range).
 */
RAMET_API ramet_status ramet_rec_preprocessor_create(const ramet_rec_option *option,
                                                     ramet_rec_preprocessor **preprocessor, ramet_error *error);

/*
 * Frees a preprocessor and the tensor it gave last. Not for one that belongs to a model.
 *
 * Threads: no other call on it. Memory: freed. Errors: none.
 */
RAMET_API void ramet_rec_preprocessor_destroy(ramet_rec_preprocessor *preprocessor);

/*
 * Columns of the network's input for an image of this size: what decides which images may share a batch. 0 for a size
 * below 1.
 *
 * Threads: any. Memory: none. Errors: none.
 */
RAMET_API int32_t ramet_rec_preprocessor_width(const ramet_rec_preprocessor *preprocessor, int32_t image_width,
                                               int32_t image_height);

/* As ramet_det_preprocessor_disable(). */
RAMET_API ramet_status ramet_rec_preprocessor_disable(ramet_rec_preprocessor *preprocessor, int32_t steps,
                                                      ramet_error *error);

/*
 * images [count], all of one ramet_rec_preprocessor_width() -> float32 [count, 3, image_height, width].
 *
 * Threads: one at a time, else BUSY. Memory: the tensor's data belongs to the preprocessor until its next run.
 * Errors: INVALID_ARGUMENT, BAD_SHAPE (images of several widths), OVER_BUDGET.
 */
RAMET_API ramet_status ramet_rec_preprocessor_run(ramet_rec_preprocessor *preprocessor, const ramet_image *images,
                                                  size_t count, ramet_tensor *tensor, ramet_error *error);

/*
 * model: folder or program, whose inference.yml gives the dictionary when the option names none; may be NULL otherwise.
 *
 * Threads: any. Memory: owned by the caller; the dictionary is shared by clones.
 * Errors: INVALID_ARGUMENT, NOT_FOUND (no dictionary), IO, BAD_FORMAT.
 */
RAMET_API ramet_status ramet_rec_postprocessor_create(const char *model, const ramet_rec_option *option,
                                                      ramet_rec_postprocessor **postprocessor, ramet_error *error);

/*
 * Frees a postprocessor; results stay valid. Not for one that belongs to a model.
 *
 * Threads: no other call on it. Memory: freed. Errors: none.
 */
RAMET_API void ramet_rec_postprocessor_destroy(ramet_rec_postprocessor *postprocessor);

/*
 * probabilities: float32 [count, steps, classes] -> results [count]. Class 0 is the CTC blank, then come the characters
 * of the dictionary, then possibly the space.
 *
 * Threads: one at a time, else BUSY. Memory: each result owns its text.
 * Errors: INVALID_ARGUMENT, BAD_SHAPE (also classes that are not those of the dictionary).
 */
RAMET_API ramet_status ramet_rec_postprocessor_run(ramet_rec_postprocessor *postprocessor,
                                                   const ramet_tensor *probabilities, ramet_rec_result *results,
                                                   size_t count, ramet_error *error);

/*
 * model: folder or program file, as ramet_runtime_open().
 *
 * Threads: any. Memory: owned by the caller.
 * Errors: as ramet_runtime_open() and ramet_rec_postprocessor_create(), UNSUPPORTED (several inputs or outputs),
 * BAD_SHAPE (a dictionary that does not fit the classes that the model declares).
 */
RAMET_API ramet_status ramet_rec_model_open(const char *model, const ramet_runtime_option *runtime_option,
                                            const ramet_rec_option *option, ramet_rec_model **handle,
                                            ramet_error *error);

/*
 * Another handle for another thread: shares what never changes, costs well under 1 MiB.
 *
 * Threads: the origin must not be at work. Memory: owned by the caller. Errors: BUSY, OUT_OF_MEMORY.
 */
RAMET_API ramet_status ramet_rec_model_clone(ramet_rec_model *handle, ramet_rec_model **clone, ramet_error *error);

/*
 * Closes a model; its clones and results stay valid.
 *
 * Threads: no other call on it. Memory: freed. Errors: none.
 */
RAMET_API void ramet_rec_model_close(ramet_rec_model *handle);

/*
 * Sets all of the option, of both outer parts; clones keep theirs. The dictionary and no_space_char stay as they were opened.
 *
 * Threads: one at a time for a model and its parts, else BUSY. Memory: none. Errors: INVALID_ARGUMENT.
 */
RAMET_API ramet_status ramet_rec_model_set_option(ramet_rec_model *handle, const ramet_rec_option *option,
                                                  ramet_error *error);

/*
 * The middle part, for ramet_runtime_memory(); it belongs to the model. NULL for NULL.
 *
 * Threads: any. Memory: the model's. Errors: none.
 */
RAMET_API ramet_runtime *ramet_rec_model_runtime(ramet_rec_model *handle);

/* The first part, likewise. */
RAMET_API ramet_rec_preprocessor *ramet_rec_model_preprocessor(ramet_rec_model *handle);

/* The last part, likewise. */
RAMET_API ramet_rec_postprocessor *ramet_rec_model_postprocessor(ramet_rec_model *handle);

/*
 * images [count] -> results [count]. Images of one width share a batch; the text of an image never depends on the
 * others.
 *
 * Threads: one at a time, else BUSY. Memory: each result owns its text. Errors: as the three parts.
 */
RAMET_API ramet_status ramet_rec_model_predict(ramet_rec_model *handle, const ramet_image *images, size_t count,
                                               ramet_rec_result *results, ramet_error *error);

/* ================================ the pipeline ================================ */

/* Everything that was read in one image, in reading order; all arrays have `count` entries. */
typedef struct ramet_ocr_result {
    size_t count;
    ramet_quad *boxes; /* NULL without a detector */
    char **texts;      /* UTF-8 */
    float *rec_scores;
    int32_t *cls_labels; /* NULL without a direction classifier */
    float *cls_scores;
    void *owner;
} ramet_ocr_result;

/*
 * Frees what a result holds and zeroes it; NULL and a zeroed result are allowed.
 *
 * Threads: any, one at a time for one result. Memory: freed. Errors: none.
 */
RAMET_API void ramet_ocr_result_clear(ramet_ocr_result *result);

/* Folders or program files of the models. */
typedef struct ramet_ocr_files {
    const char *detector;   /* NULL: the whole image is one text */
    const char *classifier; /* NULL: no text is turned */
    const char *recognizer;
    const char *dictionary; /* NULL: from the recogniser's inference.yml */
    /* What does not stand beside its program; NULL: it does. */
    const char *detector_params, *classifier_params, *recognizer_params;
    const char *recognizer_config;
} ramet_ocr_files;

/* Set with ramet_ocr_option_init(). */
typedef struct ramet_ocr_option {
    size_t struct_bytes;
    ramet_runtime_option runtime; /* what it says of files is ignored: ramet_ocr_files has them */
    ramet_det_option det;
    ramet_cls_option cls;
    ramet_rec_option rec;
    float drop_score; /* leave out texts below this score; default 0: keep all (PaddleOCR's tools use 0.5) */
} ramet_ocr_option;

/*
 * Sets struct_bytes and leaves the defaults.
 *
 * Threads: any. Memory: none. Errors: none.
 */
RAMET_API void ramet_ocr_option_init(ramet_ocr_option *option);

typedef struct ramet_ocr ramet_ocr;

/*
 * Opens the models.
 *
 * Threads: any. Memory: owned by the caller. Errors: as the ..._model_open() of the parts.
 */
RAMET_API ramet_status ramet_ocr_open(const ramet_ocr_files *files, const ramet_ocr_option *option, ramet_ocr **handle,
                                      ramet_error *error);

/*
 * A pipeline of models that are open: it works on clones of them with the options that they have now, and shares their
 * weights; the models stay the caller's. detector, classifier: may be NULL. drop_score: as in ramet_ocr_option.
 *
 * Threads: none of the models may be at work. Memory: owned by the caller.
 * Errors: INVALID_ARGUMENT, BUSY, OUT_OF_MEMORY.
 */
RAMET_API ramet_status ramet_ocr_join(ramet_det_model *detector, ramet_cls_model *classifier,
                                      ramet_rec_model *recognizer, float drop_score, ramet_ocr **handle,
                                      ramet_error *error);

/*
 * Another handle for another thread: clones each part.
 *
 * Threads: the origin must not be at work. Memory: owned by the caller. Errors: BUSY, OUT_OF_MEMORY.
 */
RAMET_API ramet_status ramet_ocr_clone(ramet_ocr *handle, ramet_ocr **clone, ramet_error *error);

/*
 * Closes a pipeline; its clones and results stay valid.
 *
 * Threads: no other call on it. Memory: freed. Errors: none.
 */
RAMET_API void ramet_ocr_close(ramet_ocr *handle);

/*
 * The detector; it belongs to the pipeline. NULL where there is none.
 *
 * Threads: any. Memory: the pipeline's. Errors: none.
 */
RAMET_API ramet_det_model *ramet_ocr_det_model(ramet_ocr *handle);

/* The direction classifier, likewise. */
RAMET_API ramet_cls_model *ramet_ocr_cls_model(ramet_ocr *handle);

/* The recogniser, likewise; never NULL. */
RAMET_API ramet_rec_model *ramet_ocr_rec_model(ramet_ocr *handle);

/*
 * images [count] -> results [count]. An image without text gives an empty result.
 *
 * Threads: one at a time for a pipeline, else BUSY. Memory: each result owns one block; inside, the crops of one batch.
 * Errors: as the parts; then all results are zeroed.
 */
RAMET_API ramet_status ramet_ocr_predict(ramet_ocr *handle, const ramet_image *images, size_t count,
                                         ramet_ocr_result *results, ramet_error *error);

#ifdef __cplusplus
}
#endif

#endif

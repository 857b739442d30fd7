/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Semantic segmentation: models exported by PaddleSeg.
 *
 *     ramet_segment_model *model;
 *     ramet_segment_model_open("models/PP_LiteSeg", NULL, &model, &error);
 *     ramet_segment_result result = {0};
 *     ramet_segment_model_predict(model, &image, 1, &result, &error);
 *
 * The model joins three parts that can be used alone: Preprocessor (images ->
 * tensor), Runtime (tensor -> tensor), Postprocessor (tensor -> maps in the
 * size of the images). They follow deploy.yaml / inference.yml as PaddleSeg's
 * own Python does.
 *
 * What is said once for all calls: every handle is used by one thread at a time, a second one gets BUSY where the call
 * can tell; clone the model for more threads. After fork() a child may go on with its copies. A handle that a call
 * makes is freed with the call named destroy or close, which allows NULL. Exhausted memory is OUT_OF_MEMORY.
 */
#ifndef RAMET_SEGMENT_H
#define RAMET_SEGMENT_H

#include "ramet/image.h"
#include "ramet/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What each pixel of an image shows. Row-major, height rows of width. */
typedef struct ramet_segment_result {
    int32_t height, width;
    uint16_t *label_map;       /* [height][width] classes; wide enough for any that the model can have */
    float *score_map;          /* [height][width] score of that class; NULL without contain_score_map */
    int32_t contain_score_map; /* 1 when store_score_map was asked for and the model gives scores, not classes */
    void *owner;
} ramet_segment_result;

/*
 * Frees what a result holds and zeroes it; NULL and a zeroed result are allowed.
 *
 * Threads: any, one at a time for one result. Memory: freed. Errors: none.
 */
RAMET_API void ramet_segment_result_clear(ramet_segment_result *result);

/*
 * Writes the label map as a PNG file: a palette with the class as index (class 0 black), or, where a class is above 255,
 * 16-bit grey with the class as value. Read back as indices, the classes are unchanged.
 *
 * Threads: any. Memory: a few rows. Errors: INVALID_ARGUMENT (an empty result), IO.
 */
RAMET_API ramet_status ramet_segment_result_save(const ramet_segment_result *result, const char *path,
                                                 ramet_error *error);

/* Set with ramet_segment_option_init(). Non-zero means yes; the default is no, as in FastDeploy. */
typedef struct ramet_segment_option {
    size_t struct_bytes;
    int32_t is_vertical_screen; /* upright pictures: the first Resize takes width for height where that is smaller */
    int32_t store_score_map;    /* scores are enlarged to the image before the best class is taken, and kept */
    int32_t apply_softmax;      /* scores of a model that gives none of its own become probabilities of a pixel */
} ramet_segment_option;

/*
 * Fills an option struct with defaults: always the first thing to do with one.
 *
 * Threads: any. Memory: none. Errors: none.
 */
RAMET_API void ramet_segment_option_init(ramet_segment_option *option);

/* ---- Preprocessor ---- */

typedef struct ramet_segment_preprocessor ramet_segment_preprocessor;

/*
 * From the configuration file (Deploy.transforms).
 *
 * *preprocessor: overwritten; NULL on failure. Threads: any. Memory: owned by the caller.
 * Errors: NOT_FOUND, IO, BAD_FORMAT (names file and line), UNSUPPORTED (a transform or option it does not know, and
 * those that are left to chance).
 */
RAMET_API ramet_status ramet_segment_preprocessor_create(const char *config_file,
                                                         ramet_segment_preprocessor **preprocessor, ramet_error *error);

/*
 * Frees a preprocessor and the tensor it gave last; NULL is allowed. Not for one that belongs to a model.
 *
 * Threads: no other call on it. Memory: freed. Errors: none.
 */
RAMET_API void ramet_segment_preprocessor_destroy(ramet_segment_preprocessor *preprocessor);

/*
 * Sets is_vertical_screen; the rest is the postprocessor's. option: NULL for the defaults.
 *
 * Threads: one at a time, else BUSY. Memory: none. Errors: INVALID_ARGUMENT.
 */
RAMET_API ramet_status ramet_segment_preprocessor_set_option(ramet_segment_preprocessor *preprocessor,
                                                             const ramet_segment_option *option, ramet_error *error);

/*
 * Takes steps out, for a model that does them itself; there is no way back. steps: of ramet_preprocess_step. Clones of a
 * model take it over.
 *
 * Threads: one at a time for a preprocessor, else BUSY. Memory: none. Errors: INVALID_ARGUMENT.
 */
RAMET_API ramet_status ramet_segment_preprocessor_disable(ramet_segment_preprocessor *preprocessor, int32_t steps,
                                                          ramet_error *error);

/*
 * images [count] -> *tensor float32 [count, 3, h, w].
 *
 * Threads: one at a time for a preprocessor, else BUSY.
 * Memory: the tensor's data belongs to the preprocessor and stays valid until its next run.
 * Errors: INVALID_ARGUMENT, BAD_SHAPE (an image larger than its padding; images that end in different sizes),
 * OVER_BUDGET (an image that would become one of more than 100,000,000 pixels).
 */
RAMET_API ramet_status ramet_segment_preprocessor_run(ramet_segment_preprocessor *preprocessor,
                                                      const ramet_image *images, size_t count, ramet_tensor *tensor,
                                                      ramet_error *error);

/* ---- Postprocessor ---- */

typedef struct ramet_segment_postprocessor ramet_segment_postprocessor;

/*
 * From the configuration file: Deploy.output_op, and Deploy.transforms to find an image in its map.
 *
 * *postprocessor: overwritten; NULL on failure. Threads: any. Memory: owned by the caller.
 * Errors: as the preprocessor's.
 */
RAMET_API ramet_status ramet_segment_postprocessor_create(const char *config_file,
                                                          ramet_segment_postprocessor **postprocessor,
                                                          ramet_error *error);

/*
 * Frees a postprocessor; results stay valid; NULL is allowed. Not for one that belongs to a model.
 *
 * Threads: no other call on it. Memory: freed. Errors: none.
 */
RAMET_API void ramet_segment_postprocessor_destroy(ramet_segment_postprocessor *postprocessor);

/*
 * Sets all of the option; is_vertical_screen must be the preprocessor's. option: NULL for the defaults.
 *
 * Threads: one at a time, else BUSY. Memory: none. Errors: INVALID_ARGUMENT.
 */
RAMET_API ramet_status ramet_segment_postprocessor_set_option(ramet_segment_postprocessor *postprocessor,
                                                              const ramet_segment_option *option, ramet_error *error);

/*
 * maps -> results[count]: classes [count, h, w] or [count, 1, h, w] of any whole or float dtype, or float32 scores
 * [count, classes, h, w]. images [count]: what they were made of; only width and height are looked at. NULL: results
 * keep the size of the maps. Results are overwritten (clear them first if they hold something).
 *
 * Of equal scores the lower class counts; what is not a number counts nowhere.
 * Threads: one at a time for a postprocessor, else BUSY. Memory: each result owns one block.
 * Errors: INVALID_ARGUMENT, BAD_SHAPE, UNSUPPORTED (a class outside of 0..65535); then results are zeroed.
 */
RAMET_API ramet_status ramet_segment_postprocessor_run(ramet_segment_postprocessor *postprocessor,
                                                       const ramet_tensor *maps, const ramet_image *images,
                                                       ramet_segment_result *results, size_t count, ramet_error *error);

/* ---- Model ---- */

typedef struct ramet_segment_model ramet_segment_model;

/*
 * model: folder or program file, as ramet_runtime_open(). option: of the runtime; may be NULL.
 *
 * *handle: overwritten; NULL on failure. Threads: any. Memory: owned by the caller.
 * Errors: as the three parts; NOT_FOUND without a configuration; UNSUPPORTED for several inputs or outputs.
 */
RAMET_API ramet_status ramet_segment_model_open(const char *model, const ramet_runtime_option *option,
                                                ramet_segment_model **handle, ramet_error *error);

/*
 * Another handle for another thread: shares weights, copies the settings, costs well under 1 MiB.
 *
 * *clone: overwritten; NULL on failure. Threads: the origin must not be at work. Memory: owned by the caller.
 * Errors: BUSY, OUT_OF_MEMORY.
 */
RAMET_API ramet_status ramet_segment_model_clone(ramet_segment_model *handle, ramet_segment_model **clone,
                                                 ramet_error *error);

/*
 * Closes a model; its clones and results stay valid; NULL is allowed.
 *
 * Threads: no other call on it. Memory: freed. Errors: none.
 */
RAMET_API void ramet_segment_model_close(ramet_segment_model *handle);

/*
 * Sets the option of both outer parts. option: NULL for the defaults.
 *
 * Threads: one at a time, else BUSY. Memory: none. Errors: INVALID_ARGUMENT.
 */
RAMET_API ramet_status ramet_segment_model_set_option(ramet_segment_model *handle, const ramet_segment_option *option,
                                                      ramet_error *error);

/*
 * The first part; it belongs to the model. NULL for NULL.
 *
 * Threads: any. Memory: the model's. Errors: none.
 */
RAMET_API ramet_segment_preprocessor *ramet_segment_model_preprocessor(ramet_segment_model *handle);

/* The last part, likewise. */
RAMET_API ramet_segment_postprocessor *ramet_segment_model_postprocessor(ramet_segment_model *handle);

/* The middle part, likewise: for ramet_runtime_memory(). */
RAMET_API ramet_runtime *ramet_segment_model_runtime(ramet_segment_model *handle);

/*
 * images [count] -> results [count], each in the size of its image. The answer for an image does not depend on the
 * others; their sizes may differ. Results are overwritten (clear them first if they hold something).
 *
 * Threads: one at a time for a model, else BUSY. Memory: each result owns one block.
 * Errors: as the three parts; then results are zeroed.
 */
RAMET_API ramet_status ramet_segment_model_predict(ramet_segment_model *handle, const ramet_image *images, size_t count,
                                                   ramet_segment_result *results, ramet_error *error);

#ifdef __cplusplus
}
#endif

#endif

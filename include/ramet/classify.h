/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Image classification: models exported by PaddleClas.
 *
 *     ramet_classify_model *model;
 *     ramet_classify_model_open("models/ResNet50_vd", NULL, &model, &error);
 *     ramet_classify_result result = {0};
 *     ramet_classify_model_predict(model, &image, 1, &result, &error);
 *
 * The model joins three parts that can be used alone: Preprocessor (images ->
 * tensor), Runtime (tensor -> tensor), Postprocessor (tensor -> results).
 * Pre- and post-processing follow inference.yml / inference_cls.yaml as
 * PaddleClas' own Python deployment does.
 *
 * What is said once for all calls: every handle is used by one thread at a time, a second one gets BUSY where the call
 * can tell; clone the model for more threads. After fork() a child may go on with its copies. A handle that a call
 * makes is freed with the call named destroy or close, which allows NULL. Exhausted memory is OUT_OF_MEMORY.
 */
#ifndef RAMET_CLASSIFY_H
#define RAMET_CLASSIFY_H

#include "ramet/image.h"
#include "ramet/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What PostProcess of the configuration says of one image. Everything is owned by the result.
 *
 * Topk: the best classes, by descending score; equal scores: the lower class first. ThreshOutput: one class.
 * MultiLabelThreshOutput: the classes from the threshold on, by class. Attributes: their texts, and as classes the
 * outputs above their thresholds. NormalizeFeatures: the feature alone, of length 1.
 */
typedef struct ramet_classify_result {
    size_t count; /* how many of the following three */
    int32_t *label_ids;
    float *scores;            /* as the model gives them (softmax is in the exported model) */
    const char **label_names; /* from the configuration; NULL when it has none */
    size_t attribute_count;
    const char **attributes; /* "Female", "Glasses: False", ...; NULL without attributes */
    size_t feature_count;
    float *feature; /* NULL without a feature */
    void *owner;
} ramet_classify_result;

/*
 * Frees what a result holds and zeroes it; NULL and a zeroed result are allowed.
 *
 * Threads: any, one at a time for one result. Memory: freed. Errors: none.
 */
RAMET_API void ramet_classify_result_clear(ramet_classify_result *result);

/* ---- Preprocessor ---- */

typedef struct ramet_classify_preprocessor ramet_classify_preprocessor;

/*
 * From the configuration file (PreProcess.transform_ops: DecodeImage, ResizeImage, CropImage, NormalizeImage,
 * ToCHWImage).
 *
 * *preprocessor: overwritten; NULL on failure. Threads: any. Memory: owned by the caller.
 * Errors: NOT_FOUND, IO, BAD_FORMAT (names file and line), UNSUPPORTED (an operator or option it does not know).
 */
RAMET_API ramet_status ramet_classify_preprocessor_create(const char *config_file,
                                                          ramet_classify_preprocessor **preprocessor,
                                                          ramet_error *error);

/*
 * Frees a preprocessor and the tensor it gave last; NULL is allowed. Not for one that belongs to a model.
 *
 * Threads: no other call on it. Memory: freed. Errors: none.
 */
RAMET_API void ramet_classify_preprocessor_destroy(ramet_classify_preprocessor *preprocessor);

/*
 * Takes steps out, for a model that does them itself; there is no way back. steps: of ramet_preprocess_step. Clones of a
 * model take it over.
 *
 * Threads: one at a time for a preprocessor, else BUSY. Memory: none. Errors: INVALID_ARGUMENT.
 */
RAMET_API ramet_status ramet_classify_preprocessor_disable(ramet_classify_preprocessor *preprocessor, int32_t steps,
                                                           ramet_error *error);

/*
 * images [count] -> *tensor float32 [count, 3, h, w].
 *
 * Threads: one at a time for a preprocessor, else BUSY.
 * Memory: the tensor's data belongs to the preprocessor and stays valid until its next run.
 * Errors: INVALID_ARGUMENT, BAD_SHAPE (an image smaller than the crop; images that end in different sizes),
 * OVER_BUDGET (an image that would be resized to more than 100,000,000 pixels).
 */
RAMET_API ramet_status ramet_classify_preprocessor_run(ramet_classify_preprocessor *preprocessor,
                                                       const ramet_image *images, size_t count, ramet_tensor *tensor,
                                                       ramet_error *error);

/* ---- Postprocessor ---- */

typedef struct ramet_classify_postprocessor ramet_classify_postprocessor;

/*
 * config_file: for PostProcess and its label names; NULL or without PostProcess: the best classes, without names.
 *
 * *postprocessor: overwritten; NULL on failure. Threads: any. Memory: owned by the caller.
 * Errors: NOT_FOUND, IO, BAD_FORMAT, UNSUPPORTED (a PostProcess that it does not know).
 */
RAMET_API ramet_status ramet_classify_postprocessor_create(const char *config_file,
                                                           ramet_classify_postprocessor **postprocessor,
                                                           ramet_error *error);

/*
 * Frees a postprocessor; results stay valid; NULL is allowed. Not for one that belongs to a model.
 *
 * Threads: no other call on it. Memory: freed. Errors: none.
 */
RAMET_API void ramet_classify_postprocessor_destroy(ramet_classify_postprocessor *postprocessor);

/*
 * How many classes a result of Topk lists at most; default 1.
 *
 * Threads: one at a time, else BUSY. Memory: none. Errors: INVALID_ARGUMENT for 0 or less.
 */
RAMET_API ramet_status ramet_classify_postprocessor_set_topk(ramet_classify_postprocessor *postprocessor, int32_t topk);

/*
 * The number that was set; 0 for NULL.
 *
 * Threads: any, while nobody sets it. Memory: none. Errors: none.
 */
RAMET_API int32_t ramet_classify_postprocessor_topk(const ramet_classify_postprocessor *postprocessor);

/*
 * scores float32 [count, classes] (further dimensions of 1 are allowed) -> results[count]; results are overwritten
 * (clear them first if they hold something).
 *
 * What is not a number is not listed. Threads: one at a time for a postprocessor, else BUSY.
 * Memory: each result owns one block. Errors: INVALID_ARGUMENT, BAD_SHAPE (also for attributes of another number of
 * outputs); then results are zeroed.
 */
RAMET_API ramet_status ramet_classify_postprocessor_run(ramet_classify_postprocessor *postprocessor,
                                                        const ramet_tensor *scores, ramet_classify_result *results,
                                                        size_t count, ramet_error *error);

/* ---- Model ---- */

typedef struct ramet_classify_model ramet_classify_model;

/*
 * model: folder or program file, as ramet_runtime_open(). option: may be NULL.
 *
 * *handle: overwritten; NULL on failure. Threads: any. Memory: owned by the caller.
 * Errors: as the three parts; NOT_FOUND without a configuration; UNSUPPORTED for several inputs or outputs.
 */
RAMET_API ramet_status ramet_classify_model_open(const char *model, const ramet_runtime_option *option,
                                                 ramet_classify_model **handle, ramet_error *error);

/*
 * Another handle for another thread: shares weights and label names, copies the settings, costs well under 1 MiB.
 *
 * *clone: overwritten; NULL on failure. Threads: the origin must not be at work. Memory: owned by the caller.
 * Errors: BUSY, OUT_OF_MEMORY.
 */
RAMET_API ramet_status ramet_classify_model_clone(ramet_classify_model *handle, ramet_classify_model **clone,
                                                  ramet_error *error);

/*
 * Closes a model; its clones and results stay valid; NULL is allowed.
 *
 * Threads: no other call on it. Memory: freed. Errors: none.
 */
RAMET_API void ramet_classify_model_close(ramet_classify_model *handle);

/*
 * The first part; it belongs to the model. NULL for NULL.
 *
 * Threads: any. Memory: the model's. Errors: none.
 */
RAMET_API ramet_classify_preprocessor *ramet_classify_model_preprocessor(ramet_classify_model *handle);

/* The last part, likewise: for ramet_classify_postprocessor_set_topk(). */
RAMET_API ramet_classify_postprocessor *ramet_classify_model_postprocessor(ramet_classify_model *handle);

/* The middle part, likewise: for ramet_runtime_memory(). */
RAMET_API ramet_runtime *ramet_classify_model_runtime(ramet_classify_model *handle);

/*
 * images [count] -> results [count]. The answer for an image does not depend on the others; their sizes may differ.
 * Results are overwritten (clear them first if they hold something).
 *
 * Threads: one at a time for a model, else BUSY. Memory: each result owns one block.
 * Errors: as the three parts; then results are zeroed.
 */
RAMET_API ramet_status ramet_classify_model_predict(ramet_classify_model *handle, const ramet_image *images,
                                                    size_t count, ramet_classify_result *results, ramet_error *error);

#ifdef __cplusplus
}
#endif

#endif

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
 * Every handle is used by one thread at a time (else BUSY); clone the model for more.
 */
#ifndef RAMET_CLASSIFY_H
#define RAMET_CLASSIFY_H

#include "ramet/image.h"
#include "ramet/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The best classes of one image, by descending score; equal scores: the lower class first. */
typedef struct ramet_classify_result {
    size_t count; /* how many of the following */
    int32_t *label_ids;
    float *scores;            /* as the model gives them (softmax is in the exported model) */
    const char **label_names; /* from the configuration; NULL when it has none. Owned by the result. */
    void *owner;
} ramet_classify_result;

/* Frees what a result holds and zeroes it; NULL and a zeroed result are allowed. */
RAMET_API void ramet_classify_result_clear(ramet_classify_result *result);

/* ---- Preprocessor ---- */

typedef struct ramet_classify_preprocessor ramet_classify_preprocessor;

/*
 * From the configuration file (PreProcess.transform_ops: ResizeImage, CropImage, NormalizeImage, ToCHWImage).
 *
 * Errors: NOT_FOUND, IO, BAD_FORMAT (names file and line), UNSUPPORTED (an operator or option it does not know).
 */
RAMET_API ramet_status ramet_classify_preprocessor_create(const char *config_file,
                                                          ramet_classify_preprocessor **preprocessor,
                                                          ramet_error *error);
RAMET_API void ramet_classify_preprocessor_destroy(ramet_classify_preprocessor *preprocessor);

/*
 * images [count] -> *tensor float32 [count, 3, h, w].
 *
 * Memory: the tensor's data belongs to the preprocessor and stays valid until its next run.
 * Errors: INVALID_ARGUMENT, BAD_SHAPE (an image smaller than the crop; images that end in different sizes).
 */
RAMET_API ramet_status ramet_classify_preprocessor_run(ramet_classify_preprocessor *preprocessor,
                                                       const ramet_image *images, size_t count, ramet_tensor *tensor,
                                                       ramet_error *error);

/* ---- Postprocessor ---- */

typedef struct ramet_classify_postprocessor ramet_classify_postprocessor;

/* config_file: for label names and topk; may be NULL. */
RAMET_API ramet_status ramet_classify_postprocessor_create(const char *config_file,
                                                           ramet_classify_postprocessor **postprocessor,
                                                           ramet_error *error);
RAMET_API void ramet_classify_postprocessor_destroy(ramet_classify_postprocessor *postprocessor);

/* How many classes a result lists at most; default 1. 0 or less: INVALID_ARGUMENT. */
RAMET_API ramet_status ramet_classify_postprocessor_set_topk(ramet_classify_postprocessor *postprocessor, int32_t topk);
RAMET_API int32_t ramet_classify_postprocessor_topk(const ramet_classify_postprocessor *postprocessor);

/* scores float32 [count, classes] -> results[count]; results are overwritten (clear them first if they hold something). */
RAMET_API ramet_status ramet_classify_postprocessor_run(ramet_classify_postprocessor *postprocessor,
                                                        const ramet_tensor *scores, ramet_classify_result *results,
                                                        size_t count, ramet_error *error);

/* ---- Model ---- */

typedef struct ramet_classify_model ramet_classify_model;

/* model: folder or program file, as ramet_runtime_open(). option: may be NULL. */
RAMET_API ramet_status ramet_classify_model_open(const char *model, const ramet_runtime_option *option,
                                                 ramet_classify_model **handle, ramet_error *error);
RAMET_API ramet_status ramet_classify_model_clone(ramet_classify_model *handle, ramet_classify_model **clone,
                                                  ramet_error *error);
RAMET_API void ramet_classify_model_close(ramet_classify_model *handle);

/* The parts; they belong to the model. */
RAMET_API ramet_classify_preprocessor *ramet_classify_model_preprocessor(ramet_classify_model *handle);
RAMET_API ramet_classify_postprocessor *ramet_classify_model_postprocessor(ramet_classify_model *handle);
RAMET_API ramet_runtime *ramet_classify_model_runtime(ramet_classify_model *handle);

/*
 * images [count] -> results [count]. The answer for an image does not depend on the others.
 *
 * Errors: as the three parts; then results are zeroed.
 */
RAMET_API ramet_status ramet_classify_model_predict(ramet_classify_model *handle, const ramet_image *images,
                                                    size_t count, ramet_classify_result *results, ramet_error *error);

#ifdef __cplusplus
}
#endif

#endif

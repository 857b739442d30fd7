/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classification: a row of scores to its best classes. A short list is kept
 * sorted while the row is read once; of equal scores the first seen, which is
 * the lower class, stays ahead; what is not a number is never listed.
 */
#include "vision/classify/classify.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct ramet_classify_postprocessor {
    rmt_postprocessor base;
    int32_t topk;
    rmt_texts *labels; /* shared by clones; NULL without names */
    rmt_scratch best;  /* int32_t[k] */
};

void ramet_classify_result_clear(ramet_classify_result *result)
{
    if (result == NULL)
        return;
    free(result->owner);
    *result = (ramet_classify_result){0};
}

/* ---- the best classes -------------------------------------------------------------------------------------------- */

/* Puts class `id` where it belongs in best[0..count), of `capacity` places; returns the new count. */
static size_t insert_class(const float *scores, int32_t id, int32_t *best, size_t count, size_t capacity)
{
    if (count == capacity && !(scores[id] > scores[best[count - 1]]))
        return count;
    size_t place = count < capacity ? count : count - 1;
    for (; place > 0 && scores[id] > scores[best[place - 1]]; place--)
        best[place] = best[place - 1];
    best[place] = id;
    return count < capacity ? count + 1 : count;
}

static size_t best_classes(const float *scores, size_t classes, int32_t *best, size_t capacity)
{
    size_t count = 0;
    for (size_t id = 0; id < classes; id++)
        if (!isnan(scores[id]))
            count = insert_class(scores, (int32_t)id, best, count, capacity);
    return count;
}

/* ---- results ----------------------------------------------------------------------------------------------------- */

static const char *name_of(const rmt_texts *labels, int32_t id)
{
    return (size_t)id < labels->count ? labels->items[id] : "";
}

/* Pointers, numbers, characters: one block. */
static size_t result_bytes(const rmt_texts *labels, const int32_t *best, size_t count)
{
    size_t bytes = count * (sizeof(int32_t) + sizeof(float));
    for (size_t i = 0; labels != NULL && i < count; i++)
        bytes += sizeof(char *) + strlen(name_of(labels, best[i])) + 1;
    return bytes;
}

static void copy_names(const rmt_texts *labels, ramet_classify_result *result, char *characters)
{
    for (size_t i = 0; i < result->count; i++) {
        const char *name = name_of(labels, result->label_ids[i]);
        size_t bytes = strlen(name) + 1;
        memcpy(characters, name, bytes);
        result->label_names[i] = characters;
        characters += bytes;
    }
}

static ramet_status fill_result(const rmt_texts *labels, const float *scores, const int32_t *best, size_t count,
                                ramet_classify_result *result, ramet_error *error)
{
    size_t bytes = result_bytes(labels, best, count), name_bytes = labels != NULL ? count * sizeof(char *) : 0;
    char *block = malloc(bytes > 0 ? bytes : 1);
    if (block == NULL)
        return rmt_fail_memory(error, bytes);
    result->owner = block;
    result->count = count;
    result->label_names = labels != NULL ? (const char **)block : NULL;
    result->label_ids = (int32_t *)(block + name_bytes);
    result->scores = (float *)(result->label_ids + count);
    for (size_t i = 0; i < count; i++) {
        result->label_ids[i] = best[i];
        result->scores[i] = scores[best[i]];
    }
    if (labels != NULL)
        copy_names(labels, result, (char *)(result->scores + count));
    return RAMET_STATUS_OK;
}

static ramet_status accept_output(const rmt_postprocessor *base, const ramet_tensor *output, ramet_error *error)
{
    (void)base;
    return rmt_tensor_check(output, 2, "the scores of a classification", error);
}

static ramet_status read_row(rmt_postprocessor *base, const ramet_tensor *output, size_t row, const ramet_image *image,
                             void *result, ramet_error *error)
{
    (void)image;
    ramet_classify_postprocessor *self = (ramet_classify_postprocessor *)base;
    size_t classes = (size_t)output->dims[1], capacity = (size_t)self->topk < classes ? (size_t)self->topk : classes;
    const float *scores = (const float *)output->data + row * classes;
    int32_t *best = rmt_scratch_take(&self->best, capacity, sizeof *best);
    if (best == NULL)
        return rmt_fail_memory(error, capacity * sizeof *best);
    size_t count = capacity > 0 ? best_classes(scores, classes, best, capacity) : 0;
    return fill_result(self->labels, scores, best, count, result, error);
}

static void clear_result(void *result) { ramet_classify_result_clear(result); }

/* ---- the object -------------------------------------------------------------------------------------------------- */

static void configure(rmt_postprocessor *base, const rmt_postprocessor *from)
{
    ramet_classify_postprocessor *self = (ramet_classify_postprocessor *)base;
    self->topk = ((const ramet_classify_postprocessor *)from)->topk;
    self->labels = rmt_texts_retain(((const ramet_classify_postprocessor *)from)->labels);
}

static void release(rmt_postprocessor *base)
{
    ramet_classify_postprocessor *self = (ramet_classify_postprocessor *)base;
    rmt_texts_release(self->labels);
    rmt_scratch_clear(&self->best);
}

static const rmt_postprocessor_kind KIND = {
    .bytes = sizeof(ramet_classify_postprocessor),
    .result_bytes = sizeof(ramet_classify_result),
    .accept = accept_output,
    .read = read_row,
    .clear = clear_result,
    .configure = configure,
    .release = release,
};

static ramet_status read_labels(const char *config_file, rmt_texts **labels, ramet_error *error)
{
    rmt_yaml_file file;
    ramet_status status = rmt_yaml_open(config_file, &file, error);
    if (status != RAMET_STATUS_OK)
        return status;
    status = rmt_labels_read(&file, labels, error);
    rmt_yaml_close(&file);
    return status;
}

ramet_status ramet_classify_postprocessor_create(const char *config_file, ramet_classify_postprocessor **postprocessor,
                                                 ramet_error *error)
{
    if (postprocessor == NULL)
        return rmt_fail_no_place(error);
    *postprocessor = NULL;
    ramet_classify_postprocessor *self = (ramet_classify_postprocessor *)rmt_postprocessor_create(&KIND, error);
    if (self == NULL)
        return RAMET_STATUS_OUT_OF_MEMORY;
    self->topk = 1;
    ramet_status status = config_file != NULL ? read_labels(config_file, &self->labels, error) : RAMET_STATUS_OK;
    if (status == RAMET_STATUS_OK)
        *postprocessor = self;
    else
        rmt_postprocessor_destroy(&self->base);
    return status;
}

void ramet_classify_postprocessor_destroy(ramet_classify_postprocessor *postprocessor)
{
    rmt_postprocessor_destroy((rmt_postprocessor *)postprocessor);
}

ramet_status ramet_classify_postprocessor_set_topk(ramet_classify_postprocessor *postprocessor, int32_t topk)
{
    if (postprocessor == NULL || topk < 1)
        return RAMET_STATUS_INVALID_ARGUMENT;
    ramet_status status = rmt_guard_enter(&postprocessor->base.guard, NULL);
    if (status != RAMET_STATUS_OK)
        return status;
    postprocessor->topk = topk;
    rmt_guard_leave(&postprocessor->base.guard);
    return RAMET_STATUS_OK;
}

int32_t ramet_classify_postprocessor_topk(const ramet_classify_postprocessor *postprocessor)
{
    return postprocessor != NULL ? postprocessor->topk : 0;
}

ramet_status ramet_classify_postprocessor_run(ramet_classify_postprocessor *postprocessor, const ramet_tensor *scores,
                                              ramet_classify_result *results, size_t count, ramet_error *error)
{
    return rmt_postprocessor_run_tensor((rmt_postprocessor *)postprocessor, scores, results, count, error);
}

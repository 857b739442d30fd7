/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classification: a row of outputs to what PostProcess says of it. The best
 * classes are kept sorted while the row is read once; of equal scores the first
 * seen, which is the lower class, stays ahead; what is not a number is never
 * listed.
 */
#include "vision/classify/classify.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct ramet_classify_postprocessor {
    rmt_postprocessor base;
    int32_t topk;
    rmt_classify_reading reading; /* its texts are shared by clones */
    rmt_scratch classes;          /* int32_t[classes], and a flag for each */
};

void ramet_classify_result_clear(ramet_classify_result *result)
{
    if (result == NULL)
        return;
    free(result->owner);
    *result = (ramet_classify_result){0};
}

/* ---- classes ----------------------------------------------------------------------------------------------------- */

/* A row of scores, and the classes of it that are listed. */
typedef struct class_list {
    const float *scores;
    size_t classes;
    int32_t *ids; /* room for all classes */
    size_t count;
} class_list;

/* Puts class `id` where it belongs among the best; at most `capacity` are kept. */
static void insert_class(class_list *list, int32_t id, size_t capacity)
{
    const float *scores = list->scores;
    if (list->count == capacity && !(scores[id] > scores[list->ids[capacity - 1]]))
        return;
    size_t place = list->count < capacity ? list->count : capacity - 1;
    for (; place > 0 && scores[id] > scores[list->ids[place - 1]]; place--)
        list->ids[place] = list->ids[place - 1];
    list->ids[place] = id;
    list->count += list->count < capacity;
}

static void list_best(class_list *list, size_t capacity)
{
    for (size_t id = 0; capacity > 0 && id < list->classes; id++)
        if (!isnan(list->scores[id]))
            insert_class(list, (int32_t)id, capacity);
}

static void list_from(class_list *list, float threshold)
{
    for (size_t id = 0; id < list->classes; id++)
        if (list->scores[id] >= threshold)
            list->ids[list->count++] = (int32_t)id;
}

/* ---- results ----------------------------------------------------------------------------------------------------- */

/* What is known of a row before it becomes a result. names: by class, or by place where there is one for each place. */
typedef struct answer {
    size_t count;
    const int32_t *ids;
    const float *scores; /* by class, or of the only one */
    bool single;         /* scores[0] is that of ids[0] */
    const rmt_texts *names;
    const rmt_attributes *attributes;
    size_t feature_count;
} answer;

static const char *name_of(const rmt_texts *names, int32_t id)
{
    return (size_t)id < names->count ? names->items[id] : "";
}

static const char *text_of(const answer *a, size_t index)
{
    return index < a->count ? name_of(a->names, a->ids[index]) : a->attributes->texts[index - a->count];
}

/* One block: pointers to texts, numbers, characters. */
static ramet_status make_result(const answer *a, ramet_classify_result *result, ramet_error *error)
{
    size_t names = a->names != NULL ? a->count : 0, attributes = a->attributes != NULL ? a->attributes->count : 0;
    size_t skipped = a->count - names; /* texts that are not there */
    size_t bytes = (names + attributes) * sizeof(char *) + a->count * (sizeof(int32_t) + sizeof(float)) +
                   a->feature_count * sizeof(float);
    for (size_t i = 0; i < names + attributes; i++)
        bytes += strlen(text_of(a, i + skipped)) + 1;
    const char **texts = malloc(bytes > 0 ? bytes : 1);
    if (texts == NULL)
        return rmt_fail_memory(error, bytes);
    int32_t *ids = (int32_t *)(texts + names + attributes);
    float *scores = (float *)(ids + a->count), *feature = scores + a->count;
    char *characters = (char *)(feature + a->feature_count);
    for (size_t i = 0; i < a->count; i++) {
        ids[i] = a->ids[i];
        scores[i] = a->single ? a->scores[0] : a->scores[a->ids[i]];
    }
    for (size_t i = 0; i < names + attributes; i++) {
        const char *text = text_of(a, i + skipped);
        texts[i] = characters;
        characters = stpcpy(characters, text) + 1;
    }
    *result = (ramet_classify_result){.count = a->count,
                                      .label_ids = ids,
                                      .scores = scores,
                                      .label_names = a->names != NULL ? texts : NULL,
                                      .attribute_count = attributes,
                                      .attributes = a->attributes != NULL ? texts + names : NULL,
                                      .feature_count = a->feature_count,
                                      .feature = a->feature_count > 0 ? feature : NULL,
                                      .owner = texts};
    return RAMET_STATUS_OK;
}

/* ---- forms ------------------------------------------------------------------------------------------------------- */

static ramet_status read_classes(const rmt_classify_reading *reading, class_list *list, ramet_classify_result *result,
                                 ramet_error *error)
{
    answer a = {.count = list->count, .ids = list->ids, .scores = list->scores, .names = reading->labels};
    return make_result(&a, result, error);
}

/* Of two classes the second from the threshold on, else the first with what is left to 1. */
static ramet_status read_two(const rmt_classify_reading *reading, const float *scores, ramet_classify_result *result,
                             ramet_error *error)
{
    int32_t id = scores[1] < (float)reading->thresholds[0] ? 0 : 1;
    float score = id == 0 ? 1 - scores[1] : scores[1];
    answer a = {.count = isnan(score) ? 0U : 1U, .ids = &id, .scores = &score, .single = true, .names = reading->pair};
    return make_result(&a, result, error);
}

static ramet_status read_threshold(const rmt_classify_reading *reading, class_list *list, ramet_classify_result *result,
                                   ramet_error *error)
{
    if (list->classes == 2)
        return read_two(reading, list->scores, result, error);
    list_best(list, list->classes > 0);
    bool above = list->count > 0 && list->scores[list->ids[0]] > (float)reading->thresholds[0];
    if (!above && (size_t)reading->default_class >= list->classes)
        return rmt_fail(error, RAMET_STATUS_BAD_SHAPE, "default_label_index is %d of %zu classes",
                        (int)reading->default_class, list->classes);
    if (!above) {
        list->ids[0] = reading->default_class;
        list->count = 1;
    }
    return read_classes(reading, list, result, error);
}

static ramet_status read_feature(const class_list *list, ramet_classify_result *result, ramet_error *error)
{
    double sum = 0;
    for (size_t i = 0; i < list->classes; i++)
        sum += (double)list->scores[i] * (double)list->scores[i];
    answer a = {.feature_count = list->classes};
    ramet_status status = make_result(&a, result, error);
    float length = (float)sqrt(sum);
    for (size_t i = 0; status == RAMET_STATUS_OK && i < list->classes; i++)
        result->feature[i] = length > 0 ? list->scores[i] / length : list->scores[i];
    return status;
}

/* above: room for a flag for each class. */
static ramet_status read_attributes(const rmt_classify_reading *reading, class_list *list, bool *above,
                                    ramet_classify_result *result, ramet_error *error)
{
    rmt_attributes attributes;
    rmt_attributes_read(reading, list->scores, &attributes, above);
    for (size_t id = 0; id < list->classes; id++)
        if (above[id])
            list->ids[list->count++] = (int32_t)id;
    answer a = {.count = list->count,
                .ids = list->ids,
                .scores = list->scores,
                .names = reading->labels,
                .attributes = &attributes};
    return make_result(&a, result, error);
}

static ramet_status read_form(ramet_classify_postprocessor *self, class_list *list, bool *above,
                              ramet_classify_result *result, ramet_error *error)
{
    const rmt_classify_reading *reading = &self->reading;
    switch (reading->form) {
    case RMT_CLASSIFY_TOPK:
        list_best(list, (size_t)self->topk < list->classes ? (size_t)self->topk : list->classes);
        return read_classes(reading, list, result, error);
    case RMT_CLASSIFY_THRESHOLD: return read_threshold(reading, list, result, error);
    case RMT_CLASSIFY_MULTI_LABEL:
        list_from(list, (float)reading->thresholds[0]);
        return read_classes(reading, list, result, error);
    case RMT_CLASSIFY_SCORES: list_from(list, -INFINITY); return read_classes(reading, list, result, error);
    case RMT_CLASSIFY_FEATURE: return read_feature(list, result, error);
    default: return read_attributes(reading, list, above, result, error);
    }
}

static ramet_status accept_output(const rmt_postprocessor *base, const ramet_tensor *output, ramet_error *error)
{
    const ramet_classify_postprocessor *self = (const ramet_classify_postprocessor *)base;
    size_t wanted = rmt_attributes_outputs(self->reading.form);
    int32_t rank = output->rank;
    while (rank > 2 && rank <= RAMET_MAX_RANK && output->dims[rank - 1] == 1)
        rank--;
    ramet_tensor scores = *output;
    scores.rank = rank;
    ramet_status status = rmt_tensor_check(&scores, 2, "the scores of a classification", error);
    if (status == RAMET_STATUS_OK && wanted > 0 && output->dims[1] != (int64_t)wanted)
        return rmt_fail(error, RAMET_STATUS_BAD_SHAPE, "these attributes are read from %zu outputs, not from %lld",
                        wanted, (long long)output->dims[1]);
    return status;
}

static ramet_status read_row(rmt_postprocessor *base, const ramet_tensor *output, size_t row, const ramet_image *image,
                             void *result, ramet_error *error)
{
    (void)image;
    ramet_classify_postprocessor *self = (ramet_classify_postprocessor *)base;
    class_list list = {.classes = (size_t)output->dims[1]};
    list.scores = (const float *)output->data + row * list.classes;
    list.ids = rmt_scratch_take(&self->classes, list.classes, sizeof *list.ids + sizeof(bool));
    if (list.ids == NULL)
        return rmt_fail_memory(error, list.classes * (sizeof *list.ids + sizeof(bool)));
    return read_form(self, &list, (bool *)(list.ids + list.classes), result, error);
}

static void clear_result(void *result) { ramet_classify_result_clear(result); }

/* ---- the object -------------------------------------------------------------------------------------------------- */

static void configure(rmt_postprocessor *base, const rmt_postprocessor *from)
{
    ramet_classify_postprocessor *self = (ramet_classify_postprocessor *)base;
    self->topk = ((const ramet_classify_postprocessor *)from)->topk;
    self->reading = rmt_classify_reading_retain(&((const ramet_classify_postprocessor *)from)->reading);
}

static void release(rmt_postprocessor *base)
{
    ramet_classify_postprocessor *self = (ramet_classify_postprocessor *)base;
    rmt_classify_reading_release(&self->reading);
    rmt_scratch_clear(&self->classes);
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
    ramet_status status = rmt_classify_reading_open(config_file, &self->reading, error);
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

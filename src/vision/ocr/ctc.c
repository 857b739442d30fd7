/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text recognition: probabilities to a text (connectionist temporal
 * classification, best path). Each step takes its best class, the first of
 * equals; a class that repeats the step before and class 0, the blank, say
 * nothing; the score is the mean probability of what is kept.
 */
#include "kernels/kernels.h"
#include "vision/ocr/ocr.h"

#include <stdlib.h>
#include <string.h>

ramet_status rmt_ctc_check(const rmt_ctc_dictionary *dictionary, int64_t classes, ramet_error *error)
{
    int64_t characters = (int64_t)dictionary->characters->count;
    if (classes == characters + 1 || (dictionary->add_space && classes == characters + 2))
        return RAMET_STATUS_OK;
    return rmt_fail(error, RAMET_STATUS_BAD_SHAPE,
                    "the dictionary has %lld characters but the model %lld classes, of which one is the blank%s; give "
                    "the model's own dictionary",
                    (long long)characters, (long long)classes,
                    dictionary->add_space ? " and one may be the space" : "");
}

/* Class 1 is the first character; past the last one stands the space. */
static const char *character_of(const rmt_ctc_dictionary *dictionary, size_t class_index)
{
    size_t index = class_index - 1;
    return index < dictionary->characters->count ? dictionary->characters->items[index] : " ";
}

/* The classes that are kept, in order; returns how many. */
static size_t best_path(const rmt_ctc_steps *line, uint32_t *kept, float *score)
{
    const rmt_kernels *kernels = rmt_kernels_best();
    const float *values = line->values;
    double sum = 0;
    size_t count = 0, before = 0;
    for (size_t step = 0; step < line->steps; step++, values += line->classes) {
        size_t best = (size_t)kernels->arg_max(values, (int64_t)line->classes); /* the blank when none is a number */
        if (best != 0 && best != before) {
            kept[count++] = (uint32_t)best;
            sum += (double)values[best];
        }
        before = best;
    }
    *score = count > 0 ? (float)(sum / (double)count) : 0.0F;
    return count;
}

static char *text_of(const rmt_ctc_dictionary *dictionary, const uint32_t *kept, size_t count)
{
    size_t bytes = 1;
    for (size_t i = 0; i < count; i++)
        bytes += strlen(character_of(dictionary, kept[i]));
    char *text = malloc(bytes), *at = text;
    for (size_t i = 0; text != NULL && i < count; i++) {
        const char *character = character_of(dictionary, kept[i]);
        size_t length = strlen(character);
        memcpy(at, character, length);
        at += length;
    }
    if (text != NULL)
        *at = '\0';
    return text;
}

ramet_status rmt_ctc_decode(const rmt_ctc_dictionary *dictionary, const rmt_ctc_steps *line, rmt_scratch *scratch,
                            ramet_rec_result *result, ramet_error *error)
{
    uint32_t *kept = rmt_scratch_take(scratch, line->steps, sizeof *kept);
    if (kept == NULL)
        return rmt_fail_memory(error, line->steps * sizeof *kept);
    float score;
    size_t count = best_path(line, kept, &score);
    char *text = text_of(dictionary, kept, count);
    if (text == NULL)
        return rmt_fail(error, RAMET_STATUS_OUT_OF_MEMORY, "no memory left for a text");
    *result = (ramet_rec_result){text, score};
    return RAMET_STATUS_OK;
}

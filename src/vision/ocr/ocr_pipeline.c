/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pipeline: find text, lay each piece flat, turn what stands on its head,
 * read it.
 *
 * Lines go through classifier and recogniser in slices: lines of one input
 * width, at most a batch. Only the crops of one slice exist at a time, so
 * memory does not grow with the number of lines; and since a line's input
 * depends on nothing but the line, slices do not show in the answers.
 */
#include "vision/ocr/ocr.h"

#include <stdlib.h>
#include <string.h>

struct ramet_ocr {
    rmt_guard guard;
    ramet_det_model *det; /* NULL: an image is one line */
    ramet_cls_model *cls; /* NULL: no line is turned */
    ramet_rec_model *rec;
    float drop_score;
    rmt_scratch places, lines, views, directions, texts;
    rmt_crop *crops;
    size_t crop_count;
};

/* What becomes of one line. */
typedef struct ocr_line {
    ramet_quad quad;
    ramet_cls_result direction;
    ramet_rec_result text;
} ocr_line;

/* The lines of the image at work. */
typedef struct ocr_page {
    const ramet_image *image;
    ocr_line *lines;
    size_t count;
} ocr_page;

void ramet_ocr_result_clear(ramet_ocr_result *result)
{
    if (result == NULL)
        return;
    free(result->owner);
    *result = (ramet_ocr_result){0};
}

/* ---- open, clone, close ------------------------------------------------------------------------------------------ */

void ramet_ocr_close(ramet_ocr *handle)
{
    if (handle == NULL)
        return;
    ramet_det_model_close(handle->det);
    ramet_cls_model_close(handle->cls);
    ramet_rec_model_close(handle->rec);
    for (size_t i = 0; i < handle->crop_count; i++)
        rmt_crop_clear(&handle->crops[i]);
    free(handle->crops);
    rmt_scratch_clear(&handle->places);
    rmt_scratch_clear(&handle->lines);
    rmt_scratch_clear(&handle->views);
    rmt_scratch_clear(&handle->directions);
    rmt_scratch_clear(&handle->texts);
    free(handle);
}

/* An inner error's place stays; otherwise it says which model it was. */
static ramet_status blame(ramet_status status, const char *part, const char *path, ramet_error *error)
{
    return status == RAMET_STATUS_OK ? status : rmt_fail_at(error, status, "%s %.160s", part, path);
}

static ramet_status open_models(ramet_ocr *ocr, const ramet_ocr_files *files, ramet_ocr_option *option,
                                ramet_error *error)
{
    ramet_status status = RAMET_STATUS_OK;
    ramet_runtime_option runtime = option->runtime;
    runtime.params_file = files->detector_params;
    if (files->detector != NULL)
        status = blame(ramet_det_model_open(files->detector, &runtime, &option->det, &ocr->det, error), "detector",
                       files->detector, error);
    runtime.params_file = files->classifier_params;
    if (status == RAMET_STATUS_OK && files->classifier != NULL)
        status = blame(ramet_cls_model_open(files->classifier, &runtime, &option->cls, &ocr->cls, error), "classifier",
                       files->classifier, error);
    runtime.params_file = files->recognizer_params;
    runtime.config_file = files->recognizer_config;
    if (files->dictionary != NULL)
        option->rec.dictionary = files->dictionary;
    if (status == RAMET_STATUS_OK)
        status = blame(ramet_rec_model_open(files->recognizer, &runtime, &option->rec, &ocr->rec, error), "recogniser",
                       files->recognizer, error);
    return status;
}

ramet_status ramet_ocr_open(const ramet_ocr_files *files, const ramet_ocr_option *option, ramet_ocr **handle,
                            ramet_error *error)
{
    ramet_ocr_option resolved;
    if (handle == NULL)
        return rmt_fail_no_place(error);
    *handle = NULL;
    if (files == NULL || files->recognizer == NULL)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "reading needs a recogniser");
    ramet_status status = rmt_ocr_option_resolve(option, &resolved, error);
    if (status != RAMET_STATUS_OK)
        return status;
    ramet_ocr *ocr = calloc(1, sizeof *ocr);
    if (ocr == NULL)
        return rmt_fail_memory(error, sizeof *ocr);
    ocr->drop_score = resolved.drop_score;
    status = open_models(ocr, files, &resolved, error);
    if (status == RAMET_STATUS_OK)
        *handle = ocr;
    else
        ramet_ocr_close(ocr);
    return status;
}

static ramet_status clone_models(const ramet_ocr *from, ramet_ocr *made, ramet_error *error)
{
    ramet_status status = RAMET_STATUS_OK;
    if (from->det != NULL)
        status = ramet_det_model_clone(from->det, &made->det, error);
    if (status == RAMET_STATUS_OK && from->cls != NULL)
        status = ramet_cls_model_clone(from->cls, &made->cls, error);
    if (status == RAMET_STATUS_OK)
        status = ramet_rec_model_clone(from->rec, &made->rec, error);
    made->drop_score = from->drop_score;
    return status;
}

/* A pipeline of clones of the models of `from`. */
static ramet_status clone_pipeline(const ramet_ocr *from, ramet_ocr **clone, ramet_error *error)
{
    ramet_ocr *made = calloc(1, sizeof *made);
    if (made == NULL)
        return rmt_fail_memory(error, sizeof *made);
    ramet_status status = clone_models(from, made, error);
    if (status == RAMET_STATUS_OK)
        *clone = made;
    else
        ramet_ocr_close(made);
    return status;
}

ramet_status ramet_ocr_join(ramet_det_model *detector, ramet_cls_model *classifier, ramet_rec_model *recognizer,
                            float drop_score, ramet_ocr **handle, ramet_error *error)
{
    ramet_ocr_option option, resolved;
    if (handle == NULL)
        return rmt_fail_no_place(error);
    *handle = NULL;
    if (recognizer == NULL)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "reading needs a recogniser");
    ramet_ocr_option_init(&option);
    option.drop_score = drop_score;
    ramet_status status = rmt_ocr_option_resolve(&option, &resolved, error);
    if (status != RAMET_STATUS_OK)
        return status;
    const ramet_ocr models = {.det = detector, .cls = classifier, .rec = recognizer, .drop_score = drop_score};
    return clone_pipeline(&models, handle, error);
}

ramet_status ramet_ocr_clone(ramet_ocr *handle, ramet_ocr **clone, ramet_error *error)
{
    if (clone == NULL)
        return rmt_fail_no_place(error);
    *clone = NULL;
    if (handle == NULL)
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "there is no pipeline to clone");
    ramet_status status = rmt_guard_enter_to_clone(&handle->guard, error);
    if (status != RAMET_STATUS_OK)
        return status;
    status = clone_pipeline(handle, clone, error);
    rmt_guard_leave(&handle->guard);
    return status;
}

ramet_det_model *ramet_ocr_det_model(ramet_ocr *handle) { return handle != NULL ? handle->det : NULL; }
ramet_cls_model *ramet_ocr_cls_model(ramet_ocr *handle) { return handle != NULL ? handle->cls : NULL; }
ramet_rec_model *ramet_ocr_rec_model(ramet_ocr *handle) { return handle != NULL ? handle->rec : NULL; }

/* ---- lines ------------------------------------------------------------------------------------------------------- */

static ramet_quad whole_image(const ramet_image *image)
{
    float w = (float)image->width, h = (float)image->height;
    return (ramet_quad){{{0, 0}, {w, 0}, {w, h}, {0, h}}};
}

static ramet_status take_lines(ramet_ocr *ocr, const ramet_quad *quads, ocr_page *page, ramet_error *error)
{
    page->lines = rmt_scratch_take(&ocr->lines, page->count, sizeof *page->lines);
    if (page->lines == NULL)
        return rmt_fail_memory(error, page->count * sizeof *page->lines);
    memset(page->lines, 0, page->count * sizeof *page->lines);
    for (size_t i = 0; i < page->count; i++)
        page->lines[i].quad = quads[i];
    return RAMET_STATUS_OK;
}

static ramet_status find_lines(ramet_ocr *ocr, ocr_page *page, ramet_error *error)
{
    if (ocr->det == NULL) {
        ramet_quad whole = whole_image(page->image);
        page->count = 1;
        return take_lines(ocr, &whole, page, error);
    }
    ramet_det_result found;
    ramet_status status = ramet_det_model_predict(ocr->det, page->image, 1, &found, error);
    if (status != RAMET_STATUS_OK)
        return status;
    page->count = found.count;
    status = take_lines(ocr, found.boxes, page, error);
    ramet_det_result_clear(&found);
    if (status != RAMET_STATUS_OK)
        page->count = 0;
    return status;
}

/* The lines in the order in which they share slices. */
static ramet_status order_lines(ramet_ocr *ocr, const ocr_page *page, rmt_place **places, ramet_error *error)
{
    const ramet_rec_preprocessor *pre = ramet_rec_model_preprocessor(ocr->rec);
    *places = rmt_scratch_take(&ocr->places, page->count, sizeof **places);
    if (*places == NULL)
        return rmt_fail_memory(error, page->count * sizeof **places);
    for (size_t i = 0; i < page->count; i++) {
        rmt_extent crop = ocr->det != NULL ? rmt_crop_measure(&page->lines[i].quad)
                                           : (rmt_extent){page->image->height, page->image->width};
        (*places)[i] = (rmt_place){i, {0, ramet_rec_preprocessor_width(pre, crop.width, crop.height)}};
    }
    rmt_places_sort(*places, page->count);
    return RAMET_STATUS_OK;
}

/* ---- slices ------------------------------------------------------------------------------------------------------ */

/* The crops of a slice, and what the models say of them; all have `count` entries. */
typedef struct ocr_slice {
    const rmt_place *places;
    size_t count;
    rmt_crop *crops;
    ramet_image *views;
    ramet_cls_result *directions;
    ramet_rec_result *texts;
} ocr_slice;

static bool reserve_crops(ramet_ocr *ocr, size_t count)
{
    if (count <= ocr->crop_count)
        return true;
    rmt_crop *crops = realloc(ocr->crops, count * sizeof *crops);
    if (crops == NULL)
        return false;
    memset(crops + ocr->crop_count, 0, (count - ocr->crop_count) * sizeof *crops);
    ocr->crops = crops;
    ocr->crop_count = count;
    return true;
}

static bool reserve_slice(ramet_ocr *ocr, ocr_slice *slice)
{
    slice->views = rmt_scratch_take(&ocr->views, slice->count, sizeof *slice->views);
    slice->directions = rmt_scratch_take(&ocr->directions, slice->count, sizeof *slice->directions);
    slice->texts = rmt_scratch_take(&ocr->texts, slice->count, sizeof *slice->texts);
    bool complete = reserve_crops(ocr, slice->count);
    slice->crops = ocr->crops;
    return complete && slice->views != NULL && slice->directions != NULL && slice->texts != NULL;
}

static ramet_status take_crops(const ramet_ocr *ocr, const ocr_page *page, const ocr_slice *slice, ramet_error *error)
{
    ramet_status status = RAMET_STATUS_OK;
    for (size_t i = 0; status == RAMET_STATUS_OK && i < slice->count; i++) {
        slice->views[i] = *page->image;
        if (ocr->det == NULL)
            continue;
        status = rmt_crop_take(&slice->crops[i], page->image, &page->lines[slice->places[i].index].quad, error);
        slice->views[i] = slice->crops[i].image;
    }
    return status;
}

/* Without a detector the view is the caller's image, which must not be turned in place: it is taken as a crop first. */
static ramet_status flip_line(const ramet_ocr *ocr, const ocr_slice *slice, size_t i, ramet_error *error)
{
    rmt_crop *crop = &slice->crops[i];
    if (ocr->det == NULL) {
        ramet_image_clear(&crop->image);
        crop->image = slice->views[i];
        crop->image.owner = NULL;
    }
    ramet_status status = rmt_crop_flip(crop, error);
    slice->views[i] = crop->image;
    return status;
}

static ramet_status turn_crops(ramet_ocr *ocr, const ocr_page *page, const ocr_slice *slice, ramet_error *error)
{
    float thresh = rmt_cls_preprocessor_thresh(ramet_cls_model_preprocessor(ocr->cls));
    ramet_status status = ramet_cls_model_predict(ocr->cls, slice->views, slice->count, slice->directions, error);
    for (size_t i = 0; status == RAMET_STATUS_OK && i < slice->count; i++) {
        ramet_cls_result direction = slice->directions[i];
        page->lines[slice->places[i].index].direction = direction;
        if (direction.label == 1 && direction.score > thresh)
            status = flip_line(ocr, slice, i, error);
    }
    return status;
}

static ramet_status read_slice(ramet_ocr *ocr, const ocr_page *page, ocr_slice *slice, ramet_error *error)
{
    if (!reserve_slice(ocr, slice))
        return rmt_fail(error, RAMET_STATUS_OUT_OF_MEMORY, "no memory left for %zu lines of text", slice->count);
    ramet_status status = take_crops(ocr, page, slice, error);
    if (status == RAMET_STATUS_OK && ocr->cls != NULL)
        status = turn_crops(ocr, page, slice, error);
    if (status == RAMET_STATUS_OK)
        status = ramet_rec_model_predict(ocr->rec, slice->views, slice->count, slice->texts, error);
    for (size_t i = 0; status == RAMET_STATUS_OK && i < slice->count; i++)
        page->lines[slice->places[i].index].text = slice->texts[i];
    return status;
}

static ramet_status read_lines(ramet_ocr *ocr, const ocr_page *page, ramet_error *error)
{
    rmt_place *places;
    size_t slice_size = rmt_rec_model_batch_size(ocr->rec);
    ramet_status status = order_lines(ocr, page, &places, error);
    for (size_t done = 0, alike; status == RAMET_STATUS_OK && done < page->count; done += alike) {
        alike = rmt_places_alike(places + done, page->count - done, slice_size);
        ocr_slice slice = {.places = places + done, .count = alike};
        status = read_slice(ocr, page, &slice, error);
    }
    return status;
}

/* ---- results ----------------------------------------------------------------------------------------------------- */

/* Moves the lines that are sure enough to the front; returns how many. */
static size_t keep_sure_lines(const ocr_page *page, float drop_score)
{
    size_t kept = 0;
    for (size_t i = 0; i < page->count; i++) {
        if (page->lines[i].text.score >= drop_score) {
            ocr_line line = page->lines[i];
            page->lines[i] = page->lines[kept];
            page->lines[kept++] = line;
        }
    }
    return kept;
}

/* One block: pointers, quads, numbers, characters. */
static size_t block_bytes(const ocr_line *lines, size_t count)
{
    size_t line_bytes = sizeof(char *) + sizeof(ramet_quad) + 2 * sizeof(float) + sizeof(int32_t);
    size_t bytes = count * line_bytes;
    for (size_t i = 0; i < count; i++)
        bytes += strlen(lines[i].text.text) + 1;
    return bytes;
}

static void lay_out(ramet_ocr_result *result, void *block, size_t count, char **characters)
{
    result->owner = block;
    result->count = count;
    result->texts = block;
    result->boxes = (ramet_quad *)(result->texts + count);
    result->rec_scores = (float *)(result->boxes + count);
    result->cls_scores = result->rec_scores + count;
    result->cls_labels = (int32_t *)(result->cls_scores + count);
    *characters = (char *)(result->cls_labels + count);
}

static ramet_status fill_result(const ramet_ocr *ocr, const ocr_line *lines, size_t count, ramet_ocr_result *result,
                                ramet_error *error)
{
    if (count == 0)
        return RAMET_STATUS_OK;
    size_t bytes = block_bytes(lines, count);
    void *block = malloc(bytes);
    if (block == NULL)
        return rmt_fail_memory(error, bytes);
    char *characters;
    lay_out(result, block, count, &characters);
    for (size_t i = 0; i < count; i++) {
        size_t text_bytes = strlen(lines[i].text.text) + 1;
        memcpy(characters, lines[i].text.text, text_bytes);
        result->texts[i] = characters;
        characters += text_bytes;
        result->boxes[i] = lines[i].quad;
        result->rec_scores[i] = lines[i].text.score;
        result->cls_scores[i] = lines[i].direction.score;
        result->cls_labels[i] = lines[i].direction.label;
    }
    if (ocr->det == NULL)
        result->boxes = NULL;
    if (ocr->cls == NULL)
        result->cls_labels = NULL, result->cls_scores = NULL;
    return RAMET_STATUS_OK;
}

static ramet_status read_image(ramet_ocr *ocr, const ramet_image *image, ramet_ocr_result *result, ramet_error *error)
{
    ocr_page page = {.image = image};
    ramet_status status = rmt_image_check(image, error);
    if (status == RAMET_STATUS_OK)
        status = find_lines(ocr, &page, error);
    if (status == RAMET_STATUS_OK && page.count > 0)
        status = read_lines(ocr, &page, error);
    if (status == RAMET_STATUS_OK)
        status = fill_result(ocr, page.lines, keep_sure_lines(&page, ocr->drop_score), result, error);
    for (size_t i = 0; i < page.count; i++)
        ramet_rec_result_clear(&page.lines[i].text);
    return status;
}

ramet_status ramet_ocr_predict(ramet_ocr *handle, const ramet_image *images, size_t count, ramet_ocr_result *results,
                               ramet_error *error)
{
    if (handle == NULL || (count > 0 && (images == NULL || results == NULL)))
        return rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT, "reading needs a pipeline, images and room for results");
    for (size_t i = 0; i < count; i++)
        results[i] = (ramet_ocr_result){0};
    ramet_status status = rmt_guard_enter(&handle->guard, error);
    if (status != RAMET_STATUS_OK)
        return status;
    for (size_t i = 0; status == RAMET_STATUS_OK && i < count; i++)
        status = read_image(handle, &images[i], &results[i], error);
    rmt_guard_leave(&handle->guard);
    for (size_t i = 0; status != RAMET_STATUS_OK && i < count; i++)
        ramet_ocr_result_clear(&results[i]);
    return status;
}

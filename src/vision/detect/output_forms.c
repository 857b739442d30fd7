/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Outputs of a model to rows. Exports of the same architecture differ in where
 * they stop, and names of outputs say nothing; so shapes decide. What comes
 * from a model is believed nowhere: counts must fit the rows there are.
 */
#include "vision/detect/detect.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LABEL, SCORE, ROW_HEAD, CORNERS = 4, ROTATED = 8 };

/* ---- tensors ---------------------------------------------------------------------------------------------------------- */

static bool is_float(const ramet_tensor *tensor, int32_t rank)
{
    return tensor->dtype == RAMET_DTYPE_FLOAT32 && tensor->rank == rank;
}

static bool is_whole(const ramet_tensor *tensor)
{
    return tensor->dtype == RAMET_DTYPE_INT32 || tensor->dtype == RAMET_DTYPE_INT64 ||
           tensor->dtype == RAMET_DTYPE_UINT8 || tensor->dtype == RAMET_DTYPE_INT8 || tensor->dtype == RAMET_DTYPE_BOOL;
}

static int64_t elements_of(const ramet_tensor *tensor)
{
    rmt_shape shape = {.rank = tensor->rank};
    memcpy(shape.dims, tensor->dims, sizeof shape.dims);
    return rmt_shape_elements(&shape);
}

int64_t rmt_detect_integer(const ramet_tensor *tensor, int64_t index)
{
    switch (tensor->dtype) {
    case RAMET_DTYPE_INT64: return ((const int64_t *)tensor->data)[index];
    case RAMET_DTYPE_INT32: return ((const int32_t *)tensor->data)[index];
    case RAMET_DTYPE_INT8: return ((const int8_t *)tensor->data)[index];
    case RAMET_DTYPE_FLOAT32: return ((const float *)tensor->data)[index] > 0;
    default: return ((const uint8_t *)tensor->data)[index];
    }
}

/* Before anything is read: every tensor has the data that its shape speaks of. */
static ramet_status check_tensors(const rmt_detect_reading *reading, const rmt_outputs *outputs)
{
    for (size_t i = 0; i < outputs->count; i++) {
        const ramet_tensor *tensor = &outputs->tensors[i];
        int64_t elements = tensor->rank >= 0 && tensor->rank <= RAMET_MAX_RANK ? elements_of(tensor) : -1;
        if (elements < 0)
            return rmt_fail(reading->error, RAMET_STATUS_BAD_SHAPE, "output %zu has an impossible shape", i);
        if (elements > 0 && tensor->data == NULL)
            return rmt_fail(reading->error, RAMET_STATUS_INVALID_ARGUMENT, "output %zu has no data", i);
    }
    return RAMET_STATUS_OK;
}

static ramet_status take_rows(const rmt_detect_reading *reading, size_t image, int64_t count, int32_t coordinates)
{
    rmt_detect_rows *rows = &reading->rows[image];
    *rows = (rmt_detect_rows){.count = (size_t)count, .coordinates = coordinates, .has_boxes = true};
    rows->items = rmt_arena_alloc(reading->arena, rows->count, sizeof *rows->items);
    return rows->items != NULL ? RAMET_STATUS_OK : rmt_fail_memory(reading->error, rows->count * sizeof *rows->items);
}

static int32_t label_of(float number) { return number >= 0 && number < (float)INT32_MAX ? (int32_t)rintf(number) : -1; }

/* ---- after suppression: label, score, box ------------------------------------------------------------------------------ */

/* Where each image's rows lie. */
typedef struct row_table {
    const ramet_tensor *tensor; /* [rows, width] or [images, rows, width] */
    const ramet_tensor *counts; /* of each image; NULL: not given */
    int64_t rows, width;
} row_table;

static bool is_row_width(int64_t width) { return width == ROW_HEAD + CORNERS || width == ROW_HEAD + ROTATED; }

/* The old way to say that nothing was found: one number, below 0. */
static bool says_nothing(const ramet_tensor *tensor)
{
    return elements_of(tensor) == 1 && tensor->dtype == RAMET_DTYPE_FLOAT32 && *(const float *)tensor->data < 0;
}

static bool are_rows(const rmt_detect_reading *reading, const rmt_outputs *outputs, row_table *table)
{
    const ramet_tensor *first = &outputs->tensors[0];
    bool flat = is_float(first, 2), apart = is_float(first, 3) && first->dims[0] == (int64_t)reading->images;
    *table = (row_table){.tensor = first};
    if (flat || apart) {
        table->width = first->dims[first->rank - 1];
        table->rows = flat ? first->dims[0] : first->dims[0] * first->dims[1];
    }
    for (size_t i = 1; i < outputs->count && table->counts == NULL; i++)
        if (is_whole(&outputs->tensors[i]) && outputs->tensors[i].rank <= 2 &&
            elements_of(&outputs->tensors[i]) == (int64_t)reading->images)
            table->counts = &outputs->tensors[i];
    if (says_nothing(first)) {
        table->rows = 0;
        table->counts = NULL;
        return true;
    }
    if (apart && outputs->count == 1) { /* it might be boxes with scores of two classes behind them */
        size_t labels = reading->settings->labels != NULL ? reading->settings->labels->count : 0;
        return is_row_width(table->width) && (int64_t)labels != table->width - CORNERS;
    }
    return is_row_width(table->width) && (flat || table->counts != NULL);
}

/* Rows follow each other, or each image has equally much room for its own. */
static ramet_status share_out(const rmt_detect_reading *reading, const row_table *table, int64_t *room, bool *packed)
{
    int64_t images = (int64_t)reading->images, sum = 0;
    *room = table->rows / images;
    *packed = false;
    if (table->counts == NULL && (images == 1 || table->tensor->rank == 3 || table->rows == 0))
        return RAMET_STATUS_OK;
    bool fits = table->counts != NULL && table->rows % images == 0;
    for (int64_t i = 0; table->counts != NULL && i < images; i++) {
        int64_t count = rmt_detect_integer(table->counts, i);
        if (count < 0 || count > table->rows)
            return rmt_fail(reading->error, RAMET_STATUS_BAD_SHAPE, "an image cannot have %lld of %lld objects",
                            (long long)count, (long long)table->rows);
        fits = fits && count <= *room;
        sum += count;
    }
    *packed = table->counts != NULL && sum == table->rows && table->tensor->rank != 3;
    if (*packed || fits)
        return RAMET_STATUS_OK;
    return rmt_fail(reading->error, RAMET_STATUS_BAD_SHAPE, "%lld rows cannot be shared out among %lld images",
                    (long long)table->rows, (long long)images);
}

static ramet_status read_table(const rmt_detect_reading *reading, const row_table *table)
{
    bool packed;
    int64_t room, next = 0;
    ramet_status status = share_out(reading, table, &room, &packed);
    for (size_t i = 0; status == RAMET_STATUS_OK && i < reading->images; i++) {
        int64_t first = packed ? next : (int64_t)i * room;
        int64_t count = table->counts != NULL ? rmt_detect_integer(table->counts, (int64_t)i) : room;
        int32_t coordinates = table->width == ROW_HEAD + ROTATED ? ROTATED : CORNERS;
        status = take_rows(reading, i, count, coordinates);
        next += count;
        for (int64_t r = 0; status == RAMET_STATUS_OK && r < count; r++) {
            const float *from = (const float *)table->tensor->data + (first + r) * table->width;
            rmt_detect_row *row = &reading->rows[i].items[r];
            *row = (rmt_detect_row){.label = label_of(from[LABEL]), .score = from[SCORE], .mask = first + r};
            memcpy(row->box, from + ROW_HEAD, (size_t)coordinates * sizeof *from);
        }
    }
    return status;
}

/* A plane for each row. */
static const ramet_tensor *find_masks(const rmt_outputs *outputs, int64_t rows)
{
    for (size_t i = 1; i < outputs->count; i++) {
        const ramet_tensor *tensor = &outputs->tensors[i];
        if (tensor->rank == 3 && tensor->dims[0] == rows && (is_whole(tensor) || is_float(tensor, 3)))
            return tensor;
    }
    return NULL;
}

/* ---- SOLOv2: count, labels, scores, masks -------------------------------------------------------------------------------- */

static bool is_list(const ramet_tensor *tensor, bool whole)
{
    return tensor->rank == 1 && (whole ? is_whole(tensor) : tensor->dtype == RAMET_DTYPE_FLOAT32);
}

static bool are_instances(const rmt_detect_reading *reading, const rmt_outputs *outputs)
{
    const ramet_tensor *t = outputs->tensors;
    return outputs->count == 4 && reading->images == 1 && is_whole(&t[0]) && elements_of(&t[0]) == 1 &&
           is_list(&t[1], true) && is_list(&t[2], false) && t[3].rank == 3 && (is_whole(&t[3]) || is_float(&t[3], 3)) &&
           t[1].dims[0] == t[2].dims[0] && t[1].dims[0] == t[3].dims[0];
}

static ramet_status read_instances(rmt_detect_reading *reading, const rmt_outputs *outputs)
{
    const ramet_tensor *t = outputs->tensors;
    int64_t count = rmt_detect_integer(&t[0], 0);
    if (count < 0 || count > t[1].dims[0])
        return rmt_fail(reading->error, RAMET_STATUS_BAD_SHAPE, "an image cannot have %lld of %lld objects",
                        (long long)count, (long long)t[1].dims[0]);
    ramet_status status = take_rows(reading, 0, count, CORNERS);
    for (int64_t i = 0; status == RAMET_STATUS_OK && i < count; i++)
        reading->rows[0].items[i] = (rmt_detect_row){
            .label = label_of((float)rmt_detect_integer(&t[1], i)),
            .score = ((const float *)t[2].data)[i],
            .mask = i,
        };
    reading->rows[0].has_boxes = false;
    reading->masks = &t[3];
    return status;
}

/* ---- before suppression ---------------------------------------------------------------------------------------------------- */

static ramet_status suppress_image(rmt_detect_reading *reading, size_t image, const rmt_detect_candidates *candidates)
{
    ramet_status status = rmt_detect_suppress(reading, candidates, &reading->rows[image]);
    if (status == RAMET_STATUS_OK && reading->settings->rescale)
        rmt_detect_rescale(&reading->geometries[image], &reading->rows[image]);
    return status;
}

/* [images, n, 4 or 8] and [images, classes, n] or, in other exports, [images, n, classes]. */
typedef struct box_pair {
    const ramet_tensor *boxes, *scores;
    bool cells_first; /* of scores */
} box_pair;

static bool pairs(const ramet_tensor *boxes, const ramet_tensor *scores, box_pair *pair)
{
    int64_t coordinates = boxes->dims[2], n = boxes->dims[1];
    *pair = (box_pair){boxes, scores, scores->dims[2] != n};
    return (coordinates == CORNERS || coordinates == ROTATED) && (scores->dims[2] == n || scores->dims[1] == n);
}

static bool are_boxes_and_scores(const rmt_detect_reading *reading, const rmt_outputs *outputs, box_pair *pair)
{
    const ramet_tensor *t = outputs->tensors;
    if (outputs->count != 2 || !is_float(&t[0], 3) || !is_float(&t[1], 3) || t[0].dims[0] != (int64_t)reading->images ||
        t[1].dims[0] != (int64_t)reading->images)
        return false;
    return pairs(&t[0], &t[1], pair) || pairs(&t[1], &t[0], pair);
}

/* [n][classes] to [classes][n]; NULL when memory is exhausted. */
static float *transpose(rmt_arena *arena, const float *from, int64_t n, int64_t classes, int64_t row)
{
    float *to = rmt_arena_alloc(arena, (size_t)n, (size_t)classes * sizeof *to);
    for (int64_t i = 0; to != NULL && i < n; i++)
        for (int64_t c = 0; c < classes; c++)
            to[c * n + i] = from[i * row + c];
    return to;
}

static ramet_status read_pair(rmt_detect_reading *reading, const box_pair *pair)
{
    int64_t n = pair->boxes->dims[1], classes = pair->scores->dims[pair->cells_first ? 2 : 1];
    int32_t coordinates = (int32_t)pair->boxes->dims[2];
    ramet_status status = RAMET_STATUS_OK;
    for (size_t i = 0; status == RAMET_STATUS_OK && i < reading->images; i++) {
        const float *scores = (const float *)pair->scores->data + (int64_t)i * n * classes;
        if (pair->cells_first)
            scores = transpose(reading->arena, scores, n, classes, classes);
        if (scores == NULL)
            return rmt_fail_memory(reading->error, (size_t)n * sizeof *scores);
        const float *boxes = (const float *)pair->boxes->data + (int64_t)i * n * coordinates;
        status = suppress_image(reading, i, &(rmt_detect_candidates){boxes, scores, n, classes, coordinates});
    }
    return status;
}

/* PP-YOLOE without its end: [images, n, 4 + classes]. */
static bool is_joined(const rmt_detect_reading *reading, const rmt_outputs *outputs)
{
    const ramet_tensor *tensor = &outputs->tensors[0];
    return outputs->count == 1 && is_float(tensor, 3) && tensor->dims[0] == (int64_t)reading->images &&
           tensor->dims[2] > CORNERS;
}

static ramet_status read_joined(rmt_detect_reading *reading, const ramet_tensor *tensor)
{
    int64_t n = tensor->dims[1], width = tensor->dims[2], classes = width - CORNERS;
    ramet_status status = RAMET_STATUS_OK;
    for (size_t i = 0; status == RAMET_STATUS_OK && i < reading->images; i++) {
        const float *from = (const float *)tensor->data + (int64_t)i * n * width;
        float *boxes = rmt_arena_alloc(reading->arena, (size_t)n, CORNERS * sizeof *boxes);
        float *scores = transpose(reading->arena, from + CORNERS, n, classes, width);
        if (boxes == NULL || scores == NULL)
            return rmt_fail_memory(reading->error, (size_t)n * (size_t)width * sizeof *boxes);
        for (int64_t k = 0; k < n; k++)
            memcpy(boxes + k * CORNERS, from + k * width, CORNERS * sizeof *boxes);
        status = suppress_image(reading, i, &(rmt_detect_candidates){boxes, scores, n, classes, CORNERS});
    }
    return status;
}

/* ---- all forms ----------------------------------------------------------------------------------------------------------------- */

static ramet_status refuse_forms(const rmt_detect_reading *reading, const rmt_outputs *outputs)
{
    char text[256] = "";
    size_t length = 0;
    for (size_t i = 0; i < outputs->count && length + 80 < sizeof text; i++) {
        char shape[64];
        rmt_shape dims = {.rank = outputs->tensors[i].rank};
        memcpy(dims.dims, outputs->tensors[i].dims, sizeof dims.dims);
        rmt_shape_print(&dims, shape, sizeof shape);
        length += (size_t)snprintf(text + length, sizeof text - length, " %s %s",
                                   ramet_dtype_name(outputs->tensors[i].dtype), shape);
    }
    return rmt_fail(reading->error, RAMET_STATUS_UNSUPPORTED,
                    "the outputs of the model are in no form that detection knows:%s", text);
}

static ramet_status read_form(rmt_detect_reading *reading, const rmt_outputs *outputs)
{
    row_table table;
    box_pair pair;
    if (are_instances(reading, outputs))
        return read_instances(reading, outputs);
    if (are_rows(reading, outputs, &table)) {
        reading->masks = find_masks(outputs, table.rows);
        return read_table(reading, &table);
    }
    if (are_boxes_and_scores(reading, outputs, &pair))
        return read_pair(reading, &pair);
    if (rmt_detect_are_heads(reading, outputs))
        return rmt_detect_read_heads(reading, outputs);
    if (is_joined(reading, outputs))
        return read_joined(reading, &outputs->tensors[0]);
    return refuse_forms(reading, outputs);
}

/* What is no number, or is of no class, or scores too little, is no object. */
static bool is_object(const rmt_detect_row *row, const rmt_detect_rows *rows, float score_threshold)
{
    bool good = row->label >= 0 && row->score > score_threshold;
    for (int32_t k = 0; k < rows->coordinates; k++)
        good = good && isfinite(row->box[k]);
    return good;
}

ramet_status rmt_detect_read(rmt_detect_reading *reading, const rmt_outputs *outputs)
{
    reading->masks = NULL;
    ramet_status status = check_tensors(reading, outputs);
    if (status == RAMET_STATUS_OK)
        status = read_form(reading, outputs);
    for (size_t i = 0; status == RAMET_STATUS_OK && i < reading->images; i++) {
        rmt_detect_rows *rows = &reading->rows[i];
        size_t kept = 0;
        for (size_t k = 0; k < rows->count; k++)
            if (is_object(&rows->items[k], rows, reading->settings->score_threshold))
                rows->items[kept++] = rows->items[k];
        rows->count = kept;
    }
    return status;
}

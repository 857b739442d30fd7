/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bare heads of PicoDet: for each level a grid of cells, each with scores
 * of classes and four distributions of a distance, in cells, from its middle to
 * the sides of a box. Levels come first with their scores, then with their
 * distributions; cells may lie along the second or the third dimension.
 */
#include "vision/detect/detect.h"

#include <math.h>

enum { SIDES = 4, MOST_STRIDE = 1024 };

/* A tensor [images, cells, channels], in whichever order the last two stand. */
typedef struct head {
    const ramet_tensor *tensor;
    int64_t cells, channels;
    int64_t cell_step, channel_step; /* elements */
} head;

typedef struct heads {
    size_t levels;
    head scores[RAMET_DETECT_MAX_LEVELS], sides[RAMET_DETECT_MAX_LEVELS];
    int32_t strides[RAMET_DETECT_MAX_LEVELS];
    int64_t cells; /* of all levels */
} heads;

static head head_of(const ramet_tensor *tensor, bool cells_first)
{
    int64_t a = tensor->dims[1], b = tensor->dims[2];
    return cells_first ? (head){tensor, a, b, b, 1} : (head){tensor, b, a, 1, b};
}

/* ---- which tensor is what ------------------------------------------------------------------------------------------- */

static int64_t cells_of(const ramet_detect_geometry *geometry, int32_t stride)
{
    int64_t rows = ((int64_t)geometry->input_height + stride - 1) / stride;
    return rows * (((int64_t)geometry->input_width + stride - 1) / stride);
}

/* Pixels a cell: what has been said, or the power of two, or any number, that gives so many; 0: none does. */
static int32_t stride_of(const rmt_detect_reading *reading, size_t level, int64_t cells, int32_t former)
{
    const ramet_detect_geometry *geometry = &reading->geometries[0];
    int32_t given = reading->settings->fpn_stride[level];
    if (given > 0)
        return cells_of(geometry, given) == cells ? given : 0;
    for (int32_t stride = former > 0 ? 2 * former : 1; stride <= MOST_STRIDE; stride *= 2)
        if (cells_of(geometry, stride) == cells)
            return stride;
    for (int32_t stride = former + 1; stride <= MOST_STRIDE; stride++)
        if (cells_of(geometry, stride) == cells)
            return stride;
    return 0;
}

static bool fits(const heads *h, size_t level)
{
    const head *scores = &h->scores[level], *sides = &h->sides[level];
    return scores->cells == sides->cells && scores->channels == h->scores[0].channels && scores->channels > 0 &&
           sides->channels == h->sides[0].channels && sides->channels % SIDES == 0 && sides->channels >= 2 * SIDES;
}

/* The heads, if scores and distributions lie as is said; pair: the level's two follow each other. */
static bool arrange(const rmt_detect_reading *reading, const rmt_outputs *outputs, unsigned way, heads *h)
{
    bool pair = way & 4;
    int32_t stride = 0;
    *h = (heads){.levels = outputs->count / 2};
    for (size_t i = 0; i < h->levels; i++) {
        h->scores[i] = head_of(&outputs->tensors[pair ? 2 * i : i], (way & 1) == 0);
        h->sides[i] = head_of(&outputs->tensors[pair ? 2 * i + 1 : i + h->levels], (way & 2) == 0);
        stride = stride_of(reading, i, h->scores[i].cells, stride);
        if (!fits(h, i) || stride == 0)
            return false;
        h->strides[i] = stride;
        h->cells += h->scores[i].cells;
    }
    return true;
}

static bool find_heads(const rmt_detect_reading *reading, const rmt_outputs *outputs, heads *h)
{
    if (outputs->count < 2 || outputs->count % 2 != 0 || outputs->count / 2 > RAMET_DETECT_MAX_LEVELS ||
        reading->images == 0)
        return false;
    for (size_t i = 0; i < outputs->count; i++)
        if (outputs->tensors[i].rank != 3 || outputs->tensors[i].dtype != RAMET_DTYPE_FLOAT32 ||
            outputs->tensors[i].dims[0] != (int64_t)reading->images)
            return false;
    for (unsigned way = 0; way < 8; way++)
        if (arrange(reading, outputs, way, h))
            return true;
    return false;
}

bool rmt_detect_are_heads(const rmt_detect_reading *reading, const rmt_outputs *outputs)
{
    heads found;
    return find_heads(reading, outputs, &found);
}

/* ---- cells to boxes --------------------------------------------------------------------------------------------------- */

/* The mean of 0, 1, 2, ... under the softmax of `bins` numbers. */
static double mean_distance(const float *numbers, int64_t bins, int64_t step)
{
    float most = numbers[0];
    for (int64_t i = 1; i < bins; i++)
        most = fmaxf(most, numbers[i * step]);
    double sum = 0, weighted = 0;
    for (int64_t i = 0; i < bins; i++) {
        double weight = exp((double)(numbers[i * step] - most));
        sum += weight;
        weighted += weight * (double)i;
    }
    return weighted / sum;
}

/* One cell -> left, top, right, bottom. */
static void decode_cell(const head *sides, const float *numbers, double x, double y, int32_t stride, float *box)
{
    int64_t bins = sides->channels / SIDES;
    double distance[SIDES];
    for (int i = 0; i < SIDES; i++)
        distance[i] = mean_distance(numbers + i * bins * sides->channel_step, bins, sides->channel_step) * stride;
    box[0] = (float)(x - distance[0]);
    box[1] = (float)(y - distance[1]);
    box[2] = (float)(x + distance[2]);
    box[3] = (float)(y + distance[3]);
}

static void decode_level(const heads *h, size_t level, size_t image, const ramet_detect_geometry *geometry,
                         float *boxes)
{
    const head *sides = &h->sides[level];
    int32_t stride = h->strides[level];
    int64_t columns = ((int64_t)geometry->input_width + stride - 1) / stride;
    const float *numbers = (const float *)sides->tensor->data + (int64_t)image * sides->cells * sides->channels;
    for (int64_t cell = 0; cell < sides->cells; cell++) {
        double x = ((double)(cell % columns) + 0.5) * stride, y = ((double)(cell / columns) + 0.5) * stride;
        decode_cell(sides, numbers + cell * sides->cell_step, x, y, stride, boxes + cell * SIDES);
    }
}

/* To [classes][cells of all levels], from where this level begins. */
static void take_scores(const heads *h, size_t level, size_t image, float *scores)
{
    const head *from = &h->scores[level];
    const float *numbers = (const float *)from->tensor->data + (int64_t)image * from->cells * from->channels;
    for (int64_t c = 0; c < from->channels; c++)
        for (int64_t cell = 0; cell < from->cells; cell++)
            scores[c * h->cells + cell] = numbers[cell * from->cell_step + c * from->channel_step];
}

/* To what the image covers of the input. */
static void clip(const ramet_detect_geometry *geometry, rmt_detect_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        for (int k = 0; k < SIDES; k++) {
            float most = geometry->im_shape[k % 2 == 0 ? 1 : 0] + (float)(k % 2 == 0 ? geometry->left : geometry->top);
            rows->items[i].box[k] = fmaxf(0, fminf(rows->items[i].box[k], most));
        }
    }
}

static ramet_status read_image(rmt_detect_reading *reading, const heads *h, size_t image, float *boxes, float *scores)
{
    const rmt_detect_candidates candidates = {boxes, scores, h->cells, h->scores[0].channels, SIDES};
    int64_t first = 0;
    for (size_t level = 0; level < h->levels; level++) {
        decode_level(h, level, image, &reading->geometries[image], boxes + first * SIDES);
        take_scores(h, level, image, scores + first);
        first += h->scores[level].cells;
    }
    ramet_status status = rmt_detect_suppress(reading, &candidates, &reading->rows[image]);
    if (status != RAMET_STATUS_OK)
        return status;
    clip(&reading->geometries[image], &reading->rows[image]);
    rmt_detect_rescale(&reading->geometries[image], &reading->rows[image]);
    return RAMET_STATUS_OK;
}

ramet_status rmt_detect_read_heads(rmt_detect_reading *reading, const rmt_outputs *outputs)
{
    heads h;
    if (!find_heads(reading, outputs, &h))
        return rmt_fail(reading->error, RAMET_STATUS_BAD_SHAPE, "the outputs are no heads of PicoDet");
    float *boxes = rmt_arena_alloc(reading->arena, (size_t)h.cells, SIDES * sizeof *boxes);
    float *scores = rmt_arena_alloc(reading->arena, (size_t)h.cells, (size_t)h.scores[0].channels * sizeof *scores);
    if (boxes == NULL || scores == NULL)
        return rmt_fail_memory(reading->error, (size_t)h.cells * sizeof *boxes);
    ramet_status status = RAMET_STATUS_OK;
    for (size_t i = 0; status == RAMET_STATUS_OK && i < reading->images; i++)
        status = read_image(reading, &h, i, boxes, scores);
    return status;
}

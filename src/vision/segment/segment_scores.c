/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scores of all classes to the best class, in the size of the image: as
 * cv2.resize of each class's plane and then an argmax, number by number.
 *
 * A row of the map is blended horizontally once, in all classes, and kept while
 * rows of the image need it; then one pass over the classes blends two such rows
 * and keeps the best. No more than two rows of all classes exist at a time.
 */
#include "vision/segment/segment.h"

#include <math.h>
#include <string.h>

static void start_best(size_t count, uint16_t *labels, float *best)
{
    for (size_t x = 0; x < count; x++) {
        labels[x] = 0;
        best[x] = -INFINITY;
    }
}

void rmt_scores_best(const float *scores, size_t pitch, int32_t classes, size_t count, uint16_t *labels, float *best)
{
    start_best(count, labels, best);
    for (int32_t c = 0; c < classes; c++) {
        const float *row = scores + (size_t)c * pitch;
        for (size_t x = 0; x < count; x++) {
            bool better = row[x] > best[x];
            best[x] = better ? row[x] : best[x];
            labels[x] = better ? (uint16_t)c : labels[x];
        }
    }
}

/* ---- rows -------------------------------------------------------------------------------------------------------- */

typedef struct score_column {
    int32_t left, right; /* of the map */
    float weight;        /* of the right one */
} score_column;

typedef struct score_resizer {
    const rmt_score_map *map;
    bool softmax;
    size_t width;          /* of the image */
    score_column *columns; /* [width] */
    float *rows[2];        /* [classes][width]; row y of the map is in slot y % 2 */
    int32_t row_of[2];     /* -1: none */
    float *soft;           /* [classes][map width]: the row that is being blended; NULL without softmax */
    float *best;           /* [width]: where the caller wants no scores */
} score_resizer;

/* exp(x - the largest) / their sum, down each column of [classes][width]. */
static void soften(float *scores, int32_t classes, size_t width)
{
    for (size_t x = 0; x < width; x++) {
        float most = -INFINITY, sum = 0;
        for (size_t c = 0; c < (size_t)classes; c++)
            most = fmaxf(most, scores[c * width + x]);
        for (size_t c = 0; c < (size_t)classes; c++) {
            scores[c * width + x] = expf(scores[c * width + x] - most);
            sum += scores[c * width + x];
        }
        for (size_t c = 0; c < (size_t)classes; c++)
            scores[c * width + x] /= sum;
    }
}

/* Without a weight the neighbour stays out of it, whatever it is. */
static void blend_columns(const score_resizer *r, const float *in, float *out)
{
    for (size_t x = 0; x < r->width; x++) {
        const score_column *column = &r->columns[x];
        float left = in[column->left];
        out[x] = column->weight > 0 ? left * (1.0F - column->weight) + in[column->right] * column->weight : left;
    }
}

/* Row y of the map in all classes, blended: [classes][width]. */
static const float *blended(score_resizer *r, int32_t y)
{
    int32_t slot = y % 2;
    size_t width = (size_t)r->map->extent.width, plane = width * (size_t)r->map->extent.height;
    const float *in = r->map->data + (size_t)y * width;
    if (r->row_of[slot] == y)
        return r->rows[slot];
    if (r->softmax) {
        for (size_t c = 0; c < (size_t)r->map->classes; c++)
            memcpy(r->soft + c * width, in + c * plane, width * sizeof *in);
        soften(r->soft, r->map->classes, width);
        in = r->soft;
        plane = width;
    }
    for (size_t c = 0; c < (size_t)r->map->classes; c++)
        blend_columns(r, in + c * plane, r->rows[slot] + c * r->width);
    r->row_of[slot] = y;
    return r->rows[slot];
}

/* The best of above * (1 - under) + below * under. */
static void best_of_two(const score_resizer *r, const float *above, const float *below, float under, uint16_t *labels,
                        float *best)
{
    float over = 1.0F - under;
    if (under == 0) {
        rmt_scores_best(above, r->width, r->map->classes, r->width, labels, best);
        return;
    }
    start_best(r->width, labels, best);
    for (int32_t c = 0; c < r->map->classes; c++, above += r->width, below += r->width) {
        for (size_t x = 0; x < r->width; x++) {
            float score = above[x] * over + below[x] * under;
            bool better = score > best[x];
            best[x] = better ? score : best[x];
            labels[x] = better ? (uint16_t)c : labels[x];
        }
    }
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static void set_columns(const rmt_map_axis *axis, score_column *columns, size_t width)
{
    for (size_t x = 0; x < width; x++) {
        float fraction;
        int32_t left = rmt_map_linear(axis, (int32_t)x, &fraction);
        bool inside = left >= axis->first && left < axis->end - 1;
        left = left < axis->first ? axis->first : left < axis->end ? left : axis->end - 1;
        columns[x] = (score_column){left, inside ? left + 1 : left, inside ? fraction : 0};
    }
}

/* Cuts the resizer's memory from one block. */
static bool take_memory(score_resizer *r, rmt_scratch *scratch)
{
    size_t classes = (size_t)r->map->classes, width = r->width, floats, row, soft = 0;
    size_t column_floats = width * (sizeof(score_column) / sizeof(float));
    if (!rmt_mul_size(classes, width, &row) || !rmt_mul_size(row, 2, &floats) ||
        (r->softmax && !rmt_mul_size(classes, (size_t)r->map->extent.width, &soft)) ||
        !rmt_add_size(floats, soft, &floats) || !rmt_add_size(floats, width + column_floats, &floats))
        return false;
    float *block = rmt_scratch_take(scratch, floats, sizeof *block);
    if (block == NULL)
        return false;
    r->columns = (score_column *)block;
    r->rows[0] = block + column_floats;
    r->rows[1] = r->rows[0] + row;
    r->best = r->rows[1] + row;
    r->soft = r->best + width;
    return true;
}

static int32_t row_within(const rmt_map_axis *axis, int64_t row)
{
    return row < axis->first ? axis->first : row < axis->end ? (int32_t)row : axis->end - 1;
}

ramet_status rmt_scores_resize(const rmt_score_map *map, const rmt_map_place *place, bool softmax, rmt_scratch *scratch,
                               ramet_segment_result *result, ramet_error *error)
{
    score_resizer r = {.map = map, .softmax = softmax, .width = (size_t)result->width, .row_of = {-1, -1}};
    if (!take_memory(&r, scratch))
        return rmt_fail_memory(error, 2 * (size_t)map->classes * r.width * sizeof(float));
    set_columns(&place->x, r.columns, r.width);
    for (int32_t y = 0; y < result->height; y++) {
        float under;
        int32_t row = rmt_map_linear(&place->y, y, &under);
        const float *above = blended(&r, row_within(&place->y, row));
        const float *below = blended(&r, row_within(&place->y, (int64_t)row + 1));
        float *best = result->score_map != NULL ? result->score_map + (size_t)y * r.width : r.best;
        best_of_two(&r, above, below, under, result->label_map + (size_t)y * r.width, best);
    }
    return RAMET_STATUS_OK;
}

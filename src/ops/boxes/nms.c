/* SPDX-License-Identifier: Apache-2.0 */
/* Suppression of overlapping boxes, and lists of detections. */
#include "ops/boxes/nms.h"

#include <math.h>

void *rmt_rooms_take(rmt_rooms *rooms, int64_t count, size_t size)
{
    void *taken = rooms->base == NULL ? NULL : rooms->base + rooms->bytes;
    rooms->bytes += rmt_round_up((size_t)count * size, RMT_PACK_ALIGN);
    return taken;
}

int64_t rmt_count_limit(const rmt_node *node, const char *name)
{
    int64_t limit = rmt_node_int(node, name, -1);
    return limit < 0 ? -1 : rmt_min_i64(limit, INT32_MAX);
}

int64_t rmt_image_rows(const rmt_view *counts, int64_t i, int64_t left)
{
    int64_t rows = 0;
    rmt_numbers_to_ints(counts->dtype, rmt_view_at(counts, i), 1, &rows, 1);
    return rmt_max_i64(0, rmt_min_i64(rows, left));
}

/* ---- boxes that stay ------------------------------------------------------------------------------------------ */

enum { AT_ONCE = 32, CORNERS = 4 };

bool rmt_box_size_is_known(int64_t coordinates)
{
    return coordinates == 4 || coordinates == 8 || coordinates == 16 || coordinates == 24 || coordinates == 32;
}

void rmt_kept_init(rmt_kept *kept, rmt_rooms *rooms, int64_t capacity, int32_t coordinates, bool normalized)
{
    *kept = (rmt_kept){.coordinates = coordinates, .normalized = normalized, .capacity = capacity};
    kept->areas = rmt_rooms_take(rooms, capacity, sizeof(float));
    kept->coordinate = rmt_rooms_take(rooms, capacity, (size_t)coordinates * sizeof(float));
}

void rmt_kept_begin(rmt_kept *kept, float threshold, float eta)
{
    kept->count = 0;
    kept->threshold = threshold;
    kept->eta = eta;
}

void rmt_kept_add(rmt_kept *kept, const float *box)
{
    int64_t at = kept->count++;
    if (kept->coordinates != CORNERS) {
        memcpy(kept->coordinate + at * kept->coordinates, box, (size_t)kept->coordinates * sizeof *box);
        return;
    }
    for (int i = 0; i < CORNERS; i++)
        kept->coordinate[i * kept->capacity + at] = box[i];
    kept->areas[at] = rmt_box_area(box, kept->normalized);
}

/* The number, or 0: without a branch, so that loops over it become vectors. */
static inline float only_if(bool condition, float number)
{
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    bits &= 0u - (uint32_t)condition;
    memcpy(&number, &bits, sizeof bits);
    return number;
}

/* Boxes that touch are not apart. A NaN is greater and smaller than nothing, and takes the choice that PaddlePaddle's does. */
static void overlaps_of(const rmt_kept *kept, const float box[CORNERS], int64_t first, int64_t n,
                        float *restrict overlaps)
{
    const float *x0 = kept->coordinate + first, *y0 = x0 + kept->capacity, *x1 = y0 + kept->capacity;
    const float *y1 = x1 + kept->capacity, *areas = kept->areas + first;
    const float a0 = box[0], a1 = box[1], a2 = box[2], a3 = box[3];
    const float area = rmt_box_area(box, kept->normalized), pixel = kept->normalized ? 0.0f : 1.0f;
    for (int64_t i = 0; i < n; i++) {
        float b0 = x0[i], b1 = y0[i], b2 = x1[i], b3 = y1[i];
        bool apart = (b0 > a2) | (b2 < a0) | (b1 > a3) | (b3 < a1);
        float w = (b2 < a2 ? b2 : a2) - (a0 < b0 ? b0 : a0) + pixel;
        float h = (b3 < a3 ? b3 : a3) - (a1 < b1 ? b1 : a1) + pixel;
        overlaps[i] = only_if(!apart, w * h / (area + areas[i] - w * h));
    }
}

void rmt_kept_overlaps(const rmt_kept *kept, const float box[CORNERS], float *overlaps)
{
    overlaps_of(kept, box, 0, kept->count, overlaps);
}

static bool is_free_corners(const rmt_kept *kept, const float *box)
{
    float overlaps[AT_ONCE];
    for (int64_t first = 0; first < kept->count; first += AT_ONCE) {
        int64_t n = rmt_min_i64(AT_ONCE, kept->count - first);
        overlaps_of(kept, box, first, n, overlaps);
        for (int64_t i = 0; i < n; i++)
            if (!(overlaps[i] <= kept->threshold))
                return false;
    }
    return true;
}

static bool is_free_polygon(const rmt_kept *kept, const float *box)
{
    for (int64_t i = 0; i < kept->count; i++) {
        const float *other = kept->coordinate + i * kept->coordinates;
        if (!(rmt_polygon_overlap(box, other, kept->coordinates / 2) <= kept->threshold))
            return false;
    }
    return true;
}

bool rmt_kept_try(rmt_kept *kept, const float *box)
{
    if (kept->coordinates == CORNERS ? !is_free_corners(kept, box) : !is_free_polygon(kept, box))
        return false;
    rmt_kept_add(kept, box);
    if (kept->eta < 1 && kept->threshold > 0.5f)
        kept->threshold *= kept->eta;
    return true;
}

/* ---- what was detected ---------------------------------------------------------------------------------------- */

void rmt_detections_init(rmt_detections *list, rmt_rooms *rooms, int64_t most, int64_t keep)
{
    *list = (rmt_detections){.keep = keep, .capacity = keep < 0 ? most : rmt_min_i64(most, 2 * keep)};
    list->items = rmt_rooms_take(rooms, list->capacity, sizeof *list->items);
    list->keys = rmt_rooms_take(rooms, list->capacity, sizeof *list->keys);
}

void rmt_detections_begin(rmt_detections *list, float least)
{
    list->count = 0;
    list->least = least;
}

void rmt_detections_cut(rmt_detections *list)
{
    if (list->keep < 0 || list->count <= list->keep)
        return;
    for (int64_t i = 0; i < list->count; i++)
        list->keys[i] = rmt_rank_key(list->items[i].score, i);
    list->count = rmt_rank_first(list->keys, list->count, list->keep);
    for (int64_t i = 0; i < list->count; i++) {
        list->items[i] = list->items[rmt_rank_number(list->keys[i])];
        if (i == 0 || list->items[i].score < list->least)
            list->least = list->items[i].score;
    }
}

void rmt_detections_add(rmt_detections *list, rmt_detection item)
{
    if (list->count == list->capacity)
        rmt_detections_cut(list);
    if (list->count < list->capacity)
        list->items[list->count++] = item;
}

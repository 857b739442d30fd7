/* SPDX-License-Identifier: Apache-2.0 */
/* Suppression of overlapping boxes, and lists of detections. */
#include "ops/nms.h"

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

/* Boxes that touch are not apart. A NaN is greater and smaller than nothing, and takes the choice that PaddlePaddle's does. */
static inline float overlap(const float a[CORNERS], float a_area, const float b[CORNERS], float b_area, float pixel)
{
    bool apart = (b[0] > a[2]) | (b[2] < a[0]) | (b[1] > a[3]) | (b[3] < a[1]);
    float x0 = a[0] < b[0] ? b[0] : a[0], y0 = a[1] < b[1] ? b[1] : a[1];
    float x1 = b[2] < a[2] ? b[2] : a[2], y1 = b[3] < a[3] ? b[3] : a[3];
    float both = (x1 - x0 + pixel) * (y1 - y0 + pixel);
    float share = both / (a_area + b_area - both);
    return apart ? 0.0f : share;
}

static void overlaps_of(const rmt_kept *kept, const float box[CORNERS], int64_t first, int64_t n,
                        float *restrict overlaps)
{
    const float *x0 = kept->coordinate + first, *y0 = x0 + kept->capacity, *x1 = y0 + kept->capacity;
    const float *y1 = x1 + kept->capacity, *areas = kept->areas + first;
    float a[CORNERS], area = rmt_box_area(box, kept->normalized), pixel = kept->normalized ? 0.0f : 1.0f;
    memcpy(a, box, sizeof a);
    for (int64_t i = 0; i < n; i++)
        overlaps[i] = overlap(a, area, (const float[CORNERS]){x0[i], y0[i], x1[i], y1[i]}, areas[i], pixel);
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

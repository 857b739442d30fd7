/* SPDX-License-Identifier: Apache-2.0 */
/*
 * non_max_suppression, ONNX's: for each image and class, the boxes that stay,
 * best first, as rows [image, class, box]. A box is two opposite corners
 * (y, x), or a center and its size (x, y, w, h).
 */
#include "ops/boxes/nms.h"

#include <math.h>

enum { BOXES, SCORES, MOST, OVERLAP, SCORE, CORNERS = 4, COLUMNS = 3 };

typedef struct suppression_params {
    bool centers;
} suppression_params;

static ramet_status suppression_load(rmt_op_load *load)
{
    ((suppression_params *)load->params)->centers = rmt_node_int(load->node, "center_point_box", 0) != 0;
    return rmt_load_inputs(load, 2);
}

/* The number of input i, which has one element; `otherwise` when it is absent, or not known yet. */
static double number_of(const rmt_view *in, int32_t in_count, int32_t i, double otherwise)
{
    int64_t whole = 0;
    if (i >= in_count || in[i].shape.rank < 0 || in[i].data == NULL)
        return otherwise;
    if (in[i].dtype == RAMET_DTYPE_FLOAT32)
        return (double)*(const float *)in[i].data;
    rmt_numbers_to_ints(in[i].dtype, in[i].data, 1, &whole, 1);
    return (double)whole;
}

/* Boxes of one class that may stay at most. */
static int64_t most_of(const rmt_view *in, int32_t in_count, double otherwise)
{
    int64_t boxes = in[BOXES].shape.dims[1];
    double most = number_of(in, in_count, MOST, otherwise);
    return most <= 0 ? 0 : most < (double)boxes ? (int64_t)most : boxes;
}

static ramet_status suppression_infer(rmt_op_infer *infer)
{
    const rmt_shape *boxes = &infer->in[BOXES].shape, *scores = &infer->in[SCORES].shape;
    ramet_status status = rmt_infer_float32(infer, BOXES);
    if (status == RAMET_STATUS_OK)
        status = rmt_infer_float32(infer, SCORES);
    if (status != RAMET_STATUS_OK)
        return status;
    if (boxes->rank != 3 || boxes->dims[2] != CORNERS || scores->rank != 3 || scores->dims[0] != boxes->dims[0] ||
        scores->dims[2] != boxes->dims[1] || boxes->dims[1] > INT32_MAX)
        return rmt_infer_fail(infer, "boxes [n,b,4] and scores [n,c,b] are wanted");
    for (int32_t i = MOST; i < infer->in_count; i++)
        if (infer->in[i].shape.rank >= 0 && rmt_shape_elements(&infer->in[i].shape) != 1)
            return rmt_infer_fail(infer, "a limit is not one number");
    bool given = infer->in_count > MOST && infer->in[MOST].shape.rank >= 0;
    rmt_shape rows = {3, {scores->dims[0], scores->dims[1], most_of(infer->in, infer->in_count, given ? INFINITY : 0)}};
    int64_t count = rmt_shape_elements(&rows);
    infer->out[0].dtype = RAMET_DTYPE_INT64;
    infer->out[0].shape = (rmt_shape){2, {count < 0 ? RMT_MAX_ELEMENTS : count, COLUMNS}};
    return rmt_infer_done(infer);
}

/* Parts of scratch: for the boxes of one class. */
typedef struct suppression_room {
    uint64_t *keys, *sorting;
    rmt_kept kept;
} suppression_room;

static size_t take_room(suppression_room *room, int64_t boxes, unsigned char *scratch)
{
    rmt_rooms rooms = {.base = scratch};
    room->keys = rmt_rooms_take(&rooms, boxes, sizeof *room->keys);
    room->sorting = rmt_rooms_take(&rooms, boxes, sizeof *room->sorting);
    rmt_kept_init(&room->kept, &rooms, boxes, CORNERS, true);
    return rooms.bytes;
}

static void suppression_place(rmt_op_place *place)
{
    suppression_room room;
    for (int32_t i = 0; i < place->in_count; i++)
        place->form[i] = RMT_FORM_DENSE;
    rmt_strides_dense(&place->out[0]);
    place->scratch_bytes = take_room(&room, place->in[BOXES].shape.dims[1], NULL);
}

/* The lower corner, then the upper one. */
static void ordered_box(const float *box, bool centers, float ordered[CORNERS])
{
    for (int side = 0; side < 2; side++) {
        float a = box[side], b = box[side + 2];
        ordered[side] = centers ? a - b / 2 : fminf(a, b);
        ordered[side + 2] = centers ? a + b / 2 : fmaxf(a, b);
    }
}

typedef struct suppression {
    const suppression_params *params;
    int64_t boxes, most;
    float overlap, least;
    suppression_room room;
} suppression;

/* Appends the rows of one class; returns how many. */
static int64_t suppress(suppression *s, const float *boxes, const float *scores, int64_t image, int64_t class,
                        int64_t *rows)
{
    int64_t found = 0, count = 0;
    for (int64_t i = 0; i < s->boxes; i++)
        if (scores[i] > s->least)
            s->room.keys[found++] = rmt_rank_key(scores[i], i);
    rmt_rank_sort(s->room.keys, found, s->room.sorting);
    rmt_kept_begin(&s->room.kept, s->overlap, 1);
    for (int64_t i = 0; i < found && count < s->most; i++) {
        int64_t number = rmt_rank_number(s->room.keys[i]);
        float box[CORNERS];
        ordered_box(boxes + number * CORNERS, s->params->centers, box);
        if (!rmt_kept_try(&s->room.kept, box))
            continue;
        int64_t *row = rows + COLUMNS * count++;
        row[0] = image;
        row[1] = class;
        row[2] = number;
    }
    return count;
}

static void suppression_run(const rmt_op_run *run)
{
    const rmt_shape *shape = &run->in[SCORES].shape;
    suppression s = {.params = run->params, .boxes = shape->dims[2], .most = most_of(run->in, run->in_count, 0)};
    s.overlap = (float)number_of(run->in, run->in_count, OVERLAP, 0);
    s.least = (float)number_of(run->in, run->in_count, SCORE, -INFINITY);
    take_room(&s.room, s.boxes, run->scratch);
    const float *boxes = run->in[BOXES].data, *scores = run->in[SCORES].data;
    int64_t *rows = run->out[0].data, count = 0;
    for (int64_t n = 0; n < shape->dims[0]; n++)
        for (int64_t c = 0; c < shape->dims[1]; c++)
            count += suppress(&s, boxes + n * s.boxes * CORNERS, scores + (n * shape->dims[1] + c) * s.boxes, n, c,
                              rows + COLUMNS * count);
    run->out_shapes[0].dims[0] = count;
}

const rmt_op rmt_op_non_max_suppression = {.name = "non_max_suppression",
                                           .params_bytes = sizeof(suppression_params),
                                           .flags = RMT_OP_DYNAMIC,
                                           .load = suppression_load,
                                           .infer = suppression_infer,
                                           .place = suppression_place,
                                           .run = suppression_run};

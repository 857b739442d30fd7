/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generate_proposals: of all anchors of a feature map the pre_nms_top_n best
 * by score, moved by their deltas, cut at the border of the image, without
 * small and overlapping ones: at most post_nms_top_n regions an image.
 *
 * scores [n, a, h, w], deltas [n, 4 * a, h, w], read channels last so that
 * anchor (y, x, a) is number (y * w + x) * a_count + a; anchors and variances
 * have four numbers for each, in that order. An image without regions gets one
 * of zeros. With nms_thresh <= 0 nothing is suppressed and post_nms_top_n has
 * no meaning; regions are then in order of scores.
 *
 * The first version's im_info [n, 3] says in its third number how much the
 * image was scaled, and min_size is that of the original.
 */
#include "ops/boxes/nms.h"
#include "ops/convolution/sliding_window.h"

#include <math.h>

enum { SCORES, DELTAS, IM_SHAPE, ANCHORS, VARIANCES };
enum { ROIS, PROBS, ROIS_NUM };
enum { CORNERS = 4 };

typedef struct proposal_params {
    int64_t pre_nms_top_n, post_nms_top_n;
    float nms_threshold, min_size, eta;
    bool pixel_offset, scaled;
} proposal_params;

static ramet_status proposal_load(rmt_op_load *load)
{
    const rmt_node *node = load->node;
    *(proposal_params *)load->params = (proposal_params){
        .pre_nms_top_n = rmt_count_limit(node, "pre_nms_top_n"),
        .post_nms_top_n = rmt_count_limit(node, "post_nms_top_n"),
        .nms_threshold = (float)rmt_node_float(node, "nms_thresh", 0.5),
        .min_size = fmaxf((float)rmt_node_float(node, "min_size", 0.1), 1.0f),
        .eta = (float)rmt_node_float(node, "eta", 1),
        .pixel_offset = rmt_node_bool(node, "pixel_offset", true),
        .scaled = rmt_node_bool(node, "scaled", false),
    };
    return rmt_load_inputs(load, 5);
}

/* Anchors of an image; how many of them are looked at; how many can be left. */
typedef struct amounts {
    int64_t anchors, before, after;
} amounts;

static amounts amounts_of(const proposal_params *params, const rmt_shape *scores)
{
    amounts a = {.anchors = rmt_dims_product(scores, 1, 4)};
    a.before = params->pre_nms_top_n > 0 ? rmt_min_i64(params->pre_nms_top_n, a.anchors) : a.anchors;
    bool cut = params->nms_threshold > 0 && params->post_nms_top_n > 0;
    a.after = rmt_max_i64(1, cut ? rmt_min_i64(params->post_nms_top_n, a.before) : a.before);
    return a;
}

static bool shapes_fit(const proposal_params *params, const rmt_view *in)
{
    const rmt_shape *scores = &in[SCORES].shape, *deltas = &in[DELTAS].shape, *image = &in[IM_SHAPE].shape;
    if (scores->rank != 4 || deltas->rank != 4 || image->rank != 2)
        return false;
    int64_t numbers = 4 * rmt_dims_product(scores, 1, 4);
    return deltas->dims[0] == scores->dims[0] && deltas->dims[1] == 4 * scores->dims[1] &&
           deltas->dims[2] == scores->dims[2] && deltas->dims[3] == scores->dims[3] &&
           image->dims[0] == scores->dims[0] && image->dims[1] >= (params->scaled ? 3 : 2) &&
           rmt_shape_elements(&in[ANCHORS].shape) == numbers && rmt_shape_elements(&in[VARIANCES].shape) == numbers;
}

static ramet_status proposal_infer(rmt_op_infer *infer)
{
    ramet_status status = RAMET_STATUS_OK;
    for (int32_t i = SCORES; i <= VARIANCES && status == RAMET_STATUS_OK; i++)
        status = rmt_infer_float32(infer, i);
    if (status != RAMET_STATUS_OK)
        return status;
    if (!shapes_fit(infer->params, infer->in))
        return rmt_infer_fail(infer, "scores [n,a,h,w], deltas [n,4a,h,w], image sizes [n,2] and four numbers of each "
                                     "anchor and variance are wanted");
    int64_t images = infer->in[SCORES].shape.dims[0], rows = 0;
    if (!rmt_mul_i64(images, amounts_of(infer->params, &infer->in[SCORES].shape).after, &rows))
        return rmt_infer_fail(infer, "too many results");
    const rmt_shape shapes[] = {{2, {rows, CORNERS}}, {2, {rows, 1}}, {1, {images}}};
    for (int32_t o = 0; o < infer->out_count && o <= ROIS_NUM; o++) {
        infer->out[o].dtype = o == ROIS_NUM ? RAMET_DTYPE_INT32 : RAMET_DTYPE_FLOAT32;
        infer->out[o].shape = shapes[o];
    }
    return rmt_infer_done(infer);
}

/* ---- run ------------------------------------------------------------------------------------------------------- */

typedef struct proposal_room {
    uint64_t *keys, *room;
    rmt_kept kept;
} proposal_room;

static void take_room(const proposal_params *params, const amounts *a, rmt_rooms *rooms, proposal_room *room)
{
    room->keys = rmt_rooms_take(rooms, a->anchors, sizeof *room->keys);
    room->room = rmt_rooms_take(rooms, a->before, sizeof *room->room);
    rmt_kept_init(&room->kept, rooms, a->after, CORNERS, !params->pixel_offset);
}

static void proposal_place(rmt_op_place *place)
{
    amounts a = amounts_of(place->params, &place->in[SCORES].shape);
    rmt_rooms rooms = {0};
    proposal_room unused;
    place->form[SCORES] = place->form[DELTAS] = RMT_FORM_CHANNELS_LAST;
    place->form[IM_SHAPE] = place->form[ANCHORS] = place->form[VARIANCES] = RMT_FORM_DENSE;
    for (int32_t o = 0; o < place->out_count; o++)
        rmt_strides_dense(&place->out[o]);
    take_room(place->params, &a, &rooms, &unused);
    place->scratch_bytes = rooms.bytes;
}

typedef struct proposal_loop {
    const proposal_params *params;
    rmt_pixels scores, deltas;
    const float *anchors, *variances;
    const float *image; /* height, width, scale of the image at hand */
    int32_t n;          /* its number */
} proposal_loop;

static const float *entry_at(const proposal_loop *loop, const rmt_pixels *of, int64_t anchor, int32_t numbers)
{
    int64_t pixel = anchor / loop->scores.c;
    return rmt_pixel_at(of, loop->n, (int32_t)(pixel / of->w), (int32_t)(pixel % of->w)) +
           anchor % loop->scores.c * numbers;
}

/* One side of a box: where an anchor from `low` to `high` goes. Mixed precision as PaddlePaddle has it. */
static void move_side(float low, float high, float offset, const float delta[2], const float variance[2], float to[2])
{
    static const double most = 4.135166556742356; /* log(1000 / 16) */
    float size = high - low + offset;
    float center = (float)((double)low + 0.5 * (double)size);
    float grown = variance[1] * delta[1];
    float moved = variance[0] * delta[0] * size + center;
    float wide = expf((float)most < grown ? (float)most : grown) * size;
    to[0] = moved - wide / 2;
    to[1] = moved + wide / 2 - offset;
}

static float clip(float value, float most)
{
    value = most < value ? most : value;
    return value < 0 ? 0 : value;
}

/* The region of an anchor, inside the image. */
static void region_of(const proposal_loop *loop, int64_t anchor, float box[CORNERS])
{
    const float *a = loop->anchors + anchor * CORNERS, *v = loop->variances + anchor * CORNERS;
    const float *delta = entry_at(loop, &loop->deltas, anchor, CORNERS);
    float offset = loop->params->pixel_offset ? 1.0f : 0.0f;
    for (int side = 0; side < 2; side++) {
        float to[2], most = loop->image[1 - side] - offset;
        const float d[2] = {delta[side], delta[side + 2]}, variance[2] = {v[side], v[side + 2]};
        move_side(a[side], a[side + 2], offset, d, variance, to);
        box[side] = clip(to[0], most);
        box[side + 2] = clip(to[1], most);
    }
}

static bool is_large(const proposal_loop *loop, const float box[CORNERS])
{
    const proposal_params *params = loop->params;
    for (int side = 0; side < 2; side++) {
        float length = box[side + 2] - box[side], size = length;
        if (params->pixel_offset) {
            size = length + 1.0f;
            if (!(box[side] + size / 2 <= loop->image[1 - side]))
                return false;
            if (params->scaled)
                size = length / loop->image[2] + 1.0f;
        }
        if (!(size >= params->min_size))
            return false;
    }
    return true;
}

/* Keys of the best anchors of the image in order. */
static int64_t rank_anchors(const proposal_loop *loop, const amounts *a, const proposal_room *room)
{
    int64_t count = 0;
    for (int32_t y = 0; y < loop->scores.h; y++) {
        for (int32_t x = 0; x < loop->scores.w; x++) {
            const float *scores = rmt_pixel_at(&loop->scores, loop->n, y, x);
            for (int32_t c = 0; c < loop->scores.c; c++, count++)
                room->keys[count] = rmt_rank_key(scores[c], count);
        }
    }
    count = rmt_rank_first(room->keys, count, a->before);
    rmt_rank_sort(room->keys, count, room->room);
    return count;
}

/* Regions of one image into boxes and probs; returns how many. */
static int64_t propose(const proposal_loop *loop, const amounts *a, proposal_room *room, float *boxes, float *probs)
{
    int64_t count = rank_anchors(loop, a, room), found = 0;
    rmt_kept_begin(&room->kept, loop->params->nms_threshold, loop->params->eta);
    for (int64_t i = 0; i < count && found < a->after; i++) {
        int64_t anchor = rmt_rank_number(room->keys[i]);
        float *box = boxes + found * CORNERS;
        region_of(loop, anchor, box);
        if (!is_large(loop, box) || (loop->params->nms_threshold > 0 && !rmt_kept_try(&room->kept, box)))
            continue;
        probs[found++] = *entry_at(loop, &loop->scores, anchor, 1);
    }
    if (found > 0)
        return found;
    memset(boxes, 0, CORNERS * sizeof *boxes);
    *probs = 0;
    return 1;
}

static void proposal_run(const rmt_op_run *run)
{
    const rmt_view *in = run->in;
    amounts a = amounts_of(run->params, &in[SCORES].shape);
    rmt_rooms rooms = {.base = run->scratch};
    proposal_room room;
    take_room(run->params, &a, &rooms, &room);
    proposal_loop loop = {.params = run->params,
                          .scores = rmt_pixels_of(&in[SCORES]),
                          .deltas = rmt_pixels_of(&in[DELTAS]),
                          .anchors = in[ANCHORS].data,
                          .variances = in[VARIANCES].data};
    int64_t rows = 0;
    for (loop.n = 0; loop.n < loop.scores.n; loop.n++) {
        loop.image = (const float *)in[IM_SHAPE].data + loop.n * in[IM_SHAPE].shape.dims[1];
        int64_t found = propose(&loop, &a, &room, (float *)run->out[ROIS].data + rows * CORNERS,
                                (float *)run->out[PROBS].data + rows);
        rows += found;
        if (run->out_count > ROIS_NUM)
            ((int32_t *)run->out[ROIS_NUM].data)[loop.n] = (int32_t)found;
    }
    run->out_shapes[ROIS].dims[0] = run->out_shapes[PROBS].dims[0] = rows;
}

const rmt_op rmt_op_generate_proposals = {.name = "generate_proposals",
                                          .params_bytes = sizeof(proposal_params),
                                          .flags = RMT_OP_DYNAMIC,
                                          .load = proposal_load,
                                          .infer = proposal_infer,
                                          .place = proposal_place,
                                          .run = proposal_run};

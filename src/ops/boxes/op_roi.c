/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roi_align, roi_pool: each region of a feature map as a small image of its
 * own. x [n, c, h, w], regions [r, 4] in pixels of the original image, counts
 * [n] of the regions of each image (absent: all are of the first). Channels
 * last, so that a sample is a row of channels.
 *
 * roi_align takes the mean of samples between four pixels each; a sample
 * beyond the map counts as 0. roi_pool takes the maximum of pixels.
 */
#include "ops/boxes/nms.h"
#include "ops/convolution/sliding_window.h"

#include <float.h>
#include <math.h>

enum { X, ROIS, ROIS_NUM };
enum { CORNERS = 4, MOST_SIDE = 4096, BATCH = 96 };

typedef struct roi_params {
    bool pool, aligned;
    int32_t out_h, out_w, samples; /* samples along a side of a cell; 0: as many as pixels */
    float scale;
} roi_params;

static ramet_status roi_load(rmt_op_load *load)
{
    roi_params *params = load->params;
    const rmt_node *node = load->node;
    int64_t h = rmt_node_int(node, "pooled_height", 1), w = rmt_node_int(node, "pooled_width", 1);
    int64_t samples = rmt_node_int(node, "sampling_ratio", -1);
    if (h < 1 || w < 1 || h > MOST_SIDE || w > MOST_SIDE || samples > MOST_SIDE)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "regions of %lld x %lld with sampling_ratio %lld",
                        (long long)w, (long long)h, (long long)samples);
    *params = (roi_params){.pool = strcmp(node->op, "roi_pool") == 0,
                           .aligned = rmt_node_bool(node, "aligned", false),
                           .out_h = (int32_t)h,
                           .out_w = (int32_t)w,
                           .samples = (int32_t)rmt_max_i64(samples, 0),
                           .scale = (float)rmt_node_float(node, "spatial_scale", 1)};
    return rmt_load_inputs(load, 2);
}

static bool has_counts(const rmt_view *in, int32_t in_count)
{
    return in_count > ROIS_NUM && in[ROIS_NUM].shape.rank >= 0;
}

static ramet_status roi_infer(rmt_op_infer *infer)
{
    const roi_params *params = infer->params;
    const rmt_shape *x = &infer->in[X].shape, *rois = &infer->in[ROIS].shape;
    ramet_status status = rmt_infer_float32(infer, X);
    if (status == RAMET_STATUS_OK)
        status = rmt_infer_float32(infer, ROIS);
    if (status != RAMET_STATUS_OK)
        return status;
    if (x->rank != 4 || rois->rank != 2 || rois->dims[1] != CORNERS)
        return rmt_infer_fail(infer, "a map [n,c,h,w] and regions [r,4] are wanted");
    if (rois->dims[0] > 0 && rmt_dims_product(x, 2, 4) * x->dims[0] == 0)
        return rmt_infer_fail(infer, "there is nothing to take regions of");
    if (has_counts(infer->in, infer->in_count)) {
        const rmt_view *counts = &infer->in[ROIS_NUM];
        if (counts->shape.rank != 1 || counts->shape.dims[0] != x->dims[0] ||
            (counts->dtype != RAMET_DTYPE_INT32 && counts->dtype != RAMET_DTYPE_INT64))
            return rmt_infer_fail(infer, "the counts are not one integer for each image");
    }
    infer->out[0].dtype = RAMET_DTYPE_FLOAT32;
    infer->out[0].shape = (rmt_shape){4, {rois->dims[0], x->dims[1], params->out_h, params->out_w}};
    if (infer->out_count > 1) { /* roi_pool's second result serves training */
        infer->out[1].dtype = RAMET_DTYPE_INT64;
        infer->out[1].shape = (rmt_shape){1, {0}};
    }
    return rmt_infer_done(infer);
}

typedef struct roi_room {
    int32_t *images; /* of each region */
    float *sums;     /* c floats of each thread */
    int64_t thread_floats;
} roi_room;

static void take_room(const rmt_view *in, int threads, rmt_rooms *rooms, roi_room *room)
{
    room->images = rmt_rooms_take(rooms, in[ROIS].shape.dims[0], sizeof *room->images);
    room->thread_floats = (int64_t)rmt_round_up((size_t)in[X].shape.dims[1], RMT_PACK_ALIGN / sizeof(float));
    room->sums = rmt_rooms_take(rooms, room->thread_floats * threads, sizeof *room->sums);
}

static void roi_place(rmt_op_place *place)
{
    rmt_rooms rooms = {0};
    roi_room unused;
    place->form[X] = RMT_FORM_CHANNELS_LAST;
    place->form[ROIS] = RMT_FORM_DENSE;
    if (place->in_count > ROIS_NUM)
        place->form[ROIS_NUM] = RMT_FORM_DENSE;
    rmt_strides_channels_last(&place->out[0]);
    place->place[0].any_pixel_stride = true;
    if (place->out_count > 1)
        rmt_strides_dense(&place->out[1]);
    take_room(place->in, place->threads, &rooms, &unused);
    place->scratch_bytes = rooms.bytes;
}

/* ---- run ------------------------------------------------------------------------------------------------------- */

typedef struct roi_loop {
    const rmt_op_run *run;
    const roi_params *params;
    rmt_pixels x, y;
    roi_room room;
} roi_loop;

/* A region along one side of the map: where it starts, how long a cell is, samples of a cell. */
typedef struct side {
    float start, cell;
    int32_t samples, size; /* size: of the map */
} side;

static side side_of(const roi_params *params, float low, float high, int32_t cells, int32_t size)
{
    float offset = params->aligned ? 0.5f : 0.0f;
    float start = low * params->scale - offset, end = high * params->scale - offset, length = end - start;
    if (!params->aligned && !(length >= 1.0f))
        length = 1.0f;
    side s = {.start = start, .cell = length / (float)cells, .samples = params->samples, .size = size};
    if (params->samples == 0)
        s.samples = (int32_t)fminf(fmaxf(ceilf(length / (float)cells), 0.0f), (float)(1 << 24));
    return s;
}

static float sample_at(const side *s, int32_t cell, int32_t i)
{
    return s->start + s->cell * ((float)cell + ((float)i + 0.5f) / (float)s->samples);
}

/* The first of the samples that may lie within the map: those far before it are not walked through. */
static int32_t first_sample(const side *s, int32_t cell)
{
    float skipped = ((-1.0f - s->start) / s->cell - (float)cell) * (float)s->samples - 2.0f;
    return s->cell > 0 && skipped > 0 ? (int32_t)fminf(skipped, (float)s->samples) : 0;
}

/* No later sample lies within the map either. */
static bool is_behind(const side *s, float at) { return at > (float)s->size && s->cell > 0; }

/* Between which pixels a sample lies, and the weight of the second. False: outside of the map. */
static bool between(const side *s, float at, int32_t *low, int32_t *high, float *weight)
{
    if (!(at >= -1.0f && at <= (float)s->size))
        return false;
    at = at <= 0 ? 0 : at;
    *low = (int32_t)at;
    *high = *low + 1;
    if (*low >= s->size - 1) {
        *low = *high = s->size - 1;
        at = (float)*low;
    }
    *weight = 1.0f - ((float)*high - at);
    return true;
}

/* Pixels and weights whose sum is a cell, in batches. */
typedef struct blend {
    const float *pixels[BATCH];
    float weights[BATCH];
    int32_t count;
    float *out, *room; /* out: the cell; room: a batch that is not the first */
    bool begun;
} blend;

static void flush(const roi_loop *loop, blend *b)
{
    int32_t channels = loop->x.c;
    if (b->begun && b->count == 0)
        return;
    loop->run->kernels->blend(b->pixels, b->weights, b->count, b->begun ? b->room : b->out, channels);
    if (b->begun)
        loop->run->kernels->reduce_into(RMT_REDUCE_SUM, b->out, b->room, channels);
    b->begun = true;
    b->count = 0;
}

static void add_pixel(blend *b, const float *pixel, float weight)
{
    b->pixels[b->count] = pixel;
    b->weights[b->count++] = weight;
}

/* One row of samples of a cell: pixels lie in rows y0 and y1, of which y1 has weight wy. */
static void add_samples(const roi_loop *loop, int32_t image, int32_t y0, int32_t y1, float wy, const side *h,
                        int32_t cell, blend *b)
{
    int32_t x0, x1;
    float wx;
    for (int32_t i = first_sample(h, cell); i < h->samples; i++) {
        float x = sample_at(h, cell, i);
        if (is_behind(h, x))
            return;
        if (!between(h, x, &x0, &x1, &wx))
            continue;
        if (b->count + 4 > BATCH)
            flush(loop, b);
        add_pixel(b, rmt_pixel_at(&loop->x, image, y0, x0), (1.0f - wx) * (1.0f - wy));
        add_pixel(b, rmt_pixel_at(&loop->x, image, y0, x1), wx * (1.0f - wy));
        add_pixel(b, rmt_pixel_at(&loop->x, image, y1, x0), (1.0f - wx) * wy);
        add_pixel(b, rmt_pixel_at(&loop->x, image, y1, x1), wx * wy);
    }
}

/* A region without length has no samples, and no mean. */
static void align_cell(const roi_loop *loop, int32_t image, const side *v, const side *h, int32_t row, int32_t column,
                       blend *b)
{
    float factor = (float)(1.0 / ((double)v->samples * (double)h->samples));
    for (int32_t i = first_sample(v, row); i < v->samples; i++) {
        int32_t y0, y1;
        float wy, y = sample_at(v, row, i);
        if (is_behind(v, y))
            break;
        if (between(v, y, &y0, &y1, &wy))
            add_samples(loop, image, y0, y1, wy, h, column, b);
    }
    flush(loop, b);
    for (int32_t c = 0; c < loop->x.c; c++)
        b->out[c] *= factor;
}

static void align_region(const roi_loop *loop, int64_t region, int thread)
{
    const float *box = (const float *)loop->run->in[ROIS].data + region * CORNERS;
    blend b = {.room = loop->room.sums + thread * loop->room.thread_floats};
    side v = side_of(loop->params, box[1], box[3], loop->y.h, loop->x.h);
    side h = side_of(loop->params, box[0], box[2], loop->y.w, loop->x.w);
    for (int32_t row = 0; row < loop->y.h; row++) {
        for (int32_t column = 0; column < loop->y.w; column++) {
            b.out = rmt_pixel_at(&loop->y, (int32_t)region, row, column);
            b.begun = false;
            align_cell(loop, loop->room.images[region], &v, &h, row, column, &b);
        }
    }
}

/* Whole pixels [low, high) of cell `cell` of a region from pixel `first` to `last`. */
static void pool_cell(int32_t first, int32_t last, int32_t cells, int32_t cell, int32_t size, int32_t *low,
                      int32_t *high)
{
    float length = (float)rmt_max_i64((int64_t)last - first + 1, 1) / (float)cells;
    int64_t start = (int64_t)floorf((float)cell * length) + first;
    int64_t end = (int64_t)ceilf((float)(cell + 1) * length) + first;
    *low = (int32_t)rmt_min_i64(rmt_max_i64(start, 0), size);
    *high = (int32_t)rmt_min_i64(rmt_max_i64(end, 0), size);
}

/* Far away is far enough. */
static int32_t pixel_of(float coordinate, float scale)
{
    float pixel = roundf(coordinate * scale);
    return pixel >= -1e9f ? (int32_t)fminf(pixel, 1e9f) : -1000000000;
}

static void pool_region(const roi_loop *loop, int64_t region)
{
    const float *box = (const float *)loop->run->in[ROIS].data + region * CORNERS;
    int32_t at[CORNERS], x0, x1, y0, y1;
    for (int i = 0; i < CORNERS; i++)
        at[i] = pixel_of(box[i], loop->params->scale);
    for (int32_t row = 0; row < loop->y.h; row++) {
        pool_cell(at[1], at[3], loop->y.h, row, loop->x.h, &y0, &y1);
        for (int32_t column = 0; column < loop->y.w; column++) {
            float *out = rmt_pixel_at(&loop->y, (int32_t)region, row, column);
            pool_cell(at[0], at[2], loop->y.w, column, loop->x.w, &x0, &x1);
            for (int32_t c = 0; c < loop->x.c; c++)
                out[c] = y0 < y1 && x0 < x1 ? -FLT_MAX : 0;
            for (int32_t y = y0; y < y1; y++)
                for (int32_t x = x0; x < x1; x++)
                    loop->run->kernels->reduce_into(RMT_REDUCE_MAX, out,
                                                    rmt_pixel_at(&loop->x, loop->room.images[region], y, x), loop->x.c);
        }
    }
}

static void roi_regions(void *context, int64_t first, int64_t last, int thread)
{
    const roi_loop *loop = context;
    for (int64_t region = first; region < last; region++)
        if (loop->params->pool)
            pool_region(loop, region);
        else
            align_region(loop, region, thread);
}

/* Regions that the counts do not reach belong to the last image. */
static void find_images(const rmt_op_run *run, int32_t *images)
{
    int64_t count = run->in[ROIS].shape.dims[0], last = run->in[X].shape.dims[0] - 1, at = 0;
    bool counted = has_counts(run->in, run->in_count);
    for (int64_t n = 0; counted && n < last; n++)
        for (int64_t end = at + rmt_image_rows(&run->in[ROIS_NUM], n, count - at); at < end; at++)
            images[at] = (int32_t)n;
    for (; at < count; at++)
        images[at] = counted ? (int32_t)last : 0;
}

static void roi_run(const rmt_op_run *run)
{
    roi_loop loop = {run, run->params, rmt_pixels_of(&run->in[X]), rmt_pixels_of(&run->out[0]), {0}};
    rmt_rooms rooms = {.base = run->scratch};
    if (rmt_shape_elements(&run->out[0].shape) == 0)
        return;
    take_room(run->in, rmt_team_size(run->team), &rooms, &loop.room);
    find_images(run, loop.room.images);
    rmt_for_range(run->team, loop.y.n, 4, roi_regions, &loop);
}

const rmt_op rmt_op_roi = {.name = "roi",
                           .params_bytes = sizeof(roi_params),
                           .load = roi_load,
                           .infer = roi_infer,
                           .place = roi_place,
                           .run = roi_run};

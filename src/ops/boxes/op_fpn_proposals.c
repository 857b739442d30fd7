/* SPDX-License-Identifier: Apache-2.0 */
/*
 * distribute_fpn_proposals: regions to the level of a feature pyramid that
 * suits their size, and where each has gone; collect_fpn_proposals: the
 * regions of all levels with the best scores, image by image.
 */
#include "ops/boxes/nms.h"

#include <math.h>

enum { CORNERS = 4, MOST_LEVELS = 64 };

static bool is_list_of_boxes(const rmt_view *view)
{
    return view->dtype == RAMET_DTYPE_FLOAT32 && view->shape.rank == 2 && view->shape.dims[1] == CORNERS;
}

static bool is_list_of_counts(const rmt_view *view)
{
    return view->shape.rank == 1 && (view->dtype == RAMET_DTYPE_INT32 || view->dtype == RAMET_DTYPE_INT64);
}

static void set_output(rmt_op_infer *infer, int32_t o, ramet_dtype dtype, rmt_shape shape)
{
    if (o < infer->out_count) {
        infer->out[o].dtype = dtype;
        infer->out[o].shape = shape;
    }
}

/* ---- distribute ------------------------------------------------------------------------------------------------ */

enum { ROIS, ROIS_NUM };

typedef struct distribute_params {
    int32_t min_level, levels, refer_level, refer_scale;
    bool pixel_offset;
} distribute_params;

static ramet_status distribute_load(rmt_op_load *load)
{
    distribute_params *params = load->params;
    const rmt_node *node = load->node;
    int64_t low = rmt_node_int(node, "min_level", 2), high = rmt_node_int(node, "max_level", 5);
    int64_t level = rmt_node_int(node, "refer_level", 4), scale = rmt_node_int(node, "refer_scale", 224);
    bool small = low >= -1000 && high <= 1000 && level >= -1000 && level <= 1000;
    if (!small || low > high || high - low >= MOST_LEVELS || scale < 1 || scale > INT32_MAX)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT,
                        "levels %lld to %lld, or their reference %lld at size %lld", (long long)low, (long long)high,
                        (long long)level, (long long)scale);
    *params = (distribute_params){.min_level = (int32_t)low,
                                  .levels = (int32_t)(high - low + 1),
                                  .refer_level = (int32_t)level,
                                  .refer_scale = (int32_t)scale,
                                  .pixel_offset = rmt_node_bool(node, "pixel_offset", true)};
    if (node->output_count <= params->levels)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "%d outputs are too few for %d levels",
                        (int)node->output_count, (int)params->levels);
    return rmt_load_inputs(load, 1);
}

static bool has_counts(const rmt_view *in, int32_t in_count)
{
    return in_count > ROIS_NUM && in[ROIS_NUM].shape.rank >= 0;
}

static ramet_status distribute_infer(rmt_op_infer *infer)
{
    const distribute_params *params = infer->params;
    bool counted = has_counts(infer->in, infer->in_count);
    if (!is_list_of_boxes(&infer->in[ROIS]) || (counted && !is_list_of_counts(&infer->in[ROIS_NUM])))
        return rmt_infer_fail(infer, "float32 regions [m,4] and integer counts [n] are wanted");
    int64_t rows = infer->in[ROIS].shape.dims[0], images = counted ? infer->in[ROIS_NUM].shape.dims[0] : 1;
    for (int32_t level = 0; level < params->levels; level++) {
        set_output(infer, level, RAMET_DTYPE_FLOAT32, (rmt_shape){2, {rows, CORNERS}});
        set_output(infer, params->levels + 1 + level, RAMET_DTYPE_INT32, (rmt_shape){1, {images}});
    }
    set_output(infer, params->levels, RAMET_DTYPE_INT32, (rmt_shape){2, {rows, 1}});
    if (infer->out_count > 2 * params->levels + 1)
        return rmt_infer_fail(infer, "%d outputs are too many", (int)infer->out_count);
    return rmt_infer_done(infer);
}

static void distribute_place(rmt_op_place *place)
{
    for (int32_t i = 0; i < place->in_count; i++)
        place->form[i] = RMT_FORM_DENSE;
    for (int32_t o = 0; o < place->out_count; o++)
        rmt_strides_dense(&place->out[o]);
    place->scratch_bytes = (size_t)place->in[ROIS].shape.dims[0]; /* the level of each region */
}

static unsigned char level_of(const distribute_params *params, const float box[CORNERS])
{
    float size = sqrtf(rmt_box_area(box, !params->pixel_offset));
    float level = floorf(log2f(size / (float)params->refer_scale + 1e-6f) + (float)params->refer_level);
    level -= (float)params->min_level;
    return (unsigned char)(level > 0 ? fminf(level, (float)(params->levels - 1)) : 0);
}

/* Regions of each level, and of each level and image; returns how many of all. */
static int64_t count_levels(const rmt_op_run *run, int64_t counts[MOST_LEVELS])
{
    const distribute_params *params = run->params;
    bool counted = has_counts(run->in, run->in_count);
    int64_t images = counted ? run->in[ROIS_NUM].shape.dims[0] : 1, rows = run->in[ROIS].shape.dims[0], start = 0;
    for (int64_t n = 0; n < images; n++) {
        int64_t here = counted ? rmt_image_rows(&run->in[ROIS_NUM], n, rows - start) : rows, before[MOST_LEVELS];
        memcpy(before, counts, sizeof before);
        for (int64_t i = start; i < start + here; i++) {
            run->scratch[i] = level_of(params, (const float *)run->in[ROIS].data + i * CORNERS);
            counts[run->scratch[i]]++;
        }
        for (int32_t level = 0; level < params->levels && params->levels + 1 + level < run->out_count; level++)
            ((int32_t *)run->out[params->levels + 1 + level].data)[n] = (int32_t)(counts[level] - before[level]);
        start += here;
    }
    return start;
}

static void distribute_run(const rmt_op_run *run)
{
    const distribute_params *params = run->params;
    int64_t counts[MOST_LEVELS] = {0}, starts[MOST_LEVELS], used[MOST_LEVELS] = {0};
    int64_t rows = count_levels(run, counts);
    for (int32_t level = 0; level < params->levels; level++) {
        starts[level] = level == 0 ? 0 : starts[level - 1] + counts[level - 1];
        run->out_shapes[level].dims[0] = counts[level];
    }
    run->out_shapes[params->levels].dims[0] = rows;
    for (int64_t i = 0; i < rows; i++) {
        int level = run->scratch[i];
        memcpy((float *)run->out[level].data + used[level] * CORNERS, (const float *)run->in[ROIS].data + i * CORNERS,
               CORNERS * sizeof(float));
        ((int32_t *)run->out[params->levels].data)[i] = (int32_t)(starts[level] + used[level]++);
    }
}

const rmt_op rmt_op_distribute_fpn_proposals = {.name = "distribute_fpn_proposals",
                                                .params_bytes = sizeof(distribute_params),
                                                .flags = RMT_OP_DYNAMIC,
                                                .load = distribute_load,
                                                .infer = distribute_infer,
                                                .place = distribute_place,
                                                .run = distribute_run};

/* ---- collect ---------------------------------------------------------------------------------------------------- */

enum { OUT_ROIS, OUT_NUM };

typedef struct collect_params {
    int32_t levels;
    int64_t most; /* of all images together */
} collect_params;

static ramet_status collect_load(rmt_op_load *load)
{
    collect_params *params = load->params;
    int64_t levels = rmt_node_int(load->node, "levels", 0);
    params->most = rmt_max_i64(0, rmt_count_limit(load->node, "post_nms_top_n"));
    if (levels < 1 || levels > MOST_LEVELS)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "%lld levels", (long long)levels);
    params->levels = (int32_t)levels;
    bool counted = load->node->input_count > 2 * params->levels;
    return rmt_load_inputs(load, counted ? 3 * params->levels : 2 * params->levels);
}

static bool level_fits(const rmt_op_infer *infer, const collect_params *params, int32_t level)
{
    const rmt_view *rois = &infer->in[level], *scores = &infer->in[params->levels + level];
    if (!is_list_of_boxes(rois) || scores->dtype != RAMET_DTYPE_FLOAT32 ||
        rmt_shape_elements(&scores->shape) != rois->shape.dims[0])
        return false;
    if (infer->in_count <= 2 * params->levels)
        return true;
    const rmt_view *counts = &infer->in[2 * params->levels];
    return is_list_of_counts(&counts[level]) && counts[level].shape.dims[0] == counts->shape.dims[0];
}

static ramet_status collect_infer(rmt_op_infer *infer)
{
    const collect_params *params = infer->params;
    int64_t rows = 0, images = 1;
    for (int32_t level = 0; level < params->levels; level++) {
        if (!level_fits(infer, params, level))
            return rmt_infer_fail(infer, "level %d: float32 regions [m,4], as many scores, and counts [n] are wanted",
                                  (int)level);
        rows += infer->in[level].shape.dims[0];
    }
    if (infer->in_count > 2 * params->levels)
        images = infer->in[2 * params->levels].shape.dims[0];
    set_output(infer, OUT_ROIS, RAMET_DTYPE_FLOAT32, (rmt_shape){2, {rmt_min_i64(rows, params->most), CORNERS}});
    set_output(infer, OUT_NUM, RAMET_DTYPE_INT32, (rmt_shape){1, {images}});
    return rows > RMT_MAX_ELEMENTS ? rmt_infer_fail(infer, "too many regions") : rmt_infer_done(infer);
}

/* One region: of which level and image, the how manieth of its level. */
typedef struct region {
    int32_t level, image;
    int64_t index;
    float score;
} region;

typedef struct collect_room {
    region *regions;
    uint64_t *keys, *room;
    int64_t *rows; /* where the next region of each image goes */
} collect_room;

static bool is_counted(const collect_params *params, int32_t in_count) { return in_count > 2 * params->levels; }

static int64_t images_of(const collect_params *params, const rmt_view *in, int32_t in_count)
{
    return is_counted(params, in_count) ? in[2 * params->levels].shape.dims[0] : 1;
}

static void take_room(const collect_params *params, const rmt_view *in, int32_t in_count, rmt_rooms *rooms,
                      collect_room *room)
{
    int64_t most = 0;
    for (int32_t level = 0; level < params->levels; level++)
        most += in[level].shape.dims[0];
    room->regions = rmt_rooms_take(rooms, most, sizeof *room->regions);
    room->keys = rmt_rooms_take(rooms, most, sizeof *room->keys);
    room->room = rmt_rooms_take(rooms, rmt_min_i64(most, params->most), sizeof *room->room);
    room->rows = rmt_rooms_take(rooms, images_of(params, in, in_count) + 1, sizeof *room->rows);
}

static void collect_place(rmt_op_place *place)
{
    rmt_rooms rooms = {0};
    collect_room unused;
    for (int32_t i = 0; i < place->in_count; i++)
        place->form[i] = RMT_FORM_DENSE;
    for (int32_t o = 0; o < place->out_count; o++)
        rmt_strides_dense(&place->out[o]);
    take_room(place->params, place->in, place->in_count, &rooms, &unused);
    place->scratch_bytes = rooms.bytes;
}

/* Appends the regions of a level to a list of `count`; returns how many there are then. */
static int64_t list_level(const rmt_op_run *run, int32_t level, region *regions, int64_t count)
{
    const collect_params *params = run->params;
    bool counted = is_counted(params, run->in_count);
    int64_t images = images_of(params, run->in, run->in_count), rows = run->in[level].shape.dims[0], at = 0;
    const float *scores = run->in[params->levels + level].data;
    for (int64_t n = 0; n < images; n++) {
        int64_t here = counted ? rmt_image_rows(&run->in[2 * params->levels + level], n, rows - at) : rows;
        for (int64_t end = at + here; at < end; at++)
            regions[count++] = (region){.level = level, .image = (int32_t)n, .index = at, .score = scores[at]};
    }
    return count;
}

/* Keys of the best regions in order, numbered from the last: of equal scores PaddlePaddle puts the last first. */
static int64_t rank_regions(const collect_params *params, const collect_room *room, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        room->keys[i] = rmt_rank_key(room->regions[count - 1 - i].score, i);
    int64_t best = rmt_rank_first(room->keys, count, params->most);
    rmt_rank_sort(room->keys, best, room->room);
    return best;
}

/* The regions by image, in each by rank. */
static void write_regions(const rmt_op_run *run, const collect_room *room, int64_t count, int64_t best)
{
    for (int64_t i = 0; i < best; i++) {
        const region *from = &room->regions[count - 1 - rmt_rank_number(room->keys[i])];
        memcpy((float *)run->out[OUT_ROIS].data + room->rows[from->image]++ * CORNERS,
               (const float *)run->in[from->level].data + from->index * CORNERS, CORNERS * sizeof(float));
    }
}

static void collect_run(const rmt_op_run *run)
{
    const collect_params *params = run->params;
    int64_t images = images_of(params, run->in, run->in_count), count = 0;
    rmt_rooms rooms = {.base = run->scratch};
    collect_room room;
    take_room(params, run->in, run->in_count, &rooms, &room);
    for (int32_t level = 0; level < params->levels; level++)
        count = list_level(run, level, room.regions, count);
    int64_t best = rank_regions(params, &room, count);
    memset(room.rows, 0, (size_t)(images + 1) * sizeof *room.rows);
    for (int64_t i = 0; i < best; i++)
        room.rows[room.regions[count - 1 - rmt_rank_number(room.keys[i])].image + 1]++;
    for (int64_t n = 0; n < images; n++) {
        if (run->out_count > OUT_NUM)
            ((int32_t *)run->out[OUT_NUM].data)[n] = (int32_t)room.rows[n + 1];
        room.rows[n + 1] += room.rows[n];
    }
    write_regions(run, &room, count, best);
    run->out_shapes[OUT_ROIS].dims[0] = best;
}

const rmt_op rmt_op_collect_fpn_proposals = {.name = "collect_fpn_proposals",
                                             .params_bytes = sizeof(collect_params),
                                             .flags = RMT_OP_DYNAMIC,
                                             .load = collect_load,
                                             .infer = collect_infer,
                                             .place = collect_place,
                                             .run = collect_run};

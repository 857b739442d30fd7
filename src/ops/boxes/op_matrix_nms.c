/* SPDX-License-Identifier: Apache-2.0 */
/*
 * matrix_nms: no box goes, but its score decays by how much it overlaps better
 * ones of its class (and they those before them); what is left above
 * post_threshold, the best keep_top_k of an image, in order of scores.
 *
 * Boxes [n, m, size], of which the first four numbers are two corners; scores
 * [n, classes, m]. Without keep_top_k there may be as many results as scores.
 */
#include "ops/boxes/nms.h"

#include <math.h>

enum { BOXES, SCORES };
enum { OUT, INDEX, OUT_NUM };
enum { MOST_GROUPS = 16, CORNERS = 4 };

typedef struct matrix_params {
    float score_threshold, post_threshold, sigma;
    int64_t nms_top_k, keep_top_k, background;
    bool normalized, gaussian;
} matrix_params;

static ramet_status matrix_load(rmt_op_load *load)
{
    const rmt_node *node = load->node;
    *(matrix_params *)load->params = (matrix_params){
        .score_threshold = (float)rmt_node_float(node, "score_threshold", 0),
        .post_threshold = (float)rmt_node_float(node, "post_threshold", 0),
        .sigma = (float)rmt_node_float(node, "gaussian_sigma", 2),
        .nms_top_k = rmt_count_limit(node, "nms_top_k"),
        .keep_top_k = rmt_count_limit(node, "keep_top_k"),
        .background = rmt_node_int(node, "background_label", 0),
        .normalized = rmt_node_bool(node, "normalized", true),
        .gaussian = rmt_node_bool(node, "use_gaussian", false),
    };
    return rmt_load_inputs(load, 2);
}

/* The most there can be of everything; results are of one class, or of one image. */
typedef struct layout {
    int64_t images, boxes, classes, size;
    int64_t of_class, of_image;
    int64_t groups, group_classes;
} layout;

static layout layout_of(const matrix_params *params, const rmt_view *in)
{
    const rmt_shape *boxes = &in[BOXES].shape, *scores = &in[SCORES].shape;
    layout l = {.images = boxes->dims[0], .boxes = boxes->dims[1], .classes = scores->dims[1], .size = boxes->dims[2]};
    bool background = params->background >= 0 && params->background < l.classes;
    l.of_class = params->nms_top_k < 0 ? l.boxes : rmt_min_i64(l.boxes, params->nms_top_k);
    l.of_image = (l.classes - (background ? 1 : 0)) * l.of_class;
    if (params->keep_top_k >= 0)
        l.of_image = rmt_min_i64(l.of_image, params->keep_top_k);
    l.group_classes = rmt_max_i64(1, (l.classes + MOST_GROUPS - 1) / MOST_GROUPS);
    l.groups = (l.classes + l.group_classes - 1) / l.group_classes;
    return l;
}

static ramet_status matrix_infer(rmt_op_infer *infer)
{
    const rmt_shape *boxes = &infer->in[BOXES].shape, *scores = &infer->in[SCORES].shape;
    ramet_status status = rmt_infer_float32(infer, BOXES);
    if (status == RAMET_STATUS_OK)
        status = rmt_infer_float32(infer, SCORES);
    if (status != RAMET_STATUS_OK)
        return status;
    if (boxes->rank != 3 || scores->rank != 3 || boxes->dims[0] != scores->dims[0] ||
        boxes->dims[1] != scores->dims[2] || !rmt_box_size_is_known(boxes->dims[2]))
        return rmt_infer_fail(infer, "boxes [n,m,4, 8, 16, 24 or 32] and scores [n,classes,m] are wanted");
    layout l = layout_of(infer->params, infer->in);
    int64_t rows = 0;
    if (!rmt_mul_i64(l.images, l.of_image, &rows))
        return rmt_infer_fail(infer, "too many results");
    infer->out[OUT].dtype = RAMET_DTYPE_FLOAT32;
    infer->out[OUT].shape = (rmt_shape){2, {rows, l.size + 2}};
    if (infer->out_count > INDEX) {
        infer->out[INDEX].dtype = RAMET_DTYPE_INT32;
        infer->out[INDEX].shape = (rmt_shape){2, {rows, 1}};
    }
    if (infer->out_count > OUT_NUM) {
        infer->out[OUT_NUM].dtype = RAMET_DTYPE_INT32;
        infer->out[OUT_NUM].shape = (rmt_shape){1, {l.images}};
    }
    return rmt_infer_done(infer);
}

/* ---- run ------------------------------------------------------------------------------------------------------- */

typedef struct thread_room {
    uint64_t *keys, *room;  /* candidates of a class */
    rmt_kept better;        /* candidates so far, best first */
    float *overlaps, *most; /* with each of them; each one's largest with those before it */
} thread_room;

typedef struct matrix_loop {
    const matrix_params *params;
    layout layout;
    rmt_detections groups[MOST_GROUPS], image;
    uint64_t *sort_room;
    unsigned char *threads; /* scratch of each thread */
    size_t thread_bytes;
    const float *boxes, *scores; /* of the image at hand */
} matrix_loop;

static void take_thread_room(const matrix_loop *loop, rmt_rooms *rooms, thread_room *t)
{
    const layout *l = &loop->layout;
    t->keys = rmt_rooms_take(rooms, l->boxes, sizeof *t->keys);
    t->room = rmt_rooms_take(rooms, l->of_class, sizeof *t->room);
    t->overlaps = rmt_rooms_take(rooms, l->of_class, sizeof *t->overlaps);
    t->most = rmt_rooms_take(rooms, l->of_class, sizeof *t->most);
    rmt_kept_init(&t->better, rooms, l->of_class, CORNERS, loop->params->normalized);
}

/* Sets up a loop on scratch; returns the bytes that it needs (scratch NULL: only that). */
static size_t loop_init(matrix_loop *loop, const void *params, const rmt_view *in, int threads, unsigned char *scratch)
{
    rmt_rooms rooms = {.base = scratch}, thread = {0};
    thread_room unused;
    *loop = (matrix_loop){.params = params, .layout = layout_of(params, in)};
    const layout *l = &loop->layout;
    int64_t most = 0;
    for (int64_t g = 0; g < l->groups; g++) {
        rmt_detections_init(&loop->groups[g], &rooms, l->group_classes * l->of_class, loop->params->keep_top_k);
        most += loop->groups[g].capacity;
    }
    rmt_detections_init(&loop->image, &rooms, most, loop->params->keep_top_k);
    loop->sort_room = rmt_rooms_take(&rooms, loop->image.capacity, sizeof *loop->sort_room);
    take_thread_room(loop, &thread, &unused);
    loop->threads = scratch == NULL ? NULL : scratch + rooms.bytes;
    loop->thread_bytes = thread.bytes;
    return rooms.bytes + thread.bytes * (size_t)threads;
}

static void matrix_place(rmt_op_place *place)
{
    matrix_loop loop;
    for (int32_t i = 0; i < place->in_count; i++)
        place->form[i] = RMT_FORM_DENSE;
    for (int32_t o = 0; o < place->out_count; o++)
        rmt_strides_dense(&place->out[o]);
    place->scratch_bytes = loop_init(&loop, place->params, place->in, place->threads, NULL);
}

/* The best candidates of a class in order; a NaN is one. */
static int64_t find_candidates(const matrix_loop *loop, const float *scores, thread_room *t)
{
    int64_t found = 0;
    for (int64_t i = 0; i < loop->layout.boxes; i++)
        if (!(scores[i] <= loop->params->score_threshold))
            t->keys[found++] = rmt_rank_key(scores[i], i);
    found = rmt_rank_first(t->keys, found, loop->layout.of_class);
    rmt_rank_sort(t->keys, found, t->room);
    return found;
}

/* What is left of a score, given overlaps with `count` better boxes; *most becomes the largest of them. */
static float decay(const matrix_params *params, const thread_room *t, int64_t count, float *most)
{
    float least = 1, largest = 0;
    for (int64_t j = 0; j < count; j++) {
        float overlap = t->overlaps[j], before = t->most[j];
        float left = params->gaussian ? expf((before * before - overlap * overlap) * params->sigma)
                                      : (float)((1.0 - (double)overlap) / (1.0 - (double)before));
        least = left < least ? left : least;
        largest = largest < overlap ? overlap : largest;
    }
    *most = largest;
    return least;
}

static void decay_class(const matrix_loop *loop, thread_room *t, int64_t class, rmt_detections *list)
{
    const layout *l = &loop->layout;
    const float *scores = loop->scores + class * l->boxes;
    int64_t count = find_candidates(loop, scores, t);
    rmt_kept_begin(&t->better, 0, 1);
    for (int64_t i = 0; i < count; i++) {
        int64_t box = rmt_rank_number(t->keys[i]);
        const float *corners = loop->boxes + box * l->size;
        rmt_kept_overlaps(&t->better, corners, t->overlaps);
        float left = scores[box] * decay(loop->params, t, i, &t->most[i]);
        rmt_kept_add(&t->better, corners);
        if (i == 0 ? left > loop->params->post_threshold : !(left <= loop->params->post_threshold))
            rmt_detections_add(list, (rmt_detection){left, (int32_t) class, (int32_t)box});
    }
}

static void decay_groups(void *context, int64_t first, int64_t last, int thread)
{
    matrix_loop *loop = context;
    const layout *l = &loop->layout;
    rmt_rooms rooms = {.base = loop->threads + (size_t)thread * loop->thread_bytes};
    thread_room room;
    take_thread_room(loop, &rooms, &room);
    for (int64_t g = first; g < last; g++) {
        rmt_detections_begin(&loop->groups[g], 0);
        for (int64_t c = g * l->group_classes; c < rmt_min_i64((g + 1) * l->group_classes, l->classes); c++)
            if (c != loop->params->background)
                decay_class(loop, &room, c, &loop->groups[g]);
    }
}

static void run_image(matrix_loop *loop, const rmt_op_run *run, int64_t image)
{
    const layout *l = &loop->layout;
    loop->boxes = (const float *)run->in[BOXES].data + image * l->boxes * l->size;
    loop->scores = (const float *)run->in[SCORES].data + image * l->boxes * l->classes;
    rmt_for_range(run->team, l->groups, 1, decay_groups, loop);
    rmt_detections_begin(&loop->image, 0);
    for (int64_t g = 0; g < l->groups; g++)
        for (int64_t i = 0; i < loop->groups[g].count; i++)
            rmt_detections_add(&loop->image, loop->groups[g].items[i]);
    rmt_detections_cut(&loop->image);
    rmt_detections *list = &loop->image;
    for (int64_t i = 0; i < list->count; i++)
        list->keys[i] = rmt_rank_key(list->items[i].score, i);
    rmt_rank_sort(list->keys, list->count, loop->sort_room);
}

static void write_image(const matrix_loop *loop, const rmt_op_run *run, int64_t image, int64_t row)
{
    const layout *l = &loop->layout;
    float *out = (float *)run->out[OUT].data + row * (l->size + 2);
    int32_t *index = run->out_count > INDEX ? (int32_t *)run->out[INDEX].data + row : NULL;
    for (int64_t i = 0; i < loop->image.count; i++, out += l->size + 2) {
        const rmt_detection *item = &loop->image.items[rmt_rank_number(loop->image.keys[i])];
        out[0] = (float)item->label;
        out[1] = item->score;
        memcpy(out + 2, loop->boxes + item->index * l->size, (size_t)l->size * sizeof *out);
        if (index != NULL)
            index[i] = (int32_t)(image * l->boxes + item->index);
    }
}

static void matrix_run(const rmt_op_run *run)
{
    matrix_loop loop;
    loop_init(&loop, run->params, run->in, rmt_team_size(run->team), run->scratch);
    int64_t rows = 0;
    for (int64_t i = 0; i < loop.layout.images; i++) {
        run_image(&loop, run, i);
        write_image(&loop, run, i, rows);
        rows += loop.image.count;
        if (run->out_count > OUT_NUM)
            ((int32_t *)run->out[OUT_NUM].data)[i] = (int32_t)loop.image.count;
    }
    run->out_shapes[OUT].dims[0] = rows;
    if (run->out_count > INDEX)
        run->out_shapes[INDEX].dims[0] = rows;
}

const rmt_op rmt_op_matrix_nms = {.name = "matrix_nms",
                                  .params_bytes = sizeof(matrix_params),
                                  .flags = RMT_OP_DYNAMIC,
                                  .load = matrix_load,
                                  .infer = matrix_infer,
                                  .place = matrix_place,
                                  .run = matrix_run};

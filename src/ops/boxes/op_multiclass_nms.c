/* SPDX-License-Identifier: Apache-2.0 */
/*
 * multiclass_nms3, multiclass_nms: for each image and class the boxes that
 * stay when overlapping ones of lower score go; of all classes together the
 * best keep_top_k, grouped by class.
 *
 * Boxes are [n, m, size] with scores [n, classes, m], or [m, classes, 4] with
 * scores [m, classes], of which rois_num says how many rows belong to each
 * image (all to one, where it is absent). Without keep_top_k there may be as many results as scores, and so much
 * room is taken.
 *
 * Classes are worked on in up to 16 groups, each with its own list; a score
 * that cannot come among the best of its list any more is not looked at.
 */
#include "ops/boxes/nms.h"

#include <string.h>

enum { BOXES, SCORES, ROIS_NUM };
enum { OUT, INDEX, OUT_NUM };
enum { MOST_GROUPS = 16, AT_ONCE = 64 };

typedef struct multiclass_params {
    float score_threshold, nms_threshold, eta;
    int64_t nms_top_k, keep_top_k, background;
    bool normalized;
    bool says_nothing; /* the first version: nothing found is one number, -1 */
} multiclass_params;

static ramet_status multiclass_load(rmt_op_load *load)
{
    const rmt_node *node = load->node;
    *(multiclass_params *)load->params = (multiclass_params){
        .score_threshold = (float)rmt_node_float(node, "score_threshold", 0),
        .nms_threshold = (float)rmt_node_float(node, "nms_threshold", 0.3),
        .eta = (float)rmt_node_float(node, "nms_eta", 1),
        .nms_top_k = rmt_count_limit(node, "nms_top_k"),
        .keep_top_k = rmt_count_limit(node, "keep_top_k"),
        .background = rmt_node_int(node, "background_label", 0),
        .normalized = rmt_node_bool(node, "normalized", true),
        .says_nothing = strcmp(node->op, "multiclass_nms") == 0,
    };
    return rmt_load_inputs(load, 2);
}

/* ---- shapes ---------------------------------------------------------------------------------------------------- */

/* How boxes and scores lie, and the most there can be of everything. Steps are elements. */
typedef struct layout {
    int64_t images, boxes, classes, size; /* boxes: of an image, at most */
    int64_t box_step, box_class, score_step, score_class;
    int64_t used_classes, of_class, of_image; /* without the background; results at most */
    int64_t groups, group_classes;
} layout;

static layout layout_of(const multiclass_params *params, const rmt_view *in, int32_t in_count)
{
    const rmt_shape *boxes = &in[BOXES].shape, *scores = &in[SCORES].shape;
    bool lists = scores->rank == 2;
    layout l = {.images = boxes->dims[0], .boxes = boxes->dims[1], .classes = scores->dims[1], .size = boxes->dims[2]};
    if (lists) {
        l.images = in_count > ROIS_NUM && in[ROIS_NUM].shape.rank >= 0 ? rmt_shape_elements(&in[ROIS_NUM].shape) : 1;
        l.boxes = boxes->dims[0];
    }
    l.score_step = lists ? l.classes : 1;
    l.score_class = lists ? 1 : l.boxes;
    l.box_step = lists ? l.classes * l.size : l.size;
    l.box_class = lists ? l.size : 0;
    bool background = params->background >= 0 && params->background < l.classes;
    l.used_classes = l.classes - (background ? 1 : 0);
    l.of_class = params->nms_top_k < 0 ? l.boxes : rmt_min_i64(l.boxes, params->nms_top_k);
    l.of_image = l.used_classes * l.of_class;
    if (params->keep_top_k >= 0)
        l.of_image = rmt_min_i64(l.of_image, params->keep_top_k);
    l.group_classes = rmt_max_i64(1, (l.classes + MOST_GROUPS - 1) / MOST_GROUPS);
    l.groups = (l.classes + l.group_classes - 1) / l.group_classes;
    return l;
}

static bool shapes_fit(const rmt_view *in)
{
    const rmt_shape *boxes = &in[BOXES].shape, *scores = &in[SCORES].shape;
    if (boxes->rank != 3 || !rmt_box_size_is_known(boxes->dims[2]))
        return false;
    if (scores->rank == 2)
        return boxes->dims[0] == scores->dims[0] && boxes->dims[1] == scores->dims[1] && boxes->dims[2] == 4;
    return scores->rank == 3 && boxes->dims[0] == scores->dims[0] && boxes->dims[1] == scores->dims[2];
}

static bool is_count_list(const rmt_op_infer *infer, int32_t i)
{
    const rmt_view *view = &infer->in[i];
    return i >= infer->in_count || view->shape.rank < 0 ||
           (view->shape.rank == 1 && (view->dtype == RAMET_DTYPE_INT32 || view->dtype == RAMET_DTYPE_INT64));
}

static ramet_status multiclass_infer(rmt_op_infer *infer)
{
    const multiclass_params *params = infer->params;
    ramet_status status = rmt_infer_float32(infer, BOXES);
    if (status == RAMET_STATUS_OK)
        status = rmt_infer_float32(infer, SCORES);
    if (status != RAMET_STATUS_OK)
        return status;
    if (!shapes_fit(infer->in) || !is_count_list(infer, ROIS_NUM))
        return rmt_infer_fail(infer, "boxes [n,m,4, 8, 16, 24 or 32] and scores [n,classes,m], or boxes [m,classes,4], "
                                     "scores [m,classes] and counts [n], are wanted");
    layout l = layout_of(params, infer->in, infer->in_count);
    int64_t rows = 0;
    if (!rmt_mul_i64(l.images, l.of_image, &rows))
        return rmt_infer_fail(infer, "too many results");
    if (infer->in[SCORES].shape.rank == 2)
        rows = rmt_min_i64(rows, l.boxes * l.used_classes);
    infer->out[OUT].dtype = RAMET_DTYPE_FLOAT32;
    infer->out[OUT].shape = (rmt_shape){2, {params->says_nothing ? rmt_max_i64(rows, 1) : rows, l.size + 2}};
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
    uint64_t *keys, *room; /* candidates of a class */
    rmt_kept kept;
} thread_room;

typedef struct multiclass_loop {
    const multiclass_params *params;
    layout layout;
    rmt_detections groups[MOST_GROUPS], image;
    unsigned char *threads; /* scratch of each thread */
    size_t thread_bytes;
    const float *boxes, *scores; /* of the image at hand */
    int64_t count;               /* its boxes */
} multiclass_loop;

static void take_thread_room(const multiclass_loop *loop, rmt_rooms *rooms, thread_room *t)
{
    const layout *l = &loop->layout;
    t->keys = rmt_rooms_take(rooms, l->boxes, sizeof *t->keys);
    t->room = rmt_rooms_take(rooms, l->of_class, sizeof *t->room);
    rmt_kept_init(&t->kept, rooms, l->of_class, (int32_t)l->size, loop->params->normalized);
}

/* Sets up a loop on scratch; returns the bytes that it needs (scratch NULL: only that). */
static size_t loop_init(multiclass_loop *loop, const void *params, const rmt_view *in, int32_t in_count, int threads,
                        unsigned char *scratch)
{
    rmt_rooms rooms = {.base = scratch}, thread = {0};
    thread_room unused;
    *loop = (multiclass_loop){.params = params, .layout = layout_of(params, in, in_count)};
    const layout *l = &loop->layout;
    int64_t most = 0;
    for (int64_t g = 0; g < l->groups; g++) {
        rmt_detections_init(&loop->groups[g], &rooms, l->group_classes * l->of_class, loop->params->keep_top_k);
        most += loop->groups[g].capacity;
    }
    rmt_detections_init(&loop->image, &rooms, most, loop->params->keep_top_k);
    take_thread_room(loop, &thread, &unused);
    loop->threads = scratch == NULL ? NULL : scratch + rooms.bytes;
    loop->thread_bytes = thread.bytes;
    return rooms.bytes + thread.bytes * (size_t)threads;
}

static void multiclass_place(rmt_op_place *place)
{
    multiclass_loop loop;
    for (int32_t i = 0; i < place->in_count; i++)
        place->form[i] = RMT_FORM_DENSE;
    for (int32_t o = 0; o < place->out_count; o++)
        rmt_strides_dense(&place->out[o]);
    place->scratch_bytes = loop_init(&loop, place->params, place->in, place->in_count, place->threads, NULL);
}

/* Keys of the scores above `least`. Most are not, and are passed over in blocks. */
static int64_t find_candidates(const layout *l, const float *scores, int64_t count, float least, uint64_t *keys)
{
    int64_t found = 0;
    for (int64_t first = 0; first < count; first += AT_ONCE) {
        int64_t end = rmt_min_i64(first + AT_ONCE, count);
        int32_t any = l->score_step != 1;
        for (int64_t i = first; i < end && l->score_step == 1; i++)
            any |= scores[i] > least;
        for (int64_t i = first; i < end && any != 0; i++)
            if (scores[i * l->score_step] > least)
                keys[found++] = rmt_rank_key(scores[i * l->score_step], i);
    }
    return found;
}

/* The class found last, in order of scores, gets that of its boxes: so PaddlePaddle does where each class has its own. */
static void sort_by_box(rmt_detections *list, int64_t class)
{
    int64_t start = list->count;
    while (start > 0 && list->items[start - 1].label == class)
        start--;
    for (int64_t i = start + 1; i < list->count; i++) {
        rmt_detection item = list->items[i];
        int64_t at = i;
        for (; at > start && list->items[at - 1].index > item.index; at--)
            list->items[at] = list->items[at - 1];
        list->items[at] = item;
    }
}

static void suppress_class(const multiclass_loop *loop, thread_room *t, int64_t class, rmt_detections *list)
{
    const layout *l = &loop->layout;
    const float *scores = loop->scores + class * l->score_class, *boxes = loop->boxes + class * l->box_class;
    int64_t count = find_candidates(l, scores, loop->count, list->least, t->keys);
    count = rmt_rank_first(t->keys, count, l->of_class);
    rmt_rank_sort(t->keys, count, t->room);
    rmt_kept_begin(&t->kept, loop->params->nms_threshold, loop->params->eta);
    for (int64_t i = 0; i < count; i++) {
        int64_t box = rmt_rank_number(t->keys[i]);
        float score = scores[box * l->score_step];
        if (score > list->least && rmt_kept_try(&t->kept, boxes + box * l->box_step))
            rmt_detections_add(list, (rmt_detection){score, (int32_t) class, (int32_t)box});
    }
    if (l->box_class != 0)
        sort_by_box(list, class);
}

static void suppress_groups(void *context, int64_t first, int64_t last, int thread)
{
    const multiclass_loop *loop = context;
    const layout *l = &loop->layout;
    rmt_rooms rooms = {.base = loop->threads + (size_t)thread * loop->thread_bytes};
    thread_room room;
    take_thread_room(loop, &rooms, &room);
    for (int64_t g = first; g < last; g++) {
        rmt_detections *list = &((multiclass_loop *)context)->groups[g];
        rmt_detections_begin(list, loop->params->score_threshold);
        for (int64_t c = g * l->group_classes; c < rmt_min_i64((g + 1) * l->group_classes, l->classes); c++)
            if (c != loop->params->background)
                suppress_class(loop, &room, c, list);
    }
}

/* One image: its boxes are [start, start + count) of all rows. */
static void run_image(multiclass_loop *loop, const rmt_op_run *run, int64_t start, int64_t count)
{
    const layout *l = &loop->layout;
    loop->boxes = (const float *)run->in[BOXES].data + start * l->box_step;
    loop->scores = (const float *)run->in[SCORES].data + start * (l->box_class != 0 ? l->score_step : l->classes);
    loop->count = count;
    rmt_for_range(run->team, l->groups, 1, suppress_groups, loop);
    rmt_detections_begin(&loop->image, loop->params->score_threshold);
    for (int64_t g = 0; g < l->groups; g++)
        for (int64_t i = 0; i < loop->groups[g].count; i++)
            rmt_detections_add(&loop->image, loop->groups[g].items[i]);
    rmt_detections_cut(&loop->image);
}

static void write_image(const multiclass_loop *loop, const rmt_op_run *run, int64_t start, int64_t row)
{
    const layout *l = &loop->layout;
    float *out = (float *)run->out[OUT].data + row * (l->size + 2);
    int32_t *index = run->out_count > INDEX ? (int32_t *)run->out[INDEX].data + row : NULL;
    for (int64_t i = 0; i < loop->image.count; i++, out += l->size + 2) {
        const rmt_detection *item = &loop->image.items[i];
        out[0] = (float)item->label;
        out[1] = item->score;
        memcpy(out + 2, loop->boxes + item->label * l->box_class + item->index * l->box_step,
               (size_t)l->size * sizeof *out);
        if (index != NULL)
            index[i] =
                (int32_t)(l->box_class != 0 ? (start + item->index) * l->classes + item->label : start + item->index);
    }
}

static void set_shapes(const multiclass_params *params, const rmt_op_run *run, int64_t rows)
{
    run->out_shapes[OUT].dims[0] = rows;
    if (run->out_count > INDEX)
        run->out_shapes[INDEX].dims[0] = rows;
    if (params->says_nothing && rows == 0) {
        run->out_shapes[OUT] = (rmt_shape){2, {1, 1}};
        *(float *)run->out[OUT].data = -1;
    }
}

static void multiclass_run(const rmt_op_run *run)
{
    multiclass_loop loop;
    loop_init(&loop, run->params, run->in, run->in_count, rmt_team_size(run->team), run->scratch);
    const layout *l = &loop.layout;
    bool counted = run->in[SCORES].shape.rank == 2 && run->in_count > ROIS_NUM && run->in[ROIS_NUM].data != NULL;
    int64_t start = 0, rows = 0;
    for (int64_t i = 0; i < l->images; i++) {
        int64_t count = counted ? rmt_image_rows(&run->in[ROIS_NUM], i, l->boxes - start) : l->boxes;
        run_image(&loop, run, start, count);
        write_image(&loop, run, start, rows);
        rows += loop.image.count;
        start += count;
        if (run->out_count > OUT_NUM)
            ((int32_t *)run->out[OUT_NUM].data)[i] = (int32_t)loop.image.count;
    }
    set_shapes(loop.params, run, rows);
}

const rmt_op rmt_op_multiclass_nms = {.name = "multiclass_nms",
                                      .params_bytes = sizeof(multiclass_params),
                                      .flags = RMT_OP_DYNAMIC,
                                      .load = multiclass_load,
                                      .infer = multiclass_infer,
                                      .place = multiclass_place,
                                      .run = multiclass_run};

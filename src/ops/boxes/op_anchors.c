/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boxes that follow from the size of a feature map alone: prior_box,
 * density_prior_box (both in parts of the image) and anchor_generator (in
 * pixels). Each gives [h, w, boxes, 4] and the variances beside them. Every
 * pixel has the same shapes around its own centre. Float and double are mixed
 * as PaddlePaddle mixes them.
 */
#include "ops/ops_help.h"

#include <math.h>
#include <string.h>

enum { MAP, IMAGE };
enum { BOXES, VARIANCES };
enum { CORNERS = 4, MOST_SIZES = 32, MOST_SHAPES = 4096, MOST_STEP = 1000000 };

typedef enum maker { PRIOR, DENSITY, ANCHOR } maker;

typedef struct list {
    int32_t count;
    float of[2 * MOST_SIZES];
} list;

typedef struct anchor_params {
    maker maker;
    list sizes, large, ratios; /* of prior_box: min_sizes, max_sizes */
    int32_t densities[MOST_SIZES];
    float variances[CORNERS];
    float step_w, step_h, offset;
    bool clip, sizes_first, flat; /* sizes_first: both squares before the other ratios */
    int64_t shapes;               /* at each pixel */
} anchor_params;

/* ---- load ---------------------------------------------------------------------------------------------------------- */

static bool read_list(const rmt_node *node, const char *name, list *to)
{
    double numbers[MOST_SIZES];
    size_t count = rmt_node_floats(node, name, numbers, MOST_SIZES);
    if (count > MOST_SIZES)
        return false;
    to->count = (int32_t)count;
    for (size_t i = 0; i < count; i++)
        to->of[i] = (float)numbers[i];
    return true;
}

/* 1 first, then each that is not there yet, with its inverse if wished. */
static void expand_ratios(list *ratios, bool flip)
{
    list all = {1, {1.0f}};
    for (int32_t i = 0; i < ratios->count; i++) {
        bool there = false;
        for (int32_t j = 0; j < all.count; j++)
            there = there || fabsf(ratios->of[i] - all.of[j]) < 1e-6f;
        if (there)
            continue;
        all.of[all.count++] = ratios->of[i];
        if (flip)
            all.of[all.count++] = 1.0f / ratios->of[i];
    }
    *ratios = all;
}

static bool load_prior(const rmt_node *node, anchor_params *params)
{
    if (!read_list(node, "min_sizes", &params->sizes) || !read_list(node, "max_sizes", &params->large) ||
        !read_list(node, "aspect_ratios", &params->ratios) || params->ratios.count >= MOST_SIZES)
        return false;
    expand_ratios(&params->ratios, rmt_node_bool(node, "flip", true));
    params->sizes_first = rmt_node_bool(node, "min_max_aspect_ratios_order", false);
    params->shapes = (int64_t)params->ratios.count * params->sizes.count + params->large.count;
    return params->large.count == 0 || params->large.count == params->sizes.count;
}

static bool load_density(const rmt_node *node, anchor_params *params)
{
    int64_t densities[MOST_SIZES] = {0};
    size_t count = rmt_node_ints(node, "densities", densities, MOST_SIZES);
    if (!read_list(node, "fixed_sizes", &params->sizes) || !read_list(node, "fixed_ratios", &params->ratios) ||
        (int32_t)count != params->sizes.count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (densities[i] < 1 || densities[i] > MOST_SHAPES)
            return false;
        params->densities[i] = (int32_t)densities[i];
        params->shapes += densities[i] * densities[i] * params->ratios.count;
    }
    params->flat = rmt_node_bool(node, "flatten_to_2d", false);
    return true;
}

static bool load_anchor(const rmt_node *node, anchor_params *params)
{
    double stride[2] = {0, 0};
    bool good = rmt_node_floats(node, "stride", stride, 2) == 2;
    params->step_w = (float)stride[0];
    params->step_h = (float)stride[1];
    good = good && read_list(node, "anchor_sizes", &params->sizes) && read_list(node, "aspect_ratios", &params->ratios);
    params->shapes = (int64_t)params->sizes.count * params->ratios.count;
    return good;
}

static ramet_status anchor_load(rmt_op_load *load)
{
    anchor_params *params = load->params;
    const rmt_node *node = load->node;
    double variances[CORNERS] = {0.1, 0.1, 0.2, 0.2};
    size_t count = rmt_node_floats(node, "variances", variances, CORNERS);
    params->maker = strcmp(node->op, "prior_box") == 0           ? PRIOR
                    : strcmp(node->op, "density_prior_box") == 0 ? DENSITY
                                                                 : ANCHOR;
    params->step_w = (float)rmt_node_float(node, "step_w", 0);
    params->step_h = (float)rmt_node_float(node, "step_h", 0);
    params->offset = (float)rmt_node_float(node, "offset", 0.5);
    params->clip = rmt_node_bool(node, "clip", params->maker == PRIOR);
    for (int i = 0; i < CORNERS; i++)
        params->variances[i] = (float)variances[i];
    bool good = params->maker == PRIOR     ? load_prior(node, params)
                : params->maker == DENSITY ? load_density(node, params)
                                           : load_anchor(node, params);
    bool steps =
        params->step_w >= 0 && params->step_w <= MOST_STEP && params->step_h >= 0 && params->step_h <= MOST_STEP;
    if (!good || !steps || (count != 0 && count != CORNERS) || params->shapes < 1 || params->shapes > MOST_SHAPES)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT,
                        "sizes, ratios, strides and variances make no boxes, more than %d, or do not fit",
                        (int)MOST_SHAPES);
    return rmt_load_inputs(load, params->maker == ANCHOR ? 1 : 2);
}

/* ---- infer --------------------------------------------------------------------------------------------------------- */

static ramet_status anchor_infer(rmt_op_infer *infer)
{
    const anchor_params *params = infer->params;
    const rmt_shape *map = &infer->in[MAP].shape;
    if (map->rank != 4 || (params->maker != ANCHOR && infer->in[IMAGE].shape.rank != 4))
        return rmt_infer_fail(infer, "tensors of images [n,c,h,w] are wanted");
    rmt_shape out = {4, {map->dims[2], map->dims[3], params->shapes, CORNERS}};
    if (params->flat) {
        int64_t pixels = rmt_dims_product(map, 2, 4), boxes = 0;
        if (!rmt_mul_i64(pixels, params->shapes, &boxes))
            return rmt_infer_fail(infer, "too many boxes");
        out = (rmt_shape){2, {boxes, CORNERS}};
    }
    for (int32_t o = 0; o < infer->out_count && o <= VARIANCES; o++) {
        infer->out[o].dtype = RAMET_DTYPE_FLOAT32;
        infer->out[o].shape = out;
    }
    return rmt_infer_done(infer);
}

static void anchor_place(rmt_op_place *place)
{
    for (int32_t o = 0; o < place->out_count; o++)
        rmt_strides_dense(&place->out[o]);
}

/* ---- run ----------------------------------------------------------------------------------------------------------- */

typedef struct anchor_loop {
    const anchor_params *params;
    float image_w, image_h, step_w, step_h;
} anchor_loop;

/* A box around (x, y), w and h from it to each side. */
static float *put_prior(const anchor_loop *loop, float x, float y, float w, float h, float *box)
{
    box[0] = (x - w) / loop->image_w;
    box[1] = (y - h) / loop->image_h;
    box[2] = (x + w) / loop->image_w;
    box[3] = (y + h) / loop->image_h;
    return box + CORNERS;
}

static void put_priors(const anchor_loop *loop, float x, float y, float *box)
{
    const anchor_params *params = loop->params;
    for (int32_t s = 0; s < params->sizes.count; s++) {
        float size = params->sizes.of[s];
        float half = size / 2, square = 0;
        if (params->large.count > 0)
            square = sqrtf(size * params->large.of[s]) / 2;
        if (params->sizes_first) {
            box = put_prior(loop, x, y, half, half, box);
            if (params->large.count > 0)
                box = put_prior(loop, x, y, square, square, box);
        }
        for (int32_t r = 0; r < params->ratios.count; r++) {
            float root = sqrtf(params->ratios.of[r]);
            if (!params->sizes_first || !(fabs((double)params->ratios.of[r] - 1.0) < 1e-6))
                box = put_prior(loop, x, y, size * root / 2, size / root / 2, box);
        }
        if (!params->sizes_first && params->large.count > 0)
            box = put_prior(loop, x, y, square, square, box);
    }
}

/* One shape at density * density places around a pixel. */
static float *put_dense(const anchor_loop *loop, const float at[2], const float size[2], int32_t density, float *box)
{
    int32_t average = (int32_t)fmin((double)(loop->step_w + loop->step_h) * 0.5, MOST_STEP), shift = average / density;
    float start[2];
    for (int side = 0; side < 2; side++)
        start[side] = (float)((double)at[side] - average / 2.0 + shift / 2.0);
    for (int32_t i = 0; i < density * density; i++, box += CORNERS) {
        const float center[2] = {start[0] + (float)(i % density * shift), start[1] + (float)(i / density * shift)};
        const double image[2] = {(double)loop->image_w, (double)loop->image_h};
        for (int side = 0; side < 2; side++) {
            box[side] = (float)fmax(((double)center[side] - (double)size[side] / 2.0) / image[side], 0.0);
            box[2 + side] = (float)fmin(((double)center[side] + (double)size[side] / 2.0) / image[side], 1.0);
        }
    }
    return box;
}

static void put_densities(const anchor_loop *loop, float x, float y, float *box)
{
    const anchor_params *params = loop->params;
    for (int32_t s = 0; s < params->sizes.count; s++) {
        for (int32_t r = 0; r < params->ratios.count; r++) {
            float root = sqrtf(params->ratios.of[r]);
            const float at[2] = {x, y}, size[2] = {params->sizes.of[s] * root, params->sizes.of[s] / root};
            box = put_dense(loop, at, size, params->densities[s], box);
        }
    }
}

static void put_anchors(const anchor_loop *loop, float x, float y, float *box)
{
    const anchor_params *params = loop->params;
    const float at[2] = {x, y}, step[2] = {loop->step_w, loop->step_h};
    for (int32_t r = 0; r < params->ratios.count; r++) {
        float base[2];
        base[0] = roundf(sqrtf(step[0] * step[1] / params->ratios.of[r]));
        base[1] = roundf(base[0] * params->ratios.of[r]);
        for (int32_t s = 0; s < params->sizes.count; s++, box += CORNERS) {
            for (int side = 0; side < 2; side++) {
                float size = params->sizes.of[s] / step[side] * base[side];
                box[side] = (float)((double)at[side] - 0.5 * (double)(size - 1.0f));
                box[2 + side] = (float)((double)at[side] + 0.5 * (double)(size - 1.0f));
            }
        }
    }
}

/* All shapes of one pixel. */
static void put_pixel(const anchor_loop *loop, int64_t x, int64_t y, float *box)
{
    const anchor_params *params = loop->params;
    if (params->maker == ANCHOR) {
        put_anchors(loop, (float)x * loop->step_w + params->offset * (loop->step_w - 1.0f),
                    (float)y * loop->step_h + params->offset * (loop->step_h - 1.0f), box);
        return;
    }
    float center_x = ((float)x + params->offset) * loop->step_w, center_y = ((float)y + params->offset) * loop->step_h;
    (params->maker == PRIOR ? put_priors : put_densities)(loop, center_x, center_y, box);
    for (int64_t i = 0; params->clip && i < params->shapes * CORNERS; i++)
        box[i] = fminf(fmaxf(box[i], 0.0f), 1.0f);
}

static anchor_loop loop_of(const rmt_op_run *run)
{
    const anchor_params *params = run->params;
    const int64_t *map = run->in[MAP].shape.dims;
    anchor_loop loop = {.params = params, .step_w = params->step_w, .step_h = params->step_h};
    if (params->maker == ANCHOR)
        return loop;
    loop.image_w = (float)run->in[IMAGE].shape.dims[3];
    loop.image_h = (float)run->in[IMAGE].shape.dims[2];
    if (loop.step_w == 0 || loop.step_h == 0) {
        loop.step_w = loop.image_w / (float)map[3];
        loop.step_h = loop.image_h / (float)map[2];
    }
    return loop;
}

static void anchor_run(const rmt_op_run *run)
{
    anchor_loop loop = loop_of(run);
    const int64_t *map = run->in[MAP].shape.dims;
    int64_t numbers = loop.params->shapes * CORNERS;
    for (int64_t pixel = 0; pixel < map[2] * map[3]; pixel++) {
        put_pixel(&loop, pixel % map[3], pixel / map[3], (float *)run->out[BOXES].data + pixel * numbers);
        for (int64_t i = 0; run->out_count > VARIANCES && i < numbers; i++)
            ((float *)run->out[VARIANCES].data)[pixel * numbers + i] = loop.params->variances[i % CORNERS];
    }
}

const rmt_op rmt_op_anchors = {.name = "anchors",
                               .params_bytes = sizeof(anchor_params),
                               .flags = RMT_OP_SHAPE_ONLY,
                               .load = anchor_load,
                               .infer = anchor_infer,
                               .place = anchor_place,
                               .run = anchor_run};

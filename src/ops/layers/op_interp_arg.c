/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interp_arg_max: the class of each pixel of an image that is resized first,
 * arg_max over the channels of an interp. Passes make it of the two: the scores
 * of a stretch of pixels are made, searched and forgotten, so that an image of
 * all scores in full size, by far the largest tensor of a segmentation, never is.
 */
#include "ops/layers/interp.h"

enum { STRETCH = 64 /* pixels that are searched side by side */ };

typedef struct interp_arg_params {
    rmt_interp interp;
    ramet_dtype dtype;
    bool keep; /* the dimension of channels stays, as 1 */
} interp_arg_params;

static ramet_status interp_arg_load(rmt_op_load *load)
{
    interp_arg_params *params = load->params;
    int64_t dtype = rmt_node_int(load->node, "arg.dtype", RAMET_DTYPE_INT64);
    if (dtype != RAMET_DTYPE_INT32 && dtype != RAMET_DTYPE_INT64)
        return rmt_fail(load->error, RAMET_STATUS_UNSUPPORTED, "a place is an int32 or int64");
    params->dtype = (ramet_dtype)dtype;
    params->keep = rmt_node_bool(load->node, "arg.keepdims", false);
    return rmt_interp_load(load, &params->interp);
}

static ramet_status interp_arg_infer(rmt_op_infer *infer)
{
    const interp_arg_params *params = infer->params;
    rmt_shape image, *out = &infer->out[0].shape;
    ramet_status status = rmt_interp_infer(infer, &params->interp, &image);
    if (status != RAMET_STATUS_OK)
        return status;
    if (image.rank != 4 || image.dims[1] < 1 || image.dims[1] > INT32_MAX / STRETCH)
        return rmt_infer_fail(infer, "there is nothing to choose from");
    infer->out[0].dtype = params->dtype;
    *out = params->keep ? (rmt_shape){4, {image.dims[0], 1, image.dims[2], image.dims[3]}}
                        : (rmt_shape){3, {image.dims[0], image.dims[2], image.dims[3]}};
    return rmt_infer_done(infer);
}

/* Of the image in between, which is nowhere as a whole. */
static rmt_shape image_of(const rmt_shape *x, const rmt_shape *out)
{
    return (rmt_shape){4, {x->dims[0], x->dims[1], out->dims[out->rank - 2], out->dims[out->rank - 1]}};
}

/* Scores of a stretch, pixel by pixel and then channel by channel. */
static size_t stretch_floats(int64_t channels) { return STRETCH * rmt_round_up((size_t)channels, RMT_PANEL); }

static void interp_arg_place(rmt_op_place *place)
{
    const interp_arg_params *params = place->params;
    const rmt_view *x = &place->in[RMT_INTERP_X];
    rmt_interp_side sides[RMT_INTERP_SIDES];
    rmt_shape image = image_of(&x->shape, &place->out[0].shape);
    place->form[RMT_INTERP_X] = RMT_FORM_CHANNELS_LAST;
    if (params->interp.scale_is_tensor)
        place->form[RMT_INTERP_SCALE] = RMT_FORM_DENSE;
    rmt_strides_dense(&place->out[0]);
    if (rmt_shape_elements(&place->out[0].shape) == 0)
        return;
    rmt_interp_sides(&params->interp, place->in, place->in_count, &image, sides);
    size_t bytes = rmt_interp_scratch(&params->interp, sides, x, place->threads);
    place->scratch_bytes = rmt_round_up(bytes, RMT_PACK_ALIGN) +
                           2 * stretch_floats(x->shape.dims[1]) * sizeof(float) * (size_t)place->threads;
}

typedef struct interp_arg_loop {
    rmt_interp_loop interp;
    const interp_arg_params *params;
    const rmt_view *out;
    float *room; /* for each thread 2 * stretch_floats */
    int32_t h, w;
} interp_arg_loop;

/* The classes of a stretch whose scores lie at piece->out. */
static void store_classes(const interp_arg_loop *loop, const rmt_interp_piece *piece, float *columns)
{
    const rmt_kernels *kernels = loop->interp.kernels;
    int32_t places[STRETCH];
    int64_t wide[STRETCH], first = ((int64_t)piece->n * loop->h + piece->row) * loop->w + piece->first;
    kernels->transpose(piece->out, piece->out_pixel, columns, STRETCH, loop->interp.x.c, piece->count);
    kernels->arg_max_columns(columns, STRETCH, loop->interp.x.c, piece->count, places);
    for (int32_t i = 0; i < piece->count; i++)
        wide[i] = places[i];
    rmt_numbers_from_ints(loop->params->dtype, wide, rmt_view_at(loop->out, first), 1, piece->count);
}

static void interp_arg_rows(void *context, int64_t first, int64_t last, int thread)
{
    const interp_arg_loop *loop = context;
    const size_t half = stretch_floats(loop->interp.x.c);
    float *room = loop->room + 2 * half * (size_t)thread;
    for (int64_t i = first; i < last; i++) {
        rmt_interp_piece piece = {.n = (int32_t)(i / loop->h), .row = (int32_t)(i % loop->h), .out = room};
        piece.line = rmt_interp_line(&loop->interp, piece.n, piece.row, thread);
        piece.out_pixel = (ptrdiff_t)(half / STRETCH);
        for (; piece.first < loop->w; piece.first += STRETCH) {
            piece.count = (int32_t)rmt_min_i64(STRETCH, loop->w - piece.first);
            rmt_interp_piece_run(&loop->interp, &piece);
            store_classes(loop, &piece, room + half);
        }
    }
}

static void interp_arg_run(const rmt_op_run *run)
{
    const interp_arg_params *params = run->params;
    const rmt_view *x = &run->in[RMT_INTERP_X], *out = &run->out[0];
    interp_arg_loop loop = {.params = params, .out = out};
    if (rmt_shape_elements(&out->shape) == 0)
        return;
    rmt_shape image = image_of(&x->shape, &out->shape);
    rmt_interp_start(&loop.interp, run, &params->interp, &image);
    size_t bytes = rmt_interp_scratch(&params->interp, loop.interp.sides, x, rmt_team_size(run->team));
    loop.room = (float *)(void *)(run->scratch + rmt_round_up(bytes, RMT_PACK_ALIGN));
    loop.h = (int32_t)image.dims[2];
    loop.w = (int32_t)image.dims[3];
    rmt_for_range(run->team, image.dims[0] * loop.h, 1, interp_arg_rows, &loop);
}

const rmt_op rmt_op_interp_arg = {.name = "interp_arg_max",
                                  .params_bytes = sizeof(interp_arg_params),
                                  .load = interp_arg_load,
                                  .infer = interp_arg_infer,
                                  .place = interp_arg_place,
                                  .run = interp_arg_run};

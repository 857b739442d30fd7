/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interp: sample points and arithmetic. A sample is up to four pixels along one
 * side with their weights; all samples of all sides are computed first, as
 * PaddlePaddle computes them, in float32 where it does, so that the same pixels
 * are chosen. Then each output pixel is a copy, a lerp of four, or a weighted
 * sum over the samples of its sides. An image that grows linearly is made in
 * two steps: two lines of the input become one, then pixels of that line the
 * row of the result.
 */
#include "ops/layers/interp.h"

#include <math.h>
#include <string.h>

enum { MOST_BLENDED = 16 };

typedef rmt_interp_sample sample;

/* ---- sample points ----------------------------------------------------------------------------------------------- */

/* Pixels of the input for one of the output. */
static float ratio_of(const rmt_interp *params, const rmt_interp_side *side)
{
    if (side->out <= 1)
        return 0;
    if (params->coordinates == RMT_COORDINATES_ALIGN_CORNERS)
        return (float)(side->in - 1) / (float)(side->out - 1);
    return side->scale > 0 ? 1.0f / side->scale : (float)side->in / (float)side->out;
}

bool rmt_interp_is_identity(const rmt_interp *params, const rmt_interp_side *side)
{
    if (side->in != side->out || side->out == 1 || !params->divides)
        return side->in == side->out;
    return ratio_of(params, side) == 1.0f && params->coordinates != RMT_COORDINATES_TF_HALF_PIXEL_FOR_NN;
}

/* PaddlePaddle's place of output pixel i. */
static double place_by_ratio(const rmt_interp *params, const rmt_interp_side *side, int32_t i)
{
    float ratio = ratio_of(params, side);
    if (params->coordinates == RMT_COORDINATES_HALF_PIXEL)
        return (double)ratio * (i + 0.5) - 0.5;
    return (double)(ratio * (float)i);
}

/* ONNX's. */
static float place_by_scale(const rmt_interp *params, const rmt_interp_side *side, int32_t i)
{
    float scale = side->scale > 0 ? side->scale : (float)side->out / (float)side->in;
    float middle = ((float)i + 0.5f) / scale;
    switch (params->coordinates) {
    case RMT_COORDINATES_HALF_PIXEL: return middle - 0.5f;
    case RMT_COORDINATES_PYTORCH_HALF_PIXEL: return side->out > 1 ? middle - 0.5f : 0;
    case RMT_COORDINATES_HALF_PIXEL_SYMMETRIC: {
        float adjustment = (float)side->out / (scale * (float)side->in);
        return (float)side->in / 2 * (1 - adjustment) + middle - 0.5f;
    }
    case RMT_COORDINATES_TF_HALF_PIXEL_FOR_NN: return middle;
    case RMT_COORDINATES_ALIGN_CORNERS:
        return side->out > 1 ? (float)i * (float)(side->in - 1) / (float)(side->out - 1) : 0;
    default: return (float)i / scale;
    }
}

static double round_place(rmt_nearest mode, double place)
{
    switch (mode) {
    case RMT_NEAREST_CEIL: return ceil(place);
    case RMT_NEAREST_ROUND_PREFER_FLOOR: return ceil(place - 0.5);
    case RMT_NEAREST_ROUND_PREFER_CEIL: return floor(place + 0.5);
    default: return floor(place);
    }
}

static int32_t inside(double place, int32_t size) { return place > 0 ? (int32_t)fmin(place, (double)(size - 1)) : 0; }

static float cubic_near(float x, float a) { return ((a + 2) * x - (a + 3)) * x * x + 1; }
static float cubic_far(float x, float a) { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a; }

static sample cubic_sample(const rmt_interp *params, int32_t size, float at)
{
    float base = floorf(at), t = at - base, a = params->cubic, sum = 0;
    sample s = {.weight = {cubic_far(t + 1, a), cubic_near(t, a), cubic_near(1 - t, a), cubic_far(2 - t, a)}};
    for (int k = 0; k < 4; k++) {
        double place = (double)base - 1 + k;
        s.at[k] = inside(place, size);
        if (params->exclude_outside && (double)s.at[k] != place)
            s.weight[k] = 0;
        sum += s.weight[k];
    }
    for (int k = 0; k < 4 && params->exclude_outside; k++)
        s.weight[k] /= sum;
    return s;
}

static sample linear_sample(int32_t size, double exact)
{
    float at = exact > 0 ? (float)exact : 0;
    sample s = {.at = {inside(exact, size)}};
    s.at[1] = s.at[0] < size - 1 ? s.at[0] + 1 : size - 1;
    s.weight[1] = s.at[1] > s.at[0] ? at - (float)s.at[0] : 0;
    s.weight[0] = 1 - s.weight[1];
    return s;
}

static sample sample_at(const rmt_interp *params, const rmt_interp_side *side, int32_t i)
{
    double place = params->divides ? (double)place_by_scale(params, side, i) : place_by_ratio(params, side, i);
    if (side->in == 1 && side->out == 1)
        return (sample){.weight = {1}};
    if (params->taps == 1)
        return (sample){.at = {inside(round_place(params->nearest, place), side->in)}, .weight = {1}};
    return params->taps == 2 ? linear_sample(side->in, place) : cubic_sample(params, side->in, (float)place);
}

/* ---- pixels ------------------------------------------------------------------------------------------------------ */

static void blend_pixel(const rmt_interp_loop *loop, int32_t n, const sample *s[RMT_INTERP_SIDES], float *out)
{
    const float *pixels[MOST_BLENDED];
    float weights[MOST_BLENDED];
    int32_t count = 0;
    for (int32_t z = 0; z < loop->taps[0]; z++) {
        for (int32_t y = 0; y < loop->taps[1]; y++) {
            for (int32_t x = 0; x < loop->taps[2]; x++) {
                int32_t row = s[0]->at[z] * loop->sides[1].in + s[1]->at[y];
                pixels[count] = rmt_pixel_at(&loop->x, n, row, s[2]->at[x]);
                weights[count++] = s[0]->weight[z] * s[1]->weight[y] * s[2]->weight[x];
            }
        }
    }
    loop->kernels->blend(pixels, weights, count, out, loop->x.c);
}

static const float *nearest_pixel(const rmt_interp_loop *loop, int32_t n, const sample *s[RMT_INTERP_SIDES])
{
    return rmt_pixel_at(&loop->x, n, s[0]->at[0] * loop->sides[1].in + s[1]->at[0], s[2]->at[0]);
}

static void interp_pixel(const rmt_interp_loop *loop, int32_t n, const sample *s[RMT_INTERP_SIDES], float *out)
{
    const rmt_pixels *x = &loop->x;
    const sample *v = s[1], *h = s[2];
    if (loop->params->taps == 1) {
        memcpy(out, nearest_pixel(loop, n, s), (size_t)x->c * sizeof *out);
        return;
    }
    if (loop->params->taps != 2 || loop->taps[0] > 1 || loop->taps[1] == 1) {
        blend_pixel(loop, n, s, out);
        return;
    }
    const float *const corners[4] = {rmt_pixel_at(x, n, v->at[0], h->at[0]), rmt_pixel_at(x, n, v->at[0], h->at[1]),
                                     rmt_pixel_at(x, n, v->at[1], h->at[0]), rmt_pixel_at(x, n, v->at[1], h->at[1])};
    loop->kernels->lerp(corners, h->weight[1], v->weight[1], out, x->c);
}

/* The nearest pixel may be added in place. */
static void add_pixel(const rmt_interp_loop *loop, int32_t n, const sample *s[RMT_INTERP_SIDES], const float *add,
                      float *out)
{
    const float *pixel = out;
    if (loop->params->taps == 1)
        pixel = nearest_pixel(loop, n, s);
    else
        interp_pixel(loop, n, s, out);
    loop->kernels->binary(RMT_BINARY_ADD, pixel, 1, add, 1, out, loop->x.c);
}

void rmt_interp_piece_run(const rmt_interp_loop *loop, const rmt_interp_piece *p)
{
    const rmt_interp_side *height = &loop->sides[1];
    const sample *s[RMT_INTERP_SIDES] = {&loop->samples[0][p->row / height->out],
                                         &loop->samples[1][p->row % height->out], NULL};
    if (loop->row_taps != NULL) {
        loop->kernels->lerp_row(&(rmt_lerp_row){.from = p->line,
                                                .taps = loop->row_taps + p->first,
                                                .width = p->count,
                                                .channels = loop->x.c,
                                                .add = p->add,
                                                .in_pixel = loop->x.pixel,
                                                .add_pixel = p->add_pixel,
                                                .out_pixel = p->out_pixel,
                                                .out = p->out});
        return;
    }
    for (int32_t i = 0; i < p->count; i++) {
        float *out = p->out + i * p->out_pixel;
        s[2] = &loop->samples[2][p->first + i];
        if (p->add != NULL)
            add_pixel(loop, p->n, s, p->add + i * p->add_pixel, out);
        else
            interp_pixel(loop, p->n, s, out);
    }
}

/* ---- lines ------------------------------------------------------------------------------------------------------- */

/* Images that grow along the row; a line would be work in vain where few of its pixels are asked for. */
static bool by_lines(const rmt_interp *params, const rmt_interp_side sides[RMT_INTERP_SIDES], const rmt_view *x)
{
    return params->taps == 2 && x->shape.rank == 4 && sides[2].out >= sides[2].in;
}

bool rmt_interp_adds_in_place(const rmt_interp *params, const rmt_interp_side sides[RMT_INTERP_SIDES],
                              const rmt_view *x)
{
    return params->taps == 1 || by_lines(params, sides, x);
}

static int64_t floats_of_line(const rmt_pixels *x) { return (x->w - 1) * x->pixel + x->c; }

static size_t line_room(const rmt_pixels *x) { return rmt_round_up((size_t)floats_of_line(x), RMT_PANEL); }

/* Pixels may lie far apart, in a slice of a wider tensor: then what lies between them is left out. */
const float *rmt_interp_line(const rmt_interp_loop *loop, int32_t n, int32_t row, int thread)
{
    if (loop->row_taps == NULL)
        return NULL;
    const rmt_pixels *x = &loop->x;
    const sample *s = &loop->samples[1][row];
    const float *lines[2] = {rmt_pixel_at(x, n, s->at[0], 0), rmt_pixel_at(x, n, s->at[1], 0)};
    if (s->weight[1] == 0.0f)
        return lines[0];
    float *line = loop->lines + (size_t)thread * loop->line_floats;
    bool together = x->pixel < 2 * (ptrdiff_t)x->c && floats_of_line(x) <= INT32_MAX;
    int32_t pieces = together ? 1 : x->w, floats = together ? (int32_t)floats_of_line(x) : x->c;
    for (int32_t i = 0; i < pieces; i++) {
        const ptrdiff_t at = i * x->pixel;
        loop->kernels->blend((const float *const[]){lines[0] + at, lines[1] + at}, s->weight, 2, line + at, floats);
    }
    return line;
}

/* ---- run --------------------------------------------------------------------------------------------------------- */

/* A dense tensor of rank 3 or 5 as images of one channel. */
static rmt_pixels planes_of(const rmt_view *view)
{
    const rmt_shape *shape = &view->shape;
    int32_t w = (int32_t)shape->dims[shape->rank - 1];
    int32_t h = (int32_t)rmt_dims_product(shape, 2, shape->rank - 1);
    return (rmt_pixels){.data = view->data,
                        .n = (int32_t)(shape->dims[0] * shape->dims[1]),
                        .h = h,
                        .w = w,
                        .c = 1,
                        .pixel = 1,
                        .row = w,
                        .image = (ptrdiff_t)h * w};
}

static rmt_pixels images_of(const rmt_view *view)
{
    return view->shape.rank == 4 ? rmt_pixels_of(view) : planes_of(view);
}

static size_t samples_bytes(const rmt_interp_side sides[RMT_INTERP_SIDES])
{
    size_t count = 0;
    for (int i = 0; i < RMT_INTERP_SIDES; i++)
        count += (size_t)sides[i].out;
    return rmt_round_up(count * sizeof(sample), RMT_PACK_ALIGN);
}

static size_t row_taps_bytes(const rmt_interp_side sides[RMT_INTERP_SIDES])
{
    return rmt_round_up((size_t)sides[2].out * sizeof(rmt_lerp_tap), RMT_PACK_ALIGN);
}

size_t rmt_interp_scratch(const rmt_interp *params, const rmt_interp_side sides[RMT_INTERP_SIDES], const rmt_view *x,
                          int32_t threads)
{
    size_t bytes = samples_bytes(sides);
    if (!by_lines(params, sides, x))
        return bytes;
    rmt_pixels pixels = rmt_pixels_of(x);
    return bytes + row_taps_bytes(sides) + line_room(&pixels) * sizeof(float) * (size_t)threads;
}

/* Output pixels of a side that are made. */
static void find_made(const rmt_interp_loop *loop, int side, int32_t *first, int32_t *end)
{
    const rmt_area *area = &loop->area;
    *first = 0;
    *end = loop->sides[side].out;
    if (area->bottom == 0 || side == 0)
        return;
    *first = (int32_t)(side == 1 ? area->top : area->left);
    *end = (int32_t)(side == 1 ? area->bottom : area->right);
}

static void find_samples(rmt_interp_loop *loop, int32_t rank, sample *room)
{
    for (int side = 0; side < RMT_INTERP_SIDES; side++) {
        int32_t first, end;
        find_made(loop, side, &first, &end);
        loop->samples[side] = room;
        loop->taps[side] = side < RMT_INTERP_SIDES + 2 - rank ? 1 : loop->params->taps;
        for (int32_t i = first; i < end; i++)
            room[i] = sample_at(loop->params, &loop->sides[side], i);
        room += loop->sides[side].out;
    }
}

static void find_row_taps(rmt_interp_loop *loop, unsigned char *room)
{
    loop->row_taps = (rmt_lerp_tap *)(void *)room;
    loop->lines = (float *)(void *)(room + row_taps_bytes(loop->sides));
    loop->line_floats = line_room(&loop->x);
    int32_t first, end;
    find_made(loop, 2, &first, &end);
    for (int32_t i = first; i < end; i++) {
        const sample *s = &loop->samples[2][i];
        loop->row_taps[i] = (rmt_lerp_tap){s->at[0], s->at[1], s->weight[1]};
    }
}

void rmt_interp_start(rmt_interp_loop *loop, const rmt_op_run *run, const rmt_interp *params, const rmt_shape *out)
{
    const rmt_view *x = &run->in[RMT_INTERP_X];
    *loop = (rmt_interp_loop){.kernels = run->kernels, .params = params, .x = images_of(x)};
    if (out->rank == 4)
        loop->area = run->area;
    rmt_interp_sides(params, run->in, run->in_count, out, loop->sides);
    find_samples(loop, x->shape.rank, (sample *)(void *)run->scratch);
    if (by_lines(params, loop->sides, x))
        find_row_taps(loop, run->scratch + samples_bytes(loop->sides));
}

typedef struct rows_loop {
    rmt_interp_loop interp;
    rmt_pixels y, add; /* add.data NULL: nothing is added */
    int32_t top, rows, left, columns;
} rows_loop;

static void interp_rows(void *context, int64_t first, int64_t last, int thread)
{
    const rows_loop *loop = context;
    const rmt_pixels *y = &loop->y, *add = &loop->add;
    for (int64_t i = first; i < last; i++) {
        rmt_interp_piece piece = {.n = (int32_t)(i / loop->rows),
                                  .row = loop->top + (int32_t)(i % loop->rows),
                                  .first = loop->left,
                                  .count = loop->columns};
        piece.line = rmt_interp_line(&loop->interp, piece.n, piece.row, thread);
        piece.out = rmt_pixel_at(y, piece.n, piece.row, piece.first);
        piece.out_pixel = y->pixel;
        piece.add = add->data == NULL ? NULL : rmt_pixel_at(add, piece.n, piece.row, piece.first);
        piece.add_pixel = add->pixel;
        rmt_interp_piece_run(&loop->interp, &piece);
    }
}

void rmt_interp_run(const rmt_op_run *run)
{
    const rmt_view *y = &run->out[0];
    rows_loop loop = {.y = {0}};
    if (rmt_shape_elements(&y->shape) == 0)
        return;
    rmt_interp_start(&loop.interp, run, run->params, &y->shape);
    loop.y = images_of(y);
    if (run->in_count > RMT_INTERP_ADD)
        loop.add = images_of(&run->in[RMT_INTERP_ADD]);
    find_made(&loop.interp, 1, &loop.top, &loop.rows);
    find_made(&loop.interp, 2, &loop.left, &loop.columns);
    loop.columns -= loop.left;
    loop.rows = y->shape.rank == 4 ? loop.rows - loop.top : loop.y.h;
    rmt_for_range(run->team, (int64_t)loop.y.n * loop.rows, rmt_max_i64(1, 256 / loop.columns), interp_rows, &loop);
}

/* Lines are blended whole, so all columns are needed. */
bool rmt_interp_area(const void *params, const rmt_view *in, const rmt_view *out, rmt_area *made, rmt_area *needed)
{
    const rmt_interp *interp = params;
    rmt_interp_side sides[RMT_INTERP_SIDES];
    if (out->shape.rank != 4 || interp->scale_is_tensor)
        return false;
    rmt_interp_sides(interp, in, RMT_INTERP_X + 1, &out->shape, sides);
    const sample first = sample_at(interp, &sides[1], (int32_t)made->top);
    const sample last = sample_at(interp, &sides[1], (int32_t)made->bottom - 1);
    *needed = (rmt_area){first.at[0], last.at[0] + 1, 0, in[RMT_INTERP_X].shape.dims[3]};
    for (int32_t k = 0; k < interp->taps; k++) {
        needed->top = rmt_min_i64(needed->top, first.at[k]);
        needed->bottom = rmt_max_i64(needed->bottom, last.at[k] + 1);
    }
    return true;
}

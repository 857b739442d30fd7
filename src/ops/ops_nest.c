/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loops over views of one shape, whatever their strides: dimensions of size 1
 * fall away, the others are ordered as the first view lies in memory, and
 * neighbours that every view can walk as one are joined. What remains is a row
 * and a few loops around it; most often it is one long row.
 */
#include "ops/ops_help.h"

enum { PIECE = 16384 }; /* elements of a row, or of several short ones, that make a chunk of work */

static void add_dim(rmt_nest *nest, const rmt_view *const *views, int count, int32_t dim)
{
    int32_t at = nest->rank++;
    for (; at > 0 && nest->strides[0][at - 1] < views[0]->strides[dim]; at--) {
        nest->dims[at] = nest->dims[at - 1];
        for (int v = 0; v < count; v++)
            nest->strides[v][at] = nest->strides[v][at - 1];
    }
    nest->dims[at] = views[0]->shape.dims[dim];
    for (int v = 0; v < count; v++)
        nest->strides[v][at] = views[v]->strides[dim];
}

static bool can_join(const rmt_nest *nest, int count, int32_t outer, int32_t inner)
{
    for (int v = 0; v < count; v++)
        if (nest->strides[v][outer] != nest->strides[v][inner] * nest->dims[inner])
            return false;
    return true;
}

static void join_dims(rmt_nest *nest, int count)
{
    int32_t kept = 0;
    for (int32_t i = 1; i < nest->rank; i++) {
        bool join = can_join(nest, count, kept, i);
        int64_t outer = join ? nest->dims[kept] : 1;
        if (!join)
            kept++;
        nest->dims[kept] = outer * nest->dims[i];
        for (int v = 0; v < count; v++)
            nest->strides[v][kept] = nest->strides[v][i];
    }
    nest->rank = kept + 1;
}

rmt_nest rmt_nest_of(const rmt_view *const *views, int count)
{
    rmt_nest nest = {.count = count, .piece = PIECE};
    for (int v = 0; v < count; v++) {
        nest.data[v] = views[v]->data;
        nest.bytes[v] = (int64_t)ramet_dtype_bytes(views[v]->dtype);
    }
    if (rmt_shape_elements(&views[0]->shape) == 0) {
        nest.rank = 1;
        return nest;
    }
    for (int32_t i = 0; i < views[0]->shape.rank; i++)
        if (views[0]->shape.dims[i] > 1)
            add_dim(&nest, views, count, i);
    if (nest.rank == 0)
        nest.dims[nest.rank++] = 1;
    join_dims(&nest, count);
    return nest;
}

void rmt_nest_make_row(rmt_nest *nest, int32_t dim)
{
    for (int32_t i = dim; i + 1 < nest->rank; i++) {
        int64_t size = nest->dims[i];
        nest->dims[i] = nest->dims[i + 1];
        nest->dims[i + 1] = size;
        for (int v = 0; v < nest->count; v++) {
            int64_t stride = nest->strides[v][i];
            nest->strides[v][i] = nest->strides[v][i + 1];
            nest->strides[v][i + 1] = stride;
        }
    }
}

/* ---- running ----------------------------------------------------------------------------------------------- */

typedef struct nest_loop {
    const rmt_nest *nest;
    rmt_row_task task;
    void *context;
    int64_t pieces; /* of one row */
} nest_loop;

/* Where a loop stands: an index into each dimension but the last, and the offsets that follow from them. */
typedef struct cursor {
    int64_t index[RMT_MAX_RANK];
    int64_t offset[RMT_NEST_VIEWS];
} cursor;

static cursor cursor_at(const rmt_nest *nest, int64_t row)
{
    cursor at = {0};
    for (int32_t i = nest->rank - 2; i >= 0; i--) {
        at.index[i] = row % nest->dims[i];
        row /= nest->dims[i];
        for (int v = 0; v < nest->count; v++)
            at.offset[v] += at.index[i] * nest->strides[v][i];
    }
    return at;
}

static void cursor_next(cursor *at, const rmt_nest *nest)
{
    for (int32_t i = nest->rank - 2; i >= 0; i--) {
        bool carry = ++at->index[i] == nest->dims[i];
        int64_t steps = carry ? 1 - nest->dims[i] : 1;
        for (int v = 0; v < nest->count; v++)
            at->offset[v] += steps * nest->strides[v][i];
        if (!carry)
            return;
        at->index[i] = 0;
    }
}

static void run_piece(const nest_loop *loop, const cursor *at, int64_t piece, int thread)
{
    const rmt_nest *nest = loop->nest;
    int32_t last = nest->rank - 1;
    int64_t first = piece * nest->piece;
    rmt_row row = {.n = rmt_min_i64(nest->piece, nest->dims[last] - first), .thread = thread};
    for (int v = 0; v < nest->count; v++) {
        row.step[v] = nest->strides[v][last];
        row.at[v] = (unsigned char *)nest->data[v] + (at->offset[v] + first * row.step[v]) * nest->bytes[v];
    }
    loop->task(loop->context, &row);
}

static void run_pieces(void *context, int64_t first, int64_t last, int thread)
{
    const nest_loop *loop = context;
    cursor at = cursor_at(loop->nest, first / loop->pieces);
    int64_t piece = first % loop->pieces;
    for (int64_t i = first; i < last; i++) {
        run_piece(loop, &at, piece, thread);
        if (++piece == loop->pieces) {
            piece = 0;
            cursor_next(&at, loop->nest);
        }
    }
}

int64_t rmt_nest_rows(const rmt_nest *nest)
{
    int64_t rows = 1;
    for (int32_t i = 0; i < nest->rank - 1; i++)
        rows *= nest->dims[i];
    return rows;
}

int64_t rmt_nest_row_offset(const rmt_nest *nest, int v, int64_t row) { return cursor_at(nest, row).offset[v]; }

void rmt_nest_run(const rmt_nest *nest, rmt_team *team, rmt_row_task task, void *context)
{
    int64_t n = nest->dims[nest->rank - 1];
    if (n == 0)
        return;
    nest_loop loop = {nest, task, context, (n + nest->piece - 1) / nest->piece};
    int64_t count = loop.pieces * rmt_nest_rows(nest);
    rmt_for_range(team, count, rmt_max_i64(1, nest->piece / n), run_pieces, &loop);
}

/* ---- rows of any step ---------------------------------------------------------------------------------------- */

void rmt_nest_gathers(rmt_nest *nest)
{
    for (int v = 0; v < nest->count; v++)
        if (nest->strides[v][nest->rank - 1] != 1)
            nest->piece = RMT_ROW_ROOM;
}

const float *rmt_row_floats(const rmt_row *row, int v, float room[RMT_ROW_ROOM])
{
    const float *from = row->at[v];
    if (row->step[v] == 1)
        return from;
    for (int64_t i = 0; i < row->n; i++)
        room[i] = from[i * row->step[v]];
    return room;
}

float *rmt_row_result(const rmt_row *row, int v, float room[RMT_ROW_ROOM])
{
    return row->step[v] == 1 ? row->at[v] : room;
}

void rmt_row_scatter(const rmt_row *row, int v, const float *result)
{
    float *to = row->at[v];
    for (int64_t i = 0; result != to && i < row->n; i++)
        to[i * row->step[v]] = result[i];
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flip, roll, pad: the result is put together from pieces of the input. Along
 * each axis a piece is a run of entries that follow each other at a step of 1,
 * -1 or 0 (the same one repeated); the product of the pieces of all axes is
 * copied view by view. So any layout will do, and images stay channels last.
 */
#include "ops/ops_help.h"

#include <string.h>

enum { X, SHIFTS = 1, PADDINGS = 1, VALUE = 2 };

typedef enum rearrange_kind { FLIP, ROLL, PAD_CONSTANT, PAD_REFLECT, PAD_REPLICATE, PAD_CIRCULAR } rearrange_kind;

typedef struct rearrange_params {
    rearrange_kind kind;
    int64_t axes[RMT_MAX_RANK];
    int64_t list[2 * RMT_MAX_RANK]; /* shifts, or paddings: before, after */
    int32_t axis_count, list_count;
    bool from_last;
    double value;
} rearrange_params;

static bool read_kind(const rmt_node *node, rearrange_kind *kind)
{
    static const char *const modes[] = {[PAD_CONSTANT] = "constant",
                                        [PAD_REFLECT] = "reflect",
                                        [PAD_REPLICATE] = "replicate",
                                        [PAD_CIRCULAR] = "circular"};
    *kind = strcmp(node->op, "flip") == 0 ? FLIP : ROLL;
    if (strcmp(node->op, "pad") != 0)
        return true;
    const char *mode = rmt_node_string(node, "mode", "constant");
    for (int i = PAD_CONSTANT; i <= PAD_CIRCULAR; i++) {
        *kind = (rearrange_kind)i;
        if (strcmp(modes[i], mode) == 0)
            return true;
    }
    return strcmp(mode, "edge") == 0 && (*kind = PAD_REPLICATE) == PAD_REPLICATE;
}

static bool is_given(const rmt_node *node, int32_t index)
{
    return node->input_count > index && node->inputs[index] != RMT_NO_VALUE;
}

static ramet_status rearrange_load(rmt_op_load *load)
{
    rearrange_params *params = load->params;
    const rmt_node *node = load->node;
    if (!read_kind(node, &params->kind))
        return rmt_fail(load->error, RAMET_STATUS_UNSUPPORTED, "padding of mode %s", rmt_node_string(node, "mode", ""));
    size_t axes = rmt_node_ints(node, "axis", params->axes, RMT_MAX_RANK);
    size_t list = rmt_node_ints(node, params->kind == ROLL ? "shifts" : "paddings", params->list, 2 * RMT_MAX_RANK);
    bool fits = axes <= RMT_MAX_RANK && list <= 2 * RMT_MAX_RANK && list % (params->kind == ROLL ? 1 : 2) == 0;
    if (params->kind == ROLL && !is_given(node, SHIFTS))
        fits = fits && (axes == list || (axes == 0 && list == 1));
    if (!fits)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "axes, shifts or paddings do not fit together");
    params->axis_count = (int32_t)axes;
    params->list_count = (int32_t)list;
    params->from_last = rmt_node_bool(node, "from_last", false);
    params->value = rmt_node_float(node, "value", 0);
    return rmt_load_inputs(load, 1);
}

/* ---- what becomes of each axis ---------------------------------------------------------------------------------- */

/* x, as the pieces see it: rolled as one list it has one dimension. */
static rmt_view source_view(const rearrange_params *params, const rmt_view *x)
{
    rmt_view source = *x;
    if (params->kind == ROLL && params->axis_count == 0) {
        source.shape = (rmt_shape){1, {rmt_shape_elements(&x->shape)}};
        source.strides[0] = 1;
    }
    return source;
}

/* The list of shifts or paddings; false when it is not known. */
static bool read_list(const rearrange_params *params, const rmt_view *in, int32_t in_count, int64_t *list,
                      int32_t *count)
{
    int32_t index = params->kind == ROLL ? SHIFTS : PADDINGS;
    memcpy(list, params->list, sizeof params->list);
    *count = params->list_count;
    if (params->kind == FLIP || in_count <= index || in[index].shape.rank < 0)
        return true;
    *count = (int32_t)rmt_view_read_ints(&in[index], list, 2 * RMT_MAX_RANK);
    return *count >= 0;
}

/* Pairs of paddings to the dimension they belong to. */
static int32_t padded_dim(const rearrange_params *params, int32_t rank, int32_t pair)
{
    return params->from_last ? rank - 1 - pair : pair;
}

/* Entry i of an axis of the result is entry i - shift[axis] of x, or what the kind makes of it where that is outside. */
typedef struct arrangement {
    rearrange_kind kind;
    int64_t shift[RMT_MAX_RANK], after[RMT_MAX_RANK]; /* after: how much longer the axis becomes at its end */
    bool flipped[RMT_MAX_RANK];
} arrangement;

static bool arrange_pads(const rearrange_params *params, const int64_t *list, int32_t count, int32_t rank,
                         arrangement *a)
{
    if (count % 2 != 0 || count / 2 > rank)
        return false;
    for (int32_t i = 0; i < count / 2; i++) {
        int32_t dim = padded_dim(params, rank, i);
        if (rmt_max_i64(list[2 * i], list[2 * i + 1]) > RMT_MAX_ELEMENTS ||
            rmt_min_i64(list[2 * i], list[2 * i + 1]) < -RMT_MAX_ELEMENTS)
            return false;
        a->shift[dim] = list[2 * i];
        a->after[dim] = list[2 * i + 1];
    }
    return true;
}

static bool arrange(const rearrange_params *params, const int64_t *list, int32_t count, const rmt_shape *x,
                    arrangement *a)
{
    *a = (arrangement){.kind = params->kind};
    if (params->kind >= PAD_CONSTANT)
        return arrange_pads(params, list, count, x->rank, a);
    if (params->kind == ROLL && params->axis_count == 0) {
        a->shift[0] = count == 1 && x->dims[0] > 0 ? list[0] % x->dims[0] : 0;
        return count == 1;
    }
    for (int32_t i = 0; i < params->axis_count; i++) {
        int32_t axis = rmt_axis_normalize(params->axes[i], x->rank);
        if (axis < 0 || (params->kind == ROLL && count != params->axis_count))
            return false;
        a->flipped[axis] = params->kind == FLIP;
        if (params->kind == ROLL && x->dims[axis] > 0)
            a->shift[axis] = (a->shift[axis] + list[i] % x->dims[axis]) % x->dims[axis];
    }
    return true;
}

/* Whether what lies outside of the axis can be made from what lies inside. */
static bool axis_is_sound(const arrangement *a, int32_t axis, int64_t size, int64_t padded)
{
    int64_t before = a->shift[axis], after = a->after[axis];
    if (padded < 0 || (a->kind > PAD_CONSTANT && padded > 0 && size == 0))
        return false;
    return a->kind != PAD_REFLECT || (before == 0 && after == 0) ||
           (before >= 0 && after >= 0 && rmt_max_i64(before, after) < size);
}

static ramet_status rearrange_infer(rmt_op_infer *infer)
{
    const rearrange_params *params = infer->params;
    rmt_view source = source_view(params, &infer->in[X]);
    int64_t list[2 * RMT_MAX_RANK];
    int32_t count;
    arrangement a;
    if (!read_list(params, infer->in, infer->in_count, list, &count))
        return rmt_infer_unknown(infer, "shifts or paddings are not known before the run, or too many");
    if (!arrange(params, list, count, &source.shape, &a))
        return rmt_infer_fail(infer, "axes, shifts or paddings do not fit");
    infer->out[0].dtype = infer->in[X].dtype;
    infer->out[0].shape = infer->in[X].shape;
    for (int32_t i = 0; i < source.shape.rank && params->kind >= PAD_CONSTANT; i++) {
        int64_t *dim = &infer->out[0].shape.dims[i];
        if (__builtin_add_overflow(*dim, a.shift[i] + a.after[i], dim) ||
            !axis_is_sound(&a, i, source.shape.dims[i], *dim))
            return rmt_infer_fail(infer, "dimension %d cannot be padded by %lld and %lld", (int)i,
                                  (long long)a.shift[i], (long long)a.after[i]);
    }
    return rmt_infer_done(infer);
}

static void rearrange_place(rmt_op_place *place)
{
    const rearrange_params *params = place->params;
    rmt_view *out = &place->out[0];
    if (params->kind == ROLL && params->axis_count == 0)
        place->form[X] = RMT_FORM_DENSE;
    for (int32_t i = X + 1; i < place->in_count; i++)
        place->form[i] = RMT_FORM_DENSE;
    if (place->form[X] == RMT_FORM_DENSE)
        rmt_strides_dense(out);
    else
        rmt_strides_like(out, &place->in[X]);
    place->place[0].any_pixel_stride = rmt_view_is_channels_last(out);
}

/* ---- pieces --------------------------------------------------------------------------------------------------------- */

/* Entries at, at + 1, ... of an axis of the result: `count` of x from `from`, `step` apart; outside: the padding value. */
typedef struct piece {
    int64_t from, step, count;
    bool outside;
} piece;

static piece piece_at(const arrangement *a, int32_t axis, int64_t size, int64_t padded, int64_t at)
{
    int64_t left = padded - at, source = at - a->shift[axis];
    if (a->flipped[axis])
        return (piece){size - 1 - at, -1, left, false};
    if (a->kind == ROLL || a->kind == PAD_CIRCULAR)
        source = (source % size + size) % size;
    if (source >= 0 && source < size)
        return (piece){source, 1, rmt_min_i64(left, size - source), false};
    int64_t count = source < 0 ? rmt_min_i64(left, -source) : left;
    switch (a->kind) {
    case PAD_REFLECT: return (piece){source < 0 ? -source : 2 * (size - 1) - source, -1, count, false};
    case PAD_REPLICATE: return (piece){source < 0 ? 0 : size - 1, 0, count, false};
    default: return (piece){0, 0, count, true};
    }
}

/* Copies one block: the pieces at `at` of all axes. Returns how long it is along each. */
static void copy_block(const rmt_op_run *run, const rmt_view *source, const rmt_view *out, const piece *pieces,
                       const int64_t *at, void *value)
{
    rmt_view from = *source, to = *out;
    int64_t from_offset = 0, to_offset = 0;
    bool outside = false;
    for (int32_t d = 0; d < out->shape.rank; d++) {
        from_offset += pieces[d].from * source->strides[d];
        to_offset += at[d] * out->strides[d];
        from.strides[d] = pieces[d].step * source->strides[d];
        from.shape.dims[d] = to.shape.dims[d] = pieces[d].count;
        outside = outside || pieces[d].outside;
    }
    from.data = outside ? value : rmt_view_at(source, from_offset);
    if (outside)
        memset(from.strides, 0, sizeof from.strides);
    to.data = rmt_view_at(out, to_offset);
    rmt_run_copy(run, &from, &to);
}

/* Steps to the next block, the last axis first. False after the last one. */
static bool next_block(const piece *pieces, const rmt_shape *out, int64_t *at)
{
    for (int32_t d = out->rank - 1; d >= 0; d--) {
        at[d] += pieces[d].count;
        if (at[d] < out->dims[d])
            return true;
        at[d] = 0;
    }
    return false;
}

static void read_value(const rmt_op_run *run, const rearrange_params *params, unsigned char value[8])
{
    const rmt_view *given = &run->in[VALUE];
    ramet_dtype dtype = run->out[0].dtype;
    double number = params->value;
    if (params->kind == PAD_CONSTANT && run->in_count > VALUE && given->data != NULL)
        rmt_numbers_to_doubles(given->dtype, given->data, 1, &number, 1);
    rmt_numbers_from_doubles(dtype, &number, value, 1, 1);
}

static void rearrange_run(const rmt_op_run *run)
{
    const rearrange_params *params = run->params;
    rmt_view source = source_view(params, &run->in[X]), out = source_view(params, &run->out[0]);
    int64_t list[2 * RMT_MAX_RANK], at[RMT_MAX_RANK] = {0};
    int32_t count;
    arrangement a;
    unsigned char value[8];
    if (rmt_shape_elements(&out.shape) == 0)
        return;
    (void)read_list(params, run->in, run->in_count, list, &count);
    (void)arrange(params, list, count, &source.shape, &a);
    read_value(run, params, value);
    piece pieces[RMT_MAX_RANK];
    do {
        for (int32_t d = 0; d < out.shape.rank; d++)
            pieces[d] = piece_at(&a, d, source.shape.dims[d], out.shape.dims[d], at[d]);
        copy_block(run, &source, &out, pieces, at, value);
    } while (next_block(pieces, &out.shape, at));
}

const rmt_op rmt_op_rearrange = {.name = "rearrange",
                                 .params_bytes = sizeof(rearrange_params),
                                 .load = rearrange_load,
                                 .infer = rearrange_infer,
                                 .place = rearrange_place,
                                 .run = rearrange_run};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * repeat_interleave: each entry along one axis so many times, one behind the
 * other. The count is one number for all entries, or a list with one for each.
 *
 * With one count the result is `count` copies of x, each `count` entries apart;
 * with a list each entry is copied to the entries that it becomes.
 */
#include "ops/ops_help.h"

enum { X, REPEATS };

typedef struct repeat_params {
    int64_t axis, count; /* count: where no input gives one */
} repeat_params;

static ramet_status repeat_load(rmt_op_load *load)
{
    repeat_params *params = load->params;
    params->axis = rmt_node_int(load->node, "axis", 0);
    params->count = rmt_node_int(load->node, "repeats", 1);
    if (params->count < 0)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "repeats is %lld", (long long)params->count);
    return rmt_load_inputs(load, 1);
}

/* The list of counts; NULL when there is one count for all. */
static const rmt_view *list_of(const rmt_view *in, int32_t in_count)
{
    bool is_list = in_count > REPEATS && in[REPEATS].shape.rank == 1 && in[REPEATS].shape.dims[0] != 1;
    return is_list ? &in[REPEATS] : NULL;
}

/* The count of all entries; false when it is not known before the run. */
static bool read_count(const repeat_params *params, const rmt_view *in, int32_t in_count, int64_t *count)
{
    *count = params->count;
    bool is_given = in_count > REPEATS && in[REPEATS].shape.rank >= 0;
    return !is_given || rmt_view_read_ints(&in[REPEATS], count, 1) == 1;
}

static int64_t entry_count(const rmt_view *list, int64_t i)
{
    int64_t count;
    rmt_numbers_to_ints(list->dtype, rmt_view_at(list, i), 1, &count, 1);
    return count;
}

/* What the counts of a list add up to; -1: one of them is negative, or all are too many. */
static int64_t sum_of(const rmt_view *list)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < list->shape.dims[0]; i++) {
        int64_t count = entry_count(list, i);
        if (count < 0 || count > RMT_MAX_ELEMENTS - sum)
            return -1;
        sum += count;
    }
    return sum;
}

/* The axis of the result; -1: the counts cannot be. */
static int64_t repeated_size(const rmt_view *list, int64_t size, int64_t count)
{
    int64_t product;
    if (list != NULL)
        return sum_of(list);
    return count >= 0 && rmt_mul_i64(size, count, &product) ? product : -1;
}

static ramet_status repeat_infer(rmt_op_infer *infer)
{
    const rmt_view *list = list_of(infer->in, infer->in_count);
    rmt_shape *out = &infer->out[0].shape;
    int32_t axis = rmt_axis_normalize(((const repeat_params *)infer->params)->axis, infer->in[X].shape.rank);
    int64_t count = 0;
    *out = infer->in[X].shape;
    infer->out[0].dtype = infer->in[X].dtype;
    if (axis < 0 || (list != NULL && list->shape.dims[0] != out->dims[axis]))
        return rmt_infer_fail(infer, "there is no such axis, or not one count for each of its entries");
    bool known = list != NULL ? list->data != NULL || list->shape.dims[0] == 0
                              : read_count(infer->params, infer->in, infer->in_count, &count);
    if (!known)
        return rmt_infer_unknown(infer, "how often to repeat is not known before the run");
    out->dims[axis] = repeated_size(list, out->dims[axis], count);
    return out->dims[axis] >= 0 ? rmt_infer_done(infer) : rmt_infer_fail(infer, "entries cannot be repeated so often");
}

static void repeat_place(rmt_op_place *place)
{
    rmt_view *out = &place->out[0];
    rmt_strides_like(out, &place->in[X]);
    if (place->in_count > REPEATS)
        place->form[REPEATS] = RMT_FORM_DENSE;
    place->place[0].any_pixel_stride = rmt_view_is_channels_last(out);
}

/* Every `count`-th entry of the result, from number `first` on, is one of x. */
static void repeat_all(const rmt_op_run *run, int32_t axis, int64_t count)
{
    rmt_view part = run->out[0];
    part.shape = run->in[X].shape;
    part.strides[axis] *= count;
    for (int64_t first = 0; first < count; first++) {
        part.data = rmt_view_at(&run->out[0], first * run->out[0].strides[axis]);
        rmt_run_copy(run, &run->in[X], &part);
    }
}

static void repeat_each(const rmt_op_run *run, int32_t axis, const rmt_view *list)
{
    rmt_view entry = run->in[X], part = run->out[0];
    int64_t at = 0;
    entry.strides[axis] = 0;
    for (int64_t i = 0; i < list->shape.dims[0]; i++) {
        int64_t count = entry_count(list, i);
        entry.shape.dims[axis] = part.shape.dims[axis] = count;
        entry.data = rmt_view_at(&run->in[X], i * run->in[X].strides[axis]);
        part.data = rmt_view_at(&run->out[0], at * part.strides[axis]);
        if (count > 0)
            rmt_run_copy(run, &entry, &part);
        at += count;
    }
}

static void repeat_run(const rmt_op_run *run)
{
    const repeat_params *params = run->params;
    const rmt_view *list = list_of(run->in, run->in_count);
    int32_t axis = rmt_axis_normalize(params->axis, run->in[X].shape.rank);
    int64_t count = 0;
    if (rmt_shape_elements(&run->out[0].shape) == 0)
        return;
    if (list != NULL)
        repeat_each(run, axis, list);
    else if (read_count(params, run->in, run->in_count, &count))
        repeat_all(run, axis, count);
}

const rmt_op rmt_op_repeat = {.name = "repeat_interleave",
                              .params_bytes = sizeof(repeat_params),
                              .load = repeat_load,
                              .infer = repeat_infer,
                              .place = repeat_place,
                              .run = repeat_run};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Order along an axis: argsort and top_k, values and their places. Numbers of
 * any dtype become keys of 64 bits whose order is the wanted one; the k best
 * are found digit by digit without sorting the rest, and what remains is sorted
 * by digits too. So the work is linear, and equal entries keep their order.
 * NaN counts as the largest of all, as in PaddlePaddle.
 */
#include "ops/ops_help.h"

#include <math.h>
#include <string.h>

enum { X, K, DIGITS = 8, DIGIT_VALUES = 256 };

typedef struct order_params {
    int64_t axis, k;
    bool all; /* argsort */
    bool descending;
} order_params;

static ramet_status order_load(rmt_op_load *load)
{
    order_params *params = load->params;
    const rmt_node *node = load->node;
    params->all = strcmp(node->op, "argsort") == 0;
    params->axis = rmt_node_int(node, "axis", -1);
    params->k = rmt_node_int(node, "k", 1);
    params->descending = params->all ? rmt_node_bool(node, "descending", false) : rmt_node_bool(node, "largest", true);
    return rmt_load_inputs(load, 1);
}

/* A number stands as a list of one. */
static rmt_view as_list(const rmt_view *view)
{
    rmt_view list = *view;
    if (view->shape.rank == 0) {
        list.shape = (rmt_shape){1, {1}};
        list.strides[0] = 1;
    }
    return list;
}

static ramet_status order_infer(rmt_op_infer *infer)
{
    const order_params *params = infer->params;
    rmt_view x = as_list(&infer->in[X]);
    int32_t axis = rmt_axis_normalize(params->axis, x.shape.rank);
    int64_t k = params->k;
    if (axis < 0)
        return rmt_infer_fail(infer, "there is no axis %lld", (long long)params->axis);
    if (!params->all && infer->in_count > K && infer->in[K].shape.rank >= 0 &&
        rmt_view_read_ints(&infer->in[K], &k, 1) != 1)
        return rmt_infer_unknown(infer, "how many are wanted is not known before the run");
    if (!params->all && (k < 0 || k > x.shape.dims[axis]))
        return rmt_infer_fail(infer, "there are no %lld entries along axis %d", (long long)k, (int)axis);
    for (int32_t o = 0; o < infer->out_count; o++) {
        infer->out[o].dtype = o == 0 ? x.dtype : RAMET_DTYPE_INT64;
        infer->out[o].shape = infer->in[X].shape;
        if (infer->in[X].shape.rank > 0 && !params->all)
            infer->out[o].shape.dims[axis] = k;
    }
    return rmt_infer_done(infer);
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

typedef struct entry {
    uint64_t key;
    int64_t place;
} entry;

static void order_place(rmt_op_place *place)
{
    const order_params *params = place->params;
    rmt_view x = as_list(&place->in[X]);
    int64_t n = x.shape.dims[rmt_axis_normalize(params->axis, x.shape.rank)];
    for (int32_t i = K; i < place->in_count; i++)
        place->form[i] = RMT_FORM_DENSE;
    for (int32_t o = 0; o < place->out_count; o++)
        rmt_strides_dense(&place->out[o]);
    if (rmt_shape_elements(&x.shape) > 0)
        place->scratch_bytes = (size_t)place->threads * (size_t)n * 2 * sizeof(entry);
}

static uint64_t key_of_double(double number)
{
    const uint64_t sign = UINT64_C(1) << 63;
    uint64_t bits;
    number = number == 0 ? 0 : number; /* -0 is no smaller than 0 */
    memcpy(&bits, &number, sizeof bits);
    if (isnan(number))
        return UINT64_MAX;
    return bits & sign ? ~bits : bits | sign;
}

/* entries[i]: the key of number i, small ones first; negated keys for a falling order. */
static void make_keys(ramet_dtype dtype, const void *x, int64_t step, bool descending, entry *entries, int64_t n)
{
    double doubles[RMT_ROW_ROOM];
    int64_t ints[RMT_ROW_ROOM];
    bool is_float = rmt_dtype_is_float(dtype);
    for (int64_t first = 0; first < n; first += RMT_ROW_ROOM) {
        int64_t count = rmt_min_i64(RMT_ROW_ROOM, n - first);
        const unsigned char *at = (const unsigned char *)x + first * step * (int64_t)ramet_dtype_bytes(dtype);
        if (is_float)
            rmt_numbers_to_doubles(dtype, at, step, doubles, count);
        else
            rmt_numbers_to_ints(dtype, at, step, ints, count);
        for (int64_t i = 0; i < count; i++) {
            uint64_t key = is_float ? key_of_double(doubles[i]) : (uint64_t)ints[i] ^ UINT64_C(1) << 63;
            entries[first + i] = (entry){descending ? ~key : key, first + i};
        }
    }
}

/* ---- selecting, sorting -------------------------------------------------------------------------------------------- */

static int digit_of(uint64_t key, int digit) { return (int)(key >> (8 * digit) & (DIGIT_VALUES - 1)); }

/* The key of rank k - 1 (0 < k <= n): its digits are settled from the highest, among the keys that share those before. */
static uint64_t find_key(const entry *entries, int64_t n, int64_t k)
{
    uint64_t found = 0, mask = 0;
    for (int digit = DIGITS - 1; digit >= 0; digit--) {
        int64_t count[DIGIT_VALUES] = {0};
        for (int64_t i = 0; i < n; i++)
            if ((entries[i].key & mask) == found)
                count[digit_of(entries[i].key, digit)]++;
        int value = 0;
        for (; count[value] < k; value++)
            k -= count[value];
        found |= (uint64_t)value << (8 * digit);
        mask |= (uint64_t)(DIGIT_VALUES - 1) << (8 * digit);
    }
    return found;
}

/* Leaves the k smallest in front, equal ones by their place. */
static void select_entries(entry *entries, int64_t n, int64_t k)
{
    uint64_t last = find_key(entries, n, k);
    int64_t below = 0, kept = 0;
    for (int64_t i = 0; i < n; i++)
        below += entries[i].key < last;
    int64_t equals = k - below;
    for (int64_t i = 0; i < n; i++) {
        bool equal = entries[i].key == last && equals > 0;
        if (entries[i].key < last || equal)
            entries[kept++] = entries[i];
        equals -= equal;
    }
}

/* By the lowest digit first; digits that all keys share are skipped. Returns where the sorted entries are: one of the two. */
static entry *sort_entries(entry *entries, entry *other, int64_t n)
{
    int64_t start[DIGITS][DIGIT_VALUES] = {{0}};
    for (int64_t i = 0; i < n; i++)
        for (int digit = 0; digit < DIGITS; digit++)
            start[digit][digit_of(entries[i].key, digit)]++;
    for (int digit = 0; digit < DIGITS; digit++) {
        int64_t sum = 0;
        if (start[digit][digit_of(entries[0].key, digit)] == n)
            continue;
        for (int value = 0; value < DIGIT_VALUES; value++) {
            int64_t count = start[digit][value];
            start[digit][value] = sum;
            sum += count;
        }
        for (int64_t i = 0; i < n; i++)
            other[start[digit][digit_of(entries[i].key, digit)]++] = entries[i];
        entry *sorted = other;
        other = entries;
        entries = sorted;
    }
    return entries;
}

/* ---- run ------------------------------------------------------------------------------------------------------------ */

typedef struct order_loop {
    const order_params *params;
    ramet_dtype dtype;
    int64_t n, k, x_step, value_step, place_step; /* along the axis */
    entry *scratch;                               /* [threads][2][n] */
} order_loop;

static void order_one(const order_loop *loop, entry *entries, const unsigned char *x, unsigned char *values,
                      int64_t *places)
{
    size_t bytes = ramet_dtype_bytes(loop->dtype);
    make_keys(loop->dtype, x, loop->x_step, loop->params->descending, entries, loop->n);
    if (loop->k < loop->n)
        select_entries(entries, loop->n, loop->k);
    const entry *sorted = sort_entries(entries, entries + loop->n, loop->k);
    for (int64_t i = 0; i < loop->k; i++) {
        memcpy(values + i * loop->value_step * (int64_t)bytes, x + sorted[i].place * loop->x_step * (int64_t)bytes,
               bytes);
        if (places != NULL)
            places[i * loop->place_step] = sorted[i].place;
    }
}

/* Rows: the first value, its place, the first of x. Without the second result its view is the first's. */
static void order_row(void *context, const rmt_row *row)
{
    const order_loop *loop = context;
    int64_t bytes = (int64_t)ramet_dtype_bytes(loop->dtype);
    entry *entries = loop->scratch + 2 * loop->n * row->thread;
    for (int64_t i = 0; i < row->n; i++) {
        int64_t *places = loop->place_step > 0 ? (int64_t *)row->at[1] + i * row->step[1] : NULL;
        order_one(loop, entries, (const unsigned char *)row->at[2] + i * row->step[2] * bytes,
                  (unsigned char *)row->at[0] + i * row->step[0] * bytes, places);
    }
}

static void order_run(const rmt_op_run *run)
{
    rmt_view x = as_list(&run->in[X]), values = as_list(&run->out[0]);
    rmt_view places = as_list(&run->out[run->out_count > 1 ? 1 : 0]);
    const order_params *params = run->params;
    int32_t axis = rmt_axis_normalize(params->axis, x.shape.rank);
    if (rmt_shape_elements(&values.shape) == 0)
        return;
    order_loop loop = {.params = params,
                       .dtype = x.dtype,
                       .n = x.shape.dims[axis],
                       .k = values.shape.dims[axis],
                       .x_step = x.strides[axis],
                       .value_step = values.strides[axis],
                       .place_step = run->out_count > 1 ? places.strides[axis] : 0,
                       .scratch = (entry *)(void *)run->scratch};
    x = rmt_view_without(&x, axis, 1);
    values = rmt_view_without(&values, axis, 1);
    places = rmt_view_without(&places, axis, 1);
    rmt_nest nest = rmt_nest_of((const rmt_view *const[]){&values, &places, &x}, 3);
    nest.piece = rmt_max_i64(1, nest.piece / loop.n);
    rmt_nest_run(&nest, run->team, order_row, &loop);
}

const rmt_op rmt_op_order = {.name = "order",
                             .params_bytes = sizeof(order_params),
                             .load = order_load,
                             .infer = order_infer,
                             .place = order_place,
                             .run = order_run};

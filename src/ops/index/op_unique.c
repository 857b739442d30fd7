/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unique: each entry once, of the whole tensor or of the slices along an axis;
 * where it first stood, which one each input became, and how often it was
 * there. In rising order, or in that of appearance. Entries are sorted by
 * merging, so equal ones keep their order and the first of them is the first.
 */
#include "ops/ops_help.h"

#include <string.h>

enum { OUT, INDEX, INVERSE, COUNTS, RESULTS };

typedef struct unique_params {
    int64_t axis;
    bool whole;  /* no axis: all elements */
    bool sorted; /* else in order of appearance */
    ramet_dtype dtype;
} unique_params;

static ramet_status unique_load(rmt_op_load *load)
{
    unique_params *params = load->params;
    const rmt_node *node = load->node;
    int64_t dtype = rmt_node_int(node, "dtype", RAMET_DTYPE_INT64);
    size_t axes = rmt_node_ints(node, "axis", &params->axis, 1);
    params->whole = axes == 0;
    params->sorted = rmt_node_bool(node, "sorted", true);
    params->dtype = (ramet_dtype)dtype;
    if (axes > 1 || (dtype != RAMET_DTYPE_INT32 && dtype != RAMET_DTYPE_INT64) || node->output_count > RESULTS)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "attributes axis or dtype are impossible");
    return rmt_load_inputs(load, 1);
}

/* x as [outer, count, inner]: `count` entries are compared. False when the axis is not there. */
typedef struct entries {
    int64_t outer, count, inner;
    ramet_dtype dtype;
    const void *data;
} entries;

static bool entries_of(const unique_params *params, const rmt_view *x, entries *e)
{
    int32_t axis = params->whole ? 0 : rmt_axis_normalize(params->axis, x->shape.rank);
    *e = (entries){1, rmt_shape_elements(&x->shape), 1, x->dtype, x->data};
    if (params->whole || axis < 0)
        return axis >= 0;
    e->outer = rmt_dims_product(&x->shape, 0, axis);
    e->count = x->shape.dims[axis];
    e->inner = rmt_dims_product(&x->shape, axis + 1, x->shape.rank);
    return true;
}

static ramet_status unique_infer(rmt_op_infer *infer)
{
    const unique_params *params = infer->params;
    entries e;
    if (!entries_of(params, &infer->in[0], &e))
        return rmt_infer_fail(infer, "there is no axis %lld", (long long)params->axis);
    for (int32_t o = 0; o < infer->out_count; o++) {
        infer->out[o].dtype = o == OUT ? infer->in[0].dtype : params->dtype;
        infer->out[o].shape = (rmt_shape){1, {e.count}};
    }
    if (!params->whole)
        infer->out[OUT].shape = infer->in[0].shape;
    return rmt_infer_done(infer);
}

/* Scratch: two orders of the entries, the group of each, the first and the number of each group. */
enum { ORDER, OTHER, GROUP, FIRST, NUMBER, LISTS };

static void unique_place(rmt_op_place *place)
{
    entries e;
    (void)entries_of(place->params, &place->in[0], &e);
    place->form[0] = RMT_FORM_DENSE;
    for (int32_t o = 0; o < place->out_count; o++)
        rmt_strides_dense(&place->out[o]);
    if (e.count <= RMT_MAX_ELEMENTS)
        place->scratch_bytes = (size_t)e.count * LISTS * sizeof(int64_t);
}

/* ---- order ------------------------------------------------------------------------------------------------------------ */

static int compare_numbers(ramet_dtype dtype, const unsigned char *a, const unsigned char *b)
{
    if (rmt_dtype_is_float(dtype)) {
        double x, y;
        rmt_numbers_to_doubles(dtype, a, 1, &x, 1);
        rmt_numbers_to_doubles(dtype, b, 1, &y, 1);
        return x == x && y == y ? (x > y) - (x < y) : (y == y) - (x == x);
    }
    int64_t x, y;
    rmt_numbers_to_ints(dtype, a, 1, &x, 1);
    rmt_numbers_to_ints(dtype, b, 1, &y, 1);
    return (x > y) - (x < y);
}

static int compare_entries(const entries *e, int64_t a, int64_t b)
{
    const unsigned char *data = e->data;
    int64_t bytes = (int64_t)ramet_dtype_bytes(e->dtype);
    for (int64_t i = 0; i < e->outer * e->inner; i++) {
        int64_t base = i / e->inner * e->count * e->inner + i % e->inner;
        int order =
            compare_numbers(e->dtype, data + (base + a * e->inner) * bytes, data + (base + b * e->inner) * bytes);
        if (order != 0)
            return order;
    }
    return 0;
}

static void merge(const entries *e, const int64_t *from, int64_t middle, int64_t end, int64_t *to)
{
    int64_t a = 0, b = middle;
    for (int64_t i = 0; i < end; i++) {
        bool left = a < middle && (b >= end || compare_entries(e, from[a], from[b]) <= 0);
        to[i] = left ? from[a++] : from[b++];
    }
}

/* Returns the sorted list, one of the two. */
static const int64_t *sort(const entries *e, int64_t *order, int64_t *other)
{
    for (int64_t i = 0; i < e->count; i++)
        order[i] = i;
    for (int64_t width = 1; width < e->count; width *= 2) {
        for (int64_t first = 0; first < e->count; first += 2 * width) {
            int64_t end = rmt_min_i64(2 * width, e->count - first);
            merge(e, order + first, rmt_min_i64(width, end), end, other + first);
        }
        int64_t *sorted = other;
        other = order;
        order = sorted;
    }
    return order;
}

/* ---- groups of equal entries ---------------------------------------------------------------------------------------------- */

typedef struct groups {
    int64_t count;
    int64_t *of;     /* [entries]: the group of each */
    int64_t *first;  /* [count]: the first entry of each */
    int64_t *number; /* [count]: where each comes in the result */
} groups;

static void find_groups(const entries *e, const int64_t *order, groups *g)
{
    g->count = 0;
    for (int64_t i = 0; i < e->count; i++) {
        if (i == 0 || compare_entries(e, order[i - 1], order[i]) != 0) {
            g->number[g->count] = g->count;
            g->first[g->count++] = order[i];
        }
        g->of[order[i]] = g->count - 1;
    }
}

static void number_by_appearance(const entries *e, groups *g)
{
    int64_t next = 0;
    for (int64_t i = 0; i < e->count; i++)
        if (g->first[g->of[i]] == i)
            g->number[g->of[i]] = next++;
}

static void write_entry(const entries *e, int64_t entry, void *out, int64_t place, int64_t places)
{
    size_t bytes = (size_t)e->inner * ramet_dtype_bytes(e->dtype);
    for (int64_t o = 0; o < e->outer; o++)
        memcpy((unsigned char *)out + (size_t)(o * places + place) * bytes,
               (const unsigned char *)e->data + (size_t)(o * e->count + entry) * bytes, bytes);
}

static void write_int(const rmt_op_run *run, int32_t output, int64_t at, int64_t number)
{
    if (output < run->out_count)
        rmt_numbers_from_ints(run->out[output].dtype, &number, rmt_view_at(&run->out[output], at), 1, 1);
}

static void write_counts(const rmt_op_run *run, const entries *e, const groups *g)
{
    int64_t count = 0;
    for (int64_t i = 0; i < g->count; i++)
        write_int(run, COUNTS, i, 0);
    for (int64_t i = 0; i < e->count && run->out_count > COUNTS; i++) {
        int64_t at = g->number[g->of[i]];
        rmt_numbers_to_ints(run->out[COUNTS].dtype, rmt_view_at(&run->out[COUNTS], at), 1, &count, 1);
        write_int(run, COUNTS, at, count + 1);
    }
}

static void unique_run(const rmt_op_run *run)
{
    const unique_params *params = run->params;
    entries e;
    (void)entries_of(params, &run->in[0], &e);
    int64_t *lists = (int64_t *)(void *)run->scratch, n = e.count <= RMT_MAX_ELEMENTS ? e.count : 0;
    groups g = {0, lists + GROUP * n, lists + FIRST * n, lists + NUMBER * n};
    e.count = n;
    find_groups(&e, sort(&e, lists + ORDER * n, lists + OTHER * n), &g);
    if (!params->sorted)
        number_by_appearance(&e, &g);
    for (int64_t i = 0; i < g.count; i++) {
        write_entry(&e, g.first[i], run->out[OUT].data, g.number[i], g.count);
        write_int(run, INDEX, g.number[i], g.first[i]);
    }
    for (int64_t i = 0; i < n; i++)
        write_int(run, INVERSE, i, g.number[g.of[i]]);
    write_counts(run, &e, &g);
    for (int32_t o = 0; o < run->out_count; o++)
        if (o != INVERSE)
            run->out_shapes[o]
                .dims[o == OUT && !params->whole ? rmt_axis_normalize(params->axis, run->in[0].shape.rank) : 0] =
                g.count;
}

const rmt_op rmt_op_unique = {.name = "unique",
                              .params_bytes = sizeof(unique_params),
                              .flags = RMT_OP_DYNAMIC,
                              .load = unique_load,
                              .infer = unique_infer,
                              .place = unique_place,
                              .run = unique_run};

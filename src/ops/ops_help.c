/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What load, infer, place and run of most operators begin or end with: inputs
 * that are there, shapes that fit, messages that show them, work in chunks.
 */
#include "ops/ops_help.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* ---- load ---------------------------------------------------------------------------------------------------- */

ramet_status rmt_load_inputs(rmt_op_load *load, int32_t required)
{
    const rmt_node *node = load->node;
    if (node->output_count < 1)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "%s has no output", node->op);
    for (int32_t i = 0; i < required; i++)
        if (i >= node->input_count || node->inputs[i] == RMT_NO_VALUE)
            return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "%s lacks input %d", node->op, (int)i);
    return RAMET_STATUS_OK;
}

ramet_status rmt_load_one_input(rmt_op_load *load) { return rmt_load_inputs(load, 1); }

const rmt_value *rmt_node_constant(const rmt_graph *graph, const rmt_node *node, int32_t index)
{
    if (index >= node->input_count || !rmt_value_is_constant(graph, node->inputs[index]))
        return NULL;
    return &graph->values[node->inputs[index]];
}

/* ---- infer --------------------------------------------------------------------------------------------------- */

/* " (inputs [1,3,4,4] [1,5])", as far as it fits. */
static void print_inputs(const rmt_op_infer *infer, char *text, size_t size)
{
    (void)snprintf(text, size, " (inputs");
    for (int32_t i = 0; i < infer->in_count; i++) {
        size_t used = strlen(text);
        if (infer->in[i].shape.rank < 0 || used + 40 > size)
            continue;
        text[used] = ' ';
        rmt_shape_print(&infer->in[i].shape, text + used + 1, size - used - 2);
    }
    (void)strncat(text, ")", size - strlen(text) - 1);
}

static ramet_status fail_with_shapes(const rmt_op_infer *infer, const char *format, va_list arguments)
{
    char reason[160], shapes[200];
    (void)vsnprintf(reason, sizeof reason, format, arguments);
    print_inputs(infer, shapes, sizeof shapes);
    return rmt_fail(infer->error, RAMET_STATUS_BAD_SHAPE, "%s%s", reason, shapes);
}

ramet_status rmt_infer_fail(rmt_op_infer *infer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    ramet_status status = fail_with_shapes(infer, format, arguments);
    va_end(arguments);
    return status;
}

ramet_status rmt_infer_unknown(rmt_op_infer *infer, const char *format, ...)
{
    infer->needs_numbers = true;
    va_list arguments;
    va_start(arguments, format);
    ramet_status status = fail_with_shapes(infer, format, arguments);
    va_end(arguments);
    return status;
}

ramet_status rmt_infer_float32(rmt_op_infer *infer, int32_t i)
{
    if (infer->in[i].dtype == RAMET_DTYPE_FLOAT32)
        return RAMET_STATUS_OK;
    return rmt_fail(infer->error, RAMET_STATUS_UNSUPPORTED, "input %d is %s where only float32 can be computed", (int)i,
                    ramet_dtype_name(infer->in[i].dtype));
}

ramet_status rmt_infer_done(rmt_op_infer *infer)
{
    for (int32_t o = 0; o < infer->out_count; o++) {
        if (rmt_shape_elements(&infer->out[o].shape) < 0) {
            char text[96];
            rmt_shape_print(&infer->out[o].shape, text, sizeof text);
            return rmt_infer_fail(infer, "the result %s is impossible or too large", text);
        }
    }
    return RAMET_STATUS_OK;
}

ramet_status rmt_infer_same(rmt_op_infer *infer)
{
    infer->out[0].dtype = infer->in[0].dtype;
    infer->out[0].shape = infer->in[0].shape;
    return rmt_infer_done(infer);
}

int64_t rmt_dims_product(const rmt_shape *shape, int32_t first, int32_t end)
{
    rmt_shape part = {.rank = end - first};
    for (int32_t i = first; i < end; i++)
        part.dims[i - first] = shape->dims[i];
    int64_t product = rmt_shape_elements(&part);
    return product < 0 ? RMT_MAX_ELEMENTS + 1 : product;
}

int32_t rmt_axis_normalize(int64_t axis, int32_t rank)
{
    if (axis < -rank || axis >= rank)
        return -1;
    return (int32_t)(axis < 0 ? axis + rank : axis);
}

/* ---- place --------------------------------------------------------------------------------------------------- */

void rmt_place_like_input(rmt_op_place *place)
{
    const rmt_view *x = &place->in[0];
    rmt_view *out = &place->out[0];
    rmt_strides_like(out, x);
    if (out->dtype == x->dtype && rmt_strides_equal(out, x))
        place->place[0].in_place_of = 0;
    place->place[0].any_pixel_stride = rmt_view_is_channels_last(out);
}

/* The input whose layout out[0] takes: one of its shape, channels last if there is a choice. -1: none. */
static int32_t model_of(const rmt_op_place *place)
{
    int32_t model = -1;
    for (int32_t i = place->in_count - 1; i >= 0; i--) {
        bool full = rmt_shape_equal(&place->in[i].shape, &place->out[0].shape);
        if (full &&
            (model < 0 || rmt_view_is_channels_last(&place->in[i]) || !rmt_view_is_channels_last(&place->in[model])))
            model = i;
    }
    return model;
}

void rmt_place_like_operands(rmt_op_place *place)
{
    rmt_view *out = &place->out[0];
    int32_t model = model_of(place);
    if (model < 0)
        rmt_strides_dense(out);
    else
        rmt_strides_like(out, &place->in[model]);
    if (model >= 0 && out->dtype == place->in[model].dtype && rmt_strides_equal(out, &place->in[model]))
        place->place[0].in_place_of = model;
    place->place[0].any_pixel_stride = rmt_view_is_channels_last(out);
}

/* ---- run ----------------------------------------------------------------------------------------------------- */

typedef struct range_loop {
    int64_t count, chunks;
    rmt_range_task task;
    void *context;
} range_loop;

/* Chunks of equal size, give or take one. */
static void run_chunk(void *context, int chunk, int thread)
{
    const range_loop *loop = context;
    int64_t size = loop->count / loop->chunks, larger = loop->count % loop->chunks;
    int64_t first = chunk * size + rmt_min_i64(chunk, larger);
    loop->task(loop->context, first, first + size + (chunk < larger), thread);
}

void rmt_for_range(rmt_team *team, int64_t count, int64_t grain, rmt_range_task task, void *context)
{
    assert(grain >= 1);
    if (count <= 0)
        return;
    int64_t threads = rmt_team_size(team), chunks = (count - 1) / grain + 1;
    if (threads == 1 || chunks == 1) {
        task(context, 0, count, 0);
        return;
    }
    chunks = (chunks + threads - 1) / threads * threads; /* as many for each thread */
    range_loop loop = {count, rmt_min_i64(rmt_min_i64(chunks, count), INT32_MAX), task, context};
    rmt_team_run(team, (int)loop.chunks, run_chunk, &loop);
}

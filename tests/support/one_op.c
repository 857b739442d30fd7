/* SPDX-License-Identifier: Apache-2.0 */
#include "support/one_op.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- memory ----------------------------------------------------------------------------------------------------- */

/* Exactly `bytes` bytes of rubbish: as floats, large numbers that would show in any result. */
static void *own(one_op *o, size_t bytes)
{
    void *memory = NULL;
    assert_true(o->owned_count < (int)(sizeof o->owned / sizeof *o->owned));
    assert_int_equal(posix_memalign(&memory, RMT_PACK_ALIGN, bytes > 0 ? bytes : 1), 0);
    memset(memory, 0x7e, bytes);
    o->owned[o->owned_count++] = memory;
    return memory;
}

static void release(one_op *o, int from)
{
    while (o->owned_count > from)
        free(o->owned[--o->owned_count]);
}

static size_t bytes_of(const rmt_view *view) { return (size_t)rmt_view_span(view) * ramet_dtype_bytes(view->dtype); }

/* ---- description ------------------------------------------------------------------------------------------------- */

/* Numbers between brackets, or one; true when one of them has a point. */
static bool read_numbers(const char *text, double numbers[RMT_MAX_RANK * 8], size_t *count)
{
    bool is_float = strchr(text, '.') != NULL;
    *count = 0;
    for (const char *at = text + (*text == '['); *at != '\0' && *at != ']';) {
        char *end;
        numbers[(*count)++] = strtod(at, &end);
        assert_true(end != at);
        at = end + (*end == ',');
    }
    return is_float;
}

/* Doubles hold neither end of int64. */
static int64_t saturate(double number)
{
    int64_t integer;
    rmt_numbers_to_ints(RAMET_DTYPE_FLOAT64, &number, 1, &integer, 1);
    return integer;
}

static void set_attribute(one_op *o, char *word)
{
    char *value = strchr(word, '=');
    assert_non_null(value);
    *value++ = '\0';
    if (*value == '"') {
        value[strlen(value) - 1] = '\0';
        assert_true(rmt_node_set_string(&o->graph, o->node, word, value + 1));
        return;
    }
    double numbers[RMT_MAX_RANK * 8];
    int64_t integers[RMT_MAX_RANK * 8];
    size_t count;
    bool is_float = read_numbers(value, numbers, &count);
    for (size_t i = 0; i < count; i++)
        integers[i] = saturate(numbers[i]);
    if (*value == '[')
        assert_true(is_float ? rmt_node_set_floats(&o->graph, o->node, word, numbers, count)
                             : rmt_node_set_ints(&o->graph, o->node, word, integers, count));
    else
        assert_true(is_float ? rmt_node_set_float(&o->graph, o->node, word, numbers[0])
                             : rmt_node_set_int(&o->graph, o->node, word, integers[0]));
}

void one_op_init(one_op *o, const char *text, int32_t output_count)
{
    char copy[512], *rest = NULL;
    *o = (one_op){.output_count = output_count};
    assert_true(strlen(text) < sizeof copy && output_count <= ONE_OP_MOST);
    strcpy(copy, text);
    rmt_graph_init(&o->graph);
    const char *name = strtok_r(copy, " ", &rest);
    o->op = rmt_op_find(name);
    assert_non_null(o->op);
    int32_t outputs[ONE_OP_MOST];
    for (int32_t i = 0; i < output_count; i++) {
        char value[16];
        snprintf(value, sizeof value, "out.%d", (int)i);
        outputs[i] = rmt_graph_add_value(&o->graph, value, RAMET_DTYPE_FLOAT32, &(rmt_shape){.rank = -1});
    }
    o->node = rmt_graph_add_node(&o->graph, name, name, NULL, 0, outputs, (size_t)output_count);
    assert_true(o->node >= 0);
    for (char *word = strtok_r(NULL, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        set_attribute(o, word);
}

void one_op_clear(one_op *o)
{
    release(o, 0);
    rmt_graph_clear(&o->graph);
}

static void add_input(one_op *o, const rmt_view *view, bool constant, bool known)
{
    int32_t index = o->input_count++, value = RMT_NO_VALUE;
    char name[16];
    assert_true(index < ONE_OP_MOST);
    snprintf(name, sizeof name, "in.%d", (int)index);
    if (view->shape.rank >= 0)
        value = constant ? rmt_graph_add_constant(&o->graph, name, view->dtype, &view->shape, view->data)
                         : rmt_graph_add_value(&o->graph, name, view->dtype, &view->shape);
    assert_true(rmt_node_add_input(&o->graph, o->node, value));
    o->input[index] = *view;
    o->known[index] = constant || known;
}

static rmt_view copy_of(one_op *o, ramet_dtype dtype, const rmt_shape *shape, const void *data)
{
    rmt_view view = rmt_view_dense(dtype, shape, NULL);
    if (data == NULL)
        return view;
    view.data = own(o, bytes_of(&view));
    memcpy(view.data, data, bytes_of(&view));
    return view;
}

void one_op_add(one_op *o, ramet_dtype dtype, rmt_shape shape, const void *data, bool known)
{
    rmt_view view = copy_of(o, dtype, &shape, data);
    add_input(o, &view, false, known);
}

void one_op_input(one_op *o, rmt_shape shape, const float *data)
{
    one_op_add(o, RAMET_DTYPE_FLOAT32, shape, data, false);
}

void one_op_constant(one_op *o, rmt_shape shape, const float *data)
{
    rmt_view view = copy_of(o, RAMET_DTYPE_FLOAT32, &shape, data);
    add_input(o, &view, true, true);
}

void one_op_absent(one_op *o) { add_input(o, &(rmt_view){.shape = {.rank = -1}}, false, false); }

/* ---- the steps --------------------------------------------------------------------------------------------------- */

ramet_status one_op_load(one_op *o)
{
    const rmt_node *node = &o->graph.nodes[o->node];
    o->params = own(o, o->op->params_bytes);
    memset(o->params, 0, o->op->params_bytes);
    rmt_op_load load = {.graph = &o->graph, .node = node, .params = o->params, .error = &o->error};
    ramet_status status = o->op->load != NULL ? o->op->load(&load) : RAMET_STATUS_OK;
    o->packed_inputs = load.packed_inputs;
    if (status != RAMET_STATUS_OK || (load.panel_floats == 0 && load.packed_bytes == 0))
        return status;
    size_t panel_bytes = (size_t)load.panel_floats * sizeof(float);
    o->panels = own(o, panel_bytes);
    o->packed = own(o, load.packed_bytes);
    memset(o->panels, 0, panel_bytes);
    memset(o->packed, 0, load.packed_bytes);
    o->op->pack(&(rmt_op_pack){&o->graph, node, o->params, rmt_kernels_get(RMT_LEVEL_BASE), o->panels, o->packed});
    return RAMET_STATUS_OK;
}

static bool is_packed(const one_op *o, int32_t input) { return (o->packed_inputs >> input & 1) != 0; }

ramet_status one_op_infer(one_op *o)
{
    rmt_view in[ONE_OP_MOST];
    for (int32_t i = 0; i < o->input_count; i++) {
        in[i] = o->input[i];
        if (!o->known[i] || is_packed(o, i))
            in[i].data = NULL;
    }
    for (int32_t i = 0; i < o->output_count; i++)
        o->result[i] = (rmt_view){.shape = {.rank = -1}};
    rmt_op_infer infer = {o->params, o->input_count, o->output_count, in, o->result, &o->error, false};
    return o->op->infer(&infer);
}

static void lay_out(rmt_view *view, one_op_layout layout)
{
    rmt_strides_dense(view);
    if (rmt_shape_elements(&view->shape) == 0)
        return;
    int32_t rank = view->shape.rank;
    if (layout == ONE_OP_CHANNELS_LAST && rank == 4)
        rmt_strides_channels_last(view);
    int64_t stride = 1;
    for (int32_t i = 0; i < rank && layout == ONE_OP_BACKWARDS; i++) {
        view->strides[i] = stride;
        stride *= view->shape.dims[i];
    }
    stride = 2;
    for (int32_t i = rank - 1; i >= 0 && layout == ONE_OP_GAPPED; i--) {
        view->strides[i] = stride;
        stride = stride * view->shape.dims[i] + 3;
    }
}

/* `from` in fresh memory with the strides of `to`. */
static void move(one_op *o, const rmt_view *from, rmt_view *to)
{
    to->data = own(o, bytes_of(to));
    rmt_copy_view(rmt_kernels_get(RMT_LEVEL_BASE), from, to);
}

static void lay_out_inputs(one_op *o, one_op_layout layout, rmt_view *in)
{
    for (int32_t i = 0; i < o->input_count; i++) {
        in[i] = o->input[i];
        if (in[i].shape.rank >= 0 && !o->known[i]) {
            lay_out(&in[i], layout);
            move(o, &o->input[i], &in[i]);
        }
        if (is_packed(o, i))
            in[i].data = NULL;
    }
}

static void call_place(const one_op *o, rmt_op_place *place, const rmt_view *in)
{
    rmt_view blind[ONE_OP_MOST];
    for (int32_t i = 0; i < o->input_count; i++) {
        blind[i] = in[i];
        blind[i].data = NULL;
    }
    place->in = blind;
    rmt_op_place_views(o->op, place);
    place->in = NULL;
}

/* Gives every input the form that place asks for. */
static void settle_inputs(one_op *o, rmt_op_place *place, rmt_view *in)
{
    call_place(o, place, in);
    o->copies = 0;
    for (int32_t i = 0; i < o->input_count; i++) {
        if (in[i].shape.rank < 0 || in[i].data == NULL || rmt_view_has_form(&in[i], place->form[i]))
            continue;
        rmt_view to = in[i];
        lay_out(&to, place->form[i] == RMT_FORM_CHANNELS_LAST ? ONE_OP_CHANNELS_LAST : ONE_OP_DENSE);
        move(o, &in[i], &to);
        in[i] = to;
        o->copies++;
        assert_true(rmt_view_has_form(&in[i], place->form[i]));
    }
    call_place(o, place, in);
}

static void place_output(one_op *o, const one_op_style *style, const rmt_view *in, int32_t index)
{
    const rmt_output_place *wish = &o->place[index];
    rmt_view *out = &o->result[index];
    if (wish->view_of >= 0) {
        out->data = rmt_view_at(&in[wish->view_of], wish->view_offset);
    } else if (style->in_place && wish->in_place_of >= 0) {
        assert_true(rmt_strides_equal(out, &in[wish->in_place_of]));
        out->data = in[wish->in_place_of].data;
    } else {
        if (style->wider > 0 && wish->any_pixel_stride && rmt_view_is_channels_last(out)) {
            rmt_strides_channels_last(out);
            int64_t pixel = rmt_pixel_stride(out->shape.dims[1]) + style->wider;
            out->strides[3] = pixel;
            out->strides[2] = pixel * out->shape.dims[3];
            out->strides[0] = out->strides[2] * out->shape.dims[2];
        }
        out->data = own(o, bytes_of(out));
    }
}

/* What a DYNAMIC operator made is never more than it had said. */
static void shrink_outputs(one_op *o, const rmt_shape *shapes)
{
    for (int32_t i = 0; i < o->output_count; i++) {
        assert_true(rmt_shape_elements(&shapes[i]) >= 0);
        assert_true(rmt_shape_elements(&shapes[i]) <= rmt_shape_elements(&o->result[i].shape));
        o->result[i].shape = shapes[i];
        rmt_strides_dense(&o->result[i]);
    }
}

static void run_placed(one_op *o, const one_op_style *style, const rmt_view *in, size_t scratch_bytes)
{
    bool fresh = false;
    for (int32_t i = 0; i < o->output_count; i++) {
        place_output(o, style, in, i);
        fresh = fresh || o->place[i].view_of < 0;
    }
    if (!fresh)
        return;
    rmt_team *team = NULL;
    if (style->threads > 1)
        assert_int_equal(rmt_team_create(style->threads, &team, NULL), RAMET_STATUS_OK);
    rmt_shape shapes[ONE_OP_MOST];
    for (int32_t i = 0; i < o->output_count; i++)
        shapes[i] = o->result[i].shape;
    rmt_op_run run = {.params = o->params,
                      .panels = o->panels,
                      .packed = o->packed,
                      .in_count = o->input_count,
                      .out_count = o->output_count,
                      .in = in,
                      .out = o->result,
                      .out_shapes = shapes,
                      .scratch = own(o, scratch_bytes),
                      .kernels = style->kernels != NULL ? style->kernels : rmt_kernels_get(RMT_LEVEL_BASE),
                      .team = team};
    o->op->run(&run);
    rmt_team_destroy(team);
    if ((o->op->flags & RMT_OP_DYNAMIC) != 0)
        shrink_outputs(o, shapes);
}

void one_op_run(one_op *o, const one_op_style *style)
{
    rmt_view in[ONE_OP_MOST];
    rmt_form form[ONE_OP_MOST];
    if (one_op_infer(o) != RAMET_STATUS_OK)
        fail_msg("%s", o->error.message);
    lay_out_inputs(o, style->layout, in);
    rmt_op_place place = {.params = o->params,
                          .in_count = o->input_count,
                          .out_count = o->output_count,
                          .out = o->result,
                          .form = form,
                          .place = o->place,
                          .threads = style->threads > 0 ? style->threads : 1};
    settle_inputs(o, &place, in);
    run_placed(o, style, in, place.scratch_bytes);
    for (int32_t i = 0; i < o->output_count; i++) {
        rmt_view dense = o->result[i];
        rmt_strides_dense(&dense);
        move(o, &o->result[i], &dense);
        o->result[i] = dense;
    }
}

const float *one_op_numbers(int slot, size_t count, uint32_t seed)
{
    static float room[8][1 << 18];
    assert_true(slot >= 0 && slot < 8 && count <= sizeof room[0] / sizeof(float));
    uint32_t state = seed * 2654435761u + 1;
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        room[slot][i] = (float)(state >> 8) / (float)(1 << 22) - 2.0f;
    }
    return room[slot];
}

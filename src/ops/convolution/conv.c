/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conv2d: attributes, packing, shapes, layouts. x [n, ci, h, w] and a constant
 * filter [co, ci / groups, kh, kw] become [n, co, oh, ow], channels last in
 * memory, with bias, residual and activation fused in.
 */
#include "ops/convolution/conv.h"

#include <string.h>

#define BLOCK_BYTES (160 * 1024) /* of gathered input: a good part of a second-level cache */
#define CONV_MAX_KERNEL 1024

ramet_status rmt_conv_load_common(rmt_op_load *load, rmt_conv *conv, int64_t filter_dims[4])
{
    const rmt_value *filter = rmt_node_constant(load->graph, load->node, RMT_CONV_FILTER);
    if (load->node->inputs[RMT_CONV_X] == RMT_NO_VALUE)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "there is no input to convolve");
    if (filter == NULL || filter->shape.rank != 4)
        return rmt_fail(load->error, RAMET_STATUS_UNSUPPORTED, "the filter must be a constant of rank 4");
    for (int i = 0; i < 4; i++) {
        filter_dims[i] = filter->shape.dims[i];
        if (filter_dims[i] < 1 || filter_dims[i] > (i < 2 ? INT32_MAX / 16 : CONV_MAX_KERNEL))
            return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "the filter has an impossible size");
    }
    int64_t groups = rmt_node_int(load->node, "groups", 1);
    if (groups < 1 || groups > INT32_MAX / 16 || filter_dims[0] % groups != 0 ||
        filter_dims[1] > INT32_MAX / 16 / groups)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "groups %lld does not fit the filter", (long long)groups);
    conv->groups = (int32_t)groups;
    conv->act = rmt_activation_fused(load->node);
    return rmt_window_read(load->node, (int32_t)filter_dims[2], (int32_t)filter_dims[3], &conv->window, load->error);
}

ramet_status rmt_conv_check_channels(const rmt_op_load *load, const rmt_conv *conv)
{
    static const struct {
        int index;
        const char *name;
    } vectors[] = {{RMT_CONV_BIAS, "bias"}, {RMT_CONV_SCALE, "scale"}};
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        int index = vectors[i].index;
        if (index >= load->node->input_count || load->node->inputs[index] == RMT_NO_VALUE)
            continue;
        const rmt_value *value = rmt_node_constant(load->graph, load->node, index);
        if (value == NULL || rmt_shape_elements(&value->shape) != conv->out_channels)
            return rmt_fail(load->error, RAMET_STATUS_UNSUPPORTED,
                            "%s must be a constant of one number for each of %d channels", vectors[i].name,
                            conv->out_channels);
    }
    return RAMET_STATUS_OK;
}

/* Groups have their panels, and so their bias, padded one by one; depthwise channels follow each other. */
static int64_t bias_parts(const rmt_conv *conv) { return conv->algorithm == RMT_CONV_DEPTHWISE ? 1 : conv->groups; }

ramet_status rmt_conv_claim(rmt_op_load *load, rmt_conv *conv, int64_t panel_floats, int64_t first_floats)
{
    int64_t parts = bias_parts(conv);
    conv->bias_at = first_floats;
    conv->zeros_at = conv->bias_at + parts * rmt_round16(conv->out_channels / parts);
    int64_t floats = conv->zeros_at + rmt_round16((int64_t)conv->in_channels * conv->window.kernel_w);
    if (floats > RMT_MAX_ELEMENTS || panel_floats > RMT_MAX_ELEMENTS)
        return rmt_fail(load->error, RAMET_STATUS_OVER_BUDGET, "the filter would pack to more than 8 GiB");
    load->panel_floats = panel_floats;
    load->packed_bytes = (size_t)floats * sizeof(float);
    load->packed_inputs = 1u << RMT_CONV_FILTER | 1u << RMT_CONV_BIAS | 1u << RMT_CONV_SCALE;
    return RAMET_STATUS_OK;
}

static bool has_residual(const rmt_node *node)
{
    return node->input_count > RMT_CONV_RESIDUAL && node->inputs[RMT_CONV_RESIDUAL] != RMT_NO_VALUE;
}

static void choose_algorithm(const rmt_op_load *load, rmt_conv *conv)
{
    bool depthwise = conv->groups > 1 && conv->groups == conv->in_channels && conv->groups == conv->out_channels &&
                     conv->window.kernel_h <= RMT_DEPTHWISE_MAX_KERNEL && !has_residual(load->node);
    conv->tile = rmt_conv_winograd_tile(conv, &load->graph->values[load->node->inputs[RMT_CONV_X]].shape);
    if (depthwise)
        conv->algorithm = RMT_CONV_DEPTHWISE;
    else if (rmt_conv_is_few(conv))
        conv->algorithm = RMT_CONV_FEW;
    else
        conv->algorithm = conv->tile > 0 ? RMT_CONV_WINOGRAD : RMT_CONV_INDIRECT;
}

static ramet_status claim(rmt_op_load *load, rmt_conv *conv)
{
    int64_t taps = (int64_t)conv->window.kernel_h * conv->window.kernel_w,
            group_out = conv->out_channels / conv->groups;
    if (conv->algorithm == RMT_CONV_DEPTHWISE)
        return rmt_conv_claim(load, conv, 0, taps * rmt_round16(conv->out_channels));
    if (conv->algorithm == RMT_CONV_WINOGRAD)
        return rmt_conv_claim(load, conv, rmt_conv_winograd_floats(conv), 0);
    if (conv->algorithm == RMT_CONV_FEW)
        return rmt_conv_claim(load, conv, rmt_conv_few_floats(conv), 0);
    return rmt_conv_claim(load, conv, conv->groups * rmt_round16(group_out) * (conv->in_channels / conv->groups) * taps,
                          0);
}

static ramet_status conv_load(rmt_op_load *load)
{
    rmt_conv *conv = load->params;
    int64_t f[4];
    if (rmt_conv_is_dynamic(load))
        return rmt_conv_load_dynamic(load, conv);
    ramet_status status = rmt_conv_load_common(load, conv, f);
    if (status != RAMET_STATUS_OK)
        return status;
    conv->out_channels = (int32_t)f[0];
    conv->in_channels = (int32_t)f[1] * conv->groups;
    choose_algorithm(load, conv);
    status = rmt_conv_check_channels(load, conv);
    return status == RAMET_STATUS_OK ? claim(load, conv) : status;
}

/* ---- packing ------------------------------------------------------------------------------------------- */

void rmt_conv_pack_scale(const rmt_op_pack *pack, int64_t first, int64_t count, float *scale)
{
    const rmt_value *value = rmt_node_constant(pack->graph, pack->node, RMT_CONV_SCALE);
    for (int64_t i = 0; value == NULL && i < count; i++)
        scale[i] = 1;
    if (value != NULL)
        rmt_constant_floats(value, first, count, scale);
}

void rmt_conv_pack_bias(const rmt_op_pack *pack)
{
    const rmt_conv *conv = pack->params;
    const rmt_value *value = rmt_node_constant(pack->graph, pack->node, RMT_CONV_BIAS);
    int64_t parts = bias_parts(conv), count = conv->out_channels / parts;
    float *bias = (float *)pack->packed + conv->bias_at;
    for (int64_t i = 0; value != NULL && i < parts; i++)
        rmt_constant_floats(value, i * count, count, bias + i * rmt_round16(count));
}

int64_t rmt_conv_pack_run(const rmt_op_pack *pack, int64_t channel, int64_t channels, int64_t first, int64_t last,
                          float *panel)
{
    enum { STRIDE = RMT_CONV_PACK_RUN + RMT_PANEL }; /* off powers of two: all lines are read side by side */
    const rmt_value *filter = &pack->graph->values[pack->node->inputs[RMT_CONV_FILTER]];
    float lines[RMT_PANEL * STRIDE], scale[RMT_PANEL];
    int64_t line_floats = rmt_shape_elements(&filter->shape) / filter->shape.dims[0];
    int64_t count = rmt_min_i64(RMT_CONV_PACK_RUN, last - first);
    rmt_conv_pack_scale(pack, channel, channels, scale);
    for (int64_t j = 0; j < channels; j++) {
        float *line = lines + j * STRIDE;
        rmt_constant_floats(filter, (channel + j) * line_floats + first, count, line);
        for (int64_t i = 0; i < count; i++)
            line[i] *= scale[j];
    }
    pack->kernels->transpose(lines, STRIDE, panel, RMT_PANEL, count, channels);
    return count;
}

/* Sixteen filters [ci / g][taps], or what is left of their group, to the panel [taps][ci / g][16]. */
static void pack_filters(const rmt_op_pack *pack, int64_t co, int64_t filters, int64_t channels, int64_t taps,
                         float *panel)
{
    float run[RMT_CONV_PACK_RUN * RMT_PANEL] = {0};
    int64_t length = channels * taps, c = 0, t = 0;
    for (int64_t first = 0; first < length; first += RMT_CONV_PACK_RUN) {
        int64_t count =
            rmt_conv_pack_run(pack, co, filters, first, length, taps == 1 ? panel + first * RMT_PANEL : run);
        for (int64_t i = 0; taps > 1 && i < count; i++) {
            memcpy(panel + (t * channels + c) * RMT_PANEL, run + i * RMT_PANEL, RMT_PANEL * sizeof *run);
            if (++t == taps) {
                t = 0;
                c++;
            }
        }
    }
}

static void pack_indirect(const rmt_op_pack *pack, const rmt_conv *conv)
{
    int64_t taps = (int64_t)conv->window.kernel_h * conv->window.kernel_w;
    int64_t channels = conv->in_channels / conv->groups, group_out = conv->out_channels / conv->groups;
    float *panel = pack->panels;
    for (int64_t g = 0; g < conv->groups; g++) {
        for (int64_t j = 0; j < group_out; j += RMT_PANEL, panel += taps * channels * RMT_PANEL)
            pack_filters(pack, g * group_out + j, rmt_min_i64(RMT_PANEL, group_out - j), channels, taps, panel);
    }
}

static void pack_depthwise(const rmt_op_pack *pack, const rmt_conv *conv)
{
    const rmt_value *filter = &pack->graph->values[pack->node->inputs[RMT_CONV_FILTER]];
    int64_t taps = (int64_t)conv->window.kernel_h * conv->window.kernel_w, stride = rmt_round16(conv->out_channels);
    float *weights = (float *)pack->packed;
    for (int64_t c = 0; c < conv->out_channels; c++) {
        float scale;
        rmt_conv_pack_scale(pack, c, 1, &scale);
        for (int64_t t = 0; t < taps; t++) {
            float w;
            rmt_constant_floats(filter, c * taps + t, 1, &w);
            weights[t * stride + c] = w * scale;
        }
    }
}

static void conv_pack(const rmt_op_pack *pack)
{
    const rmt_conv *conv = pack->params;
    if (conv->dynamic)
        return;
    if (conv->algorithm == RMT_CONV_DEPTHWISE)
        pack_depthwise(pack, conv);
    else if (conv->algorithm == RMT_CONV_WINOGRAD)
        rmt_conv_pack_winograd(pack);
    else if (conv->algorithm == RMT_CONV_FEW)
        rmt_conv_pack_few(pack);
    else
        pack_indirect(pack, conv);
    rmt_conv_pack_bias(pack);
}

/* ---- shapes and layouts ----------------------------------------------------------------------------------- */

ramet_status rmt_conv_check_input(const rmt_op_infer *infer, const rmt_conv *conv)
{
    const rmt_view *x = &infer->in[RMT_CONV_X];
    if (x->shape.rank == 4 && x->dtype == RAMET_DTYPE_FLOAT32 && x->shape.dims[1] == conv->in_channels)
        return RAMET_STATUS_OK;
    char text[128];
    rmt_shape_print(&x->shape, text, sizeof text);
    return rmt_fail(infer->error, RAMET_STATUS_BAD_SHAPE, "input %s is not float32 [n,%d,h,w]", text,
                    conv->in_channels);
}

ramet_status rmt_conv_set_output(rmt_op_infer *infer, const rmt_conv *conv, int64_t h, int64_t w)
{
    rmt_view *out = &infer->out[0];
    out->dtype = RAMET_DTYPE_FLOAT32;
    out->shape = (rmt_shape){4, {infer->in[RMT_CONV_X].shape.dims[0], conv->out_channels, h, w}};
    bool residual = infer->in_count > RMT_CONV_RESIDUAL && infer->in[RMT_CONV_RESIDUAL].shape.rank >= 0;
    if (!residual || rmt_shape_equal(&infer->in[RMT_CONV_RESIDUAL].shape, &out->shape))
        return RAMET_STATUS_OK;
    char a[128], b[128];
    rmt_shape_print(&infer->in[RMT_CONV_RESIDUAL].shape, a, sizeof a);
    rmt_shape_print(&out->shape, b, sizeof b);
    return rmt_fail(infer->error, RAMET_STATUS_BAD_SHAPE, "the shortcut %s does not fit the sum %s", a, b);
}

static ramet_status conv_infer(rmt_op_infer *infer)
{
    const rmt_conv *conv = infer->params;
    rmt_conv settled = *conv;
    ramet_status status = conv->dynamic ? rmt_conv_settle_dynamic(infer, &settled) : RAMET_STATUS_OK;
    conv = &settled;
    if (status == RAMET_STATUS_OK)
        status = rmt_conv_check_input(infer, conv);
    if (status != RAMET_STATUS_OK)
        return status;
    const int64_t *dims = infer->in[RMT_CONV_X].shape.dims;
    rmt_geometry geometry;
    if (!rmt_window_geometry(&conv->window, dims[2], dims[3], &geometry))
        return rmt_fail(infer->error, RAMET_STATUS_BAD_SHAPE,
                        "an image of %lld x %lld is too small for a %d x %d kernel", (long long)dims[3],
                        (long long)dims[2], conv->window.kernel_w, conv->window.kernel_h);
    return rmt_conv_set_output(infer, conv, geometry.out_h, geometry.out_w);
}

int32_t rmt_conv_block(int64_t taps, int64_t channels)
{
    int64_t rows = BLOCK_BYTES / (int64_t)sizeof(float) / (taps * channels);
    return (int32_t)(rmt_max_i64(48, rmt_min_i64(rows, 192)) / 6 * 6);
}

static void conv_place(rmt_op_place *place)
{
    const rmt_conv *conv = place->params;
    place->form[RMT_CONV_X] = RMT_FORM_CHANNELS_LAST;
    if (place->in_count > RMT_CONV_RESIDUAL)
        place->form[RMT_CONV_RESIDUAL] = RMT_FORM_CHANNELS_LAST;
    rmt_strides_channels_last(&place->out[0]);
    place->place[0].any_pixel_stride = true;
    if (place->in_count > RMT_CONV_RESIDUAL && place->in[RMT_CONV_RESIDUAL].shape.rank >= 0)
        place->place[0].in_place_of = RMT_CONV_RESIDUAL;
    if (conv->dynamic)
        rmt_conv_place_dynamic(place);
    else if (conv->algorithm == RMT_CONV_INDIRECT)
        place->scratch_bytes = rmt_conv_scratch_indirect(conv, place->threads);
    if (conv->algorithm == RMT_CONV_WINOGRAD)
        place->scratch_bytes = rmt_conv_scratch_winograd(conv, place->threads);
    if (conv->algorithm == RMT_CONV_FEW)
        place->scratch_bytes = rmt_conv_scratch_few(conv, place->in[RMT_CONV_X].shape.dims[3], place->threads);
}

/* What windows first .. last - 1 read along one axis of `size` pixels. */
static void find_needed(int64_t stride, int64_t pad, int64_t extent, int64_t size, int64_t *first, int64_t *last)
{
    *last = rmt_max_i64(0, rmt_min_i64((*last - 1) * stride - pad + extent, size));
    *first = rmt_max_i64(0, rmt_min_i64(*first * stride - pad, size));
}

static bool conv_area(const void *params, const rmt_view *in, const rmt_view *out, rmt_area *made, rmt_area *needed)
{
    const rmt_conv *conv = params;
    const rmt_window *w = &conv->window;
    const int64_t tile = conv->algorithm == RMT_CONV_WINOGRAD ? conv->tile : 1;
    if (conv->dynamic || conv->algorithm == RMT_CONV_FEW)
        return false;
    rmt_geometry g;
    const rmt_shape *x = &in[RMT_CONV_X].shape;
    bool good = rmt_window_geometry(w, x->dims[2], x->dims[3], &g);
    const int64_t high = (int64_t)g.dilation_h * (w->kernel_h - 1) + 1,
                  wide = (int64_t)g.dilation_w * (w->kernel_w - 1) + 1;
    made->top = made->top / tile * tile;
    made->left = made->left / tile * tile;
    made->bottom = rmt_min_i64((made->bottom + tile - 1) / tile * tile, out->shape.dims[2]);
    made->right = rmt_min_i64((made->right + tile - 1) / tile * tile, out->shape.dims[3]);
    *needed = *made;
    find_needed(w->stride_h, g.pad_top, high, x->dims[2], &needed->top, &needed->bottom);
    find_needed(w->stride_w, g.pad_left, wide, x->dims[3], &needed->left, &needed->right);
    return good && g.pad_top < high && g.pad_bottom < high && g.pad_left < wide && g.pad_right < wide;
}

rmt_area rmt_conv_run_area(const rmt_op_run *run)
{
    const int64_t *dims = run->out[0].shape.dims;
    return run->area.bottom > 0 ? run->area : (rmt_area){0, dims[2], 0, dims[3]};
}

static void conv_run(const rmt_op_run *run)
{
    const rmt_conv *conv = run->params;
    if (rmt_shape_elements(&run->out[0].shape) == 0)
        return;
    if (conv->dynamic)
        rmt_conv_run_dynamic(run);
    else if (conv->algorithm == RMT_CONV_DEPTHWISE)
        rmt_conv_run_depthwise(run);
    else if (conv->algorithm == RMT_CONV_WINOGRAD)
        rmt_conv_run_winograd(run);
    else if (conv->algorithm == RMT_CONV_FEW)
        rmt_conv_run_few(run);
    else
        rmt_conv_run_indirect(run);
}

const rmt_op rmt_op_conv2d = {.name = "conv2d",
                              .params_bytes = sizeof(rmt_conv),
                              .load = conv_load,
                              .pack = conv_pack,
                              .infer = conv_infer,
                              .place = conv_place,
                              .run = conv_run,
                              .area = conv_area};

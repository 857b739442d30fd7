/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conv2d whose filter or bias is computed by the graph (kernels that a detector
 * predicts): sizes follow from the shape of the filter, and each run packs it
 * into scratch before it runs like any other.
 *
 * Scratch: the packed room of conv.h, then that of the gathered rows.
 */
#include "ops/convolution/conv.h"

#include <string.h>

bool rmt_conv_is_dynamic(const rmt_op_load *load)
{
    const rmt_node *node = load->node;
    for (int32_t i = RMT_CONV_FILTER; i <= RMT_CONV_BIAS && i < node->input_count; i++)
        if (node->inputs[i] != RMT_NO_VALUE && rmt_node_constant(load->graph, node, i) == NULL)
            return true;
    return false;
}

ramet_status rmt_conv_load_dynamic(rmt_op_load *load, rmt_conv *conv)
{
    ramet_status status = rmt_load_inputs(load, RMT_CONV_FILTER + 1);
    if (status != RAMET_STATUS_OK)
        return status;
    int64_t groups = rmt_node_int(load->node, "groups", 1);
    if (groups < 1 || groups > INT32_MAX / 16)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "groups %lld", (long long)groups);
    conv->dynamic = true;
    conv->algorithm = RMT_CONV_INDIRECT;
    conv->groups = (int32_t)groups;
    conv->act = rmt_activation_fused(load->node);
    return rmt_window_read(load->node, 1, 1, &conv->window, load->error);
}

static bool has_bias(const rmt_view *in, int32_t in_count)
{
    return in_count > RMT_CONV_BIAS && in[RMT_CONV_BIAS].shape.rank >= 0;
}

/* The layer for a filter of this shape. */
static rmt_conv settle(const rmt_conv *conv, const rmt_shape *filter)
{
    rmt_conv settled = *conv;
    const int64_t *dims = filter->dims;
    settled.window.kernel_h = (int32_t)dims[2];
    settled.window.kernel_w = (int32_t)dims[3];
    settled.out_channels = (int32_t)dims[0];
    settled.in_channels = (int32_t)dims[1] * conv->groups;
    int64_t columns = conv->groups * rmt_round16(dims[0] / conv->groups);
    settled.bias_at = 0;
    settled.zeros_at = columns;
    return settled;
}

ramet_status rmt_conv_settle_dynamic(rmt_op_infer *infer, rmt_conv *settled)
{
    const rmt_conv *conv = infer->params;
    const rmt_shape *filter = &infer->in[RMT_CONV_FILTER].shape;
    ramet_status status = rmt_infer_float32(infer, RMT_CONV_FILTER);
    if (status != RAMET_STATUS_OK)
        return status;
    bool good = filter->rank == 4 && filter->dims[0] % conv->groups == 0 && filter->dims[0] <= INT32_MAX / 16 &&
                filter->dims[1] >= 1 && filter->dims[1] <= INT32_MAX / 16 / conv->groups;
    for (int i = 2; good && i < 4; i++)
        good = filter->dims[i] >= 1 && filter->dims[i] <= 1024;
    if (!good || rmt_shape_elements(filter) > RMT_MAX_ELEMENTS / 32)
        return rmt_infer_fail(infer, "the filter has an impossible size");
    *settled = settle(conv, filter);
    if (!has_bias(infer->in, infer->in_count))
        return RAMET_STATUS_OK;
    if (rmt_shape_elements(&infer->in[RMT_CONV_BIAS].shape) != filter->dims[0])
        return rmt_infer_fail(infer, "the bias has not one number for each of the filters");
    return rmt_infer_float32(infer, RMT_CONV_BIAS);
}

static int64_t panel_floats(const rmt_conv *conv)
{
    int64_t taps = (int64_t)conv->window.kernel_h * conv->window.kernel_w;
    return conv->groups * rmt_round16(conv->out_channels / conv->groups) * (conv->in_channels / conv->groups) * taps;
}

/* Of panels and the packed room behind them. */
static size_t packed_bytes(const rmt_conv *conv)
{
    int64_t floats = conv->zeros_at + rmt_round16((int64_t)conv->in_channels * conv->window.kernel_w);
    return rmt_round_up((size_t)(panel_floats(conv) + floats) * sizeof(float), RMT_PACK_ALIGN);
}

void rmt_conv_place_dynamic(rmt_op_place *place)
{
    rmt_conv conv = settle(place->params, &place->in[RMT_CONV_FILTER].shape);
    place->form[RMT_CONV_FILTER] = RMT_FORM_DENSE;
    if (place->in_count > RMT_CONV_BIAS)
        place->form[RMT_CONV_BIAS] = RMT_FORM_DENSE;
    place->scratch_bytes = packed_bytes(&conv) + rmt_conv_scratch_indirect(&conv, place->threads);
}

/* Filters of one group: [n][k] floats, channel by channel and tap by tap, become panels. */
static void pack_group(const rmt_conv *conv, const float *filters, int64_t n, float *panels)
{
    int64_t taps = (int64_t)conv->window.kernel_h * conv->window.kernel_w, channels = conv->in_channels / conv->groups;
    int64_t k = taps * channels;
    for (int64_t j = 0; j < n; j++)
        for (int64_t c = 0; c < channels; c++)
            for (int64_t t = 0; t < taps; t++)
                panels[(j / RMT_PANEL * k + t * channels + c) * RMT_PANEL + j % RMT_PANEL] =
                    filters[j * k + c * taps + t];
}

void rmt_conv_run_dynamic(const rmt_op_run *run)
{
    rmt_conv conv = settle(run->params, &run->in[RMT_CONV_FILTER].shape);
    const float *filters = run->in[RMT_CONV_FILTER].data;
    const float *bias = has_bias(run->in, run->in_count) ? run->in[RMT_CONV_BIAS].data : NULL;
    int64_t count = conv.out_channels / conv.groups, columns = rmt_round16(count);
    int64_t k = (int64_t)conv.window.kernel_h * conv.window.kernel_w * (conv.in_channels / conv.groups);
    float *panels = (float *)run->scratch, *packed = panels + panel_floats(&conv);
    memset(panels, 0, packed_bytes(&conv));
    for (int64_t g = 0; g < conv.groups; g++) {
        pack_group(&conv, filters + g * count * k, count, panels + g * columns * k);
        if (bias != NULL)
            memcpy(packed + conv.bias_at + g * columns, bias + g * count, (size_t)count * sizeof(float));
    }
    rmt_op_run with_weights = *run;
    with_weights.params = &conv;
    with_weights.panels = panels;
    with_weights.panel_type = RMT_WEIGHT_FLOAT32;
    with_weights.packed = (const unsigned char *)packed;
    with_weights.scratch = run->scratch + packed_bytes(&conv);
    rmt_conv_run_indirect(&with_weights);
}

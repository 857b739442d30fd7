/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conv2d_transpose by phases: the output pixels (y, x) with the same y mod
 * stride and x mod stride form a phase, and each phase is an ordinary
 * convolution of the input with its share of the kernel's taps, written every
 * stride-th pixel. No zeros are inserted, no columns are scattered.
 *
 * x [n, ci, h, w], filter [ci, co / groups, kh, kw] -> [n, co, oh, ow].
 * Panels: for each phase and group [co / g / 16][taps of the phase][ci / g][16]; a phase without
 * taps keeps one tap of zeros. Packed: bias and zeros as in conv.h.
 */
#include "ops/convolution/conv.h"

#include <string.h>

#define MOST_PHASES 4096 /* strides of 64 x 64 */

typedef struct transpose_params {
    rmt_conv conv;
    int32_t output_padding_h, output_padding_w;
    int32_t output_h, output_w; /* asked for explicitly, or 0 */
    bool apart;                 /* runs by conv_transpose_apart.c */
} transpose_params;

/*
 * One axis of a phase. Output o takes tap k when o + pad - k * dilation is a multiple of stride, and the quotient is the
 * index of the input: a phase is the residue of o + pad, so its taps do not depend on the padding.
 */
typedef struct phase_axis {
    int32_t first, count, step; /* taps first, first + step, ... */
    int32_t output_first;       /* the first output of the phase */
    int32_t input_first;        /* the input that tap `first` brings to it; falls by input_step a tap */
    int32_t input_step;
} phase_axis;

typedef struct phase {
    phase_axis y, x;
    int64_t weights_at; /* its first */
} phase;

static phase_axis phase_of_axis(int32_t residue, int32_t kernel, int32_t stride, int32_t dilation, int32_t pad)
{
    phase_axis p = {.step = 1, .output_first = ((residue - pad) % stride + stride) % stride};
    int32_t last = 0;
    for (int32_t k = 0; k < kernel; k++) {
        if (k * dilation % stride != residue)
            continue;
        if (p.count == 0)
            p.first = k;
        if (p.count == 1)
            p.step = k - last;
        last = k;
        p.count++;
    }
    p.input_first = (p.output_first + pad - p.first * dilation) / stride;
    p.input_step = p.step * dilation / stride;
    return p;
}

static int32_t phase_count(const rmt_conv *conv) { return conv->window.stride_h * conv->window.stride_w; }

static phase phase_at(const rmt_conv *conv, int32_t index, const rmt_geometry *g)
{
    const rmt_window *w = &conv->window;
    return (phase){phase_of_axis(index / w->stride_w, w->kernel_h, w->stride_h, g->dilation_h, g->pad_top),
                   phase_of_axis(index % w->stride_w, w->kernel_w, w->stride_w, g->dilation_w, g->pad_left), 0};
}

static int64_t phase_taps(const phase *p) { return rmt_max_i64(1, (int64_t)p->y.count * p->x.count); }

static int64_t phase_floats(const rmt_conv *conv, const phase *p)
{
    return conv->groups * rmt_round16(conv->out_channels / conv->groups) * phase_taps(p) *
           (conv->in_channels / conv->groups);
}

static phase phase_with_weights(const rmt_conv *conv, int32_t index, const rmt_geometry *g)
{
    int64_t at = 0;
    for (int32_t i = 0; i < index; i++) {
        phase before = phase_at(conv, i, g);
        at += phase_floats(conv, &before);
    }
    phase p = phase_at(conv, index, g);
    p.weights_at = at;
    return p;
}

/* ---- load, pack ------------------------------------------------------------------------------------------- */

static ramet_status read_output_size(const rmt_op_load *load, transpose_params *params)
{
    int64_t extra[2] = {0, 0}, size[2] = {0, 0};
    size_t extras = rmt_node_ints(load->node, "output_padding", extra, 2);
    size_t sizes = rmt_node_ints(load->node, "output_size", size, 2);
    if (extras == 1)
        extra[1] = extra[0];
    if (sizes == 1)
        size[1] = size[0];
    for (int i = 0; i < 2; i++)
        if (extras > 2 || sizes > 2 || extra[i] < 0 || extra[i] > 65536 || size[i] < 0 || size[i] > 65536)
            return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "output_padding or output_size makes no sense");
    params->output_padding_h = (int32_t)extra[0];
    params->output_padding_w = (int32_t)extra[1];
    params->output_h = (int32_t)size[0];
    params->output_w = (int32_t)size[1];
    return RAMET_STATUS_OK;
}

/* A result that reaches past the last windows, or to which something is added. */
static bool makes_more(const rmt_node *node, const transpose_params *params)
{
    bool adds = node->input_count > RMT_CONV_RESIDUAL && node->inputs[RMT_CONV_RESIDUAL] != RMT_NO_VALUE;
    return adds || (params->output_padding_h | params->output_padding_w | params->output_h | params->output_w) != 0;
}

static ramet_status transpose_load(rmt_op_load *load)
{
    transpose_params *params = load->params;
    rmt_conv *conv = &params->conv;
    int64_t f[4];
    ramet_status status = rmt_conv_load_common(load, conv, f);
    if (status != RAMET_STATUS_OK)
        return status;
    if ((int64_t)conv->window.stride_h * conv->window.stride_w > MOST_PHASES)
        return rmt_fail(load->error, RAMET_STATUS_UNSUPPORTED, "strides %d x %d of a transposed convolution",
                        conv->window.stride_h, conv->window.stride_w);
    if (f[0] % conv->groups != 0)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "groups does not fit the filter");
    conv->in_channels = (int32_t)f[0];
    conv->out_channels = (int32_t)f[1] * conv->groups;
    conv->algorithm = RMT_CONV_INDIRECT;
    status = rmt_conv_check_channels(load, conv);
    if (status == RAMET_STATUS_OK)
        status = read_output_size(load, params);
    if (status != RAMET_STATUS_OK)
        return status;
    if (rmt_conv_is_apart(conv) && !makes_more(load->node, params)) {
        params->apart = true;
        return rmt_conv_claim_apart(load, conv);
    }
    rmt_geometry geometry;
    (void)rmt_window_geometry(&conv->window, 1, 1, &geometry);
    int64_t floats = 0;
    for (int32_t i = 0; i < phase_count(conv) && floats <= RMT_MAX_ELEMENTS; i++) {
        phase p = phase_at(conv, i, &geometry);
        floats += phase_floats(conv, &p);
    }
    return rmt_conv_claim(load, conv, floats, 0);
}

/* The filter of one phase and output channel into its column of the panel [taps][ci / g][16]. */
static void pack_column(const rmt_op_pack *pack, const phase *p, int64_t co, float *column)
{
    const rmt_conv *conv = pack->params;
    const rmt_value *filter = &pack->graph->values[pack->node->inputs[RMT_CONV_FILTER]];
    int64_t channels = conv->in_channels / conv->groups, group_out = conv->out_channels / conv->groups;
    int64_t group = co / group_out, kh = conv->window.kernel_h, kw = conv->window.kernel_w;
    float scale;
    rmt_conv_pack_scale(pack, co, 1, &scale);
    for (int64_t r = 0; r < p->y.count; r++) {
        for (int64_t s = 0; s < p->x.count; s++) {
            int64_t tap = (p->y.first + r * p->y.step) * kw + p->x.first + s * p->x.step;
            for (int64_t c = 0; c < channels; c++) {
                float w;
                rmt_constant_floats(filter, ((group * channels + c) * group_out + co % group_out) * kh * kw + tap, 1,
                                    &w);
                column[((r * p->x.count + s) * channels + c) * RMT_PANEL] = w * scale;
            }
        }
    }
}

static void transpose_pack(const rmt_op_pack *pack)
{
    const transpose_params *params = pack->params;
    const rmt_conv *conv = &params->conv;
    int64_t channels = conv->in_channels / conv->groups, group_out = conv->out_channels / conv->groups;
    rmt_geometry geometry;
    if (params->apart) {
        rmt_conv_pack_apart(pack);
        return;
    }
    (void)rmt_window_geometry(&conv->window, 1, 1, &geometry);
    for (int32_t i = 0; i < phase_count(conv); i++) {
        phase p = phase_with_weights(conv, i, &geometry);
        int64_t panel = phase_taps(&p) * channels * RMT_PANEL;
        float *weights = pack->panels + p.weights_at;
        for (int64_t co = 0; co < conv->out_channels; co++) {
            int64_t g = co / group_out, j = co % group_out;
            float *group = weights + g * (rmt_round16(group_out) / RMT_PANEL) * panel;
            pack_column(pack, &p, co, group + j / RMT_PANEL * panel + j % RMT_PANEL);
        }
    }
    rmt_conv_pack_bias(pack);
}

/* ---- shapes -------------------------------------------------------------------------------------------------- */

static int64_t output_side(int64_t in, int32_t kernel, int32_t stride, int32_t dilation, int32_t pads, int32_t extra)
{
    return (in - 1) * stride - pads + (int64_t)dilation * (kernel - 1) + 1 + extra;
}

static ramet_status transpose_infer(rmt_op_infer *infer)
{
    const transpose_params *params = infer->params;
    const rmt_window *w = &params->conv.window;
    ramet_status status = rmt_conv_check_input(infer, &params->conv);
    if (status != RAMET_STATUS_OK)
        return status;
    const int64_t *dims = infer->in[RMT_CONV_X].shape.dims;
    if (dims[2] < 1 || dims[3] < 1)
        return rmt_infer_fail(infer, "the image is empty");
    rmt_geometry g;
    (void)rmt_window_geometry(w, dims[2], dims[3], &g);
    int64_t h = output_side(dims[2], w->kernel_h, w->stride_h, g.dilation_h, g.pad_top + g.pad_bottom,
                            params->output_padding_h);
    int64_t x = output_side(dims[3], w->kernel_w, w->stride_w, g.dilation_w, g.pad_left + g.pad_right,
                            params->output_padding_w);
    if (params->output_h > 0)
        h = params->output_h;
    if (params->output_w > 0)
        x = params->output_w;
    if (h < 1 || x < 1 || h > INT32_MAX || x > INT32_MAX)
        return rmt_infer_fail(infer, "nothing is left of the output");
    return rmt_conv_set_output(infer, &params->conv, h, x);
}

/* ---- run ------------------------------------------------------------------------------------------------------- */

typedef struct transpose_run {
    const rmt_op_run *run;
    const rmt_conv *conv;
    rmt_geometry geometry;
    rmt_pixels x, y, residual;
    rmt_area area; /* of y, to be made */
    int32_t block; /* output pixels of one row of a phase */
    size_t scratch_bytes;
} transpose_run;

static int64_t most_taps(const rmt_window *w) { return (int64_t)w->kernel_h * w->kernel_w; }

static size_t thread_scratch(const rmt_conv *conv, int32_t block)
{
    size_t pointers = ((size_t)most_taps(&conv->window) + 2) * (size_t)block;
    return rmt_round_up(pointers * sizeof(void *), RMT_PACK_ALIGN);
}

static int32_t block_of(const rmt_conv *conv)
{
    return rmt_conv_block(most_taps(&conv->window), conv->in_channels / conv->groups);
}

static void transpose_place(rmt_op_place *place)
{
    const transpose_params *params = place->params;
    place->form[RMT_CONV_X] = RMT_FORM_CHANNELS_LAST;
    if (place->in_count > RMT_CONV_RESIDUAL)
        place->form[RMT_CONV_RESIDUAL] = RMT_FORM_CHANNELS_LAST;
    rmt_strides_channels_last(&place->out[0]);
    place->place[0].any_pixel_stride = true;
    place->scratch_bytes = params->apart
                               ? rmt_conv_scratch_apart(&params->conv, place->threads)
                               : thread_scratch(&params->conv, block_of(&params->conv)) * (size_t)place->threads;
}

/* Pixels x_first, x_first + 1, ... of row `row` of a phase: gathers inputs and outputs, multiplies. */
typedef struct phase_block {
    const phase *p;
    int32_t n, row, first, count;
} phase_block;

static void gather_phase(const transpose_run *d, const phase_block *b, int32_t channel, const float **a)
{
    const float *zeros = (const float *)d->run->packed + d->conv->zeros_at;
    const phase_axis *py = &b->p->y, *px = &b->p->x;
    for (int32_t i = 0; py->count * px->count == 0 && i < b->count; i++)
        a[i] = zeros;
    for (int32_t r = 0; r < py->count; r++) {
        int32_t iy = py->input_first - r * py->input_step + b->row;
        for (int32_t s = 0; s < px->count; s++) {
            int32_t ix = px->input_first - s * px->input_step + b->first;
            for (int32_t i = 0; i < b->count; i++, ix++) {
                bool inside = iy >= 0 && iy < d->x.h && ix >= 0 && ix < d->x.w;
                *a++ = inside ? rmt_pixel_at(&d->x, b->n, iy, ix) + channel : zeros;
            }
        }
    }
}

static void point_outputs(const transpose_run *d, const rmt_pixels *pixels, const phase_block *b, int32_t channel,
                          float **c)
{
    int32_t oy = b->p->y.output_first + b->row * d->conv->window.stride_h;
    for (int32_t i = 0; i < b->count; i++) {
        int32_t ox = b->p->x.output_first + (b->first + i) * d->conv->window.stride_w;
        c[i] = rmt_pixel_at(pixels, b->n, oy, ox) + channel;
    }
}

static void run_block(const transpose_run *d, const phase_block *b, int thread)
{
    const rmt_conv *conv = d->conv;
    int32_t channels = conv->in_channels / conv->groups, group_out = conv->out_channels / conv->groups;
    int64_t taps = phase_taps(b->p), panel = taps * channels * RMT_PANEL, padded = rmt_round16(group_out);
    const float *packed = (const float *)d->run->packed;
    const float **a = (const float **)(d->run->scratch + d->scratch_bytes * (size_t)thread);
    const float **add = a + most_taps(&conv->window) * d->block;
    float **c = (float **)(add + d->block);
    for (int32_t g = 0; g < conv->groups; g++) {
        gather_phase(d, b, g * channels, a);
        point_outputs(d, &d->y, b, g * group_out, c);
        if (d->residual.data != NULL)
            point_outputs(d, &d->residual, b, g * group_out, (float **)add);
        d->run->kernels->gemm(&(rmt_gemm){.a = a,
                                          .m = b->count,
                                          .taps = (int32_t)taps,
                                          .k = channels,
                                          .b = rmt_weight_at(d->run->panels, d->run->panel_type,
                                                             b->p->weights_at + g * (padded / RMT_PANEL) * panel),
                                          .type = d->run->panel_type,
                                          .panel_stride = panel,
                                          .n = group_out,
                                          .bias = packed + conv->bias_at + g * padded,
                                          .add = d->residual.data != NULL ? add : NULL,
                                          .c = c,
                                          .act = conv->act});
    }
}

/* How many of 0 .. size - 1 belong to the phase that starts at `first`. */
static int32_t phase_size(int32_t size, int32_t first, int32_t stride)
{
    return first >= size ? 0 : (size - first + stride - 1) / stride;
}

/* One chunk: one row of blocks of one phase, image by image. */
static void run_phase_row(void *context, int64_t first, int64_t last, int thread)
{
    const transpose_run *d = context;
    const rmt_window *w = &d->conv->window;
    const int32_t phases = phase_count(d->conv), top = (int32_t)d->area.top / w->stride_h;
    const int32_t rows = ((int32_t)d->area.bottom + w->stride_h - 1) / w->stride_h - top;
    for (int64_t i = first; i < last; i++) {
        phase p = phase_with_weights(d->conv, (int32_t)(i % phases), &d->geometry);
        phase_block b = {&p, (int32_t)(i / phases / rows), top + (int32_t)(i / phases % rows), 0, 0};
        b.first = (int32_t)d->area.left / w->stride_w;
        if (b.row >= phase_size(d->y.h, p.y.output_first, w->stride_h))
            continue;
        int32_t width = phase_size((int32_t)d->area.right, p.x.output_first, w->stride_w);
        for (; b.first < width; b.first += d->block) {
            b.count = width - b.first < d->block ? width - b.first : d->block;
            run_block(d, &b, thread);
        }
    }
}

static void transpose_run_all(const rmt_op_run *run)
{
    const transpose_params *params = run->params;
    const rmt_conv *conv = &params->conv;
    if (params->apart) {
        rmt_conv_run_apart(run);
        return;
    }
    transpose_run d = {.run = run,
                       .conv = conv,
                       .x = rmt_pixels_of(&run->in[RMT_CONV_X]),
                       .y = rmt_pixels_of(&run->out[0]),
                       .area = rmt_conv_run_area(run)};
    if (run->in_count > RMT_CONV_RESIDUAL && run->in[RMT_CONV_RESIDUAL].shape.rank == 4)
        d.residual = rmt_pixels_of(&run->in[RMT_CONV_RESIDUAL]);
    (void)rmt_window_geometry(&conv->window, d.x.h, d.x.w, &d.geometry);
    d.block = block_of(conv);
    d.scratch_bytes = thread_scratch(conv, d.block);
    const int32_t stride = conv->window.stride_h;
    int64_t rows = ((int32_t)d.area.bottom + stride - 1) / stride - (int32_t)d.area.top / stride;
    rmt_for_range(run->team, d.y.n * rows * phase_count(conv), 4, run_phase_row, &d);
}

/* Where windows lie side by side. */
static bool transpose_area(const void *params, const rmt_view *in, const rmt_view *out, rmt_area *made,
                           rmt_area *needed)
{
    const transpose_params *transpose = params;
    const rmt_window *w = &transpose->conv.window;
    const int64_t *x = in[RMT_CONV_X].shape.dims, *y = out->shape.dims;
    needed->top = made->top / w->stride_h;
    needed->left = made->left / w->stride_w;
    needed->bottom = (made->bottom + w->stride_h - 1) / w->stride_h;
    needed->right = (made->right + w->stride_w - 1) / w->stride_w;
    *made = (rmt_area){needed->top * w->stride_h, needed->bottom * w->stride_h, needed->left * w->stride_w,
                       needed->right * w->stride_w};
    return rmt_conv_windows_apart(&transpose->conv) && y[2] == x[2] * w->stride_h && y[3] == x[3] * w->stride_w;
}

const rmt_op rmt_op_conv2d_transpose = {.name = "conv2d_transpose",
                                        .params_bytes = sizeof(transpose_params),
                                        .load = transpose_load,
                                        .pack = transpose_pack,
                                        .infer = transpose_infer,
                                        .place = transpose_place,
                                        .run = transpose_run_all,
                                        .area = transpose_area};

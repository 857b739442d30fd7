/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deformable_conv: a convolution whose taps are read beside the grid, by offsets
 * [n, 2 * dg * taps, oh, ow] (y, x for each tap of each deformable group), and
 * weighed by a mask [n, dg * taps, oh, ow] where there is one. For a block of
 * output pixels each tap is sampled into scratch, a weighted sum of four pixels
 * for all channels of a deformable group; the rest is one product.
 *
 * Packed: panels [group][co / g / 16][taps][ci / g][16].
 * Scratch, each thread: samples [taps][block][ci], pointers to them and to results.
 */
#include "ops/convolution/conv.h"

#include <math.h>
#include <string.h>

enum { X, OFFSET, FILTER, MASK };

typedef struct deformable_params {
    rmt_window window;
    int32_t groups, parts; /* deformable groups */
    int32_t in_channels, out_channels;
} deformable_params;

static int64_t taps_of(const deformable_params *params)
{
    return (int64_t)params->window.kernel_h * params->window.kernel_w;
}

/* ---- load, pack ------------------------------------------------------------------------------------------------ */

static ramet_status check_groups(rmt_op_load *load, deformable_params *params, const int64_t *filter)
{
    int64_t groups = rmt_node_int(load->node, "groups", 1), parts = rmt_node_int(load->node, "deformable_groups", 1);
    if (groups < 1 || filter[0] % groups != 0 || filter[1] > INT32_MAX / 16 / groups || parts < 1 ||
        filter[1] * groups % parts != 0)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "groups %lld and deformable_groups %lld do not fit",
                        (long long)groups, (long long)parts);
    params->groups = (int32_t)groups;
    params->parts = (int32_t)parts;
    params->out_channels = (int32_t)filter[0];
    params->in_channels = (int32_t)(filter[1] * groups);
    return RAMET_STATUS_OK;
}

static ramet_status deformable_load(rmt_op_load *load)
{
    deformable_params *params = load->params;
    ramet_status status = rmt_load_inputs(load, MASK);
    if (status != RAMET_STATUS_OK)
        return status;
    const rmt_value *filter = rmt_node_constant(load->graph, load->node, FILTER);
    if (filter == NULL || filter->shape.rank != 4)
        return rmt_fail(load->error, RAMET_STATUS_UNSUPPORTED, "the filter must be a constant of rank 4");
    const int64_t *f = filter->shape.dims;
    for (int i = 0; i < 4; i++)
        if (f[i] < 1 || f[i] > (i < 2 ? INT32_MAX / 16 : 256))
            return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "the filter has an impossible size");
    status = check_groups(load, params, f);
    if (status == RAMET_STATUS_OK)
        status = rmt_window_read(load->node, (int32_t)f[2], (int32_t)f[3], &params->window, load->error);
    int64_t columns = params->groups * rmt_round16(f[0] / rmt_max_i64(1, params->groups));
    if (columns * f[1] > RMT_MAX_ELEMENTS / (f[2] * f[3]))
        return rmt_fail(load->error, RAMET_STATUS_OVER_BUDGET, "the filter would pack to more than 8 GiB");
    load->panel_floats = columns * f[1] * f[2] * f[3];
    load->packed_inputs = 1u << FILTER;
    return status;
}

static void deformable_pack(const rmt_op_pack *pack)
{
    const deformable_params *params = pack->params;
    const rmt_value *filter = rmt_node_constant(pack->graph, pack->node, FILTER);
    int64_t taps = taps_of(params), channels = params->in_channels / params->groups;
    int64_t group_out = params->out_channels / params->groups, panel = taps * channels * RMT_PANEL;
    for (int64_t co = 0; co < params->out_channels; co++) {
        int64_t g = co / group_out, j = co % group_out;
        float *column = pack->panels + (g * rmt_round16(group_out) / RMT_PANEL + j / RMT_PANEL) * panel;
        for (int64_t i = 0; i < channels * taps; i++)
            rmt_constant_floats(filter, co * channels * taps + i, 1,
                                &column[(i % taps * channels + i / taps) * RMT_PANEL + j % RMT_PANEL]);
    }
}

/* ---- infer, place ---------------------------------------------------------------------------------------------- */

static bool is_map(const rmt_view *view, const rmt_shape *out, int64_t channels)
{
    const int64_t *dims = view->shape.dims;
    return view->shape.rank == 4 && dims[0] == out->dims[0] && dims[1] == channels && dims[2] == out->dims[2] &&
           dims[3] == out->dims[3];
}

static bool has_mask(const rmt_view *in, int32_t in_count) { return in_count > MASK && in[MASK].shape.rank >= 0; }

static ramet_status deformable_infer(rmt_op_infer *infer)
{
    const deformable_params *params = infer->params;
    const rmt_view *in = infer->in;
    bool mask = has_mask(in, infer->in_count);
    for (int32_t i = X; i <= MASK; i++) {
        ramet_status status = i == FILTER || (i == MASK && !mask) ? RAMET_STATUS_OK : rmt_infer_float32(infer, i);
        if (status != RAMET_STATUS_OK)
            return status;
    }
    if (in[X].shape.rank != 4 || in[X].shape.dims[1] != params->in_channels)
        return rmt_infer_fail(infer, "the input has not %d channels", params->in_channels);
    rmt_geometry g;
    if (!rmt_window_geometry(&params->window, in[X].shape.dims[2], in[X].shape.dims[3], &g))
        return rmt_infer_fail(infer, "the image is too small for the kernel");
    infer->out[0].dtype = RAMET_DTYPE_FLOAT32;
    infer->out[0].shape = (rmt_shape){4, {in[X].shape.dims[0], params->out_channels, g.out_h, g.out_w}};
    int64_t points = params->parts * taps_of(params);
    if (!is_map(&in[OFFSET], &infer->out[0].shape, 2 * points) ||
        (mask && !is_map(&in[MASK], &infer->out[0].shape, points)))
        return rmt_infer_fail(infer, "offsets or mask do not fit the output");
    return rmt_infer_done(infer);
}

static int32_t block_of(const deformable_params *params)
{
    return rmt_conv_block(taps_of(params), params->in_channels);
}

/* Floats of the samples of one thread, and the pointers behind them. */
static size_t sample_floats(const deformable_params *params)
{
    return (size_t)taps_of(params) * (size_t)block_of(params) * (size_t)params->in_channels;
}

static size_t thread_scratch(const deformable_params *params)
{
    size_t pointers = ((size_t)taps_of(params) + 1) * (size_t)block_of(params);
    return rmt_round_up(sample_floats(params) * sizeof(float) + pointers * sizeof(void *) + sizeof(void *),
                        RMT_PACK_ALIGN);
}

static void deformable_place(rmt_op_place *place)
{
    for (int32_t i = 0; i < place->in_count; i++)
        place->form[i] = i == FILTER ? RMT_FORM_ANY : RMT_FORM_CHANNELS_LAST;
    rmt_strides_channels_last(&place->out[0]);
    place->place[0].any_pixel_stride = true;
    place->scratch_bytes = thread_scratch(place->params) * (size_t)place->threads;
}

/* ---- run ------------------------------------------------------------------------------------------------------- */

typedef struct deformable_loop {
    const rmt_op_run *run;
    const deformable_params *params;
    rmt_geometry g;
    rmt_pixels x, y, offset, mask; /* mask.data NULL: none */
    int32_t block, blocks;         /* output pixels; blocks of one image */
} deformable_loop;

/* Channels [first, first + count) at a place between pixels, times weight. */
static void sample_place(const deformable_loop *loop, int32_t n, float y, float x, float weight, int32_t first,
                         int32_t count, float *out)
{
    const float *pixels[4];
    float weights[4];
    int32_t found = 0;
    bool near = y > -1 && x > -1 && y < (float)loop->x.h && x < (float)loop->x.w; /* false for NaN */
    int32_t top = near ? (int32_t)floorf(y) : 0, left = near ? (int32_t)floorf(x) : 0;
    float down = y - (float)top, right = x - (float)left;
    for (int i = 0; near && i < 4; i++) {
        int32_t py = top + i / 2, px = left + i % 2;
        if (py < 0 || py >= loop->x.h || px < 0 || px >= loop->x.w)
            continue;
        pixels[found] = rmt_pixel_at(&loop->x, n, py, px) + first;
        weights[found++] = (i / 2 ? down : 1 - down) * (i % 2 ? right : 1 - right) * weight;
    }
    loop->run->kernels->blend(pixels, weights, found, out, count);
}

/* All channels of tap t of an output pixel. */
static void sample_tap(const deformable_loop *loop, int32_t n, int32_t oy, int32_t ox, int32_t t, float *out)
{
    const rmt_window *w = &loop->params->window;
    int32_t taps = (int32_t)taps_of(loop->params), count = loop->x.c / loop->params->parts;
    float y = (float)(oy * w->stride_h - loop->g.pad_top + t / w->kernel_w * loop->g.dilation_h);
    float x = (float)(ox * w->stride_w - loop->g.pad_left + t % w->kernel_w * loop->g.dilation_w);
    const float *offset = rmt_pixel_at(&loop->offset, n, oy, ox);
    for (int32_t part = 0; part < loop->params->parts; part++) {
        int32_t point = part * taps + t;
        float weight = loop->mask.data != NULL ? rmt_pixel_at(&loop->mask, n, oy, ox)[point] : 1;
        sample_place(loop, n, y + offset[2 * point], x + offset[2 * point + 1], weight, part * count, count,
                     out + part * count);
    }
}

/* The product of the samples of `count` pixels; results are at c. */
static void multiply_block(const deformable_loop *loop, float *samples, int32_t count, const float **a, float **c)
{
    const deformable_params *params = loop->params;
    int64_t taps = taps_of(params), channels = params->in_channels / params->groups;
    int64_t group_out = params->out_channels / params->groups, panel = taps * channels * RMT_PANEL;
    for (int32_t g = 0; g < params->groups; g++) {
        for (int64_t i = 0; i < taps * count; i++)
            a[i] = samples + i * params->in_channels + g * channels;
        loop->run->kernels->gemm(&(rmt_gemm){.a = a,
                                             .m = count,
                                             .taps = (int32_t)taps,
                                             .k = (int32_t)channels,
                                             .b = rmt_weight_at(loop->run->panels, loop->run->panel_type,
                                                                g * (rmt_round16(group_out) / RMT_PANEL) * panel),
                                             .type = loop->run->panel_type,
                                             .panel_stride = panel,
                                             .n = (int32_t)group_out,
                                             .c = c,
                                             .act = rmt_activation_none()});
        for (int32_t i = 0; i < count; i++)
            c[i] += group_out;
    }
}

static void run_blocks(void *context, int64_t begin, int64_t end, int thread)
{
    const deformable_loop *loop = context;
    const deformable_params *params = loop->params;
    float *samples = (float *)(loop->run->scratch + thread_scratch(params) * (size_t)thread);
    const float **a = (const float **)(samples + rmt_round_up(sample_floats(params), 2));
    float **c = (float **)(a + taps_of(params) * loop->block);
    for (int64_t i = begin; i < end; i++) {
        int32_t n = (int32_t)(i / loop->blocks), first = (int32_t)(i % loop->blocks) * loop->block;
        int32_t count = (int32_t)rmt_min_i64(loop->block, (int64_t)loop->y.h * loop->y.w - first);
        for (int32_t t = 0; t < (int32_t)taps_of(params); t++)
            for (int32_t p = 0; p < count; p++)
                sample_tap(loop, n, (first + p) / loop->y.w, (first + p) % loop->y.w, t,
                           samples + ((int64_t)t * count + p) * params->in_channels);
        for (int32_t p = 0; p < count; p++)
            c[p] = rmt_pixel_at(&loop->y, n, (first + p) / loop->y.w, (first + p) % loop->y.w);
        multiply_block(loop, samples, count, a, c);
    }
}

static void deformable_run(const rmt_op_run *run)
{
    deformable_loop loop = {.run = run, .params = run->params};
    if (rmt_shape_elements(&run->out[0].shape) == 0)
        return;
    loop.x = rmt_pixels_of(&run->in[X]);
    loop.y = rmt_pixels_of(&run->out[0]);
    loop.offset = rmt_pixels_of(&run->in[OFFSET]);
    if (has_mask(run->in, run->in_count))
        loop.mask = rmt_pixels_of(&run->in[MASK]);
    rmt_window_geometry(&loop.params->window, loop.x.h, loop.x.w, &loop.g);
    loop.block = block_of(loop.params);
    loop.blocks = (int32_t)(((int64_t)loop.y.h * loop.y.w + loop.block - 1) / loop.block);
    rmt_for_range(run->team, (int64_t)loop.y.n * loop.blocks, 1, run_blocks, &loop);
}

const rmt_op rmt_op_deformable_conv = {.name = "deformable_conv",
                                       .params_bytes = sizeof(deformable_params),
                                       .load = deformable_load,
                                       .pack = deformable_pack,
                                       .infer = deformable_infer,
                                       .place = deformable_place,
                                       .run = deformable_run};

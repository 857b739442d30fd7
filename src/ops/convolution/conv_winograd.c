/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 3x3 convolution of stride 1 by Winograd's minimal filtering: the output is
 * cut into tiles, input tiles and weights are transformed, products over the
 * channels are taken for each of the transformed positions xi, and the sums
 * are transformed back, with bias, residual and activation.
 *
 * Work goes by blocks of tiles of one image, as even as they come. For each xi
 * all weights pass by once a block, fetched ahead; they are what costs most
 * where images are small.
 * Source: Lavin and Gray, arXiv 1509.09308; the points are ours, see
 * kernels.h.
 */
#include "ops/convolution/conv.h"

#include <string.h>

#define BLOCK_BYTES (640 * 1024) /* of transformed input and of sums: more weighs less than reading the weights again */
#define FEWEST_TILES 24          /* in a block, so that each weight serves as many */
#define MOST_TILES 48
#define SHARED_BLOCK 12   /* tiles that are worth a block of their own for the sake of another thread */
#define ALIAS_PAD 16      /* floats between positions xi, off powers of two */
#define LEAST_CHANNELS 16 /* fewer do not pay for the transforms */
#define SMALL_IMAGE 64    /* pixels: below, the larger weights of tile 4 cost more than they save */
#define MANY_WEIGHTS (256 * 256)

/* How one layer is cut up; the same for every shape. */
typedef struct tiling {
    int32_t tile, products;
    int32_t block;              /* tiles, at most */
    int64_t columns;            /* output channels, rounded up to panels */
    int64_t v_stride, m_stride; /* floats from one xi to the next */
} tiling;

static tiling tiling_of(const rmt_conv *conv)
{
    tiling t = {.tile = conv->tile, .products = rmt_winograd_products(conv->tile)};
    t.columns = rmt_round16(conv->out_channels);
    int64_t tile_bytes = t.products * (conv->in_channels + t.columns) * (int64_t)sizeof(float);
    t.block = (int32_t)rmt_max_i64(FEWEST_TILES, rmt_min_i64(MOST_TILES, BLOCK_BYTES / tile_bytes));
    t.v_stride = (int64_t)t.block * conv->in_channels + ALIAS_PAD;
    t.m_stride = (int64_t)t.block * t.columns + ALIAS_PAD;
    return t;
}

/* ---- load, pack -------------------------------------------------------------------------------------------------- */

int32_t rmt_conv_winograd_tile(const rmt_conv *conv, const rmt_shape *declared)
{
    const rmt_window *w = &conv->window;
    bool fits = w->kernel_h == 3 && w->kernel_w == 3 && w->stride_h == 1 && w->stride_w == 1 && w->dilation_h == 1 &&
                w->dilation_w == 1 && conv->groups == 1 && conv->in_channels >= LEAST_CHANNELS &&
                conv->out_channels >= LEAST_CHANNELS;
    if (!fits)
        return 0;
    bool small = declared->rank == 4 && declared->dims[2] > 0 && declared->dims[3] > 0 &&
                 declared->dims[2] * declared->dims[3] <= SMALL_IMAGE;
    return small || (int64_t)conv->in_channels * conv->out_channels > MANY_WEIGHTS ? 2 : 4;
}

int64_t rmt_conv_winograd_floats(const rmt_conv *conv)
{
    return rmt_winograd_products(conv->tile) * rmt_round16(conv->out_channels) * conv->in_channels;
}

/* Panels: [xi][co / 16][ci][16]. */
void rmt_conv_pack_winograd(const rmt_op_pack *pack)
{
    const rmt_conv *conv = pack->params;
    int64_t channels = conv->in_channels, xi_stride = rmt_round16(conv->out_channels) * channels;
    float kernels[RMT_CONV_PACK_RUN * RMT_PANEL];
    for (int64_t co = 0; co < conv->out_channels; co += RMT_PANEL) {
        int64_t filters = rmt_min_i64(RMT_PANEL, conv->out_channels - co);
        if (filters < RMT_PANEL)
            memset(kernels, 0, sizeof kernels);
        float *u = pack->panels + co * channels;
        for (int64_t first = 0, count; first < channels * 9; first += count, u += count / 9 * RMT_PANEL) {
            count = rmt_conv_pack_run(pack, co, filters, first, channels * 9, kernels);
            pack->kernels->winograd_weights(conv->tile, kernels, (int32_t)(count / 9), u, xi_stride);
        }
    }
}

/* ---- run ----------------------------------------------------------------------------------------------------------- */

typedef struct winograd_run {
    const rmt_op_run *run;
    const rmt_conv *conv;
    tiling t;
    rmt_geometry geometry;
    rmt_pixels x, y, residual; /* residual.data NULL: none */
    int32_t tiles_x, tiles;    /* of the area of one image */
    int32_t row, column;       /* its first tile */
    rmt_conv_blocks blocks;    /* tiles of one image */
    rmt_conv_blocks parts;     /* output channels are shared out as well when blocks are few */
} winograd_run;

/* One thread's scratch: V[xi][tile][ci], M[xi][tile][columns]. */
typedef struct winograd_scratch {
    float *v, *m;
    const float **a;
    float **c;
} winograd_scratch;

static size_t scratch_bytes(const tiling *t)
{
    size_t floats = (size_t)t->products * (size_t)(t->v_stride + t->m_stride);
    return rmt_round_up(floats * sizeof(float) + 2 * (size_t)t->block * sizeof(void *), RMT_PACK_ALIGN);
}

size_t rmt_conv_scratch_winograd(const rmt_conv *conv, int32_t threads)
{
    tiling t = tiling_of(conv);
    return scratch_bytes(&t) * (size_t)threads;
}

static winograd_scratch scratch_of(const winograd_run *d, int thread)
{
    unsigned char *at = d->run->scratch + scratch_bytes(&d->t) * (size_t)thread;
    const float **a = (const float **)at;
    float *v = (float *)(a + 2 * d->t.block);
    return (winograd_scratch){v, v + d->t.products * d->t.v_stride, a, (float **)(a + d->t.block)};
}

/* Neighbouring tiles of one row of tiles; `at` counts from the start of the block. */
typedef struct tile_run {
    int32_t n, row, column, count, at;
} tile_run;

typedef void (*run_task)(const winograd_run *d, const tile_run *tiles, const winograd_scratch *s, int32_t first_channel,
                         int32_t channels);

/* Cuts tiles first .. first + count of image n into runs. */
static void for_runs(const winograd_run *d, int32_t n, int32_t first, int32_t count, run_task task,
                     const winograd_scratch *s, int32_t channel, int32_t channels)
{
    for (int32_t done = 0; done < count;) {
        int32_t row = (first + done) / d->tiles_x, column = (first + done) % d->tiles_x;
        int32_t length = d->tiles_x - column < count - done ? d->tiles_x - column : count - done;
        task(d, &(tile_run){n, d->row + row, d->column + column, length, done}, s, channel, channels);
        done += length;
    }
}

static void transform_input(const winograd_run *d, const tile_run *r, const winograd_scratch *s, int32_t channel,
                            int32_t channels)
{
    (void)channel;
    (void)channels;
    const float *rows[6];
    for (int32_t i = 0; i < d->t.tile + 2; i++) {
        int32_t y = r->row * d->t.tile - d->geometry.pad_top + i;
        rows[i] = y >= 0 && y < d->x.h ? rmt_pixel_at(&d->x, r->n, y, 0) : NULL;
    }
    d->run->kernels->winograd_input(&(rmt_winograd_input){.tile = d->t.tile,
                                                          .rows = rows,
                                                          .in_width = d->x.w,
                                                          .column = r->column * d->t.tile - d->geometry.pad_left,
                                                          .tiles = r->count,
                                                          .channels = d->x.c,
                                                          .in_pixel = d->x.pixel,
                                                          .v = s->v + (int64_t)r->at * d->x.c,
                                                          .xi_stride = d->t.v_stride,
                                                          .tile_stride = d->x.c});
}

static void transform_output(const winograd_run *d, const tile_run *r, const winograd_scratch *s, int32_t channel,
                             int32_t channels)
{
    float *rows[4] = {NULL};
    const float *add[4] = {NULL};
    int32_t tile = d->t.tile, x = r->column * tile;
    for (int32_t i = 0; i < tile && r->row * tile + i < d->y.h; i++) {
        rows[i] = rmt_pixel_at(&d->y, r->n, r->row * tile + i, x) + channel;
        if (d->residual.data != NULL)
            add[i] = rmt_pixel_at(&d->residual, r->n, r->row * tile + i, x) + channel;
    }
    const float *bias = (const float *)d->run->packed + d->conv->bias_at;
    d->run->kernels->winograd_output(
        &(rmt_winograd_output){.tile = tile,
                               .m = s->m + r->at * d->t.columns + channel,
                               .xi_stride = d->t.m_stride,
                               .tile_stride = d->t.columns,
                               .tiles = r->count,
                               .channels = channels,
                               .columns = d->y.w - x < r->count * tile ? d->y.w - x : r->count * tile,
                               .rows = rows,
                               .add = d->residual.data != NULL ? add : NULL,
                               .out_pixel = d->y.pixel,
                               .add_pixel = d->residual.pixel,
                               .bias = bias + channel,
                               .act = d->conv->act});
}

/* M[xi] = V[xi] * U[xi] for output channels channel .. channel + channels. */
static void multiply(const winograd_run *d, const winograd_scratch *s, int32_t tiles, int32_t channel, int32_t channels)
{
    const rmt_weight_type type = d->run->panel_type;
    const int64_t first = (int64_t)channel * d->x.c, xi_weights = d->t.columns * d->x.c;
    for (int32_t xi = 0; xi < d->t.products; xi++) {
        for (int32_t i = 0; i < tiles; i++) {
            s->a[i] = s->v + xi * d->t.v_stride + (int64_t)i * d->x.c;
            s->c[i] = s->m + xi * d->t.m_stride + i * d->t.columns + channel;
        }
        d->run->kernels->gemm(
            &(rmt_gemm){.a = s->a,
                        .m = tiles,
                        .taps = 1,
                        .k = d->x.c,
                        .b = rmt_weight_at(d->run->panels, type, first + xi * xi_weights),
                        .type = type,
                        .panel_stride = (int64_t)d->x.c * RMT_PANEL,
                        .n = channels,
                        .c = s->c,
                        .act = rmt_activation_none(),
                        .next = rmt_weight_at(d->run->panels, type, first + (xi + 1) % d->t.products * xi_weights)});
    }
}

static void run_block(void *context, int chunk, int thread)
{
    const winograd_run *d = context;
    int32_t part = chunk % d->parts.count, block = chunk / d->parts.count;
    int32_t n = block / d->blocks.count, first = block % d->blocks.count * d->blocks.size;
    int32_t count = d->tiles - first < d->blocks.size ? d->tiles - first : d->blocks.size;
    int32_t begin = part * d->parts.size;
    int32_t end = begin + d->parts.size < d->y.c ? begin + d->parts.size : d->y.c;
    winograd_scratch s = scratch_of(d, thread);
    for_runs(d, n, first, count, transform_input, &s, 0, d->x.c);
    multiply(d, &s, count, begin, end - begin);
    for_runs(d, n, first, count, transform_output, &s, begin, end - begin);
}

void rmt_conv_run_winograd(const rmt_op_run *run)
{
    const rmt_conv *conv = run->params;
    winograd_run d = {.run = run,
                      .conv = conv,
                      .t = tiling_of(conv),
                      .x = rmt_pixels_of(&run->in[RMT_CONV_X]),
                      .y = rmt_pixels_of(&run->out[0])};
    if (run->in_count > RMT_CONV_RESIDUAL && run->in[RMT_CONV_RESIDUAL].shape.rank == 4)
        d.residual = rmt_pixels_of(&run->in[RMT_CONV_RESIDUAL]);
    (void)rmt_window_geometry(&conv->window, d.x.h, d.x.w, &d.geometry);
    const rmt_area area = rmt_conv_run_area(run);
    d.row = (int32_t)area.top / d.t.tile;
    d.column = (int32_t)area.left / d.t.tile;
    d.tiles_x = ((int32_t)area.right + d.t.tile - 1) / d.t.tile - d.column;
    d.tiles = d.tiles_x * (((int32_t)area.bottom + d.t.tile - 1) / d.t.tile - d.row);
    d.blocks = rmt_conv_share_pixels(run->team, d.y.n, d.tiles, d.t.block, SHARED_BLOCK);
    d.parts = rmt_conv_share_columns(run->team, d.y.n * d.blocks.count, d.y.c);
    rmt_team_run(run->team, d.y.n * d.blocks.count * d.parts.count, run_block, &d);
}

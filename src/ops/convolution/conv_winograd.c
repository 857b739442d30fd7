/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 3x3 convolution of stride 1 or 2 by Winograd's minimal filtering: the output
 * is cut into tiles, input tiles and weights are transformed, products over the
 * channels are taken for each of the transformed positions xi, and the sums
 * are transformed back, with bias, residual and activation.
 *
 * Work goes by blocks of tiles of one image, as even as they come. For each factor
 * all its weights pass by once a block, fetched ahead; they are what costs most
 * where images are small. With stride 2 several positions share a factor: they are rows of one product.
 * Source: Lavin and Gray, arXiv 1509.09308; the points are ours, see
 * kernels.h.
 */
#include "ops/convolution/conv.h"

#include <string.h>

#define BLOCK_BYTES (640 * 1024) /* of transformed input and of sums: more weighs less than reading the weights again */
#define STRIDED_BLOCK_BYTES (4 * BLOCK_BYTES) /* with stride 2 */
#define FEWEST_TILES 24                       /* in a block, so that each weight serves as many */
#define MOST_TILES 48
#define WIDE_TILES 12     /* in a block of tile 4, stride 2: most weights serve several positions of a tile */
#define SHARED_BLOCK 12   /* tiles that are worth a block of their own for the sake of another thread */
#define ALIAS_PAD 16      /* floats between positions xi, off powers of two */
#define MOST_SIDE 9       /* positions along an axis */
#define LEAST_CHANNELS 16 /* fewer do not pay for the transforms */
#define LEAST_STRIDED 64
#define SMALL_IMAGE 64 /* pixels: below, the larger weights of tile 4 cost more than they save */
#define SMALL_STRIDED (32 * 32)
#define MANY_WEIGHTS (256 * 256)
#define MANY_STRIDED (128 * 192)

/* How one layer is cut up; the same for every shape. */
typedef struct tiling {
    int32_t tile, stride, side;
    int32_t block;              /* tiles, at most */
    int64_t columns;            /* output channels, rounded up to panels */
    int64_t v_stride, m_stride; /* floats from one xi to the next */
} tiling;

static int32_t block_of(const tiling *t, int64_t in_channels)
{
    const int64_t tile_bytes = t->side * t->side * (in_channels + t->columns) * (int64_t)sizeof(float);
    if (t->stride == 2 && t->tile == 4)
        return WIDE_TILES;
    const int64_t fitting = (t->stride == 2 ? STRIDED_BLOCK_BYTES : BLOCK_BYTES) / tile_bytes;
    return (int32_t)rmt_max_i64(FEWEST_TILES, rmt_min_i64(MOST_TILES, fitting));
}

static tiling tiling_of(const rmt_conv *conv)
{
    tiling t = {.tile = conv->tile, .stride = conv->window.stride_h};
    t.side = rmt_winograd_side(t.tile, t.stride);
    t.columns = rmt_round16(conv->out_channels);
    t.block = block_of(&t, conv->in_channels);
    t.v_stride = (int64_t)t.block * conv->in_channels + ALIAS_PAD;
    t.m_stride = (int64_t)t.block * t.columns + ALIAS_PAD;
    return t;
}

/* ---- load, pack -------------------------------------------------------------------------------------------------- */

static bool is_small(const rmt_shape *declared, int64_t pixels)
{
    return declared->rank == 4 && declared->dims[2] > 0 && declared->dims[3] > 0 &&
           declared->dims[2] * declared->dims[3] <= pixels;
}

/* Less is saved than with stride 1, and transforms cost as much: it takes more channels, or more pixels for many. */
static int32_t strided_tile(const rmt_conv *conv, const rmt_shape *declared)
{
    const int64_t weights = (int64_t)conv->in_channels * conv->out_channels;
    const bool few = conv->in_channels < LEAST_STRIDED || conv->out_channels < LEAST_STRIDED;
    if (few || (is_small(declared, 4 * SMALL_IMAGE) && weights > MANY_WEIGHTS))
        return 0;
    return weights > MANY_STRIDED || is_small(declared, SMALL_STRIDED) ? 2 : 4;
}

int32_t rmt_conv_winograd_tile(const rmt_conv *conv, const rmt_shape *declared)
{
    const rmt_window *w = &conv->window;
    bool fits = w->kernel_h == 3 && w->kernel_w == 3 && w->stride_h <= 2 && w->stride_w == w->stride_h &&
                w->dilation_h == 1 && w->dilation_w == 1 && conv->groups == 1 && conv->in_channels >= LEAST_CHANNELS &&
                conv->out_channels >= LEAST_CHANNELS;
    if (!fits)
        return 0;
    if (w->stride_h == 2)
        return strided_tile(conv, declared);
    return is_small(declared, SMALL_IMAGE) || (int64_t)conv->in_channels * conv->out_channels > MANY_WEIGHTS ? 2 : 4;
}

int64_t rmt_conv_winograd_floats(const rmt_conv *conv)
{
    return rmt_winograd_factors(conv->tile) * rmt_round16(conv->out_channels) * conv->in_channels;
}

/* Panels: [factor][co / 16][ci][16]. */
void rmt_conv_pack_winograd(const rmt_op_pack *pack)
{
    const rmt_conv *conv = pack->params;
    int64_t channels = conv->in_channels, u_stride = rmt_round16(conv->out_channels) * channels;
    float kernels[RMT_CONV_PACK_RUN * RMT_PANEL];
    for (int64_t co = 0; co < conv->out_channels; co += RMT_PANEL) {
        int64_t filters = rmt_min_i64(RMT_PANEL, conv->out_channels - co);
        if (filters < RMT_PANEL)
            memset(kernels, 0, sizeof kernels);
        float *u = pack->panels + co * channels;
        for (int64_t first = 0, count; first < channels * 9; first += count, u += count / 9 * RMT_PANEL) {
            count = rmt_conv_pack_run(pack, co, filters, first, channels * 9, kernels);
            pack->kernels->winograd_weights(conv->tile, conv->window.stride_h, kernels, (int32_t)(count / 9), u,
                                            u_stride);
        }
    }
}

/* ---- run ----------------------------------------------------------------------------------------------------------- */

typedef struct winograd_run {
    const rmt_op_run *run;
    const rmt_conv *conv;
    tiling t;
    rmt_geometry geometry;
    rmt_pixels x, y, residual; /* x: without rows and columns that no window reaches; residual.data NULL: none */
    int32_t tiles_x, tiles;    /* of the area of one image */
    int32_t row, column;       /* its first tile */
    rmt_conv_blocks blocks;    /* tiles of one image */
    rmt_conv_blocks parts;     /* output channels are shared out as well when blocks are few */
} winograd_run;

/* One thread's scratch: V[xi][tile][ci], M[xi][tile][columns], pointers to rows of a product. */
typedef struct winograd_scratch {
    float *v, *m;
    const float **a;
    float **c;
} winograd_scratch;

/* The most rows of a product: with stride 2, the last factor's are a position for each pixel. */
static int64_t most_rows(const tiling *t) { return t->stride == 1 ? t->block : (int64_t)t->block * t->tile * t->tile; }

static size_t scratch_bytes(const tiling *t)
{
    size_t floats = (size_t)(t->side * t->side * (t->v_stride + t->m_stride));
    return rmt_round_up(floats * sizeof(float) + 2 * (size_t)most_rows(t) * sizeof(void *), RMT_PACK_ALIGN);
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
    float *v = (float *)(a + 2 * most_rows(&d->t));
    return (winograd_scratch){v, v + d->t.side * d->t.side * d->t.v_stride, a, (float **)(a + most_rows(&d->t))};
}

static int32_t least(int32_t a, int32_t b) { return a < b ? a : b; }

/* Neighbouring tiles of one row of tiles; `at` counts from the start of the block. */
typedef struct tile_run {
    int32_t n, row, column, count, at;
} tile_run;

/* Tiles first .. first + count of the area of image n, as they follow each other in rows. */
typedef struct tile_range {
    int32_t n, first, count;
} tile_range;

/* The run that begins at the `at`-th tile of a range, and the next one; count 0: there is none. */
static tile_run run_from(const winograd_run *d, tile_range range, int32_t at)
{
    const int32_t tile = range.first + at, column = tile % d->tiles_x;
    return (tile_run){range.n, d->row + tile / d->tiles_x, d->column + column,
                      least(d->tiles_x - column, range.count - at), at};
}

static tile_run next_run(const winograd_run *d, tile_range range, tile_run run)
{
    return run_from(d, range, run.at + run.count);
}

static void transform_input(const winograd_run *d, const tile_run *r, const winograd_scratch *s)
{
    const int32_t step = d->t.tile * d->t.stride;
    const float *rows[MOST_SIDE];
    for (int32_t i = 0; i < d->t.side; i++) {
        int32_t y = r->row * step - d->geometry.pad_top + i;
        rows[i] = y >= 0 && y < d->x.h ? rmt_pixel_at(&d->x, r->n, y, 0) : NULL;
    }
    d->run->kernels->winograd_input(&(rmt_winograd_input){.tile = d->t.tile,
                                                          .stride = d->t.stride,
                                                          .rows = rows,
                                                          .in_width = d->x.w,
                                                          .column = r->column * step - d->geometry.pad_left,
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
    d->run->kernels->winograd_output(&(rmt_winograd_output){.tile = tile,
                                                            .stride = d->t.stride,
                                                            .m = s->m + r->at * d->t.columns + channel,
                                                            .xi_stride = d->t.m_stride,
                                                            .tile_stride = d->t.columns,
                                                            .tiles = r->count,
                                                            .channels = channels,
                                                            .columns = least(d->y.w - x, r->count * tile),
                                                            .rows = rows,
                                                            .add = d->residual.data != NULL ? add : NULL,
                                                            .out_pixel = d->y.pixel,
                                                            .add_pixel = d->residual.pixel,
                                                            .bias = bias + channel,
                                                            .act = d->conv->act});
}

static void point_to_tiles(const float *first, int64_t stride, int32_t count, const float **to)
{
    for (int32_t k = 0; k < count; k++, first += stride)
        to[k] = first;
}

/* What middle taps see of pixel (y, x) of each of `count` tiles of a run: V of these positions would be a copy. */
static void point_to_pixels(const winograd_run *d, const tile_run *r, int32_t y, int32_t x, int32_t count,
                            const float **a)
{
    const int32_t row = 2 * (r->row * d->t.tile + y) - d->geometry.pad_top + 1, step = 2 * d->t.tile;
    int32_t column = 2 * (r->column * d->t.tile + x) - d->geometry.pad_left + 1;
    for (int32_t k = 0; k < count; k++, column += step)
        a[k] = row >= 0 && row < d->x.h && column >= 0 && column < d->x.w
                   ? rmt_pixel_at(&d->x, r->n, row, column)
                   : (const float *)d->run->packed + d->conv->zeros_at;
}

/* Rows of the product with factor (fy, fx) for the tiles of a run: all positions of the factor whose pixels exist. */
static int32_t gather(const winograd_run *d, const tile_run *r, int32_t fy, int32_t fx, int32_t channel,
                      const winograd_scratch *s, int32_t rows)
{
    const tiling *t = &d->t;
    const int32_t middle = t->stride == 2 ? t->tile + 1 : t->side; /* the factor of middle taps */
    const int32_t high = fy == middle ? least(t->tile, d->y.h - r->row * t->tile) : 1,
                  wide = fx == middle ? t->tile : 1;
    for (int32_t i = 0; i < high; i++)
        for (int32_t j = 0; j < wide; j++) {
            const int32_t xi = (fy + i) * t->side + fx + j, right = d->y.w - r->column * t->tile - j;
            const int32_t count = wide == 1 ? r->count : least(r->count, (right + t->tile - 1) / t->tile);
            point_to_tiles(s->v + xi * t->v_stride + (int64_t)r->at * d->x.c, d->x.c, count, s->a + rows);
            point_to_tiles(s->m + xi * t->m_stride + r->at * t->columns + channel, t->columns, count,
                           (const float **)s->c + rows);
            if (fy == middle && fx == middle)
                point_to_pixels(d, r, i, j, count, s->a + rows);
            rows += count;
        }
    return rows;
}

/* M[xi] = V[xi] * U for output channels channel .. channel + channels and all xi of a factor of U. */
static void multiply(const winograd_run *d, tile_range range, int32_t channel, int32_t channels,
                     const winograd_scratch *s)
{
    const rmt_weight_type type = d->run->panel_type;
    const int32_t side = d->t.tile + 2, factors = side * side;
    const int64_t u = (int64_t)channel * d->x.c, u_stride = d->t.columns * d->x.c;
    for (int32_t f = 0; f < factors; f++) {
        int32_t rows = 0;
        if (d->t.stride == 1) /* where tiles lie does not matter */
            rows = gather(d, &(tile_run){.count = range.count}, f / side, f % side, channel, s, 0);
        for (tile_run r = run_from(d, range, 0); d->t.stride == 2 && r.count > 0; r = next_run(d, range, r))
            rows = gather(d, &r, f / side, f % side, channel, s, rows);
        d->run->kernels->gemm(
            &(rmt_gemm){.a = s->a,
                        .m = rows,
                        .taps = 1,
                        .k = d->x.c,
                        .b = rmt_weight_at(d->run->panels, type, u + f * u_stride),
                        .type = type,
                        .panel_stride = (int64_t)d->x.c * RMT_PANEL,
                        .n = channels,
                        .c = s->c,
                        .act = rmt_activation_none(),
                        .next = rmt_weight_at(d->run->panels, type, u + (f + 1) % factors * u_stride)});
    }
}

static void run_block(void *context, int chunk, int thread)
{
    const winograd_run *d = context;
    int32_t part = chunk % d->parts.count, block = chunk / d->parts.count;
    tile_range range = {block / d->blocks.count, block % d->blocks.count * d->blocks.size, d->blocks.size};
    range.count = least(range.count, d->tiles - range.first);
    int32_t begin = part * d->parts.size, end = least(begin + d->parts.size, d->y.c);
    winograd_scratch s = scratch_of(d, thread);
    for (tile_run r = run_from(d, range, 0); r.count > 0; r = next_run(d, range, r))
        transform_input(d, &r, &s);
    multiply(d, range, begin, end - begin, &s);
    for (tile_run r = run_from(d, range, 0); r.count > 0; r = next_run(d, range, r))
        transform_output(d, &r, &s, begin, end - begin);
}

/* Rows and columns behind the last window touch no output, but would round the tiles that they lie in. */
static void leave_out_unseen(winograd_run *d)
{
    const int32_t stride = d->t.stride, bottom = (d->y.h - 1) * stride - d->geometry.pad_top + 3,
                  right = (d->y.w - 1) * stride - d->geometry.pad_left + 3;
    d->x.h = least(d->x.h, bottom);
    d->x.w = least(d->x.w, right);
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
    leave_out_unseen(&d);
    const rmt_area area = rmt_conv_run_area(run);
    d.row = (int32_t)area.top / d.t.tile;
    d.column = (int32_t)area.left / d.t.tile;
    d.tiles_x = ((int32_t)area.right + d.t.tile - 1) / d.t.tile - d.column;
    d.tiles = d.tiles_x * (((int32_t)area.bottom + d.t.tile - 1) / d.t.tile - d.row);
    d.blocks = rmt_conv_share_pixels(run->team, d.y.n, d.tiles, d.t.block, SHARED_BLOCK);
    d.parts = rmt_conv_share_columns(run->team, d.y.n * d.blocks.count, d.y.c);
    rmt_team_run(run->team, d.y.n * d.blocks.count * d.parts.count, run_block, &d);
}

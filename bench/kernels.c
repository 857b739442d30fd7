/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Speed of the kernels by themselves, hot: for every level of this processor and every case the best of many runs, as
 * GFLOP/s with its share of the level's arithmetic peak (measured first), or as GB/s moved for what only moves.
 *
 *   bench_kernels [text]     only cases whose name contains the text
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"
#include "os/os.h"

#define FLOATS (10 << 20) /* of every buffer */
#define SLICE_NS 100000   /* one timed run: short, so that some fall between the interruptions of a busy machine */
#define RUNS 400

typedef struct bench {
    const rmt_kernels *kernels;
    const char *filter;
    double peak; /* GFLOP/s */
    float *x, *weights, *y, *bias, *scratch;
    const float *rows[16384];
    float *outs[4096];
} bench;

/* ---- measuring -------------------------------------------------------------------------------------------- */

typedef void work(bench *b, const void *input);

/* Nanoseconds of one call: the best of RUNS slices of about SLICE_NS. */
static double best_ns(bench *b, work *run, const void *input)
{
    double best = INFINITY;
    int64_t calls = 1;
    for (int i = 0; i < RUNS; i++) {
        uint64_t begin = rmt_os_now_ns();
        for (int64_t c = 0; c < calls; c++)
            run(b, input);
        double ns = (double)(rmt_os_now_ns() - begin);
        if (ns / (double)calls < best)
            best = ns / (double)calls;
        if (ns < SLICE_NS)
            calls = calls * 2;
    }
    return best;
}

static bool is_wanted(const bench *b, const char *name) { return b->filter == NULL || strstr(name, b->filter) != NULL; }

static void report_flops(bench *b, const char *name, double flops, work *run, const void *input)
{
    if (!is_wanted(b, name))
        return;
    double ns = best_ns(b, run, input);
    printf("%-7s %-34s %10.2f us %8.1f GFLOP/s %4.0f %%\n", b->kernels->name, name, ns / 1e3, flops / ns,
           100 * flops / ns / b->peak);
}

static void report_bytes(bench *b, const char *name, double bytes, work *run, const void *input)
{
    if (!is_wanted(b, name))
        return;
    double ns = best_ns(b, run, input);
    printf("%-7s %-34s %10.2f us %8.1f GB/s\n", b->kernels->name, name, ns / 1e3, bytes / ns);
}

/* ---- peak: independent multiply-adds in registers -------------------------------------------------------------- */

#define CHAINS 12
#define STEPS 1000

typedef float four __attribute__((vector_size(16)));
typedef float eight __attribute__((vector_size(32)));
typedef float sixteen __attribute__((vector_size(64)));

#define PEAK(name, vector, features)                                                                              \
    __attribute__((target(features), optimize("fp-contract=fast"))) static void name(bench *b, const void *input) \
    {                                                                                                             \
        (void)input;                                                                                              \
        vector sum[CHAINS], factor = (vector){0} + b->x[0], more = (vector){0} + b->x[1];                         \
        for (int i = 0; i < CHAINS; i++)                                                                          \
            sum[i] = (vector){0} + b->x[i + 2];                                                                   \
        for (int s = 0; s < STEPS; s++)                                                                           \
            _Pragma("GCC unroll 12") for (int i = 0; i < CHAINS; i++) sum[i] = sum[i] * factor + more;            \
        for (int i = 0; i < CHAINS; i++)                                                                          \
            b->y[i] = sum[i][0];                                                                                  \
    }

PEAK(peak_base, four, "sse2")
#if defined(__x86_64__)
PEAK(peak_avx2, eight, "avx2,fma")
PEAK(peak_avx512, sixteen, "avx512f")
static work *const peaks[RMT_LEVEL_COUNT] = {peak_base, peak_avx2, peak_avx512, peak_avx512};
#else
static work *const peaks[RMT_LEVEL_COUNT] = {peak_base};
#endif

static void measure_peak(bench *b)
{
    int lanes = b->kernels->lanes;
    b->peak = 2.0 * lanes * CHAINS * STEPS / best_ns(b, peaks[b->kernels->level], NULL);
    printf("%-7s peak %.1f GFLOP/s\n", b->kernels->name, b->peak);
}

/* ---- gemm ------------------------------------------------------------------------------------------------------- */

static void run_gemm(bench *b, const void *input) { b->kernels->gemm(input); }

/* Pixels of k floats; tap t of pixel i is pixel i + t % 3 + width * (t / 3), as in a convolution without border. */
static void bench_gemm(bench *b, int32_t m, int32_t taps, int32_t k, int32_t n, rmt_weight_type type,
                       rmt_activation act)
{
    const int32_t width = 64;
    const ptrdiff_t in = rmt_pixel_stride(k), out = rmt_pixel_stride(n);
    for (int32_t t = 0; t < taps; t++)
        for (int32_t i = 0; i < m; i++)
            b->rows[t * m + i] = b->x + (i + t % 3 + t / 3 * width) * in;
    for (int32_t i = 0; i < m; i++)
        b->outs[i] = b->y + i * out;
    rmt_gemm block = {.a = b->rows,
                      .m = m,
                      .taps = taps,
                      .k = k,
                      .b = b->weights,
                      .type = type,
                      .panel_stride = (ptrdiff_t)taps * k * RMT_PANEL,
                      .n = n,
                      .bias = b->bias,
                      .c = b->outs,
                      .act = act};
    char name[64];
    snprintf(name, sizeof name, "gemm m%d taps%d k%d n%d%s%s", m, taps, k, n,
             type == RMT_WEIGHT_BFLOAT16 ? " bf16" : "",
             act.function == RMT_UNARY_NONE         ? ""
             : act.function == RMT_UNARY_HARD_SWISH ? " hswish"
                                                    : " swish");
    report_flops(b, name, 2.0 * m * taps * k * n, run_gemm, &block);
}

static void bench_all_gemm(bench *b)
{
    static const int32_t shapes[][4] = {
        {200, 1, 256, 256}, {200, 1, 64, 64},   {200, 1, 64, 256},  {200, 1, 16, 64},   {200, 1, 32, 32},
        {192, 9, 64, 64},   {192, 9, 128, 128}, {196, 9, 256, 256}, {48, 1, 512, 512},  {49, 1, 512, 2048},
        {49, 1, 2048, 512}, {49, 9, 512, 512},  {200, 1, 96, 24},   {200, 9, 96, 24},   {200, 1, 128, 40},
        {200, 1, 64, 8},    {200, 3, 9, 32},    {1, 1, 256, 1000},  {1, 1, 2048, 1000}, {2, 1, 512, 512},
        {3, 1, 512, 512},   {16, 1, 512, 512},  {25, 1, 480, 6625},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        for (int type = RMT_WEIGHT_FLOAT32; type <= RMT_WEIGHT_BFLOAT16; type++)
            bench_gemm(b, shapes[i][0], shapes[i][1], shapes[i][2], shapes[i][3], (rmt_weight_type)type,
                       rmt_activation_none());
    bench_gemm(b, 200, 1, 64, 128, RMT_WEIGHT_FLOAT32, (rmt_activation){RMT_UNARY_HARD_SWISH, 6, 6, 3, 1, 0});
    bench_gemm(b, 200, 1, 64, 128, RMT_WEIGHT_FLOAT32, (rmt_activation){RMT_UNARY_SWISH, 1, 0, 0, 1, 0});
}

/* ---- depthwise -------------------------------------------------------------------------------------------------- */

typedef struct depthwise_map {
    int32_t width, channels, kernel, stride;
} depthwise_map;

static void run_depthwise(bench *b, const void *input)
{
    const depthwise_map *map = input;
    const int32_t pad = map->kernel / 2, out_width = (map->width + 2 * pad - map->kernel) / map->stride + 1;
    const ptrdiff_t pixel = rmt_pixel_stride(map->channels);
    rmt_depthwise row = {.kh = map->kernel,
                         .kw = map->kernel,
                         .stride = map->stride,
                         .dilation = 1,
                         .pad_left = pad,
                         .in_width = map->width,
                         .out_width = out_width,
                         .channels = map->channels,
                         .in_pixel = pixel,
                         .out_pixel = pixel,
                         .weight = b->weights,
                         .weight_stride = (map->channels + 15) / 16 * 16,
                         .bias = b->bias,
                         .act = {RMT_UNARY_HARD_SWISH, 6, 6, 3, 1, 0}};
    for (int32_t y = 0; y < out_width; y++) { /* the map is square */
        const float *rows[8];
        for (int32_t r = 0; r < map->kernel; r++) {
            int32_t in = y * map->stride - pad + r;
            rows[r] = in < 0 || in >= map->width ? NULL : b->x + in * map->width * pixel;
        }
        row.rows = rows;
        row.out = b->y + y * out_width * pixel;
        b->kernels->depthwise(&row);
    }
}

static void bench_all_depthwise(bench *b)
{
    static const depthwise_map maps[] = {
        {112, 32, 3, 1}, {112, 64, 3, 2}, {56, 128, 3, 1}, {56, 128, 3, 2}, {28, 256, 3, 1},
        {28, 256, 3, 2}, {14, 512, 3, 1}, {14, 256, 5, 1}, {7, 512, 5, 1},  {28, 120, 5, 2},
    };
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++) {
        const depthwise_map *m = &maps[i];
        const double out = (m->width + m->stride - 1) / m->stride;
        char name[64];
        snprintf(name, sizeof name, "depthwise %d c%d k%d s%d", m->width, m->channels, m->kernel, m->stride);
        report_flops(b, name, 2.0 * out * out * m->channels * m->kernel * m->kernel, run_depthwise, m);
    }
}

/* ---- Winograd: a whole convolution, 3x3, stride 1, padding 1, on a square map ------------------------------------------ */

#define BLOCK_TILES 64

typedef struct winograd_map {
    int32_t width, ci, co, tile, block; /* block: tiles of a block */
} winograd_map;

/* What a block of tiles needs; the block may span rows of tiles. */
typedef struct winograd_scratch {
    float *v, *m;
    ptrdiff_t v_tile, m_tile, v_xi, m_xi;
} winograd_scratch;

static void transform_input(bench *b, const winograd_map *w, const winograd_scratch *s, int32_t begin, int32_t end)
{
    const int32_t across = (w->width + w->tile - 1) / w->tile;
    const ptrdiff_t pixel = rmt_pixel_stride(w->ci);
    for (int32_t t = begin, next; t < end; t = next) {
        const int32_t ty = t / across, tx = t % across;
        next = (ty + 1) * across < end ? (ty + 1) * across : end;
        const float *rows[6];
        for (int32_t i = 0; i < w->tile + 2; i++) {
            int32_t row = ty * w->tile - 1 + i;
            rows[i] = row < 0 || row >= w->width ? NULL : b->x + row * w->width * pixel;
        }
        rmt_winograd_input run = {.tile = w->tile,
                                  .stride = 1,
                                  .rows = rows,
                                  .in_width = w->width,
                                  .column = tx * w->tile - 1,
                                  .tiles = next - t,
                                  .channels = w->ci,
                                  .in_pixel = pixel,
                                  .v = s->v + (t - begin) * s->v_tile,
                                  .xi_stride = s->v_xi,
                                  .tile_stride = s->v_tile};
        b->kernels->winograd_input(&run);
    }
}

static void multiply(bench *b, const winograd_map *w, const winograd_scratch *s, int32_t tiles)
{
    const ptrdiff_t u_xi = (ptrdiff_t)((w->co + 15) / 16) * w->ci * 16;
    const float *a[BLOCK_TILES];
    float *c[BLOCK_TILES];
    for (int32_t xi = 0; xi < rmt_winograd_factors(w->tile); xi++) {
        for (int32_t t = 0; t < tiles; t++) {
            a[t] = s->v + xi * s->v_xi + t * s->v_tile;
            c[t] = s->m + xi * s->m_xi + t * s->m_tile;
        }
        rmt_gemm block = {.a = a,
                          .m = tiles,
                          .taps = 1,
                          .k = w->ci,
                          .b = b->weights + xi * u_xi,
                          .panel_stride = (ptrdiff_t)w->ci * 16,
                          .n = w->co,
                          .c = c,
                          .act = rmt_activation_none()};
        b->kernels->gemm(&block);
    }
}

static void transform_output(bench *b, const winograd_map *w, const winograd_scratch *s, int32_t begin, int32_t end)
{
    const int32_t across = (w->width + w->tile - 1) / w->tile;
    const ptrdiff_t pixel = rmt_pixel_stride(w->co);
    for (int32_t t = begin, next; t < end; t = next) {
        const int32_t ty = t / across, tx = t % across;
        next = (ty + 1) * across < end ? (ty + 1) * across : end;
        const int32_t first = tx * w->tile, last = first + (next - t) * w->tile;
        float *rows[4];
        for (int32_t i = 0; i < w->tile; i++) {
            int32_t row = ty * w->tile + i;
            rows[i] = row >= w->width ? NULL : b->y + (row * w->width + first) * pixel;
        }
        rmt_winograd_output run = {.tile = w->tile,
                                   .stride = 1,
                                   .m = s->m + (t - begin) * s->m_tile,
                                   .xi_stride = s->m_xi,
                                   .tile_stride = s->m_tile,
                                   .tiles = next - t,
                                   .channels = w->co,
                                   .columns = (last < w->width ? last : w->width) - first,
                                   .rows = rows,
                                   .out_pixel = pixel,
                                   .bias = b->bias,
                                   .act = {RMT_UNARY_RELU, 0, 0, 0, 1, 0}};
        b->kernels->winograd_output(&run);
    }
}

static void run_winograd(bench *b, const void *input)
{
    const winograd_map *w = input;
    const int32_t across = (w->width + w->tile - 1) / w->tile, tiles = across * across;
    const int32_t blocks = (tiles + w->block - 1) / w->block;
    const ptrdiff_t v_tile = rmt_pixel_stride(w->ci), m_tile = rmt_pixel_stride(w->co);
    winograd_scratch s = {.v = b->scratch,
                          .v_tile = v_tile,
                          .m_tile = m_tile,
                          .v_xi = w->block * v_tile + 16,
                          .m_xi = w->block * m_tile + 16};
    s.m = s.v + rmt_winograd_factors(w->tile) * s.v_xi;
    for (int32_t i = 0; i < blocks; i++) {
        int32_t begin = tiles * i / blocks, end = tiles * (i + 1) / blocks;
        transform_input(b, w, &s, begin, end);
        multiply(b, w, &s, end - begin);
        transform_output(b, w, &s, begin, end);
    }
}

static void bench_all_winograd(bench *b)
{
    static const int32_t shapes[][4] = {/* width, ci, co, tile */
                                        {112, 32, 32, 4},  {112, 32, 64, 4},  {56, 64, 64, 4},   {56, 64, 64, 2},
                                        {28, 128, 128, 4}, {28, 128, 128, 2}, {14, 256, 256, 4}, {14, 256, 256, 2},
                                        {7, 512, 512, 4},  {7, 512, 512, 2},  {160, 24, 24, 4},  {40, 96, 24, 4}};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        for (int32_t block = 12; block <= 48; block *= 2) {
            const winograd_map w = {shapes[i][0], shapes[i][1], shapes[i][2], shapes[i][3], block};
            char name[64];
            snprintf(name, sizeof name, "winograd F%d %d %d->%d block %d", w.tile, w.width, w.ci, w.co, block);
            report_flops(b, name, 18.0 * w.width * w.width * w.ci * w.co, run_winograd, &w);
        }
}

/* ---- what only moves data ------------------------------------------------------------------------------------------ */

#define ROW 4096 /* floats: 16 KiB in, 16 KiB out */

static void run_unary(bench *b, const void *input) { b->kernels->unary(b->x, b->y, ROW, input); }

static void run_add(bench *b, const void *input)
{
    (void)input;
    b->kernels->binary(RMT_BINARY_ADD, b->x, 1, b->bias, 1, b->y, ROW);
}

static void run_scale_shift(bench *b, const void *input)
{
    (void)input;
    b->kernels->scale_shift(b->x, b->bias, b->weights, b->y, ROW / 2);
}

static void run_sum(bench *b, const void *input)
{
    (void)input;
    b->y[0] = b->kernels->reduce(RMT_REDUCE_SUM, b->x, ROW);
}

static void run_arg_max(bench *b, const void *input)
{
    (void)input;
    b->y[0] = (float)b->kernels->arg_max(b->x, ROW);
}

static void run_softmax(bench *b, const void *input)
{
    (void)input;
    b->kernels->softmax(b->x, b->y, ROW, false);
}

static void run_layer_norm(bench *b, const void *input)
{
    (void)input;
    b->kernels->layer_norm(b->x, b->y, 192, 1e-5f, b->weights, b->bias);
}

static void run_pool(bench *b, const void *input)
{
    (void)input;
    const float *pixels[9];
    for (int i = 0; i < 9; i++)
        pixels[i] = b->x + i * 72;
    b->kernels->pool(&(rmt_pool){RMT_REDUCE_MAX, pixels, 9, 1, 64, 64, 64, 1, b->y});
}

static void run_lerp(bench *b, const void *input)
{
    (void)input;
    const float *p[4] = {b->x, b->x + 72, b->x + 720, b->x + 792};
    b->kernels->lerp(p, 0.25f, 0.75f, b->y, 64);
}

static void run_transpose(bench *b, const void *input)
{
    (void)input;
    b->kernels->transpose(b->x, 72, b->y, 72, 64, 64);
}

static void run_pack(bench *b, const void *input)
{
    (void)input;
    b->kernels->pack_panels(b->x, 1, 72, 64, 64, b->y);
}

static void run_lstm(bench *b, const void *input)
{
    (void)input;
    b->kernels->lstm_cell(b->x, b->bias, b->y, b->y + ROW, 256);
}

static void bench_moves(bench *b)
{
    static const struct {
        const char *name;
        rmt_activation act;
    } functions[] = {
        {"unary relu", {RMT_UNARY_RELU, 0, 0, 0, 1, 0}},
        {"unary hard_swish", {RMT_UNARY_HARD_SWISH, 6, 6, 3, 1, 0}},
        {"unary sigmoid", {RMT_UNARY_SIGMOID, 0, 0, 0, 1, 0}},
        {"unary tanh", {RMT_UNARY_TANH, 0, 0, 0, 1, 0}},
        {"unary gelu", {RMT_UNARY_GELU, 0, 0, 0, 1, 0}},
        {"unary exp", {RMT_UNARY_EXP, 0, 0, 0, 1, 0}},
        {"unary log", {RMT_UNARY_LOG, 0, 0, 0, 1, 0}},
    };
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
        report_bytes(b, functions[i].name, 8.0 * ROW, run_unary, &functions[i].act);
    report_bytes(b, "binary add", 12.0 * ROW, run_add, NULL);
    report_bytes(b, "scale_shift", 8.0 * ROW, run_scale_shift, NULL);
    report_bytes(b, "reduce sum", 4.0 * ROW, run_sum, NULL);
    report_bytes(b, "arg_max", 4.0 * ROW, run_arg_max, NULL);
    report_bytes(b, "softmax", 8.0 * ROW, run_softmax, NULL);
    report_bytes(b, "layer_norm 192", 8.0 * 192, run_layer_norm, NULL);
    report_bytes(b, "pool max 9x64", 4.0 * 10 * 64, run_pool, NULL);
    report_bytes(b, "lerp 64", 4.0 * 5 * 64, run_lerp, NULL);
    report_bytes(b, "transpose 64x64", 8.0 * 64 * 64, run_transpose, NULL);
    report_bytes(b, "pack_panels 64x64", 8.0 * 64 * 64, run_pack, NULL);
    report_bytes(b, "lstm_cell 256", 4.0 * 7 * 256, run_lstm, NULL);
}

/* ---- all ------------------------------------------------------------------------------------------------------------ */

static float *make_buffer(void)
{
    float *x = rmt_os_pages_alloc(FLOATS * sizeof(float));
    if (x == NULL)
        exit(EXIT_FAILURE);
    for (int i = 0; i < FLOATS; i++)
        x[i] = (float)(i % 1013 * 797 % 1000) / 1000 - 0.5f;
    return x;
}

int main(int argc, char **argv)
{
    static bench b;
    b.filter = argc > 1 ? argv[1] : NULL;
    b.x = make_buffer();
    b.weights = make_buffer();
    b.y = make_buffer();
    b.bias = make_buffer();
    b.scratch = make_buffer();
    for (int level = RMT_LEVEL_COUNT - 1; level >= 0; level--) {
        b.kernels = rmt_kernels_get((rmt_level)level);
        if (b.kernels == NULL)
            continue;
        measure_peak(&b);
        bench_all_gemm(&b);
        bench_all_depthwise(&b);
        bench_all_winograd(&b);
        bench_moves(&b);
    }
    return 0;
}

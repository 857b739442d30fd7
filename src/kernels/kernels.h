/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arithmetic on float32, one folder a family, each written once over a small
 * SIMD layer and compiled once per instruction level.
 *
 * A kernel gets pointers and small integers, never tensors: where data lies is
 * the caller's business (rows are given by pointer, padding is a pointer to a
 * row of zeros or a NULL). A kernel reads and writes exactly the elements that
 * its contract names, never beyond, at any alignment. It allocates nothing,
 * keeps no state and runs on any thread.
 *
 * Sums run in one fixed order that depends on the level and the lengths
 * only: not on tile sizes, threads, batch or addresses. So results are the same for any
 * split of the work.
 */
#ifndef RMT_KERNELS_H
#define RMT_KERNELS_H

#include "base/base.h"

/* ---- levels ------------------------------------------------------------------------------------------ */

typedef enum rmt_level {
    RMT_LEVEL_BASE,
    RMT_LEVEL_AVX2,
    RMT_LEVEL_AVX512,
    RMT_LEVEL_AVX512_BF16,
    RMT_LEVEL_COUNT
} rmt_level;

/* ---- unary functions, alone or behind a sum --------------------------------------------------------------- */

typedef enum rmt_unary {
    RMT_UNARY_NONE,
    RMT_UNARY_RELU,
    RMT_UNARY_CLIP,         /* min(max(x, p0), p1) */
    RMT_UNARY_HARD_SWISH,   /* x * min(max(x + p2, 0), p0) / p1 */
    RMT_UNARY_HARD_SIGMOID, /* min(max(p0 * x + p1, 0), 1) */
    RMT_UNARY_SIGMOID,
    RMT_UNARY_SWISH, /* x * sigmoid(p0 * x) */
    RMT_UNARY_TANH,
    RMT_UNARY_GELU,       /* with erf */
    RMT_UNARY_GELU_TANH,  /* the approximation */
    RMT_UNARY_LEAKY_RELU, /* x < 0 ? p0 * x : x */
    RMT_UNARY_ELU,        /* x < 0 ? p0 * (exp(x) - 1) : x */
    RMT_UNARY_MISH,
    RMT_UNARY_SOFTPLUS, /* p0 = beta, p1 = threshold */
    RMT_UNARY_EXP,
    RMT_UNARY_LOG,
    RMT_UNARY_SQRT,
    RMT_UNARY_RSQRT,
    RMT_UNARY_SQUARE,
    RMT_UNARY_ABS,
    RMT_UNARY_FLOOR,
    RMT_UNARY_CEIL,
    RMT_UNARY_ROUND, /* half away from zero, as PaddlePaddle */
    RMT_UNARY_ERF,
    RMT_UNARY_POW, /* x ^ p0 */
    RMT_UNARY_RECIPROCAL,
    RMT_UNARY_SIGN, /* 0 of 0 and of NaN */
    RMT_UNARY_SOFTSIGN,
    RMT_UNARY_LOGSIGMOID,
    RMT_UNARY_SELU,             /* p0 * (x > 0 ? x : p1 * (exp(x) - 1)) */
    RMT_UNARY_CELU,             /* x > 0 ? x : p0 * (exp(x / p0) - 1) */
    RMT_UNARY_HARD_SHRINK,      /* |x| > p0 ? x : 0 */
    RMT_UNARY_SOFT_SHRINK,      /* towards 0 by p0 */
    RMT_UNARY_THRESHOLDED_RELU, /* x > p0 ? x : 0 */
    RMT_UNARY_TANH_SHRINK,      /* x - tanh(x) */
    RMT_UNARY_SIN,              /* from here on element by element, by rmt_unary_double() */
    RMT_UNARY_COS,
    RMT_UNARY_TAN,
    RMT_UNARY_ASIN,
    RMT_UNARY_ACOS,
    RMT_UNARY_ATAN,
    RMT_UNARY_SINH,
    RMT_UNARY_COSH,
    RMT_UNARY_ASINH,
    RMT_UNARY_ACOSH,
    RMT_UNARY_ATANH,
    RMT_UNARY_LOG2,
    RMT_UNARY_LOG10,
    RMT_UNARY_LOG1P,
    RMT_UNARY_EXPM1,
    RMT_UNARY_TRUNC,
    RMT_UNARY_ROUND_EVEN, /* half to the even neighbour */
    RMT_UNARY_STANH,      /* p1 * tanh(p0 * x) */
    RMT_UNARY_COUNT
} rmt_unary;

/* y = f(x) * scale + shift. The plain f has scale 1, shift 0 (rmt_activation_none()). */
typedef struct rmt_activation {
    rmt_unary function;
    float p0, p1, p2;
    float scale, shift;
} rmt_activation;

static inline rmt_activation rmt_activation_none(void) { return (rmt_activation){RMT_UNARY_NONE, 0, 0, 0, 1, 0}; }

/* The definition of all of them, scale and shift included, by the C library. */
double rmt_unary_double(double x, const rmt_activation *act);

/* ---- binary functions ---------------------------------------------------------------------------------- */

typedef enum rmt_binary {
    RMT_BINARY_ADD,
    RMT_BINARY_SUBTRACT,
    RMT_BINARY_MULTIPLY,
    RMT_BINARY_DIVIDE,
    RMT_BINARY_MAXIMUM,
    RMT_BINARY_MINIMUM,
    RMT_BINARY_POW,
    RMT_BINARY_REMAINDER,    /* sign of the divisor, as Python's % */
    RMT_BINARY_FLOOR_DIVIDE, /* floor(x / y) */
    RMT_BINARY_PRELU,        /* x < 0 ? y * x : x */
    RMT_BINARY_COUNT
} rmt_binary;

typedef enum rmt_reduce {
    RMT_REDUCE_SUM,
    RMT_REDUCE_MAX,
    RMT_REDUCE_MIN,
    RMT_REDUCE_PROD,
    RMT_REDUCE_COUNT
} rmt_reduce;

/* ---- gemm ------------------------------------------------------------------------------------------------ */

#define RMT_PANEL 16 /* columns of a weight panel, at every level */

/* How the weights of a product lie in their panels; sums are float32 either way. BFLOAT16: the upper half of a float32. */
typedef enum rmt_weight_type { RMT_WEIGHT_FLOAT32, RMT_WEIGHT_BFLOAT16 } rmt_weight_type;

static inline int64_t rmt_weight_bytes(rmt_weight_type type) { return type == RMT_WEIGHT_BFLOAT16 ? 2 : 4; }

/* Weight number `index` of panels. */
static inline const void *rmt_weight_at(const void *panels, rmt_weight_type type, int64_t index)
{
    return (const unsigned char *)panels + index * rmt_weight_bytes(type);
}

/*
 * One block of a matrix product with gathered rows, the heart of convolutions and products alike:
 *
 *   c[i][j] = act( bias[j] + add[i][j] + sum over t < taps, q < k of a[t * m + i][q] * B(t, q, j) )
 *
 * A: pointers to rows of k floats, taps groups of m. B: panels of 16 columns, a last one padded with zeros. With
 * s = t * k + q, B(t, q, j) is weight number (j / 16) * panel_stride + s * 16 + j % 16 in FLOAT32; in BFLOAT16 columns j
 * and j + 8 of a panel stand side by side: (j / 16) * panel_stride + s * 16 + j % 8 * 2 + j / 8 % 2. bias: n rounded up to 16
 * floats, or NULL. add: m pointers to rows of n floats, or NULL; add[i] may equal c[i]. c: m pointers; exactly n floats
 * of each row are written. c may not overlap a row of A.
 */
typedef struct rmt_gemm {
    const float *const *a;
    int32_t m, taps, k;
    const void *b;
    rmt_weight_type type;
    ptrdiff_t panel_stride; /* weights; taps * k * 16 when packed tightly */
    int32_t n;
    const float *bias;
    const float *const *add;
    float *const *c;
    rmt_activation act;
    const void *next; /* the weights that will be read after these, to be fetched ahead, or NULL */
} rmt_gemm;

/* ---- depthwise convolution and pooling: one row of output pixels ---------------------------------------------- */

/*
 * out pixel x, channel c: act( bias[c] + sum over taps (r, s) of rows[r][(x * stride - pad_left + s * dilation) *
 * in_pixel + c] * weight[(r * kw + s) * weight_stride + c] ); taps that fall left or right of [0, in_width) or
 * on a NULL row count as zero. Weights are finite.
 */
typedef struct rmt_depthwise {
    const float *const *rows; /* kh pointers to the first pixel of an input row, or NULL */
    int32_t kh, kw, stride, dilation, pad_left;
    int32_t in_width, out_width, channels;
    ptrdiff_t in_pixel, out_pixel; /* floats from one pixel to the next */
    const float *weight;           /* [kh * kw][weight_stride] */
    ptrdiff_t weight_stride;       /* floats: channels rounded up to 16, padded with zeros */
    const float *bias;             /* channels rounded up to 16, or NULL */
    const float *add; /* added before the activation: pixels at out_pixel distance, or NULL; may equal out */
    float *out;
    rmt_activation act;
    const float *ahead[2]; /* input rows to be fetched for the next output row, or NULL */
} rmt_depthwise;

/*
 * Neighbouring output pixels whose windows see as many pixels. Pixel x, channel c: factor * sum, or the extreme, over i < count
 * of pixels[i][x * in_step + c].
 */
typedef struct rmt_pool {
    rmt_reduce function;
    const float *const *pixels; /* count >= 1: those of the first window */
    int32_t count, width, channels;
    ptrdiff_t in_step, out_pixel; /* floats from one window, and one output pixel, to the next */
    float factor;                 /* of SUM */
    float *out;
} rmt_pool;

/* ---- Winograd: 3x3 convolutions with fewer multiplications ------------------------------------------------------- */

/*
 * The output is cut into tiles of tile x tile pixels, tile = 4 or 2, each of which comes from side x side pixels of the
 * input by side x side sums xi:
 *
 *   weights -> U [factor][ceil(co/16)][ci][16] once; input -> V [xi][tiles][ci]; M[xi] = V[xi] * U by gemm; M -> output
 *
 * Stride 1: side = tile + 2, each xi has its factor. Points 0, +-3/4, +-3/2, infinity for tile 4; 0, +-1, infinity for 2.
 *
 * Stride 2: side = 2 * tile + 1. Along an axis pixels 0, 2, 4, .. of a tile meet the outer taps of windows, those between
 * them the middle tap alone. Of the former, tile + 1 positions are made (points +-1/2, +-5/4, infinity; 0, 1, infinity);
 * the latter follow as they are and share the last of tile + 2 factors. Where both axes are at the middle tap V would be the
 * input: those xi are left out of it.
 *
 * All transform constants are exact in binary. How tiles are grouped into runs and blocks changes no result. Infinity or
 * NaN in one pixel spreads over its tile, and weights must be finite.
 */

static inline int32_t rmt_winograd_factors(int32_t tile) { return (tile + 2) * (tile + 2); }

static inline int32_t rmt_winograd_side(int32_t tile, int32_t stride) { return stride * tile + 3 - stride; }

/* One 3x3 kernel -> its factors, each at u[factor * u_stride]; in double precision, rounded once. The plain definition. */
void rmt_winograd_kernel(int32_t tile, int32_t stride, const float kernel[9], float *u, ptrdiff_t u_stride);

/* A run of neighbouring tiles of one row of tiles; what lies outside of the input counts as zero. */
typedef struct rmt_winograd_input {
    int32_t tile, stride;
    const float *const *rows; /* side pointers to the first pixel of an input row, or NULL */
    int32_t in_width, column; /* the first input column of the first tile: may be negative */
    int32_t tiles, channels;
    ptrdiff_t in_pixel;
    float *v; /* xi, tile t, channel c at v[xi * xi_stride + t * tile_stride + c] */
    ptrdiff_t xi_stride, tile_stride;
} rmt_winograd_input;

/* The same run's sums to pixels: act(bias[c] + add + value). */
typedef struct rmt_winograd_output {
    int32_t tile, stride;
    const float *m; /* as v above, with output channels */
    ptrdiff_t xi_stride, tile_stride;
    int32_t tiles, channels;
    int32_t columns;         /* pixels of the run that exist: at most tiles * tile */
    float *const *rows;      /* `tile` pointers to the run's first pixel in an output row; NULL where there is none */
    const float *const *add; /* the same for the addend, or NULL; add[i] may equal rows[i] */
    ptrdiff_t out_pixel, add_pixel; /* floats from one pixel to the next, of rows and of add */
    const float *bias;              /* channels rounded up to 16, or NULL */
    rmt_activation act;
} rmt_winograd_output;

/* ---- resize: one row of a linear resize ------------------------------------------------------------------------- */

/* Two pixels of a row, by number, and the weight of the right one. */
typedef struct rmt_lerp_tap {
    int32_t left, right;
    float weight;
} rmt_lerp_tap;

/* out pixel x = left * (1 - weight) + right * weight + add, with the pixels and the weight of taps[x]. */
typedef struct rmt_lerp_row {
    const float *from;
    const rmt_lerp_tap *taps;
    int32_t width, channels;
    const float *add;                         /* or NULL; may equal out */
    ptrdiff_t in_pixel, add_pixel, out_pixel; /* floats from one pixel to the next */
    float *out;
} rmt_lerp_row;

/* ---- pixels: rows of 8-bit images, three bytes a pixel --------------------------------------------------------- */

/* out[x * pixel_stride + c * channel_stride] = byte * scale[c] + shift[c], rounded after each of the two operations. */
typedef struct rmt_pixel_numbers {
    const uint8_t *pixels; /* [width][3] */
    int32_t width;
    bool swap_rb; /* channel c is byte 2 - c of its pixel, otherwise byte c */
    float scale[3], shift[3];
    float *out;
    ptrdiff_t pixel_stride, channel_stride; /* in floats */
} rmt_pixel_numbers;

/* A run of destination pixels of a perspective warp; beyond its borders the source repeats its last pixel. */
typedef struct rmt_warp_row {
    const uint8_t *pixels; /* of the source: [height][width][3], rows `pitch` bytes apart */
    ptrdiff_t pitch;
    int32_t width, height;
    const int32_t *x, *y;   /* [count]: positions in the source, in 1/32 pixel */
    const int16_t *weights; /* [fraction of y: 32][fraction of x: 32][row: 4][column: 4], each 4 x 4 sums to 2^15 */
    int32_t count;
    uint8_t *out; /* [count][3] */
} rmt_warp_row;

/* ---- the table of one level --------------------------------------------------------------------------------- */

typedef struct rmt_kernels {
    rmt_level level;
    const char *name; /* "base", "avx2", "avx512", "avx512_bf16" */
    int32_t lanes;    /* floats in a vector */
    bool rounds_a;    /* gemm with weights in BFLOAT16 rounds A likewise, denormals to zero */

    /* gemm/ */
    void (*gemm)(const rmt_gemm *block);
    /* Rows-by-columns source, element (q, j) at source[q * row_stride + j * column_stride], to panels [ceil(n/16)][k][16]. */
    void (*pack_panels)(const float *source, ptrdiff_t row_stride, ptrdiff_t column_stride, int32_t k, int32_t n,
                        float *panels);
    /* Panels [steps][16] to BFLOAT16, pairs [steps][8][2]: to nearest, ties to even; NaN stays NaN. */
    void (*pack_bfloat16)(const float *panel, int64_t steps, uint16_t *pairs);
    /* y[j] = act(bias[j] + sum x[q] * B(q, j)) for one row: gemm with m = 1, taps = 1, for long n or k. */
    void (*gemv)(const float *x, int32_t k, const float *panels, int32_t n, const float *bias, float *y,
                 const rmt_activation *act);

    /* depthwise/ */
    void (*depthwise)(const rmt_depthwise *row);

    /* winograd/ */
    /* `count` times sixteen 3x3 kernels, [count][9][16], to their factors: f of the i-th sixteen at u[f * u_stride + i * 16]. */
    void (*winograd_weights)(int32_t tile, int32_t stride, const float *kernels, int32_t count, float *u,
                             ptrdiff_t u_stride);
    void (*winograd_input)(const rmt_winograd_input *run);
    void (*winograd_output)(const rmt_winograd_output *run);

    /* elementwise/ */
    void (*unary)(const float *x, float *y, int64_t n, const rmt_activation *act); /* y may equal x */
    /* x_step, y_step: 1 or 0 (one number for all). out may equal x or y. */
    void (*binary)(rmt_binary function, const float *x, int32_t x_step, const float *y, int32_t y_step, float *out,
                   int64_t n);
    void (*scale_shift)(const float *x, const float *scale, const float *shift, float *out, int64_t n); /* x * s + t */

    /* reduce/: sixteen virtual lanes and a fixed tree, so that all levels add in one order */
    float (*reduce)(rmt_reduce function, const float *x, int64_t n);                  /* n >= 1 */
    void (*reduce_into)(rmt_reduce function, float *into, const float *x, int64_t n); /* into[i] = f(into[i], x[i]) */
    int64_t (*arg_max)(const float *x, int64_t n); /* the first of equals; NaN never wins */
    /* The same for each of n columns of `rows` >= 1 numbers, element (k, i) at x[k * x_row + i]. */
    void (*arg_max_columns)(const float *x, ptrdiff_t x_row, int32_t rows, int64_t n, int32_t *places);

    /* normalize/: one row */
    void (*softmax)(const float *x, float *y, int64_t n, bool logarithm);
    void (*layer_norm)(const float *x, float *y, int64_t n, float epsilon, const float *scale, const float *bias);
    /* Softmax of each of n columns of `rows` >= 1 numbers, element (k, i) at x[k * x_row + i]; y may equal x. */
    void (*softmax_columns)(const float *x, ptrdiff_t x_row, float *y, ptrdiff_t y_row, int32_t rows, int64_t n,
                            bool logarithm);
    /* sums[c], squares[c]: of x[p * pixel + c] - center[c] over `pixels` >= 1 pixels, added up one after the other. */
    void (*moments)(const float *x, ptrdiff_t pixel, int64_t pixels, const float *center, float *sums, float *squares,
                    int32_t channels);

    /* pool/ */
    void (*pool)(const rmt_pool *run);

    /* resize/: y[c] = (p[0][c] * (1-wx) + p[1][c] * wx) * (1-wy) + (p[2][c] * (1-wx) + p[3][c] * wx) * wy */
    void (*lerp)(const float *const p[4], float wx, float wy, float *y, int32_t channels);
    void (*lerp_row)(const rmt_lerp_row *row);
    /* y[c] = sum of weights[i] * pixels[i][c], i ascending from zero */
    void (*blend)(const float *const *pixels, const float *weights, int32_t count, float *y, int32_t channels);

    /* copy/: destination[i * destination_stride + j] = source[j * source_stride + i], 32-bit elements, i < rows, j < columns */
    void (*transpose)(const float *source, ptrdiff_t source_stride, float *destination, ptrdiff_t destination_stride,
                      int64_t rows, int64_t columns);

    /* recurrent/: one step of an LSTM cell; gates [4][hidden] in PaddlePaddle's order i, f, c~, o before activation */
    void (*lstm_cell)(const float *gates, const float *c_before, float *c, float *h, int32_t hidden);
    /* gates_x, gates_h: [3][hidden] in the order r, z, c~ (input part with its bias, hidden part with its bias) */
    void (*gru_cell)(const float *gates_x, const float *gates_h, const float *h_before, float *h, int32_t hidden);

    /* pixels/: exact, so the same at all levels */
    void (*pixel_numbers)(const rmt_pixel_numbers *row);
    /*
     * out[3 * x + c] = (in[at[x] + c] * weight[x][0] + in[at[x] + 3 + c] * weight[x][1]) >> 4; reads 8 bytes at at[x].
     * No weight is negative, and those of a pair sum to at most 2049.
     */
    void (*blend_pairs)(const uint8_t *in, const int32_t *at, const int16_t (*weight)[2], int32_t count, int16_t *out);
    /* out[i] = ((above[i] * over >> 16) + (below[i] * under >> 16) + 2) >> 2, for what blend_pairs gives */
    void (*mix_pair)(const int16_t *above, const int16_t *below, int16_t over, int16_t under, int64_t n, uint8_t *out);
    /* out[3 * x + c] = the mean of 2 x 2 pixels, halves upwards: (a[6 * x + c] + a[6 * x + 3 + c] + b[...] + 2) >> 2 */
    void (*halve_rows)(const uint8_t *above, const uint8_t *below, int32_t count, uint8_t *out);
    /* out[3 * x + c] = sum of in[at[x] + 3 * k + c] * weight[x * taps + k]; reads 3 * taps + 2 bytes; taps: 4 or 8 */
    void (*blend_taps)(const uint8_t *in, const int32_t *at, const int16_t *weight, int32_t taps, int32_t count,
                       int32_t *out);
    /*
     * out[i] = a[i] * weight[0] + (b[i] * weight[1] + (c[i] * weight[2] + d[i] * weight[3])) of the rows a, b, c, d, in
     * float32, rounded with halves to even and clamped; below 2^22.
     */
    void (*mix_four)(const int32_t *const rows[4], const float weight[4], int64_t n, uint8_t *out);
    /*
     * For t = first + i: x[i], y[i] = (start[0] + map[0] * t) * s, (start[1] + map[3] * t) * s in double, rounded with
     * halves to even, with s = 32 / w for w = start[2] + map[6] * t, or 0 where w is; within +-INT32_MAX.
     */
    void (*warp_positions)(const double map[9], const double start[3], int32_t first, int32_t count, int32_t *x,
                           int32_t *y);
    /* out = sum of the 4 x 4 source pixels from (x >> 5) - 1, (y >> 5) - 1 on, weighted, + 2^14 >> 15, clamped */
    void (*warp_row)(const rmt_warp_row *row);
} rmt_kernels;

/* The table of a level, NULL when this build or this processor lacks it. Base is always there. */
const rmt_kernels *rmt_kernels_get(rmt_level level);

/* The best level of this processor. */
const rmt_kernels *rmt_kernels_best(void);

/* The plain C definition of every entry, in the order of its formula: the judge of all levels. */
const rmt_kernels *rmt_kernels_reference(void);

/*
 * Floats between neighbouring pixels of an NHWC tensor of `channels`: at most 4 channels lie dense, others are rounded
 * up to 8, and 16 more keep strides off multiples of 512 bytes, which alias in the first-level cache.
 */
static inline int64_t rmt_pixel_stride(int64_t channels)
{
    if (channels <= 4)
        return channels;
    int64_t stride = (channels + 7) / 8 * 8;
    return stride % 128 == 0 ? stride + 16 : stride;
}

#endif

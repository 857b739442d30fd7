/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every kernel as its contract says it, one element after the other, with the C library and sums in double precision:
 * the judge of the levels, and readable as their definition. It is fast enough for small cases only.
 */
#include "kernels/kernels.h"

#include <math.h>
#include <string.h>

/* ---- elementwise ------------------------------------------------------------------------------------------ */

static double sigmoid(double x) { return rmt_unary_double(x, &(rmt_activation){RMT_UNARY_SIGMOID, 0, 0, 0, 1, 0}); }

static void unary(const float *x, float *y, int64_t n, const rmt_activation *act)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = (float)rmt_unary_double(x[i], act);
}

static double remainder_of_floor(double x, double y)
{
    double rest = fmod(x, y);
    return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
}

static double binary_value(rmt_binary function, float x, float y)
{
    switch (function) {
    case RMT_BINARY_ADD: return x + y;
    case RMT_BINARY_SUBTRACT: return x - y;
    case RMT_BINARY_MULTIPLY: return x * y;
    case RMT_BINARY_DIVIDE: return x / y;
    case RMT_BINARY_MAXIMUM: return x > y ? x : y;
    case RMT_BINARY_MINIMUM: return x < y ? x : y;
    case RMT_BINARY_POW: return pow((double)x, (double)y);
    case RMT_BINARY_REMAINDER: return remainder_of_floor((double)x, (double)y);
    case RMT_BINARY_FLOOR_DIVIDE: return floorf(x / y);
    case RMT_BINARY_PRELU: return x < 0 ? y * x : x;
    case RMT_BINARY_COUNT: break;
    }
    return NAN;
}

static void binary(rmt_binary function, const float *x, int32_t x_step, const float *y, int32_t y_step, float *out,
                   int64_t n)
{
    const float x_first = n > 0 ? x[0] : 0, y_first = n > 0 ? y[0] : 0;
    for (int64_t i = 0; i < n; i++)
        out[i] = (float)binary_value(function, x_step ? x[i] : x_first, y_step ? y[i] : y_first);
}

static void scale_shift(const float *x, const float *scale, const float *shift, float *out, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = (float)((double)x[i] * scale[i] + shift[i]);
}

/* ---- gemm ------------------------------------------------------------------------------------------------- */

static float float_of(uint16_t half)
{
    uint32_t bits = (uint32_t)half << 16;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Where column j of a panel's row stands in bfloat16. */
static int32_t pair_place(int32_t j) { return j % 8 * 2 + j / 8 % 2; }

/* B(t, q, j), step = t * k + q */
static float weight_of(const rmt_gemm *block, int64_t step, int32_t j)
{
    const int64_t panel = j / RMT_PANEL * block->panel_stride;
    if (block->type == RMT_WEIGHT_BFLOAT16)
        return float_of(((const uint16_t *)block->b)[panel + step * RMT_PANEL + pair_place(j)]);
    return ((const float *)block->b)[panel + step * RMT_PANEL + j % RMT_PANEL];
}

static double gemm_sum(const rmt_gemm *block, int32_t i, int32_t j)
{
    double sum = 0;
    for (int32_t t = 0; t < block->taps; t++)
        for (int32_t q = 0; q < block->k; q++)
            sum += (double)block->a[(int64_t)t * block->m + i][q] * weight_of(block, (int64_t)t * block->k + q, j);
    return sum;
}

static void gemm(const rmt_gemm *block)
{
    for (int32_t i = 0; i < block->m; i++) {
        for (int32_t j = 0; j < block->n; j++) {
            double sum = gemm_sum(block, i, j);
            if (block->bias != NULL)
                sum += block->bias[j];
            if (block->add != NULL)
                sum += block->add[i][j];
            block->c[i][j] = (float)rmt_unary_double(sum, &block->act);
        }
    }
}

static void pack_panels(const float *source, ptrdiff_t row_stride, ptrdiff_t column_stride, int32_t k, int32_t n,
                        float *panels)
{
    for (int32_t j = 0; j < (n + RMT_PANEL - 1) / RMT_PANEL * RMT_PANEL; j++)
        for (int32_t q = 0; q < k; q++)
            panels[((int64_t)(j / RMT_PANEL) * k + q) * RMT_PANEL + j % RMT_PANEL] =
                j < n ? source[q * row_stride + j * column_stride] : 0;
}

/* The nearer of the two bfloat16 around x; of two as near, the one whose last bit is 0. */
static uint16_t half_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    if (isnan(x))
        return (uint16_t)(bits >> 16 | 0x40);
    const uint32_t lost = bits & 0xffff, half = bits >> 16;
    return (uint16_t)(half + (lost > 0x8000 || (lost == 0x8000 && half % 2 == 1)));
}

static void pack_bfloat16(const float *panel, int64_t steps, uint16_t *pairs)
{
    for (int64_t s = 0; s < steps; s++)
        for (int32_t j = 0; j < RMT_PANEL; j++)
            pairs[s * RMT_PANEL + pair_place(j)] = half_of(panel[s * RMT_PANEL + j]);
}

static void gemv(const float *x, int32_t k, const float *panels, int32_t n, const float *bias, float *y,
                 const rmt_activation *act)
{
    gemm(&(rmt_gemm){.a = &x,
                     .m = 1,
                     .taps = 1,
                     .k = k,
                     .b = panels,
                     .panel_stride = (ptrdiff_t)k * RMT_PANEL,
                     .n = n,
                     .bias = bias,
                     .c = &y,
                     .act = *act});
}

/* ---- depthwise, pool, resize ---------------------------------------------------------------------------------- */

static double depthwise_sum(const rmt_depthwise *d, int32_t x, int32_t c)
{
    double sum = 0;
    for (int32_t r = 0; r < d->kh; r++) {
        for (int32_t s = 0; s < d->kw; s++) {
            int32_t column = x * d->stride - d->pad_left + s * d->dilation;
            if (d->rows[r] == NULL || column < 0 || column >= d->in_width)
                continue;
            sum += (double)d->rows[r][column * d->in_pixel + c] * d->weight[(r * d->kw + s) * d->weight_stride + c];
        }
    }
    return sum;
}

static void depthwise(const rmt_depthwise *d)
{
    for (int32_t x = 0; x < d->out_width; x++) {
        for (int32_t c = 0; c < d->channels; c++) {
            double sum = depthwise_sum(d, x, c);
            if (d->bias != NULL)
                sum += d->bias[c];
            if (d->add != NULL)
                sum += d->add[x * d->out_pixel + c];
            d->out[x * d->out_pixel + c] = (float)rmt_unary_double(sum, &d->act);
        }
    }
}

static double combine(rmt_reduce function, double sum, double x)
{
    switch (function) {
    case RMT_REDUCE_MAX: return x > sum ? x : sum;
    case RMT_REDUCE_MIN: return x < sum ? x : sum;
    case RMT_REDUCE_PROD: return sum * x;
    default: return sum + x;
    }
}

static double identity(rmt_reduce function)
{
    const double identities[RMT_REDUCE_COUNT] = {0, -INFINITY, INFINITY, 1};
    return identities[function];
}

static void pool(const rmt_pool *run)
{
    for (int32_t x = 0; x < run->width; x++)
        for (int32_t c = 0; c < run->channels; c++) {
            double sum = identity(run->function);
            for (int32_t i = 0; i < run->count; i++)
                sum = combine(run->function, sum, run->pixels[i][x * run->in_step + c]);
            run->out[x * run->out_pixel + c] = (float)(run->function == RMT_REDUCE_SUM ? sum * run->factor : sum);
        }
}

static void blend(const float *const *pixels, const float *weights, int32_t count, float *y, int32_t channels)
{
    for (int32_t c = 0; c < channels; c++) {
        double sum = 0;
        for (int32_t i = 0; i < count; i++)
            sum += (double)pixels[i][c] * weights[i];
        y[c] = (float)sum;
    }
}

static void lerp(const float *const p[4], float wx, float wy, float *y, int32_t channels)
{
    const double x = wx, v = wy;
    for (int32_t c = 0; c < channels; c++) {
        double above = p[0][c] * (1 - x) + p[1][c] * x, below = p[2][c] * (1 - x) + p[3][c] * x;
        y[c] = (float)(above * (1 - v) + below * v);
    }
}

static void lerp_row(const rmt_lerp_row *r)
{
    for (int32_t x = 0; x < r->width; x++)
        for (int32_t c = 0; c < r->channels; c++) {
            const double weight = r->taps[x].weight, add = r->add != NULL ? r->add[x * r->add_pixel + c] : 0;
            r->out[x * r->out_pixel + c] = (float)(r->from[r->taps[x].left * r->in_pixel + c] * (1 - weight) +
                                                   r->from[r->taps[x].right * r->in_pixel + c] * weight + add);
        }
}

/* ---- Winograd ----------------------------------------------------------------------------------------------- */

#define WINOGRAD_SIDE 9

/* B transposed, of which the input's tile is multiplied from both sides, and A transposed for the output. */
typedef struct winograd_matrices {
    double b[WINOGRAD_SIDE][WINOGRAD_SIDE], a[4][WINOGRAD_SIDE];
} winograd_matrices;

static const winograd_matrices plain_2 = {{{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, -1, 0, 1}},
                                          {{1, 1, 1, 0}, {0, 1, -1, 1}}};
static const winograd_matrices plain_4 = {{{1.265625, 0, -2.8125, 0, 1, 0},
                                           {0, -1.6875, -2.25, 0.75, 1, 0},
                                           {0, 1.6875, -2.25, -0.75, 1, 0},
                                           {0, -0.84375, -0.5625, 1.5, 1, 0},
                                           {0, 0.84375, -0.5625, -1.5, 1, 0},
                                           {0, 1.265625, 0, -2.8125, 0, 1}},
                                          {{1, 1, 1, 1, 1, 0},
                                           {0, 0.75, -0.75, 1.5, -1.5, 0},
                                           {0, 0.5625, 0.5625, 2.25, 2.25, 0},
                                           {0, 0.421875, -0.421875, 3.375, -3.375, 1}}};
static const winograd_matrices strided_2 = {
    {{1, 0, -1, 0, 0}, {0, 0, 1, 0, 0}, {0, 0, -1, 0, 1}, {0, 1, 0, 0, 0}, {0, 0, 0, 1, 0}},
    {{1, 1, 0, 1, 0}, {0, 1, 1, 0, 1}}};
static const winograd_matrices strided_4 = {{{-0.78125, 0, -1.5625, 0, 0.5, 0, 1, 0, 0},
                                             {0.78125, 0, -1.5625, 0, -0.5, 0, 1, 0, 0},
                                             {-0.3125, 0, -0.25, 0, 1.25, 0, 1, 0, 0},
                                             {0.3125, 0, -0.25, 0, -1.25, 0, 1, 0, 0},
                                             {0.390625, 0, 0, 0, -1.8125, 0, 0, 0, 1},
                                             {0, 1, 0, 0, 0, 0, 0, 0, 0},
                                             {0, 0, 0, 1, 0, 0, 0, 0, 0},
                                             {0, 0, 0, 0, 0, 1, 0, 0, 0},
                                             {0, 0, 0, 0, 0, 0, 0, 1, 0}},
                                            {{1, 1, 1, 1, 0, 1, 0, 0, 0},
                                             {0.5, -0.5, 1.25, -1.25, 0, 0, 1, 0, 0},
                                             {0.25, 0.25, 1.5625, 1.5625, 0, 0, 0, 1, 0},
                                             {0.125, -0.125, 1.953125, -1.953125, 1, 0, 0, 0, 1}}};

static const winograd_matrices *winograd_matrices_of(int32_t tile, int32_t stride)
{
    if (stride == 2)
        return tile == 4 ? &strided_4 : &strided_2;
    return tile == 4 ? &plain_4 : &plain_2;
}

static void winograd_weights(int32_t tile, int32_t stride, const float *kernels, int32_t count, float *u,
                             ptrdiff_t u_stride)
{
    for (int32_t i = 0; i < count * RMT_PANEL; i++) {
        float kernel[9];
        for (int32_t k = 0; k < 9; k++)
            kernel[k] = kernels[(i / RMT_PANEL * 9 + k) * RMT_PANEL + i % RMT_PANEL];
        rmt_winograd_kernel(tile, stride, kernel, u + i, u_stride);
    }
}

/* Position (y, x) of tile t. */
static double winograd_position(const rmt_winograd_input *run, int32_t t, int32_t y, int32_t x, int32_t c)
{
    const winograd_matrices *matrices = winograd_matrices_of(run->tile, run->stride);
    const int32_t side = rmt_winograd_side(run->tile, run->stride);
    double sum = 0;
    for (int32_t i = 0; i < side; i++) {
        for (int32_t j = 0; j < side; j++) {
            int32_t column = run->column + t * run->tile * run->stride + j;
            if (run->rows[i] != NULL && column >= 0 && column < run->in_width)
                sum += matrices->b[y][i] * matrices->b[x][j] * run->rows[i][column * run->in_pixel + c];
        }
    }
    return sum;
}

static void winograd_input(const rmt_winograd_input *run)
{
    const int32_t side = rmt_winograd_side(run->tile, run->stride), outer = run->tile + 1;
    for (int32_t t = 0; t < run->tiles; t++)
        for (int32_t xi = 0; xi < side * side; xi++)
            for (int32_t c = 0; c < run->channels; c++)
                if (run->stride == 1 || xi / side < outer || xi % side < outer)
                    run->v[xi * run->xi_stride + t * run->tile_stride + c] =
                        (float)winograd_position(run, t, xi / side, xi % side, c);
}

static double winograd_pixel(const rmt_winograd_output *run, int32_t t, int32_t y, int32_t x, int32_t c)
{
    const winograd_matrices *matrices = winograd_matrices_of(run->tile, run->stride);
    const int32_t side = rmt_winograd_side(run->tile, run->stride);
    const float *m = run->m + t * run->tile_stride + c;
    double sum = 0;
    for (int32_t i = 0; i < side; i++)
        for (int32_t j = 0; j < side; j++)
            sum += matrices->a[y][i] * matrices->a[x][j] * m[(i * side + j) * run->xi_stride];
    return sum;
}

static void winograd_output(const rmt_winograd_output *run)
{
    for (int32_t y = 0; y < run->tile; y++) {
        if (run->rows[y] == NULL)
            continue;
        for (int32_t x = 0; x < run->columns; x++) {
            for (int32_t c = 0; c < run->channels; c++) {
                double sum = winograd_pixel(run, x / run->tile, y, x % run->tile, c);
                if (run->bias != NULL)
                    sum += run->bias[c];
                if (run->add != NULL)
                    sum += run->add[y][x * run->add_pixel + c];
                run->rows[y][x * run->out_pixel + c] = (float)rmt_unary_double(sum, &run->act);
            }
        }
    }
}

/* ---- reduce, normalize ------------------------------------------------------------------------------------------ */

static float reduce(rmt_reduce function, const float *x, int64_t n)
{
    double sum = identity(function);
    for (int64_t i = 0; i < n; i++)
        sum = combine(function, sum, x[i]);
    return (float)sum;
}

static void reduce_into(rmt_reduce function, float *into, const float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        into[i] = (float)combine(function, into[i], x[i]);
}

static int64_t arg_max(const float *x, int64_t n)
{
    int64_t best = 0;
    for (int64_t i = 1; i < n; i++)
        if (x[i] > x[best] || (isnan(x[best]) && !isnan(x[i])))
            best = i;
    return isnan(x[best]) ? 0 : best;
}

static void arg_max_columns(const float *x, ptrdiff_t x_row, int32_t rows, int64_t n, int32_t *places)
{
    for (int64_t i = 0; i < n; i++) {
        places[i] = 0;
        for (int32_t k = 1; k < rows; k++) {
            float best = x[places[i] * x_row + i], next = x[k * x_row + i];
            if (next > best || (isnan(best) && !isnan(next)))
                places[i] = k;
        }
    }
}

static void softmax(const float *x, float *y, int64_t n, bool logarithm)
{
    const double largest = reduce(RMT_REDUCE_MAX, x, n);
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += exp(x[i] - largest);
    for (int64_t i = 0; i < n; i++)
        y[i] = (float)(logarithm ? x[i] - largest - log(sum) : exp(x[i] - largest) / sum);
}

static void softmax_columns(const float *x, ptrdiff_t x_row, float *y, ptrdiff_t y_row, int32_t rows, int64_t n,
                            bool logarithm)
{
    for (int64_t i = 0; i < n; i++) {
        double largest = -INFINITY, sum = 0;
        for (int32_t k = 0; k < rows; k++)
            largest = fmax(largest, x[k * x_row + i]);
        for (int32_t k = 0; k < rows; k++)
            sum += exp(x[k * x_row + i] - largest);
        for (int32_t k = 0; k < rows; k++) {
            double distance = x[k * x_row + i] - largest;
            y[k * y_row + i] = (float)(logarithm ? distance - log(sum) : exp(distance) / sum);
        }
    }
}

static void moments(const float *x, ptrdiff_t pixel, int64_t pixels, const float *center, float *sums, float *squares,
                    int32_t channels)
{
    for (int32_t c = 0; c < channels; c++) {
        double sum = 0, square = 0;
        for (int64_t p = 0; p < pixels; p++) {
            double distance = (double)x[p * pixel + c] - center[c];
            sum += distance;
            square += distance * distance;
        }
        sums[c] = (float)sum;
        squares[c] = (float)square;
    }
}

static void layer_norm(const float *x, float *y, int64_t n, float epsilon, const float *scale, const float *bias)
{
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < n; i++)
        sum += x[i];
    const double mean = sum / (double)n;
    for (int64_t i = 0; i < n; i++)
        squares += (x[i] - mean) * (x[i] - mean);
    const double factor = 1 / sqrt(squares / (double)n + epsilon);
    for (int64_t i = 0; i < n; i++) {
        double z = (x[i] - mean) * factor;
        y[i] = (float)(z * (scale != NULL ? scale[i] : 1) + (bias != NULL ? bias[i] : 0));
    }
}

/* ---- copy, recurrent ---------------------------------------------------------------------------------------------- */

static void transpose(const float *source, ptrdiff_t source_stride, float *destination, ptrdiff_t destination_stride,
                      int64_t rows, int64_t columns)
{
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            memcpy(&destination[i * destination_stride + j], &source[j * source_stride + i], sizeof(float));
}

static void lstm_cell(const float *gates, const float *c_before, float *c, float *h, int32_t hidden)
{
    const float *in = gates, *forget = in + hidden, *candidate = forget + hidden, *out = candidate + hidden;
    for (int32_t i = 0; i < hidden; i++) {
        double state = sigmoid(forget[i]) * c_before[i] + sigmoid(in[i]) * tanh(candidate[i]);
        c[i] = (float)state;
        h[i] = (float)(sigmoid(out[i]) * tanh(state));
    }
}

static void gru_cell(const float *gates_x, const float *gates_h, const float *h_before, float *h, int32_t hidden)
{
    const float *x = gates_x, *s = gates_h;
    for (int32_t i = 0; i < hidden; i++, x++, s++) {
        double reset = sigmoid((double)x[0] + s[0]), update = sigmoid((double)x[hidden] + s[hidden]);
        double candidate = tanh(x[2 * (int64_t)hidden] + reset * s[2 * (int64_t)hidden]);
        h[i] = (float)(update * h_before[i] + (1 - update) * candidate);
    }
}

/* ---- pixels ------------------------------------------------------------------------------------------------------- */

static void pixel_numbers(const rmt_pixel_numbers *row)
{
    for (int32_t x = 0; x < row->width; x++)
        for (int32_t c = 0; c < 3; c++) {
            float product = (float)row->pixels[3 * x + (row->swap_rb ? 2 - c : c)] * row->scale[c];
            row->out[x * row->pixel_stride + c * row->channel_stride] = product + row->shift[c];
        }
}

static void blend_pairs(const uint8_t *in, const int32_t *at, const int16_t (*weight)[2], int32_t count, int16_t *out)
{
    for (int32_t x = 0; x < count; x++)
        for (int32_t c = 0; c < 3; c++) {
            int32_t left = in[at[x] + c], right = in[at[x] + 3 + c];
            out[3 * x + c] = (int16_t)((left * weight[x][0] + right * weight[x][1]) >> 4);
        }
}

static void mix_pair(const int16_t *above, const int16_t *below, int16_t over, int16_t under, int64_t n, uint8_t *out)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = (uint8_t)(((above[i] * over >> 16) + (below[i] * under >> 16) + 2) >> 2);
}

static void halve_rows(const uint8_t *above, const uint8_t *below, int32_t count, uint8_t *out)
{
    for (int32_t x = 0; x < count; x++)
        for (int32_t c = 0; c < 3; c++) {
            int32_t at = 6 * x + c;
            out[3 * x + c] = (uint8_t)((above[at] + above[at + 3] + below[at] + below[at + 3] + 2) / 4);
        }
}

static uint8_t byte_of(double value) { return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value); }

static void blend_taps(const uint8_t *in, const int32_t *at, const int16_t *weight, int32_t taps, int32_t count,
                       int32_t *out)
{
    for (int32_t x = 0; x < count; x++)
        for (int32_t c = 0; c < 3; c++) {
            out[3 * x + c] = 0;
            for (int32_t k = 0; k < taps; k++)
                out[3 * x + c] += in[at[x] + 3 * k + c] * weight[x * taps + k];
        }
}

static void mix_four(const int32_t *const rows[4], const float weight[4], int64_t n, uint8_t *out)
{
    for (int64_t i = 0; i < n; i++) {
        float sum = (float)rows[3][i] * weight[3];
        for (int k = 2; k >= 0; k--) {
            float product = (float)rows[k][i] * weight[k];
            sum = product + sum;
        }
        out[i] = byte_of(rint(sum));
    }
}

static int32_t position(double value)
{
    return (int32_t)rint(value > -INT32_MAX ? value < INT32_MAX ? value : INT32_MAX : -INT32_MAX);
}

static void warp_positions(const double map[9], const double start[3], int32_t first, int32_t count, int32_t *x,
                           int32_t *y)
{
    for (int32_t i = 0; i < count; i++) {
        double t = first + i, product = map[6] * t, w = start[2] + product, scale = w != 0 ? 32 / w : 0;
        double along = map[0] * t, down = map[3] * t;
        x[i] = position((start[0] + along) * scale);
        y[i] = position((start[1] + down) * scale);
    }
}

static int64_t within(int64_t index, int32_t count) { return index < 0 ? 0 : index < count ? index : count - 1; }

static void warp_row(const rmt_warp_row *row)
{
    for (int32_t i = 0; i < row->count; i++) {
        const int16_t *weight = row->weights + ((row->y[i] & 31) * 32 + (row->x[i] & 31)) * 16;
        for (int32_t c = 0; c < 3; c++) {
            int32_t sum = 1 << 14;
            for (int32_t k = 0; k < 16; k++) {
                const uint8_t *in = row->pixels + within((row->y[i] >> 5) - 1 + k / 4, row->height) * row->pitch;
                sum += in[3 * within((row->x[i] >> 5) - 1 + k % 4, row->width) + c] * weight[k];
            }
            row->out[3 * i + c] = byte_of(sum >> 15);
        }
    }
}

const rmt_kernels *rmt_kernels_reference(void)
{
    static const rmt_kernels table = {
        .level = RMT_LEVEL_BASE,
        .name = "reference",
        .lanes = 1,
        .gemm = gemm,
        .pack_panels = pack_panels,
        .pack_bfloat16 = pack_bfloat16,
        .gemv = gemv,
        .depthwise = depthwise,
        .winograd_weights = winograd_weights,
        .winograd_input = winograd_input,
        .winograd_output = winograd_output,
        .unary = unary,
        .binary = binary,
        .scale_shift = scale_shift,
        .reduce = reduce,
        .reduce_into = reduce_into,
        .arg_max = arg_max,
        .arg_max_columns = arg_max_columns,
        .softmax = softmax,
        .layer_norm = layer_norm,
        .softmax_columns = softmax_columns,
        .moments = moments,
        .pool = pool,
        .lerp = lerp,
        .lerp_row = lerp_row,
        .blend = blend,
        .transpose = transpose,
        .lstm_cell = lstm_cell,
        .gru_cell = gru_cell,
        .pixel_numbers = pixel_numbers,
        .blend_pairs = blend_pairs,
        .mix_pair = mix_pair,
        .halve_rows = halve_rows,
        .blend_taps = blend_taps,
        .mix_four = mix_four,
        .warp_positions = warp_positions,
        .warp_row = warp_row,
    };
    return &table;
}

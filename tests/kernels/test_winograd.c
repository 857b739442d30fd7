/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Winograd convolutions: each transform against its matrices, the whole against the direct sum within a bound made of
 * the magnitudes that occur, and both independent of how tiles are grouped.
 */
#include "check.h"

#define SIDE 9

static const struct {
    int32_t tile, stride;
    double error; /* root mean square over 64 channels, against the size of the results; measured: two thirds of it */
} forms[] = {{2, 1, 4e-7}, {4, 1, 1.2e-6}, {2, 2, 4.8e-7}, {4, 2, 7.2e-7}};

/* ---- the transforms ------------------------------------------------------------------------------------------- */

/* Both round once from double: at most the last bit, where the exact number lies between two floats. */
static void check_weights(const rmt_kernels *kernels)
{
    for (int32_t round = 0; round < 100; round++) {
        const int32_t tile = forms[round % 4].tile, stride = forms[round % 4].stride, count = 1 + random_below(5);
        const int32_t u_stride = count * RMT_PANEL + random_below(3);
        const int64_t floats = (rmt_winograd_factors(tile) - 1) * (int64_t)u_stride + count * RMT_PANEL;
        const float *filters = guarded_floats(count * 9 * RMT_PANEL, random_below(2));
        float *got = guarded_floats(floats, random_below(2)), *want = guarded_floats(floats, 1);
        memcpy(want, got, (size_t)floats * sizeof(float)); /* gaps must stay */
        kernels->winograd_weights(tile, stride, filters, count, got, u_stride);
        rmt_kernels_reference()->winograd_weights(tile, stride, filters, count, want, u_stride);
        for (int64_t i = 0; i < floats; i++)
            assert_true(ulps_between(got[i], want[i]) <= 1 || fabsf(got[i] - want[i]) < 1e-15f);
        guarded_free_all();
    }
}

static void weights_are_those_of_the_plain_definition(void **state)
{
    (void)state;
    on_each_level(check_weights);
}

static void check_input(const rmt_kernels *kernels)
{
    for (int round = 0; round < 400; round++) {
        const int32_t tile = forms[round % 4].tile, stride = forms[round % 4].stride;
        const int32_t edge = rmt_winograd_side(tile, stride), products = edge * edge;
        const int32_t channels = 1 + random_below(35), tiles = 1 + random_below(5), in_width = 1 + random_below(20);
        const int32_t in_pixel = channels + random_below(3), tile_stride = channels + random_below(3);
        const int32_t xi_stride = tiles * tile_stride + random_below(3);
        const int side = random_below(2);
        const float *rows[SIDE];
        for (int32_t i = 0; i < edge; i++)
            rows[i] = random_below(5) ? guarded_floats((in_width - 1) * in_pixel + channels, side) : NULL;
        const int64_t floats = (products - 1) * (int64_t)xi_stride + (tiles - 1) * tile_stride + channels;
        rmt_winograd_input run = {.tile = tile,
                                  .stride = stride,
                                  .rows = rows,
                                  .in_width = in_width,
                                  .column = random_below(in_width + 3) - 2,
                                  .tiles = tiles,
                                  .channels = channels,
                                  .in_pixel = in_pixel,
                                  .v = guarded_floats(floats, side),
                                  .xi_stride = xi_stride,
                                  .tile_stride = tile_stride};
        float *got = run.v, *want = guarded_floats(floats, 1);
        memcpy(want, got, (size_t)floats * sizeof(float)); /* gaps must stay */
        kernels->winograd_input(&run);
        run.v = want;
        rmt_kernels_reference()->winograd_input(&run);
        /* inputs below 1; a row of the matrix has magnitude 5.1 at most */
        for (int64_t i = 0; i < floats; i++)
            assert_near(got[i], want[i], gamma_bound(8) * 26, "winograd_input", kernels->name);
        guarded_free_all();
    }
}

static void input_transform_matches_its_matrix(void **state)
{
    (void)state;
    on_each_level(check_input);
}

static void check_output(const rmt_kernels *kernels)
{
    const rmt_activation acts[] = {{RMT_UNARY_NONE, 0, 0, 0, 1, 0},
                                   {RMT_UNARY_RELU, 0, 0, 0, 1, 0},
                                   {RMT_UNARY_HARD_SWISH, 6, 6, 3, 1, 0},
                                   {RMT_UNARY_SWISH, 1, 0, 0, 1, 0}};
    for (int round = 0; round < 400; round++) {
        const int32_t tile = forms[round % 4].tile, stride = forms[round % 4].stride;
        const int32_t edge = rmt_winograd_side(tile, stride), products = edge * edge;
        const int32_t channels = 1 + random_below(35), tiles = 1 + random_below(5);
        const int32_t out_pixel = channels + random_below(3), tile_stride = channels + random_below(3);
        const int32_t xi_stride = tiles * tile_stride + random_below(3), columns = 1 + random_below(tiles * tile);
        const int side = random_below(2);
        const int32_t add_pixel = channels + random_below(3);
        const int64_t row_floats = (columns - 1) * (int64_t)out_pixel + channels;
        const int64_t add_floats = (columns - 1) * (int64_t)add_pixel + channels;
        float *rows[4], *wants[4];
        const float *add[4];
        for (int32_t i = 0; i < tile; i++) {
            rows[i] = random_below(5) ? guarded_floats(row_floats, side) : NULL;
            wants[i] = rows[i] ? guarded_floats(row_floats, 1) : NULL;
            if (rows[i])
                memcpy(wants[i], rows[i], (size_t)row_floats * sizeof(float));
            add[i] = guarded_floats(add_floats, side);
        }
        rmt_winograd_output run = {
            .tile = tile,
            .stride = stride,
            .m = guarded_floats((products - 1) * (int64_t)xi_stride + (tiles - 1) * tile_stride + channels, side),
            .xi_stride = xi_stride,
            .tile_stride = tile_stride,
            .tiles = tiles,
            .channels = channels,
            .columns = columns,
            .rows = rows,
            .add = random_below(2) ? add : NULL,
            .out_pixel = out_pixel,
            .add_pixel = add_pixel,
            .bias = random_below(2) ? guarded_floats((channels + 15) / 16 * 16, side) : NULL,
            .act = acts[random_below((int32_t)COUNT(acts))]};
        kernels->winograd_output(&run);
        run.rows = wants;
        rmt_kernels_reference()->winograd_output(&run);
        /* sums below 1; a row of the matrix has magnitude 8.6 at most; the slopes of the activations are below 2 */
        for (int32_t i = 0; i < tile; i++)
            for (int64_t x = 0; rows[i] != NULL && x < row_floats; x++)
                assert_near(rows[i][x], wants[i][x], 2 * gamma_bound(10) * 76, "winograd_output", kernels->name);
        guarded_free_all();
    }
}

static void output_transform_matches_its_matrix(void **state)
{
    (void)state;
    on_each_level(check_output);
}

/* ---- a whole convolution ------------------------------------------------------------------------------------------ */

typedef struct convolution {
    int32_t tile, stride, height, width, ci, co, block; /* padding 1; tiles of a run at most */
    int32_t side, out_height, out_width, tiles_x, tiles_y;
    float *x, *filter, *y;
    float *u, *v, *m;
    ptrdiff_t u_stride, v_xi, m_xi;
} convolution;

static void make(convolution *w)
{
    w->side = rmt_winograd_side(w->tile, w->stride);
    w->out_height = (w->height - 1) / w->stride + 1;
    w->out_width = (w->width - 1) / w->stride + 1;
    w->tiles_x = (w->out_width + w->tile - 1) / w->tile;
    w->tiles_y = (w->out_height + w->tile - 1) / w->tile;
    w->x = guarded_floats((int64_t)w->height * w->width * w->ci, 1);
    w->filter = guarded_floats(9 * (int64_t)w->co * w->ci, 1);
    w->y = guarded_floats((int64_t)w->out_height * w->out_width * w->co, 1);
    w->v_xi = (ptrdiff_t)w->tiles_x * w->tiles_y * w->ci;
    w->m_xi = (ptrdiff_t)w->tiles_x * w->tiles_y * w->co;
    w->v = guarded_floats(w->side * w->side * w->v_xi, 1);
    w->m = guarded_floats(w->side * w->side * w->m_xi, 1);
    const int64_t panel = (int64_t)w->ci * 16;
    w->u_stride = (w->co + 15) / 16 * panel;
    w->u = guarded_floats(rmt_winograd_factors(w->tile) * w->u_stride, 1);
    memset(w->u, 0, (size_t)(rmt_winograd_factors(w->tile) * w->u_stride) * sizeof(float));
    for (int32_t o = 0; o < w->co; o++)
        for (int32_t i = 0; i < w->ci; i++)
            rmt_winograd_kernel(w->tile, w->stride, w->filter + ((int64_t)o * w->ci + i) * 9,
                                w->u + o / 16 * panel + i * 16 + o % 16, w->u_stride);
}

static const float *row_of(const convolution *w, int32_t row)
{
    return row < 0 || row >= w->height ? NULL : w->x + (int64_t)row * w->width * w->ci;
}

static void transform_input(const rmt_kernels *kernels, const convolution *w)
{
    const int32_t step = w->tile * w->stride;
    for (int32_t ty = 0; ty < w->tiles_y; ty++)
        for (int32_t tx = 0; tx < w->tiles_x; tx += w->block) {
            const float *rows[SIDE];
            for (int32_t i = 0; i < w->side; i++)
                rows[i] = row_of(w, ty * step - 1 + i);
            rmt_winograd_input run = {.tile = w->tile,
                                      .stride = w->stride,
                                      .rows = rows,
                                      .in_width = w->width,
                                      .column = tx * step - 1,
                                      .tiles = tx + w->block < w->tiles_x ? w->block : w->tiles_x - tx,
                                      .channels = w->ci,
                                      .in_pixel = w->ci,
                                      .v = w->v + (int64_t)(ty * w->tiles_x + tx) * w->ci,
                                      .xi_stride = w->v_xi,
                                      .tile_stride = w->ci};
            kernels->winograd_input(&run);
        }
}

/* With stride 2, positions (i, j) from `tile + 1` on along both axes are pixels: copied to V, as the caller's rows would be. */
static void copy_pixels(const convolution *w)
{
    for (int32_t t = 0; w->stride == 2 && t < w->tiles_x * w->tiles_y; t++)
        for (int32_t i = 0; i < w->tile; i++)
            for (int32_t j = 0; j < w->tile; j++) {
                const float *row = row_of(w, 2 * (t / w->tiles_x * w->tile + i));
                const int32_t column = 2 * (t % w->tiles_x * w->tile + j), xi = (i + w->tile + 1) * w->side + j;
                float *v = w->v + (xi + w->tile + 1) * w->v_xi + (int64_t)t * w->ci;
                for (int32_t c = 0; c < w->ci; c++)
                    v[c] = row == NULL || column >= w->width ? 0 : row[column * w->ci + c];
            }
}

/* The factor of position xi. */
static int32_t factor_of(const convolution *w, int32_t xi)
{
    const int32_t last = w->tile + 1, i = xi / w->side, j = xi % w->side;
    return (i < last ? i : last) * (w->tile + 2) + (j < last ? j : last);
}

static void multiply(const rmt_kernels *kernels, const convolution *w)
{
    const int32_t tiles = w->tiles_x * w->tiles_y;
    const float *a[256];
    float *c[256];
    assert_true(tiles <= 256);
    for (int32_t xi = 0; xi < w->side * w->side; xi++) {
        for (int32_t t = 0; t < tiles; t++) {
            a[t] = w->v + xi * w->v_xi + t * w->ci;
            c[t] = w->m + xi * w->m_xi + t * w->co;
        }
        rmt_gemm block = {.a = a,
                          .m = tiles,
                          .taps = 1,
                          .k = w->ci,
                          .b = w->u + factor_of(w, xi) * w->u_stride,
                          .panel_stride = (ptrdiff_t)w->ci * 16,
                          .n = w->co,
                          .c = c,
                          .act = rmt_activation_none()};
        kernels->gemm(&block);
    }
}

static void transform_output(const rmt_kernels *kernels, const convolution *w)
{
    for (int32_t ty = 0; ty < w->tiles_y; ty++)
        for (int32_t tx = 0; tx < w->tiles_x; tx += w->block) {
            const int32_t first = tx * w->tile, end = first + w->block * w->tile;
            float *rows[4];
            for (int32_t i = 0; i < w->tile; i++) {
                int32_t row = ty * w->tile + i;
                rows[i] = row >= w->out_height ? NULL : w->y + ((int64_t)row * w->out_width + first) * w->co;
            }
            rmt_winograd_output run = {.tile = w->tile,
                                       .stride = w->stride,
                                       .m = w->m + (int64_t)(ty * w->tiles_x + tx) * w->co,
                                       .xi_stride = w->m_xi,
                                       .tile_stride = w->co,
                                       .tiles = tx + w->block < w->tiles_x ? w->block : w->tiles_x - tx,
                                       .channels = w->co,
                                       .columns = (end < w->out_width ? end : w->out_width) - first,
                                       .rows = rows,
                                       .out_pixel = w->co,
                                       .act = rmt_activation_none()};
            kernels->winograd_output(&run);
        }
}

static void run_convolution(const rmt_kernels *kernels, const convolution *w)
{
    transform_input(kernels, w);
    copy_pixels(w);
    multiply(kernels, w);
    transform_output(kernels, w);
}

static double direct(const convolution *w, int32_t y, int32_t x, int32_t o)
{
    double sum = 0;
    for (int32_t r = -1; r <= 1; r++)
        for (int32_t s = -1; s <= 1; s++)
            for (int32_t c = 0; c < w->ci; c++) {
                const int32_t row = y * w->stride + r, column = x * w->stride + s;
                if (row < 0 || row >= w->height || column < 0 || column >= w->width)
                    continue;
                sum += (double)w->x[(row * w->width + column) * w->ci + c] *
                       w->filter[(o * w->ci + c) * 9 + (r + 1) * 3 + s + 1];
            }
    return sum;
}

/* Magnitudes of the output's matrix: powers of the points; the last column belongs to infinity, then come pixels. */
static double output_weight(const convolution *w, int32_t i, int32_t xi)
{
    const double points[2][2][5] = {{{0, 1, 1}, {0, 0.75, 0.75, 1.5, 1.5}}, {{0, 1}, {0.5, 0.5, 1.25, 1.25}}};
    const int32_t infinity = w->tile + 2 - w->stride;
    if (xi >= infinity)
        return xi == infinity ? i == w->tile - 1 : i == xi - infinity - 1;
    return pow(points[w->stride - 1][w->tile == 4][xi], i);
}

/* Sum of |A| |U| |V| |A| of one output. */
static double magnitude(const convolution *w, int32_t y, int32_t x, int32_t o)
{
    const int32_t t = y / w->tile * w->tiles_x + x / w->tile;
    double sum = 0;
    for (int32_t xi = 0; xi < w->side * w->side; xi++) {
        const float *u = w->u + factor_of(w, xi) * w->u_stride + (int64_t)(o / 16) * w->ci * 16 + o % 16;
        const float *v = w->v + xi * w->v_xi + (int64_t)t * w->ci;
        double products = 0;
        for (int32_t c = 0; c < w->ci; c++)
            products += fabs((double)u[c * 16] * v[c]);
        sum += products * output_weight(w, y % w->tile, xi / w->side) * output_weight(w, x % w->tile, xi % w->side);
    }
    return sum;
}

static void check_convolution(const rmt_kernels *kernels)
{
    const int32_t shapes[][4] = {{1, 1, 1, 1},   {3, 5, 7, 3},     {4, 4, 16, 16},  {7, 7, 33, 20},
                                 {8, 9, 40, 24}, {14, 14, 20, 33}, {13, 30, 8, 17}, {2, 21, 64, 5}};
    for (size_t i = 0; i < COUNT(shapes); i++)
        for (size_t f = 0; f < COUNT(forms); f++) {
            convolution w = {.tile = forms[f].tile,
                             .stride = forms[f].stride,
                             .height = shapes[i][0],
                             .width = shapes[i][1],
                             .ci = shapes[i][2],
                             .co = shapes[i][3],
                             .block = 3};
            make(&w);
            run_convolution(kernels, &w);
            for (int32_t y = 0; y < w.out_height; y++)
                for (int32_t x = 0; x < w.out_width; x++)
                    for (int32_t o = 0; o < w.co; o++) {
                        /* one rounding a weight, 8 operations at the input, 10 at the output, the sum itself */
                        double bound = gamma_bound(w.ci + 19) * magnitude(&w, y, x, o);
                        assert_near(w.y[(y * w.out_width + x) * w.co + o], (float)direct(&w, y, x, o), bound + 1e-9,
                                    "winograd", kernels->name);
                    }
            guarded_free_all();
        }
}

static void winograd_is_the_convolution(void **state)
{
    (void)state;
    on_each_level(check_convolution);
}

static void check_grouping(const rmt_kernels *kernels)
{
    for (size_t f = 0; f < COUNT(forms); f++) {
        convolution w = {.tile = forms[f].tile,
                         .stride = forms[f].stride,
                         .height = 15,
                         .width = 27,
                         .ci = 19,
                         .co = 35,
                         .block = 1};
        make(&w);
        run_convolution(kernels, &w);
        const int64_t floats = (int64_t)w.out_height * w.out_width * w.co;
        const size_t bytes = (size_t)floats * sizeof(float);
        float *first = guarded_floats(floats, 1);
        memcpy(first, w.y, bytes);
        for (w.block = 2; w.block < 9; w.block++) {
            fill_random(w.y, floats);
            run_convolution(kernels, &w);
            assert_memory_equal(w.y, first, bytes);
        }
        guarded_free_all();
    }
}

static void tiles_do_not_depend_on_their_run(void **state)
{
    (void)state;
    on_each_level(check_grouping);
}

/* The error in practice, against the size of the results: a direct sum of 576 products has about 3e-7. */
static void check_error(const rmt_kernels *kernels)
{
    for (size_t f = 0; f < COUNT(forms); f++) {
        convolution w = {.tile = forms[f].tile,
                         .stride = forms[f].stride,
                         .height = 16 * forms[f].stride,
                         .width = 16 * forms[f].stride,
                         .ci = 64,
                         .co = 16,
                         .block = 4};
        make(&w);
        run_convolution(kernels, &w);
        double errors = 0, squares = 0;
        for (int32_t y = 0; y < w.out_height; y++)
            for (int32_t x = 0; x < w.out_width; x++)
                for (int32_t o = 0; o < w.co; o++) {
                    double exact = direct(&w, y, x, o), error = w.y[(y * w.out_width + x) * w.co + o] - exact;
                    errors += error * error;
                    squares += exact * exact;
                }
        double relative = sqrt(errors / squares);
        print_message("level %s: rms error of tile %d, stride %d, over 64 channels %.2g\n", kernels->name, (int)w.tile,
                      (int)w.stride, relative);
        assert_true(relative < forms[f].error);
        guarded_free_all();
    }
}

static void errors_are_of_the_size_of_a_direct_sum(void **state)
{
    (void)state;
    on_each_level(check_error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_are_those_of_the_plain_definition),
        cmocka_unit_test(input_transform_matches_its_matrix),
        cmocka_unit_test(output_transform_matches_its_matrix),
        cmocka_unit_test(winograd_is_the_convolution),
        cmocka_unit_test(tiles_do_not_depend_on_their_run),
        cmocka_unit_test(errors_are_of_the_size_of_a_direct_sum),
    };
    return cmocka_run_group_tests(tests, print_levels, NULL);
}

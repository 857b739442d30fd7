/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The matrix product of every level: equal to the reference within the rounding of its sums, equal to itself bit by bit
 * however rows are cut, and inside its buffers; with weights in float32 and in bfloat16.
 */
#include "check.h"

typedef struct problem {
    int32_t m, taps, k, n;
    bool bias, add, in_place;
    rmt_activation act;
    rmt_weight_type type;
} problem;

/* The data of a problem: every row of a, add and c flush against a page that faults. */
typedef struct data {
    rmt_gemm block;
    const float *a[2048];
    const float *add[512];
    float *c[512];
    float *panels;   /* FLOAT32 */
    uint16_t *pairs; /* BFLOAT16 */
} data;

/* `count` bfloat16, count even, flush against a page as floats are. */
static uint16_t *guarded_halves(int64_t count, int side) { return (uint16_t *)(void *)guarded_floats(count / 2, side); }

static void make(data *d, const problem *p, int side)
{
    const int32_t wide = (p->n + RMT_PANEL - 1) / RMT_PANEL * RMT_PANEL;
    assert_true(p->m <= 512 && p->m * p->taps <= 2048);
    float *b = guarded_floats((int64_t)p->taps * p->k * p->n, side);
    d->panels = guarded_floats((int64_t)p->taps * p->k * wide, side);
    rmt_kernels_reference()->pack_panels(b, p->n, 1, p->taps * p->k, p->n, d->panels);
    float *bias = p->bias ? guarded_floats(wide, side) : NULL;
    for (int32_t i = 0; i < p->m * p->taps; i++)
        d->a[i] = i > 0 && random_below(8) == 0 ? d->a[random_below(i)] : guarded_floats(p->k, side);
    for (int32_t i = 0; i < p->m; i++) {
        d->c[i] = guarded_floats(p->n, side);
        d->add[i] = p->in_place ? d->c[i] : p->add ? guarded_floats(p->n, side) : NULL;
    }
    d->pairs = guarded_halves((int64_t)p->taps * p->k * wide, side);
    rmt_kernels_reference()->pack_bfloat16(d->panels, (int64_t)p->taps * p->k * wide / RMT_PANEL, d->pairs);
    d->block = (rmt_gemm){.a = d->a,
                          .m = p->m,
                          .taps = p->taps,
                          .k = p->k,
                          .b = p->type == RMT_WEIGHT_BFLOAT16 ? (const void *)d->pairs : d->panels,
                          .type = p->type,
                          .panel_stride = (ptrdiff_t)p->taps * p->k * RMT_PANEL,
                          .n = p->n,
                          .bias = bias,
                          .add = p->add || p->in_place ? d->add : NULL,
                          .c = d->c,
                          .act = p->act};
}

/* To the nearest bfloat16, ties to even; x is a number. */
static float rounded(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000;
    memcpy(&x, &bits, sizeof bits);
    return x;
}

/* Puts rounded rows in the place of those of a. */
static void round_rows(data *d, int side)
{
    for (int32_t i = 0; i < d->block.m * d->block.taps; i++) {
        float *row = guarded_floats(d->block.k, side);
        for (int32_t q = 0; q < d->block.k; q++)
            row[q] = rounded(d->a[i][q]);
        d->a[i] = row;
    }
}

/* |bias| + |add| + sum |a| |b| of one element, with the weights before they are rounded */
static double magnitude(const data *d, int32_t i, int32_t j)
{
    const rmt_gemm *g = &d->block;
    const float *panel = d->panels + j / RMT_PANEL * g->panel_stride + j % RMT_PANEL;
    double sum = (g->bias ? fabs((double)g->bias[j]) : 0) + (g->add ? fabs((double)g->add[i][j]) : 0);
    for (int32_t t = 0; t < g->taps; t++)
        for (int32_t q = 0; q < g->k; q++)
            sum += fabs((double)g->a[t * g->m + i][q] * panel[(t * g->k + q) * RMT_PANEL]);
    return sum;
}

static void check_problem(const rmt_kernels *kernels, const problem *p, int side)
{
    static data d;
    make(&d, p, side);
    if (kernels->rounds_a && p->type == RMT_WEIGHT_BFLOAT16)
        round_rows(&d, side);
    const int32_t elements = p->m * p->n;
    float *want = guarded_floats(elements, 1);
    double *bound = malloc((size_t)elements * sizeof *bound);
    assert_non_null(bound);
    for (int32_t i = 0; i < p->m; i++)
        for (int32_t j = 0; j < p->n; j++)
            bound[i * p->n + j] = gamma_bound((int64_t)p->taps * p->k + 4) * magnitude(&d, i, j);
    rmt_gemm reference = d.block;
    float *rows[512];
    for (int32_t i = 0; i < p->m; i++)
        rows[i] = want + i * p->n;
    reference.c = rows;
    rmt_kernels_reference()->gemm(&reference);
    kernels->gemm(&d.block);
    for (int32_t i = 0; i < p->m; i++)
        for (int32_t j = 0; j < p->n; j++) {
            float y = want[i * p->n + j];
            /* the activations used here have slopes below 2 */
            assert_near(d.c[i][j], y, 2 * bound[i * p->n + j] + 4e-7 * (fabs((double)y) + 1), "gemm", kernels->name);
        }
    free(bound);
    guarded_free_all();
}

static void check_shapes_of(const rmt_kernels *kernels, rmt_weight_type type)
{
    const int32_t shapes[][4] = {
        /* m, taps, k, n: every tile height and width with its tails */
        {1, 1, 1, 1},     {1, 1, 7, 3},    {1, 1, 33, 8},   {1, 1, 64, 64},   {1, 1, 40, 200},   {1, 2, 9, 130},
        {2, 1, 16, 16},   {2, 1, 5, 47},   {3, 1, 16, 24},  {3, 3, 4, 33},    {4, 1, 12, 20},    {5, 1, 24, 16},
        {6, 1, 16, 16},   {7, 1, 8, 23},   {8, 9, 3, 40},   {9, 1, 31, 24},   {10, 1, 16, 7},    {11, 2, 8, 12},
        {12, 1, 16, 48},  {13, 1, 16, 64}, {14, 1, 9, 80},  {17, 1, 16, 112}, {23, 4, 5, 25},    {24, 1, 3, 96},
        {25, 1, 17, 9},   {36, 9, 8, 24},  {49, 1, 32, 56}, {7, 9, 64, 31},   {13, 1, 1030, 19}, {5, 3, 700, 70},
        {1, 1, 1100, 33}, {250, 1, 4, 5},  {500, 1, 6, 17}, {2, 1, 1600, 40}, {6, 25, 24, 15},   {3, 1, 0, 5},
    };
    for (size_t i = 0; i < COUNT(shapes); i++)
        for (int side = 0; side < 2; side++) {
            problem p = {shapes[i][0], shapes[i][1], shapes[i][2],          shapes[i][3], i % 2 == 0,
                         i % 3 == 0,   i % 5 == 0,   rmt_activation_none(), type};
            check_problem(kernels, &p, side);
        }
}

static void check_shapes(const rmt_kernels *kernels)
{
    check_shapes_of(kernels, RMT_WEIGHT_FLOAT32);
    check_shapes_of(kernels, RMT_WEIGHT_BFLOAT16);
}

static void gemm_matches_the_reference_for_every_shape(void **state)
{
    (void)state;
    on_each_level(check_shapes);
}

static void check_activations(const rmt_kernels *kernels)
{
    const rmt_activation acts[] = {
        {RMT_UNARY_NONE, 0, 0, 0, 1, 0},         {RMT_UNARY_RELU, 0, 0, 0, 1, 0},
        {RMT_UNARY_CLIP, -0.5f, 0.75f, 0, 1, 0}, {RMT_UNARY_HARD_SWISH, 6, 6, 3, 1, 0},
        {RMT_UNARY_SIGMOID, 0, 0, 0, 1, 0},      {RMT_UNARY_SWISH, 1, 0, 0, 1, 0},
        {RMT_UNARY_GELU, 0, 0, 0, 1, 0},         {RMT_UNARY_LEAKY_RELU, 0.1f, 0, 0, 1, 0},
        {RMT_UNARY_NONE, 0, 0, 0, 0.5f, 0.25f},  {RMT_UNARY_RELU, 0, 0, 0, 0.75f, -1},
    };
    for (size_t i = 0; i < COUNT(acts); i++)
        for (int in_place = 0; in_place < 2; in_place++) {
            problem p = {11, 1, 20, 37, true, true, in_place != 0, acts[i], RMT_WEIGHT_FLOAT32};
            check_problem(kernels, &p, 1);
        }
}

static void gemm_applies_every_activation(void **state)
{
    (void)state;
    on_each_level(check_activations);
}

/* Runs rows [begin, end) alone. */
static void run_part(const rmt_kernels *kernels, const rmt_gemm *whole, int32_t begin, int32_t end, float **c)
{
    static const float *a[2048];
    const int32_t m = end - begin;
    for (int32_t t = 0; t < whole->taps; t++)
        for (int32_t i = 0; i < m; i++)
            a[t * m + i] = whole->a[t * whole->m + begin + i];
    rmt_gemm part = *whole;
    part.a = a;
    part.m = m;
    part.add = whole->add ? whole->add + begin : NULL;
    part.c = c + begin;
    kernels->gemm(&part);
}

static void check_split(const rmt_kernels *kernels)
{
    const problem problems[] = {
        {60, 1, 100, 90, true, true, false, {RMT_UNARY_HARD_SWISH, 6, 6, 3, 1, 0}, RMT_WEIGHT_FLOAT32},
        {31, 9, 130, 70, true, false, false, {RMT_UNARY_SIGMOID, 0, 0, 0, 1, 0}, RMT_WEIGHT_FLOAT32},
        {250, 1, 20, 24, false, true, false, {RMT_UNARY_RELU, 0, 0, 0, 1, 0}, RMT_WEIGHT_FLOAT32},
        {19, 1, 1200, 150, false, false, false, {RMT_UNARY_NONE, 0, 0, 0, 1, 0}, RMT_WEIGHT_FLOAT32},
        {37, 9, 131, 70, true, true, false, {RMT_UNARY_RELU, 0, 0, 0, 1, 0}, RMT_WEIGHT_BFLOAT16},
        {23, 1, 1201, 150, false, false, false, {RMT_UNARY_NONE, 0, 0, 0, 1, 0}, RMT_WEIGHT_BFLOAT16},
    };
    static data d;
    for (size_t p = 0; p < COUNT(problems); p++) {
        make(&d, &problems[p], 1);
        kernels->gemm(&d.block);
        const size_t bytes = (size_t)problems[p].n * sizeof(float);
        float *again[512];
        for (int32_t i = 0; i < d.block.m; i++)
            again[i] = guarded_floats(d.block.n, 0);
        for (int32_t rows = 1; rows <= 14; rows++) {
            for (int32_t i = 0; i < d.block.m; i += rows)
                run_part(kernels, &d.block, i, i + rows < d.block.m ? i + rows : d.block.m, again);
            for (int32_t i = 0; i < d.block.m; i++)
                assert_memory_equal(again[i], d.c[i], bytes);
        }
        guarded_free_all();
    }
}

static void rows_are_bit_identical_for_every_split(void **state)
{
    (void)state;
    on_each_level(check_split);
}

static void check_column_split_of(const rmt_kernels *kernels, rmt_weight_type type)
{
    const problem p = {13, 2, 300, 200, true, false, false, {RMT_UNARY_NONE, 0, 0, 0, 1, 0}, type};
    static data d;
    make(&d, &p, 1);
    kernels->gemm(&d.block);
    for (int32_t n = 1; n <= 72; n++) {
        rmt_gemm part = d.block;
        float *c[13];
        for (int32_t i = 0; i < p.m; i++)
            c[i] = guarded_floats(n, 1);
        part.n = n;
        part.c = c;
        kernels->gemm(&part);
        for (int32_t i = 0; i < p.m; i++)
            assert_memory_equal(c[i], d.c[i], (size_t)n * sizeof(float));
    }
    guarded_free_all();
}

static void check_column_split(const rmt_kernels *kernels)
{
    check_column_split_of(kernels, RMT_WEIGHT_FLOAT32);
    check_column_split_of(kernels, RMT_WEIGHT_BFLOAT16);
}

static void columns_are_bit_identical_for_every_width(void **state)
{
    (void)state;
    on_each_level(check_column_split);
}

static void check_gemv(const rmt_kernels *kernels)
{
    const int32_t shapes[][2] = {{1, 1}, {9, 5}, {64, 64}, {100, 1000}, {1300, 30}, {33, 129}};
    const rmt_activation act = {RMT_UNARY_HARD_SIGMOID, 0.2f, 0.5f, 0, 1, 0};
    static data d;
    for (size_t i = 0; i < COUNT(shapes); i++) {
        problem p = {1, 1, shapes[i][0], shapes[i][1], true, false, false, act, RMT_WEIGHT_FLOAT32};
        make(&d, &p, 1);
        kernels->gemm(&d.block);
        float *y = guarded_floats(p.n, 1);
        kernels->gemv(d.a[0], p.k, d.panels, p.n, d.block.bias, y, &act);
        assert_memory_equal(y, d.c[0], (size_t)p.n * sizeof(float));
        guarded_free_all();
    }
}

static void gemv_equals_gemm_of_one_row(void **state)
{
    (void)state;
    on_each_level(check_gemv);
}

static void check_panels(const rmt_kernels *kernels)
{
    for (int32_t k = 1; k <= 21; k += 4)
        for (int32_t n = 1; n <= 50; n += 7)
            for (int turned = 0; turned < 2; turned++) {
                float *source = guarded_floats((int64_t)k * n, n % 2);
                int64_t floats = (int64_t)(n + RMT_PANEL - 1) / RMT_PANEL * RMT_PANEL * k;
                float *got = guarded_floats(floats, 1), *want = guarded_floats(floats, 1);
                ptrdiff_t row = turned ? 1 : n, column = turned ? k : 1;
                kernels->pack_panels(source, row, column, k, n, got);
                rmt_kernels_reference()->pack_panels(source, row, column, k, n, want);
                assert_memory_equal(got, want, (size_t)floats * sizeof(float));
                guarded_free_all();
            }
}

static void panels_hold_the_matrix_and_zeros(void **state)
{
    (void)state;
    on_each_level(check_panels);
}

/* Panels of numbers between and on bfloat16, of both signs, of every size, and of those that are none. */
static void fill_with_all_kinds(uint32_t *bits, int64_t count)
{
    static const uint32_t special[] = {0,          0x80000000, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00001,
                                       0x7f800001, 0xffffffff, 0x7fffffff, 0x7f7fffff, 0xff7f8000, 0x00000001,
                                       0x00008000, 0x00018000, 0x3f808000, 0x3f818000, 0x3f808001, 0x3f817fff};
    for (int64_t i = 0; i < count; i++)
        bits[i] = i < (int64_t)COUNT(special) ? special[i]
                  : i % 3 == 0                ? (random_bits() & 0xffff0000) | 0x8000
                                              : random_bits();
}

static double distance(float x, uint32_t half)
{
    uint32_t bits = half << 16;
    float y;
    memcpy(&y, &bits, sizeof y);
    return fabs((double)x - (double)y);
}

/* half is x rounded: no neighbour is nearer, and an even one no farther. */
static void assert_rounded(float x, uint16_t half)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    assert_int_equal(half >> 15, bits >> 31);
    if (isnan(x) || isinf(x)) {
        assert_int_equal(half & 0x7f80, 0x7f80);
        assert_int_equal((half & 0x7f) != 0, isnan(x) != 0);
        return;
    }
    if ((half & 0x7fff) == 0x7f80) { /* past the largest: by half a step at least */
        assert_true((bits & 0x7fffffff) >= 0x7f7f8000);
        return;
    }
    const double own = distance(x, half);
    if ((half & 0x7fff) != 0x7f7f)
        assert_true(own < distance(x, half + 1u) || (own == distance(x, half + 1u) && half % 2 == 0));
    if ((half & 0x7fff) != 0)
        assert_true(own < distance(x, half - 1u) || (own == distance(x, half - 1u) && half % 2 == 0));
}

static void check_rounding(const rmt_kernels *kernels)
{
    for (int64_t steps = 0; steps < 300; steps += steps < 4 ? 1 : 37) {
        float *panel = guarded_floats(steps * RMT_PANEL, 1);
        uint16_t *pairs = guarded_halves(steps * RMT_PANEL, 1), *want = guarded_halves(steps * RMT_PANEL, 1);
        fill_with_all_kinds((uint32_t *)(void *)panel, steps * RMT_PANEL);
        kernels->pack_bfloat16(panel, steps, pairs);
        rmt_kernels_reference()->pack_bfloat16(panel, steps, want);
        assert_memory_equal(pairs, want, (size_t)steps * RMT_PANEL * sizeof *pairs);
        for (int64_t i = 0; i < steps * RMT_PANEL; i++)
            assert_rounded(panel[i], pairs[i / RMT_PANEL * RMT_PANEL + i % 8 * 2 + i / 8 % 2]);
        guarded_free_all();
    }
}

static void bfloat16_is_the_nearest_and_stays_not_a_number(void **state)
{
    (void)state;
    on_each_level(check_rounding);
}

/* The float32 panels of what is in the pairs. */
static void widen(const uint16_t *pairs, int64_t steps, float *panel)
{
    for (int64_t i = 0; i < steps * RMT_PANEL; i++) {
        uint32_t bits = (uint32_t)pairs[i / RMT_PANEL * RMT_PANEL + i % 8 * 2 + i / 8 % 2] << 16;
        memcpy(&panel[i], &bits, sizeof bits);
    }
}

/* The same bytes as of the product in float32 of what is in the pairs. */
static void check_widened(const rmt_kernels *kernels, const problem *p, data *d)
{
    rmt_gemm wide = d->block;
    float *c[512];
    for (int32_t r = 0; r < p->m; r++)
        c[r] = guarded_floats(p->n, 1);
    widen(d->pairs, (int64_t)p->taps * p->k * ((p->n + RMT_PANEL - 1) / RMT_PANEL), d->panels);
    wide.b = d->panels;
    wide.type = RMT_WEIGHT_FLOAT32;
    wide.c = c;
    kernels->gemm(&wide);
    for (int32_t r = 0; r < p->m; r++)
        assert_memory_equal(c[r], d->c[r], (size_t)p->n * sizeof(float));
}

/* The same bytes as with rows of a that were rounded before. */
static void check_rounded_rows(const rmt_kernels *kernels, const problem *p, data *d)
{
    float *c[512];
    for (int32_t r = 0; r < p->m; r++) {
        c[r] = guarded_floats(p->n, 1);
        memcpy(c[r], d->c[r], (size_t)p->n * sizeof(float));
    }
    round_rows(d, 0);
    kernels->gemm(&d->block);
    for (int32_t r = 0; r < p->m; r++)
        assert_memory_equal(c[r], d->c[r], (size_t)p->n * sizeof(float));
}

static void check_rounded_product(const rmt_kernels *kernels)
{
    const problem problems[] = {
        {37, 9, 131, 70, true, true, false, {RMT_UNARY_HARD_SWISH, 6, 6, 3, 1, 0}, RMT_WEIGHT_BFLOAT16},
        {1, 1, 1201, 150, true, false, false, {RMT_UNARY_NONE, 0, 0, 0, 1, 0}, RMT_WEIGHT_BFLOAT16},
        {29, 1, 64, 24, false, false, false, {RMT_UNARY_NONE, 0, 0, 0, 1, 0}, RMT_WEIGHT_BFLOAT16},
    };
    static data d;
    for (size_t i = 0; i < COUNT(problems); i++) {
        make(&d, &problems[i], 1);
        kernels->gemm(&d.block);
        if (kernels->rounds_a)
            check_rounded_rows(kernels, &problems[i], &d);
        else
            check_widened(kernels, &problems[i], &d);
        guarded_free_all();
    }
}

static void bfloat16_is_bit_identical_to_numbers_rounded_before(void **state)
{
    (void)state;
    on_each_level(check_rounded_product);
}

/* NaN in one row of a and one column of b shows in that row and that column only. */
static void check_nan_of(const rmt_kernels *kernels, rmt_weight_type type)
{
    const problem p = {9, 1, 21, 37, false, false, false, {RMT_UNARY_RELU, 0, 0, 0, 1, 0}, type};
    static data d;
    make(&d, &p, 1);
    float *row = guarded_floats(p.k, 1);
    row[7] = NAN;
    d.a[4] = row;
    d.panels[d.block.panel_stride + 3 * RMT_PANEL + 2] = NAN; /* column 18 */
    d.pairs[d.block.panel_stride + 3 * RMT_PANEL + 2 * 2] = 0x7fc0;
    kernels->gemm(&d.block);
    for (int32_t i = 0; i < p.m; i++)
        for (int32_t j = 0; j < p.n; j++)
            assert_int_equal(isnan(d.c[i][j]) != 0, i == 4 || j == 18);
}

static void check_nan(const rmt_kernels *kernels)
{
    check_nan_of(kernels, RMT_WEIGHT_FLOAT32);
    check_nan_of(kernels, RMT_WEIGHT_BFLOAT16);
    guarded_free_all();
}

static void nan_stays_in_its_row_and_column(void **state)
{
    (void)state;
    on_each_level(check_nan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(panels_hold_the_matrix_and_zeros),
        cmocka_unit_test(bfloat16_is_the_nearest_and_stays_not_a_number),
        cmocka_unit_test(gemm_matches_the_reference_for_every_shape),
        cmocka_unit_test(gemm_applies_every_activation),
        cmocka_unit_test(bfloat16_is_bit_identical_to_numbers_rounded_before),
        cmocka_unit_test(rows_are_bit_identical_for_every_split),
        cmocka_unit_test(columns_are_bit_identical_for_every_width),
        cmocka_unit_test(gemv_equals_gemm_of_one_row),
        cmocka_unit_test(nan_stays_in_its_row_and_column),
    };
    return cmocka_run_group_tests(tests, print_levels, NULL);
}

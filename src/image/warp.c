/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Perspective crops: the quadrangle of a text line becomes an upright image.
 *
 * A destination pixel is mapped into the source in double, to 1/32 of a pixel,
 * and takes the 4 x 4 pixels around it with cubic weights of 15 bits. Beyond
 * its borders the source repeats its last pixel. All as cv2.warpPerspective.
 */
#include "image/resizer.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 32, TAPS = 4, RUN = 64, WEIGHT_ONE = 1 << 15 };

/* [row fraction][column fraction][row][column]; each 4 x 4 sums to WEIGHT_ONE. */
typedef int16_t warp_weights[STEPS][STEPS][TAPS][TAPS];

/* Source positions of a run of destination pixels, in 1/32 pixel. */
typedef struct positions {
    int32_t x[RUN], y[RUN];
} positions;

/* ---- the map -------------------------------------------------------------------------------------- */

enum { UNKNOWNS = 8 };

static void swap_rows(double a[UNKNOWNS][UNKNOWNS + 1], int i, int k)
{
    double row[UNKNOWNS + 1];
    memcpy(row, a[i], sizeof row);
    memcpy(a[i], a[k], sizeof row);
    memcpy(a[k], row, sizeof row);
}

/* Brings column i of the lower rows to zero, with the largest pivot. False when there is none. */
static bool eliminate(double a[UNKNOWNS][UNKNOWNS + 1], int i)
{
    int pivot = i;
    for (int j = i + 1; j < UNKNOWNS; j++)
        pivot = fabs(a[j][i]) > fabs(a[pivot][i]) ? j : pivot;
    if (!(fabs(a[pivot][i]) > DBL_EPSILON))
        return false;
    if (pivot != i)
        swap_rows(a, i, pivot);
    for (int j = i + 1; j < UNKNOWNS; j++) {
        double factor = a[j][i] * (-1 / a[i][i]);
        for (int k = i + 1; k <= UNKNOWNS; k++)
            a[j][k] += factor * a[i][k];
    }
    return true;
}

/* Solves a (augmented by its right side) for x. */
static bool solve(double a[UNKNOWNS][UNKNOWNS + 1], double x[UNKNOWNS])
{
    for (int i = 0; i < UNKNOWNS; i++)
        if (!eliminate(a, i))
            return false;
    for (int i = UNKNOWNS - 1; i >= 0; i--) {
        double sum = a[i][UNKNOWNS];
        for (int k = i + 1; k < UNKNOWNS; k++)
            sum -= a[i][k] * x[k];
        x[i] = sum / a[i][i];
    }
    return true;
}

/* The map of the quad's corners onto those of width x height; row-major 3 x 3, last entry 1. */
static bool map_quad(const float quad[8], int32_t width, int32_t height, double map[9])
{
    const float right = (float)width, bottom = (float)height;
    const float to_x[4] = {0, right, right, 0}, to_y[4] = {0, 0, bottom, bottom};
    double a[UNKNOWNS][UNKNOWNS + 1] = {0};
    for (int i = 0; i < 4; i++) {
        float x = quad[2 * i], y = quad[2 * i + 1]; /* their products are rounded to float, as in cv2 */
        const double for_x[UNKNOWNS + 1] = {x, y, 1, 0, 0, 0, -x * to_x[i], -y * to_x[i], to_x[i]};
        const double for_y[UNKNOWNS + 1] = {0, 0, 0, x, y, 1, -x * to_y[i], -y * to_y[i], to_y[i]};
        memcpy(a[i], for_x, sizeof for_x);
        memcpy(a[i + 4], for_y, sizeof for_y);
    }
    map[8] = 1;
    return solve(a, map);
}

static bool invert(const double m[9], double inverse[9])
{
    double c0 = m[4] * m[8] - m[5] * m[7], c1 = m[3] * m[8] - m[5] * m[6], c2 = m[3] * m[7] - m[4] * m[6];
    double determinant = m[0] * c0 - m[1] * c1 + m[2] * c2;
    double scale = 1 / determinant;
    if (determinant == 0 || !isfinite(scale))
        return false;
    const double adjugate[9] = {
        c0,  m[2] * m[7] - m[1] * m[8], m[1] * m[5] - m[2] * m[4],
        -c1, m[0] * m[8] - m[2] * m[6], m[2] * m[3] - m[0] * m[5],
        c2,  m[1] * m[6] - m[0] * m[7], m[0] * m[4] - m[1] * m[3],
    };
    for (int i = 0; i < 9; i++)
        inverse[i] = adjugate[i] * scale;
    return true;
}

/* ---- positions ------------------------------------------------------------------------------------ */

/* cv2 works in runs of this many columns, each started afresh; so the last bits agree. */
static int32_t run_columns(int32_t height) { return 1024 / (height < 16 ? height : 16); }

static void locate_run(const rmt_kernels *kernels, const double m[9], int32_t x0, int32_t count, int32_t run, int32_t y,
                       positions *p)
{
    int32_t begin = x0 / run * run;
    const double start[3] = {m[0] * begin + m[1] * y + m[2], m[3] * begin + m[4] * y + m[5],
                             m[6] * begin + m[7] * y + m[8]};
    kernels->warp_positions(m, start, x0 - begin, count, p->x, p->y);
}

/* ---- weights -------------------------------------------------------------------------------------- */

/* Rounding must not make a picture lighter or darker: one of the last four weights takes the difference, as in cv2. */
static void fix_sum(int16_t weight[TAPS][TAPS], int sum)
{
    int16_t *least = &weight[2][2], *most = &weight[2][2];
    for (int y = 2; y < TAPS; y++) {
        for (int x = 2; x < TAPS; x++) {
            least = weight[y][x] < *least ? &weight[y][x] : least;
            most = weight[y][x] > *most ? &weight[y][x] : most;
        }
    }
    int16_t *taker = sum < WEIGHT_ONE ? most : least;
    *taker = (int16_t)(*taker - (sum - WEIGHT_ONE));
}

/* Row r of all weights with one row fraction: [column fraction][column]. */
static void fill_row(const float of[STEPS * TAPS], float factor, int16_t row[STEPS * TAPS])
{
    for (int i = 0; i < STEPS * TAPS; i++) {
        int value = rmt_round_small(factor * of[i] * WEIGHT_ONE);
        row[i] = (int16_t)(value > INT16_MAX ? INT16_MAX : value);
    }
}

static void fill_weights(warp_weights weights)
{
    float of[STEPS * TAPS];
    int16_t row[STEPS * TAPS];
    for (int i = 0; i < STEPS; i++)
        rmt_cubic_weights((float)i / STEPS, of + (ptrdiff_t)i * TAPS);
    for (int fy = 0; fy < STEPS; fy++) {
        int sums[STEPS] = {0};
        for (int r = 0; r < TAPS; r++) {
            fill_row(of, of[fy * TAPS + r], row);
            for (int fx = 0; fx < STEPS; fx++) {
                const int16_t *four = row + (ptrdiff_t)fx * TAPS;
                memcpy(weights[fy][fx][r], four, sizeof weights[fy][fx][r]);
                sums[fx] += four[0] + four[1] + four[2] + four[3];
            }
        }
        for (int fx = 0; fx < STEPS; fx++)
            if (sums[fx] != WEIGHT_ONE)
                fix_sum(weights[fy][fx], sums[fx]);
    }
}

/* ---- pixels --------------------------------------------------------------------------------------- */

static void warp_row(const ramet_image *src, const double m[9], int32_t y, const rmt_kernels *kernels,
                     const warp_weights weights, ramet_image *dst)
{
    positions p;
    int32_t run = run_columns(dst->height);
    rmt_warp_row row = {.pixels = src->data,
                        .pitch = src->pitch,
                        .width = src->width,
                        .height = src->height,
                        .x = p.x,
                        .y = p.y,
                        .weights = &weights[0][0][0][0],
                        .out = dst->data + y * dst->pitch};
    for (int32_t x = 0; x < dst->width; x += RUN, row.out += 3 * (ptrdiff_t)RUN) {
        row.count = dst->width - x < RUN ? dst->width - x : RUN;
        locate_run(kernels, m, x, row.count, run, y, &p);
        kernels->warp_row(&row);
    }
}

static bool is_finite_quad(const float quad[8])
{
    for (int i = 0; i < 8; i++)
        if (!isfinite(quad[i]))
            return false;
    return true;
}

ramet_status rmt_image_warp_quad(const ramet_image *src, const float quad[8], ramet_image *dst, ramet_error *error)
{
    assert(dst->width >= 1 && dst->height >= 1);
    double map[9], back[9];
    if (!is_finite_quad(quad) || !map_quad(quad, dst->width, dst->height, map) || !invert(map, back))
        return rmt_fail(error, RAMET_STATUS_BAD_SHAPE,
                        "four corners that are no quadrangle: three on a line, two alike, or not finite");
    int16_t(*weights)[STEPS][TAPS][TAPS] = malloc(sizeof(warp_weights));
    if (!weights)
        return rmt_fail_memory(error, sizeof(warp_weights));
    fill_weights(weights);
    const rmt_kernels *kernels = rmt_kernels_best();
    for (int32_t y = 0; y < dst->height; y++)
        warp_row(src, back, y, kernels, weights, dst);
    free(weights);
    return RAMET_STATUS_OK;
}

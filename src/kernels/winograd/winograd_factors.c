/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The weights of a Winograd convolution: U = G g G' for sixteen 3x3 filters g side by side. It runs once, at load; it computes
 * in double precision and leaves one rounding a factor. G stands in winograd_weights.c; its rows come in pairs for points p
 * and -p, whose even and odd parts are made once.
 */
#include "kernels/simd.h"

#define SIDE 6
#define LANES (RMT_VL / 2) /* doubles in a vector */

typedef double vd __attribute__((vector_size(LANES * 8)));
typedef float half_vf __attribute__((vector_size(LANES * 4)));

/* One column of three numbers by G. */
RMT_INLINE void apply_4(vd g0, vd g1, vd g2, vd *restrict to)
{
    vd even = g0 * (-128.0 / 243) - g2 * (72.0 / 243), odd = g1 * (96.0 / 243);
    vd even_far = g0 * (32.0 / 243) + g2 * (72.0 / 243), odd_far = g1 * (48.0 / 243);
    to[0] = g0 * (64.0 / 81);
    to[1] = even - odd;
    to[2] = even + odd;
    to[3] = even_far + odd_far;
    to[4] = even_far - odd_far;
    to[5] = g2;
}

RMT_INLINE void apply_2(vd g0, vd g1, vd g2, vd *restrict to)
{
    vd even = (g0 + g2) * 0.5, odd = g1 * 0.5;
    to[0] = g0;
    to[1] = even + odd;
    to[2] = even - odd;
    to[3] = g2;
}

RMT_INLINE void apply_strided_4(vd g0, vd g1, vd g2, vd *restrict to)
{
    vd near = g0 * (16.0 / 21), far = g0 * (32.0 / 105), odd = g2 * (8.0 / 21);
    to[0] = -near - odd;
    to[1] = near - odd;
    to[2] = odd + far;
    to[3] = odd - far;
    to[4] = g2;
    to[5] = g1;
}

RMT_INLINE void apply_strided_2(vd g0, vd g1, vd g2, vd *restrict to)
{
    to[0] = g0;
    to[1] = g0 + g2;
    to[2] = g2;
    to[3] = g1;
}

RMT_INLINE vd load_doubles(const float *p)
{
    half_vf v;
    memcpy(&v, p, sizeof v);
    return __builtin_convertvector(v, vd);
}

RMT_INLINE void store_floats(float *p, vd doubles)
{
    half_vf v = __builtin_convertvector(doubles, half_vf);
    memcpy(p, &v, sizeof v);
}

/* Some lanes of the sixteen; apply is a constant in each caller. */
RMT_INLINE void factors(void (*apply)(vd, vd, vd, vd *restrict), int32_t side, const float *g, float *u,
                        ptrdiff_t u_stride)
{
    vd columns[3][SIDE], row[SIDE];
    for (int32_t j = 0; j < 3; j++)
        apply(load_doubles(g + j * RMT_PANEL), load_doubles(g + (3 + j) * RMT_PANEL),
              load_doubles(g + (6 + j) * RMT_PANEL), columns[j]);
    for (int32_t i = 0; i < side; i++) {
        apply(columns[0][i], columns[1][i], columns[2][i], row);
        for (int32_t j = 0; j < side; j++)
            store_floats(u + (i * side + j) * u_stride, row[j]);
    }
}

RMT_INLINE void all_factors(void (*apply)(vd, vd, vd, vd *restrict), int32_t side, const float *kernels, int32_t count,
                            float *u, ptrdiff_t u_stride)
{
    for (int32_t c = 0; c < count; c++, kernels += 9 * RMT_PANEL, u += RMT_PANEL)
        for (int32_t lane = 0; lane < RMT_PANEL; lane += LANES)
            factors(apply, side, kernels + lane, u + lane, u_stride);
}

void RMT_NAME(winograd_weights)(int32_t tile, int32_t stride, const float *kernels, int32_t count, float *u,
                                ptrdiff_t u_stride)
{
    if (stride == 2 && tile == 4)
        all_factors(apply_strided_4, SIDE, kernels, count, u, u_stride);
    else if (stride == 2)
        all_factors(apply_strided_2, SIDE - 2, kernels, count, u, u_stride);
    else if (tile == 4)
        all_factors(apply_4, SIDE, kernels, count, u, u_stride);
    else
        all_factors(apply_2, SIDE - 2, kernels, count, u, u_stride);
}

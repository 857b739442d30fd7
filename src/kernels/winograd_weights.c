/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The weights of a Winograd convolution: U = G g G', a 3x3 filter g to 36 or 16 factors, in double precision with one
 * rounding a factor. The plain definition of what winograd/winograd_factors.c does for sixteen filters at a time.
 */
#include "kernels/kernels.h"

#define SIDE 6 /* of the larger tile's factors */

/*
 * G: row i is (1, p, p^2) / N for point p, N the product of its distances to the other points; the last row belongs to
 * infinity. Tile 4: p = 0, 3/4, -3/4, 3/2, -3/2 and N = 81/64, -243/128 (twice), 243/32 (twice). Tile 2: p = 0, 1, -1
 * and N = -1, 2, 2, with the sign of the first moved into the input's transform.
 *
 * Stride 2: likewise for the outer taps, (1, 0, p) / N, with p = 1/2, -1/2, 5/4, -5/4 and N = -21/16, 21/16, 105/32,
 * -105/32 for tile 4; p = 0, 1 and N = -1, 1 for tile 2. The last row is the middle tap.
 */
static const double matrix_4[SIDE][3] = {{64.0 / 81, 0, 0},
                                         {-128.0 / 243, -96.0 / 243, -72.0 / 243},
                                         {-128.0 / 243, 96.0 / 243, -72.0 / 243},
                                         {32.0 / 243, 48.0 / 243, 72.0 / 243},
                                         {32.0 / 243, -48.0 / 243, 72.0 / 243},
                                         {0, 0, 1}};
static const double matrix_2[SIDE][3] = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
static const double strided_matrix_4[SIDE][3] = {{-16.0 / 21, 0, -8.0 / 21},
                                                 {16.0 / 21, 0, -8.0 / 21},
                                                 {32.0 / 105, 0, 8.0 / 21},
                                                 {-32.0 / 105, 0, 8.0 / 21},
                                                 {0, 0, 1},
                                                 {0, 1, 0}};
static const double strided_matrix_2[SIDE][3] = {{1, 0, 0}, {1, 0, 1}, {0, 0, 1}, {0, 1, 0}};

void rmt_winograd_kernel(int32_t tile, int32_t stride, const float kernel[9], float *u, ptrdiff_t u_stride)
{
    const double(*const matrices[2][2])[3] = {{matrix_2, matrix_4}, {strided_matrix_2, strided_matrix_4}};
    const double(*g)[3] = matrices[stride == 2][tile == 4];
    const int32_t side = tile + 2;
    double half[SIDE][3];
    for (int32_t i = 0; i < side; i++)
        for (int32_t j = 0; j < 3; j++)
            half[i][j] = g[i][0] * kernel[j] + g[i][1] * kernel[3 + j] + g[i][2] * kernel[6 + j];
    for (int32_t i = 0; i < side; i++)
        for (int32_t j = 0; j < side; j++)
            u[(i * side + j) * u_stride] = (float)(half[i][0] * g[j][0] + half[i][1] * g[j][1] + half[i][2] * g[j][2]);
}

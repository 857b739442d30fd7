/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The place of the largest of each of many short columns side by side: the class of neighbouring pixels. The first of
 * equals wins, NaN never; a column of nothing else has its place 0.
 */
#include "kernels/simd.h"

void RMT_NAME(arg_max_columns)(const float *x, ptrdiff_t x_row, int32_t rows, int64_t n, int32_t *places)
{
    for (int64_t i = 0; i < n; i += RMT_VL) {
        vf largest = v_set(NAN);
        vi place = v_set_int(0);
        for (int32_t k = 0; k < rows; k++) {
            vf y = v_load_upto(x + k * x_row + i, n - i);
            vi better = ~(y <= largest) & (y == y);
            largest = v_select(better, y, largest);
            place = (vi)v_select(better, (vf)v_set_int(k), (vf)place);
        }
        memcpy(places + i, &place, (size_t)rmt_min_i64(RMT_VL, n - i) * sizeof *places);
    }
}

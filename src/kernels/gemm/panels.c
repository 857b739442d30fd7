/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A matrix to panels: [k][n] with any strides -> [ceil(n/16)][k][16], columns past n zero.
 */
#include "kernels/simd.h"

static void pack_panel(const float *source, ptrdiff_t row_stride, ptrdiff_t column_stride, int32_t k, int32_t columns,
                       float *panel)
{
    if (columns < RMT_PANEL)
        memset(panel, 0, (size_t)k * RMT_PANEL * sizeof(float));
    if (row_stride == 1) {
        RMT_NAME(transpose)(source, column_stride, panel, RMT_PANEL, k, columns);
        return;
    }
    for (int32_t q = 0; q < k; q++)
        for (int32_t j = 0; j < columns; j++)
            panel[q * RMT_PANEL + j] = source[q * row_stride + j * column_stride];
}

void RMT_NAME(pack_panels)(const float *source, ptrdiff_t row_stride, ptrdiff_t column_stride, int32_t k, int32_t n,
                           float *panels)
{
    for (int32_t j = 0; j < n; j += RMT_PANEL) {
        int32_t columns = n - j < RMT_PANEL ? n - j : RMT_PANEL;
        pack_panel(source + j * column_stride, row_stride, column_stride, k, columns, panels + (ptrdiff_t)j * k);
    }
}

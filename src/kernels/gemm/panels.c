/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A matrix to panels: [k][n] with any strides -> [ceil(n/16)][k][16], columns past n zero; and panels to bfloat16.
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

/* To bfloat16, in the upper half of each lane: to nearest, ties to even. What may turn infinite by the sum is a NaN. */
RMT_INLINE vu round_half(vf x)
{
    const vu bits = (vu)x;
    const vu rounded = bits + (0x7fff + (bits >> 16 & 1));
    return (vu)v_select(x == x, (vf)rounded, (vf)(bits | 0x400000)) & 0xffff0000;
}

void RMT_NAME(pack_bfloat16)(const float *panel, int64_t steps, uint16_t *pairs)
{
    for (int64_t s = 0; s < steps; s++, panel += RMT_PANEL, pairs += RMT_PANEL) {
#if RMT_VL == 16
        const __m512i half = (__m512i)round_half(v_load(panel));
        const __m256i first = _mm512_castsi512_si256(half), second = _mm512_extracti64x4_epi64(half, 1);
        _mm256_storeu_si256((__m256i_u *)pairs, _mm256_or_si256(_mm256_srli_epi32(first, 16), second));
#else
        for (int32_t j = 0; j < RMT_PANEL / 2; j += RMT_VL)
            *(vu_anywhere *)(pairs + 2 * j) =
                round_half(v_load(panel + j)) >> 16 | round_half(v_load(panel + RMT_PANEL / 2 + j));
#endif
    }
}

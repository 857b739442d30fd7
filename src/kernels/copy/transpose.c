/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transposition of 32-bit elements in squares of four, which every level has; bits are moved, never computed with.
 */
#include "kernels/simd.h"

typedef int32_t four __attribute__((vector_size(16)));
typedef int32_t four_anywhere __attribute__((vector_size(16), aligned(4), may_alias));

RMT_INLINE four load_four(const float *p) { return *(const four_anywhere *)p; }

RMT_INLINE void store_four(float *p, four v) { *(four_anywhere *)p = v; }

RMT_INLINE void square(const float *source, ptrdiff_t source_stride, float *destination, ptrdiff_t destination_stride)
{
    four a = load_four(source), b = load_four(source + source_stride);
    four c = load_four(source + 2 * source_stride), d = load_four(source + 3 * source_stride);
    four ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    four cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    store_four(destination, __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5));
    store_four(destination + destination_stride, __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7));
    store_four(destination + 2 * destination_stride, __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5));
    store_four(destination + 3 * destination_stride, __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7));
}

static void single(const float *source, ptrdiff_t source_stride, float *destination, ptrdiff_t destination_stride,
                   int64_t rows, int64_t columns)
{
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            memcpy(destination + i * destination_stride + j, source + j * source_stride + i, sizeof(float));
}

/* Sixteen columns at a time, so that the lines written stay in the cache while the rows below them fill up. */
void RMT_NAME(transpose)(const float *source, ptrdiff_t source_stride, float *destination, ptrdiff_t destination_stride,
                         int64_t rows, int64_t columns)
{
    int64_t whole_rows = rows / 4 * 4, whole_columns = columns / 4 * 4;
    for (int64_t left = 0; left < whole_columns; left += 16) {
        int64_t right = rmt_min_i64(left + 16, whole_columns);
        for (int64_t i = 0; i < whole_rows; i += 4)
            for (int64_t j = left; j < right; j += 4)
                square(source + j * source_stride + i, source_stride, destination + i * destination_stride + j,
                       destination_stride);
    }
    single(source + whole_rows, source_stride, destination + whole_rows * destination_stride, destination_stride,
           rows - whole_rows, whole_columns);
    single(source + whole_columns * source_stride, source_stride, destination + whole_columns, destination_stride, rows,
           columns - whole_columns);
}

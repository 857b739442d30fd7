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

/* Three planes to pixels of three without gaps, as pictures are fed; four pixels at a time. Returns how many. */
static int64_t weave_three(const float *source, ptrdiff_t source_stride, float *destination, int64_t rows)
{
    int64_t i = 0;
    for (; i + 4 <= rows; i += 4, destination += 12) {
        four a = load_four(source + i), b = load_four(source + source_stride + i);
        four c = load_four(source + 2 * source_stride + i);
        four ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), bc = __builtin_shufflevector(b, c, 1, 5, 2, 6);
        four ca = __builtin_shufflevector(c, a, 0, 5, 2, 7), ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
        store_four(destination, __builtin_shufflevector(ab, ca, 0, 1, 4, 5));
        store_four(destination + 4, __builtin_shufflevector(bc, ab_high, 0, 1, 4, 5));
        store_four(destination + 8, (four){c[2], a[3], b[3], c[3]});
    }
    return i;
}

/* Sixteen columns at a time, so that the lines written stay in the cache while the rows below them fill up. */
void RMT_NAME(transpose)(const float *source, ptrdiff_t source_stride, float *destination, ptrdiff_t destination_stride,
                         int64_t rows, int64_t columns)
{
    if (columns == 3 && destination_stride == 3) {
        int64_t done = weave_three(source, source_stride, destination, rows);
        single(source + done, source_stride, destination + done * 3, 3, rows - done, 3);
        return;
    }
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

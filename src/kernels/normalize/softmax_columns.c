/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Softmax of short columns side by side: the classes of neighbouring pixels. A vector holds as many columns as it has
 * lanes, so that none is left idle however few numbers a column has. Sums run from the first row to the last.
 */
#include "kernels/vector_math.h"

typedef struct columns {
    const float *x;
    float *y;
    ptrdiff_t x_row, y_row;
    int32_t rows;
} columns;

/* `left` columns from the first one on, RMT_VL at most. */
RMT_INLINE void softmax_part(const columns *c, int64_t left, bool logarithm)
{
    vf largest = v_load_upto(c->x, left);
    for (int32_t k = 1; k < c->rows; k++)
        largest = v_max(v_load_upto(c->x + k * c->x_row, left), largest);
    vf sum = v_set(0);
    for (int32_t k = 0; k < c->rows; k++) {
        vf distance = v_load_upto(c->x + k * c->x_row, left) - largest;
        vf e = v_exp_negative(distance);
        sum = sum + e;
        v_store_upto(c->y + k * c->y_row, logarithm ? distance : e, left);
    }
    vf factor = 1.0f / sum, shift = v_log(sum);
    for (int32_t k = 0; k < c->rows; k++) {
        vf y = v_load_upto(c->y + k * c->y_row, left);
        v_store_upto(c->y + k * c->y_row, logarithm ? y - shift : y * factor, left);
    }
}

void RMT_NAME(softmax_columns)(const float *x, ptrdiff_t x_row, float *y, ptrdiff_t y_row, int32_t rows, int64_t n,
                               bool logarithm)
{
    for (int64_t i = 0; i < n; i += RMT_VL) {
        columns part = {x + i, y + i, x_row, y_row, rows};
        if (logarithm)
            softmax_part(&part, n - i, true);
        else
            softmax_part(&part, n - i, false);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of the functions of one level. Files in the families' folders are compiled once for every level with RMT_LEVEL
 * set to base, avx2, avx512 or avx512_bf16; RMT_NAME(gemm) is then rmt_gemm_avx2, and table/table.c gathers them.
 */
#ifndef RMT_LEVEL_H
#define RMT_LEVEL_H

#include "kernels/kernels.h"

#define RMT_PASTE_(a, b) a##b
#define RMT_PASTE(a, b) RMT_PASTE_(a, b)
#define RMT_NAME(name) RMT_PASTE(rmt_##name##_, RMT_LEVEL)

extern const rmt_kernels RMT_NAME(kernels);

void RMT_NAME(gemm)(const rmt_gemm *block);
void RMT_NAME(pack_panels)(const float *source, ptrdiff_t row_stride, ptrdiff_t column_stride, int32_t k, int32_t n,
                           float *panels);
void RMT_NAME(pack_bfloat16)(const float *panel, int64_t steps, uint16_t *pairs);
void RMT_NAME(gemv)(const float *x, int32_t k, const float *panels, int32_t n, const float *bias, float *y,
                    const rmt_activation *act);
void RMT_NAME(depthwise)(const rmt_depthwise *row);
void RMT_NAME(winograd_weights)(int32_t tile, int32_t stride, const float *kernels, int32_t count, float *u,
                                ptrdiff_t u_stride);
void RMT_NAME(winograd_input)(const rmt_winograd_input *run);
void RMT_NAME(winograd_output)(const rmt_winograd_output *run);
void RMT_NAME(unary)(const float *x, float *y, int64_t n, const rmt_activation *act);
void RMT_NAME(binary)(rmt_binary function, const float *x, int32_t x_step, const float *y, int32_t y_step, float *out,
                      int64_t n);
void RMT_NAME(scale_shift)(const float *x, const float *scale, const float *shift, float *out, int64_t n);
float RMT_NAME(reduce)(rmt_reduce function, const float *x, int64_t n);
void RMT_NAME(reduce_into)(rmt_reduce function, float *into, const float *x, int64_t n);
int64_t RMT_NAME(arg_max)(const float *x, int64_t n);
void RMT_NAME(arg_max_columns)(const float *x, ptrdiff_t x_row, int32_t rows, int64_t n, int32_t *places);
void RMT_NAME(softmax)(const float *x, float *y, int64_t n, bool logarithm);
void RMT_NAME(layer_norm)(const float *x, float *y, int64_t n, float epsilon, const float *scale, const float *bias);
void RMT_NAME(softmax_columns)(const float *x, ptrdiff_t x_row, float *y, ptrdiff_t y_row, int32_t rows, int64_t n,
                               bool logarithm);
void RMT_NAME(moments)(const float *x, ptrdiff_t pixel, int64_t pixels, const float *center, float *sums,
                       float *squares, int32_t channels);
void RMT_NAME(pool)(const rmt_pool *run);
void RMT_NAME(lerp)(const float *const p[4], float wx, float wy, float *y, int32_t channels);
void RMT_NAME(lerp_row)(const rmt_lerp_row *row);
void RMT_NAME(blend)(const float *const *pixels, const float *weights, int32_t count, float *y, int32_t channels);
void RMT_NAME(transpose)(const float *source, ptrdiff_t source_stride, float *destination, ptrdiff_t destination_stride,
                         int64_t rows, int64_t columns);
void RMT_NAME(lstm_cell)(const float *gates, const float *c_before, float *c, float *h, int32_t hidden);
void RMT_NAME(gru_cell)(const float *gates_x, const float *gates_h, const float *h_before, float *h, int32_t hidden);
void RMT_NAME(pixel_numbers)(const rmt_pixel_numbers *row);
void RMT_NAME(blend_pairs)(const uint8_t *in, const int32_t *at, const int16_t (*weight)[2], int32_t count,
                           int16_t *out);
void RMT_NAME(mix_pair)(const int16_t *above, const int16_t *below, int16_t over, int16_t under, int64_t n,
                        uint8_t *out);
void RMT_NAME(halve_rows)(const uint8_t *above, const uint8_t *below, int32_t count, uint8_t *out);
void RMT_NAME(blend_taps)(const uint8_t *in, const int32_t *at, const int16_t *weight, int32_t taps, int32_t count,
                          int32_t *out);
void RMT_NAME(mix_four)(const int32_t *const rows[4], const float weight[4], int64_t n, uint8_t *out);
void RMT_NAME(warp_positions)(const double map[9], const double start[3], int32_t first, int32_t count, int32_t *x,
                              int32_t *y);
void RMT_NAME(warp_row)(const rmt_warp_row *row);

#endif

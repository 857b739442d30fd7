/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of the level that is being compiled.
 */
#include "kernels/simd.h"

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

#define RMT_LEVEL_NUMBER_base RMT_LEVEL_BASE
#define RMT_LEVEL_NUMBER_avx2 RMT_LEVEL_AVX2
#define RMT_LEVEL_NUMBER_avx512 RMT_LEVEL_AVX512
#define RMT_LEVEL_NUMBER_avx512_bf16 RMT_LEVEL_AVX512_BF16

const rmt_kernels RMT_NAME(kernels) = {
    .level = RMT_PASTE(RMT_LEVEL_NUMBER_, RMT_LEVEL),
    .name = TEXT(RMT_LEVEL),
    .lanes = RMT_VL,
    .rounds_a = RMT_HAS_DOT,
    .gemm = RMT_NAME(gemm),
    .pack_panels = RMT_NAME(pack_panels),
    .pack_bfloat16 = RMT_NAME(pack_bfloat16),
    .gemv = RMT_NAME(gemv),
    .depthwise = RMT_NAME(depthwise),
    .winograd_weights = RMT_NAME(winograd_weights),
    .winograd_input = RMT_NAME(winograd_input),
    .winograd_output = RMT_NAME(winograd_output),
    .unary = RMT_NAME(unary),
    .binary = RMT_NAME(binary),
    .scale_shift = RMT_NAME(scale_shift),
    .reduce = RMT_NAME(reduce),
    .reduce_into = RMT_NAME(reduce_into),
    .arg_max = RMT_NAME(arg_max),
    .arg_max_columns = RMT_NAME(arg_max_columns),
    .softmax = RMT_NAME(softmax),
    .layer_norm = RMT_NAME(layer_norm),
    .softmax_columns = RMT_NAME(softmax_columns),
    .moments = RMT_NAME(moments),
    .pool = RMT_NAME(pool),
    .lerp = RMT_NAME(lerp),
    .lerp_row = RMT_NAME(lerp_row),
    .blend = RMT_NAME(blend),
    .transpose = RMT_NAME(transpose),
    .lstm_cell = RMT_NAME(lstm_cell),
    .gru_cell = RMT_NAME(gru_cell),
    .pixel_numbers = RMT_NAME(pixel_numbers),
    .blend_pairs = RMT_NAME(blend_pairs),
    .mix_pair = RMT_NAME(mix_pair),
    .halve_rows = RMT_NAME(halve_rows),
    .blend_taps = RMT_NAME(blend_taps),
    .mix_four = RMT_NAME(mix_four),
    .warp_positions = RMT_NAME(warp_positions),
    .warp_row = RMT_NAME(warp_row),
};

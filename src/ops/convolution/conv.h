/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Convolution: what its files share. conv.c reads, packs and infers;
 * conv_indirect.c, conv_depthwise.c, conv_winograd.c, conv_few.c and conv_dynamic.c run; conv_transpose.c
 * builds on the same parts. The algorithm of a layer is fixed at load, so that
 * results depend on nothing else.
 *
 * Weights, in panels:
 *   indirect:  [group][co / g / 16][kh][kw][ci / g][16]
 *   winograd:  [36 or 16][co / 16][ci][16]
 *   few:       [co * kh * kw / 16][ci][16]
 * In the packed room, in floats, weights of depthwise layers, [kh * kw][c rounded up to 16], then the bias,
 * [group][co / g rounded up to 16] or [c rounded up to 16], then a row of zeros that stands for padding.
 */
#ifndef RMT_CONV_H
#define RMT_CONV_H

#include "ops/convolution/sliding_window.h"

#define RMT_DEPTHWISE_MAX_KERNEL 64 /* rows; taller ones run as grouped convolutions */

typedef enum rmt_conv_algorithm {
    RMT_CONV_INDIRECT,
    RMT_CONV_DEPTHWISE,
    RMT_CONV_WINOGRAD,
    RMT_CONV_FEW
} rmt_conv_algorithm;

typedef struct rmt_conv {
    rmt_window window;
    int32_t groups, in_channels, out_channels; /* channels of the whole tensors */
    rmt_conv_algorithm algorithm;
    int32_t tile; /* of WINOGRAD: 4 or 2 */
    rmt_activation act;
    int64_t bias_at, zeros_at; /* floats from the start of the packed room */
    bool dynamic; /* weights are not constant: kernel and channels are those of the input, see conv_dynamic.c */
} rmt_conv;

static inline int64_t rmt_round16(int64_t n) { return (n + 15) / 16 * 16; }

/*
 * load, for both directions: reads window, groups, activation and constants, checks that they fit together.
 * filter_dims gets the filter's four dimensions; out_channels of conv is the caller's to set.
 */
ramet_status rmt_conv_load_common(rmt_op_load *load, rmt_conv *conv, int64_t filter_dims[4]);

/* load: the constants SCALE and BIAS have one number for each output channel. */
ramet_status rmt_conv_check_channels(const rmt_op_load *load, const rmt_conv *conv);

/* load: claims room for panels; lays out the packed room, with `first_floats` in front of bias and zeros, and claims it. */
ramet_status rmt_conv_claim(rmt_op_load *load, rmt_conv *conv, int64_t panel_floats, int64_t first_floats);

/* pack: the scale of `count` output channels from `first`; ones when there is none. */
void rmt_conv_pack_scale(const rmt_op_pack *pack, int64_t first, int64_t count, float *scale);

/*
 * pack: numbers first .. last - 1, but at most RMT_CONV_PACK_RUN, of each of up to sixteen filters from output channel
 * `channel`, scaled, as columns of panel [..][16]. Columns past `channels` are left alone. Returns how many numbers.
 */
#define RMT_CONV_PACK_RUN 252 /* whole 3x3 kernels */
int64_t rmt_conv_pack_run(const rmt_op_pack *pack, int64_t channel, int64_t channels, int64_t first, int64_t last,
                          float *panel);

/* pack: the bias of all groups. */
void rmt_conv_pack_bias(const rmt_op_pack *pack);

/* infer: x and the residual fit; sets nothing. */
ramet_status rmt_conv_check_input(const rmt_op_infer *infer, const rmt_conv *conv);

/* infer: out[0] is float32 [n, out_channels, h, w]; the residual, if any, must be the same. */
ramet_status rmt_conv_set_output(rmt_op_infer *infer, const rmt_conv *conv, int64_t h, int64_t w);

/* The area that a run is to make, in pixels of out[0]. */
rmt_area rmt_conv_run_area(const rmt_op_run *run);

/* Pixels of one block of work: a multiple of six rows whose gathered input stays in the second-level cache. */
int32_t rmt_conv_block(int64_t taps, int64_t channels);

/* Something cut into `count` even pieces of at most `size`. */
typedef struct rmt_conv_blocks {
    int32_t size, count;
} rmt_conv_blocks;

/*
 * The pixels, or tiles, of each of some images in blocks of at most `most`; in more of them where that gives each thread as
 * many, unless they would fall below `least`.
 */
rmt_conv_blocks rmt_conv_share_pixels(const rmt_team *team, int32_t images, int32_t pixels, int32_t most,
                                      int32_t least);

/* Output channels in parts, multiples of 16: one part unless the team would idle with only `blocks` blocks of pixels. */
rmt_conv_blocks rmt_conv_share_columns(const rmt_team *team, int32_t blocks, int32_t channels);

void rmt_conv_run_depthwise(const rmt_op_run *run);

/* Filters and biases that the graph computes. settled: the layer for the filter at hand. */
bool rmt_conv_is_dynamic(const rmt_op_load *load);
ramet_status rmt_conv_load_dynamic(rmt_op_load *load, rmt_conv *conv);
ramet_status rmt_conv_settle_dynamic(rmt_op_infer *infer, rmt_conv *settled);
void rmt_conv_place_dynamic(rmt_op_place *place);
void rmt_conv_run_dynamic(const rmt_op_run *run);

/* Gathered rows. Scratch: for all threads. */
size_t rmt_conv_scratch_indirect(const rmt_conv *conv, int32_t threads);
void rmt_conv_run_indirect(const rmt_op_run *run);

/* Winograd. The tile for a layer, 0 when it does not fit; `declared` is the input's shape as the file tells it. */
int32_t rmt_conv_winograd_tile(const rmt_conv *conv, const rmt_shape *declared);
int64_t rmt_conv_winograd_floats(const rmt_conv *conv);
void rmt_conv_pack_winograd(const rmt_op_pack *pack);
size_t rmt_conv_scratch_winograd(const rmt_conv *conv, int32_t threads);
void rmt_conv_run_winograd(const rmt_op_run *run);

/* To very few output channels. width: of the input. */
bool rmt_conv_is_few(const rmt_conv *conv);
int64_t rmt_conv_few_floats(const rmt_conv *conv);
void rmt_conv_pack_few(const rmt_op_pack *pack);
size_t rmt_conv_scratch_few(const rmt_conv *conv, int64_t width, int32_t threads);
void rmt_conv_run_few(const rmt_op_run *run);

/* Transposed, with windows side by side and few output channels. */
bool rmt_conv_windows_apart(const rmt_conv *conv); /* side by side, whatever the channels */
bool rmt_conv_is_apart(const rmt_conv *conv);
ramet_status rmt_conv_claim_apart(rmt_op_load *load, rmt_conv *conv);
void rmt_conv_pack_apart(const rmt_op_pack *pack);
size_t rmt_conv_scratch_apart(const rmt_conv *conv, int32_t threads);
void rmt_conv_run_apart(const rmt_op_run *run);

#endif

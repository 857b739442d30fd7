/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators of the graph know images as [n, c, h, w]. Around those whose file has channels last go transpositions, which
 * cost nothing: only strides change.
 */
#ifndef RMT_FORMATS_CHANNELS_LAST_H
#define RMT_FORMATS_CHANNELS_LAST_H

#include "graph/graph.h"

/* Dimensions of a layout with channels last ("NHWC": 4), 0 for any other text. */
int32_t rmt_channels_last_rank(const char *layout);

/*
 * Before the node is added: *value becomes itself with channels first. *rank is that of the layout; the declared one wins,
 * since PaddlePaddle says NHWC of any. False: memory is exhausted.
 */
bool rmt_channels_first_input(rmt_graph *graph, int32_t *value, int32_t *rank);

/* Right behind the node: it makes its outputs with channels first, and transpositions bring them back. */
bool rmt_channels_first_outputs(rmt_graph *graph, int32_t node, int32_t rank);

#endif

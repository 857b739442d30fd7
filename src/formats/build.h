/* SPDX-License-Identifier: Apache-2.0 */
/* What readers of programs share: making a graph, whatever the file that it comes from. */
#ifndef RMT_FORMATS_BUILD_H
#define RMT_FORMATS_BUILD_H

#include "formats/source.h"
#include "graph/graph.h"

/* What a feed or fetch operator says: this value is the program's col-th input or output. */
typedef struct rmt_border {
    int64_t col;
    int32_t value;
} rmt_border;

/* Sorts feeds and fetches (lists of rmt_border) by column and makes them the graph's inputs and outputs. */
ramet_status rmt_build_borders(rmt_graph *graph, rmt_list *feeds, rmt_list *fetches, ramet_error *error);

/* Results of a node with several that nobody reads: the node need not make them. */
ramet_status rmt_build_drop_unread(rmt_graph *graph, ramet_error *error);

/* A value that is one list of integers, each from a tensor of one element. -1 when memory is exhausted. */
int32_t rmt_build_stack(rmt_graph *graph, const char *name, const int32_t *scalars, size_t count);

/* For both tables of PaddlePaddle's operators; false when memory is exhausted. */

/* Rois and scores are of float, the numbers of rois are not: this tells how many levels each list has. */
bool rmt_build_levels(const rmt_node *raw, rmt_graph *graph, int32_t node);
/*
 * A transposed convolution whose fourth input says how large its result is: it makes all that a size may ask for, and what
 * was asked for is cut from it.
 */
bool rmt_build_output_size(const rmt_node *raw, rmt_graph *graph, int32_t node);
/* A product whose third input is a bias: the bias is added behind it. */
bool rmt_build_linear(const rmt_node *raw, rmt_graph *graph, int32_t node);
/* A batch_norm whose file has no scale or no bias gets those that change nothing. */
bool rmt_build_batch_norm(const rmt_node *raw, rmt_graph *graph, int32_t node);
/* What becomes of entries that are put on others, by the name that PaddlePaddle has for it. */
bool rmt_build_reduction(rmt_graph *graph, int32_t node, const char *name);

#endif

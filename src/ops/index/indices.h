/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tensors of indices, dense, of any integer type, and results that are a copy
 * of the first input with something put into it.
 */
#ifndef RMT_OPS_INDICES_H
#define RMT_OPS_INDICES_H

#include "ops/ops_help.h"

/* Entry i of the view as an index into `size` entries, counted from the end where negative; -1 when it points outside. */
int64_t rmt_index_at(const rmt_view *index, int64_t i, int64_t size);

/*
 * Tuples of indices, index [..., length]: the number of the slice x[a, b, ...] that tuple i names, counted over the first
 * `length` dimensions of x; -1 when it points outside.
 */
int64_t rmt_index_tuple(const rmt_view *index, int64_t i, const rmt_shape *x);

/* The last dimension of index: how many dimensions of x a tuple names. -1 when they are no tuples of integers for x. */
int32_t rmt_index_tuple_length(const rmt_view *index, const rmt_shape *x);

/* A list of integers: index without a last dimension of 1 that makes it a column (PaddlePaddle takes both). */
rmt_shape rmt_index_list_shape(const rmt_view *index);

/* ---- putting: out[0] starts as in[0] ---------------------------------------------------------------------------- */

typedef enum rmt_reduction {
    RMT_REDUCTION_NONE, /* the last one counts */
    RMT_REDUCTION_ADD,
    RMT_REDUCTION_MUL,
    RMT_REDUCTION_MAX,
    RMT_REDUCTION_MIN,
    RMT_REDUCTIONS
} rmt_reduction;

/* Attribute "reduction"; false: of an unknown name. */
bool rmt_reduction_read(const rmt_node *node, rmt_reduction *reduction);

/* All inputs dense, out[0] in the place of in[0] if possible. */
void rmt_put_place(rmt_op_place *place);

/* Makes out[0] a copy of in[0]. False when there is nothing to put into. */
bool rmt_put_start(const rmt_op_run *run);

/* Numbers of the dtype of out[0]: `count` from `from` go to element `at` of it and those behind. */
void rmt_put(const rmt_op_run *run, int64_t at, const void *from, int64_t count, rmt_reduction reduction);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts of tensors as slice, strided_slice and set_value name them: some axes,
 * bounds counted from the end where negative and clamped to what is there.
 * Bounds are attributes, or inputs whose numbers count instead.
 */
#ifndef RMT_OPS_SLICING_H
#define RMT_OPS_SLICING_H

#include "ops/ops_help.h"

enum { RMT_SLICING_STARTS, RMT_SLICING_ENDS, RMT_SLICING_STEPS, RMT_SLICING_BOUNDS };

typedef struct rmt_slicing {
    int32_t count, decrease_count;
    int64_t axes[RMT_MAX_RANK];
    int64_t bounds[RMT_SLICING_BOUNDS][RMT_MAX_RANK];
    int64_t decrease[RMT_MAX_RANK]; /* dimensions of size 1 that are dropped */
    int32_t first_bound;            /* the input that gives starts where it is there; ends and steps follow */
    bool bounds_are_inputs;         /* one of them at least */
    bool backwards;                 /* an attribute step is negative */
    bool numpy; /* an end of -1 behind a backward step is the last element; else it is what lies before the first */
} rmt_slicing;

/* Reads axes, starts, ends, and steps and dropped dimensions under these names (steps NULL: all 1). */
ramet_status rmt_slicing_load(rmt_op_load *load, const char *steps, const char *decrease, int32_t first_bound,
                              rmt_slicing *slicing);

/* The part of one dimension: `count` elements from `start`, `step` apart. */
typedef struct rmt_part {
    int64_t start, step, count;
} rmt_part;

typedef enum rmt_slicing_result { RMT_SLICING_OK, RMT_SLICING_UNKNOWN, RMT_SLICING_WRONG } rmt_slicing_result;

/* The part of each dimension of x. UNKNOWN: a bound is not known; WRONG: an axis is not there, a step is 0. */
rmt_slicing_result rmt_slicing_parts(const rmt_slicing *slicing, const rmt_shape *x, const rmt_view *in,
                                     int32_t in_count, rmt_part parts[RMT_MAX_RANK]);

/* x seen through parts; *offset: elements to its first. The data pointer stays that of x. */
rmt_view rmt_slicing_see(const rmt_view *x, const rmt_part *parts, int64_t *offset);

/* Drops the dimensions to drop. False when one of them is not there or not 1. */
bool rmt_slicing_decrease(const rmt_slicing *slicing, rmt_view *view);

#endif

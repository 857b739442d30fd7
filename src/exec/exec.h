/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plan and inputs to outputs: the state of one clone, and a short loop.
 *
 * An rmt_exec holds what a clone does not share: its arena, its team of
 * threads, room for the operands of one step, and what late nodes need. One
 * thread at a time.
 */
#ifndef RMT_EXEC_H
#define RMT_EXEC_H

#include "exec/late.h"

typedef struct rmt_exec {
    unsigned char *arena; /* whole pages; grows to the largest plan seen, never holds anything between runs */
    size_t arena_bytes;
    size_t recent_bytes; /* the most that the last `small_runs` runs needed; each needed less than half of the arena */
    int32_t small_runs;
    rmt_view *operands; /* of the step at hand */
    int32_t operand_capacity;
    rmt_late late;  /* values and memory of nodes that the plan leaves to the run */
    rmt_team *team; /* NULL: one thread */
} rmt_exec;

/* threads: of the team, at least 1. */
ramet_status rmt_exec_init(rmt_exec *exec, int32_t threads, ramet_error *error);
void rmt_exec_clear(rmt_exec *exec);

/*
 * Runs a plan. inputs: one view for each, laid out as the plan's key, with data. outputs: one for each, dense, in the
 * clone's memory; valid until the next run. A plan that fits the arena allocates nothing, up to its late nodes. An
 * arena of which many runs have used less than half shrinks to what they needed.
 * OUT_OF_MEMORY; late nodes: also BAD_SHAPE, OVER_BUDGET, BAD_FORMAT.
 */
ramet_status rmt_exec_run(rmt_exec *exec, const rmt_model *model, const rmt_plan *plan, const rmt_view *inputs,
                          rmt_view *outputs, ramet_error *error);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The late nodes of a run: what a plan could not settle, because shapes depend
 * on numbers (detections, branches, loops, lists of tensors). Nodes are
 * inferred and run one by one, in memory that values hold together and give
 * back with their last reader. Shared by the files of this room only.
 */
#ifndef RMT_LATE_H
#define RMT_LATE_H

#include "plan/plan.h"

/* A stretch of memory, for as many values as lie in it. The bytes follow. */
typedef struct rmt_late_memory {
    struct rmt_late_memory *next; /* in a list of free ones, or of those that a node took */
    size_t bytes;
    int32_t holders;
} rmt_late_memory;

/* Memory is kept for the next run: bytes counts what is held and what is free. */
typedef struct rmt_late_pool {
    rmt_late_memory *free;
    size_t bytes, budget;
} rmt_late_pool;

typedef struct rmt_late_array rmt_late_array;

/* A tensor, or a list of tensors; nothing at all where array is NULL and view.data is. */
typedef struct rmt_late_value {
    rmt_view view;
    rmt_late_memory *memory; /* NULL: it lies in the arena, in an input, or among the constants */
    rmt_late_array *array;
} rmt_late_value;

struct rmt_late_array {
    int32_t holders, count;
    rmt_late_value *items;
};

typedef struct rmt_late {
    rmt_late_pool pool;
    rmt_late_value *values; /* one for each value of the graph; between runs only outputs */
    size_t value_count;
    rmt_view *operands; /* of the node at hand */
    rmt_late_memory **taken;
    int32_t operand_capacity;
    const rmt_model *model; /* of the run at hand */
    rmt_team *team;
    ramet_error *error;
} rmt_late;

void rmt_late_clear(rmt_late *late);

/* kept: for each of plan->kept where it lies. */
ramet_status rmt_late_run(rmt_late *late, const rmt_model *model, const rmt_plan *plan, const rmt_view *kept,
                          rmt_team *team, ramet_error *error);

/* A result as a dense tensor in the pool's memory, valid until the next run. */
ramet_status rmt_late_output(rmt_late *late, int32_t value, rmt_view *output, ramet_error *error);

/* ---- between the files ------------------------------------------------------------------------------------------ */

/* NULL when memory is exhausted or the budget spent. The caller holds it. */
rmt_late_memory *rmt_late_take(rmt_late_pool *pool, size_t bytes);
void *rmt_late_bytes(rmt_late_memory *memory);
void rmt_late_release(rmt_late_pool *pool, rmt_late_memory *memory); /* NULL is allowed */
ramet_status rmt_late_fail_memory(const rmt_late *late, size_t bytes);

/* What a value of the graph holds now; constants always hold their data. */
const rmt_late_value *rmt_late_get(rmt_late *late, int32_t value);
/* The value holds what `from` does. */
void rmt_late_set(rmt_late *late, int32_t value, const rmt_late_value *from);
void rmt_late_drop(rmt_late *late, int32_t value);
rmt_late_value rmt_late_hold(const rmt_late_value *from); /* one more holder */
void rmt_late_let_go(rmt_late *late, rmt_late_value *value);

/* A fresh dense tensor in the pool, for the caller to fill. */
ramet_status rmt_late_make(rmt_late *late, ramet_dtype dtype, const rmt_shape *shape, rmt_late_value *made);
/* Copies from one view to another of the same shape and dtype. */
void rmt_late_copy(const rmt_late *late, const rmt_view *from, const rmt_view *to);

/* The first number of a tensor, by which something is decided; a fraction other than 0 is 1. */
ramet_status rmt_late_number(rmt_late *late, int32_t value, int64_t *number);
const char *rmt_late_name(const rmt_late *late, int32_t value);

/* Runs nodes in order; `nodes` are of one block. */
ramet_status rmt_late_run_nodes(rmt_late *late, rmt_indices nodes);

/* Runs an operator that is the executor's own. */
ramet_status rmt_late_run_control(rmt_late *late, const rmt_node *node, const rmt_bound_node *bound);

/* Lists: as the operators of these names. */
ramet_status rmt_late_array_create(rmt_late *late, const rmt_node *node, const rmt_bound_node *bound);
ramet_status rmt_late_array_write(rmt_late *late, const rmt_node *node, const rmt_bound_node *bound);
ramet_status rmt_late_array_read(rmt_late *late, const rmt_node *node, const rmt_bound_node *bound);
ramet_status rmt_late_array_length(rmt_late *late, const rmt_node *node, const rmt_bound_node *bound);
ramet_status rmt_late_array_join(rmt_late *late, const rmt_node *node, const rmt_bound_node *bound);

#endif

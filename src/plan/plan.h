/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Model and plan: what is settled once a model, and once a shape.
 *
 * A model is immutable and counted: the graph after the passes, an operator and
 * its parameters for each node, and one page-aligned blob of packed weights and
 * constants that all clones read. A plan is immutable and counted too: for one
 * set of input shapes the steps to run, the strides and addresses of all
 * tensors, and the size of the arena, known before any is taken.
 *
 * What depends on numbers that only a run brings forth (detections, branches, loops) is late: a plan names those nodes
 * and keeps what they read, and the executor infers and runs them one by one.
 *
 * Models keep a bounded set of plans, least recently used out first; getting a
 * plan locks that set, everything else is read without locks.
 */
#ifndef RMT_PLAN_H
#define RMT_PLAN_H

#include "ops/ops.h"
#include "passes/passes.h"

/* ---- model --------------------------------------------------------------------------------------------- */

typedef struct rmt_model rmt_model;

typedef struct rmt_model_option {
    const rmt_kernels *kernels;
    rmt_weight_type weights;      /* how weights of products are kept; 0: FLOAT32 */
    int32_t threads;              /* of the teams that will run its plans */
    int32_t plan_capacity;        /* plans kept, at least 1 */
    uint64_t memory_budget_bytes; /* ceiling of a plan's arena */
} rmt_model_option;

/*
 * Takes the graph over (it is emptied, also on failure), applies the passes, binds operators, packs weights. The constants' data may go
 * afterwards. UNSUPPORTED lists all operators that cannot run. The caller holds one reference.
 */
ramet_status rmt_model_create(rmt_graph *graph, const rmt_model_option *option, rmt_model **model, ramet_error *error);
rmt_model *rmt_model_retain(rmt_model *model); /* any thread */
void rmt_model_release(rmt_model *model);      /* any thread; NULL is allowed */

/* ---- a model in a file ---------------------------------------------------------------------------------- */

#define RMT_NO_FILE (-1)

/* What the packed form depends on: the digest of the model's files, the options, and the build of this library. */
rmt_digest rmt_model_key(const rmt_digest *source, const rmt_model_option *option);

/*
 * What names a packed model: key, by the bytes that it was made of; origin, by the identity of the files that these were
 * in, when nobody can have written to them unseen, otherwise zero.
 */
typedef struct rmt_model_names {
    rmt_digest key, origin;
} rmt_model_names;

/* Appends the whole model to an empty file. 0 or errno. */
int rmt_model_store(const rmt_model *model, const rmt_model_names *names, int file);

/* Whether the file says that it was made of this origin, which is not zero; then *key. */
bool rmt_model_has_origin(int file, const rmt_digest *origin, rmt_digest *key);

/*
 * The model from such a file, which it takes over on success: the packed weights are the pages of the file, shared with all
 * who map it. `checked`: the numbers are known to be whole. BAD_FORMAT says what is wrong with a file: damaged, of another
 * model, or of another build.
 */
ramet_status rmt_model_load(int file, const rmt_digest *key, bool checked, const rmt_model_option *option,
                            rmt_model **model, ramet_error *error);

/*
 * Puts the pages of the file, where the model has been stored, in the place of its own, and takes the file over. Any
 * thread, runs may be under way. 0 or errno; on failure nothing has changed.
 */
int rmt_model_share(rmt_model *model, int file);

/* The file whose pages the weights are, now RMT_NO_FILE or for the life of the model. */
int rmt_model_file(rmt_model *model);

/* ---- what is in it --------------------------------------------------------------------------------------- */

const rmt_graph *rmt_model_graph(const rmt_model *model);
const rmt_kernels *rmt_model_kernels(const rmt_model *model);
const rmt_model_option *rmt_model_option_of(const rmt_model *model);
const rmt_pass_report *rmt_model_passes(const rmt_model *model);

typedef struct rmt_model_sizes {
    uint64_t weights_bytes, program_bytes, plans_bytes;
    uint64_t planning_bytes; /* of plans_bytes: the room that they are made in */
    uint64_t shared_bytes;   /* of weights_bytes: pages of a file */
    uint64_t references;
} rmt_model_sizes;

rmt_model_sizes rmt_model_measure(rmt_model *model);

/* An operator with what it needs of the model; panels and packed are NULL when it has packed nothing there. */
typedef struct rmt_bound_node {
    const rmt_op *op;
    void *params;
    const void *panels;
    rmt_weight_type panel_type;
    const unsigned char *packed;
} rmt_bound_node;

const rmt_bound_node *rmt_model_node(const rmt_model *model, int32_t node);
/* A constant as it was loaded, with data, or with data NULL where it lives on in packed form; else rank -1. */
rmt_view rmt_model_constant(const rmt_model *model, int32_t value);

/* Some values, or nodes. */
typedef struct rmt_indices {
    const int32_t *items;
    int32_t count;
} rmt_indices;

/* The values that nobody reads any more when node has run, in the block that wrote them. */
rmt_indices rmt_model_deaths(const rmt_model *model, int32_t node);
/* The nodes of a block, in order. */
rmt_indices rmt_model_block_nodes(const rmt_model *model, int32_t block);

/* ---- plan ---------------------------------------------------------------------------------------------- */

/*
 * Where an operand lies: in the clone's arena, in one of the fed inputs, at an address that never changes, or where a late
 * node will have put it.
 */
typedef enum rmt_place_kind {
    RMT_PLACE_ABSENT,
    RMT_PLACE_FIXED,
    RMT_PLACE_ARENA,
    RMT_PLACE_INPUT,
    RMT_PLACE_LATE
} rmt_place_kind;

typedef struct rmt_operand {
    rmt_view view; /* data: set for FIXED only */
    rmt_place_kind kind;
    int32_t index;  /* ARENA: the buffer; INPUT: which one; LATE: the value */
    int64_t offset; /* bytes from the start of the buffer or input; after planning: from the start of the arena */
} rmt_operand;

typedef struct rmt_step {
    const rmt_op *op;
    const void *params;
    const void *panels;
    rmt_weight_type panel_type;
    const unsigned char *packed;
    int32_t node; /* of the graph; -1: a copy that the planner put in */
    int32_t in_count, out_count;
    rmt_operand *in, *out;
    int32_t scratch_buffer; /* -1: none */
    int64_t scratch_offset; /* bytes from the start of the arena */
} rmt_step;

/* A value that late nodes read, and where the steps leave it. */
typedef struct rmt_kept {
    int32_t value;
    rmt_operand at;
} rmt_kept;

/* A stretch of the arena and the steps during which it is in use. */
typedef struct rmt_plan_buffer {
    int64_t bytes, offset;
    int32_t first, last; /* steps; INT32_MAX: until the next run */
} rmt_plan_buffer;

typedef struct rmt_plan {
    rmt_arena memory; /* everything below */
    rmt_view *inputs; /* the key: dtype, shape, strides; data NULL */
    int32_t input_count;
    rmt_step *steps;
    int32_t step_count;
    rmt_plan_buffer *buffers;
    int32_t buffer_count;
    int32_t *late; /* nodes to run behind the steps, in order */
    int32_t late_count;
    rmt_kept *kept;
    int32_t kept_count;
    size_t late_budget_bytes; /* what the arena leaves of the memory budget */
    rmt_operand *outputs;     /* dense, or LATE */
    int32_t output_count;
    int32_t most_operands; /* of any step, inputs and outputs together */
    size_t arena_bytes;
    _Atomic(int32_t) references;
} rmt_plan;

/*
 * The plan for inputs of these shapes, dtypes and strides (one view for each graph input; data is ignored), made now or
 * remembered. The caller holds a reference. Any thread. BAD_SHAPE, OVER_BUDGET (names the number), OUT_OF_MEMORY.
 */
ramet_status rmt_model_get_plan(rmt_model *model, const rmt_view *inputs, rmt_plan **plan, ramet_error *error);
void rmt_plan_release(rmt_plan *plan); /* any thread; NULL is allowed */

/* Steps, operands and the memory map as text. */
bool rmt_plan_print(const rmt_model *model, const rmt_plan *plan, rmt_buffer *text);

#endif

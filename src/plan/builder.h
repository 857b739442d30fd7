/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan under construction; shared by the files that make plans. Three walks
 * over the nodes of the main block: infer (plan_build.c) gives shapes to all
 * values, and says which nodes are late; aim and place (plan_place.c) give
 * them strides and buffers; then steps are joined into chains (plan_chain.c).
 */
#ifndef RMT_BUILDER_H
#define RMT_BUILDER_H

#include "plan/model.h"

typedef struct rmt_value_state {
    rmt_operand at;   /* kind ABSENT until it has a place; the view is there from the first walk on */
    rmt_operand copy; /* the same numbers in another form; kind ABSENT: none yet */
    int32_t uses;     /* by nodes that run, and as outputs */
    int32_t slice_of; /* the value whose slice this should be, -1: none */
    int64_t slice_at; /* first channel */
    bool planned;     /* it is fed, or an inferred node makes it */
    bool kept;        /* late nodes read it: it stays where it is to the end */
} rmt_value_state;

typedef struct rmt_buffer_state {
    int32_t pending; /* uses to come of all values that lie in it */
    bool shared;     /* several values lie in it, or readers that are not counted: never overwritten in place */
} rmt_buffer_state;

typedef enum rmt_node_state {
    RMT_NODE_STEP,     /* runs as a step of the plan */
    RMT_NODE_COMPUTED, /* its outputs are known, it does not run */
    RMT_NODE_LATE,     /* behind the steps */
    RMT_NODE_ELSEWHERE /* dead, or in a block that a late node runs */
} rmt_node_state;

typedef struct rmt_builder {
    rmt_model *model;
    rmt_plan *plan;
    rmt_arena *scratch; /* the model's room for planning, emptied afterwards */
    rmt_value_state *values;
    rmt_node_state *nodes;
    rmt_buffer_state *buffers;
    rmt_view *in, *out; /* of the node at hand */
    rmt_form *form;
    rmt_output_place *place;
    ramet_error *error;
} rmt_builder;

extern const rmt_view rmt_absent_view;

/* Strides, buffers and steps for all that is inferred. False when memory is exhausted. */
bool rmt_builder_place(rmt_builder *b);

/* Joins steps into chains. False when memory is exhausted. */
bool rmt_builder_chain(rmt_builder *b);

#endif

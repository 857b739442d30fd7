/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ProgramDesc -> graph. desc_read.c walks a block: variables, parameters,
 * operators in order; desc_ops.c says what each operator becomes.
 *
 * A variable of a program may be written many times, a value of the graph is
 * written once: each write of a variable makes a new value, and reading it
 * means its latest value.
 */
#ifndef RMT_FORMATS_DESC_H
#define RMT_FORMATS_DESC_H

#include "formats/params.h"
#include "formats/source.h"
#include "formats/wire.h"
#include "graph/graph.h"

/* A variable of the block, and the value that it holds at the point that the reader has reached. */
typedef struct rmt_desc_variable {
    rmt_span name;
    bool is_parameter;
    bool has_dtype;
    ramet_dtype dtype; /* declared; float32 without has_dtype */
    rmt_shape shape;   /* declared; rank -1 when nothing is */
    uint32_t writes;
    int32_t value; /* -1: nothing written yet */
} rmt_desc_variable;

typedef struct rmt_desc_block {
    const rmt_source *source;
    rmt_graph *graph;
    ramet_error *error;
    rmt_desc_variable *variables; /* sorted by name, bytewise */
    size_t variable_count;
    rmt_list feeds, fetches;  /* desc_read.c's own */
    rmt_buffer text;          /* for names under construction */
    rmt_list inputs, outputs; /* int32_t: of the node under construction */
    rmt_wire_op op;           /* the operator at hand */
    rmt_wire_attr attr;
    size_t op_index;
} rmt_desc_block;

/* Reads a program and its parameters into an empty graph. */
ramet_status rmt_desc_read(const rmt_source *source, rmt_params *params, rmt_graph *graph, ramet_error *error);

/* ---- between the two files -------------------------------------------------------------------------------- */

/* The value that a variable holds; an error when it is unknown or nothing was written yet. */
ramet_status rmt_desc_read_variable(rmt_desc_block *block, rmt_span name, int32_t *value);

/* A new value for a variable; an error when it is unknown. */
ramet_status rmt_desc_write_variable(rmt_desc_block *block, rmt_span name, int32_t *value);

/* Sets the place to the operator at hand. */
ramet_status rmt_desc_place(const rmt_desc_block *block, ramet_status status);

/* Appends the node, or nodes, of the operator at hand. */
ramet_status rmt_desc_add_operator(rmt_desc_block *block);

#endif

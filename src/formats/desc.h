/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ProgramDesc -> graph. desc_read.c walks the operators in order, desc_scope.c
 * keeps the variables, desc_ops.c says what each operator becomes,
 * desc_control.c what becomes of those that run blocks.
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

/* A variable, and the value that it holds at the point that the reader has reached. */
typedef struct rmt_desc_variable {
    rmt_span name;
    bool is_parameter;
    bool is_array; /* a list of tensors */
    bool has_dtype;
    ramet_dtype dtype; /* declared; float32 without has_dtype */
    rmt_shape shape;   /* declared; rank -1 when nothing is */
    uint32_t block;    /* of the graph: whose variable it is */
    uint32_t writes;
    int32_t value; /* -1: nothing written yet */
} rmt_desc_variable;

/* A variable of a block around, and what it held before this one wrote to it. */
typedef struct rmt_desc_change {
    rmt_desc_variable *variable;
    int32_t before;
} rmt_desc_change;

typedef struct rmt_desc_scope {
    rmt_desc_variable *variables; /* sorted by name, bytewise */
    size_t variable_count;
    rmt_list changes; /* rmt_desc_change, in order */
} rmt_desc_scope;

/* A block that is being read, and the operator that runs it (none for the main block). */
typedef struct rmt_desc_frame {
    rmt_list ops; /* rmt_span: messages */
    size_t next;
    bool loops;
    size_t op_index;
    int32_t graph_block;
    rmt_desc_variable *condition;
    rmt_list carried; /* rmt_desc_variable *: what comes out */
    rmt_list inputs;  /* int32_t: the condition, and what the carried ones held */
    rmt_list params;  /* int32_t: of the block */
} rmt_desc_frame;

#define RMT_DESC_FRAMES (RMT_MAX_BLOCK_DEPTH + 1)

typedef struct rmt_desc_program {
    const rmt_source *source;
    rmt_graph *graph;
    ramet_error *error;
    rmt_list blocks; /* rmt_span: messages */
    bool *is_read;   /* for each block */
    rmt_desc_scope scopes[RMT_DESC_FRAMES];
    rmt_desc_frame frames[RMT_DESC_FRAMES]; /* each with the scope of its number */
    size_t scope_count, frame_count;
    rmt_list feeds, fetches;  /* desc_read.c's own */
    rmt_buffer text;          /* for names under construction */
    rmt_list inputs, outputs; /* int32_t: of the node under construction */
    rmt_wire_op op;           /* the operator at hand */
    rmt_wire_attr attr;
    size_t op_index, ops_read; /* counts through all blocks */
} rmt_desc_program;

/* Reads a program and its parameters into an empty graph. */
ramet_status rmt_desc_read(const rmt_source *source, rmt_params *params, rmt_graph *graph, ramet_error *error);

/* ---- desc_scope.c ------------------------------------------------------------------------------------------ */

/* Variables of a block, declared by messages; closing forgets them, and what was written to those around. */
ramet_status rmt_desc_open_scope(rmt_desc_program *program, const rmt_list *vars);
void rmt_desc_close_scope(rmt_desc_program *program);

rmt_desc_variable *rmt_desc_find_variable(rmt_desc_program *program, rmt_span name); /* NULL: not declared */

/* The variable's next value; a constant when there are data for it. */
ramet_status rmt_desc_give_value(rmt_desc_program *program, rmt_desc_variable *variable, const rmt_param *param);

/* The value that a variable holds; an error when it is unknown or nothing was written yet. */
ramet_status rmt_desc_read_variable(rmt_desc_program *program, rmt_span name, int32_t *value);

/* A new value for a variable; an error when it is unknown. */
ramet_status rmt_desc_write_variable(rmt_desc_program *program, rmt_span name, int32_t *value);

/* Values for all parameters of the main block. */
ramet_status rmt_desc_read_parameters(rmt_desc_program *program, rmt_params *params);

ramet_status rmt_desc_refuse_name(rmt_desc_program *program, ramet_status status, rmt_span name, const char *why);

/* ---- desc_control.c ------------------------------------------------------------------------------------------ */

ramet_status rmt_desc_open_frame(rmt_desc_program *program, int64_t block);
ramet_status rmt_desc_close_frame(rmt_desc_program *program);

/* Whether the operator at hand runs a block; opening goes on with that block's operators, closing adds the operator. */
bool rmt_desc_runs_block(const rmt_desc_program *program);
ramet_status rmt_desc_open_control(rmt_desc_program *program);
ramet_status rmt_desc_close_control(rmt_desc_program *program);

/* ---- desc_read.c, desc_ops.c ----------------------------------------------------------------------------------- */

/* Sets the place to the operator at hand. */
ramet_status rmt_desc_place(const rmt_desc_program *program, ramet_status status);

/* Appends the node, or nodes, of the operator at hand. */
ramet_status rmt_desc_add_operator(rmt_desc_program *program);

#endif

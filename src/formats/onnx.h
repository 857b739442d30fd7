/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ONNX -> graph. onnx_read.c walks the graphs of a model (names, constants,
 * nodes in order), onnx_blocks.c those that stand inside If and Loop;
 * onnx_table.c and onnx_rules_*.c say what each operator becomes, with the
 * words of onnx_op.h.
 *
 * A name of ONNX is written once, and seen from the graphs inside its own.
 * Nodes must stand in an order in which they can run, as the standard says.
 */
#ifndef RMT_FORMATS_ONNX_H
#define RMT_FORMATS_ONNX_H

#include "formats/onnx_wire.h"
#include "formats/params.h"

/* Oldest and newest version of the standard operators that the rules know. */
enum { RMT_ONNX_OLDEST_OPSET = 7, RMT_ONNX_NEWEST_OPSET = 23 };

/* A name of a graph, and what it stands for at the point that the reader has reached. */
typedef struct rmt_onnx_name {
    rmt_span name;
    int32_t value; /* RMT_NO_VALUE: nothing written yet */
    bool has_dtype, is_unmade;
    ramet_dtype dtype; /* declared; float32 without has_dtype */
    rmt_shape shape;   /* declared */
} rmt_onnx_name;

typedef struct rmt_onnx_rule rmt_onnx_rule;
typedef struct rmt_onnx_reader rmt_onnx_reader;

enum { RMT_ONNX_GRAPHS = RMT_NODE_BLOCKS };

/* An operator on its way into the graph. */
typedef struct rmt_onnx_op {
    rmt_onnx_reader *reader;
    rmt_onnx_node node;
    const rmt_onnx_rule *rule;
    rmt_graph raw;                    /* one node that holds the attributes as they are in the file */
    rmt_list inputs;                  /* int32_t: values, RMT_NO_VALUE for absent ones */
    rmt_span tensor;                  /* attribute `value`, a message; data NULL without one */
    const char *variant;              /* what the rules do not cover about this use of the operator; NULL if nothing */
    int32_t first_value;              /* values from here on were made for this operator */
    int32_t last;                     /* the node that was added last */
    ramet_status status;              /* the first failure; after it nothing more is added */
    size_t index;                     /* in its graph, for messages */
    rmt_span graphs[RMT_ONNX_GRAPHS]; /* inside it: messages, in the order of rmt_node.blocks */
    int32_t graph_count, graphs_read;
    int32_t blocks[RMT_ONNX_GRAPHS];
    rmt_list carried; /* int32_t: what a loop hands from round to round, when it starts */
} rmt_onnx_op;

/* A graph that is being read: the main one, or one inside the operator of the scope below it. */
typedef struct rmt_onnx_scope {
    rmt_onnx_graph parts;
    rmt_list names; /* rmt_onnx_name, sorted by name */
    rmt_onnx_op op; /* at hand, or waiting for the graphs inside it */
    size_t next;    /* node */
    int32_t block;
    rmt_list params, results; /* int32_t: of the block */
} rmt_onnx_scope;

struct rmt_onnx_reader {
    const rmt_source *source;
    rmt_graph *graph;
    ramet_error *error;
    int64_t opset;
    rmt_onnx_scope scopes[RMT_MAX_BLOCK_DEPTH + 1];
    size_t depth; /* scopes in use */
    rmt_wire_attr attr;
    rmt_onnx_tensor tensor;
    rmt_buffer text; /* for names under construction */
    size_t unnamed;  /* values so far that have no name in the file */
};

/* Reads a model into an empty graph, whose constants point into the source. It has no parameter file. */
ramet_status rmt_onnx_read(const rmt_source *source, rmt_params *params, rmt_graph *graph, ramet_error *error);

/* The text that a model carries under a key (metadata); false when it is no ONNX model or has none. */
bool rmt_onnx_find_property(const rmt_source *source, const char *key, rmt_span *value);

/* ---- between these files ------------------------------------------------------------------------------------ */

static inline rmt_onnx_scope *rmt_onnx_top(rmt_onnx_reader *reader) { return &reader->scopes[reader->depth - 1]; }

/* Sets the place of an error to the operator at hand. */
ramet_status rmt_onnx_place(rmt_onnx_reader *reader, ramet_status status);

/* The value of a name that the innermost scopes see; an error when there is none yet. */
ramet_status rmt_onnx_read_name(rmt_onnx_reader *reader, rmt_span name, int32_t *value);
/* The entry of a name in the innermost scope; an error when it is unknown there or has a value already. */
ramet_status rmt_onnx_write_name(rmt_onnx_reader *reader, rmt_span name, rmt_onnx_name **entry);

/* The name that a value of this scope has in the graph, until the next call; NULL when memory is exhausted. */
const char *rmt_onnx_graph_name(rmt_onnx_reader *reader, rmt_span name);

/* A tensor message as a constant of this name. */
ramet_status rmt_onnx_add_constant(rmt_onnx_reader *reader, rmt_span message, const char *name, int32_t *value);

/* Appends the node, or nodes, of the operator at hand, which has no graphs inside it. */
void rmt_onnx_add_operator(rmt_onnx_op *op);
/* Appends the operator under a name that no canonical operator has. */
void rmt_onnx_add_unknown(rmt_onnx_op *op);

/* Finds the graphs inside the operator; the others do nothing where there are none. */
ramet_status rmt_onnx_find_blocks(rmt_onnx_op *op);
/* The scope on top has been opened for the next graph inside op, or has been read to its end. */
ramet_status rmt_onnx_enter_block(rmt_onnx_reader *reader, rmt_onnx_op *op);
ramet_status rmt_onnx_leave_block(rmt_onnx_reader *reader, rmt_onnx_op *op);
/* Appends the operator, whose graphs have been read. */
void rmt_onnx_add_control(rmt_onnx_op *op);

#endif

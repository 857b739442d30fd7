/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PIR program (inference.json) -> graph. pir_json.c indexes the file, pir_read.c walks its blocks, pir_flow.c enters and
 * leaves the blocks of `if` and `while`, pir_special.c knows what is no operator of a network (inputs, outputs,
 * constants, lists), pir_ops.c the operators of the table, pir_attr.c attributes, pir_value.c types and numbers.
 *
 * Values have numbers, which the whole program shares: results count up from 1, arguments of blocks down from -1, and 0
 * is "none". What a number stands for (a tensor, or a list of tensors) can change, because operators that work in place
 * write a value that others still read under its old number; on leaving a block the former meanings return.
 */
#ifndef RMT_FORMATS_PIR_H
#define RMT_FORMATS_PIR_H

#include "formats/build.h"
#include "formats/params.h"
#include "formats/pir_json.h"
#include "graph/graph.h"

typedef enum rmt_pir_kind {
    RMT_PIR_NONE,
    RMT_PIR_TENSOR, /* value: of the graph */
    RMT_PIR_LIST,   /* entries value ... value + count - 1 of rmt_pir_reader.lists */
    RMT_PIR_UNMADE  /* a result that the graph does not have: of training, or of randomness */
} rmt_pir_kind;

typedef enum rmt_pir_dialect { RMT_PIR_BUILTIN, RMT_PIR_PD, RMT_PIR_CF, RMT_PIR_OTHER } rmt_pir_dialect;

/* What a number stands for. */
typedef struct rmt_pir_binding {
    rmt_pir_kind kind;
    int32_t value, count;
} rmt_pir_binding;

/* A block under reading, or the next one of its operator. */
typedef struct rmt_pir_frame {
    uint32_t owner;      /* the `if` or `while`; 0: the main block */
    uint32_t next, end;  /* operators that are left */
    size_t region;       /* which block of its owner it is */
    size_t first_change; /* in rmt_pir_reader.changes */
    int32_t block;       /* of the graph */
    int32_t blocks[RMT_NODE_BLOCKS];
    bool has_yielded;
    rmt_list params, results; /* int32_t: values of the graph */
    rmt_list written;         /* int64_t: numbers from outside that it writes in place */
} rmt_pir_frame;

typedef struct rmt_pir_reader {
    const rmt_source *source;
    rmt_graph *graph;
    ramet_error *error;
    rmt_json json;
    rmt_pir_binding *bindings; /* of numbers -id_limit ... id_limit */
    int64_t id_limit;
    rmt_list changes;         /* former bindings, for leaving a block */
    rmt_list lists;           /* int32_t: values of the graph */
    rmt_list feeds, fetches;  /* rmt_border */
    rmt_list inputs, outputs; /* int32_t: of the node under construction */
    rmt_buffer text;          /* for names under construction */
    rmt_pir_frame frames[RMT_MAX_BLOCK_DEPTH + 1];
    size_t depth;
    uint32_t op; /* the operator at hand */
    rmt_pir_dialect dialect;
    rmt_span type, name; /* its name with and without the dialect */
} rmt_pir_reader;

/* Reads a program and its parameters into an empty graph. */
ramet_status rmt_pir_read(const rmt_source *source, rmt_params *params, rmt_graph *graph, ramet_error *error);

/* ---- pir_read.c ------------------------------------------------------------------------------------------- */

/* Names the operator at hand and the place of `at`. */
ramet_status rmt_pir_refuse(const rmt_pir_reader *reader, ramet_status status, uint32_t at, const char *why);
ramet_status rmt_pir_no_memory(const rmt_pir_reader *reader);

/* Sets the operator at hand, whose entry in the index is `op`. */
ramet_status rmt_pir_set_op(rmt_pir_reader *reader, uint32_t op);
/* "conv2d_35" until the next text; NULL when memory is exhausted. */
const char *rmt_pir_node_name(rmt_pir_reader *reader);
/* Appends "pd_op.conv2d". False when memory is exhausted. */
bool rmt_pir_full_name(const rmt_pir_reader *reader, rmt_buffer *text);

/* ---- pir_value.c ------------------------------------------------------------------------------------------ */

typedef struct rmt_pir_type {
    bool is_absent, has_dtype;
    uint32_t entries; /* of a list: the types in it; 0: one tensor */
    ramet_dtype dtype;
    rmt_shape shape;
} rmt_pir_type;

ramet_status rmt_pir_read_type(const rmt_pir_reader *reader, uint32_t at, rmt_pir_type *type);

/* The operator's operand or result; 0 when it has fewer. */
uint32_t rmt_pir_operand_at(const rmt_pir_reader *reader, size_t index);
uint32_t rmt_pir_result_at(const rmt_pir_reader *reader, size_t index);
size_t rmt_pir_operand_count(const rmt_pir_reader *reader);
size_t rmt_pir_result_count(const rmt_pir_reader *reader);

/* The number of an operand or result, which is in range. */
ramet_status rmt_pir_read_id(const rmt_pir_reader *reader, uint32_t entry, int64_t *id);
/* The number of the first result, or 0: names after it are unique. */
int64_t rmt_pir_first_id(const rmt_pir_reader *reader);

/* What an operand stands for; NONE for an absent one. */
ramet_status rmt_pir_read_operand(const rmt_pir_reader *reader, uint32_t entry, rmt_pir_binding *binding);
/* The same for one that must be a tensor. */
ramet_status rmt_pir_read_tensor(const rmt_pir_reader *reader, uint32_t entry, int32_t *value);

/* A number gets its meaning; only an argument of a block may have had one before. */
ramet_status rmt_pir_bind(rmt_pir_reader *reader, uint32_t entry, rmt_pir_binding binding);
/* A number that is bound gets another meaning. */
ramet_status rmt_pir_rebind(rmt_pir_reader *reader, int64_t id, rmt_pir_binding binding);
/* An operand that the operator at hand writes in place means its first result. */
ramet_status rmt_pir_write_operand(rmt_pir_reader *reader, uint32_t entry);
void rmt_pir_undo(rmt_pir_reader *reader, size_t first_change);

/* Makes and binds the value or values of a result; NONE for an absent one. name NULL: after its number. */
ramet_status rmt_pir_make_result(rmt_pir_reader *reader, uint32_t entry, const char *name, rmt_pir_binding *made);

ramet_status rmt_pir_push(const rmt_pir_reader *reader, rmt_list *list, int32_t value);
/* Appends the tensor, or the tensors of the list. */
ramet_status rmt_pir_push_all(const rmt_pir_reader *reader, rmt_list *list, rmt_pir_binding binding);

/* "#35", "#35.ENDING" until the next text; NULL when memory is exhausted. */
const char *rmt_pir_value_name(rmt_pir_reader *reader, int64_t id, const char *ending);

/* ---- pir_attr.c ------------------------------------------------------------------------------------------- */

/* The attributes of the operator at hand, as they are in the file, for the only node of `raw`. */
ramet_status rmt_pir_read_attrs(rmt_pir_reader *reader, rmt_graph *raw);
/* The numbers of a constant as attribute `name`. *done: it was a constant, and of one number unless it is a list. */
ramet_status rmt_pir_read_constant(rmt_pir_reader *reader, rmt_graph *raw, rmt_span name, int32_t value, bool is_list,
                                   bool *done);
/* The text of a value; NULL when memory is exhausted. */
const char *rmt_pir_text(rmt_pir_reader *reader, uint32_t at);

/* ---- operators -------------------------------------------------------------------------------------------- */

/* Operators that are not of the table. *done: it was one. */
ramet_status rmt_pir_add_special(rmt_pir_reader *reader, const rmt_graph *raw, bool *done);
/* All others. */
ramet_status rmt_pir_add_operator(rmt_pir_reader *reader, rmt_graph *raw);
/* The operator at hand writes this operand in place. */
bool rmt_pir_writes(const rmt_pir_reader *reader, size_t position);

/* `if` and `while`: enters the first block. */
ramet_status rmt_pir_enter(rmt_pir_reader *reader);
/* At the end of a block: enters the next one, or adds the node. */
ramet_status rmt_pir_leave(rmt_pir_reader *reader);
/* `yield`: the results of the block. */
ramet_status rmt_pir_yield(rmt_pir_reader *reader);
void rmt_pir_frame_clear(rmt_pir_frame *frame);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ProgramDesc messages, one at a time: a span of the file enters, a plain
 * struct leaves whose sub-messages and strings are again spans. So nothing is
 * copied, nothing nests, and what nobody asks for is never decoded.
 *
 * Only wire.c and wire_capture.c know the protocol buffer library. Strings that leave here are
 * not empty where a name is needed, hold no NUL and are of bounded length.
 */
#ifndef RMT_FORMATS_WIRE_H
#define RMT_FORMATS_WIRE_H

#include "formats/source.h"
#include "graph/graph.h"

/* VarType.Type, where it is not an element type. */
enum { RMT_DESC_FEED_HOLDER = 9, RMT_DESC_FETCH_HOLDER = 10, RMT_DESC_TENSOR_ARRAY = 13, RMT_DESC_RAW = 17 };

typedef struct rmt_wire_tensor {
    int32_t type; /* VarType.Type, -1 when not set */
    rmt_shape shape;
} rmt_wire_tensor;

typedef struct rmt_wire_var {
    rmt_span name;
    int32_t type; /* VarType.Type: of the variable itself */
    bool persistable;
    bool has_tensor;
    rmt_wire_tensor tensor;
} rmt_wire_var;

typedef struct rmt_wire_slot {
    rmt_span name;
    size_t first, count; /* of the operator's arguments */
    bool is_whole;       /* an attribute's: one tensor, not the entries of one */
} rmt_wire_slot;

/* Zeroed before the first read; reading again reuses the memory; cleared at the end. */
typedef struct rmt_wire_op {
    rmt_span type;
    rmt_list slots;           /* rmt_wire_slot: the inputs, then the outputs, each in file order */
    size_t input_count;       /* of the slots */
    rmt_list arguments;       /* rmt_span: names of variables */
    rmt_list attrs;           /* rmt_span: messages */
    rmt_list inputs, outputs; /* rmt_span: messages; of no use to others */
} rmt_wire_op;

typedef enum rmt_wire_attr_kind {
    RMT_WIRE_ATTR_INT,    /* i */
    RMT_WIRE_ATTR_FLOAT,  /* f */
    RMT_WIRE_ATTR_STRING, /* s */
    RMT_WIRE_ATTR_INTS,
    RMT_WIRE_ATTR_FLOATS,
    RMT_WIRE_ATTR_STRINGS,
    RMT_WIRE_ATTR_BLOCK, /* of control flow: i, its number, -1 for several */
    RMT_WIRE_ATTR_TENSOR /* given by variables: their names are strings; i: 1 for one tensor, 0 for a list */
} rmt_wire_attr_kind;

/* Used like rmt_wire_op. */
typedef struct rmt_wire_attr {
    rmt_span name;
    rmt_wire_attr_kind kind;
    int64_t i;
    double f;
    rmt_span s;
    rmt_list ints, floats, strings; /* int64_t, double, rmt_span */
    rmt_list scalars;               /* rmt_span: messages; of no use to others */
} rmt_wire_attr;

/* Lists of messages (rmt_span); appended to what the lists hold. */
ramet_status rmt_wire_read_program(const rmt_source *source, rmt_list *blocks, ramet_error *error);
ramet_status rmt_wire_read_block(const rmt_source *source, rmt_span block, rmt_list *vars, rmt_list *ops,
                                 ramet_error *error);

ramet_status rmt_wire_read_var(const rmt_source *source, rmt_span message, rmt_wire_var *var, ramet_error *error);
ramet_status rmt_wire_read_tensor(const rmt_source *source, rmt_span message, rmt_wire_tensor *tensor,
                                  ramet_error *error);
ramet_status rmt_wire_read_op(const rmt_source *source, rmt_span message, rmt_wire_op *op, ramet_error *error);
ramet_status rmt_wire_read_attr(const rmt_source *source, rmt_span message, rmt_wire_attr *attr, ramet_error *error);

/* An input slot more, behind the others, with the name and the variables of an attribute that is given by variables. */
ramet_status rmt_wire_add_slot(rmt_wire_op *op, const rmt_wire_attr *attr, ramet_error *error);

void rmt_wire_op_clear(rmt_wire_op *op);
void rmt_wire_attr_clear(rmt_wire_attr *attr);

/* VarType.Type -> element type; false when it is none that ramet has. */
bool rmt_wire_dtype(int64_t type, ramet_dtype *dtype);

#endif

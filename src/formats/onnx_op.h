/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words in which rules say what an operator of ONNX becomes.
 *
 * A rule asks for inputs and attributes, adds canonical nodes one behind the
 * other and gives their results to the operator's outputs. Failure is sticky:
 * once memory is exhausted or something is refused, the words do nothing, and
 * values are RMT_NO_VALUE.
 */
#ifndef RMT_FORMATS_ONNX_OP_H
#define RMT_FORMATS_ONNX_OP_H

#include "formats/onnx.h"

/*
 * attrs: one word an attribute, "new=old:default" (kept under its own name without "new=", left out where the file has
 *   none without ":default"). A rule with `build` lists those it reads. An attribute that is not listed makes the
 *   operator unknown.
 */
struct rmt_onnx_rule {
    const char *from, *to;
    int32_t least, most; /* inputs */
    const char *attrs;
    void (*build)(rmt_onnx_op *op); /* NULL: one node `to`, inputs as they are, one output */
};

typedef struct rmt_onnx_rules {
    const rmt_onnx_rule *rules;
    size_t count;
} rmt_onnx_rules;

extern const rmt_onnx_rules rmt_onnx_rules_math, rmt_onnx_rules_layers, rmt_onnx_rules_tensors;

/* NULL when the operator is not listed. */
const rmt_onnx_rule *rmt_onnx_rule_find(rmt_span type);

/* Sets the attributes of the rule on the node that was added last. */
void rmt_onnx_keep_attrs(rmt_onnx_op *op);

/* ---- asking --------------------------------------------------------------------------------------------------- */

int32_t rmt_onnx_in(const rmt_onnx_op *op, size_t index); /* RMT_NO_VALUE: absent */
bool rmt_onnx_wants(const rmt_onnx_op *op, size_t index); /* output `index` has a name */
int64_t rmt_onnx_int(const rmt_onnx_op *op, const char *name, int64_t otherwise);
double rmt_onnx_float(const rmt_onnx_op *op, const char *name, double otherwise);
const char *rmt_onnx_text(const rmt_onnx_op *op, const char *name, const char *otherwise);
bool rmt_onnx_text_is(const rmt_onnx_op *op, const char *name, const char *text, bool otherwise);
bool rmt_onnx_has(const rmt_onnx_op *op, const char *name);

/* A short list of integers. */
typedef struct rmt_onnx_ints {
    bool known;
    size_t count; /* more than there is room for: not known */
    int64_t at[2 * RMT_MAX_RANK];
} rmt_onnx_ints;

rmt_onnx_ints rmt_onnx_attr_ints(const rmt_onnx_op *op, const char *name); /* known: it is there */
/* The numbers of a constant, also one that is only reshaped or cast on its way. Not known: no constant, or too many. */
rmt_onnx_ints rmt_onnx_value_ints(const rmt_onnx_op *op, int32_t value);
/* An attribute of older versions that is input `index` in newer ones. */
rmt_onnx_ints rmt_onnx_either_ints(const rmt_onnx_op *op, const char *name, size_t index);

/* The number of a constant of one element; NAN when it is none. */
double rmt_onnx_value_number(const rmt_onnx_op *op, int32_t value);

/* What is known of a shape while reading: its rank, -1 unknown; the constant, NULL when it is none. */
int32_t rmt_onnx_rank(const rmt_onnx_op *op, int32_t value);
const rmt_value *rmt_onnx_constant(const rmt_onnx_op *op, int32_t value);

/* ---- adding ----------------------------------------------------------------------------------------------------- */

/* This use of the operator is not covered; `why` must outlive the op. The first reason stays. */
void rmt_onnx_refuse(rmt_onnx_op *op, const char *why);

/* A node with one result, which is returned. */
int32_t rmt_onnx_add(rmt_onnx_op *op, const char *to, int32_t x);
int32_t rmt_onnx_add2(rmt_onnx_op *op, const char *to, int32_t x, int32_t y);
int32_t rmt_onnx_add_list(rmt_onnx_op *op, const char *to, const int32_t *inputs, size_t count);
/* A node with `count` results, RMT_NO_VALUE on the way in for those that nobody asked for. */
void rmt_onnx_add_node(rmt_onnx_op *op, const char *to, const int32_t *inputs, size_t input_count, int32_t *outputs,
                       size_t count);
int32_t rmt_onnx_new_value(rmt_onnx_op *op); /* that no node makes yet */

/* A constant of `count` elements (shape [count]; a scalar for 0), whose bytes are copied; or a view of another one. */
int32_t rmt_onnx_add_ints(rmt_onnx_op *op, const int64_t *values, size_t count);
int32_t rmt_onnx_add_scalar(rmt_onnx_op *op, ramet_dtype dtype, const void *bytes);
int32_t rmt_onnx_add_tensor(rmt_onnx_op *op); /* attribute `value` */
int32_t rmt_onnx_add_view(rmt_onnx_op *op, const rmt_value *constant, const rmt_shape *shape, const void *data);

/* Attributes of the node that was added last. */
void rmt_onnx_set_int(rmt_onnx_op *op, const char *name, int64_t value);
void rmt_onnx_set_float(rmt_onnx_op *op, const char *name, double value);
void rmt_onnx_set_text(rmt_onnx_op *op, const char *name, const char *value);
void rmt_onnx_set_ints(rmt_onnx_op *op, const char *name, const int64_t *values, size_t count);
void rmt_onnx_set_floats(rmt_onnx_op *op, const char *name, const double *values, size_t count);

/* Output `index` of the operator is this value. */
void rmt_onnx_give(rmt_onnx_op *op, size_t index, int32_t value);
/* Output `index` is something that ramet does not make; whoever reads it is refused. */
void rmt_onnx_leave(rmt_onnx_op *op, size_t index);

#endif

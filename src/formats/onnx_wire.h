/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ONNX messages, one at a time, as wire.h has those of ProgramDesc: a span of
 * the file enters, a plain struct leaves whose sub-messages, strings and packed
 * numbers are again spans.
 *
 * Structs with lists are zeroed before the first read; reading again reuses
 * their memory; they are cleared at the end. Names that leave here hold no NUL
 * and are of bounded length; they may be empty.
 */
#ifndef RMT_FORMATS_ONNX_WIRE_H
#define RMT_FORMATS_ONNX_WIRE_H

#include "formats/wire.h"

typedef struct rmt_onnx_model {
    rmt_span graph;              /* message */
    rmt_list opsets, properties; /* rmt_span: messages; of no use to others */
    bool has_opset;
    int64_t opset; /* of the standard operators */
} rmt_onnx_model;

ramet_status rmt_onnx_read_model(const rmt_source *source, rmt_onnx_model *model, ramet_error *error);
void rmt_onnx_model_clear(rmt_onnx_model *model);

/* The text that the model carries under a key; false when there is none. */
bool rmt_onnx_read_property(const rmt_source *source, const rmt_onnx_model *model, const char *key, rmt_span *value);

/* rmt_span: messages. */
typedef struct rmt_onnx_graph {
    rmt_list nodes, initializers, inputs, outputs, hints, sparse;
} rmt_onnx_graph;

ramet_status rmt_onnx_read_graph(const rmt_source *source, rmt_span message, rmt_onnx_graph *graph, ramet_error *error);
void rmt_onnx_graph_clear(rmt_onnx_graph *graph);

typedef struct rmt_onnx_node {
    rmt_span name, type, domain; /* the type is not empty */
    rmt_list inputs, outputs;    /* rmt_span: names of values, empty ones among them */
    rmt_list attrs;              /* rmt_span: messages */
} rmt_onnx_node;

ramet_status rmt_onnx_read_node(const rmt_source *source, rmt_span message, rmt_onnx_node *node, ramet_error *error);
void rmt_onnx_node_clear(rmt_onnx_node *node);

/* A tensor or a graph (RMT_WIRE_ATTR_TENSOR, _BLOCK) is a message that leaves in attr->s. */
ramet_status rmt_onnx_read_attr(const rmt_source *source, rmt_span message, rmt_wire_attr *attr, ramet_error *error);

typedef struct rmt_onnx_tensor {
    rmt_span name;
    int32_t type; /* TensorProto.DataType */
    rmt_shape shape;
    rmt_list packed; /* rmt_span: the numbers of the typed field that goes with the type */
    bool is_varint;  /* packed holds integers of varying length */
    bool has_raw, is_external;
    rmt_span raw;
    rmt_list floats, ints32, ints64, doubles, external; /* of no use to others */
} rmt_onnx_tensor;

ramet_status rmt_onnx_read_tensor(const rmt_source *source, rmt_span message, rmt_onnx_tensor *tensor,
                                  ramet_error *error);
void rmt_onnx_tensor_clear(rmt_onnx_tensor *tensor);

typedef struct rmt_onnx_value_info {
    rmt_span name;
    bool is_tensor;
    int32_t type;    /* TensorProto.DataType */
    rmt_shape shape; /* -1: a dim that is not said; rank -1: nothing said */
} rmt_onnx_value_info;

ramet_status rmt_onnx_read_value_info(const rmt_source *source, rmt_span message, rmt_onnx_value_info *info,
                                      ramet_error *error);

/* TensorProto.DataType -> element type; false when it is none that ramet has. */
bool rmt_onnx_dtype(int64_t type, ramet_dtype *dtype);

#endif

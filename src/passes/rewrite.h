/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What passes are made of: the list of them, questions about nodes, and the
 * few ways in which a graph is rewritten. Shared by the files of this room.
 */
#ifndef RMT_REWRITE_H
#define RMT_REWRITE_H

#include "passes/passes.h"

extern const rmt_pass rmt_pass_drop_identities;
extern const rmt_pass rmt_pass_fold_constants;
extern const rmt_pass rmt_pass_fold_crop;
extern const rmt_pass rmt_pass_fold_affine;
extern const rmt_pass rmt_pass_fuse_residual;
extern const rmt_pass rmt_pass_fuse_activation;
extern const rmt_pass rmt_pass_fold_output_scale;
extern const rmt_pass rmt_pass_fold_gate;
extern const rmt_pass rmt_pass_pool_earlier;
extern const rmt_pass rmt_pass_resize_later;
extern const rmt_pass rmt_pass_join_products;
extern const rmt_pass rmt_pass_fuse_resize_sum;
extern const rmt_pass rmt_pass_fuse_resize_arg;
extern const rmt_pass rmt_pass_read_activations;
extern const rmt_pass rmt_pass_read_norms;
extern const rmt_pass rmt_pass_fold_product_scale;
extern const rmt_pass rmt_pass_fuse_product_sum;
extern const rmt_pass rmt_pass_drop_dead;
extern const rmt_pass rmt_pass_place_later;

/* value is written in the block in which node stands. */
bool rmt_same_block(const rmt_graph *graph, int32_t value, int32_t node);

/* The node that reads value, if it is read once, in the block that writes it, and is no output of the graph; else -1. */
int32_t rmt_only_reader(const rmt_graph *graph, int32_t value);

/* node makes what `reader`, which reads only node's output, made; reader dies. */
void rmt_absorb_reader(rmt_graph *graph, int32_t node, int32_t reader);

/* A new node in front of node `at`, in its block; nodes from `at` on move by one. Its index, -1 when memory is exhausted. */
int32_t rmt_insert_node(rmt_graph *graph, int32_t at, const char *op, const char *name, const int32_t *inputs,
                        size_t input_count, int32_t output);

/* Node `from` comes to stand at `to` >= from; those in between move by one towards it. */
void rmt_move_node(rmt_graph *graph, int32_t from, int32_t to);

/* node gets addend as input `index` and moves to the place of the addition `sum`, where all of its inputs are there. */
bool rmt_move_to_sum(rmt_graph *graph, int32_t node, int32_t sum, int32_t index, int32_t addend);

/* Both are images of one shape, as far as the file tells. */
bool rmt_same_images(const rmt_graph *graph, int32_t a, int32_t b);

/* node's operator is one of the names (a list that ends with NULL). */
bool rmt_is_op(const rmt_node *node, const char *const *names);
bool rmt_is_convolution(const rmt_node *node);
/* A convolution with constant weights and without groups, of which each pixel is made of one pixel. */
bool rmt_is_pointwise(const rmt_graph *graph, const rmt_node *node);
bool rmt_has_activation(const rmt_node *node);

/* The value at index, RMT_NO_VALUE where the node has fewer inputs. */
int32_t rmt_input_at(const rmt_node *node, int32_t index);
/* Sets it, with absent inputs in between. False when memory is exhausted. */
bool rmt_set_input(rmt_graph *graph, int32_t node, int32_t index, int32_t value);

/* An operation with numbers that do not change, seen from its input x: y = x * scale + shift. */
typedef struct rmt_affine {
    int64_t count;        /* 1: one pair of numbers; otherwise one pair for each channel (dimension 1) */
    float *scale, *shift; /* count numbers each, in the graph's arena */
} rmt_affine;

/*
 * Reads the node as y = x * scale + shift of value x with `channels` channels (0: only one pair of numbers will do).
 * batch_norm, add, subtract, multiply, divide, scale. False: it is nothing like that, or memory is exhausted.
 */
bool rmt_affine_read(rmt_graph *graph, const rmt_node *node, int32_t x, int64_t channels, rmt_affine *affine);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of a model; shared by the files of this room only.
 */
#ifndef RMT_MODEL_H
#define RMT_MODEL_H

#include "plan/plan.h"

/* For each of several keys a list of indices: those of key k are items[first[k]] .. items[first[k + 1] - 1]. */
typedef struct rmt_index_lists {
    int32_t *first, *items;
} rmt_index_lists;

struct rmt_model {
    rmt_graph graph; /* constants: data points into the blob, or is NULL when they live on in packed form */
    rmt_model_option option;
    rmt_pass_report passes;
    rmt_bound_node *nodes;       /* one for each node of the graph; in the graph's arena */
    bool *constant;              /* one for each value: it is a constant, whether its data is still there or packed */
    rmt_index_lists block_nodes; /* for each block its nodes */
    rmt_index_lists deaths;      /* for each node the values that it reads last */
    unsigned char *blob;         /* whole pages, read-only once packed */
    size_t blob_bytes;
    rmt_lock lock;    /* of what follows */
    rmt_plan **plans; /* most recently used first */
    int32_t plan_count;
    rmt_arena planning; /* the room of the plan in the making: new pages for each would be a third of its time */
    int file;           /* whose pages the blob is; RMT_NO_FILE: this process's own */
    _Atomic(uint64_t) references;
};

/* What has been made of a graph before. */
typedef struct rmt_model_packed {
    rmt_pass_report passes;
    unsigned char *blob; /* whole pages */
    size_t bytes;
} rmt_model_packed;

/*
 * As rmt_model_create(), from a graph that has been through the passes and whose constants are elsewhere. The model takes
 * the blob over once it is made. packed NULL: all is still to do.
 */
ramet_status rmt_model_adopt(rmt_graph *graph, const rmt_model_packed *packed, const rmt_model_option *option,
                             rmt_model **model, ramet_error *error);

/*
 * Takes model->lock. In a child of a process that has forked while another thread had it, nobody knows how far that thread
 * had come: the plans are forgotten there, and their memory is not given back.
 */
void rmt_model_lock(rmt_model *model);

/* Makes a plan; the caller holds the one reference. */
ramet_status rmt_plan_create(rmt_model *model, const rmt_view *inputs, rmt_plan **plan, ramet_error *error);

/* Fills model->block_nodes and model->deaths, in the graph's arena. False when memory is exhausted. */
bool rmt_model_find_lifetimes(rmt_model *model);

/* Sets offsets of all buffers and returns the size of the arena; -1 when memory is exhausted. */
int64_t rmt_plan_pack_buffers(rmt_plan_buffer *buffers, int32_t count, rmt_arena *memory);

#endif

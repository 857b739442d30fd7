/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One operator without a model around it: from a line of text to results, by
 * the same steps as the planner's, with inputs in any layout.
 *
 *     one_op o;
 *     one_op_init(&o, "reduce_mean dim=[2,3] keep_dim=1", 1);
 *     one_op_input(&o, (rmt_shape){4, {1, 3, 5, 7}}, numbers);
 *     assert_int_equal(one_op_load(&o), RAMET_STATUS_OK);
 *     one_op_run(&o, &(one_op_style){.layout = ONE_OP_CHANNELS_LAST});
 *     ... o.result[0] is dense ...
 *     one_op_clear(&o);
 *
 * Every buffer is as large as it must be and no larger, and full of rubbish
 * before a run.
 */
#ifndef RAMET_TEST_ONE_OP_H
#define RAMET_TEST_ONE_OP_H

#include "ops/ops_help.h"

enum { ONE_OP_MOST = 24 };

/* How inputs that are fed lie in memory; what a layout cannot say (channels last of rank 2) is dense. */
typedef enum one_op_layout {
    ONE_OP_DENSE,
    ONE_OP_CHANNELS_LAST,
    ONE_OP_BACKWARDS, /* the first dimension innermost */
    ONE_OP_GAPPED,    /* dense, but every stride a few elements too long, the innermost 2 */
    ONE_OP_LAYOUTS
} one_op_layout;

typedef struct one_op_style {
    one_op_layout layout;
    bool in_place;              /* the output takes over the input that the operator offers */
    int64_t wider;              /* pixels of channels-last outputs that allow it lie so much further apart */
    const rmt_kernels *kernels; /* NULL: base */
    int threads;                /* 0: 1 */
} one_op_style;

typedef struct one_op {
    rmt_graph graph;
    const rmt_op *op;
    int32_t node, input_count, output_count;
    rmt_view input[ONE_OP_MOST]; /* dense; an absent one has rank -1 */
    bool known[ONE_OP_MOST];     /* numbers are told to infer */
    rmt_view result[ONE_OP_MOST];
    rmt_output_place place[ONE_OP_MOST]; /* as the operator wished at the last run */
    int copies;                          /* of inputs that had not the form it asked for */
    void *params;
    float *panels;
    unsigned char *packed;
    uint64_t packed_inputs;
    ramet_error error;
    void *owned[256]; /* buffers to free */
    int owned_count;
} one_op;

/* text: the canonical name, then attributes: n=1 f=0.5 l=[1,2] m=[0.5,2.0] s="text". Fails the test on nonsense. */
void one_op_init(one_op *o, const char *text, int32_t output_count);
void one_op_clear(one_op *o);

/*
 * The next input: fed when running, known already when planning, a constant of the model, or absent. Data is copied;
 * an input whose data is NULL can be inferred, but not run.
 */
void one_op_input(one_op *o, rmt_shape shape, const float *data);
void one_op_add(one_op *o, ramet_dtype dtype, rmt_shape shape, const void *data, bool known);
void one_op_constant(one_op *o, rmt_shape shape, const float *data);
void one_op_absent(one_op *o);

/* Loads and packs. */
ramet_status one_op_load(one_op *o);

/* Infers into result[]: dtype and shape only. */
ramet_status one_op_infer(one_op *o);

/* Infers, places and runs; result[] becomes dense. Fails the test where infer fails. */
void one_op_run(one_op *o, const one_op_style *style);

/* `count` floats in [-2, 2), the same for the same seed; in static memory until the next call with that slot (0..7). */
const float *one_op_numbers(int slot, size_t count, uint32_t seed);

#endif

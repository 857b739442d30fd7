/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resizing of images: what its two files share. op_interp.c reads attributes
 * and settles sizes; interp_run.c finds sample points and does the arithmetic.
 */
#ifndef RMT_INTERP_H
#define RMT_INTERP_H

#include "ops/convolution/sliding_window.h"

#define RMT_INTERP_SIDES 3 /* depth, height, width: [n, c, w], [n, c, h, w] and [n, c, d, h, w] use the last ones */

/* From the number of an output pixel to a place in the input; pixel 0 covers [-0.5, 0.5). */
typedef enum rmt_coordinates {
    RMT_COORDINATES_ASYMMETRIC,
    RMT_COORDINATES_HALF_PIXEL,
    RMT_COORDINATES_ALIGN_CORNERS,
    RMT_COORDINATES_PYTORCH_HALF_PIXEL,
    RMT_COORDINATES_HALF_PIXEL_SYMMETRIC,
    RMT_COORDINATES_TF_HALF_PIXEL_FOR_NN,
    RMT_COORDINATES_COUNT
} rmt_coordinates;

typedef enum rmt_nearest {
    RMT_NEAREST_FLOOR,
    RMT_NEAREST_CEIL,
    RMT_NEAREST_ROUND_PREFER_FLOOR,
    RMT_NEAREST_ROUND_PREFER_CEIL,
    RMT_NEAREST_COUNT
} rmt_nearest;

typedef struct rmt_interp {
    int32_t taps, rank; /* along a side: 1 nearest, 2 linear, 4 cubic; rank 0: any */
    rmt_coordinates coordinates;
    rmt_nearest nearest;
    bool divides;  /* a place is index / scale, as ONNX has it, instead of index * ratio */
    bool by_sizes; /* ratios follow from sizes alone, also where a scale made these */
    bool exclude_outside;
    float cubic;
    int64_t out[RMT_INTERP_SIDES]; /* 0: not given */
    double scale[RMT_INTERP_SIDES];
    int32_t scales; /* how many are given */
    bool size_is_tensor, scale_is_tensor;
} rmt_interp;

/* One side of one input: sizes, and the scale that was asked for (0: none). */
typedef struct rmt_interp_side {
    int32_t in, out;
    float scale;
} rmt_interp_side;

/* The sides of a tensor; unused ones are 1 -> 1. The scales are known, or 0. */
void rmt_interp_sides(const rmt_interp *params, const rmt_view *in, int32_t in_count, const rmt_shape *out,
                      rmt_interp_side sides[RMT_INTERP_SIDES]);

/* Output pixel i of the side is input pixel i for each i. PaddlePaddle looks at sizes only, whatever the scale. */
bool rmt_interp_is_identity(const rmt_interp *params, const rmt_interp_side *side);

/* Attributes of an interp, and the shape of its result; for operators that begin with one. */
ramet_status rmt_interp_load(rmt_op_load *load, rmt_interp *params);
ramet_status rmt_interp_infer(rmt_op_infer *infer, const rmt_interp *params, rmt_shape *out);

/* ---- run --------------------------------------------------------------------------------------------------------- */

/* Up to four pixels along one side with their weights. */
#define RMT_INTERP_TAPS 4
typedef struct rmt_interp_sample {
    int32_t at[RMT_INTERP_TAPS];
    float weight[RMT_INTERP_TAPS];
} rmt_interp_sample;

/* What is found once for all pixels of a run. */
typedef struct rmt_interp_loop {
    const rmt_kernels *kernels;
    const rmt_interp *params;
    rmt_interp_side sides[RMT_INTERP_SIDES];
    rmt_interp_sample *samples[RMT_INTERP_SIDES];
    int32_t taps[RMT_INTERP_SIDES]; /* 1 along a side that is not there */
    rmt_pixels x;                   /* an image of rank 5 has its planes below each other: h is d * h */
    rmt_area area;                  /* of an image of rank 4: what is made; all zero for others */
    rmt_lerp_tap *row_taps;         /* not NULL: lines of the input are blended first, then along the row */
    float *lines;                   /* a line for each thread */
    size_t line_floats;
} rmt_interp_loop;

/* A stretch of one row of the result. */
typedef struct rmt_interp_piece {
    int32_t n, row, first, count; /* columns from `first` on */
    const float *line;            /* rmt_interp_line() of the row */
    const float *add; /* NULL, or the stretch of what is added; may be out where rmt_interp_adds_in_place() */
    ptrdiff_t add_pixel, out_pixel;
    float *out;
} rmt_interp_piece;

/* x: the input, with its form; out: the result's shape. Scratch is aligned; the loop keeps pointers into it. */
size_t rmt_interp_scratch(const rmt_interp *params, const rmt_interp_side sides[RMT_INTERP_SIDES], const rmt_view *x,
                          int32_t threads);
void rmt_interp_start(rmt_interp_loop *loop, const rmt_op_run *run, const rmt_interp *params, const rmt_shape *out);

/* The sum with an image may take that image's memory. */
bool rmt_interp_adds_in_place(const rmt_interp *params, const rmt_interp_side sides[RMT_INTERP_SIDES],
                              const rmt_view *x);

/* What the pieces of a row of image n share; NULL where they share nothing. Valid until the thread's next call. */
const float *rmt_interp_line(const rmt_interp_loop *loop, int32_t n, int32_t row, int thread);
void rmt_interp_piece_run(const rmt_interp_loop *loop, const rmt_interp_piece *piece);

void rmt_interp_run(const rmt_op_run *run);
bool rmt_interp_area(const void *params, const rmt_view *in, const rmt_view *out, rmt_area *made, rmt_area *needed);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copying between any two layouts of one shape: runs of memory, transposed
 * slabs (channels first to channels last and back), or single elements.
 */
#include "ops/ops_help.h"

#include <string.h>

enum { SLAB = 128 }; /* rows of a transposed piece */

static void copy_elements(size_t bytes, const rmt_row *row)
{
    unsigned char *to = row->at[0];
    const unsigned char *from = row->at[1];
    int64_t to_step = row->step[0] * (int64_t)bytes, from_step = row->step[1] * (int64_t)bytes;
    for (int64_t i = 0; i < row->n; i++) {
        switch (bytes) { /* constant sizes become single moves */
        case 1: to[i * to_step] = from[i * from_step]; break;
        case 2: memcpy(to + i * to_step, from + i * from_step, 2); break;
        case 4: memcpy(to + i * to_step, from + i * from_step, 4); break;
        default: memcpy(to + i * to_step, from + i * from_step, 8); break;
        }
    }
}

static void copy_row(void *context, const rmt_row *row)
{
    size_t bytes = *(const size_t *)context;
    if (row->step[0] == 1 && row->step[1] == 1)
        memcpy(row->at[0], row->at[1], (size_t)row->n * bytes);
    else
        copy_elements(bytes, row);
}

/* A slab: the row lies together in the source; `columns` of them lie together in the destination. */
typedef struct slab {
    const rmt_kernels *kernels;
    int64_t columns, from_stride;
} slab;

static void copy_slab(void *context, const rmt_row *row)
{
    const slab *s = context;
    s->kernels->transpose(row->at[1], s->from_stride, row->at[0], row->step[0], row->n, s->columns);
}

/* The dimension that makes slabs with the last one; -1: none. */
static int32_t slab_dim(const rmt_nest *nest)
{
    int32_t last = nest->rank - 1;
    if (nest->bytes[0] != 4 || nest->strides[0][last] != 1 || nest->strides[1][last] == 1)
        return -1;
    for (int32_t i = last - 1; i >= 0; i--)
        if (nest->strides[1][i] == 1)
            return i;
    return -1;
}

static void copy(const rmt_kernels *kernels, rmt_team *team, const rmt_view *from, const rmt_view *to)
{
    rmt_nest nest = rmt_nest_of((const rmt_view *const[]){to, from}, 2);
    int32_t dim = slab_dim(&nest);
    if (dim < 0) {
        size_t bytes = ramet_dtype_bytes(to->dtype);
        rmt_nest_run(&nest, team, copy_row, &bytes);
        return;
    }
    int32_t last = --nest.rank;
    slab s = {kernels, nest.dims[last], nest.strides[1][last]};
    rmt_nest_make_row(&nest, dim);
    nest.piece = SLAB;
    rmt_nest_run(&nest, team, copy_slab, &s);
}

void rmt_copy_view(const rmt_kernels *kernels, const rmt_view *from, const rmt_view *to)
{
    copy(kernels, NULL, from, to);
}

void rmt_run_copy(const rmt_op_run *run, const rmt_view *from, const rmt_view *to)
{
    copy(run->kernels, run->team, from, to);
}

static void copy_place(rmt_op_place *place) { rmt_strides_dense(&place->out[0]); }

static void copy_run(const rmt_op_run *run) { rmt_run_copy(run, &run->in[0], &run->out[0]); }

const rmt_op rmt_op_copy = {.name = "copy",
                            .flags = RMT_OP_PIXELWISE,
                            .load = rmt_load_one_input,
                            .infer = rmt_infer_same,
                            .place = copy_place,
                            .run = copy_run};

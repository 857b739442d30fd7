/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a kernel that makes sums does with them before it stores: the cheap activations are applied in registers, the
 * others afterwards to the stored elements, while these are in the first-level cache.
 */
#ifndef RMT_EPILOGUE_H
#define RMT_EPILOGUE_H

#include "kernels/simd.h"

/* x * (min(max(x + offset, 0), threshold) / divisor), where factor = 1 / divisor; large x do not overflow */
RMT_INLINE vf v_hard_swish(vf x, vf threshold, vf factor, vf offset)
{
    return x * (v_clamp(x + offset, v_set(0), threshold) * factor);
}

/* Clamping to infinite limits changes nothing, so it needs no switch. */
typedef struct epilogue {
    float low, high;
    bool hard_swish;
    float threshold, factor, offset;
    bool behind; /* the activation has to be applied to the stored elements */
} epilogue;

RMT_INLINE epilogue epilogue_make(const rmt_activation *act)
{
    epilogue e = {.low = -INFINITY, .high = INFINITY};
    if (act->scale != 1.0f || act->shift != 0.0f) {
        e.behind = true;
    } else if (act->function == RMT_UNARY_RELU) {
        e.low = 0;
    } else if (act->function == RMT_UNARY_CLIP) {
        e.low = act->p0;
        e.high = act->p1;
    } else if (act->function == RMT_UNARY_HARD_SWISH) {
        e.hard_swish = true;
        e.threshold = act->p0;
        e.factor = 1.0f / act->p1;
        e.offset = act->p2;
    } else {
        e.behind = act->function != RMT_UNARY_NONE;
    }
    return e;
}

/* The same in registers, for loops that store between its uses. */
typedef struct epilogue_vectors {
    vf low, high, threshold, factor, offset;
    bool hard_swish;
} epilogue_vectors;

RMT_INLINE epilogue_vectors epilogue_load(const epilogue *e)
{
    return (epilogue_vectors){v_set(e->low),    v_set(e->high),   v_set(e->threshold),
                              v_set(e->factor), v_set(e->offset), e->hard_swish};
}

RMT_INLINE vf epilogue_apply(const epilogue_vectors *e, vf x)
{
    return e->hard_swish ? v_hard_swish(x, e->threshold, e->factor, e->offset) : v_clamp(x, e->low, e->high);
}

#endif

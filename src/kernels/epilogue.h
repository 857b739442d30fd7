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

typedef struct epilogue {
    bool clamp, hard_swish;
    bool behind; /* the activation has to be applied to the stored elements */
    float low, high, threshold, factor, offset;
} epilogue;

RMT_INLINE epilogue epilogue_make(const rmt_activation *act)
{
    epilogue e = {.low = 0, .high = INFINITY};
    if (act->scale != 1.0f || act->shift != 0.0f) {
        e.behind = true;
    } else if (act->function == RMT_UNARY_RELU) {
        e.clamp = true;
    } else if (act->function == RMT_UNARY_CLIP) {
        e.clamp = true;
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

RMT_INLINE vf epilogue_apply(const epilogue *e, vf x)
{
    if (e->clamp)
        x = v_clamp(x, v_set(e->low), v_set(e->high));
    if (e->hard_swish)
        x = v_hard_swish(x, v_set(e->threshold), v_set(e->factor), v_set(e->offset));
    return x;
}

#endif

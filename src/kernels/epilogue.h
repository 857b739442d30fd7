/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a kernel that makes sums does with them before it stores: the cheap activations are applied in registers, the
 * others afterwards to the stored elements, while these are in the first-level cache.
 */
#ifndef RMT_EPILOGUE_H
#define RMT_EPILOGUE_H

#include "kernels/simd.h"

/* x times the slope factor * x + offset, which is kept between 0 and limit; large x do not overflow */
RMT_INLINE vf v_hard_swish(vf x, vf limit, vf factor, vf offset)
{
    return x * v_clamp(x * factor + offset, v_min(limit, v_set(0)), v_max(limit, v_set(0)));
}

/* What happens to a sum. */
typedef enum epilogue_kind {
    EPILOGUE_NONE, /* nothing, or nothing before it is stored */
    EPILOGUE_CLAMP,
    EPILOGUE_SCALED_CLAMP, /* clamped, then * scale + shift */
    EPILOGUE_HARD_SWISH    /* with scale in the factor, and + shift */
} epilogue_kind;

typedef struct epilogue {
    epilogue_kind kind;
    float low, high;
    float scale, shift;
    float limit, factor, offset;
    bool behind; /* the activation has to be applied to the stored elements */
} epilogue;

RMT_INLINE epilogue epilogue_make(const rmt_activation *act)
{
    epilogue e = {.low = -INFINITY, .high = INFINITY, .scale = act->scale, .shift = act->shift};
    if (act->function == RMT_UNARY_RELU || act->function == RMT_UNARY_CLIP)
        e.kind = EPILOGUE_CLAMP;
    if (act->scale != 1.0f || act->shift != 0.0f)
        e.kind = EPILOGUE_SCALED_CLAMP;
    if (act->function == RMT_UNARY_RELU) {
        e.low = 0;
    } else if (act->function == RMT_UNARY_CLIP) {
        e.low = act->p0;
        e.high = act->p1;
    } else if (act->function == RMT_UNARY_HARD_SWISH) {
        e.kind = EPILOGUE_HARD_SWISH;
        e.factor = act->scale / act->p1;
        e.limit = act->p0 * e.factor;
        e.offset = act->p2 * e.factor;
    } else if (act->function != RMT_UNARY_NONE) {
        e.kind = EPILOGUE_NONE;
        e.behind = true;
    }
    return e;
}

/* The same in registers, for loops that store between its uses. */
typedef struct epilogue_vectors {
    epilogue_kind kind;
    vf low, high, scale, shift, limit, factor, offset;
} epilogue_vectors;

RMT_INLINE epilogue_vectors epilogue_load(const epilogue *e)
{
    return (epilogue_vectors){e->kind,         v_set(e->low),   v_set(e->high),   v_set(e->scale),
                              v_set(e->shift), v_set(e->limit), v_set(e->factor), v_set(e->offset)};
}

RMT_INLINE vf epilogue_clamp(const epilogue_vectors *e, vf x) { return v_clamp(x, e->low, e->high); }

RMT_INLINE vf epilogue_scaled_clamp(const epilogue_vectors *e, vf x)
{
    return v_clamp(x, e->low, e->high) * e->scale + e->shift;
}

RMT_INLINE vf epilogue_hard_swish(const epilogue_vectors *e, vf x)
{
    return v_hard_swish(x, e->limit, e->factor, e->offset) + e->shift;
}

RMT_INLINE vf epilogue_apply(const epilogue_vectors *e, vf x)
{
    if (e->kind == EPILOGUE_HARD_SWISH)
        return epilogue_hard_swish(e, x);
    if (e->kind == EPILOGUE_NONE)
        return x;
    return e->kind == EPILOGUE_CLAMP ? epilogue_clamp(e, x) : epilogue_scaled_clamp(e, x);
}

/* An activation behind the store of neighbouring pixels; without gaps they are one row. */
RMT_INLINE void epilogue_pixels(float *first, ptrdiff_t pixel, int32_t count, int32_t channels,
                                const rmt_activation *act)
{
    if (pixel == channels) {
        RMT_NAME(unary)(first, first, (int64_t)count * channels, act);
        return;
    }
    for (int32_t i = 0; i < count; i++)
        RMT_NAME(unary)(first + i * pixel, first + i * pixel, channels, act);
}

typedef vf epilogue_function(const epilogue_vectors *e, vf x);

#endif

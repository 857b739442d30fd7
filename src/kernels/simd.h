/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One vector of floats, as wide as the level that is being compiled: 4, 8 or 16 lanes.
 *
 * Arithmetic is written with the operators of GCC's vector extensions; a product that feeds a sum becomes one fused
 * operation where the level has it. Intrinsics appear here and nowhere else, for what the operators cannot say:
 * minimum, maximum, choice, rounding and access to a part of a vector. Without them (SSE2 or another processor) a part
 * is moved lane by lane. No access touches an element outside the part that it names.
 */
#ifndef RMT_SIMD_H
#define RMT_SIMD_H

#include "kernels/level.h"

#include <math.h>
#include <string.h>

#define RMT_VL_base 4
#define RMT_VL_avx2 8
#define RMT_VL_avx512 16
#define RMT_VL_avx512_bf16 16

/* Floats in a vector, a constant also for the preprocessor. */
#define RMT_VL RMT_PASTE(RMT_VL_, RMT_LEVEL)
#define RMT_PARTS (RMT_PANEL / RMT_VL) /* vectors in a panel row */
#ifdef __AVX512BF16__
#define RMT_HAS_DOT 1 /* sums of products of bfloat16 */
#else
#define RMT_HAS_DOT 0
#endif
#define RMT_INLINE static inline __attribute__((always_inline))

#if RMT_VL > 4 || defined(__SSE2__)
#include <immintrin.h>
#endif

typedef float vf __attribute__((vector_size(RMT_VL * 4)));
typedef int32_t vi __attribute__((vector_size(RMT_VL * 4)));
typedef uint32_t vu __attribute__((vector_size(RMT_VL * 4))); /* for sums and shifts of bits, which wrap */
typedef float vf_anywhere __attribute__((vector_size(RMT_VL * 4), aligned(4), may_alias));
typedef uint32_t vu_anywhere __attribute__((vector_size(RMT_VL * 4), aligned(2), may_alias));

/* ---- whole vectors ------------------------------------------------------------------------------------ */

RMT_INLINE vf v_load(const float *p) { return *(const vf_anywhere *)p; }

RMT_INLINE void v_store(float *p, vf v) { *(vf_anywhere *)p = v; }

RMT_INLINE vf v_set(float x)
{
#if RMT_VL == 16
    return (vf)_mm512_set1_ps(x);
#elif RMT_VL == 8
    return (vf)_mm256_set1_ps(x);
#else
    return (vf){x, x, x, x};
#endif
}

RMT_INLINE vi v_set_int(int32_t x) { return (vi){0} + x; }

/*
 * Vector `part` of a row of sixteen bfloat16 that lie as eight pairs: the first of a pair belongs to the first eight
 * columns, the second to the last eight.
 */
RMT_INLINE vf v_load_bfloat16(const uint16_t *pairs, const int32_t part)
{
#if RMT_VL == 16
    const __m512i both = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i_u *)pairs));
    const __m512i up = _mm512_setr_epi32(16, 16, 16, 16, 16, 16, 16, 16, 0, 0, 0, 0, 0, 0, 0, 0);
    (void)part;
    return (vf)((vu)_mm512_sllv_epi32(both, up) & 0xffff0000);
#else
    const int32_t column = part * RMT_VL;
    const vu pair = *(const vu_anywhere *)(pairs + column % 8 * 2);
    return (vf)(column < 8 ? pair << 16 : pair & 0xffff0000);
#endif
}

#if RMT_HAS_DOT
/* `count` <= 32 floats to bfloat16: to nearest, ties to even, denormals to zero; NaN stays NaN. */
RMT_INLINE void v_round_to_bfloat16(const float *from, uint16_t *to, int32_t count)
{
    for (int32_t i = 0; i < count; i += RMT_VL) {
        const __mmask16 part = (__mmask16)(count - i >= RMT_VL ? 0xffff : (1u << (count - i)) - 1);
        const __m512 x = _mm512_maskz_loadu_ps(part, from + i);
        _mm256_mask_storeu_epi16(to + i, part, (__m256i)_mm512_cvtneps_pbh(x));
    }
}

/*
 * The pairs of two rows of sixteen bfloat16, column by column: the first and the second row's. The rows lie as v_load_bfloat16()
 * reads them; where there is but one (last), the other is zero.
 */
RMT_INLINE __m512i v_load_pairs(const uint16_t *rows, const bool last)
{
    const __m512i first = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15);
    const __m512i places =
        _mm512_or_si512(first, _mm512_slli_epi32(_mm512_add_epi32(first, _mm512_set1_epi32(16)), 16));
    const __m512i both =
        last ? _mm512_zextsi256_si512(_mm256_loadu_si256((const __m256i_u *)rows)) : _mm512_loadu_si512(rows);
    return _mm512_permutexvar_epi16(places, both);
}

/* sum + x[0] * pairs[0] + x[1] * pairs[1] in each lane, with one pair x for all */
RMT_INLINE vf v_add_dot(vf sum, const uint16_t x[2], __m512i pairs)
{
    int32_t both;
    memcpy(&both, x, sizeof both);
    return (vf)_mm512_dpbf16_ps((__m512)sum, (__m512bh)_mm512_set1_epi32(both), (__m512bh)pairs);
}
#endif

/* mask lanes are all ones or all zeros, as comparisons make them */
RMT_INLINE vf v_select(vi mask, vf yes, vf no)
{
#if RMT_VL == 8
    return (vf)_mm256_blendv_ps((__m256)no, (__m256)yes, (__m256)mask);
#else
    return (vf)((mask & (vi)yes) | (~mask & (vi)no));
#endif
}

/* a > b ? a : b, so b where either is NaN */
RMT_INLINE vf v_max(vf a, vf b)
{
#if RMT_VL == 16
    return (vf)_mm512_max_ps((__m512)a, (__m512)b);
#elif RMT_VL == 8
    return (vf)_mm256_max_ps((__m256)a, (__m256)b);
#elif defined(__SSE2__)
    return (vf)_mm_max_ps((__m128)a, (__m128)b);
#else
    return v_select(a > b, a, b);
#endif
}

/* a < b ? a : b, so b where either is NaN */
RMT_INLINE vf v_min(vf a, vf b)
{
#if RMT_VL == 16
    return (vf)_mm512_min_ps((__m512)a, (__m512)b);
#elif RMT_VL == 8
    return (vf)_mm256_min_ps((__m256)a, (__m256)b);
#elif defined(__SSE2__)
    return (vf)_mm_min_ps((__m128)a, (__m128)b);
#else
    return v_select(a < b, a, b);
#endif
}

RMT_INLINE vf v_clamp(vf x, vf low, vf high) { return v_min(high, v_max(low, x)); /* NaN stays NaN */ }

/* sum + a * b, never as two operations where the level has one: the compiler may move a product away from its sum. */
RMT_INLINE vf v_multiply_add(vf a, vf b, vf sum)
{
#if RMT_VL == 16
    return (vf)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)sum);
#elif RMT_VL == 8
    return (vf)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)sum);
#else
    return sum + a * b;
#endif
}

RMT_INLINE vf v_sqrt(vf x)
{
#if RMT_VL == 16
    return (vf)_mm512_sqrt_ps((__m512)x);
#elif RMT_VL == 8
    return (vf)_mm256_sqrt_ps((__m256)x);
#elif defined(__SSE2__)
    return (vf)_mm_sqrt_ps((__m128)x);
#else
    for (int i = 0; i < RMT_VL; i++)
        x[i] = sqrtf(x[i]);
    return x;
#endif
}

RMT_INLINE vf v_abs(vf x) { return (vf)((vi)x & 0x7fffffff); }

RMT_INLINE vf v_copysign(vf magnitude, vf sign) { return (vf)(((vi)magnitude & 0x7fffffff) | ((vi)sign & INT32_MIN)); }

/* Toward zero; the sign of zero, NaN and what is too large for a fraction stay as they are. */
RMT_INLINE vf v_trunc(vf x)
{
    vi small = v_abs(x) < v_set(8388608.0f);
    vf whole = __builtin_convertvector(__builtin_convertvector(v_select(small, x, v_set(0)), vi), vf);
    return v_select(small, v_copysign(whole, x), x);
}

RMT_INLINE vf v_floor(vf x)
{
    vf whole = v_trunc(x);
    return v_select(whole > x, whole - 1.0f, whole);
}

/* 2^n for -126 <= n <= 127 */
RMT_INLINE vf v_power_of_two(vi n) { return (vf)(((vu)n + 127) << 23); }

/* ---- the first n floats of a vector, 0 < n < RMT_VL ------------------------------------------------------ */

#if RMT_VL == 8
RMT_INLINE __m256i v_mask(int32_t n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
#endif

/* Lanes from n on are zero. */
RMT_INLINE vf v_load_part(const float *p, int32_t n)
{
#if RMT_VL == 16
    return (vf)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
#elif RMT_VL == 8
    return (vf)_mm256_maskload_ps(p, v_mask(n));
#else
    vf v = {0};
    for (int32_t i = 0; i < n; i++)
        v[i] = p[i];
    return v;
#endif
}

/* AVX2 has a masked store, but some processors run it as a long microprogram: halves, pairs and singles are faster. */
RMT_INLINE void v_store_part(float *p, vf v, int32_t n)
{
#if RMT_VL == 16
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), (__m512)v);
#elif RMT_VL == 8
    __m128 rest = _mm256_castps256_ps128((__m256)v);
    if (n & 4) {
        _mm_storeu_ps(p, rest);
        rest = _mm256_extractf128_ps((__m256)v, 1);
        p += 4;
    }
    if (n & 2) {
        _mm_storel_pi((__m64 *)p, rest);
        rest = _mm_movehl_ps(rest, rest);
        p += 2;
    }
    if (n & 1)
        _mm_store_ss(p, rest);
#else
    for (int32_t i = 0; i < n; i++)
        p[i] = v[i];
#endif
}

/* ---- whatever is left of a row: min(left, RMT_VL) floats, left >= 1 --------------------------------------- */

RMT_INLINE vf v_load_upto(const float *p, int64_t left)
{
    return left >= RMT_VL ? v_load(p) : v_load_part(p, (int32_t)left);
}

RMT_INLINE void v_store_upto(float *p, vf v, int64_t left)
{
    if (left >= RMT_VL)
        v_store(p, v);
    else
        v_store_part(p, v, (int32_t)left);
}

#endif

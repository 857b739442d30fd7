/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers of every dtype as int64 or double: shape arithmetic, casts and
 * whatever is rare enough not to deserve a kernel. Memory may be unaligned.
 */
#include "ops/ops_help.h"

#include <math.h>
#include <string.h>

bool rmt_dtype_is_float(ramet_dtype dtype)
{
    return dtype == RAMET_DTYPE_FLOAT32 || dtype == RAMET_DTYPE_FLOAT64 || dtype == RAMET_DTYPE_FLOAT16 ||
           dtype == RAMET_DTYPE_BFLOAT16;
}

/* ---- sixteen-bit floats ------------------------------------------------------------------------------------ */

static double float16_to_double(uint16_t bits)
{
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double magnitude = exponent == 0 ? ldexp(fraction, -24) : ldexp(1024 + fraction, exponent - 25);
    if (exponent == 31)
        magnitude = fraction == 0 ? (double)INFINITY : (double)NAN;
    return bits & 0x8000 ? -magnitude : magnitude;
}

/* To the nearest, ties to even. */
static uint16_t float16_from_double(double value)
{
    uint16_t sign = signbit(value) ? 0x8000 : 0;
    double magnitude = fabs(value);
    if (isnan(value))
        return (uint16_t)(sign | 0x7e00);
    if (magnitude >= 65520.0)
        return (uint16_t)(sign | 0x7c00);
    int exponent = 0;
    (void)frexp(magnitude, &exponent);
    int unit = magnitude < 0x1p-14 ? -24 : exponent - 11; /* of the last place */
    double places = nearbyint(ldexp(magnitude, -unit));
    return (uint16_t)(sign | (int)(unit == -24 ? places : (unit + 24) * 1024 + places));
}

static double bfloat16_to_double(uint16_t bits)
{
    uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return (double)value;
}

static uint16_t bfloat16_from_double(double value)
{
    float narrow = (float)value;
    uint32_t bits;
    memcpy(&bits, &narrow, sizeof bits);
    if (isnan(narrow))
        return (uint16_t)(bits >> 16 | 64);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/* ---- one number ---------------------------------------------------------------------------------------------- */

static int64_t saturate(double value)
{
    const double end = 9223372036854775808.0; /* 2^63 */
    if (!(value > -end))
        return isnan(value) ? 0 : INT64_MIN;
    return value < end ? (int64_t)value : INT64_MAX;
}

static double load_double(ramet_dtype dtype, const unsigned char *at)
{
    float single;
    double value;
    uint16_t half;
    switch (dtype) {
    case RAMET_DTYPE_FLOAT32: memcpy(&single, at, sizeof single); return (double)single;
    case RAMET_DTYPE_FLOAT64: memcpy(&value, at, sizeof value); return value;
    case RAMET_DTYPE_FLOAT16: memcpy(&half, at, sizeof half); return float16_to_double(half);
    default: memcpy(&half, at, sizeof half); return bfloat16_to_double(half);
    }
}

static int64_t load_int(ramet_dtype dtype, const unsigned char *at)
{
    int16_t i16;
    int32_t i32;
    int64_t i64;
    switch (dtype) {
    case RAMET_DTYPE_INT8: return (int8_t)*at;
    case RAMET_DTYPE_UINT8: return *at;
    case RAMET_DTYPE_BOOL: return *at != 0;
    case RAMET_DTYPE_INT16: memcpy(&i16, at, sizeof i16); return i16;
    case RAMET_DTYPE_INT32: memcpy(&i32, at, sizeof i32); return i32;
    default: memcpy(&i64, at, sizeof i64); return i64;
    }
}

static void store_double(ramet_dtype dtype, double value, unsigned char *at)
{
    float single = (float)value;
    uint16_t half;
    switch (dtype) {
    case RAMET_DTYPE_FLOAT32: memcpy(at, &single, sizeof single); return;
    case RAMET_DTYPE_FLOAT64: memcpy(at, &value, sizeof value); return;
    case RAMET_DTYPE_FLOAT16: half = float16_from_double(value); break;
    default: half = bfloat16_from_double(value); break;
    }
    memcpy(at, &half, sizeof half);
}

static void store_int(ramet_dtype dtype, int64_t value, unsigned char *at)
{
    /* Little-endian, so the first bytes are the low ones: that is the wrap. */
    switch (dtype) {
    case RAMET_DTYPE_INT64: memcpy(at, &value, 8); break;
    case RAMET_DTYPE_INT32: memcpy(at, &value, 4); break;
    case RAMET_DTYPE_INT16: memcpy(at, &value, 2); break;
    case RAMET_DTYPE_BOOL: *at = value != 0; break;
    default: memcpy(at, &value, 1); break;
    }
}

/* ---- many ------------------------------------------------------------------------------------------------------ */

/* Loops over one dtype. Inlined with a constant one they lose every choice inside. */
__attribute__((always_inline)) static inline void to_ints(ramet_dtype dtype, const unsigned char *at, int64_t step,
                                                          int64_t *to, int64_t n)
{
    int64_t bytes = step * (int64_t)ramet_dtype_bytes(dtype);
    bool is_float = rmt_dtype_is_float(dtype);
    for (int64_t i = 0; i < n; i++)
        to[i] = is_float ? saturate(load_double(dtype, at + i * bytes)) : load_int(dtype, at + i * bytes);
}

__attribute__((always_inline)) static inline void to_doubles(ramet_dtype dtype, const unsigned char *at, int64_t step,
                                                             double *to, int64_t n)
{
    int64_t bytes = step * (int64_t)ramet_dtype_bytes(dtype);
    bool is_float = rmt_dtype_is_float(dtype);
    for (int64_t i = 0; i < n; i++)
        to[i] = is_float ? load_double(dtype, at + i * bytes) : (double)load_int(dtype, at + i * bytes);
}

__attribute__((always_inline)) static inline void from_ints(ramet_dtype dtype, const int64_t *from, unsigned char *at,
                                                            int64_t step, int64_t n)
{
    int64_t bytes = step * (int64_t)ramet_dtype_bytes(dtype);
    for (int64_t i = 0; i < n; i++) {
        float single = (float)from[i]; /* not by way of a double, which would round twice */
        if (dtype == RAMET_DTYPE_FLOAT32)
            memcpy(at + i * bytes, &single, sizeof single);
        else if (rmt_dtype_is_float(dtype))
            store_double(dtype, (double)from[i], at + i * bytes);
        else
            store_int(dtype, from[i], at + i * bytes);
    }
}

__attribute__((always_inline)) static inline void from_doubles(ramet_dtype dtype, const double *from, unsigned char *at,
                                                               int64_t step, int64_t n)
{
    int64_t bytes = step * (int64_t)ramet_dtype_bytes(dtype);
    for (int64_t i = 0; i < n; i++)
        if (rmt_dtype_is_float(dtype))
            store_double(dtype, from[i], at + i * bytes);
        else
            store_int(dtype, dtype == RAMET_DTYPE_BOOL ? from[i] != 0 : saturate(from[i]), at + i * bytes);
}

void rmt_numbers_to_ints(ramet_dtype dtype, const void *from, int64_t step, int64_t *to, int64_t n)
{
    switch (dtype) {
    case RAMET_DTYPE_FLOAT32: to_ints(RAMET_DTYPE_FLOAT32, from, step, to, n); break;
    case RAMET_DTYPE_INT32: to_ints(RAMET_DTYPE_INT32, from, step, to, n); break;
    case RAMET_DTYPE_INT64: to_ints(RAMET_DTYPE_INT64, from, step, to, n); break;
    case RAMET_DTYPE_BOOL: to_ints(RAMET_DTYPE_BOOL, from, step, to, n); break;
    default: to_ints(dtype, from, step, to, n); break;
    }
}

void rmt_numbers_to_doubles(ramet_dtype dtype, const void *from, int64_t step, double *to, int64_t n)
{
    switch (dtype) {
    case RAMET_DTYPE_FLOAT32: to_doubles(RAMET_DTYPE_FLOAT32, from, step, to, n); break;
    case RAMET_DTYPE_FLOAT64: to_doubles(RAMET_DTYPE_FLOAT64, from, step, to, n); break;
    default: to_doubles(dtype, from, step, to, n); break;
    }
}

void rmt_numbers_from_ints(ramet_dtype dtype, const int64_t *from, void *to, int64_t step, int64_t n)
{
    switch (dtype) {
    case RAMET_DTYPE_FLOAT32: from_ints(RAMET_DTYPE_FLOAT32, from, to, step, n); break;
    case RAMET_DTYPE_INT32: from_ints(RAMET_DTYPE_INT32, from, to, step, n); break;
    case RAMET_DTYPE_INT64: from_ints(RAMET_DTYPE_INT64, from, to, step, n); break;
    case RAMET_DTYPE_BOOL: from_ints(RAMET_DTYPE_BOOL, from, to, step, n); break;
    default: from_ints(dtype, from, to, step, n); break;
    }
}

void rmt_numbers_from_doubles(ramet_dtype dtype, const double *from, void *to, int64_t step, int64_t n)
{
    switch (dtype) {
    case RAMET_DTYPE_FLOAT32: from_doubles(RAMET_DTYPE_FLOAT32, from, to, step, n); break;
    case RAMET_DTYPE_FLOAT64: from_doubles(RAMET_DTYPE_FLOAT64, from, to, step, n); break;
    default: from_doubles(dtype, from, to, step, n); break;
    }
}

/* ---- views and constants --------------------------------------------------------------------------------------- */

int64_t rmt_view_read_ints(const rmt_view *view, int64_t *values, int64_t capacity)
{
    int64_t count = rmt_shape_elements(&view->shape);
    if (view->data == NULL || count < 0 || count > capacity)
        return -1;
    rmt_numbers_to_ints(view->dtype, view->data, 1, values, count);
    return count;
}

void rmt_constant_floats(const rmt_value *constant, int64_t first, int64_t count, float *floats)
{
    const unsigned char *from =
        (const unsigned char *)constant->data + first * (int64_t)ramet_dtype_bytes(constant->dtype);
    if (constant->dtype == RAMET_DTYPE_FLOAT32) {
        memcpy(floats, from, (size_t)count * sizeof *floats);
        return;
    }
    double numbers[64];
    for (int64_t done = 0; done < count; done += 64) {
        int64_t n = rmt_min_i64(64, count - done);
        rmt_numbers_to_doubles(constant->dtype, from + done * (int64_t)ramet_dtype_bytes(constant->dtype), 1, numbers,
                               n);
        for (int64_t i = 0; i < n; i++)
            floats[done + i] = (float)numbers[i];
    }
}

/* The place of B(q, j) in panels of k rows. */
static int64_t panel_index(int64_t k, int64_t q, int64_t j)
{
    return j / RMT_PANEL * k * RMT_PANEL + q * RMT_PANEL + j % RMT_PANEL;
}

void rmt_constant_panels(const rmt_value *m, bool transposed, int64_t k, int64_t n, float factor, float *panels)
{
    float line[256];
    int64_t rows = transposed ? n : k, columns = transposed ? k : n;
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t first = 0; first < columns; first += 256) {
            int64_t count = rmt_min_i64(256, columns - first);
            rmt_constant_floats(m, r * columns + first, count, line);
            for (int64_t i = first; i < first + count; i++)
                panels[transposed ? panel_index(k, i, r) : panel_index(k, r, i)] = line[i - first] * factor;
        }
    }
}

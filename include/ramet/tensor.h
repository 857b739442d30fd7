/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tensors as they cross the public border: named, typed, dense.
 */
#ifndef RAMET_TENSOR_H
#define RAMET_TENSOR_H

#include "ramet/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RAMET_MAX_RANK 8

typedef enum ramet_dtype {
    RAMET_DTYPE_FLOAT32 = 0,
    RAMET_DTYPE_FLOAT64,
    RAMET_DTYPE_FLOAT16,
    RAMET_DTYPE_BFLOAT16,
    RAMET_DTYPE_INT8,
    RAMET_DTYPE_UINT8,
    RAMET_DTYPE_INT16,
    RAMET_DTYPE_INT32,
    RAMET_DTYPE_INT64,
    RAMET_DTYPE_BOOL
} ramet_dtype;

/*
 * A dense, row-major tensor (images: N, C, H, W). Plain data; who owns `data` and `name` is said by the function
 * that hands a tensor out. A rank of 0 is a scalar with one element. data may be NULL only when a dimension is 0,
 * or where a tensor merely describes an input or output; there a dimension of -1 is unknown.
 */
typedef struct ramet_tensor {
    const char *name;
    ramet_dtype dtype;
    int32_t rank;
    int64_t dims[RAMET_MAX_RANK];
    void *data;
} ramet_tensor;

/*
 * Bytes of one element, 0 for an unknown dtype.
 *
 * Threads: any. Memory: none. Errors: none.
 */
RAMET_API size_t ramet_dtype_bytes(ramet_dtype dtype);

/*
 * The name as numpy spells it: "float32", "int64", "bool"; "bfloat16" for what numpy lacks. Never NULL.
 *
 * Threads: any. Memory: static string. Errors: none.
 */
RAMET_API const char *ramet_dtype_name(ramet_dtype dtype);

#ifdef __cplusplus
}
#endif

#endif

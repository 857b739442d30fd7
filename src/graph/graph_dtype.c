/* SPDX-License-Identifier: Apache-2.0 */
/* The element types of tensors: their sizes and numpy's names for them. Numbers outside the enumeration are allowed. */
#include "graph/graph.h"

typedef struct dtype_facts {
    const char *name;
    size_t bytes;
} dtype_facts;

static const dtype_facts *facts_of(ramet_dtype dtype)
{
    static const dtype_facts facts[] = {
        [RAMET_DTYPE_FLOAT32] = {"float32", 4}, [RAMET_DTYPE_FLOAT64] = {"float64", 8},
        [RAMET_DTYPE_FLOAT16] = {"float16", 2}, [RAMET_DTYPE_BFLOAT16] = {"bfloat16", 2},
        [RAMET_DTYPE_INT8] = {"int8", 1},       [RAMET_DTYPE_UINT8] = {"uint8", 1},
        [RAMET_DTYPE_INT16] = {"int16", 2},     [RAMET_DTYPE_INT32] = {"int32", 4},
        [RAMET_DTYPE_INT64] = {"int64", 8},     [RAMET_DTYPE_BOOL] = {"bool", 1},
    };
    static const dtype_facts unknown = {"unknown", 0};
    size_t index = (size_t)dtype;
    return index < sizeof(facts) / sizeof(facts[0]) ? &facts[index] : &unknown;
}

size_t ramet_dtype_bytes(ramet_dtype dtype) { return facts_of(dtype)->bytes; }

const char *ramet_dtype_name(ramet_dtype dtype) { return facts_of(dtype)->name; }

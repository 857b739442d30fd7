/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded tensors as the public interface takes them. */
#include "support/recorded.h"

#include <string.h>

ramet_dtype recorded_dtype(int number)
{
    switch (number) {
    case TENSORPACK_BOOL: return RAMET_DTYPE_BOOL;
    case TENSORPACK_INT32: return RAMET_DTYPE_INT32;
    case TENSORPACK_INT64: return RAMET_DTYPE_INT64;
    case TENSORPACK_FP64: return RAMET_DTYPE_FLOAT64;
    case TENSORPACK_UINT8: return RAMET_DTYPE_UINT8;
    default: return RAMET_DTYPE_FLOAT32;
    }
}

ramet_tensor recorded_tensor(const tensorpack_record *record, const char *name)
{
    ramet_tensor tensor = {.name = name,
                           .dtype = recorded_dtype(record->dtype),
                           .rank = record->rank,
                           .data = record->data};
    for (int i = 0; i < record->rank; i++)
        tensor.dims[i] = record->dims[i];
    return tensor;
}

size_t recorded_inputs(const tensorpack *pack, ramet_tensor *inputs, size_t room)
{
    size_t count = 0;
    for (size_t i = 0; i < pack->count; i++) {
        const tensorpack_record *record = &pack->records[i];
        if (strncmp(record->name, "in.", 3) == 0 && count < room)
            inputs[count++] = recorded_tensor(record, record->name + 3);
    }
    return count;
}

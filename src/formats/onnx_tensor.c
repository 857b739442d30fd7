/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tensors of ONNX as constants of the graph. Numbers that stand in the file as they stand in memory are not copied;
 * integers of varying length, and numbers in several pieces, go into the graph's arena.
 */
#include <string.h>

#include "formats/onnx.h"

static ramet_status refuse(rmt_onnx_reader *reader, rmt_span message, ramet_status status, const char *why)
{
    rmt_span name = reader->tensor.name;
    status = rmt_fail(reader->error, status, "tensor '%.*s' %s", rmt_span_shown(name), (const char *)name.data, why);
    return rmt_source_place(reader->source, message.data, reader->error, status);
}

static size_t packed_bytes(const rmt_onnx_tensor *tensor)
{
    const rmt_span *pieces = tensor->packed.items;
    size_t bytes = 0;
    for (size_t i = 0; i < tensor->packed.count; i++)
        bytes += pieces[i].bytes; /* no more than the file has */
    return bytes;
}

static const void *join_pieces(rmt_graph *graph, const rmt_onnx_tensor *tensor, size_t bytes)
{
    const rmt_span *pieces = tensor->packed.items;
    if (tensor->packed.count == 1)
        return pieces[0].data;
    unsigned char *joined = rmt_arena_alloc(&graph->arena, bytes, 1);
    for (size_t i = 0, at = 0; joined != NULL && i < tensor->packed.count; at += pieces[i++].bytes)
        memcpy(joined + at, pieces[i].data, pieces[i].bytes);
    return joined;
}

/* One integer of varying length off the front of rest; false when it is cut off or longer than ten bytes. */
static bool take_varint(rmt_span *rest, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 70 && rest->bytes > 0; shift += 7) {
        uint64_t byte = *rest->data;
        rest->data++;
        rest->bytes--;
        *value |= shift < 64 ? (byte & 0x7f) << shift : 0;
        if (byte < 0x80)
            return true;
    }
    return false;
}

/* Exactly `count` integers, their low bytes as elements; half floats stand there as their bits. */
static bool unpack(const rmt_onnx_tensor *tensor, size_t element_bytes, size_t count, unsigned char *elements)
{
    const rmt_span *pieces = tensor->packed.items;
    size_t done = 0;
    for (size_t i = 0; i < tensor->packed.count; i++) {
        rmt_span rest = pieces[i];
        while (rest.bytes > 0) {
            uint64_t value = 0;
            if (done == count || !take_varint(&rest, &value))
                return false;
            memcpy(elements + done * element_bytes, &value, element_bytes);
            done++;
        }
    }
    return done == count;
}

/* The elements, `count` of a dtype. */
static ramet_status find_data(rmt_onnx_reader *reader, rmt_span message, ramet_dtype dtype, size_t count,
                              const void **data)
{
    static const char damaged[] = "has not as many numbers as its dims say";
    const rmt_onnx_tensor *tensor = &reader->tensor;
    size_t element_bytes = ramet_dtype_bytes(dtype);
    size_t bytes = count * element_bytes; /* fits: count is bounded by RMT_MAX_ELEMENTS */
    if (tensor->has_raw) {
        *data = tensor->raw.data;
        return tensor->raw.bytes == bytes ? RAMET_STATUS_OK : refuse(reader, message, RAMET_STATUS_BAD_FORMAT, damaged);
    }
    size_t packed = packed_bytes(tensor);
    if (tensor->is_varint ? count > packed : bytes != packed)
        return refuse(reader, message, RAMET_STATUS_BAD_FORMAT, damaged);
    if (count == 0)
        return RAMET_STATUS_OK;
    unsigned char *elements = NULL;
    if (tensor->is_varint)
        *data = elements = rmt_arena_alloc(&reader->graph->arena, count, element_bytes);
    else
        *data = join_pieces(reader->graph, tensor, bytes);
    if (*data == NULL)
        return rmt_fail_memory(reader->error, bytes);
    bool good = elements == NULL || unpack(tensor, element_bytes, count, elements);
    return good ? RAMET_STATUS_OK : refuse(reader, message, RAMET_STATUS_BAD_FORMAT, damaged);
}

ramet_status rmt_onnx_add_constant(rmt_onnx_reader *reader, rmt_span message, const char *name, int32_t *value)
{
    rmt_onnx_tensor *tensor = &reader->tensor;
    ramet_dtype dtype = RAMET_DTYPE_FLOAT32;
    const void *data = NULL;
    ramet_status status = rmt_onnx_read_tensor(reader->source, message, tensor, reader->error);
    if (status != RAMET_STATUS_OK)
        return status;
    if (tensor->is_external)
        return refuse(reader, message, RAMET_STATUS_UNSUPPORTED,
                      "lies in a file of its own (external data); save the model with its weights inside");
    if (!rmt_onnx_dtype(tensor->type, &dtype))
        return refuse(reader, message, RAMET_STATUS_UNSUPPORTED, "has an element type that ramet does not have");
    int64_t elements = rmt_shape_elements(&tensor->shape);
    if (elements < 0)
        return refuse(reader, message, RAMET_STATUS_BAD_FORMAT, "has a negative dim or too many elements");
    status = find_data(reader, message, dtype, (size_t)elements, &data);
    if (status != RAMET_STATUS_OK)
        return status;
    *value = rmt_graph_add_constant(reader->graph, name, dtype, &tensor->shape, data);
    return *value >= 0 ? RAMET_STATUS_OK : rmt_fail_memory(reader->error, sizeof(rmt_value));
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of late nodes and the memory they lie in. Sizes come in steps of a
 * quarter of a power of two, so that memory given back fits what is asked for
 * next, whatever the shapes, and a pool stops growing.
 */
#include "exec/late.h"

#include <stdlib.h>

#define HEAD_BYTES 64 /* keeps the bytes behind a head aligned */

_Static_assert(sizeof(rmt_late_memory) <= HEAD_BYTES && HEAD_BYTES % RMT_PACK_ALIGN == 0, "room for the head");

/* ---- the pool -------------------------------------------------------------------------------------------------- */

static size_t size_class(size_t bytes)
{
    size_t power = 256;
    while (power < bytes / 2)
        power *= 2;
    return rmt_round_up(bytes > 0 ? bytes : 1, power / 4);
}

static void free_all(rmt_late_pool *pool)
{
    while (pool->free != NULL) {
        rmt_late_memory *memory = pool->free;
        pool->free = memory->next;
        pool->bytes -= memory->bytes;
        free(memory);
    }
}

static rmt_late_memory *reuse(rmt_late_pool *pool, size_t bytes)
{
    for (rmt_late_memory **link = &pool->free; *link != NULL; link = &(*link)->next) {
        rmt_late_memory *memory = *link;
        if (memory->bytes == bytes) {
            *link = memory->next;
            return memory;
        }
    }
    return NULL;
}

rmt_late_memory *rmt_late_take(rmt_late_pool *pool, size_t bytes)
{
    if (bytes > pool->budget)
        return NULL;
    size_t rounded = size_class(bytes);
    rmt_late_memory *memory = reuse(pool, rounded);
    if (memory == NULL) {
        if (pool->bytes + rounded > pool->budget)
            free_all(pool);
        if (pool->bytes + rounded > pool->budget)
            return NULL;
        memory = aligned_alloc(HEAD_BYTES, HEAD_BYTES + rmt_round_up(rounded, HEAD_BYTES));
        if (memory == NULL)
            return NULL;
        pool->bytes += rounded;
    }
    *memory = (rmt_late_memory){.bytes = rounded, .holders = 1};
    return memory;
}

void *rmt_late_bytes(rmt_late_memory *memory) { return (unsigned char *)memory + HEAD_BYTES; }

void rmt_late_release(rmt_late_pool *pool, rmt_late_memory *memory)
{
    if (memory == NULL || --memory->holders > 0)
        return;
    memory->next = pool->free;
    pool->free = memory;
}

ramet_status rmt_late_fail_memory(const rmt_late *late, size_t bytes)
{
    if (bytes > late->pool.budget || late->pool.bytes + size_class(bytes) > late->pool.budget)
        return rmt_fail(late->error, RAMET_STATUS_OVER_BUDGET,
                        "a run needs %zu bytes more than the %zu that it holds, the memory budget leaves %zu", bytes,
                        late->pool.bytes, late->pool.budget);
    return rmt_fail_memory(late->error, bytes);
}

/* ---- values ---------------------------------------------------------------------------------------------------- */

rmt_late_value rmt_late_hold(const rmt_late_value *from)
{
    if (from->memory != NULL)
        from->memory->holders++;
    if (from->array != NULL)
        from->array->holders++;
    return *from;
}

static void let_go_of_array(rmt_late *late, rmt_late_array *array)
{
    if (array == NULL || --array->holders > 0)
        return;
    for (int32_t i = 0; i < array->count; i++)
        rmt_late_release(&late->pool, array->items[i].memory);
    free(array->items);
    free(array);
}

void rmt_late_let_go(rmt_late *late, rmt_late_value *value)
{
    rmt_late_release(&late->pool, value->memory);
    let_go_of_array(late, value->array);
    *value = (rmt_late_value){0};
}

const rmt_late_value *rmt_late_get(rmt_late *late, int32_t value)
{
    rmt_late_value *v = &late->values[value];
    if (v->view.data == NULL && v->array == NULL) {
        rmt_view constant = rmt_model_constant(late->model, value);
        if (constant.shape.rank >= 0)
            v->view = constant;
    }
    return v;
}

void rmt_late_set(rmt_late *late, int32_t value, const rmt_late_value *from)
{
    rmt_late_value held = rmt_late_hold(from);
    rmt_late_let_go(late, &late->values[value]);
    late->values[value] = held;
}

void rmt_late_drop(rmt_late *late, int32_t value) { rmt_late_let_go(late, &late->values[value]); }

ramet_status rmt_late_make(rmt_late *late, ramet_dtype dtype, const rmt_shape *shape, rmt_late_value *made)
{
    int64_t elements = rmt_shape_elements(shape);
    if (elements < 0)
        return rmt_fail(late->error, RAMET_STATUS_OVER_BUDGET, "a result would have more than %lld elements",
                        (long long)RMT_MAX_ELEMENTS);
    size_t bytes = (size_t)elements * ramet_dtype_bytes(dtype);
    rmt_late_memory *memory = rmt_late_take(&late->pool, bytes);
    if (memory == NULL)
        return rmt_late_fail_memory(late, bytes);
    *made = (rmt_late_value){.view = rmt_view_dense(dtype, shape, rmt_late_bytes(memory)), .memory = memory};
    return RAMET_STATUS_OK;
}

void rmt_late_copy(const rmt_late *late, const rmt_view *from, const rmt_view *to)
{
    rmt_op_copy.run(&(rmt_op_run){.in_count = 1,
                                  .out_count = 1,
                                  .in = from,
                                  .out = to,
                                  .kernels = rmt_model_kernels(late->model),
                                  .team = late->team});
}

ramet_status rmt_late_number(rmt_late *late, int32_t value, int64_t *number)
{
    const rmt_view *view = &rmt_late_get(late, value)->view;
    if (view->data == NULL || rmt_shape_elements(&view->shape) < 1)
        return rmt_fail(late->error, RAMET_STATUS_BAD_SHAPE, "'%.64s' has no number to decide by",
                        rmt_late_name(late, value));
    switch (view->dtype) {
    case RAMET_DTYPE_BOOL:
    case RAMET_DTYPE_UINT8: *number = *(const uint8_t *)view->data; break;
    case RAMET_DTYPE_INT32: *number = *(const int32_t *)view->data; break;
    case RAMET_DTYPE_INT64: *number = *(const int64_t *)view->data; break;
    case RAMET_DTYPE_FLOAT32: *number = *(const float *)view->data != 0.0F; break;
    default:
        return rmt_fail(late->error, RAMET_STATUS_UNSUPPORTED, "'%.64s' of type %s cannot decide",
                        rmt_late_name(late, value), ramet_dtype_name(view->dtype));
    }
    return RAMET_STATUS_OK;
}

const char *rmt_late_name(const rmt_late *late, int32_t value)
{
    return rmt_model_graph(late->model)->values[value].name;
}

void rmt_late_clear(rmt_late *late)
{
    for (size_t i = 0; i < late->value_count; i++)
        rmt_late_drop(late, (int32_t)i);
    free_all(&late->pool);
    free(late->values);
    free(late->operands);
    free(late->taken);
    *late = (rmt_late){0};
}

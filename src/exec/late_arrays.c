/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of tensors. A list is never changed: writing an entry makes another
 * list, which holds the same tensors. Only joining copies.
 */
#include "exec/late.h"

#include <stdlib.h>
#include <string.h>

#define MOST_ENTRIES (1 << 16) /* of a list */

static ramet_status new_array(rmt_late *late, int32_t count, rmt_late_array **out)
{
    rmt_late_array *array = calloc(1, sizeof *array);
    rmt_late_value *items = calloc((size_t)count + 1, sizeof *items);
    if (array == NULL || items == NULL) {
        free(array);
        free(items);
        return rmt_fail_memory(late->error, (size_t)count * sizeof *items);
    }
    *array = (rmt_late_array){.holders = 1, .count = count, .items = items};
    *out = array;
    return RAMET_STATUS_OK;
}

static ramet_status get_array(rmt_late *late, int32_t value, const rmt_late_array **array)
{
    static const rmt_late_array empty;
    *array = &empty;
    if (value == RMT_NO_VALUE)
        return RAMET_STATUS_OK;
    const rmt_late_value *v = rmt_late_get(late, value);
    if (v->array != NULL)
        *array = v->array;
    else if (v->view.data != NULL)
        return rmt_fail(late->error, RAMET_STATUS_BAD_FORMAT, "'%.64s' is a tensor, not a list",
                        rmt_late_name(late, value));
    return RAMET_STATUS_OK;
}

static void give_array(rmt_late *late, rmt_late_array *array, int32_t output)
{
    rmt_late_value made = {.array = array};
    rmt_late_set(late, output, &made);
    rmt_late_let_go(late, &made);
}

ramet_status rmt_late_array_create(rmt_late *late, const rmt_node *node, const rmt_bound_node *bound)
{
    (void)bound;
    rmt_late_array *array = NULL;
    ramet_status status = new_array(late, 0, &array);
    if (status == RAMET_STATUS_OK)
        give_array(late, array, node->outputs[0]);
    return status;
}

ramet_status rmt_late_array_write(rmt_late *late, const rmt_node *node, const rmt_bound_node *bound)
{
    (void)bound;
    const rmt_late_array *before = NULL;
    int64_t index = 0;
    ramet_status status = get_array(late, node->inputs[0], &before);
    if (status == RAMET_STATUS_OK)
        status = rmt_late_number(late, node->inputs[2], &index);
    if (status != RAMET_STATUS_OK)
        return status;
    const rmt_late_value *item = rmt_late_get(late, node->inputs[1]);
    if (index < 0 || index >= MOST_ENTRIES || item->view.data == NULL)
        return rmt_fail(late->error, RAMET_STATUS_BAD_FORMAT, "entry %lld of a list cannot be written",
                        (long long)index);
    rmt_late_array *array = NULL;
    status = new_array(late, index < before->count ? before->count : (int32_t)index + 1, &array);
    if (status != RAMET_STATUS_OK)
        return status;
    for (int32_t i = 0; i < before->count; i++)
        if (i != index)
            array->items[i] = rmt_late_hold(&before->items[i]);
    array->items[index] = rmt_late_hold(item);
    give_array(late, array, node->outputs[0]);
    return RAMET_STATUS_OK;
}

ramet_status rmt_late_array_read(rmt_late *late, const rmt_node *node, const rmt_bound_node *bound)
{
    const rmt_control_params *params = bound->params;
    const rmt_late_array *array = NULL;
    int64_t index = params->index;
    ramet_status status = get_array(late, node->inputs[0], &array);
    if (status == RAMET_STATUS_OK && node->input_count > 1 && node->inputs[1] != RMT_NO_VALUE)
        status = rmt_late_number(late, node->inputs[1], &index);
    if (status != RAMET_STATUS_OK)
        return status;
    if (index < 0)
        index += array->count;
    if (index < 0 || index >= array->count || array->items[index].view.data == NULL)
        return rmt_fail(late->error, RAMET_STATUS_BAD_SHAPE, "the list has no entry %lld", (long long)index);
    rmt_late_set(late, node->outputs[0], &array->items[index]);
    return RAMET_STATUS_OK;
}

static ramet_status give_numbers(rmt_late *late, ramet_dtype dtype, const int64_t *numbers, int32_t count,
                                 int32_t output)
{
    rmt_late_value made;
    ramet_status status = rmt_late_make(late, dtype, &(rmt_shape){1, {count}}, &made);
    if (status != RAMET_STATUS_OK)
        return status;
    for (int32_t i = 0; i < count; i++)
        if (dtype == RAMET_DTYPE_INT64)
            ((int64_t *)made.view.data)[i] = numbers[i];
        else
            ((int32_t *)made.view.data)[i] = (int32_t)numbers[i];
    rmt_late_set(late, output, &made);
    rmt_late_let_go(late, &made);
    return RAMET_STATUS_OK;
}

ramet_status rmt_late_array_length(rmt_late *late, const rmt_node *node, const rmt_bound_node *bound)
{
    (void)bound;
    const rmt_late_array *array = NULL;
    ramet_status status = get_array(late, node->inputs[0], &array);
    int64_t length = status == RAMET_STATUS_OK ? array->count : 0;
    return status == RAMET_STATUS_OK ? give_numbers(late, RAMET_DTYPE_INT64, &length, 1, node->outputs[0]) : status;
}

/* The shape of a joined list: along an axis that the entries have, or along a new one. */
static ramet_status joined_shape(const rmt_late *late, const rmt_late_array *array, const rmt_control_params *params,
                                 rmt_shape *shape, int32_t *axis)
{
    if (array->count < 1 || array->items[0].view.data == NULL)
        return rmt_fail(late->error, RAMET_STATUS_BAD_SHAPE, "an empty list cannot be joined");
    const rmt_view *first = &array->items[0].view;
    *shape = first->shape;
    shape->rank += params->stacked;
    *axis = rmt_axis_normalize(params->axis, shape->rank);
    if (*axis < 0 || shape->rank > RMT_MAX_RANK)
        return rmt_fail(late->error, RAMET_STATUS_BAD_SHAPE, "the entries of the list have no axis %lld",
                        (long long)params->axis);
    if (params->stacked)
        memmove(shape->dims + *axis + 1, shape->dims + *axis, (size_t)(shape->rank - 1 - *axis) * sizeof(int64_t));
    shape->dims[*axis] = 0;
    for (int32_t i = 0; i < array->count; i++) {
        const rmt_view *item = &array->items[i].view;
        rmt_shape other = item->shape;
        int64_t size = params->stacked ? 1 : other.rank == first->shape.rank ? other.dims[*axis] : 0;
        if (!params->stacked && other.rank == first->shape.rank)
            other.dims[*axis] = first->shape.dims[*axis];
        if (item->data == NULL || item->dtype != first->dtype || !rmt_shape_equal(&other, &first->shape))
            return rmt_fail(late->error, RAMET_STATUS_BAD_SHAPE, "entry %d of the list does not fit the first", (int)i);
        shape->dims[*axis] += size;
    }
    return RAMET_STATUS_OK;
}

/* Copies the entries side by side; sizes[i]: how much of the axis each takes. */
static void fill_joined(const rmt_late *late, const rmt_late_array *array, bool stacked, int32_t axis,
                        const rmt_view *joined, int64_t *sizes)
{
    int64_t at = 0;
    for (int32_t i = 0; i < array->count; i++) {
        rmt_view from = array->items[i].view, to = *joined;
        if (stacked) {
            memmove(from.shape.dims + axis + 1, from.shape.dims + axis,
                    (size_t)(from.shape.rank - axis) * sizeof(int64_t));
            memmove(from.strides + axis + 1, from.strides + axis, (size_t)(from.shape.rank - axis) * sizeof(int64_t));
            from.shape.rank++;
            from.shape.dims[axis] = 1;
            from.strides[axis] = 0;
        }
        to.shape = from.shape;
        to.data =
            (unsigned char *)joined->data + at * joined->strides[axis] * (int64_t)ramet_dtype_bytes(joined->dtype);
        rmt_late_copy(late, &from, &to);
        sizes[i] = from.shape.dims[axis];
        at += sizes[i];
    }
}

ramet_status rmt_late_array_join(rmt_late *late, const rmt_node *node, const rmt_bound_node *bound)
{
    const rmt_control_params *params = bound->params;
    const rmt_late_array *array = NULL;
    rmt_shape shape;
    int32_t axis = 0;
    rmt_late_value joined;
    ramet_status status = get_array(late, node->inputs[0], &array);
    if (status == RAMET_STATUS_OK)
        status = joined_shape(late, array, params, &shape, &axis);
    if (status == RAMET_STATUS_OK)
        status = rmt_late_make(late, array->items[0].view.dtype, &shape, &joined);
    if (status != RAMET_STATUS_OK)
        return status;
    int64_t *sizes = calloc((size_t)array->count, sizeof *sizes);
    if (sizes == NULL) {
        status = rmt_fail_memory(late->error, (size_t)array->count * sizeof *sizes);
    } else {
        fill_joined(late, array, params->stacked, axis, &joined.view, sizes);
        rmt_late_set(late, node->outputs[0], &joined);
        if (node->output_count > 1)
            status = give_numbers(late, RAMET_DTYPE_INT32, sizes, array->count, node->outputs[1]);
    }
    free(sizes);
    rmt_late_let_go(late, &joined);
    return status;
}

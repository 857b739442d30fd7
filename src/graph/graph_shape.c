/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shapes: how many elements, equality, text. A shape may hold unknown (-1) dims or be undeclared (rank -1); both
 * have no element count. The count is capped, so that any product with an element size fits 64 bits.
 */
#include <stdio.h>
#include <string.h>

#include "graph/graph.h"

int64_t rmt_shape_elements(const rmt_shape *shape)
{
    int64_t elements = 1;
    bool empty = false;
    for (int32_t i = 0; i < shape->rank; i++) {
        int64_t dim = shape->dims[i];
        empty = empty || dim == 0;
        if (dim < 0)
            return -1;
        /* Past the cap the product stands still: an empty dim may yet follow. */
        if (dim > 0 && elements <= RMT_MAX_ELEMENTS && !rmt_mul_i64(elements, dim, &elements))
            elements = RMT_MAX_ELEMENTS + 1;
    }
    if (shape->rank < 0 || (!empty && elements > RMT_MAX_ELEMENTS))
        return -1;
    return empty ? 0 : elements;
}

bool rmt_shape_equal(const rmt_shape *a, const rmt_shape *b)
{
    if (a->rank != b->rank)
        return false;
    for (int32_t i = 0; i < a->rank; i++)
        if (a->dims[i] != b->dims[i])
            return false;
    return true;
}

void rmt_shape_print(const rmt_shape *shape, char *text, size_t size)
{
    if (size == 0)
        return;
    if (shape->rank < 0) {
        (void)snprintf(text, size, "[?]");
        return;
    }
    (void)snprintf(text, size, "[");
    for (int32_t i = 0; i < shape->rank; i++) {
        size_t used = strlen(text);
        (void)snprintf(text + used, size - used, i > 0 ? ",%lld" : "%lld", (long long)shape->dims[i]);
    }
    size_t used = strlen(text);
    (void)snprintf(text + used, size - used, "]");
}

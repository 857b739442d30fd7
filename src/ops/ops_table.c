/* SPDX-License-Identifier: Apache-2.0 */
/* Every operator that a graph may hold, by name. */
#include "ops/ops.h"

#include <string.h>

extern const rmt_op rmt_op_conv2d, rmt_op_conv2d_transpose, rmt_op_pool2d;

static const rmt_op *const table[] = {
    &rmt_op_conv2d,
    &rmt_op_conv2d_transpose,
    &rmt_op_pool2d,
};

const rmt_op *rmt_op_find(const char *name)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i]->name, name) == 0)
            return table[i];
    return NULL;
}

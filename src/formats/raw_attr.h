/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes of files as attributes of nodes: set from what a file says, copied from node to node. */
#ifndef RMT_FORMATS_RAW_ATTR_H
#define RMT_FORMATS_RAW_ATTR_H

#include "formats/wire.h"

/* Sets it on node 0 of raw; an attribute that is a block or a tensor is left out. False when memory is exhausted. */
bool rmt_raw_attr_set(rmt_graph *raw, const char *name, const rmt_wire_attr *attr);

/* False when memory is exhausted. */
bool rmt_raw_attr_copy(rmt_graph *graph, int32_t node, const char *name, const rmt_attr *attr);

#endif

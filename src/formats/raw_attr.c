/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes of a file on their way into the graph. A reader first collects those of one operator, as they are in the
 * file, on the only node of a graph of its own, and then takes from there what the canonical operator has.
 */
#include "formats/raw_attr.h"

static bool set_raw_strings(rmt_graph *raw, const char *name, const rmt_wire_attr *attr)
{
    const rmt_span *spans = attr->strings.items;
    const char **texts = rmt_arena_alloc(&raw->arena, attr->strings.count, sizeof(char *));
    for (size_t i = 0; texts != NULL && i < attr->strings.count; i++) {
        texts[i] = rmt_arena_copy_text(&raw->arena, (const char *)spans[i].data, spans[i].bytes);
        if (texts[i] == NULL)
            return false;
    }
    return texts != NULL && rmt_node_set_strings(raw, 0, name, texts, attr->strings.count);
}

bool rmt_raw_attr_set(rmt_graph *raw, const char *name, const rmt_wire_attr *attr)
{
    switch (attr->kind) {
    case RMT_WIRE_ATTR_INT: return rmt_node_set_int(raw, 0, name, attr->i);
    case RMT_WIRE_ATTR_FLOAT: return rmt_node_set_float(raw, 0, name, attr->f);
    case RMT_WIRE_ATTR_INTS: return rmt_node_set_ints(raw, 0, name, attr->ints.items, attr->ints.count);
    case RMT_WIRE_ATTR_FLOATS: return rmt_node_set_floats(raw, 0, name, attr->floats.items, attr->floats.count);
    case RMT_WIRE_ATTR_STRINGS: return set_raw_strings(raw, name, attr);
    case RMT_WIRE_ATTR_STRING: {
        const char *text = rmt_arena_copy_text(&raw->arena, (const char *)attr->s.data, attr->s.bytes);
        return text != NULL && rmt_node_set_string(raw, 0, name, text);
    }
    case RMT_WIRE_ATTR_BLOCK:
    case RMT_WIRE_ATTR_TENSOR: break;
    }
    return true;
}

bool rmt_raw_attr_copy(rmt_graph *graph, int32_t node, const char *name, const rmt_attr *attr)
{
    size_t count = (size_t)attr->count;
    switch (attr->type) {
    case RMT_ATTR_INT: return rmt_node_set_int(graph, node, name, attr->as.ints[0]);
    case RMT_ATTR_FLOAT: return rmt_node_set_float(graph, node, name, attr->as.floats[0]);
    case RMT_ATTR_STRING: return rmt_node_set_string(graph, node, name, attr->as.strings[0]);
    case RMT_ATTR_INTS: return rmt_node_set_ints(graph, node, name, attr->as.ints, count);
    case RMT_ATTR_FLOATS: return rmt_node_set_floats(graph, node, name, attr->as.floats, count);
    case RMT_ATTR_STRINGS: break;
    }
    return rmt_node_set_strings(graph, node, name, attr->as.strings, count);
}

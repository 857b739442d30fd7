/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes of nodes. Setting copies the value into the graph's arena and replaces an attribute of the same name;
 * reading converts between integers and floats, because writers of model files do not agree on which one to use.
 */
#include <string.h>

#include "graph/graph.h"

/* ---- setting ----------------------------------------------------------------------------------------- */

/*
 * The attribute `name` of node, made when it is new. The array has no capacity of its own: it has room for the next
 * power of two of its count, at least FIRST_ROOM.
 */
static rmt_attr *attr_slot(rmt_graph *graph, rmt_node *node, const char *name)
{
    enum { FIRST_ROOM = 4 };
    for (int32_t i = 0; i < node->attr_count; i++)
        if (strcmp(node->attrs[i].name, name) == 0)
            return &node->attrs[i];
    size_t count = (size_t)node->attr_count;
    bool full = count == 0 || (count >= FIRST_ROOM && (count & (count - 1)) == 0);
    if (full) {
        rmt_attr *attrs = rmt_arena_alloc(&graph->arena, count == 0 ? FIRST_ROOM : 2 * count, sizeof(rmt_attr));
        if (attrs == NULL)
            return NULL;
        if (count > 0)
            memcpy(attrs, node->attrs, count * sizeof(rmt_attr));
        node->attrs = attrs;
    }
    char *copy = rmt_arena_copy_text(&graph->arena, name, strlen(name));
    if (copy == NULL)
        return NULL;
    node->attrs[count] = (rmt_attr){.name = copy};
    return &node->attrs[node->attr_count++];
}

static bool set_ints(rmt_graph *graph, int32_t node, const char *name, rmt_attr_type type, const int64_t *values,
                     size_t count)
{
    int64_t *copy = count <= INT32_MAX ? rmt_arena_alloc(&graph->arena, count, sizeof(int64_t)) : NULL;
    rmt_attr *attr = copy != NULL ? attr_slot(graph, &graph->nodes[node], name) : NULL;
    if (attr == NULL)
        return false;
    if (count > 0)
        memcpy(copy, values, count * sizeof(int64_t));
    attr->type = type;
    attr->count = (int32_t)count;
    attr->as.ints = copy;
    return true;
}

static bool set_floats(rmt_graph *graph, int32_t node, const char *name, rmt_attr_type type, const double *values,
                       size_t count)
{
    double *copy = count <= INT32_MAX ? rmt_arena_alloc(&graph->arena, count, sizeof(double)) : NULL;
    rmt_attr *attr = copy != NULL ? attr_slot(graph, &graph->nodes[node], name) : NULL;
    if (attr == NULL)
        return false;
    if (count > 0)
        memcpy(copy, values, count * sizeof(double));
    attr->type = type;
    attr->count = (int32_t)count;
    attr->as.floats = copy;
    return true;
}

static bool set_strings(rmt_graph *graph, int32_t node, const char *name, rmt_attr_type type, const char *const *values,
                        size_t count)
{
    const char **copy = count <= INT32_MAX ? rmt_arena_alloc(&graph->arena, count, sizeof(char *)) : NULL;
    if (copy == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        copy[i] = rmt_arena_copy_text(&graph->arena, values[i], strlen(values[i]));
        if (copy[i] == NULL)
            return false;
    }
    rmt_attr *attr = attr_slot(graph, &graph->nodes[node], name);
    if (attr == NULL)
        return false;
    attr->type = type;
    attr->count = (int32_t)count;
    attr->as.strings = copy;
    return true;
}

bool rmt_node_set_int(rmt_graph *graph, int32_t node, const char *name, int64_t value)
{
    return set_ints(graph, node, name, RMT_ATTR_INT, &value, 1);
}

bool rmt_node_set_float(rmt_graph *graph, int32_t node, const char *name, double value)
{
    return set_floats(graph, node, name, RMT_ATTR_FLOAT, &value, 1);
}

bool rmt_node_set_string(rmt_graph *graph, int32_t node, const char *name, const char *value)
{
    return set_strings(graph, node, name, RMT_ATTR_STRING, &value, 1);
}

bool rmt_node_set_ints(rmt_graph *graph, int32_t node, const char *name, const int64_t *values, size_t count)
{
    return set_ints(graph, node, name, RMT_ATTR_INTS, values, count);
}

bool rmt_node_set_floats(rmt_graph *graph, int32_t node, const char *name, const double *values, size_t count)
{
    return set_floats(graph, node, name, RMT_ATTR_FLOATS, values, count);
}

bool rmt_node_set_strings(rmt_graph *graph, int32_t node, const char *name, const char *const *values, size_t count)
{
    return set_strings(graph, node, name, RMT_ATTR_STRINGS, values, count);
}

/* ---- reading ----------------------------------------------------------------------------------------- */

const rmt_attr *rmt_node_attr(const rmt_node *node, const char *name)
{
    for (int32_t i = 0; i < node->attr_count; i++)
        if (strcmp(node->attrs[i].name, name) == 0)
            return &node->attrs[i];
    return NULL;
}

static bool holds_ints(const rmt_attr *attr) { return attr->type == RMT_ATTR_INT || attr->type == RMT_ATTR_INTS; }

static bool holds_floats(const rmt_attr *attr) { return attr->type == RMT_ATTR_FLOAT || attr->type == RMT_ATTR_FLOATS; }

/* Towards zero; what does not fit becomes the nearest end, not-a-number becomes 0. */
static int64_t saturate(double value)
{
    const double end = 9223372036854775808.0; /* 2^63 */
    if (value >= end)
        return INT64_MAX;
    if (value <= -end)
        return INT64_MIN;
    return value == value ? (int64_t)value : 0;
}

static int64_t int_at(const rmt_attr *attr, size_t i)
{
    return holds_ints(attr) ? attr->as.ints[i] : saturate(attr->as.floats[i]);
}

static double float_at(const rmt_attr *attr, size_t i)
{
    return holds_floats(attr) ? attr->as.floats[i] : (double)attr->as.ints[i];
}

/* The attribute when it holds numbers, NULL otherwise. */
static const rmt_attr *numbers(const rmt_node *node, const char *name)
{
    const rmt_attr *attr = rmt_node_attr(node, name);
    return attr != NULL && (holds_ints(attr) || holds_floats(attr)) ? attr : NULL;
}

int64_t rmt_node_int(const rmt_node *node, const char *name, int64_t otherwise)
{
    const rmt_attr *attr = numbers(node, name);
    return attr != NULL && attr->count == 1 ? int_at(attr, 0) : otherwise;
}

double rmt_node_float(const rmt_node *node, const char *name, double otherwise)
{
    const rmt_attr *attr = numbers(node, name);
    return attr != NULL && attr->count == 1 ? float_at(attr, 0) : otherwise;
}

bool rmt_node_bool(const rmt_node *node, const char *name, bool otherwise)
{
    return rmt_node_int(node, name, otherwise ? 1 : 0) != 0;
}

const char *rmt_node_string(const rmt_node *node, const char *name, const char *otherwise)
{
    const rmt_attr *attr = rmt_node_attr(node, name);
    return attr != NULL && attr->type == RMT_ATTR_STRING ? attr->as.strings[0] : otherwise;
}

size_t rmt_node_ints(const rmt_node *node, const char *name, int64_t *values, size_t capacity)
{
    const rmt_attr *attr = numbers(node, name);
    size_t count = attr != NULL ? (size_t)attr->count : 0;
    for (size_t i = 0; i < count && i < capacity; i++)
        values[i] = int_at(attr, i);
    return count;
}

size_t rmt_node_floats(const rmt_node *node, const char *name, double *values, size_t capacity)
{
    const rmt_attr *attr = numbers(node, name);
    size_t count = attr != NULL ? (size_t)attr->count : 0;
    for (size_t i = 0; i < count && i < capacity; i++)
        values[i] = float_at(attr, i);
    return count;
}

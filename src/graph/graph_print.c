/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A graph as text: one line for each input, live node and output, in order. Tests compare this text, so it depends on
 * nothing but the graph. Names come from files: their control characters are printed as '?'.
 */
#include <stdio.h>
#include <string.h>

#include "graph/graph.h"

#define MAX_LIST_ENTRIES 16 /* of an attribute; longer lists end in "..." */

static bool print_text(rmt_buffer *out, const char *text)
{
    bool fits = true;
    for (size_t start = 0; fits && text[start] != '\0';) {
        size_t end = start;
        while ((unsigned char)text[end] >= 0x20 && text[end] != 0x7f)
            end++;
        fits = rmt_buffer_append(out, text + start, end - start);
        if (fits && text[end] != '\0') {
            fits = rmt_buffer_append(out, "?", 1);
            end++;
        }
        start = end;
    }
    return fits;
}

static bool print_shape(rmt_buffer *out, const rmt_shape *shape)
{
    char text[32 * RMT_MAX_RANK];
    rmt_shape_print(shape, text, sizeof(text));
    return rmt_buffer_printf(out, "%s", text);
}

/* "%11", or "conv0.w[8,3,3,3]" for a constant ("ids:int64[2]" when it is not of float32). */
static bool print_operand(rmt_buffer *out, const rmt_graph *graph, int32_t index)
{
    if (index == RMT_NO_VALUE)
        return rmt_buffer_printf(out, "_");
    const rmt_value *value = &graph->values[index];
    if (value->data == NULL)
        return rmt_buffer_printf(out, "%%%d", (int)index);
    return print_text(out, value->name) &&
           (value->dtype == RAMET_DTYPE_FLOAT32 || rmt_buffer_printf(out, ":%s", ramet_dtype_name(value->dtype))) &&
           print_shape(out, &value->shape);
}

static bool print_operands(rmt_buffer *out, const rmt_graph *graph, const int32_t *list, int32_t count)
{
    bool fits = true;
    for (int32_t i = 0; i < count && fits; i++)
        fits = (i == 0 || rmt_buffer_printf(out, ", ")) && print_operand(out, graph, list[i]);
    return fits;
}

/* With a point, whatever the caller's locale has. */
static bool print_number(rmt_buffer *out, double number)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "%.9g", number);
    char *comma = strchr(text, ',');
    if (comma != NULL)
        *comma = '.';
    return rmt_buffer_append(out, text, strlen(text));
}

static bool print_attr_entry(rmt_buffer *out, const rmt_attr *attr, int32_t i)
{
    switch (attr->type) {
    case RMT_ATTR_INT:
    case RMT_ATTR_INTS: return rmt_buffer_printf(out, "%lld", (long long)attr->as.ints[i]);
    case RMT_ATTR_FLOAT:
    case RMT_ATTR_FLOATS: return print_number(out, attr->as.floats[i]);
    case RMT_ATTR_STRING:
    case RMT_ATTR_STRINGS: break;
    }
    return rmt_buffer_printf(out, "\"") && print_text(out, attr->as.strings[i]) && rmt_buffer_printf(out, "\"");
}

static bool print_attr(rmt_buffer *out, const rmt_attr *attr)
{
    bool list = attr->type == RMT_ATTR_INTS || attr->type == RMT_ATTR_FLOATS || attr->type == RMT_ATTR_STRINGS;
    bool fits = rmt_buffer_printf(out, " ") && print_text(out, attr->name) && rmt_buffer_printf(out, list ? "=[" : "=");
    for (int32_t i = 0; i < attr->count && i < MAX_LIST_ENTRIES && fits; i++)
        fits = (i == 0 || rmt_buffer_printf(out, ",")) && print_attr_entry(out, attr, i);
    if (fits && attr->count > MAX_LIST_ENTRIES)
        fits = rmt_buffer_printf(out, ",...");
    return fits && (!list || rmt_buffer_printf(out, "]"));
}

/* " block 3 (%4, %5) -> (%9)" */
static bool print_block(rmt_buffer *out, const rmt_graph *graph, int32_t index)
{
    const rmt_block *block = &graph->blocks[index];
    return rmt_buffer_printf(out, " block %d (", (int)index) &&
           print_operands(out, graph, block->params, block->param_count) && rmt_buffer_printf(out, ") -> (") &&
           print_operands(out, graph, block->results, block->result_count) && rmt_buffer_printf(out, ")");
}

static bool print_node(rmt_buffer *out, const rmt_graph *graph, const rmt_node *node)
{
    bool fits = (node->block == 0 || rmt_buffer_printf(out, "block %d: ", (int)node->block)) &&
                print_operands(out, graph, node->outputs, node->output_count) && rmt_buffer_printf(out, " = ") &&
                print_text(out, node->op) && rmt_buffer_printf(out, "(") &&
                print_operands(out, graph, node->inputs, node->input_count) && rmt_buffer_printf(out, ")");
    for (int32_t i = 0; i < node->attr_count && fits; i++)
        fits = print_attr(out, &node->attrs[i]);
    for (int k = 0; k < RMT_NODE_BLOCKS && fits; k++)
        fits = node->blocks[k] == 0 || print_block(out, graph, node->blocks[k]);
    return fits && rmt_buffer_printf(out, "\n");
}

/* "input %0 x float32[-1,3,224,224]" */
static bool print_border(rmt_buffer *out, const rmt_graph *graph, const char *what, int32_t index)
{
    const rmt_value *value = &graph->values[index];
    return rmt_buffer_printf(out, "%s %%%d ", what, (int)index) && print_text(out, value->name) &&
           rmt_buffer_printf(out, " %s", ramet_dtype_name(value->dtype)) && print_shape(out, &value->shape) &&
           rmt_buffer_printf(out, "\n");
}

bool rmt_graph_print(const rmt_graph *graph, rmt_buffer *text)
{
    bool fits = true;
    for (size_t i = 0; i < graph->input_count && fits; i++)
        fits = print_border(text, graph, "input", graph->inputs[i]);
    for (size_t i = 0; i < graph->node_count && fits; i++)
        fits = graph->nodes[i].dead || print_node(text, graph, &graph->nodes[i]);
    for (size_t i = 0; i < graph->output_count && fits; i++)
        fits = print_border(text, graph, "output", graph->outputs[i]);
    return fits;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Activations that a file spells out in small operators become one: x * sigmoid(x), x * relu6(x + 3) / 6,
 * x * (1 + erf(x / sqrt(2))) / 2 and their relatives, in whatever order their constants stand. All have the form
 *
 *   a0 * (a1 * x) * (a2 * gate(a3 * x + b3) + b2)
 *
 * so that the five numbers and the operator of the gate say which one it is.
 */
#include "passes/rewrite.h"

#include <math.h>
#include <string.h>

#define MOST_STEPS 4 /* small operators in a row */

/* value = factor * base + shift */
typedef struct linear {
    int32_t base;
    double factor, shift;
} linear;

static bool near(double value, double wanted) { return fabs(value - wanted) <= 1e-4 * fabs(wanted) + 1e-9; }

/* ---- reading -------------------------------------------------------------------------------------------------------- */

/* One step further back, where the base is made by an operation with one number. */
static bool step_back(rmt_graph *graph, linear *l)
{
    int32_t producer = graph->values[l->base].producer;
    rmt_affine affine;
    if (producer < 0 || graph->nodes[producer].dead)
        return false;
    const rmt_node *node = &graph->nodes[producer];
    for (int32_t i = 0; i < node->input_count && i < 2; i++) {
        int32_t x = node->inputs[i];
        if (x == RMT_NO_VALUE || graph->values[x].data != NULL || !rmt_affine_read(graph, node, x, 0, &affine))
            continue;
        *l = (linear){x, l->factor * (double)affine.scale[0], l->shift + l->factor * (double)affine.shift[0]};
        return true;
    }
    return false;
}

/* value as a linear function of x. */
static bool is_linear_of(rmt_graph *graph, int32_t value, int32_t x, linear *l)
{
    *l = (linear){value, 1, 0};
    for (int i = 0; l->base != x; i++)
        if (i == MOST_STEPS || !step_back(graph, l))
            return false;
    return true;
}

static const rmt_node *maker(const rmt_graph *graph, int32_t value)
{
    int32_t producer = graph->values[value].producer;
    return producer < 0 || graph->nodes[producer].dead ? NULL : &graph->nodes[producer];
}

static bool is_maker(const rmt_node *node, const char *op) { return node != NULL && strcmp(node->op, op) == 0; }

/* The cube of x: pow(x, 3), or products. */
static bool is_cube(const rmt_graph *graph, int32_t value, int32_t x)
{
    const rmt_node *node = maker(graph, value);
    if (is_maker(node, "pow"))
        return node->inputs[0] == x && near(rmt_node_float(node, "factor", 1), 3);
    if (is_maker(node, "pow_elementwise")) {
        const rmt_value *power = &graph->values[node->inputs[1]];
        float number = 0;
        if (node->inputs[0] == x && power->data != NULL && rmt_shape_elements(&power->shape) == 1)
            rmt_constant_floats(power, 0, 1, &number);
        return number == 3.0f;
    }
    if (!is_maker(node, "multiply") || (node->inputs[0] != x && node->inputs[1] != x))
        return false;
    const rmt_node *square = maker(graph, node->inputs[node->inputs[0] == x]);
    return is_maker(square, "square")
               ? square->inputs[0] == x
               : is_maker(square, "multiply") && square->inputs[0] == x && square->inputs[1] == x;
}

/* sqrt(2 / pi) * (x + 0.044715 * x^3), the argument of the tanh in the approximate gelu. */
static bool is_gelu_argument(rmt_graph *graph, int32_t value, int32_t x)
{
    linear outer = {value, 1, 0}, cubic;
    while (!is_maker(maker(graph, outer.base), "add") && step_back(graph, &outer))
        ;
    const rmt_node *sum = maker(graph, outer.base);
    if (!is_maker(sum, "add") || !near(outer.factor, 0.7978845608) || outer.shift != 0)
        return false;
    int32_t other = sum->inputs[0] == x ? sum->inputs[1] : sum->inputs[0];
    if (sum->inputs[0] != x && sum->inputs[1] != x)
        return false;
    cubic = (linear){other, 1, 0};
    for (int i = 0; !is_cube(graph, cubic.base, x); i++)
        if (i == MOST_STEPS || !step_back(graph, &cubic))
            return false;
    return near(cubic.factor, 0.044715) && cubic.shift == 0;
}

/* ---- which one it is ------------------------------------------------------------------------------------------------ */

typedef struct spelled {
    const char *op;
    int32_t x;
    double beta;                     /* of swish */
    double threshold, scale, offset; /* of hard_swish */
    bool approximate;                /* of gelu */
} spelled;

/* Clipping to [0, 6] is the relu6 of files that have none. */
static bool is_relu6(const rmt_node *gate)
{
    if (strcmp(gate->op, "relu6") == 0)
        return near(rmt_node_float(gate, "threshold", 6), 6);
    return strcmp(gate->op, "clip") == 0 && gate->input_count == 1 && rmt_node_float(gate, "min", 1) == 0 &&
           near(rmt_node_float(gate, "max", 0), 6);
}

/* total: the factor of the whole; gated: its share that the gate is multiplied by, and what is added to the gate. */
static bool name_it(rmt_graph *graph, const rmt_node *gate, double factor, double shift, spelled *s)
{
    linear in;
    bool halves = near(factor, 0.5) && near(shift, 0.5);
    if (strcmp(gate->op, "tanh") == 0 && halves && is_gelu_argument(graph, gate->inputs[0], s->x)) {
        s->op = "gelu";
        s->approximate = true;
        return true;
    }
    if (strcmp(gate->op, "tanh") == 0 && near(factor, 1) && shift == 0) {
        const rmt_node *inner = maker(graph, gate->inputs[0]);
        s->op = "mish";
        return is_maker(inner, "softplus") && inner->inputs[0] == s->x && rmt_node_float(inner, "beta", 1) == 1;
    }
    if (!is_linear_of(graph, gate->inputs[0], s->x, &in))
        return false;
    if (strcmp(gate->op, "erf") == 0) {
        s->op = "gelu";
        return halves && near(in.factor, 0.70710678) && in.shift == 0;
    }
    if (strcmp(gate->op, "sigmoid") == 0) {
        s->op = "swish";
        s->beta = in.factor;
        return near(factor, 1) && shift == 0 && in.shift == 0;
    }
    s->op = "hard_swish";
    double slope = 1.0 / 6, offset = 0.5;
    if (is_relu6(gate))
        return near(factor, slope) && shift == 0 && near(in.factor, 1) && near(in.shift, 3);
    if (strcmp(gate->op, "hard_sigmoid") != 0)
        return false;
    slope = rmt_node_float(gate, "slope", 0.2);
    offset = rmt_node_float(gate, "offset", 0.5);
    s->threshold = s->scale = 1 / slope;
    s->offset = offset / slope;
    return slope > 0 && near(factor, 1) && shift == 0 && in.factor == 1 && in.shift == 0;
}

/* product = side * gate(...): tries each value that the side may be a multiple of. */
static bool read_product(rmt_graph *graph, int32_t side, int32_t gated, double outer, spelled *s)
{
    static const char *const gates[] = {"sigmoid", "relu6", "clip", "hard_sigmoid", "erf", "tanh", NULL};
    linear x = {side, 1, 0}, gate = {gated, 1, 0};
    const rmt_node *maker_of_gate = maker(graph, gate.base);
    for (int i = 0; maker_of_gate != NULL && !rmt_is_op(maker_of_gate, gates); i++) {
        if (i == MOST_STEPS || !step_back(graph, &gate))
            return false;
        maker_of_gate = maker(graph, gate.base);
    }
    if (maker_of_gate == NULL || rmt_has_activation(maker_of_gate))
        return false;
    for (int i = 0; i < MOST_STEPS && x.shift == 0; i++) {
        *s = (spelled){.x = x.base, .beta = 1, .threshold = 6, .scale = 6, .offset = 3};
        double factor = outer * x.factor;
        if (name_it(graph, maker_of_gate, factor * gate.factor, factor * gate.shift, s))
            return true;
        if (!step_back(graph, &x))
            return false;
    }
    return false;
}

/* ---- rewriting ------------------------------------------------------------------------------------------------------ */

static bool write_it(rmt_graph *graph, int32_t node, const spelled *s)
{
    rmt_node *n = &graph->nodes[node];
    n->op = s->op;
    n->inputs[0] = s->x;
    n->input_count = 1;
    n->attr_count = 0;
    if (strcmp(s->op, "swish") == 0)
        return rmt_node_set_float(graph, node, "beta", s->beta);
    if (strcmp(s->op, "gelu") == 0)
        return rmt_node_set_int(graph, node, "approximate", s->approximate);
    return strcmp(s->op, "hard_swish") != 0 ||
           (rmt_node_set_float(graph, node, "threshold", s->threshold) &&
            rmt_node_set_float(graph, node, "scale", s->scale) && rmt_node_set_float(graph, node, "offset", s->offset));
}

/* The product as it is, or with the factor behind it. `last`: the node that the activation replaces. */
static bool read_node(rmt_graph *graph, int32_t node, int32_t *last, spelled *s)
{
    const int32_t a = graph->nodes[node].inputs[0], b = graph->nodes[node].inputs[1];
    int32_t behind = rmt_only_reader(graph, graph->nodes[node].outputs[0]);
    rmt_affine affine;
    *last = node;
    if (read_product(graph, a, b, 1, s) || read_product(graph, b, a, 1, s))
        return true;
    if (behind < 0 || !rmt_affine_read(graph, &graph->nodes[behind], graph->nodes[node].outputs[0], 0, &affine) ||
        affine.shift[0] != 0.0f)
        return false;
    *last = behind;
    return read_product(graph, a, b, (double)affine.scale[0], s) ||
           read_product(graph, b, a, (double)affine.scale[0], s);
}

static ramet_status read_activations(rmt_graph *graph, const rmt_kernels *kernels, int32_t *changes, ramet_error *error)
{
    (void)kernels;
    for (int32_t i = 0; i < (int32_t)graph->node_count; i++) {
        const rmt_node *node = &graph->nodes[i];
        int32_t last;
        spelled s;
        if (node->dead || strcmp(node->op, "multiply") != 0 || node->inputs[0] == node->inputs[1] ||
            graph->values[node->inputs[0]].data != NULL || graph->values[node->inputs[1]].data != NULL ||
            graph->values[node->outputs[0]].dtype != RAMET_DTYPE_FLOAT32 || !read_node(graph, i, &last, &s))
            continue;
        if (!write_it(graph, last, &s))
            return rmt_fail_memory(error, graph->arena.bytes);
        graph->nodes[i].dead = i != last;
        ++*changes;
    }
    return RAMET_STATUS_OK;
}

const rmt_pass rmt_pass_read_activations = {"read-activations",
                                            "activations that the file spells out in small operators",
                                            read_activations};

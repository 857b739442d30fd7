/* SPDX-License-Identifier: Apache-2.0 */
/* Operators of ONNX that make, take apart, rearrange and search tensors. */
#include "formats/onnx_op.h"

#include <math.h>
#include <string.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* ---- constants -------------------------------------------------------------------------------------------------- */

static int32_t add_floats(rmt_onnx_op *op, const rmt_attr *attr)
{
    const rmt_value like = {.dtype = RAMET_DTYPE_FLOAT32};
    const rmt_shape shape = {.rank = 1, .dims = {attr->count}};
    float *numbers = rmt_arena_alloc(&op->reader->graph->arena, (size_t)attr->count, sizeof(float));
    if (numbers == NULL) {
        op->status = rmt_fail_memory(op->reader->error, (size_t)attr->count * sizeof(float));
        return RMT_NO_VALUE;
    }
    for (int32_t i = 0; i < attr->count; i++)
        numbers[i] = attr->type == RMT_ATTR_FLOATS ? (float)attr->as.floats[i] : (float)attr->as.ints[i];
    return rmt_onnx_add_view(op, &like, &shape, numbers);
}

static void build_constant(rmt_onnx_op *op)
{
    const rmt_node *raw = &op->raw.nodes[0];
    const rmt_attr *ints = rmt_node_attr(raw, "value_ints"), *floats = rmt_node_attr(raw, "value_floats");
    int64_t whole = rmt_onnx_int(op, "value_int", 0);
    float number = (float)rmt_onnx_float(op, "value_float", 0.0);
    int32_t value = RMT_NO_VALUE;
    if (op->tensor.data != NULL)
        value = rmt_onnx_add_tensor(op);
    else if (rmt_onnx_has(op, "value_int"))
        value = rmt_onnx_add_scalar(op, RAMET_DTYPE_INT64, &whole);
    else if (rmt_onnx_has(op, "value_float"))
        value = rmt_onnx_add_scalar(op, RAMET_DTYPE_FLOAT32, &number);
    else if (ints != NULL && ints->type == RMT_ATTR_INTS)
        value = rmt_onnx_add_ints(op, ints->as.ints, (size_t)ints->count);
    else if (floats != NULL && (floats->type == RMT_ATTR_FLOATS || floats->type == RMT_ATTR_INTS))
        value = add_floats(op, floats);
    else
        rmt_onnx_refuse(op, "value");
    rmt_onnx_give(op, 0, value);
}

static void build_constant_of_shape(rmt_onnx_op *op)
{
    int32_t value = op->tensor.data != NULL ? rmt_onnx_add_tensor(op) : RMT_NO_VALUE;
    const rmt_value *constant = rmt_onnx_constant(op, value);
    ramet_dtype dtype = constant != NULL ? constant->dtype : RAMET_DTYPE_FLOAT32;
    double number = constant != NULL ? rmt_onnx_value_number(op, value) : 0.0;
    if (isnan(number)) { /* of another type, or no number indeed: the tensor itself says it */
        int32_t filled = rmt_onnx_add2(op, "full_with_tensor", value, rmt_onnx_in(op, 0));
        rmt_onnx_set_int(op, "dtype", (int64_t)dtype);
        rmt_onnx_give(op, 0, filled);
        return;
    }
    rmt_onnx_ints shape = rmt_onnx_value_ints(op, rmt_onnx_in(op, 0));
    bool known = shape.known && shape.count <= RMT_MAX_RANK;
    int32_t out = rmt_onnx_add_list(op, "full", op->inputs.items, known ? 0 : 1);
    if (known)
        rmt_onnx_set_ints(op, "shape", shape.at, shape.count);
    rmt_onnx_set_float(op, "value", number);
    rmt_onnx_set_int(op, "dtype", (int64_t)dtype);
    rmt_onnx_give(op, 0, out);
}

/* on where the index is, off elsewhere; the two values are constants. */
static void build_one_hot(rmt_onnx_op *op)
{
    const rmt_value *values = rmt_onnx_constant(op, rmt_onnx_in(op, 2));
    int64_t depth = 0;
    rmt_onnx_ints known = rmt_onnx_value_ints(op, rmt_onnx_in(op, 1));
    if (values == NULL || values->shape.rank != 1 || values->shape.dims[0] != 2)
        rmt_onnx_refuse(op, "values");
    if (rmt_onnx_int(op, "axis", -1) != -1)
        rmt_onnx_refuse(op, "axis");
    if (op->variant != NULL)
        return;
    const rmt_value copy = *values; /* the table moves */
    const rmt_shape scalar = {.rank = 0};
    const unsigned char *on = (const unsigned char *)copy.data + ramet_dtype_bytes(copy.dtype);
    depth = known.known && known.count == 1 ? known.at[0] : 0;
    int32_t hot = rmt_onnx_add_list(op, "one_hot", op->inputs.items, depth > 0 ? 1 : 2);
    if (depth > 0)
        rmt_onnx_set_int(op, "depth", depth);
    rmt_onnx_set_int(op, "dtype", RAMET_DTYPE_BOOL);
    const int32_t inputs[] = {hot, rmt_onnx_add_view(op, &copy, &scalar, on),
                              rmt_onnx_add_view(op, &copy, &scalar, copy.data)};
    int32_t out = rmt_onnx_add_list(op, "where", inputs, 3);
    rmt_onnx_set_int(op, "broadcast", 1);
    rmt_onnx_give(op, 0, out);
}

/* ---- shapes ------------------------------------------------------------------------------------------------------- */

static int32_t part_of(rmt_onnx_op *op, int32_t x, int64_t axis, int64_t start, int64_t end)
{
    int32_t out = rmt_onnx_add(op, "slice", x);
    rmt_onnx_set_ints(op, "axes", &axis, 1);
    rmt_onnx_set_ints(op, "starts", &start, 1);
    rmt_onnx_set_ints(op, "ends", &end, 1);
    return out;
}

static void build_shape(rmt_onnx_op *op)
{
    int32_t out = rmt_onnx_add(op, "shape", rmt_onnx_in(op, 0));
    rmt_onnx_set_int(op, "dtype", RAMET_DTYPE_INT64);
    if (rmt_onnx_has(op, "start") || rmt_onnx_has(op, "end"))
        out = part_of(op, out, 0, rmt_onnx_int(op, "start", 0), rmt_onnx_int(op, "end", INT32_MAX));
    rmt_onnx_give(op, 0, out);
}

static bool has_zero(const rmt_onnx_ints *list)
{
    bool has = false;
    for (size_t i = 0; i < list->count; i++)
        has = has || list->at[i] == 0;
    return has;
}

/* A shape that is known becomes an attribute. */
static void build_reshape(rmt_onnx_op *op)
{
    rmt_onnx_ints shape = rmt_onnx_value_ints(op, rmt_onnx_in(op, 1));
    bool known = shape.known && shape.count > 0 && shape.count <= RMT_MAX_RANK;
    if (rmt_onnx_int(op, "allowzero", 0) != 0 && (!known || has_zero(&shape)))
        rmt_onnx_refuse(op, "allowzero");
    int32_t out = rmt_onnx_add_list(op, "reshape", op->inputs.items, known ? 1 : 2);
    if (known)
        rmt_onnx_set_ints(op, "shape", shape.at, shape.count);
    rmt_onnx_give(op, 0, out);
}

static int32_t flattened(rmt_onnx_op *op, int32_t x, int64_t start, int64_t stop)
{
    int32_t out = rmt_onnx_add(op, "flatten", x);
    rmt_onnx_set_int(op, "start_axis", start);
    rmt_onnx_set_int(op, "stop_axis", stop);
    return out;
}

static int32_t unsqueezed(rmt_onnx_op *op, int32_t x, int64_t axis)
{
    int32_t out = rmt_onnx_add(op, "unsqueeze", x);
    rmt_onnx_set_ints(op, "axes", &axis, 1);
    return out;
}

/* A matrix: the dims before the axis, and the others. */
static void build_flatten(rmt_onnx_op *op)
{
    int64_t axis = rmt_onnx_int(op, "axis", 1);
    int32_t x = rmt_onnx_in(op, 0), rank = rmt_onnx_rank(op, x);
    if (axis == 0 || (rank >= 0 && axis == -rank)) {
        x = unsqueezed(op, flattened(op, x, 0, -1), 0);
    } else if (axis == rank) {
        x = unsqueezed(op, flattened(op, x, 0, -1), 1);
    } else {
        x = flattened(op, x, axis, -1);
        if (axis != 1)
            x = flattened(op, x, 0, -2);
    }
    rmt_onnx_give(op, 0, x);
}

static void build_squeeze(rmt_onnx_op *op)
{
    rmt_onnx_ints axes = rmt_onnx_either_ints(op, "axes", 1);
    if ((!axes.known && rmt_onnx_in(op, 1) != RMT_NO_VALUE) || axes.count > RMT_MAX_RANK)
        rmt_onnx_refuse(op, "axes");
    int32_t out = rmt_onnx_add(op, op->rule->to, rmt_onnx_in(op, 0));
    rmt_onnx_set_ints(op, "axes", axes.at, axes.count);
    rmt_onnx_give(op, 0, out);
}

/* unsqueeze puts its axes in one by one, ONNX means places in the result: the same when they ascend. */
static void sort_axes(rmt_onnx_ints *axes)
{
    for (size_t i = 1; i < axes->count; i++) {
        int64_t axis = axes->at[i];
        size_t k = i;
        for (; k > 0 && axes->at[k - 1] > axis; k--)
            axes->at[k] = axes->at[k - 1];
        axes->at[k] = axis;
    }
}

/* Negative axes count from the end of the result, whose rank is known if x's is. */
static void build_unsqueeze(rmt_onnx_op *op)
{
    rmt_onnx_ints axes = rmt_onnx_either_ints(op, "axes", 1);
    int32_t rank = rmt_onnx_rank(op, rmt_onnx_in(op, 0));
    if (!axes.known || axes.count > RMT_MAX_RANK)
        rmt_onnx_refuse(op, "axes");
    for (size_t i = 0; i < axes.count && axes.count > 1; i++) {
        if (axes.at[i] < 0 && rank < 0)
            rmt_onnx_refuse(op, "negative axes");
        axes.at[i] += axes.at[i] < 0 ? rank + (int64_t)axes.count : 0;
    }
    sort_axes(&axes);
    int32_t out = rmt_onnx_add(op, "unsqueeze", rmt_onnx_in(op, 0));
    rmt_onnx_set_ints(op, "axes", axes.at, axes.count);
    rmt_onnx_give(op, 0, out);
}

static void build_expand(rmt_onnx_op *op)
{
    rmt_onnx_ints shape = rmt_onnx_value_ints(op, rmt_onnx_in(op, 1));
    bool known = shape.known && shape.count <= RMT_MAX_RANK;
    int32_t out = rmt_onnx_add_list(op, "expand", op->inputs.items, known ? 1 : 2);
    if (known)
        rmt_onnx_set_ints(op, "shape", shape.at, shape.count);
    rmt_onnx_set_int(op, "two_way", 1);
    rmt_onnx_give(op, 0, out);
}

static void build_tile(rmt_onnx_op *op)
{
    rmt_onnx_ints times = rmt_onnx_value_ints(op, rmt_onnx_in(op, 1));
    bool known = times.known && times.count <= RMT_MAX_RANK;
    int32_t out = rmt_onnx_add_list(op, "tile", op->inputs.items, known ? 1 : 2);
    if (known)
        rmt_onnx_set_ints(op, "repeat_times", times.at, times.count);
    rmt_onnx_give(op, 0, out);
}

/* ---- parts -------------------------------------------------------------------------------------------------------- */

static bool all_ones(const rmt_onnx_ints *list)
{
    bool ones = true;
    for (size_t i = 0; i < list->count; i++)
        ones = ones && list->at[i] == 1;
    return ones;
}

/* Without axes the first ones are meant. */
static void default_axes(rmt_onnx_ints *axes, size_t count)
{
    axes->known = true;
    axes->count = count;
    for (size_t i = 0; i < count; i++)
        axes->at[i] = (int64_t)i;
}

static void build_slice(rmt_onnx_op *op)
{
    rmt_onnx_ints starts = rmt_onnx_either_ints(op, "starts", 1), ends = rmt_onnx_either_ints(op, "ends", 2);
    rmt_onnx_ints axes = rmt_onnx_either_ints(op, "axes", 3), steps = rmt_onnx_value_ints(op, rmt_onnx_in(op, 4));
    size_t count = starts.known ? starts.count : ends.known ? ends.count : axes.count;
    if (rmt_onnx_in(op, 3) == RMT_NO_VALUE && !axes.known && count > 0)
        default_axes(&axes, count);
    if (!axes.known || axes.count > RMT_MAX_RANK || axes.count == 0)
        rmt_onnx_refuse(op, "axes");
    if (rmt_onnx_in(op, 4) != RMT_NO_VALUE && (!steps.known || steps.count != axes.count))
        rmt_onnx_refuse(op, "steps");
    bool strided = steps.known && !all_ones(&steps);
    const int32_t inputs[] = {rmt_onnx_in(op, 0), starts.known ? RMT_NO_VALUE : rmt_onnx_in(op, 1),
                              ends.known ? RMT_NO_VALUE : rmt_onnx_in(op, 2)};
    int32_t out = rmt_onnx_add_list(op, strided ? "strided_slice" : "slice", inputs, 3);
    rmt_onnx_set_ints(op, "axes", axes.at, axes.count);
    rmt_onnx_set_ints(op, "starts", starts.at, starts.count);
    rmt_onnx_set_ints(op, "ends", ends.at, ends.count);
    if (strided) {
        rmt_onnx_set_ints(op, "strides", steps.at, steps.count);
        rmt_onnx_set_int(op, "numpy", 1);
    }
    rmt_onnx_give(op, 0, out);
}

/* Several results of one node; those nobody asked for are not made. */
static void add_outputs(rmt_onnx_op *op, const char *to, const int32_t *inputs, size_t input_count, int32_t *outputs,
                        size_t count)
{
    for (size_t i = 0; i < count; i++)
        outputs[i] = rmt_onnx_new_value(op);
    rmt_onnx_add_node(op, to, inputs, input_count, outputs, count);
}

static void give_all(rmt_onnx_op *op, const int32_t *outputs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        rmt_onnx_give(op, i, outputs[i]);
}

static void build_split(rmt_onnx_op *op)
{
    rmt_onnx_ints sections = rmt_onnx_either_ints(op, "split", 1);
    size_t count = op->node.outputs.count;
    bool by_tensor = !sections.known && rmt_onnx_in(op, 1) != RMT_NO_VALUE;
    int32_t *outputs = rmt_arena_alloc(&op->raw.arena, count, sizeof(int32_t));
    if (outputs == NULL) {
        op->status = rmt_fail_memory(op->reader->error, count * sizeof(int32_t));
        return;
    }
    add_outputs(op, "split", op->inputs.items, by_tensor ? 2 : 1, outputs, count);
    rmt_onnx_set_int(op, "axis", rmt_onnx_int(op, "axis", 0));
    if (sections.known)
        rmt_onnx_set_ints(op, "sections", sections.at, sections.count);
    else if (!by_tensor)
        rmt_onnx_set_int(op, "num", (int64_t)count);
    if (rmt_onnx_has(op, "num_outputs"))
        rmt_onnx_set_int(op, "uneven", 1);
    give_all(op, outputs, count);
}

static void build_top_k(rmt_onnx_op *op)
{
    rmt_onnx_ints k = rmt_onnx_either_ints(op, "k", 1);
    bool known = k.known && k.count == 1;
    int32_t outputs[2];
    add_outputs(op, "top_k", op->inputs.items, known ? 1 : 2, outputs, 2);
    if (known)
        rmt_onnx_set_int(op, "k", k.at[0]);
    rmt_onnx_set_int(op, "axis", rmt_onnx_int(op, "axis", -1));
    rmt_onnx_set_int(op, "largest", rmt_onnx_int(op, "largest", 1));
    rmt_onnx_set_int(op, "sorted", 1);
    give_all(op, outputs, 2);
}

/* ---- padding ------------------------------------------------------------------------------------------------------ */

/* [before of all dims, after of all dims] as pairs. */
static void pair_pads(const rmt_onnx_ints *pads, int64_t *pairs)
{
    size_t half = pads->count / 2;
    for (size_t i = 0; i < half; i++) {
        pairs[2 * i] = pads->at[i];
        pairs[2 * i + 1] = pads->at[half + i];
    }
}

/* The same for pads that only the run knows. */
static int32_t pair_unknown_pads(rmt_onnx_op *op, int32_t pads)
{
    static const int64_t halves[] = {2, -1}, perm[] = {1, 0};
    int32_t rows = rmt_onnx_add(op, "reshape", pads);
    rmt_onnx_set_ints(op, "shape", halves, 2);
    int32_t columns = rmt_onnx_add(op, "transpose", rows);
    rmt_onnx_set_ints(op, "perm", perm, 2);
    return flattened(op, columns, 0, -1);
}

/* Pads of some axes as pads of all. */
static void spread_pads(rmt_onnx_op *op, rmt_onnx_ints *pads, const rmt_onnx_ints *axes)
{
    int32_t rank = rmt_onnx_rank(op, rmt_onnx_in(op, 0));
    rmt_onnx_ints all = {.known = true, .count = 2 * (size_t)(rank > 0 ? rank : 0)};
    bool good = rank > 0 && pads->known && axes->known && pads->count == 2 * axes->count;
    for (size_t i = 0; i < axes->count && good; i++) {
        int64_t axis = axes->at[i] + (axes->at[i] < 0 ? rank : 0);
        good = axis >= 0 && axis < rank;
        if (good) {
            all.at[axis] = pads->at[i];
            all.at[axis + rank] = pads->at[axes->count + i];
        }
    }
    if (!good)
        rmt_onnx_refuse(op, "axes");
    *pads = all;
}

static const char *pad_mode(rmt_onnx_op *op)
{
    static const char *const modes[][2] = {{"constant", "constant"},
                                           {"reflect", "reflect"},
                                           {"edge", "replicate"},
                                           {"wrap", "circular"}};
    const char *mode = rmt_onnx_text(op, "mode", "constant");
    for (size_t i = 0; i < COUNT(modes); i++)
        if (strcmp(mode, modes[i][0]) == 0)
            return modes[i][1];
    rmt_onnx_refuse(op, "mode");
    return mode;
}

static void build_pad(rmt_onnx_op *op)
{
    int64_t pairs[2 * RMT_MAX_RANK];
    const char *mode = pad_mode(op);
    rmt_onnx_ints pads = rmt_onnx_either_ints(op, "pads", 1), axes = rmt_onnx_value_ints(op, rmt_onnx_in(op, 3));
    if (rmt_onnx_in(op, 3) != RMT_NO_VALUE)
        spread_pads(op, &pads, &axes);
    if (pads.count % 2 != 0)
        rmt_onnx_refuse(op, "pads");
    double value = rmt_onnx_value_number(op, rmt_onnx_in(op, 2));
    bool by_tensor = rmt_onnx_in(op, 2) != RMT_NO_VALUE && isnan(value);
    const int32_t inputs[] = {rmt_onnx_in(op, 0), pads.known ? RMT_NO_VALUE : pair_unknown_pads(op, rmt_onnx_in(op, 1)),
                              by_tensor ? rmt_onnx_in(op, 2) : RMT_NO_VALUE};
    int32_t out = rmt_onnx_add_list(op, "pad", inputs, 3);
    pair_pads(&pads, pairs);
    if (pads.known)
        rmt_onnx_set_ints(op, "paddings", pairs, pads.count);
    rmt_onnx_set_int(op, "from_last", 0);
    rmt_onnx_set_text(op, "mode", mode);
    rmt_onnx_set_float(op, "value", isnan(value) ? rmt_onnx_float(op, "value", 0.0) : value);
    rmt_onnx_give(op, 0, out);
}

/* ---- searching ---------------------------------------------------------------------------------------------------- */

static void build_gather_nd(rmt_onnx_op *op)
{
    if (rmt_onnx_int(op, "batch_dims", 0) != 0)
        rmt_onnx_refuse(op, "batch_dims");
    rmt_onnx_give(op, 0, rmt_onnx_add2(op, "gather_nd", rmt_onnx_in(op, 0), rmt_onnx_in(op, 1)));
}

static void build_nonzero(rmt_onnx_op *op)
{
    static const int64_t perm[] = {1, 0};
    int32_t places = rmt_onnx_add(op, "nonzero", rmt_onnx_in(op, 0));
    int32_t out = rmt_onnx_add(op, "transpose", places);
    rmt_onnx_set_ints(op, "perm", perm, 2);
    rmt_onnx_give(op, 0, out);
}

static void build_triangle(rmt_onnx_op *op)
{
    rmt_onnx_ints diagonal = rmt_onnx_value_ints(op, rmt_onnx_in(op, 1));
    if (rmt_onnx_in(op, 1) != RMT_NO_VALUE && (!diagonal.known || diagonal.count != 1))
        rmt_onnx_refuse(op, "k");
    int32_t out = rmt_onnx_add(op, "triangle", rmt_onnx_in(op, 0));
    rmt_onnx_set_int(op, "diagonal", diagonal.count == 1 ? diagonal.at[0] : 0);
    rmt_onnx_set_int(op, "lower", rmt_onnx_int(op, "upper", 1) == 0);
    rmt_onnx_give(op, 0, out);
}

/* The mask of a dropout is of no use at inference. */
static void build_dropout(rmt_onnx_op *op)
{
    rmt_onnx_give(op, 0, rmt_onnx_add(op, "identity", rmt_onnx_in(op, 0)));
    rmt_onnx_leave(op, 1);
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

enum { MANY = 1 << 16 };

static const rmt_onnx_rule rules[] = {
    {"Constant", "", 0, 0, "value value_int value_ints value_float value_floats", build_constant},
    {"ConstantOfShape", "full", 1, 1, "value", build_constant_of_shape},
    {"Range", "range", 3, 3, "", NULL},
    {"OneHot", "where", 3, 3, "axis", build_one_hot},
    {"Identity", "identity", 1, 1, "", NULL},
    {"Dropout", "identity", 1, 3, "ratio seed", build_dropout},

    {"Shape", "shape", 1, 1, "start end", build_shape},
    {"Size", "numel", 1, 1, "", NULL},
    {"Reshape", "reshape", 2, 2, "allowzero", build_reshape},
    {"Flatten", "flatten", 1, 1, "axis", build_flatten},
    {"Squeeze", "squeeze", 1, 2, "axes", build_squeeze},
    {"Unsqueeze", "unsqueeze", 1, 2, "axes", build_unsqueeze},
    {"Transpose", "transpose", 1, 1, "perm", NULL},
    {"Expand", "expand", 2, 2, "", build_expand},
    {"Tile", "tile", 2, 2, "", build_tile},
    {"Concat", "concat", 1, MANY, "axis", NULL},
    {"Split", "split", 1, 2, "axis split num_outputs", build_split},
    {"Slice", "slice", 1, 5, "axes starts ends", build_slice},
    {"Pad", "pad", 1, 4, "mode pads value", build_pad},
    {"Trilu", "triangle", 1, 2, "upper", build_triangle},

    {"Gather", "gather", 2, 2, "axis:0", NULL},
    {"GatherElements", "take_along_axis", 2, 2, "axis:0", NULL},
    {"GatherND", "gather_nd", 2, 2, "batch_dims", build_gather_nd},
    {"ScatterND", "put_nd", 3, 3, "reduction", NULL},
    {"ScatterElements", "put_along_axis", 3, 3, "axis:0 reduction", NULL},
    {"Scatter", "put_along_axis", 3, 3, "axis:0", NULL},
    {"TopK", "top_k", 1, 2, "axis k largest sorted", build_top_k},
    {"NonZero", "nonzero", 1, 1, "", build_nonzero},
    {"NonMaxSuppression", "non_max_suppression", 2, 5, "center_point_box:0", NULL},
};

const rmt_onnx_rules rmt_onnx_rules_tensors = {rules, COUNT(rules)};

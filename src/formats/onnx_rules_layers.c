/* SPDX-License-Identifier: Apache-2.0 */
/* Operators of ONNX that are layers of image networks: windows, norms, sizes of images. Recurrent ones have a file. */
#include "formats/onnx_op.h"
#include "formats/onnx_recurrent.h"

#include <math.h>
#include <string.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* ---- windows ---------------------------------------------------------------------------------------------------- */

/*
 * Canonical windows have two sides. One that has one side only gets a first side of 1: `flat` means that x and the
 * result are [n, c, 1, w] in between.
 */
typedef struct window {
    bool flat;
    int64_t kernel[2], strides[2], dilations[2], pads[4]; /* top, bottom, left, right */
    const char *padding;
} window;

/* A list of one number a side, all 1 where the file has none. */
static bool read_sides(const rmt_onnx_op *op, const char *name, size_t sides, int64_t side[2])
{
    rmt_onnx_ints list = rmt_onnx_attr_ints(op, name);
    side[0] = side[1] = 1;
    if (!list.known)
        return true;
    memcpy(&side[2 - sides], list.at, sides * sizeof(*side));
    return list.count == sides;
}

static bool read_pads(const rmt_onnx_op *op, size_t sides, int64_t pads[4])
{
    rmt_onnx_ints list = rmt_onnx_attr_ints(op, "pads");
    memset(pads, 0, 4 * sizeof(*pads));
    if (!list.known)
        return true;
    for (size_t i = 0; i < sides; i++) {
        pads[2 * (2 - sides + i)] = list.at[i];
        pads[2 * (2 - sides + i) + 1] = list.at[sides + i];
    }
    return list.count == 2 * sides;
}

/* sides: of the kernel; refuses what has other than one or two. */
static window read_window(rmt_onnx_op *op, size_t sides)
{
    window w = {.flat = sides == 1, .padding = "EXPLICIT"};
    const char *automatic = rmt_onnx_text(op, "auto_pad", "NOTSET");
    if (sides < 1 || sides > 2) {
        rmt_onnx_refuse(op, sides == 3 ? "3d" : "kernel");
        return w;
    }
    if (!read_sides(op, "kernel_shape", sides, w.kernel) || !read_sides(op, "strides", sides, w.strides) ||
        !read_sides(op, "dilations", sides, w.dilations) || !read_pads(op, sides, w.pads))
        rmt_onnx_refuse(op, "sides");
    if (strcmp(automatic, "NOTSET") != 0)
        w.padding = strcmp(automatic, "VALID") == 0        ? "VALID"
                    : strcmp(automatic, "SAME_UPPER") == 0 ? "SAME_UPPER"
                                                           : "SAME_LOWER";
    return w;
}

static void set_window(rmt_onnx_op *op, const window *w)
{
    rmt_onnx_set_ints(op, "strides", w->strides, 2);
    rmt_onnx_set_ints(op, "paddings", w->pads, 4);
    rmt_onnx_set_text(op, "padding_algorithm", w->padding);
    rmt_onnx_set_ints(op, "dilations", w->dilations, 2);
}

static int32_t with_axis(rmt_onnx_op *op, const char *change, int32_t x, int64_t axis)
{
    int32_t out = rmt_onnx_add(op, change, x);
    rmt_onnx_set_ints(op, "axes", &axis, 1);
    return out;
}

/* [co, ci, k] as [co, ci, 1, k]. */
static int32_t flat_filter(rmt_onnx_op *op, int32_t filter)
{
    const rmt_value *constant = rmt_onnx_constant(op, filter);
    if (constant == NULL)
        return with_axis(op, "unsqueeze", filter, 2);
    const int64_t *dims = constant->shape.dims;
    const rmt_shape shape = {.rank = 4, .dims = {dims[0], dims[1], 1, dims[2]}};
    return rmt_onnx_add_view(op, constant, &shape, constant->data);
}

/* How many sides a filter has: by itself, or by what the node says of it. */
static size_t filter_sides(const rmt_onnx_op *op)
{
    int32_t rank = rmt_onnx_rank(op, rmt_onnx_in(op, 1));
    rmt_onnx_ints kernel = rmt_onnx_attr_ints(op, "kernel_shape");
    return rank >= 2 ? (size_t)rank - 2 : kernel.known ? kernel.count : 2;
}

/* Adds the node of the rule, with three inputs; attributes may follow, then finish_filter(). */
static int32_t add_filter(rmt_onnx_op *op, const window *w)
{
    int32_t inputs[] = {rmt_onnx_in(op, 0), rmt_onnx_in(op, 1), rmt_onnx_in(op, 2)};
    if (w->flat) {
        inputs[0] = with_axis(op, "unsqueeze", inputs[0], 2);
        inputs[1] = flat_filter(op, inputs[1]);
    }
    int32_t out = rmt_onnx_add_list(op, op->rule->to, inputs, 3);
    set_window(op, w);
    rmt_onnx_set_int(op, "groups", rmt_onnx_int(op, "group", 1));
    return out;
}

static void build_conv(rmt_onnx_op *op)
{
    window w = read_window(op, filter_sides(op));
    int32_t out = add_filter(op, &w);
    rmt_onnx_give(op, 0, w.flat ? with_axis(op, "squeeze", out, 2) : out);
}

static void build_conv_transpose(rmt_onnx_op *op)
{
    size_t sides = filter_sides(op);
    window w = read_window(op, sides);
    rmt_onnx_ints padding = rmt_onnx_attr_ints(op, "output_padding");
    rmt_onnx_ints shape = rmt_onnx_attr_ints(op, "output_shape");
    int64_t more[2] = {0, 0};
    if (shape.known)
        rmt_onnx_refuse(op, "output_shape");
    if (strcmp(w.padding, "SAME_UPPER") == 0 || strcmp(w.padding, "SAME_LOWER") == 0)
        rmt_onnx_refuse(op, w.padding);
    if (padding.known && padding.count == sides && sides <= 2)
        memcpy(&more[2 - sides], padding.at, sides * sizeof(*more));
    int32_t out = add_filter(op, &w);
    rmt_onnx_set_ints(op, "output_padding", more, padding.known ? 2 : 0);
    rmt_onnx_give(op, 0, w.flat ? with_axis(op, "squeeze", out, 2) : out);
}

static int32_t add_pool(rmt_onnx_op *op, int32_t x, const char *type, const window *w)
{
    int32_t out = rmt_onnx_add(op, "pool2d", x);
    rmt_onnx_set_text(op, "pooling_type", type);
    rmt_onnx_set_ints(op, "ksize", w->kernel, 2);
    set_window(op, w);
    return out;
}

static void build_pool(rmt_onnx_op *op)
{
    bool largest = rmt_span_is(op->node.type, "MaxPool");
    window w = read_window(op, rmt_onnx_attr_ints(op, "kernel_shape").count);
    if (w.dilations[0] != 1 || w.dilations[1] != 1)
        rmt_onnx_refuse(op, "dilations");
    if (rmt_onnx_wants(op, 1))
        rmt_onnx_leave(op, 1);
    int32_t x = w.flat ? with_axis(op, "unsqueeze", rmt_onnx_in(op, 0), 2) : rmt_onnx_in(op, 0);
    int32_t out = add_pool(op, x, largest ? "max" : "avg", &w);
    rmt_onnx_set_int(op, "ceil_mode", rmt_onnx_int(op, "ceil_mode", 0) != 0 ? 2 : 0);
    rmt_onnx_set_int(op, "exclusive", rmt_onnx_int(op, "count_include_pad", 0) == 0);
    rmt_onnx_give(op, 0, w.flat ? with_axis(op, "squeeze", out, 2) : out);
}

/* Over all dims behind the channels; of images where nothing else is known. */
static void build_global_pool(rmt_onnx_op *op)
{
    static const int64_t axes[RMT_MAX_RANK] = {2, 3, 4, 5, 6, 7, 8, 9};
    bool largest = rmt_span_is(op->node.type, "GlobalMaxPool");
    int32_t rank = rmt_onnx_rank(op, rmt_onnx_in(op, 0));
    int32_t out = RMT_NO_VALUE;
    if (rank == 4 || rank < 3) {
        const window w = {.kernel = {1, 1}, .strides = {1, 1}, .dilations = {1, 1}, .padding = "EXPLICIT"};
        out = add_pool(op, rmt_onnx_in(op, 0), largest ? "max" : "avg", &w);
        rmt_onnx_set_int(op, "global_pooling", 1);
    } else {
        out = rmt_onnx_add(op, largest ? "reduce_max" : "reduce_mean", rmt_onnx_in(op, 0));
        rmt_onnx_set_ints(op, "dim", axes, (size_t)rank - 2);
        rmt_onnx_set_int(op, "keep_dim", 1);
    }
    rmt_onnx_give(op, 0, out);
}

/* ---- norms ------------------------------------------------------------------------------------------------------ */

static void leave_others(rmt_onnx_op *op)
{
    for (size_t i = 1; i < op->node.outputs.count; i++)
        rmt_onnx_leave(op, i);
}

static void build_batch_norm(rmt_onnx_op *op)
{
    if (rmt_onnx_int(op, "training_mode", 0) != 0)
        rmt_onnx_refuse(op, "training_mode");
    if (rmt_onnx_int(op, "spatial", 1) == 0)
        rmt_onnx_refuse(op, "spatial");
    int32_t out = rmt_onnx_add_list(op, "batch_norm", op->inputs.items, 5);
    rmt_onnx_set_float(op, "epsilon", rmt_onnx_float(op, "epsilon", 1e-5));
    rmt_onnx_give(op, 0, out);
    leave_others(op);
}

static void build_layer_norm(rmt_onnx_op *op)
{
    int32_t out = rmt_onnx_add_list(op, "layer_norm", op->inputs.items, op->inputs.count);
    rmt_onnx_set_float(op, "epsilon", rmt_onnx_float(op, "epsilon", 1e-5));
    rmt_onnx_set_int(op, "begin_norm_axis", rmt_onnx_int(op, "axis", -1));
    rmt_onnx_give(op, 0, out);
    leave_others(op);
}

/* Scale and bias are for each channel since version 21, for each group before. */
static void build_group_norm(rmt_onnx_op *op)
{
    if (op->reader->opset < 21)
        rmt_onnx_refuse(op, "scale of groups");
    int32_t out = rmt_onnx_add_list(op, "group_norm", op->inputs.items, op->inputs.count);
    rmt_onnx_set_float(op, "epsilon", rmt_onnx_float(op, "epsilon", 1e-5));
    rmt_onnx_set_int(op, "groups", rmt_onnx_int(op, "num_groups", 1));
    rmt_onnx_give(op, 0, out);
}

/* ONNX has the mean over the window where lrn has the sum. */
static void build_lrn(rmt_onnx_op *op)
{
    int64_t size = rmt_onnx_int(op, "size", 1);
    if (size < 1)
        rmt_onnx_refuse(op, "size");
    int32_t out = rmt_onnx_add(op, "lrn", rmt_onnx_in(op, 0));
    rmt_onnx_set_int(op, "n", size);
    rmt_onnx_set_float(op, "k", rmt_onnx_float(op, "bias", 1.0));
    rmt_onnx_set_float(op, "alpha", rmt_onnx_float(op, "alpha", 1e-4) / (double)size);
    rmt_onnx_set_float(op, "beta", rmt_onnx_float(op, "beta", 0.75));
    rmt_onnx_give(op, 0, out);
}

/* ---- sizes of images ---------------------------------------------------------------------------------------------- */

/* Where samples are taken. The usual forms have older words, too, in which PaddlePaddle's models come. */
static void set_sampling(rmt_onnx_op *op, bool nearest, bool cubic)
{
    bool upsample = rmt_span_is(op->node.type, "Upsample") || op->reader->opset < 11;
    const char *where = rmt_onnx_text(op, "coordinate_transformation_mode", upsample ? "asymmetric" : "half_pixel");
    const char *which = rmt_onnx_text(op, "nearest_mode", upsample ? "floor" : "round_prefer_floor");
    bool corners = strcmp(where, "align_corners") == 0, centers = strcmp(where, "half_pixel") == 0;
    bool plain = strcmp(where, "asymmetric") == 0;
    if (strcmp(where, "tf_crop_and_resize") == 0)
        rmt_onnx_refuse(op, where);
    if (nearest ? plain && strcmp(which, "floor") == 0 : !cubic && (corners || centers || plain)) {
        rmt_onnx_set_int(op, "align_corners", corners);
        rmt_onnx_set_int(op, "align_mode", !centers);
        return;
    }
    rmt_onnx_set_text(op, "coordinates", where);
    rmt_onnx_set_text(op, "nearest_mode", which);
    rmt_onnx_set_float(op, "cubic_coeff_a", rmt_onnx_float(op, "cubic_coeff_a", -0.75));
    rmt_onnx_set_int(op, "exclude_outside", rmt_onnx_int(op, "exclude_outside", 0));
}

/* The last `sides` numbers of a tensor of all dims; known is what the tensor says where it is a constant. */
static int32_t last_numbers(rmt_onnx_op *op, int32_t list, size_t sides)
{
    const int64_t axis = 0, start = -(int64_t)sides, end = INT32_MAX;
    int32_t out = rmt_onnx_add(op, "slice", list);
    rmt_onnx_set_ints(op, "axes", &axis, 1);
    rmt_onnx_set_ints(op, "starts", &start, 1);
    rmt_onnx_set_ints(op, "ends", &end, 1);
    return out;
}

/* Constant float scales; none: RMT_MAX_RANK + 1. Those in front of the image must be 1. */
static size_t read_scales(rmt_onnx_op *op, int32_t value, double scales[RMT_MAX_RANK])
{
    const rmt_value *constant = rmt_onnx_constant(op, value);
    rmt_onnx_ints axes = rmt_onnx_attr_ints(op, "axes");
    if (constant == NULL || constant->dtype != RAMET_DTYPE_FLOAT32 || constant->shape.rank != 1 ||
        constant->shape.dims[0] > RMT_MAX_RANK)
        return RMT_MAX_RANK + 1;
    size_t count = (size_t)constant->shape.dims[0];
    for (size_t i = 0; i < count; i++) {
        float scale = 0.0F;
        memcpy(&scale, (const unsigned char *)constant->data + i * sizeof(scale), sizeof(scale));
        scales[i] = (double)scale;
        if (!axes.known && i < 2 && scale != 1.0F)
            rmt_onnx_refuse(op, "scale of channels");
    }
    return count;
}

/* What is resized: the dims behind the channels, or those that `axes` names, if they are the last ones. */
static size_t resized_sides(rmt_onnx_op *op, size_t listed)
{
    rmt_onnx_ints axes = rmt_onnx_attr_ints(op, "axes");
    int32_t rank = rmt_onnx_rank(op, rmt_onnx_in(op, 0));
    if (!axes.known)
        return listed > 2 ? listed - 2 : rank > 2 ? (size_t)rank - 2 : 2;
    for (size_t i = 0; i < axes.count; i++)
        if (axes.at[i] != (int64_t)i + 2 && axes.at[i] != (int64_t)i - (int64_t)axes.count)
            rmt_onnx_refuse(op, "axes");
    return axes.count;
}

static void set_size(rmt_onnx_op *op, const rmt_onnx_ints *sizes, size_t sides)
{
    static const char *const names[] = {"out_w", "out_h", "out_d"};
    for (size_t i = 0; i < sides && i < COUNT(names) && i < sizes->count; i++)
        rmt_onnx_set_int(op, names[i], sizes->at[sizes->count - 1 - i]);
}

/* The node, with sizes or scales as attributes where they are known and as inputs where not. */
static int32_t add_interp(rmt_onnx_op *op, int32_t scales, int32_t sizes, const char *method, size_t *sides)
{
    double factors[RMT_MAX_RANK] = {0};
    rmt_onnx_ints known = rmt_onnx_value_ints(op, sizes);
    size_t count = scales != RMT_NO_VALUE ? read_scales(op, scales, factors) : RMT_MAX_RANK + 1;
    bool scaled = count <= RMT_MAX_RANK;
    *sides = resized_sides(op, known.known ? known.count : scaled ? count : 0);
    if (*sides < 1 || *sides > 3 || (scaled && count < *sides))
        rmt_onnx_refuse(op, "sides");
    int32_t inputs[] = {rmt_onnx_in(op, 0), RMT_NO_VALUE, RMT_NO_VALUE};
    if (sizes != RMT_NO_VALUE && !known.known)
        inputs[1] = last_numbers(op, sizes, *sides);
    else if (sizes == RMT_NO_VALUE && !scaled)
        inputs[2] = last_numbers(op, scales, *sides);
    int32_t out = rmt_onnx_add_list(op, "interp", inputs, 3);
    static const char *const linear[] = {"linear", "bilinear", "trilinear"};
    bool is_linear = strcmp(method, "linear") == 0;
    rmt_onnx_set_text(op, "method",
                      is_linear && *sides >= 1 && *sides <= 3 ? linear[*sides - 1]
                      : strcmp(method, "cubic") == 0          ? "bicubic"
                                                              : method);
    if (sizes != RMT_NO_VALUE)
        set_size(op, &known, *sides);
    else if (scaled && count >= *sides)
        rmt_onnx_set_floats(op, "scale", factors + count - *sides, *sides);
    return out;
}

/* Inputs: x, scales; x, region, scales, sizes since version 11. An empty tensor is an absent one. */
static void build_resize(rmt_onnx_op *op)
{
    bool old = op->reader->opset < 11 || rmt_span_is(op->node.type, "Upsample");
    const char *method = rmt_onnx_text(op, "mode", "nearest");
    int32_t scales = rmt_onnx_in(op, old ? 1 : 2), sizes = old ? RMT_NO_VALUE : rmt_onnx_in(op, 3);
    const rmt_value *constant = rmt_onnx_constant(op, scales);
    if (constant != NULL && rmt_shape_elements(&constant->shape) == 0)
        scales = RMT_NO_VALUE;
    if (scales == RMT_NO_VALUE && sizes == RMT_NO_VALUE)
        rmt_onnx_refuse(op, "no size");
    if (rmt_onnx_int(op, "antialias", 0) != 0)
        rmt_onnx_refuse(op, "antialias");
    if (!rmt_onnx_text_is(op, "keep_aspect_ratio_policy", "stretch", true))
        rmt_onnx_refuse(op, "keep_aspect_ratio_policy");
    size_t sides = 0;
    int32_t out = add_interp(op, scales, sizes, method, &sides);
    set_sampling(op, strcmp(method, "nearest") == 0, strcmp(method, "cubic") == 0);
    rmt_onnx_give(op, 0, out);
}

/* ---- pixels and channels -------------------------------------------------------------------------------------------- */

static int32_t add_shuffle(rmt_onnx_op *op, const char *to, int32_t x, const char *name, int64_t value)
{
    int32_t out = rmt_onnx_add(op, to, x);
    rmt_onnx_set_int(op, name, value);
    return out;
}

enum { MOST_BLOCK = 64 };

/* DCR has the places of a block outside the channels, CRD (as pixel_shuffle) inside. */
static void build_depth_to_space(rmt_onnx_op *op)
{
    int64_t block = rmt_onnx_int(op, "blocksize", 0);
    int32_t x = rmt_onnx_in(op, 0);
    if (block < 1 || block > MOST_BLOCK)
        rmt_onnx_refuse(op, "blocksize");
    if (rmt_onnx_text_is(op, "mode", "DCR", true))
        x = add_shuffle(op, "channel_shuffle", x, "groups", block * block);
    rmt_onnx_give(op, 0, add_shuffle(op, "pixel_shuffle", x, "factor", block));
}

static void build_space_to_depth(rmt_onnx_op *op)
{
    int64_t block = rmt_onnx_int(op, "blocksize", 0);
    if (block < 1 || block > MOST_BLOCK)
        rmt_onnx_refuse(op, "blocksize");
    rmt_onnx_give(op, 0, add_shuffle(op, "space_to_depth", rmt_onnx_in(op, 0), "factor", block));
}

static void build_grid_sample(rmt_onnx_op *op)
{
    const char *mode = rmt_onnx_text(op, "mode", "linear");
    bool nearest = strcmp(mode, "nearest") == 0;
    if (!nearest && strcmp(mode, "linear") != 0 && strcmp(mode, "bilinear") != 0)
        rmt_onnx_refuse(op, "cubic");
    int32_t out = rmt_onnx_add2(op, "grid_sample", rmt_onnx_in(op, 0), rmt_onnx_in(op, 1));
    rmt_onnx_set_text(op, "mode", nearest ? "nearest" : "bilinear");
    rmt_onnx_set_text(op, "padding_mode", rmt_onnx_text(op, "padding_mode", "zeros"));
    rmt_onnx_set_int(op, "align_corners", rmt_onnx_int(op, "align_corners", 0));
    rmt_onnx_give(op, 0, out);
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

#define WINDOW_ATTRS "kernel_shape strides pads dilations auto_pad"
#define RECURRENT_ATTRS \
    "direction hidden_size activations activation_alpha activation_beta clip layout linear_before_reset input_forget"
#define RESIZE_ATTRS                                                                                                \
    "mode coordinate_transformation_mode nearest_mode cubic_coeff_a exclude_outside extrapolation_value antialias " \
    "axes keep_aspect_ratio_policy"

static const rmt_onnx_rule rules[] = {
    {"Conv", "conv2d", 2, 3, WINDOW_ATTRS " group", build_conv},
    {"ConvTranspose", "conv2d_transpose", 2, 3, WINDOW_ATTRS " group output_padding output_shape",
     build_conv_transpose},
    {"MaxPool", "pool2d", 1, 1, WINDOW_ATTRS " ceil_mode storage_order", build_pool},
    {"AveragePool", "pool2d", 1, 1, WINDOW_ATTRS " ceil_mode count_include_pad", build_pool},
    {"GlobalAveragePool", "pool2d", 1, 1, "", build_global_pool},
    {"GlobalMaxPool", "pool2d", 1, 1, "", build_global_pool},

    {"BatchNormalization", "batch_norm", 5, 5, "epsilon momentum training_mode spatial", build_batch_norm},
    {"InstanceNormalization", "instance_norm", 3, 3, "epsilon:1e-5", NULL},
    {"LayerNormalization", "layer_norm", 2, 3, "axis epsilon stash_type", build_layer_norm},
    {"GroupNormalization", "group_norm", 3, 3, "epsilon num_groups stash_type", build_group_norm},
    {"LRN", "lrn", 1, 1, "alpha beta bias size", build_lrn},

    {"Resize", "interp", 1, 4, RESIZE_ATTRS, build_resize},
    {"Upsample", "interp", 2, 2, "mode", build_resize},
    {"DepthToSpace", "pixel_shuffle", 1, 1, "blocksize mode", build_depth_to_space},
    {"SpaceToDepth", "space_to_depth", 1, 1, "blocksize", build_space_to_depth},
    {"GridSample", "grid_sample", 2, 2, "mode padding_mode align_corners", build_grid_sample},

    {"LSTM", "rnn", 3, 8, RECURRENT_ATTRS, rmt_onnx_build_recurrent},
    {"GRU", "rnn", 3, 6, RECURRENT_ATTRS, rmt_onnx_build_recurrent},
    {"RNN", "rnn", 3, 6, RECURRENT_ATTRS, rmt_onnx_build_recurrent},
};

const rmt_onnx_rules rmt_onnx_rules_layers = {rules, COUNT(rules)};

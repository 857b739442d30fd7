/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interp: images to another size by the nearest pixel, by lines or by cubic
 * curves. Here: attributes, sizes, layouts. Images of rank 4 are channels last;
 * [n, c, w] and [n, c, d, h, w] are dense and run as n * c images of one channel.
 */
#include "ops/layers/interp.h"

#include <string.h>

/* The entry of names that is text, or -1. */
static int find_name(const char *const *names, int count, const char *text)
{
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], text) == 0)
            return i;
    return -1;
}

static bool read_method(const char *method, rmt_interp *params)
{
    static const struct {
        const char *name;
        int32_t taps, rank;
    } methods[] = {{"nearest", 1, 0}, {"linear", 2, 0}, {"bilinear", 2, 4}, {"bicubic", 4, 4}, {"trilinear", 2, 5}};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (strcmp(methods[i].name, method) == 0) {
            params->taps = methods[i].taps;
            params->rank = methods[i].rank;
            return true;
        }
    }
    return false;
}

/* PaddlePaddle's two attributes. */
static void read_corners(const rmt_node *node, rmt_interp *params)
{
    bool corners = rmt_node_bool(node, "align_corners", true), centers = rmt_node_int(node, "align_mode", 1) == 0;
    if (corners)
        params->coordinates = RMT_COORDINATES_ALIGN_CORNERS;
    else if (params->taps == 4 || (params->taps == 2 && centers))
        params->coordinates = RMT_COORDINATES_HALF_PIXEL;
    params->nearest = corners ? RMT_NEAREST_ROUND_PREFER_CEIL : RMT_NEAREST_FLOOR;
}

/* ONNX's attributes, where they are there. */
static ramet_status read_coordinates(rmt_op_load *load, const char *coordinates, rmt_interp *params)
{
    static const char *const names[RMT_COORDINATES_COUNT] = {"asymmetric",           "half_pixel",
                                                             "align_corners",        "pytorch_half_pixel",
                                                             "half_pixel_symmetric", "tf_half_pixel_for_nn"};
    static const char *const nearest_names[RMT_NEAREST_COUNT] = {"floor", "ceil", "round_prefer_floor",
                                                                 "round_prefer_ceil"};
    const char *nearest = rmt_node_string(load->node, "nearest_mode", "round_prefer_floor");
    int c = find_name(names, RMT_COORDINATES_COUNT, coordinates);
    int n = find_name(nearest_names, RMT_NEAREST_COUNT, nearest);
    if (c < 0 || n < 0)
        return rmt_fail(load->error, RAMET_STATUS_UNSUPPORTED, "coordinates '%s', nearest_mode '%s'", coordinates,
                        nearest);
    params->coordinates = (rmt_coordinates)c;
    params->nearest = (rmt_nearest)n;
    params->divides = true;
    return RAMET_STATUS_OK;
}

static bool has_input(const rmt_node *node, int32_t index)
{
    return node->input_count > index && node->inputs[index] != RMT_NO_VALUE;
}

ramet_status rmt_interp_load(rmt_op_load *load, rmt_interp *params)
{
    const rmt_node *node = load->node;
    static const char *const sides[RMT_INTERP_SIDES] = {"out_d", "out_h", "out_w"};
    const char *method = rmt_node_string(node, "method", "bilinear");
    const char *coordinates = rmt_node_string(node, "coordinates", NULL);
    size_t scales = rmt_node_floats(node, "scale", params->scale, RMT_INTERP_SIDES);
    if (!read_method(method, params))
        return rmt_fail(load->error, RAMET_STATUS_UNSUPPORTED, "method '%s'", method);
    if (scales > RMT_INTERP_SIDES)
        return rmt_fail(load->error, RAMET_STATUS_BAD_FORMAT, "attribute scale has %zu entries", scales);
    read_corners(node, params);
    ramet_status status = coordinates != NULL ? read_coordinates(load, coordinates, params) : RAMET_STATUS_OK;
    if (status != RAMET_STATUS_OK)
        return status;
    for (int i = 0; i < RMT_INTERP_SIDES; i++)
        params->out[i] = rmt_node_int(node, sides[i], 0);
    for (size_t i = 0; i < scales; i++)
        params->scales = params->scale[i] > 0 && params->scales == (int32_t)i ? (int32_t)i + 1 : params->scales;
    if (params->scales < (int32_t)scales)
        params->scales = 0; /* PaddlePaddle writes 0 and -1 for none */
    params->by_sizes = rmt_node_bool(node, "by_sizes", false);
    params->exclude_outside = rmt_node_bool(node, "exclude_outside", false);
    params->cubic = (float)rmt_node_float(node, "cubic_coeff_a", -0.75);
    params->size_is_tensor = has_input(node, RMT_INTERP_SIZE);
    params->scale_is_tensor = has_input(node, RMT_INTERP_SCALE) && !params->size_is_tensor;
    return rmt_load_inputs(load, 1);
}

static ramet_status interp_load(rmt_op_load *load) { return rmt_interp_load(load, load->params); }

/* ---- sizes ----------------------------------------------------------------------------------------------------- */

/* scale[] of `sides` sides, 0 where there is none. False: their tensor is unknown or has another count. */
static bool read_scales(const rmt_interp *params, const rmt_view *in, int32_t in_count, int32_t sides, double *scale)
{
    double given[RMT_INTERP_SIDES];
    int64_t count = params->size_is_tensor ? 0 : params->scales;
    memcpy(given, params->scale, sizeof given);
    if (params->scale_is_tensor) {
        const rmt_view *tensor = &in[RMT_INTERP_SCALE];
        count = in_count > RMT_INTERP_SCALE ? rmt_shape_elements(&tensor->shape) : 0;
        if (tensor->data == NULL || count < 1 || count > RMT_INTERP_SIDES || !rmt_view_is_dense(tensor))
            return false;
        rmt_numbers_to_doubles(tensor->dtype, tensor->data, 1, given, count);
    }
    for (int32_t i = 0; i < sides; i++)
        scale[i] = count == 0 ? 0 : given[count == 1 ? 0 : i];
    return count <= 1 || count == sides;
}

/* A size that is out of range becomes 0. */
static int64_t scaled_size(int64_t size, double scale)
{
    float scaled = (float)size * (float)scale;
    return scaled < (float)INT32_MAX && scaled >= 1 ? (int64_t)scaled : 0;
}

static ramet_status settle_sizes(rmt_op_infer *infer, const rmt_interp *params, int32_t sides, int64_t *size)
{
    const rmt_shape *x = &infer->in[RMT_INTERP_X].shape;
    double scale[RMT_INTERP_SIDES];
    for (int32_t i = 0; i < sides; i++)
        size[i] = params->out[RMT_INTERP_SIDES - sides + i];
    if (params->size_is_tensor && rmt_view_read_ints(&infer->in[RMT_INTERP_SIZE], size, sides) != sides)
        return rmt_infer_unknown(infer, "the size is not %d numbers known before the run", (int)sides);
    if (!read_scales(params, infer->in, infer->in_count, sides, scale))
        return rmt_infer_unknown(infer, "the scale is not %d numbers known before the run", (int)sides);
    for (int32_t i = 0; i < sides; i++)
        if (scale[i] > 0)
            size[i] = scaled_size(x->dims[2 + i], scale[i]);
    for (int32_t i = 0; i < sides; i++)
        if (size[i] < 1 || size[i] > INT32_MAX || x->dims[2 + i] > INT32_MAX)
            return rmt_infer_fail(infer, "a side of %lld cannot become %lld", (long long)x->dims[2 + i],
                                  (long long)size[i]);
    return RAMET_STATUS_OK;
}

ramet_status rmt_interp_infer(rmt_op_infer *infer, const rmt_interp *params, rmt_shape *out)
{
    const rmt_shape *x = &infer->in[RMT_INTERP_X].shape;
    ramet_status status = rmt_infer_float32(infer, RMT_INTERP_X);
    if (status != RAMET_STATUS_OK)
        return status;
    int32_t sides = x->rank - 2;
    if (sides < 1 || sides > RMT_INTERP_SIDES || (params->rank != 0 && params->rank != x->rank) ||
        (params->taps == 4 && sides != 2))
        return rmt_infer_fail(infer, "the input has not as many sides as the method");
    for (int32_t i = 2; i < x->rank; i++)
        if (x->dims[i] < 1)
            return rmt_infer_fail(infer, "an image without pixels cannot grow");
    int64_t size[RMT_INTERP_SIDES];
    status = settle_sizes(infer, params, sides, size);
    if (status != RAMET_STATUS_OK)
        return status;
    *out = *x;
    memcpy(&out->dims[2], size, (size_t)sides * sizeof *size);
    return RAMET_STATUS_OK;
}

static ramet_status interp_infer(rmt_op_infer *infer)
{
    ramet_status status = rmt_interp_infer(infer, infer->params, &infer->out[0].shape);
    if (status != RAMET_STATUS_OK)
        return status;
    infer->out[0].dtype = RAMET_DTYPE_FLOAT32;
    if (infer->in_count > RMT_INTERP_ADD) {
        status = rmt_infer_float32(infer, RMT_INTERP_ADD);
        if (status != RAMET_STATUS_OK)
            return status;
        if (!rmt_shape_equal(&infer->in[RMT_INTERP_ADD].shape, &infer->out[0].shape))
            return rmt_infer_fail(infer, "what is added has not the size of the result");
    }
    return rmt_infer_done(infer);
}

void rmt_interp_sides(const rmt_interp *params, const rmt_view *in, int32_t in_count, const rmt_shape *out,
                      rmt_interp_side sides[RMT_INTERP_SIDES])
{
    int32_t count = out->rank - 2, first = RMT_INTERP_SIDES - count;
    double scale[RMT_INTERP_SIDES] = {0};
    (void)read_scales(params, in, in_count, count, scale);
    for (int32_t i = 0; i < first; i++)
        sides[i] = (rmt_interp_side){1, 1, 0};
    for (int32_t i = 0; i < count; i++)
        sides[first + i] = (rmt_interp_side){(int32_t)in[RMT_INTERP_X].shape.dims[2 + i], (int32_t)out->dims[2 + i],
                                             params->by_sizes ? 0 : (float)scale[i]};
}

static void interp_place(rmt_op_place *place)
{
    const rmt_interp *params = place->params;
    const rmt_view *x = &place->in[RMT_INTERP_X];
    rmt_view *out = &place->out[0];
    rmt_interp_side sides[RMT_INTERP_SIDES];
    bool adds = place->in_count > RMT_INTERP_ADD;
    bool same = !params->scale_is_tensor && !adds; /* numbers of a tensor are not shown here */
    rmt_interp_sides(params, place->in, place->in_count, &out->shape, sides);
    for (int i = 0; i < RMT_INTERP_SIDES; i++)
        same = same && rmt_interp_is_identity(params, &sides[i]);
    if (same) {
        memcpy(out->strides, x->strides, sizeof out->strides);
        place->place[0].view_of = RMT_INTERP_X;
        return;
    }
    place->form[RMT_INTERP_X] = RMT_FORM_DENSE;
    rmt_strides_dense(out);
    if (x->shape.rank == 4) {
        place->form[RMT_INTERP_X] = RMT_FORM_CHANNELS_LAST;
        rmt_strides_channels_last(out);
        place->place[0].any_pixel_stride = true;
    }
    if (adds) {
        place->form[RMT_INTERP_ADD] = place->form[RMT_INTERP_X];
        if (rmt_interp_adds_in_place(params, sides, x))
            place->place[0].in_place_of = RMT_INTERP_ADD;
    }
    if (params->scale_is_tensor)
        place->form[RMT_INTERP_SCALE] = RMT_FORM_DENSE;
    if (rmt_shape_elements(&out->shape) > 0)
        place->scratch_bytes = rmt_interp_scratch(params, sides, x, place->threads);
}

const rmt_op rmt_op_interp = {.name = "interp",
                              .params_bytes = sizeof(rmt_interp),
                              .load = interp_load,
                              .infer = interp_infer,
                              .place = interp_place,
                              .run = rmt_interp_run,
                              .area = rmt_interp_area};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows: padding rules are PaddlePaddle's. SAME keeps ceil(in / stride)
 * outputs, splits the padding with the smaller half in front, and switches
 * dilation off; VALID pads nothing. ONNX has SAME_UPPER and SAME_LOWER, which
 * keep dilation, and leaves out windows that would start behind the input.
 */
#include "ops/convolution/sliding_window.h"

#include <string.h>

#define WINDOW_LIMIT 65536 /* of any attribute */

static bool in_limits(int64_t value, int64_t least) { return value >= least && value <= WINDOW_LIMIT; }

static ramet_status read_pair(const rmt_node *node, const char *name, int32_t *first, int32_t *second,
                              ramet_error *error)
{
    int64_t pair[2] = {1, 1};
    size_t count = rmt_node_ints(node, name, pair, 2);
    if (count == 1)
        pair[1] = pair[0];
    if (count > 2 || !in_limits(pair[0], 1) || !in_limits(pair[1], 1))
        return rmt_fail(error, RAMET_STATUS_BAD_FORMAT, "attribute %s is not one or two sizes of at least 1", name);
    *first = (int32_t)pair[0];
    *second = (int32_t)pair[1];
    return RAMET_STATUS_OK;
}

static ramet_status read_paddings(const rmt_node *node, rmt_window *window, ramet_error *error)
{
    int64_t pads[4] = {0, 0, 0, 0};
    size_t count = rmt_node_ints(node, "paddings", pads, 4);
    if (count == 1)
        pads[1] = pads[0];
    if (count == 1 || count == 2) {
        pads[2] = pads[3] = pads[1];
        pads[1] = pads[0];
    }
    bool good = count <= 4 && count != 3;
    for (int i = 0; i < 4; i++)
        good = good && in_limits(pads[i], 0);
    if (!good)
        return rmt_fail(error, RAMET_STATUS_BAD_FORMAT, "attribute paddings is not two or four sizes of at least 0");
    window->pad_top = (int32_t)pads[0];
    window->pad_bottom = (int32_t)pads[1];
    window->pad_left = (int32_t)pads[2];
    window->pad_right = (int32_t)pads[3];
    return RAMET_STATUS_OK;
}

static rmt_padding padding_of(const char *algorithm)
{
    static const char *const names[] = {[RMT_PADDING_SAME] = "SAME",
                                        [RMT_PADDING_SAME_UPPER] = "SAME_UPPER",
                                        [RMT_PADDING_SAME_LOWER] = "SAME_LOWER",
                                        [RMT_PADDING_VALID] = "VALID"};
    rmt_padding padding = RMT_PADDING_VALID;
    while (padding > RMT_PADDING_EXPLICIT && strcmp(algorithm, names[padding]) != 0)
        padding--;
    return padding;
}

ramet_status rmt_window_read(const rmt_node *node, int32_t kernel_h, int32_t kernel_w, rmt_window *window,
                             ramet_error *error)
{
    *window = (rmt_window){.kernel_h = kernel_h, .kernel_w = kernel_w};
    if (strcmp(rmt_node_string(node, "data_format", "NCHW"), "NHWC") == 0)
        return rmt_fail(error, RAMET_STATUS_UNSUPPORTED, "data_format NHWC; export the model with NCHW");
    window->padding = padding_of(rmt_node_string(node, "padding_algorithm", "EXPLICIT"));
    int64_t ceil_mode = rmt_node_int(node, "ceil_mode", 0);
    window->ceil_mode = ceil_mode != 0;
    window->starts_inside = ceil_mode == 2;
    ramet_status status = read_pair(node, "strides", &window->stride_h, &window->stride_w, error);
    if (status == RAMET_STATUS_OK)
        status = read_pair(node, "dilations", &window->dilation_h, &window->dilation_w, error);
    if (status == RAMET_STATUS_OK)
        status = read_paddings(node, window, error);
    return status;
}

void rmt_window_turn_paddings(const rmt_node *node, rmt_window *window)
{
    int64_t pads[4];
    if (rmt_node_ints(node, "paddings", pads, 4) != 4)
        return;
    window->pad_left = (int32_t)pads[1];
    window->pad_bottom = (int32_t)pads[2];
}

typedef struct axis {
    int64_t in, kernel, stride, dilation, pad_front, pad_back;
} axis;

static void settle_axis(const rmt_window *window, axis *a)
{
    if (window->padding != RMT_PADDING_EXPLICIT)
        a->pad_front = a->pad_back = 0;
    if (window->padding == RMT_PADDING_EXPLICIT || window->padding == RMT_PADDING_VALID)
        return;
    if (window->padding == RMT_PADDING_SAME)
        a->dilation = 1;
    int64_t out = (a->in + a->stride - 1) / a->stride;
    int64_t sum = rmt_max_i64((out - 1) * a->stride + a->dilation * (a->kernel - 1) + 1 - a->in, 0);
    a->pad_front = window->padding == RMT_PADDING_SAME_LOWER ? sum - sum / 2 : sum / 2;
    a->pad_back = sum - a->pad_front;
}

/* How many windows fit; 0: none. */
static int64_t windows_along(const rmt_window *window, const axis *a)
{
    int64_t room = a->in + a->pad_front + a->pad_back - (a->dilation * (a->kernel - 1) + 1);
    if (window->ceil_mode)
        room += a->stride - 1;
    int64_t count = rmt_max_i64(room / a->stride + 1, 0); /* towards zero: a window may be larger than the image */
    bool behind = window->starts_inside && count > 1 && (count - 1) * a->stride >= a->in + a->pad_front;
    return behind ? count - 1 : count;
}

bool rmt_window_geometry(const rmt_window *window, int64_t in_h, int64_t in_w, rmt_geometry *geometry)
{
    axis h = {in_h, window->kernel_h, window->stride_h, window->dilation_h, window->pad_top, window->pad_bottom};
    axis w = {in_w, window->kernel_w, window->stride_w, window->dilation_w, window->pad_left, window->pad_right};
    if (in_h < 1 || in_w < 1 || in_h > INT32_MAX || in_w > INT32_MAX)
        return false;
    settle_axis(window, &h);
    settle_axis(window, &w);
    int64_t out_h = windows_along(window, &h), out_w = windows_along(window, &w);
    *geometry = (rmt_geometry){.in_h = (int32_t)in_h,
                               .in_w = (int32_t)in_w,
                               .out_h = (int32_t)rmt_min_i64(out_h, INT32_MAX),
                               .out_w = (int32_t)rmt_min_i64(out_w, INT32_MAX),
                               .pad_top = (int32_t)h.pad_front,
                               .pad_left = (int32_t)w.pad_front,
                               .pad_bottom = (int32_t)h.pad_back,
                               .pad_right = (int32_t)w.pad_back,
                               .dilation_h = (int32_t)h.dilation,
                               .dilation_w = (int32_t)w.dilation};
    return out_h > 0 && out_w > 0;
}

rmt_pixels rmt_pixels_of(const rmt_view *view)
{
    const int64_t *dims = view->shape.dims, *strides = view->strides;
    rmt_pixels p = {
        .data = view->data, .n = (int32_t)dims[0], .c = (int32_t)dims[1], .h = (int32_t)dims[2], .w = (int32_t)dims[3]};
    /* Strides of dimensions of size 1 mean nothing: derive them from those that do. */
    p.pixel = p.w > 1 ? strides[3] : p.h > 1 ? strides[2] : (ptrdiff_t)p.c;
    p.row = p.h > 1 ? strides[2] : p.w * p.pixel;
    p.image = p.n > 1 ? strides[0] : p.h * p.row;
    return p;
}

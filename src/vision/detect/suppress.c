/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Suppression of overlapping boxes outside of a model: a graph of one
 * operator, the one that models with suppression end in, is made and
 * evaluated. So both give the same boxes, and there is one definition.
 */
#include "ops/ops.h"
#include "vision/detect/detect.h"

#include <math.h>

enum { IN_BOXES, IN_SCORES, INS };
enum { OUT_ROWS, OUT_INDEX, OUT_COUNT, OUTS };

/* FastDeploy's defaults, for boxes along the axes and for rotated ones. */
static ramet_detect_nms_option settle(const ramet_detect_nms_option *said, bool rotated)
{
    ramet_detect_nms_option nms = *said;
    nms.score_threshold = said->score_threshold > 0 ? said->score_threshold : rotated ? 0.1F : 0.3F;
    nms.nms_threshold = said->nms_threshold > 0 ? said->nms_threshold : rotated ? 0.1F : 0.5F;
    nms.nms_eta = said->nms_eta > 0 ? said->nms_eta : 1;
    nms.nms_top_k = said->nms_top_k != 0 ? said->nms_top_k : rotated ? 2000 : 1000;
    nms.keep_top_k = said->keep_top_k != 0 ? said->keep_top_k : rotated ? -1 : 100;
    return nms;
}

static bool set_attributes(rmt_graph *graph, int32_t node, const ramet_detect_nms_option *nms)
{
    return rmt_node_set_float(graph, node, "score_threshold", (double)nms->score_threshold) &&
           rmt_node_set_float(graph, node, "nms_threshold", (double)nms->nms_threshold) &&
           rmt_node_set_float(graph, node, "nms_eta", (double)nms->nms_eta) &&
           rmt_node_set_int(graph, node, "nms_top_k", nms->nms_top_k) &&
           rmt_node_set_int(graph, node, "keep_top_k", nms->keep_top_k) &&
           rmt_node_set_int(graph, node, "background_label", nms->background_label) &&
           rmt_node_set_int(graph, node, "normalized", nms->pixel_boxes == 0);
}

/* The node, -1 when memory is exhausted. */
static int32_t add_operator(rmt_graph *graph, const char *name, const rmt_view in[INS])
{
    static const char *const in_names[INS] = {"boxes", "scores"};
    static const char *const out_names[OUTS] = {"rows", "index", "count"};
    int32_t inputs[INS], outputs[OUTS];
    for (int i = 0; i < INS; i++) {
        inputs[i] = rmt_graph_add_value(graph, in_names[i], RAMET_DTYPE_FLOAT32, &in[i].shape);
        if (inputs[i] < 0)
            return -1;
    }
    for (int i = 0; i < OUTS; i++) {
        outputs[i] = rmt_graph_add_value(graph, out_names[i], RAMET_DTYPE_FLOAT32, &(rmt_shape){.rank = -1});
        if (outputs[i] < 0)
            return -1;
    }
    return rmt_graph_add_node(graph, name, name, inputs, INS, outputs, OUTS);
}

static ramet_status run_operator(const rmt_detect_reading *reading, rmt_graph *graph,
                                 const ramet_detect_nms_option *nms, const rmt_view in[INS], rmt_view out[OUTS])
{
    static const char name[] = "multiclass_nms3";
    const rmt_op *op = rmt_op_find(name);
    if (op == NULL)
        return rmt_fail(reading->error, RAMET_STATUS_INTERNAL, "the operator %s is missing", name);
    int32_t node = add_operator(graph, name, in);
    void *params = rmt_arena_alloc(&graph->arena, 1, op->params_bytes);
    if (node < 0 || params == NULL || !set_attributes(graph, node, nms))
        return rmt_fail_memory(reading->error, op->params_bytes);
    rmt_op_load load = {.graph = graph, .node = &graph->nodes[node], .params = params, .error = reading->error};
    ramet_status status = op->load(&load);
    rmt_op_infer infer = {
        .params = params, .in_count = INS, .out_count = OUTS, .in = in, .out = out, .error = reading->error};
    if (status == RAMET_STATUS_OK)
        status = op->infer(&infer);
    if (status != RAMET_STATUS_OK)
        return status;
    const rmt_op_run run = {
        .params = params, .in_count = INS, .out_count = OUTS, .in = in, .kernels = rmt_kernels_best()};
    if (!rmt_op_evaluate(op, &run, out, reading->arena))
        return rmt_fail(reading->error, RAMET_STATUS_OUT_OF_MEMORY, "no memory left to suppress overlapping boxes");
    return RAMET_STATUS_OK;
}

static ramet_status take_rows(const rmt_detect_reading *reading, const rmt_view *found, rmt_detect_rows *rows)
{
    size_t count = (size_t)found->shape.dims[0], width = (size_t)found->shape.dims[1];
    rows->items = rmt_arena_alloc(reading->arena, count, sizeof *rows->items);
    if (rows->items == NULL)
        return rmt_fail_memory(reading->error, count * sizeof *rows->items);
    for (size_t i = 0; i < count; i++) {
        const float *from = (const float *)found->data + i * width;
        rmt_detect_row *row = &rows->items[i];
        row->label = (int32_t)from[0];
        row->score = from[1];
        for (int32_t k = 0; k < rows->coordinates; k++)
            row->box[k] = from[2 + k];
    }
    rows->count = count;
    return RAMET_STATUS_OK;
}

ramet_status rmt_detect_suppress(const rmt_detect_reading *reading, const rmt_detect_candidates *candidates,
                                 rmt_detect_rows *rows)
{
    ramet_detect_nms_option nms = settle(&reading->settings->nms, candidates->coordinates == 8);
    rmt_shape box_shape = {3, {1, candidates->count, candidates->coordinates}};
    rmt_shape score_shape = {3, {1, candidates->classes, candidates->count}};
    const rmt_view in[INS] = {rmt_view_dense(RAMET_DTYPE_FLOAT32, &box_shape, (void *)candidates->boxes),
                              rmt_view_dense(RAMET_DTYPE_FLOAT32, &score_shape, (void *)candidates->scores)};
    rmt_view out[OUTS];
    rmt_graph graph;
    *rows = (rmt_detect_rows){.coordinates = candidates->coordinates, .has_boxes = true};
    if (candidates->count == 0 || candidates->classes == 0)
        return RAMET_STATUS_OK;
    rmt_graph_init(&graph);
    ramet_status status = run_operator(reading, &graph, &nms, in, out);
    rmt_graph_clear(&graph);
    return status == RAMET_STATUS_OK ? take_rows(reading, &out[OUT_ROWS], rows) : status;
}

/* Numbers of a box are x, y, x, y, ... */
void rmt_detect_rescale(const ramet_detect_geometry *geometry, rmt_detect_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        for (int32_t k = 0; k < rows->coordinates; k += 2) {
            float *point = rows->items[i].box + k;
            point[0] = (point[0] - (float)geometry->left) / geometry->scale_factor[1];
            point[1] = (point[1] - (float)geometry->top) / geometry->scale_factor[0];
        }
    }
}

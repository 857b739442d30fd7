/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators of ProgramDesc -> canonical operators of the graph (docs/internals/graph.md): one line an operator, and a
 * small function where renaming is not enough. A slot or attribute that is not listed here is not read.
 *
 * Here: boxes of object detection.
 */
#include "formats/build.h"
#include "formats/desc_table.h"

/* The first version knows how much images were scaled, and always counts the last pixel. */
static bool adapt_proposals_v1(const rmt_node *raw, rmt_graph *graph, int32_t node)
{
    (void)raw;
    return rmt_node_set_int(graph, node, "pixel_offset", 1) && rmt_node_set_int(graph, node, "scaled", 1);
}

#define NMS_ATTRS "score_threshold nms_top_k keep_top_k nms_threshold normalized nms_eta background_label"
#define MATRIX_NMS_ATTRS \
    "score_threshold nms_top_k keep_top_k post_threshold use_gaussian gaussian_sigma background_label normalized"
#define YOLO_BOX_ATTRS "anchors class_num conf_thresh downsample_ratio clip_bbox scale_x_y iou_aware iou_aware_factor"
#define PRIOR_BOX_ATTRS \
    "min_sizes max_sizes aspect_ratios variances flip clip step_w step_h offset min_max_aspect_ratios_order"
#define PROPOSAL_ATTRS "pre_nms_top_n=pre_nms_topN post_nms_top_n=post_nms_topN nms_thresh min_size eta"

const rmt_op_rule rmt_op_rules_boxes[] = {
    {"multiclass_nms", "multiclass_nms", "BBoxes Scores", "Out", NMS_ATTRS, NULL},
    {"multiclass_nms2", "multiclass_nms3", "BBoxes Scores", "Out Index", NMS_ATTRS, NULL},
    {"multiclass_nms3", "multiclass_nms3", "BBoxes Scores RoisNum?", "Out Index NmsRoisNum", NMS_ATTRS, NULL},
    {"matrix_nms", "matrix_nms", "BBoxes Scores", "Out Index RoisNum", MATRIX_NMS_ATTRS, NULL},
    {"nms", "nms", "Boxes", "KeepBoxesIdxs", "iou_threshold", NULL},
    {"yolo_box", "yolo_box", "X ImgSize", "Boxes Scores", YOLO_BOX_ATTRS, NULL},
    {"prior_box", "prior_box", "Input Image", "Boxes Variances", PRIOR_BOX_ATTRS, NULL},
    {"density_prior_box", "density_prior_box", "Input Image", "Boxes Variances",
     "fixed_sizes fixed_ratios densities variances clip flatten_to_2d step_w step_h offset", NULL},
    {"anchor_generator", "anchor_generator", "Input", "Anchors Variances",
     "anchor_sizes aspect_ratios variances stride offset", NULL},
    {"box_coder", "box_coder", "PriorBox PriorBoxVar? TargetBox", "OutputBox", "code_type box_normalized axis variance",
     NULL},
    {"box_clip", "box_clip", "Input ImInfo", "Output", "", NULL},
    {"iou_similarity", "iou_similarity", "X Y", "Out", "box_normalized", NULL},
    {"polygon_box_transform", "polygon_box_transform", "Input", "Output", "", NULL},
    {"generate_proposals", "generate_proposals", "Scores BboxDeltas ImInfo Anchors Variances",
     "RpnRois RpnRoiProbs RpnRoisNum", PROPOSAL_ATTRS, adapt_proposals_v1},
    {"generate_proposals_v2", "generate_proposals", "Scores BboxDeltas ImShape Anchors Variances",
     "RpnRois RpnRoiProbs RpnRoisNum", PROPOSAL_ATTRS " pixel_offset", NULL},
    {"distribute_fpn_proposals", "distribute_fpn_proposals", "FpnRois RoisNum?",
     "MultiFpnRois* RestoreIndex MultiLevelRoIsNum*", "min_level max_level refer_level refer_scale pixel_offset", NULL},
    {"collect_fpn_proposals", "collect_fpn_proposals", "MultiLevelRois* MultiLevelScores* MultiLevelRoIsNum*?",
     "FpnRois RoisNum", "post_nms_top_n=post_nms_topN", rmt_build_levels},
    {"roi_align", "roi_align", "X ROIs RoisNum?", "Out",
     "pooled_height pooled_width spatial_scale sampling_ratio aligned", NULL},
    {"roi_pool", "roi_pool", "X ROIs RoisNum?", "Out Argmax", "pooled_height pooled_width spatial_scale", NULL},
    {0},
};

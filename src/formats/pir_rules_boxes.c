/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators of PIR -> canonical operators of the graph (docs/internals/graph.md): one line an operator, and a small
 * function where renaming is not enough. An operand or attribute that is not listed here is not read.
 *
 * Here: boxes of object detection.
 */
#include "formats/build.h"
#include "formats/pir_table.h"

#define PRIOR_BOX_ATTRS \
    "min_sizes max_sizes aspect_ratios variances flip clip step_w step_h offset min_max_aspect_ratios_order"
#define YOLO_BOX_ATTRS "anchors class_num conf_thresh downsample_ratio clip_bbox scale_x_y iou_aware iou_aware_factor"
#define PROPOSAL_ATTRS "pre_nms_top_n post_nms_top_n nms_thresh min_size eta pixel_offset"
#define NMS_ATTRS "score_threshold nms_top_k keep_top_k nms_threshold normalized nms_eta background_label"
#define MATRIX_NMS_ATTRS \
    "score_threshold nms_top_k keep_top_k post_threshold use_gaussian gaussian_sigma background_label normalized"

const rmt_pir_rule rmt_pir_rules_boxes[] = {
    {"roi_align", "roi_align", "x boxes boxes_num?", "out",
     "pooled_height pooled_width spatial_scale sampling_ratio aligned", NULL},
    {"roi_pool", "roi_pool", "x boxes boxes_num?", "out arg_max", "pooled_height pooled_width spatial_scale", NULL},
    {"nms", "nms", "boxes", "kept", "iou_threshold=threshold", NULL},
    {"yolo_box", "yolo_box", "x img_size", "boxes scores", YOLO_BOX_ATTRS, NULL},
    {"prior_box", "prior_box", "x image", "boxes variances", PRIOR_BOX_ATTRS, NULL},
    {"anchor_generator", "anchor_generator", "x", "anchors variances",
     "anchor_sizes aspect_ratios variances stride offset", NULL},
    {"box_coder", "box_coder", "prior_box prior_box_var? target_box", "boxes", "code_type box_normalized axis variance",
     NULL},
    {"box_clip", "box_clip", "x im_info", "boxes", "", NULL},
    {"generate_proposals", "generate_proposals", "scores deltas im_shape anchors variances", "rois probs rois_num",
     PROPOSAL_ATTRS, NULL},
    {"distribute_fpn_proposals", "distribute_fpn_proposals", "rois rois_num?", "rois* 2:restore_index 1:rois_num*",
     "min_level max_level refer_level refer_scale pixel_offset", NULL},
    {"collect_fpn_proposals", "collect_fpn_proposals", "rois* scores* rois_num*?", "rois rois_num",
     "post_nms_top_n=post_nms_topn", rmt_build_levels},
    {"multiclass_nms3", "multiclass_nms3", "boxes scores rois_num?", "out index rois_num", NMS_ATTRS, NULL},
    {"matrix_nms", "matrix_nms", "boxes scores", "out index rois_num", MATRIX_NMS_ATTRS, NULL},
    {0},
};

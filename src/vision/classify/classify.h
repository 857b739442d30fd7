/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Image classification inside the library: what a configuration says about
 * pixels and labels, ready to be carried out.
 */
#ifndef RMT_CLASSIFY_H
#define RMT_CLASSIFY_H

#include "ramet/classify.h"
#include "vision/transform/transform.h"

/* From PreProcess.transform_ops. UNSUPPORTED names the operator or option, and its line. */
ramet_status rmt_classify_transform_read(const rmt_yaml_file *file, rmt_transform *transform, ramet_error *error);

/*
 * The label names of PostProcess, by class; NULL when it has none. UNSUPPORTED when it asks for something other than
 * the best classes.
 */
ramet_status rmt_labels_read(const rmt_yaml_file *file, rmt_texts **labels, ramet_error *error);

#endif

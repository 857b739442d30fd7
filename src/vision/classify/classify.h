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

/* ---- PostProcess -------------------------------------------------------------------------------------------------- */

typedef enum rmt_classify_form {
    RMT_CLASSIFY_TOPK,
    RMT_CLASSIFY_THRESHOLD,   /* one class: of two, the second from the threshold on; of more, the best above it */
    RMT_CLASSIFY_MULTI_LABEL, /* all classes from the threshold on */
    RMT_CLASSIFY_SCORES,      /* all classes */
    RMT_CLASSIFY_FEATURE,     /* the row itself, made to length 1 */
    RMT_CLASSIFY_PERSON,      /* attributes */
    RMT_CLASSIFY_VEHICLE,
    RMT_CLASSIFY_FACE,
    RMT_CLASSIFY_TABLE
} rmt_classify_form;

#define RMT_CLASSIFY_THRESHOLDS 6

/* What PostProcess says. The labels are held once for each copy. */
typedef struct rmt_classify_reading {
    rmt_classify_form form;
    /*
     * Attributes have several: person: all, glasses, held objects; vehicle: colour, type; face: all; table: source,
     * number, colour, clarity, obstruction, angle.
     */
    double thresholds[RMT_CLASSIFY_THRESHOLDS];
    int32_t default_class; /* of THRESHOLD, where no class is above it */
    rmt_texts *labels;     /* by class; of THRESHOLD with two classes: always two. NULL without names */
    rmt_texts *pair;       /* label_0, label_1 of THRESHOLD */
} rmt_classify_reading;

/* UNSUPPORTED names a form or option that is not known, and its line. */
ramet_status rmt_classify_reading_open(const char *config_file, rmt_classify_reading *reading, ramet_error *error);
rmt_classify_reading rmt_classify_reading_retain(const rmt_classify_reading *reading);
void rmt_classify_reading_release(rmt_classify_reading *reading);

/* Names by class; NULL where the form has none. */
ramet_status rmt_labels_read(const rmt_yaml_file *file, const rmt_yaml *form, rmt_texts **labels, ramet_error *error);

/* ---- attributes --------------------------------------------------------------------------------------------------- */

/* Texts of one row, each ends in NUL. */
typedef struct rmt_attributes {
    size_t count;
    char texts[40][128];
} rmt_attributes;

/* How many outputs the form reads. */
size_t rmt_attributes_outputs(rmt_classify_form form);
/* scores: that many. `above`: for each whether it is above its threshold. */
void rmt_attributes_read(const rmt_classify_reading *reading, const float *scores, rmt_attributes *attributes,
                         bool *above);

#endif

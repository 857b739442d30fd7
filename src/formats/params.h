/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A parameter file (.pdiparams): records back to back, without names. Whoever
 * reads it brings the names, in the files' order (bytewise ascending), and
 * asks for one record after the other.
 */
#ifndef RMT_FORMATS_PARAMS_H
#define RMT_FORMATS_PARAMS_H

#include "formats/source.h"
#include "graph/graph.h"

typedef struct rmt_params {
    rmt_source source; /* data NULL: there is no file */
    size_t offset, record;
} rmt_params;

/* One tensor; data points into the file, at any alignment. */
typedef struct rmt_param {
    ramet_dtype dtype;
    rmt_shape shape;
    const void *data;
} rmt_param;

ramet_status rmt_params_next(rmt_params *params, const char *name, rmt_param *param, ramet_error *error);

/* All bytes must have been read. */
ramet_status rmt_params_end(const rmt_params *params, ramet_error *error);

#endif

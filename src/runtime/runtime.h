/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Runtime stage inside the library: one seam, several engines.
 *
 * The public ramet_runtime_* functions live here too. Task models use
 * rmt_runtime_run(), which takes strided views, so that a preprocessor can hand
 * over pixels channels last without a further pass.
 */
#ifndef RMT_RUNTIME_H
#define RMT_RUNTIME_H

#include "graph/graph.h"
#include "ramet/runtime.h"

/* As ramet_runtime_run(), inputs by position and as views (float32 or what the model declares). */
ramet_status rmt_runtime_run(ramet_runtime *runtime, const rmt_view *inputs, size_t input_count, ramet_tensor *outputs,
                             size_t output_count, ramet_error *error);

/*
 * The configuration of the model, as rmt_yaml_open() takes it: the path of the file beside it, or its text ("" when there
 * is none); belongs to the runtime.
 */
const char *rmt_runtime_config(const ramet_runtime *runtime);

#endif

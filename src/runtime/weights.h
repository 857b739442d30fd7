/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model of the native engine with its packed weights, wherever they come
 * from: packed now, or mapped from a cache file or a memory file. Counted;
 * all handles of a model share one.
 */
#ifndef RMT_WEIGHTS_H
#define RMT_WEIGHTS_H

#include "formats/formats.h"
#include "plan/plan.h"
#include "ramet/runtime.h"

typedef struct rmt_weights rmt_weights;

/* As rmt_engine.open. The caller holds one reference. */
ramet_status rmt_weights_open(const rmt_model_files *files, const ramet_runtime_option *option,
                              const rmt_model_option *model_option, rmt_weights **weights, ramet_error *error);
rmt_weights *rmt_weights_retain(rmt_weights *weights); /* any thread */
void rmt_weights_release(rmt_weights *weights);        /* any thread; NULL is allowed */

rmt_model *rmt_weights_model(const rmt_weights *weights); /* lives as long */
uint64_t rmt_weights_handles(const rmt_weights *weights);
/* Of the files that were read to pack them; 0 when none were. */
uint64_t rmt_weights_source_bytes(const rmt_weights *weights);

/* As ramet_runtime_weights_fd(). Any thread. */
ramet_status rmt_weights_share(rmt_weights *weights, int32_t *fd, ramet_error *error);
/* Where they lie and why. False when memory is exhausted. */
bool rmt_weights_describe(rmt_weights *weights, rmt_buffer *text);

#endif

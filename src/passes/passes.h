/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passes: rewrite a graph into one that means the same and runs faster. Each
 * is small, works on the whole graph and reports how often it fired.
 */
#ifndef RMT_PASSES_H
#define RMT_PASSES_H

#include "ops/ops.h"

typedef struct rmt_pass {
    const char *name;
    const char *purpose; /* one line, for `ramet inspect --passes` */
    /* Adds to *changes what it did. Fails only for want of memory. */
    ramet_status (*apply)(rmt_graph *graph, const rmt_kernels *kernels, int32_t *changes, ramet_error *error);
} rmt_pass;

#define RMT_PASS_LIMIT 32

/* How often each pass fired, in order. */
typedef struct rmt_pass_report {
    const rmt_pass *pass[RMT_PASS_LIMIT];
    int32_t changes[RMT_PASS_LIMIT];
    int32_t count;
} rmt_pass_report;

/* Applies all passes. Operators that ramet does not know are left alone. */
ramet_status rmt_passes_apply(rmt_graph *graph, const rmt_kernels *kernels, rmt_pass_report *report,
                              ramet_error *error);

/* The report of these counts, one for each pass in order. False when they are not of these passes. */
bool rmt_pass_report_restore(const int32_t *changes, size_t count, rmt_pass_report *report);

bool rmt_pass_report_print(const rmt_pass_report *report, rmt_buffer *text);

#endif

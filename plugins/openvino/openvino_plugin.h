/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the plug-in share. */
#ifndef OPENVINO_PLUGIN_H
#define OPENVINO_PLUGIN_H

#include <openvino/c/openvino.h>

#include "runtime/plugin.h"

/* A compiled model; immutable. Ports stand in the program's order. */
typedef struct plugin_compiled {
    ov_compiled_model_t *compiled;
    ov_output_const_port_t **inputs, **outputs;
    size_t input_count, output_count;
} plugin_compiled;

/* Fills *error with a text; returns status. (plugin_table.c) */
ramet_status plugin_fail(ramet_error *error, ramet_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* OK for an OpenVINO call that went well, otherwise an error: what was being done, and OpenVINO's own last words. */
ramet_status plugin_check(ov_status_e code, ramet_status status, const char *doing, ramet_error *error);

/* False for what the other side has no name for. (plugin_request.c) */
bool plugin_dtype_from(ov_element_type_e type, ramet_dtype *dtype);
bool plugin_dtype_to(ramet_dtype dtype, ov_element_type_e *type);

/* As in rmt_plugin. (plugin_model.c) */
ramet_status plugin_open(const rmt_plugin_model *model, void **compiled, ramet_error *error);
void plugin_close(void *compiled);
void plugin_describe(void *compiled, char *text, size_t room);

/* As in rmt_plugin. (plugin_request.c) */
ramet_status plugin_request_open(void *compiled, void **request, ramet_error *error);
void plugin_request_close(void *request);
ramet_status plugin_run(void *request, const ramet_tensor *inputs, ramet_tensor *outputs, ramet_error *error);

#endif

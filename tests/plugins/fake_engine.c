/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plug-in that runs nothing: the first output is the first input. It notes what it was asked for, refuses to be open to
 * every size when the model takes two inputs, and is built again with another interface, or another name, to be refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/plugin.h"

#ifndef FAKE_INTERFACE
#define FAKE_INTERFACE RMT_PLUGIN_INTERFACE
#endif
#ifndef FAKE_NAME
#define FAKE_NAME "openvino"
#endif

typedef struct fake_model {
    char asked[512];
} fake_model;

typedef struct fake_request {
    void *copy;
} fake_request;

static size_t bytes_of(const ramet_tensor *tensor)
{
    size_t count = tensor->dtype == RAMET_DTYPE_FLOAT64 || tensor->dtype == RAMET_DTYPE_INT64 ? 8 : 4;
    for (int32_t d = 0; d < tensor->rank; d++)
        count *= (size_t)tensor->dims[d];
    return count;
}

static ramet_status fake_version(char *text, size_t room, ramet_error *error)
{
    (void)error;
    (void)snprintf(text, room, "of no use");
    return RAMET_STATUS_OK;
}

static ramet_status fake_open(const rmt_plugin_model *wanted, void **compiled, ramet_error *error)
{
    if (wanted->input_count > 1 && wanted->inputs[0].dims[0] < 0) {
        (void)snprintf(error->message, sizeof error->message, "not every size");
        return RAMET_STATUS_UNSUPPORTED;
    }
    fake_model *model = calloc(1, sizeof *model);
    if (model == NULL)
        return RAMET_STATUS_OUT_OF_MEMORY;
    int at = snprintf(model->asked, sizeof model->asked, "threads %d streams %d hint %d bytes %d half %d",
                      (int)wanted->threads, (int)wanted->streams, (int)wanted->hint, wanted->program_bytes != NULL,
                      wanted->bfloat16);
    for (size_t i = 0; i < wanted->input_count; i++) {
        at += snprintf(model->asked + at, sizeof model->asked - (size_t)at, "\n%s", wanted->inputs[i].name);
        for (int32_t d = 0; d < wanted->inputs[i].rank; d++)
            at += snprintf(model->asked + at, sizeof model->asked - (size_t)at, " %d", (int)wanted->inputs[i].dims[d]);
    }
    *compiled = model;
    return RAMET_STATUS_OK;
}

static void fake_close(void *compiled) { free(compiled); }

static void fake_describe(void *compiled, char *text, size_t room)
{
    (void)snprintf(text, room, "%s", ((const fake_model *)compiled)->asked);
}

static ramet_status fake_request_open(void *compiled, void **request, ramet_error *error)
{
    (void)compiled;
    (void)error;
    *request = calloc(1, sizeof(fake_request));
    return *request != NULL ? RAMET_STATUS_OK : RAMET_STATUS_OUT_OF_MEMORY;
}

static void fake_request_close(void *request)
{
    free(((fake_request *)request)->copy);
    free(request);
}

static ramet_status fake_run(void *opaque, const ramet_tensor *inputs, ramet_tensor *outputs, ramet_error *error)
{
    (void)error;
    fake_request *request = opaque;
    free(request->copy);
    request->copy = malloc(bytes_of(&inputs[0]));
    if (request->copy == NULL)
        return RAMET_STATUS_OUT_OF_MEMORY;
    memcpy(request->copy, inputs[0].data, bytes_of(&inputs[0]));
    outputs[0].dtype = inputs[0].dtype;
    outputs[0].rank = inputs[0].rank;
    memcpy(outputs[0].dims, inputs[0].dims, sizeof outputs[0].dims);
    outputs[0].data = request->copy;
    return RAMET_STATUS_OK;
}

__attribute__((visibility("default"))) const rmt_plugin *ramet_plugin_engine(void);

const rmt_plugin *ramet_plugin_engine(void)
{
    static const rmt_plugin table = {.interface = FAKE_INTERFACE,
                                     .name = FAKE_NAME,
                                     .version = fake_version,
                                     .open = fake_open,
                                     .close = fake_close,
                                     .describe = fake_describe,
                                     .request_open = fake_request_open,
                                     .request_close = fake_request_close,
                                     .run = fake_run};
    return &table;
}

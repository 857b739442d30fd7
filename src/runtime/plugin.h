/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interface of an engine that is loaded on request: a shared library with
 * one entry, RMT_PLUGIN_ENTRY, which hands out one table of functions.
 *
 * Library and plug-in share nothing but this header and the plain types of
 * ramet/tensor.h: no symbol of one is looked up by the other. What is checked
 * already: options, handles, the number, dtype and rank of inputs. Whatever
 * changes here raises RMT_PLUGIN_INTERFACE; a plug-in of another number is
 * refused.
 */
#ifndef RMT_PLUGIN_H
#define RMT_PLUGIN_H

#include <stdbool.h>

#include "ramet/tensor.h"

#define RMT_PLUGIN_INTERFACE 1
#define RMT_PLUGIN_ENTRY "ramet_plugin_engine"

/* How an engine spreads a model's runs over processors when it is not told by numbers. */
typedef enum rmt_plugin_hint {
    RMT_PLUGIN_HINT_NONE,
    RMT_PLUGIN_HINT_LATENCY,
    RMT_PLUGIN_HINT_THROUGHPUT
} rmt_plugin_hint;

/* A model to open. Everything belongs to the caller and is read during the call only. */
typedef struct rmt_plugin_model {
    const char *program, *params;     /* paths; params "": none. With program_bytes not read */
    const void *program_bytes;        /* NULL: read the files */
    size_t program_count;             /* bytes */
    const void *params_bytes;         /* NULL: none */
    size_t params_count;              /* bytes */
    const ramet_tensor *inputs;       /* name, dtype, and the shape to be ready for (-1: any size; rank -1: any) */
    const ramet_tensor *outputs;      /* name, and declared rank (0 or -1: none) */
    size_t input_count, output_count; /* both in the program's order */
    int32_t threads;                  /* in one run */
    int32_t streams;                  /* runs at the same time */
    rmt_plugin_hint hint;             /* other than NONE: instead of threads and streams */
    bool bfloat16;                    /* compute with 16 bits where the processor can; otherwise float32 */
} rmt_plugin_model;

typedef struct rmt_plugin {
    uint32_t interface; /* RMT_PLUGIN_INTERFACE of its build; the rest is read only when it is ours */
    const char *name;

    /* The version of the engine's own library, cut to `room` bytes. */
    ramet_status (*version)(char *text, size_t room, ramet_error *error);

    /* Compiles a model. Threads: any. Errors: UNSUPPORTED with the engine's reason. */
    ramet_status (*open)(const rmt_plugin_model *model, void **compiled, ramet_error *error);
    /* Threads: any; all its requests are closed. */
    void (*close)(void *compiled);
    /* What has become of threads, streams and precision, as lines of text, cut to `room` bytes. */
    void (*describe)(void *compiled, char *text, size_t room);

    /* What runs the model, for one thread at a time. Threads: any. */
    ramet_status (*request_open)(void *compiled, void **request, ramet_error *error);
    void (*request_close)(void *request);
    /*
     * inputs: dense, in the program's order. outputs: dtype, shape and data are filled in; data belongs to the request
     * until its next run.
     */
    ramet_status (*run)(void *request, const ramet_tensor *inputs, ramet_tensor *outputs, ramet_error *error);
} rmt_plugin;

/* The type of the entry. The table is static. */
typedef const rmt_plugin *(*rmt_plugin_entry)(void);

#endif

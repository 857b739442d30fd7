/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seam between the Runtime and its engines. An engine is one table of
 * functions over a state of its own; the Runtime checks arguments, guards
 * handles and knows nothing else of it.
 */
#ifndef RMT_ENGINE_H
#define RMT_ENGINE_H

#include "formats/formats.h"
#include "runtime/runtime.h"

typedef struct rmt_engine {
    const char *name;

    /* "native 0.1.0", cut to room bytes; loads what the engine is made of. */
    ramet_status (*version)(const ramet_runtime_option *option, char *text, size_t room, ramet_error *error);

    /*
     * Loads a model. *state: the first handle on it. option has all defaults filled in; with program_bytes the model is
     * read from there, and files->program is only a name.
     */
    ramet_status (*open)(const rmt_model_files *files, const ramet_runtime_option *option, void **state,
                         ramet_error *error);
    /* Another handle on the same weights. */
    ramet_status (*clone)(void *state, void **clone, ramet_error *error);
    void (*close)(void *state);

    size_t (*input_count)(const void *state);
    size_t (*output_count)(const void *state);
    /* index is in range; the name lives as long as the state. */
    void (*input_info)(const void *state, size_t index, ramet_tensor *info);
    void (*output_info)(const void *state, size_t index, ramet_tensor *info);

    /* inputs: one for each, dtype and rank checked. outputs: filled, valid until the next run. */
    ramet_status (*run)(void *state, const rmt_view *inputs, ramet_tensor *outputs, ramet_error *error);

    /* inputs: for RAMET_DESCRIBE_PLAN, otherwise NULL. */
    ramet_status (*describe)(void *state, ramet_describe what, const rmt_view *inputs, rmt_buffer *text,
                             ramet_error *error);
    void (*measure)(void *state, ramet_memory *memory);
    /* As ramet_runtime_forecast_memory(). NULL: nobody knows. */
    ramet_status (*forecast)(void *state, const rmt_view *inputs, ramet_memory_forecast *forecast, ramet_error *error);

    /* As ramet_runtime_weights_fd(). NULL: the engine has nothing to share. */
    ramet_status (*share)(void *state, int32_t *fd, ramet_error *error);
} rmt_engine;

extern const rmt_engine rmt_engine_native, rmt_engine_openvino;

/* INVALID_ARGUMENT for a backend that does not exist. */
ramet_status rmt_engine_choose(ramet_backend backend, const rmt_engine **engine, ramet_error *error);

#endif

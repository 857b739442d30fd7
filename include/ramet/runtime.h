/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runtime: a model on an engine, tensors in, tensors out. The middle one of
 * the three stages Preprocessor, Runtime, Postprocessor.
 *
 *     ramet_runtime *runtime;
 *     ramet_runtime_open("models/ResNet50_vd", NULL, &runtime, &error);
 *     ramet_runtime_run(runtime, inputs, 1, outputs, 1, &error);
 *     ramet_runtime_close(runtime);
 *
 * A runtime is used by one thread at a time; a second thread is refused with
 * BUSY. More threads take clones: a clone shares program, packed weights and
 * plans with its origin and costs one arena. Original and clones may be closed
 * in any order and cloned again.
 *
 * After fork() a child may go on using its copy of every handle of the native
 * engine. OpenVINO has threads of its own, which do not survive that: there the
 * child opens the model anew, and an inherited handle says so.
 */
#ifndef RAMET_RUNTIME_H
#define RAMET_RUNTIME_H

#include "ramet/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ramet_runtime ramet_runtime;

typedef enum ramet_backend {
    RAMET_BACKEND_DEFAULT = 0, /* native */
    RAMET_BACKEND_NATIVE,
    RAMET_BACKEND_OPENVINO /* a plug-in, loaded when the first model is opened; .pdmodel and .onnx */
} ramet_backend;

/* Instruction level of the native engine. AUTO takes the best that the processor has. */
typedef enum ramet_cpu_level {
    RAMET_CPU_LEVEL_AUTO = 0,
    RAMET_CPU_LEVEL_BASE,
    RAMET_CPU_LEVEL_AVX2,
    RAMET_CPU_LEVEL_AVX512,
    RAMET_CPU_LEVEL_AVX512_BF16 /* differs from AVX512 under RAMET_PRECISION_BFLOAT16 alone */
} ramet_cpu_level;

/*
 * How the native engine keeps the weights of convolutions, products of matrices and recurrent layers. Sums and everything
 * between the layers are float32 either way. BFLOAT16 rounds each weight to 8 significant bits, which halves the memory of
 * the weights and the time to read them; docs/models.md says what it does to results. At RAMET_CPU_LEVEL_AVX512_BF16 what a
 * layer multiplies its weights with is rounded likewise, in the processor's own dot product.
 * OpenVINO takes its own arithmetic of that precision, on processors that have it.
 */
typedef enum ramet_precision { RAMET_PRECISION_FLOAT32 = 0, RAMET_PRECISION_BFLOAT16 } ramet_precision;

/* How OpenVINO is to spread runs over processors; with a hint it decides on threads and streams itself. */
typedef enum ramet_hint { RAMET_HINT_NONE = 0, RAMET_HINT_LATENCY, RAMET_HINT_THROUGHPUT } ramet_hint;

/* Set with ramet_runtime_option_init(); zero means the default. */
typedef struct ramet_runtime_option {
    size_t struct_bytes;
    ramet_backend backend;
    ramet_cpu_level cpu_level;
    int32_t cpu_thread_num; /* threads inside one run, 1..256; default 1; see ramet/host.h for how many to take */
    int32_t plan_capacity;  /* shapes remembered per model; default 16 */
    uint64_t
        memory_budget_bytes; /* ceiling of one clone's arena; default 4 GiB; a run past it fails with OVER_BUDGET */
    const char *params_file; /* parameters, when they do not stand beside the program */
    const char *config_file; /* configuration of the task models, likewise */
    /*
     * The same from memory, read while the model is opened and not needed afterwards. With program_bytes no file is
     * read: `model` is then only a name for messages.
     */
    const void *program_bytes; /* a .pdmodel, .json or .onnx */
    size_t program_count;
    const void *params_bytes; /* its .pdiparams, where it has one */
    size_t params_count;
    const char *config_text; /* instead of config_file */
    ramet_precision precision;
    /* What follows is read by RAMET_BACKEND_OPENVINO alone, which does not read cpu_level, plan_capacity and budget. */
    int32_t num_streams; /* runs that go on at the same time, of all clones together, 1..256; more of them queue. Each
                            stream has activations of its own. Default: usable processors / cpu_thread_num, 1..8 */
    ramet_hint hint;
    /*
     * Shapes to compile for, matched by name, or by position where a name is NULL. Default: any number of channels that
     * the program declares, any size of everything else. A fixed shape is refused any other at a run.
     */
    const ramet_tensor *fixed_inputs;
    size_t fixed_input_count;
    const char *plugin_file;      /* libramet_openvino.so, when it does not stand beside libramet.so */
    const char *engine_libraries; /* folder of libopenvino_c.so.*, where neither plug-in nor loader knows it */
    /*
     * Packed weights that processes share. cache_dir: a folder, made when it is not there, that keeps them in files: the
     * first to open a model packs it and writes one, all others, and later ones, map that. NULL: none. A cache that
     * cannot be used is no error; RAMET_DESCRIBE_WEIGHTS says why.
     * weights_fds: descriptors that ramet_runtime_weights_fd() has given, here or in another process, in any order; one
     * that holds this very model is used (a copy of it is kept), others are passed over.
     */
    const char *cache_dir;
    const int32_t *weights_fds;
    size_t weights_fd_count;
} ramet_runtime_option;

/*
 * Fills an option struct with defaults: always the first thing to do with one.
 *
 * Threads: any. Memory: none. Errors: none.
 */
RAMET_API void ramet_runtime_option_init(ramet_runtime_option *option);

/*
 * Loads a model: `model` is a folder of an exported model or its program file
 * (.pdmodel, .json or .onnx). Reads, checks and packs everything once; the original parameters
 * are not kept.
 *
 * option: may be NULL; what it points to is the caller's. *runtime: overwritten; NULL on failure.
 * Threads: any. Memory: owned by the handle, freed when it and all clones are closed.
 * Errors: NOT_FOUND, IO, BAD_FORMAT, UNSUPPORTED (lists every operator that cannot run), OVER_BUDGET, OUT_OF_MEMORY.
 */
RAMET_API ramet_status ramet_runtime_open(const char *model, const ramet_runtime_option *option,
                                          ramet_runtime **runtime, ramet_error *error);

/*
 * Another handle on the same weights, for another thread. Costs well under 1 MiB until its first run.
 *
 * Threads: the origin must not be in a run. Memory: its own arena, taken at the first run.
 * Errors: OUT_OF_MEMORY, BUSY.
 */
RAMET_API ramet_status ramet_runtime_clone(ramet_runtime *runtime, ramet_runtime **clone, ramet_error *error);

/* Closes a handle; NULL is allowed. Threads: no run of this handle may be under way. */
RAMET_API void ramet_runtime_close(ramet_runtime *runtime);

/*
 * How many inputs and outputs the model has; 0 for NULL.
 *
 * Threads: any. Memory: none. Errors: none.
 */
RAMET_API size_t ramet_runtime_input_count(const ramet_runtime *runtime);
/* As ramet_runtime_input_count(), for outputs. */
RAMET_API size_t ramet_runtime_output_count(const ramet_runtime *runtime);

/*
 * Name, dtype and declared shape (-1: any size) of an input, in the program's order. A declared shape is a hint: what is
 * fed decides.
 *
 * info: overwritten; its name belongs to the runtime, its data is NULL.
 * Threads: any. Memory: none. Errors: INVALID_ARGUMENT for an index out of range.
 */
RAMET_API ramet_status ramet_runtime_input_info(const ramet_runtime *runtime, size_t index, ramet_tensor *info);
/* As ramet_runtime_input_info(), for outputs. */
RAMET_API ramet_status ramet_runtime_output_info(const ramet_runtime *runtime, size_t index, ramet_tensor *info);

/*
 * Runs the model once. inputs: one tensor for each input, matched by name, or by position where a name is NULL; they
 * are read only. outputs: room for ramet_runtime_output_count() tensors, filled in the program's order.
 *
 * Threads: one at a time for a handle, else BUSY. The numbers do not depend on batch mates, threads or earlier runs.
 * Memory: output data belongs to the runtime and stays valid until its next run or close. A shape seen before
 * allocates nothing.
 * Errors: INVALID_ARGUMENT, NOT_FOUND (no such input), BAD_SHAPE (names operator and shapes), OVER_BUDGET, BUSY.
 */
RAMET_API ramet_status ramet_runtime_run(ramet_runtime *runtime, const ramet_tensor *inputs, size_t input_count,
                                         ramet_tensor *outputs, size_t output_count, ramet_error *error);

/* The runs of a handle that went well. */
typedef struct ramet_run_times {
    uint64_t runs;
    uint64_t total_ns; /* of them all, wall clock, from tensors to tensors */
} ramet_run_times;

/*
 * How often a handle has run and how long that took, since it was opened or cloned; runs that a task model made on it count
 * too, without what lies before and after them.
 *
 * Threads: not while this handle is in a run. Memory: none. Errors: INVALID_ARGUMENT for a NULL.
 */
RAMET_API ramet_status ramet_runtime_run_times(const ramet_runtime *runtime, ramet_run_times *times);

/* What a handle holds, in bytes. */
typedef struct ramet_memory {
    uint64_t weights_bytes; /* shared by all clones */
    uint64_t program_bytes; /* graph and operator parameters, shared by all clones */
    uint64_t plans_bytes;   /* remembered shapes, shared by all clones */
    uint64_t arena_bytes;   /* this handle's own, now */
    uint64_t clones;        /* handles on these weights, this one included */
    uint64_t shared_bytes;  /* of weights_bytes: pages of a file, which exist once for all processes that map it */
} ramet_memory;

/*
 * Fills *memory with what the handle and its origin hold now.
 *
 * Threads: not while this handle is in a run. Memory: none. Errors: INVALID_ARGUMENT for a NULL.
 */
RAMET_API ramet_status ramet_runtime_memory(const ramet_runtime *runtime, ramet_memory *memory);

/* What a handle will hold at most, in bytes. */
typedef struct ramet_memory_forecast {
    uint64_t weights_bytes; /* shared by all clones, and, in a file, by all processes */
    uint64_t program_bytes; /* shared by all clones */
    uint64_t plans_bytes;   /* of plan_capacity shapes, and the room they are made in; shared by all clones */
    uint64_t arena_bytes;   /* of each clone */
    uint64_t
        source_bytes; /* the model's files, which are in memory while the weights are packed, and only then; 0 where
                               packed weights were mapped, and for models from memory */
    uint64_t
        peak_bytes; /* of one handle: weights and program with source, or with plans and arena, whichever is more */
    uint64_t open_operators; /* how many take sizes that only numbers decide; what they hold is not counted */
} ramet_memory_forecast;

/*
 * What the handle will hold when no run has larger inputs than these. The program itself and what the C library keeps come
 * on top, some MiB.
 *
 * inputs, input_count: shapes, as for a run; data may be NULL. *forecast: overwritten.
 * Threads: as a run. Memory: a plan, as a run. Errors: as a run; UNSUPPORTED (an engine with memory of its own).
 */
RAMET_API ramet_status ramet_runtime_forecast_memory(ramet_runtime *runtime, const ramet_tensor *inputs,
                                                     size_t input_count, ramet_memory_forecast *forecast,
                                                     ramet_error *error);

/*
 * The packed weights as a descriptor, for other processes (weights_fds): of the cache file that they lie in, or of a sealed
 * memory file, which is made now if there is none and whose pages take the place of those that this process has. It is
 * closed by exec; to hand it on, duplicate it, or name it in ramet_fleet_process_job.
 *
 * *fd: belongs to the runtime, valid until it and all its clones are closed.
 * Threads: one at a time for a handle, else BUSY; clones may be in a run. Memory: none more than before.
 * Errors: IO (no memory file; the model's files have changed since it was opened), BUSY, UNSUPPORTED (the engine packs
 * nothing).
 */
RAMET_API ramet_status ramet_runtime_weights_fd(ramet_runtime *runtime, int32_t *fd, ramet_error *error);

typedef enum ramet_describe {
    RAMET_DESCRIBE_GRAPH = 0, /* the operators as they stand after the passes */
    RAMET_DESCRIBE_PASSES,    /* what each pass changed */
    RAMET_DESCRIBE_PLAN,      /* kernels, layouts and memory map for the given input shapes */
    RAMET_DESCRIBE_WEIGHTS    /* where the packed weights lie, and what became of cache_dir and weights_fds */
} ramet_describe;

/*
 * The model as text. inputs, input_count: shapes for RAMET_DESCRIBE_PLAN (data may be NULL), otherwise 0.
 *
 * *text: NUL-terminated, freed by the caller with ramet_text_free(). Threads: as a run. Errors: as a run.
 */
RAMET_API ramet_status ramet_runtime_describe(ramet_runtime *runtime, ramet_describe what, const ramet_tensor *inputs,
                                              size_t input_count, char **text, ramet_error *error);

/* Frees a text that ramet handed out; NULL is allowed. */
RAMET_API void ramet_text_free(char *text);

#ifdef __cplusplus
}
#endif

#endif

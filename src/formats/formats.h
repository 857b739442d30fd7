/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes to graph and to configuration: ProgramDesc (.pdmodel), PIR (.json),
 * parameters (.pdiparams), ONNX (.onnx), YAML, dictionaries.
 *
 * Everything in a file is distrusted: counts are checked against the bytes
 * that are left, sizes with checked arithmetic, and an error names the file
 * and the offset. Parameter data is not copied: constants point into the
 * mapped file, which the caller keeps open as long as the graph lives.
 */
#ifndef RMT_FORMATS_H
#define RMT_FORMATS_H

#include "graph/graph.h"
#include "os/os.h"

/* ---- where a model's files are ------------------------------------------------------------------------------ */

#define RMT_PATH_BYTES 4096

/* Full paths; an empty string where there is none. */
typedef struct rmt_model_files {
    char program[RMT_PATH_BYTES];
    char params[RMT_PATH_BYTES];
    char config[RMT_PATH_BYTES];
} rmt_model_files;

/*
 * Finds the files of a model. model: the program file, or a folder that holds it: inference.json, inference.pdmodel,
 * model.json, model.pdmodel, inference.onnx, model.onnx or __model__, the first found; or else its only *.json (with
 * parameters), *.pdmodel or *.onnx. The parameters stand beside it: NAME.pdiparams, or __params__ for __model__. So does
 * the configuration: inference.yml, inference_cls.yaml, infer_cfg.yml or deploy.yaml. params, config: explicit paths,
 * which must exist, or NULL. Absent parameters or configuration are no error here.
 */
ramet_status rmt_model_files_find(const char *model, const char *params, const char *config, rmt_model_files *files,
                                  ramet_error *error);

/* ---- programs --------------------------------------------------------------------------------------------- */

/* An opened model: the graph, and the bytes that its constants point into. */
typedef struct rmt_program {
    rmt_graph graph;
    rmt_os_map program_map, params_map;
    bool borrowed; /* the bytes are the caller's */
} rmt_program;

/* Reads program and parameters; the kind is found from the content. On failure nothing stays open. */
ramet_status rmt_program_open(const char *program_path, const char *params_path, rmt_program *program,
                              ramet_error *error);
/* The same from memory that the caller keeps until the close. */
ramet_status rmt_program_open_memory(const void *program_bytes, size_t program_count, const void *params_bytes,
                                     size_t params_count, rmt_program *program, ramet_error *error);

/* The same in two steps: first the bytes (of files, or the caller's), then the graph from them. Names are for messages. */
ramet_status rmt_program_map(const char *program_path, const char *params_path, rmt_program *program,
                             ramet_error *error);
void rmt_program_borrow(const void *program_bytes, size_t program_count, const void *params_bytes, size_t params_count,
                        rmt_program *program);
ramet_status rmt_program_read(rmt_program *program, const char *program_name, const char *params_name,
                              ramet_error *error);
void rmt_program_close(rmt_program *program);

/* ---- YAML ---------------------------------------------------------------------------------------------------- */

typedef enum rmt_yaml_kind { RMT_YAML_SCALAR, RMT_YAML_LIST, RMT_YAML_MAP } rmt_yaml_kind;

/* A tree in document order. Scalars keep their text; whether it was quoted decides what null and numbers mean. */
typedef struct rmt_yaml {
    rmt_yaml_kind kind;
    const char *key;  /* of an entry of a map; NULL otherwise */
    const char *text; /* of a scalar */
    bool quoted;
    const struct rmt_yaml *first, *next; /* children; siblings */
    int32_t line;                        /* 1-based, for messages */
} rmt_yaml;

typedef struct rmt_yaml_file {
    rmt_arena arena;
    const rmt_yaml *root;
    const char *path; /* for messages; in the arena */
} rmt_yaml_file;

/* config: a path, or the text itself, which is told by a line break in it. */
ramet_status rmt_yaml_open(const char *config, rmt_yaml_file *file, ramet_error *error);
ramet_status rmt_yaml_open_memory(const void *bytes, size_t count, const char *name, rmt_yaml_file *file,
                                  ramet_error *error);
void rmt_yaml_close(rmt_yaml_file *file);

const rmt_yaml *rmt_yaml_get(const rmt_yaml *map, const char *key); /* NULL when absent or no map */
bool rmt_yaml_is_null(const rmt_yaml *node);                        /* absent, ~, null, or empty and unquoted */
/* False when absent, quoted or of another kind; then *value is untouched. Of equal keys the last counts. */
bool rmt_yaml_read_int(const rmt_yaml *node, int64_t *value);
bool rmt_yaml_read_bool(const rmt_yaml *node, bool *value);
/* Finite numbers, also in quotes, and the quotients that configurations write as text: "1.0/255.0", "1./255.". */
bool rmt_yaml_read_float(const rmt_yaml *node, double *value);
/* A list of numbers (or one number): copies at most capacity, returns how many there are, 0 when an entry is none. */
size_t rmt_yaml_read_floats(const rmt_yaml *node, double *values, size_t capacity);

/* ---- dictionaries and labels ----------------------------------------------------------------------------------- */

/* Lines of text, UTF-8, \r dropped at line ends; a last empty line is none. */
typedef struct rmt_lines {
    rmt_arena arena;
    const char **items;
    size_t count;
} rmt_lines;

ramet_status rmt_lines_open(const char *path, rmt_lines *lines, ramet_error *error);
void rmt_lines_close(rmt_lines *lines);

#endif

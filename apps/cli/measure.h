/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `ramet bench` measures, each figure in a process of its own.
 *
 * A measurement is a function from a setting to a JSON value. It runs in a
 * child of a process that has never opened a model (measure_apart.c), so that
 * nothing of an earlier one is counted or in the way.
 */
#ifndef RAMET_CLI_MEASURE_H
#define RAMET_CLI_MEASURE_H

#include "cli.h"

enum { MEASURE_MOST_ENGINES = 2 };

typedef struct measure_engine {
    const char *name;            /* as --backend spells it */
    ramet_runtime_option option; /* num_streams 0: one for each thread that works */
} measure_engine;

typedef struct measure_setting {
    const char *model;
    const cli_texts *inputs; /* shapes */
    measure_engine engines[MEASURE_MOST_ENGINES];
    size_t engine_count;
    int32_t workers; /* most threads, and most processes */
    int32_t rounds;  /* of each throughput */
    float seconds;   /* of each figure */
} measure_setting;

/* Who does the work: threads on clones; processes that share the weights, or do not. */
typedef enum measure_kind { MEASURE_THREADS, MEASURE_PROCESSES, MEASURE_PROCESSES_APART } measure_kind;

/* One figure: of which engine, with how many workers of which kind. */
typedef struct measure_point {
    const measure_setting *setting;
    const measure_engine *engine;
    measure_kind kind;
    int32_t workers;
} measure_point;

/* ---- a process of its own (measure_apart.c) -------------------------------------------------------------- */

/* NULL and an error when there is no figure. */
typedef json_t *(*measure_function)(const measure_point *point, ramet_error *error);

/* The function's value, from a child process. */
json_t *measure_apart(measure_function measure, const measure_point *point, ramet_error *error);

/* ---- a model with inputs (measure_model.c) --------------------------------------------------------------- */

/* A handle, and made-up inputs that clones borrow. */
typedef struct measure_model {
    ramet_runtime *runtime;
    ramet_tensor *outputs, *own_inputs; /* own_inputs: NULL in a clone */
    const ramet_tensor *inputs;
    size_t input_count, output_count;
} measure_model;

ramet_status measure_model_open(const measure_point *point, measure_model *model, ramet_error *error);
/* On the same weights and inputs; the origin is closed after it. */
ramet_status measure_model_clone(const measure_model *origin, measure_model *clone, ramet_error *error);
void measure_model_close(measure_model *model);
ramet_status measure_model_run(measure_model *model, ramet_error *error);

/* ---- measurements ---------------------------------------------------------------------------------------- */

/*
 * All engines in turn, the first one twice: [{"engine", "median_ms", "p95_ms", "ratio": [quartiles]}]; a ratio is that of
 * the first engine's time to this one's, in the same round; that of "again" is the noise. (measure_latency.c)
 */
json_t *measure_latency(const measure_point *point, ramet_error *error);

/* Runs a second, a real. (measure_throughput.c) */
json_t *measure_throughput(const measure_point *point, ramet_error *error);
/* Inputs a second that are nothing but a wait of MEASURE_WAIT_MS each, as for a disk or a network. */
json_t *measure_waiting(const measure_point *point, ramet_error *error);
/* Results of 1 MiB a second. */
json_t *measure_handing_over(const measure_point *point, ramet_error *error);
/* Seconds from the call to the end of one worker more that does nothing. */
json_t *measure_starting(const measure_point *point, ramet_error *error);

enum { MEASURE_WAIT_MS = 10 };

/*
 * {"after_load_bytes", "after_predict_bytes", "rss_bytes"}: PSS of all processes together; their resident sets after the
 * prediction, added up. (measure_memory.c)
 */
json_t *measure_memory(const measure_point *point, ramet_error *error);
/* The same for handles that are opened separately, in one process. */
json_t *measure_memory_opened(const measure_point *point, ramet_error *error);
/* MiB after the prediction, a real. */
json_t *measure_memory_held(const measure_point *point, ramet_error *error);

/* ---- the document (verb_bench.c makes it) ---------------------------------------------------------------- */

/* A part of the document: an array of rows, objects with the same keys. */
typedef struct measure_section {
    const char *key, *title;
    const char *label[3]; /* keys that name a row, NULL behind the last */
    const char *value;    /* the key that a plot shows; NULL: no plot */
    const char *least;    /* the keys of its bounds; NULL: none */
    const char *most;
    bool ideal;       /* show what n times the first figure would be */
    const char *note; /* what the figures are */
} measure_section;

enum { MEASURE_SECTIONS = 4 };
extern const measure_section measure_sections[MEASURE_SECTIONS];

/* A value for people: bytes as MiB, quartiles as "a .. b .. c". (measure_text.c) */
void measure_print_cell(FILE *out, const char *key, const json_t *value);
/* The key as the head of a column, with its unit. */
void measure_print_key(FILE *out, const char *key);
bool measure_counts_bytes(const char *key);
/* The document as tables; from malloc. */
char *measure_text(const json_t *document);

/* The section's plot as SVG; nothing when it has none. (measure_plot.c) */
void measure_plot(FILE *out, const measure_section *section, const json_t *rows);
/* The document as a page that needs nothing else. Errors: IO. (measure_html.c) */
ramet_status measure_write_html(const json_t *document, const char *path, ramet_error *error);

#endif

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
    int32_t workers;        /* most threads, and most processes */
    int32_t rounds;         /* of each throughput */
    float seconds;          /* of each figure */
    const char *cache_dir;  /* holds the packed weights for MEASURE_CACHED; NULL: nobody can share that way */
    bool has_given_weights; /* this process has been handed them, for MEASURE_HANDED */
} measure_setting;

/* Who does the work. */
typedef enum measure_kind {
    MEASURE_THREADS, /* threads on clones */
    MEASURE_FORKED,  /* processes forked from one that has opened the model, on clones */
    MEASURE_CACHED,  /* programs that know the model's path and map its cache file */
    MEASURE_HANDED,  /* programs that map a sealed memory file of their parent's */
    MEASURE_APART,   /* processes that open the model each for itself */
    MEASURE_KINDS
} measure_kind;

extern const char *const measure_kind_names[MEASURE_KINDS];

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

/* Whether the engine's workers can be of this kind; what cannot be is in the document's notes. */
bool measure_can(const measure_setting *setting, const measure_engine *engine, measure_kind kind);

/* A handle, and made-up inputs that clones borrow. */
typedef struct measure_model {
    ramet_runtime *runtime;
    ramet_tensor *outputs, *own_inputs; /* own_inputs: NULL in a clone */
    const ramet_tensor *inputs;
    size_t input_count, output_count;
} measure_model;

/* IO where the kind shares packed weights and they do not come to be shared. */
ramet_status measure_model_open(const measure_point *point, measure_model *model, ramet_error *error);
/* On the same weights and inputs; the origin is closed after it. */
ramet_status measure_model_clone(const measure_model *origin, measure_model *clone, ramet_error *error);
void measure_model_close(measure_model *model);
ramet_status measure_model_run(measure_model *model, ramet_error *error);

uint64_t measure_model_arena(const measure_model *model);

/* ---- workers at one duty (measure_workers.c) ------------------------------------------------------------- */

typedef enum measure_duty {
    MEASURE_LOAD, /* open the model, then nothing */
    MEASURE_RUN,
    MEASURE_WAIT,      /* MEASURE_WAIT_MS, as for a disk or a network */
    MEASURE_HAND_OVER, /* a result of 1 MiB */
    MEASURE_NOTHING
} measure_duty;

enum { MEASURE_WAIT_MS = 10 };

/* What is known when a worker has done its duty once. */
typedef struct measure_stamp {
    int64_t worker;       /* a number of a thread, or the id of a process */
    double finished;      /* seconds */
    uint64_t arena_bytes; /* of its handle */
} measure_stamp;

/* A worker's account: how often it was done since it was last cleared, when that was, and when it was done last. */
typedef struct measure_mate {
    int64_t worker;
    size_t done;
    double from, last;
} measure_mate;

typedef struct measure_crew measure_crew;
struct measure_crew {
    const measure_point *point;
    measure_duty duty;
    void *context;
    bool (*goes_on)(measure_crew *crew, const measure_stamp *stamp); /* after each; false ends the work */
    measure_mate *mates;                                             /* [mate_count], of those that were seen */
    size_t mate_count;
};

/* Has all workers of the point do the duty over and over while goes_on() says so. The crew's mates are freed after it. */
ramet_status measure_work(measure_crew *crew, ramet_error *error);
/* Whether each worker has done it so often. */
bool measure_all_have_done(const measure_crew *crew, size_t times);
/* A program that measure_work() has started: its whole life. */
ramet_status measure_serve(const measure_setting *setting, ramet_error *error);

/* ---- measurements ---------------------------------------------------------------------------------------- */

/*
 * All engines in turn, the first one twice: [{"engine", "median_ms", "p95_ms", "ratio": [quartiles]}]; a ratio is that of
 * the first engine's time to this one's, in the same round; that of "again" is the noise. (measure_latency.c)
 */
json_t *measure_latency(const measure_point *point, ramet_error *error);

/* Runs a second, a real. (measure_throughput.c) */
json_t *measure_throughput(const measure_point *point, ramet_error *error);
/* Inputs a second that are nothing but a wait. */
json_t *measure_waiting(const measure_point *point, ramet_error *error);
/* Results of 1 MiB a second. */
json_t *measure_handing_over(const measure_point *point, ramet_error *error);
/* Seconds that starting and ending a worker takes. */
json_t *measure_starting(const measure_point *point, ramet_error *error);

/*
 * {"after_load_bytes", "after_predict_bytes", "rss_after_load_bytes", "rss_after_predict_bytes", "arena_bytes"}: PSS of all
 * processes together, their resident sets added up, and the arena of one handle. (measure_memory.c)
 */
json_t *measure_memory(const measure_point *point, ramet_error *error);
/* The same for handles that are opened separately, in one process. */
json_t *measure_memory_opened(const measure_point *point, ramet_error *error);
/* MiB after the prediction, a real. */
json_t *measure_memory_held(const measure_point *point, ramet_error *error);

/* ---- what else the machine did (measure_machine.c) ------------------------------------------------------- */

/* Processor time since the start, of all processors, in seconds; known: the system tells. */
typedef struct measure_machine {
    bool known;
    double all, stolen, busy,
        own; /* stolen by a hypervisor; busy with programs, `own` of it with ours and their children */
} measure_machine;

measure_machine measure_machine_read(void);
/* sum += after - before. */
void measure_machine_add(measure_machine *sum, const measure_machine *before, const measure_machine *after);
/* "steal_percent", "others_percent" of the processor time in sum. */
void measure_machine_describe(const measure_machine *sum, json_t *object);

/* ---- the document ---------------------------------------------------------------------------------------- */

/* Adds "throughput" and "machine"; false and an error when there is no figure. (measure_rounds.c) */
bool measure_add_throughput(const measure_setting *setting, json_t *document, ramet_error *error);
/* Adds "memory" and "further". (measure_holders.c) */
bool measure_add_memory(const measure_setting *setting, json_t *document, ramet_error *error);
/* All of it, in "notes" what is left out and why; NULL and an error when there is no figure. (measure_document.c) */
json_t *measure_document(measure_setting *setting, ramet_error *error);

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

enum { MEASURE_SECTIONS = 5 };
extern const measure_section measure_sections[MEASURE_SECTIONS];

/* A value for people: bytes as MiB, quartiles as "a .. b .. c". (measure_text.c) */
void measure_print_cell(FILE *out, const char *key, const json_t *value);
/* The key as the head of a column, with its unit. */
void measure_print_key(FILE *out, const char *key);
bool measure_counts_bytes(const char *key);
/* What else the machine did: half a line. */
void measure_print_machine(FILE *out, const json_t *document);
/* The document as tables; from malloc. */
char *measure_text(const json_t *document);

/* The section's plot as SVG; nothing when it has none. (measure_plot.c) */
void measure_plot(FILE *out, const measure_section *section, const json_t *rows);
/* The document as a page that needs nothing else. Errors: IO. (measure_html.c) */
ramet_status measure_write_html(const json_t *document, const char *path, ramet_error *error);

#endif

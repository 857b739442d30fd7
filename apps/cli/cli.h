/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command `ramet`: verbs, each a file verb_NAME.c, over what they share.
 *
 * A verb reads its flags from declarative tables (options.c), and most verbs
 * then hand a task to cli_images_run() (images.c), which finds the images
 * (sources.c), puts them through clones on threads, and writes the results in
 * input order (output.c). A result is one JSON object; the text form is made
 * from it (text_form.c), so that both always say the same.
 *
 * Fallible functions return a ramet_status and fill a ramet_error, as the
 * library does. Exhausted memory ends the command (cli_must).
 */
#ifndef RAMET_CLI_H
#define RAMET_CLI_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "ramet/ramet.h"

#define CLI_COUNT(array) (sizeof(array) / sizeof *(array))

enum { CLI_EXIT_OK = 0, CLI_EXIT_SOME_FAILED = 1, CLI_EXIT_USAGE = 2 };

/* ---- verbs (main.c) -------------------------------------------------------------------------------------- */

typedef struct cli_verb {
    const char *name;
    const char *summary;               /* half a line */
    int (*run)(int argc, char **argv); /* argv[0] is the verb; returns the exit code */
} cli_verb;

extern const cli_verb cli_verb_classify, cli_verb_detect, cli_verb_ocr, cli_verb_segment, cli_verb_run,
    cli_verb_inspect, cli_verb_bench, cli_verb_doctor;

/* ---- messages, memory, lists (basics.c) ------------------------------------------------------------------ */

/* "ramet: ..." on the standard error. */
void cli_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Complains with message and place; returns the exit code for a failure that ends the command. */
int cli_complain_error(const ramet_error *error);

/* Fills the error; returns status. */
ramet_status cli_fail(ramet_error *error, ramet_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "MESSAGE (PLACE)" into text. */
void cli_error_print(const ramet_error *error, char *text, size_t size);

/* The pointer, or the end of the command when it is NULL: what jansson and malloc return. */
void *cli_must(void *pointer);

/* A list of texts of its own. Zeroed is empty. */
typedef struct cli_texts {
    char **items;
    size_t count, capacity;
} cli_texts;

void cli_texts_add(cli_texts *texts, const char *text);
void cli_texts_clear(cli_texts *texts);

/*
 * The words of this command line, for starting it anew, with `more` behind the verb; words->items ends with a NULL that is not
 * counted. Errors: IO.
 */
ramet_status cli_own_command(cli_texts *words, const char *const *more, size_t count, ramet_error *error);

/* Edits between two words, 0 for equal ones; for suggestions. */
size_t cli_word_distance(const char *a, const char *b);

double cli_now_seconds(void);

/* Makes a folder and those above it. Errors: IO. */
ramet_status cli_make_folder(const char *path, ramet_error *error);

/* ---- a folder for a while (scratch_folder.c) -------------------------------------------------------------------- */

/* A folder that goes when this process does, however it ends. Made before there are threads. */
typedef struct cli_scratch {
    char path[4096]; /* "": none */
    int line;
    int64_t guard;
} cli_scratch;

/* In $TMPDIR or /tmp. Errors: IO. */
ramet_status cli_scratch_make(cli_scratch *scratch, ramet_error *error);
void cli_scratch_remove(cli_scratch *scratch);

/* ---- flags (options.c) ----------------------------------------------------------------------------------- */

typedef enum cli_kind {
    CLI_KIND_BOOL,   /* int32_t, 0 or 1; the value may be left out */
    CLI_KIND_INT,    /* int32_t, least..most */
    CLI_KIND_BYTES,  /* uint64_t, at least 1 */
    CLI_KIND_REAL,   /* float, least..most */
    CLI_KIND_REAL3,  /* float[3], "a,b,c", each least..most */
    CLI_KIND_TEXT,   /* const char *, borrowed from argv */
    CLI_KIND_MAYBE,  /* likewise; "none" is NULL */
    CLI_KIND_TEXTS,  /* cli_texts; each use of the flag adds one */
    CLI_KIND_CHOICE, /* an enum; value_name lists the words for 0, 1, ...: "max|min" */
    CLI_KIND_ONLY    /* no target; value_name is the one value that is accepted, the help says why */
} cli_kind;

typedef struct cli_flag {
    const char *name; /* without dashes */
    cli_kind kind;
    size_t offset;          /* of the target within the group's settings */
    const char *value_name; /* for the help: "DIR", "N"; or as the kind says */
    const char *help;       /* one line; also shown when a value is refused; NULL: not for people */
    double least, most;     /* both 0: any */
} cli_flag;

/* Flags that belong together, and where their values go. */
typedef struct cli_group {
    const char *title;
    const cli_flag *flags;
    size_t count;
    void *settings;
} cli_group;

typedef struct cli_syntax {
    const cli_verb *verb;
    const char *usage;   /* what follows "ramet VERB" */
    const char *details; /* whole lines, shown by the help; may be NULL */
    const char *example; /* a command line */
    const cli_group *groups;
    size_t group_count;
    cli_texts *words; /* receives what is not a flag; NULL: nothing else is allowed */
} cli_syntax;

/* Reads the flags. False when the command is over: help was shown, or a mistake; then *exit_code is set. */
bool cli_arguments_read(const cli_syntax *syntax, int argc, char **argv, int *exit_code);

/* ---- flags that verbs share (flags.c) -------------------------------------------------------------------- */

typedef enum cli_start_method { CLI_START_FORK, CLI_START_SPAWN } cli_start_method;

typedef struct cli_image_settings {
    cli_texts image_path;
    const char *save_path;
    int32_t thread_num, process_num;
    cli_start_method start_method;
    int32_t use_multi_process, share, json, quiet, report; /* truth values */
    int32_t worker;                                        /* this command was started by another one of its kind */
    bool
        opens_apart; /* the engine's threads do not survive a fork: each process opens the model; cli_engine_settle() */
    int32_t worker_weights; /* descriptors of packed weights that it has been given */
} cli_image_settings;

/* A model, and how it is to be run. */
typedef struct cli_model_settings {
    const char *model;      /* as ramet_runtime_open() takes it; set by cli_model_take() at the latest */
    const char *model_file; /* the other way to name it */
    ramet_runtime_option runtime;
} cli_model_settings;

void cli_model_settings_init(cli_model_settings *settings);

/*
 * Settles which model is meant: --model, --model_file, or the one word in words (NULL: words are something else).
 * False, with a complaint, when there is none or more than one.
 */
bool cli_model_take(const cli_syntax *syntax, cli_model_settings *settings, const cli_texts *words);

void cli_image_settings_init(cli_image_settings *settings);
void cli_image_settings_clear(cli_image_settings *settings);

/* With the folder of packed weights that the command uses by default. */
void cli_runtime_option_init(ramet_runtime_option *option);

/*
 * The defaults of --cpu_thread_num and --num_streams for verbs on images, opens_apart, and what follows for the weights
 * (thread_share.c).
 */
void cli_engine_settle(ramet_runtime_option *option, cli_image_settings *images);

cli_group cli_images_group(cli_image_settings *settings);
cli_group cli_output_group(cli_image_settings *settings);
cli_group cli_engine_group(ramet_runtime_option *option);
cli_group cli_model_group(cli_model_settings *settings); /* --model, or its files one by one */
cli_group cli_compatible_group(void);                    /* flags of FastDeploy's examples with one legal value */

/* ---- images to work on (sources.c) ----------------------------------------------------------------------- */

/*
 * Expands what --image_path may be (file, folder, glob pattern, @list, -) into paths, in order. A file that does not
 * exist stays in the list and fails when its turn comes.
 * Errors: NOT_FOUND (no image at all, a pattern or list that gives none), IO, OVER_BUDGET (folders nested too deep).
 */
ramet_status cli_sources_expand(const cli_texts *given, cli_texts *paths, ramet_error *error);

/* ---- images through a model (images.c) ------------------------------------------------------------------- */

enum { CLI_MOST_RUNTIMES = 3 };

/* A worker is a handle of the task's model; it is used by one thread at a time. */
typedef struct cli_task {
    const char *name; /* "task" of the JSON lines */
    const char *noun; /* what a result consists of ("text"), for a block under each image; NULL: a line for each */
    const char *const *shown; /* keys of the text form, in order, NULL-terminated; or one whose value is an object */
    const char *const *lists; /* keys of lists of another length, a line each; NULL: none */
    const void *settings;
    ramet_status (*open)(const void *settings, void **worker, ramet_error *error);
    ramet_status (*clone)(void *worker, void **clone, ramet_error *error);
    void (*close)(void *worker);
    /* Adds the result to an object, which has "image": arrays of one length, or an object of numbers. */
    ramet_status (*predict)(void *worker, const ramet_image *image, json_t *result, ramet_error *error);
    size_t (*runtimes)(void *worker, ramet_runtime *list[CLI_MOST_RUNTIMES]); /* what it consists of; how many */
} cli_task;

/* Works through all images and returns the exit code. */
int cli_images_run(const cli_task *task, const cli_image_settings *settings);

/* Adds what a runtime holds; NULL adds nothing. */
void cli_memory_add(const ramet_runtime *runtime, ramet_memory *sum);

/* ---- values as JSON (json_make.c) ------------------------------------------------------------------------ */

/* Never NULL. Bytes that are no UTF-8 become U+FFFD; numbers that JSON lacks become null; a NULL text is "". */
json_t *cli_json_text(const char *text);
json_t *cli_json_real(float value);
json_t *cli_json_int(int64_t value);
json_t *cli_json_reals(const float *values, size_t count);
json_t *cli_json_ints(const int32_t *values, size_t count);
json_t *cli_json_texts(const char *const *texts, size_t count);
json_t *cli_json_shape(const ramet_tensor *tensor);

/* Sets object[key] to value and takes value over; likewise for the end of an array. */
void cli_json_set(json_t *object, const char *key, json_t *value);
void cli_json_append(json_t *array, json_t *value);

/* ---- JSON as text (text_form.c) -------------------------------------------------------------------------- */

/* The task's result for one image: a line for each row, or a block of them under the image. From malloc. */
char *cli_result_text(const cli_task *task, const char *image, const json_t *result);

/* "IMAGE: PROBLEM" for cli_complain(): no newline. From malloc. */
char *cli_failure_text(const char *image, const char *problem);

/*
 * Any object of scalars, lists, and objects of these, as "key: value" lines. Keys in _bytes are shown in MiB; a text of
 * whole lines follows its key as it is.
 */
void cli_print_object(FILE *out, const json_t *object);

/* ---- writing (output.c) ---------------------------------------------------------------------------------- */

/* An object to the standard output, as one JSON line or as text; false when it cannot be written. */
bool cli_print_document(const json_t *object, bool as_json);

/* False, and a complaint, when something that was printed is lost. A reader that went away is not complained about. */
bool cli_flush_standard_output(void);

/* Where results go: the standard output, and a file results.jsonl in a folder of the user's. */
typedef struct cli_output {
    bool json, quiet;
    bool keeps; /* a line is wanted beside the text: for the file, here or in the process that writes */
    FILE *saved;
    char *saved_path;
    bool broken; /* something could not be written; complained about once */
} cli_output;

/* What one image gives; made by a worker, written in input order. Texts from malloc or NULL. */
typedef struct cli_rendering {
    char *line; /* JSON */
    char *text; /* for people: the result, or why there is none */
    bool failed;
} cli_rendering;

/* For renderings that another process writes. */
void cli_output_init(cli_output *output, const cli_image_settings *settings);
ramet_status cli_output_open(cli_output *output, const cli_image_settings *settings, ramet_error *error);
/* result: "image", and either the task's arrays or "error". Any thread. */
cli_rendering cli_output_render(const cli_output *output, const cli_task *task, const json_t *result);
/* Writes and clears; false when the output is broken. */
bool cli_output_write(cli_output *output, cli_rendering *rendering);
void cli_rendering_clear(cli_rendering *rendering);
/* Closes the file; false when anything was lost. */
bool cli_output_close(cli_output *output);

/* ---- what the work took (report.c) ----------------------------------------------------------------------- */

/* What a process holds, as the system counts it. */
typedef struct cli_process_memory {
    bool known;
    uint64_t rss_bytes, pss_bytes;
} cli_process_memory;

cli_process_memory cli_process_memory_read(int64_t process_id);

typedef struct cli_report {
    size_t images, failed;
    int32_t threads, processes; /* processes 0: threads did the work */
    bool share;
    json_t *process_pss;    /* an array of bytes, one for each worker process; NULL: none */
    cli_process_memory own; /* of this process while they were there */
    double load_seconds, seconds;
    ramet_memory memory;          /* of all workers; shared parts counted once when shared */
    uint64_t largest_arena_bytes; /* of one worker */
} cli_report;

/* With what the process holds at this moment, or held when it had worker processes. */
json_t *cli_report_json(const cli_report *report);

/* ---- measured values (quantiles.c) ------------------------------------------------------------------------ */

void cli_sort_values(double *values, size_t count);
/* The value below which `part` of at least one sorted value lies, between two of them in proportion. */
double cli_quantile(const double *sorted, size_t count, double part);

/* ---- shapes of inputs (shapes.c) -------------------------------------------------------------------------- */

/*
 * "NAME=1x3x224x224", or a shape alone for the input at that position -> tensor without data. Its name is from malloc or
 * NULL, its dtype what the model declares. Errors: INVALID_ARGUMENT.
 */
ramet_status cli_shape_read(const ramet_runtime *runtime, const char *text, size_t position, ramet_tensor *tensor,
                            ramet_error *error);

/* ---- tensors in files (npy.c) ---------------------------------------------------------------------------- */

/*
 * Reads a NumPy file (.npy 1.0, 2.0, 3.0; little-endian; C or Fortran order). tensor: overwritten; data from malloc,
 * name NULL. Errors: NOT_FOUND, IO, BAD_FORMAT, UNSUPPORTED.
 */
ramet_status cli_npy_read(const char *path, ramet_tensor *tensor, ramet_error *error);

/* Writes version 1.0. Errors: IO, UNSUPPORTED (a dtype that NumPy lacks). */
ramet_status cli_npy_write(const char *path, const ramet_tensor *tensor, ramet_error *error);

#endif

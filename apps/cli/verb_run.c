/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ramet run: a model on tensors from NumPy files.
 *
 * Enters: NAME=FILE.npy for each input. Leaves: out0.npy, out1.npy, ... in the
 * program's order, and what each is; with --repeat, how long a run takes.
 */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

typedef struct run_settings {
    cli_texts words, inputs;
    const char *output_dir;
    int32_t repeat, json;
    cli_model_settings model;
} run_settings;

/* A model with what goes in and comes out. */
typedef struct session {
    ramet_runtime *runtime;
    ramet_tensor *inputs, *outputs;
    size_t input_count, output_count;
} session;

/* ---- inputs ---------------------------------------------------------------------------------------------- */

/* "NAME=FILE", or "FILE" for the input at that position. */
static ramet_status read_input(const char *text, ramet_tensor *tensor, ramet_error *error)
{
    const char *equals = strchr(text, '=');
    ramet_status status = cli_npy_read(equals ? equals + 1 : text, tensor, error);
    if (!status && equals)
        tensor->name = cli_must(strndup(text, (size_t)(equals - text)));
    return status;
}

static ramet_status open_session(session *s, const run_settings *settings, ramet_error *error)
{
    *s = (session){.inputs = cli_must(calloc(settings->inputs.count + 1, sizeof *s->inputs))};
    ramet_status status = ramet_runtime_open(settings->model.model, &settings->model.runtime, &s->runtime, error);
    if (status)
        return status;
    s->output_count = ramet_runtime_output_count(s->runtime);
    s->outputs = cli_must(calloc(s->output_count + 1, sizeof *s->outputs));
    while (s->input_count < settings->inputs.count && !status) {
        status = read_input(settings->inputs.items[s->input_count], &s->inputs[s->input_count], error);
        s->input_count++;
    }
    return status;
}

static void close_session(session *s)
{
    for (size_t i = 0; i < s->input_count; i++) {
        free((char *)s->inputs[i].name);
        free(s->inputs[i].data);
    }
    free(s->inputs);
    free(s->outputs);
    ramet_runtime_close(s->runtime);
}

/* ---- runs ------------------------------------------------------------------------------------------------ */

static ramet_status run_once(session *s, ramet_error *error)
{
    return ramet_runtime_run(s->runtime, s->inputs, s->input_count, s->outputs, s->output_count, error);
}

/* Further runs, timed; the first one has made the plan and is not among them. */
static ramet_status time_runs(session *s, size_t count, json_t *document, ramet_error *error)
{
    double *times = cli_must(calloc(count, sizeof *times));
    ramet_status status = RAMET_STATUS_OK;
    for (size_t i = 0; i < count && !status; i++) {
        double start = cli_now_seconds();
        status = run_once(s, error);
        times[i] = (cli_now_seconds() - start) * 1000;
    }
    cli_sort_values(times, count);
    cli_json_set(document, "runs", cli_json_int((int64_t)count));
    cli_json_set(document, "median_ms", cli_json_real((float)cli_quantile(times, count, 0.5)));
    cli_json_set(document, "lower_quartile_ms", cli_json_real((float)cli_quantile(times, count, 0.25)));
    cli_json_set(document, "upper_quartile_ms", cli_json_real((float)cli_quantile(times, count, 0.75)));
    free(times);
    return status;
}

/* ---- outputs --------------------------------------------------------------------------------------------- */

static ramet_status write_output(const ramet_tensor *tensor, size_t index, const char *folder, json_t *entry,
                                 ramet_error *error)
{
    char *path = NULL;
    if (asprintf(&path, "%s/out%zu.npy", folder, index) < 0)
        cli_must(NULL);
    ramet_status status = cli_npy_write(path, tensor, error);
    cli_json_set(entry, "file", cli_json_text(path));
    free(path);
    return status;
}

static ramet_status describe_outputs(const session *s, const char *folder, json_t *document, ramet_error *error)
{
    ramet_status status = folder ? cli_make_folder(folder, error) : RAMET_STATUS_OK;
    json_t *list = cli_must(json_array());
    for (size_t i = 0; i < s->output_count && !status; i++) {
        json_t *entry = cli_must(json_object());
        cli_json_set(entry, "name", cli_json_text(s->outputs[i].name));
        cli_json_set(entry, "dtype", cli_json_text(ramet_dtype_name(s->outputs[i].dtype)));
        cli_json_set(entry, "shape", cli_json_shape(&s->outputs[i]));
        status = folder ? write_output(&s->outputs[i], i, folder, entry, error) : RAMET_STATUS_OK;
        cli_json_append(list, entry);
    }
    cli_json_set(document, "outputs", list);
    return status;
}

static ramet_status run_session(session *s, const run_settings *settings, json_t *document, ramet_error *error)
{
    ramet_status status = run_once(s, error);
    if (!status && settings->repeat)
        status = time_runs(s, (size_t)settings->repeat, document, error);
    return status ? status : describe_outputs(s, settings->output_dir, document, error);
}

/* 2 when the model or an input cannot be opened, 1 when the run fails or its outputs cannot be written. */
static int run_model(const run_settings *settings)
{
    ramet_error error = {0};
    session s;
    int exit_code = CLI_EXIT_OK;
    json_t *document = cli_must(json_object());
    if (open_session(&s, settings, &error)) {
        exit_code = cli_complain_error(&error);
    } else if (run_session(&s, settings, document, &error)) {
        cli_complain_error(&error);
        exit_code = CLI_EXIT_SOME_FAILED;
    } else if (!cli_print_document(document, settings->json)) {
        exit_code = CLI_EXIT_SOME_FAILED;
    }
    close_session(&s);
    json_decref(document);
    return exit_code;
}

/* ---- the verb -------------------------------------------------------------------------------------------- */

static const cli_flag run_flags[] = {
    {"input", CLI_KIND_TEXTS, offsetof(run_settings, inputs), "NAME=FILE.npy",
     "an input; once for each. Without NAME= inputs go by position", 0, 0},
    {"output_dir", CLI_KIND_TEXT, offsetof(run_settings, output_dir), "DIR",
     "write out0.npy, out1.npy, ... in the program's order", 0, 0},
    {"repeat", CLI_KIND_INT, offsetof(run_settings, repeat), "N", "run N times more and show the median and quartiles",
     1, 1000000},
    {"json", CLI_KIND_BOOL, offsetof(run_settings, json), "", "one JSON object instead of text", 0, 0},
};

static int run(int argc, char **argv)
{
    run_settings settings = {0};
    cli_model_settings_init(&settings.model);
    const cli_group groups[] = {
        {"Run", run_flags, CLI_COUNT(run_flags), &settings},
        cli_model_group(&settings.model),
        cli_engine_group(&settings.model.runtime),
        cli_compatible_group(),
    };
    const cli_syntax syntax = {
        .verb = &cli_verb_run,
        .usage = "MODEL --input NAME=FILE.npy ... [--output_dir DIR] [FLAGS]",
        .details = "MODEL is the folder of an exported model or its program; `ramet inspect MODEL` lists its inputs.\n",
        .example = "ramet run ResNet50_vd_infer --input x=image.npy --output_dir out --repeat 20",
        .groups = groups,
        .group_count = CLI_COUNT(groups),
        .words = &settings.words,
    };
    int exit_code;
    if (cli_arguments_read(&syntax, argc, argv, &exit_code) &&
        cli_model_take(&syntax, &settings.model, &settings.words))
        exit_code = run_model(&settings);
    cli_texts_clear(&settings.words);
    cli_texts_clear(&settings.inputs);
    return exit_code;
}

const cli_verb cli_verb_run = {"run", "a model on tensors from .npy files", run};

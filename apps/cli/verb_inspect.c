/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ramet inspect: what a model consists of.
 *
 * Without further flags: inputs, outputs, how many operators of each kind, and
 * memory. Operators that cannot run are an error of opening the model, which
 * lists all of them.
 */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

typedef struct inspect_settings {
    cli_texts words, inputs;
    int32_t graph, passes, plan, json;
    cli_model_settings model;
} inspect_settings;

/* ---- the summary ----------------------------------------------------------------------------------------- */

typedef ramet_status (*info_getter)(const ramet_runtime *runtime, size_t index, ramet_tensor *info);

static json_t *describe_tensors(const ramet_runtime *runtime, size_t count, info_getter get)
{
    json_t *list = cli_must(json_array());
    for (size_t i = 0; i < count; i++) {
        ramet_tensor info;
        if (!get(runtime, i, &info)) {
            json_t *entry = cli_must(json_object());
            cli_json_set(entry, "name", cli_json_text(info.name));
            cli_json_set(entry, "dtype", cli_json_text(ramet_dtype_name(info.dtype)));
            cli_json_set(entry, "shape", cli_json_shape(&info));
            cli_json_append(list, entry);
        }
    }
    return list;
}

/* Counts the operators in the text of a graph: each stands in a line "RESULTS = OPERATOR(INPUTS) ATTRIBUTES". */
static json_t *count_operators(const char *graph)
{
    json_t *counts = cli_must(json_object());
    for (const char *line = graph; line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
        size_t length = strcspn(line, "\n");
        const char *equals = memmem(line, length, " = ", 3);
        const char *name = equals ? equals + 3 : line;
        size_t name_length = strcspn(name, "(\n");
        if (equals && name[name_length] == '(') {
            char *copy = cli_must(strndup(name, name_length));
            json_int_t known = json_integer_value(json_object_get(counts, copy));
            cli_json_set(counts, copy, cli_json_int(known + 1));
            free(copy);
        }
    }
    return counts;
}

typedef struct operator_count {
    const char *name;
    json_int_t count;
} operator_count;

static int compare_counts(const void *a, const void *b)
{
    const operator_count *x = a, *y = b;
    int by_count = (x->count < y->count) - (x->count > y->count);
    return by_count ? by_count : strcmp(x->name, y->name);
}

/* The same object, the most frequent operators first. Takes counts over. */
static json_t *sorted_counts(json_t *counts)
{
    operator_count *list = cli_must(calloc(json_object_size(counts) + 1, sizeof *list));
    size_t length = 0;
    const char *name;
    json_t *count;
    json_object_foreach(counts, name, count) { list[length++] = (operator_count){name, json_integer_value(count)}; }
    qsort(list, length, sizeof *list, compare_counts);
    json_t *sorted = cli_must(json_object());
    for (size_t i = 0; i < length; i++)
        cli_json_set(sorted, list[i].name, cli_json_int(list[i].count));
    free(list);
    json_decref(counts);
    return sorted;
}

static ramet_status add_operators(ramet_runtime *runtime, json_t *document, ramet_error *error)
{
    char *text;
    ramet_status status = ramet_runtime_describe(runtime, RAMET_DESCRIBE_GRAPH, NULL, 0, &text, error);
    if (!status) {
        json_t *counts = count_operators(text);
        bool counted =
            json_object_size(counts) > 0; /* an engine that does not show its operators says something else */
        cli_json_set(document, counted ? "operators" : "engine", counted ? sorted_counts(counts) : cli_json_text(text));
        if (!counted)
            json_decref(counts);
        ramet_text_free(text);
    }
    return status;
}

static ramet_status add_summary(ramet_runtime *runtime, const cli_model_settings *settings, json_t *document,
                                ramet_error *error)
{
    char *text = NULL;
    cli_json_set(document, "model", cli_json_text(settings->model));
    cli_json_set(document, "inputs",
                 describe_tensors(runtime, ramet_runtime_input_count(runtime), ramet_runtime_input_info));
    cli_json_set(document, "outputs",
                 describe_tensors(runtime, ramet_runtime_output_count(runtime), ramet_runtime_output_info));
    ramet_status status = add_operators(runtime, document, error);
    ramet_memory memory = {0};
    cli_memory_add(runtime, &memory);
    cli_json_set(document, "precision",
                 cli_json_text(settings->runtime.precision == RAMET_PRECISION_BFLOAT16 ? "bf16" : "float32"));
    cli_json_set(document, "weights_bytes", cli_json_int((int64_t)memory.weights_bytes));
    cli_json_set(document, "program_bytes", cli_json_int((int64_t)memory.program_bytes));
    if (!status)
        status = ramet_runtime_describe(runtime, RAMET_DESCRIBE_WEIGHTS, NULL, 0, &text, error);
    if (!status) {
        cli_json_set(document, "weights", cli_json_text(text));
        ramet_text_free(text);
    }
    return status;
}

/* ---- descriptions ---------------------------------------------------------------------------------------- */

/* The shapes of --input, as tensors without data, from malloc. */
static ramet_status read_shapes(ramet_runtime *runtime, const cli_texts *shapes, ramet_tensor **inputs,
                                ramet_error *error)
{
    ramet_status status = RAMET_STATUS_OK;
    *inputs = cli_must(calloc(shapes->count + 1, sizeof **inputs));
    for (size_t i = 0; i < shapes->count && !status; i++)
        status = cli_shape_read(runtime, shapes->items[i], i, &(*inputs)[i], error);
    return status;
}

static void free_shapes(ramet_tensor *inputs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free((char *)inputs[i].name);
    free(inputs);
}

/* Puts a description under `key`. inputs [count]: shapes, for the plan. */
static ramet_status add_description(ramet_runtime *runtime, ramet_describe what, const ramet_tensor *inputs,
                                    size_t count, const char *key, json_t *document, ramet_error *error)
{
    char *text;
    ramet_status status = ramet_runtime_describe(runtime, what, inputs, count, &text, error);
    if (!status) {
        cli_json_set(document, key, cli_json_text(text));
        ramet_text_free(text);
    }
    return status;
}

/* What a handle will hold at most with these shapes; left out where the engine does not know. */
static ramet_status add_forecast(ramet_runtime *runtime, const ramet_tensor *inputs, size_t count, json_t *document,
                                 ramet_error *error)
{
    ramet_memory_forecast f;
    ramet_status status = ramet_runtime_forecast_memory(runtime, inputs, count, &f, error);
    if (status)
        return status == RAMET_STATUS_UNSUPPORTED ? RAMET_STATUS_OK : status;
    json_t *object = cli_must(json_object());
    cli_json_set(object, "weights_bytes", cli_json_int((int64_t)f.weights_bytes));
    cli_json_set(object, "program_bytes", cli_json_int((int64_t)f.program_bytes));
    cli_json_set(object, "plans_bytes", cli_json_int((int64_t)f.plans_bytes));
    cli_json_set(object, "arena_bytes", cli_json_int((int64_t)f.arena_bytes));
    cli_json_set(object, "source_bytes", cli_json_int((int64_t)f.source_bytes));
    cli_json_set(object, "peak_bytes", cli_json_int((int64_t)f.peak_bytes));
    cli_json_set(object, "open_operators", cli_json_int((int64_t)f.open_operators));
    cli_json_set(document, "forecast", object);
    return RAMET_STATUS_OK;
}

static ramet_status add_plan(ramet_runtime *runtime, const cli_texts *shapes, json_t *document, ramet_error *error)
{
    ramet_tensor *inputs;
    ramet_status status = read_shapes(runtime, shapes, &inputs, error);
    if (!status)
        status = add_description(runtime, RAMET_DESCRIBE_PLAN, inputs, shapes->count, "plan", document, error);
    if (!status)
        status = add_forecast(runtime, inputs, shapes->count, document, error);
    free_shapes(inputs, shapes->count);
    return status;
}

static ramet_status add_all(ramet_runtime *runtime, const inspect_settings *settings, json_t *document,
                            ramet_error *error)
{
    ramet_status status = RAMET_STATUS_OK;
    if (!settings->graph && !settings->passes && !settings->plan)
        return add_summary(runtime, &settings->model, document, error);
    if (settings->graph)
        status = add_description(runtime, RAMET_DESCRIBE_GRAPH, NULL, 0, "graph", document, error);
    if (!status && settings->passes)
        status = add_description(runtime, RAMET_DESCRIBE_PASSES, NULL, 0, "passes", document, error);
    if (!status && settings->plan)
        status = add_plan(runtime, &settings->inputs, document, error);
    return status;
}

static int inspect_model(const inspect_settings *settings)
{
    ramet_error error = {0};
    ramet_runtime *runtime = NULL;
    json_t *document = cli_must(json_object());
    int exit_code = CLI_EXIT_OK;
    if (ramet_runtime_open(settings->model.model, &settings->model.runtime, &runtime, &error) ||
        add_all(runtime, settings, document, &error))
        exit_code = cli_complain_error(&error);
    else if (!cli_print_document(document, settings->json))
        exit_code = CLI_EXIT_SOME_FAILED;
    ramet_runtime_close(runtime);
    json_decref(document);
    return exit_code;
}

/* ---- the verb -------------------------------------------------------------------------------------------- */

static const cli_flag inspect_flags[] = {
    {"graph", CLI_KIND_BOOL, offsetof(inspect_settings, graph), "", "the operators as they stand after the passes", 0,
     0},
    {"passes", CLI_KIND_BOOL, offsetof(inspect_settings, passes), "", "what each pass changed", 0, 0},
    {"plan", CLI_KIND_BOOL, offsetof(inspect_settings, plan), "",
     "kernels, layouts and memory for the shapes of --input", 0, 0},
    {"input", CLI_KIND_TEXTS, offsetof(inspect_settings, inputs), "NAME=1x3x224x224",
     "shape of an input, for --plan; once for each. Without NAME= by position", 0, 0},
    {"json", CLI_KIND_BOOL, offsetof(inspect_settings, json), "", "one JSON object instead of text", 0, 0},
};

static int run(int argc, char **argv)
{
    inspect_settings settings = {0};
    cli_model_settings_init(&settings.model);
    const cli_group groups[] = {
        {"Inspect", inspect_flags, CLI_COUNT(inspect_flags), &settings},
        cli_model_group(&settings.model),
        cli_engine_group(&settings.model.runtime),
        cli_compatible_group(),
    };
    const cli_syntax syntax = {
        .verb = &cli_verb_inspect,
        .usage = "MODEL [--graph] [--passes] [--plan --input NAME=1x3x224x224 ...] [FLAGS]",
        .details = "MODEL is the folder of an exported model or its program.\n",
        .example = "ramet inspect ResNet50_vd_infer --plan --input x=1x3x224x224",
        .groups = groups,
        .group_count = CLI_COUNT(groups),
        .words = &settings.words,
    };
    int exit_code;
    if (cli_arguments_read(&syntax, argc, argv, &exit_code) &&
        cli_model_take(&syntax, &settings.model, &settings.words))
        exit_code = inspect_model(&settings);
    cli_texts_clear(&settings.words);
    cli_texts_clear(&settings.inputs);
    return exit_code;
}

const cli_verb cli_verb_inspect = {"inspect", "what a model consists of: inputs, outputs, operators, memory", run};

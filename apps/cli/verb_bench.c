/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ramet bench: speed and memory of a model, with threads and with processes.
 *
 * Flags into a setting; what is measured of it is made in measure_document.c. With one of two flags that are not for people the
 * command is a worker that another one of its kind has started.
 */
#include "measure.h"

#include <stdlib.h>
#include <string.h>

typedef struct bench_settings {
    cli_texts words, inputs, backends;
    cli_model_settings model;
    const char *html, *worker_cache;
    float seconds;
    int32_t workers, rounds, json, worker_weights;
} bench_settings;

static int bench_model(const bench_settings *settings, measure_setting *setting)
{
    ramet_error error = {0};
    int exit_code = CLI_EXIT_OK;
    json_t *document = measure_document(setting, &error);
    if (!document)
        return cli_complain_error(&error);
    if (settings->html && measure_write_html(document, settings->html, &error)) {
        exit_code = cli_complain_error(&error);
    } else if (settings->json) {
        exit_code = cli_print_document(document, true) ? CLI_EXIT_OK : CLI_EXIT_SOME_FAILED;
    } else {
        char *text = measure_text(document);
        fputs(text, stdout);
        free(text);
    }
    json_decref(document);
    return exit_code;
}

static const cli_flag bench_flags[] = {
    {"input", CLI_KIND_TEXTS, offsetof(bench_settings, inputs), "NAME=1x3x224x224",
     "shape of an input; once for each. Default: as declared, with 1 for what is open", 0, 0},
    {"backends", CLI_KIND_TEXTS, offsetof(bench_settings, backends), "NAME",
     "an engine to measure; for two of them twice, others are compared with the first. Default: --backend", 0, 0},
    {"workers", CLI_KIND_INT, offsetof(bench_settings, workers), "N",
     "throughput of 1 to N threads and 1 to N processes (default 2)", 1, 256},
    {"seconds", CLI_KIND_REAL, offsetof(bench_settings, seconds), "S", "how long each figure is measured (default 1)",
     0.01, 3600},
    {"rounds", CLI_KIND_INT, offsetof(bench_settings, rounds), "N", "rounds of each throughput (default 7)", 1, 1000},
    {"html", CLI_KIND_TEXT, offsetof(bench_settings, html), "FILE", "also write a page with plots", 0, 0},
    {"json", CLI_KIND_BOOL, offsetof(bench_settings, json), "", "one JSON object instead of tables", 0, 0},
    {"worker_cache", CLI_KIND_TEXT, offsetof(bench_settings, worker_cache), "DIR", NULL, 0, 0},
    {"worker_weights", CLI_KIND_BOOL, offsetof(bench_settings, worker_weights), "", NULL, 0, 0},
};

static const char *const engine_names[] = {[RAMET_BACKEND_NATIVE] = "native", [RAMET_BACKEND_OPENVINO] = "openvino"};

static void add_engine(measure_setting *setting, const ramet_runtime_option *option, size_t backend)
{
    measure_engine *engine = &setting->engines[setting->engine_count++];
    *engine = (measure_engine){engine_names[backend], *option};
    engine->option.backend = (ramet_backend)backend;
}

static bool add_named_engine(measure_setting *setting, const ramet_runtime_option *option, const char *name)
{
    size_t backend = RAMET_BACKEND_NATIVE;
    while (backend < CLI_COUNT(engine_names) && strcmp(engine_names[backend], name) != 0)
        backend++;
    bool known = backend < CLI_COUNT(engine_names), room = setting->engine_count < MEASURE_MOST_ENGINES;
    if (known && room)
        add_engine(setting, option, backend);
    else
        cli_complain("--backends '%s': %s", name, known ? "two engines at most" : "native or openvino is wanted");
    return known && room;
}

/* The engines that --backends names, or the one of --backend. */
static bool take_engines(const bench_settings *settings, measure_setting *setting)
{
    const ramet_runtime_option *option = &settings->model.runtime;
    bool good = true;
    for (size_t i = 0; i < settings->backends.count && good; i++)
        good = add_named_engine(setting, option, settings->backends.items[i]);
    if (settings->backends.count == 0)
        add_engine(setting, option, option->backend == RAMET_BACKEND_DEFAULT ? RAMET_BACKEND_NATIVE : option->backend);
    return good;
}

static int run_bench(const bench_settings *settings)
{
    measure_setting setting = {.model = settings->model.model,
                               .inputs = &settings->inputs,
                               .workers = settings->workers,
                               .rounds = settings->rounds,
                               .seconds = settings->seconds,
                               .cache_dir = settings->worker_cache,
                               .has_given_weights = settings->worker_weights};
    bool is_worker = settings->worker_cache || settings->worker_weights;
    if (is_worker)
        add_engine(&setting, &settings->model.runtime, RAMET_BACKEND_NATIVE);
    else if (!take_engines(settings, &setting))
        return CLI_EXIT_USAGE;
    ramet_error error = {0};
    if (!is_worker)
        return bench_model(settings, &setting);
    return measure_serve(&setting, &error) ? cli_complain_error(&error) : CLI_EXIT_OK;
}

static int run(int argc, char **argv)
{
    bench_settings settings = {.seconds = 1, .workers = 2, .rounds = 7};
    cli_model_settings_init(&settings.model);
    const cli_group groups[] = {
        {"Bench", bench_flags, CLI_COUNT(bench_flags), &settings},
        cli_model_group(&settings.model),
        cli_engine_group(&settings.model.runtime),
        cli_compatible_group(),
    };
    const cli_syntax syntax = {
        .verb = &cli_verb_bench,
        .usage = "MODEL [--input NAME=1x3x224x224 ...] [--workers N] [FLAGS]",
        .details = "MODEL is the folder of an exported model or its program. Leave the machine alone meanwhile.\n"
                   "--cache_dir is not read: weights are packed anew, or shared through a folder of its own.\n",
        .example = "ramet bench ResNet50_vd_infer --input x=1x3x224x224 --backends native --backends openvino",
        .groups = groups,
        .group_count = CLI_COUNT(groups),
        .words = &settings.words,
    };
    int exit_code;
    if (cli_arguments_read(&syntax, argc, argv, &exit_code) &&
        cli_model_take(&syntax, &settings.model, &settings.words))
        exit_code = run_bench(&settings);
    cli_texts_clear(&settings.words);
    cli_texts_clear(&settings.inputs);
    cli_texts_clear(&settings.backends);
    return exit_code;
}

const cli_verb cli_verb_bench = {"bench", "speed and memory of a model, with threads and with processes", run};

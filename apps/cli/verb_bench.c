/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ramet bench: speed and memory of a model, with threads and with processes.
 *
 * Every figure comes from a process of its own (measure_apart.c). Throughputs
 * are taken in rounds over all settings, so that a slow minute of the machine
 * falls on all of them; medians are shown with the least and the most.
 */
#include "measure.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct bench_settings {
    cli_texts words, inputs, backends;
    cli_model_settings model;
    const char *html;
    float seconds;
    int32_t workers, rounds, json;
} bench_settings;

const measure_section measure_sections[MEASURE_SECTIONS] = {
    {.key = "latency",
     .title = "Time of one run",
     .label = {"engine"},
     .value = "median_ms",
     .most = "p95_ms",
     .note = "engines in turn in one process; ratio: quartiles of the first engine's time to this one's in the same "
             "round; that of \"again\" is the noise"},
    {.key = "throughput",
     .title = "Runs a second",
     .label = {"engine", "workers", "count"},
     .value = "per_second",
     .least = "least",
     .most = "most",
     .ideal = true,
     .note =
         "median of the rounds, least and most; gain: against one thread of the engine in the same round, likewise; "
         "that of \"threads again\" is the noise"},
    {.key = "memory",
     .title = "Memory",
     .label = {"engine", "handles", "count"},
     .value = "after_predict_bytes",
     .note =
         "PSS of all processes together, and their RSS added up; clones and opened: handles in one process; forked: "
         "a process each on the parent's weights; apart: a process each that opens the model"},
    {.key = "comparison",
     .title = "Threads against processes",
     .note =
         "two workers each; model: work for the processor; waiting: 10 ms each, as for a disk or a network; handing "
         "over: results of 1 MiB from worker to caller"},
};

/* ---- throughput ------------------------------------------------------------------------------------------ */

static const char *const kind_names[] = {"threads", "processes", "processes apart"};

/* A setting and what its rounds have given; gains: against the first setting of the engine, in the same round. */
typedef struct series {
    measure_point point;
    const char *name;
    double *values, *gains;
} series;

/* An engine with threads of its own does not survive a fork, so its processes are always apart. */
static bool can_fork(const measure_engine *engine) { return !strcmp(engine->name, "native"); }

static void list_point(const measure_point *point, const char *name, series *list, size_t *count)
{
    size_t rounds = (size_t)point->setting->rounds;
    list[*count] =
        (series){*point, name, cli_must(calloc(rounds, sizeof(double))), cli_must(calloc(rounds, sizeof(double)))};
    ++*count;
}

/* One thread stands first of its engine, and a second time at its end, for the noise. */
static size_t list_points(const measure_setting *setting, series *list)
{
    size_t count = 0;
    for (size_t e = 0; e < setting->engine_count; e++) {
        const measure_engine *engine = &setting->engines[e];
        const measure_kind kinds[] = {MEASURE_THREADS, can_fork(engine) ? MEASURE_PROCESSES : MEASURE_PROCESSES_APART};
        for (size_t k = 0; k < CLI_COUNT(kinds); k++) {
            for (int32_t workers = 1; workers <= setting->workers; workers++) {
                measure_point point = {setting, engine, kinds[k], workers};
                list_point(&point, kind_names[kinds[k]], list, &count);
            }
        }
        measure_point again = {setting, engine, MEASURE_THREADS, 1};
        list_point(&again, "threads again", list, &count);
    }
    return count;
}

static bool run_rounds(const measure_setting *setting, series *list, size_t count, ramet_error *error)
{
    for (int32_t round = 0; round < setting->rounds; round++) {
        for (size_t i = 0; i < count; i++) {
            json_t *value = measure_apart(measure_throughput, &list[i].point, error);
            if (!value)
                return false;
            list[i].values[round] = json_number_value(value);
            json_decref(value);
        }
    }
    return true;
}

/* The first of the same engine: its one thread. */
static const series *one_thread_of(const series *list, const measure_engine *engine)
{
    while (list->point.engine != engine)
        list++;
    return list;
}

static json_t *spread_of(const double *sorted, size_t count)
{
    json_t *spread = cli_must(json_array());
    cli_json_append(spread, cli_json_real((float)sorted[0]));
    cli_json_append(spread, cli_json_real((float)cli_quantile(sorted, count, 0.5)));
    cli_json_append(spread, cli_json_real((float)sorted[count - 1]));
    return spread;
}

static json_t *describe_series(const series *s, size_t rounds)
{
    json_t *row = cli_must(json_object());
    cli_json_set(row, "engine", cli_json_text(s->point.engine->name));
    cli_json_set(row, "workers", cli_json_text(s->name));
    cli_json_set(row, "count", cli_json_int(s->point.workers));
    cli_json_set(row, "per_second", cli_json_real((float)cli_quantile(s->values, rounds, 0.5)));
    cli_json_set(row, "least", cli_json_real((float)s->values[0]));
    cli_json_set(row, "most", cli_json_real((float)s->values[rounds - 1]));
    cli_json_set(row, "gain", spread_of(s->gains, rounds));
    return row;
}

/* Rounds are compared before each setting's are put in order. */
static json_t *describe_rounds(series *list, size_t count, size_t rounds)
{
    json_t *rows = cli_must(json_array());
    for (size_t i = 0; i < count; i++)
        for (size_t r = 0; r < rounds; r++)
            list[i].gains[r] = list[i].values[r] / one_thread_of(list, list[i].point.engine)->values[r];
    for (size_t i = 0; i < count; i++) {
        cli_sort_values(list[i].values, rounds);
        cli_sort_values(list[i].gains, rounds);
        cli_json_append(rows, describe_series(&list[i], rounds));
    }
    return rows;
}

static bool add_throughput(const measure_setting *setting, json_t *document, ramet_error *error)
{
    size_t most = setting->engine_count * (2 * (size_t)setting->workers + 1);
    series *list = cli_must(calloc(most, sizeof *list));
    size_t count = list_points(setting, list);
    bool good = run_rounds(setting, list, count, error);
    if (good)
        cli_json_set(document, "throughput", describe_rounds(list, count, (size_t)setting->rounds));
    for (size_t i = 0; i < count; i++) {
        free(list[i].values);
        free(list[i].gains);
    }
    free(list);
    return good;
}

/* ---- memory ---------------------------------------------------------------------------------------------- */

typedef struct holder {
    const char *name;
    measure_kind kind;
    measure_function measure;
} holder;

static const holder holders[] = {
    {"clones", MEASURE_THREADS, measure_memory},
    {"opened", MEASURE_THREADS, measure_memory_opened},
    {"forked", MEASURE_PROCESSES, measure_memory},
    {"apart", MEASURE_PROCESSES_APART, measure_memory},
};

static bool add_memory_row(const measure_point *point, const holder *held, json_t *rows, ramet_error *error)
{
    json_t *value = measure_apart(held->measure, point, error), *row = cli_must(json_object());
    cli_json_set(row, "engine", cli_json_text(point->engine->name));
    cli_json_set(row, "handles", cli_json_text(held->name));
    cli_json_set(row, "count", cli_json_int(point->workers));
    if (value)
        json_object_update(row, value);
    json_decref(value);
    cli_json_append(rows, row);
    return value != NULL;
}

static bool add_memory(const measure_setting *setting, json_t *document, ramet_error *error)
{
    enum { MOST_HANDLES = 3 };
    json_t *rows = cli_must(json_array());
    cli_json_set(document, "memory", rows);
    for (size_t e = 0; e < setting->engine_count; e++) {
        const measure_engine *engine = &setting->engines[e];
        for (size_t h = 0; h < CLI_COUNT(holders); h++) {
            if (holders[h].kind == MEASURE_PROCESSES && !can_fork(engine))
                continue;
            for (int32_t count = 1; count <= MOST_HANDLES; count++) {
                measure_point point = {setting, engine, holders[h].kind, count};
                if (!add_memory_row(&point, &holders[h], rows, error))
                    return false;
            }
        }
    }
    return true;
}

/* ---- threads against processes --------------------------------------------------------------------------- */

typedef struct contest {
    const char *what, *unit;
    measure_function measure;
    double factor;
} contest;

static const contest contests[] = {
    {"the model, bound by the processor", "runs a second", measure_throughput, 1},
    {"waiting, bound by a disk or a network", "waits a second", measure_waiting, 1},
    {"handing over, bound by communication", "MiB a second", measure_handing_over, 1},
    {"starting and ending a worker", "ms", measure_starting, 1e3},
    {"memory of both", "MiB", measure_memory_held, 1},
};

static bool add_contest(const contest *c, const measure_setting *setting, const measure_engine *engine, json_t *rows,
                        ramet_error *error)
{
    json_t *row = cli_must(json_object());
    cli_json_append(rows, row);
    cli_json_set(row, "engine", cli_json_text(engine->name));
    cli_json_set(row, "what", cli_json_text(c->what));
    for (measure_kind kind = MEASURE_THREADS; kind <= MEASURE_PROCESSES_APART; kind++) {
        json_t *value = NULL;
        measure_point point = {setting, engine, kind, 2};
        bool possible = kind != MEASURE_PROCESSES || can_fork(engine);
        if (possible && !(value = measure_apart(c->measure, &point, error)))
            return false;
        cli_json_set(row, kind_names[kind],
                     possible ? cli_json_real((float)(json_number_value(value) * c->factor)) : cli_must(json_null()));
        json_decref(value);
    }
    cli_json_set(row, "unit", cli_json_text(c->unit));
    return true;
}

static bool add_comparison(const measure_setting *setting, json_t *document, ramet_error *error)
{
    json_t *rows = cli_must(json_array());
    cli_json_set(document, "comparison", rows);
    for (size_t e = 0; e < setting->engine_count; e++)
        for (size_t i = 0; i < CLI_COUNT(contests); i++)
            if (!add_contest(&contests[i], setting, &setting->engines[e], rows, error))
                return false;
    return true;
}

/* ---- the verb -------------------------------------------------------------------------------------------- */

/* "model name" of the first processor, and how many there are; from malloc. */
static char *describe_processor(void)
{
    char line[256], *text = NULL, *name = NULL;
    FILE *file = fopen("/proc/cpuinfo", "re");
    while (file && !name && fgets(line, sizeof line, file))
        if (!strncmp(line, "model name", strlen("model name")) && (name = strchr(line, ':')))
            name[strcspn(name, "\n")] = 0;
    if (file)
        fclose(file);
    if (asprintf(&text, "%ld x %s", sysconf(_SC_NPROCESSORS_ONLN), name ? name + 2 : "unknown processor") < 0)
        cli_must(NULL);
    return text;
}

/* "native 0.1.0"; asked for in a process of its own, because nothing is to be loaded in this one. */
static json_t *measure_version(const measure_point *point, ramet_error *error)
{
    char version[128];
    return ramet_host_check_engine(&point->engine->option, version, sizeof version, error) ? NULL
                                                                                           : cli_json_text(version);
}

/* "native 0.1.0, openvino 2026.4.1"; from malloc. */
static char *describe_engines(const measure_setting *setting)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = cli_must(open_memstream(&text, &bytes));
    for (size_t e = 0; e < setting->engine_count; e++) {
        ramet_error error = {0};
        measure_point point = {setting, &setting->engines[e], MEASURE_THREADS, 1};
        json_t *version = measure_apart(measure_version, &point, &error);
        fprintf(out, "%s%s", e ? ", " : "", version ? json_string_value(version) : setting->engines[e].name);
        json_decref(version);
    }
    cli_must(fclose(out) ? NULL : text);
    return text;
}

static bool add_latency(const measure_setting *setting, json_t *document, ramet_error *error)
{
    measure_point point = {setting, &setting->engines[0], MEASURE_THREADS, 1};
    json_t *rows = measure_apart(measure_latency, &point, error);
    if (rows)
        cli_json_set(document, "latency", rows);
    return rows != NULL;
}

static int bench_model(const bench_settings *settings, const measure_setting *setting)
{
    ramet_error error = {0};
    json_t *document = cli_must(json_object());
    char *processor = describe_processor();
    cli_json_set(document, "model", cli_json_text(setting->model));
    cli_json_set(document, "processor", cli_json_text(processor));
    free(processor);
    char *engines = describe_engines(setting);
    cli_json_set(document, "engines", cli_json_text(engines));
    free(engines);
    int exit_code = CLI_EXIT_OK;
    if (!add_latency(setting, document, &error) || !add_throughput(setting, document, &error) ||
        !add_memory(setting, document, &error) || !add_comparison(setting, document, &error) ||
        (settings->html && measure_write_html(document, settings->html, &error))) {
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
    {"seconds", CLI_KIND_REAL, offsetof(bench_settings, seconds), "S", "how long each figure is measured (default 2)",
     0.01, 3600},
    {"rounds", CLI_KIND_INT, offsetof(bench_settings, rounds), "N", "rounds of each throughput (default 3)", 1, 1000},
    {"html", CLI_KIND_TEXT, offsetof(bench_settings, html), "FILE", "also write a page with plots", 0, 0},
    {"json", CLI_KIND_BOOL, offsetof(bench_settings, json), "", "one JSON object instead of tables", 0, 0},
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
                               .seconds = settings->seconds};
    return take_engines(settings, &setting) ? bench_model(settings, &setting) : CLI_EXIT_USAGE;
}

static int run(int argc, char **argv)
{
    bench_settings settings = {.seconds = 2, .workers = 2, .rounds = 3};
    cli_model_settings_init(&settings.model);
    settings.model.runtime.cache_dir = NULL; /* what a model costs that is opened anew is one of the figures */
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
                   "Weights are packed anew, and shared by clones only, unless --cache_dir names a folder.\n",
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

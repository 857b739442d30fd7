/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The document of a benchmark: what was measured on which machine, and every
 * part of it in turn. The packed file that `cached` processes map lies in a
 * folder that goes with the command.
 */
#include "measure.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const measure_kind_names[MEASURE_KINDS] = {"threads", "forked", "cached", "memfd", "apart"};

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
     .least = "lower_quartile",
     .most = "upper_quartile",
     .ideal = true,
     .note =
         "median of the rounds and quartiles; gain: quartiles of the ratio to one thread, measured before and after it; "
         "that of \"threads again\" is the noise; steal: processor time that a hypervisor gave to others, others: that "
         "other programs took"},
    {.key = "memory",
     .title = "Memory",
     .label = {"engine", "handles", "count"},
     .value = "after_predict_bytes",
     .note =
         "PSS of all processes together, and their RSS added up; clones and opened: handles in one process; forked: "
         "a process each on the parent's weights; cached: programs that map the cache file; memfd: programs that map a "
         "sealed memory file; apart: a process each that opens the model"},
    {.key = "further",
     .title = "One handle or process more",
     .note =
         "PSS after a prediction: what the second and third take on average, and how much of it is not their arena"},
    {.key = "comparison",
     .title = "Threads against processes",
     .note =
         "two workers each; model: work for the processor; waiting: 10 ms each, as for a disk or a network; handing "
         "over: results of 1 MiB from worker to caller"},
};

/* ---- what can be measured -------------------------------------------------------------------------------- */

static bool is_native(const measure_engine *engine) { return !strcmp(engine->name, "native"); }

bool measure_can(const measure_setting *setting, const measure_engine *engine, measure_kind kind)
{
    bool shares = kind == MEASURE_FORKED || kind == MEASURE_CACHED || kind == MEASURE_HANDED;
    return !shares || (is_native(engine) && (kind != MEASURE_CACHED || setting->cache_dir));
}

static json_t *pack_into_cache(const measure_point *point, ramet_error *error)
{
    measure_model model;
    if (measure_model_open(point, &model, error))
        return NULL;
    measure_model_close(&model);
    return cli_must(json_true());
}

/* Has the model packed into a folder for a while; a note when that cannot be. */
static void prepare_cache(measure_setting *setting, cli_scratch *scratch, json_t *notes)
{
    ramet_error error = {0};
    measure_point point = {setting, NULL, MEASURE_CACHED, 1};
    char note[sizeof error.message + 64];
    for (size_t e = 0; e < setting->engine_count; e++)
        if (is_native(&setting->engines[e]))
            point.engine = &setting->engines[e];
    if (!point.engine)
        return;
    if (!cli_scratch_make(scratch, &error)) {
        setting->cache_dir = scratch->path;
        if (measure_apart(pack_into_cache, &point, &error))
            return;
    }
    setting->cache_dir = NULL;
    snprintf(note, sizeof note, "native: no \"cached\" processes: %s", error.message);
    cli_json_append(notes, cli_json_text(note));
}

static void note_engines(const measure_setting *setting, json_t *notes)
{
    for (size_t e = 0; e < setting->engine_count; e++)
        if (!is_native(&setting->engines[e]))
            cli_json_append(notes,
                            cli_json_text(
                                "openvino: no \"forked\", \"cached\" and \"memfd\" processes: its threads do "
                                "not survive fork(), and every process prepares weights of its own; its arenas are "
                                "not known"));
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
    for (measure_kind kind = MEASURE_THREADS; kind < MEASURE_KINDS; kind++) {
        json_t *value = NULL;
        measure_point point = {setting, engine, kind, 2};
        bool possible = measure_can(setting, engine, kind);
        if (possible && !(value = measure_apart(c->measure, &point, error)))
            return false;
        cli_json_set(row, measure_kind_names[kind],
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

/* ---- all of it ------------------------------------------------------------------------------------------- */

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

static void add_heading(const measure_setting *setting, json_t *document)
{
    char *processor = describe_processor(), *engines = describe_engines(setting);
    cli_json_set(document, "model", cli_json_text(setting->model));
    cli_json_set(document, "processor", cli_json_text(processor));
    cli_json_set(document, "engines", cli_json_text(engines));
    free(processor);
    free(engines);
}

json_t *measure_document(measure_setting *setting, ramet_error *error)
{
    json_t *document = cli_must(json_object()), *notes = cli_must(json_array());
    cli_scratch scratch = {.path = ""};
    add_heading(setting, document);
    cli_json_set(document, "notes", notes);
    prepare_cache(setting, &scratch, notes);
    note_engines(setting, notes);
    bool good = add_latency(setting, document, error) && measure_add_throughput(setting, document, error) &&
                measure_add_memory(setting, document, error) && add_comparison(setting, document, error);
    cli_scratch_remove(&scratch);
    if (!good)
        json_decref(document);
    return good ? document : NULL;
}

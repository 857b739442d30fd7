/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ramet doctor: what this machine and this build offer, and how many threads
 * follow from it.
 */
#include "cli.h"

typedef struct doctor_settings {
    int32_t json;
    cli_image_settings images; /* --thread_num and its kind, as the verbs on images take them */
    ramet_runtime_option runtime;
} doctor_settings;

static const char *const level_names[] = {"auto", "base", "avx2", "avx512", "avx512_bf16"};

static json_t *describe_caches(const ramet_host *host)
{
    json_t *caches = cli_must(json_object());
    cli_json_set(caches, "l1d_bytes", cli_json_int((int64_t)host->l1d_bytes));
    cli_json_set(caches, "l2_bytes", cli_json_int((int64_t)host->l2_bytes));
    cli_json_set(caches, "l3_bytes", cli_json_int((int64_t)host->l3_bytes));
    return caches;
}

/* null: no limit. */
static json_t *describe_processors(const ramet_host *host)
{
    json_t *processors = cli_must(json_object());
    bool cpuset = host->cpuset_processors > 0, quota = host->quota_processors > 0;
    cli_json_set(processors, "affinity", cli_json_int(host->affinity_processors));
    cli_json_set(processors, "cpuset", cpuset ? cli_json_int(host->cpuset_processors) : json_null());
    cli_json_set(processors, "quota", quota ? cli_json_real((float)host->quota_processors) : json_null());
    cli_json_set(processors, "usable", cli_json_int(host->processors));
    return processors;
}

/* What the flags given, or their defaults, make of the processors. */
static json_t *describe_threads(const doctor_settings *settings)
{
    ramet_runtime_option option = settings->runtime;
    cli_image_settings images = settings->images;
    cli_engine_settle(&option, &images);
    bool processes = settings->images.use_multi_process;
    json_t *threads = cli_must(json_object());
    cli_json_set(threads, processes ? "process_num" : "thread_num",
                 cli_json_int(processes ? settings->images.process_num : settings->images.thread_num));
    cli_json_set(threads, "cpu_thread_num", cli_json_int(option.cpu_thread_num));
    return threads;
}

/* Each engine with its version, or why it cannot be used. */
static json_t *describe_engines(const doctor_settings *settings)
{
    static const struct {
        const char *name;
        ramet_backend backend;
    } engines[] = {{"native", RAMET_BACKEND_NATIVE}, {"openvino", RAMET_BACKEND_OPENVINO}};
    json_t *described = cli_must(json_array());
    for (size_t i = 0; i < CLI_COUNT(engines); i++) {
        ramet_runtime_option option = settings->runtime;
        option.backend = engines[i].backend;
        char version[sizeof(ramet_error) + 16];
        ramet_error error = {0};
        bool usable = !ramet_host_check_engine(&option, version, sizeof version, &error);
        if (!usable)
            snprintf(version, sizeof version, "no %s: %s", engines[i].name, error.message);
        cli_json_append(described, cli_json_text(version));
    }
    return described;
}

static int examine(const doctor_settings *settings)
{
    ramet_host host;
    json_t *document = cli_must(json_object());
    (void)ramet_host_get(&host);
    cli_json_set(document, "version", cli_json_text(ramet_version()));
    cli_json_set(document, "cpu", cli_json_text(host.cpu));
    cli_json_set(document, "cpu_level", cli_json_text(level_names[host.cpu_level]));
    cli_json_set(document, "caches", describe_caches(&host));
    cli_json_set(document, "processors", describe_processors(&host));
    cli_json_set(document, "threads", describe_threads(settings));
    cli_json_set(document, "cache_dir",
                 settings->runtime.cache_dir ? cli_json_text(settings->runtime.cache_dir) : json_null());
    cli_json_set(document, "engines", describe_engines(settings));
    cli_json_set(document, "image_formats", cli_json_text(host.image_formats));
    bool good = cli_print_document(document, settings->json);
    json_decref(document);
    return good ? CLI_EXIT_OK : CLI_EXIT_SOME_FAILED;
}

static const cli_flag doctor_flags[] = {
    {"json", CLI_KIND_BOOL, offsetof(doctor_settings, json), "", "one JSON object instead of text", 0, 0},
    {"thread_num", CLI_KIND_INT, offsetof(doctor_settings, images.thread_num), "N",
     "worker threads over images that you mean to use (default 1)", 1, 1024},
    {"use_multi_process", CLI_KIND_BOOL, offsetof(doctor_settings, images.use_multi_process), "true|false",
     "the same with processes (default false)", 0, 0},
    {"process_num", CLI_KIND_INT, offsetof(doctor_settings, images.process_num), "N",
     "worker processes, with --use_multi_process true (default 1)", 1, 1024},
    {"cpu_thread_num", CLI_KIND_INT, offsetof(doctor_settings, runtime.cpu_thread_num), "N",
     "threads inside one run (default: a worker's share of the processors)", 1, 256},
    {"plugin_file", CLI_KIND_TEXT, offsetof(doctor_settings, runtime.plugin_file), "FILE",
     "libramet_openvino.so, when it does not stand beside libramet.so", 0, 0},
    {"engine_libraries", CLI_KIND_TEXT, offsetof(doctor_settings, runtime.engine_libraries), "DIR",
     "folder of libopenvino_c.so.*, when the plug-in does not find it", 0, 0},
    {"cache_dir", CLI_KIND_MAYBE, offsetof(doctor_settings, runtime.cache_dir), "DIR|none",
     "folder of packed weights that you mean to use (default $XDG_CACHE_HOME/ramet)", 0, 0},
};

static int run(int argc, char **argv)
{
    doctor_settings settings = {0};
    cli_image_settings_init(&settings.images);
    cli_runtime_option_init(&settings.runtime);
    const cli_group groups[] = {{"Doctor", doctor_flags, CLI_COUNT(doctor_flags), &settings}};
    const cli_syntax syntax = {
        .verb = &cli_verb_doctor,
        .usage = "[FLAGS]",
        .details =
            "Shows the processor, its caches and instructions, how many processors affinity, cpuset and quota of the\n"
            "control group leave, what --thread_num and --cpu_thread_num come to, and which engines can be used.\n",
        .example = "ramet doctor --thread_num 4",
        .groups = groups,
        .group_count = CLI_COUNT(groups),
    };
    int exit_code;
    if (cli_arguments_read(&syntax, argc, argv, &exit_code))
        exit_code = examine(&settings);
    cli_image_settings_clear(&settings.images);
    return exit_code;
}

const cli_verb cli_verb_doctor = {"doctor", "what this machine and this build offer", run};

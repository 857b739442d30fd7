/* SPDX-License-Identifier: Apache-2.0 */
/* The flags that verbs share, each group a table. */
#include "cli.h"

#include <stdlib.h>

static const cli_flag image_flags[] = {
    {"image_path", CLI_KIND_TEXTS, offsetof(cli_image_settings, image_path), "PATH",
     "image, folder, 'glob*.jpg', @list.txt, or - for a list on the standard input", 0, 0},
    {"thread_num", CLI_KIND_INT, offsetof(cli_image_settings, thread_num), "N",
     "images worked on at a time, each by a clone of the model (default 1)", 1, 1024},
    {"use_multi_process", CLI_KIND_BOOL, offsetof(cli_image_settings, use_multi_process), "",
     "worker processes instead of threads; they share the model's memory (default false)", 0, 0},
    {"process_num", CLI_KIND_INT, offsetof(cli_image_settings, process_num), "N",
     "how many; read with --use_multi_process true (default 1)", 1, 1024},
    {"start_method", CLI_KIND_CHOICE, offsetof(cli_image_settings, start_method), "fork|spawn",
     "fork: workers clone the open model; spawn: each maps its weights (default fork)", 0, 0},
    {"worker", CLI_KIND_BOOL, offsetof(cli_image_settings, worker), "", NULL, 0, 0},
    {"worker_weights", CLI_KIND_INT, offsetof(cli_image_settings, worker_weights), "N", NULL, 0, CLI_MOST_RUNTIMES},
    {"share", CLI_KIND_BOOL, offsetof(cli_image_settings, share), "",
     "false: each thread or process packs a model of its own, uncached (default true)", 0, 0},
};

static const cli_flag output_flags[] = {
    {"json", CLI_KIND_BOOL, offsetof(cli_image_settings, json), "", "one JSON object a line instead of text", 0, 0},
    {"save_path", CLI_KIND_TEXT, offsetof(cli_image_settings, save_path), "DIR",
     "also write the JSON lines to DIR/results.jsonl", 0, 0},
    {"quiet", CLI_KIND_BOOL, offsetof(cli_image_settings, quiet), "", "no results on the standard output; errors stay",
     0, 0},
    {"report", CLI_KIND_BOOL, offsetof(cli_image_settings, report), "",
     "at the end: images, time and memory, on the standard error or as the last JSON line", 0, 0},
};

static const cli_flag engine_flags[] = {
    {"backend", CLI_KIND_CHOICE, offsetof(ramet_runtime_option, backend), "default|native|openvino",
     "engine; default is native, openvino a plug-in (ramet doctor tells whether it is there)", 0, 0},
    {"cpu_level", CLI_KIND_CHOICE, offsetof(ramet_runtime_option, cpu_level), "auto|base|avx2|avx512|avx512_bf16",
     "instructions to use; auto takes the best there are", 0, 0},
    {"precision", CLI_KIND_CHOICE, offsetof(ramet_runtime_option, precision), "float32|bf16",
     "how weights are kept; bf16 takes half the memory and rounds them (default float32)", 0, 0},
    {"cpu_thread_num", CLI_KIND_INT, offsetof(ramet_runtime_option, cpu_thread_num), "N",
     "threads inside one run (default: 1; for images a worker's share of processors)", 1, 256},
    {"memory_budget_bytes", CLI_KIND_BYTES, offsetof(ramet_runtime_option, memory_budget_bytes), "N",
     "bytes: ceiling of the working memory of one clone (default 4 GiB)", 0, 0},
    {"plan_capacity", CLI_KIND_INT, offsetof(ramet_runtime_option, plan_capacity), "N",
     "input shapes that a model remembers (default 16)", 1, 4096},
    {"num_streams", CLI_KIND_INT, offsetof(ramet_runtime_option, num_streams), "N",
     "openvino: runs at the same time (default: one for each thread over images)", 1, 256},
    {"hint", CLI_KIND_CHOICE, offsetof(ramet_runtime_option, hint), "none|latency|throughput",
     "openvino: let it choose threads and streams (default none)", 0, 0},
    {"plugin_file", CLI_KIND_TEXT, offsetof(ramet_runtime_option, plugin_file), "FILE",
     "openvino: libramet_openvino.so, when it does not stand beside libramet.so", 0, 0},
    {"engine_libraries", CLI_KIND_TEXT, offsetof(ramet_runtime_option, engine_libraries), "DIR",
     "openvino: folder of libopenvino_c.so.*, when the plug-in does not find it", 0, 0},
    {"cache_dir", CLI_KIND_MAYBE, offsetof(ramet_runtime_option, cache_dir), "DIR|none",
     "packed weights for later and other processes (default $XDG_CACHE_HOME/ramet)", 0, 0},
};

static const cli_flag model_flags[] = {
    {"model", CLI_KIND_TEXT, offsetof(cli_model_settings, model), "DIR",
     "exported model: its folder or its program (.pdmodel, .json, .onnx)", 0, 0},
    {"model_file", CLI_KIND_TEXT, offsetof(cli_model_settings, model_file), "FILE",
     "the program, instead of --model; what is not named too is looked for beside it", 0, 0},
    {"params_file", CLI_KIND_TEXT, offsetof(cli_model_settings, runtime.params_file), "FILE",
     "parameters, when they do not stand beside the program", 0, 0},
    {"config_file", CLI_KIND_TEXT, offsetof(cli_model_settings, runtime.config_file), "FILE",
     "configuration (inference.yml, infer_cfg.yml, ...), likewise", 0, 0},
};

static const cli_flag compatible_flags[] = {
    {"device", CLI_KIND_ONLY, 0, "cpu", "ramet runs on CPUs", 0, 0},
    {"device_id", CLI_KIND_ONLY, 0, "0", "ramet runs on CPUs", 0, 0},
    {"use_trt", CLI_KIND_ONLY, 0, "false", "ramet runs on CPUs", 0, 0},
};

void cli_runtime_option_init(ramet_runtime_option *option)
{
    static char folder[4096]; /* made once, before there are threads */
    const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int length = 0;
    if (base && base[0] == '/')
        length = snprintf(folder, sizeof folder, "%s/ramet", base);
    else if (home && home[0] == '/')
        length = snprintf(folder, sizeof folder, "%s/.cache/ramet", home);
    ramet_runtime_option_init(option);
    option->cache_dir = length > 0 && (size_t)length < sizeof folder ? folder : NULL;
}

void cli_model_settings_init(cli_model_settings *settings)
{
    *settings = (cli_model_settings){0};
    cli_runtime_option_init(&settings->runtime);
}

bool cli_model_take(const cli_syntax *syntax, cli_model_settings *settings, const cli_texts *words)
{
    size_t named =
        (size_t)(settings->model != NULL) + (size_t)(settings->model_file != NULL) + (words ? words->count : 0);
    if (named != 1) {
        cli_complain("%s; `ramet help %s` shows an example",
                     named   ? "more than one model is named"
                     : words ? "MODEL is missing"
                             : "--model is missing",
                     syntax->verb->name);
        return false;
    }
    if (settings->model_file)
        settings->model = settings->model_file;
    else if (!settings->model)
        settings->model = words->items[0];
    return true;
}

void cli_image_settings_init(cli_image_settings *settings)
{
    *settings = (cli_image_settings){.thread_num = 1, .process_num = 1, .share = 1};
}

void cli_image_settings_clear(cli_image_settings *settings) { cli_texts_clear(&settings->image_path); }

cli_group cli_images_group(cli_image_settings *settings)
{
    return (cli_group){"Images", image_flags, CLI_COUNT(image_flags), settings};
}

cli_group cli_output_group(cli_image_settings *settings)
{
    return (cli_group){"Output", output_flags, CLI_COUNT(output_flags), settings};
}

cli_group cli_engine_group(ramet_runtime_option *option)
{
    return (cli_group){"Engine", engine_flags, CLI_COUNT(engine_flags), option};
}

cli_group cli_model_group(cli_model_settings *settings)
{
    return (cli_group){"Model", model_flags, CLI_COUNT(model_flags), settings};
}

cli_group cli_compatible_group(void)
{
    return (cli_group){"Accepted with one value, for commands written for FastDeploy", compatible_flags,
                       CLI_COUNT(compatible_flags), NULL};
}

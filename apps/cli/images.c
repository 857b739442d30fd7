/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images through a model: one handle a thread, or worker processes
 * (image_processes.c); results in input order.
 *
 * A worker decodes an image, runs the task on it and renders the result; the
 * fleet delivers the renderings in order, and they are written then. At most a
 * window of renderings exists at a time, so any number of images is fine.
 */
#include "crew.h"

#include <stdlib.h>
#include <string.h>

enum { WINDOW_PER_THREAD = 4, WINDOW_EXTRA = 16 };

/* ---- one image ------------------------------------------------------------------------------------------- */

static ramet_status predict_file(const cli_task *task, void *worker, const char *path, json_t *result,
                                 ramet_error *error)
{
    ramet_image image = {0};
    ramet_status status = ramet_image_load(path, NULL, &image, error);
    if (!status)
        status = task->predict(worker, &image, result, error);
    ramet_image_clear(&image);
    return status;
}

static json_t *describe_failure(const char *path, const ramet_error *error)
{
    ramet_error said = *error;
    if (!strcmp(said.place, path))
        said.place[0] = 0; /* said once is enough */
    char problem[sizeof said.message + sizeof said.place + 4];
    cli_error_print(&said, problem, sizeof problem);
    json_t *result = cli_must(json_object());
    cli_json_set(result, "image", cli_json_text(path));
    cli_json_set(result, "error", cli_json_text(problem));
    return result;
}

/* The result as one object, whatever became of the image. */
static json_t *describe_image(const cli_task *task, void *worker, const char *path)
{
    ramet_error error = {0};
    json_t *result = cli_must(json_object());
    cli_json_set(result, "image", cli_json_text(path));
    cli_json_set(result, "task", cli_json_text(task->name));
    if (!predict_file(task, worker, path, result, &error))
        return result;
    json_decref(result);
    return describe_failure(path, &error);
}

static cli_rendering render_and_free(const cli_crew *c, json_t *result)
{
    cli_rendering made = cli_output_render(&c->output, c->task, result);
    json_decref(result);
    return made;
}

cli_rendering cli_crew_render(const cli_crew *c, void *worker, const char *path)
{
    return render_and_free(c, describe_image(c->task, worker, path));
}

cli_rendering cli_crew_render_failure(const cli_crew *c, const char *path, const ramet_error *error)
{
    return render_and_free(c, describe_failure(path, error));
}

bool cli_crew_deliver(cli_crew *c, cli_rendering *rendering)
{
    c->report.failed += rendering->failed;
    return cli_output_write(&c->output, rendering);
}

static void work_on_image(void *context, size_t index, int32_t worker)
{
    cli_crew *c = context;
    c->ring[index % c->window] = cli_crew_render(c, c->workers[worker], c->paths.items[index]);
}

static int deliver_image(void *context, size_t index)
{
    cli_crew *c = context;
    return !cli_crew_deliver(c, &c->ring[index % c->window]);
}

/* ---- workers --------------------------------------------------------------------------------------------- */

static void close_workers(cli_crew *c)
{
    for (int32_t i = 0; i < c->handles; i++)
        if (c->workers[i])
            c->task->close(c->workers[i]);
    free(c->workers);
}

/* Opens the model for the first handle and clones it, or opens it again, for the others. */
static ramet_status open_workers(cli_crew *c, ramet_error *error)
{
    double start = cli_now_seconds();
    c->workers = cli_must(calloc((size_t)c->handles + 1, sizeof *c->workers));
    ramet_status status = RAMET_STATUS_OK;
    if (c->handles > 0)
        status = c->task->open(c->task->settings, &c->workers[0], error);
    for (int32_t i = 1; i < c->handles && !status; i++) {
        status = c->settings->share ? c->task->clone(c->workers[0], &c->workers[i], error)
                                    : c->task->open(c->task->settings, &c->workers[i], error);
    }
    c->report.load_seconds = cli_now_seconds() - start;
    return status;
}

void cli_memory_add(const ramet_runtime *runtime, ramet_memory *sum)
{
    ramet_memory held;
    if (runtime && !ramet_runtime_memory(runtime, &held)) {
        sum->weights_bytes += held.weights_bytes;
        sum->shared_bytes += held.shared_bytes;
        sum->program_bytes += held.program_bytes;
        sum->plans_bytes += held.plans_bytes;
        sum->arena_bytes += held.arena_bytes;
    }
}

/* What all workers hold; what clones share is counted once. */
static void sum_memory(cli_crew *c)
{
    ramet_memory *sum = &c->report.memory;
    for (int32_t i = 0; i < c->handles; i++) {
        ramet_memory held = {0};
        ramet_runtime *list[CLI_MOST_RUNTIMES];
        for (size_t r = c->task->runtimes(c->workers[i], list); r > 0; r--)
            cli_memory_add(list[r - 1], &held);
        bool own = i == 0 || !c->settings->share;
        sum->weights_bytes += own ? held.weights_bytes : 0;
        sum->shared_bytes += own ? held.shared_bytes : 0;
        sum->program_bytes += own ? held.program_bytes : 0;
        sum->plans_bytes += own ? held.plans_bytes : 0;
        sum->arena_bytes += held.arena_bytes;
        if (held.arena_bytes > c->report.largest_arena_bytes)
            c->report.largest_arena_bytes = held.arena_bytes;
    }
}

/* ---- all images ------------------------------------------------------------------------------------------ */

static ramet_status run_threads(cli_crew *c, ramet_error *error)
{
    ramet_fleet_option option;
    ramet_fleet_option_init(&option);
    option.threads = c->handles;
    option.window = WINDOW_PER_THREAD * c->handles + WINDOW_EXTRA;
    c->window = (size_t)option.window;
    c->ring = cli_must(calloc(c->window, sizeof *c->ring));
    ramet_fleet_job job = {c, work_on_image, deliver_image};
    ramet_status status = ramet_fleet_run(&job, c->paths.count, &option, &c->report.images, error);
    for (size_t i = 0; i < c->window; i++)
        cli_rendering_clear(&c->ring[i]); /* left over when the output broke */
    free(c->ring);
    return status;
}

static ramet_status run_workers(cli_crew *c, ramet_error *error)
{
    double start = cli_now_seconds();
    ramet_status status = c->report.processes > 0 ? cli_crew_run_processes(c, error) : run_threads(c, error);
    c->report.seconds = cli_now_seconds() - start;
    return status;
}

static bool print_report(cli_crew *c)
{
    sum_memory(c);
    json_t *figures = cli_report_json(&c->report);
    bool good = true;
    if (c->settings->json) {
        json_t *report = cli_must(json_object());
        cli_json_set(report, "report", json_incref(figures));
        good = cli_print_document(report, true);
        json_decref(report);
    } else {
        cli_print_object(stderr, figures);
    }
    json_decref(figures);
    return good;
}

/* Runs with workers and output open. */
static int run_and_report(cli_crew *c)
{
    ramet_error error = {0};
    if (run_workers(c, &error))
        return cli_complain_error(&error);
    bool good = c->report.failed == 0 && !c->output.broken;
    if (c->settings->report && !c->output.broken)
        good = print_report(c) && good;
    return good ? CLI_EXIT_OK : CLI_EXIT_SOME_FAILED;
}

static int run_crew(cli_crew *c)
{
    ramet_error error = {0};
    if (open_workers(c, &error) || cli_output_open(&c->output, c->settings, &error))
        return cli_complain_error(&error);
    int exit_code = run_and_report(c);
    bool written = cli_output_close(&c->output);
    return exit_code == CLI_EXIT_OK && !written ? CLI_EXIT_SOME_FAILED : exit_code;
}

/*
 * How many do the work, and how many handles that takes here: a thread needs one; processes begin with a common one, which
 * is cloned or whose weights are mapped, unless each is to open its own.
 */
static void settle_workers(cli_crew *c)
{
    const cli_image_settings *settings = c->settings;
    int32_t asked = settings->use_multi_process ? settings->process_num : settings->thread_num;
    int32_t workers = (size_t)asked > c->paths.count ? (int32_t)c->paths.count : asked;
    c->report.threads = settings->use_multi_process ? 1 : workers;
    c->report.processes = settings->use_multi_process ? workers : 0;
    c->report.share = settings->share && !(settings->use_multi_process && settings->opens_apart);
    c->handles = settings->use_multi_process ? c->report.share : workers;
}

static bool is_legal(const cli_image_settings *settings)
{
    if (!settings->use_multi_process || settings->thread_num == 1)
        return true;
    cli_complain("--thread_num %d and --use_multi_process true: one of them; a process works on one image at a time",
                 (int)settings->thread_num);
    return false;
}

int cli_images_run(const cli_task *task, const cli_image_settings *settings)
{
    cli_crew c = {.task = task, .settings = settings};
    if (settings->worker)
        return cli_crew_serve(&c);
    if (!is_legal(settings))
        return CLI_EXIT_USAGE;
    ramet_error error = {0};
    int exit_code;
    if (cli_sources_expand(&settings->image_path, &c.paths, &error)) {
        exit_code = cli_complain_error(&error);
    } else {
        settle_workers(&c);
        exit_code = run_crew(&c);
        close_workers(&c);
    }
    json_decref(c.report.process_pss);
    cli_texts_clear(&c.paths);
    return exit_code;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images through a model: one handle a thread, results in input order.
 *
 * A worker decodes an image, runs the task on it and renders the result; the
 * fleet delivers the renderings in order, and they are written then. At most a
 * window of renderings exists at a time, so any number of images is fine.
 */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

enum { WINDOW_PER_THREAD = 4, WINDOW_EXTRA = 16 };

typedef struct crew {
    const cli_task *task;
    const cli_image_settings *settings;
    cli_texts paths;
    void **workers; /* [threads] */
    int32_t threads;
    cli_rendering *ring; /* [window]; of image i at i % window */
    size_t window;
    cli_output output;
    cli_report report;
} crew;

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

/* The result as one object, whatever became of the image. */
static json_t *describe_image(const cli_task *task, void *worker, const char *path)
{
    ramet_error error = {0};
    json_t *result = cli_must(json_object());
    cli_json_set(result, "image", cli_json_text(path));
    cli_json_set(result, "task", cli_json_text(task->name));
    if (predict_file(task, worker, path, result, &error)) {
        if (!strcmp(error.place, path))
            error.place[0] = 0; /* said once is enough */
        char problem[sizeof error.message + sizeof error.place + 4];
        cli_error_print(&error, problem, sizeof problem);
        json_object_clear(result);
        cli_json_set(result, "image", cli_json_text(path));
        cli_json_set(result, "error", cli_json_text(problem));
    }
    return result;
}

static void work_on_image(void *context, size_t index, int32_t worker)
{
    crew *c = context;
    json_t *result = describe_image(c->task, c->workers[worker], c->paths.items[index]);
    c->ring[index % c->window] = cli_output_render(&c->output, c->task, result);
    json_decref(result);
}

static int deliver_image(void *context, size_t index)
{
    crew *c = context;
    cli_rendering *rendering = &c->ring[index % c->window];
    c->report.failed += rendering->failed;
    return !cli_output_write(&c->output, rendering);
}

/* ---- workers --------------------------------------------------------------------------------------------- */

static void close_workers(crew *c)
{
    for (int32_t i = 0; i < c->threads; i++)
        if (c->workers[i])
            c->task->close(c->workers[i]);
    free(c->workers);
}

/* Opens the model for the first worker and clones it, or opens it again, for the others. */
static ramet_status open_workers(crew *c, ramet_error *error)
{
    double start = cli_now_seconds();
    c->workers = cli_must(calloc((size_t)c->threads, sizeof *c->workers));
    ramet_status status = c->task->open(c->task->settings, &c->workers[0], error);
    for (int32_t i = 1; i < c->threads && !status; i++) {
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
        sum->program_bytes += held.program_bytes;
        sum->plans_bytes += held.plans_bytes;
        sum->arena_bytes += held.arena_bytes;
    }
}

/* What all workers hold; what clones share is counted once. */
static void sum_memory(crew *c)
{
    ramet_memory *sum = &c->report.memory;
    for (int32_t i = 0; i < c->threads; i++) {
        ramet_memory held = {0};
        c->task->memory(c->workers[i], &held);
        bool own = i == 0 || !c->settings->share;
        sum->weights_bytes += own ? held.weights_bytes : 0;
        sum->program_bytes += own ? held.program_bytes : 0;
        sum->plans_bytes += own ? held.plans_bytes : 0;
        sum->arena_bytes += held.arena_bytes;
        if (held.arena_bytes > c->report.largest_arena_bytes)
            c->report.largest_arena_bytes = held.arena_bytes;
    }
}

/* ---- all images ------------------------------------------------------------------------------------------ */

static ramet_status run_workers(crew *c, ramet_error *error)
{
    ramet_fleet_option option;
    ramet_fleet_option_init(&option);
    option.threads = c->threads;
    option.window = WINDOW_PER_THREAD * c->threads + WINDOW_EXTRA;
    c->window = (size_t)option.window;
    c->ring = cli_must(calloc(c->window, sizeof *c->ring));
    ramet_fleet_job job = {c, work_on_image, deliver_image};
    double start = cli_now_seconds();
    ramet_status status = ramet_fleet_run(&job, c->paths.count, &option, &c->report.images, error);
    c->report.seconds = cli_now_seconds() - start;
    for (size_t i = 0; i < c->window; i++)
        cli_rendering_clear(&c->ring[i]); /* left over when the output broke */
    free(c->ring);
    return status;
}

static bool print_report(crew *c)
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
static int run_and_report(crew *c)
{
    ramet_error error = {0};
    if (run_workers(c, &error))
        return cli_complain_error(&error);
    bool good = c->report.failed == 0 && !c->output.broken;
    if (c->settings->report && !c->output.broken)
        good = print_report(c) && good;
    return good ? CLI_EXIT_OK : CLI_EXIT_SOME_FAILED;
}

static int run_crew(crew *c)
{
    ramet_error error = {0};
    if (open_workers(c, &error) || cli_output_open(&c->output, c->settings, &error))
        return cli_complain_error(&error);
    int exit_code = run_and_report(c);
    bool written = cli_output_close(&c->output);
    return exit_code == CLI_EXIT_OK && !written ? CLI_EXIT_SOME_FAILED : exit_code;
}

int cli_images_run(const cli_task *task, const cli_image_settings *settings)
{
    crew c = {.task = task, .settings = settings, .threads = settings->thread_num};
    ramet_error error = {0};
    int exit_code;
    if (cli_sources_expand(&settings->image_path, &c.paths, &error)) {
        exit_code = cli_complain_error(&error);
    } else {
        if ((size_t)c.threads > c.paths.count)
            c.threads = (int32_t)c.paths.count;
        c.report.threads = c.threads;
        c.report.share = settings->share;
        exit_code = run_crew(&c);
        close_workers(&c);
    }
    cli_texts_clear(&c.paths);
    return exit_code;
}

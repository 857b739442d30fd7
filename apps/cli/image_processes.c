/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images through worker processes.
 *
 * A path goes over, a rendering comes back: a byte that says whether it failed, the length of its JSON line, the line,
 * its text. Forked workers clone the model that this process has opened; spawned ones are this very command with two
 * flags more, and map the packed weights that they are given.
 */
#include "crew.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- in a worker ----------------------------------------------------------------------------------------- */

/* What a worker process has: its handle is opened there. */
typedef struct process_work {
    cli_crew *crew;
    void *handle;
} process_work;

static ramet_status open_handle(void *context, ramet_error *error)
{
    process_work *work = context;
    const cli_crew *c = work->crew;
    return c->handles > 0 ? c->task->clone(c->workers[0], &work->handle, error)
                          : c->task->open(c->task->settings, &work->handle, error);
}

static ramet_status work_on_path(void *context, const ramet_fleet_parcel *input, ramet_fleet_sink *sink,
                                 ramet_error *error)
{
    (void)error; /* a failure is a result like any other */
    process_work *work = context;
    cli_rendering made = cli_crew_render(work->crew, work->handle, input->data);
    size_t length = made.line ? strlen(made.line) : 0;
    ramet_fleet_sink_write(sink, &made.failed, sizeof made.failed);
    ramet_fleet_sink_write(sink, &length, sizeof length);
    ramet_fleet_sink_write(sink, made.line, length);
    if (made.text)
        ramet_fleet_sink_write(sink, made.text, strlen(made.text));
    cli_rendering_clear(&made);
    return RAMET_STATUS_OK;
}

int cli_crew_serve(cli_crew *c)
{
    process_work work = {.crew = c};
    ramet_fleet_process_job job = {.context = &work, .open = open_handle, .work = work_on_path};
    ramet_error error = {0};
    cli_output_init(&c->output, c->settings);
    ramet_status status = ramet_fleet_serve(&job, &error);
    if (work.handle)
        c->task->close(work.handle);
    else if (status)
        return CLI_EXIT_USAGE; /* the fleet knows and says it */
    return status ? cli_complain_error(&error) : CLI_EXIT_OK;
}

/* ---- in this process ------------------------------------------------------------------------------------- */

static void describe_path(void *context, size_t index, ramet_fleet_sink *sink)
{
    const process_work *work = context;
    const char *path = work->crew->paths.items[index];
    ramet_fleet_sink_write(sink, path, strlen(path) + 1);
}

/* The bytes, as a text from malloc; NULL for none. */
static char *text_of(const char *bytes, size_t count) { return count ? cli_must(strndup(bytes, count)) : NULL; }

static cli_rendering read_rendering(const ramet_fleet_parcel *result)
{
    cli_rendering made = {0};
    size_t length, head = sizeof made.failed + sizeof length;
    const char *bytes = result->data;
    memcpy(&made.failed, bytes, sizeof made.failed);
    memcpy(&length, bytes + sizeof made.failed, sizeof length);
    made.line = text_of(bytes + head, length);
    made.text = text_of(bytes + head + length, result->bytes - head - length);
    return made;
}

static int deliver_parcel(void *context, const ramet_fleet_parcel *result, const ramet_error *lost)
{
    cli_crew *c = ((process_work *)context)->crew;
    cli_rendering rendering =
        lost ? cli_crew_render_failure(c, c->paths.items[result->index], lost) : read_rendering(result);
    return !cli_crew_deliver(c, &rendering);
}

static void note_memory(void *context, int64_t process_id)
{
    cli_crew *c = ((process_work *)context)->crew;
    cli_process_memory memory = cli_process_memory_read(process_id);
    if (!c->report.process_pss) {
        c->report.process_pss = cli_must(json_array());
        c->report.own = cli_process_memory_read((int64_t)getpid());
    }
    if (memory.known)
        cli_json_append(c->report.process_pss, cli_json_int((int64_t)memory.pss_bytes));
}

/* What spawned workers are started with. */
typedef struct spawn_plan {
    const char *const *command; /* NULL: they are forked */
    int32_t weights[CLI_MOST_RUNTIMES];
    size_t weight_count;
} spawn_plan;

/* The weights of the open model, where there is one; one that cannot be handed over is opened by each worker itself. */
static void list_weights(const cli_crew *c, spawn_plan *plan)
{
    ramet_runtime *list[CLI_MOST_RUNTIMES];
    size_t count = c->handles > 0 ? c->task->runtimes(c->workers[0], list) : 0;
    for (size_t i = 0; i < count; i++)
        if (!ramet_runtime_weights_fd(list[i], &plan->weights[plan->weight_count], NULL))
            plan->weight_count++;
}

static ramet_status run_job(cli_crew *c, const spawn_plan *plan, ramet_error *error)
{
    process_work work = {.crew = c};
    ramet_fleet_process_job job = {.context = &work,
                                   .describe = describe_path,
                                   .deliver = deliver_parcel,
                                   .leaving = c->settings->report ? note_memory : NULL,
                                   .open = open_handle,
                                   .work = work_on_path,
                                   .command = plan->command,
                                   .descriptors = plan->weights,
                                   .descriptor_count = plan->weight_count};
    ramet_fleet_option option;
    ramet_fleet_option_init(&option);
    option.processes = c->report.processes;
    return ramet_fleet_run_processes(&job, c->paths.count, &option, &c->report.images, error);
}

ramet_status cli_crew_run_processes(cli_crew *c, ramet_error *error)
{
    spawn_plan plan = {0};
    if (c->settings->start_method == CLI_START_FORK)
        return run_job(c, &plan, error);
    list_weights(c, &plan);
    cli_texts words = {0};
    char given[32];
    snprintf(given, sizeof given, "--worker_weights=%zu", plan.weight_count);
    const char *more[] = {"--worker", given};
    ramet_status status = cli_own_command(&words, more, CLI_COUNT(more), error);
    plan.command = (const char *const *)words.items;
    if (!status)
        status = run_job(c, &plan, error);
    cli_texts_clear(&words);
    return status;
}

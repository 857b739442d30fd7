/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the work took: images, time, and memory as the models and the system
 * count it. RSS counts every page of the process, PSS shares out those that
 * other processes map too.
 */
#include "cli.h"

#include <inttypes.h>
#include <unistd.h>

cli_process_memory cli_process_memory_read(int64_t process_id)
{
    cli_process_memory found = {0};
    char path[64], line[256];
    uint64_t kilobytes;
    snprintf(path, sizeof path, "/proc/%" PRId64 "/smaps_rollup", process_id);
    FILE *rollup = fopen(path, "re");
    while (rollup && fgets(line, sizeof line, rollup))
        if (sscanf(line, "Rss: %" SCNu64, &kilobytes) == 1)
            found.rss_bytes = kilobytes * 1024;
        else if (sscanf(line, "Pss: %" SCNu64, &kilobytes) == 1)
            found.pss_bytes = kilobytes * 1024;
    if (rollup)
        fclose(rollup);
    found.known = found.rss_bytes > 0;
    return found;
}

/* Left out where the system does not tell. */
static void add_process_memory(const cli_report *from, json_t *report)
{
    cli_process_memory own = from->own.known ? from->own : cli_process_memory_read((int64_t)getpid());
    if (!own.known)
        return;
    cli_json_set(report, "rss_bytes", cli_json_int((int64_t)own.rss_bytes));
    cli_json_set(report, "pss_bytes", cli_json_int((int64_t)own.pss_bytes));
}

json_t *cli_report_json(const cli_report *report)
{
    json_t *made = cli_must(json_object());
    const ramet_memory *memory = &report->memory;
    cli_json_set(made, "images", cli_json_int((int64_t)report->images));
    cli_json_set(made, "failed", cli_json_int((int64_t)report->failed));
    cli_json_set(made, "threads", cli_json_int(report->threads));
    if (report->processes > 0)
        cli_json_set(made, "processes", cli_json_int(report->processes));
    cli_json_set(made, "shared_weights", cli_must(json_boolean(report->share)));
    cli_json_set(made, "load_seconds", cli_json_real((float)report->load_seconds));
    cli_json_set(made, "seconds", cli_json_real((float)report->seconds));
    cli_json_set(made, "images_per_second", cli_json_real((float)((double)report->images / report->seconds)));
    cli_json_set(made, "weights_bytes", cli_json_int((int64_t)memory->weights_bytes));
    cli_json_set(made, "weights_in_files_bytes", cli_json_int((int64_t)memory->shared_bytes));
    cli_json_set(made, "program_bytes", cli_json_int((int64_t)memory->program_bytes));
    cli_json_set(made, "plans_bytes", cli_json_int((int64_t)memory->plans_bytes));
    cli_json_set(made, "arenas_bytes", cli_json_int((int64_t)memory->arena_bytes));
    cli_json_set(made, "largest_arena_bytes", cli_json_int((int64_t)report->largest_arena_bytes));
    add_process_memory(report, made);
    if (report->process_pss)
        cli_json_set(made, "process_pss_bytes", json_incref(report->process_pss));
    return made;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images at work: what threads (images.c) and processes (image_processes.c) share.
 *
 * A worker turns a path into a rendering, whatever becomes of the image; the
 * renderings are written in the order of the paths.
 */
#ifndef RAMET_CLI_CREW_H
#define RAMET_CLI_CREW_H

#include "cli.h"

typedef struct cli_crew {
    const cli_task *task;
    const cli_image_settings *settings;
    cli_texts paths;
    void **workers;      /* [handles]: of threads, one each; of processes, what forked ones begin with */
    int32_t handles;     /* may be 0 */
    cli_rendering *ring; /* [window]; of image i at i % window; threads only */
    size_t window;
    cli_output output;
    cli_report report;
} cli_crew;

/* Predicts on one worker. Any thread. */
cli_rendering cli_crew_render(const cli_crew *c, void *worker, const char *path);
/* The rendering of an image that came to nothing. */
cli_rendering cli_crew_render_failure(const cli_crew *c, const char *path, const ramet_error *error);
/* Counts it and writes it; false when nothing more can be written. */
bool cli_crew_deliver(cli_crew *c, cli_rendering *rendering);

/* All images through worker processes. */
ramet_status cli_crew_run_processes(cli_crew *c, ramet_error *error);
/* A spawned worker's whole life; the exit code. */
int cli_crew_serve(cli_crew *c);

#endif

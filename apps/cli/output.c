/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where results go: the standard output, and a file of the user's.
 *
 * Everything that is written is flushed at once and checked: a full disk is an
 * error, a reader that went away ends the work quietly.
 */
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* With its newline; from malloc. */
static char *json_line(const json_t *value)
{
    char *text = cli_must(json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(9)));
    size_t length = strlen(text);
    char *line = cli_must(malloc(length + 2));
    memcpy(line, text, length);
    memcpy(line + length, "\n", 2);
    free(text);
    return line;
}

/* Writes and flushes; complains unless the reader merely went away. */
static bool write_checked(FILE *file, const char *name, const char *text)
{
    if (fputs(text, file) != EOF && fflush(file) == 0 && !ferror(file))
        return true;
    if (errno != EPIPE)
        cli_complain("cannot write %s: %s", name, strerror(errno));
    return false;
}

bool cli_flush_standard_output(void) { return write_checked(stdout, "the standard output", ""); }

bool cli_print_document(const json_t *object, bool as_json)
{
    if (as_json) {
        char *line = json_line(object);
        fputs(line, stdout);
        free(line);
    } else {
        cli_print_object(stdout, object);
    }
    return cli_flush_standard_output();
}

void cli_output_init(cli_output *output, const cli_image_settings *settings)
{
    *output =
        (cli_output){.json = settings->json != 0, .quiet = settings->quiet != 0, .keeps = settings->save_path != NULL};
}

ramet_status cli_output_open(cli_output *output, const cli_image_settings *settings, ramet_error *error)
{
    cli_output_init(output, settings);
    if (!settings->save_path)
        return RAMET_STATUS_OK;
    ramet_status status = cli_make_folder(settings->save_path, error);
    if (status)
        return status;
    if (asprintf(&output->saved_path, "%s/results.jsonl", settings->save_path) < 0)
        cli_must(NULL);
    output->saved = fopen(output->saved_path, "we");
    if (!output->saved) {
        status = cli_fail(error, RAMET_STATUS_IO, "cannot write '%s': %s", output->saved_path, strerror(errno));
        free(output->saved_path);
    }
    return status;
}

cli_rendering cli_output_render(const cli_output *output, const cli_task *task, const json_t *result)
{
    const char *image = json_string_value(json_object_get(result, "image"));
    const char *problem = json_string_value(json_object_get(result, "error"));
    cli_rendering made = {.failed = problem != NULL};
    if (output->json || output->keeps)
        made.line = json_line(result);
    if (!output->json && problem)
        made.text = cli_failure_text(image, problem);
    else if (!output->json && !output->quiet)
        made.text = cli_result_text(task, image, result);
    return made;
}

static bool write_to_standard(const cli_output *output, const cli_rendering *rendering)
{
    const char *shown = output->json ? rendering->line : rendering->text;
    if (!shown || (output->quiet && !rendering->failed))
        return true;
    if (rendering->failed && !output->json) {
        cli_complain("%s", shown);
        return true;
    }
    return write_checked(stdout, "the standard output", shown);
}

bool cli_output_write(cli_output *output, cli_rendering *rendering)
{
    if (!output->broken) {
        output->broken = !write_to_standard(output, rendering) ||
                         (output->saved && !write_checked(output->saved, output->saved_path, rendering->line));
    }
    cli_rendering_clear(rendering);
    return !output->broken;
}

void cli_rendering_clear(cli_rendering *rendering)
{
    free(rendering->line);
    free(rendering->text);
    *rendering = (cli_rendering){0};
}

bool cli_output_close(cli_output *output)
{
    if (output->saved && fclose(output->saved) && !output->broken) {
        cli_complain("cannot write %s: %s", output->saved_path, strerror(errno));
        output->broken = true;
    }
    free(output->saved_path);
    output->saved = NULL;
    output->saved_path = NULL;
    return !output->broken;
}

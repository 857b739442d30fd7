/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results as JSON lines and as text.
 *
 * Enters: a result as a JSON object (arrays of one length). Leaves: that object
 * as one line, and a text whose rows show the chosen arrays side by side.
 * Everything that is written is flushed at once and checked: a full disk is an
 * error, a reader that went away ends the work quietly.
 */
#include "cli.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- making JSON ---------------------------------------------------------------------------------------- */

/* Length of the UTF-8 character at text (1..4), 0 when there is none: overlong forms and surrogates are none. */
static size_t character_length(const unsigned char *text)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = *text < 0x80 ? 1 : *text < 0xC0 ? 0 : *text < 0xE0 ? 2 : *text < 0xF0 ? 3 : *text < 0xF8 ? 4 : 0;
    uint32_t code = length > 1 ? *text & (0x7Fu >> length) : *text;
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xC0) != 0x80) {
            return 0;
        }
        code = code << 6 | (text[i] & 0x3Fu);
    }
    bool valid = length && code >= least[length] && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
    return valid ? length : 0;
}

/* A copy with U+FFFD for each byte that belongs to no character. */
static char *repaired_text(const char *text)
{
    static const char replacement[] = "\xEF\xBF\xBD";
    char *repaired = cli_must(malloc(strlen(text) * strlen(replacement) + 1)), *end = repaired;
    while (*text) {
        size_t length = character_length((const unsigned char *)text);
        end = mempcpy(end, length ? text : replacement, length ? length : strlen(replacement));
        text += length ? length : 1;
    }
    *end = 0;
    return repaired;
}

json_t *cli_json_text(const char *text)
{
    json_t *made = json_string(text ? text : "");
    if (!made) {
        char *repaired = repaired_text(text);
        made = cli_must(json_string(repaired));
        free(repaired);
    }
    return made;
}

/* The decimal number with the fewest digits that is this float and no other. */
static double shortest_decimal(float value)
{
    char digits[32];
    double decimal = (double)value;
    for (int precision = 6; precision <= 9; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, (double)value);
        decimal = strtod(digits, NULL);
        if ((float)decimal == value) {
            break;
        }
    }
    return decimal;
}

json_t *cli_json_real(float value)
{
    return cli_must(isfinite(value) ? json_real(shortest_decimal(value)) : json_null());
}

json_t *cli_json_int(int64_t value) { return cli_must(json_integer(value)); }

json_t *cli_json_reals(const float *values, size_t count)
{
    json_t *array = cli_must(json_array());
    for (size_t i = 0; i < count; i++) {
        cli_json_append(array, cli_json_real(values[i]));
    }
    return array;
}

json_t *cli_json_ints(const int32_t *values, size_t count)
{
    json_t *array = cli_must(json_array());
    for (size_t i = 0; i < count; i++) {
        cli_json_append(array, cli_json_int(values[i]));
    }
    return array;
}

json_t *cli_json_texts(const char *const *texts, size_t count)
{
    json_t *array = cli_must(json_array());
    for (size_t i = 0; i < count; i++) {
        cli_json_append(array, cli_json_text(texts[i]));
    }
    return array;
}

json_t *cli_json_shape(const ramet_tensor *tensor)
{
    json_t *array = cli_must(json_array());
    for (int32_t i = 0; i < tensor->rank; i++) {
        cli_json_append(array, cli_json_int(tensor->dims[i]));
    }
    return array;
}

void cli_json_set(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new_nocheck(object, key, value)) {
        cli_must(NULL);
    }
}

void cli_json_append(json_t *array, json_t *value)
{
    if (json_array_append_new(array, value)) {
        cli_must(NULL);
    }
}

/* ---- text of JSON ------------------------------------------------------------------------------------------ */

/* Control characters would play tricks on a terminal. */
static void print_safe(FILE *out, const char *text)
{
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte < 0x20 || byte == 0x7F) {
            fprintf(out, "\\x%02x", byte);
        } else {
            fputc(byte, out);
        }
    }
}

static void print_scalar(FILE *out, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_STRING: print_safe(out, json_string_value(value)); break;
    case JSON_INTEGER: fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value)); break;
    case JSON_REAL: fprintf(out, "%.6f", json_real_value(value)); break;
    case JSON_TRUE: fputs("yes", out); break;
    case JSON_FALSE: fputs("no", out); break;
    case JSON_NULL: fputs("-", out); break;
    case JSON_OBJECT:
    case JSON_ARRAY: break; /* never within a row */
    }
}

/* A box, or a shape: "[12,10,80,10,80,30,12,30]". */
static void print_list(FILE *out, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        fputs(i ? "," : "[", out);
        const json_t *number = json_array_get(list, i);
        fprintf(out, "%.6g", json_number_value(number));
    }
    fputs(json_array_size(list) ? "]" : "[]", out);
}

static void print_cell(FILE *out, const json_t *cell)
{
    if (json_is_array(cell)) {
        print_list(out, cell);
    } else {
        print_scalar(out, cell);
    }
}

/* Row `row` of the arrays that are shown, after `start`. */
static void print_row(FILE *out, const cli_task *task, const json_t *result, size_t row, const char *start)
{
    print_safe(out, start);
    for (const char *const *key = task->shown; *key; key++) {
        const json_t *column = json_object_get(result, *key);
        if (column) {
            fputs("  ", out);
            print_cell(out, json_array_get(column, row));
        }
    }
    fputc('\n', out);
}

/* A line for each row, or a block of them under the image. From malloc. */
static char *result_text(const cli_task *task, const char *image, const json_t *result)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = cli_must(open_memstream(&text, &bytes));
    size_t rows = json_array_size(json_object_get(result, task->shown[0]));
    if (task->noun) {
        print_safe(out, image);
        fprintf(out, ": %zu %s%s\n", rows, task->noun, rows == 1 ? "" : "s");
    }
    for (size_t row = 0; row < rows; row++) {
        print_row(out, task, result, row, task->noun ? "" : image);
    }
    cli_must(fclose(out) ? NULL : text);
    return text;
}

/* For cli_complain(): no newline. From malloc. */
static char *failure_text(const char *image, const char *problem)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = cli_must(open_memstream(&text, &bytes));
    print_safe(out, image);
    fputs(": ", out);
    print_safe(out, problem);
    cli_must(fclose(out) ? NULL : text);
    return text;
}

/* ---- documents ---------------------------------------------------------------------------------------------- */

static bool counts_bytes(const char *key)
{
    size_t length = strlen(key), tail = strlen("_bytes");
    return length > tail && !strcmp(key + length - tail, "_bytes");
}

/* The key as words, without its unit. */
static void print_key(FILE *out, const char *key)
{
    size_t length = strlen(key) - (counts_bytes(key) ? strlen("_bytes") : 0);
    for (size_t i = 0; i < length; i++) {
        fputc(key[i] == '_' ? ' ' : key[i], out);
    }
}

static void print_value(FILE *out, const char *key, const json_t *value)
{
    if (counts_bytes(key) && json_is_integer(value)) {
        fprintf(out, "%.2f MiB", (double)json_integer_value(value) / (1024 * 1024));
    } else if (json_is_real(value)) {
        fprintf(out, "%.4g", json_real_value(value));
    } else {
        print_cell(out, value);
    }
}

/* "  value  value  value" */
static void print_members(FILE *out, const json_t *object)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        fputs("  ", out);
        print_value(out, key, value);
    }
    fputc('\n', out);
}

static void print_table(FILE *out, const json_t *rows)
{
    fputc('\n', out);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        print_members(out, json_array_get(rows, i));
    }
}

static void print_map(FILE *out, const json_t *map)
{
    const char *key;
    json_t *value;
    fputc('\n', out);
    json_object_foreach((json_t *)map, key, value)
    {
        fputs("  ", out);
        print_value(out, key, value);
        fputs("  ", out);
        print_safe(out, key);
        fputc('\n', out);
    }
}

/* A text of lines: a description, printed as it is. */
static bool is_page(const json_t *value)
{
    return json_is_string(value) && strchr(json_string_value(value), '\n') != NULL;
}

void cli_print_object(FILE *out, const json_t *object)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        print_key(out, key);
        fputc(':', out);
        if (json_is_object(value)) {
            print_map(out, value);
        } else if (is_page(value)) {
            fprintf(out, "\n%s\n", json_string_value(value));
        } else if (json_is_array(value) && json_is_object(json_array_get(value, 0))) {
            print_table(out, value);
        } else {
            fputc(' ', out);
            print_value(out, key, value);
            fputc('\n', out);
        }
    }
}

char *cli_json_line(const json_t *value)
{
    char *text = cli_must(json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(9)));
    size_t length = strlen(text);
    char *line = cli_must(malloc(length + 2));
    memcpy(line, text, length);
    memcpy(line + length, "\n", 2);
    free(text);
    return line;
}

/* ---- writing -------------------------------------------------------------------------------------------------- */

/* Writes and flushes; complains unless the reader merely went away. */
static bool write_checked(FILE *file, const char *name, const char *text)
{
    if (fputs(text, file) != EOF && fflush(file) == 0 && !ferror(file)) {
        return true;
    }
    if (errno != EPIPE) {
        cli_complain("cannot write %s: %s", name, strerror(errno));
    }
    return false;
}

bool cli_flush_standard_output(void) { return write_checked(stdout, "the standard output", ""); }

bool cli_print_document(const json_t *object, bool as_json)
{
    if (as_json) {
        char *line = cli_json_line(object);
        fputs(line, stdout);
        free(line);
    } else {
        cli_print_object(stdout, object);
    }
    return cli_flush_standard_output();
}

ramet_status cli_output_open(cli_output *output, const cli_image_settings *settings, ramet_error *error)
{
    *output = (cli_output){.json = settings->json, .quiet = settings->quiet};
    if (!settings->save_path) {
        return RAMET_STATUS_OK;
    }
    ramet_status status = cli_make_folder(settings->save_path, error);
    if (status) {
        return status;
    }
    if (asprintf(&output->saved_path, "%s/results.jsonl", settings->save_path) < 0) {
        cli_must(NULL);
    }
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
    if (output->json || output->saved) {
        made.line = cli_json_line(result);
    }
    if (!output->json && problem) {
        made.text = failure_text(image, problem);
    } else if (!output->json && !output->quiet) {
        made.text = result_text(task, image, result);
    }
    return made;
}

static bool write_to_standard(const cli_output *output, const cli_rendering *rendering)
{
    const char *shown = output->json ? rendering->line : rendering->text;
    if (!shown || (output->quiet && !rendering->failed)) {
        return true;
    }
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

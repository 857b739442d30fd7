/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON objects as text for people.
 *
 * A result (lists of one length) is shown row by row, the chosen lists side by
 * side, or a line for each of its counts; any other object as "key: value" lines. Nothing is known here that is
 * not in the object, so text and JSON cannot disagree.
 */
#include "cli.h"

#include <string.h>

/* ---- values ---------------------------------------------------------------------------------------------- */

/* Control characters would play tricks on a terminal. */
static void print_safe(FILE *out, const char *text)
{
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte < 0x20 || byte == 0x7F)
            fprintf(out, "\\x%02x", byte);
        else
            fputc(byte, out);
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
    case JSON_ARRAY: break; /* never within a row or a list */
    }
}

/* A box, or a shape: "[12,10,80,10,80,30,12,30]". */
static void print_list(FILE *out, const json_t *list)
{
    fputc('[', out);
    for (size_t i = 0; i < json_array_size(list); i++) {
        fputs(i ? "," : "", out);
        print_scalar(out, json_array_get(list, i));
    }
    fputc(']', out);
}

static void print_cell(FILE *out, const json_t *cell)
{
    if (json_is_array(cell))
        print_list(out, cell);
    else
        print_scalar(out, cell);
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

/* A line for each member: "IMAGE  KEY  VALUE". */
static void print_counts(FILE *out, const char *image, const json_t *object)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        print_safe(out, image);
        fputs("  ", out);
        print_safe(out, key);
        fputs("  ", out);
        print_cell(out, value);
        fputc('\n', out);
    }
}

/* A line for each of the task's further lists: "IMAGE  [a,b,c]". */
static void print_lists(FILE *out, const cli_task *task, const char *image, const json_t *result)
{
    for (const char *const *key = task->lists; key && *key; key++) {
        const json_t *list = json_object_get(result, *key);
        if (list) {
            print_safe(out, image);
            fputs("  ", out);
            print_list(out, list);
            fputc('\n', out);
        }
    }
}

char *cli_result_text(const cli_task *task, const char *image, const json_t *result)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = cli_must(open_memstream(&text, &bytes));
    const json_t *first = json_object_get(result, task->shown[0]);
    size_t rows = json_array_size(first);
    if (json_is_object(first))
        print_counts(out, image, first);
    if (task->noun) {
        print_safe(out, image);
        fprintf(out, ": %zu %s%s\n", rows, task->noun, rows == 1 ? "" : "s");
    }
    for (size_t row = 0; row < rows; row++)
        print_row(out, task, result, row, task->noun ? "" : image);
    print_lists(out, task, image, result);
    cli_must(fclose(out) ? NULL : text);
    return text;
}

char *cli_failure_text(const char *image, const char *problem)
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

/* ---- documents ------------------------------------------------------------------------------------------- */

static bool counts_bytes(const char *key)
{
    size_t length = strlen(key), tail = strlen("_bytes");
    return length > tail && !strcmp(key + length - tail, "_bytes");
}

/* The key as words, without its unit. */
static void print_key(FILE *out, const char *key)
{
    size_t length = strlen(key) - (counts_bytes(key) ? strlen("_bytes") : 0);
    for (size_t i = 0; i < length; i++)
        fputc(key[i] == '_' ? ' ' : key[i], out);
}

static void print_value(FILE *out, const char *key, const json_t *value)
{
    if (counts_bytes(key) && json_is_integer(value))
        fprintf(out, "%.2f MiB", (double)json_integer_value(value) / (1024 * 1024));
    else if (json_is_real(value))
        fprintf(out, "%.4g", json_real_value(value));
    else
        print_cell(out, value);
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
    for (size_t i = 0; i < json_array_size(rows); i++)
        print_members(out, json_array_get(rows, i));
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

/* A text of whole lines: a description, printed as it is. */
static bool is_page(const json_t *value)
{
    size_t length = json_string_length(value);
    return length > 0 && json_string_value(value)[length - 1] == '\n';
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
            fprintf(out, "\n%s", json_string_value(value));
        } else if (json_is_array(value) && json_is_object(json_array_get(value, 0))) {
            print_table(out, value);
        } else {
            fputc(' ', out);
            print_value(out, key, value);
            fputc('\n', out);
        }
    }
}

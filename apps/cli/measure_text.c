/* SPDX-License-Identifier: Apache-2.0 */
/* The figures of a benchmark as tables of text. */
#include "measure.h"

#include <stdlib.h>
#include <string.h>

static bool ends_in(const char *key, const char *tail)
{
    size_t length = strlen(key), tail_length = strlen(tail);
    return length > tail_length && !strcmp(key + length - tail_length, tail);
}

bool measure_counts_bytes(const char *key) { return ends_in(key, "_bytes"); }

void measure_print_key(FILE *out, const char *key)
{
    static const char *const units[][2] = {{"_bytes", " MiB"}, {"_percent", " %"}, {"", ""}};
    size_t unit = 0;
    while (units[unit][0][0] && !ends_in(key, units[unit][0]))
        unit++;
    size_t length = strlen(key) - strlen(units[unit][0]);
    for (size_t i = 0; i < length; i++)
        fputc(key[i] == '_' ? ' ' : key[i], out);
    fputs(units[unit][1], out);
}

void measure_print_cell(FILE *out, const char *key, const json_t *value)
{
    size_t index;
    json_t *item;
    if (json_is_array(value)) {
        json_array_foreach((json_t *)value, index, item)
        {
            fprintf(out, "%s%.3f", index ? " .. " : "", json_number_value(item));
        }
    } else if (json_is_string(value)) {
        fputs(json_string_value(value), out);
    } else if (json_is_null(value)) {
        fputc('-', out);
    } else if (measure_counts_bytes(key)) {
        fprintf(out, "%.1f", json_number_value(value) / (1 << 20));
    } else if (json_is_integer(value)) {
        fprintf(out, "%lld", (long long)json_integer_value(value));
    } else {
        fprintf(out, "%.4g", json_number_value(value));
    }
}

static char *cell_text(const char *key, const json_t *value)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = cli_must(open_memstream(&text, &bytes));
    if (value)
        measure_print_cell(out, key, value);
    else
        measure_print_key(out, key);
    cli_must(fclose(out) ? NULL : text);
    return text;
}

void measure_print_machine(FILE *out, const json_t *document)
{
    const json_t *machine = json_object_get(document, "machine");
    fputs("of the processor time of the throughputs a hypervisor took ", out);
    measure_print_cell(out, "steal_percent", json_object_get(machine, "steal_percent"));
    fputs(" %, other programs ", out);
    measure_print_cell(out, "others_percent", json_object_get(machine, "others_percent"));
    fputs(" %", out);
}

/* The widest of a column's head and cells. */
static int column_width(const json_t *rows, const char *key)
{
    size_t widest = 0;
    for (size_t i = 0; i <= json_array_size(rows); i++) {
        char *text = cell_text(key, i ? json_object_get(json_array_get(rows, i - 1), key) : NULL);
        widest = strlen(text) > widest ? strlen(text) : widest;
        free(text);
    }
    return (int)widest;
}

/* row NULL: the heads. Texts stand to the left, numbers to the right. */
static void print_row(FILE *out, const json_t *rows, const json_t *row)
{
    const char *key;
    json_t *first;
    json_object_foreach(json_array_get(rows, 0), key, first)
    {
        char *text = cell_text(key, row ? json_object_get(row, key) : NULL);
        int width = column_width(rows, key);
        fprintf(out, "  %*s", json_is_string(first) ? -width : width, text);
        free(text);
    }
    fputc('\n', out);
}

static void print_section(FILE *out, const measure_section *section, const json_t *rows)
{
    if (json_array_size(rows) == 0)
        return;
    fprintf(out, "\n%s (%s)\n", section->title, section->note);
    print_row(out, rows, NULL);
    for (size_t i = 0; i < json_array_size(rows); i++)
        print_row(out, rows, json_array_get(rows, i));
}

char *measure_text(const json_t *document)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = cli_must(open_memstream(&text, &bytes));
    fprintf(out, "%s\n%s, on %s\n", json_string_value(json_object_get(document, "model")),
            json_string_value(json_object_get(document, "engines")),
            json_string_value(json_object_get(document, "processor")));
    measure_print_machine(out, document);
    fputc('\n', out);
    const json_t *notes = json_object_get(document, "notes");
    for (size_t i = 0; i < json_array_size(notes); i++)
        fprintf(out, "%s\n", json_string_value(json_array_get(notes, i)));
    for (size_t i = 0; i < MEASURE_SECTIONS; i++)
        print_section(out, &measure_sections[i], json_object_get(document, measure_sections[i].key));
    cli_must(fclose(out) ? NULL : text);
    return text;
}

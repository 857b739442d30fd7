/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The figures of a benchmark as one page: a table and a plot of bars for each
 * part, drawn as SVG, no script, nothing fetched. Colours follow the reader's
 * choice of light or dark.
 */
#include "measure.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BAR_HEIGHT = 18, BAR_STEP = 24, LABEL_WIDTH = 260, PLOT_WIDTH = 420, PAGE_WIDTH = 800 };

static const char page_head[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>ramet bench</title>\n<style>\n"
    ":root{color-scheme:light dark;--ink:#1d2430;--dim:#6b7482;--line:#d5dae1;--bar:#2f6fb3;--page:#fff}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e4e8ee;--dim:#97a1b0;--line:#39424f;--bar:#6aa7e8;--page:#14181e}}\n"
    "body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page);max-width:56rem;margin:2rem auto;"
    "padding:0 1rem}\n"
    "table{border-collapse:collapse;margin:.5rem 0 1rem}th,td{padding:.2rem .8rem;border-bottom:1px solid var(--line);"
    "text-align:right}\n"
    "th{color:var(--dim);font-weight:600}td.t,th.t{text-align:left}p{color:var(--dim)}h2{margin-top:2rem}\n"
    "svg text{font:13px system-ui,sans-serif;fill:var(--ink)}svg rect{fill:var(--bar)}svg{max-width:100%;height:auto}\n"
    "</style></head><body>\n";

static void print_escaped(FILE *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '&': fputs("&amp;", out); break;
        case '"': fputs("&quot;", out); break;
        default: fputc(*text, out);
        }
    }
}

static void print_cell(FILE *out, const char *key, const json_t *value)
{
    if (json_is_string(value))
        print_escaped(out, json_string_value(value));
    else
        measure_print_cell(out, key, value);
}

static void print_table(FILE *out, const json_t *rows)
{
    const char *key;
    json_t *first, *row;
    size_t index;
    fputs("<table><tr>", out);
    json_object_foreach(json_array_get(rows, 0), key, first)
    {
        fputs(json_is_string(first) ? "<th class=\"t\">" : "<th>", out);
        measure_print_key(out, key);
        fputs("</th>", out);
    }
    fputs("</tr>\n", out);
    json_array_foreach((json_t *)rows, index, row)
    {
        fputs("<tr>", out);
        json_object_foreach(json_array_get(rows, 0), key, first)
        {
            fputs(json_is_string(first) ? "<td class=\"t\">" : "<td>", out);
            print_cell(out, key, json_object_get(row, key));
            fputs("</td>", out);
        }
        fputs("</tr>\n", out);
    }
    fputs("</table>\n", out);
}

static void print_label(FILE *out, const measure_section *section, const json_t *row)
{
    for (size_t i = 0; i < CLI_COUNT(section->label) && section->label[i]; i++) {
        fputs(i ? ", " : "", out);
        print_cell(out, section->label[i], json_object_get(row, section->label[i]));
    }
}

static double largest_value(const json_t *rows, const char *key)
{
    double largest = 0;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        double value = json_number_value(json_object_get(json_array_get(rows, i), key));
        largest = value > largest ? value : largest;
    }
    return largest > 0 ? largest : 1;
}

static void print_plot(FILE *out, const measure_section *section, const json_t *rows)
{
    double largest = largest_value(rows, section->value);
    size_t count = json_array_size(rows);
    fprintf(out, "<svg viewBox=\"0 0 %d %zu\" width=\"%d\" role=\"img\" aria-label=\"", PAGE_WIDTH,
            count * BAR_STEP + BAR_STEP, PAGE_WIDTH);
    print_escaped(out, section->title);
    fputs("\">\n", out);
    for (size_t i = 0; i < count; i++) {
        const json_t *row = json_array_get(rows, i), *value = json_object_get(row, section->value);
        int width = (int)(json_number_value(value) / largest * PLOT_WIDTH);
        size_t top = i * BAR_STEP;
        fprintf(out, "<text x=\"%d\" y=\"%zu\" text-anchor=\"end\">", LABEL_WIDTH - 8, top + BAR_HEIGHT - 4);
        print_label(out, section, row);
        fprintf(out, "</text><rect x=\"%d\" y=\"%zu\" width=\"%d\" height=\"%d\" rx=\"2\"/>", LABEL_WIDTH, top, width,
                BAR_HEIGHT);
        fprintf(out, "<text x=\"%d\" y=\"%zu\">", LABEL_WIDTH + width + 6, top + BAR_HEIGHT - 4);
        print_cell(out, section->value, value);
        fputs("</text>\n", out);
    }
    fprintf(out, "<text x=\"%d\" y=\"%zu\">", LABEL_WIDTH, count * BAR_STEP + BAR_HEIGHT - 4);
    measure_print_key(out, section->value);
    fputs("</text></svg>\n", out);
}

static void print_page(FILE *out, const json_t *document)
{
    fputs(page_head, out);
    fputs("<h1>", out);
    print_escaped(out, json_string_value(json_object_get(document, "model")));
    fputs("</h1>\n<p>ramet ", out);
    print_escaped(out, ramet_version());
    fputs(" on ", out);
    print_escaped(out, json_string_value(json_object_get(document, "processor")));
    fputs("</p>\n", out);
    for (size_t i = 0; i < MEASURE_SECTIONS; i++) {
        const measure_section *section = &measure_sections[i];
        const json_t *rows = json_object_get(document, section->key);
        if (json_array_size(rows) == 0)
            continue;
        fprintf(out, "<h2>%s</h2><p>%s</p>\n", section->title, section->note);
        if (section->value)
            print_plot(out, section, rows);
        print_table(out, rows);
    }
    fputs("</body></html>\n", out);
}

ramet_status measure_write_html(const json_t *document, const char *path, ramet_error *error)
{
    FILE *out = fopen(path, "we");
    if (!out)
        return cli_fail(error, RAMET_STATUS_IO, "cannot write '%s': %s", path, strerror(errno));
    print_page(out, document);
    bool failed = ferror(out) != 0;
    if (fclose(out) || failed)
        return cli_fail(error, RAMET_STATUS_IO, "cannot write '%s': %s", path, strerror(errno));
    return RAMET_STATUS_OK;
}

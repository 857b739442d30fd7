/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The figures of a benchmark as one page: for each part a plot and a table.
 * No script, nothing fetched. Colours follow the reader's choice of light or
 * dark.
 */
#include "measure.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char page_head[] = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta "
                                "charset=\"utf-8\"><title>ramet bench</title>\n"
                                "<meta name=\"viewport\" content=\"width=device-width\">\n<style>\n"
                                ":root{color-scheme:light "
                                "dark;--ink:#1d2430;--dim:#5d6675;--line:#dde2e8;--page:#fff;--c0:#2467b0;-"
                                "-c1:#d2690b;"
                                "--c2:#23906a;--c3:#b8326a;--c4:#7449b8;--c5:#7d6b00;--c6:#2b93bf;--c7:#"
                                "8a5537}\n"
                                "@media(prefers-color-scheme:dark){:root{--ink:#e4e8ee;--dim:#9aa4b2;--"
                                "line:#333c48;--page:#14181e;--c0:#72aef0;"
                                "--c1:#f0a04b;--c2:#5fcaa0;--c3:#ee82ad;--c4:#b598ec;--c5:#cfc05a;--c6:#"
                                "7ccdf0;--c7:#cfa083}}\n"
                                "body{font:15px/1.5 "
                                "system-ui,sans-serif;color:var(--ink);background:var(--page);max-width:"
                                "56rem;margin:2rem auto;"
                                "padding:0 1rem}\n"
                                "h1{font-size:1.5rem;margin-bottom:.2rem;overflow-wrap:anywhere}h2{margin:"
                                "2.2rem 0 .2rem;font-size:1.15rem}\n"
                                "p{color:var(--dim);margin:.2rem 0 .8rem}.scroll{overflow-x:auto}\n"
                                "table{border-collapse:collapse;margin:.6rem 0 "
                                "1rem;font-variant-numeric:tabular-nums}\n"
                                "th,td{padding:.2rem .8rem;border-bottom:1px solid "
                                "var(--line);text-align:right;white-space:nowrap}\n"
                                "th{color:var(--dim);font-weight:600}td.t,th.t{text-align:left}\n"
                                "svg{max-width:100%;height:auto;display:block}svg text{font:13px "
                                "system-ui,sans-serif;fill:var(--ink)}\n"
                                "svg .dim{fill:var(--dim)}svg .grid{stroke:var(--line)}svg "
                                ".ideal{stroke:var(--dim);stroke-dasharray:4 4;fill:none}\n"
                                "svg .path{fill:none;stroke-width:2}\n"
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
    fputs("<div class=\"scroll\"><table><tr>", out);
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
    fputs("</table></div>\n", out);
}

static void print_page(FILE *out, const json_t *document)
{
    fputs(page_head, out);
    fputs("<h1>", out);
    print_escaped(out, json_string_value(json_object_get(document, "model")));
    fputs("</h1>\n<p>ramet ", out);
    print_escaped(out, ramet_version());
    fputs(", ", out);
    print_escaped(out, json_string_value(json_object_get(document, "engines")));
    fputs(", on ", out);
    print_escaped(out, json_string_value(json_object_get(document, "processor")));
    fputs("; ", out);
    measure_print_machine(out, document);
    fputs("</p>\n", out);
    const json_t *notes = json_object_get(document, "notes");
    for (size_t i = 0; i < json_array_size(notes); i++) {
        fputs("<p>", out);
        print_escaped(out, json_string_value(json_array_get(notes, i)));
        fputs("</p>\n", out);
    }
    for (size_t i = 0; i < MEASURE_SECTIONS; i++) {
        const measure_section *section = &measure_sections[i];
        const json_t *rows = json_object_get(document, section->key);
        if (json_array_size(rows) == 0)
            continue;
        fprintf(out, "<h2>%s</h2><p>", section->title);
        print_escaped(out, section->note);
        fputs("</p>\n", out);
        measure_plot(out, section, rows);
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

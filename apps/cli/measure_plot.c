/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plots of a benchmark's figures as SVG.
 *
 * Rows that differ in their last label alone are a line over it; rows without
 * numbers to stand over are bars. Each point shows its least and most, where
 * they are known.
 */
#include "measure.h"

#include <math.h>
#include <string.h>

enum {
    WIDTH = 820,
    HEIGHT = 300,
    LEFT = 64,
    RIGHT = 540,
    TOP = 12,
    BOTTOM = 256,
    LEGEND = 566,
    LINE_STEP = 20,
    BAR_STEP = 26,
    BAR_LEFT = 190,
    BAR_RIGHT = 660,
    COLOURS = 8,
    MOST_SERIES = 24
};

/* Rows [first, first + count) are one line. */
typedef struct plot_series {
    size_t first, count;
} plot_series;

typedef struct plot {
    const measure_section *section;
    const json_t *rows;
    plot_series series[MOST_SERIES];
    size_t series_count, label_count;
    double most_x, most_y, step_y; /* of the axes */
    double unit;                   /* a figure divided by it is what the axis shows */
} plot;

static double number_at(const plot *p, size_t row, const char *key)
{
    return key ? json_number_value(json_object_get(json_array_get(p->rows, row), key)) / p->unit : NAN;
}

/* ---- series ------------------------------------------------------------------------------------------------------- */

static bool same_series(const plot *p, size_t a, size_t b)
{
    for (size_t i = 0; i + 1 < p->label_count; i++) {
        const char *key = p->section->label[i];
        if (!json_equal(json_object_get(json_array_get(p->rows, a), key),
                        json_object_get(json_array_get(p->rows, b), key)))
            return false;
    }
    return true;
}

static void split_series(plot *p)
{
    for (size_t row = 0; row < json_array_size(p->rows); row++) {
        plot_series *last = p->series_count ? &p->series[p->series_count - 1] : NULL;
        if (last && same_series(p, last->first, row))
            last->count++;
        else if (p->series_count < MOST_SERIES)
            p->series[p->series_count++] = (plot_series){row, 1};
    }
}

static void print_name(FILE *out, const plot *p, size_t row, size_t labels)
{
    for (size_t i = 0; i < labels; i++)
        fprintf(out, "%s%s", i ? ", " : "",
                json_string_value(json_object_get(json_array_get(p->rows, row), p->section->label[i])));
}

/* ---- axes --------------------------------------------------------------------------------------------------------- */

/* A round number of which four to six reach up to `most`. */
static double round_step(double most)
{
    double step = pow(10, floor(log10(most / 4)));
    return most / step > 16 ? 5 * step : most / step > 8 ? 2 * step : step;
}

static void settle_axes(plot *p)
{
    const measure_section *s = p->section;
    double most = 0;
    for (size_t row = 0; row < json_array_size(p->rows); row++) {
        most = fmax(most, number_at(p, row, s->value));
        most = fmax(most, number_at(p, row, s->most));
        double x = json_number_value(json_object_get(json_array_get(p->rows, row), s->label[p->label_count - 1]));
        p->most_x = fmax(p->most_x, x);
    }
    most = most > 0 ? most : 1;
    p->step_y = round_step(most);
    p->most_y = p->step_y * ceil(most / p->step_y + 1e-9);
}

static double place_x(const plot *p, double x)
{
    return LEFT + 24 + (x - 1) * (RIGHT - LEFT - 48) / fmax(p->most_x - 1, 1);
}

static double place_y(const plot *p, double y) { return BOTTOM - y / p->most_y * (BOTTOM - TOP); }

static void print_axes(FILE *out, const plot *p)
{
    for (double y = 0; y <= p->most_y * 1.001; y += p->step_y)
        fprintf(out,
                "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text class=\"dim\" "
                "x=\"%d\" y=\"%.1f\" "
                "text-anchor=\"end\">%.6g</text>\n",
                LEFT, place_y(p, y), RIGHT, LEFT - 8, place_y(p, y) + 4, y);
    for (int x = 1; x <= (int)p->most_x; x++)
        fprintf(out,
                "<text class=\"dim\" x=\"%.1f\" y=\"%d\" "
                "text-anchor=\"middle\">%d</text>\n",
                place_x(p, x), BOTTOM + 20, x);
    fprintf(out, "<text class=\"dim\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">", (LEFT + RIGHT) / 2, BOTTOM + 40);
    measure_print_key(out, p->section->label[p->label_count - 1]);
    fprintf(out,
            "</text><text class=\"dim\" transform=\"translate(14 %d) "
            "rotate(-90)\" text-anchor=\"middle\">",
            (TOP + BOTTOM) / 2);
    measure_print_key(out, p->section->value);
    fputs("</text>\n", out);
}

/* ---- lines -------------------------------------------------------------------------------------------------------- */

/* What so many workers would do if each did as much as the first one alone. */
static void print_ideal(FILE *out, const plot *p)
{
    double one = number_at(p, p->series[0].first, p->section->value), most = fmin(p->most_x, p->most_y / one);
    fprintf(out, "<path class=\"ideal\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n", place_x(p, 1), place_y(p, one),
            place_x(p, most), place_y(p, one * most));
}

static void print_point(FILE *out, const plot *p, size_t row, double x, size_t colour)
{
    const measure_section *s = p->section;
    if (s->least && s->most)
        fprintf(out,
                "<path d=\"M%.1f %.1fV%.1f\" stroke=\"var(--c%zu)\" "
                "stroke-width=\"6\" opacity=\".35\"/>",
                x, place_y(p, number_at(p, row, s->least)), place_y(p, number_at(p, row, s->most)), colour);
    fprintf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"var(--c%zu)\"/>\n", x,
            place_y(p, number_at(p, row, s->value)), colour);
}

/* Lines stand a little beside each other, so that equal ones are seen. */
static void print_series(FILE *out, const plot *p, size_t index)
{
    const plot_series *series = &p->series[index];
    const char *at = p->section->label[p->label_count - 1];
    size_t colour = index % COLOURS;
    double aside = ((double)index - (double)(p->series_count - 1) / 2) * 3, x = 0;
    fprintf(out, "<path class=\"path\" stroke=\"var(--c%zu)\" d=\"", colour);
    for (size_t i = 0; i < series->count; i++) {
        size_t row = series->first + i;
        x = place_x(p, json_number_value(json_object_get(json_array_get(p->rows, row), at))) + aside;
        fprintf(out, "%c%.1f %.1f", i ? 'L' : 'M', x, place_y(p, number_at(p, row, p->section->value)));
    }
    fputs("\"/>", out);
    for (size_t i = 0; i < series->count; i++) {
        size_t row = series->first + i;
        x = place_x(p, json_number_value(json_object_get(json_array_get(p->rows, row), at))) + aside;
        print_point(out, p, row, x, colour);
    }
}

static void print_legend(FILE *out, const plot *p)
{
    int y = TOP + LINE_STEP / 2;
    for (size_t i = 0; i < p->series_count; i++, y += LINE_STEP) {
        fprintf(out,
                "<circle cx=\"%d\" cy=\"%d\" r=\"5\" fill=\"var(--c%zu)\"/><text "
                "x=\"%d\" y=\"%d\">",
                LEGEND, y, i % COLOURS, LEGEND + 12, y + 4);
        print_name(out, p, p->series[i].first, p->label_count - 1);
        fputs("</text>\n", out);
    }
    if (p->section->ideal)
        fprintf(out,
                "<path class=\"ideal\" d=\"M%d %dH%d\"/><text class=\"dim\" "
                "x=\"%d\" y=\"%d\">as many times the first</text>",
                LEGEND - 6, y, LEGEND + 6, LEGEND + 12, y + 4);
}

static void print_lines(FILE *out, plot *p)
{
    int legend = TOP + ((int)p->series_count + 1) * LINE_STEP;
    settle_axes(p);
    fprintf(out,
            "<svg viewBox=\"0 0 %d %d\" width=\"%d\" role=\"img\" "
            "aria-label=\"%s\">\n",
            WIDTH, legend > HEIGHT ? legend : HEIGHT, WIDTH, p->section->title);
    print_axes(out, p);
    if (p->section->ideal)
        print_ideal(out, p);
    for (size_t i = 0; i < p->series_count; i++)
        print_series(out, p, i);
    print_legend(out, p);
    fputs("</svg>\n", out);
}

/* ---- bars --------------------------------------------------------------------------------------------------------- */

static void print_bar(FILE *out, const plot *p, size_t row)
{
    const measure_section *s = p->section;
    double scale = (BAR_RIGHT - BAR_LEFT) / p->most_y, value = number_at(p, row, s->value) * scale;
    double end = s->most ? fmax(value, number_at(p, row, s->most) * scale) : value;
    size_t top = row * BAR_STEP, middle = top + BAR_STEP / 2;
    fprintf(out, "<text x=\"%d\" y=\"%zu\" text-anchor=\"end\">", BAR_LEFT - 8, middle + 4);
    print_name(out, p, row, p->label_count);
    fprintf(out,
            "</text><rect x=\"%d\" y=\"%zu\" width=\"%.1f\" height=\"%d\" "
            "rx=\"2\" fill=\"var(--c%zu)\"/>",
            BAR_LEFT, top + 4, value, BAR_STEP - 8, row % COLOURS);
    if (s->most)
        fprintf(out,
                "<path d=\"M%.1f %zuH%.1fm0 -5v10\" stroke=\"var(--ink)\" "
                "fill=\"none\"/>",
                BAR_LEFT + value, middle, BAR_LEFT + end);
    fprintf(out, "<text x=\"%.1f\" y=\"%zu\">", BAR_LEFT + end + 8, middle + 4);
    measure_print_cell(out, s->value, json_object_get(json_array_get(p->rows, row), s->value));
    fputs("</text>\n", out);
}

static void print_bars(FILE *out, plot *p)
{
    size_t count = json_array_size(p->rows);
    settle_axes(p);
    fprintf(out,
            "<svg viewBox=\"0 0 %d %zu\" width=\"%d\" role=\"img\" "
            "aria-label=\"%s\">\n",
            WIDTH, (count + 1) * BAR_STEP, WIDTH, p->section->title);
    for (size_t row = 0; row < count; row++)
        print_bar(out, p, row);
    fprintf(out, "<text class=\"dim\" x=\"%d\" y=\"%zu\">", BAR_LEFT, count * BAR_STEP + 16);
    measure_print_key(out, p->section->value);
    if (p->section->most) {
        fputs("; mark: ", out);
        measure_print_key(out, p->section->most);
    }
    fputs("</text></svg>\n", out);
}

void measure_plot(FILE *out, const measure_section *section, const json_t *rows)
{
    if (!section->value)
        return;
    plot p = {.section = section, .rows = rows, .unit = measure_counts_bytes(section->value) ? 1 << 20 : 1};
    while (p.label_count < CLI_COUNT(section->label) && section->label[p.label_count])
        p.label_count++;
    const char *last = section->label[p.label_count - 1];
    if (!json_is_number(json_object_get(json_array_get(rows, 0), last))) {
        print_bars(out, &p);
        return;
    }
    split_series(&p);
    print_lines(out, &p);
}
